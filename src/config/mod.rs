//! Settings: the compiled-in defaults, then a file, a campaign file's `[settings]`, the environment and flags, each over
//! the ones before. Nobody else reads any of them.

mod error;
mod key;
mod merge;
mod rate;
mod rule;
mod section;
mod show;
mod source;

use std::path::{Path, PathBuf};

use toml::{Table, Value};

pub use error::{Error, Origin, Problem};
use key::Key;
use merge::Merged;
pub use rate::{Rate, RateError};
pub use rule::is_safe_url;
pub use section::*;

/// The settings file that is read when none is named.
const FILE: &str = "pinwheel.toml";

/// What settings are made from.
#[derive(Default)]
pub struct Sources {
    /// A TOML file, which must exist. See [`file_or_default`].
    pub file: Option<PathBuf>,
    /// The `[settings]` table of a campaign file.
    pub overlay: Option<Table>,
    /// The environment; only variables such as `PINWHEEL_HOOK__TIMEOUT` count.
    pub environment: Vec<(String, String)>,
    /// `--set` flags: `hook.timeout=5s`.
    pub flags: Vec<String>,
}

/// The named settings file, else `pinwheel.toml` of the working directory if it is there.
pub fn file_or_default(named: Option<PathBuf>) -> Option<PathBuf> {
    named.or_else(|| Path::new(FILE).is_file().then(|| PathBuf::from(FILE)))
}

impl Config {
    /// Settings from all sources.
    ///
    /// Errors: a file that cannot be read or is not TOML; else every unknown key and every broken rule that was found.
    pub fn load(sources: Sources) -> Result<Self, Error> {
        Effective::load(sources).map(|effective| effective.config)
    }
}

/// Settings that remember where they come from, to show them.
pub struct Effective {
    pub config: Config,
    merged: Merged,
}

impl Effective {
    /// As [`Config::load`].
    pub fn load(sources: Sources) -> Result<Self, Error> {
        let mut merged = Merged::new(source::defaults());
        if let Some(path) = &sources.file {
            merged.apply(source::file(path)?);
        }
        merged.apply(source::overlay(sources.overlay.unwrap_or_default()));
        merged.apply(source::environment(sources.environment, &merged.known()));
        merged.apply(source::flags(sources.flags));

        let broken = rule::broken(&merged.table, |key| merged.origin(key) == Origin::Default);
        for (key, rule) in broken {
            merged.refuse(&key, rule);
        }
        let config = serde_path_to_error::deserialize(Value::Table(merged.table.clone()));
        if let Err(error) = &config {
            let path = error.path().iter().map(ToString::to_string).collect::<Key>();
            merged.refuse(&path, rule::of_message(error.inner().message()));
        }
        match config {
            Ok(config) if merged.problems.is_empty() => Ok(Self { config, merged }),
            _ => Err(Error::Invalid(merged.problems)),
        }
    }

    /// The settings as TOML, each with its origin unless it is the default. Secrets are hidden.
    pub fn to_toml(&self) -> String {
        show::toml(&self.merged)
    }
}

#[cfg(test)]
mod tests;
