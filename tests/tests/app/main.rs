//! The real program, on a display that is not there: what a visitor, an installer and an operator see of it.
//!
//! Nothing is faked but the paper and the finger. Each story opens its own display; they run one after the other, since a
//! machine of two cores that draws four windows at once measures its own patience.

mod driver;
mod lobby;

use std::cell::Cell;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use smartqueue_tests::display::{self, Display};
use smartqueue_tests::program::Program;
use smartqueue_tests::programs;
use tokio::sync::{Mutex, MutexGuard};

use driver::{Driven, PATIENCE};
use lobby::{Lobby, Paper};

/// How long the program may take to end in order.
const FAREWELL: Duration = Duration::from_secs(10);

/// One story at a time.
static STAGE: Mutex<()> = Mutex::const_new(());

/// Waits for the stage. Nothing when a tool is missing, which is said aloud and is a failure wherever `CI` is set: there
/// `cargo xtask test` has installed everything.
async fn stage() -> Result<Option<MutexGuard<'static, ()>>> {
    let missing = display::missing(&[
        ("tauri-driver", "cargo install --locked tauri-driver --version ^2"),
        ("WebKitWebDriver", "webkit2gtk-driver"),
    ]);
    // The HTTP client of the workspace leaves the choice of cryptography to the program. A second story finds it made.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if missing.is_empty() {
        return Ok(Some(STAGE.lock().await));
    }
    let list = missing.join(", ");
    anyhow::ensure!(std::env::var_os("CI").is_none(), "missing: {list}");
    writeln!(std::io::stdout().lock(), "SKIPPED: {list} missing; `cargo xtask setup` installs it")?;
    Ok(None)
}

/// Starts the program without a driver, with what it logs in reach.
fn start(display: &Display, home: &Path, arguments: &[&str]) -> Result<Program> {
    Program::start(&programs::path("smartqueue")?, |command| {
        command
            .args(arguments)
            .env("DISPLAY", display.name())
            .env("HOME", home)
            .env_remove("XDG_DATA_HOME")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("RUST_LOG");
    })
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a folder without an odd name")
}

/// Waits until the program says that the page of this face stands on the screen.
fn wait_for_paint(app: &mut Program, face: &str) -> Result<()> {
    let face = format!("\"face\":\"{face}\"");
    app.wait_for_line(|line| line.contains("first paint") && line.contains(&face), PATIENCE)?;
    Ok(())
}

/// The process that draws the pages of this program.
fn page_process(app: &Program) -> Result<Pid> {
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", app.pid()))?;
    for child in children.split_whitespace() {
        let name = std::fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
        // The kernel cuts names off at fifteen letters.
        if name.starts_with("WebKitWebProc") {
            return Pid::from_raw(child.parse()?).context("a process number");
        }
    }
    anyhow::bail!("no page process among the children of {}: {children}", app.pid())
}

#[tokio::test]
async fn without_a_profile_the_setup_opens() -> Result<()> {
    let Some(_stage) = stage().await? else { return Ok(()) };
    let home = tempfile::tempdir()?;
    let display = Display::open(1280, 800)?;
    let app = Driven::start(&display, home.path(), &[]).await?;
    assert!(app.address().await?.ends_with("?face=setup"), "{}", app.address().await?);
    // The first step is the language, and French is written in French.
    app.wait_for_text("body", |text| text.contains("Français") && text.contains("English")).await?;
    app.end().await
}

#[tokio::test]
async fn a_touch_gives_a_number_and_a_slip() -> Result<()> {
    let Some(_stage) = stage().await? else { return Ok(()) };
    let home = tempfile::tempdir()?;
    let lobby = Lobby::open().await?;
    let paper = Paper::load(home.path())?;
    let profile = lobby.provision("kiosk", Some(paper.selector()))?;
    let display = Display::open(1080, 1920)?;
    let app = Driven::start(&display, home.path(), &["--profile", text(&profile)?]).await?;
    assert_eq!(app.ask("return [innerWidth, innerHeight]").await?, serde_json::json!([1080, 1920]));
    app.find("[data-screen=home] .tile").await?.click().await?;
    let number = app.wait_for_text("[data-screen=result] .number", |text| !text.is_empty()).await?;
    assert_eq!(number, "A001");
    let slips = paper.wait_for_slips(1).await?;
    assert_eq!(slips.len(), 1, "one touch, one slip");
    assert!(slips[0]["lines"].to_string().contains("A001"), "{}", slips[0]);
    app.end().await
}

#[tokio::test]
async fn a_call_on_the_server_appears_on_the_board() -> Result<()> {
    let Some(_stage) = stage().await? else { return Ok(()) };
    let home = tempfile::tempdir()?;
    let lobby = Lobby::open().await?;
    let paper = Paper::load(home.path())?;
    let kiosk_profile = lobby.provision("kiosk", Some(paper.selector()))?;
    let board_profile = lobby.provision("board", None)?;
    let upright = Display::open(1080, 1920)?;
    let wide = Display::open(1920, 1080)?;
    let board = Driven::start(&wide, home.path(), &["--profile", text(&board_profile)?]).await?;
    let kiosk = Driven::start(&upright, home.path(), &["--profile", text(&kiosk_profile)?]).await?;
    assert_eq!(board.ask("return [innerWidth, innerHeight]").await?, serde_json::json!([1920, 1080]));
    kiosk.find("[data-screen=home] .tile").await?.click().await?;
    let number = kiosk.wait_for_text("[data-screen=result] .number", |text| !text.is_empty()).await?;
    // The kiosk's number reaches the server a moment after the visitor has it.
    let until = std::time::Instant::now() + PATIENCE;
    let called = loop {
        if let Some(ticket) = lobby.call_next().await? {
            break ticket;
        }
        anyhow::ensure!(std::time::Instant::now() < until, "the ticket never reached the server");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(called["number"], serde_json::json!(number));
    board.wait_for_text(".calling .number", |text| text == number).await?;
    kiosk.end().await?;
    board.end().await
}

#[tokio::test]
async fn a_page_that_dies_or_hangs_comes_back() -> Result<()> {
    let Some(_stage) = stage().await? else { return Ok(()) };
    let home = tempfile::tempdir()?;
    let display = Display::open(1080, 1920)?;
    let profile = Lobby::provision_alone(home.path(), "virtual:")?;
    let mut app = start(&display, home.path(), &["--profile", text(&profile)?])?;
    wait_for_paint(&mut app, "kiosk")?;

    kill_process(page_process(&app)?, Signal::KILL)?;
    app.wait_for_line(|line| line.contains("the page's process ended"), PATIENCE)?;
    wait_for_paint(&mut app, "kiosk")?;

    // A stopped process looks like one that computes for ever.
    kill_process(page_process(&app)?, Signal::STOP)?;
    app.wait_for_line(|line| line.contains("the page is ill") && line.contains("Silent"), PATIENCE * 2)?;
    wait_for_paint(&mut app, "kiosk")?;
    app.end(FAREWELL)?;
    Ok(())
}

#[tokio::test]
async fn a_journal_held_by_somebody_else_shows_a_safe_screen_until_it_is_free() -> Result<()> {
    let Some(_stage) = stage().await? else { return Ok(()) };
    let home = tempfile::tempdir()?;
    let display = Display::open(1080, 1920)?;
    let profile = Lobby::provision_alone(home.path(), "virtual:")?;
    let mut first = start(&display, home.path(), &["--profile", text(&profile)?, "--windowed"])?;
    first.wait_for_line(|line| line.contains("station started"), PATIENCE)?;

    let second = Driven::start(&display, home.path(), &["--profile", text(&profile)?]).await?;
    second.find("[data-screen=closed]").await?;
    first.end(FAREWELL)?;
    // Tried again without a hand.
    second.find("[data-screen=home] .tile").await?;
    second.end().await
}

#[tokio::test]
async fn a_damaged_profile_shows_a_safe_screen() -> Result<()> {
    let Some(_stage) = stage().await? else { return Ok(()) };
    let home = tempfile::tempdir()?;
    let display = Display::open(1080, 1920)?;
    let profile = home.path().join("profile");
    std::fs::create_dir_all(&profile)?;
    std::fs::write(profile.join("profile.toml"), "mode = 3")?;
    let app = Driven::start(&display, home.path(), &["--profile", text(&profile)?]).await?;
    app.find("[data-screen=closed]").await?;
    app.end().await
}

#[tokio::test]
async fn told_to_end_it_closes_the_journal_first() -> Result<()> {
    let Some(_stage) = stage().await? else { return Ok(()) };
    let home = tempfile::tempdir()?;
    let display = Display::open(1080, 1920)?;
    let profile = Lobby::provision_alone(home.path(), "virtual:")?;
    let mut app = start(&display, home.path(), &["--profile", text(&profile)?])?;
    // The signal goes to the whole group, as a service manager sends it. While WebKit is still starting its page's process
    // it takes the death of that process for a crash and aborts by itself, so the page has to stand first.
    let (started, painted) = (Cell::new(false), Cell::new(false));
    let stands = |line: &str| {
        started.set(started.get() || line.contains("station started"));
        painted.set(painted.get() || line.contains("first paint"));
        started.get() && painted.get()
    };
    app.wait_for_line(stands, PATIENCE)?;
    let (status, said) = app.end(FAREWELL)?;
    assert!(status.success(), "{status}: {said:?}");
    assert!(said.iter().any(|line| line.contains("station stopped")), "{said:?}");
    Ok(())
}

#[tokio::test]
async fn one_machine_may_wear_two_faces() -> Result<()> {
    let Some(_stage) = stage().await? else { return Ok(()) };
    let home = tempfile::tempdir()?;
    let display = Display::open(1080, 1920)?;
    let profile = Lobby::provision_alone(home.path(), "virtual:")?;
    let mut app = start(&display, home.path(), &["--profile", text(&profile)?, "--mode", "all", "--windowed"])?;
    let mut faces = vec![];
    for _ in 0..2 {
        let line = app.wait_for_line(|line| line.contains("first paint"), PATIENCE)?;
        let line: serde_json::Value = serde_json::from_str(&line.text)?;
        faces.push(line["fields"]["face"].as_str().unwrap_or_default().to_owned());
    }
    faces.sort();
    assert_eq!(faces, ["board", "kiosk"]);
    app.end(FAREWELL)?;
    Ok(())
}

#[tokio::test]
async fn bad_usage_and_a_missing_screen_each_have_their_exit_code() -> Result<()> {
    let Some(_stage) = stage().await? else { return Ok(()) };
    let program = programs::path("smartqueue")?;
    let usage = std::process::Command::new(&program).args(["--mode", "till"]).output()?;
    assert_eq!(usage.status.code(), Some(2));
    assert!(usage.stdout.is_empty());

    let screenless =
        std::process::Command::new(&program).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").output()?;
    assert_eq!(screenless.status.code(), Some(1));
    let said = String::from_utf8(screenless.stderr)?;
    assert!(said.starts_with("smartqueue: there is no screen"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    Ok(())
}
