//! Chance that can be repeated: every draw of a simulation comes from here, and the seed says all of it.
//! It never looks at anything outside itself.

/// A source of draws. SplitMix64 (Steele, Lea, Flood 2014): small, fast, and good enough to choose faults with.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The draws of a seed.
    pub fn of(seed: u64) -> Chance {
        // Neighbouring seeds must not begin alike.
        let mut chance = Chance(seed ^ 0x5851_F42D_4C95_7F2D);
        chance.draw();
        chance
    }

    /// A source of its own for one part of a simulation, so that a draw more in one part changes nothing in another.
    pub fn part(&self, name: u64) -> Chance {
        let mut part = Chance(self.0 ^ name.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        part.draw();
        part
    }

    /// 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A number below a bound; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.draw() % bound }
    }

    /// A number between two bounds, the upper one not included.
    pub fn between(&mut self, from: u64, until: u64) -> u64 {
        from + self.below(until.saturating_sub(from))
    }

    /// Yes so many times in a thousand.
    pub fn in_thousand(&mut self, times: u64) -> bool {
        self.below(1000) < times
    }

    /// One of several; nothing of nothing.
    pub fn one_of<'a, T>(&mut self, several: &'a [T]) -> Option<&'a T> {
        let index = usize::try_from(self.below(several.len() as u64)).unwrap_or(0);
        several.get(index)
    }

    /// 128 bits.
    pub fn wide(&mut self) -> u128 {
        (u128::from(self.draw()) << 64) | u128::from(self.draw())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_says_every_draw_and_neighbours_differ() {
        let draws = |seed| {
            let mut chance = Chance::of(seed);
            [chance.draw(), chance.draw(), chance.draw()]
        };
        assert_eq!(draws(7), draws(7));
        assert_ne!(draws(7)[0], draws(8)[0]);
        assert_ne!(Chance::of(7).part(1).draw(), Chance::of(7).part(2).draw());
    }

    #[test]
    fn draws_stay_within_their_bounds() {
        let mut chance = Chance::of(1);
        assert_eq!(chance.below(0), 0);
        assert!((0..1000).all(|_| (5..9).contains(&chance.between(5, 9))));
        assert!(!chance.in_thousand(0) && chance.in_thousand(1000));
        assert_eq!(chance.one_of::<u8>(&[]), None);
    }
}
