//! Node.js handlers of every shape, by our bootstrap.

use serde_json::{Value, json};

use super::Host;

async fn called(handler: &str, event: Value) -> Value {
    let host = Host::of("nodejs", &format!("shapes.{handler}"), "memory_mb = 192");
    host.answer("f", event).await
}

#[tokio::test]
async fn handlers_answer_by_callback_promise_async_or_context() {
    for handler in ["callback", "promise", "async", "succeed", "nested.deep.handler"] {
        let answer = called(handler, json!({ "x": "é" })).await;
        assert_eq!(answer["event"], json!({ "x": "é" }), "{handler}");
        assert_eq!(answer["name"], "f");
        assert_eq!(answer["arn"], "arn:aws:lambda:us-east-1:000000000000:function:f");
        assert_eq!(answer["memory"], "192");
        assert_eq!(answer["requestId"].as_str().unwrap().len(), 36);
        let remaining = answer["remaining"].as_i64().unwrap();
        assert!((1..=15_000).contains(&remaining), "{remaining}");
    }
}

#[tokio::test]
async fn a_callback_waits_for_the_event_loop_unless_it_is_told_not_to() {
    assert_eq!(called("waits", json!({ "waits": true })).await["timer"], "done");
    assert_eq!(called("waits", json!({ "waits": false })).await["timer"], "not yet");
    assert_eq!(called("silent", json!({})).await, Value::Null);
    assert_eq!(called("undefined", json!({})).await, Value::Null);
}

#[tokio::test]
async fn modules_of_the_new_kind_run() {
    let host = Host::of("nodejs", "module.handler", "");
    let answer = host.answer("f", json!([1])).await;
    assert_eq!((&answer["ready"], &answer["event"]), (&json!("ready"), &json!([1])));
}

#[tokio::test]
async fn errors_say_what_lambda_says() {
    for (handler, kind, message) in [
        ("throws", "RangeError", "thrown"),
        ("rejects", "TypeError", "rejected"),
        ("refuses", "Error", "refused"),
        ("later", "Error", "out of reach"),
        ("unhandled", "Runtime.UnhandledPromiseRejection", "not caught"),
    ] {
        let host = Host::of("nodejs", &format!("shapes.{handler}"), "");
        let error = host.error("f", json!({})).await;
        assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!(kind), &json!(message)), "{handler}");
        assert!(error["trace"][0].as_str().unwrap().contains(message), "{error}");
        // Whatever became of the process, the next call meets one that works.
        let error = host.error("f", json!({})).await;
        assert_eq!(error["errorMessage"], message);
    }
    let error = Host::of("nodejs", "shapes.text", "").error("f", json!({})).await;
    assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!("string"), &json!("just text")));
    let error = Host::of("nodejs", "shapes.cycle", "").error("f", json!({})).await;
    assert_eq!(error["errorType"], "TypeError");
}
