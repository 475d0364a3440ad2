//! `pinwheel run FILE`: one campaign from a file to its end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde::Deserialize;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use super::import::import;
use super::watch::Watch;
use super::{Settings, finish};
use crate::app::{self, App};
use crate::campaign::definition::{Document, Shelf};
use crate::campaign::schedule::Frequency;
use crate::clock::{self, wire_text};
use crate::domain::{ApplicationId, CampaignId};
use crate::segment;
use crate::segment::import::{Options, Source};
use crate::store::{Application, EndpointWrite, Kind, Store};
use crate::wire::{endpoint_update, generated as wire};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Campaign file, TOML or JSON: see docs/campaign-file.md.
    file: PathBuf,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
    /// Check the file, the settings and the channels, then stop before anything is written.
    #[arg(long)]
    check: bool,
}

/// A campaign file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct CampaignFile {
    /// The application to run in; without it every campaign file has one of its own.
    pub application_id: Option<String>,
    /// The campaign, for caps over several runs; a new one without it.
    pub campaign_id: Option<String>,
    /// Replaces the application's settings.
    pub application_settings: Option<wire::WriteApplicationSettingsRequest>,
    /// What to import first.
    endpoints: Option<Endpoints>,
    /// Makes a segment for this run; else `Campaign.SegmentId` names one that exists.
    segment: Option<wire::WriteSegmentRequest>,
    pub campaign: wire::WriteCampaignRequest,
    /// Message templates by name.
    #[serde(default)]
    email_templates: BTreeMap<String, wire::EmailTemplateRequest>,
    #[serde(default, rename = "SMSTemplates")]
    sms_templates: BTreeMap<String, wire::SMSTemplateRequest>,
    #[serde(default)]
    push_templates: BTreeMap<String, wire::PushNotificationTemplateRequest>,
    /// Pinwheel's own settings, as in a settings file.
    #[serde(default, alias = "settings")]
    pub settings: toml::Table,
}

/// Endpoints of a campaign file.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Endpoints {
    /// A file, a folder or an `s3://` address; paths are relative to the campaign file.
    Source(String),
    /// Endpoints as in `UpdateEndpointsBatch`.
    Items(Vec<serde_json::Value>),
}

pub async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut file = CampaignFile::read(&args.file)?;
    let config = settings.load(Some(std::mem::take(&mut file.settings)))?;
    let application_id = ApplicationId::new(file.application_id.clone().unwrap_or_else(|| own_application(&args.file)));
    let campaign_id = CampaignId::new(file.campaign_id.clone().unwrap_or_else(new_id));
    let app = App::open(config)?;

    // Everything that can be wrong with the campaign is looked at before anything is written.
    let mut document = file.prepare(&*app.store, &application_id).await?;
    document.note_schedules(None, false, app.clock.now());
    document.resolve(&*app.store).await?;
    let ways = app.engine.ways(&application_id).await?;
    let definition = app.engine.compile(&ways, &campaign_id, &document)?;
    let treatments: Vec<usize> = (0..definition.treatments.len()).collect();
    definition.check_start(app.clock.now(), false, &treatments)?;
    if definition.treatments.iter().any(|treatment| treatment.schedule.frequency != Frequency::Once) {
        bail!(
            "`{}`: `Campaign.Schedule.Frequency` is not `ONCE`: `pinwheel run` makes one run; make the campaign over the API of \
             `pinwheel serve`, which begins all of them",
            args.file.display()
        );
    }
    app.channels.check().await?;
    let source = file.source(&args.file, &app)?;
    if args.check {
        eprintln!("`{}` can run", args.file.display());
        return Ok(ExitCode::SUCCESS);
    }

    let stop = app::stop_on_signal();
    let watch = Watch::start(&app, stop.clone()).await?;
    let ready = async {
        file.write(&app, source, &application_id, &campaign_id, &document).await?;
        let now = app.clock.now();
        let start = definition.due(now);
        if start > now {
            tracing::info!(start = %start, "waiting for the campaign's start");
            clock::sleep_until(&*app.clock, start).await;
        }
        anyhow::Ok(())
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => bail!("stopped before the campaign began; run it again to start over"),
        ready = ready => ready?,
    }
    // From here on there is an activity: a stop no longer starts over, it resumes.
    let activities = app.engine.begin(&application_id, &campaign_id).await?;
    for activity in &activities {
        tracing::info!(activity.id = %activity.id, treatment.id = %activity.treatment_id, "activity begins");
    }
    let how = format!("pinwheel activity resume --file {}", args.file.display());
    let ending = watch.drive(&activities, &how).await?;
    finish(&app, &activities, ending, &how, args.json).await
}

/// The settings in a campaign file.
pub fn settings_of(path: &Path) -> anyhow::Result<toml::Table> {
    Ok(CampaignFile::read(path)?.settings)
}

/// The application of a campaign file that names none: the same each time, and no other file's.
pub fn own_application(file: &Path) -> String {
    let path = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    format!("{:032x}", xxh3_128(path.as_os_str().as_encoded_bytes()))
}

impl CampaignFile {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let read = if is_json {
            let mut json = serde_json::Deserializer::from_str(&text);
            serde_path_to_error::deserialize(&mut json).map_err(|error| (error.path().to_string(), error.to_string()))
        } else {
            let toml = toml::Deserializer::parse(&text).with_context(|| format!("`{}` is not TOML", path.display()))?;
            serde_path_to_error::deserialize(toml).map_err(|error| (error.path().to_string(), error.to_string()))
        };
        read.map_err(|(field, problem)| anyhow::anyhow!("`{}`: `{field}`: {}", path.display(), problem.trim()))
    }

    /// Ids and time zones of the endpoints that are written out in the file, if any are.
    pub fn items(&self) -> anyhow::Result<Option<Vec<(String, Option<String>)>>> {
        let Some(Endpoints::Items(items)) = &self.endpoints else { return Ok(None) };
        let writes = read_items(items)?.into_iter();
        Ok(Some(writes.map(|write| (write.id, write.update.demographic.timezone)).collect()))
    }

    /// The campaign as it will be stored. Its segment, if the file has one, gets its id here.
    async fn prepare(&mut self, store: &dyn Store, application_id: &ApplicationId) -> anyhow::Result<Document> {
        let mut campaign = self.campaign.clone();
        match (&self.segment, campaign.segment_id.as_deref()) {
            (Some(_), Some(_)) => {
                bail!("`Segment` and `Campaign.SegmentId` are both given; one of them says who is meant")
            }
            (Some(segment), None) => {
                segment::validate(segment).context("`Segment`")?;
                campaign.segment_id = Some(new_id());
            }
            (None, Some(id)) => {
                let known = store.definition(Some(application_id), Kind::Segment, id, None).await?;
                known.with_context(|| format!("`Campaign.SegmentId`: there is no segment `{id}`"))?;
            }
            (None, None) => bail!("`Segment` is missing; `Segment = {{}}` means every endpoint of the application"),
        }
        let defaults = match (&self.application_settings, store.application(application_id).await?) {
            (Some(settings), _) => settings.clone(),
            (None, Some(stored)) => serde_json::from_str(&stored.settings)?,
            (None, None) => wire::WriteApplicationSettingsRequest::default(),
        };
        let templates = Shelf {
            email: self.email_templates.clone(),
            sms: self.sms_templates.clone(),
            push: self.push_templates.clone(),
            ..Shelf::default()
        };
        Ok(Document {
            campaign,
            defaults,
            templates,
            served: Vec::new(),
            scheduled: false,
            segment_version: 0,
            made: BTreeMap::new(),
            written: BTreeMap::new(),
            resumed: None,
            segment_endpoints: None,
        })
    }

    /// Where the endpoints come from, with those written out in the file read and checked.
    fn source(&self, path: &Path, app: &App) -> anyhow::Result<Option<Input>> {
        Ok(match &self.endpoints {
            None => None,
            Some(Endpoints::Source(source)) => {
                let source = beside(path, source);
                if !source.starts_with("s3://") {
                    std::fs::metadata(&source).with_context(|| format!("`Endpoints`: cannot read `{source}`"))?;
                }
                Some(Input::Source(Source::parse(&source, &app.config.aws).context("`Endpoints`")?))
            }
            Some(Endpoints::Items(items)) => Some(Input::Writes(read_items(items)?)),
        })
    }

    /// Writes what the file defines, and imports its endpoints.
    async fn write(
        &self,
        app: &App,
        input: Option<Input>,
        application_id: &ApplicationId,
        campaign_id: &CampaignId,
        document: &Document,
    ) -> anyhow::Result<()> {
        let now = wire_text(app.clock.now());
        let store = &*app.store;
        let stored = store.application(application_id).await?;
        if self.application_settings.is_some() || stored.is_none() {
            let new = || Application {
                id: application_id.clone(),
                name: self.application_id.clone().unwrap_or_else(|| "pinwheel run".to_owned()),
                settings: String::new(),
                tags: "{}".to_owned(),
                creation_date: now.clone(),
                last_modified_date: String::new(),
                revision: 0,
            };
            let application = Application {
                settings: serde_json::to_string(&document.defaults)?,
                last_modified_date: now.clone(),
                ..stored.unwrap_or_else(new)
            };
            store.put_application(application).await?;
        }
        let templates = [
            (Kind::EmailTemplate, texts(&self.email_templates)?),
            (Kind::SmsTemplate, texts(&self.sms_templates)?),
            (Kind::PushTemplate, texts(&self.push_templates)?),
        ];
        for (kind, templates) in templates {
            for (name, template) in templates {
                store.put_definition(None, kind, &name, template, now.clone()).await?;
            }
        }
        if let (Some(segment), Some(id)) = (&self.segment, &document.campaign.segment_id) {
            let segment = serde_json::to_string(segment)?;
            store.put_definition(Some(application_id), Kind::Segment, id, segment, now.clone()).await?;
        }
        // Templates stand on their own in the store.
        let campaign = serde_json::to_string(&Document { templates: Shelf::default(), ..document.clone() })?;
        store.put_definition(Some(application_id), Kind::Campaign, campaign_id.as_str(), campaign, now).await?;
        match input {
            None => Ok(()),
            Some(Input::Source(source)) => {
                let summary = import(store, &*app.clock, application_id, &source, &Options::default()).await?;
                tracing::info!(imported = summary.imported, failed = summary.failed, "endpoints imported");
                Ok(())
            }
            Some(Input::Writes(writes)) => {
                let results = store.upsert_endpoints(application_id, writes, wire_text(app.clock.now())).await?;
                for (i, result) in results.into_iter().enumerate() {
                    result.with_context(|| format!("`Endpoints[{i}]`"))?;
                }
                Ok(())
            }
        }
    }
}

/// What to import.
enum Input {
    Source(Source),
    Writes(Vec<EndpointWrite>),
}

/// Endpoints written out in the file.
fn read_items(items: &[serde_json::Value]) -> anyhow::Result<Vec<EndpointWrite>> {
    let read = |(i, item): (usize, &serde_json::Value)| {
        let json = serde_json::to_vec(item)?;
        let read = endpoint_update::read(&json).with_context(|| format!("`Endpoints[{i}]`"))?;
        let id = read.id.with_context(|| format!("`Endpoints[{i}].Id` is missing"))?;
        anyhow::Ok(EndpointWrite { id, update: read.update })
    };
    items.iter().enumerate().map(read).collect()
}

/// Paths in a campaign file are relative to it.
fn beside(file: &Path, source: &str) -> String {
    if source.starts_with("s3://") {
        return source.to_owned();
    }
    let folder = file.parent().unwrap_or(Path::new(""));
    folder.join(source).display().to_string()
}

fn texts<T: serde::Serialize>(templates: &BTreeMap<String, T>) -> serde_json::Result<Vec<(String, String)>> {
    templates.iter().map(|(name, template)| Ok((name.clone(), serde_json::to_string(template)?))).collect()
}

fn new_id() -> String {
    Uuid::new_v4().simple().to_string()
}
