//! `pinwheel hook`: call functions, check them, and deal with the batches they failed for. One file a subcommand.

pub(super) mod function;
mod invoke;

use std::process::ExitCode;

use clap::Subcommand;

use super::Settings;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Call a function once with an event of yours, and print its answer.
    Invoke(invoke::Args),
}

pub async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    match command {
        Command::Invoke(args) => invoke::run(args, settings).await,
    }
}
