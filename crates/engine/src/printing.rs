//! The print journal: intent, sent, outcome. One slip is at the printer at a time, and "sent" is durable before the
//! first byte leaves. This module never touches a printer.

use crate::station::AppendPurpose;
use crate::tickets::Tickets;
use crate::{Effect, Fault, Now, PrintJob, PrintState, SlipContent, Station};
use smartqueue_domain::{CopyNumber, PrintDoubt, PrintOutcome, Record, TicketId};
use std::collections::VecDeque;

#[derive(Clone, Debug, Default)]
pub(crate) struct Printing {
    waiting: VecDeque<PrintJob>,
    current: Option<PrintJob>,
}

impl Printing {
    pub(crate) fn is_idle(&self) -> bool {
        self.current.is_none() && self.waiting.is_empty()
    }
}

impl Tickets {
    /// Takes up how a print ended. A doubt about a copy says nothing about the original.
    pub(crate) fn settle_print(&mut self, ticket: TicketId, copy: CopyNumber, outcome: PrintOutcome) {
        let Some(own) = self.own_mut(ticket) else { return };
        let state = match outcome {
            PrintOutcome::Printed(_) => PrintState::Printed,
            PrintOutcome::Unconfirmed => PrintState::Unconfirmed,
            PrintOutcome::Failed(_) => PrintState::Failed,
            PrintOutcome::Unknown(_) => PrintState::Unknown,
        };
        let original = copy == CopyNumber::ORIGINAL;
        match outcome {
            PrintOutcome::Printed(_) | PrintOutcome::Unconfirmed => own.print = state,
            PrintOutcome::Failed(_) | PrintOutcome::Unknown(_) if original => own.print = state,
            // The paper that was there before the copy failed is still there.
            PrintOutcome::Failed(_) | PrintOutcome::Unknown(_) => {}
        }
        if original {
            own.original_may_exist = match outcome {
                PrintOutcome::Failed(_) => false,
                PrintOutcome::Printed(_) | PrintOutcome::Unconfirmed | PrintOutcome::Unknown(_) => true,
            };
        } else {
            own.copies = own.copies.max(copy.0);
        }
    }
}

impl Station {
    /// Prints a ticket again: its original when that surely never reached paper, else the next copy.
    pub(crate) fn reprint(&mut self, ticket: TicketId) {
        let busy = self.printing.current.iter().chain(&self.printing.waiting).any(|job| job.ticket == ticket);
        let today = self.series.day();
        let Some(own) = self.tickets.own_mut(ticket) else { return };
        // The number of an earlier day may be on somebody else's paper by now: its original comes too late.
        let too_late = !own.original_may_exist && Some(own.day) != today;
        if busy || too_late {
            return;
        }
        let copy = if own.original_may_exist {
            own.copies += 1;
            CopyNumber(own.copies)
        } else {
            CopyNumber::ORIGINAL
        };
        self.enqueue_print(PrintJob { ticket, copy });
    }

    pub(crate) fn enqueue_print(&mut self, job: PrintJob) {
        self.printing.waiting.push_back(job);
        self.start_next_print();
    }

    fn start_next_print(&mut self) {
        while self.printing.current.is_none() && !self.journal_failed() {
            let Some(job) = self.printing.waiting.pop_front() else { return };
            self.printing.current = Some(job);
            match self.print_prevented() {
                Some(doubt) => {
                    // Nothing is sent, so nothing can be on paper: the outcome is certain before it began.
                    self.end_print(job, PrintOutcome::Failed(doubt));
                }
                None => {
                    let record = Record::SlipSent { ticket: job.ticket, copy: job.copy };
                    self.append(AppendPurpose::SendSlip(job), vec![record]);
                }
            }
        }
    }

    fn print_prevented(&self) -> Option<PrintDoubt> {
        if self.settings.has_printer {
            self.faults.keys().find_map(|fault| fault.prevents_printing())
        } else {
            Some(PrintDoubt::PrinterMissing)
        }
    }

    /// "Sent" is durable: the slip may go.
    pub(crate) fn hand_over(&mut self, job: PrintJob, now: Now) {
        let Some(slip) = self.slip_of(job, now) else {
            self.end_print(job, PrintOutcome::Failed(PrintDoubt::PrinterMissing));
            return;
        };
        if job.copy == CopyNumber::ORIGINAL
            && let Some(own) = self.tickets.own_mut(job.ticket)
        {
            own.print = PrintState::Printing;
            own.original_may_exist = true;
        }
        self.effects.push_back(Effect::Print { job, slip: Box::new(slip) });
    }

    fn slip_of(&self, job: PrintJob, now: Now) -> Option<SlipContent> {
        let (ticket, own) = self.tickets.own(job.ticket)?;
        let queue_name = self.settings.queue(ticket.queue).map(|queue| queue.name_in(own.language).name.clone());
        Some(SlipContent {
            number: own.number.clone(),
            queue_name: queue_name.unwrap_or_default(),
            site_name: self.settings.site_name.clone(),
            issued_at_ms: ticket.created_at_ms,
            offset_minutes: now.offset_minutes,
            people_ahead: own.people_ahead,
            wait: own.wait,
            language: own.language,
            follow_url: self.follow_url(job.ticket),
            header: self.settings.slip_header.clone(),
            footer: self.settings.slip_footer.clone(),
            copy: job.copy,
        })
    }

    /// Where a customer follows a ticket.
    pub(crate) fn follow_url(&self, ticket: TicketId) -> Option<String> {
        self.settings.follow_url_base.as_ref().map(|base| format!("{base}{ticket}"))
    }

    pub(crate) fn handle_printed(&mut self, job: PrintJob, outcome: PrintOutcome, now: Now) {
        if self.printing.current != Some(job) {
            return;
        }
        match outcome {
            PrintOutcome::Unknown(_) => self.raise(Fault::PrinterUnknown, now),
            PrintOutcome::Printed(_) => self.clear(Fault::PrinterUnknown),
            PrintOutcome::Unconfirmed | PrintOutcome::Failed(_) => {}
        }
        self.end_print(job, outcome);
    }

    fn end_print(&mut self, job: PrintJob, outcome: PrintOutcome) {
        let PrintJob { ticket, copy } = job;
        self.append(AppendPurpose::EndSlip(job, outcome), vec![Record::SlipEnded { ticket, copy, outcome }]);
    }

    /// The outcome is durable: show it and go on with the next slip.
    pub(crate) fn settle_ended(&mut self, job: PrintJob, outcome: PrintOutcome, now: Now) {
        self.tickets.settle_print(job.ticket, job.copy, outcome);
        self.kiosk_slip_ended(job.ticket, outcome, now);
        self.printing.current = None;
        self.start_next_print();
    }

    pub(crate) fn handle_printer_condition(&mut self, standing: &[Fault], now: Now) {
        for fault in Fault::ALL.into_iter().filter(|fault| fault.is_printer_condition()) {
            if standing.contains(&fault) {
                self.raise(fault, now);
            } else {
                self.clear(fault);
            }
        }
        self.start_next_print();
    }
}
