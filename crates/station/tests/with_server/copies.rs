//! Two machines that work from copies of one disk: one of them becomes another station, and no paper is lost.

use crate::house::{Site, Watched, newest};
use smartqueue_journal::Journal;
use smartqueue_protocol::provisioning::Provisioning;
use smartqueue_protocol::record::StoredRecord;
use smartqueue_server::ledger::file::backup;
use smartqueue_station::profile::{load_profile, save_profile};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn online(profile: &Path) -> Watched {
    let station = Watched::start(profile);
    station.wait("a station that is online", |view| view["connection"]["state"] == "online");
    station
}

fn take(station: &Watched, site: &Site) -> String {
    let id = station.take(site.queue());
    let view = station.wait("a printed ticket that the server has", |view| newest(view, id, true));
    view["tickets"][0]["number"].as_str().unwrap().to_owned()
}

struct Twins {
    folder: TempDir,
    site: Site,
    original: PathBuf,
    copy: PathBuf,
    /// What was printed.
    numbers: Vec<String>,
}

/// A kiosk at work that printed A001, and where the copy of its disk is to be.
fn kiosk() -> (Watched, Twins) {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::open(&folder.path().join("server"));
    let seeded = std::fs::read_to_string(site.text("kiosk_profile")).unwrap();
    let mut profile = Provisioning::read(&seeded).unwrap();
    profile.server = Some(format!("http://{}", site.server.address()));
    profile.printer = Some("virtual:".to_owned());
    let (original, copy) = (folder.path().join("original"), folder.path().join("copy"));
    save_profile(&original, &profile).unwrap();
    let first = online(&original);
    let numbers = vec![take(&first, &site)];
    assert_eq!(numbers, ["A001"]);
    (first, Twins { folder, site, original, copy, numbers })
}

/// The copy of a machine that is off or at rest.
fn copy_disk(original: &Path, copy: &Path) {
    std::fs::create_dir(copy).unwrap();
    for file in std::fs::read_dir(original).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
}

fn assert_every_paper_is_one_ticket(site: &Site, mut numbers: Vec<String>) {
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len(), "{numbers:?}");
    numbers.sort();
    let mut held = site.held();
    held.sort();
    assert_eq!(held, numbers, "every paper is one ticket on the server");
}

fn identities_lost(profile: &Path) -> usize {
    let records = Journal::read_beside(profile).unwrap();
    records.iter().filter(|record| matches!(record.record, StoredRecord::IdentityLost)).count()
}

#[test]
fn the_machine_that_comes_second_is_enrolled_anew_and_loses_nothing() {
    let (first, Twins { folder: _folder, site, original, copy, mut numbers }) = kiosk();
    first.station.stop();
    copy_disk(&original, &copy);
    // The copy goes on under the identity; nobody can know yet that there are two.
    let second = online(&copy);
    numbers.push(take(&second, &site));
    // The original comes back: its word is not the last one any more, and its own numbers begin under another letter.
    let first = online(&original);
    let after = take(&first, &site);
    assert!(after.starts_with("AL"), "{after} is a number of a new station");
    numbers.push(after);
    numbers.push(take(&second, &site));
    assert_every_paper_is_one_ticket(&site, numbers);
    first.station.stop();
    second.station.stop();
    assert_eq!((identities_lost(&original), identities_lost(&copy)), (1, 0));
    assert_eq!(load_profile(&original).unwrap(), load_profile(&copy).unwrap());
}

#[test]
fn a_machine_that_never_went_off_finds_out_by_the_records_of_its_copy() {
    let (first, Twins { folder: _folder, site, original, copy, mut numbers }) = kiosk();
    copy_disk(&original, &copy);
    let second = online(&copy);
    numbers.push(take(&second, &site));
    numbers.push(take(&second, &site));
    // It greeted long before its copy did, and its next records come where the server already holds those of the copy.
    numbers.push(take(&first, &site));
    numbers.push(take(&second, &site));
    assert_every_paper_is_one_ticket(&site, numbers);
    first.station.stop();
    second.station.stop();
    assert_eq!((identities_lost(&original), identities_lost(&copy)), (1, 0));
}

#[test]
fn a_server_that_was_put_back_still_knows_whose_records_it_holds() {
    let (first, Twins { folder, site, original, copy, mut numbers }) = kiosk();
    first.station.stop();
    copy_disk(&original, &copy);
    // The copy goes on, some of it before the backup and some after.
    let second = online(&copy);
    numbers.push(take(&second, &site));
    numbers.push(take(&second, &site));
    let (server, saved) = (folder.path().join("server"), folder.path().join("saved.sqlite3"));
    backup(&server, &saved).unwrap();
    numbers.push(take(&second, &site));
    second.station.stop();
    let site = site.put_back(&server, &saved);

    // The words said since the backup are gone. The original, with fewer records than the server holds under its name,
    // must not go on behind them as if they were its own: what it prints next would be taken for known.
    let first = online(&original);
    numbers.push(take(&first, &site));
    let second = online(&copy);
    numbers.push(take(&second, &site));
    assert_every_paper_is_one_ticket(&site, numbers);
    first.station.stop();
    second.station.stop();
    assert_eq!(identities_lost(&original), 1);
}
