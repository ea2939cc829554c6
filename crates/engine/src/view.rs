//! What the screens show, whole. The faces derive no business state: whatever a screen needs stands here.

use crate::{AnnouncementOutcome, DisplayOptions, Fault};
use smartqueue_domain::{Language, NextOpening, QueueId, Refusal, TicketId, WaitRange};

/// Everything that this station shows.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The station's name.
    pub name: String,
    /// The site's name.
    pub site_name: String,
    /// The site's brand colour.
    pub brand_colour: Option<String>,
    /// The connection to the server.
    pub connection: Connection,
    /// The standing faults, each with the wall time since when it stands.
    pub faults: Vec<(Fault, i64)>,
    /// The kiosk's screen, where this station issues tickets.
    pub kiosk: Option<KioskView>,
    /// The board, where this station shows calls.
    pub board: Option<BoardView>,
    /// Tickets issued here, newest first, at most 50.
    pub tickets: Vec<TicketLine>,
}

/// The connection to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Whether it stands.
    pub state: ConnectionState,
    /// Since when, UTC milliseconds by the wall clock.
    pub since_ms: i64,
    /// Records that the server does not hold yet.
    pub unsent: u64,
}

/// Whether the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// It stands.
    Online,
    /// It has not been made since the start.
    Connecting,
    /// It is lost.
    Offline,
    /// This station has no server.
    Standalone,
}

/// How far a ticket's paper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrintState {
    /// The number is durable; nothing was sent to the printer yet.
    Issued,
    /// The slip is on its way.
    Printing,
    /// On paper, with proof.
    Printed,
    /// Handed to a printer that cannot answer.
    Unconfirmed,
    /// Surely not on paper.
    Failed,
    /// Perhaps on paper.
    Unknown,
}

/// One ticket issued here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketLine {
    /// The ticket.
    pub id: TicketId,
    /// Its number.
    pub number: String,
    /// Its queue.
    pub queue: QueueId,
    /// How far its paper is.
    pub state: PrintState,
    /// Time of the touch, UTC milliseconds.
    pub issued_at_ms: i64,
    /// Whether the server holds it.
    pub synced: bool,
}

/// The kiosk.
#[derive(Clone, Debug, PartialEq)]
pub struct KioskView {
    /// What is on the screen.
    pub screen: KioskScreen,
    /// The customer's session.
    pub session: SessionView,
    /// The languages offered.
    pub languages: Vec<Language>,
    /// The tiles.
    pub services: Vec<ServiceTile>,
}

/// The customer's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// The chosen language.
    pub language: Language,
    /// How the screen looks.
    pub display: DisplayOptions,
    /// "More time?" is asked, and the session ends at this wall time.
    pub warning_until_ms: Option<i64>,
}

/// What is on the kiosk's screen.
#[derive(Clone, Debug, PartialEq)]
pub enum KioskScreen {
    /// The station is not ready to issue yet.
    Starting,
    /// The tiles.
    Home,
    /// A touch was accepted and its number is not durable yet.
    Issuing {
        /// The queue that was touched.
        queue: QueueId,
    },
    /// The number.
    Result {
        /// The ticket.
        ticket: TicketCard,
        /// When the screen goes home, UTC milliseconds.
        until_ms: i64,
    },
    /// No ticket, and why.
    Refused {
        /// Why.
        reason: Refusal,
        /// When the screen goes home, UTC milliseconds.
        until_ms: i64,
    },
    /// Nothing can be taken now.
    Closed {
        /// Why.
        reason: ClosedReason,
        /// The first opening of any service.
        next_opening: Option<NextOpening>,
    },
    /// The PIN is asked for.
    Unlock(UnlockState),
    /// The staff's page.
    Maintenance,
}

/// Why nothing can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosedReason {
    /// Every service is outside its hours.
    Hours,
    /// Staff paused this kiosk.
    Paused,
    /// No service is set up or active.
    NoService,
}

/// How the PIN pad stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnlockState {
    /// It asks.
    Ask,
    /// The last PIN was wrong.
    WrongPin,
    /// Too many were wrong: wait.
    LockedOut,
}

/// The result screen's ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketCard {
    /// The ticket.
    pub id: TicketId,
    /// Its number.
    pub number: String,
    /// The queue's prefix.
    pub letter: String,
    /// The queue's name in the customer's language.
    pub service_name: String,
    /// The queue's colour.
    pub colour: String,
    /// The queue's icon.
    pub icon: String,
    /// Time of the touch, UTC milliseconds.
    pub issued_at_ms: i64,
    /// People before this one; nothing when it is not known.
    pub people_ahead: Option<u32>,
    /// The likely wait; nothing when it is not known.
    pub wait: Option<WaitRange>,
    /// How far its paper is.
    pub print: PrintState,
    /// Where the customer follows the ticket.
    pub follow_url: Option<String>,
}

/// A service's tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceTile {
    /// The queue.
    pub queue: QueueId,
    /// Its name in the session's language.
    pub name: String,
    /// One short line more.
    pub hint: Option<String>,
    /// The icon.
    pub icon: String,
    /// The colour.
    pub colour: String,
    /// The prefix.
    pub letter: String,
    /// People who wait; nothing when it is not known.
    pub waiting: Option<u32>,
    /// The likely wait; nothing when it is not known.
    pub wait: Option<WaitRange>,
    /// Whether a ticket can be taken.
    pub state: ServiceState,
    /// When a closed service opens.
    pub next_opening: Option<NextOpening>,
}

/// Whether a ticket can be taken for a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceState {
    /// Yes.
    Open,
    /// Not at this hour.
    Closed,
    /// As many wait as may.
    Full,
}

/// The board.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardView {
    /// Whether any service is open.
    pub open: bool,
    /// The calls below may be old: the connection was lost at this wall time.
    pub stale_since_ms: Option<i64>,
    /// Called now, newest first, at most two.
    pub calling: Vec<CallLine>,
    /// Called before, newest first, at most six.
    pub recent: Vec<CallLine>,
    /// Who waits, by queue.
    pub waiting: Vec<WaitingLine>,
    /// Lines that run under the calls.
    pub ticker: Vec<String>,
    /// The site's own language.
    pub language: Language,
}

/// A call on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLine {
    /// The call's place in the site's log, or of the ticket's own when it came with a snapshot.
    pub call: String,
    /// The ticket.
    pub ticket: TicketId,
    /// Its number.
    pub number: String,
    /// Its queue.
    pub queue: QueueId,
    /// The queue's name in the site's language.
    pub service_name: String,
    /// The queue's prefix.
    pub letter: String,
    /// The queue's colour.
    pub colour: String,
    /// The queue's icon.
    pub icon: String,
    /// The counter's label.
    pub counter: String,
    /// Time of the call, UTC milliseconds.
    pub called_at_ms: i64,
    /// Whether the same person was called again.
    pub recall: bool,
    /// Whether the call arrived too late to be announced.
    pub late: bool,
    /// How its announcement ended; nothing while it waits.
    pub announced: Option<AnnouncementOutcome>,
}

/// Who waits in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingLine {
    /// The queue.
    pub queue: QueueId,
    /// Its name in the site's language.
    pub name: String,
    /// Its prefix.
    pub letter: String,
    /// Its colour.
    pub colour: String,
    /// Its icon.
    pub icon: String,
    /// People who wait.
    pub waiting: u32,
    /// The likely wait of somebody who comes now.
    pub wait: Option<WaitRange>,
}
