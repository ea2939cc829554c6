//! A station's own records, merged into the site's truth. Receiving one twice changes nothing, a gap stops the batch, and
//! what makes no sense is acknowledged and set aside, so that it never blocks what comes after it.
//!
//! A number on paper cannot be called back: where a record contradicts the ledger, the paper wins.

use super::events::Kind;
use super::numbers::Issuer;
use super::stations::{self, StationRow};
use super::store::{Whose, params};
use super::tickets::{self, Entry, Step};
use super::writer::Writing;
use super::{Ledger, numbers, places};
use crate::trouble::Trouble;
use smartqueue_domain::{
    BootMoment, Channel, CopyNumber, DatedBy, PrintOutcome, Record, SeriesLetter, TicketId, TicketNumber, Transition,
    VoidReason,
};
use smartqueue_protocol::record::{StoredMoment, StoredRecord};
use smartqueue_protocol::station_sync::{PUSH_LIMIT, PushReply, record_digest};
use smartqueue_protocol::time::write_time;
use uuid::Uuid;

/// No push is on the road for longer: a station that says so reckons wrongly.
const LONGEST_ROAD_MS: i64 = 60_000;

/// A push as it arrives. A record that this version cannot read must not stop the readable ones behind it, so each is
/// read on its own.
#[derive(Debug)]
pub struct Push {
    /// The journal's epoch.
    pub epoch: Uuid,
    /// The records in their order.
    pub records: Vec<Incoming>,
    /// The digest of the record before the first.
    pub before: Option<String>,
    /// The station's boot-time clock as it sent them.
    pub moment: Option<BootMoment>,
    /// This server's time at that moment, as the station reckons it.
    pub sent_at_ms: Option<i64>,
}

/// A record as it arrives.
#[derive(Debug)]
pub struct Incoming {
    /// Its place in the station's series.
    pub seq: u64,
    /// The text it came as, for the quarantine.
    pub text: String,
    /// Its digest, by which a copy of the station is known.
    pub digest: String,
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
            let digest = record_digest(record);
            Ok(Incoming { seq, digest, record: serde_json::from_str(&text).map_err(|error| error.to_string()), text })
        };
        // A clock that does not read costs a ticket's age, never the ticket.
        let moment = body
            .get("moment")
            .and_then(|moment| serde_json::from_value::<StoredMoment>(moment.clone()).ok())
            .map(BootMoment::from);
        let before = body.get("before").and_then(serde_json::Value::as_str).map(str::to_owned);
        let sent_at_ms = body.get("sent_at_ms").and_then(serde_json::Value::as_i64);
        let records = records.iter().map(read).collect::<Result<_, Trouble>>()?;
        Ok(Push { epoch, records, before, moment, sent_at_ms })
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
    expect_own_past(writing, &row, station, request)?;
    let mut highest_seq = row.highest_seq;
    let now_ms = writing.now_ms;
    let believable = |sent_at_ms: &i64| (now_ms - LONGEST_ROAD_MS..=now_ms).contains(sent_at_ms);
    let reckoned_ms = request.sent_at_ms.filter(believable).unwrap_or(now_ms);
    let sent = Sent { moment: request.moment, reckoned_ms, received_ms: now_ms };
    let mut digest = None;
    let mut quarantined = Vec::new();
    for incoming in &request.records {
        if incoming.seq <= highest_seq {
            continue;
        }
        if incoming.seq != highest_seq + 1 {
            break;
        }
        match merge(writing, &row, station, incoming, sent) {
            Ok(()) => {}
            Err(MergeError::Senseless(senseless)) => {
                set_aside(writing, station, incoming, &senseless)?;
                quarantined.push(incoming.seq);
            }
            Err(MergeError::Trouble(trouble)) => return Err(trouble),
        }
        highest_seq = incoming.seq;
        digest = Some(&incoming.digest);
    }
    if highest_seq > row.highest_seq {
        writing
            .connection
            .prepare_cached("UPDATE stations SET highest_seq = ?2, seen_at = ?3, digest = ?4 WHERE id = ?1")?
            .execute(params![station, i64::try_from(highest_seq).unwrap_or(i64::MAX), writing.now_ms, digest])?;
    }
    Ok(PushReply { highest_seq, quarantined, server_time: Some(write_time(now_ms)) })
}

/// Records that go on from another record than the one that is held here come from another machine: taking them, or
/// skipping them as known, would lose whatever papers they tell of.
fn expect_own_past(writing: &Writing<'_>, row: &StationRow, station: i64, request: &Push) -> Result<(), Trouble> {
    let (Some(before), Some(first)) = (&request.before, request.records.first()) else { return Ok(()) };
    let held: Option<String> = writing
        .connection
        .prepare_cached("SELECT digest FROM stations WHERE id = ?1")?
        .query_row([station], |row| row.get(0))?;
    let told = if first.seq == row.highest_seq + 1 {
        Some(before)
    } else {
        request.records.iter().find(|incoming| incoming.seq == row.highest_seq).map(|incoming| &incoming.digest)
    };
    if held.is_some() && told.is_some_and(|told| Some(told) != held.as_ref()) {
        tracing::warn!(station, "a copy of this station is at work");
        let detail = "another machine works under this identity: pair again".to_owned();
        return Err(Trouble::Conflict { code: "station_copied", detail });
    }
    Ok(())
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
    sent: Sent,
) -> Result<(), MergeError> {
    let unreadable = |what: String| MergeError::Senseless(Senseless::Unreadable(what));
    let stored = incoming.record.as_ref().map_err(|error| unreadable(error.clone()))?;
    let record = Record::try_from(stored).map_err(|error| unreadable(error.to_string()))?;
    match record {
        // What the station knows about itself came from here, and a request alone changes nothing.
        Record::StationPaired { .. }
        | Record::SeriesGranted(_)
        | Record::IdentityLost
        | Record::TicketRequested { .. } => Ok(()),
        Record::DayOpened { day } => {
            writing
                .connection
                .prepare_cached("UPDATE stations SET service_day = CASE WHEN service_day > ?2 THEN service_day ELSE ?2 END WHERE id = ?1")?
                .execute([station, day.0])?;
            Ok(())
        }
        Record::SeriesReleased(release) => {
            let known = places::domain_queue(writing.connection, station_row.tenant, release.queue.0)?;
            if known.is_none() {
                return Err(MergeError::Senseless(Senseless::UnknownQueue));
            }
            writing
                .connection
                .prepare_cached(
                    "INSERT INTO series_releases (queue, station, from_day) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                )?
                .execute([release.queue.0, station, release.from_day.0])?;
            Ok(())
        }
        Record::TicketIssued {
            ticket,
            queue,
            letter,
            number,
            day,
            language,
            priority,
            touched_at_ms,
            dated_by,
            moment,
        } => {
            let found = places::domain_queue(writing.connection, station_row.tenant, queue.0)?
                .filter(|found| found.site == station_row.site)
                .ok_or(MergeError::Senseless(Senseless::UnknownQueue))?;
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
                created_at: touched_at((touched_at_ms, dated_by), moment, sent),
                station: Some(station),
                days: &found.days,
            };
            issued(writing, station_row, entry)
        }
        Record::SlipSent { ticket, copy } => {
            print_state(writing, station_row, incoming.seq, (ticket, copy), "printing")
        }
        Record::SlipEnded { ticket, copy, outcome } => {
            let state = match outcome {
                PrintOutcome::Printed(_) => "printed",
                PrintOutcome::Unconfirmed => "unconfirmed",
                PrintOutcome::Failed(_) => "failed",
                PrintOutcome::Unknown(_) => "unknown",
            };
            print_state(writing, station_row, incoming.seq, (ticket, copy), state)
        }
        Record::TicketVoided { ticket, reason: VoidReason::NeverIssued } => {
            numbers::bury(writing, ticket.0, station)?;
            if let Some(allocation) = numbers::end_allocation(writing, ticket.0, station_row.site)? {
                allocation.leave_gap(writing, "never_issued", ticket.0)?;
            }
            Ok(())
        }
        Record::TicketVoided { ticket, reason: VoidReason::NeverSent } => {
            let found = own_ticket(writing, station_row, ticket)?;
            // Somebody may have called it meanwhile; it was never on paper, so nobody can come. Whoever is being served
            // under it all the same is left in peace.
            if found.status.after(Transition::Cancel).is_ok() {
                leave_gap(writing, &found, "voided")?;
                tickets::take(writing, found, Step::Cancel)?;
            }
            Ok(())
        }
    }
}

/// When a push left its station, and when it came.
#[derive(Clone, Copy, Debug)]
struct Sent {
    /// By the station's boot-time clock.
    moment: Option<BootMoment>,
    /// By this server's clock, as the station reckons it; the receipt where it does not.
    reckoned_ms: i64,
    /// The receipt by this server's clock.
    received_ms: i64,
}

/// When somebody touched the screen. The receipt less the age by the station's boot-time clock is the latest that it can
/// have been, and late by the time that the push was on the road. A time that the station had from this server is truer,
/// if it is not later than that. A touch that came before the station had heard this server is as old as it says, reckoned
/// from when the push was sent; its wall clock is used only where two boots leave nothing to compare.
fn touched_at((written_ms, dated_by): (i64, DatedBy), touched: Option<BootMoment>, sent: Sent) -> i64 {
    let Sent { moment, reckoned_ms, received_ms } = sent;
    let age_ms = match (touched, moment) {
        (Some(touched), Some(sent)) if touched.boot == sent.boot => sent.elapsed_ms.checked_sub(touched.elapsed_ms),
        (Some(_) | None, Some(_) | None) => None,
    };
    match (age_ms, dated_by) {
        (Some(age_ms), DatedBy::Server) => written_ms.min(received_ms.saturating_sub_unsigned(age_ms)),
        (Some(age_ms), DatedBy::WallClock) => reckoned_ms.saturating_sub_unsigned(age_ms),
        (None, DatedBy::Server | DatedBy::WallClock) => written_ms.min(received_ms),
    }
}

fn issued(writing: &mut Writing<'_>, station_row: &StationRow, mut entry: Entry<'_>) -> Result<(), MergeError> {
    let number = entry.number.to_string();
    if let Some(held) = tickets::find(writing.connection, entry.id)? {
        return relabelled(writing, station_row, &entry, held);
    }
    if tickets::is_elsewhere(writing.connection, entry.id)? {
        return Err(MergeError::Senseless(Senseless::OthersTicket));
    }
    if let Some(allocation) = numbers::end_allocation(writing, entry.id, entry.site)? {
        if allocation.number == number {
            entry.lap = Some(allocation.lap);
        } else {
            allocation.leave_gap(writing, "paper_wins", entry.id)?;
        }
    }
    follow(writing, station_row, &entry)?;
    tickets::insert(writing, &entry)?;
    Ok(())
}

/// The server holds the ticket already: under the same label there is nothing to do, under another the paper wins.
fn relabelled(
    writing: &mut Writing<'_>,
    station_row: &StationRow,
    entry: &Entry<'_>,
    held: tickets::TicketRow,
) -> Result<(), MergeError> {
    if held.site != entry.site {
        return Err(MergeError::Senseless(Senseless::OthersTicket));
    }
    let number = entry.number.to_string();
    if held.number == number {
        return Ok(());
    }
    leave_gap(writing, &held, "paper_wins")?;
    follow(writing, station_row, entry)?;
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

fn leave_gap(writing: &Writing<'_>, ticket: &tickets::TicketRow, reason: &str) -> Result<(), Trouble> {
    if let Ok(number) = TicketNumber::parse(&ticket.number) {
        let key = tickets::series_of(writing.connection, ticket.id)?;
        numbers::note_gap(writing, key.queue, key.day, &number, reason, Some(&ticket.id.to_string()))?;
    }
    Ok(())
}

/// Keeps the counter of the number's series. A number out of a series that is not the station's is kept, because
/// somebody holds the paper; the operator hears of it.
fn follow(writing: &Writing<'_>, station_row: &StationRow, entry: &Entry<'_>) -> Result<(), Trouble> {
    let key = numbers::SeriesKey { queue: entry.queue, day: entry.day, letter: entry.letter };
    let of_station = match entry.letter {
        SeriesLetter::Letter(_) => entry.letter.as_text() == station_row.letter,
        SeriesLetter::Main => match numbers::issuer(writing.connection, entry.queue, entry.day)? {
            Issuer::Station(owner) if Some(owner) == entry.station => true,
            Issuer::Station(owner) => {
                tracing::warn!(
                    station = entry.station,
                    owner,
                    number = %entry.number,
                    "a station issued from a main series that it does not own"
                );
                false
            }
            // The server gave the number, or gives none of this series.
            Issuer::Unclaimed | Issuer::Server | Issuer::Nobody => false,
        },
    };
    numbers::follow(writing, key, entry.number, entry.station.filter(|_| of_station))
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

/// Keeps what a slip has come to. Of one journal's records about it the latest counts, in whatever order they come: under an
/// identity that its station lost since, a push may have been on the road for longer than the next one's.
fn print_state(
    writing: &mut Writing<'_>,
    station_row: &StationRow,
    seq: u64,
    (ticket, copy): (TicketId, CopyNumber),
    state: &str,
) -> Result<(), MergeError> {
    own_ticket(writing, station_row, ticket)?;
    let id = ticket.0.to_string();
    if copy == CopyNumber::ORIGINAL {
        writing
            .connection
            .prepare_cached(
                "UPDATE tickets SET print_state = ?2, print_seq = ?3
                 WHERE id = ?1 AND (print_seq IS NULL OR print_seq < ?3)",
            )?
            .execute(params![id, state, i64::try_from(seq).unwrap_or(i64::MAX)])?;
    } else {
        writing
            .connection
            .prepare_cached("UPDATE tickets SET copies = CASE WHEN copies > ?2 THEN copies ELSE ?2 END WHERE id = ?1")?
            .execute(params![id, copy.0])?;
    }
    Ok(())
}

impl Ledger {
    /// Merges a batch of a station's records in one transaction.
    pub async fn push_records(&self, tenant: i64, station: i64, request: Push) -> Result<PushReply, Trouble> {
        self.write(Whose::Tenant(tenant), move |writing| push(writing, tenant, station, &request)).await
    }
}
