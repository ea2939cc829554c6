//! The faces a window can wear, and which of them a run opens.
//!
//! A face's name is its window's label, the `face` in its address and the word in its capability file: one word, one
//! place. Nothing here opens a window.

use serde::Serialize;

use crate::arguments::Mode;

/// What a window shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    /// The ticket kiosk.
    Kiosk,
    /// The waiting-room board.
    Board,
    /// The setup.
    Setup,
}

impl Face {
    /// Every face.
    pub const ALL: [Self; 3] = [Self::Kiosk, Self::Board, Self::Setup];

    /// Its window's label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Kiosk => "kiosk",
            Self::Board => "board",
            Self::Setup => "setup",
        }
    }

    /// The face of the window with this label.
    pub fn of_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|face| face.label() == label)
    }

    /// Its window's title. The window manager and tests know windows by it; customers never see it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Kiosk => "SmartQueue kiosk",
            Self::Board => "SmartQueue board",
            Self::Setup => "SmartQueue setup",
        }
    }

    /// Its address among the app's own pages.
    pub fn address(self) -> String {
        format!("index.html?face={}", self.label())
    }
}

/// The faces that a mode opens, the one on the first screen first.
pub const fn faces_of(mode: Mode) -> &'static [Face] {
    match mode {
        Mode::Kiosk => &[Face::Kiosk],
        Mode::Board => &[Face::Board],
        Mode::Setup => &[Face::Setup],
        Mode::All => &[Face::Kiosk, Face::Board],
    }
}

/// What this run opens. Without a profile no station can run, whatever was asked for, and only the setup can make one.
pub fn choose_mode(asked: Option<Mode>, in_profile: Option<Mode>) -> Mode {
    match (asked, in_profile) {
        (Some(Mode::Setup), _) | (_, None) => Mode::Setup,
        (Some(asked), Some(_)) => asked,
        (None, Some(in_profile)) => in_profile,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_lead_back() {
        for face in Face::ALL {
            assert_eq!(Face::of_label(face.label()), Some(face));
            assert_eq!(serde_json::to_value(face).unwrap(), face.label());
        }
        assert_eq!(Face::of_label("office"), None);
    }

    #[test]
    fn the_profile_decides_unless_something_was_asked_for() {
        assert_eq!(choose_mode(None, Some(Mode::Board)), Mode::Board);
        assert_eq!(choose_mode(Some(Mode::Kiosk), Some(Mode::All)), Mode::Kiosk);
        assert_eq!(choose_mode(Some(Mode::Setup), Some(Mode::Kiosk)), Mode::Setup);
    }

    #[test]
    fn without_a_profile_only_the_setup_opens() {
        for asked in [None, Some(Mode::Kiosk), Some(Mode::Board), Some(Mode::All), Some(Mode::Setup)] {
            assert_eq!(choose_mode(asked, None), Mode::Setup);
        }
    }
}
