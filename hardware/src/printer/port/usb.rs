//! USB printers as Linux shows them in sysfs, and the choice of the way to one: through the printer driver usblp where it has
//! taken the printer, else straight to the endpoints.
//!
//! Reads sysfs and decides; carries no bytes itself. A machine without USB has no such folder, which simply means that there is
//! no USB printer.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Port, file, usb_direct};
use crate::printer::fault::{PortError, PortErrorKind};
use crate::printer::selector::PrinterSelector;

/// Device class 7 of the USB standard: printers.
const PRINTER_CLASS: &str = "07";
/// The class of devices that follow no standard. Some receipt printers are such, and only their owner knows it.
const VENDOR_CLASS: &str = "ff";

/// Who has the printer's interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holder {
    /// Nobody: there is no usblp, or it does not want this device.
    Nobody,
    /// The printer driver, which shows it as this device file.
    PrinterDriver(PathBuf),
    /// A program, past every driver, or a driver that is not for printers.
    SomebodyElse,
}

/// A USB device with a printer interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsbPrinter {
    pub(crate) vendor: u16,
    pub(crate) product: u16,
    /// What the maker wrote into the device to tell it from others of its kind; often missing on cheap ones.
    pub(crate) serial: Option<String>,
    /// What the device calls itself, or an empty text.
    pub(crate) name: String,
    /// The socket that it is in, such as `1-2.3`.
    pub(crate) socket: String,
    /// The number of its printer interface.
    pub(crate) interface: u8,
    /// The device file through which the device can be used without a driver.
    pub(crate) node: PathBuf,
    pub(crate) holder: Holder,
}

pub(super) fn open(vendor: u16, product: u16, serial: Option<&str>) -> Result<Box<dyn Port>, PortError> {
    let selector = PrinterSelector::Usb { vendor, product, serial: serial.map(str::to_owned) };
    let target = selector.to_string();
    let (sys, dev) = (Path::new("/sys"), Path::new("/dev"));
    let named = |printer: &UsbPrinter| {
        let same_kind = printer.vendor == vendor && printer.product == product;
        same_kind && serial.is_none_or(|serial| printer.serial.as_deref() == Some(serial))
    };
    let find = |class: &str| interfaces_of(class, sys, dev).into_iter().find(named);
    match find(PRINTER_CLASS).or_else(|| find(VENDOR_CLASS)) {
        Some(printer) => open_found(&printer, &target),
        None => Err(PortError::Missing { target, cause: None }),
    }
}

fn open_found(printer: &UsbPrinter, target: &str) -> Result<Box<dyn Port>, PortError> {
    match &printer.holder {
        Holder::Nobody => usb_direct::open(printer, target, usb_direct::Claim::Free),
        Holder::PrinterDriver(path) => file::open(path).or_else(|error| match error.kind() {
            // The driver has it, and its device file is not for us; the device itself may be. Whoever takes it from the
            // driver takes it from nobody else: a device file that is in use is busy, and stays with its user.
            PortErrorKind::Missing | PortErrorKind::Permission => {
                usb_direct::open(printer, target, usb_direct::Claim::FromDriver).map_err(|_| error)
            }
            PortErrorKind::Busy
            | PortErrorKind::DriverMissing
            | PortErrorKind::Disconnected
            | PortErrorKind::TimedOut
            | PortErrorKind::Unsupported => Err(error),
        }),
        Holder::SomebodyElse => Err(PortError::Busy { target: target.to_owned() }),
    }
}

/// Every USB printer that sysfs below `sys` knows, with its device files below `dev`, in the order of the sockets.
pub(crate) fn usb_printers(sys: &Path, dev: &Path) -> Vec<UsbPrinter> {
    interfaces_of(PRINTER_CLASS, sys, dev)
}

fn interfaces_of(class: &str, sys: &Path, dev: &Path) -> Vec<UsbPrinter> {
    let Ok(entries) = fs::read_dir(sys.join("bus/usb/devices")) else {
        return Vec::new();
    };
    // Interfaces are the entries with a colon, such as `1-2:1.0`; their device is the part before it.
    let mut interfaces: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    interfaces.sort();
    interfaces.iter().filter_map(|interface| usb_printer(class, interface, dev)).collect()
}

fn usb_printer(class: &str, interface: &Path, dev: &Path) -> Option<UsbPrinter> {
    if attribute(interface, "bInterfaceClass")? != class {
        return None;
    }
    let (socket, _) = interface.file_name()?.to_str()?.split_once(':')?;
    let device = interface.with_file_name(socket);
    let number = |name: &str| attribute(&device, name).and_then(|text| u16::from_str_radix(&text, 16).ok());
    let decimal = |name: &str| attribute(&device, name).and_then(|text| text.parse::<u8>().ok()).unwrap_or_default();
    let words = ["manufacturer", "product"].map(|name| attribute(&device, name).unwrap_or_default());
    Some(UsbPrinter {
        vendor: number("idVendor")?,
        product: number("idProduct")?,
        serial: attribute(&device, "serial").filter(|serial| !serial.is_empty()),
        name: words.join(" ").trim().to_owned(),
        socket: socket.to_owned(),
        interface: attribute(interface, "bInterfaceNumber")
            .and_then(|text| u8::from_str_radix(&text, 16).ok())
            .unwrap_or_default(),
        node: dev.join(format!("bus/usb/{:03}/{:03}", decimal("busnum"), decimal("devnum"))),
        holder: holder_of(interface, dev),
    })
}

fn holder_of(interface: &Path, dev: &Path) -> Holder {
    if let Some(node) = fs::read_dir(interface.join("usbmisc")).ok().and_then(|mut nodes| nodes.next()?.ok()) {
        Holder::PrinterDriver(dev.join("usb").join(node.file_name()))
    } else if fs::symlink_metadata(interface.join("driver")).is_ok() {
        Holder::SomebodyElse
    } else {
        Holder::Nobody
    }
}

fn attribute(folder: &Path, name: &str) -> Option<String> {
    Some(fs::read_to_string(folder.join(name)).ok()?.trim().to_owned())
}
