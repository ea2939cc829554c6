//! A logo: from a picture file to black and white, and the commands that keep it in the printer's own memory.
//!
//! Printers bear few writes to that memory (Epson: ten a day), so a logo is known by a key that comes from its dots: the same
//! logo has the same key, and whoever finds the key in the printer need not send it again. Nothing here talks to a printer.

use std::sync::Arc;

use image::imageops::{FilterType, resize};
use image::{GrayImage, Luma};

use super::bitmap::{Bitmap, is_real_time};
use super::profile::PrinterProfile;

/// No logo needs more dots than this; larger pictures are reduced when they are read, so that printing stays quick.
const LARGEST: (u32, u32) = (832, 416);
/// Pictures larger than this many dots are refused: they are photographs, or an attack on the memory.
const LARGEST_FILE_DOTS: u64 = 40_000_000;

/// A picture for the top of a slip, in greys on white.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    greys: Arc<GrayImage>,
    height_mm: u16,
}

/// Why a file is no logo.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    /// It is not a PNG file that can be read.
    #[error("the logo is no readable PNG picture: {0}")]
    Unreadable(String),
    /// It has no dot, or far too many.
    #[error("the logo of {width} x {height} dots cannot be used")]
    Size {
        /// Dots across.
        width: u32,
        /// Dots down.
        height: u32,
    },
}

impl Logo {
    /// A logo from a PNG file's bytes. Colours become greys, and what is transparent becomes paper.
    ///
    /// # Errors
    /// [`LogoError`] when it is no PNG file, or of no use as a logo.
    pub fn from_png(bytes: &[u8]) -> Result<Self, LogoError> {
        let unreadable = |error: image::ImageError| LogoError::Unreadable(error.to_string());
        let reader = || image::ImageReader::with_format(std::io::Cursor::new(bytes), image::ImageFormat::Png);
        let (width, height) = reader().into_dimensions().map_err(unreadable)?;
        if width == 0 || height == 0 || u64::from(width) * u64::from(height) > LARGEST_FILE_DOTS {
            return Err(LogoError::Size { width, height });
        }
        let coloured = reader().decode().map_err(unreadable)?.to_rgba8();
        let greys = GrayImage::from_fn(width, height, |x, y| {
            let [red, green, blue, alpha] = coloured.get_pixel(x, y).0.map(u32::from);
            // The weights of ITU-R BT.601, in thousandths.
            let grey = (299 * red + 587 * green + 114 * blue) / 1000;
            let on_paper = (grey * alpha + 255 * (255 - alpha)) / 255;
            Luma([u8::try_from(on_paper).unwrap_or(u8::MAX)])
        });
        Ok(Logo { greys: Arc::new(reduced(&greys, LARGEST)), height_mm: 10 })
    }

    /// The same logo, at most this high on paper.
    #[must_use]
    pub fn at_most_mm(&self, height_mm: u16) -> Self {
        Logo { greys: Arc::clone(&self.greys), height_mm: height_mm.clamp(2, 60) }
    }

    /// Its dots on this printer's paper: reduced until it fits, never enlarged.
    pub(super) fn dots(&self, profile: &PrinterProfile) -> Bitmap {
        let limit = (u32::from(profile.dots), profile.dots_of_mm(self.height_mm));
        let mut dots = dithered(&reduced(&self.greys, limit)).harmless();
        while has_real_time(&opening(LogoKey(*b"  "), &dots)) {
            // Its size reads like a real-time command: a little white on two sides makes it another size.
            dots = dots.placed(0, dots.width() + 8).strip(0, dots.height() + 1);
        }
        dots
    }
}

/// Brings a picture into this many dots without changing its shape; a smaller one stays as it is.
fn reduced(picture: &GrayImage, (width, height): (u32, u32)) -> GrayImage {
    let (across, down) = picture.dimensions();
    if across <= width && down <= height {
        return picture.clone();
    }
    let scale = (f64::from(width) / f64::from(across)).min(f64::from(height) / f64::from(down));
    let side = |length: u32| ((f64::from(length) * scale).floor() as u32).max(1);
    resize(picture, side(across), side(down), FilterType::Triangle)
}

/// Atkinson's dithering: it hands on three quarters of the error only, so white stays white and strokes stay black, which is
/// what a logo wants.
fn dithered(picture: &GrayImage) -> Bitmap {
    let (width, height) = picture.dimensions();
    let (width, height) = (width as usize, height as usize);
    let mut greys: Vec<i32> = picture.pixels().map(|Luma([grey])| i32::from(*grey)).collect();
    let mut bitmap = Bitmap::white(width, height);
    for y in 0..height {
        for x in 0..width {
            let grey = greys[y * width + x];
            let shown = if grey < 128 { 0 } else { 255 };
            if shown == 0 {
                bitmap.blacken(x, y);
            }
            let error = (grey - shown) / 8;
            for (right, down) in [(1, 0), (2, 0), (-1, 1), (0, 1), (1, 1), (0, 2)] {
                let neighbour = x.checked_add_signed(right).filter(|x| *x < width);
                if let Some(neighbour) = neighbour
                    && let Some(grey) = greys.get_mut((y + down) * width + neighbour)
                {
                    *grey += error;
                }
            }
        }
    }
    bitmap
}

/// The two bytes under which a printer keeps a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogoKey(pub [u8; 2]);

/// What makes a printer keep a logo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLogo {
    /// Under which it will be printed.
    pub key: LogoKey,
    /// Of its dots: the same hash, the same picture.
    pub hash: u64,
    /// The command that stores it; the printer is busy for some seconds afterwards.
    pub bytes: Vec<u8>,
}

/// The command that makes a printer keep this logo (`GS ( L` function 67). For profiles with
/// [`super::NvGraphics::Supported`].
#[must_use]
pub fn define_logo(logo: &Logo, profile: &PrinterProfile) -> KeptLogo {
    let dots = logo.dots(profile);
    let key = key_of(&dots);
    let bytes = [opening(key, &dots), dots.pack()].concat();
    KeptLogo { key, hash: hash_of(&dots), bytes }
}

/// The command of [`define_logo`] up to the first dot.
fn opening(LogoKey([first, second]): LogoKey, dots: &Bitmap) -> Vec<u8> {
    let [x_low, x_high, y_low, y_high] = size_bytes(dots);
    let head = [48, 67, 48, first, second, 1, x_low, x_high, y_low, y_high, 49];
    [graphics_length(head.len() + dots.width().div_ceil(8) * dots.height()), head.to_vec()].concat()
}

/// Width and height as the commands take them.
pub(super) fn size_bytes(dots: &Bitmap) -> [u8; 4] {
    let size = |length: usize| u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes();
    let ([x_low, x_high], [y_low, y_high]) = (size(dots.width()), size(dots.height()));
    [x_low, x_high, y_low, y_high]
}

/// Whether a printer would act on something in these bytes.
pub(super) fn has_real_time(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| is_real_time([pair[0], pair[1]]))
}

/// The key under which a printer that was told [`define_logo`] keeps a logo.
pub(super) fn key_of(dots: &Bitmap) -> LogoKey {
    // 95 printable characters, twice: what Epson allows.
    let hash = hash_of(dots);
    let character = |value: u64| b' ' + (value % 95) as u8;
    LogoKey([character(hash), character(hash / 95)])
}

/// FNV-1a, 64 bits, over size and dots. Not against forgery: whoever can change the logo can print anyway.
fn hash_of(dots: &Bitmap) -> u64 {
    let size = [dots.width() as u64, dots.height() as u64].map(u64::to_le_bytes).concat();
    size.iter()
        .chain(&dots.pack())
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

/// Prints the logo that the printer keeps under this key (function 69); 11 bytes.
#[must_use]
pub fn print_logo(LogoKey([first, second]): LogoKey) -> [u8; 11] {
    [0x1D, b'(', b'L', 6, 0, 48, 69, first, second, 1, 1]
}

/// Makes the printer forget the picture under this key (function 66).
#[must_use]
pub fn forget_logo(LogoKey([first, second]): LogoKey) -> [u8; 9] {
    [0x1D, b'(', b'L', 4, 0, 48, 66, first, second]
}

/// Asks which keys the printer keeps (function 64); the answer is read by [`kept_logos`].
#[must_use]
pub fn ask_kept_logos() -> [u8; 9] {
    [0x1D, b'(', b'L', 4, 0, 48, 64, b'K', b'C']
}

/// A block of the printer's answer to [`ask_kept_logos`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLogos {
    /// Keys in this block.
    pub keys: Vec<LogoKey>,
    /// The printer has more and waits to be told to go on (`ACK`, 06).
    pub more: bool,
    /// Bytes of the block in what was given.
    pub length: usize,
}

/// Reads a block at the start of these bytes: `37 72`, `40` or `41`, pairs of keys, `00`. Nothing when it is none, or not whole.
#[must_use]
pub fn kept_logos(bytes: &[u8]) -> Option<KeptLogos> {
    let [0x37, 0x72, status @ (0x40 | 0x41), rest @ ..] = bytes else {
        return None;
    };
    let end = rest.iter().position(|byte| *byte == 0)?;
    let (pairs, odd) = rest[..end].as_chunks::<2>();
    odd.is_empty().then(|| KeptLogos {
        keys: pairs.iter().copied().map(LogoKey).collect(),
        more: *status == 0x41,
        length: 3 + end + 1,
    })
}

/// The start of a graphics command with so many bytes behind it: `GS ( L`, or `GS 8 L` when two bytes cannot say the length.
pub(super) fn graphics_length(length: usize) -> Vec<u8> {
    match u16::try_from(length) {
        Ok(length) => [&[0x1D, b'(', b'L'], length.to_le_bytes().as_slice()].concat(),
        Err(_) => [&[0x1D, b'8', b'L'], u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes().as_slice()].concat(),
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgba, RgbaImage};

    use super::*;
    use crate::slip::PaperWidth;

    fn png(width: u32, height: u32, dot: impl Fn(u32, u32) -> [u8; 4]) -> Vec<u8> {
        let mut file = std::io::Cursor::new(Vec::new());
        let picture = RgbaImage::from_fn(width, height, |x, y| Rgba(dot(x, y)));
        picture.write_to(&mut file, image::ImageFormat::Png).expect("written");
        file.into_inner()
    }

    fn profile() -> PrinterProfile {
        PrinterProfile::epson_tm(PaperWidth::Mm80)
    }

    #[test]
    fn what_is_transparent_is_paper_and_what_is_dark_is_black() {
        let picture = png(40, 16, |x, _| if x < 20 { [0, 0, 0, 0] } else { [20, 20, 60, 255] });
        let dots = Logo::from_png(&picture).expect("a logo").dots(&profile());
        assert_eq!((dots.width(), dots.height()), (40, 16), "a small one is not enlarged");
        assert_eq!(dots.ink(), Some((20, 0, 40, 16)));
    }

    #[test]
    fn a_large_one_is_reduced_and_keeps_its_shape_and_its_grey() {
        let picture = png(1200, 300, |_, _| [128, 128, 128, 255]);
        let logo = Logo::from_png(&picture).expect("a logo");
        let dots = logo.at_most_mm(9).dots(&profile());
        assert_eq!((dots.width(), dots.height()), (288, 72));
        let black = dots.rows().flatten().filter(|black| **black).count();
        let share = black * 100 / (288 * 72);
        assert!((40..60).contains(&share), "{share} % of a middle grey are black");
    }

    #[test]
    fn a_file_that_is_no_logo_is_refused() {
        assert!(matches!(Logo::from_png(b"GIF89a"), Err(LogoError::Unreadable(_))));
        let whole = png(30, 30, |_, _| [0, 0, 0, 255]);
        assert!(matches!(Logo::from_png(&whole[..whole.len() / 2]), Err(LogoError::Unreadable(_))));
    }

    #[test]
    fn the_same_logo_has_the_same_key_and_another_one_another() {
        let striped = |step: u32| {
            let picture =
                png(200, 60, move |x, _| if (x / step).is_multiple_of(2) { [0, 0, 0, 255] } else { [255; 4] });
            define_logo(&Logo::from_png(&picture).expect("a logo"), &profile())
        };
        assert_eq!(striped(7), striped(7));
        assert_ne!(striped(7).hash, striped(8).hash);
        assert_ne!(striped(7).key, striped(8).key);
        let KeptLogo { key: LogoKey(key), bytes, .. } = striped(7);
        assert!(key.iter().all(|byte| (32..=126).contains(byte)));
        assert_eq!(
            bytes[..7],
            [0x1D, b'(', b'L', 0xE7, 0x05, 48, 67],
            "25 bytes in each of 60 rows and 11 before them"
        );
        assert_eq!(print_logo(LogoKey(key)).len(), 11);
    }

    #[test]
    fn no_size_of_a_logo_reads_as_a_real_time_command() {
        // 528 dots across are 10 02, and 1040 bytes are 10 04.
        for (width, height) in [(528, 40), (528, 16), (84, 93), (168, 49), (70, 115)] {
            let picture = png(width, height, |x, y| if (x + y) % 3 == 0 { [0, 0, 0, 255] } else { [255; 4] });
            let KeptLogo { bytes, .. } =
                define_logo(&Logo::from_png(&picture).expect("a logo").at_most_mm(60), &profile());
            assert!(!has_real_time(&bytes), "{width} x {height}");
        }
    }

    #[test]
    fn the_answer_names_the_keys_that_are_kept() {
        let whole = KeptLogos { keys: vec![LogoKey(*b"ab"), LogoKey(*b"c ")], more: false, length: 8 };
        assert_eq!(kept_logos(b"\x37\x72\x40abc \x00\x37"), Some(whole));
        assert_eq!(kept_logos(b"\x37\x72\x41\x00").map(|block| block.more), Some(true));
        for other in [&b""[..], b"\x37\x22\x40ab\0", b"\x37\x72\x40ab", b"\x37\x72\x40abc\0", b"\x37\x72"] {
            assert_eq!(kept_logos(other), None, "{other:02X?}");
        }
    }
}
