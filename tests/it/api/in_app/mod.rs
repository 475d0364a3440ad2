//! In-app campaigns over the API, and what apps get of them.

mod caps;
mod messages;
mod sanitised;
mod written;

use serde_json::{Value, json};

use super::Api;

const END: &str = "2999-12-31T22:59:59Z";

fn content(header: &str) -> Value {
    json!({
        "BackgroundColor": "#ffffff",
        "HeaderConfig": { "Header": header, "Alignment": "LEFT", "TextColor": "#000000" },
        "BodyConfig": { "Body": "B", "Alignment": "LEFT", "TextColor": "#000000" },
    })
}

fn message(header: &str) -> Value {
    json!({ "InAppMessage": { "Layout": "TOP_BANNER", "Content": [content(header)] } })
}

fn filter(event_type: &str) -> Value {
    json!({ "FilterType": "ENDPOINT", "Dimensions": { "EventType": { "DimensionType": "INCLUSIVE", "Values": [event_type] } } })
}

/// A campaign for everybody, which runs now.
fn campaign(segment: &str, changes: Value) -> Value {
    let mut whole = json!({
        "Name": "sale",
        "SegmentId": segment,
        "MessageConfiguration": message("H"),
        "Schedule": { "StartTime": "IMMEDIATE", "EndTime": END, "Frequency": "IN_APP_EVENT", "EventFilter": filter("open") },
    });
    whole.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    whole
}

/// The schedule of [`campaign`] with changes.
fn schedule(changes: Value) -> Value {
    let mut schedule = campaign("", json!({}))["Schedule"].take();
    schedule.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    json!({ "Schedule": schedule })
}

async fn segment(api: &Api, dimensions: Value) -> String {
    let made = api.post("/segments", json!({ "Name": "s", "Dimensions": dimensions })).await.body(201);
    made["Id"].as_str().unwrap().to_owned()
}

/// An endpoint of an app.
async fn endpoint(api: &Api, id: &str, changes: Value) {
    let mut whole = json!({ "ChannelType": "IN_APP" });
    whole.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    api.put(&format!("/endpoints/{id}"), whole).await.body(202);
}

/// Makes a campaign for everybody, and returns its id.
async fn make(api: &Api, changes: Value) -> String {
    let everybody = segment(api, json!({})).await;
    let made = api.post("/campaigns", campaign(&everybody, changes)).await.body(201);
    made["Id"].as_str().unwrap().to_owned()
}

/// The messages that an endpoint gets.
async fn fetch(api: &Api, endpoint: &str) -> Vec<Value> {
    let mut body = api.get(&format!("/endpoints/{endpoint}/inappmessages")).await.body(200);
    serde_json::from_value(body["InAppMessageCampaigns"].take()).unwrap()
}

/// The headers of the messages that an endpoint gets, in their order.
async fn headers(api: &Api, endpoint: &str) -> Vec<String> {
    let header =
        |message: &Value| message["InAppMessage"]["Content"][0]["HeaderConfig"]["Header"].as_str().unwrap().to_owned();
    fetch(api, endpoint).await.iter().map(header).collect()
}
