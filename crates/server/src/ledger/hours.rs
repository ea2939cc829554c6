//! What happened in each queue in each local hour: counted in the transaction of the step, read by intelligence.
//! This module never looks at past tickets, so its answers cost the same however many there are.

use super::service_days::SiteDays;
use super::store::{Connection, OptionalExtension, Stored};
use super::tickets::TicketRow;
use crate::metrics::{Origin, metrics};
use crate::trouble::Trouble;
use smartqueue_domain::TicketStatus;
use smartqueue_domain::intelligence::{WEEKS_BACK, WeekFigures};
use smartqueue_protocol::words::channel_word;
use std::collections::BTreeMap;

/// Hours of a day, and of a week.
const DAY: i64 = 24;
const WEEK: i64 = 7 * DAY;

/// What is counted; each field is a column of `queue_hours`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tickets taken.
    pub arrived: u64,
    /// Of these, with a priority above 0.
    pub high_priority: u64,
    /// Tickets called for the first time.
    pub called: u64,
    /// Of these, later than was promised.
    pub breached: u64,
    /// The sum of the waits until the first call, in milliseconds.
    pub waited_ms: u64,
    /// Tickets ended after service.
    pub served: u64,
    /// The sum of their service times, in milliseconds.
    pub served_ms: u64,
    /// Calls that nobody came to.
    pub absent: u64,
    /// Tickets withdrawn.
    pub cancelled: u64,
}

/// The local hour of an instant on the clock of a queue's site: 24 x days since 1970-01-01 + the hour of the day.
pub(super) fn local_hour(connection: &Connection, queue: i64, at_ms: i64) -> Result<i64, Trouble> {
    hour_of(&SiteDays::of_queue(connection, queue)?, at_ms)
}

fn hour_of(days: &SiteDays, at_ms: i64) -> Result<i64, Trouble> {
    let local = days.local(at_ms)?;
    Ok(local.day() * DAY + i64::from(local.minute() / 60))
}

/// A ticket's labels. Counters of the process count a step when it is taken; one that is rolled back counts all the same.
fn origin(ticket: &TicketRow) -> Origin {
    Origin { tenant: ticket.tenant, channel: channel_word(ticket.channel) }
}

/// Counts tickets that were taken, each in the hour of its touch.
pub(super) fn count_arrivals<'a>(
    connection: &Connection,
    tickets: impl IntoIterator<Item = (&'a TicketRow, &'a SiteDays)>,
) -> Result<(), Trouble> {
    let mut sums: BTreeMap<(i64, i64), Counts> = BTreeMap::new();
    for (ticket, days) in tickets {
        metrics().tickets_created.get_or_create(&origin(ticket)).inc();
        let sum = sums.entry((ticket.queue, hour_of(days, ticket.created_at)?)).or_default();
        sum.arrived += 1;
        sum.high_priority += u64::from(ticket.priority > 0);
    }
    add(connection, sums)
}

/// Counts a step by the state that it led to. `was_called` says whether the ticket had been called before the step: only
/// a first call ends a wait.
pub(super) fn count_step(
    connection: &Connection,
    ticket: &TicketRow,
    was_called: bool,
    now_ms: i64,
) -> Result<(), Trouble> {
    let since = |from_ms: i64| u64::try_from(now_ms - from_ms).unwrap_or(0);
    let counts = match ticket.status {
        TicketStatus::Called if was_called => return Ok(()),
        TicketStatus::Called => {
            metrics().tickets_called.get_or_create(&origin(ticket)).inc();
            let waited_ms = since(ticket.created_at);
            let sla_seconds: u64 = connection
                .prepare_cached("SELECT sla_seconds FROM queues WHERE id = ?1")?
                .query_row([ticket.queue], |row| row.get::<i64>(0))?
                .unsigned_abs();
            let breached = u64::from(waited_ms > sla_seconds * 1_000);
            Counts { called: 1, breached, waited_ms, ..Counts::default() }
        }
        TicketStatus::Done => {
            let served_ms = ticket.started_at.or(ticket.called_at).map_or(0, since);
            Counts { served: 1, served_ms, ..Counts::default() }
        }
        TicketStatus::NoShow => Counts { absent: 1, ..Counts::default() },
        TicketStatus::Cancelled => Counts { cancelled: 1, ..Counts::default() },
        TicketStatus::Waiting | TicketStatus::InService | TicketStatus::OnHold => return Ok(()),
    };
    add(connection, BTreeMap::from([((ticket.queue, local_hour(connection, ticket.queue, now_ms)?), counts)]))
}

/// Adds to what is counted of queues in hours.
fn add(connection: &Connection, counts: BTreeMap<(i64, i64), Counts>) -> Result<(), Trouble> {
    let row = |((queue, hour), counts)| {
        let Counts { arrived, high_priority, called, breached, waited_ms, served, served_ms, absent, cancelled } =
            counts;
        let counted = [arrived, high_priority, called, breached, waited_ms, served, served_ms, absent, cancelled];
        [queue, hour].into_iter().chain(counted.map(whole)).map(Stored::Integer).collect()
    };
    Ok(connection.insert_rows(
        "INSERT INTO queue_hours (queue, hour, arrived, high_priority, called, breached, waited_ms, served,
         served_ms, absent, cancelled) VALUES {rows} ON CONFLICT (queue, hour) DO UPDATE SET
             arrived = queue_hours.arrived + excluded.arrived,
             high_priority = queue_hours.high_priority + excluded.high_priority,
             called = queue_hours.called + excluded.called,
             breached = queue_hours.breached + excluded.breached,
             waited_ms = queue_hours.waited_ms + excluded.waited_ms,
             served = queue_hours.served + excluded.served,
             served_ms = queue_hours.served_ms + excluded.served_ms,
             absent = queue_hours.absent + excluded.absent,
             cancelled = queue_hours.cancelled + excluded.cancelled",
        counts.into_iter().map(row).collect(),
    )?)
}

/// As SQL has it.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The sum over the hours `[from, until)`: at most as many rows as hours.
fn sum(connection: &Connection, queue: i64, from: i64, until: i64) -> Result<Counts, Trouble> {
    let sum = connection
        .prepare_cached(
            "SELECT CAST(coalesce(sum(arrived), 0) AS BIGINT), CAST(coalesce(sum(high_priority), 0) AS BIGINT),
             CAST(coalesce(sum(called), 0) AS BIGINT), CAST(coalesce(sum(breached), 0) AS BIGINT),
             CAST(coalesce(sum(waited_ms), 0) AS BIGINT), CAST(coalesce(sum(served), 0) AS BIGINT),
             CAST(coalesce(sum(served_ms), 0) AS BIGINT), CAST(coalesce(sum(absent), 0) AS BIGINT),
             CAST(coalesce(sum(cancelled), 0) AS BIGINT)
             FROM queue_hours WHERE queue = ?1 AND hour >= ?2 AND hour < ?3",
        )?
        .query_row([queue, from, until], |row| {
            let figure = |place| row.get::<i64>(place).map(i64::unsigned_abs);
            Ok(Counts {
                arrived: figure(0)?,
                high_priority: figure(1)?,
                called: figure(2)?,
                breached: figure(3)?,
                waited_ms: figure(4)?,
                served: figure(5)?,
                served_ms: figure(6)?,
                absent: figure(7)?,
                cancelled: figure(8)?,
            })
        })?;
    Ok(sum)
}

/// What happened since local midnight.
pub(super) fn today(connection: &Connection, queue: i64, now_ms: i64) -> Result<Counts, Trouble> {
    let hour = local_hour(connection, queue, now_ms)?;
    sum(connection, queue, hour - hour.rem_euclid(DAY), hour + 1)
}

/// What happened in the last seven times 24 hours, the present one included.
pub(super) fn last_week(connection: &Connection, queue: i64, now_ms: i64) -> Result<WeekFigures, Trouble> {
    let hour = local_hour(connection, queue, now_ms)?;
    // A week has 168 rows, so only the columns that are needed are summed.
    let week = connection
        .prepare_cached(
            "SELECT CAST(coalesce(sum(arrived), 0) AS BIGINT), CAST(coalesce(sum(high_priority), 0) AS BIGINT),
             CAST(coalesce(sum(called), 0) AS BIGINT), CAST(coalesce(sum(breached), 0) AS BIGINT)
             FROM queue_hours WHERE queue = ?1 AND hour >= ?2 AND hour < ?3",
        )?
        .query_row([queue, hour + 1 - WEEK, hour + 1], |row| {
            let figure = |place| row.get::<i64>(place).map(i64::unsigned_abs);
            Ok(WeekFigures { arrived: figure(0)?, high_priority: figure(1)?, called: figure(2)?, breached: figure(3)? })
        })?;
    Ok(week)
}

/// Tickets taken one, two, three and four weeks before the coming hour; nothing for a week in which the queue was not
/// counted yet.
pub(super) fn same_hour_before(
    connection: &Connection,
    queue: i64,
    now_ms: i64,
) -> Result<[Option<u32>; WEEKS_BACK], Trouble> {
    let coming = local_hour(connection, queue, now_ms)? + 1;
    let first: Option<i64> = connection
        .prepare_cached("SELECT hour FROM queue_hours WHERE queue = ?1 ORDER BY hour LIMIT 1")?
        .query_row([queue], |row| row.get(0))
        .optional()?;
    let mut before = [None; WEEKS_BACK];
    let mut statement = connection.prepare_cached("SELECT arrived FROM queue_hours WHERE queue = ?1 AND hour = ?2")?;
    for (week, place) in (1..).zip(&mut before) {
        let hour = coming - week * WEEK;
        if first.is_some_and(|first| first <= hour) {
            let arrived: Option<u32> = statement.query_row([queue, hour], |row| row.get(0)).optional()?;
            // An hour without a row is an hour in which nothing happened.
            *place = Some(arrived.unwrap_or(0));
        }
    }
    Ok(before)
}
