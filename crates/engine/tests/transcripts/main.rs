//! Transcripts: inputs go in, effects and views come out, in virtual time. No file, no socket, no clock.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets the unexpected should stop"
)]

mod board;
mod kiosk;
mod lobby;
mod numbers;
