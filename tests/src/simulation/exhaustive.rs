//! The exhaustive set: a small lobby in which a number is taken, printed and told to the server, and a death at every
//! single write and sync on the way, as a kill and as 32 different power cuts. Nothing is drawn but what a cut tears.

use super::chance::Chance;
use super::disk::Death;
use super::plan::{Deed, MINUTE, Network, Plan, Stroke};
use super::{Mark, Outcome, run_plan};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Power cuts at each boundary.
const CUTS: u64 = 32;

/// A Tuesday in June, 09:00 in Paris.
const BEGINS_MS: i64 = 1_782_777_600_000 + 7 * 3_600_000;

/// When the touch comes whose way is cut.
const TOUCH_MS: i64 = 30_000;

/// Whose disk dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// The kiosk that is touched.
    Kiosk,
    /// The server.
    Server,
}

/// The lobbies: one kiosk owns its main series; of two, the server does from the second day on, and on the first the
/// second kiosk counts under its own letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    kiosks: usize,
    kiosk: usize,
    victim: Victim,
    next_day: bool,
}

const SETTINGS: [Setting; 6] = [
    Setting { kiosks: 1, kiosk: 0, victim: Victim::Kiosk, next_day: false },
    Setting { kiosks: 1, kiosk: 0, victim: Victim::Server, next_day: false },
    Setting { kiosks: 2, kiosk: 1, victim: Victim::Kiosk, next_day: false },
    Setting { kiosks: 2, kiosk: 1, victim: Victim::Server, next_day: false },
    Setting { kiosks: 2, kiosk: 1, victim: Victim::Kiosk, next_day: true },
    Setting { kiosks: 2, kiosk: 1, victim: Victim::Server, next_day: true },
];

/// What came of all of them.
#[derive(Debug, Default)]
pub struct Exhausted {
    /// Writes and syncs at which something died.
    pub boundaries: u64,
    /// Lobbies that were lived through.
    pub variants: u64,
    /// Those that broke a promise: which, and the first thing that was seen.
    pub failed: Vec<String>,
    /// The longest start of a station's process.
    pub worst_recovery: Duration,
    /// How long it took.
    pub wall: Duration,
}

impl Exhausted {
    /// The one line of JSON.
    pub fn report(&self) -> Value {
        json!({
            "boundaries": self.boundaries,
            "variants": self.variants,
            "violations": self.failed.len(),
            "worst_recovery_ms": (self.worst_recovery.as_secs_f64() * 1e6).round() / 1e3,
            "wall_s": (self.wall.as_secs_f64() * 1e3).round() / 1e3,
            "failed": self.failed.iter().take(20).collect::<Vec<_>>(),
        })
    }
}

impl Setting {
    fn plan(self, death: Option<(Death, u64)>) -> Plan {
        let network = Network { delay_ms: 5, lost: 0, twice: 0, late: 0, events_lost: 0, events_mixed: 0 };
        let first_ms = if self.next_day { 24 * 60 * MINUTE } else { 0 };
        let touch = |at_ms| Stroke { at_ms, deed: Deed::Touch { kiosk: self.kiosk, queue: 0, repeated: false } };
        let mark = |at_ms| Stroke { at_ms, deed: Deed::Mark };
        let mut strokes = vec![
            touch(10_000),
            touch(first_ms + 20_000),
            mark(first_ms + TOUCH_MS - 1),
            touch(first_ms + TOUCH_MS),
            mark(first_ms + TOUCH_MS + 8_000),
        ];
        if let Some((death, operation)) = death {
            let (away_ms, after_operations) = (2_000, Some(operation));
            let deed = match self.victim {
                Victim::Kiosk => Deed::StationDies { station: self.kiosk, death, after_operations, away_ms },
                Victim::Server => Deed::ServerDies { death, after_operations, away_ms },
            };
            strokes.push(Stroke { at_ms: first_ms + TOUCH_MS - 1, deed });
            strokes.push(touch(first_ms + TOUCH_MS + 20_000));
        }
        strokes.sort_by_key(|stroke| stroke.at_ms);
        Plan {
            kiosks: self.kiosks,
            boards: 1,
            begins_ms: BEGINS_MS,
            lasts_ms: first_ms + 2 * MINUTE,
            calm: false,
            network,
            printer_fails: 0,
            strokes,
        }
    }

    fn live(self, death: Option<(Death, u64)>, variant: u64) -> anyhow::Result<Outcome> {
        run_plan(variant, self.plan(death), Chance::of(variant), None, false)
    }

    /// The operations of the touch's way, until its record is on the server and the slip has ended.
    fn boundaries(self) -> anyhow::Result<u64> {
        let outcome = self.live(None, 0)?;
        let [before, after] = outcome.marks.as_slice() else { anyhow::bail!("the way of the touch was not marked") };
        let done = |mark: &Mark| match self.victim {
            Victim::Kiosk => mark.stations.get(self.kiosk).copied().unwrap_or(0),
            Victim::Server => mark.server,
        };
        Ok(done(after) - done(before))
    }
}

/// Lives through all of them, on every core.
///
/// # Errors
/// When a lobby cannot be set up.
pub fn exhaust() -> anyhow::Result<Exhausted> {
    let started = Instant::now();
    let mut variants = Vec::new();
    let mut boundaries = 0;
    for setting in SETTINGS {
        let operations = setting.boundaries()?;
        boundaries += operations;
        for operation in 0..operations {
            variants.push((setting, Death::Kill, operation, 0));
            variants.extend((1..=CUTS).map(|cut| (setting, Death::PowerCut, operation, cut)));
        }
    }
    let next = AtomicU64::new(0);
    let outcomes: Mutex<Exhausted> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let place = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX);
                    let Some((setting, death, operation, variant)) = variants.get(place).copied() else { return };
                    let outcome = setting.live(Some((death, operation)), variant);
                    let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
                    outcomes.variants += 1;
                    let name = format!("{setting:?} {death:?} before operation {operation}, variant {variant}");
                    match outcome {
                        Ok(outcome) => {
                            outcomes.worst_recovery = outcomes.worst_recovery.max(outcome.worst_recovery);
                            if let Some(first) = outcome.violations.first() {
                                outcomes.failed.push(format!("{name}: {}: {}", first.invariant, first.text));
                            }
                        }
                        Err(error) => outcomes.failed.push(format!("{name}: {error:#}")),
                    }
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.failed.sort();
    outcomes.boundaries = boundaries;
    outcomes.wall = started.elapsed();
    Ok(outcomes)
}
