//! Holds the running station: starts it beside the window, hands commands down, and passes each view on.
//!
//! A window must stand before the station does, and a lobby must see a safe screen when the station cannot start. So
//! there is always a view: first one that says "starting", then the station's own, or one that says "out of service"
//! while the start is tried again. Nothing here decides anything about tickets, and nothing knows a window.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smartqueue_station::RunningStation;
use smartqueue_station::door::{Command, View};
use tracing::{debug, error, info};

use crate::first_view;
use crate::profile::Profile;

/// How long to wait before a station that could not start is tried again. A disk that is mounted late, or an older
/// program that is still closing its journal, needs no hand then.
const RETRY: Duration = Duration::from_secs(10);

/// The station, if one runs, and the newest view.
pub struct Host {
    shared: Arc<Shared>,
}

struct Shared {
    publish: Box<dyn Fn(&View) + Send + Sync>,
    slot: Mutex<Slot>,
    changed: Condvar,
    shown: Mutex<Shown>,
}

/// The station's place.
struct Slot {
    /// Counts the starts and stops: whoever was started for an older turn gives up.
    turn: u64,
    station: Option<RunningStation>,
}

/// What the windows show.
struct Shown {
    turn: u64,
    view: Arc<View>,
    /// Whether the view came from the station, and not from this program.
    from_station: bool,
}

impl Host {
    /// No station runs. `publish` hands each new view to the windows; it must not wait for them.
    pub fn new(publish: impl Fn(&View) + Send + Sync + 'static) -> Self {
        let shown = Shown { turn: 0, view: Arc::new(first_view::resting()), from_station: false };
        let shared = Shared {
            publish: Box::new(publish),
            slot: Mutex::new(Slot { turn: 0, station: None }),
            changed: Condvar::new(),
            shown: Mutex::new(shown),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Starts the station of `profile` on a thread of its own and returns at once. A station that ran before is stopped.
    pub fn start(&self, folder: &Path, profile: &Profile) -> std::io::Result<()> {
        self.stop();
        let turn = self.shared.next_turn();
        self.shared.show(turn, false, Arc::new(first_view::starting(profile)));
        let shared = Arc::clone(&self.shared);
        let folder = folder.to_owned();
        let profile = profile.clone();
        std::thread::Builder::new()
            .name("station-start".to_owned())
            .spawn(move || shared.bring_up(turn, &folder, &profile))?;
        Ok(())
    }

    /// Stops the station, if one runs, and waits until its journal is closed.
    pub fn stop(&self) {
        self.shared.next_turn();
        let station = lock(&self.shared.slot).station.take();
        if let Some(station) = station {
            station.stop();
            info!("station stopped");
        }
    }

    /// Hands a command to the station. Without a station there is no screen that offers one, so it is dropped.
    pub fn send(&self, command: Command) {
        match &lock(&self.shared.slot).station {
            Some(station) => station.send(command),
            // Not the command itself: it may be a PIN.
            None => debug!("no station runs, a command is dropped"),
        }
    }

    /// The newest view.
    pub fn current_view(&self) -> Arc<View> {
        Arc::clone(&lock(&self.shared.shown).view)
    }
}

impl Shared {
    fn next_turn(&self) -> u64 {
        let mut slot = lock(&self.slot);
        slot.turn += 1;
        self.changed.notify_all();
        slot.turn
    }

    /// Tries until the station runs or its turn is over.
    fn bring_up(self: &Arc<Self>, turn: u64, folder: &Path, profile: &Profile) {
        loop {
            match RunningStation::start(folder) {
                Ok(station) => return self.take_in(turn, station),
                Err(error) => {
                    error!(error = format!("{error:#}"), folder = %folder.display(), "the station cannot start");
                    self.show(turn, false, Arc::new(first_view::out_of_service(profile)));
                }
            }
            let slot = lock(&self.slot);
            let (slot, _) = self
                .changed
                .wait_timeout_while(slot, RETRY, |slot| slot.turn == turn)
                .unwrap_or_else(PoisonError::into_inner);
            if slot.turn != turn {
                return;
            }
        }
    }

    fn take_in(self: &Arc<Self>, turn: u64, station: RunningStation) {
        let mut slot = lock(&self.slot);
        if slot.turn != turn {
            drop(slot);
            station.stop();
            return;
        }
        let shared = Arc::clone(self);
        station.on_view(move |view| shared.show(turn, true, view));
        let first = station.current_view();
        slot.station = Some(station);
        drop(slot);
        info!("station started");
        self.show_first(turn, first);
    }

    /// Shows a view unless its turn is over. One lock around both steps keeps an older view from following a newer one.
    fn show(&self, turn: u64, from_station: bool, view: Arc<View>) {
        let mut shown = lock(&self.shown);
        if turn < shown.turn {
            return;
        }
        *shown = Shown { turn, view, from_station };
        (self.publish)(&shown.view);
    }

    /// Shows the view that stood when the station started, unless a newer one has come already.
    fn show_first(&self, turn: u64, view: Arc<View>) {
        let mut shown = lock(&self.shown);
        if turn < shown.turn || (turn == shown.turn && shown.from_station) {
            return;
        }
        *shown = Shown { turn, view, from_station: true };
        (self.publish)(&shown.view);
    }
}

/// What the locks guard is replaced whole, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
