//! What stands on a slip: every value that is known, none that is not, in the language that was asked for.

use super::*;
use smartqueue_domain::{CopyNumber, TicketNumber};
use smartqueue_hardware::slip::{PaperWidth, PrinterProfile, render_job};

fn content() -> SlipContent {
    SlipContent {
        number: TicketNumber::parse("A045").unwrap(),
        queue_name: "Accueil".to_owned(),
        site_name: "Hôpital".to_owned(),
        issued_at_ms: 1_795_219_500_000,
        offset_minutes: 60,
        people_ahead: Some(3),
        wait: Some(WaitRange { min_minutes: 10, max_minutes: 20 }),
        language: Language::French,
        follow_url: Some("https://q.example/t/x".to_owned()),
        header: None,
        footer: None,
        copy: CopyNumber::ORIGINAL,
    }
}

fn design(layout: &str) -> SlipDesign {
    SlipDesign::new(SlipLayout::read(layout).unwrap(), None)
}

fn built_in() -> SlipDesign {
    SlipDesign::new(SlipLayout::built_in(), None)
}

fn texts(slip: &Slip) -> Vec<String> {
    slip.blocks
        .iter()
        .filter_map(|block| match block {
            Block::Text(line) => Some(line.text.as_str().to_owned()),
            Block::BigNumber { text, .. } => Some(format!("#{}", text.as_str())),
            Block::Qr { data, .. } => Some(format!("QR {}", data.as_str())),
            Block::Barcode { data, .. } => Some(format!("bars {}", data.as_str())),
            Block::Logo { .. } => Some("logo".to_owned()),
            Block::Rule | Block::Ruler | Block::Feed { .. } => None,
            Block::Cut => Some("cut".to_owned()),
        })
        .collect()
}

#[test]
fn a_slip_says_number_service_people_wait_time_and_where_to_follow() {
    assert_eq!(
        texts(&built_in().ticket_slip(&content())),
        [
            "Hôpital",
            "#A045",
            "Accueil",
            "3 personnes avant vous",
            "Attente\u{a0}: 10 à 20 minutes",
            "QR https://q.example/t/x",
            "Suivez votre tour sur votre téléphone",
            "21/11/2026 à 01:05",
            "cut"
        ]
    );
}

#[test]
fn what_is_not_known_is_left_out_with_its_space_and_a_copy_says_so() {
    let mut unknown = content();
    unknown.people_ahead = None;
    unknown.wait = None;
    unknown.follow_url = None;
    unknown.site_name = String::new();
    unknown.copy = CopyNumber(2);
    let slip = built_in().ticket_slip(&unknown);
    assert_eq!(texts(&slip), ["#A045", "COPIE 2", "Accueil", "21/11/2026 à 01:05", "cut"]);
    let feeds = slip.blocks.iter().filter(|block| matches!(block, Block::Feed { .. })).count();
    assert_eq!(feeds, 1, "only the space above the time");
    let mut nobody = content();
    nobody.people_ahead = Some(0);
    assert!(texts(&built_in().ticket_slip(&nobody)).iter().all(|text| !text.contains("Attente")));
}

#[test]
fn every_language_is_worded_in_itself() {
    for (language, expected) in [
        (Language::Arabic, "تابع دورك على هاتفك"),
        (Language::Wolof, "Toppal sa waar ci sa telefon"),
        (Language::English, "Follow your turn on your phone"),
    ] {
        let mut content = content();
        content.language = language;
        let texts = texts(&built_in().ticket_slip(&content));
        assert!(texts.contains(&expected.to_owned()), "{texts:?}");
    }
}

#[test]
fn a_layout_chooses_blocks_languages_and_places() {
    let design = design(
        r#"
        [[block]]
        kind = "wait"
        [[block]]
        kind = "wait"
        language = "ar"
        align = "start"
        [[block]]
        kind = "text"
        text = { fr = "Guichets au 1er", ar = "الطابق الأول" }
        [[block]]
        kind = "text"
        text = { en = "First floor" }
        [[block]]
        kind = "number"
        [[block]]
        kind = "barcode"
        symbology = "code39"
        "#,
    );
    let slip = design.ticket_slip(&content());
    assert_eq!(
        texts(&slip),
        [
            "Attente\u{a0}: 10 à 20 minutes",
            "الانتظار: من 10 إلى 20 دقيقة",
            "Guichets au 1er",
            "#A045",
            "bars A045",
            "cut"
        ]
    );
    let Block::Text(arabic) = &slip.blocks[1] else { panic!("{slip:?}") };
    assert_eq!(arabic.align, Align::Right, "Arabic begins on the right");
}

fn logo() -> Logo {
    // Eight by eight dots, all black: the smallest file that is a picture.
    let mut file = Vec::new();
    let black = smartqueue_hardware::slip::preview(&Slip::new().rule(), &PrinterProfile::epson_tm(PaperWidth::Mm58));
    let folder = tempfile::tempdir().unwrap();
    black.save(folder.path().join("logo.png")).unwrap();
    file.extend(std::fs::read(folder.path().join("logo.png")).unwrap());
    Logo::from_png(&file).unwrap()
}

#[test]
fn a_logo_stands_for_the_sites_name() {
    let with_logo = SlipDesign::new(SlipLayout::built_in(), Some(logo()));
    let shown = texts(&with_logo.ticket_slip(&content()));
    assert_eq!(shown[..2], ["logo", "#A045"]);
    let shown = with_logo.ticket_slip(&content());
    assert_eq!(shown.logos().next(), with_logo.logo().as_ref(), "what the printer keeps is what is printed");
    assert_eq!(built_in().logo(), None);
    let both =
        SlipLayout::read("[[block]]\nkind = \"site\"\nbeside_logo = true\n[[block]]\nkind = \"number\"").unwrap();
    let without_place = SlipDesign::new(both, Some(logo()));
    assert_eq!(texts(&without_place.ticket_slip(&content())), ["Hôpital", "#A045", "cut"]);
}

#[test]
fn a_profile_brings_its_own_layout_and_a_wrong_one_costs_no_ticket() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(SlipDesign::of_profile(folder.path()), built_in());
    let file = folder.path().join("slip.toml");
    std::fs::write(&file, "[[block]]\nkind = \"number\"").unwrap();
    assert_eq!(texts(&SlipDesign::of_profile(folder.path()).ticket_slip(&content())), ["#A045", "cut"]);
    std::fs::write(&file, "[[block]]\nkind = \"nomber\"").unwrap();
    assert_eq!(SlipDesign::of_profile(folder.path()), built_in());
    let error = format!("{:#}", own_layout(folder.path()).unwrap_err());
    assert!(error.contains("slip.toml: slip layout, block 1 (nomber), field `kind`: `nomber` is not known"), "{error}");
    std::fs::remove_file(&file).unwrap();
    std::fs::write(folder.path().join("logo.png"), b"no picture").unwrap();
    assert_eq!(SlipDesign::of_profile(folder.path()), built_in(), "a wrong picture costs no ticket either");
}

/// The built-in layout without the sentence that explains the code: the content by which slips are compared.
fn reference_layout() -> String {
    let (opening, blocks) = BUILT_IN.split_once("[[block]]").unwrap();
    let kept: Vec<&str> = blocks.split("[[block]]").filter(|block| !block.contains("kind = \"follow\"")).collect();
    format!("{opening}[[block]]{}", kept.join("[[block]]"))
}

#[test]
fn the_reference_slip_keeps_to_its_bytes_and_its_paper() {
    let profile = PrinterProfile::epson_tm(PaperWidth::Mm80);
    let mut content = content();
    content.follow_url = Some("https://q.example.org/t/7K3M9QX2".to_owned());
    let reference = SlipDesign::new(SlipLayout::read(&reference_layout()).unwrap(), Some(logo()));
    let job = render_job(&reference.ticket_slip(&content).with_kept_logos(), &profile);
    // With the two fences, the automatic status and the question in turn that the driver puts around it.
    let driver = 2 * 11 + 3 + 3;
    let bytes = job.clone().into_bytes().len() + driver;
    assert!(bytes <= 340, "{bytes} bytes");
    assert!(job.height_mm <= 70, "{} mm", job.height_mm);

    let mut arabic = reference_layout();
    for kind in ["people_ahead", "wait", "follow"] {
        arabic.push_str(&format!("\n[[block]]\nkind = \"{kind}\"\nlanguage = \"ar\"\n"));
    }
    let arabic = SlipDesign::new(SlipLayout::read(&arabic).unwrap(), Some(logo()));
    let bytes_with_arabic =
        render_job(&arabic.ticket_slip(&content).with_kept_logos(), &profile).into_bytes().len() + driver;
    assert!(bytes_with_arabic <= 4_300, "{bytes_with_arabic} bytes");
    assert!(bytes_with_arabic > bytes + 600, "three lines of Arabic are really there");
}
