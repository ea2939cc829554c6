//! The bus of several servers on one PostgreSQL: a commit's hint travels as a NOTIFY inside the very transaction, so it is
//! heard if and only if the commit is kept. A hint says which events came to be; what they are is read from the table.
//!
//! Two threads serve it. The ear holds a session that only listens. The herald owns what this server's sockets have been
//! told, puts the own events and those of others into one order without holes or doubles, and reads from the table what it
//! was not handed. Whatever the ear may have missed while it was deaf is read as well. Neither ever writes.

use super::{Audience, Bus};
use crate::ledger::events::{self, Published, Tail};
use crate::ledger::store::postgres::{self, Server};
use crate::ledger::store::{Connection, Database, Error, Whose};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;
use tokio_postgres::AsyncMessage;
use uuid::Uuid;

/// The channel on which all servers of one database speak.
const CHANNEL: &str = "smartqueue_events";
/// A notification holds fewer than 8,000 bytes; a longer hint says only that there is something.
const LONGEST: usize = 7_500;
/// The waits between two tries to listen again: doubling from the first to the last.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LAST_WAIT: Duration = Duration::from_secs(5);
/// Events that are read at once.
const CHUNK: usize = 256;

/// Which events of which sites came to be: the first and the last `seq` of each site.
type Spans = BTreeMap<i64, (u64, u64)>;

/// What the herald hears.
enum Word {
    /// Events of a commit of this server.
    Own(Vec<Published>),
    /// Another server made these.
    Others(Spans),
    /// Something may have been missed.
    LookEverywhere,
}

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
        let (words, heard) = channel();
        let (first, listening) = channel();
        let alive = Arc::new(());
        let database = Database::Postgres(Box::new(server.clone()));
        let herald = Herald { database, audience, connection: None, told: HashMap::new() };
        thread::Builder::new().name("herald".to_owned()).spawn(move || herald.run(&heard))?;
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
        connection.notify(CHANNEL, &hint(&self.server, events))
    }

    fn after_commit(&mut self, events: Vec<Published>) {
        if self.words.send(Word::Own(events)).is_err() {
            tracing::error!("the herald ended by a defect: sockets learn of events by their own looks only");
        }
    }
}

/// `SERVER SITE:FIRST-LAST SITE:FIRST-LAST ...`, or `SERVER *` when that is too long.
fn hint(server: &str, events: &[Published]) -> String {
    let mut spans = Spans::new();
    for event in events {
        let span = spans.entry(event.site).or_insert((event.seq, event.seq));
        *span = (span.0.min(event.seq), span.1.max(event.seq));
    }
    let mut text = server.to_owned();
    for (site, (first, last)) in spans {
        text.push_str(&format!(" {site}:{first}-{last}"));
    }
    if text.len() > LONGEST { format!("{server} *") } else { text }
}

/// Reads a hint; nothing for one of our own. What does not read may mean anything.
fn read_hint(own: &str, text: &str) -> Option<Word> {
    let mut parts = text.split(' ');
    if parts.next() == Some(own) {
        return None;
    }
    let span = |part: &str| -> Option<(i64, (u64, u64))> {
        let (site, span) = part.split_once(':')?;
        let (first, last) = span.split_once('-')?;
        Some((site.parse().ok()?, (first.parse().ok()?, last.parse().ok()?)))
    };
    Some(parts.map(span).collect::<Option<Spans>>().map_or(Word::LookEverywhere, Word::Others))
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
                            if let Some(word) = read_hint(&self.server, &note)
                                && self.words.send(word).is_err()
                            {
                                return Ok(());
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

/// Tells the sockets, each site's events in one order.
struct Herald {
    database: Database,
    audience: Arc<dyn Audience>,
    connection: Option<Connection>,
    /// The last event of each watched site that the sockets were told of.
    told: HashMap<i64, u64>,
}

impl Herald {
    fn run(mut self, words: &Receiver<Word>) {
        while let Ok(word) = words.recv() {
            match word {
                Word::Own(events) => self.tell(events),
                Word::Others(spans) => {
                    for (site, (first, last)) in spans {
                        self.look(site, Some((first, last)));
                    }
                }
                Word::LookEverywhere => {
                    for site in self.audience.sites() {
                        self.look(site, None);
                    }
                }
            }
        }
    }

    /// Tells events of this server, with those of others between them.
    fn tell(&mut self, events: Vec<Published>) {
        for event in events {
            let site = event.site;
            if !self.audience.watches(site) {
                self.told.remove(&site);
                continue;
            }
            match self.told.get(&site) {
                Some(told) if event.seq <= *told => {}
                Some(told) if event.seq > *told + 1 => self.look(site, Some((*told + 1, event.seq))),
                Some(_) | None => {
                    self.told.insert(site, event.seq);
                    self.audience.take(vec![event]);
                }
            }
        }
    }

    /// Reads from the table what the sockets of a site were not told of. Without a span nobody knows what that is: then at
    /// least the newest event is told, by which each socket sees what it has missed.
    fn look(&mut self, site: i64, span: Option<(u64, u64)>) {
        if !self.audience.watches(site) {
            self.told.remove(&site);
            return;
        }
        let after = match (self.told.get(&site), span) {
            (Some(told), Some((_, last))) if *told >= last => return,
            (Some(told), _) => Some(*told),
            (None, Some((first, _))) => Some(first.saturating_sub(1)),
            (None, None) => None,
        };
        // A session may be lost in the very moment of its use; the next one is a new one.
        match self.read(site, after).or_else(|_| self.read(site, after)) {
            Ok(events) => {
                if let Some(last) = events.last() {
                    self.told.insert(site, last.seq);
                    self.audience.take(events);
                }
            }
            Err(error) => {
                // Sockets look for themselves with each heartbeat.
                tracing::warn!(%error, site, "events of other servers could not be read");
                self.connection = None;
            }
        }
    }

    fn read(&mut self, site: i64, after: Option<u64>) -> Result<Vec<Published>, crate::Trouble> {
        let connection = match self.connection.take().filter(|connection| !connection.is_gone_meanwhile()) {
            Some(connection) => connection,
            None => Connection::open(&self.database)?,
        };
        let events = connection.look(Whose::All, |connection| {
            let newest = events::newest(connection, site)?;
            let newest_alone = newest.saturating_sub(1);
            let cursor = after.unwrap_or(newest_alone);
            // Far behind, cut off or put back: the newest is enough for each socket to see that it has missed something.
            match events::tail_after(connection, site, cursor, CHUNK)? {
                Tail::Events(events) if events.len() < CHUNK => Ok(events),
                Tail::Events(_) | Tail::Lost => match events::tail_after(connection, site, newest_alone, CHUNK)? {
                    Tail::Events(events) => Ok(events),
                    Tail::Lost => Ok(Vec::new()),
                },
            }
        });
        self.connection = Some(connection);
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_says_what_came_to_be_and_is_not_for_the_own_ear() {
        let events = [(7, 3), (9, 1), (7, 4)].map(|(site, seq)| Published::bare(site, seq));
        let text = hint("me", &events);
        assert_eq!(text, "me 7:3-4 9:1-1");
        assert!(read_hint("me", &text).is_none());
        let Some(Word::Others(spans)) = read_hint("other", &text) else { panic!("{text} is a hint") };
        assert_eq!(spans, Spans::from([(7, (3, 4)), (9, (1, 1))]));
        assert!(matches!(read_hint("other", "me 7:x"), Some(Word::LookEverywhere)));
    }

    #[test]
    fn a_hint_that_is_too_long_says_only_that_there_is_something() {
        let events: Vec<_> = (1_000_000..1_001_000).map(|site| Published::bare(site, 1)).collect();
        let text = hint("me", &events);
        assert_eq!(text, "me *");
        assert!(matches!(read_hint("other", &text), Some(Word::LookEverywhere)));
    }
}
