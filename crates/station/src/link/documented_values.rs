//! The documented API's values as this station reads them: leniently, because another server may leave out what it does
//! not know. Pure; what cannot be read is left out.

use super::convert;
use super::session::Link;
use serde_json::Value;
use smartqueue_domain::{SeriesLetter, TicketNumber};
use smartqueue_engine::RemoteTicket;
use smartqueue_protocol::configuration::{Configuration, QueueBody, SiteBody, SlipWords};
use uuid::Uuid;

/// A configuration made of the profile, for a server that publishes none.
pub(super) fn configuration<Tell>(link: &Link<Tell>) -> Configuration {
    let profile = &link.profile.profile;
    Configuration {
        version: 0,
        site: SiteBody {
            id: 0,
            name: profile.site.name.clone(),
            timezone: profile.site.timezone.clone(),
            languages: profile.languages.clone(),
            brand_colour: profile.site.brand_colour.clone(),
        },
        queues: Vec::new(),
        ticker: Vec::new(),
        follow_url_base: None,
        slip: SlipWords::default(),
        rollovers: Vec::new(),
    }
}

/// A queue; what of it does not read takes its default.
pub(super) fn queue(row: &Value) -> Option<QueueBody> {
    if let Ok(body) = serde_json::from_value(row.clone()) {
        return Some(body);
    }
    let mut known = serde_json::Map::new();
    for name in ["id", "prefix", "name", "is_active", "max_capacity"] {
        if let Some(value) = row.get(name) {
            known.insert(name.to_owned(), value.clone());
        }
    }
    serde_json::from_value(Value::Object(known)).ok()
}

/// A ticket.
pub(super) fn ticket(row: Value) -> Option<RemoteTicket> {
    convert::ticket(&serde_json::from_value(row).ok()?).ok()
}

/// The id and the number of a ticket that was made.
pub(super) fn made(reply: &Value) -> Option<(Uuid, String)> {
    let id = reply.get("id")?.as_str()?.parse().ok()?;
    Some((id, reply.get("number")?.as_str()?.to_owned()))
}

/// A number that can be printed and called, and the series that it looks like.
pub(super) fn number(text: &str, configuration: Option<&Configuration>) -> Option<(SeriesLetter, TicketNumber)> {
    let number = TicketNumber::parse(text).ok()?;
    let queues = configuration.map(|configuration| configuration.queues.as_slice()).unwrap_or_default();
    let letter = queues
        .iter()
        .filter_map(|queue| SeriesLetter::from_text(number.prefix().strip_prefix(queue.prefix.as_str())?).ok())
        .next();
    Some((letter.unwrap_or(SeriesLetter::Main), number))
}

/// The number that stands on the paper of a ticket that this station posted.
pub(super) fn number_on_paper(ticket: &Value) -> Option<&str> {
    ticket.get("customer")?.get("number_on_paper")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_foreign_servers_values_are_read_as_far_as_they_go() {
        let short =
            json!({"id": 4, "prefix": "A", "name": "Accueil", "hours": "8-17", "algorithm": 7, "is_active": true});
        assert_eq!(queue(&short).map(|queue| (queue.id, queue.hours)), Some((4, None)));
        assert_eq!(queue(&json!({"id": 4})), None);
        let row = json!({"id": "018f3c1e-0000-7000-8000-000000000001", "number": "A001", "queue": 4, "channel": "web",
                         "priority": 0, "status": "appelé", "created_at": "2026-11-21T09:00:00Z"});
        assert_eq!(ticket(row).map(|ticket| ticket.number), Some("A001".to_owned()));
        assert_eq!(made(&json!({"id": 7, "number": "A001"})), None, "an id is a UUID");
        assert_eq!(number("Nr. 7", None), None);
        let known = number("AW007", None).unwrap();
        assert_eq!((known.0, known.1.to_string()), (SeriesLetter::Main, "AW007".to_owned()));
        assert_eq!(number_on_paper(&json!({"customer": {"number_on_paper": "AK001"}})), Some("AK001"));
    }
}
