//! What a function may use: time, memory, bytes.

use std::time::Duration;

use pinwheel::clock::Stopwatch;
use pinwheel::hook::local::Error;
use serde_json::json;

use super::{Host, eventually, failure, is_running};

/// The process ids that a handler printed.
pub fn pids(log: &str) -> Vec<i64> {
    let line = log.lines().find_map(|line| line.split_once("pids ")).expect("the handler prints them").1;
    line.split(' ').map(|id| id.parse().unwrap()).collect()
}

#[tokio::test]
async fn a_call_that_takes_too_long_costs_the_process_and_its_children() {
    let host = Host::of("python", "misbehaving.sleeps", "timeout = '700ms'");
    let running = Stopwatch::start();
    let invoked = host.call("f", json!({})).await;
    assert!(running.elapsed() < Duration::from_secs(20));
    let error = failure(&invoked);
    assert_eq!(error["errorType"], "Sandbox.Timedout");
    let expected = format!("RequestId: {} Error: Task timed out after 0.70 seconds", invoked.request_id);
    assert_eq!(error["errorMessage"], json!(expected));
    assert!(invoked.log_tail.contains("Task timed out after 0.70 seconds"), "{}", invoked.log_tail);
    assert!(invoked.duration >= Duration::from_millis(700));
    let ids = pids(&invoked.log_tail);
    assert_eq!(ids.len(), 2);
    for id in ids {
        eventually("its end", || (!is_running(id)).then_some(())).await;
    }
    assert!(host.call("f", json!({})).await.cold_start.is_some(), "another worker takes the next call");
}

#[tokio::test]
async fn children_in_sessions_of_their_own_end_with_the_process() {
    let host = Host::of("python", "misbehaving.detaches", "timeout = '3s'");
    for event in [json!({}), json!({ "exits": true })] {
        let invoked = host.call("f", event).await;
        assert!(invoked.function_error.is_some());
        let ids = pids(&invoked.log_tail);
        assert_eq!(ids.len(), 3);
        for id in ids {
            eventually("its end", || (!is_running(id)).then_some(())).await;
        }
    }
}

#[tokio::test]
async fn a_function_that_writes_without_end_is_ended_at_its_time_limit() {
    let host = Host::of("python", "misbehaving.floods", "timeout = '700ms'");
    let running = Stopwatch::start();
    let error = host.error("f", json!({})).await;
    assert_eq!(error["errorType"], "Sandbox.Timedout", "{error}");
    assert!(running.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_process_that_takes_too_much_memory_is_killed() {
    for (runtime, handler) in
        [("python", "misbehaving.hoards"), ("python", "misbehaving.hoards_apart"), ("nodejs", "hoards.handler")]
    {
        let host = Host::of(runtime, handler, "memory_mb = 128\ntimeout = '30s'");
        let invoked = host.call("f", json!({})).await;
        let error = failure(&invoked);
        assert_eq!(error["errorType"], "Runtime.OutOfMemory", "{error}");
        assert!(error["errorMessage"].as_str().unwrap().ends_with("Runtime exited with error: signal: killed"));
        assert!(invoked.memory_used_mb > 128, "{}", invoked.memory_used_mb);
        assert!(invoked.log_tail.contains("Memory Size: 128 MB"), "{}", invoked.log_tail);
    }
}

#[tokio::test]
async fn processes_that_end_are_replaced() {
    for (handler, how) in [("exits", "exit status 3"), ("dies", "signal: killed")] {
        let host = Host::of("python", &format!("misbehaving.{handler}"), "");
        for _ in 0..2 {
            let invoked = host.call("f", json!({})).await;
            let error = failure(&invoked);
            assert_eq!(error["errorType"], "Runtime.ExitError");
            let expected = format!("RequestId: {} Error: Runtime exited with error: {how}", invoked.request_id);
            assert_eq!(error["errorMessage"], json!(expected));
        }
        assert_eq!(host.log("f").contains(" no line end\n"), handler == "exits");
    }
}

#[tokio::test]
async fn events_and_answers_have_their_size() {
    let host = Host::of("python", "misbehaving.too_much", "");
    let error = host.error("f", json!({})).await;
    assert_eq!(error["errorType"], "Function.ResponseSizeTooLarge");
    let function = Host::of("python", "misbehaving.much", "");
    assert_eq!(function.call("f", json!({})).await.payload.len(), 6 * 1024 * 1024);
    let error = function.function("f").call(vec![b' '; 6 * 1024 * 1024 + 1].into()).await.unwrap_err();
    assert!(matches!(error, Error::EventTooLarge(_)), "{error}");
}
