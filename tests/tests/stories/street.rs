//! A ticket's whole way, with the server killed in the middle of the day.

use crate::{get, kiosk, numbers_on_paper, post, printer};
use serde_json::Value;
use smartqueue_tests::server_program::DemoSite;
use smartqueue_tests::station_program::{StationProgram, provision, tickets};
use std::collections::BTreeSet;
use std::path::Path;
use uuid::Uuid;

fn all_printed_and_synced(view: &Value, count: usize) -> bool {
    let tickets = tickets(view);
    tickets.len() == count && tickets.iter().all(|(_, state, synced)| state == "printed" && *synced)
}

#[test]
fn ten_tickets_a_call_a_dead_server_five_more_and_all_fifteen_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let site = DemoSite::make(folder.path()).unwrap();
    let server = site.serve().unwrap();
    let printer = printer();
    let profile = kiosk(folder.path(), &site, &printer.selector().to_string());
    let wav = folder.path().join("calls.wav");
    let board_profile = folder.path().join("board");
    let sound = format!("wav:{}", wav.display());
    provision(&board_profile, Path::new(site.text("board_profile")), &["--sound", &sound]).unwrap();
    let mut board = StationProgram::start(&board_profile).unwrap();
    let mut kiosk = StationProgram::start(&profile).unwrap();
    let queue = site.queue("A");

    for _ in 0..10 {
        kiosk.take(queue, &Uuid::new_v4().to_string()).unwrap();
    }
    kiosk.wait("ten printed and synced tickets", |view| all_printed_and_synced(view, 10)).unwrap();
    assert_eq!(numbers_on_paper(&printer), (1..=10).map(|value| format!("A{value:03}")).collect::<Vec<_>>());

    board.wait("a board that is online", |view| view["connection"]["state"] == "online").unwrap();
    let agent = site.seed["agents"][0].as_i64().unwrap();
    let called = post(&site, &format!("agents/{agent}/call-next/"));
    assert_eq!(called["number"], "A001");
    let view = board
        .wait("the call on the board, spoken", |view| {
            view["board"]["calling"][0]["number"] == "A001" && view["board"]["calling"][0]["announced"] == "spoken"
        })
        .unwrap();
    assert_eq!(view["board"]["calling"][0]["counter"], called["counter"]);
    assert_eq!(view["board"]["calling"][0]["late"], false);
    let sound = std::fs::metadata(&wav).unwrap().len();
    assert!(sound > 48_000 * 2 * 3, "an announcement is longer than three seconds: {sound} bytes");

    server.kill().unwrap();
    kiosk.wait("the loss of the server", |view| view["connection"]["state"] == "offline").unwrap();
    board.wait("a board that says it is stale", |view| view["board"]["stale_since_ms"].is_i64()).unwrap();
    for _ in 0..5 {
        kiosk.take(queue, &Uuid::new_v4().to_string()).unwrap();
    }
    let view = kiosk
        .wait("fifteen printed tickets", |view| {
            let tickets = tickets(view);
            tickets.len() == 15 && tickets.iter().all(|(_, state, _)| state == "printed")
        })
        .unwrap();
    assert!(tickets(&view)[10..].iter().all(|(_, _, synced)| !synced), "nobody could have taken them");

    let _server = site.serve().unwrap();
    kiosk.wait("all fifteen on the server", |view| all_printed_and_synced(view, 15)).unwrap();
    let listed = get(&site, "tickets/?page_size=100");
    let numbers: Vec<_> = listed["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ticket| ticket["number"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(numbers.len(), 15);
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), 15, "no number twice: {numbers:?}");
    assert_eq!(numbers_on_paper(&printer), (1..=15).map(|value| format!("A{value:03}")).collect::<Vec<_>>());
    board
        .wait("a live board that counts everybody who waits", |view| {
            view["board"]["stale_since_ms"].is_null() && view["board"]["waiting"][0]["waiting"] == 14
        })
        .unwrap();
    assert!(kiosk.finish().unwrap().success());
}

#[test]
fn a_recall_a_no_show_and_a_transfer_reach_the_board_and_the_kiosk() {
    let folder = tempfile::tempdir().unwrap();
    let site = DemoSite::make(folder.path()).unwrap();
    let _server = site.serve().unwrap();
    let printer = printer();
    let profile = kiosk(folder.path(), &site, &printer.selector().to_string());
    let mut kiosk = StationProgram::start(&profile).unwrap();
    let board_profile = folder.path().join("board");
    provision(&board_profile, Path::new(site.text("board_profile")), &["--sound", "null:"]).unwrap();
    let mut board = StationProgram::start(&board_profile).unwrap();
    board.wait("a board that is online", |view| view["connection"]["state"] == "online").unwrap();
    let ids = [Uuid::new_v4().to_string(), Uuid::new_v4().to_string()];
    for id in &ids {
        kiosk.take(site.queue("A"), id).unwrap();
    }
    kiosk.wait("two printed and synced tickets", |view| all_printed_and_synced(view, 2)).unwrap();
    let agent = site.seed["agents"][0].as_i64().unwrap();
    post(&site, &format!("agents/{agent}/call-next/"));
    post(&site, &format!("tickets/{}/recall/", ids[0]));
    board
        .wait("the recall", |view| {
            let line = &view["board"]["calling"][0];
            line["number"] == "A001" && line["recall"] == true
        })
        .unwrap();
    post(&site, &format!("tickets/{}/no-show/", ids[0]));
    kiosk.wait("one person waiting", |view| view["kiosk"]["services"][0]["waiting"] == 1).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let answer = smartqueue_tests::measure::http_client()
            .unwrap()
            .post(site.url(&format!("tickets/{}/transfer/", ids[1])))
            .bearer_auth(site.text("agent_token"))
            .json(&serde_json::json!({ "queue_id": site.queue("B") }))
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success());
        let moved: Value = answer.json().await.unwrap();
        assert_eq!((moved["queue"].as_i64(), moved["number"].as_str()), (Some(site.queue("B")), Some("A002")));
    });
    board
        .wait("the transferred person in the other queue", |view| {
            view["board"]["waiting"][0]["waiting"] == 0 && view["board"]["waiting"][1]["waiting"] == 1
        })
        .unwrap();
}
