//! How many people will come in the next hour, from the same hour and weekday of the weeks before.

/// So many weeks are looked at.
pub const WEEKS_BACK: usize = 4;

/// What a prediction is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Tickets taken in the same hour and weekday one, two, three and four weeks ago; nothing for a week in which the
    /// queue was not counted yet.
    pub same_hour: [Option<u32>; WEEKS_BACK],
    /// People who wait now.
    pub current_waiting: u32,
    /// Mean service time in seconds.
    pub mean_service_seconds: u32,
    /// Agents who serve the queue now.
    pub available_agents: u32,
}

/// How far a figure can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// Hardly.
    Low,
    /// Fairly.
    Medium,
    /// Well.
    High,
}

/// What is coming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// Tickets expected in the next hour.
    pub tickets_next_hour: u32,
    /// How far that can be relied on: high with all four weeks, medium with two or three, low otherwise.
    pub confidence: Confidence,
    /// Agents who would get through those who wait and those who are coming within the hour.
    pub recommended_agents: u32,
    /// Whether fewer serve now.
    pub reinforcement_needed: bool,
}

/// The mean of the weeks that were counted, and what it takes to serve so many.
pub fn predict(workload: &Workload) -> Prediction {
    let Workload { same_hour, current_waiting, mean_service_seconds, available_agents } = workload;
    let counted: Vec<u64> = same_hour.iter().flatten().copied().map(u64::from).collect();
    let weeks = counted.len() as u64;
    // Rounded to the nearest whole person, halves up.
    let expected = if weeks == 0 { 0 } else { (2 * counted.iter().sum::<u64>() + weeks) / (2 * weeks) };
    let confidence = match weeks {
        0 | 1 => Confidence::Low,
        2 | 3 => Confidence::Medium,
        _ => Confidence::High,
    };
    let work_seconds = (u64::from(*current_waiting) + expected) * u64::from(*mean_service_seconds);
    let recommended_agents = u32::try_from(work_seconds.div_ceil(3_600)).unwrap_or(u32::MAX);
    Prediction {
        tickets_next_hour: u32::try_from(expected).unwrap_or(u32::MAX),
        confidence,
        recommended_agents,
        reinforcement_needed: recommended_agents > *available_agents,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(same_hour: [Option<u32>; 4], current_waiting: u32, available_agents: u32) -> Workload {
        Workload { same_hour, current_waiting, mean_service_seconds: 300, available_agents }
    }

    #[test]
    fn the_mean_is_taken_over_the_weeks_that_were_counted() {
        for (same_hour, expected, confidence) in [
            ([None; 4], 0, Confidence::Low),
            ([Some(7), None, None, None], 7, Confidence::Low),
            ([Some(7), Some(0), None, None], 4, Confidence::Medium),
            ([Some(1), Some(2), Some(2), None], 2, Confidence::Medium),
            ([Some(10), Some(20), Some(30), Some(40)], 25, Confidence::High),
            ([Some(0), Some(0), Some(0), Some(1)], 0, Confidence::High),
            ([Some(u32::MAX); 4], u32::MAX, Confidence::High),
        ] {
            let prediction = predict(&workload(same_hour, 0, 1));
            assert_eq!((prediction.tickets_next_hour, prediction.confidence), (expected, confidence), "{same_hour:?}");
        }
    }

    #[test]
    fn agents_are_recommended_for_those_who_wait_and_those_who_come() {
        // One agent serves twelve people in an hour at five minutes each.
        for (waiting, coming, available, recommended, reinforcement) in [
            (0, 0, 0, 0, false),
            (1, 0, 0, 1, true),
            (6, 6, 1, 1, false),
            (6, 7, 1, 2, true),
            (6, 7, 2, 2, false),
            (0, 25, 2, 3, true),
        ] {
            let prediction = predict(&workload([Some(coming); 4], waiting, available));
            assert_eq!(
                (prediction.recommended_agents, prediction.reinforcement_needed),
                (recommended, reinforcement),
                "{waiting} wait, {coming} come, {available} serve"
            );
        }
    }
}
