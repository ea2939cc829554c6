//! Decides when a window's page must be loaded again: because it fell silent, never drew anything, or died.
//!
//! On Linux the last frame of a page that died or hangs stays on the screen, so customers touch a picture. The page
//! beats (`page.js`); this judges the beats. It is pure: times come in, verdicts go out, and the windows are reloaded by
//! whoever asked (`watch.rs`).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a page may be silent. Beats come every two seconds; a slow machine that compiles or updates beside the
/// kiosk has been seen to hold a page up for several.
pub const SILENCE: Duration = Duration::from_secs(20);

/// Loads within this time count as a row.
const ROW: Duration = Duration::from_secs(60);

/// So many loads in a row happen at once.
const PROMPT_LOADS: usize = 3;

/// After that the next one waits, so that a page that dies at every load does not keep the processor from printing.
const PAUSE: Duration = Duration::from_secs(10);

/// Why a page must be loaded again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ailment {
    /// It beat once and then no more.
    Silent,
    /// It was loaded and never drew its face.
    Blank,
}

/// The state of one window's page.
#[derive(Debug)]
pub struct Pulse {
    loaded: Instant,
    last_beat: Option<Instant>,
    drawn: bool,
    loads: VecDeque<Instant>,
}

impl Pulse {
    /// A page that starts loading now.
    pub fn new(now: Instant) -> Self {
        Self { loaded: now, last_beat: None, drawn: false, loads: VecDeque::new() }
    }

    /// The page beat. Returns whether this is the first beat since it was loaded that shows a drawn face.
    pub fn handle_beat(&mut self, drawn: bool, now: Instant) -> bool {
        self.last_beat = Some(now);
        let first = drawn && !self.drawn;
        self.drawn |= drawn;
        first
    }

    /// What is wrong with the page, if anything is.
    pub fn ailment(&self, now: Instant) -> Option<Ailment> {
        if !self.drawn {
            return (now.duration_since(self.loaded) > SILENCE).then_some(Ailment::Blank);
        }
        let last = self.last_beat.unwrap_or(self.loaded);
        (now.duration_since(last) > SILENCE).then_some(Ailment::Silent)
    }

    /// The page is to be loaded again. Returns how long to wait before doing so; the page counts as loading from then.
    pub fn plan_load(&mut self, now: Instant) -> Duration {
        while self.loads.front().is_some_and(|load| now.saturating_duration_since(*load) > ROW) {
            self.loads.pop_front();
        }
        let wait = if self.loads.len() < PROMPT_LOADS { Duration::ZERO } else { PAUSE };
        let at = now + wait;
        self.loads.push_back(at);
        self.handle_cure(at);
        wait
    }

    /// A cure was started: the page counts as loading since `now`.
    pub fn handle_cure(&mut self, now: Instant) {
        self.loaded = now;
        self.last_beat = None;
        self.drawn = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn a_page_that_beats_is_left_alone() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        for second in (0..600).step_by(2) {
            pulse.handle_beat(true, after(start, second));
            assert_eq!(pulse.ailment(after(start, second + 1)), None);
        }
    }

    #[test]
    fn a_page_that_falls_silent_is_ill_after_the_silence_and_not_before() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        pulse.handle_beat(true, after(start, 5));
        assert_eq!(pulse.ailment(after(start, 25)), None);
        assert_eq!(pulse.ailment(after(start, 26)), Some(Ailment::Silent));
    }

    #[test]
    fn a_page_that_beats_without_a_face_is_blank() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        pulse.handle_beat(false, after(start, 20));
        assert_eq!(pulse.ailment(after(start, 20)), None);
        assert_eq!(pulse.ailment(after(start, 21)), Some(Ailment::Blank));
    }

    #[test]
    fn the_first_drawn_beat_is_told_once_for_each_load() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        assert!(!pulse.handle_beat(false, start));
        assert!(pulse.handle_beat(true, start));
        assert!(!pulse.handle_beat(true, start));
        pulse.plan_load(start);
        assert!(pulse.handle_beat(true, start));
    }

    #[test]
    fn a_page_that_dies_again_and_again_is_loaded_ever_more_patiently() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        for _ in 0..3 {
            assert_eq!(pulse.plan_load(start), Duration::ZERO);
        }
        assert_eq!(pulse.plan_load(start), PAUSE);
        // The wait belongs to the load: the page is not blank before it was even asked for.
        assert_eq!(pulse.ailment(start + PAUSE + SILENCE), None);
        // An hour of peace forgives.
        assert_eq!(pulse.plan_load(after(start, 3600)), Duration::ZERO);
    }
}
