//! Stations: their grants, what is published for them, how they are. How they come to be is in `pairing`, their records
//! are in `records`.

use super::events::{self, Interest, Snapshot};
use super::service_days::SiteDays;
use super::store::{Connection, OptionalExtension, Whose, params};
use super::writer::Writing;
use super::{Ledger, numbers, places};
use crate::auth::keys::same_hash;
use crate::trouble::Trouble;
use smartqueue_domain::ServiceDay;
use smartqueue_protocol::configuration::{Configuration, RolloverBody, SiteBody, SlipWords};
use smartqueue_protocol::event::StationState;
use smartqueue_protocol::provisioning::Mode;
use smartqueue_protocol::station_sync::{GrantBody, HelloReply, HelloRequest};
use smartqueue_protocol::time::write_time;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A station as its own requests see it.
#[derive(Clone, Debug)]
pub(super) struct StationRow {
    pub(super) tenant: i64,
    pub(super) site: i64,
    pub(super) epoch: String,
    pub(super) letter: String,
    pub(super) highest_seq: u64,
}

/// A station that is known and not shut out.
pub(super) fn active(connection: &Connection, tenant: i64, station: i64) -> Result<StationRow, Trouble> {
    let found: Option<(StationRow, bool)> = connection
        .prepare_cached(
            "SELECT tenant, site, epoch, letter, highest_seq, revoked_at IS NOT NULL FROM stations
             WHERE id = ?1 AND tenant = ?2",
        )?
        .query_row([station, tenant], |row| {
            let highest_seq: i64 = row.get(4)?;
            let station = StationRow {
                tenant: row.get(0)?,
                site: row.get(1)?,
                epoch: row.get(2)?,
                letter: row.get(3)?,
                highest_seq: highest_seq.unsigned_abs(),
            };
            Ok((station, row.get(5)?))
        })
        .optional()?;
    match found {
        Some((station, false)) => Ok(station),
        Some((_, true)) => Err(Trouble::Forbidden { code: "station_revoked", detail: "this station was shut out" }),
        None => Err(Trouble::NotFound("station")),
    }
}

impl StationRow {
    /// A journal that is not the one that was paired belongs to another station, whatever its profile says.
    pub(super) fn expect_epoch(&self, epoch: Uuid) -> Result<(), Trouble> {
        if self.epoch == epoch.to_string() {
            return Ok(());
        }
        let detail = "the journal is not the one that was paired: pair again".to_owned();
        Err(Trouble::Conflict { code: "epoch_mismatch", detail })
    }
}

/// A station that has not been seen for so long no longer counts as one that issues.
const FORGOTTEN_MS: i64 = 7 * 86_400_000;

/// How many stations issue tickets for a queue.
pub(super) fn issuers_of(connection: &Connection, queue: i64, now_ms: i64) -> Result<u32, Trouble> {
    Ok(connection
        .prepare_cached(
            "SELECT count(*) FROM stations WHERE site = (SELECT site FROM queues WHERE id = ?1) AND letter <> ''
             AND revoked_at IS NULL AND coalesce(seen_at, paired_at) > ?2
             AND (EXISTS (SELECT 1 FROM station_queues WHERE station = stations.id AND queue = ?1)
                  OR NOT EXISTS (SELECT 1 FROM station_queues WHERE station = stations.id))",
        )?
        .query_row([queue, now_ms - FORGOTTEN_MS], |row| row.get(0))?)
}

/// The queues that a station serves or shows.
fn station_interest(connection: &Connection, station: i64, site: i64) -> Result<Interest, Trouble> {
    let chosen = places::integers(connection, "SELECT queue FROM station_queues WHERE station = ?1", station)?;
    interest_or_all(connection, site, chosen)
}

fn interest_or_all(connection: &Connection, site: i64, chosen: Vec<i64>) -> Result<Interest, Trouble> {
    let queues = if chosen.is_empty() {
        places::integers(connection, "SELECT id FROM queues WHERE site = ?1", site)?
    } else {
        chosen
    };
    Ok(Interest { site, queues: queues.into_iter().collect(), agent: None })
}

/// What a server answers to a hello, but for the addresses and the words of the protocol.
pub struct Greeting {
    /// The site's service day.
    pub service_day: ServiceDay,
    /// The highest record held.
    pub highest_seq: u64,
    /// What is published.
    pub configuration: Configuration,
    /// The main series that this station alone issues.
    pub series: Vec<GrantBody>,
    /// The main series that the server issues.
    pub server_series: Vec<GrantBody>,
    /// The main series that this station must give back, should it have them.
    pub released: Vec<GrantBody>,
    /// How many of its records were set aside.
    pub set_aside: u64,
    /// The life of the database.
    pub epoch: Option<Uuid>,
    /// The digest of the record `highest_seq`.
    pub digest: Option<String>,
    /// Everything that lives in its queues.
    pub snapshot: Snapshot,
}

impl Greeting {
    /// The greeting in the protocol's form, at a time of the server.
    pub fn reply(self, server_ms: i64) -> HelloReply {
        let Greeting {
            service_day,
            highest_seq,
            configuration,
            series,
            server_series,
            released,
            set_aside,
            epoch,
            digest,
            snapshot,
        } = self;
        HelloReply {
            server_time: write_time(server_ms),
            service_day: service_day.to_string(),
            highest_seq,
            configuration,
            series,
            event_seq: snapshot.seq,
            tickets: snapshot.tickets.into_iter().map(|ticket| ticket.body).collect(),
            queues: snapshot.queues,
            server_epoch: epoch,
            server_series,
            released,
            set_aside,
            digest,
        }
    }
}

fn claim_series(
    writing: &mut Writing<'_>,
    tenant: i64,
    station: i64,
    request: &HelloRequest,
    mode: Mode,
) -> Result<(), Trouble> {
    let row = active(writing.connection, tenant, station)?;
    row.expect_epoch(request.epoch)?;
    take_word(writing, station, request)?;
    writing
        .connection
        .prepare_cached(
            "UPDATE stations SET seen_at = ?2, mode = ?3, version = ?4, applied_configuration = ?5 WHERE id = ?1",
        )?
        .execute(params![station, writing.now_ms, mode.word(), request.version, request.applied_configuration])?;
    if mode.issues() && !row.letter.is_empty() {
        let today = site_day(writing.connection, row.site, writing.now_ms)?;
        numbers::sweep_allocations(writing, row.site, today)?;
        for queue in station_interest(writing.connection, station, row.site)?.queues {
            numbers::claim_main(writing, queue, station, today)?;
        }
    }
    Ok(())
}

/// A station says the word of its last hello and draws the next one, which it keeps before it says it. Of two machines
/// that work from copies of one disk the second finds that its word is not the last one any more. A hello that the
/// network repeats, or brings late, changes nothing.
fn take_word(writing: &Writing<'_>, station: i64, request: &HelloRequest) -> Result<(), Trouble> {
    // A station of the first version has no words.
    let Some(next) = &request.next_word else { return Ok(()) };
    let last: Option<String> = writing
        .connection
        .prepare_cached("SELECT word FROM stations WHERE id = ?1")?
        .query_row([station], |row| row.get(0))?;
    if last.as_ref() == Some(next) {
        return Ok(());
    }
    if last.is_some() && last != request.word {
        tracing::warn!(station, "a copy of this station is at work");
        let detail = "another machine works under this identity: pair again".to_owned();
        return Err(Trouble::Conflict { code: "station_copied", detail });
    }
    writing
        .connection
        .prepare_cached("UPDATE stations SET word = ?2 WHERE id = ?1")?
        .execute(params![station, next])?;
    Ok(())
}

fn site_day(connection: &Connection, site: i64, now_ms: i64) -> Result<ServiceDay, Trouble> {
    SiteDays::of(connection, site)?.day(now_ms)
}

fn greet(connection: &Connection, tenant: i64, station: i64, follow_url_base: String) -> Result<Greeting, Trouble> {
    let now_ms = crate::clock::now_ms();
    let row = active(connection, tenant, station)?;
    let interest = station_interest(connection, station, row.site)?;
    let days = SiteDays::of(connection, row.site)?;
    let today = days.day(now_ms)?;
    let mut configuration = configuration(connection, row.site, &interest.queues, follow_url_base)?;
    configuration.rollovers = days.rollovers(now_ms)?.iter().map(RolloverBody::from).collect();
    let series = numbers::grants(connection, station, &interest.queues)?;
    let digest = connection
        .prepare_cached("SELECT digest FROM stations WHERE id = ?1")?
        .query_row([station], |row| row.get(0))?;
    let set_aside: i64 = connection
        .prepare_cached("SELECT count(*) FROM quarantine WHERE station = ?1")?
        .query_row([station], |row| row.get(0))?;
    Ok(Greeting {
        service_day: today,
        highest_seq: row.highest_seq,
        configuration,
        server_series: numbers::server_series(connection, &interest.queues, today)?,
        released: numbers::released(connection, station, &interest.queues, today)?,
        series,
        set_aside: set_aside.unsigned_abs(),
        epoch: epoch(connection)?,
        digest,
        snapshot: events::snapshot(connection, &interest, now_ms)?,
    })
}

/// The life of the database, drawn when it was made and again when a copy was put back.
fn epoch(connection: &Connection) -> Result<Option<Uuid>, Trouble> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM meta WHERE key = 'epoch'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(text.and_then(|text| Uuid::parse_str(&text).ok()))
}

fn configuration(
    connection: &Connection,
    site: i64,
    queues: &BTreeSet<i64>,
    follow_url_base: String,
) -> Result<Configuration, Trouble> {
    struct Stored {
        site: SiteBody,
        languages: String,
        ticker: String,
        slip: SlipWords,
        version: i64,
    }
    let stored = connection
        .prepare_cached(
            "SELECT name, timezone, languages, brand_colour, ticker, slip_header, slip_footer, configuration_version
             FROM sites WHERE id = ?1",
        )?
        .query_row([site], |row| {
            Ok(Stored {
                site: SiteBody {
                    id: site,
                    name: row.get(0)?,
                    timezone: row.get(1)?,
                    languages: Vec::new(),
                    brand_colour: row.get(3)?,
                },
                languages: row.get(2)?,
                ticker: row.get(4)?,
                slip: SlipWords { header: row.get(5)?, footer: row.get(6)? },
                version: row.get(7)?,
            })
        })?;
    let mut bodies = places::site_queues(connection, site)?;
    bodies.retain(|body| queues.contains(&body.id));
    Ok(Configuration {
        version: stored.version,
        site: SiteBody { languages: serde_json::from_str(&stored.languages)?, ..stored.site },
        queues: bodies,
        ticker: serde_json::from_str(&stored.ticker)?,
        follow_url_base: Some(follow_url_base),
        slip: stored.slip,
        rollovers: Vec::new(),
    })
}

/// Whose view a socket shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One queue.
    Queue(i64),
    /// A display's queues.
    Display(i64),
    /// An agent's queues and tickets.
    Agent(i64),
    /// A station's queues.
    Station(i64),
}

fn interest(connection: &Connection, tenant: i64, subject: Subject) -> Result<Interest, Trouble> {
    let site_of = |table: &'static str, id: i64, what: &'static str| -> Result<i64, Trouble> {
        connection
            .prepare_cached(&format!("SELECT site FROM {table} WHERE id = ?1 AND tenant = ?2"))?
            .query_row([id, tenant], |row| row.get(0))
            .optional()?
            .ok_or(Trouble::NotFound(what))
    };
    match subject {
        Subject::Queue(id) => {
            Ok(Interest { site: site_of("queues", id, "queue")?, queues: BTreeSet::from([id]), agent: None })
        }
        Subject::Display(id) => {
            let site = site_of("displays", id, "display")?;
            let chosen = places::integers(connection, "SELECT queue FROM display_queues WHERE display = ?1", id)?;
            interest_or_all(connection, site, chosen)
        }
        Subject::Agent(id) => {
            let site = site_of("agents", id, "agent")?;
            let queues = places::agent_queues(connection, id)?.into_iter().collect();
            Ok(Interest { site, queues, agent: Some(id) })
        }
        Subject::Station(id) => {
            let row = active(connection, tenant, id)?;
            station_interest(connection, id, row.site)
        }
    }
}

impl Ledger {
    /// The tenant of a station whose secret is right.
    pub async fn station_by_secret(&self, slug: String, station: i64, secret_hash: Vec<u8>) -> Result<i64, Trouble> {
        let refused = || Trouble::Unauthorised { code: "secret_refused", detail: "the station's secret is not right" };
        self.read(Whose::All, move |connection| {
            let tenant = places::tenant_id(connection, &slug)?.ok_or_else(refused)?;
            let stored: Option<Vec<u8>> = connection
                .prepare_cached("SELECT secret_hash FROM stations WHERE id = ?1 AND tenant = ?2")?
                .query_row([station, tenant], |row| row.get(0))
                .optional()?;
            if !stored.is_some_and(|stored| same_hash(&stored, &secret_hash)) {
                return Err(refused());
            }
            Ok(active(connection, tenant, station)?.tenant)
        })
        .await
    }

    /// Answers a station's hello: gives it the main series that nobody owns, then shows it everything at one instant.
    pub async fn greet(
        &self,
        tenant: i64,
        station: i64,
        request: HelloRequest,
        mode: Mode,
        follow_url_base: String,
    ) -> Result<Greeting, Trouble> {
        self.write(Whose::Tenant(tenant), move |writing| claim_series(writing, tenant, station, &request, mode))
            .await?;
        self.read(Whose::Tenant(tenant), move |connection| greet(connection, tenant, station, follow_url_base)).await
    }

    /// Keeps a station's heartbeat.
    pub async fn keep_state(&self, tenant: i64, station: i64, state: StationState) -> Result<(), Trouble> {
        self.write(Whose::Tenant(tenant), move |writing| {
            writing
                .connection
                .prepare_cached("UPDATE stations SET state = ?2, seen_at = ?3 WHERE id = ?1")?
                .execute(params![station, serde_json::to_string(&state)?, writing.now_ms])?;
            Ok(())
        })
        .await
    }

    /// Keeps how a board announced a call. The first word counts.
    pub async fn keep_announcement(
        &self,
        tenant: i64,
        station: i64,
        event: u64,
        outcome: String,
    ) -> Result<(), Trouble> {
        self.write(Whose::Tenant(tenant), move |writing| {
            writing
                .connection
                .prepare_cached(
                    "INSERT INTO announcements (station, event, outcome, received_at) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO NOTHING",
                )?
                .execute(params![station, i64::try_from(event).unwrap_or(i64::MAX), outcome, writing.now_ms])?;
            Ok(())
        })
        .await
    }

    /// What a socket shows.
    pub async fn interest(&self, tenant: i64, subject: Subject) -> Result<Interest, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| interest(connection, tenant, subject)).await
    }
}
