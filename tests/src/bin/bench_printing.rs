//! What the printer's driver claims under every fault, and how long a healthy slip takes until it is proved.
//!
//! Prints the fault matrix as a table, and as its last line one JSON object with every row, the sums and the times. Ports:
//! `--port tcp`, `--port pty` (both without any option), or `--port NAME=COMMAND` for a printer that a command starts, for
//! example behind USB; `--only WORDS` leaves out the faults whose name has not these words. The times are those of the shipped
//! ticket's slip at 250 mm/s: from the call of the warm driver to the fence behind the cut.

use std::io::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use smartqueue_hardware::printer::{Patience, PrintOutcome, Printer};
use smartqueue_hardware::slip::{PaperWidth, PrintJob, PrinterProfile};
use smartqueue_tests::fault_matrix::{CASES, Case, Matrix};
use smartqueue_tests::measure::{Sample, load_average};
use smartqueue_tests::printer_program::{PrinterPort, PrinterProgram};
use smartqueue_tests::programs;

/// Cases that happen at the same time: they wait more than they work.
const SIDE_BY_SIDE: usize = 6;

/// Slips that are timed behind each port.
const TIMED: usize = 15;

fn main() -> Result<()> {
    let load = load_average();
    let (ports, cases) = arguments()?;
    let matrix = Matrix::run(&ports, &cases, SIDE_BY_SIDE, Patience::default())?;
    write!(std::io::stdout().lock(), "{}", matrix.to_table())?;
    let mut figures = serde_json::Map::new();
    for port in &ports {
        figures.insert(port.name().to_owned(), timed(port).with_context(|| format!("timing {}", port.name()))?);
    }
    let totals = matrix.totals();
    let report =
        json!({ "load_average": load, "totals": totals, "first_byte_to_proof": figures, "rows": matrix.to_json() });
    writeln!(std::io::stdout().lock(), "{report}")?;
    let objections = matrix.objections();
    if !objections.is_empty() {
        bail!("{} rows are not as they must be: {objections:#?}", objections.len());
    }
    Ok(())
}

fn arguments() -> Result<(Vec<PrinterPort>, Vec<Case>)> {
    let mut ports = Vec::new();
    let mut cases = CASES.to_vec();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--port" => ports.push(PrinterPort::parse(&value)?),
            "--only" => cases.retain(|case| case.fault.contains(&value)),
            other => bail!("{other} is neither --port nor --only"),
        }
    }
    if ports.is_empty() {
        ports = vec![PrinterPort::Tcp, PrinterPort::Pty];
    }
    Ok((ports, cases))
}

/// The time of a healthy slip, from the call to its proof.
fn timed(port: &PrinterPort) -> Result<Value> {
    let mut program = PrinterProgram::start(port, &["--speed-mm-s", "250"])?;
    let mut printer = Printer::new(program.selector().parse()?, PrinterProfile::epson_tm(PaperWidth::Mm80));
    let job = PrintJob::from_bytes(&ticket()?, 100);
    let mut until_handed_over = Vec::new();
    let mut until_proved = Vec::new();
    for place in 0..=TIMED {
        let started = Instant::now();
        let report = printer.print_job(&job, &mut |_| {});
        let took = started.elapsed();
        let (PrintOutcome::Printed(evidence), Some(handed_over_at)) = (report.outcome, report.handed_over_at) else {
            bail!("a healthy slip: {report:?}");
        };
        // The first slip also makes the connection.
        if place > 0 {
            until_handed_over.push(handed_over_at.duration_since(started));
            until_proved.push(handed_over_at.duration_since(started) + evidence.after);
        }
        if took > Duration::from_secs(5) {
            bail!("a healthy slip took {took:?}");
        }
    }
    let slip = program.tray()?.pop().context("no slip")?;
    Ok(json!({
        "handed_over_ms": Sample::of_times(&until_handed_over).percentiles(),
        "proved_ms": Sample::of_times(&until_proved).percentiles(),
        "slip_bytes": job.into_bytes().len(),
        "slip_mm": (slip.millimetres * 10.0).round() / 10.0,
    }))
}

/// The bytes of a ticket's slip as the shipped station writes them.
fn ticket() -> Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let (file, out) = (folder.path().join("ticket.json"), folder.path().join("slip.bin"));
    let ticket = json!({
        "number": "A045", "queue_name": "Accueil", "site_name": "Hôpital Saint-Louis",
        "issued_at": "2026-11-21T09:05:00+01:00", "people_ahead": 3, "wait_minutes": [10, 20], "language": "fr",
        "follow_url": "https://q.example.org/t/7K3M9QX2",
    });
    std::fs::write(&file, ticket.to_string())?;
    let output = Command::new(programs::path("smartqueue-station")?)
        .arg("slip")
        .arg("--ticket")
        .arg(&file)
        .arg("--out")
        .arg(&out)
        .output()
        .context("smartqueue-station does not start")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(std::fs::read(&out)?)
}
