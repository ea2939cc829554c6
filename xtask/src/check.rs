//! `cargo xtask check`: what can be said about the code without running it.
//!
//! It looks at everything even when something is wrong, and changes nothing.

use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::clock::{Stopwatch, in_words};
use crate::compile;
use crate::setup::{self, Need};
use crate::shell::{self, say};
use crate::suite;

/// One look at the code: its name, and what does the looking.
type Look = (&'static str, fn() -> Result<()>);

const LOOKS: [Look; 5] = [
    ("rustfmt", format),
    ("svelte-check and eslint", faces),
    ("clippy", lint),
    ("cargo-deny: licences, bans, sources", deny),
    ("cargo-deny: known holes", advisories),
];

/// Runs every check; fails when one of them did.
pub fn check() -> Result<()> {
    setup::ensure(&[Need::Compile, Need::Window, Need::Npm, Need::Deny])?;
    let mut failed = vec![];
    for (name, look) in LOOKS {
        say(name);
        let watch = Stopwatch::start();
        match look() {
            Ok(()) => say(&format!("{name}: held, {}", in_words(watch.elapsed()))),
            Err(error) => {
                say(&format!("{name}: FAILED, {}: {error:#}", in_words(watch.elapsed())));
                failed.push(name);
            }
        }
    }
    if !failed.is_empty() {
        bail!("{} of {} checks failed: {}", failed.len(), LOOKS.len(), failed.join("; "));
    }
    Ok(())
}

fn format() -> Result<()> {
    shell::run(&mut shell::cargo_command(["fmt", "--all", "--check"]))
}

fn faces() -> Result<()> {
    shell::run(&mut shell::npm_command(["run", "check"]))
}

fn lint() -> Result<()> {
    compile::faces()?;
    suite::lint()
}

fn deny() -> Result<()> {
    let arguments = ["deny", "--workspace", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"];
    shell::run(&mut shell::cargo_command(arguments))
}

/// The list of known holes lives in a repository of its own. Where it cannot be reached nothing is known, and that is
/// said aloud; it is no failure of the code.
fn advisories() -> Result<()> {
    let mut command = shell::cargo_command(["deny", "--workspace", "check", "--hide-inclusion-graph", "advisories"]);
    let output = command.stdin(Stdio::null()).output().context("`cargo deny` could not be started")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Ok(());
    }
    if complaint.contains("failed to fetch advisory database") {
        say("NOT CHECKED for known holes: the list of them could not be fetched");
        return Ok(());
    }
    bail!("{}", complaint.trim());
}
