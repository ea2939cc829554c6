//! The fault matrix over USB: what really came out, what was claimed, by what, and after what time. The faults and the judge are
//! those of every other port; the printer is the shipped program behind a USB device port.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use smartqueue_hardware::printer::Patience;
use smartqueue_hardware::virtual_printer::VirtualPrinter;
use smartqueue_tests::fault_matrix::{CASES, Case, Matrix};
use smartqueue_tests::printer_program::PrinterPort;
use smartqueue_tests::programs;

use crate::PRINTER;
use crate::scene::{Socket, Way, fast, wait_until};

pub const NAME: &str = "no_claim_differs_from_the_truth";

/// As many printers as the kernel can be: cases wait more than they work.
const SIDE_BY_SIDE: usize = 4;

/// The faults in which USB has a part, and those that tell a driver which claims too much. The others are for who asks.
const USUAL: [&str; 8] = [
    "paper out in mid",
    "cover open in mid",
    "cutter jam",
    "mute in mid",
    "unplugged before",
    "unplugged in mid-write",
    "unplugged in mid-slip",
    "garbage and cutter jam",
];

/// Which faults the matrix goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faults {
    Usual,
    All,
}

/// Lets the faults happen on this way and returns the table.
///
/// No claim may be wrong. Doubts are shown and not judged here: this machine's printer may be slower than its profile says,
/// because everything around it is made of software, and a doubt is then right. Which claims a fault deserves is judged on the
/// other ports.
pub fn run(way: Way, faults: Faults) -> Vec<String> {
    let myself = std::env::current_exe().expect("this program");
    let command = format!("exec {} {PRINTER} {}", myself.display(), way.name());
    let port = PrinterPort::Command { name: way.name().to_owned(), command };
    let wanted = |case: &Case| faults == Faults::All || USUAL.contains(&case.fault);
    let cases: Vec<Case> = CASES.into_iter().filter(wanted).collect();
    assert!(faults == Faults::All || cases.len() == USUAL.len(), "a fault has another name now: {cases:?}");
    let matrix = Matrix::run(&[port], &cases, SIDE_BY_SIDE, Patience::default()).expect("the printers start");
    take_apart_what_was_left();
    let (table, totals) = (matrix.to_table(), matrix.totals());
    let lies: usize = matrix.rows.iter().map(|row| row.false_printed + row.wrong_claims + row.mixed_papers).sum();
    assert_eq!(lies, 0, "{totals}\n{table}");
    table.lines().map(str::to_owned).chain([totals.to_string(), String::new()]).collect()
}

/// A case ends by killing its printer, and a gadget outlives its program: plugged in, it would be found by the next story. A new
/// printer takes over what was left, and takes it apart in the end.
fn take_apart_what_was_left() {
    wait_until("an empty socket for every printer", || {
        let heirs: Vec<_> = (0..SIDE_BY_SIDE).map(|_| VirtualPrinter::start_gadget(fast())).collect();
        drop(heirs);
        fs::read_dir("/sys/kernel/config/usb_gadget").is_ok_and(|mut left| left.next().is_none())
    });
}

/// Is the printer of one case: the shipped program, which says that it is ready only when the host has greeted it.
pub fn printer(arguments: &[String]) -> Result<ExitCode> {
    let (way, options) = arguments.split_first().context("no way")?;
    let way = Way::named(way).context("an unknown way")?;
    // The case ends by killing this process, and nobody else would end the printer.
    let mut child = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "--"])
        .arg(programs::path("smartqueue-printer")?)
        .arg("--usb")
        .args(options)
        .stdout(Stdio::piped())
        .spawn()
        .context("the printer does not start")?;
    let mut said = BufReader::new(child.stdout.take().context("no standard output")?);
    let mut ready = String::new();
    said.read_line(&mut ready).context("the printer said nothing")?;
    // The end of its serial number is the number of its socket.
    let line: serde_json::Value = serde_json::from_str(&ready).with_context(|| format!("not ready: {ready}"))?;
    let number = line["selector"].as_str().and_then(|selector| selector.rsplit_once("SQ")?.1.parse().ok());
    Socket::of(number.context("a printer without a number")?).wait_until_ready(way);
    let mut out = io::stdout().lock();
    out.write_all(ready.as_bytes()).and_then(|()| out.flush())?;
    for line in said.lines() {
        writeln!(out, "{}", line?).and_then(|()| out.flush())?;
    }
    Ok(ExitCode::SUCCESS)
}
