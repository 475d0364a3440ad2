//! Events and in-app messages over the API.

use hyper::Method;
use pinwheel::store::EventRow;
use serde_json::{Value, json};

use super::Api;

const EXAMPLE: &str = include_str!("../../data/hook-examples/put-events.json");

async fn kept(api: &Api) -> Vec<EventRow> {
    api.app.store.events_after(&api.application, 0, 1_000).await.unwrap()
}

fn event(members: Value) -> Value {
    let mut event = json!({"EventType": "cart.add", "Timestamp": "2026-03-01T09:00:00Z"});
    event.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    event
}

fn accepted() -> Value {
    json!({"StatusCode": 202, "Message": "Accepted"})
}

#[tokio::test(flavor = "multi_thread")]
async fn every_item_has_its_answer() {
    let api = Api::start().await;
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let answer = api.post("/events", example["request"]["body"].clone()).await;
    assert_eq!(answer.body(202), example["response"]["body"]);

    let items = &example["request"]["body"]["BatchItem"];
    let kept = kept(&api).await;
    assert_eq!(kept.len(), 5, "all but the broken one");
    for row in &kept {
        let document: Value = serde_json::from_str(&row.event.document).unwrap();
        let sent = &items[&row.event.endpoint_id]["Events"][&row.event.id];
        assert_eq!(&document, sent, "an event is kept as it was sent");
        assert_eq!(row.event.event_type, sent["EventType"].as_str().unwrap());
    }
    let zoneless = kept.iter().find(|row| row.event.event_type == "chat.delivered").unwrap();
    assert_eq!(zoneless.event.at, "2026-03-02T16:30:01.25Z".parse().unwrap());

    let endpoint = api.get("/endpoints/2847ea8a-b8a4-4e5f-ab2c-1fdb51e1a682").await.body(200);
    assert_eq!((&endpoint["ChannelType"], &endpoint["User"]["UserId"]), (&json!("GCM"), &json!("user-1003")));
    assert_eq!(endpoint["RequestId"], "cc0a6e19-3ab8-4ab8-aae1-8a31c364f1f8");
    api.get("/endpoints/crm%2Fat%2F1007").await.refusal(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_sent_again_are_accepted_and_kept_once() {
    let api = Api::start().await;
    let body = json!({"BatchItem": {"e": {"Endpoint": {}, "Events": {"1": event(json!({})), "2": event(json!({}))}}}});
    let first = api.post("/events", body.clone()).await.body(202);
    assert_eq!(api.post("/events", body).await.body(202), first);
    assert_eq!(first["Results"]["e"]["EventsItemResponse"], json!({"1": accepted(), "2": accepted()}));
    let other = json!({"BatchItem": {"f": {"Endpoint": {}, "Events": {"1": event(json!({}))}}}});
    api.post("/events", other).await.body(202);
    let kept = kept(&api).await;
    let ids: Vec<_> = kept.iter().map(|row| (row.event.endpoint_id.as_str(), row.event.id.as_str())).collect();
    assert_eq!(ids, [("e", "1"), ("e", "2"), ("f", "1")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_item_leaves_the_others() {
    let api = Api::start().await;
    let values: Vec<_> = (0..50).map(|_| "v".repeat(100)).collect();
    let long = event(json!({"Attributes": {"a": "v".repeat(201)}}));
    let body = json!({"BatchItem": {
        "wrong": {"Endpoint": {"ChannelType": "FAX"}, "Events": {"1": event(json!({})), "2": long}},
        "large": {"Endpoint": {"Attributes": {"a": values, "b": values, "c": values}}, "Events": {"1": event(json!({}))}},
        "good": {"Endpoint": {"OptOut": "ALL"}, "Events": {}},
        "strange": {"Endpoint": [], "Events": {"": event(json!({})), "3": []}},
        "sparse": {},
        "session": {"Events": {"4": event(json!({"Session": {"Id": "s".repeat(201), "StartTimestamp": "2026-03-01"}}))}},
    }});
    let results = api.post("/events", body).await.body(202)["Results"].take();
    let endpoint = |id: &str| results[id]["EndpointItemResponse"].clone();
    let refused = |response: &Value| {
        assert_eq!(response["StatusCode"], 400, "{response}");
        response["Message"].as_str().unwrap().to_owned()
    };
    assert!(refused(&endpoint("wrong")).starts_with("ChannelType: `FAX` is not one of"));
    assert!(refused(&endpoint("large")).ends_with("bytes after the update, the limit is 15360"));
    assert!(refused(&endpoint("strange")).contains("not a JSON object"));
    assert_eq!((endpoint("good"), endpoint("sparse")), (accepted(), accepted()));
    assert_eq!(results["wrong"]["EventsItemResponse"]["1"], accepted());
    assert_eq!(
        refused(&results["wrong"]["EventsItemResponse"]["2"]),
        "Attributes.`a`: the value `vvvvvvvvvvvvvvvvvvvv…` has 201 characters, the limit is 200"
    );
    assert_eq!(results["large"]["EventsItemResponse"]["1"], accepted());
    assert_eq!(refused(&results["strange"]["EventsItemResponse"][""]), "event id: missing, it is required");
    assert!(refused(&results["strange"]["EventsItemResponse"]["3"]).starts_with("event: "));
    assert_eq!(
        refused(&results["session"]["EventsItemResponse"]["4"]),
        "Session.Id: the value `ssssssssssssssssssss…` has 201 characters, the limit is 200"
    );
    assert_eq!(results["sparse"], json!({"EndpointItemResponse": accepted(), "EventsItemResponse": {}}));

    assert_eq!(kept(&api).await.len(), 2);
    assert_eq!(api.get("/endpoints/good").await.body(200)["OptOut"], "ALL");
    for missing in ["wrong", "large", "strange", "sparse"] {
        api.get(&format!("/endpoints/{missing}")).await.refusal(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_of_events_is_merged() {
    let api = Api::start().await;
    api.put("/endpoints/e", json!({"Attributes": {"a": ["1"]}, "OptOut": "ALL"})).await.body(202);
    let before = api.get("/endpoints/e").await.body(200);
    let send = async |endpoint: Value| {
        let body = json!({"BatchItem": {"e": {"Endpoint": endpoint, "Events": {}}}});
        api.post("/events", body).await.body(202)
    };
    send(json!({})).await;
    send(json!({"Unknown": 1})).await;
    assert_eq!(api.get("/endpoints/e").await.body(200), before, "an empty one changes nothing");
    send(json!({"Attributes": {"b": ["2"]}})).await;
    let after = api.get("/endpoints/e").await.body(200);
    assert_eq!(after["Attributes"], json!({"a": ["1"], "b": ["2"]}));
    assert_eq!(after["OptOut"], "ALL");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_cannot_be_read_are_refused_as_a_whole() {
    let api = Api::start().await;
    let events: serde_json::Map<_, _> = (0..101).map(|n| (n.to_string(), event(json!({})))).collect();
    let many = json!({"BatchItem": {"e": {"Endpoint": {}, "Events": events}}});
    let answer = api.post("/events", many).await;
    assert_eq!(answer.refusal(400), "BatchItem.e.Events: 101 entries, the limit is 100");
    for malformed in ["", "{", "[]", "{}", r#"{"BatchItem":3}"#] {
        api.client.send(Method::POST, &api.path("/events"), malformed).await.unwrap().refusal(400);
    }
    let large = " ".repeat(4 * 1024 * 1024 + 1);
    api.client.send(Method::POST, &api.path("/events"), large).await.unwrap().refusal(413);
    assert!(kept(&api).await.is_empty());

    for body in [
        json!({"BatchItem": {}}),
        json!({"BatchItem": {"e": {"Endpoint": {}, "Events": {"1": event(json!({}))}}}}),
        json!({"BatchItem": {"e": {"Endpoint": {"OptOut": "ALL"}, "Events": {"1": {}}}}}),
        json!({"BatchItem": {"e": {"Endpoint": {}, "Events": {"1": {}}}}}),
    ] {
        assert_eq!(api.client.post("/v1/apps/none/events", body).await.refusal(404), "Resource not found");
    }
    assert_eq!(api.post("/events", json!({"BatchItem": {}})).await.body(202), json!({"Results": {}}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_endpoint_has_no_in_app_messages() {
    let api = Api::start().await;
    api.put("/endpoints/e", json!({"ChannelType": "IN_APP"})).await.body(202);
    assert_eq!(api.get("/endpoints/e/inappmessages").await.body(200), json!({"InAppMessageCampaigns": []}));
    assert_eq!(api.get("/endpoints/f/inappmessages").await.refusal(404), "Resource not found");
    assert_eq!(api.client.get("/v1/apps/none/endpoints/e/inappmessages").await.refusal(404), "Resource not found");
}
