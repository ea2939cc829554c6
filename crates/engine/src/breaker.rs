//! The breaker around asking the server for a number: a visitor waits for a hung server once, and the next one does not.
//!
//! One question that is not answered in time opens it; an answer of any kind that came quickly closes it. (The design
//! counts two misses. Those are the two missed heartbeats after which the connection itself is lost; for a question one
//! miss must do, or the second visitor would stand and wait as well.) This module never asks anything.

/// How long a touch waits for the server. It is the protocol's limit for an Issue.
pub(crate) const ASK_MS: u64 = 800;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Breaker {
    /// The server answers in time, as far as anybody knows.
    #[default]
    Closed,
    /// It did not: nobody waits for it until it answers quickly again.
    Open,
}

impl Breaker {
    pub(crate) fn is_closed(self) -> bool {
        self == Breaker::Closed
    }

    /// A question was not answered in time.
    pub(crate) fn miss(&mut self) {
        *self = Breaker::Open;
    }

    /// Something was answered after so long. A slow answer proves that the server lives, not that a visitor can wait.
    pub(crate) fn hear(&mut self, took_ms: u64) {
        *self = if took_ms <= ASK_MS { Breaker::Closed } else { Breaker::Open };
    }
}
