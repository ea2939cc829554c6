//! Reminders: whoever took a number from afar and comes near their turn gets a row in the outbox, once. Sending is for the
//! tenant's own gateway, which reads the outbox; this module sends nothing and never changes a ticket.

use super::Ledger;
use super::figures::Line;
use super::store::{Whose, params};
use super::writer::Writing;
use crate::trouble::Trouble;
use smartqueue_protocol::api::{FollowAnswer, FollowBody};
use uuid::Uuid;

/// With so many people ahead, or fewer, it is time to come back.
pub const NEAR_PEOPLE: u32 = 3;
/// With an expected wait of so many seconds, or less, it is as well.
pub const NEAR_SECONDS: u32 = 300;

/// Whether a waiting person's turn comes near.
fn is_near(people_ahead: u32, eta_seconds: u32) -> bool {
    people_ahead <= NEAR_PEOPLE || eta_seconds <= NEAR_SECONDS
}

/// Somebody who is to be reminded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// The tenant.
    pub tenant: i64,
    /// The queue.
    pub queue: i64,
    /// As on paper.
    pub number: String,
    /// People who are called before.
    pub people_ahead: u32,
}

/// Who took the number from afar and was not reminded yet.
const FROM_AFAR: &str = "channel IN ('web', 'mobile')
                         AND NOT EXISTS (SELECT 1 FROM reminders WHERE reminders.ticket = tickets.id)";

fn remind(writing: &Writing<'_>, tenant: i64, queue: i64) -> Result<Vec<Reminder>, Trouble> {
    let line = Line::load(writing.connection, queue, writing.now_ms)?;
    let from_afar: Vec<(String, String)> = {
        let mut statement = writing.connection.prepare_cached(&format!(
            "SELECT id, number FROM tickets WHERE queue = ?1 AND status = 'en_attente' AND {FROM_AFAR}
             ORDER BY created_at, number"
        ))?;
        let rows = statement.query_map([queue], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<Result<_, _>>()?
    };
    let mut reminders = Vec::new();
    for (ticket, number) in from_afar {
        let id =
            Uuid::parse_str(&ticket).map_err(|_| Trouble::Internal("a stored ticket id does not read".to_owned()))?;
        let Some((people_ahead, eta)) = line.people_ahead(id).zip(line.eta(id)) else { continue };
        if !is_near(people_ahead, eta) {
            continue;
        }
        let is_new = writing
            .connection
            .prepare_cached(
                "INSERT INTO reminders (tenant, ticket, queue, people_ahead, eta_seconds, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (ticket) DO NOTHING",
            )?
            .execute(params![tenant, ticket, queue, people_ahead, eta, writing.now_ms])?;
        if is_new == 1 {
            reminders.push(Reminder { tenant, queue, number, people_ahead });
        }
    }
    Ok(reminders)
}

impl Ledger {
    /// Puts everybody whose turn comes near into the outbox and returns whom it put there; nobody a second time.
    pub async fn remind(&self) -> Result<Vec<Reminder>, Trouble> {
        let queues: Vec<(i64, i64)> = self
            .read(Whose::All, |connection| {
                let mut statement = connection.prepare_cached(&format!(
                    "SELECT tenant, id FROM queues WHERE EXISTS
                     (SELECT 1 FROM tickets WHERE tickets.queue = queues.id AND status = 'en_attente' AND {FROM_AFAR})
                     ORDER BY tenant, id"
                ))?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await?;
        let mut reminders = Vec::new();
        // One queue in a step, so that nobody who takes a ticket waits for it.
        for (tenant, queue) in queues {
            reminders.extend(self.write(Whose::Tenant(tenant), move |writing| remind(writing, tenant, queue)).await?);
        }
        Ok(reminders)
    }
}

/// What somebody who follows a ticket is told: with the word that it is time to come back.
pub fn answer(body: FollowBody) -> FollowAnswer {
    let soon = body.people_ahead.zip(body.eta_seconds).is_some_and(|(ahead, eta)| is_near(ahead, eta));
    FollowAnswer { body, soon }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_near_by_people_or_by_time() {
        for (people_ahead, eta_seconds, near) in [(0, 0, true), (3, 9_000, true), (4, 301, false), (40, 300, true)] {
            assert_eq!(is_near(people_ahead, eta_seconds), near, "{people_ahead} ahead, {eta_seconds} s");
        }
    }
}
