//! The shipped programs in a storm: two kiosks and a server, each killed in random turn while people keep touching, and
//! then the question what is on paper. The paper's truth is the virtual printers' own log, the server's is its file.
//!
//! It judges by counting; whoever calls it decides what the counts may be.

use crate::server_program::{DemoSite, ServerProgram};
use crate::simulation::chance::Chance;
use crate::station_program::{StationProgram, provision};
use anyhow::{Context, Result};
use rusqlite::Connection;
use serde_json::{Value, json};
use smartqueue_hardware::virtual_printer::{VirtualPrinter, VirtualPrinterOptions};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Kiosks in the storm.
const KIOSKS: usize = 2;

/// A kiosk that says nothing for so long has nothing to do: the next kill need not wait for it.
const PAUSE: Duration = Duration::from_millis(150);

/// What became of a storm.
#[derive(Clone, Debug, Default)]
pub struct Storm {
    /// Kills of the server and of each kiosk.
    pub kills: [u64; 1 + KIOSKS],
    /// Touches that were asked for; a kill swallows some before a kiosk reads them.
    pub touches: u64,
    /// Tickets of the kiosks that the server holds, those that were taken back included.
    pub tickets: u64,
    /// Original slips.
    pub papers: u64,
    /// Numbers that are on more than one original slip.
    pub duplicates: Vec<String>,
    /// Original slips whose number is not that of exactly one ticket that was not taken back.
    pub papers_without_ticket: Vec<String>,
    /// Tickets that wait, are not on paper, and that nobody was told of.
    pub tickets_without_paper: Vec<String>,
    /// Numbers below a counter that are neither a ticket nor a gap with its reason.
    pub gaps_without_reason: Vec<String>,
    /// The longest time from a kiosk's start to its first view, in milliseconds.
    pub worst_start_ms: f64,
    /// How long it took, in seconds.
    pub wall_s: f64,
}

impl Storm {
    /// The one line of JSON.
    pub fn report(&self) -> Value {
        json!({
            "kills": self.kills.iter().sum::<u64>(),
            "kills_of_server_and_kiosks": self.kills,
            "touches": self.touches,
            "tickets": self.tickets,
            "papers": self.papers,
            "duplicates": self.duplicates.len(),
            "papers_without_ticket": self.papers_without_ticket.len(),
            "tickets_without_paper_or_flag": self.tickets_without_paper.len(),
            "gaps_without_reason": self.gaps_without_reason.len(),
            "worst_start_to_view_ms": self.worst_start_ms,
            "wall_s": self.wall_s,
            "examples": [
                self.duplicates.first(),
                self.papers_without_ticket.first(),
                self.tickets_without_paper.first(),
                self.gaps_without_reason.first(),
            ],
        })
    }

    /// Whether nothing is wrong.
    pub fn held(&self) -> bool {
        [&self.duplicates, &self.papers_without_ticket, &self.tickets_without_paper, &self.gaps_without_reason]
            .iter()
            .all(|found| found.is_empty())
    }
}

struct Kiosk {
    profile: PathBuf,
    printer: VirtualPrinter,
    station: Option<StationProgram>,
}

/// Lives through so many kills, with so many touches at each kiosk after each of them.
///
/// # Errors
/// When a program does not start, or does not come to rest.
pub fn live_through(kills: u64, touches_a_kill: u64, seed: u64) -> Result<Storm> {
    let started = Instant::now();
    let folder = tempfile::tempdir()?;
    let site = DemoSite::make(folder.path())?;
    let mut server = Some(site.serve()?);
    let mut kiosks = (0..KIOSKS).map(|index| kiosk(folder.path(), &site, index)).collect::<Result<Vec<_>>>()?;
    let mut storm = Storm::default();
    for kiosk in &mut kiosks {
        start(kiosk, &mut storm)?;
        let station = kiosk.station.as_mut().context("a kiosk does not run")?;
        station.wait("a kiosk that is online", |view| view["connection"]["state"] == "online")?;
    }
    let mut chance = Chance::of(seed);
    for _ in 0..kills {
        for kiosk in &mut kiosks {
            for place in 0..touches_a_kill {
                // These queues have no capacity that so many visitors could fill, and two of them enough numbers.
                touch(kiosk, &site, if place % 2 == 0 { "B" } else { "C" })?;
                storm.touches += 1;
            }
        }
        let victim = usize::try_from(chance.below(1 + KIOSKS as u64)).unwrap_or(0);
        let lines = usize::try_from(chance.below(20)).unwrap_or(0);
        storm.kills[victim] += 1;
        match victim.checked_sub(1) {
            None => {
                if let Some(station) = kiosks[0].station.as_mut() {
                    station.pass_lines_within(lines, PAUSE);
                }
                restart_server(&mut server, &site)?;
            }
            Some(index) => {
                let mut station = kiosks[index].station.take().context("a kiosk does not run")?;
                station.pass_lines_within(lines, PAUSE);
                station.kill()?;
                start(&mut kiosks[index], &mut storm)?;
            }
        }
    }
    for kiosk in &mut kiosks {
        come_to_rest(kiosk, &site)?;
    }
    let papers: Vec<String> = kiosks.iter().flat_map(|kiosk| originals(&kiosk.printer)).collect();
    drop(server);
    judge(&site, &papers, &mut storm)?;
    storm.wall_s = started.elapsed().as_secs_f64();
    Ok(storm)
}

fn kiosk(folder: &Path, site: &DemoSite, index: usize) -> Result<Kiosk> {
    let options = VirtualPrinterOptions { speed_mm_s: 5_000.0, ..VirtualPrinterOptions::default() };
    let printer = VirtualPrinter::start_tcp("127.0.0.1:0", options).context("a printer does not start")?;
    let profile = folder.join(format!("kiosk-{index}"));
    let selector = printer.selector().to_string();
    provision(&profile, Path::new(site.text("kiosk_profile")), &["--printer", &selector])?;
    Ok(Kiosk { profile, printer, station: None })
}

fn start(kiosk: &mut Kiosk, storm: &mut Storm) -> Result<()> {
    let began = Instant::now();
    let mut station = StationProgram::start(&kiosk.profile)?;
    station.wait("a first view", Value::is_object)?;
    storm.worst_start_ms = storm.worst_start_ms.max(began.elapsed().as_secs_f64() * 1_000.0);
    kiosk.station = Some(station);
    Ok(())
}

fn restart_server(server: &mut Option<ServerProgram>, site: &DemoSite) -> Result<()> {
    if let Some(running) = server.take() {
        running.kill()?;
    }
    *server = Some(site.serve()?);
    Ok(())
}

fn touch(kiosk: &mut Kiosk, site: &DemoSite, queue: &str) -> Result<()> {
    let station = kiosk.station.as_mut().context("a kiosk does not run")?;
    station.take(site.queue(queue), &Uuid::new_v4().to_string())
}

/// One more touch, printed, and every record on the server.
fn come_to_rest(kiosk: &mut Kiosk, site: &DemoSite) -> Result<()> {
    let station = kiosk.station.as_mut().context("a kiosk does not run")?;
    let last = Uuid::new_v4().to_string();
    station.take(site.queue("B"), &last)?;
    let printed = |view: &Value| {
        let lines = view["tickets"].as_array();
        lines.is_some_and(|lines| lines.iter().any(|line| line["id"] == last.as_str() && line["state"] == "printed"))
    };
    station.wait("the last ticket, printed", printed)?;
    station.wait("every record on the server", |view| {
        view["connection"]["state"] == "online" && view["connection"]["unsent"] == 0
    })?;
    Ok(())
}

/// The numbers of the original slips.
fn originals(printer: &VirtualPrinter) -> Vec<String> {
    let slips = printer.slips();
    let number =
        |lines: &[String]| lines.iter().map(|line| line.trim()).find(|line| is_number(line)).map(str::to_owned);
    slips
        .iter()
        .filter(|slip| !slip.lines.iter().any(|line| line.contains("COPIE")))
        .filter_map(|slip| number(&slip.lines))
        .collect()
}

fn is_number(text: &str) -> bool {
    let letters = text.chars().take_while(char::is_ascii_uppercase).count();
    letters >= 1 && text.len() >= letters + 3 && text.chars().skip(letters).all(|digit| digit.is_ascii_digit())
}

fn judge(site: &DemoSite, papers: &[String], storm: &mut Storm) -> Result<()> {
    let connection = Connection::open(site.data.join("smartqueue.sqlite3"))?;
    let mut select = connection.prepare(
        "SELECT number, status, coalesce(print_state, ''), series_queue, day, letter, value FROM tickets
         WHERE station IS NOT NULL",
    )?;
    let rows = select.query_map([], |row| {
        let series: (i64, i64, String) = (row.get(3)?, row.get(4)?, row.get(5)?);
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
            series,
            row.get::<_, u32>(6)?,
        ))
    })?;
    let tickets = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    storm.tickets = tickets.len() as u64;
    storm.papers = papers.len() as u64;
    let mut seen = BTreeSet::new();
    let mut live: BTreeMap<&str, u32> = BTreeMap::new();
    for (number, _, _, _, _) in tickets.iter().filter(|(_, status, _, _, _)| status != "annulé") {
        *live.entry(number).or_default() += 1;
    }
    for paper in papers {
        if !seen.insert(paper.as_str()) {
            storm.duplicates.push(paper.clone());
        }
        if live.get(paper.as_str()) != Some(&1) {
            storm.papers_without_ticket.push(format!("{paper}: {:?} tickets", live.get(paper.as_str())));
        }
    }
    for (number, status, state, _, _) in &tickets {
        let flagged = status == "annulé" || state == "unknown" || state == "failed";
        if !flagged && !seen.contains(number.as_str()) {
            storm.tickets_without_paper.push(format!("{number} {status} {state}"));
        }
    }
    let mut held: BTreeSet<((i64, i64, String), u32)> =
        tickets.iter().map(|(_, _, _, series, value)| (series.clone(), *value)).collect();
    let mut gaps = connection.prepare(
        "SELECT gap.queue, gap.day, gap.number, gap.reason, queues.prefix FROM number_gaps AS gap
         JOIN queues ON queues.id = gap.queue WHERE gap.reason <> ''",
    )?;
    let rows = gaps.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?, row.get::<_, String>(4)?))
    })?;
    for row in rows {
        let (queue, day, number, prefix) = row?;
        let head = number.trim_end_matches(|digit: char| digit.is_ascii_digit());
        let value = number[head.len()..].parse().unwrap_or(0);
        let letter = head.strip_prefix(prefix.as_str()).unwrap_or_default().to_owned();
        held.insert(((queue, day, letter), value));
    }
    let mut series = connection.prepare("SELECT queue, day, letter, lap, value FROM series")?;
    let rows = series.query_map([], |row| {
        Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.get::<_, i64>(3)?, row.get::<_, u32>(4)?))
    })?;
    for row in rows {
        let (key, lap, value) = row?;
        let last = if lap > 0 { smartqueue_domain::LAST_VALUE } else { value };
        for number in (1..=last).filter(|number| !held.contains(&(key.clone(), *number))) {
            storm.gaps_without_reason.push(format!("{key:?} {number}"));
        }
    }
    Ok(())
}
