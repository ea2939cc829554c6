//! The log of truth and the pictures: what really fell into the tray, written down slip by slip. Never read by the driver.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::mpsc::Receiver;

use super::options::VirtualPrinterOptions;
use super::presenter::Whereabouts;
use super::{CutKind, PrintedSlip};
use crate::clock;

/// Something that becomes a line of the log.
pub(super) enum Happened {
    /// A slip was cut off.
    Cut(PrintedSlip),
    /// The presenter holds this slip no longer.
    LeftPresenter { index: usize, end: Whereabouts },
}

pub(super) struct Truth {
    pictures: Option<PathBuf>,
    log: Option<File>,
}

impl Truth {
    /// Opens the log and makes the folder, so that a wrong path is told at the start and not at the first slip.
    pub(super) fn open(options: &VirtualPrinterOptions) -> io::Result<Self> {
        if let Some(folder) = &options.png {
            fs::create_dir_all(folder)?;
        }
        let log = match &options.log {
            Some(path) => Some(OpenOptions::new().append(true).create(true).open(path)?),
            None => None,
        };
        Ok(Truth { pictures: options.png.clone(), log })
    }

    /// Writes slips down until the printer is switched off. The picture comes first: who reads of a slip finds it.
    pub(super) fn run(mut self, happened: &Receiver<Happened>) {
        for happened in happened {
            let slip = match happened {
                Happened::Cut(slip) => slip,
                Happened::LeftPresenter { index, end } => {
                    self.write(&serde_json::json!({ "event": end.word(), "slip": index, "at_ms": clock::wall_ms() }));
                    continue;
                }
            };
            let name = format!("slip-{:04}.png", slip.index);
            let picture = self.pictures.as_ref().map(|folder| folder.join(&name));
            // A full disk costs the picture and not the printer; the log then says that there is none.
            let picture = picture.filter(|path| save(&slip, path).is_ok());
            let mut line = slip.in_words();
            line["event"] = "slip".into();
            line["png"] = picture.map(|path| path.display().to_string()).into();
            self.write(&line);
        }
    }

    fn write(&mut self, line: &serde_json::Value) {
        if let Some(log) = self.log.as_mut() {
            drop(writeln!(log, "{line}").and_then(|()| log.flush()));
        }
    }
}

impl PrintedSlip {
    /// The slip as a person at the tray reads it, a JSON object.
    pub fn in_words(&self) -> serde_json::Value {
        serde_json::json!({
            "slip": self.index,
            "lines": self.lines,
            "codes": self.codes,
            "mm": self.millimetres,
            "bytes": self.bytes,
            "cut": match self.cut { CutKind::Full => "full", CutKind::Partial => "partial" },
            "whereabouts": self.whereabouts.word(),
            "at_ms": self.at_ms,
        })
    }
}

/// Writes beside and renames, so that nobody sees half a picture.
fn save(slip: &PrintedSlip, path: &std::path::Path) -> image::ImageResult<()> {
    let unfinished = path.with_extension("part");
    slip.picture.save_with_format(&unfinished, image::ImageFormat::Png)?;
    fs::rename(&unfinished, path)?;
    Ok(())
}
