//! From `PutEvents` to a message, over HTTP.

use std::time::Duration;

use hyper::Method;
use pinwheel::clock::{Clock, System};
use pinwheel::sandbox::function;
use serde_json::{Value, json};

use super::Served;
use crate::support::{World, campaign, gcm_endpoints, populate};

fn of_events(schedule: Value) -> Value {
    let mut whole = json!({
        "StartTime": "IMMEDIATE", "EndTime": "2999-03-01T09:00:00Z", "Frequency": "EVENT",
        "EventFilter": { "FilterType": "ENDPOINT", "Dimensions": {
            "EventType": { "DimensionType": "INCLUSIVE", "Values": ["cart.add"] },
            "Metrics": { "price": { "ComparisonOperator": "GREATER_THAN", "Value": 5.0 } } } }
    });
    for (name, value) in schedule.as_object().unwrap() {
        whole[name] = value.clone();
    }
    campaign(json!({ "Schedule": whole }))
}

async fn report(served: &Served, endpoint_id: &str, event_id: &str, endpoint: Value, price: f64) {
    let now = System::default().now().to_string();
    let event = json!({ "EventType": "cart.add", "Timestamp": now, "Metrics": { "price": price } });
    let body = json!({ "BatchItem": { endpoint_id: { "Endpoint": endpoint, "Events": { event_id: event } } } });
    let (status, answer) = served.call(Method::POST, "events", body).await;
    assert_eq!(status, 202, "{answer}");
    let code = &answer["Results"][endpoint_id]["EventsItemResponse"][event_id]["StatusCode"];
    assert_eq!(code, 202, "{answer}");
}

async fn messages(world: &World, expected: u64) {
    for _ in 0..4_000 {
        if world.fcm.messages() >= expected {
            break;
        }
        System::default().sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(world.fcm.messages(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_brings_a_message_unless_the_campaign_is_paused() {
    let world = World::new(function::echo).await;
    let served = Served::start(&world).await;
    populate(&served.app, gcm_endpoints(3)).await;
    let made = served.post("campaigns", of_events(json!({}))).await;
    let path = format!("campaigns/{}", made["Id"].as_str().unwrap());
    report(&served, "e00000", "1", json!({}), 9.9).await;
    report(&served, "e00001", "1", json!({}), 1.0).await;
    messages(&world, 1).await;

    // An endpoint that comes with its event is there when the event is looked at.
    let endpoint = json!({ "ChannelType": "GCM", "Address": "new", "OptOut": "NONE" });
    report(&served, "new", "1", endpoint, 9.9).await;
    messages(&world, 2).await;

    served.put(&path, json!({ "IsPaused": true })).await;
    served.becomes(made["Id"].as_str().unwrap(), "PAUSED").await;
    report(&served, "e00002", "paused", json!({}), 9.9).await;
    served.put(&path, json!({ "IsPaused": false })).await;
    report(&served, "e00002", "resumed", json!({}), 9.9).await;
    messages(&world, 3).await;
    System::default().sleep(Duration::from_millis(300)).await;
    messages(&world, 3).await;
    let activities = served.get(&format!("{path}/activities")).await;
    let sent = |activity: &Value| activity["SuccessfulEndpointCount"].as_u64().unwrap();
    assert_eq!(activities["Item"].as_array().unwrap().iter().map(sent).sum::<u64>(), 3);
    assert_eq!(served.delete(&path).await["State"]["CampaignStatus"], "DELETED");
}

#[tokio::test(flavor = "multi_thread")]
async fn campaigns_that_nothing_could_trigger_are_refused() {
    let world = World::new(function::echo).await;
    let served = Served::start(&world).await;
    populate(&served.app, gcm_endpoints(1)).await;
    let of_type = |name: &str| {
        json!({ "FilterType": "SYSTEM", "Dimensions": {
            "EventType": { "DimensionType": "INCLUSIVE", "Values": [name] } } })
    };
    for (schedule, expected) in [
        (json!({ "EventFilter": null }), "Schedule.EventFilter: "),
        (json!({ "EndTime": null }), "Schedule.EndTime: "),
        (json!({ "EventFilter": of_type("") }), "Schedule.EventFilter.Dimensions.EventType.Values[0]: "),
        (json!({ "EventFilter": of_type("_campaign.send") }), "Schedule.EventFilter.Dimensions.EventType.Values: "),
    ] {
        let (status, body) = served.call(Method::POST, "campaigns", of_events(schedule.clone())).await;
        let message = body["Message"].as_str().unwrap();
        assert!(status == 400 && message.starts_with(expected), "{schedule}: {status} {message}");
    }
}
