//! `pinwheel schedule`: when a campaign runs, before it does.
//!
//! Works beside a running server, sends nothing and writes nothing.

mod preview;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::preview::{Endpoints, Plan, Preview};
use super::Settings;
use super::plain::plain;
use super::run::CampaignFile;
use super::stored::Stored;
use crate::app;
use crate::campaign::definition;
use crate::campaign::schedule::{self, Schedule, Start};
use crate::clock::{Clock, System};
use crate::config::Config;
use crate::store::EndpointRef;
use crate::wire::endpoint::Head;
use crate::wire::generated as wire;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the runs to come and, zone by zone, when each is due and whether it is quiet then.
    Preview(Box<Arguments>),
}

#[derive(Args, Debug)]
pub struct Arguments {
    /// Campaign file, as for `pinwheel run`
    #[arg(conflicts_with_all = ["campaign", "start"], required_unless_present_any = ["campaign", "start"])]
    file: Option<PathBuf>,
    /// Campaign of the store
    #[arg(long, value_name = "ID", conflicts_with = "start")]
    campaign: Option<String>,
    /// Application of the campaign
    #[arg(long, value_name = "ID", requires = "campaign")]
    application: Option<String>,
    #[command(flatten)]
    flags: Flags,
    /// Time zone of endpoints, such as Europe/Vienna; may be repeated. Without it those of the campaign's endpoints, or some
    /// from all over the world
    #[arg(long = "zone", value_name = "NAME")]
    zones: Vec<String>,
    /// Where the clock stands, ISO 8601; now if not given
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Runs to print at most, up to 10000
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    count: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A schedule by flags, in place of a campaign.
#[derive(Args, Debug)]
struct Flags {
    /// Start: IMMEDIATE or an ISO 8601 time
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// End, ISO 8601
    #[arg(long, value_name = "TIME", requires = "start")]
    end: Option<String>,
    /// ONCE, HOURLY, DAILY, WEEKLY or MONTHLY
    #[arg(long, value_name = "WORD", requires = "start")]
    frequency: Option<String>,
    /// Offset such as UTC+02 of times that have none
    #[arg(long, value_name = "OFFSET", requires = "start")]
    timezone: Option<String>,
    /// Each endpoint by its own clock
    #[arg(long, requires = "start")]
    local_time: bool,
    /// Quiet time
    #[arg(long, value_name = "HH:MM-HH:MM", requires = "start")]
    quiet: Option<String>,
}

/// Zones of a world in which no endpoints are known: one for nearly each offset.
const WORLD: &[&str] = &[
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Dubai",
    "Asia/Jakarta",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Europe/Athens",
    "Europe/Berlin",
    "Europe/London",
    "Pacific/Auckland",
    "Pacific/Honolulu",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
];

pub async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let Command::Preview(arguments) = command;
    let now = System::default().now();
    let from = match &arguments.from {
        None => now,
        Some(text) => moment("--from", text)?,
    };
    let subject = arguments.subject(settings, from, now).await?;
    let preview = Preview::new(&subject.plans, &subject.endpoints, subject.made, from, arguments.count);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&preview)?);
    } else {
        print!("{}", plain(&preview.to_text()));
    }
    Ok(ExitCode::SUCCESS)
}

fn moment(flag: &str, text: &str) -> anyhow::Result<Timestamp> {
    match Start::parse(text, None) {
        Ok(Start::At { moment, .. }) => Ok(moment),
        Ok(Start::Immediate) | Err(_) => bail!("`{flag}`: `{text}` is not an ISO 8601 time"),
    }
}

/// What a preview is made of.
struct Subject {
    plans: Vec<Plan>,
    endpoints: Endpoints,
    /// What `IMMEDIATE` stands for.
    made: Timestamp,
}

impl Arguments {
    async fn subject(&self, settings: &Settings, from: Timestamp, now: Timestamp) -> anyhow::Result<Subject> {
        let given = self.given_zones()?;
        if let Some(path) = &self.file {
            let mut file = CampaignFile::read(path)?;
            let config = settings.load(Some(std::mem::take(&mut file.settings)))?;
            let plans = plans(&file.campaign, &file.application_settings.clone().unwrap_or_default(), &config)?;
            let endpoints = match (given, file.items()?) {
                (Some(given), _) => given,
                (None, Some(items)) => {
                    let mut endpoints = Endpoints::nobody();
                    items.iter().for_each(|(_, zone)| endpoints.count(zone.as_deref()));
                    endpoints
                }
                (None, None) => world(),
            };
            return Ok(Subject { plans, endpoints, made: from });
        }
        let config = settings.load(None)?;
        if let Some(id) = &self.campaign {
            let store = app::open_to_read(&config)?;
            let stored = Stored::find(&*store, id, self.application.as_deref()).await?;
            let plans = plans(&stored.document.campaign, &stored.document.defaults, &config)?;
            let endpoints = match given {
                Some(given) => given,
                None => {
                    let mut endpoints = Endpoints::nobody();
                    let count = |endpoint: EndpointRef<'_>| {
                        let head = Head::read(endpoint.document).context("an endpoint cannot be read")?;
                        endpoints.count(head.timezone());
                        Ok(())
                    };
                    stored.each_member(&*store, now, count).await?;
                    endpoints
                }
            };
            return Ok(Subject { plans, endpoints, made: stored.made });
        }
        let wire = self.flags.schedule()?;
        let schedule = Schedule::read(&wire, None).map_err(|(field, problem)| anyhow!("{field}: {problem}"))?;
        let plan = Plan { treatments: vec!["0".to_owned()], wire, schedule, quiet_time: config.policy.quiet_time };
        Ok(Subject { plans: vec![plan], endpoints: given.unwrap_or_else(world), made: from })
    }

    fn given_zones(&self) -> anyhow::Result<Option<Endpoints>> {
        let read =
            |name: &String| schedule::zone(name).with_context(|| format!("`--zone`: there is no time zone `{name}`"));
        let zones = self.zones.iter().map(read).collect::<anyhow::Result<Vec<TimeZone>>>()?;
        Ok((!zones.is_empty()).then(|| Endpoints::somewhere(zones)))
    }
}

fn world() -> Endpoints {
    Endpoints::somewhere(WORLD.iter().filter_map(|name| schedule::zone(name)))
}

/// The schedules of a campaign's treatments; those that share one stand together.
fn plans(
    campaign: &wire::WriteCampaignRequest,
    defaults: &wire::WriteApplicationSettingsRequest,
    config: &Config,
) -> anyhow::Result<Vec<Plan>> {
    let own = campaign.schedule.as_ref().context("`Schedule` is missing")?;
    let tags = campaign.tags.clone().unwrap_or_default();
    let quiet_time = definition::tag(&tags, "pinwheel:quiet-time")?.unwrap_or(config.policy.quiet_time);
    let additional = campaign.additional_treatments.iter().flatten().enumerate();
    let additional =
        additional.map(|(i, treatment)| (format!("AdditionalTreatments[{i}]."), treatment.schedule.as_ref()));
    let mut plans: Vec<Plan> = Vec::new();
    for (i, (place, wire)) in std::iter::once((String::new(), None)).chain(additional).enumerate() {
        let wire = wire.unwrap_or(own);
        if let Some(plan) = plans.iter_mut().find(|plan| plan.wire == *wire) {
            plan.treatments.push(i.to_string());
            continue;
        }
        let schedule = definition::read_schedule(wire, defaults).map_err(|error| anyhow!("{place}{error}"))?;
        plans.push(Plan { treatments: vec![i.to_string()], wire: wire.clone(), schedule, quiet_time });
    }
    Ok(plans)
}

impl Flags {
    fn schedule(&self) -> anyhow::Result<wire::Schedule> {
        let quiet_time = match &self.quiet {
            None => None,
            Some(span) => {
                let ends = span.split_once('-');
                let (start, end) = ends.with_context(|| format!("`--quiet`: `{span}` is not HH:MM-HH:MM"))?;
                Some(wire::QuietTime { start: Some(start.to_owned()), end: Some(end.to_owned()) })
            }
        };
        let frequency = self.frequency.as_ref().map(|word| word.to_uppercase());
        Ok(wire::Schedule {
            start_time: self.start.clone().context("`--start` is missing")?,
            end_time: self.end.clone(),
            frequency: frequency.map(serde_json::Value::String).map(serde_json::from_value).transpose()?,
            is_local_time: self.local_time.then_some(true),
            timezone: self.timezone.clone(),
            quiet_time,
            event_filter: None,
        })
    }
}
