//! Sites, services, queues, agents, counters, displays: what stands in a branch and who sits there.
//! This module never touches a ticket.

use super::Ledger;
use super::figures;
use super::service_days::SiteDays;
use super::store::rows::list;
use super::store::{Connection, Error, OptionalExtension, Row, Whose, params};
use super::tickets::Caller;
use crate::trouble::Trouble;
use serde_json::Value;
use smartqueue_domain::Queue;
use smartqueue_protocol::api::{AgentBody, CounterBody, QueueListing, StationListing};
use smartqueue_protocol::configuration::QueueBody;
use smartqueue_protocol::event::QueueFigures;
use smartqueue_protocol::time::write_time;

/// A page of a list: rows left out at the front, rows shown at most.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Rows left out at the front.
    pub offset: u32,
    /// Rows shown at most.
    pub limit: u32,
}

/// How many rows a list has, and those of a window.
pub type Listed<T> = (u32, Vec<T>);

/// A queue as the domain sees it, with what its rules need from around it.
pub struct FoundQueue {
    /// The queue.
    pub queue: Queue,
    /// Its site.
    pub site: i64,
    /// The site's days.
    pub days: SiteDays,
}

/// The words for an agent's state.
pub const AGENT_STATUSES: [&str; 4] = ["disponible", "occupe", "pause", "hors_ligne"];

const QUEUE_COLUMNS: &str = "queues.id, prefix, queues.name, hint, names, icon, colour, is_active, max_capacity, hours, \
                             algorithm, queues.site, service, sla_seconds";

/// The columns of a queue as they stand in the file; JSON is read afterwards, so that its errors keep their own kind.
struct StoredQueue {
    body: QueueBody,
    names: String,
    hours: Option<String>,
    site: i64,
    service: Option<i64>,
    sla_seconds: i64,
}

impl StoredQueue {
    fn read(row: &Row<'_>) -> Result<StoredQueue, Error> {
        Ok(StoredQueue {
            body: QueueBody {
                id: row.get(0)?,
                prefix: row.get(1)?,
                name: row.get(2)?,
                hint: row.get(3)?,
                names: Default::default(),
                icon: row.get(5)?,
                colour: row.get(6)?,
                is_active: row.get(7)?,
                max_capacity: row.get(8)?,
                hours: None,
                algorithm: row.get(10)?,
            },
            names: row.get(4)?,
            hours: row.get(9)?,
            site: row.get(11)?,
            service: row.get(12)?,
            sla_seconds: row.get(13)?,
        })
    }

    fn body(mut self) -> Result<(QueueBody, i64, Option<i64>, i64), Trouble> {
        self.body.names = serde_json::from_str(&self.names)?;
        self.body.hours = self.hours.as_deref().map(serde_json::from_str).transpose()?;
        Ok((self.body, self.site, self.service, self.sla_seconds))
    }
}

/// A tenant's id by its slug.
pub(super) fn tenant_id(connection: &Connection, slug: &str) -> Result<Option<i64>, Trouble> {
    Ok(connection
        .prepare_cached("SELECT id FROM tenants WHERE slug = ?1")?
        .query_row([slug], |row| row.get(0))
        .optional()?)
}

/// A queue of the tenant.
pub(super) fn domain_queue(connection: &Connection, tenant: i64, queue: i64) -> Result<Option<FoundQueue>, Trouble> {
    let found = domain_queues(connection, tenant, &[queue], &[], ("queue", || "NULL".to_owned()), |_, _| Ok(()))?;
    Ok(found.into_iter().next().map(|(found, ())| found))
}

/// Those of several queues that are the tenant's, each with what `read` makes of further columns of `queues` and `sites`,
/// which begin at the place it is told. These have a name of their own as well, and their values are `?1` and so on.
pub(super) fn domain_queues<T>(
    connection: &Connection,
    tenant: i64,
    queues: &[i64],
    values: &[i64],
    (name, further): (&'static str, impl Fn() -> String),
    read: impl Fn(&Row<'_>, usize) -> Result<T, Error>,
) -> Result<Vec<(FoundQueue, T)>, Trouble> {
    let before = values.len() + 1;
    // The sum keeps PostgreSQL from reading all queues of the tenant to find these.
    let text = connection.text(name, queues.len(), || {
        format!(
            "SELECT {QUEUE_COLUMNS}, sites.timezone, sites.rollover_hour, {} FROM queues
             JOIN sites ON sites.id = queues.site WHERE queues.tenant + 0 = ?{before} AND queues.id IN ({})",
            further(),
            list(queues.len(), before)
        )
    });
    let values = [values, &[tenant], queues].concat();
    let mut statement = connection.prepare_cached(&text)?;
    let rows = statement.query_map(&values[..], |row| {
        Ok((StoredQueue::read(row)?, row.get::<String>(14)?, row.get(15)?, read(row, 16)?))
    })?;
    rows.map(|row| {
        let (stored, timezone, rollover_hour, further) = row?;
        let (body, site, _, _) = stored.body()?;
        let days = SiteDays::new(&timezone, rollover_hour)?;
        Ok((FoundQueue { queue: Queue::try_from(&body)?, site, days }, further))
    })
    .collect()
}

/// The queues of a site in the order of their tiles.
pub(super) fn site_queues(connection: &Connection, site: i64) -> Result<Vec<QueueBody>, Trouble> {
    let sql = format!("SELECT {QUEUE_COLUMNS} FROM queues WHERE queues.site = ?1 ORDER BY position, queues.id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([site], StoredQueue::read)?;
    rows.map(|row| Ok(row?.body()?.0)).collect()
}

/// The queues that an agent serves.
pub(super) fn agent_queues(connection: &Connection, agent: i64) -> Result<Vec<i64>, Trouble> {
    integers(connection, "SELECT queue FROM agent_queues WHERE agent = ?1 ORDER BY queue", agent)
}

pub(super) fn integers(connection: &Connection, sql: &str, value: i64) -> Result<Vec<i64>, Trouble> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([value], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The agent as a caller, with the label of the counter where the agent sits.
pub(super) fn agent_caller(connection: &Connection, tenant: i64, agent: i64) -> Result<Caller, Trouble> {
    connection
        .prepare_cached(
            "SELECT counters.label FROM agents LEFT JOIN counters ON counters.id = agents.counter
             WHERE agents.id = ?1 AND agents.tenant = ?2",
        )?
        .query_row([agent, tenant], |row| Ok(Caller { agent: Some(agent), counter: row.get(0)? }))
        .optional()?
        .ok_or(Trouble::NotFound("agent"))
}

fn queue_listing(connection: &Connection, stored: StoredQueue) -> Result<QueueListing, Trouble> {
    let (body, site, service, sla_seconds) = stored.body()?;
    let QueueBody { id, prefix, name, hint, names, icon, colour, is_active, max_capacity, hours, algorithm } = body;
    let QueueFigures { id, waiting, mean_service_seconds, available_agents } = figures::figures(connection, id)?;
    Ok(QueueListing {
        id,
        name,
        hint,
        names,
        site,
        service,
        prefix,
        algorithm,
        sla_seconds,
        max_capacity,
        is_active,
        hours,
        icon,
        colour,
        waiting,
        mean_service_seconds,
        available_agents,
    })
}

fn queue(connection: &Connection, tenant: i64, queue: i64) -> Result<QueueListing, Trouble> {
    let sql = format!("SELECT {QUEUE_COLUMNS} FROM queues WHERE queues.id = ?1 AND queues.tenant = ?2");
    let stored = connection
        .prepare_cached(&sql)?
        .query_row([queue, tenant], StoredQueue::read)
        .optional()?
        .ok_or(Trouble::NotFound("queue"))?;
    queue_listing(connection, stored)
}

fn read_agent(row: &Row<'_>) -> Result<AgentBody, Error> {
    let counter: Option<i64> = row.get(4)?;
    let label: Option<String> = row.get(5)?;
    Ok(AgentBody {
        id: row.get(0)?,
        name: row.get(1)?,
        site: row.get(2)?,
        status: row.get(3)?,
        counter: counter.zip(label).map(|(id, label)| CounterBody { id, label }),
        queues: Vec::new(),
    })
}

/// One agent of the tenant.
pub(super) fn agent(connection: &Connection, tenant: i64, agent: i64) -> Result<AgentBody, Trouble> {
    let mut found = connection
        .prepare_cached(
            "SELECT agents.id, name, agents.site, status, counters.id, counters.label FROM agents
             LEFT JOIN counters ON counters.id = agents.counter WHERE agents.tenant = ?1 AND agents.id = ?2",
        )?
        .query_row([tenant, agent], read_agent)
        .optional()?
        .ok_or(Trouble::NotFound("agent"))?;
    found.queues = agent_queues(connection, agent)?;
    Ok(found)
}

/// A queue as everybody is shown it, with everything that may be set: whoever replaces it sends back what was shown.
pub(super) fn queue_value(connection: &Connection, tenant: i64, id: i64) -> Result<Value, Trouble> {
    let mut value = serde_json::to_value(queue(connection, tenant, id)?)?;
    value["position"] = connection
        .prepare_cached("SELECT position FROM queues WHERE id = ?1")?
        .query_row([id], |row| Ok(row.get::<i64>(0)?.into()))?;
    Ok(value)
}

/// An agent as everybody is shown it, with everything that may be set.
pub(super) fn agent_value(connection: &Connection, tenant: i64, id: i64) -> Result<Value, Trouble> {
    let mut value = serde_json::to_value(agent(connection, tenant, id)?)?;
    value["user"] = connection
        .prepare_cached("SELECT \"user\" FROM agents WHERE id = ?1")?
        .query_row([id], |row| Ok(row.get::<Option<i64>>(0)?.into()))?;
    Ok(value)
}

/// A station as the office is shown it.
pub(super) fn station_value(connection: &Connection, tenant: i64, id: i64) -> Result<Value, Trouble> {
    let station = connection
        .prepare_cached(
            "SELECT id, site, name, mode, letter, version, highest_seq, applied_configuration, seen_at, revoked_at, state,
             (SELECT count(*) FROM quarantine WHERE station = stations.id) FROM stations WHERE id = ?1 AND tenant = ?2",
        )?
        .query_row([id, tenant], |row| {
            let state: Option<String> = row.get(10)?;
            Ok(StationListing {
                id: row.get(0)?,
                site: row.get(1)?,
                name: row.get(2)?,
                mode: row.get(3)?,
                letter: row.get(4)?,
                version: row.get(5)?,
                highest_seq: row.get::<i64>(6)?.unsigned_abs(),
                applied_configuration: row.get(7)?,
                seen_at: row.get::<Option<i64>>(8)?.map(write_time),
                revoked_at: row.get::<Option<i64>>(9)?.map(write_time),
                set_aside: row.get::<i64>(11)?.unsigned_abs(),
                queues: Vec::new(),
                // A state that does not read any more is a heartbeat that was never heard.
                state: state.and_then(|state| serde_json::from_str(&state).ok()),
            })
        })
        .optional()?
        .ok_or(Trouble::NotFound("station"))?;
    let queues = integers(connection, "SELECT queue FROM station_queues WHERE station = ?1 ORDER BY queue", id)?;
    Ok(serde_json::to_value(StationListing { queues, ..station })?)
}

impl Ledger {
    /// A tenant's slug by its id.
    pub async fn tenant_slug(&self, tenant: i64) -> Result<Option<String>, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| {
            Ok(connection
                .prepare_cached("SELECT slug FROM tenants WHERE id = ?1")?
                .query_row([tenant], |row| row.get(0))
                .optional()?)
        })
        .await
    }

    /// Sets an agent's state, one of [`AGENT_STATUSES`].
    pub async fn set_agent_status(&self, tenant: i64, id: i64, status: String) -> Result<AgentBody, Trouble> {
        self.write(Whose::Tenant(tenant), move |writing| {
            agent(writing.connection, tenant, id)?;
            writing
                .connection
                .prepare_cached("UPDATE agents SET status = ?2 WHERE id = ?1")?
                .execute(params![id, status])?;
            for queue in agent_queues(writing.connection, id)? {
                writing.touch(queue);
            }
            agent(writing.connection, tenant, id)
        })
        .await
    }

    /// Puts an agent at a counter of the agent's site, or at none. Whoever sat there before sits nowhere.
    pub async fn set_agent_counter(&self, tenant: i64, id: i64, counter: Option<i64>) -> Result<AgentBody, Trouble> {
        self.write(Whose::Tenant(tenant), move |writing| {
            let connection = writing.connection;
            let before = agent(connection, tenant, id)?;
            if let Some(counter) = counter {
                connection
                    .prepare_cached("SELECT 1 FROM counters WHERE id = ?1 AND site = ?2")?
                    .query_row([counter, before.site], |_| Ok(()))
                    .optional()?
                    .ok_or(Trouble::NotFound("counter"))?;
                connection
                    .prepare_cached("UPDATE agents SET counter = NULL WHERE counter = ?1 AND id <> ?2")?
                    .execute([counter, id])?;
            }
            connection.prepare_cached("UPDATE agents SET counter = ?2 WHERE id = ?1")?.execute(params![id, counter])?;
            agent(connection, tenant, id)
        })
        .await
    }

    /// The agent and the counter of a call: what the caller names, or where the named agent sits.
    pub async fn caller(
        &self,
        tenant: i64,
        agent: Option<i64>,
        counter: Option<CounterChoice>,
    ) -> Result<Caller, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| {
            let mut caller = match agent {
                Some(agent) => agent_caller(connection, tenant, agent)?,
                None => Caller::default(),
            };
            match counter {
                None => {}
                Some(CounterChoice::Label(label)) => caller.counter = Some(label),
                Some(CounterChoice::Id(id)) => {
                    let label = connection
                        .prepare_cached("SELECT label FROM counters WHERE id = ?1 AND tenant = ?2")?
                        .query_row([id, tenant], |row| row.get(0))
                        .optional()?
                        .ok_or(Trouble::NotFound("counter"))?;
                    caller.counter = Some(label);
                }
            }
            Ok(caller)
        })
        .await
    }
}

/// How a request names a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CounterChoice {
    /// By what stands above it.
    Label(String),
    /// By its id.
    Id(i64),
}
