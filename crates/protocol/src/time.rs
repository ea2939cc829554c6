//! Times on the wire: RFC 3339 with a zone. Inside the program a time is UTC milliseconds. Never reads a clock.

use crate::ProtocolError;
use jiff::Timestamp;

/// Writes UTC milliseconds as RFC 3339 with milliseconds, `2026-11-21T09:30:00.000Z`.
pub fn write_time(utc_ms: i64) -> String {
    let timestamp = Timestamp::from_millisecond(utc_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{timestamp:.3}")
}

/// Reads an RFC 3339 time with a zone.
///
/// # Errors
/// [`ProtocolError::Time`] names the field.
pub fn read_time(field: &'static str, text: &str) -> Result<i64, ProtocolError> {
    text.parse::<Timestamp>()
        .map(Timestamp::as_millisecond)
        .map_err(|_| ProtocolError::Time { field, value: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_back_with_any_zone() {
        assert_eq!(write_time(1_795_219_200_123), "2026-11-21T00:00:00.123Z");
        assert_eq!(read_time("t", "2026-11-21T00:00:00.123Z"), Ok(1_795_219_200_123));
        assert_eq!(read_time("t", "2026-11-21T01:00:00.123+01:00"), Ok(1_795_219_200_123));
        assert!(read_time("t", "2026-11-21 01:00").is_err());
    }
}
