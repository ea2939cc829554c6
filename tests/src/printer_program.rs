//! The shipped `smartqueue-printer` beside a test: a printer without hardware in a process of its own, to which trouble is told
//! in words and whose tray is the truth. Nothing here knows the driver.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::programs;

/// Generous, because a busy machine is not a broken one.
const LIMIT: Duration = Duration::from_secs(60);
/// Two looks at the tray this far apart that are equal mean that nothing falls any more, when the printer stands still besides:
/// what its host has handed over is with it by then.
const STILL: Duration = Duration::from_millis(400);

/// Behind what the printer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrinterPort {
    /// TCP on the loopback.
    Tcp,
    /// A pseudo terminal at 9600 baud.
    Pty,
    /// A printer that this shell command starts, for example behind USB. The options of `smartqueue-printer` follow the
    /// command, except where it listens; it must speak as `smartqueue-printer` does.
    Command {
        /// What the port is called in the table.
        name: String,
        /// The command.
        command: String,
    },
}

impl PrinterPort {
    /// Reads `tcp`, `pty` or `NAME=COMMAND`.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn parse(text: &str) -> Result<PrinterPort> {
        match (text, text.split_once('=')) {
            ("tcp", _) => Ok(PrinterPort::Tcp),
            ("pty", _) => Ok(PrinterPort::Pty),
            (_, Some((name, command))) if !name.is_empty() && !command.is_empty() => {
                Ok(PrinterPort::Command { name: name.to_owned(), command: command.to_owned() })
            }
            _ => bail!("`{text}` is not tcp, pty or NAME=COMMAND"),
        }
    }

    /// What it is called in the table.
    pub fn name(&self) -> &str {
        match self {
            PrinterPort::Tcp => "tcp",
            PrinterPort::Pty => "pty@9600",
            PrinterPort::Command { name, .. } => name,
        }
    }
}

/// A slip in the tray.
#[derive(Clone, Debug, PartialEq)]
pub struct TrayedSlip {
    /// The lines of text.
    pub lines: Vec<String>,
    /// What the QR codes say.
    pub codes: Vec<String>,
    /// Its length in millimetres.
    pub millimetres: f64,
    /// What became of it after its cut: `out`, `presented` or `retracted`.
    pub whereabouts: String,
}

/// A running printer. Dropping it kills it.
pub struct PrinterProgram {
    child: Child,
    input: ChildStdin,
    lines: Receiver<Value>,
    selector: String,
    _folder: tempfile::TempDir,
}

impl PrinterProgram {
    /// Starts one with these options.
    ///
    /// # Errors
    /// When it does not start or does not say that it is ready.
    pub fn start(port: &PrinterPort, options: &[&str]) -> Result<PrinterProgram> {
        let folder = tempfile::tempdir()?;
        let mut command = match port {
            PrinterPort::Tcp => {
                let mut command = Command::new(programs::path("smartqueue-printer")?);
                command.args(["--listen", "tcp:127.0.0.1:0"]);
                command
            }
            PrinterPort::Pty => {
                let mut command = Command::new(programs::path("smartqueue-printer")?);
                command.arg("--pty").arg(folder.path().join("printer")).args(["--baud", "9600"]);
                command
            }
            PrinterPort::Command { command: shell, .. } => {
                let mut command = Command::new("sh");
                command.args(["-c", &format!("{shell} \"$@\""), "sh"]);
                command
            }
        };
        let mut child = command
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the printer's program does not start")?;
        let input = child.stdin.take().context("no standard input")?;
        let output = child.stdout.take().context("no standard output")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Ok(value) = serde_json::from_str(&line)
                    && sender.send(value).is_err()
                {
                    return;
                }
            }
        });
        let mut program = PrinterProgram { child, input, lines, selector: String::new(), _folder: folder };
        let ready = program.line()?;
        program.selector = ready["selector"].as_str().context("the printer named no selector")?.to_owned();
        Ok(program)
    }

    /// How a driver reaches it.
    pub fn selector(&self) -> &str {
        &self.selector
    }

    fn line(&mut self) -> Result<Value> {
        self.lines.recv_timeout(LIMIT).context("the printer's program said nothing")
    }

    /// Tells it something and gives its answer.
    ///
    /// # Errors
    /// When it does not understand, or does not answer.
    pub fn say(&mut self, words: &str) -> Result<Value> {
        writeln!(self.input, "{words}").and_then(|()| self.input.flush()).context("the printer's program is gone")?;
        let answer = self.line()?;
        if answer["ok"] != true {
            bail!("the printer does not understand `{words}`: {answer}");
        }
        Ok(answer)
    }

    /// What fell into the tray so far.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn tray(&mut self) -> Result<Vec<TrayedSlip>> {
        let answer = self.say("tray")?;
        let texts = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
        };
        Ok(answer["tray"]
            .as_array()
            .context("no tray")?
            .iter()
            .map(|slip| TrayedSlip {
                lines: texts(&slip["lines"]),
                codes: texts(&slip["codes"]),
                millimetres: slip["mm"].as_f64().unwrap_or_default(),
                whereabouts: slip["whereabouts"].as_str().unwrap_or_default().to_owned(),
            })
            .collect())
    }

    /// The tray when nothing falls into it any more.
    ///
    /// # Errors
    /// When it does not answer, or slips fall without end.
    pub fn tray_at_rest(&mut self) -> Result<Vec<TrayedSlip>> {
        let until = Instant::now() + LIMIT;
        let mut before = self.tray()?;
        loop {
            std::thread::sleep(STILL);
            let moving = self.say("status")?["printer"]["moving"] != false;
            let now = self.tray()?;
            if now == before && !moving {
                return Ok(now);
            }
            if Instant::now() > until {
                bail!("slips fall without end");
            }
            before = now;
        }
    }
}

impl Drop for PrinterProgram {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_they_are_written() {
        assert_eq!(PrinterPort::parse("tcp").unwrap(), PrinterPort::Tcp);
        assert_eq!(PrinterPort::parse("pty").unwrap().name(), "pty@9600");
        let usb = PrinterPort::parse("usb=ssh rig printer --on=x").unwrap();
        assert_eq!(usb, PrinterPort::Command { name: "usb".to_owned(), command: "ssh rig printer --on=x".to_owned() });
        for wrong in ["", "usb", "=x", "usb="] {
            assert!(PrinterPort::parse(wrong).is_err(), "{wrong}");
        }
    }
}
