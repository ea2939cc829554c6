//! The lobby in a box, with faults: kiosks, boards and a server of shipped code, on disks that lose what was not synced,
//! over a network that loses, repeats and delays, among people who touch, call and wait. One seed is one lobby and its
//! fate; the same seed gives the same hash.
//!
//! Engine, journal, conversions and ledger are the shipped ones. The simulator stands in for what is around them: the
//! station's shell and link, sockets and HTTP, the printer, clocks, disks, people. Nothing here is shipped.

pub mod chance;
pub mod disk;
pub mod exhaustive;
pub mod fleet;
mod link;
mod machine;
pub mod plan;
pub mod planted;
pub mod server;
mod verdict;
pub mod vfs;
pub mod witness;
mod world;

pub use planted::PlantedBug;
pub use verdict::Violation;
pub use world::Mark;

use chance::Chance;
use plan::Plan;
use std::time::Duration;
use world::World;

/// What became of a seed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// The same for every run of the same seed.
    pub hash: u64,
    /// How long it lasted in the lobby.
    pub simulated_ms: i64,
    /// Processes and machines that died.
    pub deaths: u64,
    /// Slips that came out.
    pub papers: u64,
    /// Promises that were broken.
    pub violations: Vec<Violation>,
    /// The longest time that a station's process took to start, on the machine that simulates.
    pub worst_recovery: Duration,
    /// How much each disk had done where the plan marks it.
    pub marks: Vec<Mark>,
    /// What happened, line by line, where it was asked for.
    pub trace: Vec<String>,
}

/// Lives through one seed.
///
/// # Errors
/// When the simulation itself cannot be set up.
pub fn run(seed: u64, bug: Option<PlantedBug>, trace: bool) -> anyhow::Result<Outcome> {
    let mut chance = Chance::of(seed);
    let plan = Plan::of(&mut chance);
    run_plan(seed, plan, chance, bug, trace)
}

/// Lives through a plan.
///
/// # Errors
/// When the simulation itself cannot be set up.
pub fn run_plan(
    seed: u64,
    plan: Plan,
    chance: Chance,
    bug: Option<PlantedBug>,
    trace: bool,
) -> anyhow::Result<Outcome> {
    let begins_ms = plan.begins_ms;
    let mut world = World::new(plan, chance, bug, trace)?;
    world.run();
    let simulated_ms = world.now_ms - begins_ms;
    let violations = world.judge();
    let papers = world.witness.papers.clone();
    for paper in &papers {
        world.mix(paper.at_ms.unsigned_abs());
        world.mix(paper.ticket.as_u128() as u64);
        paper.label.bytes().for_each(|letter| world.mix(u64::from(letter)));
    }
    for violation in &violations {
        violation.invariant.bytes().for_each(|letter| world.mix(u64::from(letter)));
    }
    let outcome = Outcome {
        seed,
        hash: world.hash,
        simulated_ms,
        deaths: world.witness.deaths,
        papers: papers.len() as u64,
        violations,
        worst_recovery: world.worst_recovery,
        marks: std::mem::take(&mut world.marks),
        trace: world.trace.take().unwrap_or_default(),
    };
    drop(world);
    vfs::unmount_all();
    smartqueue_server::give_this_thread(None);
    Ok(outcome)
}
