//! The station against a server that has only the first two parts of the contract: REST and sockets, nothing for
//! stations. It is the shipped server behind a door that knows no path with `stations` in it.

use crate::house::{Site, Watched, newest};
use serde_json::json;
use smartqueue_protocol::provisioning::Mode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Takes a ticket that the server can be asked for, and returns its number. On a machine so busy that the server's answer
/// takes more than the 800 ms that a visitor waits, the number is the kiosk's own, and the server has it beside its own.
fn take_online(kiosk: &Watched, site: &Site) -> (String, Duration) {
    let touched = Instant::now();
    let id = kiosk.take(site.queue());
    let view = kiosk.wait("the number", |view| view["tickets"][0]["id"] == json!(id));
    let waited = touched.elapsed();
    kiosk.wait("the ticket on the server", |view| newest(view, id, true));
    (view["tickets"][0]["number"].as_str().unwrap().to_owned(), waited)
}

#[test]
fn tickets_calls_and_an_outage_with_a_server_that_knows_nothing_of_stations() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::open(&folder.path().join("server"));
    let profile = folder.path().join("kiosk");
    site.profile(&profile, Mode::Kiosk, None);
    let kiosk = Watched::start(&profile);
    kiosk.wait("a kiosk that is online", |view| view["connection"]["state"] == "online");
    assert!(site.door.turned_away.load(Ordering::SeqCst), "the station tried the third part first");

    let (first, waited) = take_online(&kiosk, &site);
    assert!(first == "A001" || waited > Duration::from_millis(700), "{first} after {waited:?}");
    assert_eq!(site.held(), [first.as_str()]);

    let board_profile = folder.path().join("board");
    site.profile(&board_profile, Mode::Board, site.seed["display"].as_i64());
    let board = Watched::start(&board_profile);
    board.wait("a board that counts one", |view| view["board"]["waiting"][0]["waiting"] == 1);
    let agent = site.seed["agents"][0].as_i64().unwrap();
    let called = site.ask(reqwest::Method::POST, &format!("agents/{agent}/call-next/"))["number"].clone();
    board.wait("the call", |view| {
        let line = &view["board"]["calling"][0];
        line["number"] == called && line["late"] == false
    });
    kiosk.wait("nobody waiting", |view| view["kiosk"]["services"][0]["waiting"] == 0);

    // The server goes away: the kiosk counts under its own letter and the board says that it is old.
    site.door.shut();
    kiosk.wait("a kiosk that is offline", |view| view["connection"]["state"] == "offline");
    board.wait("a stale board", |view| view["board"]["stale_since_ms"].is_i64());
    let id = kiosk.take(site.queue());
    let view = kiosk.wait("the second ticket", |view| newest(view, id, false));
    let second = view["tickets"][0]["number"].as_str().unwrap().to_owned();
    assert!(second.starts_with("AK00"), "{second}");
    assert_eq!(site.tickets().len(), 1);

    // It comes back: the ticket is posted, with the number that stands on its paper.
    site.door.reopen();
    kiosk.wait("the second ticket on the server", |view| newest(view, id, true));
    assert_eq!(site.held(), [first.as_str(), second.as_str()]);
    assert_eq!(site.tickets()[1].1, second);
    board.wait("a live board that counts one", |view| {
        view["board"]["stale_since_ms"].is_null() && view["board"]["waiting"][0]["waiting"] == 1
    });
    let (third, _) = take_online(&kiosk, &site);
    assert_eq!(site.held(), [first.as_str(), second.as_str(), third.as_str()]);
    kiosk.station.stop();

    // Started again, it has nothing to tell twice.
    let kiosk = Watched::start(&profile);
    kiosk.wait("a kiosk that is online again", |view| view["connection"]["state"] == "online");
    let (fourth, _) = take_online(&kiosk, &site);
    assert_eq!(site.held(), [first, second, third, fourth]);
    kiosk.station.stop();
    board.station.stop();
}
