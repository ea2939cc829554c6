//! The printer's one owner: slips in, outcomes and the printer's condition out.

use crate::slip::{SlipDesign, test_slip};
use crate::workers::{PaperCounted, Roll};
use anyhow::{Context, Result};
use smartqueue_domain::{Language, PrintDoubt, PrintEvidence, PrintOutcome};
use smartqueue_engine::{Fault, Input, PrintJob, SlipContent};
use smartqueue_hardware::printer::{
    BackChannel, Online, Paper, PrintOutcome as DeviceOutcome, Printer, PrinterFault, PrinterSelector, PrinterStatus,
    Proof,
};
use smartqueue_hardware::slip::{Logo, PrinterProfile};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often an idle printer is asked how it is. It reports changes by itself; this finds the ones that cannot.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// The same while something is wrong: who has just closed the cover should not see a blocked kiosk.
const LOOK_AGAIN_AT_TROUBLE: Duration = Duration::from_millis(500);

/// What the loop asks of the printer.
pub(crate) enum PrinterOrder {
    /// A ticket's slip.
    Slip { job: PrintJob, content: Box<SlipContent> },
    /// The installer's test slip.
    Test { language: Language },
}

/// What the loop hears from the printer's thread.
pub(crate) enum PrinterNews {
    /// Something for the engine.
    Input(Input),
    /// Paper was used, or the roll was changed.
    PaperCounted(PaperCounted),
}

/// The printer's thread and its mailbox.
pub(crate) struct PrinterWorker {
    orders: Option<Sender<PrinterOrder>>,
    thread: Option<JoinHandle<()>>,
}

impl PrinterWorker {
    /// Starts the thread. The printer itself is connected there, so a printer that is away delays nothing.
    pub(crate) fn start(
        selector: PrinterSelector,
        profile: PrinterProfile,
        design: SlipDesign,
        roll: Roll,
        report: impl Fn(PrinterNews) + Send + 'static,
    ) -> Result<PrinterWorker> {
        let (orders, mailbox) = channel();
        let thread = std::thread::Builder::new()
            .name("printer".to_owned())
            .spawn(move || {
                let watch = Watch { known: None, roll, counts: false, report };
                work(Printer::new(selector, profile), &design, &mailbox, watch);
            })
            .context("the printer's thread does not start")?;
        Ok(PrinterWorker { orders: Some(orders), thread: Some(thread) })
    }

    pub(crate) fn order(&self, order: PrinterOrder) {
        if let Some(orders) = &self.orders {
            // The thread ends only after its mailbox closed, so a send cannot fail while this worker lives.
            let _ = orders.send(order);
        }
    }

    /// Lets the slip at the printer come to its end, then stops.
    pub(crate) fn stop(mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What is known of the printer's condition, and who wants to know of changes.
struct Watch<R> {
    known: Option<Vec<Fault>>,
    roll: Roll,
    /// Whether the printer's sensors are heard: without them nobody would notice a new roll, and nothing is counted.
    counts: bool,
    report: R,
}

impl<R: Fn(PrinterNews)> Watch<R> {
    /// Takes in what the printer said last.
    fn look(&mut self, status: PrinterStatus) {
        let heard = status.online != Online::Unreachable && status.back_channel == BackChannel::Present;
        if heard && (self.roll.see(status.paper) || !self.counts) {
            self.counts = true;
            (self.report)(PrinterNews::PaperCounted(self.roll.counted()));
        }
        let faults = self.condition(status);
        if self.known.as_ref() != Some(&faults) {
            self.known = Some(faults.clone());
            self.tell(Input::PrinterConditionChanged { faults });
        }
    }

    fn condition(&self, status: PrinterStatus) -> Vec<Fault> {
        let low = match status.paper {
            Paper::NearEnd => true,
            Paper::Present => self.counts && self.roll.is_low(),
            Paper::Out => false,
        };
        status.fault.map(fault_of).into_iter().chain(low.then_some(Fault::PaperNearEnd)).collect()
    }

    /// Counts the paper of a slip that was handed over.
    fn count(&mut self, slip_mm: u32) {
        if self.counts && slip_mm > 0 {
            self.roll.use_up(slip_mm);
            (self.report)(PrinterNews::PaperCounted(self.roll.counted()));
        }
    }

    fn tell(&self, input: Input) {
        (self.report)(PrinterNews::Input(input));
    }

    fn pause(&self) -> Duration {
        match self.known.as_deref() {
            Some([] | [Fault::PaperNearEnd]) => LOOK_AGAIN,
            Some(_) | None => LOOK_AGAIN_AT_TROUBLE,
        }
    }
}

fn work<R: Fn(PrinterNews)>(
    mut printer: Printer,
    design: &SlipDesign,
    mailbox: &Receiver<PrinterOrder>,
    mut watch: Watch<R>,
) {
    let logo = design.logo();
    watch.look(printer.status());
    keep_logo(&mut printer, logo.as_ref());
    loop {
        match mailbox.recv_timeout(watch.pause()) {
            Ok(PrinterOrder::Slip { job, content }) => {
                let slip = design.ticket_slip(&content);
                let all_kept = slip.logos().all(|logo| printer.keeps_logo(logo));
                let slip = if all_kept { slip.with_kept_logos() } else { slip };
                let report = printer.print(&slip, &mut |_| {});
                watch.count(report.paper_mm);
                watch.look(printer.last_status());
                watch.tell(Input::Printed { job, outcome: outcome_of(report.outcome) });
            }
            Ok(PrinterOrder::Test { language }) => {
                let report = printer.print(&test_slip(language), &mut |_| {});
                watch.count(report.paper_mm);
                watch.look(printer.last_status());
            }
            Err(RecvTimeoutError::Timeout) => {
                watch.look(printer.status());
                keep_logo(&mut printer, logo.as_ref());
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    printer.close();
}

/// Lets the printer keep the logo while nobody waits for a slip. As long as something stands in the way, slips carry it as a
/// picture.
fn keep_logo(printer: &mut Printer, logo: Option<&Logo>) {
    if let Some(logo) = logo
        && let Err(fault) = printer.ensure_logo(logo)
    {
        tracing::debug!(%fault, "the printer could not be given its logo now");
    }
}

fn outcome_of(outcome: DeviceOutcome) -> PrintOutcome {
    match outcome {
        DeviceOutcome::Printed(evidence) => PrintOutcome::Printed(match evidence.proof {
            Proof::Echo => PrintEvidence::ProcessId,
            Proof::AnswerInTurn => PrintEvidence::Fence,
        }),
        DeviceOutcome::Unconfirmed => PrintOutcome::Unconfirmed,
        DeviceOutcome::Failed(fault) => PrintOutcome::Failed(doubt_of(fault)),
        DeviceOutcome::Unknown(fault) => PrintOutcome::Unknown(doubt_of(fault)),
    }
}

/// The standing fault that a device's fault means.
pub(crate) fn fault_of(fault: PrinterFault) -> Fault {
    match fault {
        PrinterFault::Missing | PrinterFault::Permission | PrinterFault::DriverMissing => Fault::PrinterMissing,
        PrinterFault::Busy => Fault::PrinterBusy,
        PrinterFault::Offline | PrinterFault::Disconnected | PrinterFault::Silent => Fault::PrinterOffline,
        PrinterFault::HeadHot => Fault::PrinterHot,
        PrinterFault::Mechanical | PrinterFault::Defect => Fault::PrinterDefect,
        PrinterFault::PaperOut => Fault::PaperOut,
        PrinterFault::CoverOpen => Fault::CoverOpen,
        PrinterFault::CutterJam => Fault::CutterJam,
    }
}

/// What a device's fault means for a print.
fn doubt_of(fault: PrinterFault) -> PrintDoubt {
    match fault {
        PrinterFault::Missing | PrinterFault::Permission | PrinterFault::DriverMissing | PrinterFault::Busy => {
            PrintDoubt::PrinterMissing
        }
        PrinterFault::Offline
        | PrinterFault::Mechanical
        | PrinterFault::HeadHot
        | PrinterFault::Defect
        | PrinterFault::Disconnected => PrintDoubt::Offline,
        PrinterFault::PaperOut => PrintDoubt::PaperOut,
        PrinterFault::CoverOpen => PrintDoubt::CoverOpen,
        PrinterFault::CutterJam => PrintDoubt::CutterJam,
        PrinterFault::Silent => PrintDoubt::NoProof,
    }
}
