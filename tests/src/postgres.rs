//! A PostgreSQL server of a test's or benchmark's own: in a temporary folder, on a Unix socket and, if asked, over TLS, run
//! by a user who is not root, and gone with the process, however that ends. It writes as safely as any other: `fsync` stays
//! on.
//!
//! This file stands alone, so that the server's own stories can use it as well. It never touches a server that was there
//! before.

use anyhow::{Context, Result, ensure};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The role that our server connects as: it owns its databases and is no superuser, so that row level security holds.
const ROLE: &str = "smartqueue";

/// The role's password where a session comes over the network.
const PASSWORD: &str = "ouvre-toi";

/// The port at the address of one's own.
const PORT: u16 = 5432;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for the end of the one who started it, ends the server and clears up. It is a program of its own so that it also
/// works when that one is killed: then its standard input ends.
const KEEPER: &str = r#"
folder="$1"; shift
"$@" >"$folder/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT $server 2>/dev/null
wait $server 2>/dev/null
rm -rf "$folder"
"#;

/// A running PostgreSQL server.
pub struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    keeper: Child,
    /// Whoever holds it holds the server.
    held: Option<ChildStdin>,
    databases: AtomicUsize,
}

/// What a server shows to sessions over TLS, both PEM.
pub struct Papers {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl Cluster {
    /// Makes a cluster and starts its server.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or does not start.
    pub fn start() -> Result<Cluster> {
        Cluster::start_with(None)
    }

    /// The same for a server that is also there over TLS, at an address of this process's own.
    ///
    /// # Errors
    /// See [`Cluster::start`].
    pub fn start_over_tls(papers: &Papers) -> Result<Cluster> {
        Cluster::start_with(Some(papers))
    }

    fn start_with(papers: Option<&Papers>) -> Result<Cluster> {
        let programs = programs().context("PostgreSQL is not installed: `cargo xtask setup` installs it")?;
        let folder = tempfile::tempdir().context("no temporary folder")?.keep();
        let data = folder.join("data");
        let mut settings = vec!["listen_addresses=".to_owned()];
        if let Some(Papers { certificate, key }) = papers {
            std::fs::write(folder.join("server.crt"), certificate)?;
            // A key that others could read is refused.
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join("server.key"))?;
            file.write_all(key.as_bytes())?;
            let place = folder.display();
            settings = vec![
                format!("listen_addresses={}", own_address()),
                format!("port={PORT}"),
                "ssl=on".to_owned(),
                format!("ssl_cert_file={place}/server.crt"),
                format!("ssl_key_file={place}/server.key"),
            ];
        }
        if is_root()? {
            // PostgreSQL refuses to be run by root.
            let given = Command::new("chown").args(["-R", "nobody"]).arg(&folder).status()?;
            ensure!(given.success(), "the folder cannot be given to another user");
        }
        // A language with an order of its own shows whether the server's order depends on it.
        let made = as_somebody(&programs.join("initdb"))?
            .args(["--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256"])
            .args(["--encoding=UTF8", "--locale=C.UTF-8"])
            .args(["--locale-provider=icu", "--icu-locale=fr", "--no-instructions", "--pgdata"])
            .arg(&data)
            .output()?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr).trim());
        let server = as_somebody(&programs.join("postgres"))?;
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&folder)
            .arg(server.get_program())
            .args(server.get_args())
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&folder)
            .args(settings.iter().flat_map(|setting| ["-c", setting]))
            .args(["-c", "max_connections=300", "-c", "shared_buffers=128MB"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("no shell")?;
        let held = keeper.stdin.take();
        let cluster = Cluster { folder, programs, keeper, held, databases: AtomicUsize::new(0) };
        let begun = Instant::now();
        while let Err(error) = cluster.command("postgres", &format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")) {
            let log = std::fs::read_to_string(cluster.folder.join("log")).unwrap_or_default();
            ensure!(begun.elapsed() < PATIENCE, "PostgreSQL does not start: {error}\n{log}");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(cluster)
    }

    /// Its folder, which goes with it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The address of an empty database that nobody has used yet.
    ///
    /// # Errors
    /// The server does not make one.
    pub fn fresh_database(&self) -> Result<String> {
        let name = format!("house_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.command("postgres", &format!("CREATE DATABASE {name} OWNER {ROLE}"))?;
        Ok(self.address(ROLE, &name))
    }

    /// The address of a database for a role.
    pub fn address(&self, role: &str, database: &str) -> String {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://{role}@{folder}/{database}")
    }

    /// The same over the network to a server that was given papers, under a name that nobody looks up.
    pub fn network_address(&self, name: &str, database: &str, parameters: &str) -> String {
        format!("postgres://{ROLE}:{PASSWORD}@{name}:{PORT}/{database}?hostaddr={}&{parameters}", own_address())
    }

    /// Does something as the superuser, and returns what was found, a row a line.
    ///
    /// # Errors
    /// The server refuses.
    pub fn command(&self, database: &str, sql: &str) -> Result<String> {
        let output = Command::new(self.programs.join("psql"))
            .arg("--host")
            .arg(&self.folder)
            .args(["--username=postgres", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set=ON_ERROR_STOP=1", "--dbname", database, "--command", sql])
            .output()
            .context("psql does not start")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut held) = self.held.take() {
            let _ = held.flush();
        }
        let _ = self.keeper.wait();
    }
}

/// An address of this machine that no other process takes: the process's number is in it.
fn own_address() -> Ipv4Addr {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, high, low, 77)
}

/// The folder with PostgreSQL's programs, the newest version first.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let folder = entry.ok()?;
            Some((folder.file_name().to_str()?.parse().ok()?, folder.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file())
        .collect();
    versions.sort();
    let on_path = || {
        let folders = std::env::var_os("PATH")?;
        std::env::split_paths(&folders).find(|folder| folder.join("initdb").is_file())
    };
    versions.pop().map(|(_, folder)| folder).or_else(on_path)
}

fn is_root() -> Result<bool> {
    let user = Command::new("id").arg("-u").output().context("`id` does not start")?;
    Ok(user.stdout.trim_ascii() == b"0")
}

/// A program, run by a user who is not root.
fn as_somebody(program: &Path) -> Result<Command> {
    let mut command = if is_root()? {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/");
    Ok(command)
}
