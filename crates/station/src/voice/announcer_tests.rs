//! The announcer with real clips and speakers that do not take time: order, outcomes, loudness, shutdown. The tests wait for
//! events on channels and never for time.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use smartqueue_hardware::speaker::{
    Loudness, NullSpeaker, Played, PlayedEvidence, SpeakerSelector, WavSpeaker, measure,
};

use super::*;

fn announcement(call_id: &str, languages: &[&str], prefix: &str, value: u32, counter: &str) -> Announcement {
    Announcement {
        call_id: call_id.to_owned(),
        languages: languages.iter().map(|code| (*code).to_owned()).collect(),
        prefix: prefix.to_owned(),
        value,
        counter: counter.to_owned(),
        recall: false,
        called_at_ms: 1_795_000_000_000,
    }
}

/// Announces and hands the outcome, with the call's id, to the channel.
fn announce(announcer: &Announcer, announcement: Announcement, outcomes: &Sender<(String, Outcome)>) {
    let (call_id, outcomes) = (announcement.call_id.clone(), outcomes.clone());
    announcer.announce(announcement, move |outcome| outcomes.send((call_id, outcome)).unwrap());
}

/// How often a held speaker looks whether it was stopped.
const GLANCE: Duration = Duration::from_millis(5);

/// A speaker that waits for leave before each sound, and then plays it or fails. It obeys its stop handle as every speaker does.
struct HeldSpeaker {
    begun: Sender<u64>,
    leave: Receiver<Result<(), SpeakerError>>,
    stop: StopHandle,
}

impl HeldSpeaker {
    fn new() -> (HeldSpeaker, Receiver<u64>, Sender<Result<(), SpeakerError>>) {
        let ((begun, begun_receiver), (leave_sender, leave)) = (channel(), channel());
        (HeldSpeaker { begun, leave, stop: StopHandle::default() }, begun_receiver, leave_sender)
    }
}

impl Speaker for HeldSpeaker {
    fn play(&mut self, sound: &Pcm) -> Result<Played, SpeakerError> {
        self.begun.send(sound.duration_ms()).unwrap();
        loop {
            match self.leave.recv_timeout(GLANCE) {
                Ok(leave) => break leave?,
                Err(RecvTimeoutError::Timeout) if !self.stop.is_stopped() => {}
                Err(_) => return Err(SpeakerError::Stopped),
            }
        }
        Ok(Played { duration_ms: sound.duration_ms(), evidence: PlayedEvidence::Remembered })
    }

    fn selector(&self) -> SpeakerSelector {
        SpeakerSelector::Null
    }

    fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }
}

#[test]
fn a_whole_announcement_is_as_loud_as_it_should_be_in_every_language() {
    for language in ["fr", "en", "ar", "es", "pt", "wo"] {
        let speaker = NullSpeaker::new();
        let memory = speaker.memory();
        let announcer = Announcer::start(Box::new(speaker), Volume::FULL).unwrap();
        let (sender, outcomes) = channel();
        announce(&announcer, announcement("1", &[language], "A", 45, "3"), &sender);
        assert_eq!(outcomes.recv().unwrap().1, Outcome::Spoken);
        let sounds = memory.sounds();
        assert_eq!(sounds.len(), 2, "{language}: first pass and repeat");
        let whole = Pcm::join(sounds.iter().map(|sound| (sound, 0)));
        for (name, sound) in [("first pass", &sounds[0]), ("repeat", &sounds[1]), ("whole", &whole)] {
            let Loudness { integrated_lufs, true_peak_dbtp } = measure(sound).unwrap();
            assert!((integrated_lufs + 18.0).abs() <= 0.5, "{language} {name}: {integrated_lufs} LUFS");
            assert!(true_peak_dbtp <= -1.5, "{language} {name}: {true_peak_dbtp} dBTP");
        }
    }
}

/// Writes the announcement of the product's own example. With SMARTQUEUE_WAV set, the file stays there to be listened to.
#[test]
fn the_example_of_the_product_becomes_a_wav_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var_os("SMARTQUEUE_WAV").map_or_else(|| folder.path().join("call.wav"), PathBuf::from);
    // An earlier run's announcement would be continued.
    drop(std::fs::remove_file(&path));
    let announcer = Announcer::start(Box::new(WavSpeaker::open(&path).unwrap()), Volume::FULL).unwrap();
    let (sender, outcomes) = channel();
    announce(&announcer, announcement("1", &["fr"], "A", 45, "3"), &sender);
    assert_eq!(outcomes.recv().unwrap(), ("1".to_owned(), Outcome::Spoken));
    announcer.shutdown();

    let mut reader = hound::WavReader::open(&path).unwrap();
    let samples: Vec<f32> = reader.samples::<i16>().map(|sample| f32::from(sample.unwrap()) / 32_768.0).collect();
    let sound = Pcm::new(samples);
    let Loudness { integrated_lufs, true_peak_dbtp } = measure(&sound).unwrap();
    assert!((integrated_lufs + 18.0).abs() <= 0.5, "{integrated_lufs} LUFS");
    assert!(true_peak_dbtp <= -1.5, "{true_peak_dbtp} dBTP");
    assert!((5_000..8_000).contains(&sound.duration_ms()), "{} ms", sound.duration_ms());
    // Chime, words and pauses, in this order: sound at once, silence after the first pass, sound, silence at the end.
    let level_at = |from_ms: usize, to_ms: usize| {
        let part = &sound.samples()[from_ms * 48..to_ms * 48];
        (part.iter().map(|sample| sample * sample).sum::<f32>() / part.len() as f32).sqrt()
    };
    let end = usize::try_from(sound.duration_ms()).unwrap();
    assert!(level_at(0, 300) > 0.02);
    assert!(level_at(1_200, 4_000) > 0.05);
    assert!(level_at(end - 400, end) < 0.001);
    // A click is a step far above those of speech and bells at this level.
    assert!(sound.largest_step() < 0.3, "a step of {}", sound.largest_step());
}

#[test]
fn the_volume_lowers_what_is_heard_and_nothing_is_played_at_zero() {
    let speaker = NullSpeaker::new();
    let memory = speaker.memory();
    let announcer = Announcer::start(Box::new(speaker), Volume::new(50)).unwrap();
    let (sender, outcomes) = channel();
    announce(&announcer, announcement("1", &["fr"], "A", 45, "3"), &sender);
    assert_eq!(outcomes.recv().unwrap().1, Outcome::Spoken);
    let loudness = measure(&memory.sounds()[0]).unwrap();
    assert!((loudness.integrated_lufs + 30.04).abs() <= 0.5, "{loudness:?}");
    announcer.set_volume(Volume::new(0));
    announce(&announcer, announcement("2", &["fr"], "A", 46, "3"), &sender);
    assert_eq!(outcomes.recv().unwrap(), ("2".to_owned(), Outcome::Silent));
    assert_eq!(memory.count(), 2);
}

#[test]
fn the_same_call_is_said_once_and_both_hear_of_it() {
    let speaker = NullSpeaker::new();
    let memory = speaker.memory();
    let announcer = Announcer::start(Box::new(speaker), Volume::FULL).unwrap();
    let (sender, outcomes) = channel();
    for _ in 0..2 {
        announce(&announcer, announcement("1", &["fr"], "A", 45, "3"), &sender);
    }
    assert_eq!(outcomes.recv().unwrap().1, Outcome::Spoken);
    assert_eq!(outcomes.recv().unwrap().1, Outcome::Spoken);
    assert_eq!(memory.count(), 2, "one first pass, one repeat");
}

#[test]
fn languages_are_said_in_order_each_once_first_passes_before_repeats() {
    let languages = ["fr", "ar", "wo", "fr-SN", "en", "es"].map(str::to_owned);
    let called = Called { prefix: "A".to_owned(), value: 45, counter: "3".to_owned(), recall: false };
    let said: Vec<(&str, Pass)> =
        parts(&called, &languages).iter().map(|part| (part.language.code(), part.pass)).collect();
    let (first, repeat) = (Pass::First, Pass::Repeat);
    assert_eq!(said, [("fr", first), ("ar", first), ("en", first), ("fr", repeat), ("ar", repeat), ("en", repeat)]);
    assert_eq!(parts(&called, &[]).len(), 2);
}

#[test]
fn calls_in_a_rush_are_said_in_order_one_at_a_time_without_repeats() {
    let (speaker, begun, leave) = HeldSpeaker::new();
    let announcer = Announcer::start(Box::new(speaker), Volume::FULL).unwrap();
    let (sender, outcomes) = channel();
    announce(&announcer, announcement("0", &["fr"], "A", 40, "1"), &sender);
    begun.recv().unwrap();
    // The first is being said; five more come.
    for value in 1..6_u32 {
        announce(&announcer, announcement(&value.to_string(), &["fr"], "A", 40 + value, "1"), &sender);
    }
    assert!(outcomes.try_recv().is_err());
    for _ in 0..5 {
        leave.send(Ok(())).unwrap();
        // The next sound begins only after the one before has ended.
        begun.recv().unwrap();
        assert!(begun.try_recv().is_err());
    }
    leave.send(Ok(())).unwrap();
    let repeat_of_the_last = begun.recv().unwrap();
    leave.send(Ok(())).unwrap();
    let order: Vec<(String, Outcome)> = outcomes.iter().take(6).collect();
    let wanted: Vec<(String, Outcome)> = (0..6).map(|call| (call.to_string(), Outcome::Spoken)).collect();
    assert_eq!(order, wanted);
    assert!(repeat_of_the_last < 3_000, "{repeat_of_the_last} ms is no repeat");
    assert!(begun.try_recv().is_err(), "the first five had no repeat");
}

#[test]
fn a_speaker_that_fails_is_reported_and_tried_again_with_the_next_call() {
    let (speaker, begun, leave) = HeldSpeaker::new();
    let announcer = Announcer::start(Box::new(speaker), Volume::FULL).unwrap();
    let (sender, outcomes) = channel();
    announce(&announcer, announcement("1", &["fr"], "A", 1, "1"), &sender);
    begun.recv().unwrap();
    leave.send(Err(SpeakerError::NoDevice)).unwrap();
    assert_eq!(outcomes.recv().unwrap(), ("1".to_owned(), Outcome::Failed));
    announce(&announcer, announcement("2", &["fr"], "A", 2, "1"), &sender);
    begun.recv().unwrap();
    leave.send(Ok(())).unwrap();
    begun.recv().unwrap();
    // The repeat fails: the call was said all the same.
    leave.send(Err(SpeakerError::NoDevice)).unwrap();
    assert_eq!(outcomes.recv().unwrap(), ("2".to_owned(), Outcome::Spoken));
}

#[test]
fn a_call_said_once_counts_as_spoken_when_the_voice_is_switched_off_before_its_repeat() {
    let (speaker, begun, leave) = HeldSpeaker::new();
    let announcer = Announcer::start(Box::new(speaker), Volume::FULL).unwrap();
    let (sender, outcomes) = channel();
    announce(&announcer, announcement("1", &["fr"], "A", 1, "1"), &sender);
    announce(&announcer, announcement("2", &["fr"], "A", 2, "1"), &sender);
    begun.recv().unwrap();
    announcer.set_volume(Volume::new(0));
    leave.send(Ok(())).unwrap();
    assert_eq!(outcomes.recv().unwrap(), ("1".to_owned(), Outcome::Spoken));
    assert_eq!(outcomes.recv().unwrap(), ("2".to_owned(), Outcome::Silent));
}

#[test]
fn a_caller_that_panics_does_not_silence_the_next() {
    let announcer = Announcer::start(Box::new(NullSpeaker::new()), Volume::FULL).unwrap();
    announcer.announce(announcement("1", &["fr"], "A", 1, "1"), |_| panic!("a caller's mistake"));
    let (sender, outcomes) = channel();
    announce(&announcer, announcement("2", &["fr"], "A", 2, "1"), &sender);
    assert_eq!(outcomes.recv().unwrap(), ("2".to_owned(), Outcome::Spoken));
}

#[test]
fn shutdown_answers_everybody_and_says_nothing_more() {
    let (speaker, begun, _leave) = HeldSpeaker::new();
    let announcer = Announcer::start(Box::new(speaker), Volume::FULL).unwrap();
    let (sender, outcomes) = channel();
    for call in ["1", "2", "3"] {
        announce(&announcer, announcement(call, &["fr"], "A", 1, "1"), &sender);
    }
    begun.recv().unwrap();
    announcer.shutdown();
    let mut order: Vec<(String, Outcome)> = outcomes.try_iter().collect();
    order.sort_by(|left, right| left.0.cmp(&right.0));
    assert_eq!(order.len(), 3);
    assert_eq!(order[1], ("2".to_owned(), Outcome::Silent));
    assert_eq!(order[2], ("3".to_owned(), Outcome::Silent));
    assert!(begun.try_recv().is_err());
}
