//! `cargo xtask demo`: a whole lobby from nothing. A server with a demo site, a virtual printer, a provisioned kiosk and
//! board, and their windows; or, headless, the same without windows and with one JSON line for a script.
//!
//! Headless, the two profiles are prepared and left alone: the script runs `smartqueue-station` on them itself. Only
//! `--stations` runs them here. A program that ends is reported and not started again, since a script may have ended it
//! on purpose; the demo itself ends with Ctrl-C or SIGTERM, and takes everybody along.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::children::{Children, Event};
use crate::clock::{Stopwatch, in_words};
use crate::compile::{self, FEATURES, Profile, Programs};
use crate::setup::{self, Need};
use crate::shell::{self, say};

/// The port that the pages have when nobody else uses it, so that the addresses are the same every day.
const PREFERRED_PORT: u16 = 8080;

/// How long the printer may take to listen, and the server to be ready. Both take milliseconds on an idle machine.
const STARTUP_LIMIT: Duration = Duration::from_secs(30);

/// The two stations of the demo, which are also the modes of the app.
const STATIONS: [&str; 2] = ["kiosk", "board"];

/// What was asked for.
pub struct Demo {
    /// No windows, one JSON line.
    pub headless: bool,
    /// Headless, but with both stations running, fed through named pipes.
    pub stations: bool,
    /// How hard the compiler works.
    pub profile: Profile,
    /// Where everything is kept; a temporary folder when nothing is given.
    pub data: Option<PathBuf>,
    /// A folder with the programs, when somebody else has built them.
    pub programs: Option<PathBuf>,
}

/// Starts the lobby and returns when somebody ends it.
pub fn run(demo: &Demo) -> Result<()> {
    if demo.stations && !demo.headless {
        bail!("--stations goes with --headless: with windows, the app runs the stations itself");
    }
    if !demo.headless && !has_screen() {
        bail!(
            "there is no screen here (DISPLAY and WAYLAND_DISPLAY are empty): \
             use `cargo xtask demo --headless`, or start it from a desktop"
        );
    }
    let watch = Stopwatch::start();
    let programs = match &demo.programs {
        Some(folder) => Programs::in_folder(folder)?,
        None => build(demo)?,
    };
    let folder = Folder::new(demo.data.as_deref())?;
    // Declared after the folder, so that everybody has stopped before the folder is removed.
    let mut children = Children::new(&folder.path.join("logs"))?;
    let lobby = Lobby::open(demo, &programs, &folder.path, &mut children)?;
    say(&format!("the lobby is open after {}; Ctrl-C closes it", in_words(watch.elapsed())));
    if demo.headless {
        shell::print_line(&Value::Object(lobby.description).to_string())?;
    } else {
        lobby.introduce()?;
        open_windows(&programs, &folder.path, &mut children)?;
    }
    watch_over(&mut children);
    say("closing");
    children.stop();
    Ok(())
}

fn has_screen() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

fn build(demo: &Demo) -> Result<Programs> {
    let mut needs = vec![Need::Compile, Need::Npm];
    let mut selection = vec!["--bins", "-psmartqueue-server", "-psmartqueue-station", "-psmartqueue-hardware"];
    if !demo.headless {
        needs.push(Need::Window);
        selection.push("-psmartqueue");
        selection.extend_from_slice(&FEATURES);
    }
    setup::ensure(&needs)?;
    compile::faces()?;
    say("building the programs (the first time takes minutes, later seconds)");
    compile::programs(&selection, demo.profile)
}

/// The folder in which a demo keeps everything; a temporary one is removed at the end.
struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Folder {
    fn new(asked: Option<&Path>) -> Result<Self> {
        let (path, temporary) = match asked {
            Some(path) => (std::path::absolute(path).context("finding the data folder")?, false),
            None => (std::env::temp_dir().join(format!("smartqueue-demo-{}", std::process::id())), true),
        };
        fs::create_dir_all(path.join("slips")).with_context(|| format!("creating {}", path.display()))?;
        Ok(Self { path, temporary })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            say(&format!("{} could not be removed: {error}", self.path.display()));
        }
    }
}

/// A lobby with its server and its printer running and its stations provisioned.
struct Lobby {
    description: Map<String, Value>,
    base_url: String,
}

impl Lobby {
    fn open(demo: &Demo, programs: &Programs, data: &Path, children: &mut Children) -> Result<Self> {
        let printer = start_printer(programs, data, children)?;
        let port = free_port()?;
        let base_url = format!("http://127.0.0.1:{port}");
        let mut description = seed(programs, data, &base_url)?;
        let serve = vec![
            programs.path("smartqueue-server")?.display().to_string(),
            "serve".to_owned(),
            "--data".to_owned(),
            data.display().to_string(),
            "--listen".to_owned(),
            format!("127.0.0.1:{port}"),
        ];
        let server_pid = children.start("server", shell::command(&serve[0]).args(&serve[1..]).stdin(Stdio::null()))?;
        wait_for_server(port, children)?;
        for station in STATIONS {
            let profile = provision(programs, data, station, &description, &base_url, &printer.selector)?;
            description.insert(format!("{station}_profile_dir"), json!(profile));
        }
        if demo.stations {
            description.insert("stations".to_owned(), start_stations(programs, data, children)?);
        }
        let bin = json!({
            "server": programs.path("smartqueue-server")?,
            "station": programs.path("smartqueue-station")?,
            "printer": programs.path("smartqueue-printer")?,
        });
        let more = [
            ("printer", json!(printer.selector)),
            ("printer_commands", json!(printer.commands)),
            ("printer_pid", json!(printer.pid)),
            ("slips", json!(data.join("slips"))),
            ("counter_url", json!(format!("{base_url}/counter/"))),
            ("office_url", json!(format!("{base_url}/office/"))),
            ("server_pid", json!(server_pid)),
            ("server_command", json!(serve)),
            ("data", json!(data)),
            ("logs", json!(data.join("logs"))),
            ("bin", bin),
        ];
        description.extend(more.map(|(name, value)| (name.to_owned(), value)));
        Ok(Self { description, base_url })
    }

    /// What a person at the terminal wants to know.
    fn introduce(&self) -> Result<()> {
        shell::print_line(&format!("counter page   {}/counter/", self.base_url))?;
        shell::print_line(&format!("office page    {}/office/", self.base_url))?;
        let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
        let entries = self.description.get("sign_in").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let tenant = self.description.get("tenant").and_then(Value::as_str).unwrap_or_default();
        for entry in entries {
            let (email, password) = (text(entry, "email"), text(entry, "password"));
            shell::print_line(&format!("sign in        {tenant} / {email} / {password}"))?;
        }
        for (label, field) in [("staff PIN", "pin"), ("slips (PNG)", "slips"), ("logs", "logs")] {
            if let Some(value) = self.description.get(field).and_then(Value::as_str) {
                shell::print_line(&format!("{label:<14} {value}"))?;
            }
        }
        Ok(())
    }
}

/// The virtual printer, once it listens.
struct Printer {
    selector: String,
    commands: PathBuf,
    pid: u32,
}

fn start_printer(programs: &Programs, data: &Path, children: &mut Children) -> Result<Printer> {
    let commands = data.join("printer.commands");
    let mut command = shell::command(programs.path("smartqueue-printer")?);
    command.args(["--listen", "tcp:127.0.0.1:0", "--png"]).arg(data.join("slips")).stdin(pipe_end(&commands)?);
    let line = children.start_and_read("printer", &mut command, STARTUP_LIMIT)?;
    let ready: Value =
        serde_json::from_str(&line).with_context(|| format!("the printer did not say where it is: {line}"))?;
    let selector =
        ready["selector"].as_str().with_context(|| format!("the printer did not say where it is: {line}"))?;
    let pid = children.pid("printer").context("the printer ended at once")?;
    Ok(Printer { selector: selector.to_owned(), commands, pid })
}

/// A named pipe as somebody's standard input. It is opened for both directions, so that the reader never sees an end
/// when a writer leaves: `echo "paper 0" > printer.commands` works as often as one likes.
fn pipe_end(path: &Path) -> Result<File> {
    let is_pipe = fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo());
    if !is_pipe {
        shell::quietly(shell::command("mkfifo").arg(path))?;
    }
    File::options().read(true).write(true).open(path).with_context(|| format!("opening {}", path.display()))
}

/// The preferred port, or any that is free.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", PREFERRED_PORT))
        .or_else(|_| TcpListener::bind(("127.0.0.1", 0)))
        .context("finding a free port for the server")?;
    Ok(listener.local_addr().context("finding a free port for the server")?.port())
}

fn seed(programs: &Programs, data: &Path, base_url: &str) -> Result<Map<String, Value>> {
    let mut command = shell::command(programs.path("smartqueue-server")?);
    command.arg("seed-demo").arg("--data").arg(data).args(["--base-url", base_url]);
    let output = shell::quietly(&mut command)?;
    let line = shell::last_lines(&output, 1);
    match serde_json::from_str(&line) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) | Err(_) => bail!("`smartqueue-server seed-demo` did not print a JSON object: {line}"),
    }
}

fn wait_for_server(port: u16, children: &mut Children) -> Result<()> {
    let watch = Stopwatch::start();
    while !is_ready(port) {
        // Nobody else has been started who could end, but whoever it is, the lobby cannot open without it.
        if let Some((name, status)) = children.ended().into_iter().next() {
            bail!("{name} ended while the lobby was opening ({status}): {}", children.end_of_log(&name));
        }
        if watch.left_of(STARTUP_LIMIT).is_zero() {
            bail!("the server was not ready after {}: {}", in_words(STARTUP_LIMIT), children.end_of_log("server"));
        }
        if children.wait(Duration::from_millis(20)) == Event::Stop {
            bail!("stopped while the lobby was opening");
        }
    }
    Ok(())
}

/// Whether `GET /health/ready` answers 200.
fn is_ready(port: u16) -> bool {
    let answer = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        let mut status = String::new();
        BufReader::new(stream).read_line(&mut status)?;
        Ok(status)
    };
    answer().is_ok_and(|status| status.split_whitespace().nth(1) == Some("200"))
}

/// Makes the profile of one station and returns its folder.
fn provision(
    programs: &Programs,
    data: &Path,
    station: &str,
    seeded: &Map<String, Value>,
    base_url: &str,
    printer: &str,
) -> Result<PathBuf> {
    let field = format!("{station}_profile");
    let file = seeded.get(&field).and_then(Value::as_str).with_context(|| format!("seed-demo gave no {field}"))?;
    let profile = data.join(station);
    let mut command = shell::command(programs.path("smartqueue-station")?);
    command.arg("provision").arg("--profile").arg(&profile).args(["--from", file, "--server", base_url]);
    // Only a kiosk prints.
    if station == "kiosk" {
        command.args(["--printer", printer]);
    }
    shell::quietly(&mut command)?;
    Ok(profile)
}

/// Runs both stations here, each fed through a named pipe, with the views it publishes in a file.
fn start_stations(programs: &Programs, data: &Path, children: &mut Children) -> Result<Value> {
    let mut described = Map::new();
    for station in STATIONS {
        let commands = data.join(format!("{station}.commands"));
        let views = data.join(format!("{station}.views.jsonl"));
        let mut command = shell::command(programs.path("smartqueue-station")?);
        command.arg("run").arg("--profile").arg(data.join(station)).stdin(pipe_end(&commands)?);
        let output = File::create(&views).with_context(|| format!("creating {}", views.display()))?;
        let pid = children.spawn(station, command.stdout(output))?;
        described.insert(station.to_owned(), json!({ "commands": commands, "views": views, "pid": pid }));
    }
    Ok(Value::Object(described))
}

fn open_windows(programs: &Programs, data: &Path, children: &mut Children) -> Result<()> {
    for station in STATIONS {
        let mut command = shell::command(programs.path("smartqueue")?);
        command.arg("--profile").arg(data.join(station)).args(["--mode", station, "--windowed"]).stdin(Stdio::null());
        children.start(station, &mut command)?;
    }
    Ok(())
}

/// Waits for the end, and says so when a program ended before it.
fn watch_over(children: &mut Children) {
    loop {
        match children.wait(Duration::from_secs(1)) {
            Event::Stop => return,
            Event::Child | Event::Nothing => {}
        }
        for (name, status) in children.ended() {
            if status.success() {
                say(&format!("{name} ended; the rest of the lobby goes on"));
            } else {
                say(&format!("{name} ended ({status}); the rest of the lobby goes on. The end of its log:"));
                say(&children.end_of_log(&name));
            }
        }
        if children.is_empty() {
            say("nobody is left");
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_given_folder_is_kept_and_a_temporary_one_removed() {
        let given = std::env::temp_dir().join(format!("xtask-demo-given-{}", std::process::id()));
        drop(Folder::new(Some(&given)).expect("folder"));
        assert!(given.join("slips").is_dir());
        fs::remove_dir_all(&given).expect("removed");

        let temporary = Folder::new(None).expect("folder");
        let path = temporary.path.clone();
        assert!(path.is_dir());
        drop(temporary);
        assert!(!path.exists());
    }

    #[test]
    fn a_taken_port_is_not_offered() {
        // Whoever holds the preferred port, this test or somebody else, it must not be the answer.
        let held = TcpListener::bind(("127.0.0.1", PREFERRED_PORT));
        assert_ne!(free_port().expect("a port"), PREFERRED_PORT);
        drop(held);
    }

    #[test]
    fn only_a_ready_server_is_ready() {
        for (status, expected) in [("200 OK", true), ("503 Service Unavailable", false)] {
            let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
            let port = listener.local_addr().expect("an address").port();
            let server = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().expect("a client");
                let mut request = [0; 512];
                let read = stream.read(&mut request).expect("a request");
                assert!(request[..read].starts_with(b"GET /health/ready "));
                stream.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).expect("an answer");
            });
            assert_eq!(is_ready(port), expected);
            server.join().expect("no panic");
        }
    }

    #[test]
    fn a_pipe_survives_its_writers() {
        let path = std::env::temp_dir().join(format!("xtask-demo-pipe-{}", std::process::id()));
        let mut reader = BufReader::new(pipe_end(&path).expect("a pipe"));
        for sent in ["paper 0\n", "paper 500\n"] {
            fs::write(&path, sent).expect("written");
            let mut line = String::new();
            reader.read_line(&mut line).expect("a line");
            assert_eq!(line, sent);
        }
        assert!(pipe_end(&path).is_ok(), "a folder that is used again has the pipe already");
        fs::remove_file(&path).expect("removed");
    }
}
