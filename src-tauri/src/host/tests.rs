//! The host with real stations on temporary folders: what is shown while one starts, cannot start, runs and stops.

use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use smartqueue_station::door::{KioskScreen, LanguageCode};
use smartqueue_station::profile::profile_path;
use tempfile::TempDir;

use super::*;
use crate::arguments::Mode;

const PATIENCE: Duration = Duration::from_secs(20);

/// A kiosk that works alone, with one service.
const ALONE: &str =
    "mode = \"kiosk\"\nprinter = \"virtual:\"\n[[queues]]\nid = 1\nprefix = \"A\"\nname = \"Accueil\"\n";

fn profile() -> Profile {
    Profile {
        mode: Mode::Kiosk,
        language: LanguageCode::Fr,
        name: "Borne".to_owned(),
        screen_diagonal_mm: 800,
        farthest_seat_m: 8.0,
    }
}

fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(profile_path(folder.path()), text).unwrap();
    folder
}

fn host() -> (Host, Receiver<View>) {
    let (sender, views) = channel();
    // The test may end before the host, and then nobody looks any more.
    (Host::new(move |view| drop(sender.send(view.clone()))), views)
}

fn screen(view: &View) -> &KioskScreen {
    &view.kiosk.as_ref().expect("a kiosk").screen
}

fn wait_for(views: &Receiver<View>, wanted: impl Fn(&View) -> bool) -> View {
    let until = Instant::now() + PATIENCE;
    loop {
        let view = views.recv_timeout(until.saturating_duration_since(Instant::now())).expect("the view came");
        if wanted(&view) {
            return view;
        }
    }
}

#[test]
fn first_starting_then_the_stations_own_screen() {
    let folder = folder(ALONE);
    let (host, views) = host();
    host.start(folder.path(), &profile()).unwrap();
    assert!(matches!(screen(&views.recv_timeout(PATIENCE).unwrap()), KioskScreen::Starting));
    let home = wait_for(&views, |view| matches!(screen(view), KioskScreen::Home));
    assert_eq!(home.kiosk.expect("a kiosk").services.len(), 1);
    assert!(matches!(screen(&host.current_view()), KioskScreen::Home));
    host.stop();
}

#[test]
fn commands_reach_the_station() {
    let folder = folder(ALONE);
    let (host, views) = host();
    host.start(folder.path(), &profile()).unwrap();
    wait_for(&views, |view| matches!(screen(view), KioskScreen::Home));
    let take = r#"{"command":"take_ticket","queue":1,"id":"018f4d0e-7c1a-7000-8000-000000000001"}"#;
    host.send(serde_json::from_str(take).unwrap());
    let view = wait_for(&views, |view| !view.tickets.is_empty());
    assert_eq!(view.tickets[0].number, "A001");
    host.stop();
}

#[test]
fn a_station_that_cannot_start_leaves_a_safe_screen_and_is_given_up_at_once() {
    let folder = folder("mode = 3");
    let (host, views) = host();
    host.start(folder.path(), &profile()).unwrap();
    let view = wait_for(&views, |view| matches!(screen(view), KioskScreen::Closed { .. }));
    assert_eq!(serde_json::to_value(&view.faults[0]).unwrap()["code"], "journal_failed");
    // Nobody waits for the next try.
    let asked = Instant::now();
    host.stop();
    assert!(asked.elapsed() < RETRY / 2);
}

#[test]
fn a_stopped_station_leaves_its_journal_to_the_next() {
    let folder = folder(ALONE);
    let (first, first_views) = host();
    first.start(folder.path(), &profile()).unwrap();
    wait_for(&first_views, |view| matches!(screen(view), KioskScreen::Home));
    let (second, second_views) = host();
    second.start(folder.path(), &profile()).unwrap();
    wait_for(&second_views, |view| matches!(screen(view), KioskScreen::Closed { .. }));
    first.stop();
    // The second tries again by itself.
    wait_for(&second_views, |view| matches!(screen(view), KioskScreen::Home));
    second.stop();
}

#[test]
fn a_view_of_an_older_turn_is_not_shown() {
    let (host, views) = host();
    let Host { shared } = &host;
    shared.show(2, true, Arc::new(first_view::starting(&profile())));
    shared.show(1, true, Arc::new(first_view::out_of_service(&profile())));
    assert!(matches!(screen(&host.current_view()), KioskScreen::Starting));
    // Nor is the first view of a station that has already shown a newer one.
    shared.show_first(2, Arc::new(first_view::out_of_service(&profile())));
    assert!(matches!(screen(&host.current_view()), KioskScreen::Starting));
    assert_eq!(views.try_iter().count(), 1);
}
