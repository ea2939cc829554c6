//! Incidents: what went wrong in a branch, filed by people and stations, with what was said about it and how many there
//! are. Nothing here repairs anything.

use super::audit::{self, Actor};
use super::catalogue::{self, Object};
use super::resources::INCIDENTS;
use super::store::{Connection, Stored, Whose, params};
use super::writer::Writing;
use super::{Ledger, fields};
use crate::trouble::Trouble;
use fields::{Field, Given, Kind, field};
use serde_json::{Map, Value, json};
use smartqueue_protocol::time::write_time;

const TEXT: Field = field("text", Kind::Text(4_000), Given::Always);
const DAY_MS: i64 = 24 * 3_600_000;

/// Keeps when an incident changed, and when it was resolved.
pub(super) fn after_change(
    writing: &mut Writing<'_>,
    _tenant: i64,
    incident: i64,
    _beside: &[(&'static str, Stored)],
    columns: &[(&'static str, Stored)],
) -> Result<(), Trouble> {
    let is_about_status = columns.iter().any(|(column, _)| *column == "status");
    writing
        .connection
        .prepare_cached(
            "UPDATE incidents SET updated_at = ?2, resolved_at = CASE WHEN NOT ?3 THEN resolved_at
             WHEN status = 'resolved' THEN coalesce(resolved_at, ?2) ELSE NULL END WHERE id = ?1",
        )?
        .execute(params![incident, writing.now_ms, is_about_status])?;
    Ok(())
}

fn comments(connection: &Connection, incident: i64) -> Result<Vec<Value>, Trouble> {
    let mut statement = connection.prepare_cached(
        "SELECT incident_comments.id, incident_comments.user, users.name, text, created_at FROM incident_comments
         LEFT JOIN users ON users.id = incident_comments.user WHERE incident = ?1 ORDER BY incident_comments.id LIMIT 500",
    )?;
    let rows = statement.query_map([incident], |row| {
        Ok(json!({
            "id": row.get::<i64>(0)?,
            "user": row.get::<Option<i64>>(1)?,
            "user_name": row.get::<Option<String>>(2)?,
            "text": row.get::<String>(3)?,
            "created_at": write_time(row.get(4)?),
        }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many of the tenant's incidents have each value of a column.
fn counts(connection: &Connection, tenant: i64, column: &'static str) -> Result<Map<String, Value>, Trouble> {
    let sql = format!("SELECT {column}, count(*) FROM incidents WHERE tenant = ?1 GROUP BY {column} ORDER BY {column}");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([tenant], |row| Ok((row.get::<String>(0)?, json!(row.get::<i64>(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn summary(connection: &Connection, tenant: i64) -> Result<Value, Trouble> {
    let (total, unresolved, mean_ms): (i64, i64, Option<f64>) = connection
        .prepare_cached(
            "SELECT count(*), CAST(coalesce(sum(CASE WHEN status IN ('open', 'in_progress') THEN 1 ELSE 0 END), 0) AS BIGINT),
             CAST(avg(resolved_at - created_at) AS DOUBLE PRECISION) FROM incidents WHERE tenant = ?1",
        )?
        .query_row([tenant], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(json!({
        "total": total,
        "unresolved": unresolved,
        "mean_seconds_to_resolve": mean_ms.map(|mean_ms| (mean_ms / 1_000.0).round()),
        "by_status": counts(connection, tenant, "status")?,
        "by_severity": counts(connection, tenant, "severity")?,
        "by_priority": counts(connection, tenant, "priority")?,
        "by_category": counts(connection, tenant, "category")?,
    }))
}

/// Filed and resolved incidents of each of the last days (UTC), the present one included.
fn trends(connection: &Connection, tenant: i64, days: i64, now_ms: i64) -> Result<Value, Trouble> {
    let today = now_ms.div_euclid(DAY_MS);
    let first = today - days + 1;
    let by_day = |column: &str| -> Result<std::collections::BTreeMap<i64, i64>, Trouble> {
        let sql = format!(
            "SELECT {column} / {DAY_MS}, count(*) FROM incidents WHERE tenant = ?1 AND {column} >= ?2 GROUP BY 1"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map([tenant, first * DAY_MS], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    let (filed, resolved) = (by_day("created_at")?, by_day("resolved_at")?);
    let rows: Vec<Value> = (first..=today)
        .map(|day| {
            let count = |counts: &std::collections::BTreeMap<i64, i64>| counts.get(&day).copied().unwrap_or(0);
            let date = smartqueue_domain::ServiceDay(day).to_string();
            json!({"day": date, "filed": count(&filed), "resolved": count(&resolved)})
        })
        .collect();
    Ok(json!({"days": rows}))
}

impl Ledger {
    /// Files an incident; the flag says whether it is new.
    pub async fn file_incident(
        &self,
        actor: Actor,
        station: Option<i64>,
        mut body: Object,
    ) -> Result<(Value, bool), Trouble> {
        if let Some(station) = station {
            // A station speaks for itself.
            body.insert("device_id".to_owned(), json!(station));
        }
        self.write(actor.whose(), move |writing| {
            let now_ms = writing.now_ms;
            let (id, is_new) = catalogue::create_with(
                writing,
                &INCIDENTS,
                actor,
                body,
                &[("created_at", Stored::Integer(now_ms)), ("updated_at", Stored::Integer(now_ms))],
            )?;
            if is_new {
                writing
                    .connection
                    .prepare_cached(
                        "UPDATE incidents SET reported_by = (SELECT id FROM users WHERE id = ?2),
                         site = coalesce(site, (SELECT stations.site FROM stations WHERE stations.id = device))
                         WHERE id = ?1",
                    )?
                    .execute(params![id, actor.user])?;
            }
            Ok((catalogue::one(writing.connection, &INCIDENTS, actor.tenant, id)?, is_new))
        })
        .await
    }

    /// What was said about an incident.
    pub async fn incident_comments(&self, tenant: i64, incident: i64) -> Result<Vec<Value>, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| {
            catalogue::one(connection, &INCIDENTS, tenant, incident)?;
            comments(connection, incident)
        })
        .await
    }

    /// Says something about an incident and returns all that was said.
    pub async fn comment(&self, actor: Actor, incident: i64, text: Value) -> Result<Vec<Value>, Trouble> {
        let text = TEXT.check(&text)?;
        self.write(actor.whose(), move |writing| {
            catalogue::one(writing.connection, &INCIDENTS, actor.tenant, incident)?;
            writing
                .connection
                .prepare_cached(
                    "INSERT INTO incident_comments (incident, \"user\", text, created_at)
                     VALUES (?1, (SELECT id FROM users WHERE id = ?2), ?3, ?4)",
                )?
                .execute(params![incident, actor.user, text, writing.now_ms])?;
            writing
                .connection
                .prepare_cached("UPDATE incidents SET updated_at = ?2 WHERE id = ?1")?
                .execute([incident, writing.now_ms])?;
            audit::note(writing, actor, "comment", "incident", Some(incident), &json!({}))?;
            comments(writing.connection, incident)
        })
        .await
    }

    /// How many incidents there are, by what they are.
    pub async fn incident_summary(&self, tenant: i64) -> Result<Value, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| summary(connection, tenant)).await
    }

    /// How many were filed and resolved on each of the last days.
    pub async fn incident_trends(&self, tenant: i64, days: i64) -> Result<Value, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| trends(connection, tenant, days, crate::clock::now_ms()))
            .await
    }
}
