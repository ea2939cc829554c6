//! What a station and its server say to each other over REST (part 3 of the server's contract).
//!
//! A station pairs once, asks for a short-lived access token when it needs one, says hello at each connection and pushes
//! its own records in order. Receiving anything twice is harmless: the key of a record is (station, seq). Values only.

use crate::configuration::Configuration;
use crate::event::QueueFigures;
use crate::pairing::KeyProof;
use crate::{
    api::TicketBody,
    record::{StoredMoment, StoredRecord},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// `POST /api/v1/stations/pair/`: a new station introduces itself. The same `epoch` gets the same identity again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PairRequest {
    /// The token of the provisioning file or of the setup.
    pub pairing_token: String,
    /// The name that the office will see.
    pub name: String,
    /// `kiosk`, `board` or `all`.
    pub mode: String,
    /// Drawn when the journal was made: a copied profile that lost its journal is another station.
    pub epoch: Uuid,
    /// The program's version.
    pub version: String,
    /// For a station that lost its identity to a copy of itself: up to here the server holds its records already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<u64>,
    /// For a token that belongs to the key of the station that asked for it: proves that key, over
    /// [`pair_text`](crate::pairing::pair_text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyProof>,
}

/// The answer to [`PairRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PairReply {
    /// The tenant's slug, part of every path.
    pub tenant: String,
    /// The station's id.
    pub station: i64,
    /// The station's secret, shown once.
    pub secret: String,
    /// The letter of the station's private series; empty for a station that issues nothing.
    pub letter: String,
}

/// `POST .../stations/{id}/token/`: the secret for an access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenRequest {
    /// The secret of [`PairReply`].
    pub secret: String,
}

/// The answer to [`TokenRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenReply {
    /// A JWT for the `Authorization: Bearer` header.
    pub access: String,
    /// Seconds until it expires.
    pub expires_in: u64,
}

/// `POST .../stations/{id}/hello/`: said at each connection, before records and socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HelloRequest {
    /// The journal's epoch.
    pub epoch: Uuid,
    /// `kiosk`, `board` or `all`.
    pub mode: String,
    /// The program's version.
    pub version: String,
    /// The configuration that the station works from.
    pub applied_configuration: Option<i64>,
    /// The service day the station is in, `YYYY-MM-DD`, once it has one.
    pub service_day: Option<String>,
    /// The word of the last hello that was answered: two machines that work from copies of one disk cannot both know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// The word of this hello, drawn and kept before it is said, and the same until it is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_word: Option<String>,
}

/// The answer to [`HelloRequest`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HelloReply {
    /// The server's time, RFC 3339: the only evidence by which a station advances its day.
    pub server_time: String,
    /// The site's service day, `YYYY-MM-DD`.
    pub service_day: String,
    /// The highest record of this station and epoch that the server holds, 0 for none.
    pub highest_seq: u64,
    /// What is published for this station.
    pub configuration: Configuration,
    /// The main series that this station alone issues.
    pub series: Vec<GrantBody>,
    /// The site's event up to which `tickets` and `queues` are complete: the socket goes on after it.
    pub event_seq: u64,
    /// Every live ticket of the station's queues.
    pub tickets: Vec<TicketBody>,
    /// The figures of the station's queues.
    pub queues: Vec<QueueFigures>,
    /// The life of the server's database: under another one no cursor holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_epoch: Option<Uuid>,
    /// The main series from which the server itself gives numbers to whoever asks, see [`IssueRequest`].
    #[serde(default)]
    pub server_series: Vec<GrantBody>,
    /// The main series that this station is asked to give back, from a day on at the earliest.
    #[serde(default)]
    pub released: Vec<GrantBody>,
    /// How many records of this station the server set aside and nobody has looked at.
    #[serde(default)]
    pub set_aside: u64,
    /// The digest of the record `highest_seq`, see [`record_digest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// The digest of a record as it is sent. A station whose record at the server's highest place has another digest is not
/// the station that pushed it. FNV-1a with 64 bits over the record's text with sorted names: it finds copies, not forgers.
pub fn record_digest(record: &serde_json::Value) -> String {
    let mut text = String::new();
    write_sorted(record, &mut text);
    let digest = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{digest:016x}")
}

/// Whether a map keeps its names sorted is a matter of features that others switch on: the digest must not depend on it.
fn write_sorted(value: &serde_json::Value, text: &mut String) {
    use serde_json::Value;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => text.push_str(&value.to_string()),
        Value::Array(items) => {
            for item in items {
                text.push('[');
                write_sorted(item, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            for (name, item) in sorted {
                text.push('{');
                text.push_str(name);
                text.push(':');
                write_sorted(item, text);
            }
            text.push('}');
        }
    }
}

/// `POST .../stations/{id}/issue/`: a number out of a main series that the server issues. The same ticket gets the same
/// answer. The number cannot be called before the station's own record of it has arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssueRequest {
    /// The journal's epoch.
    pub epoch: Uuid,
    /// The ticket's id, drawn at the touch.
    pub ticket: Uuid,
    /// The queue's id.
    pub queue: i64,
}

/// The answer to [`IssueRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssueReply {
    /// The ticket's id.
    pub ticket: Uuid,
    /// As it will be printed.
    pub number: String,
    /// Empty for the main series.
    pub letter: String,
    /// `YYYY-MM-DD`: the service day of the number.
    pub day: String,
}

/// Ownership of a main series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantBody {
    /// The queue's id.
    pub queue: i64,
    /// `YYYY-MM-DD`: the first service day of the ownership.
    pub from_day: String,
}

/// `POST .../stations/{id}/records/`: at most [`PUSH_LIMIT`] records in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PushRequest {
    /// The journal's epoch.
    pub epoch: Uuid,
    /// Dense from the server's highest plus one; what the server already holds is skipped.
    pub records: Vec<SequencedRecord>,
    /// The digest of the record before the first one, see [`record_digest`]: two machines that work from copies of one disk
    /// do not go on from the same record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The station's boot-time clock as it sends this: a touch of the same boot is as old as the difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moment: Option<StoredMoment>,
    /// The server's time at `moment` as the station reckons it, UTC milliseconds: a push that was held up on the road does
    /// not make its tickets look younger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at_ms: Option<i64>,
}

/// The most records that one push carries.
pub const PUSH_LIMIT: usize = 200;

/// A record and its place in the station's series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SequencedRecord {
    /// Dense from 1.
    pub seq: u64,
    /// The record.
    #[serde(flatten)]
    pub record: StoredRecord,
}

/// The answer to [`PushRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PushReply {
    /// The highest record that the server now holds.
    pub highest_seq: u64,
    /// Records that the server acknowledged and set aside because they make no sense to it.
    pub quarantined: Vec<u64>,
    /// The server's time, so that a station whose greeting was slow soon knows it better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_time: Option<String>,
}

/// `POST /api/v1/stations/check/`: the setup asks whether this is a server of ours and the token is good, before anything
/// is saved. Nothing changes on the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckRequest {
    /// The token that the installer typed.
    pub pairing_token: String,
}

/// The answer to [`CheckRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckReply {
    /// The server's time, RFC 3339.
    pub server_time: String,
    /// The site that the token belongs to.
    pub site_name: String,
    /// The names of the queues that the station will serve.
    pub queues: Vec<String>,
}
