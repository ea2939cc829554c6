//! The engine under every port: a descriptor in non-blocking mode and `poll` with the time that is left.
//!
//! Blocking calls with time-outs are not enough: a write to a serial line that flow control has stopped blocks in the kernel
//! for ever, whatever time-out was set for the poll before it.

use crate::clock;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::printer::fault::{PortError, WriteError};

/// What a read of no bytes means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EmptyRead {
    /// The other side has closed.
    Closed,
    /// The driver has nothing to say just now (usblp).
    Nothing,
}

/// A driver that reports "readable" and then delivers nothing is asked again after this time.
pub(super) const EMPTY_READ_PAUSE: Duration = Duration::from_millis(10);

pub(super) struct Polled<D> {
    device: D,
    empty_read: EmptyRead,
}

impl<D: AsFd + Read + Write> Polled<D> {
    /// Takes a descriptor that is already in non-blocking mode.
    pub(super) fn new(device: D, empty_read: EmptyRead) -> Self {
        Polled { device, empty_read }
    }

    pub(super) fn device(&self) -> &D {
        &self.device
    }

    pub(super) fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), WriteError> {
        let mut written = 0;
        while written < bytes.len() {
            match self.device.write(&bytes[written..]) {
                Ok(0) => return Err(WriteError { written, cause: PortError::Disconnected { cause: None } }),
                Ok(count) => written += count,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => {
                    let ready = wait(&self.device, PollFlags::OUT, deadline);
                    match ready {
                        Ok(true) => {}
                        Ok(false) => return Err(WriteError { written, cause: PortError::TimedOut }),
                        Err(cause) => return Err(WriteError { written, cause }),
                    }
                }
                Err(cause) => return Err(WriteError { written, cause: PortError::from_use(cause) }),
            }
        }
        Ok(())
    }

    /// Waits until a driver that takes bytes at once and passes them on later has passed on all of them. `written` is what it
    /// has taken: when the wait is in vain, any of it may have reached the printer.
    pub(super) fn wait_until_passed_on(&self, written: usize, deadline: Instant) -> Result<(), WriteError> {
        match wait(&self.device, PollFlags::OUT, deadline) {
            Ok(true) => Ok(()),
            Ok(false) => Err(WriteError { written, cause: PortError::TimedOut }),
            Err(cause) => Err(WriteError { written, cause }),
        }
    }

    pub(super) fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, PortError> {
        loop {
            match self.device.read(buffer) {
                Ok(0) if self.empty_read == EmptyRead::Closed => return Err(PortError::Disconnected { cause: None }),
                Ok(0) => {
                    let left = deadline.saturating_duration_since(clock::now());
                    if left.is_zero() {
                        return Ok(0);
                    }
                    std::thread::sleep(left.min(EMPTY_READ_PAUSE));
                }
                Ok(count) => return Ok(count),
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => {
                    if !wait(&self.device, PollFlags::IN, deadline)? {
                        return Ok(0);
                    }
                }
                Err(cause) => return Err(PortError::from_use(cause)),
            }
        }
    }
}

/// Waits until the device is ready or the deadline has passed; true when it is ready (or broken, which the next call tells).
fn wait<D: AsFd>(device: &D, wanted: PollFlags, deadline: Instant) -> Result<bool, PortError> {
    loop {
        let left = deadline.saturating_duration_since(clock::now());
        if left.is_zero() {
            return Ok(false);
        }
        let limit = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        let mut waiting = [PollFd::new(device, wanted)];
        match poll(&mut waiting, Some(&limit)) {
            Ok(0) => return Ok(false),
            Ok(_) if waiting[0].revents().intersects(wanted) => return Ok(true),
            // Hung up or broken without the wanted readiness: reading or writing again would spin.
            Ok(_) => return Err(PortError::Disconnected { cause: None }),
            Err(Errno::INTR) => {}
            Err(cause) => return Err(PortError::Disconnected { cause: Some(cause.into()) }),
        }
    }
}
