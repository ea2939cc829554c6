//! Why something that was asked for is not done: an expected no, never logged as an error.
//! The words for people live in `assets/words`; this module holds codes only.

/// An expected no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refusal {
    /// There is no such queue here.
    UnknownQueue,
    /// The service is closed at this hour.
    ServiceClosed,
    /// As many people wait as the queue may hold.
    QueueFull,
    /// Staff paused this kiosk.
    Paused,
    /// The station has not been given an identity yet, so it owns no series.
    NotPaired,
    /// The station's file cannot be written, so a number could be issued twice.
    JournalFailed,
}

impl Refusal {
    /// Every refusal, for tables that must be complete.
    pub const ALL: [Refusal; 6] = [
        Refusal::UnknownQueue,
        Refusal::ServiceClosed,
        Refusal::QueueFull,
        Refusal::Paused,
        Refusal::NotPaired,
        Refusal::JournalFailed,
    ];

    /// The code that finds the words.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::UnknownQueue => "unknown_queue",
            Refusal::ServiceClosed => "service_closed",
            Refusal::QueueFull => "queue_full",
            Refusal::Paused => "paused",
            Refusal::NotPaired => "not_paired",
            Refusal::JournalFailed => "journal_failed",
        }
    }
}
