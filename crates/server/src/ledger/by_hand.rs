//! The ledger without a thread of its own: whoever calls does the work, at once, in the order of the calls.
//!
//! The steps, the transactions and the publication are those of the writing thread; only nobody waits for anybody. A
//! simulation needs this to be the same each time. This module never looks at what a step does.

use super::events::Published;
use super::store::{Connection, Whose, sqlite};
use super::writer::{self, Writing};
use crate::trouble::Trouble;
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
        sqlite::make_writer(&connection);
        ByHand { work: Mutex::new(Work { connection, publish: Box::new(publish), since_checkpoint: 0 }) }
    }

    pub(super) fn write<T: Send + 'static>(
        &self,
        whose: Whose,
        step: impl FnOnce(&mut Writing<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = writer::write_at_once(&work.connection, &work.publish, whose, step);
        work.since_checkpoint += 1;
        if work.since_checkpoint >= COMMITS_A_CHECKPOINT {
            work.since_checkpoint = 0;
            sqlite::checkpoint(&work.connection, "PASSIVE");
        }
        answer
    }

    pub(super) fn read<T>(
        &self,
        whose: Whose,
        look: impl FnOnce(&Connection) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.connection.look(whose, look)
    }
}
