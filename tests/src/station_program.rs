//! The shipped `smartqueue-station run` beside a test: commands go in as lines, views are waited for.

use crate::programs;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Generous, because a busy machine is not a broken one.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A running station. Dropping it kills it.
pub struct StationProgram {
    child: Child,
    commands: Option<ChildStdin>,
    lines: Receiver<(Instant, Value)>,
    /// The last view that was read.
    last: Value,
    /// When its line was there, before anybody made sense of it.
    last_at: Instant,
}

/// Applies a provisioning file to a profile with the shipped program.
///
/// # Errors
/// When the program refuses; the text holds what it said.
pub fn provision(profile: &Path, from: &Path, options: &[&str]) -> Result<Value> {
    let output = Command::new(programs::path("smartqueue-station")?)
        .arg("provision")
        .arg("--profile")
        .arg(profile)
        .arg("--from")
        .arg(from)
        .args(options)
        .output()
        .context("smartqueue-station does not start")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("provision printed no JSON")
}

impl StationProgram {
    /// Starts the station of a profile.
    ///
    /// # Errors
    /// When the program does not start.
    pub fn start(profile: &Path) -> Result<StationProgram> {
        let mut child = Command::new(programs::path("smartqueue-station")?)
            .args(["run", "--profile"])
            .arg(profile)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("smartqueue-station does not start")?;
        let commands = child.stdin.take();
        let output = child.stdout.take().context("no standard output")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let at = Instant::now();
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if sender.send((at, value)).is_err() {
                    return;
                }
            }
        });
        Ok(StationProgram { child, commands, lines, last: Value::Null, last_at: Instant::now() })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// When the line that [`StationProgram::wait`] gave last was read.
    pub fn read_at(&self) -> Instant {
        self.last_at
    }

    /// Sends one line as it is.
    ///
    /// # Errors
    /// When the station no longer reads.
    pub fn send_line(&mut self, line: &str) -> Result<()> {
        let commands = self.commands.as_mut().context("the station's input is closed")?;
        commands.write_all(format!("{line}\n").as_bytes())?;
        commands.flush().context("the station does not read")
    }

    /// Sends a command.
    ///
    /// # Errors
    /// When the station no longer reads.
    pub fn send(&mut self, command: &Value) -> Result<()> {
        self.send_line(&command.to_string())
    }

    /// Touches a service.
    ///
    /// # Errors
    /// When the station no longer reads.
    pub fn take(&mut self, queue: i64, id: &str) -> Result<()> {
        self.send(&json!({ "command": "take_ticket", "queue": queue, "language": "fr", "id": id }))
    }

    /// Waits for a line that `wanted` accepts, beginning with the last one seen.
    ///
    /// # Errors
    /// When none comes in time; the text holds the last line.
    pub fn wait(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        if wanted(&self.last) {
            return Ok(self.last.clone());
        }
        let until = Instant::now() + LIMIT;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    (self.last_at, self.last) = line;
                    if wanted(&self.last) {
                        return Ok(self.last.clone());
                    }
                }
                Err(RecvTimeoutError::Timeout) => bail!("{what} did not come; the last line was {}", self.last),
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("the station ended before {what}; it last said {}", self.last)
                }
            }
        }
    }

    /// Takes in what was said until now, without waiting.
    pub fn catch_up(&mut self) -> Value {
        while let Ok(line) = self.lines.try_recv() {
            (self.last_at, self.last) = line;
        }
        self.last.clone()
    }

    /// Waits for `count` lines more, or for the end of the station.
    pub fn pass_lines(&mut self, count: usize) {
        for _ in 0..count {
            match self.lines.recv_timeout(LIMIT) {
                Ok(line) => (self.last_at, self.last) = line,
                Err(_) => return,
            }
        }
    }

    /// Passes over at most `count` lines more, for as long as each comes within `limit`.
    pub fn pass_lines_within(&mut self, count: usize, limit: Duration) {
        for _ in 0..count {
            match self.lines.recv_timeout(limit) {
                Ok(line) => (self.last_at, self.last) = line,
                Err(_) => return,
            }
        }
    }

    /// Ends it as a power cut would.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Closes its input and waits for its clean end.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn finish(mut self) -> Result<ExitStatus> {
        self.commands = None;
        let until = Instant::now() + LIMIT;
        while let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            (self.last_at, self.last) = line;
        }
        self.child.wait().context("waiting for the station's end")
    }
}

impl Drop for StationProgram {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The tickets of a view, oldest first, as (number, state, synced).
pub fn tickets(view: &Value) -> Vec<(String, String, bool)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    view["tickets"]
        .as_array()
        .map(|lines| {
            lines
                .iter()
                .rev()
                .map(|line| (text(&line["number"]), text(&line["state"]), line["synced"] == Value::Bool(true)))
                .collect()
        })
        .unwrap_or_default()
}
