//! Tells cargo that the pages are part of the server, so that a new build of ui/ is embedded again.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    writeln!(io::stdout().lock(), "cargo::rerun-if-changed=../../ui/dist")
}
