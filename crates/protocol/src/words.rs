//! The words that stand for closed enums on the wire and in files: one table for each, read and written here only.

use crate::ProtocolError;
use smartqueue_domain::intelligence::{AlertKind, Confidence, LoadStatus, Severity, TransferPriority};
use smartqueue_domain::{
    Algorithm, Channel, DatedBy, Language, PrintDoubt, PrintEvidence, SeriesLetter, TicketStatus, VoidReason,
};

macro_rules! words {
    ($(#[$meta:meta])* $write:ident, $read:ident, $type:ty, $field:literal, { $($variant:path => $word:literal),* $(,)? }) => {
        $(#[$meta])*
        pub fn $write(value: $type) -> &'static str {
            match value { $($variant => $word),* }
        }

        /// Reads the word back.
        ///
        /// # Errors
        /// [`ProtocolError::UnknownWord`] for a word that is not in the table.
        pub fn $read(word: &str) -> Result<$type, ProtocolError> {
            match word {
                $($word => Ok($variant),)*
                other => Err(ProtocolError::UnknownWord { field: $field, value: other.to_owned() }),
            }
        }
    };
}

words!(
    /// A ticket's status. French, as the API's first clients have it.
    status_word, read_status, TicketStatus, "status", {
    TicketStatus::Waiting => "en_attente",
    TicketStatus::Called => "appelé",
    TicketStatus::InService => "en_service",
    TicketStatus::Done => "terminé",
    TicketStatus::NoShow => "absent",
    TicketStatus::OnHold => "en_pause",
    TicketStatus::Cancelled => "annulé",
});

words!(
    /// The door a ticket came through.
    channel_word, read_channel, Channel, "channel", {
    Channel::Kiosk => "kiosk",
    Channel::Web => "web",
    Channel::Mobile => "mobile",
    Channel::Counter => "counter",
    Channel::Appointment => "appointment",
});

words!(
    /// A queue's order.
    algorithm_word, read_algorithm, Algorithm, "algorithm", {
    Algorithm::Fifo => "fifo",
    Algorithm::Priority => "priority",
    Algorithm::Sla => "sla",
});

words!(
    /// What proves a print.
    evidence_word, read_evidence, PrintEvidence, "evidence", {
    PrintEvidence::ProcessId => "process_id",
    PrintEvidence::Fence => "fence",
});

words!(
    /// What is wrong with a print.
    doubt_word, read_doubt, PrintDoubt, "doubt", {
    PrintDoubt::PrinterMissing => "printer_missing",
    PrintDoubt::Offline => "printer_offline",
    PrintDoubt::PaperOut => "paper_out",
    PrintDoubt::CoverOpen => "cover_open",
    PrintDoubt::CutterJam => "cutter_jam",
    PrintDoubt::NoProof => "printer_unknown",
    PrintDoubt::PowerCut => "power_cut",
});

words!(
    /// Why a ticket was taken back.
    void_word, read_void, VoidReason, "reason", {
    VoidReason::NeverSent => "never_sent",
    VoidReason::NeverIssued => "never_issued",
});

words!(
    /// Whose clock a time is from.
    dated_by_word, read_dated_by, DatedBy, "dated_by", {
    DatedBy::Server => "server",
    DatedBy::WallClock => "wall_clock",
});

words!(
    /// What is wrong with a queue.
    alert_word, read_alert, AlertKind, "type", {
    AlertKind::Capacity => "capacity",
    AlertKind::SlaBreach => "sla_breach",
    AlertKind::NoAgents => "no_agents",
    AlertKind::HighWaitTime => "high_wait_time",
});

words!(
    /// How much an alert matters.
    severity_word, read_severity, Severity, "severity", {
    Severity::Medium => "medium",
    Severity::High => "high",
    Severity::Critical => "critical",
});

words!(
    /// How a queue's load is judged.
    load_word, read_load, LoadStatus, "status", {
    LoadStatus::Overloaded => "overloaded",
    LoadStatus::Balanced => "balanced",
    LoadStatus::Underloaded => "underloaded",
});

words!(
    /// How far a figure can be relied on.
    confidence_word, read_confidence, Confidence, "confidence", {
    Confidence::Low => "low",
    Confidence::Medium => "medium",
    Confidence::High => "high",
});

words!(
    /// How much a transfer would help.
    transfer_priority_word, read_transfer_priority, TransferPriority, "priority", {
    TransferPriority::High => "high",
    TransferPriority::Medium => "medium",
    TransferPriority::Low => "low",
});

/// Reads a language code.
///
/// # Errors
/// [`ProtocolError::UnknownWord`] for a language that is not one of the six.
pub fn read_language(code: &str) -> Result<Language, ProtocolError> {
    Language::from_code(code).ok_or_else(|| ProtocolError::UnknownWord { field: "language", value: code.to_owned() })
}

/// Reads a series letter.
///
/// # Errors
/// [`ProtocolError::Number`] when it is neither empty nor one capital letter.
pub fn read_letter(text: &str) -> Result<SeriesLetter, ProtocolError> {
    Ok(SeriesLetter::from_text(text)?)
}
