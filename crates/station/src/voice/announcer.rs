//! The announcer: one thread that owns the speaker and says one call after another.
//!
//! It knows nothing of boards or engines: it is given what to say and gives back how it ended. It never says two things at
//! once, never keeps the caller waiting, and ends within a moment when it is dropped.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use smartqueue_hardware::speaker::{
    CHIME_DURATION_MS, LoudnessError, Pcm, Speaker, SpeakerError, StopHandle, TARGET_LUFS, TRUE_PEAK_CEILING_DBTP,
    Volume, chime, normalise,
};

use super::clips::{ClipError, Clips, phrase_duration_ms};
use super::phrase::{Called, Pass, SpokenLanguage, plan};
use super::queue::{Ending, Part, Queue, Step};

/// A call to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Identifies the call; one delivered twice is said once.
    pub call_id: String,
    /// Language codes, the site's first. Those without a voice are spoken in French; each language is spoken once.
    pub languages: Vec<String>,
    /// Letters in front of the number.
    pub prefix: String,
    /// The number.
    pub value: u32,
    /// The counter's label as staff wrote it; see [`Called::counter`].
    pub counter: String,
    /// Whether the ticket was called before.
    pub recall: bool,
    /// When the clerk pressed the button, in UTC milliseconds; only for the log.
    pub called_at_ms: i64,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was played; at least its first pass in its first language, to the end.
    Spoken,
    /// Nothing was played, and on purpose: the volume is 0, it had waited a minute, or the station is closing.
    Silent,
    /// The speaker failed before the call was said.
    Failed,
}

/// Called once, on the announcer's thread; must not block.
type Done = Box<dyn FnOnce(Outcome) + Send>;

/// More languages than this would keep a waiting room busy with one call.
const MOST_LANGUAGES: usize = 3;

/// Silence after a first pass and after a repeat, in milliseconds.
const AFTER_PART_MS: u32 = 450;

/// Silence between the chime and the voice, in milliseconds; the chime is still ringing out.
const AFTER_CHIME_MS: u32 = 60;

/// Loudness of the chime before the whole is levelled, in LUFS: two below the clips, since a pure tone stands out.
const CHIME_LUFS: f64 = -22.0;

/// Says calls on a thread of its own.
#[derive(Debug)]
pub struct Announcer {
    shared: Arc<Shared>,
    stop: StopHandle,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    volume: AtomicU8,
    started: Instant,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shared").field("volume", &self.volume).finish_non_exhaustive()
    }
}

struct State {
    queue: Queue<Called, Done>,
    closing: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A callback that panicked left the queue whole: it is only touched in between.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Announcer {
    /// Starts the thread, which owns the speaker from now on.
    ///
    /// # Errors
    /// The system's error if it gives no thread.
    pub fn start(speaker: Box<dyn Speaker>, volume: Volume) -> std::io::Result<Announcer> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: Queue::new(CHIME_DURATION_MS + u64::from(AFTER_CHIME_MS)),
                closing: false,
            }),
            changed: Condvar::new(),
            volume: AtomicU8::new(volume.percent()),
            started: crate::clock::monotonic(),
        });
        let stop = speaker.stop_handle();
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("announcer".to_owned()).spawn(move || {
            // The chime is made on this thread: a station starts in a few milliseconds and need not wait for it.
            Worker { shared: theirs, speaker, clips: Clips::new(), chime: quiet_chime() }.run();
        })?;
        Ok(Announcer { shared, stop, thread: Some(thread) })
    }

    /// Puts a call in line and returns at once. `done` is called exactly once, on the announcer's thread or, for a call
    /// that needs no saying, on this one.
    pub fn announce(&self, announcement: Announcement, done: impl FnOnce(Outcome) + Send + 'static) {
        let Announcement { call_id, languages, prefix, value, counter, recall, called_at_ms } = announcement;
        tracing::debug!(call_id, called_at_ms, "announcement in line");
        let called = Called { prefix, value, counter, recall };
        let parts = parts(&called, &languages);
        let mut state = self.shared.lock();
        if state.closing {
            drop(state);
            done(Outcome::Silent);
            return;
        }
        let known = state.queue.push(call_id, called, parts, Box::new(done), self.shared.now_ms());
        drop(state);
        match known {
            // Said a moment ago; whoever asks again gets the same answer.
            Some(done) => done(Outcome::Spoken),
            None => self.shared.changed.notify_one(),
        }
    }

    /// Changes the volume from the next part on. 0 makes every call silent, which is what quiet hours want.
    pub fn set_volume(&self, volume: Volume) {
        self.shared.volume.store(volume.percent(), Ordering::Release);
    }

    /// Ends the thread: a sound in progress is broken off, calls in line end as silent. Dropping does the same.
    pub fn shutdown(mut self) {
        self.close();
    }

    fn close(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.shared.lock().closing = true;
        self.stop.stop();
        self.shared.changed.notify_one();
        if thread.join().is_err() {
            tracing::error!("the announcer had panicked");
        }
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        self.close();
    }
}

/// First passes by language, then repeats: after the first passes everybody knows, and the repeats are what load takes
/// away first.
fn parts(called: &Called, languages: &[String]) -> Vec<Part> {
    let mut spoken: Vec<SpokenLanguage> = Vec::new();
    for code in languages {
        let language = SpokenLanguage::for_code(code);
        if !spoken.contains(&language) && spoken.len() < MOST_LANGUAGES {
            spoken.push(language);
        }
    }
    if spoken.is_empty() {
        spoken.push(SpokenLanguage::French);
    }
    let part = |pass: Pass| {
        move |language: &SpokenLanguage| Part {
            language: *language,
            pass,
            duration_ms: phrase_duration_ms(&plan(*language, pass, called)) + u64::from(AFTER_PART_MS),
        }
    };
    spoken.iter().map(part(Pass::First)).chain(spoken.iter().map(part(Pass::Repeat))).collect()
}

fn quiet_chime() -> Pcm {
    let mut sound = chime();
    if let Err(error) = normalise(&mut sound, CHIME_LUFS, TRUE_PEAK_CEILING_DBTP) {
        tracing::warn!(%error, "the chime keeps its own level");
    }
    sound
}

/// Why one part was not heard.
#[derive(Debug, thiserror::Error)]
enum SayError {
    #[error("a clip is missing")]
    Clip(#[from] ClipError),
    #[error("the speaker failed")]
    Speaker(#[from] SpeakerError),
}

struct Worker {
    shared: Arc<Shared>,
    speaker: Box<dyn Speaker>,
    clips: Clips,
    chime: Pcm,
}

impl Worker {
    fn run(mut self) {
        while let Some(step) = self.next_step() {
            match step {
                Step::Rest => {}
                Step::Say { call, part, chime } => {
                    if let Some(over) = self.say_and_report(&call, part, chime) {
                        finish(over);
                    }
                }
                Step::Over { ending, tokens } => finish((outcome(ending), tokens)),
            }
        }
        loop {
            let step = self.shared.lock().queue.break_off(Ending::Silenced);
            let Step::Over { ending, tokens } = step else { return };
            finish((outcome(ending), tokens));
        }
    }

    /// Waits until there is something to do; none when the announcer closes.
    fn next_step(&self) -> Option<Step<Called, Done>> {
        let mut state = self.shared.lock();
        loop {
            if state.closing {
                return None;
            }
            let step = state.queue.next(self.shared.now_ms());
            if !matches!(step, Step::Rest) {
                return Some(step);
            }
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn say_and_report(&mut self, called: &Called, part: Part, chime: bool) -> Option<(Outcome, Vec<Done>)> {
        let volume = Volume::new(self.shared.volume.load(Ordering::Acquire));
        if volume.is_silent() {
            return self.break_off(Ending::Silenced);
        }
        match self.say(called, part, chime, volume) {
            Ok(()) => {
                self.shared.lock().queue.said();
                None
            }
            Err(error) => {
                if self.shared.lock().closing {
                    // It was we who broke it off; the end of `run` answers for it.
                    return None;
                }
                tracing::warn!(error = &error as &dyn std::error::Error, "announcement not heard");
                self.break_off(Ending::Failed)
            }
        }
    }

    fn break_off(&self, ending: Ending) -> Option<(Outcome, Vec<Done>)> {
        match self.shared.lock().queue.break_off(ending) {
            Step::Over { ending, tokens } => Some((outcome(ending), tokens)),
            Step::Rest | Step::Say { .. } => None,
        }
    }

    fn say(&mut self, called: &Called, part: Part, chime: bool, volume: Volume) -> Result<(), SayError> {
        let phrase = self.clips.phrase(&plan(part.language, part.pass, called))?;
        let mut sound = Pcm::default();
        if chime {
            sound.append(&self.chime);
            sound.append_silence(AFTER_CHIME_MS);
        }
        sound.append(&phrase);
        // Before it is levelled: the meter's blocks of 400 ms reach over the end of the words.
        sound.append_silence(AFTER_PART_MS);
        match normalise(&mut sound, TARGET_LUFS, TRUE_PEAK_CEILING_DBTP) {
            Ok(_) => {}
            // Still under the ceiling, and a call at the wrong level is better than none.
            Err(error @ (LoudnessError::OutOfReach { .. } | LoudnessError::Meter { .. })) => {
                tracing::warn!(%error, "announcement not at its loudness");
            }
        }
        sound.apply_gain(volume.gain());
        self.speaker.play(&sound)?;
        Ok(())
    }
}

fn finish((outcome, tokens): (Outcome, Vec<Done>)) {
    for done in tokens {
        // A caller's panic must not cost the waiting room its voice.
        if std::panic::catch_unwind(AssertUnwindSafe(|| done(outcome))).is_err() {
            tracing::error!("whoever was told the outcome of an announcement panicked");
        }
    }
}

fn outcome(ending: Ending) -> Outcome {
    match ending {
        Ending::Said => Outcome::Spoken,
        Ending::Stale | Ending::Silenced => Outcome::Silent,
        Ending::Failed => Outcome::Failed,
    }
}

#[cfg(test)]
#[path = "announcer_tests.rs"]
mod tests;
