//! What can go wrong with a journal. Codes and values only; what to do about it is the station's decision.

use crate::chain::ChainFlaw;
use rusqlite::ErrorCode;
use smartqueue_protocol::ProtocolError;
use std::path::PathBuf;
use thiserror::Error;

/// Why the journal cannot be opened, read or written.
#[derive(Debug, Error)]
pub enum JournalError {
    /// Another process has the profile open.
    #[error("another station is running on {0}")]
    InUse(PathBuf),
    /// The folder or the lock file cannot be used.
    #[error("{path}: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a journal of this program, or of a newer version.
    #[error("the journal has schema {found}, this program reads up to {known}")]
    Schema {
        /// The version found.
        found: i32,
        /// The newest version that this program knows.
        known: i32,
    },
    /// The linked SQLite is too old to be trusted.
    #[error("SQLite {found} is older than {needed}")]
    OldSqlite {
        /// The version number found.
        found: i32,
        /// The oldest that can be trusted.
        needed: i32,
    },
    /// The file is damaged.
    #[error("the journal fails its integrity check: {0}")]
    Damaged(String),
    /// A record is not what was written there.
    #[error("record {seq} is {}: the journal was changed behind our back", flaw.code())]
    ChainBroken {
        /// The first place that does not hold.
        seq: u64,
        /// What is wrong with it.
        flaw: ChainFlaw,
    },
    /// The disk has no room for the reserve: what is under way can be written, nothing new should begin.
    #[error("the disk is full")]
    NoReserve,
    /// A record does not read.
    #[error("record {seq}: {source}")]
    Record {
        /// Its place.
        seq: u64,
        /// What is wrong with it.
        source: ProtocolError,
    },
    /// SQLite failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// The coarse kind of a [`JournalError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalErrorKind {
    /// Somebody else holds the profile.
    InUse,
    /// The disk is full.
    DiskFull,
    /// The file cannot be read or is damaged.
    Damaged,
    /// The file is of another version.
    Version,
    /// The system refused.
    System,
}

impl JournalError {
    /// The coarse kind.
    pub fn kind(&self) -> JournalErrorKind {
        match self {
            JournalError::InUse(_) => JournalErrorKind::InUse,
            JournalError::Folder { .. } => JournalErrorKind::System,
            JournalError::Schema { .. } | JournalError::OldSqlite { .. } => JournalErrorKind::Version,
            JournalError::Damaged(_) | JournalError::Record { .. } | JournalError::ChainBroken { .. } => {
                JournalErrorKind::Damaged
            }
            JournalError::NoReserve => JournalErrorKind::DiskFull,
            JournalError::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => JournalErrorKind::DiskFull,
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => JournalErrorKind::Damaged,
                Some(_) | None => JournalErrorKind::System,
            },
        }
    }
}
