//! Whatever a printer sends, in any order and mixed with any questions, is never taken for more than it is.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run answers -- -max_total_time=600` in `hardware`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| smartqueue_hardware::fuzzing::check_answers(data));
