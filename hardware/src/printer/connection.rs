//! One open connection: the port, what was asked, what was answered and when. Ends with the connection; what is learned about
//! the device itself is kept by its owner.

use crate::clock;
use std::time::{Duration, Instant};

use super::answers::{Answer, Answers, Question};
use super::fault::{PortError, WriteError};
use super::port::{Direction, Port};
use super::selector::PrinterSelector;
use super::status::{BackChannel, Sensors};
use super::{ANSWER_LIMIT, AUTOMATIC_STATUS_ON, Fences, Proof};

/// `DLE DC4` function 8 with its fixed key: throw away everything received and not printed.
const CLEAR_BUFFER: [u8; 10] = [0x10, 0x14, 8, 1, 3, 0x14, 1, 6, 2, 8];
/// Longest time for the questions themselves to leave.
const ASK_WRITE_LIMIT: Duration = Duration::from_millis(500);

/// Reads of one look at the line. A device that talks without end must not hold its listener; the rest is read next time.
const MOST_READS: usize = 64;

/// Whether to wait for bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    No,
    Until(Instant),
}

/// What was seen while waiting for a proof.
pub(crate) struct Seen {
    /// The proof, or why the waiting ended: an error of the port, or `None` when the time was over.
    pub(crate) proof: Result<Proof, Option<PortError>>,
    /// The fence before the cut came back.
    pub(crate) content_confirmed: bool,
}

pub(crate) struct Connection {
    port: Box<dyn Port>,
    answers: Answers,
    back_channel: BackChannel,
    heard_at: Option<Instant>,
    /// The printer reports changes by itself; only then does silence mean that nothing has changed.
    reports_changes: bool,
    asked_at: Instant,
}

impl Connection {
    /// Takes a fresh port and asks the printer once how it is. A printer that does not answer is remembered as mute.
    pub(crate) fn open(port: Box<dyn Port>, selector: &PrinterSelector) -> Result<Self, PortError> {
        let back_channel = match port.direction() {
            Direction::Both => BackChannel::Unknown,
            Direction::OutOnly => BackChannel::Absent,
        };
        let answers = Answers::default();
        let mut connection =
            Connection { port, answers, back_channel, heard_at: None, reports_changes: false, asked_at: clock::now() };
        if back_channel == BackChannel::Absent {
            return Ok(connection);
        }
        match connection.ask(ANSWER_LIMIT) {
            Ok(()) => {
                connection.write_now(&AUTOMATIC_STATUS_ON)?;
                Ok(connection)
            }
            Err(PortError::TimedOut) => {
                connection.back_channel = BackChannel::Absent;
                Ok(connection)
            }
            // Printers with a single connection close a second one at once.
            Err(PortError::Disconnected { .. }) => Err(PortError::Busy { target: selector.to_string() }),
            Err(other) => Err(other),
        }
    }

    pub(crate) fn close(self) {
        self.port.close();
    }

    pub(crate) fn back_channel(&self) -> BackChannel {
        self.back_channel
    }

    pub(crate) fn sensors(&self) -> Sensors {
        self.answers.sensors()
    }

    /// True when everything that came back so far made sense.
    pub(crate) fn is_clean(&self) -> bool {
        self.answers.garbage() == 0
    }

    pub(crate) fn heard_within(&self, age: Duration) -> bool {
        self.reports_changes && self.heard_at.is_some_and(|heard| heard.elapsed() < age)
    }

    pub(crate) fn transfer_time(&self, bytes: usize) -> Duration {
        self.port.transfer_time(bytes)
    }

    /// Hands over a job.
    pub(crate) fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), WriteError> {
        self.port.write(bytes, deadline)
    }

    /// Takes in what the printer has sent. With [`Wait::Until`] returns after the first bytes or at the deadline.
    pub(crate) fn listen(&mut self, wait: Wait) -> Result<Vec<Answer>, PortError> {
        let mut answers = Vec::new();
        let mut buffer = [0; 256];
        let past = clock::now();
        let mut deadline = match wait {
            Wait::No => past,
            Wait::Until(deadline) => deadline,
        };
        for _ in 0..MOST_READS {
            let count = self.port.read(&mut buffer, deadline)?;
            answers.extend(buffer[..count].iter().filter_map(|byte| self.answers.take(*byte)));
            if count < buffer.len() {
                break;
            }
            deadline = past;
        }
        if !answers.is_empty() {
            self.heard_at = Some(clock::now());
            self.back_channel = BackChannel::Present;
            self.reports_changes |= answers.contains(&Answer::Automatic);
        }
        Ok(answers)
    }

    /// Asks all real-time questions and waits for all answers.
    ///
    /// # Errors
    /// [`PortError::TimedOut`] when not all came within `limit`.
    pub(crate) fn ask(&mut self, limit: Duration) -> Result<(), PortError> {
        self.send_questions()?;
        let deadline = clock::now() + limit;
        while !self.answers.all_told() {
            if clock::now() >= deadline {
                self.answers.give_up();
                return Err(PortError::TimedOut);
            }
            self.listen(Wait::Until(deadline))?;
        }
        Ok(())
    }

    /// For a printer that never answered: asks from time to time and does not wait. Should it have learned to answer, the next
    /// look at the line finds out.
    pub(crate) fn ask_in_passing(&mut self, every: Duration) -> Result<(), PortError> {
        let due = self.asked_at.elapsed() >= every;
        match self.port.direction() {
            Direction::Both if due => {
                self.answers.give_up();
                self.send_questions()
            }
            Direction::Both | Direction::OutOnly => Ok(()),
        }
    }

    /// Empties the printer's buffer; true when the printer confirmed it within `limit`.
    pub(crate) fn clear_buffer(&mut self, limit: Duration) -> Result<bool, PortError> {
        self.write_now(&CLEAR_BUFFER)?;
        if self.back_channel != BackChannel::Present {
            return Ok(false);
        }
        let deadline = clock::now() + limit;
        while clock::now() < deadline {
            if self.listen(Wait::Until(deadline))?.contains(&Answer::Cleared) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Notes that the job just written asks for the paper status behind its cut.
    pub(crate) fn expect_answer_in_turn(&mut self) {
        self.answers.asked_paper_status();
    }

    /// Waits for the fences of a job. When the printer reports a fault, the slip has only `grace` left: its rest waits in the
    /// buffer for somebody to mend the printer, and nobody waits for that in front of a screen.
    pub(crate) fn wait_for_proof(&mut self, fences: &Fences, deadline: Instant, grace: Duration) -> Seen {
        let mut content_confirmed = false;
        let mut fault_since: Option<Instant> = None;
        loop {
            fault_since = match (self.sensors().fault(), fault_since) {
                (None, _) => None,
                (Some(_), Some(since)) => Some(since),
                (Some(_), None) => Some(clock::now()),
            };
            let end = fault_since.map_or(deadline, |since| deadline.min(since + grace));
            if clock::now() >= end {
                self.answers.give_up();
                return Seen { proof: Err(None), content_confirmed };
            }
            let answers = match self.listen(Wait::Until(end)) {
                Ok(answers) => answers,
                Err(error) => return Seen { proof: Err(Some(error)), content_confirmed },
            };
            for answer in answers {
                let proof = match answer {
                    Answer::Echo(id) if id == fences.after_cut => Some(Proof::Echo),
                    Answer::Echo(id) => {
                        content_confirmed |= id == fences.before_cut;
                        None
                    }
                    // One byte is easily imitated by noise: on a connection that carried any, it proves nothing.
                    Answer::PaperStatus if self.is_clean() => Some(Proof::AnswerInTurn),
                    Answer::PaperStatus | Answer::Told(_) | Answer::Automatic | Answer::Cleared => None,
                };
                if let Some(proof) = proof {
                    self.answers.give_up();
                    return Seen { proof: Ok(proof), content_confirmed: true };
                }
            }
        }
    }

    fn send_questions(&mut self) -> Result<(), PortError> {
        let bytes: Vec<u8> = Question::ALL.iter().flat_map(|question| question.bytes()).collect();
        self.asked_at = clock::now();
        self.write_now(&bytes)?;
        for question in Question::ALL {
            self.answers.asked(question);
        }
        Ok(())
    }

    fn write_now(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        self.port.write(bytes, clock::now() + ASK_WRITE_LIMIT).map_err(|failure| failure.cause)
    }
}
