//! Proves on a private PulseAudio server with a null sink that what the device speaker plays is what comes out. Skipped with
//! a line that says so where PulseAudio is not installed. Without any sound system, the typed error is proved instead.
//!
//! Both tests need their own environment and cpal reads it from the process, so each runs this test binary again with one
//! test and the environment it needs.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::{SpeakerErrorKind, chime};
use super::*;

/// Set for the inner run.
const INNER: &str = "SMARTQUEUE_SPEAKER_TEST";

/// Ends a program that the test started, whatever becomes of the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn installed(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Runs one ignored test of this binary with another environment and gives back its exit and its standard error.
fn run_inner(test: &str, environment: &[(&str, &str)]) -> (bool, String) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("speaker::device::tests::{test}"), "--ignored", "--nocapture"])
        .env(INNER, "1")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    // A filter that names no test would pass without running anything.
    (output.status.success() && text.contains("1 passed"), text)
}

fn wait_for(what: &str, mut ready: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !ready() {
        assert!(Instant::now() < deadline, "{what} did not come within 10 s");
        // Only how often we look; what is waited for is the condition.
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_is_played_comes_out_of_a_real_sound_server() {
    if !(installed("pulseaudio") && installed("parec")) {
        writeln!(std::io::stderr().lock(), "skipped: pulseaudio and pulseaudio-utils are not installed").unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("native");
    let server_address = format!("unix:{}", socket.display());
    let _server = Running(server(folder.path(), &socket));
    wait_for("the server's socket", || socket.exists());

    let captured = folder.path().join("captured.raw");
    let recorder = Running(
        Command::new("parec")
            .args(["--server", &server_address, "--device", "lobby.monitor", "--latency-msec=20"])
            .args(["--format=float32le", "--rate=48000", "--channels=1", "--raw"])
            .stdout(File::create(&captured).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    wait_for("the recorder", || captured.metadata().is_ok_and(|metadata| metadata.len() > 0));

    let (passed, text) = run_inner("inner_plays_the_chime", &[("PULSE_SERVER", &server_address)]);
    assert!(passed, "{text}");
    // The sink's own buffer runs on for a while after the speaker has said that all was heard.
    let wanted = chime();
    let recorded = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        let samples: Vec<f32> =
            bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).collect();
        samples
    };
    wait_for("the end of the chime", || {
        let samples = recorded(&captured);
        let end = samples.iter().rposition(|sample| sample.abs() > 0.001);
        end.is_some_and(|end| end + 24_000 < samples.len())
    });
    drop(recorder);
    let likeness = best_likeness(&recorded(&captured), wanted.samples());
    assert!(likeness > 0.95, "what came out is like the chime by {likeness}");
}

fn server(folder: &Path, socket: &Path) -> Child {
    Command::new("pulseaudio")
        .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes", "--system=no"])
        .arg("-L")
        .arg(format!("module-native-protocol-unix auth-anonymous=1 socket={}", socket.display()))
        .args(["-L", "module-null-sink sink_name=lobby rate=48000 channels=2"])
        .env("HOME", folder)
        .env("XDG_RUNTIME_DIR", folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The highest normalised correlation of a stretch of 0.3 s of the sound with the recording, within 50 ms of where it should
/// be behind the first sample heard. The best of three stretches, because a sound server that a busy machine kept from
/// running leaves a hole in one of them: that is the server's hole, and the others still prove what was played.
fn best_likeness(recording: &[f32], sound: &[f32]) -> f64 {
    const STRETCH: usize = 14_400;
    const SLACK: usize = 2_400;
    let dot = |left: &[f32], right: &[f32]| -> f64 {
        left.iter().zip(right).map(|(left, right)| f64::from(*left) * f64::from(*right)).sum()
    };
    let first = recording.iter().position(|sample| sample.abs() > 0.001).expect("something was recorded");
    [4_800, 16_800, 31_200]
        .into_iter()
        .flat_map(|offset| {
            let stretch = &sound[offset..offset + STRETCH];
            let energy = dot(stretch, stretch);
            (first + offset - SLACK.min(offset)..first + offset + SLACK)
                .filter_map(|start| recording.get(start..start + STRETCH))
                .map(move |window| dot(window, stretch) / (dot(window, window) * energy).sqrt().max(1e-9))
        })
        .fold(0.0, f64::max)
}

#[test]
#[ignore = "run by what_is_played_comes_out_of_a_real_sound_server"]
fn inner_plays_the_chime() {
    if std::env::var_os(INNER).is_none() {
        return;
    }
    let mut speaker = DeviceSpeaker::open().unwrap();
    let started = Instant::now();
    let played = speaker.play(&chime()).unwrap();
    assert_eq!(played, Played { duration_ms: 1_100, evidence: PlayedEvidence::DeviceDrained });
    assert!(started.elapsed() >= Duration::from_millis(1_100), "it came back before the sound could be over");
    speaker.stop_handle().stop();
    assert!(matches!(speaker.play(&chime()), Err(SpeakerError::Stopped)));
}

#[test]
fn a_machine_without_sound_gives_a_typed_error_and_a_quiet_terminal() {
    if std::fs::read_to_string("/proc/asound/cards").is_ok_and(|cards| cards.contains(']')) {
        writeln!(std::io::stderr().lock(), "skipped: this machine has a sound card").unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().to_string_lossy().into_owned();
    let (passed, text) = run_inner(
        "inner_finds_no_device",
        &[("PULSE_SERVER", "unix:/nonexistent/native"), ("XDG_RUNTIME_DIR", &nowhere), ("HOME", &nowhere)],
    );
    assert!(passed, "{text}");
    assert!(!text.contains("ALSA"), "{text}");
}

#[test]
#[ignore = "run by a_machine_without_sound_gives_a_typed_error_and_a_quiet_terminal"]
fn inner_finds_no_device() {
    if std::env::var_os(INNER).is_none() {
        return;
    }
    let error = DeviceSpeaker::open().unwrap_err();
    assert_eq!(error.kind(), SpeakerErrorKind::Missing, "{error:?}");
}
