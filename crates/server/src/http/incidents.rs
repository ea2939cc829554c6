//! `incidents/`: filed by people and by stations, talked about, counted.

use super::App;
use super::answer::{Answer, Body, Listing, ok};
use super::caller::{Caller, integer_id};
use super::catalogue::object;
use crate::auth::Scope;
use crate::ledger::audit::Actor;
use crate::trouble::Trouble;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) async fn create(State(app): State<Arc<App>>, caller: Caller, Body(body): Body<Value>) -> Answer {
    let station = caller.claims.station;
    let actor = match station {
        Some(station) => Actor::at_home(caller.as_station(station)?, None),
        None => caller.actor(Scope::WriteQueue)?,
    };
    let (incident, is_new) = app.ledger.file_incident(actor, station, object(body)?).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(incident)).into_response())
}

pub(super) async fn comments(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    let tenant = caller.at(Scope::ReadQueue)?;
    let comments = app.ledger.incident_comments(tenant, integer_id(&id, "incident")?).await?;
    ok(json!({"results": comments}))
}

pub(super) async fn comment(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    Body(body): Body<Value>,
) -> Answer {
    let actor = caller.actor(Scope::WriteQueue)?;
    let text = body.get("text").cloned().ok_or_else(|| Trouble::invalid("text", "this field is needed"))?;
    let comments = app.ledger.comment(actor, integer_id(&id, "incident")?, text).await?;
    Ok((StatusCode::CREATED, Json(json!({"results": comments}))).into_response())
}

pub(super) async fn summary(State(app): State<Arc<App>>, caller: Caller) -> Answer {
    ok(app.ledger.incident_summary(caller.at(Scope::ReadQueue)?).await?)
}

pub(super) async fn trends(State(app): State<Arc<App>>, caller: Caller, listing: Listing) -> Answer {
    let tenant = caller.at(Scope::ReadQueue)?;
    let days = listing.integer("days")?.unwrap_or(30);
    if !(1..=366).contains(&days) {
        return Err(Trouble::invalid("days", "1 to 366 days are needed"));
    }
    ok(app.ledger.incident_trends(tenant, days).await?)
}
