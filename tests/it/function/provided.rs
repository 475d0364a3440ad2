//! Functions that bring an executable of their own, here one that uses AWS's runtime for Rust.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::json;

use super::{Host, data, event};

/// `examples/function.rs`, which the runner builds beside the tests unless it is told to build some of them only.
fn example() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let example = tests.ancestors().nth(2).unwrap().join("examples/function");
    assert!(example.exists(), "`cargo test --no-run --example function` makes what this test needs");
    example
}

#[tokio::test]
async fn a_function_in_rust_runs_as_it_does_on_lambda() {
    let code = tempfile::tempdir().unwrap();
    fs::copy(example(), code.path().join("bootstrap")).unwrap();
    let code = code.path().display();
    let host = Host::new(&format!("[functions.rust]\ncode = '{code}'\nruntime = 'provided.al2023'\nworkers = 1"));
    let mut event = event(&["a", "b"]);
    event["Endpoints"]["b"]["OptOut"] = json!("ALL");
    let answer = host.answer("rust", event).await;
    assert_eq!(answer, json!({ "a": { "ChannelType": "SMS", "Attributes": { "Greeting": ["hello"] } } }));
    let error = host.error("rust", json!({})).await;
    assert!(error["errorMessage"].as_str().unwrap().contains("the event has no endpoints"), "{error}");
    assert_eq!(host.call("rust", json!({})).await.cold_start, None, "an error does not cost the worker");
}

#[tokio::test]
async fn without_an_executable_it_cannot_run() {
    let host = Host::new("[functions.f]\ncode = 'DATA'\nruntime = 'provided'");
    let error = host.function("f").call("{}".into()).await.unwrap_err();
    assert!(error.to_string().contains("there is no executable `"), "{error}");
}

#[tokio::test]
async fn the_runtime_api_refuses_what_is_out_of_turn() {
    let code = tempfile::tempdir().unwrap();
    let bootstrap = code.path().join("bootstrap");
    fs::copy(data().join("raw_client.py"), &bootstrap).unwrap();
    fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o755)).unwrap();
    let code = code.path().display();
    let host = Host::new(&format!("[functions.f]\ncode = '{code}'\nruntime = 'provided'"));
    host.answer("f", json!({})).await;
    let met = host.answer("f", json!({})).await;
    let expected = json!({
        "headers": [
            "lambda-runtime-aws-request-id",
            "lambda-runtime-deadline-ms",
            "lambda-runtime-invoked-function-arn",
            "lambda-runtime-trace-id"
        ],
        "next": 403,
        "wrong id": 400,
        "init error": 403,
        "nowhere": 404,
        "answer": 202,
        "answer again": 403
    });
    assert_eq!(met, expected);
}
