//! The command line of the app.
//!
//! Scripts and installers rely on it: options may be added, not changed. It reads no file.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// The SmartQueue kiosk, board and setup.
///
/// Without a profile, or with a folder that holds none yet, the setup opens.
#[derive(Clone, Debug, Default, Parser, PartialEq, Eq)]
#[command(name = "smartqueue", version, about)]
pub struct Arguments {
    /// The folder of this machine's profile and journal [default: the user's data folder]
    #[arg(long, value_name = "DIR")]
    pub profile: Option<PathBuf>,
    /// What to open [default: what the profile says]
    #[arg(long, value_name = "MODE")]
    pub mode: Option<Mode>,
    /// Open ordinary windows instead of filling the screen
    #[arg(long)]
    pub windowed: bool,
}

/// What to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// The ticket kiosk.
    Kiosk,
    /// The waiting-room board.
    Board,
    /// The setup.
    Setup,
    /// The kiosk on the first screen and the board on the second.
    All,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_are_read() {
        let arguments =
            Arguments::try_parse_from(["smartqueue", "--profile", "p", "--mode", "all", "--windowed"]).unwrap();
        assert_eq!(arguments, Arguments { profile: Some(PathBuf::from("p")), mode: Some(Mode::All), windowed: true });
        assert_eq!(Arguments::try_parse_from(["smartqueue"]).unwrap(), Arguments::default());
    }

    #[test]
    fn bad_usage_exits_two() {
        for bad in [&["smartqueue", "--mode", "till"][..], &["smartqueue", "--profile"], &["smartqueue", "here"]] {
            assert_eq!(Arguments::try_parse_from(bad).unwrap_err().exit_code(), 2, "{bad:?}");
        }
    }
}
