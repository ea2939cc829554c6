//! Whose number a touch gets: the server's if it answers in time, else the kiosk's own; and what is left of a touch that
//! is interrupted anywhere between.

use crate::lobby::{Lobby, MORNING_MS, Paper, QUEUE, greeting, memory, remote, settings, ticket};
use smartqueue_domain::{
    BootId, BootMoment, DatedBy, Epoch, QueueId, Record, Refusal, SeriesGrant, SeriesLetter, ServiceDay, StationId,
    TicketNumber, TicketStatus, VoidReason, state_hash,
};
use smartqueue_engine::{
    Effect, Fault, Greeting, Input, KioskScreen, Memory, Now, PrintState, RemoteEvent, ServerTime,
};
use uuid::Uuid;

const SECOND: QueueId = QueueId(2);
const HOUR_MS: u64 = 3_600_000;

fn today() -> ServiceDay {
    ServiceDay::of(smartqueue_domain::LocalTime::new(MORNING_MS, 0))
}

fn grant(queue: QueueId, days_from_now: i64) -> SeriesGrant {
    SeriesGrant { queue, from_day: ServiceDay(today().0 + days_from_now) }
}

/// A greeting of a server that issues the main series of queue 2, while queue 1 is this kiosk's.
fn shared() -> Greeting {
    let mut greeting = greeting(settings(true), &[QUEUE]);
    greeting.server_series = vec![grant(SECOND, 0)];
    greeting
}

fn kiosk() -> Lobby {
    let mut lobby = Lobby::new(settings(true));
    lobby.put(Input::Paired { station: StationId(7), letter: SeriesLetter::Letter('K') });
    lobby.put(Input::Greeted(Box::new(shared())));
    lobby.effects.clear();
    lobby
}

fn allocated(name: u128, number: &str) -> Input {
    Input::NumberAllocated {
        ticket: ticket(name),
        letter: SeriesLetter::Main,
        number: TicketNumber::parse(number).unwrap(),
        day: today(),
    }
}

fn asked(lobby: &Lobby) -> Vec<u128> {
    lobby
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::RequestNumber { ticket, queue } => {
                assert_eq!(*queue, SECOND);
                Some(ticket.0.as_u128())
            }
            _ => None,
        })
        .collect()
}

fn has_fault(lobby: &Lobby, fault: Fault) -> bool {
    lobby.view().faults.iter().any(|(standing, _)| *standing == fault)
}

fn voided(lobby: &Lobby) -> Vec<(u128, VoidReason)> {
    lobby
        .journal
        .iter()
        .filter_map(|record| match record {
            Record::TicketVoided { ticket, reason } => Some((ticket.0.as_u128(), *reason)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_touch_is_on_record_before_the_server_hears_of_it_and_gets_the_servers_number() {
    let mut lobby = kiosk();
    lobby.disk_works = false;
    lobby.take_from(SECOND, 1);
    assert!(asked(&lobby).is_empty(), "a request that is not durable is not made");
    let mut lobby = kiosk();
    lobby.take_from(SECOND, 1);
    assert!(matches!(lobby.journal.last(), Some(Record::TicketRequested { .. })));
    assert_eq!(asked(&lobby), [1]);
    assert_eq!(lobby.screen(), KioskScreen::Issuing { queue: SECOND });
    assert!(!lobby.station.is_idle(), "a stop waits for the answer");
    lobby.pass(300);
    lobby.put(allocated(1, "B041"));
    assert_eq!(lobby.paper(), ["B041"]);
    let issued = lobby.journal.iter().find_map(|record| match record {
        Record::TicketIssued { letter, touched_at_ms, dated_by, .. } => Some((*letter, *touched_at_ms, *dated_by)),
        _ => None,
    });
    assert_eq!(issued, Some((SeriesLetter::Main, MORNING_MS, DatedBy::Server)), "the time is that of the touch");
    // The same answer once more, as the network may bring it.
    lobby.put(allocated(1, "B041"));
    assert_eq!(lobby.paper(), ["B041"]);
}

#[test]
fn an_own_series_needs_no_server_and_no_request() {
    let mut lobby = kiosk();
    lobby.take_from(QUEUE, 1);
    assert_eq!(lobby.paper(), ["A001"]);
    assert!(asked(&lobby).is_empty());
    assert!(lobby.journal.iter().all(|record| !matches!(record, Record::TicketRequested { .. })));
}

#[test]
fn a_hung_server_costs_one_touch_its_eight_hundred_milliseconds_and_the_next_none() {
    let mut lobby = kiosk();
    lobby.take_from(SECOND, 1);
    lobby.pass(799);
    assert!(lobby.printed.is_empty());
    lobby.pass(1);
    assert_eq!(lobby.paper(), ["BK001"]);
    // The answer comes late: the touch has its number.
    lobby.put(allocated(1, "B041"));
    lobby.put(Input::ServerAnswered { took_ms: 5_000, server_ms: None });
    lobby.take_from(SECOND, 2);
    assert_eq!(lobby.paper(), ["BK001", "BK002"], "nobody waits for a server that was slow");
    assert_eq!(asked(&lobby), [1]);
    // The server may answer everything but this question: the breaker rests before it believes a quick answer.
    lobby.put(Input::ServerAnswered { took_ms: 12, server_ms: None });
    lobby.take_from(SECOND, 3);
    assert_eq!(lobby.paper(), ["BK001", "BK002", "BK003"]);
    lobby.pass(30_000);
    lobby.put(Input::ServerAnswered { took_ms: 12, server_ms: None });
    lobby.take_from(SECOND, 4);
    assert_eq!(asked(&lobby), [1, 4]);
    lobby.put(allocated(4, "B042"));
    assert_eq!(lobby.paper(), ["BK001", "BK002", "BK003", "B042"]);
}

#[test]
fn before_the_first_answer_of_a_hung_server_one_visitor_waits_and_not_each() {
    let mut lobby = Lobby::with_journal(settings(true), kiosk().journal);
    lobby.take_from(SECOND, 1);
    lobby.pass(800);
    lobby.take_from(SECOND, 2);
    assert_eq!(lobby.paper(), ["BK001", "BK002"]);
}

#[test]
fn a_refusal_or_a_lost_link_ends_the_wait_at_once() {
    let mut lobby = kiosk();
    lobby.take_from(SECOND, 1);
    lobby.put(Input::NumberRefused { ticket: ticket(1) });
    assert_eq!(lobby.paper(), ["BK001"]);
    lobby.take_from(SECOND, 2);
    lobby.put(Input::LinkLost);
    assert_eq!(lobby.paper(), ["BK001", "BK002"]);
    lobby.take_from(SECOND, 3);
    assert_eq!(lobby.paper(), ["BK001", "BK002", "BK003"]);
    assert_eq!(asked(&lobby), [1, 2], "without a link nobody is asked");
}

#[test]
fn a_power_cut_while_the_server_is_asked_withdraws_the_touch_for_good() {
    let mut lobby = kiosk();
    lobby.take_from(SECOND, 1);
    let mut restarted = Lobby::with_journal(settings(true), lobby.journal);
    assert_eq!(voided(&restarted), [(1, VoidReason::NeverIssued)]);
    restarted.put(Input::Greeted(Box::new(shared())));
    restarted.put(allocated(1, "B041"));
    restarted.take_from(SECOND, 1);
    assert!(restarted.printed.is_empty(), "neither a late answer nor a repeated command brings it back");
    // A second restart has nothing left to say.
    let settled = restarted.journal.len();
    let again = Lobby::with_journal(settings(true), restarted.journal);
    assert_eq!(again.journal.len(), settled);
}

#[test]
fn every_cut_of_the_issue_path_leaves_no_number_twice_and_no_original_twice() {
    // The whole journal of a touch that the server gave its number to, cut after each record.
    let mut lobby = kiosk();
    lobby.take_from(SECOND, 1);
    lobby.put(allocated(1, "B041"));
    let begin = lobby.journal.iter().position(|record| matches!(record, Record::TicketRequested { .. })).unwrap();
    for (kept, paper, state) in [
        (begin, vec!["BK001"], None),
        (begin + 1, vec!["BK001"], None),
        (begin + 2, vec!["BK001"], Some(PrintState::Issued)),
        (begin + 3, vec!["B041 copy 1", "BK001"], Some(PrintState::Unknown)),
        (begin + 4, vec!["B041 copy 1", "BK001"], Some(PrintState::Printed)),
    ] {
        let mut restarted = Lobby::with_journal(settings(true), lobby.journal[..kept].to_vec());
        let line = restarted.view().tickets.first().map(|line| line.state);
        assert_eq!(line, state, "{kept}");
        restarted.put(Input::LinkLost);
        if state == Some(PrintState::Unknown) || state == Some(PrintState::Printed) {
            restarted.command(smartqueue_engine::Command::Reprint { ticket: ticket(1) });
        }
        restarted.take_from(SECOND, 2);
        assert_eq!(restarted.paper(), paper, "{kept}");
    }
}

#[test]
fn a_number_of_the_server_that_somebody_holds_is_not_used() {
    let mut lobby = kiosk();
    let mut held = remote(90, "B041", TicketStatus::Waiting);
    held.queue = SECOND;
    lobby.put(Input::Event { seq: 1, prev: 0, event: RemoteEvent::Ticket(held) });
    lobby.take_from(SECOND, 1);
    lobby.put(allocated(1, "B041"));
    assert_eq!(lobby.paper(), ["BK001"]);
}

#[test]
fn an_event_that_overtakes_the_answer_takes_nothing_from_the_touch() {
    let mut lobby = kiosk();
    lobby.take_from(SECOND, 1);
    let mut own = remote(1, "B041", TicketStatus::Waiting);
    own.queue = SECOND;
    lobby.put(Input::Event { seq: 1, prev: 0, event: RemoteEvent::Ticket(own) });
    lobby.put(allocated(1, "B041"));
    assert_eq!(lobby.paper(), ["B041"]);
    assert_eq!(lobby.view().kiosk.unwrap().services[1].waiting, Some(1));
}

#[test]
fn a_label_cools_down_before_it_stands_on_another_paper() {
    let mut lobby = kiosk();
    let call = |lobby: &mut Lobby, seq, status| {
        let event = RemoteEvent::Ticket(remote(90, "A001", status));
        lobby.put(Input::Event { seq, prev: seq - 1, event });
    };
    // Yesterday's issuer gave A001 a moment ago, and its holder has been served.
    call(&mut lobby, 1, TicketStatus::Waiting);
    call(&mut lobby, 2, TicketStatus::Done);
    lobby.take_from(QUEUE, 1);
    assert_eq!(lobby.paper(), ["A002"]);
}

#[test]
fn whoever_lost_the_identity_issues_nothing_until_there_is_another_letter() {
    let mut lobby = kiosk();
    lobby.take_from(QUEUE, 1);
    lobby.take_from(SECOND, 2);
    lobby.put(Input::IdentityLost);
    assert_eq!(voided(&lobby), [(2, VoidReason::NeverIssued)]);
    lobby.take_from(QUEUE, 3);
    assert!(matches!(lobby.screen(), KioskScreen::Refused { reason: Refusal::NotPaired, .. }));
    assert!(has_fault(&lobby, Fault::NotPaired));
    let mut restarted = Lobby::with_journal(settings(true), lobby.journal);
    restarted.put(Input::LinkLost);
    restarted.take_from(QUEUE, 4);
    assert!(restarted.printed.is_empty(), "a restart does not bring the identity back");
    restarted.put(Input::Paired { station: StationId(8), letter: SeriesLetter::Letter('L') });
    restarted.take_from(QUEUE, 5);
    assert_eq!(restarted.paper(), ["AL001"], "the old grant went with the old identity");
}

#[test]
fn an_identity_whose_loss_was_not_recorded_is_lost_all_the_same() {
    let mut lobby = kiosk();
    lobby.take_from(QUEUE, 1);
    assert_eq!(lobby.paper(), ["A001"]);
    let boot = BootId(Uuid::from_u128(9));
    let before_the_record = Memory { enrolled_anew: true, ..memory(boot) };
    let after_the_next_pairing = Memory { identity: Some(StationId(8)), enrolled_anew: true, ..memory(boot) };
    for memory in [before_the_record, after_the_next_pairing] {
        let mut restarted = Lobby::start(settings(true), lobby.journal.clone(), memory, lobby.now);
        restarted.put(Input::LinkLost);
        restarted.take_from(QUEUE, 2);
        assert!(restarted.printed.is_empty(), "{memory:?}: another machine may print A002");
        assert_eq!(restarted.journal.iter().filter(|record| **record == Record::IdentityLost).count(), 1, "{memory:?}");
        restarted.put(Input::Paired { station: StationId(8), letter: SeriesLetter::Letter('L') });
        restarted.take_from(QUEUE, 3);
        assert_eq!(restarted.paper(), ["AL001"]);
    }
    let recorded = Memory { identity: Some(StationId(7)), enrolled_anew: true, ..memory(boot) };
    let mut restarted = Lobby::start(settings(true), lobby.journal.clone(), recorded, lobby.now);
    restarted.put(Input::LinkLost);
    restarted.take_from(QUEUE, 2);
    assert_eq!(restarted.paper(), ["A002"], "the identity of the records is still this station's");
}

#[test]
fn a_main_series_is_given_back_at_the_days_boundary_and_on_record() {
    let mut lobby = kiosk();
    let mut news = shared();
    news.released = vec![grant(QUEUE, 0), grant(SECOND, 0)];
    news.server_series = vec![grant(SECOND, 0), grant(QUEUE, 1)];
    lobby.put(Input::Greeted(Box::new(news.clone())));
    let releases: Vec<_> = lobby
        .journal
        .iter()
        .filter_map(|record| if let Record::SeriesReleased(release) = record { Some(*release) } else { None })
        .collect();
    assert_eq!(releases, [grant(QUEUE, 1)], "today's numbers are on paper, and queue 2 was never this kiosk's");
    lobby.put(Input::Greeted(Box::new(news.clone())));
    assert_eq!(lobby.journal.iter().filter(|record| matches!(record, Record::SeriesReleased(_))).count(), 1);
    lobby.take_from(QUEUE, 1);
    assert_eq!(lobby.paper(), ["A001"]);
    let mut restarted = Lobby::with_journal(settings(true), lobby.journal);
    restarted.put(Input::LinkLost);
    restarted.take_from(QUEUE, 2);
    assert_eq!(restarted.paper(), ["A002"]);
    restarted.pass(20 * HOUR_MS);
    news.server_ms = restarted.now.wall_ms;
    restarted.put(Input::Greeted(Box::new(news)));
    restarted.take_from(QUEUE, 3);
    restarted.put(Input::NumberRefused { ticket: ticket(3) });
    assert_eq!(restarted.paper(), ["A002", "AK001"], "from tomorrow on it is not this kiosk's any more");
}

#[test]
fn what_the_server_sees_is_compared_and_a_difference_starts_over() {
    let mut lobby = kiosk();
    let hash_of = |numbers: &[(u128, &str, TicketStatus)]| {
        state_hash(numbers.iter().map(|(id, number, status)| smartqueue_domain::LiveTicket {
            id: ticket(*id),
            queue: QUEUE,
            number,
            status: *status,
        }))
    };
    lobby.put(Input::Event { seq: 1, prev: 0, event: RemoteEvent::Ticket(remote(90, "A900", TicketStatus::Waiting)) });
    let seen = hash_of(&[(90, "A900", TicketStatus::Waiting)]);
    // An own ticket that the server has not heard of belongs to neither side's sum.
    lobby.take_from(QUEUE, 1);
    lobby.put(Input::StateHashHeard { seq: 1, hash: seen });
    lobby.put(Input::StateHashHeard { seq: 2, hash: 1 });
    assert!(!lobby.effects.contains(&Effect::StartOver), "equal, and then of another moment");
    lobby.put(Input::StateHashHeard { seq: 1, hash: hash_of(&[(90, "A900", TicketStatus::Called)]) });
    assert!(lobby.effects.contains(&Effect::StartOver));
    // The next greeting shows everything, whatever the cursor was.
    let mut news = shared();
    news.event_seq = 1;
    news.tickets = vec![remote(90, "A900", TicketStatus::Called)];
    lobby.put(Input::Greeted(Box::new(news)));
    lobby.effects.clear();
    lobby.put(Input::StateHashHeard { seq: 1, hash: hash_of(&[(90, "A900", TicketStatus::Called)]) });
    assert!(lobby.effects.is_empty());
}

#[test]
fn another_life_of_the_servers_database_is_shown_whole_and_gets_its_records_again() {
    let mut lobby = kiosk();
    lobby.put(Input::Event { seq: 1, prev: 0, event: RemoteEvent::Ticket(remote(90, "A900", TicketStatus::Waiting)) });
    lobby.take_from(QUEUE, 1);
    let held = lobby.journal.len() as u64;
    lobby.put(Input::Pushed { highest_seq: held });
    assert_eq!(lobby.view().connection.unsent, 0);
    let mut restored = shared();
    restored.server_epoch = Some(Epoch(Uuid::from_u128(2)));
    restored.event_seq = 1_000_001;
    restored.highest_seq = held - 3;
    lobby.put(Input::LinkLost);
    lobby.effects.clear();
    lobby.put(Input::Greeted(Box::new(restored)));
    assert_eq!(lobby.view().connection.unsent, 3);
    assert!(lobby.effects.contains(&Effect::Push));
    assert!(lobby.effects.contains(&Effect::RememberPushed { highest_seq: held - 3 }));
    assert_eq!(lobby.view().kiosk.unwrap().services[0].waiting, Some(1), "only its own ticket is left");
}

#[test]
fn trouble_with_the_server_stands_until_the_server_says_that_it_is_over() {
    let mut lobby = kiosk();
    lobby.put(Input::RecordsSetAside { count: 2 });
    assert!(has_fault(&lobby, Fault::RecordsSetAside));
    let mut news = shared();
    news.set_aside = 2;
    news.configuration_refused = true;
    lobby.put(Input::Greeted(Box::new(news)));
    assert!(has_fault(&lobby, Fault::RecordsSetAside) && has_fault(&lobby, Fault::ConfigurationRefused));
    lobby.put(Input::Greeted(Box::new(shared())));
    assert!(lobby.view().faults.is_empty());
}

#[test]
fn eighty_percent_of_a_series_is_a_warning() {
    let mut lobby = kiosk();
    let number = TicketNumber::parse("A799").unwrap();
    let mut journal = lobby.journal.clone();
    journal.push(Record::TicketIssued {
        ticket: ticket(99),
        queue: QUEUE,
        letter: SeriesLetter::Main,
        number,
        day: today(),
        language: smartqueue_domain::Language::French,
        priority: 0,
        touched_at_ms: MORNING_MS,
        dated_by: DatedBy::Server,
        moment: None,
    });
    lobby = Lobby::with_journal(settings(true), journal);
    assert!(!has_fault(&lobby, Fault::NumbersRunLow));
    lobby.put(Input::LinkLost);
    lobby.take_from(QUEUE, 1);
    assert_eq!(lobby.paper(), ["A800"]);
    assert!(has_fault(&lobby, Fault::NumbersRunLow));
}

#[test]
fn within_one_boot_a_restarted_station_keeps_its_evidence_and_its_clock() {
    let mut lobby = kiosk();
    lobby.paper = Paper::Comes;
    lobby.take_from(QUEUE, 1);
    let heard = lobby.server_time.unwrap();
    assert_eq!(heard, ServerTime { server_ms: MORNING_MS, doubt_ms: 0, elapsed_ms: lobby.now.elapsed_ms });
    let boot = BootId(Uuid::from_u128(0));
    let night = Now { elapsed_ms: 20 * HOUR_MS, wall_ms: MORNING_MS + 20 * 3_600_000, offset_minutes: 0 };
    let day_after = |boot, server_time| {
        let memory = Memory { server_time, ..memory(boot) };
        let restarted = Lobby::start(settings(true), lobby.journal.clone(), memory, night);
        let opened = restarted.journal.iter().filter_map(|record| match record {
            Record::DayOpened { day } => Some(day.0 - today().0),
            _ => None,
        });
        opened.collect::<Vec<_>>()
    };
    assert_eq!(day_after(boot, Some(heard)), [0, 1], "the boot-time clock carried the server's time over the night");
    assert_eq!(day_after(BootId(Uuid::from_u128(77)), None), [0], "after a power cut nobody knows what day it is");
    let moment = lobby.journal.iter().find_map(|record| match record {
        Record::TicketIssued { moment, .. } => *moment,
        _ => None,
    });
    assert_eq!(moment, Some(BootMoment { boot, elapsed_ms: 1_000 }));
}
