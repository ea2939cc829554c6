//! The database's file as a whole: one owner at a time, copies while it is in use, and a copy put back.
//! This module never looks at what the tables mean.

use super::store::{Connection, Database, Error, Whose, sqlite};
use super::{numbers, store};
use crate::trouble::Trouble;
use anyhow::{Context, bail, ensure};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// The database's path in a data folder.
pub fn database_path(folder: &Path) -> PathBuf {
    folder.join("smartqueue.sqlite3")
}

/// Makes the data folder and takes it for this process; the folder is free again when the file is dropped.
///
/// # Errors
/// The folder cannot be made, or another server works in it.
pub fn take_folder(folder: &Path) -> anyhow::Result<File> {
    fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let path = folder.join("server.lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("another server works in {}", folder.display()),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("{} cannot be locked", path.display())),
    }
}

/// Copies the database to a new file; a server may work with it meanwhile.
///
/// # Errors
/// There is no database, the target exists, or the copy does not pass SQLite's integrity check.
pub fn backup(folder: &Path, to: &Path) -> anyhow::Result<()> {
    let path = database_path(folder);
    ensure!(path.exists(), "there is no database in {}", folder.display());
    ensure!(!to.exists(), "{} exists already", to.display());
    let partial = beside(to);
    remove_if_there(&partial)?;
    sqlite::copy(&path, &partial)?;
    sqlite::check(&partial)?;
    put(&partial, to)
}

/// Puts a copy in the place of the database. The restored file gets a new epoch, because what its subscribers have seen
/// of its old life no longer holds.
///
/// # Errors
/// A server works in the folder, or the copy is damaged, of a newer program or no database of ours.
pub fn restore(folder: &Path, from: &Path) -> anyhow::Result<()> {
    let _owned = take_folder(folder)?;
    let path = database_path(folder);
    let partial = beside(&path);
    remove_if_there(&partial)?;
    fs::copy(from, &partial).with_context(|| format!("{} cannot be copied", from.display()))?;
    let restored = (|| -> anyhow::Result<()> {
        sqlite::check(&partial)?;
        let connection = sqlite::open_copy(&partial)?;
        let before = store::migrate(&connection)?;
        ensure!(before > 0, "{} is not a database of this server", from.display());
        begin_another_life(&connection, uuid::Uuid::new_v4())?;
        Ok(())
    })();
    if let Err(error) = restored {
        remove_if_there(&partial)?;
        return Err(error);
    }
    // The old log must go before the new file comes: SQLite would play it into the wrong database.
    for suffix in ["-wal", "-shm"] {
        let mut log = path.clone().into_os_string();
        log.push(suffix);
        remove_if_there(Path::new(&log))?;
    }
    put(&partial, &path)
}

/// Makes a database that was put back from a dump fit to go on; returns its new epoch.
///
/// # Errors
/// The database cannot be reached, migrated or written.
pub fn after_restore(database: &Database) -> anyhow::Result<uuid::Uuid> {
    let connection = Connection::open(database)?;
    store::migrate(&connection)?;
    let epoch = uuid::Uuid::new_v4();
    connection.at_once(Whose::All, |connection| begin_another_life(connection, epoch))?;
    Ok(epoch)
}

/// Makes a copy fit to go on where its original left off, for whoever remembers more than the copy does.
///
/// # Errors
/// The copy cannot be written.
pub fn begin_another_life(connection: &Connection, epoch: uuid::Uuid) -> Result<(), Trouble> {
    connection.execute(
        "INSERT INTO meta (key, value) VALUES ('epoch', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [epoch.to_string()],
    )?;
    numbers::skip_unknown_numbers(connection, crate::clock::now_ms())?;
    // What stations said after the copy was made is not in it: no station may look like a copy of itself for that. The
    // digests stay, because they tell of the records that are in the copy: by them alone a machine that works from a copied
    // disk is told from the one whose records these are, now that the words are gone.
    connection.execute("UPDATE stations SET word = NULL", [])?;
    Ok(begin_new_log(connection)?)
}

/// No event of the old life may share its number with one of the new: whoever comes back with a cursor of the old life
/// finds it before the log and is shown everything anew.
fn begin_new_log(connection: &Connection) -> Result<(), Error> {
    connection.execute("DELETE FROM events", [])?;
    connection.execute("UPDATE sites SET event_seq = event_seq + 1000000", [])?;
    Ok(())
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

fn remove_if_there(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be removed", path.display())),
    }
}

/// Gives a finished file its name, durable on return.
fn put(partial: &Path, to: &Path) -> anyhow::Result<()> {
    File::open(partial)?.sync_all()?;
    fs::rename(partial, to).with_context(|| format!("{} cannot be put in place", to.display()))?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(())
}
