//! A function's log.

use serde_json::json;

use super::{Host, data};
use crate::cli::{fails, pinwheel, stderr, stdout};

#[tokio::test]
async fn lines_have_a_time_and_the_request_they_belong_to() {
    let host = Host::of("python", "shapes.logs", "");
    let first = host.call("f", json!({})).await;
    let second = host.call("f", json!({})).await;
    let log = host.log("f");
    for invoked in [&first, &second] {
        let id = &invoked.request_id;
        let own: Vec<_> = log.lines().filter_map(|line| line.split_once(&format!("Z {id} "))).collect();
        assert_eq!(own.len(), 6, "{log}");
        assert_eq!(own[0].1, format!("START RequestId: {id} Version: $LATEST"));
        let mut said: Vec<_> = own[1..4].iter().map(|(_, text)| *text).collect();
        said.sort_unstable();
        // The one that goes through `logging` has the form that Lambda gives it.
        assert!(said[0].starts_with("[INFO]\t20") && said[0].ends_with(&format!("Z\t{id}\tlogged")), "{said:?}");
        assert_eq!(said[1..], ["printed", "to stderr"]);
        assert_eq!(own[4].1, format!("END RequestId: {id}"));
        let report = own[5].1;
        assert!(report.starts_with(&format!("REPORT RequestId: {id}\tDuration: ")), "{report}");
        assert_eq!(report.contains("\tInit Duration: "), invoked.cold_start.is_some(), "{report}");
        assert!(own.iter().all(|(time, _)| time.len() == 23), "{log}");
        assert!(invoked.log_tail.contains("\nprinted\n") || invoked.log_tail.starts_with("printed\n"));
    }
    assert!(first.cold_start.is_some() && second.cold_start.is_none());
    assert!(!second.log_tail.contains(&first.request_id), "the tail is of one call");
}

#[tokio::test]
async fn the_tail_is_the_end_of_the_log() {
    let host = Host::of("nodejs", "shapes.async", "");
    let invoked = host.call("f", json!({})).await;
    assert!(invoked.log_tail.len() <= 4096);
    assert!(invoked.log_tail.lines().last().unwrap().starts_with("REPORT RequestId: "));
}

#[tokio::test]
async fn the_command_line_shows_it() {
    let directory = tempfile::tempdir().unwrap();
    let settings = format!(
        "[functions.f]\ncode = '{}'\nruntime = 'python'\nhandler = 'shapes.logs'\nclient = 'pinwheel'\n",
        data().display()
    );
    std::fs::write(directory.path().join("pinwheel.toml"), settings).unwrap();
    std::fs::write(directory.path().join("event.json"), "{}").unwrap();
    fails(directory.path(), &["hook", "log", "f"], "function `f` has no log");
    fails(directory.path(), &["hook", "log", "../f"], "`../f` is not the name of a local function");
    let called = pinwheel(directory.path(), &["hook", "invoke", "f", "event.json"]);
    assert!(called.status.success(), "{}", stderr(&called));
    assert_eq!(stdout(&called), "null\n");
    assert!(!stderr(&called).contains("printed"), "what functions log is not Pinwheel's log");
    let log = stdout(&pinwheel(directory.path(), &["hook", "log", "f"]));
    assert!(log.contains(" printed\n") && log.contains(" REPORT RequestId: "), "{log}");
    let end = stdout(&pinwheel(directory.path(), &["hook", "log", "f", "--lines", "1"]));
    assert!(end.lines().count() == 1 && log.ends_with(&end), "{end}");
}
