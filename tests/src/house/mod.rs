//! The rules of the house that no compiler knows, as functions from text to findings.
//!
//! `tests/tests/architecture.rs` feeds them the repository; their own tests feed them planted violations, so that a rule
//! that stopped noticing is noticed itself. Nothing here reads a file, except [`files::gather`].

pub mod faces;
pub mod files;
pub mod rooms;
pub mod rust;

use std::fmt;

/// A broken rule: where, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to the root with `/` between its parts, or a package's name.
    pub place: String,
    /// The line, from 1; 0 when it is about the whole.
    pub line: usize,
    /// The rule, and what to do instead.
    pub rule: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, line, rule } = self;
        if *line > 0 { write!(formatter, "{place}:{line}: {rule}") } else { write!(formatter, "{place}: {rule}") }
    }
}

/// All findings, one a line, in the order of their places.
pub fn report(mut findings: Vec<Finding>) -> String {
    findings.sort();
    findings.iter().map(|finding| format!("{finding}\n")).collect()
}
