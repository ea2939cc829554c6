//! The station against a server that has only the first two parts of the contract: REST and sockets, nothing for
//! stations. It is the shipped server behind a door that knows no path with `stations` in it.
#![expect(clippy::unwrap_used, reason = "a story that meets the unexpected should stop")]

use serde_json::{Value, json};
use smartqueue_protocol::provisioning::{ApiSection, Mode, Provisioning};
use smartqueue_server::{Options, Running, seed, serve};
use smartqueue_station::door::Command;
use smartqueue_station::{RunningStation, profile::save_profile};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// A door in front of the server that has no paths for stations, and that can be shut.
struct Door {
    address: SocketAddr,
    shut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    turned_away: Arc<AtomicBool>,
}

impl Door {
    fn before(server: SocketAddr) -> Door {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let door = Door {
            address: listener.local_addr().unwrap(),
            shut: Arc::default(),
            open: Arc::default(),
            turned_away: Arc::default(),
        };
        let (shut, open) = (Arc::clone(&door.shut), Arc::clone(&door.open));
        let turned_away = Arc::clone(&door.turned_away);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shut.load(Ordering::SeqCst) {
                    continue;
                }
                open.lock().unwrap().push(client.try_clone().unwrap());
                let turned_away = Arc::clone(&turned_away);
                std::thread::spawn(move || pass(client, server, &turned_away));
            }
        });
        door
    }

    fn shut(&self) {
        self.shut.store(true, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn reopen(&self) {
        self.shut.store(false, Ordering::SeqCst);
    }
}

/// One request a connection, so that every request is looked at; a socket stays.
fn pass(mut client: TcpStream, server: SocketAddr, turned_away: &AtomicBool) -> Option<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let text = String::from_utf8(head).ok()?;
    let (first, rest) = text.split_once("\r\n")?;
    if first.contains("/stations/") {
        turned_away.store(true, Ordering::SeqCst);
        let page = "<h1>Not Found</h1>";
        let answer =
            format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}", page.len());
        return client.write_all(answer.as_bytes()).ok();
    }
    let close = if rest.to_ascii_lowercase().contains("upgrade: websocket") { "" } else { "Connection: close\r\n" };
    let mut server = TcpStream::connect(server).ok()?;
    server.write_all(format!("{first}\r\n{close}{rest}").as_bytes()).ok()?;
    let (mut from, mut to) = (client.try_clone().ok()?, server.try_clone().ok()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let _ = std::io::copy(&mut server, &mut client);
    client.shutdown(Shutdown::Both).ok()
}

struct Site {
    runtime: tokio::runtime::Runtime,
    server: Running,
    door: Door,
    seed: Value,
    client: reqwest::Client,
}

impl Site {
    fn open(folder: &Path) -> Site {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let seed = seed::demo(folder, "http://127.0.0.1:8080", Some("un-mot-de-passe".to_owned())).unwrap();
        let options = Options {
            data: folder.to_owned(),
            listen: "127.0.0.1:0".to_owned(),
            public_url: None,
            allowed_origins: Vec::new(),
        };
        let server = runtime.block_on(serve(options)).unwrap();
        let door = Door::before(server.address());
        let _ = rustls::crypto::ring::default_provider().install_default();
        Site { runtime, server, door, seed, client: reqwest::Client::new() }
    }

    fn text(&self, name: &str) -> &str {
        self.seed[name].as_str().unwrap()
    }

    fn queue(&self) -> i64 {
        self.seed["queues"]["A"].as_i64().unwrap()
    }

    fn profile(&self, folder: &Path, mode: Mode, display: Option<i64>) {
        let mut profile =
            Provisioning::read(&format!("mode = \"{}\"\n[sound]\ndevice = \"null:\"", mode.word())).unwrap();
        profile.server = Some(format!("http://{}", self.door.address));
        profile.pairing_token = Some("a token for a part of the contract that is not there".to_owned());
        profile.printer = mode.issues().then(|| "virtual:".to_owned());
        profile.api = Some(ApiSection {
            tenant: self.text("tenant").to_owned(),
            device_token: self.text("device_token").to_owned(),
            letter: "K".to_owned(),
            display,
        });
        save_profile(folder, &profile).unwrap();
    }

    /// Asks the server itself, past the door.
    fn ask(&self, method: reqwest::Method, what: &str) -> Value {
        let url = format!("http://{}/api/v1/tenants/demo/{what}", self.server.address());
        let request = self.client.request(method, url).bearer_auth(self.text("agent_token"));
        self.runtime.block_on(async { request.send().await.unwrap().json().await.unwrap() })
    }

    /// The numbers that people hold, each as the server's own or as the one on paper: every live ticket once.
    fn held(&self) -> Vec<String> {
        self.tickets().into_iter().map(|(number, paper)| if paper.is_empty() { number } else { paper }).collect()
    }

    fn tickets(&self) -> Vec<(String, String)> {
        let listed = self.ask(reqwest::Method::GET, "tickets/?page_size=100");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let row = |ticket: &Value| (text(&ticket["number"]), text(&ticket["customer"]["number_on_paper"]));
        listed["results"].as_array().unwrap().iter().filter(|ticket| ticket["status"] != "annulé").map(row).collect()
    }
}

struct Watched {
    station: RunningStation,
    views: Receiver<Value>,
}

impl Watched {
    fn start(folder: &Path) -> Watched {
        let station = RunningStation::start(folder).unwrap();
        let (sender, views) = channel();
        station.on_view(move |view| {
            let _ = sender.send(serde_json::to_value(view.as_ref()).unwrap());
        });
        Watched { station, views }
    }

    fn wait(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        loop {
            match self.views.recv_timeout(Duration::from_secs(20)) {
                Ok(view) if holds(&view) => return view,
                Ok(view) => last = view,
                Err(_) => panic!("{what} did not come; the last view was {last}"),
            }
        }
    }

    fn take(&self, queue: i64) -> Uuid {
        let id = Uuid::new_v4();
        self.station.send(Command::TakeTicket { queue, language: None, id });
        id
    }
}

/// The newest ticket's number, once it is printed, and once the server has it if that is asked for.
fn newest(view: &Value, id: Uuid, synced: bool) -> bool {
    let ticket = &view["tickets"][0];
    ticket["id"] == json!(id) && ticket["state"] == "printed" && (!synced || ticket["synced"] == true)
}

/// Takes a ticket that the server can be asked for, and returns its number. On a machine so busy that the server's answer
/// takes more than the 800 ms that a visitor waits, the number is the kiosk's own, and the server has it beside its own.
fn take_online(kiosk: &Watched, site: &Site) -> (String, Duration) {
    let touched = Instant::now();
    let id = kiosk.take(site.queue());
    let view = kiosk.wait("the number", |view| view["tickets"][0]["id"] == json!(id));
    let waited = touched.elapsed();
    kiosk.wait("the ticket on the server", |view| newest(view, id, true));
    (view["tickets"][0]["number"].as_str().unwrap().to_owned(), waited)
}

#[test]
fn tickets_calls_and_an_outage_with_a_server_that_knows_nothing_of_stations() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::open(&folder.path().join("server"));
    let profile = folder.path().join("kiosk");
    site.profile(&profile, Mode::Kiosk, None);
    let kiosk = Watched::start(&profile);
    kiosk.wait("a kiosk that is online", |view| view["connection"]["state"] == "online");
    assert!(site.door.turned_away.load(Ordering::SeqCst), "the station tried the third part first");

    let (first, waited) = take_online(&kiosk, &site);
    assert!(first == "A001" || waited > Duration::from_millis(700), "{first} after {waited:?}");
    assert_eq!(site.held(), [first.as_str()]);

    let board_profile = folder.path().join("board");
    site.profile(&board_profile, Mode::Board, site.seed["display"].as_i64());
    let board = Watched::start(&board_profile);
    board.wait("a board that counts one", |view| view["board"]["waiting"][0]["waiting"] == 1);
    let agent = site.seed["agents"][0].as_i64().unwrap();
    let called = site.ask(reqwest::Method::POST, &format!("agents/{agent}/call-next/"))["number"].clone();
    board.wait("the call", |view| {
        let line = &view["board"]["calling"][0];
        line["number"] == called && line["late"] == false
    });
    kiosk.wait("nobody waiting", |view| view["kiosk"]["services"][0]["waiting"] == 0);

    // The server goes away: the kiosk counts under its own letter and the board says that it is old.
    site.door.shut();
    kiosk.wait("a kiosk that is offline", |view| view["connection"]["state"] == "offline");
    board.wait("a stale board", |view| view["board"]["stale_since_ms"].is_i64());
    let id = kiosk.take(site.queue());
    let view = kiosk.wait("the second ticket", |view| newest(view, id, false));
    let second = view["tickets"][0]["number"].as_str().unwrap().to_owned();
    assert!(second.starts_with("AK00"), "{second}");
    assert_eq!(site.tickets().len(), 1);

    // It comes back: the ticket is posted, with the number that stands on its paper.
    site.door.reopen();
    kiosk.wait("the second ticket on the server", |view| newest(view, id, true));
    assert_eq!(site.held(), [first.as_str(), second.as_str()]);
    assert_eq!(site.tickets()[1].1, second);
    board.wait("a live board that counts one", |view| {
        view["board"]["stale_since_ms"].is_null() && view["board"]["waiting"][0]["waiting"] == 1
    });
    let (third, _) = take_online(&kiosk, &site);
    assert_eq!(site.held(), [first.as_str(), second.as_str(), third.as_str()]);
    kiosk.station.stop();

    // Started again, it has nothing to tell twice.
    let kiosk = Watched::start(&profile);
    kiosk.wait("a kiosk that is online again", |view| view["connection"]["state"] == "online");
    let (fourth, _) = take_online(&kiosk, &site);
    assert_eq!(site.held(), [first, second, third, fourth]);
    kiosk.station.stop();
    board.station.stop();
}
