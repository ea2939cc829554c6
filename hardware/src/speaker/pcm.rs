//! Sound as numbers: mono, 48 kHz, 32-bit float, full scale at 1.0.
//!
//! Everything a phrase needs between the clip and the speaker: join with gaps, change the level, change the rate, round
//! the edges. It never touches a device or a file, and it never holds a sample that is not a finite number.

use std::f64::consts::PI;
use std::num::NonZeroU32;

/// A mono sound at [`Pcm::SAMPLE_RATE_HZ`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pcm {
    samples: Vec<f32>,
}

impl Pcm {
    /// Samples per second of every `Pcm`.
    pub const SAMPLE_RATE_HZ: u32 = Pcm::RATE.get();

    /// The same, as a value that cannot be 0.
    pub(super) const RATE: NonZeroU32 = NonZeroU32::MIN.saturating_add(47_999);

    /// A sound from samples at 48 kHz. A sample that is not finite becomes silence: one of them would otherwise turn a
    /// whole announcement into noise in the filters behind.
    pub fn new(mut samples: Vec<f32>) -> Pcm {
        for sample in &mut samples {
            if !sample.is_finite() {
                *sample = 0.0;
            }
        }
        Pcm { samples }
    }

    /// A sound from samples at another rate, brought to 48 kHz with a windowed-sinc filter.
    pub fn from_rate(samples: &[f32], rate_hz: NonZeroU32) -> Pcm {
        Pcm::new(resample(samples, rate_hz, Pcm::RATE))
    }

    /// Silence of the given length.
    pub fn silence(duration_ms: u32) -> Pcm {
        Pcm { samples: vec![0.0; samples_in(duration_ms)] }
    }

    /// The samples of this sound at a device's rate.
    pub fn at_rate(&self, rate_hz: NonZeroU32) -> Vec<f32> {
        resample(&self.samples, Pcm::RATE, rate_hz)
    }

    /// The samples at 48 kHz.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// Whether there is no sample at all.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Length in milliseconds, rounded down.
    pub fn duration_ms(&self) -> u64 {
        u64::try_from(self.samples.len()).unwrap_or(u64::MAX).saturating_mul(1_000) / u64::from(Pcm::SAMPLE_RATE_HZ)
    }

    /// The largest sample, without its sign. This is the sample peak; the true peak between samples is
    /// `measure`'s business.
    pub fn peak(&self) -> f32 {
        self.samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
    }

    /// The largest difference between two neighbouring samples: what a click at a bad join would show up as.
    pub fn largest_step(&self) -> f32 {
        self.samples.windows(2).fold(0.0, |step, pair| step.max((pair[1] - pair[0]).abs()))
    }

    /// Adds silence at the end.
    pub fn append_silence(&mut self, duration_ms: u32) {
        self.samples.resize(self.samples.len() + samples_in(duration_ms), 0.0);
    }

    /// Adds another sound at the end.
    pub fn append(&mut self, other: &Pcm) {
        self.samples.extend_from_slice(&other.samples);
    }

    /// Joins sounds in order, each followed by its own gap in milliseconds.
    pub fn join<'sound>(parts: impl IntoIterator<Item = (&'sound Pcm, u32)>) -> Pcm {
        let mut joined = Pcm::default();
        for (sound, gap_ms) in parts {
            joined.append(sound);
            joined.append_silence(gap_ms);
        }
        joined
    }

    /// Multiplies every sample. A gain that is not finite leaves the sound as it is.
    pub fn apply_gain(&mut self, gain: f32) {
        if gain.is_finite() {
            for sample in &mut self.samples {
                *sample *= gain;
            }
        }
    }

    /// Multiplies sample by sample; what reaches beyond the shorter of the two stays as it is.
    pub(super) fn apply_envelope(&mut self, gains: &[f32]) {
        for (sample, gain) in self.samples.iter_mut().zip(gains) {
            *sample *= gain;
        }
    }

    /// Rounds both edges with half a cosine, so that a sound cut in mid-wave does not click. Edges longer than half
    /// the sound meet in its middle.
    pub fn fade_edges(&mut self, duration_ms: u32) {
        let length = samples_in(duration_ms).min(self.samples.len() / 2);
        let last = self.samples.len().saturating_sub(1);
        for index in 0..length {
            let gain = raised_cosine(index, length);
            self.samples[index] *= gain;
            self.samples[last - index] *= gain;
        }
    }
}

/// How loud a site wants it, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Volume(u8);

impl Volume {
    /// The reference: announcements at -18 LUFS.
    pub const FULL: Volume = Volume(100);

    /// A volume; more than 100 is 100, since louder would break the limit on peaks.
    pub fn new(percent: u8) -> Volume {
        Volume(percent.min(100))
    }

    /// The setting, 0 to 100.
    pub fn percent(self) -> u8 {
        self.0
    }

    /// Whether nothing is to be heard.
    pub fn is_silent(self) -> bool {
        self.0 == 0
    }

    /// The factor on the samples. It goes with the square, since hearing goes with the logarithm: 50 is 12 dB below
    /// the reference, which sounds about half as loud, where a plain factor would squeeze every useful step into the
    /// lowest tenth of the scale.
    pub fn gain(self) -> f32 {
        let fraction = f32::from(self.0) / 100.0;
        fraction * fraction
    }
}

fn samples_in(duration_ms: u32) -> usize {
    let count = u64::from(duration_ms) * u64::from(Pcm::SAMPLE_RATE_HZ) / 1_000;
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn raised_cosine(index: usize, length: usize) -> f32 {
    let position = (index as f64 + 0.5) / length as f64;
    (0.5 - 0.5 * (PI * position).cos()) as f32
}

/// Zero crossings of the sinc on each side. 24 keep the passband flat to 0.1 dB up to 90 % of the lower Nyquist rate.
const HALF_WIDTH: usize = 24;

/// Brings samples from one rate to another with a Blackman-windowed sinc. The filter is tabulated once per phase: 24 to
/// 48 kHz has only two.
pub(super) struct Interpolator {
    /// Input samples per `table.len()` output samples.
    step: u64,
    half_taps: usize,
    /// Going up, an output sample that falls on an input sample is that sample: half the work from 24 to 48 kHz.
    keeps_input: bool,
    table: Vec<Vec<f32>>,
}

impl Interpolator {
    /// Between two rates, neither of them 0.
    pub(super) fn new(from_hz: NonZeroU32, to_hz: NonZeroU32) -> Interpolator {
        let divisor = greatest_common_divisor(from_hz.get(), to_hz.get());
        let phases = to_hz.get() / divisor;
        // Going down, the filter must also keep out what the lower rate cannot carry, so it grows wider and lower.
        let cutoff = (f64::from(to_hz.get()) / f64::from(from_hz.get())).min(1.0);
        let half_taps = (HALF_WIDTH as f64 / cutoff).ceil() as usize;
        Interpolator {
            step: u64::from(from_hz.get() / divisor),
            half_taps,
            keeps_input: to_hz >= from_hz,
            table: (0..phases).map(|phase| filter(phase, phases, half_taps, cutoff)).collect(),
        }
    }

    /// How many output samples so many input samples make.
    fn length(&self, input: usize) -> usize {
        (input as u64 * self.table.len() as u64).div_ceil(self.step) as usize
    }

    /// The output sample at this index; outside the input there is silence.
    pub(super) fn sample(&self, input: &[f32], index: usize) -> f32 {
        let position = index as u64 * self.step;
        let phases = self.table.len() as u64;
        let centre = (position / phases) as usize;
        if self.keeps_input && position.is_multiple_of(phases) {
            return input.get(centre).copied().unwrap_or_default();
        }
        let taps = &self.table[(position % phases) as usize];
        // Tap k looks at the input sample `centre + k + 1 - half_taps`.
        let first = (self.half_taps - 1).saturating_sub(centre);
        let last = taps.len().min(input.len() + self.half_taps - 1 - centre);
        let offset = centre + first + 1 - self.half_taps;
        taps[first..last].iter().zip(&input[offset..]).map(|(tap, sample)| tap * sample).sum()
    }
}

fn resample(samples: &[f32], from_hz: NonZeroU32, to_hz: NonZeroU32) -> Vec<f32> {
    if from_hz == to_hz || samples.is_empty() {
        return samples.to_vec();
    }
    let interpolator = Interpolator::new(from_hz, to_hz);
    (0..interpolator.length(samples.len())).map(|index| interpolator.sample(samples, index)).collect()
}

fn filter(phase: u32, phases: u32, half_taps: usize, cutoff: f64) -> Vec<f32> {
    let fraction = f64::from(phase) / f64::from(phases);
    let taps: Vec<f64> = (0..2 * half_taps)
        .map(|index| {
            let distance = index as f64 + 1.0 - half_taps as f64 - fraction;
            let across = distance / half_taps as f64;
            let window = 0.42 + 0.5 * (PI * across).cos() + 0.08 * (2.0 * PI * across).cos();
            sinc(distance * cutoff) * window * cutoff
        })
        .collect();
    // Each phase passes a constant unchanged; otherwise the phases would hum against each other.
    let sum: f64 = taps.iter().sum();
    taps.iter().map(|tap| (tap / sum) as f32).collect()
}

fn sinc(position: f64) -> f64 {
    if position.abs() < 1e-9 { 1.0 } else { (PI * position).sin() / (PI * position) }
}

fn greatest_common_divisor(mut left: u32, mut right: u32) -> u32 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(frequency_hz: f64, rate_hz: u32, duration_ms: u32) -> Vec<f32> {
        let count = u64::from(rate_hz) * u64::from(duration_ms) / 1_000;
        (0..count)
            .map(|index| (0.5 * (2.0 * PI * frequency_hz * index as f64 / f64::from(rate_hz)).sin()) as f32)
            .collect()
    }

    fn rate(hz: u32) -> NonZeroU32 {
        NonZeroU32::new(hz).unwrap()
    }

    #[test]
    fn a_tone_keeps_its_shape_through_a_change_of_rate() {
        for from_hz in [8_000, 16_000, 22_050, 24_000, 44_100, 96_000] {
            let pcm = Pcm::from_rate(&tone(1_000.0, from_hz, 200), rate(from_hz));
            assert_eq!(pcm.duration_ms(), 200, "from {from_hz} Hz");
            let wanted = tone(1_000.0, 48_000, 200);
            // The filter has no neighbours to lean on at the very edges; a clip is silent there.
            for (index, (sample, wanted)) in pcm.samples().iter().zip(&wanted).enumerate().skip(1_000).take(7_600) {
                let error = (sample - wanted).abs();
                assert!(error < 0.001, "from {from_hz} Hz, sample {index}: off by {error}");
            }
        }
    }

    #[test]
    fn a_change_to_a_lower_rate_keeps_out_what_it_cannot_carry() {
        let pcm = Pcm::new(tone(15_000.0, 48_000, 200));
        let low = pcm.at_rate(rate(16_000));
        let inner = &low[500..low.len() - 500];
        assert!(inner.iter().all(|sample| sample.abs() < 0.002), "15 kHz leaked into 16 kHz");
    }

    #[test]
    fn sounds_shorter_than_the_filter_survive() {
        for length in 0..6 {
            let pcm = Pcm::from_rate(&vec![0.25; length], rate(24_000));
            assert_eq!(pcm.samples().len(), 2 * length);
            assert_eq!(pcm.at_rate(rate(8_000)).len(), (2 * length).div_ceil(6));
        }
    }

    #[test]
    fn joins_carry_their_gaps_and_fades_take_the_click_away() {
        let mut high = Pcm::new(vec![0.8; 4_800]);
        assert!((Pcm::join([(&high, 10)]).largest_step() - 0.8).abs() < 1e-6);
        high.fade_edges(5);
        let joined = Pcm::join([(&high, 50), (&high, 0)]);
        assert_eq!(joined.duration_ms(), 250);
        assert!(joined.largest_step() < 0.01, "step {}", joined.largest_step());
        assert!((joined.peak() - 0.8).abs() < 1e-6);
    }

    #[test]
    fn a_fade_longer_than_the_sound_meets_in_the_middle() {
        for length in 0..5 {
            let mut pcm = Pcm::new(vec![1.0; length]);
            pcm.fade_edges(1_000);
            assert!(pcm.samples().iter().all(|sample| sample.is_finite() && sample.abs() <= 1.0));
        }
    }

    #[test]
    fn samples_that_are_no_numbers_become_silence() {
        let pcm = Pcm::new(vec![f32::NAN, 0.5, f32::INFINITY]);
        assert_eq!(pcm.samples(), [0.0, 0.5, 0.0]);
    }

    #[test]
    fn volume_runs_from_silence_to_the_reference_and_never_beyond() {
        assert!(Volume::new(0).is_silent());
        assert!(Volume::new(0).gain().abs() < f32::EPSILON);
        assert!((Volume::new(100).gain() - 1.0).abs() < f32::EPSILON);
        assert_eq!(Volume::new(255), Volume::FULL);
        let decibels = 20.0 * Volume::new(50).gain().log10();
        assert!((decibels + 12.04).abs() < 0.01, "{decibels} dB");
    }
}
