//! Fences: what is sent behind a slip so that the printer says when everything before it is on paper. Bytes only; who waits
//! for the answers is the connection's matter.

/// `GS r 1`: answer the paper status in its turn.
pub(crate) const ASK_PAPER_IN_TURN: [u8; 3] = [0x1D, b'r', 1];

/// The identifiers of one job's two fences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fences {
    pub(crate) before_cut: [u8; 4],
    pub(crate) after_cut: [u8; 4],
}

/// Four characters of base 94, `!` to `~`: all that `GS ( H` takes but the space.
const FENCES: u32 = 94 * 94 * 94 * 94;

/// Identifiers that no fence of this printer's owner has used before.
///
/// They start at a place that differs from process to process, so that an echo to a process before this one is not taken for
/// ours. Where the one left a hundred identifiers in the printer and the other uses a hundred before they are answered, the
/// two ranges of 78 million meet in less than 3 of a million starts; and only then, and only if the slip is lost too, is a
/// claim wrong.
#[derive(Debug)]
pub(crate) struct Identifiers {
    next: u32,
}

impl Identifiers {
    pub(crate) fn new() -> Self {
        use std::hash::{BuildHasher, RandomState};
        let place = RandomState::new().hash_one(0) % u64::from(FENCES);
        Identifiers { next: u32::try_from(place).unwrap_or_default() }
    }

    pub(crate) fn draw(&mut self) -> [u8; 4] {
        let number = self.next;
        self.next = (number + 1) % FENCES;
        let character = |value: u32| b'!' + (value % 94) as u8;
        [character(number / 830_584), character(number / 8_836), character(number / 94), character(number)]
    }

    pub(crate) fn fences(&mut self) -> Fences {
        Fences { before_cut: self.draw(), after_cut: self.draw() }
    }
}

/// `GS ( H` function 48.
pub(crate) fn process_id(id: [u8; 4]) -> [u8; 11] {
    [0x1D, b'(', b'H', 6, 0, 48, 48, id[0], id[1], id[2], id[3]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_printable_and_do_not_come_again_soon() {
        let mut identifiers = Identifiers { next: FENCES - 500 };
        let drawn: std::collections::BTreeSet<[u8; 4]> = (0..1000).map(|_| identifiers.draw()).collect();
        assert_eq!(drawn.len(), 1000);
        assert!(drawn.iter().flatten().all(|byte| (b'!'..=b'~').contains(byte)));
    }
}
