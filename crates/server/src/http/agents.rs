//! `agents/`: who serves, where they sit, and the one button they press all day.

use super::App;
use super::answer::{Answer, Body, ok};
use super::caller::{Caller, integer_id};
use crate::auth::Scope;
use crate::ledger::places::AGENT_STATUSES;
use crate::trouble::Trouble;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::Value;
use std::sync::Arc;

pub(super) async fn call_next(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    let tenant = caller.at(Scope::WriteQueue)?;
    match app.ledger.call_next(tenant, integer_id(&id, "agent")?).await? {
        Some(ticket) => ok(ticket),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

pub(super) async fn set_status(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    Body(body): Body<Value>,
) -> Answer {
    let tenant = caller.at(Scope::WriteQueue)?;
    let id = integer_id(&id, "agent")?;
    let status = body
        .get("status")
        .and_then(Value::as_str)
        .filter(|status| AGENT_STATUSES.contains(status))
        .ok_or_else(|| Trouble::invalid("status", "one of disponible, occupe, pause, hors_ligne is needed"))?;
    ok(app.ledger.set_agent_status(tenant, id, status.to_owned()).await?)
}

pub(super) async fn set_counter(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    Body(body): Body<Value>,
) -> Answer {
    let tenant = caller.at(Scope::WriteQueue)?;
    let id = integer_id(&id, "agent")?;
    let counter = match body.get("counter_id").or_else(|| body.get("counter")) {
        None => return Err(Trouble::invalid("counter_id", "a counter or null is needed")),
        Some(Value::Null) => None,
        Some(value) => Some(value.as_i64().ok_or_else(|| Trouble::invalid("counter_id", "an integer is needed"))?),
    };
    ok(app.ledger.set_agent_counter(tenant, id, counter).await?)
}
