//! All that a station can do, as one closed enum. The shell starts a worker for each and reports back with an input.

use smartqueue_domain::{CopyNumber, Language, QueueId, Record, TicketId, TicketNumber, WaitRange};

/// Names one append, so that its answer finds what waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppendToken(pub u64);

/// Names one print: which ticket, and whether the original or a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PrintJob {
    /// The ticket.
    pub ticket: TicketId,
    /// Original or copy.
    pub copy: CopyNumber,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Make these records durable, all or none, then answer with [`crate::Input::Appended`].
    Append {
        /// Names this append.
        token: AppendToken,
        /// The records, in order.
        records: Vec<Record>,
    },
    /// Print a slip, then answer with [`crate::Input::Printed`].
    Print {
        /// Names this print.
        job: PrintJob,
        /// What stands on the slip.
        slip: Box<SlipContent>,
    },
    /// The journal holds records that the server does not: send them.
    Push,
    /// The events do not follow each other: connect anew.
    Resynchronise,
    /// What this station sees is not what the server sees: connect anew, forget the cursor, be shown everything.
    StartOver,
    /// Ask the server for a number, then answer with [`crate::Input::NumberAllocated`] or
    /// [`crate::Input::NumberRefused`]. The engine counts the time itself.
    RequestNumber {
        /// The ticket.
        ticket: TicketId,
        /// The queue.
        queue: QueueId,
    },
    /// Remember the server's time together with the machine's present boot. Losing it costs evidence, never a number.
    RememberServerTime(crate::ServerTime),
    /// Speak a call, then answer with [`crate::Input::Announced`].
    Announce(CallToAnnounce),
    /// Tell the server how a call's announcement ended.
    Acknowledge {
        /// The call's place in the site's log.
        call: u64,
        /// How it ended.
        outcome: crate::AnnouncementOutcome,
    },
    /// Compare a PIN with its hash, then answer with [`crate::Input::PinChecked`].
    CheckPin {
        /// The digits.
        pin: String,
    },
    /// Print a test slip.
    TestPrint,
    /// Play a test sound.
    TestSound,
    /// Remember that the server holds the records up to here.
    RememberPushed {
        /// The highest record held.
        highest_seq: u64,
    },
}

/// What stands on a slip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlipContent {
    /// The number.
    pub number: TicketNumber,
    /// The queue's name in the customer's language.
    pub queue_name: String,
    /// The site's name.
    pub site_name: String,
    /// Time of the touch, UTC milliseconds.
    pub issued_at_ms: i64,
    /// The site's offset in minutes at that time.
    pub offset_minutes: i32,
    /// People before this one; nothing when it is not known.
    pub people_ahead: Option<u32>,
    /// The likely wait; nothing when it is not known.
    pub wait: Option<WaitRange>,
    /// The customer's language.
    pub language: Language,
    /// Where the customer follows the ticket.
    pub follow_url: Option<String>,
    /// Free text above the number.
    pub header: Option<String>,
    /// Free text at the end.
    pub footer: Option<String>,
    /// Original or copy; a copy says so.
    pub copy: CopyNumber,
}

/// A call that is to be heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallToAnnounce {
    /// The call's place in the site's log.
    pub call: u64,
    /// The number that is called.
    pub number: TicketNumber,
    /// The counter's label.
    pub counter: String,
    /// The languages, the site's own first.
    pub languages: Vec<Language>,
    /// Whether the same person is called again.
    pub recall: bool,
}
