//! What the drawing commands leave on the paper, as rows of dots. Pure: moves no paper, waits for nothing, asks nobody.
//!
//! It keeps what a printer keeps between commands: modes, the line that is not printed yet, the QR code's data, and the pictures
//! that survive a power cut. The thread that moves paper takes its rows one by one.

use std::collections::BTreeMap;

use qrcode::{Color, EcLevel, QrCode};

use super::command::Drawing;
use super::paper::Mark;
use crate::slip::font_a::{CELL_HEIGHT, CELL_WIDTH, Dots, Glyphs, Style};
use crate::slip::{Bitmap, CodeTable, barcode_modules};

/// Line spacing after switching on: 30 dots.
const DEFAULT_LINE_SPACING: usize = 30;
/// The upper half of code page 437, which a printer shows when nobody chose another page.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}";

/// Rows that come out together, and what a reader reads on them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Strip {
    /// Top first; a row may be shorter than the paper.
    pub(super) rows: Vec<Vec<bool>>,
    /// What is complete at its end.
    pub(super) mark: Option<Mark>,
}

#[derive(Clone, Copy)]
struct Mode {
    page: u8,
    align: u8,
    bold: bool,
    underline: u8,
    reverse: bool,
    smooth: bool,
    size: u8,
    /// In dots.
    line_spacing: usize,
    /// Units of feed in an inch; nothing as long as a unit is a dot.
    units: Option<usize>,
    qr_module: u8,
    qr_level: u8,
    barcode_height: u8,
    barcode_module: u8,
}

impl Mode {
    const INITIAL: Mode = Mode {
        page: 0,
        align: 0,
        bold: false,
        underline: 0,
        reverse: false,
        smooth: false,
        size: 0,
        line_spacing: DEFAULT_LINE_SPACING,
        units: None,
        qr_module: 3,
        qr_level: 48,
        barcode_height: 162,
        barcode_module: 3,
    };
}

#[derive(Clone, Copy)]
struct Cell {
    character: char,
    style: Style,
    underline: u8,
    reverse: bool,
}

impl Cell {
    fn width(&self) -> usize {
        usize::from(self.style.width) * CELL_WIDTH
    }
}

/// Draws.
pub(super) struct Painter {
    width: usize,
    /// Dots of an inch.
    dpi: usize,
    glyphs: Glyphs,
    mode: Mode,
    line: Vec<Cell>,
    qr_data: Vec<u8>,
    stored: Option<Bitmap>,
    kept: BTreeMap<[u8; 2], Bitmap>,
}

impl Painter {
    /// For a head with this many dots in a line and in an inch.
    pub(super) fn new(width: usize, dpi: usize) -> Self {
        Painter {
            width,
            dpi,
            glyphs: Glyphs::new(),
            mode: Mode::INITIAL,
            line: Vec::new(),
            qr_data: Vec::new(),
            stored: None,
            kept: BTreeMap::new(),
        }
    }

    /// As after switching on. The pictures that are kept stay.
    pub(super) fn initialise(&mut self) {
        self.mode = Mode::INITIAL;
        self.line.clear();
        self.qr_data.clear();
        self.stored = None;
    }

    /// The keys of the pictures that are kept.
    pub(super) fn kept_keys(&self) -> impl Iterator<Item = [u8; 2]> {
        self.kept.keys().copied()
    }

    /// Prints what stands in the line, if anything does.
    pub(super) fn flush(&mut self) -> Vec<Strip> {
        if self.line.is_empty() { Vec::new() } else { vec![self.print_line()] }
    }

    /// What one command leaves on the paper.
    pub(super) fn draw(&mut self, drawing: Drawing) -> Vec<Strip> {
        let mode = &mut self.mode;
        let dots = |mode: &Mode, units: u8| usize::from(units) * self.dpi / mode.units.unwrap_or(self.dpi);
        match drawing {
            Drawing::Text(byte) => return self.put(byte),
            Drawing::LineFeed => return vec![self.print_line()],
            Drawing::CodePage(page) => mode.page = page,
            Drawing::Align(align) => mode.align = align % 48,
            Drawing::Emphasise(on) => mode.bold = on & 1 == 1,
            Drawing::Underline(dots) => mode.underline = (dots % 48).min(2),
            Drawing::Mode(bits) => {
                mode.bold = bits & 0x08 != 0;
                mode.underline = u8::from(bits & 0x80 != 0);
                mode.size = (bits & 0x10) >> 4 | (bits & 0x20) >> 1;
            }
            Drawing::Size(size) => mode.size = size & 0x77,
            Drawing::Reverse(on) => mode.reverse = on & 1 == 1,
            Drawing::Smooth(on) => mode.smooth = on & 1 == 1,
            Drawing::LineSpacing(units) => mode.line_spacing = dots(mode, units),
            Drawing::DefaultLineSpacing => mode.line_spacing = DEFAULT_LINE_SPACING,
            Drawing::MotionUnits(vertical) => mode.units = Some(usize::from(vertical)).filter(|units| *units > 0),
            Drawing::FeedUnits(units) => {
                let dots = dots(mode, units);
                return self.feed(dots);
            }
            Drawing::FeedLines(lines) => return self.feed(usize::from(lines) * self.mode.line_spacing),
            Drawing::QrModule(side) => mode.qr_module = side.clamp(1, 16),
            Drawing::QrLevel(level) => mode.qr_level = level,
            Drawing::QrStore(data) => self.qr_data = data,
            Drawing::QrPrint => return self.print_code(),
            Drawing::BarcodeHeight(dots) => mode.barcode_height = dots.max(1),
            Drawing::BarcodeModule(dots) => mode.barcode_module = dots.clamp(1, 6),
            Drawing::Barcode(kind, data) => return self.print_barcode(kind, &data),
            Drawing::Raster(picture) => return self.print_picture(&picture),
            Drawing::StorePicture(picture) => self.stored = Some(picture),
            Drawing::PrintStoredPicture => {
                if let Some(picture) = self.stored.take() {
                    return self.print_picture(&picture);
                }
            }
            Drawing::KeepPicture(key, picture) => {
                self.kept.insert(key, picture);
            }
            Drawing::ForgetPicture(key) => {
                self.kept.remove(&key);
            }
            Drawing::PrintKeptPicture(key) => {
                if let Some(picture) = self.kept.get(&key).cloned() {
                    return self.print_picture(&picture);
                }
            }
        }
        Vec::new()
    }

    fn put(&mut self, byte: u8) -> Vec<Strip> {
        let character = match (self.mode.page, byte) {
            (_, 0x20..=0x7E) => char::from(byte),
            (16, _) => CodeTable::Wpc1252.decode(byte).unwrap_or('\u{FFFD}'),
            (19, _) => CodeTable::Pc858.decode(byte).unwrap_or('\u{FFFD}'),
            (0, 0x80..) => CP437.chars().nth(usize::from(byte - 0x80)).unwrap_or('\u{FFFD}'),
            _ => '\u{FFFD}',
        };
        let (width, height) = ((self.mode.size >> 4) + 1, (self.mode.size & 7) + 1);
        let style = Style { width, height, bold: self.mode.bold, smooth: self.mode.smooth };
        let cell = Cell { character, style, underline: self.mode.underline, reverse: self.mode.reverse };
        let used: usize = self.line.iter().map(Cell::width).sum();
        let full = if used + cell.width() > self.width { vec![self.print_line()] } else { Vec::new() };
        self.line.push(cell);
        full
    }

    /// Prints what stands in the line, however little, and moves on by one line.
    fn print_line(&mut self) -> Strip {
        let line = std::mem::take(&mut self.line);
        let tallest = line.iter().map(|cell| usize::from(cell.style.height) * CELL_HEIGHT).max().unwrap_or_default();
        let width: usize = line.iter().map(Cell::width).sum();
        let mut rows = vec![vec![false; self.width]; tallest.max(self.mode.line_spacing)];
        let mut left = self.indent(width);
        for cell in &line {
            let dots = self.glyphs.draw(cell.character, cell.style).clone();
            draw_cell(&mut rows, &dots, left, tallest - dots.height, cell);
            left += dots.width;
        }
        let text: String = line.iter().map(|cell| cell.character).collect();
        let mark = (!text.trim().is_empty()).then(|| Mark::Line(text.trim_end().to_owned()));
        Strip { rows, mark }
    }

    fn indent(&self, width: usize) -> usize {
        let free = self.width.saturating_sub(width);
        match self.mode.align {
            1 => free / 2,
            2 => free,
            _ => 0,
        }
    }

    fn feed(&mut self, dots: usize) -> Vec<Strip> {
        let mut strips = self.flush();
        strips.push(Strip { rows: vec![Vec::new(); dots], mark: None });
        strips
    }

    fn print_code(&mut self) -> Vec<Strip> {
        let mut strips = self.flush();
        let level = match self.mode.qr_level {
            49 => EcLevel::M,
            50 => EcLevel::Q,
            51 => EcLevel::H,
            _ => EcLevel::L,
        };
        let data = std::mem::take(&mut self.qr_data);
        let side = usize::from(self.mode.qr_module);
        let Ok(code) = QrCode::with_error_correction_level(&data, level) else {
            return strips;
        };
        let modules = code.width();
        if modules * side > self.width {
            // A printer prints nothing when the code does not fit.
            return strips;
        }
        let left = self.indent(modules * side);
        let colours = code.to_colors();
        let rows = (0..modules * side).map(|y| {
            let mut row = vec![false; left];
            row.extend((0..modules * side).map(|x| colours[(y / side) * modules + x / side] == Color::Dark));
            row
        });
        let mark = Some(Mark::Code(String::from_utf8_lossy(&data).into_owned()));
        strips.push(Strip { rows: rows.collect(), mark });
        strips
    }

    fn print_barcode(&mut self, kind: u8, data: &[u8]) -> Vec<Strip> {
        let mut strips = self.flush();
        let Some((text, modules)) = barcode_modules(kind, data) else {
            return strips;
        };
        let side = usize::from(self.mode.barcode_module);
        let width: usize = modules.len() * side;
        if width > self.width {
            return strips;
        }
        let mut row = vec![false; self.indent(width)];
        row.extend(modules.iter().flat_map(|black| std::iter::repeat_n(*black, side)));
        let rows = vec![row; usize::from(self.mode.barcode_height)];
        strips.push(Strip { rows, mark: Some(Mark::Code(text)) });
        strips
    }

    fn print_picture(&mut self, picture: &Bitmap) -> Vec<Strip> {
        let mut strips = self.flush();
        let left = self.indent(picture.width());
        let rows = picture.rows().map(|dots| [&vec![false; left], dots].concat());
        strips.push(Strip { rows: rows.collect(), mark: None });
        strips
    }
}

fn draw_cell(rows: &mut [Vec<bool>], dots: &Dots, left: usize, top: usize, cell: &Cell) {
    for y in 0..dots.height {
        let underlined = y + usize::from(cell.underline) >= dots.height;
        for x in 0..dots.width {
            let black = (dots.black[y * dots.width + x] || underlined) != cell.reverse;
            rows[top + y][left + x] |= black;
        }
    }
}

#[cfg(test)]
#[path = "painter_tests.rs"]
mod tests;
