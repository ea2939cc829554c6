//! The simulator's command line; `cargo xtask simulate` builds and runs it. It prints one line of JSON, or with `--trace`
//! what happened in one seed, line by line. It ends with 1 when a promise was broken.

use anyhow::{Context, Result, bail};
use serde_json::json;
use smartqueue_tests::simulation::exhaustive::exhaust;
use smartqueue_tests::simulation::fleet::{first_catch, live_through};
use smartqueue_tests::simulation::{PlantedBug, run};
use std::io::Write as _;
use std::process::ExitCode;

/// What is asked for.
#[derive(Debug, Default)]
struct Wanted {
    seeds: u64,
    from: u64,
    seed: Option<u64>,
    trace: bool,
    bug: Option<PlantedBug>,
    exhaustive: bool,
    planted: bool,
}

fn main() -> Result<ExitCode> {
    let wanted = read(std::env::args().skip(1))?;
    let mut out = std::io::stdout().lock();
    if wanted.exhaustive {
        let exhausted = exhaust()?;
        writeln!(out, "{}", exhausted.report())?;
        return Ok(code(exhausted.failed.is_empty()));
    }
    if wanted.planted {
        let mut all_caught = true;
        for bug in wanted.bug.map_or(PlantedBug::ALL.to_vec(), |bug| vec![bug]) {
            let caught = first_catch(bug, bug.must_be_caught_within());
            all_caught &= caught.is_some();
            let (seed, by) = caught.unzip();
            writeln!(
                out,
                "{}",
                json!({"bug": bug.name(), "first_seed": seed, "within": bug.must_be_caught_within(), "by": by})
            )?;
        }
        return Ok(code(all_caught));
    }
    if let Some(seed) = wanted.seed {
        let outcome = run(seed, wanted.bug, wanted.trace)?;
        for line in &outcome.trace {
            writeln!(out, "{line}")?;
        }
        for violation in &outcome.violations {
            writeln!(out, "VIOLATION {}: {}", violation.invariant, violation.text)?;
        }
        writeln!(
            out,
            "{}",
            json!({
                "seed": seed,
                "simulated_s": outcome.simulated_ms as f64 / 1_000.0,
                "crashes": outcome.deaths,
                "papers": outcome.papers,
                "violations": outcome.violations.len(),
                "hash": format!("{:016x}", outcome.hash),
            })
        )?;
        return Ok(code(outcome.violations.is_empty()));
    }
    let seeds: Vec<u64> = (wanted.from..wanted.from + wanted.seeds).collect();
    let tally = live_through(&seeds, wanted.bug, false);
    writeln!(out, "{}", tally.report())?;
    Ok(code(tally.failed.is_empty() && tally.errors.is_empty()))
}

fn code(held: bool) -> ExitCode {
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read(arguments: impl Iterator<Item = String>) -> Result<Wanted> {
    let mut wanted = Wanted { seeds: 1_000, ..Wanted::default() };
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let mut number = |name: &str| -> Result<u64> {
            let text = arguments.next().with_context(|| format!("{name} needs a number"))?;
            text.parse().with_context(|| format!("{name}: `{text}` is no number"))
        };
        match argument.as_str() {
            "--seeds" => wanted.seeds = number("--seeds")?,
            "--from" => wanted.from = number("--from")?,
            "--seed" => wanted.seed = Some(number("--seed")?),
            "--trace" => wanted.trace = true,
            "--exhaustive" => wanted.exhaustive = true,
            "--planted" => wanted.planted = true,
            "--bug" => {
                let name = arguments.next().context("--bug needs a name")?;
                wanted.bug =
                    Some(PlantedBug::named(&name).with_context(|| format!("no planted bug is called `{name}`"))?);
            }
            other => bail!(
                "`{other}` is not known: --seeds N, --from S, --seed X, --trace, --bug NAME, --planted, --exhaustive"
            ),
        }
    }
    Ok(wanted)
}
