//! The lobby in a box: what the layer test, the stories, the app tests and the benchmarks have in common.
//!
//! Nothing here is shipped.

pub mod house;
pub mod programs;
