//! Installs what is missing, and nothing twice: system packages, npm packages, and tools that cargo can build.
//!
//! What is missing depends on what is to be done: a demo without windows wants no browser engine and no browser. A run
//! that finds everything costs a fraction of a second. It never removes or upgrades anything.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::shell::{self, say};
use crate::usb_rig;

/// What a task needs from the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To compile the server, the station and the virtual printer.
    Compile,
    /// To compile the app, and to open its window.
    Window,
    /// To run the app on a screen that is not there, and to drive it.
    Drive,
    /// To look at what is on that screen: pictures, windows, pointer, fonts for every language.
    Look,
    /// To run the faces in a browser.
    Browser,
    /// To play sound without a sound card, and to hear what was played.
    Sound,
    /// To tell the server's stories on PostgreSQL, on a cluster of the tests' own.
    Database,
    /// To test USB in a machine of its own, with a kernel for it.
    Usb,
    /// The npm packages of `ui`.
    Npm,
    /// cargo-deny, which checks licences, sources and known holes of the dependencies.
    Deny,
    /// tauri-driver, through which tests drive the app.
    Driver,
}

/// Every need: what `cargo xtask setup` installs when it is asked for nothing in particular.
pub const EVERYTHING: [Need; 11] = [
    Need::Compile,
    Need::Window,
    Need::Drive,
    Need::Look,
    Need::Browser,
    Need::Sound,
    Need::Database,
    Need::Usb,
    Need::Npm,
    Need::Deny,
    Need::Driver,
];

/// A package of the system, named as Debian and Ubuntu name it.
struct Package {
    name: &'static str,
    /// Programs each of which makes the package unnecessary.
    instead: &'static [&'static str],
    /// Its name on Ubuntu, where it differs.
    on_ubuntu: Option<&'static str>,
}

impl Package {
    const fn named(name: &'static str) -> Self {
        Self { name, instead: &[], on_ubuntu: None }
    }
}

const COMPILE: &[Package] = &[Package::named("pkg-config"), Package::named("libasound2-dev")];
const WINDOW: &[Package] = &[Package::named("libwebkit2gtk-4.1-dev")];
const DRIVE: &[Package] =
    &[Package::named("xvfb"), Package::named("webkit2gtk-driver"), Package::named("openbox"), Package::named("socat")];
const LOOK: &[Package] = &[
    Package::named("imagemagick"),
    Package::named("x11-utils"),
    Package::named("xdotool"),
    Package::named("fonts-noto-core"),
];
const BROWSER: &[Package] = &[Package {
    name: "chromium",
    instead: &["chromium", "chromium-browser", "google-chrome"],
    on_ubuntu: Some("chromium-browser"),
}];
const SOUND: &[Package] = &[
    Package::named("pulseaudio"),
    Package::named("pulseaudio-utils"),
    Package::named("sox"),
    Package::named("espeak-ng"),
];

const DATABASE: &[Package] = &[
    Package { name: "postgresql", instead: &["initdb"], on_ubuntu: None },
    Package { name: "nats-server", instead: &["nats-server"], on_ubuntu: None },
];

const USB: &[Package] = &[
    Package::named("qemu-system-x86"),
    Package::named("busybox-static"),
    Package::named("cpio"),
    Package::named("kmod"),
    Package::named("udev"),
];

impl Need {
    /// Why it is installed, for whoever watches.
    const fn reason(self) -> &'static str {
        match self {
            Self::Compile => "to compile the server, the station and the printer",
            Self::Window => "to compile the app and open its window",
            Self::Drive => "to run and drive the app without a screen",
            Self::Look => "to look at what the app shows",
            Self::Browser => "to run the faces in a browser",
            Self::Sound => "to play and hear sound without a sound card",
            Self::Database => "to test servers on PostgreSQL, with NATS between them",
            Self::Usb => "to test USB in a machine of its own",
            Self::Npm => "to build and check the faces",
            Self::Deny => "to check licences, sources and known holes of the dependencies",
            Self::Driver => "to drive the app in tests",
        }
    }

    const fn packages(self) -> &'static [Package] {
        match self {
            Self::Compile => COMPILE,
            Self::Window => WINDOW,
            Self::Drive => DRIVE,
            Self::Look => LOOK,
            Self::Browser => BROWSER,
            Self::Sound => SOUND,
            Self::Database => DATABASE,
            Self::Usb => USB,
            Self::Npm | Self::Deny | Self::Driver => &[],
        }
    }

    /// The tool that cargo builds for this need: its package, its version when only one will do, and its program.
    const fn tool(self) -> Option<Tool> {
        match self {
            Self::Deny => Some(Tool { package: "cargo-deny", version: None, duration: "several minutes" }),
            Self::Driver => Some(Tool { package: "tauri-driver", version: Some("2.1.0"), duration: "half a minute" }),
            Self::Compile
            | Self::Window
            | Self::Drive
            | Self::Look
            | Self::Browser
            | Self::Sound
            | Self::Database
            | Self::Usb
            | Self::Npm => None,
        }
    }
}

struct Tool {
    package: &'static str,
    version: Option<&'static str>,
    duration: &'static str,
}

/// Installs what is missing of `needs`.
pub fn ensure(needs: &[Need]) -> Result<()> {
    // Where there is no kernel for it, the programs around it would be of no use either.
    let needs: Vec<Need> = needs.iter().copied().filter(|need| *need != Need::Usb || usb_rig::is_possible()).collect();
    ensure_packages(&needs)?;
    if needs.contains(&Need::Usb) {
        usb_rig::ensure_kernel();
    }
    if needs.contains(&Need::Npm) {
        ensure_npm()?;
    }
    for tool in needs.iter().filter_map(|need| Some((need, need.tool()?))) {
        let (need, tool) = tool;
        ensure_tool(&tool, need.reason())?;
    }
    Ok(())
}

fn ensure_packages(needs: &[Need]) -> Result<()> {
    let wanted: Vec<(Need, &Package)> =
        needs.iter().flat_map(|need| need.packages().iter().map(|package| (*need, package))).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    if shell::find_program("dpkg-query").is_none() {
        let names: Vec<&str> = wanted.iter().map(|(_, package)| package.name).collect();
        say(&format!("this is neither Debian nor Ubuntu: going on as if these were installed: {}", names.join(" ")));
        return Ok(());
    }
    let ubuntu = std::fs::read_to_string("/etc/os-release").is_ok_and(|text| is_ubuntu(&text));
    let name_of = |package: &Package| {
        if ubuntu { package.on_ubuntu.unwrap_or(package.name) } else { package.name }
    };
    let installed = installed_packages(&wanted.iter().map(|(_, package)| name_of(package)).collect::<Vec<_>>())?;
    let missing: Vec<(Need, &str)> = wanted
        .into_iter()
        .filter(|(_, package)| !package.instead.iter().any(|program| shell::find_program(program).is_some()))
        .map(|(need, package)| (need, name_of(package)))
        .filter(|(_, name)| !installed.iter().any(|have| have == name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    for need in needs {
        let names: Vec<&str> = missing.iter().filter(|(of, _)| of == need).map(|(_, name)| *name).collect();
        if !names.is_empty() {
            say(&format!("installing {} ({})", names.join(" "), need.reason()));
        }
    }
    apt_install(&missing.iter().map(|(_, name)| *name).collect::<Vec<_>>())
}

fn is_ubuntu(os_release: &str) -> bool {
    os_release.lines().any(|line| matches!(line.trim(), "ID=ubuntu" | "ID=\"ubuntu\""))
}

/// Which of `names` dpkg reports as installed.
fn installed_packages(names: &[&str]) -> Result<Vec<String>> {
    // dpkg-query fails as soon as one package is unknown, and still reports the others: its exit code says nothing.
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Abbrev}\t${Package}\n"])
        .args(names)
        .stderr(Stdio::null())
        .output()
        .context("`dpkg-query` could not be started")?;
    Ok(installed_in(&String::from_utf8_lossy(&output.stdout)))
}

fn installed_in(report: &str) -> Vec<String> {
    report
        .lines()
        .filter_map(|line| line.split_once('\t'))
        // The second letter is the state; `i` means unpacked and configured.
        .filter(|(state, _)| state.as_bytes().get(1) == Some(&b'i'))
        .map(|(_, name)| name.to_owned())
        .collect()
}

/// apt-get as the one who may install.
fn apt(arguments: &[&str]) -> Command {
    let mut command = if rustix::process::geteuid().is_root() {
        shell::command("apt-get")
    } else {
        let mut command = shell::command("sudo");
        // Asked for a password where nobody can type one, sudo would wait for ever.
        if !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            command.arg("-n");
        }
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    };
    command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
    command
}

/// Renews the lists of packages. A stale list is normal on a fresh machine and harmless when the install works all the same.
pub fn renew_package_lists() {
    if let Err(error) = shell::run(&mut apt(&["update", "-q"])) {
        say(&format!("the package lists could not be renewed, going on with the old ones: {error:#}"));
    }
}

fn apt_install(names: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get install --no-install-recommends {}", names.join(" "));
    if !rustix::process::geteuid().is_root() && shell::find_program("sudo").is_none() {
        bail!("system packages are missing and there is no sudo; as root, run: {by_hand}");
    }
    renew_package_lists();
    let mut install = vec!["install", "-q", "-y", "--no-install-recommends"];
    install.extend_from_slice(names);
    shell::run(&mut apt(&install)).with_context(|| format!("system packages are missing; as root, run: {by_hand}"))
}

fn ensure_npm() -> Result<()> {
    let lock_path = shell::ui().join("package-lock.json");
    let lock = std::fs::read(&lock_path).with_context(|| format!("reading {}", lock_path.display()))?;
    let modules = shell::ui().join("node_modules");
    // The stamp is the lock file itself, inside the folder it describes: removing the folder removes the claim.
    let stamp = modules.join(".smartqueue-lock");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    ensure_node()?;
    say(&format!("installing the npm packages of ui/ ({})", Need::Npm.reason()));
    shell::run(&mut shell::npm_command(["ci", "--no-progress"]))?;
    write_stamp(&stamp, &lock)
}

fn write_stamp(stamp: &Path, content: &[u8]) -> Result<()> {
    std::fs::write(stamp, content).with_context(|| format!("writing {}", stamp.display()))
}

fn ensure_node() -> Result<()> {
    const OLDEST: u32 = 20;
    if shell::find_program("node").is_none() || shell::find_program("npm").is_none() {
        bail!("Node {OLDEST} or newer with npm is needed ({}): see https://nodejs.org", Need::Npm.reason());
    }
    let version = shell::quietly(shell::command("node").arg("--version"))?;
    match node_major(&version) {
        Some(major) if major >= OLDEST => Ok(()),
        Some(_) | None => bail!("Node {OLDEST} or newer is needed, this is {}: see https://nodejs.org", version.trim()),
    }
}

fn node_major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn ensure_tool(tool: &Tool, reason: &str) -> Result<()> {
    if shell::find_program(tool.package).is_some() {
        return Ok(());
    }
    say(&format!("building {} with cargo, once, which takes {} ({reason})", tool.package, tool.duration));
    let mut command = shell::cargo_command(["install", "--locked", tool.package]);
    if let Some(version) = tool.version {
        command.args(["--version", version]);
    }
    shell::run(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_configured_packages_count_as_installed() {
        let report = "ii \tsox\nun \tchromium\nrc \topenbox\nhi \txvfb\niU \tsocat\n";
        assert_eq!(installed_in(report), ["sox", "xvfb"]);
    }

    #[test]
    fn ubuntu_is_told_from_its_relatives() {
        assert!(is_ubuntu("NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n"));
        assert!(!is_ubuntu("NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=ubuntu\n"));
        assert!(!is_ubuntu("ID=debian\n"));
    }

    #[test]
    fn node_versions_are_read() {
        assert_eq!(node_major("v20.20.2\n"), Some(20));
        assert_eq!(node_major("20.20.2"), None);
        assert_eq!(node_major("v"), None);
    }

    #[test]
    fn everything_is_everything() {
        for need in EVERYTHING {
            assert_eq!(EVERYTHING.iter().filter(|other| **other == need).count(), 1);
            assert!(!need.reason().is_empty());
            assert!(!need.packages().is_empty() || need.tool().is_some() || need == Need::Npm);
        }
    }

    #[test]
    fn a_demo_without_windows_wants_no_browser() {
        let names: Vec<&str> = Need::Compile.packages().iter().map(|package| package.name).collect();
        assert!(!names.iter().any(|name| name.contains("webkit") || name.contains("chromium")), "{names:?}");
    }
}
