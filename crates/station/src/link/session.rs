//! One connection after the other: pair, token, hello, then records out and events in, side by side.

use super::client::{Client, ClientError, HelloFailure, Identity};
use super::convert;
use crate::clock::{monotonic, wall_ms};
use crate::profile::{settings_from, zone_from};
use futures_util::{SinkExt, StreamExt};
use jiff::tz::TimeZone;
use smartqueue_domain::{SeriesLetter, StationId};
use smartqueue_engine::{Input, RemoteEvent};
use smartqueue_protocol::configuration::Configuration;
use smartqueue_protocol::event::{ServerEvent, StationMessage, StationState};
use smartqueue_protocol::provisioning::Provisioning;
use smartqueue_protocol::station_sync::{HelloRequest, PairRequest, PushRequest, SequencedRecord};
use smartqueue_protocol::time::write_time;
use smartqueue_protocol::words::read_letter;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use uuid::Uuid;

/// Both sides say that they are alive this often; two misses mean that the other is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Back-off with full jitter between these bounds, and back to the first after a connection held this long.
const SHORTEST_BACK_OFF: Duration = Duration::from_millis(500);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30);
const STABLE: Duration = Duration::from_secs(60);

/// A token is renewed this long before it expires.
const RENEWAL: Duration = Duration::from_secs(60);

/// The largest event that is read.
const LARGEST_EVENT: usize = 4 * 1024 * 1024;

/// What the link needs to know of its station.
#[derive(Clone, Debug)]
pub(crate) struct LinkProfile {
    pub(crate) server: String,
    pub(crate) epoch: Uuid,
    pub(crate) profile: Provisioning,
    pub(crate) identity: Option<Identity>,
    pub(crate) applied_configuration: Option<i64>,
}

/// What the link tells the loop.
#[derive(Debug)]
pub(crate) enum LinkNews {
    /// Something happened that the engine should know.
    Input(Input),
    /// A new identity: keep it, then answer.
    KeepIdentity { identity: Option<Identity>, kept: oneshot::Sender<()> },
    /// A configuration that could be read: keep it and live in its time zone.
    KeepConfiguration { configuration: Box<Configuration>, zone: TimeZone },
    /// Which records come after this one?
    RecordsAfter { seq: u64, answer: oneshot::Sender<Vec<SequencedRecord>> },
}

/// What the loop tells the link.
#[derive(Debug)]
pub(crate) enum LinkOrder {
    /// The journal has grown.
    Push,
    /// Connect anew.
    Resynchronise,
    /// Tell the server how a call's announcement ended.
    Acknowledge { call: u64, outcome: &'static str },
}

/// The link's task and its mailbox.
pub(crate) struct Link<Tell> {
    client: Client,
    profile: LinkProfile,
    orders: mpsc::UnboundedReceiver<LinkOrder>,
    state: watch::Receiver<StationState>,
    tell: Arc<Tell>,
    /// The last event that was passed on.
    cursor: Option<u64>,
}

/// The right to speak to the server, for a while.
struct Access {
    token: String,
    renew_at: Instant,
}

/// Why a session ended.
#[derive(Debug)]
enum Ended {
    /// The server refuses this station.
    Refused(String),
    /// Anything else: try again.
    Lost(String),
    /// The loop asked for it, or the station's identity has to be renewed: at once.
    Anew,
    /// The loop is gone.
    Stopped,
}

impl From<ClientError> for Ended {
    fn from(error: ClientError) -> Ended {
        match error {
            ClientError::Refused { .. } => Ended::Refused(error.to_string()),
            ClientError::Unreachable(_) | ClientError::Failed(_) | ClientError::Garbage(_) => {
                Ended::Lost(error.to_string())
            }
        }
    }
}

impl From<SocketError> for Ended {
    fn from(error: SocketError) -> Ended {
        Ended::Lost(error.to_string())
    }
}

impl<Tell: Fn(LinkNews) -> bool> Link<Tell> {
    /// A link that tells its news to `tell`, which says whether anybody still listens.
    pub(crate) fn new(
        profile: LinkProfile,
        orders: mpsc::UnboundedReceiver<LinkOrder>,
        state: watch::Receiver<StationState>,
        tell: Tell,
    ) -> Result<Link<Tell>, ClientError> {
        let client = Client::new(&profile.server)?;
        Ok(Link { client, profile, orders, state, tell: Arc::new(tell), cursor: None })
    }

    /// Runs until the loop is gone.
    pub(crate) async fn run(mut self) {
        let mut back_off = SHORTEST_BACK_OFF;
        loop {
            let started = monotonic();
            let ended = match self.session().await {
                Ok(never) => match never {},
                Err(ended) => ended,
            };
            let news = match ended {
                Ended::Stopped => return,
                // A short rest all the same: a server that keeps sending gaps must not be asked in a tight loop.
                Ended::Anew if self.rest(jitter(SHORTEST_BACK_OFF)).await => continue,
                Ended::Anew => return,
                Ended::Refused(cause) => {
                    tracing::warn!(cause, "the server refuses this station");
                    Input::LinkRefused
                }
                Ended::Lost(cause) => {
                    tracing::info!(cause, "no connection to the server");
                    Input::LinkLost
                }
            };
            if !(self.tell)(LinkNews::Input(news)) {
                return;
            }
            if started.elapsed() >= STABLE {
                back_off = SHORTEST_BACK_OFF;
            }
            if !self.rest(jitter(back_off)).await {
                return;
            }
            back_off = (back_off * 2).min(LONGEST_BACK_OFF);
        }
    }

    /// Waits, and drops orders that the next hello makes needless; false when the loop is gone.
    async fn rest(&mut self, time: Duration) -> bool {
        let end = monotonic() + time;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(end.into()) => return true,
                order = self.orders.recv() => if order.is_none() { return false },
            }
        }
    }

    async fn session(&mut self) -> Result<std::convert::Infallible, Ended> {
        let identity = match self.profile.identity.clone() {
            Some(identity) => identity,
            None => self.pair().await?,
        };
        let asked_at = monotonic();
        let token = match self.client.token(&identity).await {
            Ok(reply) => reply,
            Err(error) => return Err(self.after_failure(error).await),
        };
        let access = Access {
            renew_at: asked_at + Duration::from_secs(token.expires_in).saturating_sub(RENEWAL),
            token: token.access,
        };
        let request = HelloRequest {
            epoch: self.profile.epoch,
            mode: self.profile.profile.mode.word().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            applied_configuration: self.profile.applied_configuration,
            service_day: None,
        };
        let reply = match self.client.hello(&identity, &access.token, &request).await {
            Ok(reply) => reply,
            Err(error) => return Err(self.after_failure(error).await),
        };
        let nonsense = |error: String| Ended::Lost(format!("the server's hello makes no sense: {error}"));
        let configuration = reply.configuration.clone();
        let settings =
            settings_from(&self.profile.profile, Some(&configuration)).map_err(|e| nonsense(e.to_string()))?;
        let zone = zone_from(&self.profile.profile, Some(&configuration)).map_err(|e| nonsense(e.to_string()))?;
        let greeting = convert::greeting(&reply, settings).map_err(|error| nonsense(error.to_string()))?;
        self.profile.applied_configuration = Some(configuration.version);
        self.tell(LinkNews::KeepConfiguration { configuration: Box::new(configuration), zone })?;
        self.tell(LinkNews::Input(Input::Greeted(Box::new(greeting))))?;
        // The engine goes on from its own cursor unless the log it knew is gone; the same rule, so the same answer.
        let after = match self.cursor {
            Some(cursor) if reply.event_seq >= cursor => cursor,
            Some(_) | None => reply.event_seq,
        };
        self.cursor = Some(after);
        self.converse(&identity, &access, reply.highest_seq, after).await
    }

    async fn pair(&mut self) -> Result<Identity, Ended> {
        let Some(pairing_token) = self.profile.profile.pairing_token.clone() else {
            return Err(Ended::Refused("the profile has no pairing token".to_owned()));
        };
        let request = PairRequest {
            pairing_token,
            name: self.profile.profile.name.clone(),
            mode: self.profile.profile.mode.word().to_owned(),
            epoch: self.profile.epoch,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let reply = self.client.pair(&request).await?;
        let letter = read_letter(&reply.letter).map_err(|error| Ended::Lost(error.to_string()))?;
        if self.profile.profile.mode.issues() && letter == SeriesLetter::Main {
            return Err(Ended::Lost("the server gave a kiosk no letter".to_owned()));
        }
        let identity = Identity { tenant: reply.tenant, station: reply.station, secret: reply.secret };
        self.keep(Some(identity.clone())).await?;
        self.tell(LinkNews::Input(Input::Paired { station: StationId(reply.station), letter }))?;
        Ok(identity)
    }

    /// A server that does not know this station any more gets a new pairing; everything else is tried again later.
    async fn after_failure(&mut self, error: ClientError) -> Ended {
        match error.hello_failure() {
            HelloFailure::Passing => Ended::from(error),
            HelloFailure::IdentityLost => match (self.keep(None).await, self.pair().await) {
                (Ok(()), Ok(_)) => Ended::Anew,
                (Err(ended), _) | (Ok(()), Err(ended)) => ended,
            },
        }
    }

    async fn keep(&mut self, identity: Option<Identity>) -> Result<(), Ended> {
        let (kept, when_kept) = oneshot::channel();
        self.tell(LinkNews::KeepIdentity { identity: identity.clone(), kept })?;
        when_kept.await.map_err(|_| Ended::Stopped)?;
        self.profile.identity = identity;
        Ok(())
    }

    fn tell(&self, news: LinkNews) -> Result<(), Ended> {
        if (self.tell)(news) { Ok(()) } else { Err(Ended::Stopped) }
    }

    /// Records out and events in, until either fails.
    async fn converse(
        &mut self,
        identity: &Identity,
        access: &Access,
        server_holds: u64,
        after: u64,
    ) -> Result<std::convert::Infallible, Ended> {
        let mut request = self.client.socket_address(identity, after).into_client_request()?;
        let bearer =
            format!("Bearer {}", access.token).parse().map_err(|_| Ended::Lost("the token is odd".to_owned()))?;
        request.headers_mut().insert("Authorization", bearer);
        let limits = WebSocketConfig::default()
            .read_buffer_size(4096)
            .max_message_size(Some(LARGEST_EVENT))
            .max_frame_size(Some(LARGEST_EVENT));
        let connecting = tokio_tungstenite::connect_async_with_config(request, Some(limits), true);
        let (socket, _) = tokio::time::timeout(Duration::from_secs(5), connecting)
            .await
            .map_err(|_| Ended::Lost("the socket did not open".to_owned()))??;
        let (mut outgoing, mut incoming) = socket.split();
        let (push_wake, push_waits) = mpsc::unbounded_channel();
        let pushing = push_records(
            self.client.clone(),
            identity.clone(),
            access.token.clone(),
            PushSide { epoch: self.profile.epoch, server_holds, wake: push_waits, tell: Arc::clone(&self.tell) },
        );
        tokio::pin!(pushing);
        let _ = push_wake.send(());
        let mut last_heard = monotonic();
        let mut beat = tokio::time::interval(HEARTBEAT);
        loop {
            tokio::select! {
                ended = &mut pushing => return Err(ended),
                // The server closes a socket whose token has expired: go before, and nobody sees a lost connection.
                () = tokio::time::sleep_until(access.renew_at.into()) => return Err(Ended::Anew),
                _ = beat.tick() => {
                    if last_heard.elapsed() > HEARTBEAT * 2 {
                        return Err(Ended::Lost("the server is silent".to_owned()));
                    }
                    let mut state = self.state.borrow().clone();
                    state.clock = write_time(wall_ms());
                    outgoing.send(encode(&StationMessage::Heartbeat { state })?).await?;
                }
                order = self.orders.recv() => match order {
                    None => return Err(Ended::Stopped),
                    Some(LinkOrder::Push) => { let _ = push_wake.send(()); }
                    Some(LinkOrder::Resynchronise) => return Err(Ended::Anew),
                    Some(LinkOrder::Acknowledge { call, outcome }) => {
                        let message = StationMessage::Announced { call, outcome: outcome.to_owned() };
                        outgoing.send(encode(&message)?).await?;
                    }
                },
                message = incoming.next() => {
                    let message = message.ok_or_else(|| Ended::Lost("the socket closed".to_owned()))??;
                    last_heard = monotonic();
                    match message {
                        Message::Text(text) => self.hear(text.as_str())?,
                        Message::Close(_) => return Err(Ended::Lost("the server closed the socket".to_owned())),
                        Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_) => {}
                    }
                }
            }
        }
    }

    fn hear(&mut self, text: &str) -> Result<(), Ended> {
        // A newer server may send events that this version does not know: they change nothing here.
        let Ok(event) = serde_json::from_str::<ServerEvent>(text) else {
            tracing::debug!(text, "an event of no known kind");
            return Ok(());
        };
        let input = convert::input(&event).map_err(|error| Ended::Lost(format!("an event makes no sense: {error}")))?;
        if let Input::Event { seq, prev, event } = &input
            && !matches!(event, RemoteEvent::Snapshot { .. })
        {
            let cursor = self.cursor.unwrap_or(0);
            if *seq <= cursor {
                return Ok(());
            }
            if *prev > cursor {
                // What lies between was missed: the next connection asks for it from the cursor, which stays.
                return Err(Ended::Anew);
            }
        }
        if let Input::Event { seq, .. } = &input {
            self.cursor = Some(*seq);
        }
        self.tell(LinkNews::Input(input))
    }
}

struct PushSide<Tell> {
    epoch: Uuid,
    server_holds: u64,
    wake: mpsc::UnboundedReceiver<()>,
    tell: Arc<Tell>,
}

/// Sends what the server does not hold, in order, whenever it is woken. Ends only with a cause.
async fn push_records<Tell: Fn(LinkNews) -> bool>(
    client: Client,
    identity: Identity,
    access: String,
    side: PushSide<Tell>,
) -> Ended {
    let PushSide { epoch, mut server_holds, mut wake, tell } = side;
    while wake.recv().await.is_some() {
        while wake.try_recv().is_ok() {}
        loop {
            let (answer, records) = oneshot::channel();
            if !tell(LinkNews::RecordsAfter { seq: server_holds, answer }) {
                return Ended::Stopped;
            }
            let Ok(records) = records.await else { return Ended::Stopped };
            if records.is_empty() {
                break;
            }
            let reply = match client.push(&identity, &access, &PushRequest { epoch, records }).await {
                Ok(reply) => reply,
                Err(error) => return Ended::Lost(error.to_string()),
            };
            if !reply.quarantined.is_empty() {
                tracing::error!(records = ?reply.quarantined, "the server set records aside");
            }
            if reply.highest_seq <= server_holds {
                return Ended::Lost("the server does not take the next record".to_owned());
            }
            server_holds = reply.highest_seq;
            if !tell(LinkNews::Input(Input::Pushed { highest_seq: server_holds })) {
                return Ended::Stopped;
            }
        }
    }
    Ended::Stopped
}

fn encode(message: &StationMessage) -> Result<Message, Ended> {
    serde_json::to_string(message).map(Message::text).map_err(|error| Ended::Lost(error.to_string()))
}

/// A random time up to a bound: stations that lost the same server do not come back as one.
fn jitter(bound: Duration) -> Duration {
    let draw = Uuid::new_v4().as_u128() as u64;
    bound.mul_f64(draw as f64 / u64::MAX as f64)
}
