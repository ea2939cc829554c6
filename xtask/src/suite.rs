//! `cargo xtask test`: runs every part of the tests, one after the other, and sums up what they said.
//!
//! A failing part does not stop the others: whoever looks in the morning sees all that is wrong. Nothing is retried and
//! nothing is left out without a line that says so.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::clock::{Stopwatch, in_words};
use crate::compile::{self, FEATURES, Profile};
use crate::setup::{self, Need};
use crate::shell::{self, say};
use crate::simulate;
use crate::tally::{self, Tally};

/// A part of the tests that can be run alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Formatting of the Rust code.
    Format,
    /// The faces: types, unit tests, build.
    Ui,
    /// clippy over the workspace, warnings being errors.
    Lint,
    /// The Rust tests that need no window.
    Rust,
    /// The printer's driver on a real USB stack, in a machine of its own.
    Usb,
    /// The lobby in a box, with faults: built to be quick, because it lives through thousands of lobbies.
    Simulation,
    /// The examples in the documentation.
    Docs,
    /// The faces on their fake backend, in a browser.
    Browser,
    /// The real app on a screen that is not there.
    App,
}

/// Every part, in the order in which they run: what fails quickly comes first.
pub const PARTS: [Part; 9] =
    [Part::Format, Part::Ui, Part::Lint, Part::Rust, Part::Simulation, Part::Usb, Part::Docs, Part::Browser, Part::App];

impl Part {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Ui => "ui",
            Self::Lint => "lint",
            Self::Rust => "rust",
            Self::Usb => "usb",
            Self::Simulation => "simulation",
            Self::Docs => "docs",
            Self::Browser => "browser",
            Self::App => "app",
        }
    }

    /// The part of that name.
    pub fn named(name: &str) -> Option<Self> {
        PARTS.into_iter().find(|part| part.name() == name)
    }

    const fn needs(self) -> &'static [Need] {
        match self {
            Self::Format => &[],
            Self::Ui => &[Need::Npm],
            Self::Lint | Self::Docs | Self::Simulation => &[Need::Compile, Need::Window, Need::Npm],
            Self::Rust => &[Need::Compile, Need::Window, Need::Npm, Need::Sound, Need::Drive, Need::Database],
            Self::Usb => &[Need::Compile, Need::Window, Need::Npm, Need::Usb],
            Self::Browser => &[Need::Npm, Need::Browser, Need::Look],
            Self::App => &[Need::Compile, Need::Window, Need::Npm, Need::Drive, Need::Look, Need::Sound, Need::Driver],
        }
    }

    fn steps(self) -> Result<Vec<Step>> {
        Ok(match self {
            Self::Format => vec![Step::new("rustfmt", format_check)],
            Self::Ui => vec![
                Step::new("svelte-check and eslint", ui_check),
                Step::new("unit tests of the faces", ui_tests),
                Step::new("build of the faces", faces),
            ],
            Self::Lint => vec![Step::new("clippy", clippy)],
            Self::Rust => vec![Step::new("build of every program", every_program), Step::new("Rust tests", rust_tests)],
            Self::Usb => vec![Step::new("build of every program", every_program), Step::new("USB tests", usb_tests)],
            Self::Simulation => vec![Step::new("simulation", simulation_tests)],
            Self::Docs => vec![Step::new("documentation examples", doc_tests)],
            Self::Browser => vec![Step::new("browser tests", browser_tests)],
            Self::App => vec![Step::new("build of every program", every_program), Step::new("app tests", app_tests)],
        })
    }
}

/// One thing that is run and judged.
struct Step {
    name: &'static str,
    action: fn() -> Result<Judged>,
}

impl Step {
    const fn new(name: &'static str, action: fn() -> Result<Judged>) -> Self {
        Self { name, action }
    }
}

/// What a step found.
struct Judged {
    tally: Tally,
    success: bool,
}

impl Judged {
    /// A step that is no test: it holds or it fails, and adds nothing to the number of tests that passed.
    const fn held() -> Self {
        Self { tally: Tally { passed: 0, failed: 0, skipped: 0 }, success: true }
    }
}

/// A line of the summary.
struct Line {
    name: &'static str,
    took: String,
    verdict: String,
    tally: Tally,
    held: bool,
}

/// Runs `parts` and prints the summary; the last line reads `N passed, N failed`. Returns whether all of it held.
pub fn test(parts: &[Part]) -> Result<bool> {
    let watch = Stopwatch::start();
    let mut lines = vec![];
    let wanted: Vec<Need> = parts.iter().flat_map(|part| part.needs()).copied().collect();
    let needs: Vec<Need> = setup::EVERYTHING.into_iter().filter(|need| wanted.contains(need)).collect();
    let setting_up = Stopwatch::start();
    setup::ensure(&needs).context("setup failed, so nothing was tested")?;
    lines.push(judge("setup", setting_up, Ok(Judged::held())));
    let mut done: Vec<&str> = vec![];
    for part in parts {
        for step in part.steps()? {
            if done.contains(&step.name) {
                continue;
            }
            done.push(step.name);
            say(&format!("{}: {}", part.name(), step.name));
            let started = Stopwatch::start();
            let line = judge(step.name, started, (step.action)());
            say(&format!("{}: {}, {}", line.name, line.verdict, line.took));
            lines.push(line);
        }
    }
    let total = summarise(&lines, watch)?;
    Ok(total.failed == 0 && lines.iter().all(|line| line.held))
}

fn judge(name: &'static str, started: Stopwatch, outcome: Result<Judged>) -> Line {
    let took = in_words(started.elapsed());
    let (tally, verdict, held) = match outcome {
        Ok(Judged { tally, success: true }) if tally == Tally::default() => (tally, "held".to_owned(), true),
        Ok(Judged { tally, success: true }) if tally.failed == 0 => (tally, counts(tally), true),
        Ok(Judged { mut tally, success: _ }) => {
            // A runner may fail without naming a test, for instance when a file does not compile.
            tally.failed = tally.failed.max(1);
            (tally, format!("FAILED: {}", counts(tally)), false)
        }
        Err(error) => (Tally { failed: 1, ..Tally::default() }, format!("FAILED: {error:#}"), false),
    };
    Line { name, took, verdict, tally, held }
}

fn counts(tally: Tally) -> String {
    let Tally { passed, failed, skipped } = tally;
    let skipped = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    format!("{passed} passed, {failed} failed{skipped}")
}

fn summarise(lines: &[Line], watch: Stopwatch) -> Result<Tally> {
    let mut total = Tally::default();
    shell::print_line("")?;
    for Line { name, took, verdict, tally, held: _ } in lines {
        total += *tally;
        shell::print_line(&format!("{name:<28} {took:>12}   {verdict}"))?;
    }
    shell::print_line(&format!("{:<28} {:>12}", "in all", in_words(watch.elapsed())))?;
    if total.skipped > 0 {
        shell::print_line(&format!("{} skipped", total.skipped))?;
    }
    let failed: Vec<&str> = lines.iter().filter(|line| !line.held).map(|line| line.name).collect();
    if !failed.is_empty() {
        say(&format!("failed: {}", failed.join(", ")));
    }
    shell::print_line(&format!("{} passed, {} failed", total.passed, total.failed))?;
    Ok(total)
}

fn format_check() -> Result<Judged> {
    shell::run(&mut shell::cargo_command(["fmt", "--all", "--check"]))?;
    Ok(Judged::held())
}

fn clippy() -> Result<Judged> {
    compile::faces()?;
    lint()?;
    Ok(Judged::held())
}

/// clippy over everything, warnings being errors.
pub fn lint() -> Result<()> {
    let mut command = shell::cargo_command(["clippy", "--workspace", "--all-targets"]);
    shell::run(command.args(FEATURES).args(["--", "-D", "warnings"]))
}

fn ui_check() -> Result<Judged> {
    shell::run(&mut shell::npm_command(["run", "check"]))?;
    Ok(Judged::held())
}

fn ui_tests() -> Result<Judged> {
    vitest("test", "vitest.json")
}

/// Runs an npm script that is a run of vitest.
fn vitest(script: &str, report: &str) -> Result<Judged> {
    let report = scratch_file(report);
    let mut command = shell::npm_command(["run", script, "--", "--reporter=default", "--reporter=json"]);
    command.arg(format!("--outputFile.json={}", report.display()));
    let followed = shell::follow(&mut command)?;
    let text = std::fs::read_to_string(&report).context("vitest left no report");
    // The report must not survive: an old one would be taken for the answer of a run that never got so far.
    let _ = std::fs::remove_file(&report);
    Ok(Judged { tally: tally::of_vitest(&text?)?, success: followed.success })
}

fn faces() -> Result<Judged> {
    compile::faces()?;
    Ok(Judged::held())
}

fn browser_tests() -> Result<Judged> {
    compile::faces()?;
    vitest("test:browser", "vitest-browser.json")
}

fn every_program() -> Result<Judged> {
    compile::faces()?;
    let mut selection = vec!["--workspace", "--bins"];
    selection.extend_from_slice(&FEATURES);
    let programs = compile::programs(&selection, Profile::Dev)?;
    say(&format!("built {}", programs.names().collect::<Vec<_>>().join(", ")));
    Ok(Judged::held())
}

fn rust_tests() -> Result<Judged> {
    let targets = test_targets()?;
    let mut arguments = vec!["--lib".to_owned(), "--bins".to_owned()];
    let elsewhere = |name: &&String| is_app_test(name) || *name == USB_TEST || *name == SIMULATION;
    arguments.extend(targets.iter().filter(|name| !elsewhere(name)).map(|name| format!("--test={name}")));
    cargo_test(&arguments)
}

/// The test of the simulator, which has a profile of its own.
const SIMULATION: &str = "simulation";

fn simulation_tests() -> Result<Judged> {
    compile::faces()?;
    let mut command = shell::cargo_command(["test", "--no-fail-fast"]);
    command.args(simulate::PROFILE).args(simulate::PACKAGE).args(["--test", SIMULATION]);
    let followed = shell::follow(&mut command)?;
    Ok(Judged { tally: tally::of_cargo(&followed.stdout)?, success: followed.success })
}

fn app_tests() -> Result<Judged> {
    let targets = test_targets()?;
    let arguments: Vec<String> =
        targets.iter().filter(|name| is_app_test(name)).map(|name| format!("--test={name}")).collect();
    if arguments.is_empty() {
        bail!("there is no test of the app: tests/tests/app*.rs is missing");
    }
    cargo_test(&arguments)
}

/// The test that brings its own machine, and tells by itself when it cannot have one.
const USB_TEST: &str = "usb";

fn usb_tests() -> Result<Judged> {
    cargo_test(&[format!("--test={USB_TEST}")])
}

fn doc_tests() -> Result<Judged> {
    compile::faces()?;
    cargo_test(&["--doc".to_owned()])
}

fn cargo_test(arguments: &[String]) -> Result<Judged> {
    // Selecting the whole workspace each time keeps one set of features, so that nothing is compiled twice.
    let mut command = shell::cargo_command(["test", "--workspace", "--no-fail-fast"]);
    command.args(FEATURES).args(arguments);
    let followed = shell::follow(&mut command)?;
    Ok(Judged { tally: tally::of_cargo(&followed.stdout)?, success: followed.success })
}

/// A test of the app opens a window and is driven from outside; its file is called `app` or `app_something`.
fn is_app_test(target: &str) -> bool {
    target == "app" || target.starts_with("app_")
}

/// The integration tests of every package, as cargo knows them.
fn test_targets() -> Result<Vec<String>> {
    let metadata = shell::read(&mut shell::cargo_command(["metadata", "--format-version=1", "--no-deps"]))?;
    test_targets_in(&metadata)
}

fn test_targets_in(metadata: &str) -> Result<Vec<String>> {
    let metadata: Value = serde_json::from_str(metadata).context("`cargo metadata` wrote no JSON")?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut names: Vec<String> = list(&metadata["packages"])
        .iter()
        .flat_map(|package| list(&package["targets"]))
        .filter(|target| list(&target["kind"]).iter().any(|kind| kind == "test"))
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn scratch_file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("smartqueue-{}-{name}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_found_by_its_name() {
        for part in PARTS {
            assert_eq!(Part::named(part.name()), Some(part));
        }
        assert_eq!(Part::named("nothing"), None);
    }

    #[test]
    fn app_tests_are_told_by_their_file() {
        assert!(is_app_test("app"));
        assert!(is_app_test("app_memory"));
        assert!(!is_app_test("append_only"));
    }

    #[test]
    fn test_targets_are_those_of_kind_test() {
        let metadata = r#"{"packages":[{"targets":[{"kind":["lib"],"name":"a"},{"kind":["test"],"name":"story"}]},
            {"targets":[{"kind":["test"],"name":"app"},{"kind":["bin"],"name":"b"}]}]}"#;
        assert_eq!(test_targets_in(metadata).expect("readable"), ["app", "story"]);
    }

    #[test]
    fn a_failure_without_a_failed_test_still_counts() {
        let unnamed = Judged { tally: Tally { passed: 5, failed: 0, skipped: 0 }, success: false };
        let line = judge("x", Stopwatch::start(), Ok(unnamed));
        assert!(!line.held);
        assert_eq!(line.tally, Tally { passed: 5, failed: 1, skipped: 0 });
        let broken = judge("x", Stopwatch::start(), Err(anyhow::anyhow!("did not start")));
        assert_eq!(broken.tally.failed, 1);
        // A runner that reports failed tests and exits with success is not believed.
        let lying = Judged { tally: Tally { passed: 5, failed: 2, skipped: 0 }, success: true };
        assert!(!judge("x", Stopwatch::start(), Ok(lying)).held);
    }

    #[test]
    fn a_check_that_holds_adds_no_test() {
        let line = judge("x", Stopwatch::start(), Ok(Judged::held()));
        assert!(line.held);
        assert_eq!(line.tally, Tally::default());
    }
}
