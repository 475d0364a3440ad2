//! Caps, counted over all endpoints of a user.

use serde_json::{Value, json};

use super::{endpoint, fetch, make};
use crate::api::Api;

/// Tells of an event as Amplify does.
async fn event(api: &Api, endpoint: &str, id: &str, event_type: &str, campaign: &str, session: &str) {
    let now = now();
    let event = json!({
        "EventType": event_type,
        "Timestamp": now,
        "Attributes": { "campaign_id": campaign, "delivery_type": "IN_APP_MESSAGE", "treatment_id": "0" },
        "Session": { "Id": session, "StartTimestamp": now },
    });
    let body = json!({ "BatchItem": { endpoint: { "Endpoint": {}, "Events": { id: event } } } });
    let answer = api.post("/events", body).await.body(202);
    assert_eq!(answer["Results"][endpoint]["EventsItemResponse"][id]["StatusCode"], 202);
}

fn now() -> String {
    use pinwheel::clock::{Clock, System};
    System::default().now().to_string()
}

async fn shown(api: &Api, endpoint: &str, id: &str, message: &Value) {
    let campaign = message["CampaignId"].as_str().unwrap();
    event(api, endpoint, id, "_inapp.message_displayed", campaign, "s").await;
}

async fn devices(api: &Api) {
    for id in ["phone", "tablet"] {
        endpoint(api, id, json!({ "User": { "UserId": "ann" } })).await;
    }
    endpoint(api, "stranger", json!({ "User": { "UserId": "bob" } })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_cap_counts_all_devices_of_a_user() {
    let api = Api::start().await;
    devices(&api).await;
    make(&api, json!({ "Limits": { "Total": 3 } })).await;
    let message = fetch(&api, "phone").await.remove(0);
    assert_eq!(message["TotalCap"], 3);
    shown(&api, "phone", "1", &message).await;
    // The phone counts its own display; the tablet has to be told of it.
    assert_eq!(fetch(&api, "phone").await[0]["TotalCap"], 3);
    assert_eq!(fetch(&api, "tablet").await[0]["TotalCap"], 2);
    shown(&api, "tablet", "1", &message).await;
    shown(&api, "tablet", "1", &message).await;
    assert_eq!(fetch(&api, "phone").await[0]["TotalCap"], 2, "sent again it counts once");
    assert_eq!(fetch(&api, "tablet").await[0]["TotalCap"], 2);
    event(&api, "tablet", "clicked", "_inapp.message_clicked", message["CampaignId"].as_str().unwrap(), "s").await;
    shown(&api, "tablet", "2", &message).await;
    assert_eq!(fetch(&api, "phone").await, [] as [Value; 0]);
    assert_eq!(fetch(&api, "tablet").await, [] as [Value; 0]);
    assert_eq!(fetch(&api, "stranger").await[0]["TotalCap"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daily_cap_counts_all_in_app_messages() {
    let api = Api::start().await;
    devices(&api).await;
    make(&api, json!({ "Name": "one", "Limits": { "Daily": 2 } })).await;
    make(&api, json!({ "Name": "other", "Priority": 5 })).await;
    let messages = fetch(&api, "phone").await;
    shown(&api, "phone", "1", &messages[1]).await;
    let left = fetch(&api, "tablet").await;
    assert_eq!((left.len(), &left[0]["DailyCap"], &left[1]["DailyCap"]), (2, &json!(1), &json!(0)));
    shown(&api, "tablet", "1", &messages[1]).await;
    for device in ["phone", "tablet"] {
        let left = fetch(&api, device).await;
        assert_eq!((left.len(), &left[0]["CampaignId"]), (1, &messages[1]["CampaignId"]), "one without a cap stays");
    }
    assert_eq!(fetch(&api, "stranger").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_cap_counts_in_the_session_that_goes_on() {
    let api = Api::start().await;
    devices(&api).await;
    make(&api, json!({ "Limits": { "Session": 1 } })).await;
    let message = fetch(&api, "phone").await.remove(0);
    shown(&api, "phone", "1", &message).await;
    assert_eq!(fetch(&api, "phone").await, [] as [Value; 0]);
    assert_eq!(fetch(&api, "tablet").await[0]["SessionCap"], 1, "its session is another one");
    event(&api, "phone", "2", "_session.start", "", "later").await;
    assert_eq!(fetch(&api, "phone").await[0]["SessionCap"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_counting_caps_are_handed_over_as_they_are() {
    let api = Api::with(&["in_app.count_displays=false"]).await;
    devices(&api).await;
    make(&api, json!({ "Limits": { "Total": 1, "Daily": 1 } })).await;
    let message = fetch(&api, "phone").await.remove(0);
    shown(&api, "phone", "1", &message).await;
    for device in ["phone", "tablet"] {
        let left = fetch(&api, device).await.remove(0);
        assert_eq!((&left["TotalCap"], &left["DailyCap"]), (&json!(1), &json!(1)));
    }
}
