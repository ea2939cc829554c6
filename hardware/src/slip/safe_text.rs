//! Text that is certain to be data: the only form in which words reach the paper.
//!
//! Names and messages come from an office, a server or a file, and an ESC/POS printer takes every byte below 0x20 as the
//! start of a command. The door is therefore here, once, and not in each place that prints. Nothing here encodes or wraps.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// Text without any control character (C0, DEL, C1), composed to Unicode form C.
///
/// Line breaks and tabs become one space each, every other control character disappears. Characters that no code page
/// carries stay: showing them is the encoder's matter, and dropping them here would lose them silently.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SafeText(String);

impl SafeText {
    /// Makes any text safe. Never fails: what is not text is left out.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let visible = text.chars().filter_map(|character| match character {
            '\t' | '\n' | '\u{0B}' | '\u{0C}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
            control if control.is_control() => None,
            other => Some(other),
        });
        SafeText(visible.nfc().collect())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when nothing is left to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for SafeText {
    fn from(text: &str) -> Self {
        SafeText::new(text)
    }
}

impl From<String> for SafeText {
    fn from(text: String) -> Self {
        SafeText::new(&text)
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_inside_text_lose_their_control_characters() {
        let cases = [
            ("Caisse\u{1D}V\u{0}", "CaisseV"),
            ("a\u{1B}@b", "a@b"),
            ("\u{10}\u{04}\u{01}status", "status"),
            ("\u{1C}p\u{9B}31m", "p31m"),
            ("ligne 1\nligne 2\ttab", "ligne 1 ligne 2 tab"),
            ("\u{7F}", ""),
        ];
        for (hostile, expected) in cases {
            assert_eq!(SafeText::new(hostile).as_str(), expected, "{hostile:?}");
        }
    }

    #[test]
    fn decomposed_accents_are_composed_so_that_the_code_page_carries_them() {
        assert_eq!(SafeText::new("Ho\u{302}pital").as_str(), "Hôpital");
    }
}
