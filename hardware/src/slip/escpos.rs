//! From a [`Slip`] to ESC/POS bytes. Pure: same slip and profile, same bytes.
//!
//! The bytes are written directly and not through the `escpos` crate. What a slip needs is fifteen short commands, and of
//! those the crate has four wrong for us (code page tables, QR model, partial cut, no fence), so that using it would mean
//! checking every byte of it and still writing the rest by hand. Sources: Epson's ESC/POS command reference.

use qrcode::{EcLevel, QrCode};

use super::encoding::{Printed, printed};
use super::layout::{Cell, cells, wrap};
use super::profile::{DoubleByte, PrinterProfile, Smoothing};
use super::{Align, Block, SafeText, Slip, TextLine, TextSize, Weight};

/// Height of a line of normal text with its spacing, in dots; the printers' own default.
const LINE_DOTS: u32 = 30;
/// Width of one cell of font A in dots.
const CELL_DOTS: u16 = 12;
/// Height of one cell of font A in dots.
const CELL_HEIGHT_DOTS: u32 = 24;
/// `ESC @`: back to the state after power-on.
pub(crate) const INITIALISE: [u8; 2] = [0x1B, b'@'];
/// `GS V 66 0`: feed to the knife and cut, leaving one point uncut so that the slip does not fall on the floor.
const PARTIAL_CUT: [u8; 4] = [0x1D, b'V', 66, 0];

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
    let (blocks, ends_with_cut) = match slip.blocks.split_last() {
        Some((Block::Cut, before)) => (before, true),
        Some((Block::Text(_) | Block::BigNumber { .. } | Block::Qr { .. } | Block::Rule | Block::Feed { .. }, _))
        | None => (slip.blocks.as_slice(), false),
    };
    let mut writer = Writer::new(profile);
    for block in blocks {
        writer.block(block);
    }
    let mut cut = Vec::new();
    if ends_with_cut {
        cut.extend_from_slice(&PARTIAL_CUT);
        writer.height_dots += writer.feed_to_cutter_dots();
    }
    PrintJob {
        height_mm: (f64::from(writer.height_dots) / profile.dots_per_mm()).ceil() as u32,
        body: writer.bytes,
        cut,
    }
}

/// Collects bytes and remembers the printer's mode, so that a mode is only sent when it changes.
struct Writer<'a> {
    profile: &'a PrinterProfile,
    bytes: Vec<u8>,
    height_dots: u32,
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
        // Page 16 is WPC1252; international set 0 keeps `#$@[\]^{|}~` what they are, whatever the DIP switches say.
        bytes.extend_from_slice(&[0x1B, b't', 16, 0x1B, b'R', 0]);
        match profile.smoothing {
            Smoothing::Supported => bytes.extend_from_slice(&[0x1D, b'b', 1]),
            Smoothing::Unsupported => {}
        }
        Writer { profile, bytes, height_dots: 0, align: Align::Left, size: TextSize::NORMAL, weight: Weight::Regular }
    }

    fn feed_to_cutter_dots(&self) -> u32 {
        self.profile.dots_of_mm(self.profile.feed_to_cutter_mm)
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Text(line) => self.text(line),
            Block::BigNumber { text, largest } => self.big_number(text, *largest),
            Block::Qr { data, module_dots } => self.qr(data, *module_dots),
            Block::Rule => self.rule(),
            Block::Feed { dots } => {
                self.bytes.extend_from_slice(&[0x1B, b'J', *dots]);
                self.height_dots += u32::from(*dots);
            }
            Block::Cut => {
                self.bytes.extend_from_slice(&PARTIAL_CUT);
                self.height_dots += self.feed_to_cutter_dots();
            }
        }
    }

    fn mode(&mut self, align: Align, size: TextSize, weight: Weight) {
        if self.align != align {
            let code = match align {
                Align::Left => 0,
                Align::Centre => 1,
                Align::Right => 2,
            };
            self.bytes.extend_from_slice(&[0x1B, b'a', code]);
            self.align = align;
        }
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

    fn text(&mut self, line: &TextLine) {
        self.mode(line.align, line.size, line.weight);
        let columns = self.profile.columns() / usize::from(line.size.width());
        for cells in wrap(line.text.as_str(), columns) {
            self.line(&cells);
        }
    }

    /// One line of cells and its line feed. A box is a white question mark on black: it cannot be mistaken for a typed one,
    /// and every printer has it.
    fn line(&mut self, cells: &[Cell]) {
        let mut inside_box = false;
        for cell in cells {
            match cell {
                Cell::Byte(byte) => {
                    if inside_box {
                        self.bytes.extend_from_slice(&[0x1D, b'B', 0]);
                    }
                    inside_box = false;
                    self.bytes.push(*byte);
                }
                Cell::Box => {
                    if !inside_box {
                        self.bytes.extend_from_slice(&[0x1D, b'B', 1]);
                    }
                    inside_box = true;
                    self.bytes.push(b'?');
                }
            }
        }
        if inside_box {
            self.bytes.extend_from_slice(&[0x1D, b'B', 0]);
        }
        self.line_feed();
    }

    fn line_feed(&mut self) {
        self.bytes.push(b'\n');
        self.height_dots += LINE_DOTS.max(CELL_HEIGHT_DOTS * u32::from(self.size.height()));
    }

    fn big_number(&mut self, text: &SafeText, largest: u8) {
        let count = cells(text.as_str()).len().max(1);
        let fits = |scale: &u8| count * usize::from(*scale) * usize::from(CELL_DOTS) <= usize::from(self.dots());
        let scale = (1..=largest.clamp(1, 8)).rev().find(fits).unwrap_or(1);
        let size = TextSize::new(scale, scale);
        self.text(&TextLine { text: text.clone(), align: Align::Centre, size, weight: Weight::Bold });
    }

    fn dots(&self) -> u16 {
        self.profile.dots
    }

    /// A solid line: underlined spaces at the greatest width, 19 bytes instead of 48 hyphens that leave gaps.
    fn rule(&mut self) {
        let widest = TextSize::new(8, 1);
        self.mode(Align::Centre, widest, Weight::Regular);
        self.bytes.extend_from_slice(&[0x1B, b'-', 2]);
        let spaces = self.dots() / (CELL_DOTS * u16::from(widest.width()));
        self.bytes.extend(std::iter::repeat_n(b' ', usize::from(spaces)));
        self.line_feed();
        self.bytes.extend_from_slice(&[0x1B, b'-', 0]);
    }

    /// The printer draws the code itself: 40 bytes and the data instead of a picture of 10 kilobytes. Data that no code of
    /// this paper's width can hold is printed as text, because a slip must not lose its address silently.
    fn qr(&mut self, data: &SafeText, module_dots: u8) {
        let bytes = data.as_str().as_bytes();
        let code = QrCode::with_error_correction_level(bytes, EcLevel::M).ok();
        let length = u16::try_from(bytes.len() + 3).ok();
        let modules = code.and_then(|code| u16::try_from(code.width()).ok());
        let (Some(modules), Some(length), false) = (modules, length, bytes.is_empty()) else {
            let size = TextSize::NORMAL;
            self.text(&TextLine { text: data.clone(), align: Align::Centre, size, weight: Weight::Regular });
            return;
        };
        let widest = u8::try_from((self.dots() / modules).clamp(1, 16)).unwrap_or(1);
        let side = module_dots.clamp(1, 16).min(widest);
        self.mode(Align::Centre, self.size, self.weight);
        let [low, high] = length.to_le_bytes();
        self.bytes.extend_from_slice(&[0x1D, b'(', b'k', 4, 0, b'1', b'A', b'2', 0]); // model 2
        self.bytes.extend_from_slice(&[0x1D, b'(', b'k', 3, 0, b'1', b'C', side]); // dots of a module
        self.bytes.extend_from_slice(&[0x1D, b'(', b'k', 3, 0, b'1', b'E', b'1']); // error correction M
        self.bytes.extend_from_slice(&[0x1D, b'(', b'k', low, high, b'1', b'P', b'0']); // store
        self.bytes.extend_from_slice(bytes);
        self.bytes.extend_from_slice(&[0x1D, b'(', b'k', 3, 0, b'1', b'Q', b'0']); // print
        self.height_dots += u32::from(modules) * u32::from(side);
    }
}

/// True when every character of the text can be shown as itself with the code page that slips use.
#[must_use]
pub fn is_covered(text: &SafeText) -> bool {
    text.as_str().chars().all(|character| printed(character) != Printed::Box)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::slip::PaperWidth;

    fn profile() -> PrinterProfile {
        PrinterProfile::epson_tm(PaperWidth::Mm80)
    }

    /// What the printer is told before the first block; known, so that the rest can be looked at alone.
    fn after_preamble(bytes: &[u8]) -> &[u8] {
        let preamble = Writer::new(&profile()).bytes;
        assert_eq!(bytes[..preamble.len()], preamble[..]);
        &bytes[preamble.len()..]
    }

    #[test]
    fn french_reaches_the_printer_in_its_own_code_page() {
        let slip = Slip::new().styled("HÔPITAL — 12 €", Align::Left, TextSize::NORMAL, Weight::Regular);
        let bytes = render_bytes(&slip, &profile());
        assert!(bytes.windows(3).any(|window| window == [0x1B, b't', 16]));
        assert_eq!(after_preamble(&bytes), b"H\xD4PITAL \x97 12 \x80\n");
    }

    #[test]
    fn what_the_page_lacks_is_a_visible_box() {
        let slip = Slip::new().styled("Ŋ 中中", Align::Left, TextSize::NORMAL, Weight::Regular);
        let bytes = render_bytes(&slip, &profile());
        assert_eq!(after_preamble(&bytes), b"\x1DB\x01?\x1DB\x00 \x1DB\x01??\x1DB\x00\n");
    }

    #[test]
    fn the_cut_is_partial_and_parted_from_the_body() {
        let job = render_job(&Slip::new().text("a").cut(), &profile());
        assert_eq!(job.cut, [0x1D, 0x56, 66, 0]);
        assert_eq!(job.body.last(), Some(&b'\n'));
        assert_eq!(job.height_mm, 16, "30 dots of text are 4 mm, the feed to the knife 12 mm");
        assert_eq!(PrintJob::from_bytes(&job.clone().into_bytes(), 16), job);
    }

    #[test]
    fn the_code_is_model_2_with_error_correction_m() {
        let bytes = render_bytes(&Slip::new().qr("https://a.example/t/1", 6), &profile());
        let model = [0x1D, 0x28, 0x6B, 4, 0, 0x31, 0x41, 0x32, 0];
        let level = [0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x45, 0x31];
        let store = [&[0x1D, 0x28, 0x6B, 24, 0, 0x31, 0x50, 0x30][..], b"https://a.example/t/1"].concat();
        for wanted in [&model[..], &level[..], &store[..]] {
            assert!(bytes.windows(wanted.len()).any(|window| window == wanted), "{wanted:02X?}");
        }
    }

    #[test]
    fn a_code_too_wide_for_the_paper_shrinks_and_one_too_long_becomes_text() {
        let narrow = PrinterProfile::epson_tm(PaperWidth::Mm58);
        let long = "x".repeat(400);
        let bytes = render_bytes(&Slip::new().qr(&long, 16), &narrow);
        let at = bytes.windows(7).position(|window| window == [0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x43]).expect("size");
        let modules = QrCode::with_error_correction_level(&long, EcLevel::M).expect("fits a code").width();
        assert!(usize::from(bytes[at + 7]) * modules <= 384);

        let endless = "y".repeat(5000);
        let bytes = render_bytes(&Slip::new().qr(&endless, 6), &narrow);
        assert_eq!(bytes.iter().filter(|byte| **byte == b'y').count(), 5000);
    }

    #[test]
    fn the_big_number_takes_the_largest_size_that_fits_on_one_line() {
        let size_of = |text: &str, paper| {
            let bytes = render_bytes(&Slip::new().big_number(text, 8), &PrinterProfile::epson_tm(paper));
            let at = bytes.windows(2).position(|window| window == [0x1D, b'!']).expect("a size");
            bytes[at + 2]
        };
        assert_eq!(size_of("A045", PaperWidth::Mm80), 0x77);
        assert_eq!(size_of("A045", PaperWidth::Mm58), 0x77);
        assert_eq!(size_of("ABC1045", PaperWidth::Mm58), 0x33);
    }

    /// The commands that [`render_bytes`] may write, parsed; anything else is a hole in the wall.
    fn only_known_commands(mut bytes: &[u8]) -> Result<(), String> {
        while let Some(first) = bytes.first() {
            let length = match bytes {
                [b'\n' | 0x20..=0x7E | 0x80..=0xFF, ..] => 1,
                [0x1B, b'@', ..] | [0x1C, b'.', ..] => 2,
                [0x1B, b't', 16, ..] | [0x1B, b'R', 0, ..] | [0x1B, b'a', 0..=2, ..] | [0x1B, b'E', 0 | 1, ..] => 3,
                [0x1B, b'-', 0 | 2, ..] | [0x1B, b'J', _, ..] => 3,
                [0x1D, b'b', 1, ..] | [0x1D, b'!', ..] | [0x1D, b'B', 0 | 1, ..] => 3,
                [0x1D, b'V', 66, 0, ..] => 4,
                [0x1D, b'(', b'k', low, high, ..] => 5 + usize::from(u16::from_le_bytes([*low, *high])),
                _ => return Err(format!("byte {first:02X} at {} from the end", bytes.len())),
            };
            bytes = bytes.get(length..).ok_or("cut off command")?;
        }
        Ok(())
    }

    /// Any text at all, with as many control characters as letters.
    fn hostile() -> impl Strategy<Value = String> {
        let commands =
            prop::sample::select(vec!['\u{1B}', '\u{1D}', '\u{10}', '\u{1C}', '\0', '@', 'V', 'p', '\u{4}', '\u{14}']);
        let control = prop::char::range('\0', '\u{1F}');
        let high_control = prop::char::range('\u{7F}', '\u{9F}');
        let characters = prop_oneof![commands, control, high_control, any::<char>()];
        prop::collection::vec(characters, 0..200).prop_map(|characters| characters.into_iter().collect())
    }

    proptest! {
        #[test]
        fn no_text_becomes_a_command(text in hostile(), narrow in any::<bool>()) {
            let paper = if narrow { PaperWidth::Mm58 } else { PaperWidth::Mm80 };
            let slip = Slip::new().text(&text).big_number(&text, 8).qr(&text, 6).rule().cut();
            for profile in [PrinterProfile::epson_tm(paper), PrinterProfile::generic(paper)] {
                let bytes = render_bytes(&slip, &profile);
                prop_assert_eq!(only_known_commands(&bytes), Ok(()));
                let cuts = bytes.windows(2).filter(|window| window == b"\x1DV").count();
                prop_assert_eq!(cuts, 1, "only the slip's own cut");
                let real_time = bytes.windows(2).any(|window| matches!(window, [0x10, 0x04 | 0x05 | 0x14]));
                prop_assert!(!real_time, "printers act on these even inside data");
            }
        }

        #[test]
        fn every_character_is_shown_as_itself_or_as_a_box(text in "\\PC{0,80}") {
            let safe = SafeText::new(&text);
            let slip = Slip::new().styled(&text, Align::Left, TextSize::NORMAL, Weight::Regular);
            let bytes = render_bytes(&slip, &profile());
            let visible = |byte: &&u8| **byte > b' ' && **byte != 0xA0;
            let expected = safe.as_str().chars().filter(|character| match printed(*character) {
                Printed::Byte(byte) => visible(&&byte),
                Printed::Box => true,
                Printed::Invisible => false,
            }).count();
            // Each switch into or out of a box is `GS B n`, whose `B` counts as visible.
            let shown = after_preamble(&bytes).iter().filter(visible).count();
            let switches = bytes.windows(2).filter(|window| *window == b"\x1DB").count();
            prop_assert_eq!(shown - switches, expected);
        }
    }
}
