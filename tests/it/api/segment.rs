//! Segments: shapes, versions, merging and what is refused.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::Server;

fn makes(values: &[&str]) -> Value {
    json!({"Demographic": {"Make": {"DimensionType": "INCLUSIVE", "Values": values}}})
}

fn groups(sources: &[Value]) -> Value {
    json!({"Groups": [{"SourceSegments": sources, "SourceType": "ANY", "Type": "ALL"}], "Include": "ALL"})
}

/// The values of a field over the items of a list.
fn all<'a>(list: &'a Value, field: &str) -> Vec<&'a Value> {
    list["Item"].as_array().unwrap().iter().map(|item| &item[field]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_live_in_versions() {
    let directory = TempDir::new().unwrap();
    let server = Server::start(directory.path(), &[]).await;
    let wire = &server.wire;
    let application = wire.application().await;
    let segments = format!("{application}/segments");

    let request = json!({"Name": "Apples", "Dimensions": makes(&["Apple"]), "tags": {"team": "a"}});
    let made = wire.expect(201, "POST", &segments, request).await;
    let id = made["Id"].as_str().unwrap();
    assert_eq!(id.len(), 32);
    let arn = format!("arn:aws:mobiletargeting:us-east-1:000000000000:{}/segments/{id}", &application["/v1/".len()..]);
    assert_eq!((&made["Arn"], &made["Version"], &made["SegmentType"]), (&json!(arn), &json!(1), &json!("DIMENSIONAL")));
    assert_eq!((&made["Name"], &made["Dimensions"]), (&json!("Apples"), &makes(&["Apple"])));
    assert_eq!(made["tags"], json!({"team": "a"}));
    assert!(made["SegmentGroups"].is_null() && made["ImportDefinition"].is_null());
    let path = format!("{segments}/{id}");
    assert_eq!(wire.get(&path).await, made);

    // What is left out stays; tags change by TagResource alone.
    let renamed = wire.expect(200, "PUT", &path, json!({"Name": "Pears", "tags": {"team": "b"}})).await;
    assert_eq!((&renamed["Name"], &renamed["Version"]), (&json!("Pears"), &json!(2)));
    assert_eq!((&renamed["Dimensions"], &renamed["tags"]), (&makes(&["Apple"]), &json!({"team": "a"})));
    assert_eq!(renamed["CreationDate"], made["CreationDate"]);
    let grouped = wire.expect(200, "PUT", &path, json!({"SegmentGroups": groups(&[])})).await;
    assert_eq!((&grouped["SegmentGroups"], &grouped["Name"]), (&groups(&[]), &json!("Pears")));
    assert!(grouped["Dimensions"].is_null(), "{grouped}");

    let versions = wire.get(&format!("{path}/versions")).await;
    assert_eq!(all(&versions, "Version"), [3, 2, 1]);
    let first = wire.get(&format!("{path}/versions?page-size=2")).await;
    let token = first["NextToken"].as_str().unwrap();
    let second = wire.get(&format!("{path}/versions?page-size=2&token={token}")).await;
    assert_eq!((all(&first, "Version"), all(&second, "Version")), (vec![&json!(3), &json!(2)], vec![&json!(1)]));
    assert!(second["NextToken"].is_null());
    assert_eq!(wire.get(&format!("{path}/versions/1")).await["Dimensions"], makes(&["Apple"]));

    let everyone = wire.expect(201, "POST", &segments, json!({})).await;
    assert!(everyone["Name"].is_null() && everyone["Dimensions"].is_null());
    let list = wire.get(&segments).await;
    assert_eq!(all(&list, "Id"), [&everyone["Id"], &made["Id"]], "newest first");

    let deleted = wire.expect(200, "DELETE", &path, Value::Null).await;
    assert_eq!(deleted, grouped);
    for (method, path) in [
        ("GET", path.clone()),
        ("DELETE", path.clone()),
        ("GET", format!("{path}/versions")),
        ("GET", format!("{path}/versions/1")),
        ("GET", format!("{path}/jobs/import")),
        ("GET", format!("{path}/jobs/export")),
        ("GET", "/v1/apps/none/segments".to_owned()),
    ] {
        assert_eq!(wire.expect(404, method, &path, Value::Null).await["Message"], "Resource not found");
    }
    wire.expect(404, "PUT", &path, json!({"Name": "x"})).await;
    wire.expect(404, "POST", "/v1/apps/none/segments", json!({"Name": "x"})).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_that_break_a_rule_are_refused() {
    let directory = TempDir::new().unwrap();
    let server = Server::start(directory.path(), &[]).await;
    let wire = &server.wire;
    let segments = format!("{}/segments", wire.application().await);
    let make = async |request: Value| {
        let made = wire.expect(201, "POST", &segments, request).await;
        made["Id"].as_str().unwrap().to_owned()
    };
    let base = make(json!({"Name": "base"})).await;
    let over = make(json!({"SegmentGroups": groups(&[json!({"Id": base}), json!({"Id": base, "Version": 1})])})).await;
    let top = make(json!({"SegmentGroups": groups(&[json!({"Id": over})])})).await;

    let other = format!("{segments}/{}", make(json!({"Name": "other"})).await);
    let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (request, expected) in [
        (json!({"Name": " "}), "Name: it is empty".to_owned()),
        (
            json!({"Dimensions": {}, "SegmentGroups": {}}),
            "SegmentGroups: given beside `Dimensions`, a segment has one or the other".to_owned(),
        ),
        (json!({"Dimensions": makes(&many)}), "Dimensions: 101 values, the limit is 100".to_owned()),
        (
            json!({"SegmentGroups": groups(&[json!({"Id": "none"})])}),
            "SegmentGroups.Groups[0].SourceSegments[0].Id: there is no segment `none`".to_owned(),
        ),
        (
            json!({"SegmentGroups": groups(&[json!({"Id": base}), json!({"Id": base, "Version": 2})])}),
            format!("SegmentGroups.Groups[0].SourceSegments[1].Id: there is no version 2 of segment `{base}`"),
        ),
    ] {
        assert_eq!(wire.refusal("POST", &segments, request.clone()).await, expected);
        assert_eq!(wire.refusal("PUT", &other, request).await, expected);
    }
    for source in [&base, &over, &top] {
        let request = json!({"SegmentGroups": groups(&[json!({"Id": source})])});
        let refused = wire.refusal("PUT", &format!("{segments}/{base}"), request).await;
        let expected = format!("segment `{source}` would make segment `{base}` a source of itself");
        assert_eq!(refused, format!("SegmentGroups.Groups[0].SourceSegments[0].Id: {expected}"));
    }
    // A certain version does not change, so there is no circle.
    let request = json!({"SegmentGroups": groups(&[json!({"Id": base, "Version": 1})])});
    wire.expect(200, "PUT", &format!("{segments}/{base}"), request).await;
    let refused = wire.refusal("GET", &format!("{segments}/{base}/versions/first"), Value::Null).await;
    assert_eq!(refused, "version: `first` is not a whole number above 0");
    server.stop().await;
}
