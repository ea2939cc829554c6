//! One connection after the other: pair, token, hello; what is said then is in `conversation`.

use super::client::{Client, ClientError, Hello, Identity, IdentityState};
use super::conversation::{PushFrom, ServerClock};
use super::convert;
use super::documented::Documented;
use crate::clock::monotonic;
use crate::pairing::StationKey;
use crate::profile::{settings_from, zone_from};
use jiff::tz::TimeZone;
use smartqueue_domain::{BootId, QueueId, SeriesLetter, StationId, TicketId};
use smartqueue_engine::{Input, Settings};
use smartqueue_protocol::configuration::Configuration;
use smartqueue_protocol::event::StationState;
use smartqueue_protocol::pairing::pair_text;
use smartqueue_protocol::provisioning::Provisioning;
use smartqueue_protocol::station_sync::{
    HelloReply, HelloRequest, PairReply, PairRequest, SequencedRecord, record_digest,
};
use smartqueue_protocol::words::read_letter;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_tungstenite::tungstenite::Error as SocketError;
use uuid::Uuid;

/// Back-off with full jitter between these bounds, and back to the first after a connection held this long.
const SHORTEST_BACK_OFF: Duration = Duration::from_millis(500);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30);
const STABLE: Duration = Duration::from_secs(60);

/// A token is renewed this long before it expires.
const RENEWAL: Duration = Duration::from_secs(60);

/// What the link needs to know of its station.
#[derive(Clone, Debug)]
pub(crate) struct LinkProfile {
    pub(crate) server: String,
    /// Under which name the journal is enrolled.
    pub(crate) epoch: Uuid,
    pub(crate) boot: BootId,
    pub(crate) profile: Provisioning,
    pub(crate) identity: Option<Identity>,
    /// The last configuration that could be used.
    pub(crate) configuration: Option<Configuration>,
    /// The highest record that the server acknowledged before this run.
    pub(crate) acknowledged: u64,
    /// The machine's own key, by which the server knows it again.
    pub(crate) key: Option<Arc<StationKey>>,
    /// Whether the journal lost an identity: then the server holds those records under the old one.
    pub(crate) enrolled_anew: bool,
}

/// What the link tells the loop.
#[derive(Debug)]
pub(crate) enum LinkNews {
    /// Something happened that the engine should know.
    Input(Input),
    /// A new identity: keep it, then answer.
    KeepIdentity { identity: Option<Identity>, kept: oneshot::Sender<()> },
    /// This identity must never be used again; the enrolment is the journal's new name, where it gets one. The answer is
    /// the highest record that the server acknowledged.
    LoseIdentity { enrolment: Option<Uuid>, lost: oneshot::Sender<u64> },
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
    /// Connect anew and be shown everything.
    StartOver,
    /// Ask for a number.
    Issue { ticket: TicketId, queue: QueueId },
    /// Tell the server how a call's announcement ended.
    Acknowledge { call: u64, outcome: &'static str },
}

/// The link's task and its mailbox.
pub(crate) struct Link<Tell> {
    pub(super) client: Client,
    pub(super) profile: LinkProfile,
    pub(super) orders: mpsc::UnboundedReceiver<LinkOrder>,
    pub(super) state: watch::Receiver<StationState>,
    pub(super) tell: Arc<Tell>,
    /// The last event that was passed on.
    pub(super) cursor: Option<u64>,
    /// The life of the server's database that the cursor belongs to.
    server_epoch: Option<Uuid>,
    /// The version of a published configuration that cannot be used.
    pub(super) refused_configuration: Option<i64>,
    /// Whether the server knows nothing of stations, as far as this run has found out.
    knows_no_stations: bool,
    pub(super) documented: Documented,
}

/// The right to speak to the server, for a while.
pub(super) struct Access {
    pub(super) token: String,
    pub(super) renew_at: Instant,
}

/// Why a session ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The server refuses this station.
    Refused(String),
    /// The server has none of the paths for stations.
    NoStations,
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
            ClientError::NoSuchPath => Ended::NoStations,
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
        Ok(Link {
            client,
            documented: Documented::new(profile.acknowledged),
            profile,
            orders,
            state,
            tell: Arc::new(tell),
            cursor: None,
            server_epoch: None,
            refused_configuration: None,
            knows_no_stations: false,
        })
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
                // Not every server has part 3 of the contract: the first two will do, if the profile says how.
                Ended::NoStations if self.profile.profile.api.is_some() && !self.knows_no_stations => {
                    tracing::info!("the server knows nothing of stations: its documented API is used");
                    self.knows_no_stations = true;
                    continue;
                }
                Ended::NoStations => {
                    tracing::warn!("the server knows nothing of stations, and the profile has no [api] section");
                    Input::LinkLost
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
                order = self.orders.recv() => match order {
                    None => return false,
                    // A visitor stands there: nobody is asked now, and that is an answer too.
                    Some(LinkOrder::Issue { ticket, queue: _ }) => {
                        if !(self.tell)(LinkNews::Input(Input::NumberRefused { ticket })) {
                            return false;
                        }
                    }
                    Some(LinkOrder::StartOver) => self.cursor = None,
                    Some(LinkOrder::Push | LinkOrder::Resynchronise | LinkOrder::Acknowledge { .. }) => {}
                },
            }
        }
    }

    async fn session(&mut self) -> Result<std::convert::Infallible, Ended> {
        let as_station = self.profile.identity.is_some() || self.profile.profile.pairing_token.is_some();
        if let Some(api) = self.profile.profile.api.clone()
            && (self.knows_no_stations || !as_station)
        {
            return self.documented_session(&api).await;
        }
        let identity = match self.profile.identity.clone() {
            Some(identity) => identity,
            None => self.pair(self.profile.enrolled_anew.then_some(self.profile.acknowledged)).await?,
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
        let asked_at = monotonic();
        let Hello { reply, unreadable } = self.hello(identity, &access).await?;
        self.refuse_copies(&reply).await?;
        let nonsense = |error: String| Ended::Lost(format!("the server's hello makes no sense: {error}"));
        let (settings, zone) = self.settings_of(&reply, unreadable).map_err(nonsense)?;
        let refused = self.refused_configuration.is_some();
        let took_ms = milliseconds_since(asked_at);
        let greeting =
            convert::greeting(&reply, took_ms, settings, refused).map_err(|error| nonsense(error.to_string()))?;
        let server_clock = ServerClock::answered(greeting.server_ms, took_ms);
        if let (Some(configuration), false) = (self.profile.configuration.clone(), refused) {
            self.tell(LinkNews::KeepConfiguration { configuration: Box::new(configuration), zone })?;
        }
        self.tell(LinkNews::Input(Input::Greeted(Box::new(greeting))))?;
        // The engine goes on from its own cursor unless the log it knew is gone; the same rule, so the same answer.
        let same_life = self.server_epoch.is_none() || self.server_epoch == reply.server_epoch;
        self.server_epoch = reply.server_epoch;
        let after = match self.cursor.filter(|_| same_life) {
            Some(cursor) if reply.event_seq >= cursor => cursor,
            Some(_) | None => reply.event_seq,
        };
        self.cursor = Some(after);
        let Some(identity) = self.profile.identity.clone() else { return Err(Ended::Anew) };
        self.converse(&identity, &access, PushFrom { server_holds: reply.highest_seq, server_clock }, after).await
    }

    /// Says hello under a word that is kept before it is said: an answer that is never heard must not look like a copy.
    async fn hello(&mut self, mut identity: Identity, access: &Access) -> Result<Hello, Ended> {
        let next_word = identity.next_word.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
        if identity.next_word.is_none() {
            identity.next_word = Some(next_word.clone());
            self.keep(Some(identity.clone())).await?;
        }
        let request = HelloRequest {
            epoch: self.profile.epoch,
            mode: self.profile.profile.mode.word().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            applied_configuration: self.profile.configuration.as_ref().map(|configuration| configuration.version),
            service_day: None,
            word: identity.word.clone(),
            next_word: Some(next_word.clone()),
        };
        let asked_at = monotonic();
        let last_good = self.profile.configuration.as_ref();
        match self.client.hello(&identity, &access.token, &request, last_good).await {
            Ok(hello) => {
                self.tell_answered(asked_at)?;
                // A crash before this is kept only says the same word once more; a copy that is made after it does not.
                self.keep(Some(Identity { word: Some(next_word), next_word: None, ..identity })).await?;
                Ok(hello)
            }
            Err(error) => Err(self.after_failure(error).await),
        }
    }

    pub(super) fn tell_answered(&self, asked_at: Instant) -> Result<(), Ended> {
        self.tell(LinkNews::Input(Input::ServerAnswered { took_ms: milliseconds_since(asked_at), server_ms: None }))
    }

    /// The server's highest record of this station must be in the journal as it was pushed; else another machine, with a
    /// copy of this disk, pushed it.
    async fn refuse_copies(&mut self, reply: &HelloReply) -> Result<(), Ended> {
        if reply.highest_seq == 0 {
            return Ok(());
        }
        let (answer, records) = oneshot::channel();
        self.tell(LinkNews::RecordsAfter { seq: reply.highest_seq - 1, answer })?;
        let records = records.await.map_err(|_| Ended::Stopped)?;
        let own = records.first().and_then(|record| serde_json::to_value(record).ok());
        // A server that keeps no digest can at least hold no more than there is.
        if own.is_some_and(|own| reply.digest.as_ref().is_none_or(|digest| record_digest(&own) == *digest)) {
            return Ok(());
        }
        tracing::error!(
            seq = reply.highest_seq,
            "the server holds a record of this station that is not in the journal"
        );
        Err(self.enrol_anew().await)
    }

    /// The settings and the zone to live in: of the published configuration, or of the last good one where that cannot be
    /// used. Such a configuration is reported and nothing else.
    fn settings_of(&mut self, reply: &HelloReply, unreadable: Option<i64>) -> Result<(Settings, TimeZone), String> {
        let profile = &self.profile.profile;
        let made_of = |configuration: Option<&Configuration>| -> anyhow::Result<(Settings, TimeZone)> {
            Ok((settings_from(profile, configuration)?, zone_from(profile, configuration)?))
        };
        let published = &reply.configuration;
        let made = if unreadable.is_some() { None } else { Some(made_of(Some(published))) };
        match made {
            Some(Ok(made)) => {
                self.refused_configuration = None;
                self.profile.configuration = Some(published.clone());
                Ok(made)
            }
            refused => {
                self.refused_configuration = Some(unreadable.unwrap_or(published.version));
                if let Some(Err(error)) = refused {
                    tracing::error!(%error, version = published.version, "the published configuration cannot be used");
                }
                made_of(self.profile.configuration.as_ref()).map_err(|error| error.to_string())
            }
        }
    }

    /// `acknowledged` says which records the server holds already, under an identity that was lost.
    async fn pair(&mut self, acknowledged: Option<u64>) -> Result<Identity, Ended> {
        let Some(pairing_token) = self.profile.profile.pairing_token.clone() else {
            return Err(Ended::Refused("the profile has no pairing token".to_owned()));
        };
        let key = self.profile.key.as_ref().map(|key| key.proof(&pair_text(&pairing_token, self.profile.epoch)));
        let request = PairRequest {
            pairing_token,
            name: self.profile.profile.name.clone(),
            mode: self.profile.profile.mode.word().to_owned(),
            epoch: self.profile.epoch,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            acknowledged,
            key,
        };
        let reply = self.client.pair(&request).await?;
        let letter = read_letter(&reply.letter).map_err(|error| Ended::Lost(error.to_string()))?;
        if self.profile.profile.mode.issues() && letter == SeriesLetter::Main {
            return Err(Ended::Lost("the server gave a kiosk no letter".to_owned()));
        }
        let PairReply { tenant, station, secret, letter: _ } = reply;
        let identity = Identity { tenant, station, secret, word: None, next_word: None };
        self.keep(Some(identity.clone())).await?;
        self.tell(LinkNews::Input(Input::Paired { station: StationId(station), letter }))?;
        Ok(identity)
    }

    /// A server that does not know this station any more gets a new pairing; a copy of this station makes it another one.
    /// Everything else is tried again later.
    async fn after_failure(&mut self, error: ClientError) -> Ended {
        match error.identity() {
            IdentityState::Kept => Ended::from(error),
            IdentityState::Unknown => match (self.keep(None).await, self.pair(None).await) {
                (Ok(()), Ok(_)) => Ended::Anew,
                (Err(ended), _) | (Ok(()), Err(ended)) => ended,
            },
            IdentityState::Copied => self.enrol_anew().await,
            // The office wants this station to stop: its numbers may be given to others from now on.
            IdentityState::ShutOut => match self.lose_identity(None).await {
                Ok(_) => Ended::Refused("this station was shut out".to_owned()),
                Err(ended) => ended,
            },
        }
    }

    /// Becomes another station, with another letter, that goes on with this journal.
    async fn enrol_anew(&mut self) -> Ended {
        let acknowledged = match self.lose_identity(Some(Uuid::new_v4())).await {
            Ok(acknowledged) => acknowledged,
            Err(ended) => return ended,
        };
        match self.pair(Some(acknowledged)).await {
            Ok(_) => Ended::Anew,
            Err(ended) => ended,
        }
    }

    async fn lose_identity(&mut self, enrolment: Option<Uuid>) -> Result<u64, Ended> {
        let (lost, when_lost) = oneshot::channel();
        self.tell(LinkNews::LoseIdentity { enrolment, lost })?;
        let acknowledged = when_lost.await.map_err(|_| Ended::Stopped)?;
        self.profile.identity = None;
        self.profile.acknowledged = acknowledged;
        if let Some(enrolment) = enrolment {
            self.profile.epoch = enrolment;
            self.profile.enrolled_anew = true;
        }
        Ok(acknowledged)
    }

    async fn keep(&mut self, identity: Option<Identity>) -> Result<(), Ended> {
        let (kept, when_kept) = oneshot::channel();
        self.tell(LinkNews::KeepIdentity { identity: identity.clone(), kept })?;
        when_kept.await.map_err(|_| Ended::Stopped)?;
        self.profile.identity = identity;
        Ok(())
    }

    pub(super) fn tell(&self, news: LinkNews) -> Result<(), Ended> {
        if (self.tell)(news) { Ok(()) } else { Err(Ended::Stopped) }
    }
}

/// A random time up to a bound: stations that lost the same server do not come back as one.
pub(super) fn jitter(bound: Duration) -> Duration {
    let draw = Uuid::new_v4().as_u128() as u64;
    bound.mul_f64(draw as f64 / u64::MAX as f64)
}

pub(super) fn milliseconds_since(moment: Instant) -> u64 {
    u64::try_from(moment.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reply(version: i64, prefix: &str) -> HelloReply {
        let configuration = json!({
            "version": version,
            "site": {"id": 1, "name": "Agence", "timezone": "Africa/Dakar", "languages": ["fr"]},
            "queues": [{"id": 1, "prefix": prefix, "name": "Accueil"}],
        });
        serde_json::from_value(json!({
            "server_time": "2026-11-21T09:00:00.000Z", "service_day": "2026-11-21", "highest_seq": 0,
            "configuration": configuration, "series": [], "event_seq": 0, "tickets": [], "queues": [],
        }))
        .unwrap()
    }

    #[test]
    fn a_configuration_that_cannot_be_used_is_reported_and_the_last_good_one_stands() {
        let profile = LinkProfile {
            server: "http://127.0.0.1:9".to_owned(),
            epoch: Uuid::from_u128(1),
            boot: BootId(Uuid::from_u128(2)),
            profile: Provisioning::read("mode = \"kiosk\"").unwrap(),
            identity: None,
            configuration: None,
            acknowledged: 0,
            enrolled_anew: false,
            key: None,
        };
        let (_orders, mailbox) = mpsc::unbounded_channel();
        let (_states, state) = watch::channel(StationState::default());
        let mut link = Link::new(profile, mailbox, state, |_: LinkNews| true).unwrap();
        let prefixes = |settings: Settings| settings.queues.into_iter().map(|queue| queue.prefix).collect::<Vec<_>>();
        for (version, prefix, unreadable, stands, refused) in [
            (1, "A", None, "A", None),
            (2, "not a prefix", None, "A", Some(2)),
            (3, "A", Some(3), "A", Some(3)),
            (4, "B", None, "B", None),
        ] {
            let (settings, zone) = link.settings_of(&reply(version, prefix), unreadable).unwrap();
            assert_eq!(prefixes(settings), [stands], "{version}");
            assert_eq!(zone.iana_name(), Some("Africa/Dakar"));
            assert_eq!(link.refused_configuration, refused, "{version}");
        }
    }
}
