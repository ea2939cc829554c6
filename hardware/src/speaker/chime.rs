//! The chime before an announcement: two soft bells, a falling major third, computed here and stored nowhere.
//!
//! It says "listen", not "alarm": no sharp attack, nothing above 3 kHz, and it has rung out before the voice begins.

use std::f64::consts::PI;

use super::Pcm;

/// One partial of a bell: its frequency as a multiple of the stroke's note, its share, and how fast it dies.
struct Partial {
    ratio: f64,
    level: f64,
    decay_per_second: f64,
}

/// A soft bar's partials: the octave and a high, slightly detuned twelfth, which die long before the note itself. True
/// bells carry a minor third as well, which sounds like mourning in a bank.
const PARTIALS: [Partial; 3] = [
    Partial { ratio: 1.0, level: 1.0, decay_per_second: 4.5 },
    Partial { ratio: 2.0, level: 0.28, decay_per_second: 8.0 },
    Partial { ratio: 3.01, level: 0.10, decay_per_second: 14.0 },
];

/// A stroke: when it begins, and its note. E5 then C5, equal temperament, A4 = 440 Hz.
struct Stroke {
    start_seconds: f64,
    note_hz: f64,
}

const STROKES: [Stroke; 2] =
    [Stroke { start_seconds: 0.0, note_hz: 659.26 }, Stroke { start_seconds: 0.32, note_hz: 523.25 }];

/// Length of the chime in milliseconds.
pub const CHIME_DURATION_MS: u64 = 1_100;

const DURATION_SECONDS: f64 = CHIME_DURATION_MS as f64 / 1_000.0;
/// Long enough that the ear hears a bell being stroked and not a click.
const ATTACK_SECONDS: f64 = 0.008;
const FADE_OUT_SECONDS: f64 = 0.15;

/// The chime, 1.1 s long, with a sample peak of about half of full scale.
pub fn chime() -> Pcm {
    let rate = f64::from(Pcm::SAMPLE_RATE_HZ);
    let count = (DURATION_SECONDS * rate) as usize;
    let samples = (0..count)
        .map(|index| {
            let time = index as f64 / rate;
            let sound: f64 = STROKES.iter().map(|stroke| stroke_at(stroke, time)).sum();
            let remaining = ((DURATION_SECONDS - time) / FADE_OUT_SECONDS).min(1.0);
            (0.4 * sound * ramp(remaining)) as f32
        })
        .collect();
    Pcm::new(samples)
}

fn stroke_at(stroke: &Stroke, time: f64) -> f64 {
    let since = time - stroke.start_seconds;
    if since < 0.0 {
        return 0.0;
    }
    let attack = ramp((since / ATTACK_SECONDS).min(1.0));
    let ringing: f64 = PARTIALS
        .iter()
        .map(|partial| {
            let phase = 2.0 * PI * stroke.note_hz * partial.ratio * since;
            partial.level * (-partial.decay_per_second * since).exp() * phase.sin()
        })
        .sum();
    attack * ringing
}

/// Half a cosine from 0 to 1.
fn ramp(position: f64) -> f64 {
    0.5 - 0.5 * (PI * position.clamp(0.0, 1.0)).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Energy at one frequency (Goertzel's filter), in the given stretch.
    fn energy_at(samples: &[f32], frequency_hz: f64) -> f64 {
        let step = 2.0 * PI * frequency_hz / f64::from(Pcm::SAMPLE_RATE_HZ);
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (index, sample) in samples.iter().enumerate() {
            real += f64::from(*sample) * (step * index as f64).cos();
            imaginary += f64::from(*sample) * (step * index as f64).sin();
        }
        real.hypot(imaginary) / samples.len() as f64
    }

    #[test]
    fn the_chime_is_short_soft_and_rings_out() {
        let chime = chime();
        assert_eq!(chime.duration_ms(), CHIME_DURATION_MS);
        assert!((0.3..0.7).contains(&chime.peak()), "peak {}", chime.peak());
        assert!(chime.samples()[0].abs() < 1e-6);
        assert!(chime.samples()[chime.samples().len() - 1].abs() < 1e-4);
        // A 2 kHz sine at this level steps by 0.13 a sample; a click would jump by its whole level.
        assert!(chime.largest_step() < 0.13, "step {}", chime.largest_step());
    }

    #[test]
    fn it_strikes_e_then_c() {
        let chime = chime();
        let first = &chime.samples()[0..14_400];
        let second = &chime.samples()[24_000..48_000];
        assert!(energy_at(first, 659.26) > 5.0 * energy_at(first, 523.25));
        assert!(energy_at(second, 523.25) > 2.0 * energy_at(second, 659.26));
        assert!(energy_at(first, 5_000.0) < energy_at(first, 659.26) / 200.0);
    }
}
