//! Settings as TOML for people.

use toml::{Table, Value};

use super::error::Origin;
use super::key::{HIDDEN, Key, without_password};
use super::merge::Merged;

/// The effective settings, each that is not the default with its origin as a comment. Secrets that are set are hidden.
pub(super) fn toml(merged: &Merged) -> String {
    let mut text = String::new();
    section(merged, &Key::default(), &merged.table, &mut text);
    text
}

fn section(merged: &Merged, parent: &Key, table: &Table, text: &mut String) {
    let (tables, values): (Vec<_>, Vec<_>) = table.iter().partition(|(_, value)| value.is_table());
    if !parent.parts().is_empty() && (!values.is_empty() || tables.is_empty()) {
        let gap = if text.is_empty() { "" } else { "\n" };
        text.push_str(&format!("{gap}[{}]\n", header(parent)));
    }
    for (name, value) in values {
        let key = parent.child(name);
        let origin = match merged.origin(&key) {
            Origin::Default => String::new(),
            origin => format!(" # {origin}"),
        };
        text.push_str(&format!("{} = {}{origin}\n", part(name), shown(&key, value)));
    }
    for (name, value) in tables {
        if let Value::Table(inner) = value {
            section(merged, &parent.child(name), inner, text);
        }
    }
}

fn shown(key: &Key, value: &Value) -> String {
    let is_set = value.as_str() != Some("");
    if key.is_secret() && is_set { format!("\"{HIDDEN}\"") } else { hide_within(key, value).to_string() }
}

/// Hides secrets inside inline tables and lists.
fn hide_within(key: &Key, value: &Value) -> Value {
    match value {
        Value::Array(values) => Value::Array(values.iter().map(|value| hide_within(key, value)).collect()),
        Value::Table(table) => {
            let hidden = table.iter().map(|(name, value)| {
                let key = key.child(name);
                let value = if key.is_secret() { Value::from(HIDDEN) } else { hide_within(&key, value) };
                (name.clone(), value)
            });
            Value::Table(hidden.collect())
        }
        Value::String(text) => Value::String(without_password(text)),
        other => other.clone(),
    }
}

fn header(key: &Key) -> String {
    key.parts().iter().map(|name| part(name)).collect::<Vec<_>>().join(".")
}

/// A part of a key, quoted if it has to be.
fn part(name: &str) -> String {
    let is_bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_bare { name.to_owned() } else { Value::from(name).to_string() }
}
