//! Words and rules of a queue: tickets, numbers, order, waiting time, opening hours, the service day.
//!
//! Everything here is a pure value or a pure function. This crate never reads a clock, a file, a socket or a source of
//! randomness, and never serialises: time and identity always arrive as arguments.
#![warn(missing_docs)]

mod hours;
mod ids;
pub mod intelligence;
mod language;
mod number;
mod order;
mod queue;
mod record;
mod refusal;
mod service_day;
mod state_hash;
mod ticket;
mod wait;

pub use hours::{LocalTime, NextOpening, OpeningPeriod, WeeklyHours};
pub use ids::{AgentId, BootId, CounterId, DisplayId, Epoch, QueueId, ServiceId, SiteId, StationId, TicketId};
pub use language::Language;
pub use number::{LABEL_COOL_DOWN_MS, LAST_VALUE, NEAR_LAST_VALUE, NumberError, SeriesLetter, TicketNumber};
pub use order::{Candidate, arrange, next_candidate};
pub use queue::{Algorithm, Queue, QueueName};
pub use record::{
    BootMoment, CopyNumber, DatedBy, PrintDoubt, PrintEvidence, PrintOutcome, Record, SeriesGrant, VoidReason,
};
pub use refusal::Refusal;
pub use service_day::{ROLLOVER_HOUR, Rollover, ServiceDay, day_by_rollovers};
pub use state_hash::{LiveTicket, state_hash};
pub use ticket::{Channel, TicketStatus, Transition, TransitionRefused};
pub use wait::{DEFAULT_SERVICE_SECONDS, WaitRange, eta_seconds, people_ahead_wait};
