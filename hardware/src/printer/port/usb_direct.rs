//! A USB printer without the system's printer driver: its interface claimed for us alone, and bytes through its bulk endpoints.
//!
//! The endpoints come from the device's own descriptors. Never takes an interface from another program, and leaves it as it was
//! found: what was taken from the printer driver goes back to it.

use std::io;
use std::time::{Duration, Instant};

use nusb::descriptors::{InterfaceDescriptor, TransferType};
use nusb::transfer::{Buffer, Bulk, Direction as Towards, In, Out, TransferError};
use nusb::{Endpoint, ErrorKind, Interface, MaybeFuture};

use super::polled::EMPTY_READ_PAUSE;
use super::usb::UsbPrinter;
use super::{Direction, Port};
use crate::clock;
use crate::printer::fault::{PortError, WriteError};

/// Longest wait for the system to give back a transfer that was called off; it takes milliseconds.
const CALL_OFF_LIMIT: Duration = Duration::from_millis(500);
/// Packets that one read can take. Answers are a few bytes; a talkative device must not need a read for each.
const READ_PACKETS: usize = 4;

/// From whom the interface is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// Nobody has it.
    Free,
    /// The printer driver has it, and gets it back when the port is closed.
    FromDriver,
}

struct DirectPort {
    out: Endpoint<Bulk, Out>,
    back: Option<BackWay>,
    /// Held as long as the port lives; dropped after its endpoints.
    _interface: Interface,
}

/// The endpoint towards us, with one transfer always under way, so that nothing the printer says is lost between two reads.
struct BackWay {
    endpoint: Endpoint<Bulk, In>,
    /// What came and was not read yet.
    rest: Vec<u8>,
}

pub(super) fn open(printer: &UsbPrinter, target: &str, claim: Claim) -> Result<Box<dyn Port>, PortError> {
    let failed = |error: nusb::Error| open_error(target, error);
    let device = nusb::list_devices()
        .wait()
        .map_err(failed)?
        .find(|device| device.sysfs_path().file_name().is_some_and(|name| *name == *printer.socket))
        .ok_or_else(|| PortError::Missing { target: target.to_owned(), cause: None })?
        .open()
        .wait()
        .map_err(failed)?;
    let interface = match claim {
        Claim::Free => device.claim_interface(printer.interface).wait(),
        Claim::FromDriver => device.detach_and_claim_interface(printer.interface).wait(),
    }
    .map_err(failed)?;
    let ways = ways_of(&interface).ok_or_else(|| PortError::Unsupported { target: target.to_owned() })?;
    if ways.setting != interface.get_alt_setting() {
        interface.set_alt_setting(ways.setting).wait().map_err(failed)?;
    }
    let out = interface.endpoint::<Bulk, Out>(ways.out).map_err(failed)?;
    let back = match ways.back {
        Some(address) => Some(BackWay::new(interface.endpoint::<Bulk, In>(address).map_err(failed)?)),
        None => None,
    };
    Ok(Box::new(DirectPort { out, back, _interface: interface }))
}

fn open_error(target: &str, error: nusb::Error) -> PortError {
    let (target, kind) = (target.to_owned(), error.kind());
    if kind == ErrorKind::Busy {
        PortError::Busy { target }
    } else if kind == ErrorKind::PermissionDenied {
        PortError::Permission { target, cause: error.into() }
    } else if kind == ErrorKind::Unsupported {
        PortError::Unsupported { target }
    } else if error.os_error() == Some(NO_SUCH_FILE) {
        // sysfs shows the device and there is no file to open it by: only a driver could reach it.
        PortError::DriverMissing { target }
    } else {
        PortError::Missing { target, cause: Some(error.into()) }
    }
}

/// ENOENT, as the library reports the system's errors.
const NO_SUCH_FILE: u32 = 2;

/// The endpoints of one setting of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ways {
    setting: u8,
    out: u8,
    back: Option<u8>,
}

/// The best setting of an interface: one with both ways, else one towards the printer; `None` when it takes no bytes at all.
fn ways_of(interface: &Interface) -> Option<Ways> {
    let settings: Vec<Ways> = interface.descriptors().filter_map(|descriptor| ways_in(&descriptor)).collect();
    settings.iter().find(|ways| ways.back.is_some()).or_else(|| settings.first()).copied()
}

fn ways_in(descriptor: &InterfaceDescriptor<'_>) -> Option<Ways> {
    let bulk = |towards: Towards| {
        descriptor
            .endpoints()
            .find(|endpoint| endpoint.transfer_type() == TransferType::Bulk && endpoint.direction() == towards)
            .map(|endpoint| endpoint.address())
    };
    Some(Ways { setting: descriptor.alternate_setting(), out: bulk(Towards::Out)?, back: bulk(Towards::In) })
}

impl BackWay {
    fn new(endpoint: Endpoint<Bulk, In>) -> Self {
        let mut way = BackWay { endpoint, rest: Vec::new() };
        way.listen();
        way
    }

    fn listen(&mut self) {
        if self.endpoint.pending() == 0 {
            self.endpoint.submit(Buffer::new(self.endpoint.max_packet_size().max(1) * READ_PACKETS));
        }
    }

    /// Hands out what came, up to the size of `buffer`.
    fn take(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest[..count]);
        self.rest.drain(..count);
        count
    }

    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, PortError> {
        loop {
            let count = self.take(buffer);
            if count > 0 {
                return Ok(count);
            }
            self.listen();
            let left = deadline.saturating_duration_since(clock::now());
            let Some(completion) = self.endpoint.wait_next_complete(left) else {
                return Ok(0);
            };
            match completion.status {
                Ok(()) if completion.actual_len == 0 => {
                    // A device that answers "nothing" answers so at once, again and again.
                    let left = deadline.saturating_duration_since(clock::now());
                    if left.is_zero() {
                        return Ok(0);
                    }
                    std::thread::sleep(left.min(EMPTY_READ_PAUSE));
                }
                Ok(()) => self.rest.extend_from_slice(&completion.buffer),
                Err(TransferError::Stall) => {
                    self.endpoint.clear_halt().wait().map_err(|error| broken(error.into()))?;
                }
                Err(
                    error @ (TransferError::Cancelled
                    | TransferError::Disconnected
                    | TransferError::Fault
                    | TransferError::InvalidArgument
                    | TransferError::Unknown(_)),
                ) => return Err(broken(error.into())),
            }
        }
    }
}

fn broken(cause: io::Error) -> PortError {
    PortError::Disconnected { cause: Some(cause) }
}

impl Port for DirectPort {
    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), WriteError> {
        let mut written = 0;
        while written < bytes.len() {
            self.out.submit(bytes[written..].to_vec().into());
            let left = deadline.saturating_duration_since(clock::now());
            let completion = self.out.wait_next_complete(left).or_else(|| {
                self.out.cancel_all();
                self.out.wait_next_complete(CALL_OFF_LIMIT)
            });
            let Some(completion) = completion else {
                // The system does not say how far it got: all of it may have got through.
                return Err(WriteError { written: bytes.len(), cause: PortError::TimedOut });
            };
            match completion.status {
                Ok(()) if completion.actual_len == 0 => {
                    return Err(WriteError { written, cause: PortError::Disconnected { cause: None } });
                }
                Ok(()) => written += completion.actual_len,
                // Called off, and finished in the same moment.
                Err(TransferError::Cancelled) if written + completion.actual_len == bytes.len() => return Ok(()),
                Err(TransferError::Cancelled) => {
                    return Err(WriteError { written: written + completion.actual_len, cause: PortError::TimedOut });
                }
                Err(error) => {
                    if error == TransferError::Stall {
                        // A stalled endpoint stays so until it is told; the next connection needs it.
                        drop(self.out.clear_halt().wait());
                    }
                    // A packet whose acknowledgement was lost with the connection is in the printer and in no count.
                    let taken = (written + completion.actual_len.max(1)).min(bytes.len());
                    return Err(WriteError { written: taken, cause: broken(error.into()) });
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, PortError> {
        match &mut self.back {
            Some(back) => back.read(buffer, deadline),
            None => Ok(0),
        }
    }

    fn direction(&self) -> Direction {
        match self.back {
            Some(_) => Direction::Both,
            None => Direction::OutOnly,
        }
    }

    fn transfer_time(&self, _bytes: usize) -> Duration {
        Duration::ZERO
    }

    fn close(self: Box<Self>) {
        drop(self);
    }
}

impl Drop for DirectPort {
    fn drop(&mut self) {
        // The interface is free only when nothing is under way any more; whoever opens it next must not find it busy.
        if let Some(back) = &mut self.back
            && back.endpoint.pending() > 0
        {
            back.endpoint.cancel_all();
            drop(back.endpoint.wait_next_complete(CALL_OFF_LIMIT));
        }
        if self.out.pending() > 0 {
            self.out.cancel_all();
            drop(self.out.wait_next_complete(CALL_OFF_LIMIT));
        }
    }
}
