//! Barcodes as bars and gaps: CODE128 (sets A and B are not needed beyond B) and CODE39. Knows no printer.
//!
//! Tables: ISO/IEC 15417 (CODE128) and ISO/IEC 16388 (CODE39).

/// A kind of barcode that every printer with barcodes has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Symbology {
    /// Any printable ASCII, dense. In set B.
    #[default]
    Code128,
    /// Capitals, digits and `-. $/+%`; wide, and read by the oldest scanners.
    Code39,
}

/// The kinds by which `GS k` (function B) calls them.
const GS_K_CODE39: u8 = 69;
const GS_K_CODE128: u8 = 73;

/// Widths of bars and gaps in modules, for the values 0 to 105; the stop is apart, being longer.
#[rustfmt::skip]
const CODE128: [&[u8; 6]; 106] = [
    b"212222", b"222122", b"222221", b"121223", b"121322", b"131222", b"122213", b"122312", b"132212", b"221213", b"221312",
    b"231212", b"112232", b"122132", b"122231", b"113222", b"123122", b"123221", b"223211", b"221132", b"221231", b"213212",
    b"223112", b"312131", b"311222", b"321122", b"321221", b"312212", b"322112", b"322211", b"212123", b"212321", b"232121",
    b"111323", b"131123", b"131321", b"112313", b"132113", b"132311", b"211313", b"231113", b"231311", b"112133", b"112331",
    b"132131", b"113123", b"113321", b"133121", b"313121", b"211331", b"231131", b"213113", b"213311", b"213131", b"311123",
    b"311321", b"331121", b"312113", b"312311", b"332111", b"314111", b"221411", b"431111", b"111224", b"111422", b"121124",
    b"121421", b"141122", b"141221", b"112214", b"112412", b"122114", b"122411", b"142112", b"142211", b"241211", b"221114",
    b"413111", b"241112", b"134111", b"111242", b"121142", b"121241", b"114212", b"124112", b"124211", b"411212", b"421112",
    b"421211", b"212141", b"214121", b"412121", b"111143", b"111341", b"131141", b"114113", b"114311", b"411113", b"411311",
    b"113141", b"114131", b"311141", b"411131", b"211412", b"211214", b"211232",
];
const CODE128_STOP: &[u8] = b"2331112";
const CODE128_START_B: usize = 104;

/// Characters of CODE39 with their nine bars and gaps, `w` for wide.
#[rustfmt::skip]
const CODE39: [(u8, &[u8; 9]); 44] = [
    (b'0', b"nnnwwnwnn"), (b'1', b"wnnwnnnnw"), (b'2', b"nnwwnnnnw"), (b'3', b"wnwwnnnnn"), (b'4', b"nnnwwnnnw"),
    (b'5', b"wnnwwnnnn"), (b'6', b"nnwwwnnnn"), (b'7', b"nnnwnnwnw"), (b'8', b"wnnwnnwnn"), (b'9', b"nnwwnnwnn"),
    (b'A', b"wnnnnwnnw"), (b'B', b"nnwnnwnnw"), (b'C', b"wnwnnwnnn"), (b'D', b"nnnnwwnnw"), (b'E', b"wnnnwwnnn"),
    (b'F', b"nnwnwwnnn"), (b'G', b"nnnnnwwnw"), (b'H', b"wnnnnwwnn"), (b'I', b"nnwnnwwnn"), (b'J', b"nnnnwwwnn"),
    (b'K', b"wnnnnnnww"), (b'L', b"nnwnnnnww"), (b'M', b"wnwnnnnwn"), (b'N', b"nnnnwnnww"), (b'O', b"wnnnwnnwn"),
    (b'P', b"nnwnwnnwn"), (b'Q', b"nnnnnnwww"), (b'R', b"wnnnnnwwn"), (b'S', b"nnwnnnwwn"), (b'T', b"nnnnwnwwn"),
    (b'U', b"wwnnnnnnw"), (b'V', b"nwwnnnnnw"), (b'W', b"wwwnnnnnn"), (b'X', b"nwnnwnnnw"), (b'Y', b"wwnnwnnnn"),
    (b'Z', b"nwwnwnnnn"), (b'-', b"nwnnnnwnw"), (b'.', b"wwnnnnwnn"), (b' ', b"nwwnnnwnn"), (b'$', b"nwnwnwnnn"),
    (b'/', b"nwnwnnnwn"), (b'+', b"nwnnnwnwn"), (b'%', b"nnnwnwnwn"), (b'*', b"nwnnwnwnn"),
];
/// Modules of a wide bar.
const WIDE: u8 = 3;

impl Symbology {
    /// What `GS k` calls it.
    pub(crate) fn kind(self) -> u8 {
        match self {
            Symbology::Code128 => GS_K_CODE128,
            Symbology::Code39 => GS_K_CODE39,
        }
    }

    /// The data in the form that `GS k` takes; nothing when a character has no bars, or when it is longer than the command
    /// can say.
    pub(super) fn payload(self, text: &str) -> Option<Vec<u8>> {
        let payload = match self {
            Symbology::Code128 => {
                let mut payload = b"{B".to_vec();
                for character in text.chars() {
                    let byte = u8::try_from(character).ok().filter(|byte| (b' '..=b'~').contains(byte))?;
                    // An opening brace announces a change of set; twice it is itself.
                    payload.extend(std::iter::repeat_n(byte, if byte == b'{' { 2 } else { 1 }));
                }
                payload
            }
            Symbology::Code39 => {
                let code = |character: char| {
                    let byte = u8::try_from(character.to_ascii_uppercase()).ok()?;
                    (byte != b'*' && CODE39.iter().any(|(known, _)| *known == byte)).then_some(byte)
                };
                text.chars().map(code).collect::<Option<Vec<u8>>>()?
            }
        };
        (!text.is_empty() && payload.len() <= 255).then_some(payload)
    }
}

/// The text and the modules of what `GS k` was given, true where the paper turns black; nothing for what it does not take.
pub(crate) fn barcode_modules(kind: u8, payload: &[u8]) -> Option<(String, Vec<bool>)> {
    let (text, widths) = match kind {
        GS_K_CODE128 => code128(payload.strip_prefix(b"{B")?)?,
        GS_K_CODE39 => code39(payload)?,
        _ => return None,
    };
    let modules =
        widths.iter().enumerate().flat_map(|(at, width)| std::iter::repeat_n(at % 2 == 0, usize::from(*width)));
    Some((text, modules.collect()))
}

fn code128(data: &[u8]) -> Option<(String, Vec<u8>)> {
    let mut values = vec![CODE128_START_B];
    let mut text = String::new();
    let mut bytes = data.iter();
    while let Some(byte) = bytes.next() {
        if !(b' '..=b'~').contains(byte) || (*byte == b'{' && bytes.next() != Some(&b'{')) {
            return None;
        }
        text.push(char::from(*byte));
        values.push(usize::from(byte - b' '));
    }
    // The start counts once, then each value counts with its place.
    let sum: usize = values.iter().enumerate().map(|(place, value)| place.max(1) * value).sum();
    values.push(sum % 103);
    let widths = values.iter().flat_map(|value| CODE128[*value].iter()).chain(CODE128_STOP);
    Some((text, widths.map(|digit| digit - b'0').collect()))
}

fn code39(data: &[u8]) -> Option<(String, Vec<u8>)> {
    let mut widths = Vec::new();
    for byte in std::iter::once(&b'*').chain(data).chain(std::iter::once(&b'*')) {
        let (_, pattern) = CODE39.iter().find(|(known, _)| known == byte)?;
        if !widths.is_empty() {
            widths.push(1);
        }
        widths.extend(pattern.iter().map(|width| if *width == b'w' { WIDE } else { 1 }));
    }
    Some((String::from_utf8_lossy(data).into_owned(), widths))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn drawn(symbology: Symbology, text: &str) -> String {
        let payload = symbology.payload(text).expect("it has bars");
        let (read, modules) = barcode_modules(symbology.kind(), &payload).expect("it is drawn");
        assert_eq!(read, text);
        modules.iter().map(|black| if *black { '1' } else { '0' }).collect()
    }

    #[test]
    fn the_tables_have_the_properties_that_the_standards_give_them() {
        let sum = |widths: &[u8]| widths.iter().map(|digit| u32::from(digit - b'0')).sum::<u32>();
        assert!(CODE128.iter().all(|pattern| sum(pattern.as_slice()) == 11));
        // Bars alone have an even number of modules in every character: that is how a scanner finds a misread one.
        let bars = |pattern: &[u8; 6]| sum(&[pattern[0], pattern[2], pattern[4]]);
        assert!(CODE128.iter().all(|pattern| bars(pattern) % 2 == 0));
        assert_eq!(CODE128.iter().collect::<BTreeSet<_>>().len(), 106);
        assert!(CODE39.iter().all(|(_, pattern)| pattern.iter().filter(|width| **width == b'w').count() == 3));
        assert_eq!(CODE39.iter().map(|(_, pattern)| pattern).collect::<BTreeSet<_>>().len(), 44);
    }

    #[test]
    fn a_code128_has_the_check_character_of_the_standard() {
        // Start B, A (33), -, 4, 5, check, stop: 104 + 33 + 2*13 + 3*20 + 4*21 = 307, modulo 103 is 101.
        let modules = drawn(Symbology::Code128, "A-45");
        assert_eq!(modules.len(), 6 * 11 + 13);
        let pattern = |value: usize| {
            let widths = CODE128[value].iter().map(|digit| usize::from(digit - b'0')).enumerate();
            widths
                .flat_map(|(at, width)| std::iter::repeat_n(if at % 2 == 0 { '1' } else { '0' }, width))
                .collect::<String>()
        };
        let expected: String = [104, 33, 13, 20, 21, 101].map(pattern).concat();
        assert_eq!(modules[..66], expected);
        assert_eq!(modules[66..], *"1100011101011");
    }

    #[test]
    fn a_code39_begins_and_ends_with_its_star() {
        let modules = drawn(Symbology::Code39, "A45");
        let star = "1000101110111010";
        assert!(modules.starts_with(star) && modules.ends_with(&star[..15]), "{modules}");
        assert_eq!(modules.len(), 5 * 15 + 4);
    }

    #[test]
    fn what_has_no_bars_is_refused() {
        for text in ["", "é", "a\u{1D}V", "ع"] {
            assert_eq!(Symbology::Code128.payload(text), None, "{text:?}");
        }
        assert_eq!(Symbology::Code39.payload("A*B"), None);
        assert_eq!(Symbology::Code39.payload("a-1"), Some(b"A-1".to_vec()));
        assert_eq!(Symbology::Code128.payload("a{b"), Some(b"{Ba{{b".to_vec()));
        assert_eq!(Symbology::Code128.payload(&"x".repeat(254)), None, "one byte counts them");
        assert_eq!(drawn(Symbology::Code128, "a{b").len(), 6 * 11 + 2);
        assert_eq!(barcode_modules(73, b"{Ba{"), None);
        assert_eq!(barcode_modules(65, b"12345678901"), None);
    }
}
