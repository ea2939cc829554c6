//! What a queue's waiting time depends on: who waits, how long service takes, who serves (part 4 of the contract).
//! This module never changes a ticket.

use super::events::{self, NewEvent};
use super::store::{Connection, params};
use super::tickets::TicketRow;
use crate::trouble::Trouble;
use smartqueue_domain::{Algorithm, Candidate, DEFAULT_SERVICE_SECONDS, TicketId, TicketStatus, arrange, eta_seconds};
use smartqueue_protocol::event::QueueFigures;
use smartqueue_protocol::words::read_algorithm;
use std::collections::HashMap;
use uuid::Uuid;

/// The mean is taken over so many finished tickets.
const FINISHED: i64 = 50;

/// A queue's waiting people in the order in which they will be called, and its figures.
pub struct Line {
    /// The figures; `waiting` is not counted for the line of a single ticket.
    pub figures: QueueFigures,
    ahead: HashMap<Uuid, u32>,
}

impl Line {
    /// Reads the whole line of a queue.
    pub fn load(connection: &Connection, queue: i64, now_ms: i64) -> Result<Line, Trouble> {
        let mut waiting = waiting(connection, queue)?;
        let rule = Rule::of(connection, queue)?;
        arrange(&mut waiting, rule.algorithm, rule.sla_ms, now_ms);
        let ahead = waiting.iter().zip(0u32..).map(|(candidate, ahead)| (candidate.id.0, ahead)).collect();
        Ok(Line { figures: figures(connection, queue)?, ahead })
    }

    /// The line that a ticket's answer needs: only a waiting ticket has people ahead of it, and they are counted without
    /// being read, because a kiosk that was away for a day brings thousands of them, one after the other.
    pub fn of_ticket(connection: &Connection, ticket: &TicketRow) -> Result<Line, Trouble> {
        match ticket.status {
            TicketStatus::Waiting => {
                let ahead = HashMap::from([(ticket.id, count_ahead(connection, ticket)?)]);
                let (mean_service_seconds, available_agents) = pace(connection, ticket.queue)?;
                let figures = QueueFigures { id: ticket.queue, waiting: 0, mean_service_seconds, available_agents };
                Ok(Line { figures, ahead })
            }
            TicketStatus::Called
            | TicketStatus::InService
            | TicketStatus::Done
            | TicketStatus::NoShow
            | TicketStatus::OnHold
            | TicketStatus::Cancelled => Ok(Line::empty(ticket.queue)),
        }
    }

    fn empty(queue: i64) -> Line {
        let figures =
            QueueFigures { id: queue, waiting: 0, mean_service_seconds: DEFAULT_SERVICE_SECONDS, available_agents: 0 };
        Line { figures, ahead: HashMap::new() }
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
    let mut statement = connection.prepare_cached(
        "SELECT id, priority, created_at, number FROM tickets WHERE queue = ?1 AND status = 'en_attente'",
    )?;
    let rows = statement
        .query_map([queue], |row| Ok((row.get::<String>(0)?, row.get(1)?, row.get(2)?, row.get::<String>(3)?)))?;
    rows.map(|row| {
        let (id, priority, created_at_ms, number) = row?;
        let id = Uuid::parse_str(&id).map_err(|_| Trouble::Internal("a stored ticket id does not read".to_owned()))?;
        Ok(Candidate { id: TicketId(id), priority, created_at_ms, number })
    })
    .collect()
}

/// A queue's figures as they are now.
pub fn figures(connection: &Connection, queue: i64) -> Result<QueueFigures, Trouble> {
    let (waiting, mean_ms, available_agents) = connection
        .prepare_cached(&format!(
            "SELECT (SELECT count(*) FROM tickets WHERE queue = ?1 AND status = 'en_attente'), {PACE}"
        ))?
        .query_row(params![queue, FINISHED], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(QueueFigures { id: queue, waiting, mean_service_seconds: mean_seconds(mean_ms), available_agents })
}

/// The mean service time of the last finished tickets, and the agents who serve now: two columns about the queue `?1`.
const PACE: &str = "(SELECT CAST(avg(ended_at - coalesce(started_at, called_at)) AS DOUBLE PRECISION) FROM
     (SELECT ended_at, started_at, called_at FROM tickets
      WHERE queue = ?1 AND status = 'terminé' AND coalesce(started_at, called_at) IS NOT NULL
      ORDER BY ended_at DESC LIMIT ?2) AS finished),
     (SELECT count(*) FROM agent_queues JOIN agents ON agents.id = agent_queues.agent
      WHERE agent_queues.queue = ?1 AND agents.status = 'disponible')";

/// How fast a queue moves: the mean service time in seconds, and the agents who serve it now.
fn pace(connection: &Connection, queue: i64) -> Result<(u32, u32), Trouble> {
    let (mean_ms, available_agents) = connection
        .prepare_cached(&format!("SELECT {PACE}"))?
        .query_row(params![queue, FINISHED], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((mean_seconds(mean_ms), available_agents))
}

fn mean_seconds(mean_ms: Option<f64>) -> u32 {
    match mean_ms {
        // A service of less than a second is a clerk clearing the line; a mean of 0 would promise no wait to anybody.
        Some(mean_ms) => ((mean_ms / 1_000.0).round() as u32).max(1),
        None => DEFAULT_SERVICE_SECONDS,
    }
}

/// How many people are called before a waiting ticket: the domain's order, said in SQL. Past its promise or not, in a
/// queue of its own an older ticket goes first, so that two of the three orders are the order of arrival.
fn count_ahead(connection: &Connection, ticket: &TicketRow) -> Result<u32, Trouble> {
    let (mine, id) = (ticket, ticket.id.to_string());
    match Rule::of(connection, mine.queue)?.algorithm {
        Algorithm::Fifo | Algorithm::Sla => {
            // In two parts, because the first is answered by the index alone.
            Ok(connection
                .prepare_cached(
                    "SELECT (SELECT count(*) FROM tickets WHERE queue = ?1 AND status = 'en_attente' AND created_at < ?2)
                     + (SELECT count(*) FROM tickets WHERE queue = ?1 AND status = 'en_attente' AND created_at = ?2
                        AND (number, id) < (?3, ?4))",
                )?
                .query_row(params![mine.queue, mine.created_at, mine.number, id], |row| row.get(0))?)
        }
        Algorithm::Priority => Ok(connection
            .prepare_cached(
                "SELECT count(*) FROM tickets WHERE queue = ?1 AND status = 'en_attente'
                 AND (-priority, created_at, number, id) < (-CAST(?2 AS BIGINT), ?3, ?4, ?5)",
            )?
            .query_row(params![mine.queue, mine.priority, mine.created_at, mine.number, id], |row| row.get(0))?),
    }
}

/// How many people wait in a queue.
pub fn count_waiting(connection: &Connection, queue: i64) -> Result<u32, Trouble> {
    Ok(connection
        .prepare_cached("SELECT count(*) FROM tickets WHERE queue = ?1 AND status = 'en_attente'")?
        .query_row([queue], |row| row.get(0))?)
}

/// The event that a queue's figures need, if they are other than those published last.
pub(super) fn changed(connection: &Connection, queue: i64) -> Result<Option<NewEvent>, Trouble> {
    let figures = figures(connection, queue)?;
    let QueueFigures { id: _, waiting, mean_service_seconds, available_agents } = figures;
    let site: Option<i64> = connection
        .prepare_cached(
            "UPDATE queues SET shown_waiting = ?2, shown_mean = ?3, shown_agents = ?4
             WHERE id = ?1 AND (shown_waiting, shown_mean, shown_agents) <> (?2, ?3, ?4) RETURNING site",
        )?
        .query_map(params![queue, waiting, mean_service_seconds, available_agents], |row| row.get(0))?
        .next()
        .transpose()?;
    site.map(|site| events::about_figures(site, figures)).transpose()
}
