//! `pinwheel demo`: the whole way of an endpoint on this machine, with nothing to set up.
//!
//! Everything is real but the far ends: the store is the embedded one, the hook is called through the AWS SDK, messages
//! go out by FCM's and SMTP's own protocols, to servers on loopback that this process runs itself.

mod campaign;
mod in_app;

use std::process::ExitCode;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

use super::summary::grouped;
use super::watch::Watch;
use super::{Settings, finish};
use crate::app::{self, App};
use crate::clock::{Stopwatch, wire_text};
use crate::domain::{ApplicationId, CampaignId};
use crate::sandbox::fcm::Fcm;
use crate::sandbox::function::{self, Event, Reply};
use crate::sandbox::smtp::Smtp;
use crate::sandbox::{Record, sample};
use crate::store::{Application, Kind};

/// Where the demo keeps its store unless told otherwise.
const DIRECTORY: &str = "pinwheel-demo";
/// Endpoints written at once.
const WRITES: u64 = 10_000;

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Endpoints in the sample segment.
    #[arg(long, default_value_t = 10_000, value_name = "NUMBER")]
    endpoints: u64,
    /// How the hook is called.
    #[arg(long, value_enum, default_value_t = Hook::Lambda)]
    hook: Hook,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    in_app: in_app::Args,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Hook {
    /// As an AWS Lambda function, through the AWS SDK.
    Lambda,
    /// As a URL, by POST.
    Http,
    /// Not at all.
    None,
}

/// The far ends.
struct World {
    functions: function::Server,
    fcm: Fcm,
    smtp: Smtp,
}

pub async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    if args.in_app.in_app {
        return in_app::run(args.in_app, settings).await;
    }
    let world = World::start().await?;
    let mut config = settings.load(Some(world.settings()?))?;
    if settings.data.is_none() {
        config.data.directory = DIRECTORY.into();
    }
    let directory = config.data.directory.clone();
    let app = App::open_with_functions(config, &world.functions.sdk_config())?;
    let stop = app::stop_on_signal();

    // One application for each size, so that a second demo finds its endpoints and not more.
    let application_id = ApplicationId::new(format!("{:032x}", 0xde00_0000_0000_0000_u64 + args.endpoints));
    let campaign_id = CampaignId::new(uuid::Uuid::new_v4().simple().to_string());
    let began = Stopwatch::start();
    import(&app, &application_id, args.endpoints).await?;
    eprintln!("{} endpoints imported in {:.1?}", grouped(args.endpoints), began.elapsed());

    define(&app, &application_id, &campaign_id, &world, args.hook).await?;
    let began = Stopwatch::start();
    let activities = app.engine.begin(&application_id, &campaign_id).await?;
    eprintln!("audience frozen in {:.1?}; running the campaign", began.elapsed());
    let began = Stopwatch::start();
    let how = "pinwheel demo, which starts over";
    let ending = Watch::start(&app, stop).await?.drive(&activities, how).await?;
    eprintln!("ran in {:.1?}", began.elapsed());

    if !args.json {
        world.describe();
    }
    let code = finish(&app, &activities, ending, how, args.json).await?;
    if !args.json {
        where_next(&directory, &activities[0].id, &sample::endpoint(7).id);
    }
    Ok(code)
}

impl World {
    async fn start() -> anyhow::Result<Self> {
        Ok(Self {
            functions: function::Server::start(function::Record::Nothing, answer).await?,
            fcm: Fcm::start(Record::None).await?,
            smtp: Smtp::start(Record::None).await?,
        })
    }

    /// Settings that lead every channel to loopback.
    fn settings(&self) -> anyhow::Result<toml::Table> {
        let mut settings: toml::Table = include_str!("settings.toml").parse()?;
        let mut set = |section: &str, key: &str, value: toml::Value| {
            let channels = settings["channel"].as_table_mut().expect("the demo's settings have channels");
            channels[section].as_table_mut().expect("channels are sections").insert(key.to_owned(), value);
        };
        set("gcm", "base_url", self.fcm.base_url().into());
        set("gcm", "service_account_json", self.fcm.service_account_json().into());
        set("email", "port", i64::from(self.smtp.address().port()).into());
        Ok(settings)
    }

    fn describe(&self) {
        let calls = grouped(self.functions.calls());
        let largest = self.functions.largest_batch();
        println!(
            "function server: {calls} calls of the hook and of the custom channel, at most {largest} endpoints in one"
        );
        println!("FCM on loopback: {} messages", grouped(self.fcm.messages()));
        println!("SMTP on loopback: {} messages", grouped(self.smtp.messages()));
        println!("function of the custom channel, and sink: the messages of all other types");
        println!();
    }
}

/// Both functions of the demo: the hook, and the one that the custom channel delivers to.
fn answer(event: &Event) -> Reply {
    if event.function == campaign::DELIVERY_FUNCTION {
        return Reply::answer(&b"\"delivered\""[..]);
    }
    function::demo(event)
}

async fn import(app: &App, application_id: &ApplicationId, endpoints: u64) -> anyhow::Result<()> {
    create_application(app, application_id).await?;
    let now = wire_text(app.clock.now());
    let style =
        ProgressStyle::with_template("{elapsed_precise} {bar:30} {human_pos} of {human_len} endpoints imported")?;
    let bar = ProgressBar::new(endpoints).with_style(style);
    for first in (0..endpoints).step_by(WRITES as usize) {
        let writes: Vec<_> = (first..endpoints.min(first + WRITES)).map(sample::endpoint).collect();
        let count = writes.len() as u64;
        for result in app.store.upsert_endpoints(application_id, writes, now.clone()).await? {
            result?;
        }
        bar.inc(count);
    }
    bar.finish_and_clear();
    Ok(())
}

/// Makes the application, unless the demo ran here before.
async fn create_application(app: &App, id: &ApplicationId) -> anyhow::Result<()> {
    if app.store.application(id).await?.is_some() {
        return Ok(());
    }
    let now = wire_text(app.clock.now());
    let application = Application {
        id: id.clone(),
        name: "pinwheel demo".to_owned(),
        settings: "{}".to_owned(),
        tags: "{}".to_owned(),
        creation_date: now.clone(),
        last_modified_date: now,
        revision: 0,
    };
    Ok(app.store.put_application(application).await?)
}

async fn define(
    app: &App,
    application_id: &ApplicationId,
    campaign_id: &CampaignId,
    world: &World,
    hook: Hook,
) -> anyhow::Result<()> {
    let now = wire_text(app.clock.now());
    let segment = campaign::segment();
    app.store
        .put_definition(Some(application_id), Kind::Segment, campaign::SEGMENT_ID, segment.to_string(), now.clone())
        .await?;
    let hook = match hook {
        Hook::Lambda => Some(serde_json::json!({ "LambdaFunctionName": campaign::HOOK_FUNCTION, "Mode": "FILTER" })),
        Hook::Http => {
            Some(serde_json::json!({ "WebUrl": format!("{}/hook", world.functions.url()), "Mode": "FILTER" }))
        }
        Hook::None => None,
    };
    let document = campaign::document(hook).to_string();
    app.store.put_definition(Some(application_id), Kind::Campaign, campaign_id.as_str(), document, now).await?;
    Ok(())
}

fn where_next(directory: &std::path::Path, activity: &crate::domain::ActivityId, endpoint: &str) {
    let data = directory.display();
    // As it was called: the demo is often the first thing that is run, and not on the path yet.
    let program = std::env::args().next().unwrap_or_else(|| "pinwheel".to_owned());
    println!();
    println!("Where to look next:");
    println!("  {program} activity show {activity} --data {data}");
    println!("  {program} activity why {activity} {endpoint} --data {data}");
    println!("  {program} run examples/campaign.toml");
    println!("  README.md, for what that file can say");
}
