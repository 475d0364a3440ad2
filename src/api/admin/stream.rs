//! Event streams over HTTP: where they go, and how far they are.

use axum::http::StatusCode;
use serde::Serialize;

use super::letter::{Answer, json};
use crate::api::Api;
use crate::campaign::stream::Status;
use crate::clock::wire_text;
use crate::store::Lag;
use crate::store::outcome::EVENT_STREAM;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    items: Vec<Item>,
}

/// A stream that this process keeps going.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    application_id: String,
    destination_stream_arn: String,
    sink: String,
    /// Of the last event that was told.
    position: u64,
    lag: LagItem,
    /// Records that were left out since the start.
    refused_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_refusal: Option<String>,
    /// Why the sink takes nothing now.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LagItem {
    events: u64,
    /// Batches of campaigns, and whole audiences that were settled at once.
    batches: u64,
    seconds: i64,
}

impl Api {
    pub(super) async fn list_streams(&self) -> Answer {
        let now = self.clock.now();
        let mut items = Vec::new();
        for status in self.engine.streams().statuses() {
            let position = self.store.reader(&status.application_id, EVENT_STREAM).await?;
            // It was deleted just now.
            let Some(position) = position else { continue };
            let Lag { events, outcomes } = self.engine.stream_lag(&status.application_id).await?;
            let Status { application_id, destination, sink, oldest, refused, failure, refusal } = status;
            let (failing_since, error) = failure.unzip();
            let seconds = oldest.map_or(0, |oldest| now.duration_since(oldest).as_secs().max(0));
            items.push(Item {
                application_id: application_id.to_string(),
                destination_stream_arn: destination,
                sink,
                position,
                lag: LagItem { events, batches: outcomes, seconds },
                refused_count: refused,
                last_refusal: refusal,
                error,
                failing_since: failing_since.map(wire_text),
            });
        }
        json(StatusCode::OK, &List { items })
    }
}
