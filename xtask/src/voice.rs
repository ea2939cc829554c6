//! `cargo xtask voice`: renders every clip of the announcement voice into `assets/voice/`, with a manifest per language.
//!
//! Run by a developer when a word changes, and never by a build, a test or a station: its output is committed. It starts
//! `espeak-ng` and `sox` as separate programs. espeak-ng is under the GPL; no line of it is linked or shipped, only the
//! sound that it made. The same versions of the two programs give the same bytes.
//!
//! Clips that belong together share one Ogg file, because the header of a Vorbis stream (3.4 kB) is larger than the sound
//! of most words. The manifest says at which sample each clip begins.

mod level;
mod ogg;
mod variant;
mod words;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;

use self::variant::Data;
use self::words::{Clip, Voice};

/// Rate of the Ogg files in Hz. A voice from espeak-ng holds nothing above 11 kHz.
const FILE_RATE_HZ: usize = 24_000;

/// Rate at which clips are trimmed and levelled: the filter coefficients of BS.1770 are published for this one.
const WORK_RATE_HZ: usize = 48_000;

/// Vorbis quality of sox, -1 to 10: at 24 kHz mono, 0 gives 25 kbit/s of sound and 1 gives 29. With 0 all languages
/// together stay under 3 MB.
const VORBIS_QUALITY: &str = "0";

/// Silence between two clips of a file, longer than the longest Vorbis block, so that no clip hears its neighbour.
const BETWEEN_MS: usize = 100;

/// Loudness of each clip (BS.1770, ungated). Low enough that no word's peak reaches full scale; the announcement as a
/// whole is brought to its loudness when it is played.
const CLIP_LUFS: f64 = -20.0;

/// Everything below this, relative to the loudest sample, before and after a word counts as silence: -46 dB.
const SILENCE: f32 = 0.005;

/// Left standing around the trimmed word, in milliseconds.
const MARGIN_MS: usize = 5;

/// How a word begins, and how it ends if it ends softly, in milliseconds: short, because the burst of a final consonant is
/// what tells "sept" from "cet".
const SOFT_FADE_MS: usize = 8;

/// How a word ends that stops in mid-vowel, as the synthesiser's do: the length of a breath's end.
const VOWEL_FADE_MS: usize = 70;

/// Renders all languages. Prints one line per language.
pub fn run() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the workspace")?;
    render_all(&root.join("assets").join("voice"))
}

fn render_all(folder: &Path) -> Result<()> {
    let synthesiser = version("espeak-ng")?;
    let encoder = version("sox")?;
    let data = Data::with_variant(&synthesiser)?;
    let names = (first_words(&synthesiser), first_words(&encoder));
    let mut total = 0;
    for voice in words::VOICES {
        let bytes = render_language(&folder.join(voice.language), voice, &data, (&names.0, &names.1))?;
        writeln!(std::io::stdout().lock(), "{}: {} clips, {bytes} bytes", voice.language, words::clips(voice).len())?;
        total += bytes;
    }
    render_fallback(&folder.join("wo"))?;
    writeln!(std::io::stdout().lock(), "wo: speaks French\nall: {total} bytes")?;
    Ok(())
}

/// The first line that a program says about itself.
fn version(name: &str) -> Result<String> {
    let output = Command::new(name)
        .arg("--version")
        .output()
        .with_context(|| format!("{name} is needed; `cargo xtask setup` installs it"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// A version without the program's path, which is the machine's business.
fn first_words(version: &str) -> String {
    version.trim_start_matches("sox:").trim().split("  ").next().unwrap_or_default().to_owned()
}

fn render_language(folder: &Path, voice: &Voice, data: &Data, (synthesiser, encoder): (&str, &str)) -> Result<u64> {
    std::fs::create_dir_all(folder)?;
    let clips = words::clips(voice);
    let mut files = Vec::new();
    let mut entries = Vec::new();
    let mut total = 0;
    for group in words::groups(&clips) {
        let name = format!("{}.ogg", group.name);
        let mut sound: Vec<f32> = Vec::new();
        for clip in group.clips {
            let (samples, loudness) =
                render_clip(clip, data).with_context(|| format!("{} {}", voice.language, clip.id))?;
            entries.push(json!({
                "id": clip.id,
                "text": clip.text,
                "file": name,
                "start": sound.len() * FILE_RATE_HZ / WORK_RATE_HZ,
                "samples": samples.len() * FILE_RATE_HZ / WORK_RATE_HZ,
                "duration_ms": samples.len() * 1_000 / WORK_RATE_HZ,
                "loudness_lufs": (loudness * 10.0).round() / 10.0,
            }));
            sound.extend_from_slice(&samples);
            sound.resize(sound.len() + BETWEEN_MS * WORK_RATE_HZ / 1_000, 0.0);
        }
        let path = folder.join(&name);
        encode(&sound, &path)?;
        let bytes = std::fs::metadata(&path)?.len();
        files.push(json!({ "file": name, "bytes": bytes, "sha256": sha256(&path)? }));
        total += bytes;
    }
    let manifest = json!({
        "version": 1,
        "language": voice.language,
        "speaks": voice.language,
        "rate_hz": FILE_RATE_HZ,
        "licence": "Apache-2.0",
        "origin": format!("Synthesised by {synthesiser}, run as a program; encoded by {encoder}. espeak-ng is under the \
            GPL-3.0-or-later and is neither linked nor distributed here: only its output is."),
        "voice": { "name": voice.name, "letters": voice.letters, "variant": variant::NAME, "words_per_minute": voice.words_per_minute,
            "pitch": voice.pitch },
        "files": files,
        "clips": entries,
    });
    write_manifest(folder, &manifest)?;
    Ok(total)
}

/// espeak-ng has no Wolof, and a French voice reading Wolof is worse than French, which its speakers know as well.
fn render_fallback(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let manifest = json!({
        "version": 1,
        "language": "wo",
        "speaks": "fr",
        "rate_hz": FILE_RATE_HZ,
        "licence": "Apache-2.0",
        "origin": "There is no free Wolof voice; announcements for Wolof are spoken in French.",
        "files": [],
        "clips": [],
    });
    write_manifest(folder, &manifest)
}

fn write_manifest(folder: &Path, manifest: &serde_json::Value) -> Result<()> {
    let text = serde_json::to_string_pretty(manifest)? + "\n";
    std::fs::write(folder.join("manifest.json"), text)?;
    Ok(())
}

/// One word at the working rate, trimmed and levelled, with its loudness in LUFS.
fn render_clip(clip: &Clip, data: &Data) -> Result<(Vec<f32>, f64)> {
    let mut synthesis = data
        .command()
        .args([
            "-v",
            &format!("{}+{}", clip.voice, variant::NAME),
            "-s",
            &clip.words_per_minute.to_string(),
            "-p",
            &clip.pitch.to_string(),
        ])
        // Half of the possible level, since some voices clip inside the synthesiser; -z leaves out its final pause.
        .args(["-a", "80", "-z", "--stdout", &clip.spoken])
        .stdout(Stdio::piped())
        .spawn()?;
    let wav = synthesis.stdout.take().context("espeak-ng gave no output")?;
    let shaped = Command::new("sox")
        .args(["-t", "wav", "-", "-t", "f32", "-r", &WORK_RATE_HZ.to_string(), "-c", "1", "-"])
        // Below 90 Hz there is only rumble. The voice is a little sharp around 3.2 kHz and dull above a ceiling
        // loudspeaker's usual range; two gentle bells make it calmer without costing a consonant.
        .args(["gain", "-6", "highpass", "90", "equalizer", "3200", "1.2q", "-2.5", "equalizer", "250", "1.0q", "+1.5"])
        .stdin(wav)
        .output()?;
    ensure!(synthesis.wait()?.success(), "espeak-ng failed on \"{}\"", clip.spoken);
    ensure!(shaped.status.success(), "sox: {}", String::from_utf8_lossy(&shaped.stderr));
    let samples: Vec<f32> = shaped
        .stdout
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect();
    let mut word = trimmed(&samples)?;
    let loudness = level::level(&mut word, CLIP_LUFS);
    let end_ms = if level::stops_in_mid_sound(&word) { VOWEL_FADE_MS } else { SOFT_FADE_MS };
    level::fade(&mut word, SOFT_FADE_MS * WORK_RATE_HZ / 1_000, end_ms * WORK_RATE_HZ / 1_000);
    Ok((word, loudness))
}

/// The word without the silence around it, its length a whole number of samples at the file's rate.
fn trimmed(samples: &[f32]) -> Result<Vec<f32>> {
    let threshold = SILENCE * samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    let loud = |sample: &f32| sample.abs() > threshold;
    let (Some(first), Some(last)) = (samples.iter().position(loud), samples.iter().rposition(loud)) else {
        bail!("the synthesiser was silent");
    };
    let start = first.saturating_sub(MARGIN_MS * WORK_RATE_HZ / 1_000);
    let end = (last + MARGIN_MS * WORK_RATE_HZ / 1_000).min(samples.len());
    let mut word = samples[start..end].to_vec();
    let ratio = WORK_RATE_HZ / FILE_RATE_HZ;
    word.resize(word.len().next_multiple_of(ratio), 0.0);
    Ok(word)
}

fn encode(sound: &[f32], path: &PathBuf) -> Result<()> {
    let mut sox = Command::new("sox")
        // -R and -D: no dither and no random numbers, so that the same words give the same bytes.
        .args(["-R", "-D", "-t", "f32", "-r", &WORK_RATE_HZ.to_string(), "-c", "1", "-"])
        .args(["-r", &FILE_RATE_HZ.to_string(), "-C", VORBIS_QUALITY, "--comment", "", "-t", "ogg"])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()?;
    let bytes: Vec<u8> = sound.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    sox.stdin.take().context("sox takes no input")?.write_all(&bytes)?;
    ensure!(sox.wait()?.success(), "sox could not encode {}", path.display());
    let mut file = std::fs::read(path)?;
    ogg::set_serial(&mut file, 1)?;
    std::fs::write(path, file)?;
    Ok(())
}

fn sha256(path: &Path) -> Result<String> {
    let output = Command::new("sha256sum").arg("--binary").arg(path).output()?;
    let text = String::from_utf8(output.stdout)?;
    let hash = text.split_whitespace().next().context("sha256sum said nothing")?;
    ensure!(hash.len() == 64, "sha256sum said \"{text}\"");
    Ok(hash.to_owned())
}
