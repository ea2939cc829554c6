//! Tells the sockets of this server what came to be, each site's events in one order without holes or doubles: the own ones
//! as they are handed over, those of other servers as they stand in the table. What hints bring it may be late, double or
//! missing: it looks itself while the ear is deaf, and everywhere once it hears again. It never writes.

use super::Audience;
use super::hint::Hint;
use crate::clock;
use crate::ledger::events::{self, Published, Tail};
use crate::ledger::store::postgres::Server;
use crate::ledger::store::{Connection, Database, Whose};
use crate::trouble::Trouble;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// Events that are read at once.
const CHUNK: usize = 256;
/// Between two looks at everything while no hints come.
const DEAF_LOOK: Duration = Duration::from_secs(2);

/// What the herald hears.
pub(super) enum Word {
    /// Events of a commit of this server.
    Own(Vec<Published>),
    /// Another server made something.
    Others(Hint),
    /// Something may have been missed.
    LookEverywhere,
}

/// Hands the herald the events of a commit of this server.
pub(super) fn hand_over(words: &Sender<Word>, events: Vec<Published>) {
    if words.send(Word::Own(events)).is_err() {
        tracing::error!("the herald ended by a defect: sockets learn of events by their own looks only");
    }
}

/// Tells the sockets, each site's events in one order.
pub(super) struct Herald {
    database: Database,
    audience: Arc<dyn Audience>,
    /// Whether hints of other servers come.
    listens: Arc<AtomicBool>,
    connection: Option<Connection>,
    /// The last event of each watched site that the sockets were told of.
    told: HashMap<i64, u64>,
}

impl Herald {
    /// Starts its thread, which ends when nobody holds what is returned.
    pub(super) fn start(
        server: &Server,
        audience: Arc<dyn Audience>,
        listens: Arc<AtomicBool>,
    ) -> Result<Sender<Word>, std::io::Error> {
        let (words, heard) = channel();
        let database = Database::Postgres(Box::new(server.clone()));
        let herald = Herald { database, audience, listens, connection: None, told: HashMap::new() };
        thread::Builder::new().name("herald".to_owned()).spawn(move || herald.run(&heard))?;
        Ok(words)
    }

    fn run(mut self, words: &Receiver<Word>) {
        let mut looked = clock::monotonic();
        loop {
            match words.recv_timeout(DEAF_LOOK) {
                Ok(Word::Own(events)) => self.tell(events),
                Ok(Word::Others(Hint::Spans(spans))) => {
                    for (site, span) in spans {
                        self.look(site, Some(span));
                    }
                }
                Ok(Word::Others(Hint::Something) | Word::LookEverywhere) => self.look_everywhere(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if !self.listens.load(Ordering::Relaxed) && looked.elapsed() >= DEAF_LOOK {
                self.look_everywhere();
                looked = clock::monotonic();
            }
        }
    }

    fn look_everywhere(&mut self) {
        for site in self.audience.sites() {
            if !self.look(site, None) {
                // The database is away: it would be for the others as well.
                return;
            }
        }
    }

    /// Tells events of this server, with those of others between them.
    fn tell(&mut self, events: Vec<Published>) {
        // Handed over together, so that a socket writes those of one commit at once.
        let mut in_order = Vec::with_capacity(events.len());
        for event in events {
            let site = event.site;
            if !self.audience.watches(site) {
                self.told.remove(&site);
                continue;
            }
            match self.told.get(&site) {
                Some(told) if event.seq <= *told => {}
                Some(told) if event.seq > *told + 1 => {
                    let gap = (*told + 1, event.seq);
                    self.audience.take(std::mem::take(&mut in_order));
                    self.look(site, Some(gap));
                }
                Some(_) | None => {
                    self.told.insert(site, event.seq);
                    in_order.push(event);
                }
            }
        }
        self.audience.take(in_order);
    }

    /// Reads from the table what the sockets of a site were not told of. Without a span nobody knows what that is: then at
    /// least the newest event is told, by which each socket sees what it has missed. Returns whether the
    /// database is there.
    fn look(&mut self, site: i64, span: Option<(u64, u64)>) -> bool {
        if !self.audience.watches(site) {
            self.told.remove(&site);
            return true;
        }
        let after = match (self.told.get(&site), span) {
            (Some(told), Some((_, last))) if *told >= last => return true,
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
                true
            }
            Err(error) => {
                // Sockets look for themselves with each heartbeat.
                tracing::warn!(%error, site, "events of other servers could not be read");
                self.connection = self.connection.take().filter(|connection| !connection.is_gone());
                self.connection.is_some()
            }
        }
    }

    fn read(&mut self, site: i64, after: Option<u64>) -> Result<Vec<Published>, Trouble> {
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
