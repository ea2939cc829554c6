//! The pace of something that moves: paper under a head, bytes on a line. It keeps the speed of the thing itself and not that of
//! the thread that moves it, which a busy machine may wake late. Looks at no clock.

use std::time::{Duration, Instant};

/// When what moves comes to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    rests_at: Instant,
}

impl Pace {
    /// At rest now.
    pub(super) fn at_rest(now: Instant) -> Self {
        Pace { rests_at: now }
    }

    /// It had nothing to do until now: what comes next begins at this moment and not before.
    pub(super) fn stood_still(&mut self, now: Instant) {
        self.rests_at = self.rests_at.max(now);
    }

    /// The next movement follows the last one without a break, even if it is ordered late.
    pub(super) fn moves_on(&mut self, movement: Duration) {
        self.rests_at += movement;
    }

    /// How long until it rests.
    pub(super) fn left(self, now: Instant) -> Duration {
        self.rests_at.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(2);

    #[test]
    fn steps_that_are_ordered_late_are_made_up_for() {
        let start = Instant::now();
        let mut pace = Pace::at_rest(start);
        let mut now = start;
        for _ in 0..100 {
            pace.moves_on(STEP);
            // The thread is woken one and a half steps late each second time.
            now += pace.left(now) + STEP * 3 / 2;
            pace.moves_on(STEP);
            now += pace.left(now);
        }
        assert!(now >= start + 200 * STEP, "never faster than its speed");
        assert!(now <= start + 202 * STEP, "late by one waking and not by the sum of them: {:?}", now - start);
    }

    #[test]
    fn what_stood_still_begins_when_it_is_told_to() {
        let start = Instant::now();
        let mut pace = Pace::at_rest(start);
        let later = start + 50 * STEP;
        pace.stood_still(later);
        pace.moves_on(STEP);
        assert_eq!(pace.left(later), STEP);
        pace.stood_still(later);
        assert_eq!(pace.left(later), STEP, "what still moves does not begin anew");
    }
}
