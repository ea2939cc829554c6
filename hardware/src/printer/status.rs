//! What the printer last said about itself.

use super::fault::PrinterFault;

/// The roll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Paper {
    /// Enough.
    Present,
    /// The near-end sensor has tripped: change the roll soon.
    NearEnd,
    /// None.
    Out,
}

/// The cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cover {
    /// Closed.
    Closed,
    /// Open.
    Open,
}

/// The knife.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cutter {
    /// Ready.
    Ready,
    /// Stuck.
    Jammed,
}

/// Whether the printer can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BackChannel {
    /// It has answered on this connection.
    Present,
    /// It cannot, or did not when it was asked: nothing it prints is ever claimed as printed.
    Absent,
    /// Not asked yet.
    Unknown,
}

/// Whether the printer can be used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Online {
    /// It takes and prints slips.
    Yes,
    /// It is connected and refuses to print.
    No,
    /// It is not connected.
    Unreachable,
}

/// A printer's state. With [`BackChannel::Absent`] the paper, cover and cutter are assumptions, not statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PrinterStatus {
    /// Usable now.
    pub online: Online,
    /// The roll.
    pub paper: Paper,
    /// The cover.
    pub cover: Cover,
    /// The knife.
    pub cutter: Cutter,
    /// Whether the above was said by the printer.
    pub back_channel: BackChannel,
    /// What stands in the way of printing, the thing to mend first; `None` when a slip would be printed.
    pub fault: Option<PrinterFault>,
}

impl PrinterStatus {
    /// The state of a printer that cannot be reached.
    #[must_use]
    pub fn unreachable(fault: PrinterFault) -> Self {
        PrinterStatus {
            online: Online::Unreachable,
            paper: Paper::Present,
            cover: Cover::Closed,
            cutter: Cutter::Ready,
            back_channel: BackChannel::Unknown,
            fault: Some(fault),
        }
    }
}

/// The sensors as the printer's answers report them, before they are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sensors {
    pub(crate) offline: bool,
    pub(crate) cover_open: bool,
    pub(crate) paper_out: bool,
    pub(crate) near_end: bool,
    pub(crate) cutter_error: bool,
    /// The mechanism is stuck; like the cutter's error it can be recovered from once its cause is gone.
    pub(crate) mechanical_error: bool,
    /// Only switching the printer off can help.
    pub(crate) unrecoverable_error: bool,
    /// The head is too hot; the printer goes on by itself when it has cooled down.
    pub(crate) self_recovering_error: bool,
}

impl Sensors {
    /// What to mend first. An open cover comes before the paper, because it also hides the paper from its sensor, and before
    /// the heat, because models report an open cover under the same bit.
    pub(crate) fn fault(self) -> Option<PrinterFault> {
        if self.cover_open {
            Some(PrinterFault::CoverOpen)
        } else if self.paper_out {
            Some(PrinterFault::PaperOut)
        } else if self.unrecoverable_error {
            Some(PrinterFault::Defect)
        } else if self.cutter_error {
            Some(PrinterFault::CutterJam)
        } else if self.mechanical_error {
            Some(PrinterFault::Mechanical)
        } else if self.self_recovering_error {
            Some(PrinterFault::HeadHot)
        } else if self.offline {
            Some(PrinterFault::Offline)
        } else {
            None
        }
    }

    pub(crate) fn status(self, back_channel: BackChannel) -> PrinterStatus {
        let fault = self.fault();
        PrinterStatus {
            online: if fault.is_some() { Online::No } else { Online::Yes },
            paper: match (self.paper_out, self.near_end) {
                (true, _) => Paper::Out,
                (false, true) => Paper::NearEnd,
                (false, false) => Paper::Present,
            },
            cover: if self.cover_open { Cover::Open } else { Cover::Closed },
            cutter: if self.cutter_error { Cutter::Jammed } else { Cutter::Ready },
            back_channel,
            fault,
        }
    }
}
