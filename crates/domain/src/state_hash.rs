//! One number for everything that lives in a view, so that a server and its stations notice when they see different
//! things. It finds accidents, not forgers: it is no signature. This module never says which side is right.

use crate::{QueueId, TicketId, TicketStatus};

/// What of a live ticket both sides must see alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveTicket<'a> {
    /// The ticket.
    pub id: TicketId,
    /// The queue it is in.
    pub queue: QueueId,
    /// As on paper.
    pub number: &'a str,
    /// Where it stands.
    pub status: TicketStatus,
}

/// The hash of a set of live tickets; their order does not matter.
pub fn state_hash<'a>(tickets: impl IntoIterator<Item = LiveTicket<'a>>) -> u64 {
    tickets.into_iter().fold(0, |sum, ticket| sum.wrapping_add(ticket_hash(&ticket)))
}

/// FNV-1a with 64 bits over the ticket's fields, each closed by a byte that none of them contains.
fn ticket_hash(ticket: &LiveTicket<'_>) -> u64 {
    let LiveTicket { id, queue, number, status } = ticket;
    let status: u8 = match status {
        TicketStatus::Waiting => 1,
        TicketStatus::Called => 2,
        TicketStatus::InService => 3,
        TicketStatus::OnHold => 4,
        TicketStatus::Done => 5,
        TicketStatus::NoShow => 6,
        TicketStatus::Cancelled => 7,
    };
    let queue = queue.0.to_be_bytes();
    let bytes = id.0.as_bytes().iter().chain(&queue).chain(number.as_bytes()).chain([&0xff, &status]);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn ticket(id: u128, number: &str, status: TicketStatus) -> LiveTicket<'_> {
        LiveTicket { id: TicketId(Uuid::from_u128(id)), queue: QueueId(1), number, status }
    }

    #[test]
    fn the_order_does_not_matter_and_every_field_does() {
        let (one, two) = (ticket(1, "A001", TicketStatus::Waiting), ticket(2, "A002", TicketStatus::Called));
        let hash = state_hash([one, two]);
        assert_eq!(hash, state_hash([two, one]));
        assert_eq!(state_hash([]), 0);
        for other in [
            ticket(3, "A001", TicketStatus::Waiting),
            ticket(1, "A003", TicketStatus::Waiting),
            ticket(1, "A001", TicketStatus::OnHold),
            LiveTicket { queue: QueueId(2), ..one },
        ] {
            assert_ne!(state_hash([other, two]), hash, "{other:?}");
        }
        assert_ne!(state_hash([one]), hash);
    }

    #[test]
    fn the_hash_is_the_same_in_every_version() {
        assert_eq!(state_hash([ticket(1, "A001", TicketStatus::Waiting)]), FROZEN);
    }

    /// Computed once; a station and a server of different versions must agree on it.
    const FROZEN: u64 = 11_760_441_049_115_111_915;
}
