//! Makes files that are not compiled: bindings, pictures of the screens, and the package for Debian.
//!
//! Bindings and pictures are committed; the package is not.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::compile;
use crate::setup::{self, Need};
use crate::shell::{self, say};

/// Tauri's command line comes from npm, where it is ready-made: compiling it takes more than ten minutes.
const TAURI_COMMAND_LINE: &str = "@tauri-apps/cli@2.12";

/// `cargo xtask bindings`: writes the TypeScript types of everything that passes between the station and the faces.
pub fn bindings() -> Result<()> {
    setup::ensure(&[Need::Compile])?;
    // The test that fails when the committed file differs writes it when it is asked to.
    let mut command =
        shell::cargo_command(["test", "--quiet", "--package", "smartqueue-station", "--test", "bindings"]);
    command.env("SMARTQUEUE_WRITE_BINDINGS", "1");
    shell::run(&mut command)?;
    say("ui/src/bindings is up to date");
    Ok(())
}

/// `cargo xtask screenshots`: pictures of every screen, for the README and for whoever judges the design.
pub fn screenshots() -> Result<()> {
    setup::ensure(&[Need::Npm, Need::Browser, Need::Look])?;
    compile::faces()?;
    shell::run(&mut shell::npm_command(["run", "screenshots"]))
}

/// `cargo xtask dist`: the .deb of the app; prints where it is as a JSON line.
pub fn dist() -> Result<()> {
    setup::ensure(&[Need::Compile, Need::Window, Need::Npm])?;
    say("building the app optimised and packing it");
    let mut command = shell::command("npm");
    command.args(["exec", "--yes", &format!("--package={TAURI_COMMAND_LINE}"), "--"]);
    command.args(["tauri", "build", "--bundles", "deb"]).current_dir(shell::root().join("src-tauri"));
    // Tauri asks for colours and progress bars by itself; CI=true keeps it from asking questions.
    shell::run(command.env("CI", "true"))?;
    let package = newest_package()?;
    shell::print_line(&serde_json::json!({ "deb": package }).to_string())
}

fn newest_package() -> Result<PathBuf> {
    let metadata = shell::read(&mut shell::cargo_command(["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata).context("`cargo metadata` wrote no JSON")?;
    let target = metadata["target_directory"].as_str().context("`cargo metadata` names no target directory")?;
    let folder = PathBuf::from(target).join("release/bundle/deb");
    let entries = std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
    entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .max_by_key(|path| path.metadata().and_then(|metadata| metadata.modified()).ok())
        .with_context(|| format!("no package in {}", folder.display()))
}
