//! The configuration that a server publishes to a station, with its version. A station keeps the last one it could
//! read and works from it when the server is away. Values only.

use crate::ProtocolError;
use crate::record::read_day;
use crate::time::{read_time, write_time};
use crate::words::{algorithm_word, read_algorithm, read_language};
use serde::{Deserialize, Serialize};
use smartqueue_domain::{Language, OpeningPeriod, Queue, QueueId, QueueName, Rollover, WeeklyHours};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a station works from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Configuration {
    /// Grows with each publication.
    pub version: i64,
    /// The site.
    pub site: SiteBody,
    /// The queues that this station serves or shows, in the order of their tiles.
    pub queues: Vec<QueueBody>,
    /// Lines that run under a board's calls.
    #[serde(default)]
    pub ticker: Vec<String>,
    /// Where a customer follows a ticket: the ticket's id is appended. Nothing: no QR on the slip.
    #[serde(default)]
    pub follow_url_base: Option<String>,
    /// Free text above and under the number on the slip.
    #[serde(default)]
    pub slip: SlipWords,
    /// When the site's service days begin: the present one and the next fourteen.
    #[serde(default)]
    pub rollovers: Vec<RolloverBody>,
}

/// When a service day begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RolloverBody {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// RFC 3339.
    pub at: String,
}

impl TryFrom<&RolloverBody> for Rollover {
    type Error = ProtocolError;

    fn try_from(RolloverBody { day, at }: &RolloverBody) -> Result<Rollover, ProtocolError> {
        Ok(Rollover { day: read_day("day", day)?, at_ms: read_time("at", at)? })
    }
}

impl From<&Rollover> for RolloverBody {
    fn from(Rollover { at_ms, day }: &Rollover) -> RolloverBody {
        RolloverBody { day: day.to_string(), at: write_time(*at_ms) }
    }
}

/// Free text on a slip.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlipWords {
    /// Above the number.
    #[serde(default)]
    pub header: Option<String>,
    /// At the end.
    #[serde(default)]
    pub footer: Option<String>,
}

/// A site as stations know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SiteBody {
    /// The site's id.
    pub id: i64,
    /// Shown on screens and slips.
    pub name: String,
    /// The IANA name of the time zone, such as `Africa/Dakar`.
    pub timezone: String,
    /// The languages offered, the site's own first.
    pub languages: Vec<String>,
    /// One brand colour, `#rrggbb`.
    #[serde(default)]
    pub brand_colour: Option<String>,
}

impl SiteBody {
    /// The languages offered; those this version does not know are left out, and French stands in for an empty list.
    pub fn known_languages(&self) -> Vec<Language> {
        let known: Vec<_> = self.languages.iter().filter_map(|code| Language::from_code(code)).collect();
        if known.is_empty() { vec![Language::French] } else { known }
    }
}

/// A queue as stations know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueBody {
    /// The queue's id.
    pub id: i64,
    /// One to four capital letters.
    pub prefix: String,
    /// The name in the site's own language.
    pub name: String,
    /// One short line under the name.
    #[serde(default)]
    pub hint: Option<String>,
    /// Names in other languages, by ISO code.
    #[serde(default)]
    pub names: BTreeMap<String, NameBody>,
    /// A Lucide icon's name.
    #[serde(default = "default_icon")]
    pub icon: String,
    /// `#rrggbb`.
    #[serde(default = "default_colour")]
    pub colour: String,
    /// Whether the queue takes tickets.
    #[serde(default = "default_true")]
    pub is_active: bool,
    /// At most this many people wait.
    #[serde(default)]
    pub max_capacity: Option<u32>,
    /// Opening periods; nothing means always open, an empty list never.
    #[serde(default)]
    pub hours: Option<Vec<PeriodBody>>,
    /// `fifo`, `priority` or `sla`.
    #[serde(default = "default_algorithm")]
    pub algorithm: String,
}

fn default_icon() -> String {
    "ticket".to_owned()
}

fn default_colour() -> String {
    "#1f4e79".to_owned()
}

fn default_true() -> bool {
    true
}

fn default_algorithm() -> String {
    "fifo".to_owned()
}

/// A name and hint in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NameBody {
    /// The name.
    pub name: String,
    /// The hint.
    #[serde(default)]
    pub hint: Option<String>,
}

/// An opening period of one weekday.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PeriodBody {
    /// ISO weekday, 1 is Monday.
    pub weekday: u8,
    /// `HH:MM`, the first minute that is open.
    pub from: String,
    /// `HH:MM`, the first minute that is closed again; `24:00` for the end of the day.
    pub until: String,
}

impl TryFrom<&QueueBody> for Queue {
    type Error = ProtocolError;

    fn try_from(body: &QueueBody) -> Result<Queue, ProtocolError> {
        let QueueBody { id, prefix, name, hint, names, icon, colour, is_active, max_capacity, hours, algorithm } = body;
        let well_formed = (1..=4).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_uppercase());
        if !well_formed {
            return Err(ProtocolError::UnknownWord { field: "prefix", value: prefix.clone() });
        }
        let hours = match hours {
            None => None,
            Some(periods) => {
                Some(WeeklyHours::new(periods.iter().map(OpeningPeriod::try_from).collect::<Result<Vec<_>, _>>()?))
            }
        };
        // A name in a language that this version does not know is of no use to anybody here.
        let translations = names
            .iter()
            .filter_map(|(code, body)| {
                let NameBody { name, hint } = body;
                read_language(code)
                    .ok()
                    .map(|language| (language, QueueName { name: name.clone(), hint: hint.clone() }))
            })
            .collect();
        Ok(Queue {
            id: QueueId(*id),
            prefix: prefix.clone(),
            name: QueueName { name: name.clone(), hint: hint.clone() },
            translations,
            icon: icon.clone(),
            colour: colour.clone(),
            is_active: *is_active,
            max_capacity: *max_capacity,
            hours,
            algorithm: read_algorithm(algorithm)?,
        })
    }
}

impl TryFrom<&PeriodBody> for OpeningPeriod {
    type Error = ProtocolError;

    fn try_from(body: &PeriodBody) -> Result<OpeningPeriod, ProtocolError> {
        let PeriodBody { weekday, from, until } = body;
        Ok(OpeningPeriod {
            weekday: *weekday,
            from_minute: read_minute("from", from)?,
            until_minute: read_minute("until", until)?,
        })
    }
}

fn read_minute(field: &'static str, text: &str) -> Result<u16, ProtocolError> {
    let wrong = || ProtocolError::Time { field, value: text.to_owned() };
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let (hour, minute): (u16, u16) = (hour.parse().map_err(|_| wrong())?, minute.parse().map_err(|_| wrong())?);
    let total = hour * 60 + minute;
    if hour <= 24 && minute < 60 && total <= 24 * 60 { Ok(total) } else { Err(wrong()) }
}

impl From<&Queue> for QueueBody {
    fn from(queue: &Queue) -> QueueBody {
        let Queue { id, prefix, name, translations, icon, colour, is_active, max_capacity, hours, algorithm } = queue;
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        QueueBody {
            id: id.0,
            prefix: prefix.clone(),
            name: name.name.clone(),
            hint: name.hint.clone(),
            names: translations
                .iter()
                .map(|(language, name)| {
                    (language.code().to_owned(), NameBody { name: name.name.clone(), hint: name.hint.clone() })
                })
                .collect(),
            icon: icon.clone(),
            colour: colour.clone(),
            is_active: *is_active,
            max_capacity: *max_capacity,
            hours: hours.as_ref().map(|hours| {
                hours
                    .periods()
                    .iter()
                    .map(|period| PeriodBody {
                        weekday: period.weekday,
                        from: clock(period.from_minute),
                        until: clock(period.until_minute),
                    })
                    .collect()
            }),
            algorithm: algorithm_word(*algorithm).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_reads_back_and_short_forms_get_defaults() {
        let body: QueueBody = serde_json::from_str(
            r#"{"id":1,"prefix":"A","name":"Accueil","names":{"en":{"name":"Welcome"},"xx":{"name":"?"}},
                "hours":[{"weekday":1,"from":"08:00","until":"12:30"}]}"#,
        )
        .unwrap();
        let queue = Queue::try_from(&body).unwrap();
        assert_eq!(queue.name_in(Language::English).name, "Welcome");
        assert_eq!(queue.name_in(Language::Spanish).name, "Accueil");
        assert_eq!(Queue::try_from(&QueueBody::from(&queue)), Ok(queue));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in ["25:00", "24:01", "8", "08:60", "-1:00", "a:b"] {
            assert!(read_minute("from", text).is_err(), "{text}");
        }
        assert_eq!(read_minute("until", "24:00"), Ok(1440));
        let body: QueueBody = serde_json::from_str(r#"{"id":1,"prefix":"a1","name":"x"}"#).unwrap();
        assert!(Queue::try_from(&body).is_err());
    }
}
