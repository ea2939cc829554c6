//! The board: each call once, in order; a late call is shown as late and never spoken. This module never speaks itself.

use crate::{
    AnnouncementOutcome, BoardView, CallLine, CallToAnnounce, Effect, Fault, Now, RemoteTicket, Station, WaitingLine,
};
use smartqueue_domain::{TicketId, TicketNumber, TicketStatus};
use std::collections::VecDeque;

/// A call older than this is late: it is shown, marked, and not spoken.
const FRESH_MS: i64 = 60_000;

/// How long a call stays highlighted, in milliseconds.
const HIGHLIGHT_MS: u64 = 15_000;

/// Called tickets highlighted at once.
const HIGHLIGHTED: usize = 2;

/// Earlier calls listed.
const LISTED: usize = 6;

/// Calls remembered.
const KEPT: usize = 24;

#[derive(Clone, Debug, Default)]
pub(crate) struct Board {
    /// Newest first.
    calls: VecDeque<Call>,
}

#[derive(Clone, Debug)]
struct Call {
    /// The event's place in the site's log; nothing for a call that came with a snapshot.
    seq: Option<u64>,
    ticket: TicketId,
    remote: RemoteTicket,
    called_at_ms: i64,
    recall: bool,
    late: bool,
    announced: Option<AnnouncementOutcome>,
    highlight_until_ms: u64,
}

impl Call {
    fn key(&self) -> String {
        match self.seq {
            Some(seq) => seq.to_string(),
            None => format!("{}@{}", self.ticket, self.called_at_ms),
        }
    }
}

impl Station {
    pub(crate) fn board_call(&mut self, seq: u64, ticket: &RemoteTicket, recall: bool, now: Now) {
        if !self.settings.shows_calls || self.settings.queue(ticket.queue).is_none() {
            return;
        }
        let server_now_ms = self.series.server_now_ms(now).unwrap_or(now.wall_ms);
        let called_at_ms = ticket.called_at_ms.unwrap_or(server_now_ms);
        let late = server_now_ms - called_at_ms > FRESH_MS;
        let number = TicketNumber::parse(&ticket.number).ok();
        let announcement = match number {
            Some(number) if self.settings.speaks && !late => Some(CallToAnnounce {
                call: seq,
                number,
                counter: ticket.counter.clone().unwrap_or_default(),
                languages: self.announcement_languages(ticket.id),
                recall,
            }),
            Some(_) | None => None,
        };
        let announced = announcement.is_none().then_some(AnnouncementOutcome::Silent);
        self.board.calls.push_front(Call {
            seq: Some(seq),
            ticket: ticket.id,
            remote: ticket.clone(),
            called_at_ms,
            recall,
            late,
            announced,
            highlight_until_ms: now.elapsed_ms + HIGHLIGHT_MS,
        });
        self.board.calls.truncate(KEPT);
        match announcement {
            Some(call) => self.effects.push_back(Effect::Announce(call)),
            None => self.effects.push_back(Effect::Acknowledge { call: seq, outcome: AnnouncementOutcome::Silent }),
        }
    }

    /// The site's own language, then the customer's where this station knows it.
    fn announcement_languages(&self, ticket: TicketId) -> Vec<smartqueue_domain::Language> {
        let mut languages = vec![self.settings.default_language()];
        if let Some((_, own)) = self.tickets.own(ticket)
            && !languages.contains(&own.language)
        {
            languages.push(own.language);
        }
        languages
    }

    /// Shows the calls that a snapshot tells of. They were made before this board listened, so they are not spoken.
    pub(crate) fn board_hear_all(&mut self, tickets: &[RemoteTicket]) {
        if !self.settings.shows_calls {
            return;
        }
        for ticket in tickets {
            let Some(called_at_ms) = ticket.called_at_ms else { continue };
            let in_progress = matches!(ticket.status, TicketStatus::Called | TicketStatus::InService);
            let known =
                self.board.calls.iter().any(|call| call.ticket == ticket.id && call.called_at_ms == called_at_ms);
            if in_progress && !known && self.settings.queue(ticket.queue).is_some() {
                self.board.calls.push_back(Call {
                    seq: None,
                    ticket: ticket.id,
                    remote: ticket.clone(),
                    called_at_ms,
                    recall: false,
                    late: true,
                    announced: Some(AnnouncementOutcome::Silent),
                    highlight_until_ms: 0,
                });
            }
        }
        self.board.calls.make_contiguous().sort_by_key(|call| std::cmp::Reverse(call.called_at_ms));
        self.board.calls.truncate(KEPT);
    }

    pub(crate) fn handle_announced(&mut self, call: u64, outcome: AnnouncementOutcome, now: Now) {
        match outcome {
            AnnouncementOutcome::Failed => self.raise(Fault::SoundUnavailable, now),
            AnnouncementOutcome::Spoken => self.clear(Fault::SoundUnavailable),
            AnnouncementOutcome::Silent => {}
        }
        if let Some(known) = self.board.calls.iter_mut().find(|known| known.seq == Some(call)) {
            known.announced = Some(outcome);
            self.effects.push_back(Effect::Acknowledge { call, outcome });
        }
    }

    /// When the next highlight ends.
    pub(crate) fn board_timeout(&self, now: Now) -> Option<u64> {
        self.board.calls.iter().map(|call| call.highlight_until_ms).filter(|until| *until > now.elapsed_ms).min()
    }

    pub(crate) fn board_view(&self, now: Now) -> BoardView {
        let highlighted: Vec<_> =
            self.board.calls.iter().filter(|call| call.highlight_until_ms > now.elapsed_ms).take(HIGHLIGHTED).collect();
        // When nothing was called for a while, the last person who has not arrived yet stays in the large zone.
        let calling = if highlighted.is_empty() {
            let expected = |call: &&Call| {
                self.tickets.get(call.ticket).is_some_and(|ticket| ticket.status == TicketStatus::Called)
            };
            self.board.calls.iter().take(1).filter(expected).collect()
        } else {
            highlighted
        };
        let shown: Vec<_> = calling.iter().map(|call| call.ticket).collect();
        let mut listed: Vec<TicketId> = Vec::new();
        let recent = self
            .board
            .calls
            .iter()
            .filter(|call| {
                let first = !shown.contains(&call.ticket) && !listed.contains(&call.ticket);
                listed.push(call.ticket);
                first
            })
            .take(LISTED);
        BoardView {
            open: self.settings.queues.iter().any(|queue| queue.is_open(now.local())),
            stale_since_ms: self.board_stale_since(),
            calling: calling.iter().map(|call| self.call_line(call)).collect(),
            recent: recent.map(|call| self.call_line(call)).collect(),
            waiting: self.settings.queues.iter().map(|queue| self.waiting_line(queue)).collect(),
            ticker: self.settings.ticker.clone(),
            language: self.settings.default_language(),
        }
    }

    fn board_stale_since(&self) -> Option<i64> {
        match self.link.state {
            crate::ConnectionState::Online | crate::ConnectionState::Standalone => None,
            crate::ConnectionState::Connecting | crate::ConnectionState::Offline => Some(self.link.since_ms),
        }
    }

    fn call_line(&self, call: &Call) -> CallLine {
        let language = self.settings.default_language();
        let queue = self.settings.queue(call.remote.queue);
        CallLine {
            call: call.key(),
            ticket: call.ticket,
            number: call.remote.number.clone(),
            queue: call.remote.queue,
            service_name: queue.map(|queue| queue.name_in(language).name.clone()).unwrap_or_default(),
            letter: queue.map(|queue| queue.prefix.clone()).unwrap_or_default(),
            colour: queue.map(|queue| queue.colour.clone()).unwrap_or_default(),
            icon: queue.map(|queue| queue.icon.clone()).unwrap_or_default(),
            counter: call.remote.counter.clone().unwrap_or_default(),
            called_at_ms: call.called_at_ms,
            recall: call.recall,
            late: call.late,
            announced: call.announced,
        }
    }

    fn waiting_line(&self, queue: &smartqueue_domain::Queue) -> WaitingLine {
        let waiting = self.tickets.waiting(queue.id);
        WaitingLine {
            queue: queue.id,
            name: queue.name_in(self.settings.default_language()).name.clone(),
            letter: queue.prefix.clone(),
            colour: queue.colour.clone(),
            icon: queue.icon.clone(),
            waiting,
            wait: self.link.is_online().then(|| self.tickets.wait_behind(waiting, queue.id)),
        }
    }
}
