//! `/v1/apps/{application-id}/campaigns`.

use std::io::Write;
use std::time::Duration;

use hyper::Method;
use pinwheel::clock::{Clock, System};
use pinwheel::domain::{ApplicationId, CampaignId};
use pinwheel::sandbox::function::{self, Event, Reply};
use pinwheel::store::{ActivityState, Kind};
use serde_json::{Value, json};

use super::{Api, Served};
use crate::support::{APPLICATION, SEGMENT, World, campaign, gcm_endpoints, lambda_hook, populate};

const LATER: &str = "2999-03-01T09:00:00Z";

async fn served(endpoints: usize) -> (World, Served) {
    let world = World::new(function::echo).await;
    let served = Served::start(&world).await;
    populate(&served.app, gcm_endpoints(endpoints)).await;
    (world, served)
}

fn later(changes: Value) -> Value {
    let mut whole = json!({ "Schedule": { "StartTime": LATER } });
    whole.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    campaign(whole)
}

async fn id_of(served: &Served, body: Value) -> String {
    served.post("campaigns", body).await["Id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_runs_from_its_making_to_its_end() {
    let (world, served) = served(120).await;
    let made = served.post("campaigns", campaign(json!({ "Hook": lambda_hook(), "tags": { "team": "a" } }))).await;
    let id = made["Id"].as_str().unwrap();
    assert_eq!(
        made["Arn"],
        format!("arn:aws:mobiletargeting:us-east-1:000000000000:apps/{APPLICATION}/campaigns/{id}")
    );
    assert_eq!(made["State"], json!({ "CampaignStatus": "SCHEDULED" }));
    assert_eq!((&made["Version"], &made["SegmentVersion"]), (&json!(1), &json!(1)));
    assert_eq!((&made["AdditionalTreatments"], &made["HoldoutPercent"]), (&json!([]), &json!(0)));
    assert_eq!(made["tags"], json!({ "team": "a" }));

    served.becomes(id, "COMPLETED").await;
    assert_eq!(world.fcm.messages(), 120);
    let activities = served.get(&format!("campaigns/{id}/activities")).await;
    let activity = &activities["Item"][0];
    assert_eq!(activities["Item"].as_array().unwrap().len(), 1);
    for (name, expected) in [
        ("State", json!("COMPLETED")),
        ("Result", json!("SUCCESS")),
        ("TreatmentId", json!("0")),
        ("TotalEndpointCount", json!(120)),
        ("SuccessfulEndpointCount", json!(120)),
        ("TimezonesTotalCount", json!(0)),
        ("ExecutionMetrics", json!({ "ENDPOINT_PRODUCED": "120" })),
    ] {
        assert_eq!(activity[name], expected, "{name}");
    }
    assert!(activity["End"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn treatments_have_states_and_their_share_of_the_audience() {
    let (_world, served) = served(400).await;
    let message = json!({ "DefaultMessage": { "Body": "B" } });
    let treatment = json!({ "SizePercent": 30, "TreatmentName": "B", "MessageConfiguration": message });
    let body = campaign(json!({ "AdditionalTreatments": [treatment], "HoldoutPercent": 20 }));
    let id = id_of(&served, body).await;
    served.becomes(&id, "COMPLETED").await;
    let read = served.get(&format!("campaigns/{id}")).await;
    assert_eq!(read["DefaultState"], json!({ "CampaignStatus": "COMPLETED" }));
    let treatment = &read["AdditionalTreatments"][0];
    assert_eq!((&treatment["Id"], &treatment["State"]), (&json!("1"), &json!({ "CampaignStatus": "COMPLETED" })));

    let activities = served.get(&format!("campaigns/{id}/activities")).await;
    let items = activities["Item"].as_array().unwrap();
    assert_eq!(items.iter().map(|item| item["TreatmentId"].as_str().unwrap()).collect::<Vec<_>>(), ["0", "1"]);
    let mut sent = 0;
    for item in items {
        let metric = |name: &str| item["ExecutionMetrics"][name].as_str().map_or(0, |text| text.parse().unwrap());
        assert_eq!(metric("ENDPOINT_PRODUCED"), 400, "the whole segment, in each treatment");
        let own = item["SuccessfulEndpointCount"].as_i64().unwrap();
        assert_eq!(own + metric("TREATMENT_HOLDOUT"), 400, "the others are held out from its point of view");
        sent += own;
    }
    assert!((250..=380).contains(&sent), "about a fifth is held out: {sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_run_is_refused_when_it_is_made() {
    let (_world, served) = served(0).await;
    let schedule = |schedule: Value| json!({ "Schedule": schedule });
    let treatment =
        |size: i32| json!({ "SizePercent": size, "MessageConfiguration": { "DefaultMessage": { "Body": "B" } } });
    let cases = [
        (json!({ "Name": null }), "Name: "),
        (json!({ "SegmentId": null }), "SegmentId: "),
        (json!({ "SegmentId": "gone" }), "SegmentId: there is no segment `gone`"),
        (json!({ "SegmentVersion": 7 }), "SegmentVersion: "),
        (json!({ "Schedule": null }), "Schedule"),
        (json!({ "MessageConfiguration": null }), "no message"),
        (json!({ "MessageConfiguration": { "DefaultMessage": { "Body": "{{#if" } } }), "Body"),
        (schedule(json!({ "StartTime": "2020-01-01T00:00:00Z" })), "StartTime must be at least current time."),
        (schedule(json!({ "StartTime": "soon" })), "Schedule.StartTime"),
        (schedule(json!({ "StartTime": LATER, "Frequency": "SOMETIMES" })), "Frequency"),
        (schedule(json!({ "StartTime": LATER, "Timezone": "CET", "EndTime": "2999-01-01T00:00:00" })), "Schedule"),
        (json!({ "Hook": { "LambdaFunctionName": "f", "Mode": "DELIVERY" } }), "DELIVERY"),
        (json!({ "HoldoutPercent": 50, "AdditionalTreatments": [treatment(51)] }), "more than 100"),
        (json!({ "AdditionalTreatments": vec![treatment(1); 5] }), "limit is 4"),
        (json!({ "Limits": { "Daily": 101 } }), "Limits.Daily"),
        (json!({ "TemplateConfiguration": { "EmailTemplate": { "Name": "gone" } } }), "`gone`"),
        (json!({ "MessageConfiguration": { "CustomMessage": { "Data": "x".repeat(5 * 1024 + 1) } } }), "Data"),
        (json!({ "tags": { "": "v" } }), "tags"),
    ];
    for (changes, expected) in cases {
        let (status, body) = served.call(Method::POST, "campaigns", campaign(changes.clone())).await;
        assert_eq!(status, 400, "{changes}: {body}");
        let message = body["Message"].as_str().unwrap();
        assert!(message.contains(expected), "{changes}: {message}");
    }
    assert_eq!(served.get("campaigns").await, json!({ "Item": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_merge_and_make_versions() {
    let (_world, served) = served(5).await;
    let id = id_of(&served, later(json!({ "Limits": { "Daily": 3 } }))).await;
    let path = format!("campaigns/{id}");
    let updated = served.put(&path, json!({ "IsPaused": true, "tags": { "not": "here" } })).await;
    assert_eq!(updated["State"]["CampaignStatus"], "PAUSED");
    assert_eq!((&updated["Version"], &updated["Limits"]), (&json!(2), &json!({ "Daily": 3 })));
    assert_eq!((&updated["tags"], &updated["Name"]), (&json!({}), &json!("test")));
    let updated = served.put(&path, json!({ "Limits": { "Total": 1 }, "IsPaused": false })).await;
    assert_eq!(
        (&updated["Limits"], &updated["State"]["CampaignStatus"]),
        (&json!({ "Total": 1 }), &json!("SCHEDULED"))
    );
    let (status, _) = served.call(Method::PUT, &path, json!({ "Limits": { "Total": 1000 } })).await;
    assert_eq!(status, 400, "an update is checked as a new campaign is");

    let first = served.get(&format!("{path}/versions?page-size=2")).await;
    let versions = |page: &Value| -> Vec<i64> {
        page["Item"].as_array().unwrap().iter().map(|item| item["Version"].as_i64().unwrap()).collect()
    };
    assert_eq!(versions(&first), [3, 2]);
    let next = format!("{path}/versions?page-size=2&token={}", first["NextToken"].as_str().unwrap());
    let second = served.get(&next).await;
    assert_eq!((versions(&second), &second["NextToken"]), (vec![1], &Value::Null));
    assert_eq!(served.get(&format!("{path}/versions/1")).await["Limits"], json!({ "Daily": 3 }));
    for (version, expected) in [("4", 404), ("0", 404), ("one", 400)] {
        let (status, _) = served.call(Method::GET, &format!("{path}/versions/{version}"), Value::Null).await;
        assert_eq!(status, expected, "{version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_campaign_changes_only_its_name() {
    let (world, served) = served(5).await;
    let id = id_of(&served, campaign(json!({}))).await;
    let path = format!("campaigns/{id}");
    served.becomes(&id, "COMPLETED").await;
    assert_eq!(served.put(&path, json!({ "Name": "new", "Description": "d" })).await["Name"], "new");
    for update in
        [json!({ "IsPaused": true }), json!({ "Schedule": { "StartTime": LATER } }), json!({ "HoldoutPercent": 1 })]
    {
        let (status, body) = served.call(Method::PUT, &path, update).await;
        assert_eq!(status, 400);
        assert!(body["Message"].as_str().unwrap().contains("COMPLETED"), "{body}");
    }
    // Also when what it was made of is gone.
    served.delete(&format!("segments/{SEGMENT}")).await;
    assert_eq!(served.put(&path, json!({ "Name": "newer" })).await["Name"], "newer");
    let (status, body) = served.call(Method::PUT, &path, json!({ "Name": " " })).await;
    assert_eq!((status, &body["Message"]), (400, &json!("Name: it is missing")));
    System::default().sleep(Duration::from_millis(100)).await;
    assert_eq!(world.fcm.messages(), 5, "it does not run again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_campaign_stops_and_is_gone() {
    let world = World::new(|event: &Event| -> Reply { function::echo(event).after(Duration::from_millis(30)) }).await;
    let served = Served::start(&world).await;
    populate(&served.app, gcm_endpoints(5_000)).await;
    let body = campaign(json!({ "Hook": lambda_hook(), "Limits": { "MessagesPerSecond": 1000 } }));
    let id = id_of(&served, body).await;
    let path = format!("campaigns/{id}");
    served.becomes(&id, "EXECUTING").await;
    while world.fcm.messages() < 100 {
        System::default().sleep(Duration::from_millis(5)).await;
    }
    let running = &served.get(&format!("{path}/activities")).await["Item"][0];
    assert_eq!((&running["State"], &running["Result"]), (&json!("RUNNING"), &Value::Null));
    assert!(running["SuccessfulEndpointCount"].as_i64().unwrap() < 5_000);
    let (status, _) = served.call(Method::PUT, &path, json!({ "HoldoutPercent": 1 })).await;
    assert_eq!(status, 400, "a run does not follow changes");

    assert_eq!(served.delete(&path).await["State"]["CampaignStatus"], "DELETED");
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::GET, format!("{path}/activities")),
        (Method::GET, format!("{path}/versions")),
    ] {
        let (status, body) = served.call(method, &path, Value::Null).await;
        assert_eq!((status, &body["Message"]), (404, &json!("Resource not found")), "{path}");
    }
    let (application, campaign) = (ApplicationId::new(APPLICATION), CampaignId::new(&id));
    for attempt in 0.. {
        let activities = served.app.store.activities(&application, &campaign).await.unwrap();
        if activities[0].state == ActivityState::Cancelled {
            break;
        }
        assert!(attempt < 1_000, "the run goes on");
        System::default().sleep(Duration::from_millis(5)).await;
    }
    assert!(world.fcm.messages() < 5_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_run_refuses_edits_and_the_same_update_resumes_it_again() {
    let world = World::new(|event: &Event| -> Reply { function::echo(event).after(Duration::from_millis(30)) }).await;
    let served = Served::start(&world).await;
    populate(&served.app, gcm_endpoints(3_000)).await;
    let (limits, tags) = (json!({ "MessagesPerSecond": 1000 }), json!({ "pinwheel:pause": "batch" }));
    let id = id_of(&served, campaign(json!({ "Hook": lambda_hook(), "Limits": limits, "tags": tags }))).await;
    let path = format!("campaigns/{id}");
    while world.fcm.messages() < 100 {
        System::default().sleep(Duration::from_millis(5)).await;
    }
    let paused = served.put(&path, json!({ "IsPaused": true })).await;
    assert_eq!(paused["State"]["CampaignStatus"], "PAUSED");
    let (status, body) = served.call(Method::PUT, &path, json!({ "HoldoutPercent": 1 })).await;
    assert_eq!(status, 400);
    assert!(body["Message"].as_str().unwrap().contains("a run of the campaign is paused"), "{body}");
    let name = json!({ "Name": "new", "Description": "d" });
    assert_eq!(served.put(&path, name).await["State"]["CampaignStatus"], "PAUSED");
    assert_eq!(served.put(&path, json!({ "IsPaused": false })).await["State"]["CampaignStatus"], "EXECUTING");

    // As if the server had been killed before it resumed them.
    let key = (ApplicationId::new(APPLICATION), CampaignId::new(&id));
    let stood = served.scheduler.pause_activities(&key, served.scheduler.writing().await).await.unwrap();
    assert_eq!(stood.len(), 1);
    assert_eq!(served.get(&path).await["State"]["CampaignStatus"], "PAUSED");
    served.put(&path, json!({ "IsPaused": false })).await;
    served.becomes(&id, "COMPLETED").await;
    assert_eq!(world.fcm.messages(), 3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn campaigns_are_listed_newest_first_in_pages() {
    let (_world, served) = served(0).await;
    for name in ["a", "b", "c"] {
        served.post("campaigns", later(json!({ "Name": name }))).await;
    }
    let names = |page: &Value| -> Vec<String> {
        page["Item"].as_array().unwrap().iter().map(|item| item["Name"].as_str().unwrap().to_owned()).collect()
    };
    let first = served.get("campaigns?page-size=2").await;
    assert_eq!(names(&first), ["c", "b"]);
    let second = served.get(&format!("campaigns?page-size=2&token={}", first["NextToken"].as_str().unwrap())).await;
    assert_eq!((names(&second), &second["NextToken"]), (vec!["a".to_owned()], &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_the_application_hold_for_later_campaigns_and_do_not_show() {
    let (world, served) = served(10).await;
    served.put("settings", json!({ "Limits": { "Total": 1 } })).await;
    let id = id_of(&served, later(json!({}))).await;
    served.put("settings", json!({ "Limits": { "Total": 5 } })).await;
    let read = served.get(&format!("campaigns/{id}")).await;
    assert_eq!(read["Limits"], Value::Null);
    let owner = ApplicationId::new(APPLICATION);
    let stored = served.app.store.definition(Some(&owner), Kind::Campaign, &id, None).await.unwrap().unwrap();
    let document: Value = serde_json::from_str(&stored.document).unwrap();
    assert_eq!(document["Defaults"]["Limits"]["Total"], 1);
    assert_eq!(world.fcm.messages(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_whose_segment_is_gone_is_deleted() {
    let (_world, served) = served(1).await;
    let id = id_of(&served, later(json!({}))).await;
    let owner = ApplicationId::new(APPLICATION);
    served.app.store.delete_definition(Some(&owner), Kind::Segment, SEGMENT).await.unwrap();
    assert_eq!(served.get(&format!("campaigns/{id}")).await["State"]["CampaignStatus"], "DELETED");
    let (status, _) = served.call(Method::PUT, &format!("campaigns/{id}"), json!({ "IsPaused": true })).await;
    assert_eq!(status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_campaigns_may_be_active() {
    let (_world, served) = served(0).await;
    for _ in 0..200 {
        served.post("campaigns", later(json!({}))).await;
    }
    let (status, body) = served.call(Method::POST, "campaigns", later(json!({}))).await;
    assert_eq!(status, 400);
    assert!(body["Message"].as_str().unwrap().contains("200"), "{body}");
    let paused = served.post("campaigns", later(json!({ "IsPaused": true }))).await;
    let path = format!("campaigns/{}", paused["Id"].as_str().unwrap());
    let (status, _) = served.call(Method::PUT, &path, json!({ "IsPaused": false })).await;
    assert_eq!(status, 400, "it would be one too many");

    let other = served.get("campaigns?page-size=2").await["Item"][1]["Id"].as_str().unwrap().to_owned();
    served.delete(&format!("campaigns/{other}")).await;
    for attempt in 0.. {
        if served.call(Method::PUT, &path, json!({ "IsPaused": false })).await.0 == 200 {
            break;
        }
        assert!(attempt < 1_000, "the deleted one still counts");
        System::default().sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_is_done_also_when_the_client_goes_away() {
    let (_world, served) = served(1).await;
    let id = id_of(&served, later(json!({}))).await;
    let (clock, path) = (System::default(), format!("campaigns/{id}"));
    {
        let _writing = served.scheduler.writing().await;
        let mut client = std::net::TcpStream::connect(served.address).unwrap();
        write!(client, "DELETE /v1/apps/{APPLICATION}/{path} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        clock.sleep(Duration::from_millis(100)).await;
        drop(client);
        clock.sleep(Duration::from_millis(100)).await;
    }
    for attempt in 0.. {
        let (status, _) = served.call(Method::GET, &path, Value::Null).await;
        if status == 404 && served.scheduler.active() == 0 {
            break;
        }
        assert!(attempt < 400, "the campaign is there still, or the scheduler does not know that it is not: {status}");
        clock.sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_begins_at_once_needs_a_channel_now() {
    let api = Api::start().await;
    let segment = api.post("/segments", json!({ "Name": "all" })).await.body(201);
    let campaign = |start: &str| {
        json!({
            "Name": "c", "SegmentId": segment["Id"], "Schedule": { "StartTime": start },
            "MessageConfiguration": { "SMSMessage": { "Body": "hello" } }
        })
    };
    let refused = api.post("/campaigns", campaign("IMMEDIATE")).await;
    assert!(refused.refusal(400).contains("no channel serves"), "{refused:?}");
    api.post("/campaigns", campaign("2999-01-01T00:00:00Z")).await.body(201);
}
