//! The door between the windows and this program: every command a page may invoke, and the one event it hears.
//!
//! Commands of the lobby go down and return nothing; views come up whole, as the event `view`, to every window. The
//! setup's commands ask and answer, because they are tools. Nothing here decides anything: a command is handed to the
//! station, to its setup, or to the windows. Which window may invoke what stands in `capabilities/`.

use serde::Serialize;
use smartqueue_station::door::{Command, KioskScreen, View};
use smartqueue_station::pairing::{self, Mode, PairingStep};
use smartqueue_station::profile::load_profile;
use smartqueue_station::setup::{
    self, FoundPrinter, PrinterModel, PrinterTest, SaveOutcome, ServerCheck, SetupProfile, SoundTest,
};
use tauri::{AppHandle, Emitter as _, Manager as _, Runtime, State, WebviewWindow};
use tracing::{debug, error, info};

use crate::face::Face;
use crate::host::Host;
use crate::profile::Profile;
use crate::watch::Watch;
use crate::{Lobby, clock};

/// The event that carries a view to the pages.
pub const VIEW_EVENT: &str = "view";

/// The speaker of a machine whose profile names none.
const DEFAULT_SPEAKER: &str = "default:";

/// What a page needs to know before its first view.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Startup {
    /// The face of the window that asks.
    face: Face,
    /// Whether it is an ordinary window.
    windowed: bool,
    /// The screen's diagonal in millimetres; nothing without a profile.
    screen_diagonal_mm: Option<u32>,
    /// The distance of the farthest seat in metres; nothing without a profile.
    farthest_seat_m: Option<f64>,
}

/// Why a command did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum IpcError {
    /// The window wears no face.
    UnknownWindow,
    /// The setup opens from the kiosk's maintenance page only, behind the PIN.
    NotInMaintenance,
    /// The program could not do it; the cause is in the log.
    Internal,
}

/// Every command, as Tauri wants them. `build.rs` has the same list, for the capabilities.
pub fn handler<R: Runtime>() -> impl Fn(tauri::ipc::Invoke<R>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        alive,
        close_setup,
        current_view,
        open_setup,
        send,
        setup_ask_pairing,
        setup_check_server,
        setup_load,
        setup_poll_pairing,
        setup_printer_models,
        setup_printers,
        setup_save,
        setup_test_printer,
        setup_test_sound,
        startup,
    ]
}

/// Hands a view to every window. It waits for none of them.
pub fn publish<R: Runtime>(app: &AppHandle<R>, view: &View) {
    if let Err(error) = app.emit(VIEW_EVENT, view) {
        error!(%error, "a view could not be handed to the windows");
    }
}

/// A page beats; `drawn` says whether its face stands on the screen.
#[tauri::command]
fn alive<R: Runtime>(window: WebviewWindow<R>, watch: State<'_, Watch>, drawn: bool) {
    if let Some(face) = Face::of_label(window.label()) {
        watch.beat(face, drawn, clock::monotonic());
    }
}

/// Which face the asking window wears.
#[tauri::command]
fn startup<R: Runtime>(window: WebviewWindow<R>, lobby: State<'_, Lobby>) -> Result<Startup, IpcError> {
    let face = Face::of_label(window.label()).ok_or(IpcError::UnknownWindow)?;
    let profile = Profile::read(lobby.folder());
    Ok(Startup {
        face,
        windowed: lobby.windowed(),
        screen_diagonal_mm: profile.as_ref().map(|profile| profile.screen_diagonal_mm),
        farthest_seat_m: profile.as_ref().map(|profile| profile.farthest_seat_m),
    })
}

/// The newest view, for a page that has just been loaded.
#[tauri::command]
fn current_view(host: State<'_, Host>) -> View {
    View::clone(&host.current_view())
}

/// Hands a command to the station; what changes comes back as a view.
#[tauri::command]
fn send(host: State<'_, Host>, command: Command) {
    host.send(command);
}

/// Replaces the faces by the setup, from the kiosk's maintenance page.
#[tauri::command(async)]
fn open_setup<R: Runtime>(app: AppHandle<R>) -> Result<(), IpcError> {
    let view = app.state::<Host>().current_view();
    // The page behind the PIN is the station's own screen, so a page that was tampered with cannot claim to be there.
    if !view.kiosk.as_ref().is_some_and(|kiosk| matches!(kiosk.screen, KioskScreen::Maintenance)) {
        return Err(IpcError::NotInMaintenance);
    }
    app.state::<Lobby>().open_setup(&app).map_err(internal)
}

/// Leaves the setup without saving: back to the faces, or out of the program where there is no profile.
#[tauri::command(async)]
fn close_setup<R: Runtime>(app: AppHandle<R>) -> Result<(), IpcError> {
    app.state::<Lobby>().close_setup(&app).map_err(internal)
}

/// The profile as it is, or its defaults.
#[tauri::command]
async fn setup_load(lobby: State<'_, Lobby>) -> Result<SetupProfile, IpcError> {
    let folder = lobby.folder().to_owned();
    blocking(move || setup::load(&folder)).await
}

/// The printers found, with what is missing to use them.
#[tauri::command]
async fn setup_printers() -> Result<Vec<FoundPrinter>, IpcError> {
    blocking(setup::printers).await
}

/// The models of printers that can be chosen, the one for an unknown printer first.
#[tauri::command]
async fn setup_printer_models() -> Result<Vec<PrinterModel>, IpcError> {
    blocking(setup::printer_models).await
}

/// Prints a test slip as the model and on the paper that are chosen in the setup, in the language of the profile.
#[tauri::command]
async fn setup_test_printer(
    lobby: State<'_, Lobby>,
    selector: String,
    paper_width_mm: u32,
    printer_profile: String,
) -> Result<PrinterTest, IpcError> {
    let folder = lobby.folder().to_owned();
    blocking(move || setup::test_printer(&folder, &selector, paper_width_mm, &printer_profile)).await
}

/// Asks a server whether it knows this pairing token.
#[tauri::command]
async fn setup_check_server(server: String, pairing_token: String) -> Result<ServerCheck, IpcError> {
    blocking(move || setup::check_server(&server, &pairing_token)).await
}

/// Asks a server for a pairing code under the name and mode that are chosen in the setup, or goes on with the one that this
/// machine was given before.
#[tauri::command]
async fn setup_ask_pairing(
    lobby: State<'_, Lobby>,
    server: String,
    name: String,
    mode: Mode,
) -> Result<PairingStep, IpcError> {
    let folder = lobby.folder().to_owned();
    blocking(move || pairing::ask(&folder, &server, &name, mode)).await
}

/// Asks once what an administrator said to it.
#[tauri::command]
async fn setup_poll_pairing(lobby: State<'_, Lobby>) -> Result<PairingStep, IpcError> {
    let folder = lobby.folder().to_owned();
    blocking(move || pairing::poll(&folder)).await
}

/// Plays the test sound at the given volume (0 to 100), or at the profile's own.
#[tauri::command]
async fn setup_test_sound(lobby: State<'_, Lobby>, volume: Option<u8>) -> Result<SoundTest, IpcError> {
    let folder = lobby.folder().to_owned();
    blocking(move || {
        let known = setup::load(&folder);
        // The setup does not ask for the device, but a provisioned machine may have one of its own.
        let device = load_profile(&folder).map_or_else(|_| DEFAULT_SPEAKER.to_owned(), |profile| profile.sound.device);
        setup::test_sound(&device, volume.unwrap_or(known.volume))
    })
    .await
}

/// Writes the profile, and if that succeeded replaces the setup by the faces it wants.
#[tauri::command]
async fn setup_save<R: Runtime>(
    app: AppHandle<R>,
    lobby: State<'_, Lobby>,
    profile: SetupProfile,
) -> Result<SaveOutcome, IpcError> {
    let folder = lobby.folder().to_owned();
    let reply = blocking(move || setup::save(&folder, &profile)).await?;
    if reply.saved {
        info!("profile saved");
        // On another task, so that the page still hears the answer before its window goes.
        tauri::async_runtime::spawn_blocking(move || {
            if let Err(error) = app.state::<Lobby>().leave_setup(&app) {
                error!(error = format!("{error:#}"), "the faces could not be opened");
            }
        });
    } else {
        debug!(code = ?reply.code, "profile not saved");
    }
    Ok(reply)
}

/// The setup's tools wait for printers and servers, and the windows' thread must not.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, IpcError> {
    tauri::async_runtime::spawn_blocking(work).await.map_err(internal)
}

fn internal(error: impl std::fmt::Debug) -> IpcError {
    error!(?error, "a command failed");
    IpcError::Internal
}

#[cfg(test)]
mod tests;
