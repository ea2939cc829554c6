//! A printer on a serial line, real or pseudo terminal: 8 data bits, no parity, 1 stop bit, raw, held exclusively.
//!
//! The `serialport` crate finds the lines (see `discover`), and does not carry the bytes: it opens them in blocking mode, so
//! that a line that flow control has stopped would hold a write for ever. Modem lines are neither read nor needed; pseudo
//! terminals have none.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use rustix::termios::{
    ControlModes, InputModes, OptionalActions, QueueSelector, SpecialCodeIndex, tcflush, tcgetattr, tcsetattr,
};

use super::polled::{EmptyRead, Polled};
use super::{Direction, Port};
use crate::printer::fault::{PortError, WriteError};
use crate::printer::selector::FlowControl;

struct SerialPort {
    polled: Polled<File>,
    baud: u32,
}

pub(super) fn open(path: &Path, baud: u32, flow: FlowControl) -> Result<Box<dyn Port>, PortError> {
    let target = format!("serial:{}", path.display());
    let failed = |cause: io::Error| PortError::from_open(&target, cause);
    let flags = i32::try_from((OFlags::NOCTTY | OFlags::NONBLOCK).bits()).unwrap_or_default();
    let device = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path).map_err(failed)?;
    match flock(&device, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::AGAIN) => return Err(PortError::Busy { target }),
        Err(cause) => return Err(failed(cause.into())),
    }
    configure(&device, baud, flow).map_err(|cause| failed(cause.into()))?;
    Ok(Box::new(SerialPort { polled: Polled::new(device, EmptyRead::Closed), baud }))
}

fn configure(device: &File, baud: u32, flow: FlowControl) -> rustix::io::Result<()> {
    let mut modes = tcgetattr(device)?;
    modes.make_raw();
    modes.control_modes |= ControlModes::CREAD | ControlModes::CLOCAL | ControlModes::CS8;
    modes.control_modes -= ControlModes::PARENB | ControlModes::CSTOPB | ControlModes::CRTSCTS;
    modes.input_modes -= InputModes::IXON | InputModes::IXOFF | InputModes::IXANY;
    match flow {
        FlowControl::None => {}
        FlowControl::RtsCts => modes.control_modes |= ControlModes::CRTSCTS,
        FlowControl::XonXoff => modes.input_modes |= InputModes::IXON | InputModes::IXOFF,
    }
    // In non-blocking mode these must not be zero, or a read of nothing would look like the end of the file.
    modes.special_codes[SpecialCodeIndex::VMIN] = 1;
    modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    modes.set_speed(baud)?;
    tcsetattr(device, OptionalActions::Now, &modes)?;
    // Answers to whoever held the line before are not ours.
    tcflush(device, QueueSelector::IFlush)
}

impl Port for SerialPort {
    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), WriteError> {
        self.polled.write(bytes, deadline)
    }

    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, PortError> {
        self.polled.read(buffer, deadline)
    }

    fn direction(&self) -> Direction {
        Direction::Both
    }

    fn transfer_time(&self, bytes: usize) -> Duration {
        // Ten bits a byte: start, eight of data, stop.
        Duration::from_micros(bytes as u64 * 10_000_000 / u64::from(self.baud))
    }

    fn close(self: Box<Self>) {
        drop(self);
    }
}

impl Drop for SerialPort {
    fn drop(&mut self) {
        // Closing a line that flow control has stopped would wait up to 30 s for bytes that nobody takes. A broken line
        // cannot be flushed, and need not be.
        let _ = tcflush(self.polled.device(), QueueSelector::IOFlush);
    }
}
