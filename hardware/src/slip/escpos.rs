//! From the steps of a slip to ESC/POS bytes. Pure: same slip and profile, same bytes.
//!
//! The bytes are written directly and not through the `escpos` crate. What a slip needs is some twenty short commands, and of
//! those the crate has four wrong for us (code page tables, QR model, partial cut, no fence), so that using it would mean
//! checking every byte of it and still writing the rest by hand. Sources: Epson's ESC/POS command reference.

use super::bitmap::Bitmap;
use super::logo::{graphics_length, has_real_time, print_logo, size_bytes};
use super::profile::{CutCommand, DoubleByte, MotionUnits, PrinterProfile, RasterCommand, Smoothing};
use super::steps::{LINE_SPACING, Step, has_knife, steps};
use super::{Align, Slip, TextSize, Weight};

/// `ESC @`: back to the state after power-on.
pub(crate) const INITIALISE: [u8; 2] = [0x1B, b'@'];
/// Pictures go out in strips of at most this many rows: many printers have no memory for more in one piece.
const STRIP_ROWS: usize = 128;

/// A slip ready to be sent, parted where the driver puts its fences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintJob {
    /// Everything before the last cut, beginning with `ESC @`.
    pub body: Vec<u8>,
    /// The last cut, or nothing.
    pub cut: Vec<u8>,
    /// Length of paper it needs, in millimetres, with the feed to the knife; the waiting time is reckoned from it.
    pub height_mm: u32,
}

impl PrintJob {
    /// A job from bytes that something else made, for example a file. A cut at their very end is recognised.
    #[must_use]
    pub fn from_bytes(bytes: &[u8], height_mm: u32) -> Self {
        let mut at = bytes.len();
        if bytes.len() >= 4 && matches!(bytes[bytes.len() - 4..], [0x1D, b'V', 65 | 66, _]) {
            at = bytes.len() - 4;
        } else if bytes.len() >= 3 && matches!(bytes[bytes.len() - 3..], [0x1D, b'V', 0 | 1 | 48 | 49]) {
            at = bytes.len() - 3;
        }
        PrintJob { body: bytes[..at].to_vec(), cut: bytes[at..].to_vec(), height_mm }
    }

    /// Body and cut in one piece.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        let mut bytes = self.body;
        bytes.extend_from_slice(&self.cut);
        bytes
    }
}

/// The bytes of a slip, without any fence: what a file or a spooler gets.
#[must_use]
pub fn render_bytes(slip: &Slip, profile: &PrinterProfile) -> Vec<u8> {
    render_job(slip, profile).into_bytes()
}

/// The bytes of a slip, parted at its last cut if that is the last block.
#[must_use]
pub fn render_job(slip: &Slip, profile: &PrinterProfile) -> PrintJob {
    let steps = steps(slip, profile);
    let dots: u32 = steps.iter().map(|step| step.height(profile)).sum();
    let (before, last) = match steps.split_last() {
        Some((Step::Cut, before)) => (before, Some(&Step::Cut)),
        Some(_) | None => (steps.as_slice(), None),
    };
    let mut writer = Writer::new(profile);
    for step in before {
        writer.step(step);
    }
    let body = std::mem::take(&mut writer.bytes);
    if let Some(cut) = last {
        writer.step(cut);
    }
    let height_mm = (f64::from(dots) / profile.dots_per_mm()).ceil() as u32;
    PrintJob { body, cut: writer.bytes, height_mm }
}

/// Collects bytes and remembers the printer's mode, so that a mode is only sent when it changes.
struct Writer<'a> {
    profile: &'a PrinterProfile,
    bytes: Vec<u8>,
    align: Align,
    size: TextSize,
    weight: Weight,
}

impl<'a> Writer<'a> {
    fn new(profile: &'a PrinterProfile) -> Self {
        let mut bytes = Vec::with_capacity(512);
        bytes.extend_from_slice(&INITIALISE);
        match profile.double_byte {
            DoubleByte::Never => {}
            DoubleByte::MayBeOn => bytes.extend_from_slice(&[0x1C, b'.']),
        }
        if let Some(page) = profile.code_page {
            bytes.extend_from_slice(&[0x1B, b't', page.number]);
        }
        // International set 0 keeps `#$@[\]^{|}~` what they are, whatever the DIP switches say.
        bytes.extend_from_slice(&[0x1B, b'R', 0]);
        match profile.smoothing {
            Smoothing::Supported => bytes.extend_from_slice(&[0x1D, b'b', 1]),
            Smoothing::Unsupported => {}
        }
        match profile.motion_units {
            MotionUnits::Set => {
                let unit = u8::try_from(profile.dpi).unwrap_or(203);
                bytes.extend_from_slice(&[0x1D, b'P', unit, unit]);
            }
            MotionUnits::Dots => {}
        }
        bytes.extend_from_slice(&[0x1B, b'3', LINE_SPACING]);
        Writer { profile, bytes, align: Align::Left, size: TextSize::NORMAL, weight: Weight::Regular }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Line { align, size, weight, bytes } => {
                self.mode(*align, *size, *weight);
                self.bytes.extend_from_slice(bytes);
                self.bytes.push(b'\n');
            }
            Step::Rule { spaces } => {
                self.mode(Align::Centre, TextSize::WIDEST, Weight::Regular);
                self.bytes.extend_from_slice(&[0x1B, b'-', 2]);
                self.bytes.extend(std::iter::repeat_n(b' ', *spaces));
                self.bytes.extend_from_slice(&[b'\n', 0x1B, b'-', 0]);
            }
            Step::Picture { align, picture } => {
                self.align(*align);
                self.picture(picture);
            }
            Step::KeptPicture { align, key, picture: _ } => {
                self.align(*align);
                self.bytes.extend_from_slice(&print_logo(*key));
            }
            Step::Qr { data, module, picture: _ } => self.qr(data, *module),
            Step::Barcode { symbology, payload, module, height, picture: _ } => {
                self.align(Align::Centre);
                self.bytes.extend_from_slice(&[0x1D, b'h', *height, 0x1D, b'w', *module]);
                let length = u8::try_from(payload.len()).unwrap_or(u8::MAX);
                self.bytes.extend_from_slice(&[0x1D, b'k', symbology.kind(), length]);
                self.bytes.extend_from_slice(&payload[..usize::from(length)]);
            }
            Step::Feed(dots) => self.feed(*dots),
            Step::Cut if has_knife(self.profile) => {
                let kind = match self.profile.cut {
                    CutCommand::Partial | CutCommand::None => 66,
                    CutCommand::Full => 65,
                };
                self.bytes.extend_from_slice(&[0x1D, b'V', kind, 0]);
            }
            Step::Cut => self.feed(self.profile.dots_of_mm(self.profile.feed_to_cutter_mm)),
        }
    }

    fn align(&mut self, align: Align) {
        if self.align != align {
            let code = match align {
                Align::Left => 0,
                Align::Centre => 1,
                Align::Right => 2,
            };
            self.bytes.extend_from_slice(&[0x1B, b'a', code]);
            self.align = align;
        }
    }

    fn mode(&mut self, align: Align, size: TextSize, weight: Weight) {
        self.align(align);
        if self.size != size {
            self.bytes.extend_from_slice(&[0x1D, b'!', (size.width() - 1) << 4 | (size.height() - 1)]);
            self.size = size;
        }
        if self.weight != weight {
            let code = match weight {
                Weight::Regular => 0,
                Weight::Bold => 1,
            };
            self.bytes.extend_from_slice(&[0x1B, b'E', code]);
            self.weight = weight;
        }
    }

    /// A unit of feed is one dot: either the model has it so, or `GS P` made it so.
    fn feed(&mut self, dots: u32) {
        let mut left = dots;
        while let Some(part) = std::num::NonZeroU32::new(left.min(255)) {
            self.bytes.extend_from_slice(&[0x1B, b'J', u8::try_from(part.get()).unwrap_or(u8::MAX)]);
            left -= part.get();
        }
    }

    fn picture(&mut self, picture: &Bitmap) {
        let mut top = 0;
        while top < picture.height() {
            let rows = match self.profile.raster {
                RasterCommand::GsV0 => STRIP_ROWS,
                // The number of bytes must not read like a real-time command either.
                RasterCommand::Graphics => (1..=STRIP_ROWS)
                    .rev()
                    .find(|rows| !has_real_time(&graphics_length(10 + picture.width() / 8 * rows)))
                    .unwrap_or(1),
            };
            let strip = picture.strip(top, top + rows);
            let [x_low, x_high, y_low, y_high] = size_bytes(&strip);
            match self.profile.raster {
                RasterCommand::GsV0 => {
                    let width = u8::try_from(strip.width() / 8).unwrap_or(u8::MAX);
                    self.bytes.extend_from_slice(&[0x1D, b'v', b'0', 0, width, 0, y_low, y_high]);
                    self.bytes.extend(strip.pack());
                }
                RasterCommand::Graphics => {
                    let data = strip.pack();
                    self.bytes.extend(graphics_length(10 + data.len()));
                    self.bytes.extend_from_slice(&[48, 112, 48, 1, 1, 49, x_low, x_high, y_low, y_high]);
                    self.bytes.extend(data);
                    self.bytes.extend_from_slice(&[0x1D, b'(', b'L', 2, 0, 48, 50]);
                }
            }
            top += strip.height();
        }
    }

    /// The printer draws the code itself: 40 bytes and the data instead of a picture of 3 kilobytes.
    fn qr(&mut self, data: &[u8], module: u8) {
        self.align(Align::Centre);
        let [low, high] = u16::try_from(data.len() + 3).unwrap_or(u16::MAX).to_le_bytes();
        self.bytes.extend_from_slice(&[0x1D, b'(', b'k', 4, 0, b'1', b'A', b'2', 0]); // model 2
        self.bytes.extend_from_slice(&[0x1D, b'(', b'k', 3, 0, b'1', b'C', module]); // dots of a module
        self.bytes.extend_from_slice(&[0x1D, b'(', b'k', 3, 0, b'1', b'E', b'1']); // error correction M
        self.bytes.extend_from_slice(&[0x1D, b'(', b'k', low, high, b'1', b'P', b'0']); // store
        self.bytes.extend_from_slice(data);
        self.bytes.extend_from_slice(&[0x1D, b'(', b'k', 3, 0, b'1', b'Q', b'0']); // print
    }
}

#[cfg(test)]
#[path = "escpos_tests.rs"]
mod tests;
