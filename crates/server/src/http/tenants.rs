//! Tenants: made by who runs the server, with settings of their own that their admins change.

use super::App;
use super::answer::{Answer, Body, Listing, ok};
use super::caller::{Caller, bearer};
use super::catalogue::object;
use crate::auth::Scope;
use crate::ledger::audit::Actor;
use crate::ledger::catalogue::Extent;
use crate::ledger::tenants::{NewTenant, SettingsChange};
use crate::trouble::Trouble;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde_json::Value;
use std::sync::Arc;

/// Whoever runs the server, wherever they are at home.
async fn operator(app: &App, headers: &HeaderMap) -> Result<Actor, Trouble> {
    let detail = "an access token is needed: Authorization: Bearer";
    let token = bearer(headers).ok_or(Trouble::Unauthorised { code: "token_missing", detail })?;
    let claims = app.mint.check(token)?;
    app.standings.check(&app.ledger, &claims).await?;
    claims.need(Scope::AdminAll)?;
    Ok(Actor::at_home(claims.tenant_id, Some(claims.user_id)))
}

pub(super) async fn list(State(app): State<Arc<App>>, headers: HeaderMap, listing: Listing) -> Answer {
    operator(&app, &headers).await?;
    listing.page(app.ledger.tenants(listing.window()).await?)
}

pub(super) async fn create(State(app): State<Arc<App>>, headers: HeaderMap, Body(body): Body<Value>) -> Answer {
    let actor = operator(&app, &headers).await?;
    let tenant = app.ledger.create_tenant(actor, NewTenant::read(&object(body)?)?).await?;
    Ok((StatusCode::CREATED, Json(tenant)).into_response())
}

pub(super) async fn settings(State(app): State<Arc<App>>, caller: Caller) -> Answer {
    ok(app.ledger.settings(caller.at(Scope::AdminTenant)?).await?)
}

pub(super) async fn change_settings(
    extent: Extent,
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(body): Body<Value>,
) -> Answer {
    let actor = caller.actor(Scope::AdminTenant)?;
    ok(app.ledger.change_settings(actor, SettingsChange::read(&object(body)?, extent)?).await?)
}
