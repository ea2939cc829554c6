//! The office's lists over HTTP: looked at by everybody at the tenant, changed by who may. One set of handlers for every
//! resource; this module knows none by name.

use super::App;
use super::answer::{Answer, Body, Listing, ok};
use super::caller::{Caller, integer_id};
use crate::auth::password;
use crate::ledger::audit::Actor;
use crate::ledger::catalogue::{Extent, Object, Selection};
use crate::ledger::resources::Resource;
use crate::trouble::Trouble;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::sync::Arc;

/// The shortest password. Length is what makes a password strong; signs of several kinds do not.
const SHORTEST_PASSWORD: usize = 10;

/// The object in a body.
pub(super) fn object(body: Value) -> Result<Object, Trouble> {
    match body {
        Value::Object(object) => Ok(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(Trouble::Malformed { code: "invalid_field", detail: "an object is needed".to_owned() })
        }
    }
}

/// The hash of a password that somebody chose.
///
/// # Errors
/// [`Trouble::Invalid`] for one that is too short or too long.
pub(super) async fn hashed(app: &App, password: &Value) -> Result<String, Trouble> {
    let password = password
        .as_str()
        .filter(|password| password.chars().count() >= SHORTEST_PASSWORD && password.len() <= 1_024)
        .ok_or_else(|| Trouble::invalid("password", format!("{SHORTEST_PASSWORD} to 1024 signs are needed")))?
        .to_owned();
    let _place = app.hashing.acquire().await.map_err(|_| Trouble::Busy)?;
    tokio::task::spawn_blocking(move || password::hash(&password))
        .await
        .map_err(|error| Trouble::Internal(format!("a hashing task ended early: {error}")))?
        .map_err(|error| Trouble::Internal(format!("a password cannot be hashed: {error}")))
}

/// Puts the hash in the place of the password: nothing behind this door sees one.
async fn without_password(app: &App, mut body: Object) -> Result<Object, Trouble> {
    if let Some(password) = body.get("password") {
        let hash = hashed(app, password).await?;
        body.insert("password".to_owned(), json!(hash));
    }
    Ok(body)
}

pub(super) async fn list(
    resource: &'static Resource,
    State(app): State<Arc<App>>,
    caller: Caller,
    listing: Listing,
) -> Answer {
    let tenant = caller.at(resource.read)?;
    let parameters = listing.parameters.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let selection = Selection::read(resource, parameters)?;
    listing.page(app.ledger.rows(resource, tenant, selection, listing.window()).await?)
}

pub(super) async fn one(
    resource: &'static Resource,
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    let tenant = caller.at(resource.read)?;
    ok(app.ledger.row(resource, tenant, integer_id(&id, resource.name)?).await?)
}

pub(super) async fn create(
    resource: &'static Resource,
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(body): Body<Value>,
) -> Answer {
    let actor = caller.actor(resource.write)?;
    let body = without_password(&app, object(body)?).await?;
    let (row, is_new) = app.ledger.create_row(resource, actor, body).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(row)).into_response())
}

pub(super) async fn change(
    (resource, extent): (&'static Resource, Extent),
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    Body(body): Body<Value>,
) -> Answer {
    let actor = caller.actor(resource.write)?;
    let id = integer_id(&id, resource.name)?;
    let body = without_password(&app, object(body)?).await?;
    let row = app.ledger.change_row(resource, actor, id, (extent, body)).await?;
    app.standings.forget_all();
    ok(row)
}

pub(super) async fn remove(
    resource: &'static Resource,
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    let actor: Actor = caller.actor(resource.write)?;
    app.ledger.remove_row(resource, actor, integer_id(&id, resource.name)?).await?;
    app.standings.forget_all();
    Ok(StatusCode::NO_CONTENT.into_response())
}
