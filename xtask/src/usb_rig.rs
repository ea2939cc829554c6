//! Unpacks a Debian kernel for the machine in which USB is tested: its image, and the modules in the order in which they load.
//!
//! The package is downloaded and never installed: this machine's own kernel, its boot loader and its modules stay as they are.
//! Whatever goes wrong here costs the USB tests, which then say that they were skipped, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::setup;
use crate::shell::{self, say};

/// The package that always depends on Debian's newest kernel. The small one for clouds has no USB.
const NEWEST: &str = "linux-image-amd64";

/// What the machine loads, in this order and with what each needs: first the files of this machine, then both ends of USB.
const MODULES: [&str; 8] =
    ["virtio_pci", "9pnet_virtio", "9p", "configfs", "dummy_hcd", "libcomposite", "usb_f_printer", "usblp"];

/// Whether a kernel can be had for a machine that runs the programs of this one.
pub fn is_possible() -> bool {
    let debian = |text: String| text.lines().any(|line| matches!(line.trim(), "ID=debian" | "ID=\"debian\""));
    std::env::consts::ARCH == "x86_64" && fs::read_to_string("/etc/os-release").is_ok_and(debian)
}

/// Unpacks the kernel unless it is there.
pub fn ensure_kernel() {
    let unpacked = match folder() {
        Ok(folder) if folder.join("vmlinuz").is_file() => Ok(()),
        Ok(folder) => unpack_into(&folder),
        Err(error) => Err(error),
    };
    if let Err(error) = unpacked {
        say(&format!("there is no kernel for the USB tests, so they will be skipped: {error:#}"));
    }
}

/// Where the tests look for it: beside the folder that cargo gives them.
fn folder() -> Result<PathBuf> {
    if let Some(target) = std::env::var_os("CARGO_TARGET_DIR") {
        return Ok(shell::root().join(target).join("usb-rig"));
    }
    let program = std::env::current_exe().context("this program does not know where it is")?;
    // Cargo marks the folder in which it builds as one that nobody needs to back up.
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    Ok(target.map_or_else(|| shell::root().join("target"), Path::to_path_buf).join("usb-rig"))
}

fn unpack_into(rig: &Path) -> Result<()> {
    let package = newest_kernel().or_else(|_| {
        setup::renew_package_lists();
        newest_kernel()
    })?;
    say(&format!("unpacking {package} for the machine in which USB is tested, once"));
    let scratch = rig.with_extension("new");
    if scratch.exists() {
        fs::remove_dir_all(&scratch).with_context(|| format!("removing {}", scratch.display()))?;
    }
    let (files, made) = (scratch.join("files"), scratch.join("made"));
    fs::create_dir_all(made.join("modules")).with_context(|| format!("making {}", made.display()))?;
    let mut download = shell::command("apt-get");
    shell::run(download.args(["download", "-q", &package]).current_dir(&scratch))?;
    let archive = only_file(&scratch, |name| name.ends_with(".deb"))?;
    shell::run(shell::command("dpkg-deb").arg("--extract").arg(&archive).arg(&files))?;
    let image = only_file(&files.join("boot"), |name| name.starts_with("vmlinuz-"))?;
    let version = image.file_name().and_then(|name| name.to_str()?.strip_prefix("vmlinuz-")).context("no version")?;
    // The list of what needs what is made when the package is installed, which it never is.
    shell::run(shell::command(administration("depmod")).arg("--basedir").arg(&files).arg(version))?;
    for (place, module) in modules(&files, version)?.iter().enumerate() {
        let name = module.file_name().and_then(|name| name.to_str()).context("a module without a name")?;
        fs::copy(module, made.join(format!("modules/{:02}-{name}", place + 1)))
            .with_context(|| format!("copying {}", module.display()))?;
    }
    fs::copy(&image, made.join("vmlinuz")).with_context(|| format!("copying {}", image.display()))?;
    if rig.exists() {
        fs::remove_dir_all(rig).with_context(|| format!("removing {}", rig.display()))?;
    }
    fs::rename(&made, rig).with_context(|| format!("making {}", rig.display()))?;
    fs::remove_dir_all(&scratch).with_context(|| format!("removing {}", scratch.display()))
}

/// The kernel's own package, which the name of the newest one stands for.
fn newest_kernel() -> Result<String> {
    let depends = shell::quietly(shell::command("apt-cache").args(["depends", NEWEST]))?;
    depends
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends:"))
        .map(str::trim)
        .find(|name| name.starts_with("linux-image-"))
        .map(str::to_owned)
        .with_context(|| format!("{NEWEST} depends on no kernel"))
}

/// The files of all modules, each after those that it needs.
fn modules(files: &Path, version: &str) -> Result<Vec<PathBuf>> {
    let mut order: Vec<PathBuf> = vec![];
    for name in MODULES {
        let mut command = shell::command(administration("modprobe"));
        // This machine's own settings say nothing about another kernel's modules.
        command.args(["--config", "/dev/null", "--show-depends", "--set-version", version, "--dirname"]).arg(files);
        let said = shell::quietly(command.arg(name))?;
        let needed =
            said.lines().filter_map(|line| line.strip_prefix("insmod ")).map(|path| PathBuf::from(path.trim()));
        for module in needed {
            if !order.contains(&module) {
                order.push(module);
            }
        }
    }
    match order.iter().find(|module| module.extension().is_none_or(|extension| extension != "ko")) {
        Some(packed) => bail!("{} is packed", packed.display()),
        None => Ok(order),
    }
}

/// Programs of administrators are not on everybody's PATH.
fn administration(name: &str) -> PathBuf {
    shell::find_program(name).unwrap_or_else(|| Path::new("/usr/sbin").join(name))
}

fn only_file(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(&wanted))
        .with_context(|| format!("{} has not what was expected in it", folder.display()))
}
