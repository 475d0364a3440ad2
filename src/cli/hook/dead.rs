//! `pinwheel hook dead`: the batches that are held because their hook failed.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use super::redrive::which;
use crate::api::admin::{Item, ReleasedList, Shown};
use crate::app;
use crate::campaign::dead;
use crate::cli::plain::plain;
use crate::cli::summary::counted;
use crate::cli::{Settings, server};
use crate::clock::wire_text;
use crate::domain::{ActivityId, CampaignId};
use crate::store::{DeadLetter, LetterState, Letters, Store};

/// Letters read at once.
const LETTERS_MAX: usize = 1_000;
/// Characters of an error in a list.
const ERROR_CHARS_MAX: usize = 100;

#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List them, as without a subcommand.
    List(List),
    /// Show one with the attempts at its call.
    Show(Show),
    /// Give them up: their endpoints meet the fate HOOK_ERROR.
    Drop(Drop),
}

#[derive(clap::Args, Debug)]
struct List {
    /// An activity or a campaign; all of them without it.
    id: Option<String>,
    /// Also those that were redriven or dropped.
    #[arg(long)]
    all: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args, Debug)]
struct Show {
    /// The activity.
    activity: String,
    /// The batch's number in it.
    batch: u32,
    /// Also print the event as it was sent. It holds personal data.
    #[arg(long)]
    request: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args, Debug)]
struct Drop {
    /// An activity or a campaign.
    id: String,
    /// One batch of an activity; may be repeated. All that are held without it.
    #[arg(long, value_name = "NUMBER")]
    batch: Vec<u32>,
    /// Really do it: nobody of them gets a message.
    #[arg(long)]
    yes: bool,
    /// Have the server at this address do it; signed with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<Url>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let config = settings.load(None)?;
    match args.command.unwrap_or(Command::List(args.list)) {
        Command::List(args) => list(&*app::open_to_read(&config)?, args).await?,
        Command::Show(args) => show(&*app::open_to_read(&config)?, args).await?,
        Command::Drop(Drop { yes: false, .. }) => {
            bail!("nobody of these batches will get a message: confirm it with --yes")
        }
        Command::Drop(Drop { id, batch, endpoint_url, json, .. }) => {
            let batches = (!batch.is_empty()).then_some(batch);
            let answer = match endpoint_url {
                Some(url) => {
                    server::ask(&url, ["dead-letters", &id, "drop"], which(batches), settings, &config).await?
                }
                None => {
                    let dropped = server::open(config)?.engine.drop_held(&id, batches).await?;
                    serde_json::to_value(ReleasedList::of(&dropped))?
                }
            };
            print_dropped(&answer, json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    items: Vec<Item<'a>>,
}

async fn list(store: &dyn Store, List { id, all, json }: List) -> anyhow::Result<()> {
    let mut of = Letters { state: (!all).then_some(LetterState::Held), ..Letters::default() };
    if let Some(id) = id {
        if store.activity(&ActivityId::new(&id)).await?.is_some() {
            of.activity = Some(ActivityId::new(id));
        } else if dead::of_id(store, &id).await?.is_empty() {
            bail!("there is no activity or campaign `{id}`");
        } else {
            of.campaign = Some(CampaignId::new(id));
        }
    }
    let mut letters: Vec<DeadLetter> = Vec::new();
    loop {
        let after = letters.last().map(|letter| letter.position);
        let page = store.dead_letters(of.clone(), after, LETTERS_MAX).await?;
        if page.is_empty() {
            break;
        }
        letters.extend(page);
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&Listed { items: letters.iter().map(Item::of).collect() })?);
    } else if letters.is_empty() {
        eprintln!("no batch is held");
    } else {
        print!("{}", plain(&table(&letters)));
    }
    Ok(())
}

fn table(letters: &[DeadLetter]) -> String {
    let width = letters.iter().map(|letter| letter.function.chars().count()).max().unwrap_or_default().max(8);
    let mut text = format!(
        "{:<32}  {:>7}  {:<8}  {:>9}  {:>8}  {:<24}  {:<width$}  LAST ERROR\n",
        "ACTIVITY", "BATCH", "STATE", "ENDPOINTS", "REDRIVES", "HELD AT", "FUNCTION"
    );
    for letter in letters {
        let DeadLetter { activity_id, batch, state, function, redrives, error, .. } = letter;
        let (endpoints, state, held_at) = (letter.endpoints(), state.as_str(), wire_text(letter.held_at));
        let error = shortened(error);
        writeln!(
            text,
            "{:<32}  {batch:>7}  {state:<8}  {endpoints:>9}  {redrives:>8}  {held_at:<24}  {function:<width$}  {error}",
            activity_id.as_str()
        )
        .expect("writing to a string does not fail");
    }
    let endpoints = letters.iter().map(|letter| u64::from(letter.endpoints())).sum();
    let batches = letters.len() as u64;
    text + &format!("{}, {}\n", counted(batches, "batch", "batches"), counted(endpoints, "endpoint", "endpoints"))
}

/// One line of an error.
fn shortened(error: &str) -> String {
    let line = error.lines().next().unwrap_or_default();
    match line.char_indices().nth(ERROR_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

async fn show(store: &dyn Store, Show { activity, batch, request, json }: Show) -> anyhow::Result<()> {
    let id = ActivityId::new(activity);
    let letter = store.dead_letter(&id, batch).await?;
    let letter = letter.with_context(|| format!("batch {batch} of activity `{id}` was never held"))?;
    let sent = if request { store.dead_letter_request(&id, batch).await? } else { None };
    if request && sent.is_none() {
        eprintln!("there is no request: it is kept only while the batch is held");
    }
    if json {
        let sent: Option<&RawValue> = sent.as_deref().map(serde_json::from_slice).transpose()?;
        println!("{}", serde_json::to_string_pretty(&Shown::of(&letter, sent))?);
        return Ok(());
    }
    print!("{}", plain(&shown(&letter)));
    if let Some(sent) = sent {
        println!("{}", plain(&String::from_utf8_lossy(&sent)));
    }
    Ok(())
}

fn shown(letter: &DeadLetter) -> String {
    let mut text = String::new();
    for (name, value) in [
        ("application", letter.application_id.to_string()),
        ("campaign", letter.campaign_id.to_string()),
        ("activity", letter.activity_id.to_string()),
        ("treatment", letter.treatment_id.to_string()),
        ("batch", letter.batch.to_string()),
        ("state", letter.state.as_str().to_owned()),
        ("endpoints", letter.endpoints().to_string()),
        ("function", letter.function.clone()),
        ("held at", wire_text(letter.held_at)),
        ("redrives", letter.redrives.to_string()),
        ("last error", letter.error.clone()),
    ] {
        text += format!("{name:<12}{value}").trim_end();
        text.push('\n');
    }
    if !letter.attempts.is_empty() {
        text += "\nROUND  BEGAN AT                     TOOK  KIND          ERROR\n";
    }
    for attempt in &letter.attempts {
        let (round, at, kind) = (attempt.round, wire_text(attempt.at), &attempt.kind);
        let took = format!("{:.1} ms", attempt.latency.as_secs_f64() * 1_000.0);
        text += &format!("{round:>5}  {at:<24}  {took:>12}  {kind:<12}  {}\n", shortened(&attempt.error));
    }
    text
}

fn print_dropped(answer: &Value, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(answer)?);
        return Ok(());
    }
    let number = |name: &str| answer[name].as_u64().unwrap_or_default();
    let batches = counted(number("BatchCount"), "batch", "batches");
    println!("dropped {batches}: {} met HOOK_ERROR", counted(number("EndpointCount"), "endpoint", "endpoints"));
    Ok(())
}
