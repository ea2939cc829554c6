//! A program that runs beside a test: its lines can be waited for, and it never outlives the test.
//!
//! Nothing here knows which program it is.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

/// How long a program may take to end in order before it is killed.
const FAREWELL: Duration = Duration::from_secs(5);

/// How often a program that should end is looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// A running program, its helpers included. Dropping it ends them all.
pub struct Program {
    name: String,
    child: Child,
    lines: Receiver<Line>,
    /// Everything it said so far, for whoever reads why a test failed.
    said: Vec<String>,
}

/// One line of a program, with the time at which it was read.
#[derive(Clone, Debug)]
pub struct Line {
    /// The text without its end.
    pub text: String,
    /// When it was read.
    pub at: Instant,
}

impl Program {
    /// Starts a program. Its standard input is closed; both of its outputs are read.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(program: &Path, prepare: impl FnOnce(&mut Command)) -> Result<Self> {
        let name = program.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        // Should this process be killed, nothing of its own can end the program; the kernel can.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(program);
        prepare(&mut command);
        // A group of its own, so that the helpers it starts can be reached as well.
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("starting {name}"))?;
        let (sender, lines) = mpsc::channel();
        read_lines(child.stdout.take().context("no standard output")?, sender.clone());
        read_lines(child.stderr.take().context("no standard error")?, sender);
        Ok(Self { name, child, lines, said: vec![] })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line that `wanted` accepts; lines before it are passed over.
    ///
    /// # Errors
    /// When no such line comes within `limit`, or the program ends before; the text holds what it said.
    pub fn wait_for_line(&mut self, wanted: impl Fn(&str) -> bool, limit: Duration) -> Result<Line> {
        let until = Instant::now() + limit;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.said.push(line.text.clone());
                    if wanted(&line.text) {
                        return Ok(line);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    bail!("{} did not say it within {limit:?}; it said:\n{}", self.name, self.said.join("\n"))
                }
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("{} ended without saying it; it said:\n{}", self.name, self.said.join("\n"))
                }
            }
        }
    }

    /// Everything it said up to now, a line each.
    pub fn said_until_now(&mut self) -> String {
        let heard: Vec<String> = self.lines.try_iter().map(|line| line.text).collect();
        self.said.extend(heard);
        self.said.join("\n")
    }

    /// Asks it to end, as a service manager would, and waits until it has.
    ///
    /// # Errors
    /// When it does not end within `limit`; it is killed then.
    pub fn end(mut self, limit: Duration) -> Result<(ExitStatus, Vec<String>)> {
        self.signal(Signal::TERM);
        let status = self.wait(limit)?;
        let rest: Vec<String> = self.lines.iter().map(|line| line.text).collect();
        self.said.extend(rest);
        Ok((status, std::mem::take(&mut self.said)))
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// When it does not end within `limit`.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let until = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().context("waiting for its end")? {
                return Ok(status);
            }
            if Instant::now() > until {
                bail!("{} did not end within {limit:?}; it said:\n{}", self.name, self.said.join("\n"));
            }
            thread::sleep(GLANCE);
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended a moment ago, and then there is nobody to signal.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
        let _ = self.wait(FAREWELL);
        // Whoever is left of its group did not listen.
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}

fn read_lines(stream: impl Read + Send + 'static, sender: Sender<Line>) {
    thread::spawn(move || {
        for text in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(Line { text, at: Instant::now() }).is_err() {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Program {
        Program::start(Path::new("sh"), |command| {
            command.args(["-c", script]);
        })
        .expect("started")
    }

    #[test]
    fn lines_are_waited_for_and_passed_over() {
        let mut program = shell("echo none; echo one; sleep 0.1; echo two >&2; sleep 60");
        program.wait_for_line(|line| line == "one", Duration::from_secs(30)).expect("one");
        program.wait_for_line(|line| line == "two", Duration::from_secs(30)).expect("two");
        let error = program.wait_for_line(|_| true, Duration::from_millis(10)).expect_err("nothing more");
        assert!(error.to_string().contains("one"), "{error}");
    }

    #[test]
    fn an_end_without_the_line_is_told_at_once() {
        let started = Instant::now();
        let error = shell("echo alas; exit 3").wait_for_line(|_| false, Duration::from_secs(60)).expect_err("it ended");
        assert!(error.to_string().contains("alas"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn nobody_of_the_group_outlives_the_program() {
        let mut program = shell("trap '' TERM; sleep 61 & echo begun; wait");
        program.wait_for_line(|line| line == "begun", Duration::from_secs(30)).expect("the helper");
        // The helper has its program's outputs open, so they end with the last of the group and not before.
        let outputs = std::mem::replace(&mut program.lines, mpsc::channel().1);
        drop(program);
        let end = outputs.recv_timeout(Duration::from_secs(30)).map(|line| line.text);
        assert_eq!(end, Err(RecvTimeoutError::Disconnected), "the helper lives on");
    }

    #[test]
    fn an_orderly_end_has_a_status() {
        let mut program = shell("trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.01; done");
        program.wait_for_line(|line| line == "up", Duration::from_secs(30)).expect("up");
        let (status, said) = program.end(Duration::from_secs(30)).expect("ended");
        assert_eq!(status.code(), Some(7));
        assert!(said.iter().any(|line| line == "bye"), "{said:?}");
    }
}
