//! `/health`: whether the process lives, whether it can work, whether it has started.

use super::App;
use super::answer::{Answer, plain_error};
use super::caller::bearer;
use super::peer::Peer;
use crate::auth::keys::{same_hash, token_hash};
use crate::trouble::Trouble;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::sync::Arc;

pub(super) async fn alive() -> Response {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")})).into_response()
}

/// Nothing is served before the migrations are done, so whoever gets an answer finds a started server.
pub(super) async fn started(State(app): State<Arc<App>>) -> Response {
    let migrations = app.ledger.version();
    let up_seconds = crate::clock::monotonic().duration_since(app.started).as_secs();
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION"), "migrations": migrations,
                "up_seconds": up_seconds}))
    .into_response()
}

/// Ready means that a step can be made durable now, so a step is made. A bus that is away is told and takes nobody out of
/// service: events of other servers come a little later, and it would be away for all of them at once.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    if *app.stopping.borrow() {
        return plain_error(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the server is stopping");
    }
    match app.ledger.canary().await {
        Ok(()) => {
            let (status, bus) = if app.ledger.hears_others() { ("ok", "ok") } else { ("degraded", "away") };
            let body = json!({"status": status, "version": env!("CARGO_PKG_VERSION"), "database": "ok",
                              "event_bus": bus, "sockets": app.hub.subscribers()});
            Json(body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the database cannot be written");
            plain_error(StatusCode::SERVICE_UNAVAILABLE, "database", "the database cannot be written")
        }
    }
}

/// Everything that is counted, for Prometheus: with the operator's token, or for the machine itself when there is none.
pub(super) async fn metrics(State(app): State<Arc<App>>, peer: Peer, headers: HeaderMap) -> Answer {
    let is_allowed = match &app.metrics_token {
        Some(token) => bearer(&headers).is_some_and(|shown| same_hash(&token_hash(shown), &token_hash(token))),
        None => peer.is_this_machine(),
    };
    if !is_allowed {
        let detail = "metrics are for the operator: a token, or the machine itself";
        return Err(Trouble::Forbidden { code: "metrics_refused", detail });
    }
    let counted = crate::metrics::metrics();
    counted.stations_online.set(app.ledger.stations_online().await?);
    counted.bus_up.set(i64::from(app.ledger.hears_others()));
    counted.sockets_active.set(i64::try_from(app.hub.subscribers()).unwrap_or(i64::MAX));
    let text = counted.text().map_err(|error| Trouble::Internal(format!("metrics cannot be written: {error}")))?;
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
