//! Where a window stands and how large it is: arithmetic over monitors. It opens nothing and asks no one.
//!
//! A screen is in physical pixels, a placement in logical ones, as each side of Tauri has them.

use crate::face::Face;

/// A monitor's rectangle and scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Screen {
    /// Left edge.
    pub x: i32,
    /// Upper edge.
    pub y: i32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
    /// Physical pixels to a logical one.
    pub scale: f64,
}

/// How a window covers its screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    /// All of it, without a frame.
    Full,
    /// All of it, with a frame: whoever sets a machine up may want to leave again.
    Maximised,
    /// A part, with a frame.
    Part,
}

/// Where one window goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// The upper left corner; nothing when the window manager chooses.
    pub corner: Option<(f64, f64)>,
    /// Width and height.
    pub size: (f64, f64),
    /// How it covers the screen.
    pub cover: Cover,
}

/// The share of a screen that a framed window fills at most: there must be room for its title and the desktop's bars.
const LARGEST_SHARE: f64 = 0.9;

/// How far framed windows stand from the screen's edges.
const MARGIN: f64 = 24.0;

/// Where the window of `face` goes. `order` counts the windows opened together, from zero.
///
/// The first window takes the first screen and the second one the second screen, or the first one as well where there
/// is no other.
pub fn place(face: Face, windowed: bool, order: usize, screens: &[Screen]) -> Placement {
    let cover = match (face, windowed) {
        (_, true) => Cover::Part,
        (Face::Kiosk | Face::Board, false) => Cover::Full,
        (Face::Setup, false) => Cover::Maximised,
    };
    let Some(screen) = screens.get(order).or_else(|| screens.first()) else {
        return Placement { corner: None, size: preferred(face), cover };
    };
    let left = f64::from(screen.x) / screen.scale;
    let top = f64::from(screen.y) / screen.scale;
    let width = f64::from(screen.width) / screen.scale;
    let height = f64::from(screen.height) / screen.scale;
    match cover {
        Cover::Full | Cover::Maximised => Placement { corner: Some((left, top)), size: (width, height), cover },
        Cover::Part => {
            let (wanted_width, wanted_height) = preferred(face);
            let room = f64::min(width * LARGEST_SHARE / wanted_width, height * LARGEST_SHARE / wanted_height);
            let factor = room.min(1.0);
            let size = ((wanted_width * factor).floor(), (wanted_height * factor).floor());
            // Opposite edges, so that a kiosk and a board that share a desk are both seen, even from two processes.
            let corner = match face {
                Face::Kiosk => left + MARGIN,
                Face::Board | Face::Setup => left + width - MARGIN - size.0,
            };
            Placement { corner: Some((corner, top + MARGIN)), size, cover }
        }
    }
}

/// The size a framed window would like, in logical pixels: a kiosk stands upright, a TV and a desk lie down.
const fn preferred(face: Face) -> (f64, f64) {
    match face {
        Face::Kiosk => (1080.0, 1920.0),
        Face::Board | Face::Setup => (1280.0, 720.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPRIGHT: Screen = Screen { x: 0, y: 0, width: 1080, height: 1920, scale: 1.0 };
    const WIDE: Screen = Screen { x: 1080, y: 0, width: 3840, height: 2160, scale: 2.0 };

    #[test]
    fn a_kiosk_and_a_board_fill_a_screen_each() {
        let kiosk = place(Face::Kiosk, false, 0, &[UPRIGHT, WIDE]);
        assert_eq!(kiosk, Placement { corner: Some((0.0, 0.0)), size: (1080.0, 1920.0), cover: Cover::Full });
        let board = place(Face::Board, false, 1, &[UPRIGHT, WIDE]);
        assert_eq!(board, Placement { corner: Some((540.0, 0.0)), size: (1920.0, 1080.0), cover: Cover::Full });
    }

    #[test]
    fn with_one_screen_both_take_it() {
        assert_eq!(place(Face::Board, false, 1, &[UPRIGHT]).size, (1080.0, 1920.0));
    }

    #[test]
    fn framed_windows_fit_their_screen_and_keep_their_shape() {
        let laptop = Screen { x: 0, y: 0, width: 1366, height: 768, scale: 1.0 };
        for face in Face::ALL {
            let Placement { size: (width, height), corner, cover } = place(face, true, 0, &[laptop]);
            assert_eq!(cover, Cover::Part);
            let (left, top) = corner.unwrap();
            assert!(left >= MARGIN && left + width <= 1366.0 - MARGIN + 0.5 && top == MARGIN, "{face:?}: {corner:?}");
            assert!(width <= 1366.0 * LARGEST_SHARE && height <= 768.0 * LARGEST_SHARE, "{face:?}: {width} x {height}");
            let (wanted_width, wanted_height) = preferred(face);
            assert!((width / height - wanted_width / wanted_height).abs() < 0.01, "{face:?}: {width} x {height}");
        }
    }

    #[test]
    fn framed_windows_do_not_hide_each_other() {
        let desk = Screen { x: 0, y: 0, width: 1920, height: 1080, scale: 1.0 };
        // Two programs, one face each, as the demonstration runs them.
        let [kiosk, board] = [Face::Kiosk, Face::Board].map(|face| place(face, true, 0, &[desk]));
        assert!(kiosk.corner.unwrap().0 + kiosk.size.0 < board.corner.unwrap().0, "{kiosk:?} {board:?}");
    }

    #[test]
    fn without_a_screen_the_window_manager_chooses() {
        assert_eq!(place(Face::Kiosk, false, 0, &[]).corner, None);
    }

    #[test]
    fn the_setup_keeps_its_frame() {
        assert_eq!(place(Face::Setup, false, 0, &[UPRIGHT]).cover, Cover::Maximised);
    }
}
