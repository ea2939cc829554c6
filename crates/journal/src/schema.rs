//! The forms that a station's file has had, and the way from each to the newest. Shipped steps never change, so nothing
//! here uses a type that may.

use crate::JournalError;
use crate::chain::ChainHash;
use rusqlite::{Connection, params};

/// The newest form, kept in `PRAGMA user_version`.
pub(crate) const SCHEMA_VERSION: i32 = 2;

/// Brings a file up to [`SCHEMA_VERSION`]. Each step is one transaction: a power cut leaves the old form or the new one.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), JournalError> {
    loop {
        match connection.query_row("PRAGMA user_version", [], |row| row.get(0))? {
            0 => connection.execute_batch(include_str!("schema_1.sql"))?,
            1 => chain_records(connection)?,
            SCHEMA_VERSION => return Ok(()),
            found => return Err(JournalError::Schema { found, known: SCHEMA_VERSION }),
        }
    }
}

/// From 1 to 2: the records are as they were, each with its hash.
fn chain_records(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(include_str!("schema_2.sql"))?;
    {
        let mut select = transaction.prepare("SELECT seq, body FROM record ORDER BY seq")?;
        let mut insert = transaction.prepare("INSERT INTO chained (seq, body, hash) VALUES (?1, ?2, ?3)")?;
        let mut rows = select.query([])?;
        let mut head = ChainHash::BEGINNING;
        while let Some(row) = rows.next()? {
            let (seq, body): (i64, String) = (row.get(0)?, row.get(1)?);
            head = head.followed_by(seq.unsigned_abs(), &body);
            insert.execute(params![seq, body, head.0])?;
        }
    }
    transaction.execute_batch(include_str!("schema_2_after.sql"))?;
    transaction.commit()
}
