//! Part 1 of the contract: a ticket's life over REST, and everything that is refused on the way.

use super::house::{House, client};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn a_ticket_lives_from_taken_to_ended() {
    let house = House::open().await;
    let body = json!({"queue_id": house.queue("A"), "channel": "web", "priority": 2, "status": "terminé",
                      "number": "Z999", "customer": {"name": "Awa"}});
    let (status, ticket) = house.post("tickets/", body).await;
    assert_eq!(status, 201);
    assert_eq!(ticket["number"], "A001");
    assert_eq!(ticket["status"], "en_attente");
    assert_eq!(ticket["eta_seconds"], 0);
    assert_eq!(ticket["customer"], json!({"name": "Awa"}));
    let id = ticket["id"].as_str().unwrap().to_owned();
    let step = |step: &str| format!("tickets/{id}/{step}/");

    assert_eq!(house.post(&step("call"), Value::Null).await, (200, json!({"status": "called"})));
    let (_, called) = house.get(&format!("tickets/{id}")).await;
    assert_eq!(called["status"], "appelé");
    assert!(called["called_at"].is_string());
    assert_eq!(called["eta_seconds"], Value::Null);
    assert_eq!(house.post(&step("call"), Value::Null).await.1["code"], "invalid_transition");
    assert_eq!(house.post(&step("recall"), Value::Null).await.1["status"], "appelé");
    assert_eq!(house.post(&step("start"), Value::Null).await.1["status"], "en_service");
    assert_eq!(house.post(&step("no-show"), Value::Null).await.0, 409);
    let (status, ended) = house.post(&step("end"), Value::Null).await;
    assert_eq!((status, ended["status"].as_str()), (200, Some("terminé")));
    assert!(ended["ended_at"].is_string());
    for refused in ["call", "recall", "start", "end", "no-show", "hold", "cancel"] {
        let (status, answer) = house.post(&step(refused), Value::Null).await;
        assert_eq!((status, answer["code"].as_str()), (409, Some("invalid_transition")), "{refused}");
    }
}

#[tokio::test]
async fn a_transfer_keeps_the_number_and_a_call_names_its_counter() {
    let house = House::open().await;
    let id = house.take("A").await["id"].as_str().unwrap().to_owned();
    let to = json!({"queue_id": house.queue("B")});
    let (status, moved) = house.post(&format!("tickets/{id}/transfer/"), to).await;
    assert_eq!(status, 200);
    assert_eq!((moved["number"].as_str(), moved["queue"].as_i64()), (Some("A001"), Some(house.queue("B"))));
    assert_eq!(moved["status"], "en_attente");
    assert_eq!(house.take("B").await["number"], "B001");

    let counter = json!({"counter": "3", "agent": house.agent(1)});
    assert_eq!(house.post(&format!("tickets/{id}/call/"), counter).await.0, 200);
    let (_, called) = house.get(&format!("tickets/{id}/")).await;
    assert_eq!((called["counter"].as_str(), called["agent"].as_i64()), (Some("3"), Some(house.agent(1))));
    let (_, held) = house.post(&format!("tickets/{id}/hold/"), Value::Null).await;
    assert_eq!(held["status"], "en_pause");
    // The agent's own token stands for the agent, who sits at counter 1.
    let path = format!("/api/v1/tenants/demo/tickets/{id}/call/");
    house.ask_raw(Method::POST, &path, Some(&house.token("agent_token")), None).await;
    let (_, called) = house.get(&format!("tickets/{id}/")).await;
    assert_eq!((called["counter"].as_str(), called["agent"].as_i64()), (Some("1"), Some(house.agent(0))));
    let (_, absent) = house.post(&format!("tickets/{id}/no-show/"), Value::Null).await;
    assert_eq!(absent["status"], "absent");

    for (body, status) in [
        (json!({}), 400),
        (json!({"queue_id": "x"}), 400),
        (json!({"queue_id": 99_999}), 404),
        (json!({"queue_id": house.seed["other_queue"]}), 404),
    ] {
        let other = house.take("A").await["id"].as_str().unwrap().to_owned();
        let (got, answer) = house.post(&format!("tickets/{other}/transfer/"), body).await;
        assert_eq!(got, status, "{answer}");
        assert_eq!(house.get(&format!("tickets/{other}/")).await.1["queue"], house.queue("A"));
    }
}

#[tokio::test]
async fn the_same_id_is_one_ticket() {
    let house = House::open().await;
    let id = Uuid::new_v4();
    let body = json!({"queue_id": house.queue("A"), "channel": "mobile", "id": id});
    let (first, ticket) = house.post("tickets/", body.clone()).await;
    let (second, again) = house.post("tickets/", body).await;
    assert_eq!((first, second), (201, 200));
    assert_eq!(ticket, again);
    let elsewhere = json!({"queue_id": house.queue("B"), "channel": "mobile", "id": id});
    assert_eq!(house.post("tickets/", elsewhere).await.1["code"], "id_taken");
    assert_eq!(house.take("A").await["number"], "A002");
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_with_a_code() {
    let house = House::open().await;
    let queue = house.queue("A");
    for (body, status, code) in [
        (json!({"channel": "web"}), 400, "invalid_field"),
        (json!({"queue_id": queue}), 400, "invalid_field"),
        (json!({"queue_id": queue, "channel": "fax"}), 400, "invalid_field"),
        (json!({"queue_id": queue, "channel": "web", "priority": "high"}), 400, "invalid_field"),
        (json!({"queue_id": 99_999, "channel": "web"}), 404, "unknown_queue"),
        (json!({"queue_id": house.seed["other_queue"], "channel": "web"}), 404, "unknown_queue"),
        (json!([]), 400, "invalid_field"),
    ] {
        let (got, answer) = house.post("tickets/", body.clone()).await;
        assert_eq!((got, answer["code"].as_str()), (status, Some(code)), "{body}: {answer}");
        assert!(answer["detail"].is_string());
    }
    let token = house.token("device_token");
    let raw = async |body: &str| {
        house.ask_raw(Method::POST, "/api/v1/tenants/demo/tickets/", Some(&token), Some(body.to_owned())).await
    };
    for broken in ["{", "{\"queue_id\":", "\u{0}", "{'a':1}", "nonsense"] {
        let (status, answer) = raw(broken).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some("broken_json")), "{broken}");
    }
    let (status, answer) = raw(&format!("{{\"a\":\"{}\"}}", "x".repeat(70_000))).await;
    assert_eq!((status, answer["code"].as_str()), (413, Some("body_too_large")));
    assert_eq!(house.get("tickets/").await.1["count"], 0);
}

#[tokio::test]
async fn a_closed_or_full_queue_takes_nobody() {
    let house = House::open().await;
    let admin = house.token("admin_token");
    let path = format!("/api/v1/tenants/demo/queues/{}/", house.queue("C"));
    let change = async |body: Value| house.ask_raw(Method::PATCH, &path, Some(&admin), Some(body.to_string())).await;
    let take = json!({"queue_id": house.queue("C"), "channel": "kiosk"});

    let (status, queue) = change(json!({"is_active": false})).await;
    assert_eq!((status, queue["is_active"].as_bool()), (200, Some(false)));
    let (status, answer) = house.post("tickets/", take.clone()).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("service_closed")));

    change(json!({"is_active": true, "hours": []})).await;
    assert_eq!(house.post("tickets/", take.clone()).await.1["code"], "service_closed");

    change(json!({"hours": null, "max_capacity": 1})).await;
    assert_eq!(house.post("tickets/", take.clone()).await.0, 201);
    assert_eq!(house.post("tickets/", take).await.1["code"], "queue_full");
    assert_eq!(change(json!({"max_capacity": -1})).await.0, 400);
    let (status, _) = house.ask(Method::PATCH, &format!("queues/{}/", house.queue("C")), json!({})).await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn ids_that_are_not_ours_are_not_found() {
    let house = House::open().await;
    let nobody = Uuid::new_v4();
    for path in [
        format!("tickets/{nobody}/"),
        "tickets/1/".to_owned(),
        "tickets/abc/".to_owned(),
        "tickets/%00/".to_owned(),
        "tickets/%ff/".to_owned(),
        "queues/0/".to_owned(),
        "queues/-1/".to_owned(),
        "queues/abc/".to_owned(),
        "queues/9999999999999999999999/".to_owned(),
        format!("queues/{}/", house.seed["other_queue"]),
        "agents/999/".to_owned(),
        "sites/999/".to_owned(),
        "services/x/".to_owned(),
        "counters/999/".to_owned(),
        "displays/999/".to_owned(),
        "nothing/".to_owned(),
    ] {
        let (status, answer) = house.get(&path).await;
        assert_eq!(status, 404, "{path}: {answer}");
        assert!(answer["code"].is_string() && answer["detail"].is_string());
    }
    for path in [
        format!("tickets/{nobody}/call/"),
        "tickets/x/end/".to_owned(),
        "agents/999/call-next/".to_owned(),
        "agents/x/set-status/".to_owned(),
    ] {
        assert_eq!(house.post(&path, json!({"status": "pause"})).await.0, 404, "{path}");
    }
    let ticket = house.take("A").await["id"].as_str().unwrap().to_owned();
    assert_eq!(house.post(&format!("tickets/{ticket}/explode/"), Value::Null).await.0, 404);
    for body in [json!({"agent": 999}), json!({"counter": 999}), json!({"agent": -1})] {
        assert_eq!(house.post(&format!("tickets/{ticket}/call/"), body).await.0, 404);
    }
    let (status, answer) = house.ask(Method::DELETE, "tickets/", Value::Null).await;
    assert_eq!((status, answer["code"].as_str()), (405, Some("method_not_allowed")));
    assert_eq!(house.get(&format!("tickets/{ticket}/")).await.1["status"], "en_attente");
}

#[tokio::test]
async fn lists_filter_order_and_page() {
    let house = House::open().await;
    for priority in [0, 5, 0, 9] {
        let body = json!({"queue_id": house.queue("A"), "channel": "web", "priority": priority});
        house.post("tickets/", body).await;
    }
    house.take("B").await;
    let numbers = async |query: &str| -> Vec<String> {
        let (status, page) = house.get(&format!("tickets/{query}")).await;
        assert_eq!(status, 200, "{page}");
        page["results"].as_array().unwrap().iter().map(|row| row["number"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(numbers("").await, ["A001", "A002", "A003", "A004", "B001"]);
    assert_eq!(numbers("?ordering=-created_at").await[0], "B001");
    assert_eq!(
        numbers(&format!("?queue={}&ordering=-priority", house.queue("A"))).await,
        ["A004", "A002", "A001", "A003"]
    );
    assert_eq!(numbers("?ordering=priority").await, ["A001", "A003", "B001", "A002", "A004"]);
    assert_eq!(numbers("?status=termin%C3%A9").await, Vec::<String>::new());
    assert_eq!(numbers("?status=en_attente,appel%C3%A9&page_size=2").await, ["A001", "A002"]);

    let (_, page) = house.get("tickets/?page=2&page_size=2&status=en_attente").await;
    assert_eq!(page["count"], 5);
    let base = format!("http://{}", house.running().address());
    for (name, first, further) in [("next", "B001", false), ("previous", "A001", true)] {
        let path = page[name].as_str().unwrap().strip_prefix(&base).unwrap();
        let (status, neighbour) = house.ask_raw(Method::GET, path, Some(&house.token("device_token")), None).await;
        assert_eq!((status, neighbour["results"][0]["number"].as_str()), (200, Some(first)), "{path}");
        assert_eq!(neighbour["next"].is_string(), further, "{path}");
    }
    for wrong in ["?status=waiting", "?ordering=number", "?queue=x", "?page=0", "?page=x", "?page_size=0"] {
        assert_eq!(house.get(&format!("tickets/{wrong}")).await.0, 400, "{wrong}");
    }
    for (list, count) in [("queues", 3), ("agents", 3), ("counters", 3), ("displays", 1), ("sites", 1), ("services", 3)]
    {
        let (status, page) = house.get(&format!("{list}/")).await;
        assert_eq!((status, page["count"].as_i64()), (200, Some(count)), "{list}");
        let first = page["results"][0]["id"].as_i64().unwrap();
        assert_eq!(house.get(&format!("{list}/{first}/")).await.1["id"], first);
    }
}

#[tokio::test]
async fn the_wait_follows_the_formula() {
    let house = House::open().await;
    for expected in [0, 300, 600] {
        assert_eq!(house.take("A").await["eta_seconds"], expected);
    }
    // Nobody at all serves: the formula still reckons with one agent.
    let away = json!({"status": "pause"});
    let (status, agent) = house.post(&format!("agents/{}/set-status/", house.agent(0)), away).await;
    assert_eq!((status, agent["status"].as_str()), (200, Some("pause")));
    assert_eq!(house.take("A").await["eta_seconds"], 900);
    // Two agents serve queue B once the first is back: half the wait.
    house.post(&format!("agents/{}/set-status/", house.agent(0)), json!({"status": "disponible"})).await;
    house.take("B").await;
    assert_eq!(house.take("B").await["eta_seconds"], 150);
    for wrong in [json!({}), json!({"status": "asleep"}), json!({"status": 1})] {
        assert_eq!(house.post(&format!("agents/{}/set-status/", house.agent(0)), wrong).await.0, 400);
    }
}

#[tokio::test]
async fn call_next_goes_by_the_queues_algorithm() {
    let house = House::open().await;
    let admin = house.token("admin_token");
    let next = async |place: usize| {
        let (status, ticket) = house.post(&format!("agents/{}/call-next/", house.agent(place)), Value::Null).await;
        (status, ticket["number"].as_str().unwrap_or("").to_owned())
    };
    assert_eq!(next(0).await, (204, String::new()));
    let first = house.take("B").await;
    house.take("A").await;
    let urgent = json!({"queue_id": house.queue("A"), "channel": "web", "priority": 9});
    house.post("tickets/", urgent).await;
    house.take("C").await;
    // By arrival over both queues of the agent; the third queue is not hers.
    assert_eq!(next(0).await, (200, "B001".to_owned()));
    assert_eq!(house.get(&format!("tickets/{}/", first["id"].as_str().unwrap())).await.1["counter"], "1");
    let path = format!("/api/v1/tenants/demo/queues/{}/", house.queue("A"));
    let change = json!({"algorithm": "priority"}).to_string();
    assert_eq!(house.ask_raw(Method::PATCH, &path, Some(&admin), Some(change)).await.0, 200);
    assert_eq!(next(0).await, (200, "A002".to_owned()));
    assert_eq!(next(0).await, (200, "A001".to_owned()));
    assert_eq!(next(0).await, (204, String::new()));
    assert_eq!(next(2).await, (200, "C001".to_owned()));
}

#[tokio::test]
async fn an_agent_sits_at_one_counter_and_a_counter_has_one_agent() {
    let house = House::open().await;
    let third = house.seed["counters"][2]["id"].as_i64().unwrap();
    let path = format!("agents/{}/set-counter/", house.agent(0));
    let (status, agent) = house.post(&path, json!({"counter_id": third})).await;
    assert_eq!((status, &agent["counter"]), (200, &json!({"id": third, "label": "3"})));
    let (_, displaced) = house.get(&format!("agents/{}/", house.agent(2))).await;
    assert_eq!(displaced["counter"], Value::Null);
    let (_, counter) = house.get(&format!("counters/{third}/")).await;
    assert_eq!(counter["agent"], house.agent(0));
    assert_eq!(house.post(&path, json!({"counter_id": 999})).await.0, 404);
    assert_eq!(house.post(&path, json!({})).await.0, 400);
    assert_eq!(house.post(&path, json!({"counter_id": null})).await.1["counter"], Value::Null);
}

#[tokio::test]
async fn a_customer_follows_a_ticket_without_a_token() {
    let house = House::open().await;
    house.take("A").await;
    let ticket = house.take("A").await;
    let path = format!("/api/v1/public/tenants/demo/tickets/{}/", ticket["id"].as_str().unwrap());
    let (status, followed) = house.ask_raw(Method::GET, &path, None, None).await;
    assert_eq!(status, 200);
    assert_eq!(
        followed,
        json!({"number": "A002", "status": "en_attente", "people_ahead": 1, "eta_seconds": 300,
               "queue_name": "Accueil et comptes", "counter": null, "soon": true})
    );
    for wrong in [path.replace("demo", "autre"), path.replace("demo", "nobody"), format!("{path}x")] {
        assert_eq!(house.ask_raw(Method::GET, &wrong, None, None).await.0, 404, "{wrong}");
    }
    let mut last = 200;
    for _ in 0..130 {
        last = house.ask_raw(Method::GET, &path, None, None).await.0;
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn every_answer_carries_its_headers_and_pages_say_when_they_are_missing() {
    let house = House::open().await;
    let client = client();
    let base = format!("http://{}", house.running().address());
    let response = client.get(format!("{base}/nowhere")).header("x-request-id", "abc-1").send().await.unwrap();
    assert_eq!(response.status(), 404);
    for (name, value) in [
        ("x-request-id", "abc-1"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(response.headers()[name], value);
    }
    for page in ["/counter/", "/office/", "/t/demo/?ticket=x", "/t/demo?ticket=x"] {
        let response = client.get(format!("{base}{page}")).send().await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.unwrap();
        match status {
            200 => {
                assert_eq!(headers["content-type"], "text/html; charset=utf-8");
                let policy = headers["content-security-policy"].to_str().unwrap();
                assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"));
                let again = client.get(format!("{base}{page}")).header("if-none-match", &headers["etag"]);
                assert_eq!(again.send().await.unwrap().status(), 304);
                // What the page needs is served with the type that a browser insists on.
                for asset in text.split('"').filter(|part| part.starts_with("/assets/")) {
                    let response = client.get(format!("{base}{asset}")).send().await.unwrap();
                    assert_eq!(response.status(), 200, "{asset}");
                    let kind = response.headers()["content-type"].to_str().unwrap();
                    assert!(kind.starts_with("text/javascript") || kind.starts_with("text/css"), "{asset}: {kind}");
                }
            }
            503 => assert!(text.contains("pages_not_built"), "{text}"),
            other => panic!("{page} gave {other}: {text}"),
        }
    }
    for path in ["/assets/../Cargo.toml", "/assets/%2e%2e/index.html", "/assets/none.js"] {
        assert_eq!(client.get(format!("{base}{path}")).send().await.unwrap().status(), 404, "{path}");
    }
    for path in ["/health", "/health/live", "/health/ready", "/health/startup", "/health/live/"] {
        assert_eq!(client.get(format!("{base}{path}")).send().await.unwrap().status(), 200, "{path}");
    }
}

#[tokio::test]
async fn every_path_of_the_document_is_served() {
    let house = House::open().await;
    let (status, document) = house.ask_raw(Method::GET, "/api/v1/openapi.json", None, None).await;
    assert_eq!(status, 200);
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let address = path.replace("{tenant}", "demo").replace("{id}", "1");
            let method: Method = method.to_uppercase().parse().unwrap();
            let address = format!("http://{}{address}", house.running().address());
            let answer =
                super::house::client().request(method.clone(), address).send().await.unwrap().text().await.unwrap();
            let unknown = ["no_such_path", "method_not_allowed"].iter().any(|code| answer.contains(code));
            assert!(!unknown, "{method} {path} is listed and not served: {answer}");
        }
    }
}
