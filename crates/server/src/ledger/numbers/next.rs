//! The next numbers of series: which letter a ticket gets, how far a series has come, which labels must not be given out
//! yet. As many as are wanted are chosen together, so that they share their questions. This module never touches a ticket.

use super::{Counters, SeriesKey, note_gap, set_counters};
use crate::ledger::service_days::SiteDays;
use crate::ledger::stations;
use crate::ledger::store::rows::{Kind, asked, list};
use crate::ledger::store::{Connection, Error, Row, Stored};
use crate::ledger::writer::Writing;
use crate::trouble::Trouble;
use smartqueue_domain::{LABEL_COOL_DOWN_MS, LAST_VALUE, SeriesLetter, ServiceDay, TicketNumber};
use std::collections::{BTreeMap, BTreeSet};

/// A number that belongs to nobody else.
pub struct Allocated {
    /// The number as it is shown.
    pub number: TicketNumber,
    /// The series' letter.
    pub letter: SeriesLetter,
    /// How often the series went past its last value.
    pub lap: i64,
}

/// What says from which series a ticket that somebody takes at the server gets its number.
pub(in crate::ledger) struct Claim {
    /// The first day on which the main series was given to anybody.
    first_day: Option<ServiceDay>,
    /// When this database was put back from a copy.
    restored_ms: Option<i64>,
}

impl Claim {
    /// The columns that it is read from, in a question about a row of `queues`.
    pub(in crate::ledger) const COLUMNS: &str =
        "(SELECT min(from_day) FROM series_holders WHERE series_holders.queue = queues.id),
         (SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'restored_at')";

    /// Reads it where its columns begin.
    pub(in crate::ledger) fn read(row: &Row<'_>, place: usize) -> Result<Claim, Error> {
        let first_day: Option<i64> = row.get(place)?;
        Ok(Claim { first_day: first_day.map(ServiceDay), restored_ms: row.get(place + 1)? })
    }

    /// The letter of a queue's numbers on a day.
    pub(in crate::ledger) fn letter(
        &self,
        connection: &Connection,
        queue: i64,
        day: ServiceDay,
        days: &SiteDays,
    ) -> Result<SeriesLetter, Trouble> {
        // The main series is the lobby's as soon as it was given to anybody; what is taken elsewhere has one of its own.
        if self.first_day.is_some_and(|first_day| first_day <= day) {
            return Ok(SeriesLetter::SERVER);
        }
        let restored = self.restored_ms.map(|restored_ms| days.day(restored_ms)).transpose()?;
        // A copy that was put back today may not know that it gave the series to a kiosk.
        let is_doubtful = restored.is_some_and(|restored| restored >= day)
            && stations::issuers_of(connection, queue, crate::clock::now_ms())? > 0;
        Ok(if is_doubtful { SeriesLetter::SERVER } else { SeriesLetter::Main })
    }
}

/// Whose number is wanted, and from which series.
pub(in crate::ledger) struct Wanted<'a> {
    /// The site.
    pub(in crate::ledger) site: i64,
    /// The queue's prefix.
    pub(in crate::ledger) prefix: &'a str,
    /// The series, one that this server issues.
    pub(in crate::ledger) key: SeriesKey,
}

/// A number that would be the next.
struct Candidate {
    /// For which of those that are wanted.
    place: usize,
    lap: i64,
    number: TicketNumber,
}

/// Takes the next number of its series for each that is wanted, in their order. A series whose every number is in use has
/// none.
pub(in crate::ledger) fn allocate(
    writing: &Writing<'_>,
    wanted: &[Wanted<'_>],
) -> Result<Vec<Option<Allocated>>, Trouble> {
    let mut counters = counters(writing.connection, wanted.iter().map(|wanted| wanted.key))?;
    let before = counters.clone();
    let mut reached = counters.clone();
    let mut allocated: Vec<Option<Allocated>> = wanted.iter().map(|_| None).collect();
    let mut passed: Vec<Vec<(TicketNumber, &'static str)>> = wanted.iter().map(|_| Vec::new()).collect();
    let mut given = BTreeSet::new();
    let mut open: Vec<usize> = (0..wanted.len()).collect();
    for _ in 0..LAST_VALUE {
        if open.is_empty() {
            break;
        }
        let mut candidates = Vec::with_capacity(open.len());
        for place in open.drain(..) {
            let Wanted { site: _, prefix, key } = &wanted[place];
            let counter = counters.entry(*key).or_default();
            *counter = after(*counter);
            let (lap, value) = *counter;
            let number = TicketNumber::new(prefix, key.letter, value)
                .map_err(|error| Trouble::Internal(format!("queue {} has no usable prefix: {error}", key.queue)))?;
            candidates.push(Candidate { place, lap, number });
        }
        let reasons = taken(writing, wanted, &candidates)?;
        for (Candidate { place, lap, number }, reason) in candidates.into_iter().zip(reasons) {
            let Wanted { site, prefix: _, key } = &wanted[place];
            // Two queues of a site may have the same prefix.
            let is_first = reason.is_none() && given.insert((*site, number.clone()));
            if is_first {
                reached.insert(*key, (lap, number.value()));
                allocated[place] = Some(Allocated { number, letter: key.letter, lap });
            } else {
                passed[place].push((number, reason.unwrap_or("still_live")));
                open.push(place);
            }
        }
    }
    for ((Wanted { key, .. }, passed), allocated) in wanted.iter().zip(passed).zip(&allocated) {
        // Where there was no number to be had, none was passed over for another.
        for (number, reason) in passed.into_iter().filter(|_| allocated.is_some()) {
            note_gap(writing, key.queue, key.day, &number, reason, None)?;
        }
    }
    reached.retain(|key, place| before.get(key) != Some(place));
    set_counters(writing.connection, reached, None)?;
    Ok(allocated)
}

/// The place after a place in a series: after the last value it starts again at 1.
pub(super) fn after((lap, value): (i64, u32)) -> (i64, u32) {
    if value >= LAST_VALUE { (lap + 1, 1) } else { (lap, value + 1) }
}

/// The counters of series; one that has not begun stands before its first number.
pub(super) fn counters(
    connection: &Connection,
    series: impl IntoIterator<Item = SeriesKey>,
) -> Result<Counters, Trouble> {
    let mut counters = Counters::new();
    let mut alike: BTreeMap<(ServiceDay, SeriesLetter), BTreeSet<i64>> = BTreeMap::new();
    for key in series {
        counters.insert(key, (0, 0));
        alike.entry((key.day, key.letter)).or_default().insert(key.queue);
    }
    for ((day, letter), queues) in alike {
        let text = connection.text("counters", queues.len(), || {
            let queues = list(queues.len(), 2);
            format!("SELECT queue, lap, value FROM series WHERE day = ?1 AND letter = ?2 AND queue IN ({queues})")
        });
        let mut statement = connection.prepare_cached(&text)?;
        let mut values = vec![Stored::Integer(day.0), Stored::Text(letter.as_text())];
        values.extend(queues.into_iter().map(Stored::Integer));
        let rows = statement.query_map(&values[..], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        for row in rows {
            let (queue, place) = row?;
            counters.insert(SeriesKey { queue, day, letter }, place);
        }
    }
    Ok(counters)
}

/// Why each label must not stand on a new paper at its site, if so.
fn taken(
    writing: &Writing<'_>,
    wanted: &[Wanted<'_>],
    candidates: &[Candidate],
) -> Result<Vec<Option<&'static str>>, Trouble> {
    let since_ms = writing.now_ms - LABEL_COOL_DOWN_MS.cast_signed();
    let text = writing.connection.text("labels in use", candidates.len(), || {
        let asked = asked(candidates.len(), &[Kind::Whole, Kind::Whole, Kind::Whole, Kind::Text], 1);
        let live = stands_as(writing.connection, &["en_attente", "appelé", "en_service", "en_pause"], "");
        let cooling = stands_as(writing.connection, &["terminé", "absent", "annulé"], "AND created_at > ?1");
        format!(
            "SELECT column1, {live} OR (SELECT 1 FROM allocations WHERE queue = column3 AND number = column4 LIMIT 1)
                 IS NOT NULL, {cooling} FROM (VALUES {asked}) AS asked"
        )
    });
    let mut values = vec![Stored::Integer(since_ms)];
    for (Candidate { place, lap: _, number }, row) in candidates.iter().zip(0..) {
        let Wanted { site, prefix: _, key } = &wanted[*place];
        values.extend([row, *site, key.queue].map(Stored::Integer));
        values.push(Stored::Text(number.to_string()));
    }
    let mut statement = writing.connection.prepare_cached(&text)?;
    let rows = statement.query_map(&values[..], |row| Ok((row.get::<u32>(0)?, row.get(1)?, row.get(2)?)))?;
    let mut reasons = vec![None; candidates.len()];
    for row in rows {
        let (row, live, cooling): (u32, bool, bool) = row?;
        reasons[row as usize] = if live { Some("still_live") } else { cooling.then_some("cooling") };
    }
    Ok(reasons)
}

/// The SQL for whether a ticket with the number `column4` at the site `column2` has one of these statuses. SQLite is asked
/// one by one, because it makes a table of a list each time; PostgreSQL for all at once, because each question costs it a
/// preparation, and never in words that let it read a whole table first.
fn stands_as(connection: &Connection, statuses: &[&str], further: &str) -> String {
    let exists = |status: String| {
        format!(
            "(SELECT 1 FROM tickets WHERE site = column2 AND number = column4 AND status {status} {further} LIMIT 1)
             IS NOT NULL"
        )
    };
    if connection.is_postgres() {
        return exists(format!("IN ('{}')", statuses.join("', '")));
    }
    let each: Vec<String> = statuses.iter().map(|status| exists(format!("= '{status}'"))).collect();
    format!("({})", each.join(" OR "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_counts_to_its_last_value_and_starts_again() {
        assert_eq!(after((0, 0)), (0, 1));
        assert_eq!(after((0, 998)), (0, 999));
        assert_eq!(after((0, 999)), (1, 1));
        assert_eq!(after((1, 1)), (1, 2));
    }
}
