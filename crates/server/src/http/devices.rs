//! Stations as the office handles them: who may pair, and who is shut out.

use super::App;
use super::answer::{Answer, Body};
use super::caller::{Caller, integer_id};
use super::catalogue::object;
use crate::auth::Scope;
use crate::auth::keys::{fresh_token, token_hash};
use crate::trouble::Trouble;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use smartqueue_protocol::time::write_time;
use std::sync::Arc;

/// How long a pairing token is good when nobody says otherwise, in seconds.
const PAIRING_SECONDS: i64 = 3_600;

pub(super) async fn allow_pairing(State(app): State<Arc<App>>, caller: Caller, Body(body): Body<Value>) -> Answer {
    let actor = caller.actor(Scope::ManageDevices)?;
    let body = object(body)?;
    let site = body.get("site").and_then(Value::as_i64).ok_or_else(|| Trouble::invalid("site", "an id is needed"))?;
    let seconds = match body.get("expires_in") {
        None | Some(Value::Null) => PAIRING_SECONDS,
        Some(value) => value
            .as_i64()
            .filter(|seconds| (60..=2_592_000).contains(seconds))
            .ok_or_else(|| Trouble::invalid("expires_in", "60 to 2592000 seconds are needed"))?,
    };
    let token = fresh_token().map_err(|error| Trouble::Internal(format!("no randomness: {error}")))?;
    let ends_at_ms = app.ledger.allow_pairing(actor, site, token_hash(&token), seconds * 1_000).await?;
    let answer = json!({"pairing_token": token, "expires_at": write_time(ends_at_ms)});
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    let actor = caller.actor(Scope::ManageDevices)?;
    app.ledger.revoke_station(actor, integer_id(&id, "station")?).await?;
    app.standings.forget_all();
    Ok(StatusCode::NO_CONTENT.into_response())
}
