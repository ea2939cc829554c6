//! The file as a whole: one server a folder, copies while it runs, a copy put back, and a seed that can be repeated.

use super::house::{House, PASSWORD, client};
use super::numbers::{assert_every_series_adds_up, day_of, gaps, issue, issued_on, two_kiosks};
use serde_json::json;
use smartqueue_protocol::station_sync::record_digest;
use smartqueue_server::Place;
use smartqueue_server::ledger::file::{backup, database_path, restore};
use smartqueue_server::{Options, seed, serve};
use uuid::Uuid;

#[tokio::test]
async fn a_copy_made_while_the_server_runs_brings_back_what_was_there() {
    let mut house = House::open().await;
    house.take("A").await;
    let copies = tempfile::tempdir().unwrap();
    let copy = copies.path().join("copy.sqlite3");
    backup(house.folder(), &copy).unwrap();
    assert!(backup(house.folder(), &copy).is_err(), "a copy never overwrites another file");
    house.take("A").await;
    assert_eq!(house.get("tickets/").await.1["count"], 2);
    assert!(restore(house.folder(), &copy).is_err(), "a running server keeps its folder");

    let token = house.token("device_token");
    let cursor = house.socket("queues/1/", &token).await.event().await["seq"].as_u64().unwrap();
    house.close().await;
    restore(house.folder(), &copy).unwrap();
    let options = Options::new(house.folder().to_owned(), "127.0.0.1:0".to_owned());
    let running = serve(options).await.unwrap();
    let client = client();
    let address = format!("http://{}/api/v1/tenants/demo/tickets/", running.address());
    let page: serde_json::Value = client.get(address).bearer_auth(&token).send().await.unwrap().json().await.unwrap();
    assert_eq!(page["count"], 1);
    // A002 was given out after the copy and stands on somebody's paper: it does not come again.
    let address = format!("http://{}/api/v1/tenants/demo/tickets/", running.address());
    let body = serde_json::json!({"queue_id": house.queue("A"), "channel": "web"}).to_string();
    let request = client.post(address).bearer_auth(&token).body(body);
    let ticket: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(ticket["number"], "A102");
    // A board that has seen more than the restored log holds is shown everything anew.
    let address = format!("ws://{}/ws/tenants/demo/queues/1/?after={cursor}", running.address());
    let mut socket = super::house::Socket::open(&address, &token).await.unwrap();
    assert_eq!(socket.event().await["type"], "snapshot");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_no_sound_copy_is_not_put_back() {
    let mut house = House::open().await;
    house.take("A").await;
    house.close().await;
    let before = std::fs::read(database_path(house.folder())).unwrap();
    let copies = tempfile::tempdir().unwrap();
    let wrong = copies.path().join("wrong");
    assert!(restore(house.folder(), &wrong).is_err());
    for content in [b"".to_vec(), b"no database at all, only words".to_vec(), before[..before.len() / 2].to_vec(), {
        let mut damaged = before.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 8_192].fill(0xa5);
        damaged
    }] {
        std::fs::write(&wrong, &content).unwrap();
        assert!(restore(house.folder(), &wrong).is_err(), "{} bytes were taken", content.len());
        let untouched = std::fs::read(database_path(house.folder())).unwrap() == before;
        assert!(untouched, "a refused copy changed the database");
    }
}

#[tokio::test]
async fn a_folder_has_one_server() {
    let house = House::open().await;
    let options = Options::new(house.folder().to_owned(), "127.0.0.1:0".to_owned());
    assert!(serve(options).await.is_err());
}

#[test]
fn seeding_twice_gives_the_same_ids_tokens_for_pairing_and_passwords() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Folder(folder.path().to_owned());
    let first = seed::demo(&place, folder.path(), "http://127.0.0.1:8080", None).unwrap();
    let profile = std::fs::read_to_string(first["kiosk_profile"].as_str().unwrap()).unwrap();
    let second = seed::demo(&place, folder.path(), "http://127.0.0.1:8080/", None).unwrap();
    for name in ["queues", "agents", "counters", "display", "site", "sign_in", "tenant", "other_tenant", "ws_base_url"]
    {
        assert_eq!(first[name], second[name], "{name}");
    }
    assert_eq!(first["ws_base_url"], "ws://127.0.0.1:8080");
    assert_eq!(std::fs::read_to_string(second["kiosk_profile"].as_str().unwrap()).unwrap(), profile);
    let third = seed::demo(&place, folder.path(), "http://127.0.0.1:8080", Some(PASSWORD.to_owned())).unwrap();
    assert_eq!(third["sign_in"][0]["password"], PASSWORD);
    assert!(seed::demo(&place, folder.path(), "ftp://x", None).is_err());
}

#[tokio::test]
async fn after_a_restored_copy_every_skipped_number_is_noted_and_no_touch_is_given_a_doubtful_one() {
    let mut house = House::open().await;
    let (one, _) = two_kiosks(&house).await;
    let kept = Uuid::new_v4();
    let day = day_of(&issue(&one, &house, kept, "A").await.1);
    let first = issued_on(day, 1, kept, house.queue("A"), "", "A001");
    one.push(&house, json!([first])).await;
    let body = json!({"epoch": one.epoch, "mode": "kiosk", "version": "1", "next_word": "early"});
    let epoch = one.ask(&house, "hello", body).await.1["server_epoch"].clone();
    let copies = tempfile::tempdir().unwrap();
    let copy = copies.path().join("copy.sqlite3");
    backup(house.folder(), &copy).unwrap();
    // A002 is given, printed and acknowledged after the copy was made.
    let lost = Uuid::new_v4();
    assert_eq!(issue(&one, &house, lost, "A").await.1["number"], "A002");
    let record = issued_on(day, 2, lost, house.queue("A"), "", "A002");
    one.push(&house, json!([record])).await;
    house.close().await;
    restore(house.folder(), &copy).unwrap();
    house.start().await;

    // The kiosk's words went on after the copy was made: that alone does not make it a copy.
    let body = json!({"epoch": one.epoch, "mode": "kiosk", "version": "1", "word": "later", "next_word": "latest"});
    assert_eq!(one.ask(&house, "hello", body).await.0, 200);
    let hello = one.hello(&house, "kiosk").await;
    assert_ne!(hello["server_epoch"], epoch);
    assert_eq!(hello["highest_seq"], 1);
    assert_eq!(hello["digest"], record_digest(&first), "it still knows whose records it holds");
    assert_eq!(gaps(&house, house.queue("A")).len(), 100);
    assert_every_series_adds_up(&house);
    assert_eq!(issue(&one, &house, Uuid::new_v4(), "A").await.1["code"], "not_the_issuer");
    one.push(&house, json!([record])).await;
    assert_eq!(house.get(&format!("tickets/{lost}/")).await.1["number"], "A002");
    assert_eq!(gaps(&house, house.queue("A")).len(), 99, "a number that turns up on paper is no gap");
    assert_every_series_adds_up(&house);
}
