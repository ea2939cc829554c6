//! `cargo xtask demo --headless`, as a script uses it: one JSON line with a lobby behind it, and nothing left when it ends,
//! however it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;
use smartqueue_tests::programs;

/// Generous, because a busy machine is not a broken one.
const LIMIT: Duration = Duration::from_secs(60);

/// A demo that runs; it is told to stop when the test fails half way.
struct Demo {
    process: Child,
    description: Value,
    data: PathBuf,
}

impl Demo {
    fn start() -> Self {
        let xtask = programs::path("xtask").expect("xtask is built");
        let folder = xtask.parent().expect("it lies in a folder").to_path_buf();
        let mut process = Command::new(&xtask)
            .args(["demo", "--headless", "--programs"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("xtask starts");
        let output = process.stdout.take().expect("its output is piped");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // The receiver goes away with the test.
                let _ = sender.send(line);
            }
        });
        let line = match lines.recv_timeout(LIMIT) {
            Ok(line) => line,
            Err(reason) => {
                signal(process.id(), "TERM");
                panic!("the demo printed no line: {reason}");
            }
        };
        let description: Value = serde_json::from_str(&line).expect("the line is JSON");
        let data = PathBuf::from(description["data"].as_str().expect("it says where its data is"));
        Self { process, description, data }
    }

    fn text(&self, field: &str) -> &str {
        self.description[field].as_str().unwrap_or_else(|| panic!("no text in `{field}`: {}", self.description))
    }

    fn pid(&self, field: &str) -> u32 {
        let pid = self.description[field].as_u64().unwrap_or_else(|| panic!("no `{field}`: {}", self.description));
        u32::try_from(pid).expect("a process id")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            signal(self.process.id(), "TERM");
            let _ = self.process.wait();
        }
    }
}

fn signal(pid: u32, name: &str) {
    // The shell's own `kill`: the program of that name is a package that a small system may not have.
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().expect("a shell");
    assert!(status.success(), "process {pid} could not be signalled");
}

/// The status of `GET path`.
fn get(base_url: &str, path: &str) -> String {
    let address = base_url.strip_prefix("http://").expect("an address without TLS");
    let mut stream = TcpStream::connect(address).expect("the server listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the server answers in UTF-8");
    answer.split_whitespace().nth(1).unwrap_or_default().to_owned()
}

fn wait_until_gone(pid: u32) {
    let started = Instant::now();
    while Path::new(&format!("/proc/{pid}")).exists() {
        assert!(started.elapsed() < LIMIT, "process {pid} outlived the demo");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn described_in_full(demo: &Demo) {
    for field in [
        "base_url",
        "ws_base_url",
        "tenant",
        "device_token",
        "agent_token",
        "readonly_token",
        "expired_token",
        "other_tenant",
        "other_tenant_token",
        "printer",
        "slips",
        "counter_url",
        "office_url",
        "printer_commands",
    ] {
        assert!(!demo.text(field).is_empty(), "`{field}` is empty");
    }
    for queue in ["A", "B", "C"] {
        assert!(demo.description["queues"][queue].is_number(), "no queue {queue}: {}", demo.description);
    }
    assert!(demo.description["agents"].as_array().is_some_and(|agents| !agents.is_empty()), "{}", demo.description);
    for file in ["kiosk_profile", "board_profile"] {
        assert!(Path::new(demo.text(file)).is_file(), "`{file}` is no file");
    }
    for folder in ["kiosk_profile_dir", "board_profile_dir", "slips"] {
        assert!(Path::new(demo.text(folder)).is_dir(), "`{folder}` is no folder");
    }
    for program in ["server", "station", "printer"] {
        let path = demo.description["bin"][program].as_str().expect("a path");
        assert!(Path::new(path).is_file(), "no program at {path}");
    }
}

/// One test, because two lobbies that open at the same instant would want the same port.
#[test]
fn a_lobby_opens_and_leaves_nothing_behind() {
    let mut demo = Demo::start();
    described_in_full(&demo);
    let base_url = demo.text("base_url").to_owned();
    assert_eq!(get(&base_url, "/health/ready"), "200");
    assert_eq!(get(&base_url, "/counter/"), "200");
    let printer = demo.text("printer").strip_prefix("tcp:").expect("a printer in the network").to_owned();
    TcpStream::connect(&printer).expect("the printer listens");

    // Its server may be killed by whoever tests what happens then: the rest goes on, and a new one takes its place.
    signal(demo.pid("server_pid"), "KILL");
    wait_until_gone(demo.pid("server_pid"));
    TcpStream::connect(&printer).expect("the printer still listens");
    assert!(matches!(demo.process.try_wait(), Ok(None)), "the demo ended with its server");

    signal(demo.process.id(), "TERM");
    let status = demo.process.wait().expect("it ends");
    assert!(status.success(), "told to stop, it ended with {status}");
    wait_until_gone(demo.pid("printer_pid"));
    assert!(!demo.data.exists(), "{} was left behind", demo.data.display());

    let mut killed = Demo::start();
    signal(killed.process.id(), "KILL");
    killed.process.wait().expect("it ends");
    wait_until_gone(killed.pid("server_pid"));
    wait_until_gone(killed.pid("printer_pid"));
    // Killed, it could not tidy up: that is the test's to do.
    std::fs::remove_dir_all(&killed.data).expect("its folder is there");
}
