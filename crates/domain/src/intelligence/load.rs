//! How much each queue has to carry, and how evenly the load lies.

/// Above this many waiting people per agent a queue is overloaded.
const OVERLOADED_ABOVE: f64 = 3.0;
/// Below this many waiting people per agent a queue is underloaded.
const UNDERLOADED_BELOW: f64 = 1.5;

/// How a queue's load is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadStatus {
    /// More than three people wait for each agent.
    Overloaded,
    /// As it should be.
    Balanced,
    /// Fewer than one and a half people wait for each agent.
    Underloaded,
}

/// Waiting people for each available agent. A queue that nobody serves counts as one with a single agent, as it does for
/// the expected wait.
pub fn load_ratio(waiting: u32, available_agents: u32) -> f64 {
    f64::from(waiting) / f64::from(available_agents.max(1))
}

/// Judges a load ratio.
pub fn load_status(ratio: f64) -> LoadStatus {
    if ratio > OVERLOADED_ABOVE {
        LoadStatus::Overloaded
    } else if ratio < UNDERLOADED_BELOW {
        LoadStatus::Underloaded
    } else {
        LoadStatus::Balanced
    }
}

/// How evenly the load lies: 100 when all ratios are equal, less ten times their (population) variance, never below 0.
pub fn balance_score(ratios: &[f64]) -> f64 {
    if ratios.is_empty() {
        return 100.0;
    }
    let count = ratios.len() as f64;
    let mean = ratios.iter().sum::<f64>() / count;
    let variance = ratios.iter().map(|ratio| (ratio - mean).powi(2)).sum::<f64>() / count;
    (100.0 - 10.0 * variance).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundaries_belong_to_the_balanced() {
        for (waiting, agents, ratio, status) in [
            (0, 0, 0.0, LoadStatus::Underloaded),
            (1, 1, 1.0, LoadStatus::Underloaded),
            (3, 2, 1.5, LoadStatus::Balanced),
            (3, 1, 3.0, LoadStatus::Balanced),
            (3, 0, 3.0, LoadStatus::Balanced),
            (4, 1, 4.0, LoadStatus::Overloaded),
            (31, 10, 3.1, LoadStatus::Overloaded),
        ] {
            assert_eq!(load_ratio(waiting, agents), ratio);
            assert_eq!(load_status(ratio), status, "{ratio}");
        }
    }

    #[test]
    fn the_score_falls_with_the_variance() {
        for (ratios, score) in [
            (&[][..], 100.0),
            (&[2.0], 100.0),
            (&[2.0, 2.0, 2.0], 100.0),
            (&[1.0, 3.0], 90.0),
            (&[0.0, 4.0], 60.0),
            (&[0.0, 100.0], 0.0),
        ] {
            assert_eq!(balance_score(ratios), score, "{ratios:?}");
        }
    }
}
