//! Who is calling, and what the caller may do: keys, tokens, passwords, and limits on guessing.
//! This module never reads the store.

pub mod keys;
pub mod limiter;
pub mod password;
pub mod token;

/// Something that a caller may do, with its word in a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Look at tickets and queues.
    ReadQueue,
    /// Take, call and end tickets.
    WriteQueue,
    /// Change what the office changes.
    AdminTenant,
    /// Pair and shut out stations.
    ManageDevices,
    /// Be the station that the token names.
    Station,
}

impl Scope {
    /// The word in a token.
    pub fn word(self) -> &'static str {
        match self {
            Scope::ReadQueue => "read:queue",
            Scope::WriteQueue => "write:queue",
            Scope::AdminTenant => "admin:tenant",
            Scope::ManageDevices => "manage:devices",
            Scope::Station => "station",
        }
    }
}
