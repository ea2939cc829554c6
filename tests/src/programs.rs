//! Where the programs are that cargo built beside the running test.
//!
//! It builds nothing: `cargo xtask test` and `cargo xtask bench` build every program first, and whoever runs a single
//! test gets a line that says what to run.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// The path of one of our programs, such as `smartqueue-server`.
///
/// # Errors
/// When it has not been built; the text says how to build it.
pub fn path(name: &str) -> Result<PathBuf> {
    let path = folder()?.join(name);
    if !path.is_file() {
        bail!(
            "{name} has not been built: run `cargo build --workspace --bins --features smartqueue/custom-protocol` first \
             (looked for {})",
            path.display()
        );
    }
    Ok(path)
}

/// The folder into which cargo puts programs of the profile that the running program was built with.
fn folder() -> Result<PathBuf> {
    let myself = std::env::current_exe().context("finding the running program")?;
    let folder = myself.parent().context("the running program has no folder")?;
    // A test lies in `debug/deps`, a program in `debug`.
    let beside = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    Ok(beside.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_says_how_to_build_it() {
        let error = path("smartqueue-nothing").expect_err("there is none");
        assert!(error.to_string().contains("cargo build --workspace --bins"), "{error}");
    }

    #[test]
    fn the_folder_is_the_one_of_the_profile() {
        let folder = folder().expect("a folder");
        assert!(!folder.ends_with("deps"));
        assert!(folder.join("deps").is_dir());
    }
}
