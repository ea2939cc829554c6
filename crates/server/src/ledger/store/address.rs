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
    #[error(
        "this is neither postgres://USER:PASSWORD@HOST/DATABASE nor host=HOST user=USER password=... dbname=DATABASE"
    )]
    Unreadable,
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
    /// Reads a PostgreSQL address such as `postgres://smartqueue:secret@localhost/smartqueue?sslmode=verify-full`, or the
    /// same as `host=localhost user=smartqueue password=secret dbname=smartqueue sslmode=verify-full`, with the parameters
    /// that PostgreSQL's own programs know.
    ///
    /// # Errors
    /// [`AddressError`] says what is wrong with it.
    pub fn postgres(address: &str) -> Result<Database, AddressError> {
        Ok(Database::Postgres(Box::new(Server::read(address)?)))
    }
}

impl Server {
    fn read(address: &str) -> Result<Server, AddressError> {
        let (address, mode, root) = without_trust(address).ok_or(AddressError::Unreadable)?;
        let mut config: Config = address.parse().map_err(|_| AddressError::Unreadable)?;
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

/// What an address says beside how the session is protected, and `sslmode` and `sslrootcert`, of which the driver knows too
/// little.
type Split = (String, Option<String>, Option<String>);

/// Splits an address in either of the forms that PostgreSQL's own programs take; nothing for what is neither.
fn without_trust(address: &str) -> Option<Split> {
    if address.starts_with("postgres://") || address.starts_with("postgresql://") {
        return Some(url_without_trust(address));
    }
    words_without_trust(address)
}

/// `postgres://USER@HOST/DATABASE?sslmode=MODE&sslrootcert=FILE`.
fn url_without_trust(address: &str) -> Split {
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

/// `host=HOST user=USER dbname=DATABASE sslmode=MODE sslrootcert=FILE`, values in single quotes where they hold spaces, with
/// a backslash before a quote or another backslash. Nothing for what does not read.
fn words_without_trust(address: &str) -> Option<Split> {
    let (mut mode, mut root, mut others) = (None, None, Vec::new());
    let mut rest = address.trim_start();
    while !rest.is_empty() {
        let (name, text) = rest.split_once('=')?;
        let (value, after) = read_value(text.trim_start())?;
        match name.trim_end() {
            "sslmode" => mode = Some(value),
            "sslrootcert" => root = Some(value),
            name => others.push(format!("{name}='{}'", value.replace('\\', r"\\").replace('\'', r"\'"))),
        }
        rest = after.trim_start();
    }
    Some((others.join(" "), mode, root))
}

/// A value and what stands behind it.
fn read_value(text: &str) -> Option<(String, &str)> {
    let (inner, is_quoted) = text.strip_prefix('\'').map_or((text, false), |inner| (inner, true));
    let (mut value, mut signs) = (String::new(), inner.char_indices());
    while let Some((place, sign)) = signs.next() {
        match sign {
            '\\' => value.push(signs.next()?.1),
            '\'' if is_quoted => return Some((value, &inner[place + 1..])),
            sign if sign.is_whitespace() && !is_quoted => return Some((value, &inner[place..])),
            sign => value.push(sign),
        }
    }
    (!is_quoted).then_some((value, ""))
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
    fn both_forms_of_an_address_mean_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("it's a root.pem");
        let signed = rcgen::generate_simple_self_signed(["db.example".to_owned()]).unwrap();
        std::fs::write(&root, signed.cert.pem()).unwrap();
        let root = root.display().to_string();
        let (in_url, in_words) = (root.replace(' ', "%20"), root.replace('\'', r"\'"));
        for (url, words) in [
            (
                "postgres://me:a%20b'c%5C@db.example:5433/queue",
                r"host=db.example port = 5433 user=me password='a b\'c\\' dbname=queue",
            ),
            (
                "postgresql://me@db.example/queue?sslmode=require",
                "  dbname=queue user=me host=db.example port=5432 sslmode=require  ",
            ),
            (
                "postgres://me@%2Frun%2Fpostgresql/queue?sslmode=disable",
                "sslmode='disable' host=/run/postgresql port=5432 user=me dbname=queue",
            ),
            (
                &format!("postgres://me@db.example/queue?sslmode=verify-full&sslrootcert={in_url}&connect_timeout=3"),
                &format!(
                    "host=db.example port=5432 user=me dbname=queue sslmode=verify-full sslrootcert='{in_words}' connect_timeout=3"
                ),
            ),
        ] {
            let [url, words] = [url, words].map(|address| server(address).unwrap().config);
            assert_eq!(url, words);
            assert_eq!(url.get_dbname(), Some("queue"));
        }
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
        for (address, words) in [
            ("host=h password=hidden sslmode=verify", "verify-full"),
            ("host=h password=hidden sslmode=verify-ca", "sslrootcert"),
            ("host=h password=hidden sslrootcert=root.pem", "sslmode"),
            ("host=h password='hidden sslmode=verify-full", "postgres://USER"),
            (r"host=h password=hidden\", "postgres://USER"),
            ("hidden", "postgres://USER"),
            ("host=h no_such_parameter=hidden", "postgres://USER"),
        ] {
            let said = server(address).unwrap_err().to_string();
            assert!(said.contains(words) && !said.contains("hidden"), "{address}: {said}");
        }
    }
}
