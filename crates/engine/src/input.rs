//! All that can happen to a station, as one closed enum. Values only; nothing is decided here.

use crate::{AppendToken, DisplayOptions, Fault, PrintJob, Settings};
use smartqueue_domain::{
    BootId, Epoch, Language, PrintOutcome, QueueId, Record, SeriesGrant, SeriesLetter, ServiceDay, StationId, TicketId,
    TicketNumber, TicketStatus,
};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Somebody in front of the screen, or a script, asks for something.
    Command(Command),
    /// The records of an [`crate::Effect::Append`] are durable.
    Appended {
        /// Which append.
        token: AppendToken,
        /// The place of its first record in the journal.
        first_seq: u64,
    },
    /// The records could not be made durable.
    AppendFailed {
        /// Which append.
        token: AppendToken,
    },
    /// The journal's file failed in another way: it cannot be trusted with the next record.
    JournalFailed,
    /// A slip came to its end.
    Printed {
        /// Which job.
        job: PrintJob,
        /// How.
        outcome: PrintOutcome,
    },
    /// The printer's condition, whole: every fault that stands now.
    PrinterConditionChanged {
        /// The standing faults of the printer.
        faults: Vec<Fault>,
    },
    /// The server gave this station an identity.
    Paired {
        /// The station's id.
        station: StationId,
        /// The letter of its private series.
        letter: SeriesLetter,
    },
    /// Another machine works under this station's identity: a copy of its disk, or the one that it is a copy of.
    IdentityLost,
    /// The server answered an [`crate::Effect::RequestNumber`]. An answer that comes late changes nothing.
    NumberAllocated {
        /// The ticket.
        ticket: TicketId,
        /// The series of the number.
        letter: SeriesLetter,
        /// The number.
        number: TicketNumber,
        /// Its service day.
        day: ServiceDay,
    },
    /// The server gives no number for this ticket, or could not be asked.
    NumberRefused {
        /// The ticket.
        ticket: TicketId,
    },
    /// The server answered something that it was asked over the link.
    ServerAnswered {
        /// Milliseconds from the question to the answer.
        took_ms: u64,
        /// The server's time when it answered, UTC milliseconds, where it says.
        server_ms: Option<i64>,
    },
    /// The server set records of this station aside because they make no sense to it.
    RecordsSetAside {
        /// How many.
        count: u64,
    },
    /// What this station's view looks like on the server after an event.
    StateHashHeard {
        /// The event.
        seq: u64,
        /// [`smartqueue_domain::state_hash`] of the live tickets.
        hash: u64,
    },
    /// The server answered a hello: everything it holds for this station.
    Greeted(Box<Greeting>),
    /// The connection to the server is gone, or could not be made.
    LinkLost,
    /// The server answered and refuses this station: its token or its identity is not valid.
    LinkRefused,
    /// The server sent an event.
    Event {
        /// The event's place in the site's log.
        seq: u64,
        /// The event that must have been seen before it.
        prev: u64,
        /// What happened.
        event: RemoteEvent,
    },
    /// The server sent a sign of life.
    HeartbeatHeard {
        /// The server's time, UTC milliseconds.
        server_ms: i64,
    },
    /// The server holds the station's records up to here.
    Pushed {
        /// The highest record held.
        highest_seq: u64,
    },
    /// A call's announcement came to its end.
    Announced {
        /// The call's place in the site's log.
        call: u64,
        /// How.
        outcome: AnnouncementOutcome,
    },
    /// The PIN that was entered is right or wrong.
    PinChecked {
        /// Whether it is right.
        right: bool,
    },
    /// The time that [`crate::Station::poll_timeout`] named has come.
    TimePassed,
}

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A touch on a service.
    TakeTicket {
        /// The queue.
        queue: QueueId,
        /// The customer's language; the session's when it is not given.
        language: Option<Language>,
        /// Drawn by whoever sends the command: the same id again is the same ticket.
        ticket: TicketId,
    },
    /// Print a ticket again.
    Reprint {
        /// The ticket.
        ticket: TicketId,
    },
    /// The customer chose a language.
    ChooseLanguage {
        /// Which.
        language: Language,
    },
    /// The customer chose how the screen looks.
    SetDisplay(DisplayOptions),
    /// Somebody is there: a touch that asks for nothing.
    Touch,
    /// The customer is done with the result.
    Finish,
    /// Staff touched the hidden corner.
    OpenMaintenance,
    /// Staff entered a PIN.
    EnterPin {
        /// The digits.
        pin: String,
    },
    /// Staff leave the maintenance page.
    LeaveMaintenance,
    /// Staff pause the kiosk or let it go on. Works on the maintenance page only.
    Pause {
        /// Whether it is paused.
        paused: bool,
    },
    /// Staff ask for a test slip. Works on the maintenance page only.
    TestPrint,
    /// Staff ask for a test sound. Works on the maintenance page only.
    TestSound,
}

/// What the server says at a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Greeting {
    /// The server's time when it answered, UTC milliseconds.
    pub server_ms: i64,
    /// Milliseconds from the question to this answer: the server's time now is later than `server_ms` by no more.
    pub took_ms: u64,
    /// The highest record of this station that the server holds.
    pub highest_seq: u64,
    /// The settings made of the profile and the published configuration.
    pub settings: Settings,
    /// The main series that this station alone issues.
    pub grants: Vec<SeriesGrant>,
    /// The event up to which the tickets are complete.
    pub event_seq: u64,
    /// Every live ticket.
    pub tickets: Vec<RemoteTicket>,
    /// The figures of every queue.
    pub figures: Vec<(QueueId, Figures)>,
    /// The life of the server's database; nothing from a server that does not tell.
    pub server_epoch: Option<Epoch>,
    /// The main series from which the server gives numbers, each from a day on.
    pub server_series: Vec<SeriesGrant>,
    /// The main series that the server wants back, each from a day on at the earliest.
    pub released: Vec<SeriesGrant>,
    /// Records of this station that the server set aside.
    pub set_aside: u64,
    /// Whether the published configuration could not be used, so that `settings` are made of the last good one.
    pub configuration_refused: bool,
}

/// What a queue's waiting time depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Mean service time in seconds.
    pub mean_service_seconds: u32,
    /// Agents who serve now.
    pub available_agents: u32,
}

/// A ticket as the server tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteTicket {
    /// The ticket.
    pub id: TicketId,
    /// Its queue.
    pub queue: QueueId,
    /// Its number as printed.
    pub number: String,
    /// Where it stands.
    pub status: TicketStatus,
    /// Higher goes first.
    pub priority: i64,
    /// Time of the touch, UTC milliseconds.
    pub created_at_ms: i64,
    /// Time of the last call.
    pub called_at_ms: Option<i64>,
    /// The counter's label.
    pub counter: Option<String>,
}

/// An event of the site's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteEvent {
    /// A ticket came to be, or changed.
    Ticket(RemoteTicket),
    /// A ticket was called.
    Call {
        /// The ticket after the call.
        ticket: RemoteTicket,
        /// Whether the same person is called again.
        recall: bool,
    },
    /// A queue's figures changed.
    Figures {
        /// The queue.
        queue: QueueId,
        /// Its figures.
        figures: Figures,
    },
    /// The log's tail is no longer held: this is everything instead.
    Snapshot {
        /// Every live ticket.
        tickets: Vec<RemoteTicket>,
        /// The figures of every queue.
        figures: Vec<(QueueId, Figures)>,
    },
    /// A newer configuration is published.
    ConfigurationPublished,
}

/// How an announcement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnouncementOutcome {
    /// It was played to its end.
    Spoken,
    /// It was left out on purpose: too late, too many, or no sound here.
    Silent,
    /// It should have been heard and could not be.
    Failed,
}

/// What a station remembers beside its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The highest record that the server acknowledged.
    pub server_holds: u64,
    /// The present start of the machine.
    pub boot: BootId,
    /// The server's time as it was heard last in this boot; nothing when it was not.
    pub server_time: Option<ServerTime>,
    /// Who the station last was to its server; kept before the journal records it, and forgotten before it records that.
    pub identity: Option<StationId>,
    /// Whether the station got another name for its enrolment, because a copy of it is or may be at work.
    pub enrolled_anew: bool,
}

/// The server's time at a moment of the present boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerTime {
    /// UTC milliseconds by the server: it was no earlier at that moment.
    pub server_ms: i64,
    /// Milliseconds by which it may have been later, because the answer was on the road for so long at most.
    pub doubt_ms: u64,
    /// [`crate::Now::elapsed_ms`] when it was heard.
    pub elapsed_ms: u64,
}

/// A record with its place in the journal, as it is read back at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFact {
    /// Dense from 1.
    pub seq: u64,
    /// The fact.
    pub record: Record,
}
