//! Whether this profile still runs on the machine on which it ran before. The disk of a kiosk that is put into another
//! one, or copied to ten others, brings its identity along; two machines under one identity print the same numbers. The
//! server finds them at the second hello, but a copy without a network never says one: so a station looks at the hardware
//! addresses of its network cards, and is nobody on a machine that shares none of them with the one before.
//!
//! A machine without a card of its own, such as a container, has no mark: nothing is concluded from that. This module never
//! forgets an identity by itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Where the system shows its network cards.
const CARDS: &str = "/sys/class/net";

/// The hardware addresses of the physical network cards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MachineMark(BTreeSet<String>);

impl MachineMark {
    /// The mark of this machine.
    pub(crate) fn of_this_machine() -> MachineMark {
        MachineMark::read(Path::new(CARDS))
    }

    fn read(cards: &Path) -> MachineMark {
        let Ok(entries) = fs::read_dir(cards) else { return MachineMark::default() };
        let address = |card: &Path| -> Option<String> {
            // Bridges, tunnels and the loopback belong to no device.
            if !card.join("device").exists() {
                return None;
            }
            // An address that was not burnt into the card is another one at the next start.
            let assigned = fs::read_to_string(card.join("addr_assign_type")).ok()?;
            let address = fs::read_to_string(card.join("address")).ok()?.trim().to_ascii_lowercase();
            (assigned.trim() == "0" && address.len() == 17 && address != "00:00:00:00:00:00").then_some(address)
        };
        MachineMark(entries.filter_map(|entry| address(&entry.ok()?.path())).collect())
    }

    /// Reads the text form back.
    pub(crate) fn from_text(text: &str) -> MachineMark {
        MachineMark(text.split(' ').filter(|address| !address.is_empty()).map(str::to_owned).collect())
    }

    /// The text form.
    pub(crate) fn as_text(&self) -> String {
        self.0.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Whether these are two machines: both have cards, and none in common. One that got another card is the same.
    pub(crate) fn is_another(&self, before: &MachineMark) -> bool {
        !self.0.is_empty() && !before.0.is_empty() && self.0.is_disjoint(&before.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(folder: &Path, name: &str, address: &str, assigned: &str, physical: bool) {
        let card = folder.join(name);
        fs::create_dir(&card).unwrap();
        fs::write(card.join("address"), format!("{address}\n")).unwrap();
        fs::write(card.join("addr_assign_type"), format!("{assigned}\n")).unwrap();
        if physical {
            fs::create_dir(card.join("device")).unwrap();
        }
    }

    #[test]
    fn only_burnt_in_addresses_of_devices_count() {
        let folder = tempfile::tempdir().unwrap();
        card(folder.path(), "eth0", "AA:BB:CC:00:00:01", "0", true);
        card(folder.path(), "wlan0", "aa:bb:cc:00:00:02", "3", true);
        card(folder.path(), "docker0", "aa:bb:cc:00:00:03", "0", false);
        card(folder.path(), "dummy", "00:00:00:00:00:00", "0", true);
        let mark = MachineMark::read(folder.path());
        assert_eq!(mark.as_text(), "aa:bb:cc:00:00:01");
        assert_eq!(MachineMark::from_text(&mark.as_text()), mark);
        assert_eq!(MachineMark::read(&folder.path().join("nothing")), MachineMark::default());
    }

    #[test]
    fn a_machine_is_another_only_when_it_shares_no_card() {
        let mark = MachineMark::from_text;
        assert!(mark("a").is_another(&mark("b")));
        assert!(mark("a c").is_another(&mark("b d")));
        assert!(!mark("a c").is_another(&mark("b c")), "another card beside the old one");
        assert!(!mark("").is_another(&mark("b")), "nothing is concluded from nothing");
        assert!(!mark("a").is_another(&mark("")));
    }
}
