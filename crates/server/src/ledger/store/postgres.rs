//! A session with a PostgreSQL server, in the manner of a local file: a statement is asked for and its answer is there.
//!
//! The driver is asynchronous; each session has a runtime of its own that runs only while somebody waits for an answer. So
//! a session works on any thread that may block, and what nobody waits for travels together with the next question. This
//! module never knows a table.

pub(in crate::ledger) use super::address::Server;

use super::values::{Params, Stored, ValueRef};
use super::{Error, Whose};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Row, Socket, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The first of our advisory locks; other programs on the same database may have their own.
const LOCKS: i64 = 0x5371 << 40;
/// Held shared by a commit about some tenants, alone by one about all, not at all by one about nobody. A tenant's own lock is this and its id.
const ALL: i64 = LOCKS;
/// Held while migrations run.
pub(super) const MIGRATION: i64 = LOCKS - 1;

/// Statements that a session keeps ready; lists with many filters could make any number.
const KEPT_STATEMENTS: usize = 512;

/// What every session of ours starts with. Plans are made once, often while the tables are still empty, and are used for
/// months: so they go by indexes, row by row. A server that was frozen within a transaction must not hold its locks for ever.
const SETTINGS: &str = "SET plan_cache_mode = force_generic_plan; SET jit = off; SET enable_seqscan = off;
    SET enable_hashjoin = off; SET enable_mergejoin = off;
    SET idle_in_transaction_session_timeout = '20s'; SET lock_timeout = '20s'; SET client_min_messages = warning;
    SET synchronous_commit = on; SET default_transaction_isolation = 'read committed'";

type Deferred = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send>>;

/// One session.
pub struct Session {
    /// There until the session is dropped.
    runtime: Option<Runtime>,
    client: Arc<Client>,
    statements: RefCell<HashMap<String, Statement>>,
    /// Asked, in this order, and not answered yet.
    deferred: RefCell<Vec<Deferred>>,
    is_gone: Cell<bool>,
    /// Whose rows the present step sees.
    whose: Cell<Whose>,
    /// Whose rows the transaction is known to see, if that has been said in it.
    said: Cell<Option<Whose>>,
    /// A step has begun and has asked nothing yet.
    is_step_unsaid: Cell<bool>,
    /// What the transaction began with, until a step is kept: to undo the first is to begin anew.
    anew: RefCell<Option<String>>,
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A session may be dropped where nothing may block.
            runtime.shutdown_background();
        }
    }
}

/// What carries a client's questions and their answers, for as long as somebody polls it.
type Line = tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// Connects as the address says. A server that does not answer is given up soon.
pub(in crate::ledger) async fn connect(server: &Server) -> Result<(Client, Line), tokio_postgres::Error> {
    let mut config = server.config().clone();
    config
        .application_name("smartqueue-server")
        .connect_timeout(Duration::from_secs(5))
        .tcp_user_timeout(Duration::from_secs(15))
        .keepalives_idle(Duration::from_secs(15));
    config.connect(server.tls()).await
}

impl Session {
    pub(super) fn connect(server: &Server) -> Result<Session, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
            tracing::error!(%error, "a session's runtime cannot be made");
            Error::Gone
        })?;
        let connected = runtime.block_on(async {
            let (client, connection) = connect(server).await?;
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::warn!(error = %Error::from(error), "a session with the database ended");
                }
            });
            client.batch_execute(SETTINGS).await?;
            Ok::<Client, tokio_postgres::Error>(client)
        });
        match connected {
            Ok(client) => Ok(Session {
                runtime: Some(runtime),
                client: Arc::new(client),
                statements: RefCell::default(),
                deferred: RefCell::default(),
                is_gone: Cell::new(false),
                whose: Cell::new(Whose::All),
                said: Cell::new(None),
                is_step_unsaid: Cell::new(false),
                anew: RefCell::new(None),
            }),
            Err(error) => {
                runtime.shutdown_background();
                Err(error.into())
            }
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.get() || self.client.is_closed()
    }

    /// Looks whether the other side has said goodbye while nobody asked anything.
    pub(super) fn look_after(&self) {
        if let Some(runtime) = &self.runtime {
            runtime.block_on(async {
                // Once for the news to arrive, once for them to be read, once for the end to be seen.
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
            });
        }
    }

    /// Has what was asked leave now, without waiting for its answer.
    pub(super) fn send(&self) {
        if let Some(runtime) = &self.runtime {
            // Meanwhile it is the turn of what carries the questions.
            runtime.block_on(tokio::task::yield_now());
        }
    }

    /// Asks, and waits for what was asked before and for this.
    fn wait<T>(&self, question: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Error> {
        let runtime = self.runtime.as_ref().ok_or(Error::Gone)?;
        let deferred = std::mem::take(&mut *self.deferred.borrow_mut());
        let answer = runtime.block_on(async {
            let mut question = pin!(question);
            // The first poll sends the question, right behind those whose answers are still on their way.
            let first = poll_fn(|context| Poll::Ready(question.as_mut().poll(context))).await;
            for earlier in deferred {
                earlier.await?;
            }
            match first {
                Poll::Ready(answer) => answer,
                Poll::Pending => question.await,
            }
        });
        answer.map_err(|error| self.note(error))
    }

    /// Looks whether an error is the end of the session.
    fn note(&self, error: tokio_postgres::Error) -> Error {
        if error.is_closed() || self.client.is_closed() {
            self.is_gone.set(true);
        }
        match error.as_db_error() {
            Some(database) if database.code().code().starts_with("57P") => self.is_gone.set(true),
            Some(database) if *database.code() == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => {
                self.is_gone.set(true);
            }
            Some(_) => {}
            None => {
                if error.source().is_some_and(|cause| cause.is::<std::io::Error>()) {
                    self.is_gone.set(true);
                }
                if error.source().is_some_and(|cause| cause.is::<UnstorableText>()) {
                    return Error::Unstorable;
                }
            }
        }
        Error::Postgres(error)
    }

    /// Asks and does not wait.
    fn defer(&self, mut question: Deferred) -> Result<(), Error> {
        match question.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer.map_err(|error| self.note(error)),
            Poll::Pending => {
                self.deferred.borrow_mut().push(question);
                Ok(())
            }
        }
    }

    pub(super) fn prepare(&self, sql: &str) -> Result<Statement, Error> {
        self.say_step()?;
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.wait(self.client.prepare(&numbered(sql)))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= KEPT_STATEMENTS {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(super) fn query(&self, statement: &Statement, values: &impl Params) -> Result<Vec<Row>, Error> {
        let values: Vec<Bound<'_>> = (0..values.count()).map(|place| Bound(values.at(place))).collect();
        let references: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        self.wait(self.client.query(statement, &references))
    }

    pub(super) fn execute(&self, statement: &Statement, values: &impl Params) -> Result<usize, Error> {
        let values: Vec<Bound<'_>> = (0..values.count()).map(|place| Bound(values.at(place))).collect();
        let references: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let touched = self.wait(self.client.execute(statement, &references))?;
        Ok(usize::try_from(touched).unwrap_or(usize::MAX))
    }

    pub(super) fn run(&self, statement: &Statement, values: &impl Params) -> Result<(), Error> {
        let values: Vec<Stored> = (0..values.count()).map(|place| values.at(place).to_stored()).collect();
        let (client, statement) = (Arc::clone(&self.client), statement.clone());
        self.defer(Box::pin(async move {
            let values: Vec<Bound<'_>> = values.iter().map(|value| Bound(super::Bind::value(value))).collect();
            client.execute_raw(&statement, &values).await.map(|_| ())
        }))
    }

    pub(super) fn batch(&self, sql: &str) -> Result<(), Error> {
        self.wait(self.client.batch_execute(sql))
    }

    /// Statements without values, whose answer comes with the next.
    pub(super) fn later(&self, sql: &str) -> Result<(), Error> {
        let (client, sql) = (Arc::clone(&self.client), sql.to_owned());
        self.defer(Box::pin(async move { client.batch_execute(&sql).await }))
    }

    pub(super) fn settle(&self) -> Result<(), Error> {
        if self.deferred.borrow().is_empty() { Ok(()) } else { self.wait(std::future::ready(Ok(()))) }
    }

    /// Locks are taken in one order by everybody, so no two commits wait for each other.
    pub(super) fn begin(&self, tenants: &BTreeSet<i64>, is_all: bool) -> Result<(), Error> {
        let mut sql = "BEGIN".to_owned();
        if is_all {
            sql.push_str(&format!("; SELECT pg_advisory_xact_lock({ALL})"));
        } else if !tenants.is_empty() {
            sql.push_str(&format!("; SELECT pg_advisory_xact_lock_shared({ALL})"));
            for tenant in tenants {
                sql.push_str(&format!("; SELECT pg_advisory_xact_lock({})", LOCKS + tenant));
            }
        }
        self.said.set(None);
        self.is_step_unsaid.set(false);
        self.later(&sql)?;
        self.anew.replace(Some(sql));
        Ok(())
    }

    /// Nothing is said until the step asks something: many have nothing to ask.
    pub(super) fn begin_step(&self, whose: Whose) {
        self.whose.set(whose);
        self.is_step_unsaid.set(true);
    }

    /// Says that a step has begun and whose rows it sees, before it asks its first question.
    pub(super) fn say_step(&self) -> Result<(), Error> {
        if !self.is_step_unsaid.replace(false) {
            return Ok(());
        }
        let whose = self.whose.get();
        let is_said = self.said.replace(Some(whose)) == Some(whose);
        let sight = format!("SET LOCAL smartqueue.tenant = '{}'", setting(whose));
        match (self.anew.borrow().is_some(), is_said) {
            (true, true) => Ok(()),
            (true, false) => self.later(&sight),
            (false, true) => self.later("SAVEPOINT step"),
            (false, false) => self.later(&format!("SAVEPOINT step; {sight}")),
        }
    }

    /// Changes whose rows are seen for the rest of the step, and returns whose they were.
    pub(super) fn name(&self, whose: Whose) -> Result<Whose, Error> {
        self.say_step()?;
        self.later(&format!("SET LOCAL smartqueue.tenant = '{}'", setting(whose)))?;
        self.said.set(Some(whose));
        Ok(self.whose.replace(whose))
    }

    pub(super) fn end_step(&self) -> Result<(), Error> {
        if self.is_step_unsaid.replace(false) || self.anew.take().is_some() {
            return Ok(());
        }
        self.later("RELEASE SAVEPOINT step")
    }

    pub(super) fn undo_step(&self) -> Result<(), Error> {
        if self.is_step_unsaid.replace(false) {
            return Ok(());
        }
        // What the step said of whose rows it sees is undone with it.
        self.said.set(None);
        // What was asked and not answered belongs to the step that is undone; its failure is known or does not matter.
        let deferred = std::mem::take(&mut *self.deferred.borrow_mut());
        drop(deferred);
        if let Some(begin) = &*self.anew.borrow() {
            return self.batch(&format!("ROLLBACK; {begin}"));
        }
        self.batch("ROLLBACK TO SAVEPOINT step; RELEASE SAVEPOINT step")
    }

    pub(super) fn begin_look(&self, whose: Whose) -> Result<(), Error> {
        let setting = setting(whose);
        self.is_step_unsaid.set(false);
        self.later(&format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL smartqueue.tenant = '{setting}'"
        ))
    }

    pub(super) fn stand_for(&self, whose: Whose) -> Result<(), Error> {
        self.batch(&format!("SET smartqueue.tenant = '{}'", setting(whose)))
    }

    pub(super) fn notify(&self, channel: &str, text: &str) -> Result<(), Error> {
        // Both are words of our own: letters, digits, colons and hyphens.
        self.later(&format!("NOTIFY {channel}, '{}'", text.replace('\'', "''")))
    }
}

fn setting(whose: Whose) -> String {
    match whose {
        Whose::Tenant(tenant) => tenant.to_string(),
        Whose::All => "all".to_owned(),
        Whose::Nobody => String::new(),
    }
}

/// Turns `?1` into `$1`, but for what stands in quotes.
fn numbered(sql: &str) -> String {
    let mut quote = None;
    let mut numbered = String::with_capacity(sql.len());
    for sign in sql.chars() {
        match (quote, sign) {
            (None, '\'' | '"') => quote = Some(sign),
            (Some(open), _) if open == sign => quote = None,
            (None | Some(_), _) => {}
        }
        numbered.push(if sign == '?' && quote.is_none() { '$' } else { sign });
    }
    numbered
}

/// The sign U+0000 stands in no text of PostgreSQL.
#[derive(Debug, thiserror::Error)]
#[error("a text holds the sign U+0000")]
struct UnstorableText;

/// A value in the driver's hands: PostgreSQL says which type it expects, and gets that.
#[derive(Debug)]
struct Bound<'a>(ValueRef<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self.0 {
            ValueRef::Null => Ok(IsNull::Yes),
            ValueRef::Integer(number) => match *kind {
                Type::INT8 => number.to_sql(kind, out),
                Type::INT4 => i32::try_from(number)?.to_sql(kind, out),
                Type::INT2 => i16::try_from(number)?.to_sql(kind, out),
                Type::BOOL => (number != 0).to_sql(kind, out),
                Type::FLOAT8 => (number as f64).to_sql(kind, out),
                ref other => Err(format!("a whole number is no {other}").into()),
            },
            ValueRef::Real(number) => match *kind {
                Type::FLOAT8 => number.to_sql(kind, out),
                ref other => Err(format!("a number with a fraction is no {other}").into()),
            },
            ValueRef::Text(text) if text.contains('\0') => Err(Box::new(UnstorableText)),
            ValueRef::Text(text) => match *kind {
                Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR | Type::UNKNOWN => text.to_sql(kind, out),
                ref other => Err(format!("a text is no {other}").into()),
            },
            ValueRef::Blob(bytes) => match *kind {
                Type::BYTEA => bytes.to_sql(kind, out),
                ref other => Err(format!("bytes are no {other}").into()),
            },
        }
    }

    fn accepts(_kind: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value as it comes.
struct Read<'a>(ValueRef<'a>);

impl<'a> FromSql<'a> for Read<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Read<'a>, Box<dyn StdError + Sync + Send>> {
        Ok(Read(match *kind {
            Type::INT8 => ValueRef::Integer(i64::from_sql(kind, raw)?),
            Type::INT4 => ValueRef::Integer(i32::from_sql(kind, raw)?.into()),
            Type::INT2 => ValueRef::Integer(i16::from_sql(kind, raw)?.into()),
            Type::BOOL => ValueRef::Integer(bool::from_sql(kind, raw)?.into()),
            Type::FLOAT8 => ValueRef::Real(f64::from_sql(kind, raw)?),
            Type::BYTEA => ValueRef::Blob(raw),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR | Type::UNKNOWN => {
                ValueRef::Text(<&str>::from_sql(kind, raw)?)
            }
            ref other => return Err(format!("no value of ours is a {other}").into()),
        }))
    }

    fn accepts(_kind: &Type) -> bool {
        true
    }
}

pub(super) fn value(row: &Row, place: usize) -> Result<ValueRef<'_>, Error> {
    Ok(row.try_get::<usize, Option<Read<'_>>>(place)?.map_or(ValueRef::Null, |read| read.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_as_postgresql_wants_them() {
        assert_eq!(numbered("SELECT ?1, '?2', \"?3\", 'it''s ?', ?12"), "SELECT $1, '?2', \"?3\", 'it''s ?', $12");
    }
}
