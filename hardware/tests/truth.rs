//! What a driver may get wrong without anybody noticing: slips thrown away that would have come out, ghosts after new paper, two
//! numbers on one paper, a printer that stays blocked after it was mended, names that lie.
//!
//! Each story runs over TCP and over a pseudo terminal and is judged by the tray.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use smartqueue_hardware::printer::{
    BackChannel, Cutter, FlowControl, Online, PrintOutcome, PrintReport, Printer, PrinterFault, PrinterSelector, Proof,
};
use smartqueue_hardware::slip::{PaperWidth, PrintJob, PrinterProfile, Slip};
use smartqueue_hardware::virtual_printer::{Ability, Instruction, Trouble, VirtualPrinter, VirtualPrinterOptions};

/// Long enough for any machine; nothing waits for it unless it fails.
const PATIENCE: Duration = Duration::from_secs(10);

fn fast() -> VirtualPrinterOptions {
    VirtualPrinterOptions { speed_mm_s: 3000.0, ..VirtualPrinterOptions::default() }
}

/// Lets a story happen once behind TCP and once behind a pseudo terminal, side by side.
fn on_both(options: &VirtualPrinterOptions, story: impl Fn(&VirtualPrinter) + Sync) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let plain = VirtualPrinterOptions { flow: FlowControl::None, ..options.clone() };
            story(&VirtualPrinter::start_tcp("127.0.0.1:0", plain).expect("listener"));
        });
        let folder = tempfile::tempdir().expect("folder");
        let link = folder.path().join("printer");
        story(&VirtualPrinter::start_pty(&link, options.clone()).expect("pseudo terminal"));
    });
}

fn driver(tray: &VirtualPrinter) -> Printer {
    Printer::new(tray.selector(), PrinterProfile::epson_tm(PaperWidth::Mm80))
}

fn slip(number: &str) -> Slip {
    Slip::new().text("Hôpital — Accueil").big_number(number, 6).qr(&format!("https://q.example/{number}"), 5).cut()
}

fn print(printer: &mut Printer, number: &str) -> PrintReport {
    printer.print(&slip(number), &mut |_| {})
}

fn assert_printed(printer: &mut Printer, number: &str) {
    let report = print(printer, number);
    assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{number}: {report:?}");
}

/// The codes on each paper, which stand near the end of a slip: who has its code has all of it.
fn codes(tray: &VirtualPrinter) -> Vec<Vec<String>> {
    tray.slips().into_iter().map(|slip| slip.codes).collect()
}

fn code(number: &str) -> Vec<String> {
    vec![format!("https://q.example/{number}")]
}

/// The last paper carries this number, whole, and nothing of another slip.
fn assert_last_paper_is(tray: &VirtualPrinter, number: &str) {
    let last = tray.slips().pop().expect("a slip");
    assert_eq!(last.lines, ["Hôpital — Accueil", number]);
    assert_eq!(last.codes, code(number));
}

fn wait_until(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < end, "{what} did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Hands a slip over and loses its owner as a power cut would, once `moment` has come: nobody waits for the proof.
fn hand_over_and_die(mut printer: Printer, number: &str, mut moment: impl FnMut()) {
    let death = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        printer.print(&slip(number), &mut |_| {
            moment();
            std::panic::resume_unwind(Box::new("power cut"))
        })
    }));
    assert!(death.is_err(), "{number} was handed over");
}

#[test]
fn a_late_proof_is_no_reason_to_throw_a_slip_away() {
    // 55 mm at 12 mm/s take 4.6 s; the profile lets a slip have half a second and two more.
    let slow = VirtualPrinterOptions { speed_mm_s: 12.0, ..VirtualPrinterOptions::default() };
    on_both(&slow, |tray| {
        let mut printer = driver(tray);
        printer.status();
        let report = print(&mut printer, "A001");
        assert_eq!(report.outcome, PrintOutcome::Unknown(PrinterFault::Silent));
        assert_eq!(tray.wait_for_slips(1, PATIENCE).len(), 1, "it comes out, however late");
        assert_last_paper_is(tray, "A001");
        printer.status();
        let report = print(&mut printer, "A002");
        assert_eq!(report.outcome, PrintOutcome::Unknown(PrinterFault::Silent));
        assert_eq!(tray.wait_for_slips(2, PATIENCE).len(), 2);
        assert_last_paper_is(tray, "A002");
    });
}

#[test]
fn no_ghost_comes_out_after_a_power_cut_and_new_paper() {
    on_both(&VirtualPrinterOptions { speed_mm_s: 300.0, ..fast() }, |tray| {
        tray.instruct(Instruction::PaperLeft(20.0));
        let end_of_paper = || wait_until("the end of the paper", || tray.description()["paper_mm"] == 0.0);
        hand_over_and_die(driver(tray), "A001", end_of_paper);
        // The station starts again before anybody comes with paper: it looks, and prints nothing.
        let mut printer = driver(tray);
        wait_until("the fault", || printer.status().fault == Some(PrinterFault::PaperOut));
        tray.instruct(Instruction::Paper(50_000.0));
        wait_until("a printer that is well", || printer.status().online == Online::Yes);
        assert_eq!(tray.wait_for_slips(1, Duration::from_millis(400)).len(), 0, "nothing of A001 comes out by itself");
        assert_printed(&mut printer, "A002");
        assert!(!codes(tray).contains(&code("A001")));
        assert_last_paper_is(tray, "A002");
    });
}

#[test]
fn what_hangs_out_of_the_printer_is_not_the_head_of_the_next_slip() {
    on_both(&VirtualPrinterOptions { speed_mm_s: 300.0, ..fast() }, |tray| {
        let mut printer = driver(tray);
        printer.status();
        tray.instruct(Instruction::After(25.0, Trouble::OpenCover));
        assert_eq!(print(&mut printer, "A001").outcome, PrintOutcome::Unknown(PrinterFault::CoverOpen));
        tray.instruct(Instruction::CloseCover);
        wait_until("a printer that is well", || printer.status().online == Online::Yes);
        assert_printed(&mut printer, "A002");
        assert_last_paper_is(tray, "A002");
        assert_printed(&mut printer, "A003");
        assert_eq!(tray.slips().len(), 3, "a piece of A001, A002, A003: nothing is cut off twice");
    });
}

#[test]
fn a_slip_that_somebody_before_us_did_not_finish_does_not_swallow_ours() {
    on_both(&fast(), |tray| {
        // A picture of 20 kilobytes begins and never ends: whatever comes next would be its dots.
        let unfinished = b"\x1B@\x1Dv0\x00\x48\x00\x18\x01\x00\x00\x00";
        let selector = tray.selector();
        if let PrinterSelector::Serial { path, .. } = selector {
            std::fs::write(path, unfinished).expect("bytes");
        } else if let PrinterSelector::Tcp { host, port } = selector {
            TcpStream::connect((host, port)).expect("connection").write_all(unfinished).expect("bytes");
        }
        let mut printer = driver(tray);
        assert_printed(&mut printer, "A001");
        assert_last_paper_is(tray, "A001");
    });
}

#[test]
fn a_fence_that_was_swallowed_takes_the_proof_with_it() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    let port = listener.local_addr().expect("address").port();
    // Echoes the driver's question and the fence behind the cut, and has lost the one before it.
    let forgetful = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("connection");
        let (mut held, mut buffer, mut fences) = (Vec::new(), [0; 1024], 0);
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            held.extend_from_slice(&buffer[..count]);
            while let Some(at) = held.windows(3).position(|three| matches!(three, [0x10, 4, _] | [0x1D, b'(', b'H'])) {
                let answer: Vec<u8> = match held[at] {
                    0x10 => vec![0x12],
                    _ if held.len() < at + 11 => break,
                    _ => {
                        fences += 1;
                        [&[0x37, 0x22][..], &held[at + 7..at + 11], &[0]].concat()
                    }
                };
                held.drain(..at + 3);
                if fences != 2 || answer.len() == 1 {
                    stream.write_all(&answer).expect("answer");
                }
            }
        }
    });
    let mut printer =
        Printer::new(PrinterSelector::Tcp { host: "127.0.0.1".to_owned(), port }, PrinterProfile::default());
    let report = print(&mut printer, "A001");
    assert_eq!(report.outcome, PrintOutcome::Unknown(PrinterFault::Silent), "{report:?}");
    assert!(!report.content_confirmed);
    drop(printer);
    forgetful.join().expect("thread");
}

#[test]
fn a_knife_that_was_freed_unblocks_the_printer_without_a_slip() {
    on_both(&fast(), |tray| {
        let mut printer = driver(tray);
        assert_printed(&mut printer, "A001");
        tray.instruct(Instruction::JamCutter);
        assert_eq!(print(&mut printer, "A002").outcome, PrintOutcome::Unknown(PrinterFault::CutterJam));
        assert_eq!(printer.status().cutter, Cutter::Jammed);
        // Somebody opens the cover and closes it, and has freed nothing.
        for instruction in [Instruction::OpenCover, Instruction::CloseCover] {
            tray.instruct(instruction);
            wait_until("the cover", || {
                (printer.status().fault == Some(PrinterFault::CoverOpen)) == (instruction == Instruction::OpenCover)
            });
        }
        assert_eq!(printer.status().fault, Some(PrinterFault::CutterJam), "it was told to recover and cannot");
        tray.instruct(Instruction::OpenCover);
        wait_until("the open cover", || printer.status().fault == Some(PrinterFault::CoverOpen));
        tray.instruct(Instruction::FreeCutter);
        tray.instruct(Instruction::CloseCover);
        wait_until("the recovery", || printer.status().fault.is_none());
        assert_printed(&mut printer, "A003");
        assert_last_paper_is(tray, "A003");
    });
}

#[test]
fn errors_block_and_unblock_by_their_kind() {
    let cases = [
        (Instruction::HeatHead, PrinterFault::HeadHot, Instruction::CoolHead),
        (Instruction::JamMechanism, PrinterFault::Mechanical, Instruction::FreeMechanism),
        (Instruction::Break, PrinterFault::Defect, Instruction::Repair),
    ];
    for (trouble, fault, mended) in cases {
        on_both(&fast(), |tray| {
            let mut printer = driver(tray);
            tray.instruct(trouble);
            for number in ["A001", "A002"] {
                let report = print(&mut printer, number);
                assert_eq!((report.outcome, report.bytes), (PrintOutcome::Failed(fault), 0), "{trouble:?}");
            }
            assert_eq!(printer.status().fault, Some(fault));
            tray.instruct(mended);
            // A knife or a mechanism only comes free when the printer is told so, which the next slip does.
            if mended != Instruction::FreeMechanism {
                wait_until("a printer that is well", || printer.status().online == Online::Yes);
            }
            assert_printed(&mut printer, "A003");
            assert_last_paper_is(tray, "A003");
        });
    }
}

#[test]
fn an_error_in_mid_slip_is_a_doubt_with_its_cause() {
    let cases = [
        (Trouble::HotHead, PrinterFault::HeadHot),
        (Trouble::StuckMechanism, PrinterFault::Mechanical),
        (Trouble::Offline, PrinterFault::Offline),
    ];
    for (trouble, fault) in cases {
        on_both(&VirtualPrinterOptions { speed_mm_s: 300.0, ..fast() }, |tray| {
            let mut printer = driver(tray);
            tray.instruct(Instruction::After(20.0, trouble));
            assert_eq!(print(&mut printer, "A001").outcome, PrintOutcome::Unknown(fault));
            for mended in [Instruction::CoolHead, Instruction::FreeMechanism, Instruction::Online] {
                tray.instruct(mended);
            }
            assert_printed(&mut printer, "A002");
            assert_last_paper_is(tray, "A002");
            assert!(!codes(tray).contains(&code("A001")), "no ghost after {fault}");
        });
    }
}

#[test]
fn what_happens_to_a_printer_has_happened_for_its_host_too() {
    // Over a network only: a terminal passes bytes on in a moment of its own.
    for (trouble, fault) in [
        (vec![Instruction::Paper(0.0)], Some(PrinterFault::PaperOut)),
        (vec![Instruction::OpenCover], Some(PrinterFault::CoverOpen)),
        (vec![Instruction::Unplug], None),
        // The end of the line stands behind something that nobody has read yet.
        (vec![Instruction::OpenCover, Instruction::CloseCover, Instruction::Unplug], None),
    ] {
        let tray = VirtualPrinter::start_tcp("127.0.0.1:0", fast()).expect("listener");
        let mut printer = driver(&tray);
        assert_printed(&mut printer, "A001");
        for instruction in &trouble {
            tray.instruct(*instruction);
        }
        let report = print(&mut printer, "A002");
        assert_eq!(report.bytes, 0, "{trouble:?}: {report:?}");
        assert!(matches!(report.outcome, PrintOutcome::Failed(_)), "{trouble:?}: {report:?}");
        assert!(fault.is_none_or(|fault| report.outcome == PrintOutcome::Failed(fault)), "{trouble:?}: {report:?}");
    }
}

#[test]
fn a_printer_moves_until_its_slip_has_fallen() {
    on_both(&VirtualPrinterOptions { speed_mm_s: 100.0, ..fast() }, |tray| {
        let is_moving = || tray.description()["moving"] == true;
        let mut printer = driver(tray);
        let full = tray.description()["paper_mm"].clone();
        std::thread::scope(|scope| {
            // A machine that is busy with other things may let an answer come too late; then nothing was sent, and once more.
            scope.spawn(|| (0..5).any(|_| print(&mut printer, "A001").bytes > 0));
            // Questions that come before the slip are also work, and over before paper moves.
            wait_until("paper that moves", || tray.description()["paper_mm"] != full);
            // So that no later question is taken for work.
            tray.instruct(Instruction::Mute);
            wait_until("paper at rest", || !is_moving());
            assert_eq!(codes(tray), [code("A001")]);
        });
        // What waits for paper does not move.
        tray.instruct(Instruction::Paper(0.0));
        assert!(!is_moving());
    });
}

#[test]
fn a_pulled_cable_is_missing_and_a_plugged_one_prints() {
    on_both(&VirtualPrinterOptions { speed_mm_s: 300.0, ..fast() }, |tray| {
        let mut printer = driver(tray);
        assert_printed(&mut printer, "A001");
        tray.instruct(Instruction::Unplug);
        wait_until("a printer that is gone", || printer.status().fault == Some(PrinterFault::Missing));
        assert_eq!(print(&mut printer, "A002").outcome, PrintOutcome::Failed(PrinterFault::Missing));
        tray.instruct(Instruction::Plug);
        wait_until("a printer that is back", || printer.status().online == Online::Yes);
        assert_printed(&mut printer, "A003");
        tray.instruct(Instruction::UnplugAfter(60));
        let report = print(&mut printer, "A004");
        assert!(
            matches!(report.outcome, PrintOutcome::Unknown(PrinterFault::Disconnected | PrinterFault::Missing)),
            "{report:?}"
        );
        tray.instruct(Instruction::Plug);
        wait_until("a printer that is back", || printer.status().online == Online::Yes);
        assert_printed(&mut printer, "A005");
        assert_last_paper_is(tray, "A005");
        assert!(!codes(tray).contains(&code("A004")));
    });
}

#[test]
fn a_buffer_of_45_bytes_costs_time_and_nothing_else() {
    let small = VirtualPrinterOptions { buffer_bytes: 45, flow: FlowControl::XonXoff, baud: Some(38_400), ..fast() };
    on_both(&small, |tray| {
        let mut printer = driver(tray);
        for number in ["A001", "A002"] {
            assert_printed(&mut printer, number);
            assert_last_paper_is(tray, number);
        }
    });
}

#[test]
fn a_line_that_is_held_back_goes_on_and_loses_nothing() {
    // More than the kernel's own buffers of a pseudo terminal take, so that the writer really is held back.
    let small = VirtualPrinterOptions { buffer_bytes: 256, flow: FlowControl::XonXoff, ..fast() };
    on_both(&small, |tray| {
        let mut lines: Vec<u8> = (0..1500).flat_map(|line| format!("line {line:05} of many\n").into_bytes()).collect();
        lines.extend_from_slice(b"\x1DVB\0");
        let mut printer = driver(tray);
        let report = printer.print_job(&PrintJob::from_bytes(&lines, 6_000), &mut |_| {});
        assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}");
        let slip = tray.slips().pop().expect("a slip");
        assert_eq!(slip.lines.len(), 1500);
        assert_eq!(slip.lines.last().map(String::as_str), Some("line 01499 of many"));
    });
}

#[test]
fn a_name_decides_nothing() {
    let clone = vec![Instruction::FalseIdentity, Instruction::ProcessId(Ability::Unknown)];
    on_both(&VirtualPrinterOptions { faults: clone, ..fast() }, |tray| {
        let mut printer = driver(tray);
        let behaviour = printer.probe().expect("a printer that is well");
        let identity = behaviour.identity.expect("a name");
        assert_eq!((identity.maker.as_str(), identity.model.as_str()), ("EPSON", "TM-T88V"));
        assert_eq!(behaviour.proof, Some(Proof::AnswerInTurn), "a TM-T88V would echo; this one does not");
        assert!(behaviour.reports_changes);
        let PrintOutcome::Printed(evidence) = print(&mut printer, "A001").outcome else { panic!("not proved") };
        assert_eq!(evidence.proof, Proof::AnswerInTurn);
    });
    on_both(&VirtualPrinterOptions { faults: vec![Instruction::Mute], ..fast() }, |tray| {
        let behaviour = driver(tray).probe().expect("nothing is known to be wrong");
        assert_eq!((behaviour.back_channel, behaviour.proof), (BackChannel::Absent, None));
        assert_eq!(tray.slips().len(), 0, "asking prints nothing");
    });
}

#[test]
fn a_printer_that_proves_nothing_still_says_when_a_slip_is_not_there() {
    let faults = vec![Instruction::ProcessId(Ability::Unknown), Instruction::StatusInTurn(Ability::Unknown)];
    on_both(&VirtualPrinterOptions { faults, speed_mm_s: 300.0, ..fast() }, |tray| {
        let mut printer = driver(tray);
        for number in ["A001", "A002", "A003"] {
            assert_eq!(print(&mut printer, number).outcome, PrintOutcome::Unconfirmed);
        }
        tray.instruct(Instruction::PaperLeft(20.0));
        assert_eq!(print(&mut printer, "A004").outcome, PrintOutcome::Unknown(PrinterFault::PaperOut));
        tray.instruct(Instruction::Paper(50_000.0));
        assert_eq!(print(&mut printer, "A005").outcome, PrintOutcome::Unconfirmed);
        wait_until("A005", || codes(tray).contains(&code("A005")));
        assert!(!codes(tray).contains(&code("A004")), "no ghost");
        assert_last_paper_is(tray, "A005");
    });
}
