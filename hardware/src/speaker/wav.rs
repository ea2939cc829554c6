//! A speaker that writes: everything played is appended to one WAV file, whose header is right after each sound.
//!
//! The proof of what would have been heard, for demos and tests. It takes no time: it never paces and never truncates.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use super::{Pcm, Played, PlayedEvidence, Speaker, SpeakerError, SpeakerSelector, StopHandle};

/// Appends to a 48 kHz mono 16-bit WAV file.
#[derive(Debug)]
pub struct WavSpeaker {
    path: PathBuf,
    stop: StopHandle,
}

const FORMAT: hound::WavSpec = hound::WavSpec {
    channels: 1,
    sample_rate: Pcm::SAMPLE_RATE_HZ,
    bits_per_sample: 16,
    sample_format: hound::SampleFormat::Int,
};

impl WavSpeaker {
    /// Creates the file if there is none, empty and valid; an existing one is kept and continued.
    ///
    /// # Errors
    /// `File` if it cannot be written, `ForeignFile` if it is something that we did not write.
    pub fn open(path: &Path) -> Result<WavSpeaker, SpeakerError> {
        let speaker = WavSpeaker { path: path.to_owned(), stop: StopHandle::default() };
        speaker.writer()?.finalize().map_err(|error| speaker.failed(error))?;
        Ok(speaker)
    }

    /// Opened for each sound: whoever moves the file away meanwhile gets a whole one, and a new one begins.
    fn writer(&self) -> Result<hound::WavWriter<BufWriter<File>>, SpeakerError> {
        let file_failed = |source| SpeakerError::File { path: self.path.clone(), source };
        let empty = match std::fs::metadata(&self.path) {
            Ok(metadata) => metadata.len() == 0,
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(file_failed(error)),
        };
        if empty {
            return hound::WavWriter::create(&self.path, FORMAT).map_err(|error| self.failed(error));
        }
        // Looked at before it is opened for writing, so that a foreign file keeps every byte.
        let reader = hound::WavReader::open(&self.path).map_err(|error| self.failed(error))?;
        if reader.spec() != FORMAT {
            return Err(SpeakerError::ForeignFile { path: self.path.clone() });
        }
        drop(reader);
        OpenOptions::new().write(true).open(&self.path).map_err(file_failed)?;
        hound::WavWriter::append(&self.path).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: hound::Error) -> SpeakerError {
        let path = self.path.clone();
        match error {
            hound::Error::IoError(source) => SpeakerError::File { path, source },
            hound::Error::FormatError(_)
            | hound::Error::TooWide
            | hound::Error::UnfinishedSample
            | hound::Error::Unsupported
            | hound::Error::InvalidSampleFormat => SpeakerError::ForeignFile { path },
        }
    }
}

impl Speaker for WavSpeaker {
    fn play(&mut self, sound: &Pcm) -> Result<Played, SpeakerError> {
        if self.stop.is_stopped() {
            return Err(SpeakerError::Stopped);
        }
        let mut writer = self.writer()?;
        for sample in sound.samples() {
            let level = (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round();
            writer.write_sample(level as i16).map_err(|error| self.failed(error))?;
        }
        writer.finalize().map_err(|error| self.failed(error))?;
        Ok(Played { duration_ms: sound.duration_ms(), evidence: PlayedEvidence::Stored })
    }

    fn selector(&self) -> SpeakerSelector {
        SpeakerSelector::Wav(self.path.clone())
    }

    fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::SpeakerErrorKind;
    use super::*;

    fn read(path: &Path) -> Vec<i16> {
        let mut reader = hound::WavReader::open(path).unwrap();
        assert_eq!(reader.spec(), FORMAT);
        reader.samples::<i16>().map(Result::unwrap).collect()
    }

    #[test]
    fn the_file_is_valid_and_complete_after_each_sound_and_across_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("said.wav");
        let mut speaker = WavSpeaker::open(&path).unwrap();
        assert_eq!(read(&path).len(), 0);
        let played = speaker.play(&Pcm::new(vec![0.5; 480])).unwrap();
        assert_eq!(played, Played { duration_ms: 10, evidence: PlayedEvidence::Stored });
        assert_eq!(read(&path), vec![16_384; 480]);
        speaker.play(&Pcm::new(vec![-1.0, 2.0])).unwrap();
        assert_eq!(read(&path).len(), 482);
        drop(speaker);
        let mut again = WavSpeaker::open(&path).unwrap();
        again.play(&Pcm::silence(1)).unwrap();
        let samples = read(&path);
        assert_eq!(samples.len(), 530);
        assert_eq!(samples[480..483], [-32_767, 32_767, 0]);
    }

    #[test]
    fn a_file_that_is_not_ours_keeps_every_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter.txt");
        std::fs::write(&path, "Dear customer").unwrap();
        let error = WavSpeaker::open(&path).unwrap_err();
        assert_eq!(error.kind(), SpeakerErrorKind::Unsupported);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "Dear customer");

        let stereo = folder.path().join("stereo.wav");
        let spec = hound::WavSpec { channels: 2, ..FORMAT };
        hound::WavWriter::create(&stereo, spec).unwrap().finalize().unwrap();
        let before = std::fs::read(&stereo).unwrap();
        assert!(matches!(WavSpeaker::open(&stereo), Err(SpeakerError::ForeignFile { .. })));
        assert_eq!(std::fs::read(&stereo).unwrap(), before);
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_typed_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = WavSpeaker::open(&folder.path().join("missing/said.wav")).unwrap_err();
        assert_eq!(error.kind(), SpeakerErrorKind::Storage);
    }

    #[test]
    fn a_stopped_speaker_writes_nothing_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("said.wav");
        let mut speaker = WavSpeaker::open(&path).unwrap();
        speaker.stop_handle().stop();
        assert!(matches!(speaker.play(&Pcm::silence(10)), Err(SpeakerError::Stopped)));
        assert_eq!(read(&path).len(), 0);
    }
}
