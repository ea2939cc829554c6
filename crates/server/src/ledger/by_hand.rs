//! The ledger without a thread of its own: whoever calls does the work, at once, in the order of the calls.
//!
//! The steps, the transactions and the publication are those of the writing thread; only nobody waits for anybody. A
//! simulation needs this to be the same each time. This module never looks at what a step does.

use super::events::Published;
use super::writer::{self, Writing};
use crate::trouble::Trouble;
use rusqlite::Connection;
use std::sync::{Mutex, PoisonError};

/// A checkpoint is made after so many commits, so that it happens within a short simulation as well.
const COMMITS_A_CHECKPOINT: u32 = 50;

type Publish = Box<dyn Fn(Vec<Published>) + Send>;

pub(super) struct ByHand {
    work: Mutex<Work>,
}

struct Work {
    connection: Connection,
    publish: Publish,
    since_checkpoint: u32,
}

impl ByHand {
    pub(super) fn new(connection: Connection, publish: impl Fn(Vec<Published>) + Send + 'static) -> ByHand {
        writer::prepare(&connection);
        ByHand { work: Mutex::new(Work { connection, publish: Box::new(publish), since_checkpoint: 0 }) }
    }

    pub(super) fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Writing<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = writer::write_at_once(&work.connection, &work.publish, step);
        work.since_checkpoint += 1;
        if work.since_checkpoint >= COMMITS_A_CHECKPOINT {
            work.since_checkpoint = 0;
            writer::checkpoint(&work.connection, "PASSIVE");
        }
        answer
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&Connection) -> Result<T, Trouble>) -> Result<T, Trouble> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = work.connection.transaction()?;
        look(&transaction)
    }
}
