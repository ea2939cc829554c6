//! Migrations: numbered SQL files for each database, embedded and frozen. This module never changes data that a step wrote.

use super::postgres::MIGRATION;
use super::{Connection, Database};
use crate::ledger::OpenError;

/// Each file for SQLite in order; its version is its place, counted from 1. Shipped files never change.
const ON_SQLITE: &[&str] = &[
    include_str!("../../../migrations/0001_first.sql"),
    include_str!("../../../migrations/0002_numbers.sql"),
    include_str!("../../../migrations/0020_queue_hours.sql"),
    include_str!("../../../migrations/0021_office.sql"),
    include_str!("../../../migrations/0022_operations.sql"),
    include_str!("../../../migrations/0023_live_tickets.sql"),
    include_str!("../../../migrations/0024_fewer_pages.sql"),
    include_str!("../../../migrations/0025_reminders.sql"),
    include_str!("../../../migrations/0026_pairing_requests.sql"),
    include_str!("../../../migrations/0027_agents_tickets.sql"),
    include_str!("../../../migrations/0028_print_order.sql"),
];

/// The same for PostgreSQL, which came later: its first file makes what the files above had made by then.
const ON_POSTGRES: &[&str] = &[
    include_str!("../../../migrations/postgres/0001_first.sql"),
    include_str!("../../../migrations/postgres/0002_walls.sql"),
    include_str!("../../../migrations/postgres/0003_cheaper_tickets.sql"),
    include_str!("../../../migrations/postgres/0004_reminders.sql"),
    include_str!("../../../migrations/postgres/0005_tickets_together.sql"),
    include_str!("../../../migrations/postgres/0006_pairing_requests.sql"),
    include_str!("../../../migrations/postgres/0007_print_order.sql"),
];

/// The version of a SQLite file that this program works with.
pub const CURRENT: i64 = ON_SQLITE.len() as i64;

/// The version to which this program brings a database.
pub fn newest_version(database: &Database) -> i64 {
    match database {
        Database::File(_) => CURRENT,
        Database::Postgres(_) => ON_POSTGRES.len() as i64,
    }
}

/// Brings the database up to this program's version, each migration in a transaction of its own, and returns the version
/// it had before.
///
/// # Errors
/// [`OpenError::Newer`] for a database of a newer program, [`OpenError::Database`] when SQL fails.
pub fn migrate(connection: &Connection) -> Result<i64, OpenError> {
    let files = if connection.is_postgres() { ON_POSTGRES } else { ON_SQLITE };
    let mut before = None;
    loop {
        // The lock comes first: two programs that start together must not both run the same file.
        begin(connection)?;
        let stepped = step(connection, files, &mut before);
        match stepped {
            Ok(true) => connection.commit()?,
            Ok(false) => {
                connection.roll_back();
                return Ok(before.unwrap_or_default());
            }
            Err(error) => {
                connection.roll_back();
                return Err(error);
            }
        }
    }
}

/// Runs the next file; false when there is none.
fn step(connection: &Connection, files: &[&str], before: &mut Option<i64>) -> Result<bool, OpenError> {
    let known = i64::try_from(files.len()).unwrap_or(i64::MAX);
    let version = version(connection)?;
    before.get_or_insert(version);
    if version > known {
        return Err(OpenError::Newer { found: version, known });
    }
    let Some(sql) = usize::try_from(version).ok().and_then(|done| files.get(done)) else { return Ok(false) };
    connection.execute_batch(sql)?;
    connection.execute_batch(&if connection.is_postgres() {
        format!("UPDATE schema_version SET version = {}", version + 1)
    } else {
        format!("PRAGMA user_version = {}", version + 1)
    })?;
    Ok(true)
}

fn begin(connection: &Connection) -> Result<(), OpenError> {
    if connection.is_postgres() {
        connection.execute_batch(&format!(
            "BEGIN; SELECT pg_advisory_xact_lock({MIGRATION});
             CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL);
             INSERT INTO schema_version (version) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM schema_version);
             SET LOCAL smartqueue.tenant = 'all'"
        ))?;
    } else {
        connection.begin(&super::Locks::default())?;
    }
    Ok(())
}

fn version(connection: &Connection) -> Result<i64, OpenError> {
    let sql = if connection.is_postgres() { "SELECT version FROM schema_version" } else { "PRAGMA user_version" };
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_brought_up_once_and_a_newer_one_is_refused() {
        let connection = Connection::from(rusqlite::Connection::open_in_memory().unwrap());
        assert_eq!(migrate(&connection).unwrap(), 0);
        assert_eq!(migrate(&connection).unwrap(), CURRENT);
        connection.execute_batch(&format!("PRAGMA user_version = {}", CURRENT + 1)).unwrap();
        assert!(matches!(migrate(&connection), Err(OpenError::Newer { .. })));
    }
}
