//! Tickets that people take at the server: as many at once as are asked for at the moment.
//!
//! What they need from the database is asked for all of them in three questions, and what they change is written for all of
//! them behind each other; what a step for each would have seen of its forerunners is reckoned here. This module never takes
//! a ticket any further.

use super::events::{self, Kind};
use super::figures::{self, Line};
use super::numbers::{self, Claim, SeriesKey, Wanted};
use super::places::{self, FoundQueue};
use super::store::{Connection, Error, Row, Whose};
use super::tickets::{self, Entry, TicketRow, id_taken};
use super::writer::Writing;
use super::{Hands, Ledger};
use crate::metrics::metrics;
use crate::trouble::Trouble;
use smartqueue_domain::{Algorithm, Channel, Refusal};
use smartqueue_protocol::api::TicketAnswer;
use smartqueue_protocol::event::QueueFigures;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A ticket that somebody asks for.
pub struct NewTicket {
    /// Made by the client so that a repeat is harmless; nothing lets the server draw one.
    pub id: Option<Uuid>,
    /// The queue.
    pub queue: i64,
    /// The door.
    pub channel: Channel,
    /// Higher goes first.
    pub priority: i64,
    /// Free fields about the customer.
    pub customer: serde_json::Map<String, serde_json::Value>,
}

/// A ticket, and whether this request made it.
pub struct Created {
    /// The ticket.
    pub ticket: TicketAnswer,
    /// False for a repeat.
    pub is_new: bool,
}

/// A queue for which somebody asks, with what a new ticket needs to know of it.
struct Asked {
    found: FoundQueue,
    claim: Claim,
    /// The site's newest event.
    newest: u64,
    /// Who waits, and how fast it goes: what was published last, which is how it is whenever a step begins.
    figures: QueueFigures,
    /// Who of them came later than now, by a station's clock.
    later: u32,
    /// Who of them came in this very millisecond.
    just_now: u32,
}

impl Asked {
    /// The columns behind the queue's own; `?1` is now.
    const COLUMNS: &str = "sites.event_seq, shown_waiting, shown_mean, shown_agents,
         (SELECT count(*) FROM tickets WHERE tickets.queue = queues.id AND status = 'en_attente' AND created_at > ?1),
         (SELECT count(*) FROM tickets WHERE tickets.queue = queues.id AND status = 'en_attente' AND created_at = ?1)";

    /// Those of several queues that are the tenant's.
    fn load(
        connection: &Connection,
        tenant: i64,
        queues: &BTreeSet<i64>,
        now_ms: i64,
    ) -> Result<BTreeMap<i64, Asked>, Trouble> {
        let queues: Vec<i64> = queues.iter().copied().collect();
        let read = |row: &Row<'_>, place: usize| {
            let figures = |id| -> Result<QueueFigures, Error> {
                let (waiting, mean_service_seconds) = (row.get(place + 1)?, row.get(place + 2)?);
                Ok(QueueFigures { id, waiting, mean_service_seconds, available_agents: row.get(place + 3)? })
            };
            let came: (u32, u32) = (row.get(place + 4)?, row.get(place + 5)?);
            Ok((row.get::<i64>(place)?, figures(row.get(0)?)?, came, Claim::read(row, place + 6)?))
        };
        let columns = ("queue asked for", || format!("{}, {}", Asked::COLUMNS, Claim::COLUMNS));
        let found = places::domain_queues(connection, tenant, &queues, &[now_ms], columns, read)?;
        let asked = found.into_iter().map(|(found, (newest, figures, (later, just_now), claim))| {
            (figures.id, Asked { found, claim, newest: newest.unsigned_abs(), figures, later, just_now })
        });
        Ok(asked.collect())
    }

    /// The series from which the next ticket gets its number, if there may be one. So many are let in before it.
    fn series(&self, connection: &Connection, now_ms: i64, let_in: u32) -> Result<SeriesKey, Trouble> {
        let FoundQueue { queue, site: _, days } = &self.found;
        if !queue.is_open(days.local(now_ms)?) {
            return Err(Trouble::Refused(Refusal::ServiceClosed));
        }
        if queue.max_capacity.is_some_and(|capacity| self.figures.waiting + let_in >= capacity) {
            return Err(Trouble::Refused(Refusal::QueueFull));
        }
        let day = days.day(now_ms)?;
        let letter = self.claim.letter(connection, self.figures.id, day, days)?;
        Ok(SeriesKey { queue: self.figures.id, day, letter })
    }

    /// How many people are called before a ticket that is not in the table yet. `new` are those of its queue that were made
    /// in the same step before it.
    fn ahead(&self, connection: &Connection, ticket: &TicketRow, new: &[&TicketRow]) -> Result<u32, Trouble> {
        let is_by_priority = match self.found.queue.algorithm {
            Algorithm::Priority => true,
            // In a queue of its own an older ticket goes first, past its promise or not.
            Algorithm::Fifo | Algorithm::Sla => false,
        };
        let rank =
            |ticket: &TicketRow| (if is_by_priority { -ticket.priority } else { 0 }, ticket.number.clone(), ticket.id);
        let new_before = new.iter().filter(|other| rank(other) < rank(ticket)).count();
        let stood_before = if is_by_priority || self.just_now > 0 {
            figures::ahead_of(connection, ticket)?
        } else {
            self.figures.waiting.saturating_sub(self.later)
        };
        Ok(stood_before.saturating_add(u32::try_from(new_before).unwrap_or(u32::MAX)))
    }
}

type Outcome = Result<Created, Trouble>;

/// Makes tickets for those who ask, each of whom gets a ticket or a reason why not.
pub(super) fn create(writing: &mut Writing<'_>, tenant: i64, asked: &[NewTicket]) -> Result<Vec<Outcome>, Trouble> {
    let ids: BTreeSet<Uuid> = asked.iter().filter_map(|ask| ask.id).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let made = tickets::known(writing.connection, &ids)?;
    let unknown: Vec<Uuid> = ids.into_iter().filter(|id| !made.contains(id)).collect();
    let elsewhere = tickets::elsewhere(writing.connection, &unknown)?;
    let (mut new, mut repeats) = (Vec::new(), Vec::new());
    let mut outcomes: BTreeMap<usize, Outcome> = BTreeMap::new();
    for (place, ask) in asked.iter().enumerate() {
        match ask.id {
            Some(id) if elsewhere.contains(&id) => {
                outcomes.insert(place, Err(id_taken()));
            }
            Some(id) if made.contains(&id) => repeats.push(place),
            // Who asks twice at once is answered the second time from what the first made.
            Some(id) if new.iter().any(|first: &usize| asked[*first].id == Some(id)) => repeats.push(place),
            Some(_) | None => new.push(place),
        }
    }
    let wanted: Vec<&NewTicket> = new.iter().map(|place| &asked[*place]).collect();
    outcomes.extend(new.iter().copied().zip(make(writing, tenant, &wanted)?));
    for place in repeats {
        outcomes.insert(place, repeat(writing, tenant, &asked[place])?);
    }
    Ok(outcomes.into_values().collect())
}

/// The answer to a request that was made before.
fn repeat(writing: &mut Writing<'_>, tenant: i64, ask: &NewTicket) -> Result<Outcome, Trouble> {
    let ticket = ask.id.map(|id| tickets::find(writing.connection, id)).transpose()?.flatten();
    let Some(ticket) = ticket else {
        // The first was refused, so this is a first one again.
        let outcome = make(writing, tenant, &[ask])?.pop();
        return outcome.ok_or_else(|| Trouble::Internal("a request without an outcome".to_owned()));
    };
    if ticket.tenant != tenant || ticket.queue != ask.queue {
        return Ok(Err(id_taken()));
    }
    let line = Line::of_ticket(writing.connection, &ticket)?;
    Ok(ticket.answer(&line).map(|ticket| Created { ticket, is_new: false }))
}

/// Makes tickets that are not there yet.
fn make(writing: &mut Writing<'_>, tenant: i64, asked: &[&NewTicket]) -> Result<Vec<Outcome>, Trouble> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let now_ms = writing.now_ms;
    let queues = Asked::load(writing.connection, tenant, &asked.iter().map(|ask| ask.queue).collect(), now_ms)?;
    let mut let_in: BTreeMap<i64, u32> = BTreeMap::new();
    let (mut refused, mut open, mut wanted) = (BTreeMap::new(), Vec::new(), Vec::new());
    for (place, ask) in asked.iter().enumerate() {
        let Some(queue) = queues.get(&ask.queue) else {
            refused.insert(place, Trouble::Refused(Refusal::UnknownQueue));
            continue;
        };
        let before = let_in.entry(ask.queue).or_default();
        match queue.series(writing.connection, now_ms, *before) {
            Ok(key) => {
                *before += 1;
                wanted.push(Wanted { site: queue.found.site, prefix: &queue.found.queue.prefix, key });
                open.push((place, queue, key));
            }
            Err(refusal @ Trouble::Refused(_)) => {
                refused.insert(place, refusal);
            }
            Err(trouble) => return Err(trouble),
        }
    }
    let mut labels = Vec::with_capacity(open.len());
    for ((place, queue, key), allocated) in open.into_iter().zip(numbers::allocate(writing, &wanted)?) {
        match allocated {
            Some(allocated) => {
                let customer = serde_json::Value::Object(asked[place].customer.clone()).to_string();
                labels.push((place, queue, key, allocated, customer));
            }
            None => {
                refused.insert(place, Trouble::Refused(Refusal::QueueFull));
            }
        }
    }
    let entries: Vec<Entry<'_>> = labels
        .iter()
        .map(|(place, queue, key, allocated, customer)| Entry {
            id: asked[*place].id.unwrap_or_else(Uuid::now_v7),
            tenant,
            site: queue.found.site,
            queue: key.queue,
            number: &allocated.number,
            day: key.day,
            letter: allocated.letter,
            lap: Some(allocated.lap),
            channel: asked[*place].channel,
            priority: asked[*place].priority,
            customer,
            language: None,
            created_at: now_ms,
            station: None,
            days: &queue.found.days,
        })
        .collect();
    let answers = say(writing, &queues, &entries)?;
    let created = answers.into_iter().map(|ticket| Ok(Created { ticket, is_new: true }));
    let mut outcomes: BTreeMap<usize, Outcome> = labels.iter().map(|(place, ..)| *place).zip(created).collect();
    outcomes.extend(refused.into_iter().map(|(place, trouble)| (place, Err(trouble))));
    Ok(outcomes.into_values().collect())
}

/// Puts new tickets into the table and says so, and what has become of their queues' figures.
fn say(
    writing: &mut Writing<'_>,
    queues: &BTreeMap<i64, Asked>,
    entries: &[Entry<'_>],
) -> Result<Vec<TicketAnswer>, Trouble> {
    let connection = writing.connection;
    let tickets: Vec<TicketRow> = entries.iter().map(Entry::ticket).collect();
    let mut answers = Vec::with_capacity(tickets.len());
    let mut events = Vec::with_capacity(tickets.len() * 2);
    let mut newest = BTreeMap::new();
    let mut new: BTreeMap<i64, Vec<&TicketRow>> = BTreeMap::new();
    for ticket in &tickets {
        let Some(queue) = queues.get(&ticket.queue) else { continue };
        let new = new.entry(ticket.queue).or_default();
        let ahead = queue.ahead(connection, ticket, new)?;
        new.push(ticket);
        let answer = ticket.answer(&Line::of_new(queue.figures, ticket.id, ahead))?;
        events.push(events::with_ticket(Kind::TicketCreated, ticket, &answer, None, false)?);
        newest.insert(ticket.site, queue.newest);
        answers.push(answer);
    }
    let figures: Vec<(i64, QueueFigures)> = new
        .iter()
        .filter_map(|(queue, new)| {
            let Asked { found, figures, .. } = queues.get(queue)?;
            let waiting = figures.waiting.saturating_add(u32::try_from(new.len()).unwrap_or(u32::MAX));
            Some((found.site, QueueFigures { waiting, ..*figures }))
        })
        .collect();
    for (site, figures) in &figures {
        events.push(events::about_figures(*site, *figures)?);
    }
    tickets::put(connection, entries, &tickets)?;
    let shown: Vec<QueueFigures> = figures.into_iter().map(|(_, figures)| figures).collect();
    figures::note_shown(connection, &shown)?;
    writing.publish_all(events, newest)?;
    figures::debug_assert_true(connection, &shown)?;
    Ok(answers)
}

impl Ledger {
    /// Takes a ticket. The same id gets the same ticket again.
    pub async fn create_ticket(&self, tenant: i64, new: NewTicket) -> Result<Created, Trouble> {
        match &self.hands {
            Hands::Own { writer, asking, .. } => {
                let began = crate::clock::monotonic();
                let outcome = asking.ask(writer, tenant, new).await;
                metrics().write_seconds.observe(began.elapsed().as_secs_f64());
                outcome
            }
            Hands::Callers(_) => {
                let step = move |writing: &mut Writing<'_>| create(writing, tenant, &[new]);
                let outcome = self.write(Whose::Tenant(tenant), step).await?.pop();
                outcome.unwrap_or_else(|| Err(Trouble::Internal("a request without an outcome".to_owned())))
            }
        }
    }
}
