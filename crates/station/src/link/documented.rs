//! A station as a client of a server that offers the documented API and nothing for stations: no hello, no records, no
//! issue. Numbers come from `POST tickets/`; what happened while the server was away is posted when it is back; the board
//! and the counts live from the queues' or a display's socket. The engine is told the same inputs as ever and knows of no
//! difference: every main series is the server's, and its database begins another life with each connection.
//!
//! What such a server cannot be told: the time of a touch (it takes the time of the post), and a number on paper other
//! than its own. A ticket that was printed under the station's letter carries that number in its customer fields
//! (`number_on_paper`), where the clerk sees it.

use super::client::ClientError;
use super::session::{Ended, Link, LinkNews, LinkOrder, jitter, milliseconds_since};
use super::{convert, documented_values as values};
use crate::clock::{monotonic, offset_minutes_now, wall_ms};
use crate::profile::{settings_from, zone_from};
use futures_util::stream::{FuturesUnordered, SelectAll};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use smartqueue_domain::{Epoch, LocalTime, QueueId, SeriesGrant, ServiceDay, StationId, TicketId};
use smartqueue_engine::{Greeting, Input, RemoteEvent};
use smartqueue_protocol::configuration::QueueBody;
use smartqueue_protocol::provisioning::ApiSection;
use smartqueue_protocol::record::StoredRecord;
use smartqueue_protocol::words::read_letter;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use uuid::Uuid;

/// We say that we live this often; a server that is silent for more than two of its own beats is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);
const SILENCE: Duration = Duration::from_secs(36);

/// What a socket shows within this time after its opening is known from the last look.
const OPENING: Duration = Duration::from_secs(5);

/// The `Date` of an answer is given in whole seconds (RFC 9110, section 6.6.1).
const DATE_STEP_MS: u64 = 1_000;

/// So many events are remembered, because two queues' sockets tell of one transfer twice.
const REMEMBERED: usize = 1_000;

/// What the documented API made of this station's tickets.
#[derive(Debug, Default)]
pub(super) struct Documented {
    /// The highest record that is settled with the server.
    holds: u64,
    /// The server's id and number by our ticket. A server may give a ticket an id of its own.
    posted: BTreeMap<Uuid, (Uuid, String)>,
}

impl Documented {
    pub(super) fn new(acknowledged: u64) -> Documented {
        Documented { holds: acknowledged, posted: BTreeMap::new() }
    }

    /// Our id of a ticket that the server knows under its own.
    fn own_id(&self, server: Uuid) -> Uuid {
        self.posted.iter().find(|(_, (theirs, _))| *theirs == server).map_or(server, |(ours, _)| *ours)
    }
}

/// What one look at the server over REST shows.
struct Look {
    queues: Vec<QueueBody>,
    tickets: Vec<smartqueue_engine::RemoteTicket>,
    server_ms: i64,
}

impl<Tell: Fn(LinkNews) -> bool> Link<Tell> {
    /// One connection to a server of the documented API, until it fails.
    pub(super) async fn documented_session(&mut self, api: &ApiSection) -> Result<std::convert::Infallible, Ended> {
        let nonsense = |error: String| Ended::Lost(format!("the server's answer makes no sense: {error}"));
        let letter = read_letter(&api.letter).map_err(|error| nonsense(error.to_string()))?;
        self.tell(LinkNews::Input(Input::Paired { station: StationId(0), letter }))?;
        let queues = self.look(api).await?.queues;
        // The sockets open before the last look, so that nothing falls between the two; what both tell ends the same.
        let mut sockets = SelectAll::new();
        let mut outgoing = Vec::new();
        for path in socket_paths(api, &queues) {
            let (sink, stream) = self.open_socket(&path, api).await?.split();
            outgoing.push(sink);
            sockets.push(stream);
        }
        let asked_at = monotonic();
        let look = self.look(api).await?;
        let mut configuration = self.profile.configuration.clone().unwrap_or_else(|| values::configuration(self));
        configuration.queues = look.queues;
        let settings =
            settings_from(&self.profile.profile, Some(&configuration)).map_err(|error| nonsense(error.to_string()))?;
        let zone =
            zone_from(&self.profile.profile, Some(&configuration)).map_err(|error| nonsense(error.to_string()))?;
        let ids: Vec<_> = settings.queues.iter().map(|queue| queue.id).collect();
        let day = ServiceDay::of(LocalTime::new(look.server_ms, offset_minutes_now(&zone)));
        self.profile.configuration = Some(configuration.clone());
        self.tell(LinkNews::KeepConfiguration { configuration: Box::new(configuration), zone })?;
        let cursor = self.cursor.unwrap_or(0);
        self.cursor = Some(cursor);
        self.tell(LinkNews::Input(Input::Greeted(Box::new(Greeting {
            server_ms: look.server_ms,
            took_ms: milliseconds_since(asked_at) + DATE_STEP_MS,
            highest_seq: self.documented.holds,
            settings,
            grants: Vec::new(),
            event_seq: cursor,
            tickets: look.tickets,
            figures: Vec::new(),
            server_epoch: Some(Epoch(Uuid::new_v4())),
            server_series: ids.iter().map(|queue| SeriesGrant { queue: *queue, from_day: ServiceDay(0) }).collect(),
            released: Vec::new(),
            set_aside: 0,
            configuration_refused: false,
        }))))?;
        self.settle_records(api).await?;
        let mut questions = FuturesUnordered::new();
        let mut seen = BTreeSet::new();
        let opened_at = monotonic();
        let mut last_heard = opened_at;
        let mut next_beat = monotonic() + jitter(HEARTBEAT);
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(next_beat.into()) => {
                    if last_heard.elapsed() > SILENCE {
                        return Err(Ended::Lost("the server is silent".to_owned()));
                    }
                    next_beat = monotonic() + HEARTBEAT.mul_f64(0.8) + jitter(HEARTBEAT.mul_f64(0.4));
                    for socket in &mut outgoing {
                        socket.send(Message::text(r#"{"type":"heartbeat"}"#)).await?;
                    }
                }
                Some((ticket, asked_at, reply)) = questions.next(), if !questions.is_empty() => {
                    self.tell_answered(asked_at)?;
                    self.take_number(TicketId(ticket), reply, day)?;
                }
                order = self.orders.recv() => match order {
                    None => return Err(Ended::Stopped),
                    Some(LinkOrder::Push) => self.settle_records(api).await?,
                    Some(LinkOrder::Resynchronise | LinkOrder::StartOver) => return Err(Ended::Anew),
                    // The order waited behind the backlog, and its touch has a number of its own by now.
                    Some(LinkOrder::Issue { ticket, .. }) if self.documented.posted.contains_key(&ticket.0) => {}
                    Some(LinkOrder::Issue { ticket, queue }) => {
                        let (client, path) = (self.client.clone(), tenant_path(api, "tickets/"));
                        let (token, body) = (api.device_token.clone(), new_ticket(ticket.0, queue, json!({})));
                        questions.push(async move {
                            let asked_at = monotonic();
                            (ticket.0, asked_at, client.post_value(&path, &token, &body).await)
                        });
                    }
                    // Nobody there wants to know how a call was announced.
                    Some(LinkOrder::Acknowledge { .. }) => {}
                },
                message = sockets.next() => {
                    let message = message.ok_or_else(|| Ended::Lost("a socket closed".to_owned()))??;
                    last_heard = monotonic();
                    match message {
                        Message::Text(text) => {
                            self.hear_documented(text.as_str(), opened_at.elapsed() < OPENING, &mut seen)?;
                        }
                        Message::Close(_) => return Err(Ended::Lost("the server closed a socket".to_owned())),
                        Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_) => {}
                    }
                }
            }
        }
    }

    async fn open_socket(&self, path: &str, api: &ApiSection) -> Result<Socket, Ended> {
        let mut request = self.client.socket_of(path).into_client_request()?;
        let bearer =
            format!("Bearer {}", api.device_token).parse().map_err(|_| Ended::Lost("the token is odd".to_owned()))?;
        request.headers_mut().insert("Authorization", bearer);
        let connecting = tokio_tungstenite::connect_async(request);
        let (socket, _) = tokio::time::timeout(Duration::from_secs(5), connecting)
            .await
            .map_err(|_| Ended::Lost("the socket did not open".to_owned()))??;
        Ok(socket)
    }

    /// Reads the queues and every live ticket.
    async fn look(&self, api: &ApiSection) -> Result<Look, Ended> {
        let (queues, server_ms) = self.pages(api, "queues/?page_size=200").await?;
        let queues = queues.iter().filter_map(values::queue).collect();
        let mut tickets = Vec::new();
        for status in ["en_attente", "appel%C3%A9", "en_service", "en_pause"] {
            let (rows, _) = self.pages(api, &format!("tickets/?status={status}&page_size=200")).await?;
            for row in rows {
                let Some(mut ticket) = values::ticket(row) else { continue };
                ticket.id = TicketId(self.documented.own_id(ticket.id.0));
                tickets.push(ticket);
            }
        }
        Ok(Look { queues, tickets, server_ms: server_ms.unwrap_or_else(wall_ms) })
    }

    /// Every row of a list, page after page, and the server's time.
    async fn pages(&self, api: &ApiSection, what: &str) -> Result<(Vec<Value>, Option<i64>), Ended> {
        let mut rows = Vec::new();
        for page in 1.. {
            let path = format!("{}&page={page}", tenant_path(api, what));
            let (answer, server_ms) = self.client.get_value(&path, &api.device_token).await?;
            let more = answer.get("next").is_some_and(Value::is_string);
            match answer {
                Value::Array(list) => rows.extend(list),
                Value::Object(mut page) => match page.remove("results") {
                    Some(Value::Array(list)) => rows.extend(list),
                    Some(_) | None => return Err(Ended::Lost(format!("{what} is no list"))),
                },
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                    return Err(Ended::Lost(format!("{what} is no list")));
                }
            }
            if !more {
                return Ok((rows, server_ms));
            }
        }
        Ok((rows, None))
    }

    fn take_number(
        &mut self,
        ticket: TicketId,
        reply: Result<Value, ClientError>,
        day: ServiceDay,
    ) -> Result<(), Ended> {
        let made = match reply {
            Ok(reply) => values::made(&reply),
            Err(error) => {
                tracing::info!(%error, %ticket, "the server takes no ticket");
                None
            }
        };
        let input = match made {
            Some((id, number)) => {
                let read = values::number(&number, self.profile.configuration.as_ref());
                self.documented.posted.insert(ticket.0, (id, number));
                match read {
                    Some((letter, number)) => Input::NumberAllocated { ticket, letter, number, day },
                    None => Input::NumberRefused { ticket },
                }
            }
            None => Input::NumberRefused { ticket },
        };
        self.tell(LinkNews::Input(input))
    }

    /// Tells the server what it does not know of this station's tickets, record by record, in their order.
    async fn settle_records(&mut self, api: &ApiSection) -> Result<(), Ended> {
        loop {
            let (answer, records) = oneshot::channel();
            self.tell(LinkNews::RecordsAfter { seq: self.documented.holds, answer })?;
            let records = records.await.map_err(|_| Ended::Stopped)?;
            if records.is_empty() {
                return Ok(());
            }
            let mut set_aside = 0;
            for record in records {
                match self.settle(api, &record.record).await {
                    Ok(()) => {}
                    // The server answered and does not want it: trying again would block all that follows.
                    Err(ClientError::Refused { status, code }) if !matches!(status, 401 | 403) => {
                        tracing::error!(seq = record.seq, status, code, "the server does not take a ticket");
                        set_aside += 1;
                    }
                    Err(error) => return Err(Ended::from(error)),
                }
                self.documented.holds = record.seq;
            }
            self.tell(LinkNews::Input(Input::Pushed { highest_seq: self.documented.holds }))?;
            if set_aside > 0 {
                self.tell(LinkNews::Input(Input::RecordsSetAside { count: set_aside }))?;
            }
        }
    }

    async fn settle(&mut self, api: &ApiSection, record: &StoredRecord) -> Result<(), ClientError> {
        match record {
            StoredRecord::TicketIssued { ticket, queue, letter, number, .. } => {
                let posted = self.documented.posted.get(ticket).map(|(id, number)| (*id, number.clone()));
                match posted {
                    Some((_, given)) if given == *number => return Ok(()),
                    // The server's own number is on the paper, so the server has the ticket.
                    None if letter.is_empty() => return Ok(()),
                    // The answer came too late, and the paper says something else: the server's ticket has no holder.
                    Some((id, _)) => self.cancel(api, id).await?,
                    None => {
                        if let Some(held) = self.held(api, *ticket).await? {
                            if values::number_on_paper(&held) == Some(number) {
                                return Ok(());
                            }
                            self.cancel(api, *ticket).await?;
                        }
                    }
                }
                self.post_paper(api, *ticket, *queue, number).await
            }
            StoredRecord::TicketVoided { ticket, .. } => {
                let id = self.documented.posted.remove(ticket).map_or(*ticket, |(id, _)| id);
                self.cancel(api, id).await?;
                self.cancel(api, second_id(*ticket)).await
            }
            StoredRecord::StationPaired { .. }
            | StoredRecord::SeriesGranted { .. }
            | StoredRecord::SeriesReleased { .. }
            | StoredRecord::IdentityLost
            | StoredRecord::DayOpened { .. }
            | StoredRecord::TicketRequested { .. }
            | StoredRecord::SlipSent { .. }
            | StoredRecord::SlipEnded { .. } => Ok(()),
        }
    }

    /// Posts a ticket that is on paper under the station's own number. Where the server had made one of the same id, this
    /// is another, under an id that follows from the first, so that a repeat finds it.
    async fn post_paper(
        &mut self,
        api: &ApiSection,
        ticket: Uuid,
        queue: i64,
        number: &str,
    ) -> Result<(), ClientError> {
        let id = match self.held(api, ticket).await? {
            Some(_) => second_id(ticket),
            None => ticket,
        };
        if id != ticket && self.held(api, id).await?.is_some() {
            return Ok(());
        }
        let body = new_ticket(id, QueueId(queue), json!({ "number_on_paper": number }));
        let reply = self.client.post_value(&tenant_path(api, "tickets/"), &api.device_token, &body).await?;
        if let Some((made, given)) = values::made(&reply) {
            tracing::info!(number, given, "a ticket of its own is on the server under another number");
            self.documented.posted.insert(ticket, (made, number.to_owned()));
        }
        Ok(())
    }

    /// A ticket as the server holds it.
    async fn held(&self, api: &ApiSection, id: Uuid) -> Result<Option<Value>, ClientError> {
        match self.client.get_value(&tenant_path(api, &format!("tickets/{id}/")), &api.device_token).await {
            Ok((ticket, _)) => Ok(Some(ticket)),
            Err(ClientError::NoSuchPath | ClientError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Cancels a ticket. One that is not there, or whose life is over, needs none.
    async fn cancel(&self, api: &ApiSection, id: Uuid) -> Result<(), ClientError> {
        let path = tenant_path(api, &format!("tickets/{id}/cancel/"));
        match self.client.post_value(&path, &api.device_token, &json!({})).await {
            Ok(_) | Err(ClientError::NoSuchPath | ClientError::Refused { status: 400 | 404 | 409, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn hear_documented(&mut self, text: &str, opening: bool, seen: &mut BTreeSet<u64>) -> Result<(), Ended> {
        let Ok(event) = serde_json::from_str(text) else {
            tracing::debug!(text, "an event of no known kind");
            return Ok(());
        };
        match convert::input(&event) {
            // Later it means that the tail was lost.
            Ok(Input::Event { event: RemoteEvent::Snapshot { .. }, .. }) if opening => Ok(()),
            Ok(Input::Event { event: RemoteEvent::Snapshot { .. }, .. }) => Err(Ended::Anew),
            Ok(Input::Event { seq, prev: _, event }) => {
                if !seen.insert(seq) {
                    return Ok(());
                }
                while seen.len() > REMEMBERED {
                    seen.pop_first();
                }
                let cursor = self.cursor.unwrap_or(0);
                self.cursor = Some(cursor + 1);
                let event = match event {
                    RemoteEvent::Ticket(mut ticket) => {
                        ticket.id = TicketId(self.documented.own_id(ticket.id.0));
                        RemoteEvent::Ticket(ticket)
                    }
                    RemoteEvent::Call { mut ticket, recall } => {
                        ticket.id = TicketId(self.documented.own_id(ticket.id.0));
                        RemoteEvent::Call { ticket, recall }
                    }
                    other @ (RemoteEvent::Figures { .. }
                    | RemoteEvent::Snapshot { .. }
                    | RemoteEvent::ConfigurationPublished) => other,
                };
                self.tell(LinkNews::Input(Input::Event { seq: cursor + 1, prev: cursor, event }))
            }
            Ok(Input::HeartbeatHeard { server_ms }) => self.tell(LinkNews::Input(Input::HeartbeatHeard { server_ms })),
            // A beat without a time, or an event of a newer server: a sign of life and no more.
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

fn tenant_path(api: &ApiSection, what: &str) -> String {
    format!("/api/v1/tenants/{}/{what}", api.tenant)
}

fn socket_paths(api: &ApiSection, queues: &[QueueBody]) -> Vec<String> {
    let path = |what: String| format!("/ws/tenants/{}/{what}/", api.tenant);
    match api.display {
        Some(display) => vec![path(format!("displays/{display}"))],
        None => queues.iter().map(|queue| path(format!("queues/{}", queue.id))).collect(),
    }
}

fn new_ticket(id: Uuid, queue: QueueId, customer: Value) -> Value {
    json!({"id": id, "queue_id": queue.0, "channel": "kiosk", "priority": 0, "customer": customer})
}

/// The id under which a ticket is posted again when the server's first ticket of that touch had to be cancelled.
fn second_id(ticket: Uuid) -> Uuid {
    Uuid::from_u128(ticket.as_u128() ^ 1)
}
