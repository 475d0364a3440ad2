//! Campaigns: made, changed, deleted, and how they stand.
//!
//! The scheduler begins them. What a campaign's state is follows from its definition and its activities, so reading it
//! changes nothing and needs nobody.

mod activity;
mod in_app;
mod response;
mod write;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use uuid::Uuid;

use self::response::State;
use super::page::Page;
use super::{Call, Error, tag};
use crate::campaign::schedule::Start;
use crate::campaign::{Document, definition, in_app as apps, ledger, status};
use crate::config::Pause;
use crate::domain::limit::ACTIVE_CAMPAIGNS_MAX;
use crate::domain::{ApplicationId, CampaignId};
use crate::store::{Application, Definition, DefinitionWrite, Kind, Versioning};
use crate::wire::generated::{self as wire, Campaigns};

/// The lists of campaigns and of a campaign's versions, for their tokens.
const LIST: &str = "campaigns";
const VERSIONS: &str = "campaign-versions";

impl Campaigns for Call<'_> {
    async fn create_campaign(&self, input: wire::CreateCampaignInput) -> Result<wire::CampaignResponse, Error> {
        let application = self.application(&input.application_id).await?;
        let mut campaign = input.body;
        campaign.tags = Some(tag::check(campaign.tags.unwrap_or_default())?);
        let mut document = Document {
            campaign,
            // Settings of the application hold for campaigns made after a change of them.
            defaults: serde_json::from_str(&application.settings).map_err(Error::internal)?,
            templates: definition::Shelf::default(),
            served: Vec::new(),
            scheduled: true,
            segment_version: 0,
            made: BTreeMap::new(),
            written: BTreeMap::new(),
            resumed: None,
            segment_endpoints: None,
        };
        let id = CampaignId::new(Uuid::new_v4().simple().to_string());
        let starts = definition::changed_starts(&wire::WriteCampaignRequest::default(), &document.campaign);
        self.check_campaign(&application.id, &id, &mut document, &starts).await?;

        let _writing = self.api.scheduler.writing().await;
        let is_paused = document.campaign.is_paused == Some(true);
        if !is_paused && self.api.scheduler.active() >= ACTIVE_CAMPAIGNS_MAX {
            let problem = format!("{ACTIVE_CAMPAIGNS_MAX} campaigns are active, which is the limit");
            return Err(Error::bad_request(problem));
        }
        self.check_in_app_room(&application.id, &id, &document.campaign).await?;
        document.note_schedules(None, false, self.moment());
        let stored = self.write_campaign(&application.id, &id, &document, None).await?;
        self.api.scheduler.changed(&application.id, &id);
        self.api.engine.boards().forget(&application.id);
        self.campaign_response(&application.id, &stored).await
    }

    async fn update_campaign(&self, input: wire::UpdateCampaignInput) -> Result<wire::CampaignResponse, Error> {
        let application_id = ApplicationId::new(input.application_id);
        let id = CampaignId::new(input.campaign_id);
        let writing = self.api.scheduler.writing().await;
        let stored = self.stored_campaign(&application_id, &id, None).await?;
        let before = response::read(&stored)?;
        let lifts_pause = input.body.is_paused == Some(false);
        let mut document = before.clone();
        write::merge(&mut document, input.body);
        let state = self.campaign_state(&application_id, &id, &before).await?;
        let changes = write::changes(&before.campaign, &document.campaign);
        write::check_state(&state.of_campaign(&before), state.has_paused_run(), &changes)?;
        if changes.other {
            let starts = definition::changed_starts(&before.campaign, &document.campaign);
            self.check_campaign(&application_id, &id, &mut document, &starts).await?;
            self.check_in_app_room(&application_id, &id, &document.campaign).await?;
        } else if changes.name {
            // What the campaign was made of may be gone by now.
            write::check_name(&document.campaign)?;
        }
        document.note_schedules(Some(&before), state.has_begun(), self.moment());
        let was_active = status::is_active(&state.of_campaign(&before));
        let will_be = status::is_active(&state.of_campaign(&document));
        if will_be && !was_active && self.api.scheduler.active() >= ACTIVE_CAMPAIGNS_MAX {
            let problem = format!("{ACTIVE_CAMPAIGNS_MAX} campaigns are active, which is the limit");
            return Err(Error::bad_request(problem));
        }
        let stored = self.write_campaign(&application_id, &id, &document, Some(stored.revision)).await?;
        self.api.scheduler.changed(&application_id, &id);
        self.api.engine.boards().forget(&application_id);
        let is_paused = document.campaign.is_paused == Some(true);
        // Also when nothing changes: who pauses or resumes may have been cut off before all runs were.
        if (is_paused || lifts_pause) && self.pauses_runs(&document)? {
            let (scheduler, key) = (&self.api.scheduler, (application_id.clone(), id.clone()));
            match is_paused {
                true => scheduler.pause_activities(&key, writing).await?,
                false => scheduler.resume_activities(&key, writing).await?,
            };
        }
        self.campaign_response(&application_id, &stored).await
    }

    async fn delete_campaign(&self, input: wire::DeleteCampaignInput) -> Result<wire::CampaignResponse, Error> {
        let application_id = ApplicationId::new(input.application_id);
        let id = CampaignId::new(input.campaign_id);
        let stored = {
            let _writing = self.api.scheduler.writing().await;
            let stored = self.stored_campaign(&application_id, &id, None).await?;
            if !self.store().delete_definition(Some(&application_id), Kind::Campaign, id.as_str()).await? {
                return Err(Error::not_found());
            }
            self.api.scheduler.deleted(&application_id, &id);
            self.api.engine.boards().forget(&application_id);
            stored
        };
        let document = response::read(&stored)?;
        Ok(response::of(
            &self.api.config.aws,
            &application_id,
            &stored,
            document,
            &State::deleted(self.api.scheduler.eye()),
        ))
    }

    async fn get_campaign(&self, input: wire::GetCampaignInput) -> Result<wire::CampaignResponse, Error> {
        let application_id = ApplicationId::new(input.application_id);
        let id = CampaignId::new(input.campaign_id);
        let stored = self.stored_campaign(&application_id, &id, None).await?;
        self.campaign_response(&application_id, &stored).await
    }

    async fn get_campaigns(&self, input: wire::GetCampaignsInput) -> Result<wire::CampaignsResponse, Error> {
        let Application { id: application_id, .. } = self.application(&input.application_id).await?;
        let page = Page::<u64>::read(LIST, input.page_size.as_deref(), input.token.as_deref())?;
        let items_max = page.items_max + 1;
        let mut found =
            self.store().definitions_before(Some(&application_id), Kind::Campaign, page.after, items_max).await?;
        let next_token = page.cut(LIST, &mut found, |stored| stored.position);
        let mut segments = HashMap::new();
        let mut item = Vec::with_capacity(found.len());
        for stored in found {
            let document = response::read(&stored)?;
            let segment_id = document.campaign.segment_id.clone().unwrap_or_default();
            let has_segment = match segments.get(&segment_id) {
                Some(known) => *known,
                None => {
                    let has = self.has_segment(&application_id, &document).await?;
                    segments.insert(segment_id, has);
                    has
                }
            };
            let id = CampaignId::new(&stored.id);
            let activities = ledger::telling(self.store(), &application_id, &id, &document).await?;
            let state = State::new(activities, has_segment, self.api.scheduler.eye());
            item.push(response::of(&self.api.config.aws, &application_id, &stored, document, &state));
        }
        Ok(wire::CampaignsResponse { item, next_token })
    }

    async fn get_campaign_version(
        &self,
        input: wire::GetCampaignVersionInput,
    ) -> Result<wire::CampaignResponse, Error> {
        let application_id = ApplicationId::new(input.application_id);
        let id = CampaignId::new(input.campaign_id);
        let version = input.version.parse().map_err(|_| {
            Error::bad_request(format!("version: `{}` is not a version; they count from 1", input.version))
        })?;
        let stored = self.stored_campaign(&application_id, &id, Some(version)).await?;
        self.campaign_response(&application_id, &stored).await
    }

    async fn get_campaign_versions(
        &self,
        input: wire::GetCampaignVersionsInput,
    ) -> Result<wire::CampaignsResponse, Error> {
        let application_id = ApplicationId::new(input.application_id);
        let id = CampaignId::new(input.campaign_id);
        let latest = self.stored_campaign(&application_id, &id, None).await?;
        let page = Page::<u32>::read(VERSIONS, input.page_size.as_deref(), input.token.as_deref())?;
        let (owner, items_max) = (Some(&application_id), page.items_max + 1);
        let mut found =
            self.store().definition_versions(owner, Kind::Campaign, id.as_str(), page.after, items_max).await?;
        let next_token = page.cut(VERSIONS, &mut found, |stored| stored.version);
        let state = self.campaign_state(&application_id, &id, &response::read(&latest)?).await?;
        let shown = |stored: Definition| {
            let document = response::read(&stored)?;
            Ok(response::of(&self.api.config.aws, &application_id, &stored, document, &state))
        };
        let item = found.into_iter().map(shown).collect::<Result<_, Error>>()?;
        Ok(wire::CampaignsResponse { item, next_token })
    }

    async fn get_campaign_activities(
        &self,
        input: wire::GetCampaignActivitiesInput,
    ) -> Result<wire::ActivitiesResponse, Error> {
        let application_id = ApplicationId::new(input.application_id);
        let id = CampaignId::new(input.campaign_id);
        let stored = self.stored_campaign(&application_id, &id, None).await?;
        let campaign = response::read(&stored)?.campaign;
        let (page_size, token) = (input.page_size.as_deref(), input.token.as_deref());
        self.activities_response(&application_id, &id, &campaign, page_size, token).await
    }
}

impl Call<'_> {
    /// A version of a campaign, or its latest one.
    ///
    /// Errors: 404 for an unknown application, campaign or version.
    async fn stored_campaign(
        &self,
        application_id: &ApplicationId,
        id: &CampaignId,
        version: Option<u32>,
    ) -> Result<Definition, Error> {
        let found = self.store().definition(Some(application_id), Kind::Campaign, id.as_str(), version).await?;
        found.ok_or_else(Error::not_found)
    }

    /// Checks a campaign as it would be stored, and notes the version that its segment has now. `starts` are the treatments
    /// whose start is new.
    ///
    /// Errors: 400 that names the first field that breaks a rule.
    async fn check_campaign(
        &self,
        application_id: &ApplicationId,
        id: &CampaignId,
        document: &mut Document,
        starts: &[usize],
    ) -> Result<(), Error> {
        write::check(&document.campaign)?;
        let segment_id = document.campaign.segment_id.as_deref().unwrap_or_default();
        let version = document.campaign.segment_version.and_then(|version| u32::try_from(version).ok());
        let segment = self.store().definition(Some(application_id), Kind::Segment, segment_id, None).await?;
        let segment = match (segment, version) {
            (Some(_), Some(_)) => {
                self.store().definition(Some(application_id), Kind::Segment, segment_id, version).await?.ok_or_else(
                    || Error::bad_request(format!("SegmentVersion: segment `{segment_id}` has no such version")),
                )?
            }
            (Some(segment), None) => segment,
            (None, _) => return Err(Error::bad_request(format!("SegmentId: there is no segment `{segment_id}`"))),
        };
        document.segment_version = segment.version;

        self.clean_in_app(id.as_str(), &mut document.campaign)?;
        let mut compiled = document.clone();
        // A paused campaign does not run, but it has to be one that can.
        compiled.campaign.is_paused = None;
        compiled.resolve(self.store()).await?;
        if apps::is_in_app(&compiled.campaign) {
            return self.check_in_app(id, &compiled, starts);
        }
        let definition = self.api.engine.check(id, &compiled)?;
        if !starts.is_empty() {
            let is_strict = self.api.config.campaign.strict_start;
            definition.check_start(self.api.clock.now(), is_strict, starts).map_err(write::start_error)?;
            // Channels may come before a later start, but not before this one.
            let is_immediate = |place: &usize| definition.treatments[*place].schedule.start == Start::Immediate;
            if starts.iter().any(is_immediate) && document.campaign.is_paused != Some(true) {
                let ways = self.api.engine.ways(application_id).await?;
                self.api.engine.compile(&ways, id, &compiled)?;
            }
        }
        Ok(())
    }

    async fn write_campaign(
        &self,
        application_id: &ApplicationId,
        id: &CampaignId,
        document: &Document,
        after: Option<u32>,
    ) -> Result<Definition, Error> {
        let write = DefinitionWrite {
            kind: Kind::Campaign,
            id: id.as_str().to_owned(),
            document: serde_json::to_string(document).map_err(Error::internal)?,
            versioning: Versioning::Next,
            after,
            now: self.now(),
        };
        Ok(self.store().write_definition(Some(application_id), write).await?)
    }

    /// Whether `IsPaused` also means the run that is under way.
    fn pauses_runs(&self, document: &Document) -> Result<bool, Error> {
        let policy = definition::read_policy(document.campaign.tags.as_ref(), self.api.config.policy)?;
        Ok(policy.pause == Pause::Batch)
    }

    /// Now, as precisely as the store keeps it.
    fn moment(&self) -> Timestamp {
        let now = self.api.clock.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    async fn has_segment(&self, application_id: &ApplicationId, document: &Document) -> Result<bool, Error> {
        let Some(id) = &document.campaign.segment_id else { return Ok(false) };
        Ok(self.store().definition(Some(application_id), Kind::Segment, id, None).await?.is_some())
    }

    async fn campaign_state(
        &self,
        application_id: &ApplicationId,
        id: &CampaignId,
        document: &Document,
    ) -> Result<State, Error> {
        let activities = ledger::telling(self.store(), application_id, id, document).await?;
        let has_segment = self.has_segment(application_id, document).await?;
        Ok(State::new(activities, has_segment, self.api.scheduler.eye()))
    }

    async fn campaign_response(
        &self,
        application_id: &ApplicationId,
        stored: &Definition,
    ) -> Result<wire::CampaignResponse, Error> {
        let document = response::read(stored)?;
        let state = self.campaign_state(application_id, &CampaignId::new(&stored.id), &document).await?;
        Ok(response::of(&self.api.config.aws, application_id, stored, document, &state))
    }
}
