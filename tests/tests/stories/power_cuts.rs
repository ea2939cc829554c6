//! Power cuts: the station is killed at ever other moments while people keep touching the screen. What counts is the
//! paper, and the paper's truth is the virtual printer's own log.

use crate::{get, kiosk, numbers_on_paper, printer};
use serde_json::{Value, json};
use smartqueue_hardware::virtual_printer::{Instruction, VirtualPrinter, VirtualPrinterOptions};
use smartqueue_tests::server_program::DemoSite;
use smartqueue_tests::station_program::{LIMIT, StationProgram, provision, tickets};
use std::collections::BTreeSet;
use std::time::Instant;
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

/// The last line of a whole slip in the story below.
const LAST_LINE: &str = "Fin du ticket";

/// The papers that carry this number, as whether each is whole and whether it says that it is a copy.
fn papers_of(printer: &VirtualPrinter, number: &str) -> Vec<(bool, bool)> {
    let slips = printer.slips();
    let with_number = slips.iter().filter(|slip| slip.lines.iter().any(|line| line.trim() == number));
    with_number
        .map(|slip| {
            let has = |words: &str| slip.lines.iter().any(|line| line.contains(words));
            (has(LAST_LINE), has("COPIE 1"))
        })
        .collect()
}

#[test]
fn a_slip_that_a_power_cut_and_the_end_of_the_paper_stopped_is_unknown_and_never_a_ghost() {
    let folder = tempfile::tempdir().unwrap();
    let options = VirtualPrinterOptions { speed_mm_s: 150.0, ..VirtualPrinterOptions::default() };
    let printer = VirtualPrinter::start_tcp("127.0.0.1:0", options).unwrap();
    let provisioning = folder.path().join("kiosk.toml");
    let text = format!(
        "mode = \"kiosk\"\nprinter = \"{}\"\n[slip]\nfooter = \"{LAST_LINE}\"\n[sound]\nenabled = false\n\
         [[queues]]\nid = 1\nprefix = \"A\"\nname = \"Accueil\"\n",
        printer.selector()
    );
    std::fs::write(&provisioning, text).unwrap();
    let profile = folder.path().join("kiosk");
    provision(&profile, &provisioning, &[]).unwrap();
    let mut station = StationProgram::start(&profile).unwrap();
    station.wait("a printer whose paper is counted", |view| view["paper"]["left_mm"].is_u64()).unwrap();

    // The paper ends in the middle of the slip, and at that moment the power goes.
    printer.instruct(Instruction::PaperLeft(30.0));
    let first = Uuid::new_v4().to_string();
    station.take(1, &first).unwrap();
    station.wait("a slip at the printer", |view| view["tickets"][0]["state"] == "printing").unwrap();
    let until = Instant::now() + LIMIT;
    while printer.description()["paper_mm"] != 0.0 {
        assert!(Instant::now() < until, "the paper does not end");
        std::thread::yield_now();
    }
    station.kill().unwrap();

    let mut station = StationProgram::start(&profile).unwrap();
    let is_out = |view: &Value| {
        view["faults"].as_array().is_some_and(|faults| faults.iter().any(|fault| fault["code"] == "paper_out"))
    };
    let view = station.wait("a station that knows that the paper is out", is_out).unwrap();
    assert_eq!(view["tickets"][0]["state"], "unknown");
    let number = view["tickets"][0]["number"].as_str().unwrap().to_owned();
    printer.instruct(Instruction::Paper(50_000.0));
    let view = station.wait("a station that is unblocked by itself", |view| !is_out(view)).unwrap();
    assert_eq!(view["paper"]["left_mm"], 80_000, "the new roll was noticed");

    // Nothing of the first slip comes out by itself, nor on the paper of the next one.
    let second = Uuid::new_v4().to_string();
    station.take(1, &second).unwrap();
    let is_printed = |view: &Value, id: &str| {
        view["tickets"]
            .as_array()
            .is_some_and(|tickets| tickets.iter().any(|ticket| ticket["id"] == id && ticket["state"] == "printed"))
    };
    station.wait("the next ticket on paper", |view| is_printed(view, &second)).unwrap();
    assert!(
        papers_of(&printer, &number).iter().all(|(whole, _)| !whole),
        "a ghost: {:?}",
        papers_of(&printer, &number)
    );
    let last = printer.slips().pop().unwrap();
    assert!(!last.lines.iter().any(|line| line.trim() == number), "two numbers on one paper: {:?}", last.lines);

    // Its only whole paper is a copy that says so.
    station.send(&json!({ "command": "reprint", "ticket": first })).unwrap();
    station.wait("the copy on paper", |view| is_printed(view, &first)).unwrap();
    let whole: Vec<_> = papers_of(&printer, &number).into_iter().filter(|(whole, _)| *whole).collect();
    assert_eq!(whole, [(true, true)]);
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
