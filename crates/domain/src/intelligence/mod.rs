//! Queue intelligence (part 4 of the server's contract): how well a queue does, what is coming, what would help.
//!
//! Every formula stands here once, as a function of figures that somebody else counted. This module never counts
//! tickets itself and changes nothing: what it says are suggestions.

mod health;
mod load;
mod prediction;
mod reallocation;
mod recommendation;
mod transfers;

pub use health::{Alert, AlertKind, Health, QueueCondition, Severity, health};
pub use load::{LoadStatus, balance_score, load_ratio, load_status};
pub use prediction::{Confidence, Prediction, WEEKS_BACK, Workload, predict};
pub use reallocation::{AgentLoad, Reallocation, suggest_reallocations};
pub use recommendation::{Recommendation, RecommendationReason, WeekFigures, recommend_algorithm};
pub use transfers::{QueueLoad, Transfer, TransferPriority, suggest_transfers};

/// A report names at most so many transfers, and as many reallocations: more than anybody can act on would be noise.
pub const MOST_SUGGESTIONS: usize = 10;
