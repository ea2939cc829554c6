//! A stand-in for the printers' own font A: DejaVu Sans Mono brought to its 12 x 24 cell, black or white, nothing between.
//!
//! Used by the preview of a slip and by the virtual printer. What a real printer draws looks like this and is not the same.

use std::collections::HashMap;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};

/// Cell of font A in dots.
pub(crate) const CELL_WIDTH: usize = 12;
/// Cell of font A in dots.
pub(crate) const CELL_HEIGHT: usize = 24;

pub(crate) const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/dejavu-sans-mono-400.ttf");
pub(crate) const BOLD: &[u8] = include_bytes!("../../../assets/fonts/dejavu-sans-mono-700.ttf");

/// How a character is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Style {
    pub(crate) width: u8,
    pub(crate) height: u8,
    pub(crate) bold: bool,
    pub(crate) smooth: bool,
}

/// A drawn character, row by row, true where the paper turns black.
#[derive(Debug, Clone)]
pub(crate) struct Dots {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) black: Vec<bool>,
}

/// Draws characters and remembers them.
pub(crate) struct Glyphs {
    fonts: Option<(FontRef<'static>, FontRef<'static>)>,
    drawn: HashMap<(char, Style), Dots>,
}

impl Glyphs {
    pub(crate) fn new() -> Self {
        // The fonts are part of the program; a broken one would leave blank cells and a failing test, not a crash.
        let fonts = FontRef::try_from_slice(REGULAR).ok().zip(FontRef::try_from_slice(BOLD).ok());
        Glyphs { fonts, drawn: HashMap::new() }
    }

    /// The dots of one character.
    pub(crate) fn draw(&mut self, character: char, style: Style) -> &Dots {
        let fonts = &self.fonts;
        self.drawn.entry((character, style)).or_insert_with(|| {
            if style.smooth || (style.width == 1 && style.height == 1) {
                outline(fonts.as_ref(), character, style)
            } else {
                let small = Style { width: 1, height: 1, ..style };
                magnified(&outline(fonts.as_ref(), character, small), style)
            }
        })
    }
}

fn outline(fonts: Option<&(FontRef<'static>, FontRef<'static>)>, character: char, style: Style) -> Dots {
    let width = CELL_WIDTH * usize::from(style.width);
    let height = CELL_HEIGHT * usize::from(style.height);
    let mut dots = Dots { width, height, black: vec![false; width * height] };
    let Some((regular, bold)) = fonts else {
        return dots;
    };
    let font = if style.bold { bold } else { regular };
    // The cell's height holds ascent and descent; the cell's width holds one advance.
    let advance = font.h_advance_unscaled(font.glyph_id('0')) / font.height_unscaled();
    let scale = PxScale { x: width as f32 / advance, y: height as f32 };
    let baseline = font.as_scaled(scale).ascent();
    let glyph = font.glyph_id(character).with_scale_and_position(scale, point(0.0, baseline));
    if let Some(outlined) = font.outline_glyph(glyph) {
        let bounds = outlined.px_bounds();
        outlined.draw(|x, y, coverage| {
            let x = bounds.min.x as i64 + i64::from(x);
            let y = bounds.min.y as i64 + i64::from(y);
            if let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y))
                && x < width
                && y < height
                && coverage >= 0.5
            {
                dots.black[y * width + x] = true;
            }
        });
    }
    if character == '0' {
        open_zero(&mut dots);
    }
    dots
}

/// Printers' font A has an open zero, DejaVu's has a dot in the middle: takes out what hangs together with the centre, unless
/// that is the ring itself, as it can be in the smallest size.
fn open_zero(dots: &mut Dots) {
    let before = dots.black.clone();
    let ink = before.iter().filter(|dot| **dot).count();
    let mut reached = vec![(dots.height / 2) * dots.width + dots.width / 2];
    let mut taken = 0;
    while let Some(at) = reached.pop() {
        if dots.black.get(at).copied().unwrap_or_default() {
            dots.black[at] = false;
            taken += 1;
            reached.extend([at.wrapping_sub(1), at + 1, at.wrapping_sub(dots.width), at + dots.width]);
        }
    }
    if taken * 3 > ink {
        dots.black = before;
    }
}

/// Each dot becomes a rectangle, as printers magnify.
fn magnified(small: &Dots, style: Style) -> Dots {
    let (across, down) = (usize::from(style.width), usize::from(style.height));
    let (width, height) = (small.width * across, small.height * down);
    let black = (0..width * height).map(|at| {
        let (x, y) = (at % width, at / width);
        small.black[(y / down) * small.width + x / across]
    });
    Dots { width, height, black: black.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_are_really_drawn() {
        let mut glyphs = Glyphs::new();
        let style = Style { width: 1, height: 1, bold: false, smooth: false };
        let mut black = |character| glyphs.draw(character, style).black.clone();
        for (accented, plain) in [('é', 'e'), ('Ô', 'O'), ('ç', 'c'), ('Œ', 'O'), ('Ÿ', 'Y'), ('€', 'C')] {
            let (with, without) = (black(accented), black(plain));
            assert!(with.iter().any(|dot| *dot), "{accented} is blank");
            assert_ne!(with, without, "{accented} looks like {plain}");
        }
        assert!(black(' ').iter().all(|dot| !dot));
    }

    #[test]
    fn the_zero_is_open_and_still_there() {
        let mut glyphs = Glyphs::new();
        for (smooth, bold) in [(true, true), (true, false), (false, true), (false, false)] {
            let zero = glyphs.draw('0', Style { width: 6, height: 6, bold, smooth }).clone();
            let at = |x: usize, y: usize| zero.black[y * zero.width + x];
            assert!((60..84).all(|y| !at(36, y)), "nothing in the middle");
            assert!((0..zero.width / 2).any(|x| at(x, 72)) && (zero.width / 2..zero.width).any(|x| at(x, 72)));
        }
    }

    #[test]
    fn magnification_keeps_the_cell() {
        let mut glyphs = Glyphs::new();
        for smooth in [true, false] {
            let dots = glyphs.draw('8', Style { width: 6, height: 6, bold: true, smooth }).clone();
            assert_eq!((dots.width, dots.height), (72, 144));
            let ink = dots.black.iter().filter(|dot| **dot).count();
            assert!((1500..6000).contains(&ink), "{ink} black dots");
        }
    }
}
