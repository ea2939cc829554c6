//! The station's one clock file: nothing else in this crate looks at a clock.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use smartqueue_engine::Now;
use std::time::{Duration, Instant};

/// A monotonic clock with its start, and the site's time zone.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    start: Instant,
    zone: TimeZone,
}

impl Clock {
    pub(crate) fn new(zone: TimeZone) -> Clock {
        Clock { start: monotonic(), zone }
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    pub(crate) fn set_zone(&mut self, zone: TimeZone) {
        self.zone = zone;
    }

    pub(crate) fn now(&self) -> Now {
        let elapsed_ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now { elapsed_ms, wall_ms: wall_ms(), offset_minutes: offset_minutes_now(&self.zone) }
    }

    /// How long to wait until a moment of this clock.
    pub(crate) fn until(&self, elapsed_ms: u64) -> Duration {
        Duration::from_millis(elapsed_ms).saturating_sub(self.start.elapsed())
    }
}

/// The monotonic clock, for durations and deadlines.
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

/// UTC milliseconds by the machine's wall clock.
pub(crate) fn wall_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// A zone's offset now, in minutes east of UTC.
pub(crate) fn offset_minutes_now(zone: &TimeZone) -> i32 {
    zone.to_offset(Timestamp::now()).seconds() / 60
}
