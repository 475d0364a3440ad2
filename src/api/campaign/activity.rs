//! The runs of a campaign.

use std::cmp::Reverse;

use crate::api::page::Page;
use crate::api::{Call, Error};
use crate::campaign::{Counts, counts};
use crate::clock::wire_text;
use crate::domain::{ApplicationId, CampaignId};
use crate::store::{Activity, ActivityState};
use crate::wire::generated as wire;

/// The list of activities, for its tokens.
const LIST: &str = "activities";

impl Call<'_> {
    /// The activities of a campaign, the latest run first, with how they stand.
    pub(super) async fn activities_response(
        &self,
        application_id: &ApplicationId,
        id: &CampaignId,
        campaign: &wire::WriteCampaignRequest,
        page_size: Option<&str>,
        token: Option<&str>,
    ) -> Result<wire::ActivitiesResponse, Error> {
        let page = Page::read(LIST, page_size, token)?;
        let mut all = self.store().activities(application_id, id).await?;
        all.sort_by_cached_key(key);
        let (shown, next_token) = page.cut_whole(LIST, all.clone(), key);
        let mut item = Vec::with_capacity(shown.len());
        for activity in shown {
            let own = self.api.scheduler.count(&activity).await?;
            // Lists leave out the definition of those that are over.
            let whole = self.store().activity(&activity.id).await?;
            let elsewhere = match whole.as_ref().and_then(segment_endpoints) {
                Some(endpoints) => endpoints.saturating_sub(own.audience),
                None => self.beside(&activity, &all).await?,
            };
            let is_local_time = is_local_time(campaign, &activity);
            item.push(response(activity, &own, elsewhere, is_local_time));
        }
        Ok(wire::ActivitiesResponse { item, next_token })
    }
}

impl Call<'_> {
    /// Endpoints of other treatments that began with this one.
    async fn beside(&self, activity: &Activity, all: &[Activity]) -> Result<u64, Error> {
        let mut endpoints = 0;
        for other in all.iter().filter(|o| o.started_at == activity.started_at && o.id != activity.id) {
            endpoints += self.api.scheduler.count(other).await?.audience;
        }
        Ok(endpoints)
    }
}

/// What the segment had when the activity began; `None` if nobody wrote it down.
fn segment_endpoints(activity: &Activity) -> Option<u64> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Begun {
        segment_endpoints: Option<u64>,
    }
    serde_json::from_str(activity.definition()).ok().and_then(|begun: Begun| begun.segment_endpoints)
}

/// Whether the activity's treatment goes out zone by zone.
fn is_local_time(campaign: &wire::WriteCampaignRequest, activity: &Activity) -> bool {
    let place = activity.treatment_id.as_str().parse().unwrap_or(0_usize).checked_sub(1);
    let treatment = place.and_then(|place| campaign.additional_treatments.as_ref()?.get(place));
    let own = treatment.and_then(|treatment| treatment.schedule.as_ref());
    own.or(campaign.schedule.as_ref()).is_some_and(|schedule| schedule.is_local_time == Some(true))
}

/// Latest first, then by treatment.
fn key(activity: &Activity) -> (Reverse<i64>, String) {
    let started_at = activity.started_at.unwrap_or(activity.scheduled_start);
    (Reverse(started_at.as_microsecond()), activity.treatment_id.as_str().to_owned())
}

fn response(activity: Activity, counts: &Counts, elsewhere: u64, is_local_time: bool) -> wire::ActivityResponse {
    let number = |endpoints: u64| Some(i32::try_from(endpoints).unwrap_or(i32::MAX));
    // Only campaigns in local time go out zone by zone.
    let zones = |zones: u32| number(if is_local_time { u64::from(zones) } else { 0 });
    let state = match activity.state {
        ActivityState::Running => "RUNNING",
        ActivityState::Completed => "COMPLETED",
        ActivityState::Cancelled => "CANCELLED",
        ActivityState::Paused => "PAUSED",
    };
    let result = match (activity.state, &activity.failure) {
        (ActivityState::Running | ActivityState::Paused, _) => None,
        (_, Some(_)) => Some("FAIL"),
        (_, None) => Some("SUCCESS"),
    };
    wire::ActivityResponse {
        application_id: activity.application_id.as_str().to_owned(),
        campaign_id: activity.campaign_id.as_str().to_owned(),
        end: activity.ended_at.map(wire_text),
        execution_metrics: Some(counts::execution_metrics(&counts.tally, counts.audience, elsewhere)),
        id: activity.id.as_str().to_owned(),
        result: result.map(str::to_owned),
        scheduled_start: Some(wire_text(activity.scheduled_start)),
        start: activity.started_at.map(wire_text),
        state: Some(state.to_owned()),
        successful_endpoint_count: number(counts.successful()),
        timezones_completed_count: zones(counts.waves_done),
        timezones_total_count: zones(counts.waves),
        total_endpoint_count: number(counts.attempted()),
        treatment_id: Some(activity.treatment_id.as_str().to_owned()),
    }
}
