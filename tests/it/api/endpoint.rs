//! Endpoints over the API.

use hyper::Method;
use serde_json::{Value, json};

use super::Api;

async fn update(api: &Api, id: &str, body: Value) {
    let answer = api.put(&format!("/endpoints/{id}"), body).await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

async fn endpoint(api: &Api, id: &str) -> Value {
    api.get(&format!("/endpoints/{id}")).await.body(200)
}

fn ids(list: &Value) -> Vec<&str> {
    let mut ids: Vec<_> = list["Item"].as_array().unwrap().iter().map(|item| item["Id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_created_read_and_deleted() {
    let api = Api::start().await;
    let answer = api
        .put(
            "/endpoints/one",
            json!({
                "Address": "+12065550100", "ChannelType": "SMS", "OptOut": "NONE", "CohortId": "7", "Id": "another",
                "Attributes": {"Interests": ["music", 7], "Bare": "text"}, "Metrics": {"visits": 3},
                "Location": {"Latitude": 47.61, "Longitude": -122.33, "Country": "US"},
                "User": {"UserId": "u", "UserAttributes": {"Age": ["30"]}}
            }),
        )
        .await;
    assert_eq!((answer.status, answer.body["Message"].as_str()), (202, Some("Accepted")));
    assert_eq!(answer.body["RequestID"], answer.request_id.as_str());

    let mut read = endpoint(&api, "one").await;
    let cohort: u8 = read["CohortId"].as_str().unwrap().parse().unwrap();
    assert!(cohort < 100 && cohort != 7, "clients do not choose it: {cohort}");
    assert_eq!(read["CreationDate"], read["EffectiveDate"]);
    for member in ["CohortId", "CreationDate", "EffectiveDate"] {
        read.as_object_mut().unwrap().remove(member);
    }
    let expected = json!({
        "ApplicationId": api.application.as_str(), "Id": "one", "Address": "+12065550100", "ChannelType": "SMS",
        "OptOut": "NONE", "EndpointStatus": "ACTIVE", "Attributes": {"Bare": ["text"], "Interests": ["music", "7"]},
        "Demographic": {}, "Location": {"Country": "US", "Latitude": 47.6, "Longitude": -122.3},
        "Metrics": {"visits": 3.0}, "RequestId": answer.request_id,
        "User": {"UserId": "u", "UserAttributes": {"Age": ["30"]}}
    });
    assert_eq!(read, expected);
    assert_eq!(api.get("/endpoints/another").await.refusal(404), "Resource not found");

    let deleted = api.delete("/endpoints/one").await.body(202);
    assert_eq!((&deleted["Id"], &deleted["Address"]), (&json!("one"), &json!("+12065550100")));
    api.get("/endpoints/one").await.refusal(404);
    api.delete("/endpoints/one").await.refusal(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_change_what_they_name() {
    let api = Api::start().await;
    let first = json!({
        "Address": "token", "ChannelType": "GCM", "OptOut": "ALL", "RequestId": "r1",
        "EffectiveDate": "2026-03-01T09:00:00Z", "Demographic": {"Make": "x", "Model": "y"}, "Location": {"City": "Oslo"},
        "Attributes": {"a": ["1", "2"], "b": ["3"], "c": ["4"]}, "Metrics": {"m": 1.5, "n": 2},
        "User": {"UserId": "u", "UserAttributes": {"Age": ["30"], "City": ["Oslo"]}}
    });
    update(&api, "e", first).await;
    let before = endpoint(&api, "e").await;
    update(&api, "e", json!({})).await;
    let mut after = endpoint(&api, "e").await;
    assert_ne!((&after["EffectiveDate"], &after["RequestId"]), (&before["EffectiveDate"], &before["RequestId"]));
    for member in ["EffectiveDate", "RequestId"] {
        after[member] = before[member].clone();
    }
    assert_eq!(after, before, "all else is kept");

    let second = json!({
        "Address": null, "ChannelType": null, "OptOut": null, "EndpointStatus": "INACTIVE", "RequestId": "r2",
        "EffectiveDate": "2020-01-01T00:00:00Z", "Demographic": {"Make": "z"}, "Location": null,
        "Attributes": {"a": ["9"], "b": [], "c": null}, "Metrics": {"m": 2, "n": null},
        "User": {"UserAttributes": {"Age": [], "Pet": ["cat"]}}
    });
    update(&api, "e", second).await;
    let read = endpoint(&api, "e").await;
    assert_eq!(
        (&read["Address"], &read["ChannelType"], &read["OptOut"]),
        (&json!("token"), &json!("GCM"), &json!("ALL"))
    );
    assert_eq!((&read["EndpointStatus"], &read["RequestId"]), (&json!("INACTIVE"), &json!("r2")));
    assert_eq!(read["EffectiveDate"], "2020-01-01T00:00:00Z", "the last writer wins, also with an older date");
    assert_eq!(read["CreationDate"], before["CreationDate"]);
    assert_eq!(read["Demographic"], json!({"Make": "z", "Model": "y"}));
    assert_eq!(read["Location"], json!({"City": "Oslo"}));
    assert_eq!(read["Attributes"], json!({"a": ["9"]}));
    assert_eq!(read["Metrics"], json!({"m": 2.0}));
    assert_eq!(read["User"], json!({"UserId": "u", "UserAttributes": {"City": ["Oslo"], "Pet": ["cat"]}}));

    update(&api, "e", json!({})).await;
    assert_eq!(endpoint(&api, "e").await["EndpointStatus"], "ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_share_attributes_and_endpoints_change_users() {
    let api = Api::start().await;
    let of_user = |user: &str, attributes: Value| json!({"User": {"UserId": user, "UserAttributes": attributes}});
    update(&api, "a", of_user("u1", json!({"Age": ["30"]}))).await;
    update(&api, "b", of_user("u1", json!({"City": ["Rome"]}))).await;
    update(&api, "c", of_user("u2", json!({"Pet": ["cat"]}))).await;
    assert_eq!(endpoint(&api, "a").await["User"]["UserAttributes"], json!({"Age": ["30"], "City": ["Rome"]}));

    update(&api, "a", json!({"User": {"UserId": "u2"}})).await;
    assert_eq!(endpoint(&api, "a").await["User"], json!({"UserId": "u2", "UserAttributes": {"Pet": ["cat"]}}));
    assert_eq!(ids(&api.get("/users/u1").await.body(200)), ["b"]);
    assert_eq!(ids(&api.get("/users/u2").await.body(200)), ["a", "c"]);

    update(&api, "a", json!({"User": {"UserId": ""}})).await;
    assert_eq!(endpoint(&api, "a").await["User"], json!({}), "an empty id takes it from its user");
    assert_eq!(ids(&api.get("/users/u2").await.body(200)), ["c"]);

    update(&api, "d", of_user("u1", json!({}))).await;
    assert_eq!(ids(&api.delete("/users/u1").await.body(202)), ["b", "d"]);
    for answer in [api.get("/users/u1").await, api.delete("/users/u1").await, api.get("/users/nobody").await] {
        assert_eq!(answer.refusal(404), "Resource not found");
    }
    api.get("/endpoints/b").await.refusal(404);
    endpoint(&api, "a").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_are_any_text() {
    let api = Api::start().await;
    for (encoded, id) in [("crm%2Fat%2F1007", "crm/at/1007"), ("%C3%BC%20%F0%9F%A6%80%3F%23%25", "ü 🦀?#%")] {
        update(&api, encoded, json!({"User": {"UserId": id}})).await;
        assert_eq!(endpoint(&api, encoded).await["Id"], id);
        assert_eq!(ids(&api.get(&format!("/users/{encoded}")).await.body(200)), [id]);
    }
    api.put(&format!("/endpoints/{}", "x".repeat(1024)), json!({})).await.body(202);
    let long = api.put(&format!("/endpoints/{}", "x".repeat(1025)), json!({})).await;
    assert_eq!(long.refusal(400), "endpoint-id: 1025 bytes, the limit is 1024");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_one_active_endpoint() {
    let api = Api::start().await;
    let at = |kind: &str, address: &str| json!({"ChannelType": kind, "Address": address});
    update(&api, "a", at("EMAIL", "Jo@Example.com")).await;
    update(&api, "other", at("CUSTOM", "jo@example.com")).await;
    update(&api, "b", at("EMAIL", "jo@example.com")).await;
    assert_eq!(endpoint(&api, "a").await["EndpointStatus"], "INACTIVE");
    assert_eq!(endpoint(&api, "b").await["EndpointStatus"], "ACTIVE");
    assert_eq!(endpoint(&api, "other").await["EndpointStatus"], "ACTIVE", "another channel type");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_fifteen_endpoints() {
    let api = Api::start().await;
    for n in 0..15 {
        let kind = if n == 3 || n == 4 { "GCM" } else { "SMS" };
        let date = format!("2026-03-01T09:00:{:02}Z", 30 - n);
        update(&api, &format!("e{n}"), json!({"ChannelType": kind, "EffectiveDate": date, "User": {"UserId": "u"}}))
            .await;
    }
    let sms = api.put("/endpoints/more", json!({"ChannelType": "SMS", "User": {"UserId": "u"}})).await;
    assert!(sms.refusal(400).contains("Exceeded maximum endpoint per user count: 15"), "{sms:?}");
    api.get("/endpoints/more").await.refusal(404);

    update(&api, "push", json!({"ChannelType": "APNS", "User": {"UserId": "u"}})).await;
    let oldest = endpoint(&api, "e4").await;
    assert_eq!((&oldest["EndpointStatus"], &oldest["User"]), (&json!("INACTIVE"), &json!({})));
    assert_eq!(api.get("/users/u").await.body(200)["Item"].as_array().unwrap().len(), 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_checked_as_a_whole() {
    let api = Api::start().await;
    let items = |n: usize| (0..n).map(|n| json!({"Id": format!("e{n}"), "OptOut": "ALL"})).collect::<Vec<_>>();
    let answer = api.put("/endpoints", json!({"Item": items(100)})).await;
    assert_eq!((answer.status, answer.body["Message"].as_str()), (202, Some("Accepted")));
    let read = endpoint(&api, "e99").await;
    assert_eq!((&read["OptOut"], &read["RequestId"]), (&json!("ALL"), &json!(answer.request_id)));

    let mut bad = items(2);
    bad[0]["OptOut"] = json!("NONE");
    bad[1]["ChannelType"] = json!("FAX");
    let refused = api.put("/endpoints", json!({"Item": bad})).await;
    let message = refused.refusal(400);
    assert!(
        message.starts_with("Item[1].ChannelType: `FAX` is not one of") && message.ends_with("(Id `e1`)"),
        "{message}"
    );
    assert_eq!(endpoint(&api, "e0").await["OptOut"], "ALL", "nothing is written");

    let many = api.put("/endpoints", json!({"Item": items(101)})).await;
    assert_eq!(many.refusal(400), "Item: 101 items, the limit is 100");
    let nameless = api.put("/endpoints", json!({"Item": [{"OptOut": "ALL"}]})).await;
    assert_eq!(nameless.refusal(400), "Item[0].Id: missing, it is required");
    for malformed in ["", "[]", "{\"Item\":[", "{}"] {
        api.client.send(Method::PUT, &api.path("/endpoints"), malformed).await.unwrap().refusal(400);
    }
    let twice = json!({"Item": [{"Id": "x", "Metrics": {"m": 1}}, {"Id": "x", "Metrics": {"n": 2}}]});
    api.put("/endpoints", twice).await.body(202);
    assert_eq!(endpoint(&api, "x").await["Metrics"], json!({"m": 1.0, "n": 2.0}));
    api.put("/endpoints", json!({"Item": []})).await.body(202);
    let large = " ".repeat(7 * 1024 * 1024 + 1);
    api.client.send(Method::PUT, &api.path("/endpoints"), large).await.unwrap().refusal(413);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_store_can_refuse_is_told_item_by_item() {
    let api = Api::start().await;
    let of_user = |n: usize| json!({"Id": format!("e{n}"), "ChannelType": "SMS", "User": {"UserId": "u"}});
    let answer = api.put("/endpoints", json!({"Item": (0..17).map(of_user).collect::<Vec<_>>()})).await;
    let message = answer.refusal(400);
    assert!(message.starts_with("Item: 2 of 17 endpoints refused, the others are written: Id `e15`: "), "{message}");
    assert!(message.contains("; Id `e16`: ") && message.contains("Exceeded maximum endpoint per user count: 15"));
    endpoint(&api, "e14").await;
    api.get("/endpoints/e15").await.refusal(404);

    let values: Vec<_> = (0..50).map(|_| "v".repeat(100)).collect();
    let names = ["a", "b", "c"].map(|name| (name.to_owned(), json!(values)));
    let large = json!({"Attributes": names.into_iter().collect::<serde_json::Map<_, _>>()});
    let answer = api.put("/endpoints/large", large).await;
    assert!(answer.refusal(400).ends_with("bytes after the update, the limit is 15360"), "{answer:?}");

    let attributes = |range: std::ops::Range<usize>| json!({"Attributes": range.map(|n| (format!("n{n}"), json!(["v"]))).collect::<serde_json::Map<_, _>>()});
    update(&api, "names", attributes(0..250)).await;
    let answer = api.put("/endpoints/names", attributes(250..251)).await;
    assert!(answer.refusal(400).contains("Too many custom attributes"), "{answer:?}");
    update(&api, "names", attributes(10..20)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_are_removed_by_name_and_pattern() {
    let api = Api::start().await;
    let body = json!({
        "Attributes": {"promo_a": ["1"], "promo_b": ["2"], "plan": ["x"], "[ab]": ["3"], "a": ["4"]},
        "Metrics": {"promo_m": 1, "n": 2}, "User": {"UserId": "u", "UserAttributes": {"promo_u": ["5"], "Age": ["6"]}}
    });
    update(&api, "e", body.clone()).await;
    update(&api, "f", json!({"User": {"UserId": "u"}})).await;
    let removed =
        api.put("/attributes/endpoint-custom-attributes", json!({"Blacklist": ["promo_*", "[ab]", "x"]})).await;
    let expected = json!({
        "ApplicationId": api.application.as_str(), "AttributeType": "endpoint-custom-attributes",
        "Attributes": ["[ab]", "promo_a", "promo_b"]
    });
    assert_eq!(removed.body(200), expected);
    let read = endpoint(&api, "e").await;
    assert_eq!(read["Attributes"], json!({"a": ["4"], "plan": ["x"]}));
    assert_eq!(read["Metrics"], json!({"n": 2.0, "promo_m": 1.0}));

    let removed = api.put("/attributes/endpoint-user-attributes", json!({"Blacklist": ["*"]})).await.body(200);
    assert_eq!(removed["Attributes"], json!(["Age", "promo_u"]));
    for id in ["e", "f"] {
        assert_eq!(endpoint(&api, id).await["User"], json!({"UserId": "u"}));
    }
    let removed = api.put("/attributes/endpoint-metric-attributes", json!({"Blacklist": ["?"]})).await.body(200);
    assert_eq!(removed["Attributes"], json!(["n"]));
    let none = api.put("/attributes/endpoint-metric-attributes", json!({"Blacklist": ["?"]})).await.body(200);
    assert_eq!(none["Attributes"], json!([]));
    update(&api, "e", body).await;
    assert_eq!(endpoint(&api, "e").await["Attributes"]["promo_a"], json!(["1"]), "later writes may bring it again");

    let unknown = api.put("/attributes/attributes", json!({"Blacklist": ["a"]})).await;
    assert!(
        unknown.refusal(400).starts_with("attribute-type: `attributes` is not one of endpoint-custom-attributes, ")
    );
    for nothing in [json!({}), json!({"Blacklist": []}), json!({"Attributes": ["a"]})] {
        let answer = api.put("/attributes/endpoint-user-attributes", nothing).await;
        assert_eq!(answer.refusal(400), "Blacklist: missing, it names what to remove");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_application_has_nothing_to_read_or_write() {
    let api = Api::start().await;
    let client = &api.client;
    for answer in [
        client.get("/v1/apps/none/endpoints/e").await,
        client.put("/v1/apps/none/endpoints/e", json!({})).await,
        client.delete("/v1/apps/none/endpoints/e").await,
        client.put("/v1/apps/none/endpoints", json!({"Item": [{"Id": "e"}]})).await,
        client.put("/v1/apps/none/endpoints", json!({"Item": []})).await,
        client.get("/v1/apps/none/users/u").await,
        client.delete("/v1/apps/none/users/u").await,
        client.put("/v1/apps/none/attributes/endpoint-user-attributes", json!({"Blacklist": ["a"]})).await,
    ] {
        assert_eq!(answer.refusal(404), "Resource not found");
    }
}
