//! A logo in the printer's own memory: sent once, found by the next owner, and on paper by its key.

use smartqueue_hardware::printer::{PrintOutcome, Printer, PrinterFault};
use smartqueue_hardware::slip::{Logo, PaperWidth, PrintJob, PrinterProfile, Slip, define_logo, print_logo};
use smartqueue_hardware::virtual_printer::{Ability, Instruction, VirtualPrinter, VirtualPrinterOptions};

fn logo(stripe: u32) -> Logo {
    let picture =
        image::GrayImage::from_fn(160, 64, |x, _| image::Luma([if (x / stripe).is_multiple_of(2) { 0 } else { 255 }]));
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Png).expect("written");
    Logo::from_png(&file.into_inner()).expect("a logo")
}

fn tray(faults: Vec<Instruction>) -> VirtualPrinter {
    let options = VirtualPrinterOptions { speed_mm_s: 3000.0, faults, ..VirtualPrinterOptions::default() };
    VirtualPrinter::start_tcp("127.0.0.1:0", options).expect("listener")
}

fn driver(tray: &VirtualPrinter) -> Printer {
    Printer::new(tray.selector(), PrinterProfile::epson_tm(PaperWidth::Mm80))
}

#[test]
fn it_is_written_once_found_again_and_printed_by_its_key() {
    let tray = tray(vec![]);
    let mut printer = driver(&tray);
    assert!(!printer.keeps_logo(&logo(8)));
    assert_eq!(printer.ensure_logo(&logo(8)), Ok(true));
    assert_eq!(printer.ensure_logo(&logo(8)), Ok(true));
    assert!(printer.keeps_logo(&logo(8)) && !printer.keeps_logo(&logo(16)));
    assert_eq!(printer.logo_writes(), 1);
    drop(printer);
    let mut next = driver(&tray);
    assert_eq!(next.ensure_logo(&logo(8)), Ok(true));
    assert_eq!(next.logo_writes(), 0, "the printer says that it keeps it");
    let key = define_logo(&logo(8), next.profile()).key;
    let bytes = [&b"\x1B@"[..], &print_logo(key), b"\x1DVB\0"].concat();
    let report = next.print_job(&PrintJob::from_bytes(&bytes, 30), &mut |_| {});
    assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}");
    let black = tray.slips()[0].picture.pixels().filter(|pixel| pixel.0[0] == 0).count();
    assert!(black > 160 * 64 / 3, "{black} dots are black");
    assert_eq!(tray.unknown_commands(), 0);
}

#[test]
fn nothing_is_written_into_a_printer_that_is_not_well_or_cannot_say_so() {
    let open = tray(vec![Instruction::OpenCover]);
    assert_eq!(driver(&open).ensure_logo(&logo(8)), Err(PrinterFault::CoverOpen));
    for faults in [vec![Instruction::Mute], vec![Instruction::ProcessId(Ability::Unknown)]] {
        let tray = tray(faults);
        let mut printer = driver(&tray);
        assert_eq!((printer.ensure_logo(&logo(8)), printer.logo_writes()), (Ok(false), 0));
    }
}

#[test]
fn a_cable_pulled_while_it_is_written_costs_nobody_a_slip() {
    let tray = tray(vec![]);
    let mut printer = driver(&tray);
    printer.status();
    tray.instruct(Instruction::UnplugAfter(200));
    assert!(printer.ensure_logo(&logo(8)).is_err());
    tray.instruct(Instruction::Plug);
    let report = printer.print(&Slip::new().text("A001").cut(), &mut |_| {});
    assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{report:?}");
    assert_eq!(tray.slips().last().map(|slip| slip.lines.clone()), Some(vec!["A001".to_owned()]));
}
