//! Tables about days, quiet and ownership.

use super::*;
use smartqueue_domain::{Algorithm, QueueName};
use uuid::Uuid;

const HOUR: i64 = 3_600_000;
/// Friday 2026-11-20, 10:00 UTC.
const MORNING: i64 = 1_795_168_800_000;

fn at(wall_ms: i64, elapsed_ms: i64) -> Now {
    Now { elapsed_ms: elapsed_ms.unsigned_abs(), wall_ms, offset_minutes: 0 }
}

fn memory(boot: u128) -> Memory {
    let boot = BootId(Uuid::from_u128(boot));
    Memory { server_holds: 0, boot, server_time: None, identity: None, enrolled_anew: false }
}

fn series() -> Series {
    Series::new(&memory(1))
}

fn grant(from_day: i64) -> SeriesGrant {
    SeriesGrant { queue: QueueId(1), from_day: ServiceDay(from_day) }
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
    let mut series = series();
    series.set_identity(StationId(1), SeriesLetter::Letter('K'));
    assert_eq!(series.day_to_open(true, &[], at(MORNING, 0)), None, "no server was ever heard");
    series.hear_server_time(MORNING, None, at(0, 0));
    let day = series.day_to_open(true, &[], at(0, 0)).unwrap();
    series.open_day(day);
    series.take(&queue(), SeriesLetter::Main, |_| false, at(MORNING, 0)).unwrap();
    // The wall clock alone jumps a day ahead: no evidence.
    assert_eq!(series.day_to_open(true, &[], at(MORNING + 24 * HOUR, HOUR)), None);
    // The boot-time clock reaches the next day while the wall clock stayed behind: they do not agree.
    assert_eq!(series.day_to_open(true, &[], at(MORNING, 24 * HOUR)), None);
    // Both agree.
    assert_eq!(series.day_to_open(true, &[], at(MORNING + 24 * HOUR, 24 * HOUR)), Some(ServiceDay(day.0 + 1)));
}

#[test]
fn the_servers_rollovers_name_the_day_and_not_the_hour_of_this_machine() {
    let mut series = series();
    // A site whose days begin at 05:30 UTC, on a machine that believes to live at UTC.
    let day = ServiceDay::of(LocalTime::new(MORNING, 0));
    let begin = MORNING - 4 * HOUR - HOUR / 2;
    let rollovers =
        [0, 1, 2].map(|later| Rollover { at_ms: begin + later * 24 * HOUR, day: ServiceDay(day.0 + later) });
    series.hear_server_time(MORNING, None, at(MORNING, 0));
    assert_eq!(series.day_to_open(true, &rollovers, at(MORNING, 0)), Some(day));
    series.open_day(day);
    let before = 19 * HOUR + HOUR / 2 - 1;
    assert_eq!(series.day_to_open(true, &rollovers, at(MORNING + before, before)), None);
    assert_eq!(series.day_to_open(true, &rollovers, at(MORNING + before + 1, before + 1)), Some(ServiceDay(day.0 + 1)));
    // Behind the last rollover nobody knows when the day ends.
    series.open_day(ServiceDay(day.0 + 2));
    assert_eq!(series.day_to_open(true, &rollovers, at(MORNING + 400 * HOUR, 400 * HOUR)), None);
}

#[test]
fn a_busy_night_keeps_its_day_until_it_has_been_quiet() {
    let mut series = series();
    let evening = MORNING + 17 * HOUR;
    series.open_day(ServiceDay::of(LocalTime::new(MORNING, 0)));
    series.take(&queue(), SeriesLetter::Main, |_| false, at(evening, 0)).unwrap();
    assert_eq!(series.day_to_open(false, &[], at(evening + 2 * HOUR, 2 * HOUR)), None);
    assert!(series.day_to_open(false, &[], at(evening + 8 * HOUR, 8 * HOUR)).is_some());
}

#[test]
fn over_a_power_cut_only_the_servers_times_prove_that_it_was_quiet() {
    let evening = MORNING + 8 * HOUR;
    let day = ServiceDay::of(LocalTime::new(MORNING, 0));
    let moment = Some(BootMoment { boot: BootId(Uuid::from_u128(1)), elapsed_ms: 1 });
    let tomorrow = |boot, dated_by, touched_ms, since_boot| {
        let mut series = Series::new(&memory(boot));
        series.open_day(day);
        series.recall((QueueId(1), SeriesLetter::Main, 7), day, (touched_ms, dated_by, moment));
        let now = at(evening + 16 * HOUR, since_boot);
        series.hear_server_time(now.wall_ms, None, now);
        series.day_to_open(true, &[], now).is_some()
    };
    assert!(tomorrow(2, DatedBy::Server, evening, HOUR), "sixteen hours by the server's own times");
    assert!(!tomorrow(2, DatedBy::WallClock, evening, HOUR), "a wall clock proves nothing");
    assert!(!tomorrow(2, DatedBy::Server, evening + 12 * HOUR, HOUR), "four hours are not quiet");
    assert!(tomorrow(2, DatedBy::WallClock, evening, 8 * HOUR), "a boot of eight hours without a touch is quiet");
    assert!(!tomorrow(1, DatedBy::Server, evening, 7 * HOUR), "the same boot says how long it was");
}

#[test]
fn the_day_never_goes_back() {
    let mut series = series();
    series.open_day(ServiceDay::of(LocalTime::new(MORNING, 0)));
    assert_eq!(series.day_to_open(false, &[], at(MORNING - 48 * HOUR, 100 * HOUR)), None);
}

#[test]
fn a_series_needs_an_owner() {
    let mut series = series();
    let reach = |settled| Reach { has_server: true, settled, online: false, breaker: Breaker::default() };
    let choose = |series: &Series, settled| series.choose(QueueId(1), reach(settled));
    let alone = Reach { has_server: false, ..reach(true) };
    assert_eq!(series.choose(QueueId(1), alone), Choice::Own(SeriesLetter::Main));
    assert_eq!(choose(&series, false), Choice::AwaitLink);
    assert_eq!(choose(&series, true), Choice::NotPaired);
    series.set_identity(StationId(1), SeriesLetter::Letter('K'));
    series.open_day(ServiceDay(10));
    assert_eq!(choose(&series, false), Choice::AwaitLink);
    assert_eq!(choose(&series, true), Choice::Own(SeriesLetter::Letter('K')));
    assert!(series.grant(grant(11)));
    assert!(!series.grant(grant(11)), "the same grant again is no news");
    assert_eq!(choose(&series, true), Choice::Own(SeriesLetter::Letter('K')));
    series.open_day(ServiceDay(11));
    assert_eq!(choose(&series, false), Choice::Own(SeriesLetter::Main));
    series.set_identity(StationId(2), SeriesLetter::Letter('L'));
    assert_eq!(
        choose(&series, true),
        Choice::Own(SeriesLetter::Letter('L')),
        "another station owns nothing of the former"
    );
    series.lose_identity();
    assert_eq!(choose(&series, true), Choice::NotPaired, "whoever lost the identity owns nothing");
}

#[test]
fn the_server_is_asked_only_for_its_own_series_while_it_answers() {
    let mut series = series();
    series.set_identity(StationId(1), SeriesLetter::Letter('K'));
    series.open_day(ServiceDay(10));
    series.set_server_series([grant(10)]);
    let up = Reach { has_server: true, settled: true, online: true, breaker: Breaker::default() };
    let own = Choice::Own(SeriesLetter::Letter('K'));
    let mut open = Breaker::default();
    open.miss(0);
    assert_eq!(series.choose(QueueId(1), up), Choice::Server);
    assert_eq!(series.choose(QueueId(2), up), own, "another kiosk issues this one");
    assert_eq!(series.choose(QueueId(1), Reach { online: false, ..up }), own);
    assert_eq!(series.choose(QueueId(1), Reach { breaker: open, ..up }), own);
    series.set_server_series([grant(11)]);
    assert_eq!(series.choose(QueueId(1), up), own, "the server begins tomorrow");
}

#[test]
fn a_main_series_is_given_back_from_tomorrow_and_never_for_a_day_with_paper() {
    let mut series = series();
    assert_eq!(series.release_for(grant(10)), None, "it never had it");
    series.grant(grant(8));
    series.open_day(ServiceDay(10));
    assert_eq!(series.release_for(grant(10)), Some(grant(11)));
    assert_eq!(series.release_for(grant(14)), Some(grant(14)));
    series.release(grant(11));
    assert_eq!(series.release_for(grant(10)), None, "once is enough");
    assert!(series.owns_main_on(QueueId(1), ServiceDay(10)));
    assert!(!series.owns_main_on(QueueId(1), ServiceDay(11)));
    series.grant(grant(20));
    assert!(!series.owns_main_on(QueueId(1), ServiceDay(19)) && series.owns_main_on(QueueId(1), ServiceDay(20)));
}

#[test]
fn after_the_last_value_counting_goes_on_over_labels_that_are_not_taken() {
    let mut series = series();
    let day = ServiceDay(1);
    series.open_day(day);
    series.recall((QueueId(1), SeriesLetter::Main, 998), day, (0, DatedBy::WallClock, None));
    assert!(series.runs_low());
    let mut next = |taken: &[&str]| {
        series
            .take(&queue(), SeriesLetter::Main, |number| taken.contains(&number.to_string().as_str()), at(0, 0))
            .map(|number| number.to_string())
    };
    assert_eq!(next(&[]).as_deref(), Some("A999"));
    assert_eq!(next(&["A001", "A002"]).as_deref(), Some("A003"));
    assert_eq!(series.take(&queue(), SeriesLetter::Main, |_| true, at(0, 0)), None);
    assert!(!series.runs_low(), "the warning ends with the lap");
}

#[test]
fn a_message_that_was_held_up_does_not_set_the_servers_time_back() {
    let mut series = series();
    let heard = |series: &Series, elapsed| series.server_now_ms(at(0, elapsed)).unwrap() - MORNING;
    series.hear_server_time(MORNING, None, at(0, 0));
    series.hear_server_time(MORNING + 10_000 - 4_900, None, at(0, 10_000));
    assert_eq!(heard(&series, 10_000), 10_000, "it was on the road for 4.9 s");
    series.hear_server_time(MORNING + 20_300, None, at(0, 20_000));
    assert_eq!(heard(&series, 20_000), 20_300, "the first one was held up itself");
    // An hour later a clock that runs 50 parts in a million slow is followed, a held-up message still is not.
    let hour = 20_000 + HOUR;
    series.hear_server_time(MORNING + 300 + hour - 1_000, None, at(0, hour));
    assert_eq!(heard(&series, hour), 300 + hour);
    series.hear_server_time(MORNING + 300 + hour - 180, None, at(0, hour));
    assert_eq!(heard(&series, hour), 300 + hour - 180);
    series.hear_server_time(MORNING - 60_000, None, at(0, hour));
    assert_eq!(heard(&series, hour), -60_000, "the server's clock was set back");
}

#[test]
fn a_touch_after_a_slow_answer_is_dated_by_the_middle_of_what_is_possible() {
    let mut series = series();
    let dated = |series: &Series, elapsed| series.date(at(0, elapsed)).0 - MORNING;
    series.hear_server_time(MORNING, Some(3_000), at(0, 10_000));
    assert_eq!(dated(&series, 10_000), 1_500, "between 0 and 3 s");
    assert_eq!(series.server_now_ms(at(0, 10_000)), Some(MORNING), "no day begins before it surely has");
    // A heartbeat leaves open how long it was on the road, but it cannot have come before it was sent.
    series.hear_server_time(MORNING + 15_000 + 2_600, None, at(0, 25_000));
    assert_eq!(dated(&series, 25_000), 15_000 + 2_800, "between 2.6 and 3 s");
    // A quick answer settles it; what its own road and the drift since leave open stays.
    series.hear_server_time(MORNING + 20_000 + 2_700, Some(20), at(0, 30_000));
    assert_eq!(dated(&series, 30_000), 20_000 + 2_710);
    // A day of heartbeats does not make it doubtful again, and after a night without any a quick answer counts alone.
    for beat in 1..=5_760_i64 {
        let passed = beat * 15_000;
        series.hear_server_time(MORNING + 20_000 + 2_705 + passed, None, at(0, 30_000 + passed));
    }
    let day = 5_760 * 15_000;
    assert_eq!(dated(&series, 30_000 + day), 20_000 + 2_712 + day);
    let night = day + 12 * HOUR;
    series.hear_server_time(MORNING + 20_000 + night, Some(200), at(0, 30_000 + night));
    assert_eq!(dated(&series, 30_000 + night), 20_000 + 100 + night, "drifted by 2.7 s of at most 4.3");
    // A quick answer that contradicts what was known: the server's clock was set.
    series.hear_server_time(MORNING + 10_000, Some(20), at(0, 40_000 + night));
    assert_eq!(dated(&series, 40_000 + night), 10_010);
}
