//! From records to state, at start. What the journal does not settle is settled here, once, before anything is issued:
//! a number that was never sent to the printer is taken back; one that may be on paper is never printed as an original
//! again.

use crate::tickets::{OwnTicket, Ticket};
use crate::{Now, PrintState, Settings, Station, StoredFact};
use smartqueue_domain::{
    CopyNumber, PrintDoubt, PrintOutcome, Record, SeriesGrant, TicketId, TicketStatus, VoidReason,
};

impl Station {
    /// A station as its journal remembers it. `server_holds` is the highest record that the server acknowledged.
    pub fn restore(
        settings: Settings,
        facts: impl IntoIterator<Item = StoredFact>,
        server_holds: u64,
        now: Now,
    ) -> Station {
        let mut station = Station::new(settings, now);
        station.link.server_holds = server_holds;
        let mut unsettled: Vec<(TicketId, CopyNumber, bool)> = Vec::new();
        for StoredFact { seq, record } in facts {
            station.link.journal_holds = seq;
            match record {
                Record::StationPaired { station: id, letter } => station.series.set_identity(id, letter),
                Record::SeriesGranted(SeriesGrant { queue, from_day }) => {
                    station.series.grant(SeriesGrant { queue, from_day });
                }
                Record::DayOpened { day } => station.series.open_day(day),
                Record::TicketIssued { ticket, queue, letter, number, day, language, priority, touched_at_ms } => {
                    station.series.recall(queue, letter, number.value(), day, touched_at_ms);
                    unsettled.push((ticket, CopyNumber::ORIGINAL, false));
                    station.tickets.add_own(
                        ticket,
                        Ticket {
                            queue,
                            number: number.to_string(),
                            priority,
                            created_at_ms: touched_at_ms,
                            status: TicketStatus::Waiting,
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
                    unsettled.retain(|(id, of, _)| (*id, *of) != (ticket, copy));
                    unsettled.push((ticket, copy, true));
                    if let Some(own) = station.tickets.own_mut(ticket) {
                        own.copies = own.copies.max(copy.0);
                    }
                }
                Record::SlipEnded { ticket, copy, outcome } => {
                    unsettled.retain(|(id, of, _)| (*id, *of) != (ticket, copy));
                    station.tickets.settle_print(ticket, copy, outcome);
                }
                Record::TicketVoided { ticket, reason: VoidReason::NeverSent } => {
                    unsettled.retain(|(id, _, _)| *id != ticket);
                    station.tickets.set_status(ticket, TicketStatus::Cancelled);
                }
            }
        }
        station.settle(unsettled);
        station.tickets.forget_ended(server_holds);
        station.advance_day(now);
        station
    }

    fn settle(&mut self, unsettled: Vec<(TicketId, CopyNumber, bool)>) {
        let records: Vec<_> = unsettled
            .into_iter()
            .map(|(ticket, copy, sent)| {
                if sent {
                    let outcome = PrintOutcome::Unknown(PrintDoubt::PowerCut);
                    self.tickets.settle_print(ticket, copy, outcome);
                    Record::SlipEnded { ticket, copy, outcome }
                } else {
                    self.tickets.set_status(ticket, TicketStatus::Cancelled);
                    Record::TicketVoided { ticket, reason: VoidReason::NeverSent }
                }
            })
            .collect();
        if !records.is_empty() {
            self.append_facts(records);
        }
    }
}
