//! Who is next: the one place that knows the order of a queue. Server and stations both ask here.
//! This module never marks anybody as called.

use crate::{Algorithm, TicketId};
use std::cmp::Reverse;

/// What the order of a waiting ticket depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The ticket.
    pub id: TicketId,
    /// Higher goes first; 0 by default.
    pub priority: i64,
    /// When the ticket was touched, UTC milliseconds.
    pub created_at_ms: i64,
    /// The number, which breaks ties of the same millisecond.
    pub number: String,
}

/// Puts waiting tickets in the order in which they will be called.
///
/// `sla_ms` is the promised waiting time of the queue; only [`Algorithm::Sla`] looks at it and at `now_ms`.
pub fn arrange(candidates: &mut [Candidate], algorithm: Algorithm, sla_ms: i64, now_ms: i64) {
    candidates.sort_by_cached_key(|candidate| order_key(candidate, algorithm, sla_ms, now_ms));
}

/// The ticket that is called next, or nothing when nobody waits.
pub fn next_candidate(
    candidates: impl IntoIterator<Item = Candidate>,
    algorithm: Algorithm,
    sla_ms: i64,
    now_ms: i64,
) -> Option<Candidate> {
    candidates.into_iter().min_by_key(|candidate| order_key(candidate, algorithm, sla_ms, now_ms))
}

fn order_key(
    candidate: &Candidate,
    algorithm: Algorithm,
    sla_ms: i64,
    now_ms: i64,
) -> (Reverse<i64>, i64, String, TicketId) {
    let first = match algorithm {
        Algorithm::Fifo => 0,
        Algorithm::Priority => candidate.priority,
        Algorithm::Sla => i64::from(now_ms - candidate.created_at_ms > sla_ms),
    };
    (Reverse(first), candidate.created_at_ms, candidate.number.clone(), candidate.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn candidate(name: u128, priority: i64, created_at_ms: i64) -> Candidate {
        Candidate { id: TicketId(Uuid::from_u128(name)), priority, created_at_ms, number: format!("A{name:03}") }
    }

    fn order(algorithm: Algorithm, sla_ms: i64, now_ms: i64) -> Vec<u128> {
        let mut all = vec![candidate(1, 0, 300), candidate(2, 5, 400), candidate(3, 0, 100), candidate(4, 5, 200)];
        arrange(&mut all, algorithm, sla_ms, now_ms);
        let names: Vec<_> = all.iter().map(|candidate| candidate.id.0.as_u128()).collect();
        assert_eq!(
            next_candidate(all, algorithm, sla_ms, now_ms).map(|next| next.id.0.as_u128()),
            names.first().copied()
        );
        names
    }

    #[test]
    fn each_algorithm_has_its_order() {
        assert_eq!(order(Algorithm::Fifo, 0, 0), [3, 4, 1, 2]);
        assert_eq!(order(Algorithm::Priority, 0, 0), [4, 2, 3, 1]);
        assert_eq!(order(Algorithm::Sla, 250, 500), [3, 4, 1, 2]);
        assert_eq!(next_candidate([], Algorithm::Fifo, 0, 0), None);
    }

    #[test]
    fn the_number_breaks_a_tie_of_the_same_millisecond() {
        let mut all = [candidate(2, 0, 1), candidate(1, 0, 1)];
        arrange(&mut all, Algorithm::Fifo, 0, 0);
        assert_eq!(all[0].number, "A001");
    }
}
