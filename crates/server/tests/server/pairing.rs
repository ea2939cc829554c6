//! A station asks for a code, shows it and polls; an administrator types it and approves or refuses.

use super::house::{House, PASSWORD};
use reqwest::Method;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use smartqueue_protocol::pairing::{ask_text, fingerprint, pair_text, poll_text, to_hex, typed_code};
use smartqueue_server::ledger::pairing_requests::CODE_LIFE_MS;
use uuid::Uuid;

const ASK: &str = "/api/v1/stations/pairing-requests/";
const POLL: &str = "/api/v1/stations/pairing-requests/poll/";

/// A machine with a key, before anybody knows it.
pub struct Machine {
    key: Ed25519KeyPair,
    epoch: Uuid,
}

/// What a machine was told when it asked.
pub struct Asked {
    pub code: String,
    pub secret: String,
}

impl Machine {
    pub fn new() -> Machine {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Machine { key: Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap(), epoch: Uuid::new_v4() }
    }

    fn sign(&self, text: &str) -> String {
        to_hex(self.key.sign(text.as_bytes()).as_ref())
    }

    fn proof(&self, text: &str) -> Value {
        json!({"public_key": to_hex(self.key.public_key().as_ref()), "signature": self.sign(text)})
    }

    pub async fn try_ask(&self, house: &House, name: &str, mode: &str) -> (u16, Value) {
        let key = self.proof(&ask_text(name, mode, "0.1.0"));
        let body = json!({"name": name, "mode": mode, "version": "0.1.0", "key": key}).to_string();
        house.ask_raw(Method::POST, ASK, None, Some(body)).await
    }

    pub async fn ask(&self, house: &House) -> Asked {
        let (status, reply) = self.try_ask(house, "Borne neuve", "kiosk").await;
        assert_eq!(status, 201, "{reply}");
        let text = |field: &str| reply[field].as_str().unwrap().to_owned();
        Asked { code: text("code"), secret: text("secret") }
    }

    async fn poll(&self, house: &House, asked: &Asked) -> (u16, Value) {
        let signature = self.sign(&poll_text(&asked.secret));
        let body = json!({"secret": asked.secret, "signature": signature}).to_string();
        house.ask_raw(Method::POST, POLL, None, Some(body)).await
    }

    async fn state(&self, house: &House, asked: &Asked) -> String {
        let (status, reply) = self.poll(house, asked).await;
        assert_eq!(status, 200, "{reply}");
        reply["state"].as_str().unwrap().to_owned()
    }

    async fn pair(&self, house: &House, asked: &Asked, mode: &str) -> (u16, Value) {
        let key = self.proof(&pair_text(&asked.secret, self.epoch));
        self.pair_with(house, asked, mode, self.epoch, key).await
    }

    async fn pair_with(&self, house: &House, asked: &Asked, mode: &str, epoch: Uuid, key: Value) -> (u16, Value) {
        let body = json!({"pairing_token": asked.secret, "name": "Whatever", "mode": mode, "epoch": epoch,
                          "version": "0.1.0", "key": key});
        house.ask_raw(Method::POST, "/api/v1/stations/pair/", None, Some(body.to_string())).await
    }
}

impl House {
    async fn answer(&self, verb: &str, body: Value) -> (u16, Value) {
        self.office(Method::POST, &format!("stations/pairing-requests/{verb}/"), body).await
    }

    /// Approves as a kiosk of the demo's site with every queue.
    async fn approve(&self, code: &str) -> (u16, Value) {
        self.answer("approve", json!({"code": code, "site": self.seed["site"], "mode": "kiosk"})).await
    }

    /// Signs in as an administrator of the other tenant, and names the site there.
    async fn neighbour(&self) -> (String, i64) {
        let email = "accueil@autre.example";
        self.premises.change(
            "UPDATE memberships SET role = 'tenant_admin' WHERE \"user\" = (SELECT id FROM users WHERE email = ?1)",
            &[&email],
        );
        let body = json!({"tenant": "autre", "email": email, "password": PASSWORD}).to_string();
        let (_, reply) = self.ask_raw(Method::POST, "/api/v1/auth/login/", None, Some(body)).await;
        (
            reply["access"].as_str().unwrap().to_owned(),
            self.premises.number("SELECT id FROM sites WHERE name = 'Clinique'"),
        )
    }

    async fn answer_next_door(&self, token: &str, verb: &str, body: Value) -> (u16, Value) {
        let path = format!("/api/v1/tenants/autre/stations/pairing-requests/{verb}/");
        self.ask_raw(Method::POST, &path, Some(token), Some(body.to_string())).await
    }

    fn requests(&self) -> i64 {
        self.premises.number("SELECT count(*) FROM pairing_requests")
    }
}

fn code_of(answer: &Value) -> &str {
    answer["code"].as_str().unwrap()
}

#[tokio::test]
async fn a_machine_shows_a_code_and_becomes_the_station_that_was_approved() {
    let house = House::open().await;
    let machine = Machine::new();
    let (status, reply) = machine.try_ask(&house, "Borne neuve", "board").await;
    assert_eq!(status, 201, "{reply}");
    assert_eq!((reply["expires_in"].as_u64(), reply["poll_interval"].as_u64()), (Some(600), Some(4)));
    let asked = Asked {
        code: reply["code"].as_str().unwrap().to_owned(),
        secret: reply["secret"].as_str().unwrap().to_owned(),
    };
    assert!(asked.code.len() == 9 && typed_code(&asked.code).is_some(), "{}", asked.code);
    let (_, pending) = machine.poll(&house, &asked).await;
    assert_eq!(pending["state"], "pending");
    assert!((595..=600).contains(&pending["expires_in"].as_u64().unwrap()), "{pending}");
    // The secret is no pairing token yet.
    assert_eq!(machine.pair(&house, &asked, "board").await.0, 401);

    let typed = asked.code.to_lowercase().replace('-', " ");
    let (status, shown) = house.answer("look", json!({"code": typed})).await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(shown["fingerprint"], fingerprint(machine.key.public_key().as_ref()));
    for (field, value) in [("name", "Borne neuve"), ("mode", "board"), ("version", "0.1.0"), ("address", "127.0.0.1")] {
        assert_eq!(shown[field], value, "{shown}");
    }
    assert!(shown["age_seconds"].as_u64().unwrap() < 5 && !shown.to_string().contains(&asked.secret), "{shown}");

    // The administrator makes something else of it than it proposed.
    let queues = [house.queue("A"), house.queue("C")];
    let approval =
        json!({"code": typed, "site": house.seed["site"], "queues": queues, "mode": "kiosk", "name": "Hall 2"});
    let (status, approved) = house.answer("approve", approval.clone()).await;
    assert_eq!((status, &approved["name"], &approved["mode"]), (200, &json!("Hall 2"), &json!("kiosk")), "{approved}");
    let (_, told) = machine.poll(&house, &asked).await;
    let names = json!(["Accueil et comptes", "Crédits et conseil"]);
    assert_eq!(
        told,
        json!({"state": "approved", "site_name": "Agence Centre", "queues": names, "mode": "kiosk", "name": "Hall 2"})
    );
    let check = json!({"pairing_token": asked.secret}).to_string();
    let (_, checked) = house.ask_raw(Method::POST, "/api/v1/stations/check/", None, Some(check)).await;
    assert_eq!((&checked["site_name"], &checked["queues"]), (&json!("Agence Centre"), &names));
    // Once is enough, and twice is said.
    let (status, again) = house.answer("approve", approval).await;
    assert_eq!((status, code_of(&again)), (409, "request_answered"));

    // Not as something else, not with another key or none, and not as a second station.
    assert_eq!(code_of(&machine.pair(&house, &asked, "board").await.1), "mode_not_approved");
    let thief = Machine::new();
    let foreign = thief.proof(&pair_text(&asked.secret, machine.epoch));
    for (key, code) in [
        (foreign, "pairing_token_refused"),
        (Value::Null, "pairing_token_refused"),
        (machine.proof("something else"), "key_refused"),
    ] {
        let (status, answer) = machine.pair_with(&house, &asked, "kiosk", machine.epoch, key).await;
        assert_eq!((status, code_of(&answer)), (401, code));
    }
    let (status, paired) = machine.pair(&house, &asked, "kiosk").await;
    assert_eq!((status, &paired["tenant"], &paired["letter"]), (200, &json!("demo"), &json!("K")), "{paired}");
    // An answer that got lost is asked for again.
    assert_eq!(machine.pair(&house, &asked, "kiosk").await.1["station"], paired["station"]);
    let copy = Uuid::new_v4();
    let key = machine.proof(&pair_text(&asked.secret, copy));
    let (status, answer) = machine.pair_with(&house, &asked, "kiosk", copy, key).await;
    assert_eq!((status, code_of(&answer)), (401, "pairing_token_refused"), "one approval is one station");

    let path = format!("stations/{}/", paired["station"]);
    let (_, station) = house.office(Method::GET, &path, Value::Null).await;
    assert_eq!(
        (&station["name"], &station["mode"], &station["queues"]),
        (&json!("Hall 2"), &json!("kiosk"), &json!(queues))
    );
    let key = machine.key.public_key().as_ref().to_vec();
    let held: Vec<u8> = house.premises.look(|connection| {
        connection.query_row("SELECT public_key FROM stations WHERE name = 'Hall 2'", [], |row| row.get(0)).unwrap()
    });
    assert_eq!(held, key);
    let (_, trail) = house.office(Method::GET, "audit/?subject=pairing_request", Value::Null).await;
    let row = &trail["results"][0];
    assert_eq!((&trail["count"], &row["action"]), (&json!(1), &json!("approve_pairing")));
    assert_eq!(row["detail"]["fingerprint"], fingerprint(&key));
    assert!(row["user"].is_i64() && !trail.to_string().contains(&asked.secret));
}

#[tokio::test]
async fn a_refused_request_is_over() {
    let house = House::open().await;
    let machine = Machine::new();
    let asked = machine.ask(&house).await;
    assert_eq!(house.answer("refuse", json!({"code": asked.code})).await.0, 204);
    assert_eq!(machine.state(&house, &asked).await, "refused");
    assert_eq!(house.approve(&asked.code).await.0, 409);
    assert_eq!(machine.pair(&house, &asked, "kiosk").await.0, 401);
    let (_, trail) = house.office(Method::GET, "audit/?subject=pairing_request", Value::Null).await;
    assert_eq!(trail["results"][0]["action"], "refuse_pairing");
    // The machine may ask again, and be let in then.
    let asked = machine.ask(&house).await;
    assert_eq!(house.approve(&asked.code).await.0, 200);
    assert_eq!(machine.pair(&house, &asked, "kiosk").await.0, 200);
}

#[tokio::test]
async fn a_code_ends_and_leaves_nothing_behind() {
    let house = House::open().await;
    let machine = Machine::new();
    let asked = machine.ask(&house).await;
    house.premises.change("UPDATE pairing_requests SET expires_at = expires_at - ?1", &[&CODE_LIFE_MS]);
    assert_eq!(machine.state(&house, &asked).await, "expired");
    for verb in ["look", "refuse"] {
        assert_eq!(house.answer(verb, json!({"code": asked.code})).await.0, 404, "{verb}");
    }
    assert_eq!(house.approve(&asked.code).await.0, 404);
    // The next one who asks sweeps.
    let other = Machine::new().ask(&house).await;
    assert_eq!(house.requests(), 1);
    assert_ne!(asked.code, other.code);

    // Approved, and then nobody came for a day.
    assert_eq!(house.approve(&other.code).await.0, 200);
    let late = Machine::new();
    let asked = late.ask(&house).await;
    assert_eq!(house.approve(&asked.code).await.0, 200);
    house.premises.change("UPDATE pairing_tokens SET expires_at = 1 WHERE public_key IS NOT NULL", &[]);
    assert_eq!(late.state(&house, &asked).await, "expired");
    assert_eq!(late.pair(&house, &asked, "kiosk").await.0, 401);
}

#[tokio::test]
async fn old_requests_go_with_the_clean_up() {
    let mut house = House::open().await;
    Machine::new().ask(&house).await;
    house.close().await;
    let ledger = house.premises.open_ledger();
    let now_ms = house.premises.number("SELECT max(asked_at) FROM pairing_requests");
    ledger.clean_up(Some(now_ms), now_ms).await.unwrap();
    assert_eq!(house.requests(), 1);
    house.premises.change("UPDATE pairing_requests SET expires_at = 1", &[]);
    ledger.clean_up(Some(now_ms), now_ms).await.unwrap();
    assert_eq!(house.requests(), 0);
}

#[tokio::test]
async fn asking_again_takes_back_what_was_asked_before() {
    let house = House::open().await;
    let machine = Machine::new();
    let first = machine.ask(&house).await;
    let second = machine.ask(&house).await;
    assert_eq!(house.requests(), 1);
    assert_eq!(machine.state(&house, &first).await, "expired");
    assert_eq!(house.answer("look", json!({"code": first.code})).await.0, 404);
    // Approved and not used: whoever found the old secret gets nothing for it.
    assert_eq!(house.approve(&second.code).await.0, 200);
    let third = machine.ask(&house).await;
    assert_eq!(machine.pair(&house, &second, "kiosk").await.0, 401);
    assert_eq!(house.approve(&third.code).await.0, 200);
    let (_, paired) = machine.pair(&house, &third, "kiosk").await;
    // Used: the station keeps what it has, whatever is asked afterwards.
    machine.ask(&house).await;
    assert_eq!(machine.pair(&house, &third, "kiosk").await.1["station"], paired["station"]);
}

#[tokio::test]
async fn only_the_key_that_asked_gets_an_answer() {
    let house = House::open().await;
    let (machine, thief) = (Machine::new(), Machine::new());
    let asked = machine.ask(&house).await;
    for (status, answer) in [
        thief.poll(&house, &asked).await,
        house
            .ask_raw(Method::POST, POLL, None, Some(json!({"secret": asked.secret, "signature": "00"}).to_string()))
            .await,
    ] {
        assert_eq!((status, code_of(&answer)), (401, "key_refused"));
    }
    let unknown = Asked { code: String::new(), secret: "nobody's".to_owned() };
    assert_eq!(machine.state(&house, &unknown).await, "expired");
    // A request in another's name, and requests that make no sense.
    let key = machine.proof(&ask_text("Borne", "kiosk", "0.1.0"));
    for (body, status) in [
        (json!({"name": "Other", "mode": "kiosk", "version": "0.1.0", "key": key}), 401),
        (json!({"name": "Borne", "mode": "kiosk", "version": "0.1.0"}), 400),
        (
            json!({"name": "Borne", "mode": "kiosk", "version": "0.1.0", "key": {"public_key": "x", "signature": ""}}),
            401,
        ),
    ] {
        assert_eq!(house.ask_raw(Method::POST, ASK, None, Some(body.to_string())).await.0, status, "{body}");
    }
    for (name, mode) in [("Borne", "fridge"), ("", "kiosk"), ("two\nlines", "kiosk"), (&"long ".repeat(30), "kiosk")] {
        assert_eq!(machine.try_ask(&house, name, mode).await.0, 400, "{name} {mode}");
    }
    assert_eq!(house.requests(), 1);
}

#[tokio::test]
async fn a_code_leads_one_tenant_to_its_machine_once() {
    let house = House::open().await;
    let (neighbour, their_site) = house.neighbour().await;
    let machine = Machine::new();
    let asked = machine.ask(&house).await;
    let body = json!({"code": asked.code, "site": house.seed["site"], "mode": "kiosk"});
    // Neither another's site nor another's queues.
    let foreign = json!({"code": asked.code, "site": their_site, "mode": "kiosk"});
    assert_eq!(house.answer("approve", foreign.clone()).await.1["errors"]["site"].as_array().unwrap().len(), 1);
    let mut wrong = body.clone();
    wrong["queues"] = json!([house.queue("A"), house.seed["other_queue"]]);
    assert_eq!(house.answer("approve", wrong).await.1["errors"]["queues"].as_array().unwrap().len(), 1);
    for (wrong, field) in [("mode", "fridge"), ("name", "two\nlines")] {
        let mut body = body.clone();
        body[wrong] = json!(field);
        assert_eq!(house.answer("approve", body).await.0, 400, "{wrong}");
    }
    assert_eq!(machine.state(&house, &asked).await, "pending");

    // Whoever was told the code first wins, and the other is told no more than that there is no such code.
    let (ours, theirs) =
        tokio::join!(house.answer("approve", body), house.answer_next_door(&neighbour, "approve", foreign),);
    let lost = if ours.0 == 200 { &theirs } else { &ours };
    assert_eq!([ours.0, theirs.0].into_iter().filter(|status| *status == 200).count(), 1, "{ours:?} {theirs:?}");
    assert_eq!((lost.0, code_of(&lost.1)), (404, "not_found"), "{lost:?}");
    assert_eq!(lost.1, house.answer("look", json!({"code": "2222-2222"})).await.1, "as of a code that nobody has");
    assert_eq!(house.premises.number("SELECT count(*) FROM pairing_tokens WHERE public_key IS NOT NULL"), 1);

    let body = json!({"code": asked.code}).to_string();
    for (token, status) in [
        (Some(house.token("agent_token")), 403),
        (Some(house.token("readonly_token")), 403),
        (Some(neighbour.clone()), 403),
        (None, 401),
    ] {
        for verb in ["look", "approve", "refuse"] {
            let path = format!("/api/v1/tenants/demo/stations/pairing-requests/{verb}/");
            let body = if verb == "approve" {
                r#"{"code": "x", "site": 1, "mode": "kiosk"}"#.to_owned()
            } else {
                body.clone()
            };
            assert_eq!(house.ask_raw(Method::POST, &path, token.as_deref(), Some(body)).await.0, status, "{verb}");
        }
    }
}

#[tokio::test]
async fn whoever_guesses_codes_is_stopped_alone() {
    let house = House::open().await;
    let asked = Machine::new().ask(&house).await;
    let (neighbour, _) = house.neighbour().await;
    let mut statuses = Vec::new();
    for guess in 0..21 {
        // Some cannot even be codes; they count as well.
        let code = if guess % 2 == 0 { format!("2222-22{guess:02}") } else { "nonsense".to_owned() };
        statuses.push(house.answer("look", json!({"code": code})).await.0);
    }
    assert_eq!(statuses[..20], [404; 20]);
    assert_eq!(statuses[20], 429);
    // The right one does not help now, and nobody else is slowed down.
    assert_eq!(house.answer("look", json!({"code": asked.code})).await.0, 429);
    assert_eq!(house.answer_next_door(&neighbour, "look", json!({"code": asked.code})).await.0, 200);
}

#[tokio::test]
async fn a_flood_of_requests_is_refused_and_pushes_nobody_out() {
    let house = House::open().await;
    let honest = Machine::new();
    let asked = honest.ask(&house).await;
    for _ in 0..19 {
        Machine::new().ask(&house).await;
    }
    let (status, answer) = Machine::new().try_ask(&house, "Flood", "kiosk").await;
    assert_eq!((status, code_of(&answer)), (429, "too_many_requests"), "{answer}");
    assert_eq!(house.requests(), 20);
    // Who is in may ask again.
    assert_eq!(honest.state(&house, &asked).await, "pending");
    let asked = honest.ask(&house).await;

    // From many networks: the sum is bounded too.
    house.premises.change("UPDATE pairing_requests SET network = 'elsewhere'", &[]);
    house.premises.look(|connection| {
        for place in 20..1_000_i64 {
            let hash = place.to_be_bytes().to_vec();
            connection
                .execute(
                    "INSERT INTO pairing_requests (code_hash, secret_hash, public_key, name, mode, version, address,
                     network, asked_at, expires_at)
                     SELECT ?1, ?1, ?1, name, mode, version, address, ?2, asked_at, expires_at FROM pairing_requests
                     WHERE id = (SELECT min(id) FROM pairing_requests)",
                    smartqueue_server::ledger::store::params![hash, format!("network {place}")],
                )
                .unwrap();
        }
    });
    assert_eq!(house.requests(), 1_000);
    assert_eq!(Machine::new().try_ask(&house, "Flood", "kiosk").await.0, 429);
    assert_eq!(house.requests(), 1_000);
    assert_eq!(honest.state(&house, &asked).await, "pending");
    assert_eq!(house.approve(&asked.code).await.0, 200);
    assert_eq!(honest.state(&house, &asked).await, "approved");
}

#[tokio::test]
async fn a_site_without_a_free_letter_says_so_to_the_administrator() {
    let house = House::open().await;
    for _ in 0..20 {
        super::stations::try_pair(&house, Uuid::new_v4(), "kiosk").await;
    }
    let machine = Machine::new();
    let asked = machine.ask(&house).await;
    let (status, answer) = house.approve(&asked.code).await;
    assert_eq!((status, code_of(&answer)), (409, "no_letter_free"));
    let board = json!({"code": asked.code, "site": house.seed["site"], "mode": "board"});
    assert_eq!(house.answer("approve", board).await.0, 200);
    assert_eq!(machine.pair(&house, &asked, "board").await.0, 200);
}

#[tokio::test]
async fn a_restart_of_the_server_loses_no_request() {
    let mut house = House::open().await;
    let machine = Machine::new();
    let asked = machine.ask(&house).await;
    house.reopen().await;
    assert_eq!(machine.state(&house, &asked).await, "pending");
    assert_eq!(house.approve(&asked.code).await.0, 200);
    house.reopen().await;
    assert_eq!(machine.state(&house, &asked).await, "approved");
    assert_eq!(machine.pair(&house, &asked, "kiosk").await.0, 200);
}
