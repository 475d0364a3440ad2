//! Python handlers, by our bootstrap.

use serde_json::{Value, json};

use super::Host;

fn host(handler: &str) -> Host {
    Host::of("python", &format!("shapes.{handler}"), "memory_mb = 192")
}

#[tokio::test]
async fn handlers_get_event_and_context() {
    let answer = host("context").answer("f", json!({ "x": "é" })).await;
    assert_eq!(answer["event"], json!({ "x": "é" }));
    assert_eq!(answer["name"], "f");
    assert_eq!(answer["arn"], "arn:aws:lambda:us-east-1:000000000000:function:f");
    assert_eq!(answer["memory"], "192");
    assert_eq!(answer["requestId"].as_str().unwrap().len(), 36);
    let remaining = answer["remaining"].as_i64().unwrap();
    assert!((1..=15_000).contains(&remaining), "{remaining}");
}

#[tokio::test]
async fn what_is_returned_becomes_json() {
    assert_eq!(host("numbers").answer("f", json!({})).await, json!([7, 0.5, "é"]));
    assert_eq!(host("nothing").answer("f", json!({})).await, Value::Null);
    let error = host("not_json").error("f", json!({})).await;
    assert_eq!(error["errorType"], "Runtime.MarshalError");
}

#[tokio::test]
async fn exceptions_say_what_lambda_says() {
    let host = host("raises");
    let first = host.error("f", json!({})).await;
    assert_eq!((&first["errorType"], &first["errorMessage"]), (&json!("KeyError"), &json!("'missing'")));
    let trace = first["stackTrace"].as_array().unwrap();
    assert!(trace.len() == 1 && trace[0].as_str().unwrap().contains("in raises"), "{first}");
    let second = host.call("f", json!({})).await;
    assert_eq!(second.cold_start, None, "an exception does not cost the worker");
    assert!(second.log_tail.contains("[ERROR] KeyError: 'missing'"), "{}", second.log_tail);
}
