//! Ticket numbers: what is printed on paper and called aloud.
//!
//! A series is (tenant, site, queue, service day, letter) and has exactly one issuer for the day. This module never
//! counts: the issuer that owns the series does, in the same transaction that makes the number durable.

use std::fmt;

/// The last value before a series starts again at 1.
pub const LAST_VALUE: u32 = 999;

/// From this value on (80 % of the series) staff are warned that the numbers of the day will start again.
pub const NEAR_LAST_VALUE: u32 = 800;

/// So long after a label was used nobody sees it on a second paper, even when its first holder has been served: whoever
/// was called by it may still be in the room.
pub const LABEL_COOL_DOWN_MS: u64 = 2 * 3_600_000;

/// Which series of a queue a number belongs to.
///
/// The main series shows the queue's prefix alone (`A045`). Every other issuer of the same queue shows its own letter
/// after the prefix (`AK045`), so that two issuers that cannot talk to each other can never print the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SeriesLetter {
    /// The queue's main series.
    Main,
    /// A private series: a kiosk's fallback, or the server's own for tickets taken on the web.
    Letter(char),
}

impl SeriesLetter {
    /// The letter of the server's own series while a kiosk owns the main one.
    pub const SERVER: SeriesLetter = SeriesLetter::Letter('W');

    /// The letters that kiosks get, in the order in which they are given out. I, O, Q, S and Z are left out because
    /// they are read as 1, 0, 0, 5 and 2; W belongs to the server.
    pub const KIOSK_LETTERS: [char; 20] =
        ['K', 'L', 'M', 'N', 'P', 'R', 'T', 'U', 'V', 'X', 'Y', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J'];

    /// The text form stored in files and sent on the wire: empty for the main series, else the letter.
    pub fn as_text(self) -> String {
        match self {
            SeriesLetter::Main => String::new(),
            SeriesLetter::Letter(letter) => letter.to_string(),
        }
    }

    /// Reads the text form back.
    ///
    /// # Errors
    /// [`NumberError::Letter`] when the text is neither empty nor one capital letter.
    pub fn from_text(text: &str) -> Result<SeriesLetter, NumberError> {
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (None, None) => Ok(SeriesLetter::Main),
            (Some(letter), None) if letter.is_ascii_uppercase() => Ok(SeriesLetter::Letter(letter)),
            (Some(_), None | Some(_)) | (None, Some(_)) => Err(NumberError::Letter),
        }
    }
}

/// Why a text is not a ticket number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The prefix is empty, too long, or not made of capital letters.
    #[error("a prefix is one to four capital letters")]
    Prefix,
    /// The series letter is not one capital letter.
    #[error("a series letter is one capital letter or nothing")]
    Letter,
    /// The value is not a number from 1 to 999999.
    #[error("a value is a number from 1")]
    Value,
}

/// A number as it stands on paper: prefix and value, `A045`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TicketNumber {
    prefix: String,
    value: u32,
}

impl TicketNumber {
    /// Makes a number of a queue's prefix, its series letter and a value.
    ///
    /// # Errors
    /// [`NumberError::Prefix`] unless the prefix is one to four capital letters, [`NumberError::Value`] for 0.
    pub fn new(queue_prefix: &str, letter: SeriesLetter, value: u32) -> Result<TicketNumber, NumberError> {
        let prefix = format!("{queue_prefix}{}", letter.as_text());
        Self::checked(prefix, value)
    }

    /// Reads a number such as `A045` or `AK1000`.
    ///
    /// # Errors
    /// [`NumberError`] says which part is wrong.
    pub fn parse(text: &str) -> Result<TicketNumber, NumberError> {
        let digits_at = text.find(|character: char| character.is_ascii_digit()).ok_or(NumberError::Value)?;
        let (prefix, digits) = text.split_at(digits_at);
        if digits.len() > 6 {
            return Err(NumberError::Value);
        }
        let value = digits.parse().map_err(|_| NumberError::Value)?;
        Self::checked(prefix.to_owned(), value)
    }

    fn checked(prefix: String, value: u32) -> Result<TicketNumber, NumberError> {
        let well_formed = (1..=5).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_uppercase());
        match (well_formed, value) {
            (false, _) => Err(NumberError::Prefix),
            (true, 0) => Err(NumberError::Value),
            (true, _) => Ok(TicketNumber { prefix, value }),
        }
    }

    /// The letters before the digits.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The count within the series.
    pub fn value(&self) -> u32 {
        self.value
    }
}

impl fmt::Display for TicketNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{:03}", self.prefix, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_at_least_three_digits_and_read_back() {
        for (prefix, letter, value, text) in [
            ("A", SeriesLetter::Main, 1, "A001"),
            ("A", SeriesLetter::Letter('K'), 45, "AK045"),
            ("BC", SeriesLetter::SERVER, 1000, "BCW1000"),
        ] {
            let number = TicketNumber::new(prefix, letter, value).unwrap();
            assert_eq!(number.to_string(), text);
            assert_eq!(TicketNumber::parse(text), Ok(number));
        }
    }

    #[test]
    fn what_is_no_number_says_which_part_is_wrong() {
        for (text, error) in [
            ("", NumberError::Value),
            ("A", NumberError::Value),
            ("A000", NumberError::Value),
            ("001", NumberError::Prefix),
            ("a001", NumberError::Prefix),
            ("ABCDEF001", NumberError::Prefix),
            ("A0000001", NumberError::Value),
            ("A01B", NumberError::Value),
        ] {
            assert_eq!(TicketNumber::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn kiosk_letters_are_distinct_and_never_look_like_digits_or_the_server() {
        let mut letters = SeriesLetter::KIOSK_LETTERS.to_vec();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), SeriesLetter::KIOSK_LETTERS.len());
        assert!(letters.iter().all(|letter| !"IOQSZW".contains(*letter)));
    }
}
