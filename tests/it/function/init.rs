//! Functions that do not start.

use std::time::Duration;

use pinwheel::clock::{Clock as _, Stopwatch, System};
use serde_json::json;

use super::{Host, failure};

#[tokio::test]
async fn why_a_function_does_not_start_is_told_to_the_caller() {
    for (runtime, handler, kind, message) in [
        ("nodejs", "absent.handler", "Runtime.ImportModuleError", "Cannot find module 'absent'"),
        ("nodejs", "shapes.absent", "Runtime.HandlerNotFound", "shapes.absent is undefined or not exported"),
        ("nodejs", "shapes.number", "Runtime.HandlerNotFound", "shapes.number is not a function"),
        ("nodejs", "syntax-error.handler", "Runtime.UserCodeSyntaxError", "SyntaxError"),
        ("python", "absent.handler", "Runtime.ImportModuleError", "No module named 'absent'"),
        ("python", "shapes.absent", "Runtime.HandlerNotFound", "Handler 'absent' missing on module 'shapes'"),
        ("python", "syntax_error.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'syntax_error'"),
        ("python", "exits_at_import.handler", "Runtime.ExitError", "exit status 5 (no table to read from)"),
    ] {
        let host = Host::of(runtime, handler, "");
        let invoked = host.call("f", json!({})).await;
        let error = failure(&invoked);
        assert_eq!(error["errorType"], kind, "{handler}: {error}");
        assert!(error["errorMessage"].as_str().unwrap().contains(message), "{handler}: {error}");
        assert!(invoked.log_tail.contains(&format!("Status: error\tError Type: {kind}")), "{}", invoked.log_tail);
    }
}

#[tokio::test]
async fn a_start_that_takes_too_long_is_given_up() {
    let host = Host::of("python", "hangs_at_import.handler", "");
    let running = Stopwatch::start();
    let error = host.error("f", json!({})).await;
    assert_eq!(error["errorType"], "Sandbox.Timedout", "{error}");
    assert!(error["errorMessage"].as_str().unwrap().ends_with("Task timed out after 10.00 seconds"), "{error}");
    assert!(running.elapsed() >= Duration::from_secs(10));
}

#[tokio::test]
async fn a_function_that_never_starts_is_left_alone_for_a_while() {
    let host = Host::of("python", "exits_at_import.handler", "");
    let starts = || host.log("f").matches("INIT_REPORT").count();
    let first = host.error("f", json!({})).await;
    let running = Stopwatch::start();
    let mut calls = 0;
    // The pause after the first failure is half a second, after the second one a second.
    while running.elapsed() < Duration::from_millis(900) {
        let next = host.error("f", json!({})).await;
        assert_eq!(next["errorType"], first["errorType"], "calls meanwhile fail with the reason");
        calls += 1;
        System::default().sleep(Duration::from_millis(10)).await;
    }
    assert!(calls > 5, "{calls} calls");
    assert_eq!(starts(), 2);
}
