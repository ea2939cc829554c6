//! The fault matrix: everything that goes wrong with a printer, and what the driver claims about the slip that meets it.
//!
//! The driver is the shipped one, the printer is a process of its own, and the judge reads only that printer's tray. A claim is
//! wrong when the tray says otherwise: "printed" and not there at that moment, "failed" and there all the same, or a slip
//! there twice. A doubt is never wrong, so each fault also names the claims that it deserves: a driver that doubts
//! everything would fail here too.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use smartqueue_hardware::printer::{BackChannel, Online, Patience, PrintOutcome, Printer, Proof};
use smartqueue_hardware::slip::{PaperWidth, PrinterProfile, Slip};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::measure::milliseconds;
use crate::printer_program::{PrinterPort, PrinterProgram, TrayedSlip};

/// A mended printer must be ready again within this time.
const CURE: Duration = Duration::from_secs(60);

/// From the fault to the touch: as long as a person takes from the printer to the screen, and longer than the printer takes to
/// report it. A fault and a touch in the same millisecond are a fault in mid-slip.
const REACH: Duration = Duration::from_millis(200);

/// The numbers of the two slips: one meets the fault, one comes after it was mended.
const FIRST: &str = "A001";
const SECOND: &str = "A002";

/// One row of the matrix before it has happened.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What goes wrong.
    pub fault: &'static str,
    /// How the printer is built.
    options: &'static [&'static str],
    /// What is said to it when the driver is connected and idle, before the first slip.
    before: &'static [&'static str],
    /// What is said to it when the first slip has its claim, to mend it.
    mend: &'static [&'static str],
    /// The claims that the first slip deserves.
    first: &'static [&'static str],
    /// The claims that the second slip deserves.
    second: &'static [&'static str],
    /// Whether a slip in doubt may come out whole when the printer is mended: only a model that cannot clear its buffer.
    late_slip: LateSlip,
}

/// Whether a slip in doubt may come out after its claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LateSlip {
    /// It would be a ghost.
    Ghost,
    /// The printer is well and finishes it.
    Expected,
}

const PRINTED: &[&str] = &["printed"];
const FAILED: &[&str] = &["failed"];
const UNKNOWN: &[&str] = &["unknown"];
const UNCONFIRMED: &[&str] = &["unconfirmed"];
const NOT_PRINTED: &[&str] = &["failed", "unknown", "unconfirmed"];
const ANY: &[&str] = &["printed", "failed", "unknown", "unconfirmed"];

const WELL: Case = Case {
    fault: "none",
    options: &[],
    before: &[],
    mend: &[],
    first: PRINTED,
    second: PRINTED,
    late_slip: LateSlip::Ghost,
};

/// Every fault.
pub const CASES: [Case; 42] = [
    WELL,
    Case { fault: "paper out before", before: &["paper-out"], mend: &["paper 50000"], first: FAILED, ..WELL },
    Case { fault: "paper out in mid", before: &["paper-left 25"], mend: &["paper 50000"], first: UNKNOWN, ..WELL },
    Case {
        fault: "paper out at the cut",
        before: &["paper-left 46"],
        mend: &["paper 50000"],
        first: &["printed", "unknown"],
        ..WELL
    },
    Case { fault: "paper out after", mend: &["paper-out"], second: FAILED, ..WELL },
    Case { fault: "paper out in the slip after", before: &["paper-left 90"], second: UNKNOWN, ..WELL },
    Case { fault: "near end", before: &["near-end"], ..WELL },
    Case { fault: "cover open before", before: &["cover open"], mend: &["cover close"], first: FAILED, ..WELL },
    Case {
        fault: "cover open in mid",
        before: &["after 25 cover-open"],
        mend: &["cover close"],
        first: UNKNOWN,
        ..WELL
    },
    Case { fault: "cutter jam", before: &["cutter jam"], mend: &["cutter ok"], first: UNKNOWN, ..WELL },
    Case {
        fault: "cutter jam, not freed",
        before: &["cutter jam"],
        mend: &["cover open", "cover close"],
        first: UNKNOWN,
        second: FAILED,
        ..WELL
    },
    Case { fault: "offline before", before: &["offline"], mend: &["online"], first: FAILED, ..WELL },
    Case { fault: "offline in mid", before: &["after 25 offline"], mend: &["online"], first: UNKNOWN, ..WELL },
    Case { fault: "head hot before", before: &["head hot"], mend: &["head ok"], first: FAILED, ..WELL },
    Case { fault: "head hot in mid", before: &["after 25 head-hot"], mend: &["head ok"], first: UNKNOWN, ..WELL },
    Case {
        fault: "mechanism stuck before",
        before: &["mechanism jam"],
        mend: &["mechanism ok"],
        first: FAILED,
        ..WELL
    },
    Case {
        fault: "mechanism stuck in mid",
        before: &["after 25 mechanism-jam"],
        mend: &["mechanism ok"],
        first: UNKNOWN,
        ..WELL
    },
    Case { fault: "defect before", before: &["defect"], mend: &["repair"], first: FAILED, ..WELL },
    Case { fault: "defect, not repaired", before: &["defect"], first: FAILED, second: FAILED, ..WELL },
    Case {
        fault: "mute from the start",
        options: &["--fault", "mute"],
        first: UNCONFIRMED,
        second: UNCONFIRMED,
        // Nothing is wrong with it, and nobody waits for the word of a printer that never says one.
        late_slip: LateSlip::Expected,
        ..WELL
    },
    Case {
        fault: "mute in mid",
        before: &["after 25 mute"],
        mend: &["unmute"],
        first: UNKNOWN,
        second: ANY,
        late_slip: LateSlip::Expected,
        ..WELL
    },
    Case { fault: "unplugged before", before: &["unplug"], mend: &["plug"], first: FAILED, ..WELL },
    Case { fault: "unplugged in mid-write", before: &["unplug-after=90"], mend: &["plug"], first: UNKNOWN, ..WELL },
    Case {
        fault: "unplugged in mid-slip",
        before: &["after 25 unplug"],
        mend: &["plug"],
        first: UNKNOWN,
        late_slip: LateSlip::Expected,
        ..WELL
    },
    Case { fault: "9600 baud", options: &["--baud", "9600"], ..WELL },
    Case { fault: "45-byte buffer", options: &["--buffer-bytes", "45"], ..WELL },
    Case { fault: "45-byte buffer, XON/XOFF", options: &["--buffer-bytes", "45", "--flow", "xonxoff"], ..WELL },
    Case { fault: "70 mm/s", options: &["--speed-mm-s", "70"], ..WELL },
    Case {
        fault: "slower than its profile",
        // So slow that a driver with five times the usual patience has lost it too.
        options: &["--speed-mm-s", "3"],
        first: UNKNOWN,
        second: ANY,
        late_slip: LateSlip::Expected,
        ..WELL
    },
    Case { fault: "no GS ( H", options: &["--fault", "no-gs-h"], ..WELL },
    Case {
        fault: "no GS ( H, paper out in mid",
        options: &["--fault", "no-gs-h"],
        before: &["paper-left 25"],
        mend: &["paper 50000"],
        first: UNKNOWN,
        ..WELL
    },
    Case {
        fault: "no fence at all",
        options: &["--fault", "no-gs-h", "--fault", "no-gs-r"],
        first: UNCONFIRMED,
        second: UNCONFIRMED,
        ..WELL
    },
    Case { fault: "no ASB", options: &["--fault", "no-asb"], ..WELL },
    Case {
        fault: "no ASB, paper out in mid",
        options: &["--fault", "no-asb"],
        before: &["paper-left 25"],
        mend: &["paper 50000"],
        first: UNKNOWN,
        ..WELL
    },
    Case { fault: "lying GS I", options: &["--fault", "lying-gs-i", "--fault", "no-gs-h"], ..WELL },
    Case { fault: "garbage", options: &["--fault", "garbage"], first: ANY, second: ANY, ..WELL },
    Case {
        fault: "garbage and cutter jam",
        options: &["--fault", "garbage", "--fault", "cutter-jam"],
        first: NOT_PRINTED,
        second: NOT_PRINTED,
        ..WELL
    },
    Case {
        fault: "no DLE DC4, paper out in mid",
        options: &["--fault", "no-clear"],
        before: &["paper-left 25"],
        mend: &["paper 50000"],
        first: UNKNOWN,
        late_slip: LateSlip::Expected,
        ..WELL
    },
    // What came out before the rest was thrown away still hangs from the printer, and nobody has said so.
    Case {
        fault: "no word after DLE DC4, paper out in mid",
        options: &["--fault", "silent-clear"],
        before: &["paper-left 25"],
        mend: &["paper 50000"],
        first: UNKNOWN,
        ..WELL
    },
    // The presenter of a kiosk mechanism. Its printer tells nobody of it: what is claimed is that a slip was printed, never
    // that somebody has it.
    Case { fault: "slip not taken, then taken", before: &["presenter holds"], mend: &["presenter free"], ..WELL },
    Case { fault: "slip not taken, in the way", before: &["presenter holds"], second: UNKNOWN, ..WELL },
    Case { fault: "slip not taken, retracted", before: &["presenter retracts"], ..WELL },
];

/// One row of the matrix.
#[derive(Clone, Debug)]
pub struct Row {
    /// What went wrong.
    pub fault: &'static str,
    /// Behind which port.
    pub port: String,
    /// What the tray says about the first slip, in the end.
    pub truth: String,
    /// What the driver said about it.
    pub claim: &'static str,
    /// By what, or why not.
    pub evidence: String,
    /// From the call to the claim.
    pub took: Duration,
    /// What the driver said about the second slip.
    pub second_claim: &'static str,
    /// "Printed", and not in the tray at that moment.
    pub false_printed: usize,
    /// Claims that the tray refutes, false "printed" among them.
    pub wrong_claims: usize,
    /// Slips in doubt that came out after the claim although their printer could have been told to forget them.
    pub ghosts: usize,
    /// Papers with two numbers on them.
    pub mixed_papers: usize,
    /// Claims that are true and not what the fault deserves.
    pub undeserved: usize,
}

/// The whole table.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// In the order of the ports, then of the faults.
    pub rows: Vec<Row>,
}

impl Matrix {
    /// Lets every case happen behind every port, `side_by_side` at a time.
    ///
    /// The usual patience shows how long people wait. With more, which claims a fault deserves is judged on a busy machine too,
    /// where a printer that is a program may answer later than any real one.
    ///
    /// # Errors
    /// When a printer's program cannot be used. What the driver does is never an error here.
    pub fn run(ports: &[PrinterPort], cases: &[Case], side_by_side: usize, patience: Patience) -> Result<Matrix> {
        let work: Vec<(&PrinterPort, &Case)> =
            ports.iter().flat_map(|port| cases.iter().map(move |case| (port, case))).collect();
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<(usize, Result<Row>)>> = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..side_by_side.max(1) {
                scope.spawn(|| {
                    loop {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some((port, case)) = work.get(place) else { return };
                        let row =
                            happen(port, case, patience).with_context(|| format!("{} on {}", case.fault, port.name()));
                        done.lock().unwrap_or_else(PoisonError::into_inner).push((place, row));
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(place, _)| *place);
        Ok(Matrix { rows: done.into_iter().map(|(_, row)| row).collect::<Result<_>>()? })
    }

    /// The sums over all rows.
    pub fn totals(&self) -> Value {
        let sum = |count: fn(&Row) -> usize| self.rows.iter().map(count).sum::<usize>();
        json!({
            "rows": self.rows.len(),
            "claims": self.rows.len() * 2,
            "false_printed": sum(|row| row.false_printed),
            "wrong_claims": sum(|row| row.wrong_claims),
            "ghosts": sum(|row| row.ghosts),
            "mixed_papers": sum(|row| row.mixed_papers),
            "undeserved": sum(|row| row.undeserved),
        })
    }

    /// The rows whose claims are wrong or not what the fault deserves.
    pub fn objections(&self) -> Vec<&Row> {
        let is_bad = |row: &&Row| row.wrong_claims + row.ghosts + row.mixed_papers + row.undeserved > 0;
        self.rows.iter().filter(is_bad).collect()
    }

    /// As JSON, one object a row.
    pub fn to_json(&self) -> Value {
        self.rows
            .iter()
            .map(|row| {
                json!({
                    "fault": row.fault, "port": row.port, "truth": row.truth, "claim": row.claim,
                    "evidence": row.evidence, "ms": milliseconds(row.took).round(), "then": row.second_claim,
                    "wrong": row.wrong_claims, "ghosts": row.ghosts, "mixed": row.mixed_papers,
                    "undeserved": row.undeserved,
                })
            })
            .collect()
    }

    /// As a table for people.
    pub fn to_table(&self) -> String {
        let head = ["fault", "port", "truth", "claim", "evidence", "ms", "then"].map(str::to_owned);
        let mut lines = vec![head];
        lines.extend(self.rows.iter().map(|row| {
            [
                row.fault.to_owned(),
                row.port.clone(),
                row.truth.clone(),
                row.claim.to_owned(),
                row.evidence.clone(),
                format!("{:.0}", milliseconds(row.took)),
                row.second_claim.to_owned(),
            ]
        }));
        let widths: Vec<usize> =
            (0..7).map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)).collect();
        lines
            .iter()
            .map(|line| {
                let cells: Vec<String> =
                    line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
                format!("{}\n", cells.join("  ").trim_end())
            })
            .collect()
    }
}

/// What the tray says about one number.
struct Truth {
    /// Papers that carry the number and its code: whole slips.
    whole: usize,
    /// Papers that carry the number and not its code.
    parts: usize,
}

fn truth_of(number: &str, tray: &[TrayedSlip]) -> Truth {
    let has_code = |slip: &&TrayedSlip| slip.codes.contains(&code(number));
    let has_number = |slip: &&TrayedSlip| slip.lines.iter().any(|line| line == number);
    Truth {
        whole: tray.iter().filter(has_code).count(),
        parts: tray.iter().filter(|slip| has_number(slip) && !has_code(slip)).count(),
    }
}

fn code(number: &str) -> String {
    format!("https://q.example.org/t/{number}")
}

/// A slip as a ticket has it: the code stands near the end, so that who has it has everything before it.
fn slip(number: &str) -> Slip {
    Slip::new()
        .text("Hôpital — Accueil")
        .big_number(number, 6)
        .text("3 personnes avant vous")
        .text("Attente : 8 à 12 minutes")
        .qr(&code(number), 5)
        .cut()
}

struct Claim {
    word: &'static str,
    evidence: String,
    took: Duration,
    /// What the tray said when the claim was made.
    there: usize,
}

fn claim(printer: &mut Printer, program: &mut PrinterProgram, number: &str) -> Result<Claim> {
    let started = Instant::now();
    let report = printer.print(&slip(number), &mut |_| {});
    let took = started.elapsed();
    let there = truth_of(number, &program.tray()?).whole;
    let (word, evidence) = match report.outcome {
        PrintOutcome::Printed(evidence) => {
            let by = match evidence.proof {
                Proof::Echo => "echo of GS ( H",
                Proof::AnswerInTurn => "answer to GS r",
            };
            ("printed", by.to_owned())
        }
        PrintOutcome::Unconfirmed => ("unconfirmed", "no proof to be had".to_owned()),
        PrintOutcome::Failed(fault) => ("failed", format!("{fault}, 0 bytes")),
        PrintOutcome::Unknown(fault) => {
            let content = if report.content_confirmed { ", content confirmed" } else { "" };
            ("unknown", format!("{fault}, {} bytes{content}", report.bytes))
        }
    };
    Ok(Claim { word, evidence, took, there })
}

fn happen(port: &PrinterPort, case: &Case, patience: Patience) -> Result<Row> {
    let mut program = PrinterProgram::start(port, &options_behind(port, case))?;
    let selector = program.selector().parse().context("the printer's selector")?;
    let mut printer = Printer::new(selector, PrinterProfile::epson_tm(PaperWidth::Mm80)).with_patience(patience);
    // The printer is a program on a machine that may be busy. One that answers late is taken for one that never answers, and
    // every row but one is about a printer that does.
    let is_mute = case.options.contains(&"mute");
    let until = Instant::now() + CURE;
    while printer.status().back_channel != BackChannel::Present && !is_mute && Instant::now() < until {
        printer.close();
    }
    for words in case.before {
        program.say(words)?;
    }
    std::thread::sleep(REACH);
    let first = claim(&mut printer, &mut program, FIRST)?;
    // Slips that a printer in good health finishes late are waited for, so that what comes after is judged alone.
    let between = program.tray_at_rest()?;
    for words in case.mend {
        program.say(words)?;
        // As its owner does between slips: what the printer reports is heard, and a cure is seen.
        printer.status();
    }
    let until = Instant::now() + CURE;
    let blocked = case.second == FAILED;
    while printer.status().online != Online::Yes && !blocked && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    let mended = program.tray_at_rest()?;
    let second = claim(&mut printer, &mut program, SECOND)?;
    let tray = program.tray_at_rest()?;
    Ok(judge(port, case, &first, &second, &[&between, &mended, &tray]))
}

/// A port that has a speed of its own gets no second one.
fn options_behind<'a>(port: &PrinterPort, case: &Case) -> Vec<&'a str> {
    match port {
        PrinterPort::Pty => {
            case.options.iter().copied().filter(|option| !["--baud", "9600"].contains(option)).collect()
        }
        PrinterPort::Tcp | PrinterPort::Command { .. } => case.options.to_vec(),
    }
}

fn judge(port: &PrinterPort, case: &Case, first: &Claim, second: &Claim, trays: &[&[TrayedSlip]; 3]) -> Row {
    let [between, mended, tray] = trays;
    let mut row = Row {
        fault: case.fault,
        port: port.name().to_owned(),
        truth: String::new(),
        claim: first.word,
        evidence: first.evidence.clone(),
        took: first.took,
        second_claim: second.word,
        false_printed: 0,
        wrong_claims: 0,
        ghosts: 0,
        mixed_papers: 0,
        undeserved: 0,
    };
    for (number, claim, deserved) in [(FIRST, first, case.first), (SECOND, second, case.second)] {
        let truth = truth_of(number, tray);
        let false_printed = claim.word == "printed" && claim.there != 1;
        let denied = claim.word == "failed" && truth.whole + truth.parts > 0;
        row.false_printed += usize::from(false_printed);
        row.wrong_claims += usize::from(false_printed || denied || truth.whole > 1);
        row.undeserved += usize::from(!deserved.contains(&claim.word));
    }
    let truth = truth_of(FIRST, tray);
    let by_itself = truth_of(FIRST, mended).whole;
    let held = |end: &str| tray.iter().any(|slip| slip.whereabouts == end && slip.codes.contains(&code(FIRST)));
    row.truth = match (truth.whole, truth.parts) {
        (0, 0) => "not printed".to_owned(),
        (0, _) => "a part of it".to_owned(),
        (1, _) if by_itself == 0 => "printed, cut off later".to_owned(),
        (1, _) if first.there == 0 => "printed, after the claim".to_owned(),
        (1, _) if held("presented") => "printed, not taken".to_owned(),
        (1, _) if held("retracted") => "printed, drawn back".to_owned(),
        (1, _) => "printed".to_owned(),
        (count, _) => format!("printed {count} times"),
    };
    let ghost = by_itself > truth_of(FIRST, between).whole.max(first.there);
    row.ghosts = usize::from(ghost && case.late_slip == LateSlip::Ghost);
    let carries = |slip: &TrayedSlip, number: &str| slip.lines.iter().any(|line| line == number);
    row.mixed_papers = tray.iter().filter(|slip| carries(slip, FIRST) && carries(slip, SECOND)).count();
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(number: &str, whole: bool) -> TrayedSlip {
        let codes = if whole { vec![code(number)] } else { vec![] };
        TrayedSlip { lines: vec![number.to_owned()], codes, millimetres: 50.0, whereabouts: "out".to_owned() }
    }

    fn said(word: &'static str, there: usize) -> Claim {
        Claim { word, evidence: String::new(), took: Duration::ZERO, there }
    }

    #[test]
    fn the_judge_sees_every_kind_of_lie() {
        let both = [paper(FIRST, true), paper(SECOND, true)];
        let judged = |case: &Case, first: Claim, tray: &[TrayedSlip]| {
            judge(&PrinterPort::Tcp, case, &first, &said("printed", 1), &[&[], tray, tray])
        };
        let honest = judged(&WELL, said("printed", 1), &both);
        assert_eq!((honest.wrong_claims, honest.ghosts, honest.mixed_papers, honest.undeserved), (0, 0, 0, 0));
        let too_early = judged(&WELL, said("printed", 0), &both);
        assert_eq!((too_early.false_printed, too_early.wrong_claims), (1, 1));
        assert_eq!(judged(&WELL, said("failed", 0), &both).wrong_claims, 1, "denied and there");
        assert_eq!(
            judged(&WELL, said("failed", 0), &[paper(FIRST, false)]).wrong_claims,
            1,
            "denied and there in part"
        );
        let twice = [paper(FIRST, true), paper(FIRST, true), paper(SECOND, true)];
        assert_eq!(judged(&WELL, said("unknown", 1), &twice).wrong_claims, 1);
        assert_eq!(judged(&WELL, said("unknown", 1), &both).undeserved, 1, "a doubt without a reason");
        assert_eq!(judged(&WELL, said("unknown", 0), &both).ghosts, 1, "it came out when the printer was mended");
        let mut drawn_back = paper(FIRST, true);
        drawn_back.whereabouts = "retracted".to_owned();
        let claimed = judged(&WELL, said("printed", 1), &[drawn_back, paper(SECOND, true)]);
        assert_eq!((claimed.wrong_claims, claimed.truth.as_str()), (0, "printed, drawn back"), "it was printed");
        let mut mixed = paper(SECOND, true);
        mixed.lines.insert(0, FIRST.to_owned());
        assert_eq!(judged(&WELL, said("unknown", 0), &[mixed]).mixed_papers, 1);
    }

    #[test]
    fn every_fault_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<&str> = CASES.iter().map(|case| case.fault).collect();
        assert_eq!(names.len(), CASES.len());
    }
}
