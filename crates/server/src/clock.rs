//! The server's one clock file. Nothing else here asks what time it is.

use std::cell::Cell;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

thread_local! {
    /// The time that whoever drives a ledger by hand gave this thread.
    static GIVEN_MS: Cell<Option<i64>> = const { Cell::new(None) };
}

/// Gives this thread a time instead of the machine's, or takes it away again. Only a ledger that is driven by hand
/// works on the thread of its caller, so nothing else can be misled.
pub fn give_this_thread(now_ms: Option<i64>) {
    GIVEN_MS.set(now_ms);
}

/// Now, in UTC milliseconds since 1970.
pub fn now_ms() -> i64 {
    if let Some(given) = GIVEN_MS.get() {
        return given;
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The monotonic clock, for durations and deadlines.
pub fn monotonic() -> Instant {
    Instant::now()
}
