//! The breaker around asking the server for a number: a visitor waits for a hung server once, and the next one does not.
//!
//! One question that is not answered in time opens it. It closes with an answer of any kind that came quickly, but not
//! before it has rested, and longer each time: a server that answers everything but this question must not cost every
//! visitor the wait. (The design counts two misses. Those are the two missed heartbeats after which the connection itself
//! is lost; for a question one miss must do, or the second visitor would stand and wait as well.) This module never asks.

/// How long a touch waits for the server. It is the protocol's limit for an Issue.
pub(crate) const ASK_MS: u64 = 800;

/// The shortest rest after a miss, and the longest after many.
const SHORTEST_REST_MS: u64 = 30_000;
const LONGEST_REST_MS: u64 = 600_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Breaker {
    /// Open until an answer comes quickly after this moment; nothing while it is closed.
    open_until_ms: Option<u64>,
    /// Misses since a question was answered in time.
    misses: u32,
}

impl Breaker {
    pub(crate) fn is_closed(self) -> bool {
        self.open_until_ms.is_none()
    }

    /// A question was not answered in time.
    pub(crate) fn miss(&mut self, now_ms: u64) {
        let rest_ms = SHORTEST_REST_MS.saturating_mul(1 << self.misses.min(16)).min(LONGEST_REST_MS);
        self.misses = self.misses.saturating_add(1);
        self.open_until_ms = Some(now_ms + rest_ms);
    }

    /// A question was answered in time.
    pub(crate) fn succeed(&mut self) {
        *self = Breaker::default();
    }

    /// Something else was answered after so long. A slow answer proves that the server lives, not that a visitor can wait.
    pub(crate) fn hear(&mut self, took_ms: u64, now_ms: u64) {
        match self.open_until_ms {
            None if took_ms > ASK_MS => self.miss(now_ms),
            Some(until_ms) if took_ms <= ASK_MS && until_ms <= now_ms => self.open_until_ms = None,
            Some(_) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rests_longer_after_each_miss_and_forgets_them_with_a_timely_answer() {
        let mut breaker = Breaker::default();
        let mut now_ms = 0;
        for rest_ms in [30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000] {
            breaker.miss(now_ms);
            breaker.hear(1, now_ms + rest_ms - 1);
            assert!(!breaker.is_closed(), "a quick answer before the rest is over");
            breaker.hear(801, now_ms + rest_ms);
            assert!(!breaker.is_closed(), "a slow answer after it");
            now_ms += rest_ms;
            breaker.hear(800, now_ms);
            assert!(breaker.is_closed());
        }
        breaker.succeed();
        breaker.miss(now_ms);
        breaker.hear(1, now_ms + 30_000);
        assert!(breaker.is_closed());
        breaker.hear(5_000, now_ms + 30_001);
        assert!(!breaker.is_closed(), "a slow answer to anything opens it");
    }
}
