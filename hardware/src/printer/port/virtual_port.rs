//! A virtual printer of this process, reached through the same kind of connection as a network printer.

use std::time::{Duration, Instant};

use super::{Direction, Port, open_port};
use crate::printer::fault::{PortError, WriteError};
use crate::virtual_printer::{VirtualPrinter, VirtualPrinterOptions};

struct VirtualPort {
    port: Box<dyn Port>,
    /// Lives as long as the port; the paper is gone when it goes.
    _printer: VirtualPrinter,
}

pub(super) fn open(limit: Duration) -> Result<Box<dyn Port>, PortError> {
    let printer = VirtualPrinter::start_tcp("127.0.0.1:0", VirtualPrinterOptions::default())
        .map_err(|cause| PortError::Missing { target: "virtual:".to_owned(), cause: Some(cause) })?;
    let port = open_port(&printer.selector(), limit)?;
    Ok(Box::new(VirtualPort { port, _printer: printer }))
}

impl Port for VirtualPort {
    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), WriteError> {
        self.port.write(bytes, deadline)
    }

    fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, PortError> {
        self.port.read(buffer, deadline)
    }

    fn direction(&self) -> Direction {
        self.port.direction()
    }

    fn transfer_time(&self, bytes: usize) -> Duration {
        self.port.transfer_time(bytes)
    }

    fn close(self: Box<Self>) {
        self.port.close();
    }
}
