//! What the benchmarks have in common: percentiles, memory, the machine's load, and a client for the server's API.
//!
//! Nothing here knows what is measured, and nothing here decides whether a number is good enough.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::server_program::DemoSite;

/// How long memory may take to settle before something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at the memory.
const GLANCE: Duration = Duration::from_millis(500);

/// Memory that changes less than this between two looks has settled, in KiB.
const SETTLED_KIB: u64 = 512;

/// How often something was measured, in ascending order.
#[derive(Clone, Debug, Default)]
pub struct Sample(Vec<f64>);

impl Sample {
    /// A sample of these values.
    pub fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// A sample of times, in milliseconds.
    pub fn of_times<'a>(times: impl IntoIterator<Item = &'a Duration>) -> Self {
        Self::new(times.into_iter().copied().map(milliseconds))
    }

    /// The value that so many per cent of the values do not exceed (nearest rank); nothing when there are no values.
    pub fn percentile(&self, per_cent: usize) -> Option<f64> {
        let rank = (self.0.len() * per_cent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied()
    }

    /// The value in the middle; of two, the upper one.
    pub fn median(&self) -> Option<f64> {
        self.0.get(self.0.len() / 2).copied()
    }

    /// For a quantity measured hundreds of times: `count`, `p50`, `p99`, `max`.
    pub fn percentiles(&self) -> Value {
        json!({
            "count": self.0.len(),
            "p50": self.percentile(50).map(round),
            "p99": self.percentile(99).map(round),
            "max": self.0.last().copied().map(round),
        })
    }

    /// For a quantity measured a few times: `median`, `least`, `most`.
    pub fn spread(&self) -> Value {
        json!({
            "median": self.median().map(round),
            "least": self.0.first().copied().map(round),
            "most": self.0.last().copied().map(round),
        })
    }
}

/// A time in milliseconds.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Two decimals: more would claim what a stopwatch of this kind cannot know.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The memory of a process and its descendants in MiB, once it no longer changes.
///
/// # Errors
/// When the process has ended, or its memory does not settle.
pub fn settled_pss_mib(pid: u32) -> Result<f64> {
    let until = Instant::now() + PATIENCE;
    let mut before = tree_pss_kib(pid)?;
    loop {
        std::thread::sleep(GLANCE);
        let now = tree_pss_kib(pid)?;
        if now.abs_diff(before) < SETTLED_KIB {
            return Ok(now as f64 / 1024.0);
        }
        if Instant::now() > until {
            bail!("the memory never settled: {before} KiB, then {now} KiB");
        }
        before = now;
    }
}

/// The proportional set size of a process and its descendants in KiB: what is shared counts once, however many share it.
fn tree_pss_kib(pid: u32) -> Result<u64> {
    Ok(processes_pss_kib(pid)?.iter().sum())
}

/// The proportional set sizes of a process and, behind it, of each of its descendants, in KiB.
fn processes_pss_kib(pid: u32) -> Result<Vec<u64>> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))
        .with_context(|| format!("reading the memory of process {pid}"))?;
    let mut sizes = vec![pss_kib(&rollup).with_context(|| format!("process {pid} has no Pss line"))?];
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let children = std::fs::read_to_string(task?.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            // A helper may end between the two looks; then it has no memory.
            sizes.extend(processes_pss_kib(child.parse()?).unwrap_or_default());
        }
    }
    Ok(sizes)
}

fn pss_kib(rollup: &str) -> Option<u64> {
    rollup
        .lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
}

/// How long a process has kept processors busy since it started, all its threads together.
///
/// # Errors
/// When the process has ended.
pub fn processor_time(pid: u32) -> Result<Duration> {
    let status =
        std::fs::read_to_string(format!("/proc/{pid}/stat")).with_context(|| format!("process {pid} is gone"))?;
    // The second field is the program's name in brackets and may hold anything; `utime` and `stime` are the 14th and 15th
    // of all fields (proc(5)), in ticks of which Linux counts a hundred a second for user space.
    let (_, fields) = status.rsplit_once(')').context("an odd process status")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}

/// How many programs wanted a processor in the last minute, on average: numbers of a busy machine say little.
pub fn load_average() -> Option<f64> {
    std::fs::read_to_string(Path::new("/proc/loadavg")).ok()?.split_whitespace().next()?.parse().ok()
}

/// A client for the server's API that keeps its connection.
///
/// # Errors
/// When it cannot be made.
pub fn http_client() -> Result<reqwest::Client> {
    // The client wants a provider of cryptography even for plain HTTP. Somebody may have installed one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(PATIENCE).build().context("making a client")
}

/// A runtime on the calling thread alone, so that no other thread's wake-up is measured.
///
/// # Errors
/// When the system gives none.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("making a runtime")
}

/// Sends a POST with a clerk's token and gives the answer.
///
/// # Errors
/// When there is no answer, or it is not one of success; the text holds it.
pub async fn post(client: &reqwest::Client, site: &DemoSite, path: &str, body: &Value) -> Result<Value> {
    let answer = client.post(site.url(path)).bearer_auth(site.text("agent_token")).json(body).send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    if !status.is_success() {
        bail!("{path}: {status} {text}");
    }
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).with_context(|| format!("{path} answered no JSON: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Program;

    #[test]
    fn the_pss_line_is_the_right_one() {
        let rollup = "00400000-7fff ---p 00000000 00:00 0 [rollup]\nRss:  9000 kB\nPss:  1234 kB\nPss_Dirty:  77 kB\n";
        assert_eq!(pss_kib(rollup), Some(1234));
        assert_eq!(pss_kib("Rss: 1 kB\n"), None);
    }

    #[test]
    fn a_tree_weighs_more_than_its_root() {
        let mut shell = Program::start(Path::new("sh"), |command| {
            command.args(["-c", "sleep 60 & echo up; wait"]);
        })
        .unwrap();
        shell.wait_for_line(|line| line == "up", PATIENCE).unwrap();
        // One look at all of them: between two looks what they share with the rest of the machine changes.
        let sizes = processes_pss_kib(shell.pid()).unwrap();
        assert_eq!(sizes.len(), 2, "the shell and its child: {sizes:?}");
        assert!(sizes.iter().all(|size| *size > 0), "{sizes:?}");
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let hundred = Sample::new((1..=100).rev().map(f64::from));
        assert_eq!(hundred.percentile(50), Some(50.0));
        assert_eq!(hundred.percentile(99), Some(99.0));
        assert_eq!(hundred.percentile(100), Some(100.0));
        let few = Sample::new([3.0, 1.0, 2.0]);
        assert_eq!((few.percentile(1), few.percentile(50), few.percentile(99)), (Some(1.0), Some(2.0), Some(3.0)));
        assert_eq!(few.median(), Some(2.0));
        assert_eq!((Sample::default().percentile(50), Sample::default().median()), (None, None));
    }

    #[test]
    fn a_sample_says_what_it_is_made_of() {
        let sample = Sample::of_times(&[Duration::from_micros(1_234), Duration::from_millis(9)]);
        assert_eq!(sample.percentiles(), json!({ "count": 2, "p50": 1.23, "p99": 9.0, "max": 9.0 }));
        assert_eq!(sample.spread(), json!({ "median": 9.0, "least": 1.23, "most": 9.0 }));
        assert_eq!(Sample::default().percentiles()["p50"], Value::Null);
    }

    #[test]
    fn work_takes_processor_time() {
        let before = processor_time(std::process::id()).unwrap();
        let until = Instant::now() + PATIENCE;
        while processor_time(std::process::id()).unwrap() == before {
            assert!(Instant::now() < until, "this loop costs nothing");
        }
    }

    #[test]
    fn the_machine_tells_its_load() {
        assert!(load_average().is_some_and(|load| load >= 0.0));
    }
}
