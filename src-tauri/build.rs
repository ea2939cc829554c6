//! Prepares what Tauri needs at compile time: the list of commands that windows may be granted, and a page to carry.
//!
//! It never runs npm: building the faces is the business of `cargo xtask` and of `tauri build`.

use std::io::Write as _;
use std::path::Path;
use std::{fs, io};

/// Every command of `src/ipc.rs`. A command that is not listed here is not subject to the capabilities, so each new one
/// belongs here first; a test in `src/ipc.rs` fails when one is missing.
const COMMANDS: &[&str] = &[
    "alive",
    "close_setup",
    "current_view",
    "open_setup",
    "send",
    "setup_ask_pairing",
    "setup_check_server",
    "setup_load",
    "setup_poll_pairing",
    "setup_printer_models",
    "setup_printers",
    "setup_save",
    "setup_test_printer",
    "setup_test_sound",
    "startup",
];

/// What stands in the window when the program was compiled before the faces were built. Without any page the program
/// would not compile at all, and checking the Rust code would need Node.
const PAGE_WITHOUT_FACES: &str = "<!doctype html>
<html lang=\"en\">
  <head>
    <meta charset=\"utf-8\" />
    <title>SmartQueue</title>
  </head>
  <body>
    <main id=\"app\">
      <h1>The screens were not built</h1>
      <p>Run <code>npm ci</code> and <code>npm run build</code> in <code>ui/</code>, or <code>cargo xtask demo</code>, and compile again.</p>
    </main>
  </body>
</html>
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    ensure_page(Path::new("../ui/dist"))?;
    // Cargo reads these lines: a face that was built again must be carried.
    let mut cargo = io::stdout().lock();
    writeln!(cargo, "cargo::rerun-if-changed=../ui/dist")?;
    drop(cargo);
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))?;
    Ok(())
}

/// Writes the page above unless the faces were built.
fn ensure_page(dist: &Path) -> io::Result<()> {
    let page = dist.join("index.html");
    if page.exists() {
        return Ok(());
    }
    fs::create_dir_all(dist)?;
    fs::write(page, PAGE_WITHOUT_FACES)
}
