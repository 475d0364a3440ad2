//! `pinwheel run FILE`: one campaign from a file to its end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde::Deserialize;
use uuid::Uuid;

use super::import::import;
use super::{Settings, finish, watch};
use crate::app::{self, App};
use crate::campaign::definition::{Definition, Document, Shelf};
use crate::clock::{self, wire_text};
use crate::domain::{ApplicationId, CampaignId};
use crate::segment;
use crate::segment::import::{Options, Source};
use crate::store::{Application, EndpointWrite, Kind, Store};
use crate::wire::{endpoint_update, generated as wire};

/// The application of campaign files that name none.
const DEFAULT_APPLICATION: &str = "00000000000000000000000000000001";

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Campaign file, TOML or JSON: Campaign, Segment, Endpoints and settings in Pinpoint's shapes.
    file: PathBuf,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
    /// Check the file, the settings and the channels, then stop before the first endpoint is imported.
    #[arg(long)]
    check: bool,
}

/// A campaign file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct CampaignFile {
    /// The application to run in; one of our own if absent.
    application_id: Option<String>,
    /// Replaces the application's settings.
    application_settings: Option<wire::WriteApplicationSettingsRequest>,
    /// What to import first.
    endpoints: Option<Endpoints>,
    /// Makes a segment for this run; else `Campaign.SegmentId` names one that exists.
    segment: Option<wire::WriteSegmentRequest>,
    campaign: wire::WriteCampaignRequest,
    /// Message templates by name.
    #[serde(default)]
    email_templates: BTreeMap<String, wire::EmailTemplateRequest>,
    #[serde(default, rename = "SMSTemplates")]
    sms_templates: BTreeMap<String, wire::SMSTemplateRequest>,
    #[serde(default)]
    push_templates: BTreeMap<String, wire::PushNotificationTemplateRequest>,
    /// Pinwheel's own settings, as in a settings file.
    #[serde(default)]
    settings: toml::Table,
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
    let app = App::open(config)?;
    let stop = app::stop_on_signal();
    let application_id = ApplicationId::new(file.application_id.as_deref().unwrap_or(DEFAULT_APPLICATION));
    let campaign_id = CampaignId::new(new_id());

    // Everything that can be wrong is looked at before anything is written.
    let document = file.prepare(&*app.store, &application_id).await?;
    let definition =
        Definition::compile(&*app.store, &file.shelf(), campaign_id.as_str(), &document, &app.config).await?;
    definition.check_start(app.clock.now())?;
    app.engine.check(&definition)?;
    app.channels.check().await?;
    if args.check {
        eprintln!("`{}` can run", args.file.display());
        return Ok(ExitCode::SUCCESS);
    }

    file.write(&app, &args.file, &application_id, &campaign_id, &document).await?;
    let start = definition.start.moment(app.clock.now());
    if start > app.clock.now() && !definition.is_local_time {
        tracing::info!(start = %start, "waiting for the campaign's start");
        tokio::select! {
            () = clock::sleep_until(&*app.clock, start) => {}
            () = stop.cancelled() => bail!("stopped before the campaign's start; nothing was sent"),
        }
    }
    let activities = app.engine.begin(&application_id, &campaign_id).await?;
    for activity in &activities {
        tracing::info!(activity.id = %activity.id, treatment.id = %activity.treatment_id, "activity begins");
    }
    let ending = watch::drive(&app, &activities, stop).await?;
    finish(&app, &activities, ending, args.json).await
}

impl CampaignFile {
    fn read(path: &Path) -> anyhow::Result<Self> {
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
        Ok(Document { campaign, defaults })
    }

    fn shelf(&self) -> Shelf {
        Shelf {
            email: self.email_templates.clone(),
            sms: self.sms_templates.clone(),
            push: self.push_templates.clone(),
        }
    }

    /// Writes what the file defines, and imports its endpoints.
    async fn write(
        &self,
        app: &App,
        path: &Path,
        application_id: &ApplicationId,
        campaign_id: &CampaignId,
        document: &Document,
    ) -> anyhow::Result<()> {
        let now = wire_text(app.clock.now());
        let store = &*app.store;
        if self.application_settings.is_some() || store.application(application_id).await?.is_none() {
            let application = Application {
                id: application_id.clone(),
                name: self.application_id.clone().unwrap_or_else(|| "pinwheel run".to_owned()),
                settings: serde_json::to_string(&document.defaults)?,
                creation_date: now.clone(),
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
        let campaign = serde_json::to_string(document)?;
        store.put_definition(Some(application_id), Kind::Campaign, campaign_id.as_str(), campaign, now).await?;
        match &self.endpoints {
            None => Ok(()),
            Some(Endpoints::Source(source)) => {
                let source = Source::parse(&beside(path, source), &app.config.aws).context("`Endpoints`")?;
                let summary = import(store, &*app.clock, application_id, &source, &Options::default()).await?;
                tracing::info!(imported = summary.imported, failed = summary.failed, "endpoints imported");
                Ok(())
            }
            Some(Endpoints::Items(items)) => put_items(app, application_id, items).await,
        }
    }
}

/// Endpoints written out in the file. All are checked before the first is written.
async fn put_items(app: &App, application_id: &ApplicationId, items: &[serde_json::Value]) -> anyhow::Result<()> {
    let mut writes = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        let json = serde_json::to_vec(item)?;
        let read = endpoint_update::read(&json).with_context(|| format!("`Endpoints[{i}]`"))?;
        let id = read.id.with_context(|| format!("`Endpoints[{i}].Id` is missing"))?;
        writes.push(EndpointWrite { id, update: read.update });
    }
    let results = app.store.upsert_endpoints(application_id, writes, wire_text(app.clock.now())).await?;
    for (i, result) in results.into_iter().enumerate() {
        result.with_context(|| format!("`Endpoints[{i}]`"))?;
    }
    Ok(())
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
