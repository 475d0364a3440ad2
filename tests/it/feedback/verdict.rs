//! What providers say while messages are sent.

use pinwheel::domain::ChannelType;
use pinwheel::sandbox::function;
use serde_json::json;

use crate::support::{APPLICATION, World, endpoint, populate, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_address_becomes_an_event_once() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, vec![endpoint("dead", ChannelType::Gcm, "gone-1"), endpoint("well", ChannelType::Gcm, "t")]).await;
    let activity = run(&app, json!({})).await.activities.remove(0);
    run(&app, json!({})).await;
    let events = app.store.events_after(&activity.application_id, 0, 100).await.unwrap();
    assert_eq!(activity.application_id.as_str(), APPLICATION);
    assert_eq!(events.len(), 1, "{events:?}");
    let event = &events[0].event;
    assert_eq!((event.endpoint_id.as_str(), event.event_type.as_str()), ("dead", "_endpoint.inactive"));
    let document: serde_json::Value = serde_json::from_str(&event.document).unwrap();
    let attributes = &document["Attributes"];
    assert_eq!((&attributes["channel_type"], &attributes["campaign_id"]), (&json!("GCM"), &json!("c")));
    assert_eq!(attributes["campaign_activity_id"], activity.id.as_str());
    assert!(attributes["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{attributes}");
}
