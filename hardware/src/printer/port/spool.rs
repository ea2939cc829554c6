//! A printer of the system's spooler (CUPS): each write is one job, handed over through the spooler's own program `lp` and marked
//! raw, so that no filter turns the bytes into a page.
//!
//! Never reads: the spooler says what it did with a job, and not what the paper did. What is printed this way is never confirmed.
//! A printer that the spooler has paused is refused: it would keep the slip and print it whenever somebody resumes it.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::{Direction, Port};
use crate::clock;
use crate::printer::fault::{PortError, WriteError};

/// How often a program of the spooler is asked whether it has ended. It takes about 20 ms for a slip.
const GLANCE: Duration = Duration::from_millis(2);
/// Exit status that stands for a program which somebody ended by force.
const KILLED: i32 = -1;

/// The spooler's programs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spooler {
    /// Where they are; `None` looks for them as a shell does.
    folder: Option<PathBuf>,
}

/// Whether the spooler passes a printer's jobs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpoolerState {
    Running,
    Paused,
}

/// A printer that the spooler knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SpooledPrinter {
    pub(crate) name: String,
    /// Where the spooler sends its jobs, as a URI; empty when it does not say.
    pub(crate) destination: String,
    pub(crate) state: SpoolerState,
}

/// How a program of the spooler ended.
struct Ended {
    status: i32,
    said: String,
}

impl Spooler {
    /// The printers it knows; none when there is no spooler or it does not answer until `deadline`.
    pub(crate) fn printers(&self, deadline: Instant) -> Vec<SpooledPrinter> {
        match self.run("lpstat", &["-v", "-p"], Vec::new(), deadline) {
            Ok(ended) => printers_in(&ended.said),
            Err(_) => Vec::new(),
        }
    }

    fn state(&self, name: &str, target: &str, deadline: Instant) -> Result<SpoolerState, PortError> {
        let ended = self.run("lpstat", &["-p", name], Vec::new(), deadline).map_err(|cause| failed(target, cause))?;
        match printers_in(&ended.said).into_iter().find(|printer| printer.name == name) {
            Some(printer) => Ok(printer.state),
            None => Err(PortError::Missing { target: target.to_owned(), cause: None }),
        }
    }

    /// Runs one of its programs with `input` on standard input, and ends it when the deadline has passed.
    fn run(&self, program: &str, arguments: &[&str], input: Vec<u8>, deadline: Instant) -> io::Result<Ended> {
        let mut command = match &self.folder {
            Some(folder) => Command::new(folder.join(program)),
            None => Command::new(program),
        };
        // In the language of the machine the words "disabled" and "device for" would be others.
        let mut child = command
            .args(arguments)
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            // A program that does not read must not hold its caller. The pipe breaks when the program ends.
            thread::Builder::new().name("spooler-input".to_owned()).spawn(move || drop(pipe.write_all(&input)))?;
        }
        let (sender, receiver) = mpsc::channel();
        if let Some(mut pipe) = child.stdout.take() {
            thread::Builder::new().name("spooler-output".to_owned()).spawn(move || {
                let mut bytes = Vec::new();
                drop(pipe.read_to_end(&mut bytes));
                drop(sender.send(String::from_utf8_lossy(&bytes).into_owned()));
            })?;
        }
        let status = wait_for(&mut child, deadline)?;
        let left = deadline.saturating_duration_since(clock::now());
        let said = receiver.recv_timeout(left).map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
        Ok(Ended { status, said })
    }
}

fn wait_for(child: &mut Child, deadline: Instant) -> io::Result<i32> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code().unwrap_or(KILLED));
        }
        let left = deadline.saturating_duration_since(clock::now());
        if left.is_zero() {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        thread::sleep(left.min(GLANCE));
    }
}

/// Reads what `lpstat -v -p` says: `device for NAME: URI`, and `printer NAME is idle.` or `printer NAME disabled since ...`.
fn printers_in(said: &str) -> Vec<SpooledPrinter> {
    let destination_of = |name: &str| {
        said.lines()
            .filter_map(|line| line.strip_prefix("device for ")?.split_once(": "))
            .find(|(of, _)| *of == name)
            .map(|(_, uri)| uri.trim().to_owned())
    };
    said.lines()
        .filter_map(|line| line.strip_prefix("printer ")?.split_once(' '))
        .map(|(name, state)| SpooledPrinter {
            name: name.to_owned(),
            destination: destination_of(name).unwrap_or_default(),
            state: if state.trim_start().starts_with("disabled") {
                SpoolerState::Paused
            } else {
                SpoolerState::Running
            },
        })
        .collect()
}

/// What it means that a program of the spooler could not do its work.
fn failed(target: &str, cause: io::Error) -> PortError {
    if cause.kind() == io::ErrorKind::TimedOut {
        PortError::TimedOut
    } else if cause.kind() == io::ErrorKind::NotFound {
        PortError::Unsupported { target: target.to_owned() }
    } else {
        PortError::from_open(target, cause)
    }
}

struct SpoolPort {
    spooler: Spooler,
    name: String,
}

/// Looks whether the spooler has this printer and passes its jobs on.
pub(super) fn open(name: &str, limit: Duration) -> Result<Box<dyn Port>, PortError> {
    let port = SpoolPort { spooler: Spooler::default(), name: name.to_owned() };
    port.check(clock::now() + limit)?;
    Ok(Box::new(port))
}

impl SpoolPort {
    fn target(&self) -> String {
        format!("spool:{}", self.name)
    }

    fn check(&self, deadline: Instant) -> Result<(), PortError> {
        match self.spooler.state(&self.name, &self.target(), deadline)? {
            SpoolerState::Running => Ok(()),
            SpoolerState::Paused => {
                Err(PortError::Disconnected { cause: Some(io::Error::other("the spooler has paused this printer")) })
            }
        }
    }
}

impl Port for SpoolPort {
    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), WriteError> {
        self.check(deadline).map_err(|cause| WriteError { written: 0, cause })?;
        let ended = self.spooler.run("lp", &["-s", "-d", &self.name, "-o", "raw"], bytes.to_vec(), deadline);
        match ended {
            Ok(ended) if ended.status == 0 => Ok(()),
            // It says that it took no job.
            Ok(_) => Err(WriteError { written: 0, cause: PortError::Disconnected { cause: None } }),
            // It never started, or it was ended on its way: then the job may be in the spooler.
            Err(cause) => {
                let written = if cause.kind() == io::ErrorKind::TimedOut { bytes.len() } else { 0 };
                Err(WriteError { written, cause: failed(&self.target(), cause) })
            }
        }
    }

    fn read(&mut self, _buffer: &mut [u8], _deadline: Instant) -> Result<usize, PortError> {
        Ok(0)
    }

    fn direction(&self) -> Direction {
        Direction::OutOnly
    }

    fn transfer_time(&self, _bytes: usize) -> Duration {
        Duration::ZERO
    }

    fn close(self: Box<Self>) {
        drop(self);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::*;
    use crate::printer::fault::PortErrorKind;

    /// A spooler made of two scripts: it keeps what `lp` was given, and says what `lpstat` is told to say.
    struct Scripts {
        folder: tempfile::TempDir,
        _alone: MutexGuard<'static, ()>,
    }

    /// A script cannot be started while a process that another test is just starting still holds it open for writing.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

    impl Scripts {
        fn new(lpstat: &str, lp: &str) -> Self {
            let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
            let scripts = Scripts { folder: tempfile::tempdir().expect("folder"), _alone };
            for (name, script) in [("lpstat", lpstat), ("lp", lp)] {
                let path = scripts.folder.path().join(name);
                fs::write(&path, format!("#!/bin/sh\ncd \"{}\"\n{script}\n", scripts.folder.path().display()))
                    .expect("script");
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
            }
            scripts
        }

        fn spooler(&self) -> Spooler {
            Spooler { folder: Some(self.folder.path().to_owned()) }
        }

        fn port(&self) -> SpoolPort {
            SpoolPort { spooler: self.spooler(), name: "Slips".to_owned() }
        }

        fn kept(&self, name: &str) -> Vec<u8> {
            fs::read(self.folder.path().join(name)).unwrap_or_default()
        }
    }

    const IDLE: &str = r#"echo "device for Slips: socket://192.0.2.7:9100"
        echo "printer Slips is idle.  enabled since Mon Nov  2 08:00:00 2026"
        echo "printer Old disabled since Mon Nov  2 08:00:00 2026 -"
        echo "	Paused""#;
    const KEEP: &str = r#"echo "$*" > arguments; cat > job"#;

    fn soon() -> Instant {
        clock::now() + Duration::from_secs(10)
    }

    #[test]
    fn a_slip_is_one_raw_job_with_all_its_bytes() {
        let scripts = Scripts::new(IDLE, KEEP);
        let slip: Vec<u8> = (0..=255).cycle().take(150_000).collect();
        let mut port = scripts.port();
        port.write(&slip, soon()).expect("taken");
        assert_eq!(String::from_utf8_lossy(&scripts.kept("arguments")).trim(), "-s -d Slips -o raw");
        assert!(scripts.kept("job") == slip, "{} bytes arrived", scripts.kept("job").len());
        assert_eq!((port.direction(), port.read(&mut [0; 8], soon()).expect("nothing")), (Direction::OutOnly, 0));
    }

    #[test]
    fn what_the_spooler_knows_is_read() {
        let found = Scripts::new(IDLE, KEEP).spooler().printers(soon());
        let summary: Vec<(&str, &str, SpoolerState)> =
            found.iter().map(|printer| (printer.name.as_str(), printer.destination.as_str(), printer.state)).collect();
        let slips = ("Slips", "socket://192.0.2.7:9100", SpoolerState::Running);
        assert_eq!(summary, [slips, ("Old", "", SpoolerState::Paused)]);
    }

    #[test]
    fn a_paused_printer_gets_no_slip_to_print_later() {
        let scripts = Scripts::new("echo 'printer Slips disabled since now -'", KEEP);
        let failure = scripts.port().write(b"slip", soon()).expect_err("refused");
        assert_eq!((failure.written, failure.cause.kind()), (0, PortErrorKind::Disconnected));
        assert_eq!(scripts.kept("job"), b"");
    }

    #[test]
    fn each_way_to_fail_has_its_name() {
        let cases = [
            ("exit 1", KEEP, 0, PortErrorKind::Missing),
            (IDLE, "exit 1", 0, PortErrorKind::Disconnected),
            (IDLE, "sleep 30", 4, PortErrorKind::TimedOut),
        ];
        for (lpstat, lp, written, kind) in cases {
            let started = clock::now();
            let failure =
                Scripts::new(lpstat, lp).port().write(b"slip", started + Duration::from_secs(1)).expect_err("no job");
            assert_eq!((failure.written, failure.cause.kind()), (written, kind), "{lpstat} / {lp}");
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "nobody waits for `sleep 30`: {:?}",
                started.elapsed()
            );
        }
    }

    #[test]
    fn a_machine_without_a_spooler_says_so() {
        let nothing = Spooler { folder: Some(PathBuf::from("no such folder")) };
        assert_eq!(nothing.printers(soon()), []);
        let mut port = SpoolPort { spooler: nothing, name: "Slips".to_owned() };
        let failure = port.write(b"slip", soon()).expect_err("no spooler");
        assert_eq!((failure.written, failure.cause.kind()), (0, PortErrorKind::Unsupported));
    }
}
