//! What the app itself must know of a profile before any station runs: whether there is one, and which faces it wants.
//!
//! Everything else in a profile is the station's business. Nothing here writes.

use std::path::Path;

use crate::standin::door::{Language, Mode as ViewMode};
use crate::standin::setup;

use crate::arguments::Mode;

/// The part of a profile that decides what a window shows before the station speaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The faces of this machine.
    pub mode: Mode,
    /// The site's language.
    pub language: Language,
    /// The station's name.
    pub name: String,
    /// The screen's diagonal, millimetres.
    pub screen_diagonal_mm: u32,
    /// The distance of the farthest seat, metres.
    pub farthest_seat_m: f64,
}

impl Profile {
    /// The profile in `folder`; nothing where there is none.
    pub fn read(folder: &Path) -> Option<Self> {
        if !folder.join("profile.toml").exists() {
            return None;
        }
        let setup::SetupProfile { language, mode, name, screen_diagonal_mm, farthest_seat_m, .. } = setup::load(folder);
        let mode = match mode {
            ViewMode::Kiosk => Mode::Kiosk,
            ViewMode::Board => Mode::Board,
            ViewMode::All => Mode::All,
        };
        Some(Self { mode, language, name, screen_diagonal_mm, farthest_seat_m })
    }
}
