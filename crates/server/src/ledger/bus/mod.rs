//! How events reach the sockets: of this process, and of the other servers on the same database.
//!
//! The event table is the truth, and whoever misses something reads it from a cursor; a bus only says that there is
//! something to read. So it may lose or repeat what it says. This module never decides who sees an event.

mod notify;

pub use notify::Notifying;

use super::events::Published;
use super::store::{Connection, Error};
use std::sync::Arc;

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
