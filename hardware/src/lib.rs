//! Printer and speaker: traits, drivers, fakes.
//!
//! Everything here blocks for a bounded time and then answers; the caller decides on which thread it waits. Nothing in
//! this crate knows what a ticket, a queue or a station is: a [`slip::Slip`] is a list of lines on paper, nothing more.
//!
//! The way of a slip: [`slip::Slip`] -> [`slip::render_job`] (pure bytes) -> [`printer::Printer`] (one owner, one job in
//! flight) -> a port (TCP, serial line, device file, virtual) -> [`printer::PrintOutcome`], which claims nothing that the
//! printer itself has not said.
#![deny(missing_docs)]

mod clock;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod printer;
pub mod slip;
pub mod speaker;
pub mod virtual_printer;
