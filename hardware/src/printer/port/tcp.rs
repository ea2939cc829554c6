//! A printer on the network, raw bytes on one connection that stays open (usually port 9100).

use crate::clock;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::polled::{EmptyRead, Polled};
use super::{Direction, Port};
use crate::printer::fault::{PortError, WriteError};

struct TcpPort {
    polled: Polled<TcpStream>,
}

/// Connects within `limit`, name resolution included.
pub(super) fn open(host: &str, port: u16, limit: Duration) -> Result<Box<dyn Port>, PortError> {
    let deadline = clock::now() + limit;
    let target = format!("tcp:{host}:{port}");
    let missing = |cause| PortError::Missing { target: target.clone(), cause };
    let mut failure = None;
    for address in addresses(host, port, deadline).map_err(|cause| missing(Some(cause)))? {
        let left = deadline.saturating_duration_since(clock::now());
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => {
                // Without NODELAY the kernel may hold back the questions that follow a slip.
                stream.set_nodelay(true).map_err(|cause| missing(Some(cause)))?;
                stream.set_nonblocking(true).map_err(|cause| missing(Some(cause)))?;
                return Ok(Box::new(TcpPort { polled: Polled::new(stream, EmptyRead::Closed) }));
            }
            Err(cause) => failure = Some(cause),
        }
    }
    Err(missing(failure))
}

/// Resolves a name on a thread of its own, because the system's resolver knows no deadline.
fn addresses(host: &str, port: u16, deadline: Instant) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    thread::Builder::new().name("printer-name".to_owned()).spawn(move || {
        let resolved = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
        // The receiver is gone when the deadline has passed; then nobody wants the answer.
        drop(sender.send(resolved));
    })?;
    receiver
        .recv_timeout(deadline.saturating_duration_since(clock::now()))
        .unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)))
}

impl Port for TcpPort {
    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), WriteError> {
        self.polled.write(bytes, deadline)
    }

    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, PortError> {
        self.polled.read(buffer, deadline)
    }

    fn direction(&self) -> Direction {
        Direction::Both
    }

    fn transfer_time(&self, _bytes: usize) -> Duration {
        Duration::ZERO
    }

    fn close(self: Box<Self>) {
        drop(self);
    }
}
