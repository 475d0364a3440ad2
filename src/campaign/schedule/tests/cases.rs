//! The cases of tests/data/schedule: each has a name, what is asked, and what is right.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::campaign::schedule::{QuietTime, Run, Schedule, zone};
use crate::wire::generated as wire;

/// Which runs there are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Recurrence {
    name: String,
    schedule: wire::Schedule,
    #[serde(default)]
    made: Timestamp,
    /// The moments of some runs by their numbers.
    #[serde(default)]
    runs: BTreeMap<u32, Timestamp>,
    /// The number of the last run, if they have an end.
    last: Option<u32>,
    /// The number of the latest run at a moment.
    #[serde(default)]
    latest_at: BTreeMap<Timestamp, Option<u32>>,
    /// The member for which it cannot be read.
    refused: Option<String>,
}

/// When a run is due where.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Waves {
    name: String,
    schedule: wire::Schedule,
    #[serde(default)]
    made: Timestamp,
    run: u32,
    first_due: Timestamp,
    last_due: Timestamp,
    due: BTreeMap<String, Timestamp>,
}

/// When it is quiet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Quiet {
    name: String,
    quiet_time: wire::QuietTime,
    zone: String,
    /// When quiet time is over by a moment; nothing if it is not quiet then.
    over: BTreeMap<Timestamp, Option<Over>>,
}

#[derive(Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Over {
    Never,
    #[serde(untagged)]
    At(Timestamp),
}

fn cases<C: DeserializeOwned>(file: &str) -> Vec<C> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/schedule").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let cases: Vec<C> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    assert!(!cases.is_empty(), "{file}");
    cases
}

#[test]
fn runs_are_those_of_the_table() {
    for case in ["recurrence.json", "month-ends.json", "offsets.json"].into_iter().flat_map(cases::<Recurrence>) {
        let name = &case.name;
        let schedule = match (Schedule::read(&case.schedule, None), case.refused) {
            (Ok(schedule), None) => schedule,
            (Err((field, _)), Some(expected)) => {
                assert_eq!(field, expected, "{name}");
                continue;
            }
            (read, refused) => panic!("{name}: {read:?}, refused for {refused:?}"),
        };
        let moment = |run: Option<Run>| run.map(|run| run.moment);
        for (number, expected) in &case.runs {
            let run = schedule.run(*number, case.made);
            assert_eq!(moment(run), Some(*expected), "{name}: run {number}");
            assert_eq!(schedule.latest_run_at(*expected, case.made), run, "{name}: latest at run {number}");
            let next = number + 1;
            let after = schedule.run_after(*expected, case.made);
            assert_eq!(after, schedule.run(next, case.made), "{name}: after run {number}");
        }
        if let Some(last) = case.last {
            assert!(case.runs.contains_key(&last), "{name}");
            assert_eq!(moment(schedule.run(last + 1, case.made)), None, "{name}: after the last");
        }
        if case.runs.is_empty() {
            assert_eq!(moment(schedule.run(0, case.made)), None, "{name}: no run");
            assert_eq!(moment(schedule.run_after(Timestamp::MIN, case.made)), None, "{name}: no run");
        }
        for (now, expected) in &case.latest_at {
            let latest = schedule.latest_run_at(*now, case.made).map(|run| run.number);
            assert_eq!(latest, *expected, "{name}: latest at {now}");
        }
    }
}

#[test]
fn waves_are_those_of_the_table() {
    for case in ["local-time.json", "same-moment.json"].into_iter().flat_map(cases::<Waves>) {
        let name = &case.name;
        let schedule = Schedule::read(&case.schedule, None).unwrap();
        let run = schedule.run(case.run, case.made).unwrap();
        assert_eq!((run.first_due(), run.last_due()), (case.first_due, case.last_due), "{name}");
        assert_eq!(run.first_due(), run.moment - schedule.lead(), "{name}");
        let zones = case.due.keys().map(|name| zone(name).unwrap());
        let mut due = BTreeMap::new();
        for (moment, zones) in run.waves(zones) {
            due.extend(zones.iter().map(|zone| (zone.iana_name().unwrap().to_owned(), moment)));
        }
        assert_eq!(due, case.due, "{name}");
    }
}

#[test]
fn quiet_time_is_over_as_in_the_table() {
    for case in cases::<Quiet>("quiet-time.json") {
        let name = &case.name;
        let quiet_time = QuietTime::parse(&case.quiet_time).unwrap().unwrap();
        let zone = zone(&case.zone).unwrap();
        for (now, expected) in case.over {
            let over = match (quiet_time.is_quiet(now, &zone), quiet_time.ends_after(now, &zone)) {
                (false, None) => None,
                (true, None) => Some(Over::Never),
                (true, Some(over)) => Some(Over::At(over)),
                (false, Some(over)) => panic!("{name}: at {now} it is not quiet, until {over}"),
            };
            assert_eq!(over, expected, "{name}: at {now}");
        }
    }
}

#[test]
fn quiet_time_of_the_application_counts_for_every_schedule_without_one() {
    let read = |json: &str, defaults: Option<&str>| {
        let defaults = defaults.map(|json| serde_json::from_str::<wire::QuietTime>(json).unwrap());
        Schedule::read(&serde_json::from_str(json).unwrap(), defaults.as_ref()).map(|schedule| schedule.quiet_time)
    };
    let parse = |json: &str| QuietTime::parse(&serde_json::from_str(json).unwrap()).unwrap();
    let night = r#"{ "Start": "22:00", "End": "06:00" }"#;
    let noon = r#"{ "Start": "12:00", "End": "13:00" }"#;
    let bare = r#"{ "StartTime": "IMMEDIATE" }"#;
    let with_noon = format!(r#"{{ "StartTime": "IMMEDIATE", "QuietTime": {noon} }}"#);
    let with_none = r#"{ "StartTime": "IMMEDIATE", "QuietTime": {} }"#;
    assert_eq!(read(bare, None), Ok(None));
    assert_eq!(read(bare, Some(night)), Ok(parse(night)));
    assert_eq!(read(&with_noon, Some(night)), Ok(parse(noon)));
    assert_eq!(read(with_none, Some(night)), Ok(None), "an empty one is a way to have none");
    assert_eq!(read(bare, Some(r#"{ "Start": "22:00" }"#)).unwrap_err().0, "QuietTime");
}
