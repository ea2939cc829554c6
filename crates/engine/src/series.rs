//! Which series this station may count in, in which service day, and the next value.
//!
//! A series has exactly one issuer for a day. This station owns its private letter as soon as it has an identity, and a
//! queue's main series from the day of a grant until the day of a release. Ownership never depends on a clock: a wrong
//! clock can only keep a day open for too long, which is safe, because counting goes on.

use crate::breaker::Breaker;
use crate::{Memory, Now, ServerTime};
use smartqueue_domain::{
    BootId, BootMoment, DatedBy, LAST_VALUE, LocalTime, Queue, QueueId, Rollover, SeriesGrant, SeriesLetter,
    ServiceDay, StationId, TicketNumber, day_by_rollovers,
};
use std::collections::BTreeMap;

/// Counting starts again at 1 only after this long without a ticket, so that nobody in the room still holds the number.
const QUIET_MS: u64 = 8 * 3_600_000;

/// A server's time this fresh is evidence by itself; an older one needs the wall clock to agree.
const FRESH_EVIDENCE_MS: u64 = 60_000;

/// Two clocks drift apart by less than one part in so many.
const DRIFT_DIVISOR: u64 = 10_000;

/// No message is on the road for longer: a server's time that is further back was set back.
const LONGEST_ROAD_MS: i64 = 60_000;

/// Whose a main series is from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holding {
    Ours,
    GivenBack,
}

#[derive(Clone, Debug)]
pub(crate) struct Series {
    boot: BootId,
    identity: Option<(StationId, SeriesLetter)>,
    /// By queue, every change of ownership with its first day. The last that has begun counts.
    holdings: BTreeMap<QueueId, BTreeMap<ServiceDay, Holding>>,
    /// The main series from which the server gives numbers, each with its first day.
    server_series: BTreeMap<QueueId, ServiceDay>,
    day: Option<ServiceDay>,
    last_values: BTreeMap<(QueueId, SeriesLetter), u32>,
    last_touch: Option<LastTouch>,
    /// The server's time and the moment of this boot at which it was heard.
    server_time: Option<ServerTime>,
    /// When the server was heard last in this boot, whatever it said.
    heard_at_ms: Option<u64>,
}

/// When the counters moved last.
#[derive(Clone, Copy, Debug)]
struct LastTouch {
    at_ms: i64,
    dated_by: DatedBy,
    moment: Option<BootMoment>,
}

/// Where a touch may take its number from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// From this series of its own.
    Own(SeriesLetter),
    /// From the main series, which the server issues.
    Server,
    /// Not decided until the link to the server is known to stand or to be down.
    AwaitLink,
    /// From none: this station is nobody yet.
    NotPaired,
}

/// What a choice depends on beside the series themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    pub(crate) has_server: bool,
    /// Whether the server has answered, or failed to, since the start.
    pub(crate) settled: bool,
    pub(crate) online: bool,
    pub(crate) breaker: Breaker,
}

impl Series {
    pub(crate) fn new(memory: &Memory) -> Series {
        Series {
            boot: memory.boot,
            identity: None,
            holdings: BTreeMap::new(),
            server_series: BTreeMap::new(),
            day: None,
            last_values: BTreeMap::new(),
            last_touch: None,
            server_time: memory.server_time,
            heard_at_ms: memory.server_time.map(|heard| heard.elapsed_ms),
        }
    }

    pub(crate) fn identity(&self) -> Option<(StationId, SeriesLetter)> {
        self.identity
    }

    /// Becomes a station. Whoever becomes another one owns nothing of what the former owned, whether its loss was
    /// recorded or not.
    pub(crate) fn set_identity(&mut self, station: StationId, letter: SeriesLetter) {
        if self.identity.is_some_and(|(former, _)| former != station) {
            self.lose_identity();
        }
        self.identity = Some((station, letter));
    }

    /// Another machine works under this identity: nothing is owned any more.
    pub(crate) fn lose_identity(&mut self) {
        self.identity = None;
        self.holdings.clear();
        self.server_series.clear();
    }

    /// Takes up a grant; false when it is already known.
    pub(crate) fn grant(&mut self, grant: SeriesGrant) -> bool {
        let holdings = self.holdings.entry(grant.queue).or_default();
        holdings.insert(grant.from_day, Holding::Ours) != Some(Holding::Ours)
    }

    /// Notes that a main series is given back from a day on.
    pub(crate) fn release(&mut self, release: SeriesGrant) {
        self.holdings.entry(release.queue).or_default().insert(release.from_day, Holding::GivenBack);
    }

    /// The server wants a main series back: from which day this station can give it. Nothing when it does not own it
    /// then, or gave it back already. Numbers of the present day may be on paper, so the present day is never given.
    pub(crate) fn release_for(&self, asked: SeriesGrant) -> Option<SeriesGrant> {
        let from_day = match self.day {
            Some(day) if self.owns_main_on(asked.queue, day) => asked.from_day.max(ServiceDay(day.0 + 1)),
            Some(_) | None => asked.from_day,
        };
        let holdings = self.holdings.get(&asked.queue)?;
        let last = holdings.last_key_value()?;
        (*last.1 == Holding::Ours).then_some(SeriesGrant { queue: asked.queue, from_day: from_day.max(*last.0) })
    }

    pub(crate) fn set_server_series(&mut self, series: impl IntoIterator<Item = SeriesGrant>) {
        self.server_series = series.into_iter().map(|grant| (grant.queue, grant.from_day)).collect();
    }

    fn owns_main_on(&self, queue: QueueId, day: ServiceDay) -> bool {
        let last = self.holdings.get(&queue).and_then(|holdings| holdings.range(..=day).next_back());
        last.is_some_and(|(_, holding)| *holding == Holding::Ours)
    }

    pub(crate) fn day(&self) -> Option<ServiceDay> {
        self.day
    }

    pub(crate) fn open_day(&mut self, day: ServiceDay) {
        self.day = Some(day);
        self.last_values.clear();
    }

    /// Takes up the server's time. The road can only make it look earlier than it is, and an answer was on the road for no
    /// longer than `took_ms`; a heartbeat does not say for how long. What all of them leave open is what is not known. A
    /// message that was held up therefore does not set the time back. What was heard ages by more than clocks drift apart,
    /// and a server whose clock was plainly set anew is believed.
    pub(crate) fn hear_server_time(&mut self, server_ms: i64, took_ms: Option<u64>, now: Now) {
        self.heard_at_ms = Some(now.elapsed_ms);
        let latest_ms = took_ms.map(|took_ms| server_ms.saturating_add_unsigned(took_ms));
        let known = self.server_time.and_then(|heard| {
            let age_ms = now.elapsed_ms.saturating_sub(heard.elapsed_ms);
            let drift_ms = age_ms / DRIFT_DIVISOR;
            let carried_ms = heard.server_ms.saturating_add_unsigned(age_ms);
            let carried_latest_ms = carried_ms.saturating_add_unsigned(heard.doubt_ms);
            let earliest_ms = carried_ms.saturating_sub_unsigned(drift_ms);
            let known_latest_ms = carried_latest_ms.saturating_add_unsigned(drift_ms);
            let set_anew =
                latest_ms.unwrap_or(server_ms + LONGEST_ROAD_MS) < earliest_ms || server_ms > known_latest_ms;
            (!set_anew).then_some((earliest_ms, carried_latest_ms, known_latest_ms))
        });
        let (earliest_ms, latest_ms) = match (known, latest_ms) {
            (None, None) => (server_ms, server_ms),
            (None, Some(latest_ms)) => (server_ms, latest_ms),
            (Some((earliest_ms, _, known_latest_ms)), Some(latest_ms)) => {
                (server_ms.max(earliest_ms), latest_ms.min(known_latest_ms))
            }
            // A heartbeat that was held up says nothing.
            (Some((earliest_ms, ..)), None) if server_ms < earliest_ms => return,
            (Some((_, carried_latest_ms, _)), None) => (server_ms, carried_latest_ms),
        };
        let doubt_ms = u64::try_from(latest_ms - earliest_ms).unwrap_or(0);
        self.server_time = Some(ServerTime { server_ms: earliest_ms, doubt_ms, elapsed_ms: now.elapsed_ms });
    }

    pub(crate) fn server_time(&self) -> Option<ServerTime> {
        self.server_time
    }

    /// The server's time now, carried on by the boot-time clock: it is no earlier.
    pub(crate) fn server_now_ms(&self, now: Now) -> Option<i64> {
        self.server_time
            .map(|heard| heard.server_ms + i64::try_from(now.elapsed_ms.saturating_sub(heard.elapsed_ms)).unwrap_or(0))
    }

    /// A moment as a ticket remembers it: its time, whose clock that is, and the boot-time clock.
    pub(crate) fn date(&self, now: Now) -> (i64, DatedBy, BootMoment) {
        let moment = BootMoment { boot: self.boot, elapsed_ms: now.elapsed_ms };
        // The middle of what is possible is wrong by no more than half of it.
        let doubt_ms = self.server_time.map_or(0, |heard| heard.doubt_ms);
        match self.server_now_ms(now) {
            Some(server_ms) => (server_ms.saturating_add_unsigned(doubt_ms / 2), DatedBy::Server, moment),
            None => (now.wall_ms, DatedBy::WallClock, moment),
        }
    }

    /// The day to open now, if there is evidence that it has begun and the counters have been quiet for long enough.
    pub(crate) fn day_to_open(&self, has_server: bool, rollovers: &[Rollover], now: Now) -> Option<ServiceDay> {
        let day_at = |at_ms| {
            // A server of the first version names no rollovers.
            let by_the_hour = || ServiceDay::of(LocalTime::new(at_ms, now.offset_minutes));
            day_by_rollovers(rollovers, at_ms).unwrap_or_else(by_the_hour)
        };
        let wall_day = day_at(now.wall_ms);
        let candidate = if has_server {
            let server_day = day_at(self.server_now_ms(now)?);
            let heard_at = self.heard_at_ms?;
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
            Some(day) if candidate > day && self.is_quiet(has_server, now) => Some(candidate),
            Some(_) => None,
        }
    }

    /// Whether nobody took a number for long enough. Within one boot the boot-time clock says so; a boot that has lasted
    /// for as long without a touch says so too. Over a power cut only times that the server gave can be compared.
    fn is_quiet(&self, has_server: bool, now: Now) -> bool {
        let Some(touch) = self.last_touch else { return true };
        match touch.moment {
            Some(moment) if moment.boot == self.boot => now.elapsed_ms.saturating_sub(moment.elapsed_ms) >= QUIET_MS,
            Some(_) | None if now.elapsed_ms >= QUIET_MS => true,
            Some(_) | None => match (touch.dated_by, self.server_now_ms(now)) {
                (DatedBy::Server, Some(server_ms)) => server_ms - touch.at_ms >= QUIET_MS.cast_signed(),
                (DatedBy::Server | DatedBy::WallClock, Some(_) | None) => {
                    !has_server && now.wall_ms - touch.at_ms >= QUIET_MS.cast_signed()
                }
            },
        }
    }

    /// Where a touch on a queue takes its number from.
    pub(crate) fn choose(&self, queue: QueueId, reach: Reach) -> Choice {
        let Reach { has_server, settled, online, breaker } = reach;
        if !has_server {
            return Choice::Own(SeriesLetter::Main);
        }
        let may_await = !settled && breaker.is_closed();
        match (self.identity, self.day) {
            (Some((_, letter)), Some(day)) => {
                let server_issues = self.server_series.get(&queue).is_some_and(|from_day| *from_day <= day);
                if self.owns_main_on(queue, day) {
                    Choice::Own(SeriesLetter::Main)
                } else if may_await {
                    Choice::AwaitLink
                } else if server_issues && online && breaker.is_closed() {
                    Choice::Server
                } else {
                    Choice::Own(letter)
                }
            }
            (Some(_), None) | (None, Some(_) | None) if may_await => Choice::AwaitLink,
            (Some(_), None) | (None, Some(_) | None) => Choice::NotPaired,
        }
    }

    /// Counts on in a series and says the number; nothing when no label of the series may be used.
    pub(crate) fn take(
        &mut self,
        queue: &Queue,
        letter: SeriesLetter,
        is_taken: impl Fn(&TicketNumber) -> bool,
        now: Now,
    ) -> Option<TicketNumber> {
        let last = self.last_values.get(&(queue.id, letter)).copied().unwrap_or(0);
        let number = (1..=LAST_VALUE)
            .map(|step| (last + step - 1) % LAST_VALUE + 1)
            .filter_map(|value| TicketNumber::new(&queue.prefix, letter, value).ok())
            .find(|number| !is_taken(number))?;
        self.last_values.insert((queue.id, letter), number.value());
        self.note_touch(now);
        Some(number)
    }

    /// Somebody holds a number from now on, whoever issued it.
    pub(crate) fn note_touch(&mut self, now: Now) {
        let (at_ms, dated_by, moment) = self.date(now);
        self.last_touch = Some(LastTouch { at_ms, dated_by, moment: Some(moment) });
    }

    /// Takes up a number that an earlier run put on record.
    pub(crate) fn recall(
        &mut self,
        number: (QueueId, SeriesLetter, u32),
        day: ServiceDay,
        dated: (i64, DatedBy, Option<BootMoment>),
    ) {
        let (queue, letter, value) = number;
        let (at_ms, dated_by, moment) = dated;
        if self.day == Some(day) {
            self.last_values.insert((queue, letter), value);
        }
        self.last_touch = Some(LastTouch { at_ms, dated_by, moment });
    }

    /// Whether any series of this station nears its last value.
    pub(crate) fn runs_low(&self) -> bool {
        self.last_values.values().any(|value| *value >= smartqueue_domain::NEAR_LAST_VALUE)
    }
}

#[cfg(test)]
#[path = "series_tests.rs"]
mod tests;
