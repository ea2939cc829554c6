//! The bus of several servers on one PostgreSQL: a commit's hint travels as a NOTIFY inside the very transaction, so it is
//! heard if and only if the commit is kept.
//!
//! The ear holds a session that only listens. Whatever it may have missed while it was deaf the herald looks for. This module
//! never reads an event and never writes one.

use super::herald::{Herald, Word};
use super::{Audience, Bus, herald, hint};
use crate::ledger::events::Published;
use crate::ledger::store::postgres::{self, Server};
use crate::ledger::store::{Connection, Error};
use crate::metrics::metrics;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;
use tokio_postgres::AsyncMessage;
use uuid::Uuid;

/// The channel on which all servers of one database speak.
const CHANNEL: &str = "smartqueue_events";
/// The waits between two tries to listen again: doubling from the first to the last.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LAST_WAIT: Duration = Duration::from_secs(5);

/// The bus.
pub struct Notifying {
    /// Tells the own hints from those of others.
    server: String,
    words: Sender<Word>,
    /// The ear stops when this is gone.
    _alive: Arc<()>,
}

impl Notifying {
    /// Starts the ear and the herald.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        server: &Server,
        audience: Arc<dyn Audience>,
        listens: Arc<AtomicBool>,
    ) -> Result<Notifying, std::io::Error> {
        let name = Uuid::new_v4().simple().to_string();
        let words = Herald::start(server, audience, Arc::clone(&listens))?;
        let (first, listening) = channel();
        let alive = Arc::new(());
        let ear = Ear {
            database: server.clone(),
            server: name.clone(),
            words: words.clone(),
            alive: Arc::downgrade(&alive),
            listens,
            first,
        };
        thread::Builder::new().name("ear".to_owned()).spawn(move || ear.run())?;
        // Sockets that open now miss nothing of others. Without an ear they see less quickly what others do, no more.
        let _ = listening.recv_timeout(LAST_WAIT);
        Ok(Notifying { server: name, words, _alive: alive })
    }
}

impl Bus for Notifying {
    fn before_commit(&mut self, connection: &Connection, events: &[Published]) -> Result<(), Error> {
        connection.notify(CHANNEL, &hint::write(&self.server, events))?;
        metrics().hints_sent.inc();
        Ok(())
    }

    fn after_commit(&mut self, events: Vec<Published>) {
        herald::hand_over(&self.words, events);
    }
}

/// Listens on a session of its own, and comes back when that is lost.
struct Ear {
    database: Server,
    /// Its own name, which tells the own hints from those of others.
    server: String,
    words: Sender<Word>,
    alive: Weak<()>,
    listens: Arc<AtomicBool>,
    /// Told when it listens; only the first time matters.
    first: Sender<()>,
}

impl Ear {
    fn run(self) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                tracing::error!(%error, "nobody listens to other servers");
                return;
            }
        };
        let mut wait = FIRST_WAIT;
        while self.is_wanted() {
            let began = crate::clock::monotonic();
            let end = runtime.block_on(self.listen());
            self.listens.store(false, Ordering::Relaxed);
            match end {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, "the ear for other servers is deaf"),
            }
            wait = if began.elapsed() > LAST_WAIT { FIRST_WAIT } else { (wait * 2).min(LAST_WAIT) };
            thread::sleep(wait);
        }
    }

    fn is_wanted(&self) -> bool {
        self.alive.strong_count() > 0
    }

    /// Listens until nobody wants it any more, or the session is lost.
    async fn listen(&self) -> Result<(), Error> {
        let (client, mut connection) = postgres::connect(&self.database).await?;
        let (notes, mut noted) = tokio::sync::mpsc::unbounded_channel();
        let driving = async move {
            loop {
                match std::future::poll_fn(|context| connection.poll_message(context)).await {
                    Some(Ok(AsyncMessage::Notification(note))) => {
                        if notes.send(note.payload().to_owned()).is_err() {
                            return Ok(());
                        }
                    }
                    // A notice says nothing that we would do something about.
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error),
                    None => return Ok(()),
                }
            }
        };
        // The session ends with its client, when nobody hears any more.
        let hearing = async move {
            client.batch_execute(&format!("SET application_name = 'smartqueue-ear'; LISTEN {CHANNEL}")).await?;
            // What was said before this moment was not heard.
            let _ = self.words.send(Word::LookEverywhere);
            self.listens.store(true, Ordering::Relaxed);
            let _ = self.first.send(());
            loop {
                tokio::select! {
                    note = noted.recv() => match note {
                        Some(note) => {
                            if let Some(hint) = hint::read(&self.server, &note) {
                                metrics().hints_received.inc();
                                if self.words.send(Word::Others(hint)).is_err() {
                                    return Ok(());
                                }
                            }
                        }
                        None => return Ok(()),
                    },
                    () = tokio::time::sleep(Duration::from_secs(1)) => {
                        if !self.is_wanted() {
                            return Ok(());
                        }
                    }
                }
            }
        };
        let (driven, heard): (Result<(), tokio_postgres::Error>, Result<(), tokio_postgres::Error>) =
            tokio::join!(driving, hearing);
        if self.is_wanted() {
            // A session that ended without an error was ended by the other side all the same.
            driven.and(heard)?;
            return Err(Error::Gone);
        }
        Ok(())
    }
}
