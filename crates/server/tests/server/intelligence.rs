//! Queue intelligence over HTTP: figures that follow from steps, history read from the hours, suggestions that hold.

use super::house::House;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

impl House {
    async fn about(&self, letter: &str, what: &str) -> Value {
        let (status, answer) = self.get(&format!("queues/{}/{what}/", self.queue(letter))).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    pub async fn change_queue(&self, letter: &str, change: Value) {
        let path = format!("/api/v1/tenants/demo/queues/{}/", self.queue(letter));
        let token = self.token("admin_token");
        let (status, answer) = self.ask_raw(Method::PATCH, &path, Some(&token), Some(change.to_string())).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn step(&self, ticket: &Value, step: &str) {
        let path = format!("tickets/{}/{step}/", ticket["id"].as_str().unwrap());
        let (status, answer) = self.post(&path, Value::Null).await;
        assert_eq!(status, 200, "{answer}");
    }
}

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

#[tokio::test]
async fn statistics_follow_a_tickets_life() {
    let house = House::open().await;
    let mut tickets = Vec::new();
    for _ in 0..6 {
        tickets.push(house.take("A").await);
    }
    let steps: [&[&str]; 6] =
        [&["call", "start", "end"], &["call", "no-show"], &["cancel"], &["call", "hold"], &["call", "recall"], &[]];
    for (ticket, steps) in tickets.iter().zip(steps) {
        for step in steps {
            house.step(ticket, step).await;
        }
    }
    let stats = house.about("A", "stats").await;
    for (field, expected) in [
        ("waiting", 1),
        ("called", 1),
        ("in_service", 0),
        ("on_hold", 1),
        ("available_agents", 1),
        ("past_sla", 0),
        ("eta_seconds", 1),
    ] {
        assert_eq!(stats[field], expected, "{field} in {stats}");
    }
    let today = &stats["today"];
    for (field, expected) in
        [("arrived", 6), ("called", 4), ("served", 1), ("absent", 1), ("cancelled", 1), ("sla_breaches", 0)]
    {
        assert_eq!(today[field], expected, "{field} in {today}");
    }
    assert_eq!((&today["mean_wait_seconds"], &today["mean_service_seconds"]), (&json!(0), &json!(0)));
    assert_eq!(house.about("B", "stats").await["longest_wait_seconds"], Value::Null);
}

#[tokio::test]
async fn health_names_what_is_wrong() {
    let house = House::open().await;
    assert_eq!(
        house.about("A", "health").await,
        json!({"queue_id": house.queue("A"), "health_score": 100, "alerts": []})
    );
    for _ in 0..9 {
        house.take("A").await;
    }
    house.change_queue("A", json!({"max_capacity": 10})).await;
    house.post(&format!("agents/{}/set-status/", house.agent(0)), json!({"status": "pause"})).await;
    let queue = house.queue("A");
    // Two of nine were touched an hour ago; a quarter of an hour was promised.
    house.premises.change(
        "UPDATE tickets SET created_at = created_at - 3600000 WHERE id IN
         (SELECT id FROM tickets WHERE queue = ?1 ORDER BY id LIMIT 2)",
        &[&queue],
    );
    let health = house.about("A", "health").await;
    assert_eq!(health["health_score"], 100 - 50 - 30 - 10, "{health}");
    let alerts: Vec<_> = health["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| {
            assert!(!alert["message"].as_str().unwrap().is_empty());
            (alert["type"].as_str().unwrap(), alert["severity"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        alerts,
        [("no_agents", "critical"), ("capacity", "high"), ("sla_breach", "medium"), ("high_wait_time", "medium")]
    );
    let stats = house.about("A", "stats").await;
    assert_eq!(stats["past_sla"], 2);
    assert!(stats["longest_wait_seconds"].as_i64().unwrap() >= 3_600);
}

#[tokio::test]
async fn the_same_hour_of_the_weeks_before_predicts_the_next() {
    let house = House::open().await;
    let queue = house.queue("C");
    let unknown = house.about("C", "predictions").await;
    assert_eq!((&unknown["predicted_tickets_next_hour"], &unknown["confidence"]), (&json!(0), &json!("low")));
    assert_eq!((&unknown["recommended_agents"], &unknown["reinforcement_needed"]), (&json!(0), &json!(false)));

    // The hour that counts now is the server's word: a ticket shows which it is.
    house.take("C").await;
    let hour = house.premises.number(&format!("SELECT max(hour) FROM queue_hours WHERE queue = {queue}"));
    for (weeks, arrived) in [(1, 40), (2, 50), (3, 30), (4, 40), (5, 1_000)] {
        for (shift, arrived) in [(0, 7), (1, arrived), (2, 9)] {
            house.premises.change(
                "INSERT INTO queue_hours (queue, hour, arrived) VALUES (?1, ?2, ?3)",
                &[&queue, &(hour - weeks * 168 + shift), &arrived],
            );
        }
    }
    let prediction = house.about("C", "predictions").await;
    // 1 waits and 40 come, at 300 s each: four agents have 3.4 hours of work.
    let expected = json!({
        "queue_id": queue, "predicted_tickets_next_hour": 40, "current_waiting": 1, "confidence": "high",
        "reinforcement_needed": true, "recommended_agents": 4, "available_agents": 2,
    });
    assert_eq!(prediction, expected);
}

#[tokio::test]
async fn the_order_follows_from_the_week() {
    let house = House::open().await;
    let queue = house.queue("B");
    let fresh = house.about("B", "algorithm_recommendation").await;
    assert_eq!((&fresh["recommended_algorithm"], &fresh["confidence"]), (&json!("fifo"), &json!("low")));
    house.take("B").await;
    let hour = house.premises.number("SELECT max(hour) FROM queue_hours");
    let lay = |hours_ago: i64, arrived: i64, high: i64, called: i64, breached: i64| {
        house.premises.change(
            "INSERT INTO queue_hours (queue, hour, arrived, high_priority, called, breached)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            &[&queue, &(hour - hours_ago), &arrived, &high, &called, &breached],
        );
    };
    lay(168, 5_000, 5_000, 5_000, 5_000);
    lay(167, 99, 40, 100, 20);
    let week = house.about("B", "algorithm_recommendation").await;
    assert_eq!(
        (&week["recommended_algorithm"], &week["current_algorithm"], &week["confidence"]),
        (&json!("priority"), &json!("fifo"), &json!("high")),
        "{week}"
    );
    lay(1, 0, 0, 1, 1);
    let week = house.about("B", "algorithm_recommendation").await;
    assert_eq!((&week["recommended_algorithm"], &week["sla_breach_percent"]), (&json!("sla"), &json!(20.8)));
    for field in ["reason", "expected_improvement"] {
        assert!(!week[field].as_str().unwrap().is_empty(), "{field}");
    }
    let (_, report) = house.get("queues/optimization_report/").await;
    assert_eq!(report["algorithm_recommendations"], json!([week]));
}

#[tokio::test]
async fn a_late_call_is_a_broken_promise_once() {
    let house = House::open().await;
    let ticket = house.take("B").await;
    house.premises.change("UPDATE tickets SET created_at = ?1", &[&(now_ms() - 901_000)]);
    for step in ["call", "hold", "call", "no-show", "call", "recall", "end"] {
        house.step(&ticket, step).await;
    }
    let today = house.about("B", "stats").await["today"].clone();
    assert_eq!((&today["called"], &today["sla_breaches"], &today["served"]), (&json!(1), &json!(1), &json!(1)));
    assert!(today["mean_wait_seconds"].as_i64().unwrap() >= 901);
}

#[tokio::test]
async fn the_report_suggests_what_can_be_done() {
    let house = House::open().await;
    for _ in 0..6 {
        house.take("A").await;
    }
    let (status, balance) = house.get("queues/load_balance/").await;
    assert_eq!(status, 200);
    let rows: Vec<_> = balance["queues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (row["queue_id"].as_i64().unwrap(), row["load_ratio"].as_f64().unwrap(), row["status"].as_str().unwrap())
        })
        .collect();
    let [a, b, c] = ["A", "B", "C"].map(|letter| house.queue(letter));
    assert_eq!(rows, [(a, 6.0, "overloaded"), (b, 0.0, "underloaded"), (c, 0.0, "underloaded")]);
    // The mean is 2, the variance (16 + 4 + 4) / 3 = 8.
    assert_eq!(balance["balance_score"], 20.0);

    let (_, report) = house.get("queues/optimization_report/").await;
    assert_eq!(report["load_balance"], balance);
    let transfers = report["transfers"].as_array().unwrap();
    assert_eq!(transfers.len(), 3, "{report}");
    let first = &transfers[0];
    assert_eq!(
        (&first["ticket_number"], &first["from_queue_id"], &first["to_queue_id"]),
        (&json!("A006"), &json!(a), &json!(b))
    );
    assert_eq!((&first["estimated_time_saved"], &first["priority"]), (&json!(1_500), &json!("high")));
    assert_eq!(first["to_queue_name"], "Retraits et dépôts");
    let reallocations = report["reallocations"].as_array().unwrap();
    assert_eq!(reallocations.len(), 1, "{report}");
    assert_eq!(
        (&reallocations[0]["agent_id"], &reallocations[0]["impact_score"], &reallocations[0]["to_queue_id"]),
        (&json!(house.agent(1)), &json!(60.0), &json!(a))
    );

    // What is suggested can be done, and helps as much as was said.
    let path = format!("tickets/{}/transfer/", first["ticket_id"].as_str().unwrap());
    let (status, moved) = house.post(&path, json!({"queue_id": first["to_queue_id"]})).await;
    assert_eq!((status, moved["eta_seconds"].as_i64()), (200, Some(0)));

    let (_, overview) = house.get("queues/overview/").await;
    assert_eq!(
        (&overview["queue_count"], &overview["waiting"], &overview["available_agents"]),
        (&json!(3), &json!(6), &json!(3))
    );
    assert_eq!(overview["queues"][0]["queue_id"], a);
    let (_, elsewhere) = house.get("queues/overview/?site=999999").await;
    assert_eq!((&elsewhere["queue_count"], &elsewhere["health_score"]), (&json!(0), &json!(100)));
}

#[tokio::test]
async fn intelligence_keeps_the_wall() {
    let house = House::open().await;
    let stranger = house.token("other_tenant_token");
    for path in ["stats", "health", "predictions", "algorithm_recommendation"] {
        assert_eq!(house.get(&format!("queues/999999/{path}/")).await.0, 404);
        assert_eq!(house.get(&format!("queues/x/{path}/")).await.0, 404);
        let others = format!("/api/v1/tenants/autre/queues/{}/{path}/", house.queue("A"));
        assert_eq!(house.ask_raw(Method::GET, &others, Some(&stranger), None).await.0, 404);
    }
    for path in ["overview", "load_balance", "optimization_report"] {
        let demo = format!("/api/v1/tenants/demo/queues/{path}/");
        assert_eq!(house.ask_raw(Method::GET, &demo, Some(&stranger), None).await.0, 403);
        assert_eq!(house.ask_raw(Method::GET, &demo, None, None).await.0, 401);
        let (status, answer) = house.get(&format!("queues/{path}/?site=x")).await;
        assert_eq!((status, &answer["errors"]["site"].is_array()), (400, &true));
    }
}
