//! The code pages in which printers get text: WPC1252, and PC858 for models without it. In both directions.
//!
//! These are our own tables because the published crates' are not right: the `escpos` crate's PC858 prints `HÔPITAL` as
//! `HÒPITAL`, and what a page lacks goes out as raw UTF-8. WPC1252 carries all of French (`é à ç Ô Œ Ÿ € ’`), PC858 all but
//! `Œ`, `œ`, `Ÿ` and `’`. The first table is checked in the tests against the WHATWG one, the second was compared with that of
//! Python's codecs. Nothing here knows commands or widths.

use super::profile::{CodePage, CodeTable};

/// Bytes 0x80 to 0x9F; everything from 0xA0 up is Latin-1, and five places are empty.
#[rustfmt::skip]
const HIGH: [Option<char>; 32] = [
    Some('\u{20AC}'), None, Some('\u{201A}'), Some('\u{0192}'), Some('\u{201E}'), Some('\u{2026}'), Some('\u{2020}'), Some('\u{2021}'),  // 80-87 € · ‚ ƒ „ … † ‡
    Some('\u{02C6}'), Some('\u{2030}'), Some('\u{0160}'), Some('\u{2039}'), Some('\u{0152}'), None, Some('\u{017D}'), None,  // 88-8F ˆ ‰ Š ‹ Œ · Ž ·
    None, Some('\u{2018}'), Some('\u{2019}'), Some('\u{201C}'), Some('\u{201D}'), Some('\u{2022}'), Some('\u{2013}'), Some('\u{2014}'),  // 90-97 · ‘ ’ “ ” • – —
    Some('\u{02DC}'), Some('\u{2122}'), Some('\u{0161}'), Some('\u{203A}'), Some('\u{0153}'), None, Some('\u{017E}'), Some('\u{0178}'),  // 98-9F ˜ ™ š › œ · ž Ÿ
];

/// The upper half of PC858, which is PC850 with a euro.
const PC858: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{AD}±‗¾¶§÷¸°¨·¹³²■\u{A0}";

impl CodeTable {
    /// The byte of one character, or `None` when the page has none. Control characters have none.
    #[must_use]
    pub fn encode(self, character: char) -> Option<u8> {
        match self {
            CodeTable::Wpc1252 => encode_wpc1252(character),
            CodeTable::Pc858 => match character {
                ' '..='~' => u8::try_from(character).ok(),
                other => {
                    let place = PC858.chars().position(|carried| carried == other)?;
                    u8::try_from(place).ok().map(|place| 0x80 + place)
                }
            },
        }
    }

    /// The character of one byte, or `None` for control bytes and places without a character.
    #[must_use]
    pub fn decode(self, byte: u8) -> Option<char> {
        match (self, byte) {
            (CodeTable::Wpc1252, _) => decode_wpc1252(byte),
            (CodeTable::Pc858, 0x20..=0x7E) => Some(char::from(byte)),
            (CodeTable::Pc858, 0x80..) => PC858.chars().nth(usize::from(byte - 0x80)),
            (CodeTable::Pc858, 0x00..=0x1F | 0x7F) => None,
        }
    }
}

fn encode_wpc1252(character: char) -> Option<u8> {
    match character {
        ' '..='~' => u8::try_from(character).ok(),
        '\u{A0}'..='\u{FF}' => u8::try_from(u32::from(character)).ok(),
        other => {
            let place = HIGH.iter().position(|carried| *carried == Some(other))?;
            u8::try_from(place).ok().map(|place| 0x80 + place)
        }
    }
}

fn decode_wpc1252(byte: u8) -> Option<char> {
    match byte {
        0x20..=0x7E | 0xA0..=0xFF => Some(char::from(byte)),
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        0x00..=0x1F | 0x7F => None,
    }
}

/// The bytes of a text if the printer's page carries all of it. Without a page only ASCII is certain, and a no-break space is a
/// space.
pub(super) fn native_bytes(text: &str, page: Option<CodePage>) -> Option<Vec<u8>> {
    let visible = text.chars().filter(|character| !is_invisible(*character)).map(same_look);
    let byte = |character: char| match page {
        Some(page) => page.table.encode(character),
        None if character == '\u{A0}' => Some(b' '),
        None => CodeTable::Wpc1252.encode(character).filter(u8::is_ascii),
    };
    visible.map(byte).collect()
}

/// Characters without a shape of their own: joiners, direction marks, soft hyphens.
pub(super) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{61C}'
    )
}

/// Spaces, hyphens and dashes of other widths are brought to the page's own: they look the same.
fn same_look(character: char) -> char {
    match character {
        '\u{2000}'..='\u{200A}' | '\u{3000}' => ' ',
        '\u{202F}' | '\u{205F}' => '\u{A0}',
        '\u{2010}' | '\u{2011}' | '\u{2212}' => '-',
        '\u{2012}' => '\u{2013}',
        '\u{2015}' => '\u{2014}',
        '\u{02BC}' => '\u{2019}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_words_have_the_bytes_of_the_windows_page() {
        let cases: [(&str, &[u8]); 7] = [
            ("HÔPITAL", &[0x48, 0xD4, 0x50, 0x49, 0x54, 0x41, 0x4C]),
            ("l’heure", &[0x6C, 0x92, 0x68, 0x65, 0x75, 0x72, 0x65]),
            ("Œuvre", &[0x8C, 0x75, 0x76, 0x72, 0x65]),
            ("12 €", &[0x31, 0x32, 0x20, 0x80]),
            ("éàç", &[0xE9, 0xE0, 0xE7]),
            ("Ÿ—–", &[0x9F, 0x97, 0x96]),
            ("-", &[0x2D]),
        ];
        for (text, bytes) in cases {
            let encoded: Vec<u8> = text.chars().filter_map(encode_wpc1252).collect();
            assert_eq!(encoded, bytes, "{text}");
        }
    }

    #[test]
    fn the_whole_table_agrees_with_an_independent_one() {
        for byte in 0x20..=0xFF_u8 {
            let (independent, _, _) = encoding_rs::WINDOWS_1252.decode(std::slice::from_ref(&byte));
            let independent = independent.chars().next().filter(|character| !character.is_control());
            assert_eq!(decode_wpc1252(byte), independent, "byte {byte:02X}");
            if let Some(character) = independent {
                assert_eq!(encode_wpc1252(character), Some(byte), "character {character}");
            }
        }
    }

    #[test]
    fn pc858_has_its_own_bytes_for_french() {
        let cases: [(&str, &[u8]); 4] = [
            ("HÔPITAL", &[0x48, 0xE2, 0x50, 0x49, 0x54, 0x41, 0x4C]),
            ("éàçêù", &[0x82, 0x85, 0x87, 0x88, 0x97]),
            ("12\u{A0}€", &[0x31, 0x32, 0xFF, 0xD5]),
            ("Àñ«»", &[0xB7, 0xA4, 0xAE, 0xAF]),
        ];
        for (text, bytes) in cases {
            let encoded: Vec<u8> = text.chars().filter_map(|character| CodeTable::Pc858.encode(character)).collect();
            assert_eq!(encoded, bytes, "{text}");
        }
        assert_eq!(CodeTable::Pc858.encode('Œ'), None);
        for byte in (0x20..=0x7E).chain(0x80..=0xFF_u8) {
            let character = CodeTable::Pc858.decode(byte).expect("every place has a character");
            assert_eq!(CodeTable::Pc858.encode(character), Some(byte), "byte {byte:02X}");
        }
    }

    #[test]
    fn a_text_has_bytes_when_the_page_carries_all_of_it() {
        let page = |table| Some(CodePage { table, number: 16 });
        let wpc1252 = page(CodeTable::Wpc1252);
        assert_eq!(native_bytes("Hé\u{200E} €", wpc1252), Some(vec![b'H', 0xE9, b' ', 0x80]));
        assert_eq!(native_bytes("Hé\u{202F}!", page(CodeTable::Pc858)), Some(vec![b'H', 0x82, 0xFF, b'!']));
        assert_eq!(native_bytes("A\u{A0}: 1", None), Some(b"A : 1".to_vec()));
        assert_eq!(native_bytes("Hé", None), None);
        for text in ["ŋ", "ع", "中", "😀", "\u{81}", "\u{F8FF}"] {
            assert_eq!(native_bytes(text, wpc1252), None, "{text}");
        }
    }
}
