//! The REST calls of a station (part 3 of the server's contract). One call each; no retry, no state but the token.

use crate::shell::META_IDENTITY;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use smartqueue_journal::{Journal, JournalError};
use smartqueue_protocol::api::ErrorBody;
use smartqueue_protocol::configuration::Configuration;
use smartqueue_protocol::pairing::{AskReply, AskRequest, PollReply, PollRequest};
use smartqueue_protocol::station_sync::{
    CheckReply, CheckRequest, HelloReply, HelloRequest, IssueReply, IssueRequest, PairReply, PairRequest, PushReply,
    PushRequest, TokenReply, TokenRequest,
};
use std::time::Duration;

/// A server that has not answered within this time is treated as gone.
const CALL_LIMIT: Duration = Duration::from_secs(5);

/// A greeting tells the time, and leaves open for how long it was on the road: touches dated by the middle of that are wrong
/// by no more than half of this, which stays within the two seconds that are promised.
const HELLO_LIMIT: Duration = Duration::from_millis(3_800);

/// No honest answer to a station is larger: a snapshot of thousands of live tickets stays far below.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// Why a call to the server failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// Nothing answered, or the connection broke.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The server answered and refuses: a token, an identity or a right is missing.
    #[error("refused: {status} {code}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's code, empty when it sent none.
        code: String,
    },
    /// Nothing is served under this path.
    #[error("the server does not know this path")]
    NoSuchPath,
    /// The server answered with an error of its own.
    #[error("server error {0}")]
    Failed(u16),
    /// What answered does not speak this protocol.
    #[error("the answer makes no sense: {0}")]
    Garbage(String),
}

/// What a refusal means for the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdentityState {
    /// Nothing: try again later.
    Kept,
    /// The server does not know this station any more: pair again.
    Unknown,
    /// Another machine works under it: pair again, as another station.
    Copied,
    /// The office shut this station out.
    ShutOut,
}

impl ClientError {
    pub(crate) fn identity(&self) -> IdentityState {
        match self {
            ClientError::Refused { code, .. } => match code.as_str() {
                "station_copied" => IdentityState::Copied,
                "station_revoked" => IdentityState::ShutOut,
                _ => IdentityState::Unknown,
            },
            ClientError::Unreachable(_)
            | ClientError::NoSuchPath
            | ClientError::Failed(_)
            | ClientError::Garbage(_) => IdentityState::Kept,
        }
    }
}

/// The server's answer to a hello, whose configuration may be of no use here.
#[derive(Clone, Debug)]
pub(crate) struct Hello {
    pub(crate) reply: HelloReply,
    /// The version of a published configuration whose form this program does not read; the reply holds the last good one.
    pub(crate) unreadable: Option<i64>,
}

/// A client for one server.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    /// Without a slash at the end.
    base: String,
}

/// Who the station is on the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) tenant: String,
    pub(crate) station: i64,
    pub(crate) secret: String,
    /// The word of the last hello that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) word: Option<String>,
    /// The word of a hello that may have been answered unheard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next_word: Option<String>,
}

impl Client {
    pub(crate) fn new(server: &str) -> Result<Client, ClientError> {
        // The socket and the REST calls share one provider of cryptography. A second station in the same process finds
        // it installed already, which is what it wants.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(CALL_LIMIT)
            .connect_timeout(Duration::from_secs(2))
            .user_agent(concat!("smartqueue-station/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ClientError::Unreachable(error.to_string()))?;
        Ok(Client { http, base: server.trim_end_matches('/').to_owned() })
    }

    /// The socket's address for a station.
    pub(crate) fn socket_address(&self, identity: &Identity, after: u64) -> String {
        let base = self.base.replacen("http", "ws", 1);
        format!("{base}/ws/tenants/{}/stations/{}/?after={after}", identity.tenant, identity.station)
    }

    pub(crate) async fn check(&self, request: &CheckRequest) -> Result<CheckReply, ClientError> {
        self.post("/api/v1/stations/check/", None, request).await
    }

    pub(crate) async fn ask_to_pair(&self, request: &AskRequest) -> Result<AskReply, ClientError> {
        self.post("/api/v1/stations/pairing-requests/", None, request).await
    }

    pub(crate) async fn poll_pairing(&self, request: &PollRequest) -> Result<PollReply, ClientError> {
        self.post("/api/v1/stations/pairing-requests/poll/", None, request).await
    }

    pub(crate) async fn pair(&self, request: &PairRequest) -> Result<PairReply, ClientError> {
        self.post("/api/v1/stations/pair/", None, request).await
    }

    pub(crate) async fn token(&self, identity: &Identity) -> Result<TokenReply, ClientError> {
        let request = TokenRequest { secret: identity.secret.clone() };
        self.post(&station_path(identity, "token"), None, &request).await
    }

    /// Says hello. A configuration of a form that does not read is replaced by the last good one, if there is one.
    pub(crate) async fn hello(
        &self,
        identity: &Identity,
        access: &str,
        request: &HelloRequest,
        last_good: Option<&Configuration>,
    ) -> Result<Hello, ClientError> {
        let path = station_path(identity, "hello");
        let mut reply: Value = tokio::time::timeout(HELLO_LIMIT, self.post(&path, Some(access), request))
            .await
            .map_err(|_| ClientError::Unreachable("the greeting took too long".to_owned()))??;
        let garbage = |error: serde_json::Error| ClientError::Garbage(error.to_string());
        let error = match serde_json::from_value(reply.clone()) {
            Ok(reply) => return Ok(Hello { reply, unreadable: None }),
            Err(error) => error,
        };
        let (Some(last_good), Some(configuration)) = (last_good, reply.get_mut("configuration")) else {
            return Err(garbage(error));
        };
        let version = configuration.get("version").and_then(Value::as_i64).unwrap_or(0);
        *configuration = serde_json::to_value(last_good).map_err(garbage)?;
        let reply = serde_json::from_value(reply).map_err(garbage)?;
        Ok(Hello { reply, unreadable: Some(version) })
    }

    pub(crate) async fn issue(
        &self,
        identity: &Identity,
        access: &str,
        request: &IssueRequest,
    ) -> Result<IssueReply, ClientError> {
        self.post(&station_path(identity, "issue"), Some(access), request).await
    }

    pub(crate) async fn push(
        &self,
        identity: &Identity,
        access: &str,
        request: &PushRequest,
    ) -> Result<PushReply, ClientError> {
        self.post(&station_path(identity, "records"), Some(access), request).await
    }

    async fn post<Body: Serialize, Reply: DeserializeOwned>(
        &self,
        path: &str,
        access: Option<&str>,
        body: &Body,
    ) -> Result<Reply, ClientError> {
        let answer = self.send(self.http.post(format!("{}{path}", self.base)).json(body), access).await?;
        serde_json::from_slice(&answer.body).map_err(|error| ClientError::Garbage(error.to_string()))
    }

    /// Posts to a path of the documented API.
    pub(super) async fn post_value(&self, path: &str, access: &str, body: &Value) -> Result<Value, ClientError> {
        self.post(path, Some(access), body).await
    }

    /// Gets a path of the documented API, and the server's time where it tells.
    pub(super) async fn get_value(&self, path: &str, access: &str) -> Result<(Value, Option<i64>), ClientError> {
        let answer = self.send(self.http.get(format!("{}{path}", self.base)), Some(access)).await?;
        let value = serde_json::from_slice(&answer.body).map_err(|error| ClientError::Garbage(error.to_string()))?;
        Ok((value, answer.server_ms))
    }

    /// The address of a socket of the documented API.
    pub(super) fn socket_of(&self, path: &str) -> String {
        format!("{}{path}", self.base.replacen("http", "ws", 1))
    }

    async fn send(&self, request: RequestBuilder, access: Option<&str>) -> Result<Answer, ClientError> {
        let request = match access {
            Some(access) => request.bearer_auth(access),
            None => request,
        };
        let response = request.send().await.map_err(|error| ClientError::Unreachable(without_address(error)))?;
        let status = response.status();
        let server_ms = response
            .headers()
            .get("date")
            .and_then(|date| jiff::fmt::rfc2822::parse(date.to_str().ok()?).ok())
            .map(|date| date.timestamp().as_millisecond());
        let body = bounded_body(response).await?;
        if status.is_success() {
            return Ok(Answer { body, server_ms });
        }
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::REQUEST_TIMEOUT
        {
            return Err(ClientError::Failed(status.as_u16()));
        }
        // A refusal counts as one only in the protocol's own words: a captive portal also answers 403 and 404.
        match serde_json::from_slice::<ErrorBody>(&body) {
            Ok(ErrorBody { code, detail: _ }) if code == "no_such_path" => Err(ClientError::NoSuchPath),
            Ok(ErrorBody { code, detail: _ }) => Err(ClientError::Refused { status: status.as_u16(), code }),
            Err(_) if status == StatusCode::NOT_FOUND => Err(ClientError::NoSuchPath),
            Err(_) => Err(ClientError::Garbage(format!("status {status}"))),
        }
    }
}

/// A good answer.
struct Answer {
    body: Vec<u8>,
    /// By its `Date` header.
    server_ms: Option<i64>,
}

fn station_path(identity: &Identity, call: &str) -> String {
    format!("/api/v1/tenants/{}/stations/{}/{call}/", identity.tenant, identity.station)
}

async fn bounded_body(mut response: Response) -> Result<Vec<u8>, ClientError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| ClientError::Unreachable(without_address(error)))? {
        if bytes.len() + chunk.len() > LARGEST_ANSWER {
            return Err(ClientError::Garbage("the answer is too large".to_owned()));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The cause chain in one line; the address is known and only makes the line long.
fn without_address(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(source) = cause {
        line = format!("{line}: {source}");
        cause = source.source();
    }
    line
}

/// The identity that the journal keeps.
///
/// # Errors
/// When the journal cannot be read.
pub(crate) fn kept_identity(journal: &Journal) -> Result<Option<Identity>, JournalError> {
    let text = journal.meta(META_IDENTITY)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Keeps the identity, or forgets it.
///
/// # Errors
/// When the journal cannot be written: then the identity must not be used.
pub(crate) fn keep_identity(journal: &mut Journal, identity: Option<&Identity>) -> Result<(), JournalError> {
    let text = identity.and_then(|identity| serde_json::to_string(identity).ok()).unwrap_or_default();
    journal.set_meta(META_IDENTITY, &text)
}
