//! `pinwheel hook`: call functions, check them, and deal with the batches they failed for. One file a subcommand.

mod check;
mod dead;
pub(super) mod function;
mod invoke;
mod log;
mod redrive;
mod replay;

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;

use super::Settings;
use crate::config;

/// The exit code of a check or comparison that could not be made.
const EXIT_UNUSABLE: u8 = 2;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Call a function once with an event of yours, and print its answer.
    Invoke(invoke::Args),
    /// Check that a function keeps to the contract of hooks.
    Check(check::Args),
    /// Run recorded calls against another function, and show what would change.
    Replay(replay::Args),
    /// Show what a local function has logged.
    Log(log::Args),
    /// See the batches that are held because their hook failed, or give them up.
    Dead(dead::Args),
    /// Hand held batches back to their activities, and see them through to the end.
    Redrive(redrive::Args),
}

pub async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    match command {
        Command::Invoke(args) => invoke::run(args, settings).await,
        Command::Check(args) => check::run(args, settings).await,
        Command::Replay(args) => replay::run(args, settings).await,
        Command::Log(args) => log::run(args, settings).await,
        Command::Dead(args) => dead::run(args, settings).await,
        Command::Redrive(args) => redrive::run(args, settings).await,
    }
}

/// Reads a duration, as in the settings.
fn duration(text: &str) -> Result<Duration, String> {
    config::parse_duration(text).ok_or_else(|| "it is not a duration such as `15s` or `250ms`".to_owned())
}
