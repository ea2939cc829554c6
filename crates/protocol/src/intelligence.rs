//! Answers of queue intelligence (part 4 of the server's contract). Values only; the formulas are the domain's.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// `GET queues/{id}/stats/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QueueStats {
    /// The queue's id.
    pub queue_id: i64,
    /// The queue's name.
    pub queue_name: String,
    /// People who wait.
    pub waiting: u32,
    /// People who were called and walk to a counter.
    pub called: u32,
    /// People who are being served.
    pub in_service: u32,
    /// People who were set aside.
    pub on_hold: u32,
    /// Agents who serve the queue now.
    pub available_agents: u32,
    /// Mean service time of the last 50 finished tickets, in seconds.
    pub mean_service_seconds: u32,
    /// Expected wait of whoever joins now, in seconds.
    pub eta_seconds: u32,
    /// How long the one who waits longest has waited, in seconds; nothing when nobody waits.
    pub longest_wait_seconds: Option<u64>,
    /// Waiting tickets that are past the promised waiting time.
    pub past_sla: u32,
    /// The local day so far.
    pub today: DayStats,
}

/// What happened in a queue since local midnight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DayStats {
    /// Tickets taken.
    pub arrived: u64,
    /// Tickets called for the first time.
    pub called: u64,
    /// Tickets served.
    pub served: u64,
    /// Calls that nobody came to.
    pub absent: u64,
    /// Tickets withdrawn.
    pub cancelled: u64,
    /// First calls that came later than was promised.
    pub sla_breaches: u64,
    /// Mean wait until the first call, in seconds; nothing before the first call.
    pub mean_wait_seconds: Option<u64>,
    /// Mean service time, in seconds; nothing before the first ticket was served.
    pub mean_service_seconds: Option<u64>,
}

/// `GET queues/{id}/health/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueHealth {
    /// The queue's id.
    pub queue_id: i64,
    /// 0 to 100.
    pub health_score: u8,
    /// What to look at, most severe first.
    pub alerts: Vec<AlertBody>,
}

/// One thing that is wrong with a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertBody {
    /// `capacity`, `sla_breach`, `no_agents` or `high_wait_time`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `medium`, `high` or `critical`.
    pub severity: String,
    /// One sentence with the figures, for an operator.
    pub message: String,
}

/// `GET queues/{id}/predictions/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueuePrediction {
    /// The queue's id.
    pub queue_id: i64,
    /// Tickets expected in the next hour.
    pub predicted_tickets_next_hour: u32,
    /// People who wait now.
    pub current_waiting: u32,
    /// `low`, `medium` or `high`.
    pub confidence: String,
    /// Whether more agents are needed than serve now.
    pub reinforcement_needed: bool,
    /// Agents who would get through those who wait and those who are coming.
    pub recommended_agents: u32,
    /// Agents who serve the queue now.
    pub available_agents: u32,
}

/// `GET queues/{id}/algorithm_recommendation/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlgorithmRecommendation {
    /// The queue's id.
    pub queue_id: i64,
    /// `fifo`, `priority` or `sla`.
    pub recommended_algorithm: String,
    /// The queue's order now.
    pub current_algorithm: String,
    /// One sentence with the figures.
    pub reason: String,
    /// `low`, `medium` or `high`.
    pub confidence: String,
    /// What would be better, in one sentence.
    pub expected_improvement: String,
    /// Calls of the last seven days that came later than was promised, in per cent.
    pub sla_breach_percent: f64,
    /// Tickets of the last seven days with a high priority, in per cent.
    pub high_priority_percent: f64,
}

/// A queue in `GET queues/load_balance/` and `optimization_report/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QueueLoadRow {
    /// The queue's id.
    pub queue_id: i64,
    /// The queue's name.
    pub queue_name: String,
    /// The site's id.
    pub site: i64,
    /// People who wait.
    pub waiting: u32,
    /// Agents who serve the queue now.
    pub available_agents: u32,
    /// Waiting people for each available agent.
    pub load_ratio: f64,
    /// `overloaded`, `balanced` or `underloaded`.
    pub status: String,
}

/// `GET queues/load_balance/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LoadBalance {
    /// 100 when the load lies evenly, less ten times the variance of the load ratios.
    pub balance_score: f64,
    /// A row for each queue that is open or has somebody waiting.
    pub queues: Vec<QueueLoadRow>,
}

/// A queue in `GET queues/overview/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverviewRow {
    /// The queue's load.
    #[serde(flatten)]
    pub load: QueueLoadRow,
    /// 0 to 100.
    pub health_score: u8,
    /// Expected wait of whoever joins now, in seconds.
    pub eta_seconds: u32,
    /// Mean service time of the last 50 finished tickets, in seconds.
    pub mean_service_seconds: u32,
    /// Waiting tickets that are past the promised waiting time.
    pub past_sla: u32,
    /// How many things are wrong.
    pub alert_count: u32,
}

/// `GET queues/overview/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Overview {
    /// How many queues there are.
    pub queue_count: u32,
    /// People who wait in any of them.
    pub waiting: u64,
    /// Agents who are available and serve one of them at least.
    pub available_agents: u32,
    /// The mean of the queues' health scores; 100 without queues.
    pub health_score: u8,
    /// A row for each queue that is open or has somebody waiting.
    pub queues: Vec<OverviewRow>,
}

/// A transfer that would help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferBody {
    /// The ticket.
    pub ticket_id: Uuid,
    /// Its number, as on paper.
    pub ticket_number: String,
    /// The overloaded queue.
    pub from_queue_id: i64,
    /// Its name.
    pub from_queue_name: String,
    /// The underloaded queue.
    pub to_queue_id: i64,
    /// Its name.
    pub to_queue_name: String,
    /// One sentence with the figures.
    pub reason: String,
    /// `high`, `medium` or `low`.
    pub priority: String,
    /// So many seconds less to wait.
    pub estimated_time_saved: u32,
}

/// An agent who would help in another queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReallocationBody {
    /// The agent.
    pub agent_id: i64,
    /// The agent's name.
    pub agent_name: String,
    /// The least loaded queue that the agent serves; nothing for an agent who serves none.
    pub from_queue_id: Option<i64>,
    /// Its name.
    pub from_queue_name: Option<String>,
    /// The overloaded queue.
    pub to_queue_id: i64,
    /// Its name.
    pub to_queue_name: String,
    /// `min(100, 10 x load ratio of the overloaded queue)`.
    pub impact_score: f64,
    /// One sentence with the figures.
    pub reason: String,
}

/// `GET queues/optimization_report/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OptimizationReport {
    /// When the figures were read, RFC 3339.
    pub generated_at: String,
    /// How the load lies.
    pub load_balance: LoadBalance,
    /// At most ten transfers, those that save most first.
    pub transfers: Vec<TransferBody>,
    /// At most ten agents who could help elsewhere.
    pub reallocations: Vec<ReallocationBody>,
    /// The recommended order of each queue whose order is another one now.
    pub algorithm_recommendations: Vec<AlgorithmRecommendation>,
}
