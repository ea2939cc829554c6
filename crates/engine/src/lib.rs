//! The station's mind. All that can happen to a station is an [`Input`]; all it can do is an [`Effect`]; what its
//! screens show is a [`View`].
//!
//! The engine cannot wait, cannot fail and cannot look at a clock: every input comes with a [`Now`], and what it wants
//! done it queues for the shell, which reports back with another input. It never touches a file, a socket or a device,
//! and it holds no sentence for people.
#![warn(missing_docs)]

mod board;
mod breaker;
mod effect;
mod fault;
mod input;
mod kiosk;
mod now;
mod numbering;
mod printing;
mod recovery;
mod series;
mod settings;
mod station;
mod synchronisation;
mod tickets;
mod view;

pub use effect::{AppendToken, CallToAnnounce, Effect, PrintJob, SlipContent};
pub use fault::Fault;
pub use input::{
    AnnouncementOutcome, Command, Figures, Greeting, Input, Memory, RemoteEvent, RemoteTicket, ServerTime, StoredFact,
};
pub use now::Now;
pub use settings::{DisplayOptions, Settings};
pub use station::Station;
pub use view::{
    BoardView, CallLine, ClosedReason, Connection, ConnectionState, KioskScreen, KioskView, PrintState, ServiceState,
    ServiceTile, SessionView, TicketCard, TicketLine, UnlockState, View, WaitingLine,
};
