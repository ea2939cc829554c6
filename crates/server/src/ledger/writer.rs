//! The one thread that writes.
//!
//! Steps arrive over a channel. All that wait are done in one transaction, each behind a savepoint of its own, so that
//! under load many answers share one flush of the disk and a refused step takes nothing of its neighbours with it.
//! Events are published right after the commit, before the answers. This module never knows what a step does.

use super::events::{self, Published};
use super::figures;
use crate::clock;
use crate::trouble::Trouble;
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// More waiting steps than this mean that the disk has stalled: the next caller is told to try again.
const WAITING_STEPS: usize = 1024;
/// The most steps in one commit, so that the first of them never waits long for the last.
const STEPS_A_COMMIT: usize = 64;

/// A checkpoint is made after so many commits when nobody waits, and after ten times as many in any case.
const COMMITS_A_CHECKPOINT: u32 = 200;

/// What a step works with.
pub struct Writing<'a> {
    /// The writing connection, inside a transaction.
    pub connection: &'a Connection,
    /// The time of the step, UTC milliseconds.
    pub now_ms: i64,
    published: &'a mut Vec<Published>,
    touched: BTreeSet<i64>,
}

impl Writing<'_> {
    /// Adds an event to the site's log and has it published after the commit.
    pub fn publish(&mut self, event: events::NewEvent) -> Result<(), Trouble> {
        let published = events::append(self.connection, event)?;
        self.published.push(published);
        Ok(())
    }

    /// Says that a queue's figures may have changed; they are looked at once, at the end of the step.
    pub fn touch(&mut self, queue: i64) {
        self.touched.insert(queue);
    }

    fn finish(&mut self) -> Result<(), Trouble> {
        for queue in std::mem::take(&mut self.touched) {
            if let Some(event) = figures::changed(self.connection, queue)? {
                self.publish(event)?;
            }
        }
        Ok(())
    }
}

type Answer = Box<dyn FnOnce(Result<(), Trouble>) + Send>;
type Step = Box<dyn FnOnce(&mut Writing<'_>) -> (bool, Answer) + Send>;

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
        connection: Connection,
        publish: impl Fn(Vec<Published>) + Send + 'static,
    ) -> Result<Writer, std::io::Error> {
        let (steps, waiting) = mpsc::channel(WAITING_STEPS);
        let thread =
            std::thread::Builder::new().name("writer".to_owned()).spawn(move || run(&connection, waiting, &publish))?;
        Ok(Writer { steps: Some(steps), thread: Some(thread) })
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Writing<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let (step, receiver) = boxed(step);
        let steps = self.steps.as_ref().ok_or(Trouble::Busy)?;
        steps.try_send(step).map_err(|_| Trouble::Busy)?;
        receiver.await.map_err(|_| Trouble::Internal("a step ended without an answer".to_owned()))?
    }
}

/// A step in the form in which it waits, and where its answer will be.
fn boxed<T: Send + 'static>(
    step: impl FnOnce(&mut Writing<'_>) -> Result<T, Trouble> + Send + 'static,
) -> (Step, oneshot::Receiver<Result<T, Trouble>>) {
    let (sender, receiver) = oneshot::channel();
    let step: Step = Box::new(move |writing| {
        let result = step(writing).and_then(|done| writing.finish().map(|()| done));
        let keep = result.is_ok();
        let answer: Answer = Box::new(move |committed| {
            // Nobody may be waiting any more; the step is durable all the same.
            let _ = sender.send(committed.and(result));
        });
        (keep, answer)
    });
    (step, receiver)
}

/// Does one step at once on this thread, as the writing thread would do it when nobody else waits.
pub(super) fn write_at_once<T: Send + 'static>(
    connection: &Connection,
    publish: &dyn Fn(Vec<Published>),
    step: impl FnOnce(&mut Writing<'_>) -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    let (step, mut receiver) = boxed(step);
    turn(connection, step, &mut || None, publish);
    receiver.try_recv().map_err(|_| Trouble::Internal("a step ended without an answer".to_owned()))?
}

fn run(connection: &Connection, mut waiting: mpsc::Receiver<Step>, publish: &dyn Fn(Vec<Published>)) {
    let mut since_checkpoint = 0;
    prepare(connection);
    while let Some(first) = waiting.blocking_recv() {
        turn(connection, first, &mut || waiting.try_recv().ok(), publish);
        since_checkpoint += 1;
        let due = since_checkpoint >= COMMITS_A_CHECKPOINT && waiting.is_empty();
        if due || since_checkpoint >= 10 * COMMITS_A_CHECKPOINT {
            since_checkpoint = 0;
            checkpoint(connection, "PASSIVE");
        }
    }
    // A clean end leaves an empty log behind; a failure here costs only a longer start.
    checkpoint(connection, "TRUNCATE");
}

/// What a connection needs before its first turn.
pub(super) fn prepare(connection: &Connection) {
    if let Err(error) = connection.pragma_update(None, "wal_autocheckpoint", 0) {
        tracing::error!(%error, "automatic checkpoints could not be switched off");
    }
}

/// One commit: the first step and those that wait behind it, then the publication, then the answers.
fn turn(
    connection: &Connection,
    first: Step,
    waiting: &mut dyn FnMut() -> Option<Step>,
    publish: &dyn Fn(Vec<Published>),
) {
    let mut answers = Vec::new();
    let mut published = Vec::new();
    let committed = commit_group(connection, first, waiting, &mut answers, &mut published);
    match &committed {
        Ok(()) => {
            if !published.is_empty() {
                publish(published);
            }
        }
        Err(error) => {
            tracing::error!(%error, "a commit failed");
            // After a failed COMMIT the transaction may still be open.
            if !connection.is_autocommit()
                && let Err(error) = connection.execute_batch("ROLLBACK")
            {
                tracing::error!(%error, "the rollback failed");
            }
        }
    }
    for answer in answers {
        answer(committed.as_ref().map(|_| ()).map_err(|error| Trouble::Internal(format!("not committed: {error}"))));
    }
}

/// SQLite swallows the errors of its automatic checkpoints, so we make them ourselves and look at the result.
pub(super) fn checkpoint(connection: &Connection, kind: &str) {
    let sql = format!("PRAGMA wal_checkpoint({kind})");
    match connection.query_row(&sql, [], |row| row.get::<_, i64>(0)) {
        Ok(0) => {}
        Ok(_) => tracing::info!(kind, "a checkpoint waits for a reader"),
        Err(error) => tracing::error!(%error, kind, "a checkpoint failed"),
    }
}

fn commit_group(
    connection: &Connection,
    first: Step,
    waiting: &mut dyn FnMut() -> Option<Step>,
    answers: &mut Vec<Answer>,
    published: &mut Vec<Published>,
) -> Result<(), rusqlite::Error> {
    let mut next = Some(first);
    if let Err(error) = connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.execute([])) {
        // The step is dropped unasked; its caller learns it from the closed answer.
        drop(next);
        return Err(error);
    }
    while let Some(step) = next.take() {
        answers.extend(one_step(connection, step, published)?);
        if answers.len() < STEPS_A_COMMIT {
            next = waiting();
        }
    }
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

fn one_step(
    connection: &Connection,
    step: Step,
    published: &mut Vec<Published>,
) -> Result<Option<Answer>, rusqlite::Error> {
    let events_before = published.len();
    connection.prepare_cached("SAVEPOINT step")?.execute([])?;
    let mut writing =
        Writing { connection, now_ms: clock::now_ms(), published: &mut *published, touched: BTreeSet::new() };
    // A defect in one step must not stop the thread that every other step needs.
    let outcome = catch_unwind(AssertUnwindSafe(|| step(&mut writing)));
    let (keep, answer) = match outcome {
        Ok((keep, answer)) => (keep, Some(answer)),
        Err(_) => {
            tracing::error!("a step panicked");
            (false, None)
        }
    };
    if !keep {
        published.truncate(events_before);
        connection.prepare_cached("ROLLBACK TO step")?.execute([])?;
    }
    connection.prepare_cached("RELEASE step")?.execute([])?;
    Ok(answer)
}
