//! Where a database is, and how a session with it is protected. This module connects to nothing; what it reads are root
//! certificates, once.

mod trust;

use percent_encoding::percent_decode_str;
use std::fmt;
use std::path::PathBuf;
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Where the ledger is kept.
#[derive(Clone, Debug)]
pub enum Database {
    /// In a SQLite file of this machine, for one server.
    File(PathBuf),
    /// On a PostgreSQL server, for as many servers of ours as one likes.
    Postgres(Box<Server>),
}

/// A PostgreSQL server with a database of ours.
#[derive(Clone)]
pub struct Server {
    config: Config,
    tls: MakeRustlsConnect,
}

/// Why an address cannot be used. None of these repeats the address, for it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// The text is no address.
    #[error("this is no postgres://USER:PASSWORD@HOST/DATABASE")]
    Unreadable(#[from] tokio_postgres::Error),
    /// `sslmode` is none of the known words.
    #[error("sslmode is one of disable, prefer, require, verify-ca, verify-full")]
    Mode,
    /// A root certificate was named and would not be asked.
    #[error(
        "sslrootcert needs sslmode=require, verify-ca or verify-full; with less, nobody's certificate is looked at"
    )]
    UnusedRoot,
    /// Every certificate in the world would do.
    #[error(
        "sslmode=verify-ca needs sslrootcert=FILE; the system's roots vouch for names only, by sslmode=verify-full"
    )]
    WeakRoot,
    /// The root certificates cannot be used.
    #[error("{place}: {detail}")]
    Roots {
        /// The file, or the system.
        place: String,
        /// What is wrong.
        detail: String,
    },
}

impl Database {
    /// Reads a PostgreSQL address such as `postgres://smartqueue:secret@localhost/smartqueue?sslmode=verify-full`, with the
    /// parameters that PostgreSQL's own programs know.
    ///
    /// # Errors
    /// [`AddressError`] says what is wrong with it.
    pub fn postgres(address: &str) -> Result<Database, AddressError> {
        Ok(Database::Postgres(Box::new(Server::read(address)?)))
    }
}

impl Server {
    fn read(address: &str) -> Result<Server, AddressError> {
        let (address, mode, root) = without_trust(address);
        let mut config: Config = address.parse()?;
        let (mode, trust) = trust::read(mode.as_deref(), root.as_deref())?;
        config.ssl_mode(mode);
        Ok(Server { config, tls: trust::connector(trust)? })
    }

    /// Everything about the address but what protects the session.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What protects the session.
    pub fn tls(&self) -> MakeRustlsConnect {
        self.tls.clone()
    }
}

/// The address without `sslmode` and `sslrootcert`, of which the driver knows too little, and the two.
fn without_trust(address: &str) -> (String, Option<String>, Option<String>) {
    let Some((place, parameters)) = address.split_once('?') else { return (address.to_owned(), None, None) };
    let (mut mode, mut root, mut others) = (None, None, Vec::new());
    for parameter in parameters.split('&') {
        let value = |text: &str| Some(percent_decode_str(text).decode_utf8_lossy().into_owned());
        match parameter.split_once('=') {
            Some(("sslmode", text)) => mode = value(text),
            Some(("sslrootcert", text)) => root = value(text),
            Some(_) | None => others.push(parameter),
        }
    }
    let mut rest = place.to_owned();
    if !others.is_empty() {
        rest.push('?');
        rest.push_str(&others.join("&"));
    }
    (rest, mode, root)
}

impl fmt::Debug for Server {
    /// Without a password: the driver shows none.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").field("config", &self.config).finish_non_exhaustive()
    }
}

impl fmt::Display for Database {
    /// Without a password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Database::File(path) => write!(formatter, "{}", path.display()),
            Database::Postgres(server) => {
                write!(formatter, "PostgreSQL database {}", server.config.get_dbname().unwrap_or("of the same name"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_postgres::config::SslMode;

    fn server(address: &str) -> Result<Server, AddressError> {
        Server::read(address)
    }

    #[test]
    fn an_address_says_how_a_session_is_protected() {
        let address = "postgres://us%40er:s%3Fecret@db.example/queue";
        for (parameters, mode) in [
            ("", SslMode::Prefer),
            ("?sslmode=disable", SslMode::Disable),
            ("?application_name=x&sslmode=prefer&connect_timeout=3", SslMode::Prefer),
            ("?sslmode=require", SslMode::Require),
        ] {
            let server = server(&format!("{address}{parameters}")).unwrap();
            assert_eq!(server.config.get_ssl_mode(), mode, "{parameters}");
            assert_eq!((server.config.get_user(), server.config.get_dbname()), (Some("us@er"), Some("queue")));
        }
        let server = server(&format!("{address}?application_name=x&sslmode=prefer&connect_timeout=3")).unwrap();
        assert_eq!(server.config.get_application_name(), Some("x"));
        assert_eq!(server.config.get_connect_timeout().map(std::time::Duration::as_secs), Some(3));
        let shown = format!("{server:?}");
        assert!(!shown.contains("s?ecret") && shown.contains("db.example"), "{shown}");
    }

    #[test]
    fn an_address_that_promises_more_than_it_holds_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("a root.pem");
        std::fs::write(&empty, "").unwrap();
        let named = empty.display().to_string().replace(' ', "%20");
        let wrong =
            |parameters: &str| server(&format!("postgres://u:hidden@h/d?{parameters}")).unwrap_err().to_string();
        for (parameters, words) in [
            ("sslmode=verify", "verify-full"),
            ("sslmode=verify-ca", "sslrootcert"),
            ("sslmode=verify-ca&sslrootcert=system", "sslrootcert"),
            ("sslmode=require&sslrootcert=system", "verify-full"),
            ("sslrootcert=root.pem", "sslmode"),
            ("sslmode=disable&sslrootcert=root.pem", "sslmode"),
            ("sslmode=verify-full&sslrootcert=/nowhere/root.pem", "/nowhere/root.pem"),
            (&format!("sslmode=verify-full&sslrootcert={named}"), "a root.pem: there is no certificate"),
            ("no_such_parameter=1", "postgres://USER"),
        ] {
            let said = wrong(parameters);
            assert!(said.contains(words) && !said.contains("hidden"), "{parameters}: {said}");
        }
    }
}
