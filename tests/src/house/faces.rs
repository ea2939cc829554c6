//! Who may import whom among the faces: `ui/src/backend` alone speaks to Tauri, `shared` knows no part, and a part (a
//! folder such as `kiosk` or `counter`) sees another part only through its `index`.
//!
//! It reads import statements, not the module graph: a path put together at run time goes unseen.

use super::Finding;

/// Folders of `ui/src` that every part may use, and that may use no part.
const COMMON: [&str; 3] = ["backend", "bindings", "shared"];

/// Checks one TypeScript or Svelte file; `place` is its path from the root, with `/`.
pub fn check(place: &str, text: &str) -> Vec<Finding> {
    let Some(inside) = place.strip_prefix("ui/src/") else {
        return vec![];
    };
    imports(text)
        .into_iter()
        .filter_map(|(line, path)| {
            broken_rule(inside, &path).map(|rule| Finding { place: place.to_owned(), line, rule })
        })
        .collect()
}

fn broken_rule(file: &str, path: &str) -> Option<String> {
    let room = room_of(file);
    if path.starts_with("@tauri-apps/") {
        return (room != Some("backend")).then(|| format!("imports {path}: only ui/src/backend speaks to Tauri"));
    }
    let target = resolve(file, path)?;
    let part = room_of(&target).filter(|room| !COMMON.contains(room))?;
    match room {
        Some(room) if COMMON.contains(&room) => {
            Some(format!("imports {path}: {room} is below the parts and knows none of them"))
        }
        Some(room) if room != part && !is_entry(&target, part) => {
            Some(format!("imports {path}: the inside of {part} is its own, use {part}/index"))
        }
        // The entry file at the top puts the parts together, and a part may use itself.
        Some(_) | None => None,
    }
}

/// The first folder of a path inside `ui/src`; a file at the top is in none.
fn room_of(path: &str) -> Option<&str> {
    path.split_once('/').map(|(room, _)| room)
}

fn is_entry(target: &str, part: &str) -> bool {
    let inside = target.strip_prefix(part).unwrap_or(target);
    matches!(inside, "/" | "/index" | "/index.ts" | "/index.js")
}

/// The path inside `ui/src` that an import names, or nothing for packages and for what lies outside.
fn resolve(file: &str, path: &str) -> Option<String> {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let (mut parts, rest): (Vec<&str>, &str) = if let Some(rest) = path.strip_prefix("/src/") {
        (vec![], rest)
    } else if path.starts_with('.') {
        (file.split('/').rev().skip(1).collect::<Vec<_>>().into_iter().rev().collect(), path)
    } else {
        return None;
    };
    for part in rest.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    // A folder is named as `kiosk/`, so that it counts as inside of itself.
    Some(if parts.len() == 1 && !parts[0].contains('.') { format!("{}/", parts[0]) } else { parts.join("/") })
}

/// Every path that is imported, re-exported or loaded on demand, with its line from 1.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = vec![];
    let mut in_comment = false;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        let starts_comment = trimmed.starts_with("/*") || trimmed.starts_with("<!--");
        let skipped = in_comment || starts_comment || trimmed.starts_with("//");
        if starts_comment {
            in_comment = true;
        }
        if in_comment && (line.contains("*/") || line.contains("-->")) {
            in_comment = false;
        }
        if skipped {
            continue;
        }
        for keyword in ["from", "import"] {
            for (at, _) in line.match_indices(keyword) {
                let alone =
                    !line[..at].chars().next_back().is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
                let after = line[at + keyword.len()..].trim_start_matches([' ', '(', '\t']);
                if alone
                    && let Some(quote) = after.chars().next().filter(|letter| matches!(letter, '"' | '\'' | '`'))
                    && let Some((path, _)) = after[1..].split_once(quote)
                {
                    found.push((index + 1, path.to_owned()));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(place: &str, line: &str, expected: &str) {
        let found = check(place, line);
        assert_eq!(found.len(), 1, "{place}: {line}: {found:?}");
        assert!(found[0].rule.contains(expected), "{found:?}");
    }

    #[test]
    fn only_the_backend_speaks_to_tauri() {
        let line = "import { invoke } from \"@tauri-apps/api/core\";";
        one("ui/src/kiosk/Home.svelte", line, "only ui/src/backend");
        one("ui/src/main.ts", "const api = await import('@tauri-apps/api');", "only ui/src/backend");
        assert_eq!(check("ui/src/backend/tauri.ts", line), []);
        assert_eq!(check("ui/tests/a.ts", line), []);
    }

    #[test]
    fn what_is_shared_knows_no_part() {
        one("ui/src/shared/Button.svelte", "import Home from \"../kiosk/Home.svelte\";", "knows none of them");
        one("ui/src/shared/deep/a.ts", "export * from '../../board/index';", "knows none of them");
        one("ui/src/backend/fake.ts", "import { a } from '/src/kiosk/a';", "knows none of them");
        one("ui/src/bindings/index.ts", "import '../kiosk';", "knows none of them");
        assert_eq!(check("ui/src/shared/a.ts", "import { View } from '../bindings'; import b from './b';"), []);
    }

    #[test]
    fn the_inside_of_a_part_is_its_own() {
        one("ui/src/board/Board.svelte", "import Tile from '../kiosk/Tile.svelte';", "the inside of kiosk");
        one("ui/src/board/deep/a.ts", "} from '../../kiosk/deep/b.ts?raw';", "the inside of kiosk");
        for allowed in [
            "import { Tile } from '../kiosk';",
            "import { Tile } from '../kiosk/index.ts';",
            "import Line from './Line.svelte';",
            "import { words } from '../shared/words';",
            "import { mount } from 'svelte';",
            "import words from '../../../assets/words/fr/kiosk.ftl?raw';",
            "// import Tile from '../kiosk/Tile.svelte';",
            "/* import Tile from '../kiosk/Tile.svelte'; */",
        ] {
            assert_eq!(check("ui/src/board/Board.svelte", allowed), [], "{allowed}");
        }
        assert_eq!(check("ui/src/main.ts", "import Kiosk from './kiosk/Kiosk.svelte';"), []);
    }

    #[test]
    fn an_import_over_several_lines_is_found_where_its_path_stands() {
        let found = check("ui/src/board/a.ts", "import {\n  Tile,\n} from '../kiosk/tiles';\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 3);
    }

    #[test]
    fn code_after_a_comment_counts_again() {
        let text = "/*\n import a from '../kiosk/a';\n*/\nimport b from '../kiosk/b';\n";
        let found = check("ui/src/board/a.ts", text);
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [4]);
    }
}
