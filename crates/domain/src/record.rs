//! Records: the past facts that a station's journal holds. A station's whole state is the sum of its records.
//! This module never stores them; `protocol` gives them their frozen form and `journal` their place on the disk.

use crate::{BootId, Language, QueueId, SeriesLetter, ServiceDay, StationId, TicketId, TicketNumber};

/// Which print of a ticket: 0 is the original, 1 the first copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CopyNumber(pub u32);

impl CopyNumber {
    /// The one original slip.
    pub const ORIGINAL: CopyNumber = CopyNumber(0);
}

/// What proves that a slip is on paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrintEvidence {
    /// The printer echoed the slip's own identity after the cut (`GS ( H` function 48).
    ProcessId,
    /// The printer answered a status request placed behind the slip (`GS r`).
    Fence,
}

/// Why a print did not succeed, or may not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PrintDoubt {
    /// No printer is set up or none answers at its address.
    PrinterMissing,
    /// The printer is off line or went away.
    Offline,
    /// No paper.
    PaperOut,
    /// The cover is open.
    CoverOpen,
    /// The cutter is stuck.
    CutterJam,
    /// The slip was sent and no proof came back.
    NoProof,
    /// The station stopped between sending and the proof.
    PowerCut,
}

/// How a print ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrintOutcome {
    /// On paper, with its evidence.
    Printed(PrintEvidence),
    /// Handed to a printer that cannot answer.
    Unconfirmed,
    /// Surely not on paper.
    Failed(PrintDoubt),
    /// Perhaps on paper: never printed again as an original.
    Unknown(PrintDoubt),
}

/// Why a ticket was taken back before anybody held it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VoidReason {
    /// The station stopped after the number was durable and before the first byte went to the printer.
    NeverSent,
    /// The server was asked for a number, and the touch ended without one.
    NeverIssued,
}

/// A moment by the boot-time clock, which counts on while the machine sleeps and that nobody can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BootMoment {
    /// The start of the machine from which it counts.
    pub boot: BootId,
    /// Milliseconds since then.
    pub elapsed_ms: u64,
}

/// Whose clock a time was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatedBy {
    /// The server's, heard in the same boot and carried on by the boot-time clock.
    Server,
    /// The machine's own wall clock, which may be wrong.
    WallClock,
}

/// The server's word that this station is the only issuer of a queue's main series, from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesGrant {
    /// The queue.
    pub queue: QueueId,
    /// The first service day of the ownership.
    pub from_day: ServiceDay,
}

/// One fact. The order of records is the order in which they became durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The station became somebody: the server knows it under this identity, and its private series has this letter.
    StationPaired {
        /// The server's identity of this station.
        station: StationId,
        /// The letter of the station's private series.
        letter: SeriesLetter,
    },
    /// The server made this station the only issuer of a main series.
    SeriesGranted(SeriesGrant),
    /// This station gives a main series back: from this day on it issues no number of it.
    SeriesReleased(SeriesGrant),
    /// Another machine works under this station's identity: until a new pairing it is nobody and issues nothing.
    IdentityLost,
    /// A new service day began here.
    DayOpened {
        /// The day.
        day: ServiceDay,
    },
    /// A touch that the server is about to be asked a number for. Without this record a late answer could give a number
    /// to somebody whom no paper ever reached.
    TicketRequested {
        /// The ticket.
        ticket: TicketId,
        /// Its queue.
        queue: QueueId,
        /// The language of the customer.
        language: Language,
        /// Time of the touch, UTC milliseconds.
        touched_at_ms: i64,
    },
    /// A number was taken: it is durable, and not yet on paper.
    TicketIssued {
        /// The ticket.
        ticket: TicketId,
        /// Its queue.
        queue: QueueId,
        /// Which series the number comes from.
        letter: SeriesLetter,
        /// The number on paper.
        number: TicketNumber,
        /// The service day of the number.
        day: ServiceDay,
        /// The language of the customer.
        language: Language,
        /// Higher goes first.
        priority: i64,
        /// Time of the touch, UTC milliseconds.
        touched_at_ms: i64,
        /// Whose clock that time is from.
        dated_by: DatedBy,
        /// The same moment by the boot-time clock, from which the server finds the ticket's true age.
        moment: Option<BootMoment>,
    },
    /// The slip is about to be handed to the printer: from here on it may be on paper.
    SlipSent {
        /// The ticket.
        ticket: TicketId,
        /// Original or copy.
        copy: CopyNumber,
    },
    /// How a print ended.
    SlipEnded {
        /// The ticket.
        ticket: TicketId,
        /// Original or copy.
        copy: CopyNumber,
        /// How it ended.
        outcome: PrintOutcome,
    },
    /// A ticket that surely never reached paper was taken back.
    TicketVoided {
        /// The ticket.
        ticket: TicketId,
        /// Why.
        reason: VoidReason,
    },
}
