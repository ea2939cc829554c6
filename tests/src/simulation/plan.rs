//! What a seed's lobby is like and what happens to it: how many machines, which day, how bad the network is, which faults
//! come when. Everything is drawn before the first event. Nothing here runs anything.

use super::chance::Chance;
use super::disk::Death;

/// A minute in milliseconds.
pub const MINUTE: i64 = 60_000;

/// An hour in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;

/// From the beginning of one stretch of opening to that of the next, where a plan goes over nights.
pub const STRETCH_MS: i64 = 15 * HOUR;

/// Something that is done to the lobby at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stroke {
    /// When, in milliseconds since the beginning.
    pub at_ms: i64,
    /// What.
    pub deed: Deed,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Somebody touches a service.
    Touch {
        /// Which kiosk.
        kiosk: usize,
        /// Which of the site's queues, by its place.
        queue: usize,
        /// Whether the command comes a second time, as from a script that heard nothing.
        repeated: bool,
    },
    /// Somebody takes a ticket on the web.
    WebTicket {
        /// Which of the site's queues, by its place.
        queue: usize,
    },
    /// A clerk calls the next person.
    CallNext,
    /// A clerk ends, recalls or gives up on a person who was called.
    ServeCalled,
    /// Staff print a ticket again.
    Reprint {
        /// Which kiosk.
        kiosk: usize,
    },
    /// A station's process or machine dies.
    StationDies {
        /// Which station.
        station: usize,
        /// How.
        death: Death,
        /// After so many further operations on its disk; nothing means at once.
        after_operations: Option<u64>,
        /// How long it stays away.
        away_ms: i64,
    },
    /// The server dies.
    ServerDies {
        /// How.
        death: Death,
        /// After so many further operations on its disk; nothing means at once.
        after_operations: Option<u64>,
        /// How long it stays away.
        away_ms: i64,
    },
    /// A station cannot reach the server for a while.
    Partition {
        /// Which station.
        station: usize,
        /// For how long.
        for_ms: i64,
    },
    /// A station's wall clock is set.
    ClockJump {
        /// Which station.
        station: usize,
        /// By how much.
        by_ms: i64,
    },
    /// A printer has no paper for a while.
    PaperOut {
        /// Which kiosk.
        kiosk: usize,
        /// For how long.
        for_ms: i64,
    },
    /// A station's disk has no room for a while.
    DiskFull {
        /// Which station.
        station: usize,
        /// For how long.
        for_ms: i64,
    },
    /// A station's disk fails for a while.
    DiskFails {
        /// Which station.
        station: usize,
        /// For how long.
        for_ms: i64,
    },
    /// Nothing happens; how much each disk has done is written down.
    Mark,
    /// A copy of the server's file is put aside.
    Backup,
    /// The server is put back from the last copy.
    Restore,
    /// A kiosk's disk is copied into a second machine, which then takes touches beside the first.
    CloneDisk {
        /// Which kiosk.
        kiosk: usize,
    },
}

/// How bad the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Usual delay of one way at most.
    pub delay_ms: u64,
    /// Messages lost, in a thousand.
    pub lost: u64,
    /// Questions that arrive twice, in a thousand.
    pub twice: u64,
    /// Messages that take up to half a minute, in a thousand.
    pub late: u64,
    /// Events lost out of their stream, in a thousand.
    pub events_lost: u64,
    /// Events that come twice or after a later one, in a thousand.
    pub events_mixed: u64,
}

/// A lobby and its fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Kiosks at the beginning.
    pub kiosks: usize,
    /// Boards.
    pub boards: usize,
    /// True UTC at the beginning.
    pub begins_ms: i64,
    /// How long it goes on before everything is healed.
    pub lasts_ms: i64,
    /// Whether nothing goes wrong at all.
    pub calm: bool,
    /// The network.
    pub network: Network,
    /// Printers that fail, in a thousand slips.
    pub printer_fails: u64,
    /// What happens, in the order of time.
    pub strokes: Vec<Stroke>,
}

/// The beginnings: an ordinary day in Paris, the two days on which its clocks change, and the turn of a year; each as UTC
/// milliseconds of 00:00 UTC.
const DAYS: [i64; 5] = [
    1_782_777_600_000, // 2026-06-30
    1_774_742_400_000, // 2026-03-29, clocks go forward at 01:00 UTC
    1_792_886_400_000, // 2026-10-25, clocks go back at 01:00 UTC
    1_798_675_200_000, // 2026-12-31
    1_795_219_200_000, // 2026-11-21
];

impl Plan {
    /// The plan of a seed.
    pub fn of(chance: &mut Chance) -> Plan {
        let calm = chance.in_thousand(80);
        let kiosks = [1, 1, 2, 2, 3][chance.below(5) as usize];
        let boards = [1, 2, 2][chance.below(3) as usize];
        // Over a night in a third of the lobbies: the day rolls over, and quiet hours come.
        let nights = [0, 0, 0, 0, 1, 2][chance.below(6) as usize];
        let day = DAYS[chance.below(DAYS.len() as u64) as usize];
        let hour = if nights > 0 { chance.between(12, 18) } else { chance.between(0, 24) };
        let begins_ms =
            day + i64::try_from(hour).unwrap_or(0) * HOUR + i64::try_from(chance.below(3_600_000)).unwrap_or(0);
        let stretch_ms = i64::try_from(chance.between(3, 16)).unwrap_or(3) * MINUTE;
        let mut plan = Plan {
            kiosks,
            boards,
            begins_ms,
            lasts_ms: stretch_ms + nights * STRETCH_MS,
            calm,
            network: network(calm, chance),
            printer_fails: if calm { 0 } else { [0, 60, 250][chance.below(3) as usize] },
            strokes: Vec::new(),
        };
        for stretch in 0..=nights {
            plan.people(stretch * STRETCH_MS, stretch_ms, chance);
            if !calm {
                plan.faults(stretch * STRETCH_MS, stretch_ms, chance);
            }
        }
        if !calm {
            plan.rarities(chance);
        }
        plan.strokes.sort_by_key(|stroke| stroke.at_ms);
        plan
    }

    fn add(&mut self, at_ms: i64, deed: Deed) {
        self.strokes.push(Stroke { at_ms, deed });
    }

    /// Customers and clerks of one stretch of opening.
    fn people(&mut self, from_ms: i64, stretch_ms: i64, chance: &mut Chance) {
        // The first seconds belong to pairing, so that most touches meet a station that is somebody.
        let opening_ms = if from_ms == 0 { 8_000 } else { 0 };
        let at = |chance: &mut Chance| from_ms + opening_ms + moment(stretch_ms - opening_ms, chance);
        let queues = chance.between(1, 4);
        for _ in 0..chance.between(6, 22) {
            let kiosk = chance.below(self.kiosks as u64) as usize;
            let queue = chance.below(queues) as usize;
            let repeated = chance.in_thousand(60);
            let at_ms = at(chance);
            self.add(at_ms, Deed::Touch { kiosk, queue, repeated });
            // Two people at two kiosks at the same moment meet more often than chance has it.
            if chance.in_thousand(250) {
                let kiosk = chance.below(self.kiosks as u64) as usize;
                self.add(at_ms + moment(30, chance), Deed::Touch { kiosk, queue, repeated: false });
            }
        }
        for _ in 0..chance.below(4) {
            let queue = chance.below(queues) as usize;
            self.add(at(chance), Deed::WebTicket { queue });
        }
        for _ in 0..chance.below(9) {
            let at_ms = at(chance);
            self.add(at_ms, Deed::CallNext);
            if chance.in_thousand(600) {
                self.add(at_ms + moment(60_000, chance), Deed::ServeCalled);
            }
        }
        for _ in 0..chance.below(3) {
            let kiosk = chance.below(self.kiosks as u64) as usize;
            self.add(at(chance), Deed::Reprint { kiosk });
        }
    }

    /// What goes wrong in one stretch of opening.
    fn faults(&mut self, from_ms: i64, stretch_ms: i64, chance: &mut Chance) {
        let stations = (self.kiosks + self.boards) as u64;
        for _ in 0..chance.below(7) {
            let at_ms = from_ms + moment(stretch_ms, chance);
            let station = chance.below(stations) as usize;
            let kiosk = chance.below(self.kiosks as u64) as usize;
            let death = if chance.in_thousand(650) { Death::PowerCut } else { Death::Kill };
            let after_operations = chance.in_thousand(800).then(|| chance.below(24));
            let away_ms = 200 + moment(20_000, chance);
            let for_ms = 1_000 + moment(90_000, chance);
            let deed = match chance.below(20) {
                0..=7 => Deed::StationDies { station: kiosk, death, after_operations, away_ms },
                8 => Deed::StationDies { station, death, after_operations, away_ms },
                9..=11 => Deed::ServerDies { death, after_operations, away_ms },
                12..=14 => Deed::Partition { station, for_ms },
                15 => Deed::PaperOut { kiosk, for_ms },
                16 | 17 => Deed::ClockJump { station: kiosk, by_ms: jump(chance) },
                18 => Deed::DiskFull { station: kiosk, for_ms },
                _ => Deed::DiskFails { station: kiosk, for_ms },
            };
            self.add(at_ms, deed);
        }
    }

    /// What happens in few lobbies, and at most once.
    fn rarities(&mut self, chance: &mut Chance) {
        if chance.in_thousand(60) {
            let backup_ms = moment(self.lasts_ms, chance);
            let restore_ms = backup_ms + moment(self.lasts_ms - backup_ms, chance);
            self.add(backup_ms, Deed::Backup);
            self.add(restore_ms, Deed::Restore);
        }
        if chance.in_thousand(40) {
            let kiosk = chance.below(self.kiosks as u64) as usize;
            let at_ms = moment(self.lasts_ms, chance);
            self.add(at_ms, Deed::CloneDisk { kiosk });
        }
    }
}

fn moment(within_ms: i64, chance: &mut Chance) -> i64 {
    i64::try_from(chance.below(within_ms.max(1).unsigned_abs())).unwrap_or(0)
}

/// Up to a day, forward or back.
fn jump(chance: &mut Chance) -> i64 {
    let by_ms = match chance.below(3) {
        0 => moment(10 * MINUTE, chance),
        1 => moment(24 * HOUR, chance),
        _ => 24 * HOUR,
    };
    if chance.in_thousand(600) { by_ms } else { -by_ms }
}

fn network(calm: bool, chance: &mut Chance) -> Network {
    let good = Network { delay_ms: 40, lost: 0, twice: 0, late: 0, events_lost: 0, events_mixed: 0 };
    if calm {
        return good;
    }
    match chance.below(4) {
        0 => good,
        1 => Network { delay_ms: 300, lost: 10, twice: 30, late: 10, events_lost: 8, events_mixed: 8 },
        2 => Network { delay_ms: 700, lost: 25, twice: 60, late: 25, events_lost: 12, events_mixed: 12 },
        _ => Network { delay_ms: 1_500, lost: 60, twice: 100, late: 60, events_lost: 20, events_mixed: 20 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_one_plan_in_the_order_of_time() {
        for seed in 0..50 {
            let plan = Plan::of(&mut Chance::of(seed));
            assert_eq!(plan, Plan::of(&mut Chance::of(seed)));
            assert!(plan.strokes.is_sorted_by_key(|stroke| stroke.at_ms));
            assert!(plan.strokes.iter().all(|stroke| (0..plan.lasts_ms + MINUTE).contains(&stroke.at_ms)));
            let touches = plan.strokes.iter().filter(|stroke| matches!(stroke.deed, Deed::Touch { .. })).count();
            assert!(touches > 0);
        }
    }

    #[test]
    fn every_kind_of_deed_is_drawn_by_some_seed() {
        let mut kinds = std::collections::BTreeSet::new();
        for seed in 0..400 {
            let plan = Plan::of(&mut Chance::of(seed));
            kinds.extend(plan.strokes.iter().map(|stroke| {
                let text = format!("{:?}", stroke.deed);
                text.split([' ', '{']).next().unwrap_or_default().to_owned()
            }));
        }
        assert_eq!(kinds.len(), 15, "{kinds:?}");
    }
}
