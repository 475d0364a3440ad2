//! `pinwheel serve`: the API, and the campaigns made over it.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, bail};
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::Settings;
use super::watch::Watch;
use crate::api;
use crate::app::{self, App};
use crate::config::Config;

#[derive(clap::Args, Debug)]
pub struct Args {
    /// For development: any key is accepted and so is none, messages of all channels go to a sink unless the settings have
    /// channels, hooks may be called over plain HTTP. On loopback only.
    #[arg(long)]
    dev: bool,
    /// IP address and port of the API; short for `--set api.listen=ADDRESS`.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

pub async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut config = settings.load(None)?;
    if let Some(address) = args.listen {
        config.api.listen = address;
    }
    if args.dev {
        for_development(&mut config)?;
    }
    let app = App::open(config)?;
    let server = app.listen().await?;
    let scheme = if server.is_encrypted() { "https" } else { "http" };
    tracing::info!(
        scheme, data.directory = %app.config.data.directory.display(), address = %server.address(),
        "answering Pinpoint's API"
    );
    if args.dev {
        tracing::warn!("development mode: any key is accepted, and so is none");
    } else if app::open_keys(&app.config, app.clock.clone())?.keys().await?.is_empty() {
        tracing::warn!(
            "there is no key yet, so everybody is refused: `pinwheel keys create` makes one, also beside this process"
        );
    }
    serve(&app, vec![server], args.dev, app::stop_on_signal()).await?;
    Ok(ExitCode::SUCCESS)
}

/// Answers the API at these servers and runs campaigns until `stop`. `open` lets everybody in.
pub async fn serve(app: &App, servers: Vec<api::Server>, open: bool, stop: CancellationToken) -> anyhow::Result<()> {
    // Messages are not to go out without a way to unsubscribe because a key file is another one.
    app.engine.references().await?;
    let watch = Watch::start(app, stop.clone()).await?;
    let scheduler = app.scheduler(watch.health().clone());
    let api = app.api(open, scheduler.clone())?;
    let resumed = api.jobs.resume().await?;
    if resumed > 0 {
        tracing::info!(jobs = resumed, "jobs that were cut off are taken up again");
    }
    let campaigns = async {
        let ran = scheduler.run(stop.clone()).await;
        // It ends for a stop, or because it cannot run: then nobody should make campaigns that wait for it.
        stop.cancel();
        ran
    };
    let draining = async {
        stop.cancelled().await;
        watch.health().draining();
    };
    let serving = servers.into_iter().map(|server| server.run(api.clone(), stop.clone(), app.config.api.drain_timeout));
    let sweeping = app.engine.clone().keep_swept(stop.clone());
    let streaming = app.streams.clone().run(stop.clone());
    let (ran, _, (), (), ()) = tokio::join!(campaigns, join_all(serving), draining, sweeping, streaming);
    api.jobs.stop().await;
    app.functions.shut_down().await;
    drop(watch);
    ran.context("campaigns cannot run")?;
    Ok(())
}

/// Errors: an address that others can reach.
fn for_development(config: &mut Config) -> anyhow::Result<()> {
    let address = config.api.listen;
    if !address.ip().is_loopback() {
        bail!("`--dev` accepts any key, so it listens on loopback only, not on `{address}`");
    }
    if config.channel.is_empty() {
        config.channel.insert("sink".to_owned(), toml::Table::new().into());
    }
    config.hook.allow_http = true;
    config.hook.allow_private_addresses = true;
    Ok(())
}
