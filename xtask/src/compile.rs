//! Compiles what other commands run: the faces with npm, the programs with cargo.
//!
//! It never runs what it compiled, and it never guesses where cargo put something: cargo says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::shell::{self, say};

/// The feature that makes the app carry its faces instead of asking a development server for them. Every command of
/// this crate that compiles the whole workspace uses the same features, because a change of them recompiles Tauri.
pub const FEATURES: [&str; 2] = ["--features", "smartqueue/custom-protocol"];

/// How hard the compiler works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Quick to compile.
    Dev,
    /// Quick to run.
    Release,
}

impl Profile {
    /// What cargo is told.
    pub const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Dev => &[],
            Self::Release => &["--release"],
        }
    }
}

/// Programs by their names.
pub struct Programs(BTreeMap<String, PathBuf>);

impl Programs {
    /// The programs that lie in a folder, built by somebody else.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        let context = || format!("reading {}", folder.display());
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(folder).with_context(context)? {
            let path = std::path::absolute(entry.with_context(context)?.path()).with_context(context)?;
            if let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned)
                && path.is_file()
            {
                found.insert(name, path);
            }
        }
        Ok(Self(found))
    }

    /// Where the program is.
    pub fn path(&self, name: &str) -> Result<&Path> {
        self.0.get(name).map(PathBuf::as_path).with_context(|| format!("there is no program called `{name}`"))
    }

    /// The names of all programs, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Compiles the programs that `selection` (arguments of `cargo build`) names, and returns where they are.
pub fn programs(selection: &[&str], profile: Profile) -> Result<Programs> {
    let mut command = shell::cargo_command(["build", "--message-format=json-render-diagnostics"]);
    command.args(profile.arguments()).args(selection);
    let messages = shell::read(&mut command)?;
    Ok(Programs(executables(&messages)?))
}

fn executables(messages: &str) -> Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    for line in messages.lines().filter(|line| line.starts_with('{')) {
        let message: Value = serde_json::from_str(line).context("cargo wrote a message that is not JSON")?;
        if let (Some("compiler-artifact"), Some(path), Some(name)) =
            (message["reason"].as_str(), message["executable"].as_str(), message["target"]["name"].as_str())
        {
            found.insert(name.to_owned(), PathBuf::from(path));
        }
    }
    Ok(found)
}

/// Builds `ui/dist`, which the server and the app carry inside, unless nothing changed since it was built.
pub fn faces() -> Result<()> {
    let stamp = shell::ui().join("node_modules/.smartqueue-faces");
    let dist = shell::ui().join("dist");
    let before = fingerprint()?;
    let built = dist.join("index.html").is_file() && fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == before);
    if built {
        return Ok(());
    }
    say("building the faces (ui/dist)");
    shell::run(&mut shell::npm_command(["run", "build"]))?;
    if !dist.is_dir() {
        bail!("`npm run build` made no ui/dist");
    }
    fs::write(&stamp, before).with_context(|| format!("writing {}", stamp.display()))
}

/// The state of everything `npm run build` reads: a line for each file with its length and its time of change.
fn fingerprint() -> Result<String> {
    let mut state = String::new();
    for folder in ["ui", "assets"] {
        describe(&shell::root().join(folder), &mut state)?;
    }
    Ok(state)
}

fn describe(folder: &Path, state: &mut String) -> Result<()> {
    let context = || format!("reading {}", folder.display());
    let mut entries =
        fs::read_dir(folder).with_context(context)?.collect::<Result<Vec<_>, _>>().with_context(context)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let metadata = entry.metadata().with_context(context)?;
        let name = entry.file_name();
        if metadata.is_dir() {
            // What the build writes, what npm installed and what tests leave behind is not what the build reads.
            let output = ["node_modules", "dist", "test-results"].iter().any(|skipped| name == *skipped);
            if !output {
                describe(&path, state)?;
            }
        } else {
            let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let changed_ns = changed.map_or(0, |since| since.as_nanos());
            writeln!(state, "{} {} {changed_ns}", path.display(), metadata.len())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_says_where_programs_are() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"serde","kind":["lib"]},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"one","kind":["bin"]},"executable":"/somewhere/debug/one"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
            "\n",
        );
        let programs = Programs(executables(messages).expect("readable"));
        assert_eq!(programs.names().collect::<Vec<_>>(), ["one"]);
        assert_eq!(programs.path("one").expect("there"), Path::new("/somewhere/debug/one"));
        assert!(programs.path("serde").is_err());
    }

    #[test]
    fn a_broken_message_is_an_error() {
        assert!(executables("{\"reason\":").is_err());
    }

    #[test]
    fn a_changed_file_changes_the_fingerprint() {
        let folder = std::env::temp_dir().join(format!("xtask-fingerprint-{}", std::process::id()));
        fs::create_dir_all(folder.join("dist")).expect("folder");
        fs::write(folder.join("a.ts"), "one").expect("write");
        let state = || {
            let mut state = String::new();
            describe(&folder, &mut state).expect("readable");
            state
        };
        let before = state();
        fs::write(folder.join("dist/out.js"), "built").expect("write");
        assert_eq!(state(), before, "what the build writes must not start another build");
        fs::write(folder.join("a.ts"), "longer").expect("write");
        assert_ne!(state(), before);
        fs::remove_dir_all(&folder).expect("removed");
    }
}
