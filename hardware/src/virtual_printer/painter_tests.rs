//! The bytes of a slip, read back: the paper is the preview dot by dot, and the commands are those that the slip's steps are.
//!
//! This is where the renderer's two outputs are laid side by side. The bytes go through this printer's own reader, and nothing but
//! a reader's knowledge is shared with whoever wrote them.

use proptest::prelude::*;

use super::*;
use crate::slip::steps::{Step, has_knife, steps};
use crate::slip::{
    Align, CodeDrawing, CutCommand, Logo, PaperWidth, PrinterProfile, RasterAlignment, RasterCommand, Slip, Symbology,
    TextSize, Weight, define_logo, preview, print_logo, render_bytes, sheet,
};
use crate::virtual_printer::command::{Command, CutKind, Next, next};

/// Every command in these bytes; none may be unknown or unfinished.
fn commands(bytes: &[u8]) -> Result<Vec<Command>, String> {
    let mut commands = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        match next(rest) {
            Next::NeedsMore => return Err(format!("unfinished: {:02X?}", &rest[..rest.len().min(20)])),
            Next::Whole(Command::Unknown, _) => return Err(format!("unknown: {:02X?}", &rest[..rest.len().min(20)])),
            Next::Whole(command, length) => {
                commands.push(command);
                rest = &rest[length..];
            }
        }
    }
    Ok(commands)
}

/// The paper that a printer of this profile makes of these commands, from the blank stretch before the knife to the last dot.
fn paper(printer: &mut Painter, commands: Vec<Command>, profile: &PrinterProfile) -> image::GrayImage {
    let to_knife = profile.dots_of_mm(profile.feed_to_cutter_mm) as usize;
    let mut rows = vec![Vec::new(); to_knife];
    for command in commands {
        let strips = match command {
            Command::Draw(drawing) => printer.draw(drawing),
            Command::Initialise => {
                printer.initialise();
                Vec::new()
            }
            Command::Cut { .. } | Command::Ignored => printer.flush(),
            other @ (Command::ProcessId(_)
            | Command::AutomaticStatus(_)
            | Command::StatusInTurn(_)
            | Command::Identity(_)
            | Command::KeptPictures
            | Command::Unknown) => panic!("{other:?} is not part of a slip"),
        };
        rows.extend(strips.into_iter().flat_map(|strip| strip.rows));
    }
    sheet(&rows, usize::from(profile.dots))
}

fn printer(profile: &PrinterProfile) -> Painter {
    Painter::new(usize::from(profile.dots), usize::from(profile.dpi))
}

fn logo() -> Logo {
    let mut file = std::io::Cursor::new(Vec::new());
    let picture =
        image::GrayImage::from_fn(300, 120, |x, y| image::Luma([if (x / 20 + y / 20) % 2 == 0 { 0 } else { 190 }]));
    picture.write_to(&mut file, image::ImageFormat::Png).expect("written");
    Logo::from_png(&file.into_inner()).expect("a logo")
}

/// Profiles that differ in every figure that changes bytes.
fn profiles() -> Vec<PrinterProfile> {
    let mut profiles: Vec<PrinterProfile> = PrinterProfile::names()
        .into_iter()
        .flat_map(|name| [PaperWidth::Mm58, PaperWidth::Mm80].map(|paper| PrinterProfile::by_name(name, paper)))
        .filter_map(Result::ok)
        .collect();
    profiles.push(PrinterProfile::cautious(PaperWidth::Mm80));
    profiles.push(PrinterProfile { raster: RasterCommand::Graphics, ..PrinterProfile::epson_tm(PaperWidth::Mm80) });
    profiles
}

/// The office's and the server's words: several scripts, and as many commands as letters.
fn words() -> impl Strategy<Value = String> {
    let hostile = prop::collection::vec(
        prop_oneof![
            prop::sample::select(vec!['\u{1B}', '\u{1D}', '\u{10}', '\u{1C}', '\0', '@', 'V', '\u{4}', '\u{14}', 'p']),
            any::<char>(),
        ],
        0..30,
    );
    prop_oneof![
        Just("Hôpital — Œuvre, l’heure, 12 €".to_owned()),
        Just("سيظهر رقمك A-042 على الشاشة الساعة 09:05".to_owned()),
        Just("Sa nimero dina feeñ ci ekraŋ bi.".to_owned()),
        hostile.prop_map(|characters| characters.into_iter().collect()),
    ]
}

fn slips() -> impl Strategy<Value = Slip> {
    let align = prop::sample::select(vec![Align::Left, Align::Centre, Align::Right]);
    let weight = prop::sample::select(vec![Weight::Regular, Weight::Bold]);
    let styled = (words(), align, 1..4_u8, 1..4_u8, weight);
    let block = prop_oneof![
        styled.prop_map(|(text, align, width, height, weight)| Slip::new().styled(
            &text,
            align,
            TextSize::new(width, height),
            weight
        )),
        (words(), 1..9_u8).prop_map(|(text, largest)| Slip::new().big_number(&text, largest)),
        (words(), 1..9_u8).prop_map(|(text, module)| Slip::new().qr(&text, module)),
        (words(), 1..90_u8).prop_map(|(text, height)| Slip::new().barcode(&text, Symbology::Code128, height)),
        Just(Slip::new().barcode("A-042", Symbology::Code39, 60)),
        Just(Slip::new().rule()),
        Just(Slip::new().ruler()),
        Just(Slip::new().logo(logo())),
        Just(Slip::new().logo(logo()).with_kept_logos()),
        (0..=255_u8).prop_map(|dots| Slip::new().feed(dots)),
    ];
    prop::collection::vec(block, 0..5)
        .prop_map(|blocks| blocks.into_iter().flat_map(|slip| slip.blocks).fold(Slip::new(), Slip::block).cut())
}

/// What a step is as commands, without the modes that lead to it.
fn as_commands(step: &Step, profile: &PrinterProfile) -> Vec<Command> {
    let draw = |drawing| vec![Command::Draw(drawing)];
    let text = |bytes: &[u8]| bytes.iter().map(|byte| Command::Draw(Drawing::Text(*byte))).collect::<Vec<_>>();
    let feed = |dots: u32| {
        let parts = (0..dots).step_by(255).map(|at| (dots - at).min(255));
        parts.map(|part| Command::Draw(Drawing::FeedUnits(part as u8))).collect()
    };
    match step {
        Step::Line { bytes, .. } => [text(bytes), draw(Drawing::LineFeed)].concat(),
        Step::Rule { spaces } => [text(&vec![b' '; *spaces]), draw(Drawing::LineFeed)].concat(),
        Step::Picture { picture, .. } => (0..picture.height())
            .step_by(128)
            .map(|top| picture.strip(top, top + 128))
            .flat_map(|strip| match profile.raster {
                RasterCommand::GsV0 => draw(Drawing::Raster(strip)),
                RasterCommand::Graphics => {
                    [draw(Drawing::StorePicture(strip)), draw(Drawing::PrintStoredPicture)].concat()
                }
            })
            .collect(),
        Step::KeptPicture { key, .. } => draw(Drawing::PrintKeptPicture(key.0)),
        Step::Qr { data, module, .. } => [
            vec![Command::Ignored],
            draw(Drawing::QrModule(*module)),
            draw(Drawing::QrLevel(49)),
            draw(Drawing::QrStore(data.clone())),
            draw(Drawing::QrPrint),
        ]
        .concat(),
        Step::Barcode { symbology, payload, module, height, .. } => [
            draw(Drawing::BarcodeHeight(*height)),
            draw(Drawing::BarcodeModule(*module)),
            draw(Drawing::Barcode(symbology.kind(), payload.clone())),
        ]
        .concat(),
        Step::Feed(dots) => feed(*dots),
        Step::Cut => match profile.cut {
            CutCommand::Partial => vec![Command::Cut { kind: CutKind::Partial, feed: Some(0) }],
            CutCommand::Full => vec![Command::Cut { kind: CutKind::Full, feed: Some(0) }],
            CutCommand::None => feed(profile.dots_of_mm(profile.feed_to_cutter_mm)),
        },
    }
}

/// The commands without those that only change a mode.
fn essential(commands: Vec<Command>) -> Vec<Command> {
    commands
        .into_iter()
        .filter(|command| match command {
            Command::Draw(
                Drawing::CodePage(_)
                | Drawing::Align(_)
                | Drawing::Emphasise(_)
                | Drawing::Underline(_)
                | Drawing::Mode(_)
                | Drawing::Size(_)
                | Drawing::Reverse(_)
                | Drawing::Smooth(_)
                | Drawing::LineSpacing(_)
                | Drawing::DefaultLineSpacing
                | Drawing::MotionUnits(_),
            )
            | Command::Initialise => false,
            Command::Draw(_)
            | Command::Cut { .. }
            | Command::ProcessId(_)
            | Command::AutomaticStatus(_)
            | Command::StatusInTurn(_)
            | Command::Identity(_)
            | Command::KeptPictures
            | Command::Ignored
            | Command::Unknown => true,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_paper_is_the_preview_and_the_commands_are_the_steps(slip in slips(), choice in any::<prop::sample::Index>()) {
        let profiles = profiles();
        let profile = choice.get(&profiles);
        let bytes = render_bytes(&slip, profile);
        let mut printer = printer(profile);
        let stored = commands(&define_logo(&logo(), profile).bytes).map_err(TestCaseError::fail)?;
        paper(&mut printer, stored, profile);
        let read = commands(&bytes).map_err(TestCaseError::fail)?;

        let steps = steps(&slip, profile);
        let mut expected: Vec<Command> = steps.iter().flat_map(|step| as_commands(step, profile)).collect();
        // Two commands before the slip itself have no effect on paper: the character set, and leaving the double-byte mode.
        let opening = read.iter().take_while(|command| !matches!(command, Command::Draw(Drawing::LineSpacing(_)))).cloned();
        expected.splice(0..0, essential(opening.collect()));
        prop_assert_eq!(essential(read.clone()), expected);

        let without_last_feed = if has_knife(profile) { read } else {
            // Where there is no knife the paper is fed to the tear bar, which the preview leaves out as it does before a knife.
            let kept = read.len() - as_commands(&Step::Cut, profile).len();
            read.into_iter().take(kept).collect()
        };
        prop_assert_eq!(paper(&mut printer, without_last_feed, profile), preview(&slip, profile));
    }

    #[test]
    fn no_byte_of_a_slip_is_a_real_time_command(slip in slips(), choice in any::<prop::sample::Index>()) {
        let profiles = profiles();
        let bytes = render_bytes(&slip, choice.get(&profiles));
        let real_time = bytes.windows(2).find(|pair| matches!(pair, [0x10, 0x02 | 0x04 | 0x05 | 0x14]));
        prop_assert_eq!(real_time, None);
    }
}

#[test]
fn an_empty_line_is_as_high_as_the_spacing_in_any_size() {
    let profile = PrinterProfile::epson_tm(PaperWidth::Mm80);
    let slip = Slip::new().styled("", Align::Left, TextSize::TALL, Weight::Regular).cut();
    let read = commands(&render_bytes(&slip, &profile)).expect("known");
    assert_eq!(paper(&mut printer(&profile), read, &profile), preview(&slip, &profile));
}

#[test]
fn a_kept_logo_is_drawn_by_its_key_and_forgotten_on_request() {
    let profile = PrinterProfile::epson_tm(PaperWidth::Mm80);
    let kept = define_logo(&logo(), &profile);
    let mut printer = printer(&profile);
    let blank = paper(&mut printer, commands(&print_logo(kept.key)).expect("known"), &profile);
    paper(&mut printer, commands(&kept.bytes).expect("known"), &profile);
    assert_eq!(printer.kept_keys().collect::<Vec<_>>(), [kept.key.0]);
    printer.initialise();
    let drawn = paper(&mut printer, commands(&print_logo(kept.key)).expect("known"), &profile);
    assert_eq!(drawn.height() - blank.height(), 80, "ten millimetres of logo");
    printer.draw(Drawing::ForgetPicture(kept.key.0));
    assert_eq!(paper(&mut printer, commands(&print_logo(kept.key)).expect("known"), &profile), blank);
}

#[test]
fn a_code_whose_length_reads_as_a_command_is_drawn_as_a_picture() {
    // 525 bytes and three more are 10 02 in the command's length.
    let profile = PrinterProfile { qr: CodeDrawing::Native, ..PrinterProfile::epson_tm(PaperWidth::Mm80) };
    let slip = |length| steps(&Slip::new().qr(&"x".repeat(length), 3), &profile);
    assert!(matches!(slip(524)[..], [Step::Qr { .. }]));
    assert!(matches!(slip(525)[..], [Step::Picture { .. }]));
}

#[test]
fn padding_and_command_place_a_picture_alike() {
    let slip = Slip::new().styled("رقمك", Align::Right, TextSize::NORMAL, Weight::Regular).cut();
    let by = |raster_alignment| PrinterProfile { raster_alignment, ..PrinterProfile::epson_tm(PaperWidth::Mm80) };
    let ink = |profile: &PrinterProfile| {
        let picture = preview(&slip, profile);
        picture.enumerate_pixels().filter(|(_, _, grey)| grey.0[0] == 0).map(|(x, _, _)| x).max()
    };
    let (command, padding) = (by(RasterAlignment::Command), by(RasterAlignment::Padding));
    let difference = ink(&command).zip(ink(&padding)).map(|(one, other)| one.abs_diff(other));
    assert!(
        difference.is_some_and(|dots| dots <= 8),
        "{difference:?} dots apart: {:?} and {:?}",
        ink(&command),
        ink(&padding)
    );
    assert!(render_bytes(&slip, &padding).len() > render_bytes(&slip, &command).len());
}
