//! The slips of the documentation: printed on the virtual printer, equal to their preview dot by dot, and equal to the pictures
//! that the documentation shows.
//!
//! With the environment variable `RENEW_PICTURES` set, the pictures are written anew; look at them before committing.

use std::path::{Path, PathBuf};

use smartqueue_hardware::printer::{PrintOutcome, Printer};
use smartqueue_hardware::slip::{PaperWidth, PrinterProfile, Slip, preview};
use smartqueue_hardware::virtual_printer::{VirtualPrinter, VirtualPrinterOptions};
use smartqueue_station::slip::{SlipDesign, SlipLayout, test_slip};
use smartqueue_station::ticket_file;

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
