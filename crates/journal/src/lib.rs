//! The station's journal: one append-only SQLite file, WAL, `synchronous=FULL`, one writer.
//!
//! What [`Journal::append`] returned for is on the disk. The journal never changes or deletes a record, never decides
//! anything, and never opens a file that another process writes. Each record is chained to the one before it (`chain`).
//! Small values that are not history (the identity, the last configuration, how far the server holds the records) stand
//! beside the records in `meta`.
#![warn(missing_docs)]

mod chain;
mod error;
mod reserve;
mod schema;
#[cfg(test)]
mod tests;

pub use chain::{ChainFlaw, ChainHash, ChainVerdict};
pub use error::{JournalError, JournalErrorKind};

use chain::Walk;
use reserve::Reserve;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use smartqueue_domain::Record;
use smartqueue_protocol::ProtocolError;
use smartqueue_protocol::record::StoredRecord;
use smartqueue_protocol::station_sync::SequencedRecord;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Below this version a WAL reset can lose committed data under a concurrent checkpoint (SQLite release notes, 3.51.3).
const OLDEST_SQLITE: i32 = 3_051_003;

/// How often [`Journal::tend`] looks after the file.
const TEND_MS: u64 = 60_000;

/// A journal, open for writing. One process at a time holds it.
#[derive(Debug)]
pub struct Journal {
    connection: Connection,
    next_seq: u64,
    head: ChainHash,
    epoch: Uuid,
    reserve: Reserve,
    /// The reserve was needed, or has no room any more.
    is_full: bool,
    tended_at_ms: Option<u64>,
    /// Held for as long as the journal is open; the system lets go of it when the process ends, however it ends.
    _lock: Option<File>,
}

impl Journal {
    /// Opens the journal in a profile's folder, making it if there is none. `new_epoch` names it if it is made.
    ///
    /// # Errors
    /// [`JournalError`]; a damaged file is refused rather than written to.
    pub fn open(folder: &Path, new_epoch: Uuid) -> Result<Journal, JournalError> {
        std::fs::create_dir_all(folder).map_err(|source| JournalError::Folder { path: folder.to_owned(), source })?;
        let lock = lock(folder)?;
        refuse_old_sqlite()?;
        let connection = Connection::open(Self::path(folder))?;
        let reserve = Reserve::at(folder.join("journal.reserve"));
        Journal::over(connection, new_epoch, reserve, Some(lock))
    }

    /// Opens the journal in a folder of one of SQLite's virtual file systems. Nothing locks that folder and it has no
    /// reserve: both are matters of the machine's own file system.
    ///
    /// # Errors
    /// [`JournalError`]; a damaged file is refused rather than written to.
    pub fn open_on(vfs: &str, folder: &Path, new_epoch: Uuid) -> Result<Journal, JournalError> {
        refuse_old_sqlite()?;
        let connection = Connection::open_with_flags_and_vfs(Self::path(folder), OpenFlags::default(), vfs)?;
        Journal::over(connection, new_epoch, Reserve::nowhere(), None)
    }

    fn over(
        mut connection: Connection,
        new_epoch: Uuid,
        reserve: Reserve,
        lock: Option<File>,
    ) -> Result<Journal, JournalError> {
        configure(&connection)?;
        schema::migrate(&mut connection)?;
        let epoch = match read_meta(&connection, "epoch")?.and_then(|text| Uuid::parse_str(&text).ok()) {
            Some(epoch) => epoch,
            None => {
                write_meta(&connection, "epoch", &new_epoch.to_string())?;
                new_epoch
            }
        };
        let (records, head) = match walk(&connection)? {
            ChainVerdict::Sound { records, head } => (records, head),
            ChainVerdict::Broken { seq, flaw } => return Err(JournalError::ChainBroken { seq, flaw }),
        };
        checkpoint(&connection)?;
        let is_full = !reserve.is_kept();
        let next_seq = records + 1;
        Ok(Journal { connection, next_seq, head, epoch, reserve, is_full, tended_at_ms: None, _lock: lock })
    }

    /// Where the journal of a profile stands.
    pub fn path(folder: &Path) -> PathBuf {
        folder.join("journal.sqlite")
    }

    /// Drawn when the journal was made: two journals never share a series of records.
    pub fn epoch(&self) -> Uuid {
        self.epoch
    }

    /// Everything up to the newest record, in one hash.
    pub fn head(&self) -> ChainHash {
        self.head
    }

    /// Makes records durable, all or none, and says the place of the first. On a full disk the reserve is spent for
    /// them, and the next [`Journal::tend`] says so.
    ///
    /// # Errors
    /// [`JournalError::Sqlite`]: nothing was written, and the caller must not go on as if it had been.
    pub fn append(&mut self, records: &[Record]) -> Result<u64, JournalError> {
        match self.write(records) {
            Err(error) if error.kind() == JournalErrorKind::DiskFull && self.reserve.give_up() => {
                self.is_full = true;
                self.write(records)
            }
            other => other,
        }
    }

    fn write(&mut self, records: &[Record]) -> Result<u64, JournalError> {
        let first_seq = self.next_seq;
        let mut head = self.head;
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO record (seq, body, hash) VALUES (?1, ?2, ?3)")?;
            for (seq, record) in (first_seq..).zip(records) {
                let body = encode(seq, record)?;
                head = head.followed_by(seq, &body);
                insert.execute(params![seq as i64, body, head.0])?;
            }
        }
        transaction.commit()?;
        self.next_seq += records.len() as u64;
        self.head = head;
        Ok(first_seq)
    }

    /// Looks after the file, once a minute however often it is called: a row is written through to the disk, to see
    /// whether rows still can be; the log is brought into the file and the result looked at, because SQLite keeps quiet
    /// about an automatic checkpoint that fails; and the reserve is made again where it was spent.
    ///
    /// `elapsed_ms` is the machine's monotonic clock.
    ///
    /// # Errors
    /// [`JournalError::NoReserve`] on a full disk; anything else as of [`Journal::append`]. The station must stop issuing.
    pub fn tend(&mut self, elapsed_ms: u64) -> Result<(), JournalError> {
        let due = self.tended_at_ms.is_none_or(|tended| elapsed_ms.saturating_sub(tended) >= TEND_MS);
        if due {
            self.tended_at_ms = Some(elapsed_ms);
            self.is_full = !self.reserve.is_kept();
            write_meta(&self.connection, "canary", &elapsed_ms.to_string())?;
            checkpoint(&self.connection)?;
        }
        if self.is_full { Err(JournalError::NoReserve) } else { Ok(()) }
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
        match look_beside(folder)? {
            Some(connection) => read_rows(&connection, 0, i64::MAX),
            None => Ok(Vec::new()),
        }
    }

    /// A small value beside the records of a profile's journal, while a station may be writing it.
    ///
    /// # Errors
    /// [`JournalError::Sqlite`].
    pub fn meta_beside(folder: &Path, key: &str) -> Result<Option<String>, JournalError> {
        match look_beside(folder)? {
            Some(connection) => Ok(read_meta(&connection, key)?),
            None => Ok(None),
        }
    }

    /// Walks along the chain of a profile's journal, while a station may be writing it; nothing when there is no journal
    /// yet.
    ///
    /// # Errors
    /// [`JournalError::Schema`] for a file that this program's station has not opened since it is chained.
    pub fn verify_beside(folder: &Path) -> Result<Option<ChainVerdict>, JournalError> {
        let Some(connection) = look_beside(folder)? else { return Ok(None) };
        let found: i32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found != schema::SCHEMA_VERSION {
            return Err(JournalError::Schema { found, known: schema::SCHEMA_VERSION });
        }
        walk(&connection).map(Some)
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

fn refuse_old_sqlite() -> Result<(), JournalError> {
    let found = rusqlite::version_number();
    if found < OLDEST_SQLITE { Err(JournalError::OldSqlite { found, needed: OLDEST_SQLITE }) } else { Ok(()) }
}

fn look_beside(folder: &Path) -> Result<Option<Connection>, JournalError> {
    let path = Journal::path(folder);
    if !path.exists() {
        return Ok(None);
    }
    Ok(Some(Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?))
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

fn walk(connection: &Connection) -> Result<ChainVerdict, JournalError> {
    let mut select = connection.prepare("SELECT seq, body, hash FROM record ORDER BY seq")?;
    let mut rows = select.query([])?;
    let mut walk = Walk::from_the_beginning();
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        let (body, hash) = (row.get_ref(1)?, row.get_ref(2)?);
        let step = match (body.as_str(), hash.as_blob()) {
            (Ok(body), Ok(hash)) => walk.step(seq.unsigned_abs(), body, hash),
            (Err(_), _) | (_, Err(_)) => walk.step(seq.unsigned_abs(), "", &[]),
        };
        if let Err(verdict) = step {
            return Ok(verdict);
        }
    }
    Ok(walk.end())
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
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(JournalError::Damaged(verdict)) }
}

/// Brings the log into the file, and fails when the disk does. A reader beside us may keep some of the log back, which
/// is no failure: the next checkpoint makes it good.
fn checkpoint(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

fn read_meta(connection: &Connection, key: &str) -> Result<Option<String>, rusqlite::Error> {
    connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?.query_row([key], |row| row.get(0)).optional()
}

fn write_meta(connection: &Connection, key: &str, value: &str) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached("INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2")?
        .execute([key, value])
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
