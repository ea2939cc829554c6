//! How bytes reach the virtual printer: a TCP listener with one connection at a time, or a pseudo terminal. Knows no command.

use crate::clock;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
#[cfg(unix)]
use serialport::{SerialPort, TTYPort};

use super::mechanism::Link;
use super::pace::Pace;
use super::shared::Shared;

/// How often a waiting reader looks whether the printer is switched off.
const LOOK: Duration = Duration::from_millis(50);
/// Bytes that travel as one on a line of a given speed; small, so that the pace is even.
const PACED_BYTES: usize = 16;
/// Time that a connection which is just ending has before the next one is refused.
const HANDOVER: Duration = Duration::from_millis(200);

/// Starts a thread with a name that shows up in debuggers.
pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(format!("virtual-printer-{name}")).spawn(work)
}

/// Accepts connections until the printer is switched off. Like most network printers it serves one and closes the others; while
/// its cable is out, nobody listens.
pub(super) fn accept(listener: TcpListener, shared: &Arc<Shared>, baud: Option<u32>) {
    let Ok(address) = listener.local_addr() else {
        return;
    };
    let mut listening = Some(listener);
    loop {
        let (stopping, plugged) = {
            let state = shared.lock();
            (state.stopping, state.plugged)
        };
        if stopping {
            return;
        }
        match listening.take() {
            None if plugged => listening = TcpListener::bind(address).ok(),
            None => thread::sleep(LOOK),
            Some(_) if !plugged => {}
            Some(listener) => {
                if is_called(&listener)
                    && let Ok((stream, _)) = listener.accept()
                {
                    receive_call(stream, shared, baud);
                }
                listening = Some(listener);
            }
        }
    }
}

/// Waits for somebody who wants to connect, for a moment.
fn is_called(listener: &TcpListener) -> bool {
    let limit = Timespec { tv_sec: 0, tv_nsec: i64::from(LOOK.subsec_nanos()) };
    poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&limit)).is_ok_and(|ready| ready > 0)
}

fn receive_call(stream: TcpStream, shared: &Arc<Shared>, baud: Option<u32>) {
    let mut state = shared.lock();
    let patience = clock::now() + HANDOVER;
    while state.link != Link::Free && !state.stopping {
        let left = patience.saturating_duration_since(clock::now());
        if left.is_zero() {
            break;
        }
        state = shared.wait_for(state, left);
    }
    if state.stopping || !state.plugged || state.link != Link::Free {
        // Dropping the stream closes it; the state stays with the one who holds the printer. A call may also have come in the
        // moment between the pulled cable and the closed door.
        return;
    }
    state.connected(stream.try_clone().ok());
    drop(state);
    let for_connection = Arc::clone(shared);
    // A thread that cannot be started leaves the printer without a connection, and the next one tries again.
    if spawn("connection", move || serve_tcp(&stream, &for_connection, baud)).is_err() {
        shared.lock().disconnected();
    }
}

fn serve_tcp(stream: &TcpStream, shared: &Arc<Shared>, baud: Option<u32>) {
    let prepared = stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(LOOK)));
    if let (Ok(()), Ok(reader), Ok(writer)) = (prepared, stream.try_clone(), stream.try_clone()) {
        serve(reader, writer, shared, baud);
    }
    // The other side may be gone already.
    drop(stream.shutdown(Shutdown::Both));
    shared.lock().disconnected();
    shared.ring();
}

/// Serves one connection to its end: receives on this thread, answers on another.
pub(super) fn serve(
    reader: impl Read,
    mut writer: impl Write + Send + 'static,
    shared: &Arc<Shared>,
    baud: Option<u32>,
) {
    let for_answers = Arc::clone(shared);
    let answering = spawn("answers", move || answer(&mut writer, &for_answers, baud));
    receive(reader, shared, baud);
    let mut state = shared.lock();
    if state.link == Link::Held {
        state.link = Link::Breaking;
    }
    drop(state);
    shared.ring();
    if let Ok(thread) = answering {
        // A writer that panicked has written all it will.
        drop(thread.join());
    }
}

fn receive(mut reader: impl Read, shared: &Arc<Shared>, baud: Option<u32>) {
    let mut buffer = [0; 4096];
    let together = if baud.is_some() { PACED_BYTES } else { buffer.len() };
    loop {
        if await_room(shared) == Room::Never {
            return;
        }
        let count = match reader.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => count,
            Err(cause) if is_pause(&cause) => continue,
            Err(_) => return,
        };
        // Bytes that were sent together keep the line's pace, whenever this thread is woken.
        let mut pace = Pace::at_rest(clock::now());
        for bytes in buffer[..count].chunks(together) {
            match await_room(shared) {
                Room::AtOnce => {}
                Room::Later => pace.stood_still(clock::now()),
                Room::Never => return,
            }
            pace.moves_on(time_on_line(bytes.len(), baud));
            thread::sleep(pace.left(clock::now()));
            let mut state = shared.lock();
            for byte in bytes {
                state.receive(*byte);
                if state.link != Link::Held {
                    break;
                }
            }
            drop(state);
            shared.ring();
        }
    }
}

/// When the printer can take bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    AtOnce,
    /// It held the line back for a while.
    Later,
    /// The connection or the printer has come to its end.
    Never,
}

fn await_room(shared: &Shared) -> Room {
    let mut state = shared.lock();
    let mut room = Room::AtOnce;
    while !state.has_room() && !state.stopping && state.link == Link::Held {
        room = Room::Later;
        state = shared.wait(state);
    }
    if state.stopping || state.link != Link::Held { Room::Never } else { room }
}

fn answer(writer: &mut impl Write, shared: &Arc<Shared>, baud: Option<u32>) {
    loop {
        let mut state = shared.lock();
        while state.outbox.is_empty() && !state.stopping && state.link == Link::Held {
            state = shared.wait(state);
        }
        if state.stopping || state.link != Link::Held {
            return;
        }
        let bytes: Vec<u8> = state.outbox.drain(..).collect();
        state.telling = true;
        drop(state);
        thread::sleep(time_on_line(bytes.len(), baud));
        let there = tell(writer, &bytes);
        shared.lock().telling = false;
        shared.ring();
        if !there {
            return;
        }
    }
}

/// Puts answers on the line; false when nobody is at its other end any more.
fn tell(writer: &mut impl Write, mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        match writer.write(rest) {
            Ok(0) => return false,
            Ok(count) => rest = &rest[count..],
            // A host that does not read loses answers; a printer does not wait for it.
            Err(cause) if is_pause(&cause) => return true,
            Err(_) => return false,
        }
    }
    true
}

fn is_pause(cause: &io::Error) -> bool {
    [ErrorKind::WouldBlock, ErrorKind::TimedOut, ErrorKind::Interrupted].contains(&cause.kind())
}

fn time_on_line(bytes: usize, baud: Option<u32>) -> Duration {
    match baud {
        Some(baud) => Duration::from_micros(bytes as u64 * 10_000_000 / u64::from(baud.max(1))),
        None => Duration::ZERO,
    }
}

/// Opens a pseudo terminal, gives it the name `link`, and serves it until the printer is switched off. A cable that is pulled
/// takes the terminal and its name with it, as that of a USB adapter does.
#[cfg(unix)]
pub(super) fn open_pty(link: &Path, shared: &Arc<Shared>, baud: Option<u32>) -> io::Result<JoinHandle<()>> {
    let terminal = Terminal::open(link)?;
    let shared = Arc::clone(shared);
    shared.lock().connected(None);
    spawn("pty", move || {
        let link = terminal.link.clone();
        let mut terminal = Some(terminal);
        let mut state = shared.lock();
        while !state.stopping {
            if !state.plugged {
                state.disconnected();
                // The other end sees that the line is gone.
                terminal = None;
                shared.ring();
                state = shared.wait(state);
                continue;
            }
            // Nobody is seen to come or go on a serial line.
            state.connected(None);
            drop(state);
            match terminal.take().map_or_else(|| Terminal::open(&link), Ok) {
                Ok(opened) => {
                    if let (Ok(reader), Ok(writer)) = (opened.ours.try_clone_native(), opened.ours.try_clone_native()) {
                        serve(reader, writer, &shared, baud);
                    }
                    terminal = Some(opened);
                }
                Err(_) => thread::sleep(LOOK),
            }
            state = shared.lock();
        }
    })
}

/// A pseudo terminal with its name.
#[cfg(unix)]
struct Terminal {
    ours: TTYPort,
    /// Holding the other end keeps the terminal alive between its users.
    _theirs: TTYPort,
    link: PathBuf,
}

#[cfg(unix)]
impl Terminal {
    fn open(link: &Path) -> io::Result<Self> {
        let (mut ours, theirs) = TTYPort::pair()?;
        ours.set_timeout(LOOK)?;
        let name = theirs.name().ok_or_else(|| io::Error::from(ErrorKind::NotFound))?;
        if std::fs::symlink_metadata(link).is_ok_and(|found| found.file_type().is_symlink()) {
            std::fs::remove_file(link)?;
        }
        std::os::unix::fs::symlink(name, link)?;
        Ok(Terminal { ours, _theirs: theirs, link: link.to_owned() })
    }
}

#[cfg(unix)]
impl Drop for Terminal {
    fn drop(&mut self) {
        // A link that somebody else removed is no loss.
        drop(std::fs::remove_file(&self.link));
    }
}
