//! The one thread that writes.
//!
//! Steps arrive over a channel. All that wait are done in one transaction, each behind a savepoint of its own, so that
//! under load many answers share one flush of the disk and a refused step takes nothing of its neighbours with it. On
//! PostgreSQL the transaction holds the locks of all whom its steps are about, so that steps of several servers come one
//! after the other as they do in a file. Events are published right after the commit, before the answers. A lost connection
//! costs those who wait a "try again", never a lie: only where the answer to the commit itself was lost does nobody know.
//! This module never knows what a step does.

use super::bus::Bus;
use super::events::{self, Published};
use super::figures::{self, Seen};
use super::store::{self, Connection, Database, Locks, Whose, sqlite};
use crate::clock;
use crate::trouble::Trouble;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// More waiting steps than this mean that the disk has stalled: the next caller is told to try again.
const WAITING_STEPS: usize = 1024;
/// The most steps in one commit, so that the first of them never waits long for the last.
const STEPS_A_COMMIT: usize = 64;

/// A checkpoint is made after so many commits when nobody waits, and after ten times as many in any case.
const COMMITS_A_CHECKPOINT: u32 = 200;

/// The waits between two tries to reach the database again: doubling from the first to the last.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LAST_WAIT: Duration = Duration::from_secs(5);

/// What a step works with.
pub struct Writing<'a> {
    /// The writing connection, inside a transaction.
    pub connection: &'a Connection,
    /// The time of the step, UTC milliseconds.
    pub now_ms: i64,
    published: &'a mut Vec<Published>,
    /// How many of these are other steps'.
    published_before: usize,
    touched: BTreeMap<i64, Option<Seen>>,
}

impl Writing<'_> {
    /// Adds an event to the site's log and has it published after the commit.
    pub fn publish(&mut self, event: events::NewEvent) -> Result<(), Trouble> {
        self.publish_after(event, None)
    }

    /// The same where the step has just seen the site's newest event.
    pub(super) fn publish_after(&mut self, event: events::NewEvent, seen: Option<u64>) -> Result<(), Trouble> {
        let newest = seen.map(|seq| (event.site, seq)).into_iter().collect();
        self.publish_all(vec![event], newest)
    }

    /// The same for several events. `newest` are the newest events that the step has just seen, by their sites.
    pub(super) fn publish_all(
        &mut self,
        events: Vec<events::NewEvent>,
        mut newest: BTreeMap<i64, u64>,
    ) -> Result<(), Trouble> {
        for published in &self.published[self.published_before..] {
            newest.insert(published.site, published.seq);
        }
        self.published.extend(events::append(self.connection, events, &mut newest)?);
        Ok(())
    }

    /// Undoes what the step has done so far and begins it anew.
    pub(super) fn start_over(&mut self, whose: Whose) -> Result<(), store::Error> {
        self.published.truncate(self.published_before);
        self.touched.clear();
        self.connection.undo_step()?;
        self.connection.begin_step(whose)
    }

    /// Does what a step is about, and what every step ends with. A defect must not stop the thread that all others need.
    pub(super) fn attempt<T>(
        &mut self,
        step: impl FnOnce(&mut Writing<'_>) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let outcome = catch_unwind(AssertUnwindSafe(|| step(self).and_then(|done| self.finish().map(|()| done))));
        outcome.unwrap_or_else(|_| {
            tracing::error!("a step panicked");
            Err(Trouble::Internal("a step ended without an answer".to_owned()))
        })
    }

    /// Says that a queue's figures may have changed; they are looked at once, at the end of the step.
    pub fn touch(&mut self, queue: i64) {
        self.touched.insert(queue, None);
    }

    /// The same where the step has looked at them already, after its last change.
    pub(super) fn touch_seen(&mut self, queue: i64, seen: Seen) {
        self.touched.insert(queue, Some(seen));
    }

    fn finish(&mut self) -> Result<(), Trouble> {
        for (queue, seen) in std::mem::take(&mut self.touched) {
            if let Some(event) = figures::changed(self.connection, queue, seen)? {
                self.publish(event)?;
            }
        }
        Ok(self.connection.settle()?)
    }
}

/// Tells whoever waits for a step how its commit ended.
pub(super) type Answer = Box<dyn FnOnce(&Committed) + Send>;

type Work = Box<dyn FnOnce(&mut Writing<'_>) -> (bool, Answer) + Send>;

/// A step that waits.
pub(super) struct Step {
    pub(super) whose: Whose,
    /// Does it, and says whether it is kept and how its caller hears of it.
    pub(super) work: Work,
}

/// How a commit ended.
pub(super) enum Committed {
    /// It is durable.
    Yes,
    /// Nothing of it was kept.
    No(store::Error),
    /// Its answer was lost on the way.
    Unknown(store::Error),
}

impl Committed {
    /// What a caller whose step was done is told.
    pub(super) fn answer(&self) -> Result<(), Trouble> {
        match self {
            Committed::Yes => Ok(()),
            Committed::No(error) if error.is_passing() => Err(Trouble::Busy),
            Committed::No(error) => Err(Trouble::Internal(format!("not committed: {error}"))),
            Committed::Unknown(error) => Err(Trouble::Internal(format!("nobody knows whether it is kept: {error}"))),
        }
    }
}

pub(super) struct Writer {
    steps: Option<mpsc::Sender<Step>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Writer {
    /// Waits until the last step is durable and the file is tidy, so that whoever dropped the ledger may copy the file.
    fn drop(&mut self) {
        drop(self.steps.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writing thread ended by a defect");
        }
    }
}

impl Writer {
    pub(super) fn start(
        database: Database,
        connection: Connection,
        bus: Box<dyn Bus + Send>,
    ) -> Result<Writer, std::io::Error> {
        let (steps, waiting) = mpsc::channel(WAITING_STEPS);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || run(&database, connection, waiting, bus))?;
        Ok(Writer { steps: Some(steps), thread: Some(thread) })
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        whose: Whose,
        step: impl FnOnce(&mut Writing<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let (step, receiver) = boxed(whose, step);
        self.send(step);
        // A step that was dropped was not begun.
        receiver.await.map_err(|_| Trouble::Busy)?
    }

    /// Has a step wait for its turn. Where too many wait it is dropped.
    pub(super) fn send(&self, step: Step) {
        if let Some(steps) = &self.steps {
            // What is dropped here is told so by its absence.
            let _ = steps.try_send(step);
        }
    }
}

/// A step in the form in which it waits, and where its answer will be.
fn boxed<T: Send + 'static>(
    whose: Whose,
    step: impl FnOnce(&mut Writing<'_>) -> Result<T, Trouble> + Send + 'static,
) -> (Step, oneshot::Receiver<Result<T, Trouble>>) {
    let (sender, receiver) = oneshot::channel();
    let work = Box::new(move |writing: &mut Writing<'_>| {
        let result = writing.attempt(step);
        let keep = result.is_ok();
        let answer: Answer = Box::new(move |committed| {
            // A refusal stands whatever became of the neighbours. Nobody may be waiting any more; what is durable stays.
            let _ = sender.send(result.and_then(|done| committed.answer().map(|()| done)));
        });
        (keep, answer)
    });
    (Step { whose, work }, receiver)
}

/// Does one step at once on this thread, as the writing thread would do it when nobody else waits.
pub(super) fn write_at_once<T: Send + 'static>(
    connection: &Connection,
    publish: &dyn Fn(Vec<Published>),
    whose: Whose,
    step: impl FnOnce(&mut Writing<'_>) -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    struct Publishing<'a>(&'a dyn Fn(Vec<Published>));
    impl Bus for Publishing<'_> {
        fn before_commit(&mut self, _: &Connection, _: &[Published]) -> Result<(), store::Error> {
            Ok(())
        }

        fn after_commit(&mut self, events: Vec<Published>) {
            (self.0)(events);
        }
    }
    let (step, mut receiver) = boxed(whose, step);
    turn(connection, vec![step], &mut |_| None, &mut Publishing(publish));
    receiver.try_recv().map_err(|_| Trouble::Internal("a step ended without an answer".to_owned()))?
}

/// Steps in the order in which they arrived; one that needs other locks than its forerunners waits for the next commit.
struct Line {
    waiting: mpsc::Receiver<Step>,
    held_back: Option<Step>,
}

impl Line {
    /// Waits for a step and takes all that stand behind it.
    fn wait(&mut self) -> Option<Vec<Step>> {
        let first = match self.held_back.take() {
            Some(step) => step,
            None => self.waiting.blocking_recv()?,
        };
        let mut steps = vec![first];
        while steps.len() < STEPS_A_COMMIT
            && let Ok(step) = self.waiting.try_recv()
        {
            steps.push(step);
        }
        Some(steps)
    }

    /// A step that came meanwhile and may join.
    fn next(&mut self, locks: &Locks) -> Option<Step> {
        if self.held_back.is_some() {
            return None;
        }
        let step = self.waiting.try_recv().ok()?;
        if locks.cover(step.whose) {
            return Some(step);
        }
        self.held_back = Some(step);
        None
    }

    fn is_empty(&self) -> bool {
        self.held_back.is_none() && self.waiting.is_empty()
    }
}

fn run(database: &Database, connection: Connection, waiting: mpsc::Receiver<Step>, mut bus: Box<dyn Bus + Send>) {
    let mut line = Line { waiting, held_back: None };
    let mut since_checkpoint = 0;
    let mut road = Road { connection, tried: None, wait: FIRST_WAIT };
    sqlite::make_writer(&road.connection);
    while let Some(steps) = line.wait() {
        if !road.is_open(database) {
            // Their callers hear that they may try again.
            drop(steps);
            continue;
        }
        turn(&road.connection, steps, &mut |locks| line.next(locks), bus.as_mut());
        since_checkpoint += 1;
        let due = since_checkpoint >= COMMITS_A_CHECKPOINT && line.is_empty();
        if due || since_checkpoint >= 10 * COMMITS_A_CHECKPOINT {
            since_checkpoint = 0;
            sqlite::checkpoint(&road.connection, "PASSIVE");
        }
    }
    // A clean end leaves an empty log behind; a failure here costs only a longer start.
    sqlite::checkpoint(&road.connection, "TRUNCATE");
}

/// The way to the database, which may be lost and found again.
struct Road {
    connection: Connection,
    tried: Option<Instant>,
    wait: Duration,
}

impl Road {
    /// Whether the connection works, or another one could be made in its place.
    fn is_open(&mut self, database: &Database) -> bool {
        if !self.connection.is_gone_meanwhile() {
            return true;
        }
        let now = clock::monotonic();
        if self.tried.is_some_and(|tried| now.duration_since(tried) < self.wait) {
            return false;
        }
        match Connection::open(database) {
            Ok(connection) => {
                tracing::info!("the database is reached again");
                *self = Road { connection, tried: None, wait: FIRST_WAIT };
                true
            }
            Err(error) => {
                tracing::error!(%error, "the database is not reached");
                // The first try follows the loss at once; only a failed one begins to wait.
                self.wait = if self.tried.is_none() { FIRST_WAIT } else { (self.wait * 2).min(LAST_WAIT) };
                self.tried = Some(clock::monotonic());
                false
            }
        }
    }
}

/// One commit: the steps that wait and those that join, then the publication, then the answers.
fn turn(connection: &Connection, steps: Vec<Step>, joining: &mut dyn FnMut(&Locks) -> Option<Step>, bus: &mut dyn Bus) {
    let mut answers = Vec::new();
    let mut published = Vec::new();
    let committed = commit_group(connection, steps, joining, &mut answers, &mut published, bus);
    match &committed {
        Committed::Yes => {
            if !published.is_empty() {
                bus.after_commit(published);
            }
        }
        Committed::No(error) | Committed::Unknown(error) => {
            tracing::error!(%error, "a commit failed");
            // After a failed COMMIT the transaction may still be open.
            connection.roll_back();
        }
    }
    for answer in answers {
        answer(&committed);
    }
}

fn commit_group(
    connection: &Connection,
    steps: Vec<Step>,
    joining: &mut dyn FnMut(&Locks) -> Option<Step>,
    answers: &mut Vec<Answer>,
    published: &mut Vec<Published>,
    bus: &mut dyn Bus,
) -> Committed {
    let mut locks = Locks::default();
    for step in &steps {
        locks.add(step.whose);
    }
    let done = connection.begin(&locks).and_then(|()| {
        for step in steps {
            one_step(connection, step, answers, published)?;
        }
        while answers.len() < STEPS_A_COMMIT
            && let Some(step) = joining(&locks)
        {
            one_step(connection, step, answers, published)?;
        }
        if !published.is_empty() {
            bus.before_commit(connection, published)?;
        }
        connection.settle()
    });
    match done.map(|()| connection.commit()) {
        Err(error) => Committed::No(error),
        Ok(Ok(())) => Committed::Yes,
        Ok(Err(error)) if connection.is_gone() => Committed::Unknown(error),
        Ok(Err(error)) => Committed::No(error),
    }
}

/// Does a step; when the transaction itself fails, the step's answer is kept all the same.
fn one_step(
    connection: &Connection,
    step: Step,
    answers: &mut Vec<Answer>,
    published: &mut Vec<Published>,
) -> Result<(), store::Error> {
    let events_before = published.len();
    connection.begin_step(step.whose)?;
    let mut writing = Writing {
        connection,
        now_ms: clock::now_ms(),
        published: &mut *published,
        published_before: events_before,
        touched: BTreeMap::new(),
    };
    let (keep, answer) = (step.work)(&mut writing);
    answers.push(answer);
    if keep {
        return connection.end_step();
    }
    published.truncate(events_before);
    connection.undo_step()
}
