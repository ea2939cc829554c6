//! The house stands as ARCHITECTURE.md says: arrows point down, pure rooms are pure, and nobody leaves a machine's path
//! behind. What each rule means is in `smartqueue_tests::house`, next to tests that plant violations.

use std::path::{Path, PathBuf};
use std::process::Command;

use smartqueue_tests::house::files::{self, TextFile};
use smartqueue_tests::house::{Finding, faces, report, rooms, rust};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in a folder").to_path_buf()
}

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().expect("cargo starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {} failed: {complaint}", arguments.join(" "));
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

fn repository() -> Vec<TextFile> {
    let files = files::gather(&root()).expect("the repository is readable");
    assert!(files.len() > 50, "only {} files: the rules would hold over nothing", files.len());
    files
}

fn assert_none(findings: Vec<Finding>) {
    assert!(findings.is_empty(), "{} broken rules:\n{}", findings.len(), report(findings));
}

fn of_kind(files: &[TextFile], endings: &[&str], check: impl Fn(&str, &str) -> Vec<Finding>) -> Vec<Finding> {
    let chosen: Vec<&TextFile> =
        files.iter().filter(|file| endings.iter().any(|ending| file.place.ends_with(ending))).collect();
    assert!(!chosen.is_empty(), "no file ends with {endings:?}: the rules would hold over nothing");
    chosen.into_iter().flat_map(|file| check(&file.place, &file.text)).collect()
}

#[test]
fn arrows_point_down() {
    let metadata = cargo(&["metadata", "--format-version", "1", "--no-deps"]);
    assert_none(rooms::check_imports(&metadata, &rooms::ROOMS).expect("cargo's metadata is readable"));
}

#[test]
fn no_room_reaches_what_it_may_not() {
    let findings = rooms::ROOMS
        .iter()
        .flat_map(|room| {
            let edges = ["--edges", "normal", "--prefix", "none", "--package", room.package];
            let tree = cargo(&[&["tree"], &edges[..]].concat());
            assert!(tree.contains(room.package), "cargo shows no tree for {}", room.package);
            rooms::check_reach(room, &tree)
        })
        .collect();
    assert_none(findings);
}

#[test]
fn every_room_is_where_the_table_says() {
    for room in rooms::ROOMS {
        let manifest = root().join(room.folder).join("Cargo.toml");
        let text = std::fs::read_to_string(&manifest).expect("the room has a manifest");
        assert!(text.contains(&format!("name = \"{}\"", room.package)), "{} is not in {}", room.package, room.folder);
    }
}

#[test]
fn rust_code_keeps_to_its_room() {
    let files = repository();
    let mut findings = of_kind(&files, &[".rs"], rust::check);
    findings.extend(rust::check_clocks(files.iter().map(|file| file.place.as_str())));
    assert_none(findings);
}

#[test]
fn faces_keep_to_their_room() {
    assert_none(of_kind(&repository(), &[".ts", ".svelte"], faces::check));
}

#[test]
fn files_are_short_and_true_everywhere() {
    assert_none(repository().iter().flat_map(files::check).collect());
}
