//! One open connection: the port, what was asked, what was answered and when. Ends with the connection; what is learned about
//! the device itself is kept by its owner.

use crate::clock;
use std::time::{Duration, Instant};

use super::answers::{Answer, Answers, Question};
use super::fault::{PortError, WriteError};
use super::port::{Direction, Port};
use super::selector::PrinterSelector;
use super::status::{BackChannel, Sensors};
use super::{ANSWER_LIMIT, ASK_PAPER_IN_TURN, AUTOMATIC_STATUS_ON, Fences, Proof, process_id};

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

/// What is asked in turn when a connection is made. A printer keeps the bytes of whoever held it before, and its answers to
/// them come to us: the probe stands behind all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Nothing: the printer is known to echo, and an echo names its question.
    Nothing,
    /// Whether it echoes this identifier, and the paper status.
    Echo([u8; 4]),
    /// The paper status.
    PaperStatus,
}

pub(crate) struct Connection {
    port: Box<dyn Port>,
    answers: Answers,
    back_channel: BackChannel,
    heard_at: Option<Instant>,
    /// The printer reports changes by itself; only then does silence mean that nothing has changed.
    reports_changes: bool,
    asked_at: Instant,
    probe: Probe,
    /// The probe or a fence of this connection came back: the printer echoes, and nothing less than an echo is believed.
    echoes: bool,
    /// When the printer last said something in turn, reported a change, or had a fault.
    busy_at: Instant,
    /// Silence of this length from a printer without a fault means that nothing is left in it.
    quiet: Duration,
}

impl Connection {
    /// Takes a fresh port and asks the printer once how it is. A printer that does not answer is remembered as mute; one that
    /// does gets the probe, whose answers nobody waits for. `quiet` must be longer than any slip takes.
    pub(crate) fn open(
        port: Box<dyn Port>,
        selector: &PrinterSelector,
        probe: Probe,
        quiet: Duration,
    ) -> Result<Self, PortError> {
        let back_channel = match port.direction() {
            Direction::Both => BackChannel::Unknown,
            Direction::OutOnly => BackChannel::Absent,
        };
        let now = clock::now();
        let mut connection = Connection {
            port,
            answers: Answers::default(),
            back_channel,
            heard_at: None,
            reports_changes: false,
            asked_at: now,
            probe,
            echoes: false,
            busy_at: now,
            quiet,
        };
        if back_channel == BackChannel::Absent {
            return Ok(connection);
        }
        match connection.ask(ANSWER_LIMIT) {
            Ok(()) => {
                connection.send_probe()?;
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

    /// True when the printer has shown on this connection that it echoes identifiers.
    pub(crate) fn echoes(&self) -> bool {
        self.echoes
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
        let was_ill = self.sensors().fault().is_some();
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
        self.take_note(&answers, was_ill);
        Ok(answers)
    }

    /// Draws the conclusions from one look at the line. A printer that was ill until now begins its silence only now.
    fn take_note(&mut self, answers: &[Answer], was_ill: bool) {
        let now = clock::now();
        let mut in_turn = false;
        for answer in answers {
            match answer {
                Answer::Told(_) | Answer::Cleared => {}
                Answer::Automatic => {
                    self.reports_changes = true;
                    in_turn = true;
                }
                Answer::Echo(id) => {
                    self.echoes |= self.probe == Probe::Echo(*id);
                    in_turn = true;
                }
                Answer::PaperStatus | Answer::Stray => in_turn = true,
            }
        }
        // A stray byte is no sign that a mute device has learned to speak.
        if answers.iter().any(|answer| *answer != Answer::Stray) {
            self.heard_at = Some(now);
            self.back_channel = BackChannel::Present;
        }
        if in_turn || was_ill || self.sensors().fault().is_some() {
            self.busy_at = now;
        } else if self.answers.paper_status_told() && now.duration_since(self.busy_at) >= self.quiet {
            // Everything older than the probe would have been printed and answered by now.
            self.answers.settle();
        }
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
                // What was asked in turn has been thrown away with the rest, and what was answered came before this.
                self.answers.give_up();
                self.answers.settle();
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
    ///
    /// An answer in turn carries no name. It proves the job at once on a settled line; on any other it may answer for a slip
    /// of somebody before us, so that the printer must then stay silent until it can hold nothing any more. This makes the
    /// waiting longer than `deadline`, at most by that silence and one question.
    pub(crate) fn wait_for_proof(&mut self, fences: &Fences, deadline: Instant, grace: Duration) -> Seen {
        let mut content_confirmed = false;
        let mut fault_since: Option<Instant> = None;
        let mut answered = false;
        loop {
            fault_since = match (self.sensors().fault(), fault_since) {
                (None, _) => None,
                (Some(_), Some(since)) => Some(since),
                (Some(_), None) => Some(clock::now()),
            };
            let silence = self.busy_at + self.quiet;
            let patience = if answered { silence.min(deadline + self.quiet) } else { deadline };
            let end = fault_since.map_or(patience, |since| patience.min(since + grace));
            let over = clock::now() >= end;
            // Silence that begins after this look is the only one that counts for answers of this look.
            let settled = self.answers.is_settled();
            let answers = match self.listen(Wait::Until(end)) {
                Ok(answers) => answers,
                Err(error) => return self.unproved(Some(error), content_confirmed),
            };
            let heard = !answers.is_empty();
            for answer in answers {
                match answer {
                    Answer::Echo(id) if id == fences.after_cut => {
                        self.echoes = true;
                        return Seen { proof: Ok(Proof::Echo), content_confirmed: true };
                    }
                    Answer::Echo(id) if id == fences.before_cut => {
                        self.echoes = true;
                        content_confirmed = true;
                    }
                    Answer::PaperStatus => answered |= self.answers.paper_status_told(),
                    Answer::Echo(_) | Answer::Stray | Answer::Told(_) | Answer::Automatic | Answer::Cleared => {}
                }
            }
            // One byte is easily imitated by noise: on a connection that carried any, it proves nothing.
            answered &= self.is_clean() && !self.echoes;
            if answered && settled {
                return Seen { proof: Ok(Proof::AnswerInTurn), content_confirmed: true };
            }
            if answered && self.answers.is_settled() {
                // The silence was that of a printer, and not that of a line which carries nothing.
                return match self.ask(ANSWER_LIMIT) {
                    Ok(()) if self.is_clean() && self.sensors().fault().is_none() => {
                        Seen { proof: Ok(Proof::AnswerInTurn), content_confirmed: true }
                    }
                    Ok(()) | Err(PortError::TimedOut) => self.unproved(None, content_confirmed),
                    Err(error) => self.unproved(Some(error), content_confirmed),
                };
            }
            // What came in time, and a silence that is just complete, are seen in a last look.
            if over && (!heard || clock::now() >= deadline + self.quiet) {
                return self.unproved(None, content_confirmed);
            }
        }
    }

    /// Ends a vain wait. The job's own answer may still come, and must not be taken for the next job's.
    fn unproved(&mut self, error: Option<PortError>, content_confirmed: bool) -> Seen {
        self.answers.give_up();
        self.answers.unsettle();
        self.busy_at = clock::now();
        Seen { proof: Err(error), content_confirmed }
    }

    /// Automatic status on, and the probe.
    fn send_probe(&mut self) -> Result<(), PortError> {
        let mut bytes = AUTOMATIC_STATUS_ON.to_vec();
        let in_turn = match self.probe {
            Probe::Nothing => false,
            Probe::Echo(id) => {
                bytes.extend_from_slice(&process_id(id));
                true
            }
            Probe::PaperStatus => true,
        };
        if in_turn {
            bytes.extend_from_slice(&ASK_PAPER_IN_TURN);
        }
        self.write_now(&bytes)?;
        if in_turn {
            self.answers.asked_paper_status();
        }
        Ok(())
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
