//! Drives the real program through WebDriver: starts it on a display, finds what stands on its pages, touches it.
//!
//! It knows how to look and touch, not what should be there.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use smartqueue_tests::display::{Display, tool};
use smartqueue_tests::program::Program;
use smartqueue_tests::programs;
use thirtyfour::prelude::*;

/// How long anything on a page may take. Things happen in tens of milliseconds; a test machine that compiles beside it
/// has been seen to take seconds.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often a page is looked at.
const GLANCE: Duration = Duration::from_millis(25);

/// How long the program may take to start under its driver. It stands after half a second; more is waited than for anything
/// on its pages, because what comes behind it is a start from the beginning.
const START: Duration = Duration::from_secs(60);

/// How often a session is asked for.
const SESSIONS: u32 = 3;

/// What became of a driver's question for a session.
enum Session {
    Begun(Box<Driven>),
    /// Nobody answered; what the driver and the program said meanwhile.
    PassedOver(String),
}

/// The program, driven.
pub struct Driven {
    page: WebDriver,
    // Kept until the end: without it the session is gone.
    driver: Program,
}

impl Driven {
    /// Starts `smartqueue` with these arguments on `display`, with `home` as its user's home.
    ///
    /// The driver asks for its session once, when the program's inspector first answers. WebKit passes over the question
    /// without a word as long as automation is not allowed, and wry allows it a moment after it has made the context that the
    /// inspector belongs to (`RemoteInspector` of WebKit, `webkitgtk/web_context.rs` of wry). A driver that came in that moment
    /// waits for ever. The program is well then, its window stands, and both are started once more.
    pub async fn start(display: &Display, home: &Path, arguments: &[&str]) -> Result<Self> {
        for _ in 1..SESSIONS {
            match Self::ask_for_session(display, home, arguments).await? {
                Session::Begun(driven) => return Ok(*driven),
                Session::PassedOver(said) => {
                    ensure!(said.contains("window opened"), "no session and no window; they said:\n{said}");
                    writeln!(std::io::stdout().lock(), "the program passed over its driver, which said:\n{said}")?;
                }
            }
        }
        match Self::ask_for_session(display, home, arguments).await? {
            Session::Begun(driven) => Ok(*driven),
            Session::PassedOver(said) => bail!("{SESSIONS} times no session; the last time they said:\n{said}"),
        }
    }

    async fn ask_for_session(display: &Display, home: &Path, arguments: &[&str]) -> Result<Session> {
        let (port, native_port) = free_ports()?;
        let mut driver = Program::start(&tool("tauri-driver")?, |command| {
            command
                .args(["--port", &port.to_string(), "--native-port", &native_port.to_string()])
                .env("DISPLAY", display.name())
                .env("HOME", home)
                .env_remove("XDG_DATA_HOME")
                .env_remove("WAYLAND_DISPLAY");
        })?;
        wait_for_port(port).await?;
        let mut capabilities = Capabilities::new();
        capabilities.set("browserName", "wry")?;
        let program = programs::path("smartqueue")?;
        capabilities.set("tauri:options", json!({ "application": program, "args": arguments }))?;
        let address = format!("http://127.0.0.1:{port}");
        match tokio::time::timeout(START, WebDriver::new(address, capabilities)).await {
            Ok(Ok(page)) => Ok(Session::Begun(Box::new(Self { page, driver }))),
            Ok(Err(error)) => {
                let said = driver.said_until_now();
                Err(error).with_context(|| format!("starting the program under WebDriver; they said:\n{said}"))
            }
            Err(_) => Ok(Session::PassedOver(driver.said_until_now())),
        }
    }

    /// Waits for an element, by its CSS selector.
    pub async fn find(&self, selector: &str) -> Result<WebElement> {
        self.page
            .query(By::Css(selector))
            .wait(PATIENCE, GLANCE)
            .first()
            .await
            .with_context(|| format!("nothing on the page is `{selector}`"))
    }

    /// The text of the first element that matches, once it has one that `wanted` accepts.
    pub async fn wait_for_text(&self, selector: &str, wanted: impl Fn(&str) -> bool) -> Result<String> {
        let until = Instant::now() + PATIENCE;
        let mut seen = None;
        loop {
            // The page may replace the element between the two steps; the next glance sees the new one.
            if let Ok(element) = self.page.find(By::Css(selector)).await
                && let Ok(text) = element.text().await
            {
                if wanted(&text) {
                    return Ok(text);
                }
                seen = Some(text);
            }
            if Instant::now() > until {
                bail!("`{selector}` never read as expected; last seen: {seen:?}");
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// What a script on the page returns.
    pub async fn ask(&self, script: &str) -> Result<serde_json::Value> {
        Ok(self
            .page
            .execute(script, vec![])
            .await
            .with_context(|| format!("asking the page: {script}"))?
            .json()
            .clone())
    }

    /// The address of the page.
    pub async fn address(&self) -> Result<String> {
        Ok(self.page.current_url().await?.to_string())
    }

    /// Ends the program and the driver.
    pub async fn end(self) -> Result<()> {
        self.page.quit().await.context("ending the session")?;
        drop(self.driver);
        Ok(())
    }
}

/// Two ports that were free a moment ago. Both are held until both are known, so that they differ.
fn free_ports() -> Result<(u16, u16)> {
    let held = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    Ok((held.0.local_addr()?.port(), held.1.local_addr()?.port()))
}

/// A port that was free a moment ago.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Waits until somebody listens.
pub async fn wait_for_port(port: u16) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if Instant::now() > until {
            bail!("nobody listens on port {port}");
        }
        tokio::time::sleep(GLANCE).await;
    }
    Ok(())
}
