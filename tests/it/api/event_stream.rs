use pinwheel::store::outcome::EVENT_STREAM;
use serde_json::json;

use super::Api;

const ROLE: &str = "arn:aws:iam::111122223333:role/stream";

#[tokio::test]
async fn the_settings_of_a_stream_are_kept_and_shown() {
    let api = Api::start().await;
    api.get("/eventstream").await.refusal(404);
    api.delete("/eventstream").await.refusal(404);
    for stream in ["kinesis:us-east-1:111122223333:stream/a", "firehose:us-east-1:111122223333:deliverystream/b"] {
        let stream = format!("arn:aws:{stream}");
        let put = api.post("/eventstream", json!({"DestinationStreamArn": stream, "RoleArn": ROLE})).await.body(200);
        assert_eq!(put["ApplicationId"], api.application.as_str());
        assert_eq!(put["DestinationStreamArn"], stream.as_str());
        assert_eq!(put["RoleArn"], ROLE);
        assert!(put["LastModifiedDate"].as_str().unwrap().ends_with('Z'), "{put}");
        assert_eq!(api.get("/eventstream").await.body(200), put);
    }
    let there = api.get("/eventstream").await.body(200);
    let refused = api.post("/eventstream", json!({"DestinationStreamArn": "arn:aws:s3:::b", "RoleArn": ROLE})).await;
    assert!(refused.refusal(400).starts_with("DestinationStreamArn: `arn:aws:s3:::b` is not the ARN"));
    assert_eq!(api.delete("/eventstream").await.body(200), there);
    api.get("/eventstream").await.refusal(404);
    api.client.get("/v1/apps/unknown/eventstream").await.refusal(404);
}

#[tokio::test]
async fn a_delete_that_is_sent_again_ends_what_is_left() {
    let api = Api::start().await;
    let store = &api.app.store;
    // As a call leaves it that is cut off.
    store.begin_stream(&api.application).await.unwrap();
    api.delete("/eventstream").await.refusal(404);
    assert_eq!(store.reader(&api.application, EVENT_STREAM).await.unwrap(), None);
}
