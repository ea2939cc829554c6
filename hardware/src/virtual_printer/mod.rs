//! A printer made of software: it takes ESC/POS bytes over TCP or a pseudo terminal, answers like a printer, runs out of paper
//! like a printer, and renders what it prints.
//!
//! It is part of the product: the demo prints on it, the tests judge the driver by its log of truth, and an installer without
//! hardware sees a slip. It is an interpreter of bytes that shares with the driver only what both must know alike (the code
//! page's table, the bars of a barcode, dots in bytes, a font), and never looks at anything but the bytes it received.

mod command;
#[cfg(unix)]
mod device_transport;
mod engine;
#[cfg(unix)]
mod gadget;
mod mechanism;
mod options;
mod pace;
mod painter;
mod paper;
mod presenter;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod reading;
mod shared;
mod transport;
mod truth;

use crate::clock;
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

pub use command::CutKind;
use engine::Engine;
use mechanism::Link;
pub use options::{Ability, INSTRUCTIONS, Instruction, Trouble, UnknownInstruction, VirtualPrinterOptions};
pub use presenter::{Presenter, Whereabouts};
use shared::Shared;
use truth::Truth;

use crate::printer::{DEFAULT_BAUD, PrinterSelector};

/// Dots per millimetre of its 203 dpi head.
const DOTS_PER_MM: usize = 8;
/// The same in an inch, as printers call it.
const DPI: usize = 203;

/// Longest wait for a transport to carry out an instruction. Far longer than it takes on the busiest machine; nobody waits for it
/// unless the transport is stuck.
const INSTRUCT_LIMIT: Duration = Duration::from_secs(10);

/// A slip that fell into the tray.
#[derive(Debug, Clone, PartialEq)]
pub struct PrintedSlip {
    /// 1 for the first slip of this printer's life.
    pub index: usize,
    /// The lines of text on it, as a reader sees them.
    pub lines: Vec<String>,
    /// What its QR codes say.
    pub codes: Vec<String>,
    /// Its length.
    pub millimetres: f64,
    /// Bytes that were interpreted for it, questions in the stream included.
    pub bytes: u64,
    /// How it was cut.
    pub cut: CutKind,
    /// When it was cut, UTC milliseconds.
    pub at_ms: u64,
    /// How it looks, 8 dots per millimetre.
    pub picture: Arc<image::GrayImage>,
    /// What became of it after the cut.
    pub whereabouts: Whereabouts,
}

/// A running virtual printer; dropping it switches it off.
pub struct VirtualPrinter {
    shared: Arc<Shared>,
    selector: PrinterSelector,
    threads: Vec<JoinHandle<()>>,
}

impl VirtualPrinter {
    /// Starts one behind a TCP listener, for example on `127.0.0.1:0` for a free port.
    ///
    /// # Errors
    /// When the address, the picture folder or the log cannot be used.
    pub fn start_tcp(address: &str, options: VirtualPrinterOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let bound = listener.local_addr()?;
        let baud = options.baud;
        let selector = PrinterSelector::Tcp { host: bound.ip().to_string(), port: bound.port() };
        let mut printer = VirtualPrinter::start(selector, options)?;
        let shared = Arc::clone(&printer.shared);
        printer.threads.push(transport::spawn("listener", move || transport::accept(listener, &shared, baud))?);
        Ok(printer)
    }

    /// Starts one behind a pseudo terminal whose name is the symbolic link `link`, made here and removed at the end.
    ///
    /// # Errors
    /// When there is no pseudo terminal, or the link, the picture folder or the log cannot be made.
    #[cfg(unix)]
    pub fn start_pty(link: &Path, options: VirtualPrinterOptions) -> io::Result<Self> {
        let baud = options.baud;
        let selector =
            PrinterSelector::Serial { path: link.to_owned(), baud: baud.unwrap_or(DEFAULT_BAUD), flow: options.flow };
        let mut printer = VirtualPrinter::start(selector, options)?;
        let thread = transport::open_pty(link, &printer.shared, baud)?;
        printer.threads.push(thread);
        Ok(printer)
    }

    /// Starts one behind a USB device port of this machine, where the host at the other end of the cable finds it.
    ///
    /// # Errors
    /// When there is no free device port, this user may not use it, or the picture folder or the log cannot be used.
    #[cfg(unix)]
    pub fn start_gadget(options: VirtualPrinterOptions) -> io::Result<Self> {
        let gadget = gadget::Gadget::assemble()?;
        let baud = options.baud;
        let mut printer = VirtualPrinter::start(gadget.selector(), options)?;
        let thread = device_transport::serve_gadget(gadget, &printer.shared, baud)?;
        printer.threads.push(thread);
        Ok(printer)
    }

    fn start(selector: PrinterSelector, options: VirtualPrinterOptions) -> io::Result<Self> {
        let truth = Truth::open(&options)?;
        let (sender, receiver) = mpsc::channel();
        let shared = Arc::new(Shared::new(&options, sender));
        let engine = Engine::new(Arc::clone(&shared), &options);
        let mut printer = VirtualPrinter { shared, selector, threads: Vec::new() };
        printer.threads.push(transport::spawn("truth", move || truth.run(&receiver))?);
        printer.threads.push(transport::spawn("engine", move || engine.run())?);
        Ok(printer)
    }

    /// How a driver reaches it.
    #[must_use]
    pub fn selector(&self) -> PrinterSelector {
        self.selector.clone()
    }

    /// What fell into the tray so far.
    #[must_use]
    pub fn slips(&self) -> Vec<PrintedSlip> {
        self.shared.lock().slips.clone()
    }

    /// Waits until that many slips fell, at most for `limit`; returns what there is then.
    #[must_use]
    pub fn wait_for_slips(&self, count: usize, limit: Duration) -> Vec<PrintedSlip> {
        let deadline = clock::now() + limit;
        let mut state = self.shared.lock();
        while state.slips.len() < count {
            let left = deadline.saturating_duration_since(clock::now());
            if left.is_zero() {
                break;
            }
            state = self.shared.wait_for(state, left);
        }
        state.slips.clone()
    }

    /// Lets something happen to it. When this returns it has happened for the host too: a cable that is pulled is out, and what a
    /// printer reports by itself is on the line. Otherwise whoever acts on it next would race against this printer's threads.
    pub fn instruct(&self, instruction: Instruction) {
        let mut state = self.shared.lock();
        state.instruct(instruction);
        self.shared.ring();
        let deadline = clock::now() + INSTRUCT_LIMIT;
        while !state.has_told() || instruction == Instruction::Unplug && state.link != Link::Free {
            let left = deadline.saturating_duration_since(clock::now());
            if left.is_zero() {
                return;
            }
            state = self.shared.wait_for(state, left);
        }
    }

    /// What a person in front of it would see, as JSON.
    #[must_use]
    pub fn description(&self) -> serde_json::Value {
        self.shared.lock().description()
    }

    /// Commands received that it does not know.
    #[must_use]
    pub fn unknown_commands(&self) -> u64 {
        self.shared.lock().unknown_commands
    }
}

impl Drop for VirtualPrinter {
    fn drop(&mut self) {
        self.shared.lock().switch_off();
        self.shared.ring();
        for thread in self.threads.drain(..) {
            // A thread that panicked has stopped, which is all that is asked of it.
            drop(thread.join());
        }
    }
}
