//! The printer's driver against a real USB stack, without a printer: QEMU boots a Debian kernel whose USB controller is made of
//! software, and one machine is both ends of the cable. On one end runs our driver, through usblp and without it; on the other end
//! the virtual printer answers as a USB gadget. The kernel in between is the one that kiosks have.
//!
//! This program is both the test outside and what runs inside: outside it starts the machine and reports what was found, in the
//! form of Rust's own test runner; inside, called with `--inside`, it runs the stories. Where QEMU or the kernel is missing every
//! story counts as ignored, and a line says what is missing. It never touches the USB of the machine it is started on.
//!
//! `cargo test -p smartqueue-tests --test usb -- [PART OF A NAME] [--all-faults]`; the option lets the whole fault matrix happen,
//! which takes minutes, and not only the faults in which USB has a part.

mod inside;
mod machine;
mod matrix;
mod scene;
mod special;
mod stories;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use machine::{Machine, Verdict};

/// What calls this program inside the machine.
const INSIDE: &str = "--inside";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some(INSIDE) => inside::run(&arguments[1..]),
        Some(LOOK) => special::look(),
        Some(PRINTER) => matrix::printer(&arguments[1..]),
        Some("--list") => list(),
        Some(_) | None => outside(&arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            // Standard error may be closed; there is nobody else to tell.
            drop(writeln!(io::stderr().lock(), "usb: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn list() -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    for name in inside::names() {
        writeln!(out, "{name}: test")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What calls it inside to list the printers as another user sees them.
const LOOK: &str = "--look";
/// What calls it inside to be the printer of the fault matrix.
const PRINTER: &str = "--printer";
/// The option for the whole fault matrix.
const ALL_FAULTS: &str = "--all-faults";

/// Runs the stories whose name contains the first argument that is no option.
fn outside(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let filter = arguments.iter().find(|argument| !argument.starts_with('-')).cloned().unwrap_or_default();
    let faults = if arguments.iter().any(|argument| argument == ALL_FAULTS) { ALL_FAULTS } else { "" };
    let wanted: Vec<String> = inside::names().into_iter().filter(|name| name.contains(&filter)).collect();
    let mut out = io::stdout().lock();
    writeln!(out, "\nrunning {} tests", wanted.len())?;
    let machine = match Machine::find() {
        Ok(machine) => machine,
        Err(missing) => {
            writeln!(out, "SKIPPED: no USB stack to test on: {missing}")?;
            summarise(&mut out, &Summary { ignored: wanted.len(), ..Summary::default() }, Duration::ZERO)?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let started = Instant::now();
    let report = machine.run(&filter, faults)?;
    let mut summary = Summary::default();
    for name in &wanted {
        let (word, said) = match report.verdicts.iter().find(|verdict| verdict.name == *name) {
            Some(Verdict { passed: true, .. }) => ("ok", None),
            Some(Verdict { said, .. }) => ("FAILED", Some(said.as_str())),
            None => ("FAILED", Some("the machine ended before it came to this")),
        };
        writeln!(out, "test {name} ... {word}")?;
        match said {
            None => summary.passed += 1,
            Some(said) => {
                summary.failed += 1;
                writeln!(out, "    {}", said.replace('\n', "\n    "))?;
            }
        }
    }
    if !report.lines.is_empty() {
        writeln!(out, "\n{}", report.lines.join("\n"))?;
    }
    if summary.failed > 0 {
        writeln!(out, "\nthe machine's last words:\n{}", report.console)?;
    }
    summarise(&mut out, &summary, started.elapsed())?;
    Ok(if summary.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Default)]
struct Summary {
    passed: usize,
    failed: usize,
    ignored: usize,
}

/// The line that `cargo xtask test` counts.
fn summarise(out: &mut impl Write, summary: &Summary, took: Duration) -> io::Result<()> {
    let Summary { passed, failed, ignored } = summary;
    let word = if *failed == 0 { "ok" } else { "FAILED" };
    writeln!(
        out,
        "\ntest result: {word}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; 0 filtered out; \
         finished in {:.2}s\n",
        took.as_secs_f64()
    )
}
