//! What a kiosk does, from touch to paper, in virtual time.

use crate::lobby::{Lobby, MORNING_MS, Paper, QUEUE, greeting, queue, remote, settings, ticket};
use smartqueue_domain::{
    Language, OpeningPeriod, PrintDoubt, PrintOutcome, QueueId, Record, Refusal, SeriesLetter, StationId, TicketStatus,
    WeeklyHours,
};
use smartqueue_engine::{
    ClosedReason, Command, ConnectionState, DisplayOptions, Effect, Fault, Input, KioskScreen, PrintState, RemoteEvent,
    UnlockState,
};

fn numbers(lobby: &Lobby) -> Vec<String> {
    lobby.view().tickets.iter().rev().map(|line| line.number.clone()).collect()
}

fn state(lobby: &Lobby) -> PrintState {
    lobby.view().tickets[0].state
}

#[test]
fn a_touch_becomes_durable_then_sent_then_paper_then_its_outcome() {
    let mut lobby = Lobby::new(settings(false));
    lobby.take(1);
    let kinds: Vec<_> = lobby
        .journal
        .iter()
        .map(|record| match record {
            Record::DayOpened { .. } => "day",
            Record::TicketIssued { .. } => "issued",
            Record::SlipSent { .. } => "sent",
            Record::SlipEnded { .. } => "ended",
            Record::TicketVoided { .. } => "voided",
            Record::StationPaired { .. } => "paired",
            Record::SeriesGranted(_) => "granted",
            Record::SeriesReleased(_) => "released",
            Record::IdentityLost => "lost",
            Record::TicketRequested { .. } => "requested",
        })
        .collect();
    assert_eq!(kinds, ["day", "issued", "sent", "ended"]);
    assert_eq!(lobby.paper(), ["A001"]);
    let KioskScreen::Result { ticket, .. } = lobby.screen() else { panic!("{:?}", lobby.screen()) };
    assert_eq!((ticket.number.as_str(), ticket.print), ("A001", PrintState::Printed));
}

#[test]
fn the_same_id_again_is_the_same_ticket() {
    let mut lobby = Lobby::new(settings(false));
    for _ in 0..3 {
        lobby.take(1);
    }
    assert_eq!(lobby.paper(), ["A001"]);
    let mut restarted = Lobby::with_journal(settings(false), lobby.journal);
    restarted.take(1);
    restarted.take(2);
    assert_eq!(restarted.paper(), ["A002"]);
}

#[test]
fn each_queue_counts_for_itself_and_slips_wait_for_each_other() {
    let mut lobby = Lobby::new(settings(false));
    lobby.paper = Paper::Waits;
    lobby.take(1);
    lobby.take_from(QueueId(2), 2);
    lobby.take(3);
    assert_eq!(numbers(&lobby), ["A001", "B001", "A002"]);
    assert_eq!(lobby.paper(), ["A001"], "one slip is at the printer at a time");
    for expected in [2, 3] {
        let (job, _) = lobby.printed.last().cloned().unwrap();
        lobby.put(Input::Printed { job, outcome: PrintOutcome::Unconfirmed });
        assert_eq!(lobby.printed.len(), expected);
    }
    assert_eq!(lobby.paper(), ["A001", "B001", "A002"]);
}

#[test]
fn a_number_is_never_on_paper_before_it_and_sent_are_durable() {
    let mut lobby = Lobby::new(settings(false));
    lobby.disk_works = false;
    lobby.take(1);
    assert!(lobby.printed.is_empty());
    assert!(matches!(lobby.screen(), KioskScreen::Refused { reason: Refusal::JournalFailed, .. }));
    assert_eq!(lobby.view().faults[0].0, Fault::JournalFailed);
    lobby.disk_works = true;
    lobby.take(2);
    assert!(lobby.printed.is_empty(), "a journal that failed once is not trusted again before a restart");
}

#[test]
fn after_a_power_cut_an_unsent_number_is_void_and_a_sent_one_unknown() {
    let mut lobby = Lobby::new(settings(false));
    lobby.paper = Paper::Waits;
    lobby.take(1);
    lobby.take(2);
    // The journal now holds: day, A001 issued, A001 sent, A002 issued.
    let mut restarted = Lobby::with_journal(settings(false), lobby.journal.clone());
    let states: Vec<_> = restarted.view().tickets.iter().map(|line| (line.number.clone(), line.state)).collect();
    assert_eq!(states, [("A002".to_owned(), PrintState::Issued), ("A001".to_owned(), PrintState::Unknown)]);
    assert!(
        restarted
            .journal
            .iter()
            .any(|record| matches!(record, Record::TicketVoided { ticket: id, .. } if *id == ticket(2)))
    );
    assert!(restarted.printed.is_empty());
    restarted.take(3);
    assert_eq!(restarted.paper(), ["A003"], "a number that was durable is never given again");
    restarted.command(Command::Reprint { ticket: ticket(1) });
    assert_eq!(restarted.paper(), ["A003", "A001 copy 1"], "what may be on paper is printed as a copy only");
    // A second restart finds everything settled.
    let settled = restarted.journal.len();
    assert_eq!(Lobby::with_journal(settings(false), restarted.journal).journal.len(), settled);
}

#[test]
fn paper_out_keeps_the_number_on_the_screen_and_the_original_for_later() {
    let mut lobby = Lobby::new(settings(false));
    lobby.put(Input::PrinterConditionChanged { faults: vec![Fault::PaperOut] });
    lobby.take(1);
    assert!(lobby.printed.is_empty());
    assert_eq!(state(&lobby), PrintState::Failed);
    assert!(lobby.journal.iter().all(|record| !matches!(record, Record::SlipSent { .. })), "nothing was sent");
    lobby.pass(29_000);
    assert!(matches!(lobby.screen(), KioskScreen::Result { .. }));
    lobby.put(Input::PrinterConditionChanged { faults: Vec::new() });
    assert!(lobby.view().faults.is_empty());
    lobby.command(Command::Reprint { ticket: ticket(1) });
    assert_eq!(lobby.paper(), ["A001"], "surely not on paper before: this is the original");
}

#[test]
fn an_unknown_print_is_shown_as_such_and_never_repeated_by_itself() {
    let mut lobby = Lobby::new(settings(false));
    lobby.paper = Paper::Ends(PrintOutcome::Unknown(PrintDoubt::NoProof));
    lobby.take(1);
    assert_eq!(state(&lobby), PrintState::Unknown);
    assert_eq!(lobby.view().faults[0].0, Fault::PrinterUnknown);
    lobby.pass(3_600_000);
    assert_eq!(lobby.paper(), ["A001"]);
    lobby.paper = Paper::Comes;
    lobby.command(Command::Reprint { ticket: ticket(1) });
    lobby.command(Command::Reprint { ticket: ticket(1) });
    assert_eq!(lobby.paper(), ["A001", "A001 copy 1", "A001 copy 2"]);
    assert_eq!(state(&lobby), PrintState::Printed);
    assert!(lobby.view().faults.is_empty());
}

#[test]
fn a_failed_copy_takes_nothing_from_the_original() {
    let mut lobby = Lobby::new(settings(false));
    lobby.take(1);
    lobby.paper = Paper::Ends(PrintOutcome::Failed(PrintDoubt::CoverOpen));
    lobby.command(Command::Reprint { ticket: ticket(1) });
    assert_eq!(state(&lobby), PrintState::Printed);
    lobby.paper = Paper::Comes;
    lobby.command(Command::Reprint { ticket: ticket(1) });
    assert_eq!(lobby.paper(), ["A001", "A001 copy 1", "A001 copy 2"]);
}

#[test]
fn without_a_printer_the_kiosk_goes_on_paperless() {
    let mut paperless = settings(false);
    paperless.has_printer = false;
    let mut lobby = Lobby::new(paperless);
    lobby.take(1);
    assert_eq!(state(&lobby), PrintState::Failed);
    assert!(matches!(lobby.screen(), KioskScreen::Result { .. }));
}

#[test]
fn a_touch_just_after_the_start_waits_for_the_server_and_gets_the_main_series() {
    let mut lobby = Lobby::new(settings(true));
    lobby.take(1);
    assert_eq!(lobby.screen(), KioskScreen::Issuing { queue: QUEUE });
    lobby.pass(500);
    lobby.put(Input::Paired { station: StationId(7), letter: SeriesLetter::Letter('K') });
    assert!(lobby.printed.is_empty());
    lobby.put(Input::Greeted(Box::new(greeting(settings(true), &[QUEUE]))));
    lobby.take_from(QueueId(2), 2);
    assert_eq!(lobby.paper(), ["A001", "BK001"], "queue 2 was not granted: its numbers carry the kiosk's letter");
}

#[test]
fn a_touch_waits_800_milliseconds_at_most_and_only_until_the_link_is_known_to_be_down() {
    let past = Lobby::paired(settings(true)).journal;
    let mut silent = Lobby::with_journal(settings(true), past.clone());
    silent.take_from(QueueId(2), 1);
    silent.pass(799);
    assert!(silent.printed.is_empty());
    silent.pass(2);
    assert_eq!(silent.paper(), ["BK001"]);
    let mut refused = Lobby::with_journal(settings(true), past);
    refused.put(Input::LinkLost);
    refused.take_from(QueueId(2), 1);
    refused.take(2);
    assert_eq!(refused.paper(), ["BK001", "A001"], "a grant is remembered without the server");
}

#[test]
fn a_kiosk_that_was_never_paired_says_so_instead_of_inventing_numbers() {
    let mut lobby = Lobby::new(settings(true));
    lobby.put(Input::LinkLost);
    lobby.take(1);
    assert!(matches!(lobby.screen(), KioskScreen::Refused { reason: Refusal::NotPaired, .. }));
    assert!(lobby.view().faults.iter().any(|(fault, _)| *fault == Fault::NotPaired));
    assert!(lobby.printed.is_empty());
}

#[test]
fn tickets_go_on_with_the_server_away_and_are_pushed_when_it_returns() {
    let mut lobby = Lobby::paired(settings(true));
    lobby.take(1);
    lobby.put(Input::Pushed { highest_seq: lobby.journal.len() as u64 });
    assert!(lobby.view().tickets[0].synced);
    lobby.put(Input::LinkLost);
    lobby.take(2);
    let view = lobby.view();
    assert_eq!(lobby.paper(), ["A001", "A002"]);
    assert_eq!(view.connection.state, ConnectionState::Offline);
    assert_eq!((view.tickets[0].synced, view.tickets[1].synced), (false, true));
    assert_eq!(lobby.printed[1].1.people_ahead, None, "without the server nobody knows who was called");
    lobby.effects.clear();
    lobby.put(Input::Greeted(Box::new(greeting(settings(true), &[QUEUE]))));
    assert!(lobby.effects.contains(&Effect::Push));
    lobby.put(Input::Pushed { highest_seq: lobby.journal.len() as u64 });
    assert_eq!(lobby.view().connection.unsent, 0);
    lobby.put(Input::Pushed { highest_seq: 1_000_000 });
    assert_eq!(lobby.view().connection.unsent, 0, "an acknowledgement of what was never written means nothing");
}

#[test]
fn people_ahead_follow_the_servers_events() {
    let mut lobby = Lobby::paired(settings(true));
    lobby.put(Input::Event { seq: 1, prev: 0, event: RemoteEvent::Ticket(remote(90, "A900", TicketStatus::Waiting)) });
    lobby.take(1);
    assert_eq!(lobby.printed[0].1.people_ahead, Some(1));
    let wait = lobby.printed[0].1.wait.unwrap();
    assert!(wait.min_minutes <= 5 && wait.max_minutes >= 5, "{wait:?}");
    lobby.put(Input::Event { seq: 2, prev: 1, event: RemoteEvent::Ticket(remote(90, "A900", TicketStatus::Done)) });
    lobby.put(Input::Event { seq: 3, prev: 2, event: RemoteEvent::Ticket(remote(1, "A001", TicketStatus::Called)) });
    lobby.take(2);
    assert_eq!(lobby.printed[1].1.people_ahead, Some(0));
}

#[test]
fn a_gap_in_the_events_asks_for_a_new_connection_and_a_repeat_changes_nothing() {
    let mut lobby = Lobby::paired(settings(true));
    let waiting = |seq, prev, name| Input::Event {
        seq,
        prev,
        event: RemoteEvent::Ticket(remote(name, "A900", TicketStatus::Waiting)),
    };
    lobby.put(waiting(5, 0, 90));
    lobby.put(waiting(5, 0, 91));
    lobby.put(waiting(9, 7, 92));
    assert_eq!(lobby.view().kiosk.unwrap().services[0].waiting, Some(1));
    assert!(lobby.effects.contains(&Effect::Resynchronise));
}

#[test]
fn closed_full_paused_and_unknown_are_refused_with_their_reason() {
    let mut closed = settings(false);
    closed.queues[0].hours =
        Some(WeeklyHours::new([OpeningPeriod { weekday: 6, from_minute: 480, until_minute: 720 }]));
    let mut lobby = Lobby::new(closed.clone());
    let reason = |lobby: &Lobby| match lobby.screen() {
        KioskScreen::Refused { reason, .. } => reason,
        other => panic!("{other:?}"),
    };
    lobby.take(1);
    assert_eq!(reason(&lobby), Refusal::ServiceClosed);
    lobby.take_from(QueueId(99), 2);
    assert_eq!(reason(&lobby), Refusal::UnknownQueue);
    lobby.pass(8_000);
    assert_eq!(lobby.screen(), KioskScreen::Home);
    closed.queues.truncate(1);
    let lobby = Lobby::new(closed);
    let KioskScreen::Closed { reason: ClosedReason::Hours, next_opening: Some(next) } = lobby.screen() else {
        panic!("{:?}", lobby.screen())
    };
    assert_eq!((next.in_days, next.weekday, next.minute), (1, 6, 480));
    let mut full = settings(false);
    full.queues[0].max_capacity = Some(1);
    let mut lobby = Lobby::new(full);
    lobby.take(1);
    lobby.take(2);
    assert_eq!(reason(&lobby), Refusal::QueueFull);
    assert_eq!(lobby.paper(), ["A001"]);
}

#[test]
fn a_session_is_warned_then_reset_and_a_touch_keeps_it() {
    let mut lobby = Lobby::new(settings(false));
    lobby.command(Command::ChooseLanguage { language: Language::English });
    lobby.command(Command::SetDisplay(DisplayOptions { large_text: true, ..DisplayOptions::default() }));
    let session = |lobby: &Lobby| lobby.view().kiosk.unwrap().session;
    assert_eq!(lobby.view().kiosk.unwrap().services[0].name, "Service A in English");
    lobby.pass(29_999);
    assert_eq!(session(&lobby).warning_until_ms, None);
    lobby.pass(1);
    assert_eq!(session(&lobby).warning_until_ms, Some(MORNING_MS + 50_000));
    lobby.command(Command::Touch);
    assert_eq!(session(&lobby).warning_until_ms, None);
    lobby.pass(50_000);
    assert_eq!((session(&lobby).language, session(&lobby).display), (Language::French, DisplayOptions::default()));
    lobby.command(Command::ChooseLanguage { language: Language::Arabic });
    assert_eq!(session(&lobby).language, Language::French, "a language that is not offered cannot be chosen");
}

#[test]
fn the_result_goes_home_after_eight_seconds_with_paper() {
    let mut lobby = Lobby::new(settings(false));
    lobby.command(Command::TakeTicket { queue: QUEUE, language: Some(Language::English), ticket: ticket(1) });
    assert_eq!(lobby.printed[0].1.queue_name, "Service A in English");
    lobby.pass(7_999);
    assert!(matches!(lobby.screen(), KioskScreen::Result { .. }));
    lobby.pass(1);
    assert_eq!(lobby.screen(), KioskScreen::Home);
}

#[test]
fn staff_come_in_by_the_pin_alone_and_five_wrong_ones_lock_the_pad() {
    let mut lobby = Lobby::new(settings(false));
    lobby.command(Command::Pause { paused: true });
    assert_eq!(lobby.screen(), KioskScreen::Home, "pause works on the maintenance page only");
    lobby.command(Command::EnterPin { pin: "1".to_owned() });
    assert!(lobby.effects.is_empty(), "a PIN means nothing before the pad is open");
    lobby.command(Command::OpenMaintenance);
    for attempt in 1..=5 {
        lobby.command(Command::EnterPin { pin: "0".to_owned() });
        lobby.put(Input::PinChecked { right: false });
        let expected = if attempt < 5 { UnlockState::WrongPin } else { UnlockState::LockedOut };
        assert_eq!(lobby.screen(), KioskScreen::Unlock(expected));
    }
    lobby.effects.clear();
    lobby.command(Command::EnterPin { pin: "0".to_owned() });
    lobby.command(Command::OpenMaintenance);
    lobby.command(Command::EnterPin { pin: "0".to_owned() });
    assert!(lobby.effects.is_empty());
    lobby.pass(60_000);
    lobby.command(Command::OpenMaintenance);
    lobby.command(Command::EnterPin { pin: "1234".to_owned() });
    lobby.put(Input::PinChecked { right: true });
    assert_eq!(lobby.screen(), KioskScreen::Maintenance);
    lobby.command(Command::Pause { paused: true });
    lobby.command(Command::LeaveMaintenance);
    assert!(matches!(lobby.screen(), KioskScreen::Closed { reason: ClosedReason::Paused, .. }));
    lobby.take(1);
    assert!(matches!(lobby.screen(), KioskScreen::Refused { reason: Refusal::Paused, .. }));
}

#[test]
fn the_next_morning_counts_from_one_again() {
    let mut lobby = Lobby::new(settings(false));
    lobby.take(1);
    lobby.pass(23 * 3_600_000);
    lobby.take(2);
    assert_eq!(lobby.paper(), ["A001", "A001"]);
    let days: Vec<_> = lobby.journal.iter().filter(|record| matches!(record, Record::DayOpened { .. })).collect();
    assert_eq!(days.len(), 2);
}

#[test]
fn a_clock_that_disagrees_with_the_server_is_a_standing_fault_until_it_agrees() {
    let mut lobby = Lobby::paired(settings(true));
    lobby.put(Input::HeartbeatHeard { server_ms: MORNING_MS + 121_000 });
    assert_eq!(lobby.view().faults[0].0, Fault::ClockDoubtful);
    lobby.put(Input::HeartbeatHeard { server_ms: MORNING_MS });
    assert!(lobby.view().faults.is_empty());
}

#[test]
fn a_new_configuration_changes_the_tiles_at_once() {
    let mut lobby = Lobby::paired(settings(true));
    let mut changed = settings(true);
    changed.queues.push(queue(3, "C"));
    let mut news = greeting(changed, &[QUEUE]);
    news.highest_seq = lobby.journal.len() as u64;
    lobby.put(Input::Greeted(Box::new(news)));
    assert_eq!(lobby.view().kiosk.unwrap().services.len(), 3);
    assert_eq!(lobby.view().connection.unsent, 0);
}
