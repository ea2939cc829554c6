//! A picture in black and white, one dot of the head each, and the bytes in which printers take it.
//!
//! Knows no commands. What it promises is that its bytes, made harmless, contain nothing on which a printer acts in real
//! time: a printer looks for those sequences in everything it receives, pictures included.

/// Black dots on white paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bitmap {
    width: usize,
    height: usize,
    black: Vec<bool>,
}

impl Bitmap {
    /// White paper of this size in dots.
    pub(crate) fn white(width: usize, height: usize) -> Self {
        Bitmap { width, height, black: vec![false; width * height] }
    }

    /// A picture from rows of bytes, the leftmost dot in the highest bit; nothing if there is no dot in it or data is missing.
    pub(crate) fn unpack(width: usize, height: usize, data: &[u8]) -> Option<Self> {
        let width_bytes = width.div_ceil(8);
        if width == 0 || height == 0 || data.len() != width_bytes * height {
            return None;
        }
        let mut bitmap = Bitmap::white(width, height);
        for (y, row) in data.chunks(width_bytes).enumerate() {
            for x in 0..width {
                bitmap.black[y * width + x] = row[x / 8] & (0x80 >> (x % 8)) != 0;
            }
        }
        Some(bitmap)
    }

    /// Width in dots.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Height in dots.
    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// Whether a dot is black; outside everything is white.
    pub(crate) fn is_black(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.height && self.black[y * self.width + x]
    }

    /// Turns a dot black; outside nothing happens.
    pub(crate) fn blacken(&mut self, x: usize, y: usize) {
        if x < self.width && y < self.height {
            self.black[y * self.width + x] = true;
        }
    }

    /// Turns a rectangle black as far as it lies inside.
    pub(crate) fn fill(&mut self, left: usize, top: usize, width: usize, height: usize) {
        for y in top..(top + height).min(self.height) {
            for x in left..(left + width).min(self.width) {
                self.black[y * self.width + x] = true;
            }
        }
    }

    /// Draws another picture's black dots at this place, as far as they lie inside.
    pub(crate) fn draw(&mut self, other: &Bitmap, left: usize, top: usize) {
        for y in 0..other.height {
            for x in 0..other.width {
                if other.is_black(x, y) {
                    self.blacken(left + x, top + y);
                }
            }
        }
    }

    /// The rows, top first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[bool]> {
        // A picture without width has no rows; chunks of nothing would be none either, and zero is not allowed.
        self.black.chunks(self.width.max(1))
    }

    /// The same rows on paper of this width, with `left` white dots before them; what stands out to the right is cut off.
    pub(crate) fn placed(&self, left: usize, width: usize) -> Bitmap {
        let mut placed = Bitmap::white(width, self.height);
        placed.draw(self, left, 0);
        placed
    }

    /// Left, top, right and bottom of what is black, right and bottom beyond it; nothing when all is white.
    pub(crate) fn ink(&self) -> Option<(usize, usize, usize, usize)> {
        let mut ink: Option<(usize, usize, usize, usize)> = None;
        for y in 0..self.height {
            for x in 0..self.width {
                if self.black[y * self.width + x] {
                    let (left, top, right, _) = ink.unwrap_or((x, y, x + 1, y + 1));
                    ink = Some((left.min(x), top, right.max(x + 1), y + 1));
                }
            }
        }
        ink
    }

    /// A part of it.
    pub(crate) fn cropped(&self, left: usize, top: usize, right: usize, bottom: usize) -> Bitmap {
        let mut part = Bitmap::white(right.saturating_sub(left), bottom.saturating_sub(top));
        for y in 0..part.height {
            for x in 0..part.width {
                if self.is_black(left + x, top + y) {
                    part.black[y * part.width + x] = true;
                }
            }
        }
        part
    }

    /// Rows `top` up to `bottom`.
    pub(crate) fn strip(&self, top: usize, bottom: usize) -> Bitmap {
        self.cropped(0, top, self.width, bottom.min(self.height))
    }

    /// As wide as whole bytes are, with the white that this needs shared between both sides.
    pub(crate) fn in_whole_bytes(&self) -> Bitmap {
        let width = self.width.next_multiple_of(8);
        self.placed((width - self.width) / 2, width)
    }

    /// Rows of bytes, the leftmost dot in the highest bit.
    pub(crate) fn pack(&self) -> Vec<u8> {
        let width_bytes = self.width.div_ceil(8);
        let mut bytes = vec![0; width_bytes * self.height];
        for (y, row) in self.rows().enumerate() {
            for (x, black) in row.iter().enumerate() {
                if *black {
                    bytes[y * width_bytes + x / 8] |= 0x80 >> (x % 8);
                }
            }
        }
        bytes
    }

    /// The picture whose bytes start no real-time command: a lonely dot before such a byte grows by its neighbour, an eighth of
    /// a millimetre, which nobody sees. Its width is one of whole bytes afterwards.
    pub(crate) fn harmless(&self) -> Bitmap {
        let whole = self.in_whole_bytes();
        let mut bytes = whole.pack();
        for at in 1..bytes.len() {
            if is_real_time([bytes[at - 1], bytes[at]]) {
                bytes[at - 1] |= 0x08;
            }
        }
        Bitmap::unpack(whole.width, whole.height, &bytes).unwrap_or(whole)
    }
}

/// Whether a printer acts on these two bytes wherever they stand: `DLE EOT`, `DLE ENQ`, `DLE DC4`, and `DLE STX`, which some
/// models add.
pub(crate) fn is_real_time(pair: [u8; 2]) -> bool {
    matches!(pair, [0x10, 0x02 | 0x04 | 0x05 | 0x14])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn packing_and_unpacking_are_each_others_inverse() {
        let bitmap = Bitmap::unpack(10, 2, &[0b1000_0001, 0b0100_0000, 0, 0b1000_0000]).expect("whole");
        assert!(bitmap.is_black(0, 0) && bitmap.is_black(7, 0) && bitmap.is_black(9, 0) && bitmap.is_black(8, 1));
        assert_eq!(bitmap.pack(), [0b1000_0001, 0b0100_0000, 0, 0b1000_0000]);
        assert_eq!(bitmap.ink(), Some((0, 0, 10, 2)));
        assert_eq!(bitmap.in_whole_bytes().ink(), Some((3, 0, 13, 2)), "six white dots are shared between both sides");
        assert_eq!(Bitmap::white(9, 3).ink(), None);
        assert_eq!(Bitmap::unpack(10, 2, &[0; 3]), None);
    }

    #[test]
    fn a_real_time_command_in_a_picture_loses_its_head() {
        let bitmap = Bitmap::unpack(16, 2, &[0x10, 0x04, 0x10, 0x14]).expect("whole");
        assert_eq!(bitmap.harmless().pack(), [0x18, 0x04, 0x18, 0x14]);
        let across_rows = Bitmap::unpack(8, 3, &[0x10, 0x10, 0x05]).expect("whole");
        assert_eq!(across_rows.harmless().pack(), [0x10, 0x18, 0x05]);
    }

    proptest! {
        #[test]
        fn no_picture_contains_a_real_time_command(
            data in prop::collection::vec(prop::sample::select(vec![0x10_u8, 0x02, 0x04, 0x05, 0x14, 0x00, 0x18]), 1..200)
        ) {
            let bitmap = Bitmap::unpack(8, data.len(), &data).expect("whole");
            let bytes = bitmap.harmless().pack();
            prop_assert!(bytes.windows(2).all(|pair| !is_real_time([pair[0], pair[1]])));
            for (before, after) in data.iter().zip(&bytes) {
                prop_assert_eq!(before & !after, 0, "no black dot is lost");
            }
        }
    }
}
