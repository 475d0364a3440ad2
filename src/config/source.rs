//! Where settings come from. Every source becomes a list of assignments, each with its origin.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::error::{Error, Origin, Problem};
use super::key::Key;

/// What variables of ours begin with.
const PREFIX: &str = "PINWHEEL_";

/// One setting that one source makes.
pub(super) struct Assignment {
    pub key: Key,
    pub value: Given,
    pub origin: Origin,
}

/// What a source sets, in its order, and what it got wrong by itself.
pub(super) type Settings = Vec<Result<Assignment, Problem>>;

/// A value as its source gives it.
pub(super) enum Given {
    Value(Value),
    /// Its type is that of the setting.
    Text(String),
}

/// The compiled-in defaults.
pub(super) fn defaults() -> Table {
    include_str!("../../config/default.toml").parse().expect("the compiled-in defaults are TOML")
}

/// The settings of a file.
pub(super) fn file(path: &Path) -> Result<Settings, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let line_at = |offset: usize| 1 + text.as_bytes()[..offset.min(text.len())].iter().filter(|b| **b == b'\n').count();
    // The parser's own report quotes the line, which may hold a secret.
    let syntax = |error: toml::de::Error| Error::Syntax {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| line_at(span.start)),
        problem: error.message().to_owned(),
    };
    let table: Table = text.parse().map_err(syntax)?;
    let mut lines = BTreeMap::new();
    let document = DeTable::parse(&text).map_err(syntax)?;
    note_lines(&Key::default(), document.get_ref(), &line_at, &mut lines);
    Ok(flatten(table, |key| Origin::File { path: path.to_owned(), line: lines.get(key).copied().unwrap_or(1) }))
}

fn note_lines(parent: &Key, table: &DeTable<'_>, line_at: &dyn Fn(usize) -> usize, lines: &mut BTreeMap<Key, usize>) {
    for (name, value) in table {
        let key = parent.child(name.get_ref());
        lines.insert(key.clone(), line_at(name.span().start));
        if let DeValue::Table(inner) = value.get_ref() {
            note_lines(&key, inner, line_at, lines);
        }
    }
}

/// The settings of a campaign file's `[settings]`.
pub(super) fn overlay(table: Table) -> Settings {
    flatten(table, |_| Origin::Overlay)
}

/// The leaves of a table. An empty table is a leaf: `[channel.sink]` alone enables a channel.
fn flatten(table: Table, origin: impl Fn(&Key) -> Origin) -> Settings {
    fn walk(parent: &Key, table: Table, origin: &dyn Fn(&Key) -> Origin, leaves: &mut Settings) {
        for (name, value) in table {
            let key = parent.child(&name);
            match value {
                Value::Table(inner) if !inner.is_empty() => walk(&key, inner, origin, leaves),
                value => leaves.push(Ok(Assignment { origin: origin(&key), value: Given::Value(value), key })),
            }
        }
    }
    let mut leaves = Vec::new();
    walk(&Key::default(), table, &origin, &mut leaves);
    leaves
}

/// The settings of the environment: `PINWHEEL_<SECTION>__<KEY>`.
///
/// Variables without a double underscore are not ours (Kubernetes makes `PINWHEEL_SERVICE_HOST` for a service named
/// pinwheel), except when they miss a setting by just that.
pub(super) fn environment(variables: Vec<(String, String)>, known: &[Key]) -> Settings {
    let settings = variables.into_iter().filter_map(|(variable, text)| {
        let path = variable.strip_prefix(PREFIX)?;
        if path.contains("__") {
            return Some(Ok(Assignment {
                key: key_of(path),
                value: Given::Text(text),
                origin: Origin::Variable(variable),
            }));
        }
        let meant = known.iter().find(|key| variable_of(key, "_") == variable)?;
        Some(Err(Problem::Variable { meant: variable_of(meant, "__"), variable }))
    });
    settings.collect()
}

/// Keys are in small letters. What follows `FUNCTIONS__<NAME>__ENVIRONMENT` is a variable of the function's own, as it is.
fn key_of(path: &str) -> Key {
    let parts: Vec<_> = path.splitn(4, "__").collect();
    match parts[..] {
        ["FUNCTIONS", _, "ENVIRONMENT", own] => {
            parts[..3].iter().map(|part| part.to_ascii_lowercase()).chain([own.to_owned()]).collect()
        }
        _ => path.split("__").map(str::to_ascii_lowercase).collect(),
    }
}

fn variable_of(key: &Key, separator: &str) -> String {
    format!("{PREFIX}{}", key.parts().join(separator).to_ascii_uppercase())
}

/// The settings of `--set key=value` flags.
pub(super) fn flags(flags: Vec<String>) -> Settings {
    let settings = flags.into_iter().map(|flag| {
        let Some((key, text)) = flag.split_once('=') else { return Err(Problem::Flag { text: flag }) };
        let key = Key::dotted(key);
        Ok(Assignment { origin: Origin::Flag(key.to_string()), key, value: Given::Text(text.to_owned()) })
    });
    settings.collect()
}
