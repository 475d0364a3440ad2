//! Applications with streams of their own.

use serde_json::json;

use super::{caught_up, of_type, records, report, stream};
use crate::api::Api;

#[tokio::test(flavor = "multi_thread")]
async fn applications_go_to_the_sinks_of_their_destinations() {
    let directory = tempfile::TempDir::new().unwrap();
    let [eu, us] = ["eu", "us"].map(|name| directory.path().join(name));
    let api = Api::with(&[
        "event_stream.sinks.eu.type=file",
        r#"event_stream.sinks.eu.destinations=["*:stream/eu-*"]"#,
        &format!("event_stream.sinks.eu.directory={}", eu.display()),
        "event_stream.sinks.us.type=file",
        &format!("event_stream.sinks.us.directory={}", us.display()),
        "event_stream.default=us",
    ])
    .await;
    let (http, first) = (&api.client, api.application.as_str());
    let second = http.create_app().await;
    let second = second.as_str();
    let streams = |application: &str| format!("/v1/apps/{application}/eventstream");
    http.post(&streams(first), stream("eu-shop")).await.body(200);
    http.post(&streams(second), stream("shop")).await.body(200);
    for (application, number) in [(first, 1), (second, 2)] {
        report(http, application, number).await;
    }
    caught_up(http).await;
    let told = |folder: &std::path::Path, application: &str| {
        let records = records(&folder.join(application));
        of_type(&records, "tick").map(|tick| tick["attributes"]["n"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((told(&eu, first), told(&us, second)), (vec!["1".to_owned()], vec!["2".to_owned()]));
    assert!(!eu.join(second).exists() && !us.join(first).exists());
    let listed = http.get("/pinwheel/v1/event-streams").await.body(200);
    let mut sinks: Vec<_> = listed["Items"].as_array().unwrap().iter().map(|item| item["Sink"].clone()).collect();
    sinks.sort_by_key(ToString::to_string);
    assert_eq!(sinks, [json!("eu"), json!("us")]);

    // To another destination it goes on where it was.
    http.post(&streams(first), stream("shop")).await.body(200);
    report(http, first, 3).await;
    super::until("the move", async || told(&us, first).len() == 1).await;
    assert_eq!((told(&eu, first), told(&us, first)), (vec!["1".to_owned()], vec!["3".to_owned()]));

    // A stream that is deleted and put again begins anew.
    http.delete(&streams(first)).await.body(200);
    report(http, first, 4).await;
    http.post(&streams(first), stream("shop")).await.body(200);
    report(http, first, 5).await;
    super::until("the new stream", async || told(&us, first).len() == 2).await;
    assert_eq!(told(&us, first), ["3", "5"]);
}
