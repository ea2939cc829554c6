//! The printer's one owner: slips in, outcomes and the printer's condition out.

use crate::slip::{SlipDesign, test_slip};
use anyhow::{Context, Result};
use smartqueue_domain::{Language, PrintDoubt, PrintEvidence, PrintOutcome};
use smartqueue_engine::{Fault, Input, PrintJob, SlipContent};
use smartqueue_hardware::printer::{
    Paper, PrintOutcome as DeviceOutcome, Printer, PrinterFault, PrinterSelector, PrinterStatus, Proof,
};
use smartqueue_hardware::slip::PrinterProfile;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often an idle printer is asked how it is. It reports changes by itself; this finds the ones that cannot.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What the loop asks of the printer.
pub(crate) enum PrinterOrder {
    /// A ticket's slip.
    Slip { job: PrintJob, content: Box<SlipContent> },
    /// The installer's test slip.
    Test { language: Language },
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
        report: impl Fn(Input) + Send + 'static,
    ) -> Result<PrinterWorker> {
        let (orders, mailbox) = channel();
        let thread = std::thread::Builder::new()
            .name("printer".to_owned())
            .spawn(move || work(Printer::new(selector, profile), &design, &mailbox, report))
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

fn work(mut printer: Printer, design: &SlipDesign, mailbox: &Receiver<PrinterOrder>, report: impl Fn(Input)) {
    let mut known: Option<Vec<Fault>> = None;
    let mut tell_condition = |status: PrinterStatus, report: &dyn Fn(Input)| {
        let faults = condition(status);
        if known.as_ref() != Some(&faults) {
            known = Some(faults.clone());
            report(Input::PrinterConditionChanged { faults });
        }
    };
    tell_condition(printer.status(), &report);
    loop {
        match mailbox.recv_timeout(LOOK_AGAIN) {
            Ok(PrinterOrder::Slip { job, content }) => {
                let result = printer.print(&design.ticket_slip(&content), &mut |_| {});
                tell_condition(printer.last_status(), &report);
                report(Input::Printed { job, outcome: outcome_of(result.outcome) });
            }
            Ok(PrinterOrder::Test { language }) => {
                printer.print(&test_slip(language), &mut |_| {});
                tell_condition(printer.last_status(), &report);
            }
            Err(RecvTimeoutError::Timeout) => tell_condition(printer.status(), &report),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    printer.close();
}

fn condition(status: PrinterStatus) -> Vec<Fault> {
    let near_end = (status.paper == Paper::NearEnd).then_some(Fault::PaperNearEnd);
    status.fault.map(fault_of).into_iter().chain(near_end).collect()
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
        PrinterFault::Offline
        | PrinterFault::Mechanical
        | PrinterFault::HeadHot
        | PrinterFault::Defect
        | PrinterFault::Disconnected
        | PrinterFault::Silent => Fault::PrinterOffline,
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
