//! The link to the server as the engine sees it: what was said last, what is not sent yet, and in which order events
//! came. This module never opens a connection.

use crate::station::AppendPurpose;
use crate::{Connection, ConnectionState, Effect, Fault, Greeting, Now, RemoteEvent, Station};
use smartqueue_domain::{Epoch, Record, SeriesLetter, StationId, state_hash};

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
    /// The life of the server's database that the cursor belongs to.
    server_epoch: Option<Epoch>,
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
            server_epoch: None,
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

    /// A copy of this station is at work. Numbers under the old identity could come twice, so there are none until a new
    /// pairing gives another letter.
    pub(crate) fn handle_identity_lost(&mut self, now: Now) {
        if self.series.identity().is_some() {
            self.series.lose_identity();
            self.append_facts(vec![Record::IdentityLost]);
        }
        self.link.become_state(ConnectionState::Offline, now);
        self.raise(Fault::NotPaired, now);
        self.decide_waiting_touches(now);
    }

    pub(crate) fn handle_greeted(&mut self, greeting: Greeting, now: Now) {
        let Greeting {
            server_ms,
            took_ms,
            highest_seq,
            settings,
            grants,
            event_seq,
            tickets,
            figures,
            server_epoch,
            server_series,
            released,
            set_aside,
            configuration_refused,
        } = greeting;
        self.settings = settings;
        self.link.settled = true;
        self.link.become_state(ConnectionState::Online, now);
        self.clear(Fault::ServerRefused);
        self.set_standing(Fault::ConfigurationRefused, configuration_refused, now);
        self.set_standing(Fault::RecordsSetAside, set_aside > 0, now);
        self.hear_server_time(server_ms, Some(took_ms), now);
        // Once a connection is often enough: the boot-time clock carries it on.
        self.effects.extend(self.series.server_time().map(Effect::RememberServerTime));
        self.advance_day(now);
        let mut facts = Vec::new();
        for grant in grants {
            if self.series.grant(grant) {
                facts.push(Record::SeriesGranted(grant));
            }
        }
        for asked in released {
            if let Some(release) = self.series.release_for(asked) {
                self.series.release(release);
                facts.push(Record::SeriesReleased(release));
            }
        }
        self.series.set_server_series(server_series);
        if !facts.is_empty() {
            self.append_facts(facts);
        }
        // A server that was put back from a copy may hold less than it once acknowledged: it gets the rest again.
        let holds = highest_seq.min(self.link.journal_holds);
        if holds != self.link.server_holds {
            self.hold(holds);
        }
        for (queue, figures) in figures {
            self.tickets.set_figures(queue, figures);
        }
        // After a lost connection the events since the cursor follow, calls among them: the snapshot would hide those.
        // Another life of the server's database, or a log that ends before the cursor, is another log: start over.
        let other_life = self.link.server_epoch != server_epoch && self.link.server_epoch.is_some();
        self.link.server_epoch = server_epoch;
        if other_life || self.link.cursor.is_none_or(|cursor| event_seq < cursor) {
            self.tickets.hear_all(&tickets, self.link.server_holds, now);
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

    pub(crate) fn hear_server_time(&mut self, server_ms: i64, took_ms: Option<u64>, now: Now) {
        self.series.hear_server_time(server_ms, took_ms, now);
        if server_ms.abs_diff(now.wall_ms) > CLOCK_TOLERANCE_MS {
            self.raise(Fault::ClockDoubtful, now);
        } else {
            self.clear(Fault::ClockDoubtful);
        }
    }

    pub(crate) fn hear_pushed(&mut self, highest_seq: u64) {
        if highest_seq > self.link.server_holds && highest_seq <= self.link.journal_holds {
            self.hold(highest_seq);
        }
    }

    fn hold(&mut self, highest_seq: u64) {
        self.link.server_holds = highest_seq;
        self.effects.push_back(Effect::RememberPushed { highest_seq });
        self.tickets.forget_ended(highest_seq);
    }

    /// Compares what the server sees with what this station sees, if both look at the same moment.
    pub(crate) fn handle_state_hash(&mut self, seq: u64, hash: u64) {
        let settings = &self.settings;
        let seen = state_hash(self.tickets.told_live(|queue| settings.queue(queue).is_some()));
        if self.link.cursor == Some(seq) && seen != hash {
            self.link.cursor = None;
            self.effects.push_back(Effect::StartOver);
        }
    }

    pub(crate) fn handle_event(&mut self, seq: u64, prev: u64, event: RemoteEvent, now: Now) {
        if let RemoteEvent::Snapshot { tickets, figures } = event {
            for (queue, figures) in figures {
                self.tickets.set_figures(queue, figures);
            }
            self.tickets.hear_all(&tickets, self.link.server_holds, now);
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
            RemoteEvent::Ticket(ticket) => self.tickets.hear(&ticket, now),
            RemoteEvent::Call { ticket, recall } => {
                self.tickets.hear(&ticket, now);
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
