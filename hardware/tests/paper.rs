//! The paper itself: a ticket-like slip printed on the virtual printer, looked at as a person and a telephone would look at it.
//!
//! With the environment variable `SLIP_PICTURES` set to a folder, the pictures are left there.

use std::time::Duration;

use smartqueue_hardware::printer::{PrintOutcome, Printer};
use smartqueue_hardware::slip::{Align, PaperWidth, PrinterProfile, Slip, TextSize, Weight, render_job};
use smartqueue_hardware::virtual_printer::{CutKind, PrintedSlip, VirtualPrinter, VirtualPrinterOptions};

const ADDRESS: &str = "https://q.example.org/t/7K3M9QX2";

fn ticket() -> Slip {
    Slip::new()
        .styled("Hôpital Saint-Louis", Align::Centre, TextSize::NORMAL, Weight::Bold)
        .rule()
        .feed(6)
        .styled("Hôpital — Accueil", Align::Centre, TextSize::TALL, Weight::Bold)
        .feed(4)
        .big_number("A045", 6)
        .feed(8)
        .text("3 personnes avant vous")
        .text("Attente : 8 à 12 minutes")
        .feed(12)
        .qr(ADDRESS, 5)
        .feed(12)
        .text("Suivez votre tour sur votre téléphone")
        .text("21/11/2026 · 15:42")
        .cut()
}

fn printed(paper: PaperWidth, slip: &Slip) -> PrintedSlip {
    let options = VirtualPrinterOptions { paper_width: paper, speed_mm_s: 3000.0, ..VirtualPrinterOptions::default() };
    let tray = VirtualPrinter::start_tcp("127.0.0.1:0", options).expect("listener");
    let mut printer = Printer::new(tray.selector(), PrinterProfile::epson_tm(paper));
    let report = printer.print(slip, &mut |_| {});
    assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}");
    let slip = tray.slips().remove(0);
    if let Some(folder) = std::env::var_os("SLIP_PICTURES") {
        let path = std::path::Path::new(&folder).join(format!("slip-{paper}.png"));
        slip.picture.save(path).expect("picture");
    }
    slip
}

#[test]
fn a_reader_sees_every_word_and_a_telephone_reads_the_code() {
    for paper in [PaperWidth::Mm80, PaperWidth::Mm58] {
        let slip = printed(paper, &ticket());
        assert_eq!(
            slip.lines,
            [
                "Hôpital Saint-Louis",
                "Hôpital — Accueil",
                "A045",
                "3 personnes avant vous",
                "Attente : 8 à 12 minutes",
                "Suivez votre tour sur votre téléphone",
                "21/11/2026 · 15:42",
            ]
            .into_iter()
            .flat_map(|line| wrapped(line, paper))
            .collect::<Vec<_>>()
        );
        assert_eq!(slip.cut, CutKind::Partial);
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(
            slip.picture.width() as usize,
            slip.picture.height() as usize,
            |x, y| slip.picture.get_pixel(x as u32, y as u32).0[0],
        );
        let codes = image.detect_grids();
        assert_eq!(codes.len(), 1, "one code on the {paper} mm paper");
        let (meta, content) = codes[0].decode().expect("readable");
        assert_eq!(content, ADDRESS);
        assert_eq!(meta.ecc_level, 0, "level M");
    }
}

/// The one line of the ticket that is longer than the narrow paper.
fn wrapped(line: &str, paper: PaperWidth) -> Vec<String> {
    match (line, paper) {
        ("Suivez votre tour sur votre téléphone", PaperWidth::Mm58) => {
            vec!["Suivez votre tour".to_owned(), "sur votre téléphone".to_owned()]
        }
        _ => vec![line.to_owned()],
    }
}

#[test]
fn a_slip_stays_within_its_budget_of_bytes_and_paper() {
    let job = render_job(&ticket(), &PrinterProfile::epson_tm(PaperWidth::Mm80));
    let bytes = job.clone().into_bytes().len();
    assert!(bytes <= 340, "{bytes} bytes");
    let slip = printed(PaperWidth::Mm80, &ticket());
    assert!(slip.millimetres <= 82.0, "{} mm", slip.millimetres);
    assert_eq!(
        slip.millimetres.ceil(),
        f64::from(job.height_mm),
        "the driver waits for the paper that is really moved"
    );
}

#[test]
fn the_paper_takes_at_least_the_time_that_its_speed_says() {
    let options = VirtualPrinterOptions { speed_mm_s: 100.0, ..VirtualPrinterOptions::default() };
    let tray = VirtualPrinter::start_tcp("127.0.0.1:0", options).expect("listener");
    let mut printer = Printer::new(tray.selector(), PrinterProfile::epson_tm(PaperWidth::Mm80));
    let slip = Slip::new().text("Court").cut();
    let report = printer.print(&slip, &mut |_| {});
    let PrintOutcome::Printed(evidence) = report.outcome else {
        panic!("{report:?}");
    };
    // 30 dots of text and 12 mm to the knife are 15.75 mm.
    assert!(evidence.after >= Duration::from_millis(150), "{:?}", evidence.after);
}
