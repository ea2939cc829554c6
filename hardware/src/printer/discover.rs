//! What printers this machine has, and what is missing to use them. Looks only; sends nothing to any device.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, access};
use rustix::io::Errno;
use serialport::SerialPortType;

use super::port::{Holder, SpooledPrinter, Spooler, SpoolerState, UsbPrinter, usb_printers};
use super::selector::{DEFAULT_BAUD, FlowControl, PrinterSelector};
use crate::clock;

/// Longest wait for the spooler's list of its printers.
const SPOOLER_LIMIT: Duration = Duration::from_secs(2);

/// How a found printer is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceKind {
    /// USB, through the system's printer driver or without it.
    Usb,
    /// A serial line. Whether a printer is at its other end, only a test slip tells.
    Serial,
    /// The network.
    Network,
    /// A printer of the system's spooler. It never says what became of a slip.
    Spooler,
    /// A device file whose maker is unknown.
    File,
    /// A virtual printer.
    Virtual,
}

/// What stands between this user and a device that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Missing {
    /// The membership of a group that may open it (mostly `lp` or `dialout`).
    Permission,
    /// A rule of the system that opens it to a group at all: the udev rule of our package.
    Rule,
    /// Somebody else holds it.
    Busy,
    /// The driver `usblp`, and a file by which the device could be used without one.
    Driver,
    /// The spooler has paused it and would keep every slip.
    Resumption,
}

/// One device that may be a printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPrinter {
    /// What to put into the settings.
    pub selector: PrinterSelector,
    /// What the device calls itself, or its path.
    pub name: String,
    /// How it is connected.
    pub kind: DeviceKind,
    /// What is missing to use it; `None` when it can be used.
    pub missing: Option<Missing>,
}

/// Where the system shows its devices and who uses them.
struct System<'a> {
    sys: &'a Path,
    dev: &'a Path,
    proc: &'a Path,
}

/// Everything on this machine that may be a printer: USB printers first, then serial lines, then what the spooler knows. Never
/// fails, and takes at most 2 s; a machine without USB, serial lines or a spooler simply has none.
#[must_use]
pub fn discover() -> Vec<FoundPrinter> {
    let system = System { sys: Path::new("/sys"), dev: Path::new("/dev"), proc: Path::new("/proc") };
    let mut found = usb_devices(&system);
    found.extend(serial_lines(&system));
    found.extend(spooled(&Spooler::default().printers(clock::now() + SPOOLER_LIMIT)));
    each_once(found)
}

/// Copies of one model with the same serial number share a selector, and it leads to the first of them.
fn each_once(mut found: Vec<FoundPrinter>) -> Vec<FoundPrinter> {
    let mut seen = Vec::new();
    found.retain(|printer| {
        let new = !seen.contains(&printer.selector);
        seen.push(printer.selector.clone());
        new
    });
    found
}

fn usb_devices(system: &System<'_>) -> Vec<FoundPrinter> {
    let known = usb_printers(system.sys, system.dev);
    let mut found: Vec<FoundPrinter> = known.iter().map(|printer| usb_found(system, printer, &known)).collect();
    // Device files without an entry in sysfs: a container that was given the file alone.
    let nodes =
        fs::read_dir(system.dev.join("usb")).into_iter().flatten().filter_map(Result::ok).map(|node| node.path());
    let mut nodes: Vec<PathBuf> = nodes
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lp")))
        .filter(|path| !known.iter().any(|printer| printer.holder == Holder::PrinterDriver(path.clone())))
        .collect();
    nodes.sort();
    found.extend(nodes.into_iter().map(|path| FoundPrinter {
        name: path.display().to_string(),
        kind: DeviceKind::File,
        missing: missing_for(system, &path),
        selector: PrinterSelector::File { path },
    }));
    found
}

fn usb_found(system: &System<'_>, printer: &UsbPrinter, known: &[UsbPrinter]) -> FoundPrinter {
    let same_kind = |other: &&UsbPrinter| other.vendor == printer.vendor && other.product == printer.product;
    let twins: Vec<&UsbPrinter> = known.iter().filter(same_kind).collect();
    // Without its serial number in the settings, a printer can be exchanged for another of its kind. Only one that stands
    // beside others needs it, and only where the maker gave them different ones.
    let told_apart = twins.len() > 1 && twins.iter().filter(|twin| twin.serial == printer.serial).count() == 1;
    let selector = PrinterSelector::Usb {
        vendor: printer.vendor,
        product: printer.product,
        serial: printer.serial.clone().filter(|_| told_apart),
    };
    FoundPrinter {
        name: if printer.name.is_empty() { selector.to_string() } else { printer.name.clone() },
        selector,
        kind: DeviceKind::Usb,
        missing: match &printer.holder {
            Holder::PrinterDriver(path) => match missing_for(system, path) {
                // The port then goes past the driver.
                Some(Missing::Permission | Missing::Rule) if missing_for(system, &printer.node).is_none() => None,
                missing => missing,
            },
            Holder::Nobody if !printer.node.exists() => Some(Missing::Driver),
            Holder::Nobody => missing_for(system, &printer.node),
            Holder::SomebodyElse => Some(Missing::Busy),
        },
    }
}

fn serial_lines(system: &System<'_>) -> Vec<FoundPrinter> {
    let stable_names = stable_names(&system.dev.join("serial/by-id"));
    // An error here means that the system keeps no list of lines; then there are none to offer.
    let lines = serialport::available_ports().unwrap_or_default();
    let mut found: Vec<FoundPrinter> = lines
        .into_iter()
        .filter(|line| !is_empty_socket(system.sys, Path::new(&line.port_name)))
        .map(|line| {
            let path = PathBuf::from(&line.port_name);
            let stable = stable_names.iter().find(|(target, _)| *target == path).map(|(_, name)| name.clone());
            let name = match line.port_type {
                SerialPortType::UsbPort(usb) => {
                    let words = [usb.manufacturer, usb.product].map(Option::unwrap_or_default).join(" ");
                    if words.trim().is_empty() { line.port_name } else { words.trim().to_owned() }
                }
                SerialPortType::PciPort | SerialPortType::BluetoothPort | SerialPortType::Unknown => line.port_name,
            };
            let missing = missing_for(system, &path);
            let path = stable.unwrap_or(path);
            let selector = PrinterSelector::Serial { path, baud: DEFAULT_BAUD, flow: FlowControl::None };
            FoundPrinter { selector, name, kind: DeviceKind::Serial, missing }
        })
        .collect();
    found.sort_by(|left, right| left.name.cmp(&right.name));
    found
}

/// Names below `/dev/serial/by-id` stay the same when the plugs are exchanged, `/dev/ttyUSB0` does not.
fn stable_names(folder: &Path) -> Vec<(PathBuf, PathBuf)> {
    let links = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|link| link.path());
    links.filter_map(|link| Some((fs::canonicalize(&link).ok()?, link))).collect()
}

/// PCs announce four serial lines whether or not a chip is there; type 0 says that there is none.
fn is_empty_socket(sys: &Path, path: &Path) -> bool {
    let Some(name) = path.file_name() else {
        return false;
    };
    fs::read_to_string(sys.join("class/tty").join(name).join("type")).is_ok_and(|kind| kind.trim() == "0")
}

/// What the spooler knows. A printer to which it sends raw bytes over the network is offered directly first, because directly
/// it can say what became of a slip.
fn spooled(printers: &[SpooledPrinter]) -> Vec<FoundPrinter> {
    let direct = printers.iter().filter_map(|printer| {
        let place = printer.destination.strip_prefix("socket://")?.split(['/', '?']).next()?;
        let has_port = place.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let text = if has_port { format!("tcp:{place}") } else { format!("tcp:{place}:9100") };
        let selector = text.parse().ok()?;
        Some(FoundPrinter { selector, name: printer.name.clone(), kind: DeviceKind::Network, missing: None })
    });
    let through_spooler = printers.iter().filter_map(|printer| {
        // A name that cannot stand in a selector cannot be given to the spooler's program either.
        let selector = format!("spool:{}", printer.name).parse().ok()?;
        let missing = match printer.state {
            SpoolerState::Running => None,
            SpoolerState::Paused => Some(Missing::Resumption),
        };
        Some(FoundPrinter { selector, name: printer.name.clone(), kind: DeviceKind::Spooler, missing })
    });
    direct.chain(through_spooler).collect()
}

/// What this user lacks to use the device, and whether somebody else uses it. A device is not opened to find out: opening a
/// serial line raises its DTR, which resets some printers in the middle of a slip.
fn missing_for(system: &System<'_>, path: &Path) -> Option<Missing> {
    match access(path, Access::READ_OK | Access::WRITE_OK) {
        Err(Errno::BUSY) => Some(Missing::Busy),
        Err(_) => {
            let group_may = fs::metadata(path).is_ok_and(|found| is_open_to_a_group(found.mode(), found.gid()));
            Some(if group_may { Missing::Permission } else { Missing::Rule })
        }
        Ok(()) if is_locked(system.proc, path) || is_held(system.proc, path) => Some(Missing::Busy),
        Ok(()) => None,
    }
}

/// Whether joining a group would help. Nobody joins the group of the system's owner to print.
fn is_open_to_a_group(mode: u32, group: u32) -> bool {
    mode & 0o060 == 0o060 && group != 0
}

/// True when some process holds a lock on the device, as our ports and most serial programs do.
fn is_locked(proc: &Path, path: &Path) -> bool {
    let (Ok(found), Ok(locks)) = (fs::metadata(path), fs::read_to_string(proc.join("locks"))) else {
        return false;
    };
    // A line ends in `... MAJOR:MINOR:INODE START END`, device numbers in hexadecimal; the inode is enough beside the device.
    let device = format!("{:02x}:{:02x}:{}", major(found.dev()), minor(found.dev()), found.ino());
    locks.lines().any(|line| line.split_whitespace().any(|field| field == device))
}

fn major(device: u64) -> u64 {
    (device >> 8) & 0xFFF
}

fn minor(device: u64) -> u64 {
    (device & 0xFF) | ((device >> 12) & 0xF_FF00)
}

/// True when some process that this user may look into has the device open. One of another user is not seen; opening the
/// device then says that it is busy.
fn is_held(proc: &Path, path: &Path) -> bool {
    let processes = fs::read_dir(proc).into_iter().flatten().filter_map(Result::ok);
    processes
        .filter(|process| process.file_name().to_string_lossy().bytes().all(|letter| letter.is_ascii_digit()))
        .flat_map(|process| fs::read_dir(process.path().join("fd")).into_iter().flatten().filter_map(Result::ok))
        .any(|file| fs::read_link(file.path()).is_ok_and(|opened| opened == path))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files in the shape of sysfs, devfs and procfs.
    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new() -> Self {
            Machine(tempfile::tempdir().expect("folder"))
        }

        fn path(&self, inside: &str) -> PathBuf {
            self.0.path().join(inside)
        }

        fn write(&self, inside: &str, text: &str) -> PathBuf {
            let path = self.path(inside);
            fs::create_dir_all(path.parent().expect("parent")).expect("folder");
            fs::write(&path, text).expect("file");
            path
        }

        fn link(&self, target: &Path, inside: &str) {
            let path = self.path(inside);
            fs::create_dir_all(path.parent().expect("parent")).expect("folder");
            std::os::unix::fs::symlink(target, path).expect("link");
        }

        /// A device with one interface, in a socket of bus 1.
        fn plug_in(&self, socket: &str, vendor: &str, maker: &str, class: &str, serial: &str) {
            let devices = "sys/bus/usb/devices";
            let (_, number) = socket.split_once('-').expect("a socket is BUS-NUMBER");
            for (name, text) in [
                ("idVendor", vendor),
                ("idProduct", "0202"),
                ("manufacturer", maker),
                ("busnum", "1"),
                ("devnum", number),
                ("serial", serial),
            ] {
                if !text.is_empty() {
                    self.write(&format!("{devices}/{socket}/{name}"), &format!("{text}\n"));
                }
            }
            self.write(&format!("{devices}/{socket}:1.0/bInterfaceClass"), &format!("{class}\n"));
            self.write(&format!("{devices}/{socket}:1.0/bInterfaceNumber"), "00\n");
            self.write(&format!("dev/bus/usb/001/{number:0>3}"), "");
        }

        /// usblp takes the device and shows it as `/dev/usb/lpN`.
        fn take(&self, socket: &str, number: usize) -> PathBuf {
            self.write(&format!("sys/bus/usb/devices/{socket}:1.0/usbmisc/lp{number}/dev"), "180:0\n");
            self.write(&format!("dev/usb/lp{number}"), "")
        }

        fn look(&self) -> Vec<(String, String, Option<Missing>)> {
            let [sys, dev, proc] = ["sys", "dev", "proc"].map(|folder| self.path(folder));
            let found = each_once(usb_devices(&System { sys: &sys, dev: &dev, proc: &proc }));
            found.into_iter().map(|printer| (printer.selector.to_string(), printer.name, printer.missing)).collect()
        }
    }

    fn row(selector: &str, name: &str, missing: Option<Missing>) -> (String, String, Option<Missing>) {
        (selector.to_owned(), name.to_owned(), missing)
    }

    #[test]
    fn usb_printers_are_named_and_a_mouse_is_none() {
        let machine = Machine::new();
        machine.plug_in("1-1", "04b8", "EPSON", "07", "");
        machine.take("1-1", 0);
        machine.plug_in("1-2", "0519", "Star", "07", "");
        machine.plug_in("1-3", "046d", "Logitech", "03", "");
        let stray = machine.write("dev/usb/lp7", "").display().to_string();
        assert_eq!(
            machine.look(),
            [
                row("usb:04b8:0202", "EPSON", None),
                // Nobody has it, and the device itself is ours to open.
                row("usb:0519:0202", "Star", None),
                row(&format!("file:{stray}"), &stray, None),
            ]
        );
    }

    #[test]
    fn what_is_missing_is_said() {
        let machine = Machine::new();
        machine.plug_in("1-1", "0001", "without a file", "07", "");
        fs::remove_file(machine.path("dev/bus/usb/001/001")).expect("removed");
        machine.plug_in("1-2", "0002", "taken by a program", "07", "");
        machine.link(Path::new("../../drivers/usbfs"), "sys/bus/usb/devices/1-2:1.0/driver");
        machine.plug_in("1-3", "0003", "open in a program", "07", "");
        let node = machine.take("1-3", 0);
        machine.link(&node, "proc/4711/fd/3");
        machine.plug_in("1-4", "0004", "locked", "07", "");
        let node = fs::metadata(machine.take("1-4", 1)).expect("there");
        let device = format!("{:02x}:{:02x}:{}", major(node.dev()), minor(node.dev()), node.ino());
        machine.write("proc/locks", &format!("1: FLOCK  ADVISORY  WRITE 4711 {device} 0 EOF\n"));
        assert_eq!(
            machine.look(),
            [
                row("usb:0001:0202", "without a file", Some(Missing::Driver)),
                row("usb:0002:0202", "taken by a program", Some(Missing::Busy)),
                row("usb:0003:0202", "open in a program", Some(Missing::Busy)),
                row("usb:0004:0202", "locked", Some(Missing::Busy)),
            ]
        );
    }

    #[test]
    fn twins_are_told_apart_by_their_serial_numbers_where_they_have_different_ones() {
        let machine = Machine::new();
        machine.plug_in("1-1", "04b8", "one", "07", "J5GF001");
        machine.plug_in("1-2", "04b8", "other", "07", "J5GF002");
        machine.plug_in("1-3", "0519", "alone", "07", "S1");
        machine.plug_in("1-4", "0416", "copy", "07", "00000000");
        machine.plug_in("1-5", "0416", "copy of the copy", "07", "00000000");
        let selectors: Vec<String> = machine.look().into_iter().map(|(selector, _, _)| selector).collect();
        assert_eq!(selectors, ["usb:04b8:0202:J5GF001", "usb:04b8:0202:J5GF002", "usb:0519:0202", "usb:0416:0202"]);
    }

    #[test]
    fn membership_and_rule_are_told_apart() {
        let lp = 7;
        assert!(is_open_to_a_group(0o660, lp));
        assert!(is_open_to_a_group(0o664, lp));
        assert!(!is_open_to_a_group(0o664, 0), "root's group is for root");
        assert!(!is_open_to_a_group(0o640, lp), "reading alone does not print");
    }

    #[test]
    fn a_network_printer_of_the_spooler_is_offered_directly_as_well() {
        let printer = |name: &str, destination: &str, state| SpooledPrinter {
            name: name.to_owned(),
            destination: destination.to_owned(),
            state,
        };
        let found = spooled(&[
            printer("Slips", "socket://192.0.2.7:9101/?waitof=false", SpoolerState::Running),
            printer("Hall", "socket://printer.example", SpoolerState::Running),
            printer("Desk", "usb://EPSON/TM-T20III", SpoolerState::Paused),
        ]);
        let summary: Vec<(String, DeviceKind, Option<Missing>)> =
            found.into_iter().map(|printer| (printer.selector.to_string(), printer.kind, printer.missing)).collect();
        assert_eq!(
            summary,
            [
                ("tcp:192.0.2.7:9101".to_owned(), DeviceKind::Network, None),
                ("tcp:printer.example:9100".to_owned(), DeviceKind::Network, None),
                ("spool:Slips".to_owned(), DeviceKind::Spooler, None),
                ("spool:Hall".to_owned(), DeviceKind::Spooler, None),
                ("spool:Desk".to_owned(), DeviceKind::Spooler, Some(Missing::Resumption)),
            ]
        );
    }

    #[test]
    fn a_machine_without_usb_has_no_usb_printer() {
        assert_eq!(Machine::new().look(), []);
    }

    #[test]
    fn what_is_found_on_this_machine_can_be_put_into_settings() {
        for printer in discover() {
            assert_eq!(printer.selector.to_string().parse(), Ok(printer.selector.clone()), "{printer:?}");
            assert!(!printer.name.is_empty());
        }
    }

    #[test]
    fn a_device_that_is_locked_or_open_on_this_machine_is_busy() {
        let machine = Machine::new();
        let system = System { sys: Path::new("/sys"), dev: Path::new("/dev"), proc: Path::new("/proc") };
        let path = fs::canonicalize(machine.write("device", "")).expect("path");
        assert_eq!(missing_for(&system, &path), None);
        let file = fs::File::open(&path).expect("opened");
        assert!(is_held(system.proc, &path) && !is_locked(system.proc, &path));
        rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).expect("lock");
        assert!(is_locked(system.proc, &path));
        assert_eq!(missing_for(&system, &path), Some(Missing::Busy));
    }
}
