//! REST bodies under `/api/v1/` (part 1 of the server's contract). Values only.

use crate::configuration::{NameBody, PeriodBody};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// A ticket as every client sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// A stable code.
    pub code: String,
    /// One sentence for a developer; never a cause that belongs in the log.
    pub detail: String,
}

/// A ticket as the REST paths and the sockets show it: the body, and how its slip came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TicketAnswer {
    /// The ticket.
    #[serde(flatten)]
    pub body: TicketBody,
    /// `issued`, `printing`, `printed`, `unconfirmed`, `failed` or `unknown`, for a ticket that a station issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub print_state: Option<String>,
}

/// `GET /api/v1/public/tenants/{t}/tickets/{id}/`: what anybody who holds a ticket's id may see of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FollowBody {
    /// As on paper.
    pub number: String,
    /// One of the French status words.
    pub status: String,
    /// People who are called before this one, for a waiting ticket.
    pub people_ahead: Option<u32>,
    /// Expected wait in seconds, for a waiting ticket.
    pub eta_seconds: Option<u32>,
    /// The queue's name in the site's own language.
    pub queue_name: String,
    /// The counter's label, once called.
    pub counter: Option<String>,
}

/// The answer of the same path: the body, and whether it is time to come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FollowAnswer {
    /// The ticket.
    #[serde(flatten)]
    pub body: FollowBody,
    /// Whether the turn comes near: at most 3 people ahead, or an expected wait of at most 300 s. False once it has come.
    #[serde(default)]
    pub soon: bool,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// How many rows the whole list has.
    pub count: u32,
    /// The address of the next page.
    pub next: Option<String>,
    /// The address of the page before.
    pub previous: Option<String>,
    /// The rows of this page.
    pub results: Vec<T>,
}

/// `POST /api/v1/auth/login/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginRequest {
    /// The tenant's slug.
    pub tenant: String,
    /// The user's address.
    pub email: String,
    /// The password.
    pub password: String,
}

/// `POST /api/v1/auth/refresh/`. A refresh token is used once: the answer holds the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefreshRequest {
    /// The token of the last [`LoginReply`].
    pub refresh: String,
}

/// The answer to both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginReply {
    /// A JWT for the `Authorization: Bearer` header.
    pub access: String,
    /// Exchanged for the next pair.
    pub refresh: String,
    /// Seconds until `access` expires.
    pub expires_in: u64,
    /// Who signed in.
    pub user: UserBody,
    /// The user's agent, for somebody who serves.
    pub agent: Option<AgentBody>,
}

/// A user, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserBody {
    /// The user's id.
    pub id: i64,
    /// The address.
    pub email: String,
    /// The name.
    pub name: String,
    /// What the user may do.
    pub scopes: Vec<String>,
    /// `superadmin`, `tenant_admin`, `manager`, `agent` or `device`; the scopes follow from it.
    #[serde(default)]
    pub role: String,
}

/// Somebody who serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentBody {
    /// The agent's id.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The site's id.
    pub site: i64,
    /// `disponible`, `occupe`, `pause` or `hors_ligne`.
    pub status: String,
    /// The counter where the agent sits.
    pub counter: Option<CounterBody>,
    /// The ids of the queues that the agent serves.
    pub queues: Vec<i64>,
}

/// A counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CounterBody {
    /// The counter's id.
    pub id: i64,
    /// What stands above it and is called aloud.
    pub label: String,
}

/// A queue with its figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueListing {
    /// The queue's id.
    pub id: i64,
    /// The name in the site's own language.
    pub name: String,
    /// One short line under the name.
    pub hint: Option<String>,
    /// Names in other languages, by ISO code.
    pub names: BTreeMap<String, NameBody>,
    /// The site's id.
    pub site: i64,
    /// The service's id.
    pub service: Option<i64>,
    /// One to four capital letters.
    pub prefix: String,
    /// `fifo`, `priority` or `sla`.
    pub algorithm: String,
    /// The promised waiting time in seconds.
    pub sla_seconds: i64,
    /// At most this many people wait.
    pub max_capacity: Option<u32>,
    /// Whether the queue takes tickets.
    pub is_active: bool,
    /// Opening periods; nothing means always open, an empty list never.
    pub hours: Option<Vec<PeriodBody>>,
    /// A Lucide icon's name.
    pub icon: String,
    /// `#rrggbb`.
    pub colour: String,
    /// People who wait.
    pub waiting: u32,
    /// Mean service time of the last 50 finished tickets, in seconds.
    pub mean_service_seconds: u32,
    /// Agents who serve this queue now.
    pub available_agents: u32,
}

/// A station as the office sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StationListing {
    /// The station's id.
    pub id: i64,
    /// The site's id.
    pub site: i64,
    /// The name.
    pub name: String,
    /// `kiosk`, `board` or `all`.
    pub mode: String,
    /// The letter of the private series; empty for a station that issues nothing.
    pub letter: String,
    /// The program's version.
    pub version: String,
    /// The highest record that the server holds.
    pub highest_seq: u64,
    /// The configuration that the station works from.
    pub applied_configuration: Option<i64>,
    /// How many of its records make no sense to this server: somebody must look at them.
    #[serde(default)]
    pub set_aside: u64,
    /// The last heartbeat.
    pub state: Option<crate::event::StationState>,
    /// When the station was heard last, RFC 3339.
    pub seen_at: Option<String>,
    /// When the station was shut out, RFC 3339.
    pub revoked_at: Option<String>,
    /// The queues that it serves or shows; none means all of its site.
    #[serde(default)]
    pub queues: Vec<i64>,
}
