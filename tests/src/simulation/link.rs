//! A station's link to the server over the bad network: pair, hello, listen, then records out and events in. It does what
//! `crates/station/src/link` does, with the shipped conversions, and with every message an event of the world.
//!
//! This file is long because it is one conversation from pairing to the last event, and its steps share their state.

use super::machine::QUIET_STEP_MS;
use super::planted::PlantedBug;
use super::server::{Question, Reply};
use super::witness::{Given, Heard, Listening};
use super::world::{Event, World};
use serde_json::{Value, json};
use smartqueue_domain::{QueueId, StationId, TicketId};
use smartqueue_engine::Input;
use smartqueue_journal::Journal;
use smartqueue_protocol::configuration::Configuration;
use smartqueue_protocol::event::ServerEvent;
use smartqueue_protocol::record::StoredMoment;
use smartqueue_protocol::station_sync::{
    HelloReply, HelloRequest, IssueRequest, PUSH_LIMIT, PairReply, PairRequest, PushRequest, record_digest,
};
use smartqueue_protocol::time::read_time;
use smartqueue_protocol::words::read_letter;
use smartqueue_station::profile::settings_from;
use smartqueue_station::wire;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A question without an answer is given up after this long.
const CALL_LIMIT_MS: i64 = 5_000;

/// A greeting, by which touches are dated, sooner.
const HELLO_LIMIT_MS: i64 = 3_800;

/// Both sides say that they are alive about this often; after [`SILENCE_MS`] the other is gone.
const HEARTBEAT_MS: i64 = 15_000;
const SILENCE_MS: i64 = 36_000;

/// Back-off with full jitter between these bounds, and back to the first after a connection held for a minute.
const SHORTEST_BACK_OFF_MS: i64 = 500;
const LONGEST_BACK_OFF_MS: i64 = 30_000;
const STABLE_MS: i64 = 60_000;

/// An answer within this time is one that a touch can be dated by.
const QUICK_MS: u64 = 800;

/// What a question was about, for whoever waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Pairing,
    Hello,
    Listening,
    Push { sends_records: bool, last_known: u64 },
    Number(TicketId),
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Resting,
    Connecting,
    Open,
}

/// Who the station is on the server, as the journal keeps it.
#[derive(Clone, Debug)]
struct Identity {
    station: i64,
    word: Option<String>,
    next_word: Option<String>,
}

pub(super) struct Link {
    phase: Phase,
    /// Names the connection: what belongs to an earlier one means nothing any more.
    connection: u64,
    identity: Option<Identity>,
    enrolment: Uuid,
    configuration: Option<Configuration>,
    cursor: Option<u64>,
    server_epoch: Option<Uuid>,
    server_holds: u64,
    asked: BTreeMap<u64, (About, i64)>,
    /// What the socket said before the world's answer that opens it arrived: on one line nothing overtakes.
    early: Vec<String>,
    /// How far the server's clock is ahead, as the quickest answer of the connection showed it, and how long that took. The
    /// world's clock stands for the machine's own.
    server_ahead: Option<(i64, u64)>,
    pushing: bool,
    grown: bool,
    probe: bool,
    back_off_ms: i64,
    opened_ms: i64,
    heard_ms: i64,
    /// The next attempt: a wish that a later one replaces.
    attempt: u64,
    /// What a lost identity had pushed.
    acknowledged: Option<u64>,
}

impl Link {
    pub(super) fn new(journal: &Journal, configuration: Option<Configuration>, paired: bool) -> Link {
        let read = |key| journal.meta(key).ok().flatten();
        let identity = read("identity").and_then(|text| serde_json::from_str::<Value>(&text).ok()).and_then(|kept| {
            let word = |field: &str| kept[field].as_str().map(str::to_owned);
            Some(Identity { station: kept["station"].as_i64()?, word: word("word"), next_word: word("next_word") })
        });
        let identity = identity.filter(|_| paired);
        let enrolment = read("enrolment").and_then(|text| Uuid::parse_str(&text).ok()).unwrap_or(journal.epoch());
        Link {
            phase: Phase::Resting,
            connection: 0,
            identity,
            enrolment,
            configuration,
            cursor: None,
            server_epoch: None,
            server_holds: 0,
            asked: BTreeMap::new(),
            early: Vec::new(),
            server_ahead: None,
            pushing: false,
            grown: false,
            probe: false,
            back_off_ms: SHORTEST_BACK_OFF_MS,
            opened_ms: 0,
            heard_ms: 0,
            attempt: 0,
            acknowledged: None,
        }
    }

    pub(super) fn connection(&self) -> u64 {
        self.connection
    }

    pub(super) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }
}

impl World {
    fn link(&mut self, station: usize) -> Option<&mut Link> {
        self.machines[station].process.as_mut().map(|process| &mut process.link)
    }

    /// Tries to connect in a while.
    pub(super) fn connect_later(&mut self, station: usize, in_ms: i64) {
        let life = self.machines[station].life;
        let Some(link) = self.link(station) else { return };
        link.attempt += 1;
        let attempt = link.attempt;
        self.schedule(in_ms, Event::Connect { station, life, attempt });
    }

    pub(super) fn connect(&mut self, station: usize, attempt: u64) {
        let connection = self.next_connection();
        let Some(link) = self.link(station) else { return };
        if link.attempt != attempt || link.phase != Phase::Resting {
            return;
        }
        link.phase = Phase::Connecting;
        link.connection = connection;
        link.asked.clear();
        link.early.clear();
        (link.pushing, link.grown, link.probe) = (false, false, false);
        match link.identity {
            Some(_) => self.say_hello(station),
            None => self.pair(station),
        }
    }

    fn pair(&mut self, station: usize) {
        let machine = &self.machines[station];
        let (name, mode) = (machine.name.clone(), machine.mode.word().to_owned());
        let Some(link) = self.link(station) else { return };
        let request = PairRequest {
            pairing_token: "simulated".to_owned(),
            name,
            mode,
            epoch: link.enrolment,
            version: "simulated".to_owned(),
            acknowledged: link.acknowledged,
            key: None,
        };
        self.ask(station, About::Pairing, Question::Pair(request));
    }

    fn keep_identity(&mut self, station: usize) -> bool {
        let Some(process) = self.machines[station].process.as_mut() else { return false };
        let text = match &process.link.identity {
            Some(Identity { station, word, next_word }) => {
                json!({"station": station, "word": word, "next_word": next_word}).to_string()
            }
            None => String::new(),
        };
        self.keep(station, "identity", &text)
    }

    /// Writes a small value; a disk that dies over it takes its station along.
    fn keep(&mut self, station: usize, key: &str, value: &str) -> bool {
        let Some(process) = self.machines[station].process.as_mut() else { return false };
        let kept = process.journal.set_meta(key, value).is_ok();
        if self.machines[station].disk.borrow().is_dead() {
            self.station_dies(station);
            return false;
        }
        kept
    }

    fn say_hello(&mut self, station: usize) {
        let word = Uuid::from_u128(self.chance.wide()).to_string();
        let mode = self.machines[station].mode.word().to_owned();
        let Some(link) = self.link(station) else { return };
        let Some(identity) = link.identity.as_mut() else { return };
        if identity.next_word.is_none() {
            identity.next_word = Some(word);
            if !self.keep_identity(station) {
                self.lose_link(station, false);
                return;
            }
        }
        let Some(link) = self.link(station) else { return };
        let Some(identity) = link.identity.clone() else { return };
        let request = HelloRequest {
            epoch: link.enrolment,
            mode,
            version: "simulated".to_owned(),
            applied_configuration: link.configuration.as_ref().map(|configuration| configuration.version),
            service_day: None,
            word: identity.word,
            next_word: identity.next_word,
        };
        self.ask(station, About::Hello, Question::Hello(identity.station, request));
    }

    fn ask(&mut self, station: usize, about: About, question: Question) {
        let now_ms = self.now_ms;
        let name = self.next_question();
        let life = self.machines[station].life;
        let Some(link) = self.link(station) else { return };
        let connection = link.connection;
        link.asked.insert(name, (about, now_ms));
        let limit_ms = if matches!(about, About::Hello) { HELLO_LIMIT_MS } else { CALL_LIMIT_MS };
        self.schedule(limit_ms, Event::GivenUp { station, life, connection, name });
        self.send_question(station, connection, name, question);
    }

    /// Nobody answered in time.
    pub(super) fn give_up(&mut self, station: usize, connection: u64, name: u64) {
        let Some(link) = self.link(station) else { return };
        if link.connection != connection {
            return;
        }
        let Some((about, _)) = link.asked.remove(&name) else { return };
        match about {
            About::Number(ticket) => self.feed(station, Input::NumberRefused { ticket }),
            About::Pairing | About::Hello | About::Listening | About::Push { .. } => self.lose_link(station, false),
        }
    }

    /// The connection is gone, or was never made.
    pub(super) fn lose_link(&mut self, station: usize, refused: bool) {
        let now_ms = self.now_ms;
        let Some(link) = self.link(station) else { return };
        if link.phase == Phase::Resting {
            return;
        }
        let connection = link.connection;
        let was_open = link.phase == Phase::Open;
        link.phase = Phase::Resting;
        link.asked.clear();
        if was_open && now_ms - link.opened_ms >= STABLE_MS {
            link.back_off_ms = SHORTEST_BACK_OFF_MS;
        }
        let bound_ms = link.back_off_ms;
        link.back_off_ms = (bound_ms * 2).min(LONGEST_BACK_OFF_MS);
        self.server.hang_up(connection);
        let rest_ms = i64::try_from(self.chance.below(bound_ms.unsigned_abs())).unwrap_or(0) + 1;
        self.note(|| format!("{station} lost its link, rests {rest_ms} ms"));
        self.connect_later(station, rest_ms);
        self.feed(station, if refused { Input::LinkRefused } else { Input::LinkLost });
    }

    /// The station wants another connection at once.
    pub(super) fn connect_anew(&mut self, station: usize, forget_cursor: bool) {
        let rest_ms = i64::try_from(self.chance.below(SHORTEST_BACK_OFF_MS.unsigned_abs())).unwrap_or(0) + 1;
        let Some(link) = self.link(station) else { return };
        if forget_cursor {
            link.cursor = None;
        }
        if link.phase == Phase::Resting {
            return;
        }
        link.phase = Phase::Resting;
        link.asked.clear();
        let connection = link.connection;
        self.server.hang_up(connection);
        self.connect_later(station, rest_ms);
    }

    pub(super) fn take_reply(&mut self, station: usize, connection: u64, name: u64, reply: Reply) {
        let now_ms = self.now_ms;
        let Some(link) = self.link(station) else { return };
        if link.connection != connection {
            return;
        }
        let Some((about, asked_ms)) = link.asked.remove(&name) else { return };
        link.heard_ms = now_ms;
        let took_ms = (now_ms - asked_ms).unsigned_abs();
        self.note(|| format!("{station} hears after {took_ms} ms: {about:?} {}", short(&reply)));
        match (about, reply) {
            (About::Pairing, Reply::Paired(reply)) => self.paired(station, reply),
            (About::Hello, Reply::Hello(reply)) => {
                self.feed(station, Input::ServerAnswered { took_ms, server_ms: None });
                self.greeted(station, &reply, took_ms);
            }
            (About::Listening, Reply::Listening(texts)) => self.opened(station, &texts),
            (About::Push { sends_records, last_known }, Reply::Pushed(reply)) => {
                let told_ms = reply.server_time.as_ref().and_then(|time| read_time("server_time", time).ok());
                let wall_ms = now_ms + self.machines[station].clock_error_ms;
                let server_ms = if self.bug == Some(PlantedBug::DayFromWallClock) { Some(wall_ms) } else { told_ms };
                self.hear_clock(station, server_ms, took_ms);
                self.feed(station, Input::ServerAnswered { took_ms, server_ms });
                if !reply.quarantined.is_empty() {
                    self.witness.alarm("I2", format!("{station}: records set aside: {:?}", reply.quarantined));
                    self.feed(station, Input::RecordsSetAside { count: reply.quarantined.len() as u64 });
                }
                let Some(link) = self.link(station) else { return };
                link.pushing = false;
                if reply.highest_seq > last_known {
                    self.lose_link(station, false);
                    return;
                }
                if sends_records {
                    if reply.highest_seq <= link.server_holds {
                        self.lose_link(station, false);
                        return;
                    }
                    link.server_holds = reply.highest_seq;
                    self.feed(station, Input::Pushed { highest_seq: reply.highest_seq });
                }
                self.push_on(station);
            }
            (About::Number(ticket), Reply::Issued(reply)) => {
                self.feed(station, Input::ServerAnswered { took_ms, server_ms: None });
                let database = self.server.database;
                let value = reply.number.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
                let series = format!(
                    "{} {} {}",
                    reply.number.trim_end_matches(|digit: char| digit.is_ascii_digit()),
                    reply.letter,
                    reply.day
                );
                self.witness.given.push(Given {
                    database,
                    series,
                    value: value.parse().unwrap_or(0),
                    ticket: ticket.0,
                });
                let input = wire::allocated(&reply).unwrap_or(Input::NumberRefused { ticket });
                self.feed(station, input);
            }
            (About::Number(ticket), _) => self.feed(station, Input::NumberRefused { ticket }),
            (About::Pairing, Reply::Refused(_)) => self.lose_link(station, true),
            (About::Hello, Reply::Refused(code)) => self.hello_refused(station, code),
            (_, _) => self.lose_link(station, false),
        }
    }

    fn paired(&mut self, station: usize, reply: PairReply) {
        let Some(link) = self.link(station) else { return };
        link.identity = Some(Identity { station: reply.station, word: None, next_word: None });
        link.acknowledged = None;
        if !self.keep_identity(station) {
            self.lose_link(station, false);
            return;
        }
        match read_letter(&reply.letter) {
            Ok(letter) => self.feed(station, Input::Paired { station: StationId(reply.station), letter }),
            Err(error) => self.witness.alarm("I2", format!("{station}: a letter that does not read: {error}")),
        }
        self.say_hello(station);
    }

    fn hello_refused(&mut self, station: usize, code: &str) {
        match code {
            "station_copied" => self.enrol_anew(station),
            "station_revoked" => self.lose_link(station, true),
            _ => {
                let Some(link) = self.link(station) else { return };
                link.identity = None;
                if self.keep_identity(station) {
                    self.pair(station);
                } else {
                    self.lose_link(station, false);
                }
            }
        }
    }

    /// Another machine works from a copy of this disk, or this one does: it becomes another station.
    fn enrol_anew(&mut self, station: usize) {
        let enrolment = Uuid::from_u128(self.chance.wide());
        self.note(|| format!("{station} enrols anew: its disk was copied"));
        self.told_of_copy(station);
        if !self.keep(station, "enrolment", &enrolment.to_string()) {
            self.lose_link(station, false);
            return;
        }
        let Some(link) = self.link(station) else { return };
        link.enrolment = enrolment;
        link.identity = None;
        if !self.keep_identity(station) {
            self.lose_link(station, false);
            return;
        }
        self.feed(station, Input::IdentityLost);
        let Some(process) = self.machines[station].process.as_mut() else { return };
        process.link.acknowledged = Some(process.engine.server_holds());
        self.pair(station);
    }

    fn greeted(&mut self, station: usize, reply: &HelloReply, took_ms: u64) {
        let now_ms = self.now_ms;
        let wall_ms = now_ms + self.machines[station].clock_error_ms;
        let bug = self.bug;
        let Some(process) = self.machines[station].process.as_mut() else { return };
        let link = &mut process.link;
        if let Some(identity) = link.identity.as_mut() {
            identity.word = identity.next_word.take();
        }
        if reply.highest_seq > 0 {
            let own = process.journal.read_after(reply.highest_seq - 1, 1).ok();
            let own = own.and_then(|records| records.first().and_then(|record| serde_json::to_value(record).ok()));
            let same = |own| reply.digest.as_ref().is_none_or(|digest| record_digest(&own) == *digest);
            if !own.is_some_and(same) {
                self.enrol_anew(station);
                return;
            }
        }
        let Ok(settings) = settings_from(&self.machines[station].profile, Some(&reply.configuration)) else { return };
        let Ok(mut greeting) = wire::greeting(reply, took_ms, settings, false) else {
            self.witness.alarm("I2", format!("{station}: a greeting that does not read"));
            return;
        };
        if bug == Some(PlantedBug::DayFromWallClock) {
            greeting.server_ms = wall_ms;
        }
        if let Some(link) = self.link(station) {
            link.server_ahead = None;
        }
        self.hear_clock(station, Some(greeting.server_ms), took_ms);
        let changed = self.link(station).is_some_and(|link| link.configuration.as_ref() != Some(&reply.configuration));
        if changed {
            let text = serde_json::to_string(&reply.configuration).unwrap_or_default();
            if !self.keep(station, "configuration", &text) && self.machines[station].process.is_none() {
                return;
            }
        }
        let Some(link) = self.link(station) else { return };
        link.configuration = Some(reply.configuration.clone());
        let same_life = link.server_epoch.is_none() || link.server_epoch == reply.server_epoch;
        link.server_epoch = reply.server_epoch;
        let kept = link.cursor.filter(|cursor| same_life && reply.event_seq >= *cursor);
        let after = kept.unwrap_or(reply.event_seq);
        link.cursor = Some(after);
        link.server_holds = reply.highest_seq;
        if kept.is_none() {
            self.listens_from(station, after);
        }
        if let Some(process) = self.machines[station].process.as_mut() {
            process.knows_server_time = true;
        }
        self.feed(station, Input::Greeted(Box::new(greeting)));
        let Some(id) = self.link(station).and_then(|link| link.identity.as_ref()).map(|identity| identity.station)
        else {
            return;
        };
        if self.link(station).is_some_and(|link| link.phase == Phase::Connecting) {
            self.ask(station, About::Listening, Question::Listen(id, after));
        }
    }

    fn hear_clock(&mut self, station: usize, server_ms: Option<i64>, took_ms: u64) {
        let now_ms = self.now_ms;
        let Some(link) = self.link(station) else { return };
        if let Some(server_ms) = server_ms
            && link.server_ahead.is_none_or(|(_, quickest_ms)| took_ms < quickest_ms)
        {
            link.server_ahead = Some((server_ms.saturating_add_unsigned(took_ms / 2) - now_ms, took_ms));
        }
    }

    /// From here on a board must have every call.
    fn listens_from(&mut self, station: usize, after: u64) {
        if self.machines[station].mode.shows_calls() {
            let listening = Listening { life: self.machines[station].life, database: self.server.database, after };
            self.witness.listening.entry(station).or_default().push(listening);
        }
    }

    fn opened(&mut self, station: usize, texts: &[String]) {
        let now_ms = self.now_ms;
        let life = self.machines[station].life;
        let Some(link) = self.link(station) else { return };
        link.phase = Phase::Open;
        link.opened_ms = now_ms;
        let connection = link.connection;
        let early = std::mem::take(&mut link.early);
        self.schedule(HEARTBEAT_MS, Event::Beat { station, life, connection });
        for text in texts.iter().chain(&early) {
            self.hear(station, connection, text);
        }
        // After a slow greeting an empty push asks for the time once more.
        let rough =
            self.link(station).and_then(|link| link.server_ahead).is_some_and(|(_, took_ms)| took_ms > QUICK_MS);
        if rough { self.push_now(station, true) } else { self.push(station) }
    }

    /// A message out of the socket. The engine judges whether it follows the one before.
    pub(super) fn hear(&mut self, station: usize, connection: u64, text: &str) {
        let now_ms = self.now_ms;
        let bug = self.bug;
        let Some(link) = self.link(station) else { return };
        if link.connection != connection || link.phase == Phase::Resting {
            return;
        }
        if link.phase == Phase::Connecting {
            link.early.push(text.to_owned());
            return;
        }
        link.heard_ms = now_ms;
        let Ok(mut input) = serde_json::from_str::<ServerEvent>(text)
            .map_err(|_| ())
            .and_then(|event| wire::input(&event).map_err(|_| ()))
        else {
            self.witness.alarm("I8", format!("{station}: an event that does not read: {text}"));
            return;
        };
        if let Input::Event { seq, prev, event } = &mut input {
            let snapshot = matches!(event, smartqueue_engine::RemoteEvent::Snapshot { .. });
            if bug == Some(PlantedBug::CursorGapIgnored) {
                *prev = 0;
            }
            let follows = *prev <= link.cursor.unwrap_or(0);
            let seq = *seq;
            if snapshot {
                link.cursor = Some(seq);
                self.listens_from(station, seq);
            } else if follows && link.cursor.is_none_or(|cursor| seq > cursor) {
                link.cursor = Some(seq);
            }
        }
        self.feed(station, input);
    }

    pub(super) fn beat(&mut self, station: usize, connection: u64) {
        let now_ms = self.now_ms;
        let wall_ms = now_ms + self.machines[station].clock_error_ms;
        let reachable = self.server.is_up() && !self.is_cut_off(station);
        let bug = self.bug;
        let quiet_for_ms = self.quiet_for_ms();
        let life = self.machines[station].life;
        let Some(link) = self.link(station) else { return };
        if link.connection != connection || link.phase != Phase::Open {
            return;
        }
        if reachable {
            link.heard_ms = now_ms;
        } else if now_ms - link.heard_ms > SILENCE_MS {
            self.lose_link(station, false);
            return;
        }
        let probe = std::mem::take(&mut link.probe);
        let quiet_ms = if reachable { quiet_for_ms.min(QUIET_STEP_MS.cast_signed()) } else { 0 };
        let next_ms = quiet_ms.max(HEARTBEAT_MS);
        self.schedule(next_ms, Event::Beat { station, life, connection });
        if reachable {
            let server_ms = if bug == Some(PlantedBug::DayFromWallClock) { wall_ms } else { now_ms };
            self.feed(station, Input::HeartbeatHeard { server_ms });
            if probe {
                self.push_now(station, true);
            }
        }
    }

    /// The journal has grown.
    pub(super) fn push(&mut self, station: usize) {
        let Some(link) = self.link(station) else { return };
        if link.phase != Phase::Open {
            return;
        }
        if link.pushing {
            link.grown = true;
        } else {
            self.push_now(station, false);
        }
    }

    fn push_on(&mut self, station: usize) {
        let Some(link) = self.link(station) else { return };
        link.grown = false;
        if link.phase == Phase::Open {
            self.push_now(station, false);
        }
    }

    fn push_now(&mut self, station: usize, even_empty: bool) {
        let now_ms = self.now_ms;
        let elapsed_ms = self.machines[station].elapsed_ms(now_ms);
        let boot = self.machines[station].boot;
        let Some(process) = self.machines[station].process.as_mut() else { return };
        let link = &mut process.link;
        let Some(identity) = link.identity.as_ref().map(|identity| identity.station) else { return };
        if link.pushing {
            return;
        }
        // The record before the first comes along: its digest proves whose past this is.
        let held = link.server_holds;
        let Ok(mut records) = process.journal.read_after(held.saturating_sub(1), PUSH_LIMIT) else { return };
        let before = match records.first() {
            Some(first) if first.seq == held => {
                serde_json::to_value(records.remove(0)).ok().map(|record| record_digest(&record))
            }
            Some(_) | None => None,
        };
        let sends_records = !records.is_empty();
        let last_known = records.last().map_or(held, |last| last.seq);
        if !sends_records && !even_empty {
            return;
        }
        link.pushing = true;
        let moment = Some(StoredMoment { boot, elapsed_ms });
        let sent_at_ms = link.server_ahead.map(|(ahead_ms, _)| now_ms + ahead_ms);
        let request = PushRequest { epoch: link.enrolment, records, before, moment, sent_at_ms };
        self.ask(station, About::Push { sends_records, last_known }, Question::Push(identity, request));
    }

    pub(super) fn request_number(&mut self, station: usize, ticket: TicketId, queue: QueueId) {
        let life = self.machines[station].life;
        let Some(link) = self.link(station) else { return };
        let identity = link.identity.as_ref().map(|identity| identity.station);
        match identity.filter(|_| link.phase == Phase::Open) {
            Some(identity) => {
                let request = IssueRequest { epoch: link.enrolment, ticket: ticket.0, queue: queue.0 };
                link.probe = true;
                self.ask(station, About::Number(ticket), Question::Issue(identity, request));
            }
            None => self.schedule(1, Event::NoNumber { station, life, ticket }),
        }
    }

    pub(super) fn board_hears(&mut self, station: usize, seq: u64) {
        let life = self.machines[station].life;
        let heard = self.witness.heard.entry(station).or_default();
        let newest = heard.last().copied();
        heard.push(Heard { life, seq });
        // A database that was put back begins its log anew, far ahead; two of them would be another matter.
        if let Some(newest) = newest.filter(|newest| newest.life == life && newest.seq >= seq) {
            let text = format!("board {station} took up call {seq} after call {}", newest.seq);
            self.witness.alarm("I8", text);
        }
    }
}

fn short(reply: &Reply) -> String {
    let text = format!("{reply:?}");
    text.chars().take(160).collect()
}
