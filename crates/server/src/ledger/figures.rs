//! What a queue's waiting time depends on: who waits, how long service takes, who serves (part 4 of the contract).
//! This module never changes a ticket.

use super::events::{self, NewEvent};
use super::store::rows::{Kind, asked, list};
use super::store::{Connection, Error, OptionalExtension, Row, Stored, params};
use super::tickets::TicketRow;
use crate::trouble::Trouble;
use smartqueue_domain::{Algorithm, Candidate, DEFAULT_SERVICE_SECONDS, TicketId, TicketStatus, arrange, eta_seconds};
use smartqueue_protocol::event::QueueFigures;
use smartqueue_protocol::words::read_algorithm;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// The condition of a ticket that lives. SQLite makes a table of such a list each time, so it is for questions that are
/// asked seldom.
pub(super) const LIVE: &str = "status IN ('en_attente', 'appelé', 'en_service', 'en_pause')";

/// A queue's waiting people in the order in which they will be called, and its figures.
pub struct Line {
    /// The figures; not looked at for the line of a ticket that does not wait.
    pub figures: QueueFigures,
    ahead: HashMap<Uuid, u32>,
}

/// A queue's figures beside those that were published last.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    site: i64,
    /// The site's newest event.
    pub(super) newest: u64,
    now: QueueFigures,
    published: QueueFigures,
}

impl Line {
    /// Reads the whole lines of queues.
    pub fn load_all(
        connection: &Connection,
        queues: &BTreeSet<i64>,
        now_ms: i64,
    ) -> Result<BTreeMap<i64, Line>, Trouble> {
        let queues: Vec<i64> = queues.iter().copied().collect();
        let mut lines = BTreeMap::new();
        for some in queues.chunks(AT_ONCE) {
            let mut waiting = waiting_in(connection, some)?;
            for (Seen { now: figures, .. }, rule) in look_at(connection, some)? {
                let mut waiting = waiting.remove(&figures.id).unwrap_or_default();
                arrange(&mut waiting, rule.algorithm, rule.sla_ms, now_ms);
                let ahead = waiting.iter().zip(0u32..).map(|(candidate, ahead)| (candidate.id.0, ahead)).collect();
                lines.insert(figures.id, Line { figures, ahead });
            }
        }
        Ok(lines)
    }

    /// Reads the whole line of a queue.
    pub fn load(connection: &Connection, queue: i64, now_ms: i64) -> Result<Line, Trouble> {
        let lines = Line::load_all(connection, &BTreeSet::from([queue]), now_ms)?;
        lines.into_values().next().ok_or(Trouble::Storage(Error::NoRow))
    }

    /// The line that a ticket's answer needs: only a waiting ticket has people ahead of it, and they are counted without
    /// being read, because a kiosk that was away for a day brings thousands of them, one after the other.
    pub fn of_ticket(connection: &Connection, ticket: &TicketRow) -> Result<Line, Trouble> {
        if ticket.status == TicketStatus::Waiting {
            return Ok(Line::seen_with(connection, ticket)?.0);
        }
        Ok(Line::of_nobody(ticket.queue))
    }

    /// The line of a queue in which nobody waits whom it is asked for.
    fn of_nobody(queue: i64) -> Line {
        let (waiting, available_agents) = (0, 0);
        let figures =
            QueueFigures { id: queue, waiting, mean_service_seconds: DEFAULT_SERVICE_SECONDS, available_agents };
        Line { figures, ahead: HashMap::new() }
    }

    /// The lines that the answers of tickets need, by their queues: only those tickets are in them.
    pub(super) fn of_tickets(connection: &Connection, tickets: &[TicketRow]) -> Result<BTreeMap<i64, Line>, Trouble> {
        let mut lines: BTreeMap<i64, Line> =
            tickets.iter().map(|ticket| (ticket.queue, Line::of_nobody(ticket.queue))).collect();
        let waiting: Vec<&TicketRow> = tickets.iter().filter(|ticket| ticket.status == TicketStatus::Waiting).collect();
        let queues: BTreeSet<i64> = waiting.iter().map(|ticket| ticket.queue).collect();
        for some in queues.into_iter().collect::<Vec<_>>().chunks(AT_ONCE) {
            for (Seen { now: figures, .. }, _) in look_at(connection, some)? {
                lines.insert(figures.id, Line { figures, ahead: HashMap::new() });
            }
        }
        for some in waiting.chunks(AT_ONCE) {
            for (ticket, ahead) in some.iter().zip(ahead_of_each(connection, some)?) {
                lines
                    .entry(ticket.queue)
                    .or_insert_with(|| Line::of_nobody(ticket.queue))
                    .ahead
                    .insert(ticket.id, ahead);
            }
        }
        Ok(lines)
    }

    /// The same, with the queue's figures beside those that were published last.
    pub(super) fn seen_with(connection: &Connection, ticket: &TicketRow) -> Result<(Line, Seen), Trouble> {
        let (seen, ahead) = match ticket.status {
            TicketStatus::Waiting => {
                let (seen, ahead) = look_ahead(connection, ticket)?;
                (seen, HashMap::from([(ticket.id, ahead)]))
            }
            TicketStatus::Called
            | TicketStatus::InService
            | TicketStatus::Done
            | TicketStatus::NoShow
            | TicketStatus::OnHold
            | TicketStatus::Cancelled => (look(connection, ticket.queue)?, HashMap::new()),
        };
        Ok((Line { figures: seen.now, ahead }, seen))
    }

    /// The line of a new ticket, where it is known how many people are called before it.
    pub(super) fn of_new(figures: QueueFigures, ticket: Uuid, ahead: u32) -> Line {
        Line { figures, ahead: HashMap::from([(ticket, ahead)]) }
    }

    /// How many people are called before a waiting ticket; nothing for a ticket that does not wait.
    pub fn people_ahead(&self, ticket: Uuid) -> Option<u32> {
        self.ahead.get(&ticket).copied()
    }

    /// The expected wait of a waiting ticket in seconds.
    pub fn eta(&self, ticket: Uuid) -> Option<u32> {
        let QueueFigures { id: _, waiting: _, mean_service_seconds, available_agents } = self.figures;
        self.people_ahead(ticket).map(|ahead| eta_seconds(ahead, mean_service_seconds, available_agents))
    }
}

/// A queue's order.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// How the next ticket is chosen.
    pub algorithm: Algorithm,
    /// The promised waiting time in milliseconds.
    pub sla_ms: i64,
}

impl Rule {
    /// Reads a queue's order.
    pub fn of(connection: &Connection, queue: i64) -> Result<Rule, Trouble> {
        let (word, sla_seconds): (String, i64) = connection
            .prepare_cached("SELECT algorithm, sla_seconds FROM queues WHERE id = ?1")?
            .query_row([queue], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Rule { algorithm: read_algorithm(&word)?, sla_ms: sla_seconds * 1_000 })
    }

    /// How a queue's first ticket stands against the first of another queue: a priority, or being past the promise.
    pub fn urgency(self, candidate: &Candidate, now_ms: i64) -> i64 {
        match self.algorithm {
            Algorithm::Fifo => 0,
            Algorithm::Priority => candidate.priority,
            Algorithm::Sla => i64::from(now_ms - candidate.created_at_ms > self.sla_ms),
        }
    }
}

/// Everybody who waits in a queue, in no particular order.
pub fn waiting(connection: &Connection, queue: i64) -> Result<Vec<Candidate>, Trouble> {
    Ok(waiting_in(connection, &[queue])?.remove(&queue).unwrap_or_default())
}

/// The same for several queues; one without anybody is left out.
fn waiting_in(connection: &Connection, queues: &[i64]) -> Result<BTreeMap<i64, Vec<Candidate>>, Trouble> {
    let places = places_for(queues);
    let text = connection.text("who waits", places.len(), || {
        let queues = list(places.len(), 0);
        format!(
            "SELECT queue, id, priority, created_at, number FROM tickets WHERE queue IN ({queues}) AND status = 'en_attente'"
        )
    });
    let mut statement = connection.prepare_cached(&text)?;
    let rows = statement.query_map(&places[..], |row| {
        Ok((row.get(0)?, row.get::<String>(1)?, row.get(2)?, row.get(3)?, row.get::<String>(4)?))
    })?;
    let mut waiting: BTreeMap<i64, Vec<Candidate>> = BTreeMap::new();
    for row in rows {
        let (queue, id, priority, created_at_ms, number) = row?;
        let id = Uuid::parse_str(&id).map_err(|_| Trouble::Internal("a stored ticket id does not read".to_owned()))?;
        waiting.entry(queue).or_default().push(Candidate { id: TicketId(id), priority, created_at_ms, number });
    }
    Ok(waiting)
}

/// So many queues or tickets are asked for in one question at most.
const AT_ONCE: usize = 64;

/// Queues as the values of a question. The last is repeated, so that there are only a few kinds of questions: for one, two,
/// four queues and so on.
fn places_for(queues: &[i64]) -> Vec<i64> {
    let mut places = queues.to_vec();
    if let Some(last) = queues.last() {
        places.resize(queues.len().next_power_of_two(), *last);
    }
    places
}

/// A queue's figures as they are now.
pub fn figures(connection: &Connection, queue: i64) -> Result<QueueFigures, Trouble> {
    Ok(look(connection, queue)?.now)
}

/// What [`Seen`] is read from, columns of a row of [`SEEN_IN`]: the site, its newest event, what was published, who waits,
/// the mean service time of the last 50 finished tickets, the agents who serve now, and the queue.
const SEEN: &str = "queues.site, sites.event_seq, shown_waiting, shown_mean, shown_agents,
     (SELECT count(*) FROM tickets WHERE queue = queues.id AND status = 'en_attente'),
     (SELECT CAST(avg(ended_at - coalesce(started_at, called_at)) AS DOUBLE PRECISION) FROM
     (SELECT ended_at, started_at, called_at FROM tickets
      WHERE queue = queues.id AND status = 'terminé' AND coalesce(started_at, called_at) IS NOT NULL
      ORDER BY ended_at DESC LIMIT 50) AS finished),
     (SELECT count(*) FROM agent_queues JOIN agents ON agents.id = agent_queues.agent
      WHERE agent_queues.queue = queues.id AND agents.status = 'disponible'), queues.id";

/// Where the columns of [`SEEN`] are: a row of a queue, with its site.
const SEEN_IN: &str = "queues JOIN sites ON sites.id = queues.site";

fn read_seen(row: &Row<'_>) -> Result<Seen, Error> {
    let id = row.get(8)?;
    let figures = |waiting, mean_service_seconds, available_agents| QueueFigures {
        id,
        waiting,
        mean_service_seconds,
        available_agents,
    };
    Ok(Seen {
        site: row.get(0)?,
        newest: row.get::<i64>(1)?.unsigned_abs(),
        published: figures(row.get(2)?, row.get(3)?, row.get(4)?),
        now: figures(row.get(5)?, mean_seconds(row.get(6)?), row.get(7)?),
    })
}

fn look(connection: &Connection, queue: i64) -> Result<Seen, Error> {
    let sql = format!("SELECT {SEEN} FROM {SEEN_IN} WHERE queues.id = ?1");
    connection.prepare_cached(&sql)?.query_row([queue], read_seen)
}

/// The same for several queues, each with its order.
fn look_at(connection: &Connection, queues: &[i64]) -> Result<Vec<(Seen, Rule)>, Trouble> {
    let places = places_for(queues);
    let text = connection.text("figures", places.len(), || {
        let queues = list(places.len(), 0);
        format!("SELECT {SEEN}, algorithm, sla_seconds FROM {SEEN_IN} WHERE queues.id IN ({queues})")
    });
    let mut statement = connection.prepare_cached(&text)?;
    let rows =
        statement.query_map(&places[..], |row| Ok((read_seen(row)?, row.get::<String>(9)?, row.get::<i64>(10)?)))?;
    rows.map(|row| {
        let (seen, word, sla_seconds) = row?;
        Ok((seen, Rule { algorithm: read_algorithm(&word)?, sla_ms: sla_seconds * 1_000 }))
    })
    .collect()
}

fn mean_seconds(mean_ms: Option<f64>) -> u32 {
    match mean_ms {
        // A service of less than a second is a clerk clearing the line; a mean of 0 would promise no wait to anybody.
        Some(mean_ms) => ((mean_ms / 1_000.0).round() as u32).max(1),
        None => DEFAULT_SERVICE_SECONDS,
    }
}

/// How many people are called before a ticket in its queue, of which the question has a row: the domain's order, said in SQL.
/// What it needs of the ticket is said in words for its creation, its number, its id and its priority. Past its promise or
/// not, in a queue of its own an older ticket goes first, so that two of the three orders are the order of arrival; that is
/// counted in two parts, because the first is answered by the index alone.
fn ahead([created_at, number, id, priority]: [&str; 4]) -> String {
    let waiting = "SELECT count(*) FROM tickets WHERE tickets.queue = queues.id AND status = 'en_attente'";
    format!(
        "CASE WHEN algorithm = 'priority' THEN
             ({waiting} AND (-priority, created_at, number, id) < (-CAST({priority} AS BIGINT), {created_at}, {number}, {id}))
         ELSE
             ({waiting} AND created_at < {created_at})
             + ({waiting} AND created_at = {created_at} AND (number, id) < ({number}, {id}))
         END"
    )
}

/// How many people are called before a ticket, whether it is in the table or not.
pub(super) fn ahead_of(connection: &Connection, ticket: &TicketRow) -> Result<u32, Trouble> {
    let ahead = ahead_of_each(connection, &[ticket])?;
    ahead.into_iter().next().ok_or(Trouble::Storage(Error::NoRow))
}

/// The same for several tickets, in their order.
fn ahead_of_each(connection: &Connection, tickets: &[&TicketRow]) -> Result<Vec<u32>, Trouble> {
    let mut places: Vec<i64> = (0..).take(tickets.len()).collect();
    // As with queues: few kinds of questions.
    places.resize(tickets.len().next_power_of_two(), 0);
    let text = connection.text("people ahead", places.len(), || {
        let kinds = [Kind::Whole, Kind::Whole, Kind::Whole, Kind::Text, Kind::Text, Kind::Whole];
        let asked = asked(places.len(), &kinds, 0);
        let ahead = ahead(["column3", "column4", "column5", "column6"]);
        format!("SELECT column1, {ahead} FROM (VALUES {asked}) AS asked JOIN queues ON queues.id = column2")
    });
    let mut values = Vec::with_capacity(places.len() * 6);
    for place in places {
        let Some(ticket) = usize::try_from(place).ok().and_then(|place| tickets.get(place)) else { continue };
        values.extend([place, ticket.queue, ticket.created_at].map(Stored::Integer));
        values.extend([ticket.number.clone(), ticket.id.to_string()].map(Stored::Text));
        values.push(Stored::Integer(ticket.priority));
    }
    let mut ahead = vec![0; tickets.len()];
    let mut statement = connection.prepare_cached(&text)?;
    for row in statement.query_map(&values[..], |row| Ok((row.get::<u32>(0)?, row.get(1)?)))? {
        let (place, count): (u32, u32) = row?;
        if let Some(ahead) = ahead.get_mut(place as usize) {
            *ahead = count;
        }
    }
    Ok(ahead)
}

/// A waiting ticket's queue, and how many people are called before the ticket.
fn look_ahead(connection: &Connection, ticket: &TicketRow) -> Result<(Seen, u32), Trouble> {
    let TicketRow { queue, created_at, number, priority, .. } = ticket;
    let text = connection.text("figures and people ahead", 1, || {
        let ahead = ahead(["?2", "?3", "?4", "?5"]);
        format!("SELECT {SEEN}, {ahead} FROM {SEEN_IN} WHERE queues.id = ?1")
    });
    Ok(connection
        .prepare_cached(&text)?
        .query_row(params![queue, created_at, number, ticket.id.to_string(), priority], |row| {
            Ok((read_seen(row)?, row.get(9)?))
        })?)
}

/// The event that a queue's figures need, if they are other than those published last. `seen` is what the step saw of
/// them after its last change, if it looked.
pub(super) fn changed(connection: &Connection, queue: i64, seen: Option<Seen>) -> Result<Option<NewEvent>, Trouble> {
    let seen = match seen {
        Some(seen) => Some(seen),
        None => look(connection, queue).optional()?,
    };
    // A queue that has gone has no figures any more.
    let Some(Seen { site, newest: _, now, published }) = seen else { return Ok(None) };
    if now == published {
        return Ok(None);
    }
    note_shown(connection, &[now])?;
    events::about_figures(site, now).map(Some)
}

/// In tests: what was reckoned from the figures published last is what counting gives. Every step relies on it.
pub(super) fn debug_assert_true(connection: &Connection, reckoned: &[QueueFigures]) -> Result<(), Trouble> {
    if cfg!(debug_assertions) {
        for reckoned in reckoned {
            assert_eq!(*reckoned, figures(connection, reckoned.id)?, "figures are not those published last");
        }
    }
    Ok(())
}

/// Notes which figures were published.
pub(super) fn note_shown(connection: &Connection, figures: &[QueueFigures]) -> Result<(), Trouble> {
    let row = |figures: &QueueFigures| {
        let QueueFigures { id, waiting, mean_service_seconds, available_agents } = *figures;
        [id, waiting.into(), mean_service_seconds.into(), available_agents.into()].map(Stored::Integer).to_vec()
    };
    let rows = figures.iter().map(row).collect();
    Ok(connection.update_rows("queues", &["shown_waiting", "shown_mean", "shown_agents"], rows)?)
}
