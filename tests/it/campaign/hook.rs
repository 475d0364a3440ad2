//! The hook sees everybody once, in fifties, and each of its misbehaviours gives its own fate.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use pinwheel::domain::{Fate, Tally};
use pinwheel::sandbox::function::{self, Event, Reply};
use serde_json::{Value, json};

use crate::support::{World, gcm_endpoints, lambda_hook, number_of, populate, run};

/// The place of a batch in the activity, by its first endpoint.
pub fn batch_of(event: &Event) -> usize {
    endpoints(event).keys().map(|id| number_of(id)).min().unwrap() / 50
}

fn endpoints(event: &Event) -> serde_json::Map<String, Value> {
    serde_json::from_slice(&event.endpoints()).unwrap()
}

fn misbehave(event: &Event, seen: &Mutex<HashSet<usize>>) -> Reply {
    match batch_of(event) {
        1 => function::echo(event).after(Duration::from_millis(50)),
        2 if !seen.lock().unwrap().insert(2) => function::echo(event),
        2 => Reply::Status { code: 429, retry_after: None },
        3 => Reply::Status { code: 500, retry_after: None },
        4 => Reply::FunctionError("out of luck".into()),
        5 => Reply::Hang,
        6 => Reply::answer(&b"{\"e00300\": {\"Attrib"[..]),
        7 => Reply::answer(&b"[]"[..]),
        8 => {
            let mut kept = endpoints(event);
            kept.retain(|id, _| number_of(id).is_multiple_of(2));
            Reply::answer(serde_json::to_vec(&kept).unwrap())
        }
        9 => {
            let mut more = endpoints(event);
            more.insert("invented".into(), json!({ "ChannelType": "GCM", "Address": "invented" }));
            Reply::answer(serde_json::to_vec(&more).unwrap())
        }
        10 => Reply::answer(serde_json::to_vec(&json!({ "Endpoints": endpoints(event) })).unwrap()),
        11 => Reply::answer(&b"null"[..]),
        _ => function::echo(event),
    }
}

async fn every_misbehaviour_has_its_fate(hook: impl FnOnce(&World) -> Value) {
    let seen = Mutex::default();
    let world = World::new(move |event| misbehave(event, &seen)).await;
    let app = world.app("");
    populate(&app, gcm_endpoints(1_030)).await;
    let hook = hook(&world);
    let outcome = run(&app, json!({ "Hook": hook })).await;

    let mut expected = Tally::default();
    for (fate, endpoints) in [
        // 0, 1, 2, half of 8, 9, 12 to 20.
        (Fate::Sent, 4 * 50 + 25 + 8 * 50 + 30),
        (Fate::HookError, 100),
        (Fate::HookTimeout, 50),
        (Fate::HookUndecodable, 150),
        (Fate::HookRemoved, 25 + 50),
    ] {
        expected.add(fate, endpoints);
    }
    assert_eq!(outcome.tally, expected);
    assert_eq!(outcome.tally.total(), outcome.audience);
    assert_eq!(outcome.fates["e00401"], Fate::HookRemoved);
    assert_eq!(outcome.fates["e00400"], Fate::Sent);
    assert!(world.functions.largest_batch() <= 50);
    assert_eq!(world.fcm.messages(), expected.get(Fate::Sent));
    assert!(world.fcm.record().entries().iter().all(|entry| entry.address != "invented"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lambda_hook_that_misbehaves() {
    every_misbehaviour_has_its_fate(|_| lambda_hook()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_hook_that_misbehaves() {
    every_misbehaviour_has_its_fate(|world| json!({ "WebUrl": format!("{}/filter", world.functions.url()) })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_asked_for_once_in_full_batches() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, gcm_endpoints(2_345)).await;
    let outcome = run(&app, json!({ "Hook": lambda_hook() })).await;
    assert_eq!(outcome.tally.get(Fate::Sent), 2_345);
    let ids = world.functions.ids();
    assert_eq!(ids.len(), 2_345);
    assert!(ids.values().all(|&times| times == 1));
    assert_eq!(world.functions.largest_batch(), 50);
    assert_eq!(world.functions.calls(), 47);
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_decide_over_a_failed_batch() {
    for (policy, fate) in [("drop", Fate::HookError), ("hold", Fate::Held), ("send", Fate::Sent)] {
        let world = World::new(|_| Reply::FunctionError("out of luck".into())).await;
        let app = world.app("");
        populate(&app, gcm_endpoints(70)).await;
        let tags = json!({ "pinwheel:hook-failure": policy });
        let outcome = run(&app, json!({ "Hook": lambda_hook(), "tags": tags })).await;
        assert_eq!(outcome.tally.get(fate), 70, "{policy}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_applications_hook_is_the_default_and_the_campaigns_own_comes_first() {
    let world = World::new(|event: &Event| match event.function.as_str() {
        "of-application" => Reply::answer(&b"{}"[..]),
        _ => function::echo(event),
    })
    .await;
    let app = world.app("");
    populate(&app, gcm_endpoints(10)).await;
    let defaults = json!({ "CampaignHook": { "LambdaFunctionName": "of-application" } });
    for (id, hook, fate) in [
        ("c1", None, Fate::HookRemoved),
        ("c2", Some(json!({ "LambdaFunctionName": "of-campaign" })), Fate::Sent),
        ("c3", Some(json!({})), Fate::Sent),
    ] {
        let changes = hook.map_or_else(|| json!({}), |hook| json!({ "Hook": hook }));
        crate::support::define(&app, id, crate::support::campaign(changes), defaults.clone()).await;
        let outcome = crate::support::run_stored(&app, id).await;
        assert_eq!(outcome.tally.get(fate), 10, "{id}");
    }
}
