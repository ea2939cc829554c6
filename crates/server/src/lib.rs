//! The central queue server: REST, WebSocket, an embedded SQLite file.
//!
//! The library starts a server inside another program (tests do); `main` is the command line around it. Outside the
//! `ledger` module nothing knows SQL, and outside `http` and `socket` nothing knows the web.

mod auth;
mod clock;
mod http;
mod jobs;
pub mod ledger;
mod metrics;
pub mod seed;
mod socket;
mod tls;
mod trouble;

pub use clock::give_this_thread;
pub use http::document as openapi_document;
pub use trouble::Trouble;

use anyhow::Context;
use ipnet::IpNet;
use ledger::Ledger;
use ledger::bus::Carrier;
use ledger::file::{database_path, take_folder};
use ledger::store::Database;
use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the ledger is kept.
    pub place: Place,
    /// What carries hints between the servers of one database.
    pub carrier: Carrier,
    /// Where to listen, such as `127.0.0.1:8080`; port 0 takes a free one.
    pub listen: String,
    /// The address by which customers and stations reach this server; nothing takes it from each request.
    pub public_url: Option<String>,
    /// Origins of other pages that may open sockets.
    pub allowed_origins: Vec<String>,
    /// Serves over TLS with this certificate; nothing serves plain HTTP, for a proxy in front or a lobby's own network.
    pub tls: Option<TlsFiles>,
    /// What `/metrics` wants as a bearer's token; nothing answers the machine itself only.
    pub metrics_token: Option<String>,
    /// So many requests a minute are taken from one address; nothing takes any number.
    pub requests_a_minute: Option<u32>,
    /// Reverse proxies whose word on who asks is believed (`X-Forwarded-For`).
    pub trusted_proxies: Vec<IpNet>,
}

/// Where a server keeps what it remembers.
#[derive(Clone, Debug)]
pub enum Place {
    /// In a folder of this machine: a SQLite file, backups, the secret. Made if it is not there.
    Folder(PathBuf),
    /// In a PostgreSQL database, the secret included, so that several servers share all of it.
    Postgres(Database),
}

impl Place {
    /// The database of this place.
    pub fn database(&self) -> Database {
        match self {
            Place::Folder(folder) => Database::File(database_path(folder)),
            Place::Postgres(database) => database.clone(),
        }
    }

    /// Takes a folder for this process; the folder is free again when the file is dropped. A database can be shared.
    fn take(&self) -> anyhow::Result<Option<File>> {
        match self {
            Place::Folder(folder) => take_folder(folder).map(Some),
            Place::Postgres(_) => Ok(None),
        }
    }
}

impl From<PathBuf> for Place {
    fn from(folder: PathBuf) -> Place {
        Place::Folder(folder)
    }
}

/// Where the certificate is.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate and those that vouch for it, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

impl Options {
    /// Serves a place at an address, with nothing else said.
    pub fn new(place: impl Into<Place>, listen: String) -> Options {
        Options {
            place: place.into(),
            carrier: Carrier::default(),
            listen,
            public_url: None,
            allowed_origins: Vec::new(),
            tls: None,
            metrics_token: None,
            requests_a_minute: None,
            trusted_proxies: Vec::new(),
        }
    }
}

/// Sockets get so long to say goodbye after the requests have drained.
const GOODBYE: Duration = Duration::from_secs(5);

/// A server that runs until it is stopped or dropped.
pub struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<()>>,
}

impl Running {
    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops taking connections, says goodbye to sockets, lets requests in flight finish within 30 s, closes the store.
    ///
    /// # Errors
    /// The serving task ended by a defect.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        match self.serving.take() {
            Some(serving) => serving.await.context("the serving task ended by a defect"),
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// The secret of a place: beside the file, or the one that the servers of a database share.
fn secret_of(place: &Place, ledger: &Ledger) -> anyhow::Result<auth::keys::Secret> {
    let secret = match (ledger.shared_secret(), place) {
        (Some(bytes), _) => auth::keys::Secret::shared(bytes),
        (None, Place::Folder(folder)) => auth::keys::Secret::of(folder),
        (None, Place::Postgres(_)) => Err(std::io::Error::other("the database has no secret")),
    };
    secret.context("the secret cannot be read or made")
}

/// Opens the store, migrates it, and serves.
///
/// # Errors
/// The folder is in use or cannot be made, the database cannot be opened, or the address cannot be listened on.
pub async fn serve(options: Options) -> anyhow::Result<Running> {
    let folder = options.place.take()?;
    let hub = Arc::new(socket::hub::Hub::default());
    let audience: Arc<socket::hub::Hub> = Arc::clone(&hub);
    let ledger = Ledger::open_with(&options.place.database(), &options.carrier, audience)?;
    let secret = secret_of(&options.place, &ledger)?;
    let listener =
        TcpListener::bind(&options.listen).await.with_context(|| format!("cannot listen on {}", options.listen))?;
    let address = listener.local_addr()?;
    let (stop, stopping) = watch::channel(false);
    let (open_sockets, mut closed_sockets) = mpsc::channel(1);
    let tls = options.tls.as_ref().map(tls::acceptor).transpose()?;
    let app = Arc::new(http::App::new(ledger, hub, &secret, &options, stopping.clone(), open_sockets));
    let working = tokio::spawn(jobs::run(Arc::clone(&app), options.place.clone(), stopping.clone()));
    let doorstep = http::Doorstep::new(options.requests_a_minute, &options.trusted_proxies);
    let serving = tokio::spawn(async move {
        http::serve_connections(listener, tls, http::router(app), doorstep, stopping).await;
        if let Err(error) = working.await {
            tracing::error!(%error, "the jobs ended by a defect");
        }
        // The router and with it the last sender of the application are gone; what is left are sockets.
        if tokio::time::timeout(GOODBYE, closed_sockets.recv()).await.is_err() {
            tracing::warn!("sockets were cut off because they did not close in time");
        }
        drop(folder);
    });
    Ok(Running { address, stop, serving: Some(serving) })
}
