//! What a push does to the truth: once, in order, never blocked by nonsense, and the paper wins.

use super::house::House;
use super::stations::{Station, issued, pair};
use serde_json::{Value, json};
use uuid::Uuid;

const NINE: &str = "2026-11-21T09:00:00.000Z";

async fn ticket(house: &House, id: Uuid) -> Value {
    house.get(&format!("tickets/{id}/")).await.1
}

fn highest(reply: &Value) -> u64 {
    reply["highest_seq"].as_u64().unwrap()
}

#[tokio::test]
async fn pushing_twice_changes_nothing_and_a_gap_stops_the_batch() {
    let mut house = House::open().await;
    let kiosk = pair(&house, "kiosk").await;
    let ids: Vec<Uuid> = (0..4).map(|_| Uuid::new_v4()).collect();
    let a = house.queue("A");
    let record = |seq: u64| issued(seq, ids[seq as usize - 1], a, "", &format!("A{seq:03}"), NINE);
    assert_eq!(kiosk.push(&house, json!([record(1), record(2)])).await, json!({"highest_seq": 2, "quarantined": []}));
    assert_eq!(highest(&kiosk.push(&house, json!([record(1), record(2)])).await), 2);
    // Record 3 is missing: nothing after it is taken.
    assert_eq!(highest(&kiosk.push(&house, json!([record(2), record(4)])).await), 2);
    assert_eq!(house.get("tickets/").await.1["count"], 2);

    house.reopen().await;
    assert_eq!(kiosk.hello(&house, "kiosk").await["highest_seq"], 2);
    assert_eq!(highest(&kiosk.push(&house, json!([record(1), record(2), record(3), record(4)])).await), 4);
    let (_, page) = house.get("tickets/").await;
    let numbers: Vec<_> =
        page["results"].as_array().unwrap().iter().map(|row| row["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["A001", "A002", "A003", "A004"]);
    assert_eq!(page["results"][0]["channel"], "kiosk");
    assert_eq!(page["results"][0]["print_state"], "issued");
}

#[tokio::test]
async fn nonsense_is_set_aside_and_never_blocks() {
    let house = House::open().await;
    let kiosk = pair(&house, "kiosk").await;
    let (good, a) = (Uuid::new_v4(), house.queue("A"));
    let records = json!([
        issued(1, Uuid::new_v4(), 99_999, "", "A001", NINE),
        issued(2, Uuid::new_v4(), house.seed["other_queue"].as_i64().unwrap(), "", "A001", NINE),
        issued(3, Uuid::new_v4(), a, "", "no number", NINE),
        {"seq": 4, "kind": "from_the_future", "what": 1},
        {"seq": 5, "kind": "slip_ended", "ticket": Uuid::new_v4(), "copy": 0, "outcome": "unconfirmed"},
        {"seq": 6, "kind": "ticket_voided", "ticket": Uuid::new_v4(), "reason": "never_sent"},
        {"seq": 7, "kind": "ticket_issued"},
        issued(8, good, a, "", "A001", NINE),
        {"seq": 9, "kind": "day_opened", "day": "2026-11-21"},
    ]);
    let reply = kiosk.push(&house, records).await;
    assert_eq!(reply, json!({"highest_seq": 9, "quarantined": [1, 2, 3, 4, 5, 6, 7]}));
    assert_eq!(house.get("tickets/").await.1["count"], 1);
    assert_eq!(ticket(&house, good).await["number"], "A001");

    for wrong in [
        json!({}),
        json!({"epoch": kiosk.epoch}),
        json!({"epoch": "x", "records": []}),
        json!({"epoch": kiosk.epoch, "records": [{"kind": "day_opened"}]}),
        json!({"epoch": kiosk.epoch, "records": vec![json!({"seq": 1}); 201]}),
    ] {
        assert_eq!(kiosk.ask(&house, "records", wrong.clone()).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn the_paper_wins_over_what_the_server_thought() {
    let house = House::open().await;
    let kiosk = pair(&house, "kiosk").await;
    // The server gave A001 to the ticket; the slip that came out says AK007.
    let id = Uuid::new_v4();
    let body = json!({"queue_id": house.queue("A"), "channel": "kiosk", "id": id});
    assert_eq!(house.post("tickets/", body).await.1["number"], "A001");
    let reply = kiosk.push(&house, json!([issued(1, id, house.queue("A"), "K", "AK007", NINE)])).await;
    assert_eq!(reply, json!({"highest_seq": 1, "quarantined": []}));
    let held = ticket(&house, id).await;
    assert_eq!((held["number"].as_str(), held["status"].as_str()), (Some("AK007"), Some("en_attente")));
    assert_eq!(house.get("tickets/").await.1["count"], 1);
    // The number it had is not given to anybody else.
    assert_eq!(house.take("A").await["number"], "A002");
    // Another tenant's ticket is nobody's business.
    let stranger = Uuid::new_v4();
    let body = json!({"queue_id": house.seed["other_queue"], "channel": "web", "id": stranger}).to_string();
    let token = house.token("other_tenant_token");
    let path = "/api/v1/tenants/autre/tickets/";
    assert_eq!(house.ask_raw(reqwest::Method::POST, path, Some(&token), Some(body)).await.0, 201);
    let reply = kiosk.push(&house, json!([issued(2, stranger, house.queue("A"), "", "A001", NINE)])).await;
    assert_eq!(reply, json!({"highest_seq": 2, "quarantined": [2]}));
}

#[tokio::test]
async fn the_time_of_the_touch_decides_and_not_the_time_of_arrival() {
    let house = House::open().await;
    let kiosk = pair(&house, "kiosk").await;
    let late = house.take("B").await;
    let early = Uuid::new_v4();
    kiosk.push(&house, json!([issued(1, early, house.queue("B"), "K", "BK001", NINE)])).await;
    assert_eq!(ticket(&house, early).await["eta_seconds"], 0);
    assert_eq!(house.get(&format!("tickets/{}/", late["id"].as_str().unwrap())).await.1["eta_seconds"], 150);
    let (_, called) = house.post(&format!("agents/{}/call-next/", house.agent(0)), Value::Null).await;
    assert_eq!(called["number"], "BK001");
}

async fn slip(kiosk: &Station, house: &House, seq: u64, ticket: Uuid, rest: Value) {
    let mut record = json!({"seq": seq, "ticket": ticket});
    for (name, value) in rest.as_object().unwrap() {
        record[name] = value.clone();
    }
    assert_eq!(highest(&kiosk.push(house, json!([record])).await), seq);
}

#[tokio::test]
async fn a_slips_story_is_kept_and_a_voided_ticket_waits_no_more() {
    let house = House::open().await;
    let kiosk = pair(&house, "kiosk").await;
    let (printed, voided) = (Uuid::new_v4(), Uuid::new_v4());
    let a = house.queue("A");
    kiosk.push(&house, json!([issued(1, printed, a, "", "A001", NINE), issued(2, voided, a, "", "A002", NINE)])).await;
    slip(&kiosk, &house, 3, printed, json!({"kind": "slip_sent", "copy": 0})).await;
    assert_eq!(ticket(&house, printed).await["print_state"], "printing");
    let ended = json!({"kind": "slip_ended", "copy": 0, "outcome": "printed", "evidence": "process_id"});
    slip(&kiosk, &house, 4, printed, ended).await;
    assert_eq!(ticket(&house, printed).await["print_state"], "printed");
    // A copy says nothing about the original.
    let copy = json!({"kind": "slip_ended", "copy": 1, "outcome": "failed", "cause": "paper_out"});
    slip(&kiosk, &house, 5, printed, copy).await;
    assert_eq!(ticket(&house, printed).await["print_state"], "printed");

    slip(&kiosk, &house, 6, voided, json!({"kind": "ticket_voided", "reason": "never_sent"})).await;
    assert_eq!(ticket(&house, voided).await["status"], "annulé");
    assert_eq!(house.get(&format!("queues/{a}/")).await.1["waiting"], 1);
}

#[tokio::test]
async fn a_push_that_comes_late_under_a_lost_identity_undoes_no_slip() {
    let house = House::open().await;
    let before = pair(&house, "kiosk").await;
    let id = Uuid::new_v4();
    let begun = json!([issued(1, id, house.queue("A"), "K", "AK001", NINE)]);
    let sent = json!({"kind": "slip_sent", "copy": 0});
    // Under its new identity the same journal is told from its beginning, further than the push that is on the road.
    let after = pair(&house, "kiosk").await;
    assert_ne!(before.id, after.id);
    after.push(&house, begun.clone()).await;
    slip(&after, &house, 2, id, sent.clone()).await;
    let failed = json!({"kind": "slip_ended", "copy": 0, "outcome": "failed", "cause": "printer_missing"});
    slip(&after, &house, 3, id, failed).await;
    assert_eq!(ticket(&house, id).await["print_state"], "failed");
    before.push(&house, begun).await;
    slip(&before, &house, 2, id, sent.clone()).await;
    assert_eq!(ticket(&house, id).await["print_state"], "failed");
    // A slip that surely never reached paper is sent again.
    slip(&after, &house, 4, id, sent).await;
    assert_eq!(ticket(&house, id).await["print_state"], "printing");
    let printed = json!({"kind": "slip_ended", "copy": 0, "outcome": "printed", "evidence": "process_id"});
    slip(&after, &house, 5, id, printed).await;
    assert_eq!(ticket(&house, id).await["print_state"], "printed");
}
