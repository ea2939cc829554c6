//! `smartqueue-station`: a station without a window, and the tools of an installer without a screen.
//!
//! Machine-readable output is JSON on standard output; logs and the one clear line of a failure go to standard error.

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use serde::Serialize;
use smartqueue_domain::Language;
use smartqueue_hardware::printer::{Printer, PrinterSelector, Proof};
use smartqueue_hardware::slip::{PaperWidth, PrinterProfile, preview, render_job};
use smartqueue_journal::{ChainVerdict, Journal};
use smartqueue_protocol::provisioning::{Mode, Provisioning};
use smartqueue_station::door::Command as DoorCommand;
use smartqueue_station::pairing::PairingStep;
use smartqueue_station::profile::profile_path;
use smartqueue_station::setup::ServerProblem;
use smartqueue_station::slip::{SlipDesign, SlipLayout};
use smartqueue_station::ticket_file::TicketFile;
use smartqueue_station::{RunningStation, doctor, pairing, profile, setup, slip, ticket_file};
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Between two polls of a server that does not answer.
const UNREACHABLE_PAUSE: Duration = Duration::from_secs(5);

#[derive(Parser)]
#[command(name = "smartqueue-station", version, about = "A SmartQueue station without a window")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Every way to name a printer.
const PRINTER_HELP: &str = "\
Where the printer is; `smartqueue-station printers` lists the ones that are found:
  tcp:HOST:PORT             on the network, usually port 9100; an IPv6 address in brackets
  serial:PATH@BAUD          on a serial line, best by a name below /dev/serial/by-id, which stays the same
                            in every socket; with ,rtscts or ,xonxoff behind it for flow control
  usb:VID:PID               on USB, its two numbers hexadecimal; through the system's driver or without it
  usb:VID:PID:SERIAL        the one with this serial number, where there are two of a kind
  file:PATH                 a device file such as /dev/usb/lp0 (usblp), or a file that takes the bytes
  spool:NAME                a printer of the system's spooler; it never says what became of a slip
  virtual:                  none: a printer made of software, for this call only";

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
        /// Instead of the file's printer profile, which is the printer's model: a name from `printer-profiles`, or the path
        /// of a file that ends in `.toml`.
        #[arg(long)]
        printer_profile: Option<String>,
        /// Instead of the file's sound device: `default:`, `wav:PATH` or `null:`.
        #[arg(long)]
        sound: Option<String>,
    },
    /// Ask a server for a pairing code and wait until an administrator types it in the office. Each change is a JSON line;
    /// a code that ends is followed by another. What is approved is saved in the profile.
    Pair {
        /// The profile's folder; a new one is made.
        #[arg(long)]
        profile: PathBuf,
        /// The server's address; the profile's own when there is one.
        #[arg(long)]
        server: Option<String>,
        /// What the machine is for: `kiosk`, `board` or `all`; the profile's own, or a kiosk.
        #[arg(long)]
        mode: Option<String>,
        /// The name that the office is shown; the profile's own when there is one.
        #[arg(long)]
        name: Option<String>,
    },
    /// List the devices that may be printers, and what is missing to use them.
    Printers,
    /// Print a test slip.
    PrintTest {
        /// Where the printer is; `smartqueue-station printers` lists the ones that are found.
        #[arg(long, long_help = PRINTER_HELP)]
        printer: String,
        /// Paper width in millimetres.
        #[arg(long, default_value_t = 80)]
        width: u32,
        /// The printer's profile: a name from `printer-profiles`, or the path of a file that ends in `.toml`.
        #[arg(long, default_value = setup::DEFAULT_PRINTER_PROFILE)]
        printer_profile: String,
        /// The language of the words on it: fr, en, ar, wo, es or pt.
        #[arg(long, default_value = "fr")]
        language: String,
    },
    /// The printer profiles that come with the program, and where each figure comes from.
    PrinterProfiles,
    /// Ask a printer how it is.
    Status {
        /// Where the printer is; `smartqueue-station printers` lists the ones that are found.
        #[arg(long, long_help = PRINTER_HELP)]
        printer: String,
        /// Also tell how much paper the station of this profile has counted on the roll, and treat the printer as the model that
        /// the profile names.
        #[arg(long)]
        profile: Option<PathBuf>,
        /// The printer's profile instead: a name from `printer-profiles`, or the path of a file that ends in `.toml`.
        #[arg(long)]
        printer_profile: Option<String>,
        /// Also find out what the printer can do; prints nothing.
        #[arg(long)]
        probe: bool,
    },
    /// Write the exact bytes of a ticket's slip, without a device.
    Slip {
        /// The ticket file (JSON).
        #[arg(long)]
        ticket: PathBuf,
        /// The printer's profile: a name from `printer-profiles`, or the path of a file that ends in `.toml`.
        #[arg(long, default_value = setup::DEFAULT_PRINTER_PROFILE)]
        printer_profile: String,
        /// Paper width in millimetres.
        #[arg(long, default_value_t = 80)]
        width: u32,
        /// Where the bytes go.
        #[arg(long)]
        out: PathBuf,
        /// Where a picture of the slip goes (PNG).
        #[arg(long)]
        preview: Option<PathBuf>,
        /// A layout file instead of the built-in layout.
        #[arg(long)]
        layout: Option<PathBuf>,
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
        Command::Provision { profile, from, server, printer, printer_profile, sound } => {
            let instead = Instead { server, printer, printer_profile, sound };
            provision(&profile, &from, instead).map(|()| ExitCode::SUCCESS)
        }
        Command::Pair { profile, server, mode, name } => {
            pair(&profile, server, mode.as_deref(), name).map(|()| ExitCode::SUCCESS)
        }
        Command::Printers => print_line(&setup::printers()).map(|()| ExitCode::SUCCESS),
        Command::PrintTest { printer, width, printer_profile, language } => {
            print_test(&printer, width, &printer_profile, &language)
        }
        Command::PrinterProfiles => print_profiles().map(|()| ExitCode::SUCCESS),
        Command::Status { printer, profile, printer_profile, probe } => {
            printer_status(&printer, profile.as_deref(), printer_profile.as_deref(), probe)
        }
        Command::Slip { ticket, printer_profile, width, out, preview, layout } => {
            let printer = setup::printer_profile(&printer_profile, paper_of(width)?)?;
            write_slip(&ticket, &printer, &out, preview.as_deref(), layout.as_deref()).map(|()| ExitCode::SUCCESS)
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

/// What the command line says instead of a provisioning file.
struct Instead {
    server: Option<String>,
    printer: Option<String>,
    printer_profile: Option<String>,
    sound: Option<String>,
}

fn provision(folder: &Path, from: &Path, instead: Instead) -> Result<()> {
    let Instead { server, printer, printer_profile, sound } = instead;
    let text = std::fs::read_to_string(from).with_context(|| format!("{} cannot be read", from.display()))?;
    let mut provisioning = Provisioning::read(&text).with_context(|| format!("{} cannot be used", from.display()))?;
    if let Some(server) = server {
        provisioning.server = Some(server);
    }
    if let Some(printer) = printer {
        provisioning.printer = Some(printer);
    }
    if let Some(model) = printer_profile {
        // What stands in the file is the file's own matter, and the doctor's; what somebody types is answered here.
        setup::printer_profile(&model, paper_of(provisioning.slip.width_mm)?)?;
        provisioning.slip.printer_profile = Some(model);
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
        "printer_profile": provisioning.slip.printer_profile,
    }))
}

fn pair(folder: &Path, server: Option<String>, mode: Option<&str>, name: Option<String>) -> Result<()> {
    if setup::has_identity(folder) {
        bail!("the station of {} is paired: shut it out in the office before it is paired again", folder.display());
    }
    let mut profile =
        if profile_path(folder).exists() { profile::load_profile(folder)? } else { setup::fresh_profile() };
    if let Some(word) = mode {
        profile.mode = [Mode::Kiosk, Mode::Board, Mode::All]
            .into_iter()
            .find(|mode| mode.word() == word)
            .with_context(|| format!("mode {word}: kiosk, board or all is needed"))?;
    }
    profile.name = name.unwrap_or(profile.name);
    profile.server = server.or(profile.server);
    let server = profile.server.clone().context("a server is needed: --server URL")?;
    let office = format!("{}/office/", server.trim_end_matches('/'));
    let mut shown = None;
    let mut step = pairing::ask(folder, &server, &profile.name, profile.mode);
    loop {
        step = match step {
            PairingStep::Waiting { code, fingerprint, expires_in, poll_interval } => {
                if shown.as_ref() != Some(&code) {
                    print_line(&serde_json::json!({
                        "state": "waiting", "code": code, "office": office, "fingerprint": fingerprint,
                        "expires_in": expires_in,
                    }))?;
                    shown = Some(code);
                }
                std::thread::sleep(Duration::from_secs(u64::from(poll_interval.max(1))));
                pairing::poll(folder)
            }
            PairingStep::Approved { pairing_token, mode, name, site_name, queues } => {
                (profile.mode, profile.name, profile.pairing_token) = (mode, name, Some(pairing_token));
                profile::save_profile(folder, &profile)?;
                pairing::forget_used(folder, profile.pairing_token.as_deref());
                return print_line(&serde_json::json!({
                    "state": "approved", "profile": folder, "mode": profile.mode.word(), "name": profile.name,
                    "site": site_name, "queues": queues,
                }));
            }
            PairingStep::Expired => {
                print_line(&serde_json::json!({ "state": "expired" }))?;
                pairing::ask(folder, &server, &profile.name, profile.mode)
            }
            PairingStep::Refused => {
                print_line(&serde_json::json!({ "state": "refused" }))?;
                bail!("an administrator refused to pair this machine");
            }
            // Somebody may be typing the code already: the network comes back.
            PairingStep::Failed { code: ServerProblem::Unreachable | ServerProblem::Busy } if shown.is_some() => {
                std::thread::sleep(UNREACHABLE_PAUSE);
                pairing::poll(folder)
            }
            PairingStep::Failed { code } => {
                print_line(&serde_json::json!({ "state": "failed", "code": code }))?;
                bail!("{server} cannot be asked: {}", serde_json::to_value(code)?.as_str().unwrap_or_default());
            }
        };
    }
}

fn paper_of(width: u32) -> Result<PaperWidth> {
    width.to_string().parse().context("the paper's width")
}

fn print_test(selector: &str, width: u32, profile: &str, language: &str) -> Result<ExitCode> {
    selector.parse::<PrinterSelector>().with_context(|| format!("printer {selector}"))?;
    let profile = setup::printer_profile(profile, paper_of(width)?)?;
    let language = Language::from_code(language).with_context(|| format!("language {language}"))?;
    let test = setup::test_printer_as(selector, profile, language);
    print_line(&test)?;
    match test.outcome {
        "printed" | "unconfirmed" => Ok(ExitCode::SUCCESS),
        outcome => bail!("the test slip: {outcome}"),
    }
}

fn print_profiles() -> Result<()> {
    for name in PrinterProfile::names() {
        for paper in [PaperWidth::Mm58, PaperWidth::Mm80] {
            let Ok(profile) = PrinterProfile::by_name(name, paper) else { continue };
            let figures: Vec<_> = profile
                .provenance
                .iter()
                .map(|known| {
                    serde_json::json!({ "figure": known.figure, "known": known.kind.word(), "source": known.source })
                })
                .collect();
            print_line(&serde_json::json!({
                "name": name,
                "title": profile.title,
                "paper_mm": paper.millimetres(),
                "dots": profile.dots,
                "columns": profile.columns(),
                "figures": figures,
            }))?;
        }
    }
    Ok(())
}

fn printer_status(selector: &str, profile: Option<&Path>, model: Option<&str>, probe: bool) -> Result<ExitCode> {
    let parsed: PrinterSelector = selector.parse().with_context(|| format!("printer {selector}"))?;
    let known = match (model, profile) {
        // Its paper does not matter here, but not every model takes every paper.
        (Some(name), _) => setup::printer_profile(name, PaperWidth::Mm80)
            .or_else(|error| setup::printer_profile(name, PaperWidth::Mm58).map_err(|_| error))?,
        (None, Some(folder)) => setup::named_printer(&profile::load_profile(folder)?)?,
        (None, None) => setup::printer_profile(setup::DEFAULT_PRINTER_PROFILE, PaperWidth::Mm80)?,
    };
    let mut printer = Printer::new(parsed, known);
    let status = printer.status();
    let behaviour = if probe { printer.probe().ok() } else { None };
    printer.close();
    let paper = profile.map(setup::paper_left).transpose()?.flatten();
    let lower = |value: String| value.to_lowercase();
    print_line(&serde_json::json!({
        "printer": selector,
        "online": lower(format!("{:?}", status.online)),
        "paper": lower(format!("{:?}", status.paper)),
        "cover": lower(format!("{:?}", status.cover)),
        "cutter": lower(format!("{:?}", status.cutter)),
        "back_channel": lower(format!("{:?}", status.back_channel)),
        "fault": status.fault.map(|fault| fault.code()),
        "roll": paper,
        "behaviour": behaviour.map(|seen| serde_json::json!({
            "reports_changes": seen.reports_changes,
            "proof": seen.proof.map(|proof| match proof {
                Proof::Echo => "echo",
                Proof::AnswerInTurn => "answer_in_turn",
            }),
            "calls_itself": seen.identity.map(|name| format!("{} {}", name.maker, name.model)),
        })),
    }))?;
    Ok(if status.fault.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn write_slip(
    ticket: &Path,
    printer: &PrinterProfile,
    out: &Path,
    picture: Option<&Path>,
    layout: Option<&Path>,
) -> Result<()> {
    let text = std::fs::read_to_string(ticket).with_context(|| format!("{} cannot be read", ticket.display()))?;
    let TicketFile { content, logo } = ticket_file::read(&text)?;
    let layout = match layout {
        Some(file) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
            SlipLayout::read(&text).with_context(|| file.display().to_string())?
        }
        None => SlipLayout::built_in(),
    };
    let beside = ticket.parent().unwrap_or(Path::new(""));
    let logo = logo.map(|logo| slip::read_logo(&beside.join(logo))).transpose().context("logo")?;
    let design = SlipDesign::new(layout, logo);
    // A model that can keep a logo is taken to keep it: these are the bytes of every slip but the first.
    let slip = design.ticket_slip(&content).with_kept_logos();
    let job = render_job(&slip, printer);
    let height_mm = job.height_mm;
    let bytes = job.into_bytes();
    std::fs::write(out, &bytes).with_context(|| format!("{} cannot be written", out.display()))?;
    if let Some(picture) = picture {
        preview(&slip, printer).save(picture).with_context(|| format!("{} cannot be written", picture.display()))?;
    }
    print_line(&serde_json::json!({ "bytes": bytes.len(), "paper_mm": height_mm, "out": out, "preview": picture }))
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
