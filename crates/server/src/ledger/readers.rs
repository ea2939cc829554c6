//! A small pool of reading connections. This module never writes.

use super::store::{Connection, Database, Whose};
use crate::trouble::Trouble;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Reads run side by side up to this many; more would only queue inside the disk.
const CONNECTIONS: usize = 4;

pub(super) struct Readers {
    database: Database,
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(database: Database) -> Readers {
        Readers { database, idle: Arc::new(Mutex::new(Vec::new())), places: Arc::new(Semaphore::new(CONNECTIONS)) }
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        whose: Whose,
        look: impl FnOnce(&Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| Trouble::Internal("the reading pool is closed".to_owned()))?;
        let idle = Arc::clone(&self.idle);
        let database = self.database.clone();
        let work = move || {
            let _place = place;
            let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match taken.filter(|connection| !connection.is_gone_meanwhile()) {
                Some(connection) => connection,
                None => Connection::open(&database)?,
            };
            let answer = connection.look(whose, look);
            // A connection that failed is not used again: whatever is wrong with it goes away with it.
            if !matches!(answer, Err(Trouble::Storage(_) | Trouble::Busy)) {
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            }
            answer
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Trouble::Internal(format!("a reading task ended early: {error}")))?
    }
}
