//! Rules of the repository that the compiler does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, top floor first, and what each may import. Imports run down only: a room may name none above itself.
const ROOMS: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "app",
            "api",
            "sandbox",
            "loadtest",
            "campaign",
            "channel",
            "segment",
            "template",
            "hook",
            "store",
            "wire",
            "http",
            "telemetry",
            "config",
            "clock",
            "domain",
        ],
    ),
    (
        "app",
        &[
            "api",
            "campaign",
            "channel",
            "inapp",
            "event",
            "segment",
            "template",
            "hook",
            "store",
            "wire",
            "http",
            "telemetry",
            "config",
            "clock",
            "domain",
            "vault",
        ],
    ),
    ("loadtest", &["hook", "segment", "store", "wire", "http", "telemetry", "config", "clock", "domain"]),
    ("sandbox", &["store", "wire", "http", "clock", "domain"]),
    (
        "api",
        &[
            "campaign",
            "channel",
            "inapp",
            "event",
            "segment",
            "template",
            "hook",
            "store",
            "wire",
            "http",
            "telemetry",
            "config",
            "clock",
            "domain",
            "vault",
        ],
    ),
    (
        "campaign",
        &[
            "channel",
            "inapp",
            "event",
            "segment",
            "template",
            "hook",
            "store",
            "wire",
            "telemetry",
            "config",
            "clock",
            "domain",
            "vault",
        ],
    ),
    ("inapp", &["event", "segment", "template", "store", "wire", "telemetry", "config", "clock", "domain"]),
    ("event", &["segment", "store", "wire", "http", "telemetry", "config", "clock", "domain"]),
    ("channel", &["hook", "wire", "http", "telemetry", "config", "clock", "domain"]),
    ("segment", &["store", "wire", "telemetry", "config", "clock", "domain"]),
    ("template", &["wire", "config", "clock", "domain"]),
    ("hook", &["wire", "http", "telemetry", "config", "clock", "domain"]),
    ("store", &["wire", "telemetry", "config", "clock", "domain"]),
    ("wire", &["clock", "domain"]),
    ("http", &["telemetry", "config", "clock", "domain"]),
    ("telemetry", &["config", "clock", "domain"]),
    ("vault", &["config", "domain"]),
    ("config", &["domain"]),
    ("clock", &[]),
    ("domain", &[]),
];

/// Longest source file, in lines. Past about 500, look for the two things it does.
const LINES_MAX: usize = 600;

/// Written by a generator; files may be as long as they like.
const GENERATED: &str = "src/wire/generated/";

/// Words that must not be left behind. Spelled in halves, so that this file passes.
const LEFT_OVERS: &[&str] = &[
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("db", "g!("),
    concat!("#[ig", "nore"),
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
    concat!("XX", "X:"),
];

/// Where some words may be used at all: the words, the only places, and why.
const CONFINED: &[(&[&str], &[&str], &str)] = &[
    (
        &["SELECT ", "INSERT INTO ", "DELETE FROM ", "CREATE TABLE ", "rusqlite::"],
        &["src/store/"],
        "SQL lives in the store",
    ),
    (
        &["\"pinwheel_", "counter!(", "gauge!(", "histogram!("],
        &["src/telemetry/metric.rs"],
        "metrics are spelled in telemetry/metric.rs alone",
    ),
    (
        &["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now", "tokio::time", "thread::sleep"],
        &["src/clock.rs"],
        "time comes from the clock",
    ),
    (
        &["env::var", "env::vars", "env::var_os"],
        &["src/main.rs", "src/app.rs", "src/app/"],
        "settings come from config; only main and app read the environment",
    ),
    (&["anyhow"], &["src/cli/", "src/main.rs"], "contracts have errors of their own"),
];

/// One file, and what rules look at in it.
struct Source {
    /// From the repository's root, with `/`.
    path: String,
    text: String,
    /// The text up to its unit tests, without comments. Empty for a file that is all tests.
    code: String,
}

impl Source {
    fn room(&self) -> Option<&str> {
        let inner = self.path.strip_prefix("src/")?;
        let room = inner.split('/').next()?.trim_end_matches(".rs");
        (!matches!(room, "lib" | "main" | "bin")).then_some(room)
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn sources(folder: &str) -> Vec<Source> {
    let paths = files(folder, "rs");
    let texts: BTreeMap<String, String> = paths
        .iter()
        .map(|path| {
            (path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap())
        })
        .collect();
    let tests = test_files(&texts);
    let is_test =
        |path: &str| tests.iter().any(|test| path == format!("{test}.rs") || path.starts_with(&format!("{test}/")));
    texts
        .into_iter()
        .map(|(path, text)| {
            let code = if is_test(&path) { String::new() } else { code_of(&text) };
            Source { path, text, code }
        })
        .collect()
}

/// Modules in files of their own that are declared under `#[cfg(test)]`, as paths without `.rs`.
fn test_files(texts: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, text) in texts {
        let folder = match path.strip_suffix("/mod.rs").or_else(|| path.strip_suffix("/lib.rs")) {
            Some(folder) => folder,
            None => path.trim_end_matches(".rs"),
        };
        let mut lines = text.lines().map(str::trim);
        while let Some(line) = lines.next() {
            if line == "#[cfg(test)]"
                && let Some(module) = lines.next().and_then(|next| next.strip_suffix(';'))
                && let Some((_, name)) = module.split_once("mod ")
            {
                found.insert(format!("{folder}/{name}"));
            }
        }
    }
    found
}

/// A file's code: without line comments and, as they come last, without unit tests.
fn code_of(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let is_tests = |pair: &[&str]| {
        pair[0].trim() == "#[cfg(test)]"
            && pair[1].trim_start().trim_start_matches("pub(super) ").starts_with("mod ")
            && pair[1].ends_with('{')
    };
    let end = lines.windows(2).position(is_tests).unwrap_or(lines.len());
    lines[..end].iter().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

/// Every room that code names by `crate::room` or within `crate::{…}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, word) in code.match_indices("crate::") {
        let after = &code[at + word.len()..];
        rooms.extend(match after.strip_prefix('{') {
            Some(group) => heads(group),
            None => vec![identifier(after)],
        });
    }
    // `crate::Thing` and macros are no rooms.
    rooms.retain(|name| name.starts_with(|first: char| first.is_ascii_lowercase()));
    rooms
}

/// The first identifiers of a `{a, b::{c, d}, e}` whose opening brace is gone.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut at_head, mut heads) = (0, true, Vec::new());
    for (at, sign) in group.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_head = true,
            _ if at_head && depth == 0 && !sign.is_whitespace() => {
                heads.push(identifier(&group[at..]));
                at_head = false;
            }
            _ => {}
        }
    }
    heads
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|sign| sign.is_ascii_alphanumeric() || *sign == '_').collect()
}

/// Fails with every complaint at once.
fn report(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn the_table_of_rooms_runs_down_only() {
    for (floor, (room, may)) in ROOMS.iter().enumerate() {
        for import in *may {
            let below = ROOMS[floor + 1..].iter().any(|(name, _)| name == import);
            assert!(below, "`{room}` may import `{import}`, which is not below it");
        }
    }
}

#[test]
fn imports_run_down_only() {
    let rooms: BTreeMap<_, _> = ROOMS.iter().copied().collect();
    let mut complaints = Vec::new();
    for source in sources("src") {
        let Some(room) = source.room() else { continue };
        let Some(may) = rooms.get(room) else {
            complaints.push(format!("{}: `{room}` has no place in the table of rooms", source.path));
            continue;
        };
        for import in imports(&source.code) {
            if import != room && !may.contains(&import.as_str()) {
                complaints.push(format!("{}: `{room}` must not import `{import}`", source.path));
            }
        }
    }
    report(complaints);
}

#[test]
fn words_stay_where_they_belong() {
    let mut complaints = Vec::new();
    for source in sources("src") {
        for (words, places, why) in CONFINED {
            let allowed = places.iter().any(|place| source.path.starts_with(place));
            for word in words.iter().filter(|word| !allowed && source.code.contains(**word)) {
                complaints.push(format!("{}: `{word}`: {why}", source.path));
            }
        }
    }
    report(complaints);
}

#[test]
fn nothing_is_left_behind() {
    let mut complaints = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for source in sources(folder) {
            for (number, line) in source.text.lines().enumerate() {
                for word in LEFT_OVERS.iter().filter(|word| line.contains(**word)) {
                    complaints.push(format!("{}:{}: `{word}`", source.path, number + 1));
                }
            }
        }
    }
    report(complaints);
}

#[test]
fn files_are_short() {
    let lengths = sources("src").into_iter().map(|source| (source.text.lines().count(), source.path));
    let long = lengths.filter(|(lines, path)| *lines > LINES_MAX && !path.starts_with(GENERATED));
    report(long.map(|(lines, path)| format!("{path}: {lines} lines, at most {LINES_MAX}")).collect());
}

#[test]
fn every_module_says_what_it_is() {
    let silent = sources("src").into_iter().filter(|source| !source.text.starts_with("//!"));
    let silent = silent.filter(|source| source.room().is_some() && !source.code.is_empty());
    report(silent.map(|source| format!("{}: begins without a line of `//!`", source.path)).collect());
}

#[test]
fn dashboards_and_alerts_name_metrics_that_exist() {
    let metrics = fs::read_to_string(root().join("src/telemetry/metric.rs")).unwrap();
    let known: BTreeSet<_> = metrics.lines().filter(|line| line.starts_with("const ")).flat_map(names).collect();
    let mut complaints = Vec::new();
    for file in ["config/alerts.yml", "config/grafana-dashboard.json"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        let named: BTreeSet<_> = text.lines().flat_map(names).collect();
        assert!(!named.is_empty(), "{file} names no metric");
        for name in named {
            let base = ["_bucket", "_count", "_sum"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(&name);
            if !known.contains(base) {
                complaints.push(format!("{file}: there is no metric `{name}`"));
            }
        }
    }
    report(complaints);
}

/// The metric names in a line.
fn names(line: &str) -> Vec<String> {
    line.match_indices("pinwheel_").map(|(at, _)| identifier(&line[at..])).collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut complaints = Vec::new();
    let pages = files("docs", "md")
        .into_iter()
        .chain(["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(|page| root().join(page)));
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for (at, opening) in text.match_indices("](") {
            let target = text[at + opening.len()..].split([')', '#']).next().unwrap();
            let is_local = !target.is_empty() && !target.contains("://");
            if is_local && !page.parent().unwrap().join(target).exists() {
                complaints.push(format!("{}: `{target}` does not exist", page.display()));
            }
        }
    }
    report(complaints);
}

#[test]
fn these_rules_can_see() {
    let code = "use crate::a::B;\nuse crate::{c, d::{e, f}, g as h};\nlet x = crate::i::j();\npub(crate) fn k() {}\n";
    assert_eq!(imports(code).into_iter().collect::<Vec<_>>(), ["a", "c", "d", "g", "i"]);

    let text = "//! Doc of crate::x.\nuse crate::y;\n// crate::z\n#[cfg(test)]\nmod tests {\n    use crate::w;\n}\n";
    assert_eq!(code_of(text), "use crate::y;\n");

    let modules = BTreeMap::from([
        ("src/a/mod.rs".to_owned(), "#[cfg(test)]\nmod suite;\nmod b;\n".to_owned()),
        ("src/a/b.rs".to_owned(), "#[cfg(test)]\npub(super) mod case;\n".to_owned()),
    ]);
    assert_eq!(test_files(&modules).into_iter().collect::<Vec<_>>(), ["src/a/b/case", "src/a/suite"]);
}
