//! Many seeds at once: every core takes the next seed, and what became of all of them is one line of JSON.
//! A seed's outcome never depends on which thread lived through it or when.

use super::{Outcome, PlantedBug, run};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What became of many seeds.
#[derive(Debug, Default)]
pub struct Tally {
    /// Seeds that were lived through.
    pub schedules: u64,
    /// Time in all those lobbies.
    pub simulated_ms: i64,
    /// Processes and machines that died.
    pub deaths: u64,
    /// Slips that came out.
    pub papers: u64,
    /// The seeds that broke a promise, in their order, without their traces.
    pub failed: Vec<Outcome>,
    /// How long it took.
    pub wall: Duration,
    /// The longest start of a station's process.
    pub worst_recovery: Duration,
    /// The hashes of all seeds, in the order of the seeds.
    pub hash: u64,
    /// Seeds that could not be set up.
    pub errors: Vec<String>,
}

impl Tally {
    /// Broken promises in all.
    pub fn violations(&self) -> u64 {
        self.failed.iter().map(|outcome| outcome.violations.len() as u64).sum()
    }

    /// How many seeds broke each promise.
    pub fn by_invariant(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for outcome in &self.failed {
            let broken: BTreeSet<_> = outcome.violations.iter().map(|violation| violation.invariant).collect();
            broken.into_iter().for_each(|invariant| *counts.entry(invariant).or_default() += 1);
        }
        counts
    }

    /// The one line of JSON.
    pub fn report(&self) -> Value {
        let seconds = self.wall.as_secs_f64();
        let each = |outcome: &Outcome| {
            // The time of a touch is the least of the promises: what is worse is said first.
            let worse = outcome.violations.iter().find(|violation| violation.invariant != "I7");
            let first = worse.or(outcome.violations.first());
            json!({
                "seed": outcome.seed,
                "violations": outcome.violations.len(),
                "invariant": first.map(|violation| violation.invariant),
                "first": first.map(|violation| violation.text.as_str()),
            })
        };
        json!({
            "schedules": self.schedules,
            "simulated_hours": (self.simulated_ms as f64 / 36_000.0).round() / 100.0,
            "crashes": self.deaths,
            "papers": self.papers,
            "violations": self.violations(),
            "wall_s": (seconds * 1_000.0).round() / 1_000.0,
            "schedules_per_s": (self.schedules as f64 / seconds.max(0.001) * 10.0).round() / 10.0,
            "worst_recovery_ms": (self.worst_recovery.as_secs_f64() * 1e6).round() / 1e3,
            "hash": format!("{:016x}", self.hash),
            "by_invariant": self.by_invariant(),
            "failed": self.failed.iter().take(100).map(each).collect::<Vec<_>>(),
            "failed_seeds": self.failed.len(),
            "errors": self.errors,
        })
    }
}

/// Lives through seeds on every core. With `until_caught`, nobody begins another seed after one that broke a promise.
pub fn live_through(seeds: &[u64], bug: Option<PlantedBug>, until_caught: bool) -> Tally {
    let started = Instant::now();
    let next = AtomicU64::new(0);
    let caught = AtomicBool::new(false);
    let outcomes: Mutex<Vec<(usize, Result<Outcome, String>)>> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let place = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX);
                    let Some(seed) = seeds.get(place) else { return };
                    if until_caught && caught.load(Ordering::Relaxed) {
                        return;
                    }
                    let outcome = run(*seed, bug, false).map_err(|error| format!("seed {seed}: {error:#}"));
                    if outcome.as_ref().is_ok_and(|outcome| !outcome.violations.is_empty()) {
                        caught.store(true, Ordering::Relaxed);
                    }
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner).push((place, outcome));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by_key(|(place, _)| *place);
    let mut tally = Tally { hash: 0xcbf2_9ce4_8422_2325, ..Tally::default() };
    for (_, outcome) in outcomes {
        match outcome {
            Ok(outcome) => take_in(&mut tally, outcome),
            Err(error) => tally.errors.push(error),
        }
    }
    tally.wall = started.elapsed();
    tally
}

fn take_in(tally: &mut Tally, outcome: Outcome) {
    tally.schedules += 1;
    tally.simulated_ms += outcome.simulated_ms;
    tally.deaths += outcome.deaths;
    tally.papers += outcome.papers;
    tally.worst_recovery = tally.worst_recovery.max(outcome.worst_recovery);
    tally.hash = (tally.hash ^ outcome.hash).wrapping_mul(0x0000_0100_0000_01b3);
    if !outcome.violations.is_empty() {
        tally.failed.push(outcome);
    }
}

/// The first seed that catches a planted bug, in the order of the seeds, and what it caught it with.
pub fn first_catch(bug: PlantedBug, most: u64) -> Option<(u64, String)> {
    const AT_ONCE: u64 = 50;
    let mut from = 0;
    while from < most {
        let seeds: Vec<u64> = (from..(from + AT_ONCE).min(most)).collect();
        let tally = live_through(&seeds, Some(bug), true);
        for outcome in &tally.failed {
            // A seed that breaks a promise without the bug says nothing about the bug.
            let clean = run(outcome.seed, None, false).is_ok_and(|outcome| outcome.violations.is_empty());
            if let Some(violation) = outcome.violations.first().filter(|_| clean) {
                return Some((outcome.seed, format!("{}: {}", violation.invariant, violation.text)));
            }
        }
        // Nobody begins another seed after a catch, so those that were left out come again.
        from = tally.failed.last().map_or(from + AT_ONCE, |outcome| outcome.seed + 1);
    }
    None
}
