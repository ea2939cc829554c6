//! A ticket's life on the server: created, called, served, ended. Which step may follow which is the domain's word.
//! This module never chooses a number by itself; `numbers` does.

use super::events::{self, Kind};
use super::figures::{self, LIVE, Line, Rule};
use super::service_days::SiteDays;
use super::store::rows::list;
use super::store::{Connection, Error, OptionalExtension, Params, Row, Stored, Whose, params};
use super::writer::Writing;
use super::{Ledger, hours, numbers, places};
use crate::trouble::Trouble;
use smartqueue_domain::{
    Candidate, Channel, Refusal, SeriesLetter, ServiceDay, TicketStatus, Transition, next_candidate,
};
use smartqueue_protocol::api::{FollowBody, TicketAnswer, TicketBody};
use smartqueue_protocol::time::write_time;
use smartqueue_protocol::words::{channel_word, read_channel, read_status, status_word};
use std::cmp::Reverse;
use uuid::Uuid;

/// A ticket as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct TicketRow {
    /// Made by whoever issued the ticket.
    pub id: Uuid,
    /// The tenant.
    pub tenant: i64,
    /// The site.
    pub site: i64,
    /// The queue it is in now.
    pub queue: i64,
    /// As on paper.
    pub number: String,
    /// The door it came through.
    pub channel: Channel,
    /// Higher goes first.
    pub priority: i64,
    /// Where it stands.
    pub status: TicketStatus,
    /// Free fields about the customer, a JSON object.
    pub customer: String,
    /// The agent, once called.
    pub agent: Option<i64>,
    /// The counter's label, once called.
    pub counter: Option<String>,
    /// Time of the touch.
    pub created_at: i64,
    /// Time of the last call.
    pub called_at: Option<i64>,
    /// Time at which service began.
    pub started_at: Option<i64>,
    /// Time at which its life ended.
    pub ended_at: Option<i64>,
    /// How its slip came out, for a ticket of a station.
    pub print_state: Option<String>,
}

/// Which number of which series a ticket carries.
pub(super) fn series_of(connection: &Connection, id: Uuid) -> Result<numbers::SeriesKey, Trouble> {
    let (queue, day, letter): (i64, i64, String) = connection
        .prepare_cached("SELECT series_queue, day, letter FROM tickets WHERE id = ?1")?
        .query_row([id.to_string()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let letter = SeriesLetter::from_text(&letter)
        .map_err(|error| Trouble::Internal(format!("a stored letter does not read: {error}")))?;
    Ok(numbers::SeriesKey { queue, day: ServiceDay(day), letter })
}

/// The columns that [`TicketRow::read`] expects, in its order.
const COLUMNS: &str = "id, tenant, site, queue, number, channel, priority, status, customer, agent, counter, created_at, \
                       called_at, started_at, ended_at, print_state";

impl TicketRow {
    fn read(row: &Row<'_>) -> Result<Result<TicketRow, Trouble>, Error> {
        let words: (String, String, String) = (row.get(0)?, row.get(5)?, row.get(7)?);
        let (id, channel, status) = words;
        let read = || -> Result<(Uuid, Channel, TicketStatus), Trouble> {
            let id = Uuid::parse_str(&id).map_err(|_| Trouble::Internal("a stored ticket id does not read".into()))?;
            Ok((id, read_channel(&channel)?, read_status(&status)?))
        };
        let (id, channel, status) = match read() {
            Ok(values) => values,
            Err(trouble) => return Ok(Err(trouble)),
        };
        Ok(Ok(TicketRow {
            id,
            tenant: row.get(1)?,
            site: row.get(2)?,
            queue: row.get(3)?,
            number: row.get(4)?,
            channel,
            priority: row.get(6)?,
            status,
            customer: row.get(8)?,
            agent: row.get(9)?,
            counter: row.get(10)?,
            created_at: row.get(11)?,
            called_at: row.get(12)?,
            started_at: row.get(13)?,
            ended_at: row.get(14)?,
            print_state: row.get(15)?,
        }))
    }

    /// The answer, with the wait that the line gives.
    ///
    /// # Errors
    /// [`Trouble::Internal`] when the stored customer fields are no JSON.
    pub fn answer(&self, line: &Line) -> Result<TicketAnswer, Trouble> {
        let TicketRow {
            id,
            tenant: _,
            site: _,
            queue,
            number,
            channel,
            priority,
            status,
            customer,
            agent,
            counter,
            created_at,
            called_at,
            started_at,
            ended_at,
            print_state,
        } = self;
        let body = TicketBody {
            id: *id,
            number: number.clone(),
            queue: *queue,
            channel: channel_word(*channel).to_owned(),
            priority: *priority,
            status: status_word(*status).to_owned(),
            eta_seconds: line.eta(*id),
            customer: serde_json::from_str(customer)?,
            agent: *agent,
            counter: counter.clone(),
            created_at: write_time(*created_at),
            called_at: called_at.map(write_time),
            started_at: started_at.map(write_time),
            ended_at: ended_at.map(write_time),
        };
        Ok(TicketAnswer { body, print_state: print_state.clone() })
    }
}

pub(super) fn rows(connection: &Connection, tail: &str, values: impl Params) -> Result<Vec<TicketRow>, Trouble> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM tickets {tail}"))?;
    let rows = statement.query_map(values, TicketRow::read)?;
    rows.map(|row| row?).collect()
}

/// Every live ticket in a queue.
pub(super) fn live_in(connection: &Connection, queue: i64) -> Result<Vec<TicketRow>, Trouble> {
    rows(
        connection,
        &format!(
            "WHERE site = (SELECT site FROM queues WHERE id = ?1) AND queue = ?1 AND {LIVE} ORDER BY created_at, number"
        ),
        [queue],
    )
}

/// Every live ticket that an agent has.
pub(super) fn live_with(connection: &Connection, agent: i64) -> Result<Vec<TicketRow>, Trouble> {
    rows(
        connection,
        &format!(
            "WHERE site = (SELECT site FROM agents WHERE id = ?1) AND agent = ?1 AND {LIVE} ORDER BY created_at, number"
        ),
        [agent],
    )
}

/// Which of several tickets are there.
pub(super) fn known(connection: &Connection, ids: &[Uuid]) -> Result<Vec<Uuid>, Trouble> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let texts: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let sql = format!("SELECT id FROM tickets WHERE id IN ({})", list(texts.len(), 0));
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(&texts[..], |row| row.get::<String>(0))?;
    let found: Vec<String> = rows.collect::<Result<_, _>>()?;
    Ok(ids.iter().copied().filter(|id| found.contains(&id.to_string())).collect())
}

/// One ticket by its id, whoever it belongs to.
pub(super) fn find(connection: &Connection, id: Uuid) -> Result<Option<TicketRow>, Trouble> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM tickets WHERE id = ?1"))?
        .query_row([id.to_string()], TicketRow::read)
        .optional()?
        .transpose()
}

/// Whether another tenant has a ticket with an id that this one's steps do not find. Without a wall they find every id.
pub(super) fn is_elsewhere(connection: &Connection, id: Uuid) -> Result<bool, Trouble> {
    Ok(!elsewhere(connection, &[id])?.is_empty())
}

/// The same for several ids: those that are another's.
pub(super) fn elsewhere(connection: &Connection, ids: &[Uuid]) -> Result<Vec<Uuid>, Trouble> {
    if ids.is_empty() || !connection.is_postgres() {
        return Ok(Vec::new());
    }
    connection.beyond_the_wall(|connection| known(connection, ids))
}

pub(super) fn id_taken() -> Trouble {
    Trouble::Conflict { code: "id_taken", detail: "this id belongs to another ticket".to_owned() }
}

fn find_of(connection: &Connection, tenant: i64, id: Uuid) -> Result<TicketRow, Trouble> {
    find(connection, id)?.filter(|ticket| ticket.tenant == tenant).ok_or(Trouble::NotFound("ticket"))
}

/// A row for the tickets table that only the server and stations' records make.
pub(super) struct Entry<'a> {
    pub(super) id: Uuid,
    pub(super) tenant: i64,
    pub(super) site: i64,
    pub(super) queue: i64,
    pub(super) number: &'a smartqueue_domain::TicketNumber,
    pub(super) day: ServiceDay,
    pub(super) letter: SeriesLetter,
    pub(super) lap: Option<i64>,
    pub(super) channel: Channel,
    pub(super) priority: i64,
    pub(super) customer: &'a str,
    pub(super) language: Option<&'a str>,
    pub(super) created_at: i64,
    pub(super) station: Option<i64>,
    /// The site's days.
    pub(super) days: &'a SiteDays,
}

impl Entry<'_> {
    /// The ticket, as it stands when it is new.
    pub(super) fn ticket(&self) -> TicketRow {
        TicketRow {
            id: self.id,
            tenant: self.tenant,
            site: self.site,
            queue: self.queue,
            number: self.number.to_string(),
            channel: self.channel,
            priority: self.priority,
            status: TicketStatus::Waiting,
            customer: self.customer.to_owned(),
            agent: None,
            counter: None,
            created_at: self.created_at,
            called_at: None,
            started_at: None,
            ended_at: None,
            print_state: self.station.map(|_| "issued".to_owned()),
        }
    }

    /// The row, in the order of the columns in [`put`].
    fn row(&self) -> Vec<Stored> {
        let whole = |number: Option<i64>| number.map_or(Stored::Null, Stored::Integer);
        let text = |text: Option<&str>| text.map_or(Stored::Null, |text| Stored::Text(text.to_owned()));
        vec![
            Stored::Text(self.id.to_string()),
            Stored::Integer(self.tenant),
            Stored::Integer(self.site),
            Stored::Integer(self.queue),
            Stored::Text(self.number.to_string()),
            Stored::Integer(self.queue),
            Stored::Integer(self.day.0),
            Stored::Text(self.letter.as_text()),
            whole(self.lap),
            Stored::Integer(self.number.value().into()),
            text(Some(channel_word(self.channel))),
            Stored::Integer(self.priority),
            text(Some(status_word(TicketStatus::Waiting))),
            text(Some(self.customer)),
            text(self.language),
            Stored::Integer(self.created_at),
            whole(self.station),
            text(self.station.map(|_| "issued")),
        ]
    }
}

/// Puts waiting tickets into the table; `tickets` are they, as they stand when they are new.
pub(super) fn put(connection: &Connection, entries: &[Entry<'_>], tickets: &[TicketRow]) -> Result<(), Trouble> {
    connection.insert_rows(
        "INSERT INTO tickets (id, tenant, site, queue, number, series_queue, day, letter, lap, value, channel, priority,
         status, customer, language, created_at, station, print_state) VALUES {rows}",
        entries.iter().map(Entry::row).collect(),
    )?;
    hours::count_arrivals(connection, tickets.iter().zip(entries.iter().map(|entry| entry.days)))
}

/// Puts a waiting ticket into the table and says so.
pub(super) fn insert(writing: &mut Writing<'_>, entry: &Entry<'_>) -> Result<(), Trouble> {
    let ticket = entry.ticket();
    put(writing.connection, std::slice::from_ref(entry), std::slice::from_ref(&ticket))?;
    say(writing, Kind::TicketCreated, &ticket, None, false)?;
    Ok(())
}

/// Publishes an event about a ticket and has the figures of its queues looked at.
pub(super) fn say(
    writing: &mut Writing<'_>,
    kind: Kind,
    ticket: &TicketRow,
    left: Option<i64>,
    recall: bool,
) -> Result<TicketAnswer, Trouble> {
    let (event, answer, seen) = events::about_ticket(writing.connection, kind, ticket, left, recall)?;
    writing.publish_after(event, Some(seen.newest))?;
    writing.touch_seen(ticket.queue, seen);
    if let Some(left) = left {
        writing.touch(left);
    }
    Ok(answer)
}

/// Who calls, and to which counter.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The agent.
    pub agent: Option<i64>,
    /// The counter's label.
    pub counter: Option<String>,
}

/// A step with what it needs.
#[derive(Clone, Debug)]
pub enum Step {
    /// To a counter, for the first time or again after a hold or an absence.
    Call(Caller),
    /// The same person again.
    Recall,
    /// Service begins.
    Start,
    /// Service ends.
    End,
    /// The person did not come.
    NoShow,
    /// Set aside.
    Hold,
    /// Withdrawn.
    Cancel,
    /// To another queue of the site.
    Transfer {
        /// The other queue.
        queue: i64,
    },
}

impl Step {
    fn transition(&self) -> Transition {
        match self {
            Step::Call(_) => Transition::Call,
            Step::Recall => Transition::Recall,
            Step::Start => Transition::Start,
            Step::End => Transition::End,
            Step::NoShow => Transition::NoShow,
            Step::Hold => Transition::Hold,
            Step::Cancel => Transition::Cancel,
            Step::Transfer { .. } => Transition::Transfer,
        }
    }
}

/// Takes one step in a ticket's life.
pub(super) fn take(writing: &mut Writing<'_>, mut ticket: TicketRow, step: Step) -> Result<TicketAnswer, Trouble> {
    ticket.status = ticket.status.after(step.transition())?;
    let was_called = ticket.called_at.is_some();
    let now = Some(writing.now_ms);
    let mut kind = Kind::TicketUpdated;
    let mut recall = false;
    let mut left = None;
    match step {
        Step::Call(Caller { agent, counter }) => {
            kind = Kind::TicketCalled;
            (ticket.agent, ticket.counter) = (agent, counter);
            (ticket.called_at, ticket.started_at, ticket.ended_at) = (now, None, None);
        }
        Step::Recall => {
            kind = Kind::TicketCalled;
            recall = true;
            ticket.called_at = now;
        }
        Step::Start => ticket.started_at = now,
        Step::End | Step::NoShow | Step::Cancel => ticket.ended_at = now,
        Step::Hold => {}
        Step::Transfer { queue } => {
            let other = places::domain_queue(writing.connection, ticket.tenant, queue)?
                .filter(|other| other.site == ticket.site)
                .ok_or(Trouble::Refused(Refusal::UnknownQueue))?;
            if !other.queue.is_active {
                return Err(Trouble::Refused(Refusal::ServiceClosed));
            }
            left = Some(ticket.queue).filter(|old| *old != queue);
            ticket.queue = queue;
            (ticket.agent, ticket.counter, ticket.called_at, ticket.started_at) = (None, None, None, None);
        }
    }
    store(writing.connection, &ticket)?;
    hours::count_step(writing.connection, &ticket, was_called, writing.now_ms)?;
    say(writing, kind, &ticket, left, recall)
}

fn store(connection: &Connection, ticket: &TicketRow) -> Result<(), Trouble> {
    connection
        .prepare_cached(
            "UPDATE tickets SET queue = ?2, status = ?3, agent = ?4, counter = ?5, called_at = ?6, started_at = ?7,
             ended_at = ?8 WHERE id = ?1",
        )?
        .run(params![
            ticket.id.to_string(),
            ticket.queue,
            status_word(ticket.status),
            ticket.agent,
            ticket.counter,
            ticket.called_at,
            ticket.started_at,
            ticket.ended_at,
        ])?;
    Ok(())
}

fn call_next(writing: &mut Writing<'_>, tenant: i64, agent: i64) -> Result<Option<TicketAnswer>, Trouble> {
    let caller = places::agent_caller(writing.connection, tenant, agent)?;
    let now_ms = writing.now_ms;
    let mut heads: Vec<(i64, Candidate)> = Vec::new();
    for queue in places::agent_queues(writing.connection, agent)? {
        let rule = Rule::of(writing.connection, queue)?;
        let waiting = figures::waiting(writing.connection, queue)?;
        if let Some(head) = next_candidate(waiting, rule.algorithm, rule.sla_ms, now_ms) {
            heads.push((rule.urgency(&head, now_ms), head));
        }
    }
    // Within a queue its own algorithm decides; between queues the more urgent first ticket, then the earlier touch.
    let key = |(urgency, head): &(i64, Candidate)| (Reverse(*urgency), head.created_at_ms, head.number.clone());
    let Some((_, next)) = heads.into_iter().min_by_key(key) else { return Ok(None) };
    let ticket = find_of(writing.connection, tenant, next.id.0)?;
    take(writing, ticket, Step::Call(caller)).map(Some)
}

fn follow(connection: &Connection, tenant_slug: &str, id: Uuid) -> Result<FollowBody, Trouble> {
    let tenant = places::tenant_id(connection, tenant_slug)?.ok_or(Trouble::NotFound("ticket"))?;
    let ticket = find_of(connection, tenant, id)?;
    let line = Line::of_ticket(connection, &ticket)?;
    let queue_name = connection
        .prepare_cached("SELECT name FROM queues WHERE id = ?1")?
        .query_row([ticket.queue], |row| row.get(0))?;
    Ok(FollowBody {
        status: status_word(ticket.status).to_owned(),
        people_ahead: line.people_ahead(id),
        eta_seconds: line.eta(id),
        queue_name,
        counter: ticket.counter,
        number: ticket.number,
    })
}

impl Ledger {
    /// Takes one step in a ticket's life and returns the ticket after it.
    pub async fn take_step(&self, tenant: i64, id: Uuid, step: Step) -> Result<TicketAnswer, Trouble> {
        self.write(Whose::Tenant(tenant), move |writing| {
            let ticket = find_of(writing.connection, tenant, id)?;
            take(writing, ticket, step)
        })
        .await
    }

    /// Calls the next ticket over the agent's queues; nothing when nobody waits.
    pub async fn call_next(&self, tenant: i64, agent: i64) -> Result<Option<TicketAnswer>, Trouble> {
        self.write(Whose::Tenant(tenant), move |writing| call_next(writing, tenant, agent)).await
    }

    /// One ticket.
    pub async fn ticket(&self, tenant: i64, id: Uuid) -> Result<TicketAnswer, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| {
            let ticket = find_of(connection, tenant, id)?;
            let line = Line::of_ticket(connection, &ticket)?;
            ticket.answer(&line)
        })
        .await
    }

    /// What the holder of a ticket's id may see of it.
    pub async fn follow(&self, tenant_slug: String, id: Uuid) -> Result<FollowBody, Trouble> {
        self.read(Whose::All, move |connection| follow(connection, &tenant_slug, id)).await
    }
}
