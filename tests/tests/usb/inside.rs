//! What runs inside the machine: every story in its turn, and a line for each into the file that the program outside reads.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use crate::matrix::{self, Faults};
use crate::scene::Way;
use crate::{ALL_FAULTS, special, stories};

const REPORT: &str = "/run/out/report";

/// The names of all stories, in the order in which they run.
pub fn names() -> Vec<String> {
    let mut names = Vec::new();
    for way in Way::ALL {
        names.extend(stories::STORIES.iter().map(|(name, _)| format!("{}::{name}", way.name())));
        names.push(format!("{}::{}", way.name(), matrix::NAME));
    }
    names.extend(special::STORIES.iter().map(|(name, _)| format!("special::{name}")));
    names
}

/// Runs the stories whose name contains the first argument; the second one may be the option for all faults.
pub fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let filter = arguments.first().map_or("", String::as_str);
    let faults = if arguments.get(1).is_some_and(|word| word == ALL_FAULTS) { Faults::All } else { Faults::Usual };
    let complaints: Arc<Mutex<Vec<String>>> = Arc::default();
    let for_hook = Arc::clone(&complaints);
    std::panic::set_hook(Box::new(move |panic| {
        for_hook.lock().unwrap_or_else(PoisonError::into_inner).push(panic.to_string());
    }));
    let mut report = OpenOptions::new().create(true).append(true).open(REPORT)?;
    let mut tell = |name: &str, story: &mut dyn FnMut() -> Vec<String>| -> anyhow::Result<()> {
        if !name.contains(filter) {
            return Ok(());
        }
        let outcome = catch_unwind(AssertUnwindSafe(story));
        let said = std::mem::take(&mut *complaints.lock().unwrap_or_else(PoisonError::into_inner)).join("\n");
        let passed = outcome.is_ok() && said.is_empty();
        write(&mut report, &json!({ "name": name, "passed": passed, "said": said }))?;
        for line in outcome.unwrap_or_default() {
            write(&mut report, &json!({ "line": line }))?;
        }
        Ok(())
    };
    for way in Way::ALL {
        way.prepare();
        for (name, story) in stories::STORIES {
            tell(&format!("{}::{name}", way.name()), &mut || {
                story(way);
                Vec::new()
            })?;
        }
        tell(&format!("{}::{}", way.name(), matrix::NAME), &mut || matrix::run(way, faults))?;
    }
    Way::Driver.prepare();
    for (name, story) in special::STORIES {
        tell(&format!("special::{name}"), &mut || {
            story();
            Vec::new()
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(report: &mut File, line: &serde_json::Value) -> anyhow::Result<()> {
    Ok(writeln!(report, "{line}")?)
}
