//! What bytes do to paper, as a list: for tests and fuzzing, where what was meant is compared with what a printer understands.
//!
//! It reads with the virtual printer's own eyes and prints nothing. Commands that no slip may contain are errors here, however
//! harmless they are.

use super::command::{Command, Drawing, Next, next};
use crate::slip::INITIALISE;

/// Something that a reader of the paper sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A line of the printer's own letters.
    Line(Vec<u8>),
    /// Rows of dots; pictures that touch are one.
    Dots(Vec<u8>),
    /// A picture that the printer keeps.
    Kept([u8; 2]),
    /// A QR code.
    Qr(Vec<u8>),
    /// A barcode: its kind and its data.
    Barcode(u8, Vec<u8>),
    /// Blank paper, in dots.
    Feed(u32),
    /// The knife.
    Cut,
}

/// Adds an effect; dots and blank paper join what they touch.
pub(crate) fn join(effects: &mut Vec<Effect>, effect: Effect) {
    match (effects.last_mut(), effect) {
        (Some(Effect::Dots(before)), Effect::Dots(more)) => before.extend(more),
        (Some(Effect::Feed(before)), Effect::Feed(more)) => *before += more,
        (Some(_) | None, effect) => effects.push(effect),
    }
}

/// Reads the bytes of one slip.
///
/// # Errors
/// The first thing that does not belong on a slip, in words.
pub(crate) fn effects(bytes: &[u8]) -> Result<Vec<Effect>, String> {
    let mut rest = bytes.strip_prefix(&INITIALISE).ok_or("it does not begin with ESC @")?;
    let mut effects = Vec::new();
    let (mut line, mut code, mut stored) = (Vec::new(), None, None);
    while !rest.is_empty() {
        let Next::Whole(command, length) = next(rest) else {
            return Err(format!("an unfinished command: {rest:02X?}"));
        };
        let at = bytes.len() - rest.len();
        rest = &rest[length..];
        let refused = |what: &dyn std::fmt::Debug| Err(format!("{what:?} at byte {at}"));
        let drawing = match command {
            Command::Draw(drawing) => drawing,
            Command::Cut { .. } => {
                effects.push(Effect::Cut);
                continue;
            }
            // `ESC R`, `FS .` and the QR model, which change how letters and codes look.
            Command::Ignored if length >= 2 => continue,
            Command::Initialise
            | Command::ProcessId(_)
            | Command::AutomaticStatus(_)
            | Command::StatusInTurn(_)
            | Command::Identity(_)
            | Command::KeptPictures
            | Command::Ignored
            | Command::Unknown => return refused(&command),
        };
        match drawing {
            Drawing::Text(byte) => line.push(byte),
            Drawing::LineFeed => effects.push(Effect::Line(std::mem::take(&mut line))),
            Drawing::Raster(picture) => join(&mut effects, Effect::Dots(picture.pack())),
            Drawing::StorePicture(picture) => stored = Some(picture),
            Drawing::PrintStoredPicture => match stored.take() {
                Some(picture) => join(&mut effects, Effect::Dots(picture.pack())),
                None => return refused(&"a stored picture that is not there"),
            },
            Drawing::PrintKeptPicture(key) => effects.push(Effect::Kept(key)),
            Drawing::QrStore(data) => code = Some(data),
            Drawing::QrPrint => match code.take() {
                Some(data) => effects.push(Effect::Qr(data)),
                None => return refused(&"a code that is not there"),
            },
            Drawing::Barcode(kind, data) => effects.push(Effect::Barcode(kind, data)),
            Drawing::FeedUnits(dots) => join(&mut effects, Effect::Feed(u32::from(dots))),
            Drawing::CodePage(_)
            | Drawing::Align(_)
            | Drawing::Emphasise(_)
            | Drawing::Underline(_)
            | Drawing::Size(_)
            | Drawing::Smooth(_)
            | Drawing::LineSpacing(_)
            | Drawing::MotionUnits(_)
            | Drawing::QrModule(_)
            | Drawing::QrLevel(_)
            | Drawing::BarcodeHeight(_)
            | Drawing::BarcodeModule(_) => {}
            Drawing::Mode(_)
            | Drawing::Reverse(_)
            | Drawing::DefaultLineSpacing
            | Drawing::FeedLines(_)
            | Drawing::KeepPicture(..)
            | Drawing::ForgetPicture(_) => return refused(&drawing),
        }
    }
    if line.is_empty() { Ok(effects) } else { Err(format!("a line without its end: {line:02X?}")) }
}
