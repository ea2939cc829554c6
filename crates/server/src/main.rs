//! The command line of the server. Output for machines is JSON on standard output, logs are JSON on standard error.
//! Exit codes: 0 success, 1 failure, 2 bad usage.

use anyhow::Context;
use clap::{Parser, Subcommand};
use smartqueue_server::ledger::{Ledger, file, migrate};
use smartqueue_server::{Options, openapi_document, seed, serve};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
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
        /// Where to listen; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: String,
        /// The address by which customers and stations reach this server, for links on slips.
        #[arg(long)]
        public_url: Option<String>,
        /// An origin, such as https://office.example, whose pages may open sockets besides our own. Repeatable.
        #[arg(long = "allow-origin")]
        allowed_origins: Vec<String>,
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
    /// Brings the database up to this program's version.
    Migrate {
        #[command(flatten)]
        store: Store,
    },
}

#[derive(clap::Args)]
struct Store {
    /// The folder with the database.
    #[arg(long, required_unless_present = "database_url")]
    data: Option<PathBuf>,
    /// A PostgreSQL address.
    #[arg(long)]
    database_url: Option<String>,
}

/// What was asked for cannot be meant; everything else is a failure.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct BadUsage(&'static str);

impl Store {
    fn folder(self) -> anyhow::Result<PathBuf> {
        match (self.data, self.database_url) {
            (Some(folder), None) => Ok(folder),
            (_, Some(_)) => Err(BadUsage("PostgreSQL is not in this version: use --data DIR alone").into()),
            (None, None) => Err(BadUsage("--data DIR is needed").into()),
        }
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
        Command::Serve { store, listen, public_url, allowed_origins } => {
            let options = Options { data: store.folder()?, listen, public_url, allowed_origins };
            log_to_standard_error();
            let workers = std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 4));
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(workers)
                .enable_all()
                .build()?
                .block_on(run_server(options))
        }
        Command::SeedDemo { store, base_url, password } => {
            print_json(&seed::demo(&store.folder()?, &base_url, password)?)
        }
        Command::Openapi => print_json(&openapi_document()),
        Command::Backup { store, to } => {
            file::backup(&store.folder()?, &to)?;
            print_json(&serde_json::json!({"backup": to, "bytes": std::fs::metadata(&to)?.len()}))
        }
        Command::Restore { store, from } => {
            file::restore(&store.folder()?, &from)?;
            print_json(&serde_json::json!({"restored": from}))
        }
        Command::Migrate { store } => {
            let folder = store.folder()?;
            let _owned = file::take_folder(&folder)?;
            drop(Ledger::open(&file::database_path(&folder), |_| {})?);
            print_json(&serde_json::json!({"version": migrate::CURRENT}))
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
