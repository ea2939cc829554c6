//! Requests of one kind that are done together: whoever's step is first does all that wait, so that they share their
//! questions to the database as they share its flush.
//!
//! Each request has a step of its own in the writer's line. The first of them takes the others along; theirs then find
//! nothing to do. Where many fail together, each is done alone, so that nobody pays for a neighbour. This module never knows
//! what is asked for.

use super::store::Whose;
use super::writer::{Answer, Committed, Step, Writer, Writing};
use crate::trouble::Trouble;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// So many requests are done together at most.
const AT_ONCE: usize = 16;

/// Does the requests of a tenant, each with an outcome of its own. A failure is everybody's.
type Work<Q, A> = fn(&mut Writing<'_>, i64, &[Q]) -> Result<Vec<Result<A, Trouble>>, Trouble>;

/// The requests that wait.
pub(super) struct Together<Q, A> {
    work: Work<Q, A>,
    line: Mutex<Line<Q, A>>,
}

struct Line<Q, A> {
    next: u64,
    /// Whose step is still to come; nothing in the place of a request that another's step has taken along.
    places: BTreeMap<u64, Option<Waiting<Q, A>>>,
}

struct Waiting<Q, A> {
    tenant: i64,
    request: Q,
    answer: oneshot::Sender<Result<A, Trouble>>,
    /// It failed in company.
    is_alone: bool,
}

/// Where a request stands in the line. The place goes with the request's own step.
struct Place<Q, A> {
    together: Arc<Together<Q, A>>,
    number: u64,
}

impl<Q, A> Drop for Place<Q, A> {
    fn drop(&mut self) {
        self.together.line().places.remove(&self.number);
    }
}

impl<Q: Send + 'static, A: Send + 'static> Together<Q, A> {
    pub(super) fn new(work: Work<Q, A>) -> Arc<Together<Q, A>> {
        Arc::new(Together { work, line: Mutex::new(Line { next: 0, places: BTreeMap::new() }) })
    }

    /// Has a request done and waits until it is durable.
    pub(super) async fn ask(self: &Arc<Self>, writer: &Writer, tenant: i64, request: Q) -> Result<A, Trouble> {
        let (answer, receiver) = oneshot::channel();
        let number = {
            let mut line = self.line();
            let number = line.next;
            line.next += 1;
            line.places.insert(number, Some(Waiting { tenant, request, answer, is_alone: false }));
            number
        };
        let place = Place { together: Arc::clone(self), number };
        writer.send(Step { whose: Whose::Tenant(tenant), work: Box::new(move |writing| place.work(tenant, writing)) });
        // A request that left the line undone was not begun.
        receiver.await.map_err(|_| Trouble::Busy)?
    }
}

impl<Q, A> Together<Q, A> {
    fn line(&self) -> MutexGuard<'_, Line<Q, A>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a request out of the line, and with it those of its tenant that stand there. Nothing if it has been taken.
    fn take(&self, number: u64) -> Vec<(u64, Waiting<Q, A>)> {
        let mut line = self.line();
        let Some(own) = line.places.get_mut(&number).and_then(Option::take) else { return Vec::new() };
        let (tenant, is_alone) = (own.tenant, own.is_alone);
        let is_companion = |other: &mut Waiting<Q, A>| !is_alone && !other.is_alone && other.tenant == tenant;
        let companions = line
            .places
            .iter_mut()
            .filter_map(|(number, place)| Some((*number, place.take_if(is_companion)?)))
            .take(AT_ONCE - 1);
        std::iter::once((number, own)).chain(companions).collect()
    }

    /// Puts requests that failed in company back into their places, to be done alone when their own steps come. One whose
    /// step was dropped meanwhile has no place any more.
    fn put_back(&self, requests: impl Iterator<Item = (u64, Waiting<Q, A>)>) {
        let mut line = self.line();
        for (number, request) in requests {
            if let Some(place) = line.places.get_mut(&number) {
                *place = Some(request);
            }
        }
    }
}

impl<Q: Send + 'static, A: Send + 'static> Place<Q, A> {
    fn work(&self, tenant: i64, writing: &mut Writing<'_>) -> (bool, Answer) {
        let work = self.together.work;
        let (mut requests, mut callers) = (Vec::new(), Vec::new());
        for (number, Waiting { request, answer, .. }) in self.together.take(self.number) {
            requests.push(request);
            callers.push((number, answer));
        }
        if requests.is_empty() {
            return (true, Box::new(|_| ()));
        }
        let mut outcome = writing.attempt(|writing| work(writing, tenant, &requests));
        if outcome.is_err() && requests.len() > 1 {
            // The others' own steps are still to come.
            let others = requests.drain(1..).zip(callers.drain(1..));
            let others =
                others.map(|(request, (number, answer))| (number, Waiting { tenant, request, answer, is_alone: true }));
            self.together.put_back(others);
            outcome = writing
                .start_over(Whose::Tenant(tenant))
                .map_err(Trouble::from)
                .and_then(|()| writing.attempt(|writing| work(writing, tenant, &requests)));
        }
        let keep = outcome.is_ok();
        // What fails by now failed alone.
        let outcomes = outcome.unwrap_or_else(|trouble| vec![Err(trouble)]);
        let answer = Box::new(move |committed: &Committed| {
            for ((_, caller), outcome) in callers.into_iter().zip(outcomes) {
                // A refusal stands whatever became of the neighbours. Nobody may be waiting any more.
                let _ = caller.send(outcome.and_then(|done| committed.answer().map(|()| done)));
            }
        });
        (keep, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::bus::{Local, Nobody};
    use super::super::store::{Connection, Database, OptionalExtension, migrate};
    use super::*;
    use std::sync::mpsc;

    /// Notes each word and answers with how many were noted together; one word cannot be noted, and one is refused.
    fn note(writing: &mut Writing<'_>, tenant: i64, words: &[String]) -> Result<Vec<Result<usize, Trouble>>, Trouble> {
        assert_eq!(tenant, 1);
        let connection = writing.connection;
        let mut outcomes = Vec::new();
        for word in words {
            if word == "refused" {
                outcomes.push(Err(Trouble::NotFound("word")));
                continue;
            }
            // The text cannot be null: the database's own error.
            let text = Some(word).filter(|word| *word != "impossible");
            connection.prepare_cached("INSERT INTO meta (key, value) VALUES (?1, ?2)")?.execute([Some(word), text])?;
            outcomes.push(Ok(words.len()));
        }
        Ok(outcomes)
    }

    struct Desk {
        writer: Arc<Writer>,
        together: Arc<Together<String, usize>>,
        database: Database,
        _folder: tempfile::TempDir,
    }

    impl Desk {
        fn open() -> Desk {
            let folder = tempfile::tempdir().unwrap();
            let database = Database::File(folder.path().join("notes"));
            let connection = Connection::open(&database).unwrap();
            migrate(&connection).unwrap();
            let bus = Box::new(Local::new(Arc::new(Nobody)));
            let writer = Arc::new(Writer::start(database.clone(), connection, bus).unwrap());
            Desk { writer, together: Together::new(note), database, _folder: folder }
        }

        /// Has words noted that all arrive while the writer is busy, and returns what each was told.
        async fn note(&self, words: &[&str]) -> Vec<Result<usize, Trouble>> {
            let (go, wait) = mpsc::channel::<()>();
            let (busy, is_busy) = oneshot::channel();
            let writer = Arc::clone(&self.writer);
            let first = tokio::spawn(async move {
                let step = move |_: &mut Writing<'_>| {
                    busy.send(()).unwrap();
                    wait.recv().unwrap();
                    Ok(())
                };
                writer.write(Whose::Tenant(1), step).await
            });
            is_busy.await.unwrap();
            let asking: Vec<_> = words
                .iter()
                .map(|word| {
                    let (writer, together) = (Arc::clone(&self.writer), Arc::clone(&self.together));
                    let word = (*word).to_owned();
                    tokio::spawn(async move { together.ask(&writer, 1, word).await })
                })
                .collect();
            while self.together.line().places.len() < words.len() {
                tokio::task::yield_now().await;
            }
            go.send(()).unwrap();
            first.await.unwrap().unwrap();
            let mut told = Vec::new();
            for one in asking {
                told.push(one.await.unwrap());
            }
            told
        }

        fn has(&self, word: &str) -> bool {
            let connection = Connection::open(&self.database).unwrap();
            connection.query_row("SELECT 1 FROM meta WHERE key = ?1", [word], |_| Ok(())).optional().unwrap().is_some()
        }
    }

    #[tokio::test]
    async fn those_who_wait_are_done_together_each_with_an_outcome_of_its_own() {
        let desk = Desk::open();
        let told = desk.note(&["one", "two", "refused", "three"]).await;
        assert!(matches!(&told[..], [Ok(4), Ok(4), Err(Trouble::NotFound("word")), Ok(4)]), "{told:?}");
        assert!(desk.has("one") && desk.has("two") && desk.has("three") && !desk.has("refused"));
        assert!(desk.together.line().places.is_empty());
    }

    #[tokio::test]
    async fn nobody_pays_for_a_neighbour_who_cannot_be_served() {
        let desk = Desk::open();
        let told = desk.note(&["one", "impossible", "two"]).await;
        assert!(matches!(&told[..], [Ok(1), Err(Trouble::Storage(_)), Ok(1)]), "{told:?}");
        assert!(desk.has("one") && desk.has("two"));
        assert!(desk.together.line().places.is_empty());
    }

    #[tokio::test]
    async fn no_more_than_the_limit_are_done_together() {
        let desk = Desk::open();
        let words: Vec<String> = (0..AT_ONCE + 3).map(|word| word.to_string()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let told: Vec<usize> = desk.note(&words).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(told.iter().filter(|companions| **companions == AT_ONCE).count(), AT_ONCE, "{told:?}");
        assert_eq!(told.iter().filter(|companions| **companions == 3).count(), 3, "{told:?}");
    }
}
