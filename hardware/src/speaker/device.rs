//! The system's default sound output, through cpal: PulseAudio or PipeWire's twin of it where they run, else ALSA, and the
//! native layers of Windows and macOS.
//!
//! The device is opened for each sound and closed after it. A board's loudspeaker is most often a television, which is
//! switched off at night and on in the morning: a stream kept open over that is dead without an error, and an open one
//! burns processor time all day. It never keeps a thread waiting for ever: a device that hangs is left behind and reported.

use crate::clock;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{FromSample, OutputCallbackInfo, SampleFormat, SizedSample, StreamConfig};

use super::{Pcm, Played, PlayedEvidence, Speaker, SpeakerError, SpeakerSelector, StopHandle};

/// Plays on the default output device.
#[derive(Debug, Default)]
pub struct DeviceSpeaker {
    stop: StopHandle,
    /// The thread of the last sound, if it did not come back in time.
    stuck: Option<JoinHandle<()>>,
}

/// Opening a device, and waiting for its buffers, may take this much longer than the sound itself.
const PATIENCE: Duration = Duration::from_secs(6);

/// A device that says it needs longer than this to play what it holds is mistaken.
const LONGEST_LATENCY: Duration = Duration::from_secs(3);

/// How long a device may take to close once the speaker is stopped, before it is left behind.
const GRACE_WHEN_STOPPED: Duration = Duration::from_millis(500);

/// How often a waiting play looks at its stop handle.
const STOP_INTERVAL: Duration = Duration::from_millis(50);

/// Added to the latency a device reports, which tends to be a little short.
const LATENCY_MARGIN: Duration = Duration::from_millis(60);

impl DeviceSpeaker {
    /// A speaker on the default device, which must exist now.
    ///
    /// # Errors
    /// `NoDevice` if there is none, `TimedOut` if the sound layer does not answer.
    pub fn open() -> Result<DeviceSpeaker, SpeakerError> {
        let mut speaker = DeviceSpeaker::default();
        speaker.on_own_thread(Duration::ZERO, |_| default_device().map(|_| ()))?;
        Ok(speaker)
    }

    /// Runs `work` on a thread of its own and waits a bounded time: the sound servers' libraries block without a limit.
    fn on_own_thread<T: Send + 'static>(
        &mut self,
        expected: Duration,
        work: impl FnOnce(&StopHandle) -> Result<T, SpeakerError> + Send + 'static,
    ) -> Result<T, SpeakerError> {
        if let Some(thread) = self.stuck.take_if(|thread| thread.is_finished()) {
            // It came back after we had given up on it; its result is old and its panic, if any, was its own.
            drop(thread.join());
        }
        if self.stuck.is_some() {
            return Err(SpeakerError::StillBusy);
        }
        if self.stop.is_stopped() {
            return Err(SpeakerError::Stopped);
        }
        let (sender, receiver) = channel();
        let stop = self.stop.clone();
        let thread = std::thread::Builder::new()
            .name("speaker-device".to_owned())
            .spawn(move || {
                // Nobody listens any more if we came too late.
                drop(sender.send(work(&stop)));
            })
            .map_err(|_| SpeakerError::ThreadLost)?;
        let limit = expected + PATIENCE;
        match wait_for_result(&receiver, limit, &self.stop) {
            Ok(result) => {
                drop(thread.join());
                result
            }
            Err(error) => {
                self.stuck = Some(thread);
                Err(error)
            }
        }
    }
}

/// Waits for the thread's result, at most for `limit`, and once stopped only for a moment.
fn wait_for_result<T>(
    receiver: &Receiver<Result<T, SpeakerError>>,
    limit: Duration,
    stop: &StopHandle,
) -> Result<Result<T, SpeakerError>, SpeakerError> {
    let deadline = clock::now() + limit;
    let mut deadline_when_stopped = None;
    loop {
        match receiver.recv_timeout(STOP_INTERVAL) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Disconnected) => return Err(SpeakerError::ThreadLost),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let now = clock::now();
        if stop.is_stopped() && now >= *deadline_when_stopped.get_or_insert(now + GRACE_WHEN_STOPPED) {
            return Err(SpeakerError::Stopped);
        }
        if now >= deadline {
            return Err(SpeakerError::TimedOut { waited_ms: milliseconds(limit) });
        }
    }
}

impl Speaker for DeviceSpeaker {
    fn play(&mut self, sound: &Pcm) -> Result<Played, SpeakerError> {
        let duration_ms = sound.duration_ms();
        let sound = sound.clone();
        self.on_own_thread(Duration::from_millis(duration_ms), move |stop| play_to_the_end(&sound, stop))?;
        Ok(Played { duration_ms, evidence: PlayedEvidence::DeviceDrained })
    }

    fn selector(&self) -> SpeakerSelector {
        SpeakerSelector::Default
    }

    fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }
}

/// What the sound layer's threads tell the one that waits.
enum Report {
    /// The last sample was handed over and will be heard this much later.
    HandedOver(Duration),
    /// The stream failed.
    Failed(cpal::Error),
}

fn default_device() -> Result<cpal::Device, SpeakerError> {
    if no_sound_system() {
        return Err(SpeakerError::NoDevice);
    }
    cpal::default_host().default_output_device().ok_or(SpeakerError::NoDevice)
}

/// On Linux, whether there is neither a sound server's socket nor a card. ALSA's library complains on the terminal about
/// every card it does not find, and its `default` device exists even then; so it is not asked.
#[cfg(target_os = "linux")]
fn no_sound_system() -> bool {
    let no_server = !cpal::available_hosts().into_iter().any(|host| host == cpal::HostId::PulseAudio);
    let cards = std::fs::read_to_string("/proc/asound/cards").unwrap_or_default();
    // A line of a card begins with its number; "--- no soundcards ---" does not.
    let no_card = !cards.lines().any(|line| line.trim_start().starts_with(|first: char| first.is_ascii_digit()));
    no_server && no_card
}

#[cfg(not(target_os = "linux"))]
fn no_sound_system() -> bool {
    false
}

fn play_to_the_end(sound: &Pcm, stop: &StopHandle) -> Result<(), SpeakerError> {
    let device = default_device()?;
    let supported = device.default_output_config().map_err(failed("asking for the device's format"))?;
    let rate_hz = NonZeroU32::new(supported.sample_rate())
        .ok_or_else(|| SpeakerError::UnsupportedFormat { format: "0 Hz".to_owned() })?;
    let samples: Arc<[f32]> = sound.at_rate(rate_hz).into();
    let config = supported.config();
    let (sender, receiver) = channel();
    let stream = match supported.sample_format() {
        SampleFormat::F32 => build::<f32>(&device, config, samples, sender),
        SampleFormat::I16 => build::<i16>(&device, config, samples, sender),
        SampleFormat::I32 => build::<i32>(&device, config, samples, sender),
        SampleFormat::I24 => build::<cpal::I24>(&device, config, samples, sender),
        SampleFormat::U8 => build::<u8>(&device, config, samples, sender),
        SampleFormat::U16 => build::<u16>(&device, config, samples, sender),
        format @ (SampleFormat::I8
        | SampleFormat::I64
        | SampleFormat::U24
        | SampleFormat::U32
        | SampleFormat::U64
        | SampleFormat::F64
        | SampleFormat::DsdU8
        | SampleFormat::DsdU16
        | SampleFormat::DsdU32
        | _) => {
            return Err(SpeakerError::UnsupportedFormat { format: format.to_string() });
        }
    }?;
    let started = clock::now();
    stream.play().map_err(failed("starting the stream"))?;
    let duration = Duration::from_millis(sound.duration_ms());
    let latency = wait_for_handover(&receiver, stop, duration)?;
    // A sound cannot have been heard before its own length has passed, whatever a young stream says of its latency.
    let heard_at = (clock::now() + latency.min(LONGEST_LATENCY)).max(started + duration) + LATENCY_MARGIN;
    wait_until(heard_at, &receiver, stop)
}

fn wait_for_handover(
    receiver: &Receiver<Report>,
    stop: &StopHandle,
    duration: Duration,
) -> Result<Duration, SpeakerError> {
    let limit = duration + LONGEST_LATENCY;
    let deadline = clock::now() + limit;
    while clock::now() < deadline {
        if stop.is_stopped() {
            return Err(SpeakerError::Stopped);
        }
        match receiver.recv_timeout(STOP_INTERVAL) {
            Ok(Report::HandedOver(latency)) => return Ok(latency),
            Ok(Report::Failed(error)) => return Err(failed("playing")(error)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(SpeakerError::ThreadLost),
        }
    }
    Err(SpeakerError::TimedOut { waited_ms: milliseconds(limit) })
}

/// Waits for the buffers to run empty, and still hears of a device that is pulled out meanwhile.
fn wait_until(deadline: Instant, receiver: &Receiver<Report>, stop: &StopHandle) -> Result<(), SpeakerError> {
    loop {
        let left = deadline.saturating_duration_since(clock::now());
        if left.is_zero() {
            return Ok(());
        }
        if stop.is_stopped() {
            return Err(SpeakerError::Stopped);
        }
        match receiver.recv_timeout(left.min(STOP_INTERVAL)) {
            Ok(Report::HandedOver(_)) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Report::Failed(error)) => return Err(failed("playing the last of the sound")(error)),
            Err(RecvTimeoutError::Disconnected) => return Err(SpeakerError::ThreadLost),
        }
    }
}

fn build<T: SizedSample + FromSample<f32>>(
    device: &cpal::Device,
    config: StreamConfig,
    samples: Arc<[f32]>,
    sender: Sender<Report>,
) -> Result<cpal::Stream, SpeakerError> {
    let channels = usize::from(config.channels.max(1));
    let rate_hz = f64::from(config.sample_rate.max(1));
    let mut position = 0;
    let mut reported = false;
    let errors = sender.clone();
    let fill = move |buffer: &mut [T], info: &OutputCallbackInfo| {
        let frames_left = samples.len() - position;
        for frame in buffer.chunks_mut(channels) {
            let sample = samples.get(position).copied().unwrap_or_default();
            position = (position + 1).min(samples.len());
            frame.fill(T::from_sample(sample));
        }
        if position == samples.len() && !reported {
            reported = true;
            let timestamp = info.timestamp();
            let ahead = timestamp.playback.duration_since(timestamp.callback);
            let inside = Duration::from_secs_f64(frames_left as f64 / rate_hz);
            // The waiting side may have given up; there is nobody else to tell.
            drop(sender.send(Report::HandedOver(ahead + inside)));
        }
    };
    let on_error = move |error: cpal::Error| {
        let ends_the_sound = !matches!(
            error.kind(),
            // The sound goes on after these: a hiccup, a new route, a priority we did not get.
            cpal::ErrorKind::Xrun | cpal::ErrorKind::DeviceChanged | cpal::ErrorKind::RealtimeDenied
        );
        if ends_the_sound {
            drop(errors.send(Report::Failed(error)));
        }
    };
    device
        .build_output_stream::<T, _, _>(config, fill, on_error, Some(Duration::from_secs(2)))
        .map_err(failed("opening the stream"))
}

fn failed(operation: &'static str) -> impl Fn(cpal::Error) -> SpeakerError {
    move |source| SpeakerError::Device { operation, source }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "device_tests.rs"]
mod tests;
