//! A seeded server on port 0 in this process, on either database, and the few words in which stories speak to it.

use super::{cluster, nats};
use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::Value;
use smartqueue_server::ledger::Ledger;
use smartqueue_server::ledger::bus::{Address, Carrier, Nobody};
use smartqueue_server::ledger::store::{Bind, Connection, Database, Stored, Whose};
use smartqueue_server::{Options, Place, Running, seed, serve};
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// The password of every demo user in the stories.
pub const PASSWORD: &str = "guichet-secret";

/// On which database a story is told.
pub trait Ground: Send + Sync + 'static {
    /// An empty place of its own and how the command line names it; the folder is there as long as it is held.
    fn place(folder: &Path) -> (Place, [String; 2]);

    /// The address of NATS, where it carries the hints of the servers.
    fn bus() -> Option<String> {
        None
    }
}

/// On an embedded file.
pub struct Sqlite;

impl Ground for Sqlite {
    fn place(folder: &Path) -> (Place, [String; 2]) {
        (Place::Folder(folder.to_owned()), ["--data".to_owned(), folder.to_str().unwrap().to_owned()])
    }
}

/// On a fresh database of this process's own PostgreSQL.
pub struct Postgres;

impl Ground for Postgres {
    fn place(_folder: &Path) -> (Place, [String; 2]) {
        let address = cluster::fresh_database();
        (Place::Postgres(Database::postgres(&address).unwrap()), ["--database-url".to_owned(), address])
    }
}

/// The same with NATS between the servers.
pub struct PostgresAndNats;

impl Ground for PostgresAndNats {
    fn place(folder: &Path) -> (Place, [String; 2]) {
        Postgres::place(folder)
    }

    fn bus() -> Option<String> {
        Some(nats::shared())
    }
}

/// A place that nobody has used yet.
pub struct Premises<G> {
    folder: TempDir,
    place: Place,
    arguments: [String; 2],
    ground: PhantomData<G>,
}

impl<G: Ground> Premises<G> {
    pub fn new() -> Premises<G> {
        let folder = tempfile::tempdir().unwrap();
        let (place, arguments) = G::place(folder.path());
        Premises { folder, place, arguments, ground: PhantomData }
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The folder of the place, or of what a story leaves beside a database.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn open_ledger(&self) -> Ledger {
        Ledger::open(&self.place.database(), Arc::new(Nobody)).unwrap()
    }

    /// Looks at everything in the database from outside, or changes it. On a thread of its own, for a session with a
    /// server waits where a story's own thread may not.
    pub fn look<T: Send>(&self, look: impl FnOnce(&Connection) -> T + Send) -> T {
        std::thread::scope(|scope| {
            let looking = scope.spawn(|| {
                let connection = Connection::open(&self.place.database()).unwrap();
                connection.stand_for(Whose::All).unwrap();
                look(&connection)
            });
            looking.join().unwrap()
        })
    }

    /// Does one statement from outside.
    pub fn change(&self, sql: &str, values: &[&(dyn Bind + Sync)]) -> usize {
        let values: Vec<Stored> = values.iter().map(|value| value.value().to_stored()).collect();
        self.look(move |connection| connection.execute(sql, &values[..]).unwrap())
    }

    /// How the place is named on the command line.
    pub fn arguments(&self) -> &[String; 2] {
        &self.arguments
    }

    /// A number that a statement finds.
    pub fn number(&self, sql: &str) -> i64 {
        self.look(|connection| connection.query_row(sql, [], |row| row.get(0)).unwrap())
    }
}

/// A seeded server.
pub struct HouseOn<G> {
    pub premises: Premises<G>,
    pub seed: Value,
    running: Option<Running>,
    bus: Option<String>,
    client: reqwest::Client,
}

impl<G: Ground> HouseOn<G> {
    pub async fn open() -> HouseOn<G> {
        HouseOn::open_over(G::bus()).await
    }

    /// The same with another bus.
    pub async fn open_over(bus: Option<String>) -> HouseOn<G> {
        let premises = Premises::new();
        let password = Some(PASSWORD.to_owned());
        let seed = seed::demo(premises.place(), premises.folder(), "http://127.0.0.1:8080", password).unwrap();
        let running = Some(start_over(premises.place(), bus.as_deref()).await);
        HouseOn { premises, seed, running, bus, client: client() }
    }

    /// How the command line names what another server needs to stand beside this one.
    pub fn server_arguments(&self) -> Vec<String> {
        let bus = self.bus.iter().flat_map(|bus| ["--bus".to_owned(), bus.clone()]);
        self.premises.arguments().iter().cloned().chain(bus).collect()
    }

    /// Another server of this process on the same database, which must be one that can be shared.
    pub async fn another_server(&self) -> Running {
        start_over(self.premises.place(), self.bus.as_deref()).await
    }

    /// Where the server is.
    pub fn base(&self) -> String {
        format!("http://{}", self.running().address())
    }

    pub fn folder(&self) -> &Path {
        self.premises.folder()
    }

    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// Stops the server and starts another on the same database.
    pub async fn reopen(&mut self) {
        self.close().await;
        self.start().await;
    }

    /// Starts a server after [`HouseOn::close`].
    pub async fn start(&mut self) {
        self.running = Some(self.another_server().await);
    }

    pub async fn close(&mut self) {
        self.running.take().unwrap().stop().await.unwrap();
    }

    pub fn token(&self, name: &str) -> String {
        self.seed[name].as_str().unwrap().to_owned()
    }

    pub fn queue(&self, letter: &str) -> i64 {
        self.seed["queues"][letter].as_i64().unwrap()
    }

    pub fn agent(&self, place: usize) -> i64 {
        self.seed["agents"][place].as_i64().unwrap()
    }

    /// Asks with a token and a raw body; the answer's status and JSON, null when it has no body.
    pub async fn ask_raw(&self, method: Method, path: &str, token: Option<&str>, body: Option<String>) -> (u16, Value) {
        let mut request = self.client.request(method, format!("http://{}{path}", self.running().address()));
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        (status, value)
    }

    /// Asks under the demo tenant with the device's token.
    pub async fn ask(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let token = self.token("device_token");
        let body = (!body.is_null()).then(|| body.to_string());
        self.ask_raw(method, &format!("/api/v1/tenants/demo/{path}"), Some(&token), body).await
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.ask(Method::GET, path, Value::Null).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask(Method::POST, path, body).await
    }

    /// Takes a ticket and returns it.
    pub async fn take(&self, letter: &str) -> Value {
        let body = serde_json::json!({"queue_id": self.queue(letter), "channel": "web"});
        let (status, ticket) = self.post("tickets/", body).await;
        assert_eq!(status, 201, "{ticket}");
        ticket
    }

    pub async fn socket(&self, path: &str, token: &str) -> Socket {
        let address = format!("ws://{}/ws/tenants/demo/{path}", self.running().address());
        Socket::open(&address, token).await.unwrap()
    }

    /// The status with which a handshake is refused.
    pub async fn refused_socket(&self, path: &str, headers: &[(&'static str, &str)]) -> u16 {
        let mut request = format!("ws://{}{path}", self.running().address()).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Err(Error::Http(response)) => response.status().as_u16(),
            other => panic!("expected a refusal, got {other:?}"),
        }
    }
}

/// A client; the workspace's reqwest wants to be told whose cryptography it uses, even for plain HTTP.
pub fn client() -> reqwest::Client {
    // Another story of this process may have told it before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

async fn start_over(place: &Place, bus: Option<&str>) -> Running {
    let options = Options {
        carrier: bus.map_or(Carrier::Database, |bus| Carrier::Nats(Address::read(bus).unwrap())),
        allowed_origins: vec!["https://office.example".to_owned()],
        ..Options::new(place.clone(), "127.0.0.1:0".to_owned())
    };
    serve(options).await.unwrap()
}

/// A client's socket.
pub struct Socket(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub async fn open(address: &str, token: &str) -> Result<Socket, Error> {
        let mut request = address.into_client_request().unwrap();
        request.headers_mut().insert("Authorization", format!("Bearer {token}").parse().unwrap());
        let (stream, _) = connect_async(request).await?;
        // What the server's own socket does: events leave at once.
        if let MaybeTlsStream::Plain(tcp) = stream.get_ref() {
            tcp.set_nodelay(true).unwrap();
        }
        Ok(Socket(stream))
    }

    /// The next message of the connection that is no ping.
    pub async fn message(&mut self) -> Option<Message> {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(60), self.0.next()).await;
            match next.expect("a message within a minute") {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return Some(message),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next event that is no heartbeat.
    pub async fn event(&mut self) -> Value {
        loop {
            match self.message().await {
                Some(Message::Text(text)) => {
                    let event: Value = serde_json::from_str(&text).unwrap();
                    if event["type"] != "heartbeat" {
                        return event;
                    }
                }
                other => panic!("expected an event, got {other:?}"),
            }
        }
    }

    /// The next event of a type; those before it are skipped.
    pub async fn event_of(&mut self, kind: &str) -> Value {
        loop {
            let event = self.event().await;
            if event["type"] == kind {
                return event;
            }
        }
    }

    pub async fn say(&mut self, text: &str) {
        self.0.send(Message::Text(text.into())).await.unwrap();
    }

    /// The code of the close frame that ends the socket.
    pub async fn close_code(&mut self) -> Option<u16> {
        loop {
            match self.message().await {
                Some(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Some(_) => {}
                None => return None,
            }
        }
    }
}
