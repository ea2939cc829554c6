//! The embedded file: how it is opened, how it is checked, copied and kept tidy. This module never knows a table.

use super::values::{Params, ValueRef};
use super::{Connection, Error};
use anyhow::{Context, ensure};
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef as Given};
use rusqlite::{OpenFlags, ToSql};
use std::cell::Cell;
use std::path::Path;

/// A value in SQLite's hands.
pub(super) struct Bound<'a>(ValueRef<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            ValueRef::Null => Given::Null,
            ValueRef::Integer(number) => Given::Integer(number),
            ValueRef::Real(number) => Given::Real(number),
            ValueRef::Text(text) => Given::Text(text.as_bytes()),
            ValueRef::Blob(bytes) => Given::Blob(bytes),
        }))
    }
}

impl Bound<'_> {
    pub(super) fn all(values: &impl Params) -> impl rusqlite::Params {
        rusqlite::params_from_iter((0..values.count()).map(|place| Bound(values.at(place))))
    }
}

pub(super) fn value<'r>(row: &'r rusqlite::Row<'_>, place: usize) -> Result<ValueRef<'r>, Error> {
    Ok(match row.get_ref(place)? {
        Given::Null => ValueRef::Null,
        Given::Integer(number) => ValueRef::Integer(number),
        Given::Real(number) => ValueRef::Real(number),
        Given::Text(bytes) => {
            ValueRef::Text(std::str::from_utf8(bytes).map_err(|_| Error::unreadable(place, ValueRef::Blob(bytes)))?)
        }
        Given::Blob(bytes) => ValueRef::Blob(bytes),
    })
}

/// An open file.
pub(super) struct File {
    pub(super) connection: rusqlite::Connection,
    /// No step of the transaction has been kept yet: to undo the first is to begin anew, and spares the copies that SQLite
    /// makes of every page in case it must undo a part.
    is_first_step: Cell<bool>,
    /// How many rows had been changed when the step began.
    changes: Cell<u64>,
}

impl From<rusqlite::Connection> for File {
    fn from(connection: rusqlite::Connection) -> File {
        File { connection, is_first_step: Cell::new(false), changes: Cell::new(0) }
    }
}

impl File {
    /// Does a word that begins or ends something.
    pub(super) fn say(&self, word: &str) -> Result<(), Error> {
        self.connection.prepare_cached(word)?.execute([])?;
        Ok(())
    }

    pub(super) fn begin(&self) -> Result<(), Error> {
        self.is_first_step.set(true);
        self.say("BEGIN IMMEDIATE")
    }

    pub(super) fn begin_step(&self) -> Result<(), Error> {
        self.changes.set(self.connection.total_changes());
        if self.is_first_step.get() { Ok(()) } else { self.say("SAVEPOINT step") }
    }

    pub(super) fn end_step(&self) -> Result<(), Error> {
        if !self.is_first_step.get() {
            return self.say("RELEASE step");
        }
        // After a step that changed nothing the next one is still the first.
        self.is_first_step.set(self.connection.total_changes() == self.changes.get());
        Ok(())
    }

    pub(super) fn undo_step(&self) -> Result<(), Error> {
        if self.is_first_step.get() {
            self.say("ROLLBACK")?;
            return self.say("BEGIN IMMEDIATE");
        }
        self.say("ROLLBACK TO step")?;
        self.say("RELEASE step")
    }
}

/// The version of the SQLite inside, if it is too old: before 3.51.3 a WAL reset can lose a commit.
pub(in crate::ledger) fn too_old() -> Option<&'static str> {
    (rusqlite::version_number() < 3_051_003).then(rusqlite::version)
}

pub(super) fn open(path: &Path) -> Result<rusqlite::Connection, Error> {
    let connection = rusqlite::Connection::open(path)?;
    configure(&connection)?;
    Ok(connection)
}

/// Opens a file through one of SQLite's virtual file systems.
pub(in crate::ledger) fn open_through(vfs: &str, path: &Path) -> Result<Connection, Error> {
    let connection = rusqlite::Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs)?;
    configure(&connection)?;
    Ok(connection.into())
}

fn configure(connection: &rusqlite::Connection) -> Result<(), Error> {
    // Another process writes only while an operator seeds or copies; waiting for it is right.
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Else a statement is compiled anew whenever a bound value might let it use a partial index.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(())
}

/// Memory for pages in KiB that the writing connection may take, as SQLite wants it said: a commit of many steps touches
/// more pages than its own 2 MiB hold.
const WRITERS_CACHE: i64 = -16 * 1024;

/// Leaves checkpoints to us, because SQLite swallows the errors of its automatic ones, and gives pages more room.
pub(in crate::ledger) fn make_writer(connection: &Connection) {
    let Some(connection) = connection.file() else { return };
    for (name, value) in [("wal_autocheckpoint", 0), ("cache_size", WRITERS_CACHE)] {
        if let Err(error) = connection.pragma_update(None, name, value) {
            tracing::error!(%error, name, "the writing connection could not be set up");
        }
    }
}

/// Makes a checkpoint and looks at the result; nothing where there is no file.
pub(in crate::ledger) fn checkpoint(connection: &Connection, kind: &str) {
    let Some(connection) = connection.file() else { return };
    let sql = format!("PRAGMA wal_checkpoint({kind})");
    match connection.query_row(&sql, [], |row| row.get::<_, i64>(0)) {
        Ok(0) => {}
        Ok(_) => tracing::info!(kind, "a checkpoint waits for a reader"),
        Err(error) => tracing::error!(%error, kind, "a checkpoint failed"),
    }
}

/// Copies a file that may be in use to a new one.
pub(in crate::ledger) fn copy(path: &Path, to: &Path) -> anyhow::Result<()> {
    let connection = open(path)?;
    let text = to.to_str().context("the target's name is not UTF-8")?;
    connection.execute("VACUUM INTO ?1", [text]).context("the database cannot be copied")?;
    Ok(())
}

/// Opens a copy as it is.
pub(in crate::ledger) fn open_copy(path: &Path) -> anyhow::Result<Connection> {
    Ok(rusqlite::Connection::open(path)?.into())
}

/// Opens a copy read-only and has SQLite check every page and every reference.
pub(in crate::ledger) fn check(path: &Path) -> anyhow::Result<()> {
    let connection = rusqlite::Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let verdict: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .with_context(|| format!("{} is not a sound database", path.display()))?;
    ensure!(verdict == "ok", "{} is damaged: {verdict}", path.display());
    let mut references = connection.prepare("PRAGMA foreign_key_check")?;
    ensure!(!references.exists([])?, "{} holds references to rows that are gone", path.display());
    Ok(())
}
