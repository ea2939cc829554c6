//! What a database can answer besides rows, in one form for both. Which of its errors mean something to a step is decided
//! here and nowhere else.

use super::values::ValueRef;
use tokio_postgres::error::SqlState;

/// Why a statement gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A row was needed and there is none.
    #[error("there is no such row")]
    NoRow,
    /// A column holds something else than what was to be read.
    #[error("column {place} holds {found}, which is not what was to be read")]
    Unreadable {
        /// The column's place, from 0.
        place: usize,
        /// What it holds, shortened.
        found: String,
    },
    /// A text with a sign that no database text holds.
    #[error("a text holds the sign U+0000")]
    Unstorable,
    /// SQLite's own.
    #[error(transparent)]
    Sqlite(rusqlite::Error),
    /// PostgreSQL's own.
    #[error("{}", postgres_words(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// The connection to PostgreSQL is gone and there is no other yet.
    #[error("the connection to the database is gone")]
    Gone,
}

/// Alone, the driver's error says `db error` and keeps what happened to itself.
fn postgres_words(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(database) => format!("{} ({}): {}", database.severity(), database.code().code(), database.message()),
        None => match std::error::Error::source(error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        if matches!(error, rusqlite::Error::QueryReturnedNoRows) { Error::NoRow } else { Error::Sqlite(error) }
    }
}

impl Error {
    pub(super) fn unreadable(place: usize, value: ValueRef<'_>) -> Error {
        Error::Unreadable { place, found: format!("{value:?}").chars().take(80).collect() }
    }

    /// Another row has this already.
    pub fn is_not_unique(&self) -> bool {
        match self {
            Error::Sqlite(error) => is_sqlite_constraint(error, "UNIQUE"),
            Error::Postgres(error) => error.code() == Some(&SqlState::UNIQUE_VIOLATION),
            Error::NoRow | Error::Unreadable { .. } | Error::Unstorable | Error::Gone => false,
        }
    }

    /// Another row needs this one, or this one needs a row that is not there.
    pub fn is_reference(&self) -> bool {
        match self {
            Error::Sqlite(error) => is_sqlite_constraint(error, "FOREIGN KEY"),
            Error::Postgres(error) => error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION),
            Error::NoRow | Error::Unreadable { .. } | Error::Unstorable | Error::Gone => false,
        }
    }

    /// Nothing is wrong with what was asked: the same may succeed a moment later, and nothing of it was kept.
    pub fn is_passing(&self) -> bool {
        match self {
            Error::Gone => true,
            Error::Postgres(error) => match error.as_db_error() {
                Some(database) => is_passing_state(database.code()),
                None => error.is_closed() || is_about_the_network(error),
            },
            Error::NoRow | Error::Unreadable { .. } | Error::Unstorable | Error::Sqlite(_) => false,
        }
    }
}

/// Somebody else held a lock too long or changed the same, or the database is about to stop or has just begun.
fn is_passing_state(state: &SqlState) -> bool {
    [
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ]
    .contains(state)
        || state.code().starts_with("57P")
}

fn is_about_the_network(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.is::<std::io::Error>())
}

fn is_sqlite_constraint(error: &rusqlite::Error, which: &str) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) && error.to_string().contains(which)
}

/// A row that may be missing.
pub trait OptionalExtension<T> {
    /// Nothing instead of [`Error::NoRow`].
    ///
    /// # Errors
    /// Every other error.
    fn optional(self) -> Result<Option<T>, Error>;
}

impl<T> OptionalExtension<T> for Result<T, Error> {
    fn optional(self) -> Result<Option<T>, Error> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(Error::NoRow) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_commits_do_to_each_other_passes_and_what_is_wrong_does_not() {
        // A serialization failure, a deadlock, a lock, too many sessions, a stop, a start.
        for passing in ["40001", "40P01", "55P03", "53300", "25P03", "57P01", "57P03"] {
            assert!(is_passing_state(&SqlState::from_code(passing)), "{passing}");
        }
        // A double, a missing row, a missing table, a full disk, a wrong password, a cancelled statement.
        for lasting in ["23505", "23503", "42P01", "53100", "28P01", "57014"] {
            assert!(!is_passing_state(&SqlState::from_code(lasting)), "{lasting}");
        }
    }
}
