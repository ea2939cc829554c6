//! The printer's end of a USB cable: on a Linux machine with a USB device port (or `dummy_hcd`, which has both ends), the kernel
//! makes a printer out of folders and files. Knows no command and carries no byte: those travel through the device file.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::printer::PrinterSelector;

/// Where the kernel takes gadgets apart and puts them together.
const GADGETS: &str = "/sys/kernel/config/usb_gadget";
/// Where it lists the device ports.
const CONTROLLERS: &str = "/sys/class/udc";
/// How many printers the kernel can be.
const MOST: usize = 4;
/// The numbers under which hosts know Epson's receipt printers.
const VENDOR: u16 = 0x04b8;
const PRODUCT: u16 = 0x0202;

/// A printer gadget and its cable; pulled and taken apart when it goes.
pub(super) struct Gadget {
    folder: PathBuf,
    controller: String,
    number: usize,
    /// Locked as long as the gadget lives: one that nobody locks was left behind.
    _alive: File,
}

impl Gadget {
    /// Puts together the first printer that this machine is not yet, for the device port of the same number.
    pub(super) fn assemble() -> io::Result<Gadget> {
        let gadgets = File::open(GADGETS)?;
        // The kernel numbers its device files by itself, lowest first: nobody else may start one at the same time.
        flock(&gadgets, FlockOperation::LockExclusive)?;
        let controllers = entries(Path::new(CONTROLLERS))?;
        for (number, controller) in controllers.into_iter().take(MOST).enumerate() {
            let folder = Path::new(GADGETS).join(format!("smartqueue-printer{number}"));
            match fs::create_dir(&folder) {
                Ok(()) => {}
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(cause),
            }
            let alive = File::open(&folder)?;
            if flock(&alive, FlockOperation::NonBlockingLockExclusive).is_err() {
                continue;
            }
            let gadget = Gadget { folder, controller, number, _alive: alive };
            gadget.take_apart();
            gadget.put_together()?;
            return Ok(gadget);
        }
        Err(io::Error::new(io::ErrorKind::NotFound, "no free USB device port"))
    }

    fn put_together(&self) -> io::Result<()> {
        let function = format!("functions/printer.{}", self.number);
        for inside in ["strings/0x409", "configs/c.1/strings/0x409", function.as_str()] {
            fs::create_dir_all(self.folder.join(inside))?;
        }
        let files = [
            ("idVendor", format!("{VENDOR:#06x}")),
            ("idProduct", format!("{PRODUCT:#06x}")),
            ("strings/0x409/manufacturer", "SmartQueue".to_owned()),
            ("strings/0x409/product", "virtual printer".to_owned()),
            ("strings/0x409/serialnumber", self.serial()),
            ("configs/c.1/strings/0x409/configuration", "printer".to_owned()),
        ];
        for (name, text) in files {
            fs::write(self.folder.join(name), text)?;
        }
        let identity = "MFG:SmartQueue;CMD:ESC/POS;MDL:virtual printer;CLS:PRINTER;";
        fs::write(self.folder.join(&function).join("pnp_string"), identity)?;
        // One request in each direction: the kernel holds little more of the host's bytes than the printer does.
        fs::write(self.folder.join(&function).join("q_len"), "1")?;
        symlink(self.folder.join(&function), self.folder.join("configs/c.1/printer"))
    }

    /// Takes apart what is there of it; the folder itself stays.
    fn take_apart(&self) {
        // Each step fails where there is nothing to take apart.
        drop(self.unplug());
        drop(fs::remove_file(self.folder.join("configs/c.1/printer")));
        for function in entries(&self.folder.join("functions")).unwrap_or_default() {
            drop(fs::remove_dir(self.folder.join("functions").join(function)));
        }
        for inside in ["configs/c.1/strings/0x409", "configs/c.1", "strings/0x409"] {
            drop(fs::remove_dir(self.folder.join(inside)));
        }
    }

    fn serial(&self) -> String {
        format!("SQ{:04}", self.number)
    }

    /// The file behind which the printer is, as long as the cable is in.
    pub(super) fn device(&self) -> PathBuf {
        PathBuf::from(format!("/dev/g_printer{}", self.number))
    }

    /// How the host at the other end reaches it.
    pub(super) fn selector(&self) -> PrinterSelector {
        PrinterSelector::Usb { vendor: VENDOR, product: PRODUCT, serial: Some(self.serial()) }
    }

    /// Plugs the cable in; one that is in stays in.
    pub(super) fn plug(&self) -> io::Result<()> {
        if self.is_plugged()? { Ok(()) } else { fs::write(self.socket(), &self.controller) }
    }

    /// Pulls the cable; one that is out stays out.
    pub(super) fn unplug(&self) -> io::Result<()> {
        if self.is_plugged()? { fs::write(self.socket(), "\n") } else { Ok(()) }
    }

    fn is_plugged(&self) -> io::Result<bool> {
        Ok(!fs::read_to_string(self.socket())?.trim().is_empty())
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("UDC")
    }
}

impl Drop for Gadget {
    fn drop(&mut self) {
        self.take_apart();
        drop(fs::remove_dir(&self.folder));
    }
}

/// The names in a folder, in their order.
fn entries(folder: &Path) -> io::Result<BTreeSet<String>> {
    let names = fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.file_name());
    Ok(names.map(|name| name.to_string_lossy().into_owned()).collect())
}
