//! The shipped binary: its command line, its clean stop, and what is left after kill -9.

use super::house::client;
use reqwest::StatusCode;
use serde_json::{Value, json};
use smartqueue_server::ledger::store;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smartqueue-server"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn json_line(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&text).unwrap()
}

/// A server process that does not outlive its story.
struct Served {
    child: Child,
    base: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(folder: &Path) -> Served {
    let folder = folder.to_str().unwrap();
    let mut child = command(&["serve", "--data", folder, "--listen", "127.0.0.1:0"])
        .env("RUST_LOG", "warn")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(ready["ready"], true);
    Served { base: format!("http://{}", ready["listen"].as_str().unwrap()), child }
}

#[test]
fn the_command_line_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    for arguments in [&[][..], &["serve"], &["explode"], &["backup", "--data", data]] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let nonsense = run(&["serve", "--database-url", "mysql://secret@x"]);
    assert_eq!(nonsense.status.code(), Some(2));
    assert!(!String::from_utf8_lossy(&nonsense.stderr).contains("secret"), "an address may hold a password");
    let copied = run(&["backup", "--database-url", "postgres://x", "--to", "y"]);
    assert_eq!(copied.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&copied.stderr).contains("pg_dump"));
    let nothing = run(&["backup", "--data", data, "--to", "x"]);
    assert_eq!((nothing.status.code(), nothing.stdout.is_empty()), (Some(1), true));
    assert_eq!(String::from_utf8_lossy(&nothing.stderr).lines().count(), 1);
    assert_eq!(json_line(&run(&["migrate", "--data", data]))["version"], store::CURRENT);
    assert_eq!(json_line(&run(&["openapi"]))["openapi"], "3.1.0");
    let seeded = json_line(&run(&["seed-demo", "--data", data]));
    for name in [
        "base_url",
        "ws_base_url",
        "tenant",
        "device_token",
        "agent_token",
        "readonly_token",
        "expired_token",
        "queues",
        "agents",
        "display",
        "other_tenant",
        "other_tenant_token",
        "kiosk_profile",
        "board_profile",
        "sign_in",
        "site",
    ] {
        assert!(!seeded[name].is_null(), "{name}");
    }
    let copy = folder.path().join("copy");
    let copy = copy.to_str().unwrap();
    assert_eq!(json_line(&run(&["backup", "--data", data, "--to", copy]))["backup"], copy);
    assert_eq!(json_line(&run(&["restore", "--data", data, "--from", copy]))["restored"], copy);
    assert_eq!(run(&["restore", "--data", data, "--from", "/nowhere"]).status.code(), Some(1));
    let taken = run(&["serve", "--data", data, "--listen", "256.0.0.1:1"]);
    assert_eq!(taken.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_acknowledged_is_lost_when_the_server_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let seed = json_line(&run(&["seed-demo", "--data", folder.path().to_str().unwrap()]));
    let token = Arc::new(seed["device_token"].as_str().unwrap().to_owned());
    let queue = seed["queues"]["B"].as_i64().unwrap();
    let mut acknowledged: BTreeSet<(String, String)> = BTreeSet::new();
    for round in 1..=3 {
        let taken = Arc::new(AtomicUsize::new(0));
        let mut server = serve(folder.path());
        let address = format!("{}/api/v1/tenants/demo/tickets/", server.base);
        let clients: Vec<_> = (0..8)
            .map(|_| {
                let (address, token, taken) = (address.clone(), Arc::clone(&token), Arc::clone(&taken));
                tokio::spawn(async move {
                    let client = client();
                    let mut held = Vec::new();
                    loop {
                        let body = json!({"queue_id": queue, "channel": "web"}).to_string();
                        let Ok(response) = client.post(&address).bearer_auth(&token).body(body).send().await else {
                            return held;
                        };
                        if response.status() != StatusCode::CREATED {
                            return held;
                        }
                        // An answer that broke off was not acknowledged.
                        let Ok(ticket) = response.json::<Value>().await else { return held };
                        let word = |name: &str| ticket[name].as_str().unwrap().to_owned();
                        held.push((word("id"), word("number")));
                        taken.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        // In the midst of it: every client still asks, and the number of answers differs each time.
        let begin = Instant::now();
        while taken.load(Ordering::Relaxed) < 30 + 17 * round {
            assert!(begin.elapsed() < Duration::from_secs(30), "the tickets come too slowly");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        for client in clients {
            let held = client.await.unwrap();
            acknowledged.extend(held);
        }
    }
    assert!(acknowledged.len() >= 3 * 30);

    let server = serve(folder.path());
    let client = client();
    let mut stored = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    let mut page = 1;
    loop {
        let address = format!("{}/api/v1/tenants/demo/tickets/?page_size=500&page={page}", server.base);
        let answer: Value = client.get(address).bearer_auth(&token).send().await.unwrap().json().await.unwrap();
        for row in answer["results"].as_array().unwrap() {
            let word = |name: &str| row[name].as_str().unwrap().to_owned();
            stored.insert((word("id"), word("number")));
            assert!(numbers.insert(word("number")), "{} came twice", word("number"));
        }
        if answer["next"].is_null() {
            break;
        }
        page += 1;
    }
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "{} of {} were lost: {lost:?}", lost.len(), acknowledged.len());
    drop(server);
    let copy = folder.path().join("checked");
    let output = run(&["backup", "--data", folder.path().to_str().unwrap(), "--to", copy.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "the integrity check of the copy failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminated_server_finishes_what_it_began() {
    let folder = tempfile::tempdir().unwrap();
    let seed = json_line(&run(&["seed-demo", "--data", folder.path().to_str().unwrap()]));
    let token = seed["device_token"].as_str().unwrap().to_owned();
    let mut server = serve(folder.path());
    let address = server.base.strip_prefix("http://").unwrap().to_owned();
    // A request whose body is still on its way when the signal comes is in flight.
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut connection = tokio::net::TcpStream::connect(&address).await.unwrap();
    let body = json!({"queue_id": seed["queues"]["A"], "channel": "web"}).to_string();
    let head = format!(
        "POST /api/v1/tenants/demo/tickets/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n{}",
        body.len(),
        &body[..5]
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the rest of the body once it works on the request.
    let mut asked = [0_u8; 25];
    connection.read_exact(&mut asked).await.unwrap();
    assert_eq!(asked, *b"HTTP/1.1 100 Continue\r\n\r\n");
    let killed = Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    // New connections are refused once the signal has arrived.
    let begin = Instant::now();
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        assert!(begin.elapsed() < Duration::from_secs(30), "the server still accepts");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    connection.write_all(&body.as_bytes()[5..]).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}
