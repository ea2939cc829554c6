//! From bytes to printer commands, one at a time. Pure: takes a slice, says what stands at its start and how long it is.
//!
//! Knows the lengths of many commands that the virtual printer does not act on, so that their parameters are never printed
//! as text. What it does not know it skips like a real printer: the two bytes of the command, and the rest is text.

/// What stands at the start of the buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// A whole command and its length in bytes.
    Whole(Command, usize),
    /// The rest of it has not arrived.
    NeedsMore,
}

/// How the knife cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CutKind {
    /// All the way through.
    Full,
    /// One point is left.
    Partial,
}

/// Everything that the virtual printer understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    Text(u8),
    LineFeed,
    Initialise,
    CodePage(u8),
    Align(u8),
    Emphasise(u8),
    Underline(u8),
    Mode(u8),
    Size(u8),
    Reverse(u8),
    Smooth(u8),
    LineSpacing(u8),
    FeedDots(u8),
    FeedLines(u8),
    Cut {
        kind: CutKind,
        /// Dots beyond the way to the knife; `None` cuts where the paper is.
        feed: Option<u8>,
    },
    ProcessId([u8; 4]),
    AutomaticStatus(u8),
    StatusInTurn(u8),
    Identity(u8),
    QrModule(u8),
    QrLevel(u8),
    QrStore(Vec<u8>),
    QrPrint,
    Raster {
        width_bytes: usize,
        data: Vec<u8>,
    },
    /// Understood, and without effect on paper: real-time commands (acted upon when they arrived), fonts, drawers.
    Ignored,
    /// Not known.
    Unknown,
}

/// Reads what stands at the start of `bytes`.
pub(super) fn next(bytes: &[u8]) -> Next {
    let Some(first) = bytes.first() else {
        return Next::NeedsMore;
    };
    match first {
        b'\n' => Next::Whole(Command::LineFeed, 1),
        0x1B => escape(bytes),
        0x1D => group(bytes),
        0x1C => field(bytes),
        0x10 => real_time(bytes),
        0x00..=0x1F | 0x7F => Next::Whole(Command::Ignored, 1),
        text => Next::Whole(Command::Text(*text), 1),
    }
}

/// A command with one parameter behind its two bytes.
fn one(bytes: &[u8], command: fn(u8) -> Command) -> Next {
    bytes.get(2).map_or(Next::NeedsMore, |parameter| Next::Whole(command(*parameter), 3))
}

/// A command of this length that has no effect.
fn ignored(bytes: &[u8], length: usize) -> Next {
    if bytes.len() < length { Next::NeedsMore } else { Next::Whole(Command::Ignored, length) }
}

fn escape(bytes: &[u8]) -> Next {
    let Some(name) = bytes.get(1) else {
        return Next::NeedsMore;
    };
    match name {
        b'@' => Next::Whole(Command::Initialise, 2),
        b't' => one(bytes, Command::CodePage),
        b'a' => one(bytes, Command::Align),
        b'E' | b'G' => one(bytes, Command::Emphasise),
        b'-' => one(bytes, Command::Underline),
        b'!' => one(bytes, Command::Mode),
        b'2' => Next::Whole(Command::LineSpacing(30), 2),
        b'3' => one(bytes, Command::LineSpacing),
        b'J' => one(bytes, Command::FeedDots),
        b'd' => one(bytes, Command::FeedLines),
        b'i' => Next::Whole(Command::Cut { kind: CutKind::Full, feed: None }, 2),
        b'm' => Next::Whole(Command::Cut { kind: CutKind::Partial, feed: None }, 2),
        b' ' | b'M' | b'R' | b'V' | b'=' | b'{' => ignored(bytes, 3),
        b'$' | b'\\' | b'c' => ignored(bytes, 4),
        b'p' => ignored(bytes, 5),
        _ => Next::Whole(Command::Unknown, 2),
    }
}

fn group(bytes: &[u8]) -> Next {
    let Some(name) = bytes.get(1) else {
        return Next::NeedsMore;
    };
    match name {
        b'!' => one(bytes, Command::Size),
        b'B' => one(bytes, Command::Reverse),
        b'b' => one(bytes, Command::Smooth),
        b'a' => one(bytes, Command::AutomaticStatus),
        b'r' => one(bytes, Command::StatusInTurn),
        b'I' => one(bytes, Command::Identity),
        b'V' => cut(bytes),
        b'(' => function(bytes),
        b'v' => raster(bytes),
        b'h' | b'w' | b'H' | b'f' => ignored(bytes, 3),
        b'L' | b'W' | b'P' => ignored(bytes, 4),
        _ => Next::Whole(Command::Unknown, 2),
    }
}

fn cut(bytes: &[u8]) -> Next {
    let kind = |mode: u8| if mode.is_multiple_of(2) { CutKind::Full } else { CutKind::Partial };
    match (bytes.get(2), bytes.get(3)) {
        (None, _) | (Some(65 | 66), None) => Next::NeedsMore,
        (Some(mode @ (0 | 1 | 48 | 49)), _) => Next::Whole(Command::Cut { kind: kind(*mode), feed: None }, 3),
        // Function B counts the other way round: 65 cuts through, 66 leaves a point.
        (Some(mode @ (65 | 66)), Some(feed)) => {
            Next::Whole(Command::Cut { kind: kind(*mode - 1), feed: Some(*feed) }, 4)
        }
        (Some(_), _) => Next::Whole(Command::Unknown, 3),
    }
}

/// `GS ( x pL pH ...`: the length stands in the command, so even an unknown one is skipped whole.
fn function(bytes: &[u8]) -> Next {
    let [_, _, name, low, high, ..] = bytes else {
        return Next::NeedsMore;
    };
    let length = usize::from(u16::from_le_bytes([*low, *high]));
    let Some(parameters) = bytes.get(5..5 + length) else {
        return Next::NeedsMore;
    };
    let command = match (name, parameters) {
        (b'H', [48, 48, id @ ..]) => <[u8; 4]>::try_from(id).map_or(Command::Unknown, Command::ProcessId),
        (b'k', [49, 67, side, ..]) => Command::QrModule(*side),
        (b'k', [49, 69, level, ..]) => Command::QrLevel(*level),
        (b'k', [49, 65, ..]) => Command::Ignored,
        (b'k', [49, 80, 48, data @ ..]) => Command::QrStore(data.to_vec()),
        (b'k', [49, 81, ..]) => Command::QrPrint,
        _ => Command::Unknown,
    };
    Next::Whole(command, 5 + length)
}

fn raster(bytes: &[u8]) -> Next {
    let [_, _, _, _, width_low, width_high, height_low, height_high, ..] = bytes else {
        return Next::NeedsMore;
    };
    let width_bytes = usize::from(u16::from_le_bytes([*width_low, *width_high]));
    let height = usize::from(u16::from_le_bytes([*height_low, *height_high]));
    match bytes.get(8..8 + width_bytes * height) {
        Some(data) => Next::Whole(Command::Raster { width_bytes, data: data.to_vec() }, 8 + data.len()),
        None => Next::NeedsMore,
    }
}

fn field(bytes: &[u8]) -> Next {
    match bytes.get(1) {
        None => Next::NeedsMore,
        Some(b'.' | b'&') => Next::Whole(Command::Ignored, 2),
        Some(b'!' | b'-' | b'C') => ignored(bytes, 3),
        Some(b'p') => ignored(bytes, 4),
        Some(_) => Next::Whole(Command::Unknown, 2),
    }
}

fn real_time(bytes: &[u8]) -> Next {
    match (bytes.get(1), bytes.get(2)) {
        (None, _) | (Some(0x14), None) => Next::NeedsMore,
        (Some(0x04 | 0x05), _) => ignored(bytes, 3),
        (Some(0x14), Some(8)) => ignored(bytes, 10),
        (Some(0x14), Some(_)) => ignored(bytes, 5),
        (Some(_), _) => Next::Whole(Command::Unknown, 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_commands_of_a_slip_are_understood() {
        let cases: [(&[u8], Command); 10] = [
            (b"\x1B@", Command::Initialise),
            (b"\x1Bt\x10", Command::CodePage(16)),
            (b"\x1D!\x55", Command::Size(0x55)),
            (b"\x1DVB\x00", Command::Cut { kind: CutKind::Partial, feed: Some(0) }),
            (b"\x1DVA\x05", Command::Cut { kind: CutKind::Full, feed: Some(5) }),
            (b"\x1DV\x01", Command::Cut { kind: CutKind::Partial, feed: None }),
            (b"\x1D(H\x06\x0000ab1P", Command::ProcessId(*b"ab1P")),
            (b"\x1D(k\x05\x001P0hi", Command::QrStore(b"hi".to_vec())),
            (b"\x1Dv0\x00\x01\x00\x02\x00\x0F\xF0", Command::Raster { width_bytes: 1, data: vec![0x0F, 0xF0] }),
            (b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08", Command::Ignored),
        ];
        for (bytes, command) in cases {
            assert_eq!(next(bytes), Next::Whole(command, bytes.len()), "{bytes:02X?}");
            for shorter in 1..bytes.len() {
                assert_eq!(next(&bytes[..shorter]), Next::NeedsMore, "{:02X?}", &bytes[..shorter]);
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_their_end(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let mut rest = bytes.as_slice();
            while let Next::Whole(_, length) = next(rest) {
                prop_assert!(length >= 1 && length <= rest.len());
                rest = &rest[length..];
            }
        }
    }
}
