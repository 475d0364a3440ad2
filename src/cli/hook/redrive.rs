//! `pinwheel hook redrive`: hands held batches back, and sees them through.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use serde_json::{Value, json};
use url::Url;

use crate::app;
use crate::campaign::{Ending, dead};
use crate::cli::run::settings_of;
use crate::cli::summary::counted;
use crate::cli::watch::Watch;
use crate::cli::{Settings, finish, server};
use crate::store::{LetterState, Letters};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// An activity or a campaign.
    id: String,
    /// One batch of an activity; may be repeated. All that are held without it.
    #[arg(long, value_name = "NUMBER")]
    batch: Vec<u32>,
    /// The campaign file that was run, for its settings.
    #[arg(long, value_name = "FILE", conflicts_with = "endpoint_url")]
    file: Option<PathBuf>,
    /// Have the server at this address do it; signed with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<Url>,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let Args { id, batch, file, endpoint_url, json } = args;
    let batches = (!batch.is_empty()).then_some(batch);
    let overlay = file.as_deref().map(settings_of).transpose()?;
    let config = settings.load(overlay)?;
    if let Some(url) = endpoint_url {
        let answer = server::ask(&url, ["dead-letters", &id, "redrive"], which(batches), settings, &config).await?;
        print_handed_over(&answer, json)?;
        return Ok(ExitCode::SUCCESS);
    }

    let app = server::open(config)?;
    let mut activities = dead::activities(&*app.store, &id, batches.as_deref()).await?;
    for activity in &activities {
        app.engine.check_redrive(activity).await?;
    }
    for activity in &mut activities {
        let released = app.engine.redrive(activity, batches.clone()).await?;
        tracing::info!(
            activity.id = %activity.id, batches = released.batches.len(), endpoints = released.endpoints, "batches are redriven"
        );
        if let Some(under_way) = app.store.activity(&activity.id).await? {
            *activity = under_way;
        }
    }
    // From here on the batches are as if they had been cut off: a stop resumes them.
    let how = match &file {
        Some(file) => format!("pinwheel activity resume --file {}", file.display()),
        None => "pinwheel activity resume".to_owned(),
    };
    let ending = Watch::start(&app, app::stop_on_signal()).await?.drive(&activities, &how).await?;
    let code = finish(&app, &activities, ending.clone(), &how, json).await?;
    let mut held = 0;
    for activity in &activities {
        let of = Letters { activity: Some(activity.id.clone()), state: Some(LetterState::Held), ..Letters::default() };
        let letters = app.store.dead_letters(of, None, usize::MAX).await?;
        let is_meant = |batch| batches.as_ref().is_none_or(|batches| batches.contains(&batch));
        held += letters.iter().filter(|letter| is_meant(letter.batch)).count();
    }
    if held > 0 && ending == Ending::Completed {
        bail!("{held} of the redriven batches are held again: the hook still fails; see `pinwheel hook dead {id}`");
    }
    Ok(code)
}

/// The body of a request that means these batches; none for all of them.
pub fn which(batches: Option<Vec<u32>>) -> Option<Value> {
    batches.map(|batches| json!({ "Batches": batches }))
}

fn print_handed_over(answer: &Value, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(answer)?);
        return Ok(());
    }
    for activity in answer["Activities"].as_array().into_iter().flatten() {
        let (id, batches) = (activity["ActivityId"].as_str().unwrap_or_default(), activity["Batches"].as_array());
        println!(
            "activity {id} goes on with {}, {}; `pinwheel activity show {id}` tells how far it is",
            counted(batches.map_or(0, Vec::len) as u64, "batch", "batches"),
            counted(activity["EndpointCount"].as_u64().unwrap_or_default(), "endpoint", "endpoints")
        );
    }
    Ok(())
}
