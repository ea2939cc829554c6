//! A device file of a printer driver (usblp) or a plain file to which slips are appended.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use super::polled::{EmptyRead, Polled};
use super::{Direction, Port};
use crate::printer::fault::{PortError, WriteError};

struct FilePort {
    polled: Polled<File>,
    direction: Direction,
    /// The driver keeps what it was given until the printer takes it, and throws it away when the file is closed before.
    passes_on_later: bool,
}

/// Opens a character device for both directions where it allows that, anything else for appending.
pub(super) fn open(path: &Path) -> Result<Box<dyn Port>, PortError> {
    let target = format!("file:{}", path.display());
    let failed = |cause: io::Error| PortError::from_open(&target, cause);
    let is_device = std::fs::metadata(path).is_ok_and(|found| found.file_type().is_char_device());
    let flags = i32::try_from((OFlags::NOCTTY | OFlags::NONBLOCK).bits()).unwrap_or_default();
    let (device, direction) = if is_device {
        match OpenOptions::new().read(true).write(true).custom_flags(flags).open(path) {
            Ok(device) => (device, Direction::Both),
            // A device of an output-only driver refuses to be read; one that is busy or forbidden refuses both.
            Err(_) => {
                let device = OpenOptions::new().write(true).custom_flags(flags).open(path).map_err(failed)?;
                (device, Direction::OutOnly)
            }
        }
    } else if path.starts_with("/dev") {
        // A device that is not plugged in. A plain file in its place would swallow slips, and keep the device from its name.
        return Err(PortError::Missing { target, cause: None });
    } else {
        let device = OpenOptions::new().append(true).create(true).custom_flags(flags).open(path).map_err(failed)?;
        (device, Direction::OutOnly)
    };
    if is_device {
        // One owner per printer. A driver that knows no locks leaves it to its own rules.
        if let Err(Errno::AGAIN) = flock(&device, FlockOperation::NonBlockingLockExclusive) {
            return Err(PortError::Busy { target });
        }
    }
    Ok(Box::new(FilePort { polled: Polled::new(device, EmptyRead::Nothing), direction, passes_on_later: is_device }))
}

impl Port for FilePort {
    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), WriteError> {
        self.polled.write(bytes, deadline)?;
        if self.passes_on_later { self.polled.wait_until_passed_on(bytes.len(), deadline) } else { Ok(()) }
    }

    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, PortError> {
        match self.direction {
            Direction::Both => self.polled.read(buffer, deadline),
            Direction::OutOnly => Ok(0),
        }
    }

    fn direction(&self) -> Direction {
        self.direction
    }

    fn transfer_time(&self, _bytes: usize) -> Duration {
        Duration::ZERO
    }

    fn close(self: Box<Self>) {
        drop(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::printer::fault::PortErrorKind;

    #[test]
    fn a_device_that_is_not_there_is_missing_and_not_made() {
        let path = Path::new("/dev/smartqueue-no-such-printer");
        let refused = open(path).err().expect("nothing is there");
        assert_eq!(refused.kind(), PortErrorKind::Missing);
        assert!(!path.exists());
    }

    #[test]
    fn a_plain_file_keeps_one_slip_after_the_other() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("slips.bin");
        for slip in ["one", "two"] {
            let mut port = open(&path).expect("opened");
            assert_eq!(port.direction(), Direction::OutOnly);
            port.write(slip.as_bytes(), clock::now() + Duration::from_secs(1)).expect("written");
        }
        assert_eq!(std::fs::read(&path).expect("read"), b"onetwo");
    }
}
