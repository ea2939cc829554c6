//! What a slip costs: bytes on the line, millimetres of paper, and time to render it. Held to the limits of the design, and
//! written out with `cargo test -p smartqueue-hardware --release --test slip_figures -- --nocapture`.

use std::io::Write;
use std::time::{Duration, Instant};

use smartqueue_hardware::slip::{
    Align, Logo, PaperWidth, PrinterProfile, Slip, TextSize, Weight, define_logo, preview, render_job,
};

/// Bytes that the driver adds: automatic status (3), a fence before and one behind the cut (11 each), a question in turn (3).
const DRIVER: usize = 28;

fn logo() -> Logo {
    let picture =
        image::GrayImage::from_fn(420, 56, |x, y| image::Luma([if (x / 14 + y / 14) % 2 == 0 { 0 } else { 255 }]));
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Png).expect("written");
    Logo::from_png(&file.into_inner()).expect("a logo").at_most_mm(7)
}

/// The content by which slips are compared: a kept logo, number, service, people ahead, wait, QR code and time.
fn reference(arabic: &[&str]) -> Slip {
    let slip = Slip::new()
        .logo(logo())
        .big_number("A045", 6)
        .styled("Accueil", Align::Centre, TextSize::DOUBLE, Weight::Bold)
        .text("3 personnes avant vous")
        .text("Attente : 10 à 20 minutes");
    let slip = arabic.iter().fold(slip, |slip, line| slip.text(line));
    slip.feed(8).qr("https://q.example.org/t/7K3M9QX2", 4).feed(12).text("21/11/2026 à 15:42").cut().with_kept_logos()
}

const ARABIC: [&str; 3] = ["3 أشخاص قبلك", "الانتظار: من 10 إلى 20 دقيقة", "تابع دورك على هاتفك"];

/// The middle one of a hundred times, after the fonts are read.
fn time(slip: &Slip, profile: &PrinterProfile) -> Duration {
    let mut times: Vec<Duration> = (0..101)
        .map(|_| {
            let started = Instant::now();
            let job = render_job(slip, profile);
            assert!(!job.body.is_empty());
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[50]
}

#[test]
fn the_reference_slip_costs_what_the_design_allows() {
    let profile = PrinterProfile::epson_tm(PaperWidth::Mm80);
    let mut lines = Vec::new();
    for (name, slip, most_bytes, most_mm) in
        [("reference", reference(&[]), 340, 70), ("with three Arabic lines", reference(&ARABIC), 4_300, 84)]
    {
        let job = render_job(&slip, &profile);
        let (bytes, mm) = (job.clone().into_bytes().len() + DRIVER, job.height_mm);
        assert!(bytes <= most_bytes, "{name}: {bytes} bytes");
        assert!(mm <= most_mm, "{name}: {mm} mm");
        let drawn_mm = f64::from(preview(&slip, &profile).height() - 2) / 8.0;
        assert_eq!(drawn_mm.ceil(), f64::from(mm), "{name}: the preview is as long as the paper");
        lines.push(format!("{name}: {bytes} bytes, {mm} mm, rendered in {:?}", time(&slip, &profile)));
    }
    lines.push(format!("the logo, sent once: {} bytes", define_logo(&logo(), &profile).bytes.len()));
    let mut output = std::io::stdout().lock();
    for line in lines {
        writeln!(output, "{line}").expect("standard output");
    }
}
