//! What a campaign will do, as an operator asks for it: when it runs, and who gets what.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use pinwheel::domain::{ChannelType, Fate};
use pinwheel::sandbox::function;
use pinwheel::store::EndpointWrite;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::{fails, pinwheel, stderr, stdout};
use crate::support::{World, campaign, define, endpoint, gcm_endpoints, members, populate, run};

/// What a command prints.
fn printed(directory: &Path, arguments: &[&str]) -> String {
    let output = pinwheel(directory, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    stdout(&output)
}

fn preview(directory: &Path, arguments: &[&str]) -> String {
    printed(directory, &[&["schedule", "preview"], arguments].concat())
}

fn preview_json(directory: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&preview(directory, &[arguments, &["--json"]].concat())).unwrap()
}

#[test]
fn waves_of_local_time_follow_the_clocks() {
    let directory = TempDir::new().unwrap();
    let flags = [
        "--start=2026-03-28T09:00:00",
        "--end=2026-03-29T09:00:00",
        "--frequency=daily",
        "--local-time",
        "--zone=Europe/Vienna",
        "--zone=Asia/Kolkata",
    ];
    let text = preview(directory.path(), &[&flags[..], &["--from=2026-03-27"]].concat());
    let expected = "\
treatment 0: DAILY from 2026-03-28T09:00:00 until 2026-03-29T09:00:00, in local time
RUN  DUE (UTC)             CLOCK             OFFSET  ZONES
  0  2026-03-28T03:30:00Z  2026-03-28 09:00  +05:30  Asia/Kolkata
  0  2026-03-28T08:00:00Z  2026-03-28 09:00  +01     Europe/Vienna
  1  2026-03-29T03:30:00Z  2026-03-29 09:00  +05:30  Asia/Kolkata
  1  2026-03-29T07:00:00Z  2026-03-29 09:00  +02     Europe/Vienna
no run follows
";
    assert_eq!(text, expected);

    // From the middle of the first run, what has passed is not to come.
    let json = preview_json(directory.path(), &[&flags[..], &["--from=2026-03-28T06:00:00Z", "--count=1"]].concat());
    let schedule = &json["Schedules"][0];
    assert_eq!(schedule["HasMore"], true);
    let expected = json!([{
        "Number": 0, "Moment": "2026-03-28T09:00:00Z", "Clock": "2026-03-28 09:00",
        "Waves": [{ "Due": "2026-03-28T08:00:00Z", "Clock": "2026-03-28 09:00", "Offset": "+01",
                    "Zones": ["Europe/Vienna"] }]
    }]);
    assert_eq!(schedule["Runs"], expected);
    let over = preview(directory.path(), &[&flags[..], &["--from=2026-03-29T07:00:01Z"]].concat());
    assert!(over.ends_with("in local time\nno run is to come\n"), "{over}");
}

#[test]
fn any_start_of_the_clock_will_do() {
    let directory = TempDir::new().unwrap();
    let runs = |arguments: &[&str]| -> Vec<(u64, String)> {
        let json = preview_json(directory.path(), arguments);
        let runs = json["Schedules"][0]["Runs"].as_array().unwrap().iter();
        runs.map(|run| (run["Number"].as_u64().unwrap(), run["Moment"].as_str().unwrap().to_owned())).collect()
    };
    let old = ["--start=2020-01-31T10:00:00", "--timezone=UTC+02", "--frequency=MONTHLY", "--count=2"];
    let expected = [(73, "2026-02-28T08:00:00Z".to_owned()), (74, "2026-03-31T08:00:00Z".to_owned())];
    assert_eq!(runs(&[&old[..], &["--from=2026-02-28T08:00:00Z"]].concat()), expected, "a run at that moment counts");
    assert_eq!(runs(&[&old[..], &["--from=2026-02-28T08:00:01Z"]].concat())[0], expected[1]);
    let now = ["--start=IMMEDIATE", "--frequency=HOURLY", "--count=2", "--from=2031-05-06T07:08:09Z"];
    assert_eq!(runs(&now), [(0, "2031-05-06T07:08:09Z".to_owned()), (1, "2031-05-06T08:08:09Z".to_owned())]);
}

const CAMPAIGN: &str = r#"
ApplicationId = "shop"
CampaignId = "spring"
Segment = {}

[[Endpoints]]
Id = "one"
ChannelType = "SMS"
Address = "+12065550100"
Demographic = { Timezone = "America/New_York" }

[[Endpoints]]
Id = "two"
ChannelType = "SMS"
Address = "+12065550101"

[[Endpoints]]
Id = "three"
ChannelType = "SMS"
Address = "+12065550102"
Demographic = { Timezone = "Europe/Berlin" }

[Campaign]
Name = "Spring"
HoldoutPercent = 20
MessageConfiguration = { SMSMessage = { Body = "Hello" } }
tags = { "pinwheel:quiet-time" = "drop" }

[Campaign.Schedule]
StartTime = "2026-05-01T21:30:00Z"
QuietTime = { Start = "22:00", End = "06:59" }

[[Campaign.AdditionalTreatments]]
SizePercent = 30
MessageConfiguration = { SMSMessage = { Body = "Hi" } }

[[Campaign.AdditionalTreatments]]
SizePercent = 30
MessageConfiguration = { SMSMessage = { Body = "Hi!" } }
Schedule = { StartTime = "2026-05-02T18:00:00Z" }
"#;

#[test]
fn a_campaign_file_shows_every_schedule_and_who_is_in_quiet_time() {
    let directory = TempDir::new().unwrap();
    let directory = directory.path();
    std::fs::write(directory.join("spring.toml"), CAMPAIGN).unwrap();
    let text = preview(directory, &["spring.toml", "--from=2026-05-01"]);
    let expected = "\
treatments 0, 1: ONCE from 2026-05-01T21:30:00Z; messages from 22:00 to 06:59 are dropped
RUN  DUE (UTC)             CLOCK             OFFSET  ENDPOINTS  QUIET TIME  ZONES
  0  2026-05-01T21:30:00Z  2026-05-01 23:30  +02             1  QUIET_TIME  Europe/Berlin
  0  2026-05-01T21:30:00Z  2026-05-01 17:30  -04             1              America/New_York
  0  2026-05-01T21:30:00Z                                    1              none
no run follows

treatment 2: ONCE from 2026-05-02T18:00:00Z
RUN  DUE (UTC)             CLOCK
  0  2026-05-02T18:00:00Z  2026-05-02 18:00
no run follows
";
    assert_eq!(text, expected);

    std::fs::write(directory.join("defer.toml"), CAMPAIGN.replace("\"drop\"", "\"defer\"")).unwrap();
    let json = preview_json(directory, &["defer.toml", "--from=2026-05-01", "--zone=Europe/Berlin"]);
    let wave = &json["Schedules"][0]["Runs"][0]["Waves"][0];
    let expected = json!({
        "Due": "2026-05-01T21:30:00Z", "Clock": "2026-05-01 23:30", "Offset": "+02",
        "DeferredTo": "2026-05-02T05:00:00Z", "Zones": ["Europe/Berlin"]
    });
    assert_eq!(wave, &expected);
    // Nobody has been sent to in Berlin before quiet time is over.
    let late = preview_json(directory, &["defer.toml", "--from=2026-05-02T04:00:00Z", "--zone=Europe/Berlin"]);
    assert_eq!(late["Schedules"][0]["Runs"][0]["Waves"][0], expected);

    // The application's quiet time counts for the treatment with a schedule of its own.
    let defaults = "ApplicationSettings = { QuietTime = { Start = \"19:00\", End = \"20:30\" } }\n";
    std::fs::write(directory.join("defaults.toml"), format!("{defaults}{CAMPAIGN}")).unwrap();
    let json = preview_json(directory, &["defaults.toml", "--from=2026-05-01", "--zone=Europe/Berlin"]);
    assert_eq!(json["Schedules"][0]["QuietTime"], "22:00 to 06:59");
    assert_eq!(json["Schedules"][1]["QuietTime"], "19:00 to 20:30");
    assert_eq!(json["Schedules"][1]["Runs"][0]["Waves"][0]["Fate"], "QUIET_TIME");
}

#[test]
fn what_cannot_be_previewed_is_told() {
    let directory = TempDir::new().unwrap();
    let directory = directory.path();
    std::fs::write(directory.join("spring.toml"), CAMPAIGN).unwrap();
    let variant = CAMPAIGN.replace("2026-05-02T18:00:00Z", "soon");
    std::fs::write(directory.join("variant.toml"), variant).unwrap();
    let preview = |arguments: &[&str], expected: &str| {
        fails(directory, &[&["schedule", "preview"], arguments].concat(), expected);
    };
    preview(&["variant.toml"], "AdditionalTreatments[1].Schedule.StartTime: `soon` is not an ISO 8601 time");
    preview(&["spring.toml", "--from=soon"], "`--from`: `soon` is not an ISO 8601 time");
    preview(&["spring.toml", "--zone=Europe/Atlantis"], "there is no time zone `Europe/Atlantis`");
    preview(&["--start=2026-05-01", "--quiet=22:00"], "`--quiet`: `22:00` is not HH:MM-HH:MM");
    preview(&["--start=2026-05-01", "--frequency=YEARLY"], "`YEARLY` is not one of");
    preview(&["--start=2026-05-01", "--timezone=CET"], "`CET`");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_of_the_store_is_shown_with_its_segments_zones() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    let in_zone = |id: &str, zone: &str| -> EndpointWrite {
        let mut write = endpoint(id, ChannelType::Gcm, id);
        write.update.demographic.timezone = Some(zone.to_owned());
        write
    };
    let mut endpoints =
        vec![in_zone("a", "Europe/Vienna"), in_zone("b", "Europe/Vienna"), in_zone("c", "Europe/Berlin")];
    endpoints.extend([in_zone("d", "Asia/Tokyo"), in_zone("e", "Nowhere"), endpoint("f", ChannelType::Gcm, "f")]);
    populate(&app, endpoints).await;
    let schedule = json!({ "StartTime": "2026-07-01T18:00:00", "IsLocalTime": true, "Frequency": "WEEKLY" });
    define(&app, "c", campaign(json!({ "Schedule": schedule })), json!({})).await;

    let data = world.directory.path().join("data");
    let arguments = ["--data", data.to_str().unwrap(), "schedule", "preview", "--campaign=c", "--count=1"];
    let text = printed(world.directory.path(), &[&arguments[..], &["--from=2026-07-05"]].concat());
    let expected = "\
treatment 0: WEEKLY from 2026-07-01T18:00:00, in local time
RUN  DUE (UTC)             CLOCK             OFFSET  ENDPOINTS  ZONES
  1  2026-07-08T09:00:00Z  2026-07-08 18:00  +09             1  Asia/Tokyo
  1  2026-07-08T16:00:00Z  2026-07-08 18:00  +02             3  Europe/Berlin, Europe/Vienna
  1                                                          2  none: NO_TIMEZONE
more runs follow; `--count` prints them
";
    assert_eq!(text, expected);
    let missing = ["--data", data.to_str().unwrap(), "schedule", "preview", "--campaign=d"];
    fails(world.directory.path(), &missing, "there is no campaign `d`");
}

/// Endpoints by treatment, of what `campaign assign --json` prints.
fn assigned(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let pair = |line: Value| {
        let member = |name: &str| line[name].as_str().unwrap().to_owned();
        (member("EndpointId"), member("Treatment"))
    };
    lines.map(pair).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_assigned_as_a_run_did() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, gcm_endpoints(2_000)).await;
    let treatment = |percent: u32| json!({ "SizePercent": percent, "MessageConfiguration": { "GCMMessage": { "Title": "One", "Body": "1" } } });
    let changes = json!({ "HoldoutPercent": 10, "AdditionalTreatments": [treatment(20), treatment(30)] });
    let outcome = run(&app, changes).await;
    let mut expected = BTreeMap::new();
    for activity in &outcome.activities {
        for (id, byte, _) in members(&*app.store, activity).await {
            let is_held_out = byte == Fate::Holdout.as_byte();
            let treatment = if is_held_out { "HOLDOUT" } else { activity.treatment_id.as_str() };
            expected.insert(id, treatment.to_owned());
        }
    }
    assert_eq!(expected.len(), 2_000);
    assert_eq!(expected.values().collect::<std::collections::BTreeSet<_>>().len(), 4, "all treatments occur");

    let (directory, data) = (world.directory.path(), world.directory.path().join("data"));
    let assign = |arguments: &[&str]| {
        let command = ["--data", data.to_str().unwrap(), "campaign", "assign"];
        printed(directory, &[&command[..], arguments].concat())
    };
    assert_eq!(assigned(&assign(&["c", "--json"])), expected);
    let some = assigned(&assign(&["c", "e00007", "e01999", "--json"]));
    assert_eq!(some.len(), 2);
    assert!(some.iter().all(|(id, treatment)| expected[id] == *treatment));

    let summary: Value = serde_json::from_str(&assign(&["c", "--summary", "--json"])).unwrap();
    for count in summary["Treatments"].as_array().unwrap() {
        let treatment = count["Treatment"].as_str().unwrap();
        let endpoints = expected.values().filter(|expected| *expected == treatment).count();
        assert_eq!(count["Endpoints"], endpoints, "{treatment}");
    }
    assert_eq!(summary["Endpoints"], 2_000);
    let text = assign(&["c", "--summary"]);
    assert!(text.starts_with("TREATMENT  ENDPOINTS") && text.ends_with("2,000 endpoints\n"), "{text}");

    // The same without a store, from the ids and shares alone.
    let shares = ["--campaign-id=c", "--application-id", crate::support::APPLICATION, "--holdout=10", "--sizes=20,30"];
    let arguments = [&["campaign", "assign", "--json"][..], &shares].concat();
    let elsewhere = TempDir::new().unwrap();
    let ids = gcm_endpoints(2_000).into_iter().map(|write| write.id + "\n").collect::<String>();
    assert_eq!(assigned(&fed(elsewhere.path(), &arguments, &ids)), expected);
}

/// What a command prints that reads this.
fn fed(directory: &Path, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinwheel"));
    command.args(arguments).current_dir(directory).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    stdout(&output)
}

#[test]
fn a_campaign_file_says_who_gets_what() {
    let directory = TempDir::new().unwrap();
    let directory = directory.path();
    std::fs::write(directory.join("spring.toml"), CAMPAIGN).unwrap();
    let all = printed(directory, &["campaign", "assign", "--file=spring.toml"]);
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(lines.len(), 4, "{all}");
    assert_eq!(lines[0], "COHORT  POSITION  TREATMENT  ENDPOINT");
    let one = printed(directory, &["campaign", "assign", "--file=spring.toml", "one"]);
    assert_eq!(one.lines().nth(1), Some(lines[1]));
    let shares = ["--campaign-id=spring", "--application-id=shop", "--holdout=20", "--sizes=30,30"];
    let by_flags = printed(directory, &[&["campaign", "assign", "one", "two", "three"][..], &shares].concat());
    assert_eq!(by_flags, all);

    let assign = |arguments: &[&str], expected: &str| {
        fails(directory, &[&["campaign", "assign"], arguments].concat(), expected);
    };
    assign(&[], "name a campaign");
    assign(&["--campaign-id=spring"], "`--campaign-id` needs `--application-id`");
    assign(&["--campaign-id=c", "--application-id=a", "--holdout=50", "--sizes=51", "x"], "make up more than 100");
    assign(&["--campaign-id=c", "--application-id=a", "--sizes=101", "x"], "`101` is not a percentage");
    let nameless = CAMPAIGN.replace("CampaignId = \"spring\"\n", "");
    std::fs::write(directory.join("nameless.toml"), nameless).unwrap();
    assign(&["--file=nameless.toml"], "has no `CampaignId`");
}
