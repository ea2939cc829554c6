//! The shipped `smartqueue-server` beside a test, with its demo site. It can be killed and started again on its data.

use crate::programs;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running server. Dropping it kills it.
pub struct ServerProgram {
    child: Child,
}

/// The demo site's data and what `seed-demo` said of it.
pub struct DemoSite {
    /// The server's folder.
    pub data: PathBuf,
    /// The address of its PostgreSQL database, when it keeps its data there.
    pub database: Option<String>,
    /// Where it listens.
    pub listen: String,
    /// The JSON line of `seed-demo`.
    pub seed: Value,
}

impl DemoSite {
    /// Makes a demo site in a folder, for an address that is free now.
    ///
    /// # Errors
    /// When the server's program refuses.
    pub fn make(folder: &Path) -> Result<DemoSite> {
        DemoSite::make_on(folder, None)
    }

    /// The same, with its data in an empty PostgreSQL database.
    ///
    /// # Errors
    /// When the server's program refuses.
    pub fn make_on(folder: &Path, database: Option<String>) -> Result<DemoSite> {
        let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let data = folder.join("server");
        let output = Command::new(programs::path("smartqueue-server")?)
            .args(["seed-demo", "--base-url", &format!("http://{listen}"), "--data"])
            .arg(&data)
            .args(address(database.as_deref()))
            .output()
            .context("smartqueue-server does not start")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let seed = serde_json::from_slice(&output.stdout).context("seed-demo printed no JSON")?;
        Ok(DemoSite { data, database, listen, seed })
    }

    /// Starts the server and waits until it listens.
    ///
    /// # Errors
    /// When it does not.
    pub fn serve(&self) -> Result<ServerProgram> {
        let mut child = Command::new(programs::path("smartqueue-server")?)
            .args(["serve", "--listen", &self.listen, "--data"])
            .arg(&self.data)
            .args(address(self.database.as_deref()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("smartqueue-server does not start")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
        if !line.contains("ready") {
            bail!("the server did not start: {line}");
        }
        Ok(ServerProgram { child })
    }

    /// A text of the seed's line.
    pub fn text(&self, field: &str) -> &str {
        self.seed[field].as_str().unwrap_or_default()
    }

    /// A path of the tenant's API.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/api/v1/tenants/{}/{path}", self.listen, self.text("tenant"))
    }

    /// The id of a queue by its letter.
    pub fn queue(&self, letter: &str) -> i64 {
        self.seed["queues"][letter].as_i64().unwrap_or_default()
    }
}

/// How a database is named on the command line.
fn address(database: Option<&str>) -> Vec<&str> {
    database.map_or(Vec::new(), |address| vec!["--database-url", address])
}

impl ServerProgram {
    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut would, and starts it again on the same data.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn restart(&mut self, site: &DemoSite) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        *self = site.serve()?;
        Ok(())
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
}

impl Drop for ServerProgram {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
