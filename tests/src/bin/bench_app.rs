//! How long a visitor looks at an empty screen, and what the window costs: the real kiosk on a display in memory.
//!
//! Prints one JSON object. `first_paint_ms` runs from the moment this program starts the kiosk's process until the page
//! has reported, through the program's own log, that the first frame with a face on it was painted: the face stands in
//! the document and two animation frames have begun since, so that the one between them is on the screen. `pss_mib` is
//! the proportional set size of the process and all its descendants with one window, once it no longer changes. Both are
//! medians, with the files of the program in the page cache, as on a machine that restarts its kiosk.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;
use smartqueue_tests::display::Display;
use smartqueue_tests::measure::{Sample, milliseconds, settled_pss_mib};
use smartqueue_tests::program::Program;
use smartqueue_tests::programs;

/// Runs that count. One more comes before them, which brings the files into the page cache.
const RUNS: usize = 7;

/// How long a start may take before something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// A kiosk that works alone, as a server's configuration would make it.
const PROFILE: &str = r##"
mode = "kiosk"
name = "Banc"
languages = ["fr", "en", "ar", "wo", "es", "pt"]
printer = "virtual:"
[site]
name = "Agence Centre"
[[queues]]
id = 1
prefix = "A"
name = "Accueil et comptes"
[[queues]]
id = 2
prefix = "B"
name = "Retraits et dépôts"
[[queues]]
id = 3
prefix = "C"
name = "Crédits et conseil"
"##;

/// What one run measured.
struct Measured {
    first_paint_ms: f64,
    pss_mib: f64,
}

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("kiosk.toml");
    std::fs::write(&file, PROFILE)?;
    let profile = folder.path().join("profile");
    let provisioned = Command::new(programs::path("smartqueue-station")?)
        .arg("provision")
        .arg("--profile")
        .arg(&profile)
        .arg("--from")
        .arg(&file)
        .output()
        .context("provisioning the kiosk")?;
    if !provisioned.status.success() {
        bail!("the kiosk could not be provisioned: {}", String::from_utf8_lossy(&provisioned.stderr));
    }
    let display = Display::open(1080, 1920)?;
    measure(&display, folder.path(), &profile)?;
    let measured = (0..RUNS).map(|_| measure(&display, folder.path(), &profile)).collect::<Result<Vec<_>>>()?;
    let paints = Sample::new(measured.iter().map(|run| run.first_paint_ms));
    let sizes = Sample::new(measured.iter().map(|run| run.pss_mib));
    let report = json!({
        "runs": RUNS,
        "window": "kiosk, 1080x1920, drawn by the processor",
        "first_paint_ms": paints.spread(),
        "pss_mib": sizes.spread(),
    });
    writeln!(std::io::stdout().lock(), "{report}")?;
    Ok(())
}

fn measure(display: &Display, home: &Path, profile: &Path) -> Result<Measured> {
    let program = programs::path("smartqueue")?;
    let started = Instant::now();
    let mut app = Program::start(&program, |command| {
        command
            .arg("--profile")
            .arg(profile)
            .env("DISPLAY", display.name())
            .env("HOME", home)
            .env_remove("XDG_DATA_HOME")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("RUST_LOG");
    })?;
    let painted = app.wait_for_line(|line| line.contains("first paint"), PATIENCE)?;
    let pss_mib = settled_pss_mib(app.pid())?;
    let (status, said) = app.end(PATIENCE)?;
    if !status.success() {
        bail!("the kiosk ended with {status}: {said:?}");
    }
    Ok(Measured { first_paint_ms: milliseconds(painted.at.duration_since(started)), pss_mib })
}
