//! One open connection: the port, what was asked, what was answered and when. Ends with the connection; what is learned about
//! the device itself is kept by its owner.
//!
//! It is long because every question and every wait of a connection lives on the same few facts about what came back.

use crate::clock;
use std::time::{Duration, Instant};

use super::answers::{Answer, Answers, Question};
use super::fault::{PortError, PrinterFault, WriteError};
use super::fence::{ASK_PAPER_IN_TURN, Fences, process_id};
use super::patience::{ANSWER_LIMIT, ASK_WRITE_LIMIT, Patience, WRITE_SLACK};
use super::port::{Direction, Port};
use super::selector::PrinterSelector;
use super::status::{BackChannel, Sensors};
use super::{AUTOMATIC_STATUS_ON, Proof};
use crate::slip::{LogoKey, ask_kept_logos};

/// `DLE DC4` function 8 with its fixed key: throw away everything received and not printed.
const CLEAR_BUFFER: [u8; 10] = [0x10, 0x14, 8, 1, 3, 0x14, 1, 6, 2, 8];
/// `DLE ENQ` 2: end an error of the knife or of the mechanism, and throw away everything received and not printed.
const RECOVER: [u8; 3] = [0x10, 0x05, 2];
/// A printer that recovers moves its knife first; it is asked again this often.
const RECOVERY_GLANCE: Duration = Duration::from_millis(100);
/// `GS I` 66 and 67: the maker's and the model's name.
const ASK_IDENTITY: [u8; 6] = [0x1D, b'I', 66, 0x1D, b'I', 67];
/// `ACK`: the next block of keys, please.
const GO_ON: [u8; 1] = [0x06];

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
/// them come to us: the probe stands behind all of them. Its answer also shows that the printer reads our bytes as commands,
/// and not as the rest of a picture that somebody before us did not finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe {
    /// This identifier, of a printer that is known to echo.
    Echo([u8; 4]),
    /// Whether it echoes this identifier, and the paper status.
    EchoAndPaperStatus([u8; 4]),
    /// The paper status.
    PaperStatus,
}

impl Probe {
    fn echo(self) -> Option<[u8; 4]> {
        match self {
            Probe::Echo(id) | Probe::EchoAndPaperStatus(id) => Some(id),
            Probe::PaperStatus => None,
        }
    }

    fn asks_in_turn(self) -> bool {
        match self {
            Probe::EchoAndPaperStatus(_) | Probe::PaperStatus => true,
            Probe::Echo(_) => false,
        }
    }
}

pub(crate) struct Connection {
    port: Box<dyn Port>,
    /// Every limit that is given here is meant for a printer that keeps its own time, and is stretched by this.
    patience: Patience,
    answers: Answers,
    back_channel: BackChannel,
    heard_at: Option<Instant>,
    /// The printer reports changes by itself; only then does silence mean that nothing has changed.
    reports_changes: bool,
    asked_at: Instant,
    probe: Probe,
    /// The probe or a fence of this connection came back: the printer echoes, and nothing less than an echo is believed.
    echoes: bool,
    /// The probe was answered or the buffer thrown away since: what is sent now is read as commands.
    in_step: bool,
    /// A paper status that was asked in its turn was answered.
    answered_in_turn: bool,
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
        patience: Patience,
    ) -> Result<Self, PortError> {
        let back_channel = match port.direction() {
            Direction::Both => BackChannel::Unknown,
            Direction::OutOnly => BackChannel::Absent,
        };
        let now = clock::now();
        let mut connection = Connection {
            port,
            patience,
            answers: Answers::default(),
            back_channel,
            heard_at: None,
            reports_changes: false,
            asked_at: now,
            probe,
            echoes: false,
            in_step: false,
            answered_in_turn: false,
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
        self.take_in(wait).map(|(_, answers)| answers)
    }

    /// Takes in everything that has come, to the last byte.
    ///
    /// # Errors
    /// Also when the other side has left after its last word: one look ends at that word, and a slip must not be sent after it.
    pub(crate) fn catch_up(&mut self) -> Result<(), PortError> {
        for _ in 0..MOST_READS {
            if self.take_in(Wait::No)?.0 == 0 {
                break;
            }
        }
        Ok(())
    }

    /// One look at the line: how many bytes came, and what they said. An error behind them is left to the next look, so that it
    /// takes nothing back.
    fn take_in(&mut self, wait: Wait) -> Result<(usize, Vec<Answer>), PortError> {
        let mut taken = 0;
        let was_ill = self.sensors().fault().is_some();
        let mut answers = Vec::new();
        let mut buffer = [0; 256];
        let past = clock::now();
        let mut deadline = match wait {
            Wait::No => past,
            Wait::Until(deadline) => deadline,
        };
        for _ in 0..MOST_READS {
            let count = match self.port.read(&mut buffer, deadline) {
                Ok(count) => count,
                Err(_) if taken > 0 => break,
                Err(cause) => return Err(cause),
            };
            taken += count;
            answers.extend(buffer[..count].iter().filter_map(|byte| self.answers.take(*byte)));
            if count < buffer.len() {
                break;
            }
            deadline = past;
        }
        self.take_note(&answers, was_ill);
        Ok((taken, answers))
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
                    self.echoes |= self.probe.echo() == Some(*id);
                    self.in_step |= self.echoes;
                    in_turn = true;
                }
                Answer::PaperStatus => {
                    self.answered_in_turn |= self.answers.paper_status_told();
                    self.in_step |= self.answered_in_turn;
                    in_turn = true;
                }
                Answer::Stray | Answer::Identity | Answer::Keys { .. } => in_turn = true,
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
        let deadline = clock::now() + self.patience.of(limit);
        loop {
            // On a busy machine the time may be over before the first look, with the answers lying there.
            let over = clock::now() >= deadline;
            self.listen(Wait::Until(deadline))?;
            if self.answers.all_told() {
                return Ok(());
            }
            if over {
                self.answers.give_up();
                return Err(PortError::TimedOut);
            }
        }
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

    /// Waits for the probe's answer, at most until nothing older than it can still be printing. False when it did not come from
    /// a printer that is well: then it either knows no probe, or takes our bytes for the rest of something else.
    pub(crate) fn await_step(&mut self) -> Result<bool, PortError> {
        if self.back_channel != BackChannel::Present {
            return Ok(true);
        }
        let deadline = clock::now() + 2 * self.quiet;
        while !self.in_step && self.sensors().fault().is_none() {
            let end = (self.busy_at + self.quiet).min(deadline);
            if clock::now() >= end {
                return Ok(false);
            }
            self.listen(Wait::Until(end))?;
        }
        Ok(true)
    }

    /// Ends an error of the knife or of the mechanism, if its cause is gone; what the printer holds is thrown away. True when
    /// no such error is reported any more within `limit`.
    pub(crate) fn recover(&mut self, limit: Duration) -> Result<bool, PortError> {
        self.write_now(&RECOVER)?;
        self.answers.give_up();
        self.answers.unsettle();
        let deadline = clock::now() + self.patience.of(limit);
        loop {
            self.ask(ANSWER_LIMIT)?;
            if !self.sensors().fault().is_some_and(PrinterFault::is_recoverable) {
                return Ok(true);
            }
            let now = clock::now();
            if now >= deadline {
                return Ok(false);
            }
            self.listen(Wait::Until((now + RECOVERY_GLANCE).min(deadline)))?;
        }
    }

    /// Asks for the maker's and the model's name; fewer names when the printer answers fewer within `limit`.
    pub(crate) fn ask_identity(&mut self, limit: Duration) -> Result<Vec<String>, PortError> {
        self.write_now(&ASK_IDENTITY)?;
        let known = self.answers.identity().len();
        let wanted = known + 2;
        for _ in known..wanted {
            self.answers.asked_identity();
        }
        let deadline = clock::now() + self.patience.of(limit);
        while self.answers.identity().len() < wanted && clock::now() < deadline {
            self.listen(Wait::Until(deadline))?;
        }
        if self.answers.identity().len() < wanted {
            self.answers.give_up();
        }
        Ok(self.answers.identity()[known..].to_vec())
    }

    /// Asks which pictures the printer keeps; nothing when it does not answer within `limit`.
    pub(crate) fn kept_logos(&mut self, limit: Duration) -> Result<Option<Vec<LogoKey>>, PortError> {
        self.write_now(&ask_kept_logos())?;
        self.answers.asked_keys();
        self.answers.take_keys();
        let deadline = clock::now() + self.patience.of(limit);
        while clock::now() < deadline {
            for answer in self.listen(Wait::Until(deadline))? {
                match answer {
                    Answer::Keys { more: false } => return Ok(Some(self.answers.take_keys())),
                    Answer::Keys { more: true } => {
                        self.answers.asked_keys();
                        self.write_now(&GO_ON)?;
                    }
                    Answer::Told(_)
                    | Answer::Automatic
                    | Answer::Echo(_)
                    | Answer::PaperStatus
                    | Answer::Stray
                    | Answer::Cleared
                    | Answer::Identity => {}
                }
            }
        }
        self.answers.give_up();
        Ok(None)
    }

    /// Sends bytes that print nothing and a fence behind them; true when it comes back within `limit` of the last byte.
    pub(crate) fn store(&mut self, bytes: &[u8], fence: [u8; 4], limit: Duration) -> Result<bool, PortError> {
        let payload = [bytes, &process_id(fence)].concat();
        let line = self.port.transfer_time(payload.len());
        self.port
            .write(&payload, clock::now() + line + self.patience.of(WRITE_SLACK))
            .map_err(|failure| failure.cause)?;
        let deadline = clock::now() + line + self.patience.of(limit);
        while clock::now() < deadline {
            if self.listen(Wait::Until(deadline))?.contains(&Answer::Echo(fence)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// True when everything older than this connection is printed or thrown away.
    pub(crate) fn is_in_step(&self) -> bool {
        self.in_step
    }

    /// True when the printer has reported a change by itself on this connection.
    pub(crate) fn reports_changes(&self) -> bool {
        self.reports_changes
    }

    /// True when the printer has answered the paper status in its turn on this connection.
    pub(crate) fn answers_in_turn(&self) -> bool {
        self.answered_in_turn
    }

    /// Empties the printer's buffer; true when the printer confirmed it within `limit`. Nothing is sent where nothing can come
    /// back: a spooler would make a job of it, and print the command's bytes on another maker's model.
    pub(crate) fn clear_buffer(&mut self, limit: Duration) -> Result<bool, PortError> {
        match self.port.direction() {
            Direction::OutOnly => return Ok(false),
            Direction::Both => {}
        }
        self.write_now(&CLEAR_BUFFER)?;
        if self.back_channel != BackChannel::Present {
            return Ok(false);
        }
        let deadline = clock::now() + self.patience.of(limit);
        while clock::now() < deadline {
            if self.listen(Wait::Until(deadline))?.contains(&Answer::Cleared) {
                // What was asked in turn has been thrown away with the rest, and what was answered came before this.
                self.answers.give_up();
                self.answers.settle();
                self.in_step = true;
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
                        if !content_confirmed {
                            // The fence before the cut was swallowed, and who knows what else of the slip with it.
                            return self.unproved(None, false);
                        }
                        return Seen { proof: Ok(Proof::Echo), content_confirmed };
                    }
                    Answer::Echo(id) if id == fences.before_cut => {
                        self.echoes = true;
                        content_confirmed = true;
                    }
                    Answer::PaperStatus => answered |= self.answers.paper_status_told(),
                    Answer::Echo(_)
                    | Answer::Stray
                    | Answer::Told(_)
                    | Answer::Automatic
                    | Answer::Cleared
                    | Answer::Keys { .. }
                    | Answer::Identity => {}
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

    /// Listens until `deadline`, or until a fault has stood for `grace`.
    pub(crate) fn watch(&mut self, deadline: Instant, grace: Duration) -> Result<(), PortError> {
        let mut end = deadline;
        let mut well = true;
        while clock::now() < end {
            self.listen(Wait::Until(end))?;
            if well && self.sensors().fault().is_some() {
                well = false;
                end = end.min(clock::now() + grace);
            }
        }
        Ok(())
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
        if let Some(id) = self.probe.echo() {
            bytes.extend_from_slice(&process_id(id));
        }
        if self.probe.asks_in_turn() {
            bytes.extend_from_slice(&ASK_PAPER_IN_TURN);
        }
        self.write_now(&bytes)?;
        if self.probe.asks_in_turn() {
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
        self.port.write(bytes, clock::now() + self.patience.of(ASK_WRITE_LIMIT)).map_err(|failure| failure.cause)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps what it is given and never says a word.
    struct OneWay {
        direction: Direction,
        sent: Arc<Mutex<Vec<u8>>>,
    }

    impl Port for OneWay {
        fn write(&mut self, bytes: &[u8], _deadline: Instant) -> Result<(), WriteError> {
            self.sent.lock().expect("nobody panics").extend_from_slice(bytes);
            Ok(())
        }

        fn read(&mut self, _buffer: &mut [u8], _deadline: Instant) -> Result<usize, PortError> {
            Ok(0)
        }

        fn direction(&self) -> Direction {
            self.direction
        }

        fn transfer_time(&self, _bytes: usize) -> Duration {
            Duration::ZERO
        }

        fn close(self: Box<Self>) {}
    }

    #[test]
    fn nothing_is_cleared_where_nothing_can_come_back() {
        for (direction, is_sent) in [(Direction::OutOnly, false), (Direction::Both, true)] {
            let sent = Arc::default();
            let port = Box::new(OneWay { direction, sent: Arc::clone(&sent) });
            let selector = PrinterSelector::Spool { name: "kiosk".to_owned() };
            let mut connection =
                Connection::open(port, &selector, Probe::PaperStatus, Duration::from_secs(1), Patience::default())
                    .expect("it opens");
            let cleared = connection.clear_buffer(Duration::from_millis(1)).expect("it takes bytes");
            assert!(!cleared, "nobody has confirmed it");
            let sent = sent.lock().expect("nobody panics");
            assert_eq!(sent.ends_with(&CLEAR_BUFFER), is_sent, "{direction:?}: {sent:02X?}");
            assert_eq!(sent.is_empty(), !is_sent, "{direction:?}: {sent:02X?}");
        }
    }
}
