//! The server of a simulated lobby: the shipped ledger, driven by hand on a fault disk, and a bad network's view of its
//! doors. What it answers to a question is what the HTTP doors of the shipped server answer. Nothing here decides about a
//! ticket or a number.

use super::disk::{Death, SharedDisk};
use super::planted::PlantedBug;
use super::vfs::{self, VFS};
use anyhow::{Context, Result};
use futures_util::FutureExt;
use rusqlite::{Connection, OpenFlags};
use smartqueue_protocol::provisioning::Mode;
use smartqueue_protocol::record::StoredRecord;
use smartqueue_protocol::station_sync::{
    HelloReply, HelloRequest, IssueReply, IssueRequest, PairReply, PairRequest, PushReply, PushRequest,
};
use smartqueue_server::ledger::demo::{self, DemoSecrets};
use smartqueue_server::ledger::events::{Interest, Published, Tail};
use smartqueue_server::ledger::file::{begin_another_life, database_path};
use smartqueue_server::ledger::pairing::Introduction;
use smartqueue_server::ledger::records::Push;
use smartqueue_server::ledger::stations::Subject;
use smartqueue_server::ledger::store::Database;
use smartqueue_server::ledger::{Ledger, OpenError};
use smartqueue_server::{Trouble, give_this_thread};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use uuid::Uuid;

/// The disk's name, and the database's on it.
const DISK: &str = "server";
const FILE: &str = "smartqueue.sqlite3";

/// What a station asks.
#[derive(Clone, Debug)]
pub enum Question {
    /// To become somebody.
    Pair(PairRequest),
    /// At each connection.
    Hello(i64, HelloRequest),
    /// To hear the events after a cursor.
    Listen(i64, u64),
    /// To take records.
    Push(i64, PushRequest),
    /// For a number.
    Issue(i64, IssueRequest),
}

/// What the server answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// To [`Question::Pair`].
    Paired(PairReply),
    /// To [`Question::Hello`].
    Hello(Box<HelloReply>),
    /// To [`Question::Listen`]: the events that were missed, or everything; the socket stands from here on.
    Listening(Vec<String>),
    /// To [`Question::Push`].
    Pushed(PushReply),
    /// To [`Question::Issue`].
    Issued(IssueReply),
    /// A refusal with its code.
    Refused(&'static str),
    /// The server could not do it, and why.
    Failed(String),
}

/// A socket as the server sees it.
struct Socket {
    station: i64,
    interest: Interest,
    /// The last event that was sent.
    sent: u64,
}

/// An event on its way to a station.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Whose connection.
    pub connection: u64,
    /// The message.
    pub text: String,
}

/// The server.
pub struct Server {
    disk: SharedDisk,
    ledger: Option<Ledger>,
    published: Arc<Mutex<Vec<Published>>>,
    sockets: BTreeMap<u64, Socket>,
    replaced: Vec<u64>,
    /// The demo tenant.
    pub tenant: i64,
    /// The site's queues.
    pub queues: [i64; 3],
    /// The site's clerks.
    pub agents: Vec<i64>,
    /// How often the database was put back from a copy.
    pub database: u64,
    bug: Option<PlantedBug>,
    /// For planted bugs: what was given for whom, and under which other name a ticket goes on.
    given: BTreeMap<Uuid, String>,
    renamed: BTreeMap<Uuid, Uuid>,
    names_made: u128,
}

/// The server's file as a fresh demo site has it, made once.
struct Template {
    bytes: Vec<u8>,
    tenant: i64,
    queues: [i64; 3],
    agents: Vec<i64>,
}

/// Any text: in a simulation nobody tries to guess it.
const PAIRING_TOKEN: &str = "simulated";

fn template() -> Result<&'static Template> {
    static TEMPLATE: OnceLock<Result<Template, String>> = OnceLock::new();
    TEMPLATE
        .get_or_init(|| make_template().map_err(|error| format!("{error:#}")))
        .as_ref()
        .map_err(|error| anyhow::anyhow!("{error}"))
}

fn make_template() -> Result<Template> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let path = database_path(folder.path());
    let secrets = DemoSecrets {
        password: "simulated".to_owned(),
        pairing_token: PAIRING_TOKEN.as_bytes().to_vec(),
        pairing_ends_ms: i64::MAX,
    };
    let demo = demo::make(&Database::File(path.clone()), &secrets)?;
    let connection = Connection::open(&path)?;
    connection.execute_batch(
        "UPDATE queues SET max_capacity = NULL; UPDATE agents SET status = 'disponible'; PRAGMA wal_checkpoint(TRUNCATE)",
    )?;
    drop(connection);
    let agents = demo.agents.iter().map(|(agent, _, _)| *agent).collect();
    Ok(Template { bytes: std::fs::read(&path)?, tenant: demo.tenant_id, queues: demo.queues, agents })
}

fn now_or_never<T>(step: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    // A ledger that is driven by hand has done everything when it is asked the first time.
    step.now_or_never().unwrap_or_else(|| Err(Trouble::Internal("a ledger driven by hand did not answer".to_owned())))
}

impl Server {
    /// A server with the demo site and nothing issued, running.
    ///
    /// # Errors
    /// When the site cannot be made.
    pub fn new(now_ms: i64, bug: Option<PlantedBug>) -> Result<Server> {
        let template = template()?;
        let disk = SharedDisk::default();
        disk.borrow_mut().put(FILE, template.bytes.clone());
        vfs::mount(DISK, &disk);
        let mut server = Server {
            disk,
            ledger: None,
            published: Arc::default(),
            sockets: BTreeMap::new(),
            replaced: Vec::new(),
            tenant: template.tenant,
            queues: template.queues,
            agents: template.agents.clone(),
            database: 0,
            bug,
            given: BTreeMap::new(),
            renamed: BTreeMap::new(),
            names_made: 0,
        };
        server.start(now_ms)?;
        Ok(server)
    }

    fn path() -> PathBuf {
        Path::new(DISK).join(FILE)
    }

    /// Starts the process on what its disk holds.
    ///
    /// # Errors
    /// When the file cannot be opened; the disk may have died.
    pub fn start(&mut self, now_ms: i64) -> Result<(), OpenError> {
        give_this_thread(Some(now_ms));
        let published = Arc::clone(&self.published);
        let publish = move |events: Vec<Published>| {
            published.lock().unwrap_or_else(PoisonError::into_inner).extend(events);
        };
        self.ledger = Some(Ledger::by_hand(VFS, &Self::path(), publish)?);
        Ok(())
    }

    /// Whether the process runs.
    pub fn is_up(&self) -> bool {
        self.ledger.is_some()
    }

    /// Its disk.
    pub fn disk(&self) -> &SharedDisk {
        &self.disk
    }

    /// The process is gone, with its sockets; what its disk keeps is decided when it comes back.
    pub fn stop(&mut self) {
        self.disk.borrow_mut().die();
        self.ledger = None;
        self.sockets.clear();
        self.published.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The process ends in order.
    pub fn stop_cleanly(&mut self) {
        self.ledger = None;
        self.sockets.clear();
    }

    /// The medium comes back with what the death left.
    pub fn revive(&mut self, death: Death, chance: &mut super::chance::Chance) {
        self.disk.borrow_mut().revive(death, chance);
    }

    /// Does something with the ledger at a time; nothing when the process is not there.
    pub fn with<T>(
        &mut self,
        now_ms: i64,
        step: impl AsyncFnOnce(&Ledger) -> Result<T, Trouble>,
    ) -> Option<Result<T, Trouble>> {
        let ledger = self.ledger.as_ref()?;
        give_this_thread(Some(now_ms));
        Some(now_or_never(step(ledger)))
    }

    /// Answers a question; nothing when the process is not there, or died over it.
    pub fn answer(&mut self, now_ms: i64, connection: u64, question: Question) -> Option<Reply> {
        self.ledger.as_ref()?;
        let tenant = self.tenant;
        let reply = match question {
            Question::Pair(request) => self.pair(now_ms, request),
            Question::Hello(station, request) => self.hello(now_ms, station, request),
            Question::Listen(station, after) => self.listen(now_ms, connection, station, after),
            Question::Push(station, request) => {
                let request = self.with_second_tickets(request);
                let push = serde_json::to_value(&request).map_err(Trouble::from).and_then(|body| Push::read(&body));
                match push {
                    Ok(push) => self
                        .with(now_ms, async |ledger| ledger.push_records(tenant, station, push).await)?
                        .map(Reply::Pushed),
                    Err(trouble) => Err(trouble),
                }
            }
            Question::Issue(station, request) => {
                let request = self.with_bugs_of_issue(request);
                let ticket = request.ticket;
                let issued = self.with(now_ms, async |ledger| ledger.issue(tenant, station, request).await)?;
                if let Ok(reply) = &issued {
                    self.given.insert(ticket, reply.number.clone());
                }
                issued.map(Reply::Issued)
            }
        };
        if self.disk.borrow().is_dead() {
            return None;
        }
        Some(reply.unwrap_or_else(|trouble| match &trouble {
            Trouble::Storage(_) | Trouble::Internal(_) | Trouble::Busy => Reply::Failed(trouble.to_string()),
            Trouble::NotFound(_)
            | Trouble::Invalid { .. }
            | Trouble::Malformed { .. }
            | Trouble::Refused(_)
            | Trouble::Transition(_)
            | Trouble::Conflict { .. }
            | Trouble::Unauthorised { .. }
            | Trouble::Forbidden { .. }
            | Trouble::TooMany { .. } => Reply::Refused(trouble.code()),
        }))
    }

    fn pair(&mut self, now_ms: i64, request: PairRequest) -> Result<Reply, Trouble> {
        let PairRequest { pairing_token: _, name, mode, epoch, version, acknowledged, key: _ } = request;
        let mode = if mode == Mode::Board.word() { Mode::Board } else { Mode::Kiosk };
        let introduction = Introduction {
            pairing_token: PAIRING_TOKEN.as_bytes().to_vec(),
            secret_hash: epoch.as_bytes().to_vec(),
            name,
            mode,
            epoch,
            version,
            acknowledged: acknowledged.unwrap_or(0),
            public_key: None,
        };
        let paired = self.with(now_ms, async |ledger| ledger.pair(introduction).await).unwrap_or(Err(Trouble::Busy))?;
        Ok(Reply::Paired(PairReply {
            tenant: paired.tenant,
            station: paired.station,
            secret: String::new(),
            letter: paired.letter,
        }))
    }

    fn hello(&mut self, now_ms: i64, station: i64, request: HelloRequest) -> Result<Reply, Trouble> {
        let tenant = self.tenant;
        let mode = if request.mode == Mode::Board.word() { Mode::Board } else { Mode::Kiosk };
        let follow = "https://example.org/t/?ticket=".to_owned();
        let greeting = self
            .with(now_ms, async |ledger| ledger.greet(tenant, station, request, mode, follow).await)
            .unwrap_or(Err(Trouble::Busy))?;
        Ok(Reply::Hello(Box::new(greeting.reply(now_ms))))
    }

    fn listen(&mut self, now_ms: i64, connection: u64, station: i64, after: u64) -> Result<Reply, Trouble> {
        let tenant = self.tenant;
        let interest = self
            .with(now_ms, async |ledger| ledger.interest(tenant, Subject::Station(station)).await)
            .unwrap_or(Err(Trouble::Busy))?;
        let tail = self
            .with(now_ms, async |ledger| ledger.events_after(tenant, interest.site, after, usize::MAX >> 1).await)
            .unwrap_or(Err(Trouble::Busy))?;
        let mut sent = after;
        let mut texts = Vec::new();
        match tail {
            Tail::Events(events) => {
                for event in events.iter().filter(|event| interest.covers(&event.reach)) {
                    texts.push(event.text(sent));
                    sent = event.seq;
                }
            }
            Tail::Lost => {
                let wanted = interest.clone();
                let snapshot = self
                    .with(now_ms, async |ledger| ledger.snapshot(tenant, wanted).await)
                    .unwrap_or(Err(Trouble::Busy))?;
                texts.push(snapshot.text()?);
                sent = snapshot.seq;
            }
        }
        // As the shipped socket does: the newest one of a station pushes an older one out.
        let older =
            |(other, socket): (&u64, &Socket)| (*other != connection && socket.station == station).then_some(*other);
        let older: Vec<u64> = self.sockets.iter().filter_map(older).collect();
        for other in older {
            self.sockets.remove(&other);
            self.replaced.push(other);
        }
        self.sockets.insert(connection, Socket { station, interest, sent });
        Ok(Reply::Listening(texts))
    }

    /// A station closed its connection, or it broke.
    pub fn hang_up(&mut self, connection: u64) {
        self.sockets.remove(&connection);
    }

    /// The connections that were pushed out since the last call.
    pub fn replaced(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.replaced)
    }

    /// What was published since the last call, for each socket that wants it, and the calls among it.
    pub fn outgoing(&mut self) -> (Vec<Outgoing>, Vec<u64>) {
        let published = std::mem::take(&mut *self.published.lock().unwrap_or_else(PoisonError::into_inner));
        let mut outgoing = Vec::new();
        let mut calls = Vec::new();
        for event in published {
            if event.text(0).starts_with("{\"type\":\"ticket.called\"") {
                calls.push(event.seq);
            }
            for (connection, socket) in &mut self.sockets {
                if socket.interest.covers(&event.reach) {
                    outgoing.push(Outgoing { connection: *connection, text: event.text(socket.sent) });
                    socket.sent = event.seq;
                }
            }
        }
        (outgoing, calls)
    }

    /// A copy of the database as of now; nothing when the process is not there.
    pub fn back_up(&self) -> Option<Vec<u8>> {
        self.ledger.as_ref()?;
        // With the log brought into the file, the file alone is the copy.
        let connection = self.look().ok()?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).ok()?;
        drop(connection);
        self.disk.borrow().get(FILE).map(<[u8]>::to_vec)
    }

    /// Puts a copy in the place of the database, as `restore` does; the process must not run.
    ///
    /// # Errors
    /// When the copy cannot be used.
    pub fn restore(&mut self, copy: Vec<u8>, now_ms: i64, epoch: Uuid) -> Result<()> {
        let disk = SharedDisk::default();
        disk.borrow_mut().put(FILE, copy);
        disk.borrow_mut().faults = self.disk.borrow().faults.clone();
        self.disk = disk;
        vfs::unmount(DISK);
        vfs::mount(DISK, &self.disk);
        give_this_thread(Some(now_ms));
        let connection = self.look().context("the copy does not open")?;
        begin_another_life(&connection.into(), epoch).map_err(|trouble| anyhow::anyhow!("{trouble}"))?;
        self.database += 1;
        Ok(())
    }

    /// A connection of its own to the database, to look at it from outside.
    ///
    /// # Errors
    /// When it does not open.
    pub fn look(&self) -> rusqlite::Result<Connection> {
        Connection::open_with_flags_and_vfs(Self::path(), OpenFlags::default(), VFS)
    }

    fn with_bugs_of_issue(&mut self, request: IssueRequest) -> IssueRequest {
        if self.bug == Some(PlantedBug::NoTombstone)
            && let Ok(connection) = self.look()
        {
            // A disk that dies over it dies a moment later all the same.
            let _ = connection.execute("DELETE FROM tombstones", []);
        }
        if self.bug == Some(PlantedBug::NoIdempotency) && self.given.contains_key(&request.ticket) {
            return IssueRequest { ticket: self.fresh_name(), ..request };
        }
        request
    }

    fn fresh_name(&mut self) -> Uuid {
        self.names_made += 1;
        Uuid::from_u128(0xB06_0000_0000 + self.names_made)
    }

    /// The planted bug of a server that makes another ticket out of a paper with another number.
    fn with_second_tickets(&mut self, mut request: PushRequest) -> PushRequest {
        if self.bug != Some(PlantedBug::SecondTicketAtRelabel) {
            return request;
        }
        for sequenced in &mut request.records {
            let contradicted = match &sequenced.record {
                StoredRecord::TicketIssued { ticket, number, .. } => {
                    self.given.get(ticket).filter(|given| *given != number).map(|_| *ticket)
                }
                StoredRecord::StationPaired { .. }
                | StoredRecord::SeriesGranted { .. }
                | StoredRecord::SeriesReleased { .. }
                | StoredRecord::IdentityLost
                | StoredRecord::DayOpened { .. }
                | StoredRecord::TicketRequested { .. }
                | StoredRecord::SlipSent { .. }
                | StoredRecord::SlipEnded { .. }
                | StoredRecord::TicketVoided { .. } => None,
            };
            if let Some(ticket) = contradicted
                && !self.renamed.contains_key(&ticket)
            {
                let name = self.fresh_name();
                self.renamed.insert(ticket, name);
            }
            match &mut sequenced.record {
                StoredRecord::TicketIssued { ticket, .. }
                | StoredRecord::SlipSent { ticket, .. }
                | StoredRecord::SlipEnded { ticket, .. } => {
                    if let Some(name) = self.renamed.get(ticket) {
                        *ticket = *name;
                    }
                }
                StoredRecord::StationPaired { .. }
                | StoredRecord::SeriesGranted { .. }
                | StoredRecord::SeriesReleased { .. }
                | StoredRecord::IdentityLost
                | StoredRecord::DayOpened { .. }
                | StoredRecord::TicketRequested { .. }
                | StoredRecord::TicketVoided { .. } => {}
            }
        }
        request
    }
}
