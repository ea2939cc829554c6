//! Opening hours by local weekday and minute. This module knows no time zone: the shell gives the local time.

/// A local moment: day count, weekday and minute. Made from UTC milliseconds and the site's offset at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime {
    local_minutes: i64,
}

const MINUTES_PER_DAY: i64 = 24 * 60;

impl LocalTime {
    /// The local time at a UTC instant in milliseconds since 1970, under an offset in minutes east of UTC.
    pub fn new(utc_ms: i64, offset_minutes: i32) -> LocalTime {
        LocalTime { local_minutes: utc_ms.div_euclid(60_000) + i64::from(offset_minutes) }
    }

    /// Days since 1970-01-01, local.
    pub fn day(self) -> i64 {
        self.local_minutes.div_euclid(MINUTES_PER_DAY)
    }

    /// ISO weekday: 1 is Monday, 7 is Sunday. (1970-01-01 was a Thursday.)
    pub fn weekday(self) -> u8 {
        weekday_of(self.day())
    }

    /// Minutes since local midnight.
    pub fn minute(self) -> u16 {
        u16::try_from(self.local_minutes.rem_euclid(MINUTES_PER_DAY)).unwrap_or(0)
    }

    /// The same clock so many minutes earlier.
    pub fn minus_minutes(self, minutes: i64) -> LocalTime {
        LocalTime { local_minutes: self.local_minutes - minutes }
    }
}

fn weekday_of(day: i64) -> u8 {
    u8::try_from((day + 3).rem_euclid(7) + 1).unwrap_or(1)
}

/// One stretch of opening on one weekday, `[from, until)` in minutes since midnight; `until` is 1440 at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpeningPeriod {
    /// ISO weekday, 1 is Monday.
    pub weekday: u8,
    /// First minute that is open.
    pub from_minute: u16,
    /// First minute that is closed again.
    pub until_minute: u16,
}

/// The opening hours of a week.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WeeklyHours {
    periods: Vec<OpeningPeriod>,
}

/// When something opens next, in the words a closed screen needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextOpening {
    /// 0 is today, 1 tomorrow, 7 the same weekday next week.
    pub in_days: u8,
    /// ISO weekday of the opening.
    pub weekday: u8,
    /// Minute of that local day.
    pub minute: u16,
}

impl WeeklyHours {
    /// The hours made of these periods; a period that ends before it begins, or on no weekday, is left out.
    pub fn new(periods: impl IntoIterator<Item = OpeningPeriod>) -> WeeklyHours {
        let mut periods: Vec<_> = periods
            .into_iter()
            .filter(|period| {
                (1..=7).contains(&period.weekday)
                    && period.from_minute < period.until_minute
                    && i64::from(period.until_minute) <= MINUTES_PER_DAY
            })
            .collect();
        periods.sort_unstable();
        WeeklyHours { periods }
    }

    /// The periods, by weekday and minute.
    pub fn periods(&self) -> &[OpeningPeriod] {
        &self.periods
    }

    /// Whether the local time falls into a period.
    pub fn is_open(&self, now: LocalTime) -> bool {
        self.periods.iter().any(|period| {
            period.weekday == now.weekday() && (period.from_minute..period.until_minute).contains(&now.minute())
        })
    }

    /// The first opening after the local time, within the week to come.
    pub fn next_opening(&self, now: LocalTime) -> Option<NextOpening> {
        (0..=7u8).find_map(|in_days| {
            let weekday = weekday_of(now.day() + i64::from(in_days));
            self.periods
                .iter()
                .find(|period| period.weekday == weekday && (in_days > 0 || period.from_minute > now.minute()))
                .map(|period| NextOpening { in_days, weekday, minute: period.from_minute })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Saturday 2026-11-21 at 00:00 UTC.
    const SATURDAY_MS: i64 = 1_795_219_200_000;

    fn at(day: i64, hour: i64, minute: i64) -> LocalTime {
        LocalTime::new(SATURDAY_MS + ((day * 24 + hour) * 60 + minute) * 60_000, 0)
    }

    fn office_hours() -> WeeklyHours {
        WeeklyHours::new((1..=5).flat_map(|weekday| {
            [(8 * 60, 12 * 60), (14 * 60, 17 * 60)].map(|(from_minute, until_minute)| OpeningPeriod {
                weekday,
                from_minute,
                until_minute,
            })
        }))
    }

    #[test]
    fn weekdays_follow_the_calendar_and_the_offset() {
        assert_eq!(at(0, 12, 0).weekday(), 6);
        assert_eq!(LocalTime::new(SATURDAY_MS + 23 * 3_600_000, 120).weekday(), 7);
        assert_eq!(LocalTime::new(SATURDAY_MS, -60).weekday(), 5);
        assert_eq!(LocalTime::new(SATURDAY_MS, -60).minute(), 23 * 60);
    }

    #[test]
    fn open_from_the_first_minute_to_the_last_and_not_at_noon() {
        let hours = office_hours();
        for (day, hour, minute, open) in [
            (2, 8, 0, true),
            (2, 7, 59, false),
            (2, 11, 59, true),
            (2, 12, 0, false),
            (2, 14, 0, true),
            (0, 10, 0, false),
        ] {
            assert_eq!(hours.is_open(at(day, hour, minute)), open, "day {day} {hour}:{minute}");
        }
    }

    #[test]
    fn next_opening_is_later_today_tomorrow_or_after_the_weekend() {
        let hours = office_hours();
        let next =
            |day, hour| hours.next_opening(at(day, hour, 0)).map(|next| (next.in_days, next.weekday, next.minute));
        assert_eq!(next(2, 6), Some((0, 1, 480)));
        assert_eq!(next(2, 12), Some((0, 1, 840)));
        assert_eq!(next(2, 18), Some((1, 2, 480)));
        assert_eq!(next(0, 10), Some((2, 1, 480)));
        assert_eq!(WeeklyHours::default().next_opening(at(0, 0, 0)), None);
    }

    #[test]
    fn a_single_weekly_period_that_has_passed_comes_back_in_seven_days() {
        let hours = WeeklyHours::new([OpeningPeriod { weekday: 6, from_minute: 60, until_minute: 120 }]);
        assert_eq!(hours.next_opening(at(0, 3, 0)).map(|next| next.in_days), Some(7));
    }

    #[test]
    fn impossible_periods_are_left_out() {
        let hours = WeeklyHours::new([
            OpeningPeriod { weekday: 0, from_minute: 0, until_minute: 10 },
            OpeningPeriod { weekday: 8, from_minute: 0, until_minute: 10 },
            OpeningPeriod { weekday: 1, from_minute: 20, until_minute: 10 },
            OpeningPeriod { weekday: 1, from_minute: 20, until_minute: 1441 },
        ]);
        assert!(hours.periods().is_empty());
    }
}
