//! How fast a call reaches the board: the shipped server on the loopback, one board's socket, one agent.
//!
//! Prints one JSON object, times in milliseconds. `event_ms` runs from the moment at which the agent's call is sent until
//! the board's socket has its event; `reply_ms` until the agent has the whole answer; `ticket_ms` is the same for taking a
//! ticket. Every answer means that the step is durable. Requests come one after the other, over one connection, with a
//! lobby of people waiting.

use std::io::Write as _;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use smartqueue_tests::measure::{Sample, http_client, load_average, post, runtime};
use smartqueue_tests::server_program::DemoSite;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;

/// Calls that count.
const CALLS: usize = 1_000;

/// Calls before them.
const WARM_UP: usize = 50;

/// People who wait throughout.
const WAITING: usize = 20;

/// How long an event may take before it counts as lost.
const LIMIT: Duration = Duration::from_secs(60);

/// An event of the board's socket.
struct Heard {
    /// When the frame was there, before anybody made sense of it.
    at: Instant,
    event: Value,
}

fn main() -> Result<()> {
    let load = load_average();
    let folder = tempfile::tempdir()?;
    let site = DemoSite::make(folder.path())?;
    let server = site.serve()?;
    let board = open_board(&site)?;
    let measured = runtime()?.block_on(measure(&site, &board))?;
    server.kill()?;
    let [tickets, replies, events] = measured.map(|times| Sample::of_times(&times[WARM_UP..]).percentiles());
    let report = json!({
        "load_average": load,
        "waiting": WAITING,
        "event_ms": events,
        "reply_ms": replies,
        "ticket_ms": tickets,
    });
    writeln!(std::io::stdout().lock(), "{report}")?;
    Ok(())
}

/// The times of tickets, of the replies to calls, and of their events.
async fn measure(site: &DemoSite, board: &Receiver<Result<Heard>>) -> Result<[Vec<Duration>; 3]> {
    let client = http_client()?;
    let agent = site.seed["agents"][0].as_i64().context("the demo has no agent")?;
    let (call_next, new_ticket) =
        (format!("agents/{agent}/call-next/"), json!({ "queue": site.queue("B"), "channel": "kiosk" }));
    for _ in 0..WAITING {
        post(&client, site, "tickets/", &new_ticket).await?;
    }
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..WARM_UP + CALLS {
        let asked = Instant::now();
        post(&client, site, "tickets/", &new_ticket).await?;
        times[0].push(asked.elapsed());

        let called = Instant::now();
        let ticket = post(&client, site, &call_next, &json!({})).await?;
        times[1].push(called.elapsed());
        let id = ticket["id"].as_str().context("a call without a ticket")?;
        times[2].push(arrival(board, id)?.duration_since(called));

        post(&client, site, &format!("tickets/{id}/end/"), &json!({})).await?;
    }
    Ok(times)
}

/// When the call of this ticket arrived at the board.
fn arrival(board: &Receiver<Result<Heard>>, id: &str) -> Result<Instant> {
    loop {
        let heard = board.recv_timeout(LIMIT).context("the call did not reach the board")??;
        if heard.event["type"] == "ticket.called" && heard.event["ticket"]["id"] == id {
            return Ok(heard.at);
        }
    }
}

/// Opens the board's socket on a thread of its own, and waits until it shows what is there.
fn open_board(site: &DemoSite) -> Result<Receiver<Result<Heard>>> {
    let display = site.seed["display"].as_i64().context("the demo has no display")?;
    let address = format!("ws://{}/ws/tenants/{}/displays/{display}/", site.listen, site.text("tenant"));
    let mut request = address.into_client_request()?;
    let bearer = format!("Bearer {}", site.text("readonly_token"));
    request.headers_mut().insert("Authorization", bearer.parse().context("an odd token")?);
    let (sender, heard) = channel();
    let runtime = runtime()?;
    std::thread::spawn(move || {
        if let Err(error) = runtime.block_on(listen(request, &sender)) {
            // Nobody listens once everything is measured.
            let _ = sender.send(Err(error));
        }
    });
    let first = heard.recv_timeout(LIMIT).context("the board's socket stays silent")??;
    if first.event["type"] != "snapshot" {
        bail!("the board's socket does not begin with a snapshot: {}", first.event);
    }
    Ok(heard)
}

async fn listen(request: Request, sender: &Sender<Result<Heard>>) -> Result<()> {
    let (mut socket, _) = connect_async(request).await.context("opening the board's socket")?;
    while let Some(message) = socket.next().await {
        let at = Instant::now();
        let Message::Text(text) = message.context("reading the board's socket")? else { continue };
        let event = serde_json::from_str(&text).with_context(|| format!("an event that is no JSON: {text}"))?;
        if sender.send(Ok(Heard { at, event })).is_err() {
            return Ok(());
        }
    }
    bail!("the server closed the board's socket")
}
