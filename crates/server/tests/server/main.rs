//! Stories told to a real server: port 0, a real database, plain HTTP and WebSocket. One binary, so that it links once. The
//! same stories are told twice, on an embedded SQLite file and on a PostgreSQL server that the tests start themselves; those of
//! several servers on one PostgreSQL once more with NATS between them.
#![expect(clippy::unwrap_used, reason = "a story that meets the unexpected should stop")]
#![expect(clippy::duplicate_mod, reason = "the same stories are told on both databases")]

mod cluster;
mod house;
mod nats;

#[path = "."]
mod on_sqlite {
    pub mod house {
        pub use crate::house::*;
        /// The house of these stories.
        pub type House = HouseOn<Sqlite>;
        /// A place without a server.
        pub type Ground = Sqlite;
    }

    mod crowd;
    mod file;
    mod intelligence;
    mod numbers;
    mod office;
    mod operations;
    mod pairing;
    mod process;
    mod replace;
    mod rest;
    mod sign_in;
    mod sockets;
    mod stations;
    mod stations_truth;
}

#[path = "."]
mod on_postgres {
    pub mod house {
        pub use crate::house::*;
        /// The house of these stories.
        pub type House = HouseOn<Postgres>;
        /// A place without a server.
        pub type Ground = Postgres;
    }

    mod bus;
    mod claims;
    mod crowd;
    mod encrypted;
    mod intelligence;
    mod numbers;
    mod office;
    mod operations;
    mod pairing;
    mod replace;
    mod rest;
    mod servers;
    mod sign_in;
    mod sockets;
    mod stations;
    mod stations_truth;
    mod wall;
}

#[path = "."]
mod on_postgres_with_nats {
    pub mod house {
        pub use crate::house::*;
        /// The house of these stories.
        pub type House = HouseOn<PostgresAndNats>;
    }

    mod servers;
}
