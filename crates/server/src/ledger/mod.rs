//! The ledger: everything the server remembers, with one method for each business step.
//!
//! The rest of the server speaks to these methods and never sees SQL; the steps here speak to `store` and never see which
//! database stands behind it, a SQLite file or PostgreSQL. One thread owns the only writing connection of this server; a
//! few connections read. A step is done when it is durable: the answer is sent after the commit, never before.

pub mod audit;
pub mod bus;
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
pub mod new_tickets;
pub mod numbers;
pub mod pairing;
pub mod pairing_requests;
pub mod people;
pub mod places;
mod readers;
pub mod records;
pub mod reminders;
pub mod resources;
pub mod service_days;
pub mod stations;
pub mod store;
pub mod tenants;
pub mod ticket_list;
pub mod tickets;
mod together;
pub mod writer;

use crate::auth::keys::Secret;
use crate::metrics::metrics;
use crate::trouble::Trouble;
use bus::{Audience, Carrier};
use by_hand::ByHand;
use events::Published;
use new_tickets::{Created, NewTicket};
use readers::Readers;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{Connection, Database, Error, Whose, sqlite};
use together::Together;
use writer::{Writer, Writing};

/// The open store.
pub struct Ledger {
    hands: Hands,
    version: i64,
    shared_secret: Option<Vec<u8>>,
    listens: Arc<AtomicBool>,
}

/// Who does the work.
enum Hands {
    /// A thread that writes and a pool that reads: how the server runs.
    Own {
        /// Writes.
        writer: Writer,
        /// Read.
        readers: Readers,
        /// Those who ask for a ticket, of whom many come at once.
        asking: Arc<Together<NewTicket, Created>>,
    },
    /// The caller's own thread, at once.
    Callers(Box<ByHand>),
}

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite itself is too old: before 3.51.3 a WAL reset can lose a commit.
    #[error("SQLite {0} is too old: 3.51.3 is needed")]
    Version(&'static str),
    /// The database could not be opened, read or migrated.
    #[error("the database cannot be opened: {0}")]
    Database(#[from] Error),
    /// The opening thread panicked.
    #[error("the database could not be opened because of a defect")]
    Defect,
    /// The database was written by a newer program.
    #[error("the database has version {found}, this program knows {known}")]
    Newer {
        /// The database's version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The system gave no thread or no randomness.
    #[error("the system gives no thread or no randomness: {0}")]
    System(#[from] std::io::Error),
}

impl Ledger {
    /// Opens the database for a tool, or for a server that lets the database carry its hints. See [`Ledger::open_with`].
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the database.
    pub fn open(database: &Database, audience: Arc<dyn Audience>) -> Result<Ledger, OpenError> {
        Ledger::open_with(database, &Carrier::Database, audience)
    }

    /// Opens the database, migrates it and starts the writing thread. The audience hears the events of each commit right
    /// after it, in order; on PostgreSQL those of other servers as well, of which the carrier brings word.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the database.
    pub fn open_with(database: &Database, carrier: &Carrier, audience: Arc<dyn Audience>) -> Result<Ledger, OpenError> {
        refuse_old_sqlite()?;
        // A session with a server waits for answers, which a thread of a runtime may not.
        std::thread::scope(|scope| {
            let opening = scope.spawn(|| Ledger::open_here(database, carrier, audience));
            opening.join().unwrap_or_else(|_| Err(OpenError::Defect))
        })
    }

    fn open_here(database: &Database, carrier: &Carrier, audience: Arc<dyn Audience>) -> Result<Ledger, OpenError> {
        let connection = Connection::open(database)?;
        store::migrate(&connection)?;
        warn_of_a_powerful_role(&connection)?;
        let epoch: String = connection.at_once(Whose::All, |connection| {
            connection.execute(
                "INSERT INTO meta (key, value) VALUES ('epoch', ?1) ON CONFLICT DO NOTHING",
                [uuid::Uuid::new_v4().to_string()],
            )?;
            connection.query_row("SELECT value FROM meta WHERE key = 'epoch'", [], |row| row.get(0))
        })?;
        let version = store::newest_version(database);
        let shared_secret = shared_secret(&connection)?;
        let listens = Arc::new(AtomicBool::new(false));
        let bus = bus::start(database, carrier, &epoch, audience, Arc::clone(&listens))?;
        let writer = Writer::start(database.clone(), connection, bus)?;
        Ok(Ledger {
            hands: Hands::Own {
                writer,
                readers: Readers::new(database.clone()),
                asking: Together::new(new_tickets::create),
            },
            version,
            shared_secret,
            listens,
        })
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
        let connection = sqlite::open_through(vfs, path)?;
        store::migrate(&connection)?;
        Ok(Ledger {
            hands: Hands::Callers(Box::new(ByHand::new(connection, publish))),
            version: store::CURRENT,
            shared_secret: None,
            listens: Arc::new(AtomicBool::new(true)),
        })
    }

    /// The version of the database's form.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The secret of all servers on this database; nothing where it lies beside the file.
    pub fn shared_secret(&self) -> Option<&[u8]> {
        self.shared_secret.as_deref()
    }

    /// Whether this server hears what other servers of the same database do, if there can be any.
    pub fn hears_others(&self) -> bool {
        self.listens.load(Ordering::Relaxed)
    }

    /// Makes a row durable that means nothing, to see whether rows can be made durable.
    pub async fn canary(&self) -> Result<(), Trouble> {
        self.write(Whose::All, |writing| {
            writing
                .connection
                .prepare_cached(
                    "INSERT INTO meta (key, value) VALUES ('canary', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                )?
                .execute([writing.now_ms.to_string()])?;
            Ok(())
        })
        .await
    }

    /// Does one step in a transaction of its own and waits until it is durable. It sees and changes what belongs to whom
    /// it is about, and on several servers nothing else that is about the same is done meanwhile.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        whose: Whose,
        step: impl FnOnce(&mut Writing<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let began = crate::clock::monotonic();
        let result = match &self.hands {
            Hands::Own { writer, .. } => writer.write(whose, step).await,
            Hands::Callers(hands) => hands.write(whose, step),
        };
        metrics().write_seconds.observe(began.elapsed().as_secs_f64());
        result
    }

    /// Looks at the store in one read transaction, so that everything the look returns belongs together.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        whose: Whose,
        look: impl FnOnce(&Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let began = crate::clock::monotonic();
        metrics().reads_in_flight.inc();
        let result = match &self.hands {
            Hands::Own { readers, .. } => readers.read(whose, look).await,
            Hands::Callers(hands) => hands.read(whose, look),
        };
        metrics().reads_in_flight.dec();
        metrics().read_seconds.observe(began.elapsed().as_secs_f64());
        result
    }
}

/// PostgreSQL asks no wall of a superuser; then only our own checks keep tenants apart.
fn warn_of_a_powerful_role(connection: &Connection) -> Result<(), OpenError> {
    if !connection.is_postgres() {
        return Ok(());
    }
    let is_powerful: bool = connection.query_row(
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user",
        [],
        |row| row.get(0),
    )?;
    if is_powerful {
        tracing::warn!(
            "row level security does not hold for this database role: use one without SUPERUSER and BYPASSRLS"
        );
    }
    Ok(())
}

/// Reads the secret that the servers of a PostgreSQL database share; the first of them draws it.
fn shared_secret(connection: &Connection) -> Result<Option<Vec<u8>>, OpenError> {
    if !connection.is_postgres() {
        return Ok(None);
    }
    let drawn = Secret::draw()?;
    let secret = connection.at_once(Whose::All, |connection| {
        connection.execute("INSERT INTO server_secret (bytes) VALUES (?1) ON CONFLICT DO NOTHING", [&drawn[..]])?;
        connection.query_row("SELECT bytes FROM server_secret", [], |row| row.get(0))
    })?;
    Ok(Some(secret))
}

fn refuse_old_sqlite() -> Result<(), OpenError> {
    sqlite::too_old().map_or(Ok(()), |version| Err(OpenError::Version(version)))
}
