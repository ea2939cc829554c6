//! The fields of what the office keeps: which values are meant, and how they stand in the file. Checks are pure; whether a
//! row that a field names exists is for `catalogue` to see.

use super::store::{Row, Stored, ValueRef};
use crate::trouble::Trouble;
use serde_json::{Value, json};
use smartqueue_domain::OpeningPeriod;
use smartqueue_protocol::configuration::{NameBody, PeriodBody};
use smartqueue_protocol::words::read_language;
use std::collections::BTreeMap;

/// Which values a field takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text of one sign at least and so many at most.
    Text(usize),
    /// A whole number between two bounds, both included.
    Integer(i64, i64),
    /// True or false.
    Truth,
    /// A colour, `#rrggbb`.
    Colour,
    /// An address for mail.
    Email,
    /// The IANA name of a time zone.
    Zone,
    /// One to four capital letters.
    Prefix,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of codes of languages that stations speak, one at least.
    Languages,
    /// Names in other languages, by code.
    Names,
    /// Opening periods.
    Hours,
    /// Lines of text, so many at most.
    Lines(usize),
    /// What a board shows between calls.
    PlaylistItems,
    /// The id of a row of another table.
    Reference(&'static str),
    /// The id of a counter, which is shown with its label; read only.
    Counter,
    /// An instant; read only.
    Instant,
}

/// Where a field stands.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// In a column of this name.
    Column(&'static str),
    /// Nowhere: this SQL expression makes it.
    Expression(&'static str),
    /// Not in the table; whoever keeps the resource stores it beside, and this expression reads it.
    Beside(&'static str),
    /// In a column, and never shown.
    Secret(&'static str),
}

/// When a field is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// With every new row; it may be changed.
    Always,
    /// With every new row; it never changes.
    Once,
    /// When somebody likes; otherwise this stands there, as the table has it.
    Freely(Fallback),
    /// When somebody likes, and null takes it away.
    OrNull,
    /// Never: the server gives it.
    Never,
}

/// What stands in a field that nobody gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// A text.
    Text(&'static str),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Truth(bool),
    /// A list without anything in it.
    NoList,
    /// An object without anything in it.
    NoNames,
}

impl Fallback {
    /// As it is shown.
    pub fn shown(self) -> Value {
        match self {
            Fallback::Text(text) => json!(text),
            Fallback::Integer(number) => json!(number),
            Fallback::Truth(truth) => json!(truth),
            Fallback::NoList => json!([]),
            Fallback::NoNames => json!({}),
        }
    }

    fn stored(self) -> Stored {
        match self {
            Fallback::Text(text) => Stored::Text(text.to_owned()),
            Fallback::Integer(number) => Stored::Integer(number),
            Fallback::Truth(truth) => Stored::Integer(i64::from(truth)),
            Fallback::NoList => Stored::Text("[]".to_owned()),
            Fallback::NoNames => Stored::Text("{}".to_owned()),
        }
    }
}

/// A field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// Which values it takes.
    pub kind: Kind,
    /// Where it stands.
    pub place: Place,
    /// When it is given.
    pub given: Given,
}

/// A field in the column of its own name.
pub const fn field(name: &'static str, kind: Kind, given: Given) -> Field {
    Field { name, kind, place: Place::Column(name), given }
}

impl Field {
    /// The SQL that reads the field, if it is shown.
    pub fn expression(&self) -> Option<&'static str> {
        match self.place {
            Place::Column(sql) | Place::Expression(sql) | Place::Beside(sql) => Some(sql),
            Place::Secret(_) => None,
        }
    }

    /// Whether lists can be filtered and ordered by the field.
    pub fn is_scalar(&self) -> bool {
        match self.kind {
            Kind::Text(_)
            | Kind::Integer(..)
            | Kind::Truth
            | Kind::Colour
            | Kind::Email
            | Kind::Zone
            | Kind::Prefix
            | Kind::Word(_)
            | Kind::Reference(_)
            | Kind::Counter
            | Kind::Instant => self.expression().is_some(),
            Kind::Languages | Kind::Names | Kind::Hours | Kind::Lines(_) | Kind::PlaylistItems => false,
        }
    }

    /// Checks a value and turns it into what is stored.
    ///
    /// # Errors
    /// [`Trouble::Invalid`] names the field.
    pub fn check(&self, value: &Value) -> Result<Stored, Trouble> {
        if value.is_null() {
            return if self.given == Given::OrNull {
                Ok(Stored::Null)
            } else {
                Err(self.wrong("null is not possible"))
            };
        }
        if let Given::Freely(fallback) = self.given
            && *value == fallback.shown()
        {
            return Ok(fallback.stored());
        }
        let text = |form: fn(&str) -> bool, wanted: &str| match value.as_str() {
            Some(text) if form(text) => Ok(Stored::Text(text.to_owned())),
            Some(_) | None => Err(self.wrong(wanted)),
        };
        match self.kind {
            Kind::Text(longest) => match value.as_str().map(str::trim) {
                Some(text) if (1..=longest).contains(&text.chars().count()) && !text.contains('\0') => {
                    Ok(Stored::Text(text.to_owned()))
                }
                Some(_) | None => Err(self.wrong(format!("a text of 1 to {longest} signs is needed"))),
            },
            Kind::Integer(least, most) => match value.as_i64() {
                Some(number) if (least..=most).contains(&number) => Ok(Stored::Integer(number)),
                Some(_) | None => Err(self.wrong(format!("an integer from {least} to {most} is needed"))),
            },
            Kind::Reference(_) => match value.as_i64() {
                Some(id) if id > 0 => Ok(Stored::Integer(id)),
                Some(_) | None => Err(self.wrong("an id is needed")),
            },
            Kind::Truth => match value.as_bool() {
                Some(truth) => Ok(Stored::Integer(i64::from(truth))),
                None => Err(self.wrong("true or false is needed")),
            },
            Kind::Colour => text(is_colour, "a colour such as #1f4e79 is needed"),
            Kind::Email => {
                let Stored::Text(email) = text(is_email, "an address such as awa@bank.example is needed")? else {
                    return Err(self.wrong("a text is needed"));
                };
                Ok(Stored::Text(email.trim().to_lowercase()))
            }
            Kind::Zone => text(|zone| jiff::tz::TimeZone::get(zone).is_ok(), "an IANA time zone is needed"),
            Kind::Prefix => text(is_prefix, "one to four capital letters are needed"),
            Kind::Word(words) => match value.as_str() {
                Some(word) if words.contains(&word) => Ok(Stored::Text(word.to_owned())),
                Some(_) | None => Err(self.wrong(format!("one of {} is needed", words.join(", ")))),
            },
            Kind::Languages => {
                let codes: Vec<String> = self.read_json(value)?;
                if codes.is_empty() || codes.iter().any(|code| read_language(code).is_err()) {
                    return Err(self.wrong("a list of codes out of fr, en, ar, wo, es, pt is needed"));
                }
                self.json(&codes)
            }
            Kind::Names => {
                let names: BTreeMap<String, NameBody> = self.read_json(value)?;
                for (code, NameBody { name, hint }) in &names {
                    let is_long = name.chars().count() > 100 || hint.as_ref().is_some_and(|hint| hint.len() > 400);
                    if read_language(code).is_err() || name.is_empty() || is_long {
                        return Err(self.wrong("short names by language code are needed"));
                    }
                }
                self.json(&names)
            }
            Kind::Hours => {
                let periods: Vec<PeriodBody> = self.read_json(value)?;
                if periods.len() > 100 {
                    return Err(self.wrong("at most 100 periods are kept"));
                }
                for period in &periods {
                    let OpeningPeriod { weekday, from_minute, until_minute } =
                        OpeningPeriod::try_from(period).map_err(|error| self.wrong(error.to_string()))?;
                    if !(1..=7).contains(&weekday) || from_minute >= until_minute {
                        return Err(self.wrong("a period has a weekday from 1 to 7 and ends after it begins"));
                    }
                }
                self.json(&periods)
            }
            Kind::Lines(most) => {
                let lines: Vec<String> = self.read_json(value)?;
                if lines.len() > most || lines.iter().any(|line| line.is_empty() || line.chars().count() > 500) {
                    return Err(self.wrong(format!("at most {most} lines of 1 to 500 signs are kept")));
                }
                self.json(&lines)
            }
            Kind::PlaylistItems => {
                let items: Vec<PlaylistItem> = self.read_json(value)?;
                let fits = |item: &PlaylistItem| {
                    ["image", "video", "text"].contains(&item.kind.as_str())
                        && (1..=2_000).contains(&item.what.chars().count())
                        && (1..=3_600).contains(&item.seconds)
                };
                if items.len() > 200 || !items.iter().all(fits) {
                    return Err(self.wrong("items have kind (image, video, text), what, and seconds from 1 to 3600"));
                }
                self.json(&items)
            }
            Kind::Counter | Kind::Instant => Err(self.wrong("this is not set by hand")),
        }
    }

    /// Reads a filter of a list.
    ///
    /// # Errors
    /// [`Trouble::Invalid`] names the field.
    pub fn check_filter(&self, text: &str) -> Result<Stored, Trouble> {
        match self.kind {
            Kind::Integer(..) | Kind::Reference(_) | Kind::Counter | Kind::Instant => {
                text.parse().map(Stored::Integer).map_err(|_| self.wrong("an integer is needed"))
            }
            Kind::Truth => match text {
                "true" | "1" => Ok(Stored::Integer(1)),
                "false" | "0" => Ok(Stored::Integer(0)),
                _ => Err(self.wrong("true or false is needed")),
            },
            Kind::Text(_)
            | Kind::Colour
            | Kind::Email
            | Kind::Zone
            | Kind::Prefix
            | Kind::Word(_)
            | Kind::Languages
            | Kind::Names
            | Kind::Hours
            | Kind::Lines(_)
            | Kind::PlaylistItems => Ok(Stored::Text(text.to_owned())),
        }
    }

    /// Reads the field from a row.
    pub fn read(&self, row: &Row<'_>, place: usize) -> Result<Value, Trouble> {
        Ok(match row.get_ref(place)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => match self.kind {
                Kind::Truth => Value::Bool(number != 0),
                Kind::Instant => Value::String(smartqueue_protocol::time::write_time(number)),
                Kind::Text(_)
                | Kind::Integer(..)
                | Kind::Colour
                | Kind::Email
                | Kind::Zone
                | Kind::Prefix
                | Kind::Word(_)
                | Kind::Languages
                | Kind::Names
                | Kind::Hours
                | Kind::Lines(_)
                | Kind::PlaylistItems
                | Kind::Counter
                | Kind::Reference(_) => json!(number),
            },
            ValueRef::Text(text) => match self.kind {
                Kind::Languages | Kind::Names | Kind::Hours | Kind::Lines(_) | Kind::PlaylistItems => {
                    serde_json::from_str(text)?
                }
                Kind::Text(_)
                | Kind::Integer(..)
                | Kind::Truth
                | Kind::Colour
                | Kind::Email
                | Kind::Zone
                | Kind::Prefix
                | Kind::Word(_)
                | Kind::Reference(_)
                | Kind::Counter
                | Kind::Instant => Value::String(text.to_owned()),
            },
            ValueRef::Real(_) | ValueRef::Blob(_) => {
                return Err(Trouble::Internal(format!("{} is stored in a form that does not read", self.name)));
            }
        })
    }

    /// The field's JSON schema.
    pub fn schema(&self) -> Value {
        let mut schema = match self.kind {
            Kind::Text(longest) => json!({"type": "string", "minLength": 1, "maxLength": longest}),
            Kind::Integer(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
            Kind::Truth => json!({"type": "boolean"}),
            Kind::Colour => json!({"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}),
            Kind::Email => json!({"type": "string", "format": "email"}),
            Kind::Zone => json!({"type": "string", "examples": ["Africa/Dakar"]}),
            Kind::Prefix => json!({"type": "string", "pattern": "^[A-Z]{1,4}$"}),
            Kind::Word(words) => json!({"type": "string", "enum": words}),
            Kind::Languages => {
                json!({"type": "array", "minItems": 1, "items": {"enum": ["fr", "en", "ar", "wo", "es", "pt"]}})
            }
            Kind::Names => json!({"type": "object", "additionalProperties": {"type": "object", "required": ["name"],
                "properties": {"name": {"type": "string"}, "hint": {"type": ["string", "null"]}}}}),
            Kind::Hours => json!({"type": "array", "maxItems": 100, "items": {"type": "object",
                "required": ["weekday", "from", "until"], "properties": {
                    "weekday": {"type": "integer", "minimum": 1, "maximum": 7},
                    "from": {"type": "string", "examples": ["08:00"]},
                    "until": {"type": "string", "examples": ["17:30"]}}}}),
            Kind::Lines(most) => json!({"type": "array", "maxItems": most,
                "items": {"type": "string", "minLength": 1, "maxLength": 500}}),
            Kind::PlaylistItems => json!({"type": "array", "maxItems": 200, "items": {"type": "object",
                "required": ["kind", "what", "seconds"], "properties": {
                    "kind": {"enum": ["image", "video", "text"]},
                    "what": {"type": "string", "minLength": 1, "maxLength": 2000},
                    "seconds": {"type": "integer", "minimum": 1, "maximum": 3600}}}}),
            Kind::Reference(table) => {
                json!({"type": "integer", "minimum": 1, "description": format!("a row of {table}")})
            }
            Kind::Counter => json!({"type": "object", "required": ["id", "label"],
                "properties": {"id": {"type": "integer"}, "label": {"type": "string"}}}),
            Kind::Instant => json!({"type": "string", "format": "date-time"}),
        };
        if let Given::Freely(fallback) = self.given {
            schema["default"] = fallback.shown();
            if fallback == Fallback::Text("") {
                schema["minLength"] = json!(0);
            }
        }
        // What the server gives is null as long as there is nothing to give.
        let may_be_null =
            matches!(self.given, Given::OrNull | Given::Never) || matches!(self.place, Place::Expression(_));
        if may_be_null {
            let kind = schema["type"].clone();
            schema["type"] = json!([kind, "null"]);
        }
        schema
    }

    fn wrong(&self, detail: impl Into<String>) -> Trouble {
        Trouble::invalid(self.name, detail)
    }

    fn read_json<T: serde::de::DeserializeOwned>(&self, value: &Value) -> Result<T, Trouble> {
        serde_json::from_value(value.clone()).map_err(|error| self.wrong(error.to_string()))
    }

    fn json<T: serde::Serialize>(&self, value: &T) -> Result<Stored, Trouble> {
        Ok(Stored::Text(serde_json::to_string(value)?))
    }
}

/// What a board shows between calls.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaylistItem {
    kind: String,
    what: String,
    seconds: u32,
}

fn is_colour(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit())
}

fn is_prefix(text: &str) -> bool {
    (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Only what no address can be without; whether it exists is for mail to find out.
fn is_email(text: &str) -> bool {
    let text = text.trim();
    text.len() <= 254
        && !text.chars().any(|sign| sign.is_whitespace() || sign.is_control())
        && text
            .split_once('@')
            .is_some_and(|(who, place)| !who.is_empty() && place.contains('.') && !place.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_what_is_meant_and_names_the_field_otherwise() {
        let good = [
            (Kind::Text(3), json!(" ab ")),
            (Kind::Integer(1, 5), json!(5)),
            (Kind::Truth, json!(true)),
            (Kind::Colour, json!("#1f4E79")),
            (Kind::Email, json!("Awa@bank.example")),
            (Kind::Zone, json!("Africa/Dakar")),
            (Kind::Prefix, json!("AB")),
            (Kind::Word(&["a", "b"]), json!("b")),
            (Kind::Languages, json!(["wo", "fr"])),
            (Kind::Names, json!({"en": {"name": "Loans", "hint": null}})),
            (Kind::Hours, json!([{"weekday": 7, "from": "08:00", "until": "24:00"}])),
            (Kind::Lines(1), json!(["Bonjour"])),
            (Kind::PlaylistItems, json!([{"kind": "text", "what": "Hello", "seconds": 10}])),
            (Kind::Reference("sites"), json!(1)),
        ];
        let bad = [
            (Kind::Text(3), vec![json!(""), json!("  "), json!("abcd"), json!(5), json!("a\0")]),
            (Kind::Integer(1, 5), vec![json!(0), json!(6), json!(1.5), json!("1"), json!(true)]),
            (Kind::Truth, vec![json!(1), json!("true")]),
            (Kind::Colour, vec![json!("1f4e79"), json!("#1f4e7"), json!("#1f4e7é")]),
            (Kind::Email, vec![json!("awa"), json!("awa@bank"), json!("a b@c.d"), json!("@b.c"), json!("a@b@c.d")]),
            (Kind::Zone, vec![json!("Mars/Olympus"), json!("")]),
            (Kind::Prefix, vec![json!("a"), json!("ABCDE"), json!(""), json!("É")]),
            (Kind::Word(&["a", "b"]), vec![json!("c"), json!(1)]),
            (Kind::Languages, vec![json!([]), json!(["xx"]), json!("fr")]),
            (Kind::Names, vec![json!({"xx": {"name": "x"}}), json!({"en": {"name": ""}}), json!([])]),
            (
                Kind::Hours,
                vec![
                    json!([{"weekday": 8, "from": "08:00", "until": "09:00"}]),
                    json!([{"weekday": 1, "from": "09:00", "until": "08:00"}]),
                    json!([{"weekday": 1, "from": "9", "until": "10:00"}]),
                    json!({}),
                ],
            ),
            (Kind::Lines(1), vec![json!(["a", "b"]), json!([""]), json!("a")]),
            (
                Kind::PlaylistItems,
                vec![
                    json!([{"kind": "page", "what": "x", "seconds": 1}]),
                    json!([{"kind": "text", "what": "x", "seconds": 0}]),
                    json!([{"kind": "text", "what": "x", "seconds": 1, "more": 1}]),
                ],
            ),
            (Kind::Reference("sites"), vec![json!(0), json!("1"), json!(-1)]),
            (Kind::Instant, vec![json!("2026-01-01T00:00:00Z")]),
        ];
        for (kind, value) in good {
            assert!(field("f", kind, Given::Always).check(&value).is_ok(), "{kind:?} {value}");
        }
        for (kind, values) in bad {
            for value in values {
                match field("f", kind, Given::Always).check(&value) {
                    Err(Trouble::Invalid { field: "f", .. }) => {}
                    other => panic!("{kind:?} {value} gave {other:?}"),
                }
            }
        }
    }

    #[test]
    fn null_takes_away_only_what_may_be_missing() {
        let email = field("email", Kind::Email, Given::Always);
        assert!(email.check(&Value::Null).is_err());
        assert_eq!(email.check(&json!("Awa@Bank.example")).unwrap(), Stored::Text("awa@bank.example".to_owned()));
        assert_eq!(field("hint", Kind::Text(9), Given::OrNull).check(&Value::Null).unwrap(), Stored::Null);
    }
}
