//! The printer: one owner, one job in flight, every call bounded in time, and no claim that the printer did not make.
//!
//! A successful write proves nothing (an unread TCP peer swallows thousands of slips), so a job carries fences that the printer
//! echoes when everything before them is on paper. What cannot be proved is called unconfirmed or unknown, never printed;
//! nothing here prints a second time by itself.

pub(crate) mod answers;
mod connection;
mod discover;
mod fault;
mod fence;
mod logo;
mod patience;
mod port;
mod probe;
mod selector;
mod status;

use crate::clock;
use std::time::{Duration, Instant};

use connection::{Connection, Probe};
pub use discover::{DeviceKind, FoundPrinter, Missing, discover};
pub use fault::{PortError, PortErrorKind, PrinterFault, WriteError};
use fence::{ASK_PAPER_IN_TURN, Fences, Identifiers, process_id};
pub use patience::Patience;
use patience::{ANSWER_LIMIT, CONNECT_LIMIT, FAULT_GRACE, PROOF_SLACK, RECOVERY_LIMIT, WRITE_SLACK};
pub use port::{Direction, Port, open_port};
pub use probe::{Behaviour, Identity};
pub use selector::{DEFAULT_BAUD, FlowControl, PrinterSelector, SelectorError};
pub use status::{BackChannel, Cover, Cutter, Online, Paper, PrinterStatus};

use crate::slip::{Fence, INITIALISE, PrintJob, PrinterProfile, Slip, render_job};

/// What the printer said stays true without asking for this long, because it reports every change by itself.
const FRESH: Duration = Duration::from_secs(10);
/// A printer that never answered is asked again this often, in passing, without waiting for it.
const ASK_AGAIN: Duration = Duration::from_secs(30);
/// Paper that moves, at the slowest speed of the model, within the silence after which nothing of an older slip can be left in the
/// printer. Our slips are at most 100 mm long; a printer may begin to move late.
const SILENCE_MM: u32 = 200;
/// A knife that is stuck with the cover closed is moved again this often, in case somebody has freed it.
const RECOVER_AGAIN: Duration = Duration::from_secs(15);
/// `GS V 66 0`: feed to the knife and cut. Parts what hangs out of the printer from the slip that follows.
const CUT_OFF: [u8; 4] = [0x1D, b'V', 66, 0];
/// `GS a 14`: report every change of the online state, of errors and of the paper.
const AUTOMATIC_STATUS_ON: [u8; 3] = [0x1D, b'a', 0x0E];

/// By what a slip is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The printer echoed this slip's own identifier after the cut.
    Echo,
    /// The printer answered a question that stood behind the cut, and nothing of a slip before it could answer in its place.
    AnswerInTurn,
}

/// What the printer said about a slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// By what it is proved.
    pub proof: Proof,
    /// Time from the last byte handed over to the proof.
    pub after: Duration,
}

/// What became of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintOutcome {
    /// On paper and cut, and the printer has said so.
    Printed(Evidence),
    /// Handed over to a printer that cannot say what became of it.
    Unconfirmed,
    /// Not printed, and nothing of it will be: no byte was handed over.
    Failed(PrinterFault),
    /// Handed over in whole or in part, and not proved. It may be on paper, in part or not at all.
    Unknown(PrinterFault),
}

/// A job's outcome with what was seen on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrintReport {
    /// What became of it.
    pub outcome: PrintOutcome,
    /// When the system took the last byte; `None` if it did not.
    pub handed_over_at: Option<Instant>,
    /// Bytes that the system took.
    pub bytes: usize,
    /// True when the printer confirmed everything before the cut, even if the cut itself was not.
    pub content_confirmed: bool,
    /// Paper that the job moves when it is printed whole, in millimetres; 0 when no byte was handed over.
    pub paper_mm: u32,
}

impl PrintReport {
    fn without_a_byte(fault: PrinterFault) -> Self {
        PrintReport {
            outcome: PrintOutcome::Failed(fault),
            handed_over_at: None,
            bytes: 0,
            content_confirmed: false,
            paper_mm: 0,
        }
    }
}

/// What has been learned about the device; survives a reconnect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Learned {
    Nothing,
    /// One slip went without any proof although the printer was well; the next one decides.
    DoubtsFences,
    Echoes,
    AnswersInTurn,
    /// It answers real-time questions and proves nothing. Forgotten with the connection, so that a bad hour does not cost a
    /// printer its proofs for ever.
    ProvesNothing,
}

/// What an unproved slip may have left in the printer's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leftover {
    Nothing,
    /// A whole slip. A printer that is well prints it, and throwing it away would only lose it; in one that is not, it waits
    /// for somebody to change the paper and would then come out as a ghost.
    Slip,
    /// Perhaps a slip of before this connection, ours or somebody's: it is gone as soon as the printer answers the probe.
    OlderSlip,
    /// Perhaps only the beginning of a slip, because the connection broke: its last command may take what comes next for its own
    /// rest, and its paper is not cut.
    Fragment,
}

/// One printer. Not shared: whoever owns it prints.
pub struct Printer {
    selector: PrinterSelector,
    profile: PrinterProfile,
    patience: Patience,
    connection: Option<Connection>,
    learned: Learned,
    leftover: Leftover,
    /// Paper of a slip that was thrown away in its middle may hang out of the printer, and must not become the head of the next.
    paper_hangs: bool,
    cover_was_open: bool,
    /// When a stuck knife was last seen stuck or told to come free.
    stuck_since: Option<Instant>,
    identifiers: Identifiers,
    logos: logo::Logos,
}

impl Printer {
    /// A printer that is connected at its first use.
    #[must_use]
    pub fn new(selector: PrinterSelector, profile: PrinterProfile) -> Self {
        let learned = match profile.fence {
            Fence::ProcessId => Learned::Echoes,
            Fence::PaperStatus => Learned::AnswersInTurn,
            Fence::Detect => Learned::Nothing,
        };
        Printer {
            selector,
            profile,
            patience: Patience::default(),
            connection: None,
            learned,
            leftover: Leftover::Nothing,
            paper_hangs: false,
            cover_was_open: false,
            stuck_since: None,
            identifiers: Identifiers::new(),
            logos: logo::Logos::default(),
        }
    }

    /// This printer, waited for with another patience than the usual one. It holds from the next connection on.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// A printer that is connected now.
    ///
    /// # Errors
    /// [`PortError`] when the device cannot be opened. A printer that is there and out of paper is no error.
    pub fn open(selector: PrinterSelector, profile: PrinterProfile) -> Result<Self, PortError> {
        let mut printer = Printer::new(selector, profile);
        printer.connected()?;
        Ok(printer)
    }

    /// Where it is.
    #[must_use]
    pub fn selector(&self) -> &PrinterSelector {
        &self.selector
    }

    /// What it can do.
    #[must_use]
    pub fn profile(&self) -> &PrinterProfile {
        &self.profile
    }

    /// Closes the connection; the next use opens it again.
    pub fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.close();
        }
        // The next one may be another printer.
        self.logos.forget_kept();
    }

    /// Prints a slip. See [`Printer::print_job`].
    pub fn print(&mut self, slip: &Slip, on_handed_over: &mut dyn FnMut(Instant)) -> PrintReport {
        let job = render_job(slip, &self.profile);
        self.print_job(&job, on_handed_over)
    }

    /// Prints a job and waits for its proof; calls `on_handed_over` as soon as the system has taken the last byte.
    ///
    /// Bounded: connecting 2 s, asking 0.5 s, writing the line's own time + 3 s, proof the line's and the paper's time + 2 s,
    /// clearing a stuck buffer 1 s, freeing a stuck knife 1 s, and at a connection's first slip the printer's answer to the
    /// connection itself, at most the time of 400 mm of paper. A printer without echoes that was connected or left a doubt a moment ago must also have been
    /// silent for the time of 200 mm of paper before it is believed. A fault that is known before the first byte costs no paper and no doubt.
    pub fn print_job(&mut self, job: &PrintJob, on_handed_over: &mut dyn FnMut(Instant)) -> PrintReport {
        let ready = match self.ready_to_print() {
            // The connection broke while it was looked at, and nothing was handed over yet: one more costs nobody anything.
            Err(PrinterFault::Disconnected) => self.ready_to_print(),
            other => other,
        };
        if let Err(fault) = ready {
            return PrintReport::without_a_byte(fault);
        }
        let fences = self.identifiers.fences();
        let payload = self.payload(job, &fences);
        let cut_off_mm = if self.paper_hangs { u32::from(self.profile.feed_to_cutter_mm) } else { 0 };
        let paper_mm = job.height_mm + cut_off_mm;
        let Some(connection) = self.connection.as_mut() else {
            return PrintReport::without_a_byte(PrinterFault::Disconnected);
        };
        let line = connection.transfer_time(payload.len());
        if let Err(failure) = connection.write(&payload, clock::now() + line + self.patience.of(WRITE_SLACK)) {
            let fault = failure.cause.fault();
            self.close();
            if failure.written == 0 {
                return PrintReport::without_a_byte(fault);
            }
            self.leftover = Leftover::Fragment;
            return PrintReport {
                outcome: PrintOutcome::Unknown(fault),
                handed_over_at: None,
                bytes: failure.written,
                content_confirmed: false,
                paper_mm,
            };
        }
        self.paper_hangs = false;
        let handed_over_at = clock::now();
        on_handed_over(handed_over_at);
        let paper = Duration::from_millis(u64::from(paper_mm) * 1000 / u64::from(self.profile.speed_mm_s.max(1)));
        let (outcome, content_confirmed) = self.prove(&fences, line, paper, handed_over_at);
        PrintReport { outcome, handed_over_at: Some(handed_over_at), bytes: payload.len(), content_confirmed, paper_mm }
    }

    /// Asks the printer how it is; at most 2.5 s, and not at all when it has reported by itself within the last second.
    ///
    /// Whoever owns a printer that stands idle calls this every few seconds: faults are then known before anybody touches a
    /// screen, and the next slip finds a word younger than 10 s and starts without a question. It also looks after a printer
    /// that is not well, for at most 2 s more: what an unproved slip left in it is thrown away before somebody changes the
    /// paper, and a knife that somebody has freed is told so.
    pub fn status(&mut self) -> PrinterStatus {
        if let Err(error) = self.connected() {
            return PrinterStatus::unreachable(error.fault());
        }
        if let Err(fault) = self.ask_if_older_than(Duration::from_secs(1)) {
            return PrinterStatus::unreachable(fault);
        }
        if let Err(fault) = self.look_after() {
            return PrinterStatus::unreachable(fault);
        }
        self.last_status()
    }

    /// What the printer last said, without asking it.
    #[must_use]
    pub fn last_status(&self) -> PrinterStatus {
        match &self.connection {
            Some(connection) => connection.sensors().status(connection.back_channel()),
            None => PrinterStatus::unreachable(PrinterFault::Disconnected),
        }
    }

    /// Everything before the first byte of a job: connection, leftovers of the last job, and the printer's own word.
    fn ready_to_print(&mut self) -> Result<(), PrinterFault> {
        self.connected().map_err(|error| error.fault())?;
        self.ask_if_older_than(FRESH)?;
        if self.last_status().fault.is_some() {
            // Somebody may have mended it a moment ago: nobody is refused on a word that is not of this moment.
            self.ask_if_older_than(Duration::ZERO)?;
        }
        self.clear_leftover()?;
        if self.last_status().fault.is_some_and(PrinterFault::is_recoverable) {
            self.on_connection(|connection| connection.recover(RECOVERY_LIMIT))?;
        }
        if !self.on_connection(Connection::await_step)? {
            // It is well, everything before the probe would be printed by now, and the probe is not answered.
            self.on_connection(|connection| connection.clear_buffer(ANSWER_LIMIT))?;
        }
        if self.leftover == Leftover::Fragment {
            self.leftover = Leftover::Nothing;
            self.paper_hangs = true;
        }
        match self.last_status().fault {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    /// What can be done for a printer that reports a fault, without anybody printing.
    fn look_after(&mut self) -> Result<(), PrinterFault> {
        let status = self.last_status();
        let closed_now = self.cover_was_open && status.cover == Cover::Closed;
        self.cover_was_open = status.cover == Cover::Open;
        let Some(fault) = status.fault else {
            self.stuck_since = None;
            return Ok(());
        };
        self.clear_leftover()?;
        if !fault.is_recoverable() {
            return Ok(());
        }
        // Freeing a knife means reaching into the printer: it is moved when the cover was closed, else rarely.
        let since = *self.stuck_since.get_or_insert_with(clock::now);
        if closed_now || since.elapsed() >= RECOVER_AGAIN {
            self.stuck_since = Some(clock::now());
            self.on_connection(|connection| connection.recover(RECOVERY_LIMIT))?;
        }
        Ok(())
    }

    /// Does something with the connection; an error ends it.
    fn on_connection<T>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> Result<T, PortError>,
    ) -> Result<T, PrinterFault> {
        let connection = self.connection.as_mut().ok_or(PrinterFault::Disconnected)?;
        work(connection).map_err(|error| {
            self.close();
            error.fault()
        })
    }

    /// Opens the connection if there is none, or if the other side has left since.
    fn connected(&mut self) -> Result<(), PortError> {
        if let Some(connection) = self.connection.as_mut() {
            match connection.catch_up() {
                Ok(()) => {
                    if connection.echoes() {
                        self.learned = Learned::Echoes;
                    }
                    return Ok(());
                }
                Err(_) => self.close(),
            }
        }
        self.learned = match self.learned {
            Learned::DoubtsFences | Learned::ProvesNothing => Learned::Nothing,
            Learned::Nothing | Learned::Echoes | Learned::AnswersInTurn => self.learned,
        };
        let probe = match self.learned {
            Learned::Echoes => Probe::Echo(self.identifiers.draw()),
            Learned::AnswersInTurn => Probe::PaperStatus,
            Learned::Nothing | Learned::DoubtsFences | Learned::ProvesNothing => {
                Probe::EchoAndPaperStatus(self.identifiers.draw())
            }
        };
        let silence = self
            .patience
            .of(Duration::from_millis(u64::from(SILENCE_MM) * 1000 / u64::from(self.profile.speed_mm_s.max(1))));
        let port = open_port(&self.selector, self.patience.of(CONNECT_LIMIT))?;
        self.connection = Some(Connection::open(port, &self.selector, probe, silence, self.patience)?);
        self.leftover = match self.leftover {
            Leftover::Nothing | Leftover::Slip | Leftover::OlderSlip => Leftover::OlderSlip,
            Leftover::Fragment => Leftover::Fragment,
        };
        Ok(())
    }

    /// Asks all real-time questions unless the printer's last word is younger than `age` or it cannot answer.
    fn ask_if_older_than(&mut self, age: Duration) -> Result<(), PrinterFault> {
        self.on_connection(|connection| match connection.back_channel() {
            BackChannel::Absent | BackChannel::Unknown => connection.ask_in_passing(ASK_AGAIN),
            BackChannel::Present if connection.heard_within(age) => Ok(()),
            BackChannel::Present => connection.ask(ANSWER_LIMIT),
        })
    }

    /// Throws away what an unproved slip left in a printer that is not well, where it would come out as a ghost after new paper.
    /// A missing proof alone is no reason: a printer that is well prints what it has, however late.
    fn clear_leftover(&mut self) -> Result<(), PrinterFault> {
        if self.leftover == Leftover::OlderSlip && self.connection.as_ref().is_some_and(Connection::is_in_step) {
            self.leftover = Leftover::Nothing;
        }
        let ill = self.last_status().fault.is_some();
        match self.leftover {
            Leftover::Slip | Leftover::OlderSlip | Leftover::Fragment if ill => {}
            Leftover::Nothing | Leftover::Slip | Leftover::OlderSlip | Leftover::Fragment => return Ok(()),
        }
        // A model that does not know the command is asked only once for each doubt: waiting for it would not help.
        self.on_connection(|connection| connection.clear_buffer(ANSWER_LIMIT))?;
        self.leftover = Leftover::Nothing;
        // Also when nobody has confirmed it: the word may come late, and two numbers on one paper are worse than a blank piece.
        self.paper_hangs = true;
        Ok(())
    }

    /// Waits for the proof of a job whose bytes are handed over. Also says whether all but the cut is confirmed.
    fn prove(
        &mut self,
        fences: &Fences,
        line: Duration,
        paper: Duration,
        handed_over_at: Instant,
    ) -> (PrintOutcome, bool) {
        let Some(connection) = self.connection.as_mut() else {
            return (PrintOutcome::Unknown(PrinterFault::Disconnected), false);
        };
        let grace = self.patience.of(FAULT_GRACE);
        match (connection.back_channel(), self.learned) {
            (BackChannel::Absent | BackChannel::Unknown, _) => {
                // The bytes may still be in this system's own queue, and closing the line would lose them.
                std::thread::sleep(line);
                return (PrintOutcome::Unconfirmed, false);
            }
            (BackChannel::Present, Learned::ProvesNothing) => {
                // It cannot say that the slip is there, and it can still say that it is not.
                let error = connection.watch(handed_over_at + line + paper, grace).err();
                return self.judge_unproved(error.as_ref(), false);
            }
            (
                BackChannel::Present,
                Learned::Nothing | Learned::DoubtsFences | Learned::Echoes | Learned::AnswersInTurn,
            ) => {}
        }
        match self.learned {
            Learned::Nothing | Learned::DoubtsFences | Learned::AnswersInTurn => connection.expect_answer_in_turn(),
            Learned::Echoes | Learned::ProvesNothing => {}
        }
        let seen =
            connection.wait_for_proof(fences, handed_over_at + line + paper + self.patience.of(PROOF_SLACK), grace);
        match seen.proof {
            Ok(proof) => {
                self.learned = match proof {
                    Proof::Echo => Learned::Echoes,
                    Proof::AnswerInTurn => Learned::AnswersInTurn,
                };
                let after = handed_over_at.elapsed();
                // A model that echoes before its knife has moved would be believed too early. An unanswered question here does
                // not take the proof back.
                drop(connection.ask(ANSWER_LIMIT));
                match connection.sensors().fault() {
                    Some(PrinterFault::CutterJam | PrinterFault::Mechanical | PrinterFault::Defect) => {
                        self.judge_unproved(None, true)
                    }
                    Some(_) | None => {
                        self.leftover = Leftover::Nothing;
                        (PrintOutcome::Printed(Evidence { proof, after }), true)
                    }
                }
            }
            Err(error) => self.judge_unproved(error.as_ref(), seen.content_confirmed),
        }
    }

    /// The proof did not come: finds out why, and leaves nothing in the printer that could appear later.
    fn judge_unproved(&mut self, error: Option<&PortError>, content_confirmed: bool) -> (PrintOutcome, bool) {
        self.leftover = Leftover::Slip;
        if let Some(error) = error {
            self.leftover = Leftover::Fragment;
            self.close();
            return (PrintOutcome::Unknown(error.fault()), content_confirmed);
        }
        let asked = match self.connection.as_mut() {
            Some(connection) => connection.ask(ANSWER_LIMIT).map_err(|error| error.fault()),
            None => Err(PrinterFault::Disconnected),
        };
        if let Err(fault) = asked {
            // It answered before this job and does not now. A new connection finds out whether it ever will.
            self.close();
            return (PrintOutcome::Unknown(fault), content_confirmed);
        }
        if let Some(fault) = self.last_status().fault {
            // A failure here leaves the doubt standing, and the next look or job tries again.
            let _ = self.clear_leftover();
            return (PrintOutcome::Unknown(fault), content_confirmed);
        }
        // It is well and it answers. If the line is clean and no proof ever came, it is a model without fences: its slips are
        // not in doubt more than those of a printer without a back channel, and waiting in vain for each would not help.
        let clean = self.connection.as_ref().is_some_and(Connection::is_clean);
        if self.connection.as_ref().is_some_and(Connection::echoes) {
            self.learned = Learned::Echoes;
        }
        self.learned = match self.learned {
            Learned::Nothing if clean => Learned::DoubtsFences,
            Learned::DoubtsFences if clean => Learned::ProvesNothing,
            Learned::ProvesNothing => Learned::ProvesNothing,
            Learned::Nothing | Learned::DoubtsFences | Learned::Echoes | Learned::AnswersInTurn => {
                return (PrintOutcome::Unknown(PrinterFault::Silent), content_confirmed);
            }
        };
        self.leftover = Leftover::Nothing;
        (PrintOutcome::Unconfirmed, content_confirmed)
    }

    /// One piece of bytes for one write: initialise, automatic status on, content, fence, cut, fence.
    fn payload(&self, job: &PrintJob, fences: &Fences) -> Vec<u8> {
        let answers = match self.connection.as_ref().map(Connection::back_channel) {
            Some(BackChannel::Present) => true,
            Some(BackChannel::Absent | BackChannel::Unknown) | None => false,
        };
        let mut bytes = Vec::with_capacity(job.body.len() + job.cut.len() + 40);
        if answers {
            // `ESC @` switches the automatic status off on some models, so it is switched on behind it and not before.
            bytes.extend_from_slice(&INITIALISE);
            bytes.extend_from_slice(&AUTOMATIC_STATUS_ON);
        }
        if self.paper_hangs {
            bytes.extend_from_slice(&CUT_OFF);
        }
        bytes.extend_from_slice(if answers {
            job.body.strip_prefix(&INITIALISE).unwrap_or(&job.body)
        } else {
            &job.body
        });
        let (echo, in_turn) = match (answers, self.learned) {
            (false, _) | (true, Learned::ProvesNothing) => (false, false),
            (true, Learned::Nothing | Learned::DoubtsFences) => (true, true),
            (true, Learned::Echoes) => (true, false),
            (true, Learned::AnswersInTurn) => (false, true),
        };
        if echo {
            bytes.extend_from_slice(&process_id(fences.before_cut));
        }
        bytes.extend_from_slice(&job.cut);
        if echo {
            bytes.extend_from_slice(&process_id(fences.after_cut));
        }
        if in_turn {
            bytes.extend_from_slice(&ASK_PAPER_IN_TURN);
        }
        bytes
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.close();
    }
}
