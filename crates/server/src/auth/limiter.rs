//! Limits on how often somebody may try something, in windows of a minute. Kept in memory: a restart forgives.

use crate::trouble::Trouble;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60);
/// Old windows are swept away when so many names are held, so that inventing names does not fill the memory.
const SWEEP_AT: usize = 10_000;

/// Counts tries by name.
pub struct Limiter {
    tries_a_minute: u32,
    windows: Mutex<HashMap<String, (Instant, u32)>>,
}

impl Limiter {
    /// A limit of so many tries a minute for each name.
    pub fn new(tries_a_minute: u32) -> Limiter {
        Limiter { tries_a_minute, windows: Mutex::new(HashMap::new()) }
    }

    /// Counts a try.
    ///
    /// # Errors
    /// [`Trouble::TooMany`] when the name has used up its minute.
    pub fn count(&self, name: String, now: Instant) -> Result<(), Trouble> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= SWEEP_AT {
            windows.retain(|_, (began, _)| now.duration_since(*began) < WINDOW);
            if windows.len() >= SWEEP_AT {
                return Err(Trouble::TooMany { retry_after_seconds: WINDOW.as_secs() });
            }
        }
        let (began, tries) = windows.entry(name).or_insert((now, 0));
        if now.duration_since(*began) >= WINDOW {
            (*began, *tries) = (now, 0);
        }
        *tries += 1;
        if *tries <= self.tries_a_minute {
            return Ok(());
        }
        let left = WINDOW.saturating_sub(now.duration_since(*began));
        Err(Trouble::TooMany { retry_after_seconds: left.as_secs() + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_own_minute() {
        let limiter = Limiter::new(2);
        let start = Instant::now();
        let count = |name: &str, seconds| limiter.count(name.to_owned(), start + Duration::from_secs(seconds)).is_ok();
        assert_eq!([count("a", 0), count("a", 1), count("a", 2), count("b", 2)], [true, true, false, true]);
        assert_eq!([count("a", 59), count("a", 60), count("a", 61), count("a", 62)], [false, true, true, false]);
    }

    #[test]
    fn invented_names_do_not_fill_the_memory() {
        let limiter = Limiter::new(1);
        let start = Instant::now();
        for name in 0..SWEEP_AT {
            assert!(limiter.count(name.to_string(), start).is_ok());
        }
        assert!(limiter.count("one more".to_owned(), start).is_err());
        assert!(limiter.count("one more".to_owned(), start + WINDOW).is_ok());
    }
}
