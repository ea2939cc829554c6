//! Lists of tickets: filtered, ordered, a page at a time. This module never changes a ticket.

use super::Ledger;
use super::figures::Line;
use super::store::rows;
use super::store::{Connection, Stored, Whose};
use super::tickets::{self, TicketRow};
use crate::trouble::Trouble;
use smartqueue_domain::TicketStatus;
use smartqueue_protocol::api::TicketAnswer;
use smartqueue_protocol::words::status_word;
use std::collections::BTreeSet;

/// Which tickets a list shows.
#[derive(Clone, Debug, Default)]
pub struct TicketFilter {
    /// Only these statuses; empty means all.
    pub statuses: Vec<TicketStatus>,
    /// Only this queue.
    pub queue: Option<i64>,
    /// The order.
    pub ordering: Ordering,
    /// Rows left out at the front.
    pub offset: u32,
    /// Rows shown at most.
    pub limit: u32,
}

/// The order of a list of tickets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ordering {
    /// By touch, oldest first.
    #[default]
    CreatedAt,
    /// By touch, newest first.
    CreatedAtDescending,
    /// Lowest priority first.
    Priority,
    /// Highest priority first.
    PriorityDescending,
}

impl Ordering {
    fn sql(self) -> &'static str {
        match self {
            Ordering::CreatedAt => "created_at, number, id",
            Ordering::CreatedAtDescending => "created_at DESC, number DESC, id DESC",
            Ordering::Priority => "priority, created_at, number, id",
            Ordering::PriorityDescending => "priority DESC, created_at, number, id",
        }
    }
}

fn list(connection: &Connection, tenant: i64, filter: &TicketFilter) -> Result<(u32, Vec<TicketAnswer>), Trouble> {
    let TicketFilter { statuses, queue, ordering, offset, limit } = filter;
    let mut values = vec![Stored::Integer(tenant)];
    let mut condition = "WHERE tenant = ?1".to_owned();
    if let Some(queue) = queue {
        values.push(Stored::Integer(*queue));
        condition.push_str(" AND queue = ?2");
    }
    if !statuses.is_empty() {
        // Each once, however often it was asked for.
        let words: BTreeSet<&str> = statuses.iter().map(|status| status_word(*status)).collect();
        condition.push_str(&format!(" AND status IN ({})", rows::list(words.len(), values.len())));
        values.extend(words.into_iter().map(|word| Stored::Text(word.to_owned())));
    }
    let count = connection
        .prepare_cached(&format!("SELECT count(*) FROM tickets {condition}"))?
        .query_row(&values[..], |row| row.get(0))?;
    let (limit_at, offset_at) = (values.len() + 1, values.len() + 2);
    let tail = format!("{condition} ORDER BY {} LIMIT ?{limit_at} OFFSET ?{offset_at}", ordering.sql());
    values.extend([Stored::Integer((*limit).into()), Stored::Integer((*offset).into())]);
    let found = tickets::rows(connection, &tail, &values[..])?;
    let lines = Line::of_tickets(connection, &found)?;
    let answer = |ticket: &TicketRow| {
        let line = lines.get(&ticket.queue).ok_or_else(|| Trouble::Internal("a ticket without a queue".to_owned()))?;
        ticket.answer(line)
    };
    let answers = found.iter().map(answer).collect::<Result<_, _>>()?;
    Ok((count, answers))
}

impl Ledger {
    /// How many tickets a filter has, and those on its page.
    pub async fn tickets(&self, tenant: i64, filter: TicketFilter) -> Result<(u32, Vec<TicketAnswer>), Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| list(connection, tenant, &filter)).await
    }
}
