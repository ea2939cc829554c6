//! The program `smartqueue`: reads the command line and hands over to the library.
//!
//! It decides nothing else. Bad usage exits 2 (clap's own), a failure exits 1 with one line on standard error.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use smartqueue_app::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match smartqueue_app::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A standard error that is closed leaves nobody to tell.
            let _ = writeln!(std::io::stderr().lock(), "smartqueue: {error:#}");
            ExitCode::FAILURE
        }
    }
}
