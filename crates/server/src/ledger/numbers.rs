//! The numbers that this server gives out, and who else gives out which.
//!
//! A series (queue, service day, letter) has exactly one issuer. The server counts inside the writer's transaction, so a
//! number is durable before anybody hears of it. This module never touches a ticket.

use super::writer::Writing;
use crate::trouble::Trouble;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension, params};
use smartqueue_domain::{LAST_VALUE, LocalTime, Refusal, SeriesLetter, ServiceDay, TicketNumber};

/// A number that belongs to nobody else.
pub struct Allocated {
    /// The number as it is shown.
    pub number: TicketNumber,
    /// The series' letter.
    pub letter: SeriesLetter,
    /// How often the series went past its last value.
    pub lap: i64,
}

/// Takes the next number of the series that this server owns for the queue today.
pub fn allocate(
    writing: &Writing<'_>,
    site: i64,
    queue: i64,
    prefix: &str,
    day: ServiceDay,
) -> Result<Allocated, Trouble> {
    let connection = writing.connection;
    let letter = match owner(connection, queue, day)? {
        Some(_) => SeriesLetter::SERVER,
        None => SeriesLetter::Main,
    };
    let (mut lap, mut value): (i64, u32) = connection
        .prepare_cached(
            "INSERT INTO series (queue, day, letter) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET value = value RETURNING lap, value",
        )?
        .query_row(params![queue, day.0, letter.as_text()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for _ in 0..LAST_VALUE {
        (lap, value) = after(lap, value);
        let number = TicketNumber::new(prefix, letter, value)
            .map_err(|error| Trouble::Internal(format!("queue {queue} has no usable prefix: {error}")))?;
        if is_live(connection, site, &number)? {
            note_gap(writing, queue, day, &number, "still_live", None)?;
            continue;
        }
        connection
            .prepare_cached("UPDATE series SET lap = ?4, value = ?5 WHERE queue = ?1 AND day = ?2 AND letter = ?3")?
            .execute(params![queue, day.0, letter.as_text(), lap, value])?;
        return Ok(Allocated { number, letter, lap });
    }
    Err(Trouble::Refused(Refusal::QueueFull))
}

/// The place after a place in a series: after the last value it starts again at 1.
fn after(lap: i64, value: u32) -> (i64, u32) {
    if value >= LAST_VALUE { (lap + 1, 1) } else { (lap, value + 1) }
}

fn is_live(connection: &Connection, site: i64, number: &TicketNumber) -> Result<bool, Trouble> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM tickets WHERE site = ?1 AND number = ?2
             AND status IN ('en_attente', 'appelé', 'en_service', 'en_pause'))",
        )?
        .query_row(params![site, number.to_string()], |row| row.get(0))?)
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
    writing
        .connection
        .prepare_cached(
            "INSERT INTO number_gaps (queue, day, number, reason, ticket, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![queue, day.0, number.to_string(), reason, ticket, writing.now_ms])?;
    Ok(())
}

/// The station that owns a queue's main series on a day, if it is not the server's.
pub fn owner(connection: &Connection, queue: i64, day: ServiceDay) -> Result<Option<i64>, Trouble> {
    Ok(connection
        .prepare_cached(
            "SELECT station FROM series_owners WHERE queue = ?1 AND from_day <= ?2 ORDER BY from_day DESC LIMIT 1",
        )?
        .query_row(params![queue, day.0], |row| row.get(0))
        .optional()?)
}

/// Makes a station the owner of a main series that nobody owns: from today if the server has not issued from it today,
/// else from tomorrow, because ownership changes only at a day's boundary. The owner's series of a revoked station
/// pass on in the same way, one day later at the earliest, because that station may have issued today.
pub fn claim_main(writing: &Writing<'_>, queue: i64, station: i64, today: ServiceDay) -> Result<(), Trouble> {
    let connection = writing.connection;
    let newest: Option<(i64, bool)> = connection
        .prepare_cached(
            "SELECT series_owners.from_day, stations.revoked_at IS NOT NULL FROM series_owners
             JOIN stations ON stations.id = series_owners.station
             WHERE series_owners.queue = ?1 ORDER BY series_owners.from_day DESC LIMIT 1",
        )?
        .query_row([queue], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let from_day = match newest {
        Some((_, false)) => return Ok(()),
        Some((from_day, true)) => today.0.max(from_day) + 1,
        None => {
            let issued_today: bool = connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM series WHERE queue = ?1 AND day >= ?2 AND letter = '')")?
                .query_row(params![queue, today.0], |row| row.get(0))?;
            today.0 + i64::from(issued_today)
        }
    };
    connection
        .prepare_cached("INSERT INTO series_owners (queue, from_day, station) VALUES (?1, ?2, ?3)")?
        .execute(params![queue, from_day, station])?;
    Ok(())
}

/// The service day and the local time of an instant at a site.
///
/// # Errors
/// [`Trouble::Internal`] for a time zone that does not exist.
pub fn local_time(timezone: &str, now_ms: i64) -> Result<(ServiceDay, LocalTime), Trouble> {
    let zone = TimeZone::get(timezone)
        .map_err(|error| Trouble::Internal(format!("the site's time zone {timezone} does not exist: {error}")))?;
    let now = jiff::Timestamp::from_millisecond(now_ms)
        .map_err(|error| Trouble::Internal(format!("the clock is out of range: {error}")))?;
    let local = LocalTime::new(now_ms, zone.to_offset(now).seconds() / 60);
    Ok((ServiceDay::of(local), local))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_counts_to_its_last_value_and_starts_again() {
        assert_eq!(after(0, 0), (0, 1));
        assert_eq!(after(0, 998), (0, 999));
        assert_eq!(after(0, 999), (1, 1));
        assert_eq!(after(1, 1), (1, 2));
    }

    #[test]
    fn the_service_day_follows_the_sites_zone_and_its_summer_time() {
        // 2026-07-01 01:30 UTC is 03:30 in Paris (still the day before) and 2026-07-01 02:30 UTC is 04:30.
        let at = |minutes: i64| 1_782_864_000_000 + minutes * 60_000;
        let day = |minutes| local_time("Europe/Paris", at(minutes)).unwrap().0.to_string();
        assert_eq!(day(90), "2026-06-30");
        assert_eq!(day(150), "2026-07-01");
        assert_eq!(local_time("Africa/Dakar", at(150)).unwrap().0.to_string(), "2026-06-30");
        assert!(local_time("Mars/Olympus", 0).is_err());
    }
}
