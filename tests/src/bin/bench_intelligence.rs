//! Whether queue intelligence costs the same with a thousand and with a million past tickets: two shipped servers side by
//! side, the same people waiting in both, a past laid down with SQL.
//!
//! Prints one JSON object. Each endpoint is asked in turn on both servers, so that whatever else the machine does meets
//! both alike; `ratio` is the median with the long past over the median with the short one. Times are in milliseconds, of
//! whole requests over one kept connection.

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rusqlite::Connection;
use serde_json::{Map, Value, json};
use smartqueue_tests::measure::{Sample, http_client, load_average, post, runtime};
use smartqueue_tests::server_program::{DemoSite, ServerProgram};

/// Past tickets of the two servers.
const PASTS: [i64; 2] = [1_000, 1_000_000];

/// Over so many days the past is spread.
const DAYS: i64 = 90;

/// People who wait in each queue.
const WAITING: usize = 20;

/// Requests that count, for each endpoint and server.
const REQUESTS: usize = 1_000;

/// Requests before them.
const WARM_UP: usize = 100;

/// Tickets that were served, every few minutes for [`DAYS`], one queue after the other. A fifth waited too long, a third
/// had a priority.
const LAY_TICKETS: &str = "
    WITH RECURSIVE past (place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM past WHERE place + 1 < ?1),
    times AS (SELECT place, ?2 - (?1 - place) * ?3 / ?1 AS touched FROM past)
    INSERT INTO tickets (id, tenant, site, queue, number, series_queue, day, letter, lap, value, channel, priority,
                         status, created_at, called_at, started_at, ended_at)
    SELECT printf('%08x-0000-7000-8000-%012x', place, place), queues.tenant, queues.site, queues.id, 'A001', queues.id,
           touched / 86400000, 'P', place, 1, 'kiosk', (place % 3 = 0) * 5, 'terminé', touched,
           touched + 600000 * (1 + (place % 5 = 0)), touched + 610000 * (1 + (place % 5 = 0)),
           touched + 800000 * (1 + (place % 5 = 0))
    FROM times JOIN queues ON queues.id = CASE place % 3 WHEN 0 THEN ?4 WHEN 1 THEN ?5 ELSE ?6 END";

/// What the server would have counted meanwhile; the site's clock is an hour ahead.
const LAY_HOURS: &str = "
    INSERT INTO queue_hours (queue, hour, arrived, high_priority, called, breached, waited_ms, served, served_ms)
    SELECT queue, (created_at + 3600000) / 3600000, count(*), sum(priority > 0), count(*),
           sum(called_at - created_at > 900000), sum(called_at - created_at), count(*), sum(ended_at - started_at)
    FROM tickets GROUP BY 1, 2";

fn main() -> Result<()> {
    let load = load_average();
    let mut folders = Vec::new();
    let mut servers: Vec<(DemoSite, ServerProgram)> = Vec::new();
    let mut sizes = Vec::new();
    for past in PASTS {
        let folder = tempfile::tempdir()?;
        let site = DemoSite::make(folder.path())?;
        sizes.push(lay_past(&site, past)?);
        let server = site.serve()?;
        servers.push((site, server));
        folders.push(folder);
    }
    let measured = runtime()?.block_on(measure(&servers))?;
    let report = json!({
        "load_average": load,
        "past_tickets": PASTS,
        "database_mib": sizes,
        "waiting_in_each_queue": WAITING,
        "endpoints": measured,
    });
    writeln!(std::io::stdout().lock(), "{report}")?;
    Ok(())
}

/// Lays down a past and returns the database's size in MiB.
fn lay_past(site: &DemoSite, tickets: i64) -> Result<u64> {
    let path = site.data.join("smartqueue.sqlite3");
    let connection = Connection::open(&path)?;
    let now_ms = i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis())?;
    // A file that nobody minds losing is filled in a minute instead of ten.
    connection.pragma_update(None, "synchronous", "off")?;
    let [a, b, c] = ["A", "B", "C"].map(|letter| site.queue(letter));
    let laid = connection.execute(LAY_TICKETS, [tickets, now_ms, DAYS * 86_400_000, a, b, c])?;
    ensure!(i64::try_from(laid)? == tickets, "{laid} of {tickets} tickets were laid down");
    connection.execute(LAY_HOURS, [])?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    drop(connection);
    Ok(std::fs::metadata(&path)?.len() / (1 << 20))
}

async fn measure(servers: &[(DemoSite, ServerProgram)]) -> Result<Map<String, Value>> {
    let client = http_client()?;
    for (site, _) in servers {
        for letter in ["A", "B", "C"] {
            for _ in 0..WAITING {
                let ticket = json!({ "queue_id": site.queue(letter), "channel": "web" });
                post(&client, site, "tickets/", &ticket).await?;
            }
        }
    }
    let mut report = Map::new();
    for endpoint in [
        "queues/{}/stats/",
        "queues/{}/health/",
        "queues/{}/predictions/",
        "queues/{}/algorithm_recommendation/",
        "queues/overview/",
        "queues/load_balance/",
        "queues/optimization_report/",
    ] {
        let mut times = [const { Vec::new() }; 2];
        for round in 0..WARM_UP + REQUESTS {
            // Whoever goes first in a pair finds the machine in another state than whoever goes second.
            let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
            for place in order {
                let (site, _) = &servers[place];
                let path = endpoint.replace("{}", &site.queue("A").to_string());
                let time = ask(&client, site, &path).await?;
                if round >= WARM_UP {
                    times[place].push(time);
                }
            }
        }
        let [short, long] = times.map(|times| Sample::of_times(&times));
        let medians = short.median().zip(long.median()).context("nothing was measured")?;
        let ratio = (medians.1 / medians.0 * 1_000.0).round() / 1_000.0;
        report.insert(
            endpoint.replace("{}", "id"),
            json!({ "ratio": ratio, "short_past_ms": short.percentiles(), "long_past_ms": long.percentiles() }),
        );
    }
    Ok(report)
}

async fn ask(client: &reqwest::Client, site: &DemoSite, path: &str) -> Result<Duration> {
    let start = Instant::now();
    let answer = client.get(site.url(path)).bearer_auth(site.text("agent_token")).send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    if !status.is_success() {
        bail!("{path}: {status} {text}");
    }
    Ok(start.elapsed())
}
