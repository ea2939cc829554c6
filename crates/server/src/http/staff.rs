//! People who are invited and people who are shut out.

use super::App;
use super::answer::{Answer, Body};
use super::caller::{Caller, integer_id};
use super::catalogue::{hashed, object};
use crate::auth::Scope;
use crate::auth::keys::{fresh_token, token_hash};
use crate::trouble::Trouble;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::sync::Arc;

/// How long an invitation can be accepted, in seconds, as the ledger keeps it.
const INVITATION_SECONDS: u64 = 7 * 24 * 3_600;

pub(super) async fn invite_agent(State(app): State<Arc<App>>, caller: Caller, Body(body): Body<Value>) -> Answer {
    let actor = caller.actor(Scope::AdminTenant)?;
    let mut body = object(body)?;
    let token = fresh_token().map_err(|error| Trouble::Internal(format!("no randomness: {error}")))?;
    // Until the invitation is accepted the password is one that nobody knows.
    let unknown = fresh_token().map_err(|error| Trouble::Internal(format!("no randomness: {error}")))?;
    let hash = hashed(&app, &json!(unknown)).await?;
    body.insert("password".to_owned(), json!(hash));
    let agent = app.ledger.invite_agent(actor, body, token_hash(&token)).await?;
    let answer = json!({"agent": agent, "invitation": token, "expires_in": INVITATION_SECONDS});
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

pub(super) async fn invite_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    let actor = caller.actor(Scope::AdminTenant)?;
    let token = fresh_token().map_err(|error| Trouble::Internal(format!("no randomness: {error}")))?;
    app.ledger.invite_user(actor, integer_id(&id, "user")?, token_hash(&token)).await?;
    let answer = json!({"invitation": token, "expires_in": INVITATION_SECONDS});
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

pub(super) async fn revoke_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    let actor = caller.actor(Scope::AdminTenant)?;
    app.ledger.revoke_user(actor, integer_id(&id, "user")?).await?;
    app.standings.forget_all();
    Ok(StatusCode::NO_CONTENT.into_response())
}
