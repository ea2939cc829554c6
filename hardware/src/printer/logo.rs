//! The logo in the printer's own memory: sent once, printed by its key from then on.
//!
//! That memory bears few writes, so the printer is asked first what it keeps, and is told at most ten times a day. The printer
//! stands still while it writes; whoever owns it does this when nobody waits for a slip.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::patience::ANSWER_LIMIT;
use super::status::BackChannel;
use super::{Learned, Leftover, Printer, PrinterFault};
use crate::clock;
use crate::slip::{KeptLogo, Logo, LogoKey, NvGraphics, define_logo};

/// Writes that the memory bears in a day (Epson's reference: ten).
const WRITES_A_DAY: usize = 10;
/// A day.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest time for a printer to write a logo after it has received it (assumed; models need one to some seconds).
const WRITE_LIMIT: Duration = Duration::from_secs(20);

/// A logo that cannot be kept is not tried again before this, so that an idle printer is left alone.
const TRY_AGAIN: Duration = Duration::from_secs(10 * 60);

/// What is known of the logos in a printer.
#[derive(Debug, Default)]
pub(super) struct Logos {
    /// Logos whose keys the printer on this connection named; whole, so that no slip waits for a key to be reckoned.
    certain: Vec<Logo>,
    /// When it was told to keep one; the last day's.
    writes: VecDeque<Instant>,
    /// When a logo was last found not to be kept.
    vain_at: Option<Instant>,
    /// It does not say what it keeps, or did not keep what it was told: it is not told again.
    useless: bool,
}

impl Logos {
    pub(super) fn forget_kept(&mut self) {
        self.certain.clear();
        self.vain_at = None;
    }

    /// Notes a write if the day has one left.
    fn may_write(&mut self) -> bool {
        while self.writes.front().is_some_and(|write| write.elapsed() >= DAY) {
            self.writes.pop_front();
        }
        let may = self.writes.len() < WRITES_A_DAY;
        if may {
            self.writes.push_back(clock::now());
        }
        may
    }
}

impl Printer {
    /// True when the printer is known to keep this logo: a slip may then name it by its key.
    #[must_use]
    pub fn keeps_logo(&self, logo: &Logo) -> bool {
        self.logos.certain.contains(logo)
    }

    /// How often this printer was told to keep a logo in the last day.
    #[must_use]
    pub fn logo_writes(&self) -> usize {
        self.logos.writes.iter().filter(|write| write.elapsed() < DAY).count()
    }

    /// Sees to it that the printer keeps this logo; false when it cannot, or may not be told again today.
    ///
    /// Does nothing when the printer is known to keep it. Otherwise bounded like a slip and 20 s more. Prints nothing. For
    /// printers that echo: without an echo nobody could say when the writing is over.
    ///
    /// # Errors
    /// The fault that stands in the way now.
    pub fn ensure_logo(&mut self, logo: &Logo) -> Result<bool, PrinterFault> {
        if self.keeps_logo(logo) {
            return Ok(true);
        }
        let in_vain = self.logos.vain_at.is_some_and(|at| at.elapsed() < TRY_AGAIN);
        if self.profile.nv_graphics == NvGraphics::Unsupported || self.logos.useless || in_vain {
            return Ok(false);
        }
        let kept = self.teach(&define_logo(logo, &self.profile))?;
        if kept {
            self.logos.certain.push(logo.clone());
        } else {
            self.logos.vain_at = Some(clock::now());
        }
        Ok(kept)
    }

    /// Asks for the key and, if it is not there, has it written.
    fn teach(&mut self, wanted: &KeptLogo) -> Result<bool, PrinterFault> {
        self.ready_to_print()?;
        if self.last_status().back_channel != BackChannel::Present || !self.echoes() {
            return Ok(false);
        }
        if self.ask_kept(wanted.key)? {
            return Ok(true);
        }
        if self.logos.useless || !self.logos.may_write() {
            return Ok(false);
        }
        let fence = self.identifiers.draw();
        match self.on_connection(|connection| connection.store(&wanted.bytes, fence, WRITE_LIMIT)) {
            Ok(true) => {}
            Ok(false) => {
                self.logos.useless = true;
                self.leftover = Leftover::Slip;
                return Ok(false);
            }
            Err(fault) => {
                // A logo that arrived in part would take the next slip for its dots.
                self.leftover = Leftover::Fragment;
                return Err(fault);
            }
        }
        let kept = self.ask_kept(wanted.key)?;
        self.logos.useless = !kept;
        Ok(kept)
    }

    /// Asks what the printer keeps; true when this key is among it.
    fn ask_kept(&mut self, key: LogoKey) -> Result<bool, PrinterFault> {
        let keys = self.on_connection(|connection| connection.kept_logos(ANSWER_LIMIT))?;
        self.logos.useless |= keys.is_none();
        Ok(keys.is_some_and(|keys| keys.contains(&key)))
    }

    fn echoes(&mut self) -> bool {
        if self.connection.as_ref().is_some_and(super::Connection::echoes) {
            self.learned = Learned::Echoes;
        }
        self.learned == Learned::Echoes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_ten_writes_and_no_more() {
        let mut logos = Logos::default();
        assert_eq!((0..30).filter(|_| logos.may_write()).count(), WRITES_A_DAY);
    }
}
