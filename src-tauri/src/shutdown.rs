//! Ends the program in order when it is told to: the station's journal is closed before the process goes.
//!
//! It listens to SIGTERM, which a service manager sends, and to SIGINT, which a terminal sends.

use tauri::{AppHandle, Runtime};
use tracing::{info, warn};

/// Starts listening. Without signals the program still ends with its last window.
pub fn listen<R: Runtime>(app: AppHandle<R>) {
    tauri::async_runtime::spawn(async move {
        match wait().await {
            Ok(()) => {
                info!("told to end");
                app.exit(0);
            }
            Err(error) => warn!(%error, "signals cannot be heard"),
        }
    });
}

#[cfg(unix)]
async fn wait() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn wait() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
