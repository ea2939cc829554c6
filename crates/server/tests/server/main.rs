//! Stories told to a real server: port 0, a real SQLite file, plain HTTP and WebSocket. One binary, so that it links once.
#![expect(clippy::unwrap_used, reason = "a story that meets the unexpected should stop")]

mod crowd;
mod file;
mod house;
mod intelligence;
mod numbers;
mod office;
mod operations;
mod process;
mod rest;
mod sign_in;
mod sockets;
mod stations;
mod stations_truth;
