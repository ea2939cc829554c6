//! The printer: one owner, one job in flight, every call bounded in time, and no claim that the printer did not make.
//!
//! A successful write proves nothing (an unread TCP peer swallows thousands of slips), so a job carries fences that the printer
//! echoes when everything before them is on paper. What cannot be proved is called unconfirmed or unknown, never printed;
//! nothing here prints a second time by itself.

mod answers;
mod connection;
mod discover;
mod fault;
mod port;
mod selector;
mod status;

use crate::clock;
use std::time::{Duration, Instant};

use connection::{Connection, Probe, Wait};
pub use discover::{DeviceKind, FoundPrinter, Missing, discover};
pub use fault::{PortError, PortErrorKind, PrinterFault, WriteError};
pub use port::{Direction, Port, open_port};
pub use selector::{DEFAULT_BAUD, FlowControl, PrinterSelector, SelectorError};
pub use status::{BackChannel, Cover, Cutter, Online, Paper, PrinterStatus};

use crate::slip::{Fence, INITIALISE, PrintJob, PrinterProfile, Slip, render_job};

/// Longest time for a connection, name resolution included.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// Longest time for the answers to real-time questions; a printer answers within a few milliseconds, a serial line at 1200 baud
/// needs 250 ms for questions and answers.
const ANSWER_LIMIT: Duration = Duration::from_millis(500);
/// What the printer said stays true without asking for this long, because it reports every change by itself.
const FRESH: Duration = Duration::from_secs(10);
/// A printer that never answered is asked again this often, in passing, without waiting for it.
const ASK_AGAIN: Duration = Duration::from_secs(30);
/// Time beyond transfer and paper movement in which a slip must be proved.
const PROOF_SLACK: Duration = Duration::from_secs(2);
/// Time beyond transfer in which the system must take a slip's bytes.
const WRITE_SLACK: Duration = Duration::from_secs(3);
/// Paper that moves, at the slowest speed of the model, within the silence after which nothing of an older slip can be left in the
/// printer. Our slips are at most 100 mm long; a printer may begin to move late.
const SILENCE_MM: u32 = 200;
/// When the printer reports a fault in mid-slip, the slip may still be finished within this time.
const FAULT_GRACE: Duration = Duration::from_millis(400);
/// `GS a 14`: report every change of the online state, of errors and of the paper.
const AUTOMATIC_STATUS_ON: [u8; 3] = [0x1D, b'a', 0x0E];
/// `GS r 1`: answer the paper status in its turn.
const ASK_PAPER_IN_TURN: [u8; 3] = [0x1D, b'r', 1];

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
}

impl PrintReport {
    fn without_a_byte(fault: PrinterFault) -> Self {
        PrintReport { outcome: PrintOutcome::Failed(fault), handed_over_at: None, bytes: 0, content_confirmed: false }
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

/// One printer. Not shared: whoever owns it prints.
pub struct Printer {
    selector: PrinterSelector,
    profile: PrinterProfile,
    connection: Option<Connection>,
    learned: Learned,
    /// A slip was left unproved, and its rest may still be in the printer's buffer.
    buffer_doubtful: bool,
    next_fence: u32,
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
        Printer { selector, profile, connection: None, learned, buffer_doubtful: false, next_fence: first_fence() }
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
    }

    /// Prints a slip. See [`Printer::print_job`].
    pub fn print(&mut self, slip: &Slip, on_handed_over: &mut dyn FnMut(Instant)) -> PrintReport {
        let job = render_job(slip, &self.profile);
        self.print_job(&job, on_handed_over)
    }

    /// Prints a job and waits for its proof; calls `on_handed_over` as soon as the system has taken the last byte.
    ///
    /// Bounded: connecting 2 s, asking 0.5 s, writing the line's own time + 3 s, proof the line's and the paper's time + 2 s,
    /// clearing a stuck buffer 1 s. A printer without echoes that was connected or left a doubt a moment ago must also have been
    /// silent for the time of 200 mm of paper before it is believed. A fault that is known before the first byte costs no paper and no doubt.
    pub fn print_job(&mut self, job: &PrintJob, on_handed_over: &mut dyn FnMut(Instant)) -> PrintReport {
        if let Err(fault) = self.ready_to_print() {
            return PrintReport::without_a_byte(fault);
        }
        let fences = self.fences();
        let payload = self.payload(job, &fences);
        let Some(connection) = self.connection.as_mut() else {
            return PrintReport::without_a_byte(PrinterFault::Disconnected);
        };
        let line = connection.transfer_time(payload.len());
        if let Err(failure) = connection.write(&payload, clock::now() + line + WRITE_SLACK) {
            let fault = failure.cause.fault();
            self.close();
            if failure.written == 0 {
                return PrintReport::without_a_byte(fault);
            }
            self.buffer_doubtful = true;
            return PrintReport {
                outcome: PrintOutcome::Unknown(fault),
                handed_over_at: None,
                bytes: failure.written,
                content_confirmed: false,
            };
        }
        let handed_over_at = clock::now();
        on_handed_over(handed_over_at);
        let (outcome, content_confirmed) = self.prove(job, &fences, line, handed_over_at);
        PrintReport { outcome, handed_over_at: Some(handed_over_at), bytes: payload.len(), content_confirmed }
    }

    /// Asks the printer how it is; at most 2.5 s, and not at all when it has reported by itself within the last second.
    ///
    /// Whoever owns a printer that stands idle calls this every few seconds: faults are then known before anybody touches a
    /// screen, and the next slip finds a word younger than 10 s and starts without a question.
    pub fn status(&mut self) -> PrinterStatus {
        if let Err(error) = self.connected() {
            return PrinterStatus::unreachable(error.fault());
        }
        if let Err(fault) = self.ask_if_older_than(Duration::from_secs(1)) {
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
        if self.buffer_doubtful {
            self.clear_buffer()?;
        }
        self.ask_if_older_than(FRESH)?;
        if self.last_status().fault.is_some() {
            // Somebody may have mended it a moment ago: nobody is refused on a word that is not of this moment.
            self.ask_if_older_than(Duration::ZERO)?;
        }
        match self.last_status().fault {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    /// Opens the connection if there is none, or if the other side has left since.
    fn connected(&mut self) -> Result<(), PortError> {
        if let Some(connection) = self.connection.as_mut() {
            match connection.listen(Wait::No) {
                Ok(_) => {
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
            Learned::Echoes => Probe::Nothing,
            Learned::AnswersInTurn => Probe::PaperStatus,
            Learned::Nothing | Learned::DoubtsFences | Learned::ProvesNothing => Probe::Echo(self.next_id()),
        };
        let silence = Duration::from_millis(u64::from(SILENCE_MM) * 1000 / u64::from(self.profile.speed_mm_s.max(1)));
        let port = open_port(&self.selector, CONNECT_LIMIT)?;
        self.connection = Some(Connection::open(port, &self.selector, probe, silence)?);
        Ok(())
    }

    /// Asks all real-time questions unless the printer's last word is younger than `age` or it cannot answer.
    fn ask_if_older_than(&mut self, age: Duration) -> Result<(), PrinterFault> {
        let Some(connection) = self.connection.as_mut() else {
            return Err(PrinterFault::Disconnected);
        };
        let result = match connection.back_channel() {
            BackChannel::Absent | BackChannel::Unknown => connection.ask_in_passing(ASK_AGAIN),
            BackChannel::Present if connection.heard_within(age) => Ok(()),
            BackChannel::Present => connection.ask(ANSWER_LIMIT),
        };
        result.map_err(|error| {
            self.close();
            error.fault()
        })
    }

    /// Throws away what an unproved slip left in the printer, so that it cannot appear as a ghost before the next one.
    fn clear_buffer(&mut self) -> Result<(), PrinterFault> {
        let Some(connection) = self.connection.as_mut() else {
            return Err(PrinterFault::Disconnected);
        };
        match connection.clear_buffer(ANSWER_LIMIT) {
            Ok(_) => {
                // A model that does not know the command is asked only once for each doubt: waiting for it would not help.
                self.buffer_doubtful = false;
                Ok(())
            }
            Err(error) => {
                self.close();
                Err(error.fault())
            }
        }
    }

    /// Waits for the proof of a job whose bytes are handed over. Also says whether all but the cut is confirmed.
    fn prove(
        &mut self,
        job: &PrintJob,
        fences: &Fences,
        line: Duration,
        handed_over_at: Instant,
    ) -> (PrintOutcome, bool) {
        let Some(connection) = self.connection.as_mut() else {
            return (PrintOutcome::Unknown(PrinterFault::Disconnected), false);
        };
        let paper = Duration::from_millis(u64::from(job.height_mm) * 1000 / u64::from(self.profile.speed_mm_s.max(1)));
        let provable = connection.back_channel() == BackChannel::Present && self.learned != Learned::ProvesNothing;
        if !provable {
            // The bytes may still be in this system's own queue, and closing the line would lose them.
            std::thread::sleep(line);
            return (PrintOutcome::Unconfirmed, false);
        }
        match self.learned {
            Learned::Nothing | Learned::DoubtsFences | Learned::AnswersInTurn => connection.expect_answer_in_turn(),
            Learned::Echoes | Learned::ProvesNothing => {}
        }
        let seen = connection.wait_for_proof(fences, handed_over_at + line + paper + PROOF_SLACK, FAULT_GRACE);
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
                    Some(PrinterFault::CutterJam) => self.judge_unproved(None, true),
                    Some(_) | None => (PrintOutcome::Printed(Evidence { proof, after }), true),
                }
            }
            Err(error) => self.judge_unproved(error.as_ref(), seen.content_confirmed),
        }
    }

    /// The proof did not come: finds out why, and leaves nothing in the printer that could appear later.
    fn judge_unproved(&mut self, error: Option<&PortError>, content_confirmed: bool) -> (PrintOutcome, bool) {
        self.buffer_doubtful = true;
        if let Some(error) = error {
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
            // A failure here leaves the doubt standing, and the next job tries again before its first byte.
            let _ = self.clear_buffer();
            return (PrintOutcome::Unknown(fault), content_confirmed);
        }
        // It is well and it answers. If the line is clean and no proof ever came, it is a model without fences: its slips are
        // not in doubt more than those of a printer without a back channel, and waiting in vain for each would not help.
        let clean = self.connection.as_ref().is_some_and(Connection::is_clean);
        if self.connection.as_ref().is_some_and(Connection::echoes) {
            self.learned = Learned::Echoes;
        }
        let next = match self.learned {
            Learned::Nothing if clean => Learned::DoubtsFences,
            Learned::DoubtsFences if clean => Learned::ProvesNothing,
            Learned::Nothing
            | Learned::DoubtsFences
            | Learned::Echoes
            | Learned::AnswersInTurn
            | Learned::ProvesNothing => {
                let _ = self.clear_buffer();
                return (PrintOutcome::Unknown(PrinterFault::Silent), content_confirmed);
            }
        };
        self.learned = next;
        self.buffer_doubtful = false;
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

    fn fences(&mut self) -> Fences {
        Fences { before_cut: self.next_id(), after_cut: self.next_id() }
    }

    fn next_id(&mut self) -> [u8; 4] {
        let number = self.next_fence;
        self.next_fence = (number + 1) % FENCES;
        fence_id(number)
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.close();
    }
}

/// The identifiers of one job's two fences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fences {
    pub(crate) before_cut: [u8; 4],
    pub(crate) after_cut: [u8; 4],
}

/// Four characters of base 94, `!` to `~`: all that `GS ( H` takes but the space.
const FENCES: u32 = 94 * 94 * 94 * 94;

fn fence_id(number: u32) -> [u8; 4] {
    let character = |value: u32| b'!' + (value % 94) as u8;
    [character(number / 830_584), character(number / 8_836), character(number / 94), character(number)]
}

/// A start that differs from process to process, so that an echo to a process before this one is not taken for ours. Where the
/// one left a hundred identifiers in the printer and the other uses a hundred before they are answered, the two ranges of
/// 78 million meet in less than 3 of a million starts; and only then, and only if the slip is lost too, is a claim wrong.
fn first_fence() -> u32 {
    use std::hash::{BuildHasher, RandomState};
    u32::try_from(RandomState::new().hash_one(0) % u64::from(FENCES)).unwrap_or_default()
}

/// `GS ( H` function 48.
fn process_id(id: [u8; 4]) -> [u8; 11] {
    [0x1D, b'(', b'H', 6, 0, 48, 48, id[0], id[1], id[2], id[3]]
}
