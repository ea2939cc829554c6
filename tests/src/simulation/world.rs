//! The lobby's clock: everything that happens is an event with a true time, taken in the order of time. Machines, network
//! and people meet here. It judges nothing; `verdict` does, at the end.
//!
//! This file is long because every kind of event is dealt with in one match, so that none can be forgotten.

use super::chance::Chance;
use super::disk::{Death, SharedDisk};
use super::machine::Machine;
use super::plan::{Deed, MINUTE, Plan, STRETCH_MS};
use super::planted::PlantedBug;
use super::server::{Question, Reply, Server};
use super::vfs;
use super::witness::{Called, Touch, Witness};
use smartqueue_domain::{Channel, Language, PrintOutcome, QueueId, TicketId};
use smartqueue_engine::{AnnouncementOutcome, Command, Fault, Input, PrintJob};
use smartqueue_protocol::provisioning::Mode;
use smartqueue_server::ledger::new_tickets::NewTicket;
use smartqueue_server::ledger::tickets::{Caller, Step};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;
use uuid::Uuid;

/// How long the healed lobby has before its last touches, for the slowest back-off and a missed heartbeat.
const HEALING_MS: i64 = 3 * MINUTE;

/// How long after its last touches it is judged.
const SETTLING_MS: i64 = 2 * MINUTE;

/// Something that will happen. What belongs to an earlier life or connection means nothing any more.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Stroke(usize),
    Touch { station: usize, queue: usize, ticket: Uuid },
    StationStarts { station: usize, life: u64 },
    ServerStarts { life: u64 },
    Wake { station: usize, life: u64, number: u64 },
    Connect { station: usize, life: u64, attempt: u64 },
    GivenUp { station: usize, life: u64, connection: u64, name: u64 },
    Arrives { station: usize, life: u64, connection: u64, name: u64, question: Box<Question> },
    Returns { station: usize, life: u64, connection: u64, name: u64, reply: Box<Reply> },
    Says { station: usize, life: u64, connection: u64, text: String },
    HangsUp { station: usize, life: u64, connection: u64 },
    Beat { station: usize, life: u64, connection: u64 },
    NoNumber { station: usize, life: u64, ticket: TicketId },
    SlipEnds { station: usize, life: u64, job: PrintJob, outcome: PrintOutcome, paper: bool },
    Announced { station: usize, life: u64, call: u64 },
    WriteKeptBack { station: usize, life: u64 },
    PaperIn { station: usize },
    DiskWell { station: usize },
}

/// How much each disk has done at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The stations, in their order.
    pub stations: Vec<u64>,
    /// The server.
    pub server: u64,
}

/// Two machines with one identity. Until the server has told one of them, each counts in the series that both believe to
/// be theirs, and no program on them can know better.
#[derive(Clone, Copy, Debug)]
pub(super) struct Copies {
    pub(super) machines: [usize; 2],
    pub(super) told_ms: Option<i64>,
}

/// The lobby.
pub(super) struct World {
    pub(super) now_ms: i64,
    pub(super) plan: Plan,
    pub(super) chance: Chance,
    pub(super) bug: Option<PlantedBug>,
    pub(super) server: Server,
    server_life: u64,
    server_doom: (Death, i64),
    pub(super) machines: Vec<Machine>,
    pub(super) witness: Witness,
    pub(super) worst_recovery: Duration,
    /// Which events wait, by time and by the order in which they were made.
    order: BinaryHeap<Reverse<(i64, u64)>>,
    waiting: BTreeMap<u64, Event>,
    made: u64,
    names: u64,
    cut_off_until_ms: BTreeMap<usize, i64>,
    healing: bool,
    backup: Option<Vec<u8>>,
    /// Tickets that clerks called and have not ended.
    called: Vec<Uuid>,
    /// Machines that work from copies of one disk, and until when nobody could have told them so.
    pub(super) copies: Vec<Copies>,
    /// The touches after everything was healed.
    pub(super) last_touches: Vec<Uuid>,
    pub(super) marks: Vec<Mark>,
    pub(super) hash: u64,
    pub(super) trace: Option<Vec<String>>,
}

impl World {
    pub(super) fn new(plan: Plan, mut chance: Chance, bug: Option<PlantedBug>, trace: bool) -> anyhow::Result<World> {
        vfs::unmount_all();
        let now_ms = plan.begins_ms;
        let server = Server::new(now_ms, bug)?;
        let mut machines = Vec::new();
        for index in 0..plan.kiosks + plan.boards {
            let mode = if index < plan.kiosks { Mode::Kiosk } else { Mode::Board };
            let disk = SharedDisk::default();
            disk.borrow_mut().faults.owes_log_syncs = bug == Some(PlantedBug::NormalSync);
            let boot = Uuid::from_u128(chance.wide());
            machines.push(Machine::new(&format!("station{index}"), mode, now_ms, boot, disk));
        }
        let mut world = World {
            now_ms,
            chance,
            bug,
            server,
            server_life: 1,
            server_doom: (Death::Kill, 1_000),
            machines,
            witness: Witness::default(),
            worst_recovery: Duration::ZERO,
            order: BinaryHeap::new(),
            waiting: BTreeMap::new(),
            made: 0,
            names: 0,
            cut_off_until_ms: BTreeMap::new(),
            healing: false,
            backup: None,
            called: Vec::new(),
            copies: Vec::new(),
            last_touches: Vec::new(),
            marks: Vec::new(),
            hash: 0xcbf2_9ce4_8422_2325,
            trace: trace.then(Vec::new),
            plan,
        };
        for (index, stroke) in world.plan.strokes.clone().iter().enumerate() {
            world.schedule(stroke.at_ms, Event::Stroke(index));
        }
        for station in 0..world.machines.len() {
            world.start_station(station);
        }
        Ok(world)
    }

    /// Lives through the plan, heals everything, touches each kiosk once more, and settles.
    pub(super) fn run(&mut self) {
        self.run_until(self.plan.begins_ms + self.plan.lasts_ms);
        self.heal();
        self.run_until(self.now_ms + HEALING_MS);
        self.touch_everywhere();
        self.run_until(self.now_ms + SETTLING_MS);
    }

    pub(super) fn run_until(&mut self, end_ms: i64) {
        while let Some(Reverse((at_ms, made))) = self.order.peek().copied() {
            if at_ms > end_ms {
                break;
            }
            self.order.pop();
            self.now_ms = self.now_ms.max(at_ms);
            if let Some(event) = self.waiting.remove(&made) {
                self.happen(event);
            }
        }
        self.now_ms = end_ms;
    }

    pub(super) fn schedule(&mut self, in_ms: i64, event: Event) {
        self.made += 1;
        self.order.push(Reverse((self.now_ms + in_ms, self.made)));
        self.waiting.insert(self.made, event);
    }

    /// Writes down what happened, for the hash that says whether two runs were the same, and for a reader.
    pub(super) fn note(&mut self, text: impl FnOnce() -> String) {
        self.mix(self.now_ms.unsigned_abs());
        if let Some(trace) = &mut self.trace {
            let since_ms = self.now_ms - self.plan.begins_ms;
            trace.push(format!("{:>10.3} {}", since_ms as f64 / 1_000.0, text()));
        }
    }

    pub(super) fn mix(&mut self, value: u64) {
        for byte in value.to_le_bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn is_alive(&self, station: usize, life: u64) -> bool {
        self.machines[station].process.is_some() && self.machines[station].life == life
    }

    /// How long nobody comes any more, between the stretches of a plan that goes over nights; 0 while somebody may.
    pub(super) fn quiet_for_ms(&self) -> i64 {
        let since_ms = self.now_ms - self.plan.begins_ms;
        let in_stretch_ms = since_ms % STRETCH_MS;
        let ends_ms = STRETCH_MS - 5 * MINUTE;
        if since_ms < self.plan.lasts_ms && in_stretch_ms > 30 * MINUTE { (ends_ms - in_stretch_ms).max(0) } else { 0 }
    }

    pub(super) fn next_connection(&mut self) -> u64 {
        self.names += 1;
        self.names
    }

    pub(super) fn next_question(&mut self) -> u64 {
        self.names += 1;
        self.names
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Stroke(index) => {
                let deed = self.plan.strokes[index].deed.clone();
                self.note(|| format!("stroke: {deed:?}"));
                self.strike(deed);
            }
            Event::Touch { station, queue, ticket } => self.touch(station, queue, ticket),
            Event::StationStarts { station, life } => {
                if self.machines[station].process.is_none() && self.machines[station].life == life {
                    self.start_station(station);
                }
            }
            Event::ServerStarts { life } => {
                if life == self.server_life && !self.server.is_up() {
                    self.start_server();
                }
            }
            Event::Arrives { station, life, connection, name, question } => {
                self.arrive(station, life, connection, name, *question);
            }
            Event::PaperIn { station } => {
                self.machines[station].paper_out = false;
                self.feed(station, Input::PrinterConditionChanged { faults: vec![] });
            }
            Event::DiskWell { station } => {
                let disk = &self.machines[station].disk;
                disk.borrow_mut().faults.room = None;
                disk.borrow_mut().faults.fails = false;
            }
            Event::Wake { station, life, number } if self.is_alive(station, life) => self.wake(station, number),
            Event::Connect { station, life, attempt } if self.is_alive(station, life) => self.connect(station, attempt),
            Event::GivenUp { station, life, connection, name } if self.is_alive(station, life) => {
                self.give_up(station, connection, name);
            }
            Event::Returns { station, life, connection, name, reply } if self.is_alive(station, life) => {
                self.take_reply(station, connection, name, *reply);
            }
            Event::Says { station, life, connection, text } if self.is_alive(station, life) => {
                self.hear(station, connection, &text);
            }
            Event::HangsUp { station, life, connection } if self.is_alive(station, life) => {
                let stands = self.machines[station].process.as_ref().map(|process| process.link.connection());
                if stands == Some(connection) {
                    self.lose_link(station, false);
                }
            }
            Event::Beat { station, life, connection } if self.is_alive(station, life) => self.beat(station, connection),
            Event::NoNumber { station, life, ticket } if self.is_alive(station, life) => {
                self.feed(station, Input::NumberRefused { ticket });
            }
            Event::SlipEnds { station, life, job, outcome, paper } if self.is_alive(station, life) => {
                self.slip_ends(station, job, outcome, paper);
            }
            Event::Announced { station, life, call } if self.is_alive(station, life) => {
                self.feed(station, Input::Announced { call, outcome: AnnouncementOutcome::Spoken });
            }
            Event::WriteKeptBack { station, life } if self.is_alive(station, life) => self.write_kept_back(station),
            Event::Wake { .. }
            | Event::Connect { .. }
            | Event::GivenUp { .. }
            | Event::Returns { .. }
            | Event::Says { .. }
            | Event::HangsUp { .. }
            | Event::Beat { .. }
            | Event::NoNumber { .. }
            | Event::SlipEnds { .. }
            | Event::Announced { .. }
            | Event::WriteKeptBack { .. } => {}
        }
    }

    fn strike(&mut self, deed: Deed) {
        match deed {
            Deed::Touch { kiosk, queue, repeated } => {
                let ticket = Uuid::from_u128(self.chance.wide());
                self.touch(kiosk, queue, ticket);
                if repeated {
                    let again_ms = i64::try_from(self.chance.below(3_000)).unwrap_or(0);
                    self.schedule(again_ms, Event::Touch { station: kiosk, queue, ticket });
                }
            }
            Deed::WebTicket { queue } => self.take_web_ticket(queue),
            Deed::CallNext => self.call_next(),
            Deed::ServeCalled => self.serve_called(),
            Deed::Reprint { kiosk } => {
                if let Some(ticket) = self.some_ticket_of(kiosk) {
                    self.feed(kiosk, Input::Command(Command::Reprint { ticket }));
                }
            }
            Deed::StationDies { station, death, after_operations, away_ms } => {
                self.machines[station].doom = (death, away_ms);
                let alive = self.machines[station].process.is_some();
                match after_operations {
                    Some(more) => {
                        let mut disk = self.machines[station].disk.borrow_mut();
                        disk.faults.dies_before = Some(disk.operations() + more);
                    }
                    None if alive => self.station_dies(station),
                    None => {}
                }
            }
            Deed::ServerDies { death, after_operations, away_ms } => {
                self.server_doom = (death, away_ms);
                match after_operations {
                    Some(more) => {
                        let mut disk = self.server.disk().borrow_mut();
                        disk.faults.dies_before = Some(disk.operations() + more);
                    }
                    None => self.server_dies(),
                }
            }
            Deed::Partition { station, for_ms } => {
                self.cut_off_until_ms.insert(station, self.now_ms + for_ms);
            }
            Deed::ClockJump { station, by_ms } => self.machines[station].clock_error_ms += by_ms,
            Deed::PaperOut { kiosk, for_ms } => {
                self.machines[kiosk].paper_out = true;
                self.feed(kiosk, Input::PrinterConditionChanged { faults: vec![Fault::PaperOut] });
                self.schedule(for_ms, Event::PaperIn { station: kiosk });
            }
            Deed::DiskFull { station, for_ms } => {
                self.machines[station].disk.borrow_mut().faults.room = Some(0);
                self.schedule(for_ms, Event::DiskWell { station });
            }
            Deed::DiskFails { station, for_ms } => {
                self.machines[station].disk.borrow_mut().faults.fails = true;
                self.schedule(for_ms, Event::DiskWell { station });
            }
            Deed::Mark => {
                let stations = self.machines.iter().map(|machine| machine.disk.borrow().operations()).collect();
                let server = self.server.disk().borrow().operations();
                self.marks.push(Mark { stations, server });
            }
            Deed::Backup => self.backup = self.server.back_up().or(self.backup.take()),
            Deed::Restore => self.restore_server(),
            Deed::CloneDisk { kiosk } => self.clone_disk(kiosk),
        }
    }

    fn touch(&mut self, station: usize, queue: usize, ticket: Uuid) {
        let queue = self.server.queues[queue];
        let now_ms = self.now_ms;
        let machine = &self.machines[station];
        // A screen without a station behind it takes no touch.
        if machine.process.is_none() {
            return;
        }
        let again = |touch: &mut Touch| touch.again_ms.push(now_ms);
        self.witness.touches.entry(ticket).and_modify(again).or_insert_with(|| Touch {
            at_ms: now_ms,
            again_ms: Vec::new(),
            machine: station,
            boot: machine.boot,
            clock_error_ms: machine.clock_error_ms,
            knew_server_time: machine.process.as_ref().is_some_and(|process| process.knows_server_time),
        });
        let command =
            Command::TakeTicket { queue: QueueId(queue), language: Some(Language::French), ticket: TicketId(ticket) };
        self.feed(station, Input::Command(command));
        if let Some(reason) = self.refusal_shown(station) {
            self.note(|| format!("{station} refuses {ticket}: {reason:?}"));
        }
    }

    fn take_web_ticket(&mut self, queue: usize) {
        let id = Uuid::from_u128(self.chance.wide());
        let (tenant, queue) = (self.server.tenant, self.server.queues[queue]);
        let new =
            NewTicket { id: Some(id), queue, channel: Channel::Web, priority: 0, customer: serde_json::Map::new() };
        let created = self.server.with(self.now_ms, async |ledger| ledger.create_ticket(tenant, new).await);
        if let Some(Ok(_)) = created {
            self.witness.web.insert(id);
        }
        self.after_server();
    }

    fn call_next(&mut self) {
        let Some(agent) = self.chance.one_of(&self.server.agents).copied() else { return };
        let tenant = self.server.tenant;
        let called = self.server.with(self.now_ms, async |ledger| ledger.call_next(tenant, agent).await);
        if let Some(Ok(Some(answer))) = called {
            self.note(|| format!("called {} {}", answer.body.number, answer.body.id));
            self.called.push(answer.body.id);
        }
        self.after_server();
    }

    fn serve_called(&mut self) {
        if self.called.is_empty() {
            return;
        }
        let index = usize::try_from(self.chance.below(self.called.len() as u64)).unwrap_or(0);
        let id = self.called[index];
        let step = match self.chance.below(4) {
            0 => Step::Recall,
            1 => Step::NoShow,
            2 => Step::Call(Caller::default()),
            _ => Step::Start,
        };
        let ends = !matches!(step, Step::Recall);
        let tenant = self.server.tenant;
        let done = self.server.with(self.now_ms, async |ledger| ledger.take_step(tenant, id, step).await);
        if ends && matches!(done, Some(Ok(_))) {
            self.called.swap_remove(index);
        }
        self.after_server();
    }

    /// Sends what the server published, and sees whether it lived through what it did.
    fn after_server(&mut self) {
        if self.server.disk().borrow().is_dead() && self.server.is_up() {
            self.server_dies();
            return;
        }
        for connection in self.server.replaced() {
            if let Some(station) = self.station_of(connection).filter(|station| !self.is_cut_off(*station)) {
                let life = self.machines[station].life;
                self.schedule(2, Event::HangsUp { station, life, connection });
            }
        }
        let (outgoing, calls) = self.server.outgoing();
        let database = self.server.database;
        self.witness.called.extend(calls.into_iter().map(|seq| Called { database, seq }));
        for message in outgoing {
            let Some(station) = self.station_of(message.connection) else { continue };
            let network = self.plan.network;
            let (lost, mixed) = if self.healing { (0, 0) } else { (network.events_lost, network.events_mixed) };
            if self.is_cut_off(station) || self.chance.in_thousand(lost) {
                continue;
            }
            let life = self.machines[station].life;
            let delay_ms = 3 + i64::try_from(self.chance.below(20)).unwrap_or(0) / 10;
            let connection = message.connection;
            let says = |text| Event::Says { station, life, connection, text };
            if self.chance.in_thousand(mixed) {
                let again_ms = delay_ms + i64::try_from(self.chance.below(2_000)).unwrap_or(0);
                if self.chance.in_thousand(500) {
                    self.schedule(delay_ms, says(message.text.clone()));
                }
                self.schedule(again_ms, says(message.text));
            } else {
                self.schedule(delay_ms, says(message.text));
            }
        }
    }

    fn station_of(&self, connection: u64) -> Option<usize> {
        self.machines
            .iter()
            .position(|machine| machine.process.as_ref().is_some_and(|process| process.link.connection() == connection))
    }

    pub(super) fn is_cut_off(&self, station: usize) -> bool {
        self.cut_off_until_ms.get(&station).is_some_and(|until_ms| *until_ms > self.now_ms)
    }

    /// How long a message takes, or nothing when it is lost. Some kinds are held up so many times as often as others.
    fn travel(&mut self, station: usize, times: u64) -> Option<i64> {
        let network = self.plan.network;
        let (lost, late) = if self.healing { (0, 0) } else { (network.lost, network.late * times) };
        if self.is_cut_off(station) || self.chance.in_thousand(lost) {
            return None;
        }
        let usual = if self.healing { 40 } else { network.delay_ms };
        let most = if self.chance.in_thousand(late) { 30_000 } else { usual };
        Some(1 + i64::try_from(self.chance.below(most)).unwrap_or(0))
    }

    pub(super) fn send_question(&mut self, station: usize, connection: u64, name: u64, question: Question) {
        let life = self.machines[station].life;
        // A number asked for by a kiosk that has died meanwhile is rare, and what must never come of it would not be seen.
        let times = if matches!(question, Question::Issue(..)) { 8 } else { 1 };
        let twice = if self.healing { 0 } else { self.plan.network.twice };
        let copies = if self.chance.in_thousand(twice) { 2 } else { 1 };
        for _ in 0..copies {
            if let Some(delay_ms) = self.travel(station, times) {
                let question = Box::new(question.clone());
                self.schedule(delay_ms, Event::Arrives { station, life, connection, name, question });
            }
        }
        if !self.server.is_up() && !self.is_cut_off(station) {
            // Nobody listens: the connection is refused at once.
            self.schedule(2, Event::GivenUp { station, life, connection, name });
        }
    }

    fn arrive(&mut self, station: usize, life: u64, connection: u64, name: u64, question: Question) {
        if !self.server.is_up() {
            return;
        }
        let reply = self.server.answer(self.now_ms, connection, question);
        self.after_server();
        let Some(reply) = reply else { return };
        let stands = self.is_alive(station, life)
            && self.machines[station].process.as_ref().is_some_and(|process| process.link.connection() == connection);
        if !stands {
            // Whoever asked is gone: a socket that was opened for them is closed again.
            self.server.hang_up(connection);
            return;
        }
        if let Some(delay_ms) = self.travel(station, 1) {
            self.schedule(delay_ms, Event::Returns { station, life, connection, name, reply: Box::new(reply) });
        }
    }

    fn server_dies(&mut self) {
        if !self.server.is_up() {
            return;
        }
        let (death, away_ms) = self.server_doom;
        self.note(|| format!("the server dies: {death:?}, away for {away_ms} ms"));
        self.server_doom = (Death::Kill, 1_000);
        self.server.stop();
        let mut chance = self.chance.part(1_000_000 + self.witness.deaths);
        self.server.revive(death, &mut chance);
        self.witness.deaths += 1;
        self.server_life += 1;
        let life = self.server_life;
        self.schedule(away_ms, Event::ServerStarts { life });
        // A process that is killed takes its sockets along; a machine without power says nothing.
        if death == Death::Kill {
            for station in 0..self.machines.len() {
                let Some(process) = self.machines[station].process.as_ref().filter(|process| process.link.is_open())
                else {
                    continue;
                };
                let (connection, life) = (process.link.connection(), self.machines[station].life);
                if !self.is_cut_off(station) {
                    self.schedule(2, Event::HangsUp { station, life, connection });
                }
            }
        }
    }

    fn start_server(&mut self) {
        match self.server.start(self.now_ms) {
            Ok(()) => self.note(|| "the server starts".to_owned()),
            Err(error) => {
                self.note(|| format!("the server does not start: {error}"));
                if self.server.disk().borrow().is_dead() {
                    let mut chance = self.chance.part(2_000_000 + self.witness.deaths);
                    self.witness.deaths += 1;
                    self.server.revive(Death::PowerCut, &mut chance);
                } else {
                    self.witness.alarm("I9", format!("the server's file does not open: {error}"));
                }
                let life = self.server_life;
                self.schedule(1_000, Event::ServerStarts { life });
            }
        }
    }

    fn restore_server(&mut self) {
        let Some(copy) = self.backup.take() else { return };
        self.server_doom = (Death::Kill, 2_000);
        self.server_dies();
        let epoch = Uuid::from_u128(self.chance.wide());
        if let Err(error) = self.server.restore(copy, self.now_ms, epoch) {
            self.witness.alarm("I9", format!("the copy cannot be restored: {error:#}"));
        }
        self.called.clear();
    }

    /// A second machine from a copy of a kiosk's disk, switched on beside the first.
    fn clone_disk(&mut self, kiosk: usize) {
        let boot = Uuid::from_u128(self.chance.wide());
        let copy = self.machines[kiosk].disk.borrow().copy();
        let station = self.machines.len();
        let machine =
            Machine::new(&format!("station{station}"), Mode::Kiosk, self.now_ms, boot, SharedDisk::new(copy.into()));
        machine.disk.borrow_mut().faults.owes_log_syncs = self.bug == Some(PlantedBug::NormalSync);
        self.machines.push(machine);
        self.copies.push(Copies { machines: [kiosk, station], told_ms: None });
        self.start_station(station);
        for _ in 0..4 {
            let ticket = Uuid::from_u128(self.chance.wide());
            let at_ms = i64::try_from(self.chance.between(20_000, 200_000)).unwrap_or(0);
            self.schedule(at_ms, Event::Touch { station, queue: 0, ticket });
        }
    }

    /// The server has told a machine that another one works under its identity.
    pub(super) fn told_of_copy(&mut self, station: usize) {
        let now_ms = self.now_ms;
        for copies in self.copies.iter_mut().filter(|copies| copies.machines.contains(&station)) {
            copies.told_ms = copies.told_ms.or(Some(now_ms));
        }
    }

    /// Whether two machines may have counted the same number until a moment, because neither could know of the other.
    pub(super) fn were_one(&self, one: usize, other: usize, at_ms: i64) -> bool {
        self.copies.iter().any(|copies| {
            let both = one != other && copies.machines.contains(&one) && copies.machines.contains(&other);
            // What one of them gave before is not on the other's disk, and the other goes on counting.
            both && copies.told_ms.is_none_or(|told_ms| at_ms <= told_ms + 5_000)
        })
    }

    /// Every fault ends; what is down comes up.
    fn heal(&mut self) {
        self.note(|| "healing".to_owned());
        self.healing = true;
        self.cut_off_until_ms.clear();
        self.plan.printer_fails = 0;
        self.server.disk().borrow_mut().faults.dies_before = None;
        if !self.server.is_up() {
            self.start_server();
        }
        for station in 0..self.machines.len() {
            {
                let machine = &mut self.machines[station];
                let mut disk = machine.disk.borrow_mut();
                disk.faults.dies_before = None;
                disk.faults.room = None;
                disk.faults.fails = false;
                machine.doom = (Death::Kill, 1_000);
            }
            self.machines[station].paper_out = false;
            self.feed(station, Input::PrinterConditionChanged { faults: vec![] });
            // A line that lost messages is a broken line: the next connection asks for what was missed.
            if self.machines[station].process.as_ref().is_some_and(|process| process.link.is_open()) {
                self.lose_link(station, false);
            }
        }
    }

    fn touch_everywhere(&mut self) {
        for station in 0..self.machines.len() {
            if self.machines[station].mode.issues() {
                let ticket = Uuid::from_u128(self.chance.wide());
                self.last_touches.push(ticket);
                self.touch(station, 0, ticket);
            }
        }
    }

    /// Lets go of every file. Nothing can be asked of the stations any more.
    pub(super) fn close(&mut self) {
        for machine in &mut self.machines {
            machine.process = None;
        }
        self.server.stop_cleanly();
    }
}
