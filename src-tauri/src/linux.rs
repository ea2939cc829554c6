//! What only Linux needs: the rendering path chosen before anything draws, and a WebKitGTK view made fit for a lobby.
//!
//! It decides nothing about when a page is ill, and knows no face but by its label.

use std::path::Path;

use anyhow::{Context as _, Result};
use tauri::{AppHandle, Manager as _, Runtime, WebviewWindow};
use tracing::{error, warn};
use webkit2gtk::{CacheModel, SettingsExt as _, WebContextExt as _, WebViewExt, glib};

use crate::clock;
use crate::face::Face;
use crate::watch::Watch;

/// Makes WebKitGTK copy its frames where nothing but the processor can draw them.
///
/// Measured under Xvfb: 59 MiB less for one window and 188 MiB less for two, and a worst frame of 18 ms instead of 86.
/// With a graphics processor the default is better, so it is kept.
pub const COPY_FRAMES: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Chooses how WebKitGTK draws. WebKitGTK reads this from the environment only, so it must be the first thing the
/// program does: with a second thread running, a change of the environment could tear what that thread reads.
pub fn choose_rendering() {
    if std::env::var_os(COPY_FRAMES).is_some() || has_graphics_processor(Path::new("/dev/dri")) {
        return;
    }
    if let Err(error) = glib::setenv(COPY_FRAMES, "1", false) {
        // Without it the window is larger and less smooth, and works.
        warn!(%error, "the rendering path could not be chosen");
    }
}

/// Connects to the display. Tauri would do it too, and panic where there is none.
pub fn reach_screen() -> Result<()> {
    gtk::init().context("there is no screen to open a window on (are DISPLAY and WAYLAND_DISPLAY set?)")
}

/// Whether the kernel offers a device that renders. Drivers that only show pictures have a card and no such device.
fn has_graphics_processor(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|entries| {
        entries.filter_map(Result::ok).any(|entry| entry.file_name().to_string_lossy().starts_with("renderD"))
    })
}

/// Makes the window's view an appliance: no menu, no zoom, no gesture that moves the page, and a page that comes back
/// when its process dies.
pub fn furnish<R: Runtime>(window: &WebviewWindow<R>, face: Face) -> tauri::Result<()> {
    let app = window.app_handle().clone();
    window.with_webview(move |platform| {
        let view = platform.inner();
        view.connect_context_menu(|_, _, _, _| true);
        if let Some(settings) = WebViewExt::settings(&view) {
            settings.set_enable_back_forward_navigation_gestures(false);
            settings.set_enable_page_cache(false);
        }
        if let Some(context) = view.context() {
            // Every page is loaded once and never left: a cache of visited pages is memory for nothing.
            context.set_cache_model(CacheModel::DocumentViewer);
        }
        for key in ["wk-view-zoom-gesture", "wk-view-long-press-gesture"] {
            if !silence_gesture(&view, key) {
                warn!(key, "this WebKitGTK keeps its gestures elsewhere: two fingers may zoom");
            }
        }
        view.connect_web_process_terminated(move |view, reason| {
            error!(face = face.label(), ?reason, "the page's process ended");
            load_again(&app, face, view);
        });
    })
}

/// Loads the page again, at once or, after several deaths in a row, a little later.
fn load_again<R: Runtime>(app: &AppHandle<R>, face: Face, view: &webkit2gtk::WebView) {
    let Some(wait) = app.state::<Watch>().plan_load(face, clock::monotonic()) else { return };
    if wait.is_zero() {
        view.reload();
        return;
    }
    let view = glib::object::ObjectExt::downgrade(view);
    glib::timeout_add_local_once(wait, move || {
        // The window may have been closed in between.
        if let Some(view) = view.upgrade() {
            view.reload();
        }
    });
}

/// Takes the handlers off one of the gestures that WebKitGTK attaches to its views. They are handled before the page
/// sees a touch, so a page cannot refuse them. Returns whether the gesture was found.
#[expect(unsafe_code, reason = "WebKitGTK offers no call for this, and GTK 3 lists no controllers of a widget")]
fn silence_gesture(view: &webkit2gtk::WebView, key: &str) -> bool {
    use glib::object::ObjectExt as _;
    use glib::translate::FromGlibPtrNone as _;

    // SAFETY: under these keys WebKitGTK stores a pointer to the GtkGesture that it created for this view, or nothing;
    // no one else writes them. The pointer is read on the thread that owns the view, and the reference taken keeps the
    // gesture while its handlers are removed. Removing handlers of a living object is allowed at any time.
    unsafe {
        let Some(pointer) = view.data::<gtk::ffi::GtkGesture>(key) else { return false };
        let gesture = gtk::Gesture::from_glib_none(pointer.as_ptr());
        glib::gobject_ffi::g_signal_handlers_destroy(
            glib::translate::ToGlibPtr::<*mut gtk::ffi::GtkGesture>::to_glib_none(&gesture).0.cast(),
        );
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_without_a_render_device_draws_in_software() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_graphics_processor(&folder.path().join("missing")));
        std::fs::write(folder.path().join("card0"), "").unwrap();
        assert!(!has_graphics_processor(folder.path()));
        std::fs::write(folder.path().join("renderD128"), "").unwrap();
        assert!(has_graphics_processor(folder.path()));
    }
}
