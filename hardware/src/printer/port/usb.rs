//! USB printers as Linux's usblp driver shows them: from vendor and product number to `/dev/usb/lpN`, through sysfs.
//!
//! Only reads sysfs. A machine without USB has no such folder, which simply means that there is no USB printer.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Port, file};
use crate::printer::fault::PortError;

/// Device class 7 of the USB standard: printers.
const PRINTER_CLASS: &str = "07";

/// A USB device with a printer interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsbPrinter {
    pub(crate) vendor: u16,
    pub(crate) product: u16,
    /// What the device calls itself, or an empty text.
    pub(crate) name: String,
    /// The device file, when the usblp driver has taken the interface.
    pub(crate) device: Option<PathBuf>,
}

pub(super) fn open(vendor: u16, product: u16) -> Result<Box<dyn Port>, PortError> {
    let target = format!("usb:{vendor:04x}:{product:04x}");
    let found = usb_printers(Path::new("/sys"), Path::new("/dev"));
    let same = |printer: &&UsbPrinter| printer.vendor == vendor && printer.product == product;
    match found.iter().find(same) {
        Some(UsbPrinter { device: Some(path), .. }) => file::open(path),
        Some(UsbPrinter { device: None, .. }) => Err(PortError::DriverMissing { target }),
        None => Err(PortError::Missing { target, cause: None }),
    }
}

/// Every USB printer that sysfs below `sys` knows, with its device file below `dev`.
pub(crate) fn usb_printers(sys: &Path, dev: &Path) -> Vec<UsbPrinter> {
    let Ok(entries) = fs::read_dir(sys.join("bus/usb/devices")) else {
        return Vec::new();
    };
    // Interfaces are the entries with a colon, such as `1-2:1.0`; their device is the part before it.
    let mut interfaces: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    interfaces.sort();
    interfaces.iter().filter_map(|interface| usb_printer(interface, dev)).collect()
}

fn usb_printer(interface: &Path, dev: &Path) -> Option<UsbPrinter> {
    if attribute(interface, "bInterfaceClass")? != PRINTER_CLASS {
        return None;
    }
    let (device, _) = interface.file_name()?.to_str()?.split_once(':')?;
    let device = interface.with_file_name(device);
    let number = |name: &str| attribute(&device, name).and_then(|text| u16::from_str_radix(&text, 16).ok());
    let words = ["manufacturer", "product"].map(|name| attribute(&device, name).unwrap_or_default());
    let node = fs::read_dir(interface.join("usbmisc")).ok().and_then(|mut nodes| nodes.next()?.ok());
    Some(UsbPrinter {
        vendor: number("idVendor")?,
        product: number("idProduct")?,
        name: words.join(" ").trim().to_owned(),
        device: node.map(|node| dev.join("usb").join(node.file_name())),
    })
}

fn attribute(folder: &Path, name: &str) -> Option<String> {
    Some(fs::read_to_string(folder.join(name)).ok()?.trim().to_owned())
}
