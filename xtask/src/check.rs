//! `cargo xtask check`: what can be said about the code without running it.
//!
//! It looks at everything even when something is wrong, and changes nothing.

use anyhow::{Result, bail};

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
    shell::run(&mut shell::cargo_command(["deny", "--workspace", "check", "licenses", "bans", "sources"]))
}

/// The list of known holes lives in a repository of its own. Where it cannot be reached nothing is known, and that is
/// said aloud; it is no failure of the code.
fn advisories() -> Result<()> {
    match shell::quietly(&mut shell::cargo_command(["deny", "--workspace", "check", "advisories"])) {
        Ok(_) => Ok(()),
        Err(error) if format!("{error:#}").contains("advisory database") => {
            say("NOT CHECKED for known holes: the advisory database could not be fetched");
            Ok(())
        }
        Err(error) => Err(error),
    }
}
