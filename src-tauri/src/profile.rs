//! What the app itself must know of a profile before any station runs: whether there is one, and which faces it wants.
//!
//! Everything else in a profile is the station's business. Nothing here writes.

use std::path::Path;

use smartqueue_station::door::LanguageCode;
use smartqueue_station::profile::profile_path;
use smartqueue_station::setup;

use crate::arguments::Mode;

/// The part of a profile that decides what a window shows before the station speaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The faces of this machine.
    pub mode: Mode,
    /// The site's language.
    pub language: LanguageCode,
    /// The station's name.
    pub name: String,
    /// The screen's diagonal, millimetres.
    pub screen_diagonal_mm: u32,
    /// The distance of the farthest seat, metres.
    pub farthest_seat_m: f64,
}

impl Profile {
    /// The profile in `folder`; nothing where there is none. One that is there and does not read is still one: its machine
    /// belongs to a lobby, and the station will say what is wrong with it.
    pub fn read(folder: &Path) -> Option<Self> {
        if !profile_path(folder).exists() {
            return None;
        }
        let profile = setup::load(folder);
        let mode = match (profile.mode.issues(), profile.mode.shows_calls()) {
            (true, true) => Mode::All,
            (false, true) => Mode::Board,
            (_, false) => Mode::Kiosk,
        };
        Some(Self {
            mode,
            language: profile.language,
            name: profile.name,
            screen_diagonal_mm: profile.screen_diagonal_mm,
            farthest_seat_m: profile.farthest_seat_m,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode_of(text: &str) -> Option<Mode> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(profile_path(folder.path()), text).unwrap();
        Profile::read(folder.path()).map(|profile| profile.mode)
    }

    #[test]
    fn the_mode_is_the_profiles() {
        assert_eq!(mode_of("mode = \"kiosk\""), Some(Mode::Kiosk));
        assert_eq!(mode_of("mode = \"board\""), Some(Mode::Board));
        assert_eq!(mode_of("mode = \"all\""), Some(Mode::All));
    }

    #[test]
    fn a_damaged_profile_is_not_a_missing_one() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(Profile::read(empty.path()), None);
        // The setup must not open for whoever stands in the lobby because a disk lost a block.
        assert_eq!(mode_of("mode = 3"), Some(Mode::Kiosk));
    }
}
