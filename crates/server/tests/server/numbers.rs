//! Whose numbers are whose: the server's to the touches that ask, the paper's word against the server's, gaps with their
//! reasons, and a main series that changes hands at a day's boundary only.

use super::house::House;
use super::stations::{Station, issued, pair, try_pair};
use reqwest::Method;
use serde_json::{Value, json};
use smartqueue_domain::{LiveTicket, QueueId, ServiceDay, TicketId, TicketStatus, state_hash};
use smartqueue_protocol::record::read_day;
use smartqueue_protocol::station_sync::record_digest;
use smartqueue_server::ledger::store::Connection;
use uuid::Uuid;

/// Every gap of a queue: number and reason, in their order.
pub fn gaps(house: &House, queue: i64) -> Vec<(String, String)> {
    house.premises.look(|connection| {
        let mut statement =
            connection.prepare_cached("SELECT number, reason FROM number_gaps WHERE queue = ?1 ORDER BY id").unwrap();
        let rows = statement.query_map([queue], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    })
}

fn count(house: &House, sql: &str) -> i64 {
    house.premises.number(sql)
}

fn gap(number: &str, reason: &str) -> (String, String) {
    (number.to_owned(), reason.to_owned())
}

type Key = (i64, i64, String);
type Sum = (i64, i64, i64, i64);

/// Each series' counter is the sum of its tickets, allocations and gaps.
pub fn assert_every_series_adds_up(house: &House) {
    let rows: Vec<(Key, Sum)> = house.premises.look(|connection| {
        let mut statement = connection
            .prepare_cached(
                "SELECT queue, day, letter, lap * 999 + value,
                 (SELECT count(*) FROM tickets WHERE series_queue = series.queue AND day = series.day
                  AND letter = series.letter AND NOT EXISTS
                  (SELECT 1 FROM number_gaps WHERE ticket = tickets.id AND number = tickets.number)),
                 (SELECT count(*) FROM allocations WHERE queue = series.queue AND day = series.day
                  AND letter = series.letter),
                 (SELECT count(*) FROM number_gaps JOIN queues ON queues.id = number_gaps.queue
                  WHERE queue = series.queue AND day = series.day
                  AND rtrim(number, '0123456789') = queues.prefix || series.letter)
                 FROM series",
            )
            .unwrap();
        let rows = statement.query_map([], |row| {
            let key = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((key, (row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?)))
        });
        rows.unwrap().map(Result::unwrap).collect()
    });
    assert!(!rows.is_empty());
    for (key, (counter, tickets, allocations, gaps)) in rows {
        assert_eq!(counter, tickets + allocations + gaps, "{key:?}: {tickets} + {allocations} + {gaps}");
    }
}

pub async fn issue(kiosk: &Station, house: &House, ticket: Uuid, queue: &str) -> (u16, Value) {
    let body = json!({"epoch": kiosk.epoch, "ticket": ticket, "queue": house.queue(queue)});
    kiosk.ask(house, "issue", body).await
}

fn record(seq: u64, kind: &str, rest: Value) -> Value {
    let mut record = rest;
    record["seq"] = seq.into();
    record["kind"] = kind.into();
    record
}

/// Two kiosks of one site that both came before either said hello, so that the server issues the main series today.
pub async fn two_kiosks(house: &House) -> (Station, Station) {
    let pair = (pair(house, "kiosk").await, pair(house, "kiosk").await);
    let hello = pair.0.hello(house, "kiosk").await;
    assert_eq!(hello["series"], json!([]));
    assert_eq!(hello["server_series"].as_array().unwrap().len(), 3);
    pair.1.hello(house, "kiosk").await;
    pair
}

pub fn day_of(reply: &Value) -> ServiceDay {
    read_day("day", reply["day"].as_str().unwrap()).unwrap()
}

fn today(hello: &Value) -> ServiceDay {
    read_day("day", hello["service_day"].as_str().unwrap()).unwrap()
}

/// A ticket's record on the day that the server gave its number for.
pub fn issued_on(day: ServiceDay, seq: u64, ticket: Uuid, queue: i64, letter: &str, number: &str) -> Value {
    let mut record = issued(seq, ticket, queue, letter, number, "2026-11-21T09:00:00.000Z");
    record["day"] = day.to_string().into();
    record
}

#[tokio::test]
async fn the_same_touch_gets_the_same_number_and_nobody_can_call_it_before_its_record() {
    let house = House::open().await;
    let (one, other) = two_kiosks(&house).await;
    let (first, second) = (Uuid::new_v4(), Uuid::new_v4());
    let (status, reply) = issue(&one, &house, first, "A").await;
    assert_eq!((status, reply["number"].as_str(), reply["letter"].as_str()), (200, Some("A001"), Some("")));
    assert_eq!(issue(&one, &house, first, "A").await, (200, reply.clone()));
    assert_eq!(issue(&other, &house, second, "A").await.1["number"], "A002");
    // Neither is a ticket: nobody sees it, nobody can call it.
    assert_eq!(house.get("tickets/").await.1["count"], 0);
    assert_eq!(house.get(&format!("tickets/{first}/")).await.0, 404);
    assert_eq!(house.post(&format!("agents/{}/call-next/", house.agent(0)), Value::Null).await.0, 204);
    let day = day_of(&reply);
    let records = json!([issued_on(day, 1, first, house.queue("A"), "", "A001")]);
    one.push(&house, records).await;
    assert_eq!(house.post(&format!("agents/{}/call-next/", house.agent(0)), Value::Null).await.1["number"], "A001");
    assert_eq!(issue(&one, &house, first, "A").await.1["number"], "A001", "an Issue that comes late finds its ticket");
    assert_eq!(count(&house, "SELECT count(*) FROM allocations"), 1);
    assert_every_series_adds_up(&house);
    // The web has a series of its own while the lobby's is the kiosks'.
    assert_eq!(house.take("A").await["number"], "AW001");
    // Only the station itself asks, only for its own site's queues.
    assert_eq!(issue(&one, &house, Uuid::new_v4(), "A").await.1["number"], "A003");
    let stranger = json!({"epoch": one.epoch, "ticket": Uuid::new_v4(), "queue": house.seed["other_queue"]});
    assert_eq!(one.ask(&house, "issue", stranger).await.0, 404);
    let copied = json!({"epoch": Uuid::new_v4(), "ticket": Uuid::new_v4(), "queue": house.queue("A")});
    assert_eq!(one.ask(&house, "issue", copied).await.0, 409);
}

#[tokio::test]
async fn a_kiosk_that_printed_its_own_number_wins_and_leaves_a_gap() {
    let house = House::open().await;
    let (one, _) = two_kiosks(&house).await;
    let ticket = Uuid::new_v4();
    let (_, reply) = issue(&one, &house, ticket, "A").await;
    let day = day_of(&reply);
    one.push(&house, json!([issued_on(day, 1, ticket, house.queue("A"), "K", "AK001")])).await;
    let held = house.get(&format!("tickets/{ticket}/")).await.1;
    assert_eq!((held["number"].as_str(), held["status"].as_str()), (Some("AK001"), Some("en_attente")));
    assert_eq!(gaps(&house, house.queue("A")), [gap("A001", "paper_wins")]);
    assert_eq!(house.get("tickets/").await.1["count"], 1);
    assert_eq!(issue(&one, &house, ticket, "A").await.1["number"], "AK001");
    assert_eq!(issue(&one, &house, Uuid::new_v4(), "A").await.1["number"], "A002");
    assert_every_series_adds_up(&house);
}

#[tokio::test]
async fn a_withdrawn_touch_leaves_a_tombstone_whether_its_issue_came_before_or_comes_after() {
    let house = House::open().await;
    let (one, _) = two_kiosks(&house).await;
    let (before, after) = (Uuid::new_v4(), Uuid::new_v4());
    issue(&one, &house, before, "A").await;
    let withdrawn =
        |seq, ticket: Uuid| record(seq, "ticket_voided", json!({"ticket": ticket, "reason": "never_issued"}));
    let reply = one.push(&house, json!([withdrawn(1, before), withdrawn(2, after)])).await;
    assert_eq!(reply, json!({"highest_seq": 2, "quarantined": []}));
    for ticket in [before, after] {
        let (status, answer) = issue(&one, &house, ticket, "A").await;
        assert_eq!((status, answer["code"].as_str()), (409, Some("ticket_withdrawn")));
    }
    assert_eq!(gaps(&house, house.queue("A")), [gap("A001", "never_issued")]);
    assert_eq!(count(&house, "SELECT count(*) FROM allocations"), 0);
    assert_eq!(house.get("tickets/").await.1["count"], 0);
    assert_every_series_adds_up(&house);
}

#[tokio::test]
async fn what_a_station_skipped_is_noted_and_its_counter_goes_round() {
    let house = House::open().await;
    let kiosk = pair(&house, "kiosk").await;
    let day = today(&kiosk.hello(&house, "kiosk").await);
    let queue = house.queue("B");
    let ids: Vec<Uuid> = (0..4).map(|_| Uuid::new_v4()).collect();
    let taken = |seq: u64, number: &str| issued_on(day, seq, ids[seq as usize - 1], queue, "", number);
    kiosk.push(&house, json!([taken(1, "B001"), taken(2, "B004")])).await;
    assert_eq!(gaps(&house, queue), [gap("B002", "skipped"), gap("B003", "skipped")]);
    kiosk.push(&house, json!([taken(3, "B999"), taken(4, "B002")])).await;
    assert_eq!(count(&house, "SELECT lap * 1000 + value FROM series WHERE letter = ''"), 1_002);
    assert_every_series_adds_up(&house);
    let voided = record(5, "ticket_voided", json!({"ticket": ids[3], "reason": "never_sent"}));
    kiosk.push(&house, json!([voided])).await;
    assert_eq!(gaps(&house, queue).last(), Some(&gap("B002", "voided")));
    assert_every_series_adds_up(&house);
}

#[tokio::test]
async fn a_second_kiosk_moves_the_main_series_to_the_server_with_the_first_ones_word() {
    let house = House::open().await;
    let first = pair(&house, "kiosk").await;
    let hello = first.hello(&house, "kiosk").await;
    let day = today(&hello);
    assert_eq!(hello["released"], json!([]));
    let second = pair(&house, "kiosk").await;
    let queue = house.queue("A");
    let told = second.hello(&house, "kiosk").await;
    assert_eq!(told["server_series"], json!([]), "nobody knows yet when the first kiosk gives it up");
    assert_eq!(issue(&second, &house, Uuid::new_v4(), "A").await.1["code"], "not_the_issuer");
    let hello = first.hello(&house, "kiosk").await;
    let tomorrow = ServiceDay(day.0 + 1).to_string();
    assert_eq!(hello["series"].as_array().unwrap().len(), 3, "today it is still the first kiosk's");
    assert!(hello["released"].as_array().unwrap().contains(&json!({"queue": queue, "from_day": tomorrow})));
    // The first kiosk gives the series back, and then comes to the day from which that holds.
    let issuer_tomorrow = |house: &House| {
        let look = |connection: &Connection| {
            smartqueue_server::ledger::numbers::issuer(connection, queue, ServiceDay(day.0 + 1)).unwrap()
        };
        house.premises.look(look)
    };
    use smartqueue_server::ledger::numbers::Issuer;
    assert_eq!(issuer_tomorrow(&house), Issuer::Nobody);
    first.push(&house, json!([record(1, "series_released", json!({"queue": queue, "from_day": tomorrow}))])).await;
    assert_eq!(issuer_tomorrow(&house), Issuer::Nobody, "it may still be printing on yesterday's day");
    first.push(&house, json!([record(2, "day_opened", json!({"day": tomorrow}))])).await;
    assert_eq!(issuer_tomorrow(&house), Issuer::Server);
    let told = second.hello(&house, "kiosk").await;
    assert_eq!(told["server_series"], json!([{"queue": queue, "from_day": tomorrow}]));
}

#[tokio::test]
async fn a_touchs_time_is_the_receipt_less_its_age_by_the_boot_time_clock() {
    let house = House::open().await;
    let kiosk = pair(&house, "kiosk").await;
    let boot = Uuid::new_v4();
    let (aged, reset, future) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    let (by_server, too_late) = (Uuid::new_v4(), Uuid::new_v4());
    let mut records = Vec::new();
    // The kiosk's wall clock is a year behind; its boot-time clock says that the touch is an hour old.
    for (seq, ticket, number, boot, touched_at) in [
        (1, aged, "AK001", boot, "2025-11-21T09:00:00.000Z"),
        (2, reset, "AK002", Uuid::new_v4(), "2026-11-01T09:00:00.000Z"),
        (3, future, "AK003", Uuid::new_v4(), "2099-01-01T00:00:00.000Z"),
        (4, by_server, "AK004", boot, "2026-11-01T09:00:00.000Z"),
        (5, too_late, "AK005", boot, "2099-01-01T00:00:00.000Z"),
    ] {
        let mut record = issued(seq, ticket, house.queue("A"), "K", number, touched_at);
        record["moment"] = json!({"boot": boot, "elapsed_ms": 5_000_000});
        if seq > 3 {
            record["dated_by"] = "server".into();
        }
        records.push(record);
    }
    let body = json!({"epoch": kiosk.epoch, "records": records, "moment": {"boot": boot, "elapsed_ms": 8_600_000}});
    let before_ms = now_ms();
    assert_eq!(kiosk.ask(&house, "records", body).await.1["highest_seq"], 5);
    let after_ms = now_ms();
    let created = |ticket: Uuid| {
        let sql = format!("SELECT created_at FROM tickets WHERE id = '{ticket}'");
        count(&house, &sql)
    };
    assert!((before_ms - 3_600_000..=after_ms - 3_600_000).contains(&created(aged)));
    assert_eq!(created(reset), 1_793_523_600_000, "another boot's clock says nothing");
    assert_eq!(created(by_server), 1_793_523_600_000, "the server's own time is truer than a push that was held up");
    assert!(
        (before_ms - 3_600_000..=after_ms - 3_600_000).contains(&created(too_late)),
        "but not later than its age says"
    );
    assert!((before_ms..=after_ms).contains(&created(future)), "nobody touches a screen in the future");

    // A push that was on the road for 20 s says when it left; one that says to have left an hour ago reckons wrongly.
    for (seq, number, held_up_ms, expected_ms) in [(6, "AK006", 20_000, 20_000), (7, "AK007", 3_600_000, 0)] {
        let ticket = Uuid::new_v4();
        let mut record = issued(seq, ticket, house.queue("A"), "K", number, "2026-11-01T09:00:00.000Z");
        record["moment"] = json!({"boot": boot, "elapsed_ms": 8_600_000});
        let before_ms = now_ms();
        let body = json!({"epoch": kiosk.epoch, "records": [record], "sent_at_ms": before_ms - held_up_ms,
                          "moment": {"boot": boot, "elapsed_ms": 8_600_000}});
        assert_eq!(kiosk.ask(&house, "records", body).await.1["highest_seq"], seq);
        assert!((before_ms - expected_ms..=now_ms() - expected_ms).contains(&created(ticket)), "{number}");
    }
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

#[tokio::test]
async fn a_copy_of_a_disk_is_found_by_its_word_and_by_its_records() {
    let house = House::open().await;
    let kiosk = pair(&house, "kiosk").await;
    let hello = async |word: Value, next: &str| {
        let body = json!({"epoch": kiosk.epoch, "mode": "kiosk", "version": "1", "word": word, "next_word": next});
        kiosk.ask(&house, "hello", body).await
    };
    assert_eq!(hello(Value::Null, "one").await.0, 200);
    assert_eq!(hello(Value::Null, "one").await.0, 200, "an answer that was never heard is asked for again");
    assert_eq!(hello(json!("one"), "two").await.0, 200);
    // The copy knows the first word only; the original goes on undisturbed.
    let (status, answer) = hello(json!("one"), "copy").await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("station_copied")));
    assert_eq!(hello(json!("two"), "three").await.0, 200);
    let records = json!([record(1, "day_opened", json!({"day": "2026-11-21"}))]);
    kiosk.push(&house, records.clone()).await;
    let (_, reply) = hello(json!("three"), "four").await;
    assert_eq!(reply["digest"], record_digest(&records[0]));
    assert_ne!(reply["digest"], record_digest(&record(1, "day_opened", json!({"day": "2026-11-22"}))));
    // A machine that goes on from another record is another machine: nothing of it is taken, and nothing skipped as known.
    let push = async |before: &Value, records: Value| {
        kiosk.ask(&house, "records", json!({"epoch": kiosk.epoch, "records": records, "before": before})).await
    };
    let next = |day: &str, seq: u64| record(seq, "day_opened", json!({"day": day}));
    let of_copy = json!(record_digest(&next("2026-11-22", 1)));
    assert_eq!(push(&of_copy, json!([next("2026-11-23", 2)])).await.1["code"], "station_copied");
    assert_eq!(push(&Value::Null, json!([next("2026-11-22", 1), next("2026-11-23", 2)])).await.1["highest_seq"], 2);
    let own = json!(record_digest(&next("2026-11-23", 2)));
    assert_eq!(push(&own, json!([next("2026-11-24", 3)])).await.1["highest_seq"], 3);
    let forked = json!([next("2026-11-23", 2), next("2026-11-25", 3), next("2026-11-26", 4)]);
    assert_eq!(push(&json!("x"), forked).await.1["code"], "station_copied");
    // It enrols anew, with another letter, and goes on behind what the server holds.
    let token = super::stations::pairing_token(&house);
    let body = json!({"pairing_token": token, "name": "Borne", "mode": "kiosk", "epoch": Uuid::new_v4(),
                      "version": "1", "acknowledged": 99});
    let (status, again) = house.ask_raw(Method::POST, "/api/v1/stations/pair/", None, Some(body.to_string())).await;
    assert_eq!((status, again["letter"].as_str()), (200, Some("L")));
    assert_ne!(again["station"].as_i64(), Some(kiosk.id));
    let sql = format!("SELECT highest_seq FROM stations WHERE id = {}", again["station"]);
    assert_eq!(count(&house, &sql), 3, "no more than the server holds of it");
}

#[tokio::test]
async fn a_label_cools_down_before_the_server_gives_it_again() {
    let house = House::open().await;
    let kiosk = pair(&house, "kiosk").await;
    // A kiosk printed C001 without the right to; its holder has been served.
    let early = Uuid::new_v4();
    let mut record = issued(1, early, house.queue("C"), "", "C001", "2026-11-21T09:00:00.000Z");
    let boot = Uuid::new_v4();
    record["moment"] = json!({"boot": boot, "elapsed_ms": 1});
    let body = json!({"epoch": kiosk.epoch, "records": [record], "moment": {"boot": boot, "elapsed_ms": 600_000}});
    kiosk.ask(&house, "records", body).await;
    house.post(&format!("tickets/{early}/cancel/"), Value::Null).await;
    house.premises.change("DELETE FROM series", &[]);
    assert_eq!(house.take("C").await["number"], "C002");
    assert_eq!(gaps(&house, house.queue("C")), [gap("C001", "cooling")]);
}

#[tokio::test]
async fn quarantine_is_counted_until_somebody_looks() {
    let house = House::open().await;
    let kiosk = pair(&house, "kiosk").await;
    assert_eq!(kiosk.hello(&house, "kiosk").await["set_aside"], 0);
    kiosk.push(&house, json!([record(1, "from_the_future", json!({}))])).await;
    assert_eq!(kiosk.hello(&house, "kiosk").await["set_aside"], 1);
    let path = format!("/api/v1/tenants/demo/stations/{}/", kiosk.id);
    let listing = house.ask_raw(Method::GET, &path, Some(&house.token("admin_token")), None).await.1;
    assert_eq!(listing["set_aside"], 1);
}

#[tokio::test]
async fn after_256_events_a_station_is_told_what_its_view_looks_like() {
    let house = House::open().await;
    let (kiosk, board) = (pair(&house, "kiosk").await, pair(&house, "board").await);
    let hello = board.hello(&house, "board").await;
    let path = format!("stations/{}/?after={}", board.id, hello["event_seq"]);
    let mut socket = house.socket(&path, &board.access).await;
    let queue = house.queue("A");
    let ids: Vec<Uuid> = (0..260).map(|_| Uuid::new_v4()).collect();
    let number = |place: usize| format!("AK{:03}", place + 1);
    for batch in [0..130, 130..260] {
        let records: Vec<Value> = batch
            .map(|place| issued(place as u64 + 1, ids[place], queue, "K", &number(place), "2026-11-21T09:00:00.000Z"))
            .collect();
        kiosk.push(&house, json!(records)).await;
    }
    let (mut last, mut seen) = (Value::Null, 0);
    let state = loop {
        let event = socket.event().await;
        if event["type"] == "state" {
            break event;
        }
        (last, seen) = (event["seq"].clone(), seen + 1);
    };
    assert!(seen >= 256, "{seen} events");
    assert_eq!(state["seq"], last, "the state is that after the last event");
    let numbers: Vec<String> = (0..260).map(number).collect();
    let live = ids.iter().zip(&numbers).map(|(id, number)| LiveTicket {
        id: TicketId(*id),
        queue: QueueId(queue),
        number,
        status: TicketStatus::Waiting,
    });
    assert_eq!(state["hash"], format!("{:016x}", state_hash(live)));
}

#[tokio::test]
async fn fifteen_days_are_told_and_the_present_one_has_begun() {
    let house = House::open().await;
    let epoch = Uuid::new_v4();
    assert_eq!(try_pair(&house, epoch, "board").await.0, 200);
    let kiosk = pair(&house, "kiosk").await;
    let hello = kiosk.hello(&house, "kiosk").await;
    let rollovers = hello["configuration"]["rollovers"].as_array().unwrap();
    assert_eq!(rollovers.len(), 15);
    assert_eq!(rollovers[0]["day"], hello["service_day"]);
    assert!(rollovers[0]["at"].as_str() <= hello["server_time"].as_str());
    assert!(rollovers[1]["at"].as_str() > hello["server_time"].as_str());
}

#[tokio::test]
async fn a_place_in_the_line_is_the_same_counted_as_arranged() {
    let house = House::open().await;
    let kiosk = pair(&house, "kiosk").await;
    let queue = house.queue("B");
    let mut records = Vec::new();
    for (place, (minute, priority)) in [(7, 0), (3, 2), (3, 2), (9, 5), (1, 0), (3, 0)].into_iter().enumerate() {
        let seq = place as u64 + 1;
        let time = format!("2026-11-21T09:{minute:02}:00.000Z");
        let mut record = issued(seq, Uuid::new_v4(), queue, "K", &format!("BK{seq:03}"), &time);
        record["priority"] = priority.into();
        records.push(record);
    }
    kiosk.push(&house, json!(records)).await;
    for algorithm in ["fifo", "priority", "sla"] {
        let path = format!("/api/v1/tenants/demo/queues/{queue}/");
        let body = Some(json!({"algorithm": algorithm}).to_string());
        let (status, _) = house.ask_raw(Method::PATCH, &path, Some(&house.token("admin_token")), body).await;
        assert_eq!(status, 200);
        let listed = house.get("tickets/").await.1;
        let rows = listed["results"].as_array().unwrap();
        assert_eq!(rows.len(), 6);
        for row in rows {
            let alone = house.get(&format!("tickets/{}/", row["id"].as_str().unwrap())).await.1;
            assert_eq!(alone["eta_seconds"], row["eta_seconds"], "{algorithm}: {row}");
        }
    }
}
