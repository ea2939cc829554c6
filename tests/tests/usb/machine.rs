//! The machine around the stories: what it is made of, how it is started, and what it said. It sees the files of the machine it is
//! started on, and may write into one folder only.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::INSIDE;
use crate::special::UDEV;

/// A run takes two minutes, and more on a machine that is busy with other things; one that takes this long hangs.
const PATIENCE: Duration = Duration::from_secs(1_800);
/// Lines of the kernel's messages that are shown when something failed.
const LAST_WORDS: usize = 40;
const QEMU: &str = "qemu-system-x86_64";
/// The plainest processor starts fastest in software; with an instruction for random numbers nobody waits for them.
const CPU: &str = "qemu64,+rdrand";
/// The machine's clock counts its instructions, 4 ns (2 to the power of 2) for each, and leaps over the time in which it has nothing
/// to do. So a machine outside that is busy with other things makes the run longer, and never a printer or its driver slower: with
/// the clock of the machine outside, a busy one let a printer answer after its time was over, and a right doubt failed a story.
const CLOCK: &str = "shift=2,sleep=off";
/// The first program of the machine.
const INIT: &str = include_str!("init.sh");

/// What the machine is made of.
pub struct Machine {
    kernel: PathBuf,
    /// The kernel's modules; their names begin with their place in the order of loading.
    modules: PathBuf,
    busybox: PathBuf,
}

/// What became of one story.
pub struct Verdict {
    pub name: String,
    pub passed: bool,
    /// Why it failed.
    pub said: String,
}

/// What the machine reported.
pub struct Report {
    pub verdicts: Vec<Verdict>,
    /// Tables and figures for whoever reads.
    pub lines: Vec<String>,
    /// The end of the kernel's messages.
    pub console: String,
}

impl Machine {
    /// Looks for the parts, and says what is missing.
    pub fn find() -> Result<Machine, String> {
        if std::env::consts::ARCH != "x86_64" {
            return Err("the machine runs this program itself, and QEMU is asked for x86-64 only".to_owned());
        }
        for program in [QEMU, "cpio"] {
            if find_program(program).is_none() {
                return Err(format!("there is no {program}; `cargo xtask setup` installs it"));
            }
        }
        if !Path::new(UDEV).exists() {
            return Err(format!("there is no {UDEV}; `cargo xtask setup` installs it"));
        }
        let busybox = find_program("busybox").ok_or("there is no busybox; `cargo xtask setup` installs it")?;
        // Beside the folder that cargo gives to tests; `cargo xtask setup` unpacks it there.
        let rig = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("usb-rig");
        let (kernel, modules) = (rig.join("vmlinuz"), rig.join("modules"));
        if !kernel.is_file() || !modules.is_dir() {
            return Err("there is no kernel for it; `cargo xtask setup` unpacks one".to_owned());
        }
        Ok(Machine { kernel, modules, busybox })
    }

    /// Runs the stories whose name contains `filter` inside, with an option for the fault matrix or nothing.
    pub fn run(&self, filter: &str, faults: &str) -> Result<Report> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let (console, out) = (folder.path().join("console"), folder.path().join("out"));
        fs::create_dir(&out)?;
        let program = std::env::current_exe()?.canonicalize()?;
        fs::write(out.join("command"), format!("{}\n{INSIDE}\n{filter}\n{faults}\n", program.display()))?;
        let first_files = self.first_files(folder.path())?;
        let mut child = Command::new(QEMU)
            .args(["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"])
            .args(["-accel", "tcg", "-machine", "pc", "-cpu", CPU, "-smp", "1", "-m", "512"])
            .args(["-icount", CLOCK])
            .arg("-kernel")
            .arg(&self.kernel)
            .arg("-initrd")
            .arg(first_files)
            .args([
                "-append",
                "console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on no_timer_check tsc=reliable",
            ])
            .arg("-chardev")
            .arg(format!("file,id=console,path={}", console.display()))
            .args(["-serial", "chardev:console"])
            .args(["-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"])
            .arg("-virtfs")
            .arg(format!("local,path={},mount_tag=out,security_model=none", out.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join("qemu"))?)
            .spawn()
            .context("QEMU cannot be started")?;
        let ended = wait(&mut child, PATIENCE)?;
        let text = fs::read_to_string(out.join("report")).unwrap_or_default();
        let mut report = read(&text);
        let said = [console, folder.path().join("qemu")].map(|path| fs::read(path).unwrap_or_default()).concat();
        report.console = last_lines(&String::from_utf8_lossy(&said));
        if !ended {
            report.console.push_str("\nit was stopped: it had taken too long");
        }
        Ok(report)
    }

    /// Packs what the kernel finds before there is any disk: busybox, the modules, and the first program.
    fn first_files(&self, folder: &Path) -> Result<PathBuf> {
        let inside = folder.join("first");
        for name in ["bin", "modules"] {
            fs::create_dir_all(inside.join(name))?;
        }
        let mut names = vec!["bin".to_owned(), "bin/busybox".to_owned(), "init".to_owned(), "modules".to_owned()];
        fs::copy(&self.busybox, inside.join("bin/busybox")).context("busybox cannot be read")?;
        fs::write(inside.join("init"), INIT)?;
        fs::set_permissions(inside.join("init"), fs::Permissions::from_mode(0o755))?;
        for module in fs::read_dir(&self.modules).context("the modules cannot be read")? {
            let name = format!("modules/{}", module?.file_name().to_string_lossy());
            fs::copy(self.modules.with_file_name(&name), inside.join(&name))?;
            names.push(name);
        }
        let packed = folder.join("first.cpio");
        let mut cpio = Command::new("cpio")
            .args(["--create", "--format=newc", "--quiet"])
            .current_dir(&inside)
            .stdin(Stdio::piped())
            .stdout(File::create(&packed)?)
            .spawn()
            .context("cpio cannot be started")?;
        cpio.stdin.take().context("cpio has no input")?.write_all(names.join("\n").as_bytes())?;
        if !cpio.wait()?.success() {
            bail!("cpio failed");
        }
        Ok(packed)
    }
}

fn find_program(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Waits for the end of the machine; stops it when it takes too long. True when it ended by itself.
fn wait(child: &mut Child, limit: Duration) -> Result<bool> {
    let end = Instant::now() + limit;
    while child.try_wait()?.is_none() {
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(true)
}

fn read(text: &str) -> Report {
    let mut report = Report { verdicts: Vec::new(), lines: Vec::new(), console: String::new() };
    for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let word = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        if line["line"].is_string() {
            report.lines.push(word("line"));
        } else {
            let passed = line["passed"].as_bool().unwrap_or_default();
            report.verdicts.push(Verdict { name: word("name"), passed, said: word("said") });
        }
    }
    report
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LAST_WORDS)..].join("\n")
}
