//! The programs of a demo, kept together: started with a log each, watched, and stopped all at once.
//!
//! Each child leads a process group of its own, so that what it starts in turn (a web engine, for instance) ends with it.
//! Should this program be killed without warning, the guard described in `shell` still ends the children themselves.
//!
//! Nothing here knows what the programs do, and nothing here restarts one.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::clock::Stopwatch;
use crate::shell;

/// How long a child may take to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// What happened while waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody wants the end: Ctrl-C, SIGTERM, or the terminal is gone.
    Stop,
    /// A child ended, or may have ended.
    Child,
    /// Nothing happened for as long as was asked.
    Nothing,
}

/// A running program.
struct Member {
    name: String,
    process: Child,
    log: PathBuf,
}

/// The programs of one demo. They stop when this is dropped, in the reverse of the order in which they started.
pub struct Children {
    members: Vec<Member>,
    events: Receiver<Event>,
    logs: PathBuf,
    grace: Duration,
}

impl Children {
    /// Nobody yet. From here on Ctrl-C and SIGTERM are events instead of the end of this program.
    pub fn new(logs: &Path) -> Result<Self> {
        fs::create_dir_all(logs).with_context(|| format!("creating {}", logs.display()))?;
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGCHLD]).context("watching for signals")?;
        let (sender, events) = mpsc::channel();
        std::thread::spawn(move || {
            for signal in signals.forever() {
                let event = if signal == SIGCHLD { Event::Child } else { Event::Stop };
                if sender.send(event).is_err() {
                    break;
                }
            }
        });
        Ok(Self { members: vec![], events, logs: logs.to_path_buf(), grace: GRACE })
    }

    /// Starts a program whose output, both standard and error, goes to its log.
    pub fn start(&mut self, name: &str, command: &mut Command) -> Result<u32> {
        let log = self.log(name)?;
        self.spawn(name, command.stdout(log))
    }

    /// Starts a program with its standard output in the hands of the caller's `command`, and its errors in its log.
    pub fn spawn(&mut self, name: &str, command: &mut Command) -> Result<u32> {
        let errors = self.log(name)?;
        let process = command
            .stderr(errors)
            .process_group(0)
            .spawn()
            .with_context(|| format!("{name} could not be started: `{}`", shell::in_words(command)))?;
        let pid = process.id();
        self.members.push(Member { name: name.to_owned(), process, log: self.log_path(name) });
        Ok(pid)
    }

    /// Starts a program and returns the first line that it writes to standard output; the rest goes to its log.
    pub fn start_and_read(&mut self, name: &str, command: &mut Command, limit: Duration) -> Result<String> {
        self.spawn(name, command.stdout(Stdio::piped()))?;
        let Some(pipe) = self.members.last_mut().and_then(|member| member.process.stdout.take()) else {
            bail!("{name} has no standard output");
        };
        let mut log = self.log(name)?;
        let (sender, lines) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            let mut first = Some(sender);
            // Reading goes on for as long as the program lives: a full pipe would stop it.
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if let Some(sender) = first.take() {
                    // The caller may have given up; the log still gets the line.
                    let _ = sender.send(line.clone());
                }
                let _ = writeln!(log, "{line}");
            }
        });
        match lines.recv_timeout(limit) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => bail!("{name} said nothing for {} s", limit.as_secs()),
            Err(RecvTimeoutError::Disconnected) => bail!("{name} ended at once: {}", self.end_of_log(name)),
        }
    }

    /// Waits for the next event, at most for `limit`.
    pub fn wait(&self, limit: Duration) -> Event {
        self.events.recv_timeout(limit).unwrap_or(Event::Nothing)
    }

    /// Removes and returns the names of those that ended, with how they ended.
    pub fn ended(&mut self) -> Vec<(String, ExitStatus)> {
        let mut ended = vec![];
        self.members.retain_mut(|member| match member.process.try_wait() {
            Ok(Some(status)) => {
                ended.push((member.name.clone(), status));
                false
            }
            Ok(None) | Err(_) => true,
        });
        ended
    }

    /// The process id of a program that has not been seen to end.
    pub fn pid(&self, name: &str) -> Option<u32> {
        self.members.iter().find(|member| member.name == name).map(|member| member.process.id())
    }

    /// Whether everybody has been seen to end.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The last lines of a program's log, on one line.
    pub fn end_of_log(&self, name: &str) -> String {
        let text = fs::read(self.log_path(name)).unwrap_or_default();
        let lines = shell::last_lines(&String::from_utf8_lossy(&text), 5);
        if lines.is_empty() { "its log is empty".to_owned() } else { lines }
    }

    fn log_path(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    fn log(&self, name: &str) -> Result<File> {
        let path = self.log_path(name);
        File::options().create(true).append(true).open(&path).with_context(|| format!("opening {}", path.display()))
    }

    /// Stops everybody: asks first, and kills whoever is still there after the grace.
    pub fn stop(&mut self) {
        // Whoever started last depends on whoever started first: windows go before the server.
        for member in self.members.iter().rev() {
            member.signal(Signal::TERM);
        }
        let watch = Stopwatch::start();
        while !self.members.is_empty() {
            self.ended();
            if self.members.is_empty() || watch.left_of(self.grace).is_zero() {
                break;
            }
            // A signal of an ended child wakes this up; the limit only covers one that was merged with another.
            self.wait(watch.left_of(self.grace).min(Duration::from_millis(100)));
        }
        for member in &mut self.members {
            shell::say(&format!(
                "{} did not stop when asked and is killed; its log: {}",
                member.name,
                member.log.display()
            ));
            member.signal(Signal::KILL);
            // A killed process cannot refuse to be collected.
            let _ = member.process.wait();
        }
        self.members.clear();
    }
}

impl Member {
    /// Signals the whole process group. The group is there for as long as its leader has not been collected.
    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            // The only failure is that nobody is left.
            let _ = rustix::process::kill_process_group(group, signal);
        }
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is gone when the test is.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("xtask-children-{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).expect("folder");
            Self(folder)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn script(text: &str) -> Command {
        let mut command = shell::command("sh");
        command.args(["-c", text]).stdin(Stdio::null());
        command
    }

    fn exists(pid: i32) -> bool {
        Pid::from_raw(pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
    }

    #[test]
    fn the_first_line_is_read_and_the_rest_logged() {
        let scratch = Scratch::new("first");
        let mut children = Children::new(&scratch.0).expect("children");
        let line = children
            .start_and_read("talker", &mut script("echo ready; echo more; exec sleep 60"), Duration::from_secs(10))
            .expect("a line");
        assert_eq!(line, "ready");
        assert!(children.pid("talker").is_some());
        children.stop();
        assert!(children.is_empty());
    }

    #[test]
    fn an_early_end_shows_the_log() {
        let scratch = Scratch::new("early");
        let mut children = Children::new(&scratch.0).expect("children");
        let error = children
            .start_and_read("broken", &mut script("echo no paper >&2; exit 1"), Duration::from_secs(10))
            .expect_err("must fail");
        assert!(format!("{error:#}").contains("no paper"), "{error:#}");
    }

    #[test]
    fn an_ended_child_is_noticed_once() {
        let scratch = Scratch::new("ended");
        let mut children = Children::new(&scratch.0).expect("children");
        children.start("short", &mut script("exit 7")).expect("starts");
        let watch = Stopwatch::start();
        let ended = loop {
            let ended = children.ended();
            if !ended.is_empty() {
                break ended;
            }
            assert!(watch.elapsed() < Duration::from_secs(10), "nobody ended");
            children.wait(Duration::from_millis(100));
        };
        assert_eq!(ended[0].0, "short");
        assert_eq!(ended[0].1.code(), Some(7));
        assert!(children.ended().is_empty());
    }

    #[test]
    fn grandchildren_end_too_and_the_stubborn_are_killed() {
        let scratch = Scratch::new("stubborn");
        let mut children = Children::new(&scratch.0).expect("children");
        children.grace = Duration::from_millis(200);
        // The shell ignores the polite request, and so does what it started.
        let line = children
            .start_and_read(
                "stubborn",
                &mut script("trap '' TERM; sleep 600 & echo $!; wait; sleep 600"),
                Duration::from_secs(10),
            )
            .expect("a line");
        let grandchild: i32 = line.trim().parse().expect("a process id");
        assert!(exists(grandchild));
        drop(children);
        // The orphan is collected by the system's first process, which may take a moment.
        let watch = Stopwatch::start();
        while exists(grandchild) {
            assert!(watch.elapsed() < Duration::from_secs(10), "the grandchild still runs");
            std::thread::yield_now();
        }
    }
}
