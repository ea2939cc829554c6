//! A speaker that makes no sound and takes no time, and remembers the last sounds it was given.
//!
//! For stations without a loudspeaker and for tests. It never paces and never fails, except when stopped.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Pcm, Played, PlayedEvidence, Speaker, SpeakerError, SpeakerSelector, StopHandle};

/// A station runs for months: only so many sounds are kept, about 15 MB of announcements at the most.
const REMEMBERED: usize = 16;

/// Remembers what was played.
#[derive(Debug, Default)]
pub struct NullSpeaker {
    memory: NullSpeakerMemory,
    stop: StopHandle,
}

/// What a [`NullSpeaker`] was given, readable while somebody else owns the speaker.
#[derive(Clone, Debug, Default)]
pub struct NullSpeakerMemory {
    inner: Arc<Mutex<Remembered>>,
}

#[derive(Debug, Default)]
struct Remembered {
    count: u64,
    last: VecDeque<Pcm>,
}

impl NullSpeaker {
    /// A speaker that was given nothing yet.
    pub fn new() -> NullSpeaker {
        NullSpeaker::default()
    }

    /// A view of its memory.
    pub fn memory(&self) -> NullSpeakerMemory {
        self.memory.clone()
    }
}

impl NullSpeakerMemory {
    /// How many sounds were played since the speaker was made.
    pub fn count(&self) -> u64 {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).count
    }

    /// The last sixteen sounds, oldest first.
    pub fn sounds(&self) -> Vec<Pcm> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).last.iter().cloned().collect()
    }
}

impl Speaker for NullSpeaker {
    fn play(&mut self, sound: &Pcm) -> Result<Played, SpeakerError> {
        if self.stop.is_stopped() {
            return Err(SpeakerError::Stopped);
        }
        let mut memory = self.memory.inner.lock().unwrap_or_else(PoisonError::into_inner);
        memory.count += 1;
        if memory.last.len() == REMEMBERED {
            memory.last.pop_front();
        }
        memory.last.push_back(sound.clone());
        Ok(Played { duration_ms: sound.duration_ms(), evidence: PlayedEvidence::Remembered })
    }

    fn selector(&self) -> SpeakerSelector {
        SpeakerSelector::Null
    }

    fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_the_last_sounds_and_counts_all() {
        let mut speaker = NullSpeaker::new();
        let memory = speaker.memory();
        for length in 1..=20 {
            let sound = Pcm::silence(length);
            assert_eq!(speaker.play(&sound).unwrap().evidence, PlayedEvidence::Remembered);
        }
        assert_eq!(memory.count(), 20);
        let lengths: Vec<u64> = memory.sounds().iter().map(Pcm::duration_ms).collect();
        assert_eq!(lengths, (5..=20).collect::<Vec<u64>>());
    }
}
