//! Ports: the ways bytes travel to a printer and back. Each call ends at its deadline, whatever the other side does.
//!
//! A port moves bytes and reports how far it got; it knows no command and judges no answer. Most ports are file descriptors
//! that never block by themselves (see [`polled`]); USB without a driver goes through `nusb`, and the spooler through its own
//! programs. The Unix family is what they run on.

mod file;
mod polled;
mod serial;
mod spool;
mod tcp;
mod usb;
mod usb_direct;
mod virtual_port;

use std::time::{Duration, Instant};

use super::fault::{PortError, WriteError};
use super::selector::PrinterSelector;
pub(crate) use spool::{SpooledPrinter, Spooler, SpoolerState};
pub(crate) use usb::{Holder, UsbPrinter, usb_printers};

/// Whether bytes can come back through a port at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ways. Whether the printer uses the way back is another matter.
    Both,
    /// Only towards the printer.
    OutOnly,
}

/// An open way to one printer.
pub trait Port: Send {
    /// Hands over all bytes, or as many as the system takes until `deadline`.
    ///
    /// # Errors
    /// [`WriteError`] with the number of bytes that were taken.
    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), WriteError>;

    /// Reads what is there; waits until `deadline` for the first byte. A deadline in the past does not wait. Returns 0 when
    /// nothing came.
    ///
    /// # Errors
    /// [`PortError::Disconnected`] when the other side is gone.
    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, PortError>;

    /// Whether asking makes sense.
    fn direction(&self) -> Direction;

    /// How long the line itself needs for that many bytes after the system has taken them; zero where it does not count.
    fn transfer_time(&self, bytes: usize) -> Duration;

    /// Closes without waiting for bytes that the line has not sent yet.
    fn close(self: Box<Self>);
}

/// Opens what the selector names, within `limit`.
///
/// # Errors
/// [`PortError`] with the reason in terms that an installer can act on.
pub fn open_port(selector: &PrinterSelector, limit: Duration) -> Result<Box<dyn Port>, PortError> {
    match selector {
        PrinterSelector::Tcp { host, port } => tcp::open(host, *port, limit),
        PrinterSelector::Serial { path, baud, flow } => serial::open(path, *baud, *flow),
        PrinterSelector::Usb { vendor, product, serial } => usb::open(*vendor, *product, serial.as_deref()),
        PrinterSelector::Spool { name } => spool::open(name, limit),
        PrinterSelector::File { path } => file::open(path),
        PrinterSelector::Virtual => virtual_port::open(limit),
    }
}
