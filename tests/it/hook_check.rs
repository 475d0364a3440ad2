//! `pinwheel hook check` as an author of functions meets it: real functions on loopback, and what is said of them.

use std::path::Path;
use std::time::Duration;

use pinwheel::app;
use pinwheel::sandbox::function::{self, Event, Record, Reply, Server};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::{fails, pinwheel, stderr, stdout};

const SCHEMA: &str = include_str!("../../docs/hook-check.schema.json");

/// The endpoints of an event.
fn endpoints(event: &Event) -> Value {
    serde_json::from_slice(&event.endpoints()).unwrap()
}

/// Answers each endpoint changed like this.
fn each(event: &Event, change: impl Fn(&mut Value)) -> Reply {
    let mut endpoints = endpoints(event);
    endpoints.as_object_mut().unwrap().values_mut().for_each(change);
    Reply::answer(endpoints.to_string())
}

async fn start(handler: impl Fn(&Event) -> Reply + Send + Sync + 'static) -> Server {
    app::install_tls();
    Server::start(Record::Nothing, handler).await.unwrap()
}

/// Runs a check: its exit code, and what `--json` prints, which follows the schema.
fn check(function: &str, flags: &[&str]) -> (i32, Value) {
    let directory = TempDir::new().unwrap();
    check_in(directory.path(), function, flags)
}

fn check_in(directory: &Path, function: &str, flags: &[&str]) -> (i32, Value) {
    let output = pinwheel(directory, &[&["hook", "check", function, "--json"], flags].concat());
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", stdout(&output), stderr(&output)));
    let schema = jsonschema::validator_for(&serde_json::from_str(SCHEMA).unwrap()).unwrap();
    let problems: Vec<_> = schema.iter_errors(&report).map(|problem| problem.to_string()).collect();
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(report["passed"].as_bool().unwrap(), output.status.success());
    (output.status.code().unwrap(), report)
}

/// Codes that were found, the worst first.
fn codes(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap().iter();
    let mut codes: Vec<_> = findings.map(|finding| finding["code"].as_str().unwrap()).collect();
    codes.dedup();
    codes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_keeps_to_the_contract_passes() {
    let server = start(function::echo).await;
    let (code, report) = check(&server.url(), &["--strict"]);
    assert_eq!((code, codes(&report)), (0, vec![]), "{report}");
    let calls = report["calls"].as_array().unwrap();
    assert_eq!(calls.len(), 9 + 1 + 8);
    assert!(calls.iter().all(|call| call["dropped"] == 0 && call["kept"] == call["endpoints"]), "{report}");
    let largest = calls.iter().map(|call| call["event_bytes"].as_u64().unwrap()).max().unwrap();
    assert!(largest > 6_200_000, "{largest}");
    assert_eq!(server.calls(), 18);

    let directory = TempDir::new().unwrap();
    let text = stdout(&pinwheel(directory.path(), &["hook", "check", &server.url()]));
    assert!(text.contains("the function keeps to the contract: 18 calls, 0 errors"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_on_lambda_are_checked_through_an_endpoint_on_this_machine() {
    let server = start(|event| match event.function.as_str() {
        "good:live" => function::echo(event),
        _ => Reply::FunctionError("Cannot read properties of undefined (reading 'Offer')".into()),
    })
    .await;
    let endpoint = format!("aws.lambda_endpoint_url={}", server.url());
    let credentials =
        [("AWS_ACCESS_KEY_ID", "sandbox"), ("AWS_SECRET_ACCESS_KEY", "sandbox"), ("AWS_EC2_METADATA_DISABLED", "true")];
    let run = |name: &str| {
        let directory = TempDir::new().unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pinwheel"));
        let command = command.args(["hook", "check", name, "--set", &endpoint]).current_dir(directory.path());
        command.env_clear().envs(credentials).output().unwrap()
    };
    let good = run("good:live");
    assert_eq!(good.status.code(), Some(0), "{}{}", stdout(&good), stderr(&good));
    let bad = run("bad");
    assert_eq!(bad.status.code(), Some(1));
    let text = stdout(&bad);
    assert!(text.contains("error function-error: "), "{text}");
    assert!(text.contains("Cannot read properties of undefined (reading 'Offer')"), "{text}");
}

/// A function that breaks the contract, the exit code, and what is found.
type Broken = (&'static str, fn(&Event) -> Reply, i32, &'static [&'static str]);

const BROKEN: &[Broken] = &[
    ("list", |event| Reply::answer(json!([endpoints(event)]).to_string()), 1, &["list-instead-of-map"]),
    ("wrapper", |event| Reply::answer(event.payload.clone()), 1, &["wrapped"]),
    (
        "HTTP response",
        |event| Reply::answer(json!({ "statusCode": 200, "body": endpoints(event).to_string() }).to_string()),
        1,
        &["wrapped"],
    ),
    ("text", |event| Reply::answer(Value::from(endpoints(event).to_string()).to_string()), 1, &["text-instead-of-map"]),
    ("nothing", |_| Reply::answer("null"), 1, &["null"]),
    ("no JSON", |_| Reply::answer("OK"), 1, &["not-json"]),
    ("unknown ids", |_| Reply::answer(r#"{"Users":{}}"#), 0, &["removed-all", "unknown-ids"]),
    ("nobody", |_| Reply::answer("{}"), 0, &["removed-all"]),
    (
        "numbers",
        |event| each(event, |endpoint| endpoint["Attributes"]["CreditScore"] = json!([712])),
        0,
        &["number-in-list"],
    ),
    (
        "bare numbers",
        |event| each(event, |endpoint| endpoint["Attributes"]["CreditScore"] = json!(712)),
        0,
        &["number-not-list"],
    ),
    (
        "overrides",
        |event| each(event, |endpoint| endpoint["TitleOverride"] = json!("Hello")),
        0,
        &["override-ignored", "title-override-for-sms"],
    ),
    ("addresses", |event| each(event, |endpoint| endpoint["Address"] = json!("me")), 0, &["address-changed"]),
    ("wrong types", |event| each(event, |endpoint| endpoint["Metrics"] = json!({ "a": "b" })), 1, &["wrong-type"]),
    ("too large", |_| Reply::answer(vec![b' '; 6 * 1024 * 1024 + 1]), 1, &["too-large"]),
    ("error", |_| Reply::FunctionError("no".into()), 1, &["function-error"]),
    ("hangs up", |_| Reply::Drop, 1, &["transport"]),
    ("overloaded", |_| Reply::Status { code: 429, retry_after: Some(7) }, 1, &["throttled"]),
    ("not there", |_| Reply::Status { code: 404, retry_after: None }, 1, &["refused"]),
    (
        "another answer each time",
        |event| each(event, |endpoint| endpoint["Attributes"]["Call"] = json!([event.call.to_string()])),
        0,
        &["answers-differ"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_precisely() {
    for (name, handler, expected_code, expected) in BROKEN {
        let server = start(handler).await;
        let (code, report) = check(&server.url(), &[]);
        let mut found = codes(&report);
        found.sort_unstable();
        found.dedup();
        assert_eq!((code, &found[..]), (*expected_code, *expected), "{name}: {report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn warnings_fail_a_strict_check_and_places_are_named() {
    let server = start(|event| each(event, |endpoint| endpoint["Attributes"]["CreditScore"] = json!(712))).await;
    let (code, report) = check(&server.url(), &["--strict"]);
    assert_eq!(code, 1);
    let example = &report["findings"][0]["examples"][0];
    let place = format!("$[{}].Attributes.CreditScore", example["endpoint"]);
    assert_eq!(example["place"], place.as_str(), "{report}");
    let directory = TempDir::new().unwrap();
    let text = stdout(&pinwheel(directory.path(), &["hook", "check", &server.url()]));
    assert!(text.contains("warning number-not-list: a number") && text.contains(&place), "{text}");
    assert!(text.contains(r#"`712` → `["712"]`"#) && text.contains(" more, in one, fifty, "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_functions_time_out_and_mixed_up_calls_are_seen() {
    let server = start(|event| function::echo(event).after(Duration::from_millis(400))).await;
    let (code, report) = check(&server.url(), &["--timeout", "100ms"]);
    assert_eq!((code, codes(&report)), (1, vec!["timeout"]), "{report}");

    // Answers what the call before it was asked: a function with a global variable.
    let last = parking_lot::Mutex::new(bytes::Bytes::from_static(b"{}"));
    let server = start(move |event| {
        let answer = std::mem::replace(&mut *last.lock(), event.endpoints());
        Reply::Answer(answer)
    })
    .await;
    let (_, report) = check(&server.url(), &[]);
    let of_concurrent = |code: &str| {
        report["findings"].as_array().unwrap().iter().any(|finding| {
            finding["code"] == code && finding["cases"].as_array().unwrap().contains(&json!("concurrent"))
        })
    };
    assert!(of_concurrent("unknown-ids") && of_concurrent("removed-all"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_ones_own_is_checked() {
    let server = start(function::echo).await;
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/hook-examples/filter-event.json");
    // It is indented, and its endpoints are not found by the quick way of the sandbox.
    let (code, report) = check(&server.url(), &["--event", example]);
    assert_eq!((code, codes(&report)), (0, vec!["removed-all"]), "{report}");
    assert_eq!(report["calls"][0]["endpoints"], 50);
    assert_eq!(report["calls"].as_array().unwrap().len(), 1 + 1 + 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_checked_ends_with_two() {
    let server = start(function::echo).await;
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("list.json"), "[]").unwrap();
    let url = &server.url();
    let cases: &[(&[&str], &str)] = &[
        (&["hook", "check", "https://example.com/hook"], "--allow-remote"),
        (&["hook", "check", "filter"], "--allow-remote"),
        (&["hook", "check", "two words"], "two words"),
        (&["hook", "check", url, "--event", "missing.json"], "cannot read `missing.json`"),
        (&["hook", "check", url, "--event", "list.json"], "`list.json`: it is no event"),
        (&["hook", "check", url, "--timeout", "16s"], "`--timeout`"),
    ];
    for (arguments, expected) in cases {
        fails(directory.path(), arguments, expected);
        assert_eq!(pinwheel(directory.path(), arguments).status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(pinwheel(directory.path(), &["hook", "check"]).status.code(), Some(2));
    fails(directory.path(), &["hook", "invoke", "https://example.com/hook", "list.json"], "--allow-remote");
    assert_eq!(server.calls(), 0);
}
