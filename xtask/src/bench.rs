//! `cargo xtask bench`: builds everything optimised, runs every benchmark, and prints one JSON object.
//!
//! A benchmark is a binary `tests/src/bin/bench_NAME.rs` that prints one JSON object as its last line; it appears under
//! NAME. Benchmarks run one after the other, since they would disturb each other.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use crate::clock::{Stopwatch, in_words};
use crate::compile::{self, FEATURES, Profile};
use crate::setup::{self, Need};
use crate::shell::{self, say};

/// Benchmarks that run a second time in another way: the name in the report, the program, its arguments.
const ONCE_MORE: [(&str, &str, &[&str]); 1] = [("server_postgres", "bench_server", &["--postgres"])];

/// Runs every benchmark and prints what they measured.
pub fn bench() -> Result<()> {
    setup::ensure(&[Need::Compile, Need::Window, Need::Npm, Need::Drive, Need::Driver, Need::Database])?;
    compile::faces()?;
    say("building every program optimised");
    let mut selection = vec!["--workspace", "--bins"];
    selection.extend_from_slice(&FEATURES);
    let programs = compile::programs(&selection, Profile::Release)?;
    let mut report = Map::new();
    let names: Vec<String> = programs.names().filter_map(measured).map(str::to_owned).collect();
    if names.is_empty() {
        bail!("there is no benchmark: tests/src/bin/bench_*.rs is missing");
    }
    let mut runs: Vec<(String, String, &[&str])> =
        names.into_iter().map(|name| (name.clone(), format!("bench_{name}"), &[][..])).collect();
    runs.extend(ONCE_MORE.map(|(name, program, arguments)| (name.to_owned(), program.to_owned(), arguments)));
    for (name, program, arguments) in runs {
        say(&format!("measuring {name}"));
        let watch = Stopwatch::start();
        let output = shell::read(shell::command(programs.path(&program)?).args(arguments))?;
        say(&format!("measured {name} in {}", in_words(watch.elapsed())));
        let measured = last_object(&output).with_context(|| format!("reading what {program} measured for {name}"))?;
        report.insert(name, measured);
    }
    report.insert("machine".to_owned(), machine());
    shell::print_line(&Value::Object(report).to_string())
}

fn measured(program: &str) -> Option<&str> {
    program.strip_prefix("bench_")
}

fn last_object(output: &str) -> Result<Value> {
    let line = output.lines().rfind(|line| !line.trim().is_empty()).context("it printed nothing")?;
    let value: Value = serde_json::from_str(line).with_context(|| format!("its last line is not JSON: {line}"))?;
    if !value.is_object() {
        bail!("its last line is not a JSON object: {line}");
    }
    Ok(value)
}

/// What the numbers were measured on, since they mean nothing without it.
fn machine() -> Value {
    let processors = std::thread::available_parallelism().map(usize::from).ok();
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map(|rest| rest.trim_start_matches([' ', '\t', ':']).to_owned());
    serde_json::json!({ "processors": processors, "model": model, "profile": "release" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_result() {
        assert_eq!(last_object("warming up\n{\"p50_ms\":1}\n\n").expect("object")["p50_ms"], 1);
        assert!(last_object("").is_err());
        assert!(last_object("{\"p50_ms\":1}\ndone\n").is_err());
        assert!(last_object("3\n").is_err());
    }

    #[test]
    fn only_benchmarks_are_measured() {
        assert_eq!(measured("bench_touch"), Some("touch"));
        assert_eq!(measured("smartqueue-server"), None);
    }
}
