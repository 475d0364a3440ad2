//! Runs activities while somebody watches: metrics, progress on a terminal, and a drain when asked to stop.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::app::App;
use crate::campaign::{Ending, Error, Progress};
use crate::channel::Adapter;
use crate::clock::{Clock, Stopwatch};
use crate::domain::Fate;
use crate::store::Activity;
use crate::telemetry::{Health, Recorder, Server, Work};

/// Time between two looks at the progress.
const LOOK: Duration = Duration::from_millis(100);

/// Serves metrics and health from now on, and applies what providers report to adapters.
pub struct Watch<'a> {
    app: &'a App,
    health: Health,
    stop: CancellationToken,
    over: CancellationToken,
    _over: DropGuard,
}

impl<'a> Watch<'a> {
    /// Errors: when the address for metrics and health cannot be used.
    pub async fn start(app: &'a App, stop: CancellationToken) -> anyhow::Result<Self> {
        let health = Health::new(app.clock.clone(), app.config.telemetry.stalled_after);
        let over = CancellationToken::new();
        if let Some(address) = app.config.telemetry.listen {
            let recorder = Recorder::install(app.clock.clone())?;
            let server = Server::bind(address).await?;
            tracing::info!(address = %server.address(), "serving /metrics, /healthz and /readyz");
            tokio::spawn(server.run(recorder, health.clone(), over.clone().cancelled_owned()));
        }
        tokio::spawn(app.engine.clone().keep_reports(over.clone()));
        tokio::spawn(app.engine.clone().keep_counting_held(over.clone()));
        for section in app.channels.sections() {
            tokio::spawn(listen(section.adapter.clone(), over.clone()));
        }
        health.ready();
        Ok(Self { app, health, stop, _over: over.clone().drop_guard(), over })
    }

    /// Who learns what is under way.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Runs activities to their end, all at the same time. Shows how far they are; when asked to stop, finishes the
    /// batches in flight, but waits no longer than the settings say. One whose hook fails stops the others, as when serving.
    /// `how` tells people to go on after a failure.
    pub async fn drive(self, activities: &[Activity], how: &str) -> anyhow::Result<Ending> {
        let Self { app, health, stop, over, _over } = self;
        let progress = Arc::new(Progress::default());
        tokio::spawn(look(app.clock.clone(), progress.clone(), health.begin(), over));
        let hold = stop.child_token();
        let mut runs = JoinSet::new();
        for activity in activities.iter().cloned() {
            let (engine, progress, hold) = (app.engine.clone(), progress.clone(), hold.clone());
            let cut_off = format!("activity `{}` was cut off; take it up again with `{how}`", activity.id);
            runs.spawn(async move {
                let id = activity.id.clone();
                match engine.drive(activity, progress, hold.clone()).await {
                    Err(error @ Error::HookFails { .. }) => {
                        eprintln!("activity `{id}`: {error}");
                        hold.cancel();
                        Ok(Ending::Stopped)
                    }
                    driven => driven.context(cut_off),
                }
            });
        }
        let patience = async {
            stop.cancelled().await;
            health.draining();
            app.clock.sleep(app.config.campaign.drain_timeout).await;
        };
        let endings: Vec<Ending> = tokio::select! {
            endings = all(&mut runs) => endings.into_iter().collect::<anyhow::Result<_>>()?,
            () = patience => {
                tracing::warn!("batches in flight did not finish in time; resuming settles them");
                // What they still use goes away next.
                runs.shutdown().await;
                vec![Ending::Stopped]
            }
        };
        Ok(if endings.contains(&Ending::Stopped) { Ending::Stopped } else { Ending::Completed })
    }
}

/// How runs ended, once all have.
async fn all(runs: &mut JoinSet<anyhow::Result<Ending>>) -> Vec<anyhow::Result<Ending>> {
    let mut endings = Vec::with_capacity(runs.len());
    while let Some(ended) = runs.join_next().await {
        endings.push(ended.context("a run ended in a panic").flatten());
    }
    endings
}

/// Has an adapter hear what its provider reports by itself.
async fn listen(adapter: Arc<dyn Adapter>, over: CancellationToken) {
    let Some(listening) = adapter.listen() else { return };
    tokio::select! {
        () = over.cancelled() => {}
        () = listening => {}
    }
}

/// Paints a bar on a terminal, and tells whoever asks for health that batches move.
async fn look(clock: Arc<dyn Clock>, progress: Arc<Progress>, work: Work, over: CancellationToken) {
    let style = "{elapsed_precise} {bar:30} {percent:>3} %  {human_pos} of {human_len} endpoints  {msg}";
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(style).expect("the template is valid"));
    let begun = Stopwatch::start();
    let mut moved = 0;
    while !over.is_cancelled() {
        let tally = progress.tally();
        if tally.total() != moved || progress.is_waiting() {
            moved = tally.total();
            work.progress();
        }
        bar.set_length(progress.audience());
        bar.set_position(moved);
        let per_second = tally.get(Fate::Sent) as f64 / begun.elapsed().as_secs_f64().max(0.001);
        let (sent, in_flight) = (tally.get(Fate::Sent), progress.in_flight());
        bar.set_message(format!("{sent} sent, {per_second:.0}/s, {in_flight} batches in flight"));
        tokio::select! {
            () = clock.sleep(LOOK) => {}
            () = over.cancelled() => {}
        }
    }
    bar.finish_and_clear();
}
