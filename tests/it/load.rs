//! `pinwheel load` against functions on loopback.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use pinwheel::clock::{Clock, Stopwatch, System};
use pinwheel::sandbox::function::{Event, Record, Reply, Server, echo};
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{pinwheel, stderr, stdout};
use crate::support::{self, World};

/// Runs the load tester with small events, and reads its report.
async fn load(url: &str, flags: &str) -> (Output, Value) {
    let directory = TempDir::new().unwrap();
    let output = start(directory.path(), url, flags).await;
    let report = std::fs::read(directory.path().join("report.json")).unwrap_or_default();
    (output, serde_json::from_slice(&report).unwrap_or_default())
}

async fn start(directory: &Path, url: &str, flags: &str) -> Output {
    let arguments = format!("load {url} --json report.json --endpoints 2 --events 5 {flags}");
    let directory = directory.to_owned();
    let run = move || pinwheel(&directory, &arguments.split_whitespace().collect::<Vec<_>>());
    tokio::task::spawn_blocking(run).await.unwrap()
}

async fn server(handler: impl Fn(&Event) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(Record::Nothing, handler).await.unwrap()
}

/// Asserts what the schema says and what it cannot say.
fn check(report: &Value) {
    let schema = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/load-report.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let problems: Vec<String> =
        validator.iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));

    let totals = &report["totals"];
    let count = |name: &str| totals[name].as_u64().unwrap();
    assert_eq!(count("intended"), count("succeeded") + count("failed"));
    assert_eq!(count("intended"), count("sent") + totals["failures"]["not_started"].as_u64().unwrap_or(0));
    let kinds: u64 = totals["failures"].as_object().unwrap().values().map(|kind| kind.as_u64().unwrap()).sum();
    assert_eq!(kinds, count("failed"));
    let of_rows = |name: &str| {
        let rows = report["timeline"].as_array().unwrap();
        rows.iter().map(|row| row[name].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(of_rows("sent"), of_rows("succeeded") + of_rows("failed"));
    assert_eq!(of_rows("intended"), of_rows("sent") + of_rows("not_started"));
    if report["plan"]["warm_up_s"] == 0.0 {
        assert_eq!(of_rows("intended"), count("intended"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_constant_rate_makes_exactly_its_calls() {
    let server = server(|event| echo(event).after(Duration::from_millis(20))).await;
    let (output, report) = load(&server.url(), "--rate 100/s --duration 2s --warm-up 1s").await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    check(&report);
    assert_eq!((&report["totals"]["succeeded"], &report["totals"]["failed"]), (&200.into(), &0.into()));
    assert_eq!(server.calls(), 300, "the warm-up's calls are made and not counted");
    assert_eq!(report["rates"]["intended_per_s"], 100.0);
    assert_eq!(report["verdict"], "passed");
    let from_send = &report["latency"]["from_send"]["successes"];
    assert!(from_send["min_ms"].as_f64().unwrap() >= 20.0, "{from_send}");
    assert_eq!(report["totals"]["endpoints"], 400);
    assert_eq!(server.largest_batch(), 2);
    let warm_ups = report["timeline"].as_array().unwrap().iter().filter(|row| row["warm_up"] == true).count();
    assert_eq!(warm_ups, 1);
    assert!(stdout(&output).contains("200 due = 200 succeeded + 0 failed"), "{}", stdout(&output));
    assert!(stderr(&output).contains("due 100/s"), "a line a second: {}", stderr(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn stages_ramp_and_random_arrivals_keep_to_the_rate() {
    let server = server(echo).await;
    let (output, report) = load(&server.url(), "--stage 1s:0/s..100/s --stage 1s:100/s").await;
    assert!(output.status.success(), "{}", stderr(&output));
    check(&report);
    assert_eq!(report["totals"]["intended"], 150);
    assert_eq!(report["timeline"][0]["intended"], 50);
    let (_, random) = load(&server.url(), "--rate 200/s --duration 1s --arrivals poisson --seed 4").await;
    check(&random);
    let calls = random["totals"]["intended"].as_u64().unwrap();
    assert!((140..260).contains(&calls), "{calls}");
}

/// Of four calls one each succeeds, fails, is turned away and answers with nonsense.
fn moody(event: &Event) -> Reply {
    match event.call % 4 {
        0 => echo(event),
        1 => Reply::FunctionError("out of luck".into()),
        2 => Reply::Status { code: 429, retry_after: None },
        _ => Reply::answer("[]"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_counted_by_kind_and_decide() {
    let server = server(moody).await;
    let flags = "--rate 80/s --duration 1s --threshold p99<10s --threshold failures<1%";
    let (output, report) = load(&server.url(), flags).await;
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    check(&report);
    let failures = serde_json::json!({ "function": 20, "throttled": 20, "undecodable": 20 });
    assert_eq!((&report["totals"]["failures"], &report["totals"]["succeeded"]), (&failures, &20.into()));
    assert_eq!(report["latency"]["from_intended"]["failures"]["count"], 60);
    let thresholds = report["thresholds"].as_array().unwrap();
    assert_eq!(thresholds.iter().map(|rule| rule["holds"].as_bool().unwrap()).collect::<Vec<_>>(), [true, false]);
    assert_eq!((&thresholds[1]["actual"], &report["verdict"]), (&75.0.into(), &"failed".into()));
    assert!(stdout(&output).contains("FAILS      failures<1%: 75.00%"), "{}", stdout(&output));

    let (output, report) = load(&server.url(), "--rate 80/s --duration 1s --no-decode").await;
    assert_eq!((output.status.code(), &report["totals"]["succeeded"]), (Some(0), &40.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_threshold_that_is_lost_ends_the_test() {
    let server = server(moody).await;
    let began = Stopwatch::start();
    let flags = "--rate 100/s --duration 100s --threshold failures<1% --abort-on-threshold";
    let (output, report) = load(&server.url(), flags).await;
    assert_eq!((output.status.code(), &report["verdict"]), (Some(1), &"aborted".into()));
    check(&report);
    assert!(began.elapsed() < Duration::from_secs(60), "100 failures of 10000 calls are lost after 2 s");
    assert!(server.calls() < 5_000);
}

/// One call stalls for half a second, and there is only one turn: the calls behind it wait.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_stalled_call_counts() {
    let server = server(|event| match event.call {
        40 => echo(event).after(Duration::from_millis(500)),
        _ => echo(event),
    })
    .await;
    let (_, report) = load(&server.url(), "--rate 50/s --duration 3s --in-flight-max 1").await;
    check(&report);
    let at = |from: &str, percentile: &str| report["latency"][from]["successes"][percentile].as_f64().unwrap();
    assert!(at("from_send", "max_ms") >= 500.0);
    assert!(at("from_send", "p95_ms") < 250.0, "one call of 150 was slow");
    assert!(at("from_intended", "p95_ms") > 250.0, "25 calls were due meanwhile");
    assert!(report["scheduling"]["waited"].as_u64().unwrap() >= 10);
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("behind_schedule") && warnings.contains("in_flight_limit"), "{warnings}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_never_began_are_failures() {
    let server = server(|_| Reply::Hang).await;
    let flags = "--rate 40/s --duration 1s --in-flight-max 10 --set hook.timeout=2s";
    let (output, report) = load(&server.url(), flags).await;
    assert_eq!((output.status.code(), &report["verdict"]), (Some(1), &"failed".into()), "no call succeeded");
    check(&report);
    assert_eq!(report["totals"]["failures"], serde_json::json!({ "timeout": 10, "not_started": 30 }));
    assert_eq!(server.calls(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_what_a_function_can_take() {
    // One call after the other, 10 ms each: 100 a second. A busy machine may be its own limit before that.
    let (watch, free) = (Stopwatch::start(), Mutex::new(Duration::ZERO));
    let server = server(move |event| {
        let (now, mut free) = (watch.elapsed(), free.lock().unwrap());
        *free = free.max(now) + Duration::from_millis(10);
        echo(event).after(*free - now)
    })
    .await;
    let flags = "--until-p99 300ms --from 20/s --to 2000/s --step-duration 2s --threshold rate>=15/s";
    let (output, report) = load(&server.url(), flags).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    check(&report);
    let highest = report["search"]["highest_per_s"].as_f64().unwrap();
    assert!((20.0..=125.0).contains(&highest), "{highest}: {}", report["search"]);
    let steps = report["search"]["steps"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["holds"] == false));
    assert_eq!(report["plan"]["stages"][0]["from_per_s"], highest, "the rest is about the rate that was found");
    assert!(stdout(&output).contains("is the highest rate that held"), "{}", stdout(&output));

    let (output, report) = load(&server.url(), "--until-p99 1ms --from 20/s --step-duration 1s").await;
    assert_eq!((output.status.code(), &report["search"]["highest_per_s"]), (Some(1), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_test_still_reports() {
    let server = server(echo).await;
    let directory = TempDir::new().unwrap();
    let url = server.url();
    let child = Command::new(env!("CARGO_BIN_EXE_pinwheel"))
        .args(["load", &url, "--rate", "50/s", "--duration", "100s", "--json", "-"])
        .current_dir(directory.path())
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while server.calls() < 20 {
        System::default().sleep(Duration::from_millis(20)).await;
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    check(&report);
    assert_eq!((output.status.code(), &report["verdict"]), (Some(130), &"interrupted".into()));
    assert_eq!(report["totals"]["succeeded"].as_u64().unwrap(), server.calls());
    assert_eq!(report["totals"]["failed"], 0, "what was not due yet has not failed");
    assert!(stderr(&output).contains("interrupted"), "the summary makes room for the report");
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_endpoints_are_sent_beside_a_running_server() {
    let world = World::new(echo).await;
    let app = world.app("");
    support::populate(&app, support::gcm_endpoints(130)).await;
    let data = world.directory.path().join("data");
    let (url, application, segment) = (world.functions.url(), support::APPLICATION, support::SEGMENT);
    let command = format!(
        "load {url} --application {application} --segment {segment} --events 2 --rate 20/s --duration 1s --json - --data {}",
        data.display()
    );
    let directory = world.directory.path().to_owned();
    let run = move || pinwheel(&directory, &command.split_whitespace().collect::<Vec<_>>());
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    check(&report);
    assert_eq!(report["events"]["source"]["segment_id"], segment);
    assert_eq!((&report["events"]["count"], &report["totals"]["succeeded"]), (&2.into(), &20.into()));
    let ids = world.functions.ids();
    assert_eq!(ids.get("e00000"), Some(&10), "{ids:?}");
    drop(app);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_run_exits_with_two() {
    let directory = TempDir::new().unwrap();
    let here = "http://127.0.0.1:9/";
    let cases = [
        ("https://example.com/", "", "`--allow-remote`"),
        (here, "--rate 5", "rate `5`"),
        (here, "--threshold p99<5", "threshold `p99<5`"),
        (here, "--stage 1s:0/s", "no call is due"),
        (here, "--bytes 7", "`bytes` is 7"),
        (here, "--json nowhere/report.json", "cannot write"),
        (here, "--until-p99 1s --from 9/s --to 5/s", "must go up"),
    ];
    for (url, flags, expected) in cases {
        let arguments: Vec<&str> = ["load", url].into_iter().chain(flags.split_whitespace()).collect();
        let output = pinwheel(directory.path(), &arguments);
        assert_eq!(output.status.code(), Some(2), "{flags}: {}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{flags}: {}", stderr(&output));
    }
}
