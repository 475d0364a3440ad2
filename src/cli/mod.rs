//! The command line: one file a subcommand. Results go to standard output, progress and logs to standard error.

mod activity;
mod campaign;
mod config;
mod demo;
mod export;
mod feedback;
mod health;
mod hook;
mod import;
mod keys;
mod load;
mod plain;
mod run;
mod schedule;
mod serve;
mod server;
mod stored;
mod summary;
mod table;
mod template;
mod vault;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Parser, Subcommand};

use self::summary::Summary;
use crate::app::{self, App};
use crate::campaign::Ending;
use crate::clock::System;
use crate::config::{Config, Sources, file_or_default};
use crate::store::Activity;
use crate::telemetry;

/// A self-hosted campaign engine that speaks Amazon Pinpoint's API.
#[derive(Debug, Parser)]
#[command(name = "pinwheel", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

/// Flags that choose settings.
#[derive(Clone, Debug, clap::Args)]
pub struct Settings {
    /// Settings file; `pinwheel.toml` of the working directory if it is there.
    #[arg(long, global = true, value_name = "FILE", env = "PINWHEEL_CONFIG")]
    config: Option<PathBuf>,
    /// One setting, such as `hook.timeout=5s`; may be repeated.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Directory of the store; short for `--set data.directory=DIR`.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// This process' environment.
    #[arg(skip)]
    environment: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a sample campaign on this machine, with nothing to set up.
    Demo(demo::Args),
    /// Answer Pinpoint's API and run the campaigns made over it.
    Serve(serve::Args),
    /// Run one campaign from a file to its end.
    Run(run::Args),
    /// Import endpoints from a file, a folder or S3.
    Import(import::Args),
    /// Export endpoints as newline-delimited JSON.
    Export(export::Args),
    /// See what became of a run, and take it up again.
    #[command(subcommand)]
    Activity(activity::Command),
    /// See when a campaign runs.
    #[command(subcommand)]
    Schedule(schedule::Command),
    /// See who gets which treatment of a campaign.
    #[command(subcommand)]
    Campaign(campaign::Command),
    /// Make, list and revoke the keys that requests to the API are signed with.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Call hook functions, check them, and deal with what they failed for.
    #[command(subcommand)]
    Hook(hook::Command),
    /// Test how a hook function behaves under load.
    Load(Box<load::Command>),
    /// Change the key that seals secrets at rest.
    #[command(subcommand)]
    Vault(vault::Command),
    /// See what a message template says.
    #[command(subcommand)]
    Template(template::Command),
    /// Hand on what came back by mail, or start anew with what links are signed with.
    #[command(subcommand)]
    Feedback(feedback::Command),
    /// Check or show the settings.
    Config(config::Args),
    /// Ask a running process whether it is well, for container health checks.
    Health,
}

impl Settings {
    /// What these flags and this process' environment say.
    pub fn sources(&self, overlay: Option<toml::Table>) -> Sources {
        let mut flags = self.set.clone();
        if let Some(directory) = &self.data {
            flags.push(format!("data.directory={}", directory.display()));
        }
        Sources { file: file_or_default(self.config.clone()), overlay, environment: self.environment.clone(), flags }
    }

    /// The settings, with logging set up as they say.
    fn load(&self, overlay: Option<toml::Table>) -> anyhow::Result<Config> {
        let config = Config::load(self.sources(overlay))?;
        telemetry::install(&config.log)?;
        Ok(config)
    }
}

/// Runs the command. One clear message on standard error when it fails.
pub fn main(mut cli: Cli, environment: Vec<(String, String)>) -> ExitCode {
    cli.settings.environment = environment;
    app::install_tls();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(execute(cli)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The exit code of a run that was stopped and can be resumed.
const EXIT_STOPPED: u8 = 3;

/// Ends local functions, prints what became of everybody and chooses the exit code. `how` tells people to go on after a stop.
async fn finish(app: &App, activities: &[Activity], ending: Ending, how: &str, json: bool) -> anyhow::Result<ExitCode> {
    app.functions.shut_down().await;
    let summary = Summary::read(&*app.store, activities).await?;
    summary.print(json)?;
    if ending == Ending::Stopped {
        eprintln!("stopped before the end; take it up again with `{how}`");
        return Ok(ExitCode::from(EXIT_STOPPED));
    }
    match summary.failure() {
        Some(failure) => bail!("the run failed: {failure}"),
        None => Ok(ExitCode::SUCCESS),
    }
}

async fn execute(cli: Cli) -> anyhow::Result<ExitCode> {
    let Cli { settings, command } = cli;
    match command {
        Command::Demo(args) => demo::run(args, &settings).await,
        Command::Serve(args) => serve::run(args, &settings).await,
        Command::Run(args) => run::run(args, &settings).await,
        Command::Import(args) => {
            let App { config, clock, store, .. } = App::open(settings.load(None)?)?;
            import::run(args, store, &*clock, &config).await
        }
        Command::Export(args) => {
            let config = settings.load(None)?;
            export::run(args, app::open_to_read(&config)?, &System::default(), &config).await
        }
        Command::Activity(command) => activity::run(command, &settings).await,
        Command::Schedule(command) => schedule::run(command, &settings).await,
        Command::Campaign(command) => campaign::run(command, &settings).await,
        Command::Keys(command) => {
            keys::run(command, &settings.load(None)?).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Hook(command) => hook::run(command, &settings).await,
        Command::Load(command) => load::run(*command, &settings).await,
        Command::Vault(command) => {
            vault::run(command, &settings.load(None)?).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Template(command) => template::run(command, &settings).await,
        Command::Feedback(command) => feedback::run(command, &settings).await,
        Command::Config(args) => {
            let check = |config: &Config| Ok(app::check_settings(config)?);
            config::run(&args, settings.sources(None), check, &mut std::io::stdout())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Health => {
            health::run(&settings.load(None)?, &System::default()).await?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
