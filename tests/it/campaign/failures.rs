//! Each way a provider can fail has its fate; what can be tried again is.

use pinwheel::domain::{ApplicationId, ChannelType, Fate};
use pinwheel::sandbox::function;
use pinwheel::wire::endpoint::Head;
use serde_json::json;

use crate::support::{APPLICATION, World, endpoint, populate, run};

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_of_a_provider_has_its_fate() {
    let world = World::new(function::echo).await;
    // Seven seconds of Retry-After would be waited for; one attempt shows the classification.
    let app = world.app("send.attempts_max=1");
    let words = ["taken", "throttle", "unavailable", "internal", "gone", "invalid", "denied", "drop"];
    let endpoints = words.iter().map(|word| endpoint(word, ChannelType::Gcm, &format!("{word}-token"))).collect();
    populate(&app, endpoints).await;
    let outcome = run(&app, json!({})).await;
    let expected = [
        ("denied", Fate::PermanentFailure),
        ("drop", Fate::Unknown),
        ("gone", Fate::PermanentFailure),
        ("internal", Fate::TemporaryFailure),
        ("invalid", Fate::PermanentFailure),
        ("taken", Fate::Sent),
        ("throttle", Fate::Throttled),
        ("unavailable", Fate::TemporaryFailure),
    ];
    assert_eq!(outcome.fates.iter().map(|(id, fate)| (id.as_str(), *fate)).collect::<Vec<_>>(), expected);

    // A dead address switches its endpoint off, and only that one.
    for (id, active) in [("gone", false), ("denied", true), ("taken", true)] {
        let page = app.store.endpoint(&ApplicationId::new(APPLICATION), id).await.unwrap();
        let is_active = Head::read(page.get(0).document).unwrap().is_active();
        assert_eq!(is_active, active, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_once_is_tried_again() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, vec![endpoint("e", ChannelType::Gcm, "internal-once")]).await;
    let outcome = run(&app, json!({})).await;
    assert_eq!(outcome.tally.get(Fate::TemporaryFailure), 1);
    assert_eq!(world.fcm.refusals(), 3, "three attempts were made");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_repeated_only_where_the_policy_allows_it() {
    for (policy, messages) in [("unknown", 1), ("resend", 3)] {
        let world = World::new(function::echo).await;
        let app = world.app("");
        populate(&app, vec![endpoint("e", ChannelType::Gcm, "drop-token")]).await;
        let outcome = run(&app, json!({ "tags": { "pinwheel:unknown": policy } })).await;
        assert_eq!(outcome.fates["e"], Fate::Unknown);
        assert_eq!(world.fcm.messages(), messages, "{policy}");
    }
}
