//! A seeded server in this process, a door in front of it, and stations that are watched.

use serde_json::{Value, json};
use smartqueue_protocol::provisioning::{ApiSection, Mode, Provisioning};
use smartqueue_server::ledger::file::restore;
use smartqueue_server::{Options, Place, Running, seed, serve};
use smartqueue_station::door::Command;
use smartqueue_station::{RunningStation, profile::save_profile};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

/// A door in front of the server that has no paths for stations, and that can be shut.
pub struct Door {
    pub address: SocketAddr,
    shut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    pub turned_away: Arc<AtomicBool>,
}

impl Door {
    pub fn before(server: SocketAddr) -> Door {
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

    pub fn shut(&self) {
        self.shut.store(true, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub fn reopen(&self) {
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

pub struct Site {
    runtime: tokio::runtime::Runtime,
    pub server: Running,
    pub door: Door,
    pub seed: Value,
    client: reqwest::Client,
}

impl Site {
    pub fn open(folder: &Path) -> Site {
        // What the programs log is shown with a story that fails.
        let _ = tracing_subscriber::fmt().with_test_writer().with_env_filter("info").try_init();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let seed = seed::demo(
            &Place::Folder(folder.to_owned()),
            folder,
            "http://127.0.0.1:8080",
            Some("un-mot-de-passe".to_owned()),
        )
        .unwrap();
        let options = Options::new(folder.to_owned(), "127.0.0.1:0".to_owned());
        let server = runtime.block_on(serve(options)).unwrap();
        let door = Door::before(server.address());
        let _ = rustls::crypto::ring::default_provider().install_default();
        Site { runtime, server, door, seed, client: reqwest::Client::new() }
    }

    /// The server at the same address, on a copy of its database.
    pub fn put_back(self, folder: &Path, copy: &Path) -> Site {
        let Site { runtime, server, door, seed, client } = self;
        let address = server.address().to_string();
        let server = runtime.block_on(async {
            server.stop().await.unwrap();
            restore(folder, copy).unwrap();
            serve(Options::new(folder.to_owned(), address)).await.unwrap()
        });
        Site { runtime, server, door, seed, client }
    }

    pub fn text(&self, name: &str) -> &str {
        self.seed[name].as_str().unwrap()
    }

    pub fn queue(&self) -> i64 {
        self.seed["queues"]["A"].as_i64().unwrap()
    }

    pub fn profile(&self, folder: &Path, mode: Mode, display: Option<i64>) {
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
    pub fn ask(&self, method: reqwest::Method, what: &str) -> Value {
        let url = format!("http://{}/api/v1/tenants/demo/{what}", self.server.address());
        let request = self.client.request(method, url).bearer_auth(self.text("agent_token"));
        self.runtime.block_on(async { request.send().await.unwrap().json().await.unwrap() })
    }

    /// Asks as an administrator: the status and the answer, null when there is none.
    pub fn office(&self, method: reqwest::Method, what: &str, body: Value) -> (u16, Value) {
        let url = format!("http://{}/api/v1/tenants/demo/{what}", self.server.address());
        let mut request = self.client.request(method, url).bearer_auth(self.text("admin_token"));
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        self.runtime.block_on(async {
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
        })
    }

    /// The numbers that people hold, each as the server's own or as the one on paper: every live ticket once.
    pub fn held(&self) -> Vec<String> {
        self.tickets().into_iter().map(|(number, paper)| if paper.is_empty() { number } else { paper }).collect()
    }

    pub fn tickets(&self) -> Vec<(String, String)> {
        let listed = self.ask(reqwest::Method::GET, "tickets/?page_size=100");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let row = |ticket: &Value| (text(&ticket["number"]), text(&ticket["customer"]["number_on_paper"]));
        listed["results"].as_array().unwrap().iter().filter(|ticket| ticket["status"] != "annulé").map(row).collect()
    }
}

pub struct Watched {
    pub station: RunningStation,
    pub views: Receiver<Value>,
}

impl Watched {
    pub fn start(folder: &Path) -> Watched {
        let station = RunningStation::start(folder).unwrap();
        let (sender, views) = channel();
        station.on_view(move |view| {
            let _ = sender.send(serde_json::to_value(view.as_ref()).unwrap());
        });
        Watched { station, views }
    }

    pub fn wait(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        loop {
            match self.views.recv_timeout(Duration::from_secs(60)) {
                Ok(view) if holds(&view) => return view,
                Ok(view) => last = view,
                Err(_) => panic!("{what} did not come; the last view was {last}"),
            }
        }
    }

    pub fn take(&self, queue: i64) -> Uuid {
        let id = Uuid::new_v4();
        self.station.send(Command::TakeTicket { queue, language: None, id });
        id
    }
}

/// The newest ticket's number, once it is printed, and once the server has it if that is asked for.
pub fn newest(view: &Value, id: Uuid, synced: bool) -> bool {
    let ticket = &view["tickets"][0];
    ticket["id"] == json!(id) && ticket["state"] == "printed" && (!synced || ticket["synced"] == true)
}
