//! Campaigns that begin by themselves: when they are due, once, and not against anybody's will.

mod caps;
mod pause;
mod runs;
mod share;
mod siblings;
mod trigger;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use parking_lot::Mutex;
use pinwheel::campaign::{Counts, Document, Engine, Scheduler, ledger, status};
use pinwheel::clock::{Clock, System};
use pinwheel::domain::{ApplicationId, CampaignId, ChannelType, Fate};
use pinwheel::sandbox::function::{self, Event, Reply};
use pinwheel::store::{Activity, ActivityState, Kind, Store};
use pinwheel::telemetry::Health;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::{APPLICATION, SEGMENT, World, campaign, endpoint, gcm_endpoints, lambda_hook, populate_store};

/// Goes like the real one from a moment on, and leaps when told to. Whoever sleeps wakes at the moment they wait for.
#[derive(Clone)]
struct Leaping {
    real: System,
    epoch: Timestamp,
    leapt: Arc<Mutex<Duration>>,
}

impl Leaping {
    fn new() -> Self {
        let epoch = "2026-03-01T09:00:00Z".parse().unwrap();
        Self { real: System::default(), epoch, leapt: Arc::default() }
    }

    fn leap(&self, duration: Duration) {
        *self.leapt.lock() += duration;
    }
}

impl Clock for Leaping {
    fn now(&self) -> Timestamp {
        self.epoch + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.real.elapsed() + *self.leapt.lock()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let (clock, until) = (self.clone(), self.elapsed() + duration);
        Box::pin(async move {
            while let Some(left) = until.checked_sub(clock.elapsed()).filter(|left| !left.is_zero()) {
                clock.real.sleep(left.min(Duration::from_millis(5))).await;
            }
        })
    }
}

/// A store with a scheduler at work.
struct Stage {
    clock: Leaping,
    store: Arc<dyn Store>,
    scheduler: Arc<Scheduler>,
    health: Health,
    run: JoinHandle<bool>,
    stop: CancellationToken,
    _stop: DropGuard,
}

impl Stage {
    async fn new(world: &World) -> Self {
        Self::at(world, Leaping::new()).await
    }

    /// With the store that an earlier one left, if there was one.
    async fn at(world: &World, clock: Leaping) -> Self {
        let parts = world.engine(Arc::new(clock.clone()));
        Self::with(parts, clock).await
    }

    /// With an engine of its own settings, which goes by `clock`.
    async fn with((engine, store): (Arc<Engine>, Arc<dyn Store>), clock: Leaping) -> Self {
        let health = Health::new(Arc::new(clock.clone()), Duration::from_secs(60));
        let scheduler = Scheduler::new(engine, health.clone());
        let stop = CancellationToken::new();
        let (at_work, stopping) = (scheduler.clone(), stop.clone());
        let run = tokio::spawn(async move { at_work.run(stopping).await.unwrap() });
        Self { clock, store, scheduler, health, run, _stop: stop.clone().drop_guard(), stop }
    }

    async fn put(&self, id: &str, changes: Value) {
        self.put_at(id, changes, "2026-03-01T09:00:00.000Z").await;
    }

    async fn put_at(&self, id: &str, changes: Value, now: &str) {
        let document = json!({ "Campaign": campaign(changes), "Scheduled": true }).to_string();
        let (owner, now) = (application(), now.to_owned());
        self.store.put_definition(Some(&owner), Kind::Campaign, id, document, now).await.unwrap();
        self.scheduler.changed(&application(), &CampaignId::new(id));
    }

    async fn delete(&self, kind: Kind, id: &str) {
        assert!(self.store.delete_definition(Some(&application()), kind, id).await.unwrap());
    }

    async fn activities(&self, id: &str) -> Vec<Activity> {
        self.store.activities(&application(), &CampaignId::new(id)).await.unwrap()
    }

    async fn status(&self, id: &str) -> String {
        let application = application();
        let definition = |kind, id: String| {
            let (store, application) = (self.store.clone(), application.clone());
            async move { store.definition(Some(&application), kind, &id, None).await.unwrap() }
        };
        let stored = definition(Kind::Campaign, id.to_owned()).await.unwrap();
        let document = Document::read(&stored).unwrap();
        let has_segment = definition(Kind::Segment, SEGMENT.to_owned()).await.is_some();
        let eye = self.scheduler.eye();
        status::of_campaign(&document, &self.activities(id).await, has_segment, &eye).as_str().to_owned()
    }

    async fn becomes(&self, id: &str, expected: &str) {
        until(async || self.status(id).await == expected, &format!("campaign `{id}` becomes {expected}")).await;
    }

    /// The numbers of a campaign's only activity, which have to add up.
    async fn over(&self, id: &str) -> (Activity, Counts) {
        let activities = self.activities(id).await;
        assert_eq!(activities.len(), 1, "one run of one treatment");
        let activity = activities.into_iter().next().unwrap();
        assert_ne!(activity.state, ActivityState::Running);
        let counts = self.scheduler.count(&activity).await.unwrap();
        assert_eq!(counts.tally.total(), counts.audience, "the fates add up");
        (activity, counts)
    }

    /// Long enough for what must not happen.
    async fn a_while(&self) {
        self.clock.real.sleep(Duration::from_millis(150)).await;
    }

    async fn stop(self) -> (Leaping, bool) {
        self.stop.cancel();
        (self.clock, self.run.await.unwrap())
    }
}

fn application() -> ApplicationId {
    ApplicationId::new(APPLICATION)
}

async fn until(mut is_so: impl AsyncFnMut() -> bool, what: &str) {
    let clock = System::default();
    // Much longer than it takes: machines are slow now and then.
    for _ in 0..12_000 {
        if is_so().await {
            return;
        }
        clock.sleep(Duration::from_millis(5)).await;
    }
    panic!("it took too long until {what}");
}

/// A hook that takes a while.
async fn slow_world(pause: Duration) -> World {
    World::new(move |event: &Event| -> Reply { function::echo(event).after(pause) }).await
}

fn at_ten(more: Value) -> Value {
    let mut changes = json!({ "Schedule": { "StartTime": "2026-03-01T10:00:00Z" } });
    changes.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    changes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_begins_at_its_time_and_once() {
    let world = World::new(function::echo).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(120)).await;
    stage.put("c", at_ten(json!({}))).await;
    stage.a_while().await;
    stage.clock.leap(Duration::from_secs(59 * 60 + 40));
    stage.a_while().await;
    assert_eq!((stage.status("c").await.as_str(), world.fcm.messages()), ("SCHEDULED", 0));

    stage.clock.leap(Duration::from_secs(30));
    stage.becomes("c", "COMPLETED").await;
    let (activity, counts) = stage.over("c").await;
    assert_eq!((counts.successful(), world.fcm.messages()), (120, 120));
    assert_eq!(activity.scheduled_start, "2026-03-01T10:00:00Z".parse().unwrap());

    // Neither a look at it nor another start makes another run of it.
    stage.scheduler.changed(&application(), &CampaignId::new("c"));
    stage.a_while().await;
    let (clock, drained) = stage.stop().await;
    assert!(drained);
    let stage = Stage::at(&world, clock).await;
    stage.a_while().await;
    assert_eq!((stage.activities("c").await.len(), world.fcm.messages()), (1, 120));
}

#[tokio::test(flavor = "multi_thread")]
async fn campaigns_wait_over_a_restart_and_what_was_missed_meanwhile_begins() {
    let world = World::new(function::echo).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(10)).await;
    stage.put("c", at_ten(json!({}))).await;
    let (clock, _) = stage.stop().await;
    clock.leap(Duration::from_secs(2 * 60 * 60));
    let stage = Stage::at(&world, clock).await;
    stage.becomes("c", "COMPLETED").await;
    assert_eq!(stage.over("c").await.1.successful(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_campaign_waits_for_the_end_of_its_pause() {
    let world = World::new(function::echo).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(10)).await;
    stage.put("c", at_ten(json!({}))).await;
    stage.put("c", at_ten(json!({ "IsPaused": true }))).await;
    stage.put("now", json!({ "IsPaused": true })).await;
    stage.clock.leap(Duration::from_secs(2 * 60 * 60));
    stage.a_while().await;
    assert_eq!((stage.status("c").await.as_str(), stage.status("now").await.as_str()), ("PAUSED", "PAUSED"));

    // Its start is past, and it has no other run: it begins at once.
    stage.put("c", at_ten(json!({ "IsPaused": false }))).await;
    stage.becomes("c", "COMPLETED").await;
    assert_eq!((stage.status("now").await.as_str(), world.fcm.messages()), ("PAUSED", 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn left_overs_of_other_commands_do_not_begin() {
    let world = World::new(function::echo).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(10)).await;
    crate::support::define_in(&*stage.store, "c", campaign(json!({})), json!({})).await;
    stage.scheduler.changed(&application(), &CampaignId::new("c"));
    stage.a_while().await;
    let (clock, _) = stage.stop().await;
    let stage = Stage::at(&world, clock).await;
    stage.a_while().await;
    assert_eq!((stage.activities("c").await.len(), stage.status("c").await.as_str()), (0, "PAUSED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_campaign_ends_and_the_rest_of_its_audience_is_aborted() {
    let world = slow_world(Duration::from_millis(30)).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(20_000)).await;
    stage.put("c", json!({ "Hook": lambda_hook(), "Limits": { "MessagesPerSecond": 4000 } })).await;
    until(async || world.fcm.messages() > 500, "messages go out").await;

    stage.delete(Kind::Campaign, "c").await;
    stage.scheduler.deleted(&application(), &CampaignId::new("c"));
    until(
        async || stage.activities("c").await.iter().all(|activity| activity.state == ActivityState::Cancelled),
        "the activity is cancelled",
    )
    .await;
    let sent = world.fcm.messages();
    stage.a_while().await;
    assert_eq!(world.fcm.messages(), sent, "nothing goes out after it");
    let (activity, counts) = stage.over("c").await;
    assert_eq!(activity.failure.as_deref(), Some("the campaign was deleted"));
    assert_eq!(counts.audience, 20_000);
    assert!(counts.tally.get(Fate::Aborted) > 10_000, "{:?}", counts.tally);
    assert_eq!(counts.successful(), sent, "who was sent to is told from who was not");

    let frozen = stage.store.frozen(&activity.id).await.unwrap();
    let mut told = std::collections::BTreeMap::<Fate, u64>::new();
    for number in frozen.waves.iter().flat_map(|wave| wave.members.iter()) {
        match ledger::why(&*stage.store, &activity, number).await.unwrap() {
            ledger::Answer::Done { fate, .. } => *told.entry(fate).or_default() += 1,
            other => panic!("nobody is left without a fate: {other:?}"),
        }
    }
    assert!(told.into_iter().eq(counts.tally.iter()), "each one's fate is what the sum says");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_whose_segment_is_deleted_ends() {
    let world = slow_world(Duration::from_millis(30)).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(20_000)).await;
    let changes = json!({ "Hook": lambda_hook(), "Limits": { "MessagesPerSecond": 4000 } });
    stage.put("c", changes.clone()).await;
    stage.put("later", at_ten(changes)).await;
    until(async || world.fcm.messages() > 500, "messages go out").await;

    stage.delete(Kind::Segment, SEGMENT).await;
    stage.scheduler.segment_deleted(&application(), SEGMENT);
    until(async || stage.activities("c").await[0].state == ActivityState::Cancelled, "the activity is cancelled").await;
    let (activity, counts) = stage.over("c").await;
    assert!(activity.failure.is_some() && counts.tally.get(Fate::Aborted) > 0);
    assert_eq!(stage.status("c").await, "DELETED");

    stage.clock.leap(Duration::from_secs(60 * 60));
    until(async || !stage.activities("later").await.is_empty(), "the failure is written down").await;
    let (activity, counts) = stage.over("later").await;
    assert!(activity.failure.unwrap().contains(SEGMENT));
    assert_eq!((counts.audience, stage.status("later").await.as_str()), (0, "DELETED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_a_crash_interrupted_is_done_at_the_next_start() {
    let world = slow_world(Duration::from_millis(30)).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(5_000)).await;
    stage.put("c", json!({ "Hook": lambda_hook(), "Limits": { "MessagesPerSecond": 2000 } })).await;
    until(async || world.fcm.messages() > 200, "messages go out").await;
    stage.delete(Kind::Campaign, "c").await;
    let (clock, _) = stage.stop().await;
    let sent = world.fcm.messages();
    let stage = Stage::at(&world, clock).await;
    until(async || stage.activities("c").await[0].state == ActivityState::Cancelled, "the activity is cancelled").await;
    assert_eq!((stage.over("c").await.1.successful(), world.fcm.messages()), (sent, sent));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_batches_and_the_next_start_goes_on() {
    let world = slow_world(Duration::from_millis(20)).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(6_000)).await;
    stage.put("c", json!({ "Hook": lambda_hook(), "Limits": { "MessagesPerSecond": 4000 } })).await;
    until(async || world.fcm.messages() > 300, "messages go out").await;
    let (clock, drained) = stage.stop().await;
    assert!(drained && world.fcm.messages() < 6_000);
    let stage = Stage::at(&world, clock).await;
    stage.becomes("c", "COMPLETED").await;
    assert_eq!((stage.over("c").await.1.successful(), world.fcm.messages()), (6_000, 6_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_hangs_holds_nobody_up() {
    let world = World::new(|event: &Event| {
        function::echo(event).after(Duration::from_millis(if event.function == "hangs" { 10_000 } else { 1 }))
    })
    .await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(1_000)).await;
    // Its hook hangs until it is given up, and then it crawls.
    let crawls = json!({ "MessagesPerSecond": 1 });
    let tags = json!({ "pinwheel:hook-failure": "send" });
    let hangs = json!({ "LambdaFunctionName": "hangs", "Mode": "FILTER" });
    stage.put("slow", json!({ "Hook": hangs, "Limits": crawls, "tags": tags })).await;
    until(async || stage.status("slow").await == "EXECUTING", "the slow one is under way").await;
    stage.put("fast", json!({})).await;
    stage.put("other", json!({ "Hook": lambda_hook() })).await;
    stage.becomes("fast", "COMPLETED").await;
    stage.becomes("other", "COMPLETED").await;
    assert_eq!(stage.status("slow").await, "EXECUTING");
    let running = &stage.activities("slow").await[0];
    assert_eq!(stage.scheduler.count(running).await.unwrap().audience, 1_000, "its numbers can be read meanwhile");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_whose_hook_is_down_waits_then_holds_itself_and_goes_on_when_it_works() {
    let is_down = Arc::new(AtomicBool::new(true));
    let down = is_down.clone();
    let world = World::new(move |event: &Event| match down.load(Relaxed) {
        true => Reply::FunctionError("out of luck".into()),
        false => function::echo(event),
    })
    .await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(1_000)).await;
    stage.put("c", json!({ "Hook": lambda_hook() })).await;
    until(async || world.functions.calls() >= 20, "the function is found to be down").await;
    stage.clock.leap(Duration::from_secs(10 * 60));
    stage.a_while().await;
    assert_eq!(stage.health.stalled_for(), None, "it waits, and that has an end");
    assert_eq!(stage.activities("c").await[0].failure, None);
    stage.clock.leap(Duration::from_secs(5 * 60));
    let note = async || stage.activities("c").await[0].failure.clone();
    until(async || note().await.is_some(), "it holds itself").await;
    let held = note().await.unwrap();
    assert!(held.contains("failed for") && held.contains("out of luck"), "{held}");
    stage.a_while().await;
    let calls = world.functions.calls();
    assert_eq!((stage.status("c").await.as_str(), stage.health.stalled_for()), ("EXECUTING", None));

    // It is tried again after a minute, and when somebody changes it.
    let tried_again = async || {
        stage.clock.leap(Duration::from_secs(1));
        world.functions.calls() > calls
    };
    until(tried_again, "it is tried again").await;
    let since = held.split_once(": ").unwrap().0;
    assert!(note().await.unwrap().starts_with(since), "it is held since the first time");
    assert_eq!(world.fcm.messages(), 0);
    is_down.store(false, Relaxed);
    stage.put("c", json!({ "Hook": lambda_hook(), "IsPaused": true })).await;
    stage.becomes("c", "COMPLETED").await;
    let (activity, counts) = stage.over("c").await;
    assert_eq!((activity.failure, counts.successful(), world.fcm.messages()), (None, 1_000, 1_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_cannot_begin_says_why_and_is_not_tried_again() {
    let world = World::new(function::echo).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(10)).await;
    let gone = json!({ "PushTemplate": { "Name": "gone" } });
    stage.put("c", json!({ "TemplateConfiguration": gone, "AdditionalTreatments": [{ "SizePercent": 20 }] })).await;
    stage.becomes("c", "COMPLETED").await;
    stage.scheduler.changed(&application(), &CampaignId::new("c"));
    stage.a_while().await;
    let activities = stage.activities("c").await;
    assert_eq!(activities.len(), 2, "one for each treatment");
    for activity in activities {
        assert_eq!(activity.failure.as_deref(), Some("there is no push template `gone`"));
        assert_eq!(stage.scheduler.count(&activity).await.unwrap(), Counts::default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_begins_between_a_pauses_reading_and_its_writing() {
    let world = World::new(function::echo).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(10)).await;
    stage.put("c", at_ten(json!({}))).await;
    stage.a_while().await;
    {
        let _writing = stage.scheduler.writing().await;
        stage.clock.leap(Duration::from_secs(60 * 60));
        stage.a_while().await;
        stage.put("c", at_ten(json!({ "IsPaused": true }))).await;
    }
    stage.a_while().await;
    assert_eq!((stage.status("c").await.as_str(), world.fcm.messages()), ("PAUSED", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn campaigns_of_a_deleted_application_do_not_count_any_more() {
    let world = World::new(function::echo).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(1)).await;
    stage.put("c", at_ten(json!({}))).await;
    stage.put("d", at_ten(json!({}))).await;
    stage.a_while().await;
    assert_eq!(stage.scheduler.active(), 2);
    assert!(stage.store.delete_application(&application()).await.unwrap());
    stage.scheduler.application_deleted(&application());
    until(async || stage.scheduler.active() == 0, "they leave room for others").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zones_whose_moment_passed_while_nobody_served_get_their_messages_late() {
    let world = World::new(function::echo).await;
    let stage = Stage::new(&world).await;
    let in_zone = |id: &str, zone: &str| {
        let mut write = endpoint(id, ChannelType::Gcm, id);
        write.update.demographic.timezone = Some(zone.to_owned());
        write
    };
    // Half past ten and half past eleven, in UTC; of the first the moment is past when `late` is written.
    let endpoints = vec![in_zone("first", "Pacific/Kiritimati"), in_zone("second", "Pacific/Auckland")];
    populate_store(&*stage.store, endpoints).await;
    let schedule = json!({ "StartTime": "2026-03-02T00:30:00Z", "IsLocalTime": true });
    stage.put("c", json!({ "Schedule": schedule.clone() })).await;
    stage.a_while().await;
    assert_eq!(stage.status("c").await, "SCHEDULED");
    let (clock, _) = stage.stop().await;
    clock.leap(Duration::from_secs(2 * 60 * 60));
    let stage = Stage::at(&world, clock).await;
    stage.put_at("late", json!({ "Schedule": schedule }), "2026-03-01T11:00:00.000Z").await;
    stage.clock.leap(Duration::from_secs(60 * 60));
    stage.becomes("c", "COMPLETED").await;
    stage.becomes("late", "COMPLETED").await;
    assert_eq!(stage.over("c").await.1.successful(), 2, "nobody is missed for an outage");
    let (_, counts) = stage.over("late").await;
    assert_eq!(
        (counts.successful(), counts.tally.get(Fate::Expired)),
        (1, 1),
        "who was too late from the start is not"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_does_not_begin_after_its_end() {
    let world = World::new(function::echo).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(10)).await;
    let schedule = json!({ "StartTime": "2026-03-01T10:00:00Z", "EndTime": "2026-03-01T11:00:00Z" });
    stage.put("c", json!({ "Schedule": schedule })).await;
    let (clock, _) = stage.stop().await;
    clock.leap(Duration::from_secs(3 * 60 * 60));
    let stage = Stage::at(&world, clock).await;
    stage.becomes("c", "COMPLETED").await;
    let (activity, counts) = stage.over("c").await;
    let problem = "Schedule.EndTime: `2026-03-01T11:00:00Z` is past, and the campaign has not begun";
    assert_eq!((activity.failure.as_deref(), counts.audience), (Some(problem), 0));
    assert_eq!(world.fcm.messages(), 0);
}
