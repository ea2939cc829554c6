//! A station's own records, merged into the site's truth. Receiving one twice changes nothing, a gap stops the batch, and
//! what makes no sense is acknowledged and set aside, so that it never blocks what comes after it.
//!
//! A number on paper cannot be called back: where a record contradicts the ledger, the paper wins.

use super::events::Kind;
use super::stations::{self, StationRow};
use super::tickets::{self, Entry, Step};
use super::writer::Writing;
use super::{Ledger, numbers, places};
use crate::trouble::Trouble;
use rusqlite::{OptionalExtension, params};
use smartqueue_domain::{Channel, CopyNumber, PrintOutcome, Record, ServiceDay, TicketId, TicketNumber, Transition};
use smartqueue_protocol::record::StoredRecord;
use smartqueue_protocol::station_sync::{PUSH_LIMIT, PushReply};
use uuid::Uuid;

/// A push as it arrives. A record that this version cannot read must not stop the readable ones behind it, so each is
/// read on its own.
#[derive(Debug)]
pub struct Push {
    /// The journal's epoch.
    pub epoch: Uuid,
    /// The records in their order.
    pub records: Vec<Incoming>,
}

/// A record as it arrives.
#[derive(Debug)]
pub struct Incoming {
    /// Its place in the station's series.
    pub seq: u64,
    /// The text it came as, for the quarantine.
    pub text: String,
    /// The record, or why it does not read.
    pub record: Result<StoredRecord, String>,
}

impl Push {
    /// Reads a push.
    ///
    /// # Errors
    /// [`Trouble::Invalid`] when it is not of the push's form at all.
    pub fn read(body: &serde_json::Value) -> Result<Push, Trouble> {
        let epoch = body
            .get("epoch")
            .and_then(serde_json::Value::as_str)
            .and_then(|epoch| Uuid::parse_str(epoch).ok())
            .ok_or_else(|| Trouble::invalid("epoch", "a UUID is needed"))?;
        let records = body
            .get("records")
            .and_then(serde_json::Value::as_array)
            .ok_or_else(|| Trouble::invalid("records", "a list is needed"))?;
        if records.len() > PUSH_LIMIT {
            return Err(Trouble::invalid("records", format!("a push carries at most {PUSH_LIMIT} records")));
        }
        let read = |record: &serde_json::Value| {
            let seq = record
                .get("seq")
                .and_then(serde_json::Value::as_u64)
                .ok_or_else(|| Trouble::invalid("records", "each record has a seq"))?;
            let text = record.to_string();
            Ok(Incoming { seq, record: serde_json::from_str(&text).map_err(|error| error.to_string()), text })
        };
        Ok(Push { epoch, records: records.iter().map(read).collect::<Result<_, Trouble>>()? })
    }
}

/// Why a record was set aside.
enum Senseless {
    UnknownQueue,
    UnknownTicket,
    OthersTicket,
    Unreadable(String),
}

impl Senseless {
    fn word(&self) -> String {
        match self {
            Senseless::UnknownQueue => "unknown_queue".to_owned(),
            Senseless::UnknownTicket => "unknown_ticket".to_owned(),
            Senseless::OthersTicket => "ticket_of_another_site".to_owned(),
            Senseless::Unreadable(what) => format!("unreadable: {what}"),
        }
    }
}

enum MergeError {
    Senseless(Senseless),
    Trouble(Trouble),
}

impl<T: Into<Trouble>> From<T> for MergeError {
    fn from(trouble: T) -> MergeError {
        MergeError::Trouble(trouble.into())
    }
}

fn push(writing: &mut Writing<'_>, tenant: i64, station: i64, request: &Push) -> Result<PushReply, Trouble> {
    let row = stations::active(writing.connection, tenant, station)?;
    row.expect_epoch(request.epoch)?;
    let mut highest_seq = row.highest_seq;
    let mut quarantined = Vec::new();
    for incoming in &request.records {
        if incoming.seq <= highest_seq {
            continue;
        }
        if incoming.seq != highest_seq + 1 {
            break;
        }
        match merge(writing, &row, station, incoming) {
            Ok(()) => {}
            Err(MergeError::Senseless(senseless)) => {
                set_aside(writing, station, incoming, &senseless)?;
                quarantined.push(incoming.seq);
            }
            Err(MergeError::Trouble(trouble)) => return Err(trouble),
        }
        highest_seq = incoming.seq;
    }
    if highest_seq > row.highest_seq {
        writing
            .connection
            .prepare_cached("UPDATE stations SET highest_seq = ?2, seen_at = ?3 WHERE id = ?1")?
            .execute(params![station, i64::try_from(highest_seq).unwrap_or(i64::MAX), writing.now_ms])?;
    }
    Ok(PushReply { highest_seq, quarantined })
}

fn set_aside(writing: &Writing<'_>, station: i64, incoming: &Incoming, senseless: &Senseless) -> Result<(), Trouble> {
    let reason = senseless.word();
    tracing::warn!(station, seq = incoming.seq, reason, "a record was set aside");
    writing
        .connection
        .prepare_cached(
            "INSERT INTO quarantine (station, seq, record, reason, received_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            station,
            i64::try_from(incoming.seq).unwrap_or(i64::MAX),
            incoming.text,
            reason,
            writing.now_ms
        ])?;
    Ok(())
}

fn merge(
    writing: &mut Writing<'_>,
    station_row: &StationRow,
    station: i64,
    incoming: &Incoming,
) -> Result<(), MergeError> {
    let unreadable = |what: String| MergeError::Senseless(Senseless::Unreadable(what));
    let stored = incoming.record.as_ref().map_err(|error| unreadable(error.clone()))?;
    let record = Record::try_from(stored).map_err(|error| unreadable(error.to_string()))?;
    match record {
        // What the station knows about itself came from here.
        Record::StationPaired { .. } | Record::SeriesGranted(_) | Record::DayOpened { .. } => Ok(()),
        Record::TicketIssued { ticket, queue, letter, number, day, language, priority, touched_at_ms } => {
            let found = places::domain_queue(writing.connection, station_row.tenant, queue.0)?
                .filter(|found| found.site == station_row.site);
            if found.is_none() {
                return Err(MergeError::Senseless(Senseless::UnknownQueue));
            }
            let entry = Entry {
                id: ticket.0,
                tenant: station_row.tenant,
                site: station_row.site,
                queue: queue.0,
                number: &number,
                day,
                letter,
                lap: None,
                channel: Channel::Kiosk,
                priority,
                customer: "{}",
                language: Some(language.code()),
                created_at: touched_at_ms,
                station: Some(station),
            };
            issued(writing, &entry)
        }
        Record::SlipSent { ticket, copy } => print_state(writing, station_row, ticket, copy, "printing"),
        Record::SlipEnded { ticket, copy, outcome } => {
            let state = match outcome {
                PrintOutcome::Printed(_) => "printed",
                PrintOutcome::Unconfirmed => "unconfirmed",
                PrintOutcome::Failed(_) => "failed",
                PrintOutcome::Unknown(_) => "unknown",
            };
            print_state(writing, station_row, ticket, copy, state)
        }
        Record::TicketVoided { ticket, reason: _ } => {
            let found = own_ticket(writing, station_row, ticket)?;
            // Somebody may have called it meanwhile; it was never on paper, so nobody can come. Whoever is being served
            // under it all the same is left in peace.
            if found.status.after(Transition::Cancel).is_ok() {
                if let Ok(number) = TicketNumber::parse(&found.number) {
                    let (day, id) = (day_of(writing, found.id)?, found.id.to_string());
                    numbers::note_gap(writing, found.queue, day, &number, "voided", Some(&id))?;
                }
                tickets::take(writing, found, Step::Cancel)?;
            }
            Ok(())
        }
    }
}

fn issued(writing: &mut Writing<'_>, entry: &Entry<'_>) -> Result<(), MergeError> {
    let Some(held) = tickets::find(writing.connection, entry.id)? else {
        warn_of_foreign_series(writing, entry)?;
        tickets::insert(writing, entry)?;
        return Ok(());
    };
    if held.site != entry.site {
        return Err(MergeError::Senseless(Senseless::OthersTicket));
    }
    let number = entry.number.to_string();
    if held.number == number {
        return Ok(());
    }
    let day = day_of(writing, entry.id)?;
    if let Ok(old) = TicketNumber::parse(&held.number) {
        numbers::note_gap(writing, held.queue, day, &old, "paper_wins", Some(&entry.id.to_string()))?;
    }
    writing
        .connection
        .prepare_cached(
            "UPDATE tickets SET number = ?2, series_queue = ?3, day = ?4, letter = ?5, lap = NULL, value = ?6,
             station = ?7, created_at = ?8 WHERE id = ?1",
        )?
        .execute(params![
            entry.id.to_string(),
            number,
            entry.queue,
            entry.day.0,
            entry.letter.as_text(),
            entry.number.value(),
            entry.station,
            entry.created_at,
        ])?;
    if let Some(ticket) = tickets::find(writing.connection, entry.id)? {
        tickets::say(writing, Kind::TicketUpdated, &ticket, None, false)?;
    }
    Ok(())
}

/// A number out of a series that is not the station's is kept, because somebody holds the paper; the operator hears of it.
fn warn_of_foreign_series(writing: &Writing<'_>, entry: &Entry<'_>) -> Result<(), Trouble> {
    let owner = numbers::owner(writing.connection, entry.queue, entry.day)?;
    if entry.letter == smartqueue_domain::SeriesLetter::Main && owner != entry.station {
        tracing::warn!(
            station = entry.station,
            owner,
            number = %entry.number,
            "a station issued from a main series that it does not own"
        );
    }
    Ok(())
}

fn own_ticket(
    writing: &Writing<'_>,
    station_row: &StationRow,
    ticket: TicketId,
) -> Result<tickets::TicketRow, MergeError> {
    match tickets::find(writing.connection, ticket.0)? {
        None => Err(MergeError::Senseless(Senseless::UnknownTicket)),
        Some(found) if found.site != station_row.site => Err(MergeError::Senseless(Senseless::OthersTicket)),
        Some(found) => Ok(found),
    }
}

fn day_of(writing: &Writing<'_>, id: Uuid) -> Result<ServiceDay, Trouble> {
    let day = writing
        .connection
        .prepare_cached("SELECT day FROM tickets WHERE id = ?1")?
        .query_row([id.to_string()], |row| row.get(0))
        .optional()?;
    Ok(ServiceDay(day.unwrap_or(0)))
}

fn print_state(
    writing: &mut Writing<'_>,
    station_row: &StationRow,
    ticket: TicketId,
    copy: CopyNumber,
    state: &str,
) -> Result<(), MergeError> {
    let held = own_ticket(writing, station_row, ticket)?;
    if copy != CopyNumber::ORIGINAL {
        writing
            .connection
            .prepare_cached("UPDATE tickets SET copies = max(copies, ?2) WHERE id = ?1")?
            .execute(params![ticket.0.to_string(), copy.0])?;
        return Ok(());
    }
    if held.print_state.as_deref() != Some(state) {
        writing
            .connection
            .prepare_cached("UPDATE tickets SET print_state = ?2 WHERE id = ?1")?
            .execute(params![ticket.0.to_string(), state])?;
    }
    Ok(())
}

impl Ledger {
    /// Merges a batch of a station's records in one transaction.
    pub async fn push_records(&self, tenant: i64, station: i64, request: Push) -> Result<PushReply, Trouble> {
        self.write(move |writing| push(writing, tenant, station, &request)).await
    }
}
