//! Each way a provider can fail has its fate; what can be tried again is.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use pinwheel::campaign::ledger;
use pinwheel::clock::{Clock, System};
use pinwheel::domain::{ApplicationId, CampaignId, ChannelType, Fate};
use pinwheel::sandbox::fcm::RETRY_AFTER;
use pinwheel::sandbox::function;
use pinwheel::wire::endpoint::Head;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{APPLICATION, World, campaign, define_in, endpoint, populate, populate_store, run};

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
async fn what_goes_on_failing_is_tried_to_the_last_attempt() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, vec![endpoint("e", ChannelType::Gcm, "internal-1")]).await;
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

/// Goes by the system's time, but waits for seconds only a moment: providers ask for seven of them.
struct Hasty(System);

impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.sleep(if duration == RETRY_AFTER { Duration::from_millis(10) } else { duration })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_once_is_sent_at_the_second_attempt() {
    let world = World::new(function::echo).await;
    let (engine, store) = world.engine(Arc::new(Hasty(System::default())));
    populate_store(&*store, vec![endpoint("e", ChannelType::Gcm, "once-1")]).await;
    define_in(&*store, "c", campaign(json!({})), json!({})).await;
    let activities = engine.begin(&ApplicationId::new(APPLICATION), &CampaignId::new("c")).await.unwrap();
    engine.drive(activities[0].clone(), Arc::default(), CancellationToken::new()).await.unwrap();

    let frozen = store.frozen(&activities[0].id).await.unwrap();
    let standing = ledger::standing(&*store, &activities[0], &frozen).await.unwrap();
    assert_eq!(standing.tally.iter().collect::<Vec<_>>(), [(Fate::Sent, 1)]);
    assert_eq!(standing.unknown, 0, "nothing was sent at the first attempt");
    assert_eq!((world.fcm.refusals(), world.fcm.messages()), (1, 1));
}
