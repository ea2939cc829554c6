//! A station of a simulated lobby: its machine, its process, its printer. Engine and journal are the shipped ones; what
//! is here does what the shell of `crates/station` does around them, at the times that the world says.

use super::disk::{Death, SharedDisk};
use super::link::Link;
use super::planted::PlantedBug;
use super::vfs::{self, VFS};
use super::world::{Event, World};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use smartqueue_domain::{
    BootId, CopyNumber, PrintDoubt, PrintEvidence, PrintOutcome, Record, Refusal, StationId, TicketId, VoidReason,
};
use smartqueue_engine::{
    AnnouncementOutcome, AppendToken, Effect, Fault, Input, KioskScreen, Memory, Now, PrintJob, ServerTime,
    SlipContent, Station, StoredFact,
};
use smartqueue_journal::Journal;
use smartqueue_protocol::configuration::Configuration;
use smartqueue_protocol::provisioning::{Mode, Provisioning};
use smartqueue_station::profile::{settings_from, zone_from};
use std::path::PathBuf;
use std::time::Instant;
use uuid::Uuid;

/// While nobody comes, a station is woken and hears a heartbeat this often.
pub(super) const QUIET_STEP_MS: u64 = 1_800_000;

/// How long an announcement takes.
const SPOKEN_MS: i64 = 4_000;

/// How long the planted bug of a shell that prints too early keeps records back.
const KEPT_BACK_MS: i64 = 900;

/// A machine with its disk, its clocks and its printer, and the process on it.
pub(super) struct Machine {
    pub(super) name: String,
    pub(super) mode: Mode,
    pub(super) disk: SharedDisk,
    pub(super) profile: Provisioning,
    /// Which start of the machine this is, and when it was.
    pub(super) boot: Uuid,
    boot_ms: i64,
    /// The wall clock minus the true time.
    pub(super) clock_error_ms: i64,
    /// Which start of the process this is: what belongs to an earlier one means nothing any more.
    pub(super) life: u64,
    pub(super) process: Option<Process>,
    /// How it dies should its disk die, and how long it stays away then.
    pub(super) doom: (Death, i64),
    pub(super) paper_out: bool,
    /// Slips that were handed to the printer in this life and have not ended.
    printing: Option<(PrintJob, Box<SlipContent>)>,
}

/// The process.
pub(super) struct Process {
    pub(super) engine: Station,
    pub(super) journal: Journal,
    zone: TimeZone,
    pub(super) link: Link,
    /// When the engine wants to be woken, and the number of that wish.
    wake: (u64, u64),
    /// For a planted bug: records that were called durable and are not written.
    kept_back: Vec<Record>,
    /// Whether the server's time was heard in this boot.
    pub(super) knows_server_time: bool,
}

impl Machine {
    pub(super) fn new(name: &str, mode: Mode, now_ms: i64, boot: Uuid, disk: SharedDisk) -> Machine {
        let kiosk = mode.issues();
        let text = format!(
            "mode = \"{}\"\nname = \"{name}\"\nserver = \"http://simulated\"\npairing_token = \"simulated\"\n{}\
             [site]\ntimezone = \"Europe/Paris\"\n[sound]\nenabled = {}\n",
            mode.word(),
            if kiosk { "printer = \"virtual:\"\n" } else { "" },
            !kiosk,
        );
        let profile = Provisioning::read(&text).expect("the profile of a simulated station reads");
        Machine {
            name: name.to_owned(),
            mode,
            disk,
            profile,
            boot,
            boot_ms: now_ms,
            clock_error_ms: 0,
            life: 0,
            process: None,
            doom: (Death::Kill, 1_000),
            paper_out: false,
            printing: None,
        }
    }

    fn folder(&self) -> PathBuf {
        PathBuf::from(&self.name)
    }

    pub(super) fn elapsed_ms(&self, now_ms: i64) -> u64 {
        // A machine that has just started is not at zero: its system took a while.
        (now_ms - self.boot_ms).unsigned_abs() + 20_000
    }

    pub(super) fn now(&self, now_ms: i64, zone: &TimeZone) -> Now {
        let wall_ms = now_ms + self.clock_error_ms;
        let offset = Timestamp::from_millisecond(wall_ms).map_or(0, |wall| zone.to_offset(wall).seconds());
        Now { elapsed_ms: self.elapsed_ms(now_ms), wall_ms, offset_minutes: offset / 60 }
    }

    /// The power came back: another start of the machine.
    fn boot_again(&mut self, now_ms: i64, boot: Uuid) {
        self.boot = boot;
        self.boot_ms = now_ms;
    }
}

fn read_json(journal: &Journal, key: &str) -> Option<Value> {
    journal.meta(key).ok().flatten().and_then(|text| serde_json::from_str(&text).ok())
}

impl World {
    /// Starts a station's process on what its disk holds. A disk that cannot be used is tried again later, as whoever
    /// supervises the shipped program does.
    pub(super) fn start_station(&mut self, station: usize) {
        let epoch = Uuid::from_u128(self.chance.wide());
        let machine = &mut self.machines[station];
        machine.life += 1;
        machine.printing = None;
        vfs::mount(&machine.name, &machine.disk);
        let started = Instant::now();
        let process = open_process(machine, self.now_ms, epoch, self.bug);
        self.worst_recovery = self.worst_recovery.max(started.elapsed());
        match process {
            Ok(process) => {
                machine.process = Some(process);
                let faults = if machine.paper_out { vec![Fault::PaperOut] } else { vec![] };
                self.note(|| format!("{} starts", station));
                self.settle(station);
                self.feed(station, Input::PrinterConditionChanged { faults });
                let patience = i64::try_from(self.chance.below(400)).unwrap_or(0);
                self.connect_later(station, patience);
            }
            Err(error) => {
                self.note(|| format!("{station} does not start: {error}"));
                if self.machines[station].disk.borrow().is_dead() {
                    self.station_dies(station);
                } else {
                    let life = self.machines[station].life;
                    self.schedule(2_000, Event::StationStarts { station, life });
                }
            }
        }
    }

    /// Hands an input to a station's engine and does what it wants done.
    pub(super) fn feed(&mut self, station: usize, input: Input) {
        let now_ms = self.now_ms;
        let machine = &mut self.machines[station];
        let Some(process) = machine.process.as_ref() else { return };
        let now = machine.now(now_ms, &process.zone);
        if let Some(process) = machine.process.as_mut() {
            process.engine.handle(input, now);
        }
        self.settle(station);
    }

    fn settle(&mut self, station: usize) {
        let mut appended = false;
        loop {
            let Some(process) = self.machines[station].process.as_mut() else { return };
            let Some(effect) = process.engine.poll_effect() else { break };
            appended |= matches!(effect, Effect::Append { .. });
            self.perform(station, effect);
            if self.machines[station].disk.borrow().is_dead() {
                self.station_dies(station);
                return;
            }
        }
        // A number comes to the screen with its record, and a look is most of what an input costs.
        if appended {
            self.look_at_screen(station);
        }
        self.wake_later(station);
    }

    /// Sees to it that the engine is woken when it wants to be.
    fn wake_later(&mut self, station: usize) {
        let now_ms = self.now_ms;
        let quiet_for_ms = self.quiet_for_ms().unsigned_abs();
        let machine = &mut self.machines[station];
        let elapsed_ms = machine.elapsed_ms(now_ms);
        let life = machine.life;
        let Some(process) = machine.process.as_mut() else { return };
        let mut wanted = process.engine.poll_timeout();
        // In the hours in which nobody is there, looking at the clock every ten seconds would be most of the simulation.
        if wanted >= elapsed_ms + 9_000 {
            wanted = wanted.max(elapsed_ms + quiet_for_ms.min(QUIET_STEP_MS));
        }
        let (known, number) = process.wake;
        if known <= wanted && known > elapsed_ms {
            return;
        }
        process.wake = (wanted, number + 1);
        let in_ms = i64::try_from(wanted.saturating_sub(elapsed_ms)).unwrap_or(0).max(1);
        self.schedule(in_ms, Event::Wake { station, life, number: number + 1 });
    }

    pub(super) fn wake(&mut self, station: usize, number: u64) {
        let now_ms = self.now_ms;
        let machine = &mut self.machines[station];
        let elapsed_ms = machine.elapsed_ms(now_ms);
        let Some(process) = machine.process.as_mut() else { return };
        if process.wake.1 != number {
            return;
        }
        process.wake.0 = 0;
        if process.journal.tend(elapsed_ms).is_err() {
            self.stop_after_failure(station);
            return;
        }
        self.feed(station, Input::TimePassed);
    }

    /// What is on the screen is seen by whoever stands there.
    fn look_at_screen(&mut self, station: usize) {
        let Some(process) = self.machines[station].process.as_ref() else { return };
        let Some(kiosk) = process.engine.view().kiosk else { return };
        if let KioskScreen::Result { ticket, .. } = kiosk.screen {
            self.witness.see(ticket.id.0, &ticket.number);
        }
    }

    fn perform(&mut self, station: usize, effect: Effect) {
        match effect {
            Effect::Append { token, records } => self.append(station, token, records),
            Effect::Print { job, slip } => self.print(station, job, slip),
            Effect::Push => self.push(station),
            Effect::Resynchronise => self.connect_anew(station, false),
            Effect::StartOver => self.connect_anew(station, true),
            Effect::RequestNumber { ticket, queue } => self.request_number(station, ticket, queue),
            Effect::Announce(call) => {
                let life = self.machines[station].life;
                self.schedule(SPOKEN_MS, Event::Announced { station, life, call: call.call });
                self.board_hears(station, call.call);
            }
            Effect::Acknowledge { call, outcome } => {
                // A call that is not spoken is acknowledged at once; one that is spoken was heard before.
                if outcome == AnnouncementOutcome::Silent {
                    self.board_hears(station, call);
                }
            }
            Effect::RememberPushed { highest_seq } => {
                if let Some(process) = self.machines[station].process.as_mut() {
                    // Losing it costs a second push; a disk that died is seen after this effect.
                    let _ = process.journal.set_meta_when_convenient("acknowledged", &highest_seq.to_string());
                }
            }
            Effect::RememberServerTime(ServerTime { server_ms, doubt_ms, elapsed_ms }) => {
                let boot = self.machines[station].boot;
                let kept =
                    json!({"boot": boot, "server_ms": server_ms, "doubt_ms": doubt_ms, "elapsed_ms": elapsed_ms});
                if let Some(process) = self.machines[station].process.as_mut() {
                    let _ = process.journal.set_meta_when_convenient("server_time", &kept.to_string());
                }
            }
            Effect::CheckPin { .. } | Effect::TestPrint | Effect::TestSound => {}
        }
    }

    fn append(&mut self, station: usize, token: AppendToken, mut records: Vec<Record>) {
        let bug = self.bug;
        let Some(process) = self.machines[station].process.as_mut() else { return };
        if bug == Some(PlantedBug::IntentNotVoided) {
            let never_sent =
                |record: &Record| matches!(record, Record::TicketVoided { reason: VoidReason::NeverSent, .. });
            records.retain(|record| !never_sent(record));
        }
        let count = records.len() as u64;
        if bug == Some(PlantedBug::PrintBeforeCommit) {
            process.kept_back.append(&mut records);
            let first_seq = process.journal.highest_seq() + process.kept_back.len() as u64 - count + 1;
            let life = self.machines[station].life;
            self.schedule(KEPT_BACK_MS, Event::WriteKeptBack { station, life });
            self.feed_inner(station, Input::Appended { token, first_seq });
            return;
        }
        let before = process.journal.highest_seq();
        match process.journal.append(&records) {
            Ok(_) => {
                self.note(|| format!("{station} appends {records:?}"));
                self.feed_inner(station, Input::Appended { token, first_seq: before + 1 });
            }
            Err(error) => {
                self.note(|| format!("{station} cannot append: {error}"));
                self.stop_after_failure(station);
            }
        }
    }

    /// An input from inside an effect: the loop that performs effects goes on with what it makes.
    fn feed_inner(&mut self, station: usize, input: Input) {
        let now_ms = self.now_ms;
        let machine = &mut self.machines[station];
        let Some(process) = machine.process.as_ref() else { return };
        let now = machine.now(now_ms, &process.zone);
        if let Some(process) = machine.process.as_mut() {
            process.engine.handle(input, now);
        }
    }

    pub(super) fn write_kept_back(&mut self, station: usize) {
        let Some(process) = self.machines[station].process.as_mut() else { return };
        let records = std::mem::take(&mut process.kept_back);
        if !records.is_empty() && process.journal.append(&records).is_err() {
            self.stop_after_failure(station);
        }
    }

    /// A journal that fails stops its station, which is started again; meanwhile nobody is there to take a touch. A disk
    /// that died took the whole machine along, in its own way.
    fn stop_after_failure(&mut self, station: usize) {
        if !self.machines[station].disk.borrow().is_dead() {
            self.note(|| format!("{station} stops: its journal failed"));
            self.machines[station].doom = (Death::Kill, 1_000);
        }
        self.station_dies(station);
    }

    /// A station's process or its whole machine is gone.
    pub(super) fn station_dies(&mut self, station: usize) {
        let (death, away_ms) = self.machines[station].doom;
        let connection = self.machines[station].process.as_ref().map(|process| process.link.connection());
        if let Some(connection) = connection {
            self.server.hang_up(connection);
        }
        self.paper_after_death(station, death);
        let boot = Uuid::from_u128(self.chance.wide());
        let now_ms = self.now_ms;
        let mut chance = self.chance.part(self.witness.deaths);
        let machine = &mut self.machines[station];
        machine.disk.borrow_mut().die();
        // Its file is closed now, and finds a disk that takes nothing any more.
        machine.process = None;
        machine.life += 1;
        machine.disk.borrow_mut().revive(death, &mut chance);
        machine.doom = (Death::Kill, 1_000);
        let life = machine.life;
        if death == Death::PowerCut {
            machine.boot_again(now_ms + away_ms, boot);
        }
        self.witness.deaths += 1;
        self.note(|| format!("{station} dies: {death:?}, away for {away_ms} ms"));
        self.schedule(away_ms, Event::StationStarts { station, life });
    }

    /// What a printer does with the slip that it had when its station died.
    fn paper_after_death(&mut self, station: usize, death: Death) {
        let Some((job, slip)) = self.machines[station].printing.take() else { return };
        let comes_out = match death {
            Death::Kill => 700,
            Death::PowerCut => 300,
        };
        if self.chance.in_thousand(comes_out) {
            self.paper_comes_out(station, job, &slip);
        }
    }

    fn print(&mut self, station: usize, job: PrintJob, slip: Box<SlipContent>) {
        let fails = self.plan.printer_fails;
        let takes_ms = i64::try_from(self.chance.between(250, 1_400)).unwrap_or(250);
        let machine = &mut self.machines[station];
        let (outcome, paper) = if machine.paper_out {
            (PrintOutcome::Failed(PrintDoubt::PaperOut), false)
        } else if self.chance.in_thousand(fails) {
            match self.chance.below(6) {
                0 => (PrintOutcome::Unconfirmed, true),
                1 => (PrintOutcome::Unknown(PrintDoubt::NoProof), true),
                2 => (PrintOutcome::Unknown(PrintDoubt::Offline), false),
                3 => (PrintOutcome::Unknown(PrintDoubt::PaperOut), self.chance.in_thousand(500)),
                4 => (PrintOutcome::Failed(PrintDoubt::Offline), false),
                _ => (PrintOutcome::Failed(PrintDoubt::PrinterMissing), false),
            }
        } else {
            (PrintOutcome::Printed(PrintEvidence::ProcessId), true)
        };
        let life = machine.life;
        machine.printing = Some((job, slip));
        self.schedule(takes_ms, Event::SlipEnds { station, life, job, outcome, paper });
    }

    pub(super) fn slip_ends(&mut self, station: usize, job: PrintJob, outcome: PrintOutcome, paper: bool) {
        let Some((_, slip)) = self.machines[station].printing.take() else { return };
        if paper {
            self.paper_comes_out(station, job, &slip);
        }
        self.feed(station, Input::Printed { job, outcome });
    }

    fn paper_comes_out(&mut self, station: usize, job: PrintJob, slip: &SlipContent) {
        let says_copy = slip.copy != CopyNumber::ORIGINAL && self.bug != Some(PlantedBug::ReprintAsOriginal);
        let label = slip.number.to_string();
        self.note(|| format!("paper at {station}: {label} copy {says_copy} {}", job.ticket));
        self.witness.papers.push(super::witness::Paper {
            at_ms: self.now_ms,
            machine: station,
            ticket: job.ticket.0,
            label,
            says_copy,
        });
    }

    /// A ticket that staff at a kiosk could choose from their list.
    pub(super) fn some_ticket_of(&mut self, station: usize) -> Option<TicketId> {
        let view = self.machines[station].process.as_ref()?.engine.view();
        self.chance.one_of(&view.tickets).map(|line| line.id)
    }

    /// Why a kiosk's screen says no, if it does.
    pub(super) fn refusal_shown(&self, station: usize) -> Option<Refusal> {
        let view = self.machines[station].process.as_ref()?.engine.view();
        match view.kiosk?.screen {
            KioskScreen::Refused { reason, .. } => Some(reason),
            KioskScreen::Starting
            | KioskScreen::Home
            | KioskScreen::Issuing { .. }
            | KioskScreen::Result { .. }
            | KioskScreen::Unlock(_)
            | KioskScreen::Maintenance
            | KioskScreen::Closed { .. } => None,
        }
    }

    /// The tickets that wait in each queue, as a station shows them.
    pub(super) fn waiting_shown(&self, station: usize) -> Option<Vec<(i64, u32)>> {
        let view = self.machines[station].process.as_ref()?.engine.view();
        let board = view.board?;
        Some(board.waiting.iter().map(|line| (line.queue.0, line.waiting)).collect())
    }
}

fn open_process(machine: &Machine, now_ms: i64, epoch: Uuid, bug: Option<PlantedBug>) -> anyhow::Result<Process> {
    let journal = Journal::open_on(VFS, &machine.folder(), epoch)?;
    let configuration: Option<Configuration> =
        read_json(&journal, "configuration").and_then(|value| serde_json::from_value(value).ok());
    let settings = settings_from(&machine.profile, configuration.as_ref())?;
    let zone = zone_from(&machine.profile, configuration.as_ref())?;
    let server_holds = journal.meta("acknowledged")?.and_then(|text| text.parse().ok()).unwrap_or(0);
    let server_time =
        read_json(&journal, "server_time").filter(|kept| kept["boot"] == json!(machine.boot)).and_then(|kept| {
            Some(ServerTime {
                server_ms: kept["server_ms"].as_i64()?,
                doubt_ms: kept["doubt_ms"].as_u64()?,
                elapsed_ms: kept["elapsed_ms"].as_u64()?,
            })
        });
    let facts = journal.read_all()?.into_iter().filter(|(_, record)| {
        let counts = matches!(record, Record::TicketIssued { .. });
        !(counts && bug == Some(PlantedBug::CounterInMemory))
    });
    let facts = facts.map(|(seq, record)| StoredFact { seq, record });
    let identity = read_json(&journal, "identity").and_then(|kept| kept["station"].as_i64()).map(StationId);
    let enrolled_anew = journal.meta("enrolment")?.is_some();
    let memory = Memory { server_holds, boot: BootId(machine.boot), server_time, identity, enrolled_anew };
    let engine = Station::restore(settings, facts, memory, machine.now(now_ms, &zone));
    let link = Link::new(&journal, configuration, engine.is_paired());
    let knows_server_time = server_time.is_some();
    Ok(Process { engine, journal, zone, link, wake: (0, 0), kept_back: Vec::new(), knows_server_time })
}
