//! A virtual printer behind the device file of a USB gadget, read and written on one descriptor: the host at the other end of the
//! cable sees a USB printer. Knows no command.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

use super::gadget::Gadget;
use super::shared::Shared;
use super::transport::{serve, spawn};

/// How long a reader or a writer waits before it looks whether the printer is switched off.
const LOOK: Duration = Duration::from_millis(50);
/// A device whose host has not greeted it yet is asked again after this time.
const GREETING_PAUSE: Duration = Duration::from_millis(5);

/// Serves the device until the printer is switched off, and plugs and pulls the cable as the printer's state wants it. A
/// connection that breaks while the cable stays in is a reset, which on USB is a short pull.
pub(super) fn serve_gadget(gadget: Gadget, shared: &Arc<Shared>, baud: Option<u32>) -> io::Result<JoinHandle<()>> {
    let shared = Arc::clone(shared);
    let path = gadget.device();
    gadget.plug()?;
    spawn("device", move || {
        let mut state = shared.lock();
        while !state.stopping {
            if !state.plugged {
                drop(state);
                // A cable that cannot be pulled is one that is out already.
                drop(gadget.unplug());
                state = shared.lock();
                while !state.plugged && !state.stopping {
                    state = shared.wait(state);
                }
                continue;
            }
            drop(state);
            if gadget.plug().is_ok()
                && let Ok(device) = open(&path)
            {
                shared.lock().connected(None);
                if let Ok(answers) = device.try_clone() {
                    serve(device, answers, &shared, baud);
                }
                // Whoever waits for the end of the connection finds the cable out.
                drop(gadget.unplug());
                shared.lock().disconnected();
                shared.ring();
            }
            // After a reset, and while the device file is not there yet, the next attempt waits a moment.
            state = shared.wait_for(shared.lock(), LOOK);
        }
    })
}

/// The one descriptor of both ways, never blocking longer than a look takes.
struct Device(File);

fn open(path: &Path) -> io::Result<Device> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    Ok(Device(OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?))
}

impl Device {
    fn try_clone(&self) -> io::Result<Device> {
        Ok(Device(self.0.try_clone()?))
    }

    /// Waits for a moment until the device is ready. One that the host does not talk to is not ready, and not broken either: the
    /// cable is ours to pull.
    fn wait(&self, wanted: PollFlags) -> io::Result<()> {
        let limit = Timespec { tv_sec: 0, tv_nsec: i64::from(LOOK.subsec_nanos()) };
        let mut waiting = [PollFd::new(&self.0, wanted)];
        poll(&mut waiting, Some(&limit))?;
        if waiting[0].revents().intersects(wanted) {
            return Ok(());
        }
        if !waiting[0].revents().is_empty() {
            std::thread::sleep(GREETING_PAUSE);
        }
        Err(ErrorKind::WouldBlock.into())
    }
}

/// ENODEV is what the gadget says between two greetings of its host.
fn pause_without_host(cause: io::Error) -> io::Error {
    let without_host = cause.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error());
    if without_host { ErrorKind::WouldBlock.into() } else { cause }
}

impl Read for Device {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait(PollFlags::IN)?;
        self.0.read(buffer).map_err(pause_without_host)
    }
}

impl Write for Device {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait(PollFlags::OUT)?;
        self.0.write(bytes).map_err(pause_without_host)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
