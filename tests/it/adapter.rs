//! Each adapter at work: a campaign through it, against a provider that throttles, refuses addresses and breaks connections.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use pinwheel::campaign::{Progress, ledger};
use pinwheel::clock::Clock;
use pinwheel::domain::{ApplicationId, CampaignId, ChannelType, Fate};
use pinwheel::sandbox::function;
use pinwheel::store::Store;
use pinwheel::wire::endpoint::Head;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::provider::{self, Provider};
use crate::support::{APPLICATION, World, campaign, define_in, endpoint, members, populate_store, set};

/// Longer than any pause that a provider asks for, and shorter than any time limit.
const PAUSE_MAX: Duration = Duration::from_secs(8);

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

/// What became of endpoints, by id.
struct Ended {
    /// Fates, and whether an attempt is unknown.
    fates: BTreeMap<String, (Fate, bool)>,
    inactive: Vec<String>,
    clock: Arc<Hasty>,
}

/// Runs a campaign to endpoints, each with its address.
async fn ended(provider: &Provider, channel_type: ChannelType, endpoints: &[(&str, &str)]) -> Ended {
    let world = World::new(function::echo).await;
    let clock = Arc::new(Hasty::default());
    let (engine, store) = world.engine_of(settings(provider, &world), clock.clone());
    populate_store(&*store, endpoints.iter().map(|(id, address)| endpoint(id, channel_type, address)).collect()).await;
    define_in(&*store, "c", campaign(json!({})), json!({})).await;

    let application_id = ApplicationId::new(APPLICATION);
    let [activity] = engine.begin(&application_id, &CampaignId::new("c")).await.unwrap().try_into().unwrap();
    engine.drive(activity.clone(), Arc::new(Progress::default()), CancellationToken::new()).await.unwrap();

    let frozen = store.frozen(&activity.id).await.unwrap();
    let tally = ledger::standing(&*store, &activity, &frozen).await.unwrap().tally;
    assert_eq!(tally.total(), endpoints.len() as u64, "the fates add up");
    let fate = |(id, byte, was_unknown)| (id, (Fate::from_byte(byte).expect("everybody has a fate"), was_unknown));
    let fates = members(&*store, &activity).await.into_iter().map(fate).collect();
    Ended { fates, inactive: inactive(&*store, endpoints).await, clock }
}

fn settings(provider: &Provider, world: &World) -> toml::Table {
    let mut settings = provider.settings(world.settings());
    set(&mut settings, "send.timeout", "15m");
    set(&mut settings, "send.attempts_max", 3);
    settings
}

async fn inactive(store: &dyn Store, endpoints: &[(&str, &str)]) -> Vec<String> {
    let mut inactive = Vec::new();
    for (id, _) in endpoints {
        let page = store.endpoint(&ApplicationId::new(APPLICATION), id).await.unwrap();
        if !Head::read(page.get(0).document).unwrap().is_active() {
            inactive.push((*id).to_owned());
        }
    }
    inactive
}

/// Somebody who is reached, somebody whose provider is busy and says for how long, a dead address, and one whose connection
/// breaks: everybody's fate is the true one.
async fn fates_are_true(provider: Provider, channel_type: ChannelType) {
    let steered = provider.steered();
    let mut endpoints = vec![("taken", steered.taken), ("throttled", steered.throttled.0)];
    endpoints.extend(steered.gone.map(|address| ("gone", address)));
    let Ended { fates, inactive, clock } = ended(&provider, channel_type, &endpoints).await;
    assert_eq!(fates["taken"], (Fate::Sent, false));
    assert_eq!(fates["throttled"], (Fate::Throttled, false));
    match steered.gone {
        None => assert!(inactive.is_empty()),
        Some(_) => {
            assert_eq!(fates["gone"], (Fate::PermanentFailure, false));
            assert_eq!(inactive, ["gone"], "a dead address is not tried again by the next campaign");
        }
    }
    if let Some(retry_after) = steered.throttled.1 {
        let waits = clock.0.lock().iter().filter(|pause| **pause >= retry_after).count();
        assert_eq!(waits, 2, "of three attempts, two come after the time that the provider asked for");
    }

    // By itself, since others on the same connection would be unknown with it.
    let Ended { fates, inactive, .. } = ended(&provider, channel_type, &[("dropped", steered.dropped)]).await;
    assert_eq!(fates["dropped"], (Fate::Unknown, true), "tried again by the policy, broken off each time, and marked");
    assert!(inactive.is_empty());
}

/// As [`fates_are_true`], for a channel that campaigns have no messages for: by direct messages, tried once.
async fn receipts_are_true(provider: Provider, channel_type: ChannelType) {
    let steered = provider.steered();
    let world = World::new(function::echo).await;
    let (engine, store) = world.engine_of(settings(&provider, &world), Arc::new(Hasty::default()));
    let endpoints = [
        ("taken", steered.taken),
        ("throttled", steered.throttled.0),
        ("gone", steered.gone.unwrap()),
        ("dropped", steered.dropped),
    ];
    populate_store(&*store, endpoints.map(|(id, address)| endpoint(id, channel_type, address)).into()).await;
    let request = json!({
        "Endpoints": { "taken": {}, "throttled": {}, "gone": {}, "dropped": {} },
        "MessageConfiguration": { "DefaultMessage": { "Body": "Hello" } },
    });
    let request = serde_json::from_value(request).unwrap();
    let receipts = engine.send_messages(&ApplicationId::new(APPLICATION), &request).await.unwrap().by_endpoint;
    let codes = ["taken", "throttled", "gone", "dropped"].map(|id| (receipts[id].status.as_str(), receipts[id].code));
    let expected = [("SUCCESSFUL", 200), ("THROTTLED", 429), ("PERMANENT_FAILURE", 410), ("UNKNOWN_FAILURE", 500)];
    assert_eq!(codes, expected);
    assert_eq!(inactive(&*store, &endpoints).await, ["gone"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn gcm() {
    fates_are_true(provider::gcm().await, ChannelType::Gcm).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apns() {
    fates_are_true(provider::apns().await, ChannelType::Apns).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn adm() {
    fates_are_true(provider::adm().await, ChannelType::Adm).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn baidu() {
    fates_are_true(provider::baidu().await, ChannelType::Baidu).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sms() {
    fates_are_true(provider::sms().await, ChannelType::Sms).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn voice() {
    receipts_are_true(provider::voice().await, ChannelType::Voice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twilio() {
    fates_are_true(provider::twilio().await, ChannelType::Sms).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ses() {
    fates_are_true(provider::ses().await, ChannelType::Email).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pinpoint() {
    fates_are_true(provider::pinpoint(ChannelType::Gcm).await, ChannelType::Gcm).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn email() {
    fates_are_true(provider::email().await, ChannelType::Email).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn smpp() {
    fates_are_true(provider::smpp().await, ChannelType::Sms).await;
}
