//! The command line as a user meets it: what it prints, and how it ends.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use pinwheel::sandbox::function::{self, Reply};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::World;

/// Runs `pinwheel` in a directory of its own, with nothing of this process' environment but the path.
pub fn pinwheel(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pinwheel"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .output()
        .unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Asserts that a command failed with one line that says so.
pub fn fails(directory: &Path, arguments: &[&str], expected: &str) {
    let output = pinwheel(directory, arguments);
    let stderr = stderr(&output);
    assert!(!output.status.success(), "{arguments:?} succeeded");
    let errors: Vec<&str> = stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{arguments:?}: {stderr}");
    assert!(errors[0].contains(expected), "{arguments:?}: {stderr}");
}

const CAMPAIGN: &str = r#"
Segment = {}

[[Endpoints]]
Id = "one"
ChannelType = "SMS"
Address = "+12065550100"
User = { UserId = "u", UserAttributes = { FirstName = ["Ami"] } }

[[Endpoints]]
Id = "two"
ChannelType = "SMS"
Address = "+12065550101"
OptOut = "ALL"

[Campaign]
Name = "Hello"
Schedule = { StartTime = "IMMEDIATE" }
MessageConfiguration = { SMSMessage = { Body = "Hello {{User.UserAttributes.FirstName}}" } }

[Settings.channel.sink]
path = "messages.jsonl"
"#;

#[test]
fn a_campaign_file_runs_to_its_end() {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("hello.toml"), CAMPAIGN).unwrap();
    let output = pinwheel(directory.path(), &["run", "hello.toml", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let activity = &summary["Activities"][0];
    assert_eq!(activity["State"], "COMPLETED");
    assert_eq!(activity["Result"], "SUCCESS");
    assert_eq!(activity["Fates"], serde_json::json!({ "OPT_OUT": 1, "SENT": 1 }));
    assert_eq!(activity["ExecutionMetrics"]["ENDPOINT_OPT_OUT"], "1");
    let messages = std::fs::read_to_string(directory.path().join("messages.jsonl")).unwrap();
    assert!(messages.contains("Hello Ami"), "{messages}");

    let id = activity["Id"].as_str().unwrap();
    let why = pinwheel(directory.path(), &["activity", "why", id, "two"]);
    assert_eq!(stdout(&why), format!("OPT_OUT: settled when activity {id} began\n"));
    let why = pinwheel(directory.path(), &["activity", "why", activity["CampaignId"].as_str().unwrap(), "one"]);
    assert!(stdout(&why).starts_with("SENT: batch 0 of activity"), "{}", stdout(&why));
    let show = pinwheel(directory.path(), &["activity", "show", id]);
    assert!(stdout(&show).contains("1 + 1 = 2 endpoints in the audience"), "{}", stdout(&show));
    let resume = pinwheel(directory.path(), &["activity", "resume", id]);
    assert!(resume.status.success() && stderr(&resume).contains("nothing to resume"));
    fails(directory.path(), &["activity", "why", id, "three"], "has no endpoint `three`");
    fails(directory.path(), &["activity", "show", "nonsense"], "there is no activity or campaign `nonsense`");
}

#[test]
fn mistakes_end_with_one_clear_message() {
    let directory = TempDir::new().unwrap();
    let directory = directory.path();
    let variant = |from: &str, to: &str| {
        assert!(CAMPAIGN.contains(from));
        std::fs::write(directory.join("variant.toml"), CAMPAIGN.replace(from, to)).unwrap();
    };
    fails(directory, &["run", "missing.toml"], "cannot read `missing.toml`");
    variant("Segment = {}", "");
    fails(directory, &["run", "variant.toml"], "`Segment` is missing");
    variant(
        "Segment = {}",
        "Segment = { Dimensions = { Attributes = { Tier = { AttributeType = \"LIKE\", Values = [\"x\"] } } } }",
    );
    fails(directory, &["run", "variant.toml"], "LIKE");
    variant("Segment = {}", "");
    let unknown = std::fs::read_to_string(directory.join("variant.toml")).unwrap();
    let unknown = unknown.replace("Name = \"Hello\"", "Name = \"Hello\"\nSegmentId = \"nobody\"");
    std::fs::write(directory.join("variant.toml"), unknown).unwrap();
    fails(directory, &["run", "variant.toml"], "there is no segment `nobody`");
    variant("SMSMessage", "InAppMessage");
    fails(directory, &["run", "variant.toml"], "message");
    variant("{{User.UserAttributes.FirstName}}", "{{uper Address}}");
    fails(directory, &["run", "variant.toml"], "uper");
    variant("ChannelType = \"SMS\"", "ChannelType = \"FAX\"");
    fails(directory, &["run", "variant.toml"], "`FAX`");
    variant("IMMEDIATE", "2020-01-01T00:00:00Z");
    fails(directory, &["run", "variant.toml"], "StartTime must be at least current time.");
    variant("Name = \"Hello\"", "Name = \"Hello\"\nLimits = { Daily = 101 }");
    fails(directory, &["run", "variant.toml"], "Limits.Daily: `101` is not a number from 0 to 100");
    variant("Name = \"Hello\"", "Name = \"Hello\"\nHook = { WebUrl = \"http://example.com/\" }");
    fails(directory, &["run", "variant.toml"], "http");
    variant("[Settings.channel.sink]", "[Settings.channel.pigeon]");
    fails(directory, &["run", "variant.toml"], "pigeon");
    fails(directory, &["config", "check", "--set", "hook.timeout=20s"], "`hook.timeout` is `20s`");
    fails(directory, &["config", "check", "--set", "hook.timeuot=2s"], "timeuot");
    fails(
        directory,
        &["config", "check", "--set", "send.rates.pigeon=5/s"],
        "there is no channel section and no channel adapter `pigeon`",
    );
    let two = ["config", "check", "--set", "channel.sink={}", "--set", "channel.relay.adapter=sink"];
    fails(directory, &two, "it would serve");
    fails(
        directory,
        &["config", "check", "--set", "channel.relay.host=localhost"],
        "`channel.relay` is for no channel adapter",
    );
    let named = ["config", "check", "--set", "channel.trial.adapter=sink", "--set", "send.rates.trial=5/s"];
    assert!(pinwheel(directory, &named).status.success());
    fails(directory, &["config", "check", "--config", "missing.toml"], "missing.toml");
    fails(directory, &["import", "missing.csv", "--application", "a", "--create"], "missing.csv");
    fails(directory, &["activity", "show", "x", "--data", "nowhere"], "there is no data in `nowhere`");
}

#[test]
fn an_unreachable_hook_fails_the_run() {
    let directory = TempDir::new().unwrap();
    // Nobody listens on port 9 of loopback.
    let hook = "Name = \"Hello\"\nHook = { WebUrl = \"http://127.0.0.1:9/\" }";
    let settings = "[Settings.hook]\nallow_http = true\nallow_private_addresses = true\npause_min = \"1ms\"\n\n[Settings.channel.sink]";
    let file = CAMPAIGN.replace("Name = \"Hello\"", hook).replace("[Settings.channel.sink]", settings);
    std::fs::write(directory.path().join("hello.toml"), file).unwrap();
    fails(
        directory.path(),
        &["run", "hello.toml"],
        "no message was sent, and 1 endpoints met HOOK_ERROR: the hook could not be reached",
    );
}

#[test]
fn endpoints_go_in_and_come_out_again() {
    let directory = TempDir::new().unwrap();
    let csv = "Id,ChannelType,Address,Attributes.Interests,Attributes.Interests\n\
               a,EMAIL,a@example.com,chess,trail\n\
               b,FAX,b,,\n\
               c,SMS,+12065550100,,\n";
    std::fs::write(directory.path().join("people.csv"), csv).unwrap();
    let application = ["--application", "0123456789abcdef0123456789abcdef"];
    let import =
        pinwheel(directory.path(), &[&["import", "people.csv", "--create", "--json"], &application[..]].concat());
    assert!(import.status.success(), "{}", stderr(&import));
    assert!(stderr(&import).contains("people.csv:3: ") && stderr(&import).contains("`FAX`"), "{}", stderr(&import));
    let export = pinwheel(directory.path(), &[&["export"], &application[..]].concat());
    assert!(export.status.success(), "{}", stderr(&export));
    let lines: Vec<Value> = stdout(&export).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["Id"], "a");
    assert_eq!(lines[0]["Attributes"]["Interests"], serde_json::json!(["chess", "trail"]));
}

#[test]
fn the_demo_accounts_for_everybody() {
    let directory = TempDir::new().unwrap();
    let output = pinwheel(directory.path(), &["demo", "--endpoints", "300", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fates = summary["Activities"][0]["Fates"].as_object().unwrap();
    assert_eq!(fates.values().map(|n| n.as_u64().unwrap()).sum::<u64>(), 300);
    assert!(fates["SENT"].as_u64().unwrap() > 200 && fates.contains_key("HOOK_REMOVED"));
    // Once more, on the same store.
    assert!(pinwheel(directory.path(), &["demo", "--endpoints", "300", "--hook", "http"]).status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_drains_and_resume_goes_on() {
    let world = World::new(|event| function::echo(event).after(std::time::Duration::from_millis(20))).await;
    let mut settings = world.settings();
    crate::support::set(&mut settings, "campaign.batches_in_flight", 2);
    std::fs::write(world.directory.path().join("pinwheel.toml"), toml::to_string(&settings).unwrap()).unwrap();
    let endpoints: Vec<Value> = (0..5_000)
        .map(|i| serde_json::json!({ "Id": format!("e{i:05}"), "ChannelType": "GCM", "Address": format!("e{i:05}") }))
        .collect();
    let file = serde_json::json!({
        "ApplicationId": crate::support::APPLICATION,
        "Endpoints": endpoints,
        "Segment": {},
        "Campaign": crate::support::campaign(serde_json::json!({
            "SegmentId": null,
            "Hook": { "WebUrl": format!("{}/filter", world.functions.url()) }
        }))
    });
    std::fs::write(world.directory.path().join("run.json"), file.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinwheel"));
    let command = command.args(["run", "run.json"]).current_dir(world.directory.path());
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    while world.functions.calls() < 10 {
        assert!(child.try_wait().unwrap().is_none(), "the run ended too early");
        tokio::task::yield_now().await;
    }
    let busy = pinwheel(world.directory.path(), &["activity", "resume"]);
    assert!(stderr(&busy).contains("is in use by another pinwheel process"), "{}", stderr(&busy));
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(3));
    let sent = world.fcm.messages();
    assert!(sent > 0 && sent < 5_000 && sent % 50 == 0, "{sent}");

    let resumed = pinwheel(world.directory.path(), &["activity", "resume", "--json"]);
    assert!(resumed.status.success(), "{}", stderr(&resumed));
    let summary: Value = serde_json::from_slice(&resumed.stdout).unwrap();
    assert_eq!(summary["Activities"][0]["Fates"]["SENT"], 5_000);
    assert_eq!(world.fcm.messages(), 5_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_hook_is_down_holds_itself_and_says_how_to_go_on() {
    let works = Arc::new(AtomicBool::new(false));
    let is_mended = works.clone();
    let world = World::new(move |event| match is_mended.load(Relaxed) {
        true => function::echo(event),
        false => Reply::Status { code: 403, retry_after: None },
    })
    .await;
    let directory = world.directory.path();
    let endpoints: Vec<Value> = (0..500)
        .map(|i| serde_json::json!({ "Id": format!("e{i:05}"), "ChannelType": "GCM", "Address": format!("e{i:05}") }))
        .collect();
    let file = serde_json::json!({
        "Settings": world.settings(),
        "Endpoints": endpoints,
        "Segment": {},
        "Campaign": crate::support::campaign(serde_json::json!({
            "SegmentId": null,
            "Hook": { "WebUrl": format!("{}/filter", world.functions.url()) }
        }))
    });
    std::fs::write(directory.join("run.json"), file.to_string()).unwrap();
    let held = pinwheel(directory, &["run", "run.json"]);
    assert_eq!(held.status.code(), Some(3), "{}", stderr(&held));
    let (out, err) = (stdout(&held), stderr(&held));
    assert!(err.contains("the activity holds itself, and nobody of them is lost; mend the hook, then resume"), "{err}");
    assert!(err.contains("take it up again with `pinwheel activity resume --file run.json`"), "{err}");
    assert!(out.contains("500  (no fate yet)") && out.contains("not finished: held since "), "{out}");
    let data = directory.join("data").display().to_string();
    let show = pinwheel(directory, &["activity", "show", "--data", &data, "--json"]);
    let summary: Value = serde_json::from_slice(&show.stdout).unwrap();
    let activity = &summary["Activities"][0];
    assert!(activity["Failure"].as_str().unwrap().starts_with("held since "), "{activity}");
    assert_eq!((&activity["State"], &activity["Result"]), (&Value::from("RUNNING"), &Value::Null));

    works.store(true, Relaxed);
    let resumed = pinwheel(directory, &["activity", "resume", "--file", "run.json", "--json"]);
    assert!(resumed.status.success(), "{}", stderr(&resumed));
    let summary: Value = serde_json::from_slice(&resumed.stdout).unwrap();
    assert_eq!(summary["Activities"][0]["Fates"]["SENT"], 500);
    assert_eq!(world.fcm.messages(), 500);
}

#[test]
fn the_example_settings_can_be_used() {
    let directory = TempDir::new().unwrap();
    let example = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/example.toml")).unwrap();
    // The example names key files; here their texts come by the environment's way, as the example says they may.
    let example = example.replace("service_account_file", "#service_account_file");
    let example = example.replace("token_key_file", "#token_key_file");
    std::fs::write(directory.path().join("pinwheel.toml"), example).unwrap();
    let account = pinwheel::sandbox::fcm::service_account_json("http://127.0.0.1:9");
    let output = Command::new(env!("CARGO_BIN_EXE_pinwheel"))
        .args(["config", "check"])
        .current_dir(directory.path())
        .env("PINWHEEL_CHANNEL__GCM__SERVICE_ACCOUNT_JSON", account)
        .env("PINWHEEL_CHANNEL__APNS__TOKEN_KEY", rcgen::KeyPair::generate().unwrap().serialize_pem())
        .env("PINWHEEL_CHANNEL__EMAIL__PASSWORD", "secret")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn the_example_campaign_can_run() {
    let directory = TempDir::new().unwrap();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/campaign.toml");
    let output = pinwheel(directory.path(), &["run", example, "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["Activities"][0]["Fates"]["SENT"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_without_the_channels_of_the_run_touches_nobody() {
    let world = World::new(|event| function::echo(event).after(std::time::Duration::from_millis(20))).await;
    let directory = world.directory.path();
    let mut settings = world.settings();
    crate::support::set(&mut settings, "campaign.batches_in_flight", 1);
    let endpoints: Vec<Value> = (0..1_000)
        .map(|i| serde_json::json!({ "Id": format!("e{i:05}"), "ChannelType": "GCM", "Address": format!("e{i:05}") }))
        .collect();
    let file = serde_json::json!({
        "Settings": settings,
        "ApplicationId": crate::support::APPLICATION,
        "Endpoints": endpoints,
        "Segment": {},
        "Campaign": crate::support::campaign(serde_json::json!({
            "SegmentId": null,
            "Hook": { "WebUrl": format!("{}/filter", world.functions.url()) }
        }))
    });
    std::fs::write(directory.join("run.json"), file.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinwheel"));
    let mut child =
        command.args(["run", "run.json"]).current_dir(directory).stdout(std::process::Stdio::null()).spawn().unwrap();
    while world.functions.calls() < 5 {
        assert!(child.try_wait().unwrap().is_none(), "the run ended too early");
        tokio::task::yield_now().await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let data = directory.join("data").display().to_string();
    let hook = ["--set", "hook.allow_http=true", "--set", "hook.allow_private_addresses=true"];
    let bare = [&["activity", "resume", "--data", &data, "--set", "channel.sink.types=[\"SMS\"]"], &hook[..]].concat();
    fails(directory, &bare, "no channel in the settings serves APNS, CUSTOM, EMAIL, GCM, but one did");
    let resumed = pinwheel(directory, &["activity", "resume", "--file", "run.json", "--json"]);
    assert!(resumed.status.success(), "{}", stderr(&resumed));
    let summary: Value = serde_json::from_slice(&resumed.stdout).unwrap();
    assert_eq!(summary["Activities"][0]["Fates"]["SENT"], 1_000);
}
