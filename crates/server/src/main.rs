//! The command line of the server. Output for machines is JSON on standard output, logs are JSON on standard error.
//! Exit codes: 0 success, 1 failure, 2 bad usage.

use anyhow::Context;
use clap::{Parser, Subcommand};
use ipnet::IpNet;
use smartqueue_server::ledger::bus::{Address, AddressError, Carrier, Nobody};
use smartqueue_server::ledger::store::Database;
use smartqueue_server::ledger::{Ledger, file};
use smartqueue_server::{Options, Place, TlsFiles, openapi_document, seed, serve};
use std::borrow::Cow;
use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// The central queue server of SmartQueue.
#[derive(Parser)]
#[command(version, about)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until SIGTERM; prints one JSON line when it listens.
    Serve {
        #[command(flatten)]
        store: Store,
        #[command(flatten)]
        bus: BusLine,
        /// Where to listen; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: String,
        /// The address by which customers and stations reach this server, for links on slips.
        #[arg(long)]
        public_url: Option<String>,
        /// An origin, such as https://office.example, whose pages may open sockets besides our own. Repeatable.
        #[arg(long = "allow-origin")]
        allowed_origins: Vec<String>,
        /// A certificate and those that vouch for it, PEM: serves over TLS.
        #[arg(long, requires = "tls_key")]
        tls_certificate: Option<PathBuf>,
        /// The certificate's private key, PEM.
        #[arg(long, requires = "tls_certificate")]
        tls_key: Option<PathBuf>,
        /// What /metrics wants as a bearer's token; without it only this machine may ask.
        #[arg(long, env = "SMARTQUEUE_METRICS_TOKEN", hide_env_values = true)]
        metrics_token: Option<String>,
        /// At most so many requests a minute from one address; without it, any number.
        #[arg(long)]
        requests_a_minute: Option<u32>,
        /// The address or network, such as 10.0.0.0/8, of reverse proxies in front of this server: limits then count the
        /// address that they write in X-Forwarded-For, and not theirs. Repeatable, or with commas.
        #[arg(
            long = "trusted-proxy",
            env = "SMARTQUEUE_TRUSTED_PROXY",
            value_delimiter = ',',
            value_parser = read_network
        )]
        trusted_proxies: Vec<IpNet>,
    },
    /// Makes a tenant, if it is not there, with a first admin, and prints the admin's invitation; the server may run.
    InviteAdmin {
        #[command(flatten)]
        store: Store,
        /// The tenant's slug, as it stands in addresses.
        #[arg(long)]
        tenant: String,
        /// The tenant's name, when it is made.
        #[arg(long, default_value = "SmartQueue")]
        tenant_name: String,
        /// The admin's address.
        #[arg(long)]
        email: String,
        /// The admin's name.
        #[arg(long)]
        name: String,
        /// The admin runs the whole server, every tenant.
        #[arg(long)]
        superadmin: bool,
    },
    /// Makes the demo tenants and prints one JSON line with their ids and tokens; harmless to repeat.
    SeedDemo {
        #[command(flatten)]
        store: Store,
        /// Where the server will be reached.
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        base_url: String,
        /// The demo users' password; without it one is drawn and stays the same for this folder.
        #[arg(long)]
        password: Option<String>,
    },
    /// Prints the API's OpenAPI document.
    Openapi,
    /// Copies the database to a new file, also while the server runs.
    Backup {
        #[command(flatten)]
        store: Store,
        /// The new file.
        #[arg(long)]
        to: PathBuf,
    },
    /// Puts a copy in the place of the database; the server must not run.
    Restore {
        #[command(flatten)]
        store: Store,
        /// The copy.
        #[arg(long)]
        from: PathBuf,
    },
    /// Makes a PostgreSQL database that was put back from a dump fit to go on; before any server starts, once.
    AfterRestore {
        #[command(flatten)]
        store: Store,
    },
    /// Brings the database up to this program's version.
    Migrate {
        #[command(flatten)]
        store: Store,
    },
}

#[derive(clap::Args)]
struct Store {
    /// The folder with the database. With PostgreSQL only the demo's files for stations go there.
    #[arg(long, required_unless_present = "database_url")]
    data: Option<PathBuf>,
    /// A PostgreSQL address, postgres://USER:PASSWORD@HOST/DATABASE, instead of a file in the folder. Over a network add
    /// ?sslmode=verify-full, and &sslrootcert=FILE where an authority of one's own signed the server's certificate. The
    /// other form of PostgreSQL's programs, "host=HOST user=USER dbname=DATABASE sslmode=verify-full", does as well.
    #[arg(long, env = "SMARTQUEUE_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
}

#[derive(clap::Args)]
struct BusLine {
    /// NATS, nats://[USER:PASSWORD@]HOST[:PORT], for hints between the servers of one PostgreSQL, which else carries them
    /// itself; tls:// for a protected line, commas between the servers of a cluster. Give all servers the same.
    #[arg(long, env = "SMARTQUEUE_BUS", hide_env_values = true)]
    bus: Option<String>,
    /// The file of credentials (.creds) with which to sign in to NATS.
    #[arg(long, requires = "bus")]
    bus_credentials: Option<PathBuf>,
    /// Root certificates, PEM, one of which signed that of NATS, in the place of the system's.
    #[arg(long, requires = "bus")]
    bus_root_certificate: Option<PathBuf>,
}

fn read_network(text: &str) -> Result<IpNet, String> {
    let address = text.parse().map(|address: IpAddr| IpNet::from(address));
    address.or_else(|_| text.parse()).map_err(|_| "an address or a network such as 10.0.0.0/8 is needed".to_owned())
}

/// What was asked for cannot be meant; everything else is a failure.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct BadUsage(Cow<'static, str>);

fn bad_usage(words: impl Into<Cow<'static, str>>) -> anyhow::Error {
    BadUsage(words.into()).into()
}

/// Where `seed-demo` leaves its files when it is given no folder.
const PROFILES: &str = "smartqueue-demo";

impl Store {
    fn place(&self) -> anyhow::Result<Place> {
        match (&self.data, &self.database_url) {
            (_, Some(address)) => Database::postgres(address)
                .map(Place::Postgres)
                .map_err(|error| bad_usage(format!("--database-url: {error}"))),
            (Some(folder), None) => Ok(Place::Folder(folder.clone())),
            (None, None) => Err(bad_usage("--data DIR is needed")),
        }
    }

    fn profiles(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| PathBuf::from(PROFILES))
    }

    /// The folder of a file that is copied or put back.
    fn folder(&self) -> anyhow::Result<PathBuf> {
        match self.place()? {
            Place::Folder(folder) => Ok(folder),
            Place::Postgres(_) => {
                Err(bad_usage("PostgreSQL has tools of its own for copies: use pg_dump and pg_restore"))
            }
        }
    }
}

impl BusLine {
    fn carrier(self, place: &Place) -> anyhow::Result<Carrier> {
        let BusLine { bus, bus_credentials, bus_root_certificate } = self;
        let Some(text) = bus else { return Ok(Carrier::Database) };
        if matches!(place, Place::Folder(_)) {
            return Err(bad_usage(
                "--bus is for several servers on one database; a folder has one: give --database-url",
            ));
        }
        let read = || {
            let mut address = Address::read(&text)?;
            if let Some(file) = &bus_credentials {
                address = address.with_credentials(file)?;
            }
            if let Some(file) = &bus_root_certificate {
                address = address.with_root(file)?;
            }
            Ok::<_, AddressError>(address)
        };
        read().map(Carrier::Nats).map_err(|error| bad_usage(format!("--bus: {error}")))
    }
}

fn main() -> ExitCode {
    let line = Line::parse();
    match run(line.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do if even this line cannot be written.
            let _ = writeln!(std::io::stderr().lock(), "smartqueue-server: {error:#}");
            ExitCode::from(if error.is::<BadUsage>() { 2 } else { 1 })
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve {
            store,
            bus,
            listen,
            public_url,
            allowed_origins,
            tls_certificate,
            tls_key,
            metrics_token,
            requests_a_minute,
            trusted_proxies,
        } => {
            let tls = tls_certificate.zip(tls_key).map(|(certificate, key)| TlsFiles { certificate, key });
            let place = store.place()?;
            let options = Options {
                carrier: bus.carrier(&place)?,
                public_url,
                allowed_origins,
                tls,
                metrics_token,
                requests_a_minute,
                trusted_proxies,
                ..Options::new(place, listen)
            };
            log_to_standard_error();
            let workers = std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 4));
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(workers)
                .enable_all()
                .build()?
                .block_on(run_server(options))
        }
        Command::SeedDemo { store, base_url, password } => {
            print_json(&seed::demo(&store.place()?, &store.profiles(), &base_url, password)?)
        }
        Command::InviteAdmin { store, tenant, tenant_name, email, name, superadmin } => print_json(
            &seed::invite_admin(&store.place()?, &seed::Admin { tenant, tenant_name, email, name, superadmin })?,
        ),
        Command::Openapi => print_json(&openapi_document()),
        Command::Backup { store, to } => {
            file::backup(&store.folder()?, &to)?;
            print_json(&serde_json::json!({"backup": to, "bytes": std::fs::metadata(&to)?.len()}))
        }
        Command::Restore { store, from } => {
            file::restore(&store.folder()?, &from)?;
            print_json(&serde_json::json!({"restored": from}))
        }
        Command::AfterRestore { store } => {
            let Place::Postgres(database) = store.place()? else {
                return Err(bad_usage("`restore` does this for a file by itself; give --database-url"));
            };
            print_json(&serde_json::json!({"epoch": file::after_restore(&database)?}))
        }
        Command::Migrate { store } => {
            let place = store.place()?;
            let _owned = match &place {
                Place::Folder(folder) => Some(file::take_folder(folder)?),
                Place::Postgres(_) => None,
            };
            let ledger = Ledger::open(&place.database(), Arc::new(Nobody))?;
            print_json(&serde_json::json!({"version": ledger.version()}))
        }
    }
}

async fn run_server(options: Options) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let running = serve(options).await?;
    let address = running.address();
    print_json(&serde_json::json!({"ready": true, "listen": address.to_string()}))?;
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "serving");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    running.stop().await?;
    tracing::info!("stopped");
    Ok(())
}

fn print_json(value: &serde_json::Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}").and_then(|()| out.flush()).context("standard output cannot be written")
}

fn log_to_standard_error() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_writer(std::io::stderr).with_env_filter(filter).init();
}
