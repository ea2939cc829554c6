//! The wall between the ledger's steps and the database behind them: an embedded SQLite file or PostgreSQL. Beyond this
//! folder nobody names either.
//!
//! SQL is written once, in what both understand, with `?1`, `?2` for its values. What they do not share is worded here:
//! transactions, locks, migrations, copies. This module never knows what a statement means.

mod address;
mod error;
mod migrate;
pub(super) mod postgres;
pub(super) mod rows;
pub(super) mod sqlite;
mod values;

pub use address::Database;
pub use error::{Error, OptionalExtension};
pub use migrate::{CURRENT, migrate, newest_version};
pub use values::{Bind, FromValue, Params, Stored, ValueRef, params};

use postgres::Session;
use sqlite::Bound;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Whose rows a step or a look may see and change. PostgreSQL holds it to that with row level security.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Those of this tenant, and those that belong to nobody.
    Tenant(i64),
    /// Everybody's: a sign-in that does not know its tenant yet, a job, whoever runs the server.
    All,
    /// Only those that belong to nobody, such as the list of jobs. Servers that change these wait for each other at most row
    /// by row.
    Nobody,
}

/// What the steps of one commit are about. Two commits of two servers on one PostgreSQL that share a tenant come one after
/// the other, as they do in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locks {
    tenants: BTreeSet<i64>,
    is_all: bool,
}

impl Locks {
    /// Adds what a step is about.
    pub fn add(&mut self, whose: Whose) {
        match whose {
            Whose::Tenant(tenant) => {
                self.tenants.insert(tenant);
            }
            Whose::All => self.is_all = true,
            Whose::Nobody => {}
        }
    }

    /// Whether a step may join without another lock.
    pub fn cover(&self, whose: Whose) -> bool {
        match whose {
            Whose::Tenant(tenant) => self.is_all || self.tenants.contains(&tenant),
            Whose::All => self.is_all,
            Whose::Nobody => true,
        }
    }
}

/// A connection to the database.
pub struct Connection {
    inner: Inner,
    texts: Texts,
}

/// The texts of statements for several rows, by what they do and for how many.
type Texts = RefCell<HashMap<(&'static str, usize), Arc<str>>>;

enum Inner {
    Sqlite(sqlite::File),
    Postgres(Session),
}

impl From<rusqlite::Connection> for Connection {
    fn from(connection: rusqlite::Connection) -> Connection {
        Connection { inner: Inner::Sqlite(sqlite::File::from(connection)), texts: Texts::default() }
    }
}

impl From<Session> for Connection {
    fn from(session: Session) -> Connection {
        Connection { inner: Inner::Postgres(session), texts: Texts::default() }
    }
}

impl Connection {
    /// Opens a database as it is, with the settings that every connection of ours has.
    ///
    /// # Errors
    /// The file cannot be opened or the server not be reached.
    pub fn open(database: &Database) -> Result<Connection, Error> {
        match database {
            Database::File(path) => sqlite::open(path).map(Connection::from),
            Database::Postgres(config) => Session::connect(config).map(Connection::from),
        }
    }

    /// A statement that is kept for the next time.
    ///
    /// # Errors
    /// The SQL is wrong, or the database failed.
    pub fn prepare_cached(&self, sql: &str) -> Result<Statement<'_>, Error> {
        Ok(match &self.inner {
            Inner::Sqlite(file) => Statement::Sqlite(file.connection.prepare_cached(sql)?),
            Inner::Postgres(session) => Statement::Postgres(session, session.prepare(sql)?),
        })
    }

    /// Does a statement once and returns how many rows it touched.
    ///
    /// # Errors
    /// See [`Statement::execute`].
    pub fn execute(&self, sql: &str, values: impl Params) -> Result<usize, Error> {
        self.prepare_cached(sql)?.execute(values)
    }

    /// The first row of a statement that is done once.
    ///
    /// # Errors
    /// See [`Statement::query_row`].
    pub fn query_row<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.prepare_cached(sql)?.query_row(values, read)
    }

    /// Does several statements without values.
    ///
    /// # Errors
    /// One of them is wrong, or the database failed.
    pub fn execute_batch(&self, sql: &str) -> Result<(), Error> {
        match &self.inner {
            Inner::Sqlite(file) => Ok(file.connection.execute_batch(sql)?),
            Inner::Postgres(session) => {
                session.say_step()?;
                session.batch(sql)
            }
        }
    }

    /// Begins the transaction of a commit and takes its locks.
    pub(super) fn begin(&self, locks: &Locks) -> Result<(), Error> {
        match &self.inner {
            Inner::Sqlite(file) => file.begin(),
            Inner::Postgres(session) => session.begin(&locks.tenants, locks.is_all),
        }
    }

    /// Begins a step inside the transaction.
    pub(super) fn begin_step(&self, whose: Whose) -> Result<(), Error> {
        match &self.inner {
            Inner::Sqlite(file) => file.begin_step(),
            Inner::Postgres(session) => {
                session.begin_step(whose);
                Ok(())
            }
        }
    }

    /// Waits until everything that the step asked for is known to have been done.
    pub(super) fn settle(&self) -> Result<(), Error> {
        match &self.inner {
            Inner::Sqlite(_) => Ok(()),
            Inner::Postgres(session) => session.settle(),
        }
    }

    /// Undoes the step.
    pub(super) fn undo_step(&self) -> Result<(), Error> {
        match &self.inner {
            Inner::Sqlite(file) => file.undo_step(),
            Inner::Postgres(session) => session.undo_step(),
        }
    }

    /// Keeps the step.
    pub(super) fn end_step(&self) -> Result<(), Error> {
        match &self.inner {
            Inner::Sqlite(file) => file.end_step(),
            Inner::Postgres(session) => session.end_step(),
        }
    }

    /// Makes the transaction durable.
    pub(super) fn commit(&self) -> Result<(), Error> {
        match &self.inner {
            Inner::Sqlite(file) => file.say("COMMIT"),
            Inner::Postgres(session) => session.batch("COMMIT"),
        }
    }

    /// Ends a transaction that failed, if there is one.
    pub(super) fn roll_back(&self) {
        let rolled_back = match &self.inner {
            Inner::Sqlite(file) if file.connection.is_autocommit() => Ok(()),
            Inner::Sqlite(file) => file.say("ROLLBACK"),
            Inner::Postgres(session) if session.is_gone() => Ok(()),
            Inner::Postgres(session) => session.batch("ROLLBACK"),
        };
        if let Err(error) = rolled_back {
            tracing::error!(%error, "the rollback failed");
        }
    }

    /// Looks at the database in one transaction, so that everything that is seen belongs together.
    pub(super) fn look<T, E: From<Error>>(
        &self,
        whose: Whose,
        look: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        match &self.inner {
            Inner::Sqlite(file) => file.say("BEGIN")?,
            Inner::Postgres(session) => session.begin_look(whose)?,
        }
        let answer = look(self);
        let ended = match &self.inner {
            Inner::Sqlite(file) => file.say("ROLLBACK"),
            Inner::Postgres(session) => session.later("ROLLBACK").map(|()| {
                // A transaction that stayed open until the next question would keep dead rows alive for everybody, and
                // the database would end the session for it.
                session.send();
            }),
        };
        let answer = answer?;
        ended?;
        Ok(answer)
    }

    /// Does something in a commit of its own.
    ///
    /// # Errors
    /// What is done, or the database, says no; then nothing of it is kept.
    pub fn at_once<T, E: From<Error>>(
        &self,
        whose: Whose,
        step: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut locks = Locks::default();
        locks.add(whose);
        let work = || {
            self.begin(&locks)?;
            self.begin_step(whose)?;
            let done = step(self)?;
            self.settle()?;
            self.end_step()?;
            self.commit()?;
            Ok(done)
        };
        let done = work();
        if done.is_err() {
            self.roll_back();
        }
        done
    }

    /// What a SELECT ends with that picks rows to change, to pass over those that another server is changing. Nobody else
    /// changes a file.
    pub(super) fn passing_over_locked(&self) -> &'static str {
        match &self.inner {
            Inner::Sqlite(_) => "",
            Inner::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        }
    }

    /// Asks one question about everybody's rows within a step about one tenant's.
    pub(super) fn beyond_the_wall<T, E: From<Error>>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        match &self.inner {
            Inner::Sqlite(_) => question(self),
            Inner::Postgres(session) => {
                let whose = session.name(Whose::All)?;
                let answer = question(self)?;
                session.name(whose)?;
                Ok(answer)
            }
        }
    }

    /// Whether the connection will never work again.
    pub(super) fn is_gone(&self) -> bool {
        match &self.inner {
            Inner::Sqlite(_) => false,
            Inner::Postgres(session) => session.is_gone(),
        }
    }

    /// The same for a connection that nobody used for a while: it may have been lost unseen.
    pub(super) fn is_gone_meanwhile(&self) -> bool {
        match &self.inner {
            Inner::Sqlite(_) => false,
            Inner::Postgres(session) => {
                session.look_after();
                session.is_gone()
            }
        }
    }

    /// Tells whoever listens, when the transaction commits.
    pub(super) fn notify(&self, channel: &str, text: &str) -> Result<(), Error> {
        match &self.inner {
            Inner::Sqlite(_) => Ok(()),
            Inner::Postgres(session) => session.notify(channel, text),
        }
    }

    /// The file behind the connection, if there is one.
    pub(super) fn file(&self) -> Option<&rusqlite::Connection> {
        match &self.inner {
            Inner::Sqlite(file) => Some(&file.connection),
            Inner::Postgres(_) => None,
        }
    }

    /// What a statement means where the two databases do not share a word for it.
    pub(super) fn is_postgres(&self) -> bool {
        match &self.inner {
            Inner::Sqlite(_) => false,
            Inner::Postgres(_) => true,
        }
    }

    /// From now on until the connection ends, outside transactions of its own, everybody's rows are seen or one tenant's.
    /// For tools and tests; a server's steps say it each time.
    ///
    /// # Errors
    /// The database failed.
    pub fn stand_for(&self, whose: Whose) -> Result<(), Error> {
        match &self.inner {
            Inner::Sqlite(_) => Ok(()),
            Inner::Postgres(session) => session.stand_for(whose),
        }
    }
}

/// A statement that is ready.
pub enum Statement<'c> {
    /// In the file's own form.
    Sqlite(rusqlite::CachedStatement<'c>),
    /// On a PostgreSQL server.
    Postgres(&'c Session, tokio_postgres::Statement),
}

impl Statement<'_> {
    /// Does it and returns how many rows it touched.
    ///
    /// # Errors
    /// The database refused or failed.
    pub fn execute(&mut self, values: impl Params) -> Result<usize, Error> {
        match self {
            Statement::Sqlite(statement) => Ok(statement.execute(Bound::all(&values))?),
            Statement::Postgres(session, statement) => session.execute(statement, &values),
        }
    }

    /// Does it. Where the database is another program the answer is not waited for: whoever needs the next answer, or ends
    /// the step, hears of a failure.
    ///
    /// # Errors
    /// The database refused or failed.
    pub fn run(&mut self, values: impl Params) -> Result<(), Error> {
        match self {
            Statement::Sqlite(statement) => {
                statement.execute(Bound::all(&values))?;
                Ok(())
            }
            Statement::Postgres(session, statement) => session.run(statement, &values),
        }
    }

    /// Reads the first row.
    ///
    /// # Errors
    /// [`Error::NoRow`] when there is none, and whatever the database or the reading says.
    pub fn query_row<T>(
        &mut self,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match self {
            Statement::Sqlite(statement) => {
                let mut rows = statement.query(Bound::all(&values))?;
                let row = rows.next()?.ok_or(Error::NoRow)?;
                read(&Row::Sqlite(row))
            }
            Statement::Postgres(session, statement) => {
                let rows = session.query(statement, &values)?;
                read(&Row::Postgres(rows.first().ok_or(Error::NoRow)?))
            }
        }
    }

    /// Reads every row.
    ///
    /// # Errors
    /// The database refused or failed; each row may fail on its own.
    pub fn query_map<T, F: FnMut(&Row<'_>) -> Result<T, Error>>(
        &mut self,
        values: impl Params,
        read: F,
    ) -> Result<Rows<'_, F>, Error> {
        let rows = match self {
            Statement::Sqlite(statement) => Fetched::Sqlite(statement.query(Bound::all(&values))?),
            Statement::Postgres(session, statement) => {
                Fetched::Postgres(session.query(statement, &values)?.into_iter())
            }
        };
        Ok(Rows { rows, read })
    }
}

/// Rows, each read when it is its turn.
pub struct Rows<'s, F> {
    rows: Fetched<'s>,
    read: F,
}

enum Fetched<'s> {
    Sqlite(rusqlite::Rows<'s>),
    Postgres(std::vec::IntoIter<tokio_postgres::Row>),
}

impl<T, F: FnMut(&Row<'_>) -> Result<T, Error>> Iterator for Rows<'_, F> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Result<T, Error>> {
        match &mut self.rows {
            Fetched::Sqlite(rows) => match rows.next() {
                Ok(row) => row.map(|row| (self.read)(&Row::Sqlite(row))),
                Err(error) => Some(Err(error.into())),
            },
            Fetched::Postgres(rows) => rows.next().map(|row| (self.read)(&Row::Postgres(&row))),
        }
    }
}

/// A row.
pub enum Row<'r> {
    /// Of a file.
    Sqlite(&'r rusqlite::Row<'r>),
    /// Of a PostgreSQL server.
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// The value at a place, from 0.
    ///
    /// # Errors
    /// There is no such place, or a text is none.
    pub fn get_ref(&self, place: usize) -> Result<ValueRef<'_>, Error> {
        match self {
            Row::Sqlite(row) => sqlite::value(row, place),
            Row::Postgres(row) => postgres::value(row, place),
        }
    }

    /// Reads the value at a place, from 0.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when something else is there.
    pub fn get<T: FromValue>(&self, place: usize) -> Result<T, Error> {
        let value = self.get_ref(place)?;
        T::from_value(value).ok_or_else(|| Error::unreadable(place, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_joins_a_commit_only_under_its_locks() {
        let mut locks = Locks::default();
        assert!(!locks.cover(Whose::Tenant(1)));
        locks.add(Whose::Nobody);
        assert!(!locks.cover(Whose::Tenant(1)) && locks.cover(Whose::Nobody));
        locks.add(Whose::Tenant(1));
        assert!(locks.cover(Whose::Tenant(1)));
        assert!(!locks.cover(Whose::Tenant(2)) && !locks.cover(Whose::All));
        locks.add(Whose::All);
        assert!(locks.cover(Whose::Tenant(2)) && locks.cover(Whose::All));
    }

    #[test]
    fn what_a_file_refuses_is_known_by_its_kind() {
        let connection = Connection::from(rusqlite::Connection::open_in_memory().unwrap());
        connection
            .execute_batch(
                "PRAGMA foreign_keys = 1; CREATE TABLE a (id INTEGER PRIMARY KEY, word TEXT UNIQUE);
             CREATE TABLE b (a INTEGER REFERENCES a (id)); INSERT INTO a VALUES (1, 'one')",
            )
            .unwrap();
        let twice = connection.execute("INSERT INTO a VALUES (2, ?1)", ["one"]).unwrap_err();
        assert!(twice.is_not_unique() && !twice.is_reference() && !twice.is_passing());
        let nowhere = connection.execute("INSERT INTO b VALUES (?1)", [7]).unwrap_err();
        assert!(nowhere.is_reference() && !nowhere.is_not_unique());
        let nothing = connection.query_row("SELECT id FROM a WHERE id = ?1", [9], |row| row.get::<i64>(0)).optional();
        assert_eq!(nothing.unwrap(), None);
        let words = connection.query_row("SELECT word FROM a", [], |row| row.get::<i64>(0)).unwrap_err();
        assert!(words.to_string().contains("column 0"), "{words}");
    }
}
