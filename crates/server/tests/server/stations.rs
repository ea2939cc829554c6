//! Part 3 of the contract: stations pair, get their letters and grants, and push what they did.

use super::house::{House, Socket};
use reqwest::Method;
use serde_json::{Value, json};
use smartqueue_protocol::provisioning::Provisioning;
use uuid::Uuid;

/// A station as the stories play it.
pub struct Station {
    pub id: i64,
    pub epoch: Uuid,
    pub secret: String,
    pub access: String,
}

pub fn pairing_token(house: &House) -> String {
    let text = std::fs::read_to_string(house.seed["kiosk_profile"].as_str().unwrap()).unwrap();
    Provisioning::read(&text).unwrap().pairing_token.unwrap()
}

pub async fn try_pair(house: &House, epoch: Uuid, mode: &str) -> (u16, Value) {
    let body = json!({"pairing_token": pairing_token(house), "name": "Borne", "mode": mode, "epoch": epoch,
                      "version": "0.1.0"});
    house.ask_raw(Method::POST, "/api/v1/stations/pair/", None, Some(body.to_string())).await
}

pub async fn pair(house: &House, mode: &str) -> Station {
    let epoch = Uuid::new_v4();
    let (status, reply) = try_pair(house, epoch, mode).await;
    assert_eq!(status, 200, "{reply}");
    let (id, secret) = (reply["station"].as_i64().unwrap(), reply["secret"].as_str().unwrap().to_owned());
    let body = json!({"secret": secret}).to_string();
    let path = format!("/api/v1/tenants/demo/stations/{id}/token/");
    let (status, token) = house.ask_raw(Method::POST, &path, None, Some(body)).await;
    assert_eq!(status, 200, "{token}");
    Station { id, epoch, secret, access: token["access"].as_str().unwrap().to_owned() }
}

impl Station {
    pub async fn ask(&self, house: &House, what: &str, body: Value) -> (u16, Value) {
        let path = format!("/api/v1/tenants/demo/stations/{}/{what}/", self.id);
        house.ask_raw(Method::POST, &path, Some(&self.access), Some(body.to_string())).await
    }

    pub async fn hello(&self, house: &House, mode: &str) -> Value {
        let body = json!({"epoch": self.epoch, "mode": mode, "version": "0.1.0", "applied_configuration": 1});
        let (status, reply) = self.ask(house, "hello", body).await;
        assert_eq!(status, 200, "{reply}");
        reply
    }

    pub async fn push(&self, house: &House, records: Value) -> Value {
        let (status, mut reply) = self.ask(house, "records", json!({"epoch": self.epoch, "records": records})).await;
        assert_eq!(status, 200, "{reply}");
        let server_time = reply.as_object_mut().and_then(|fields| fields.remove("server_time"));
        assert!(server_time.is_some_and(|time| time.is_string()), "each answer says the time");
        reply
    }
}

pub fn issued(seq: u64, ticket: Uuid, queue: i64, letter: &str, number: &str, touched_at: &str) -> Value {
    json!({"seq": seq, "kind": "ticket_issued", "ticket": ticket, "queue": queue, "letter": letter, "number": number,
           "day": "2026-11-21", "language": "fr", "priority": 0, "touched_at": touched_at})
}

#[tokio::test]
async fn the_same_journal_is_the_same_station_and_another_one_is_another() {
    let house = House::open().await;
    let epoch = Uuid::new_v4();
    let (_, first) = try_pair(&house, epoch, "kiosk").await;
    let (_, again) = try_pair(&house, epoch, "kiosk").await;
    assert_eq!((&first["station"], &first["letter"]), (&again["station"], &again["letter"]));
    assert_ne!(first["secret"], again["secret"]);
    assert_eq!(first["letter"], "K");
    let (_, second) = try_pair(&house, Uuid::new_v4(), "kiosk").await;
    assert_ne!(first["station"], second["station"]);
    assert_eq!(second["letter"], "L");
    assert_eq!(try_pair(&house, Uuid::new_v4(), "board").await.1["letter"], "");
    assert_eq!(try_pair(&house, Uuid::new_v4(), "all").await.1["letter"], "M");
    assert_eq!(try_pair(&house, Uuid::new_v4(), "fridge").await.0, 400);

    // The secret of before no longer opens the door.
    let path = format!("/api/v1/tenants/demo/stations/{}/token/", first["station"]);
    for (secret, status) in [(&first["secret"], 401), (&again["secret"], 200)] {
        let body = json!({"secret": secret}).to_string();
        assert_eq!(house.ask_raw(Method::POST, &path, None, Some(body)).await.0, status);
    }
    // Seventeen letters are left; then the site is full and says so.
    for _ in 0..17 {
        assert_eq!(try_pair(&house, Uuid::new_v4(), "kiosk").await.0, 200);
    }
    let (status, answer) = try_pair(&house, Uuid::new_v4(), "kiosk").await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("no_letter_free")));
    let (status, list) =
        house.ask_raw(Method::GET, "/api/v1/tenants/demo/stations/", Some(&house.token("admin_token")), None).await;
    assert_eq!((status, list["count"].as_i64()), (200, Some(21)));
}

#[tokio::test]
async fn a_wrong_pairing_token_is_refused_and_a_good_one_says_where_it_leads() {
    let house = House::open().await;
    let ask = async |path: &str, body: Value| house.ask_raw(Method::POST, path, None, Some(body.to_string())).await;
    let wrong = json!({"pairing_token": "x", "name": "n", "mode": "kiosk", "epoch": Uuid::new_v4(), "version": "1"});
    let (status, answer) = ask("/api/v1/stations/pair/", wrong).await;
    assert_eq!((status, answer["code"].as_str()), (401, Some("pairing_token_refused")));
    assert_eq!(ask("/api/v1/stations/pair/", json!({"pairing_token": "x"})).await.0, 400);
    assert_eq!(ask("/api/v1/stations/check/", json!({"pairing_token": "x"})).await.0, 401);
    let (status, answer) = ask("/api/v1/stations/check/", json!({"pairing_token": pairing_token(&house)})).await;
    assert_eq!((status, answer["site_name"].as_str()), (200, Some("Agence Centre")));
    assert_eq!(answer["queues"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn one_stations_token_does_not_open_anothers_door() {
    let house = House::open().await;
    let (one, other) = (pair(&house, "kiosk").await, pair(&house, "kiosk").await);
    let path = format!("/api/v1/tenants/demo/stations/{}/records/", other.id);
    let body = json!({"epoch": other.epoch, "records": []}).to_string();
    for (token, status) in [
        (one.access.clone(), 403),
        (house.token("device_token"), 403),
        (house.token("admin_token"), 403),
        (house.token("expired_token"), 401),
        (other.access.clone(), 200),
    ] {
        assert_eq!(house.ask_raw(Method::POST, &path, Some(&token), Some(body.clone())).await.0, status);
    }
    // A station looks at tickets and does not write them over REST.
    let body = json!({"queue_id": house.queue("A"), "channel": "kiosk"}).to_string();
    let token = Some(one.access.as_str());
    assert_eq!(house.ask_raw(Method::POST, "/api/v1/tenants/demo/tickets/", token, Some(body)).await.0, 403);
    assert_eq!(one.secret.len(), 64);
}

#[tokio::test]
async fn the_first_kiosk_owns_the_main_series_and_the_server_moves_aside() {
    let house = House::open().await;
    // The server has issued A001 today, so queue A changes hands tomorrow; B and C change hands now.
    house.take("A").await;
    let kiosk = pair(&house, "kiosk").await;
    let hello = kiosk.hello(&house, "kiosk").await;
    let today = hello["service_day"].as_str().unwrap();
    let grants = hello["series"].as_array().unwrap();
    assert_eq!(grants.len(), 3);
    for grant in grants {
        let from_day = grant["from_day"].as_str().unwrap();
        if grant["queue"] == house.queue("A") {
            assert!(from_day > today);
        } else {
            assert_eq!(from_day, today);
        }
    }
    assert_eq!(house.take("A").await["number"], "A002");
    assert_eq!(house.take("B").await["number"], "BW001");
    assert_eq!(house.take("B").await["number"], "BW002");

    // Who comes second owns nothing, and hearing the same twice changes nothing.
    let second = pair(&house, "kiosk").await;
    assert_eq!(second.hello(&house, "kiosk").await["series"], json!([]));
    assert_eq!(kiosk.hello(&house, "kiosk").await["series"], hello["series"]);
    let board = pair(&house, "board").await;
    let reply = board.hello(&house, "board").await;
    assert_eq!(reply["series"], json!([]));
    assert_eq!(reply["tickets"].as_array().unwrap().len(), 4);
    assert_eq!(reply["queues"].as_array().unwrap().len(), 3);
    let configuration = &reply["configuration"];
    assert_eq!(configuration["site"]["timezone"], "Europe/Paris");
    assert_eq!(configuration["queues"][0]["names"]["en"]["name"], "Reception and accounts");
    let base = format!("http://{}/t/demo/?ticket=", house.running().address());
    assert_eq!(configuration["follow_url_base"], base);
}

#[tokio::test]
async fn a_journal_that_was_not_paired_must_pair_again() {
    let house = House::open().await;
    let kiosk = pair(&house, "kiosk").await;
    let body = json!({"epoch": Uuid::new_v4(), "mode": "kiosk", "version": "1"});
    let (status, answer) = kiosk.ask(&house, "hello", body).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("epoch_mismatch")));
    let (status, answer) = kiosk.ask(&house, "records", json!({"epoch": Uuid::new_v4(), "records": []})).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("epoch_mismatch")));
}

#[tokio::test]
async fn a_board_hears_what_a_kiosk_pushed_and_says_what_it_announced() {
    let house = House::open().await;
    let (kiosk, board) = (pair(&house, "kiosk").await, pair(&house, "board").await);
    let hello = board.hello(&house, "board").await;
    let address = format!(
        "ws://{}/ws/tenants/demo/stations/{}/?after={}",
        house.running().address(),
        board.id,
        hello["event_seq"]
    );
    let mut socket = Socket::open(&address, &board.access).await.unwrap();
    let ticket = Uuid::new_v4();
    kiosk.push(&house, json!([issued(1, ticket, house.queue("A"), "", "A001", "2026-11-21T09:00:00.000Z")])).await;
    let created = socket.event_of("ticket.created").await;
    assert_eq!(created["prev"], hello["event_seq"]);
    assert_eq!(created["ticket"]["id"], ticket.to_string());
    assert_eq!(created["ticket"]["created_at"], "2026-11-21T09:00:00.000Z");
    house.post(&format!("agents/{}/call-next/", house.agent(0)), Value::Null).await;
    let called = socket.event_of("ticket.called").await;
    assert_eq!(called["ticket"]["number"], "A001");

    let state = json!({"version": "0.1.0", "mode": "board", "faults": ["sound_unavailable"], "unsent": 0,
                       "clock": "2026-11-21T09:00:00.000Z"});
    socket.say(&json!({"type": "heartbeat", "state": state}).to_string()).await;
    socket.say(&json!({"type": "announced", "call": called["seq"], "outcome": "spoken"}).to_string()).await;
    // The two messages are handled in order, so once the second is stored the first is too.
    let path = format!("/api/v1/tenants/demo/stations/{}/", board.id);
    let mut listing = Value::Null;
    for _ in 0..3_000 {
        listing = house.ask_raw(Method::GET, &path, Some(&house.token("admin_token")), None).await.1;
        if listing["state"] == state {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(listing["state"], state);
    assert_eq!(listing["applied_configuration"], 1);
    // Another machine with the same identity: the older socket is pushed out, so that its machine asks who it is.
    let mut newer = Socket::open(&address, &board.access).await.unwrap();
    assert_eq!(socket.close_code().await, Some(4409));
    assert_eq!(newer.event_of("ticket.called").await["seq"], called["seq"]);
    // A token for one station does not open the socket of another.
    let path = format!("/ws/tenants/demo/stations/{}/", kiosk.id);
    let bearer = format!("Bearer {}", board.access);
    assert_eq!(house.refused_socket(&path, &[("authorization", &bearer)]).await, 403);
}
