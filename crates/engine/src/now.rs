//! The moment at which an input happened, as the shell's one clock file saw it. Never reads a clock itself.

use smartqueue_domain::LocalTime;

/// A moment by two clocks: one that only goes forward and one that people read and may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds of the boot-time clock: since the machine's start, asleep or awake, whoever was running. Deadlines
    /// are kept in it, and ages are counted in it over a restart of this program.
    pub elapsed_ms: u64,
    /// UTC milliseconds of the machine's wall clock, which may be wrong.
    pub wall_ms: i64,
    /// The site's offset in minutes east of UTC at this moment.
    pub offset_minutes: i32,
}

impl Now {
    /// The site's local time by the wall clock.
    pub fn local(self) -> LocalTime {
        LocalTime::new(self.wall_ms, self.offset_minutes)
    }

    /// The wall time at which a monotonic deadline will be reached, for screens that count down.
    pub(crate) fn wall_at(self, elapsed_ms: u64) -> i64 {
        let ahead = elapsed_ms.saturating_sub(self.elapsed_ms);
        self.wall_ms + i64::try_from(ahead).unwrap_or(i64::MAX / 2)
    }
}
