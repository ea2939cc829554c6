//! Who may import whom: the table of ARCHITECTURE.md, checked against the graph that cargo sees.
//!
//! Arrows between our own packages and direct imports come from `cargo metadata`. What a package reaches through others
//! comes from `cargo tree`, which resolves features for that package alone: in the metadata of a whole workspace a crate
//! carries the features that anybody asked of it, and the pure rooms would seem to import what only the others do.
//!
//! Development dependencies are left out: a test may use what its room may not.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;

/// A room and its rules.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// The package.
    pub package: &'static str,
    /// Its folder, relative to the root.
    pub folder: &'static str,
    /// The packages of ours that it may import; nothing means any of them.
    pub may_use: Option<&'static [&'static str]>,
    /// Packages it may not import by name.
    pub never: &'static [&'static str],
    /// Packages it may not even reach through others.
    pub never_reach: &'static [&'static str],
}

const DOMAIN: &str = "smartqueue-domain";
const ENGINE: &str = "smartqueue-engine";
const PROTOCOL: &str = "smartqueue-protocol";
const JOURNAL: &str = "smartqueue-journal";
const STATION: &str = "smartqueue-station";
const HARDWARE: &str = "smartqueue-hardware";

/// The table.
pub const ROOMS: [Room; 10] = [
    Room {
        package: DOMAIN,
        folder: "crates/domain",
        may_use: Some(&[]),
        never: &["getrandom"],
        never_reach: &["serde", "serde_core", "tokio", "rusqlite", "rand", "chrono", "time", "jiff"],
    },
    Room { package: HARDWARE, folder: "hardware", may_use: Some(&[]), never: &[], never_reach: &["tokio", "tauri"] },
    Room {
        package: ENGINE,
        folder: "crates/engine",
        may_use: Some(&[DOMAIN]),
        never: &["getrandom"],
        never_reach: &["serde", "serde_core", "tokio", "rusqlite", "rand", "chrono", "time", "jiff", "futures-util"],
    },
    Room {
        package: PROTOCOL,
        folder: "crates/protocol",
        may_use: Some(&[DOMAIN]),
        never: &[],
        never_reach: &["tokio", "rusqlite", "reqwest", "axum", "hyper", "mio", "socket2"],
    },
    Room {
        package: JOURNAL,
        folder: "crates/journal",
        may_use: Some(&[PROTOCOL, DOMAIN]),
        never: &[],
        never_reach: &["tokio", "tauri", "reqwest", "axum"],
    },
    Room {
        package: STATION,
        folder: "crates/station",
        may_use: Some(&[DOMAIN, ENGINE, PROTOCOL, JOURNAL, HARDWARE]),
        never: &[],
        never_reach: &["tauri", "axum"],
    },
    Room {
        package: "smartqueue",
        folder: "src-tauri",
        may_use: Some(&[STATION, ENGINE]),
        never: &["rusqlite", "reqwest"],
        never_reach: &["axum"],
    },
    Room {
        package: "smartqueue-server",
        folder: "crates/server",
        may_use: Some(&[PROTOCOL, DOMAIN]),
        never: &[],
        never_reach: &["tauri"],
    },
    Room { package: "smartqueue-tests", folder: "tests", may_use: None, never: &[], never_reach: &[] },
    Room { package: "xtask", folder: "xtask", may_use: Some(&[]), never: &[], never_reach: &["tokio", "tauri"] },
];

/// Checks the arrows between rooms and every direct import, from `cargo metadata --format-version 1`.
///
/// # Errors
/// When the text is not what cargo writes.
pub fn check_imports(metadata: &str, rooms: &[Room]) -> Result<Vec<Finding>> {
    let imports = direct_imports(metadata)?;
    let ours: BTreeSet<&str> = imports.keys().map(String::as_str).collect();
    let mut findings = vec![];
    for (package, used) in &imports {
        let Some(room) = rooms.iter().find(|room| room.package == package) else {
            findings.push(finding(
                package,
                "this package is not in the table of rooms: add it there and to ARCHITECTURE.md",
            ));
            continue;
        };
        for name in used {
            let allowed = room.may_use.is_none_or(|allowed| allowed.contains(&name.as_str()));
            if ours.contains(name.as_str()) && !allowed {
                findings
                    .push(finding(package, &format!("may not import {name}: arrows point down, see ARCHITECTURE.md")));
            }
            if room.never.contains(&name.as_str()) || room.never_reach.contains(&name.as_str()) {
                findings.push(finding(package, &format!("may not import {name}")));
            }
        }
    }
    for room in rooms.iter().filter(|room| !ours.contains(room.package)) {
        findings.push(finding(room.package, "is in the table of rooms and not in the workspace"));
    }
    Ok(findings)
}

/// Checks what one room reaches, from the package names that `cargo tree` lists.
pub fn check_reach(room: &Room, tree: &str) -> Vec<Finding> {
    let reached: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let ours = ROOMS.iter().map(|other| other.package).filter(|name| *name != room.package);
    let forbidden_ours = ours.filter(|name| room.may_use.is_some_and(|allowed| !reachable(allowed).contains(name)));
    room.never_reach
        .iter()
        .copied()
        .chain(forbidden_ours)
        .filter(|name| reached.contains(name))
        .map(|name| {
            let rule = format!("reaches {name}: `cargo tree -p {} -e normal -i {name}` shows how", room.package);
            finding(room.package, &rule)
        })
        .collect()
}

/// The rooms that may be imported, and those that these may import in turn.
fn reachable(allowed: &[&'static str]) -> BTreeSet<&'static str> {
    let mut all = BTreeSet::new();
    let mut next: Vec<&'static str> = allowed.to_vec();
    while let Some(name) = next.pop() {
        if all.insert(name) {
            let room = ROOMS.iter().find(|room| room.package == name);
            next.extend(room.and_then(|room| room.may_use).unwrap_or_default());
        }
    }
    all
}

/// For each package of the workspace, the packages it imports, those of its build script included.
fn direct_imports(metadata: &str) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let metadata: Value = serde_json::from_str(metadata).context("`cargo metadata` wrote no JSON")?;
    let members: BTreeSet<&str> =
        metadata["workspace_members"].as_array().context("no members")?.iter().filter_map(Value::as_str).collect();
    let mut imports = BTreeMap::new();
    for package in metadata["packages"].as_array().context("no packages")? {
        if !package["id"].as_str().is_some_and(|id| members.contains(id)) {
            continue;
        }
        let name = package["name"].as_str().context("a package without a name")?;
        let used = package["dependencies"]
            .as_array()
            .context("a package without a list of dependencies")?
            .iter()
            .filter(|dependency| dependency["kind"] != "dev")
            .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
            .collect();
        imports.insert(name.to_owned(), used);
    }
    Ok(imports)
}

fn finding(package: &str, rule: &str) -> Finding {
    Finding { place: package.to_owned(), line: 0, rule: rule.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A package and what it imports, each with its kind as cargo writes it: nothing, `build` or `dev`.
    type Package<'a> = (&'a str, &'a [(&'a str, Option<&'a str>)]);

    fn metadata(packages: &[Package<'_>]) -> String {
        let described: Vec<Value> = packages
            .iter()
            .map(|(name, used)| {
                let used: Vec<Value> = used.iter().map(|(name, kind)| json!({ "name": name, "kind": kind })).collect();
                json!({ "id": format!("id-{name}"), "name": name, "dependencies": used })
            })
            .collect();
        let members: Vec<String> = packages.iter().map(|(name, _)| format!("id-{name}")).collect();
        json!({ "workspace_members": members, "packages": described }).to_string()
    }

    fn rooms_of(names: &[&str]) -> Vec<Room> {
        ROOMS.into_iter().filter(|room| names.contains(&room.package)).collect()
    }

    fn rules(metadata: &str, names: &[&str]) -> Vec<String> {
        let findings = check_imports(metadata, &rooms_of(names)).expect("readable");
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_clean_house_has_no_findings() {
        let text = metadata(&[(DOMAIN, &[("uuid", None)]), (ENGINE, &[(DOMAIN, None)])]);
        assert_eq!(rules(&text, &[DOMAIN, ENGINE]), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_that_points_up_is_found() {
        let text = metadata(&[(DOMAIN, &[(ENGINE, None)]), (ENGINE, &[])]);
        let found = rules(&text, &[DOMAIN, ENGINE]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("smartqueue-domain: may not import smartqueue-engine"), "{found:?}");
    }

    #[test]
    fn a_forbidden_import_is_found_in_build_scripts_and_not_in_tests() {
        let text = metadata(&[(ENGINE, &[("serde", None), ("tokio", Some("build")), ("rand", Some("dev"))])]);
        let found = rules(&text, &[ENGINE]);
        assert_eq!(found, ["smartqueue-engine: may not import serde", "smartqueue-engine: may not import tokio"]);
    }

    #[test]
    fn the_app_reaches_the_journal_only_through_the_station() {
        let text = metadata(&[("smartqueue", &[(JOURNAL, None), (STATION, None)]), (JOURNAL, &[]), (STATION, &[])]);
        let found = rules(&text, &["smartqueue", JOURNAL, STATION]);
        assert_eq!(found.len(), 1, "{found:?}");
        let app = rooms_of(&["smartqueue"])[0];
        assert_eq!(check_reach(&app, "smartqueue v0.1.0\nsmartqueue-station v0.1.0\nsmartqueue-journal v0.1.0\n"), []);
    }

    #[test]
    fn a_new_package_must_be_put_in_the_table_and_an_old_one_taken_out() {
        let found = rules(&metadata(&[("smartqueue-attic", &[])]), &[DOMAIN]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("not in the table") && found[1].contains("not in the workspace"), "{found:?}");
    }

    #[test]
    fn what_is_reached_through_others_is_found() {
        let hardware = rooms_of(&[HARDWARE])[0];
        let tree =
            "smartqueue-hardware v0.1.0\nrodio v0.23.0\ntokio v1.54.1 (*)\nsmartqueue-domain v0.1.0 (proc-macro)\n";
        let found = check_reach(&hardware, tree);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].rule.starts_with("reaches tokio") && found[1].rule.starts_with("reaches smartqueue-domain"));
        // A name that merely begins like a forbidden one is another crate.
        assert_eq!(check_reach(&hardware, "tokio-lookalike v1.0.0\n"), []);
    }

    #[test]
    fn the_server_reaches_neither_the_engine_nor_the_journal() {
        let server = rooms_of(&["smartqueue-server"])[0];
        for stranger in [ENGINE, STATION, HARDWARE, JOURNAL, "smartqueue", "tauri"] {
            assert_eq!(check_reach(&server, &format!("{stranger} v1.0.0\n")).len(), 1, "{stranger}");
        }
        assert_eq!(check_reach(&server, "smartqueue-protocol v0.1.0\nsmartqueue-domain v0.1.0\n"), []);
    }

    #[test]
    fn text_that_is_no_metadata_is_an_error() {
        assert!(check_imports("", &[]).is_err());
        assert!(check_imports("{}", &[]).is_err());
    }
}
