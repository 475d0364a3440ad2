//! Campaigns by a clock that can be moved: windows that end, and mornings that come zone by zone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use pinwheel::campaign::ledger;
use pinwheel::clock::Clock;
use pinwheel::domain::{ApplicationId, CampaignId, ChannelType, Fate, Tally};
use pinwheel::sandbox::function::{self, Event};
use pinwheel::store::EndpointWrite;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{APPLICATION, World, campaign, define_in, endpoint, gcm_endpoints, lambda_hook, populate_store};

/// Waiting for a time of day moves it; other sleeps really wait.
struct Leaping(Mutex<Timestamp>);

impl Leaping {
    fn at(text: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(text.parse().unwrap())))
    }

    fn leap(&self, duration: Duration) {
        *self.0.lock().unwrap() += duration;
    }
}

impl Clock for Leaping {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn elapsed(&self) -> Duration {
        Duration::try_from(self.now().duration_since(Timestamp::UNIX_EPOCH)).unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let real = pinwheel::clock::System::default();
        // `sleep_until` goes in steps of a second. Each moves this clock by half an hour, and gives those who are due
        // the time to get done.
        if duration == Duration::from_secs(1) {
            self.leap(Duration::from_secs(30 * 60));
            return real.sleep(Duration::from_millis(50));
        }
        real.sleep(duration)
    }
}

async fn run(world: &World, clock: Arc<Leaping>, between: Duration) -> Tally {
    let (engine, store) = world.engine(clock.clone());
    let activities = engine.begin(&ApplicationId::new(APPLICATION), &CampaignId::new("c")).await.unwrap();
    clock.leap(between);
    engine.drive(activities[0].clone(), Arc::default(), CancellationToken::new()).await.unwrap();
    let frozen = store.frozen(&activities[0].id).await.unwrap();
    ledger::standing(&*store, &activities[0], &frozen).await.unwrap().tally
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_left_when_the_window_ends_is_expired() {
    for (between, fate) in [(Duration::from_secs(50), Fate::Sent), (Duration::from_secs(61), Fate::Expired)] {
        let world = World::new(function::echo).await;
        let clock = Leaping::at("2026-03-01T09:00:00Z");
        {
            let (_, store) = world.engine(clock.clone());
            populate_store(&*store, gcm_endpoints(120)).await;
            let limits = json!({ "Limits": { "MaximumDuration": 60 } });
            define_in(&*store, "c", campaign(limits), json!({})).await;
        }
        let tally = run(&world, clock, between).await;
        assert_eq!(tally.get(fate), 120, "{between:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn local_time_campaigns_go_out_zone_by_zone() {
    let seen = Arc::new(Mutex::new(BTreeMap::<String, String>::new()));
    let times = seen.clone();
    let world = World::new(move |event: &Event| {
        let body: Value = serde_json::from_slice(&event.payload).unwrap();
        for id in body["Endpoints"].as_object().unwrap().keys() {
            times.lock().unwrap().insert(id.clone(), body["ScheduledTime"].as_str().unwrap().to_owned());
        }
        function::echo(event)
    })
    .await;
    let in_zone = |id: &str, zone: &str| -> EndpointWrite {
        let mut write = endpoint(id, ChannelType::Gcm, id);
        write.update.demographic.timezone = Some(zone.to_owned());
        write
    };
    let clock = Leaping::at("2026-03-01T06:00:00Z");
    {
        let (_, store) = world.engine(clock.clone());
        let zones =
            [("tokyo", "Asia/Tokyo"), ("vienna", "Europe/Vienna"), ("lima", "America/Lima"), ("graz", "Europe/Vienna")];
        populate_store(&*store, zones.map(|(id, zone)| in_zone(id, zone)).to_vec()).await;
        let schedule = json!({ "StartTime": "2026-03-01T18:00:00Z", "IsLocalTime": true });
        // Each zone has four hours of its own. Lima's begin when four hours after the UTC start are over.
        let changes = json!({ "Schedule": schedule, "Hook": lambda_hook(), "Limits": { "MaximumDuration": 14400 } });
        define_in(&*store, "c", campaign(changes), json!({})).await;
    }
    let tally = run(&world, clock, Duration::ZERO).await;
    assert_eq!(tally.get(Fate::Sent), 4);
    let expected = [
        ("graz", "2026-03-01T17:00:00.000Z"),
        ("lima", "2026-03-01T23:00:00.000Z"),
        ("tokyo", "2026-03-01T09:00:00.000Z"),
        ("vienna", "2026-03-01T17:00:00.000Z"),
    ];
    let seen = seen.lock().unwrap();
    assert_eq!(seen.iter().map(|(id, time)| (id.as_str(), time.as_str())).collect::<Vec<_>>(), expected);
    let order: Vec<String> = world.fcm.record().entries().into_iter().map(|entry| entry.address).collect();
    assert_eq!((order[0].as_str(), order[3].as_str()), ("tokyo", "lima"));
}
