//! The recorded words: embedded in the binary, found through their manifests, decoded when they are needed.
//!
//! Clips that belong together share an Ogg file. Only the last clips used are kept decoded: all of them would take more
//! memory than the whole station. Nothing is read from the disk, so a voice cannot be missing on the day.

use std::collections::{HashMap, VecDeque};
use std::io::Cursor;
use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};

use lewton::inside_ogg::OggStreamReader;
use rust_embed::RustEmbed;
use serde::Deserialize;
use smartqueue_hardware::speaker::Pcm;

use super::phrase::{ClipId, SpokenLanguage, pause_ms};

#[derive(RustEmbed)]
#[folder = "../../assets/voice"]
struct Files;

/// Why a clip cannot be had. Each of these is a fault of the build, and a test proves that none occurs.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// The language's manifest is missing or cannot be read.
    #[error("the voice manifest of {language} cannot be read")]
    Manifest {
        /// The language's code.
        language: &'static str,
    },
    /// The manifest does not name the clip.
    #[error("there is no clip {clip}")]
    Missing {
        /// The clip.
        clip: ClipId,
    },
    /// The clip's file is missing or is not Ogg Vorbis as the manifest describes it.
    #[error("the file {file} of the clip {clip} cannot be decoded")]
    Undecodable {
        /// The clip.
        clip: ClipId,
        /// Its file under `assets/voice`.
        file: String,
    },
}

/// Where a clip is.
#[derive(Clone, Debug, Deserialize)]
struct Entry {
    id: String,
    file: String,
    /// First sample of the clip in its file, at the file's rate.
    start: usize,
    /// Its length in samples at the file's rate.
    samples: usize,
    duration_ms: u32,
}

#[derive(Debug, Deserialize)]
struct Manifest {
    rate_hz: NonZeroU32,
    clips: Vec<Entry>,
}

#[derive(Debug)]
struct Index {
    rate_hz: NonZeroU32,
    entries: HashMap<String, Entry>,
}

/// Decoded clips kept: a phrase has at most fifteen, two languages of it fit.
const KEPT: usize = 32;

/// The embedded clips, with the last ones used kept decoded.
#[derive(Debug, Default)]
pub struct Clips {
    kept: VecDeque<(ClipId, Arc<Pcm>)>,
}

impl Clips {
    /// No clip decoded yet.
    pub fn new() -> Clips {
        Clips::default()
    }

    /// One clip.
    ///
    /// # Errors
    /// See [`ClipError`].
    pub fn sound(&mut self, clip: ClipId) -> Result<Arc<Pcm>, ClipError> {
        if let Some(position) = self.kept.iter().position(|(kept, _)| *kept == clip)
            && let Some(found) = self.kept.remove(position)
        {
            let sound = Arc::clone(&found.1);
            self.kept.push_back(found);
            return Ok(sound);
        }
        let sound = Arc::new(decode(clip)?);
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((clip, Arc::clone(&sound)));
        Ok(sound)
    }

    /// The clips of a phrase, joined with their pauses.
    ///
    /// # Errors
    /// See [`ClipError`].
    pub fn phrase(&mut self, clips: &[ClipId]) -> Result<Pcm, ClipError> {
        let mut phrase = Pcm::default();
        for (position, clip) in clips.iter().enumerate() {
            phrase.append(self.sound(*clip)?.as_ref());
            if let Some(next) = clips.get(position + 1) {
                phrase.append_silence(pause_ms(clip.word, next.word));
            }
        }
        Ok(phrase)
    }
}

/// How long a phrase takes, in milliseconds, told from the manifest without decoding anything. A clip that does not exist
/// takes no time.
pub(super) fn phrase_duration_ms(clips: &[ClipId]) -> u64 {
    let sounds: u64 =
        clips.iter().filter_map(|clip| entry(*clip).ok()).map(|(_, entry)| u64::from(entry.duration_ms)).sum();
    let pauses: u64 = clips.windows(2).map(|pair| u64::from(pause_ms(pair[0].word, pair[1].word))).sum();
    sounds + pauses
}

fn entry(clip: ClipId) -> Result<(NonZeroU32, &'static Entry), ClipError> {
    let index = index(clip.language)?;
    let entry = index.entries.get(&clip.word.to_string()).ok_or(ClipError::Missing { clip })?;
    Ok((index.rate_hz, entry))
}

/// A language's manifest, read when it is first spoken.
fn index(language: SpokenLanguage) -> Result<&'static Index, ClipError> {
    static FRENCH: OnceLock<Option<Index>> = OnceLock::new();
    static ENGLISH: OnceLock<Option<Index>> = OnceLock::new();
    static ARABIC: OnceLock<Option<Index>> = OnceLock::new();
    static SPANISH: OnceLock<Option<Index>> = OnceLock::new();
    static PORTUGUESE: OnceLock<Option<Index>> = OnceLock::new();
    let cell = match language {
        SpokenLanguage::French => &FRENCH,
        SpokenLanguage::English => &ENGLISH,
        SpokenLanguage::Arabic => &ARABIC,
        SpokenLanguage::Spanish => &SPANISH,
        SpokenLanguage::Portuguese => &PORTUGUESE,
    };
    cell.get_or_init(|| read_index(language)).as_ref().ok_or(ClipError::Manifest { language: language.code() })
}

fn read_index(language: SpokenLanguage) -> Option<Index> {
    let file = Files::get(&format!("{}/manifest.json", language.code()))?;
    let manifest: Manifest = serde_json::from_slice(&file.data).ok()?;
    let entries = manifest.clips.into_iter().map(|entry| (entry.id.clone(), entry)).collect();
    Some(Index { rate_hz: manifest.rate_hz, entries })
}

fn decode(clip: ClipId) -> Result<Pcm, ClipError> {
    let (rate_hz, entry) = entry(clip)?;
    let file = format!("{}/{}", clip.language.code(), entry.file);
    let samples = decode_part(&file, rate_hz, entry.start, entry.samples);
    let samples = samples.ok_or_else(|| ClipError::Undecodable { clip, file: file.clone() })?;
    let mut sound = Pcm::from_rate(&samples, rate_hz);
    // The codec leaves a trace of its own at the edges that the rendering had faded to nothing.
    sound.fade_edges(4);
    Ok(sound)
}

/// The samples of one clip. Decoding stops behind it; what stands before it in the file is decoded and let go, which takes
/// a few milliseconds at the most.
fn decode_part(file: &str, rate_hz: NonZeroU32, start: usize, length: usize) -> Option<Vec<f32>> {
    let data = Files::get(file)?.data;
    let mut reader = OggStreamReader::new(Cursor::new(data)).ok()?;
    if reader.ident_hdr.audio_channels != 1 || reader.ident_hdr.audio_sample_rate != rate_hz.get() {
        return None;
    }
    let end = start + length;
    let mut position = 0;
    let mut samples = Vec::with_capacity(length);
    while position < end {
        let packet = reader.read_dec_packet_itl().ok()??;
        let wanted = start.saturating_sub(position).min(packet.len())..(end - position).min(packet.len());
        samples.extend(packet[wanted].iter().map(|sample| f32::from(*sample) / 32_768.0));
        position += packet.len();
    }
    Some(samples)
}

#[cfg(test)]
#[path = "clips_tests.rs"]
mod tests;
