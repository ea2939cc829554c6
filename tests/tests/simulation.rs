//! The proof that runs with every test run: fresh seeds, every seed that ever failed, the exhaustive set, and planted bugs
//! as a test of the net itself. `cargo xtask simulate` does the same for longer.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]

use smartqueue_tests::simulation::exhaustive::exhaust;
use smartqueue_tests::simulation::fleet::{Tally, first_catch, live_through};
use smartqueue_tests::simulation::{PlantedBug, run};
use std::time::{SystemTime, UNIX_EPOCH};

/// Seeds that failed once. Each line is a seed, and behind it what was wrong.
const SAVED: &str = include_str!("../seeds/failed.txt");

/// Fresh seeds in each run.
const FRESH: u64 = 2_000;

fn saved() -> Vec<u64> {
    let lines = SAVED.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_whitespace().next().unwrap().parse().unwrap()).collect()
}

fn assert_held(tally: &Tally) {
    assert!(tally.errors.is_empty(), "{:?}", tally.errors);
    let failed: Vec<String> = tally
        .failed
        .iter()
        .take(10)
        .map(|outcome| format!("seed {}: {:?}", outcome.seed, outcome.violations.first()))
        .collect();
    assert!(
        failed.is_empty(),
        "{} seeds broke a promise; `cargo xtask simulate --seed X --trace` shows how. Save them in tests/seeds/failed.txt.\n{}",
        tally.failed.len(),
        failed.join("\n")
    );
}

#[test]
fn fresh_seeds_break_no_promise() {
    // Other seeds each time; the first one is in the failure's text.
    let from = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() << 16;
    let seeds: Vec<u64> = (from..from + FRESH).collect();
    let tally = live_through(&seeds, None, false);
    assert_held(&tally);
    assert_eq!(tally.schedules, FRESH);
    assert!(tally.papers > FRESH, "a simulator that prints nothing passes every other check: {}", tally.papers);
    assert!(tally.deaths > FRESH / 2, "too few crashes to mean anything: {}", tally.deaths);
}

#[test]
fn seeds_that_failed_once_hold() {
    let seeds = saved();
    assert!(!seeds.is_empty());
    assert_held(&live_through(&seeds, None, false));
}

#[test]
fn the_same_seed_is_the_same_lobby() {
    let both = [0, 1, 7, 100_003].map(|seed| [run(seed, None, false).unwrap(), run(seed, None, true).unwrap()]);
    for [first, second] in both {
        assert_eq!(first.hash, second.hash, "seed {}", first.seed);
        assert_eq!((first.papers, first.deaths), (second.papers, second.deaths));
        assert!(!second.trace.is_empty());
    }
}

#[test]
fn a_death_at_every_write_and_sync_of_a_touchs_way_breaks_no_promise() {
    let exhausted = exhaust().unwrap();
    assert!(
        exhausted.failed.is_empty(),
        "{} variants failed:\n{}",
        exhausted.failed.len(),
        exhausted.failed.join("\n")
    );
    assert!(exhausted.boundaries > 30, "{exhausted:?}");
    assert!(exhausted.worst_recovery.as_millis() < 1_000, "{exhausted:?}");
}

#[test]
fn every_planted_bug_is_caught() {
    let missed: Vec<&str> = PlantedBug::ALL
        .into_iter()
        .filter(|bug| first_catch(*bug, bug.must_be_caught_within()).is_none())
        .map(PlantedBug::name)
        .collect();
    assert!(missed.is_empty(), "the net lets these through: {missed:?}");
}
