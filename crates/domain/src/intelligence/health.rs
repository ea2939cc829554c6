//! A queue's health from 0 to 100, and what to look at when it is not well.

/// What a queue's health depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueCondition {
    /// People who wait.
    pub waiting: u32,
    /// At most this many people wait; nothing means no limit.
    pub max_capacity: Option<u32>,
    /// Waiting tickets that are past the promised waiting time.
    pub past_sla: u32,
    /// Agents who serve the queue now.
    pub available_agents: u32,
    /// The expected wait of whoever joins now, in seconds.
    pub eta_seconds: u32,
    /// The promised waiting time in seconds.
    pub sla_seconds: u32,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertKind {
    /// The queue is nearly full.
    Capacity,
    /// People wait longer than was promised.
    SlaBreach,
    /// Nobody serves.
    NoAgents,
    /// Whoever joins now will wait more than twice as long as was promised.
    HighWaitTime,
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// To be looked at.
    Medium,
    /// To be acted on.
    High,
    /// To be acted on now.
    Critical,
}

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// What.
    pub kind: AlertKind,
    /// How much it matters.
    pub severity: Severity,
}

/// How well a queue does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// 0 to 100.
    pub score: u8,
    /// Everything that took points away or will soon, most severe first.
    pub alerts: Vec<Alert>,
}

/// So many tickets past the promise take as many points as they can; from then on the alert is a high one.
const BREACHES_THAT_WEIGH_FULLY: u32 = 8;

/// Looks at a queue: 100, less 30 from 90 % of its capacity on, less 5 for each ticket past the promise up to 40, less 50
/// when nobody serves.
pub fn health(condition: &QueueCondition) -> Health {
    let QueueCondition { waiting, max_capacity, past_sla, available_agents, eta_seconds, sla_seconds } = *condition;
    let mut score = 100_u32;
    let mut alerts = Vec::new();
    if available_agents == 0 {
        score -= 50;
        alerts.push(Alert { kind: AlertKind::NoAgents, severity: Severity::Critical });
    }
    if max_capacity.is_some_and(|capacity| u64::from(waiting) * 10 >= u64::from(capacity) * 9) {
        score = score.saturating_sub(30);
        alerts.push(Alert { kind: AlertKind::Capacity, severity: Severity::High });
    }
    if past_sla > 0 {
        score = score.saturating_sub(5 * past_sla.min(BREACHES_THAT_WEIGH_FULLY));
        let severity = if past_sla >= BREACHES_THAT_WEIGH_FULLY { Severity::High } else { Severity::Medium };
        alerts.push(Alert { kind: AlertKind::SlaBreach, severity });
    }
    if u64::from(eta_seconds) > 2 * u64::from(sla_seconds) {
        alerts.push(Alert { kind: AlertKind::HighWaitTime, severity: Severity::Medium });
    }
    alerts.sort_by_key(|alert| std::cmp::Reverse(alert.severity));
    Health { score: u8::try_from(score).unwrap_or(100), alerts }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: QueueCondition = QueueCondition {
        waiting: 5,
        max_capacity: Some(50),
        past_sla: 0,
        available_agents: 2,
        eta_seconds: 600,
        sla_seconds: 900,
    };

    #[test]
    fn points_go_as_the_contract_says() {
        for (condition, score) in [
            (WELL, 100),
            (QueueCondition { waiting: 44, ..WELL }, 100),
            (QueueCondition { waiting: 45, ..WELL }, 70),
            (QueueCondition { waiting: 9_999, max_capacity: None, ..WELL }, 100),
            (QueueCondition { past_sla: 1, ..WELL }, 95),
            (QueueCondition { past_sla: 7, ..WELL }, 65),
            (QueueCondition { past_sla: 8, ..WELL }, 60),
            (QueueCondition { past_sla: 500, ..WELL }, 60),
            (QueueCondition { available_agents: 0, ..WELL }, 50),
            (QueueCondition { available_agents: 0, waiting: 50, ..WELL }, 20),
            (QueueCondition { available_agents: 0, past_sla: 8, ..WELL }, 10),
            (QueueCondition { available_agents: 0, past_sla: 8, waiting: 50, ..WELL }, 0),
            (QueueCondition { eta_seconds: 9_999, ..WELL }, 100),
        ] {
            assert_eq!(health(&condition).score, score, "{condition:?}");
        }
    }

    #[test]
    fn alerts_name_what_is_wrong_and_the_worst_comes_first() {
        let alerts = |condition: QueueCondition| -> Vec<(AlertKind, Severity)> {
            health(&condition).alerts.into_iter().map(|Alert { kind, severity }| (kind, severity)).collect()
        };
        assert_eq!(alerts(WELL), []);
        assert_eq!(alerts(QueueCondition { eta_seconds: 1_800, ..WELL }), []);
        assert_eq!(
            alerts(QueueCondition { eta_seconds: 1_801, ..WELL }),
            [(AlertKind::HighWaitTime, Severity::Medium)]
        );
        assert_eq!(alerts(QueueCondition { past_sla: 7, ..WELL }), [(AlertKind::SlaBreach, Severity::Medium)]);
        assert_eq!(
            alerts(QueueCondition { past_sla: 8, available_agents: 0, waiting: 45, eta_seconds: 9_999, ..WELL }),
            [
                (AlertKind::NoAgents, Severity::Critical),
                (AlertKind::Capacity, Severity::High),
                (AlertKind::SlaBreach, Severity::High),
                (AlertKind::HighWaitTime, Severity::Medium),
            ]
        );
    }
}
