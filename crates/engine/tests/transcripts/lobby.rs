//! A shell made of values: a journal in memory, a printer that does as told, a clock that moves when asked.

use smartqueue_domain::{
    Algorithm, BootId, Epoch, Language, PrintEvidence, PrintOutcome, Queue, QueueId, QueueName, Record, SeriesGrant,
    SeriesLetter, ServiceDay, StationId, TicketId, TicketStatus,
};
use smartqueue_engine::{
    AnnouncementOutcome, Command, Effect, Figures, Greeting, Input, KioskScreen, Memory, Now, PrintJob, RemoteTicket,
    ServerTime, Settings, SlipContent, Station, StoredFact, View,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Friday 2026-11-20, 10:00 UTC.
pub const MORNING_MS: i64 = 1_795_168_800_000;

pub const QUEUE: QueueId = QueueId(1);

pub fn queue(id: i64, prefix: &str) -> Queue {
    Queue {
        id: QueueId(id),
        prefix: prefix.to_owned(),
        name: QueueName { name: format!("Service {prefix}"), hint: None },
        translations: BTreeMap::from([(
            Language::English,
            QueueName { name: format!("Service {prefix} in English"), hint: None },
        )]),
        icon: "ticket".to_owned(),
        colour: "#123456".to_owned(),
        is_active: true,
        max_capacity: None,
        hours: None,
        algorithm: Algorithm::Fifo,
    }
}

pub fn settings(has_server: bool) -> Settings {
    Settings {
        issues: true,
        shows_calls: false,
        name: "Borne 1".to_owned(),
        site_name: "Agence".to_owned(),
        brand_colour: None,
        languages: vec![Language::French, Language::English],
        queues: vec![queue(1, "A"), queue(2, "B")],
        ticker: Vec::new(),
        follow_url_base: Some("https://q.example/".to_owned()),
        slip_header: None,
        slip_footer: None,
        has_server,
        has_printer: true,
        speaks: true,
        rollovers: Vec::new(),
    }
}

pub fn ticket(name: u128) -> TicketId {
    TicketId(Uuid::from_u128(name))
}

pub fn greeting(settings: Settings, grants: &[QueueId]) -> Greeting {
    let today = ServiceDay::of(smartqueue_domain::LocalTime::new(MORNING_MS, 0));
    Greeting {
        server_ms: MORNING_MS,
        took_ms: 0,
        highest_seq: 0,
        settings,
        grants: grants.iter().map(|queue| SeriesGrant { queue: *queue, from_day: today }).collect(),
        event_seq: 0,
        tickets: Vec::new(),
        figures: vec![(QUEUE, Figures { mean_service_seconds: 300, available_agents: 1 })],
        server_epoch: Some(Epoch(Uuid::from_u128(1))),
        server_series: Vec::new(),
        released: Vec::new(),
        set_aside: 0,
        configuration_refused: false,
    }
}

pub fn remote(id: u128, number: &str, status: TicketStatus) -> RemoteTicket {
    RemoteTicket {
        id: ticket(id),
        queue: QUEUE,
        number: number.to_owned(),
        status,
        priority: 0,
        created_at_ms: MORNING_MS - 1000,
        called_at_ms: None,
        counter: None,
    }
}

/// What the printer does with a slip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// It comes out, with proof.
    Comes,
    /// Nothing is reported until the test reports it.
    Waits,
    /// This happens instead.
    Ends(PrintOutcome),
}

pub struct Lobby {
    pub station: Station,
    pub journal: Vec<Record>,
    pub printed: Vec<(PrintJob, SlipContent)>,
    /// Everything else that the station wanted done.
    pub effects: Vec<Effect>,
    pub paper: Paper,
    pub disk_works: bool,
    pub now: Now,
    /// The server's time that the station wanted remembered.
    pub server_time: Option<ServerTime>,
}

/// What a station remembers that spoke to no server yet.
pub fn memory(boot: BootId) -> Memory {
    Memory { server_holds: 0, boot, server_time: None, identity: None, enrolled_anew: false }
}

impl Lobby {
    pub fn new(settings: Settings) -> Lobby {
        Lobby::with_journal(settings, Vec::new())
    }

    /// A station that starts on what an earlier one left, in a boot of its own.
    pub fn with_journal(settings: Settings, journal: Vec<Record>) -> Lobby {
        let now = Now { elapsed_ms: 1_000, wall_ms: MORNING_MS, offset_minutes: 0 };
        let boot = BootId(Uuid::from_u128(journal.len() as u128));
        Lobby::start(settings, journal, memory(boot), now)
    }

    pub fn start(settings: Settings, journal: Vec<Record>, memory: Memory, now: Now) -> Lobby {
        let facts = (1u64..).zip(journal.clone()).map(|(seq, record)| StoredFact { seq, record });
        let station = Station::restore(settings, facts, memory, now);
        let mut lobby = Lobby {
            station,
            journal,
            printed: Vec::new(),
            effects: Vec::new(),
            paper: Paper::Comes,
            disk_works: true,
            now,
            server_time: memory.server_time,
        };
        lobby.run();
        lobby
    }

    /// A kiosk that the server knows and that owns the main series of queue 1.
    pub fn paired(settings: Settings) -> Lobby {
        let mut lobby = Lobby::new(settings.clone());
        lobby.put(Input::Paired { station: StationId(7), letter: SeriesLetter::Letter('K') });
        lobby.put(Input::Greeted(Box::new(greeting(settings, &[QUEUE]))));
        lobby
    }

    pub fn put(&mut self, input: Input) {
        self.station.handle(input, self.now);
        self.run();
    }

    pub fn command(&mut self, command: Command) {
        self.put(Input::Command(command));
    }

    pub fn take(&mut self, name: u128) {
        self.take_from(QUEUE, name);
    }

    pub fn take_from(&mut self, queue: QueueId, name: u128) {
        self.command(Command::TakeTicket { queue, language: None, ticket: ticket(name) });
    }

    /// Lets time pass, stopping at each time-out that the station names.
    pub fn pass(&mut self, milliseconds: u64) {
        let end = self.now.elapsed_ms + milliseconds;
        while self.now.elapsed_ms < end {
            let next = self.station.poll_timeout().clamp(self.now.elapsed_ms + 1, end);
            self.now.wall_ms += i64::try_from(next - self.now.elapsed_ms).unwrap();
            self.now.elapsed_ms = next;
            self.put(Input::TimePassed);
        }
    }

    fn run(&mut self) {
        while let Some(effect) = self.station.poll_effect() {
            match effect {
                Effect::Append { token, records } => {
                    let input = if self.disk_works {
                        let first_seq = self.journal.len() as u64 + 1;
                        self.journal.extend(records);
                        Input::Appended { token, first_seq }
                    } else {
                        Input::AppendFailed { token }
                    };
                    self.station.handle(input, self.now);
                }
                Effect::Print { job, slip } => {
                    self.printed.push((job, *slip));
                    let outcome = match self.paper {
                        Paper::Comes => PrintOutcome::Printed(PrintEvidence::ProcessId),
                        Paper::Ends(outcome) => outcome,
                        Paper::Waits => continue,
                    };
                    self.station.handle(Input::Printed { job, outcome }, self.now);
                }
                Effect::Announce(call) => {
                    let outcome = AnnouncementOutcome::Spoken;
                    let heard = call.call;
                    self.effects.push(Effect::Announce(call));
                    self.station.handle(Input::Announced { call: heard, outcome }, self.now);
                }
                Effect::RememberServerTime(heard) => self.server_time = Some(heard),
                other @ (Effect::Push
                | Effect::Resynchronise
                | Effect::StartOver
                | Effect::RequestNumber { .. }
                | Effect::Acknowledge { .. }
                | Effect::CheckPin { .. }
                | Effect::TestPrint
                | Effect::TestSound
                | Effect::RememberPushed { .. }) => self.effects.push(other),
            }
        }
    }

    pub fn view(&self) -> View {
        self.station.view()
    }

    pub fn screen(&self) -> KioskScreen {
        self.view().kiosk.unwrap().screen
    }

    /// The numbers on paper, in order.
    pub fn paper(&self) -> Vec<String> {
        self.printed
            .iter()
            .map(|(job, slip)| match job.copy.0 {
                0 => slip.number.to_string(),
                copy => format!("{} copy {copy}", slip.number),
            })
            .collect()
    }
}
