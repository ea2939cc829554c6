//! `smartqueue-printer`: the virtual printer as a program. Prints one JSON line when it is ready and one for each line of
//! standard input that it carried out; runs until it is ended. It drives nothing: the driver's program is
//! `smartqueue-station`.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use smartqueue_hardware::printer::FlowControl;
use smartqueue_hardware::slip::PaperWidth;
use smartqueue_hardware::virtual_printer::{
    INSTRUCTIONS, Instruction, PrintedSlip, VirtualPrinter, VirtualPrinterOptions,
};

/// A virtual ESC/POS printer: takes bytes like a real one, answers like a real one, and renders each slip.
///
/// Lines on standard input change it while it runs: paper MM, cover open, cutter jam, mute, offline and the other words of
/// --fault; `status` shows it and `tray` what fell out of it. Each line is answered with one JSON line.
#[derive(Parser)]
#[command(name = "smartqueue-printer", version)]
struct Arguments {
    /// Listen for one connection at a time, for example tcp:127.0.0.1:9100; port 0 takes a free one.
    #[arg(long, value_name = "tcp:ADDRESS", required_unless_present_any = ["pty", "usb"], conflicts_with_all = ["pty", "usb"])]
    listen: Option<String>,
    /// Open a pseudo terminal and give it this name.
    #[arg(long, value_name = "LINK", conflicts_with = "usb")]
    pty: Option<PathBuf>,
    /// Be a USB printer, on a machine with a USB device port; the modules libcomposite and usb_f_printer must be loaded.
    #[arg(long)]
    usb: bool,
    /// Length of the roll in millimetres.
    #[arg(long, value_name = "N", default_value_t = 80_000.0, value_parser = length)]
    paper_mm: f64,
    /// Width of the roll in millimetres: 58 or 80.
    #[arg(long, value_name = "N", default_value = "80")]
    width: PaperWidth,
    /// Paper speed in millimetres per second.
    #[arg(long, value_name = "N", default_value_t = 250.0, value_parser = speed)]
    speed_mm_s: f64,
    /// Speed of the line in bits per second; without it the line is as fast as the connection.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(300..))]
    baud: Option<u32>,
    /// Bytes that it holds before it takes no more; small printers have 45.
    #[arg(long, value_name = "N", default_value_t = 65_536, value_parser = buffer)]
    buffer_bytes: usize,
    /// How it holds back its host on a pseudo terminal: none takes no more bytes, xonxoff also says so.
    #[arg(long, value_name = "none|xonxoff", default_value = "none", value_parser = flow)]
    flow: FlowControl,
    /// Length of paper at which the near-end sensor trips, in millimetres.
    #[arg(long, value_name = "N", default_value_t = 3_000.0, value_parser = length)]
    near_end_mm: f64,
    /// Something that is wrong from the start; may be given several times.
    #[arg(long, value_name = "FAULT", long_help = format!("Something that is wrong from the start; may be given several times:\n{INSTRUCTIONS}"))]
    fault: Vec<Instruction>,
    /// Folder for one PNG per slip.
    #[arg(long, value_name = "DIR")]
    png: Option<PathBuf>,
    /// File for the log of truth, one JSON line per slip, appended.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

fn length(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0).ok_or_else(|| "not a length".to_owned())
}

fn speed(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 1.0).ok_or_else(|| "not a speed".to_owned())
}

fn buffer(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|value| (16..=1 << 24).contains(value)).ok_or_else(|| "not from 16 to 16777216".to_owned())
}

fn flow(text: &str) -> Result<FlowControl, String> {
    match text {
        "none" => Ok(FlowControl::None),
        "xonxoff" => Ok(FlowControl::XonXoff),
        _ => Err("neither none nor xonxoff".to_owned()),
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed; there is nobody else to tell.
            drop(writeln!(io::stderr().lock(), "smartqueue-printer: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let options = VirtualPrinterOptions {
        paper_width: arguments.width,
        paper_mm: arguments.paper_mm,
        speed_mm_s: arguments.speed_mm_s,
        baud: arguments.baud,
        buffer_bytes: arguments.buffer_bytes,
        flow: arguments.flow,
        near_end_mm: arguments.near_end_mm,
        faults: arguments.fault,
        png: arguments.png,
        log: arguments.log,
        ..VirtualPrinterOptions::default()
    };
    let printer = match (&arguments.listen, &arguments.pty) {
        (Some(listen), _) => {
            let address = listen.strip_prefix("tcp:").context("--listen takes tcp:ADDRESS:PORT")?;
            VirtualPrinter::start_tcp(address, options).with_context(|| format!("cannot listen on {listen}"))?
        }
        (None, Some(link)) => VirtualPrinter::start_pty(link, options)
            .with_context(|| format!("cannot open a pseudo terminal at {}", link.display()))?,
        (None, None) => VirtualPrinter::start_gadget(options).context("cannot be a USB printer")?,
    };
    say(&serde_json::json!({ "ready": true, "selector": printer.selector().to_string() }))?;
    for line in io::stdin().lock().lines() {
        let line = line.context("cannot read standard input")?;
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        match line.parse::<Instruction>() {
            Ok(instruction) => {
                printer.instruct(instruction);
                say(&serde_json::json!({ "ok": true, "printer": printer.description() }))?;
            }
            Err(_) if line == "tray" => {
                let tray: Vec<serde_json::Value> = printer.slips().iter().map(PrintedSlip::in_words).collect();
                say(&serde_json::json!({ "ok": true, "tray": tray }))?;
            }
            Err(_) if line == "status" => say(&serde_json::json!({ "ok": true, "printer": printer.description() }))?,
            Err(unknown) => say(&serde_json::json!({ "ok": false, "error": unknown.to_string() }))?,
        }
    }
    // Started without a terminal, standard input ends at once; a printer does not go off for that.
    loop {
        std::thread::park();
    }
}

fn say(line: &serde_json::Value) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).context("cannot write to standard output")
}
