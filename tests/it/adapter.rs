//! Each adapter at work: a campaign through it, against a provider that throttles, refuses addresses and breaks connections.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use pinwheel::campaign::{Progress, ledger};
use pinwheel::clock::Clock;
use pinwheel::domain::{ApplicationId, CampaignId, ChannelType, Fate};
use pinwheel::sandbox::function;
use pinwheel::store::BatchRow;
use pinwheel::wire::endpoint::Head;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::provider::{self, Provider};
use crate::support::{APPLICATION, World, campaign, define_in, endpoint, members, populate_store, set};

/// Longer than any pause, and shorter than the timeouts of this test.
const PAUSE_MAX: Duration = Duration::from_secs(600);

/// Nobody who pauses waits, and time moves on as if. Timeouts never pass.
#[derive(Default)]
struct Hasty(Mutex<Vec<Duration>>);

impl Hasty {
    fn paused(&self) -> Duration {
        self.0.lock().iter().sum()
    }
}

impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        start + SignedDuration::try_from(self.paused()).unwrap()
    }

    fn elapsed(&self) -> Duration {
        self.paused()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration > PAUSE_MAX {
            return Box::pin(std::future::pending());
        }
        self.0.lock().push(duration);
        Box::pin(tokio::task::yield_now())
    }
}

/// Runs a campaign to somebody who is reached, somebody whose provider is busy, a dead address, and one whose connection
/// breaks; everybody's fate is the true one.
async fn fates_are_true(provider: Provider, channel_type: ChannelType) {
    let steered = provider.steered();
    let world = World::new(function::echo).await;
    let clock = Arc::new(Hasty::default());
    let mut settings = provider.settings(world.settings());
    set(&mut settings, "send.timeout", "15m");
    set(&mut settings, "send.attempts_max", 3);
    let (engine, store) = world.engine_of(settings, clock.clone());
    let at = |id, address| endpoint(id, channel_type, address);
    let mut endpoints =
        vec![at("taken", steered.taken), at("throttled", steered.throttled.0), at("dropped", steered.dropped)];
    endpoints.extend(steered.gone.map(|address| at("gone", address)));
    let audience = endpoints.len() as u64;
    populate_store(&*store, endpoints).await;
    define_in(&*store, "c", campaign(json!({})), json!({})).await;

    let application_id = ApplicationId::new(APPLICATION);
    let [activity] = engine.begin(&application_id, &CampaignId::new("c")).await.unwrap().try_into().unwrap();
    engine.drive(activity.clone(), Arc::new(Progress::default()), CancellationToken::new()).await.unwrap();

    let frozen = store.frozen(&activity.id).await.unwrap();
    let tally = ledger::standing(&*store, &activity, &frozen).await.unwrap().tally;
    assert_eq!(tally.total(), audience, "the fates add up");
    let mut unknown = Vec::new();
    for (id, byte, was_unknown) in members(&*store, &activity).await {
        assert_ne!(byte, BatchRow::OPEN, "{id} has a fate");
        let expected = match id.as_str() {
            "taken" => Fate::Sent,
            "throttled" => Fate::Throttled,
            "gone" => Fate::PermanentFailure,
            // Tried again by the policy, and broken off each time.
            _ => Fate::Unknown,
        };
        assert_eq!(Fate::from_byte(byte), Some(expected), "{id}");
        unknown.extend(was_unknown.then_some(id));
    }
    assert_eq!(unknown, ["dropped"], "who may have got the message is marked");

    let is_active = async |id: &str| {
        let page = store.endpoint(&application_id, id).await.unwrap();
        Head::read(page.get(0).document).unwrap().is_active()
    };
    assert!(is_active("taken").await && is_active("throttled").await && is_active("dropped").await);
    if steered.gone.is_some() {
        assert!(!is_active("gone").await, "a dead address is not tried again by the next campaign");
    }
    if let Some(retry_after) = steered.throttled.1 {
        let waits = clock.0.lock().iter().filter(|pause| **pause >= retry_after).count();
        assert_eq!(waits, 2, "of three attempts, two come after the time that the provider asked for");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gcm() {
    fates_are_true(provider::gcm().await, ChannelType::Gcm).await;
}
