//! The doors over HTTP: routes, who may pass, what every answer carries. Steps themselves are the ledger's.

mod agents;
mod answer;
mod api;
mod caller;
mod catalogue;
mod devices;
mod docs;
mod health;
mod incidents;
mod intelligence;
mod login;
mod outer;
mod pages;
mod pairing;
mod peer;
mod public;
mod routes;
mod staff;
mod stations;
mod tenants;
mod tickets;
mod trail;

pub(crate) use answer::form_pairs;
pub(crate) use caller::{Caller, bearer, integer_id};
pub(crate) use outer::{Doorstep, serve_connections, stop};

use crate::auth::keys::Secret;
use crate::auth::limiter::Limiter;
use crate::auth::standing::Standings;
use crate::auth::token::Mint;
use crate::ledger::Ledger;
use crate::socket::hub::Hub;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::{Semaphore, mpsc, watch};

/// What every handler works with.
pub struct App {
    pub(crate) ledger: Ledger,
    pub(crate) hub: Arc<Hub>,
    pub(crate) mint: Mint,
    /// The address by which customers and stations reach this server, when the operator gave one.
    pub(crate) public_url: Option<String>,
    /// How this server is spoken to where the operator gave no address.
    pub(crate) scheme: &'static str,
    /// Pages of these origins may open sockets besides our own.
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) logins: Limiter,
    /// Stations of one address that ask to be paired, or pair.
    pub(crate) pairings: Limiter,
    /// Stations of one address that wait for an answer. A site's machines may share it, and a secret cannot be guessed at
    /// any rate.
    pub(crate) polls: Limiter,
    /// Codes that one administrator types.
    pub(crate) codes: Limiter,
    /// Looks at one ticket from one address: a page that asks too often.
    pub(crate) follows: Limiter,
    /// Looks at any ticket from one address. A whole waiting room may share it, so the limit only bounds the load; an id
    /// cannot be guessed at any rate.
    pub(crate) visitors: Limiter,
    /// Sign-ins from one address, whoever it tries to be.
    pub(crate) doors: Limiter,
    /// Hashing takes 19 MiB a time: so few at once keep the server small.
    pub(crate) hashing: Semaphore,
    /// What `/metrics` wants as a bearer's token; nothing answers the machine itself only.
    pub(crate) metrics_token: Option<String>,
    /// When the server began to serve.
    pub(crate) started: std::time::Instant,
    /// Who was shut out, as far as it was looked up lately.
    pub(crate) standings: Standings,
    /// Slugs by tenant id. A slug never changes, so what is here stays true.
    pub(crate) slugs: Mutex<HashMap<i64, String>>,
    /// Turns true when the server stops: sockets say goodbye.
    pub(crate) stopping: watch::Receiver<bool>,
    /// Every open socket holds a clone; the server waits until all are gone.
    pub(crate) open_sockets: mpsc::Sender<()>,
}

impl App {
    pub(crate) fn new(
        ledger: Ledger,
        hub: Arc<Hub>,
        secret: &Secret,
        options: &crate::Options,
        stopping: watch::Receiver<bool>,
        open_sockets: mpsc::Sender<()>,
    ) -> App {
        App {
            ledger,
            hub,
            mint: Mint::new(secret),
            public_url: options.public_url.as_ref().map(|url| url.trim_end_matches('/').to_owned()),
            scheme: if options.tls.is_some() { "https" } else { "http" },
            allowed_origins: options.allowed_origins.clone(),
            logins: Limiter::new(10),
            pairings: Limiter::new(60),
            polls: Limiter::new(600),
            codes: Limiter::new(20),
            follows: Limiter::new(60),
            visitors: Limiter::new(1_200),
            doors: Limiter::new(120),
            hashing: Semaphore::new(2),
            metrics_token: options.metrics_token.clone(),
            started: crate::clock::monotonic(),
            standings: Standings::default(),
            slugs: Mutex::default(),
            stopping,
            open_sockets,
        }
    }
}

/// The largest body in bytes.
const LARGEST_BODY: usize = 64 * 1024;
/// The largest push of a station: 200 records of about 300 bytes, and room for their growth.
const LARGEST_PUSH: usize = 256 * 1024;

/// The address by which the caller reached this server, unless the operator said what it is.
pub(crate) fn public_url(app: &App, headers: &HeaderMap) -> String {
    if let Some(url) = &app.public_url {
        return url.clone();
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("{}://{host}", app.scheme)
}

/// The API's OpenAPI document.
pub fn document() -> serde_json::Value {
    routes::api().document()
}

/// The whole router.
pub(crate) fn router(app: Arc<App>) -> Router {
    routes::api()
        .router()
        .merge(docs::routes())
        .merge(pages::routes())
        .fallback(|| async {
            answer::plain_error(StatusCode::NOT_FOUND, "no_such_path", "nothing is served under this path")
        })
        .method_not_allowed_fallback(|| async {
            answer::plain_error(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this path does not take this method",
            )
            .into_response()
        })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(app)
}
