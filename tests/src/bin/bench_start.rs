//! How long server and station take from the start of their process to the first use, and what they cost while idle.
//!
//! Prints one JSON object, times in milliseconds, memory (proportional set size, once it no longer changes) in MiB. The
//! programs' files are in the page cache, as on a machine that restarts a service. The server was killed before each
//! start, as by a power cut, and is ready when `/health/ready` says so, which takes a durable step. The station is a paired
//! kiosk of that server; a visitor touches it in the moment of its start: `first_view_ms` runs until it shows itself,
//! `first_number_ms` until that visitor's number is durable and shown.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};
use serde_json::{Value, json};
use smartqueue_tests::measure::{Sample, http_client, load_average, milliseconds, runtime, settled_pss_mib};
use smartqueue_tests::prompt_printer::PromptPrinter;
use smartqueue_tests::server_program::DemoSite;
use smartqueue_tests::station_program::{LIMIT, StationProgram, provision};
use uuid::Uuid;

/// Runs that count. One more comes before them, which brings the files into the page cache and pairs the station.
const RUNS: usize = 10;

/// One start of the server.
struct ServerStart {
    ready_ms: f64,
    pss_mib: f64,
}

/// One start of the station.
struct StationStart {
    first_view_ms: f64,
    first_number_ms: f64,
    pss_mib: f64,
}

fn main() -> Result<()> {
    let load = load_average();
    let folder = tempfile::tempdir()?;
    let site = DemoSite::make(folder.path())?;
    start_server(&site)?;
    let servers = (0..RUNS).map(|_| start_server(&site)).collect::<Result<Vec<_>>>()?;

    let printer = PromptPrinter::start()?;
    let profile = folder.path().join("kiosk");
    provision(&profile, Path::new(site.text("kiosk_profile")), &["--printer", printer.selector()])?;
    let _server = site.serve()?;
    let mut pairing = StationProgram::start(&profile)?;
    pairing.wait("a station that is online", |view| view["connection"]["state"] == "online")?;
    if !pairing.finish()?.success() {
        bail!("the station did not end well");
    }
    let queue = site.queue("A");
    let stations = (0..RUNS).map(|_| start_station(&profile, queue)).collect::<Result<Vec<_>>>()?;

    let report = json!({
        "load_average": load,
        "runs": RUNS,
        "server": {
            "ready_ms": Sample::new(servers.iter().map(|run| run.ready_ms)).spread(),
            "pss_mib": Sample::new(servers.iter().map(|run| run.pss_mib)).spread(),
        },
        "station": {
            "first_view_ms": Sample::new(stations.iter().map(|run| run.first_view_ms)).spread(),
            "first_number_ms": Sample::new(stations.iter().map(|run| run.first_number_ms)).spread(),
            "pss_mib": Sample::new(stations.iter().map(|run| run.pss_mib)).spread(),
        },
    });
    writeln!(std::io::stdout().lock(), "{report}")?;
    Ok(())
}

fn start_server(site: &DemoSite) -> Result<ServerStart> {
    // Made before the clock starts: the client is ours, not the product's.
    let (runtime, client) = (runtime()?, http_client()?);
    let address = format!("http://{}/health/ready", site.listen);
    let started = Instant::now();
    // Waits for the line that says that it listens; asking all the while would take the processor that it needs.
    let server = site.serve()?;
    loop {
        let answer = runtime.block_on(async { client.get(&address).send().await })?;
        if answer.status().is_success() {
            break;
        }
        if started.elapsed() > LIMIT {
            bail!("the server listens and is not ready: {}", answer.status());
        }
    }
    let ready_ms = milliseconds(started.elapsed());
    let pss_mib = settled_pss_mib(server.pid())?;
    server.kill()?;
    Ok(ServerStart { ready_ms, pss_mib })
}

fn start_station(profile: &Path, queue: i64) -> Result<StationStart> {
    let id = Uuid::new_v4().to_string();
    let started = Instant::now();
    let mut station = StationProgram::start(profile)?;
    station.take(queue, &id)?;
    station.wait("the first view", |view| view["mode"] == "kiosk")?;
    let first_view_ms = milliseconds(station.read_at().duration_since(started));
    station.wait("the first number", |view| ticket(view, &id).is_some())?;
    let first_number_ms = milliseconds(station.read_at().duration_since(started));
    station.wait("a ticket that is printed and on the server", |view| {
        ticket(view, &id).is_some_and(|ticket| ticket["state"] == "printed" && ticket["synced"] == true)
    })?;
    let pss_mib = settled_pss_mib(station.pid())?;
    if !station.finish()?.success() {
        bail!("the station did not end well");
    }
    Ok(StationStart { first_view_ms, first_number_ms, pss_mib })
}

fn ticket<'a>(view: &'a Value, id: &str) -> Option<&'a Value> {
    view["tickets"].get(0).filter(|ticket| ticket["id"] == id)
}
