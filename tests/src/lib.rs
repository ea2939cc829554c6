//! The lobby in a box: what the layer test, the stories, the app tests and the benchmarks have in common.
//!
//! Nothing here is shipped.

pub mod display;
pub mod fault_matrix;
pub mod house;
pub mod kill_storm;
pub mod load;
pub mod measure;
pub mod postgres;
pub mod printer_program;
pub mod program;
pub mod programs;
pub mod prompt_printer;
pub mod server_program;
pub mod simulation;
pub mod station_program;
