//! What the API shows of a campaign.

use crate::api::{Error, arn};
use crate::campaign::{Document, Look, status};
use crate::config;
use crate::domain::{ApplicationId, TreatmentId};
use crate::store::{Activity, ActivityState, Definition};
use crate::wire::generated::{self as wire, CampaignStatus};

/// What a campaign's state follows from, beside its definition.
pub struct State {
    activities: Vec<Activity>,
    has_segment: bool,
    look: Look,
}

impl State {
    pub fn new(activities: Vec<Activity>, has_segment: bool, look: Look) -> Self {
        Self { activities, has_segment, look }
    }

    /// Of a campaign that is no more.
    pub fn deleted(look: Look) -> Self {
        Self::new(Vec::new(), false, look)
    }

    /// Whether it ever ran.
    pub fn has_begun(&self) -> bool {
        !self.activities.is_empty()
    }

    /// Whether a run is paused half-way.
    pub fn has_paused_run(&self) -> bool {
        self.activities.iter().any(|activity| activity.state == ActivityState::Paused)
    }

    pub fn of_campaign(&self, document: &Document) -> CampaignStatus {
        status::of_campaign(document, &self.activities, self.has_segment, &self.look)
    }

    fn of_treatment(&self, document: &Document, id: &str) -> Option<wire::CampaignState> {
        let id = TreatmentId::new(id);
        Some(wire::CampaignState {
            campaign_status: Some(status::of_treatment(document, &self.activities, self.has_segment, &id, &self.look)),
        })
    }
}

/// What the store keeps of a campaign.
pub fn read(stored: &Definition) -> Result<Document, Error> {
    Document::read(stored).map_err(Error::internal)
}

/// The campaign as its client wrote it, with what the server adds. The application's defaults do not show.
pub fn of(
    aws: &config::Aws,
    application_id: &ApplicationId,
    stored: &Definition,
    document: Document,
    state: &State,
) -> wire::CampaignResponse {
    let status = state.of_campaign(&document);
    let treatments = document.campaign.additional_treatments.clone().unwrap_or_default();
    let default_state = if treatments.is_empty() { None } else { state.of_treatment(&document, "0") };
    let shown = |(i, treatment): (usize, wire::WriteTreatmentResource)| {
        let id = (i + 1).to_string();
        wire::TreatmentResource {
            state: state.of_treatment(&document, &id),
            id,
            custom_delivery_configuration: treatment.custom_delivery_configuration,
            message_configuration: treatment.message_configuration,
            schedule: treatment.schedule,
            size_percent: treatment.size_percent,
            template_configuration: treatment.template_configuration,
            treatment_description: treatment.treatment_description,
            treatment_name: treatment.treatment_name,
        }
    };
    let treatments = treatments.into_iter().enumerate().map(shown).collect();
    let pinned = document.campaign.segment_version;
    let latest = i32::try_from(document.segment_version.max(1)).unwrap_or(i32::MAX);
    let campaign = document.campaign;
    wire::CampaignResponse {
        additional_treatments: Some(treatments),
        application_id: application_id.as_str().to_owned(),
        arn: arn::of(aws, &format!("apps/{application_id}/campaigns/{}", stored.id)),
        creation_date: stored.creation_date.clone(),
        custom_delivery_configuration: campaign.custom_delivery_configuration,
        default_state,
        description: campaign.description,
        holdout_percent: Some(campaign.holdout_percent.unwrap_or(0)),
        hook: campaign.hook,
        id: stored.id.clone(),
        is_paused: Some(campaign.is_paused.unwrap_or(false)),
        last_modified_date: stored.last_modified_date.clone(),
        limits: campaign.limits,
        message_configuration: campaign.message_configuration,
        name: campaign.name,
        priority: campaign.priority,
        schedule: campaign.schedule,
        segment_id: campaign.segment_id.unwrap_or_default(),
        segment_version: pinned.unwrap_or(latest),
        state: Some(wire::CampaignState { campaign_status: Some(status) }),
        template_configuration: campaign.template_configuration,
        treatment_description: campaign.treatment_description,
        treatment_name: campaign.treatment_name,
        version: Some(i32::try_from(stored.version).unwrap_or(i32::MAX)),
        tags: Some(campaign.tags.unwrap_or_default()),
    }
}
