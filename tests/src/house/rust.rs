//! Words that Rust code may not contain: clocks and input-output in pure rooms, printing anywhere, domain words in the
//! hardware. Only code counts: comments, text in quotes and tests are blanked before anybody looks.
//!
//! This reads words, not meaning. What a type really does is the compiler's and clippy's business.

use super::Finding;

/// A set of words and the folders that may not contain them.
struct WordRule {
    folders: &'static [&'static str],
    /// A file of this name may contain them all the same.
    except_file: Option<&'static str>,
    /// So may files in these folders.
    except_folders: &'static [&'static str],
    words: &'static [&'static str],
    rule: &'static str,
}

const EVERY_ROOM: &[&str] = &["crates", "hardware", "src-tauri", "xtask", "tests/src"];
const SHIPPED: &[&str] = &["crates", "hardware", "src-tauri", "xtask"];
const PURE: &[&str] = &["crates/domain", "crates/engine"];
const VALUES: &[&str] = &["crates/domain", "crates/engine", "crates/protocol"];

const WORD_RULES: [WordRule; 7] = [
    WordRule {
        folders: PURE,
        except_file: None,
        except_folders: &[],
        words: &["HashMap", "HashSet"],
        rule: "a pure room has no HashMap: its order changes from run to run, take a BTreeMap",
    },
    WordRule {
        folders: VALUES,
        except_file: None,
        except_folders: &[],
        words: &["async", "await"],
        rule: "a room of values waits for nothing: `async` belongs to station, server and the app",
    },
    WordRule {
        folders: VALUES,
        except_file: None,
        except_folders: &[],
        words: &["SystemTime", "new_v4", "now_v7", "getrandom"],
        rule: "time and randomness are arguments here: let the caller give them",
    },
    WordRule {
        folders: SHIPPED,
        except_file: Some("clock.rs"),
        except_folders: &[],
        words: &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now", "Utc::now", "Local::now"],
        rule: "only clock.rs looks at a clock: take the time from it, or as an argument",
    },
    WordRule {
        folders: EVERY_ROOM,
        except_file: None,
        except_folders: &[],
        words: &["println!", "eprintln!", "print!", "eprint!", "dbg!"],
        rule: "no printing macro: write to a locked handle and look at the result",
    },
    WordRule {
        folders: &["crates/server/src"],
        except_file: None,
        except_folders: &["crates/server/src/ledger/store", "crates/server/src/ledger/bus"],
        words: &["rusqlite", "tokio_postgres"],
        rule: "only ledger/store and the bus name a database: speak to the store's Connection",
    },
    WordRule {
        folders: &["hardware"],
        except_file: None,
        except_folders: &[],
        words: &["domain", "tenant", "clerk", "Ticket", "Tenant", "Kiosk", "Queue", "Clerk", "Counter"],
        rule: "hardware knows no tickets: speak of slips, paper and sound",
    },
];

/// Modules of the standard library that reach outside, and the folders that may not use them.
const OUTSIDE: [&str; 6] = ["fs", "net", "io", "env", "process", "thread"];

/// Checks one Rust file; `place` is its path from the root, with `/`.
pub fn check(place: &str, text: &str) -> Vec<Finding> {
    let mut findings = vec![];
    if !is_in(place, SHIPPED) && !is_in(place, &["tests"]) {
        return findings;
    }
    if !text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| line.starts_with("//!")) {
        findings.push(finding(place, 1, "a module opens with `//!`: what it is, and what it never does"));
    }
    if is_test_file(place) {
        return findings;
    }
    let code = without_tests(&code_only(text));
    let file = place.rsplit('/').next().unwrap_or(place);
    for WordRule { folders, except_file, except_folders, words, rule } in &WORD_RULES {
        if !is_in(place, folders) || *except_file == Some(file) || is_in(place, except_folders) {
            continue;
        }
        for word in *words {
            findings.extend(lines_with(&code, word).map(|line| finding(place, line, &format!("`{word}`: {rule}"))));
        }
    }
    if is_in(place, VALUES) {
        for (line, module) in outside_modules(&code) {
            let rule = format!("`std::{module}`: a room of values does no input or output and starts nothing");
            findings.push(finding(place, line, &rule));
        }
    }
    findings
}

/// Checks that no room has two clocks; `places` are the paths of all Rust files.
pub fn check_clocks<'a>(places: impl Iterator<Item = &'a str>) -> Vec<Finding> {
    let mut clocks: Vec<(&str, &str)> = places
        .filter(|place| is_in(place, SHIPPED) && place.ends_with("/clock.rs"))
        .filter_map(|place| place.split_once("/src/").map(|(room, _)| (room, place)))
        .collect();
    clocks.sort_unstable();
    clocks
        .windows(2)
        .filter(|pair| pair[0].0 == pair[1].0)
        .map(|pair| finding(pair[1].1, 0, &format!("a second clock: {} is there already", pair[0].1)))
        .collect()
}

fn is_in(place: &str, folders: &[&str]) -> bool {
    folders.iter().any(|folder| place.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
}

fn is_test_file(place: &str) -> bool {
    let inside = place.split_once('/').map_or("", |(_, inside)| inside);
    inside.contains("tests/")
        || inside.contains("benches/")
        || place.ends_with("/tests.rs")
        || place.ends_with("_tests.rs")
}

fn finding(place: &str, line: usize, rule: &str) -> Finding {
    Finding { place: place.to_owned(), line, rule: rule.to_owned() }
}

/// The lines, from 1, on which `word` stands alone and not as a part of a longer name.
fn lines_with<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.lines().enumerate().filter(move |(_, line)| has_word(line, word)).map(|(index, _)| index + 1)
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_name_letter) && (word.ends_with('!') || !after.is_some_and(is_name_letter))
    })
}

fn is_name_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Where the code names a module that reaches outside: `std::fs`, or `fs` inside `std::{...}`.
fn outside_modules(code: &str) -> Vec<(usize, &'static str)> {
    let mut found = vec![];
    for module in OUTSIDE {
        found.extend(lines_with(code, &format!("std::{module}")).map(|line| (line, module)));
    }
    for (at, opening) in code.match_indices("std::{") {
        let inside_at = at + opening.len();
        let mut depth = 1_usize;
        let mut name = String::new();
        for letter in code[inside_at..].chars() {
            if is_name_letter(letter) {
                name.push(letter);
                continue;
            }
            if depth == 1
                && let Some(module) = OUTSIDE.into_iter().find(|module| *module == name)
            {
                found.push((code[..at].lines().count().max(1), module));
            }
            name.clear();
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

/// The code with comments, texts and letters in quotes replaced by blanks; every line stays where it is.
fn code_only(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < letters.len() {
        let end = match letters[at] {
            '/' if letters.get(at + 1) == Some(&'/') => end_of_line(&letters, at),
            '/' if letters.get(at + 1) == Some(&'*') => end_of_comment(&letters, at),
            '"' => end_of_text(&letters, at),
            'r' if starts_raw_text(&letters, at) => end_of_raw_text(&letters, at),
            '\'' => end_of_letter(&letters, at),
            letter => {
                code.push(letter);
                at += 1;
                continue;
            }
        };
        let end = end.clamp(at + 1, letters.len());
        code.extend(letters[at..end].iter().map(|letter| if *letter == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    code
}

fn end_of_line(letters: &[char], at: usize) -> usize {
    letters[at..].iter().position(|letter| *letter == '\n').map_or(letters.len(), |length| at + length)
}

fn end_of_comment(letters: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < letters.len() {
        match (letters[at], letters.get(at + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                at += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn end_of_text(letters: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < letters.len() {
        match letters[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// Whether the `r` at this place begins `r"..."` or `r#"..."#`, and is not the end of a name.
fn starts_raw_text(letters: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| letters[before]);
    let part_of_name = match before {
        // `br"..."` and `cr"..."` are texts as well.
        Some('b' | 'c') => at >= 2 && is_name_letter(letters[at - 2]),
        Some(letter) => is_name_letter(letter),
        None => false,
    };
    !part_of_name && letters[at + 1..].iter().find(|letter| **letter != '#') == Some(&'"')
}

fn end_of_raw_text(letters: &[char], start: usize) -> usize {
    let fences = letters[start + 1..].iter().take_while(|letter| **letter == '#').count();
    let mut at = start + 1 + fences + 1;
    while at < letters.len() {
        let closed =
            letters[at] == '"' && letters[at + 1..].iter().take_while(|letter| **letter == '#').count() >= fences;
        at += 1;
        if closed {
            return at + fences;
        }
    }
    at
}

/// The end of `'x'` or `'\n'`; a lifetime such as `'a` ends after its quote.
fn end_of_letter(letters: &[char], start: usize) -> usize {
    match letters.get(start + 1) {
        Some('\\') => letters[start + 3..]
            .iter()
            .position(|letter| *letter == '\'')
            .map_or(letters.len(), |more| start + 4 + more),
        Some(_) if letters.get(start + 2) == Some(&'\'') => start + 3,
        Some(_) | None => start + 1,
    }
}

/// The code with everything under `#[cfg(test)]` blanked.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        kept.push_str(&rest[..at]);
        let item = &rest[at..];
        let length = MARK.len() + length_of_item(&item[MARK.len()..]);
        kept.extend(item[..length].chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
        rest = &item[length..];
    }
    kept.push_str(rest);
    kept
}

/// The length of the item that begins here: up to its `;`, or up to the bracket that closes its body.
fn length_of_item(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in code.char_indices() {
        match letter {
            ';' if depth == 0 => return at + 1,
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && letter == '}' {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(place: &str, code: &str) -> Vec<String> {
        check(place, &format!("//! A module.\n{code}")).iter().map(ToString::to_string).collect()
    }

    fn one(place: &str, code: &str, expected: &str) {
        let found = rules(place, code);
        assert_eq!(found.len(), 1, "{place}: {code}: {found:?}");
        assert!(found[0].contains(expected), "{found:?}");
    }

    #[test]
    fn planted_words_are_found_on_their_line() {
        one("crates/domain/src/a.rs", "use std::collections::HashMap;", "crates/domain/src/a.rs:2: `HashMap`");
        one("crates/engine/src/a.rs", "\n\nasync fn wait() {}", "crates/engine/src/a.rs:4: `async`");
        one("crates/engine/src/a.rs", "let now = Instant::now();", "only clock.rs");
        one("crates/station/src/a.rs", "let now = std::time::SystemTime::now();", "only clock.rs");
        one("crates/server/src/a.rs", "let now = jiff::Timestamp::now();", "only clock.rs");
        one("crates/protocol/src/a.rs", "let id = Uuid::new_v4();", "arguments");
        one("crates/station/src/a.rs", "println!(\"x\");", "no printing macro");
        one("src-tauri/src/a.rs", "std::eprintln!(\"x\");", "no printing macro");
        one("hardware/src/a.rs", "struct Ticket;", "hardware knows no tickets");
        one("crates/server/src/ledger/a.rs", "use rusqlite::params;", "speak to the store");
        one("crates/server/src/http/a.rs", "tokio_postgres::connect();", "speak to the store");
    }

    #[test]
    fn planted_modules_are_found_however_they_are_imported() {
        one("crates/domain/src/a.rs", "use std::fs;", "`std::fs`");
        one("crates/engine/src/a.rs", "let f = std::net::TcpStream::connect(a);", "`std::net`");
        one("crates/engine/src/a.rs", "use std::{\n    collections::BTreeMap,\n    thread,\n};", "`std::thread`");
        one("crates/protocol/src/a.rs", "use std::{fmt::{self, Write}, io};", "`std::io`");
        assert_eq!(rules("crates/engine/src/a.rs", "use std::{collections::{BTreeMap, io}};"), Vec::<String>::new());
        assert_eq!(rules("crates/engine/src/a.rs", "use std::format;"), Vec::<String>::new());
    }

    #[test]
    fn what_is_allowed_elsewhere_is_not_found() {
        for (place, code) in [
            ("crates/server/src/ledger/store/a.rs", "use rusqlite::params;"),
            ("crates/station/src/a.rs", "use std::collections::HashMap; async fn f() { std::fs::read(p).await; }"),
            ("crates/station/src/clock.rs", "let now = Instant::now();"),
            ("crates/engine/src/a.rs", "fn poll_timeout(&self) -> Option<Instant> { None }"),
            ("crates/engine/src/a.rs", "let asynchronous = 1; let MyHashMap = 2; let nonprint = awaited!();"),
            ("tests/src/a.rs", "let now = Instant::now();"),
            ("ui/src/a.rs", "println!()"),
        ] {
            assert_eq!(rules(place, code), Vec::<String>::new(), "{place}: {code}");
        }
    }

    #[test]
    fn comments_texts_and_tests_do_not_count() {
        for code in [
            "// HashMap\n/* async /* HashMap */ async */ fn f() {}",
            "const A: &str = \"HashMap \\\" async\";",
            "const A: &str = r#\"HashMap \" async\"#;",
            "const A: &[u8] = br\"HashMap\";",
            "const A: char = '\"'; const B: char = '\\''; // HashMap \"",
            "fn f<'a>(x: &'a str) {} // async",
            "#[cfg(test)]\nmod tests {\n    use std::collections::HashMap;\n    fn f() { async {} }\n}",
            "#[cfg(test)]\nuse std::fs;",
            "#[cfg(test)]\n#[expect(dead_code)]\nfn f(a: [u8; 2]) { let h: HashMap; }",
        ] {
            assert_eq!(rules("crates/engine/src/a.rs", code), Vec::<String>::new(), "{code}");
        }
        assert_eq!(rules("crates/engine/tests/a.rs", "use std::fs;"), Vec::<String>::new());
        assert_eq!(rules("crates/engine/src/machine/tests.rs", "use std::fs;"), Vec::<String>::new());
    }

    #[test]
    fn code_after_what_does_not_count_counts_again() {
        for code in [
            "/* a */ struct H(HashMap);",
            "const A: &str = \"a\\\\\"; struct H(HashMap);",
            "const A: &str = r#\"a\"#; struct H(HashMap);",
            "const A: char = '\"'; struct H(HashMap);",
            "const A: char = '\\''; struct H(HashMap);",
            "const A: char = '\\u{1b}'; struct H(HashMap);",
            "fn f<'a>(x: &'a str) {} struct H(HashMap);",
            "#[cfg(test)]\nmod tests { fn f() { if a { } } }\nstruct H(HashMap);",
            "#[cfg(test)]\nmod tests;\nstruct H(HashMap);",
        ] {
            one("crates/engine/src/a.rs", code, "HashMap");
        }
    }

    #[test]
    fn a_module_without_its_opening_is_found() {
        assert_eq!(check("crates/engine/src/a.rs", "\nuse a;\n").len(), 1);
        assert_eq!(check("xtask/src/a.rs", "").len(), 1);
        assert_eq!(check("tests/tests/a.rs", "// a comment\n").len(), 1);
        assert_eq!(check("tests/tests/a.rs", "//! A test.\n"), []);
    }

    #[test]
    fn a_second_clock_is_found() {
        let places = ["crates/station/src/clock.rs", "crates/server/src/clock.rs", "crates/station/src/sync/clock.rs"];
        let found = check_clocks(places.into_iter());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].place, "crates/station/src/sync/clock.rs");
        assert_eq!(check_clocks(places.into_iter().take(2)), []);
    }
}
