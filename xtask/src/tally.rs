//! Counts tests from what test runners say: cargo's `test result:` lines and vitest's JSON report.
//!
//! A runner whose count cannot be read is an error, never a zero: a suite that quietly ran nothing must not look green.

use std::ops::AddAssign;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// How many tests passed, failed, and were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Ran and held.
    pub passed: u64,
    /// Ran and did not hold.
    pub failed: u64,
    /// Did not run.
    pub skipped: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        let Self { passed, failed, skipped } = other;
        self.passed += passed;
        self.failed += failed;
        self.skipped += skipped;
    }
}

/// Sums the `test result:` lines of `cargo test`.
pub fn of_cargo(output: &str) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut seen = false;
    for line in output.lines().filter_map(|line| plain(line).trim().strip_prefix("test result:").map(str::to_owned)) {
        seen = true;
        tally += Tally {
            passed: count_before(&line, "passed")?,
            failed: count_before(&line, "failed")?,
            skipped: count_before(&line, "ignored")?,
        };
    }
    if !seen {
        bail!("cargo test reported no result");
    }
    Ok(tally)
}

/// Reads the report of `vitest --reporter=json`.
pub fn of_vitest(report: &str) -> Result<Tally> {
    let report: Value = serde_json::from_str(report).context("vitest's report is not JSON")?;
    let count = |name: &str| report[name].as_u64().with_context(|| format!("vitest's report has no {name}"));
    let tally = Tally {
        passed: count("numPassedTests")?,
        failed: count("numFailedTests")?,
        skipped: count("numPendingTests")? + count("numTodoTests")?,
    };
    if tally == Tally::default() {
        bail!("vitest ran no test");
    }
    Ok(tally)
}

/// The number in front of `word`, as in `ok. 12 passed; 0 failed`.
fn count_before(line: &str, word: &str) -> Result<u64> {
    let words: Vec<&str> =
        line.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    words
        .windows(2)
        .find(|pair| pair[1] == word)
        .and_then(|pair| pair[0].parse().ok())
        .with_context(|| format!("no number of {word} in `{}`", line.trim()))
}

/// The line without colour codes.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            // A colour code ends with its first letter.
            for code in letters.by_ref() {
                if code.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            text.push(letter);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_results_are_summed() {
        let output = "running 3 tests\ntest a ... ok\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\n\
            test result: \u{1b}[31mFAILED\u{1b}[0m. 4 passed; 2 failed; 0 ignored; 0 measured; 5 filtered out\n";
        assert_eq!(of_cargo(output).expect("counted"), Tally { passed: 7, failed: 2, skipped: 1 });
    }

    #[test]
    fn a_silent_cargo_is_an_error() {
        assert!(of_cargo("error: could not compile\n").is_err());
        assert!(of_cargo("test result: nonsense\n").is_err());
    }

    #[test]
    fn vitest_is_read() {
        let report = r#"{"numPassedTests":12,"numFailedTests":1,"numPendingTests":2,"numTodoTests":1,"success":false}"#;
        assert_eq!(of_vitest(report).expect("counted"), Tally { passed: 12, failed: 1, skipped: 3 });
        assert!(of_vitest(r#"{"numPassedTests":0,"numFailedTests":0,"numPendingTests":0,"numTodoTests":0}"#).is_err());
        assert!(of_vitest("{}").is_err());
        assert!(of_vitest("").is_err());
    }
}
