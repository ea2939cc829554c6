//! Identities. Each is a type of its own, so that a queue can never be passed where a site is meant.
//! This module never makes an identity: a ticket's UUID is drawn by the shell that takes the touch.

use std::fmt;
use uuid::Uuid;

macro_rules! integer_id {
    ($($(#[$meta:meta])* $name:ident),* $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    )*};
}

integer_id! {
    /// A queue: one line of waiting people, with one prefix and one order.
    QueueId,
    /// A site: one branch, clinic or shop.
    SiteId,
    /// A service that a site offers, such as "opening an account".
    ServiceId,
    /// A person who serves, as the server knows them.
    AgentId,
    /// A counter: the desk a called person walks to.
    CounterId,
    /// A board that shows calls.
    DisplayId,
    /// A machine of ours in the lobby, kiosk or board.
    StationId,
}

/// A ticket's identity: a UUID made by whoever issues the ticket, so that a repeated request is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TicketId(pub Uuid);

/// One start of a machine: the boot-time clock counts from it, and two moments of one boot can be subtracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BootId(pub Uuid);

/// One life of a server's database: what was seen of another life no longer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch(pub Uuid);

impl fmt::Display for TicketId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
