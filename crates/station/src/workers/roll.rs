//! How much paper is left on the roll: counted from the slips since the roll was changed, corrected by the printer's sensors.
//! Pure; the printer's worker feeds it and the journal keeps it. It measures nothing itself, and never stops a slip: only
//! the printer knows that its paper is out.

use serde::{Deserialize, Serialize};
use smartqueue_hardware::printer::Paper;
use smartqueue_hardware::slip::PaperWidth;

/// Length of an 80 mm roll of 80 mm diameter on a 12 mm core, paper of 60 µm (assumed; the profile may say otherwise).
const ROLL_80_MM: u64 = 80_000;
/// Length of a 58 mm roll of 50 mm diameter, the largest that small kiosk printers take (assumed).
const ROLL_58_MM: u64 = 25_000;
/// What is left when the near-end sensor trips. Epson's manuals give a remaining diameter of 23 to 28 mm, which is 2.5 to 5 m
/// on an 18 mm core: the lower end is the one that does not promise too much.
const NEAR_END_MM: u64 = 2_500;
/// Length of a slip before the first one is counted.
const USUAL_SLIP_MM: u64 = 70;
/// From here on staff are warned: two hours and more at a busy kiosk's 80 slips an hour.
const LOW_SLIPS: u64 = 200;

/// The length of a new roll when nobody has said it.
pub(crate) fn usual_roll_mm(paper: PaperWidth) -> u64 {
    match paper {
        PaperWidth::Mm80 => ROLL_80_MM,
        PaperWidth::Mm58 => ROLL_58_MM,
    }
}

/// What is left on the roll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PaperLeft {
    /// Paper, in millimetres.
    pub(crate) left_mm: u64,
    /// Slips of the length that they had so far.
    pub(crate) slips_left: u64,
}

/// What the loop is told when paper was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PaperCounted {
    /// What is left.
    pub(crate) left: PaperLeft,
    /// What the journal is to keep, for [`Roll::new`].
    pub(crate) to_keep: String,
}

/// What the journal keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    /// Used of this roll.
    used_mm: u64,
    /// All slips of this printer's life with us, and their length: what a slip needs does not change with the roll.
    slips: u64,
    slips_mm: u64,
    sensor: Sensor,
}

/// What the sensors said last, so that a roll changed while the station was off is seen at its next start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sensor {
    Enough,
    NearEnd,
    Out,
}

/// Counts the paper of one roll after another.
#[derive(Clone, Debug)]
pub(crate) struct Roll {
    length_mm: u64,
    count: Count,
}

impl Roll {
    /// Goes on from what the journal kept; without it, or when it does not read, a new roll is assumed.
    pub(crate) fn new(length_mm: u64, kept: Option<&str>) -> Roll {
        let fresh = Count { used_mm: 0, slips: 0, slips_mm: 0, sensor: Sensor::Enough };
        Roll { length_mm, count: kept.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(fresh) }
    }

    /// The count as it is told to the loop.
    pub(crate) fn counted(&self) -> PaperCounted {
        PaperCounted { left: self.left(), to_keep: self.to_text() }
    }

    fn to_text(&self) -> String {
        let Count { used_mm, slips, slips_mm, sensor } = self.count;
        let sensor = match sensor {
            Sensor::Enough => "enough",
            Sensor::NearEnd => "near_end",
            Sensor::Out => "out",
        };
        format!(r#"{{"used_mm":{used_mm},"slips":{slips},"slips_mm":{slips_mm},"sensor":"{sensor}"}}"#)
    }

    /// A slip of this length was handed over. One in doubt counts whole: too early a warning harms nobody.
    pub(crate) fn use_up(&mut self, slip_mm: u32) {
        if slip_mm > 0 {
            self.count.used_mm += u64::from(slip_mm);
            self.count.slips_mm += u64::from(slip_mm);
            self.count.slips += 1;
        }
    }

    /// The printer was seen with this paper. True when something is to be kept that was not known before.
    pub(crate) fn see(&mut self, paper: Paper) -> bool {
        let before = self.count;
        let sensor = match paper {
            Paper::Present => Sensor::Enough,
            Paper::NearEnd => Sensor::NearEnd,
            Paper::Out => Sensor::Out,
        };
        match (before.sensor, sensor) {
            // Paper after none, or much after little: somebody has changed the roll.
            (Sensor::Out, Sensor::Enough | Sensor::NearEnd) | (Sensor::NearEnd, Sensor::Enough) => {
                self.count.used_mm = 0;
            }
            (_, Sensor::NearEnd) if before.sensor != sensor => {
                self.count.used_mm = before.used_mm.max(self.length_mm.saturating_sub(NEAR_END_MM));
            }
            (Sensor::Enough | Sensor::NearEnd, Sensor::Out) => self.count.used_mm = before.used_mm.max(self.length_mm),
            (Sensor::Enough | Sensor::NearEnd | Sensor::Out, _) => {}
        }
        self.count.sensor = sensor;
        self.count != before
    }

    /// What is left. A roll that was longer than it was said to be counts as empty until it is.
    pub(crate) fn left(&self) -> PaperLeft {
        let left_mm = self.length_mm.saturating_sub(self.count.used_mm);
        let slip_mm = self.count.slips_mm.checked_div(self.count.slips).unwrap_or(USUAL_SLIP_MM).max(1);
        PaperLeft { left_mm, slips_left: left_mm / slip_mm }
    }

    /// Whether staff should get a new roll ready.
    pub(crate) fn is_low(&self) -> bool {
        self.left().slips_left <= LOW_SLIPS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slips(roll: &mut Roll, count: u32) {
        for _ in 0..count {
            roll.use_up(80);
        }
    }

    #[test]
    fn a_roll_is_counted_down_warned_of_and_counted_anew_after_a_change() {
        let mut roll = Roll::new(80_000, None);
        assert_eq!(roll.left(), PaperLeft { left_mm: 80_000, slips_left: 1142 });
        slips(&mut roll, 700);
        assert_eq!(roll.left(), PaperLeft { left_mm: 24_000, slips_left: 300 });
        assert!(!roll.is_low());
        slips(&mut roll, 100);
        assert!(roll.is_low(), "200 slips are two hours and a half");
        slips(&mut roll, 300);
        assert_eq!(roll.left().left_mm, 0, "longer than it was said to be");
        assert!(roll.see(Paper::Out));
        assert!(!roll.see(Paper::Out), "nothing new");
        assert!(roll.see(Paper::Present));
        assert_eq!(roll.left(), PaperLeft { left_mm: 80_000, slips_left: 1000 });
    }

    #[test]
    fn the_sensor_knows_better_than_the_count() {
        let mut roll = Roll::new(80_000, None);
        slips(&mut roll, 10);
        assert!(roll.see(Paper::NearEnd));
        assert_eq!(roll.left(), PaperLeft { left_mm: 2_500, slips_left: 31 });
        slips(&mut roll, 2);
        assert!(!roll.see(Paper::NearEnd));
        assert_eq!(roll.left().left_mm, 2_340);
        assert!(roll.see(Paper::Present), "a new roll before the old one ended");
        assert_eq!(roll.left().left_mm, 80_000);
    }

    #[test]
    fn a_change_while_the_station_is_off_is_seen_at_the_next_start() {
        let mut roll = Roll::new(80_000, None);
        slips(&mut roll, 500);
        roll.see(Paper::Out);
        let mut later = Roll::new(80_000, Some(&roll.to_text()));
        assert_eq!(later.left().left_mm, 0);
        later.see(Paper::Present);
        assert_eq!(later.left(), PaperLeft { left_mm: 80_000, slips_left: 1000 });
        let unreadable = Roll::new(25_000, Some("{"));
        assert_eq!(unreadable.left().left_mm, 25_000);
    }
}
