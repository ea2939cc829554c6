//! Several servers on one PostgreSQL, told once with its own notifications between them and once with NATS: what is done at
//! one reaches the sockets of the other, in order, each once; numbers stay one series; a server that is killed takes nothing
//! with it; a lost session costs a "try again" and no more.

use super::house::{House, Socket, client};
use crate::cluster::cluster;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;

/// How long anything may take before something is wrong.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// A server process of its own on the house's database.
pub struct Neighbour {
    child: Child,
    pub base: String,
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Neighbour {
    pub fn of(house: &House) -> Neighbour {
        let mut child = Command::new(env!("CARGO_BIN_EXE_smartqueue-server"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(house.server_arguments())
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        Neighbour { child, base: format!("http://{}", ready["listen"].as_str().unwrap()) }
    }

    pub async fn socket(&self, path: &str, token: &str) -> Socket {
        let address = format!("{}/ws/tenants/demo/{path}", self.base.replacen("http", "ws", 1));
        Socket::open(&address, token).await.unwrap()
    }
}

/// Takes tickets until `enough` is reached or the server is gone; returns the ids that were acknowledged.
pub async fn customer(base: String, token: String, queue: i64, taken: Arc<AtomicUsize>, enough: usize) -> Vec<String> {
    let client = client();
    let mut held = Vec::new();
    while taken.load(Ordering::Relaxed) < enough {
        let body = json!({"queue_id": queue, "channel": "web"}).to_string();
        let request = client.post(format!("{base}/api/v1/tenants/demo/tickets/")).bearer_auth(&token).body(body);
        let Ok(response) = request.send().await else { break };
        assert_eq!(response.status(), StatusCode::CREATED);
        // An answer that broke off was not acknowledged.
        let Ok(ticket) = response.json::<Value>().await else { break };
        held.push(ticket["id"].as_str().unwrap().to_owned());
        taken.fetch_add(1, Ordering::Relaxed);
    }
    held
}

/// Reads a socket until it has told of all these tickets; every event must follow on the one before.
pub async fn hear_of(socket: &mut Socket, mut last: u64, mut missing: BTreeSet<String>) -> BTreeSet<String> {
    let mut created = BTreeSet::new();
    while !missing.is_empty() {
        let event = socket.event().await;
        assert_eq!(event["prev"].as_u64(), Some(last), "{event}");
        last = event["seq"].as_u64().unwrap();
        if event["type"] == "ticket.created" {
            let id = event["ticket"]["id"].as_str().unwrap().to_owned();
            missing.remove(&id);
            assert!(created.insert(id), "told twice: {event}");
        }
    }
    created
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_at_one_server_reaches_the_sockets_of_the_other_in_order() {
    let house = House::open().await;
    let neighbour = Neighbour::of(&house);
    let (token, queue) = (house.token("device_token"), house.queue("B"));
    let path = format!("queues/{queue}/");
    let mut far = neighbour.socket(&path, &token).await;
    let mut near = house.socket(&path, &token).await;
    let from = [far.event().await, near.event().await].map(|snapshot| snapshot["seq"].as_u64().unwrap());
    let here = house.base();
    let taken = Arc::new(AtomicUsize::new(0));
    let crowd: Vec<_> = [&here, &neighbour.base, &here, &neighbour.base]
        .map(|base| tokio::spawn(customer(base.clone(), token.clone(), queue, Arc::clone(&taken), 120)))
        .into();
    let mut held = BTreeSet::new();
    for customer in crowd {
        held.extend(customer.await.unwrap());
    }
    assert!(held.len() >= 120);
    assert_eq!(hear_of(&mut far, from[0], held.clone()).await, held);
    assert_eq!(hear_of(&mut near, from[1], held.clone()).await, held);
    // One series, however many give out of it.
    let (_, page) = house.get("tickets/?page_size=500").await;
    let numbers: BTreeSet<String> = page["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["number"].clone())
        .map(|number| number.as_str().unwrap().to_owned())
        .collect();
    let expected: BTreeSet<_> = (1..=held.len()).map(|number| format!("B{number:03}")).collect();
    assert_eq!(numbers, expected);
    // A call made there is seen here.
    let ticket = held.first().unwrap();
    let call = format!("{}/api/v1/tenants/demo/tickets/{ticket}/call/", neighbour.base);
    assert_eq!(client().post(call).bearer_auth(&token).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(near.event_of("ticket.called").await["ticket"]["id"], ticket.as_str());
    assert_eq!(far.event_of("ticket.called").await["ticket"]["id"], ticket.as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_takes_nothing_with_it() {
    let house = House::open().await;
    let mut victim = Neighbour::of(&house);
    let (token, queue) = (house.token("device_token"), house.queue("B"));
    let mut board = house.socket(&format!("queues/{queue}/"), &token).await;
    let from = board.event().await["seq"].as_u64().unwrap();
    let taken = Arc::new(AtomicUsize::new(0));
    let crowd: Vec<_> = (0..6)
        .map(|_| tokio::spawn(customer(victim.base.clone(), token.clone(), queue, Arc::clone(&taken), usize::MAX)))
        .collect();
    // In the midst of it: every customer still asks.
    let begin = Instant::now();
    while taken.load(Ordering::Relaxed) < 60 {
        assert!(begin.elapsed() < PATIENCE, "the tickets come too slowly");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    victim.child.kill().unwrap();
    victim.child.wait().unwrap();
    let mut acknowledged = BTreeSet::new();
    for customer in crowd {
        acknowledged.extend(customer.await.unwrap());
    }
    assert!(acknowledged.len() >= 60);
    // The survivor goes on at once, and its board hears of every ticket that anybody holds.
    let one_more = house.take("B").await["id"].as_str().unwrap().to_owned();
    acknowledged.insert(one_more);
    let told = hear_of(&mut board, from, acknowledged.clone()).await;
    assert!(told.is_superset(&acknowledged));
    let (_, page) = house.get("tickets/?page_size=500").await;
    assert_eq!(page["count"].as_u64(), Some(told.len() as u64), "what was kept and what was told is the same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_session_costs_a_try_again_and_no_more() {
    let house = House::open().await;
    let other = house.another_server().await;
    let (token, queue) = (house.token("device_token"), house.queue("B"));
    let address = format!("ws://{}/ws/tenants/demo/queues/{queue}/", other.address());
    let mut board = Socket::open(&address, &token).await.unwrap();
    let from = board.event().await["seq"].as_u64().unwrap();
    let mut held = BTreeSet::from([house.take("B").await["id"].as_str().unwrap().to_owned()]);
    let database = house.premises.arguments()[1].rsplit('/').next().unwrap().to_owned();
    for _ in 0..3 {
        // Every session of both servers ends, the listening ones as well.
        let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'");
        cluster().command("postgres", &end).unwrap();
        let begin = Instant::now();
        loop {
            let body = json!({"queue_id": queue, "channel": "web"});
            match house.post("tickets/", body).await {
                (201, ticket) => {
                    held.insert(ticket["id"].as_str().unwrap().to_owned());
                    break;
                }
                (503, answer) => assert_eq!(answer["code"], "busy"),
                (status, answer) => panic!("{status}: {answer}"),
            }
            assert!(begin.elapsed() < PATIENCE, "the server does not come back");
        }
    }
    // A socket whose view could not be read is told to try again, and comes back with its cursor as every client does.
    let (mut told, mut last) = (BTreeSet::new(), from);
    while told.len() < held.len() {
        let Some(Message::Text(text)) = board.message().await else {
            board = Socket::open(&format!("{address}?after={last}"), &token).await.unwrap();
            continue;
        };
        let event: Value = serde_json::from_str(&text).unwrap();
        if event["type"] == "heartbeat" {
            continue;
        }
        assert_eq!(event["prev"].as_u64(), Some(last), "{event}");
        last = event["seq"].as_u64().unwrap();
        if event["type"] == "ticket.created" {
            let id = event["ticket"]["id"].as_str().unwrap().to_owned();
            assert!(told.insert(id), "told twice: {event}");
        }
    }
    assert_eq!(told, held);
    other.stop().await.unwrap();
}

#[tokio::test]
async fn a_database_put_back_from_a_dump_gives_no_doubtful_number_and_shows_everything_anew() {
    let mut house = House::open().await;
    assert_eq!(house.take("B").await["number"], "B001");
    let token = house.token("device_token");
    let path = format!("queues/{}/", house.queue("B"));
    let cursor = house.socket(&path, &token).await.event().await["seq"].as_u64().unwrap();
    house.close().await;
    let output = Command::new(env!("CARGO_BIN_EXE_smartqueue-server"))
        .arg("after-restore")
        .args(house.premises.arguments())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    house.start().await;
    let told = house.premises.number(&format!(
        "SELECT count(*) FROM meta WHERE key = 'epoch' AND value = '{}'",
        said["epoch"].as_str().unwrap()
    ));
    assert_eq!(told, 1);
    // B002 to B101 may be on papers that the dump never heard of.
    assert_eq!(house.take("B").await["number"], "B102");
    let mut board = house.socket(&format!("{path}?after={cursor}"), &token).await;
    assert_eq!(board.event().await["type"], "snapshot");
}

#[tokio::test]
async fn a_text_that_postgresql_does_not_hold_is_the_callers_mistake() {
    let house = House::open().await;
    let ticket = house.take("B").await["id"].as_str().unwrap().to_owned();
    let (status, answer) = house.post(&format!("tickets/{ticket}/call/"), json!({"counter": "1\u{0}"})).await;
    assert_eq!(status, 400, "{answer}");
    let body = json!({"tenant": "demo", "email": "a\u{0}@b.example", "password": "x"}).to_string();
    let (status, answer) = house.ask_raw(reqwest::Method::POST, "/api/v1/auth/login/", None, Some(body)).await;
    assert!((400..500).contains(&status), "{answer}");
    // Nothing of it stays in the way of the next.
    let (status, called) = house.post(&format!("tickets/{ticket}/call/"), json!({"counter": "1"})).await;
    assert_eq!((status, &called["status"]), (200, &json!("called")), "{called}");
}

#[tokio::test]
async fn a_commit_that_another_one_spoils_is_to_be_tried_again() {
    let house = House::open().await;
    let (body, mut taken) = (json!({"queue_id": house.queue("B"), "channel": "web"}), 0);
    // A deadlock and a serialization failure, seen by the very COMMIT; and by a statement before it.
    for (state, when) in [("40P01", "DEFERRED"), ("40001", "DEFERRED"), ("40001", "IMMEDIATE")] {
        house.premises.look(|connection| {
            let spoil = format!(
                "CREATE OR REPLACE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'somebody else was first' USING ERRCODE = '{state}'; END $$;
                 CREATE CONSTRAINT TRIGGER spoil AFTER INSERT ON tickets DEFERRABLE INITIALLY {when}
                 FOR EACH ROW EXECUTE FUNCTION spoil()"
            );
            connection.execute_batch(&spoil).unwrap();
        });
        let (status, answer) = house.post("tickets/", body.clone()).await;
        assert_eq!((status, &answer["code"]), (503, &json!("busy")), "{state} {when}: {answer}");
        house.premises.look(|connection| connection.execute_batch("DROP TRIGGER spoil ON tickets").unwrap());
        taken += 1;
        let (status, ticket) = house.post("tickets/", body.clone()).await;
        assert_eq!((status, &ticket["number"]), (201, &json!(format!("B{taken:03}"))), "nothing of it was kept");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_leaves_no_transaction_open_behind_it() {
    let house = House::open().await;
    for _ in 0..8 {
        assert_eq!(house.get("queues/").await.0, 200);
    }
    let database = house.premises.arguments()[1].rsplit('/').next().unwrap().to_owned();
    // Longer than the message needs, and shorter than the database would wait before it ends such a session.
    let open = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND state = 'idle in transaction'
         AND state_change < clock_timestamp() - INTERVAL '500 ms'"
    );
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(3) {
        assert_eq!(cluster().command("postgres", &open).unwrap(), "0");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
