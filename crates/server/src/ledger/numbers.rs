//! The numbers that this server gives out, and who else gives out which.
//!
//! A series (queue, service day, letter) has exactly one issuer. The server counts inside the writer's transaction, so a
//! number is durable before anybody hears of it. A series without holes is the sum of tickets, allocations and gaps, each
//! gap with its reason; this module keeps that sum. It never touches a ticket.

mod next;

pub(super) use next::{Allocated, Claim, Wanted, allocate};

use super::service_days::SiteDays;
use super::store::{Connection, OptionalExtension, Stored, Whose, params};
use super::writer::Writing;
use super::{Ledger, places, stations};
use crate::trouble::Trouble;
use next::{after, counters};
use smartqueue_domain::{LAST_VALUE, Refusal, SeriesLetter, ServiceDay, TicketNumber};
use smartqueue_protocol::station_sync::{GrantBody, IssueReply, IssueRequest};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Who issues a queue's main series on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// Nobody asked for it yet, so this server does, for everybody.
    Unclaimed,
    /// This station alone.
    Station(i64),
    /// This server, for the stations of the site.
    Server,
    /// Nobody: the station that had it may still print from it.
    Nobody,
}

/// One series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeriesKey {
    /// The queue.
    pub queue: i64,
    /// The service day.
    pub day: ServiceDay,
    /// The letter.
    pub letter: SeriesLetter,
}

/// How far series have come: the lap and the last value.
type Counters = BTreeMap<SeriesKey, (i64, u32)>;

fn set_counters(connection: &Connection, counters: Counters, station: Option<i64>) -> Result<(), Trouble> {
    let row = |(key, (lap, value)): (SeriesKey, (i64, u32))| {
        vec![
            Stored::Integer(key.queue),
            Stored::Integer(key.day.0),
            Stored::Text(key.letter.as_text()),
            Stored::Integer(lap),
            Stored::Integer(value.into()),
            station.map_or(Stored::Null, Stored::Integer),
        ]
    };
    Ok(connection.insert_rows(
        "INSERT INTO series (queue, day, letter, lap, value, station) VALUES {rows}
         ON CONFLICT (queue, day, letter) DO UPDATE SET lap = excluded.lap, value = excluded.value",
        counters.into_iter().map(row).collect(),
    )?)
}

fn set_counter(
    connection: &Connection,
    key: SeriesKey,
    lap: i64,
    value: u32,
    station: Option<i64>,
) -> Result<(), Trouble> {
    set_counters(connection, Counters::from([(key, (lap, value))]), station)
}

/// Refuses a queue whose prefix is another's at the site and one letter more, or less: under that letter a kiosk counts for
/// the other queue by itself, and the same number would stand on two papers.
pub(super) fn keep_prefixes_apart(
    writing: &mut Writing<'_>,
    _tenant: i64,
    queue: i64,
    _beside: &[(&'static str, Stored)],
    columns: &[(&'static str, Stored)],
) -> Result<(), Trouble> {
    if columns.iter().all(|(column, _)| *column != "prefix") {
        return Ok(());
    }
    let is_near: bool = writing
        .connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM queues AS mine JOIN queues AS other ON other.site = mine.site WHERE mine.id = ?1
             AND ((length(other.prefix) = length(mine.prefix) + 1
                   AND substr(other.prefix, 1, length(mine.prefix)) = mine.prefix)
               OR (length(mine.prefix) = length(other.prefix) + 1
                   AND substr(mine.prefix, 1, length(other.prefix)) = other.prefix)))",
        )?
        .query_row([queue], |row| row.get(0))?;
    if is_near {
        let detail = "another queue of the site has this prefix but for one letter at the end";
        return Err(Trouble::invalid("prefix", detail));
    }
    Ok(())
}

/// Follows a number out of somebody's record: the counter comes up to it, and what it skipped is noted. `station` is
/// the issuer of the series where that is a station, whose numbers come in their order.
pub fn follow(
    writing: &Writing<'_>,
    key: SeriesKey,
    number: &TicketNumber,
    station: Option<i64>,
) -> Result<(), Trouble> {
    let (lap, value) = counters(writing.connection, [key])?.remove(&key).unwrap_or_default();
    let new = number.value();
    if new <= value && station.is_none() {
        return forget_gap(writing, key, number);
    }
    if new > LAST_VALUE || new == value {
        return Ok(());
    }
    let (skipped, new_lap): (Vec<u32>, i64) = if new > value {
        ((value + 1..new).collect(), lap)
    } else {
        ((value + 1..=LAST_VALUE).chain(1..new).collect(), lap + 1)
    };
    let head = number.prefix();
    for value in skipped {
        let passed = TicketNumber::new(head, SeriesLetter::Main, value)
            .map_err(|error| Trouble::Internal(format!("a number has no usable head: {error}")))?;
        note_gap(writing, key.queue, key.day, &passed, "skipped", None)?;
    }
    set_counter(writing.connection, key, new_lap, new, station)
}

/// A number that was thought to be nobody's is on somebody's paper after all.
fn forget_gap(writing: &Writing<'_>, key: SeriesKey, number: &TicketNumber) -> Result<(), Trouble> {
    writing
        .connection
        .prepare_cached(
            "DELETE FROM number_gaps WHERE id = (SELECT max(id) FROM number_gaps WHERE queue = ?1 AND day = ?2
             AND number = ?3 AND reason IN ('skipped', 'restored', 'abandoned'))",
        )?
        .execute(params![key.queue, key.day.0, number.to_string()])?;
    Ok(())
}

/// Notes a number that no ticket carries.
pub fn note_gap(
    writing: &Writing<'_>,
    queue: i64,
    day: ServiceDay,
    number: &TicketNumber,
    reason: &str,
    ticket: Option<&str>,
) -> Result<(), Trouble> {
    insert_gap(writing.connection, writing.now_ms, (queue, day.0), &number.to_string(), reason, ticket)
}

fn insert_gap(
    connection: &Connection,
    now_ms: i64,
    (queue, day): (i64, i64),
    number: &str,
    reason: &str,
    ticket: Option<&str>,
) -> Result<(), Trouble> {
    connection
        .prepare_cached(
            "INSERT INTO number_gaps (queue, day, number, reason, ticket, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![queue, day, number, reason, ticket, now_ms])?;
    Ok(())
}

/// Who issues a queue's main series on a day. A series that went from a station to the server is nobody's until each
/// station that ever had it has said that it gave it back, and has come to the day from which that holds; one that was
/// shut out is not waited for.
pub fn issuer(connection: &Connection, queue: i64, day: ServiceDay) -> Result<Issuer, Trouble> {
    let newest: Option<Option<i64>> = connection
        .prepare_cached(
            "SELECT station FROM series_holders WHERE queue = ?1 AND from_day <= ?2 ORDER BY from_day DESC LIMIT 1",
        )?
        .query_row(params![queue, day.0], |row| row.get(0))
        .optional()?;
    match newest {
        None => Ok(Issuer::Unclaimed),
        Some(Some(station)) => Ok(Issuer::Station(station)),
        Some(None) if all_left(connection, queue, day)? => Ok(Issuer::Server),
        Some(None) => Ok(Issuer::Nobody),
    }
}

/// Whether no station can print from a queue's main series on a day any more.
fn all_left(connection: &Connection, queue: i64, day: ServiceDay) -> Result<bool, Trouble> {
    Ok(connection
        .prepare_cached(
            "SELECT NOT EXISTS (
                 SELECT 1 FROM series_holders AS held JOIN stations ON stations.id = held.station
                 WHERE held.queue = ?1 AND held.from_day <= ?2 AND stations.revoked_at IS NULL AND NOT EXISTS (
                     SELECT 1 FROM series_releases AS given WHERE given.queue = ?1 AND given.station = held.station
                     AND given.from_day >= held.from_day AND given.from_day <= ?2
                     AND stations.service_day >= given.from_day))",
        )?
        .query_row(params![queue, day.0], |row| row.get(0))?)
}

/// Sees to it that a queue's main series has the right issuer: the site's only kiosk, or this server when there are two
/// or more. It changes hands at a day's boundary only: what was issued from it today is on somebody's paper.
pub fn claim_main(writing: &Writing<'_>, queue: i64, station: i64, today: ServiceDay) -> Result<(), Trouble> {
    let connection = writing.connection;
    let alone = stations::issuers_of(connection, queue, writing.now_ms)? < 2;
    let newest: Option<(i64, Option<i64>, bool)> = connection
        .prepare_cached(
            "SELECT from_day, station, coalesce(revoked_at, 0) > 0 FROM series_holders
             LEFT JOIN stations ON stations.id = series_holders.station
             WHERE queue = ?1 ORDER BY from_day DESC LIMIT 1",
        )?
        .query_row([queue], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (from_day, holder) = match newest {
        None => {
            let issued_today: bool = connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM series WHERE queue = ?1 AND day >= ?2 AND letter = '')")?
                .query_row(params![queue, today.0], |row| row.get(0))?;
            let restored_today = restored_on(connection, queue)?.is_some_and(|day| day >= today);
            (today.0 + i64::from(alone && (issued_today || restored_today)), alone.then_some(station))
        }
        Some((_, Some(holder), false)) if alone && holder == station => return Ok(()),
        Some((from_day, Some(_), true)) => (today.0.max(from_day) + 1, alone.then_some(station)),
        // Even a holder that has not been seen for long may come back with paper: it must give the series up first.
        Some((from_day, Some(_), false)) => (today.0.max(from_day) + 1, None),
        Some((_, None, _)) if !alone => return Ok(()),
        Some((from_day, None, _)) => {
            let next = ServiceDay(today.0.max(from_day) + 1);
            if !all_left(connection, queue, today)? {
                return Ok(());
            }
            (next.0, Some(station))
        }
    };
    connection
        .prepare_cached("INSERT INTO series_holders (queue, from_day, station) VALUES (?1, ?2, ?3)")?
        .execute(params![queue, from_day, holder])?;
    Ok(())
}

/// The main series of each queue that this station was the last station to get. That they may have to be given back is
/// said beside them.
pub(super) fn grants(connection: &Connection, station: i64, queues: &BTreeSet<i64>) -> Result<Vec<GrantBody>, Trouble> {
    let mut statement = connection.prepare_cached(
        "SELECT queue, from_day FROM series_holders AS newest WHERE station = ?1 AND from_day =
         (SELECT max(from_day) FROM series_holders WHERE queue = newest.queue AND station IS NOT NULL) ORDER BY queue",
    )?;
    let rows = statement.query_map([station], |row| Ok((row.get(0)?, ServiceDay(row.get(1)?))))?;
    let mut grants = Vec::new();
    for row in rows {
        let (queue, from_day): (i64, ServiceDay) = row?;
        if queues.contains(&queue) {
            grants.push(GrantBody { queue, from_day: from_day.to_string() });
        }
    }
    Ok(grants)
}

/// The main series from which this server gives numbers today, or will tomorrow as far as it can know.
pub(super) fn server_series(
    connection: &Connection,
    queues: &BTreeSet<i64>,
    today: ServiceDay,
) -> Result<Vec<GrantBody>, Trouble> {
    let mut series = Vec::new();
    for queue in queues {
        for from_day in [today, ServiceDay(today.0 + 1)] {
            match issuer(connection, *queue, from_day)? {
                Issuer::Unclaimed | Issuer::Server => {
                    series.push(GrantBody { queue: *queue, from_day: from_day.to_string() });
                    break;
                }
                Issuer::Station(_) | Issuer::Nobody => {}
            }
        }
    }
    Ok(series)
}

/// The main series that are not this station's from some day on: one that believes otherwise must give them back. After
/// a restored copy that may be a series of which this server never heard that the station has it.
pub(super) fn released(
    connection: &Connection,
    station: i64,
    queues: &BTreeSet<i64>,
    today: ServiceDay,
) -> Result<Vec<GrantBody>, Trouble> {
    let mut released = Vec::new();
    for queue in queues {
        let newest: Option<(i64, Option<i64>)> = connection
            .prepare_cached(
                "SELECT from_day, station FROM series_holders WHERE queue = ?1 ORDER BY from_day DESC LIMIT 1",
            )?
            .query_row([queue], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let from_day = match newest {
            Some((_, Some(holder))) if holder == station => continue,
            Some((from_day, Some(_) | None)) => ServiceDay(from_day),
            None => today,
        };
        released.push(GrantBody { queue: *queue, from_day: from_day.to_string() });
    }
    Ok(released)
}

/// The service day on which this database was put back from a copy: numbers of that day are on papers that it never
/// heard of.
fn restored_on(connection: &Connection, queue: i64) -> Result<Option<ServiceDay>, Trouble> {
    let restored_ms: Option<i64> = connection
        .prepare_cached("SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'restored_at'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let Some(restored_ms) = restored_ms else { return Ok(None) };
    let site =
        connection.prepare_cached("SELECT site FROM queues WHERE id = ?1")?.query_row([queue], |row| row.get(0))?;
    SiteDays::of(connection, site)?.day(restored_ms).map(Some)
}

/// How far the server's newest series move on when a copy is put back.
const SKIPPED: u32 = 100;

/// Numbers that were given out after a copy was made stand on paper and are in nobody's file. The server's newest series
/// move on, so that they are not given out again soon, and each number that is passed over is noted. A number of them
/// that turns up on a station's record is taken out of the notes again.
pub(super) fn skip_unknown_numbers(connection: &Connection, now_ms: i64) -> Result<(), Trouble> {
    connection.execute(
        "INSERT INTO meta (key, value) VALUES ('restored_at', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [now_ms.to_string()],
    )?;
    let mut statement = connection.prepare_cached(
        "SELECT queue, day, letter, lap, value, prefix FROM series JOIN queues ON queues.id = series.queue
         WHERE series.station IS NULL AND day >= (SELECT max(day) FROM series) - 1",
    )?;
    let rows = statement.query_map([], |row| {
        let place: (i64, u32) = (row.get(3)?, row.get(4)?);
        Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<String>(2)?, place, row.get::<String>(5)?))
    })?;
    for row in rows.collect::<Result<Vec<_>, _>>()? {
        let (queue, day, letter, (mut lap, mut value), prefix) = row;
        let letter = SeriesLetter::from_text(&letter)
            .map_err(|error| Trouble::Internal(format!("a stored letter does not read: {error}")))?;
        for _ in 0..SKIPPED {
            (lap, value) = after((lap, value));
            let number = TicketNumber::new(&prefix, letter, value)
                .map_err(|error| Trouble::Internal(format!("queue {queue} has no usable prefix: {error}")))?;
            insert_gap(connection, now_ms, (queue, day), &number.to_string(), "restored", None)?;
        }
        set_counter(connection, SeriesKey { queue, day: ServiceDay(day), letter }, lap, value, None)?;
    }
    Ok(())
}

/// A number that was given to a touch and is on nobody's record yet.
pub(super) struct Allocation {
    pub(super) key: SeriesKey,
    pub(super) number: String,
    pub(super) lap: i64,
}

/// Takes an allocation out: its touch has ended, one way or the other.
pub(super) fn end_allocation(writing: &Writing<'_>, ticket: Uuid, site: i64) -> Result<Option<Allocation>, Trouble> {
    let found: Option<(i64, i64, String, String, i64)> = writing
        .connection
        .prepare_cached(
            "DELETE FROM allocations WHERE ticket = ?1 AND queue IN (SELECT id FROM queues WHERE site = ?2)
             RETURNING queue, day, letter, number, lap",
        )?
        .query_map(params![ticket.to_string(), site], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })?
        .next()
        .transpose()?;
    let Some((queue, day, letter, number, lap)) = found else { return Ok(None) };
    let letter = SeriesLetter::from_text(&letter)
        .map_err(|error| Trouble::Internal(format!("a stored letter does not read: {error}")))?;
    Ok(Some(Allocation { key: SeriesKey { queue, day: ServiceDay(day), letter }, number, lap }))
}

impl Allocation {
    /// Notes that nobody carries the number.
    pub(super) fn leave_gap(&self, writing: &Writing<'_>, reason: &str, ticket: Uuid) -> Result<(), Trouble> {
        let place = (self.key.queue, self.key.day.0);
        insert_gap(writing.connection, writing.now_ms, place, &self.number, reason, Some(&ticket.to_string()))
    }
}

/// A touch that ended without a number: an Issue in its name that is still on its way must find nothing to do.
pub(super) fn bury(writing: &Writing<'_>, ticket: Uuid, station: i64) -> Result<(), Trouble> {
    writing
        .connection
        .prepare_cached("INSERT INTO tombstones (ticket, station, made_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
        .execute(params![ticket.to_string(), station, writing.now_ms])?;
    Ok(())
}

/// Numbers that were given to stations which cannot know of them any more: shut out, or silent about them for two days.
/// They become gaps; should the paper turn up after all, the paper wins.
pub(super) fn sweep_allocations(writing: &Writing<'_>, site: i64, today: ServiceDay) -> Result<(), Trouble> {
    let mut statement = writing.connection.prepare_cached(
        "SELECT allocations.ticket FROM allocations JOIN stations ON stations.id = allocations.station
         WHERE stations.site = ?1 AND (stations.revoked_at IS NOT NULL OR allocations.day < ?2 - 1)",
    )?;
    let abandoned: Vec<String> = statement.query_map([site, today.0], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for ticket in abandoned {
        let ticket =
            Uuid::parse_str(&ticket).map_err(|_| Trouble::Internal("a stored ticket id does not read".to_owned()))?;
        if let Some(allocation) = end_allocation(writing, ticket, site)? {
            allocation.leave_gap(writing, "abandoned", ticket)?;
        }
    }
    Ok(())
}

fn issue(writing: &Writing<'_>, tenant: i64, station: i64, request: &IssueRequest) -> Result<IssueReply, Trouble> {
    let connection = writing.connection;
    let IssueRequest { epoch, ticket, queue } = request;
    let row = stations::active(connection, tenant, station)?;
    row.expect_epoch(*epoch)?;
    if let Some(reply) = answered(connection, *ticket, row.site)? {
        return Ok(reply);
    }
    let buried: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM tombstones WHERE ticket = ?1)")?
        .query_row([ticket.to_string()], |row| row.get(0))?;
    if buried {
        let detail = "this touch has ended without a number".to_owned();
        return Err(Trouble::Conflict { code: "ticket_withdrawn", detail });
    }
    let found = places::domain_queue(connection, tenant, *queue)?
        .filter(|found| found.site == row.site)
        .ok_or(Trouble::Refused(Refusal::UnknownQueue))?;
    let day = found.days.day(writing.now_ms)?;
    let issues = match issuer(connection, *queue, day)? {
        Issuer::Unclaimed | Issuer::Server => restored_on(connection, *queue)?.is_none_or(|restored| restored < day),
        Issuer::Station(_) | Issuer::Nobody => false,
    };
    if !issues {
        let detail = "the main series of this queue is not the server's to issue today".to_owned();
        return Err(Trouble::Conflict { code: "not_the_issuer", detail });
    }
    let key = SeriesKey { queue: *queue, day, letter: SeriesLetter::Main };
    let wanted = Wanted { site: row.site, prefix: &found.queue.prefix, key };
    let allocated = allocate(writing, &[wanted])?.pop().flatten();
    let Allocated { number, letter, lap } = allocated.ok_or(Trouble::Refused(Refusal::QueueFull))?;
    connection
        .prepare_cached(
            "INSERT INTO allocations (ticket, station, queue, day, letter, lap, value, number, made_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            ticket.to_string(),
            station,
            queue,
            day.0,
            letter.as_text(),
            lap,
            number.value(),
            number.to_string(),
            writing.now_ms,
        ])
        .map_err(|error| {
            if error.is_not_unique() {
                // A touch that the wall hides from this tenant.
                let detail = "this id belongs to another ticket".to_owned();
                return Trouble::Conflict { code: "id_taken", detail };
            }
            error.into()
        })?;
    Ok(IssueReply { ticket: *ticket, number: number.to_string(), letter: letter.as_text(), day: day.to_string() })
}

/// What was answered to the same touch before, or what its ticket has become.
fn answered(connection: &Connection, ticket: Uuid, site: i64) -> Result<Option<IssueReply>, Trouble> {
    let reply = connection
        .prepare_cached(
            "SELECT number, letter, day FROM allocations WHERE ticket = ?1
             UNION ALL SELECT number, letter, day FROM tickets WHERE id = ?1 AND site = ?2",
        )?
        .query_row(params![ticket.to_string(), site], |row| {
            Ok(IssueReply {
                ticket,
                number: row.get(0)?,
                letter: row.get(1)?,
                day: ServiceDay(row.get(2)?).to_string(),
            })
        })
        .optional()?;
    Ok(reply)
}

impl Ledger {
    /// Gives a number of a main series that this server issues to a station's touch. The same touch gets the same answer.
    pub async fn issue(&self, tenant: i64, station: i64, request: IssueRequest) -> Result<IssueReply, Trouble> {
        self.write(Whose::Tenant(tenant), move |writing| issue(writing, tenant, station, &request)).await
    }
}
