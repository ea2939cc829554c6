//! How a station comes to be: it pairs with a token and gets a letter. A token is the office's, good for whoever has it, or
//! one that an approved request became, good for one key and one station. This module never makes a token; it keeps hashes.

use super::store::{Connection, OptionalExtension, Whose, params};
use super::writer::Writing;
use super::{Ledger, places};
use crate::trouble::Trouble;
use smartqueue_domain::SeriesLetter;
use smartqueue_protocol::provisioning::Mode;
use uuid::Uuid;

/// A station that introduces itself, with what of its secrets is kept.
pub struct Introduction {
    /// The hash of the pairing token.
    pub pairing_token: Vec<u8>,
    /// The hash of the secret it is about to get.
    pub secret_hash: Vec<u8>,
    /// The name the office sees.
    pub name: String,
    /// What it does.
    pub mode: Mode,
    /// Its journal's identity.
    pub epoch: Uuid,
    /// The program's version.
    pub version: String,
    /// Up to here the server holds its records already, under an identity that it lost.
    pub acknowledged: u64,
    /// The key that it proved to hold.
    pub public_key: Option<Vec<u8>>,
}

/// Who a station is from now on.
pub struct Paired {
    /// The tenant's slug.
    pub tenant: String,
    /// The station's id.
    pub station: i64,
    /// The letter of the private series; empty for a station that issues nothing.
    pub letter: String,
}

/// Where a pairing token leads.
pub(super) struct PairingPlace {
    tenant: i64,
    site: i64,
    slug: String,
    /// The site's name.
    pub(super) site_name: String,
    /// What a token that was made by an approval says of its one station.
    pub(super) approved: Option<Approved>,
}

/// What an administrator approved.
pub(super) struct Approved {
    /// The only key that may use the token.
    public_key: Vec<u8>,
    /// The station's name.
    pub(super) name: String,
    /// What it does.
    pub(super) mode: String,
    /// The queues that it serves; none means every queue of the site.
    queues: Vec<i64>,
}

/// Where a pairing token leads.
pub(super) fn pairing_place(
    connection: &Connection,
    pairing_token: &[u8],
    now_ms: i64,
) -> Result<PairingPlace, Trouble> {
    type Kept = (Option<Vec<u8>>, Option<String>, Option<String>, Option<String>);
    let (mut place, kept) = connection
        .prepare_cached(
            "SELECT pairing_tokens.tenant, site, slug, sites.name, public_key, pairing_tokens.name, mode, queues
             FROM pairing_tokens JOIN tenants ON tenants.id = pairing_tokens.tenant JOIN sites ON sites.id = site
             WHERE hash = ?1 AND expires_at > ?2 AND revoked_at IS NULL",
        )?
        .query_row(params![pairing_token, now_ms], |row| {
            let (tenant, site, slug, site_name) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            let kept: Kept = (row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?);
            Ok((PairingPlace { tenant, site, slug, site_name, approved: None }, kept))
        })
        .optional()?
        .ok_or(Trouble::Unauthorised {
            code: "pairing_token_refused",
            detail: "the pairing token is unknown, expired or revoked",
        })?;
    if let (Some(public_key), Some(name), Some(mode), Some(queues)) = kept {
        place.approved = Some(Approved { public_key, name, mode, queues: serde_json::from_str(&queues)? });
    }
    Ok(place)
}

/// The names of the queues that a station will serve.
pub(super) fn promised_queues(connection: &Connection, place: &PairingPlace) -> Result<Vec<String>, Trouble> {
    let chosen = place.approved.as_ref().map_or(&[][..], |approved| &approved.queues);
    let queues = places::site_queues(connection, place.site)?;
    let promised = queues.into_iter().filter(|queue| chosen.is_empty() || chosen.contains(&queue.id));
    Ok(promised.map(|queue| queue.name).collect())
}

impl Approved {
    /// Refuses whoever is not the station that was approved.
    fn expect(&self, introduction: &Introduction, is_used_by_another: bool) -> Result<(), Trouble> {
        let Approved { public_key, name: _, mode, queues: _ } = self;
        if introduction.public_key.as_ref() != Some(public_key) || is_used_by_another {
            let detail = "this pairing was approved for another station: ask for a code of your own";
            return Err(Trouble::Unauthorised { code: "pairing_token_refused", detail });
        }
        if introduction.mode.word() != mode {
            let detail = format!("this station was approved as `{mode}`: ask for another code");
            return Err(Trouble::Conflict { code: "mode_not_approved", detail });
        }
        Ok(())
    }
}

fn pair(writing: &mut Writing<'_>, introduction: &Introduction) -> Result<Paired, Trouble> {
    let connection = writing.connection;
    let Introduction { pairing_token, secret_hash, name, mode, epoch, version, acknowledged, public_key } =
        introduction;
    let PairingPlace { tenant, site, slug, site_name: _, approved } =
        pairing_place(connection, pairing_token, writing.now_ms)?;
    if let Some(approved) = &approved {
        let others = connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM stations WHERE pairing_token = ?1 AND epoch <> ?2)")?
            .query_row(params![pairing_token, epoch.to_string()], |row| row.get(0))?;
        approved.expect(introduction, others)?;
    }
    let name = approved.as_ref().map_or(name, |approved| &approved.name);
    let known: Option<(i64, String, bool)> = connection
        .prepare_cached(
            "SELECT id, letter, revoked_at IS NOT NULL FROM stations WHERE pairing_token = ?1 AND epoch = ?2",
        )?
        .query_row(params![pairing_token, epoch.to_string()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (station, letter) = match known {
        Some((_, _, true)) => {
            return Err(Trouble::Forbidden { code: "station_revoked", detail: "this station was shut out" });
        }
        Some((station, letter, false)) => {
            let letter = if letter.is_empty() { letter_for(connection, site, *mode)? } else { letter };
            connection
                .prepare_cached(
                    "UPDATE stations SET secret_hash = ?2, name = ?3, mode = ?4, version = ?5, letter = ?6, public_key = ?7
                     WHERE id = ?1",
                )?
                .execute(params![station, secret_hash, name, mode.word(), version, letter, public_key])?;
            (station, letter)
        }
        None => {
            let letter = letter_for(connection, site, *mode)?;
            let held = held_before(connection, introduction)?.min(i64::try_from(*acknowledged).unwrap_or(i64::MAX));
            let station = connection
                .prepare_cached(
                    "INSERT INTO stations (tenant, site, name, mode, epoch, letter, secret_hash, pairing_token, version,
                     paired_at, highest_seq, public_key)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) RETURNING id",
                )?
                .query_row(
                    params![
                        tenant,
                        site,
                        name,
                        mode.word(),
                        epoch.to_string(),
                        letter,
                        secret_hash,
                        pairing_token,
                        version,
                        writing.now_ms,
                        held,
                        public_key,
                    ],
                    |row| row.get(0),
                )?;
            for queue in approved.iter().flat_map(|approved| &approved.queues) {
                // One that was removed since the approval is served by nobody.
                connection
                    .prepare_cached(
                        "INSERT INTO station_queues (station, queue)
                         SELECT CAST(?1 AS BIGINT), id FROM queues WHERE id = ?2 AND site = ?3",
                    )?
                    .execute(params![station, queue, site])?;
            }
            (station, letter)
        }
    };
    Ok(Paired { tenant: slug, station, letter })
}

/// How many records this server holds of a station that lost its identity, under the identities that its profile had
/// before. A server that was put back from a copy may have acknowledged more than it holds now.
fn held_before(connection: &Connection, introduction: &Introduction) -> Result<i64, Trouble> {
    let Introduction { pairing_token, name, epoch, .. } = introduction;
    Ok(connection
        .prepare_cached(
            "SELECT coalesce(max(highest_seq), 0) FROM stations WHERE pairing_token = ?1 AND name = ?2 AND epoch <> ?3",
        )?
        .query_row(params![pairing_token, name, epoch.to_string()], |row| row.get(0))?)
}

/// The next letter that no station of the site ever had. A letter is given out again only when its station was shut
/// out, and never on a day on which that station may still have issued under it.
pub(super) fn letter_for(connection: &Connection, site: i64, mode: Mode) -> Result<String, Trouble> {
    if !mode.issues() {
        return Ok(String::new());
    }
    let mut statement = connection.prepare_cached(
        "SELECT letter, max(coalesce(revoked_at, 9000000000000000000)) FROM stations WHERE site = ?1 AND letter <> '' GROUP BY letter",
    )?;
    let taken: Vec<(String, i64)> =
        statement.query_map([site], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let letters = SeriesLetter::KIOSK_LETTERS.map(String::from);
    if let Some(unused) = letters.iter().find(|letter| taken.iter().all(|(taken, _)| taken != *letter)) {
        return Ok(unused.clone());
    }
    let two_days_ago = crate::clock::now_ms() - 2 * 86_400_000;
    let free = taken.iter().filter(|(_, revoked)| *revoked < two_days_ago).min_by_key(|(_, revoked)| *revoked);
    match free {
        Some((letter, _)) => Ok(letter.clone()),
        None => {
            let detail = "every letter of the site belongs to a station: shut one out first".to_owned();
            Err(Trouble::Conflict { code: "no_letter_free", detail })
        }
    }
}

impl Ledger {
    /// Pairs a station. The same journal and token get the same identity again, under the new secret.
    pub async fn pair(&self, introduction: Introduction) -> Result<Paired, Trouble> {
        self.write(Whose::All, move |writing| pair(writing, &introduction)).await
    }

    /// The name of the site that a pairing token leads to, and the names of its queues.
    pub async fn pairing_site(&self, pairing_token: Vec<u8>) -> Result<(String, Vec<String>), Trouble> {
        self.read(Whose::All, move |connection| {
            let place = pairing_place(connection, &pairing_token, crate::clock::now_ms())?;
            let queues = promised_queues(connection, &place)?;
            Ok((place.site_name, queues))
        })
        .await
    }
}
