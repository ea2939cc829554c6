//! The thread that prints: takes commands from the buffer in their order, moves paper at the paper's speed, stops where a
//! real printer stops, and logs the truth. Knows no transport.

use crate::clock;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use qrcode::{Color, EcLevel, QrCode};

use super::command::{Command, CutKind, Next, next};
use super::glyphs::{CELL_HEIGHT, Dots, Glyphs, Style};
use super::mechanism::Shared;
use super::options::VirtualPrinterOptions;
use super::paper::{Mark, Paper, picture};
use super::{DOTS_PER_MM, PrintedSlip};
use crate::slip::decode_wpc1252;

/// Rows that move as one; at 8 dots/mm this is half a millimetre.
const STEP_ROWS: usize = 4;
/// The upper half of code page 437, which a printer shows when nobody chose another page.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}";

/// Why a command did not come to its end.
enum Stopped {
    /// The buffer was thrown away meanwhile.
    Cleared,
    /// The printer is switched off.
    SwitchedOff,
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
    line_spacing: u8,
    qr_module: u8,
    qr_level: u8,
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
        line_spacing: 30,
        qr_module: 3,
        qr_level: 48,
    };
}

#[derive(Clone, Copy)]
struct Cell {
    character: char,
    style: Style,
    underline: u8,
    reverse: bool,
}

pub(super) struct Engine {
    shared: Arc<Shared>,
    trays: Sender<PrintedSlip>,
    speed_mm_s: f64,
    paper: Paper,
    glyphs: Glyphs,
    mode: Mode,
    line: Vec<Cell>,
    qr_data: Vec<u8>,
    /// The moment at which the paper stands still again.
    busy_until: Instant,
    bytes: u64,
    cleared: u64,
}

impl Engine {
    pub(super) fn new(shared: Arc<Shared>, trays: Sender<PrintedSlip>, options: &VirtualPrinterOptions) -> Self {
        let to_knife = usize::from(options.to_knife_mm) * DOTS_PER_MM;
        Engine {
            shared,
            trays,
            speed_mm_s: options.speed_mm_s.max(1.0),
            paper: Paper::new(usize::from(options.paper_width.dots()), to_knife),
            glyphs: Glyphs::new(),
            mode: Mode::INITIAL,
            line: Vec::new(),
            qr_data: Vec::new(),
            busy_until: clock::now(),
            bytes: 0,
            cleared: 0,
        }
    }

    /// Prints until the printer is switched off.
    pub(super) fn run(mut self) {
        loop {
            let result = match self.take() {
                Ok(command) => self.execute(command),
                Err(stopped) => Err(stopped),
            };
            match result {
                Ok(()) => {}
                Err(Stopped::Cleared) => {
                    self.line.clear();
                    self.qr_data.clear();
                    self.mode = Mode::INITIAL;
                    self.bytes = 0;
                }
                Err(Stopped::SwitchedOff) => return,
            }
        }
    }

    /// Waits for a whole command. A printer that cannot print leaves its buffer alone.
    fn take(&mut self) -> Result<Command, Stopped> {
        let mut state = self.shared.lock();
        loop {
            if state.stopping {
                return Err(Stopped::SwitchedOff);
            }
            if state.cleared != self.cleared {
                self.cleared = state.cleared;
                return Err(Stopped::Cleared);
            }
            if state.can_print()
                && let Next::Whole(command, length) = next(state.received.make_contiguous())
            {
                state.received.drain(..length);
                self.bytes += length as u64;
                drop(state);
                self.shared.ring();
                return Ok(command);
            }
            state = self.shared.wait(state);
        }
    }

    fn execute(&mut self, command: Command) -> Result<(), Stopped> {
        match command {
            Command::Text(byte) => self.put(byte)?,
            Command::LineFeed => self.print_line()?,
            Command::Initialise => {
                self.mode = Mode::INITIAL;
                self.line.clear();
                self.shared.lock().initialise();
            }
            Command::CodePage(page) => self.mode.page = page,
            Command::Align(align) => self.mode.align = align % 48,
            Command::Emphasise(on) => self.mode.bold = on & 1 == 1,
            Command::Underline(dots) => self.mode.underline = (dots % 48).min(2),
            Command::Mode(bits) => {
                self.mode.bold = bits & 0x08 != 0;
                self.mode.underline = u8::from(bits & 0x80 != 0);
                self.mode.size = (bits & 0x10) >> 4 | (bits & 0x20) >> 1;
            }
            Command::Size(size) => self.mode.size = size & 0x77,
            Command::Reverse(on) => self.mode.reverse = on & 1 == 1,
            Command::Smooth(on) => self.mode.smooth = on & 1 == 1,
            Command::LineSpacing(dots) => self.mode.line_spacing = dots,
            Command::FeedDots(dots) => {
                self.flush_line()?;
                self.feed(usize::from(dots))?;
            }
            Command::FeedLines(lines) => {
                self.flush_line()?;
                self.feed(usize::from(lines) * usize::from(self.mode.line_spacing))?;
            }
            Command::Cut { kind, feed } => self.cut(kind, feed)?,
            Command::ProcessId(id) => self.say(|state| state.echo(id))?,
            Command::AutomaticStatus(mask) => self.say(|state| state.switch_automatic(mask))?,
            Command::StatusInTurn(sensor) => self.say(|state| state.answer_in_turn(sensor))?,
            Command::Identity(what) => self.say(|state| state.identify(what))?,
            Command::QrModule(side) => self.mode.qr_module = side.clamp(1, 16),
            Command::QrLevel(level) => self.mode.qr_level = level,
            Command::QrStore(data) => self.qr_data = data,
            Command::QrPrint => self.print_code()?,
            Command::Raster { width_bytes, data } => self.print_raster(width_bytes, &data)?,
            Command::Ignored => {}
            Command::Unknown => self.shared.lock().unknown_commands += 1,
        }
        Ok(())
    }

    /// Answers after everything before it has come to rest: that is what makes a fence a fence.
    fn say(&mut self, answer: impl FnOnce(&mut super::mechanism::State)) -> Result<(), Stopped> {
        self.rest()?;
        answer(&mut self.shared.lock());
        self.shared.ring();
        Ok(())
    }

    fn put(&mut self, byte: u8) -> Result<(), Stopped> {
        let character = match (self.mode.page, byte) {
            (_, 0x20..=0x7E) => char::from(byte),
            (16, _) => decode_wpc1252(byte).unwrap_or('\u{FFFD}'),
            (0, 0x80..) => CP437.chars().nth(usize::from(byte - 0x80)).unwrap_or('\u{FFFD}'),
            _ => '\u{FFFD}',
        };
        let (width, height) = ((self.mode.size >> 4) + 1, (self.mode.size & 7) + 1);
        let style = Style { width, height, bold: self.mode.bold, smooth: self.mode.smooth };
        let cell = Cell { character, style, underline: self.mode.underline, reverse: self.mode.reverse };
        let used: usize = self.line.iter().map(|cell| usize::from(cell.style.width) * 12).sum();
        if used + usize::from(width) * 12 > self.paper.width() {
            self.print_line()?;
        }
        self.line.push(cell);
        Ok(())
    }

    fn flush_line(&mut self) -> Result<(), Stopped> {
        if self.line.is_empty() { Ok(()) } else { self.print_line() }
    }

    /// Prints what stands in the line, however little, and moves on by one line.
    fn print_line(&mut self) -> Result<(), Stopped> {
        let line = std::mem::take(&mut self.line);
        let tallest = line.iter().map(|cell| usize::from(cell.style.height) * CELL_HEIGHT).max().unwrap_or_default();
        let width: usize = line.iter().map(|cell| usize::from(cell.style.width) * 12).sum();
        let mut rows = vec![vec![false; self.paper.width()]; tallest.max(usize::from(self.mode.line_spacing))];
        let mut left = self.indent(width);
        for cell in &line {
            let dots = self.glyphs.draw(cell.character, cell.style).clone();
            draw_cell(&mut rows, &dots, left, tallest - dots.height, cell);
            left += dots.width;
        }
        self.advance(&rows)?;
        let text: String = line.iter().map(|cell| cell.character).collect();
        if !text.trim().is_empty() {
            self.paper.mark(Mark::Line(text.trim_end().to_owned()));
        }
        Ok(())
    }

    fn indent(&self, width: usize) -> usize {
        let free = self.paper.width().saturating_sub(width);
        match self.mode.align {
            1 => free / 2,
            2 => free,
            _ => 0,
        }
    }

    fn print_code(&mut self) -> Result<(), Stopped> {
        self.flush_line()?;
        let level = match self.mode.qr_level {
            49 => EcLevel::M,
            50 => EcLevel::Q,
            51 => EcLevel::H,
            _ => EcLevel::L,
        };
        let data = std::mem::take(&mut self.qr_data);
        let Ok(code) = QrCode::with_error_correction_level(&data, level) else {
            return Ok(());
        };
        let side = usize::from(self.mode.qr_module);
        let modules = code.width();
        if modules * side > self.paper.width() {
            // A printer prints nothing when the code does not fit.
            return Ok(());
        }
        let left = self.indent(modules * side);
        let colours = code.to_colors();
        let rows: Vec<Vec<bool>> = (0..modules * side)
            .map(|y| {
                let mut row = vec![false; left];
                let module = |x: usize| colours[(y / side) * modules + x / side] == Color::Dark;
                row.extend((0..modules * side).map(module));
                row
            })
            .collect();
        self.advance(&rows)?;
        self.paper.mark(Mark::Code(String::from_utf8_lossy(&data).into_owned()));
        Ok(())
    }

    fn print_raster(&mut self, width_bytes: usize, data: &[u8]) -> Result<(), Stopped> {
        self.flush_line()?;
        if width_bytes == 0 {
            return Ok(());
        }
        let left = self.indent(width_bytes * 8);
        let rows: Vec<Vec<bool>> = data
            .chunks(width_bytes)
            .map(|bytes| {
                let mut row = vec![false; left];
                row.extend(bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0)));
                row
            })
            .collect();
        self.advance(&rows)
    }

    fn feed(&mut self, dots: usize) -> Result<(), Stopped> {
        self.advance(&vec![Vec::new(); dots])
    }

    /// Moves the paper under the head, at the paper's speed, as long as there is any and nothing stands in the way.
    fn advance(&mut self, rows: &[Vec<bool>]) -> Result<(), Stopped> {
        for step in rows.chunks(STEP_ROWS) {
            let millimetres = step.len() as f64 / DOTS_PER_MM as f64;
            self.rest_until_ready()?;
            let mut state = self.shared.lock();
            state.paper_left_mm = (state.paper_left_mm - millimetres).max(0.0);
            state.report_change();
            drop(state);
            self.shared.ring();
            for row in step {
                self.paper.advance(row);
            }
            let moving = Duration::from_secs_f64(millimetres / self.speed_mm_s);
            self.busy_until = self.busy_until.max(clock::now()) + moving;
        }
        Ok(())
    }

    /// Waits until the paper of the last step has come to rest.
    fn rest(&mut self) -> Result<(), Stopped> {
        let mut state = self.shared.lock();
        loop {
            if state.stopping {
                return Err(Stopped::SwitchedOff);
            }
            if state.cleared != self.cleared {
                self.cleared = state.cleared;
                return Err(Stopped::Cleared);
            }
            let left = self.busy_until.saturating_duration_since(clock::now());
            if left.is_zero() {
                return Ok(());
            }
            state = self.shared.wait_for(state, left);
        }
    }

    /// Waits until the paper rests and could move again.
    fn rest_until_ready(&mut self) -> Result<(), Stopped> {
        self.rest()?;
        let mut state = self.shared.lock();
        loop {
            if state.stopping {
                return Err(Stopped::SwitchedOff);
            }
            if state.cleared != self.cleared {
                self.cleared = state.cleared;
                return Err(Stopped::Cleared);
            }
            if state.can_print() {
                return Ok(());
            }
            state = self.shared.wait(state);
        }
    }

    fn cut(&mut self, kind: CutKind, feed: Option<u8>) -> Result<(), Stopped> {
        self.flush_line()?;
        if let Some(dots) = feed {
            self.feed(self.paper.to_knife() + usize::from(dots))?;
        }
        self.rest()?;
        let mut state = self.shared.lock();
        if state.cutter_stuck {
            state.cutter_error = true;
            state.report_change();
        }
        drop(state);
        self.shared.ring();
        self.rest_until_ready()?;
        let fallen = self.paper.cut();
        let mut slip = PrintedSlip {
            index: 0,
            lines: Vec::new(),
            codes: Vec::new(),
            millimetres: fallen.rows.len() as f64 / DOTS_PER_MM as f64,
            bytes: std::mem::take(&mut self.bytes),
            cut: kind,
            at_ms: clock::wall_ms(),
            picture: Arc::new(picture(&fallen.rows, self.paper.width())),
        };
        for mark in fallen.marks {
            match mark {
                Mark::Line(line) => slip.lines.push(line),
                Mark::Code(code) => slip.codes.push(code),
            }
        }
        let mut state = self.shared.lock();
        slip.index = state.slips.len() + 1;
        state.slips.push(slip.clone());
        drop(state);
        self.shared.ring();
        // Without a receiver the printer is being switched off, and its log with it.
        drop(self.trays.send(slip));
        Ok(())
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
