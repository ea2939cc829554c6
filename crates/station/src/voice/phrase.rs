//! Which clips, in which order, say a call. Pure: no clip is touched here.
//!
//! A phrase names things and then numbers them ("Ticket A, quarante-cinq, guichet trois"), which needs no agreement in any
//! language. The first pass says the number as a cardinal, the repeat digit by digit, so that soixante-six and
//! soixante-seize cannot be taken for each other. It never says free text: there is no clip for it.

use std::fmt;

/// A language that has a voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpokenLanguage {
    /// French, and whatever has no voice of its own.
    French,
    /// British English.
    English,
    /// Modern Standard Arabic.
    Arabic,
    /// Spanish of Spain.
    Spanish,
    /// Portuguese of Portugal, which Bissau and Praia hear as well.
    Portuguese,
}

impl SpokenLanguage {
    /// Every language with a voice.
    pub const ALL: [SpokenLanguage; 5] = [
        SpokenLanguage::French,
        SpokenLanguage::English,
        SpokenLanguage::Arabic,
        SpokenLanguage::Spanish,
        SpokenLanguage::Portuguese,
    ];

    /// The language spoken for a language code such as `fr` or `pt-BR`. Wolof has no free voice and is spoken in French;
    /// so is every code that we do not know, because a call in the home language is better than none.
    pub fn for_code(code: &str) -> SpokenLanguage {
        let primary = code.split(['-', '_']).next().unwrap_or_default();
        SpokenLanguage::ALL
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(primary))
            .unwrap_or(SpokenLanguage::French)
    }

    /// The language's code, which is also its folder under `assets/voice`.
    pub fn code(self) -> &'static str {
        match self {
            SpokenLanguage::French => "fr",
            SpokenLanguage::English => "en",
            SpokenLanguage::Arabic => "ar",
            SpokenLanguage::Spanish => "es",
            SpokenLanguage::Portuguese => "pt",
        }
    }
}

/// How the number is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pass {
    /// "Ticket A, quarante-cinq, guichet trois".
    First,
    /// "A, quatre, cinq".
    Repeat,
}

/// What is called, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The letters in front of the number; digits among them are said, anything else is not.
    pub prefix: String,
    /// The number. Above 999 it is said digit by digit.
    pub value: u32,
    /// The counter's label: a number ("3"), a code ("B", "B12", "3B", "VIP"), or either behind the counter's noun
    /// ("Guichet 3"). Anything else has no clip; the phrase then sends people to the screen instead.
    pub counter: String,
    /// The call was made before; said in front.
    pub recall: bool,
}

/// One recorded word, in whatever language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Word {
    /// The noun for a ticket.
    Ticket,
    /// The noun for a counter.
    Counter,
    /// "Look at the screen".
    LookAtScreen,
    /// "Calling again".
    Recall,
    /// A letter, `A` to `Z`.
    Letter(char),
    /// A number from 0 to 99.
    Number(u8),
    /// 1 to 9 hundreds and nothing else: "deux cents".
    Hundred(u8),
    /// 1 to 9 hundreds with a rest to follow: "deux cent", "two hundred and".
    HundredAnd(u8),
}

impl fmt::Display for Word {
    /// The id in the manifest.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Word::Ticket => formatter.write_str("ticket"),
            Word::Counter => formatter.write_str("counter"),
            Word::LookAtScreen => formatter.write_str("look-at-screen"),
            Word::Recall => formatter.write_str("recall"),
            Word::Letter(letter) => write!(formatter, "letter-{}", letter.to_ascii_lowercase()),
            Word::Number(number) => write!(formatter, "number-{number}"),
            Word::Hundred(hundreds) => write!(formatter, "hundred-{hundreds}"),
            Word::HundredAnd(hundreds) => write!(formatter, "hundred-and-{hundreds}"),
        }
    }
}

/// One recorded word in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClipId {
    /// Its language.
    pub language: SpokenLanguage,
    /// What it says.
    pub word: Word,
}

impl fmt::Display for ClipId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.language.code(), self.word)
    }
}

/// More letters than this in front of a number are a mistake in the configuration, and nobody would listen to the end.
const LONGEST_PREFIX: usize = 6;

/// The clips that say a call, in order.
pub fn plan(language: SpokenLanguage, pass: Pass, called: &Called) -> Vec<ClipId> {
    let mut words = Vec::new();
    match pass {
        Pass::First => {
            if called.recall {
                words.push(Word::Recall);
            }
            words.push(Word::Ticket);
            words.extend(prefix_words(&called.prefix));
            words.extend(cardinal(called.value));
            match counter_words(&called.counter) {
                Some(counter) => {
                    words.push(Word::Counter);
                    words.extend(counter);
                }
                None => words.push(Word::LookAtScreen),
            }
        }
        Pass::Repeat => {
            words.extend(prefix_words(&called.prefix));
            words.extend(digits(called.value));
        }
    }
    words.into_iter().map(|word| ClipId { language, word }).collect()
}

/// The silence between two clips, in milliseconds: what a comma is in speech.
pub(super) fn pause_ms(before: Word, after: Word) -> u32 {
    match (before, after) {
        // One number is one breath.
        (Word::HundredAnd(_), _) => 10,
        (Word::Recall, _) => 250,
        (_, Word::Counter | Word::LookAtScreen) => 280,
        (Word::Ticket | Word::Counter, _) => 60,
        (Word::Letter(_), Word::Letter(_)) => 70,
        (Word::Letter(_) | Word::Number(_), _) | (_, Word::Letter(_)) => 140,
        (Word::Hundred(_) | Word::LookAtScreen, _) => 140,
    }
}

fn prefix_words(prefix: &str) -> impl Iterator<Item = Word> {
    prefix.chars().filter_map(character_word).take(LONGEST_PREFIX)
}

fn character_word(character: char) -> Option<Word> {
    if let Some(digit) = character.to_digit(10) {
        return small_number(digit);
    }
    let plain = without_accent(character).to_ascii_uppercase();
    plain.is_ascii_uppercase().then_some(Word::Letter(plain))
}

/// The accented capitals and small letters of our languages; a queue named É is called E.
fn without_accent(character: char) -> char {
    match character {
        'À' | 'Á' | 'Â' | 'Ã' | 'à' | 'á' | 'â' | 'ã' => 'A',
        'Ç' | 'ç' => 'C',
        'È' | 'É' | 'Ê' | 'Ë' | 'è' | 'é' | 'ê' | 'ë' => 'E',
        'Í' | 'Î' | 'Ï' | 'í' | 'î' | 'ï' => 'I',
        'Ñ' | 'Ŋ' | 'ñ' | 'ŋ' => 'N',
        'Ó' | 'Ô' | 'Õ' | 'ó' | 'ô' | 'õ' => 'O',
        'Ù' | 'Ú' | 'Û' | 'Ü' | 'ù' | 'ú' | 'û' | 'ü' => 'U',
        other => other,
    }
}

fn small_number(number: u32) -> Option<Word> {
    u8::try_from(number).ok().filter(|number| *number < 100).map(Word::Number)
}

fn cardinal(value: u32) -> Vec<Word> {
    let Some(hundreds) = u8::try_from(value / 100).ok().filter(|hundreds| *hundreds < 10) else {
        return digits(value);
    };
    let rest = small_number(value % 100);
    match (hundreds, rest) {
        (0, rest) => rest.into_iter().collect(),
        (hundreds, None | Some(Word::Number(0))) => vec![Word::Hundred(hundreds)],
        (hundreds, Some(rest)) => vec![Word::HundredAnd(hundreds), rest],
    }
}

fn digits(value: u32) -> Vec<Word> {
    value.to_string().chars().filter_map(|digit| digit.to_digit(10)).filter_map(small_number).collect()
}

/// What each language calls a counter. A label that begins so is not said twice: "Guichet 3" is counter 3.
const COUNTER_NOUNS: [&str; 8] = ["guichet", "counter", "desk", "ventanilla", "mostrador", "balcão", "شباك", "الشباك"];

/// The words for a counter's label, or none if it is free text.
fn counter_words(label: &str) -> Option<Vec<Word>> {
    let label = without_noun(label.trim());
    let label = label.trim_start_matches("n°").trim_start_matches('#').trim();
    let runs = runs(label);
    match runs.as_slice() {
        [Run::Digits(digits)] => number_words(digits),
        [Run::Letters(letters)] => code_words(letters),
        [Run::Letters(letters), Run::Digits(digits)] => Some([code_words(letters)?, number_words(digits)?].concat()),
        [Run::Digits(digits), Run::Letters(letters)] => Some([number_words(digits)?, code_words(letters)?].concat()),
        _ => None,
    }
}

fn without_noun(label: &str) -> &str {
    let Some((first, rest)) = label.split_once(char::is_whitespace) else { return label };
    if COUNTER_NOUNS.contains(&first.to_lowercase().as_str()) { rest.trim() } else { label }
}

/// A stretch of a label of one kind.
enum Run {
    Digits(String),
    Letters(String),
    Other,
}

/// The stretches of a label; one space or hyphen between two stretches belongs to neither.
fn runs(label: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut joined = false;
    for character in label.chars() {
        if matches!(character, ' ' | '-') && !joined && !runs.is_empty() {
            joined = true;
            continue;
        }
        let is_digit = character.is_ascii_digit();
        match runs.last_mut() {
            Some(Run::Digits(run)) if is_digit && !joined => run.push(character),
            Some(Run::Letters(run)) if character.is_alphabetic() && !joined => run.push(character),
            Some(Run::Digits(_) | Run::Letters(_) | Run::Other) | None => runs.push(if is_digit {
                Run::Digits(character.to_string())
            } else if character.is_alphabetic() {
                Run::Letters(character.to_string())
            } else {
                Run::Other
            }),
        }
        joined = false;
    }
    runs
}

/// A counter's number: up to 999 as a cardinal, up to six digits one by one, and beyond that it is not a counter.
fn number_words(digits: &str) -> Option<Vec<Word>> {
    if digits.len() > 6 {
        return None;
    }
    digits.parse().ok().map(cardinal)
}

/// Up to three letters are a code if they are capitals, or one alone; longer words are words.
fn code_words(letters: &str) -> Option<Vec<Word>> {
    let count = letters.chars().count();
    if count > 3 || (count > 1 && !letters.chars().all(char::is_uppercase)) {
        return None;
    }
    letters.chars().map(character_word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(prefix: &str, value: u32, counter: &str) -> Called {
        Called { prefix: prefix.to_owned(), value, counter: counter.to_owned(), recall: false }
    }

    fn ids(pass: Pass, called: &Called) -> String {
        let clips = plan(SpokenLanguage::French, pass, called);
        clips.iter().map(|clip| clip.word.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_first_pass_is_a_cardinal_and_the_repeat_goes_digit_by_digit() {
        for (value, first, repeat) in [
            (0, "number-0", "number-0"),
            (5, "number-5", "number-5"),
            (45, "number-45", "number-4 number-5"),
            (76, "number-76", "number-7 number-6"),
            (100, "hundred-1", "number-1 number-0 number-0"),
            (200, "hundred-2", "number-2 number-0 number-0"),
            (205, "hundred-and-2 number-5", "number-2 number-0 number-5"),
            (999, "hundred-and-9 number-99", "number-9 number-9 number-9"),
            (1045, "number-1 number-0 number-4 number-5", "number-1 number-0 number-4 number-5"),
        ] {
            let call = called("A", value, "3");
            assert_eq!(ids(Pass::First, &call), format!("ticket letter-a {first} counter number-3"));
            assert_eq!(ids(Pass::Repeat, &call), format!("letter-a {repeat}"));
        }
    }

    #[test]
    fn a_recall_says_so_first() {
        let call = Called { recall: true, ..called("B", 7, "12") };
        assert_eq!(ids(Pass::First, &call), "recall ticket letter-b number-7 counter number-12");
        assert_eq!(ids(Pass::Repeat, &call), "letter-b number-7");
    }

    #[test]
    fn prefixes_are_spelled_and_what_cannot_be_said_is_left_out() {
        for (prefix, wanted) in [
            ("", ""),
            ("AB", "letter-a letter-b "),
            ("é", "letter-e "),
            ("A2-", "letter-a number-2 "),
            ("شA", "letter-a "),
            ("ABCDEFGHIJ", "letter-a letter-b letter-c letter-d letter-e letter-f "),
        ] {
            assert_eq!(ids(Pass::Repeat, &called(prefix, 1, "1")), format!("{wanted}number-1"), "{prefix}");
        }
    }

    #[test]
    fn counters_are_numbers_codes_or_the_screen() {
        for (label, wanted) in [
            ("3", "counter number-3"),
            ("03", "counter number-3"),
            (" 99 ", "counter number-99"),
            ("215", "counter hundred-and-2 number-15"),
            ("4512", "counter number-4 number-5 number-1 number-2"),
            ("b", "counter letter-b"),
            ("VIP", "counter letter-v letter-i letter-p"),
            ("B12", "counter letter-b number-12"),
            ("B 12", "counter letter-b number-12"),
            ("3-B", "counter number-3 letter-b"),
            ("Guichet 3", "counter number-3"),
            ("GUICHET n° 3", "counter number-3"),
            ("شباك 7", "counter number-7"),
            ("Balcão B", "counter letter-b"),
            ("Caisse 2", "look-at-screen"),
            ("Madame Diop", "look-at-screen"),
            ("Le 3", "look-at-screen"),
            ("1234567", "look-at-screen"),
            ("3/4", "look-at-screen"),
            ("A1B2", "look-at-screen"),
            ("", "look-at-screen"),
            ("  ", "look-at-screen"),
            ("-", "look-at-screen"),
        ] {
            assert_eq!(
                ids(Pass::First, &called("A", 1, label)),
                format!("ticket letter-a number-1 {wanted}"),
                "{label}"
            );
        }
    }

    #[test]
    fn languages_without_a_voice_speak_french() {
        for (code, language) in [
            ("fr", SpokenLanguage::French),
            ("FR-sn", SpokenLanguage::French),
            ("en", SpokenLanguage::English),
            ("ar", SpokenLanguage::Arabic),
            ("pt-BR", SpokenLanguage::Portuguese),
            ("es", SpokenLanguage::Spanish),
            ("wo", SpokenLanguage::French),
            ("xx", SpokenLanguage::French),
            ("", SpokenLanguage::French),
        ] {
            assert_eq!(SpokenLanguage::for_code(code), language, "{code}");
        }
    }
}
