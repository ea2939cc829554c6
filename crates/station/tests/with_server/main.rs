//! The whole station, in this process, with the shipped server in this process.
#![expect(clippy::unwrap_used, reason = "a story that meets the unexpected should stop")]

mod copies;
mod documented_api;
mod house;
mod pairing;
