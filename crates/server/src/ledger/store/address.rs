//! Where a database is. This module opens nothing.

use std::fmt;
use std::path::PathBuf;
use tokio_postgres::Config;

/// Where the ledger is kept.
#[derive(Clone, Debug)]
pub enum Database {
    /// In a SQLite file of this machine, for one server.
    File(PathBuf),
    /// On a PostgreSQL server, for as many servers of ours as one likes.
    Postgres(Box<Config>),
}

impl Database {
    /// Reads a PostgreSQL address such as `postgres://smartqueue:secret@localhost/smartqueue`.
    ///
    /// # Errors
    /// The text is no such address; the error does not repeat it, for it may hold a password.
    pub fn postgres(address: &str) -> Result<Database, tokio_postgres::Error> {
        address.parse().map(|config| Database::Postgres(Box::new(config)))
    }
}

impl fmt::Display for Database {
    /// Without a password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Database::File(path) => write!(formatter, "{}", path.display()),
            Database::Postgres(config) => {
                write!(formatter, "PostgreSQL database {}", config.get_dbname().unwrap_or("of the same name"))
            }
        }
    }
}
