//! A worker for each kind of effect that takes time. Each owns its device, takes orders from a channel, and reports by
//! an input. None of them decides anything.

mod printer;
mod roll;
mod sound;

pub(crate) use printer::{PrinterNews, PrinterOrder, PrinterWorker, fault_of};
pub(crate) use roll::{PaperCounted, PaperLeft, Roll, usual_roll_mm};
pub(crate) use sound::SoundWorker;
