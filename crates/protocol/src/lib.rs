//! What is stored or sent: journal records, socket events, REST bodies, provisioning files.
//!
//! Every type here is a frozen form: once shipped it may gain optional fields and nothing else. Conversions to and from
//! `domain` are written by hand and take values apart in full, so that a new field cannot be forgotten silently.
//! This crate never reads or writes anything by itself.
#![warn(missing_docs)]

pub mod api;
pub mod configuration;
pub mod event;
pub mod intelligence;
pub mod pairing;
pub mod provisioning;
pub mod record;
pub mod station_sync;
pub mod time;
pub mod words;

use thiserror::Error;

/// A stored or received value that does not mean anything here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProtocolError {
    /// A code that is not in this version's table.
    #[error("{field}: `{value}` is not known")]
    UnknownWord {
        /// The field's name.
        field: &'static str,
        /// What stood there.
        value: String,
    },
    /// A ticket number that does not read.
    #[error("a ticket number is wrong: {0}")]
    Number(#[from] smartqueue_domain::NumberError),
    /// A time or a day that does not read.
    #[error("{field}: `{value}` is not a time")]
    Time {
        /// The field's name.
        field: &'static str,
        /// What stood there.
        value: String,
    },
    /// A file or message that is not of its form at all.
    #[error("{0}")]
    Form(String),
}

/// The coarse kind of a [`ProtocolError`], for those who only decide what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolErrorKind {
    /// A value is not known to this version; a newer one may know it.
    Unknown,
    /// The message or file is malformed.
    Malformed,
}

impl ProtocolError {
    /// The coarse kind.
    pub fn kind(&self) -> ProtocolErrorKind {
        match self {
            ProtocolError::UnknownWord { .. } => ProtocolErrorKind::Unknown,
            ProtocolError::Number(_) | ProtocolError::Time { .. } | ProtocolError::Form(_) => {
                ProtocolErrorKind::Malformed
            }
        }
    }
}
