//! Where sound goes: the `Speaker` trait, its selector, its errors, and its three forms (a device, a WAV file, nothing).
//!
//! A speaker takes a finished mono sound and returns when it was heard or handed over. It never mixes, never queues,
//! never knows what is being said, and never prints to the terminal: trouble is a typed error.

mod chime;
mod device;
mod loudness;
mod null;
mod pcm;
mod wav;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use chime::{CHIME_DURATION_MS, chime};
pub use device::DeviceSpeaker;
pub use loudness::{Loudness, LoudnessError, TARGET_LUFS, TRUE_PEAK_CEILING_DBTP, measure, normalise};
pub use null::{NullSpeaker, NullSpeakerMemory};
pub use pcm::{Pcm, Volume};
pub use wav::WavSpeaker;

/// Something that makes a sound heard, or keeps it as if it had been.
pub trait Speaker: Send {
    /// Plays one sound and returns when it has been heard to its end (a device) or handed over (a file, a memory).
    ///
    /// The call is bounded in time: at most the length of the sound plus a few seconds.
    ///
    /// # Errors
    /// Whatever kept the sound from being heard whole; see [`SpeakerErrorKind`].
    fn play(&mut self, sound: &Pcm) -> Result<Played, SpeakerError>;

    /// The selector that opens this speaker again.
    fn selector(&self) -> SpeakerSelector;

    /// A handle with which another thread ends a `play` in progress, for a clean shutdown.
    fn stop_handle(&self) -> StopHandle;
}

/// What is known about a sound that was played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    /// Length of the sound in milliseconds.
    pub duration_ms: u64,
    /// How strong the claim is that somebody could hear it.
    pub evidence: PlayedEvidence,
}

/// The strength of the claim that a sound was played. None of them proves that the loudspeaker itself was switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayedEvidence {
    /// The sound device took every sample and the time it reported for playing them has passed.
    DeviceDrained,
    /// The samples are in a file.
    Stored,
    /// The samples are only remembered.
    Remembered,
}

/// Ends the play in progress of the speaker it came from, and refuses every later one.
#[derive(Clone, Debug, Default)]
pub struct StopHandle {
    stopped: Arc<AtomicBool>,
}

impl StopHandle {
    /// Asks the speaker to end; it obeys within 50 ms, or within half a second if the device hangs. There is no way back: a stopped speaker is opened anew.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    /// Whether `stop` was called.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }
}

/// Names a speaker: `default:`, `wav:PATH` or `null:`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SpeakerSelector {
    /// The system's default output device at the moment of playing, so that a television switched on late is used.
    Default,
    /// A WAV file to which everything is appended.
    Wav(PathBuf),
    /// No sound at all; what was played is remembered.
    Null,
}

/// Why a text is not a speaker selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpeakerSelectorError {
    /// The part before the colon is none of ours, or there is no colon.
    #[error("unknown speaker \"{text}\": expected default:, wav:PATH or null:")]
    UnknownScheme {
        /// The text as given.
        text: String,
    },
    /// `wav:` without a path.
    #[error("wav: needs a path, as in wav:announcements.wav")]
    MissingPath,
    /// `default:` or `null:` followed by something.
    #[error("\"{scheme}:\" takes nothing after the colon, but \"{rest}\" was given")]
    UnexpectedRest {
        /// The part before the colon.
        scheme: String,
        /// What followed it.
        rest: String,
    },
}

impl FromStr for SpeakerSelector {
    type Err = SpeakerSelectorError;

    fn from_str(text: &str) -> Result<SpeakerSelector, SpeakerSelectorError> {
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(SpeakerSelectorError::UnknownScheme { text: text.to_owned() });
        };
        match (scheme, rest) {
            ("default", "") => Ok(SpeakerSelector::Default),
            ("null", "") => Ok(SpeakerSelector::Null),
            ("wav", "") => Err(SpeakerSelectorError::MissingPath),
            ("wav", path) => Ok(SpeakerSelector::Wav(PathBuf::from(path))),
            ("default" | "null", rest) => {
                Err(SpeakerSelectorError::UnexpectedRest { scheme: scheme.to_owned(), rest: rest.to_owned() })
            }
            (_, _) => Err(SpeakerSelectorError::UnknownScheme { text: text.to_owned() }),
        }
    }
}

impl fmt::Display for SpeakerSelector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SpeakerSelector::Default => formatter.write_str("default:"),
            SpeakerSelector::Wav(path) => write!(formatter, "wav:{}", path.display()),
            SpeakerSelector::Null => formatter.write_str("null:"),
        }
    }
}

impl SpeakerSelector {
    /// Opens the speaker.
    ///
    /// For `default:` this proves that a device exists now; it is opened for each sound, because the device of a board
    /// is often a television that comes and goes.
    ///
    /// # Errors
    /// `NoDevice` on a machine without sound, `File` or `Wav` if the file cannot be written.
    pub fn open(&self) -> Result<Box<dyn Speaker>, SpeakerError> {
        match self {
            SpeakerSelector::Default => Ok(Box::new(DeviceSpeaker::open()?)),
            SpeakerSelector::Wav(path) => Ok(Box::new(WavSpeaker::open(path)?)),
            SpeakerSelector::Null => Ok(Box::new(NullSpeaker::new())),
        }
    }
}

/// Why a sound was not played whole.
#[derive(Debug, thiserror::Error)]
pub enum SpeakerError {
    /// The machine has no output device.
    #[error("this machine has no sound output")]
    NoDevice,
    /// The device refused, or broke off.
    #[error("the sound device failed while {operation}")]
    Device {
        /// What was being done, as a gerund.
        operation: &'static str,
        /// The reason given by the system's sound layer.
        #[source]
        source: cpal::Error,
    },
    /// The device offers only a sample format that we cannot fill.
    #[error("the sound device wants samples as {format}, which is not supported")]
    UnsupportedFormat {
        /// The format's name in the sound layer.
        format: String,
    },
    /// The device took no samples, or did not come to the end in time.
    #[error("the sound device had not finished after {waited_ms} ms")]
    TimedOut {
        /// How long we waited.
        waited_ms: u64,
    },
    /// An earlier sound is still stuck in the device.
    #[error("the sound device is still stuck in an earlier sound")]
    StillBusy,
    /// The thread that drives the device ended without a word, or could not be started.
    #[error("the thread that drives the sound device could not be used")]
    ThreadLost,
    /// The WAV file could not be opened, read or written.
    #[error("the file {path} could not be used")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: std::io::Error,
    },
    /// The file exists and is not a WAV file that we wrote.
    #[error("the file {path} is not a 48 kHz mono 16-bit WAV file, so nothing is appended to it")]
    ForeignFile {
        /// The file.
        path: PathBuf,
    },
    /// `StopHandle::stop` was called.
    #[error("the speaker was stopped")]
    Stopped,
}

/// What a caller may decide on: retry, tell staff, or give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpeakerErrorKind {
    /// There is nothing to play on; a standing fault.
    Missing,
    /// Somebody else holds the device, or it is stuck; worth a retry.
    Busy,
    /// The user of this process may not use the device or the file.
    Permission,
    /// The device went away or failed in mid-sound; worth a retry.
    Lost,
    /// The device or the file is of a kind we cannot feed.
    Unsupported,
    /// The file cannot be written.
    Storage,
    /// We were asked to stop.
    Stopped,
}

impl SpeakerError {
    /// The kind of the error, on which callers decide.
    pub fn kind(&self) -> SpeakerErrorKind {
        match self {
            SpeakerError::NoDevice => SpeakerErrorKind::Missing,
            SpeakerError::Device { source, operation: _ } => device_kind(source.kind()),
            SpeakerError::UnsupportedFormat { format: _ } | SpeakerError::ForeignFile { path: _ } => {
                SpeakerErrorKind::Unsupported
            }
            SpeakerError::TimedOut { waited_ms: _ } | SpeakerError::ThreadLost => SpeakerErrorKind::Lost,
            SpeakerError::StillBusy => SpeakerErrorKind::Busy,
            SpeakerError::File { path: _, source } => {
                if source.kind() == std::io::ErrorKind::PermissionDenied {
                    SpeakerErrorKind::Permission
                } else {
                    SpeakerErrorKind::Storage
                }
            }
            SpeakerError::Stopped => SpeakerErrorKind::Stopped,
        }
    }
}

fn device_kind(kind: cpal::ErrorKind) -> SpeakerErrorKind {
    match kind {
        cpal::ErrorKind::DeviceNotAvailable | cpal::ErrorKind::HostUnavailable => SpeakerErrorKind::Missing,
        cpal::ErrorKind::DeviceBusy | cpal::ErrorKind::ResourceExhausted => SpeakerErrorKind::Busy,
        cpal::ErrorKind::PermissionDenied => SpeakerErrorKind::Permission,
        cpal::ErrorKind::UnsupportedConfig | cpal::ErrorKind::UnsupportedOperation | cpal::ErrorKind::InvalidInput => {
            SpeakerErrorKind::Unsupported
        }
        // The sound layer's list is open; whatever else it reports ended the sound, and a new attempt opens anew.
        cpal::ErrorKind::DeviceChanged
        | cpal::ErrorKind::RealtimeDenied
        | cpal::ErrorKind::StreamInvalidated
        | cpal::ErrorKind::Xrun
        | cpal::ErrorKind::BackendError
        | cpal::ErrorKind::Other
        | _ => SpeakerErrorKind::Lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_read_back_what_they_show() {
        for text in ["default:", "null:", "wav:/var/lib/smartqueue/said.wav", "wav:C:\\said.wav"] {
            let selector: SpeakerSelector = text.parse().unwrap();
            assert_eq!(selector.to_string(), text);
        }
    }

    #[test]
    fn selectors_that_are_none_of_ours_are_refused_with_their_reason() {
        assert_eq!("wav:".parse::<SpeakerSelector>(), Err(SpeakerSelectorError::MissingPath));
        assert_eq!(
            "usb:04b8".parse::<SpeakerSelector>(),
            Err(SpeakerSelectorError::UnknownScheme { text: "usb:04b8".to_owned() })
        );
        assert_eq!("".parse::<SpeakerSelector>(), Err(SpeakerSelectorError::UnknownScheme { text: String::new() }));
        assert_eq!(
            "null:x".parse::<SpeakerSelector>(),
            Err(SpeakerSelectorError::UnexpectedRest { scheme: "null".to_owned(), rest: "x".to_owned() })
        );
    }

    #[test]
    fn error_kinds_tell_a_missing_device_from_a_lost_one() {
        let failed =
            |kind| SpeakerError::Device { operation: "opening the device", source: cpal::Error::new(kind) }.kind();
        assert_eq!(SpeakerError::NoDevice.kind(), SpeakerErrorKind::Missing);
        assert_eq!(failed(cpal::ErrorKind::HostUnavailable), SpeakerErrorKind::Missing);
        assert_eq!(failed(cpal::ErrorKind::DeviceBusy), SpeakerErrorKind::Busy);
        assert_eq!(failed(cpal::ErrorKind::PermissionDenied), SpeakerErrorKind::Permission);
        assert_eq!(failed(cpal::ErrorKind::StreamInvalidated), SpeakerErrorKind::Lost);
        assert_eq!(failed(cpal::ErrorKind::UnsupportedConfig), SpeakerErrorKind::Unsupported);
    }
}
