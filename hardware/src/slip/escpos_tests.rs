//! Tests of the bytes of a slip: each command where it belongs, and no command that nobody asked for.

use proptest::prelude::*;
use qrcode::{EcLevel, QrCode};

use super::*;
use crate::slip::encoding::native_bytes;
use crate::slip::{PaperWidth, SafeText};

fn profile() -> PrinterProfile {
    PrinterProfile::epson_tm(PaperWidth::Mm80)
}

/// What the printer is told before the first block; known, so that the rest can be looked at alone.
fn after_preamble(bytes: &[u8]) -> &[u8] {
    let preamble = Writer::new(&profile()).bytes;
    assert_eq!(bytes[..preamble.len()], preamble[..]);
    &bytes[preamble.len()..]
}

#[test]
fn french_reaches_the_printer_in_its_own_code_page() {
    let slip = Slip::new().styled("HÔPITAL — 12 €", Align::Left, TextSize::NORMAL, Weight::Regular);
    let bytes = render_bytes(&slip, &profile());
    assert!(bytes.windows(3).any(|window| window == [0x1B, b't', 16]));
    assert_eq!(after_preamble(&bytes), b"H\xD4PITAL \x97 12 \x80\n");
}

#[test]
fn a_printer_without_the_page_gets_the_line_as_a_picture() {
    let plain = PrinterProfile { code_page: None, ..profile() };
    let text = |text| render_bytes(&Slip::new().text(text), &plain);
    assert!(text("Accueil").ends_with(b"Accueil\n"));
    let bytes = text("Hôpital");
    assert!(bytes.windows(3).any(|window| window == [0x1D, b'v', b'0']));
    assert!(!bytes.windows(3).any(|window| window == [0x1B, b't', 16]));
}

#[test]
fn what_the_page_lacks_is_a_picture_of_its_line() {
    let slip = Slip::new().styled("ekraŋ", Align::Left, TextSize::NORMAL, Weight::Regular);
    let bytes = render_bytes(&slip, &profile());
    let at = bytes.windows(3).position(|window| window == [0x1D, b'v', b'0']).expect("a picture");
    let (width, height) = (usize::from(bytes[at + 4]), usize::from(bytes[at + 6]));
    assert!((6..=8).contains(&width), "{width} bytes for five letters of twelve dots");
    assert!((18..=24).contains(&height), "{height} rows");
}

#[test]
fn the_cut_is_partial_and_parted_from_the_body() {
    let job = render_job(&Slip::new().text("a").cut(), &profile());
    assert_eq!(job.cut, [0x1D, 0x56, 66, 0]);
    assert_eq!(job.body.last(), Some(&b'\n'));
    assert_eq!(job.height_mm, 16, "26 dots of text are 3.25 mm, the feed to the knife 12 mm");
    assert_eq!(PrintJob::from_bytes(&job.clone().into_bytes(), 16), job);
}

#[test]
fn a_presenter_cuts_through_and_a_printer_without_a_knife_feeds_to_its_tear_bar() {
    let cut = |cut| render_job(&Slip::new().text("a").cut(), &PrinterProfile { cut, ..profile() }).cut;
    assert_eq!(cut(CutCommand::Full), [0x1D, 0x56, 65, 0]);
    assert_eq!(cut(CutCommand::None), [0x1B, b'J', 96]);
}

#[test]
fn the_code_is_model_2_with_error_correction_m() {
    let bytes = render_bytes(&Slip::new().qr("https://a.example/t/1", 6), &profile());
    let model = [0x1D, 0x28, 0x6B, 4, 0, 0x31, 0x41, 0x32, 0];
    let level = [0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x45, 0x31];
    let store = [&[0x1D, 0x28, 0x6B, 24, 0, 0x31, 0x50, 0x30][..], b"https://a.example/t/1"].concat();
    for wanted in [&model[..], &level[..], &store[..]] {
        assert!(bytes.windows(wanted.len()).any(|window| window == wanted), "{wanted:02X?}");
    }
}

#[test]
fn a_code_too_wide_for_the_paper_shrinks_and_one_too_long_becomes_text() {
    let narrow = PrinterProfile::epson_tm(PaperWidth::Mm58);
    let long = "x".repeat(400);
    let bytes = render_bytes(&Slip::new().qr(&long, 16), &narrow);
    let at = bytes.windows(7).position(|window| window == [0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x43]).expect("size");
    let modules = QrCode::with_error_correction_level(&long, EcLevel::M).expect("fits a code").width();
    assert!(usize::from(bytes[at + 7]) * modules <= 384);

    let endless = "y".repeat(5000);
    let bytes = render_bytes(&Slip::new().qr(&endless, 6), &narrow);
    assert_eq!(bytes.iter().filter(|byte| **byte == b'y').count(), 5000);
}

#[test]
fn the_big_number_takes_the_largest_size_that_fits_on_one_line() {
    let size_of = |text: &str, paper| {
        let bytes = render_bytes(&Slip::new().big_number(text, 8), &PrinterProfile::epson_tm(paper));
        let at = bytes.windows(2).position(|window| window == [0x1D, b'!']).expect("a size");
        bytes[at + 2]
    };
    assert_eq!(size_of("A045", PaperWidth::Mm80), 0x77);
    assert_eq!(size_of("A045", PaperWidth::Mm58), 0x77);
    assert_eq!(size_of("ABC1045", PaperWidth::Mm58), 0x33);
}

#[test]
fn a_feed_longer_than_a_byte_is_made_of_several() {
    let bytes = render_bytes(&Slip::new().feed(200).feed(200).feed(0), &profile());
    assert_eq!(after_preamble(&bytes), [0x1B, b'J', 255, 0x1B, b'J', 145]);
}

/// The commands that [`render_bytes`] may write, parsed; anything else is a hole in the wall.
fn only_known_commands(mut bytes: &[u8]) -> Result<usize, String> {
    let mut cuts = 0;
    while let Some(first) = bytes.first() {
        let length = match bytes {
            [b'\n' | 0x20..=0x7E | 0x80..=0xFF, ..] => 1,
            [0x1B, b'@', ..] | [0x1C, b'.', ..] => 2,
            [0x1B, b't', 16, ..] | [0x1B, b'R', 0, ..] | [0x1B, b'a', 0..=2, ..] | [0x1B, b'E', 0 | 1, ..] => 3,
            [0x1B, b'-', 0 | 2, ..] | [0x1B, b'J', _, ..] | [0x1B, b'3', LINE_SPACING, ..] => 3,
            [0x1D, b'b', 1, ..] | [0x1D, b'!', ..] => 3,
            [0x1D, b'h', _, 0x1D, b'w', 2 | 3, 0x1D, b'k', 73, length, ..] => 10 + usize::from(*length),
            [0x1D, b'P', 203, 203, ..] => 4,
            [0x1D, b'V', 66, 0, ..] => {
                cuts += 1;
                4
            }
            [0x1D, b'v', b'0', 0, width, 0, height, 0, ..] => 8 + usize::from(*width) * usize::from(*height),
            [0x1D, b'(', b'k', low, high, ..] => 5 + usize::from(u16::from_le_bytes([*low, *high])),
            _ => return Err(format!("byte {first:02X} at {} from the end", bytes.len())),
        };
        bytes = bytes.get(length..).ok_or("cut off command")?;
    }
    Ok(cuts)
}

/// Any text at all, with as many control characters as letters.
fn hostile() -> impl Strategy<Value = String> {
    let commands =
        prop::sample::select(vec!['\u{1B}', '\u{1D}', '\u{10}', '\u{1C}', '\0', '@', 'V', 'p', '\u{4}', '\u{14}', 'ŋ']);
    let control = prop::char::range('\0', '\u{1F}');
    let high_control = prop::char::range('\u{7F}', '\u{9F}');
    let characters = prop_oneof![commands, control, high_control, any::<char>()];
    prop::collection::vec(characters, 0..60).prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_becomes_a_command(text in hostile(), narrow in any::<bool>()) {
        let paper = if narrow { PaperWidth::Mm58 } else { PaperWidth::Mm80 };
        let slip = Slip::new().text(&text).big_number(&text, 8).qr(&text, 6).barcode(&text, Default::default(), 40).rule().cut();
        for profile in [PrinterProfile::epson_tm(paper), PrinterProfile::generic(paper)] {
            let bytes = render_bytes(&slip, &profile);
            prop_assert_eq!(only_known_commands(&bytes), Ok(1), "only the slip's own cut");
            let real_time = bytes.windows(2).any(|window| matches!(window, [0x10, 0x02 | 0x04 | 0x05 | 0x14]));
            prop_assert!(!real_time, "printers act on these even inside data");
        }
    }

    #[test]
    fn every_visible_character_of_the_page_is_printed(text in "[ -~\u{A0}-\u{FF}€’Œ]{0,80}") {
        let safe = SafeText::new(&text);
        let slip = Slip::new().styled(&text, Align::Left, TextSize::NORMAL, Weight::Regular);
        let bytes = render_bytes(&slip, &profile());
        let visible = |bytes: &[u8]| bytes.iter().copied().filter(|byte| *byte > b' ').collect::<Vec<u8>>();
        let expected = native_bytes(safe.as_str(), profile().code_page).expect("the page has all of these");
        prop_assert_eq!(visible(after_preamble(&bytes)), visible(&expected));
    }
}
