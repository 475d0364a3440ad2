//! What can be wrong with settings.

use std::fmt;
use std::path::PathBuf;

/// Why settings were not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings file cannot be read.
    #[error("cannot read settings file `{}`: {source}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The settings file is not TOML.
    #[error("{}:{line}: {problem}", path.display())]
    Syntax { path: PathBuf, line: usize, problem: String },
    /// Settings break rules; all that were found, never empty.
    #[error("{}", lines(.0))]
    Invalid(Vec<Problem>),
}

/// One broken rule.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Problem {
    /// There is no such setting.
    #[error("{origin}: unknown key `{key}`{}", hint(.nearest))]
    UnknownKey { origin: Origin, key: String, nearest: Option<String> },
    /// A value is not allowed. Secret values are hidden.
    #[error("{origin}: `{key}` is `{value}`, but must {rule}")]
    Value { origin: Origin, key: String, value: String, rule: String },
    /// A `--set` flag without a value.
    #[error("--set {text}: must have the form `section.key=value`")]
    Flag { text: String },
    /// A variable that names a setting but for the double underscore.
    #[error("variable {variable}: sections end with two underscores: use `{meant}`")]
    Variable { variable: String, meant: String },
}

/// Where a value was set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    Default,
    File {
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// The `[settings]` table of a campaign file.
    Overlay,
    Variable(String),
    /// The key of a `--set` flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Overlay => f.write_str("campaign file's [settings]"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Flag(key) => write!(f, "--set {key}"),
        }
    }
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |key| format!("; did you mean `{key}`?"))
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
