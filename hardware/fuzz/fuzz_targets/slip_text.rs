//! Whatever text stands on a slip, a printer understands what the layout meant and not a command more.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run slip_text -- -max_total_time=600` in `hardware`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| smartqueue_hardware::fuzzing::check_slip_text(data));
