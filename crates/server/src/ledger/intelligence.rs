//! Queue intelligence: gathers the figures that the domain's formulas need (part 4 of the contract) and puts their results
//! into answers. Only the look of the job `queue_health` leaves something behind; no formula reads a past ticket beyond the
//! last fifty.

use super::figures::{self, LIVE, Rule};
use super::hours::{self, Counts};
use super::store::{Connection, Error, OptionalExtension, Row, Whose, params};
use super::writer::Writing;
use super::{Ledger, places};
use crate::trouble::Trouble;
use smartqueue_domain::intelligence::{
    AgentLoad, Alert, AlertKind, Health, Prediction, QueueCondition, QueueLoad, Reallocation, Recommendation,
    RecommendationReason, Transfer, Workload, balance_score, health, load_ratio, load_status, predict,
    recommend_algorithm, suggest_reallocations, suggest_transfers,
};
use smartqueue_domain::{AgentId, Algorithm, Candidate, QueueId, SiteId, TicketId, TicketStatus, arrange, eta_seconds};
use smartqueue_protocol::event::QueueFigures;
use smartqueue_protocol::intelligence::{
    AlertBody, AlgorithmRecommendation, DayStats, LoadBalance, OptimizationReport, Overview, OverviewRow, QueueHealth,
    QueueLoadRow, QueuePrediction, QueueStats, ReallocationBody, TransferBody,
};
use smartqueue_protocol::time::write_time;
use smartqueue_protocol::words::{
    alert_word, algorithm_word, confidence_word, load_word, read_algorithm, read_status, severity_word,
    transfer_priority_word,
};
use std::collections::BTreeMap;

/// A queue with the figures of this moment.
struct QueueNow {
    id: i64,
    site: i64,
    name: String,
    algorithm: Algorithm,
    sla_seconds: u32,
    max_capacity: Option<u32>,
    is_active: bool,
    figures: QueueFigures,
    past_sla: u32,
    /// The touch of whoever waits longest, UTC milliseconds.
    oldest_ms: Option<i64>,
}

/// A row of [`QueueNow::COLUMNS`].
type StoredQueue = (i64, i64, String, String, i64, Option<u32>, bool);

impl QueueNow {
    const COLUMNS: &str = "id, site, name, algorithm, sla_seconds, max_capacity, is_active";

    fn read(row: &Row<'_>) -> Result<StoredQueue, Error> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
    }

    fn of(connection: &Connection, stored: StoredQueue, now_ms: i64) -> Result<QueueNow, Trouble> {
        let (id, site, name, algorithm, sla_seconds, max_capacity, is_active) = stored;
        let (past_sla, oldest_ms) = connection
            .prepare_cached(
                "SELECT (SELECT count(*) FROM tickets WHERE queue = ?1 AND status = 'en_attente' AND created_at < ?2),
                 (SELECT min(created_at) FROM tickets WHERE queue = ?1 AND status = 'en_attente')",
            )?
            .query_row([id, now_ms - sla_seconds * 1_000], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(QueueNow {
            id,
            site,
            name,
            algorithm: read_algorithm(&algorithm)?,
            sla_seconds: u32::try_from(sla_seconds).unwrap_or(u32::MAX),
            max_capacity,
            is_active,
            figures: figures::figures(connection, id)?,
            past_sla,
            oldest_ms,
        })
    }

    /// A queue of the tenant.
    fn find(connection: &Connection, tenant: i64, queue: i64, now_ms: i64) -> Result<QueueNow, Trouble> {
        let stored = connection
            .prepare_cached(&format!("SELECT {} FROM queues WHERE id = ?1 AND tenant = ?2", QueueNow::COLUMNS))?
            .query_row([queue, tenant], QueueNow::read)
            .optional()?
            .ok_or(Trouble::NotFound("queue"))?;
        QueueNow::of(connection, stored, now_ms)
    }

    /// The tenant's queues, at one site or all, that are open or have somebody waiting.
    fn all(connection: &Connection, tenant: i64, site: Option<i64>, now_ms: i64) -> Result<Vec<QueueNow>, Trouble> {
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {} FROM queues WHERE tenant = ?1 AND (CAST(?2 AS BIGINT) IS NULL OR site = ?2) ORDER BY site, position, id",
            QueueNow::COLUMNS
        ))?;
        let rows = statement.query_map(params![tenant, site], QueueNow::read)?;
        let mut queues = Vec::new();
        for row in rows {
            let queue = QueueNow::of(connection, row?, now_ms)?;
            if queue.is_active || queue.figures.waiting > 0 {
                queues.push(queue);
            }
        }
        Ok(queues)
    }

    /// The expected wait of whoever joins now.
    fn eta_seconds(&self) -> u32 {
        let QueueFigures { id: _, waiting, mean_service_seconds, available_agents } = self.figures;
        eta_seconds(waiting, mean_service_seconds, available_agents)
    }

    fn ratio(&self) -> f64 {
        load_ratio(self.figures.waiting, self.figures.available_agents)
    }

    fn health(&self) -> Health {
        health(&QueueCondition {
            waiting: self.figures.waiting,
            max_capacity: self.max_capacity,
            past_sla: self.past_sla,
            available_agents: self.figures.available_agents,
            eta_seconds: self.eta_seconds(),
            sla_seconds: self.sla_seconds,
        })
    }

    fn alert(&self, alert: Alert) -> AlertBody {
        let Alert { kind, severity } = alert;
        let message = match kind {
            AlertKind::Capacity => {
                let capacity = self.max_capacity.unwrap_or(0);
                format!("{} of {capacity} places are taken", self.figures.waiting)
            }
            AlertKind::SlaBreach => {
                format!("{} people have waited longer than the promised {} s", self.past_sla, self.sla_seconds)
            }
            AlertKind::NoAgents => "no agent is available".to_owned(),
            AlertKind::HighWaitTime => {
                format!("whoever joins now waits about {} s; {} s were promised", self.eta_seconds(), self.sla_seconds)
            }
        };
        AlertBody { kind: alert_word(kind).to_owned(), severity: severity_word(severity).to_owned(), message }
    }

    fn load_row(&self) -> QueueLoadRow {
        let QueueFigures { id: _, waiting, mean_service_seconds: _, available_agents } = self.figures;
        let load_ratio = self.ratio();
        QueueLoadRow {
            queue_id: self.id,
            queue_name: self.name.clone(),
            site: self.site,
            waiting,
            available_agents,
            load_ratio,
            status: load_word(load_status(load_ratio)).to_owned(),
        }
    }

    /// Everybody who waits, in the order in which they will be called, with their numbers.
    fn line(&self, connection: &Connection, now_ms: i64) -> Result<Vec<Candidate>, Trouble> {
        let mut line = figures::waiting(connection, self.id)?;
        let rule = Rule { algorithm: self.algorithm, sla_ms: i64::from(self.sla_seconds) * 1_000 };
        arrange(&mut line, rule.algorithm, rule.sla_ms, now_ms);
        Ok(line)
    }
}

fn stats(connection: &Connection, tenant: i64, queue: i64, now_ms: i64) -> Result<QueueStats, Trouble> {
    let now = QueueNow::find(connection, tenant, queue, now_ms)?;
    let mut by_status: BTreeMap<TicketStatus, u32> = BTreeMap::new();
    let mut statement = connection
        .prepare_cached(&format!("SELECT status, count(*) FROM tickets WHERE queue = ?1 AND {LIVE} GROUP BY status"))?;
    let rows = statement.query_map([queue], |row| Ok((row.get::<String>(0)?, row.get(1)?)))?;
    for row in rows {
        let (word, count) = row?;
        by_status.insert(read_status(&word)?, count);
    }
    let of = |status| by_status.get(&status).copied().unwrap_or(0);
    let Counts { arrived, high_priority: _, called, breached, waited_ms, served, served_ms, absent, cancelled } =
        hours::today(connection, queue, now_ms)?;
    let mean_seconds = |sum_ms: u64, count: u64| sum_ms.checked_div(count).map(|mean_ms| mean_ms / 1_000);
    let QueueFigures { id: _, waiting, mean_service_seconds, available_agents } = now.figures;
    Ok(QueueStats {
        queue_id: queue,
        waiting,
        called: of(TicketStatus::Called),
        in_service: of(TicketStatus::InService),
        on_hold: of(TicketStatus::OnHold),
        available_agents,
        mean_service_seconds,
        eta_seconds: now.eta_seconds(),
        longest_wait_seconds: now.oldest_ms.map(|oldest| u64::try_from(now_ms - oldest).unwrap_or(0) / 1_000),
        past_sla: now.past_sla,
        today: DayStats {
            arrived,
            called,
            served,
            absent,
            cancelled,
            sla_breaches: breached,
            mean_wait_seconds: mean_seconds(waited_ms, called),
            mean_service_seconds: mean_seconds(served_ms, served),
        },
        queue_name: now.name,
    })
}

fn queue_health(connection: &Connection, tenant: i64, queue: i64, now_ms: i64) -> Result<QueueHealth, Trouble> {
    let now = QueueNow::find(connection, tenant, queue, now_ms)?;
    let Health { score, alerts } = now.health();
    let alerts = alerts.into_iter().map(|alert| now.alert(alert)).collect();
    Ok(QueueHealth { queue_id: queue, health_score: score, alerts })
}

fn prediction(connection: &Connection, tenant: i64, queue: i64, now_ms: i64) -> Result<QueuePrediction, Trouble> {
    let now = QueueNow::find(connection, tenant, queue, now_ms)?;
    let QueueFigures { id: _, waiting, mean_service_seconds, available_agents } = now.figures;
    let Prediction { tickets_next_hour, confidence, recommended_agents, reinforcement_needed } = predict(&Workload {
        same_hour: hours::same_hour_before(connection, queue, now_ms)?,
        current_waiting: waiting,
        mean_service_seconds,
        available_agents,
    });
    Ok(QueuePrediction {
        queue_id: queue,
        predicted_tickets_next_hour: tickets_next_hour,
        current_waiting: waiting,
        confidence: confidence_word(confidence).to_owned(),
        reinforcement_needed,
        recommended_agents,
        available_agents,
    })
}

fn recommendation(
    connection: &Connection,
    queue: i64,
    current: Algorithm,
    now_ms: i64,
) -> Result<AlgorithmRecommendation, Trouble> {
    let Recommendation { algorithm, reason, confidence, breach_percent, high_priority_percent } =
        recommend_algorithm(&hours::last_week(connection, queue, now_ms)?);
    let (reason, improvement) = match reason {
        RecommendationReason::SlaBreaches => (
            format!("{breach_percent:.0} % of the calls of seven days came later than was promised"),
            "people past the promised wait are called first, so fewer wait far beyond it",
        ),
        RecommendationReason::HighPriority => (
            format!("{high_priority_percent:.0} % of the tickets of seven days have a high priority"),
            "people with a priority wait less",
        ),
        RecommendationReason::Steady => (
            "promises are kept and few tickets have a priority".to_owned(),
            "everybody is called in the order of arrival, which people understand",
        ),
    };
    let expected_improvement = if algorithm == current { "none: this is the order already" } else { improvement };
    Ok(AlgorithmRecommendation {
        queue_id: queue,
        recommended_algorithm: algorithm_word(algorithm).to_owned(),
        current_algorithm: algorithm_word(current).to_owned(),
        reason,
        confidence: confidence_word(confidence).to_owned(),
        expected_improvement: expected_improvement.to_owned(),
        sla_breach_percent: tenth(breach_percent),
        high_priority_percent: tenth(high_priority_percent),
    })
}

/// One decimal: more would claim a precision that nobody has.
fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn balance(queues: &[QueueNow]) -> LoadBalance {
    let ratios: Vec<f64> = queues.iter().map(QueueNow::ratio).collect();
    LoadBalance { balance_score: balance_score(&ratios), queues: queues.iter().map(QueueNow::load_row).collect() }
}

fn overview(connection: &Connection, tenant: i64, site: Option<i64>, now_ms: i64) -> Result<Overview, Trouble> {
    let queues = QueueNow::all(connection, tenant, site, now_ms)?;
    let rows: Vec<OverviewRow> = queues
        .iter()
        .map(|queue| {
            let Health { score, alerts } = queue.health();
            OverviewRow {
                load: queue.load_row(),
                health_score: score,
                eta_seconds: queue.eta_seconds(),
                mean_service_seconds: queue.figures.mean_service_seconds,
                past_sla: queue.past_sla,
                alert_count: u32::try_from(alerts.len()).unwrap_or(u32::MAX),
            }
        })
        .collect();
    let scores: u32 = rows.iter().map(|row| u32::from(row.health_score)).sum();
    let queue_count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let mean_score = scores.checked_div(queue_count).unwrap_or(100);
    Ok(Overview {
        queue_count,
        waiting: rows.iter().map(|row| u64::from(row.load.waiting)).sum(),
        available_agents: u32::try_from(available_agents(connection, tenant, site)?.len()).unwrap_or(u32::MAX),
        health_score: u8::try_from(mean_score).unwrap_or(100),
        queues: rows,
    })
}

/// The agents who are available, with their names and the queues they serve.
fn available_agents(
    connection: &Connection,
    tenant: i64,
    site: Option<i64>,
) -> Result<Vec<(AgentLoad, String)>, Trouble> {
    let mut statement = connection.prepare_cached(
        "SELECT id, site, name FROM agents WHERE tenant = ?1 AND (CAST(?2 AS BIGINT) IS NULL OR site = ?2) AND status = 'disponible'
         ORDER BY id",
    )?;
    let rows = statement.query_map(params![tenant, site], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut agents = Vec::new();
    for row in rows {
        let (id, site, name) = row?;
        let queues = places::agent_queues(connection, id)?.into_iter().map(QueueId).collect();
        agents.push((AgentLoad { agent: AgentId(id), site: SiteId(site), queues }, name));
    }
    Ok(agents)
}

fn report(connection: &Connection, tenant: i64, site: Option<i64>, now_ms: i64) -> Result<OptimizationReport, Trouble> {
    let queues = QueueNow::all(connection, tenant, site, now_ms)?;
    let mut numbers: BTreeMap<TicketId, String> = BTreeMap::new();
    let mut loads = Vec::with_capacity(queues.len());
    for queue in &queues {
        let line = queue.line(connection, now_ms)?;
        let ids = line.iter().map(|candidate| candidate.id).collect();
        numbers.extend(line.into_iter().map(|candidate| (candidate.id, candidate.number)));
        loads.push(QueueLoad {
            queue: QueueId(queue.id),
            site: SiteId(queue.site),
            is_active: queue.is_active,
            line: ids,
            mean_service_seconds: queue.figures.mean_service_seconds,
            available_agents: queue.figures.available_agents,
        });
    }
    let names: BTreeMap<QueueId, &str> = queues.iter().map(|queue| (QueueId(queue.id), queue.name.as_str())).collect();
    let name = |queue: QueueId| names.get(&queue).copied().unwrap_or_default().to_owned();
    let transfers = suggest_transfers(&loads)
        .into_iter()
        .map(|Transfer { ticket, from, to, saved_seconds, priority }| TransferBody {
            ticket_id: ticket.0,
            ticket_number: numbers.get(&ticket).cloned().unwrap_or_default(),
            from_queue_id: from.0,
            from_queue_name: name(from),
            to_queue_id: to.0,
            to_queue_name: name(to),
            reason: format!("waits about {saved_seconds} s less there"),
            priority: transfer_priority_word(priority).to_owned(),
            estimated_time_saved: saved_seconds,
        })
        .collect();
    let (agents, agent_names): (Vec<AgentLoad>, Vec<String>) =
        available_agents(connection, tenant, site)?.into_iter().unzip();
    let agent_names: BTreeMap<AgentId, String> = agents.iter().map(|agent| agent.agent).zip(agent_names).collect();
    let reallocations = suggest_reallocations(&loads, &agents)
        .into_iter()
        .map(|Reallocation { agent, from, to, impact_score }| ReallocationBody {
            agent_id: agent.0,
            agent_name: agent_names.get(&agent).cloned().unwrap_or_default(),
            from_queue_id: from.map(|queue| queue.0),
            from_queue_name: from.map(name),
            to_queue_id: to.0,
            to_queue_name: name(to),
            impact_score,
            reason: format!("{:.1} people wait for each agent there", impact_score / 10.0),
        })
        .collect();
    let mut algorithm_recommendations = Vec::new();
    for queue in &queues {
        let recommendation = recommendation(connection, queue.id, queue.algorithm, now_ms)?;
        if recommendation.recommended_algorithm != recommendation.current_algorithm {
            algorithm_recommendations.push(recommendation);
        }
    }
    Ok(OptimizationReport {
        generated_at: write_time(now_ms),
        load_balance: balance(&queues),
        transfers,
        reallocations,
        algorithm_recommendations,
    })
}

/// A queue whose health is another than at the last look.
#[derive(Clone, Debug)]
pub struct HealthChange {
    /// The tenant.
    pub tenant: i64,
    /// The queue.
    pub queue: i64,
    /// 0 to 100.
    pub score: u8,
    /// The words of what is wrong, separated by spaces.
    pub alerts: String,
}

/// Keeps the health of a tenant's queues as it is now and returns what changed.
pub(super) fn look_at_health(writing: &Writing<'_>, tenant: i64) -> Result<Vec<HealthChange>, Trouble> {
    let mut changes = Vec::new();
    for queue in QueueNow::all(writing.connection, tenant, None, writing.now_ms)? {
        let Health { score, alerts } = queue.health();
        let words: Vec<&str> = alerts.iter().map(|alert| alert_word(alert.kind)).collect();
        let alerts = words.join(" ");
        let changed = writing
            .connection
            .prepare_cached(
                "INSERT INTO queue_health (queue, score, alerts, looked_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (queue) DO UPDATE SET score = excluded.score, alerts = excluded.alerts,
                 looked_at = excluded.looked_at
                 WHERE queue_health.score <> excluded.score OR queue_health.alerts <> excluded.alerts",
            )?
            .execute(params![queue.id, score, alerts, writing.now_ms])?;
        if changed > 0 {
            changes.push(HealthChange { tenant, queue: queue.id, score, alerts });
        }
    }
    Ok(changes)
}

impl Ledger {
    /// What happens in a queue now and happened today.
    pub async fn queue_stats(&self, tenant: i64, queue: i64) -> Result<QueueStats, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| stats(connection, tenant, queue, crate::clock::now_ms()))
            .await
    }

    /// How well a queue does.
    pub async fn queue_health(&self, tenant: i64, queue: i64) -> Result<QueueHealth, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| {
            queue_health(connection, tenant, queue, crate::clock::now_ms())
        })
        .await
    }

    /// What is coming in a queue.
    pub async fn queue_prediction(&self, tenant: i64, queue: i64) -> Result<QueuePrediction, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| {
            prediction(connection, tenant, queue, crate::clock::now_ms())
        })
        .await
    }

    /// Which order would serve a queue best.
    pub async fn algorithm_recommendation(&self, tenant: i64, queue: i64) -> Result<AlgorithmRecommendation, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| {
            let now_ms = crate::clock::now_ms();
            let now = QueueNow::find(connection, tenant, queue, now_ms)?;
            recommendation(connection, queue, now.algorithm, now_ms)
        })
        .await
    }

    /// Every queue with its load and health.
    pub async fn overview(&self, tenant: i64, site: Option<i64>) -> Result<Overview, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| overview(connection, tenant, site, crate::clock::now_ms()))
            .await
    }

    /// How evenly the load lies.
    pub async fn load_balance(&self, tenant: i64, site: Option<i64>) -> Result<LoadBalance, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| {
            Ok(balance(&QueueNow::all(connection, tenant, site, crate::clock::now_ms())?))
        })
        .await
    }

    /// What would help, over all queues.
    pub async fn optimization_report(&self, tenant: i64, site: Option<i64>) -> Result<OptimizationReport, Trouble> {
        self.read(Whose::Tenant(tenant), move |connection| report(connection, tenant, site, crate::clock::now_ms()))
            .await
    }
}
