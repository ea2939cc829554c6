//! `smartqueue-printer` as operators and scripts meet it: one ready line, words on standard input, pictures, the log of truth.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use smartqueue_hardware::printer::{Cover, PrintOutcome, Printer, PrinterFault};
use smartqueue_hardware::slip::{PrinterProfile, Slip};

struct Program {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Program {
    fn start(arguments: &[&str]) -> (Self, Value) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_smartqueue-printer"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("program");
        let input = child.stdin.take().expect("input");
        let output = BufReader::new(child.stdout.take().expect("output"));
        let mut program = Program { child, input, output };
        let ready = program.line();
        (program, ready)
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).expect("JSON")
    }

    fn say(&mut self, words: &str) -> Value {
        writeln!(self.input, "{words}").expect("input");
        self.line()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().expect("end");
        self.child.wait().expect("end");
    }
}

fn printer(ready: &Value) -> Printer {
    let selector = ready["selector"].as_str().expect("selector").parse().expect("selector");
    Printer::new(selector, PrinterProfile::default())
}

fn slip(number: &str) -> Slip {
    Slip::new().text("Hôpital — Accueil").big_number(number, 6).cut()
}

/// The lines of the log, once there are as many as expected; the log is written behind the cut.
fn log(path: &Path, lines: usize) -> Vec<Value> {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let whole: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if whole.len() >= lines || Instant::now() > end {
            return whole;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn it_prints_logs_and_obeys() {
    let folder = tempfile::tempdir().expect("folder");
    let (pictures, truth) = (folder.path().join("paper"), folder.path().join("truth.jsonl"));
    let (mut program, ready) = Program::start(&[
        "--listen",
        "tcp:127.0.0.1:0",
        "--speed-mm-s",
        "2000",
        "--png",
        pictures.to_str().expect("path"),
        "--log",
        truth.to_str().expect("path"),
    ]);
    assert_eq!(ready["ready"], true);
    let mut printer = printer(&ready);
    assert!(matches!(printer.print(&slip("A001"), &mut |_| {}).outcome, PrintOutcome::Printed(_)));

    let answer = program.say("cover open");
    assert_eq!((&answer["ok"], &answer["printer"]["cover"]), (&Value::from(true), &Value::from("open")));
    // The automatic status is on its way; a slip handed over before it arrives would be a doubt and not a refusal.
    let end = Instant::now() + Duration::from_secs(10);
    while printer.status().cover != Cover::Open && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    let report = printer.print(&slip("A002"), &mut |_| {});
    assert_eq!(report.outcome, PrintOutcome::Failed(PrinterFault::CoverOpen));
    program.say("cover close");
    assert!(matches!(printer.print(&slip("A003"), &mut |_| {}).outcome, PrintOutcome::Printed(_)));
    assert_eq!(program.say("explode")["ok"], false);
    assert_eq!(program.say("status")["printer"]["slips"], 2);

    let lines = log(&truth, 2);
    let numbers: Vec<&Value> = lines.iter().map(|line| &line["lines"][1]).collect();
    assert_eq!(numbers, ["A001", "A003"]);
    for line in &lines {
        assert_eq!((&line["event"], &line["cut"]), (&Value::from("slip"), &Value::from("partial")));
        assert!(line["mm"].as_f64().expect("mm") > 20.0 && line["bytes"].as_u64().expect("bytes") > 30);
        let picture = image::open(line["png"].as_str().expect("picture")).expect("a PNG").to_luma8();
        assert!(picture.pixels().any(|pixel| pixel.0[0] == 0), "something is printed on it");
    }
}

#[test]
fn what_becomes_of_a_slip_in_the_presenter_is_logged_and_not_claimed() {
    let folder = tempfile::tempdir().expect("folder");
    let truth = folder.path().join("truth.jsonl");
    let (mut program, ready) = Program::start(&[
        "--listen",
        "tcp:127.0.0.1:0",
        "--speed-mm-s",
        "2000",
        "--log",
        truth.to_str().expect("path"),
    ]);
    let mut printer = printer(&ready);
    let mut print = |number: &str| printer.print(&slip(number), &mut |_| {}).outcome;
    program.say("presenter retracts");
    assert!(matches!(print("A001"), PrintOutcome::Printed(_)));
    assert_eq!(program.say("status")["printer"]["presenter"], "slip");
    assert!(matches!(print("A002"), PrintOutcome::Printed(_)), "the one before makes room");
    program.say("presenter holds");
    assert_eq!(
        print("A003"),
        PrintOutcome::Unknown(PrinterFault::Silent),
        "it waits for somebody to take the one before"
    );
    assert_eq!(program.say("status")["printer"]["slips"], 2);
    assert_eq!(program.say("presenter free")["printer"]["presenter"], "empty");
    // Somebody made room: what the printer still holds comes out or is cleared, and the next slip is one of its own.
    assert!(matches!(print("A004"), PrintOutcome::Printed(_)));

    let events: Vec<(String, u64)> = log(&truth, 5)
        .iter()
        .map(|line| (line["event"].as_str().expect("event").to_owned(), line["slip"].as_u64().expect("slip")))
        .collect();
    let begin = [("slip", 1), ("retracted", 1), ("slip", 2), ("out", 2)].map(|(event, slip)| (event.to_owned(), slip));
    assert_eq!(events[..4], begin);
}

#[test]
fn a_pseudo_terminal_is_reached_by_its_name() {
    let folder = tempfile::tempdir().expect("folder");
    let link = folder.path().join("lp");
    let (_program, ready) =
        Program::start(&["--pty", link.to_str().expect("path"), "--baud", "38400", "--speed-mm-s", "2000"]);
    assert_eq!(ready["selector"], format!("serial:{}@38400", link.display()));
    let report = printer(&ready).print(&slip("A001"), &mut |_| {});
    assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}");
}

#[test]
fn faults_from_the_start_and_a_closed_input() {
    let (mut program, ready) = Program::start(&["--listen", "tcp:127.0.0.1:0", "--fault", "paper-out"]);
    let (closed, _) = std::io::pipe().map(|(reader, writer)| (writer, reader)).expect("pipe");
    drop(std::mem::replace(&mut program.input, ChildStdin::from(std::os::fd::OwnedFd::from(closed))));
    let report = printer(&ready).print(&slip("A001"), &mut |_| {});
    assert_eq!(report.outcome, PrintOutcome::Failed(PrinterFault::PaperOut), "it runs on without its input");
    assert!(program.child.try_wait().expect("state").is_none());
}

#[test]
fn bad_usage_is_2_and_failure_is_1_with_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("port");
    let address = format!("tcp:{}", taken.local_addr().expect("address"));
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_smartqueue-printer"))
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("program");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    for bad in [&[][..], &["--listen", &address, "--fault", "explode"], &["--listen", &address, "--width", "70"]] {
        assert_eq!(run(bad).0, Some(2), "{bad:?}");
    }
    for failing in [&["--listen", address.as_str()][..], &["--listen", "127.0.0.1:0"], &["--pty", "/nowhere/printer"]] {
        let (code, words) = run(failing);
        assert_eq!((code, words.lines().count()), (Some(1), 1), "{failing:?}: {words}");
    }
}
