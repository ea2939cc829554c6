//! The station's body: one loop, a worker per effect, and a headless binary.
//!
//! The engine decides; this crate gives it the world: a journal file, a printer, a speaker, a server and a clock. It
//! knows no window and draws nothing: views go out and commands come in through [`door`].

mod clock;
pub mod doctor;
pub mod door;
mod link;
mod machine;
pub mod pairing;
pub mod pin;
pub mod profile;
mod running;
pub mod setup;
mod shell;
pub mod slip;
pub mod ticket_file;
pub mod voice;
mod words;
mod workers;

pub use running::RunningStation;

/// From the wire's values to the engine's, for whoever drives the engine against a server without this crate's loop.
pub mod wire {
    pub use crate::link::convert::{allocated, greeting, input};
}
