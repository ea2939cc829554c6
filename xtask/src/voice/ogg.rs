//! Gives an Ogg file a fixed serial number. sox draws one at random, and then no two renderings would be the same bytes.
//!
//! It touches the page headers and their checksums only, never a packet.

use anyhow::{Result, ensure};

const SERIAL: std::ops::Range<usize> = 14..18;
const CHECKSUM: std::ops::Range<usize> = 22..26;
const SEGMENTS: usize = 26;

/// Writes `serial` into every page and corrects the page's checksum.
pub fn set_serial(file: &mut [u8], serial: u32) -> Result<()> {
    let mut start = 0;
    while start < file.len() {
        let rest = &file[start..];
        ensure!(rest.len() > SEGMENTS && rest.starts_with(b"OggS"), "no Ogg page at byte {start}");
        let segments = usize::from(rest[SEGMENTS]);
        ensure!(rest.len() > SEGMENTS + segments, "the Ogg page at byte {start} is cut short");
        let payload: usize = rest[SEGMENTS + 1..=SEGMENTS + segments].iter().map(|length| usize::from(*length)).sum();
        let length = SEGMENTS + 1 + segments + payload;
        ensure!(rest.len() >= length, "the Ogg page at byte {start} is cut short");
        let page = &mut file[start..start + length];
        page[SERIAL].copy_from_slice(&serial.to_le_bytes());
        page[CHECKSUM].fill(0);
        let sum = checksum(page);
        page[CHECKSUM].copy_from_slice(&sum.to_le_bytes());
        start += length;
    }
    Ok(())
}

/// RFC 3533: CRC with the polynomial 0x04c11db7, most significant bit first, starting from 0.
fn checksum(page: &[u8]) -> u32 {
    page.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ (u32::from(*byte) << 24), |sum, _| (sum << 1) ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page as RFC 3533 lays it out: an empty first page of stream 1, checksum left out.
    fn page() -> Vec<u8> {
        let mut page = b"OggS\0\x02".to_vec();
        page.resize(SEGMENTS, 0);
        page.extend([1, 3, 7, 8, 9]);
        page
    }

    #[test]
    fn every_page_gets_the_serial_and_a_checksum_that_depends_on_it() {
        let mut file = [page(), page()].concat();
        set_serial(&mut file, 1).unwrap();
        assert_eq!(file[14..18], [1, 0, 0, 0]);
        assert_eq!(file[31 + 14..31 + 18], [1, 0, 0, 0]);
        assert_eq!(file[22..26], file[31 + 22..31 + 26]);
        let once = file.clone();
        set_serial(&mut file, 1).unwrap();
        assert_eq!(file, once);
        set_serial(&mut file, 2).unwrap();
        assert_ne!(file[22..26], once[22..26]);
    }

    #[test]
    fn what_is_not_ogg_is_refused() {
        assert!(set_serial(&mut b"RIFF....".to_vec(), 1).is_err());
        let mut short = page();
        short.pop();
        assert!(set_serial(&mut short, 1).is_err());
    }
}
