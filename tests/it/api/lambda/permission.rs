//! A campaign calls a function only when the function's policy lets it.

use std::path::Path;
use std::time::Duration;

use hyper::Method;
use pinwheel::clock::{Clock, System};
use serde_json::{Value, json};

use super::{NODE, Server, folder};
use crate::cli::pinwheel;
use crate::client::HttpClient;

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:filter";

/// An application with one endpoint and a segment of everybody.
struct Shop<'a> {
    server: &'a Server,
    http: HttpClient,
    application: String,
    segment: Value,
    folder: &'a Path,
}

impl<'a> Shop<'a> {
    async fn open(server: &'a Server, folder: &'a Path) -> Self {
        let http = HttpClient::new(server.address);
        let application = http.create_app().await.to_string();
        let path = format!("/v1/apps/{application}");
        let endpoint = json!({ "ChannelType": "SMS", "Address": "+12065550100" });
        http.put(&format!("{path}/endpoints/e1"), endpoint).await.body(202);
        let segment = http.post(&format!("{path}/segments"), json!({ "Name": "all", "Dimensions": {} })).await;
        Self { server, segment: segment.body(201)["Id"].take(), http, application, folder }
    }

    /// Makes a campaign with this hook or delivery.
    async fn create(&self, how: Value) -> crate::client::Answer {
        let mut campaign = json!({
            "Name": "sale", "SegmentId": self.segment, "Schedule": { "StartTime": "IMMEDIATE" },
            "MessageConfiguration": { "SMSMessage": { "Body": "hello" } },
        });
        for (name, value) in how.as_object().unwrap() {
            campaign[name] = value.clone();
        }
        self.http.post(&format!("/v1/apps/{}/campaigns", self.application), campaign).await
    }

    /// Runs a campaign to its end and returns its id, and what became of the endpoint.
    async fn run(&self, how: Value) -> (String, String) {
        let id = self.create(how).await.body(201)["Id"].as_str().unwrap().to_owned();
        let mut line = String::new();
        for _ in 0..1_000 {
            let data = self.folder.join("data").display().to_string();
            let told = pinwheel(self.folder, &["--data", &data, "activity", "why", &id, "e1"]);
            line = String::from_utf8(told.stdout).unwrap();
            if told.status.success() && ["SENT", "HOOK_ERROR", "PERMANENT"].iter().any(|fate| line.contains(fate)) {
                return (id, line);
            }
            System::default().sleep(Duration::from_millis(50)).await;
        }
        panic!("the endpoint has no fate: {line}\n{}", self.server.log());
    }
}

#[tokio::test]
async fn a_campaign_that_the_policy_does_not_match_sends_nothing_and_says_why() {
    let folder = folder();
    let at = folder.path();
    std::fs::write(at.join("index.js"), NODE.replace("VERSION", "1")).unwrap();
    let sink = at.join("sink.jsonl");
    let settings = [
        format!("functions.filter.code={}", at.display()),
        "functions.filter.runtime=nodejs".to_owned(),
        "channel.sink.types=[\"SMS\"]".to_owned(),
        format!("channel.sink.path={}", sink.display()),
        "channel.custom={}".to_owned(),
    ];
    let server = Server::start(at, &settings.each_ref().map(String::as_str)).await;
    let shop = Shop::open(&server, at).await;
    let hook = json!({ "Hook": { "LambdaFunctionName": FUNCTION, "Mode": "FILTER" } });
    let sunk = || std::fs::read_to_string(&sink).unwrap_or_default().lines().count();

    // Nobody has said that campaigns may.
    let (campaign, told) = shop.run(hook.clone()).await;
    let command = format!(
        "aws lambda add-permission --function-name filter --statement-id campaign-{campaign} --action \
         lambda:InvokeFunction --principal pinpoint.us-east-1.amazonaws.com --source-arn \
         arn:aws:mobiletargeting:us-east-1:000000000000:apps/{}/campaigns/{campaign} --source-account 000000000000",
        shop.application
    );
    assert!(told.contains("no statement of its policy allows anything") && told.contains(&command), "{told}");
    assert_eq!(sunk(), 0);
    let log = server.log();
    assert!(log.contains("the hook may not be called for this campaign") && log.contains(&command), "{log}");

    // Somebody says it of another application.
    let source =
        |application: &str| format!("arn:aws:mobiletargeting:us-east-1:000000000000:apps/{application}/campaigns/*");
    assert_eq!(server.call(Method::GET, "/filter/policy", Value::Null).await.status, 404);
    let service = "pinpoint.us-east-1.amazonaws.com";
    let permission = |sid: &str, application: &str| {
        json!({
            "StatementId": sid, "Action": "lambda:InvokeFunction", "Principal": service,
            "SourceAccount": "000000000000", "SourceArn": source(application),
        })
    };
    server.call(Method::POST, "/filter/policy", permission("other", "another")).await.body(201);
    let (_, told) = shop.run(hook.clone()).await;
    assert!(told.contains("for the nearest, `other`, AWS:SourceArn"), "{told}");
    assert_eq!(sunk(), 0);

    // Then of this one.
    let own_source = source(&shop.application);
    let add = [
        ["--function-name", "filter"],
        ["--statement-id", "own"],
        ["--action", "lambda:InvokeFunction"],
        ["--principal", service],
        ["--source-account", "000000000000"],
        ["--source-arn", &own_source],
    ];
    let added = server.ok(&[&["add-permission"], add.as_flattened()].concat()).await;
    let statement: Value = serde_json::from_str(added["Statement"].as_str().unwrap()).unwrap();
    assert_eq!((&statement["Sid"], &statement["Resource"]), (&json!("own"), &json!(FUNCTION)));
    let own = permission("own", &shop.application);
    assert_eq!(server.call(Method::POST, "/filter/policy", own.clone()).await.status, 409);
    let (_, told) = shop.run(hook.clone()).await;
    assert!(told.contains("SENT"), "{told}");
    assert_eq!(sunk(), 1);

    // It is the policy that is obeyed, also when it changes while the server runs.
    let policy = server.ok(&["get-policy", "--function-name", "filter"]).await;
    let statements: Value = serde_json::from_str(policy["Policy"].as_str().unwrap()).unwrap();
    assert_eq!(statements["Statement"].as_array().unwrap().len(), 2);
    assert_eq!(statements["Statement"][1], statement);
    let remove = ["remove-permission", "--function-name", "filter", "--statement-id", "own"];
    let stale = server.call(Method::DELETE, "/filter/policy/own?RevisionId=another", Value::Null).await;
    assert_eq!((stale.status, stale.error_type.as_deref()), (412, Some("PreconditionFailedException")));
    let revision = policy["RevisionId"].as_str().unwrap();
    server.ok(&[&remove[..], &["--revision-id", revision]].concat()).await;
    assert_eq!(server.call(Method::DELETE, "/filter/policy/own", Value::Null).await.status, 404);
    let (_, told) = shop.run(hook).await;
    assert!(told.contains("for the nearest, `other`"), "{told}");
    assert_eq!(sunk(), 1);

    // The operator is no campaign.
    server.call(Method::POST, "/filter/invocations", json!({})).await.body(200);

    // The custom channel asks the same policy.
    let delivery = json!({
        "CustomDeliveryConfiguration": { "DeliveryUri": FUNCTION, "EndpointTypes": ["SMS"] },
    });
    let (_, told) = shop.run(delivery.clone()).await;
    assert!(told.contains("for the nearest, `other`"), "{told}");
    assert!(server.log().contains("the function may not be called for this campaign"), "{}", server.log());
    server.call(Method::POST, "/filter/policy", own).await.body(201);
    let (_, told) = shop.run(delivery).await;
    assert!(told.contains("SENT"), "{told}");
    assert_eq!(sunk(), 1, "custom delivery is not for the sink");
}

#[tokio::test]
async fn functions_of_other_regions_are_refused_when_a_campaign_is_made() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]).await;
    let shop = Shop::open(&server, folder.path()).await;
    let elsewhere = "arn:aws:lambda:eu-west-1:000000000000:function:filter";
    for how in [
        json!({ "Hook": { "LambdaFunctionName": elsewhere, "Mode": "FILTER" } }),
        json!({ "CustomDeliveryConfiguration": { "DeliveryUri": elsewhere, "EndpointTypes": ["SMS"] } }),
    ] {
        let answer = shop.create(how).await;
        let refusal = answer.refusal(400);
        assert!(refusal.contains("`eu-west-1`") && refusal.contains("`us-east-1`"), "{refusal}");
    }
    let settings = format!("/v1/apps/{}/settings", shop.application);
    let hook = json!({ "CampaignHook": { "LambdaFunctionName": elsewhere, "Mode": "FILTER" } });
    let answer = server.http.send(Method::PUT, &settings, hook.to_string()).await.unwrap();
    assert!(answer.refusal(400).contains("`eu-west-1`"), "{answer:?}");
}
