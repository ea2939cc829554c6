//! A printer that is plugged in, seen from both ends, and what stories do with it. Runs inside the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use smartqueue_hardware::printer::{PrintOutcome, PrintReport, Printer, PrinterSelector};
use smartqueue_hardware::slip::{PaperWidth, PrinterProfile, Slip};
use smartqueue_hardware::virtual_printer::{VirtualPrinter, VirtualPrinterOptions};

/// Long enough for the slowest machine; nothing waits for it unless it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How the host's driver reaches the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Through the kernel's printer driver.
    Driver,
    /// Through the endpoints, because nobody has the printer.
    Direct,
}

impl Way {
    pub const ALL: [Way; 2] = [Way::Driver, Way::Direct];

    pub fn name(self) -> &'static str {
        match self {
            Way::Driver => "through_usblp",
            Way::Direct => "without_driver",
        }
    }

    /// The way of that name.
    pub fn named(name: &str) -> Option<Way> {
        Way::ALL.into_iter().find(|way| way.name() == name)
    }

    /// Prepares the machine for this way.
    pub fn prepare(self) {
        let loaded = Path::new("/sys/module/usblp").exists();
        match self {
            Way::Driver if !loaded => load_driver(),
            Way::Direct if loaded => busybox(&["rmmod", "usblp"]),
            Way::Driver | Way::Direct => {}
        }
    }

    /// What sysfs calls the driver of a printer that is open this way.
    pub fn holder(self) -> &'static str {
        match self {
            Way::Driver => "usblp",
            Way::Direct => "usbfs",
        }
    }
}

fn load_driver() {
    let modules = fs::read_dir("/run/modules").expect("the modules are shown here");
    let names = modules.filter_map(Result::ok).map(|module| module.path());
    let driver = names.into_iter().find(|path| path.to_string_lossy().ends_with("-usblp.ko")).expect("usblp is there");
    busybox(&["insmod", &driver.to_string_lossy()]);
}

fn busybox(arguments: &[&str]) {
    let status = Command::new("busybox").args(arguments).status().expect("busybox starts");
    assert!(status.success(), "busybox {arguments:?}: {status}");
}

/// A socket of the host, as sysfs names it.
pub struct Socket(String);

impl Socket {
    /// The socket into which the printer of that number is plugged: each is alone on its bus.
    pub fn of(number: usize) -> Socket {
        Socket(format!("{}-1", number + 1))
    }

    pub fn wait_until_ready(&self, way: Way) {
        match way {
            Way::Driver => wait_until("usblp", || self.device_file().is_some_and(|path| path.exists())),
            Way::Direct => wait_until("the printer's interface", || self.interface().exists()),
        }
    }

    fn interface(&self) -> PathBuf {
        Path::new("/sys/bus/usb/devices").join(format!("{}:1.0", self.0))
    }

    fn device_file(&self) -> Option<PathBuf> {
        let node = fs::read_dir(self.interface().join("usbmisc")).ok()?.next()?.ok()?;
        Some(Path::new("/dev/usb").join(node.file_name()))
    }
}

/// A printer that is plugged in.
pub struct Scene {
    pub tray: VirtualPrinter,
    pub selector: PrinterSelector,
    socket: Socket,
}

impl Scene {
    /// A printer in the first socket, greeted by the host and ready on its way.
    pub fn new(way: Way, options: VirtualPrinterOptions) -> Scene {
        let mut scene = Scene::plugged(0, options);
        // As it stands in the settings of a machine with one printer.
        scene.selector = "usb:04b8:0202".parse().expect("selector");
        scene.wait_until_ready(way);
        scene
    }

    /// A printer in the socket of that number, the lowest that is free; not waited for. Its selector has its serial number.
    pub fn plugged(number: usize, options: VirtualPrinterOptions) -> Scene {
        let tray = VirtualPrinter::start_gadget(options).expect("virtual printer");
        let selector = tray.selector();
        Scene { tray, selector, socket: Socket::of(number) }
    }

    pub fn wait_until_ready(&self, way: Way) {
        self.socket.wait_until_ready(way);
    }

    /// The driver's file for the printer, once the driver has it.
    pub fn device_file(&self) -> Option<PathBuf> {
        self.socket.device_file()
    }

    /// The file through which it can be used without a driver.
    pub fn node(&self) -> PathBuf {
        let device = Path::new("/sys/bus/usb/devices").join(&self.socket.0);
        let number = |name: &str| -> u8 {
            fs::read_to_string(device.join(name)).expect("sysfs knows it").trim().parse().expect("a number")
        };
        PathBuf::from(format!("/dev/bus/usb/{:03}/{:03}", number("busnum"), number("devnum")))
    }

    /// What sysfs calls the driver of the printer's interface; nothing while nobody has it.
    pub fn holder(&self) -> String {
        let driver = fs::read_link(self.socket.interface().join("driver")).unwrap_or_default();
        driver.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    pub fn is_seen(&self) -> bool {
        self.socket.interface().exists()
    }

    pub fn printer(&self) -> Printer {
        Printer::new(self.selector.clone(), PrinterProfile::epson_tm(PaperWidth::Mm80))
    }

    /// What the QR codes on the papers in the tray say; a code stands near the end of a slip.
    pub fn codes(&self) -> Vec<String> {
        self.tray.slips().into_iter().flat_map(|slip| slip.codes).collect()
    }

    /// The last paper in the tray carries this number, whole, and nothing of another slip.
    pub fn assert_last_paper_is(&self, number: &str) {
        let last = self.tray.slips().pop().expect("a slip");
        assert_eq!(last.lines, ["Hôpital — Accueil", number]);
        assert_eq!(last.codes, [code(number)]);
    }
}

pub fn fast() -> VirtualPrinterOptions {
    VirtualPrinterOptions { speed_mm_s: 3000.0, ..VirtualPrinterOptions::default() }
}

pub fn code(number: &str) -> String {
    format!("https://q.example/{number}")
}

pub fn slip(number: &str) -> Slip {
    Slip::new().text("Hôpital — Accueil").big_number(number, 6).qr(&code(number), 5).cut()
}

pub fn print(printer: &mut Printer, number: &str) -> PrintReport {
    printer.print(&slip(number), &mut |_| {})
}

pub fn assert_printed(printer: &mut Printer, number: &str) -> PrintReport {
    let report = print(printer, number);
    assert!(matches!(report.outcome, PrintOutcome::Printed(_)), "{number}: {report:?}");
    report
}

pub fn wait_until(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < end, "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}
