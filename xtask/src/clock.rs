//! The one place where this binary looks at a clock: it measures how long a step took and how long a wait may last.
//!
//! It never tells the time of day.

use std::time::{Duration, Instant};

/// A running measurement, started by [`Stopwatch::start`].
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// What is left of `limit`, zero when it has passed.
    pub fn left_of(self, limit: Duration) -> Duration {
        limit.saturating_sub(self.elapsed())
    }
}

/// A duration as people read it: `0.4 s`, `12.3 s`, `3 min 05 s`.
pub fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = duration.as_secs();
    format!("{} min {:02} s", whole / 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_readable() {
        assert_eq!(in_words(Duration::from_millis(430)), "0.4 s");
        assert_eq!(in_words(Duration::from_millis(59_900)), "59.9 s");
        assert_eq!(in_words(Duration::from_secs(185)), "3 min 05 s");
    }
}
