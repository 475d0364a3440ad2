//! Functions that bring an executable of their own, here one that uses AWS's runtime for Rust.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use super::{Host, event};

/// `examples/function.rs`, which the runner builds beside the tests; built here when only some tests were.
fn example() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let example = tests.ancestors().nth(2).unwrap().join("examples/function");
    if !example.exists() {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo).args(["build", "--quiet", "--example", "function"]).status().unwrap();
        assert!(built.success());
    }
    example
}

#[tokio::test]
async fn a_function_in_rust_runs_as_it_does_on_lambda() {
    let code = tempfile::tempdir().unwrap();
    fs::copy(example(), code.path().join("bootstrap")).unwrap();
    let code = code.path().display();
    let host = Host::new(&format!("[functions.rust]\ncode = '{code}'\nruntime = 'provided.al2023'"));
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
