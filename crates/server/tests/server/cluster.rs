//! The PostgreSQL server of this test process: started when the first story asks for it, gone with the process.

#[path = "../../../../tests/src/postgres.rs"]
mod postgres;

pub use postgres::{Cluster, Papers};
use std::sync::OnceLock;

/// The server.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start().unwrap())
}

/// The address of an empty database.
pub fn fresh_database() -> String {
    cluster().fresh_database().unwrap()
}
