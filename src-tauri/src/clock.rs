//! The one place where this program looks at a clock. Everything else is told the time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The monotonic clock. It does not count while the machine sleeps, so that waking up looks like no silence.
pub fn monotonic() -> Instant {
    Instant::now()
}

/// The wall clock, UTC milliseconds since 1970. A clock that stands before 1970 counts as 1970.
pub fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// What to add to UTC for the machine's own wall clock, in minutes. It stands in for the site's until the station has
/// read its configuration; in a lobby the two are the same.
#[cfg(target_os = "linux")]
pub fn offset_minutes() -> i32 {
    use webkit2gtk::glib::DateTime;

    DateTime::now_local().map_or(0, |now| i32::try_from(now.utc_offset().as_minutes()).unwrap_or(0))
}

/// Elsewhere the site's offset is waited for.
#[cfg(not(target_os = "linux"))]
pub const fn offset_minutes() -> i32 {
    0
}
