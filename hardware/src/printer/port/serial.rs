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

/// The byte by which the other side asks for more.
const XON: u8 = 0x11;
/// The byte by which the other side asks for a pause.
const XOFF: u8 = 0x13;

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
        FlowControl::XonXoff => {
            modes.input_modes |= InputModes::IXON | InputModes::IXOFF;
            // Whoever had the line before may have chosen others.
            modes.special_codes[SpecialCodeIndex::VSTART] = XON;
            modes.special_codes[SpecialCodeIndex::VSTOP] = XOFF;
        }
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use serialport::{SerialPort as _, TTYPort};

    use super::*;
    use crate::clock;
    use crate::printer::fault::{PortErrorKind, WriteError};

    /// The printer's end of a line, and the device file of ours.
    fn line() -> (TTYPort, TTYPort, std::path::PathBuf) {
        let (mut theirs, ours) = TTYPort::pair().expect("pseudo terminal");
        theirs.set_timeout(Duration::from_secs(5)).expect("patience");
        let path = std::path::PathBuf::from(ours.name().expect("its name"));
        // Held open, or the terminal would be gone between two users.
        (theirs, ours, path)
    }

    fn within(limit: Duration) -> Instant {
        clock::now() + limit
    }

    fn received(theirs: &mut TTYPort, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        theirs.read_exact(&mut bytes).expect("all of it");
        bytes
    }

    /// Writes again and again until the line takes nothing more. How soon a byte of the other side stops it is the kernel's
    /// affair; that it stops at all is what is asked here.
    fn write_until_held(port: &mut dyn Port, limit: Instant) -> Option<WriteError> {
        while clock::now() < limit {
            if let Err(failure) = port.write(b".", within(Duration::from_millis(100))) {
                return Some(failure);
            }
        }
        None
    }

    #[test]
    fn a_printer_that_sends_xoff_is_left_alone_until_its_xon() {
        let (mut theirs, _ours, path) = line();
        let mut port = open(&path, 115_200, FlowControl::XonXoff).expect("opened");
        port.write(b"one", within(Duration::from_secs(1))).expect("taken");
        assert_eq!(received(&mut theirs, 3), b"one");
        theirs.write_all(&[XOFF]).expect("asked for a pause");
        // Fewer dots than the line would hold without flow control.
        let held = write_until_held(port.as_mut(), within(Duration::from_millis(900))).expect("the line is stopped");
        assert_eq!((held.written, held.cause.kind()), (0, PortErrorKind::TimedOut));
        theirs.write_all(&[XON]).expect("asked for more");
        port.write(b"two", within(Duration::from_secs(5))).expect("taken again");
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"two") {
            bytes.extend(received(&mut theirs, 1));
        }
        // Flow control is for the line, not for its users.
        assert_eq!(port.read(&mut [0; 8], within(Duration::from_millis(50))).expect("nothing"), 0);
    }

    #[test]
    fn without_flow_control_the_same_bytes_are_answers() {
        let (mut theirs, _ours, path) = line();
        let mut port = open(&path, 115_200, FlowControl::None).expect("opened");
        theirs.write_all(&[XOFF, XON, 0x12]).expect("sent");
        let mut answers = Vec::new();
        while answers.len() < 3 {
            let mut buffer = [0; 8];
            let count = port.read(&mut buffer, within(Duration::from_secs(5))).expect("read");
            assert!(count > 0, "only {answers:02X?} came");
            answers.extend_from_slice(&buffer[..count]);
        }
        assert_eq!(answers, [XOFF, XON, 0x12]);
        port.write(b"goes on", within(Duration::from_secs(1))).expect("taken");
        assert_eq!(received(&mut theirs, 7), b"goes on");
    }

    #[test]
    fn each_kind_of_flow_control_is_set_and_only_that() {
        for (flow, wires, bytes) in
            [(FlowControl::None, false, false), (FlowControl::RtsCts, true, false), (FlowControl::XonXoff, false, true)]
        {
            let (_theirs, ours, path) = line();
            let port = open(&path, 9_600, flow).expect("opened");
            let modes = tcgetattr(std::fs::File::open(ours.name().expect("its name")).expect("opened")).expect("modes");
            assert_eq!(modes.control_modes.contains(ControlModes::CRTSCTS), wires, "{flow:?}");
            assert_eq!(modes.input_modes.contains(InputModes::IXON | InputModes::IXOFF), bytes, "{flow:?}");
            assert_eq!((modes.output_speed(), modes.input_speed()), (9_600, 9_600));
            drop(port);
        }
    }

    #[test]
    fn a_second_owner_is_refused() {
        let (_theirs, _ours, path) = line();
        let first = open(&path, 9_600, FlowControl::None).expect("opened");
        let refused = open(&path, 9_600, FlowControl::None).err().expect("refused");
        assert_eq!(refused.kind(), PortErrorKind::Busy);
        first.close();
        drop(open(&path, 9_600, FlowControl::None).expect("free again"));
    }
}
