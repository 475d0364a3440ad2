//! Who gets which messages, in what form and order.

use pinwheel::domain::{Allotment, Cohort, Share};
use pinwheel::store::Kind;
use serde_json::{Value, json};

use super::{END, campaign, content, endpoint, fetch, filter, headers, make, message, schedule, segment};
use crate::api::Api;

const EXAMPLE: &str = include_str!("../../../data/hook-examples/in-app-messages.json");

#[tokio::test(flavor = "multi_thread")]
async fn messages_have_the_documented_form() {
    let api = Api::start().await;
    endpoint(&api, "e", json!({})).await;
    let everybody = segment(&api, json!({})).await;
    let mut example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let mut expected: Vec<Value> = serde_json::from_value(example["InAppMessageCampaigns"].take()).unwrap();
    for message in &mut expected {
        // They are to be still there.
        let end = message["Schedule"]["EndDate"].as_str().unwrap().replace("2026", "2999");
        message["Schedule"]["EndDate"] = json!(end);
        let name = message["CampaignId"].as_str().unwrap().rsplit_once('-').unwrap().0.to_owned();
        let mut schedule = message["Schedule"].clone();
        schedule["EndTime"] = schedule["EndDate"].take();
        schedule["StartTime"] = json!("IMMEDIATE");
        schedule["Frequency"] = json!("IN_APP_EVENT");
        let configuration = json!({ "InAppMessage": message["InAppMessage"] });
        let mut body = json!({
            "Name": name,
            "SegmentId": everybody,
            "Priority": message["Priority"],
            "Schedule": schedule,
            "MessageConfiguration": configuration,
            "Limits": {
                "Session": message["SessionCap"], "Daily": message["DailyCap"], "Total": message["TotalCap"],
            },
        });
        if message["TreatmentId"] == "1" {
            body["AdditionalTreatments"] = json!([{ "SizePercent": 100, "MessageConfiguration": configuration }]);
            body["MessageConfiguration"] = super::message("of the default treatment");
        }
        let made = api.post("/campaigns", body).await.body(201);
        message["CampaignId"] = json!(format!("{name}-{}", made["Id"].as_str().unwrap()));
    }
    expected.sort_by_key(|message| message["Priority"].as_i64());
    let answer = api.get("/endpoints/e/inappmessages").await.body(200);
    assert_eq!(answer, json!({ "InAppMessageCampaigns": expected }));
}

#[tokio::test(flavor = "multi_thread")]
async fn priority_comes_first_then_the_nearest_end() {
    let api = Api::start().await;
    endpoint(&api, "e", json!({})).await;
    for (header, priority, end) in
        [("late", None, END), ("low", Some(5), "2998-01-01T00:00:00Z"), ("high", Some(1), END)]
    {
        let mut changes = schedule(json!({ "EndTime": end }));
        changes["MessageConfiguration"] = message(header);
        changes["Priority"] = json!(priority);
        make(&api, changes).await;
    }
    let mut soon = schedule(json!({ "EndTime": "2998-01-01T01:00:00+01:00" }));
    soon["MessageConfiguration"] = message("soon");
    soon["Priority"] = json!(3);
    make(&api, soon).await;
    assert_eq!(headers(&api, "e").await, ["high", "soon", "late", "low"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_endpoints_of_apps_in_the_segment_get_messages() {
    let api = Api::start().await;
    let fans =
        segment(&api, json!({ "Attributes": { "team": { "AttributeType": "INCLUSIVE", "Values": ["red"] } } })).await;
    let made = api.post("/campaigns", campaign(&fans, json!({}))).await.body(201);
    endpoint(&api, "fan", json!({ "Attributes": { "team": ["red"] } })).await;
    endpoint(&api, "other", json!({ "Attributes": { "team": ["blue"] } })).await;
    endpoint(&api, "quiet", json!({ "Attributes": { "team": ["red"] }, "OptOut": "ALL" })).await;
    endpoint(&api, "gone", json!({ "Attributes": { "team": ["red"] }, "EndpointStatus": "INACTIVE" })).await;
    endpoint(&api, "phone", json!({ "Attributes": { "team": ["red"] }, "ChannelType": "GCM", "Address": "t" })).await;
    api.put("/endpoints/analytics", json!({ "Attributes": { "team": ["red"] } })).await.body(202);
    assert_eq!(headers(&api, "fan").await, ["H"]);
    for nobody in ["other", "quiet", "gone", "phone", "analytics"] {
        assert_eq!(fetch(&api, nobody).await, [] as [Value; 0], "{nobody}");
    }
    assert_eq!(api.get("/endpoints/unknown/inappmessages").await.refusal(404), "Resource not found");

    // Changes show at once: of the endpoint, the segment and the campaign.
    endpoint(&api, "other", json!({ "Attributes": { "team": ["red"] } })).await;
    assert_eq!(headers(&api, "other").await, ["H"]);
    let path = format!("/segments/{fans}");
    api.put(&path, json!({ "Name": "s", "Dimensions": { "Attributes": { "team": { "Values": ["green"] } } } }))
        .await
        .body(200);
    assert_eq!(headers(&api, "other").await, [] as [&str; 0]);
    api.put(&path, json!({ "Name": "s", "Dimensions": {} })).await.body(200);
    assert_eq!(headers(&api, "other").await, ["H"]);
    let path = format!("/campaigns/{}", made["Id"].as_str().unwrap());
    api.put(&path, json!({ "IsPaused": true })).await.body(200);
    assert_eq!(headers(&api, "other").await, [] as [&str; 0]);
    api.put(&path, json!({ "IsPaused": false })).await.body(200);
    assert_eq!(headers(&api, "other").await, ["H"]);
    api.delete(&path).await.body(200);
    assert_eq!(headers(&api, "other").await, [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_there_from_start_to_end() {
    let api = Api::start().await;
    endpoint(&api, "e", json!({})).await;
    make(&api, schedule(json!({ "StartTime": "2998-01-01T00:00:00Z" }))).await;
    assert_eq!(headers(&api, "e").await, [] as [&str; 0]);
    // One that has ended cannot be made any more.
    let everybody = segment(&api, json!({})).await;
    let times = schedule(json!({ "StartTime": "2020-01-01T00:00:00Z", "EndTime": "2020-01-02T00:00:00Z" }));
    for (id, changes, expected) in [("ended", times, 0), ("runs", json!({}), 1)] {
        let document = json!({ "Campaign": campaign(&everybody, changes), "Scheduled": true }).to_string();
        let now = "2020-01-01T00:00:00.000Z".to_owned();
        api.app.store.put_definition(Some(&api.application), Kind::Campaign, id, document, now).await.unwrap();
        api.app.engine.boards().forget(&api.application);
        assert_eq!(headers(&api, "e").await.len(), expected, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cohorts_get_their_treatment_or_nothing() {
    let api = Api::start().await;
    let treatment = json!({ "SizePercent": 30, "MessageConfiguration": message("B") });
    let changes =
        json!({ "HoldoutPercent": 20, "AdditionalTreatments": [treatment], "MessageConfiguration": message("A") });
    let id = make(&api, changes).await;
    let allotment = Allotment::new(&id, 20, vec![30]).unwrap();
    let mut seen = [0; 3];
    for n in 0..60 {
        let name = format!("e{n}");
        endpoint(&api, &name, json!({})).await;
        let (at, expected) = match allotment.share(Cohort::of(api.application.as_str(), &name)) {
            Share::HeldOut => (0, None),
            Share::Treatment(0) => (1, Some(("A", "0"))),
            Share::Treatment(_) => (2, Some(("B", "1"))),
        };
        seen[at] += 1;
        let messages = fetch(&api, &name).await;
        let found = messages.first().map(|message| {
            let header = message["InAppMessage"]["Content"][0]["HeaderConfig"]["Header"].as_str().unwrap();
            (header, message["TreatmentId"].as_str().unwrap())
        });
        assert_eq!(found, expected, "{name}");
    }
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_time_holds_where_the_endpoint_has_a_zone() {
    let api = Api::start().await;
    let all_day = json!({ "Start": "00:00", "End": "23:59" });
    make(&api, schedule(json!({ "QuietTime": all_day }))).await;
    endpoint(&api, "somewhere", json!({})).await;
    endpoint(&api, "vienna", json!({ "Demographic": { "Timezone": "Europe/Vienna" } })).await;
    endpoint(&api, "nowhere", json!({ "Demographic": { "Timezone": "Mars/Olympus" } })).await;
    assert_eq!(fetch(&api, "somewhere").await[0]["Schedule"]["QuietTime"], all_day);
    assert_eq!(fetch(&api, "nowhere").await.len(), 1);
    assert_eq!(fetch(&api, "vienna").await, [] as [Value; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_defaults_of_the_application_hold_for_campaigns_made_after_them() {
    let api = Api::start().await;
    endpoint(&api, "e", json!({})).await;
    let limits = json!({ "Limits": { "Daily": 2, "Total": 7, "Session": 1 } });
    api.put("/settings", limits).await.body(200);
    make(&api, json!({ "Limits": { "Total": 0 } })).await;
    api.put("/settings", json!({ "Limits": { "Daily": 9 } })).await.body(200);
    let message = &fetch(&api, "e").await[0];
    let caps = ["SessionCap", "DailyCap", "TotalCap"].map(|cap| message[cap].as_i64().unwrap());
    assert_eq!(caps, [1, 2, 0], "0 is no limit, and it is the campaign's own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_wins_for_what_it_has() {
    let api = Api::start().await;
    endpoint(&api, "e", json!({})).await;
    let path = "/v1/templates/spring/inapp";
    api.client.post(path, json!({ "Content": [content("T1")] })).await.body(201);
    let inline =
        json!({ "InAppMessage": { "Layout": "CAROUSEL", "Content": [content("I")], "CustomConfig": { "a": "b" } } });
    let names = json!({ "InAppTemplate": { "Name": "spring" } });
    make(&api, json!({ "MessageConfiguration": inline, "TemplateConfiguration": names })).await;
    let found = fetch(&api, "e").await[0]["InAppMessage"].take();
    assert_eq!(found, json!({ "Layout": "CAROUSEL", "Content": [content("T1")], "CustomConfig": { "a": "b" } }));
    // The active version is what counts.
    api.client.put(&format!("{path}?create-new-version=true"), json!({ "Content": [content("T2")] })).await.body(202);
    assert_eq!(headers(&api, "e").await, ["T1"]);
    let active = json!({ "Version": "2" });
    api.client.put("/v1/templates/spring/INAPP/active-version", active).await.body(200);
    assert_eq!(headers(&api, "e").await, ["T2"]);
    api.client.put(path, json!({ "Content": [content("T3")] })).await.body(202);
    assert_eq!(headers(&api, "e").await, ["T3"]);
    api.client.delete(path).await.body(202);
    assert_eq!(headers(&api, "e").await, [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_would_be_empty_can_withdraw_what_clients_have() {
    let api = Api::with(&["in_app.withdraw=true"]).await;
    endpoint(&api, "e", json!({})).await;
    let withdrawal = fetch(&api, "e").await.remove(0);
    assert_eq!(withdrawal["Schedule"]["EndDate"], "1970-01-01T00:00:00Z");
    assert_eq!(withdrawal["InAppMessage"]["Content"], json!([]));
    let mut changes = schedule(json!({ "EventFilter": filter("open") }));
    changes["MessageConfiguration"] = message("there");
    make(&api, changes).await;
    assert_eq!(headers(&api, "e").await, ["there"]);
}
