//! What one server carries: tickets a second, calls to the last of many boards, memory a socket, a restart, a long list.
//!
//! Prints one JSON object, times in milliseconds. Everything shares one machine's processors, the load included; its one
//! thread reads a frame's time when it gets to the frame, so that the times of many boards contain their own queue. Every
//! answer means that the step is durable. No number may come twice in one queue: the program fails if one does.
//!
//! With `--postgres` the server keeps its data on a PostgreSQL server that the benchmark starts for itself, with its usual
//! settings; otherwise in its own file. With `--only tickets` or `--only calls` the rest is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use smartqueue_tests::load::boards::{Board, Note};
use smartqueue_tests::load::client::Client;
use smartqueue_tests::load::town::{self, Place};
use smartqueue_tests::measure::{Sample, load_average, processor_time, runtime, settled_pss_mib};
use smartqueue_tests::postgres::Cluster;
use smartqueue_tests::server_program::{DemoSite, ServerProgram};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::{JoinHandle, JoinSet};

/// Sites of the town. Tickets go to them in turn, so that no queue runs out of numbers.
const SITES: usize = 2_000;

/// How many customers at once, and how many tickets they take together: 100,000 in all.
const CUSTOMERS: [(usize, usize); 3] = [(1, 10_000), (8, 45_000), (32, 45_000)];

/// How many boards at once listen to one site.
const BOARDS: [usize; 3] = [1, 100, 1_000];

/// How many boards at each site when all sites have some.
const BOARDS_A_SITE: usize = 5;

/// Calls that are measured with each number of boards.
const CALLS: usize = 300;

/// Calls that are made while boards are on their way back.
const CALLS_AT_RETURN: usize = 20;

/// The longest a board waits before it comes back.
const COME_BACK_WITHIN: Duration = Duration::from_secs(1);

/// How long boards may take before something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);

/// A part of the benchmark that is run by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Tickets,
    Calls,
}

fn main() -> Result<()> {
    let load = load_average();
    let folder = tempfile::tempdir()?;
    let (mut cluster, mut only) = (None, None);
    let mut given = std::env::args().skip(1);
    while let Some(option) = given.next() {
        match option.as_str() {
            "--postgres" => cluster = Some(Cluster::start()?),
            "--only" => match given.next().as_deref() {
                Some("tickets") => only = Some(Part::Tickets),
                Some("calls") => only = Some(Part::Calls),
                other => bail!("{other:?} is no part; `tickets` and `calls` are"),
            },
            other => bail!("{other} is not known; `--postgres` and `--only` are"),
        }
    }
    let database = cluster.as_ref().map(Cluster::fresh_database).transpose()?;
    let site = DemoSite::make_on(folder.path(), database)?;
    let places = town::build(&site, SITES)?;
    let mut server = site.serve()?;
    let report = runtime()?.block_on(async {
        let database = if cluster.is_some() { "postgres" } else { "sqlite" };
        let mut report = json!({"load_average": load, "database": database});
        if only != Some(Part::Calls) {
            report["tickets"] = tickets(&site, &server, &places).await?.into();
        }
        if only.is_none() {
            report["list"] = list(&site).await?;
        }
        if only != Some(Part::Tickets) {
            let mut calls = Vec::new();
            for count in BOARDS {
                calls.push(boards_of_one_site(&site, &server, places[0], count).await?);
            }
            calls.push(boards_of_all_sites(&site, &server, &places).await?);
            report["calls"] = calls.into();
        }
        if only.is_none() {
            report["restart"] = restart(&site, &mut server, places[1]).await?;
        }
        anyhow::Ok(report)
    })?;
    server.kill()?;
    writeln!(std::io::stdout().lock(), "{report}")?;
    Ok(())
}

/// Tickets a second, by the number of customers at once.
async fn tickets(site: &DemoSite, server: &ServerProgram, places: &[Place]) -> Result<Vec<Value>> {
    let mut numbers = BTreeSet::new();
    let mut next = 0;
    let mut rows = Vec::new();
    for (customers, count) in CUSTOMERS {
        let mut crowd = JoinSet::new();
        let spent_by = || anyhow::Ok((processor_time(server.pid())?, processor_time(std::process::id())?));
        let (began, (server_before, own_before)) = (Instant::now(), spent_by()?);
        for customer in 0..customers {
            let mut client = Client::connect(&site.listen, site.text("agent_token")).await?;
            let queues: Vec<i64> = (next + customer..next + count)
                .step_by(customers)
                .map(|turn| places[turn % places.len()].queue)
                .collect();
            let path = format!("/api/v1/tenants/{}/tickets/", site.text("tenant"));
            crowd.spawn(async move {
                let mut taken = Vec::with_capacity(queues.len());
                for queue in queues {
                    let asked = Instant::now();
                    let answer = client.post(&path, json!({"queue_id": queue, "channel": "kiosk"}).to_string()).await?;
                    taken.push((asked.elapsed(), queue, answer));
                }
                anyhow::Ok(taken)
            });
        }
        next += count;
        let taken: Vec<_> = crowd.join_all().await.into_iter().collect::<Result<Vec<_>>>()?.concat();
        let (took, (server_after, own_after)) = (began.elapsed(), spent_by()?);
        let each = |before: Duration, after: Duration| {
            (after.saturating_sub(before).as_secs_f64() * 1e6 / taken.len() as f64).round() / 1000.0
        };
        for (_, queue, answer) in &taken {
            let ticket: Value = serde_json::from_slice(answer)?;
            let number = ticket["number"].as_str().context("a ticket without a number")?.to_owned();
            ensure!(numbers.insert((*queue, number)), "twice in one queue: {ticket}");
        }
        rows.push(json!({
            "customers": customers,
            "a_second": (taken.len() as f64 / took.as_secs_f64()).round(),
            "ticket_ms": Sample::of_times(taken.iter().map(|(time, _, _)| time)).percentiles(),
            "processor_ms_each": each(server_before, server_after),
            "load_processor_ms_each": each(own_before, own_after),
            "numbers": numbers.len(),
        }));
    }
    Ok(rows)
}

/// The tenant's waiting tickets, 10,000 of them, page after page.
async fn list(site: &DemoSite) -> Result<Value> {
    let mut client = Client::connect(&site.listen, site.text("agent_token")).await?;
    let (mut times, mut seen) = (Vec::new(), 0);
    let began = Instant::now();
    for page in 1.. {
        let asked = Instant::now();
        let path = format!("/api/v1/tenants/{}/tickets/?page={page}&page_size=200", site.text("tenant"));
        let answer: Value = serde_json::from_slice(&client.get(&path).await?)?;
        times.push(asked.elapsed());
        seen += answer["results"].as_array().context("a list without results")?.len();
        if seen >= 10_000 {
            break;
        }
    }
    Ok(json!({
        "tickets": seen,
        "page_ms": Sample::of_times(&times).percentiles(),
        "whole_ms": began.elapsed().as_millis(),
    }))
}

/// A room full of boards with what they note.
struct Room {
    boards: Vec<JoinHandle<()>>,
    notes: UnboundedReceiver<Note>,
}

impl Room {
    /// Opens a board on each of these displays and waits until all of them show something.
    async fn open(site: &DemoSite, displays: impl Iterator<Item = i64>) -> Result<Room> {
        let (sender, notes) = unbounded_channel();
        let mut room = Room { boards: Vec::new(), notes };
        for (number, display) in (0..).zip(displays) {
            let board = Board {
                host: site.listen.clone(),
                path: format!("/ws/tenants/{}/displays/{display}/", site.text("tenant")),
                token: site.text("readonly_token").to_owned(),
                come_back_within: COME_BACK_WITHIN,
                number,
            };
            room.boards.push(board.listen(sender.clone()));
            // A few hundred at a time: a backlog of connections that the kernel refuses would be the room's own doing.
            if room.boards.len().is_multiple_of(200) {
                room.ready(200).await?;
            }
        }
        room.ready(room.boards.len() % 200).await?;
        Ok(room)
    }

    async fn ready(&mut self, mut count: usize) -> Result<()> {
        while count > 0 {
            match self.note().await? {
                Note::Ready => count -= 1,
                Note::Call { ticket: _, at: _ } => {}
            }
        }
        Ok(())
    }

    async fn note(&mut self) -> Result<Note> {
        let note = tokio::time::timeout(PATIENCE, self.notes.recv()).await.context("the boards stay silent")?;
        note.context("every board is gone")
    }

    /// When the last of so many boards has heard the call of a ticket.
    async fn last_of(&mut self, count: usize, ticket: &str) -> Result<Instant> {
        let mut heard = 0;
        loop {
            if let Note::Call { ticket: called, at } = self.note().await?
                && called == ticket
            {
                heard += 1;
                if heard == count {
                    return Ok(at);
                }
            }
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.boards.iter().for_each(JoinHandle::abort);
    }
}

/// Takes a ticket and says its id.
async fn take(site: &DemoSite, client: &mut Client, queue: i64) -> Result<String> {
    let body = json!({"queue_id": queue, "channel": "kiosk"}).to_string();
    let path = format!("/api/v1/tenants/{}/tickets/", site.text("tenant"));
    let ticket: Value = serde_json::from_slice(&client.post(&path, body).await?)?;
    Ok(ticket["id"].as_str().context("a ticket without an id")?.to_owned())
}

/// Does something with a ticket: `call` or `end`.
async fn act(site: &DemoSite, client: &mut Client, ticket: &str, what: &str) -> Result<()> {
    let path = format!("/api/v1/tenants/{}/tickets/{ticket}/{what}/", site.text("tenant"));
    client.post(&path, "{}".to_owned()).await.map(drop)
}

/// Opens a room of boards and calls one ticket in each of these queues, `heard_by` boards at a time.
///
/// The tickets are taken before and ended behind it: what a board shows of them would otherwise still be on its way when the
/// call is sent, and the time of a call would be that of three messages.
async fn calls(
    site: &DemoSite,
    server: &ServerProgram,
    displays: impl Iterator<Item = i64>,
    queues: impl Iterator<Item = i64>,
    (heard_by, sites): (usize, usize),
) -> Result<Value> {
    let mut client = Client::connect(&site.listen, site.text("agent_token")).await?;
    let mut tickets = Vec::with_capacity(CALLS);
    for queue in queues.take(CALLS) {
        tickets.push(take(site, &mut client, queue).await?);
    }
    let before = settled_pss_mib(server.pid())?;
    let mut room = Room::open(site, displays).await?;
    let held = settled_pss_mib(server.pid())? - before;
    // The server has ended the first connection if the room took long to fill.
    let mut client = Client::connect(&site.listen, site.text("agent_token")).await?;
    let mut times = Vec::with_capacity(CALLS);
    for ticket in &tickets {
        let called = Instant::now();
        act(site, &mut client, ticket, "call").await?;
        times.push(room.last_of(heard_by, ticket).await?.duration_since(called));
    }
    for ticket in &tickets {
        act(site, &mut client, ticket, "end").await?;
    }
    let boards = room.boards.len();
    Ok(json!({
        "boards": boards,
        "sites": sites,
        "last_board_ms": Sample::of_times(&times).percentiles(),
        "kib_a_socket": (held * 1024.0 / boards as f64 * 10.0).round() / 10.0,
    }))
}

async fn boards_of_one_site(site: &DemoSite, server: &ServerProgram, place: Place, count: usize) -> Result<Value> {
    let displays = std::iter::repeat_n(place.display, count);
    calls(site, server, displays, std::iter::repeat(place.queue), (count, 1)).await
}

async fn boards_of_all_sites(site: &DemoSite, server: &ServerProgram, places: &[Place]) -> Result<Value> {
    let displays = places.iter().flat_map(|place| std::iter::repeat_n(place.display, BOARDS_A_SITE));
    let queues = (0..).map(|turn| places[turn * 7 % places.len()].queue);
    calls(site, server, displays, queues, (BOARDS_A_SITE, places.len())).await
}

/// Kills the server under a thousand boards, starts it again, and calls while they come back: none may miss a call.
async fn restart(site: &DemoSite, server: &mut ServerProgram, place: Place) -> Result<Value> {
    let count = BOARDS[BOARDS.len() - 1];
    let mut room = Room::open(site, std::iter::repeat_n(place.display, count)).await?;
    server.restart(site)?;
    let began = Instant::now();
    let mut client = Client::connect(&site.listen, site.text("agent_token")).await?;
    let mut expected = BTreeMap::new();
    for _ in 0..CALLS_AT_RETURN {
        let ticket = take(site, &mut client, place.queue).await?;
        act(site, &mut client, &ticket, "call").await?;
        expected.insert(ticket, 0_usize);
    }
    let mut current = began;
    let mut missing = count * CALLS_AT_RETURN;
    let until = tokio::time::Instant::now() + PATIENCE;
    while missing > 0 {
        match tokio::time::timeout_at(until, room.notes.recv()).await {
            Ok(Some(Note::Call { ticket, at })) => {
                let Some(heard) = expected.get_mut(&ticket) else { continue };
                *heard += 1;
                if *heard > count {
                    bail!("a board heard a call twice");
                }
                missing -= 1;
                current = at;
            }
            Ok(Some(Note::Ready)) => {}
            Ok(None) | Err(_) => break,
        }
    }
    Ok(json!({
        "boards": count,
        "calls": CALLS_AT_RETURN,
        "missed": missing,
        "all_current_after_s": (current.duration_since(began).as_secs_f64() * 100.0).round() / 100.0,
        "come_back_within_s": COME_BACK_WITHIN.as_secs_f64(),
    }))
}
