//! Asking to be paired: the machine's own key, the request that it keeps in the profile's folder, and one call to the
//! server for each step. Whoever shows the code decides when to poll: nothing here waits for an administrator.
//!
//! A request is kept until it is answered or over, so a machine that is switched off meanwhile comes back with the same
//! code, and an approval that came in between is not lost. What is approved is a pairing token in the profile; from there on
//! the link pairs as with any other token.

use crate::link::{Client, ClientError};
use crate::setup::ServerProblem;
use anyhow::{Context, Result};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};
use smartqueue_protocol::pairing::{
    AskReply, AskRequest, KeyProof, PollReply, PollRequest, ask_text, fingerprint, from_hex, poll_text, to_hex,
};
pub use smartqueue_protocol::provisioning::Mode;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use ts_rs::TS;

/// The machine's key, readable by its owner only.
const KEY_FILE: &str = "station.key";
/// The request that is open, if one is.
const REQUEST_FILE: &str = "pairing.json";

/// The name that a machine proposes whose installer has not named it.
const UNNAMED: &str = "SmartQueue";

/// How far a pairing has come. Times are seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PairingStep {
    /// The code is to be shown; nobody has answered.
    Waiting {
        code: String,
        /// Of this machine's key; the office shows the same one.
        fingerprint: String,
        expires_in: u32,
        /// Until the next poll.
        poll_interval: u32,
    },
    /// The profile is to have this token, mode and name.
    Approved {
        pairing_token: String,
        #[ts(type = "\"kiosk\" | \"board\" | \"all\"")]
        mode: Mode,
        name: String,
        site_name: String,
        queues: Vec<String>,
    },
    /// An administrator said no.
    Refused,
    /// The code is over: ask again.
    Expired,
    /// Nobody knows how it stands; what was asked still holds.
    Failed { code: ServerProblem },
}

/// The key by which a server knows this machine. It is drawn once and never leaves the folder.
pub(crate) struct StationKey(Ed25519KeyPair);

impl fmt::Debug for StationKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StationKey({})", self.fingerprint())
    }
}

impl StationKey {
    /// The key of a profile's folder, drawn the first time. One that does not read is lost and drawn anew.
    ///
    /// # Errors
    /// The folder cannot be read or written, or the system gives no randomness.
    pub(crate) fn of(folder: &Path) -> Result<StationKey> {
        let path = folder.join(KEY_FILE);
        let kept = match fs::read_to_string(&path) {
            Ok(text) => from_hex(text.trim()).and_then(|bytes| Ed25519KeyPair::from_pkcs8(&bytes).ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        };
        if let Some(key) = kept {
            return Ok(StationKey(key));
        }
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| anyhow::anyhow!("the system gives no randomness"))?;
        write_whole(&path, to_hex(document.as_ref()).as_bytes())?;
        let key = Ed25519KeyPair::from_pkcs8(document.as_ref())
            .map_err(|error| anyhow::anyhow!("a fresh key does not read: {error}"))?;
        Ok(StationKey(key))
    }

    fn sign(&self, text: &str) -> String {
        to_hex(self.0.sign(text.as_bytes()).as_ref())
    }

    /// Proves the key over a text.
    pub(crate) fn proof(&self, text: &str) -> KeyProof {
        KeyProof { public_key: to_hex(self.0.public_key().as_ref()), signature: self.sign(text) }
    }

    fn fingerprint(&self) -> String {
        fingerprint(self.0.public_key().as_ref())
    }
}

/// Writes a file that its owner alone may read, so that a power cut leaves all of it or nothing.
fn write_whole(path: &Path, content: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let draft = path.with_extension("new");
    let cannot = || format!("{} cannot be written", path.display());
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft).with_context(cannot)?;
    file.write_all(content).with_context(cannot)?;
    file.sync_all().with_context(cannot)?;
    fs::rename(&draft, path).with_context(cannot)?;
    fs::File::open(folder).and_then(|folder| folder.sync_all()).with_context(cannot)
}

/// The request that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    server: String,
    name: String,
    mode: Mode,
    code: String,
    secret: String,
}

impl Kept {
    fn of(folder: &Path) -> Option<Kept> {
        let text = fs::read_to_string(folder.join(REQUEST_FILE)).ok()?;
        serde_json::from_str(&text).ok()
    }

    fn keep(&self, folder: &Path) -> Result<()> {
        write_whole(&folder.join(REQUEST_FILE), &serde_json::to_vec(self)?)
    }
}

fn forget(folder: &Path) {
    // What stays behind is polled once more and found to be over.
    if let Err(error) = fs::remove_file(folder.join(REQUEST_FILE))
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!(%error, "an old request to be paired cannot be removed");
    }
}

/// Forgets the request whose secret a profile has as its token now.
pub fn forget_used(folder: &Path, pairing_token: Option<&str>) {
    if Kept::of(folder).is_some_and(|kept| Some(kept.secret.as_str()) == pairing_token) {
        forget(folder);
    }
}

/// Asks a server for a code, or goes on with the request that was made there before under the same name and mode.
/// Blocks until the server has answered.
pub fn ask(folder: &Path, server: &str, name: &str, mode: Mode) -> PairingStep {
    let server = server.trim().trim_end_matches('/');
    let name = Some(name.trim()).filter(|name| !name.is_empty()).unwrap_or(UNNAMED);
    if let Some(kept) = Kept::of(folder)
        && (kept.server.as_str(), kept.name.as_str(), kept.mode) == (server, name, mode)
    {
        match poll(folder) {
            PairingStep::Refused | PairingStep::Expired => {}
            going @ (PairingStep::Waiting { .. } | PairingStep::Approved { .. } | PairingStep::Failed { .. }) => {
                return going;
            }
        }
    }
    settled(ask_anew(folder, server, name, mode))
}

/// Asks what became of the request that is kept. Blocks until the server has answered.
pub fn poll(folder: &Path) -> PairingStep {
    let step = match Kept::of(folder) {
        Some(kept) => settled(poll_once(folder, &kept)),
        None => PairingStep::Expired,
    };
    if matches!(step, PairingStep::Refused | PairingStep::Expired) {
        forget(folder);
    }
    step
}

/// Why a call did not come to an answer.
enum Hindrance {
    /// The server's doing.
    Server(ServerProblem),
    /// This machine's own: the folder, or the randomness.
    Machine(anyhow::Error),
}

impl From<anyhow::Error> for Hindrance {
    fn from(error: anyhow::Error) -> Hindrance {
        Hindrance::Machine(error)
    }
}

impl From<ClientError> for Hindrance {
    fn from(error: ClientError) -> Hindrance {
        tracing::info!(%error, "the server gave no pairing");
        Hindrance::Server(match error {
            ClientError::Failed(429) => ServerProblem::Busy,
            ClientError::Unreachable(_) | ClientError::Failed(_) => ServerProblem::Unreachable,
            ClientError::Refused { .. } => ServerProblem::TokenRefused,
            ClientError::Garbage(_) | ClientError::NoSuchPath => ServerProblem::NotAServer,
        })
    }
}

fn settled(step: Result<PairingStep, Hindrance>) -> PairingStep {
    match step {
        Ok(step) => step,
        Err(Hindrance::Server(code)) => PairingStep::Failed { code },
        Err(Hindrance::Machine(error)) => {
            tracing::error!("this machine cannot ask to be paired: {error:#}");
            PairingStep::Failed { code: ServerProblem::NotWritten }
        }
    }
}

fn ask_anew(folder: &Path, server: &str, name: &str, mode: Mode) -> Result<PairingStep, Hindrance> {
    let client = reach(server)?;
    let key = StationKey::of(folder)?;
    let (mode_word, version) = (mode.word(), env!("CARGO_PKG_VERSION"));
    let request = AskRequest {
        name: name.to_owned(),
        mode: mode_word.to_owned(),
        version: version.to_owned(),
        key: key.proof(&ask_text(name, mode_word, version)),
    };
    let AskReply { code, secret, expires_in, poll_interval } = waiting()?.block_on(client.ask_to_pair(&request))?;
    let kept = Kept { server: server.to_owned(), name: name.to_owned(), mode, code: code.clone(), secret };
    kept.keep(folder)?;
    Ok(PairingStep::Waiting {
        code,
        fingerprint: key.fingerprint(),
        expires_in: seconds(expires_in),
        poll_interval: seconds(poll_interval),
    })
}

fn poll_once(folder: &Path, kept: &Kept) -> Result<PairingStep, Hindrance> {
    let client = reach(&kept.server)?;
    let key = StationKey::of(folder)?;
    let request = PollRequest { secret: kept.secret.clone(), signature: key.sign(&poll_text(&kept.secret)) };
    let reply = match waiting()?.block_on(client.poll_pairing(&request)) {
        Ok(reply) => reply,
        // Another key asked: a folder whose key was lost has to ask anew.
        Err(ClientError::Refused { .. }) => return Ok(PairingStep::Expired),
        Err(error) => return Err(error.into()),
    };
    Ok(match reply {
        PollReply::Pending { expires_in, poll_interval } => PairingStep::Waiting {
            code: kept.code.clone(),
            fingerprint: key.fingerprint(),
            expires_in: seconds(expires_in),
            poll_interval: seconds(poll_interval),
        },
        PollReply::Approved { site_name, queues, mode, name } => {
            let known = [Mode::Kiosk, Mode::Board, Mode::All].into_iter().find(|known| known.word() == mode);
            let Some(mode) = known else { return Err(Hindrance::Server(ServerProblem::NotAServer)) };
            // From now on it is a request for what was approved: whoever wants something else asks anew.
            Kept { mode, name: name.clone(), ..kept.clone() }.keep(folder)?;
            PairingStep::Approved { pairing_token: kept.secret.clone(), mode, name, site_name, queues }
        }
        PollReply::Refused => PairingStep::Refused,
        PollReply::Expired => PairingStep::Expired,
    })
}

fn reach(server: &str) -> Result<Client, Hindrance> {
    if !(server.starts_with("http://") || server.starts_with("https://")) {
        return Err(Hindrance::Server(ServerProblem::BadAddress));
    }
    Client::new(server).map_err(|_| Hindrance::Server(ServerProblem::BadAddress))
}

fn waiting() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime for a call")
}

fn seconds(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_drawn_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("profile");
        let first = StationKey::of(&folder).unwrap();
        assert_eq!(StationKey::of(&folder).unwrap().proof("a"), first.proof("a"));
        assert_ne!(first.proof("a").signature, first.proof("b").signature);
        assert_eq!(first.fingerprint().len(), "E3B0-C442-98FC-1C14".len());
        let file = folder.join(KEY_FILE);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!format!("{first:?}").contains(&fs::read_to_string(&file).unwrap()));
        fs::write(&file, "half a key").unwrap();
        assert_ne!(StationKey::of(&folder).unwrap().fingerprint(), first.fingerprint());
    }

    #[test]
    fn nothing_is_asked_where_nobody_can_answer() {
        let folder = tempfile::tempdir().unwrap();
        for (server, code) in [
            ("queue.example", ServerProblem::BadAddress),
            ("", ServerProblem::BadAddress),
            ("http://127.0.0.1:9", ServerProblem::Unreachable),
        ] {
            assert_eq!(ask(folder.path(), server, "Borne", Mode::Kiosk), PairingStep::Failed { code }, "{server}");
        }
        assert_eq!(poll(folder.path()), PairingStep::Expired, "nothing was asked");
    }

    #[test]
    fn a_request_is_kept_until_its_secret_is_the_profiles_token() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept {
            server: "http://127.0.0.1:9".to_owned(),
            name: "Borne".to_owned(),
            mode: Mode::Kiosk,
            code: "7K3M-9RTW".to_owned(),
            secret: "s".to_owned(),
        };
        kept.keep(folder.path()).unwrap();
        let file = folder.path().join(REQUEST_FILE);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        // The server is away: what was asked still holds.
        let unreachable = PairingStep::Failed { code: ServerProblem::Unreachable };
        assert_eq!(ask(folder.path(), "http://127.0.0.1:9/", " Borne ", Mode::Kiosk), unreachable);
        assert_eq!(Kept::of(folder.path()), Some(kept));
        forget_used(folder.path(), Some("another"));
        assert!(file.exists());
        forget_used(folder.path(), Some("s"));
        assert!(!file.exists());
        fs::write(&file, "{").unwrap();
        assert_eq!(poll(folder.path()), PairingStep::Expired, "what does not read is over");
    }
}
