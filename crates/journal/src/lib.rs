//! The station's append-only SQLite file.
