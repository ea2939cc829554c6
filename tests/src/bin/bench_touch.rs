//! How long a visitor waits for the number and the printer for the slip: the shipped station, a kiosk of the demo site.
//!
//! Prints one JSON object, times in milliseconds. A touch is the moment at which the command's line is written to the
//! station's standard input. `number_ms` runs until the first view with the ticket is read, which the station shows only
//! once the ticket is durable. `last_byte_ms` runs until the printer, on the loopback, has read the cut of the slip. The
//! next visitor touches when the view calls the slip printed. Measured with the server up, with the server killed while
//! the kiosk runs, and with a server that takes connections and never says a word.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use smartqueue_tests::measure::{Sample, load_average, milliseconds};
use smartqueue_tests::prompt_printer::PromptPrinter;
use smartqueue_tests::server_program::DemoSite;
use smartqueue_tests::station_program::{LIMIT, StationProgram, provision};
use uuid::Uuid;

/// Touches that count, in each of the three situations.
const TOUCHES: usize = 300;

/// Touches before them, which bring connections and caches to where a day's second visitor finds them.
const WARM_UP: usize = 10;

/// One touch.
struct Measured {
    number: String,
    number_ms: f64,
    last_byte_ms: f64,
    bytes: usize,
    reads: usize,
}

fn main() -> Result<()> {
    let load = load_average();
    let folder = tempfile::tempdir()?;
    let site = DemoSite::make(folder.path())?;
    let printer = PromptPrinter::start()?;
    let profile = folder.path().join("kiosk");
    provision(&profile, Path::new(site.text("kiosk_profile")), &["--printer", printer.selector()])?;
    let mut numbers = BTreeSet::new();
    // This queue has no capacity that so many visitors could fill.
    let queue = site.queue("B");

    let server = site.serve()?;
    let mut station = StationProgram::start(&profile)?;
    station.wait("a station that is online", |view| connection(view) == "online")?;
    let up = measure_all(&mut station, &printer, queue, &mut numbers)?;

    server.kill()?;
    station.wait("the loss of the server", |view| connection(view) == "offline")?;
    let killed = measure_all(&mut station, &printer, queue, &mut numbers)?;
    if !station.finish()?.success() {
        bail!("the station did not end well");
    }

    let connections = silent_server(&site.listen)?;
    let mut station = StationProgram::start(&profile)?;
    let held = connections.recv_timeout(LIMIT).context("the station did not call the silent server")?;
    let silent = measure_all(&mut station, &printer, queue, &mut numbers)?;
    if connection(&station.catch_up()) == "online" {
        bail!("the station believes that a silent server is there");
    }
    drop(held);

    let report = json!({
        "load_average": load,
        "touches": TOUCHES,
        "server_up": up,
        "server_killed": killed,
        "server_silent": silent,
    });
    writeln!(std::io::stdout().lock(), "{report}")?;
    Ok(())
}

fn connection(view: &Value) -> &str {
    view["connection"]["state"].as_str().unwrap_or_default()
}

fn measure_all(
    station: &mut StationProgram,
    printer: &PromptPrinter,
    queue: i64,
    numbers: &mut BTreeSet<String>,
) -> Result<Value> {
    let mut touches = Vec::with_capacity(TOUCHES);
    for place in 0..WARM_UP + TOUCHES {
        let touch = touch(station, printer, queue)?;
        if !numbers.insert(touch.number.clone()) {
            bail!("the number {} came twice", touch.number);
        }
        if place >= WARM_UP {
            touches.push(touch);
        }
    }
    Ok(json!({
        "number_ms": Sample::new(touches.iter().map(|touch| touch.number_ms)).percentiles(),
        "last_byte_ms": Sample::new(touches.iter().map(|touch| touch.last_byte_ms)).percentiles(),
        "slip_bytes": touches.iter().map(|touch| touch.bytes).max(),
        "slips_in_one_read": touches.iter().filter(|touch| touch.reads == 1).count(),
        "most_reads": touches.iter().map(|touch| touch.reads).max(),
    }))
}

fn touch(station: &mut StationProgram, printer: &PromptPrinter, queue: i64) -> Result<Measured> {
    let id = Uuid::new_v4().to_string();
    let touched = Instant::now();
    station.take(queue, &id)?;
    let view = station.wait("the number", |view| newest(view, &id).is_some())?;
    let number_at = station.read_at();
    let number =
        newest(&view, &id).and_then(|ticket| ticket["number"].as_str()).context("a ticket without a number")?;
    station.wait("a printed slip", |view| newest(view, &id).is_some_and(|ticket| ticket["state"] == "printed"))?;
    let slip = printer.next_slip(LIMIT)?;
    Ok(Measured {
        number: number.to_owned(),
        number_ms: milliseconds(number_at.duration_since(touched)),
        last_byte_ms: milliseconds(slip.last_byte_at.duration_since(touched)),
        bytes: slip.bytes,
        reads: slip.reads,
    })
}

/// The newest ticket of a view, if it is this one.
fn newest<'a>(view: &'a Value, id: &str) -> Option<&'a Value> {
    view["tickets"].get(0).filter(|ticket| ticket["id"] == id)
}

/// A server that takes every connection, keeps it, and never says a word. It ends with the process.
fn silent_server(listen: &str) -> Result<Receiver<TcpStream>> {
    let listener = TcpListener::bind(listen).context("taking the place of the killed server")?;
    let (sender, connections) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            if sender.send(stream).is_err() {
                return;
            }
        }
    });
    Ok(connections)
}
