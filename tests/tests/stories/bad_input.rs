//! Bad input from everybody: each gets a clear answer or a safe screen, and the ticket is kept.

use crate::{kiosk, numbers_on_paper, printer};
use serde_json::{Value, json};
use smartqueue_tests::programs;
use smartqueue_tests::server_program::DemoSite;
use smartqueue_tests::station_program::{StationProgram, provision, tickets};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use uuid::Uuid;

fn id() -> String {
    Uuid::new_v4().to_string()
}

#[test]
fn lines_that_are_no_commands_are_named_and_the_station_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let site = DemoSite::make(folder.path()).unwrap();
    let _server = site.serve().unwrap();
    let printer = printer();
    let profile = kiosk(folder.path(), &site, &printer.selector().to_string());
    let mut station = StationProgram::start(&profile).unwrap();
    for line in
        ["{", "[]", "{\"command\":\"dance\"}", "{\"command\":\"take_ticket\",\"queue\":\"A\",\"id\":1}", "\u{1}"]
    {
        station.send_line(line).unwrap();
        station
            .wait("an answer to a bad line", |answer| answer["error"] == "bad_command" && answer["line"] == line)
            .unwrap();
    }
    station.take(9_999, &id()).unwrap();
    station
        .wait("the refusal of an unknown queue", |view| view["kiosk"]["screen"]["reason"] == "unknown_queue")
        .unwrap();
    let good = id();
    station.take(site.queue("A"), &good).unwrap();
    station.take(site.queue("A"), &good).unwrap();
    let view = station.wait("one ticket", |view| tickets(view).iter().any(|(_, state, _)| state == "printed")).unwrap();
    assert_eq!(tickets(&view).len(), 1, "the same id is the same ticket");
    assert!(station.finish().unwrap().success());
    assert_eq!(numbers_on_paper(&printer), ["A001"]);
}

#[test]
fn a_printer_that_is_not_there_costs_no_ticket() {
    let folder = tempfile::tempdir().unwrap();
    let site = DemoSite::make(folder.path()).unwrap();
    let _server = site.serve().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let profile = kiosk(folder.path(), &site, &format!("tcp:{nobody}"));
    let mut station = StationProgram::start(&profile).unwrap();
    let ticket = id();
    station.take(site.queue("A"), &ticket).unwrap();
    let view =
        station.wait("the ticket on the screen without paper", |view| view["tickets"][0]["state"] == "failed").unwrap();
    assert_eq!(view["kiosk"]["screen"]["kind"], "result");
    assert_eq!(view["kiosk"]["screen"]["ticket"]["number"], "A001");
    station.wait("the fault", |view| view["faults"][0]["code"] == "printer_missing").unwrap();
    station.wait("the ticket on the server", |view| view["tickets"][0]["synced"] == true).unwrap();
    // The printer is plugged in: the same number comes out as the original it still is.
    let printer = smartqueue_hardware::virtual_printer::VirtualPrinter::start_tcp(
        &nobody.to_string(),
        smartqueue_hardware::virtual_printer::VirtualPrinterOptions::default(),
    )
    .unwrap();
    station.send(&json!({ "command": "reprint", "ticket": ticket })).unwrap();
    station.wait("the slip", |view| view["tickets"][0]["state"] == "printed").unwrap();
    assert_eq!(numbers_on_paper(&printer), ["A001"]);
}

/// A server that answers every request with the same bytes.
fn babbling_server(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn a_server_that_answers_garbage_stops_no_kiosk_that_was_paired() {
    let folder = tempfile::tempdir().unwrap();
    let site = DemoSite::make(folder.path()).unwrap();
    let printer = printer();
    let selector = printer.selector().to_string();
    let profile = kiosk(folder.path(), &site, &selector);
    let server = site.serve().unwrap();
    let mut station = StationProgram::start(&profile).unwrap();
    station.wait("a paired kiosk", |view| view["connection"]["state"] == "online").unwrap();
    assert!(station.finish().unwrap().success());
    server.kill().unwrap();
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>",
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nlogin",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "garbage\r\n\r\n",
    ] {
        let babbler = babbling_server(answer);
        let options = ["--printer", &selector, "--server", &babbler];
        provision(&profile, Path::new(site.text("kiosk_profile")), &options).unwrap();
        let mut station = StationProgram::start(&profile).unwrap();
        let before = printer.slips().len();
        station.take(site.queue("A"), &id()).unwrap();
        let view = station
            .wait("a printed ticket", |view| {
                view["tickets"][0]["state"] == "printed" && view["tickets"][0]["synced"] == false
            })
            .unwrap();
        assert_ne!(view["connection"]["state"], "online", "{answer}");
        assert!(station.finish().unwrap().success());
        assert_eq!(printer.slips().len(), before + 1);
    }
    assert_eq!(numbers_on_paper(&printer), ["A001", "A002", "A003", "A004"]);
    // The real server is back: everything arrives.
    provision(&profile, Path::new(site.text("kiosk_profile")), &["--printer", &selector]).unwrap();
    let _server = site.serve().unwrap();
    let mut station = StationProgram::start(&profile).unwrap();
    station
        .wait("all four on the server", |view| {
            tickets(view).len() == 4 && tickets(view).iter().all(|(_, _, synced)| *synced)
        })
        .unwrap();
}

#[test]
fn a_wrong_token_is_a_standing_fault_and_a_safe_screen() {
    let folder = tempfile::tempdir().unwrap();
    let site = DemoSite::make(folder.path()).unwrap();
    let _server = site.serve().unwrap();
    let text = std::fs::read_to_string(site.text("kiosk_profile")).unwrap();
    let token = text.lines().find_map(|line| line.strip_prefix("pairing_token = ")).unwrap();
    let wrong = folder.path().join("wrong.toml");
    std::fs::write(&wrong, text.replace(token, "\"not-this-one\"")).unwrap();
    let profile = folder.path().join("kiosk");
    provision(&profile, &wrong, &["--printer", "virtual:"]).unwrap();
    let mut station = StationProgram::start(&profile).unwrap();
    station.take(site.queue("A"), &id()).unwrap();
    let refused = |view: &Value| {
        let codes: Vec<_> = view["faults"]
            .as_array()
            .map(|faults| faults.iter().map(|fault| &fault["code"]).collect())
            .unwrap_or_default();
        codes.contains(&&json!("server_refused")) && codes.contains(&&json!("not_paired"))
    };
    station.wait("the faults", refused).unwrap();
    station
        .wait("the refusal on the screen", |view| {
            view["kiosk"]["screen"]["reason"] == "not_paired" || view["kiosk"]["screen"]["kind"] == "home"
        })
        .unwrap();
    assert!(tickets(&station.catch_up()).is_empty(), "no number without a series");
}

#[test]
fn a_profile_that_cannot_be_meant_is_refused_with_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.toml");
    for (text, says) in [
        ("mode = \"fridge\"", "fridge"),
        ("mode = \"kiosk\"\nprinter = \"lpt1\"", "printer lpt1"),
        ("mode = \"kiosk\"\nserver = \"ftp://x\"", "ftp://x"),
        ("\u{0}", "bad.toml"),
    ] {
        std::fs::write(&file, text).unwrap();
        let error = provision(&folder.path().join("p"), &file, &[]).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let station = programs::path("smartqueue-station").unwrap();
    for (arguments, code) in [
        (vec!["run", "--profile", "nowhere-at-all"], 1),
        (vec!["dance"], 2),
        (vec!["status", "--printer", "lpt1"], 1),
        (vec!["print-test", "--printer", "tcp:127.0.0.1:9"], 1),
        (vec!["--help"], 0),
    ] {
        let output = Command::new(&station).args(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        if code == 1 {
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(said.trim().lines().count(), 1, "one clear line: {said}");
        }
    }
}
