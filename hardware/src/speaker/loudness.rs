//! Brings a sound to the loudness of every other announcement, and keeps its peaks from breaking up in an amplifier.
//!
//! Loudness is EBU R 128 (ITU-R BS.1770, gated), measured on the one channel we make. It never changes the speed, the
//! tone or the length of a sound, and it leaves silence alone.

use std::num::NonZeroU32;
use std::ops::Range;

use super::Pcm;
use super::pcm::Interpolator;

/// Loudness of every announcement at full volume, in LUFS.
pub const TARGET_LUFS: f64 = -18.0;

/// No announcement peaks above this between two samples, in dB of full scale.
pub const TRUE_PEAK_CEILING_DBTP: f64 = -1.5;

/// What a sound measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loudness {
    /// Integrated loudness in LUFS; minus infinity for silence and for less than 400 ms of sound.
    pub integrated_lufs: f64,
    /// The peak of the wave between samples, in dBTP; minus infinity for silence.
    pub true_peak_dbtp: f64,
}

/// Why loudness could not be measured or reached.
#[derive(Debug, thiserror::Error)]
pub enum LoudnessError {
    /// The meter refused the sound.
    #[error("the loudness meter refused the sound")]
    Meter {
        /// Its reason.
        #[source]
        source: ebur128::Error,
    },
    /// The peaks stand so far above the rest that the target cannot be had under the ceiling without harming the sound.
    #[error(
        "the sound reached {reached_lufs:.1} LUFS instead of {target_lufs:.1} with its peaks kept under the ceiling"
    )]
    OutOfReach {
        /// What was asked for, in LUFS.
        target_lufs: f64,
        /// What it measures now, in LUFS.
        reached_lufs: f64,
    },
}

/// How far from the target a sound may end.
const TOLERANCE_LU: f64 = 0.2;

/// Each round makes up for what the limiter took away; speech is there after one or two.
const ROUNDS: usize = 6;

/// Measures integrated loudness and true peak.
///
/// # Errors
/// `Meter` if the meter refuses, which it does for no sound that a `Pcm` can hold.
pub fn measure(sound: &Pcm) -> Result<Loudness, LoudnessError> {
    let meter_failed = |source| LoudnessError::Meter { source };
    let mut meter = ebur128::EbuR128::new(1, Pcm::SAMPLE_RATE_HZ, ebur128::Mode::I | ebur128::Mode::TRUE_PEAK)
        .map_err(meter_failed)?;
    meter.add_frames_f32(sound.samples()).map_err(meter_failed)?;
    Ok(Loudness {
        integrated_lufs: meter.loudness_global().map_err(meter_failed)?,
        true_peak_dbtp: 20.0 * meter.true_peak(0).map_err(meter_failed)?.log10(),
    })
}

/// Brings a sound to `target_lufs` with its true peak at most `ceiling_dbtp`, by one gain and, only where peaks would
/// pass the ceiling, a look-ahead limiter. Returns what the sound measures now. Silence, and sounds too short to have a
/// loudness, are only kept under the ceiling.
///
/// # Errors
/// `OutOfReach` leaves the sound under the ceiling and as near to the target as it came; it can still be played.
pub fn normalise(sound: &mut Pcm, target_lufs: f64, ceiling_dbtp: f64) -> Result<Loudness, LoudnessError> {
    let mut loudness = measure(sound)?;
    for _ in 0..ROUNDS {
        let missing_lu = target_lufs - loudness.integrated_lufs;
        let quiet_enough = loudness.true_peak_dbtp <= ceiling_dbtp;
        if quiet_enough && (!missing_lu.is_finite() || missing_lu.abs() <= TOLERANCE_LU) {
            return Ok(loudness);
        }
        if missing_lu.is_finite() {
            sound.apply_gain(factor(missing_lu) as f32);
        }
        if !missing_lu.is_finite() || loudness.true_peak_dbtp + missing_lu > ceiling_dbtp {
            limit(sound, ceiling_dbtp);
        }
        loudness = measure(sound)?;
    }
    if loudness.true_peak_dbtp > ceiling_dbtp {
        sound.apply_gain(factor(ceiling_dbtp - loudness.true_peak_dbtp) as f32);
        loudness = measure(sound)?;
    }
    if (loudness.integrated_lufs - target_lufs).abs() <= TOLERANCE_LU {
        return Ok(loudness);
    }
    Err(LoudnessError::OutOfReach { target_lufs, reached_lufs: loudness.integrated_lufs })
}

fn factor(decibels: f64) -> f64 {
    10_f64.powf(decibels / 20.0)
}

/// The limiter looks this far ahead and takes as long to let go: 1.5 ms, too short to be heard as pumping and long
/// enough not to distort a voice.
const REACH: usize = 72;

/// The meter's interpolation filter is not ours; this much below the ceiling, both agree.
const MARGIN_DB: f64 = 0.15;

/// Lowers the level around each peak, smoothly, so that nothing passes the ceiling.
fn limit(sound: &mut Pcm, ceiling_dbtp: f64) {
    let ceiling = factor(ceiling_dbtp - MARGIN_DB) as f32;
    let wanted = gains_wanted(sound.samples(), ceiling);
    // The lowest gain wanted within reach, then its mean over the same reach: the mean at a peak is taken over values
    // that are all at most the gain wanted there, so the peak is under the ceiling and the gain has no corner.
    let mut lowest = vec![1.0_f32; wanted.len()];
    for (index, gain) in wanted.iter().enumerate().filter(|(_, gain)| **gain < 1.0) {
        for value in &mut lowest[around(index, wanted.len())] {
            *value = value.min(*gain);
        }
    }
    let mut sums = Vec::with_capacity(lowest.len() + 1);
    sums.push(0.0);
    let mut sum = 0.0;
    for gain in &lowest {
        sum += f64::from(*gain);
        sums.push(sum);
    }
    let gains: Vec<f32> = (0..lowest.len())
        .map(|index| {
            let window = around(index, lowest.len());
            ((sums[window.end] - sums[window.start]) / window.len() as f64) as f32
        })
        .collect();
    sound.apply_envelope(&gains);
}

fn around(index: usize, length: usize) -> Range<usize> {
    index.saturating_sub(REACH)..(index + REACH + 1).min(length)
}

/// Places per sample at which the wave is looked at.
const PLACES: usize = 4;
const FINER: NonZeroU32 = NonZeroU32::MIN.saturating_add(3);

/// The gain that each sample wants so that the wave from there to the next sample stays under the ceiling.
fn gains_wanted(samples: &[f32], ceiling: f32) -> Vec<f32> {
    let interpolator = Interpolator::new(Pcm::RATE, Pcm::RATE.saturating_mul(FINER));
    (0..samples.len())
        .map(|index| {
            let next = samples.get(index + 1).copied().unwrap_or_default();
            // The wave rises above both neighbours by at most 6 dB in anything but a contrived sound, so most of a
            // voice is not looked at more closely.
            if samples[index].abs().max(next.abs()) < ceiling / 2.0 {
                return 1.0;
            }
            let peak =
                (0..PLACES).map(|place| interpolator.sample(samples, index * PLACES + place).abs()).fold(0.0, f32::max);
            if peak > ceiling { ceiling / peak } else { 1.0 }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn tone(frequency_hz: f64, level: f64, duration_ms: u64, phase: f64) -> Pcm {
        let rate = f64::from(Pcm::SAMPLE_RATE_HZ);
        Pcm::new(
            (0..48 * duration_ms)
                .map(|index| (level * (2.0 * PI * frequency_hz * index as f64 / rate + phase).sin()) as f32)
                .collect(),
        )
    }

    #[test]
    fn the_meter_reads_the_reference_tone_of_the_standard() {
        // BS.1770: a full-scale 997 Hz sine in one channel measures -3.01 LUFS.
        let loudness = measure(&tone(997.0, 1.0, 3_000, 0.0)).unwrap();
        assert!((loudness.integrated_lufs + 3.01).abs() < 0.05, "{loudness:?}");
        assert!(loudness.true_peak_dbtp.abs() < 0.1, "{loudness:?}");
    }

    #[test]
    fn quiet_and_loud_sounds_come_to_the_target() {
        for level in [0.001, 0.05, 0.9] {
            let mut sound = tone(440.0, level, 1_000, 0.0);
            let loudness = normalise(&mut sound, TARGET_LUFS, TRUE_PEAK_CEILING_DBTP).unwrap();
            assert!((loudness.integrated_lufs - TARGET_LUFS).abs() <= 0.5, "{loudness:?}");
            assert_eq!(loudness, measure(&sound).unwrap());
        }
    }

    #[test]
    fn peaks_far_above_the_rest_are_limited_and_the_loudness_still_reached() {
        // A quiet tone with a short burst each quarter of a second: its peaks would stand 6 dB over the ceiling.
        let mut samples = tone(300.0, 0.08, 2_000, 0.0).samples().to_vec();
        let burst = tone(1_000.0, 0.9, 4, 0.0);
        for start in (6_000..90_000).step_by(12_000) {
            samples[start..start + burst.samples().len()].copy_from_slice(burst.samples());
        }
        let mut sound = Pcm::new(samples);
        let before = measure(&sound).unwrap();
        assert!(
            TARGET_LUFS - before.integrated_lufs + before.true_peak_dbtp > TRUE_PEAK_CEILING_DBTP + 0.5,
            "{before:?}"
        );
        let loudness = normalise(&mut sound, TARGET_LUFS, TRUE_PEAK_CEILING_DBTP).unwrap();
        assert!((loudness.integrated_lufs - TARGET_LUFS).abs() <= 0.5, "{loudness:?}");
        assert!(loudness.true_peak_dbtp <= TRUE_PEAK_CEILING_DBTP, "{loudness:?}");
    }

    #[test]
    fn a_peak_between_two_samples_is_seen() {
        // A quarter of the sample rate, 45 degrees off: every sample is at 0.707 of the true wave.
        let mut sound = tone(12_000.0, 1.2, 500, PI / 4.0);
        assert!(sound.peak() < 0.86);
        let loudness = normalise(&mut sound, 0.0, TRUE_PEAK_CEILING_DBTP);
        assert!(matches!(loudness, Err(LoudnessError::OutOfReach { .. })), "{loudness:?}");
        assert!(measure(&sound).unwrap().true_peak_dbtp <= TRUE_PEAK_CEILING_DBTP);
    }

    #[test]
    fn silence_stays_silence() {
        let mut sound = Pcm::silence(1_000);
        let loudness = normalise(&mut sound, TARGET_LUFS, TRUE_PEAK_CEILING_DBTP).unwrap();
        assert!(loudness.integrated_lufs.is_infinite());
        assert_eq!(sound, Pcm::silence(1_000));
    }
}
