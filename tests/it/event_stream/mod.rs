//! Event streams: what an application's sink gets.

mod campaign;
mod crash;
mod destinations;
mod outage;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use pinwheel::clock::{Clock, System};
use serde_json::{Value, json};

use crate::client::HttpClient;

const ROLE: &str = "arn:aws:iam::111122223333:role/stream";

fn stream(name: &str) -> Value {
    json!({ "DestinationStreamArn": format!("arn:aws:kinesis:us-east-1:111122223333:stream/{name}"), "RoleArn": ROLE })
}

/// The records in a folder of the file sink, in their order. A line that is being written may be missing.
fn records(folder: &Path) -> Vec<Value> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let files: BTreeSet<_> = entries.map(|entry| entry.unwrap().path()).collect();
    let texts: Vec<_> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let whole = texts.iter().flat_map(|text| text.split_inclusive('\n').filter(|line| line.ends_with('\n')));
    whole.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_type<'a>(records: &'a [Value], event_type: &'a str) -> impl Iterator<Item = &'a Value> {
    records.iter().filter(move |record| record["event_type"] == event_type)
}

/// Waits until something holds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..3_000 {
        if holds().await {
            return;
        }
        System::default().sleep(Duration::from_millis(20)).await;
    }
    panic!("{what} did not come true in time");
}

/// Waits until all is told.
async fn caught_up(http: &HttpClient) {
    until("no lag", async || {
        let streams = http.get("/pinwheel/v1/event-streams").await.body(200);
        let items = streams["Items"].as_array().unwrap();
        !items.is_empty() && items.iter().all(|item| item["Lag"] == json!({"Events": 0, "Batches": 0, "Seconds": 0}))
    })
    .await;
}

/// Reports an event of an endpoint, told apart by a number.
async fn report(http: &HttpClient, application: &str, number: usize) {
    let event = json!({
        "EventType": "tick", "Timestamp": "2026-03-01T09:00:00.123Z", "Attributes": {"n": number.to_string()},
        "Metrics": {"price": 9.9}, "Session": {"Id": "s1", "StartTimestamp": "2026-03-01T08:59:00Z"},
    });
    let body = json!({"BatchItem": {"phone": {"Endpoint": {}, "Events": {number.to_string(): event}}}});
    http.post(&format!("/v1/apps/{application}/events"), body).await.body(202);
}

async fn complete(http: &HttpClient, application: &str, campaign: &str) {
    let path = format!("/v1/apps/{application}/campaigns/{campaign}");
    until("the campaign's end", async || http.get(&path).await.body(200)["State"]["CampaignStatus"] == "COMPLETED")
        .await;
}
