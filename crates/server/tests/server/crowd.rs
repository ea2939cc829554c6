//! Many at once: no number twice, no ticket to two agents, and no step of one caller inside another's.

use super::house::House;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_clients_take_five_hundred_tickets_and_no_number_comes_twice() {
    let house = Arc::new(House::open().await);
    let clients: Vec<_> = (0..32)
        .map(|client: usize| {
            let house = Arc::clone(&house);
            tokio::spawn(async move {
                let mut numbers = Vec::new();
                for turn in 0..16 {
                    if client * 16 + turn >= 500 {
                        break;
                    }
                    let letter = if turn % 2 == 0 { "B" } else { "C" };
                    numbers.push(house.take(letter).await["number"].as_str().unwrap().to_owned());
                }
                numbers
            })
        })
        .collect();
    let mut numbers = Vec::new();
    for client in clients {
        numbers.extend(client.await.unwrap());
    }
    assert_eq!(numbers.len(), 500);
    let distinct: BTreeSet<_> = numbers.iter().cloned().collect();
    assert_eq!(distinct.len(), 500);
    // Dense as well: the numbers of each series run from 1 without a hole.
    for prefix in ["B", "C"] {
        let count = distinct.iter().filter(|number| number.starts_with(prefix)).count();
        let expected: BTreeSet<_> = (1..=count).map(|value| format!("{prefix}{value:03}")).collect();
        let series: BTreeSet<_> = distinct.iter().filter(|number| number.starts_with(prefix)).cloned().collect();
        assert_eq!(series, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_agents_who_hammer_call_next_never_get_the_same_ticket() {
    let house = Arc::new(House::open().await);
    // Queue B is served by the first two agents.
    for _ in 0..60 {
        house.take("B").await;
    }
    let hammers: Vec<_> = (0..8)
        .map(|hammer: usize| {
            let house = Arc::clone(&house);
            tokio::spawn(async move {
                let path = format!("agents/{}/call-next/", house.agent(hammer % 2));
                let mut called = Vec::new();
                loop {
                    let (status, ticket) = house.post(&path, Value::Null).await;
                    match status {
                        200 => called.push((ticket["number"].as_str().unwrap().to_owned(), ticket["agent"].clone())),
                        204 => return called,
                        other => panic!("{other}: {ticket}"),
                    }
                }
            })
        })
        .collect();
    let mut by_number: BTreeMap<String, Value> = BTreeMap::new();
    let mut calls = 0;
    for hammer in hammers {
        for (number, agent) in hammer.await.unwrap() {
            calls += 1;
            by_number.insert(number, agent);
        }
    }
    assert_eq!((calls, by_number.len()), (60, 60));
    let (_, page) = house.get("tickets/?status=appel%C3%A9&page_size=500").await;
    for ticket in page["results"].as_array().unwrap() {
        assert_eq!(by_number[ticket["number"].as_str().unwrap()], ticket["agent"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_ask_for_one_step_only_one_gets_it() {
    let house = Arc::new(House::open().await);
    let id = house.take("A").await["id"].as_str().unwrap().to_owned();
    let ask = async |step: &'static str| {
        let tries: Vec<_> = (0..12)
            .map(|_| {
                let (house, path) = (Arc::clone(&house), format!("tickets/{id}/{step}/"));
                tokio::spawn(async move { house.post(&path, Value::Null).await.0 })
            })
            .collect();
        let mut statuses = Vec::new();
        for one in tries {
            statuses.push(one.await.unwrap());
        }
        statuses.sort_unstable();
        statuses
    };
    for step in ["call", "start", "end"] {
        let statuses = ask(step).await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{step}: {statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 200 | 409)), "{step}: {statuses:?}");
    }
    let same = json!({"queue_id": house.queue("A"), "channel": "web", "id": uuid::Uuid::new_v4()});
    let tries: Vec<_> = (0..12)
        .map(|_| {
            let (house, body) = (Arc::clone(&house), same.clone());
            tokio::spawn(async move { house.post("tickets/", body).await })
        })
        .collect();
    let mut made = 0;
    for one in tries {
        let (status, ticket) = one.await.unwrap();
        assert_eq!(ticket["number"], "A002");
        made += u32::from(status == 201);
    }
    assert_eq!(made, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_fills_a_queue_to_its_last_place_and_each_has_a_place_of_its_own() {
    let house = Arc::new(House::open().await);
    house.change_queue("A", json!({"max_capacity": 10})).await;
    let asking: Vec<_> = (0..30)
        .map(|_| {
            let house = Arc::clone(&house);
            tokio::spawn(async move {
                house.post("tickets/", json!({"queue_id": house.queue("A"), "channel": "web"})).await
            })
        })
        .collect();
    let (mut numbers, mut waits, mut refused) = (BTreeSet::new(), BTreeSet::new(), 0);
    for one in asking {
        let (status, ticket) = one.await.unwrap();
        if status == 201 {
            numbers.insert(ticket["number"].as_str().unwrap().to_owned());
            waits.insert(ticket["eta_seconds"].as_u64().unwrap());
        } else {
            assert_eq!((status, &ticket["code"]), (409, &json!("queue_full")), "{ticket}");
            refused += 1;
        }
    }
    assert_eq!((numbers.len(), waits.len(), refused), (10, 10, 20), "{numbers:?} {waits:?}");
    // Those who were refused left no trace: the numbers are dense and the log has one event for each who was let in.
    assert_eq!(numbers.last().unwrap(), "A010");
    let created = house.premises.number("SELECT count(*) FROM events WHERE kind = 'ticket.created'");
    assert_eq!(created, 10);
    let (_, queue) = house.get(&format!("queues/{}/", house.queue("A"))).await;
    assert_eq!(queue["waiting"], 10);
}
