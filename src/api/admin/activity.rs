//! Activities over HTTP: how far they are, and orders to them.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::Serialize;

use super::letter::{Answer, json};
use crate::api::Api;
use crate::campaign::control::{self, Boundary, Order, Stood};
use crate::clock::wire_text;
use crate::store::Activity;

/// Activities, and where they stand.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ActivityList<'a> {
    activities: Vec<ActivityItem<'a>>,
}

/// Where an activity stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ActivityItem<'a> {
    application_id: &'a str,
    campaign_id: &'a str,
    treatment_id: &'a str,
    activity_id: &'a str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
    scheduled_start: String,
    endpoint_count: u64,
    /// Endpoints by fate.
    fates: BTreeMap<&'static str, u64>,
    /// Endpoints without a fate so far.
    open_endpoint_count: u64,
    /// Endpoints that may have been sent to twice, or not at all.
    unknown_endpoint_count: u64,
    batch_count: u32,
    done_batch_count: u32,
    /// Batches that were cut off while sending, or are sending now.
    cut_off_batch_count: u32,
    left_batch_count: u32,
    /// The first batch that is not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_open_batch: Option<u32>,
}

impl<'a> ActivityList<'a> {
    pub fn of(stood: &'a [Stood]) -> Self {
        Self { activities: stood.iter().map(ActivityItem::of).collect() }
    }
}

impl<'a> ActivityItem<'a> {
    fn of(Stood { activity, boundary }: &'a Stood) -> Self {
        let Activity { application_id, campaign_id, treatment_id, id, state, failure, scheduled_start, .. } = activity;
        Self {
            application_id: application_id.as_str(),
            campaign_id: campaign_id.as_str(),
            treatment_id: treatment_id.as_str(),
            activity_id: id.as_str(),
            state: state.as_str(),
            failure: failure.as_deref(),
            scheduled_start: wire_text(*scheduled_start),
            endpoint_count: boundary.audience,
            fates: boundary.tally.iter().map(|(fate, endpoints)| (fate.as_str(), endpoints)).collect(),
            open_endpoint_count: boundary.open,
            unknown_endpoint_count: boundary.unknown,
            batch_count: boundary.batches,
            done_batch_count: boundary.batches_done,
            cut_off_batch_count: boundary.batches_cut_off,
            left_batch_count: boundary.batches_left(),
            first_open_batch: boundary.first_open,
        }
    }
}

impl Api {
    pub(super) async fn show_activities(&self, id: &str) -> Answer {
        let mut stood = Vec::new();
        for activity in control::of_latest_run(&*self.store, id).await? {
            let boundary = Boundary::read(&*self.store, &activity).await?;
            stood.push(Stood { activity, boundary });
        }
        json(StatusCode::OK, &ActivityList::of(&stood))
    }

    /// When this answers, no batch is in flight of what was paused or aborted.
    pub(super) async fn order(&self, order: Order, id: &str) -> Answer {
        let stood = self.scheduler.order(order, id).await?;
        json(StatusCode::OK, &ActivityList::of(&stood))
    }
}
