//! `pinwheel hook`: call functions, check them, and deal with the batches they failed for. One file a subcommand.

mod dead;
mod invoke;
mod redrive;
mod server;

use std::process::ExitCode;

use clap::Subcommand;

use super::Settings;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Call a function once with an event of yours, and print its answer.
    Invoke(invoke::Args),
    /// See the batches that are held because their hook failed, or give them up.
    Dead(dead::Args),
    /// Hand held batches back to their activities, and see them through to the end.
    Redrive(redrive::Args),
}

pub async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    match command {
        Command::Invoke(args) => invoke::run(args, settings).await,
        Command::Dead(args) => dead::run(args, settings).await,
        Command::Redrive(args) => redrive::run(args, settings).await,
    }
}
