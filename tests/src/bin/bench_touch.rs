//! How long a visitor waits for the number and the printer for the slip: the shipped station, a kiosk of the demo site.
//!
//! Prints one JSON object, times in milliseconds. A touch is the moment at which the command's line is written to the
//! station's standard input. `number_ms` runs until the first view with the ticket is read, which the station shows only
//! once the ticket is durable. `last_byte_ms` runs until the printer, on the loopback, has read the cut of the slip. The
//! next visitor touches when the view calls the slip printed. Measured with the server up, with the server killed while
//! the kiosk runs, with a server that takes connections and never says a word, and at a site with two kiosks, where the
//! server issues the numbers: while it answers at once, and while every answer of it takes 5 s. There `longest_ms` is
//! what the unlucky visitor waits, and `over_100_ms` says how many of them there were.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use smartqueue_tests::measure::{Sample, http_client, load_average, milliseconds, runtime};
use smartqueue_tests::prompt_printer::PromptPrinter;
use smartqueue_tests::server_program::DemoSite;
use smartqueue_tests::station_program::{LIMIT, StationProgram, provision};
use uuid::Uuid;

/// How long each answer of the slow server takes.
const SLOW: Duration = Duration::from_secs(5);

/// Touches that count, in each of the situations.
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
    drop(station);
    let (issuing, slow) = shared_site(&folder.path().join("shared"), &printer)?;

    let report = json!({
        "load_average": load,
        "touches": TOUCHES,
        "server_up": up,
        "server_killed": killed,
        "server_silent": silent,
        "server_issues": issuing,
        "server_answers_in_5_s": slow,
    });
    writeln!(std::io::stdout().lock(), "{report}")?;
    Ok(())
}

/// A site with two kiosks, so that the server issues the numbers: measured as it is, and with every answer 5 s late.
fn shared_site(folder: &Path, printer: &PromptPrinter) -> Result<(Value, Value)> {
    std::fs::create_dir_all(folder)?;
    let site = DemoSite::make(folder)?;
    let _server = site.serve()?;
    // The other kiosk only has to be known: it never takes a ticket.
    let file = std::fs::read_to_string(site.text("kiosk_profile"))?;
    let token = file.lines().find_map(|line| line.strip_prefix("pairing_token = ")).context("no pairing token")?;
    let body = json!({"pairing_token": token.trim_matches('"'), "name": "Borne 2", "mode": "kiosk",
                      "epoch": Uuid::new_v4(), "version": "0"});
    let url = format!("http://{}/api/v1/stations/pair/", site.listen);
    let request = http_client()?.post(url).json(&body);
    let answer = runtime()?.block_on(async { request.send().await })?;
    if !answer.status().is_success() {
        bail!("the second kiosk was not paired: {}", answer.status());
    }
    let slow = Arc::new(AtomicBool::new(false));
    let relay = relay(&site.listen, &slow)?;
    let profile = folder.join("kiosk");
    let server = format!("http://{relay}");
    let from = Path::new(site.text("kiosk_profile"));
    provision(&profile, from, &["--printer", printer.selector(), "--server", &server])?;
    let mut station = StationProgram::start(&profile)?;
    station.wait("a station that is online", |view| connection(view) == "online")?;
    let mut numbers = BTreeSet::new();
    let issuing = measure_all(&mut station, printer, site.queue("B"), &mut numbers)?;
    if numbers.iter().any(|number| is_own(number)) {
        bail!("the server did not issue: {numbers:?}");
    }
    slow.store(true, Ordering::SeqCst);
    // Whoever touches first is the one who pays, so nobody warms up.
    let slow = measure(&mut station, printer, site.queue("B"), &mut numbers, 0)?;
    if !numbers.iter().any(|number| is_own(number)) {
        bail!("nobody fell back on the kiosk's own series");
    }
    Ok((issuing, slow))
}

/// Whether a number of queue B is out of a kiosk's own series, such as `BL001`.
fn is_own(number: &str) -> bool {
    number.chars().nth(1).is_some_and(char::is_alphabetic)
}

/// A way to the server on which each of its answers can be held back.
fn relay(server: &str, slow: &Arc<AtomicBool>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    let (server, slow) = (server.to_owned(), Arc::clone(slow));
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(upstream) = TcpStream::connect(&server) else { continue };
            let _ = (client.set_nodelay(true), upstream.set_nodelay(true));
            let Ok((from_client, from_server)) = client.try_clone().and_then(|c| Ok((c, upstream.try_clone()?))) else {
                continue;
            };
            let slow = Arc::clone(&slow);
            std::thread::spawn(move || copy(from_client, upstream, || {}));
            std::thread::spawn(move || {
                copy(from_server, client, || {
                    if slow.load(Ordering::SeqCst) {
                        std::thread::sleep(SLOW);
                    }
                });
            });
        }
    });
    Ok(address)
}

fn copy(mut from: TcpStream, mut to: TcpStream, before_each: impl Fn()) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(read) = from.read(&mut bytes) {
        if read == 0 {
            break;
        }
        before_each();
        if to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
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
    measure(station, printer, queue, numbers, WARM_UP)
}

fn measure(
    station: &mut StationProgram,
    printer: &PromptPrinter,
    queue: i64,
    numbers: &mut BTreeSet<String>,
    warm_up: usize,
) -> Result<Value> {
    let mut touches = Vec::with_capacity(TOUCHES);
    for place in 0..warm_up + TOUCHES {
        let touch = touch(station, printer, queue)?;
        if !numbers.insert(touch.number.clone()) {
            bail!("the number {} came twice", touch.number);
        }
        if place >= warm_up {
            touches.push(touch);
        }
    }
    Ok(json!({
        "longest_ms": touches.iter().map(|touch| touch.number_ms).fold(0.0, f64::max),
        "over_100_ms": touches.iter().filter(|touch| touch.number_ms > 100.0).count(),
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
