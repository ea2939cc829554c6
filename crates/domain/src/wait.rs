//! How long somebody will wait: one estimate for agents, and an honest range for customers.
//! This module keeps no history: mean times arrive as arguments.

/// The mean service time of a queue without history, in seconds (protocol part 4).
pub const DEFAULT_SERVICE_SECONDS: u32 = 300;

/// A range of minutes that a customer is told, `min` to `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitRange {
    /// Least likely wait in minutes.
    pub min_minutes: u32,
    /// Longest likely wait in minutes.
    pub max_minutes: u32,
}

/// The expected wait in seconds: people ahead x mean service time / available agents (at least one).
pub fn eta_seconds(people_ahead: u32, mean_service_seconds: u32, available_agents: u32) -> u32 {
    let seconds = u64::from(people_ahead) * u64::from(mean_service_seconds) / u64::from(available_agents.max(1));
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

/// The range told to a customer around an estimate: three quarters to one and a half times, in steps of a minute up to
/// ten and of five minutes above, because a finer figure would claim a precision that nobody has.
pub fn people_ahead_wait(eta_seconds: u32) -> WaitRange {
    let eta_seconds = u64::from(eta_seconds);
    let min_minutes = round_down(eta_seconds * 3 / 4 / 60);
    let max_minutes = round_up((eta_seconds * 3).div_ceil(2 * 60));
    WaitRange { min_minutes: min_minutes as u32, max_minutes: (max_minutes as u32).max(1) }
}

fn round_down(minutes: u64) -> u64 {
    if minutes <= 10 { minutes } else { minutes / 5 * 5 }
}

fn round_up(minutes: u64) -> u64 {
    if minutes <= 10 { minutes } else { minutes.div_ceil(5) * 5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_follows_the_formula() {
        for (ahead, mean, agents, expected) in [(0, 300, 1, 0), (3, 300, 1, 900), (3, 300, 2, 450), (3, 300, 0, 900)] {
            assert_eq!(eta_seconds(ahead, mean, agents), expected);
        }
        assert_eq!(eta_seconds(u32::MAX, u32::MAX, 1), u32::MAX);
    }

    #[test]
    fn the_range_holds_the_estimate_and_grows_with_it() {
        let mut last = WaitRange { min_minutes: 0, max_minutes: 0 };
        for eta in (0..20_000).step_by(7) {
            let range = people_ahead_wait(eta);
            assert!(u64::from(range.min_minutes) * 60 <= u64::from(eta));
            assert!(u64::from(range.max_minutes) * 60 >= u64::from(eta));
            assert!(range.min_minutes >= last.min_minutes && range.max_minutes >= last.max_minutes);
            last = range;
        }
        assert_eq!(people_ahead_wait(900), WaitRange { min_minutes: 10, max_minutes: 25 });
        assert_eq!(people_ahead_wait(0), WaitRange { min_minutes: 0, max_minutes: 1 });
    }
}
