//! Lays sources over the defaults, refusing keys that do not exist and values of the wrong type.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::error::{Origin, Problem};
use super::key::Key;
use super::source::{Assignment, Given, Settings};

/// Sections whose keys are not listed in the defaults: the adapters' own settings, local functions, providers of identities, sinks
/// of event streams, and rates by adapter name.
const OPEN: [&str; 3] = ["channel", "functions", "identity"];
const SINKS: [&str; 2] = ["event_stream", "sinks"];
const RATES: [&str; 2] = ["send", "rates"];

/// Settings under construction.
pub(super) struct Merged {
    defaults: Table,
    pub table: Table,
    origins: BTreeMap<Key, Origin>,
    pub problems: Vec<Problem>,
}

/// What may stand at a key.
enum Place {
    /// A value of this type.
    Known(Type),
    /// A setting of an adapter, which alone knows its type.
    Free,
    Nothing,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Type {
    Text,
    Number,
    Switch,
    Section,
    Other,
}

impl Merged {
    pub fn new(defaults: Table) -> Self {
        Self { table: defaults.clone(), defaults, origins: BTreeMap::new(), problems: Vec::new() }
    }

    /// Every key that has a default.
    pub fn known(&self) -> Vec<Key> {
        leaves(&self.defaults)
    }

    /// Lays the settings of a source over what is there.
    pub fn apply(&mut self, settings: Settings) {
        for setting in settings {
            match setting {
                Ok(assignment) => self.set(assignment),
                Err(problem) => self.problems.push(problem),
            }
        }
    }

    fn set(&mut self, assignment: Assignment) {
        let Assignment { key, value, origin } = assignment;
        let value = match self.place(&key) {
            Place::Known(kind) => kind.read(value),
            Place::Free => Ok(match value {
                Given::Value(value) => value,
                Given::Text(text) => guessed(&key, text, get(&self.table, &key)),
            }),
            Place::Nothing => {
                let nearest = self.nearest(&key);
                self.problems.push(Problem::UnknownKey { origin, key: key.to_string(), nearest });
                return;
            }
        };
        match value {
            Ok(value) => {
                put(&mut self.table, key.parts(), value);
                self.origins.insert(key, origin);
            }
            Err((value, rule)) => {
                let shown = key.show(&value);
                self.problems.push(Problem::Value { origin, key: key.to_string(), value: shown, rule });
            }
        }
    }

    fn place(&self, key: &Key) -> Place {
        if let Some(default) = get(&self.defaults, key) {
            return Place::Known(Type::of(default));
        }
        match key.parts() {
            // `channel.gcm` is a section: only an empty table may be given for it as a whole.
            [section, _] if OPEN.contains(&section.as_str()) => Place::Known(Type::Section),
            [section, _, ..] if OPEN.contains(&section.as_str()) => Place::Free,
            [section, sinks, _] if [section, sinks] == SINKS => Place::Known(Type::Section),
            [section, sinks, _, ..] if [section, sinks] == SINKS => Place::Free,
            [section, rates, _] if [section, rates] == RATES => Place::Known(Type::Text),
            _ => Place::Nothing,
        }
    }

    /// The known key closest to a wrong one, else the section closest to its first part, if any is close.
    fn nearest(&self, key: &Key) -> Option<String> {
        let sections = self.defaults.keys().cloned().chain(OPEN.map(str::to_owned));
        closest(&key.to_string(), self.known().iter().map(Key::to_string)).or_else(|| {
            let section = key.parts().first()?;
            closest(section, sections).filter(|found| found != section)
        })
    }

    /// Where the value at this key comes from.
    pub fn origin(&self, key: &Key) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }

    /// Notes that the value at this key breaks a rule, once; not a section of which a value was noted.
    pub fn refuse(&mut self, key: &Key, rule: String) {
        let shown = get(&self.table, key).map_or_else(|| "missing".to_owned(), |value| key.show(value));
        let (origin, key) = (self.origin(key), key.to_string());
        let is_it =
            |other: &str| other.strip_prefix(&*key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let known = |problem: &Problem| matches!(problem, Problem::Value { key: other, .. } if is_it(other));
        if !self.problems.iter().any(known) {
            self.problems.push(Problem::Value { origin, key, value: shown, rule });
        }
    }
}

/// The candidate that most likely was meant, if any is likely.
fn closest(text: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(text, &candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.len() / 4))
        .min()
        .map(|(_, candidate)| candidate)
}

/// The value at a key.
pub(super) fn get<'a>(table: &'a Table, key: &Key) -> Option<&'a Value> {
    let (last, parents) = key.parts().split_last()?;
    parents.iter().try_fold(table, |table, part| table.get(part)?.as_table())?.get(last)
}

/// Every key that has a value; an empty table counts as one.
pub(super) fn leaves(table: &Table) -> Vec<Key> {
    fn walk(parent: &Key, table: &Table, keys: &mut Vec<Key>) {
        for (name, value) in table {
            let key = parent.child(name);
            match value {
                Value::Table(inner) if !inner.is_empty() => walk(&key, inner, keys),
                _ => keys.push(key),
            }
        }
    }
    let mut keys = Vec::new();
    walk(&Key::default(), table, &mut keys);
    keys
}

/// Sets the value at a path, making tables on the way. An empty table leaves one that is there alone.
fn put(table: &mut Table, path: &[String], value: Value) {
    let [first, rest @ ..] = path else { return };
    if rest.is_empty() {
        let keeps = matches!((&value, table.get(first)), (Value::Table(new), Some(Value::Table(_))) if new.is_empty());
        if !keeps {
            table.insert(first.clone(), value);
        }
        return;
    }
    let inner = table.entry(first).or_insert_with(|| Value::Table(Table::new()));
    if !inner.is_table() {
        *inner = Value::Table(Table::new());
    }
    if let Value::Table(inner) = inner {
        put(inner, rest, value);
    }
}

impl Type {
    fn of(value: &Value) -> Self {
        match value {
            Value::String(_) => Self::Text,
            Value::Integer(_) => Self::Number,
            Value::Boolean(_) => Self::Switch,
            Value::Table(_) => Self::Section,
            Value::Float(_) | Value::Datetime(_) | Value::Array(_) => Self::Other,
        }
    }

    /// A value of this type. Errors: the value as it was given, and what it must be.
    fn read(self, value: Given) -> Result<Value, (Value, String)> {
        let read = match value {
            Given::Value(value) => value,
            Given::Text(text) => match self {
                Self::Text => Value::String(text),
                _ => text.trim().parse().unwrap_or(Value::String(text)),
            },
        };
        // Sections are given key by key; as a whole only empty, which enables a channel.
        let is_whole_section = read.as_table().is_some_and(|table| !table.is_empty());
        let fits = Self::of(&read) == self && !is_whole_section;
        if fits { Ok(read) } else { Err((read, format!("be {}", self.name()))) }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "a text in quotes",
            Self::Number => "a whole number",
            Self::Switch => "true or false",
            Self::Section => "a section, given key by key",
            Self::Other => "a value of the default's type",
        }
    }
}

/// A text as a value of an adapter's setting, whose type is not known here: the type that is there already, else what
/// it looks like. Secrets are always text; any other text that looks like a number needs quotes to remain one.
fn guessed(key: &Key, text: String, present: Option<&Value>) -> Value {
    if key.is_secret() || matches!(present, Some(Value::String(_))) {
        return Value::String(text);
    }
    match text.parse() {
        // `+49151…` is not a number but a telephone's.
        Ok(Value::Integer(number)) if number.to_string() == text => Value::Integer(number),
        Ok(value @ (Value::Boolean(_) | Value::String(_) | Value::Array(_) | Value::Table(_))) => value,
        _ => Value::String(text),
    }
}
