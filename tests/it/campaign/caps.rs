//! Daily and total caps hold, also for campaigns at the same moment and over restarts.

use pinwheel::domain::Fate;
use pinwheel::sandbox::function;
use serde_json::json;

use crate::support::{World, campaign, define, gcm_endpoints, populate, run_stored};

#[tokio::test(flavor = "multi_thread")]
async fn ten_campaigns_at_once_cannot_overshoot_the_applications_daily_cap() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, gcm_endpoints(200)).await;
    for i in 0..10 {
        define(&app, &format!("c{i}"), campaign(json!({})), json!({ "Limits": { "Daily": 3 } })).await;
    }
    let ids: Vec<String> = (0..10).map(|i| format!("c{i}")).collect();
    let outcomes = futures_util::future::join_all(ids.iter().map(|id| run_stored(&app, id))).await;

    let sent: u64 = outcomes.iter().map(|outcome| outcome.tally.get(Fate::Sent)).sum();
    let capped: u64 = outcomes.iter().map(|outcome| outcome.tally.get(Fate::DailyCap)).sum();
    assert_eq!((sent, capped), (600, 1_400));
    let mut per_endpoint = std::collections::HashMap::<String, u32>::new();
    for entry in world.fcm.record().entries() {
        *per_endpoint.entry(entry.address).or_default() += 1;
    }
    assert_eq!(per_endpoint.len(), 200);
    assert!(per_endpoint.values().all(|&messages| messages == 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_cap_counts_all_runs_of_the_campaign_also_after_a_restart() {
    let world = World::new(function::echo).await;
    let limits = json!({ "Limits": { "Total": 2 } });
    {
        let app = world.app("");
        populate(&app, gcm_endpoints(60)).await;
        define(&app, "c", campaign(limits), json!({})).await;
        assert_eq!(run_stored(&app, "c").await.tally.get(Fate::Sent), 60);
    }
    let app = world.app("");
    assert_eq!(run_stored(&app, "c").await.tally.get(Fate::Sent), 60);
    assert_eq!(run_stored(&app, "c").await.tally.get(Fate::TotalCap), 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_sent_does_not_count() {
    let world = World::new(function::echo).await;
    let app = world.app("send.attempts_max=1");
    populate(&app, vec![crate::support::endpoint("e", pinwheel::domain::ChannelType::Gcm, "unavailable-1")]).await;
    define(&app, "c", campaign(json!({ "Limits": { "Daily": 1, "Total": 1 } })), json!({})).await;
    for _ in 0..3 {
        assert_eq!(run_stored(&app, "c").await.tally.get(Fate::TemporaryFailure), 1);
    }
}
