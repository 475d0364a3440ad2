//! The load tester of hooks: calls at the rate of a plan, whatever the function does, and a report.
//!
//! The model is open: every call has an intended start that does not depend on the calls before it, and latency counts
//! from there. The parts: [`pacer`] says when calls are due, [`events`] what is sent, [`run()`] does it, [`Tally`] adds up
//! what came of it, [`threshold`] and [`search`] judge. All but `run` is pure.

mod assemble;
pub mod events;
mod histogram;
pub mod pacer;
pub mod profile;
pub mod report;
mod run;
pub mod search;
mod tally;
pub mod threshold;
mod warning;

use std::time::Duration;

use crate::config;

pub use assemble::{About, assemble};
pub use histogram::Histogram;
pub use run::{Live, Ran, Settings, Stopped, run};
pub use tally::{Outcome, Tally};

/// Why a load test cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{name} `{value}`: {problem}")]
    Setting { name: &'static str, value: String, problem: String },
    #[error("the plan cannot be run: {0}")]
    Plan(String),
    #[error("the profile cannot be used: {0}")]
    Profile(String),
    #[error("no event can be built: {0}")]
    Events(String),
    #[error(transparent)]
    Segment(#[from] crate::segment::Error),
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    #[error("a thread of the tester could not be started")]
    Thread(#[source] std::io::Error),
}

/// Reads `10s`, `500ms`, `5min`.
pub fn duration(text: &str) -> Result<Duration, Error> {
    config::parse_duration(text.trim()).ok_or_else(|| Error::Setting {
        name: "duration",
        value: text.to_owned(),
        problem: "it is a number and a unit, such as `10s` or `500ms`".into(),
    })
}
