//! Text as a picture, for lines that the printer's own letters cannot carry: shaped, in the order in which it is read, wrapped
//! at the paper's width, cropped to its ink.
//!
//! Lines are broken between words in the order in which they are spoken, and each line is then put in visual order
//! (Unicode's bidirectional algorithm), so that an Arabic sentence with a number in it reads right on every line. What no
//! font has is drawn as a box. Knows no printer and no commands.

use std::ops::Range;
use std::sync::OnceLock;

use ab_glyph::{Font as _, FontRef, GlyphId, point};
use harfrust::{Buffer, Direction, ShapeOptions, ShaperFont, shape};
use unicode_bidi::BidiInfo;
use unicode_segmentation::UnicodeSegmentation as _;

use super::bitmap::Bitmap;
use super::encoding::is_invisible;
use super::font_a::{self, CELL_HEIGHT, CELL_WIDTH};
use super::{TextSize, Weight};

const ARABIC_REGULAR: &[u8] = include_bytes!("../../../assets/fonts/noto-sans-arabic-400.ttf");
const ARABIC_BOLD: &[u8] = include_bytes!("../../../assets/fonts/noto-sans-arabic-700.ttf");
const LATIN_REGULAR: &[u8] = include_bytes!("../../../assets/fonts/noto-sans-400.ttf");
const LATIN_BOLD: &[u8] = include_bytes!("../../../assets/fonts/noto-sans-700.ttf");

/// Height of an em of Arabic in dots at normal size: its letters are then as large to the eye as the printer's own.
const ARABIC_EM: f32 = 29.0;
/// The same for Latin letters beside them.
const LATIN_EM: f32 = 23.0;
/// Height of a line of proportional text above and below its base line, in dots at normal size.
const ABOVE: f32 = 24.0;
const BELOW: f32 = 11.0;
/// White around a drawn line in which letters may overhang before it is cropped, in dots.
const OVERHANG: usize = 24;

/// One line, ready to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SetLine {
    /// White rows before the ink.
    pub(super) above: usize,
    /// The ink, cropped on all sides; nothing when the line shows nothing.
    pub(super) ink: Option<Bitmap>,
    /// White rows behind the ink.
    pub(super) below: usize,
}

/// Fonts in the order in which they are asked for a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Arabic,
    Latin,
    /// Letters, Greek, Cyrillic and signs in cells of one width, like the printer's own.
    Mono,
}

/// A font for both jobs: which glyphs, and what they look like.
struct Face {
    shaping: harfrust::Font,
    outlines: FontRef<'static>,
}

impl Face {
    fn new(bytes: &'static [u8]) -> Option<Face> {
        Some(Face { shaping: harfrust::Font::new(bytes, 0)?, outlines: FontRef::try_from_slice(bytes).ok()? })
    }

    fn has(&self, character: char) -> bool {
        self.outlines.glyph_id(character) != GlyphId(0)
    }
}

/// One weight of every family.
struct Faces {
    arabic: Face,
    latin: Face,
    mono: Face,
}

impl Faces {
    fn new(arabic: &'static [u8], latin: &'static [u8], mono: &'static [u8]) -> Option<Faces> {
        Some(Faces { arabic: Face::new(arabic)?, latin: Face::new(latin)?, mono: Face::new(mono)? })
    }

    fn face(&self, family: Family) -> &Face {
        match family {
            Family::Arabic => &self.arabic,
            Family::Latin => &self.latin,
            Family::Mono => &self.mono,
        }
    }
}

fn faces(weight: Weight) -> Option<&'static Faces> {
    static REGULAR: OnceLock<Option<Faces>> = OnceLock::new();
    static BOLD: OnceLock<Option<Faces>> = OnceLock::new();
    // The fonts are part of the program: one that does not read fails the tests and leaves blank lines, not a crash.
    match weight {
        Weight::Regular => REGULAR.get_or_init(|| Faces::new(ARABIC_REGULAR, LATIN_REGULAR, font_a::REGULAR)),
        Weight::Bold => BOLD.get_or_init(|| Faces::new(ARABIC_BOLD, LATIN_BOLD, font_a::BOLD)),
    }
    .as_ref()
}

/// How a paragraph is set.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Manner {
    /// In the cells of the printer's own font, so that it looks like the lines around it.
    Cells(TextSize),
    /// Proportional, magnified evenly: letters that are joined do not bear being stretched.
    Proportional(f32),
}

impl Manner {
    fn families(self) -> &'static [Family] {
        match self {
            Manner::Cells(_) => &[Family::Mono, Family::Latin, Family::Arabic],
            Manner::Proportional(_) => &[Family::Arabic, Family::Latin, Family::Mono],
        }
    }

    /// Dots of a font's unit across and down.
    fn dots_of_unit(self, family: Family, face: &Face) -> (f32, f32) {
        let units = face.outlines.units_per_em().unwrap_or(1000.0);
        match (self, family) {
            (Manner::Cells(size), Family::Mono) => {
                let advance = face.outlines.h_advance_unscaled(face.outlines.glyph_id('0'));
                let cell = (CELL_WIDTH as f32 * f32::from(size.width()), CELL_HEIGHT as f32 * f32::from(size.height()));
                (cell.0 / advance, cell.1 / face.outlines.height_unscaled())
            }
            (Manner::Cells(size), Family::Latin | Family::Arabic) => {
                (LATIN_EM * f32::from(size.width()) / units, LATIN_EM * f32::from(size.height()) / units)
            }
            (Manner::Proportional(scale), Family::Arabic) => (ARABIC_EM * scale / units, ARABIC_EM * scale / units),
            (Manner::Proportional(scale), Family::Latin | Family::Mono) => {
                (LATIN_EM * scale / units, LATIN_EM * scale / units)
            }
        }
    }

    /// Rows above and below the base line.
    fn line(self, faces: &Faces) -> (usize, usize) {
        match self {
            Manner::Cells(size) => {
                let font = &faces.mono.outlines;
                let cell = CELL_HEIGHT * usize::from(size.height());
                let above = (font.ascent_unscaled() * cell as f32 / font.height_unscaled()).round() as usize;
                // Text of normal height has its line's spacing below it, as the printer does it.
                (above, super::steps::line_dots(size) as usize - above)
            }
            Manner::Proportional(scale) => ((ABOVE * scale).round() as usize, (BELOW * scale).round() as usize),
        }
    }
}

/// A glyph and where it stands, in dots from the line's left end and its base line.
struct Placed {
    family: Family,
    glyph: GlyphId,
    x: f32,
    y: f32,
}

/// A paragraph that can be measured and drawn line by line.
struct Paragraph<'a> {
    faces: &'static Faces,
    manner: Manner,
    bidi: BidiInfo<'a>,
}

impl Paragraph<'_> {
    /// Glyphs of a part of the text in visual order, and its width in dots.
    fn glyphs(&self, part: Range<usize>) -> (Vec<Placed>, f32) {
        let mut placed = Vec::new();
        let mut x = 0.0;
        let Some(paragraph) = self.bidi.paragraphs.first() else {
            return (placed, x);
        };
        let (levels, runs) = self.bidi.visual_runs(paragraph, part);
        for run in runs {
            let backwards = levels.get(run.start).is_some_and(|level| level.is_rtl());
            let mut segments = self.segments(run);
            if backwards {
                segments.reverse();
            }
            for (family, segment) in segments {
                self.shape(family, &self.bidi.text[segment], backwards, &mut x, &mut placed);
            }
        }
        (placed, x)
    }

    fn width(&self, part: Range<usize>) -> f32 {
        self.glyphs(part).1
    }

    /// Parts that one font draws, in the order of the text. A mark stays with its letter, a space with what precedes it.
    fn segments(&self, run: Range<usize>) -> Vec<(Family, Range<usize>)> {
        let mut segments: Vec<(Family, Range<usize>)> = Vec::new();
        for (at, cluster) in self.bidi.text[run.clone()].grapheme_indices(true) {
            let part = run.start + at..run.start + at + cluster.len();
            let previous = segments.last().map(|(family, _)| *family);
            let family = self.family(cluster, previous);
            match segments.last_mut() {
                Some((last, range)) if *last == family => range.end = part.end,
                Some(_) | None => segments.push((family, part)),
            }
        }
        segments
    }

    fn family(&self, cluster: &str, previous: Option<Family>) -> Family {
        let has_all = |family: Family| {
            let face = self.faces.face(family);
            cluster.chars().all(|character| face.has(character) || is_invisible(character))
        };
        if cluster.chars().all(char::is_whitespace)
            && let Some(previous) = previous.filter(|previous| has_all(*previous))
        {
            return previous;
        }
        let families = self.manner.families();
        // Joined letters look right only in a font that joins them; the cell font has them apart.
        let order = families.iter().filter(|family| **family != Family::Mono || !cluster.chars().any(is_arabic));
        order.copied().find(|family| has_all(*family)).unwrap_or(Family::Mono)
    }

    fn shape(&self, family: Family, text: &str, backwards: bool, x: &mut f32, placed: &mut Vec<Placed>) {
        let face = self.faces.face(family);
        let (across, down) = self.manner.dots_of_unit(family, face);
        let mut buffer = Buffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(if backwards { Direction::RightToLeft } else { Direction::LeftToRight });
        if shape(&ShaperFont::new(&face.shaping), &mut buffer, ShapeOptions::new()).is_err() {
            return;
        }
        for (info, position) in buffer.glyph_infos().iter().zip(buffer.glyph_positions()) {
            placed.push(Placed {
                family,
                glyph: GlyphId(u16::try_from(info.glyph_id).unwrap_or_default()),
                x: *x + position.x_offset as f32 * across,
                y: -(position.y_offset as f32) * down,
            });
            *x += position.x_advance as f32 * across;
        }
    }

    /// Draws a part as one line.
    fn line(&self, part: Range<usize>) -> SetLine {
        let (glyphs, width) = self.glyphs(part);
        let (above, below) = self.manner.line(self.faces);
        let base = above + OVERHANG;
        let mut sheet = Sheet::new(width.max(0.0).ceil() as usize + 2 * OVERHANG, above + below + 2 * OVERHANG);
        for Placed { family, glyph, x, y } in glyphs {
            let face = self.faces.face(family);
            let (across, down) = self.manner.dots_of_unit(family, face);
            let height = face.outlines.height_unscaled();
            let scale = ab_glyph::PxScale { x: across * height, y: down * height };
            let at = point(x + OVERHANG as f32, y + base as f32);
            if let Some(outlined) = face.outlines.outline_glyph(glyph.with_scale_and_position(scale, at)) {
                let bounds = outlined.px_bounds();
                outlined.draw(|x, y, coverage| {
                    sheet.add(bounds.min.x as i64 + i64::from(x), bounds.min.y as i64 + i64::from(y), coverage);
                });
            }
        }
        let bitmap = sheet.bitmap();
        let Some((left, top, right, bottom)) = bitmap.ink() else {
            return SetLine { above, ink: None, below };
        };
        let (first, end) = (OVERHANG, OVERHANG + above + below);
        SetLine {
            above: top.saturating_sub(first),
            ink: Some(bitmap.cropped(left, top, right, bottom)),
            below: end.saturating_sub(bottom),
        }
    }

    /// The lines of the paragraph: as many whole words on each as fit, a word that is longer than a line split.
    fn lines(&self, limit: f32) -> Vec<Range<usize>> {
        let text = self.bidi.text;
        if self.width(0..text.len()) <= limit {
            return std::iter::once(0..text.len()).collect();
        }
        let mut lines: Vec<Range<usize>> = Vec::new();
        let mut at = 0;
        for word in text.split(' ') {
            let word = at..at + word.len();
            at = word.end + 1;
            if let Some(last) = lines.last_mut()
                && self.width(last.start..word.end) <= limit
            {
                last.end = word.end;
                continue;
            }
            let mut start = word.start;
            for (cluster_at, cluster) in text[word.clone()].grapheme_indices(true) {
                let cluster = word.start + cluster_at..word.start + cluster_at + cluster.len();
                if cluster.start > start && self.width(start..cluster.end) > limit {
                    lines.push(start..cluster.start);
                    start = cluster.start;
                }
            }
            lines.push(start..word.end);
        }
        lines
    }
}

/// Ink that adds up: letters that touch between two dots leave no gap there.
struct Sheet {
    width: usize,
    coverage: Vec<f32>,
}

impl Sheet {
    fn new(width: usize, height: usize) -> Sheet {
        Sheet { width, coverage: vec![0.0; width * height] }
    }

    fn add(&mut self, x: i64, y: i64, coverage: f32) {
        if let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y))
            && x < self.width
            && let Some(dot) = self.coverage.get_mut(y * self.width + x)
        {
            *dot += coverage;
        }
    }

    fn bitmap(&self) -> Bitmap {
        let mut bitmap = Bitmap::white(self.width, self.coverage.len() / self.width.max(1));
        for (at, coverage) in self.coverage.iter().enumerate() {
            if *coverage >= 0.5 {
                bitmap.blacken(at % self.width, at / self.width);
            }
        }
        bitmap
    }
}

/// Sets a paragraph for paper of this many dots. An empty one is an empty line.
pub(super) fn typeset(text: &str, size: TextSize, weight: Weight, width: usize) -> Vec<SetLine> {
    let text = text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let Some(paragraph) = paragraph(&text, size, weight) else {
        return Vec::new();
    };
    let mut lines = paragraph.lines(width as f32);
    // As few lines as possible, and all about as long as each other: halving finds the narrowest paper that takes no more lines.
    let (mut narrow, mut wide) = (0, width);
    while lines.len() > 1 && wide - narrow > 4 {
        let middle = narrow.midpoint(wide);
        let even = paragraph.lines(middle as f32);
        if even.len() > lines.len() {
            narrow = middle;
        } else {
            wide = middle;
            lines = even;
        }
    }
    lines.into_iter().map(|line| paragraph.line(line)).collect()
}

/// Width in dots of a text on one line.
pub(super) fn width_of(text: &str, size: TextSize, weight: Weight) -> usize {
    paragraph(text, size, weight).map_or(0, |paragraph| paragraph.width(0..text.len()).max(0.0).ceil() as usize)
}

fn paragraph(text: &str, size: TextSize, weight: Weight) -> Option<Paragraph<'_>> {
    let bidi = BidiInfo::new(text, None);
    let manner = if bidi.has_rtl() {
        // Letters that are legible when small need not grow as much as the printer's cells do.
        Manner::Proportional(1.0 + 0.6 * ((f32::from(size.width()) * f32::from(size.height())).sqrt() - 1.0))
    } else {
        Manner::Cells(size)
    };
    Some(Paragraph { faces: faces(weight)?, manner, bidi })
}

/// Letters and marks of the Arabic script.
fn is_arabic(character: char) -> bool {
    matches!(character, '\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{870}'..='\u{8FF}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> SetLine {
        let lines = typeset(text, TextSize::NORMAL, Weight::Regular, 2000);
        assert_eq!(lines.len(), 1, "{text}");
        lines.into_iter().next().expect("one line")
    }

    fn ink(text: &str) -> Bitmap {
        one(text).ink.unwrap_or_else(|| panic!("{text} shows nothing"))
    }

    /// Pieces of ink between white columns.
    fn pieces(bitmap: &Bitmap) -> usize {
        let black = |x: usize| (0..bitmap.height()).any(|y| bitmap.is_black(x, y));
        (0..bitmap.width()).filter(|x| black(*x) && (*x == 0 || !black(x - 1))).count()
    }

    #[test]
    fn every_font_reads() {
        assert!(faces(Weight::Regular).is_some() && faces(Weight::Bold).is_some());
    }

    #[test]
    fn arabic_letters_are_joined_and_run_from_right_to_left() {
        // Seen, then ba: joined they are one piece, kept apart by a joiner's opposite they are two.
        assert_eq!(pieces(&ink("سب")), 1);
        assert_eq!(pieces(&ink("س\u{200C}ب")), 2);
        // The teeth of seen stand on the right, where the word begins: its ink is the wider half.
        let word = ink("ساااا");
        let column = |x: usize| (0..word.height()).filter(|y| word.is_black(x, *y)).count();
        let tall = |range: Range<usize>| range.filter(|x| column(*x) > word.height() / 2).count();
        assert!(tall(0..word.width() / 2) > tall(word.width() / 2..word.width()), "the alefs stand on the left");
    }

    #[test]
    fn digits_in_arabic_keep_their_order() {
        let both = ink("رقم 17");
        let (number, mirrored) = (ink("ع 17"), ink("ع 71"));
        assert_ne!(number, mirrored);
        let digits = |bitmap: &Bitmap, width: usize| bitmap.cropped(0, 0, width, bitmap.height());
        let alone = ink("17\u{200F}");
        // In a sentence that runs to the left the number is its end: it stands at the left edge, read from the left.
        let seventeen = digits(&both, alone.width());
        assert_eq!(seventeen.ink().map(|(left, _, right, _)| right - left), Some(alone.width()));
        let rows =
            |bitmap: &Bitmap| bitmap.ink().map(|(left, top, right, bottom)| bitmap.cropped(left, top, right, bottom));
        assert_eq!(rows(&seventeen), Some(alone));
    }

    #[test]
    fn latin_inside_arabic_and_arabic_inside_latin_each_keep_their_direction() {
        let inside_arabic = ink("قسم CT الآن");
        let inside_latin = ink("Salle قسم 2");
        assert!(inside_arabic.width() > ink("CT").width() && inside_latin.width() > ink("Salle").width());
        // The base direction is that of the first letter, so the same parts in the other order are another picture.
        assert_ne!(ink("CT قسم"), ink("قسم CT"));
    }

    #[test]
    fn what_no_font_has_is_a_box_and_never_nothing() {
        for text in ["中", "😀", "\u{10FFFD}", "ⵣ中"] {
            let shown = ink(text);
            assert!(shown.width() >= 5 && shown.height() >= 10, "{text}: {} x {}", shown.width(), shown.height());
        }
        assert!(pieces(&ink("中中中")) >= 3, "one box for each character");
        assert_eq!(one("\u{200F}\u{200D}").ink, None, "marks of direction have no shape");
    }

    #[test]
    fn letters_that_the_code_page_lacks_stand_in_the_printers_cells() {
        let line = one("ekraŋ");
        let width = line.ink.as_ref().map_or(0, Bitmap::width);
        assert!((4 * CELL_WIDTH..=5 * CELL_WIDTH).contains(&width), "{width} dots for five cells");
        let height = line.above + line.ink.as_ref().map_or(0, Bitmap::height) + line.below;
        assert_eq!(height, usize::from(super::super::steps::LINE_SPACING), "as high as the printer's own line");
    }

    #[test]
    fn long_text_is_wrapped_between_words_and_long_words_inside() {
        let text = "سيظهر رقمك على الشاشة عندما يحين دورك";
        let whole = width_of(text, TextSize::NORMAL, Weight::Regular);
        let lines = typeset(text, TextSize::NORMAL, Weight::Regular, whole * 2 / 3);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], one("سيظهر رقمك على"), "the first words are on the first line");
        assert_eq!(lines[1], one("الشاشة عندما يحين دورك"), "and both are about as long as each other");
        for line in typeset(&"ŋ".repeat(100), TextSize::NORMAL, Weight::Regular, 384) {
            assert!(line.ink.is_some_and(|ink| ink.width() <= 384));
        }
        let total: usize = typeset(&"ŋ".repeat(100), TextSize::NORMAL, Weight::Regular, 384)
            .iter()
            .filter_map(|line| line.ink.as_ref().map(pieces))
            .sum();
        assert_eq!(total, 100, "no letter is lost at a line's end");
    }

    #[test]
    fn an_empty_paragraph_is_an_empty_line() {
        assert_eq!(one("").ink, None);
        assert_eq!(one("   ").ink, None);
    }
}
