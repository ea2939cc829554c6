//! Properties that must hold for any bytes, in one place for the fuzz targets of `hardware/fuzz` and for the ordinary suite.
//! Each takes arbitrary bytes and panics when its property does not hold. Not part of the product.

use std::sync::OnceLock;

use crate::printer::answers::{Answer, Answers, Question};
#[cfg(test)]
use crate::slip::preview;
use crate::slip::steps::{Step, steps};
use crate::slip::{Align, PaperWidth, PrintJob, PrinterProfile, Slip, Symbology, TextSize, Weight, render_job};
use crate::virtual_printer::reading::{Effect, effects, join};

/// Most bytes that may wait for the rest of an answer: a block of keys is the longest.
const LONGEST_PARTIAL: usize = 84;

/// A printer's bytes, in any order and mixed with any questions, never become more than they are.
///
/// Nothing is believed that was not asked for, an echo only when all its bytes came in one piece, and garbage does not pile up.
pub fn check_answers(data: &[u8]) {
    let mut answers = Answers::default();
    let mut fed = Vec::new();
    let (mut asked_in_turn, mut asked_in_time, mut asked_names, mut asked_keys) = (0_usize, 0_usize, 0_usize, 0_usize);
    let mut bytes = data.iter().copied();
    while let Some(what) = bytes.next() {
        match what % 16 {
            0 => {
                answers.asked(Question::ALL[usize::from(what >> 4) % Question::ALL.len()]);
                asked_in_time += 1;
            }
            1 => {
                answers.asked_paper_status();
                asked_in_turn += 1;
            }
            2 => {
                answers.asked_identity();
                asked_names += 1;
            }
            3 => {
                answers.give_up();
                (asked_in_turn, asked_in_time, asked_names, asked_keys) = (0, 0, 0, 0);
                // What was begun before is forgotten, so an answer cannot reach back over it.
                fed.clear();
            }
            4 => answers.settle(),
            5 => answers.unsettle(),
            6 => {
                answers.asked_keys();
                asked_keys += 1;
            }
            _ => {
                for byte in bytes.by_ref().take(usize::from(what >> 4) + 1) {
                    fed.push(byte);
                    let Some(answer) = answers.take(byte) else { continue };
                    match answer {
                        Answer::Told(_) => asked_in_time = asked_in_time.checked_sub(1).expect("nobody asked"),
                        Answer::PaperStatus => asked_in_turn = asked_in_turn.checked_sub(1).expect("nobody asked"),
                        Answer::Identity => {
                            asked_names = asked_names.checked_sub(1).expect("nobody asked for a name");
                            let name = answers.identity().last().expect("a name");
                            assert!(name.chars().all(|letter| matches!(letter, ' '..='~')), "{name:?}");
                        }
                        Answer::Keys { .. } => {
                            asked_keys = asked_keys.checked_sub(1).expect("nobody asked for keys");
                            assert!(answers.take_keys().len() <= LONGEST_PARTIAL / 2);
                        }
                        Answer::Echo(id) => assert!(fed.ends_with(&[0x37, 0x22, id[0], id[1], id[2], id[3], 0])),
                        Answer::Cleared => assert!(fed.ends_with(&[0x37, 0x25, 0])),
                        Answer::Automatic => {
                            let [.., first, second, third, fourth] = fed.as_slice() else { panic!("too short") };
                            assert!(first & 0x93 == 0x10 && (second | third | fourth) & 0x90 == 0);
                        }
                        Answer::Stray => assert!(!answers.is_settled()),
                    }
                }
            }
        }
        assert_eq!(answers.paper_status_told(), asked_in_turn == 0);
        assert_eq!(answers.all_told(), asked_in_time == 0);
        assert!(answers.garbage() <= data.len() as u64);
        assert!(answers.waiting() <= LONGEST_PARTIAL);
    }
}

/// Any text on any slip for any printer: what the printer understands is what was meant, and not a command more.
pub fn check_slip_text(data: &[u8]) {
    let (profile, slip) = slip_of(data);
    let job = render_job(&slip, profile);
    let again = PrintJob { height_mm: job.height_mm, ..PrintJob::from_bytes(&job.clone().into_bytes(), job.height_mm) };
    let bytes = job.into_bytes();
    assert_eq!(again.into_bytes(), bytes);
    let understood = effects(&bytes).unwrap_or_else(|refusal| panic!("{refusal}: {slip:?} for {}", profile.name));
    assert_eq!(understood, meant(&slip, profile), "{slip:?} for {}", profile.name);
    // A printer acts on these the moment they arrive, wherever they stand.
    let real_time = bytes.windows(2).find(|pair| matches!(pair, [0x10, 0x04 | 0x05 | 0x14]));
    assert_eq!(real_time, None, "{slip:?} for {}", profile.name);
}

/// Any slip can be drawn for any printer, as wide as its paper. Drawing costs a hundred times what bytes cost, so it is a property
/// of its own, for the ordinary suite: in a fuzz target it would leave six slips a second.
#[cfg(test)]
fn check_slip_picture(data: &[u8]) {
    let (profile, slip) = slip_of(data);
    let picture = preview(&slip, profile);
    assert!(picture.width() > u32::from(profile.dots), "{slip:?} for {}", profile.name);
    assert!(picture.height() > profile.dots_of_mm(profile.feed_to_cutter_mm), "{slip:?} for {}", profile.name);
}

/// Every model with each paper that it takes, read once: reading one takes longer than a slip.
fn profiles() -> &'static [PrinterProfile] {
    static READ: OnceLock<Vec<PrinterProfile>> = OnceLock::new();
    READ.get_or_init(|| {
        let papers = [PaperWidth::Mm80, PaperWidth::Mm58];
        let with = |name| papers.into_iter().map(move |paper| PrinterProfile::by_name(name, paper));
        PrinterProfile::names().into_iter().flat_map(with).filter_map(Result::ok).collect()
    })
}

/// A slip made of bytes: each block takes two that say what it is, and then its text up to the next byte that no UTF-8 has.
fn slip_of(data: &[u8]) -> (&'static PrinterProfile, Slip) {
    let mut parts = data.split(|byte| *byte == 0xFF);
    let (place, paper) = match parts.next() {
        Some([place, paper, ..]) => (usize::from(*place), *paper),
        Some(_) | None => (0, 0),
    };
    let profiles = profiles();
    let profile = &profiles[(place * 2 + usize::from(paper % 2)) % profiles.len()];
    // Twelve blocks are more than any slip has; longer ones would only be slower.
    let slip = parts.take(12).fold(Slip::new(), |slip, part| {
        let [what, how, text @ ..] = part else { return slip };
        let text = String::from_utf8_lossy(text);
        let align = [Align::Left, Align::Centre, Align::Right][usize::from(how % 3)];
        match what % 8 {
            0 => slip.text(&text),
            1 => slip.styled(&text, align, TextSize::new(how % 9, how >> 4), Weight::Bold),
            2 => slip.big_number(&text, how % 9),
            3 => slip.qr(&text, *how),
            4 => slip.barcode(&text, Symbology::Code128, *how),
            5 => slip.rule(),
            6 => slip.feed(*how),
            _ => slip.cut(),
        }
    });
    (profile, slip)
}

/// What the layout wants on the paper.
fn meant(slip: &Slip, profile: &PrinterProfile) -> Vec<Effect> {
    let mut effects = Vec::new();
    for step in steps(slip, profile) {
        let effect = match step {
            Step::Line { bytes, .. } => Effect::Line(bytes),
            Step::Rule { spaces } => Effect::Line(vec![b' '; spaces]),
            Step::Picture { picture, .. } => Effect::Dots(picture.pack()),
            Step::KeptPicture { key, .. } => Effect::Kept(key.0),
            Step::Qr { data, .. } => Effect::Qr(data),
            Step::Barcode { symbology, payload, .. } => Effect::Barcode(symbology.kind(), payload),
            Step::Feed(dots) => Effect::Feed(dots),
            Step::Cut if crate::slip::steps::has_knife(profile) => Effect::Cut,
            Step::Cut => Effect::Feed(profile.dots_of_mm(profile.feed_to_cutter_mm)),
        };
        if effect != Effect::Feed(0) && effect != Effect::Dots(Vec::new()) {
            join(&mut effects, effect);
        }
    }
    effects
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes that are mostly commands, answers and their beginnings.
    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..12),
            prop::sample::select(vec![
                b"\x1B@".to_vec(),
                b"\x1DVB\0".to_vec(),
                b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08".to_vec(),
                b"\x10\x04\x01".to_vec(),
                b"\x1D(H\x06\x0000abcd".to_vec(),
                b"\x37\x22abcd\0".to_vec(),
                b"\x37\x25\0".to_vec(),
                b"_EPSON\0".to_vec(),
                vec![0x1C, b'p', 1, 0],
                vec![0xFF, 0, 1],
                vec![0xFF, 2, 8],
                vec![0xFF, 3, 5],
                vec![0xFF, 4, 60],
                "مستشفى".as_bytes().to_vec(),
                "Hôpital \u{1B}@ \u{202E}".as_bytes().to_vec(),
            ]),
        ];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_bytes_of_a_printer_become_more_than_they_are(data in hostile()) {
            check_answers(&data);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn what_a_printer_understands_is_what_the_layout_meant(data in hostile()) {
            check_slip_text(&data);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_slip_can_be_drawn(data in hostile()) {
            check_slip_picture(&data);
        }
    }
}
