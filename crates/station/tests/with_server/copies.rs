//! Two machines that work from copies of one disk: one of them becomes another station, and no paper is lost.

use crate::house::{Site, Watched, newest};
use smartqueue_journal::Journal;
use smartqueue_protocol::provisioning::Provisioning;
use smartqueue_station::profile::{load_profile, save_profile};
use std::collections::BTreeSet;
use std::path::Path;

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

#[test]
fn the_machine_that_comes_second_is_enrolled_anew_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::open(&folder.path().join("server"));
    let seeded = std::fs::read_to_string(site.text("kiosk_profile")).unwrap();
    let mut profile = Provisioning::read(&seeded).unwrap();
    profile.server = Some(format!("http://{}", site.server.address()));
    profile.printer = Some("virtual:".to_owned());
    let (original, copy) = (folder.path().join("original"), folder.path().join("copy"));
    save_profile(&original, &profile).unwrap();

    let first = online(&original);
    let mut numbers = vec![take(&first, &site)];
    assert_eq!(numbers, ["A001"]);
    first.station.stop();
    std::fs::create_dir(&copy).unwrap();
    for file in std::fs::read_dir(&original).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }

    // The copy goes on under the identity; nobody can know yet that there are two.
    let second = online(&copy);
    numbers.push(take(&second, &site));
    // The original comes back: its word is not the last one any more, and its own numbers begin under another letter.
    let first = online(&original);
    let after = take(&first, &site);
    assert!(after.starts_with("AL"), "{after} is a number of a new station");
    numbers.push(after);
    numbers.push(take(&second, &site));
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), 4, "{numbers:?}");
    numbers.sort();
    let mut held = site.held();
    held.sort();
    assert_eq!(held, numbers, "every paper is one ticket on the server");
    first.station.stop();
    second.station.stop();
    let kinds: Vec<_> = Journal::read_beside(&original).unwrap();
    let lost =
        kinds.iter().filter(|record| matches!(record.record, smartqueue_protocol::record::StoredRecord::IdentityLost));
    assert_eq!(lost.count(), 1);
    assert_eq!(load_profile(&original).unwrap(), load_profile(&copy).unwrap());
}
