//! The character of the voice: a variant file of our own for espeak-ng, in a copy of its data folder that lasts as long as
//! the rendering.
//!
//! The variants that come with it are made for reading at a desk. This one is a calm woman's voice for a room: formants
//! a tenth higher than the base voice's, as a smaller head has them, an even pitch, firm consonants, and none of the
//! roughness, flutter and echo that turn to mud between hard walls. Nothing outside the temporary folder is written.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

/// The variant's name behind the `+` of a voice.
pub const NAME: &str = "lobby";

const VARIANT: &str = "\
language variant
name lobby
gender female
pitch 142 205
roughness 0
flutter 0
formant 0 105 80 150
formant 1 110 80 160
formant 2 110 70 150
formant 3 110 70 150
formant 4 115 80 150
formant 5 115 80 150
formant 6 110 70 150
formant 7 110 70 150
formant 8 110 70 150
stressAdd 0 0 -10 -10 0 0 10 40
breath 0 2 3 3 3 3 3 2
consonants 125 125
";

/// espeak-ng's data with our variant among its own; removed when dropped.
pub struct Data {
    folder: PathBuf,
}

impl Data {
    /// Links the installed data into a temporary folder and adds the variant. `version` is what `espeak-ng --version`
    /// prints: it names the data folder.
    pub fn with_variant(version: &str) -> Result<Data> {
        let (_, installed) = version.trim().split_once("Data at:").context("espeak-ng does not name its data")?;
        let folder = std::env::temp_dir().join(format!("smartqueue-voice-{}", std::process::id()));
        let data = Data { folder };
        let target = data.folder.join("espeak-ng-data");
        std::fs::create_dir_all(&target)?;
        // Links save copying 10 MB; only the folder of the variants is a real one.
        link_all(Path::new(installed.trim()), &target, "voices")?;
        link_all(&Path::new(installed.trim()).join("voices"), &target.join("voices"), "!v")?;
        std::fs::write(target.join("voices").join("!v").join(NAME), VARIANT)?;
        Ok(data)
    }

    /// espeak-ng, told to use this data.
    pub fn command(&self) -> Command {
        let mut command = Command::new("espeak-ng");
        command.arg(format!("--path={}", self.folder.display()));
        command
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // A temporary folder left behind does no harm.
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// Links every entry of `from` into `to`, except `own`, which becomes an empty folder there.
fn link_all(from: &Path, to: &Path, own: &str) -> Result<()> {
    std::fs::create_dir_all(to.join(own))?;
    for entry in std::fs::read_dir(from).with_context(|| format!("espeak-ng's data in {}", from.display()))? {
        let entry = entry?;
        if entry.file_name() != own {
            link(&entry.path(), &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> Result<()> {
    Ok(std::os::unix::fs::symlink(from, to)?)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> Result<()> {
    anyhow::bail!("the voice is rendered on Linux")
}
