//! `cargo xtask simulate`: builds the simulator in a profile of its own, because thousands of lobbies in a debug build would
//! take hours, and runs it. What it prints is the simulator's own line of JSON.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::compile;
use crate::shell::{self, say};

/// The profile that `Cargo.toml` has for it.
pub const PROFILE: [&str; 2] = ["--profile", "simulation"];

/// The package it is in.
pub const PACKAGE: [&str; 2] = ["--package", "smartqueue-tests"];

/// The command line.
pub fn command() -> Command {
    let number = |name: &'static str, help: &'static str| Arg::new(name).long(name).value_name("N").help(help);
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    Command::new("simulate")
        .about(
            "Live through many lobbies full of faults and print one JSON line; exits with 1 when a promise was broken",
        )
        .arg(number("seeds", "How many seeds [default: 1000]"))
        .arg(number("from", "The first seed [default: 0]"))
        .arg(number("seed", "This seed alone"))
        .arg(flag("trace", "With --seed: print what happened, line by line"))
        .arg(flag("exhaustive", "Instead: a death at every write and sync of a touch's way"))
        .arg(flag("planted", "Instead: the first seed that catches each planted bug"))
        .arg(Arg::new("bug").long("bug").value_name("NAME").help("With this planted bug"))
}

/// Builds and runs it.
pub fn simulate(arguments: &ArgMatches) -> Result<ExitCode> {
    compile::faces()?;
    say("building the simulator");
    let mut selection = PROFILE.to_vec();
    selection.extend(PACKAGE);
    selection.extend(["--bin", "simulate"]);
    let programs = compile::programs(&selection, compile::Profile::Dev)?;
    let mut command = shell::command(programs.path("simulate")?);
    for name in ["seeds", "from", "seed", "bug"] {
        if let Some(value) = arguments.get_one::<String>(name) {
            command.args([format!("--{name}"), value.clone()]);
        }
    }
    for name in ["trace", "exhaustive", "planted"] {
        if arguments.get_flag(name) {
            command.arg(format!("--{name}"));
        }
    }
    let status = command.status().context("the simulator does not start")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
