//! The window: carries the faces, hands their commands to the station and the station's views to them.
//!
//! It decides nothing about queues and tickets, keeps nothing on disk, and speaks to no server, printer or speaker: all
//! that is the station's. The order at the start is the window first, then the station beside it, so that a lobby never
//! looks at an empty screen.

mod arguments;
mod clock;
mod face;
mod first_view;
mod host;
mod ipc;
#[cfg(target_os = "linux")]
mod linux;
mod lobby;
mod placement;
mod profile;
mod pulse;
mod shutdown;
mod watch;
mod windows;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};
use tauri::{App, AppHandle, Manager as _, RunEvent, Runtime, Window, WindowEvent};
use tracing::error;

pub use arguments::{Arguments, Mode};
use face::Face;
use host::Host;
use lobby::Lobby;
use placement::Screen;
use watch::Watch;

/// Opens the windows and stays until the last one is closed or the program is told to end.
///
/// It must be called before the program starts a thread: see `linux::choose_rendering`.
pub fn run(arguments: &Arguments) -> Result<()> {
    let started = clock::monotonic();
    #[cfg(target_os = "linux")]
    linux::choose_rendering();
    tracing_subscriber::fmt()
        .json()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .init();
    #[cfg(target_os = "linux")]
    linux::reach_screen()?;
    let app = assemble(tauri::Builder::default(), arguments, started, windows::screens)?;
    let handle = app.handle().clone();
    handle.state::<Lobby>().open(&handle, arguments.mode)?;
    watch::start(handle.clone()).context("watching the pages")?;
    shutdown::listen(handle);
    app.run(|app, event| {
        // Tauri's events are many and may grow; this is the only one that asks for something.
        if let RunEvent::Exit = event {
            app.state::<Host>().stop();
        }
    });
    Ok(())
}

/// The app with its state and its commands but without a window, on any runtime: the system's or the tests'. The
/// latter's has no monitors and no way to say so, hence `find_screens`.
fn assemble<R: Runtime>(
    builder: tauri::Builder<R>,
    arguments: &Arguments,
    started: Instant,
    find_screens: impl Fn(&AppHandle<R>) -> Vec<Screen> + Send + Sync + 'static,
) -> Result<App<R>> {
    let app = builder
        .manage(Watch::new(started))
        .invoke_handler(ipc::handler())
        .on_window_event(handle_window_event)
        .build(tauri::generate_context!())
        .context("the window system cannot be reached")?;
    let folder = match &arguments.profile {
        Some(folder) => folder.clone(),
        None => default_folder(&app).context("finding the user's data folder")?,
    };
    let handle = app.handle().clone();
    app.manage(Host::new(move |view| ipc::publish(&handle, view)));
    let handle = app.handle().clone();
    app.manage(Lobby::new(folder, arguments.windowed, move || find_screens(&handle)));
    Ok(app)
}

/// Whoever closes the setup of a machine that is in service wants the service back.
fn handle_window_event<R: Runtime>(window: &Window<R>, event: &WindowEvent) {
    if let WindowEvent::CloseRequested { api, .. } = event
        && Face::of_label(window.label()) == Some(Face::Setup)
    {
        api.prevent_close();
        let app = window.app_handle().clone();
        tauri::async_runtime::spawn_blocking(move || {
            if let Err(error) = app.state::<Lobby>().close_setup(&app) {
                error!(error = format!("{error:#}"), "the setup could not be left");
                app.exit(1);
            }
        });
    }
}

/// Where the profile lies when nobody says: beside nothing else, in the user's data folder.
fn default_folder<R: Runtime>(app: &App<R>) -> tauri::Result<PathBuf> {
    Ok(app.path().app_data_dir()?.join("profile"))
}
