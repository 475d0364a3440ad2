use serde_json::{Value, json};

use super::Api;

fn configuration(name: &str) -> Value {
    json!({
        "Name": name,
        "RecommendationProviderRoleArn": "arn:aws:iam::111122223333:role/recommend",
        "RecommendationProviderUri": "arn:aws:personalize:us-east-1:111122223333:campaign/shop",
        "RecommendationsPerMessage": 3,
    })
}

#[tokio::test]
async fn recommenders_are_kept_and_shown() {
    let api = Api::start().await;
    let client = &api.client;
    let created = client.post("/v1/recommenders", configuration("first")).await.body(201);
    let id = created["Id"].as_str().unwrap();
    assert_eq!(id.len(), 32);
    assert_eq!(created["RecommendationProviderIdType"], "PINPOINT_USER_ID");
    let path = format!("/v1/recommenders/{id}");
    assert_eq!(client.get(&path).await.body(200), created);

    let mut changed = configuration("changed");
    changed.as_object_mut().unwrap().remove("RecommendationsPerMessage");
    let changed = client.put(&path, changed).await.body(200);
    assert_eq!(changed["Name"], "changed");
    assert_eq!(changed["CreationDate"], created["CreationDate"]);
    assert_eq!(changed["RecommendationsPerMessage"], 5, "an update replaces all members");

    client.post("/v1/recommenders", configuration("second")).await.body(201);
    let page = client.get("/v1/recommenders?page-size=1").await.body(200);
    assert_eq!(page["Item"][0]["Name"], "second");
    let token = page["NextToken"].as_str().unwrap();
    let page = client.get(&format!("/v1/recommenders?page-size=1&token={token}")).await.body(200);
    assert_eq!(page, json!({"Item": [changed]}));

    // Templates can name one that is there.
    client.post("/v1/templates/t/email", json!({"RecommenderId": id})).await.body(201);
    assert_eq!(client.delete(&path).await.body(200), changed);
    client.get(&path).await.refusal(404);
    client.put(&path, configuration("x")).await.refusal(404);
    client.delete(&path).await.refusal(404);
}

#[tokio::test]
async fn an_account_has_a_hundred() {
    let api = Api::start().await;
    let missing = api.client.post("/v1/recommenders", json!({"Name": "x"})).await;
    assert!(missing.refusal(400).contains("RecommendationProvider"));
    for _ in 0..100 {
        api.client.post("/v1/recommenders", configuration("r")).await.body(201);
    }
    let refused = api.client.post("/v1/recommenders", configuration("r")).await;
    assert_eq!(refused.refusal(400), "there are 100 recommender configurations, the limit is 100");
}
