//! Jobs in the database: which is due, who has it, how it came out; and what each of them does with the data. Several servers
//! share the table, so a job is done once however many there are, and no server waits for another that claims one. This module never waits and starts nothing.

use super::service_days::SiteDays;
use super::store::{OptionalExtension, Whose, params};
use super::{Ledger, intelligence};
use crate::trouble::Trouble;
use std::time::Duration;

const DAY_MS: i64 = 24 * 3_600_000;
/// The clean-up takes so many rows in one step, so that nobody who takes a ticket waits for it.
const ROWS_A_STEP: i64 = 500;
/// The hour of a site's own clock at which its old tickets go.
const CLEANING_HOUR: i8 = 4;
/// Figures of so many queues are looked at in one step.
const QUEUES_A_STEP: usize = 50;

/// A job that this server has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Its name.
    pub name: String,
    /// How often it was tried in this run, from 1.
    pub try_number: u32,
    /// When it was claimed, UTC milliseconds.
    pub at_ms: i64,
    /// When it was claimed for the run before that was done; nothing before the first.
    pub done_at_ms: Option<i64>,
}

impl Ledger {
    /// Makes sure that a job is in the table; one that is new is due at once.
    pub async fn know_job(&self, name: &'static str, due_at_ms: i64) -> Result<(), Trouble> {
        self.write(Whose::Nobody, move |writing| {
            writing
                .connection
                .prepare_cached("INSERT INTO jobs (name, due_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
                .execute(params![name, due_at_ms])?;
            Ok(())
        })
        .await
    }

    /// Whether a job may be due: a look that disturbs nobody, before a claim that would.
    pub async fn is_job_due(&self) -> Result<bool, Trouble> {
        self.read(Whose::Nobody, |connection| {
            Ok(connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM jobs WHERE due_at <= ?1 AND claimed_until <= ?1)")?
                .query_row([crate::clock::now_ms()], |row| row.get(0))?)
        })
        .await
    }

    /// Claims the job that has been due longest. The claim ends by itself, for a server that died with it.
    pub async fn claim_job(&self, server: String, lease: Duration) -> Result<Option<Claimed>, Trouble> {
        self.write(Whose::Nobody, move |writing| {
            let lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
            // Whoever has a row locked is claiming that job or giving it back: the next one will do as well.
            let passing_over = writing.connection.passing_over_locked();
            Ok(writing
                .connection
                .prepare_cached(&format!(
                    "UPDATE jobs SET claimed_by = ?1, claimed_until = CAST(?2 AS BIGINT) + ?3, tries = tries + 1
                     WHERE name = (SELECT name FROM jobs WHERE due_at <= ?2 AND claimed_until <= ?2
                                   ORDER BY due_at, name LIMIT 1 {passing_over})
                     RETURNING name, tries, done_at"
                ))?
                .query_row(params![server, writing.now_ms, lease_ms], |row| {
                    let (name, try_number, done_at_ms) = (row.get(0)?, row.get(1)?, row.get(2)?);
                    Ok(Claimed { name, try_number, at_ms: writing.now_ms, done_at_ms })
                })
                .optional()?)
        })
        .await
    }

    /// Gives a job back with its outcome and when it is due again. A server that lost its claim changes nothing.
    pub async fn finish_job(
        &self,
        server: String,
        claimed: Claimed,
        outcome: &'static str,
        due_at_ms: i64,
        is_over: bool,
    ) -> Result<(), Trouble> {
        self.write(Whose::Nobody, move |writing| {
            writing
                .connection
                .prepare_cached(
                    "UPDATE jobs SET claimed_by = NULL, claimed_until = 0, due_at = ?3, ran_at = ?4, outcome = ?5,
                     tries = CASE WHEN ?6 THEN 0 ELSE tries END,
                     done_at = CASE WHEN ?7 THEN ?8 ELSE done_at END WHERE name = ?1 AND claimed_by = ?2",
                )?
                .execute(params![
                    claimed.name,
                    server,
                    due_at_ms,
                    writing.now_ms,
                    outcome,
                    is_over,
                    outcome == "done",
                    claimed.at_ms
                ])?;
            Ok(())
        })
        .await
    }

    /// Looks at the figures of every queue in which somebody waits, or is thought to, so that no screen shows an old wait.
    /// Returns how many.
    pub async fn refresh_figures(&self) -> Result<u32, Trouble> {
        let queues: Vec<(i64, i64)> = self
            .read(Whose::All, |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT tenant, id FROM queues WHERE shown_waiting > 0 OR EXISTS
                     (SELECT 1 FROM tickets WHERE tickets.queue = queues.id AND status = 'en_attente')
                     ORDER BY tenant, id",
                )?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await?;
        // A few queues of one tenant in a step, so that nobody who takes a ticket waits for it.
        for chunk in queues.chunk_by(|left, right| left.0 == right.0).flat_map(|of_one| of_one.chunks(QUEUES_A_STEP)) {
            let Some((tenant, _)) = chunk.first() else { continue };
            let ids: Vec<i64> = chunk.iter().map(|(_, queue)| *queue).collect();
            self.write(Whose::Tenant(*tenant), move |writing| {
                for queue in ids {
                    writing.touch(queue);
                }
                Ok(())
            })
            .await?;
        }
        Ok(u32::try_from(queues.len()).unwrap_or(u32::MAX))
    }

    /// Looks at the health of every active queue and returns those whose health is another than at the last look.
    pub async fn look_at_health(&self) -> Result<Vec<intelligence::HealthChange>, Trouble> {
        let tenants: Vec<i64> = self
            .read(Whose::All, |connection| {
                let mut statement = connection.prepare_cached("SELECT id FROM tenants ORDER BY id")?;
                Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
            })
            .await?;
        let mut changes = Vec::new();
        for tenant in tenants {
            changes.extend(
                self.write(Whose::Tenant(tenant), move |writing| intelligence::look_at_health(writing, tenant)).await?,
            );
        }
        Ok(changes)
    }

    /// Removes what is kept long enough: at each site whose clock passed four in the morning between the two instants (or
    /// ever, without the first) the tickets of which its tenant has said so; and everywhere tokens and requests that are
    /// over. Returns how many rows went.
    pub async fn clean_up(&self, since_ms: Option<i64>, now_ms: i64) -> Result<u64, Trouble> {
        let sites: Vec<(i64, i64, String)> = self
            .read(Whose::All, |connection| {
                let mut statement =
                    connection.prepare_cached("SELECT tenant, id, timezone FROM sites ORDER BY tenant, id")?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await?;
        let mut removed = 0;
        for (tenant, site, timezone) in sites {
            let days = SiteDays::new(&timezone, CLEANING_HOUR)?;
            let is_due = match since_ms {
                Some(since_ms) => days.day(since_ms)? < days.day(now_ms)?,
                None => true,
            };
            if is_due {
                removed += self.clean_site(tenant, site, now_ms).await?;
            }
        }
        Ok(removed + self.clean_everywhere().await?)
    }

    async fn clean_site(&self, tenant: i64, site: i64, now_ms: i64) -> Result<u64, Trouble> {
        let mut removed = 0;
        loop {
            let gone = self
                .write(Whose::Tenant(tenant), move |writing| {
                    Ok(writing
                        .connection
                        .prepare_cached(
                            "DELETE FROM tickets WHERE id IN (
                                 SELECT tickets.id FROM tickets JOIN tenants ON tenants.id = tickets.tenant
                                 WHERE tickets.tenant = ?1 AND tickets.site = ?2
                                 AND tickets.ended_at < ?3 - tenants.data_retention_days * ?4 LIMIT ?5)",
                        )?
                        .execute(params![tenant, site, now_ms, DAY_MS, ROWS_A_STEP])? as u64)
                })
                .await?;
            removed += gone;
            if gone == 0 {
                return Ok(removed);
            }
        }
    }

    /// What belongs to no site: it is over everywhere at once.
    async fn clean_everywhere(&self) -> Result<u64, Trouble> {
        let mut removed = 0;
        loop {
            let step = self
                .write(Whose::All, |writing| {
                    let mut gone = writing
                        .connection
                        .prepare_cached(
                            "DELETE FROM client_requests WHERE (tenant, client_id) IN (
                                 SELECT tenant, client_id FROM client_requests WHERE made_at < ?1 LIMIT ?2)",
                        )?
                        .execute([writing.now_ms - 30 * DAY_MS, ROWS_A_STEP])?;
                    for table in ["refresh_tokens", "invitations", "pairing_requests"] {
                        gone += writing
                            .connection
                            .prepare_cached(&format!("DELETE FROM {table} WHERE expires_at < ?1"))?
                            .execute([writing.now_ms])?;
                    }
                    Ok(gone as u64)
                })
                .await?;
            removed += step;
            if step == 0 {
                return Ok(removed);
            }
        }
    }
}
