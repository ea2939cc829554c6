//! A NATS server of a story's own: at an address that no other process takes, killed and started again as the story wants,
//! gone with the process, however that ends. It never touches a server that was there before.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// The port at the address of one's own.
const PORT: u16 = 4222;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for the end of the one who started it and kills the server, also when that one was killed: then its standard input
/// ends.
const KEEPER: &str = r#"
"$@" >/dev/null 2>&1 &
server=$!
cat >/dev/null
kill -KILL $server 2>/dev/null
wait $server 2>/dev/null
"#;

/// A NATS server, or the place for one.
pub struct Nats {
    address: Ipv4Addr,
    /// What it is told beside its address.
    settings: Vec<String>,
    running: Option<(Child, ChildStdin)>,
}

impl Nats {
    /// A place where nobody listens yet.
    pub fn away(settings: &[&str]) -> Nats {
        static PLACES: AtomicU8 = AtomicU8::new(100);
        let [_, _, high, low] = std::process::id().to_be_bytes();
        let address = Ipv4Addr::new(127, high, low, PLACES.fetch_add(1, Ordering::Relaxed));
        Nats { address, settings: settings.iter().map(|&setting| setting.to_owned()).collect(), running: None }
    }

    /// Starts the server and waits until it answers.
    pub fn start(&mut self) {
        let program = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"]
            .map(PathBuf::from)
            .into_iter()
            .find(|program| program.is_file())
            .unwrap_or_else(|| PathBuf::from("nats-server"));
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(program)
            .args(["--addr", &self.address.to_string(), "--port", &PORT.to_string()])
            .args(&self.settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let held = keeper.stdin.take().unwrap();
        self.running = Some((keeper, held));
        let begun = Instant::now();
        while !self.answers() {
            assert!(begun.elapsed() < PATIENCE, "NATS does not start: `cargo xtask setup` installs it");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn answers(&self) -> bool {
        let mut line = String::new();
        TcpStream::connect((self.address, PORT))
            .is_ok_and(|stream| BufReader::new(stream).read_line(&mut line).is_ok() && line.starts_with("INFO "))
    }

    /// Kills the server; it knows nothing afterwards.
    pub fn kill(&mut self) {
        if let Some((mut keeper, held)) = self.running.take() {
            drop(held);
            keeper.wait().unwrap();
        }
    }

    /// Where it is.
    pub fn host(&self) -> Ipv4Addr {
        self.address
    }

    /// Its address for a server of ours, with a scheme and who signs in.
    pub fn url(&self, scheme_and_user: &str) -> String {
        format!("{scheme_and_user}{}:{PORT}", self.address)
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The address of the NATS server that stories of this process share, who do nothing to it.
pub fn shared() -> String {
    static SHARED: OnceLock<Nats> = OnceLock::new();
    let nats = SHARED.get_or_init(|| {
        let mut nats = Nats::away(&[]);
        nats.start();
        nats
    });
    nats.url("nats://")
}
