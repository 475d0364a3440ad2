//! What is wrong with a value of a request, said the same way everywhere.

use std::error::Error;
use std::fmt;

use crate::domain::limit::ID_BYTES_MAX;

/// A value that breaks a rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invalid {
    /// Where the value stands, as a dotted path; names that users chose are in backticks. Empty for the whole.
    pub field: String,
    pub problem: Problem,
}

impl Invalid {
    /// The same, seen from the shape whose member this is in.
    pub fn in_member(self, name: &str) -> Self {
        self.within(name.to_owned())
    }

    /// The same, seen from the list whose item this is in, counted from 0.
    pub fn in_item(self, at: usize) -> Self {
        self.within(format!("[{at}]"))
    }

    /// The same, seen from the map in which this is under a key that a user chose.
    pub fn in_key(self, key: &str) -> Self {
        self.within(format!("`{key}`"))
    }

    fn within(mut self, mut outer: String) -> Self {
        if !self.field.is_empty() && !self.field.starts_with('[') {
            outer.push('.');
        }
        outer.push_str(&self.field);
        self.field = outer;
        self
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        self.problem.fmt(f)
    }
}

impl Error for Invalid {}

/// The rule, and what broke it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Problem {
    #[error("missing, {rule}")]
    Missing { rule: &'static str },
    #[error("`{value}` is not one of {}", .allowed.join(", "))]
    NotOneOf { value: String, allowed: Vec<&'static str> },
    #[error("`{value}` is not a number")]
    NotANumber { value: String },
    #[error("{value} is not between {min} and {max}")]
    OutOfRange { value: String, min: i32, max: i32 },
    #[error("`{value}` is not a time such as 2026-03-01T00:00:00Z")]
    NotATime { value: String },
    #[error("{values} values, the limit is {max}")]
    TooManyValues { values: usize, max: usize },
    #[error("the value `{start}…` has {chars} characters, the limit is {max}")]
    ValueTooLong { start: String, chars: usize, max: usize },
    #[error("the name has {chars} characters, the limit is {max}")]
    NameTooLong { chars: usize, max: usize },
    /// The value breaks a rule of its own.
    #[error("{rule}")]
    Rule { rule: String },
}

impl Problem {
    /// Names the field.
    pub fn at(self, field: impl Into<String>) -> Invalid {
        Invalid { field: field.into(), problem: self }
    }

    /// The rule as text.
    pub fn rule(rule: impl Into<String>) -> Self {
        Self::Rule { rule: rule.into() }
    }
}

/// Checks the length of a value in characters.
pub fn value_chars(value: &str, max: usize) -> Result<(), Problem> {
    // Characters are never more than bytes.
    if value.len() <= max {
        return Ok(());
    }
    let chars = value.chars().count();
    if chars <= max {
        return Ok(());
    }
    Err(Problem::ValueTooLong { start: value.chars().take(20).collect(), chars, max })
}

/// Checks an id that clients choose.
pub fn id_bytes(id: &str) -> Result<(), Problem> {
    match id.len() {
        0 => Err(Problem::Missing { rule: "it is required" }),
        bytes if bytes > ID_BYTES_MAX => Err(Problem::rule(format!("{bytes} bytes, the limit is {ID_BYTES_MAX}"))),
        _ => Ok(()),
    }
}
