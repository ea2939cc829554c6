//! A disk that loses what was not synced: files in memory, each with what a power cut would leave of it.
//!
//! A write is seen at once and is durable after the next sync of its file. A power cut keeps, loses or tears each write
//! that was not synced, each on its own, in pieces of a sector; a kill keeps them all. A disk can die at any operation,
//! be full, or fail. This module knows no SQLite; `vfs` gives it to SQLite.

use super::chance::Chance;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A torn write tears between sectors of this size.
const SECTOR: usize = 512;

/// Why an operation on a disk did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskError {
    /// The machine is off, or its process is gone: nothing can be asked of the disk any more.
    Dead,
    /// No room.
    Full,
    /// The medium failed.
    Failed,
    /// There is no such file.
    Missing,
}

/// How a disk came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// The process was killed: the system still writes everything.
    Kill,
    /// The power went: what was not synced is kept, lost or torn.
    PowerCut,
}

/// An operation that changes the medium, for whoever counts boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Bytes were written.
    Write,
    /// A file was cut.
    Truncate,
    /// A file was synced.
    Sync,
    /// A file was deleted.
    Delete,
}

#[derive(Clone, Debug)]
enum Pending {
    Write { at: usize, bytes: Vec<u8> },
    Truncate { length: usize },
}

/// A file: what is durable, and what was done to it since.
#[derive(Clone, Debug, Default)]
struct Content {
    durable: Vec<u8>,
    current: Vec<u8>,
    pending: Vec<Pending>,
    /// A planted bug left this file's last sync out until the database itself is written.
    sync_owed: bool,
}

impl Content {
    fn sync(&mut self) {
        self.sync_owed = false;
        for pending in std::mem::take(&mut self.pending) {
            pending.apply(&mut self.durable);
        }
    }
}

impl Pending {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Pending::Write { at, bytes: written } => write_into(bytes, *at, written),
            Pending::Truncate { length } => bytes.truncate(*length),
        }
    }

    /// What a power cut leaves of it.
    fn apply_by_chance(&self, bytes: &mut Vec<u8>, chance: &mut Chance) {
        match (chance.below(4), self) {
            (0, _) => {}
            (1 | 2, whole) => whole.apply(bytes),
            (_, Pending::Truncate { .. }) => {}
            (_, Pending::Write { at, bytes: written }) => {
                let mut from = 0;
                while from < written.len() {
                    let sector_ends = ((at + from) / SECTOR + 1) * SECTOR - at;
                    let until = sector_ends.min(written.len());
                    if chance.in_thousand(500) {
                        write_into(bytes, at + from, &written[from..until]);
                    }
                    from = until;
                }
            }
        }
    }
}

fn write_into(bytes: &mut Vec<u8>, at: usize, written: &[u8]) {
    let end = at + written.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[at..end].copy_from_slice(written);
}

/// What goes wrong with a disk, and when.
#[derive(Clone, Debug, Default)]
pub struct DiskFaults {
    /// Dies before the operation with this number, counted from 0.
    pub dies_before: Option<u64>,
    /// Holds at most so many bytes.
    pub room: Option<usize>,
    /// Every change of the medium fails.
    pub fails: bool,
    /// A planted bug: the log's syncs are owed until the database is written, as `synchronous=NORMAL` has it.
    pub owes_log_syncs: bool,
}

/// A disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    files: BTreeMap<String, Content>,
    operations: u64,
    dead: bool,
    /// What goes wrong.
    pub faults: DiskFaults,
    /// Every operation so far, kept only when somebody wants to see it.
    pub journal: Option<Vec<(Operation, String)>>,
}

/// A disk that a machine and SQLite share.
pub type SharedDisk = Rc<RefCell<Disk>>;

impl Disk {
    /// Changes of the medium so far.
    pub fn operations(&self) -> u64 {
        self.operations
    }

    /// Whether it died.
    pub fn is_dead(&self) -> bool {
        self.dead
    }

    /// Dies now.
    pub fn die(&mut self) {
        self.dead = true;
    }

    /// Comes back with what its death left. Nobody may have a file of it open.
    pub fn revive(&mut self, death: Death, chance: &mut Chance) {
        for content in self.files.values_mut() {
            match death {
                Death::Kill => content.sync(),
                Death::PowerCut => {
                    for pending in std::mem::take(&mut content.pending) {
                        pending.apply_by_chance(&mut content.durable, chance);
                    }
                }
            }
            content.sync_owed = false;
            content.current.clone_from(&content.durable);
        }
        self.faults.dies_before = None;
        self.dead = false;
    }

    /// A copy of what stands on the medium, everything synced: a backup, or another disk with the same content.
    pub fn copy(&self) -> Disk {
        let files = self.files.iter().map(|(name, content)| {
            let current = content.current.clone();
            (name.clone(), Content { durable: current.clone(), current, ..Content::default() })
        });
        Disk { files: files.collect(), ..Disk::default() }
    }

    /// Puts a file there, durable.
    pub fn put(&mut self, name: &str, bytes: Vec<u8>) {
        let content = Content { durable: bytes.clone(), current: bytes, ..Content::default() };
        self.files.insert(name.to_owned(), content);
    }

    /// A file as it is now.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(|content| content.current.as_slice())
    }

    /// A file as it is now, to be damaged behind everybody's back.
    pub fn damage(&mut self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(content) = self.files.get_mut(name) {
            change(&mut content.current);
            content.durable.clone_from(&content.current);
            content.pending.clear();
        }
    }

    pub(super) fn exists(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    pub(super) fn make(&mut self, name: &str) -> Result<(), DiskError> {
        if self.dead {
            return Err(DiskError::Dead);
        }
        if !self.exists(name) {
            self.files.insert(name.to_owned(), Content::default());
        }
        Ok(())
    }

    /// Fills `into` and says how many bytes there were.
    pub(super) fn read(&self, name: &str, at: usize, into: &mut [u8]) -> Result<usize, DiskError> {
        if self.dead {
            return Err(DiskError::Dead);
        }
        let content = self.files.get(name).ok_or(DiskError::Missing)?;
        let from = at.min(content.current.len());
        let until = (at + into.len()).min(content.current.len());
        into[..until - from].copy_from_slice(&content.current[from..until]);
        into[until - from..].fill(0);
        Ok(until - from)
    }

    pub(super) fn length(&self, name: &str) -> Result<usize, DiskError> {
        if self.dead {
            return Err(DiskError::Dead);
        }
        self.files.get(name).map(|content| content.current.len()).ok_or(DiskError::Missing)
    }

    pub(super) fn write(&mut self, name: &str, at: usize, bytes: &[u8]) -> Result<(), DiskError> {
        self.begin(Operation::Write, name)?;
        let used: usize = self.files.values().map(|content| content.current.len()).sum();
        let database = !name.ends_with("-wal");
        let content = self.files.get_mut(name).ok_or(DiskError::Missing)?;
        let grows = (at + bytes.len()).saturating_sub(content.current.len());
        if grows > 0 && self.faults.room.is_some_and(|room| used + grows > room) {
            return Err(DiskError::Full);
        }
        write_into(&mut content.current, at, bytes);
        content.pending.push(Pending::Write { at, bytes: bytes.to_vec() });
        if database && self.faults.owes_log_syncs {
            for owed in self.files.values_mut().filter(|content| content.sync_owed) {
                owed.sync();
            }
        }
        Ok(())
    }

    pub(super) fn truncate(&mut self, name: &str, length: usize) -> Result<(), DiskError> {
        self.begin(Operation::Truncate, name)?;
        let content = self.files.get_mut(name).ok_or(DiskError::Missing)?;
        content.current.truncate(length);
        content.pending.push(Pending::Truncate { length });
        Ok(())
    }

    pub(super) fn sync(&mut self, name: &str) -> Result<(), DiskError> {
        self.begin(Operation::Sync, name)?;
        let owes = self.faults.owes_log_syncs && name.ends_with("-wal");
        let content = self.files.get_mut(name).ok_or(DiskError::Missing)?;
        if owes {
            content.sync_owed = true;
        } else {
            content.sync();
        }
        Ok(())
    }

    /// A deletion is durable at once: SQLite deletes only what must not come back, and syncs the folder for it.
    pub(super) fn delete(&mut self, name: &str) -> Result<(), DiskError> {
        self.begin(Operation::Delete, name)?;
        self.files.remove(name).map(|_| ()).ok_or(DiskError::Missing)
    }

    fn begin(&mut self, operation: Operation, name: &str) -> Result<(), DiskError> {
        if self.dead {
            return Err(DiskError::Dead);
        }
        if self.faults.dies_before == Some(self.operations) {
            self.dead = true;
            return Err(DiskError::Dead);
        }
        if self.faults.fails {
            return Err(DiskError::Failed);
        }
        self.operations += 1;
        if let Some(journal) = &mut self.journal {
            journal.push((operation, name.to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file() -> Disk {
        let mut disk = Disk::default();
        disk.make("a").expect("made");
        disk
    }

    #[test]
    fn a_kill_keeps_what_a_power_cut_may_lose() {
        let mut disk = with_file();
        disk.write("a", 0, b"synced").expect("written");
        disk.sync("a").expect("synced");
        disk.write("a", 6, &[7; 4096]).expect("written");
        let mut killed = disk.clone();
        killed.die();
        assert_eq!(killed.length("a"), Err(DiskError::Dead));
        killed.revive(Death::Kill, &mut Chance::of(1));
        assert_eq!(killed.length("a"), Ok(6 + 4096));
        let lengths: std::collections::BTreeSet<_> = (0..40)
            .map(|seed| {
                let mut cut = disk.clone();
                cut.die();
                cut.revive(Death::PowerCut, &mut Chance::of(seed));
                let mut begin = [0; 6];
                cut.read("a", 0, &mut begin).expect("read");
                assert_eq!(&begin, b"synced", "what was synced is there");
                cut.get("a").expect("there").to_vec()
            })
            .collect();
        assert!(lengths.len() > 5, "kept, lost and torn in different ways: {}", lengths.len());
    }

    #[test]
    fn it_dies_before_the_operation_that_was_named() {
        let mut disk = with_file();
        disk.faults.dies_before = Some(1);
        disk.write("a", 0, b"x").expect("the first is done");
        assert_eq!(disk.sync("a"), Err(DiskError::Dead));
        assert_eq!(disk.write("a", 0, b"y"), Err(DiskError::Dead));
        disk.revive(Death::Kill, &mut Chance::of(1));
        assert_eq!((disk.get("a"), disk.operations()), (Some(b"x".as_slice()), 1));
    }

    #[test]
    fn a_full_disk_takes_what_needs_no_room() {
        let mut disk = with_file();
        disk.write("a", 0, &[1; 100]).expect("written");
        disk.faults.room = Some(120);
        assert_eq!(disk.write("a", 90, &[2; 40]), Err(DiskError::Full));
        disk.write("a", 0, &[3; 100]).expect("nothing grows");
    }

    #[test]
    fn an_owed_sync_is_made_when_the_database_is_written() {
        let mut disk = with_file();
        disk.make("a-wal").expect("made");
        disk.faults.owes_log_syncs = true;
        disk.write("a-wal", 0, b"commit").expect("written");
        disk.sync("a-wal").expect("owed");
        assert_eq!(disk.files["a-wal"].durable, b"");
        disk.write("a", 0, b"page").expect("written");
        assert_eq!(disk.files["a-wal"].durable, b"commit");
    }
}
