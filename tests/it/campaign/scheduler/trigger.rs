//! Campaigns that events trigger: a message for each event, soon, and once.

mod backlog;

use std::collections::BTreeMap;

use pinwheel::domain::EndpointUpdate;
use pinwheel::store::{Event as Kept, Reader};

use super::*;

/// A campaign of `cart.add` on the day of these tests.
fn of_events(more: Value) -> Value {
    let mut changes = json!({ "Schedule": {
        "StartTime": "2026-03-01T09:00:00Z", "EndTime": "2026-03-01T12:00:00Z", "Frequency": "EVENT",
        "EventFilter": { "FilterType": "ENDPOINT", "Dimensions": {
            "EventType": { "DimensionType": "INCLUSIVE", "Values": ["cart.add"] } } }
    } });
    for (name, value) in more.as_object().unwrap() {
        match name.as_str() {
            "QuietTime" => changes["Schedule"][name] = value.clone(),
            _ => changes[name] = value.clone(),
        }
    }
    changes
}

fn added(endpoint_id: &str, id: &str, at: Timestamp) -> Kept {
    Kept {
        endpoint_id: endpoint_id.to_owned(),
        id: id.to_owned(),
        event_type: "cart.add".to_owned(),
        at,
        document: json!({ "EventType": "cart.add", "Attributes": { "sku": "A1" } }).to_string(),
    }
}

impl Stage {
    async fn with_endpoints(world: &World, count: usize) -> Self {
        let stage = Self::new(world).await;
        populate_store(&*stage.store, gcm_endpoints(count)).await;
        stage
    }

    /// Keeps events as the API does.
    async fn arrive(&self, events: Vec<Kept>) {
        self.store.append_events(&application(), events, self.clock.now()).await.unwrap();
        self.scheduler.events_arrived(&application());
    }

    /// An event of this id of each of these endpoints arrives.
    async fn add(&self, endpoint_ids: &[&str], id: &str) {
        let now = self.clock.now();
        self.arrive(endpoint_ids.iter().map(|endpoint_id| added(endpoint_id, id, now)).collect()).await;
    }

    /// The fates of all runs of a campaign, once as many are settled.
    async fn fates(&self, campaign: &str, expected: u64) -> BTreeMap<Fate, u64> {
        let mut fates = BTreeMap::new();
        let all = async || {
            fates.clear();
            let (mut audience, mut is_over) = (0, true);
            for activity in self.activities(campaign).await {
                let counts = self.scheduler.count(&activity).await.unwrap();
                is_over &= activity.state == ActivityState::Completed;
                audience += counts.audience;
                for (fate, endpoints) in counts.tally.iter() {
                    *fates.entry(fate).or_default() += endpoints;
                }
            }
            is_over && audience == expected
        };
        until(all, &format!("{expected} endpoints have their fates")).await;
        assert_eq!(fates.values().sum::<u64>(), expected, "the fates add up");
        fates
    }

    /// All of it is sent to that many.
    async fn sends(&self, campaign: &str, expected: u64) {
        assert_eq!(self.fates(campaign, expected).await, BTreeMap::from([(Fate::Sent, expected)]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_brings_its_endpoint_a_message() {
    let world = World::new(function::echo).await;
    let stage = Stage::with_endpoints(&world, 20).await;
    stage.add(&["e00001"], "before").await;
    stage.clock.leap(Duration::from_secs(60));
    stage.put_at("c", of_events(json!({ "Hook": lambda_hook() })), "2026-03-01T09:00:30.000Z").await;
    stage.put_at("other", of_events(json!({})), "2026-03-01T09:00:30.000Z").await;
    stage.a_while().await;

    // What arrived after the start counts, also before the campaign was looked at.
    let arrived = stage.clock.now();
    stage.add(&["e00001", "e00002", "nobody"], "1").await;
    stage.sends("c", 3).await;
    stage.sends("other", 3).await;
    let later = stage.activities("c").await.into_iter().find(|activity| activity.scheduled_start >= arrived);
    assert!(later.is_some(), "messages are due when the event arrived");

    // The same event again is none, another type is none of ours, and the same endpoint may come again.
    stage.add(&["e00001"], "1").await;
    let mut removed = added("e00003", "2", stage.clock.now());
    removed.event_type = "cart.remove".to_owned();
    stage.arrive(vec![removed]).await;
    let twice = ["3", "4"].map(|id| added("e00001", id, stage.clock.now()));
    stage.arrive(twice.to_vec()).await;
    stage.sends("c", 5).await;
    stage.a_while().await;
    stage.sends("c", 5).await;
    stage.sends("other", 5).await;
    assert_eq!(world.fcm.messages(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_event_is_lost_or_comes_twice_over_restarts_at_any_moment() {
    let world = slow_world(Duration::from_millis(5)).await;
    let mut stage = Stage::with_endpoints(&world, 200).await;
    stage.put("c", of_events(json!({ "Hook": lambda_hook() }))).await;
    let mut expected = 0;
    for round in 0..12 {
        for burst in 0..4 {
            let events = (0..fastrand::usize(1..60)).map(|i| {
                added(&format!("e{:05}", fastrand::usize(0..200)), &format!("{round}-{burst}-{i}"), stage.clock.now())
            });
            let events: Vec<_> = events.collect();
            expected += events.len() as u64;
            stage.arrive(events).await;
            stage.clock.real.sleep(Duration::from_millis(fastrand::u64(0..40))).await;
        }
        let (clock, drained) = stage.stop().await;
        assert!(drained);
        stage = Stage::at(&world, clock).await;
    }
    stage.sends("c", expected).await;
    assert_eq!(world.fcm.messages(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_and_its_place_among_the_events_are_one() {
    let world = World::new(function::echo).await;
    let stage = Stage::with_endpoints(&world, 5).await;
    stage.put("c", of_events(json!({}))).await;
    stage.add(&["e00000", "e00001"], "1").await;
    stage.sends("c", 2).await;
    let last = stage.store.events_after(&application(), 0, 10).await.unwrap().last().unwrap().position;
    assert_eq!(stage.store.reader(&application(), "campaign:c").await.unwrap(), Some(last));

    // Whoever goes back gets the same run again, and it is the place that keeps it from that.
    let (clock, _) = stage.stop().await;
    let stage = Stage::at(&world, clock).await;
    stage.a_while().await;
    stage.sends("c", 2).await;
    let (clock, _) = stage.stop().await;
    {
        let (_, store) = world.engine(Arc::new(clock.clone()));
        let back = Reader { application_id: application(), name: "campaign:c".into(), position: 0 };
        store.put_reader(back).await.unwrap();
    }
    let stage = Stage::at(&world, clock).await;
    stage.sends("c", 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn caps_quiet_time_and_the_segment_hold() {
    let world = World::new(function::echo).await;
    let stage = Stage::new(&world).await;
    let with = |id: &str, change: fn(&mut EndpointUpdate)| {
        let mut write = endpoint(id, ChannelType::Gcm, id);
        change(&mut write.update);
        write
    };
    let asleep = with("asleep", |update| update.demographic.timezone = Some("UTC".to_owned()));
    let gold = with("gold", |update| {
        update.attributes.insert("Plan".to_owned(), vec!["gold".to_owned()]);
    });
    populate_store(&*stage.store, gcm_endpoints(3).into_iter().chain([asleep, gold]).collect()).await;

    stage.put("capped", of_events(json!({ "Limits": { "Daily": 1 } }))).await;
    stage.put("quiet", of_events(json!({ "QuietTime": { "Start": "08:00", "End": "10:00" } }))).await;
    let plan =
        json!({ "Dimensions": { "Attributes": { "Plan": { "AttributeType": "INCLUSIVE", "Values": ["gold"] } } } });
    let (owner, now) = (application(), "2026-03-01T09:00:00.000Z".to_owned());
    stage.store.put_definition(Some(&owner), Kind::Segment, "gold", plan.to_string(), now).await.unwrap();
    stage.put("filtered", of_events(json!({ "SegmentId": "gold" }))).await;
    stage.a_while().await;

    stage.add(&["e00000", "asleep", "gold"], "1").await;
    let fates = stage.fates("quiet", 3).await;
    assert_eq!(fates, BTreeMap::from([(Fate::Sent, 2), (Fate::QuietTime, 1)]));
    stage.sends("filtered", 1).await;
    stage.sends("capped", 3).await;
    stage.add(&["e00000", "e00001"], "2").await;
    let fates = stage.fates("capped", 5).await;
    assert_eq!(fates, BTreeMap::from([(Fate::Sent, 4), (Fate::DailyCap, 1)]));
    stage.fates("quiet", 5).await;
    stage.sends("filtered", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn treatments_share_the_endpoints_of_events() {
    let world = World::new(function::echo).await;
    let stage = Stage::with_endpoints(&world, 400).await;
    let message = json!({ "GCMMessage": { "Title": "Second", "Body": "2" } });
    let treatments = json!([{ "SizePercent": 50, "MessageConfiguration": message }]);
    stage.put("c", of_events(json!({ "AdditionalTreatments": treatments, "HoldoutPercent": 20 }))).await;
    let ids: Vec<_> = (0..400).map(|i| format!("e{i:05}")).collect();
    stage.add(&ids.iter().map(String::as_str).collect::<Vec<_>>(), "1").await;
    let fates = stage.fates("c", 400).await;
    assert_eq!(fates.keys().copied().collect::<Vec<_>>(), {
        let mut both = vec![Fate::Sent, Fate::Holdout];
        both.sort();
        both
    });
    assert!((40..120).contains(&fates[&Fate::Holdout]), "{fates:?}");
    let activities = stage.activities("c").await;
    let mut treatments: Vec<_> = activities.iter().map(|activity| activity.treatment_id.as_str()).collect();
    treatments.sort();
    treatments.dedup();
    assert_eq!(treatments, ["0", "1"]);

    let before = activities.len();
    stage.add(&["e00000"], "2").await;
    stage.fates("c", 401).await;
    assert_eq!(stage.activities("c").await.len(), before + 1, "a treatment without anybody has no activity");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_minutes_are_the_limit() {
    let world = World::new(function::echo).await;
    let stage = Stage::with_endpoints(&world, 5).await;
    stage.put("c", of_events(json!({}))).await;
    stage.a_while().await;
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    stage.clock.leap(minutes(30));
    let now = stage.clock.now();
    // Clients may keep events for long, and send them when they can.
    let old = vec![added("e00000", "1", now - minutes(6)), added("e00001", "1", now - minutes(4))];
    stage.arrive(old).await;
    stage.sends("c", 1).await;

    // Nobody was there to send a message in time.
    let (clock, _) = stage.stop().await;
    {
        let (_, store) = world.engine(Arc::new(clock.clone()));
        store.append_events(&application(), vec![added("e00002", "1", clock.now())], clock.now()).await.unwrap();
    }
    clock.leap(minutes(6));
    let stage = Stage::at(&world, clock).await;
    let fates = stage.fates("c", 2).await;
    assert_eq!(fates, BTreeMap::from([(Fate::Sent, 1), (Fate::Expired, 1)]));
    stage.add(&["e00002"], "2").await;
    let fates = stage.fates("c", 3).await;
    assert_eq!(fates, BTreeMap::from([(Fate::Sent, 2), (Fate::Expired, 1)]), "who came in time is not late for others");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_count_between_start_and_end() {
    let world = World::new(function::echo).await;
    let stage = Stage::with_endpoints(&world, 5).await;
    let mut campaign = of_events(json!({}));
    campaign["Schedule"]["StartTime"] = json!("2026-03-01T10:00:00Z");
    stage.put("c", campaign).await;
    stage.a_while().await;
    stage.add(&["e00000"], "1").await;
    stage.clock.leap(Duration::from_secs(61 * 60));
    stage.add(&["e00001"], "2").await;
    stage.sends("c", 1).await;
    stage.clock.leap(Duration::from_secs(2 * 60 * 60));
    stage.add(&["e00002"], "3").await;
    stage.a_while().await;
    stage.clock.leap(Duration::from_secs(10 * 60));
    until(async || stage.scheduler.active() == 0, "it is over").await;
    stage.sends("c", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_campaign_caused_does_not_trigger_it_again() {
    let world = World::new(function::echo).await;
    let stage = Stage::with_endpoints(&world, 5).await;
    stage.put("c", of_events(json!({}))).await;
    stage.put("other", of_events(json!({}))).await;
    let mut caused = added("e00000", "1", stage.clock.now());
    caused.document = json!({ "Attributes": { "campaign_id": "c" } }).to_string();
    stage.arrive(vec![caused]).await;
    stage.sends("other", 1).await;
    stage.a_while().await;
    assert!(stage.activities("c").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_campaign_hears_nothing_and_leaves_no_place() {
    let world = slow_world(Duration::from_millis(100)).await;
    let stage = Stage::with_endpoints(&world, 5).await;
    stage.put("c", of_events(json!({ "Hook": lambda_hook() }))).await;
    stage.add(&["e00000"], "1").await;
    stage.sends("c", 1).await;
    stage.add(&["e00001", "e00002"], "2").await;
    stage.delete(Kind::Campaign, "c").await;
    stage.scheduler.deleted(&application(), &CampaignId::new("c"));
    let reader = async || stage.store.reader(&application(), "campaign:c").await.unwrap();
    until(async || reader().await.is_none(), "its place is forgotten").await;
    let sent = world.fcm.messages();
    stage.add(&["e00003"], "3").await;
    stage.a_while().await;
    assert_eq!(world.fcm.messages(), sent);
    assert!(stage.activities("c").await.iter().all(|activity| activity.state != ActivityState::Running));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_cannot_begin_says_why_and_later_events_can() {
    let world = World::new(function::echo).await;
    let stage = Stage::with_endpoints(&world, 5).await;
    let template = json!({ "PushTemplate": { "Name": "late" } });
    stage.put("c", of_events(json!({ "MessageConfiguration": null, "TemplateConfiguration": template }))).await;
    stage.add(&["e00000"], "1").await;
    until(async || !stage.activities("c").await.is_empty(), "the failure is written down").await;
    let failed = stage.activities("c").await.remove(0);
    assert_eq!(failed.failure.as_deref(), Some("there is no push template `late`"));
    let last = stage.store.events_after(&application(), 0, 10).await.unwrap().last().unwrap().position;
    let reader = stage.store.reader(&application(), "campaign:c").await.unwrap();
    assert_eq!(reader, Some(last), "both are written at once");

    let made = json!({ "Default": { "Title": "Hello", "Body": "World" } }).to_string();
    let now = "2026-03-01T09:00:00.000Z".to_owned();
    stage.store.put_definition(Some(&application()), Kind::PushTemplate, "late", made, now).await.ok();
    stage.add(&["e00001"], "2").await;
    stage.clock.leap(Duration::from_secs(61));
    let goes_on = async || stage.activities("c").await.len() == 2;
    until(goes_on, "the next event has its run").await;
}
