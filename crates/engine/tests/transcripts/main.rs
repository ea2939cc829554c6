//! Transcripts: inputs go in, effects and views come out, in virtual time. No file, no socket, no clock.

mod board;
mod kiosk;
mod lobby;
