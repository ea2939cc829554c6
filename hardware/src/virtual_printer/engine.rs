//! The thread that prints: takes commands from the buffer in their order, moves paper at the paper's speed, stops where a
//! real printer stops, and logs the truth. Knows no transport.

use crate::clock;
use std::sync::Arc;
use std::time::Duration;

use super::command::{Command, CutKind, Next, next};
use super::mechanism::{Pause, State};
use super::options::VirtualPrinterOptions;
use super::pace::Pace;
use super::painter::{Painter, Strip};
use super::paper::{Mark, Paper};
use super::presenter::Whereabouts;
use super::shared::Shared;
use super::{DOTS_PER_MM, DPI, PrintedSlip};
use crate::slip::sheet;

/// Rows that move as one; at 8 dots/mm this is half a millimetre.
const STEP_ROWS: usize = 4;

/// Why a command did not come to its end.
enum Stopped {
    /// The buffer was thrown away meanwhile.
    Cleared,
    /// The printer is switched off.
    SwitchedOff,
}

pub(super) struct Engine {
    shared: Arc<Shared>,
    speed_mm_s: f64,
    paper: Paper,
    painter: Painter,
    pace: Pace,
    bytes: u64,
    cleared: u64,
}

impl Engine {
    pub(super) fn new(shared: Arc<Shared>, options: &VirtualPrinterOptions) -> Self {
        let to_knife = usize::from(options.to_knife_mm) * DOTS_PER_MM;
        Engine {
            shared,
            speed_mm_s: options.speed_mm_s.max(1.0),
            paper: Paper::new(usize::from(options.paper_width.dots()), to_knife),
            painter: Painter::new(usize::from(options.paper_width.dots()), DPI),
            pace: Pace::at_rest(clock::now()),
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
                    self.painter.initialise();
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
            if state.can_print() {
                match next(state.received.make_contiguous()) {
                    Next::Whole(command, length) => {
                        state.take_received(length);
                        state.pause = Pause::None;
                        self.bytes += length as u64;
                        drop(state);
                        self.shared.ring();
                        return Ok(command);
                    }
                    Next::NeedsMore => {
                        state.pause = Pause::ForBytes(state.received.len());
                        if state.want_more() {
                            self.shared.ring();
                        }
                    }
                }
            } else {
                state.pause = Pause::ForCure;
            }
            state = self.shared.wait(state);
            self.pace.stood_still(clock::now());
        }
    }

    fn execute(&mut self, command: Command) -> Result<(), Stopped> {
        match command {
            Command::Draw(drawing) => {
                let strips = self.painter.draw(drawing);
                self.print(strips)?;
            }
            Command::Initialise => {
                self.painter.initialise();
                self.shared.lock().initialise();
            }
            Command::Cut { kind, feed } => self.cut(kind, feed)?,
            Command::ProcessId(id) => self.say(|state| state.echo(id))?,
            Command::AutomaticStatus(mask) => self.say(|state| state.switch_automatic(mask))?,
            Command::StatusInTurn(sensor) => self.say(|state| state.answer_in_turn(sensor))?,
            Command::Identity(what) => self.say(|state| state.identify(what))?,
            Command::KeptPictures => {
                let keys: Vec<u8> = self.painter.kept_keys().flatten().collect();
                self.say(|state| state.name_pictures(&keys))?;
            }
            Command::Ignored => {}
            Command::Unknown => self.shared.lock().unknown_commands += 1,
        }
        Ok(())
    }

    /// Answers after everything before it has come to rest: that is what makes a fence a fence.
    fn say(&mut self, answer: impl FnOnce(&mut State)) -> Result<(), Stopped> {
        self.rest()?;
        answer(&mut self.shared.lock());
        self.shared.ring();
        Ok(())
    }

    /// Moves the paper on by what the painter drew, and notes what became readable with it.
    fn print(&mut self, strips: Vec<Strip>) -> Result<(), Stopped> {
        for strip in strips {
            self.advance(&strip.rows)?;
            if let Some(mark) = strip.mark {
                self.paper.mark(mark);
            }
        }
        Ok(())
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
            state.paper_moved(millimetres);
            drop(state);
            self.shared.ring();
            for row in step {
                self.paper.advance(row);
            }
            self.pace.moves_on(Duration::from_secs_f64(millimetres / self.speed_mm_s));
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
            let left = self.pace.left(clock::now());
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
            if state.can_move() {
                state.pause = Pause::None;
                return Ok(());
            }
            state.pause = Pause::ForCure;
            state = self.shared.wait(state);
            self.pace.stood_still(clock::now());
        }
    }

    fn cut(&mut self, kind: CutKind, feed: Option<u8>) -> Result<(), Stopped> {
        let rest = self.painter.flush();
        self.print(rest)?;
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
            picture: Arc::new(sheet(&fallen.rows, self.paper.width())),
            whereabouts: Whereabouts::Out,
        };
        for mark in fallen.marks {
            match mark {
                Mark::Line(line) => slip.lines.push(line),
                Mark::Code(code) => slip.codes.push(code),
            }
        }
        self.shared.lock().cut_off(slip);
        self.shared.ring();
        Ok(())
    }
}
