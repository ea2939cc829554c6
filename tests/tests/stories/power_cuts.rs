//! Power cuts: the station is killed at ever other moments while people keep touching the screen. What counts is the
//! paper, and the paper's truth is the virtual printer's own log.

use crate::{get, kiosk, numbers_on_paper, printer};
use smartqueue_tests::server_program::DemoSite;
use smartqueue_tests::station_program::{StationProgram, tickets};
use std::collections::BTreeSet;
use uuid::Uuid;

/// How often the plug is pulled. The moments differ: after ever more lines of output, before and after the bytes.
const CUTS: usize = 24;

#[test]
fn no_number_is_ever_on_paper_twice_whenever_the_plug_is_pulled() {
    let folder = tempfile::tempdir().unwrap();
    let site = DemoSite::make(folder.path()).unwrap();
    let _server = site.serve().unwrap();
    let printer = printer();
    let profile = kiosk(folder.path(), &site, &printer.selector().to_string());
    let mut station = StationProgram::start(&profile).unwrap();
    station.wait("a kiosk that is online", |view| view["connection"]["state"] == "online").unwrap();
    for cut in 0..CUTS {
        for _ in 0..3 {
            station.take(site.queue("A"), &Uuid::new_v4().to_string()).unwrap();
        }
        station.pass_lines(cut % 12);
        station.kill().unwrap();
        station = StationProgram::start(&profile).unwrap();
    }
    let last = Uuid::new_v4().to_string();
    station.take(site.queue("A"), &last).unwrap();
    let view = station
        .wait("the last ticket, printed and synced", |view| {
            view["tickets"][0]["id"] == last.as_str()
                && view["tickets"][0]["state"] == "printed"
                && view["connection"]["unsent"] == 0
        })
        .unwrap();

    let paper = numbers_on_paper(&printer);
    let distinct: BTreeSet<_> = paper.iter().collect();
    assert_eq!(distinct.len(), paper.len(), "a number is on paper twice: {paper:?}");
    assert!(!paper.is_empty());
    let listed = get(&site, "tickets/?page_size=200");
    let on_server =
        |number: &str| listed["results"].as_array().unwrap().iter().filter(|ticket| ticket["number"] == number).count();
    for number in &paper {
        assert_eq!(on_server(number), 1, "{number} is on paper and must be one ticket on the server");
    }
    // What staff see agrees with the paper: "printed" is there, "failed" is not, "unknown" may be either.
    for (number, state, _) in tickets(&view) {
        match state.as_str() {
            "printed" => assert!(paper.contains(&number), "{number} is claimed and not on paper"),
            "failed" => assert!(!paper.contains(&number), "{number} is on paper and denied"),
            "unknown" | "issued" => {}
            other => panic!("{number} is left in `{other}`"),
        }
    }
    assert!(station.finish().unwrap().success());
}

#[test]
fn a_server_that_dies_again_and_again_loses_nothing_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let site = DemoSite::make(folder.path()).unwrap();
    let printer = printer();
    let profile = kiosk(folder.path(), &site, &printer.selector().to_string());
    let mut server = site.serve().unwrap();
    let mut station = StationProgram::start(&profile).unwrap();
    station.wait("a kiosk that is online", |view| view["connection"]["state"] == "online").unwrap();
    for round in 0..6 {
        for _ in 0..4 {
            station.take(site.queue("B"), &Uuid::new_v4().to_string()).unwrap();
        }
        station.pass_lines(round * 3);
        server.kill().unwrap();
        server = site.serve().unwrap();
    }
    station
        .wait("all twenty-four printed and synced", |view| {
            let tickets = tickets(view);
            tickets.len() == 24 && tickets.iter().all(|(_, state, synced)| state == "printed" && *synced)
        })
        .unwrap();
    let listed = get(&site, "tickets/?page_size=100");
    let numbers: BTreeSet<_> =
        listed["results"].as_array().unwrap().iter().map(|ticket| ticket["number"].to_string()).collect();
    assert_eq!((numbers.len(), listed["count"].as_i64()), (24, Some(24)));
}
