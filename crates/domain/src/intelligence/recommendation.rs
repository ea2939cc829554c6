//! Which order would serve a queue best, from what happened in the last seven days.

use super::Confidence;
use crate::Algorithm;

/// What happened in a queue in the last seven days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WeekFigures {
    /// Tickets taken.
    pub arrived: u64,
    /// Of these, with a priority above 0.
    pub high_priority: u64,
    /// Tickets called for the first time.
    pub called: u64,
    /// Of these, later than was promised.
    pub breached: u64,
}

/// Why an order is recommended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecommendationReason {
    /// More than 20 % of the calls came later than was promised.
    SlaBreaches,
    /// More than 30 % of the tickets have a high priority.
    HighPriority,
    /// Neither.
    Steady,
}

/// The order that is recommended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recommendation {
    /// The order.
    pub algorithm: Algorithm,
    /// Why.
    pub reason: RecommendationReason,
    /// How far the figures can be relied on: high from 100 tickets, medium from 30.
    pub confidence: Confidence,
    /// Calls that came later than was promised, in per cent of all calls.
    pub breach_percent: f64,
    /// Tickets with a high priority, in per cent of all tickets.
    pub high_priority_percent: f64,
}

/// Recommends an order: more than 20 % broken promises -> sla, more than 30 % high priority -> priority, else fifo.
pub fn recommend_algorithm(week: &WeekFigures) -> Recommendation {
    let WeekFigures { arrived, high_priority, called, breached } = *week;
    let (algorithm, reason) = if breached * 100 > called * 20 {
        (Algorithm::Sla, RecommendationReason::SlaBreaches)
    } else if high_priority * 100 > arrived * 30 {
        (Algorithm::Priority, RecommendationReason::HighPriority)
    } else {
        (Algorithm::Fifo, RecommendationReason::Steady)
    };
    let confidence = match arrived {
        0..30 => Confidence::Low,
        30..100 => Confidence::Medium,
        100.. => Confidence::High,
    };
    Recommendation {
        algorithm,
        reason,
        confidence,
        breach_percent: percent(breached, called),
        high_priority_percent: percent(high_priority, arrived),
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_promises_weigh_more_than_priorities() {
        let week = |arrived, high_priority, called, breached| WeekFigures { arrived, high_priority, called, breached };
        for (week, algorithm) in [
            (week(0, 0, 0, 0), Algorithm::Fifo),
            (week(100, 0, 100, 20), Algorithm::Fifo),
            (week(100, 0, 100, 21), Algorithm::Sla),
            (week(100, 30, 100, 0), Algorithm::Fifo),
            (week(100, 31, 100, 0), Algorithm::Priority),
            (week(100, 31, 100, 21), Algorithm::Sla),
            (week(100, 0, 1, 1), Algorithm::Sla),
        ] {
            assert_eq!(recommend_algorithm(&week).algorithm, algorithm, "{week:?}");
        }
    }

    #[test]
    fn few_tickets_prove_little() {
        for (arrived, confidence) in
            [(29, Confidence::Low), (30, Confidence::Medium), (99, Confidence::Medium), (100, Confidence::High)]
        {
            let week = WeekFigures { arrived, high_priority: 1, called: 8, breached: 2 };
            let recommendation = recommend_algorithm(&week);
            assert_eq!(recommendation.confidence, confidence);
            assert_eq!(recommendation.breach_percent, 25.0);
        }
    }
}
