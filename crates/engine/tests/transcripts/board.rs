//! What a board does with calls, in virtual time.

use crate::lobby::{Lobby, MORNING_MS, greeting, remote, settings, ticket};
use smartqueue_domain::{QueueId, TicketStatus};
use smartqueue_engine::{AnnouncementOutcome, Effect, Fault, Input, RemoteEvent, RemoteTicket, Settings};

fn board_settings() -> Settings {
    let mut settings = settings(true);
    settings.issues = false;
    settings.shows_calls = true;
    settings
}

fn board() -> Lobby {
    let mut lobby = Lobby::new(board_settings());
    lobby.put(Input::Greeted(Box::new(greeting(board_settings(), &[]))));
    lobby
}

fn called(id: u128, number: &str, at_ms: i64) -> RemoteTicket {
    let mut ticket = remote(id, number, TicketStatus::Called);
    ticket.called_at_ms = Some(at_ms);
    ticket.counter = Some("3".to_owned());
    ticket
}

fn call(lobby: &mut Lobby, seq: u64, id: u128, number: &str, recall: bool) {
    let ticket = called(id, number, lobby.now.wall_ms);
    lobby.put(Input::Event { seq, prev: seq - 1, event: RemoteEvent::Call { ticket, recall } });
}

fn calling(lobby: &Lobby) -> Vec<String> {
    lobby.view().board.unwrap().calling.iter().map(|line| line.number.clone()).collect()
}

fn recent(lobby: &Lobby) -> Vec<String> {
    lobby.view().board.unwrap().recent.iter().map(|line| line.number.clone()).collect()
}

fn spoken(lobby: &Lobby) -> Vec<(String, bool)> {
    lobby
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Announce(call) => Some((call.number.to_string(), call.recall)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_call_is_shown_spoken_once_and_acknowledged() {
    let mut lobby = board();
    call(&mut lobby, 1, 1, "A045", false);
    let line = lobby.view().board.unwrap().calling[0].clone();
    assert_eq!((line.number.as_str(), line.counter.as_str(), line.late), ("A045", "3", false));
    assert_eq!(line.announced, Some(AnnouncementOutcome::Spoken));
    assert_eq!(spoken(&lobby), [("A045".to_owned(), false)]);
    assert!(lobby.effects.contains(&Effect::Acknowledge { call: 1, outcome: AnnouncementOutcome::Spoken }));
    // The same event again, as after a reconnect.
    call(&mut lobby, 1, 1, "A045", false);
    assert_eq!(spoken(&lobby).len(), 1);
}

#[test]
fn two_calls_stand_side_by_side_then_the_last_one_stays_until_its_person_comes() {
    let mut lobby = board();
    for (seq, number) in [(1, "A001"), (2, "A002"), (3, "A003")] {
        call(&mut lobby, seq, u128::from(seq), number, false);
    }
    assert_eq!(calling(&lobby), ["A003", "A002"]);
    assert_eq!(recent(&lobby), ["A001"]);
    lobby.pass(15_000);
    assert_eq!(calling(&lobby), ["A003"]);
    assert_eq!(recent(&lobby), ["A002", "A001"]);
    lobby.put(Input::Event { seq: 4, prev: 3, event: RemoteEvent::Ticket(remote(3, "A003", TicketStatus::InService)) });
    assert_eq!(calling(&lobby), Vec::<String>::new());
    assert_eq!(recent(&lobby), ["A003", "A002", "A001"]);
}

#[test]
fn a_recall_is_a_call_marked_as_one_and_lists_its_ticket_once() {
    let mut lobby = board();
    call(&mut lobby, 1, 1, "A001", false);
    lobby.pass(20_000);
    call(&mut lobby, 2, 1, "A001", true);
    assert_eq!(calling(&lobby), ["A001"]);
    assert!(lobby.view().board.unwrap().calling[0].recall);
    assert_eq!(recent(&lobby), Vec::<String>::new());
    assert_eq!(spoken(&lobby), [("A001".to_owned(), false), ("A001".to_owned(), true)]);
}

#[test]
fn a_late_call_is_shown_as_late_and_not_spoken() {
    let mut lobby = board();
    lobby.put(Input::LinkLost);
    let lost_at = lobby.now.wall_ms;
    assert_eq!(lobby.view().board.unwrap().stale_since_ms, Some(lost_at));
    lobby.pass(120_000);
    let mut again = greeting(board_settings(), &[]);
    again.server_ms = lobby.now.wall_ms;
    again.event_seq = 1;
    lobby.put(Input::Greeted(Box::new(again)));
    assert_eq!(lobby.view().board.unwrap().stale_since_ms, None);
    let missed = called(1, "A001", lost_at + 10_000);
    lobby.put(Input::Event { seq: 1, prev: 0, event: RemoteEvent::Call { ticket: missed, recall: false } });
    let line = lobby.view().board.unwrap().calling[0].clone();
    assert!(line.late);
    assert_eq!(line.announced, Some(AnnouncementOutcome::Silent));
    assert!(spoken(&lobby).is_empty());
    assert!(lobby.effects.contains(&Effect::Acknowledge { call: 1, outcome: AnnouncementOutcome::Silent }));
}

#[test]
fn a_board_that_starts_shows_who_is_being_called_without_speaking() {
    let mut lobby = Lobby::new(board_settings());
    let mut first = greeting(board_settings(), &[]);
    first.event_seq = 12;
    first.tickets = vec![called(1, "A001", MORNING_MS - 5_000), called(2, "A002", MORNING_MS - 9_000)];
    lobby.put(Input::Greeted(Box::new(first)));
    assert_eq!(calling(&lobby), ["A001"]);
    assert_eq!(recent(&lobby), ["A002"]);
    assert!(spoken(&lobby).is_empty());
}

#[test]
fn calls_of_other_queues_and_numbers_that_do_not_read_stay_harmless() {
    let mut lobby = board();
    let mut foreign = called(1, "A001", lobby.now.wall_ms);
    foreign.queue = QueueId(99);
    lobby.put(Input::Event { seq: 1, prev: 0, event: RemoteEvent::Call { ticket: foreign, recall: false } });
    assert!(calling(&lobby).is_empty());
    let odd = called(2, "???", lobby.now.wall_ms);
    lobby.put(Input::Event { seq: 2, prev: 1, event: RemoteEvent::Call { ticket: odd, recall: false } });
    assert_eq!(calling(&lobby), ["???"]);
    assert!(spoken(&lobby).is_empty());
}

#[test]
fn a_silent_speaker_is_a_fault_that_the_next_sound_clears() {
    let mut lobby = board();
    call(&mut lobby, 1, 1, "A001", false);
    lobby.put(Input::Announced { call: 1, outcome: AnnouncementOutcome::Failed });
    assert_eq!(lobby.view().faults[0].0, Fault::SoundUnavailable);
    call(&mut lobby, 2, 2, "A002", false);
    assert!(lobby.view().faults.is_empty());
    assert_eq!(lobby.view().board.unwrap().calling[1].ticket, ticket(1));
}

#[test]
fn a_snapshot_replaces_what_was_known() {
    let mut lobby = board();
    call(&mut lobby, 1, 1, "A001", false);
    lobby.pass(20_000);
    lobby.put(Input::Event {
        seq: 500,
        prev: 0,
        event: RemoteEvent::Snapshot { tickets: vec![remote(9, "A009", TicketStatus::Waiting)], figures: Vec::new() },
    });
    let view = lobby.view().board.unwrap();
    assert!(view.calling.is_empty());
    assert_eq!(view.waiting[0].waiting, 1);
    call(&mut lobby, 501, 9, "A009", false);
    assert_eq!(calling(&lobby), ["A009"]);
}
