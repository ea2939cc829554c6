//! The file as a whole: one server a folder, copies while it runs, a copy put back, and a seed that can be repeated.

use super::house::{House, PASSWORD, client};
use smartqueue_server::ledger::file::{backup, database_path, restore};
use smartqueue_server::{Options, seed, serve};

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
    let first = seed::demo(folder.path(), "http://127.0.0.1:8080", None).unwrap();
    let profile = std::fs::read_to_string(first["kiosk_profile"].as_str().unwrap()).unwrap();
    let second = seed::demo(folder.path(), "http://127.0.0.1:8080/", None).unwrap();
    for name in ["queues", "agents", "counters", "display", "site", "sign_in", "tenant", "other_tenant", "ws_base_url"]
    {
        assert_eq!(first[name], second[name], "{name}");
    }
    assert_eq!(first["ws_base_url"], "ws://127.0.0.1:8080");
    assert_eq!(std::fs::read_to_string(second["kiosk_profile"].as_str().unwrap()).unwrap(), profile);
    let third = seed::demo(folder.path(), "http://127.0.0.1:8080", Some(PASSWORD.to_owned())).unwrap();
    assert_eq!(third["sign_in"][0]["password"], PASSWORD);
    assert!(seed::demo(folder.path(), "ftp://x", None).is_err());
}
