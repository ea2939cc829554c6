//! Everything that can keep a step from being done: a stable code, a sentence for a developer, an HTTP status.
//! This module never writes an answer; `http::answer` does.

use smartqueue_domain::{Refusal, TransitionRefused};
use smartqueue_protocol::ProtocolError;

/// Why a step was not done.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// What was asked for is not there, or belongs to somebody else.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// A field is missing, of the wrong kind or out of bounds.
    #[error("{field}: {detail}")]
    Invalid {
        /// The field's name.
        field: &'static str,
        /// What is wrong with it.
        detail: String,
        /// Other fields with the same fault.
        also: Vec<&'static str>,
    },
    /// The request cannot be read at all.
    #[error("{detail}")]
    Malformed {
        /// A stable code.
        code: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// An expected no.
    #[error("{}", refusal_sentence(*.0))]
    Refused(Refusal),
    /// The step does not fit the ticket's state.
    #[error("{0}")]
    Transition(#[from] TransitionRefused),
    /// The request contradicts what is already there.
    #[error("{detail}")]
    Conflict {
        /// A stable code.
        code: &'static str,
        /// What contradicts what.
        detail: String,
    },
    /// Nobody is known by these credentials.
    #[error("{detail}")]
    Unauthorised {
        /// A stable code.
        code: &'static str,
        /// What is wrong with the credentials.
        detail: &'static str,
    },
    /// The caller is known and may not do this.
    #[error("{detail}")]
    Forbidden {
        /// A stable code.
        code: &'static str,
        /// What is missing.
        detail: &'static str,
    },
    /// Too many tries.
    #[error("too many requests: try again in {retry_after_seconds} s")]
    TooMany {
        /// Whole seconds until the next try makes sense.
        retry_after_seconds: u64,
    },
    /// The server has more to do than it can hold.
    #[error("the server is busy: try again")]
    Busy,
    /// The database could not be read or written.
    #[error("the store failed: {0}")]
    Storage(crate::ledger::store::Error),
    /// Something that the code rules out happened.
    #[error("internal: {0}")]
    Internal(String),
}

impl Trouble {
    /// A field that cannot be meant.
    pub fn invalid(field: &'static str, detail: impl Into<String>) -> Trouble {
        Trouble::Invalid { field, detail: detail.into(), also: Vec::new() }
    }

    /// Refuses a request without these fields, if there are any.
    ///
    /// # Errors
    /// [`Trouble::Invalid`] names all of them.
    pub fn refuse_without(fields: &[&'static str]) -> Result<(), Trouble> {
        let Some((field, also)) = fields.split_first() else { return Ok(()) };
        Err(Trouble::Invalid { field, detail: "this field is needed".to_owned(), also: also.to_vec() })
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Trouble::NotFound(_) => "not_found",
            Trouble::Invalid { .. } => "invalid_field",
            Trouble::Malformed { code, .. }
            | Trouble::Conflict { code, .. }
            | Trouble::Unauthorised { code, .. }
            | Trouble::Forbidden { code, .. } => code,
            Trouble::Refused(refusal) => refusal.code(),
            Trouble::Transition(_) => "invalid_transition",
            Trouble::TooMany { .. } => "too_many_requests",
            Trouble::Busy => "busy",
            Trouble::Storage(_) | Trouble::Internal(_) => "internal",
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Trouble::NotFound(_) | Trouble::Refused(Refusal::UnknownQueue) => 404,
            Trouble::Invalid { .. } | Trouble::Malformed { .. } => 400,
            Trouble::Refused(
                Refusal::ServiceClosed
                | Refusal::QueueFull
                | Refusal::Paused
                | Refusal::NotPaired
                | Refusal::JournalFailed,
            )
            | Trouble::Transition(_)
            | Trouble::Conflict { .. } => 409,
            Trouble::Unauthorised { .. } => 401,
            Trouble::Forbidden { .. } => 403,
            Trouble::TooMany { .. } => 429,
            Trouble::Busy => 503,
            Trouble::Storage(_) | Trouble::Internal(_) => 500,
        }
    }

    /// The sentence in the answer. The cause of a server's own failure belongs in the log, never in an answer.
    pub fn detail(&self) -> String {
        match self {
            Trouble::Storage(_) | Trouble::Internal(_) => {
                "the server could not do this; the cause is in its log".to_owned()
            }
            Trouble::NotFound(_)
            | Trouble::Invalid { .. }
            | Trouble::Malformed { .. }
            | Trouble::Refused(_)
            | Trouble::Transition(_)
            | Trouble::Conflict { .. }
            | Trouble::Unauthorised { .. }
            | Trouble::Forbidden { .. }
            | Trouble::TooMany { .. }
            | Trouble::Busy => self.to_string(),
        }
    }
}

impl From<crate::ledger::store::Error> for Trouble {
    fn from(error: crate::ledger::store::Error) -> Trouble {
        use crate::ledger::store::Error;
        if error.is_passing() {
            tracing::warn!(%error, "the database could not do this now");
            return Trouble::Busy;
        }
        match error {
            Error::Unstorable => {
                let detail = "a text holds the sign U+0000, which is not kept".to_owned();
                Trouble::Malformed { code: "invalid_text", detail }
            }
            Error::NoRow | Error::Unreadable { .. } | Error::Sqlite(_) | Error::Postgres(_) | Error::Gone => {
                Trouble::Storage(error)
            }
        }
    }
}

impl From<ProtocolError> for Trouble {
    /// A stored value that this version cannot read: the file is damaged or newer than the program.
    fn from(error: ProtocolError) -> Trouble {
        Trouble::Internal(format!("a stored value does not read: {error}"))
    }
}

impl From<serde_json::Error> for Trouble {
    /// A stored JSON text that does not read, or a value without a JSON form.
    fn from(error: serde_json::Error) -> Trouble {
        Trouble::Internal(format!("a JSON value does not read or write: {error}"))
    }
}

fn refusal_sentence(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownQueue => "there is no such queue",
        Refusal::ServiceClosed => "the service is closed",
        Refusal::QueueFull => "as many people wait as the queue may hold",
        Refusal::Paused => "the kiosk is paused",
        Refusal::NotPaired => "the station is not paired",
        Refusal::JournalFailed => "the journal cannot be written",
    }
}
