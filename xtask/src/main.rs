//! The commands of a contributor: `cargo xtask demo`, `cargo xtask test` and their smaller relatives.
//!
//! It starts other programs and imports none of ours, so that it compiles in seconds and works when nothing else does.
//! Exit codes: 0 for success, 2 for bad usage, 1 for failure with one clear line on standard error.

mod bench;
mod check;
mod children;
mod clock;
mod compile;
mod demo;
mod generate;
mod setup;
mod shell;
mod simulate;
mod suite;
mod tally;
mod usb_rig;
mod voice;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::compile::Profile;
use crate::demo::Demo;
use crate::suite::Part;

fn main() -> ExitCode {
    match dispatch(&commands().get_matches()) {
        Ok(code) => code,
        Err(error) => {
            shell::say(&format!("error: {}", one_line(&format!("{error:#}"))));
            ExitCode::FAILURE
        }
    }
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" / ")
}

fn commands() -> Command {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let parts: Vec<&str> = suite::PARTS.iter().map(|part| part.name()).collect();
    Command::new("cargo xtask")
        .about("The commands of a contributor to SmartQueue")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(Command::new("setup").about("Install everything that any other command may need"))
        .subcommand(
            Command::new("demo")
                .about("Build and start a whole lobby: server, kiosk, board and virtual printer; Ctrl-C stops all")
                .arg(flag("headless", "Open no windows and print one JSON line with every address and id"))
                .arg(flag("stations", "With --headless: also run the kiosk and the board, fed through named pipes"))
                .arg(flag("release", "Build optimised"))
                .arg(
                    Arg::new("data")
                        .long("data")
                        .value_name("DIR")
                        .value_parser(value_parser!(PathBuf))
                        .help("Keep everything in DIR [default: a temporary folder, removed at the end]"),
                )
                .arg(
                    Arg::new("programs")
                        .long("programs")
                        .value_name("DIR")
                        .value_parser(value_parser!(PathBuf))
                        .conflicts_with("release")
                        .help("Install and build nothing: take the programs in DIR"),
                ),
        )
        .subcommand(
            Command::new("test").about("Install what is missing and run every test").arg(
                Arg::new("only")
                    .long("only")
                    .value_name("PART")
                    .value_parser(parts)
                    .action(ArgAction::Append)
                    .help("Run this part alone; may be given several times"),
            ),
        )
        .subcommand(Command::new("check").about("Format, lints, dependencies, types of the faces: nothing is run"))
        .subcommand(Command::new("bench").about("Measure, and print one JSON object"))
        .subcommand(simulate::command())
        .subcommand(Command::new("bindings").about("Write the TypeScript types of what passes to the faces"))
        .subcommand(Command::new("dist").about("Pack the app as a .deb and print where it is, as JSON"))
        .subcommand(Command::new("voice").about("Render the announcement voice into assets/voice"))
        .subcommand(Command::new("screenshots").about("Take pictures of every screen"))
}

fn dispatch(matches: &ArgMatches) -> Result<ExitCode> {
    match matches.subcommand() {
        Some(("setup", _)) => setup::ensure(&setup::EVERYTHING)?,
        Some(("demo", arguments)) => demo::run(&Demo {
            headless: arguments.get_flag("headless"),
            stations: arguments.get_flag("stations"),
            profile: if arguments.get_flag("release") { Profile::Release } else { Profile::Dev },
            programs: arguments.get_one::<PathBuf>("programs").cloned(),
            data: arguments.get_one::<PathBuf>("data").cloned(),
        })?,
        Some(("test", arguments)) => {
            let named: Vec<Part> = arguments
                .get_many::<String>("only")
                .into_iter()
                .flatten()
                .filter_map(|name| Part::named(name))
                .collect();
            let parts = if named.is_empty() { suite::PARTS.to_vec() } else { named };
            if !suite::test(&parts)? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Some(("check", _)) => check::check()?,
        Some(("bench", _)) => bench::bench()?,
        Some(("simulate", arguments)) => return simulate::simulate(arguments),
        Some(("bindings", _)) => generate::bindings()?,
        Some(("dist", _)) => generate::dist()?,
        Some(("voice", _)) => {
            setup::ensure(&[setup::Need::Sound])?;
            voice::run()?;
        }
        Some(("screenshots", _)) => generate::screenshots()?,
        // clap lets no other name through.
        other => anyhow::bail!("unknown command: {:?}", other.map(|(name, _)| name)),
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        commands().debug_assert();
    }

    #[test]
    fn bad_usage_is_refused() {
        for bad in [
            &["xtask"][..],
            &["xtask", "nothing"],
            &["xtask", "test", "--only", "nothing"],
            &["xtask", "demo", "--data"],
        ] {
            let error = commands().try_get_matches_from(bad).expect_err("must be refused");
            assert_eq!(error.exit_code(), 2, "{bad:?}");
        }
    }

    #[test]
    fn an_error_is_one_line() {
        assert_eq!(one_line("first\n  second\n\n"), "first / second");
    }
}
