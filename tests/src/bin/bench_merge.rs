//! A day without a server: 10,000 tickets in a kiosk's journal, and how long it takes until the server holds them all once
//! it is back.
//!
//! Prints one JSON object. The journal is written with the shipped journal, in batches as large as a ticket's own records;
//! then the shipped station starts on it beside the shipped server. `start_to_view_ms` is how long the station takes to
//! recover from so long a journal. `merge_s` runs from the station's first view to the view in which nothing is unsent.
//! `rejects` are records that the server set aside, `missing` are tickets that it does not hold.

use anyhow::{Context, Result};
use rusqlite::Connection;
use serde_json::json;
use smartqueue_domain::{
    CopyNumber, DatedBy, LAST_VALUE, Language, PrintEvidence, PrintOutcome, QueueId, Record, SeriesLetter, ServiceDay,
    TicketId, TicketNumber,
};
use smartqueue_journal::Journal;
use smartqueue_tests::measure::load_average;
use smartqueue_tests::server_program::DemoSite;
use smartqueue_tests::station_program::{StationProgram, provision};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// Tickets of the day.
const TICKETS: u32 = 10_000;

/// The day's length: one ticket every 8.64 seconds.
const DAY_MS: i64 = 24 * 3_600_000;

fn main() -> Result<()> {
    let load = load_average();
    let folder = tempfile::tempdir()?;
    let site = DemoSite::make(folder.path())?;
    let profile = folder.path().join("kiosk");
    provision(&profile, Path::new(site.text("kiosk_profile")), &["--printer", "virtual:"])?;
    let server = site.serve()?;
    let mut station = StationProgram::start(&profile)?;
    station.wait("a kiosk that is online", |view| {
        view["connection"]["state"] == "online" && view["connection"]["unsent"] == 0
    })?;
    station.finish()?;
    server.kill()?;

    let written = Instant::now();
    write_day(&profile, &site)?;
    let write_s = written.elapsed().as_secs_f64();

    let server = site.serve()?;
    let started = Instant::now();
    let mut station = StationProgram::start(&profile)?;
    station.wait("a first view", |view| view["connection"].is_object())?;
    let start_to_view_ms = started.elapsed().as_secs_f64() * 1_000.0;
    let merging = Instant::now();
    let limit = Duration::from_secs(300);
    while station
        .wait("every record on the server", |view| {
            view["connection"]["state"] == "online" && view["connection"]["unsent"] == 0
        })
        .is_err()
    {
        anyhow::ensure!(merging.elapsed() < limit, "the day was not merged within {limit:?}");
    }
    let merge_s = merging.elapsed().as_secs_f64();
    station.finish()?;
    drop(server);

    let connection = Connection::open(site.data.join("smartqueue.sqlite3"))?;
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let tickets = count("SELECT count(*) FROM tickets WHERE station IS NOT NULL")?;
    let report = json!({
        "load_average": load,
        "tickets": TICKETS,
        "records": 3 * TICKETS,
        "journal_write_s": write_s,
        "start_to_view_ms": start_to_view_ms,
        "merge_s": merge_s,
        "rejects": count("SELECT count(*) FROM quarantine")?,
        "missing": i64::from(TICKETS) - tickets,
    });
    writeln!(std::io::stdout().lock(), "{report}")?;
    Ok(())
}

/// What a kiosk writes in a day: a number, "sent" and the outcome for each ticket.
fn write_day(profile: &Path, site: &DemoSite) -> Result<()> {
    let mut journal = Journal::open(profile, Uuid::new_v4())?;
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let opened = journal.read_all()?.into_iter().rev().find_map(|(_, record)| match record {
        Record::DayOpened { day } => Some(day),
        Record::StationPaired { .. }
        | Record::SeriesGranted(_)
        | Record::SeriesReleased(_)
        | Record::IdentityLost
        | Record::TicketRequested { .. }
        | Record::TicketIssued { .. }
        | Record::SlipSent { .. }
        | Record::SlipEnded { .. }
        | Record::TicketVoided { .. } => None,
    });
    let day: ServiceDay = opened.context("the kiosk opened no day")?;
    let queues = ["A", "B", "C"].map(|prefix| (prefix, QueueId(site.queue(prefix))));
    for place in 0..TICKETS {
        let (prefix, queue) = queues[(place % 3) as usize];
        let ticket = TicketId(Uuid::new_v4());
        let value = (place / 3) % LAST_VALUE + 1;
        let touched_at_ms = now_ms - DAY_MS + i64::from(place) * DAY_MS / i64::from(TICKETS);
        let copy = CopyNumber::ORIGINAL;
        journal.append(&[
            Record::TicketIssued {
                ticket,
                queue,
                letter: SeriesLetter::Main,
                number: TicketNumber::new(prefix, SeriesLetter::Main, value)?,
                day,
                language: Language::French,
                priority: 0,
                touched_at_ms,
                dated_by: DatedBy::WallClock,
                moment: None,
            },
            Record::SlipSent { ticket, copy },
            Record::SlipEnded { ticket, copy, outcome: PrintOutcome::Printed(PrintEvidence::ProcessId) },
        ])?;
    }
    Ok(())
}
