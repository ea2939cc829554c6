//! `smartqueue-station`: a station without a window, and the tools of an installer without a screen.
//!
//! Machine-readable output is JSON on standard output; logs and the one clear line of a failure go to standard error.

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use serde::Serialize;
use smartqueue_domain::Language;
use smartqueue_hardware::printer::{Printer, PrinterSelector};
use smartqueue_hardware::slip::{PaperWidth, PrinterProfile, render_bytes};
use smartqueue_journal::{ChainVerdict, Journal};
use smartqueue_protocol::provisioning::Provisioning;
use smartqueue_station::door::Command as DoorCommand;
use smartqueue_station::{RunningStation, doctor, profile, setup, slip, ticket_file};
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "smartqueue-station", version, about = "A SmartQueue station without a window")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a profile: commands come as JSON lines on standard input, changed views go out on standard output.
    Run {
        /// The profile's folder.
        #[arg(long)]
        profile: PathBuf,
    },
    /// Apply a provisioning file to a profile.
    Provision {
        /// The profile's folder.
        #[arg(long)]
        profile: PathBuf,
        /// The provisioning file (TOML).
        #[arg(long)]
        from: PathBuf,
        /// Instead of the file's server.
        #[arg(long)]
        server: Option<String>,
        /// Instead of the file's printer.
        #[arg(long)]
        printer: Option<String>,
        /// Instead of the file's sound device: `default:`, `wav:PATH` or `null:`.
        #[arg(long)]
        sound: Option<String>,
    },
    /// List the devices that may be printers, and what is missing to use them.
    Printers,
    /// Print a test slip.
    PrintTest {
        /// Where the printer is, as `tcp:HOST:PORT`, `serial:PATH@BAUD`, `usb:VID:PID`, `file:PATH` or `virtual:`.
        #[arg(long)]
        printer: String,
        /// Paper width in millimetres.
        #[arg(long, default_value_t = 80)]
        width: u32,
    },
    /// Ask a printer how it is.
    Status {
        /// Where the printer is.
        #[arg(long)]
        printer: String,
    },
    /// Write the exact bytes of a ticket's slip, without a device.
    Slip {
        /// The ticket file (JSON).
        #[arg(long)]
        ticket: PathBuf,
        /// The printer's profile.
        #[arg(long, default_value = "epson-tm")]
        printer_profile: String,
        /// Paper width in millimetres.
        #[arg(long, default_value_t = 80)]
        width: u32,
        /// Where the bytes go.
        #[arg(long)]
        out: PathBuf,
    },
    /// Every record of a profile's journal, one JSON line each.
    Journal {
        /// The profile's folder.
        #[arg(long)]
        profile: PathBuf,
        /// Instead of the records: whether each is what was written there, and if not, the first that is not.
        #[arg(long)]
        verify: bool,
    },
    /// Look at everything that a profile needs on this machine.
    Doctor {
        /// The profile's folder.
        #[arg(long)]
        profile: PathBuf,
        /// Accepted for scripts that ask for it: the output is JSON in any case.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into()))
        .init();
    match perform(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "smartqueue-station: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(command: Command) -> Result<ExitCode> {
    match command {
        Command::Run { profile } => run(&profile).map(|()| ExitCode::SUCCESS),
        Command::Provision { profile, from, server, printer, sound } => {
            provision(&profile, &from, server, printer, sound).map(|()| ExitCode::SUCCESS)
        }
        Command::Printers => print_line(&setup::printers()).map(|()| ExitCode::SUCCESS),
        Command::PrintTest { printer, width } => print_test(&printer, width),
        Command::Status { printer } => printer_status(&printer),
        Command::Slip { ticket, printer_profile, width, out } => {
            write_slip(&ticket, &printer_profile, width, &out).map(|()| ExitCode::SUCCESS)
        }
        Command::Journal { profile, verify: false } => show_journal(&profile).map(|()| ExitCode::SUCCESS),
        Command::Journal { profile, verify: true } => verify_journal(&profile).map(|()| ExitCode::SUCCESS),
        Command::Doctor { profile, json: _ } => {
            let findings = doctor::examine(&profile);
            print_line(&findings)?;
            Ok(if findings.iter().all(|finding| finding.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn print_line(value: &impl Serialize) -> Result<()> {
    let mut output = std::io::stdout().lock();
    serde_json::to_writer(&mut output, value)?;
    output.write_all(b"\n")?;
    output.flush().context("standard output is closed")
}

#[derive(Serialize)]
struct CommandError<'a> {
    error: &'static str,
    detail: String,
    line: &'a str,
}

fn run(folder: &std::path::Path) -> Result<()> {
    let station = RunningStation::start(folder)?;
    station.on_view(|view| {
        if let Err(error) = print_line(view.as_ref()) {
            tracing::error!(%error, "a view cannot be written");
        }
    });
    for line in std::io::stdin().lock().lines() {
        let line = line.context("standard input does not read")?;
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<DoorCommand>(&line) {
            Ok(command) => station.send(command),
            Err(error) => print_line(&CommandError { error: "bad_command", detail: error.to_string(), line: &line })?,
        }
    }
    station.stop();
    Ok(())
}

fn provision(
    folder: &std::path::Path,
    from: &std::path::Path,
    server: Option<String>,
    printer: Option<String>,
    sound: Option<String>,
) -> Result<()> {
    let text = std::fs::read_to_string(from).with_context(|| format!("{} cannot be read", from.display()))?;
    let mut provisioning = Provisioning::read(&text).with_context(|| format!("{} cannot be used", from.display()))?;
    if let Some(server) = server {
        provisioning.server = Some(server);
    }
    if let Some(printer) = printer {
        provisioning.printer = Some(printer);
    }
    if let Some(sound) = sound {
        provisioning.sound.device = sound;
    }
    if let Some(selector) = &provisioning.printer {
        selector.parse::<PrinterSelector>().with_context(|| format!("printer {selector}"))?;
    }
    profile::save_profile(folder, &provisioning)?;
    print_line(&serde_json::json!({
        "profile": folder,
        "mode": provisioning.mode.word(),
        "name": provisioning.name,
        "server": provisioning.server,
        "printer": provisioning.printer,
    }))
}

fn print_test(selector: &str, width: u32) -> Result<ExitCode> {
    selector.parse::<PrinterSelector>().with_context(|| format!("printer {selector}"))?;
    let test = setup::test_printer(selector, width, Language::French);
    print_line(&test)?;
    match test.outcome {
        "printed" | "unconfirmed" => Ok(ExitCode::SUCCESS),
        outcome => bail!("the test slip: {outcome}"),
    }
}

fn printer_status(selector: &str) -> Result<ExitCode> {
    let parsed: PrinterSelector = selector.parse().with_context(|| format!("printer {selector}"))?;
    let mut printer = Printer::new(parsed, PrinterProfile::epson_tm(PaperWidth::Mm80));
    let status = printer.status();
    printer.close();
    let lower = |value: String| value.to_lowercase();
    print_line(&serde_json::json!({
        "printer": selector,
        "online": lower(format!("{:?}", status.online)),
        "paper": lower(format!("{:?}", status.paper)),
        "cover": lower(format!("{:?}", status.cover)),
        "cutter": lower(format!("{:?}", status.cutter)),
        "back_channel": lower(format!("{:?}", status.back_channel)),
        "fault": status.fault.map(|fault| fault.code()),
    }))?;
    Ok(if status.fault.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn write_slip(ticket: &std::path::Path, profile_name: &str, width: u32, out: &std::path::Path) -> Result<()> {
    let text = std::fs::read_to_string(ticket).with_context(|| format!("{} cannot be read", ticket.display()))?;
    let content = ticket_file::read(&text)?;
    let paper = match width {
        58 => PaperWidth::Mm58,
        80 => PaperWidth::Mm80,
        other => bail!("paper is 58 or 80 mm wide, not {other}"),
    };
    let printer = PrinterProfile::by_name(profile_name, paper)?;
    let bytes = render_bytes(&slip::ticket_slip(&content), &printer);
    std::fs::write(out, &bytes).with_context(|| format!("{} cannot be written", out.display()))?;
    print_line(&serde_json::json!({ "bytes": bytes.len(), "out": out }))
}

fn show_journal(folder: &std::path::Path) -> Result<()> {
    for record in Journal::read_beside(folder).context("the journal cannot be read")? {
        print_line(&record)?;
    }
    Ok(())
}

fn verify_journal(folder: &std::path::Path) -> Result<()> {
    match Journal::verify_beside(folder).context("the journal cannot be read")? {
        None => bail!("there is no journal in {}", folder.display()),
        Some(ChainVerdict::Sound { records, head }) => {
            print_line(&serde_json::json!({ "ok": true, "records": records, "head": head.to_string() }))
        }
        Some(ChainVerdict::Broken { seq, flaw }) => {
            print_line(&serde_json::json!({ "ok": false, "first_broken": seq, "flaw": flaw.code() }))?;
            bail!("record {seq} is {}: the journal was changed after it was written", flaw.code())
        }
    }
}
