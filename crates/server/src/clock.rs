//! The server's one clock file. Nothing else here asks what time it is.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Now, in UTC milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The monotonic clock, for durations and deadlines.
pub fn monotonic() -> Instant {
    Instant::now()
}
