//! Stories of one printer, each told through usblp and without a driver. Judged by the tray, never by the driver's word alone.

use std::time::{Duration, Instant};

use smartqueue_hardware::printer::{Online, PortErrorKind, PrintOutcome, PrinterFault, Proof, open_port};
use smartqueue_hardware::virtual_printer::{Instruction, Trouble, VirtualPrinterOptions};

use crate::scene::{Scene, Way, assert_printed, code, fast, print, wait_until};

/// A story's name and the story.
type Story = (&'static str, fn(Way));

pub const STORIES: [Story; 8] = [
    ("what_is_proved_is_on_paper", what_is_proved_is_on_paper),
    ("a_second_owner_is_refused", a_second_owner_is_refused),
    ("a_pulled_cable_is_missing_and_a_plugged_one_prints", a_pulled_cable_is_missing_and_a_plugged_one_prints),
    ("a_cable_pulled_while_paper_moves_is_a_doubt", a_cable_pulled_while_paper_moves_is_a_doubt),
    ("a_cable_pulled_in_mid_write_stops_the_write", a_cable_pulled_in_mid_write_stops_the_write),
    (
        "a_printer_that_takes_nothing_costs_no_more_than_the_limit",
        a_printer_that_takes_nothing_costs_no_more_than_the_limit,
    ),
    ("a_reset_between_two_slips_is_healed", a_reset_between_two_slips_is_healed),
    ("the_paper_is_watched_without_asking", the_paper_is_watched_without_asking),
];

fn what_is_proved_is_on_paper(way: Way) {
    let scene = Scene::new(way, fast());
    let mut printer = scene.printer();
    let numbers: Vec<String> = (1..=6).map(|number| format!("A{number:03}")).collect();
    for number in &numbers {
        let PrintOutcome::Printed(evidence) = assert_printed(&mut printer, number).outcome else {
            panic!("{number} is not proved");
        };
        assert_eq!(evidence.proof, Proof::Echo);
        scene.assert_last_paper_is(number);
        assert_eq!(scene.holder(), way.holder(), "the way that this story is about");
    }
    let all: Vec<String> = numbers.iter().map(|number| code(number)).collect();
    assert_eq!(scene.codes(), all, "each is there once");
    assert_eq!(scene.tray.unknown_commands(), 0);
}

fn a_second_owner_is_refused(way: Way) {
    let scene = Scene::new(way, fast());
    let mut holder = scene.printer();
    assert_printed(&mut holder, "A001");
    let mut second = scene.printer();
    assert_eq!(print(&mut second, "A002").outcome, PrintOutcome::Failed(PrinterFault::Busy));
    drop(holder);
    assert_printed(&mut second, "A003");
    assert_eq!(scene.codes(), [code("A001"), code("A003")]);
}

fn a_pulled_cable_is_missing_and_a_plugged_one_prints(way: Way) {
    let scene = Scene::new(way, fast());
    let mut printer = scene.printer();
    assert_printed(&mut printer, "A001");
    for number in ["A002", "A003"] {
        scene.tray.instruct(Instruction::Unplug);
        wait_until("a printer that is gone", || printer.status().fault == Some(PrinterFault::Missing));
        let report = print(&mut printer, number);
        assert_eq!((report.outcome, report.bytes), (PrintOutcome::Failed(PrinterFault::Missing), 0));
        scene.tray.instruct(Instruction::Plug);
        scene.wait_until_ready(way);
        wait_until("a printer that is back", || printer.status().online == Online::Yes);
    }
    assert_printed(&mut printer, "A004");
    assert_eq!(scene.codes(), [code("A001"), code("A004")], "nothing was printed while it was away, and nothing after");
}

fn a_cable_pulled_while_paper_moves_is_a_doubt(way: Way) {
    let scene = Scene::new(way, VirtualPrinterOptions { speed_mm_s: 100.0, ..fast() });
    let mut printer = scene.printer();
    printer.status();
    scene.tray.instruct(Instruction::After(15.0, Trouble::Unplug));
    let report = print(&mut printer, "A001");
    assert!(
        matches!(report.outcome, PrintOutcome::Unknown(PrinterFault::Disconnected | PrinterFault::Missing)),
        "{report:?}"
    );
    assert!(report.handed_over_at.is_some(), "all of it had been taken");
    wait_until("the pulled cable", || !scene.is_seen());
    scene.tray.instruct(Instruction::Plug);
    scene.wait_until_ready(way);
    wait_until("a printer that is back", || printer.status().online == Online::Yes);
    assert_printed(&mut printer, "A002");
    scene.assert_last_paper_is("A002");
}

/// Bytes of many lines, far more than the kernel holds on their way.
fn long_job() -> Vec<u8> {
    (0..8_000).flat_map(|line| format!("line {line:05}\n").into_bytes()).collect()
}

fn a_cable_pulled_in_mid_write_stops_the_write(way: Way) {
    let scene = Scene::new(way, VirtualPrinterOptions { speed_mm_s: 50.0, buffer_bytes: 256, ..fast() });
    let mut port = open_port(&scene.selector, Duration::from_secs(2)).expect("port");
    let job = long_job();
    let (failure, waited) = std::thread::scope(|scope| {
        let write = scope.spawn(|| {
            let failure = port.write(&job, Instant::now() + Duration::from_secs(30)).expect_err("the cable is pulled");
            (failure, Instant::now())
        });
        // The first lines are on paper: the write is under way, and the rest does not fit into any buffer.
        wait_until("paper that moves", || scene.tray.description()["paper_mm"] != 80_000.0);
        let pulled = Instant::now();
        scene.tray.instruct(Instruction::Unplug);
        let (failure, stopped) = write.join().expect("the write ends");
        (failure, stopped.saturating_duration_since(pulled))
    });
    assert_eq!(failure.cause.kind(), PortErrorKind::Disconnected, "{failure}");
    assert!(failure.written > 0 && failure.written < job.len(), "{failure}");
    assert!(waited < Duration::from_secs(15), "the write noticed it after {waited:?}");
    let gone = port.read(&mut [0; 8], Instant::now() + Duration::from_secs(1)).expect_err("nobody is there");
    assert_eq!(gone.kind(), PortErrorKind::Disconnected);
}

fn a_printer_that_takes_nothing_costs_no_more_than_the_limit(way: Way) {
    let options = VirtualPrinterOptions { buffer_bytes: 64, faults: vec![Instruction::Offline], ..fast() };
    let scene = Scene::new(way, options);
    let mut port = open_port(&scene.selector, Duration::from_secs(2)).expect("port");
    let job = long_job();
    let failure = port.write(&job, Instant::now() + Duration::from_millis(500)).expect_err("it takes no more");
    assert_eq!(failure.cause.kind(), PortErrorKind::TimedOut, "{failure}");
    assert!(failure.written < job.len(), "{failure}");
    port.close();
    drop(open_port(&scene.selector, Duration::from_secs(2)).expect("free again at once"));
}

fn a_reset_between_two_slips_is_healed(way: Way) {
    let scene = Scene::new(way, fast());
    let mut printer = scene.printer();
    assert_printed(&mut printer, "A001");
    scene.tray.instruct(Instruction::Disconnect);
    wait_until("a printer that is gone", || printer.status().online == Online::Unreachable);
    wait_until("a printer that is back", || printer.status().online == Online::Yes);
    assert_printed(&mut printer, "A002");
    assert_eq!(scene.codes(), [code("A001"), code("A002")]);
}

fn the_paper_is_watched_without_asking(way: Way) {
    let scene = Scene::new(way, fast());
    let mut printer = scene.printer();
    assert_printed(&mut printer, "A001");
    scene.tray.instruct(Instruction::Paper(0.0));
    // Without the back channel the last word would stay true for a while.
    wait_until("the printer's own word", || printer.status().fault == Some(PrinterFault::PaperOut));
    assert_eq!(print(&mut printer, "A002").outcome, PrintOutcome::Failed(PrinterFault::PaperOut));
    scene.tray.instruct(Instruction::Paper(50_000.0));
    wait_until("a printer that is well", || printer.status().online == Online::Yes);
    assert_printed(&mut printer, "A003");
    assert_eq!(scene.codes(), [code("A001"), code("A003")]);
}
