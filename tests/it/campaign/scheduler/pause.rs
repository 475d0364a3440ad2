//! Orders of operators: a run stops within one batch, stays so, and goes on with nobody missed or doubled.

use std::collections::HashMap;

use pinwheel::campaign::control::{Boundary, Error, Order, Stood};

use super::*;

async fn order(stage: &Stage, order: Order, id: &str) -> Vec<Stood> {
    stage.scheduler.order(order, id).await.unwrap()
}

async fn refusal(stage: &Stage, order: Order, id: &str) -> Error {
    stage.scheduler.order(order, id).await.unwrap_err()
}

async fn state(stage: &Stage, id: &str) -> ActivityState {
    stage.activities(id).await[0].state
}

fn messages(world: &World) -> HashMap<String, u32> {
    let mut messages = HashMap::new();
    for entry in world.fcm.record().entries() {
        *messages.entry(entry.address).or_default() += 1;
    }
    messages
}

/// Nothing is lost between the parts of a boundary, and the batches that were cut off hold nobody who was sent to.
fn adds_up(boundary: &Boundary) {
    assert_eq!(boundary.tally.total() + boundary.open, boundary.audience);
    assert_eq!(boundary.batches_done + boundary.batches_cut_off + boundary.batches_left(), boundary.batches);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_run_stays_paused_over_a_restart_and_goes_on_when_it_is_resumed() {
    const ENDPOINTS: usize = 10_000;
    let world = slow_world(Duration::from_millis(20)).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(ENDPOINTS)).await;
    stage.put("c", json!({ "Hook": lambda_hook(), "Limits": { "MessagesPerSecond": 4000 } })).await;
    until(async || world.fcm.messages() > 500, "messages go out").await;

    let paused = order(&stage, Order::Pause, "c").await;
    // From here on nothing is sent.
    let sent = world.fcm.messages();
    let boundary = &paused[0].boundary;
    adds_up(boundary);
    assert_eq!((paused.len(), boundary.audience, boundary.unknown), (1, ENDPOINTS as u64, 0));
    assert!(boundary.open > 0 && boundary.tally.get(Fate::Sent) <= sent, "{boundary:?}");
    assert!(boundary.first_open.is_some_and(|first| first <= boundary.batches_done));
    assert_eq!((stage.status("c").await.as_str(), state(&stage, "c").await), ("PAUSED", ActivityState::Paused));
    assert!(matches!(refusal(&stage, Order::Pause, "c").await, Error::AlreadyPaused { .. }));
    stage.scheduler.changed(&application(), &CampaignId::new("c"));
    stage.a_while().await;
    assert_eq!(world.fcm.messages(), sent, "a pause that was acknowledged has nothing behind it");

    let (clock, drained) = stage.stop().await;
    assert!(drained);
    let stage = Stage::at(&world, clock).await;
    stage.a_while().await;
    assert_eq!((stage.status("c").await.as_str(), world.fcm.messages()), ("PAUSED", sent));

    let resumed = order(&stage, Order::Resume, paused[0].activity.id.as_str()).await;
    assert_eq!(resumed[0].boundary, *boundary, "it goes on where it was paused");
    stage.becomes("c", "COMPLETED").await;
    assert_eq!(stage.over("c").await.1.successful(), ENDPOINTS as u64);
    let messages = messages(&world);
    assert_eq!(messages.len(), ENDPOINTS, "nobody is missed");
    assert!(messages.values().all(|messages| *messages == 1), "and nobody doubled");
    for order in [Order::Pause, Order::Resume, Order::Abort] {
        assert!(matches!(refusal(&stage, order, "c").await, Error::Over { .. }));
    }
    assert!(matches!(refusal(&stage, Order::Pause, "nobody").await, Error::Unknown { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_treatment_is_paused_and_resumed_while_the_other_runs() {
    let world = slow_world(Duration::from_millis(20)).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(8_000)).await;
    let message = json!({ "GCMMessage": { "Title": "Second", "Body": "2" } });
    let treatments = json!([{ "SizePercent": 50, "MessageConfiguration": message }]);
    let limits = json!({ "MessagesPerSecond": 2000 });
    stage.put("c", json!({ "AdditionalTreatments": treatments, "Hook": lambda_hook(), "Limits": limits })).await;
    until(async || world.fcm.messages() > 200, "messages go out").await;

    let activities = stage.activities("c").await;
    let (one, other) = (&activities[0].id, &activities[1].id);
    let paused = order(&stage, Order::Pause, one.as_str()).await;
    let sent = world.fcm.messages();
    until(async || world.fcm.messages() > sent + 200, "the other goes on").await;
    assert!(matches!(refusal(&stage, Order::Resume, other.as_str()).await, Error::NotPaused { .. }));
    let counts = stage.scheduler.count(&paused[0].activity).await.unwrap();
    assert_eq!(counts.tally, paused[0].boundary.tally, "the paused one does not");

    order(&stage, Order::Resume, one.as_str()).await;
    stage.becomes("c", "COMPLETED").await;
    let messages = messages(&world);
    assert_eq!(messages.len(), 8_000);
    assert!(messages.values().all(|messages| *messages == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aborted_run_ends_for_good() {
    let world = slow_world(Duration::from_millis(20)).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(8_000)).await;
    stage.put("c", json!({ "Hook": lambda_hook(), "Limits": { "MessagesPerSecond": 3000 } })).await;
    until(async || world.fcm.messages() > 300, "messages go out").await;

    let aborted = order(&stage, Order::Abort, "c").await;
    let sent = world.fcm.messages();
    let Stood { activity, boundary } = &aborted[0];
    adds_up(boundary);
    assert_eq!((activity.state, boundary.open), (ActivityState::Cancelled, 0));
    assert!(boundary.tally.get(Fate::Aborted) > 0 && boundary.batches_left() > 0, "{boundary:?}");
    assert!(matches!(refusal(&stage, Order::Resume, "c").await, Error::Over { .. }));
    stage.a_while().await;
    assert_eq!((stage.status("c").await.as_str(), world.fcm.messages()), ("COMPLETED", sent));
    let (activity, counts) = stage.over("c").await;
    assert_eq!(activity.failure.as_deref(), Some("an operator aborted it"));
    assert_eq!(counts.successful(), sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paused_ends_with_its_campaign_and_its_segment() {
    let world = slow_world(Duration::from_millis(20)).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(4_000)).await;
    for id in ["one", "two"] {
        stage.put(id, json!({ "Hook": lambda_hook(), "Limits": { "MessagesPerSecond": 1000 } })).await;
        until(async || stage.activities(id).await.len() == 1, "it begins").await;
        let key = (application(), CampaignId::new(id));
        let paused = stage.scheduler.pause_activities(&key, stage.scheduler.writing().await).await.unwrap();
        assert_eq!(paused.len(), 1);
    }
    stage.delete(Kind::Campaign, "one").await;
    stage.scheduler.deleted(&application(), &CampaignId::new("one"));
    until(async || state(&stage, "one").await == ActivityState::Cancelled, "it ends with its campaign").await;
    stage.over("one").await;

    let (clock, _) = stage.stop().await;
    let stage = Stage::at(&world, clock).await;
    stage.a_while().await;
    assert_eq!(state(&stage, "two").await, ActivityState::Paused);
    let key = (application(), CampaignId::new("two"));
    let writing = stage.scheduler.writing().await;
    stage.delete(Kind::Segment, SEGMENT).await;
    stage.scheduler.segment_deleted(&application(), SEGMENT);
    drop(writing);
    until(async || state(&stage, "two").await == ActivityState::Cancelled, "it ends with its segment").await;
    stage.over("two").await;
    let resumed = stage.scheduler.resume_activities(&key, stage.scheduler.writing().await).await.unwrap();
    assert!(resumed.is_empty());
}
