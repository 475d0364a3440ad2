//! `pinwheel load`: a test, or one of the things to do with the reports of tests.

use std::process::ExitCode;

use clap::Subcommand;

use super::{Args, EXIT_NOT_RUN, compare, forecast, test_and_tell};
use crate::cli::Settings;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Command {
    #[command(subcommand)]
    report: Option<Reports>,
    #[command(flatten)]
    test: Args,
}

/// What to do with reports.
#[derive(Debug, Subcommand)]
enum Reports {
    /// Compare the reports of two tests.
    Compare(compare::Args),
    /// Tell from a report how long a run over a segment will take, and what it will cost.
    Forecast(forecast::Args),
}

pub async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let done = match command.report {
        Some(Reports::Compare(args)) => compare::run(&args),
        Some(Reports::Forecast(args)) => forecast::run(&args, settings).await,
        None => test_and_tell(command.test, settings).await,
    };
    // As for a test: 1 says that what was found is bad, so it cannot say that nothing was found.
    Ok(done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(EXIT_NOT_RUN)
    }))
}
