//! Records in their stored and sent form. The form is frozen: journals of every shipped version must read.
//! A golden file per kind holds it in place.

use crate::ProtocolError;
use crate::time::{read_time, write_time};
use crate::words::{
    dated_by_word, doubt_word, evidence_word, read_dated_by, read_doubt, read_evidence, read_language, read_letter,
    read_void, void_word,
};
use serde::{Deserialize, Serialize};
use smartqueue_domain::{
    BootId, BootMoment, CopyNumber, DatedBy, PrintOutcome, QueueId, Record, SeriesGrant, ServiceDay, StationId,
    TicketId, TicketNumber,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// A record as it stands in the journal's file and in a push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StoredRecord {
    /// See [`Record::StationPaired`].
    StationPaired {
        /// The station's id.
        station: i64,
        /// The private series' letter.
        letter: String,
    },
    /// See [`Record::SeriesGranted`].
    SeriesGranted {
        /// The queue's id.
        queue: i64,
        /// `YYYY-MM-DD`.
        from_day: String,
    },
    /// See [`Record::SeriesReleased`].
    SeriesReleased {
        /// The queue's id.
        queue: i64,
        /// `YYYY-MM-DD`.
        from_day: String,
    },
    /// See [`Record::IdentityLost`].
    IdentityLost,
    /// See [`Record::DayOpened`].
    DayOpened {
        /// `YYYY-MM-DD`.
        day: String,
    },
    /// See [`Record::TicketRequested`].
    TicketRequested {
        /// The ticket's id.
        ticket: Uuid,
        /// The queue's id.
        queue: i64,
        /// ISO 639-1.
        language: String,
        /// RFC 3339.
        touched_at: String,
    },
    /// See [`Record::TicketIssued`].
    TicketIssued {
        /// The ticket's id.
        ticket: Uuid,
        /// The queue's id.
        queue: i64,
        /// Empty for the main series.
        letter: String,
        /// As printed.
        number: String,
        /// `YYYY-MM-DD`.
        day: String,
        /// ISO 639-1.
        language: String,
        /// Higher goes first.
        priority: i64,
        /// RFC 3339.
        touched_at: String,
        /// Whose clock that is; nothing means the station's wall clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dated_by: Option<String>,
        /// The same moment by the boot-time clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        moment: Option<StoredMoment>,
    },
    /// See [`Record::SlipSent`].
    SlipSent {
        /// The ticket's id.
        ticket: Uuid,
        /// 0 for the original.
        copy: u32,
    },
    /// See [`Record::SlipEnded`].
    SlipEnded {
        /// The ticket's id.
        ticket: Uuid,
        /// 0 for the original.
        copy: u32,
        /// How it ended.
        #[serde(flatten)]
        outcome: StoredOutcome,
    },
    /// See [`Record::TicketVoided`].
    TicketVoided {
        /// The ticket's id.
        ticket: Uuid,
        /// Why.
        reason: String,
    },
}

/// A moment by the boot-time clock, see [`BootMoment`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoredMoment {
    /// The machine's start.
    pub boot: Uuid,
    /// Milliseconds since then.
    pub elapsed_ms: u64,
}

impl From<BootMoment> for StoredMoment {
    fn from(BootMoment { boot, elapsed_ms }: BootMoment) -> StoredMoment {
        StoredMoment { boot: boot.0, elapsed_ms }
    }
}

impl From<StoredMoment> for BootMoment {
    fn from(StoredMoment { boot, elapsed_ms }: StoredMoment) -> BootMoment {
        BootMoment { boot: BootId(boot), elapsed_ms }
    }
}

/// How a print ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum StoredOutcome {
    /// On paper.
    Printed {
        /// What proves it.
        evidence: String,
    },
    /// Handed to a printer that cannot answer.
    Unconfirmed,
    /// Surely not on paper.
    Failed {
        /// Why.
        cause: String,
    },
    /// Perhaps on paper.
    Unknown {
        /// Why.
        cause: String,
    },
}

impl From<&Record> for StoredRecord {
    fn from(record: &Record) -> StoredRecord {
        match record {
            Record::StationPaired { station, letter } => {
                StoredRecord::StationPaired { station: station.0, letter: letter.as_text() }
            }
            Record::SeriesGranted(SeriesGrant { queue, from_day }) => {
                StoredRecord::SeriesGranted { queue: queue.0, from_day: from_day.to_string() }
            }
            Record::SeriesReleased(SeriesGrant { queue, from_day }) => {
                StoredRecord::SeriesReleased { queue: queue.0, from_day: from_day.to_string() }
            }
            Record::IdentityLost => StoredRecord::IdentityLost,
            Record::DayOpened { day } => StoredRecord::DayOpened { day: day.to_string() },
            Record::TicketRequested { ticket, queue, language, touched_at_ms } => StoredRecord::TicketRequested {
                ticket: ticket.0,
                queue: queue.0,
                language: language.code().to_owned(),
                touched_at: write_time(*touched_at_ms),
            },
            Record::TicketIssued {
                ticket,
                queue,
                letter,
                number,
                day,
                language,
                priority,
                touched_at_ms,
                dated_by,
                moment,
            } => StoredRecord::TicketIssued {
                ticket: ticket.0,
                queue: queue.0,
                letter: letter.as_text(),
                number: number.to_string(),
                day: day.to_string(),
                language: language.code().to_owned(),
                priority: *priority,
                touched_at: write_time(*touched_at_ms),
                dated_by: match dated_by {
                    DatedBy::Server => Some(dated_by_word(DatedBy::Server).to_owned()),
                    // The first version knew no other clock and wrote no word for it.
                    DatedBy::WallClock => None,
                },
                moment: moment.map(StoredMoment::from),
            },
            Record::SlipSent { ticket, copy } => StoredRecord::SlipSent { ticket: ticket.0, copy: copy.0 },
            Record::SlipEnded { ticket, copy, outcome } => {
                StoredRecord::SlipEnded { ticket: ticket.0, copy: copy.0, outcome: outcome.into() }
            }
            Record::TicketVoided { ticket, reason } => {
                StoredRecord::TicketVoided { ticket: ticket.0, reason: void_word(*reason).to_owned() }
            }
        }
    }
}

impl From<&PrintOutcome> for StoredOutcome {
    fn from(outcome: &PrintOutcome) -> StoredOutcome {
        match outcome {
            PrintOutcome::Printed(evidence) => StoredOutcome::Printed { evidence: evidence_word(*evidence).to_owned() },
            PrintOutcome::Unconfirmed => StoredOutcome::Unconfirmed,
            PrintOutcome::Failed(doubt) => StoredOutcome::Failed { cause: doubt_word(*doubt).to_owned() },
            PrintOutcome::Unknown(doubt) => StoredOutcome::Unknown { cause: doubt_word(*doubt).to_owned() },
        }
    }
}

impl TryFrom<&StoredOutcome> for PrintOutcome {
    type Error = ProtocolError;

    fn try_from(stored: &StoredOutcome) -> Result<PrintOutcome, ProtocolError> {
        Ok(match stored {
            StoredOutcome::Printed { evidence } => PrintOutcome::Printed(read_evidence(evidence)?),
            StoredOutcome::Unconfirmed => PrintOutcome::Unconfirmed,
            StoredOutcome::Failed { cause } => PrintOutcome::Failed(read_doubt(cause)?),
            StoredOutcome::Unknown { cause } => PrintOutcome::Unknown(read_doubt(cause)?),
        })
    }
}

impl TryFrom<&StoredRecord> for Record {
    type Error = ProtocolError;

    fn try_from(stored: &StoredRecord) -> Result<Record, ProtocolError> {
        Ok(match stored {
            StoredRecord::StationPaired { station, letter } => {
                Record::StationPaired { station: StationId(*station), letter: read_letter(letter)? }
            }
            StoredRecord::SeriesGranted { queue, from_day } => {
                Record::SeriesGranted(SeriesGrant { queue: QueueId(*queue), from_day: read_day("from_day", from_day)? })
            }
            StoredRecord::SeriesReleased { queue, from_day } => Record::SeriesReleased(SeriesGrant {
                queue: QueueId(*queue),
                from_day: read_day("from_day", from_day)?,
            }),
            StoredRecord::IdentityLost => Record::IdentityLost,
            StoredRecord::DayOpened { day } => Record::DayOpened { day: read_day("day", day)? },
            StoredRecord::TicketRequested { ticket, queue, language, touched_at } => Record::TicketRequested {
                ticket: TicketId(*ticket),
                queue: QueueId(*queue),
                language: read_language(language)?,
                touched_at_ms: read_time("touched_at", touched_at)?,
            },
            StoredRecord::TicketIssued {
                ticket,
                queue,
                letter,
                number,
                day,
                language,
                priority,
                touched_at,
                dated_by,
                moment,
            } => Record::TicketIssued {
                ticket: TicketId(*ticket),
                queue: QueueId(*queue),
                letter: read_letter(letter)?,
                number: TicketNumber::parse(number)?,
                day: read_day("day", day)?,
                language: read_language(language)?,
                priority: *priority,
                touched_at_ms: read_time("touched_at", touched_at)?,
                dated_by: dated_by.as_deref().map_or(Ok(DatedBy::WallClock), read_dated_by)?,
                moment: moment.map(BootMoment::from),
            },
            StoredRecord::SlipSent { ticket, copy } => {
                Record::SlipSent { ticket: TicketId(*ticket), copy: CopyNumber(*copy) }
            }
            StoredRecord::SlipEnded { ticket, copy, outcome } => {
                Record::SlipEnded { ticket: TicketId(*ticket), copy: CopyNumber(*copy), outcome: outcome.try_into()? }
            }
            StoredRecord::TicketVoided { ticket, reason } => {
                Record::TicketVoided { ticket: TicketId(*ticket), reason: read_void(reason)? }
            }
        })
    }
}

/// Reads a service day.
///
/// # Errors
/// [`ProtocolError::Time`] names the field.
pub fn read_day(field: &'static str, text: &str) -> Result<ServiceDay, ProtocolError> {
    ServiceDay::parse(text).ok_or_else(|| ProtocolError::Time { field, value: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frozen form of every kind. A change here breaks shipped journals: add, never edit.
    const GOLDEN: [&str; 15] = [
        r#"{"kind":"station_paired","station":7,"letter":"K"}"#,
        r#"{"kind":"series_granted","queue":1,"from_day":"2026-11-21"}"#,
        r#"{"kind":"day_opened","day":"2026-11-21"}"#,
        r#"{"kind":"ticket_issued","ticket":"018f3c1e-0000-7000-8000-000000000001","queue":1,"letter":"","number":"A001","day":"2026-11-21","language":"fr","priority":0,"touched_at":"2026-11-21T09:30:00.123Z"}"#,
        r#"{"kind":"slip_sent","ticket":"018f3c1e-0000-7000-8000-000000000001","copy":0}"#,
        r#"{"kind":"slip_ended","ticket":"018f3c1e-0000-7000-8000-000000000001","copy":0,"outcome":"printed","evidence":"process_id"}"#,
        r#"{"kind":"slip_ended","ticket":"018f3c1e-0000-7000-8000-000000000001","copy":1,"outcome":"unconfirmed"}"#,
        r#"{"kind":"slip_ended","ticket":"018f3c1e-0000-7000-8000-000000000001","copy":0,"outcome":"failed","cause":"paper_out"}"#,
        r#"{"kind":"slip_ended","ticket":"018f3c1e-0000-7000-8000-000000000001","copy":0,"outcome":"unknown","cause":"power_cut"}"#,
        r#"{"kind":"ticket_voided","ticket":"018f3c1e-0000-7000-8000-000000000001","reason":"never_sent"}"#,
        r#"{"kind":"ticket_voided","ticket":"018f3c1e-0000-7000-8000-000000000001","reason":"never_issued"}"#,
        r#"{"kind":"ticket_requested","ticket":"018f3c1e-0000-7000-8000-000000000001","queue":1,"language":"fr","touched_at":"2026-11-21T09:30:00.123Z"}"#,
        r#"{"kind":"ticket_issued","ticket":"018f3c1e-0000-7000-8000-000000000001","queue":1,"letter":"K","number":"AK001","day":"2026-11-21","language":"fr","priority":0,"touched_at":"2026-11-21T09:30:00.123Z","dated_by":"server","moment":{"boot":"018f3c1e-0000-4000-8000-000000000002","elapsed_ms":123456}}"#,
        r#"{"kind":"series_released","queue":1,"from_day":"2026-11-22"}"#,
        r#"{"kind":"identity_lost"}"#,
    ];

    #[test]
    fn every_kind_keeps_its_frozen_form() {
        for golden in GOLDEN {
            let stored: StoredRecord = serde_json::from_str(golden).unwrap();
            let record = Record::try_from(&stored).unwrap();
            assert_eq!(serde_json::to_string(&StoredRecord::from(&record)).unwrap(), golden);
        }
    }

    #[test]
    fn a_sequenced_record_is_flat() {
        let text = format!("{{\"seq\":3,{}", &GOLDEN[4][1..]);
        let sequenced: crate::station_sync::SequencedRecord = serde_json::from_str(&text).unwrap();
        assert_eq!(sequenced.seq, 3);
        assert_eq!(serde_json::to_string(&sequenced).unwrap(), text);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_field() {
        for (golden, from, to) in [
            (GOLDEN[3], "A001", "001"),
            (GOLDEN[3], "\"fr\"", "\"xx\""),
            (GOLDEN[3], "2026-11-21\",\"language", "2026-13-21\",\"language"),
            (GOLDEN[5], "process_id", "hope"),
            (GOLDEN[9], "never_sent", "whim"),
        ] {
            let stored: StoredRecord = serde_json::from_str(&golden.replace(from, to)).unwrap();
            assert!(Record::try_from(&stored).is_err(), "{golden} with {to}");
        }
    }
}
