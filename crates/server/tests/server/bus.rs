//! Servers that speak through NATS: it carries one hint a commit, it may be away, be killed and come back, and nobody misses
//! anything; who may not sign in or shows the wrong certificate is not listened to. What servers on one database do together
//! whatever carries their hints is told in `servers`.

use super::encrypted::authority;
use super::house::{House, client};
use super::servers::{Neighbour, PATIENCE, customer, hear_of};
use crate::nats::{self, Nats};
use rcgen::{CertificateParams, KeyPair};
use reqwest::StatusCode;
use serde_json::Value;
use smartqueue_server::ledger::bus::{Address, Carrier};
use smartqueue_server::{Options, serve};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What a server says of its bus; it must be in service whatever that is.
async fn bus_of(base: &str) -> String {
    let answer = client().get(format!("{base}/health/ready")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let said: Value = answer.json().await.unwrap();
    let bus = said["event_bus"].as_str().unwrap().to_owned();
    assert_eq!(said["status"], if bus == "ok" { "ok" } else { "degraded" }, "{said}");
    bus
}

async fn wait_for_bus(base: &str, state: &str) {
    let begun = Instant::now();
    while bus_of(base).await != state {
        assert!(begun.elapsed() < PATIENCE, "{base}: the bus does not become {state}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A figure of a server.
async fn figure(base: &str, name: &str) -> u64 {
    let text = client().get(format!("{base}/metrics")).send().await.unwrap().text().await.unwrap();
    let line =
        text.lines().find(|line| line.split(' ').next() == Some(name)).unwrap_or_else(|| panic!("{name}: {text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

async fn until(taken: &AtomicUsize, enough: usize) {
    let begun = Instant::now();
    while taken.load(Ordering::Relaxed) < enough {
        assert!(begun.elapsed() < PATIENCE, "the tickets come too slowly");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_commit_sends_one_hint_through_nats_and_the_database_carries_none() {
    let house = House::open_over(Some(nats::shared())).await;
    let neighbour = Neighbour::of(&house);
    wait_for_bus(&neighbour.base, "ok").await;
    let (token, queue) = (house.token("device_token"), house.queue("B"));
    let mut board = neighbour.socket(&format!("queues/{queue}/"), &token).await;
    board.event().await;
    let (heard, sent) =
        (figure(&neighbour.base, "smartqueue_event_bus_received_total").await, "smartqueue_event_bus_sent_total");
    for _ in 0..20 {
        let ticket = house.take("B").await["id"].clone();
        assert_eq!(board.event_of("ticket.created").await["ticket"]["id"], ticket);
    }
    let received = figure(&neighbour.base, "smartqueue_event_bus_received_total").await - heard;
    // A ticket and the figures of its queue are one commit. The jobs of the other server may have added some.
    assert!((20..30).contains(&received), "{received} hints for 20 tickets, each in a commit of its own");
    assert_eq!(figure(&neighbour.base, "smartqueue_event_bus_up").await, 1);
    assert!(figure(&house.base(), sent).await >= 20);
    let database = house.premises.arguments()[1].rsplit('/').next().unwrap().to_owned();
    let ears = house.premises.number(&format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND application_name = 'smartqueue-ear'"
    ));
    assert_eq!(ears, 0, "nobody listens to the database");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_start_and_go_on_without_nats_and_find_it_when_it_comes() {
    let mut nats = Nats::away(&[]);
    let house = House::open_over(Some(nats.url("nats://"))).await;
    let neighbour = Neighbour::of(&house);
    let here = house.base();
    for base in [&here, &neighbour.base] {
        assert_eq!(bus_of(base).await, "away");
    }
    assert_eq!(figure(&neighbour.base, "smartqueue_event_bus_up").await, 0);
    let (token, queue) = (house.token("device_token"), house.queue("B"));
    let mut board = neighbour.socket(&format!("queues/{queue}/"), &token).await;
    let from = board.event().await["seq"].as_u64().unwrap();
    let mut held = BTreeSet::new();
    for _ in 0..3 {
        held.insert(house.take("B").await["id"].as_str().unwrap().to_owned());
    }
    // Sooner than by the heartbeat of the socket, because the server looks by itself.
    let told = hear_of(&mut board, from, held.clone()).await;
    assert_eq!(told, held);
    assert_eq!(figure(&neighbour.base, "smartqueue_event_bus_received_total").await, 0);
    nats.start();
    for base in [&here, &neighbour.base] {
        wait_for_bus(base, "ok").await;
    }
    let ticket = house.take("B").await["id"].clone();
    while board.event_of("ticket.created").await["ticket"]["id"] != ticket {}
    assert!(figure(&neighbour.base, "smartqueue_event_bus_received_total").await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_killed_and_started_again_in_the_midst_of_it_loses_nothing() {
    let mut nats = Nats::away(&[]);
    nats.start();
    let house = House::open_over(Some(nats.url("nats://"))).await;
    let neighbour = Neighbour::of(&house);
    let here = house.base();
    let (token, queue) = (house.token("device_token"), house.queue("B"));
    let path = format!("queues/{queue}/");
    let mut far = neighbour.socket(&path, &token).await;
    let mut near = house.socket(&path, &token).await;
    let from = [far.event().await, near.event().await].map(|snapshot| snapshot["seq"].as_u64().unwrap());
    let taken = Arc::new(AtomicUsize::new(0));
    let crowd = |enough: usize| -> Vec<_> {
        [&here, &neighbour.base, &here, &neighbour.base]
            .map(|base| tokio::spawn(customer(base.clone(), token.clone(), queue, Arc::clone(&taken), enough)))
            .into()
    };
    let mut held = BTreeSet::new();
    for (enough, kills) in [(60, true), (120, false), (180, true), (240, false)] {
        for base in [&here, &neighbour.base] {
            wait_for_bus(base, if kills { "ok" } else { "away" }).await;
        }
        let customers = crowd(enough);
        until(&taken, enough - 30).await;
        if kills {
            nats.kill();
        } else {
            nats.start();
        }
        for customer in customers {
            held.extend(customer.await.unwrap());
        }
    }
    assert!(held.len() >= 240);
    // In order, each once, and none left out; then what comes is heard through NATS again.
    assert_eq!(hear_of(&mut far, from[0], held.clone()).await, held);
    assert_eq!(hear_of(&mut near, from[1], held).await.len(), taken.load(Ordering::Relaxed));
    wait_for_bus(&neighbour.base, "ok").await;
    let heard = figure(&neighbour.base, "smartqueue_event_bus_received_total").await;
    let ticket = house.take("B").await["id"].clone();
    while far.event_of("ticket.created").await["ticket"]["id"] != ticket {}
    assert!(figure(&neighbour.base, "smartqueue_event_bus_received_total").await > heard);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_may_sign_in_to_the_nats_that_was_meant_hears_anything() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut with_token = Nats::away(&["--auth", "s3cret"]);
    let mut with_user = Nats::away(&["--user", "queue", "--pass", "ouvre toi"]);
    let place = Nats::away(&[]).host();
    let (authority, other) = (authority(), authority());
    let key = KeyPair::generate().unwrap();
    let papers = |host: String| CertificateParams::new(vec![host]).unwrap().signed_by(&key, &authority).unwrap().pem();
    let root = file("root.pem", authority.pem());
    let other_root = file("other.pem", other.pem());
    let key_file = file("key.pem", key.serialize_pem());
    // The server stands at the next address, for which it has its certificate.
    let [first, high, low, last] = place.octets();
    let certificate = file("certificate.pem", papers(std::net::Ipv4Addr::new(first, high, low, last + 1).to_string()));
    let mut protected = Nats::away(&["--tls", "--tlscert", &certificate, "--tlskey", &key_file]);
    for nats in [&mut with_token, &mut with_user, &mut protected] {
        nats.start();
    }
    let premises = super::house::Premises::<super::house::Ground>::new();
    let look = async |url: &str, root: Option<&str>, state: &str| {
        let address = Address::read(url).unwrap();
        let address = match root {
            Some(root) => address.with_root(Path::new(root)).unwrap(),
            None => address,
        };
        let options = Options {
            carrier: Carrier::Nats(address),
            ..Options::new(premises.place().clone(), "127.0.0.1:0".to_owned())
        };
        let running = serve(options).await.unwrap();
        let base = format!("http://{}", running.address());
        if state == "ok" {
            wait_for_bus(&base, state).await;
        } else {
            // A server waits for its bus for a while before it serves, so it had its chance.
            assert_eq!(bus_of(&base).await, state, "{url} {root:?}");
        }
        running.stop().await.unwrap();
    };
    for (url, root, state) in [
        (with_token.url("nats://s3cret@"), None, "ok"),
        (with_token.url("nats://secret@"), None, "away"),
        (with_user.url("nats://queue:ouvre%20toi@"), None, "ok"),
        (with_user.url("nats://queue:ferme-toi@"), None, "away"),
        (with_user.url("nats://"), None, "away"),
        (protected.url("tls://"), Some(&root), "ok"),
        (protected.url("tls://"), Some(&other_root), "away"),
        (protected.url("tls://"), None, "away"),
        // No line without TLS where it was asked for.
        (with_token.url("tls://s3cret@"), Some(&root), "away"),
    ] {
        look(&url, root.map(String::as_str), state).await;
    }
}

#[tokio::test]
async fn the_command_line_says_why_a_bus_is_refused() {
    let database = "postgres://nobody@nowhere.example/none";
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    for (arguments, words) in [
        (["--data", data, "--bus", "nats://h"].as_slice(), "--database-url"),
        (&["--database-url", database, "--bus", "redis://u:hidden@h"], "nats://"),
        (
            &["--database-url", database, "--bus", "nats://h", "--bus-credentials", "/nowhere/x.creds"],
            "/nowhere/x.creds",
        ),
        (&["--database-url", database, "--bus", "nats://h", "--bus-root-certificate", "/nowhere/x.pem"], "tls://"),
        (&["--database-url", database, "--bus-credentials", "x.creds"], "--bus"),
    ] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_smartqueue-server")).arg("serve").args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true), "{arguments:?}: {said}");
        assert!(said.contains(words) && !said.contains("hidden"), "{arguments:?}: {said}");
    }
}
