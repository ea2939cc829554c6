//! From a touch to a number: own series, or the server's if it answers in time. Whatever happens, a touch ends in one
//! number that is durable before anybody sees it, or in a refusal. This module never prints and never asks by itself.
//!
//! A touch that can take its number from a series of this station does so at once: its first record is the number. Only
//! a touch that the server is asked about is put on record before ("requested"), because from then on somebody else knows
//! its id: after a power cut that record becomes a withdrawal, and a late answer finds nobody.

use crate::breaker::{ASK_MS, Breaker};
use crate::series::{Choice, Reach};
use crate::station::AppendPurpose;
use crate::tickets::{OwnTicket, Ticket};
use crate::{Effect, Fault, Now, PrintJob, PrintState, Station};
use smartqueue_domain::{
    BootMoment, CopyNumber, DatedBy, Language, QueueId, Record, Refusal, SeriesLetter, ServiceDay, TicketId,
    TicketNumber, TicketStatus, VoidReason,
};
use std::collections::BTreeSet;

#[derive(Clone, Debug, Default)]
pub(crate) struct Numbering {
    pub(crate) breaker: Breaker,
    waiting: Vec<Waiting>,
    /// Touches that ended without a number: their ids must not come to life again.
    withdrawn: BTreeSet<TicketId>,
}

impl Numbering {
    pub(crate) fn withdraw(&mut self, ticket: TicketId) {
        self.withdrawn.insert(ticket);
    }
}

/// A touch that has no number yet.
#[derive(Clone, Debug)]
struct Waiting {
    touch: Touch,
    until_ms: u64,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nobody was asked: the link to the server is not known to stand or to be down.
    AwaitsLink,
    /// "Requested" is being made durable, or the server was asked.
    Requested,
}

/// A touch on a service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touch {
    pub(crate) queue: QueueId,
    pub(crate) ticket: TicketId,
    pub(crate) language: Language,
    at_ms: i64,
    dated_by: DatedBy,
    moment: BootMoment,
}

/// A number with the series it is from.
struct Numbered {
    letter: SeriesLetter,
    number: TicketNumber,
    day: ServiceDay,
}

impl Station {
    pub(crate) fn take_ticket(&mut self, queue: QueueId, ticket: TicketId, language: Language, now: Now) {
        if self.is_known(ticket) {
            return;
        }
        if let Some(reason) = self.refusal(queue, now) {
            self.refuse(reason, now);
            return;
        }
        self.advance_day(now);
        let (at_ms, dated_by, moment) = self.series.date(now);
        let touch = Touch { queue, ticket, language, at_ms, dated_by, moment };
        self.decide(touch, now.elapsed_ms + ASK_MS, now);
    }

    /// A repeated command is harmless: its ticket exists, is being made durable, waits to be decided, or is over.
    fn is_known(&self, ticket: TicketId) -> bool {
        self.tickets.get(ticket).is_some()
            || self.is_being_issued(ticket)
            || self.numbering.withdrawn.contains(&ticket)
            || self.numbering.waiting.iter().any(|waiting| waiting.touch.ticket == ticket)
    }

    fn reach(&self) -> Reach {
        Reach {
            has_server: self.settings.has_server,
            settled: self.link.settled,
            online: self.link.is_online(),
            breaker: self.numbering.breaker,
        }
    }

    fn decide(&mut self, touch: Touch, until_ms: u64, now: Now) {
        let wait = |stage| Waiting { touch, until_ms, stage };
        match self.series.choose(touch.queue, self.reach()) {
            Choice::Own(letter) => self.issue_own(touch, letter, now),
            Choice::AwaitLink => {
                self.kiosk_issuing(touch.queue, touch.ticket);
                self.numbering.waiting.push(wait(Stage::AwaitsLink));
            }
            Choice::Server => {
                self.kiosk_issuing(touch.queue, touch.ticket);
                self.numbering.waiting.push(wait(Stage::Requested));
                let Touch { queue, ticket, language, at_ms, dated_by: _, moment: _ } = touch;
                let record = Record::TicketRequested { ticket, queue, language, touched_at_ms: at_ms };
                self.append(AppendPurpose::RequestNumber(ticket), vec![record]);
            }
            Choice::NotPaired => self.refuse(Refusal::NotPaired, now),
        }
    }

    /// "Requested" is durable: the server may hear of the ticket.
    pub(crate) fn settle_requested(&mut self, ticket: TicketId) {
        if let Some(waiting) = self.numbering.waiting.iter().find(|waiting| waiting.touch.ticket == ticket) {
            self.effects.push_back(Effect::RequestNumber { ticket, queue: waiting.touch.queue });
        }
    }

    /// The server's answer. One that comes late finds nobody waiting and changes nothing.
    pub(crate) fn handle_allocated(
        &mut self,
        ticket: TicketId,
        letter: SeriesLetter,
        number: TicketNumber,
        day: ServiceDay,
        now: Now,
    ) {
        let Some(touch) = self.stop_waiting(ticket) else { return };
        self.numbering.breaker.succeed();
        // A server without stations tells everybody of the ticket at once, and its event may come before its answer.
        let heard = self.tickets.get(ticket).is_some_and(|known| known.number == number.to_string());
        if !heard && self.tickets.is_taken(&number, self.series.server_now_ms(now), self.link.is_online(), now) {
            // A server that was put back from a copy may give a number that is in somebody's hand.
            self.issue_without_server(touch, now);
            return;
        }
        self.series.note_touch(now);
        self.issue(touch, Numbered { letter, number, day });
    }

    /// The server gives no number for this ticket.
    pub(crate) fn handle_number_refused(&mut self, ticket: TicketId, now: Now) {
        if let Some(touch) = self.stop_waiting(ticket) {
            self.issue_without_server(touch, now);
        }
    }

    fn stop_waiting(&mut self, ticket: TicketId) -> Option<Touch> {
        let asked = |waiting: &Waiting| waiting.touch.ticket == ticket && waiting.stage == Stage::Requested;
        let place = self.numbering.waiting.iter().position(asked)?;
        Some(self.numbering.waiting.remove(place).touch)
    }

    /// The link stands now, or is known to be down: decides every touch that waited for that. A touch that waits for an
    /// answer over a link that is gone takes its own number.
    pub(crate) fn decide_waiting_touches(&mut self, now: Now) {
        let online = self.link.is_online();
        for waiting in std::mem::take(&mut self.numbering.waiting) {
            match waiting.stage {
                Stage::AwaitsLink => self.decide(waiting.touch, waiting.until_ms, now),
                Stage::Requested if online => self.numbering.waiting.push(waiting),
                Stage::Requested => self.issue_without_server(waiting.touch, now),
            }
        }
    }

    /// Whoever has waited for long enough takes a number of this station's own, and the next visitor does not wait.
    pub(crate) fn numbering_time_passed(&mut self, now: Now) {
        let (late, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.numbering.waiting)
            .into_iter()
            .partition(|waiting| waiting.until_ms <= now.elapsed_ms);
        self.numbering.waiting = waiting;
        for Waiting { touch, until_ms, stage } in late {
            self.numbering.breaker.miss(now.elapsed_ms);
            match stage {
                Stage::AwaitsLink => self.decide(touch, until_ms, now),
                Stage::Requested => self.issue_without_server(touch, now),
            }
        }
    }

    pub(crate) fn numbering_timeout(&self) -> Option<u64> {
        self.numbering.waiting.iter().map(|waiting| waiting.until_ms).min()
    }

    pub(crate) fn has_waiting_touches(&self) -> bool {
        !self.numbering.waiting.is_empty()
    }

    /// A touch that the server was asked about, and that gets no number from it.
    fn issue_without_server(&mut self, touch: Touch, now: Now) {
        let unasked = Reach { settled: true, online: false, ..self.reach() };
        match self.series.choose(touch.queue, unasked) {
            Choice::Own(letter) => self.issue_own(touch, letter, now),
            // The identity was lost meanwhile.
            Choice::Server | Choice::AwaitLink | Choice::NotPaired => self.refuse(Refusal::NotPaired, now),
        }
        if !self.is_being_issued(touch.ticket) {
            self.numbering.withdraw(touch.ticket);
            let reason = VoidReason::NeverIssued;
            self.append_facts(vec![Record::TicketVoided { ticket: touch.ticket, reason }]);
        }
    }

    fn issue_own(&mut self, touch: Touch, letter: SeriesLetter, now: Now) {
        let (Some(queue), Some(day)) = (self.settings.queue(touch.queue), self.series.day()) else {
            self.refuse(Refusal::UnknownQueue, now);
            return;
        };
        let (tickets, online, server_ms) = (&self.tickets, self.link.is_online(), self.series.server_now_ms(now));
        let is_taken = |number: &TicketNumber| tickets.is_taken(number, server_ms, online, now);
        let Some(number) = self.series.take(queue, letter, is_taken, now) else {
            self.refuse(Refusal::QueueFull, now);
            return;
        };
        self.set_standing(Fault::NumbersRunLow, self.series.runs_low(), now);
        self.issue(touch, Numbered { letter, number, day });
    }

    fn issue(&mut self, touch: Touch, numbered: Numbered) {
        let Touch { queue, ticket, language, at_ms, dated_by, moment } = touch;
        let Numbered { letter, number, day } = numbered;
        let priority = 0;
        let record = Record::TicketIssued {
            ticket,
            queue,
            letter,
            number: number.clone(),
            day,
            language,
            priority,
            touched_at_ms: at_ms,
            dated_by,
            moment: Some(moment),
        };
        let issued = Ticket {
            queue,
            number: number.to_string(),
            priority,
            created_at_ms: at_ms,
            status: TicketStatus::Waiting,
            told: None,
            own: Some(OwnTicket {
                number,
                language,
                day,
                issued_seq: 0,
                print: PrintState::Issued,
                original_may_exist: false,
                copies: 0,
                people_ahead: None,
                wait: None,
            }),
        };
        self.kiosk_issuing(queue, ticket);
        self.append(AppendPurpose::IssueTicket(ticket, Box::new(issued)), vec![record]);
    }

    /// The number is durable: from here on it exists, and its slip may be printed.
    pub(crate) fn settle_issued(&mut self, ticket: TicketId, mut issued: Ticket, seq: u64, now: Now) {
        let queue = issued.queue;
        let algorithm = self.settings.queue(queue).map(|queue| queue.algorithm).unwrap_or_default();
        if let Some(own) = issued.own.as_mut() {
            own.issued_seq = seq;
        }
        self.tickets.use_label(&issued.number, now);
        self.tickets.add_own(ticket, issued);
        // A count that misses the calls of a lost server would be a guess: then the slip says nothing.
        if self.link.is_online() {
            let now_ms = self.series.server_now_ms(now).unwrap_or(now.wall_ms);
            let ahead = self.tickets.people_ahead(ticket, queue, algorithm, now_ms);
            let wait = self.tickets.wait_behind(ahead, queue);
            if let Some(own) = self.tickets.own_mut(ticket) {
                own.people_ahead = Some(ahead);
                own.wait = Some(wait);
            }
        }
        self.kiosk_issued(ticket, now);
        self.enqueue_print(PrintJob { ticket, copy: CopyNumber::ORIGINAL });
    }
}
