//! The machine: one door in, one door out, one view. Everything else in this crate is a part of it.

use crate::board::Board;
use crate::kiosk::Kiosk;
use crate::numbering::Numbering;
use crate::printing::Printing;
use crate::series::Series;
use crate::synchronisation::Link;
use crate::tickets::{Ticket, Tickets};
use crate::{AppendToken, Effect, Fault, Input, Memory, Now, PrintJob, Settings, TicketLine, View};
use smartqueue_domain::{PrintOutcome, Record, TicketId};
use std::collections::{BTreeMap, VecDeque};

/// A view depends on the hour (opening times, the service day) even when nothing happens: look again this often.
const LOOK_AGAIN_MS: u64 = 10_000;

/// Tickets listed in a view.
const LISTED_TICKETS: usize = 50;

/// A station.
#[derive(Clone, Debug)]
pub struct Station {
    pub(crate) settings: Settings,
    pub(crate) tickets: Tickets,
    pub(crate) series: Series,
    pub(crate) printing: Printing,
    pub(crate) kiosk: Kiosk,
    pub(crate) numbering: Numbering,
    pub(crate) board: Board,
    pub(crate) link: Link,
    /// The standing faults and the wall time since when they stand.
    pub(crate) faults: BTreeMap<Fault, i64>,
    pub(crate) effects: VecDeque<Effect>,
    /// What waits for each append, and how many records it has.
    appends: BTreeMap<AppendToken, (AppendPurpose, u64)>,
    next_token: u64,
    now: Now,
}

/// What waits for an append to be durable.
#[derive(Clone, Debug)]
pub(crate) enum AppendPurpose {
    /// "Requested": then the server is asked for a number.
    RequestNumber(TicketId),
    /// A number: then the ticket exists.
    IssueTicket(TicketId, Box<Ticket>),
    /// "Sent": then the slip goes to the printer.
    SendSlip(PrintJob),
    /// An outcome: then it is shown and the next slip goes.
    EndSlip(PrintJob, PrintOutcome),
    /// Facts that nothing waits for.
    Facts,
}

impl Station {
    /// A station without any past. See [`Station::restore`] for one with a journal.
    pub(crate) fn new(settings: Settings, memory: &Memory, now: Now) -> Station {
        Station {
            kiosk: Kiosk::new(settings.default_language()),
            numbering: Numbering::default(),
            link: Link::new(settings.has_server, now),
            settings,
            tickets: Tickets::default(),
            series: Series::new(memory),
            printing: Printing::default(),
            board: Board::default(),
            faults: BTreeMap::new(),
            effects: VecDeque::new(),
            appends: BTreeMap::new(),
            next_token: 1,
            now,
        }
    }

    /// Takes in one thing that happened.
    pub fn handle(&mut self, input: Input, now: Now) {
        self.now = now;
        match input {
            Input::Command(command) => self.handle_command(command, now),
            Input::Appended { token, first_seq } => self.handle_appended(token, first_seq, now),
            Input::AppendFailed { token } => {
                self.appends.remove(&token);
                self.raise(Fault::JournalFailed, now);
                self.kiosk_append_failed(now);
            }
            Input::JournalFailed => {
                self.raise(Fault::JournalFailed, now);
                self.kiosk_append_failed(now);
            }
            Input::Printed { job, outcome } => self.handle_printed(job, outcome, now),
            Input::PrinterConditionChanged { faults } => self.handle_printer_condition(&faults, now),
            Input::Paired { station, letter } => self.handle_paired(station, letter),
            Input::IdentityLost => self.handle_identity_lost(now),
            Input::NumberAllocated { ticket, letter, number, day } => {
                self.handle_allocated(ticket, letter, number, day, now);
            }
            Input::NumberRefused { ticket } => self.handle_number_refused(ticket, now),
            Input::ServerAnswered { took_ms, server_ms } => {
                self.numbering.breaker.hear(took_ms, now.elapsed_ms);
                if let Some(server_ms) = server_ms {
                    self.hear_server_time(server_ms, Some(took_ms), now);
                }
            }
            Input::RecordsSetAside { count: _ } => self.raise(Fault::RecordsSetAside, now),
            Input::StateHashHeard { seq, hash } => self.handle_state_hash(seq, hash),
            Input::Greeted(greeting) => self.handle_greeted(*greeting, now),
            Input::LinkLost => self.handle_link_lost(false, now),
            Input::LinkRefused => self.handle_link_lost(true, now),
            Input::Event { seq, prev, event } => self.handle_event(seq, prev, event, now),
            Input::HeartbeatHeard { server_ms } => self.hear_server_time(server_ms, None, now),
            Input::Pushed { highest_seq } => self.hear_pushed(highest_seq),
            Input::Announced { call, outcome } => self.handle_announced(call, outcome, now),
            Input::PinChecked { right } => self.handle_pin_checked(right, now),
            Input::TimePassed => {}
        }
        self.advance_day(now);
        self.numbering_time_passed(now);
        self.kiosk_time_passed(now);
    }

    /// The next thing to do, in order; nothing when all is under way.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to come back with [`Input::TimePassed`] at the latest, on the monotonic clock of [`Now`].
    pub fn poll_timeout(&self) -> u64 {
        let look_again = self.now.elapsed_ms + LOOK_AGAIN_MS;
        let kiosk = self.kiosk_timeout(self.now);
        let board = self.board_timeout(self.now);
        [kiosk, board, self.numbering_timeout()].into_iter().flatten().fold(look_again, u64::min)
    }

    /// Whether nothing is under way: no record to be made durable, no slip on its way or in line, no touch undecided.
    /// A clean stop waits for this.
    pub fn is_idle(&self) -> bool {
        self.appends.is_empty() && self.effects.is_empty() && self.printing.is_idle() && !self.has_waiting_touches()
    }

    /// The highest record that the server holds, as far as this station knows.
    pub fn server_holds(&self) -> u64 {
        self.link.server_holds
    }

    /// Whether the journal says who this station is.
    pub fn is_paired(&self) -> bool {
        self.series.identity().is_some()
    }

    /// What the screens show at the moment of the last input.
    pub fn view(&self) -> View {
        View {
            name: self.settings.name.clone(),
            site_name: self.settings.site_name.clone(),
            brand_colour: self.settings.brand_colour.clone(),
            connection: self.link.view(),
            faults: self.faults.iter().map(|(fault, since_ms)| (*fault, *since_ms)).collect(),
            kiosk: self.settings.issues.then(|| self.kiosk_view(self.now)),
            board: self.settings.shows_calls.then(|| self.board_view(self.now)),
            tickets: self
                .tickets
                .newest_own()
                .take(LISTED_TICKETS)
                .map(|(id, ticket, own)| TicketLine {
                    id,
                    number: ticket.number.clone(),
                    queue: ticket.queue,
                    state: own.print,
                    issued_at_ms: ticket.created_at_ms,
                    synced: self.settings.has_server && own.issued_seq <= self.link.server_holds,
                })
                .collect(),
        }
    }

    fn handle_appended(&mut self, token: AppendToken, first_seq: u64, now: Now) {
        let Some((purpose, count)) = self.appends.remove(&token) else { return };
        self.link.journal_holds = self.link.journal_holds.max(first_seq + count - 1);
        match purpose {
            AppendPurpose::RequestNumber(ticket) => self.settle_requested(ticket),
            AppendPurpose::IssueTicket(ticket, issued) => self.settle_issued(ticket, *issued, first_seq, now),
            AppendPurpose::SendSlip(job) => self.hand_over(job, now),
            AppendPurpose::EndSlip(job, outcome) => self.settle_ended(job, outcome, now),
            AppendPurpose::Facts => {}
        }
        if self.link.is_online() {
            self.effects.push_back(Effect::Push);
        }
    }

    pub(crate) fn append(&mut self, purpose: AppendPurpose, records: Vec<Record>) {
        let token = AppendToken(self.next_token);
        self.next_token += 1;
        self.appends.insert(token, (purpose, records.len() as u64));
        self.effects.push_back(Effect::Append { token, records });
    }

    pub(crate) fn is_being_issued(&self, ticket: TicketId) -> bool {
        self.appends.values().any(|(purpose, _)| match purpose {
            AppendPurpose::IssueTicket(issued, _) => *issued == ticket,
            AppendPurpose::RequestNumber(_)
            | AppendPurpose::SendSlip(_)
            | AppendPurpose::EndSlip(..)
            | AppendPurpose::Facts => false,
        })
    }

    /// Opens the next service day when there is evidence for it.
    pub(crate) fn advance_day(&mut self, now: Now) {
        if !self.settings.issues {
            return;
        }
        if let Some(day) = self.series.day_to_open(self.settings.has_server, &self.settings.rollovers, now) {
            self.series.open_day(day);
            self.clear(Fault::NumbersRunLow);
            // With a server, what still lives from yesterday is the server's to end. Alone, nobody else ends anything.
            if !self.settings.has_server {
                self.tickets.forget_earlier_days(day);
            }
            self.append_facts(vec![Record::DayOpened { day }]);
        }
    }

    pub(crate) fn journal_failed(&self) -> bool {
        self.faults.contains_key(&Fault::JournalFailed)
    }

    pub(crate) fn raise(&mut self, fault: Fault, now: Now) {
        self.faults.entry(fault).or_insert(now.wall_ms);
    }

    pub(crate) fn set_standing(&mut self, fault: Fault, stands: bool, now: Now) {
        if stands {
            self.raise(fault, now);
        } else {
            self.clear(fault);
        }
    }

    pub(crate) fn clear(&mut self, fault: Fault) {
        self.faults.remove(&fault);
    }
}
