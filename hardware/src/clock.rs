//! The one place where this crate looks at a clock.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The monotonic clock: every deadline is kept in it.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The wall clock in UTC milliseconds since 1970, for logs.
pub(crate) fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
