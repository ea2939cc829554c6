//! Users, what they are at a tenant, their refresh tokens and invitations. Passwords and tokens arrive here as hashes only.

use super::audit::{self, Actor};
use super::catalogue::{self, Object};
use super::resources::{AGENTS, USERS};
use super::store::{Connection, Error, OptionalExtension, Row, Stored, Whose, params};
use super::writer::Writing;
use super::{Ledger, places};
use crate::auth::Role;
use crate::trouble::Trouble;
use serde_json::{Value, json};
use smartqueue_protocol::api::{AgentBody, UserBody};

/// How long a refresh token lives, in milliseconds: a clerk who comes back after a week signs in again.
const REFRESH_LIFE_MS: i64 = 7 * 24 * 3_600_000;
/// How long an invitation can be accepted, in milliseconds.
const INVITATION_LIFE_MS: i64 = 7 * 24 * 3_600_000;

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

const ACCOUNT: &str = "SELECT users.id, memberships.tenant, email, users.name, password_hash, role,
                       (SELECT agents.id FROM agents WHERE agents.user = users.id)
                       FROM users JOIN memberships ON memberships.user = users.id
                       JOIN tenants ON tenants.id = memberships.tenant WHERE is_active";

type StoredAccount = (Account, Option<i64>);

fn read_account(row: &Row<'_>) -> Result<StoredAccount, Error> {
    let role: String = row.get(5)?;
    let user = UserBody { id: row.get(0)?, email: row.get(2)?, name: row.get(3)?, scopes: scopes(&role), role };
    Ok((Account { tenant: row.get(1)?, user, agent: None, password_hash: row.get(4)? }, row.get(6)?))
}

/// The scopes of a stored role; a word that this version does not know may do nothing.
fn scopes(role: &str) -> Vec<String> {
    let scopes = Role::of_word(role).map_or(&[][..], Role::scopes);
    scopes.iter().map(|scope| scope.word().to_owned()).collect()
}

fn with_agent(connection: &Connection, (account, agent): StoredAccount) -> Result<Account, Trouble> {
    let agent = agent.map(|agent| places::agent(connection, account.tenant, agent)).transpose()?;
    Ok(Account { agent, ..account })
}

/// A user as the office is shown it: no password, but the role and what follows from it.
pub(super) fn user_value(connection: &Connection, tenant: i64, id: i64) -> Result<Value, Trouble> {
    connection
        .prepare_cached(
            "SELECT email, name, is_active, (SELECT role FROM memberships WHERE memberships.user = users.id AND tenant = ?2),
             (SELECT agents.id FROM agents WHERE agents.user = users.id) FROM users WHERE id = ?1 AND tenant = ?2",
        )?
        .query_row([id, tenant], |row| {
            let role: Option<String> = row.get(3)?;
            let scopes = role.as_deref().map(scopes).unwrap_or_default();
            Ok(json!({
                "id": id,
                "email": row.get::<String>(0)?,
                "name": row.get::<String>(1)?,
                "is_active": row.get::<bool>(2)?,
                "role": role,
                "scopes": scopes,
                "agent": row.get::<Option<i64>>(4)?,
            }))
        })
        .optional()?
        .ok_or(Trouble::NotFound("user"))
}

/// Keeps a user's role, and ends what was signed in under another role or password.
pub(super) fn after_change(
    writing: &mut Writing<'_>,
    tenant: i64,
    user: i64,
    beside: &[(&'static str, Stored)],
    columns: &[(&'static str, Stored)],
) -> Result<(), Trouble> {
    for (name, stored) in beside {
        if let ("role", Stored::Text(role)) = (*name, stored) {
            writing
                .connection
                .prepare_cached(
                    "INSERT INTO memberships (\"user\", tenant, role) VALUES (?1, ?2, ?3)
                     ON CONFLICT (\"user\", tenant) DO UPDATE SET role = excluded.role",
                )?
                .execute(params![user, tenant, role])?;
        }
    }
    let is_about_access =
        !beside.is_empty() || columns.iter().any(|(column, _)| matches!(*column, "password_hash" | "is_active"));
    if is_about_access { revoke_user(writing, user) } else { Ok(()) }
}

/// Ends every token of a user that was made before now.
fn revoke_user(writing: &Writing<'_>, user: i64) -> Result<(), Trouble> {
    writing.connection.prepare_cached("DELETE FROM refresh_tokens WHERE \"user\" = ?1")?.execute([user])?;
    writing
        .connection
        .prepare_cached("UPDATE users SET tokens_from = ?2 WHERE id = ?1")?
        .execute([user, writing.now_ms])?;
    Ok(())
}

/// Who shows a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bearer {
    /// A user.
    User(i64),
    /// A station.
    Station(i64),
}

/// Makes a user with a role, the user's agent with its queues, and an invitation, all or nothing.
fn invite(writing: &mut Writing<'_>, actor: Actor, mut body: Object, token_hash: &[u8]) -> Result<i64, Trouble> {
    let mut user = Object::new();
    for name in ["email", "role", "password"] {
        if let Some(value) = body.remove(name) {
            user.insert(name.to_owned(), value);
        }
    }
    let name = body.get("name").ok_or_else(|| Trouble::invalid("name", "this field is needed"))?;
    user.insert("name".to_owned(), name.clone());
    user.entry("role").or_insert_with(|| json!(Role::Agent.word()));
    // The agent's request id stands for the whole: the agent is made in the same transaction.
    let client_id = body.get("client_id").cloned();
    if let Some(client_id) = &client_id
        && let Some(agent) = catalogue::made_by(writing.connection, &AGENTS, actor.tenant, client_id)?
    {
        return Ok(agent);
    }
    let (user, _) = catalogue::create(writing, &USERS, actor, user)?;
    body.insert("user".to_owned(), json!(user));
    let (agent, _) = catalogue::create(writing, &AGENTS, actor, body)?;
    keep_invitation(writing, user, token_hash)?;
    Ok(agent)
}

pub(super) fn keep_invitation(writing: &Writing<'_>, user: i64, token_hash: &[u8]) -> Result<(), Trouble> {
    writing.connection.prepare_cached("DELETE FROM invitations WHERE \"user\" = ?1")?.execute([user])?;
    writing
        .connection
        .prepare_cached("INSERT INTO invitations (hash, \"user\", expires_at) VALUES (?1, ?2, ?3)")?
        .execute(params![token_hash, user, writing.now_ms + INVITATION_LIFE_MS])?;
    Ok(())
}

impl Ledger {
    /// The active user of an address at a tenant.
    pub async fn account(&self, tenant_slug: String, email: String) -> Result<Option<Account>, Trouble> {
        self.read(Whose::All, move |connection| {
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
        self.read(Whose::Tenant(tenant), move |connection| {
            Ok(connection
                .prepare_cached("SELECT id FROM agents WHERE \"user\" = ?1 AND tenant = ?2")?
                .query_row([user, tenant], |row| row.get(0))
                .optional()?)
        })
        .await
    }

    /// From which moment on tokens of a bearer are good, UTC milliseconds; nothing for one who was shut out or is not
    /// known.
    pub async fn tokens_from(&self, bearer: Bearer) -> Result<Option<i64>, Trouble> {
        let (sql, id) = match bearer {
            Bearer::User(id) => ("SELECT tokens_from FROM users WHERE id = ?1 AND is_active", id),
            Bearer::Station(id) => ("SELECT 0 FROM stations WHERE id = ?1 AND revoked_at IS NULL", id),
        };
        self.read(Whose::All, move |connection| {
            Ok(connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?)
        })
        .await
    }

    /// Keeps the first refresh token of a sign-in.
    pub async fn keep_refresh(&self, tenant: i64, user: i64, hash: Vec<u8>, family: String) -> Result<(), Trouble> {
        self.write(Whose::Tenant(tenant), move |writing| {
            insert_refresh(writing.connection, user, &hash, &family, writing.now_ms)
        })
        .await
    }

    /// Ends the family of a refresh token: its holder signs out.
    pub async fn end_refresh(&self, hash: Vec<u8>) -> Result<(), Trouble> {
        self.write(Whose::All, move |writing| {
            writing
                .connection
                .prepare_cached(
                    "DELETE FROM refresh_tokens WHERE family = (SELECT family FROM refresh_tokens WHERE hash = ?1)",
                )?
                .execute([hash])?;
            Ok(())
        })
        .await
    }

    /// Exchanges a refresh token for the next of its family.
    ///
    /// Nothing is returned for a token that is unknown, expired or of a user who may no longer sign in. A token that was
    /// used before takes its whole family with it: one of the two who used it stole it.
    pub async fn rotate_refresh(&self, hash: Vec<u8>, next: Vec<u8>) -> Result<Option<Account>, Trouble> {
        self.write(Whose::All, move |writing| {
            let connection = writing.connection;
            let found: Option<(String, i64, i64, Option<i64>)> = connection
                .prepare_cached("SELECT family, \"user\", expires_at, used_at FROM refresh_tokens WHERE hash = ?1")?
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
                .prepare_cached(&format!("{ACCOUNT} AND users.id = ?1 AND memberships.tenant = users.tenant"))?
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

    /// Ends every token of a user of the tenant.
    pub async fn revoke_user(&self, actor: Actor, user: i64) -> Result<(), Trouble> {
        self.write(actor.whose(), move |writing| {
            user_value(writing.connection, actor.tenant, user)?;
            revoke_user(writing, user)?;
            audit::note(writing, actor, "revoke", "user", Some(user), &json!({}))
        })
        .await
    }

    /// Makes a user, an agent and an invitation in one step and returns the agent.
    pub async fn invite_agent(&self, actor: Actor, body: Object, token_hash: Vec<u8>) -> Result<Value, Trouble> {
        self.write(actor.whose(), move |writing| {
            let agent = invite(writing, actor, body, &token_hash)?;
            places::agent_value(writing.connection, actor.tenant, agent)
        })
        .await
    }

    /// Lets a user of the tenant choose a new password.
    pub async fn invite_user(&self, actor: Actor, user: i64, token_hash: Vec<u8>) -> Result<(), Trouble> {
        self.write(actor.whose(), move |writing| {
            user_value(writing.connection, actor.tenant, user)?;
            keep_invitation(writing, user, &token_hash)?;
            audit::note(writing, actor, "invite", "user", Some(user), &json!({}))
        })
        .await
    }

    /// Takes an invitation: its user has the password from now on. False for one that is unknown, used or too old.
    pub async fn accept_invitation(&self, token_hash: Vec<u8>, password_hash: String) -> Result<bool, Trouble> {
        self.write(Whose::All, move |writing| {
            let connection = writing.connection;
            let found: Option<(i64, i64)> = connection
                .prepare_cached(
                    "SELECT users.id, users.tenant FROM invitations JOIN users ON users.id = invitations.user
                     WHERE hash = ?1 AND expires_at > ?2 AND is_active",
                )?
                .query_row(params![token_hash, writing.now_ms], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((user, tenant)) = found else { return Ok(false) };
            connection.prepare_cached("DELETE FROM invitations WHERE \"user\" = ?1")?.execute([user])?;
            connection
                .prepare_cached("UPDATE users SET password_hash = ?2 WHERE id = ?1")?
                .execute(params![user, password_hash])?;
            revoke_user(writing, user)?;
            let actor = Actor::at_home(tenant, Some(user));
            audit::note(writing, actor, "accept", "invitation", Some(user), &json!({}))?;
            Ok(true)
        })
        .await
    }

    /// Notes a sign-in that succeeded, or one that did not, for an account that is known.
    pub async fn note_sign_in(&self, tenant: i64, user: i64, succeeded: bool) -> Result<(), Trouble> {
        let action = if succeeded { "sign_in" } else { "sign_in_refused" };
        self.write(Whose::Tenant(tenant), move |writing| {
            audit::note(writing, Actor::at_home(tenant, Some(user)), action, "user", Some(user), &json!({}))
        })
        .await
    }
}

fn insert_refresh(connection: &Connection, user: i64, hash: &[u8], family: &str, now_ms: i64) -> Result<(), Trouble> {
    connection.prepare_cached("DELETE FROM refresh_tokens WHERE expires_at <= ?1")?.execute([now_ms])?;
    connection
        .prepare_cached("INSERT INTO refresh_tokens (hash, family, \"user\", expires_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![hash, family, user, now_ms + REFRESH_LIFE_MS])?;
    Ok(())
}
