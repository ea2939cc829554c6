//! REST bodies under `/api/v1/` (part 1 of the server's contract). Values only.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A ticket as every client sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TicketBody {
    /// Made by whoever issued the ticket.
    pub id: Uuid,
    /// Prefix and at least three digits.
    pub number: String,
    /// The queue's id.
    pub queue: i64,
    /// `kiosk`, `web`, `mobile`, `counter` or `appointment`.
    pub channel: String,
    /// Higher goes first.
    pub priority: i64,
    /// One of the French status words.
    pub status: String,
    /// Expected wait in seconds, for a waiting ticket.
    pub eta_seconds: Option<u32>,
    /// Free fields about the customer; an empty object when there are none.
    #[serde(default)]
    pub customer: serde_json::Value,
    /// The agent's id, once called.
    pub agent: Option<i64>,
    /// The counter's label, once called.
    pub counter: Option<String>,
    /// Time of the touch, RFC 3339.
    pub created_at: String,
    /// Time of the last call.
    pub called_at: Option<String>,
    /// Time at which service began.
    pub started_at: Option<String>,
    /// Time at which the ticket's life ended.
    pub ended_at: Option<String>,
}

/// The body of every error answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// A stable code.
    pub code: String,
    /// One sentence for a developer; never a cause that belongs in the log.
    pub detail: String,
}
