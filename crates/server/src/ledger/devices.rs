//! Stations as the office handles them: tokens that let them pair, and the end of one. Tokens arrive here as hashes.

use super::audit::{self, Actor};
use super::store::{OptionalExtension, Whose, params};
use super::{Ledger, events};
use crate::trouble::Trouble;
use serde_json::json;

/// A station that was not heard for so long is offline: it beats every 15 s and may miss three.
const ONLINE_MS: i64 = 60_000;

impl Ledger {
    /// How many stations were heard in the last minute.
    pub async fn stations_online(&self) -> Result<i64, Trouble> {
        self.read(Whose::All, |connection| {
            Ok(connection
                .prepare_cached("SELECT count(*) FROM stations WHERE seen_at > ?1 AND revoked_at IS NULL")?
                .query_row([crate::clock::now_ms() - ONLINE_MS], |row| row.get(0))?)
        })
        .await
    }

    /// Lets stations of a site pair with a token for so long; returns when that ends, UTC milliseconds.
    pub async fn allow_pairing(
        &self,
        actor: Actor,
        site: i64,
        token_hash: Vec<u8>,
        life_ms: i64,
    ) -> Result<i64, Trouble> {
        self.write(actor.whose(), move |writing| {
            writing
                .connection
                .prepare_cached("SELECT 1 FROM sites WHERE id = ?1 AND tenant = ?2")?
                .query_row([site, actor.tenant], |_| Ok(()))
                .optional()?
                .ok_or_else(|| Trouble::invalid("site", "there is no such site"))?;
            let ends_at_ms = writing.now_ms + life_ms;
            writing
                .connection
                .prepare_cached("INSERT INTO pairing_tokens (hash, tenant, site, expires_at) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![token_hash, actor.tenant, site, ends_at_ms])?;
            audit::note(writing, actor, "allow_pairing", "site", Some(site), &json!({}))?;
            Ok(ends_at_ms)
        })
        .await
    }

    /// Shuts a station out. What it printed stays valid; what it owned passes on at the next day.
    pub async fn revoke_station(&self, actor: Actor, station: i64) -> Result<(), Trouble> {
        self.write(actor.whose(), move |writing| {
            let site: i64 = writing
                .connection
                .prepare_cached(
                    "UPDATE stations SET revoked_at = coalesce(revoked_at, ?3) WHERE id = ?1 AND tenant = ?2 RETURNING site",
                )?
                .query_row([station, actor.tenant, writing.now_ms], |row| row.get(0))
                .optional()?
                .ok_or(Trouble::NotFound("station"))?;
            audit::note(writing, actor, "revoke", "station", Some(station), &json!({}))?;
            let event = events::configuration_changed(writing.connection, site)?;
            writing.publish(event)
        })
        .await
    }
}
