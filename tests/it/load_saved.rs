//! `pinwheel load compare` and `pinwheel load forecast`: what is done with saved reports.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{pinwheel, stderr, stdout};

fn sample(name: &str) -> String {
    format!("{}/tests/data/load/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

/// The exit code, and both outputs.
fn load(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = pinwheel(directory, &[&["load"], arguments].concat());
    (output.status.code(), stdout(&output), stderr(&output))
}

/// A sample report with some members changed.
fn changed(directory: &Path, name: &str, changes: &[(&str, Value)]) -> String {
    let mut report: Value = serde_json::from_slice(&std::fs::read(sample("steady")).unwrap()).unwrap();
    for (pointer, value) in changes {
        *report.pointer_mut(pointer).unwrap() = value.clone();
    }
    let path = directory.join(name);
    std::fs::write(&path, report.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn two_reports_are_compared() {
    let directory = TempDir::new().unwrap();
    let steady = sample("steady");
    let (code, text, _) = load(directory.path(), &["compare", &steady, &steady, "--fail-if-slower", "10%"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("A  score-endpoints, 2026-11-22T12:00:05.000Z, passed"), "{text}");
    assert!(text.ends_with("\nno difference beyond noise\n"), "{text}");

    let curve = serde_json::json!([{ "percentile": 0.0, "ms": 30.0 }, { "percentile": 100.0, "ms": 30.0 }]);
    let slower = changed(
        directory.path(),
        "slower.json",
        &[("/latency/from_intended/successes/p50_ms", 30.0.into()), ("/latency/from_intended/successes/curve", curve)],
    );
    let (code, text, _) = load(directory.path(), &["compare", &steady, &slower]);
    assert_eq!(code, Some(0), "without a limit, nothing is judged by the exit code");
    assert!(text.contains("1.65×  worse"), "{text}");
    let arguments = ["compare", &steady, &slower, "--json", "--html", "page.html", "--fail-if-slower", "10%"];
    let (code, json, reasons) = load(directory.path(), &arguments);
    assert_eq!(code, Some(1));
    assert!(reasons.starts_with("slower: p50 30 ms instead of 18.1 ms, 1.65×"), "{reasons}");
    let json: Value = serde_json::from_str(&json).unwrap();
    let p50 = serde_json::json!({
        "name": "p50", "unit": "ms", "a": json["measures"][0]["a"], "b": 30.0, "ratio": json["measures"][0]["ratio"],
        "judgement": "worse", "is_pace": true,
    });
    assert_eq!((&json["comparable"], &json["measures"][0]), (&true.into(), &p50));
    let page = std::fs::read_to_string(directory.path().join("page.html")).unwrap();
    assert!(page.contains("<h1>Two load tests compared</h1>") && page.contains("<figure id=\"from-intended\""));
}

#[test]
fn runs_that_are_not_comparable_do_not_pass() {
    let directory = TempDir::new().unwrap();
    let other = changed(directory.path(), "other.json", &[("/plan/timeout_ms", 50.0.into())]);
    let (code, text, _) = load(directory.path(), &["compare", &sample("steady"), &other]);
    assert_eq!(code, Some(0));
    assert!(text.contains("not comparable: timeout: 1 s / 50 ms"), "{text}");
    let (code, _, reason) = load(directory.path(), &["compare", &sample("steady"), &other, "--fail-if-slower", "99%"]);
    assert_eq!(code, Some(1));
    assert!(reason.starts_with("not comparable"), "{reason}");
}

#[test]
fn a_run_is_forecast() {
    let directory = TempDir::new().unwrap();
    let report = changed(
        directory.path(),
        "report.json",
        &[
            ("/latency/from_send/successes/mean_ms", 984.0.into()),
            ("/totals/failures", serde_json::json!({})),
            ("/client/in_flight_max", 80.into()),
        ],
    );
    let (code, text, _) =
        load(directory.path(), &["forecast", &report, "--endpoints", "10,000,000", "--in-flight", "80"]);
    assert_eq!(code, Some(0));
    assert!(text.starts_with("10,000,000 endpoints: 41 min at 80 in flight, 200,000 calls\n"), "{text}");
    assert!(!text.contains("cost") && !text.contains("warning"), "{text}");
    let prices = ["--price-per-million-requests", "0.20", "--price-per-gb-second", "0.00001", "--memory-mb", "512"];
    let arguments = [&["forecast", &report, "--endpoints", "10000000", "--json"], &prices[..]].concat();
    let (_, json, _) = load(directory.path(), &arguments);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["calls"], &json["attempts"]), (&200_000.into(), &200_000.into()));
    // 200,000 calls of 984 ms with half a GB, and their requests.
    assert!((json["cost"]["likely"].as_f64().unwrap() - (0.984 + 0.04)).abs() < 1e-9, "{json}");
}

#[test]
fn what_is_no_report_is_refused() {
    let directory = TempDir::new().unwrap();
    let other = changed(directory.path(), "other.json", &[("/format", 99.into())]);
    let broken = changed(directory.path(), "broken.json", &[("/verdict", "splendid".into())]);
    let cases: [(&[&str], &str); 7] = [
        (&["forecast", "absent.json", "--endpoints", "1"], "cannot read `absent.json`"),
        (&["forecast", &other, "--endpoints", "1"], "has format 99, and this version reads 1 only"),
        (&["forecast", &broken, "--endpoints", "1"], "is no report of `pinwheel load --json`"),
        (&["forecast", &broken], "--endpoints <NUMBER>"),
        (&["forecast", &broken, "--endpoints", "0"], "a whole number of at least 1"),
        (&["forecast", &broken, "--endpoints", "1", "--memory-mb", "1"], "--price-per-gb-second"),
        (&["compare", &broken, &broken, "--fail-if-slower", "much"], "a percentage such as `10%`"),
    ];
    for (arguments, expected) in cases {
        let (code, _, error) = load(directory.path(), arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
}
