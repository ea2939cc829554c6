//! From what a slip says to the blocks that a printer prints: the one layout of a ticket slip. Pure.

use crate::words::{Argument, Words};
use smartqueue_domain::{Language, LocalTime, ServiceDay, WaitRange};
use smartqueue_engine::SlipContent;
use smartqueue_hardware::slip::{Align, Slip, TextSize, Weight};

/// The largest magnification of the number: 8 x 24 dots are 24 mm high at 203 dpi.
const NUMBER_SIZE: u8 = 8;

/// A QR module of 5 dots is 0.6 mm: read by every phone from a hand's distance.
const QR_MODULE_DOTS: u8 = 5;

/// Space between the parts, in dots (8 dots are one millimetre).
const GAP_DOTS: u8 = 24;

/// A ticket's slip. What is not known is left out rather than guessed.
pub fn ticket_slip(content: &SlipContent) -> Slip {
    let SlipContent {
        number,
        queue_name,
        site_name,
        issued_at_ms,
        offset_minutes,
        people_ahead,
        wait,
        language,
        follow_url,
        header,
        footer,
        copy,
    } = content;
    let words = Words::of(*language);
    let mut slip = Slip::new();
    if !site_name.is_empty() {
        slip = slip.styled(site_name, Align::Centre, TextSize::TALL, Weight::Bold);
    }
    if let Some(header) = header {
        slip = slip.text(header);
    }
    slip = slip.feed(GAP_DOTS).text(&words.say("slip-your-number", &[]));
    slip = slip.big_number(&number.to_string(), NUMBER_SIZE);
    if copy.0 > 0 {
        let text = words.say("slip-copy-number", &[("number", Argument::Number(copy.0))]);
        slip = slip.styled(&text, Align::Centre, TextSize::DOUBLE, Weight::Bold);
    }
    slip = slip.styled(queue_name, Align::Centre, TextSize::TALL, Weight::Bold).feed(GAP_DOTS).rule().feed(8);
    if let Some(people) = people_ahead {
        slip = slip.text(&words.say("slip-people-ahead", &[("count", Argument::Number(*people))]));
    }
    if let Some(wait) = wait.filter(|_| people_ahead.is_none_or(|people| people > 0)) {
        let wait = wait_text(&words, wait);
        slip = slip.text(&words.say("slip-wait", &[("wait", Argument::Text(wait))]));
    }
    let (date, time) = date_and_time(*issued_at_ms, *offset_minutes);
    slip = slip
        .text(&words.say("slip-issued", &[("date", Argument::Text(date)), ("time", Argument::Text(time))]))
        .text(&words.say("slip-where", &[]));
    if let Some(url) = follow_url {
        slip = slip.feed(GAP_DOTS).qr(url, QR_MODULE_DOTS).feed(8).text(&words.say("slip-follow", &[]));
    }
    if let Some(footer) = footer {
        slip = slip.feed(8).text(footer);
    }
    slip.cut()
}

/// A slip that shows an installer what a printer does: frame, accents, sizes, QR, cut.
pub fn test_slip(language: Language) -> Slip {
    let words = Words::of(language);
    Slip::new()
        .styled(&words.say("slip-test-title", &[]), Align::Centre, TextSize::DOUBLE, Weight::Bold)
        .rule()
        .text(&words.say("slip-test-frame", &[]))
        .styled("|<", Align::Left, TextSize::NORMAL, Weight::Bold)
        .styled(">|", Align::Right, TextSize::NORMAL, Weight::Bold)
        .text("HÔPITAL  Œuvre  l’heure  12 €  àâçéèêëîïôùûü")
        .text("1234567890123456789012345678901234567890")
        .big_number("A001", NUMBER_SIZE)
        .qr("https://example.org/A001", QR_MODULE_DOTS)
        .rule()
        .cut()
}

fn wait_text(words: &Words, wait: WaitRange) -> String {
    let WaitRange { min_minutes, max_minutes } = wait;
    let key = if min_minutes == 0 { "wait-under" } else { "wait-range" };
    words.say(key, &[("min", Argument::Number(min_minutes)), ("max", Argument::Number(max_minutes))])
}

/// `21/11/2026` and `09:05`, local.
fn date_and_time(utc_ms: i64, offset_minutes: i32) -> (String, String) {
    let local = LocalTime::new(utc_ms, offset_minutes);
    let iso = ServiceDay(local.day()).to_string();
    let mut parts = iso.splitn(3, '-');
    let (year, month, day) =
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    (format!("{day}/{month}/{year}"), format!("{:02}:{:02}", local.minute() / 60, local.minute() % 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use smartqueue_domain::{CopyNumber, TicketNumber};
    use smartqueue_hardware::slip::Block;

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

    fn texts(slip: &Slip) -> Vec<String> {
        slip.blocks
            .iter()
            .filter_map(|block| match block {
                Block::Text(line) => Some(line.text.as_str().to_owned()),
                Block::BigNumber { text, .. } => Some(format!("#{}", text.as_str())),
                Block::Qr { data, .. } => Some(format!("QR {}", data.as_str())),
                Block::Rule | Block::Ruler | Block::Logo { .. } | Block::Barcode { .. } | Block::Feed { .. } => None,
                Block::Cut => Some("cut".to_owned()),
            })
            .collect()
    }

    #[test]
    fn a_slip_says_number_service_people_wait_time_and_where_to_follow() {
        assert_eq!(
            texts(&ticket_slip(&content())),
            [
                "Hôpital",
                "Votre numéro",
                "#A045",
                "Accueil",
                "3 personnes avant vous",
                "Attente\u{a0}: 10 à 20 minutes",
                "21/11/2026 à 01:05",
                "Votre numéro s’affichera sur l’écran.",
                "QR https://q.example/t/x",
                "Suivez votre tour sur votre téléphone",
                "cut"
            ]
        );
    }

    #[test]
    fn what_is_not_known_is_left_out_and_a_copy_says_so() {
        let mut unknown = content();
        unknown.people_ahead = None;
        unknown.wait = None;
        unknown.follow_url = None;
        unknown.copy = CopyNumber(2);
        let texts = texts(&ticket_slip(&unknown));
        assert!(texts.contains(&"COPIE 2".to_owned()), "{texts:?}");
        assert!(
            texts.iter().all(|text| !text.contains("avant vous") && !text.contains("Attente") && !text.contains("QR"))
        );
    }

    #[test]
    fn every_language_is_worded_in_itself() {
        for (language, expected) in
            [(Language::Arabic, "رقمك"), (Language::Wolof, "Sa nimero"), (Language::English, "Your number")]
        {
            let mut content = content();
            content.language = language;
            assert!(texts(&ticket_slip(&content)).contains(&expected.to_owned()));
        }
    }
}
