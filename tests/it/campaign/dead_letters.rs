//! Batches whose hook failed are held, and redriven once it works: nobody is missed, and nobody gets it twice.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use parking_lot::Mutex;
use pinwheel::app::App;
use pinwheel::campaign::{Ending, Progress, dead, ledger};
use pinwheel::clock::{Clock, System};
use pinwheel::domain::{ActivityId, ApplicationId, CampaignId, ChannelType, Fate};
use pinwheel::sandbox::function::{self, Event, Reply};
use pinwheel::store::sqlite::{Mode, Sqlite};
use pinwheel::store::{Activity, ActivityState, DeadLetter, DeadLetterStore, LetterState, Letters, Released, Store};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{
    APPLICATION, Outcome, World, campaign, define, define_in, drive, endpoint, gcm_endpoints, lambda_hook, members,
    number_of, populate, populate_store, run, run_stored, set,
};

/// Whether a function that failed for every third batch is mended.
#[derive(Clone, Default)]
pub struct Fix(Arc<AtomicBool>);

impl Fix {
    pub fn apply(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub fn is_applied(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// A world with that function.
    pub async fn world(&self) -> World {
        let fix = self.clone();
        World::new(move |event| fix.answer(event)).await
    }

    fn answer(&self, event: &Event) -> Reply {
        if !self.is_applied() && is_third(batch_of(event)) {
            return Reply::FunctionError("out of luck".into());
        }
        function::echo(event)
    }
}

fn is_third(batch: usize) -> bool {
    batch.is_multiple_of(3)
}

/// The place of a batch in the activity, by its first endpoint.
fn batch_of(event: &Event) -> usize {
    let endpoints: BTreeMap<String, Value> = serde_json::from_slice(&event.endpoints()).unwrap();
    endpoints.keys().map(|id| number_of(id)).min().unwrap() / 50
}

/// What holds batches, with a function of Lambda.
pub fn holding(mut changes: Value) -> Value {
    changes["tags"] = json!({ "pinwheel:hook-failure": "hold" });
    if changes["Hook"].is_null() {
        changes["Hook"] = lambda_hook();
    }
    changes
}

async fn stored(store: &dyn Store, id: &ActivityId) -> Activity {
    store.activity(id).await.unwrap().unwrap()
}

async fn letters(store: &dyn DeadLetterStore) -> Vec<DeadLetter> {
    store.dead_letters(Letters::default(), None, usize::MAX).await.unwrap()
}

/// Redrives an activity to its end.
async fn redrive(app: &App, id: &ActivityId, batches: Option<Vec<u32>>) -> (Released, Outcome) {
    let released = app.engine.redrive(&stored(&*app.store, id).await, batches).await.unwrap();
    let activity = stored(&*app.store, id).await;
    assert_eq!((activity.state, activity.ended_at), (ActivityState::Running, None));
    (released, drive(app, vec![activity], CancellationToken::new()).await)
}

/// Who got how many messages.
fn messages(world: &World) -> BTreeMap<String, usize> {
    let mut got = BTreeMap::new();
    for entry in world.fcm.record().entries() {
        *got.entry(entry.address).or_default() += 1;
    }
    got
}

fn ids(outcome: &Outcome, fate: Fate) -> BTreeSet<String> {
    outcome.fates.iter().filter(|(_, met)| **met == fate).map(|(id, _)| id.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_after_the_fix_delivers_exactly_the_missing_endpoints() {
    let fix = Fix::default();
    let world = fix.world().await;
    let app = world.app("");
    populate(&app, gcm_endpoints(1_030)).await;
    let mut runs = Vec::new();
    for id in ["c1", "c2"] {
        define(&app, id, campaign(holding(json!({}))), json!({})).await;
        let outcome = run_stored(&app, id).await;
        let held = ids(&outcome, Fate::Held);
        assert!(held.iter().all(|id| is_third(number_of(id) / 50)));
        assert_eq!((held.len(), outcome.tally.get(Fate::Sent), outcome.audience), (350, 680, 1_030));
        assert_eq!(outcome.tally.total(), outcome.audience);
        runs.push((outcome.activities[0].id.clone(), held));
    }
    assert_eq!((letters(&*app.store).await.len(), app.store.held_batches().await.unwrap()), (14, 14));
    let before = messages(&world);
    let calls = world.functions.calls();

    fix.apply();
    for (done, (id, held)) in runs.iter().enumerate() {
        let (released, outcome) = redrive(&app, id, None).await;
        assert_eq!((released.batches, released.endpoints), (vec![0, 3, 6, 9, 12, 15, 18], 350));
        assert_eq!(outcome.tally.get(Fate::Sent), 1_030);
        assert_eq!((outcome.tally.total(), outcome.audience), (1_030, 1_030));
        let now = messages(&world);
        let more: BTreeSet<String> =
            now.keys().filter(|id| now[*id] > before.get(*id).copied().unwrap_or(0)).cloned().collect();
        assert_eq!(&more, held, "they got it, and nobody else");
        assert_eq!(app.store.held_batches().await.unwrap(), 7 * (1 - done as u64), "the other one waits on");
        let activity = stored(&*app.store, id).await;
        assert_eq!((activity.state, activity.failure), (ActivityState::Completed, None));
        assert!(activity.ended_at.is_some());
    }
    assert!(messages(&world).values().all(|messages| *messages == 2), "once in each campaign");
    assert_eq!((messages(&world).len(), world.functions.calls()), (1_030, calls + 14));
    for letter in letters(&*app.store).await {
        assert_eq!((letter.state, letter.redrives, letter.endpoints()), (LetterState::Redriven, 1, 50));
        assert_eq!(app.store.dead_letter_request(&letter.activity_id, letter.batch).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_holds_the_request_and_every_attempt() {
    let world = World::new(|event: &Event| match batch_of(event) {
        0 => Reply::Hang,
        1 => Reply::answer(&b"[]"[..]),
        _ => Reply::Status { code: 429, retry_after: None },
    })
    .await;
    let app = world.app("hook.timeout=1s\nhook.circuit.wait_max=0s");
    populate(&app, gcm_endpoints(120)).await;
    let outcome = run(&app, holding(json!({}))).await;
    assert_eq!(outcome.tally.get(Fate::Held), 120);
    let found = letters(&*app.store).await;
    let attempts = |letter: &DeadLetter| -> Vec<(u32, String)> {
        letter.attempts.iter().map(|attempt| (attempt.round, attempt.kind.clone())).collect()
    };
    let of_round_1 = |kind: &str, times| vec![(1, kind.to_owned()); times];
    assert_eq!(attempts(&found[0]), of_round_1("timeout", 3));
    assert!(found[0].attempts.iter().all(|attempt| attempt.latency >= Duration::from_secs(1)));
    assert!(found[0].attempts.is_sorted_by_key(|attempt| attempt.at));
    assert_eq!(attempts(&found[1]), of_round_1("undecodable", 1));
    assert!(found[1].error.contains("cannot be decoded") && found[1].attempts[0].error == found[1].error);
    assert_eq!(attempts(&found[2]), of_round_1("throttled", 1));
    for (letter, endpoints) in found.iter().zip([50, 50, 20]) {
        assert_eq!((letter.function.as_str(), letter.endpoints()), ("filter", endpoints));
        let request = app.store.dead_letter_request(&letter.activity_id, letter.batch).await.unwrap().unwrap();
        let event: Value = serde_json::from_slice(&request).unwrap();
        assert_eq!(event["Endpoints"].as_object().unwrap().len(), endpoints as usize);
        assert_eq!(event["ActivityId"], letter.activity_id.as_str());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_released_that_could_not_be_sent() {
    let fix = Fix::default();
    let world = fix.world().await;
    let app = world.app("");
    populate(&app, gcm_endpoints(100)).await;
    let first = run(&app, holding(json!({}))).await;
    let id = &first.activities[0].id;
    drop(app);

    let mut settings = world.settings();
    settings["channel"].as_table_mut().unwrap().remove("gcm");
    let app = world.app_of(settings);
    let error = app.engine.redrive(&stored(&*app.store, id).await, None).await.unwrap_err().to_string();
    assert!(error.contains("no channel in the settings serves GCM") && error.contains("--file FILE"), "{error}");
    assert_eq!(letters(&*app.store).await[0].state, LetterState::Held);
    assert_eq!(stored(&*app.store, id).await.state, ActivityState::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_that_fails_again_is_held_again() {
    let fix = Fix::default();
    let world = fix.world().await;
    let app = world.app("");
    populate(&app, gcm_endpoints(200)).await;
    let first = run(&app, holding(json!({}))).await;
    let (id, held) = (&first.activities[0].id, ids(&first, Fate::Held));
    assert_eq!(held.len(), 100);

    let (released, outcome) = redrive(&app, id, Some(vec![3])).await;
    assert_eq!((released.batches, released.endpoints), (vec![3], 50));
    assert_eq!((ids(&outcome, Fate::Held), outcome.tally.total()), (held, 200));
    let found = letters(&*app.store).await;
    let seen: Vec<_> = found.iter().map(|letter| (letter.batch, letter.state, letter.redrives)).collect();
    assert_eq!(seen, [(0, LetterState::Held, 0), (3, LetterState::Held, 1)]);
    let rounds: Vec<_> = found[1].attempts.iter().map(|attempt| attempt.round).collect();
    assert_eq!(rounds, [1, 1, 1, 2, 2, 2]);
    assert!(app.store.dead_letter_request(id, 3).await.unwrap().is_some());

    fix.apply();
    let (_, outcome) = redrive(&app, id, None).await;
    assert_eq!(outcome.tally.get(Fate::Sent), 200);
    assert!(messages(&world).values().all(|messages| *messages == 1));
    let again = app.engine.redrive(&stored(&*app.store, id).await, None).await.unwrap();
    assert_eq!(again, Released::default(), "nothing is left to redrive");
    assert_eq!(stored(&*app.store, id).await.state, ActivityState::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_endpoints_have_a_fate_that_says_so() {
    let fix = Fix::default();
    let world = fix.world().await;
    let app = world.app("");
    populate(&app, gcm_endpoints(200)).await;
    let outcome = run(&app, holding(json!({}))).await;
    let activity = &outcome.activities[0];
    let dropped = app.engine.drop_held("c", Some(vec![0])).await.unwrap();
    assert_eq!((dropped.len(), &dropped[0].1), (1, &Released { batches: vec![0], endpoints: 50 }));
    let activity = stored(&*app.store, &activity.id).await;
    let frozen = app.store.frozen(&activity.id).await.unwrap();
    let standing = ledger::standing(&*app.store, &activity, &frozen).await.unwrap();
    let tally: Vec<_> = standing.tally.iter().collect();
    assert_eq!(tally, [(Fate::Sent, 100), (Fate::HookError, 50), (Fate::Held, 50)]);
    assert!(standing.examples[&Fate::HookError].contains("an operator dropped the batch"));
    assert_eq!(activity.state, ActivityState::Completed);
    let refused = app.engine.drop_held(activity.id.as_str(), Some(vec![0])).await;
    assert!(matches!(refused, Err(dead::Error::NotHeld { batch: 0, .. })), "{refused:?}");

    fix.apply();
    let (released, outcome) = redrive(&app, &activity.id, None).await;
    assert_eq!(released.batches, [3], "what was dropped is out");
    assert_eq!((outcome.tally.get(Fate::Sent), outcome.tally.get(Fate::HookError)), (150, 50));
    let nothing = app.engine.drop_held("c", None).await;
    assert!(matches!(nothing, Err(dead::Error::NothingHeld { .. })), "{nothing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reason_of_a_run_that_reached_nobody_follows_its_batches() {
    let world = World::new(|_| Reply::FunctionError("out of luck".into())).await;
    let app = world.app("");
    populate(&app, gcm_endpoints(60)).await;
    let id = run(&app, holding(json!({}))).await.activities[0].id.clone();
    let failure = async || stored(&*app.store, &id).await.failure.unwrap();
    assert!(failure().await.contains("60 endpoints met HELD: the hook failed"), "{}", failure().await);
    app.engine.drop_held(id.as_str(), None).await.unwrap();
    assert!(failure().await.contains("60 endpoints met HOOK_ERROR: the hook had failed, and an operator dropped"));
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_activities_are_not_redriven() {
    let world = World::new(|_| Reply::FunctionError("out of luck".into())).await;
    let app = world.app("");
    populate(&app, gcm_endpoints(60)).await;
    let mut activity = run(&app, holding(json!({}))).await.activities.remove(0);
    activity.state = ActivityState::Cancelled;
    app.store.update_activity(activity.clone()).await.unwrap();
    let refused = app.engine.redrive(&activity, None).await;
    assert!(matches!(refused, Err(dead::Error::Cancelled { .. })), "{refused:?}");
    let stale = Activity { state: ActivityState::Completed, ..activity };
    let refused = app.engine.redrive(&stale, None).await;
    assert!(matches!(refused, Err(dead::Error::Cancelled { .. })), "the store has the last word: {refused:?}");
}

/// A batch that is redriven while its run goes on is taken up when that is at its end.
#[tokio::test(flavor = "multi_thread")]
async fn batches_can_be_redriven_while_the_run_is_under_way() {
    let fix = Fix::default();
    let of_function = fix.clone();
    let world = World::new(move |event| {
        let slow = batch_of(event) == 1 && !of_function.is_applied();
        of_function.answer(event).after(Duration::from_millis(if slow { 6_000 } else { 0 }))
    })
    .await;
    let app = world.app("hook.timeout=15s");
    populate(&app, gcm_endpoints(120)).await;
    define(&app, "c", campaign(holding(json!({}))), json!({})).await;
    let activity = app.engine.begin(&ApplicationId::new(APPLICATION), &CampaignId::new("c")).await.unwrap().remove(0);
    let progress = Arc::new(Progress::default());
    let driven = tokio::spawn({
        let (engine, activity, progress) = (app.engine.clone(), activity.clone(), progress.clone());
        async move { engine.drive(activity, progress, CancellationToken::new()).await.unwrap() }
    });
    while app.store.held_batches().await.unwrap() == 0 {
        System::default().sleep(Duration::from_millis(5)).await;
    }
    assert!(!driven.is_finished());
    fix.apply();
    assert_eq!(app.engine.redrive(&activity, None).await.unwrap().endpoints, 50);
    assert_eq!(driven.await.unwrap(), Ending::Completed);

    let frozen = app.store.frozen(&activity.id).await.unwrap();
    let activity = stored(&*app.store, &activity.id).await;
    assert_eq!(activity.state, ActivityState::Completed);
    let standing = ledger::standing(&*app.store, &activity, &frozen).await.unwrap();
    assert_eq!(standing.tally.iter().collect::<Vec<_>>(), [(Fate::Sent, 120)]);
    assert_eq!((progress.tally(), progress.batches_done()), (standing.tally, 3), "nobody is counted twice");
    assert!(messages(&world).values().all(|messages| *messages == 1));
}

/// Goes when told to; sleeps are real.
struct Still(Mutex<Timestamp>);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }

    fn elapsed(&self) -> Duration {
        Duration::try_from(self.now().duration_since(Timestamp::UNIX_EPOCH)).unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        System::default().sleep(duration)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hour_counts_again_at_a_redrive() {
    let quiet = json!({ "QuietTime": { "Start": "22:00", "End": "08:00" }, "StartTime": "IMMEDIATE" });
    for (hours, changes, fate) in [
        (1, json!({ "Schedule": quiet }), Fate::Sent),
        // 23:00 in Vienna.
        (10, json!({ "Schedule": quiet }), Fate::QuietTime),
        (1, json!({ "Limits": { "MaximumDuration": 7_200 } }), Fate::Sent),
        (3, json!({ "Limits": { "MaximumDuration": 7_200 } }), Fate::Expired),
    ] {
        let fix = Fix::default();
        let world = fix.world().await;
        let clock = Arc::new(Still(Mutex::new("2026-03-01T12:00:00Z".parse().unwrap())));
        let (engine, store) = world.engine(clock.clone());
        let mut somebody = endpoint("e00000", ChannelType::Gcm, "e00000");
        somebody.update.demographic.timezone = Some("Europe/Vienna".into());
        populate_store(&*store, vec![somebody]).await;
        define_in(&*store, "c", campaign(holding(changes)), json!({})).await;
        let activities = engine.begin(&ApplicationId::new(APPLICATION), &CampaignId::new("c")).await.unwrap();
        let activity = &activities[0];
        engine.drive(activity.clone(), Arc::default(), CancellationToken::new()).await.unwrap();
        assert_eq!(store.held_batches().await.unwrap(), 1);

        fix.apply();
        *clock.0.lock() += Duration::from_secs(hours * 3_600);
        engine.redrive(&stored(&*store, &activity.id).await, None).await.unwrap();
        engine.drive(activity.clone(), Arc::default(), CancellationToken::new()).await.unwrap();
        let frozen = store.frozen(&activity.id).await.unwrap();
        let standing = ledger::standing(&*store, activity, &frozen).await.unwrap();
        assert_eq!(standing.tally.iter().collect::<Vec<_>>(), [(fate, 1)], "after {hours} hours");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn caps_and_wishes_count_again_at_a_redrive() {
    let fix = Fix::default();
    let world = fix.world().await;
    let app = world.app("");
    populate(&app, gcm_endpoints(50)).await;
    let cap = json!({ "Limits": { "Daily": 1 } });
    define(&app, "c", campaign(holding(json!({}))), cap.clone()).await;
    let held = run_stored(&app, "c").await;
    assert_eq!(held.tally.get(Fate::Held), 50);
    // Another campaign reaches all but ten of them, and one of those ten opts out.
    let mut gone = endpoint("e00000", ChannelType::Gcm, "e00000");
    gone.update.opt_out = Some(pinwheel::domain::OptOut::All);
    let keep = |event: &Event| {
        let mut kept: BTreeMap<String, Value> = serde_json::from_slice(&event.endpoints()).unwrap();
        kept.retain(|id, _| number_of(id) >= 10);
        Reply::answer(serde_json::to_vec(&kept).unwrap())
    };
    let other = function::Server::start(function::Record::Nothing, keep).await.unwrap();
    let hook = json!({ "WebUrl": format!("{}/filter", other.url()) });
    define(&app, "d", campaign(json!({ "Hook": hook })), cap).await;
    assert_eq!(run_stored(&app, "d").await.tally.get(Fate::Sent), 40);
    let application = ApplicationId::new(APPLICATION);
    app.store.upsert_endpoints(&application, vec![gone], "2026-03-02T09:00:00.000Z".into()).await.unwrap();

    fix.apply();
    let (_, outcome) = redrive(&app, &held.activities[0].id, None).await;
    let tally: Vec<_> = outcome.tally.iter().collect();
    assert_eq!(tally, [(Fate::Sent, 9), (Fate::DailyCap, 40), (Fate::OptOut, 1)]);
    assert!(messages(&world).values().all(|messages| *messages == 1));
}

fn command(settings: &std::path::Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_pinwheel"))
        .args(arguments)
        .arg("--config")
        .arg(settings)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_that_is_killed_goes_on_and_misses_nobody() {
    const ENDPOINTS: usize = 9_000;
    const KILLS: u64 = 3;
    let fix = Fix::default();
    let of_function = fix.clone();
    let world = World::new(move |event| {
        let reply = of_function.answer(event);
        if of_function.is_applied() { reply.after(Duration::from_millis(40)) } else { reply }
    })
    .await;
    let hook = json!({ "WebUrl": format!("{}/filter", world.functions.url()) });
    let (id, held) = {
        let app = world.app("");
        populate(&app, gcm_endpoints(ENDPOINTS)).await;
        let outcome = run(&app, holding(json!({ "Hook": hook }))).await;
        (outcome.activities[0].id.clone(), ids(&outcome, Fate::Held))
    };
    assert_eq!(held.len(), ENDPOINTS / 3);
    let settings = world.directory.path().join("pinwheel.toml");
    let mut table = world.settings();
    set(&mut table, "campaign.batches_in_flight", 3);
    std::fs::write(&settings, toml::to_string(&table).unwrap()).unwrap();

    fix.apply();
    let clock = System::default();
    let mut under_way = command(&settings, &["hook", "redrive", id.as_str()]);
    for _ in 0..KILLS {
        let target = world.fcm.messages() + 130;
        while world.fcm.messages() < target {
            assert!(under_way.try_wait().unwrap().is_none(), "it is to be killed before its end");
            clock.sleep(Duration::from_millis(1)).await;
        }
        under_way.kill().unwrap();
        under_way.wait().unwrap();
        under_way = command(&settings, &["activity", "resume", id.as_str()]);
    }
    assert!(under_way.wait().unwrap().success());

    let store = Sqlite::open(&world.directory.path().join("data"), Mode::Shared).unwrap();
    let activity = stored(&store, &id).await;
    assert_eq!((activity.state, store.held_batches().await.unwrap()), (ActivityState::Completed, 0));
    let (mut got, mut listed) = (messages(&world), 0);
    let all = members(&store, &activity).await;
    assert_eq!(all.len(), ENDPOINTS);
    for (id, byte, was_unknown) in all {
        let messages = got.remove(&id).unwrap_or_default();
        assert_eq!(Fate::from_byte(byte), Some(Fate::Sent), "{id}");
        assert!(messages == 1 || messages > 1 && was_unknown, "{id} got {messages} messages, unknown: {was_unknown}");
        assert!(!was_unknown || held.contains(&id), "{id} had got it before");
        listed += usize::from(was_unknown);
    }
    assert!(got.is_empty(), "somebody outside of the audience got a message");
    assert!(listed <= KILLS as usize * 3 * 50, "{listed} listed as unknown");
}
