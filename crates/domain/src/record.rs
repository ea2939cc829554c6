//! Records: the past facts that a station's journal holds. A station's whole state is the sum of its records.
//! This module never stores them; `protocol` gives them their frozen form and `journal` their place on the disk.

use crate::{Language, QueueId, SeriesLetter, ServiceDay, StationId, TicketId, TicketNumber};

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
    /// A new service day began here.
    DayOpened {
        /// The day.
        day: ServiceDay,
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
        /// Time of the touch, UTC milliseconds by this station's clock.
        touched_at_ms: i64,
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
