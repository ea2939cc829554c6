//! A load for the server: a town of many sites, customers who take tickets, and boards that listen.
//!
//! It measures nothing by itself and judges nothing; `bench_server` does the one, its reader the other. It is made to cost
//! little, because it shares its processors with the server it loads.

pub mod boards;
pub mod client;
pub mod town;
