//! The back channel: from the bytes that a printer sends to statements about it.
//!
//! Several kinds of answers share one stream and are told apart by fixed bits (Epson's reference, "Identifying
//! transmission status"). Garbage must never become evidence: what fits no form is counted and dropped, and an echo is
//! only believed when all its seven bytes are right. Nothing here waits, reads or writes.

use std::collections::VecDeque;

use super::status::Sensors;
use crate::slip::{LogoKey, kept_logos};

/// Which real-time question was asked with `DLE EOT n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    Printer,
    OfflineCause,
    ErrorCause,
    Paper,
}

impl Question {
    pub(crate) const ALL: [Question; 4] =
        [Question::Printer, Question::OfflineCause, Question::ErrorCause, Question::Paper];

    pub(crate) fn bytes(self) -> [u8; 3] {
        let number = match self {
            Question::Printer => 1,
            Question::OfflineCause => 2,
            Question::ErrorCause => 3,
            Question::Paper => 4,
        };
        [0x10, 0x04, number]
    }
}

/// One statement of the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The answer to the oldest open question.
    Told(Question),
    /// An automatic status (`GS a`).
    Automatic,
    /// The echo of a fence.
    Echo([u8; 4]),
    /// The answer to `GS r 1`.
    PaperStatus,
    /// The answer to a `GS r 1` that is not ours: somebody before us asked, and what stood before it was still being printed.
    Stray,
    /// The buffer has been cleared (`DLE DC4` function 8).
    Cleared,
    /// A block of the answer to `GS ( L` function 64; its keys are taken with [`Answers::take_keys`].
    Keys {
        /// The printer waits to be told to go on.
        more: bool,
    },
    /// The answer to `GS I`; its text stands in [`Answers::identity`].
    Identity,
}

/// Reads the stream byte by byte.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    sensors: Sensors,
    open_questions: VecDeque<Question>,
    open_paper_status: usize,
    settled: bool,
    open_identities: usize,
    identity: Vec<String>,
    open_key_blocks: usize,
    keys: Vec<LogoKey>,
    partial: Vec<u8>,
    garbage: u64,
}

/// First byte of a block answer.
const BLOCK: u8 = 0x37;
/// Longest block answer that we ask for, in bytes.
const LONGEST_BLOCK: usize = 7;
/// Second byte of a block of keys, and the longest such block: forty keys and what surrounds them.
const KEY_BLOCK: u8 = 0x72;
const LONGEST_KEY_BLOCK: usize = 84;
/// First byte of a name that `GS I` answers.
const NAME: u8 = b'_';
/// Longest name, its first and last byte included (Epson's reference allows 80 characters).
const LONGEST_NAME: usize = 82;

impl Answers {
    /// Notes that this question has been sent.
    pub(crate) fn asked(&mut self, question: Question) {
        self.open_questions.push_back(question);
    }

    /// Notes that `GS r 1` has been sent.
    pub(crate) fn asked_paper_status(&mut self) {
        self.open_paper_status += 1;
    }

    /// Notes that a `GS I` that answers a name has been sent.
    pub(crate) fn asked_identity(&mut self) {
        self.open_identities += 1;
    }

    /// Notes that a block of keys has been asked for.
    pub(crate) fn asked_keys(&mut self) {
        self.open_key_blocks += 1;
    }

    /// The keys of the blocks that came since this was asked last.
    pub(crate) fn take_keys(&mut self) -> Vec<LogoKey> {
        std::mem::take(&mut self.keys)
    }

    /// The names that `GS I` answered, in the order of the questions.
    pub(crate) fn identity(&self) -> &[String] {
        &self.identity
    }

    /// True when each `GS r 1` that was asked has an answer, be it its own or a stray one.
    pub(crate) fn paper_status_told(&self) -> bool {
        self.open_paper_status == 0
    }

    /// True when an answer to `GS r 1` can only be ours.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled
    }

    /// Notes that the printer holds nothing any more that could answer for somebody else.
    pub(crate) fn settle(&mut self) {
        self.settled = true;
    }

    /// Notes that a question is left in the printer whose answer may come at any time.
    pub(crate) fn unsettle(&mut self) {
        self.settled = false;
    }

    /// Gives up on everything that is still open, after its time has passed.
    pub(crate) fn give_up(&mut self) {
        self.open_questions.clear();
        self.open_paper_status = 0;
        self.open_identities = 0;
        self.open_key_blocks = 0;
        self.partial.clear();
    }

    /// True when every question has its answer.
    pub(crate) fn all_told(&self) -> bool {
        self.open_questions.is_empty()
    }

    /// What the printer last said.
    pub(crate) fn sensors(&self) -> Sensors {
        self.sensors
    }

    /// Bytes that wait for the rest of their answer.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn waiting(&self) -> usize {
        self.partial.len()
    }

    /// Bytes that fitted no form on this connection.
    pub(crate) fn garbage(&self) -> u64 {
        self.garbage
    }

    /// Takes the next byte; returns the statement that it completes, if it does.
    pub(crate) fn take(&mut self, byte: u8) -> Option<Answer> {
        if self.partial.is_empty() {
            return self.take_first(byte);
        }
        if self.partial[0] == BLOCK {
            return self.take_block(byte);
        }
        if self.partial[0] == NAME {
            return self.take_name(byte);
        }
        // Bytes 2 to 4 of an automatic status have bits 4 and 7 clear; anything else cannot belong to it.
        if byte & 0x90 != 0 {
            self.garbage += self.partial.len() as u64;
            self.partial.clear();
            return self.take_first(byte);
        }
        self.partial.push(byte);
        if self.partial.len() < 4 {
            return None;
        }
        let bytes = [self.partial[0], self.partial[1], self.partial[2]];
        self.partial.clear();
        self.sensors = Sensors {
            offline: bytes[0] & 0x08 != 0,
            cover_open: bytes[0] & 0x20 != 0,
            mechanical_error: bytes[1] & 0x04 != 0,
            cutter_error: bytes[1] & 0x08 != 0,
            unrecoverable_error: bytes[1] & 0x20 != 0,
            self_recovering_error: bytes[1] & 0x40 != 0,
            near_end: bytes[2] & 0x03 != 0,
            paper_out: bytes[2] & 0x0C != 0,
        };
        Some(Answer::Automatic)
    }

    fn take_first(&mut self, byte: u8) -> Option<Answer> {
        if byte == BLOCK || byte & 0x93 == 0x10 {
            self.partial.push(byte);
            return None;
        }
        if byte == NAME && self.open_identities > 0 {
            self.partial.push(byte);
            return None;
        }
        if byte & 0x93 == 0x12
            && let Some(question) = self.open_questions.pop_front()
        {
            self.told(question, byte);
            return Some(Answer::Told(question));
        }
        // The two sensors of each kind always agree in this answer and the upper half is clear.
        if matches!(byte, 0x00 | 0x03 | 0x0C | 0x0F) {
            if self.open_paper_status > 0 {
                self.open_paper_status -= 1;
                self.sensors.near_end = byte & 0x03 != 0;
                self.sensors.paper_out = byte & 0x0C != 0;
                return Some(Answer::PaperStatus);
            }
            if !self.settled {
                return Some(Answer::Stray);
            }
        }
        // XON and XOFF are the line's own business.
        if byte != 0x11 && byte != 0x13 {
            self.garbage += 1;
        }
        None
    }

    fn take_block(&mut self, byte: u8) -> Option<Answer> {
        self.partial.push(byte);
        let names_keys = self.partial[1] == KEY_BLOCK && self.open_key_blocks > 0;
        let longest = if names_keys { LONGEST_KEY_BLOCK } else { LONGEST_BLOCK };
        let whole = byte == 0 || self.partial.len() == longest;
        if !whole {
            return None;
        }
        let block = std::mem::take(&mut self.partial);
        if names_keys && let Some(named) = kept_logos(&block) {
            self.open_key_blocks -= 1;
            self.keys.extend(named.keys);
            return Some(Answer::Keys { more: named.more });
        }
        match block.as_slice() {
            [BLOCK, 0x22, first, second, third, fourth, 0] => Some(Answer::Echo([*first, *second, *third, *fourth])),
            [BLOCK, 0x25, 0] => Some(Answer::Cleared),
            other => {
                self.garbage += other.len() as u64;
                None
            }
        }
    }

    /// A name has no length in front, so that anything unreadable in it ends it as garbage.
    fn take_name(&mut self, byte: u8) -> Option<Answer> {
        self.partial.push(byte);
        if byte == 0 {
            let name = std::mem::take(&mut self.partial);
            self.open_identities -= 1;
            self.identity.push(String::from_utf8_lossy(&name[1..name.len() - 1]).into_owned());
            return Some(Answer::Identity);
        }
        if !(0x20..0x7F).contains(&byte) || self.partial.len() == LONGEST_NAME {
            self.garbage += self.partial.len() as u64;
            self.partial.clear();
        }
        None
    }

    fn told(&mut self, question: Question, byte: u8) {
        match question {
            Question::Printer => self.sensors.offline = byte & 0x08 != 0,
            Question::OfflineCause => self.sensors.cover_open = byte & 0x04 != 0,
            Question::ErrorCause => {
                self.sensors.mechanical_error = byte & 0x04 != 0;
                self.sensors.cutter_error = byte & 0x08 != 0;
                self.sensors.unrecoverable_error = byte & 0x20 != 0;
                self.sensors.self_recovering_error = byte & 0x40 != 0;
            }
            Question::Paper => {
                self.sensors.near_end = byte & 0x0C != 0;
                self.sensors.paper_out = byte & 0x60 != 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn feed(answers: &mut Answers, bytes: &[u8]) -> Vec<Answer> {
        bytes.iter().filter_map(|byte| answers.take(*byte)).collect()
    }

    #[test]
    fn the_kinds_of_answers_are_told_apart_in_one_stream() {
        let mut answers = Answers::default();
        for question in Question::ALL {
            answers.asked(question);
        }
        answers.asked_paper_status();
        let stream = [
            &[0x1A, 0x12][..],         // offline; no offline cause
            &[0x30, 0x08, 0x0F, 0x0F], // automatic: cover open, cutter error, paper out, near end
            b"\x37\x22ab01\x00",       // echo
            &[0x12, 0x12],             // no error; paper there
            &[0x03],                   // GS r 1: near end
            &[0x37, 0x25, 0x00],       // cleared
        ]
        .concat();
        assert_eq!(
            feed(&mut answers, &stream),
            [
                Answer::Told(Question::Printer),
                Answer::Told(Question::OfflineCause),
                Answer::Automatic,
                Answer::Echo(*b"ab01"),
                Answer::Told(Question::ErrorCause),
                Answer::Told(Question::Paper),
                Answer::PaperStatus,
                Answer::Cleared,
            ]
        );
        assert_eq!(answers.garbage(), 0);
        assert!(answers.sensors().near_end && !answers.sensors().paper_out);
    }

    #[test]
    fn an_automatic_status_sets_every_sensor() {
        let cases = [
            ([0x10, 0x00, 0x00, 0x00], Sensors::default()),
            ([0x18, 0x00, 0x00, 0x00], Sensors { offline: true, ..Sensors::default() }),
            ([0x30, 0x00, 0x00, 0x00], Sensors { cover_open: true, ..Sensors::default() }),
            ([0x10, 0x08, 0x00, 0x00], Sensors { cutter_error: true, ..Sensors::default() }),
            ([0x10, 0x04, 0x00, 0x00], Sensors { mechanical_error: true, ..Sensors::default() }),
            ([0x10, 0x20, 0x00, 0x00], Sensors { unrecoverable_error: true, ..Sensors::default() }),
            ([0x10, 0x40, 0x00, 0x00], Sensors { self_recovering_error: true, ..Sensors::default() }),
            ([0x10, 0x00, 0x03, 0x00], Sensors { near_end: true, ..Sensors::default() }),
            ([0x10, 0x00, 0x0C, 0x00], Sensors { paper_out: true, ..Sensors::default() }),
        ];
        for (bytes, sensors) in cases {
            let mut answers = Answers::default();
            assert_eq!(feed(&mut answers, &bytes), [Answer::Automatic]);
            assert_eq!(answers.sensors(), sensors, "{bytes:02X?}");
        }
    }

    #[test]
    fn a_name_is_read_only_when_it_was_asked_for() {
        let mut answers = Answers::default();
        assert_eq!(feed(&mut answers, b"_EPSON\0"), [Answer::Stray]);
        assert!(answers.garbage() > 0 && answers.identity().is_empty());
        let mut answers = Answers::default();
        answers.asked_identity();
        answers.asked_identity();
        assert_eq!(feed(&mut answers, b"_EPSON\0_TM-T20III\0"), [Answer::Identity, Answer::Identity]);
        assert_eq!((answers.identity().join("/").as_str(), answers.garbage()), ("EPSON/TM-T20III", 0));
        let mut answers = Answers::default();
        answers.asked_identity();
        assert_eq!(feed(&mut answers, &[&[b'_'; 100][..], &[0xFF]].concat()), [], "no end is no name");
    }

    #[test]
    fn an_echo_with_one_wrong_byte_is_garbage() {
        for stream in [&b"\x37\x22ab0\x00"[..], b"\x37\x23ab01\x00", b"\x37\x22ab01x"] {
            let mut answers = Answers::default();
            assert_eq!(feed(&mut answers, stream), [], "{stream:02X?}");
            assert!(answers.garbage() > 0);
        }
    }

    #[test]
    fn an_answer_that_nobody_asked_for_is_a_stray_until_the_line_is_settled_and_then_garbage() {
        let mut answers = Answers::default();
        assert_eq!(feed(&mut answers, &[0x00]), [Answer::Stray]);
        answers.asked_paper_status();
        assert_eq!(feed(&mut answers, &[0x00, 0x00]), [Answer::PaperStatus, Answer::Stray]);
        assert_eq!(answers.garbage(), 0);
        answers.settle();
        assert_eq!(feed(&mut answers, &[0x00]), []);
        assert_eq!(answers.garbage(), 1);
    }

    proptest! {
        #[test]
        fn no_garbage_without_an_open_question_is_believed(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut answers = Answers::default();
            let believed = feed(&mut answers, &bytes);
            prop_assert!(!believed.contains(&Answer::PaperStatus));
            for answer in believed {
                if let Answer::Echo(id) = answer {
                    let echo = [&[0x37, 0x22][..], &id, &[0]].concat();
                    prop_assert!(bytes.windows(7).any(|window| window == echo));
                }
            }
        }
    }
}
