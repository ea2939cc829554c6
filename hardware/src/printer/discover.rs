//! What printers this machine has, and what is missing to use them. Looks only; sends nothing to any device.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::io::Errno;
use serialport::SerialPortType;

use super::port::{UsbPrinter, usb_printers};
use super::selector::{DEFAULT_BAUD, FlowControl, PrinterSelector};

/// How a found printer is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceKind {
    /// USB, through the system's printer driver.
    Usb,
    /// A serial line. Whether a printer is at its other end, only a test slip tells.
    Serial,
    /// The network.
    Network,
    /// A device file whose maker is unknown.
    File,
    /// A virtual printer.
    Virtual,
}

/// What stands between this user and a device that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Missing {
    /// The right to open it (mostly: not a member of the group `lp` or `dialout`).
    Permission,
    /// Somebody else holds it.
    Busy,
    /// The driver `usblp`.
    Driver,
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

/// Everything on this machine that may be a printer: USB printers first, then serial lines. Never fails; a machine
/// without USB or without serial lines simply has none.
#[must_use]
pub fn discover() -> Vec<FoundPrinter> {
    let (sys, dev) = (Path::new("/sys"), Path::new("/dev"));
    let mut found = usb_devices(sys, dev);
    found.extend(serial_lines(sys, dev));
    found
}

fn usb_devices(sys: &Path, dev: &Path) -> Vec<FoundPrinter> {
    let known = usb_printers(sys, dev);
    let mut found: Vec<FoundPrinter> = known.iter().map(usb_found).collect();
    // Device files without an entry in sysfs: a container that was given the file alone.
    let nodes = fs::read_dir(dev.join("usb")).into_iter().flatten().filter_map(Result::ok).map(|node| node.path());
    let mut nodes: Vec<PathBuf> = nodes
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lp")))
        .filter(|path| !known.iter().any(|printer| printer.device.as_ref() == Some(path)))
        .collect();
    nodes.sort();
    found.extend(nodes.into_iter().map(|path| FoundPrinter {
        name: path.display().to_string(),
        kind: DeviceKind::File,
        missing: access_to(&path),
        selector: PrinterSelector::File { path },
    }));
    found
}

fn usb_found(printer: &UsbPrinter) -> FoundPrinter {
    let selector = PrinterSelector::Usb { vendor: printer.vendor, product: printer.product };
    FoundPrinter {
        name: if printer.name.is_empty() { selector.to_string() } else { printer.name.clone() },
        selector,
        kind: DeviceKind::Usb,
        missing: match &printer.device {
            Some(path) => access_to(path),
            None => Some(Missing::Driver),
        },
    }
}

fn serial_lines(sys: &Path, dev: &Path) -> Vec<FoundPrinter> {
    let stable_names = stable_names(&dev.join("serial/by-id"));
    // An error here means that the system keeps no list of lines; then there are none to offer.
    let lines = serialport::available_ports().unwrap_or_default();
    let mut found: Vec<FoundPrinter> = lines
        .into_iter()
        .filter(|line| !is_empty_socket(sys, Path::new(&line.port_name)))
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
            let missing = access_to(&path);
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

/// Whether this user may use the device, and whether somebody else does. A device is not opened to find out: opening a serial
/// line raises its DTR, which resets some printers in the middle of a slip.
fn access_to(path: &Path) -> Option<Missing> {
    match access(path, Access::READ_OK | Access::WRITE_OK) {
        Err(Errno::BUSY) => Some(Missing::Busy),
        Err(_) => Some(Missing::Permission),
        Ok(()) if is_locked(path) => Some(Missing::Busy),
        Ok(()) => None,
    }
}

/// True when some process holds a lock on the device, as our serial port and most serial programs do.
fn is_locked(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(found), Ok(locks)) = (fs::metadata(path), fs::read_to_string("/proc/locks")) else {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder in the shape of sysfs: `1-1` with a printer that usblp has, `1-2` with one that nobody has, `1-3` a mouse.
    fn machine() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("folder");
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("parent")).expect("folder");
            fs::write(path, text).expect("file");
        };
        let devices = "sys/bus/usb/devices";
        for (device, vendor, product, words, class) in [
            ("1-1", "04b8", "0202", "EPSON", "07"),
            ("1-2", "0519", "0003", "Star", "07"),
            ("1-3", "046d", "c077", "Logitech", "03"),
        ] {
            write(&format!("{devices}/{device}/idVendor"), &format!("{vendor}\n"));
            write(&format!("{devices}/{device}/idProduct"), &format!("{product}\n"));
            write(&format!("{devices}/{device}/manufacturer"), &format!("{words}\n"));
            write(&format!("{devices}/{device}:1.0/bInterfaceClass"), &format!("{class}\n"));
        }
        write(&format!("{devices}/1-1:1.0/usbmisc/lp0/dev"), "180:0\n");
        write("dev/usb/lp0", "");
        write("dev/usb/lp7", "");
        root
    }

    #[test]
    fn usb_printers_are_named_and_what_is_missing_is_said() {
        let root = machine();
        let found = usb_devices(&root.path().join("sys"), &root.path().join("dev"));
        let summary: Vec<(String, &str, Option<Missing>)> = found
            .iter()
            .map(|printer| (printer.selector.to_string(), printer.name.as_str(), printer.missing))
            .collect();
        let stray = root.path().join("dev/usb/lp7").display().to_string();
        assert_eq!(
            summary,
            [
                ("usb:04b8:0202".to_owned(), "EPSON", None),
                ("usb:0519:0003".to_owned(), "Star", Some(Missing::Driver)),
                (format!("file:{stray}"), stray.as_str(), None),
            ]
        );
    }

    #[test]
    fn a_machine_without_usb_has_no_usb_printer() {
        let root = tempfile::tempdir().expect("folder");
        assert_eq!(usb_devices(root.path(), root.path()), []);
    }

    #[test]
    fn what_is_found_on_this_machine_can_be_put_into_settings() {
        for printer in discover() {
            assert_eq!(printer.selector.to_string().parse(), Ok(printer.selector.clone()), "{printer:?}");
            assert!(!printer.name.is_empty());
        }
    }

    #[test]
    fn a_device_that_is_locked_is_busy() {
        let file = tempfile::NamedTempFile::new().expect("file");
        assert_eq!(access_to(file.path()), None);
        rustix::fs::flock(file.as_file(), rustix::fs::FlockOperation::LockExclusive).expect("lock");
        assert_eq!(access_to(file.path()), Some(Missing::Busy));
    }
}
