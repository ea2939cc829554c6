//! Faults: trouble as a standing state, with a code that finds its words. A fault is never an exception.

use smartqueue_domain::PrintDoubt;

/// A standing trouble of a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// No printer answers at its address.
    PrinterMissing,
    /// The printer is off line.
    PrinterOffline,
    /// No paper.
    PaperOut,
    /// The paper will end soon.
    PaperNearEnd,
    /// The cover is open.
    CoverOpen,
    /// The cutter is stuck.
    CutterJam,
    /// The print head is too hot; it cools down by itself.
    PrinterHot,
    /// The printer reports a failure that somebody must look at.
    PrinterDefect,
    /// The last slip was sent and no proof came back.
    PrinterUnknown,
    /// Another program holds the printer.
    PrinterBusy,
    /// Nothing can be heard.
    SoundUnavailable,
    /// The journal cannot be written: no number may be issued.
    JournalFailed,
    /// The server refuses this station.
    ServerRefused,
    /// The station has no identity yet.
    NotPaired,
    /// The machine's clock and the server's disagree by more than two minutes.
    ClockDoubtful,
    /// A series is at 80 % of its numbers or beyond: they will start again at 1 over those that nobody holds.
    NumbersRunLow,
    /// The server set records of this station aside because they make no sense to it: somebody must look at them.
    RecordsSetAside,
    /// The published configuration cannot be used: the last good one stands.
    ConfigurationRefused,
}

impl Fault {
    /// Every fault, for tables that must be complete.
    pub const ALL: [Fault; 18] = [
        Fault::PrinterMissing,
        Fault::PrinterOffline,
        Fault::PaperOut,
        Fault::PaperNearEnd,
        Fault::CoverOpen,
        Fault::CutterJam,
        Fault::PrinterHot,
        Fault::PrinterDefect,
        Fault::PrinterUnknown,
        Fault::PrinterBusy,
        Fault::SoundUnavailable,
        Fault::JournalFailed,
        Fault::ServerRefused,
        Fault::NotPaired,
        Fault::ClockDoubtful,
        Fault::NumbersRunLow,
        Fault::RecordsSetAside,
        Fault::ConfigurationRefused,
    ];

    /// The code that finds the words.
    pub fn code(self) -> &'static str {
        match self {
            Fault::PrinterMissing => "printer_missing",
            Fault::PrinterOffline => "printer_offline",
            Fault::PaperOut => "paper_out",
            Fault::PaperNearEnd => "paper_near_end",
            Fault::CoverOpen => "cover_open",
            Fault::CutterJam => "cutter_jam",
            Fault::PrinterHot => "printer_hot",
            Fault::PrinterDefect => "printer_defect",
            Fault::PrinterUnknown => "printer_unknown",
            Fault::PrinterBusy => "printer_busy",
            Fault::SoundUnavailable => "sound_unavailable",
            Fault::JournalFailed => "journal_failed",
            Fault::ServerRefused => "server_refused",
            Fault::NotPaired => "not_paired",
            Fault::ClockDoubtful => "clock_doubtful",
            Fault::NumbersRunLow => "numbers_run_low",
            Fault::RecordsSetAside => "records_set_aside",
            Fault::ConfigurationRefused => "configuration_refused",
        }
    }

    /// Whether this fault speaks of the printer's condition, which the printer's owner reports whole each time.
    pub(crate) fn is_printer_condition(self) -> bool {
        match self {
            Fault::PrinterMissing
            | Fault::PrinterOffline
            | Fault::PaperOut
            | Fault::PaperNearEnd
            | Fault::CoverOpen
            | Fault::CutterJam
            | Fault::PrinterHot
            | Fault::PrinterDefect
            | Fault::PrinterBusy => true,
            Fault::PrinterUnknown
            | Fault::SoundUnavailable
            | Fault::JournalFailed
            | Fault::ServerRefused
            | Fault::NotPaired
            | Fault::ClockDoubtful
            | Fault::NumbersRunLow
            | Fault::RecordsSetAside
            | Fault::ConfigurationRefused => false,
        }
    }

    /// Why a slip cannot be printed under this printer condition; nothing when it can.
    pub(crate) fn prevents_printing(self) -> Option<PrintDoubt> {
        match self {
            Fault::PaperOut => Some(PrintDoubt::PaperOut),
            Fault::CoverOpen => Some(PrintDoubt::CoverOpen),
            Fault::CutterJam => Some(PrintDoubt::CutterJam),
            Fault::PrinterHot | Fault::PrinterDefect => Some(PrintDoubt::Offline),
            // A printer that was away may be back: the next slip finds out, at the cost of one bounded connect.
            Fault::PrinterMissing | Fault::PrinterOffline | Fault::PrinterBusy => None,
            Fault::PaperNearEnd
            | Fault::PrinterUnknown
            | Fault::SoundUnavailable
            | Fault::JournalFailed
            | Fault::ServerRefused
            | Fault::NotPaired
            | Fault::ClockDoubtful
            | Fault::NumbersRunLow
            | Fault::RecordsSetAside
            | Fault::ConfigurationRefused => None,
        }
    }
}
