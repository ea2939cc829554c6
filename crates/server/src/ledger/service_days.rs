//! When a site's service days begin, in its own zone: summer time and the site's hour are worked out here and nowhere
//! else, and stations are told instants. This module never advances a day; the clock does.

use super::store::Connection;
use crate::trouble::Trouble;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use smartqueue_domain::{LocalTime, Rollover, ServiceDay};

/// So many rollovers ahead are told to a station, so that it can go on for two weeks by itself.
const TOLD_AHEAD: i64 = 14;

/// A site's zone and the hour at which its service day ends.
pub struct SiteDays {
    zone: TimeZone,
    rollover_hour: i8,
}

impl SiteDays {
    /// The days of a zone.
    ///
    /// # Errors
    /// [`Trouble::Internal`] for a zone that does not exist or an hour that no day has.
    pub fn new(timezone: &str, rollover_hour: i8) -> Result<SiteDays, Trouble> {
        let zone = TimeZone::get(timezone)
            .map_err(|error| Trouble::Internal(format!("the site's time zone {timezone} does not exist: {error}")))?;
        if !(0..24).contains(&rollover_hour) {
            return Err(Trouble::Internal(format!("no day ends at {rollover_hour} o'clock")));
        }
        Ok(SiteDays { zone, rollover_hour })
    }

    /// The days of a site.
    pub(super) fn of(connection: &Connection, site: i64) -> Result<SiteDays, Trouble> {
        let (timezone, hour): (String, i8) = connection
            .prepare_cached("SELECT timezone, rollover_hour FROM sites WHERE id = ?1")?
            .query_row([site], |row| Ok((row.get(0)?, row.get(1)?)))?;
        SiteDays::new(&timezone, hour)
    }

    /// The days of a queue's site.
    pub(super) fn of_queue(connection: &Connection, queue: i64) -> Result<SiteDays, Trouble> {
        let (timezone, hour): (String, i8) = connection
            .prepare_cached(
                "SELECT timezone, rollover_hour FROM sites JOIN queues ON queues.site = sites.id WHERE queues.id = ?1",
            )?
            .query_row([queue], |row| Ok((row.get(0)?, row.get(1)?)))?;
        SiteDays::new(&timezone, hour)
    }

    /// The local time of an instant.
    pub fn local(&self, at_ms: i64) -> Result<LocalTime, Trouble> {
        Ok(LocalTime::new(at_ms, self.zone.to_offset(timestamp(at_ms)?).seconds() / 60))
    }

    /// The service day of an instant.
    pub fn day(&self, at_ms: i64) -> Result<ServiceDay, Trouble> {
        let date = timestamp(at_ms)?.to_zoned(self.zone.clone()).date();
        let day = days_since_1970(date);
        Ok(ServiceDay(if self.begin(date)? <= at_ms { day } else { day - 1 }))
    }

    /// When the present day began and when the next days will begin.
    pub fn rollovers(&self, now_ms: i64) -> Result<Vec<Rollover>, Trouble> {
        let today = self.day(now_ms)?;
        (today.0..=today.0 + TOLD_AHEAD)
            .map(|day| Ok(Rollover { at_ms: self.begin(date_of(day)?)?, day: ServiceDay(day) }))
            .collect()
    }

    /// When a day begins. An hour that the clocks jump over begins when they have jumped.
    fn begin(&self, date: Date) -> Result<i64, Trouble> {
        let zoned = date.at(self.rollover_hour, 0, 0, 0).to_zoned(self.zone.clone()).map_err(out_of_range)?;
        Ok(zoned.timestamp().as_millisecond())
    }
}

fn timestamp(at_ms: i64) -> Result<Timestamp, Trouble> {
    Timestamp::from_millisecond(at_ms).map_err(out_of_range)
}

fn out_of_range(error: jiff::Error) -> Trouble {
    Trouble::Internal(format!("a time is out of range: {error}"))
}

fn days_since_1970(date: Date) -> i64 {
    date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24
}

fn date_of(day: i64) -> Result<Date, Trouble> {
    let span = jiff::Span::new().try_days(day).map_err(out_of_range)?;
    Date::constant(1970, 1, 1).checked_add(span).map_err(out_of_range)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-07-01 00:00 UTC and so many minutes.
    fn july(minutes: i64) -> i64 {
        1_782_864_000_000 + minutes * 60_000
    }

    #[test]
    fn the_service_day_follows_the_sites_zone_and_its_summer_time() {
        // 01:30 UTC is 03:30 in Paris (still the day before) and 02:30 UTC is 04:30.
        let day = |zone, minutes| SiteDays::new(zone, 4).unwrap().day(july(minutes)).unwrap().to_string();
        assert_eq!(day("Europe/Paris", 90), "2026-06-30");
        assert_eq!(day("Europe/Paris", 150), "2026-07-01");
        assert_eq!(day("Africa/Dakar", 150), "2026-06-30");
        assert!(SiteDays::new("Mars/Olympus", 4).is_err());
        assert!(SiteDays::new("Europe/Paris", 24).is_err());
    }

    #[test]
    fn fourteen_rollovers_are_told_and_each_is_the_first_instant_of_its_day() {
        let days = SiteDays::new("Europe/Paris", 4).unwrap();
        // Saturday 2026-10-24, 12:00 UTC: the clocks go back in the coming night, so that day has 25 hours.
        let now_ms = 1_792_843_200_000;
        let rollovers = days.rollovers(now_ms).unwrap();
        assert_eq!(rollovers.len(), 15);
        assert!(rollovers[0].at_ms <= now_ms && now_ms < rollovers[1].at_ms);
        let lengths: Vec<_> =
            rollovers.windows(2).map(|pair| (pair[1].at_ms - pair[0].at_ms) / 3_600_000).take(3).collect();
        assert_eq!(lengths, [25, 24, 24]);
        for rollover in &rollovers {
            assert_eq!(days.day(rollover.at_ms).unwrap(), rollover.day);
            assert_eq!(days.day(rollover.at_ms - 1).unwrap().0, rollover.day.0 - 1);
        }
    }

    #[test]
    fn an_hour_that_the_clocks_jump_over_still_ends_the_day() {
        // In Paris 02:30 does not exist on 2026-03-29.
        let days = SiteDays::new("Europe/Paris", 2).unwrap();
        let jump = days.rollovers(1_774_699_200_000).unwrap();
        assert_eq!(jump[0].day.to_string(), "2026-03-28");
        assert_eq!((jump[1].at_ms - jump[0].at_ms) / 3_600_000, 24);
        assert_eq!(days.day(jump[1].at_ms).unwrap(), jump[1].day);
    }
}
