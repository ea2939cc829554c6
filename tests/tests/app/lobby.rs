//! The lobby around the window: a real server with the demo site, and a virtual printer on a pseudo terminal.
//!
//! It opens no window and looks at no page.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use smartqueue_tests::program::Program;
use smartqueue_tests::programs;
use tempfile::TempDir;

use crate::driver::{PATIENCE, free_port, wait_for_port};

/// A server with the demo site. Dropping it closes it.
pub struct Lobby {
    folder: TempDir,
    base_url: String,
    seed: Value,
    _server: Program,
}

impl Lobby {
    /// Seeds and starts a server on a free port.
    pub async fn open() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("server");
        let port = free_port()?;
        let base_url = format!("http://127.0.0.1:{port}");
        let server = programs::path("smartqueue-server")?;
        let printed =
            run(Command::new(&server).arg("seed-demo").arg("--data").arg(&data).args(["--base-url", &base_url]))?;
        let seed = serde_json::from_str(printed.trim()).with_context(|| format!("seed-demo printed {printed}"))?;
        let server = Program::start(&server, |command| {
            command.arg("serve").arg("--data").arg(&data).args(["--listen", &format!("127.0.0.1:{port}")]);
        })?;
        wait_for_port(port).await?;
        Ok(Self { folder, base_url, seed, _server: server })
    }

    /// Makes the profile of the demo's kiosk or board and returns its folder.
    pub fn provision(&self, station: &str, printer: Option<&str>) -> Result<PathBuf> {
        let file = self.seed[format!("{station}_profile")].as_str().context("seed-demo named no such profile")?;
        let profile = self.folder.path().join(station);
        let mut command = Command::new(programs::path("smartqueue-station")?);
        command.arg("provision").arg("--profile").arg(&profile).args(["--from", file, "--server", &self.base_url]);
        if let Some(printer) = printer {
            command.args(["--printer", printer]);
        }
        run(&mut command)?;
        Ok(profile)
    }

    /// Makes the profile of a kiosk that works alone, with one service, and returns its folder.
    pub fn provision_alone(folder: &Path, printer: &str) -> Result<PathBuf> {
        let file = folder.join("alone.toml");
        std::fs::write(
            &file,
            "mode = \"kiosk\"\nname = \"Seul\"\nlanguages = [\"fr\", \"en\"]\n[site]\nname = \"Agence\"\n[[queues]]\nid = 1\nprefix = \"A\"\nname = \"Accueil\"\n",
        )?;
        let profile = folder.join("alone");
        let mut command = Command::new(programs::path("smartqueue-station")?);
        command.arg("provision").arg("--profile").arg(&profile).arg("--from").arg(&file).args(["--printer", printer]);
        run(&mut command)?;
        Ok(profile)
    }

    /// A clerk asks for the next ticket; returns what the server answers, or nothing when nobody waits.
    pub async fn call_next(&self) -> Result<Option<Value>> {
        let tenant = self.seed["tenant"].as_str().context("seed-demo named no tenant")?;
        let agent = self.seed["agents"][0].as_i64().context("seed-demo named no agent")?;
        let token = self.seed["agent_token"].as_str().context("seed-demo gave no token")?;
        let answer = reqwest::Client::new()
            .post(format!("{}/api/v1/tenants/{tenant}/agents/{agent}/call-next/", self.base_url))
            .bearer_auth(token)
            .send()
            .await?
            .error_for_status()?;
        if answer.status() == reqwest::StatusCode::NO_CONTENT {
            return Ok(None);
        }
        Ok(Some(answer.json().await?))
    }
}

/// A printer on a pseudo terminal. Dropping it switches it off.
pub struct Paper {
    selector: String,
    truth: PathBuf,
    _printer: Program,
}

impl Paper {
    /// Switches a printer on; its pseudo terminal and what fell into its tray stand in `folder`.
    pub fn load(folder: &Path) -> Result<Self> {
        let truth = folder.join("printer.jsonl");
        let mut printer = Program::start(&programs::path("smartqueue-printer")?, |command| {
            command.arg("--pty").arg(folder.join("printer")).arg("--log").arg(&truth);
        })?;
        let ready = printer.wait_for_line(|line| line.contains("\"ready\""), PATIENCE)?;
        let ready: Value = serde_json::from_str(&ready.text)?;
        let selector = ready["selector"].as_str().context("the printer named no selector")?.to_owned();
        Ok(Self { selector, truth, _printer: printer })
    }

    /// How a profile names it.
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// The slips in the tray, each with its lines, once there are at least so many.
    pub async fn wait_for_slips(&self, count: usize) -> Result<Vec<Value>> {
        let until = std::time::Instant::now() + PATIENCE;
        loop {
            let text = std::fs::read_to_string(&self.truth).unwrap_or_default();
            // The last line may be half written; it is whole at the next glance.
            let slips: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
            if slips.len() >= count {
                return Ok(slips);
            }
            if std::time::Instant::now() > until {
                bail!("{} of {count} slips were printed: {text}", slips.len());
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

/// Runs a program to its end and returns what it printed.
fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("running {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}
