//! From bytes to printer commands, one at a time. Pure: takes a slice, says what stands at its start and how long it is.
//!
//! Knows the lengths of many commands that the virtual printer does not act on, so that their parameters are never printed
//! as text. What it does not know it skips like a real printer: the two bytes of the command, and the rest is text.

use crate::slip::Bitmap;

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
    /// Changes what is drawn, or how.
    Draw(Drawing),
    Initialise,
    Cut {
        kind: CutKind,
        /// Dots beyond the way to the knife; `None` cuts where the paper is.
        feed: Option<u8>,
    },
    ProcessId([u8; 4]),
    AutomaticStatus(u8),
    StatusInTurn(u8),
    Identity(u8),
    /// `GS ( L` function 64: which pictures are kept.
    KeptPictures,
    /// Understood, and without effect on paper: real-time commands (acted upon when they arrived), fonts, drawers.
    Ignored,
    /// Not known.
    Unknown,
}

/// The commands that only concern the paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Drawing {
    Text(u8),
    LineFeed,
    CodePage(u8),
    Align(u8),
    Emphasise(u8),
    Underline(u8),
    Mode(u8),
    Size(u8),
    Reverse(u8),
    Smooth(u8),
    LineSpacing(u8),
    DefaultLineSpacing,
    /// `GS P`: parts of an inch that a unit of feed is.
    MotionUnits(u8),
    FeedUnits(u8),
    FeedLines(u8),
    QrModule(u8),
    QrLevel(u8),
    QrStore(Vec<u8>),
    QrPrint,
    BarcodeHeight(u8),
    BarcodeModule(u8),
    /// `GS k`: the kind of barcode and its data.
    Barcode(u8, Vec<u8>),
    Raster(Bitmap),
    /// `GS ( L` function 112: a picture that function 50 prints.
    StorePicture(Bitmap),
    PrintStoredPicture,
    /// `GS ( L` function 67: a picture that is kept when the power goes.
    KeepPicture([u8; 2], Bitmap),
    /// `GS ( L` function 66.
    ForgetPicture([u8; 2]),
    /// `GS ( L` function 69.
    PrintKeptPicture([u8; 2]),
}

/// Reads what stands at the start of `bytes`.
pub(super) fn next(bytes: &[u8]) -> Next {
    let Some(first) = bytes.first() else {
        return Next::NeedsMore;
    };
    match first {
        b'\n' => drawn(Drawing::LineFeed, 1),
        0x1B => escape(bytes),
        0x1D => group(bytes),
        0x1C => field(bytes),
        0x10 => real_time(bytes),
        0x00..=0x1F | 0x7F => Next::Whole(Command::Ignored, 1),
        text => drawn(Drawing::Text(*text), 1),
    }
}

fn drawn(drawing: Drawing, length: usize) -> Next {
    Next::Whole(Command::Draw(drawing), length)
}

/// A drawing command with one parameter behind its two bytes.
fn one(bytes: &[u8], drawing: fn(u8) -> Drawing) -> Next {
    bytes.get(2).map_or(Next::NeedsMore, |parameter| drawn(drawing(*parameter), 3))
}

/// A question with one parameter behind its two bytes.
fn asked(bytes: &[u8], command: fn(u8) -> Command) -> Next {
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
        b't' => one(bytes, Drawing::CodePage),
        b'a' => one(bytes, Drawing::Align),
        b'E' | b'G' => one(bytes, Drawing::Emphasise),
        b'-' => one(bytes, Drawing::Underline),
        b'!' => one(bytes, Drawing::Mode),
        b'2' => drawn(Drawing::DefaultLineSpacing, 2),
        b'3' => one(bytes, Drawing::LineSpacing),
        b'J' => one(bytes, Drawing::FeedUnits),
        b'd' => one(bytes, Drawing::FeedLines),
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
        b'!' => one(bytes, Drawing::Size),
        b'B' => one(bytes, Drawing::Reverse),
        b'b' => one(bytes, Drawing::Smooth),
        b'a' => asked(bytes, Command::AutomaticStatus),
        b'r' => asked(bytes, Command::StatusInTurn),
        b'I' => asked(bytes, Command::Identity),
        b'V' => cut(bytes),
        b'(' => function(bytes),
        b'8' => long_function(bytes),
        b'v' => raster(bytes),
        b'k' => barcode(bytes),
        b'h' => one(bytes, Drawing::BarcodeHeight),
        b'w' => one(bytes, Drawing::BarcodeModule),
        b'P' => bytes.get(3).map_or(Next::NeedsMore, |vertical| drawn(Drawing::MotionUnits(*vertical), 4)),
        b'H' | b'f' => ignored(bytes, 3),
        b'L' | b'W' => ignored(bytes, 4),
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
        (b'k', [49, 67, side, ..]) => Command::Draw(Drawing::QrModule(*side)),
        (b'k', [49, 69, level, ..]) => Command::Draw(Drawing::QrLevel(*level)),
        (b'k', [49, 65, ..]) => Command::Ignored,
        (b'k', [49, 80, 48, data @ ..]) => Command::Draw(Drawing::QrStore(data.to_vec())),
        (b'k', [49, 81, ..]) => Command::Draw(Drawing::QrPrint),
        (b'L', parameters) => graphics(parameters),
        _ => Command::Unknown,
    };
    Next::Whole(command, 5 + length)
}

/// `GS 8 L p1 p2 p3 p4 ...`: the same functions as `GS ( L` with a longer length.
fn long_function(bytes: &[u8]) -> Next {
    let [_, _, name, p1, p2, p3, p4, ..] = bytes else {
        return Next::NeedsMore;
    };
    let length = usize::try_from(u32::from_le_bytes([*p1, *p2, *p3, *p4])).unwrap_or(usize::MAX);
    // More than any of these printers holds: noise, and waiting for the rest of it would never end.
    if *name != b'L' || length > 1 << 20 {
        return Next::Whole(Command::Unknown, 2);
    }
    bytes.get(7..7 + length).map_or(Next::NeedsMore, |parameters| Next::Whole(graphics(parameters), 7 + length))
}

/// The functions of `GS ( L` that concern pictures in one colour.
fn graphics(parameters: &[u8]) -> Command {
    let picture = |head: &[u8], data: &[u8]| {
        let [x_low, x_high, y_low, y_high] = *head else { return None };
        let width = usize::from(u16::from_le_bytes([x_low, x_high]));
        let height = usize::from(u16::from_le_bytes([y_low, y_high]));
        Bitmap::unpack(width, height, data)
    };
    let drawing = match parameters {
        [48, 64, b'K', b'C'] => return Command::KeptPictures,
        [48, 66, first, second] => Some(Drawing::ForgetPicture([*first, *second])),
        [48, 67, 48, first, second, 1, x_low, x_high, y_low, y_high, 49, data @ ..] => {
            picture(&[*x_low, *x_high, *y_low, *y_high], data)
                .map(|picture| Drawing::KeepPicture([*first, *second], picture))
        }
        [48, 69, first, second, 1, 1] => Some(Drawing::PrintKeptPicture([*first, *second])),
        [48, 112, 48, 1, 1, 49, x_low, x_high, y_low, y_high, data @ ..] => {
            picture(&[*x_low, *x_high, *y_low, *y_high], data).map(Drawing::StorePicture)
        }
        [48, 50 | 2] => Some(Drawing::PrintStoredPicture),
        _ => None,
    };
    drawing.map_or(Command::Unknown, Command::Draw)
}

/// `GS k` in both forms: data up to a NUL, or data with its length.
fn barcode(bytes: &[u8]) -> Next {
    match (bytes.get(2), bytes.get(3)) {
        (None, _) => Next::NeedsMore,
        (Some(kind @ 0..=6), _) => match bytes[3..].iter().position(|byte| *byte == 0) {
            Some(length) => drawn(Drawing::Barcode(kind + 65, bytes[3..3 + length].to_vec()), 4 + length),
            None => Next::NeedsMore,
        },
        (Some(65..=79), None) => Next::NeedsMore,
        (Some(kind @ 65..=79), Some(length)) => {
            let end = 4 + usize::from(*length);
            bytes.get(4..end).map_or(Next::NeedsMore, |data| drawn(Drawing::Barcode(*kind, data.to_vec()), end))
        }
        (Some(_), _) => Next::Whole(Command::Unknown, 3),
    }
}

fn raster(bytes: &[u8]) -> Next {
    let [_, _, _, _, width_low, width_high, height_low, height_high, ..] = bytes else {
        return Next::NeedsMore;
    };
    let width_bytes = usize::from(u16::from_le_bytes([*width_low, *width_high]));
    let height = usize::from(u16::from_le_bytes([*height_low, *height_high]));
    match bytes.get(8..8 + width_bytes * height) {
        Some(data) => {
            let picture = Bitmap::unpack(width_bytes * 8, height, data);
            Next::Whole(
                picture.map_or(Command::Ignored, |picture| Command::Draw(Drawing::Raster(picture))),
                8 + data.len(),
            )
        }
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
        let picture = |width, height, data: &[u8]| Bitmap::unpack(width, height, data).expect("whole");
        let cases: [(&[u8], Command); 18] = [
            (b"\x1B@", Command::Initialise),
            (b"\x1Bt\x10", Command::Draw(Drawing::CodePage(16))),
            (b"\x1D!\x55", Command::Draw(Drawing::Size(0x55))),
            (b"\x1DP\xCB\xCB", Command::Draw(Drawing::MotionUnits(203))),
            (b"\x1DVB\x00", Command::Cut { kind: CutKind::Partial, feed: Some(0) }),
            (b"\x1DVA\x05", Command::Cut { kind: CutKind::Full, feed: Some(5) }),
            (b"\x1DV\x01", Command::Cut { kind: CutKind::Partial, feed: None }),
            (b"\x1D(H\x06\x0000ab1P", Command::ProcessId(*b"ab1P")),
            (b"\x1D(k\x05\x001P0hi", Command::Draw(Drawing::QrStore(b"hi".to_vec()))),
            (b"\x1Dv0\x00\x01\x00\x02\x00\x0F\xF0", Command::Draw(Drawing::Raster(picture(8, 2, &[0x0F, 0xF0])))),
            (b"\x1Dk\x49\x04{B-1", Command::Draw(Drawing::Barcode(73, b"{B-1".to_vec()))),
            (b"\x1Dk\x04A-1\x00", Command::Draw(Drawing::Barcode(69, b"A-1".to_vec()))),
            (b"\x1D(L\x04\x0000KC".as_slice(), Command::Unknown),
            (b"\x1D(L\x04\x000@KC", Command::KeptPictures),
            (
                b"\x1D(L\x0D\x000C0ab\x01\x05\x00\x02\x001\x80\x40",
                Command::Draw(Drawing::KeepPicture(*b"ab", picture(5, 2, &[0x80, 0x40]))),
            ),
            (b"\x1D(L\x06\x000Eab\x01\x01", Command::Draw(Drawing::PrintKeptPicture(*b"ab"))),
            (
                b"\x1D8L\x0B\x00\x00\x000p0\x01\x011\x08\x00\x01\x00\xFF",
                Command::Draw(Drawing::StorePicture(picture(8, 1, &[0xFF]))),
            ),
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
