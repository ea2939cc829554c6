//! The trail of who changed what. Rows are written in the transaction of the change itself and never changed afterwards;
//! the database refuses it. This module never writes a secret.

use super::Ledger;
use super::places::{Listed, Window};
use super::store::{Whose, params};
use super::writer::Writing;
use crate::trouble::Trouble;
use serde_json::{Map, Value, json};
use smartqueue_protocol::time::write_time;

/// Who does something.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    /// The tenant where it is done.
    pub tenant: i64,
    /// The user; nothing for a station or the server itself.
    pub user: Option<i64>,
    /// Whether the user belongs to another tenant: whoever runs the server.
    pub is_guest: bool,
}

impl Actor {
    /// The user of a tenant, or nobody, there.
    pub fn at_home(tenant: i64, user: Option<i64>) -> Actor {
        Actor { tenant, user, is_guest: false }
    }

    /// Whose rows the actor works with. A guest's own row is not among those of the tenant.
    pub(super) fn whose(self) -> Whose {
        if self.is_guest { Whose::All } else { Whose::Tenant(self.tenant) }
    }
}

/// Notes a change. `detail` says what was asked for, without secrets.
pub(super) fn note(
    writing: &Writing<'_>,
    actor: Actor,
    action: &str,
    subject: &str,
    subject_id: Option<i64>,
    detail: &Value,
) -> Result<(), Trouble> {
    writing
        .connection
        .prepare_cached(
            "INSERT INTO audit (tenant, at, \"user\", action, subject, subject_id, detail)
             VALUES (?1, ?2, (SELECT id FROM users WHERE id = ?3), ?4, ?5, ?6, ?7)",
        )?
        .execute(params![actor.tenant, writing.now_ms, actor.user, action, subject, subject_id, detail.to_string()])?;
    Ok(())
}

/// Which rows of the trail a list shows.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only what was done by this user.
    pub user: Option<i64>,
    /// Only what was done to this kind of thing.
    pub subject: Option<String>,
    /// Only what was done to the one with this id.
    pub subject_id: Option<i64>,
}

impl Ledger {
    /// The trail of a tenant, newest first.
    pub async fn audit(
        &self,
        tenant: i64,
        filter: AuditFilter,
        window: Window,
    ) -> Result<Listed<Map<String, Value>>, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| {
            let AuditFilter { user, subject, subject_id } = filter;
            let condition = "FROM audit WHERE tenant = ?1 AND (CAST(?2 AS BIGINT) IS NULL OR \"user\" = ?2)
                             AND (CAST(?3 AS TEXT) IS NULL OR subject = ?3) AND (CAST(?4 AS BIGINT) IS NULL OR subject_id = ?4)";
            let count = connection
                .prepare_cached(&format!("SELECT count(*) {condition}"))?
                .query_row(params![tenant, user, subject, subject_id], |row| row.get(0))?;
            let mut statement = connection.prepare_cached(&format!(
                "SELECT id, at, \"user\", action, subject, subject_id, detail {condition} ORDER BY id DESC LIMIT ?5 OFFSET ?6"
            ))?;
            let values = params![tenant, user, subject, subject_id, window.limit, window.offset];
            let rows = statement.query_map(values, |row| {
                Ok(json!({
                    "id": row.get::<i64>(0)?,
                    "at": write_time(row.get(1)?),
                    "user": row.get::<Option<i64>>(2)?,
                    "action": row.get::<String>(3)?,
                    "subject": row.get::<String>(4)?,
                    "subject_id": row.get::<Option<i64>>(5)?,
                    "detail": serde_json::from_str::<Value>(&row.get::<String>(6)?).unwrap_or(Value::Null),
                }))
            })?;
            let mut found = Vec::new();
            for row in rows {
                if let Value::Object(row) = row? {
                    found.push(row);
                }
            }
            Ok((count, found))
        })
        .await
    }
}
