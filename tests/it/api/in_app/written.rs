//! What an in-app campaign has to be like.

use serde_json::{Value, json};

use super::{END, campaign, content, endpoint, filter, headers, make, message, schedule, segment};
use crate::api::Api;

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_a_rule_is_named() {
    let api = Api::start().await;
    let everybody = segment(&api, json!({})).await;
    let with = |path: &str, value: Value| {
        let mut content = content("H");
        content["PrimaryBtn"] =
            json!({ "DefaultConfig": { "Text": "ok", "ButtonAction": "CLOSE" }, "Web": { "ButtonAction": "LINK" } });
        *content.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value;
        json!({ "MessageConfiguration": { "InAppMessage": { "Content": [content] } } })
    };
    let metrics = json!({ "a": { "ComparisonOperator": "EQUAL", "Value": 1 }, "b": { "ComparisonOperator": "EQUAL", "Value": 1 } });
    let mut two_metrics = filter("open");
    two_metrics["Dimensions"]["Metrics"] = metrics;
    let pairs: serde_json::Map<_, _> = (0..11).map(|i| (i.to_string(), json!("x"))).collect();
    let contents =
        |count: usize| json!({ "MessageConfiguration": { "InAppMessage": { "Content": vec![content("H"); count] } } });
    let treatment = |changes: Value| json!({ "AdditionalTreatments": [changes] });
    let at = "MessageConfiguration.InAppMessage.Content[0]";
    let cases = [
        (schedule(json!({ "EndTime": null })), "Schedule.EndTime: ".to_owned()),
        (schedule(json!({ "EventFilter": null })), "Schedule.EventFilter: ".to_owned()),
        (
            schedule(json!({ "EventFilter": two_metrics })),
            "Schedule.EventFilter.Dimensions.Metrics: 2 metrics".to_owned(),
        ),
        (
            schedule(json!({ "StartTime": "2020-01-01T00:00:00Z" })),
            "StartTime must be at least current time.".to_owned(),
        ),
        (schedule(json!({ "EndTime": "2020-01-01T00:00:00Z" })), "EndTime must be after current time.".to_owned()),
        (json!({ "Priority": 0 }), "Priority: `0` is not a priority from 1, the highest, to 5".to_owned()),
        (json!({ "Priority": 6 }), "Priority: `6`".to_owned()),
        (json!({ "Limits": { "Session": -1 } }), "Limits.Session: `-1` is not a number from 0 to 100".to_owned()),
        (json!({ "Limits": { "Total": 101 } }), "Limits.Total: `101`".to_owned()),
        (json!({ "Hook": { "LambdaFunctionName": "f", "Mode": "FILTER" } }), "Hook: no hook is called".to_owned()),
        (
            json!({ "MessageConfiguration": { "DefaultMessage": { "Body": "b" } } }),
            "MessageConfiguration: no message for apps".to_owned(),
        ),
        (
            json!({ "TemplateConfiguration": { "InAppTemplate": { "Name": "gone" } } }),
            "there is no in-app template `gone`".to_owned(),
        ),
        (contents(6), "MessageConfiguration.InAppMessage.Content: 6 items, the limit is 5".to_owned()),
        (contents(0), "MessageConfiguration: no message for apps".to_owned()),
        (
            json!({ "MessageConfiguration": { "InAppMessage": { "Content": [content("H")], "CustomConfig": pairs } } }),
            "MessageConfiguration.InAppMessage.CustomConfig: 11 items, the limit is 10".to_owned(),
        ),
        (with("/HeaderConfig", Value::Null), format!("{at}.HeaderConfig: missing")),
        (with("/BodyConfig", Value::Null), format!("{at}.BodyConfig: missing")),
        (with("/BackgroundColor", Value::Null), format!("{at}.BackgroundColor: missing")),
        (with("/BackgroundColor", json!("red")), format!("{at}.BackgroundColor: `red` is not a colour")),
        (
            with("/HeaderConfig/Header", json!("h".repeat(65))),
            format!("{at}.HeaderConfig.Header: 65 characters, the limit is 64"),
        ),
        (
            with("/BodyConfig/Body", json!("b".repeat(151))),
            format!("{at}.BodyConfig.Body: 151 characters, the limit is 150"),
        ),
        (with("/BodyConfig/Alignment", json!("UP")), format!("{at}.BodyConfig.Alignment: `UP` is not one of")),
        (
            with("/PrimaryBtn/DefaultConfig/Text", json!("t".repeat(65))),
            format!("{at}.PrimaryBtn.DefaultConfig.Text: 65"),
        ),
        (
            with("/PrimaryBtn/DefaultConfig/ButtonAction", json!("RUN")),
            format!("{at}.PrimaryBtn.DefaultConfig.ButtonAction: `RUN`"),
        ),
        (with("/PrimaryBtn/Web/ButtonAction", Value::Null), format!("{at}.PrimaryBtn.Web.ButtonAction: missing")),
        (
            json!({ "MessageConfiguration": { "InAppMessage": { "Layout": "SIDEWAYS", "Content": [content("H")] } } }),
            "MessageConfiguration.InAppMessage.Layout: `SIDEWAYS`".to_owned(),
        ),
        (
            treatment(json!({ "SizePercent": 10 })),
            "AdditionalTreatments[0].MessageConfiguration: no message".to_owned(),
        ),
        (
            treatment(json!({ "SizePercent": 10, "MessageConfiguration": message(&"h".repeat(65)) })),
            "AdditionalTreatments[0].MessageConfiguration.InAppMessage.Content[0].HeaderConfig.Header: 65".to_owned(),
        ),
        (
            treatment(json!({ "SizePercent": 101, "MessageConfiguration": message("b") })),
            "AdditionalTreatments[0].SizePercent: ".to_owned(),
        ),
        (
            treatment(
                json!({ "SizePercent": 10, "MessageConfiguration": message("b"), "Schedule": { "StartTime": "IMMEDIATE", "Frequency": "DAILY" } }),
            ),
            "AdditionalTreatments[0].Schedule.Frequency: ".to_owned(),
        ),
    ];
    for (changes, expected) in cases {
        let answer = api.post("/campaigns", campaign(&everybody, changes.clone())).await;
        let problem = answer.refusal(400);
        assert!(problem.starts_with(&expected), "{changes}: {problem}");
    }
    assert!(api.get("/campaigns").await.body(200)["Item"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_reads_back_and_can_be_changed() {
    let api = Api::start().await;
    endpoint(&api, "e", json!({})).await;
    let everybody = segment(&api, json!({})).await;
    let body = campaign(
        &everybody,
        json!({ "IsPaused": true, "Limits": { "Session": 1, "Daily": 2, "Total": 3 }, "Priority": 1 }),
    );
    let made = api.post("/campaigns", body.clone()).await.body(201);
    for name in ["Name", "SegmentId", "MessageConfiguration", "Schedule", "Limits", "Priority"] {
        assert_eq!(made[name], body[name], "{name}");
    }
    assert_eq!(made["State"], json!({ "CampaignStatus": "PAUSED" }));
    let path = format!("/campaigns/{}", made["Id"].as_str().unwrap());
    let update = json!({ "MessageConfiguration": message("new"), "IsPaused": false });
    let changed = api.put(&path, update).await.body(200);
    assert_eq!(changed["State"], json!({ "CampaignStatus": "EXECUTING" }));
    assert_eq!((&changed["Version"], &changed["MessageConfiguration"]), (&json!(2), &message("new")));
    assert_eq!(headers(&api, "e").await, ["new"]);
    assert_eq!(api.get(&format!("{path}/activities")).await.body(200)["Item"], json!([]), "nothing runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_do_not_do_is_warned_of() {
    let api = Api::start().await;
    let everybody = segment(&api, json!({})).await;
    let plain = api.post("/campaigns", campaign(&everybody, json!({}))).await;
    assert_eq!((plain.status, plain.warnings), (201, vec![]));
    let mut odd = filter("open");
    odd["Dimensions"]["EventType"]["DimensionType"] = json!("EXCLUSIVE");
    odd["Dimensions"]["Metrics"] = json!({ "price": { "ComparisonOperator": "GREATER_THAN", "Value": 0 } });
    let changes = schedule(json!({ "EventFilter": odd, "IsLocalTime": true }));
    let answer = api.post("/campaigns", campaign(&everybody, changes)).await;
    assert_eq!(answer.status, 201);
    let fields: Vec<_> = answer.warnings.iter().map(|warning| warning.split(": ").next().unwrap()).collect();
    assert_eq!(
        fields,
        [
            "Schedule.EventFilter.Dimensions.EventType.DimensionType",
            "Schedule.EventFilter.Dimensions.Metrics.`price`.Value",
            "Schedule.IsLocalTime"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_has_25_in_app_campaigns() {
    let api = Api::start().await;
    let mut last = String::new();
    for _ in 0..23 {
        last = make(&api, json!({})).await;
    }
    let everybody = segment(&api, json!({})).await;
    let rivals = (0..6).map(|_| api.post("/campaigns", campaign(&everybody, json!({}))));
    let answers = futures_util::future::join_all(rivals).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 2, "of six at once: {answers:?}");
    let answer = api.post("/campaigns", campaign(&everybody, json!({}))).await;
    assert!(answer.refusal(400).contains("25 in-app campaigns"), "{answer:?}");
    // To change one is not to add one.
    api.put(&format!("/campaigns/{last}"), json!({ "IsPaused": true })).await.body(200);
    api.put(&format!("/campaigns/{last}"), schedule(json!({ "EndTime": "2998-01-01T00:00:00Z" }))).await.body(200);
    api.delete(&format!("/campaigns/{last}")).await.body(200);
    assert_ne!(make(&api, schedule(json!({ "EndTime": END }))).await, last);
}
