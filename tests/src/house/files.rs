//! What holds for files of any kind: how long they may be, and what may not be written in them because it is true on one
//! machine only.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Finding;

/// A text file of the repository.
#[derive(Clone, Debug)]
pub struct TextFile {
    /// Its path from the root, with `/`.
    pub place: String,
    /// What is in it.
    pub text: String,
}

/// The longest that a file of code may be without saying why.
const LONGEST: usize = 600;

/// What a long file says at its top, followed by its reason.
const REASON: &str = "long because";

/// In how many lines from the top the reason must stand.
const TOP: usize = 20;

/// Reads every text file that git knows under `root`; pictures, fonts and sounds are left out.
///
/// # Errors
/// When git cannot be asked or a file cannot be read.
pub fn gather(root: &Path) -> Result<Vec<TextFile>> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root)
        .output()
        .context("`git ls-files` could not be started")?;
    if !output.status.success() {
        bail!("`git ls-files` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let list = String::from_utf8(output.stdout).context("a file's name is not UTF-8")?;
    let mut files = vec![];
    for place in list.split('\0').filter(|place| !place.is_empty()) {
        let path = root.join(place);
        // A file that was removed and not committed yet is still listed; a symbolic link is judged where it leads.
        if !path.is_file() {
            continue;
        }
        let bytes = std::fs::read(&path).with_context(|| format!("reading {place}"))?;
        if let Ok(text) = String::from_utf8(bytes)
            && !text.contains('\0')
        {
            files.push(TextFile { place: place.to_owned(), text });
        }
    }
    Ok(files)
}

/// Checks one file.
pub fn check(file: &TextFile) -> Vec<Finding> {
    let mut findings = check_length(file);
    findings.extend(check_paths(file));
    findings.extend(check_sources(file));
    findings
}

fn check_length(TextFile { place, text }: &TextFile) -> Vec<Finding> {
    let is_code = [".rs", ".ts", ".svelte", ".css", ".js", ".mjs"].iter().any(|ending| place.ends_with(ending));
    let is_generated = place.starts_with("ui/src/bindings/");
    let length = text.lines().count();
    if !is_code || is_generated || length <= LONGEST {
        return vec![];
    }
    let has_reason = text.lines().take(TOP).any(|line| line.contains(REASON));
    if has_reason {
        return vec![];
    }
    let rule = format!("{length} lines: split it, or say at the top that it is {REASON} ...");
    vec![Finding { place: place.clone(), line: 0, rule }]
}

/// Folders that exist on one machine. Put together here, so that this file does not contain them itself.
fn machine_folders() -> [String; 4] {
    ["work", "root", "tmp", "home"].map(|name| format!("/{name}/"))
}

fn check_paths(TextFile { place, text }: &TextFile) -> Vec<Finding> {
    let folders = machine_folders();
    let mut findings = vec![];
    for (index, line) in text.lines().enumerate() {
        for folder in &folders {
            let starts_a_path = line.match_indices(folder.as_str()).any(|(at, _)| {
                // `a/tmp/b`, `$X/tmp/b` and `https://host/home/` go on with a path that began elsewhere.
                !line[..at]
                    .chars()
                    .next_back()
                    .is_some_and(|letter| letter.is_alphanumeric() || "/._-})~$*".contains(letter))
            });
            if starts_a_path {
                let rule = format!("`{folder}`: a folder of one machine; ask the environment, or take an argument");
                findings.push(Finding { place: place.clone(), line: index + 1, rule });
            }
        }
    }
    findings
}

/// Lock files name where each dependency comes from: the public registries and nothing else.
fn check_sources(TextFile { place, text }: &TextFile) -> Vec<Finding> {
    let (marker, allowed) = if place.ends_with("Cargo.lock") {
        ("source = \"", "registry+https://github.com/rust-lang/crates.io-index")
    } else if place.ends_with("package-lock.json") {
        ("\"resolved\": \"", "https://registry.npmjs.org/")
    } else {
        return vec![];
    };
    text.lines()
        .enumerate()
        .filter_map(|(index, line)| Some((index, line.split_once(marker)?.1)))
        .filter(|(_, source)| !source.starts_with(allowed))
        .map(|(index, source)| Finding {
            place: place.clone(),
            line: index + 1,
            rule: format!("comes from {}: only {allowed}", source.trim_end_matches(['"', ','])),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(place: &str, text: &str) -> TextFile {
        TextFile { place: place.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_long_file_needs_a_reason() {
        let long = "//! A module.\n".repeat(601);
        assert_eq!(check(&file("crates/a/src/lib.rs", &long)).len(), 1);
        assert_eq!(check(&file("crates/a/src/lib.rs", &"//! A\n".repeat(600))), []);
        assert_eq!(check(&file("ui/src/bindings/index.ts", &long)), []);
        assert_eq!(check(&file("Cargo.lock", &long)), []);
        let reasoned = format!("//! This file is long because it is one table.\n{long}");
        assert_eq!(check(&file("crates/a/src/lib.rs", &reasoned)), []);
        let late = format!("{long}//! long because\n");
        assert_eq!(check(&file("crates/a/src/lib.rs", &late)).len(), 1, "the reason stands at the top");
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        for folder in machine_folders() {
            for line in [format!("cd {folder}x"), format!("let a = \"{folder}x\";"), format!("({folder})")] {
                let found = check(&file("docs/a.md", &format!("first\n{line}\n")));
                assert_eq!(found.len(), 1, "{line}");
                assert_eq!(found[0].line, 2);
            }
            for line in [format!("https://host{folder}x"), format!("$CACHE{folder}x"), format!("./a{folder}")] {
                assert_eq!(check(&file("docs/a.md", &line)), [], "{line}");
            }
        }
    }

    #[test]
    fn a_private_registry_is_found() {
        let cargo = "source = \"registry+https://mirror.example/index\"";
        assert_eq!(check(&file("Cargo.lock", cargo)).len(), 1);
        assert_eq!(check(&file("Cargo.lock", "source = \"git+https://github.com/a/b\"")).len(), 1);
        let good = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
        assert_eq!(check(&file("Cargo.lock", good)), []);
        let npm = "  \"resolved\": \"https://mirror.example/a.tgz\",";
        assert_eq!(check(&file("ui/package-lock.json", npm)).len(), 1);
        assert_eq!(check(&file("ui/package-lock.json", "\"resolved\": \"https://registry.npmjs.org/a.tgz\"")), []);
    }
}
