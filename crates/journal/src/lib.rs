//! The station's journal: one append-only SQLite file, WAL, `synchronous=FULL`, one writer.
//!
//! What [`Journal::append`] returned for is on the disk. The journal never changes or deletes a record, never decides
//! anything, and never opens a file that another process writes. Small values that are not history (the identity, the
//! last configuration, how far the server holds the records) stand beside the records in `meta`.
#![warn(missing_docs)]

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};
use smartqueue_domain::Record;
use smartqueue_protocol::ProtocolError;
use smartqueue_protocol::record::StoredRecord;
use smartqueue_protocol::station_sync::SequencedRecord;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use thiserror::Error;
use uuid::Uuid;

/// Below this version a WAL reset can lose committed data under a concurrent checkpoint (SQLite release notes, 3.51.3).
const OLDEST_SQLITE: i32 = 3_051_003;

/// The schema's version, kept in `PRAGMA user_version`.
const SCHEMA_VERSION: i32 = 1;

/// Why the journal cannot be opened, read or written.
#[derive(Debug, Error)]
pub enum JournalError {
    /// Another process has the profile open.
    #[error("another station is running on {0}")]
    InUse(PathBuf),
    /// The folder or the lock file cannot be used.
    #[error("{path}: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a journal of this program, or of a newer version.
    #[error("the journal has schema {found}, this program reads up to {SCHEMA_VERSION}")]
    Schema {
        /// The version found.
        found: i32,
    },
    /// The linked SQLite is too old to be trusted.
    #[error("SQLite {found} is older than {OLDEST_SQLITE}")]
    OldSqlite {
        /// The version number found.
        found: i32,
    },
    /// The file is damaged.
    #[error("the journal fails its integrity check: {0}")]
    Damaged(String),
    /// A record does not read.
    #[error("record {seq}: {source}")]
    Record {
        /// Its place.
        seq: u64,
        /// What is wrong with it.
        source: ProtocolError,
    },
    /// SQLite failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// The coarse kind of a [`JournalError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalErrorKind {
    /// Somebody else holds the profile.
    InUse,
    /// The disk is full.
    DiskFull,
    /// The file cannot be read or is damaged.
    Damaged,
    /// The file is of another version.
    Version,
    /// The system refused.
    System,
}

impl JournalError {
    /// The coarse kind.
    pub fn kind(&self) -> JournalErrorKind {
        match self {
            JournalError::InUse(_) => JournalErrorKind::InUse,
            JournalError::Folder { .. } => JournalErrorKind::System,
            JournalError::Schema { .. } | JournalError::OldSqlite { .. } => JournalErrorKind::Version,
            JournalError::Damaged(_) | JournalError::Record { .. } => JournalErrorKind::Damaged,
            JournalError::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => JournalErrorKind::DiskFull,
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => JournalErrorKind::Damaged,
                Some(_) | None => JournalErrorKind::System,
            },
        }
    }
}

/// A journal, open for writing. One process at a time holds it.
#[derive(Debug)]
pub struct Journal {
    connection: Connection,
    next_seq: u64,
    epoch: Uuid,
    /// Held for as long as the journal is open; the system lets go of it when the process ends, however it ends.
    _lock: File,
}

impl Journal {
    /// Opens the journal in a profile's folder, making it if there is none. `new_epoch` names it if it is made.
    ///
    /// # Errors
    /// [`JournalError`]; a damaged file is refused rather than written to.
    pub fn open(folder: &Path, new_epoch: Uuid) -> Result<Journal, JournalError> {
        std::fs::create_dir_all(folder).map_err(|source| JournalError::Folder { path: folder.to_owned(), source })?;
        let lock = lock(folder)?;
        let version = rusqlite::version_number();
        if version < OLDEST_SQLITE {
            return Err(JournalError::OldSqlite { found: version });
        }
        let connection = Connection::open(Self::path(folder))?;
        configure(&connection)?;
        migrate(&connection)?;
        let epoch = match read_meta(&connection, "epoch")?.and_then(|text| Uuid::parse_str(&text).ok()) {
            Some(epoch) => epoch,
            None => {
                write_meta(&connection, "epoch", &new_epoch.to_string())?;
                new_epoch
            }
        };
        let highest: i64 = connection.query_row("SELECT COALESCE(MAX(seq), 0) FROM record", [], |row| row.get(0))?;
        Ok(Journal { connection, next_seq: highest.unsigned_abs() + 1, epoch, _lock: lock })
    }

    /// Where the journal of a profile stands.
    pub fn path(folder: &Path) -> PathBuf {
        folder.join("journal.sqlite")
    }

    /// Drawn when the journal was made: two journals never share a series of records.
    pub fn epoch(&self) -> Uuid {
        self.epoch
    }

    /// Makes records durable, all or none, and says the place of the first.
    ///
    /// # Errors
    /// [`JournalError::Sqlite`]: nothing was written, and the caller must not go on as if it had been.
    pub fn append(&mut self, records: &[Record]) -> Result<u64, JournalError> {
        let first_seq = self.next_seq;
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO record (seq, body) VALUES (?1, ?2)")?;
            for (seq, record) in (first_seq..).zip(records) {
                insert.execute(params![seq as i64, encode(seq, record)?])?;
            }
        }
        transaction.commit()?;
        self.next_seq += records.len() as u64;
        Ok(first_seq)
    }

    /// The place of the newest record, 0 for an empty journal.
    pub fn highest_seq(&self) -> u64 {
        self.next_seq - 1
    }

    /// Every record in order.
    ///
    /// # Errors
    /// [`JournalError::Record`] names a record that does not read.
    pub fn read_all(&self) -> Result<Vec<(u64, Record)>, JournalError> {
        self.read_after(0, usize::MAX)?
            .into_iter()
            .map(|SequencedRecord { seq, record }| {
                Record::try_from(&record)
                    .map(|record| (seq, record))
                    .map_err(|source| JournalError::Record { seq, source })
            })
            .collect()
    }

    /// At most `limit` records after a place, in the form in which they are sent.
    ///
    /// # Errors
    /// [`JournalError::Record`] names a record that does not read.
    pub fn read_after(&self, seq: u64, limit: usize) -> Result<Vec<SequencedRecord>, JournalError> {
        read_rows(&self.connection, seq, i64::try_from(limit).unwrap_or(i64::MAX))
    }

    /// Every record of a profile's journal, while a station may be writing it; nothing when there is no journal yet.
    ///
    /// # Errors
    /// [`JournalError::Record`] names a record that does not read.
    pub fn read_beside(folder: &Path) -> Result<Vec<SequencedRecord>, JournalError> {
        let path = Self::path(folder);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        read_rows(&connection, 0, i64::MAX)
    }

    /// Whether the journal of a profile holds an identity: the station is known to its server.
    pub fn is_paired(folder: &Path) -> bool {
        Journal::read_beside(folder).is_ok_and(|records| {
            records.iter().any(|record| matches!(record.record, StoredRecord::StationPaired { .. }))
        })
    }

    /// A small value beside the records.
    ///
    /// # Errors
    /// [`JournalError::Sqlite`].
    pub fn meta(&self, key: &str) -> Result<Option<String>, JournalError> {
        Ok(read_meta(&self.connection, key)?)
    }

    /// Writes a small value beside the records.
    ///
    /// # Errors
    /// [`JournalError::Sqlite`]: the old value stands.
    pub fn set_meta(&mut self, key: &str, value: &str) -> Result<(), JournalError> {
        Ok(write_meta(&self.connection, key, value)?)
    }

    /// Writes a small value that may be lost in a power cut, without waiting for the disk.
    ///
    /// # Errors
    /// [`JournalError::Sqlite`]: the old value stands.
    pub fn set_meta_when_convenient(&mut self, key: &str, value: &str) -> Result<(), JournalError> {
        self.connection.pragma_update(None, "synchronous", "NORMAL")?;
        let written = write_meta(&self.connection, key, value);
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(written?)
    }
}

fn read_rows(connection: &Connection, after: u64, limit: i64) -> Result<Vec<SequencedRecord>, JournalError> {
    let mut select = connection.prepare_cached("SELECT seq, body FROM record WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
    let rows = select.query_map(params![after as i64, limit], |row| {
        Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, String>(1)?))
    })?;
    rows.map(|row| {
        let (seq, body) = row?;
        let record = decode(seq, &body)?;
        Ok(SequencedRecord { seq, record })
    })
    .collect()
}

fn lock(folder: &Path) -> Result<File, JournalError> {
    let path = folder.join("journal.lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|source| JournalError::Folder { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(JournalError::Folder { path, source }),
    }
}

fn configure(connection: &Connection) -> Result<(), JournalError> {
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(JournalError::Damaged(verdict)) }
}

fn migrate(connection: &Connection) -> Result<(), JournalError> {
    let found: i32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match found {
        0 => Ok(connection.execute_batch(include_str!("schema_1.sql"))?),
        SCHEMA_VERSION => Ok(()),
        _ => Err(JournalError::Schema { found }),
    }
}

fn read_meta(connection: &Connection, key: &str) -> Result<Option<String>, rusqlite::Error> {
    connection.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).optional()
}

fn write_meta(connection: &Connection, key: &str, value: &str) -> Result<(), rusqlite::Error> {
    connection
        .execute(
            "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
            [key, value],
        )
        .map(|_| ())
}

fn encode(seq: u64, record: &Record) -> Result<String, JournalError> {
    serde_json::to_string(&StoredRecord::from(record))
        .map_err(|error| JournalError::Record { seq, source: ProtocolError::Form(error.to_string()) })
}

fn decode(seq: u64, body: &str) -> Result<StoredRecord, JournalError> {
    serde_json::from_str(body)
        .map_err(|error| JournalError::Record { seq, source: ProtocolError::Form(error.to_string()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use smartqueue_domain::ServiceDay;

    fn day(day: i64) -> Record {
        Record::DayOpened { day: ServiceDay(day) }
    }

    fn open(folder: &Path) -> Result<Journal, JournalError> {
        Journal::open(folder, Uuid::from_u128(1))
    }

    #[test]
    fn records_are_dense_in_order_and_survive_a_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = open(folder.path()).unwrap();
        assert_eq!(journal.append(&[day(1), day(2)]).unwrap(), 1);
        assert_eq!(journal.append(&[day(3)]).unwrap(), 3);
        journal.set_meta("acknowledged", "2").unwrap();
        drop(journal);
        let journal = Journal::open(folder.path(), Uuid::from_u128(2)).unwrap();
        assert_eq!(journal.read_all().unwrap(), [(1, day(1)), (2, day(2)), (3, day(3))]);
        assert_eq!(journal.highest_seq(), 3);
        assert_eq!(journal.epoch(), Uuid::from_u128(1), "the epoch is drawn once");
        assert_eq!(journal.meta("acknowledged").unwrap().as_deref(), Some("2"));
        assert_eq!(journal.meta("nothing").unwrap(), None);
        let tail: Vec<_> = journal.read_after(1, 1).unwrap().iter().map(|record| record.seq).collect();
        assert_eq!(tail, [2]);
    }

    #[test]
    fn it_is_written_through_to_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let journal = open(folder.path()).unwrap();
        let synchronous: i32 = journal.connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
        let mode: String = journal.connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        assert_eq!((synchronous, mode.as_str()), (2, "wal"));
        let mut journal = journal;
        journal.set_meta_when_convenient("acknowledged", "7").unwrap();
        let synchronous: i32 = journal.connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
        assert_eq!((synchronous, journal.meta("acknowledged").unwrap().as_deref()), (2, Some("7")));
    }

    #[test]
    fn one_process_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path()).unwrap();
        assert_eq!(open(folder.path()).unwrap_err().kind(), JournalErrorKind::InUse);
        assert_eq!(Journal::read_beside(folder.path()).unwrap(), [], "others may look");
        drop(first);
        open(folder.path()).unwrap();
    }

    #[test]
    fn a_file_that_is_no_journal_or_a_newer_one_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(Journal::path(folder.path()), "this is not a database, but it is long enough to look like one")
            .unwrap();
        assert_eq!(open(folder.path()).unwrap_err().kind(), JournalErrorKind::Damaged);
        assert!(std::fs::read_to_string(Journal::path(folder.path())).unwrap().starts_with("this is not"));
        let folder = tempfile::tempdir().unwrap();
        let journal = open(folder.path()).unwrap();
        journal.connection.pragma_update(None, "user_version", 99).unwrap();
        drop(journal);
        assert_eq!(open(folder.path()).unwrap_err().kind(), JournalErrorKind::Version);
    }

    #[test]
    fn a_record_that_does_not_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let journal = open(folder.path()).unwrap();
        journal.connection.execute("INSERT INTO record (seq, body) VALUES (1, '{}')", []).unwrap();
        assert!(matches!(journal.read_all().unwrap_err(), JournalError::Record { seq: 1, .. }));
    }

    #[test]
    fn records_can_neither_be_changed_nor_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = open(folder.path()).unwrap();
        journal.append(&[day(1)]).unwrap();
        for statement in ["UPDATE record SET body = '{}'", "DELETE FROM record"] {
            assert!(journal.connection.execute(statement, []).is_err(), "{statement}");
        }
    }
}
