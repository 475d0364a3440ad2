//! Calls at once.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use pinwheel::hook::local::Error;
use pinwheel::hook::local::policy::Policy;
use serde_json::json;

use super::Host;

#[tokio::test]
async fn eight_calls_on_four_workers_overlap_four_by_four() {
    let host = Host::of("python", "shapes.overlap", "workers = 4");
    host.function("f").warm().await.unwrap();
    let answers = join_all((0..8).map(|_| host.answer("f", json!({})))).await;
    let calls: Vec<_> = answers.iter().map(|call| ["began", "ended"].map(|key| call[key].as_f64().unwrap())).collect();
    // As the handlers saw it: how many ran at the moment that each of them began.
    let at_once = calls.iter().map(|[began, _]| calls.iter().filter(|[from, to]| from <= began && began < to).count());
    assert_eq!(at_once.max(), Some(4), "{calls:?}");
    let workers: BTreeSet<_> = answers.iter().map(|call| call["pid"].as_i64().unwrap()).collect();
    assert_eq!(workers.len(), 4);
    for worker in workers {
        let mut own: Vec<_> =
            answers.iter().zip(&calls).filter(|(call, _)| call["pid"] == worker).map(|(_, call)| call).collect();
        own.sort_by(|one, other| one[0].total_cmp(&other[0]));
        assert!(own.windows(2).all(|pair| pair[0][1] <= pair[1][0]), "a worker has one call at a time: {own:?}");
    }
}

#[tokio::test]
async fn a_worker_is_started_when_it_is_needed_and_kept() {
    let host = Host::of("python", "shapes.pid", "workers = 4");
    assert_eq!(host.log("f"), "");
    let first = host.call("f", json!({})).await;
    assert!(first.cold_start.is_some());
    for _ in 0..5 {
        let next = host.call("f", json!({})).await;
        assert_eq!((next.cold_start, &next.payload), (None, &first.payload));
    }
}

#[tokio::test]
async fn who_does_not_want_to_wait_is_told_that_all_are_busy() {
    let host = Host::of("python", "shapes.overlap", "workers = 1");
    let function = host.function("f");
    function.warm().await.unwrap();
    let busy = async {
        tokio::task::yield_now().await;
        function.try_call("{}".into()).await
    };
    let (answered, refused) = tokio::join!(function.call("{}".into()), busy);
    assert!(answered.unwrap().function_error.is_none());
    let error = refused.unwrap_err();
    assert!(matches!(error, Error::Busy { workers: 1, .. }), "{error}");
    assert!(function.try_call("{}".into()).await.is_ok());
}

#[tokio::test]
async fn functions_are_found_by_name_and_arn() {
    let host = Host::of("python", "shapes.pid", "");
    for name in [
        "f",
        "f:$LATEST",
        "function:f",
        "000000000000:function:f",
        "arn:aws:lambda:us-east-1:000000000000:function:f",
        "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
    ] {
        assert_eq!(host.function(name).configuration().name, "f", "{name}");
    }
    for name in [
        "g",
        "f:live",
        "f:1",
        "arn:aws:lambda:eu-central-1:000000000000:function:f",
        "arn:aws:lambda:us-east-1:111111111111:function:f",
        "111111111111:function:f",
        "arn:aws:s3:us-east-1:000000000000:function:f",
        "",
    ] {
        assert!(host.functions.find(name).is_none(), "{name}");
    }
}

#[tokio::test]
async fn a_function_that_is_replaced_or_removed_ends_its_calls_first() {
    let host = Host::of("python", "shapes.overlap", "");
    let old = host.function("f");
    let (answered, ()) = tokio::join!(old.call("{}".into()), async {
        tokio::task::yield_now().await;
        let mut configuration = old.configuration();
        configuration.handler = "shapes.nothing".to_owned();
        host.functions.put(configuration, &Policy::default());
    });
    assert!(answered.unwrap().function_error.is_none());
    assert_eq!(host.answer("f", json!({})).await, serde_json::Value::Null);
    assert!(host.functions.remove("f") && !host.functions.remove("f"));
    assert!(host.functions.names().is_empty());
}
