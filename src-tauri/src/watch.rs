//! Keeps the windows' pages alive: hears their beats, notices the ill ones, and has them loaded again.
//!
//! What counts as ill is decided by `pulse.rs`. Nothing here knows what a page shows.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tauri::{AppHandle, Manager as _, Runtime};
use tracing::{info, warn};

use crate::clock;
use crate::face::Face;
use crate::pulse::{Ailment, Pulse};

/// How often the pulses are looked at.
const ROUND: Duration = Duration::from_secs(1);

/// The pulses of the open windows.
#[derive(Debug)]
pub struct Watch {
    started: Instant,
    pulses: Mutex<BTreeMap<Face, Pulse>>,
}

impl Watch {
    /// No window is open. `started` is when the program started; first paints are reported relative to it.
    pub const fn new(started: Instant) -> Self {
        Self { started, pulses: Mutex::new(BTreeMap::new()) }
    }

    /// A window was opened and starts loading its page.
    pub fn opened(&self, face: Face, now: Instant) {
        self.pulses().insert(face, Pulse::new(now));
    }

    /// A window was closed. A window that is gone cannot be ill.
    pub fn closed(&self, face: Face) {
        self.pulses().remove(&face);
    }

    /// A page beat; `drawn` says whether its face stands on the screen.
    pub fn beat(&self, face: Face, drawn: bool, now: Instant) {
        let first = self.pulses().get_mut(&face).is_some_and(|pulse| pulse.handle_beat(drawn, now));
        if first {
            let since_start_ms = u64::try_from(now.duration_since(self.started).as_millis()).unwrap_or(u64::MAX);
            info!(face = face.label(), since_start_ms, "first paint");
        }
    }

    /// A page is to be loaded again: how long to wait before. Nothing when its window is gone.
    pub fn plan_load(&self, face: Face, now: Instant) -> Option<Duration> {
        self.pulses().get_mut(&face).map(|pulse| pulse.plan_load(now))
    }

    /// The pages that are ill. Each is named once and then counts as loading anew.
    fn take_ill(&self, now: Instant) -> Vec<(Face, Ailment)> {
        let mut pulses = self.pulses();
        let ill: Vec<(Face, Ailment)> =
            pulses.iter().filter_map(|(face, pulse)| Some((*face, pulse.ailment(now)?))).collect();
        for (face, _) in &ill {
            if let Some(pulse) = pulses.get_mut(face) {
                pulse.handle_cure(now);
            }
        }
        ill
    }

    /// A panic elsewhere leaves the pulses as they were, and watching on is better than not.
    fn pulses(&self) -> MutexGuard<'_, BTreeMap<Face, Pulse>> {
        self.pulses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the rounds. The thread ends with the program.
pub fn start<R: Runtime>(app: AppHandle<R>) -> std::io::Result<()> {
    std::thread::Builder::new().name("pulse".to_owned()).spawn(move || {
        loop {
            std::thread::sleep(ROUND);
            for (face, ailment) in app.state::<Watch>().take_ill(clock::monotonic()) {
                warn!(face = face.label(), ?ailment, "the page is ill and is loaded again");
                cure(&app, face);
            }
        }
    })?;
    Ok(())
}

/// Ends the page's process. A page that hangs obeys no order to load; a page whose process ended is loaded by the
/// handler in `linux.rs`.
#[cfg(target_os = "linux")]
fn cure<R: Runtime>(app: &AppHandle<R>, face: Face) {
    use webkit2gtk::WebViewExt as _;

    let Some(window) = app.get_webview_window(face.label()) else { return };
    if let Err(error) = window.with_webview(|view| view.inner().terminate_web_process()) {
        warn!(%error, face = face.label(), "the page's process could not be ended");
    }
}

/// Elsewhere the system's own web view notices a page that hangs; loading it again is all there is to do.
#[cfg(not(target_os = "linux"))]
fn cure<R: Runtime>(app: &AppHandle<R>, face: Face) {
    let Some(window) = app.get_webview_window(face.label()) else { return };
    if let Err(error) = window.reload() {
        warn!(%error, face = face.label(), "the page could not be loaded again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pulse::SILENCE;

    #[test]
    fn an_ill_page_is_named_once() {
        let start = Instant::now();
        let watch = Watch::new(start);
        watch.opened(Face::Kiosk, start);
        watch.opened(Face::Board, start);
        watch.beat(Face::Board, true, start + SILENCE);
        let late = start + SILENCE + Duration::from_secs(1);
        assert_eq!(watch.take_ill(late), [(Face::Kiosk, Ailment::Blank)]);
        assert_eq!(watch.take_ill(late), []);
    }

    #[test]
    fn a_closed_window_is_not_ill() {
        let start = Instant::now();
        let watch = Watch::new(start);
        watch.opened(Face::Setup, start);
        watch.closed(Face::Setup);
        assert_eq!(watch.take_ill(start + SILENCE * 2), []);
        assert_eq!(watch.plan_load(Face::Setup, start), None);
        // A beat that was on its way when the window closed changes nothing.
        watch.beat(Face::Setup, true, start);
        assert_eq!(watch.take_ill(start + SILENCE * 2), []);
    }
}
