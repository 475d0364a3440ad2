//! A campaign's run and an app's events, as records with the documented members.

use std::collections::BTreeMap;

use pinwheel::domain::{ApplicationId, CampaignId, ChannelType, Fate};
use pinwheel::sandbox::function;
use serde_json::{Value, json};

use super::{caught_up, complete, of_type, records, report, stream};
use crate::client::Serving;
use crate::support::{
    APPLICATION, World, campaign, endpoint, gcm_endpoints, lambda_hook, members, number_of, populate,
};

const ENDPOINTS: usize = 230;

/// Members that records of campaigns have. Source: Pinpoint developer guide, "Campaign events".
const OF_CAMPAIGNS: &[&str] = &[
    "/event_type",
    "/event_timestamp",
    "/arrival_timestamp",
    "/event_version",
    "/application/app_id",
    "/application/sdk",
    "/client/client_id",
    "/device/platform",
    "/session",
    "/attributes/campaign_id",
    "/attributes/campaign_activity_id",
    "/attributes/treatment_id",
    "/attributes/delivery_type",
    "/attributes/campaign_send_status",
    "/client_context/custom/endpoint",
    "/awsAccountId",
];
/// As above, "App events", but for what only apps with Cognito have.
const OF_APPS: &[&str] = &[
    "/event_type",
    "/event_timestamp",
    "/arrival_timestamp",
    "/event_version",
    "/application/app_id",
    "/application/sdk",
    "/client/client_id",
    "/device/locale",
    "/device/platform",
    "/session/session_id",
    "/session/start_timestamp",
    "/attributes",
    "/metrics",
    "/awsAccountId",
];

fn without_every_tenth(event: &function::Event) -> function::Reply {
    let mut endpoints: serde_json::Map<String, Value> = serde_json::from_slice(&event.endpoints()).unwrap();
    endpoints.retain(|id, _| !id.ends_with('0'));
    function::Reply::answer(Value::Object(endpoints).to_string())
}

fn check(record: &Value, members: &[&str]) {
    for member in members {
        assert!(record.pointer(member).is_some_and(|value| !value.is_null()), "no {member} in {record}");
    }
    assert_eq!(
        (&record["application"]["app_id"], &record["awsAccountId"]),
        (&json!(APPLICATION), &json!("000000000000"))
    );
}

/// Endpoints by what the stream says of their messages; nobody is there twice.
fn told(records: &[Value]) -> BTreeMap<String, String> {
    let mut told = BTreeMap::new();
    for record in of_type(records, "_campaign.send") {
        let text = |pointer: &str| record.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let earlier = told.insert(text("/client/client_id"), text("/attributes/campaign_send_status"));
        assert_eq!(earlier, None, "{record}");
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn each_endpoint_with_a_status_has_one_record() {
    // The hook removes every tenth.
    let world = World::new(without_every_tenth).await;
    let app = world.app("");
    let mut endpoints = gcm_endpoints(ENDPOINTS);
    endpoints.push(endpoint("letter", ChannelType::Voice, "+4915112345678"));
    populate(&app, endpoints).await;
    let serving = Serving::start(&app).await;
    let http = &serving.client;
    let path = format!("/v1/apps/{APPLICATION}");
    // What was before the stream is not told.
    report(http, APPLICATION, 1).await;
    http.post(&format!("{path}/eventstream"), stream("shop")).await.body(200);
    report(http, APPLICATION, 2).await;
    let changes = json!({"HoldoutPercent": 20, "Hook": lambda_hook()});
    let made = http.post(&format!("{path}/campaigns"), campaign(changes)).await.body(201);
    let id = made["Id"].as_str().unwrap();
    complete(http, APPLICATION, id).await;
    caught_up(http).await;

    let folder = world.directory.path().join("data/event-stream").join(APPLICATION);
    let records = records(&folder);
    let activities = app.store.activities(&ApplicationId::new(APPLICATION), &CampaignId::new(id)).await.unwrap();
    let [activity] = &activities[..] else { panic!("{activities:?}") };
    let mut expected = BTreeMap::new();
    for (id, byte, _) in members(&*app.store, activity).await {
        expected.extend(Fate::from_byte(byte).unwrap().send_status().map(|status| (id, status.to_owned())));
    }
    assert_eq!(told(&records), expected);
    let count = |status: &str| expected.values().filter(|told| *told == status).count();
    assert!(count("SUCCESS") > 100 && count("HOLDOUT") > 10, "{expected:?}");
    assert!(expected.len() < ENDPOINTS, "whom the hook removed has no record");

    for record in of_type(&records, "_campaign.send") {
        check(record, OF_CAMPAIGNS);
        let attributes = &record["attributes"];
        assert_eq!((&attributes["campaign_id"], &attributes["treatment_id"]), (&json!(id), &json!("0")));
        assert_eq!(attributes["campaign_activity_id"], activity.id.as_str());
        assert_eq!((&attributes["delivery_type"], &record["event_version"]), (&json!("GCM"), &json!("3.1")));
        let shown = record.pointer("/client_context/custom/endpoint").unwrap().as_str().unwrap();
        let shown: Value = serde_json::from_str(shown).unwrap();
        assert_eq!((&shown["ChannelType"], &shown["EndpointStatus"]), (&json!("GCM"), &json!("ACTIVE")));
        assert!(shown["User"].is_object() && shown.get("Address").is_none(), "{shown}");
        assert!(number_of(record["client"]["client_id"].as_str().unwrap()) < ENDPOINTS);
    }
    let ticks: Vec<_> = of_type(&records, "tick").collect();
    let [tick] = ticks[..] else { panic!("{ticks:?}") };
    check(tick, OF_APPS);
    assert_eq!((&tick["attributes"], &tick["metrics"]), (&json!({"n": "2"}), &json!({"price": 9.9})));
    assert_eq!(tick["event_timestamp"], 1_772_355_600_123_i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_is_deleted_in_mid_run_tells_of_everybody() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, gcm_endpoints(1_000)).await;
    let serving = Serving::start(&app).await;
    let http = &serving.client;
    let path = format!("/v1/apps/{APPLICATION}");
    http.post(&format!("{path}/eventstream"), stream("shop")).await.body(200);
    let changes = json!({"Limits": {"MessagesPerSecond": 50}});
    let made = http.post(&format!("{path}/campaigns"), campaign(changes)).await.body(201);
    super::until("messages", async || world.fcm.messages() > 20).await;
    http.delete(&format!("{path}/campaigns/{}", made["Id"].as_str().unwrap())).await.body(200);
    let folder = world.directory.path().join("data/event-stream").join(APPLICATION);
    super::until("records of all", async || of_type(&records(&folder), "_campaign.send").count() >= 1_000).await;
    caught_up(http).await;
    let told = told(&records(&folder));
    assert_eq!(told.len(), 1_000);
    assert!(told.values().any(|status| status == "SUCCESS") && told.values().any(|status| status == "EXPIRED"));
}
