//! A campaign whose hook is down loses nobody: short outages are waited out, and after long ones it holds itself and goes on
//! later. Where few batches fail, it goes on as ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use pinwheel::app::App;
use pinwheel::campaign::{Ending, Error, Progress};
use pinwheel::clock::{Clock, System};
use pinwheel::domain::{ApplicationId, CampaignId, Fate};
use pinwheel::sandbox::function::{self, Event, Reply};
use pinwheel::store::{Activity, ActivityState};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::hook::batch_of;
use crate::support::{APPLICATION, World, campaign, define, drive, gcm_endpoints, lambda_hook, populate, run};

const ENDPOINTS: usize = 1_000;

/// Settings of people who do not wait long for a function that is down. A busy machine makes nobody time out.
const HASTY: &str = "hook.circuit.wait_max=200ms\nhook.timeout=10s";

/// A function that is down while this says so, in this way.
async fn world_of(is_down: &Arc<AtomicBool>, failure: Reply) -> World {
    let is_down = is_down.clone();
    World::new(move |event| if is_down.load(Relaxed) { failure.clone() } else { function::echo(event) }).await
}

async fn begin(app: &App, changes: Value) -> Activity {
    populate(app, gcm_endpoints(ENDPOINTS)).await;
    define(app, "c", campaign(changes), json!({})).await;
    let mut begun = app.engine.begin(&ApplicationId::new(APPLICATION), &CampaignId::new("c")).await.unwrap();
    begun.pop().unwrap()
}

/// Drives the activity as it is stored now.
async fn drive_on(app: &App, activity: &Activity) -> (Result<Ending, Error>, Activity) {
    let stored = app.store.activity(&activity.id).await.unwrap().unwrap();
    let driven = app.engine.drive(stored, Arc::new(Progress::default()), CancellationToken::new()).await;
    (driven, app.store.activity(&activity.id).await.unwrap().unwrap())
}

/// Nobody has a fate, and nothing was sent.
async fn nobody_is_lost(app: &App, world: &World, activity: &Activity) {
    assert_eq!(app.store.batches(&activity.id, 0, 1_000).await.unwrap(), []);
    assert_eq!(world.fcm.messages(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_whose_hook_is_down_is_held_and_loses_nobody() {
    let failures = [
        (Reply::FunctionError("out of luck".into()), "function"),
        (Reply::Status { code: 403, retry_after: None }, "refused"),
        (Reply::answer("[]"), "undecodable"),
        (Reply::Drop, "transport"),
        (Reply::Status { code: 429, retry_after: None }, "throttled"),
    ];
    for (policy, (failure, expected)) in ["drop", "hold"].into_iter().cycle().zip(failures) {
        let is_down = Arc::new(AtomicBool::new(true));
        let world = world_of(&is_down, failure).await;
        let app = world.app(HASTY);
        let tags = json!({ "pinwheel:hook-failure": policy });
        let activity = begin(&app, json!({ "Hook": lambda_hook(), "tags": tags })).await;
        let mut since = None;
        for _ in 0..3 {
            let (driven, held) = drive_on(&app, &activity).await;
            match driven {
                Err(Error::HookFails { function, failed, ended, kind, has_worked }) => {
                    assert_eq!((function.as_str(), has_worked), ("filter", false));
                    assert!(failed >= 5 && failed == ended, "{failed} of {ended}");
                    assert!([expected, "left_alone"].contains(&kind), "{kind}");
                }
                driven => panic!("{expected}: {driven:?}"),
            }
            assert_eq!(held.state, ActivityState::Running);
            let note = held.failure.unwrap();
            assert!(note.starts_with("held since 2") && note.contains("the hook `filter` failed for"), "{note}");
            let began = note.split_once(": ").unwrap().0.to_owned();
            assert_eq!(*since.get_or_insert(began.clone()), began, "it is held since the first time");
            nobody_is_lost(&app, &world, &activity).await;
        }
        is_down.store(false, Relaxed);
        let (driven, done) = drive_on(&app, &activity).await;
        assert_eq!(driven.unwrap(), Ending::Completed);
        assert_eq!((done.state, done.failure), (ActivityState::Completed, None));
        let outcome = drive(&app, vec![activity], CancellationToken::new()).await;
        assert_eq!(outcome.tally.iter().collect::<Vec<_>>(), [(Fate::Sent, ENDPOINTS as u64)]);
        assert_eq!(world.fcm.messages(), ENDPOINTS as u64, "everybody once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_in_the_middle_of_a_run_is_waited_out() {
    for (failure, outage_ms, timeout) in [
        (Reply::FunctionError("out of luck".into()), 700, "hook.timeout=10s"),
        (Reply::Drop, 700, "hook.timeout=10s"),
        (Reply::Hang, 2_500, "hook.timeout=1500ms"),
    ] {
        let (clock, calls, down_at) = (System::default(), AtomicU64::new(0), AtomicU64::new(0));
        let world = World::new(move |event: &Event| {
            let now = clock.elapsed().as_millis() as u64;
            if calls.fetch_add(1, Relaxed) == 25 {
                down_at.store(now, Relaxed);
            }
            match down_at.load(Relaxed) {
                at if at > 0 && now < at + outage_ms => failure.clone(),
                _ => function::echo(event).after(Duration::from_millis(5)),
            }
        })
        .await;
        let app = world.app(timeout);
        populate(&app, gcm_endpoints(3_000)).await;
        let outcome = run(&app, json!({ "Hook": lambda_hook() })).await;
        assert_eq!(outcome.tally.iter().collect::<Vec<_>>(), [(Fate::Sent, 3_000)]);
        assert_eq!(world.fcm.messages(), 3_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_hook_dies_for_good_keeps_who_is_left() {
    let (is_down, calls) = (Arc::new(AtomicBool::new(true)), AtomicU64::new(0));
    let dies = is_down.clone();
    let world = World::new(move |event: &Event| match calls.fetch_add(1, Relaxed) {
        50.. if dies.load(Relaxed) => Reply::FunctionError("out of luck".into()),
        _ => function::echo(event),
    })
    .await;
    // Few of the last are looked at, so that what worked before is soon forgotten.
    let app = world.app(&format!("{HASTY}\nhook.hold.batches=10"));
    populate(&app, gcm_endpoints(5_000)).await;
    define(&app, "c", campaign(json!({ "Hook": lambda_hook() })), json!({})).await;
    let mut begun = app.engine.begin(&ApplicationId::new(APPLICATION), &CampaignId::new("c")).await.unwrap();
    let activity = begun.pop().unwrap();
    let (driven, held) = drive_on(&app, &activity).await;
    assert!(matches!(driven, Err(Error::HookFails { has_worked: true, .. })), "{driven:?}");
    assert!(held.failure.is_some());
    let sent = world.fcm.messages();
    assert!(sent > 0 && sent < 5_000, "{sent}");
    is_down.store(false, Relaxed);
    assert_eq!(drive_on(&app, &activity).await.0.unwrap(), Ending::Completed);
    let outcome = drive(&app, vec![activity], CancellationToken::new()).await;
    assert_eq!(outcome.tally.iter().collect::<Vec<_>>(), [(Fate::Sent, 5_000)]);
    assert_eq!(world.fcm.messages(), 5_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_third_batch_that_fails_is_no_reason_to_hold() {
    let world = World::new(|event: &Event| match batch_of(event) % 3 {
        0 => Reply::FunctionError("out of luck".into()),
        _ => function::echo(event),
    })
    .await;
    let app = world.app("");
    populate(&app, gcm_endpoints(3_000)).await;
    let outcome = run(&app, json!({ "Hook": lambda_hook() })).await;
    assert_eq!(outcome.tally.iter().collect::<Vec<_>>(), [(Fate::Sent, 2_000), (Fate::HookError, 1_000)]);
    // Three attempts each at the bad ones, and three more at the few that failed while nobody succeeded: the circuit was closed
    // all the time.
    let calls = world.functions.calls();
    assert!((40 + 20 * 3..=40 + 20 * 6).contains(&calls), "{calls} calls");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_prefers_to_send_and_who_never_holds_are_not_held() {
    for (overlay, policy, fate) in [("", "send", Fate::Sent), ("hook.hold.percent=101", "drop", Fate::HookError)] {
        let world = World::new(|_| Reply::Status { code: 403, retry_after: None }).await;
        let app = world.app(overlay);
        populate(&app, gcm_endpoints(ENDPOINTS)).await;
        let tags = json!({ "pinwheel:hook-failure": policy });
        let outcome = run(&app, json!({ "Hook": lambda_hook(), "tags": tags })).await;
        assert_eq!(outcome.tally.iter().collect::<Vec<_>>(), [(fate, ENDPOINTS as u64)], "{policy}");
    }
}
