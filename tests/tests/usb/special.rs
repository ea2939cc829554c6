//! Stories of more than one printer, of the choice between the ways, and of what the list of printers says.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use smartqueue_hardware::printer::{DeviceKind, Missing, discover, open_port};

use crate::LOOK;
use crate::scene::{Scene, Way, assert_printed, code, fast, wait_until};

/// A story's name and the story.
pub const STORIES: [(&str, fn()); 5] = [
    ("twins_are_told_apart_by_their_serial_numbers", twins_are_told_apart_by_their_serial_numbers),
    ("a_printer_is_taken_from_its_driver_and_given_back", a_printer_is_taken_from_its_driver_and_given_back),
    ("the_list_names_who_has_a_printer", the_list_names_who_has_a_printer),
    ("the_list_says_what_a_user_lacks", the_list_says_what_a_user_lacks),
    ("the_rule_of_the_package_opens_a_printer_to_its_group", the_rule_of_the_package_opens_a_printer_to_its_group),
];

/// Nobody's number, and that of the group in which nobody is.
const NOBODY: u32 = 65_534;

fn twins_are_told_apart_by_their_serial_numbers() {
    let left = Scene::plugged(0, fast());
    let right = Scene::plugged(1, fast());
    left.wait_until_ready(Way::Driver);
    right.wait_until_ready(Way::Driver);
    let listed: Vec<String> = usb_found().into_iter().map(|(selector, _)| selector).collect();
    assert_eq!(listed, ["usb:04b8:0202:SQ0000", "usb:04b8:0202:SQ0001"]);
    assert_eq!([left.selector.to_string(), right.selector.to_string()], *listed);
    let (mut to_left, mut to_right) = (left.printer(), right.printer());
    assert_printed(&mut to_right, "B001");
    assert_printed(&mut to_left, "A001");
    assert_printed(&mut to_right, "B002");
    assert_eq!(left.codes(), [code("A001")]);
    assert_eq!(right.codes(), [code("B001"), code("B002")]);
    drop((to_left, left));
    // The other one alone needs no serial number in the settings, and still answers to it.
    wait_until("one printer less", || usb_found().len() == 1);
    assert_printed(&mut to_right, "B003");
}

fn a_printer_is_taken_from_its_driver_and_given_back() {
    let scene = Scene::new(Way::Driver, fast());
    // A container that was given the device itself and not the driver's file.
    fs::remove_file(scene.device_file().expect("the driver has it")).expect("the driver's file");
    let mut printer = scene.printer();
    assert_printed(&mut printer, "A001");
    assert_eq!(scene.holder(), "usbfs");
    assert!(matches!(usb_found().as_slice(), [(_, Some(Missing::Busy))]), "{:?}", usb_found());
    drop(printer);
    wait_until("the driver", || scene.holder() == "usblp");
    assert_printed(&mut scene.printer(), "A002");
    assert_eq!(scene.codes(), [code("A001"), code("A002")]);
}

fn the_list_names_who_has_a_printer() {
    let scene = Scene::new(Way::Driver, fast());
    assert_eq!(usb_found(), [("usb:04b8:0202".to_owned(), None)]);
    let port = open_port(&scene.selector, Duration::from_secs(2)).expect("port");
    assert_eq!(usb_found(), [("usb:04b8:0202".to_owned(), Some(Missing::Busy))]);
    drop(port);
    assert_eq!(usb_found(), [("usb:04b8:0202".to_owned(), None)]);
}

fn the_list_says_what_a_user_lacks() {
    let scene = Scene::new(Way::Driver, fast());
    // As the kernel makes the files, before any rule has looked at them.
    assert_eq!(seen_by_nobody(NOBODY), "usb:04b8:0202 Rule");
    let device = scene.device_file().expect("the driver has it");
    fs::set_permissions(&device, fs::Permissions::from_mode(0o660)).expect("mode");
    std::os::unix::fs::chown(device, None, Some(LP)).expect("group");
    assert_eq!(seen_by_nobody(NOBODY), "usb:04b8:0202 Permission");
    assert_eq!(seen_by_nobody(LP), "usb:04b8:0202 nothing");
}

fn the_rule_of_the_package_opens_a_printer_to_its_group() {
    let rules = "70-smartqueue-printer.rules";
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("src-tauri").join("linux").join(rules);
    fs::create_dir_all("/run/udev/rules.d").expect("folder");
    fs::copy(ours, Path::new("/run/udev/rules.d").join(rules)).expect("rules");
    run(UDEV, &["--daemon"]);
    let scene = Scene::new(Way::Driver, fast());
    run("udevadm", &["settle", "--timeout=20"]);
    let behind_driver = scene.device_file().expect("the driver has it");
    for (file, major) in [(behind_driver.as_path(), 180), (&scene.node(), 189)] {
        let found = fs::metadata(file).expect("its file");
        assert_eq!((found.gid(), found.mode() & 0o777), (LP, 0o660), "{}", file.display());
        // What gives the printer to whoever sits at the screen; the groups alone are the system's own doing.
        let tag = format!("/run/udev/tags/uaccess/c{major}:{}", minor(found.rdev()));
        assert!(Path::new(&tag).exists(), "{tag}");
    }
    assert_eq!(seen_by_nobody(NOBODY), "usb:04b8:0202 Permission");
    assert_eq!(seen_by_nobody(LP), "usb:04b8:0202 nothing");
    run("udevadm", &["control", "--exit"]);
}

/// The part of the system that applies rules; not on anybody's PATH.
pub const UDEV: &str = "/lib/systemd/systemd-udevd";

fn run(program: &str, arguments: &[&str]) {
    // The machine sees our files in a folder of its own, and udev thinks that it is not meant.
    let output = Command::new(program).args(arguments).env("SYSTEMD_IGNORE_CHROOT", "1").output().expect("it starts");
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
}

fn minor(device: u64) -> u64 {
    (device & 0xFF) | ((device >> 12) & 0xF_FF00)
}

/// The group `lp`, whose number is the same on every Debian.
const LP: u32 = 7;

fn usb_found() -> Vec<(String, Option<Missing>)> {
    let found = discover().into_iter().filter(|printer| printer.kind == DeviceKind::Usb);
    found.map(|printer| (printer.selector.to_string(), printer.missing)).collect()
}

/// The list of printers as a user sees it who is in one group only.
///
/// This program lies wherever the builder keeps what it builds, often below a home that is shut to others, and was made with the
/// builder's own mask. Nobody runs a copy in the machine's memory, which is open to everybody.
fn seen_by_nobody(group: u32) -> String {
    let copy = Path::new("/run/look");
    fs::copy(std::env::current_exe().expect("this program"), copy).expect("memory for a copy");
    fs::set_permissions(copy, fs::Permissions::from_mode(0o755)).expect("mode");
    let output = Command::new(copy).arg(LOOK).uid(NOBODY).gid(group).output().expect("it runs");
    fs::remove_file(copy).expect("the copy");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Writes the USB printers and what is missing, one a line.
pub fn look() -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    for (selector, missing) in usb_found() {
        match missing {
            Some(missing) => writeln!(out, "{selector} {missing:?}")?,
            None => writeln!(out, "{selector} nothing")?,
        }
    }
    Ok(ExitCode::SUCCESS)
}
