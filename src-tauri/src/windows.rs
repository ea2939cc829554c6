//! Opens, replaces and closes the windows.
//!
//! Each window wears one face and can go nowhere else: its address is guarded, new windows and downloads are refused.
//! Where a window stands is decided by `placement.rs`; which ones are open is decided by whoever asks.

use anyhow::{Context as _, Result};
use tauri::utils::config::Color;
use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager as _, Runtime, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

use crate::clock;
use crate::face::Face;
use crate::placement::{Cover, Placement, Screen, place};
use crate::watch::Watch;

/// Makes a page an appliance and lets it beat.
const PAGE: &str = include_str!("page.js");

/// Read by `page.js`: on a screen that is touched or only looked at, a pointer is dirt.
const HIDE_POINTER: &str = "window.__SMARTQUEUE_HIDE_POINTER__ = true;\n";

/// What a window shows before its page draws: the ground of the light theme, so that nothing flashes.
const GROUND: Color = Color(0xf3, 0xf5, 0xf7, 255);

/// Opens exactly these faces, and closes the windows of all others. The new ones stand before the old ones go, since
/// the program ends with its last window.
pub fn show<R: Runtime>(app: &AppHandle<R>, faces: &[Face], windowed: bool, screens: &[Screen]) -> Result<()> {
    // The last one opened lies on top: where two faces share a screen, that is the first.
    for (order, face) in faces.iter().enumerate().rev() {
        if app.get_webview_window(face.label()).is_none() {
            open(app, *face, windowed, place(*face, windowed, order, screens))
                .with_context(|| format!("opening the window of the {}", face.label()))?;
        }
    }
    for face in Face::ALL.into_iter().filter(|face| !faces.contains(face)) {
        if let Some(window) = app.get_webview_window(face.label()) {
            app.state::<Watch>().closed(face);
            // Not `close`, which would ask whether the window may close.
            window.destroy().with_context(|| format!("closing the window of the {}", face.label()))?;
        }
    }
    Ok(())
}

fn open<R: Runtime>(app: &AppHandle<R>, face: Face, windowed: bool, placement: Placement) -> tauri::Result<()> {
    let Placement { corner, size: (width, height), cover } = placement;
    let hide_pointer = cover == Cover::Full;
    let script = format!("{}{PAGE}", if hide_pointer { HIDE_POINTER } else { "" });
    let mut builder = WebviewWindowBuilder::new(app, face.label(), WebviewUrl::App(face.address().into()))
        .title(face.title())
        .inner_size(width, height)
        .decorations(cover != Cover::Full)
        .maximized(cover == Cover::Maximised)
        .resizable(true)
        .background_color(GROUND)
        .initialization_script(script)
        .zoom_hotkeys_enabled(false)
        .disable_drag_drop_handler()
        .on_navigation(is_own_page)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        // No page of ours downloads anything: every request is refused.
        .on_download(|_, _| false);
    if let Some((left, top)) = corner {
        builder = builder.position(left, top);
    }
    app.state::<Watch>().opened(face, clock::monotonic());
    let window = builder.build()?;
    furnish(&window, face)?;
    if cover == Cover::Full {
        // Position and size are set already: without them a window manager fills the screen it likes, and without a
        // window manager this changes nothing.
        window.set_fullscreen(true)?;
    }
    tracing::info!(face = face.label(), windowed, ?placement, "window opened");
    Ok(())
}

#[cfg(target_os = "linux")]
fn furnish<R: Runtime>(window: &WebviewWindow<R>, face: Face) -> tauri::Result<()> {
    crate::linux::furnish(window, face)
}

/// The other systems' web views bring their pages back by themselves.
#[cfg(not(target_os = "linux"))]
fn furnish<R: Runtime>(_window: &WebviewWindow<R>, _face: Face) -> tauri::Result<()> {
    Ok(())
}

/// Whether an address belongs to the app itself. A page that could go elsewhere would take its rights along.
fn is_own_page(address: &Url) -> bool {
    match address.scheme() {
        "tauri" => address.host_str() == Some("localhost"),
        // Windows and Android know no schemes of one's own.
        "http" | "https" => address.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

/// The monitors, the primary one first.
pub fn screens<R: Runtime>(app: &AppHandle<R>) -> Vec<Screen> {
    let primary = app.primary_monitor().ok().flatten();
    let mut monitors = app.available_monitors().unwrap_or_default();
    if let Some(primary) = &primary {
        // A stable sort: the others keep the order in which the system lists them.
        monitors.sort_by_key(|monitor| monitor.position() != primary.position());
    }
    monitors
        .iter()
        .map(|monitor| Screen {
            x: monitor.position().x,
            y: monitor.position().y,
            width: monitor.size().width,
            height: monitor.size().height,
            scale: monitor.scale_factor(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_stays_on_its_own_pages() {
        for (address, own) in [
            ("tauri://localhost/index.html?face=kiosk", true),
            ("http://tauri.localhost/", true),
            ("tauri://elsewhere/", false),
            ("https://example.org/", false),
            ("http://localhost:5173/", false),
            ("file:///etc/passwd", false),
            ("data:text/html,x", false),
            ("about:blank", false),
        ] {
            assert_eq!(is_own_page(&address.parse().unwrap()), own, "{address}");
        }
    }
}
