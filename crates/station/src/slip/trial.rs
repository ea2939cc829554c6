//! The slip that shows an installer what a printer does: its width, its letters, Arabic, a code and the knife.

use crate::words::Words;
use smartqueue_domain::Language;
use smartqueue_hardware::slip::{Align, Slip, TextSize, Weight};

/// One slip on which everything that can be wrong with a printer is seen at a glance, in the installer's language.
pub fn test_slip(language: Language) -> Slip {
    let words = Words::of(language);
    let arabic = Words::of(Language::Arabic);
    Slip::new()
        .styled(&words.say("slip-test-title", &[]), Align::Centre, TextSize::DOUBLE, Weight::Bold)
        .feed(8)
        .ruler()
        .feed(4)
        .text(&words.say("slip-test-frame", &[]))
        .feed(8)
        .text("HÔPITAL  Œuvre  l’heure  12 €  àâçéèêëîïôùûü")
        .text("ŋ Ŋ ñ ã õ ¿ ¡ 0123456789")
        .text(&arabic.say("slip-where", &[]))
        .big_number("A001", 6)
        .qr("https://example.org/A001", 5)
        .feed(8)
        .rule()
        .feed(8)
        .cut()
}

#[cfg(test)]
mod tests {
    use super::*;
    use smartqueue_hardware::slip::{PaperWidth, PrinterProfile, render_bytes};

    #[test]
    fn every_language_has_a_test_slip_for_every_printer() {
        for language in Language::ALL {
            for name in PrinterProfile::names() {
                let profile = PrinterProfile::by_name(name, PaperWidth::Mm58).expect(name);
                let bytes = render_bytes(&test_slip(language), &profile);
                let pictures = bytes.windows(3).filter(|window| *window == b"\x1Dv0").count();
                assert!(pictures >= 3, "{name}: the frame, the letters that no page has, and Arabic are pictures");
            }
        }
    }
}
