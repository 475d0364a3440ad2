use serde_json::{Value, json};

use super::Api;

fn journey() -> Value {
    json!({
        "Name": "welcome",
        "StartActivity": "hello",
        "Activities": {
            "hello": {"EMAIL": {"TemplateName": "t", "NextActivity": "pause"}, "Description": "d"},
            "pause": {"Wait": {"WaitTime": {"WaitFor": "P1D"}, "NextActivity": "split"}},
            "split": {"RandomSplit": {"Branches": [
                {"Percentage": 30, "NextActivity": "late"}, {"Percentage": 70},
            ]}},
            "late": {"SMS": {"TemplateName": "t"}},
        },
        "StartCondition": {"SegmentStartCondition": {"SegmentId": "s"}},
        "Limits": {"DailyCap": 3, "EndpointReentryCap": 1},
        "Schedule": {"StartTime": "2030-03-01T09:00:00+02:00", "Timezone": "UTC+02"},
    })
}

#[tokio::test]
async fn drafts_are_kept_changed_and_removed() {
    let api = Api::start().await;
    let created = api.post("/journeys", journey()).await.body(201);
    assert_eq!(created["State"], "DRAFT");
    assert_eq!(created["ApplicationId"], api.application.as_str());
    for (member, value) in journey().as_object().unwrap() {
        assert_eq!(&created[member], value, "{member}");
    }
    let path = format!("/journeys/{}", created["Id"].as_str().unwrap());
    assert_eq!(api.get(&path).await.body(200), created);

    // What is not given stays; what is given is replaced as a whole.
    let changed = api.put(&path, json!({"Name": "hello", "Limits": {"DailyCap": 5}, "State": "DRAFT"})).await.body(200);
    assert_eq!(changed["Name"], "hello");
    assert_eq!(changed["Limits"], json!({"DailyCap": 5}));
    assert_eq!(changed["Activities"], created["Activities"]);
    assert_eq!(changed["CreationDate"], created["CreationDate"]);
    // Members are checked with those that stay.
    let refused = api.put(&path, json!({"Name": "hello", "Activities": {}})).await;
    assert_eq!(refused.refusal(400), "StartActivity: there is no activity `hello`");

    api.post("/journeys", json!({"Name": "second"})).await.body(201);
    let page = api.get("/journeys?page-size=1").await.body(200);
    assert_eq!(page["Item"][0]["Name"], "second");
    let token = page["NextToken"].as_str().unwrap();
    assert_eq!(api.get(&format!("/journeys?page-size=1&token={token}")).await.body(200), json!({"Item": [changed]}));

    assert_eq!(api.delete(&path).await.body(200), changed);
    for path in [path.as_str(), "/journeys/unknown"] {
        api.get(path).await.refusal(404);
        api.delete(path).await.refusal(404);
        api.put(path, json!({"Name": "x"})).await.refusal(404);
        api.put(&format!("{path}/state"), json!({"State": "PAUSED"})).await.refusal(404);
        api.get(&format!("{path}/runs")).await.refusal(404);
        api.get(&format!("{path}/execution-metrics")).await.refusal(404);
    }
    api.client.get("/v1/apps/unknown/journeys").await.refusal(404);
}

#[tokio::test]
async fn tags_stay_when_a_journey_changes() {
    let api = Api::start().await;
    let id = api.post("/journeys", journey()).await.body(201)["Id"].as_str().unwrap().to_owned();
    let arn = format!("arn:aws:mobiletargeting:us-east-1:000000000000:apps/{}/journeys/{id}", api.application);
    let tagged = api.client.post(&format!("/v1/tags/{arn}"), json!({"tags": {"team": "red"}})).await;
    assert_eq!(tagged.status, 204);
    let changed = api.put(&format!("/journeys/{id}"), json!({"Name": "x"})).await.body(200);
    assert_eq!(changed["tags"], json!({"team": "red"}));
}

#[tokio::test]
async fn no_journey_is_started() {
    let api = Api::start().await;
    let not_run = "State: this release keeps journeys but does not run them yet, so none can be made `ACTIVE`";
    let active = json!({"Name": "welcome", "State": "ACTIVE"});
    assert_eq!(api.post("/journeys", active.clone()).await.refusal(400), not_run);
    assert!(api.post("/journeys", json!({"Name": "w", "State": "CLOSED"})).await.refusal(400).starts_with("State: "));
    let path = format!("/journeys/{}", api.post("/journeys", journey()).await.body(201)["Id"].as_str().unwrap());
    assert_eq!(api.put(&path, active).await.refusal(400), not_run);
    for (state, expected) in [
        ("ACTIVE", not_run),
        ("PAUSED", "State: the journey is `DRAFT`, and only one that is `ACTIVE` can become `PAUSED`"),
        ("CANCELLED", "State: the journey is `DRAFT`, and only one that is `ACTIVE` can become `CANCELLED`"),
        ("COMPLETED", "State: `COMPLETED` is not one of ACTIVE, PAUSED, CANCELLED"),
    ] {
        assert_eq!(api.put(&format!("{path}/state"), json!({"State": state})).await.refusal(400), expected);
    }
    api.put(&format!("{path}/state"), json!({})).await.refusal(400);
    assert_eq!(api.get(&path).await.body(200)["State"], "DRAFT");
}

#[tokio::test]
async fn a_draft_has_no_runs_and_nothing_to_count() {
    let api = Api::start().await;
    let id = api.post("/journeys", journey()).await.body(201)["Id"].as_str().unwrap().to_owned();
    let path = format!("/journeys/{id}");
    assert_eq!(api.get(&format!("{path}/runs")).await.body(200), json!({"Item": []}));
    api.get(&format!("{path}/runs/r/execution-metrics")).await.refusal(404);
    api.get(&format!("{path}/runs/r/activities/hello/execution-metrics")).await.refusal(404);
    let metrics = api.get(&format!("{path}/execution-metrics")).await.body(200);
    assert_eq!(metrics["JourneyId"], id.as_str());
    assert!(metrics["Metrics"].as_object().unwrap().values().all(|value| value == "0"), "{metrics}");
    for (activity, kind) in [("hello", "MESSAGE"), ("pause", "WAIT"), ("split", "RANDOM_SPLIT")] {
        let metrics = api.get(&format!("{path}/activities/{activity}/execution-metrics")).await.body(200);
        assert_eq!((&metrics["ActivityType"], &metrics["Metrics"]), (&json!(kind), &json!({})));
    }
    api.get(&format!("{path}/activities/x/execution-metrics")).await.refusal(404);
}
