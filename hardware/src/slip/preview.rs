//! How a slip will look, drawn from the same steps as the printer's bytes, without a printer and without bytes.
//!
//! The letters are those of a stand-in for the printers' own font, so a real slip has the same lines in the same places and a
//! slightly different face.

use image::GrayImage;

use super::bitmap::Bitmap;
use super::font_a::{CELL_WIDTH, Glyphs, Style};
use super::profile::{CodeTable, PrinterProfile, Smoothing};
use super::steps::{Step, indent, line_dots, line_of, steps};
use super::{Align, Slip, TextSize, Weight};

/// Unprintable margin on each side of the picture, in dots: 4 mm, as on an 80 mm roll.
const MARGIN: usize = 32;
const WHITE: u8 = 255;
const EDGE: u8 = 208;

/// The slip as a picture, one dot of the head each, with the roll's margins and a thin edge. It begins with the blank stretch
/// that the cut before left between knife and head, and a cut in its middle is a dotted line.
#[must_use]
pub fn preview(slip: &Slip, profile: &PrinterProfile) -> GrayImage {
    sheet(&rows(&steps(slip, profile), profile), usize::from(profile.dots))
}

/// Rows of dots as a picture of paper; a row may be shorter than the paper.
pub(crate) fn sheet(rows: &[Vec<bool>], width: usize) -> GrayImage {
    let outer = width + 2 * MARGIN;
    let mut dots = Vec::with_capacity(outer * (rows.len() + 2));
    dots.resize(outer, EDGE);
    for row in rows {
        dots.push(EDGE);
        dots.extend([WHITE; MARGIN - 1]);
        dots.extend((0..width).map(|x| if row.get(x) == Some(&true) { 0 } else { WHITE }));
        dots.extend([WHITE; MARGIN - 1]);
        dots.push(EDGE);
    }
    dots.resize(outer * (rows.len() + 2), EDGE);
    let size = |length: usize| u32::try_from(length).unwrap_or_default();
    // The buffer has the size of the picture, or the picture would be empty and a test would say so.
    GrayImage::from_raw(size(outer), size(rows.len() + 2), dots).unwrap_or_default()
}

pub(super) fn rows(steps: &[Step], profile: &PrinterProfile) -> Vec<Vec<bool>> {
    let width = usize::from(profile.dots);
    let to_knife = profile.dots_of_mm(profile.feed_to_cutter_mm) as usize;
    let mut rows = vec![vec![false; width]; to_knife];
    let mut glyphs = Glyphs::new();
    for (at, step) in steps.iter().enumerate() {
        let drawn = match step {
            Step::Line { align, size, weight, bytes } => line(&mut glyphs, profile, *align, *size, *weight, bytes),
            Step::Rule { spaces } => {
                let (across, height) = (spaces * CELL_WIDTH * usize::from(TextSize::WIDEST.width()), 24);
                let mut rule = Bitmap::white(width, line_dots(TextSize::NORMAL) as usize);
                rule.fill(indent(Align::Centre, across, width), height - 2, across, 2);
                rule
            }
            Step::Picture { align, picture } | Step::KeptPicture { align, picture, .. } => {
                picture.placed(indent(*align, picture.width(), width), width)
            }
            Step::Qr { picture, .. } | Step::Barcode { picture, .. } => {
                picture.placed(indent(Align::Centre, picture.width(), width), width)
            }
            Step::Feed(dots) => Bitmap::white(width, *dots as usize),
            Step::Cut if at + 1 == steps.len() => break,
            Step::Cut => {
                let mut cut = Bitmap::white(width, to_knife);
                (0..width).step_by(8).for_each(|x| cut.fill(x, 0, 4, 1));
                cut
            }
        };
        rows.extend(drawn.rows().map(<[bool]>::to_vec));
    }
    rows
}

fn line(
    glyphs: &mut Glyphs,
    profile: &PrinterProfile,
    align: Align,
    size: TextSize,
    weight: Weight,
    bytes: &[u8],
) -> Bitmap {
    let width = usize::from(profile.dots);
    let smooth = match profile.smoothing {
        Smoothing::Supported => true,
        Smoothing::Unsupported => false,
    };
    let style = Style { width: size.width(), height: size.height(), bold: weight == Weight::Bold, smooth };
    let mut line = Bitmap::white(width, line_of(size, bytes) as usize);
    let mut left = indent(align, bytes.len() * CELL_WIDTH * usize::from(size.width()), width);
    let table = profile.code_page.map_or(CodeTable::Wpc1252, |page| page.table);
    for byte in bytes {
        let dots = glyphs.draw(table.decode(*byte).unwrap_or('\u{FFFD}'), style);
        for (at, _) in dots.black.iter().enumerate().filter(|(_, black)| **black) {
            line.blacken(left + at % dots.width, at / dots.width);
        }
        left += dots.width;
    }
    line
}
