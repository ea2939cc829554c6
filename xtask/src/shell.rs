//! Running other programs: visibly, quietly, or with their output read along the way.
//!
//! Every program started here dies with this one, even when this one is killed without warning: it is started through
//! `setpriv --pdeathsig`, part of util-linux, which every Debian and Ubuntu has. Where it is missing the program is
//! started directly and only an orderly end reaches it.
//!
//! Nothing here decides what to run, and nothing here keeps a program running: long-lived ones belong to `children`.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

/// The repository's root, where every relative path of this crate starts.
pub fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        // Cargo tells where this package is; a binary copied elsewhere still knows where it was built.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        manifest.parent().map_or(manifest.clone(), Path::to_path_buf)
    })
}

/// The `ui` folder, where npm runs.
pub fn ui() -> PathBuf {
    root().join("ui")
}

/// Cargo itself: the one that started this program, so that `+toolchain` is kept.
pub fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"))
}

/// Where `name` is on the PATH or in cargo's own binary folder, if anywhere.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    std::env::split_paths(&path)
        .chain(cargo_home.map(|home| home.join("bin")))
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

/// A command that runs in the repository's root and dies with this program.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    static SETPRIV: OnceLock<Option<PathBuf>> = OnceLock::new();
    let mut command = match SETPRIV.get_or_init(|| find_program("setpriv")) {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "TERM", "--"]).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.current_dir(root());
    command
}

/// A command that runs cargo.
pub fn cargo_command<Argument: AsRef<OsStr>>(arguments: impl IntoIterator<Item = Argument>) -> Command {
    let mut command = command(cargo());
    command.args(arguments);
    // Cargo exports what describes this package to the programs it runs; handed on, it would confuse build scripts.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// A command that runs `npm` in the `ui` folder.
pub fn npm_command<Argument: AsRef<OsStr>>(arguments: impl IntoIterator<Item = Argument>) -> Command {
    let mut command = command("npm");
    command.args(arguments).current_dir(ui());
    command.env("NPM_CONFIG_FUND", "false").env("NPM_CONFIG_AUDIT", "false").env("NPM_CONFIG_UPDATE_NOTIFIER", "false");
    command
}

/// The command as one would type it, without the guard in front of it.
pub fn in_words(command: &Command) -> String {
    let mut words: Vec<String> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into())
        .collect();
    if words.first().is_some_and(|first| first.ends_with("setpriv")) {
        words.drain(..4);
    }
    if let Some(first) = words.first_mut()
        && let Some(name) = Path::new(first.as_str()).file_name()
    {
        *first = name.to_string_lossy().into_owned();
    }
    words.join(" ")
}

/// Says what is being done, on standard error: standard output belongs to machine-readable results.
pub fn say(line: &str) {
    // Nobody is left to tell when standard error is gone.
    let _ = writeln!(std::io::stderr().lock(), "[xtask] {line}");
}

/// Runs the command with its own output visible, and fails unless it succeeds.
///
/// Its standard output goes to our standard error, so that it cannot mix with a JSON line of ours.
pub fn run(command: &mut Command) -> Result<()> {
    let words = in_words(command);
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::from(std::io::stderr()))
        .status()
        .with_context(|| format!("`{words}` could not be started"))?;
    demand(&words, status)
}

/// Runs the command and returns what it wrote to standard output; its standard error stays visible.
pub fn read(command: &mut Command) -> Result<String> {
    let words = in_words(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("`{words}` could not be started"))?;
    demand(&words, output.status)?;
    String::from_utf8(output.stdout).with_context(|| format!("`{words}` wrote something that is not UTF-8"))
}

/// Runs the command with both its outputs captured; on failure its last lines become the error.
pub fn quietly(command: &mut Command) -> Result<String> {
    let words = in_words(command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("`{words}` could not be started"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{words}` failed ({}): {}", output.status, last_lines(&complaint, 3).replace('\n', " / "));
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{words}` wrote something that is not UTF-8"))
}

/// What became of a program whose lines were read along the way.
pub struct Followed {
    /// Whether it ended with success.
    pub success: bool,
    /// What it wrote to standard output, in full.
    pub stdout: String,
}

/// Runs the command, shows each line of its standard output as it comes, and keeps them all.
///
/// A failing program is not an error here: the caller has to judge what it said.
pub fn follow(command: &mut Command) -> Result<Followed> {
    let words = in_words(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{words}` could not be started"))?;
    let mut stdout = String::new();
    if let Some(pipe) = child.stdout.take() {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).with_context(|| format!("reading the output of `{words}`"))? > 0 {
            let _ = std::io::stderr().lock().write_all(&line);
            stdout.push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }
    let status = child.wait().with_context(|| format!("waiting for `{words}`"))?;
    Ok(Followed { success: status.success(), stdout })
}

/// The last `count` lines that are not empty.
pub fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// Writes one line to standard output.
pub fn print_line(line: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).context("writing to standard output")
}

fn demand(words: &str, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{words}` failed ({status})");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guard_in_front_is_not_shown() {
        assert_eq!(in_words(command("npm").args(["run", "build"])), "npm run build");
    }

    #[test]
    fn a_failure_carries_what_the_program_said() {
        let error = quietly(command("sh").args(["-c", "echo first >&2; echo second >&2; exit 3"])).expect_err("exit 3");
        let text = format!("{error:#}");
        assert!(text.contains("first / second") && text.contains('3'), "{text}");
    }

    #[test]
    fn followed_output_is_kept_and_failure_reported() {
        let followed = follow(command("sh").args(["-c", "echo one; echo two; exit 1"])).expect("starts");
        assert!(!followed.success);
        assert_eq!(followed.stdout, "one\ntwo\n");
    }

    #[test]
    fn a_missing_program_is_named() {
        // Without the guard the error comes from this process, with it from setpriv: both must name the program.
        let error = quietly(&mut command("no-such-program-of-ours")).expect_err("must fail");
        assert!(format!("{error:#}").contains("no-such-program-of-ours"));
    }

    #[test]
    fn last_lines_skip_empty_ones() {
        assert_eq!(last_lines("a\n\nb\n\nc\n\n", 2), "b\nc");
        assert_eq!(last_lines("", 2), "");
    }
}
