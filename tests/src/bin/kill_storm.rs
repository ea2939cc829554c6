//! The shipped programs under 300 kills in random turn, at 2,000 tickets and more: prints one line of JSON, and ends with 1
//! when anything is wrong. `kill_storm [KILLS [TOUCHES_A_KILL [SEED]]]`.

use anyhow::{Context, Result};
use smartqueue_tests::kill_storm::live_through;
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> Result<ExitCode> {
    let mut numbers = [300, 5, 1];
    for (place, text) in std::env::args().skip(1).take(3).enumerate() {
        numbers[place] = text.parse().with_context(|| format!("`{text}` is no number"))?;
    }
    let [kills, touches_a_kill, seed] = numbers;
    let storm = live_through(kills, touches_a_kill, seed)?;
    writeln!(std::io::stdout().lock(), "{}", storm.report())?;
    Ok(if storm.held() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
