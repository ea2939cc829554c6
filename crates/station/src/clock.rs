//! The station's one clock file: nothing else in this crate looks at a clock.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use smartqueue_domain::BootId;
use smartqueue_engine::Now;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The machine's boot-time clock and the site's time zone.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    zone: TimeZone,
}

impl Clock {
    pub(crate) fn new(zone: TimeZone) -> Clock {
        Clock { zone }
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    pub(crate) fn set_zone(&mut self, zone: TimeZone) {
        self.zone = zone;
    }

    pub(crate) fn now(&self) -> Now {
        Now { elapsed_ms: boot_elapsed_ms(), wall_ms: wall_ms(), offset_minutes: offset_minutes_now(&self.zone) }
    }

    /// How long to wait until a moment of this clock.
    pub(crate) fn until(&self, elapsed_ms: u64) -> Duration {
        Duration::from_millis(elapsed_ms.saturating_sub(boot_elapsed_ms()))
    }
}

/// Milliseconds since the machine's start, asleep or awake: an age counted in it survives a restart of this program.
pub(crate) fn boot_elapsed_ms() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000 + u64::try_from(now.tv_nsec).unwrap_or(0) / 1_000_000
}

/// The machine's present start. Where the system does not name it, this run counts as a start of its own.
pub(crate) fn present_boot() -> BootId {
    let named = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
    BootId(named.and_then(|text| Uuid::parse_str(text.trim()).ok()).unwrap_or_else(Uuid::new_v4))
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
