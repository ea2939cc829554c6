//! Bugs that are planted on purpose, to see whether the net catches them. A net that lets one through has a hole.
//!
//! None of them is in the shipped code: each is put into what the simulator itself does between the shipped parts, at the
//! place where the shipped shell or server would have it. Nothing here is drawn by chance.

/// A bug that somebody could really write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlantedBug {
    /// The shell says that records are durable before they are.
    PrintBeforeCommit,
    /// The journal is written with `synchronous=NORMAL`.
    NormalSync,
    /// The server does not recognise a question that it has answered before.
    NoIdempotency,
    /// A copy is printed without saying so.
    ReprintAsOriginal,
    /// At start, numbers that were never sent to the printer are not taken back.
    IntentNotVoided,
    /// A station takes any event, whether it follows the one before or not.
    CursorGapIgnored,
    /// A station takes its own wall clock for the server's time.
    DayFromWallClock,
    /// The server makes a second ticket when a paper contradicts the number that it gave.
    SecondTicketAtRelabel,
    /// After a restart a station does not remember what it counted.
    CounterInMemory,
    /// The server forgets which touches have ended without a number.
    NoTombstone,
}

impl PlantedBug {
    /// Every one.
    pub const ALL: [PlantedBug; 10] = [
        PlantedBug::PrintBeforeCommit,
        PlantedBug::NormalSync,
        PlantedBug::NoIdempotency,
        PlantedBug::ReprintAsOriginal,
        PlantedBug::IntentNotVoided,
        PlantedBug::CursorGapIgnored,
        PlantedBug::DayFromWallClock,
        PlantedBug::SecondTicketAtRelabel,
        PlantedBug::CounterInMemory,
        PlantedBug::NoTombstone,
    ];

    /// Its name on the command line and in tables.
    pub fn name(self) -> &'static str {
        match self {
            PlantedBug::PrintBeforeCommit => "print_before_commit",
            PlantedBug::NormalSync => "normal_sync",
            PlantedBug::NoIdempotency => "no_idempotency",
            PlantedBug::ReprintAsOriginal => "reprint_as_original",
            PlantedBug::IntentNotVoided => "intent_not_voided",
            PlantedBug::CursorGapIgnored => "cursor_gap_ignored",
            PlantedBug::DayFromWallClock => "day_from_wall_clock",
            PlantedBug::SecondTicketAtRelabel => "second_ticket_at_relabel",
            PlantedBug::CounterInMemory => "counter_in_memory",
            PlantedBug::NoTombstone => "no_tombstone",
        }
    }

    /// The bug of a name.
    pub fn named(name: &str) -> Option<PlantedBug> {
        PlantedBug::ALL.into_iter().find(|bug| bug.name() == name)
    }

    /// Within how many seeds it must be caught.
    pub fn must_be_caught_within(self) -> u64 {
        match self {
            PlantedBug::NoTombstone => 3_000,
            PlantedBug::PrintBeforeCommit
            | PlantedBug::NormalSync
            | PlantedBug::NoIdempotency
            | PlantedBug::ReprintAsOriginal
            | PlantedBug::IntentNotVoided
            | PlantedBug::CursorGapIgnored
            | PlantedBug::DayFromWallClock
            | PlantedBug::SecondTicketAtRelabel
            | PlantedBug::CounterInMemory => 1_000,
        }
    }
}
