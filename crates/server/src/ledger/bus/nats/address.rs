//! Where NATS is, who we are there, and whom we believe. This module connects to nobody by itself; what it reads are a file of
//! credentials and one of root certificates, once, so that a mistake is told at the start.

use async_nats::{Client, ConnectError, ConnectOptions, Event, ServerAddr};
use percent_encoding::percent_decode_str;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A line on which nothing comes back for about so long, twice, is lost.
const PING: Duration = Duration::from_secs(5);

/// One or several NATS servers of one cluster.
#[derive(Clone)]
pub struct Address {
    /// Without names and passwords: the crate shows them in its log.
    servers: Vec<ServerAddr>,
    login: Login,
    root: Option<PathBuf>,
}

/// Who we are.
#[derive(Clone, PartialEq, Eq)]
enum Login {
    /// Nobody.
    Nobody,
    /// Whoever knows this.
    Token(String),
    /// Somebody with a password.
    User(String, String),
    /// The text of a file of credentials.
    Credentials(String),
}

/// Why an address cannot be used. None of these repeats the address, for it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// The text is no address.
    #[error("this is no nats://[USER:PASSWORD@]HOST[:PORT], nor the same with tls://, nor several with commas between")]
    Unreadable,
    /// Somebody signs in once, whichever of the servers it is.
    #[error("several addresses, or an address and a file of credentials, name different users")]
    SeveralUsers,
    /// Some addresses ask for TLS and some do not.
    #[error("either all addresses begin with tls:// or none does")]
    SomeTls,
    /// Root certificates were named and would not be asked.
    #[error("root certificates need an address that begins with tls://")]
    UnusedRoot,
    /// A file cannot be used.
    #[error("{place}: {detail}")]
    File {
        /// Which.
        place: String,
        /// What is wrong.
        detail: String,
    },
}

impl Address {
    /// Reads `nats://HOST:PORT`, with `USER:PASSWORD@` or `TOKEN@` before the host, `tls://` in the place of `nats://` for a
    /// line that is protected, and commas between the servers of a cluster.
    ///
    /// # Errors
    /// [`AddressError`] says what is wrong with it.
    pub fn read(text: &str) -> Result<Address, AddressError> {
        let (mut servers, mut login) = (Vec::new(), Login::Nobody);
        for text in text.split(',') {
            let (server, own) = read_server(text.trim())?;
            match (&login, own) {
                (_, Login::Nobody) => {}
                (Login::Nobody, own) => login = own,
                (known, own) if *known == own => {}
                (_, _) => return Err(AddressError::SeveralUsers),
            }
            servers.push(server);
        }
        let protected = servers.iter().filter(|server| server.tls_required()).count();
        if protected != 0 && protected != servers.len() {
            return Err(AddressError::SomeTls);
        }
        Ok(Address { servers, login, root: None })
    }

    /// The same for who is named in a file of credentials (`.creds`).
    ///
    /// # Errors
    /// The file holds none, or the address names a user as well.
    pub fn with_credentials(self, file: &Path) -> Result<Address, AddressError> {
        if self.login != Login::Nobody {
            return Err(AddressError::SeveralUsers);
        }
        let wrong = |error: std::io::Error| file_error(file, error.to_string());
        let text = std::fs::read_to_string(file).map_err(wrong)?;
        ConnectOptions::with_credentials(&text).map_err(wrong)?;
        Ok(Address { login: Login::Credentials(text), ..self })
    }

    /// The same for servers whose certificate is signed by one of this file, PEM, and not by one of the system's.
    ///
    /// # Errors
    /// The file holds no certificates, or the address asks for no TLS.
    pub fn with_root(self, file: &Path) -> Result<Address, AddressError> {
        if !self.is_protected() {
            return Err(AddressError::UnusedRoot);
        }
        let certificates = CertificateDer::pem_file_iter(file)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| file_error(file, error.to_string()))?;
        if certificates.is_empty() {
            return Err(file_error(file, "there is no certificate".to_owned()));
        }
        Ok(Address { root: Some(file.to_owned()), ..self })
    }

    fn is_protected(&self) -> bool {
        self.servers.iter().any(ServerAddr::tls_required)
    }

    /// A client, which finds the servers now or later, and again whenever they are lost.
    ///
    /// # Errors
    /// What was read at the start does not hold any more.
    pub(super) async fn connect(&self, tell: impl Fn(Event) + Send + Sync + 'static) -> Result<Client, ConnectError> {
        let options = match &self.login {
            Login::Nobody => ConnectOptions::new(),
            Login::Token(token) => ConnectOptions::with_token(token.clone()),
            Login::User(name, password) => ConnectOptions::with_user_and_password(name.clone(), password.clone()),
            Login::Credentials(text) => ConnectOptions::with_credentials(text)?,
        };
        let options = match &self.root {
            Some(file) => options.add_root_certificates(file.clone()),
            None => options,
        };
        // The crate takes whatever cryptography the process has; somebody else may have chosen already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        options
            .name("smartqueue-server")
            // The servers of a cluster tell of each other without saying that they want TLS.
            .require_tls(self.is_protected())
            .retry_on_initial_connect()
            .ping_interval(PING)
            .event_callback(move |event| {
                tell(event);
                std::future::ready(())
            })
            .connect(&self.servers[..])
            .await
    }
}

fn file_error(file: &Path, detail: String) -> AddressError {
    AddressError::File { place: file.display().to_string(), detail }
}

/// A server without who signs in, and who that is.
fn read_server(text: &str) -> Result<(ServerAddr, Login), AddressError> {
    if !text.starts_with("nats://") && !text.starts_with("tls://") {
        return Err(AddressError::Unreadable);
    }
    let mut address = text.parse::<ServerAddr>().map_err(|_| AddressError::Unreadable)?.into_inner();
    let has_more = !matches!(address.path(), "" | "/") || address.query().is_some() || address.fragment().is_some();
    if !address.has_host() || has_more {
        return Err(AddressError::Unreadable);
    }
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let login = match (address.username(), address.password()) {
        ("", None) => Login::Nobody,
        (token, None) => Login::Token(plain(token)),
        (name, Some(password)) => Login::User(plain(name), plain(password)),
    };
    address.set_username("").map_err(|()| AddressError::Unreadable)?;
    address.set_password(None).map_err(|()| AddressError::Unreadable)?;
    let server = ServerAddr::from_url(address).map_err(|_| AddressError::Unreadable)?;
    Ok((server, login))
}

impl fmt::Debug for Address {
    /// Without who signs in.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<&str> = self.servers.iter().map(ServerAddr::as_url_str).collect();
        formatter.debug_struct("Address").field("servers", &servers).field("root", &self.root).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_servers_and_who_we_are() {
        let address = Address::read("nats://a.example, nats://queue:s%3Fecret@b.example:4333").unwrap();
        let places: Vec<_> = address.servers.iter().map(|server| (server.host(), server.port())).collect();
        assert_eq!(places, [("a.example", 4222), ("b.example", 4333)]);
        assert!(address.login == Login::User("queue".to_owned(), "s?ecret".to_owned()));
        assert!(!address.is_protected());
        let shown = format!("{address:?}");
        assert!(shown.contains("b.example") && !shown.contains("secret") && !shown.contains("3Fecret"), "{shown}");
        let address = Address::read("tls://t0ken@[::1]:4222").unwrap();
        assert!(address.login == Login::Token("t0ken".to_owned()) && address.is_protected());
        assert!(Address::read("nats://127.0.0.1").unwrap().login == Login::Nobody);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_without_its_password() {
        for (text, words) in [
            ("", "nats://"),
            ("nats://", "nats://"),
            ("b.example:4222", "nats://"),
            ("https://u:hidden@h", "nats://"),
            ("ws://u:hidden@h", "nats://"),
            ("nats://u:hidden@h/path", "nats://"),
            ("nats://u:hidden@h?tls=true", "nats://"),
            ("nats://u:hid#den@h", "nats://"),
            ("nats://u:hidden@h:port", "nats://"),
            ("nats://a,,nats://b", "nats://"),
            ("nats://u:hidden@a,nats://u:other@b", "different users"),
            ("nats://a,tls://b", "tls://"),
        ] {
            let said = Address::read(text).unwrap_err().to_string();
            assert!(said.contains(words) && !said.contains("hid"), "{text}: {said}");
        }
    }

    #[test]
    fn files_are_looked_at_before_anything_starts() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty");
        std::fs::write(&empty, "").unwrap();
        let address = |text: &str| Address::read(text).unwrap();
        for file in [&empty, &folder.path().join("nowhere")] {
            let said = address("tls://h").with_root(file).unwrap_err().to_string();
            assert!(said.contains(file.to_str().unwrap()), "{said}");
            let said = address("nats://h").with_credentials(file).unwrap_err().to_string();
            assert!(said.contains(file.to_str().unwrap()), "{said}");
        }
        assert!(matches!(address("nats://h").with_root(&empty), Err(AddressError::UnusedRoot)));
        assert!(matches!(address("nats://u:p@h").with_credentials(&empty), Err(AddressError::SeveralUsers)));
        // The seed of an example in the documentation of NATS, which opens nothing.
        let credentials = "-----BEGIN NATS USER JWT-----\neyJ0eXAiOiJqd3QifQ.e30.c2ln\n------END NATS USER JWT------\n\n\
            -----BEGIN USER NKEY SEED-----\nSUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY\n\
            ------END USER NKEY SEED------\n";
        let file = folder.path().join("queue.creds");
        std::fs::write(&file, credentials).unwrap();
        assert!(matches!(address("nats://h").with_credentials(&file).unwrap().login, Login::Credentials(_)));
    }
}
