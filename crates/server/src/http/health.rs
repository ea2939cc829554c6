//! `/health`: whether the process lives, whether it can work, whether it has started.

use super::App;
use super::answer::plain_error;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::sync::Arc;

pub(super) async fn alive() -> Response {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")})).into_response()
}

/// Nothing is served before the migrations are done, so whoever gets an answer finds a started server.
pub(super) async fn started(State(app): State<Arc<App>>) -> Response {
    let migrations = crate::ledger::migrate::CURRENT;
    let up_seconds = crate::clock::monotonic().duration_since(app.started).as_secs();
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION"), "migrations": migrations,
                "up_seconds": up_seconds}))
    .into_response()
}

/// Ready means that a step can be made durable now, so a step is made.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    if *app.stopping.borrow() {
        return plain_error(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the server is stopping");
    }
    match app.ledger.canary().await {
        Ok(()) => {
            let body = json!({"status": "ok", "version": env!("CARGO_PKG_VERSION"), "database": "ok",
                              "event_bus": "ok", "sockets": app.hub.subscribers()});
            Json(body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the database cannot be written");
            plain_error(StatusCode::SERVICE_UNAVAILABLE, "database", "the database cannot be written")
        }
    }
}
