//! What the journal promises, on real files.

use super::*;
use rusqlite::Connection;
use smartqueue_domain::ServiceDay;

fn day(day: i64) -> Record {
    Record::DayOpened { day: ServiceDay(day) }
}

fn open(folder: &Path) -> Result<Journal, JournalError> {
    Journal::open(folder, Uuid::from_u128(1))
}

#[test]
fn records_are_dense_in_order_and_survive_a_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path()).unwrap();
    assert_eq!(journal.append(&[day(1), day(2)]).unwrap(), 1);
    assert_eq!(journal.append(&[day(3)]).unwrap(), 3);
    journal.set_meta("acknowledged", "2").unwrap();
    drop(journal);
    let journal = Journal::open(folder.path(), Uuid::from_u128(2)).unwrap();
    assert_eq!(journal.read_all().unwrap(), [(1, day(1)), (2, day(2)), (3, day(3))]);
    assert_eq!(journal.highest_seq(), 3);
    assert_eq!(journal.epoch(), Uuid::from_u128(1), "the epoch is drawn once");
    assert_eq!(journal.meta("acknowledged").unwrap().as_deref(), Some("2"));
    assert_eq!(journal.meta("nothing").unwrap(), None);
    let tail: Vec<_> = journal.read_after(1, 1).unwrap().iter().map(|record| record.seq).collect();
    assert_eq!(tail, [2]);
}

#[test]
fn it_is_written_through_to_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path()).unwrap();
    let synchronous: i32 = journal.connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
    let mode: String = journal.connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!((synchronous, mode.as_str()), (2, "wal"));
    let mut journal = journal;
    journal.set_meta_when_convenient("acknowledged", "7").unwrap();
    let synchronous: i32 = journal.connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
    assert_eq!((synchronous, journal.meta("acknowledged").unwrap().as_deref()), (2, Some("7")));
}

#[test]
fn one_process_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).unwrap();
    assert_eq!(open(folder.path()).unwrap_err().kind(), JournalErrorKind::InUse);
    assert_eq!(Journal::read_beside(folder.path()).unwrap(), [], "others may look");
    drop(first);
    open(folder.path()).unwrap();
}

#[test]
fn a_file_that_is_no_journal_or_a_newer_one_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(Journal::path(folder.path()), "this is not a database, but it is long enough to look like one")
        .unwrap();
    assert_eq!(open(folder.path()).unwrap_err().kind(), JournalErrorKind::Damaged);
    assert!(std::fs::read_to_string(Journal::path(folder.path())).unwrap().starts_with("this is not"));
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path()).unwrap();
    journal.connection.pragma_update(None, "user_version", 99).unwrap();
    drop(journal);
    assert_eq!(open(folder.path()).unwrap_err().kind(), JournalErrorKind::Version);
}

#[test]
fn a_record_that_does_not_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path()).unwrap();
    let hash = ChainHash::BEGINNING.followed_by(1, "{}");
    journal.connection.execute("INSERT INTO record (seq, body, hash) VALUES (1, '{}', ?1)", [hash.0]).unwrap();
    assert!(matches!(journal.read_all().unwrap_err(), JournalError::Record { seq: 1, .. }));
}

#[test]
fn records_can_neither_be_changed_nor_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path()).unwrap();
    journal.append(&[day(1)]).unwrap();
    for statement in ["UPDATE record SET body = '{}'", "DELETE FROM record"] {
        assert!(journal.connection.execute(statement, []).is_err(), "{statement}");
    }
}

/// A file as version 1 left it.
fn shipped_version_1(folder: &Path) {
    let connection = Connection::open(Journal::path(folder)).unwrap();
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
    connection.execute_batch(include_str!("schema_1.sql")).unwrap();
    for seq in 1..=3 {
        let body = format!("{{\"kind\":\"day_opened\",\"day\":\"1970-01-0{}\"}}", seq + 1);
        connection.execute("INSERT INTO record (seq, body) VALUES (?1, ?2)", params![seq, body]).unwrap();
    }
    connection.execute("INSERT INTO meta VALUES ('epoch', '00000000-0000-0000-0000-000000000009')", []).unwrap();
}

#[test]
fn a_file_of_version_1_is_chained_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    shipped_version_1(folder.path());
    let before = Journal::verify_beside(folder.path()).unwrap_err();
    assert!(matches!(before, JournalError::Schema { found: 1, known: 2 }), "{before}");
    let mut journal = open(folder.path()).unwrap();
    assert_eq!(journal.epoch(), Uuid::from_u128(9), "it stays the journal that it was");
    assert_eq!(journal.append(&[day(4)]).unwrap(), 4);
    assert_eq!(journal.read_all().unwrap(), [(1, day(1)), (2, day(2)), (3, day(3)), (4, day(4))]);
    for statement in ["UPDATE record SET body = '{}'", "DELETE FROM record"] {
        assert!(journal.connection.execute(statement, []).is_err(), "{statement}");
    }
    let head = journal.head();
    drop(journal);
    let verdict = Journal::verify_beside(folder.path()).unwrap();
    assert_eq!(verdict, Some(ChainVerdict::Sound { records: 4, head }));
    assert_eq!(open(folder.path()).unwrap().head(), head);
}

/// Does something to a journal behind its back.
fn tamper(folder: &Path, statements: &str) {
    let connection = Connection::open(Journal::path(folder)).unwrap();
    connection.execute_batch("DROP TRIGGER record_never_changes; DROP TRIGGER record_never_goes;").unwrap();
    connection.execute_batch(statements).unwrap();
}

#[test]
fn tampering_is_evident_and_the_first_broken_record_is_named() {
    for (statements, broken) in [
        ("UPDATE record SET body = replace(body, '1970-01-03', '1970-01-04') WHERE seq = 2", (2, ChainFlaw::Changed)),
        ("UPDATE record SET hash = zeroblob(32) WHERE seq = 3", (3, ChainFlaw::Changed)),
        ("DELETE FROM record WHERE seq = 1", (1, ChainFlaw::Missing)),
        ("DELETE FROM record WHERE seq = 2; UPDATE record SET seq = seq - 1 WHERE seq > 2", (2, ChainFlaw::Changed)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = open(folder.path()).unwrap();
        journal.append(&[day(1), day(2), day(3), day(4)]).unwrap();
        drop(journal);
        tamper(folder.path(), statements);
        let (seq, flaw) = broken;
        let verdict = Journal::verify_beside(folder.path()).unwrap();
        assert_eq!(verdict, Some(ChainVerdict::Broken { seq, flaw }), "{statements}");
        let refused = open(folder.path()).unwrap_err();
        assert_eq!(refused.kind(), JournalErrorKind::Damaged, "{statements}: {refused}");
    }
}

#[test]
fn a_folder_without_a_journal_has_nothing_to_verify() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Journal::verify_beside(folder.path()).unwrap(), None);
}

#[test]
fn the_minutes_care_writes_a_row_and_empties_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path()).unwrap();
    let automatic: i64 = journal.connection.query_row("PRAGMA wal_autocheckpoint", [], |row| row.get(0)).unwrap();
    assert_eq!(automatic, 0, "checkpoints are ours");
    journal.tend(1_000).unwrap();
    assert_eq!(journal.meta("canary").unwrap().as_deref(), Some("1000"));
    journal.append(&[day(1)]).unwrap();
    journal.tend(60_999).unwrap();
    assert_eq!(journal.meta("canary").unwrap().as_deref(), Some("1000"), "a minute has not passed");
    journal.tend(61_000).unwrap();
    assert_eq!(journal.meta("canary").unwrap().as_deref(), Some("61000"));
    let beside = Connection::open_with_flags(Journal::path(folder.path()), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let (log, brought): (i64, i64) =
        beside.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| Ok((row.get(1)?, row.get(2)?))).unwrap_or((0, 0));
    assert_eq!(log, brought, "all of the log is in the file");
}

#[test]
fn a_full_disk_spends_the_reserve_and_says_so_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path()).unwrap();
    let reserve = folder.path().join("journal.reserve");
    assert_eq!(std::fs::metadata(&reserve).unwrap().len(), reserve::RESERVE_BYTES as u64);
    let pages: i64 = journal.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    // A file that may not grow any more answers as a full disk does.
    journal.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    let many: Vec<Record> = (0..200).map(day).collect();
    let refused = journal.append(&many).unwrap_err();
    assert_eq!(refused.kind(), JournalErrorKind::DiskFull);
    assert!(!reserve.exists(), "its room was given back");
    assert_eq!(journal.highest_seq(), 0, "nothing was written");
    journal.connection.pragma_update_and_check(None, "max_page_count", 1_000_000, |_| Ok(())).unwrap();
    assert_eq!(journal.append(&many).unwrap(), 1);
    // In its place stands something that no file can be made of: the disk has no room for a reserve.
    std::fs::create_dir(&reserve).unwrap();
    assert_eq!(journal.tend(100_000).unwrap_err().kind(), JournalErrorKind::DiskFull);
    assert_eq!(journal.tend(100_001).unwrap_err().kind(), JournalErrorKind::DiskFull, "it stands");
    std::fs::remove_dir(&reserve).unwrap();
    journal.tend(160_000).unwrap();
    assert!(reserve.exists());
}
