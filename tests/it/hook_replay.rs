//! A campaign's hook calls are recorded, and replayed against other functions.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use pinwheel::app::{App, Error};
use pinwheel::config::{Config, Sources};
use pinwheel::domain::{ChannelType, EndpointUpdate};
use pinwheel::sandbox::function::{self, Event, Record, Reply, Server};
use pinwheel::store::EndpointWrite;
use serde_json::{Value, json};

use crate::cli::{fails, pinwheel, stderr, stdout};
use crate::support::{World, endpoint, lambda_hook, populate, run};

/// People with addresses, users and places that must not be in a recording.
fn people(count: usize) -> Vec<EndpointWrite> {
    let person = |number: usize| {
        let address = format!("ami.{number:03}@example.com");
        let EndpointWrite { id, update } = endpoint(&address, ChannelType::Email, &address);
        let mut update = EndpointUpdate { ..update };
        update.user.id = Some(format!("customer-{number:03}"));
        update.location.postal_code = Some(format!("PC-{number:05}"));
        update.location.latitude = Some(48.2);
        update.attributes.insert("Tier".into(), vec!["gold".into()]);
        update.attributes.insert("Mail".into(), vec![address]);
        EndpointWrite { id, update }
    };
    (0..count).map(person).collect()
}

/// Endpoints of an event, changed.
fn changed(event: &Event, change: impl Fn(usize, &mut Value) -> bool) -> Reply {
    let endpoints: Value = serde_json::from_slice(&event.endpoints()).unwrap();
    let mut answer = endpoints.as_object().unwrap().clone();
    let mut number = 0;
    answer.retain(|_, endpoint| {
        number += 1;
        change(number - 1, endpoint)
    });
    Reply::answer(Value::from(answer).to_string())
}

/// A recording of 120 endpoints in three batches, the first of which failed once. Everybody is greeted by address.
async fn recorded(world: &World) -> PathBuf {
    let directory = world.directory.path().join("recording");
    let app = world.app(&format!("hook.record.directory={}", directory.display()));
    populate(&app, people(120)).await;
    let outcome = run(&app, json!({ "Hook": lambda_hook() })).await;
    assert_eq!(outcome.fates.len(), 120);
    drop(app);
    // The file is written when there is nothing else to do, at the latest.
    while text_of(&directory).lines().count() < 4 {
        tokio::task::yield_now().await;
    }
    directory
}

async fn world() -> World {
    World::new(|event| match event.call {
        1 => Reply::FunctionError("not yet".into()),
        _ => changed(event, |_, endpoint| {
            endpoint["BodyOverride"] = format!("Hello {}", endpoint["Address"].as_str().unwrap()).into();
            true
        }),
    })
    .await
}

fn text_of(recording: &Path) -> String {
    let files = std::fs::read_dir(recording).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// Replays against a server: the exit code, and what `--json` prints.
fn replay(recording: &Path, server: &Server, flags: &[&str]) -> (i32, Value) {
    let (path, url) = (recording.to_str().unwrap(), server.url());
    let arguments = [&["hook", "replay", path, &url, "--json"], flags].concat();
    let output = pinwheel(recording.parent().unwrap(), &arguments);
    let report = serde_json::from_slice(&output.stdout);
    (output.status.code().unwrap(), report.unwrap_or_else(|error| panic!("{error}: {}", stderr(&output))))
}

async fn start(handler: impl Fn(&Event) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(Record::Nothing, handler).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_holds_every_attempt_and_nobodys_data() {
    let world = world().await;
    let recording = recorded(&world).await;
    let text = text_of(&recording);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4, "three batches, and one attempt that failed");
    assert_eq!(lines.iter().filter(|line| line["error"] == "function").count(), 1);
    for line in &lines {
        assert!(line["function"] == "filter" && line["latency_ms"].as_f64().unwrap() > 0.0, "{line}");
    }
    for secret in ["@example.com", "ami.", "customer-", "PC-0"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(text.contains(r#""BodyOverride":"Hello masked-"#) && text.contains(r#""Tier":["gold"]"#));
    for entry in std::fs::read_dir(&recording).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(std::fs::metadata(&recording).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_function_makes_no_difference_and_others_do() {
    let world = world().await;
    let recording = recorded(&world).await;

    // The addresses in overrides are masked like those they were made from, so that even they agree.
    let same = start(|event| {
        changed(event, |_, endpoint| {
            endpoint["BodyOverride"] = format!("Hello {}", endpoint["Address"].as_str().unwrap()).into();
            true
        })
    })
    .await;
    let (code, report) = replay(&recording, &same, &[]);
    assert_eq!(code, 0, "{report}");
    assert_eq!((&report["calls"], &report["same"], &report["endpoints"]), (&json!(3), &json!(3), &json!(120)));
    assert_eq!(report["identical"], true);
    assert_eq!(report["new_latency"]["calls"], 3);
    assert_eq!(same.calls(), 3, "the attempt that failed was tried again by the campaign");

    let other = start(|event| {
        changed(event, |number, endpoint| {
            endpoint["BodyOverride"] = "Good bye".into();
            if number % 10 == 0 {
                endpoint["Attributes"]["Tier"] = json!(["silver"]);
            }
            number > 0
        })
    })
    .await;
    let (code, report) = replay(&recording, &other, &[]);
    assert_eq!(code, 1);
    assert_eq!((&report["dropped"], &report["kept"], &report["body_overrides"]), (&json!(3), &json!(0), &json!(117)));
    assert_eq!(report["members"], json!({ "Attributes.Tier": 9 }));
    assert!(!report.to_string().contains("silver"), "values are not shown unless asked for");
    let (_, report) = replay(&recording, &other, &["--values", "--limit", "1"]);
    assert!(report.to_string().contains("silver"));
    assert_eq!(report["calls"], 1);

    let output = pinwheel(world.directory.path(), &["hook", "replay", recording.to_str().unwrap(), &other.url()]);
    let text = stdout(&output);
    for line in [
        "3 calls with 120 endpoints; 0 without a difference",
        "3 endpoints would get no message any more",
        "117 endpoints would get another BodyOverride",
        "9 endpoints would have another Attributes.Tier",
        ": dropped",
        "@example.invalid\" → \"Good bye\"",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.contains("old latency: p50 ") && text.contains("new latency: p50 "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_appear_and_what_cannot_run_says_so() {
    let world = world().await;
    let recording = recorded(&world).await;
    let file = std::fs::read_dir(&recording).unwrap().next().unwrap().unwrap().path();
    let fails_sometimes = start(|event| match event.call {
        1 => Reply::answer("[]"),
        2 => Reply::FunctionError("no".into()),
        _ => function::echo(event),
    })
    .await;
    let (code, report) = replay(&file, &fails_sometimes, &["--in-flight", "1"]);
    assert_eq!(code, 1);
    assert_eq!(report["errors"], json!({ "ok → function": 1, "ok → undecodable": 1 }));
    assert!(report["body_overrides"].as_u64().unwrap() >= 20, "{report}");

    let url = fails_sometimes.url();
    drop(fails_sometimes);
    let directory = world.directory.path();
    std::fs::create_dir(directory.join("empty")).unwrap();
    let recording = recording.to_str().unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["hook", "replay", recording, &url], "could not be reached"),
        (&["hook", "replay", recording, "https://example.com/"], "--allow-remote"),
        (&["hook", "replay", "missing", &url], "cannot read `missing`"),
        (&["hook", "replay", "empty", &url], "there are no calls in `empty`"),
    ];
    for (arguments, expected) in cases {
        fails(directory, arguments, expected);
        assert_eq!(pinwheel(directory, arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_stops_the_start() {
    let world = world().await;
    std::fs::write(world.directory.path().join("file"), "").unwrap();
    let flags = vec![format!("hook.record.directory={}", world.directory.path().join("file").display())];
    let sources = Sources { overlay: Some(world.settings()), flags, ..Sources::default() };
    let error = App::open(Config::load(sources).unwrap()).err().unwrap();
    assert!(matches!(error, Error::Record(_)), "{error}");
    assert!(error.to_string().contains("`hook.record.directory`"), "{error}");
}
