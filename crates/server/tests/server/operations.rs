//! What keeps a server going: probes and figures for operators, limits, TLS, jobs shared by servers, incidents, and the
//! first admin.

use super::house::{Ground, House, Premises, client};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use smartqueue_server::ledger::store::newest_version;
use smartqueue_server::{Options, TlsFiles, serve};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn text(address: &str, token: Option<&str>) -> (StatusCode, String) {
    let mut request = client().get(address);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn operators_see_what_is_counted() {
    let house = House::open().await;
    let ticket = house.take("A").await;
    house.post(&format!("tickets/{}/call/", ticket["id"].as_str().unwrap()), Value::Null).await;
    house.get("no-such-path/").await;
    let (status, metrics) = text(&format!("http://{}/metrics", house.running().address()), None).await;
    assert_eq!(status, 200);
    for start in [
        "smartqueue_http_requests_total{method=\"POST\",route=\"/api/v1/tenants/{tenant}/tickets\",status=\"201\"} ",
        "smartqueue_http_requests_total{method=\"GET\",route=\"other\",status=\"404\"} ",
        "smartqueue_http_request_seconds_bucket{le=\"0.0001\",route=\"/api/v1/tenants/{tenant}/tickets\"} ",
        "smartqueue_database_write_seconds_count ",
        "smartqueue_database_read_seconds_count ",
        "smartqueue_tickets_created_total{tenant=\"1\",channel=\"web\"} ",
        "smartqueue_tickets_called_total{tenant=\"1\",channel=\"web\"} ",
        "smartqueue_sockets_active ",
        "smartqueue_stations_online 0",
        "smartqueue_event_bus_up 1",
    ] {
        assert!(metrics.lines().any(|line| line.starts_with(start)), "{start} is not in\n{metrics}");
    }
    assert!(!metrics.contains("demo"), "a tenant's name is in the figures");
    let (_, startup) = house.ask_raw(Method::GET, "/health/startup", None, None).await;
    assert_eq!(startup["migrations"], newest_version(&house.premises.place().database()));
}

#[tokio::test]
async fn figures_behind_a_token_and_a_limit_for_each_address() {
    let premises = Premises::<Ground>::new();
    let options = Options {
        metrics_token: Some("operator".to_owned()),
        requests_a_minute: Some(4),
        ..Options::new(premises.place().clone(), "127.0.0.1:0".to_owned())
    };
    let running = serve(options).await.unwrap();
    let metrics = format!("http://{}/metrics", running.address());
    assert_eq!(text(&metrics, None).await.0, 403);
    assert_eq!(text(&metrics, Some("somebody")).await.0, 403);
    assert_eq!(text(&metrics, Some("operator")).await.0, 200);
    let live = format!("http://{}/health/live", running.address());
    assert_eq!(text(&live, None).await.0, 200);
    let answer = client().get(&live).send().await.unwrap();
    assert_eq!(answer.status(), 429);
    let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait));
    running.stop().await.unwrap();
}

/// The status of a request that a proxy passes on for an address.
async fn passed_on(url: &str, for_address: &str) -> u16 {
    client().get(url).header("x-forwarded-for", for_address).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn behind_a_trusted_proxy_everybody_has_a_limit_of_their_own() {
    let premises = Premises::<Ground>::new();
    let options = Options {
        requests_a_minute: Some(2),
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..Options::new(premises.place().clone(), "127.0.0.1:0".to_owned())
    };
    let running = serve(options).await.unwrap();
    let live = format!("http://{}/health/live", running.address());
    let mut statuses = Vec::new();
    for address in ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3, 192.0.2.1", "192.0.2.1, 192.0.2.3"]
    {
        statuses.push(passed_on(&live, address).await);
    }
    assert_eq!(statuses, [200, 200, 429, 200, 429, 200], "what a client claims of itself changes nothing");
    // Nobody gets at the figures by way of a proxy on the server's own machine.
    let metrics = format!("http://{}/metrics", running.address());
    assert_eq!(passed_on(&metrics, "192.0.2.4").await, 403);
    assert_eq!(passed_on(&metrics, "127.0.0.1").await, 403);
    assert_eq!(text(&metrics, None).await.0, 200);
    running.stop().await.unwrap();
}

#[tokio::test]
async fn nobody_else_is_believed_about_who_asks() {
    let premises = Premises::<Ground>::new();
    let options =
        Options { requests_a_minute: Some(2), ..Options::new(premises.place().clone(), "127.0.0.1:0".to_owned()) };
    let running = serve(options).await.unwrap();
    let live = format!("http://{}/health/live", running.address());
    for (address, status) in [("192.0.2.1", 200), ("192.0.2.2", 200), ("192.0.2.3", 429)] {
        assert_eq!(passed_on(&live, address).await, status);
    }
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_speaks_tls_with_its_own_certificate() {
    let premises = Premises::<Ground>::new();
    let folder = premises.folder();
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let files = TlsFiles { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
    std::fs::write(&files.certificate, cert.pem()).unwrap();
    std::fs::write(&files.key, signing_key.serialize_pem()).unwrap();
    let options = |tls| Options { tls: Some(tls), ..Options::new(premises.place().clone(), "127.0.0.1:0".to_owned()) };
    let no_key = TlsFiles { key: files.certificate.clone(), ..files.clone() };
    assert!(serve(options(no_key)).await.is_err(), "a certificate is no key");

    let running = serve(options(files)).await.unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = tokio::net::TcpStream::connect(running.address()).await.unwrap();
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    // Whoever speaks plainly is not answered, and the server goes on.
    let mut plain = tokio::net::TcpStream::connect(running.address()).await.unwrap();
    plain.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // The connection may end with a reset; what counts is that nothing of HTTP came.
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_job_is_done_by_one_server_and_taken_over_from_a_dead_one() {
    let premises = Premises::<Ground>::new();
    let [left, right] = [(); 2].map(|()| premises.open_ledger());
    left.know_job("tidy", 0).await.unwrap();
    right.know_job("tidy", i64::MAX).await.unwrap();
    assert!(right.is_job_due().await.unwrap());
    let hour = Duration::from_secs(3_600);
    let claimed = left.claim_job("left".to_owned(), hour).await.unwrap().unwrap();
    assert_eq!((claimed.name.as_str(), claimed.try_number), ("tidy", 1));
    assert_eq!(right.claim_job("right".to_owned(), hour).await.unwrap(), None);
    assert!(!right.is_job_due().await.unwrap());

    // A failed run is due again and remembers that it was tried; a claim of no length ends at once.
    left.finish_job("left".to_owned(), claimed.clone(), "failed", 0, false).await.unwrap();
    let second = right.claim_job("right".to_owned(), Duration::ZERO).await.unwrap().unwrap();
    assert_eq!(second.try_number, 2);
    let third = left.claim_job("left".to_owned(), hour).await.unwrap().unwrap();
    assert_eq!(third.try_number, 3);
    // The server that lost its claim changes nothing any more.
    right.finish_job("right".to_owned(), second, "done", 0, true).await.unwrap();
    assert!(!right.is_job_due().await.unwrap());
    left.finish_job("left".to_owned(), third, "done", i64::MAX, true).await.unwrap();
    assert!(!left.is_job_due().await.unwrap());
    let row: (String, i64) = premises.look(|connection| {
        connection.query_row("SELECT outcome, tries FROM jobs", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    });
    assert_eq!(row, ("done".to_owned(), 0));
}

#[tokio::test]
async fn what_is_old_goes_and_what_lives_stays() {
    let mut house = House::open().await;
    let mut tickets = Vec::new();
    for _ in 0..4 {
        tickets.push(house.take("B").await["id"].as_str().unwrap().to_owned());
    }
    for ticket in &tickets[..3] {
        assert_eq!(house.post(&format!("tickets/{ticket}/cancel/"), Value::Null).await.0, 200);
    }
    let (status, _) = house.office(Method::PATCH, "settings/", json!({"data_retention_days": 10})).await;
    assert_eq!(status, 200);
    // One ended eleven days ago, one nine, one just now; the last was taken long ago and still waits.
    house.premises.change("UPDATE tickets SET created_at = 0 WHERE id = ?1", &[&tickets[3]]);
    house.close().await;
    let ledger = house.premises.open_ledger();
    // A site's clean-up is due when its own clock passes four in the morning: on 2026-07-01 in Paris at 02:00 UTC.
    let four = 1_782_864_000_000 + 2 * 3_600_000;
    house.premises.change("UPDATE sites SET timezone = 'Europe/Paris'", &[]);
    for (ticket, days) in [(&tickets[0], 11), (&tickets[1], 9)] {
        let ended: i64 = four - days * 86_400_000;
        house.premises.change("UPDATE tickets SET ended_at = ?2 WHERE id = ?1", &[ticket, &ended]);
    }
    assert_eq!(ledger.clean_up(Some(four - 86_400_000), four - 1).await.unwrap(), 0);
    assert_eq!(ledger.clean_up(Some(four), four + 3_600_000).await.unwrap(), 0);
    // Whoever was switched off for the night does it in the morning, and once.
    assert_eq!(ledger.clean_up(Some(four - 3_600_000), four + 5 * 3_600_000).await.unwrap(), 1);
    assert_eq!(ledger.clean_up(None, four + 5 * 3_600_000).await.unwrap(), 0);
    let mut left: Vec<String> = house.premises.look(|connection| {
        let mut statement = connection.prepare_cached("SELECT id FROM tickets").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    });
    left.sort();
    let mut expected = tickets[1..].to_vec();
    expected.sort();
    assert_eq!(left, expected);
}

#[tokio::test]
async fn a_change_of_health_is_told_once() {
    let mut house = House::open().await;
    house.close().await;
    let ledger = house.premises.open_ledger();
    let changed = async || {
        let changes = ledger.look_at_health().await.unwrap();
        changes.into_iter().map(|change| (change.queue, change.score)).collect::<Vec<_>>()
    };
    let queues = ["A", "B", "C"].map(|letter| house.queue(letter));
    let first = changed().await;
    assert!(queues.iter().all(|queue| first.contains(&(*queue, 100))), "{first:?}");
    assert_eq!(changed().await, []);
    house.premises.change("UPDATE agents SET status = 'pause' WHERE id = ?1", &[&house.agent(0)]);
    assert_eq!(changed().await, [(queues[0], 50)]);
}

#[tokio::test]
async fn incidents_are_filed_talked_about_and_counted() {
    let house = House::open().await;
    let body =
        json!({"title": "Plus de papier", "severity": "high", "category": "printer", "site": house.seed["site"]});
    let (status, incident) = house.post("incidents/", body).await;
    assert_eq!((status, &incident["status"], &incident["priority"]), (201, &json!("open"), &json!("normal")));
    assert!(incident["reported_by"].is_i64() && incident["resolved_at"].is_null());
    for (body, field) in [
        (json!({"severity": "high"}), "title"),
        (json!({"title": "x", "severity": "awful"}), "severity"),
        (json!({"title": "x", "device_id": 999_999}), "device_id"),
    ] {
        let (status, answer) = house.post("incidents/", body).await;
        assert_eq!((status, answer["errors"][field].is_array()), (400, true), "{answer}");
    }
    let path = format!("incidents/{}/", incident["id"]);
    let (status, said) = house.post(&format!("{path}comments/"), json!({"text": "Rouleau commandé"})).await;
    assert_eq!((status, &said["results"][0]["text"]), (201, &json!("Rouleau commandé")));
    assert_eq!(house.post(&format!("{path}comments/"), json!({"text": ""})).await.0, 400);
    assert_eq!(house.get(&format!("{path}comments/")).await.1, said);
    let (status, resolved) = house.ask(Method::PATCH, &path, json!({"status": "resolved"})).await;
    assert_eq!((status, resolved["resolved_at"].is_string()), (200, true), "{resolved}");
    let (_, again) = house.ask(Method::PATCH, &path, json!({"status": "open"})).await;
    assert!(again["resolved_at"].is_null(), "{again}");
    house.ask(Method::PATCH, &path, json!({"status": "resolved"})).await;
    house.post("incidents/", json!({"title": "Écran noir"})).await;

    let (_, summary) = house.get("incidents/summary/").await;
    assert_eq!((&summary["total"], &summary["unresolved"]), (&json!(2), &json!(1)), "{summary}");
    assert_eq!(summary["by_status"], json!({"open": 1, "resolved": 1}));
    assert_eq!(summary["by_category"], json!({"other": 1, "printer": 1}));
    let (_, trends) = house.get("incidents/trends/?days=7").await;
    let days = trends["days"].as_array().unwrap();
    assert_eq!((days.len(), &days[6]["filed"], &days[6]["resolved"]), (7, &json!(2), &json!(1)), "{trends}");
    assert_eq!(house.get("incidents/trends/?days=0").await.0, 400);
    let (_, list) = house.get("incidents/?status=open").await;
    assert_eq!(list["count"], 1);
    let stranger = house.token("other_tenant_token");
    let others = format!("/api/v1/tenants/autre/{path}");
    assert_eq!(house.ask_raw(Method::GET, &others, Some(&stranger), None).await.0, 404);
}

#[tokio::test]
async fn whoever_has_the_folder_makes_the_first_admin() {
    let house = House::open().await;
    let invite = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_smartqueue-server"))
            .args(["invite-admin", "--name", "Op"])
            .args(house.premises.arguments())
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let ask = async |method: Method, path: &str, token: Option<&str>, body: Value| {
        let body = (!body.is_null()).then(|| body.to_string());
        house.ask_raw(method, path, token, body).await
    };
    let enter = async |tenant: &str, email: &str, invited: &Value| {
        let body = json!({"invitation": invited["invitation"], "password": "a good password"});
        assert_eq!(ask(Method::POST, "/api/v1/auth/accept/", None, body).await.0, 204);
        let body = json!({"tenant": tenant, "email": email, "password": "a good password"});
        let (status, reply) = ask(Method::POST, "/api/v1/auth/login/", None, body).await;
        assert_eq!(status, 200, "{reply}");
        reply["access"].as_str().unwrap().to_owned()
    };
    let invited = invite(&["--tenant", "mairie", "--email", "chef@mairie.example"]);
    let chief = enter("mairie", "chef@mairie.example", &invited).await;
    let site = json!({"name": "Accueil", "timezone": "Europe/Paris", "languages": ["fr"]});
    assert_eq!(ask(Method::POST, "/api/v1/tenants/mairie/sites/", Some(&chief), site).await.0, 201);
    assert_eq!(ask(Method::GET, "/api/v1/tenants/demo/sites/", Some(&chief), Value::Null).await.0, 403);
    assert_eq!(ask(Method::GET, "/api/v1/tenants/", Some(&chief), Value::Null).await.0, 403);

    let invited = invite(&["--tenant", "operator", "--email", "op@operator.example", "--superadmin"]);
    let operator = enter("operator", "op@operator.example", &invited).await;
    let (_, tenants) = ask(Method::GET, "/api/v1/tenants/", Some(&operator), Value::Null).await;
    assert_eq!(tenants["count"], 4);
    let new = json!({"slug": "gare", "name": "Gare"});
    assert_eq!(ask(Method::POST, "/api/v1/tenants/", Some(&operator), new.clone()).await.0, 201);
    let (status, answer) = ask(Method::POST, "/api/v1/tenants/", Some(&operator), new).await;
    assert_eq!((status, answer["errors"]["slug"].is_array()), (400, true));
    assert_eq!(ask(Method::GET, "/api/v1/tenants/demo/users/", Some(&operator), Value::Null).await.0, 200);
    assert_eq!(ask(Method::GET, "/api/v1/tenants/nobody/users/", Some(&operator), Value::Null).await.0, 404);
}

#[tokio::test]
async fn whoever_took_a_number_from_afar_is_reminded_once_when_the_turn_comes_near() {
    let mut house = House::open().await;
    let mut tickets = Vec::new();
    for channel in ["web", "kiosk", "mobile", "web", "web", "mobile"] {
        let (status, ticket) = house.post("tickets/", json!({"queue_id": house.queue("B"), "channel": channel})).await;
        assert_eq!(status, 201, "{ticket}");
        tickets.push(ticket);
    }
    let id = |place: usize| tickets[place]["id"].as_str().unwrap();
    let soon = async |house: &House, place: usize| {
        let path = format!("/api/v1/public/tenants/demo/tickets/{}/", id(place));
        let (status, answer) = house.ask_raw(Method::GET, &path, None, None).await;
        assert_eq!((status, &answer["number"]), (200, &tickets[place]["number"]));
        answer["soon"].as_bool().unwrap()
    };
    // Nobody was served yet and one agent serves: each person ahead is five minutes.
    assert!(soon(&house, 3).await && !soon(&house, 4).await);
    house.close().await;
    let ledger = house.premises.open_ledger();
    let reminded = async || {
        let reminders = ledger.remind().await.unwrap();
        reminders.into_iter().map(|reminder| (reminder.number, reminder.people_ahead)).collect::<Vec<_>>()
    };
    let near = |number: &str, ahead| (number.to_owned(), ahead);
    let mut first = reminded().await;
    first.sort();
    // Who stands at the kiosk is in the room.
    assert_eq!(first, [near("B001", 0), near("B003", 2), near("B004", 3)]);
    assert_eq!(reminded().await, []);
    drop(ledger);

    house.start().await;
    let calls = format!("tickets/{}/call/", id(0));
    assert_eq!(house.post(&calls, Value::Null).await.0, 200);
    assert!(!soon(&house, 0).await, "the turn has come");
    assert!(soon(&house, 4).await && !soon(&house, 5).await);
    house.close().await;
    let ledger = house.premises.open_ledger();
    let second: Vec<_> = ledger.remind().await.unwrap().into_iter().map(|reminder| reminder.number).collect();
    assert_eq!(second, ["B005"]);
    drop(ledger);

    house.start().await;
    let (status, page) = house.get("reminders/?ordering=-id").await;
    assert_eq!((status, &page["count"]), (200, &json!(4)), "{page}");
    let newest = &page["results"][0];
    assert_eq!((&newest["ticket"], &newest["number"]), (&tickets[4]["id"], &json!("B005")), "{page}");
    assert_eq!((&newest["queue"], &newest["people_ahead"]), (&json!(house.queue("B")), &json!(3)));
    assert!(newest["created_at"].is_string() && newest["eta_seconds"].is_i64(), "{page}");
    let stranger = house.token("other_tenant_token");
    let others = house.ask_raw(Method::GET, "/api/v1/tenants/autre/reminders/", Some(&stranger), None).await;
    assert_eq!((others.0, &others.1["count"]), (200, &json!(0)));
    // A reminder goes with its ticket.
    house.premises.change("DELETE FROM tickets WHERE id = ?1", &[&id(4)]);
    assert_eq!(house.get("reminders/").await.1["count"], 3);
}

#[tokio::test]
async fn what_was_done_last_is_remembered_through_failures() {
    let premises = Premises::<Ground>::new();
    let ledger = premises.open_ledger();
    ledger.know_job("clean_up", 0).await.unwrap();
    let mut done_before = None;
    for (outcome, is_over) in [("done", true), ("failed", false), ("given_up", true), ("done", true), ("done", true)] {
        let claimed = ledger.claim_job("one".to_owned(), Duration::from_secs(60)).await.unwrap().unwrap();
        assert_eq!(claimed.done_at_ms, done_before, "before it was {outcome}");
        if outcome == "done" {
            done_before = Some(claimed.at_ms);
        }
        ledger.finish_job("one".to_owned(), claimed, outcome, 0, is_over).await.unwrap();
    }
}
