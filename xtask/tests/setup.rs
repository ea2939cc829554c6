//! `cargo xtask setup` on a machine that is made of scripts: what is missing is installed, with a word about it, and a
//! second run does nothing at all.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A repository and a system in a temporary folder. Its programs write down how they were called.
struct Machine(PathBuf);

impl Machine {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("xtask-setup-{name}-{}", std::process::id()));
        let machine = Self(folder);
        for folder in ["repository/xtask", "repository/ui", "programs", "cargo/bin"] {
            fs::create_dir_all(machine.path(folder)).expect("folder");
        }
        fs::write(machine.path("repository/ui/package-lock.json"), "{\"lockfileVersion\":3}").expect("written");
        fs::write(machine.path("installed"), "sox pkg-config chromium chromium-browser\n").expect("written");
        machine.program(
            "dpkg-query",
            r#"for name in $(cat "$MACHINE/installed"); do printf 'ii \t%s\n' "$name"; done; exit 1"#,
        );
        machine.program("sudo", r#"while :; do case "$1" in -n|*=*) shift;; *) break;; esac; done; exec "$@""#);
        machine.program(
            "apt-get",
            r#"echo "apt-get $*" >> "$MACHINE/calls"
               [ "$1" = update ] && exit "${BROKEN_UPDATE:-0}"
               [ "$1" = download ] && exec touch "$3_1_amd64.deb"
               shift 4; echo "$*" >> "$MACHINE/installed"; exit "${BROKEN_INSTALL:-0}""#,
        );
        machine.program("apt-cache", r#"echo "$2"; echo "  Depends: linux-image-9.9-amd64""#);
        machine.program(
            "dpkg-deb",
            r#"mkdir -p "$3/boot" "$3/drivers" && echo kernel > "$3/boot/vmlinuz-9.9-amd64" && echo usb > "$3/drivers/usbcore.ko"
               echo printer > "$3/drivers/usblp.ko""#,
        );
        machine.program("depmod", r#"[ -f "$2/boot/vmlinuz-$3" ]"#);
        // Both need usbcore; the one asked for comes last.
        machine.program(
            "modprobe",
            r#"echo "insmod $7/drivers/usbcore.ko "; [ "$8" != usblp ] || echo "insmod $7/drivers/usblp.ko ""#,
        );
        machine.program("node", "echo ${NODE:-v20.19.0}");
        machine.program("npm", r#"echo "npm $*" >> "$MACHINE/calls"; mkdir -p node_modules; echo chatter"#);
        machine.program(
            "cargo",
            r#"echo "cargo $*" >> "$MACHINE/calls"
               printf '#!/bin/sh\n' > "$MACHINE/cargo/bin/$3""#,
        );
        machine
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.0.join(inside)
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.path("programs").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    }

    /// `cargo xtask setup`, with only these programs and the small ones of every system.
    fn setup(&self, settings: &[(&str, &str)]) -> Output {
        let path = format!("{}:/usr/bin:/bin", self.path("programs").display());
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("setup")
            .env("PATH", path)
            .env("MACHINE", &self.0)
            .env("CARGO", self.path("programs/cargo"))
            .env("CARGO_HOME", self.path("cargo"))
            .env("CARGO_TARGET_DIR", self.path("target"))
            .env("CARGO_MANIFEST_DIR", self.path("repository/xtask"))
            .envs(settings.iter().copied())
            .output()
            .expect("xtask starts")
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    fn forget_calls(&self) {
        fs::write(self.path("calls"), "").expect("written");
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// A kernel for the USB tests is had on Debian alone, and for one kind of processor.
fn machine_can_test_usb() -> bool {
    let debian = |text: String| text.lines().any(|line| line.trim() == "ID=debian");
    cfg!(target_arch = "x86_64") && fs::read_to_string("/etc/os-release").is_ok_and(debian)
}

#[test]
fn a_kernel_that_cannot_be_had_costs_the_usb_tests_and_nothing_else() {
    let machine = Machine::new("kernel");
    machine.program("apt-cache", "exit 100");
    let output = machine.setup(&[]);
    assert!(output.status.success(), "{}", complaint(&output));
    if machine_can_test_usb() {
        assert!(complaint(&output).contains("no kernel for the USB tests, so they will be skipped"));
    }
    assert!(!exists(&machine.path("target/usb-rig")));
    assert!(machine.calls().contains(&"npm ci --no-progress".to_owned()));
}

#[test]
fn what_is_missing_is_installed_once() {
    let machine = Machine::new("once");
    let output = machine.setup(&[]);
    assert!(output.status.success(), "{}", complaint(&output));
    assert!(
        output.stdout.is_empty(),
        "standard output belongs to results: {:?}",
        String::from_utf8_lossy(&output.stdout)
    );
    let said = complaint(&output);
    assert!(said.contains("installing libasound2-dev (to compile"), "what and why: {said}");
    let calls = machine.calls();
    assert_eq!(calls[0], "apt-get update -q");
    assert!(calls[1].starts_with("apt-get install -q -y --no-install-recommends libasound2-dev "), "{calls:?}");
    assert!(calls[1].contains("libwebkit2gtk-4.1-dev") && calls[1].contains("xvfb"), "{calls:?}");
    assert!(!calls[1].contains("pkg-config") && !calls[1].contains(" sox"), "these are there: {calls:?}");
    let mut calls = calls[2..].to_vec();
    if machine_can_test_usb() {
        assert_eq!(calls.remove(0), "apt-get download -q linux-image-9.9-amd64");
        let kernel = |file: &str| fs::read_to_string(machine.path("target/usb-rig").join(file)).unwrap_or_default();
        assert_eq!(kernel("vmlinuz"), "kernel\n");
        assert_eq!(kernel("modules/01-usbcore.ko") + &kernel("modules/02-usblp.ko"), "usb\nprinter\n");
    }
    assert_eq!(calls[0], "npm ci --no-progress");
    assert!(calls[1..].contains(&"cargo install --locked cargo-deny".to_owned()), "{calls:?}");
    assert!(calls[1..].contains(&"cargo install --locked tauri-driver --version 2.1.0".to_owned()), "{calls:?}");
    assert_eq!(calls.len(), 3, "{calls:?}");

    machine.forget_calls();
    let again = machine.setup(&[]);
    assert!(again.status.success(), "{}", complaint(&again));
    assert_eq!(machine.calls(), Vec::<String>::new(), "nothing is done twice");
    assert_eq!(complaint(&again), "", "and nothing is said");
}

#[test]
fn a_changed_lock_file_or_a_removed_folder_installs_the_npm_packages_again() {
    let machine = Machine::new("npm");
    assert!(machine.setup(&[]).status.success());
    machine.forget_calls();
    fs::write(machine.path("repository/ui/package-lock.json"), "{}").expect("written");
    assert!(machine.setup(&[]).status.success());
    assert_eq!(machine.calls(), ["npm ci --no-progress"]);

    machine.forget_calls();
    let modules = machine.path("repository/ui/node_modules");
    assert!(exists(&modules));
    fs::remove_dir_all(&modules).expect("removed");
    assert!(machine.setup(&[]).status.success());
    assert_eq!(machine.calls(), ["npm ci --no-progress"]);
}

#[test]
fn a_stale_package_list_is_no_failure_and_a_failed_install_says_what_to_type() {
    let machine = Machine::new("apt");
    let output = machine.setup(&[("BROKEN_UPDATE", "100"), ("BROKEN_INSTALL", "100")]);
    assert_eq!(output.status.code(), Some(1));
    let said = complaint(&output);
    let last = said.lines().last().unwrap_or_default();
    assert!(last.contains("error: system packages are missing; as root, run: apt-get install"), "{said}");
    let calls = machine.calls();
    assert_eq!(calls.len(), 2, "the install is tried with the old lists, and nothing after it: {calls:?}");
}

#[test]
fn an_old_node_is_refused_in_words() {
    let machine = Machine::new("node");
    let output = machine.setup(&[("NODE", "v18.19.0")]);
    assert_eq!(output.status.code(), Some(1));
    let said = complaint(&output);
    assert!(
        said.lines().last().is_some_and(|line| line.contains("Node 20 or newer is needed, this is v18.19.0")),
        "{said}"
    );
    assert!(!machine.calls().iter().any(|call| call.starts_with("npm")), "{:?}", machine.calls());
}
