//! The tickets that this station knows: its own, and those that the server tells of. Nothing here is durable by itself;
//! its own tickets are the sum of the journal's records.

use crate::{Figures, Now, PrintState, RemoteTicket};
use smartqueue_domain::{
    Algorithm, Candidate, DEFAULT_SERVICE_SECONDS, LABEL_COOL_DOWN_MS, Language, LiveTicket, QueueId, ServiceDay,
    TicketId, TicketNumber, TicketStatus, WaitRange, arrange, eta_seconds, people_ahead_wait,
};
use std::collections::BTreeMap;

/// While the server is away nobody tells this station that a ticket has ended. After so long it is presumed to have.
const PRESUMED_OVER_MS: i64 = 4 * 3_600_000;

/// How many of its own ended tickets a station keeps for its list.
const KEPT_ENDED: usize = 100;

#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) queue: QueueId,
    pub(crate) number: String,
    pub(crate) priority: i64,
    pub(crate) created_at_ms: i64,
    pub(crate) status: TicketStatus,
    /// What the server said of it last.
    pub(crate) told: Option<Told>,
    pub(crate) own: Option<OwnTicket>,
}

/// A ticket in the server's words, which the state hash compares.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    queue: QueueId,
    number: String,
    status: TicketStatus,
}

/// What a station knows of a ticket that it issued itself.
#[derive(Clone, Debug)]
pub(crate) struct OwnTicket {
    pub(crate) number: TicketNumber,
    pub(crate) language: Language,
    pub(crate) day: ServiceDay,
    /// The record's place in the journal.
    pub(crate) issued_seq: u64,
    pub(crate) print: PrintState,
    /// Whether the original was ever handed to a printer without a sure failure.
    pub(crate) original_may_exist: bool,
    pub(crate) copies: u32,
    pub(crate) people_ahead: Option<u32>,
    pub(crate) wait: Option<WaitRange>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Tickets {
    all: BTreeMap<TicketId, Ticket>,
    /// Own tickets in the order in which they were issued.
    issued: Vec<TicketId>,
    figures: BTreeMap<QueueId, Figures>,
    /// When a label was seen last on a new ticket, by the boot-time clock of this run.
    labels: BTreeMap<String, u64>,
}

impl Tickets {
    pub(crate) fn get(&self, id: TicketId) -> Option<&Ticket> {
        self.all.get(&id)
    }

    pub(crate) fn own_mut(&mut self, id: TicketId) -> Option<&mut OwnTicket> {
        self.all.get_mut(&id).and_then(|ticket| ticket.own.as_mut())
    }

    pub(crate) fn own(&self, id: TicketId) -> Option<(&Ticket, &OwnTicket)> {
        self.all.get(&id).and_then(|ticket| ticket.own.as_ref().map(|own| (ticket, own)))
    }

    pub(crate) fn add_own(&mut self, id: TicketId, mut ticket: Ticket) {
        ticket.told = self.all.remove(&id).and_then(|heard| heard.told);
        self.all.insert(id, ticket);
        self.issued.push(id);
    }

    /// Own tickets, newest first.
    pub(crate) fn newest_own(&self) -> impl Iterator<Item = (TicketId, &Ticket, &OwnTicket)> {
        self.issued.iter().rev().filter_map(|id| self.own(*id).map(|(ticket, own)| (*id, ticket, own)))
    }

    pub(crate) fn set_figures(&mut self, queue: QueueId, figures: Figures) {
        self.figures.insert(queue, figures);
    }

    pub(crate) fn set_status(&mut self, id: TicketId, status: TicketStatus) {
        if let Some(ticket) = self.all.get_mut(&id) {
            ticket.status = status;
        }
    }

    /// Takes up what the server says of one ticket.
    pub(crate) fn hear(&mut self, remote: &RemoteTicket, now: Now) {
        let RemoteTicket { id, queue, number, status, priority, created_at_ms, called_at_ms: _, counter: _ } = remote;
        let told = Some(Told { queue: *queue, number: number.clone(), status: *status });
        match self.all.get_mut(id) {
            Some(known) => {
                known.told = told;
                known.queue = *queue;
                known.status = *status;
                known.priority = *priority;
            }
            None if status.is_live() => {
                self.use_label(number, now);
                self.all.insert(
                    *id,
                    Ticket {
                        queue: *queue,
                        number: number.clone(),
                        priority: *priority,
                        created_at_ms: *created_at_ms,
                        status: *status,
                        told,
                        own: None,
                    },
                );
            }
            None => {}
        }
        if !status.is_live() && self.all.get(id).is_some_and(|known| known.own.is_none()) {
            self.all.remove(id);
        }
    }

    /// Takes up everything that lives on the server. An own ticket that the server holds and does not name has ended.
    pub(crate) fn hear_all(&mut self, remote: &[RemoteTicket], server_holds: u64, now: Now) {
        let named = |id: &TicketId| remote.iter().any(|ticket| ticket.id == *id);
        self.all.retain(|id, ticket| ticket.own.is_some() || named(id));
        for (id, ticket) in &mut self.all {
            ticket.told = None;
            let held = ticket.own.as_ref().is_some_and(|own| own.issued_seq <= server_holds);
            if held && ticket.status.is_live() && !named(id) {
                ticket.status = TicketStatus::Done;
            }
        }
        for ticket in remote {
            self.hear(ticket, now);
        }
    }

    /// The live tickets of some queues in the server's words.
    pub(crate) fn told_live(&self, has_queue: impl Fn(QueueId) -> bool) -> impl Iterator<Item = LiveTicket<'_>> {
        self.all.iter().filter_map(move |(id, ticket)| {
            let Told { queue, number, status } = ticket.told.as_ref()?;
            let shown = status.is_live() && has_queue(*queue);
            shown.then_some(LiveTicket { id: *id, queue: *queue, number, status: *status })
        })
    }

    /// A label stands on a new ticket, whoever issued it.
    pub(crate) fn use_label(&mut self, label: &str, now: Now) {
        self.labels.retain(|_, used_at| now.elapsed_ms.saturating_sub(*used_at) < LABEL_COOL_DOWN_MS);
        self.labels.insert(label.to_owned(), now.elapsed_ms);
    }

    /// Whether a label must not stand on a new paper: somebody may still hold it, or held it a moment ago.
    pub(crate) fn is_taken(&self, number: &TicketNumber, server_ms: Option<i64>, online: bool, now: Now) -> bool {
        let label = number.to_string();
        let used = self.labels.get(&label);
        if used.is_some_and(|used_at| now.elapsed_ms.saturating_sub(*used_at) < LABEL_COOL_DOWN_MS) {
            return true;
        }
        let oldest_ms = server_ms.unwrap_or(now.wall_ms) - PRESUMED_OVER_MS;
        self.all.values().any(|ticket| {
            ticket.number == label && ticket.status.is_live() && (online || ticket.created_at_ms > oldest_ms)
        })
    }

    /// People who wait in a queue.
    pub(crate) fn waiting(&self, queue: QueueId) -> u32 {
        let count = self.waiting_in(queue).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn waiting_in(&self, queue: QueueId) -> impl Iterator<Item = (&TicketId, &Ticket)> {
        self.all.iter().filter(move |(_, ticket)| ticket.queue == queue && ticket.status == TicketStatus::Waiting)
    }

    /// People who will be called before this ticket.
    pub(crate) fn people_ahead(&self, id: TicketId, queue: QueueId, algorithm: Algorithm, now_ms: i64) -> u32 {
        let mut candidates: Vec<_> = self
            .waiting_in(queue)
            .map(|(id, ticket)| Candidate {
                id: *id,
                priority: ticket.priority,
                created_at_ms: ticket.created_at_ms,
                number: ticket.number.clone(),
            })
            .collect();
        // Stations do not know a queue's promised time; the server's order differs from arrival only for late tickets.
        arrange(&mut candidates, algorithm, i64::MAX, now_ms);
        let ahead = candidates.iter().position(|candidate| candidate.id == id).unwrap_or(candidates.len());
        u32::try_from(ahead).unwrap_or(u32::MAX)
    }

    /// The likely wait behind so many people.
    pub(crate) fn wait_behind(&self, people_ahead: u32, queue: QueueId) -> WaitRange {
        let figures = self
            .figures
            .get(&queue)
            .copied()
            .unwrap_or(Figures { mean_service_seconds: DEFAULT_SERVICE_SECONDS, available_agents: 1 });
        people_ahead_wait(eta_seconds(people_ahead, figures.mean_service_seconds, figures.available_agents))
    }

    /// Forgets own tickets that ended long ago and that the server holds.
    pub(crate) fn forget_ended(&mut self, server_holds: u64) {
        let forgotten: Vec<_> = self
            .newest_own()
            .filter(|(_, ticket, own)| own.issued_seq <= server_holds && !ticket.status.is_live())
            .map(|(id, _, _)| id)
            .skip(KEPT_ENDED)
            .collect();
        self.forget(&forgotten);
    }

    /// Forgets every own ticket of an earlier day.
    pub(crate) fn forget_earlier_days(&mut self, day: ServiceDay) {
        let forgotten: Vec<_> = self.newest_own().filter(|(_, _, own)| own.day < day).map(|(id, _, _)| id).collect();
        self.forget(&forgotten);
    }

    fn forget(&mut self, forgotten: &[TicketId]) {
        if !forgotten.is_empty() {
            self.all.retain(|id, _| !forgotten.contains(id));
            self.issued.retain(|id| !forgotten.contains(id));
        }
    }
}
