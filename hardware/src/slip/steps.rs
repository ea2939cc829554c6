//! From what is printed to how: the one list of steps from which the printer's bytes and the preview both come. Pure.
//!
//! Here it is decided what the printer draws itself and what it gets as a picture, and where lines break. Whoever takes a step
//! decides nothing more. Knows no command.

use qrcode::{EcLevel, QrCode};

use super::bitmap::{Bitmap, is_real_time};
use super::encoding::native_bytes;
use super::font_a::{CELL_HEIGHT, CELL_WIDTH};
use super::logo::{LogoKey, has_real_time, key_of, size_bytes};
use super::profile::{CodeDrawing, CutCommand, NvGraphics, PrinterProfile, RasterAlignment, RasterCommand};
use super::typeset::{SetLine, typeset, width_of};
use super::wrap::wrap;
use super::{Align, Block, LogoForm, SafeText, Slip, Symbology, TextLine, TextSize, Weight, barcode_modules};

/// Distance from line to line of normal text, in dots; set with each slip, because the printers' own differs from model to
/// model. A letter's cell of 24 dots has its own white above and below, so this reads as calmly as a book and saves paper.
pub(crate) const LINE_SPACING: u8 = 26;
/// Dots of a module of a barcode, where the paper is wide enough; one dot is too fine for old scanners.
const BARCODE_MODULES: [u8; 2] = [3, 2];

/// One thing that a printer does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A line in the printer's own letters.
    Line {
        /// Where it stands.
        align: Align,
        /// How large it is.
        size: TextSize,
        /// How dark it is.
        weight: Weight,
        /// Bytes of the page.
        bytes: Vec<u8>,
    },
    /// A solid line: underlined spaces at the greatest width.
    Rule {
        /// How many.
        spaces: usize,
    },
    /// A picture whose bytes are harmless, as wide as whole bytes are.
    Picture {
        /// Where it stands.
        align: Align,
        /// Its dots.
        picture: Bitmap,
    },
    /// A picture that the printer keeps.
    KeptPicture {
        /// Where it stands.
        align: Align,
        /// Under which it is kept.
        key: LogoKey,
        /// What it looks like.
        picture: Bitmap,
    },
    /// A QR code that the printer draws, in the middle.
    Qr {
        /// What it says.
        data: Vec<u8>,
        /// Dots of a module.
        module: u8,
        /// What it looks like.
        picture: Bitmap,
    },
    /// A barcode that the printer draws, in the middle.
    Barcode {
        /// Which kind.
        symbology: Symbology,
        /// What `GS k` takes.
        payload: Vec<u8>,
        /// Dots of a module.
        module: u8,
        /// Height in dots.
        height: u8,
        /// What it looks like.
        picture: Bitmap,
    },
    /// Blank paper, in dots; never two in a row.
    Feed(u32),
    /// The knife, and the paper up to it.
    Cut,
}

impl Step {
    /// Paper that it needs, in dots.
    pub(super) fn height(&self, profile: &PrinterProfile) -> u32 {
        match self {
            Step::Line { size, bytes, .. } => line_of(*size, bytes),
            Step::Rule { .. } => line_dots(TextSize::NORMAL),
            Step::Picture { picture, .. }
            | Step::KeptPicture { picture, .. }
            | Step::Qr { picture, .. }
            | Step::Barcode { picture, .. } => u32::try_from(picture.height()).unwrap_or(u32::MAX),
            Step::Feed(dots) => *dots,
            Step::Cut => profile.dots_of_mm(profile.feed_to_cutter_mm),
        }
    }
}

/// Height of a line of the printer's own letters with its spacing, in dots.
pub(super) fn line_dots(size: TextSize) -> u32 {
    u32::from(LINE_SPACING).max(u32::from(size.height()) * CELL_HEIGHT as u32)
}

/// Height of a line with these letters in it, in dots. Only letters make a line high: an empty one moves the paper by the spacing
/// alone, whatever size is set.
pub(super) fn line_of(size: TextSize, bytes: &[u8]) -> u32 {
    line_dots(if bytes.is_empty() { TextSize::NORMAL } else { size })
}

/// The steps of a slip.
pub(crate) fn steps(slip: &Slip, profile: &PrinterProfile) -> Vec<Step> {
    let mut builder = Builder { profile, steps: Vec::new() };
    for block in &slip.blocks {
        builder.block(block);
    }
    builder.steps
}

struct Builder<'a> {
    profile: &'a PrinterProfile,
    steps: Vec<Step>,
}

impl Builder<'_> {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Text(line) => self.text(line),
            Block::BigNumber { text, largest } => self.big_number(text, *largest),
            Block::Qr { data, module_dots } => self.qr(data, *module_dots),
            Block::Barcode { data, symbology, height_dots } => self.barcode(data, *symbology, *height_dots),
            Block::Logo { logo, align, form } => {
                let picture = logo.dots(self.profile);
                match (form, self.profile.nv_graphics) {
                    (LogoForm::Kept, NvGraphics::Supported) => {
                        self.steps.push(Step::KeptPicture { align: *align, key: key_of(&picture), picture });
                    }
                    (LogoForm::Kept, NvGraphics::Unsupported) | (LogoForm::Picture, _) => {
                        self.picture(*align, &picture);
                    }
                }
            }
            Block::Rule => {
                let spaces = self.width() / (CELL_WIDTH * usize::from(TextSize::WIDEST.width()));
                self.steps.push(Step::Rule { spaces });
            }
            Block::Ruler => self.picture(Align::Left, &ruler(self.profile)),
            Block::Feed { dots } => self.feed(u32::from(*dots)),
            Block::Cut => self.steps.push(Step::Cut),
        }
    }

    fn width(&self) -> usize {
        usize::from(self.profile.dots)
    }

    fn feed(&mut self, dots: u32) {
        match self.steps.last_mut() {
            Some(Step::Feed(before)) => *before += dots,
            Some(_) | None if dots > 0 => self.steps.push(Step::Feed(dots)),
            Some(_) | None => {}
        }
    }

    /// A paragraph in the printer's own letters if it has all of them, and otherwise as pictures. Letters that are too wide for
    /// one line become narrower before the line is broken.
    fn text(&mut self, line: &TextLine) {
        let TextLine { text, align, size, weight } = line;
        let bytes = native_bytes(text.as_str(), self.profile.code_page);
        let mut narrower = (1..=size.width()).rev().map(|width| TextSize::new(width, size.height()));
        let fits = |size: &TextSize| {
            let width = match &bytes {
                Some(bytes) => bytes.len() * usize::from(size.width()) * CELL_WIDTH,
                None => width_of(text.as_str(), *size, *weight),
            };
            width <= self.width()
        };
        let size = narrower.find(fits).unwrap_or(TextSize::new(1, size.height()));
        if let Some(bytes) = bytes {
            let columns = self.profile.columns() / usize::from(size.width());
            let line = |bytes| Step::Line { align: *align, size, weight: *weight, bytes };
            self.steps.extend(wrap(&bytes, columns).into_iter().map(line));
            return;
        }
        for SetLine { above, ink, below } in typeset(text.as_str(), size, *weight, self.width()) {
            self.feed(u32::try_from(above).unwrap_or_default());
            if let Some(ink) = ink {
                self.picture(*align, &ink);
            }
            self.feed(u32::try_from(below).unwrap_or_default());
        }
    }

    fn big_number(&mut self, text: &SafeText, largest: u8) {
        let bytes = native_bytes(text.as_str(), self.profile.code_page);
        let fits = |scale: &u8| {
            let width = match &bytes {
                Some(bytes) => bytes.len().max(1) * usize::from(*scale) * CELL_WIDTH,
                None => width_of(text.as_str(), TextSize::new(*scale, *scale), Weight::Bold),
            };
            width <= self.width()
        };
        let scale = (1..=largest.clamp(1, 8)).rev().find(fits).unwrap_or(1);
        let size = TextSize::new(scale, scale);
        self.text(&TextLine { text: text.clone(), align: Align::Centre, size, weight: Weight::Bold });
    }

    /// A picture, cut off at the paper's edge, in the form that the model needs.
    fn picture(&mut self, align: Align, picture: &Bitmap) {
        let picture = picture.cropped(0, 0, picture.width().min(self.width()), picture.height());
        let (align, mut picture) = match self.profile.raster_alignment {
            RasterAlignment::Command => (align, picture.harmless()),
            RasterAlignment::Padding => {
                let left = indent(align, picture.width(), self.width());
                (Align::Left, picture.placed(left, left + picture.width()).harmless())
            }
        };
        match self.profile.raster {
            RasterCommand::GsV0 => {}
            RasterCommand::Graphics => {
                while has_real_time(&size_bytes(&picture)[..2]) {
                    picture = picture.placed(0, picture.width() + 8);
                }
            }
        }
        self.steps.push(Step::Picture { align, picture });
    }

    /// A code as large as wanted where the paper is wide enough. What no code of this paper can hold is printed as text, because
    /// a slip must not lose its address silently.
    fn qr(&mut self, data: &SafeText, module_dots: u8) {
        let bytes = data.as_str().as_bytes();
        let code = QrCode::with_error_correction_level(bytes, EcLevel::M).ok().filter(|_| !bytes.is_empty());
        let Some(code) = code.filter(|code| code.width() <= self.width()) else {
            self.plain(data);
            return;
        };
        let modules = code.width();
        let widest = u8::try_from((self.width() / modules).clamp(1, 16)).unwrap_or(1);
        let module = module_dots.clamp(1, 16).min(widest);
        let side = usize::from(module);
        let mut picture = Bitmap::white(modules * side, modules * side);
        for (at, colour) in code.to_colors().into_iter().enumerate() {
            if colour == qrcode::Color::Dark {
                picture.fill(at % modules * side, at / modules * side, side, side);
            }
        }
        // The command counts its data in two bytes, which may read like a real-time command.
        let [low, high] = u16::try_from(bytes.len() + 3).unwrap_or(u16::MAX).to_le_bytes();
        match self.profile.qr {
            CodeDrawing::Native if !is_real_time([low, high]) => {
                self.steps.push(Step::Qr { data: bytes.to_vec(), module, picture });
            }
            CodeDrawing::Native | CodeDrawing::Raster => self.picture(Align::Centre, &picture),
        }
    }

    fn barcode(&mut self, data: &SafeText, symbology: Symbology, height: u8) {
        let bars = symbology.payload(data.as_str()).and_then(|payload| {
            let (_, modules) = barcode_modules(symbology.kind(), &payload)?;
            let fits = |module: &u8| modules.len() * usize::from(*module) <= self.width();
            Some((BARCODE_MODULES.into_iter().find(fits)?, payload, modules))
        });
        let Some((module, payload, modules)) = bars else {
            self.plain(data);
            return;
        };
        let side = usize::from(module);
        let height = height.max(16);
        let mut picture = Bitmap::white(modules.len() * side, usize::from(height));
        for (at, _) in modules.iter().enumerate().filter(|(_, black)| **black) {
            picture.fill(at * side, 0, side, usize::from(height));
        }
        match self.profile.barcode {
            CodeDrawing::Native => self.steps.push(Step::Barcode { symbology, payload, module, height, picture }),
            CodeDrawing::Raster => self.picture(Align::Centre, &picture),
        }
    }

    fn plain(&mut self, text: &SafeText) {
        let (size, weight) = (TextSize::NORMAL, Weight::Regular);
        self.text(&TextLine { text: text.clone(), align: Align::Centre, size, weight });
    }
}

/// White dots before something of this width.
pub(super) fn indent(align: Align, width: usize, paper: usize) -> usize {
    let free = paper.saturating_sub(width);
    match align {
        Align::Left => 0,
        Align::Centre => free / 2,
        Align::Right => free,
    }
}

/// Whether paper is moved up to a knife, or only far enough to tear.
pub(crate) fn has_knife(profile: &PrinterProfile) -> bool {
    match profile.cut {
        CutCommand::Partial | CutCommand::Full => true,
        CutCommand::None => false,
    }
}

/// A frame as wide as the paper can be printed, with a mark for each millimetre on its upper side, longer ones for five and ten.
fn ruler(profile: &PrinterProfile) -> Bitmap {
    let (width, height) = (usize::from(profile.dots), profile.dots_of_mm(8) as usize);
    let mut ruler = Bitmap::white(width, height);
    for (left, top, across, down) in
        [(0, 0, width, 2), (0, height - 2, width, 2), (0, 0, 2, height), (width - 2, 0, 2, height)]
    {
        ruler.fill(left, top, across, down);
    }
    let millimetres = (width as f64 / profile.dots_per_mm()) as u16;
    for millimetre in 1..=millimetres {
        let down = match millimetre {
            ten if ten % 10 == 0 => 4,
            five if five % 5 == 0 => 3,
            _ => 2,
        };
        ruler.fill(profile.dots_of_mm(millimetre) as usize, 0, 1, profile.dots_of_mm(down) as usize);
    }
    ruler
}
