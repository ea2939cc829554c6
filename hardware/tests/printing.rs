//! The driver against the virtual printer: what is claimed must be what fell into the tray, whatever goes wrong on the way.
//!
//! Each story runs over TCP and over a pseudo terminal. Judged by the tray, never by the driver's own word alone.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use smartqueue_hardware::printer::{
    BackChannel, Cover, Cutter, Online, Paper, Patience, PortErrorKind, PrintOutcome, PrintReport, Printer,
    PrinterFault, PrinterSelector, Proof,
};
use smartqueue_hardware::slip::{PaperWidth, PrintJob, PrinterProfile, Slip};
use smartqueue_hardware::virtual_printer::{Ability, Instruction, VirtualPrinter, VirtualPrinterOptions};

/// Long enough for any machine; nothing waits for it unless it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A printer in one test.
struct Scene {
    tray: VirtualPrinter,
}

impl Scene {
    fn printer(&self) -> Printer {
        Printer::new(self.tray.selector(), PrinterProfile::epson_tm(PaperWidth::Mm80))
    }
}

fn fast() -> VirtualPrinterOptions {
    VirtualPrinterOptions { speed_mm_s: 3000.0, ..VirtualPrinterOptions::default() }
}

/// Lets a story happen once behind TCP and once behind a pseudo terminal, side by side.
fn on_both(options: &VirtualPrinterOptions, story: impl Fn(&Scene) + Sync) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let tray = VirtualPrinter::start_tcp("127.0.0.1:0", options.clone()).expect("listener");
            story(&Scene { tray });
        });
        let folder = tempfile::tempdir().expect("folder");
        let link = folder.path().join("printer");
        let tray = VirtualPrinter::start_pty(&link, options.clone()).expect("pseudo terminal");
        story(&Scene { tray });
    });
}

fn slip(number: &str) -> Slip {
    Slip::new().text("Hôpital — Accueil").big_number(number, 6).qr(&format!("https://q.example/{number}"), 5).cut()
}

fn print(printer: &mut Printer, number: &str) -> PrintReport {
    printer.print(&slip(number), &mut |_| {})
}

/// How many real-time questions the printer was asked so far.
fn questions(tray: &VirtualPrinter) -> u64 {
    tray.description()["questions"].as_u64().expect("a count")
}

fn numbers(tray: &VirtualPrinter) -> Vec<String> {
    tray.slips().iter().flat_map(|slip| slip.lines.clone()).filter(|line| line.starts_with('A')).collect()
}

#[test]
fn a_slip_that_is_proved_is_on_paper_with_every_word_of_it() {
    on_both(&fast(), |scene| {
        let mut printer = scene.printer();
        let mut handed_over = None;
        let report = printer.print(&slip("A045"), &mut |at| handed_over = Some(at));
        let PrintOutcome::Printed(evidence) = report.outcome else {
            panic!("{report:?}");
        };
        assert_eq!(evidence.proof, Proof::Echo);
        assert_eq!(handed_over, report.handed_over_at);
        let slips = scene.tray.slips();
        assert_eq!(slips.len(), 1, "the proof came after the cut");
        assert_eq!(slips[0].lines, ["Hôpital — Accueil", "A045"]);
        assert_eq!(slips[0].codes, ["https://q.example/A045"]);
        assert_eq!(scene.tray.unknown_commands(), 0);
    });
}

#[test]
fn many_slips_in_a_row_are_each_there_once() {
    on_both(&fast(), |scene| {
        let mut printer = scene.printer();
        let expected: Vec<String> = (0..40).map(|number| format!("A{number:03}")).collect();
        for number in &expected {
            let report = print(&mut printer, number);
            assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{number}: {report:?}");
        }
        assert_eq!(numbers(&scene.tray), expected);
    });
}

#[test]
fn a_fault_known_before_the_first_byte_costs_nothing() {
    let cases = [
        (Instruction::Paper(0.0), PrinterFault::PaperOut, Instruction::Paper(50_000.0)),
        (Instruction::OpenCover, PrinterFault::CoverOpen, Instruction::CloseCover),
        (Instruction::Offline, PrinterFault::Offline, Instruction::Online),
    ];
    for (trouble, fault, mended) in cases {
        on_both(&fast(), |scene| {
            let mut printer = scene.printer();
            scene.tray.instruct(trouble);
            let report = print(&mut printer, "A001");
            assert_eq!(report.outcome, PrintOutcome::Failed(fault));
            assert_eq!((report.bytes, report.handed_over_at), (0, None));
            scene.tray.instruct(mended);
            let report = print(&mut printer, "A002");
            assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "after {fault}: {report:?}");
            assert_eq!(numbers(&scene.tray), ["A002"], "after {fault}");
        });
    }
}

#[test]
fn paper_that_ends_between_two_slips_is_known_before_the_next() {
    on_both(&fast(), |scene| {
        let mut printer = scene.printer();
        assert!(matches!(print(&mut printer, "A001").outcome, PrintOutcome::Printed(_)));
        scene.tray.instruct(Instruction::Paper(0.0));
        assert!(wait_until(|| printer.status().paper == Paper::Out), "the automatic status came");
        assert_eq!(print(&mut printer, "A002").outcome, PrintOutcome::Failed(PrinterFault::PaperOut));
        assert_eq!(numbers(&scene.tray), ["A001"]);
    });
}

#[test]
fn paper_that_ends_in_mid_slip_leaves_a_doubt_and_no_ghost() {
    on_both(&fast(), |scene| {
        let mut printer = scene.printer();
        scene.tray.instruct(Instruction::Paper(20.0));
        let report = print(&mut printer, "A001");
        assert_eq!(report.outcome, PrintOutcome::Unknown(PrinterFault::PaperOut));
        assert!(report.handed_over_at.is_some() && !report.content_confirmed);
        assert_eq!(print(&mut printer, "A002").outcome, PrintOutcome::Failed(PrinterFault::PaperOut));
        scene.tray.instruct(Instruction::Paper(50_000.0));
        let report = print(&mut printer, "A003");
        assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}");
        let slips = scene.tray.slips();
        assert_eq!(slips.len(), 2, "what was printed of A001 is cut off, and its rest never appears");
        assert_eq!(slips[0].codes, Vec::<String>::new(), "the code of A001 was thrown away");
        assert_eq!(slips[1].lines, ["Hôpital — Accueil", "A003"], "nothing of A001 is on the paper of A003");
    });
}

#[test]
fn a_jammed_cutter_leaves_the_content_confirmed_and_the_slip_in_doubt() {
    on_both(&fast(), |scene| {
        let mut printer = scene.printer();
        scene.tray.instruct(Instruction::JamCutter);
        let report = print(&mut printer, "A001");
        assert_eq!(report.outcome, PrintOutcome::Unknown(PrinterFault::CutterJam));
        assert!(report.content_confirmed, "the fence before the cut came back");
        assert_eq!(scene.tray.slips(), []);
        let status = printer.status();
        assert_eq!((status.cutter, status.online), (Cutter::Jammed, Online::No));
        assert_eq!(print(&mut printer, "A002").outcome, PrintOutcome::Failed(PrinterFault::CutterJam));
        scene.tray.instruct(Instruction::FreeCutter);
        let report = print(&mut printer, "A003");
        assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}");
        let slips = scene.tray.slips();
        assert_eq!(slips.len(), 2, "A001 hung out of the printer and was cut off before A003");
        assert_eq!(slips[1].lines, ["Hôpital — Accueil", "A003"]);
    });
}

#[test]
fn a_cover_opened_in_mid_slip_is_a_doubt() {
    // 40 mm at 20 mm/s: the cover opens while the slip moves.
    let slow = VirtualPrinterOptions { speed_mm_s: 20.0, ..VirtualPrinterOptions::default() };
    on_both(&slow, |scene| {
        let mut printer = scene.printer();
        let report = printer.print(&slip("A001"), &mut |_| scene.tray.instruct(Instruction::OpenCover));
        assert_eq!(report.outcome, PrintOutcome::Unknown(PrinterFault::CoverOpen));
        assert_eq!(printer.status().cover, Cover::Open);
        scene.tray.instruct(Instruction::CloseCover);
        assert_eq!(scene.tray.wait_for_slips(1, Duration::from_millis(300)), [], "the rest was thrown away");
    });
}

#[test]
fn a_printer_that_never_answers_is_never_said_to_have_printed() {
    on_both(&VirtualPrinterOptions { faults: vec![Instruction::Mute], ..fast() }, |scene| {
        let mut printer = scene.printer();
        assert_eq!(print(&mut printer, "A001").outcome, PrintOutcome::Unconfirmed);
        assert_eq!(printer.status().back_channel, BackChannel::Absent);
        assert_eq!(scene.tray.wait_for_slips(1, PATIENCE).len(), 1);
        let asked = questions(&scene.tray);
        assert_eq!(print(&mut printer, "A002").outcome, PrintOutcome::Unconfirmed);
        assert_eq!(scene.tray.wait_for_slips(2, PATIENCE).len(), 2);
        assert_eq!(questions(&scene.tray), asked, "its silence costs nothing any more");
    });
}

#[test]
fn a_printer_that_falls_silent_leaves_a_doubt_and_is_then_taken_as_mute() {
    on_both(&fast(), |scene| {
        let mut printer = scene.printer();
        assert!(matches!(print(&mut printer, "A001").outcome, PrintOutcome::Printed(_)));
        scene.tray.instruct(Instruction::Mute);
        assert_eq!(print(&mut printer, "A002").outcome, PrintOutcome::Unknown(PrinterFault::Silent));
        assert_eq!(print(&mut printer, "A003").outcome, PrintOutcome::Unconfirmed);
        assert_eq!(scene.tray.wait_for_slips(3, PATIENCE).len(), 3, "it had printed all along");
    });
}

#[test]
fn a_printer_without_echo_proves_by_an_answer_in_turn() {
    let old = VirtualPrinterOptions { faults: vec![Instruction::ProcessId(Ability::Unknown)], ..fast() };
    on_both(&old, |scene| {
        let mut printer = scene.printer();
        for number in ["A001", "A002"] {
            let PrintOutcome::Printed(evidence) = print(&mut printer, number).outcome else {
                panic!("{number} is not proved");
            };
            assert_eq!(evidence.proof, Proof::AnswerInTurn);
            assert_eq!(numbers(&scene.tray).last().map(String::as_str), Some(number), "the answer came after the cut");
        }
        scene.tray.instruct(Instruction::JamCutter);
        assert_eq!(print(&mut printer, "A003").outcome, PrintOutcome::Unknown(PrinterFault::CutterJam));
    });
}

#[test]
fn a_printer_without_any_fence_is_unconfirmed_and_soon_not_waited_for() {
    let faults = vec![Instruction::ProcessId(Ability::Unknown), Instruction::StatusInTurn(Ability::Unknown)];
    on_both(&VirtualPrinterOptions { faults, ..fast() }, |scene| {
        // With three times the usual patience, a slip that is waited for is told from one that is not on a busy machine too.
        let mut printer = scene.printer().with_patience(Patience::times(3));
        assert_eq!(print(&mut printer, "A001").outcome, PrintOutcome::Unconfirmed);
        assert_eq!(print(&mut printer, "A002").outcome, PrintOutcome::Unconfirmed);
        let started = Instant::now();
        assert_eq!(print(&mut printer, "A003").outcome, PrintOutcome::Unconfirmed);
        assert!(started.elapsed() < Duration::from_secs(5), "a proof is waited for 6 s: {:?}", started.elapsed());
        assert_eq!(scene.tray.wait_for_slips(3, PATIENCE).len(), 3);
    });
}

#[test]
fn a_printer_without_automatic_status_is_asked_before_each_slip() {
    let old = VirtualPrinterOptions { faults: vec![Instruction::AutomaticStatus(Ability::Unknown)], ..fast() };
    on_both(&old, |scene| {
        let mut printer = scene.printer();
        assert!(matches!(print(&mut printer, "A001").outcome, PrintOutcome::Printed(_)));
        scene.tray.instruct(Instruction::Paper(0.0));
        assert_eq!(print(&mut printer, "A002").outcome, PrintOutcome::Failed(PrinterFault::PaperOut));
    });
}

#[test]
fn noise_on_the_line_never_becomes_a_proof() {
    // Noise may hide answers or fake a fault; a slip that did not fall into the tray must not be claimed all the same.
    let faults = vec![Instruction::Garbage, Instruction::JamCutter];
    on_both(&VirtualPrinterOptions { faults, ..fast() }, |scene| {
        let mut printer = scene.printer();
        for number in ["A001", "A002", "A003"] {
            let report = print(&mut printer, number);
            assert!(!matches!(report.outcome, PrintOutcome::Printed(_)), "{number}: {report:?}");
        }
        assert_eq!(scene.tray.slips(), []);
    });
}

#[test]
fn a_connection_that_breaks_in_mid_write_is_a_doubt_and_the_next_slip_prints() {
    let tray = VirtualPrinter::start_tcp("127.0.0.1:0", fast()).expect("listener");
    let mut printer = Printer::new(tray.selector(), PrinterProfile::epson_tm(PaperWidth::Mm80));
    assert!(matches!(print(&mut printer, "A001").outcome, PrintOutcome::Printed(_)));
    tray.instruct(Instruction::DisconnectAfter(40));
    assert_eq!(print(&mut printer, "A002").outcome, PrintOutcome::Unknown(PrinterFault::Disconnected));
    let report = print(&mut printer, "A003");
    assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}");
    let codes: Vec<String> = tray.slips().iter().flat_map(|slip| slip.codes.clone()).collect();
    assert_eq!(codes, ["https://q.example/A001", "https://q.example/A003"], "nothing of A002 hides in A003");
}

#[test]
fn a_connection_that_broke_since_the_last_slip_is_made_again() {
    let tray = VirtualPrinter::start_tcp("127.0.0.1:0", fast()).expect("listener");
    let mut printer = Printer::new(tray.selector(), PrinterProfile::epson_tm(PaperWidth::Mm80));
    assert!(matches!(print(&mut printer, "A001").outcome, PrintOutcome::Printed(_)));
    tray.instruct(Instruction::Disconnect);
    let reconnected = wait_until(|| tray.description()["connected"] == false);
    assert!(reconnected, "the printer let go");
    let report = print(&mut printer, "A002");
    assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}");
    assert_eq!(numbers(&tray), ["A001", "A002"]);
}

#[test]
fn a_printer_that_is_switched_off_and_on_again_is_found_again() {
    let folder = tempfile::tempdir().expect("folder");
    let link = folder.path().join("printer");
    let first = VirtualPrinter::start_pty(&link, fast()).expect("pseudo terminal");
    let mut printer = Printer::new(first.selector(), PrinterProfile::epson_tm(PaperWidth::Mm80));
    assert!(matches!(print(&mut printer, "A001").outcome, PrintOutcome::Printed(_)));
    drop(first);
    assert_eq!(print(&mut printer, "A002").outcome, PrintOutcome::Failed(PrinterFault::Missing));
    assert_eq!(printer.status().online, Online::Unreachable);
    let second = VirtualPrinter::start_pty(&link, fast()).expect("pseudo terminal");
    let report = print(&mut printer, "A003");
    assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}");
    assert_eq!(numbers(&second), ["A003"]);
}

#[test]
fn a_printer_that_somebody_else_holds_is_busy() {
    on_both(&fast(), |scene| {
        let mut holder = scene.printer();
        assert!(matches!(print(&mut holder, "A001").outcome, PrintOutcome::Printed(_)));
        let mut second = scene.printer();
        assert_eq!(print(&mut second, "A002").outcome, PrintOutcome::Failed(PrinterFault::Busy));
        drop(holder);
        let report = print(&mut second, "A003");
        assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}");
        assert_eq!(numbers(&scene.tray), ["A001", "A003"]);
    });
}

#[test]
fn what_is_not_there_is_missing_and_not_waited_for() {
    // A port that was just given back: nobody listens there.
    let free = TcpListener::bind("127.0.0.1:0").expect("port").local_addr().expect("address").port();
    let folder = tempfile::tempdir().expect("folder");
    let selectors = [
        PrinterSelector::Tcp { host: "127.0.0.1".to_owned(), port: free },
        format!("serial:{}@9600", folder.path().join("nothing").display()).parse().expect("selector"),
        "usb:ffff:ffff".parse().expect("selector"),
    ];
    for selector in selectors {
        let error = Printer::open(selector.clone(), PrinterProfile::default()).err().expect("nothing is there");
        // Whatever is waited for in vain has timed out instead.
        assert_eq!(error.kind(), PortErrorKind::Missing, "{selector}");
        let mut printer = Printer::new(selector.clone(), PrinterProfile::default());
        assert_eq!(print(&mut printer, "A001").outcome, PrintOutcome::Failed(PrinterFault::Missing), "{selector}");
    }
}

#[test]
fn a_plain_file_gets_the_bytes_of_the_slip_and_no_question() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("slips.bin");
    let profile = PrinterProfile::epson_tm(PaperWidth::Mm80);
    let mut printer = Printer::new(PrinterSelector::File { path: path.clone() }, profile.clone());
    assert_eq!(print(&mut printer, "A001").outcome, PrintOutcome::Unconfirmed);
    assert_eq!(print(&mut printer, "A002").outcome, PrintOutcome::Unconfirmed);
    let expected = [
        smartqueue_hardware::slip::render_bytes(&slip("A001"), &profile),
        smartqueue_hardware::slip::render_bytes(&slip("A002"), &profile),
    ]
    .concat();
    assert_eq!(std::fs::read(path).expect("file"), expected);
}

#[test]
fn the_virtual_selector_prints_inside_this_process() {
    let mut printer = Printer::new(PrinterSelector::Virtual, PrinterProfile::default());
    let report = print(&mut printer, "A001");
    assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}");
    assert_eq!(printer.status().back_channel, BackChannel::Present);
}

#[test]
fn a_peer_that_swallows_everything_and_says_nothing_proves_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    let port = listener.local_addr().expect("address").port();
    let swallow = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("connection");
        let mut swallowed = Vec::new();
        stream.read_to_end(&mut swallowed).expect("bytes");
        swallowed
    });
    let selector = PrinterSelector::Tcp { host: "127.0.0.1".to_owned(), port };
    let mut printer = Printer::new(selector, PrinterProfile::default());
    assert_eq!(print(&mut printer, "A001").outcome, PrintOutcome::Unconfirmed);
    drop(printer);
    let swallowed = swallow.join().expect("thread");
    assert!(swallowed.windows(4).any(|window| window == b"A001"), "the slip went out");
}

#[test]
fn a_peer_that_takes_no_bytes_ends_the_call_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    let port = listener.local_addr().expect("address").port();
    // Accepted by the kernel and never read; a job larger than every buffer cannot be handed over whole.
    let mut printer =
        Printer::new(PrinterSelector::Tcp { host: "127.0.0.1".to_owned(), port }, PrinterProfile::default());
    let job = PrintJob::from_bytes(&vec![b'x'; 64 << 20], 100);
    let report = printer.print_job(&job, &mut |_| panic!("it cannot have been handed over"));
    assert_eq!(report.outcome, PrintOutcome::Unknown(PrinterFault::Silent));
    assert!(report.bytes > 0 && report.bytes < job.body.len());
}

#[test]
fn an_endless_stream_of_answers_does_not_hold_the_driver() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    let port = listener.local_addr().expect("address").port();
    let talker = std::thread::spawn(move || {
        let (mut stream, _): (TcpStream, _) = listener.accept().expect("connection");
        // Ends when the driver closes.
        while stream.write_all(&[0x00, 0x03, 0xFF, 0x37, 0x22, 0x41]).is_ok() {}
    });
    let selector = PrinterSelector::Tcp { host: "127.0.0.1".to_owned(), port };
    let mut printer = Printer::new(selector, PrinterProfile::default());
    let report = print(&mut printer, "A001");
    assert!(!matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}");
    drop(printer);
    talker.join().expect("thread");
}

#[test]
fn nobody_asks_between_a_touch_and_the_bytes_of_its_slip() {
    // At 9600 baud a question and its answer would take 17 ms; with the automatic status one that is fresh need not be asked.
    let slow_line = VirtualPrinterOptions { baud: Some(9600), ..fast() };
    on_both(&slow_line, |scene| {
        let mut printer = scene.printer();
        assert!(matches!(print(&mut printer, "A000").outcome, PrintOutcome::Printed(_)));
        for number in 0..9 {
            let asked = questions(&scene.tray);
            let report = print(&mut printer, &format!("A10{number}"));
            assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}");
            // The four questions behind the proof, whether the knife has moved since.
            assert_eq!(questions(&scene.tray), asked + 4);
        }
    });
}

/// Hands a slip over and loses its owner at that moment, as a power cut would: nobody waits for the proof.
fn hand_over_and_die(mut printer: Printer, number: &str) {
    let death = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        printer.print(&slip(number), &mut |_| std::panic::resume_unwind(Box::new("power cut")))
    }));
    assert!(death.is_err(), "{number} was handed over");
}

#[test]
fn an_answer_to_somebody_before_us_is_no_proof_for_us() {
    // A slip of 50 mm takes a third of a second: those of the dead are still in the printer when the next one comes.
    for faults in [vec![], vec![Instruction::ProcessId(Ability::Unknown)]] {
        let slow = VirtualPrinterOptions { speed_mm_s: 150.0, faults, ..VirtualPrinterOptions::default() };
        on_both(&slow, |scene| {
            for number in ["A001", "A002"] {
                hand_over_and_die(scene.printer(), number);
            }
            let mut printer = scene.printer();
            for number in ["A003", "A004"] {
                let report = print(&mut printer, number);
                let on_paper = numbers(&scene.tray);
                assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{number}: {report:?}, tray {on_paper:?}");
                assert_eq!(on_paper.last().map(String::as_str), Some(number), "claimed by {report:?}");
            }
        });
    }
}

#[test]
fn a_late_answer_to_a_slip_in_doubt_is_no_proof_for_the_next_one() {
    // Without echoes and without a way to clear its buffer, it prints the rest of A001 when the cover is closed.
    let faults = vec![Instruction::ProcessId(Ability::Unknown), Instruction::ClearBuffer(Ability::Unknown)];
    let options = VirtualPrinterOptions { speed_mm_s: 60.0, faults, ..VirtualPrinterOptions::default() };
    on_both(&options, |scene| {
        let mut printer = scene.printer();
        let report = printer.print(&slip("A001"), &mut |_| scene.tray.instruct(Instruction::OpenCover));
        assert_eq!(report.outcome, PrintOutcome::Unknown(PrinterFault::CoverOpen));
        scene.tray.instruct(Instruction::CloseCover);
        let report = print(&mut printer, "A002");
        let on_paper = numbers(&scene.tray);
        assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}, tray {on_paper:?}");
        assert_eq!(on_paper, ["A001", "A002"], "claimed by {report:?}");
    });
}

/// A small generator with a fixed start: a round that fails fails again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[test]
fn whatever_happens_whenever_it_happens_no_claim_differs_from_the_tray() {
    // A slip of 50 mm at 1000 mm/s moves for 50 ms; the trouble strikes somewhere before, within or after.
    let options = VirtualPrinterOptions { speed_mm_s: 1000.0, ..VirtualPrinterOptions::default() };
    on_both(&options, |scene| {
        let mut dice = Dice(11);
        let mut printer = scene.printer();
        let mut claims: Vec<(String, PrintOutcome)> = Vec::new();
        for round in 0..30 {
            let number = format!("A{round:03}");
            let trouble = match dice.roll(9) {
                0 => Some(Instruction::Paper(dice.roll(60) as f64)),
                1 => Some(Instruction::OpenCover),
                2 => Some(Instruction::JamCutter),
                3 => Some(Instruction::Offline),
                4 => Some(Instruction::Garbage),
                5 => Some(Instruction::Disconnect),
                6 => Some(Instruction::DisconnectAfter(dice.roll(300))),
                _ => None,
            };
            let delay = Duration::from_millis(dice.roll(80));
            let report = std::thread::scope(|scope| {
                if let Some(trouble) = trouble {
                    let tray = &scene.tray;
                    scope.spawn(move || {
                        std::thread::sleep(delay);
                        tray.instruct(trouble);
                    });
                }
                print(&mut printer, &number)
            });
            if let PrintOutcome::Printed(_) = report.outcome {
                let code = format!("https://q.example/{number}");
                let there = scene.tray.slips().iter().any(|slip| slip.codes.contains(&code));
                assert!(there, "round {round}, {trouble:?} after {delay:?}: claimed and not in the tray");
            }
            claims.push((number, report.outcome));
            for mended in [
                Instruction::Paper(50_000.0),
                Instruction::CloseCover,
                Instruction::FreeCutter,
                Instruction::Online,
                Instruction::Clean,
            ] {
                scene.tray.instruct(mended);
            }
        }
        let last = print(&mut printer, "A999").outcome;
        let codes: Vec<String> = scene.tray.slips().iter().flat_map(|slip| slip.codes.clone()).collect();
        let printed = claims.iter().filter(|(_, outcome)| matches!(outcome, PrintOutcome::Printed(_))).count();
        assert!(printed >= 8 && printed < claims.len(), "{printed} of {} printed: {claims:?}", claims.len());
        assert!(matches!(last, PrintOutcome::Printed(_)), "it recovers from everything: {last:?}");
        for (number, outcome) in claims {
            let code = format!("https://q.example/{number}");
            let times = codes.iter().filter(|seen| **seen == code).count();
            match outcome {
                PrintOutcome::Printed(_) => assert_eq!(times, 1, "{number} was claimed"),
                PrintOutcome::Failed(fault) => assert_eq!(times, 0, "{number} was refused for {fault}"),
                PrintOutcome::Unconfirmed | PrintOutcome::Unknown(_) => {
                    assert!(times <= 1, "{number}: {outcome:?}, and {times} times in the tray");
                }
            }
        }
    });
}

/// Asks until it is so, at most for [`PATIENCE`].
fn wait_until(mut so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if so() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}
