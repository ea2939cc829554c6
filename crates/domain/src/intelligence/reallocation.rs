//! Which agents could help in another queue.

use super::{LoadStatus, MOST_SUGGESTIONS, QueueLoad, load_ratio, load_status};
use crate::{AgentId, QueueId, SiteId};

/// An agent who is available, with the queues that the agent serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentLoad {
    /// The agent.
    pub agent: AgentId,
    /// Where the agent works.
    pub site: SiteId,
    /// The queues that the agent serves.
    pub queues: Vec<QueueId>,
}

/// An agent who would help.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reallocation {
    /// Who.
    pub agent: AgentId,
    /// The least loaded queue that the agent serves; nothing for an agent who serves none.
    pub from: Option<QueueId>,
    /// The overloaded queue.
    pub to: QueueId,
    /// `min(100, 10 x load ratio of the overloaded queue)`.
    pub impact_score: f64,
}

/// Suggests at most [`MOST_SUGGESTIONS`] agents for overloaded queues, for the most loaded first.
///
/// An agent can be spared when every queue that the agent serves is underloaded; whoever has least to do goes first, and
/// each is suggested once.
pub fn suggest_reallocations(queues: &[QueueLoad], agents: &[AgentLoad]) -> Vec<Reallocation> {
    let find = |id: QueueId| queues.iter().find(|queue| queue.queue == id);
    let spare = |agent: &AgentLoad| {
        agent.queues.iter().all(|id| find(*id).is_none_or(|queue| queue.status() == LoadStatus::Underloaded))
    };
    let burden = |agent: &AgentLoad| {
        let waiting: usize = agent.queues.iter().filter_map(|id| find(*id)).map(|queue| queue.line.len()).sum();
        (waiting, agent.agent)
    };
    let mut free: Vec<&AgentLoad> = agents.iter().filter(|agent| spare(agent)).collect();
    free.sort_by_key(|agent| burden(agent));
    let mut needy: Vec<&QueueLoad> = queues.iter().filter(|queue| queue.status() == LoadStatus::Overloaded).collect();
    needy.sort_by(|left, right| right.ratio().total_cmp(&left.ratio()).then(left.queue.cmp(&right.queue)));
    let mut reallocations = Vec::new();
    for queue in needy {
        let waiting = u32::try_from(queue.line.len()).unwrap_or(u32::MAX);
        let mut serving = queue.available_agents;
        while reallocations.len() < MOST_SUGGESTIONS {
            let ratio = load_ratio(waiting, serving);
            let place = free.iter().position(|agent| agent.site == queue.site && !agent.queues.contains(&queue.queue));
            let (LoadStatus::Overloaded, Some(place)) = (load_status(ratio), place) else { break };
            let agent = free.remove(place);
            let from = agent
                .queues
                .iter()
                .filter_map(|id| find(*id))
                .min_by(|left, right| left.ratio().total_cmp(&right.ratio()).then(left.queue.cmp(&right.queue)));
            reallocations.push(Reallocation {
                agent: agent.agent,
                from: from.map(|queue| queue.queue),
                to: queue.queue,
                impact_score: (10.0 * ratio).min(100.0),
            });
            serving += 1;
        }
    }
    reallocations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TicketId;
    use uuid::Uuid;

    fn queue(id: i64, people: usize, agents: u32) -> QueueLoad {
        QueueLoad {
            queue: QueueId(id),
            site: SiteId(1),
            is_active: true,
            line: vec![TicketId(Uuid::nil()); people],
            mean_service_seconds: 300,
            available_agents: agents,
        }
    }

    fn agent(id: i64, queues: &[i64]) -> AgentLoad {
        AgentLoad { agent: AgentId(id), site: SiteId(1), queues: queues.iter().copied().map(QueueId).collect() }
    }

    fn short(reallocations: &[Reallocation]) -> Vec<(i64, Option<i64>, i64, f64)> {
        let short = |one: &Reallocation| (one.agent.0, one.from.map(|from| from.0), one.to.0, one.impact_score);
        reallocations.iter().map(short).collect()
    }

    #[test]
    fn whoever_has_least_to_do_helps_the_most_loaded() {
        let queues = [queue(1, 8, 1), queue(2, 1, 1), queue(3, 0, 1), queue(4, 5, 1)];
        let agents = [agent(10, &[1]), agent(20, &[2]), agent(30, &[3])];
        // One more agent leaves queue 1 with four people each: still overloaded, so a second one comes.
        assert_eq!(short(&suggest_reallocations(&queues, &agents)), [(30, Some(3), 1, 80.0), (20, Some(2), 1, 40.0)]);
    }

    #[test]
    fn nobody_is_taken_from_work_or_from_another_site() {
        let queues = [queue(1, 8, 1), queue(2, 2, 1), queue(3, 0, 1)];
        assert_eq!(suggest_reallocations(&queues, &[agent(20, &[2])]), [], "a balanced queue keeps its agent");
        assert_eq!(suggest_reallocations(&queues, &[agent(30, &[2, 3])]), []);
        assert_eq!(suggest_reallocations(&queues, &[agent(10, &[1, 3])]), [], "serves it already");
        assert_eq!(suggest_reallocations(&queues, &[AgentLoad { site: SiteId(2), ..agent(30, &[3]) }]), []);
        assert_eq!(short(&suggest_reallocations(&queues, &[agent(40, &[])])), [(40, None, 1, 80.0)]);
    }

    #[test]
    fn the_impact_has_a_ceiling() {
        assert_eq!(suggest_reallocations(&[queue(1, 50, 0)], &[agent(40, &[])])[0].impact_score, 100.0);
    }
}
