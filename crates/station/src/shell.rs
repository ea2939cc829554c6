//! The only loop of a station: wait for the next input or the next time-out, hand it to the engine, start a worker for
//! each effect, publish the view if it changed.
//!
//! Appending to the journal is the one effect that the loop does itself, because nothing may overtake it.

use crate::clock::Clock;
use crate::door::{Command, PaperView, View};
use crate::link::{LinkNews, LinkOrder, keep_identity};
use crate::workers::{PaperCounted, PaperLeft, PrinterOrder, PrinterWorker, SoundWorker};
use serde::{Deserialize, Serialize};
use smartqueue_domain::BootId;
use smartqueue_engine::{AnnouncementOutcome, ConnectionState, Effect, Input, ServerTime, Station};
use smartqueue_journal::{Journal, JournalError};
use smartqueue_protocol::event::StationState;
use smartqueue_protocol::provisioning::Mode;
use smartqueue_protocol::station_sync::PUSH_LIMIT;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

/// The journal's keys for small values.
pub(crate) const META_ACKNOWLEDGED: &str = "acknowledged";
pub(crate) const META_CONFIGURATION: &str = "configuration";
pub(crate) const META_IDENTITY: &str = "identity";
/// How much paper is used of the roll.
pub(crate) const META_ROLL: &str = "roll";
/// Under which name the journal is enrolled, since a copy of this station was found at work; its own epoch until then.
pub(crate) const META_ENROLMENT: &str = "enrolment";
/// The machine on which the profile runs.
pub(crate) const META_MACHINE: &str = "machine";
/// The server's time as it was heard last, with the boot whose clock carries it on.
pub(crate) const META_SERVER_TIME: &str = "server_time";

/// How long a clean stop waits for slips in line, and for a server that is there to take the last records.
const PRINT_PATIENCE_MS: u64 = 30_000;
const PUSH_PATIENCE_MS: u64 = 2_000;

/// What the link says is taken in up to so often before the view is shown again.
const NEWS_A_VIEW: usize = 200;

/// Whoever wants to see each changed view.
pub(crate) type Listener = Box<dyn Fn(Arc<View>) + Send>;

/// What reaches the loop.
pub(crate) enum Message {
    /// From a worker.
    Input(Input),
    /// From a face or a script.
    Command(Command),
    /// From the link.
    Link(LinkNews),
    /// The printer's worker has counted paper.
    PaperCounted(PaperCounted),
    /// A new listener, who gets the present view at once.
    Listen(Listener),
    /// Let the workers finish, then end.
    Stop,
}

/// The server's time as the journal keeps it beside its records.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct KeptServerTime {
    pub(crate) boot: Uuid,
    pub(crate) server_ms: i64,
    #[serde(default)]
    pub(crate) doubt_ms: u64,
    pub(crate) elapsed_ms: u64,
}

/// The loop's parts.
pub(crate) struct Shell {
    pub(crate) boot: BootId,
    pub(crate) mode: Mode,
    pub(crate) station: Station,
    pub(crate) journal: Journal,
    pub(crate) clock: Clock,
    pub(crate) inbox: Receiver<Message>,
    /// For inputs that the loop gives to itself from another thread.
    pub(crate) outbox: Sender<Message>,
    pub(crate) printer: Option<PrinterWorker>,
    pub(crate) sound: Option<SoundWorker>,
    pub(crate) link: Option<mpsc::UnboundedSender<LinkOrder>>,
    pub(crate) link_state: watch::Sender<StationState>,
    pub(crate) view: watch::Sender<Arc<View>>,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) pin_hash: Option<String>,
    /// What was left on the roll when it was last counted.
    pub(crate) paper: Option<PaperLeft>,
}

impl Shell {
    /// Runs until it is told to stop, then until what was asked before has come to its end.
    pub(crate) fn run(mut self) {
        let mut asked_to_stop_ms: Option<u64> = None;
        let mut next: Option<Message> = None;
        self.settle();
        while !asked_to_stop_ms.is_some_and(|asked_ms| self.may_stop(asked_ms)) {
            let patience_ms = asked_to_stop_ms.map_or(u64::MAX, |asked_ms| self.patience_ends(asked_ms));
            let message = match next.take() {
                Some(message) => Ok(message),
                None => self.inbox.recv_timeout(self.clock.until(self.station.poll_timeout().min(patience_ms))),
            };
            match message {
                Ok(Message::Stop) => asked_to_stop_ms = asked_to_stop_ms.or(Some(self.clock.now().elapsed_ms)),
                Ok(Message::Link(news)) => next = self.take_in_news(news),
                Ok(message) => self.take_in(message),
                Err(RecvTimeoutError::Timeout) => self.hand_in(Input::TimePassed),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.tend_journal();
            self.settle();
        }
        self.finish();
    }

    /// Takes in what the link said, and what else it has said meanwhile; gives back the first message that is not the
    /// link's. A server that is back after a day tells of thousands of tickets, and a view for each of them would keep the
    /// records waiting that it does not have yet.
    fn take_in_news(&mut self, first: LinkNews) -> Option<Message> {
        let mut news = first;
        for _ in 0..NEWS_A_VIEW {
            self.take_link_news(news);
            self.perform_all();
            news = match self.inbox.try_recv().ok()? {
                Message::Link(news) => news,
                other @ (Message::Input(_)
                | Message::Command(_)
                | Message::PaperCounted(_)
                | Message::Listen(_)
                | Message::Stop) => return Some(other),
            };
        }
        Some(Message::Link(news))
    }

    /// A minute's care for the file. A file that fails it must not get the next record.
    fn tend_journal(&mut self) {
        if let Err(error) = self.journal.tend(self.clock.now().elapsed_ms) {
            tracing::error!(%error, kind = ?error.kind(), "the journal cannot be cared for");
            self.hand_in(Input::JournalFailed);
        }
    }

    /// A clean stop lets slips come out, and gives a server that is there a moment for the last records. Neither can
    /// lose anything: what is not sent now is sent at the next start.
    fn may_stop(&self, asked_ms: u64) -> bool {
        let connection = self.station.view().connection;
        let awaited = match connection.state {
            ConnectionState::Online | ConnectionState::Connecting => connection.unsent > 0,
            ConnectionState::Offline | ConnectionState::Standalone => false,
        };
        (self.station.is_idle() && !awaited) || self.clock.now().elapsed_ms >= self.patience_ends(asked_ms)
    }

    fn patience_ends(&self, asked_ms: u64) -> u64 {
        asked_ms + if self.station.is_idle() { PUSH_PATIENCE_MS } else { PRINT_PATIENCE_MS }
    }

    fn take_in(&mut self, message: Message) {
        match message {
            Message::Input(input) => self.hand_in(input),
            Message::Command(command) => match command.to_engine() {
                Some(command) => self.hand_in(Input::Command(command)),
                None => self.publish_again(),
            },
            Message::Link(news) => self.take_link_news(news),
            Message::PaperCounted(PaperCounted { left, to_keep }) => {
                self.paper = Some(left);
                // Losing it costs a slip's length of the count: no touch should wait for it.
                if let Err(error) = self.journal.set_meta_when_convenient(META_ROLL, &to_keep) {
                    tracing::error!(%error, "the roll's count cannot be kept");
                }
            }
            Message::Listen(listener) => {
                listener(Arc::clone(&self.view.borrow()));
                self.listeners.push(listener);
            }
            Message::Stop => {}
        }
    }

    fn hand_in(&mut self, input: Input) {
        self.station.handle(input, self.clock.now());
    }

    /// Does what the engine wants done until it wants nothing more, then shows the result.
    fn settle(&mut self) {
        self.perform_all();
        self.publish();
    }

    fn perform_all(&mut self) {
        while let Some(effect) = self.station.poll_effect() {
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Append { token, records } => {
                let input = match self.journal.append(&records) {
                    Ok(first_seq) => Input::Appended { token, first_seq },
                    Err(error) => {
                        tracing::error!(%error, kind = ?error.kind(), "the journal cannot be written");
                        Input::AppendFailed { token }
                    }
                };
                self.hand_in(input);
            }
            Effect::Print { job, slip } => {
                if let Some(printer) = &self.printer {
                    printer.order(PrinterOrder::Slip { job, content: slip });
                }
            }
            Effect::Announce(call) => match &self.sound {
                Some(sound) => sound.announce(call),
                None => self.hand_in(Input::Announced { call: call.call, outcome: AnnouncementOutcome::Silent }),
            },
            Effect::Acknowledge { call, outcome } => {
                let outcome = match outcome {
                    AnnouncementOutcome::Spoken => "spoken",
                    AnnouncementOutcome::Silent => "silent",
                    AnnouncementOutcome::Failed => "failed",
                };
                self.order_link(LinkOrder::Acknowledge { call, outcome });
            }
            Effect::Push => self.order_link(LinkOrder::Push),
            Effect::Resynchronise => self.order_link(LinkOrder::Resynchronise),
            Effect::StartOver => self.order_link(LinkOrder::StartOver),
            Effect::RequestNumber { ticket, queue } => {
                if self.link.is_some() {
                    self.order_link(LinkOrder::Issue { ticket, queue });
                } else {
                    self.hand_in(Input::NumberRefused { ticket });
                }
            }
            Effect::RememberServerTime(ServerTime { server_ms, doubt_ms, elapsed_ms }) => {
                let kept = KeptServerTime { boot: self.boot.0, server_ms, doubt_ms, elapsed_ms };
                let written = serde_json::to_string(&kept)
                    .map(|text| self.journal.set_meta_when_convenient(META_SERVER_TIME, &text));
                if let Ok(Err(error)) = written {
                    tracing::error!(%error, "the server's time cannot be kept");
                }
            }
            Effect::RememberPushed { highest_seq } => {
                // Losing it costs a second push of records that the server recognises: no touch should wait for it.
                let written = self.journal.set_meta_when_convenient(META_ACKNOWLEDGED, &highest_seq.to_string());
                if let Err(error) = written {
                    tracing::error!(%error, "how far the server holds the records cannot be kept");
                }
            }
            Effect::CheckPin { pin } => self.check_pin(pin),
            Effect::TestPrint => {
                if let Some(printer) = &self.printer {
                    printer.order(PrinterOrder::Test { language: smartqueue_domain::Language::French });
                }
            }
            Effect::TestSound => {
                if let Some(sound) = &self.sound {
                    sound.test();
                }
            }
        }
    }

    fn order_link(&self, order: LinkOrder) {
        if let Some(link) = &self.link {
            // A link that has ended wants no orders.
            let _ = link.send(order);
        }
    }

    /// Writes a small value; losing it costs work at the next start, never a ticket, so a failure is only logged.
    fn remember(&mut self, key: &str, value: &str) {
        if let Err(error) = self.journal.set_meta(key, value) {
            tracing::error!(%error, key, "a value cannot be kept");
        }
    }

    /// Argon2 takes tens of milliseconds by design: not in the loop.
    fn check_pin(&self, pin: String) {
        let outbox = self.outbox.clone();
        let hash = self.pin_hash.clone();
        std::thread::spawn(move || {
            let right = hash.is_some_and(|hash| crate::pin::matches(&pin, &hash));
            let _ = outbox.send(Message::Input(Input::PinChecked { right }));
        });
    }

    fn take_link_news(&mut self, news: LinkNews) {
        match news {
            LinkNews::Input(input) => self.hand_in(input),
            LinkNews::KeepIdentity { identity, kept } => match keep_identity(&mut self.journal, identity.as_ref()) {
                // Not answering ends the link's session: an identity that is not kept must not be used.
                Err(error) => tracing::error!(%error, "the identity cannot be kept"),
                Ok(()) => {
                    let _ = kept.send(());
                }
            },
            LinkNews::LoseIdentity { enrolment, lost } => match self.lose_identity(enrolment) {
                // Not answering ends the link's session: an identity that is not lost for good might be used again.
                Err(error) => tracing::error!(%error, "the loss of the identity cannot be kept"),
                Ok(acknowledged) => {
                    let _ = lost.send(acknowledged);
                }
            },
            LinkNews::KeepConfiguration { configuration, zone } => {
                self.clock.set_zone(zone);
                match serde_json::to_string(&configuration) {
                    Ok(text) => self.remember(META_CONFIGURATION, &text),
                    Err(error) => tracing::error!(%error, "the configuration has no text form"),
                }
            }
            LinkNews::RecordsAfter { seq, answer } => match self.journal.read_after(seq, PUSH_LIMIT) {
                Ok(records) => {
                    let _ = answer.send(records);
                }
                Err(error) => tracing::error!(%error, "the journal cannot be read"),
            },
        }
    }

    /// Forgets who this station was, under a new name if it must enrol anew; says which records the server holds.
    fn lose_identity(&mut self, enrolment: Option<Uuid>) -> Result<u64, JournalError> {
        match enrolment {
            // A copy is at work, so the old name must not pair again: that comes before the record.
            Some(enrolment) => {
                self.journal.set_meta(META_ENROLMENT, &enrolment.to_string())?;
                keep_identity(&mut self.journal, None)?;
                self.hand_in(Input::IdentityLost);
            }
            // Shut out: without the record a restart would go on with what it owned.
            None => {
                self.hand_in(Input::IdentityLost);
                keep_identity(&mut self.journal, None)?;
            }
        }
        Ok(self.station.server_holds())
    }

    /// Shows the view if it changed.
    fn publish(&mut self) {
        let known = self.station.view();
        let paper = self.paper.map(|PaperLeft { left_mm, slips_left }| PaperView { left_mm, slips_left });
        let view = View { paper, ..View::of(&known, self.mode, self.clock.zone()) };
        if **self.view.borrow() != view {
            self.view.send_replace(Arc::new(view));
            self.publish_again();
            self.link_state.send_replace(StationState {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                mode: self.mode.word().to_owned(),
                faults: known.faults.iter().map(|(fault, _)| fault.code().to_owned()).collect(),
                unsent: known.connection.unsent,
                clock: String::new(),
                refused_configuration: None,
            });
        }
    }

    fn publish_again(&self) {
        let view = Arc::clone(&self.view.borrow());
        for listener in &self.listeners {
            listener(Arc::clone(&view));
        }
    }

    /// The workers stop; an outcome that a worker still reports is written.
    fn finish(mut self) {
        if let Some(printer) = self.printer.take() {
            printer.stop();
        }
        while let Ok(message) = self.inbox.try_recv() {
            if let Message::Input(input) = message {
                self.hand_in(input);
            }
        }
        while let Some(effect) = self.station.poll_effect() {
            if let Effect::Append { .. } = effect {
                self.perform(effect);
            }
        }
        self.publish();
        if let Some(sound) = self.sound.take() {
            sound.stop();
        }
    }
}
