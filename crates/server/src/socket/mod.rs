//! The doors over WebSocket: who may open one, and for whose view. What runs over it is `session`.

pub mod hub;
mod session;

use crate::auth::Scope;
use crate::http::{App, Caller, form_pairs};
use crate::ledger::stations::Subject;
use crate::trouble::Trouble;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::get;
use hyper_util::rt::TokioIo;
use session::Session;
use std::sync::Arc;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

/// The sockets' paths.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route("/ws/tenants/{tenant}/{kind}/{id}", get(open))
}

async fn open(
    State(app): State<Arc<App>>,
    Path((slug, kind, id)): Path<(String, String, String)>,
    request: Request,
) -> Result<Response, Trouble> {
    check_origin(&app, request.headers())?;
    let mut after = None;
    let mut token = crate::http::bearer(request.headers()).map(str::to_owned);
    for (name, value) in form_pairs(request.uri().query().unwrap_or("")) {
        match name.as_str() {
            "after" => {
                let wrong = || Trouble::invalid("after", "the seq of an event is needed");
                after = Some(value.parse().map_err(|_| wrong())?);
            }
            "token" if token.is_none() => token = Some(value),
            _ => {}
        }
    }
    let caller = Caller::of_token(&app, token.as_deref(), &slug).await?;
    let subject = subject(&kind, &id)?;
    let tenant = match subject {
        Subject::Queue(_) | Subject::Display(_) | Subject::Agent(_) => caller.at(Scope::ReadQueue)?,
        Subject::Station(station) => caller.as_station(station)?,
    };
    let interest = app.ledger.interest(tenant, subject).await?;
    let agreed = create_response_with_body(&request, Body::empty).map_err(|_| Trouble::Malformed {
        code: "upgrade_needed",
        detail: "this path speaks WebSocket only".to_owned(),
    })?;
    let ends_at_ms = i64::try_from(caller.claims.exp).unwrap_or(i64::MAX / 1_000) * 1_000;
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        match upgrade.await {
            Ok(stream) => Session::run(app, TokioIo::new(stream), tenant, subject, interest, ends_at_ms, after).await,
            Err(error) => tracing::debug!(%error, "a client left before its socket was open"),
        }
    });
    Ok(agreed)
}

fn subject(kind: &str, id: &str) -> Result<Subject, Trouble> {
    let (make, what): (fn(i64) -> Subject, _) = match kind {
        "queues" => (Subject::Queue, "queue"),
        "displays" => (Subject::Display, "display"),
        "agents" => (Subject::Agent, "agent"),
        "stations" => (Subject::Station, "station"),
        _ => return Err(Trouble::NotFound("socket")),
    };
    crate::http::integer_id(id, what).map(make)
}

/// A browser says which page opens the socket. A page of a stranger must not speak for whoever is signed in here.
fn check_origin(app: &App, headers: &HeaderMap) -> Result<(), Trouble> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or("null");
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let same_host = origin.split_once("://").is_some_and(|(_, rest)| Some(rest) == host);
    if same_host || app.allowed_origins.iter().any(|allowed| allowed == origin) {
        return Ok(());
    }
    Err(Trouble::Forbidden { code: "origin_refused", detail: "sockets are not opened for pages of this origin" })
}
