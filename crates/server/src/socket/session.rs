//! One open socket: events go out in order from a cursor, none left out; heartbeats go both ways; a station's own words
//! come in. A session never decides anything about a ticket.

use crate::clock;
use crate::http::{App, stop};
use crate::ledger::events::{Interest, Published, Tail};
use crate::ledger::stations::Subject;
use crate::metrics::metrics;
use crate::trouble::Trouble;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use smartqueue_protocol::event::{ServerEvent, StationMessage};
use smartqueue_protocol::time::write_time;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

/// About how often we say that we live; each socket's own beat differs by up to a fifth, so that they do not all beat at
/// once after a restart.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A station is told what its view looks like after so many events.
const EVENTS_A_STATE: u32 = 256;
/// A client that is silent for so long is gone; a living one answers each of our pings.
const SILENCE: Duration = Duration::from_secs(50);
/// A client that takes nothing for so long is gone; it comes back with its cursor.
const STALLED: Duration = Duration::from_secs(30);
/// Messages that a client may send within [`WINDOW`].
const MESSAGES: u32 = 100;
const WINDOW: Duration = Duration::from_secs(60);
/// Events read from the log at once.
const CHUNK: usize = 256;
/// Our own close code: come back with a fresh token.
const TOKEN_EXPIRED: u16 = 4401;
/// Our own close code: the same station opened a newer socket.
const REPLACED: u16 = 4409;

/// Why a session ends.
#[derive(Debug)]
enum End {
    /// The client left, or its connection did.
    Gone,
    /// We say goodbye with a code and a word.
    Close(u16, &'static str),
    /// The store failed.
    Failed(Trouble),
}

impl From<Trouble> for End {
    fn from(trouble: Trouble) -> End {
        match trouble {
            // The subject of the socket went away or was shut out while it was open.
            Trouble::NotFound(_) | Trouble::Forbidden { .. } => End::Close(close_code::POLICY, "no longer permitted"),
            Trouble::Invalid { .. }
            | Trouble::Malformed { .. }
            | Trouble::Refused(_)
            | Trouble::Transition(_)
            | Trouble::Conflict { .. }
            | Trouble::Unauthorised { .. }
            | Trouble::TooMany { .. }
            | Trouble::Busy
            | Trouble::Storage(_)
            | Trouble::Internal(_) => End::Failed(trouble),
        }
    }
}

/// Resolves when a newer socket has taken the place of a station's; never for any other.
async fn when_replaced(replaced: &mut Option<oneshot::Receiver<()>>) {
    match replaced {
        // The sender never says anything: it is dropped.
        Some(replaced) => drop(replaced.await),
        None => std::future::pending().await,
    }
}

pub(super) struct Session {
    app: Arc<App>,
    socket: WebSocket,
    tenant: i64,
    subject: Subject,
    interest: Interest,
    ends_at_ms: i64,
    /// Every event of the site up to here was looked at.
    cursor: u64,
    /// The last event that was sent: `prev` of the next.
    sent: u64,
    /// Events sent since the state was told.
    since_state: u32,
    heard: Instant,
    window: (Instant, u32),
    stopping: watch::Receiver<bool>,
    /// Tells the server that this socket is still open.
    _open: mpsc::Sender<()>,
}

impl Session {
    pub(super) fn new(
        app: Arc<App>,
        socket: WebSocket,
        tenant: i64,
        subject: Subject,
        interest: Interest,
        ends_at_ms: i64,
    ) -> Session {
        let now = clock::monotonic();
        let (stopping, open) = (app.stopping.clone(), app.open_sockets.clone());
        Session {
            app,
            socket,
            tenant,
            subject,
            interest,
            ends_at_ms,
            cursor: 0,
            sent: 0,
            since_state: 0,
            heard: now,
            window: (now, 0),
            stopping,
            _open: open,
        }
    }

    /// Runs until one side leaves.
    pub(super) async fn run(mut self, after: Option<u64>) {
        let end = match self.live(after).await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        match end {
            End::Gone => {}
            End::Close(code, reason) => self.close(code, reason).await,
            End::Failed(error) => {
                tracing::error!(%error, subject = ?self.subject, "a socket ended because the store failed");
                self.close(close_code::ERROR, "try again").await;
            }
        }
    }

    async fn live(&mut self, after: Option<u64>) -> Result<std::convert::Infallible, End> {
        // Listening begins before the log is read: what is committed in between arrives twice and is skipped once.
        let app = Arc::clone(&self.app);
        let mut live = app.hub.subscribe(self.interest.site);
        let mut replaced = match self.subject {
            Subject::Station(station) => Some(app.hub.take_station(station)),
            Subject::Queue(_) | Subject::Display(_) | Subject::Agent(_) => None,
        };
        match after {
            Some(after) => {
                (self.cursor, self.sent) = (after, after);
                self.catch_up().await?;
            }
            None => self.send_snapshot().await?,
        }
        let beat = HEARTBEAT.mul_f64(0.8 + 0.4 * (uuid::Uuid::new_v4().as_u128() as u16 as f64 / f64::from(u16::MAX)));
        let mut heartbeat = tokio::time::interval_at((clock::monotonic() + beat).into(), beat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopping = self.stopping.clone();
        loop {
            tokio::select! {
                event = live.recv() => match event {
                    Ok(event) => {
                        self.take(&event).await?;
                        self.tell_state_when_due().await?;
                    }
                    Err(RecvError::Lagged(_)) => {
                        self.catch_up().await?;
                        self.tell_state_when_due().await?;
                    }
                    Err(RecvError::Closed) => return Err(End::Close(close_code::RESTART, "try again")),
                },
                message = self.socket.recv() => self.hear(message).await?,
                _ = heartbeat.tick() => self.beat().await?,
                () = stop(&mut stopping) => return Err(End::Close(close_code::RESTART, "try again")),
                () = when_replaced(&mut replaced) => return Err(End::Close(REPLACED, "this station opened another socket")),
            }
        }
    }

    async fn take(&mut self, event: &Published) -> Result<(), End> {
        if event.seq <= self.cursor {
            return Ok(());
        }
        if event.seq > self.cursor + 1 {
            return self.catch_up().await;
        }
        self.pass(event).await
    }

    /// Sends an event if it is of interest, and moves the cursor over it.
    async fn pass(&mut self, event: &Published) -> Result<(), End> {
        self.cursor = event.seq;
        if !self.interest.covers(&event.reach) {
            return Ok(());
        }
        self.send(Message::Text(event.text(self.sent).into())).await?;
        self.sent = event.seq;
        self.since_state += 1;
        if event.reach.queue.is_none() {
            self.renew_interest().await?;
        }
        Ok(())
    }

    /// Sends everything after the cursor from the log, or a snapshot when the log no longer holds it.
    async fn catch_up(&mut self) -> Result<(), End> {
        loop {
            match self.app.ledger.events_after(self.tenant, self.interest.site, self.cursor, CHUNK).await? {
                Tail::Lost => return self.send_snapshot().await,
                Tail::Events(events) => {
                    let is_last = events.len() < CHUNK;
                    for event in &events {
                        // A renewed interest may have moved the cursor past the rest.
                        if event.seq == self.cursor + 1 {
                            Box::pin(self.pass(event)).await?;
                        }
                    }
                    if is_last {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn tell_state_when_due(&mut self) -> Result<(), End> {
        if self.since_state >= EVENTS_A_STATE { self.tell_state().await } else { Ok(()) }
    }

    /// Tells a station what its view looks like now, so that it notices when it sees something else. What has happened
    /// since the last event that it was sent makes the comparison meaningless: then the next one will do.
    async fn tell_state(&mut self) -> Result<(), End> {
        if !matches!(self.subject, Subject::Station(_)) {
            return Ok(());
        }
        let (seq, hash) = self.app.ledger.state(self.tenant, self.interest.clone()).await?;
        if seq != self.cursor {
            return Ok(());
        }
        self.since_state = 0;
        let state = ServerEvent::State { seq: self.sent, hash: format!("{hash:016x}") };
        let text = serde_json::to_string(&state).map_err(|error| End::Failed(error.into()))?;
        self.send(Message::Text(text.into())).await
    }

    async fn send_snapshot(&mut self) -> Result<(), End> {
        let snapshot = self.app.ledger.snapshot(self.tenant, self.interest.clone()).await?;
        self.send(Message::Text(snapshot.text()?.into())).await?;
        (self.cursor, self.sent) = (snapshot.seq, snapshot.seq);
        Ok(())
    }

    /// Looks again at what the subject sees, and whether it still may. A changed view begins with a snapshot.
    async fn renew_interest(&mut self) -> Result<(), End> {
        let interest = self.app.ledger.interest(self.tenant, self.subject).await?;
        if interest != self.interest {
            self.interest = interest;
            self.send_snapshot().await?;
        }
        Ok(())
    }

    async fn beat(&mut self) -> Result<(), End> {
        if self.heard.elapsed() > SILENCE {
            return Err(End::Gone);
        }
        let now_ms = clock::now_ms();
        if now_ms >= self.ends_at_ms {
            return Err(End::Close(TOKEN_EXPIRED, "token expired"));
        }
        let beat = ServerEvent::Heartbeat { time: write_time(now_ms) };
        let text = serde_json::to_string(&beat).map_err(|error| End::Failed(error.into()))?;
        self.send(Message::Text(text.into())).await?;
        self.send(Message::Ping(Vec::new().into())).await?;
        self.renew_interest().await?;
        // Another process may have written; its events have no hub.
        if self.app.ledger.newest_event(self.tenant, self.interest.site).await? != self.cursor {
            self.catch_up().await?;
        }
        if self.since_state > 0 {
            self.tell_state().await?;
        }
        Ok(())
    }

    async fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let message = match message {
            None => return Err(End::Gone),
            Some(Ok(message)) => message,
            Some(Err(error)) => {
                let text = error.to_string();
                return Err(if text.contains("too long") || text.contains("too large") {
                    End::Close(close_code::SIZE, "a message holds at most 16 KiB")
                } else {
                    End::Gone
                });
            }
        };
        metrics().sockets_received.inc();
        self.heard = clock::monotonic();
        let (began, messages) = &mut self.window;
        if began.elapsed() >= WINDOW {
            (*began, *messages) = (clock::monotonic(), 0);
        }
        *messages += 1;
        if *messages > MESSAGES {
            return Err(End::Close(close_code::POLICY, "too many messages"));
        }
        match message {
            Message::Text(text) => self.understand(&text).await,
            // The library answers a ping by itself.
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Binary(_) => Err(End::Close(close_code::UNSUPPORTED, "text only")),
            Message::Close(_) => Err(End::Gone),
        }
    }

    /// Only a station's words have a meaning here; whatever else a client says counts as a sign of life.
    async fn understand(&mut self, text: &str) -> Result<(), End> {
        let Subject::Station(station) = self.subject else { return Ok(()) };
        match serde_json::from_str(text) {
            Ok(StationMessage::Heartbeat { state }) => self.app.ledger.keep_state(self.tenant, station, state).await?,
            Ok(StationMessage::Announced { call, outcome }) => {
                if ["spoken", "silent", "failed"].contains(&outcome.as_str()) {
                    self.app.ledger.keep_announcement(self.tenant, station, call, outcome).await?;
                }
            }
            Err(error) => tracing::debug!(station, %error, "a message of a station has no meaning here"),
        }
        Ok(())
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        metrics().sockets_sent.inc();
        match tokio::time::timeout(STALLED, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => {
                metrics().sockets_errors.inc();
                Err(End::Gone)
            }
            Err(_) => {
                metrics().sockets_errors.inc();
                tracing::warn!(subject = ?self.subject, cursor = self.sent, "a socket takes nothing and is closed");
                Err(End::Gone)
            }
        }
    }

    async fn close(&mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
        let goodbye = async {
            self.socket.send(Message::Close(Some(frame))).await?;
            // The client's own close frame ends the connection cleanly; without waiting for it the frame may be lost.
            while let Some(Ok(_)) = self.socket.recv().await {}
            Ok::<_, axum::Error>(())
        };
        if tokio::time::timeout(Duration::from_secs(2), goodbye).await.is_err() {
            tracing::debug!(subject = ?self.subject, "a client did not answer our goodbye");
        }
    }
}
