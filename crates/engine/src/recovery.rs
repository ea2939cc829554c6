//! From records to state, at start. What the journal does not settle is settled here, once, before anything is issued:
//! a touch that the server was asked about and that has no number is withdrawn; a number that was never sent to the
//! printer is taken back; one that may be on paper is never printed as an original again.

use crate::tickets::{OwnTicket, Ticket};
use crate::{Memory, Now, PrintState, Settings, Station, StoredFact};
use smartqueue_domain::{CopyNumber, PrintDoubt, PrintOutcome, Record, TicketId, TicketStatus, VoidReason};

/// What the records leave open, in their order.
#[derive(Default)]
struct Unsettled {
    /// Touches that the server was asked about.
    requested: Vec<TicketId>,
    /// Prints, and whether "sent" was durable.
    prints: Vec<(TicketId, CopyNumber, bool)>,
}

impl Station {
    /// A station as its journal and its small memory remember it.
    pub fn restore(
        settings: Settings,
        facts: impl IntoIterator<Item = StoredFact>,
        memory: Memory,
        now: Now,
    ) -> Station {
        let mut station = Station::new(settings, &memory, now);
        station.link.server_holds = memory.server_holds;
        let mut unsettled = Unsettled::default();
        for StoredFact { seq, record } in facts {
            station.link.journal_holds = seq;
            match record {
                Record::StationPaired { station: id, letter } => station.series.set_identity(id, letter),
                Record::SeriesGranted(grant) => {
                    station.series.grant(grant);
                }
                Record::SeriesReleased(release) => station.series.release(release),
                Record::IdentityLost => station.series.lose_identity(),
                Record::DayOpened { day } => station.series.open_day(day),
                Record::TicketRequested { ticket, .. } => unsettled.requested.push(ticket),
                Record::TicketIssued {
                    ticket,
                    queue,
                    letter,
                    number,
                    day,
                    language,
                    priority,
                    touched_at_ms,
                    dated_by,
                    moment,
                } => {
                    let dated = (touched_at_ms, dated_by, moment);
                    station.series.recall((queue, letter, number.value()), day, dated);
                    if let Some(moment) = moment.filter(|moment| moment.boot == memory.boot) {
                        station.tickets.use_label(&number.to_string(), Now { elapsed_ms: moment.elapsed_ms, ..now });
                    }
                    unsettled.requested.retain(|id| *id != ticket);
                    unsettled.prints.push((ticket, CopyNumber::ORIGINAL, false));
                    station.tickets.add_own(
                        ticket,
                        Ticket {
                            queue,
                            number: number.to_string(),
                            priority,
                            created_at_ms: touched_at_ms,
                            status: TicketStatus::Waiting,
                            told: None,
                            own: Some(OwnTicket {
                                number,
                                language,
                                day,
                                issued_seq: seq,
                                print: PrintState::Issued,
                                original_may_exist: false,
                                copies: 0,
                                people_ahead: None,
                                wait: None,
                            }),
                        },
                    );
                }
                Record::SlipSent { ticket, copy } => {
                    unsettled.prints.retain(|(id, of, _)| (*id, *of) != (ticket, copy));
                    unsettled.prints.push((ticket, copy, true));
                    if let Some(own) = station.tickets.own_mut(ticket) {
                        own.copies = own.copies.max(copy.0);
                    }
                }
                Record::SlipEnded { ticket, copy, outcome } => {
                    unsettled.prints.retain(|(id, of, _)| (*id, *of) != (ticket, copy));
                    station.tickets.settle_print(ticket, copy, outcome);
                }
                Record::TicketVoided { ticket, reason: VoidReason::NeverIssued } => {
                    unsettled.requested.retain(|id| *id != ticket);
                    station.numbering.withdraw(ticket);
                }
                Record::TicketVoided { ticket, reason: VoidReason::NeverSent } => {
                    unsettled.prints.retain(|(id, _, _)| *id != ticket);
                    station.tickets.set_status(ticket, TicketStatus::Cancelled);
                }
            }
        }
        station.settle(unsettled);
        station.tickets.forget_ended(memory.server_holds);
        station.advance_day(now);
        if station.lost_its_identity(&memory) {
            station.handle_identity_lost(now);
        }
        station
    }

    /// Whether the power went between losing an identity and recording that, or after the next identity was kept: what
    /// the records say is owned belongs to somebody else by now.
    fn lost_its_identity(&self, memory: &Memory) -> bool {
        match (memory.identity, self.series.identity()) {
            (Some(kept), Some((recorded, _))) => kept != recorded,
            (None, _) => memory.enrolled_anew,
            // Cut off before it was recorded: pairing again brings the same station and letter.
            (Some(_), None) => false,
        }
    }

    fn settle(&mut self, unsettled: Unsettled) {
        let Unsettled { requested, prints } = unsettled;
        let mut records = Vec::new();
        for ticket in requested {
            self.numbering.withdraw(ticket);
            records.push(Record::TicketVoided { ticket, reason: VoidReason::NeverIssued });
        }
        for (ticket, copy, sent) in prints {
            records.push(if sent {
                let outcome = PrintOutcome::Unknown(PrintDoubt::PowerCut);
                self.tickets.settle_print(ticket, copy, outcome);
                Record::SlipEnded { ticket, copy, outcome }
            } else {
                self.tickets.set_status(ticket, TicketStatus::Cancelled);
                Record::TicketVoided { ticket, reason: VoidReason::NeverSent }
            });
        }
        if !records.is_empty() {
            self.append_facts(records);
        }
    }
}
