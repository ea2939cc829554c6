//! Users and their refresh tokens. Passwords and tokens arrive here as hashes only.

use super::{Ledger, places};
use crate::trouble::Trouble;
use rusqlite::{Connection, OptionalExtension, Row, params};
use smartqueue_protocol::api::{AgentBody, UserBody};

/// How long a refresh token lives, in milliseconds: a clerk who comes back after a week signs in again.
const REFRESH_LIFE_MS: i64 = 7 * 24 * 3_600_000;

/// A user who may sign in.
#[derive(Clone, Debug)]
pub struct Account {
    /// The tenant.
    pub tenant: i64,
    /// What others may see.
    pub user: UserBody,
    /// The user's agent.
    pub agent: Option<AgentBody>,
    /// The argon2id hash.
    pub password_hash: String,
}

const ACCOUNT: &str = "SELECT users.id, users.tenant, email, users.name, password_hash, scopes,
                       (SELECT agents.id FROM agents WHERE agents.user = users.id)
                       FROM users JOIN tenants ON tenants.id = users.tenant WHERE is_active";

type StoredAccount = (Account, Option<i64>);

fn read_account(row: &Row<'_>) -> Result<StoredAccount, rusqlite::Error> {
    let scopes: String = row.get(5)?;
    let scopes = scopes.split_whitespace().map(str::to_owned).collect();
    let user = UserBody { id: row.get(0)?, email: row.get(2)?, name: row.get(3)?, scopes };
    Ok((Account { tenant: row.get(1)?, user, agent: None, password_hash: row.get(4)? }, row.get(6)?))
}

fn with_agent(connection: &Connection, (account, agent): StoredAccount) -> Result<Account, Trouble> {
    let agent = agent.map(|agent| places::agent(connection, account.tenant, agent)).transpose()?;
    Ok(Account { agent, ..account })
}

impl Ledger {
    /// The active user of an address at a tenant.
    pub async fn account(&self, tenant_slug: String, email: String) -> Result<Option<Account>, Trouble> {
        self.read(move |connection| {
            let found = connection
                .prepare_cached(&format!("{ACCOUNT} AND tenants.slug = ?1 AND email = ?2"))?
                .query_row(params![tenant_slug, email], read_account)
                .optional()?;
            found.map(|found| with_agent(connection, found)).transpose()
        })
        .await
    }

    /// The agent of a user.
    pub async fn agent_of_user(&self, tenant: i64, user: i64) -> Result<Option<i64>, Trouble> {
        self.read(move |connection| {
            Ok(connection
                .prepare_cached("SELECT id FROM agents WHERE user = ?1 AND tenant = ?2")?
                .query_row([user, tenant], |row| row.get(0))
                .optional()?)
        })
        .await
    }

    /// Keeps the first refresh token of a sign-in.
    pub async fn keep_refresh(&self, user: i64, hash: Vec<u8>, family: String) -> Result<(), Trouble> {
        self.write(move |writing| insert_refresh(writing.connection, user, &hash, &family, writing.now_ms)).await
    }

    /// Exchanges a refresh token for the next of its family.
    ///
    /// Nothing is returned for a token that is unknown, expired or of a user who may no longer sign in. A token that was
    /// used before takes its whole family with it: one of the two who used it stole it.
    pub async fn rotate_refresh(&self, hash: Vec<u8>, next: Vec<u8>) -> Result<Option<Account>, Trouble> {
        self.write(move |writing| {
            let connection = writing.connection;
            let found: Option<(String, i64, i64, Option<i64>)> = connection
                .prepare_cached("SELECT family, user, expires_at, used_at FROM refresh_tokens WHERE hash = ?1")?
                .query_row([&hash], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
                .optional()?;
            let Some((family, user, expires_at, used_at)) = found else { return Ok(None) };
            if used_at.is_some() {
                connection.prepare_cached("DELETE FROM refresh_tokens WHERE family = ?1")?.execute([&family])?;
                tracing::warn!(user, "a refresh token was used twice: its family is revoked");
                return Ok(None);
            }
            if expires_at <= writing.now_ms {
                return Ok(None);
            }
            let account = connection
                .prepare_cached(&format!("{ACCOUNT} AND users.id = ?1"))?
                .query_row([user], read_account)
                .optional()?;
            let Some(account) = account else { return Ok(None) };
            connection
                .prepare_cached("UPDATE refresh_tokens SET used_at = ?2 WHERE hash = ?1")?
                .execute(params![hash, writing.now_ms])?;
            insert_refresh(connection, user, &next, &family, writing.now_ms)?;
            with_agent(connection, account).map(Some)
        })
        .await
    }
}

fn insert_refresh(connection: &Connection, user: i64, hash: &[u8], family: &str, now_ms: i64) -> Result<(), Trouble> {
    connection.prepare_cached("DELETE FROM refresh_tokens WHERE expires_at <= ?1")?.execute([now_ms])?;
    connection
        .prepare_cached("INSERT INTO refresh_tokens (hash, family, user, expires_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![hash, family, user, now_ms + REFRESH_LIFE_MS])?;
    Ok(())
}
