//! The ticket file of `smartqueue-station slip`: what stands on a slip, as JSON, for whoever wants the exact bytes
//! without a device. Reads the text; opens nothing, not even the logo that it names.

use anyhow::{Context, Result, anyhow};
use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;
use serde::Deserialize;
use smartqueue_domain::{CopyNumber, Language, TicketNumber, WaitRange};
use smartqueue_engine::SlipContent;

/// A ticket file.
#[derive(Clone, Debug, PartialEq)]
pub struct TicketFile {
    /// What stands on the slip.
    pub content: SlipContent,
    /// The path of a PNG picture, relative to the ticket file.
    pub logo: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Form {
    number: String,
    #[serde(default)]
    queue_name: String,
    #[serde(default)]
    site_name: String,
    issued_at: String,
    #[serde(default)]
    people_ahead: Option<u32>,
    #[serde(default)]
    wait_minutes: Option<(u32, u32)>,
    #[serde(default = "default_language")]
    language: String,
    #[serde(default)]
    follow_url: Option<String>,
    #[serde(default)]
    header: Option<String>,
    #[serde(default)]
    footer: Option<String>,
    #[serde(default)]
    logo: Option<String>,
    /// 0 for the original.
    #[serde(default)]
    copy: u32,
}

fn default_language() -> String {
    Language::French.code().to_owned()
}

/// Reads a ticket file.
///
/// # Errors
/// Which field cannot be meant.
pub fn read(text: &str) -> Result<TicketFile> {
    let Form {
        number,
        queue_name,
        site_name,
        issued_at,
        people_ahead,
        wait_minutes,
        language,
        follow_url,
        header,
        footer,
        logo,
        copy,
    } = serde_json::from_str(text).context("the ticket file is not of its form")?;
    let issued: Timestamp = issued_at.parse().with_context(|| format!("issued_at: {issued_at}"))?;
    let pieces = Pieces::parse(&issued_at).with_context(|| format!("issued_at: {issued_at}"))?;
    let offset_minutes = pieces.to_numeric_offset().map_or(0, |offset| offset.seconds() / 60);
    let content = SlipContent {
        number: TicketNumber::parse(&number).with_context(|| format!("number: {number}"))?,
        queue_name,
        site_name,
        issued_at_ms: issued.as_millisecond(),
        offset_minutes,
        people_ahead,
        wait: wait_minutes.map(|(min_minutes, max_minutes)| WaitRange { min_minutes, max_minutes }),
        language: Language::from_code(&language).ok_or_else(|| anyhow!("language: {language}"))?,
        follow_url,
        header,
        footer,
        copy: CopyNumber(copy),
    };
    Ok(TicketFile { content, logo })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_time_of_the_file_is_the_time_on_the_slip() {
        let text = r#"{"number":"A045","issued_at":"2026-11-21T09:05:00+01:00","wait_minutes":[5,10],"logo":"l.png"}"#;
        let TicketFile { content, logo } = read(text).unwrap();
        assert_eq!(logo.as_deref(), Some("l.png"));
        assert_eq!(content.offset_minutes, 60);
        assert_eq!(content.wait, Some(WaitRange { min_minutes: 5, max_minutes: 10 }));
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        for (text, field) in [
            (r#"{"number":"45","issued_at":"2026-11-21T09:05:00Z"}"#, "number"),
            (r#"{"number":"A045","issued_at":"yesterday"}"#, "issued_at"),
            (r#"{"number":"A045","issued_at":"2026-11-21T09:05:00Z","language":"xx"}"#, "language"),
            ("[]", "form"),
        ] {
            assert!(read(text).unwrap_err().to_string().contains(field), "{text}");
        }
    }
}
