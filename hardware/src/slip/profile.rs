//! What a model of printer can do: widths, speed, commands, and how it proves that it printed.
//!
//! The figures stand in data files with the source of each (`assets/printers`, read by `profile_file`). Nothing here talks to
//! a printer, and nothing here believes what a printer calls itself.

use std::fmt;
use std::str::FromStr;

use super::profile_file;

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
    /// Printable dots in one line of a 203 dpi head; what a model really has stands in its profile.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fence {
    /// `GS ( H` function 48: the printer echoes an identifier that we chose. Proof for this very slip.
    ProcessId,
    /// `GS r 1`: the printer answers its paper status in its turn. Proof only because answers keep the order.
    PaperStatus,
    /// Ask both ways and learn from the answers which one the model knows.
    Detect,
}

/// Whether the model knows `GS b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Smoothing {
    /// It does, and large digits come out round.
    Supported,
    /// It is not known to; the command is not sent.
    Unsupported,
}

/// Whether the model may start in a double-byte character mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DoubleByte {
    /// It never does; the command is not sent.
    Never,
    /// It may, and accents would print as Chinese; `FS .` is sent with each slip.
    MayBeOn,
}

/// A code page in which text is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeTable {
    /// Windows 1252: all of French.
    Wpc1252,
    /// PC858: French without `Œ`, `œ`, `Ÿ` and `’`; for models that lack the other.
    Pc858,
}

/// A code page and what a model calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodePage {
    /// Which characters its bytes are.
    pub table: CodeTable,
    /// The number under which `ESC t` selects it; the same page has another number on another maker's model.
    pub number: u8,
}

/// How long a unit of `ESC J` and `ESC 3` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MotionUnits {
    /// Differs from model to model and is brought to one dot with `GS P`.
    Set,
    /// One dot; `GS P` is not sent.
    Dots,
}

/// Who draws QR codes, or barcodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeDrawing {
    /// The printer, from the data (`GS ( k`, `GS k`).
    Native,
    /// We do, as a picture.
    Raster,
}

/// The command by which a picture is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RasterCommand {
    /// `GS v 0`, which every model knows.
    #[serde(rename = "gs-v-0")]
    GsV0,
    /// `GS ( L` functions 112 and 50, Epson's newer pair.
    Graphics,
}

/// How a picture gets to the middle or to the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RasterAlignment {
    /// By `ESC a`, like text.
    Command,
    /// By white dots on its left, because the model prints every picture at the left edge, or may do so. Costs bytes.
    Padding,
}

/// How the slip is parted from the roll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutCommand {
    /// `GS V 66 0`: feed to the knife and leave one point uncut, so that the slip does not fall on the floor.
    Partial,
    /// `GS V 65 0`: feed to the knife and cut through, as presenters want it.
    Full,
    /// There is no knife: feed to the tear bar.
    None,
}

/// Whether the model keeps pictures in its own memory (`GS ( L` functions 64 to 69).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NvGraphics {
    /// It does: a logo is sent once and then printed by its key.
    Supported,
    /// It is not known to: a logo is sent as a picture with each slip.
    Unsupported,
}

/// How a figure is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProvenanceKind {
    /// A real device was asked, or measured.
    Probed,
    /// It stands in a document.
    Documented,
    /// Nobody looked; chosen so that a slip is readable even if it is wrong.
    Assumed,
}

impl ProvenanceKind {
    /// Its word in files and in output for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ProvenanceKind::Probed => "probed",
            ProvenanceKind::Documented => "documented",
            ProvenanceKind::Assumed => "assumed",
        }
    }
}

/// Where one figure of a profile comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The figure's name in the profile's file, for example `speed_mm_s`.
    pub figure: &'static str,
    /// How it is known.
    pub kind: ProvenanceKind,
    /// The document, the device, or the reason of an assumption.
    pub source: String,
}

/// Capabilities of one model with one width of paper.
#[derive(Debug, Clone, PartialEq)]
pub struct PrinterProfile {
    /// The name under which it is chosen.
    pub name: String,
    /// What a person calls the model.
    pub title: String,
    /// The roll in it.
    pub paper: PaperWidth,
    /// Printable dots in one line.
    pub dots: u16,
    /// Dots per inch, the same both ways: 203 or 180.
    pub dpi: u16,
    /// Paper speed in mm/s that the waiting time is reckoned with; the slowest that the model may run at.
    pub speed_mm_s: u16,
    /// Blank paper between the head and the knife, in millimetres; fed before every cut.
    pub feed_to_cutter_mm: u16,
    /// Which proof it knows.
    pub fence: Fence,
    /// Smooth the edges of magnified characters (`GS b 1`).
    pub smoothing: Smoothing,
    /// Leave the double-byte mode in which many clones start (`FS .`).
    pub double_byte: DoubleByte,
    /// The page in which text is sent; nothing when the model has none that we know, and then every line that is not plain
    /// ASCII is printed as a picture.
    pub code_page: Option<CodePage>,
    /// The unit of feeds and line spacing.
    pub motion_units: MotionUnits,
    /// Who draws QR codes.
    pub qr: CodeDrawing,
    /// Who draws barcodes.
    pub barcode: CodeDrawing,
    /// How a picture is printed.
    pub raster: RasterCommand,
    /// How a picture is placed.
    pub raster_alignment: RasterAlignment,
    /// How the slip is cut.
    pub cut: CutCommand,
    /// Whether a logo can be kept in the printer.
    pub nv_graphics: NvGraphics,
    /// Where each figure comes from.
    pub provenance: Vec<Provenance>,
}

impl PrinterProfile {
    /// Epson TM series with a 203 dpi head: `epson-tm`.
    #[must_use]
    pub fn epson_tm(paper: PaperWidth) -> Self {
        PrinterProfile::by_name("epson-tm", paper).unwrap_or_else(|_| PrinterProfile::cautious(paper))
    }

    /// Any other printer that follows Epson's command set: `generic`. Every figure is assumed, on the safe side.
    #[must_use]
    pub fn generic(paper: PaperWidth) -> Self {
        PrinterProfile::by_name("generic", paper).unwrap_or_else(|_| PrinterProfile::cautious(paper))
    }

    /// The profile of that name, from the files that come with the program.
    ///
    /// # Errors
    /// [`ProfileError`] when there is none, or when the model does not take that paper.
    pub fn by_name(name: &str, paper: PaperWidth) -> Result<Self, ProfileError> {
        match profile_file::embedded(name) {
            Some(text) => PrinterProfile::read(text, paper),
            None => Err(ProfileError::Unknown { name: name.to_owned(), known: PrinterProfile::names().join(", ") }),
        }
    }

    /// A profile from the text of a file such as those in `assets/printers`.
    ///
    /// # Errors
    /// [`ProfileError`] with the place in the text, or when the model does not take that paper.
    pub fn read(text: &str, paper: PaperWidth) -> Result<Self, ProfileError> {
        profile_file::read(text, paper)
    }

    /// The names of all profiles that come with the program.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        profile_file::names()
    }

    /// What is used should a file that comes with the program not read, which the tests exclude: a slip must come out even
    /// then. Plain text, pictures and nothing that a model might not know.
    #[must_use]
    pub fn cautious(paper: PaperWidth) -> Self {
        PrinterProfile {
            name: "cautious".to_owned(),
            title: "Unknown printer".to_owned(),
            paper,
            dots: paper.dots(),
            dpi: 203,
            speed_mm_s: 60,
            feed_to_cutter_mm: 12,
            fence: Fence::Detect,
            smoothing: Smoothing::Unsupported,
            double_byte: DoubleByte::MayBeOn,
            code_page: None,
            motion_units: MotionUnits::Dots,
            qr: CodeDrawing::Raster,
            barcode: CodeDrawing::Raster,
            raster: RasterCommand::GsV0,
            raster_alignment: RasterAlignment::Padding,
            cut: CutCommand::Partial,
            nv_graphics: NvGraphics::Unsupported,
            provenance: Vec::new(),
        }
    }

    /// Columns of font A (12 dots each) in one line at normal size.
    #[must_use]
    pub fn columns(&self) -> usize {
        usize::from(self.dots / 12)
    }

    /// Dots per millimetre. What is sold as 203 dpi has 8 dots in a millimetre, and so has everything drawn for it.
    #[must_use]
    pub fn dots_per_mm(&self) -> f64 {
        if self.dpi == 203 { 8.0 } else { f64::from(self.dpi) / 25.4 }
    }

    /// Dots of a length, rounded.
    #[must_use]
    pub fn dots_of_mm(&self, millimetres: u16) -> u32 {
        // Millimetres of paper times dots of a thermal head stay far below the range of 32 bits.
        (f64::from(millimetres) * self.dots_per_mm()).round() as u32
    }
}

impl Default for PrinterProfile {
    fn default() -> Self {
        PrinterProfile::epson_tm(PaperWidth::Mm80)
    }
}

/// Why there is no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// No profile has that name.
    #[error("no printer profile is called `{name}`; known are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The model does not take the paper.
    #[error("the printer `{name}` does not take paper of {paper} mm")]
    Paper {
        /// The profile.
        name: String,
        /// The paper that was asked for.
        paper: PaperWidth,
    },
    /// The file is not of its form.
    #[error("the printer profile does not read: {0}")]
    Form(String),
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
