//! Segments by recency: an event is activity, even if it does not touch its endpoint.

use pinwheel::clock::{Clock, System};
use pinwheel::segment;
use serde_json::json;

use super::Api;

async fn segment_of(api: &Api, kind: &str) -> String {
    let dimensions = json!({"Behavior": {"Recency": {"Duration": "HR_24", "RecencyType": kind}}});
    let made = api.post("/segments", json!({"Name": kind, "Dimensions": dimensions})).await.body(201);
    made["Id"].as_str().unwrap().to_owned()
}

async fn members(api: &Api, segment_id: &str) -> Vec<String> {
    let (store, application) = (&*api.app.store, &api.application);
    let members = segment::evaluate(store, application, segment_id, None, System::default().now()).await.unwrap();
    let page = store.load_endpoints(application, members.into_iter().collect()).await.unwrap();
    page.iter().map(|endpoint| endpoint.id.to_owned()).collect()
}

async fn in_app_campaign(api: &Api, segment_id: &str) -> String {
    let text = json!({"Header": "H", "Alignment": "LEFT", "TextColor": "#000000"});
    let body = json!({"Body": "B", "Alignment": "LEFT", "TextColor": "#000000"});
    let content = json!({"BackgroundColor": "#ffffff", "HeaderConfig": text, "BodyConfig": body});
    let filter = json!({"FilterType": "ENDPOINT", "Dimensions": {
        "EventType": {"DimensionType": "INCLUSIVE", "Values": ["open"]}}});
    let campaign = json!({
        "Name": "c",
        "SegmentId": segment_id,
        "MessageConfiguration": {"InAppMessage": {"Layout": "TOP_BANNER", "Content": [content]}},
        "Schedule": {"StartTime": "IMMEDIATE", "EndTime": "2999-12-31T22:59:59Z", "Frequency": "IN_APP_EVENT",
            "EventFilter": filter},
    });
    let made = api.post("/campaigns", campaign).await.body(201);
    made["Id"].as_str().unwrap().to_owned()
}

async fn has_message_of(api: &Api, endpoint_id: &str, campaign_id: &str) -> bool {
    let answer = api.get(&format!("/endpoints/{endpoint_id}/inappmessages")).await.body(200);
    let messages = answer["InAppMessageCampaigns"].as_array().unwrap();
    messages.iter().any(|message| message["CampaignId"].as_str().unwrap().ends_with(campaign_id))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_makes_an_endpoint_active_that_was_not_updated() {
    let api = Api::start().await;
    let old = json!({"ChannelType": "IN_APP", "EffectiveDate": "2020-01-01T00:00:00Z"});
    for id in ["visitor", "silent"] {
        api.put(&format!("/endpoints/{id}"), old.clone()).await.body(202);
    }
    api.put("/endpoints/new", json!({"ChannelType": "IN_APP"})).await.body(202);
    let (active, inactive) = (segment_of(&api, "ACTIVE").await, segment_of(&api, "INACTIVE").await);
    assert_eq!(members(&api, &active).await, ["new"]);
    assert_eq!(members(&api, &inactive).await, ["visitor", "silent"]);
    let for_active = in_app_campaign(&api, &active).await;
    assert!(!has_message_of(&api, "visitor", &for_active).await);

    let event = json!({"EventType": "open", "Timestamp": "2026-03-01T09:00:00Z"});
    let batch = json!({"BatchItem": {"visitor": {"Endpoint": {}, "Events": {"1": event}}}});
    api.post("/events", batch).await.body(202);
    assert_eq!(api.get("/endpoints/visitor").await.body(200)["EffectiveDate"], "2020-01-01T00:00:00Z");
    assert_eq!(members(&api, &active).await, ["visitor", "new"]);
    assert_eq!(members(&api, &inactive).await, ["silent"]);

    // Another campaign, since activity may be a minute late in messages.
    let for_inactive = in_app_campaign(&api, &inactive).await;
    for (endpoint_id, is_active) in [("visitor", true), ("silent", false), ("new", true)] {
        assert_eq!(has_message_of(&api, endpoint_id, &for_active).await, is_active, "{endpoint_id}");
        assert_eq!(has_message_of(&api, endpoint_id, &for_inactive).await, !is_active, "{endpoint_id}");
    }
}
