//! The reserve: a file of 8 MiB that is deleted when the disk is full, so that what is under way can still be written.
//! This module never touches the journal's own file.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

/// Its size: some ten thousand records, far more than what is under way at any time.
pub(crate) const RESERVE_BYTES: usize = 8 * 1024 * 1024;

/// The file, where there is a folder for it.
#[derive(Debug)]
pub(crate) struct Reserve {
    path: Option<PathBuf>,
}

impl Reserve {
    pub(crate) fn at(path: PathBuf) -> Reserve {
        Reserve { path: Some(path) }
    }

    /// For a journal that is not on a file system of the machine.
    pub(crate) fn nowhere() -> Reserve {
        Reserve { path: None }
    }

    /// Whether it is there whole, making it if it is not. False means that the disk has no room for it.
    pub(crate) fn is_kept(&self) -> bool {
        let Some(path) = &self.path else { return true };
        if fs::metadata(path).is_ok_and(|metadata| metadata.len() == RESERVE_BYTES as u64) {
            return true;
        }
        let made = File::create(path).and_then(|mut file| {
            // Not all zeros: some file systems would keep no block for those.
            let block = [0xA5_u8; 64 * 1024];
            for _ in 0..RESERVE_BYTES / block.len() {
                file.write_all(&block)?;
            }
            file.sync_all()
        });
        if made.is_err() {
            // A half is no reserve, and its room is needed.
            self.give_up();
        }
        made.is_ok()
    }

    /// Gives its room back; false when there was nothing to give.
    pub(crate) fn give_up(&self) -> bool {
        self.path.as_ref().is_some_and(|path| fs::remove_file(path).is_ok())
    }
}
