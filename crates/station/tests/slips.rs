//! The slips of the documentation: printed on the virtual printer, equal to their preview dot by dot, and equal to the pictures
//! that the documentation shows. And a station with a layout and a logo of its own.
//!
//! With the environment variable `RENEW_PICTURES` set, the pictures are written anew; look at them before committing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use smartqueue_hardware::printer::{PrintOutcome, Printer};
use smartqueue_hardware::slip::{PaperWidth, PrinterProfile, Slip, preview};
use smartqueue_hardware::virtual_printer::{VirtualPrinter, VirtualPrinterOptions};
use smartqueue_station::slip::{SlipDesign, SlipLayout, test_slip};
use smartqueue_station::{RunningStation, ticket_file};

const FRENCH: &str = r#"{
    "number": "A045", "queue_name": "Consultations", "site_name": "Hôpital Saint-Louis",
    "issued_at": "2026-11-21T09:05:00+01:00", "people_ahead": 3, "wait_minutes": [10, 20], "language": "fr",
    "follow_url": "https://q.example.org/t/7K3M9QX2", "footer": "Gardez ce ticket jusqu’à votre appel."
}"#;
const ARABIC: &str = r#"{
    "number": "A045", "queue_name": "الاستشارات", "site_name": "مستشفى سان لويس",
    "issued_at": "2026-11-21T09:05:00+01:00", "people_ahead": 3, "wait_minutes": [10, 20], "language": "ar",
    "follow_url": "https://q.example.org/t/7K3M9QX2", "footer": "احتفظ بهذه التذكرة، مكتب B2 في الطابق 1."
}"#;
const WOLOF: &str = r#"{
    "number": "A045", "queue_name": "Seetukaay ŋ", "site_name": "Hôpital Saint-Louis",
    "issued_at": "2026-11-21T09:05:00Z", "people_ahead": 3, "wait_minutes": [10, 20], "language": "wo",
    "follow_url": "https://q.example.org/t/7K3M9QX2", "footer": "Sa nimero dina feeñ ci ekraŋ bi."
}"#;

fn slip(ticket: &str) -> Slip {
    let content = ticket_file::read(ticket).expect("a ticket").content;
    SlipDesign::new(SlipLayout::built_in(), None).ticket_slip(&content)
}

/// The slip as it falls into the tray, after it was found equal to its preview.
fn printed(slip: &Slip, paper: PaperWidth) -> image::GrayImage {
    let options = VirtualPrinterOptions { paper_width: paper, speed_mm_s: 3000.0, ..VirtualPrinterOptions::default() };
    let tray = VirtualPrinter::start_tcp("127.0.0.1:0", options).expect("listener");
    let profile = PrinterProfile::epson_tm(paper);
    let mut printer = Printer::new(tray.selector(), profile.clone());
    let report = printer.print(slip, &mut |_| {});
    assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}");
    assert_eq!(tray.unknown_commands(), 0);
    let picture = tray.slips().remove(0).picture.as_ref().clone();
    assert!(picture == preview(slip, &profile), "the paper is not the preview");
    picture
}

fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pictures")
}

#[test]
fn the_documentation_shows_the_slips_that_are_printed() {
    for (ticket, language) in [(FRENCH, "fr"), (ARABIC, "ar")] {
        for paper in [PaperWidth::Mm58, PaperWidth::Mm80] {
            let printed = printed(&slip(ticket), paper);
            let file = pictures().join(format!("slip-{paper}-{language}.png"));
            if std::env::var_os("RENEW_PICTURES").is_some() {
                printed.save(&file).expect("written");
            }
            let shown = image::open(&file).expect("the documentation has the picture").to_luma8();
            assert!(shown == printed, "{}: set RENEW_PICTURES and look at the new one", file.display());
        }
    }
}

#[test]
fn wolof_and_the_test_slip_are_on_paper_as_in_their_preview() {
    let folder = std::env::var_os("SLIP_PICTURES").map(PathBuf::from);
    for paper in [PaperWidth::Mm58, PaperWidth::Mm80] {
        for (name, slip) in [("wo", slip(WOLOF)), ("test", test_slip(smartqueue_domain::Language::French))] {
            let printed = printed(&slip, paper);
            if let Some(folder) = &folder {
                printed.save(folder.join(format!("slip-{paper}-{name}.png"))).expect("written");
            }
        }
    }
}

#[test]
fn a_station_prints_its_own_layout_and_names_its_logo_by_its_key() {
    let options = VirtualPrinterOptions { speed_mm_s: 3000.0, ..VirtualPrinterOptions::default() };
    let tray = VirtualPrinter::start_tcp("127.0.0.1:0", options).expect("listener");
    let folder = tempfile::tempdir().expect("folder");
    let profile = format!(
        "mode = \"kiosk\"\nprinter = \"{}\"\n[slip]\nprinter_profile = \"epson-tm-t20iii\"\n\
         [[queues]]\nid = 1\nprefix = \"A\"\nname = \"Accueil\"\n",
        tray.selector()
    );
    let layout =
        "[[block]]\nkind = \"logo\"\n[[block]]\nkind = \"number\"\n[[block]]\nkind = \"text\"\ntext = \"Bienvenue\"\n";
    let black = image::GrayImage::from_pixel(200, 60, image::Luma([0]));
    black.save(folder.path().join("logo.png")).expect("written");
    std::fs::write(folder.path().join("profile.toml"), profile).expect("written");
    std::fs::write(folder.path().join("slip.toml"), layout).expect("written");
    let station = RunningStation::start(folder.path()).expect("it runs");
    for (at, id) in ["018f3c1e-0000-4000-8000-000000000001", "018f3c1e-0000-4000-8000-000000000002"].iter().enumerate()
    {
        let command = format!(r#"{{"command":"take_ticket","queue":1,"language":"fr","id":"{id}"}}"#);
        station.send(serde_json::from_str(&command).expect("a command"));
        assert_eq!(tray.wait_for_slips(at + 1, Duration::from_secs(20)).len(), at + 1);
    }
    station.stop();
    for (slip, number) in tray.slips().iter().zip(["A001", "A002"]) {
        assert_eq!(slip.lines, [number, "Bienvenue"]);
        let dots = slip.picture.pixels().filter(|dot| dot.0[0] == 0).count();
        assert!(dots > 200 * 60, "{dots} black dots: the logo is there");
    }
    assert!(tray.slips()[1].bytes < 150, "{} bytes: the logo by its key", tray.slips()[1].bytes);
    assert_eq!(tray.unknown_commands(), 0);
}
