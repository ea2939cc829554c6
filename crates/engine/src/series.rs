//! Which series this station may count in, in which service day, and the next value.
//!
//! A series has exactly one issuer for a day. This station owns its private letter as soon as it has an identity, and a
//! queue's main series when the server granted it. Ownership never depends on a clock: a wrong clock can only keep a
//! day open for too long, which is safe, because counting goes on.

use crate::Now;
use smartqueue_domain::{
    LAST_VALUE, LocalTime, Queue, QueueId, SeriesGrant, SeriesLetter, ServiceDay, StationId, TicketNumber,
};
use std::collections::BTreeMap;

/// Counting starts again at 1 only after this long without a ticket, so that nobody in the room still holds the number.
const QUIET_MS: i64 = 8 * 3_600_000;

/// A server's time this fresh is evidence by itself; an older one needs the wall clock to agree.
const FRESH_EVIDENCE_MS: u64 = 60_000;

#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    identity: Option<(StationId, SeriesLetter)>,
    grants: BTreeMap<QueueId, ServiceDay>,
    day: Option<ServiceDay>,
    last_values: BTreeMap<(QueueId, SeriesLetter), u32>,
    /// Wall time of the last touch, from this run or an earlier one.
    last_touch_wall_ms: Option<i64>,
    /// Monotonic time of the last touch of this run.
    last_touch_elapsed_ms: Option<u64>,
    /// The server's time and the monotonic time at which it was heard.
    server_clock: Option<(i64, u64)>,
}

/// Where a touch may take its number from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// From this series.
    Series(SeriesLetter),
    /// Not decided until the server has answered or the wait for it is over.
    AskServer,
    /// From none: this station is nobody yet.
    NotPaired,
}

impl Series {
    pub(crate) fn identity(&self) -> Option<(StationId, SeriesLetter)> {
        self.identity
    }

    pub(crate) fn set_identity(&mut self, station: StationId, letter: SeriesLetter) {
        self.identity = Some((station, letter));
    }

    /// Takes up a grant; false when it is already known.
    pub(crate) fn grant(&mut self, grant: SeriesGrant) -> bool {
        self.grants.insert(grant.queue, grant.from_day) != Some(grant.from_day)
    }

    pub(crate) fn day(&self) -> Option<ServiceDay> {
        self.day
    }

    pub(crate) fn open_day(&mut self, day: ServiceDay) {
        self.day = Some(day);
        self.last_values.clear();
    }

    pub(crate) fn hear_server_time(&mut self, server_ms: i64, now: Now) {
        self.server_clock = Some((server_ms, now.elapsed_ms));
    }

    /// The server's time now, carried on by the monotonic clock.
    pub(crate) fn server_now_ms(&self, now: Now) -> Option<i64> {
        self.server_clock.map(|(server_ms, heard_at)| {
            server_ms + i64::try_from(now.elapsed_ms.saturating_sub(heard_at)).unwrap_or(0)
        })
    }

    /// The day to open now, if there is evidence that it has begun and the counters have been quiet for long enough.
    pub(crate) fn day_to_open(&self, has_server: bool, now: Now) -> Option<ServiceDay> {
        let wall_day = ServiceDay::of(now.local());
        let candidate = if has_server {
            let (_, heard_at) = self.server_clock?;
            let server_day = ServiceDay::of(LocalTime::new(self.server_now_ms(now)?, now.offset_minutes));
            let fresh = now.elapsed_ms.saturating_sub(heard_at) <= FRESH_EVIDENCE_MS;
            if !fresh && wall_day < server_day {
                return None;
            }
            server_day
        } else {
            wall_day
        };
        match self.day {
            None => Some(candidate),
            Some(day) if candidate > day && self.is_quiet(now) => Some(candidate),
            Some(_) => None,
        }
    }

    fn is_quiet(&self, now: Now) -> bool {
        match (self.last_touch_elapsed_ms, self.last_touch_wall_ms) {
            (Some(touched), _) => now.elapsed_ms.saturating_sub(touched) >= QUIET_MS.unsigned_abs(),
            (None, Some(touched)) => self.server_now_ms(now).unwrap_or(now.wall_ms) - touched >= QUIET_MS,
            (None, None) => true,
        }
    }

    /// Where a touch on a queue takes its number from. `may_ask` says that the server has not been heard since the
    /// start and may still answer in time.
    pub(crate) fn choose(&self, queue: QueueId, has_server: bool, may_ask: bool) -> Choice {
        if !has_server {
            return Choice::Series(SeriesLetter::Main);
        }
        let owns_main = match (self.grants.get(&queue), self.day) {
            (Some(from_day), Some(day)) => *from_day <= day,
            (Some(_), None) | (None, Some(_)) | (None, None) => false,
        };
        match self.identity {
            Some((_, letter)) if self.day.is_some() => {
                if owns_main {
                    Choice::Series(SeriesLetter::Main)
                } else if may_ask {
                    Choice::AskServer
                } else {
                    Choice::Series(letter)
                }
            }
            Some(_) | None if may_ask => Choice::AskServer,
            Some(_) | None => Choice::NotPaired,
        }
    }

    /// Counts on in a series and says the number; nothing when every label of the series is still live.
    pub(crate) fn take(
        &mut self,
        queue: &Queue,
        letter: SeriesLetter,
        is_live: impl Fn(&TicketNumber) -> bool,
        now: Now,
    ) -> Option<TicketNumber> {
        let last = self.last_values.get(&(queue.id, letter)).copied().unwrap_or(0);
        let number = (1..=LAST_VALUE)
            .map(|step| (last + step - 1) % LAST_VALUE + 1)
            .filter_map(|value| TicketNumber::new(&queue.prefix, letter, value).ok())
            .find(|number| !is_live(number))?;
        self.last_values.insert((queue.id, letter), number.value());
        self.last_touch_elapsed_ms = Some(now.elapsed_ms);
        self.last_touch_wall_ms = Some(now.wall_ms);
        Some(number)
    }

    /// Takes up a number that an earlier run issued.
    pub(crate) fn recall(
        &mut self,
        queue: QueueId,
        letter: SeriesLetter,
        value: u32,
        day: ServiceDay,
        touched_ms: i64,
    ) {
        if self.day == Some(day) {
            self.last_values.insert((queue, letter), value);
        }
        self.last_touch_wall_ms = Some(touched_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smartqueue_domain::{Algorithm, QueueName};

    const HOUR: i64 = 3_600_000;
    /// Friday 2026-11-20, 10:00 UTC.
    const MORNING: i64 = 1_795_168_800_000;

    fn at(wall_ms: i64, elapsed_ms: i64) -> Now {
        Now { elapsed_ms: elapsed_ms.unsigned_abs(), wall_ms, offset_minutes: 0 }
    }

    fn queue() -> Queue {
        Queue {
            id: QueueId(1),
            prefix: "A".to_owned(),
            name: QueueName { name: "Accueil".to_owned(), hint: None },
            translations: BTreeMap::new(),
            icon: "ticket".to_owned(),
            colour: "#123456".to_owned(),
            is_active: true,
            max_capacity: None,
            hours: None,
            algorithm: Algorithm::Fifo,
        }
    }

    #[test]
    fn without_evidence_the_day_stays_and_counting_goes_on() {
        let mut series = Series::default();
        series.set_identity(StationId(1), SeriesLetter::Letter('K'));
        assert_eq!(series.day_to_open(true, at(MORNING, 0)), None, "no server was ever heard");
        series.hear_server_time(MORNING, at(0, 0));
        let day = series.day_to_open(true, at(0, 0)).unwrap();
        series.open_day(day);
        series.take(&queue(), SeriesLetter::Main, |_| false, at(MORNING, 0)).unwrap();
        // The wall clock alone jumps a day ahead: no evidence.
        assert_eq!(series.day_to_open(true, at(MORNING + 24 * HOUR, HOUR)), None);
        // The monotonic clock reaches the next day while the wall clock stayed behind: they do not agree.
        assert_eq!(series.day_to_open(true, at(MORNING, 24 * HOUR)), None);
        // Both agree.
        assert_eq!(series.day_to_open(true, at(MORNING + 24 * HOUR, 24 * HOUR)), Some(ServiceDay(day.0 + 1)));
    }

    #[test]
    fn a_busy_night_keeps_its_day_until_it_has_been_quiet() {
        let mut series = Series::default();
        let evening = MORNING + 17 * HOUR;
        series.open_day(ServiceDay::of(LocalTime::new(MORNING, 0)));
        series.take(&queue(), SeriesLetter::Main, |_| false, at(evening, 0)).unwrap();
        assert_eq!(series.day_to_open(false, at(evening + 2 * HOUR, 2 * HOUR)), None);
        assert!(series.day_to_open(false, at(evening + 8 * HOUR, 8 * HOUR)).is_some());
    }

    #[test]
    fn the_day_never_goes_back() {
        let mut series = Series::default();
        series.open_day(ServiceDay::of(LocalTime::new(MORNING, 0)));
        assert_eq!(series.day_to_open(false, at(MORNING - 48 * HOUR, 100 * HOUR)), None);
    }

    #[test]
    fn a_series_needs_an_owner() {
        let mut series = Series::default();
        assert_eq!(series.choose(QueueId(1), false, false), Choice::Series(SeriesLetter::Main));
        assert_eq!(series.choose(QueueId(1), true, true), Choice::AskServer);
        assert_eq!(series.choose(QueueId(1), true, false), Choice::NotPaired);
        series.set_identity(StationId(1), SeriesLetter::Letter('K'));
        series.open_day(ServiceDay(10));
        assert_eq!(series.choose(QueueId(1), true, true), Choice::AskServer);
        assert_eq!(series.choose(QueueId(1), true, false), Choice::Series(SeriesLetter::Letter('K')));
        series.grant(SeriesGrant { queue: QueueId(1), from_day: ServiceDay(11) });
        assert_eq!(series.choose(QueueId(1), true, false), Choice::Series(SeriesLetter::Letter('K')));
        series.open_day(ServiceDay(11));
        assert_eq!(series.choose(QueueId(1), true, false), Choice::Series(SeriesLetter::Main));
    }

    #[test]
    fn after_the_last_value_counting_goes_on_over_labels_that_are_not_live() {
        let mut series = Series::default();
        let day = ServiceDay(1);
        series.open_day(day);
        series.recall(QueueId(1), SeriesLetter::Main, 998, day, 0);
        let mut next = |live: &[&str]| {
            series
                .take(&queue(), SeriesLetter::Main, |number| live.contains(&number.to_string().as_str()), at(0, 0))
                .map(|number| number.to_string())
        };
        assert_eq!(next(&[]).as_deref(), Some("A999"));
        assert_eq!(next(&["A001", "A002"]).as_deref(), Some("A003"));
        assert_eq!(series.take(&queue(), SeriesLetter::Main, |_| true, at(0, 0)), None);
    }
}
