//! Stations that ask to be paired, and the administrators who are told their codes. A request belongs to nobody until it
//! is answered, and to one tenant from then on; approved, its secret is a pairing token. Codes and secrets arrive here as
//! hashes. Open requests are bounded, all of them and those of one network, and none is pushed out by another.

use super::Ledger;
use super::audit::{self, Actor};
use super::pairing::{letter_for, pairing_place, promised_queues};
use super::store::{Connection, OptionalExtension, Whose, params};
use crate::auth::limiter::network;
use crate::trouble::Trouble;
use serde_json::json;
use smartqueue_protocol::pairing::{PollReply, fingerprint};
use smartqueue_protocol::provisioning::Mode;
use std::net::IpAddr;

/// How long a code is good, in milliseconds.
pub const CODE_LIFE_MS: i64 = 10 * 60_000;
/// How long a station may take from the approval to its pairing, in milliseconds: whoever sets a machine up may finish it
/// the next morning.
const APPROVAL_LIFE_MS: i64 = 24 * 3_600_000;
/// So many requests may be open at a time.
const MOST_OPEN: i64 = 1_000;
/// So many of one network.
const MOST_OPEN_OF_A_NETWORK: i64 = 20;

/// A station that asks.
pub struct Asking {
    /// The hash of the code that it is about to show.
    pub code_hash: Vec<u8>,
    /// The hash of the secret that it will poll with.
    pub secret_hash: Vec<u8>,
    /// The key that it proved to hold.
    pub public_key: Vec<u8>,
    /// The name that it proposes.
    pub name: String,
    /// What it would do.
    pub mode: Mode,
    /// Its program's version.
    pub version: String,
    /// From where it asks.
    pub address: IpAddr,
}

/// A request as it is found by its code.
pub struct Found {
    /// The name that the station proposes.
    pub name: String,
    /// What it would do.
    pub mode: String,
    /// Its program's version.
    pub version: String,
    /// Its key.
    pub public_key: Vec<u8>,
    /// From where it asked.
    pub address: String,
    /// When, UTC milliseconds.
    pub asked_at_ms: i64,
    /// When its code ends, UTC milliseconds.
    pub expires_at_ms: i64,
}

/// What became of a request.
pub struct Polled {
    /// The key that asked: the answer is for its holder only.
    pub public_key: Vec<u8>,
    /// When the code, or what was approved, ends, UTC milliseconds.
    pub expires_at_ms: i64,
    /// What its station is told; nothing while nobody has answered.
    pub answer: Option<PollReply>,
}

/// What an administrator decides for a station.
pub struct Approval {
    /// Its site.
    pub site: i64,
    /// Its queues; none means every queue of the site.
    pub queues: Vec<i64>,
    /// What it does.
    pub mode: Mode,
    /// Its name; nothing: the one that it proposes.
    pub name: Option<String>,
}

/// There is none, or it is over, or it is another tenant's: nobody is told which.
const NO_SUCH_CODE: Trouble = Trouble::NotFound("code");

/// A request that nobody has answered.
struct Open {
    id: i64,
    secret_hash: Vec<u8>,
    found: Found,
}

/// The open request of a code. Whoever answered it hears that it is answered; nobody else hears of it.
fn open(connection: &Connection, tenant: i64, code_hash: &[u8], now_ms: i64) -> Result<Open, Trouble> {
    let known: Option<(Open, String, Option<i64>)> = connection
        .prepare_cached(
            "SELECT id, secret_hash, name, mode, version, public_key, address, asked_at, expires_at, state, tenant
             FROM pairing_requests WHERE code_hash = ?1 AND expires_at > ?2",
        )?
        .query_row(params![code_hash, now_ms], |row| {
            let found = Found {
                name: row.get(2)?,
                mode: row.get(3)?,
                version: row.get(4)?,
                public_key: row.get(5)?,
                address: row.get(6)?,
                asked_at_ms: row.get(7)?,
                expires_at_ms: row.get(8)?,
            };
            Ok((Open { id: row.get(0)?, secret_hash: row.get(1)?, found }, row.get(9)?, row.get(10)?))
        })
        .optional()?;
    match known {
        Some((open, state, _)) if state == "open" => Ok(open),
        Some((_, _, Some(answered_by))) if answered_by == tenant => {
            let detail = "this request was answered already".to_owned();
            Err(Trouble::Conflict { code: "request_answered", detail })
        }
        Some(_) | None => Err(NO_SUCH_CODE),
    }
}

/// Whether another request may be open now; if not, when the next one ends.
fn make_room(connection: &Connection, network: &str, now_ms: i64) -> Result<(), Trouble> {
    let (all, of_network, all_end, network_ends): (i64, i64, Option<i64>, Option<i64>) = connection
        .prepare_cached(
            "SELECT count(*), coalesce(sum(CASE WHEN network = ?1 THEN 1 ELSE 0 END), 0), min(expires_at),
             min(CASE WHEN network = ?1 THEN expires_at END) FROM pairing_requests WHERE state = 'open'",
        )?
        .query_row(params![network], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let end = match () {
        () if of_network >= MOST_OPEN_OF_A_NETWORK => network_ends,
        () if all >= MOST_OPEN => all_end,
        () => return Ok(()),
    };
    let left_ms = end.map_or(CODE_LIFE_MS, |end| (end - now_ms).max(0));
    Err(Trouble::TooMany { retry_after_seconds: left_ms.unsigned_abs() / 1_000 + 1 })
}

impl Ledger {
    /// Keeps a request, in place of an earlier one of the same key, and says when its code ends, UTC milliseconds.
    pub async fn ask_to_pair(&self, asking: Asking) -> Result<i64, Trouble> {
        self.write(Whose::All, move |writing| {
            let Asking { code_hash, secret_hash, public_key, name, mode, version, address } = asking;
            let connection = writing.connection;
            connection
                .prepare_cached("DELETE FROM pairing_requests WHERE expires_at <= ?1")?
                .execute([writing.now_ms])?;
            // What an earlier request of this key was granted and nobody used is taken back.
            connection
                .prepare_cached(
                    "UPDATE pairing_tokens SET revoked_at = ?2 WHERE revoked_at IS NULL
                     AND hash IN (SELECT secret_hash FROM pairing_requests WHERE public_key = ?1 AND state = 'approved')
                     AND NOT EXISTS (SELECT 1 FROM stations WHERE pairing_token = pairing_tokens.hash)",
                )?
                .execute(params![public_key, writing.now_ms])?;
            connection.prepare_cached("DELETE FROM pairing_requests WHERE public_key = ?1")?.execute([&public_key])?;
            let network = network(address);
            make_room(connection, &network, writing.now_ms)?;
            let ends_at_ms = writing.now_ms + CODE_LIFE_MS;
            let made = connection
                .prepare_cached(
                    "INSERT INTO pairing_requests (code_hash, secret_hash, public_key, name, mode, version, address,
                     network, asked_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                     ON CONFLICT DO NOTHING",
                )?
                .execute(params![
                    code_hash,
                    secret_hash,
                    public_key,
                    name,
                    mode.word(),
                    version,
                    address.to_canonical().to_string(),
                    network,
                    writing.now_ms,
                    ends_at_ms,
                ])?;
            // Two requests with one code come once in many million tries: the next one draws another.
            if made == 1 { Ok(ends_at_ms) } else { Err(Trouble::Busy) }
        })
        .await
    }

    /// What became of the request with this secret; nothing when there is none, or none any more.
    pub async fn poll_request(&self, secret_hash: Vec<u8>) -> Result<Option<Polled>, Trouble> {
        self.read(Whose::All, move |connection| {
            let now_ms = crate::clock::now_ms();
            let known: Option<(Vec<u8>, String, i64)> = connection
                .prepare_cached(
                    "SELECT public_key, state, expires_at FROM pairing_requests
                     WHERE secret_hash = ?1 AND expires_at > ?2",
                )?
                .query_row(params![secret_hash, now_ms], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            let Some((public_key, state, expires_at_ms)) = known else { return Ok(None) };
            let answer = match state.as_str() {
                "open" => None,
                "refused" => Some(PollReply::Refused),
                _ => match pairing_place(connection, &secret_hash, now_ms) {
                    Ok(place) => {
                        let queues = promised_queues(connection, &place)?;
                        let site_name = place.site_name;
                        let approved = place.approved.map(|approved| (approved.mode, approved.name));
                        Some(approved.map_or(PollReply::Expired, |(mode, name)| PollReply::Approved {
                            site_name,
                            queues,
                            mode,
                            name,
                        }))
                    }
                    // The station took too long, or was asked to stop before it paired.
                    Err(Trouble::Unauthorised { .. }) => Some(PollReply::Expired),
                    Err(error) => return Err(error),
                },
            };
            Ok(Some(Polled { public_key, expires_at_ms, answer }))
        })
        .await
    }

    /// The open request that shows this code.
    pub async fn look_at_request(&self, actor: Actor, code_hash: Vec<u8>) -> Result<Found, Trouble> {
        self.read(Whose::All, move |connection| {
            Ok(open(connection, actor.tenant, &code_hash, crate::clock::now_ms())?.found)
        })
        .await
    }

    /// Makes the station that shows this code one of the tenant's: its secret is a pairing token from now on, good for its
    /// key alone. Returns its name and when it must have paired, UTC milliseconds.
    pub async fn approve_request(
        &self,
        actor: Actor,
        code_hash: Vec<u8>,
        approval: Approval,
    ) -> Result<(String, i64), Trouble> {
        // An open request is no tenant's yet, so the step is about all of them; it names the tenant in each question.
        self.write(Whose::All, move |writing| {
            let connection = writing.connection;
            let Open { id, secret_hash, found } = open(connection, actor.tenant, &code_hash, writing.now_ms)?;
            let Approval { site, mut queues, mode, name } = approval;
            let name = name.unwrap_or(found.name);
            connection
                .prepare_cached("SELECT 1 FROM sites WHERE id = ?1 AND tenant = ?2")?
                .query_row([site, actor.tenant], |_| Ok(()))
                .optional()?
                .ok_or_else(|| Trouble::invalid("site", "there is no such site"))?;
            queues.sort_unstable();
            queues.dedup();
            for queue in &queues {
                connection
                    .prepare_cached("SELECT 1 FROM queues WHERE id = ?1 AND site = ?2 AND tenant = ?3")?
                    .query_row([*queue, site, actor.tenant], |_| Ok(()))
                    .optional()?
                    .ok_or_else(|| Trouble::invalid("queues", format!("the site has no queue {queue}")))?;
            }
            // Said now, to whoever can shut another station out, and not to the machine afterwards.
            letter_for(connection, site, mode)?;
            let ends_at_ms = writing.now_ms + APPROVAL_LIFE_MS;
            connection
                .prepare_cached(
                    "INSERT INTO pairing_tokens (hash, tenant, site, expires_at, public_key, name, mode, queues)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    secret_hash,
                    actor.tenant,
                    site,
                    ends_at_ms,
                    found.public_key,
                    name,
                    mode.word(),
                    serde_json::to_string(&queues)?,
                ])?;
            connection
                .prepare_cached(
                    "UPDATE pairing_requests SET state = 'approved', tenant = ?2, expires_at = ?3 WHERE id = ?1",
                )?
                .execute([id, actor.tenant, ends_at_ms])?;
            let detail = json!({"name": name, "mode": mode.word(), "site": site, "queues": queues,
                                "fingerprint": fingerprint(&found.public_key), "address": found.address});
            audit::note(writing, actor, "approve_pairing", "pairing_request", Some(id), &detail)?;
            Ok((name, ends_at_ms))
        })
        .await
    }

    /// Tells the station that shows this code no.
    pub async fn refuse_request(&self, actor: Actor, code_hash: Vec<u8>) -> Result<(), Trouble> {
        self.write(Whose::All, move |writing| {
            let Open { id, secret_hash: _, found } =
                open(writing.connection, actor.tenant, &code_hash, writing.now_ms)?;
            writing
                .connection
                .prepare_cached("UPDATE pairing_requests SET state = 'refused', tenant = ?2 WHERE id = ?1")?
                .execute([id, actor.tenant])?;
            let detail = json!({"name": found.name, "mode": found.mode, "fingerprint": fingerprint(&found.public_key),
                                "address": found.address});
            audit::note(writing, actor, "refuse_pairing", "pairing_request", Some(id), &detail)
        })
        .await
    }
}
