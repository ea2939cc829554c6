//! A display that is not there: an X server in memory and a small window manager, for tests and benchmarks of windows.
//!
//! It knows nothing of what is shown on it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::program::Program;

/// How long either of the two programs may take to be ready. Idle, both need a tenth of a second.
const STARTUP: Duration = Duration::from_secs(20);

/// A tool and the package that brings it.
const TOOLS: [(&str, &str); 3] = [("Xvfb", "xvfb"), ("openbox", "openbox"), ("setpriv", "util-linux")];

/// An open display. Dropping it closes it.
pub struct Display {
    name: String,
    // In this order: the manager goes before the display it manages.
    _manager: Program,
    _server: Program,
}

impl Display {
    /// Opens a display of one screen, in pixels, on a number that nobody uses.
    ///
    /// # Errors
    /// When a tool is missing or does not start; the text names it.
    pub fn open(width: u32, height: u32) -> Result<Self> {
        let mut server = Program::start(&tool("Xvfb")?, |command| {
            let screen = format!("{width}x{height}x24");
            // The server chooses the number itself and writes it to the given descriptor, here its standard output.
            command.args(["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp", "-noreset"]);
        })?;
        let number = server.wait_for_line(|line| line.parse::<u32>().is_ok(), STARTUP).context("opening a display")?;
        let name = format!(":{}", number.text);
        let mut manager = Program::start(&tool("openbox")?, |command| {
            // Run as soon as it manages windows; there is no other sign of that.
            command.args(["--startup", "echo openbox-is-ready"]).env("DISPLAY", &name);
        })?;
        manager.wait_for_line(|line| line == "openbox-is-ready", STARTUP).context("starting the window manager")?;
        Ok(Self { name, _manager: manager, _server: server })
    }

    /// What `DISPLAY` is to be set to.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// What is missing for a display, and for the tools in `more`, each as `tool (package)`; empty when nothing is.
pub fn missing(more: &[(&str, &str)]) -> Vec<String> {
    TOOLS
        .iter()
        .chain(more)
        .filter(|(name, _)| find(name).is_none())
        .map(|(name, package)| format!("{name} (package {package})"))
        .collect()
}

/// The path of a tool.
///
/// # Errors
/// When it is not installed.
pub fn tool(name: &str) -> Result<PathBuf> {
    match find(name) {
        Some(path) => Ok(path),
        None => bail!("{name} is not installed: run `cargo xtask setup`"),
    }
}

fn find(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}
