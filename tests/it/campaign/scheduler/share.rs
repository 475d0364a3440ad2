//! Campaigns at the same time: one that waits for its hook or its rate does not hold up another.

use super::*;

/// The campaigns with these words in their messages take a while; counts their calls.
async fn world(pause: Duration, calls: Arc<std::sync::atomic::AtomicU64>) -> World {
    World::new(move |event: &Event| {
        if !String::from_utf8_lossy(&event.payload).contains("Slow") {
            return function::echo(event);
        }
        calls.fetch_add(1, Relaxed);
        function::echo(event).after(pause)
    })
    .await
}

fn message(title: &str) -> Value {
    json!({ "GCMMessage": { "Title": title, "Body": "b", "Action": "OPEN_APP" } })
}

/// A stage with so few places that one campaign could take them all.
async fn stage(world: &World) -> Stage {
    let mut settings = world.settings();
    crate::support::set(&mut settings, "campaign.batches_in_flight", 8);
    crate::support::set(&mut settings, "hook.timeout", "15s");
    let clock = Leaping::new();
    Stage::with(world.engine_of(settings, Arc::new(clock.clone())), clock).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_hook_costs_others_no_more_than_its_share() {
    const FAST_BATCHES: u64 = 60;
    let slow_calls = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let world = world(Duration::from_secs(3), slow_calls.clone()).await;
    let stage = stage(&world).await;
    populate_store(&*stage.store, gcm_endpoints(FAST_BATCHES as usize * 50)).await;
    stage.put("slow", json!({ "Hook": lambda_hook(), "MessageConfiguration": message("Slow") })).await;
    until(async || slow_calls.load(Relaxed) == 8, "the slow one has all places").await;
    stage.put("fast", json!({ "Hook": lambda_hook(), "MessageConfiguration": message("Fast") })).await;
    stage.becomes("fast", "COMPLETED").await;
    // While 60 batches went through, the slow one began those that came back from its first ones, and of each later round only
    // its half of the places.
    let calls = slow_calls.load(Relaxed);
    assert!(calls <= 8 + 4 * 4, "{calls} slow calls meanwhile");
    assert_eq!(stage.status("slow").await, "EXECUTING");
    stage.scheduler.order(pinwheel::campaign::control::Order::Abort, "slow").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_waits_for_its_rate_holds_up_nobody() {
    let world = world(Duration::ZERO, Arc::default()).await;
    let stage = stage(&world).await;
    populate_store(&*stage.store, gcm_endpoints(3_000)).await;
    stage.put("paced", json!({ "Limits": { "MessagesPerSecond": 1 } })).await;
    until(async || world.fcm.messages() > 0, "it has begun").await;
    stage.put("fast", json!({ "Hook": lambda_hook() })).await;
    stage.becomes("fast", "COMPLETED").await;
    let paced = world.fcm.messages() - 3_000;
    assert!(paced <= 120, "{paced} seconds for 60 batches");
    assert_eq!(stage.status("paced").await, "EXECUTING");
    stage.scheduler.order(pinwheel::campaign::control::Order::Abort, "paced").await.unwrap();
}
