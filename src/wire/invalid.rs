//! What is wrong with a value of a request, said the same way everywhere.

/// A value that breaks a rule.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Invalid {
    /// Where the value stands, as a dotted path; names that users chose are in backticks.
    pub field: String,
    pub problem: Problem,
}

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
