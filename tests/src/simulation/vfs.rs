//! The fault disks as a virtual file system of SQLite: the shipped journal and the shipped ledger write on them.
//!
//! Everything happens on the thread of its simulation: disks are found in a table of that thread, by the first part of a
//! file's name. This module decides nothing; what a disk loses and when it dies is said in `disk`. It is the one place of
//! the workspace with unsafe code, because SQLite's interface is C.

#![expect(unsafe_code, reason = "SQLite takes a virtual file system as a table of C functions")]

use super::disk::{DiskError, SharedDisk};
use rusqlite::ffi;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::rc::Rc;
use std::sync::OnceLock;

/// The name under which SQLite knows these disks.
pub const VFS: &str = "simulated-disk";

/// SQLite's own size of a region of shared memory.
const REGION_WORDS: usize = 32_768 / 8;

/// SQLite's eight locks of a shared memory.
const SHARED_LOCKS: usize = ffi::SQLITE_SHM_NLOCK as usize;

thread_local! {
    static DISKS: RefCell<BTreeMap<String, SharedDisk>> = const { RefCell::new(BTreeMap::new()) };
    /// What connections of this thread share about a file that is open.
    static OPEN: RefCell<BTreeMap<String, Rc<RefCell<Shared>>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Makes a disk known on this thread; a file `NAME/x` is then on it.
pub fn mount(name: &str, disk: &SharedDisk) {
    register();
    DISKS.with_borrow_mut(|disks| disks.insert(name.to_owned(), Rc::clone(disk)));
}

/// Forgets one disk of this thread. Nobody may have a file of it open.
pub fn unmount(name: &str) {
    DISKS.with_borrow_mut(|disks| disks.remove(name));
    OPEN.with_borrow_mut(|open| open.retain(|file, _| !file.starts_with(&format!("{name}/"))));
}

/// Forgets every disk of this thread. Nobody may have a file open.
pub fn unmount_all() {
    DISKS.with_borrow_mut(BTreeMap::clear);
    OPEN.with_borrow_mut(BTreeMap::clear);
}

fn register() {
    static REGISTERED: OnceLock<()> = OnceLock::new();
    REGISTERED.get_or_init(|| {
        let vfs = Box::new(ffi::sqlite3_vfs {
            iVersion: 1,
            szOsFile: size_of::<OpenFile>() as c_int,
            mxPathname: 512,
            pNext: ptr::null_mut(),
            zName: c"simulated-disk".as_ptr(),
            pAppData: ptr::null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: None,
            xCurrentTimeInt64: None,
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        });
        // SAFETY: the table lives as long as the program, and SQLite was not asked to use it by default.
        unsafe { ffi::sqlite3_vfs_register(Box::into_raw(vfs), 0) };
    });
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// SQLite's file with our handle behind it.
#[repr(C)]
struct OpenFile {
    base: ffi::sqlite3_file,
    handle: *mut Handle,
}

/// One opening of one file.
struct Handle {
    disk: SharedDisk,
    name: String,
    number: u64,
    shared: Rc<RefCell<Shared>>,
    delete_on_close: bool,
}

/// What every opening of a file sees.
#[derive(Default)]
struct Shared {
    next_number: u64,
    /// The lock of each opening that has one.
    locks: BTreeMap<u64, c_int>,
    /// Shared memory: each region is made of words, so that SQLite finds it aligned.
    regions: Vec<Box<[u64; REGION_WORDS]>>,
    /// For each of the eight locks: who shares it, and who has it alone.
    sharing: [Vec<u64>; SHARED_LOCKS],
    alone: [Option<u64>; SHARED_LOCKS],
}

fn code(error: DiskError, otherwise: c_int) -> c_int {
    match error {
        DiskError::Full => ffi::SQLITE_FULL,
        DiskError::Dead | DiskError::Failed | DiskError::Missing => otherwise,
    }
}

/// A name for a file that nobody looks for after a crash: on a disk of its own, which never fails.
fn temporary() -> String {
    const SCRATCH: &str = "scratch";
    thread_local! {
        static MADE: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
    }
    DISKS.with_borrow_mut(|disks| {
        disks.entry(SCRATCH.to_owned()).or_default();
    });
    MADE.set(MADE.get() + 1);
    format!("{SCRATCH}/{}", MADE.get())
}

/// The disk of a name, and the file's name on it.
fn find(name: &str) -> Option<(SharedDisk, &str)> {
    let (disk, file) = name.split_once('/')?;
    DISKS.with_borrow(|disks| disks.get(disk).cloned()).map(|disk| (disk, file))
}

/// SAFETY: `name` is a C string of SQLite's, or nothing.
unsafe fn text<'a>(name: *const c_char) -> Option<&'a str> {
    if name.is_null() {
        return None;
    }
    // SAFETY: the caller's word.
    unsafe { CStr::from_ptr(name) }.to_str().ok()
}

/// SAFETY: `file` was filled by `open` and not closed yet.
unsafe fn handle<'a>(file: *mut ffi::sqlite3_file) -> &'a Handle {
    // SAFETY: the caller's word; `open` put a leaked box there.
    unsafe { &*(*file.cast::<OpenFile>()).handle }
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let opened = file.cast::<OpenFile>();
    // SAFETY: SQLite gives room for `szOsFile` bytes; without methods it does not call `close`.
    unsafe { (*opened).base.pMethods = ptr::null() };
    // SAFETY: SQLite gives a C string, or nothing for a temporary file.
    let full = match unsafe { text(name) } {
        Some(full) => full.to_owned(),
        None => temporary(),
    };
    let Some((disk, local)) = find(&full) else { return ffi::SQLITE_CANTOPEN };
    let made = if flags & ffi::SQLITE_OPEN_CREATE != 0 {
        disk.borrow_mut().make(local).is_ok()
    } else {
        disk.borrow().exists(local) && !disk.borrow().is_dead()
    };
    if !made {
        return ffi::SQLITE_CANTOPEN;
    }
    let shared = OPEN.with_borrow_mut(|open| Rc::clone(open.entry(full.clone()).or_default()));
    let number = {
        let mut shared = shared.borrow_mut();
        shared.next_number += 1;
        shared.next_number
    };
    let delete_on_close = flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0;
    let handle = Box::new(Handle { disk, name: local.to_owned(), number, shared, delete_on_close });
    // SAFETY: as above; `out_flags` may be nothing.
    unsafe {
        (*opened).handle = Box::into_raw(handle);
        (*opened).base.pMethods = &raw const METHODS;
        if !out_flags.is_null() {
            *out_flags = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, _: c_int) -> c_int {
    // SAFETY: SQLite gives a C string.
    let Some((disk, local)) = (unsafe { text(name) }).and_then(find) else { return ffi::SQLITE_IOERR_DELETE };
    match disk.borrow_mut().delete(local) {
        Ok(()) => ffi::SQLITE_OK,
        Err(DiskError::Missing) => ffi::SQLITE_IOERR_DELETE_NOENT,
        Err(error) => code(error, ffi::SQLITE_IOERR_DELETE),
    }
}

unsafe extern "C" fn access(_: *mut ffi::sqlite3_vfs, name: *const c_char, _: c_int, out: *mut c_int) -> c_int {
    // SAFETY: SQLite gives a C string.
    let found = (unsafe { text(name) }).and_then(find);
    let there = found.is_some_and(|(disk, local)| disk.borrow().exists(local));
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *out = c_int::from(there) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_pathname(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite gives a C string.
    let bytes = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if bytes.len() > usize::try_from(room).unwrap_or(0) {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: there is room for so many bytes.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr().cast::<c_char>(), out, bytes.len()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(_: *mut ffi::sqlite3_vfs, count: c_int, out: *mut c_char) -> c_int {
    // SAFETY: SQLite gives room for so many bytes. What it wants them for changes no length and no order.
    unsafe { ptr::write_bytes(out, 0x5A, usize::try_from(count).unwrap_or(0)) };
    count
}

unsafe extern "C" fn sleep(_: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    microseconds
}

unsafe extern "C" fn current_time(_: *mut ffi::sqlite3_vfs, out: *mut f64) -> c_int {
    // SAFETY: SQLite gives a place. No statement of ours asks SQLite for the time.
    unsafe { *out = 2_461_000.5 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: `open` leaked this box, and SQLite closes once.
    let handle = unsafe { Box::from_raw((*file.cast::<OpenFile>()).handle) };
    forget(&handle);
    if handle.delete_on_close {
        // A file that is gone already needs no deletion.
        let _ = handle.disk.borrow_mut().delete(&handle.name);
    }
    ffi::SQLITE_OK
}

/// Lets go of everything an opening holds.
fn forget(handle: &Handle) {
    let mut shared = handle.shared.borrow_mut();
    shared.locks.remove(&handle.number);
    for place in 0..SHARED_LOCKS {
        shared.sharing[place].retain(|number| *number != handle.number);
        if shared.alone[place] == Some(handle.number) {
            shared.alone[place] = None;
        }
    }
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    count: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: an open file, and room for `count` bytes.
    let (handle, bytes) = unsafe {
        let length = usize::try_from(count).unwrap_or(0);
        (handle(file), std::slice::from_raw_parts_mut(into.cast::<u8>(), length))
    };
    match handle.disk.borrow().read(&handle.name, usize::try_from(at).unwrap_or(0), bytes) {
        Ok(found) if found == bytes.len() => ffi::SQLITE_OK,
        Ok(_) => ffi::SQLITE_IOERR_SHORT_READ,
        Err(error) => code(error, ffi::SQLITE_IOERR_READ),
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    count: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: an open file, and `count` bytes.
    let (handle, bytes) = unsafe {
        let length = usize::try_from(count).unwrap_or(0);
        (handle(file), std::slice::from_raw_parts(from.cast::<u8>(), length))
    };
    answer(
        handle.disk.borrow_mut().write(&handle.name, usize::try_from(at).unwrap_or(0), bytes),
        ffi::SQLITE_IOERR_WRITE,
    )
}

fn answer(done: Result<(), DiskError>, otherwise: c_int) -> c_int {
    match done {
        Ok(()) => ffi::SQLITE_OK,
        Err(error) => code(error, otherwise),
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: ffi::sqlite3_int64) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    let length = usize::try_from(length).unwrap_or(0);
    answer(handle.disk.borrow_mut().truncate(&handle.name, length), ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    answer(handle.disk.borrow_mut().sync(&handle.name), ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, out: *mut ffi::sqlite3_int64) -> c_int {
    // SAFETY: an open file, and a place for the answer.
    let handle = unsafe { handle(file) };
    match handle.disk.borrow().length(&handle.name) {
        Ok(length) => {
            // SAFETY: as above.
            unsafe { *out = ffi::sqlite3_int64::try_from(length).unwrap_or(0) };
            ffi::SQLITE_OK
        }
        Err(error) => code(error, ffi::SQLITE_IOERR_FSTAT),
    }
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    let mut shared = handle.shared.borrow_mut();
    let mine = shared.locks.get(&handle.number).copied().unwrap_or(ffi::SQLITE_LOCK_NONE);
    if mine >= level {
        return ffi::SQLITE_OK;
    }
    let others = |at_least| shared.locks.iter().any(|(number, held)| *number != handle.number && *held >= at_least);
    let busy = match level {
        ffi::SQLITE_LOCK_SHARED => others(ffi::SQLITE_LOCK_PENDING),
        ffi::SQLITE_LOCK_RESERVED => others(ffi::SQLITE_LOCK_RESERVED),
        _ => others(ffi::SQLITE_LOCK_SHARED),
    };
    if busy {
        return ffi::SQLITE_BUSY;
    }
    shared.locks.insert(handle.number, level);
    ffi::SQLITE_OK
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    let mut shared = handle.shared.borrow_mut();
    if level == ffi::SQLITE_LOCK_NONE {
        shared.locks.remove(&handle.number);
    } else {
        shared.locks.insert(handle.number, level);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: an open file, and a place for the answer.
    let handle = unsafe { handle(file) };
    let reserved = handle.shared.borrow().locks.values().any(|held| *held >= ffi::SQLITE_LOCK_RESERVED);
    // SAFETY: as above.
    unsafe { *out = c_int::from(reserved) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    4096
}

/// What SQLite assumes of a Unix file system, so that it writes here exactly what it writes there.
unsafe extern "C" fn device_characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    _: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    let mut shared = handle.shared.borrow_mut();
    let region = usize::try_from(region).unwrap_or(0);
    while extend != 0 && shared.regions.len() <= region {
        shared.regions.push(Box::new([0; REGION_WORDS]));
    }
    let place = shared.regions.get_mut(region).map_or(ptr::null_mut(), |words| words.as_mut_ptr().cast::<c_void>());
    // SAFETY: a place for the answer. A region stays where it is until every opening is closed.
    unsafe { *out = place };
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_lock(file: *mut ffi::sqlite3_file, offset: c_int, count: c_int, flags: c_int) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    let mut shared = handle.shared.borrow_mut();
    let me = handle.number;
    let first = usize::try_from(offset).unwrap_or(0);
    let places = first..first + usize::try_from(count).unwrap_or(0);
    let alone = flags & ffi::SQLITE_SHM_EXCLUSIVE != 0;
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        for place in places {
            if alone {
                shared.alone[place] = None;
            } else if let Some(at) = shared.sharing[place].iter().position(|number| *number == me) {
                shared.sharing[place].swap_remove(at);
            }
        }
        return ffi::SQLITE_OK;
    }
    let busy = places.clone().any(|place| {
        let held_alone = shared.alone[place].is_some_and(|number| number != me);
        held_alone || (alone && shared.sharing[place].iter().any(|number| *number != me))
    });
    if busy {
        return ffi::SQLITE_BUSY;
    }
    for place in places {
        if alone {
            shared.alone[place] = Some(me);
        } else {
            shared.sharing[place].push(me);
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_barrier(_: *mut ffi::sqlite3_file) {}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    let mut shared = handle.shared.borrow_mut();
    // The last one out takes the memory with it, as the system does with a file that nobody has open.
    let others = shared.locks.keys().any(|number| *number != handle.number);
    if delete != 0 || !others {
        shared.regions.clear();
    }
    ffi::SQLITE_OK
}

#[cfg(test)]
mod tests {
    use super::super::chance::Chance;
    use super::super::disk::Death;
    use super::*;
    use rusqlite::{Connection, OpenFlags};

    fn connect(disk: &SharedDisk) -> Connection {
        mount("d", disk);
        let connection = Connection::open_with_flags_and_vfs("d/a.sqlite", OpenFlags::default(), VFS).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        connection.pragma_update(None, "synchronous", "full").unwrap();
        connection.execute_batch("CREATE TABLE IF NOT EXISTS t (v INTEGER)").unwrap();
        connection
    }

    fn values(connection: &Connection) -> Vec<i64> {
        let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok");
        connection
            .prepare("SELECT v FROM t")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }

    #[test]
    fn what_was_committed_survives_every_power_cut_and_an_open_transaction_none() {
        for seed in 0..60 {
            let disk = SharedDisk::default();
            let connection = connect(&disk);
            connection.execute("INSERT INTO t VALUES (1)", []).unwrap();
            let operations = disk.borrow().operations();
            disk.borrow_mut().faults.dies_before = Some(operations + seed % 7);
            let second = connection.execute("INSERT INTO t VALUES (2)", []).is_ok();
            disk.borrow_mut().die();
            drop(connection);
            disk.borrow_mut().revive(Death::PowerCut, &mut Chance::of(seed));
            let found = values(&connect(&disk));
            assert_eq!(found[0], 1);
            assert!(!second || found == [1, 2], "seed {seed}: {found:?}");
            unmount_all();
        }
    }

    #[test]
    fn two_connections_see_each_other_and_the_last_one_tidies_up() {
        let disk = SharedDisk::default();
        let first = connect(&disk);
        let second = connect(&disk);
        first.execute("INSERT INTO t VALUES (1)", []).unwrap();
        assert_eq!(values(&second), [1]);
        drop(first);
        assert!(disk.borrow().exists("a.sqlite-wal"));
        second.execute("INSERT INTO t VALUES (2)", []).unwrap();
        drop(second);
        assert!(!disk.borrow().exists("a.sqlite-wal"), "the log is empty and gone");
        assert_eq!(values(&connect(&disk)), [1, 2]);
        unmount_all();
    }

    #[test]
    fn a_full_and_a_failing_disk_say_so() {
        let disk = SharedDisk::default();
        let connection = connect(&disk);
        disk.borrow_mut().faults.room = Some(0);
        let full = connection.execute("INSERT INTO t VALUES (1)", []).unwrap_err();
        assert_eq!(full.sqlite_error_code(), Some(rusqlite::ErrorCode::DiskFull));
        disk.borrow_mut().faults.room = None;
        disk.borrow_mut().faults.fails = true;
        let failed = connection.execute("INSERT INTO t VALUES (1)", []).unwrap_err();
        assert_eq!(failed.sqlite_error_code(), Some(rusqlite::ErrorCode::SystemIoFailure));
        disk.borrow_mut().faults.fails = false;
        connection.execute("INSERT INTO t VALUES (3)", []).unwrap();
        assert_eq!(values(&connection), [3]);
        drop(connection);
        unmount_all();
    }
}
