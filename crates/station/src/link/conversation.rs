//! What is said over a connection that stands: records out and events in, side by side, a number when a visitor waits for
//! one, heartbeats both ways. Ends with a cause, and `session` starts over.

use super::client::{Client, ClientError, Identity};
use super::convert;
use super::session::{Access, Ended, Link, LinkNews, LinkOrder, jitter, milliseconds_since};
use crate::clock::{boot_elapsed_ms, monotonic, wall_ms};
use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};
use smartqueue_domain::{BootId, TicketId};
use smartqueue_engine::{Input, RemoteEvent};
use smartqueue_protocol::event::{ServerEvent, StationMessage};
use smartqueue_protocol::record::StoredMoment;
use smartqueue_protocol::station_sync::{IssueReply, IssueRequest, PushRequest, record_digest};
use smartqueue_protocol::time::{read_time, write_time};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use uuid::Uuid;

/// Both sides say that they are alive about this often, give or take a fifth; two misses mean that the other is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// So long after the last word of the server it is gone: two of its longest beats.
const SILENCE: Duration = Duration::from_secs(36);

/// An answer within this time is one that a visitor can wait for.
const QUICK: Duration = Duration::from_millis(800);

/// The largest event that is read.
const LARGEST_EVENT: usize = 4 * 1024 * 1024;

/// What wakes the pushing side.
enum Wake {
    /// The journal has grown.
    Grown,
    /// The server was slow: an empty push asks whether it still is.
    Probe,
}

impl<Tell: Fn(LinkNews) -> bool> Link<Tell> {
    /// Records out and events in, until either fails.
    pub(super) async fn converse(
        &mut self,
        identity: &Identity,
        access: &Access,
        from: PushFrom,
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
        let rough = from.server_clock.is_rough();
        let pushing = push_records(
            self.client.clone(),
            identity.clone(),
            access.token.clone(),
            PushSide {
                epoch: self.profile.epoch,
                boot: self.profile.boot,
                from,
                wake: push_waits,
                tell: Arc::clone(&self.tell),
            },
        );
        tokio::pin!(pushing);
        let _ = push_wake.send(if rough { Wake::Probe } else { Wake::Grown });
        let mut questions = FuturesUnordered::new();
        let mut slow = false;
        let mut last_heard = monotonic();
        let mut next_beat = monotonic();
        loop {
            tokio::select! {
                ended = &mut pushing => return Err(ended),
                // The server closes a socket whose token has expired: go before, and nobody sees a lost connection.
                () = tokio::time::sleep_until(access.renew_at.into()) => return Err(Ended::Anew),
                () = tokio::time::sleep_until(next_beat.into()) => {
                    if last_heard.elapsed() > SILENCE {
                        return Err(Ended::Lost("the server is silent".to_owned()));
                    }
                    next_beat = monotonic() + HEARTBEAT.mul_f64(0.8) + jitter(HEARTBEAT.mul_f64(0.4));
                    let mut state = self.state.borrow().clone();
                    state.clock = write_time(wall_ms());
                    state.refused_configuration = self.refused_configuration;
                    outgoing.send(encode(&StationMessage::Heartbeat { state })?).await?;
                    if std::mem::take(&mut slow) {
                        let _ = push_wake.send(Wake::Probe);
                    }
                }
                Some(answer) = questions.next(), if !questions.is_empty() => slow |= self.take_answer(answer)?,
                order = self.orders.recv() => match order {
                    None => return Err(Ended::Stopped),
                    Some(LinkOrder::Push) => { let _ = push_wake.send(Wake::Grown); }
                    Some(LinkOrder::Resynchronise) => return Err(Ended::Anew),
                    Some(LinkOrder::StartOver) => {
                        self.cursor = None;
                        return Err(Ended::Anew);
                    }
                    Some(LinkOrder::Issue { ticket, queue }) => {
                        let request = IssueRequest { epoch: self.profile.epoch, ticket: ticket.0, queue: queue.0 };
                        questions.push(ask(self.client.clone(), identity.clone(), access.token.clone(), request));
                    }
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

    /// Tells the loop what the server said about a number, and whether it took too long to say it.
    fn take_answer(&self, answer: Answered) -> Result<bool, Ended> {
        let Answered { ticket, asked_at, reply } = answer;
        let input = match reply {
            Ok(reply) => convert::allocated(&reply).unwrap_or(Input::NumberRefused { ticket }),
            Err(error) => {
                tracing::info!(%error, %ticket, "the server gives no number");
                Input::NumberRefused { ticket }
            }
        };
        let slow = asked_at.elapsed() > QUICK;
        self.tell_answered(asked_at)?;
        self.tell(LinkNews::Input(input))?;
        Ok(slow)
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

/// An answer about a number.
struct Answered {
    ticket: TicketId,
    asked_at: Instant,
    reply: Result<IssueReply, ClientError>,
}

async fn ask(client: Client, identity: Identity, access: String, request: IssueRequest) -> Answered {
    let asked_at = monotonic();
    let reply = client.issue(&identity, &access, &request).await;
    Answered { ticket: TicketId(request.ticket), asked_at, reply }
}

/// Where the pushes of a connection begin.
pub(super) struct PushFrom {
    /// The highest record that the server holds.
    pub(super) server_holds: u64,
    /// The server's clock, as its hello showed it.
    pub(super) server_clock: ServerClock,
}

/// The server's clock as an answer showed it, carried on by ours.
pub(super) struct ServerClock {
    server_ms: i64,
    heard_at: Instant,
    took_ms: u64,
}

impl ServerClock {
    /// The answer was written at some moment since it was asked for; the middle is wrong by no more than half of that.
    pub(super) fn answered(server_ms: i64, took_ms: u64) -> ServerClock {
        ServerClock { server_ms: server_ms.saturating_add_unsigned(took_ms / 2), heard_at: monotonic(), took_ms }
    }

    /// Whether the answer was too long on the road to date a touch by.
    fn is_rough(&self) -> bool {
        u128::from(self.took_ms) > QUICK.as_millis()
    }

    fn now_ms(&self) -> i64 {
        self.server_ms.saturating_add_unsigned(milliseconds_since(self.heard_at))
    }
}

struct PushSide<Tell> {
    epoch: Uuid,
    boot: BootId,
    from: PushFrom,
    wake: mpsc::UnboundedReceiver<Wake>,
    tell: Arc<Tell>,
}

/// Sends what the server does not hold, in order, whenever it is woken. Ends only with a cause.
async fn push_records<Tell: Fn(LinkNews) -> bool>(
    client: Client,
    identity: Identity,
    access: String,
    side: PushSide<Tell>,
) -> Ended {
    let PushSide { epoch, boot, from, mut wake, tell } = side;
    let PushFrom { mut server_holds, mut server_clock } = from;
    while let Some(first) = wake.recv().await {
        let mut probe = matches!(first, Wake::Probe);
        while let Ok(more) = wake.try_recv() {
            probe |= matches!(more, Wake::Probe);
        }
        loop {
            let (answer, records) = oneshot::channel();
            // The record before the first comes along: its digest proves whose past this is.
            if !tell(LinkNews::RecordsAfter { seq: server_holds.saturating_sub(1), answer }) {
                return Ended::Stopped;
            }
            let Ok(mut records) = records.await else { return Ended::Stopped };
            let before = match records.first() {
                Some(first) if first.seq == server_holds => {
                    serde_json::to_value(records.remove(0)).ok().map(|record| record_digest(&record))
                }
                Some(_) | None => None,
            };
            if records.is_empty() && !std::mem::take(&mut probe) {
                break;
            }
            let sends_records = !records.is_empty();
            let last_known = records.last().map_or(server_holds, |last| last.seq);
            let moment = Some(StoredMoment { boot: boot.0, elapsed_ms: boot_elapsed_ms() });
            let sent_at_ms = Some(server_clock.now_ms());
            let asked_at = monotonic();
            let request = PushRequest { epoch, records, before, moment, sent_at_ms };
            let reply = match client.push(&identity, &access, &request).await {
                Ok(reply) => reply,
                Err(error) => return Ended::Lost(error.to_string()),
            };
            let took_ms = milliseconds_since(asked_at);
            let server_ms = reply.server_time.as_ref().and_then(|time| read_time("server_time", time).ok());
            let answered = server_ms.map(|server_ms| ServerClock::answered(server_ms, took_ms));
            let mut news = vec![Input::ServerAnswered { took_ms, server_ms }];
            // The quickest answer leaves the least open.
            if let Some(answered) = answered.filter(|answered| answered.took_ms < server_clock.took_ms) {
                server_clock = answered;
            }
            if !reply.quarantined.is_empty() {
                tracing::error!(records = ?reply.quarantined, "the server set records aside");
                news.push(Input::RecordsSetAside { count: reply.quarantined.len() as u64 });
            }
            if reply.highest_seq > last_known {
                // Somebody else pushes under this identity. The next greeting finds out who goes on with it.
                return Ended::Lost("the server holds records that this station never sent".to_owned());
            }
            if sends_records {
                if reply.highest_seq <= server_holds {
                    return Ended::Lost("the server does not take the next record".to_owned());
                }
                server_holds = reply.highest_seq;
                news.push(Input::Pushed { highest_seq: server_holds });
            }
            if !news.into_iter().all(|input| tell(LinkNews::Input(input))) {
                return Ended::Stopped;
            }
        }
    }
    Ended::Stopped
}

fn encode(message: &StationMessage) -> Result<Message, Ended> {
    serde_json::to_string(message).map(Message::text).map_err(|error| Ended::Lost(error.to_string()))
}
