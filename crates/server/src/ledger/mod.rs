//! The ledger: everything the server remembers, with one method for each business step.
//!
//! The rest of the server speaks to these methods and never sees SQL, so that another database can stand behind them
//! later. One thread owns the only writing connection; a few connections read. A step is done when it is durable: the
//! answer is sent after the commit, never before.

pub mod audit;
mod by_hand;
pub mod catalogue;
pub mod demo;
mod devices;
pub mod events;
pub mod fields;
pub mod figures;
pub mod file;
pub mod hours;
pub mod incidents;
pub mod intelligence;
pub mod jobs;
pub mod migrate;
pub mod numbers;
pub mod people;
pub mod places;
mod readers;
pub mod records;
pub mod resources;
pub mod service_days;
pub mod stations;
pub mod tenants;
pub mod tickets;
pub mod writer;

use crate::metrics::metrics;
use crate::trouble::Trouble;
use by_hand::ByHand;
use events::Published;
use readers::Readers;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use writer::{Writer, Writing};

/// The open store.
pub struct Ledger {
    hands: Hands,
}

/// Who does the work.
enum Hands {
    /// A thread that writes and a pool that reads: how the server runs.
    Own {
        /// Writes.
        writer: Writer,
        /// Read.
        readers: Readers,
    },
    /// The caller's own thread, at once.
    Callers(ByHand),
}

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite itself is too old: before 3.51.3 a WAL reset can lose a commit.
    #[error("SQLite {0} is too old: 3.51.3 is needed")]
    Version(&'static str),
    /// The file could not be opened, read or migrated.
    #[error("the database cannot be opened: {0}")]
    Database(#[from] rusqlite::Error),
    /// The file was written by a newer program.
    #[error("the database has version {found}, this program knows {known}")]
    Newer {
        /// The file's version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The writing thread could not be started.
    #[error("the writing thread cannot be started: {0}")]
    Thread(#[from] std::io::Error),
}

impl Ledger {
    /// Opens the file, migrates it and starts the writing thread. `publish` is called on that thread right after a
    /// commit with the events of the commit, in order.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file.
    pub fn open(path: &Path, publish: impl Fn(Vec<Published>) + Send + 'static) -> Result<Ledger, OpenError> {
        refuse_old_sqlite()?;
        let mut connection = open_connection(path)?;
        migrate::migrate(&mut connection)?;
        connection.execute(
            "INSERT INTO meta (key, value) VALUES ('epoch', ?1) ON CONFLICT DO NOTHING",
            [uuid::Uuid::new_v4().to_string()],
        )?;
        Ok(Ledger { hands: Hands::Own { writer: Writer::start(connection, publish)?, readers: Readers::new(path) } })
    }

    /// Opens a file through one of SQLite's virtual file systems, for whoever drives the ledger itself: each step and
    /// each look is done at once on the caller's thread, and the time is what [`crate::give_this_thread`] said.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file.
    pub fn by_hand(
        vfs: &str,
        path: &Path,
        publish: impl Fn(Vec<Published>) + Send + 'static,
    ) -> Result<Ledger, OpenError> {
        refuse_old_sqlite()?;
        let mut connection = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs)?;
        configure(&connection)?;
        migrate::migrate(&mut connection)?;
        Ok(Ledger { hands: Hands::Callers(ByHand::new(connection, publish)) })
    }

    /// Makes a row durable that means nothing, to see whether rows can be made durable.
    pub async fn canary(&self) -> Result<(), Trouble> {
        self.write(|writing| {
            writing
                .connection
                .prepare_cached(
                    "INSERT INTO meta (key, value) VALUES ('canary', ?1) ON CONFLICT DO UPDATE SET value = ?1",
                )?
                .execute([writing.now_ms.to_string()])?;
            Ok(())
        })
        .await
    }

    /// Does one step in a transaction of its own and waits until it is durable.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Writing<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let began = crate::clock::monotonic();
        let result = match &self.hands {
            Hands::Own { writer, readers: _ } => writer.write(step).await,
            Hands::Callers(hands) => hands.write(step),
        };
        metrics().write_seconds.observe(began.elapsed().as_secs_f64());
        result
    }

    /// Looks at the store in one read transaction, so that everything the look returns belongs together.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let began = crate::clock::monotonic();
        metrics().reads_in_flight.inc();
        let result = match &self.hands {
            Hands::Own { writer: _, readers } => readers.read(look).await,
            Hands::Callers(hands) => hands.read(look),
        };
        metrics().reads_in_flight.dec();
        metrics().read_seconds.observe(began.elapsed().as_secs_f64());
        result
    }
}

fn refuse_old_sqlite() -> Result<(), OpenError> {
    if rusqlite::version_number() < 3_051_003 { Err(OpenError::Version(rusqlite::version())) } else { Ok(()) }
}

/// Opens a connection with the settings that every connection of ours has.
pub(crate) fn open_connection(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    configure(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> Result<(), rusqlite::Error> {
    // Another process writes only while an operator seeds or copies; waiting for it is right.
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Else a statement is compiled anew whenever a bound value might let it use a partial index.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(())
}
