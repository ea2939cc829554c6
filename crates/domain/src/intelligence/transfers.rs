//! Which people would wait less in another queue.

use super::{LoadStatus, MOST_SUGGESTIONS, load_ratio, load_status};
use crate::{QueueId, SiteId, TicketId, eta_seconds};

/// A queue with everybody who waits in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueLoad {
    /// The queue.
    pub queue: QueueId,
    /// Where it is: nobody is sent to another site.
    pub site: SiteId,
    /// Whether it takes tickets: nobody is sent to a closed queue.
    pub is_active: bool,
    /// Everybody who waits, in the order in which they will be called.
    pub line: Vec<TicketId>,
    /// Mean service time in seconds.
    pub mean_service_seconds: u32,
    /// Agents who serve the queue now.
    pub available_agents: u32,
}

impl QueueLoad {
    /// How much the queue has to carry.
    pub fn ratio(&self) -> f64 {
        load_ratio(count(self.line.len()), self.available_agents)
    }

    /// How that is judged.
    pub fn status(&self) -> LoadStatus {
        load_status(self.ratio())
    }

    /// The expected wait behind so many people, in seconds.
    fn wait_behind(&self, people: usize) -> u32 {
        eta_seconds(count(people), self.mean_service_seconds, self.available_agents)
    }
}

fn count(people: usize) -> u32 {
    u32::try_from(people).unwrap_or(u32::MAX)
}

/// How much a transfer would help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferPriority {
    /// More than five minutes.
    High,
    /// Two to five minutes.
    Medium,
    /// One to two minutes.
    Low,
}

/// A transfer that would help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Who.
    pub ticket: TicketId,
    /// From this overloaded queue.
    pub from: QueueId,
    /// To this underloaded one.
    pub to: QueueId,
    /// So many seconds less to wait.
    pub saved_seconds: u32,
    /// How much it would help.
    pub priority: TransferPriority,
}

/// Judges how much a transfer would help; less than a minute is not worth anybody's walk.
fn transfer_priority(saved_seconds: u32) -> Option<TransferPriority> {
    match saved_seconds {
        0..60 => None,
        60..120 => Some(TransferPriority::Low),
        120..=300 => Some(TransferPriority::Medium),
        301.. => Some(TransferPriority::High),
    }
}

/// Suggests at most [`MOST_SUGGESTIONS`] transfers from overloaded to underloaded queues of the same site, those that
/// save most first.
///
/// The last of the longest line goes first, because they have most to win, to the end of the line where they would wait
/// least; each suggestion reckons with those before it, so that following all of them does not turn the load around.
pub fn suggest_transfers(queues: &[QueueLoad]) -> Vec<Transfer> {
    let mut queues: Vec<QueueLoad> = queues.to_vec();
    let mut given_up = vec![false; queues.len()];
    let mut transfers = Vec::new();
    while transfers.len() < MOST_SUGGESTIONS {
        let neediest = (0..queues.len())
            .filter(|place| !given_up[*place] && queues[*place].status() == LoadStatus::Overloaded)
            .max_by(|left, right| {
                let (left, right) = (&queues[*left], &queues[*right]);
                left.ratio().total_cmp(&right.ratio()).then(right.queue.cmp(&left.queue))
            });
        let Some(from) = neediest else { break };
        match transfer_from(&mut queues, from) {
            Some(transfer) => transfers.push(transfer),
            None => given_up[from] = true,
        }
    }
    transfers.sort_by_key(|transfer| std::cmp::Reverse(transfer.saved_seconds));
    transfers
}

/// The best transfer out of one queue, done in `queues`; nothing when none would help.
fn transfer_from(queues: &mut [QueueLoad], from: usize) -> Option<Transfer> {
    let source = &queues[from];
    let to = (0..queues.len())
        .filter(|place| {
            let other = &queues[*place];
            other.site == source.site
                && other.is_active
                && other.available_agents > 0
                && other.status() == LoadStatus::Underloaded
        })
        .min_by_key(|place| (queues[*place].wait_behind(queues[*place].line.len()), queues[*place].queue))?;
    let target = &queues[to];
    let before = source.wait_behind(source.line.len().saturating_sub(1));
    let saved_seconds = before.saturating_sub(target.wait_behind(target.line.len()));
    let priority = transfer_priority(saved_seconds)?;
    let (from_queue, to_queue) = (source.queue, target.queue);
    let ticket = queues[from].line.pop()?;
    queues[to].line.push(ticket);
    Some(Transfer { ticket, from: from_queue, to: to_queue, saved_seconds, priority })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn queue(id: i64, people: u32, agents: u32) -> QueueLoad {
        QueueLoad {
            queue: QueueId(id),
            site: SiteId(1),
            is_active: true,
            line: (0..people).map(|place| TicketId(Uuid::from_u128(u128::from(place) + 1_000 * id as u128))).collect(),
            mean_service_seconds: 100,
            available_agents: agents,
        }
    }

    fn short(transfers: &[Transfer]) -> Vec<(u128, i64, i64, u32)> {
        transfers.iter().map(|one| (one.ticket.0.as_u128(), one.from.0, one.to.0, one.saved_seconds)).collect()
    }

    #[test]
    fn the_last_go_first_and_stop_when_the_load_is_even() {
        let transfers = suggest_transfers(&[queue(1, 6, 1), queue(2, 0, 1)]);
        // 1005 waits behind five and would wait behind nobody; 1004 behind four, then behind one. After two transfers
        // the ratios are 4 and 2: the second queue is no longer underloaded.
        assert_eq!(short(&transfers), [(1_005, 1, 2, 500), (1_004, 1, 2, 300)]);
        assert_eq!(transfers[0].priority, TransferPriority::High);
        assert_eq!(transfers[1].priority, TransferPriority::Medium);
    }

    #[test]
    fn nobody_is_sent_where_nobody_serves_or_too_far_or_for_nothing() {
        let busy = queue(1, 8, 1);
        assert_eq!(suggest_transfers(&[busy.clone(), queue(2, 0, 0)]), []);
        assert_eq!(suggest_transfers(&[busy.clone(), QueueLoad { site: SiteId(2), ..queue(2, 0, 1) }]), []);
        assert_eq!(suggest_transfers(&[busy.clone(), QueueLoad { is_active: false, ..queue(2, 0, 1) }]), []);
        assert_eq!(suggest_transfers(&[busy.clone(), queue(2, 2, 1)]), [], "balanced, not underloaded");
        assert_eq!(suggest_transfers(&[busy, QueueLoad { mean_service_seconds: 900, ..queue(2, 1, 1) }]), []);
        assert_eq!(suggest_transfers(&[queue(1, 3, 1), queue(2, 0, 1)]), [], "a ratio of 3 is balanced");
        assert_eq!(suggest_transfers(&[]), []);
    }

    #[test]
    fn there_are_ten_at_most_and_the_best_stands_first() {
        let transfers = suggest_transfers(&[queue(1, 200, 1), queue(2, 100, 1), queue(3, 0, 20)]);
        assert_eq!(transfers.len(), MOST_SUGGESTIONS);
        assert!(transfers.windows(2).all(|pair| pair[0].saved_seconds >= pair[1].saved_seconds));
        assert!(transfers.iter().all(|transfer| transfer.from == QueueId(1)));
    }

    #[test]
    fn the_gain_sets_the_priority() {
        for (saved, priority) in [
            (59, None),
            (60, Some(TransferPriority::Low)),
            (119, Some(TransferPriority::Low)),
            (120, Some(TransferPriority::Medium)),
            (300, Some(TransferPriority::Medium)),
            (301, Some(TransferPriority::High)),
        ] {
            assert_eq!(transfer_priority(saved), priority, "{saved}");
        }
    }
}
