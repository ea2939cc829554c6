//! Proves that the embedded voice is whole: every call can be said in every language, every file is the one its manifest
//! describes, and every clip holds one word and nothing of its neighbours.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};
use smartqueue_hardware::speaker::measure;

use super::super::phrase::{Called, Pass, Word, plan};
use super::*;

/// The manifest as it stands in the file, with what the station itself does not read.
#[derive(Deserialize)]
struct WholeManifest {
    version: u32,
    language: String,
    speaks: String,
    licence: String,
    origin: String,
    files: Vec<DescribedFile>,
    clips: Vec<DescribedClip>,
}

#[derive(Deserialize)]
struct DescribedFile {
    file: String,
    bytes: usize,
    sha256: String,
}

#[derive(Deserialize)]
struct DescribedClip {
    id: String,
    text: String,
    file: String,
    samples: usize,
    duration_ms: u32,
    loudness_lufs: f64,
}

fn manifest(code: &str) -> WholeManifest {
    let file = Files::get(&format!("{code}/manifest.json")).unwrap();
    serde_json::from_slice(&file.data).unwrap()
}

fn called(prefix: char, value: u32, counter: String) -> Called {
    Called { prefix: prefix.to_string(), value, counter, recall: value.is_multiple_of(2) }
}

#[test]
fn every_letter_number_and_counter_can_be_said_in_every_language() {
    for language in SpokenLanguage::ALL {
        let index = index(language).unwrap();
        let mut seen = HashSet::new();
        let mut check = |called: &Called| {
            for pass in [Pass::First, Pass::Repeat] {
                for clip in plan(language, pass, called) {
                    if seen.insert(clip.word) {
                        assert!(index.entries.contains_key(&clip.word.to_string()), "there is no clip {clip}");
                    }
                }
            }
        };
        // All letters with all numbers, then all counters: 26 x 1000 x 99 phrases are made of these same three stretches,
        // which do not look at each other.
        for prefix in 'A'..='Z' {
            for value in 0..1_000 {
                check(&called(prefix, value, (1 + value % 99).to_string()));
            }
        }
        for counter in 1..100 {
            check(&called('A', 45, counter.to_string()));
        }
        for label in ["", "Z", "VIP", "Caisse 2", "215", "B12"] {
            check(&called('A', 1_045, label.to_owned()));
        }
        assert_eq!(seen.len(), 148, "{}: the plans and the inventory differ", language.code());
        assert_eq!(index.entries.len(), 148);
    }
}

#[test]
fn every_file_is_the_one_its_manifest_describes_and_none_is_left_over() {
    let mut described = HashSet::new();
    let mut total = 0;
    for code in ["fr", "en", "ar", "es", "pt", "wo"] {
        let manifest = manifest(code);
        described.insert(format!("{code}/manifest.json"));
        assert_eq!((manifest.version, manifest.language.as_str()), (1, code));
        assert_eq!(manifest.speaks, SpokenLanguage::for_code(code).code());
        assert_eq!(manifest.licence, "Apache-2.0");
        assert!(!manifest.origin.is_empty());
        for file in &manifest.files {
            let path = format!("{code}/{}", file.file);
            let data = Files::get(&path).unwrap().data;
            assert_eq!(data.len(), file.bytes, "{path}");
            let hash: String = Sha256::digest(&data).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hash, file.sha256, "{path}");
            total += data.len();
            described.insert(path);
        }
        for clip in &manifest.clips {
            assert!(!clip.text.is_empty(), "{code}/{}", clip.id);
            assert!(manifest.files.iter().any(|file| file.file == clip.file), "{code}/{}", clip.id);
        }
    }
    let embedded: HashSet<String> = Files::iter().map(|path| path.into_owned()).collect();
    assert_eq!(embedded, described);
    assert!(total <= 3_000_000, "the voice takes {total} bytes");
}

/// Reads every file once and looks at every clip in it: 740 clips.
#[test]
fn every_clip_holds_one_word_at_its_loudness_with_silence_around_it() {
    for language in SpokenLanguage::ALL {
        let manifest = manifest(language.code());
        let index = index(language).unwrap();
        for file in &manifest.files {
            let path = format!("{}/{}", language.code(), file.file);
            let length = manifest
                .clips
                .iter()
                .filter(|clip| clip.file == file.file)
                .map(|clip| index.entries[&clip.id].start + clip.samples)
                .max()
                .unwrap();
            let whole = decode_part(&path, index.rate_hz, 0, length).unwrap();
            for clip in manifest.clips.iter().filter(|clip| clip.file == file.file) {
                let name = format!("{}/{}", language.code(), clip.id);
                let entry = &index.entries[&clip.id];
                assert_eq!(clip.duration_ms, entry.duration_ms);
                assert!((200..2_700).contains(&clip.duration_ms), "{name}: {} ms", clip.duration_ms);
                assert!((-21.5..-19.5).contains(&clip.loudness_lufs), "{name}: {} LUFS", clip.loudness_lufs);
                let samples = &whole[entry.start..entry.start + entry.samples];
                let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
                assert!((0.1..1.0).contains(&peak), "{name}: peak {peak}");
                // The 60 ms before the clip belong to nobody. What is there is the codec's own trace, which spreads a sharp
                // onset backwards; -34 dB is far below what a neighbouring word would be.
                if entry.start > 1_440 {
                    let before = &whole[entry.start - 1_440..entry.start - 240];
                    let trace = before.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
                    assert!(trace < 0.02, "{name}: {trace} before its start");
                }
                // A word that begins or ends in mid-wave was trimmed too far.
                assert!(samples[..24].iter().all(|sample| sample.abs() < 0.05), "{name} begins loud");
                assert!(samples[samples.len() - 24..].iter().all(|sample| sample.abs() < 0.02), "{name} ends loud");
            }
        }
    }
}

#[test]
fn a_clip_alone_is_the_same_as_in_its_file_and_is_kept() {
    let clip = ClipId { language: SpokenLanguage::Arabic, word: Word::Number(99) };
    let mut clips = Clips::new();
    let sound = clips.sound(clip).unwrap();
    let index = index(clip.language).unwrap();
    let entry = &index.entries["number-99"];
    assert_eq!(sound.samples().len(), 2 * entry.samples);
    let wanted = decode_part("ar/numbers-9.ogg", index.rate_hz, 0, entry.start + entry.samples).unwrap();
    let middle = entry.samples / 2;
    // Every second sample of the doubled rate falls on one of the file's.
    let difference = (sound.samples()[2 * middle] - wanted[entry.start + middle]).abs();
    assert!(difference < 0.02, "{difference}");
    assert!(Arc::ptr_eq(&sound, &clips.sound(clip).unwrap()));
}

#[test]
fn only_so_many_clips_are_kept() {
    let mut clips = Clips::new();
    for number in 0..40 {
        clips.sound(ClipId { language: SpokenLanguage::French, word: Word::Number(number) }).unwrap();
    }
    assert_eq!(clips.kept.len(), KEPT);
}

#[test]
fn a_clip_that_does_not_exist_is_named_in_the_error() {
    let clip = ClipId { language: SpokenLanguage::English, word: Word::Number(100) };
    let error = Clips::new().sound(clip).unwrap_err();
    assert_eq!(error.to_string(), "there is no clip en/number-100");
    assert_eq!(phrase_duration_ms(&[clip]), 0);
}

#[test]
fn the_duration_told_beforehand_is_the_one_that_is_played() {
    let mut clips = Clips::new();
    for language in SpokenLanguage::ALL {
        let phrase = plan(language, Pass::First, &called('Q', 276, "12".to_owned()));
        let (told, played) = (phrase_duration_ms(&phrase), clips.phrase(&phrase).unwrap().duration_ms());
        assert!(told.abs_diff(played) <= phrase.len() as u64, "{}: {told} and {played} ms", language.code());
    }
}

#[test]
fn joins_do_not_click() {
    let mut clips = Clips::new();
    for language in SpokenLanguage::ALL {
        let phrase = plan(language, Pass::First, &called('A', 245, "3".to_owned()));
        let sounds: Vec<Arc<Pcm>> = phrase.iter().map(|clip| clips.sound(*clip).unwrap()).collect();
        for (clip, sound) in phrase.iter().zip(&sounds) {
            let edges = [sound.samples()[0], sound.samples()[sound.samples().len() - 1]];
            // -66 dB: below what the 16 bits of a quiet amplifier let through.
            assert!(edges.iter().all(|edge| edge.abs() < 0.000_5), "{clip} has an edge of {edges:?}");
        }
        let inside = sounds.iter().map(|sound| sound.largest_step()).fold(0.0, f32::max);
        let joined = clips.phrase(&phrase).unwrap();
        assert!(joined.largest_step() <= inside, "a join steps by {} and speech by {inside}", joined.largest_step());
        assert!(measure(&joined).unwrap().true_peak_dbtp < 0.0);
    }
}
