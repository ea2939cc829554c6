//! The bus of several servers on one PostgreSQL that speak through NATS: a commit's hint leaves right after the commit, on a
//! subject of this database's own, and NATS hands it to whoever listens at that moment.
//!
//! NATS keeps nothing, and between a commit and its hint a server may die, so hints are lost now and then. That costs time and
//! nothing else: while the line is down the herald looks by itself, a line that is there again makes every server look
//! everywhere, and each socket looks with its heartbeat. One thread is mouth and ear; finding NATS again is the crate's work.
//! This module never reads an event and never waits for NATS inside a commit.

mod address;

pub use address::{Address, AddressError};

use super::herald::{Herald, Word};
use super::{Audience, Bus, herald, hint};
use crate::ledger::events::Published;
use crate::ledger::store::postgres::Server;
use crate::ledger::store::{Connection, Error};
use crate::metrics::metrics;
use async_nats::connection::State;
use async_nats::{Client, Event, Message};
use futures_util::StreamExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Hints that wait for the thread; when there are more, one that says "look everywhere" takes their place.
const WAITING_HINTS: usize = 1_024;
/// A server waits so long at its start for NATS to be heard, and goes on without.
const FIRST_PATIENCE: Duration = Duration::from_secs(1);
/// The crate takes a text within this time, or NATS has stalled.
const STALLED: Duration = Duration::from_secs(1);
/// At the end the last hints get so long to leave.
const GOODBYE: Duration = Duration::from_secs(1);

/// The bus.
pub(super) struct Nats {
    /// Tells the own hints from those of others.
    server: String,
    words: Sender<Word>,
    /// There until the bus is dropped.
    hints: Option<mpsc::Sender<String>>,
    /// A hint found no room.
    has_skipped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Nats {
    /// Starts the herald and the thread that speaks with NATS, which need not be there.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(
        server: &Server,
        address: &Address,
        epoch: &str,
        audience: Arc<dyn Audience>,
        listens: Arc<AtomicBool>,
    ) -> Result<Nats, std::io::Error> {
        let name = Uuid::new_v4().simple().to_string();
        let words = Herald::start(server, audience, Arc::clone(&listens))?;
        let (hints, to_say) = mpsc::channel(WAITING_HINTS);
        let (first, listening) = channel();
        let has_skipped = Arc::new(AtomicBool::new(false));
        let line = Line {
            server: name.clone(),
            subject: format!("smartqueue.events.{epoch}"),
            address: address.clone(),
            words: words.clone(),
            listens,
            has_skipped: Arc::clone(&has_skipped),
            greetings: 0,
            first,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread =
            thread::Builder::new().name("nats".to_owned()).spawn(move || runtime.block_on(line.run(to_say)))?;
        // Sockets that open now miss nothing of others. Without NATS they see less quickly what others do, no more.
        let _ = listening.recv_timeout(FIRST_PATIENCE);
        Ok(Nats { server: name, words, hints: Some(hints), has_skipped, thread: Some(thread) })
    }
}

impl Bus for Nats {
    fn before_commit(&mut self, _: &Connection, _: &[Published]) -> Result<(), Error> {
        Ok(())
    }

    fn after_commit(&mut self, events: Vec<Published>) {
        let hint = hint::write(&self.server, &events);
        herald::hand_over(&self.words, events);
        if self.hints.as_ref().is_none_or(|hints| hints.try_send(hint).is_err()) {
            metrics().hints_unsent.inc();
            self.has_skipped.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for Nats {
    /// Waits until the last hint has left, if it can.
    fn drop(&mut self) {
        drop(self.hints.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that speaks with NATS ended by a defect");
        }
    }
}

/// What the thread knows.
struct Line {
    /// Its own name, which tells the own hints from those of others.
    server: String,
    subject: String,
    address: Address,
    words: Sender<Word>,
    listens: Arc<AtomicBool>,
    has_skipped: Arc<AtomicBool>,
    /// How often the line was greeted. Only the newest greeting proves something when it comes back.
    greetings: u64,
    /// Told when it listens; only the first time matters.
    first: Sender<()>,
}

impl Line {
    /// Speaks and listens until nobody has hints any more.
    async fn run(mut self, mut hints: mpsc::Receiver<String>) {
        let (events, mut happened) = mpsc::unbounded_channel();
        let connected = self.address.connect(move |event| {
            // Nobody may hear it any more, at the very end.
            let _ = events.send(event);
        });
        let opened = async {
            let client = connected.await?;
            let heard = client.subscribe(self.subject.clone()).await?;
            Ok::<_, async_nats::Error>((client, heard))
        };
        let (client, mut heard) = match opened.await {
            Ok(opened) => opened,
            Err(error) => {
                tracing::error!(%error, "NATS is not spoken with: sockets learn of other servers by looking");
                return;
            }
        };
        loop {
            tokio::select! {
                hint = hints.recv() => match hint {
                    Some(hint) => self.say(&client, hint).await,
                    None => break,
                },
                Some(event) = happened.recv() => self.note(&client, event).await,
                message = heard.next() => match message {
                    Some(message) => self.hear(&message),
                    None => {
                        tracing::error!("NATS gives nothing more: sockets learn of other servers by looking");
                        self.listens.store(false, Ordering::Relaxed);
                        return;
                    }
                },
            }
        }
        if client.connection_state() == State::Connected && tokio::time::timeout(GOODBYE, client.flush()).await.is_err()
        {
            tracing::debug!("the last hints did not leave in time");
        }
    }

    /// Says what a commit made. What cannot be said now is made good by the greeting of the next line.
    async fn say(&mut self, client: &Client, hint: String) {
        if client.connection_state() != State::Connected {
            metrics().hints_unsent.inc();
            return;
        }
        if self.has_skipped.swap(false, Ordering::Relaxed) {
            self.greet(client).await;
        }
        if self.publish(client, hint).await {
            metrics().hints_sent.inc();
        } else {
            metrics().hints_unsent.inc();
        }
    }

    /// Hands a text to the crate and returns whether it took it. Where NATS has stalled the crate's own store fills up, and
    /// whoever waits for room in it waits until NATS is back.
    async fn publish(&self, client: &Client, text: String) -> bool {
        let publishing = client.publish(self.subject.clone(), text.into());
        matches!(tokio::time::timeout(STALLED, publishing).await, Ok(Ok(())))
    }

    /// Tells every server, this one as well, to look everywhere. When it comes back, everything that is said from then on
    /// comes as well, because NATS takes a line's words in their order and the subscription was among the first.
    async fn greet(&mut self, client: &Client) {
        self.greetings += 1;
        if !self.publish(client, self.greeting()).await {
            tracing::warn!("NATS was not greeted");
        }
    }

    fn greeting(&self) -> String {
        format!("{} *{}", self.server, self.greetings)
    }

    async fn note(&mut self, client: &Client, event: Event) {
        match event {
            Event::Connected => self.greet(client).await,
            Event::Disconnected | Event::Closed => {
                if self.listens.swap(false, Ordering::Relaxed) {
                    tracing::warn!("NATS is away: sockets learn of other servers by looking");
                }
            }
            Event::SlowConsumer(_) => {
                // Hints were thrown away. The herald may have ended only by a defect, of which the writing thread tells.
                let _ = self.words.send(Word::LookEverywhere);
            }
            Event::ServerError(error) => tracing::warn!(%error, "NATS complains"),
            // The crate writes these into the log and goes on by itself.
            Event::ClientError(_) | Event::LameDuckMode | Event::Draining => {}
        }
    }

    fn hear(&self, message: &Message) {
        let text = String::from_utf8_lossy(&message.payload);
        let word = if text == self.greeting() {
            if !self.listens.swap(true, Ordering::Relaxed) {
                tracing::info!("other servers are heard through NATS");
            }
            let _ = self.first.send(());
            Word::LookEverywhere
        } else {
            let Some(hint) = hint::read(&self.server, &text) else { return };
            metrics().hints_received.inc();
            Word::Others(hint)
        };
        let _ = self.words.send(word);
    }
}
