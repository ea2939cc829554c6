//! How events reach the sockets: of this process, and of the other servers on the same database.
//!
//! The event table is the truth, and whoever misses something reads it from a cursor; a bus only says that there is
//! something to read. So it may lose or repeat what it says. This module never decides who sees an event.

mod herald;
mod hint;
mod nats;
mod notify;

pub use nats::{Address, AddressError};

use super::events::Published;
use super::store::{Connection, Database, Error};
use nats::Nats;
use notify::Notifying;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whoever shows events: the sockets of this process.
pub trait Audience: Send + Sync + 'static {
    /// Takes committed events, those of a site in their order.
    fn take(&self, events: Vec<Published>);

    /// The sites that somebody watches.
    fn sites(&self) -> Vec<i64>;

    /// Whether somebody watches a site.
    fn watches(&self, site: i64) -> bool;
}

/// An audience that is not there: for tools that change something and leave.
pub struct Nobody;

impl Audience for Nobody {
    fn take(&self, _: Vec<Published>) {}

    fn sites(&self) -> Vec<i64> {
        Vec::new()
    }

    fn watches(&self, _: i64) -> bool {
        false
    }
}

/// What carries hints between the servers of one database.
#[derive(Clone, Debug, Default)]
pub enum Carrier {
    /// The database itself, as far as servers share it.
    #[default]
    Database,
    /// A NATS server beside it.
    Nats(Address),
}

/// The bus of a server on this database. `epoch` is what all servers of one database know and no other does. `listens` says
/// from now on whether hints of the others come.
///
/// # Errors
/// The system gives no thread.
pub(super) fn start(
    database: &Database,
    carrier: &Carrier,
    epoch: &str,
    audience: Arc<dyn Audience>,
    listens: Arc<AtomicBool>,
) -> Result<Box<dyn Bus + Send>, std::io::Error> {
    Ok(match (database, carrier) {
        // Nobody else works with a file.
        (Database::File(_), Carrier::Database | Carrier::Nats(_)) => {
            listens.store(true, Ordering::Relaxed);
            Box::new(Local::new(audience))
        }
        (Database::Postgres(server), Carrier::Database) => Box::new(Notifying::start(server, audience, listens)?),
        (Database::Postgres(server), Carrier::Nats(address)) => {
            Box::new(Nats::start(server, address, epoch, audience, listens)?)
        }
    })
}

/// Carries word of a commit's events. The writing thread calls it, one commit after the other.
pub trait Bus {
    /// Inside the transaction, just before its commit: what is said here is heard if the commit succeeds.
    fn before_commit(&mut self, connection: &Connection, events: &[Published]) -> Result<(), Error>;

    /// After the commit.
    fn after_commit(&mut self, events: Vec<Published>);
}

/// The bus of a server that has its database to itself.
pub struct Local {
    audience: Arc<dyn Audience>,
}

impl Local {
    /// A bus to the sockets of this process.
    pub fn new(audience: Arc<dyn Audience>) -> Local {
        Local { audience }
    }
}

impl Bus for Local {
    fn before_commit(&mut self, _: &Connection, _: &[Published]) -> Result<(), Error> {
        Ok(())
    }

    fn after_commit(&mut self, events: Vec<Published>) {
        self.audience.take(events);
    }
}
