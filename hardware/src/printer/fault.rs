//! What can be wrong with a printer: standing faults that staff can act on, and the errors of reaching it.
//!
//! Codes only; the words for people stand in the word files.

use std::fmt;
use std::io;

/// Why a printer does not print. Each is a state with a way out, not an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrinterFault {
    /// There is no such device, or nothing answers at that address.
    Missing,
    /// The device is there and this user may not open it.
    Permission,
    /// The device is there and somebody else holds it.
    Busy,
    /// The device is there and the system has no driver for it.
    DriverMissing,
    /// The printer says that it is offline and gives no other cause.
    Offline,
    /// No paper.
    PaperOut,
    /// The cover is open.
    CoverOpen,
    /// The knife is stuck.
    CutterJam,
    /// The mechanism is stuck and can be freed.
    Mechanical,
    /// The head is too hot; the printer goes on by itself when it has cooled down.
    HeadHot,
    /// The printer reports an error from which only switching it off, or a repair, can help.
    Defect,
    /// The connection broke.
    Disconnected,
    /// The printer takes no more bytes, or stopped answering, within the time it had.
    Silent,
}

impl PrinterFault {
    /// A fixed name for logs and for the table of words.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            PrinterFault::Missing => "missing",
            PrinterFault::Permission => "permission",
            PrinterFault::Busy => "busy",
            PrinterFault::DriverMissing => "driver_missing",
            PrinterFault::Offline => "offline",
            PrinterFault::PaperOut => "paper_out",
            PrinterFault::CoverOpen => "cover_open",
            PrinterFault::CutterJam => "cutter_jam",
            PrinterFault::Mechanical => "mechanical",
            PrinterFault::HeadHot => "head_hot",
            PrinterFault::Defect => "defect",
            PrinterFault::Disconnected => "disconnected",
            PrinterFault::Silent => "silent",
        }
    }
}

impl PrinterFault {
    /// True for the errors that `DLE ENQ` ends once somebody has removed their cause. Paper and cover end by themselves, heat
    /// does too, and a defect does not end at all.
    pub(crate) fn is_recoverable(self) -> bool {
        match self {
            PrinterFault::CutterJam | PrinterFault::Mechanical => true,
            PrinterFault::Missing
            | PrinterFault::Permission
            | PrinterFault::Busy
            | PrinterFault::DriverMissing
            | PrinterFault::Offline
            | PrinterFault::PaperOut
            | PrinterFault::CoverOpen
            | PrinterFault::HeadHot
            | PrinterFault::Defect
            | PrinterFault::Disconnected
            | PrinterFault::Silent => false,
        }
    }
}

impl fmt::Display for PrinterFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// The kinds of [`PortError`], for matching without the details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PortErrorKind {
    /// Nothing there.
    Missing,
    /// Not allowed.
    Permission,
    /// Held by somebody else.
    Busy,
    /// No driver.
    DriverMissing,
    /// The other side is gone.
    Disconnected,
    /// Not within the time it had.
    TimedOut,
    /// This build or system cannot do that.
    Unsupported,
}

/// Why a port could not be opened, written or read.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Nothing is there: no file, no host, no listener.
    #[error("no printer at {target}")]
    Missing {
        /// What was looked for.
        target: String,
        /// What the system said, if it was asked.
        #[source]
        cause: Option<io::Error>,
    },
    /// The device exists and may not be opened by this user.
    #[error("no permission to use {target}")]
    Permission {
        /// The device.
        target: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The device is held by somebody else.
    #[error("{target} is in use by another program")]
    Busy {
        /// The device.
        target: String,
    },
    /// The USB device is plugged in and no printer driver has taken it.
    #[error("{target} is plugged in and has no usblp driver")]
    DriverMissing {
        /// The device.
        target: String,
    },
    /// The connection broke.
    #[error("the connection to the printer broke")]
    Disconnected {
        /// What the system said; none when the other side closed in order.
        #[source]
        cause: Option<io::Error>,
    },
    /// The deadline passed.
    #[error("the printer took no bytes within the time it had")]
    TimedOut,
    /// This kind of port does not exist on this system.
    #[error("{target} cannot be used on this system")]
    Unsupported {
        /// What was asked for.
        target: String,
    },
}

impl PortError {
    /// The kind alone.
    #[must_use]
    pub fn kind(&self) -> PortErrorKind {
        match self {
            PortError::Missing { .. } => PortErrorKind::Missing,
            PortError::Permission { .. } => PortErrorKind::Permission,
            PortError::Busy { .. } => PortErrorKind::Busy,
            PortError::DriverMissing { .. } => PortErrorKind::DriverMissing,
            PortError::Disconnected { .. } => PortErrorKind::Disconnected,
            PortError::TimedOut => PortErrorKind::TimedOut,
            PortError::Unsupported { .. } => PortErrorKind::Unsupported,
        }
    }

    /// The standing fault that it means for staff.
    #[must_use]
    pub fn fault(&self) -> PrinterFault {
        match self {
            PortError::Missing { .. } | PortError::Unsupported { .. } => PrinterFault::Missing,
            PortError::Permission { .. } => PrinterFault::Permission,
            PortError::Busy { .. } => PrinterFault::Busy,
            PortError::DriverMissing { .. } => PrinterFault::DriverMissing,
            PortError::Disconnected { .. } => PrinterFault::Disconnected,
            PortError::TimedOut => PrinterFault::Silent,
        }
    }

    /// Reads the system's answer to an attempt to open `target`.
    pub(crate) fn from_open(target: &str, cause: io::Error) -> Self {
        let target = target.to_owned();
        // EBUSY has a kind of its own; EAGAIN (would block) is what a lock held by somebody else answers.
        let busy = [io::ErrorKind::ResourceBusy, io::ErrorKind::WouldBlock].contains(&cause.kind());
        if busy {
            PortError::Busy { target }
        } else if cause.kind() == io::ErrorKind::PermissionDenied {
            PortError::Permission { target, cause }
        } else {
            PortError::Missing { target, cause: Some(cause) }
        }
    }

    /// Reads the system's answer to a read or a write on an open port.
    pub(crate) fn from_use(cause: io::Error) -> Self {
        if cause.kind() == io::ErrorKind::TimedOut {
            PortError::TimedOut
        } else {
            PortError::Disconnected { cause: Some(cause) }
        }
    }
}

/// A write that did not get through, with what is known of how far it got.
#[derive(Debug, thiserror::Error)]
#[error("{cause} after {written} bytes")]
pub struct WriteError {
    /// Bytes that the system took; from the first one on, the paper's state is not certain any more.
    pub written: usize,
    /// Why it stopped.
    #[source]
    pub cause: PortError,
}
