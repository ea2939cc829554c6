//! What is open on this machine: the faces with a running station, or the setup with none.
//!
//! The two never stand together: the setup tries the very printer and speaker the station holds, and it rewrites the
//! profile the station was started from. Nothing here draws or decides about tickets.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tauri::{AppHandle, Manager as _, Runtime};

use crate::arguments::Mode;
use crate::face::{choose_mode, faces_of};
use crate::host::Host;
use crate::placement::Screen;
use crate::profile::Profile;
use crate::windows;

/// The profile's folder and how this run shows it.
pub struct Lobby {
    folder: PathBuf,
    windowed: bool,
    /// Looked at each time, because a television may be switched on late.
    find_screens: Box<dyn Fn() -> Vec<Screen> + Send + Sync>,
}

impl Lobby {
    /// Of the profile in `folder`.
    pub fn new(
        folder: PathBuf,
        windowed: bool,
        find_screens: impl Fn() -> Vec<Screen> + Send + Sync + 'static,
    ) -> Self {
        Self { folder, windowed, find_screens: Box::new(find_screens) }
    }

    /// The profile's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether this run opens ordinary windows.
    pub const fn windowed(&self) -> bool {
        self.windowed
    }

    /// Opens what was asked for, or what the profile says, or the setup where there is no profile.
    pub fn open<R: Runtime>(&self, app: &AppHandle<R>, asked: Option<Mode>) -> Result<()> {
        let profile = Profile::read(&self.folder);
        let mode = choose_mode(asked, profile.as_ref().map(|profile| profile.mode));
        // The windows first: a page takes its time to appear, and the station starts meanwhile.
        self.show(app, mode)?;
        match (mode, profile) {
            (Mode::Setup, _) | (_, None) => Ok(()),
            (Mode::Kiosk | Mode::Board | Mode::All, Some(profile)) => {
                app.state::<Host>().start(&self.folder, &profile).context("starting the station's thread")
            }
        }
    }

    /// Replaces the faces by the setup.
    pub fn open_setup<R: Runtime>(&self, app: &AppHandle<R>) -> Result<()> {
        self.show(app, Mode::Setup)?;
        app.state::<Host>().stop();
        Ok(())
    }

    /// Replaces the setup by the faces of the profile that was saved.
    pub fn leave_setup<R: Runtime>(&self, app: &AppHandle<R>) -> Result<()> {
        self.open(app, None)
    }

    /// Leaves the setup without saving. Where there is no profile there is nothing to go back to.
    pub fn close_setup<R: Runtime>(&self, app: &AppHandle<R>) -> Result<()> {
        if Profile::read(&self.folder).is_none() {
            app.exit(0);
            return Ok(());
        }
        self.leave_setup(app)
    }

    fn show<R: Runtime>(&self, app: &AppHandle<R>, mode: Mode) -> Result<()> {
        windows::show(app, faces_of(mode), self.windowed, &(self.find_screens)())
    }
}
