//! The service day: the day a number belongs to. It rolls over at a local hour when nobody is there, 04:00 by default.
//! This module only names days; whether a station may move on to the next one is the engine's decision.

use crate::LocalTime;
use std::fmt;

/// A service day, counted in days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceDay(pub i64);

/// The local hour at which a service day ends, unless the site says otherwise.
pub const ROLLOVER_HOUR: i8 = 4;

impl ServiceDay {
    /// The service day a local time falls into.
    pub fn of(now: LocalTime) -> ServiceDay {
        ServiceDay(now.minus_minutes(i64::from(ROLLOVER_HOUR) * 60).day())
    }

    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<ServiceDay> {
        let mut parts = text.splitn(3, '-');
        let year: i64 = parts.next()?.parse().ok()?;
        let month: i64 = parts.next()?.parse().ok()?;
        let day: i64 = parts.next()?.parse().ok()?;
        let candidate = ServiceDay(days_from_civil(year, month, day));
        (candidate.to_string() == text).then_some(candidate)
    }
}

/// The instant at which a service day begins, as the server worked it out in the site's zone: summer time and the site's
/// rollover hour are in it already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rollover {
    /// UTC milliseconds.
    pub at_ms: i64,
    /// The day that begins.
    pub day: ServiceDay,
}

/// The service day of an instant by the rollovers that are known, in their order. Nothing before the first of them;
/// after the last the last day goes on, because nobody knows when it ends.
pub fn day_by_rollovers(rollovers: &[Rollover], at_ms: i64) -> Option<ServiceDay> {
    rollovers.iter().take_while(|rollover| rollover.at_ms <= at_ms).last().map(|rollover| rollover.day)
}

impl fmt::Display for ServiceDay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0);
        write!(formatter, "{year:04}-{month:02}-{day:02}")
    }
}

// The two conversions are Howard Hinnant's "chrono-compatible low-level date algorithms" in our own words: years begin
// in March so that the leap day comes last, and 400 years are one era of 146,097 days.

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_calendar_names_and_read_back() {
        for (day, text) in [(0, "1970-01-01"), (11_016, "2000-02-29"), (20_778, "2026-11-21"), (-1, "1969-12-31")] {
            assert_eq!(ServiceDay(day).to_string(), text);
            assert_eq!(ServiceDay::parse(text), Some(ServiceDay(day)));
        }
        for day in (-200_000..200_000).step_by(37) {
            assert_eq!(ServiceDay::parse(&ServiceDay(day).to_string()), Some(ServiceDay(day)));
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["", "2026", "2026-13-01", "2026-02-30", "2026-2-3", "x-y-z"] {
            assert_eq!(ServiceDay::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_instant_has_the_day_of_the_last_rollover_before_it() {
        let rollovers = [(100, 1), (200, 2), (300, 3)].map(|(at_ms, day)| Rollover { at_ms, day: ServiceDay(day) });
        for (at_ms, day) in
            [(99, None), (100, Some(1)), (199, Some(1)), (200, Some(2)), (300, Some(3)), (9_999, Some(3))]
        {
            assert_eq!(day_by_rollovers(&rollovers, at_ms), day.map(ServiceDay), "{at_ms}");
        }
        assert_eq!(day_by_rollovers(&[], 100), None);
    }

    #[test]
    fn the_day_rolls_over_at_four_in_the_morning_local_time() {
        let midnight_ms = 20_778 * 86_400_000;
        let at = |hour: i64, offset| ServiceDay::of(LocalTime::new(midnight_ms + hour * 3_600_000, offset));
        assert_eq!(at(3, 0), ServiceDay(20_777));
        assert_eq!(at(4, 0), ServiceDay(20_778));
        assert_eq!(at(3, 60), ServiceDay(20_778));
        assert_eq!(at(23, 0), ServiceDay(20_778));
    }
}
