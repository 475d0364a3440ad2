//! A sink that takes nothing for a while.

use pinwheel::sandbox::function;
use serde_json::json;

use super::{caught_up, complete, of_type, records, report, stream, until};
use crate::client::Serving;
use crate::support::{APPLICATION, World, campaign, gcm_endpoints, populate};

const ENDPOINTS: usize = 300;
const EVENTS: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn sends_go_on_and_everything_arrives_later() {
    let world = World::new(function::echo).await;
    let folder = world.directory.path().join("records");
    std::fs::write(&folder, "in the way").unwrap();
    let app = world.app(&format!(
        "event_stream.sinks.file.type=file
         event_stream.sinks.file.directory={}
         event_stream.records_max=60
         event_stream.pause_min=10ms
         event_stream.pause_max=100ms",
        folder.display()
    ));
    populate(&app, gcm_endpoints(ENDPOINTS)).await;
    let serving = Serving::start(&app).await;
    let http = &serving.client;
    let path = format!("/v1/apps/{APPLICATION}");
    http.post(&format!("{path}/eventstream"), stream("shop")).await.body(200);
    for number in 0..EVENTS {
        report(http, APPLICATION, number).await;
    }
    let made = http.post(&format!("{path}/campaigns"), campaign(json!({}))).await.body(201);
    complete(http, APPLICATION, made["Id"].as_str().unwrap()).await;
    assert_eq!(world.fcm.messages(), ENDPOINTS as u64, "the campaign does not wait");

    until("the lag is shown", async || {
        let item = http.get("/pinwheel/v1/event-streams").await.body(200)["Items"][0].take();
        item["Lag"]["Events"] == EVENTS
            && item["Lag"]["Batches"] == ENDPOINTS.div_ceil(50)
            && item["Error"].as_str().is_some_and(|error| error.starts_with("cannot write to a file"))
            && item["FailingSince"].is_string()
    })
    .await;

    std::fs::remove_file(&folder).unwrap();
    caught_up(http).await;
    let records = records(&folder.join(APPLICATION));
    let numbers: Vec<usize> =
        of_type(&records, "tick").map(|tick| tick["attributes"]["n"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(numbers, (0..EVENTS).collect::<Vec<_>>(), "in the order of their arrival, once");
    assert_eq!(of_type(&records, "_campaign.send").count(), ENDPOINTS);
    let item = http.get("/pinwheel/v1/event-streams").await.body(200)["Items"][0].take();
    assert_eq!((item.get("Error"), &item["RefusedCount"]), (None, &json!(0)));
}
