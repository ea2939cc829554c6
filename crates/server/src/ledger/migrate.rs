//! Migrations: numbered SQL files, embedded and frozen. This module never changes data that a step wrote.

use super::OpenError;
use rusqlite::{Connection, TransactionBehavior};

/// Each file in order; its version is its place, counted from 1. Shipped files never change.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_first.sql"),
    include_str!("../../migrations/0002_numbers.sql"),
    include_str!("../../migrations/0020_queue_hours.sql"),
    include_str!("../../migrations/0021_office.sql"),
    include_str!("../../migrations/0022_operations.sql"),
    include_str!("../../migrations/0023_live_tickets.sql"),
];

/// The version that this program works with.
pub const CURRENT: i64 = MIGRATIONS.len() as i64;

/// Brings the file up to [`CURRENT`], each migration in a transaction of its own, and returns the version it had before.
///
/// # Errors
/// [`OpenError::Newer`] for a file of a newer program, [`OpenError::Database`] when SQL fails.
pub fn migrate(connection: &mut Connection) -> Result<i64, OpenError> {
    let mut before = None;
    loop {
        // The lock comes first: two programs that start together must not both run the same file.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let before = *before.get_or_insert(version);
        if version > CURRENT {
            return Err(OpenError::Newer { found: version, known: CURRENT });
        }
        let next = usize::try_from(version).ok().and_then(|done| MIGRATIONS.get(done));
        let Some(sql) = next else { return Ok(before) };
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", version + 1)?;
        transaction.commit()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_brought_up_once_and_a_newer_one_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(migrate(&mut connection).unwrap(), 0);
        assert_eq!(migrate(&mut connection).unwrap(), CURRENT);
        connection.pragma_update(None, "user_version", CURRENT + 1).unwrap();
        assert!(matches!(migrate(&mut connection), Err(OpenError::Newer { .. })));
    }
}
