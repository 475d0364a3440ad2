//! `pinwheel campaign`: what a campaign does with whom, recomputed.
//!
//! Works beside a running server, sends nothing and writes nothing.

use std::io::{BufRead, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::Settings;
use super::plain::Plain;
use super::run::{CampaignFile, own_application};
use super::stored::Stored;
use super::summary::grouped;
use super::table::{Side, table};
use crate::app;
use crate::campaign::definition;
use crate::clock::{Clock, System};
use crate::domain::{Allotment, Cohort, Share};
use crate::store::Store;
use crate::wire::generated as wire;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Tell which treatment endpoints get, or that they are held out.
    Assign(Assign),
}

#[derive(Args, Debug)]
pub struct Assign {
    /// A campaign of the store, then endpoints; endpoints alone with `--file` or `--campaign-id`. Without endpoints everybody
    /// of the segment, or of the file; `-` reads ids from standard input, one a line
    #[arg(value_name = "CAMPAIGN ENDPOINT")]
    ids: Vec<String>,
    /// Campaign file, as for `pinwheel run`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["holdout", "sizes"])]
    file: Option<PathBuf>,
    /// Campaign that need not be in the store: its id decides who is held out
    #[arg(long, value_name = "ID")]
    campaign_id: Option<String>,
    /// Application of the endpoints
    #[arg(long, visible_alias = "application", value_name = "ID")]
    application_id: Option<String>,
    /// Percentage that gets nothing
    #[arg(long, value_name = "PERCENT", requires = "campaign_id")]
    holdout: Option<i32>,
    /// Percentages of the additional treatments, in their order
    #[arg(long, value_name = "PERCENT,…", value_delimiter = ',', requires = "campaign_id")]
    sizes: Vec<i32>,
    /// Count endpoints by treatment instead
    #[arg(long)]
    summary: bool,
    /// Print JSON: an object a line
    #[arg(long)]
    json: bool,
}

pub async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let Command::Assign(arguments) = command;
    let mut out = Plain(BufWriter::new(std::io::stdout().lock()));
    arguments.run(settings, &mut out).await?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Everybody of a campaign, if nobody is named.
enum Everybody {
    Segment(Arc<dyn Store>, Box<Stored>),
    Items(Vec<String>),
    StandardInput,
    Unknown,
}

impl Assign {
    async fn run(&self, settings: &Settings, out: &mut dyn Write) -> anyhow::Result<()> {
        let (division, endpoints, everybody) = self.division(settings).await?;
        let mut report = Report::new(self, division, out)?;
        let reads_input = matches!(endpoints, [only] if only == "-");
        match everybody {
            _ if !endpoints.is_empty() && !reads_input => endpoints.iter().try_for_each(|id| report.add(id))?,
            Everybody::Segment(store, stored) if !reads_input => {
                let now = System::default().now();
                stored.each_member(&*store, now, |endpoint| report.add(endpoint.id)).await?;
            }
            Everybody::Items(ids) if !reads_input => ids.iter().try_for_each(|id| report.add(id))?,
            Everybody::Unknown if !reads_input => bail!("name endpoints, or `-` for ids from standard input"),
            _ => {
                for line in std::io::stdin().lock().lines() {
                    let line = line.context("cannot read standard input")?;
                    if !line.trim().is_empty() {
                        report.add(line.trim())?;
                    }
                }
            }
        }
        report.finish()
    }

    /// How the campaign divides endpoints, which were named, and who else there is.
    async fn division(&self, settings: &Settings) -> anyhow::Result<(Division, &[String], Everybody)> {
        if let Some(path) = &self.file {
            let mut file = CampaignFile::read(path)?;
            settings.load(Some(std::mem::take(&mut file.settings)))?;
            let items = file.items()?.map(|items| items.into_iter().map(|(id, _)| id).collect());
            let campaign_id = self.campaign_id.clone().or(file.campaign_id).with_context(|| {
                format!(
                    "`{}` has no `CampaignId`: each run is a new campaign; name it with `--campaign-id`",
                    path.display()
                )
            })?;
            let application_id = self.application_id.clone().or(file.application_id);
            let application_id = application_id.unwrap_or_else(|| own_application(path));
            let division = Division::new(application_id, campaign_id, &file.campaign)?;
            return Ok((division, &self.ids, items.map_or(Everybody::Unknown, Everybody::Items)));
        }
        let config = settings.load(None)?;
        if let Some(campaign_id) = &self.campaign_id {
            let application_id = self.application_id.clone().context("`--campaign-id` needs `--application-id`")?;
            let treatments: Vec<_> = self.sizes.iter().map(|size| json!({ "SizePercent": size })).collect();
            let campaign = json!({ "HoldoutPercent": self.holdout, "AdditionalTreatments": treatments });
            let campaign = serde_json::from_value(campaign)?;
            let division = Division::new(application_id, campaign_id.clone(), &campaign)?;
            return Ok((division, &self.ids, Everybody::StandardInput));
        }
        let (id, endpoints) = self.ids.split_first().context("name a campaign, or use `--file` or `--campaign-id`")?;
        let store = app::open_to_read(&config)?;
        let stored = Stored::find(&*store, id, self.application_id.as_deref()).await?;
        let application_id = stored.application_id.to_string();
        let division = Division::new(application_id, id.clone(), &stored.document.campaign)?;
        Ok((division, endpoints, Everybody::Segment(store, Box::new(stored))))
    }
}

/// How a campaign divides the endpoints of an application.
struct Division {
    application_id: String,
    campaign_id: String,
    allotment: Allotment,
    /// How many treatments there are, with the default one.
    treatments: usize,
}

impl Division {
    fn new(application_id: String, campaign_id: String, campaign: &wire::WriteCampaignRequest) -> anyhow::Result<Self> {
        let additional = campaign.additional_treatments.as_deref().unwrap_or_default();
        let allotment = definition::read_allotment(&campaign_id, campaign, additional)?;
        Ok(Self { application_id, campaign_id, allotment, treatments: additional.len() + 1 })
    }

    fn assign<'a>(&self, endpoint_id: &'a str) -> Assigned<'a> {
        let cohort = Cohort::of(&self.application_id, endpoint_id);
        let share = self.allotment.share(cohort);
        let (cohort, position) = (cohort.number(), self.allotment.place(cohort));
        Assigned { endpoint_id, cohort, position, treatment: name(share), share }
    }
}

/// A treatment's id, or that there is none.
fn name(share: Share) -> String {
    match share {
        Share::HeldOut => "HOLDOUT".to_owned(),
        Share::Treatment(place) => place.to_string(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Assigned<'a> {
    endpoint_id: &'a str,
    cohort: u8,
    /// Where the cohort stands once the campaign has rotated them.
    position: u8,
    treatment: String,
    #[serde(skip)]
    share: Share,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Counted<'a> {
    application_id: &'a str,
    campaign_id: &'a str,
    /// Endpoints by treatment, the held-out ones first.
    treatments: Vec<Count>,
    endpoints: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Count {
    treatment: String,
    endpoints: u64,
}

/// Prints endpoints as they come, or counts them.
struct Report<'a> {
    division: Division,
    /// Held out, then by treatment.
    counts: Vec<u64>,
    summary: bool,
    json: bool,
    out: &'a mut dyn Write,
}

impl<'a> Report<'a> {
    fn new(arguments: &Assign, division: Division, out: &'a mut dyn Write) -> anyhow::Result<Self> {
        let &Assign { summary, json, .. } = arguments;
        if !summary && !json {
            writeln!(out, "COHORT  POSITION  TREATMENT  ENDPOINT")?;
        }
        Ok(Self { counts: vec![0; division.treatments + 1], division, summary, json, out })
    }

    fn add(&mut self, endpoint_id: &str) -> anyhow::Result<()> {
        let assigned = self.division.assign(endpoint_id);
        let Assigned { cohort, position, treatment, .. } = &assigned;
        let place = match assigned.share {
            Share::HeldOut => 0,
            Share::Treatment(place) => place + 1,
        };
        self.counts[place] += 1;
        match (self.summary, self.json) {
            (true, _) => {}
            (false, true) => writeln!(self.out, "{}", serde_json::to_string(&assigned)?)?,
            (false, false) => writeln!(self.out, "{cohort:>6}  {position:>8}  {treatment:<9}  {endpoint_id}")?,
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        if !self.summary {
            return Ok(());
        }
        let Self { division: Division { application_id, campaign_id, .. }, counts, .. } = &self;
        let endpoints = counts.iter().sum();
        let names = std::iter::once(Share::HeldOut).chain((0..).map(Share::Treatment)).map(name);
        let treatments: Vec<Count> =
            names.zip(counts).map(|(treatment, &endpoints)| Count { treatment, endpoints }).collect();
        if self.json {
            let counted = Counted { application_id, campaign_id, treatments, endpoints };
            writeln!(self.out, "{}", serde_json::to_string(&counted)?)?;
            return Ok(());
        }
        let row = |count: &Count| {
            let percent = count.endpoints as f64 * 100.0 / endpoints.max(1) as f64;
            [count.treatment.clone(), grouped(count.endpoints), format!("{percent:.1} %")]
        };
        let rows: Vec<_> = treatments.iter().map(row).collect();
        let columns = [("TREATMENT", Side::Left), ("ENDPOINTS", Side::Right), ("SHARE", Side::Right)];
        write!(self.out, "{}", table(columns, &rows))?;
        writeln!(self.out, "{} endpoints", grouped(endpoints))?;
        Ok(())
    }
}
