//! What a model of printer can do: widths, speed, and how it proves that it printed.
//!
//! Figures name their source. Profiles as data files for many models come later; the two here are enough to print on
//! everything that follows Epson's command set. Nothing here talks to a printer.

use std::fmt;
use std::str::FromStr;

/// The roll's width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaperWidth {
    /// 58 mm paper: 48 mm printable, 384 dots at 203 dpi, 32 columns of font A.
    Mm58,
    /// 80 mm paper: 72 mm printable, 576 dots at 203 dpi, 48 columns of font A.
    #[default]
    Mm80,
}

impl PaperWidth {
    /// Printable dots in one line.
    #[must_use]
    pub fn dots(self) -> u16 {
        match self {
            PaperWidth::Mm58 => 384,
            PaperWidth::Mm80 => 576,
        }
    }

    /// The roll's width in millimetres.
    #[must_use]
    pub fn millimetres(self) -> u16 {
        match self {
            PaperWidth::Mm58 => 58,
            PaperWidth::Mm80 => 80,
        }
    }
}

/// How a printer is asked whether everything before the question has been printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fence {
    /// `GS ( H` function 48: the printer echoes an identifier that we chose. Proof for this very slip.
    ProcessId,
    /// `GS r 1`: the printer answers its paper status in its turn. Proof only because answers keep the order.
    PaperStatus,
    /// Ask both ways and learn from the answers which one the model knows.
    Detect,
}

/// Capabilities of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct PrinterProfile {
    /// The name under which it is chosen.
    pub name: &'static str,
    /// The roll in it.
    pub paper: PaperWidth,
    /// Dots per millimetre; 8 on every 203 dpi head.
    pub dots_per_mm: u16,
    /// Paper speed in mm/s that the waiting time is reckoned with; the slowest that the model may run at.
    pub speed_mm_s: u16,
    /// Blank paper between the head and the knife, in millimetres; fed before every cut.
    pub feed_to_cutter_mm: u16,
    /// Which proof it knows.
    pub fence: Fence,
    /// Smooth the edges of magnified characters (`GS b 1`).
    pub smoothing: Smoothing,
    /// Leave the double-byte mode in which many clones start and in which accents print as Chinese (`FS .`).
    pub double_byte: DoubleByte,
}

/// Whether the model knows `GS b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Smoothing {
    /// It does, and large digits come out round.
    Supported,
    /// It is not known to; the command is not sent.
    Unsupported,
}

/// Whether the model may start in a double-byte character mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoubleByte {
    /// It never does; the command is not sent.
    Never,
    /// It may; `FS .` is sent with each slip.
    MayBeOn,
}

impl PrinterProfile {
    /// Epson TM series with a 203 dpi head (TM-T20, TM-T88, TM-m30). Source: Epson's ESC/POS reference (documented); speed
    /// is the slowest of the series (assumed).
    #[must_use]
    pub fn epson_tm(paper: PaperWidth) -> Self {
        PrinterProfile {
            name: "epson-tm",
            paper,
            dots_per_mm: 8,
            speed_mm_s: 100,
            feed_to_cutter_mm: 12,
            fence: Fence::Detect,
            smoothing: Smoothing::Supported,
            double_byte: DoubleByte::Never,
        }
    }

    /// Any other printer that follows Epson's command set. Every figure is assumed, on the safe side.
    #[must_use]
    pub fn generic(paper: PaperWidth) -> Self {
        PrinterProfile {
            name: "generic",
            paper,
            dots_per_mm: 8,
            speed_mm_s: 60,
            feed_to_cutter_mm: 12,
            fence: Fence::Detect,
            smoothing: Smoothing::Unsupported,
            double_byte: DoubleByte::MayBeOn,
        }
    }

    /// The profile of that name.
    ///
    /// # Errors
    /// [`UnknownProfile`] when there is none.
    pub fn by_name(name: &str, paper: PaperWidth) -> Result<Self, UnknownProfile> {
        match name {
            "epson-tm" => Ok(PrinterProfile::epson_tm(paper)),
            "generic" => Ok(PrinterProfile::generic(paper)),
            other => Err(UnknownProfile { name: other.to_owned() }),
        }
    }

    /// Columns of font A (12 dots each) in one line at normal size.
    #[must_use]
    pub fn columns(&self) -> usize {
        usize::from(self.paper.dots() / 12)
    }
}

impl Default for PrinterProfile {
    fn default() -> Self {
        PrinterProfile::epson_tm(PaperWidth::Mm80)
    }
}

/// No profile of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no printer profile is called `{name}`; known are epson-tm and generic")]
pub struct UnknownProfile {
    /// What was asked for.
    pub name: String,
}

/// A paper width in millimetres that is neither 58 nor 80.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("paper of `{text}` mm is not known; 58 and 80 are")]
pub struct UnknownPaperWidth {
    /// What was asked for.
    pub text: String,
}

impl FromStr for PaperWidth {
    type Err = UnknownPaperWidth;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "58" => Ok(PaperWidth::Mm58),
            "80" => Ok(PaperWidth::Mm80),
            other => Err(UnknownPaperWidth { text: other.to_owned() }),
        }
    }
}

impl fmt::Display for PaperWidth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.millimetres())
    }
}
