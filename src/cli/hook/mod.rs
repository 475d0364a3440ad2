//! `pinwheel hook`: call functions, check them, and deal with the batches they failed for. One file a subcommand.

mod invoke;
mod log;

use std::process::ExitCode;

use clap::Subcommand;

use super::Settings;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Call a function once with an event of yours, and print its answer.
    Invoke(invoke::Args),
    /// Show what a local function has logged.
    Log(log::Args),
}

pub async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    match command {
        Command::Invoke(args) => invoke::run(args, settings).await,
        Command::Log(args) => log::run(args, settings).await,
    }
}
