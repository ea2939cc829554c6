//! The event log of a site: written inside the step's transaction, dense per site, replayed from a cursor.
//! This module never sends; the hub does, from what the writer publishes after the commit.

use super::figures::{self, Line, Seen};
use super::store::{Connection, OptionalExtension, Stored, Whose, params};
use super::tickets;
use crate::trouble::Trouble;
use serde_json::json;
use smartqueue_domain::{LiveTicket, QueueId, TicketId, state_hash};
use smartqueue_protocol::api::TicketAnswer;
use smartqueue_protocol::event::QueueFigures;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// So many events are kept per site; a cursor before them gets a snapshot instead of a tail.
const KEPT: u64 = 20_000;
/// The log is cut once in so many events.
const CUT_EVERY: u64 = 1_000;

/// Which kind of event, with the word on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A ticket came to be.
    TicketCreated,
    /// A ticket was called, or called again.
    TicketCalled,
    /// Anything else about a ticket changed.
    TicketUpdated,
    /// A queue's figures changed.
    QueueUpdated,
    /// The site's configuration changed.
    ConfigurationUpdated,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::TicketCreated => "ticket.created",
            Kind::TicketCalled => "ticket.called",
            Kind::TicketUpdated => "ticket.updated",
            Kind::QueueUpdated => "queue.updated",
            Kind::ConfigurationUpdated => "configuration.updated",
        }
    }
}

/// An event that has no place in the log yet.
pub struct NewEvent {
    /// The site whose log it joins.
    pub site: i64,
    /// Its kind.
    pub kind: Kind,
    /// Whom it concerns.
    pub reach: Reach,
    /// The fields after `seq` and `prev`, beginning with a comma.
    pub tail: String,
}

/// Whom an event concerns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The queue; nothing means everybody at the site.
    pub queue: Option<i64>,
    /// The queue that a transferred ticket left.
    pub other_queue: Option<i64>,
    /// The agent who has the ticket.
    pub agent: Option<i64>,
}

/// An event with its place, already in its text form but for `prev`, which differs for each subscriber.
#[derive(Clone, Debug)]
pub struct Published {
    /// The site.
    pub site: i64,
    /// Dense per site.
    pub seq: u64,
    /// Whom it concerns.
    pub reach: Reach,
    head: String,
    tail: Arc<str>,
}

impl Published {
    fn new(site: i64, seq: u64, kind: &str, reach: Reach, tail: String) -> Published {
        let head = format!("{{\"type\":\"{kind}\",\"seq\":{seq},\"prev\":");
        Published { site, seq, reach, head, tail: tail.into() }
    }

    /// An event without a content.
    #[cfg(test)]
    pub(super) fn bare(site: i64, seq: u64) -> Published {
        Published::new(site, seq, "bare", Reach::default(), String::new())
    }

    /// The event's text for a subscriber whose last event was `prev`.
    pub fn text(&self, prev: u64) -> String {
        format!("{}{prev}{}", self.head, self.tail)
    }
}

/// What a subscriber wants to see of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interest {
    /// The site.
    pub site: i64,
    /// The queues.
    pub queues: BTreeSet<i64>,
    /// An agent whose tickets are shown in whatever queue they are.
    pub agent: Option<i64>,
}

impl Interest {
    /// Whether an event belongs to this view.
    pub fn covers(&self, reach: &Reach) -> bool {
        let Reach { queue, other_queue, agent } = reach;
        let in_queue = |queue: &Option<i64>| queue.is_some_and(|queue| self.queues.contains(&queue));
        queue.is_none() || in_queue(queue) || in_queue(other_queue) || (agent.is_some() && *agent == self.agent)
    }
}

/// Adds events to their sites' logs, in this order. `newest` are the sites' newest events as far as the step knows them, and
/// is kept up to date.
pub(super) fn append(
    connection: &Connection,
    events: Vec<NewEvent>,
    newest: &mut BTreeMap<i64, u64>,
) -> Result<Vec<Published>, Trouble> {
    let whole = |number: u64| Stored::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    let (mut rows, mut published) = (Vec::with_capacity(events.len()), Vec::with_capacity(events.len()));
    let mut reached = BTreeMap::new();
    for NewEvent { site, kind, reach, tail } in events {
        let before = match newest.get(&site) {
            Some(seq) => *seq,
            None => self::newest(connection, site)?,
        };
        let seq = before + 1;
        newest.insert(site, seq);
        reached.insert(site, seq);
        let of = |id: Option<i64>| id.map_or(Stored::Null, Stored::Integer);
        let Reach { queue, other_queue, agent } = reach;
        rows.push(vec![
            Stored::Integer(site),
            whole(seq),
            Stored::Text(kind.word().to_owned()),
            of(queue),
            of(other_queue),
            of(agent),
            Stored::Text(tail.clone()),
        ]);
        published.push(Published::new(site, seq, kind.word(), reach, tail));
    }
    let reached = reached.into_iter().map(|(site, seq)| vec![Stored::Integer(site), whole(seq)]).collect();
    connection.update_rows("sites", &["event_seq"], reached)?;
    let statement = "INSERT INTO events (site, seq, kind, queue, other_queue, agent, tail) VALUES {rows}";
    connection.insert_rows(statement, rows)?;
    for Published { site, seq, .. } in &published {
        if seq.is_multiple_of(CUT_EVERY) && *seq > KEPT {
            connection
                .prepare_cached("DELETE FROM events WHERE site = ?1 AND seq <= ?2")?
                .execute(params![site, i64::try_from(seq - KEPT).unwrap_or(i64::MAX)])?;
        }
    }
    Ok(published)
}

/// An event about a ticket as it is now, the ticket as it is answered, and what was seen of its queue's figures.
pub(super) fn about_ticket(
    connection: &Connection,
    kind: Kind,
    ticket: &tickets::TicketRow,
    left: Option<i64>,
    recall: bool,
) -> Result<(NewEvent, TicketAnswer, Seen), Trouble> {
    let (line, seen) = Line::seen_with(connection, ticket)?;
    let answer = ticket.answer(&line)?;
    Ok((with_ticket(kind, ticket, &answer, left, recall)?, answer, seen))
}

/// The same where the answer is known.
pub(super) fn with_ticket(
    kind: Kind,
    ticket: &tickets::TicketRow,
    answer: &TicketAnswer,
    left: Option<i64>,
    recall: bool,
) -> Result<NewEvent, Trouble> {
    let body = serde_json::to_string(answer)?;
    let mut tail = format!(",\"ticket\":{body}");
    if kind == Kind::TicketCalled {
        tail.push_str(if recall { ",\"recall\":true" } else { ",\"recall\":false" });
    }
    tail.push('}');
    let reach = Reach { queue: Some(ticket.queue), other_queue: left, agent: ticket.agent };
    Ok(NewEvent { site: ticket.site, kind, reach, tail })
}

/// An event about a queue's figures.
pub(super) fn about_figures(site: i64, figures: QueueFigures) -> Result<NewEvent, Trouble> {
    let tail = format!(",\"queue\":{}}}", serde_json::to_string(&figures)?);
    let reach = Reach { queue: Some(figures.id), other_queue: None, agent: None };
    Ok(NewEvent { site, kind: Kind::QueueUpdated, reach, tail })
}

/// Raises the version of the site's configuration and tells everybody at the site.
pub(super) fn configuration_changed(connection: &Connection, site: i64) -> Result<NewEvent, Trouble> {
    let version: i64 = connection
        .prepare_cached(
            "UPDATE sites SET configuration_version = configuration_version + 1 WHERE id = ?1
             RETURNING configuration_version",
        )?
        .query_row([site], |row| row.get(0))?;
    let tail = format!(",\"version\":{version}}}");
    Ok(NewEvent { site, kind: Kind::ConfigurationUpdated, reach: Reach::default(), tail })
}

/// The events after a cursor, or the news that the log no longer holds them.
pub enum Tail {
    /// Every event of the site after the cursor, at most as many as asked for, in order.
    Events(Vec<Published>),
    /// The cursor is before the log, or after its end: the file was restored.
    Lost,
}

/// Reads at most `limit` events after a cursor.
pub(super) fn tail_after(connection: &Connection, site: i64, cursor: u64, limit: usize) -> Result<Tail, Trouble> {
    let newest = newest(connection, site)?;
    let oldest: Option<i64> = connection
        .prepare_cached("SELECT seq FROM events WHERE site = ?1 ORDER BY seq LIMIT 1")?
        .query_row([site], |row| row.get(0))
        .optional()?;
    let oldest = oldest.map_or(newest + 1, i64::unsigned_abs);
    if cursor > newest || cursor + 1 < oldest {
        return Ok(Tail::Lost);
    }
    let mut statement = connection.prepare_cached(
        "SELECT seq, kind, queue, other_queue, agent, tail FROM events WHERE site = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let cursor = i64::try_from(cursor).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![site, cursor, limit], |row| {
        let reach = Reach { queue: row.get(2)?, other_queue: row.get(3)?, agent: row.get(4)? };
        let seq: i64 = row.get(0)?;
        Ok(Published::new(site, seq.unsigned_abs(), &row.get::<String>(1)?, reach, row.get(5)?))
    })?;
    Ok(Tail::Events(rows.collect::<Result<_, _>>()?))
}

/// The newest event of a site, 0 for none.
pub(super) fn newest(connection: &Connection, site: i64) -> Result<u64, Trouble> {
    let seq: i64 =
        connection.prepare_cached("SELECT event_seq FROM sites WHERE id = ?1")?.query_row([site], |row| row.get(0))?;
    Ok(seq.unsigned_abs())
}

/// Everything that lives in a view, and the event up to which that is so.
pub struct Snapshot {
    /// The event up to which the rest is complete.
    pub seq: u64,
    /// Every live ticket.
    pub tickets: Vec<TicketAnswer>,
    /// The figures of each queue.
    pub queues: Vec<QueueFigures>,
}

impl Snapshot {
    /// The snapshot as a message.
    pub fn text(&self) -> Result<String, Trouble> {
        let Snapshot { seq, tickets, queues } = self;
        Ok(json!({"type": "snapshot", "seq": seq, "tickets": tickets, "queues": queues}).to_string())
    }
}

/// Reads a snapshot; the caller's transaction makes its parts belong together.
pub(super) fn snapshot(connection: &Connection, interest: &Interest, now_ms: i64) -> Result<Snapshot, Trouble> {
    let seq = newest(connection, interest.site)?;
    let mut tickets = Vec::new();
    let mut queues = Vec::new();
    for (queue, line) in Line::load_all(connection, &interest.queues, now_ms)? {
        for ticket in tickets::live_in(connection, queue)? {
            tickets.push(ticket.answer(&line)?);
        }
        queues.push(line.figures);
    }
    if let Some(agent) = interest.agent {
        for ticket in tickets::live_with(connection, agent)? {
            if !interest.queues.contains(&ticket.queue) {
                let line = figures::Line::of_ticket(connection, &ticket)?;
                tickets.push(ticket.answer(&line)?);
            }
        }
    }
    Ok(Snapshot { seq, tickets, queues })
}

/// What a view looks like, and the event after which it does: the hash that a station compares with its own.
pub(super) fn state(connection: &Connection, interest: &Interest) -> Result<(u64, u64), Trouble> {
    let seq = newest(connection, interest.site)?;
    let mut live = Vec::new();
    for queue in &interest.queues {
        live.extend(tickets::live_in(connection, *queue)?);
    }
    let hash = state_hash(live.iter().map(|ticket| LiveTicket {
        id: TicketId(ticket.id),
        queue: QueueId(ticket.queue),
        number: &ticket.number,
        status: ticket.status,
    }));
    Ok((seq, hash))
}

impl super::Ledger {
    /// The newest event of a view's site and the hash of the view after it.
    pub async fn state(&self, tenant: i64, interest: Interest) -> Result<(u64, u64), Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| state(connection, &interest)).await
    }

    /// See [`Tail`].
    pub async fn events_after(&self, tenant: i64, site: i64, cursor: u64, limit: usize) -> Result<Tail, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| tail_after(connection, site, cursor, limit)).await
    }

    /// The newest event of a site, 0 for none.
    pub async fn newest_event(&self, tenant: i64, site: i64) -> Result<u64, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| newest(connection, site)).await
    }

    /// See [`Snapshot`].
    pub async fn snapshot(&self, tenant: i64, interest: Interest) -> Result<Snapshot, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| snapshot(connection, &interest, crate::clock::now_ms()))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_covers_its_queues_its_agent_and_what_concerns_everybody() {
        let interest = Interest { site: 1, queues: BTreeSet::from([1, 2]), agent: Some(7) };
        let reach = |queue, other_queue, agent| Reach { queue, other_queue, agent };
        for (reach, covered) in [
            (reach(Some(1), None, None), true),
            (reach(Some(3), None, None), false),
            (reach(Some(3), Some(2), None), true),
            (reach(Some(3), None, Some(7)), true),
            (reach(Some(3), None, Some(8)), false),
            (Reach::default(), true),
        ] {
            assert_eq!(interest.covers(&reach), covered, "{reach:?}");
        }
        let nobody = Interest { agent: None, ..interest };
        assert!(!nobody.covers(&reach(Some(3), None, None)));
    }

    #[test]
    fn the_text_is_the_event_of_the_protocol() {
        let figures = QueueFigures { id: 1, waiting: 2, mean_service_seconds: 300, available_agents: 1 };
        let NewEvent { site, kind, reach, tail } = about_figures(1, figures).unwrap();
        let text = Published::new(site, 9, kind.word(), reach, tail).text(7);
        let event: smartqueue_protocol::event::ServerEvent = serde_json::from_str(&text).unwrap();
        assert_eq!(event, smartqueue_protocol::event::ServerEvent::QueueUpdated { seq: 9, prev: 7, queue: figures });
    }
}
