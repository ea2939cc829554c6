//! What is printed, as plain values, and the pure way from those values to the bytes of an ESC/POS printer.
//!
//! The way: [`Slip`] and [`PrinterProfile`] -> steps (what the printer draws itself, what it gets as a picture, where lines
//! break) -> bytes ([`render_job`]) and picture ([`preview()`]), both from the same steps. Nothing here opens a device, looks
//! at a clock or knows what a ticket is. Text enters only as [`SafeText`], so that no service name, however hostile, can become
//! a printer command.

mod barcode;
mod bitmap;
mod encoding;
mod escpos;
pub(crate) mod font_a;
mod logo;
mod preview;
mod profile;
mod profile_file;
mod safe_text;
pub(crate) mod steps;
mod typeset;
mod wrap;

pub use barcode::Symbology;
pub(crate) use barcode::barcode_modules;
pub(crate) use bitmap::Bitmap;
pub(crate) use escpos::INITIALISE;
pub use escpos::{PrintJob, render_bytes, render_job};
pub use logo::{
    KeptLogo, KeptLogos, Logo, LogoError, LogoKey, ask_kept_logos, define_logo, forget_logo, kept_logos, print_logo,
};
pub use preview::preview;
pub(crate) use preview::sheet;
pub use profile::{
    CodeDrawing, CodePage, CodeTable, CutCommand, DoubleByte, Fence, MotionUnits, NvGraphics, PaperWidth,
    PrinterProfile, ProfileError, Provenance, ProvenanceKind, RasterAlignment, RasterCommand, Smoothing,
    UnknownPaperWidth,
};
pub use safe_text::SafeText;

/// Where a line stands between the left and the right edge of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// At the left edge.
    Left,
    /// In the middle; what a slip mostly wants.
    #[default]
    Centre,
    /// At the right edge.
    Right,
}

/// How dark the strokes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weight {
    /// The printer's normal strokes.
    #[default]
    Regular,
    /// Emphasised.
    Bold,
}

/// Magnification of the printer's font A (12 x 24 dots), each way 1 to 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextSize {
    width: u8,
    height: u8,
}

impl TextSize {
    /// One cell as the printer has it.
    pub const NORMAL: TextSize = TextSize { width: 1, height: 1 };
    /// As wide as normal text and twice as high: reads well and still carries a whole line.
    pub const TALL: TextSize = TextSize { width: 1, height: 2 };
    /// Twice as wide and twice as high.
    pub const DOUBLE: TextSize = TextSize { width: 2, height: 2 };
    /// As wide as there is; for rules.
    pub(crate) const WIDEST: TextSize = TextSize { width: 8, height: 1 };

    /// Any magnification; values outside 1 to 8 are brought to the nearest one that the printers have.
    #[must_use]
    pub fn new(width: u8, height: u8) -> Self {
        TextSize { width: width.clamp(1, 8), height: height.clamp(1, 8) }
    }

    /// Horizontal magnification, 1 to 8.
    #[must_use]
    pub fn width(self) -> u8 {
        self.width
    }

    /// Vertical magnification, 1 to 8.
    #[must_use]
    pub fn height(self) -> u8 {
        self.height
    }
}

impl Default for TextSize {
    fn default() -> Self {
        TextSize::NORMAL
    }
}

/// A paragraph of text; it wraps at the paper's width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextLine {
    /// What is read.
    pub text: SafeText,
    /// Where it stands.
    pub align: Align,
    /// How large it is.
    pub size: TextSize,
    /// How dark it is.
    pub weight: Weight,
}

/// How a logo gets to the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogoForm {
    /// As a picture with each slip: right on every printer, at the cost of its bytes.
    #[default]
    Picture,
    /// By its key, 11 bytes. Only whoever has found out that the printer keeps it may say so: a printer prints nothing for a key
    /// that it does not know. Models without such a memory get the picture all the same.
    Kept,
}

/// One thing on the paper, from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Text(TextLine),
    /// The largest thing on the slip: shown at `largest` times the font where the paper is wide enough, smaller otherwise,
    /// always on one line as long as one line can hold it.
    BigNumber {
        /// What is read, for example `A045`.
        text: SafeText,
        /// Wanted magnification, 1 to 8.
        largest: u8,
    },
    /// A QR code, model 2, error correction M, as large as `module_dots` where the paper is wide enough.
    Qr {
        /// What a telephone reads, for example an address.
        data: SafeText,
        /// Wanted side of one module in dots, 1 to 16.
        module_dots: u8,
    },
    /// A barcode in the middle. What has no bars, or is too long for the paper, is printed as text.
    Barcode {
        /// What a scanner reads, for example `A045`.
        data: SafeText,
        /// The kind of barcode.
        symbology: Symbology,
        /// Height in dots, at least 16.
        height_dots: u8,
    },
    /// A logo.
    Logo {
        /// The picture.
        logo: Logo,
        /// Where it stands.
        align: Align,
        /// How it gets to the printer.
        form: LogoForm,
    },
    /// A solid line over the paper's whole width.
    Rule,
    /// A frame over the paper's whole width with a mark for each millimetre, for a test slip.
    Ruler,
    /// Blank paper, in dots (8 dots are one millimetre on a 203 dpi printer).
    Feed {
        /// Height in dots.
        dots: u8,
    },
    /// The knife. The last cut of a slip is placed between the two fences that prove the slip.
    Cut,
}

/// What is printed: blocks from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slip {
    /// The blocks, top first.
    pub blocks: Vec<Block>,
}

impl Slip {
    /// A slip with nothing on it.
    #[must_use]
    pub fn new() -> Self {
        Slip::default()
    }

    /// Adds any block.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// Adds a centred paragraph in normal size.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.styled(text, Align::Centre, TextSize::NORMAL, Weight::Regular)
    }

    /// Adds a paragraph in full control of its look.
    #[must_use]
    pub fn styled(self, text: &str, align: Align, size: TextSize, weight: Weight) -> Self {
        self.block(Block::Text(TextLine { text: SafeText::new(text), align, size, weight }))
    }

    /// Adds the big number.
    #[must_use]
    pub fn big_number(self, text: &str, largest: u8) -> Self {
        self.block(Block::BigNumber { text: SafeText::new(text), largest })
    }

    /// Adds a QR code.
    #[must_use]
    pub fn qr(self, data: &str, module_dots: u8) -> Self {
        self.block(Block::Qr { data: SafeText::new(data), module_dots })
    }

    /// Adds a barcode.
    #[must_use]
    pub fn barcode(self, data: &str, symbology: Symbology, height_dots: u8) -> Self {
        self.block(Block::Barcode { data: SafeText::new(data), symbology, height_dots })
    }

    /// Adds a logo in the middle.
    #[must_use]
    pub fn logo(self, logo: Logo) -> Self {
        self.block(Block::Logo { logo, align: Align::Centre, form: LogoForm::Picture })
    }

    /// The logos on it; see [`Slip::with_kept_logos`].
    pub fn logos(&self) -> impl Iterator<Item = &Logo> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Logo { logo, .. } => Some(logo),
            Block::Text(_)
            | Block::BigNumber { .. }
            | Block::Qr { .. }
            | Block::Barcode { .. }
            | Block::Rule
            | Block::Ruler
            | Block::Feed { .. }
            | Block::Cut => None,
        })
    }

    /// The same slip for a printer that is known to keep all its logos ([`define_logo`], [`kept_logos`]).
    #[must_use]
    pub fn with_kept_logos(mut self) -> Self {
        for block in &mut self.blocks {
            if let Block::Logo { form, .. } = block {
                *form = LogoForm::Kept;
            }
        }
        self
    }

    /// Adds a frame with marks for millimetres.
    #[must_use]
    pub fn ruler(self) -> Self {
        self.block(Block::Ruler)
    }

    /// Adds a line over the whole width.
    #[must_use]
    pub fn rule(self) -> Self {
        self.block(Block::Rule)
    }

    /// Adds blank paper, in dots.
    #[must_use]
    pub fn feed(self, dots: u8) -> Self {
        self.block(Block::Feed { dots })
    }

    /// Adds a cut.
    #[must_use]
    pub fn cut(self) -> Self {
        self.block(Block::Cut)
    }
}
