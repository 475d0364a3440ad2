//! `pinwheel activity`: what became of a run, of one endpoint in it, and how to pause it, end it and take it up again.

mod order;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use url::Url;

use super::run::settings_of;
use super::summary::Summary;
use super::watch::Watch;
use super::{Settings, finish};
use crate::app::{self, App};
use crate::campaign::control::{self, Order};
use crate::campaign::ledger::{self, Answer};
use crate::cli::plain::plain;
use crate::clock::wire_text;
use crate::domain::ApplicationId;
use crate::store::{Activity, ActivityState, Store};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show activities with the equation of their fates: one, a campaign's, or all that are not finished.
    Show(Show),
    /// Tell what became of one endpoint, in one line.
    Why(Why),
    /// Pause runs within one batch; they stay paused until they are resumed.
    Pause(order::Pause),
    /// Take up runs that were cut off or paused. Finished ones are left alone.
    Resume(Resume),
    /// End runs within one batch and for good: the rest of their audience meets the fate ABORTED.
    Abort(order::Abort),
}

#[derive(Args, Debug)]
pub struct Show {
    /// An activity or a campaign; all unfinished activities without it.
    id: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub struct Why {
    /// An activity, or a campaign for its latest run.
    id: String,
    /// The endpoint's id.
    endpoint: String,
}

#[derive(Args, Debug)]
pub struct Resume {
    /// An activity or a campaign; all activities that were cut off without it.
    id: Option<String>,
    /// The campaign file that was run, for its settings.
    #[arg(long, value_name = "FILE", conflicts_with = "endpoint_url")]
    file: Option<PathBuf>,
    /// Have the server at this address go on with what is paused; signed with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    #[arg(long, value_name = "URL", requires = "id")]
    endpoint_url: Option<Url>,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    match command {
        Command::Show(Show { id, json }) => {
            let config = settings.load(None)?;
            let store = app::open_to_read(&config)?;
            let activities = find(&*store, id.as_deref()).await?;
            let summary = Summary::read(&*store, &activities).await?;
            summary.print(json)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Why(Why { id, endpoint }) => {
            let config = settings.load(None)?;
            let store = app::open_to_read(&config)?;
            for activity in find(&*store, Some(&id)).await? {
                if let Some(line) = why(&*store, &activity, &endpoint).await? {
                    println!("{}", plain(&line));
                    return Ok(ExitCode::SUCCESS);
                }
            }
            bail!("endpoint `{endpoint}` is not in the audience of `{id}`")
        }
        Command::Pause(args) => order::pause(args, settings).await,
        Command::Abort(args) => order::abort(args, settings).await,
        Command::Resume(Resume { id: Some(id), endpoint_url: endpoint_url @ Some(_), json, .. }) => {
            order::give(Order::Resume, &id, order::Way { endpoint_url, json }, settings).await
        }
        Command::Resume(Resume { id, file, json, .. }) => {
            let overlay = file.as_deref().map(settings_of).transpose()?;
            let app = App::open(settings.load(overlay)?)?;
            let mut activities = match &id {
                Some(id) => control::of_latest_run(&*app.store, id).await?,
                // What an operator paused, he resumes by its name.
                None => app.store.activities_in_state(ActivityState::Running).await?,
            };
            for activity in &mut activities {
                let resumed = app.engine.carry_out(Order::Resume, &activity.id).await?;
                activity.state = resumed.map_or(activity.state, |resumed| resumed.activity.state);
            }
            activities.retain(|activity| activity.state == ActivityState::Running);
            if activities.is_empty() {
                if let Some(id) = &id {
                    eprintln!("nothing to resume: `{id}` is over");
                    return Ok(ExitCode::SUCCESS);
                }
                let paused = app.store.activities_in_state(ActivityState::Paused).await?.len();
                match paused {
                    0 => eprintln!("nothing to resume: no activity was cut off"),
                    _ => eprintln!("no activity was cut off; {paused} are paused, and resumed by their names"),
                }
                return Ok(ExitCode::SUCCESS);
            }
            let how = match &file {
                Some(file) => format!("pinwheel activity resume --file {}", file.display()),
                None => "pinwheel activity resume".to_owned(),
            };
            let ending = Watch::start(&app, app::stop_on_signal()).await?.drive(&activities, &how).await?;
            finish(&app, &activities, ending, &how, json).await
        }
    }
}

/// An activity, a campaign's latest activities, or all unfinished ones.
async fn find(store: &dyn Store, id: Option<&str>) -> anyhow::Result<Vec<Activity>> {
    let Some(id) = id else {
        let mut unfinished = store.activities_in_state(ActivityState::Running).await?;
        unfinished.extend(store.activities_in_state(ActivityState::Paused).await?);
        return Ok(unfinished);
    };
    Ok(control::of_latest_run(store, id).await?)
}

async fn why(store: &dyn Store, activity: &Activity, endpoint: &str) -> anyhow::Result<Option<String>> {
    let number = number(store, &activity.application_id, endpoint).await?;
    let id = &activity.id;
    Ok(match ledger::why(store, activity, number).await? {
        Answer::NotInAudience => None,
        Answer::Settled(fate) => Some(format!("{fate}: settled when activity {id} began")),
        Answer::Waiting { batch } => Some(format!("no fate yet: batch {batch} of activity {id} has not begun")),
        Answer::Sending { batch } => {
            Some(format!("no fate yet: batch {batch} of activity {id} is sending, or was cut off while sending"))
        }
        Answer::Done { batch, fate, reason, was_unknown, at } => {
            let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
            let twice = if was_unknown { ", possibly more than once" } else { "" };
            Some(format!("{fate}{reason}{twice}: batch {batch} of activity {id}, {}", wire_text(at)))
        }
    })
}

async fn number(
    store: &dyn Store,
    application: &ApplicationId,
    endpoint: &str,
) -> anyhow::Result<crate::domain::EndpointNumber> {
    let page = store.endpoint(application, endpoint).await?;
    let found = page.iter().next().map(|endpoint| endpoint.number);
    found.with_context(|| format!("application `{application}` has no endpoint `{endpoint}`"))
}
