//! Limits on how often somebody may try something, in windows of a minute. Kept in memory: a restart forgives.

use crate::trouble::Trouble;
use std::collections::HashMap;
use std::net::IpAddr;
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

/// What counts as one asker: an address, and of IPv6 the half that a network gives out.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [first, second, third, fourth, ..] = address.segments();
            format!("{first:x}:{second:x}:{third:x}:{fourth:x}::/64")
        }
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

    #[test]
    fn what_counts_as_one_asker() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), network("192.0.2.7"));
        assert_eq!(network("2001:db8:1:2:aaaa::1"), network("2001:db8:1:2:bbbb::2"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    }
}
