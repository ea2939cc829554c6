//! Loudness of one word, and the rounding of its edges. Samples at 48 kHz.
//!
//! The gate of EBU R 128 looks at 400 ms at a time and cannot judge a word of 200 ms, so a word is measured whole: the
//! K-weighting of BS.1770 and a plain mean. It is our own sixty lines because this program compiles before all others
//! and must stay small.

use std::f64::consts::PI;

/// A second-order filter; coefficients with a0 = 1.
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
}

/// ITU-R BS.1770-4, table 1: the head as a sphere, at 48 kHz.
const HEAD: Biquad = Biquad {
    b: [1.535_124_859_586_97, -2.691_696_189_406_38, 1.198_392_810_852_85],
    a: [-1.690_659_293_182_41, 0.732_480_774_215_85],
};

/// ITU-R BS.1770-4, table 2: the low end that loudness does not hear, at 48 kHz.
const LOW_END: Biquad = Biquad { b: [1.0, -2.0, 1.0], a: [-1.990_047_454_833_98, 0.990_072_250_366_21] };

/// No sample of a clip goes beyond this: -1 dB of full scale, so that Vorbis does not overshoot into clipping.
const PEAK: f64 = 0.89;

/// Brings a word to the wanted loudness in LUFS, or as near as its peaks allow. Returns its loudness then.
pub fn level(word: &mut [f32], wanted_lufs: f64) -> f64 {
    let loudness = loudness(word);
    let peak = word.iter().fold(0.0_f64, |peak, sample| peak.max(f64::from(*sample).abs()));
    let gain = 10_f64.powf((wanted_lufs - loudness) / 20.0).min(PEAK / peak);
    for sample in word {
        *sample = (f64::from(*sample) * gain) as f32;
    }
    loudness + 20.0 * gain.log10()
}

/// Rounds the first and the last samples with half a cosine.
pub fn fade(word: &mut [f32], head: usize, tail: usize) {
    let ramp = |index: usize, length: usize| (0.5 - 0.5 * (PI * (index as f64 + 0.5) / length as f64).cos()) as f32;
    for (index, sample) in word.iter_mut().take(head).enumerate() {
        *sample *= ramp(index, head);
    }
    for (index, sample) in word.iter_mut().rev().take(tail).enumerate() {
        *sample *= ramp(index, tail);
    }
}

/// Whether a word breaks off while it sounds: its last 20 ms hold more than a fifth of the level of the whole. A final
/// consonant is far weaker than that.
pub fn stops_in_mid_sound(word: &[f32]) -> bool {
    let level =
        |samples: &[f32]| samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32;
    let end = &word[word.len().saturating_sub(960)..];
    level(end).sqrt() > 0.2 * level(word).sqrt()
}

fn loudness(word: &[f32]) -> f64 {
    let weighted = filtered(&LOW_END, filtered(&HEAD, word.iter().map(|sample| f64::from(*sample)).collect()));
    let mean = weighted.iter().map(|sample| sample * sample).sum::<f64>() / weighted.len().max(1) as f64;
    10.0 * mean.log10() - 0.691
}

fn filtered(filter: &Biquad, samples: Vec<f64>) -> Vec<f64> {
    let (mut first, mut second) = (0.0, 0.0);
    samples
        .into_iter()
        .map(|sample| {
            let output = filter.b[0] * sample + first;
            first = filter.b[1] * sample - filter.a[0] * output + second;
            second = filter.b[2] * sample - filter.a[1] * output;
            output
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(level: f64) -> Vec<f32> {
        (0..48_000).map(|index| (level * (2.0 * PI * 997.0 * f64::from(index) / 48_000.0).sin()) as f32).collect()
    }

    #[test]
    fn the_reference_tone_of_the_standard_measures_what_it_should() {
        let measured = loudness(&tone(1.0));
        assert!((measured + 3.01).abs() < 0.05, "{measured} LUFS");
    }

    #[test]
    fn a_word_comes_to_the_wanted_loudness_unless_its_peaks_forbid() {
        let mut word = tone(0.01);
        let reached = level(&mut word, -20.0);
        assert!((reached + 20.0).abs() < 1e-6 && (loudness(&word) + 20.0).abs() < 0.01);
        let reached = level(&mut word, 3.0);
        assert!(reached < -3.5, "{reached} LUFS");
    }
}
