//! One open socket: events go out in order from a cursor, none left out; heartbeats go both ways; a station's own words
//! come in. A session never decides anything about a ticket.

use crate::clock;
use crate::http::{App, stop};
use crate::ledger::events::{Interest, Published, Tail};
use crate::ledger::stations::Subject;
use crate::metrics::metrics;
use crate::trouble::Trouble;
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use smartqueue_protocol::event::{ServerEvent, StationMessage};
use smartqueue_protocol::time::write_time;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

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
/// The largest message of a client in bytes.
const LARGEST_MESSAGE: usize = 16 * 1024;
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
    Close(CloseCode, &'static str),
    /// The store failed.
    Failed(Trouble),
}

impl From<Trouble> for End {
    fn from(trouble: Trouble) -> End {
        match trouble {
            // The subject of the socket went away or was shut out while it was open.
            Trouble::NotFound(_) | Trouble::Forbidden { .. } => End::Close(CloseCode::Policy, "no longer permitted"),
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

/// What carries the frames.
type Stream = TokioIo<Upgraded>;

/// Small buffers: a lobby's sockets are many and their messages short.
fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(1_024)
        .write_buffer_size(4_096)
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE))
}

pub(super) struct Session {
    app: Arc<App>,
    socket: WebSocketStream<Stream>,
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
    /// Runs until one side leaves.
    pub(super) async fn run(
        app: Arc<App>,
        mut stream: Stream,
        tenant: i64,
        subject: Subject,
        interest: Interest,
        ends_at_ms: i64,
        after: Option<u64>,
    ) {
        let (stopping, open) = (app.stopping.clone(), app.open_sockets.clone());
        // Listening begins before the log is read: what is committed in between arrives twice and is skipped once.
        let live = app.hub.subscribe(interest.site);
        let opened = match after {
            Some(after) => Ok(after),
            None => Box::pin(open_with_snapshot(&app, &mut stream, tenant, &interest)).await,
        };
        let now = clock::monotonic();
        let mut session = Session {
            app,
            socket: WebSocketStream::from_raw_socket(stream, Role::Server, Some(limits())).await,
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
        };
        let end = match opened {
            Ok(cursor) => {
                (session.cursor, session.sent) = (cursor, cursor);
                match session.live(live, after.is_some()).await {
                    Ok(never) => match never {},
                    Err(end) => end,
                }
            }
            Err(end) => end,
        };
        match end {
            End::Gone => {}
            End::Close(code, reason) => Box::pin(session.close(code, reason)).await,
            End::Failed(error) => {
                tracing::error!(%error, subject = ?session.subject, "a socket ended because the store failed");
                Box::pin(session.close(CloseCode::Error, "try again")).await;
            }
        }
    }

    async fn live(
        &mut self,
        mut live: broadcast::Receiver<Arc<Published>>,
        has_cursor: bool,
    ) -> Result<std::convert::Infallible, End> {
        let app = Arc::clone(&self.app);
        let mut replaced = match self.subject {
            Subject::Station(station) => Some(app.hub.take_station(station)),
            Subject::Queue(_) | Subject::Display(_) | Subject::Agent(_) => None,
        };
        if has_cursor {
            Box::pin(self.catch_up()).await?;
        }
        let beat = HEARTBEAT.mul_f64(0.8 + 0.4 * (uuid::Uuid::new_v4().as_u128() as u16 as f64 / f64::from(u16::MAX)));
        let mut heartbeat = tokio::time::interval_at((clock::monotonic() + beat).into(), beat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopping = self.stopping.clone();
        loop {
            tokio::select! {
                event = live.recv() => self.take_all(event, &mut live).await?,
                message = self.socket.next() => Box::pin(self.hear(message)).await?,
                _ = heartbeat.tick() => Box::pin(self.beat()).await?,
                () = stop(&mut stopping) => return Err(End::Close(CloseCode::Restart, "try again")),
                () = when_replaced(&mut replaced) => {
                    return Err(End::Close(REPLACED.into(), "this station opened another socket"));
                }
            }
        }
    }

    /// Takes an event and those behind it, which leave in one write: a call and the figures that it changed come together.
    async fn take_all(
        &mut self,
        first: Result<Arc<Published>, RecvError>,
        live: &mut broadcast::Receiver<Arc<Published>>,
    ) -> Result<(), End> {
        let mut next = first;
        loop {
            match next {
                Ok(event) => self.take(&event).await?,
                Err(RecvError::Lagged(_)) => Box::pin(self.catch_up()).await?,
                Err(RecvError::Closed) => return Err(End::Close(CloseCode::Restart, "try again")),
            }
            next = match live.try_recv() {
                Ok(event) => Ok(event),
                Err(TryRecvError::Lagged(missed)) => Err(RecvError::Lagged(missed)),
                Err(TryRecvError::Closed) => Err(RecvError::Closed),
                Err(TryRecvError::Empty) => break,
            };
        }
        self.flush().await?;
        if self.since_state >= EVENTS_A_STATE {
            Box::pin(self.tell_state()).await?;
        }
        Ok(())
    }

    async fn take(&mut self, event: &Published) -> Result<(), End> {
        if event.seq <= self.cursor {
            return Ok(());
        }
        if event.seq > self.cursor + 1 {
            return Box::pin(self.catch_up()).await;
        }
        self.pass(event).await
    }

    /// Puts an event into the buffer if it is of interest, and moves the cursor over it.
    async fn pass(&mut self, event: &Published) -> Result<(), End> {
        self.cursor = event.seq;
        if !self.interest.covers(&event.reach) {
            return Ok(());
        }
        metrics().sockets_sent.inc();
        patiently(self.socket.feed(Message::Text(event.text(self.sent).into()))).await?;
        self.sent = event.seq;
        self.since_state += 1;
        if event.reach.queue.is_none() {
            Box::pin(self.renew_interest()).await?;
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
                    self.flush().await?;
                    if is_last {
                        return Ok(());
                    }
                }
            }
        }
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
            return Err(End::Close(TOKEN_EXPIRED.into(), "token expired"));
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

    async fn hear(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        let message = match message {
            None => return Err(End::Gone),
            Some(Ok(message)) => message,
            Some(Err(Error::Capacity(_))) => return Err(End::Close(CloseCode::Size, "a message holds at most 16 KiB")),
            Some(Err(_)) => return Err(End::Gone),
        };
        metrics().sockets_received.inc();
        self.heard = clock::monotonic();
        let (began, messages) = &mut self.window;
        if began.elapsed() >= WINDOW {
            (*began, *messages) = (clock::monotonic(), 0);
        }
        *messages += 1;
        if *messages > MESSAGES {
            return Err(End::Close(CloseCode::Policy, "too many messages"));
        }
        match message {
            Message::Text(text) => self.understand(&text).await,
            // The library answers a ping by itself.
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Binary(_) => Err(End::Close(CloseCode::Unsupported, "text only")),
            // A frame by itself is never read.
            Message::Close(_) | Message::Frame(_) => Err(End::Gone),
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
        patiently(self.socket.send(message)).await
    }

    async fn flush(&mut self) -> Result<(), End> {
        patiently(self.socket.flush()).await
    }

    async fn close(&mut self, code: CloseCode, reason: &'static str) {
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
        let goodbye = async {
            self.socket.send(Message::Close(Some(frame))).await?;
            // The client's own close frame ends the connection cleanly; without waiting for it the frame may be lost.
            while let Some(Ok(_)) = self.socket.next().await {}
            Ok::<_, Error>(())
        };
        if tokio::time::timeout(Duration::from_secs(2), goodbye).await.is_err() {
            tracing::debug!(subject = ?self.subject, "a client did not answer our goodbye");
        }
    }
}

/// Waits for a write, but not for a client that takes nothing.
async fn patiently<E>(write: impl Future<Output = Result<(), E>>) -> Result<(), End> {
    match tokio::time::timeout(STALLED, write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => {
            metrics().sockets_errors.inc();
            Err(End::Gone)
        }
        Err(_) => {
            metrics().sockets_errors.inc();
            tracing::warn!("a socket takes nothing and is closed");
            Err(End::Gone)
        }
    }
}

/// Sends the snapshot as the socket's first frame and says up to which event it goes. It is written past the socket's own
/// buffer, which would keep the room for the largest message that it ever held.
async fn open_with_snapshot(app: &App, stream: &mut Stream, tenant: i64, interest: &Interest) -> Result<u64, End> {
    let snapshot = app.ledger.snapshot(tenant, interest.clone()).await?;
    let frame = Frame::message(snapshot.text()?, OpCode::Data(Data::Text), true);
    let mut bytes = Vec::with_capacity(frame.len());
    frame.format(&mut bytes).map_err(|error| End::Failed(Trouble::Internal(error.to_string())))?;
    metrics().sockets_sent.inc();
    patiently(stream.write_all(&bytes)).await?;
    patiently(stream.flush()).await?;
    Ok(snapshot.seq)
}
