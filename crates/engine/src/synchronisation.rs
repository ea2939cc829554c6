//! The link to the server as the engine sees it: what was said last, what is not sent yet, and in which order events
//! came. This module never opens a connection.

use crate::station::AppendPurpose;
use crate::{Connection, ConnectionState, Effect, Fault, Greeting, Now, RemoteEvent, Station};
use smartqueue_domain::{Record, SeriesLetter, StationId};

/// A difference between the machine's clock and the server's that staff should know of.
const CLOCK_TOLERANCE_MS: u64 = 120_000;

#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) state: ConnectionState,
    pub(crate) since_ms: i64,
    /// The highest record of the journal.
    pub(crate) journal_holds: u64,
    /// The highest record that the server acknowledged.
    pub(crate) server_holds: u64,
    /// The last event taken up.
    pub(crate) cursor: Option<u64>,
    /// Whether the server answered, or failed to, since the start.
    pub(crate) settled: bool,
}

impl Link {
    pub(crate) fn new(has_server: bool, now: Now) -> Link {
        Link {
            state: if has_server { ConnectionState::Connecting } else { ConnectionState::Standalone },
            since_ms: now.wall_ms,
            journal_holds: 0,
            server_holds: 0,
            cursor: None,
            settled: !has_server,
        }
    }

    pub(crate) fn view(&self) -> Connection {
        let unsent = match self.state {
            ConnectionState::Standalone => 0,
            ConnectionState::Online | ConnectionState::Connecting | ConnectionState::Offline => {
                self.journal_holds.saturating_sub(self.server_holds)
            }
        };
        Connection { state: self.state, since_ms: self.since_ms, unsent }
    }

    pub(crate) fn is_online(&self) -> bool {
        self.state == ConnectionState::Online
    }

    fn become_state(&mut self, state: ConnectionState, now: Now) {
        if self.state != state {
            self.state = state;
            self.since_ms = now.wall_ms;
        }
    }
}

impl Station {
    pub(crate) fn handle_paired(&mut self, station: StationId, letter: SeriesLetter) {
        if self.series.identity() != Some((station, letter)) {
            self.series.set_identity(station, letter);
            self.append_facts(vec![Record::StationPaired { station, letter }]);
        }
        self.clear(Fault::NotPaired);
    }

    pub(crate) fn handle_greeted(&mut self, greeting: Greeting, now: Now) {
        let Greeting { server_ms, highest_seq, settings, grants, event_seq, tickets, figures } = greeting;
        self.settings = settings;
        self.link.settled = true;
        self.link.become_state(ConnectionState::Online, now);
        self.clear(Fault::ServerRefused);
        self.hear_server_time(server_ms, now);
        self.advance_day(now);
        let fresh: Vec<_> = grants.into_iter().filter(|grant| self.series.grant(*grant)).collect();
        if !fresh.is_empty() {
            self.append_facts(fresh.into_iter().map(Record::SeriesGranted).collect());
        }
        self.hear_pushed(highest_seq);
        for (queue, figures) in figures {
            self.tickets.set_figures(queue, figures);
        }
        // After a lost connection the events since the cursor follow, calls among them: the snapshot would hide those.
        // A log that ends before the cursor is another log, of a server that was restored: start over from it.
        if self.link.cursor.is_none_or(|cursor| event_seq < cursor) {
            self.tickets.hear_all(&tickets, self.link.server_holds);
            self.board_hear_all(&tickets);
            self.link.cursor = Some(event_seq);
        }
        self.decide_waiting_touches(now);
        if self.link.journal_holds > self.link.server_holds {
            self.effects.push_back(Effect::Push);
        }
    }

    pub(crate) fn handle_link_lost(&mut self, refused: bool, now: Now) {
        self.link.settled = true;
        self.link.become_state(ConnectionState::Offline, now);
        if refused {
            self.raise(Fault::ServerRefused, now);
        }
        if self.series.identity().is_none() {
            self.raise(Fault::NotPaired, now);
        }
        self.decide_waiting_touches(now);
    }

    pub(crate) fn hear_server_time(&mut self, server_ms: i64, now: Now) {
        self.series.hear_server_time(server_ms, now);
        if server_ms.abs_diff(now.wall_ms) > CLOCK_TOLERANCE_MS {
            self.raise(Fault::ClockDoubtful, now);
        } else {
            self.clear(Fault::ClockDoubtful);
        }
    }

    pub(crate) fn hear_pushed(&mut self, highest_seq: u64) {
        if highest_seq > self.link.server_holds && highest_seq <= self.link.journal_holds {
            self.link.server_holds = highest_seq;
            self.effects.push_back(Effect::RememberPushed { highest_seq });
            self.tickets.forget_ended(highest_seq);
        }
    }

    pub(crate) fn handle_event(&mut self, seq: u64, prev: u64, event: RemoteEvent, now: Now) {
        if let RemoteEvent::Snapshot { tickets, figures } = event {
            for (queue, figures) in figures {
                self.tickets.set_figures(queue, figures);
            }
            self.tickets.hear_all(&tickets, self.link.server_holds);
            self.board_hear_all(&tickets);
            self.link.cursor = Some(seq);
            return;
        }
        let cursor = self.link.cursor.unwrap_or(0);
        if seq <= cursor {
            return;
        }
        if prev > cursor {
            self.effects.push_back(Effect::Resynchronise);
            return;
        }
        self.link.cursor = Some(seq);
        match event {
            RemoteEvent::Ticket(ticket) => self.tickets.hear(&ticket),
            RemoteEvent::Call { ticket, recall } => {
                self.tickets.hear(&ticket);
                self.board_call(seq, &ticket, recall, now);
            }
            RemoteEvent::Figures { queue, figures } => self.tickets.set_figures(queue, figures),
            RemoteEvent::ConfigurationPublished => self.effects.push_back(Effect::Resynchronise),
            RemoteEvent::Snapshot { .. } => {}
        }
    }

    pub(crate) fn append_facts(&mut self, records: Vec<Record>) {
        self.append(AppendPurpose::Facts, records);
    }
}
