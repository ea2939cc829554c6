//! Socket events (part 2 of the server's contract). `seq` is dense per site; `prev` is the `seq` of the event that this
//! subscriber must have seen before, so that a gap shows itself. Values only.

use crate::api::TicketBody;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One message from the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum ServerEvent {
    /// A ticket came to be.
    #[serde(rename = "ticket.created")]
    TicketCreated {
        /// Dense per site.
        seq: u64,
        /// The event before it for this subscriber; 0 from a server that does not tell.
        #[serde(default)]
        prev: u64,
        /// The ticket after the event.
        ticket: TicketBody,
    },
    /// A ticket was called, or called again.
    #[serde(rename = "ticket.called")]
    TicketCalled {
        /// Dense per site.
        seq: u64,
        /// The event before it for this subscriber; 0 from a server that does not tell.
        #[serde(default)]
        prev: u64,
        /// The ticket after the event, with `counter` and `called_at`.
        ticket: TicketBody,
        /// Whether the same person is called again.
        #[serde(default)]
        recall: bool,
    },
    /// Anything else about a ticket changed.
    #[serde(rename = "ticket.updated")]
    TicketUpdated {
        /// Dense per site.
        seq: u64,
        /// The event before it for this subscriber; 0 from a server that does not tell.
        #[serde(default)]
        prev: u64,
        /// The ticket after the event.
        ticket: TicketBody,
    },
    /// A queue's figures changed.
    #[serde(rename = "queue.updated")]
    QueueUpdated {
        /// Dense per site.
        seq: u64,
        /// The event before it for this subscriber; 0 from a server that does not tell.
        #[serde(default)]
        prev: u64,
        /// The figures after the event.
        queue: QueueFigures,
    },
    /// The configuration of the site changed: stations say hello again to fetch it.
    #[serde(rename = "configuration.updated")]
    ConfigurationUpdated {
        /// Dense per site.
        seq: u64,
        /// The event before it for this subscriber; 0 from a server that does not tell.
        #[serde(default)]
        prev: u64,
        /// The version that is published now.
        version: i64,
    },
    /// Everything that lives, sent instead of a tail that the server no longer holds.
    #[serde(rename = "snapshot")]
    Snapshot {
        /// The event up to which the snapshot is complete.
        seq: u64,
        /// Every live ticket in the subscriber's view.
        tickets: Vec<TicketBody>,
        /// The figures of every queue in the subscriber's view.
        queues: Vec<QueueFigures>,
    },
    /// Sent every 15 seconds in both directions.
    #[serde(rename = "heartbeat")]
    Heartbeat {
        /// The server's time, RFC 3339.
        time: String,
    },
    /// Sent to a station after every 256 events: what its view looks like, so that both notice when they differ.
    #[serde(rename = "state")]
    State {
        /// The event after which the view looks so.
        seq: u64,
        /// [`smartqueue_domain::state_hash`] of the view's live tickets, 16 hexadecimal digits.
        hash: String,
    },
}

/// What a queue's waiting time depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueFigures {
    /// The queue's id.
    pub id: i64,
    /// People who wait.
    pub waiting: u32,
    /// Mean service time of the last 50 finished tickets, in seconds.
    pub mean_service_seconds: u32,
    /// Agents who serve this queue now.
    pub available_agents: u32,
}

/// A station's own words on its socket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum StationMessage {
    /// Sent every 15 seconds.
    #[serde(rename = "heartbeat")]
    Heartbeat {
        /// How the station is.
        state: StationState,
    },
    /// A board announced a call, or could not.
    #[serde(rename = "announced")]
    Announced {
        /// The `seq` of the call's event.
        call: u64,
        /// `spoken`, `silent` or `failed`.
        outcome: String,
    },
}

/// How a station is, for the office's list of stations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StationState {
    /// The program's version.
    pub version: String,
    /// `kiosk`, `board` or `all`.
    pub mode: String,
    /// The standing faults, by code.
    pub faults: Vec<String>,
    /// Records that the server does not hold yet.
    pub unsent: u64,
    /// The station's clock, RFC 3339.
    pub clock: String,
    /// A published configuration that this station cannot use; it works on with the last good one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_configuration: Option<i64>,
}
