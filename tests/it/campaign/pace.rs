//! A paced run that is stopped gives back what waits, and nobody is sent to twice or left out.

use pinwheel::campaign::Ending;
use pinwheel::domain::{ApplicationId, CampaignId, Fate};
use pinwheel::sandbox::function;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{APPLICATION, World, campaign, define, drive, gcm_endpoints, populate};

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_gives_back_what_waits_for_its_rate() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, gcm_endpoints(1_000)).await;
    define(&app, "c", campaign(json!({ "Limits": { "MessagesPerSecond": 300 } })), json!({})).await;
    let activities = app.engine.begin(&ApplicationId::new(APPLICATION), &CampaignId::new("c")).await.unwrap();

    let stop = CancellationToken::new();
    let stopper = async {
        while world.fcm.messages() < 70 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    let (stopped, ()) = tokio::join!(drive(&app, activities.clone(), stop.clone()), stopper);
    assert_eq!(stopped.ending, Ending::Stopped);
    let sent = world.fcm.messages();
    assert!((70..1_000).contains(&sent), "{sent}");
    assert_eq!(stopped.fates.values().filter(|fate| **fate == Fate::Sent).count() as u64, sent);
    assert_eq!(stopped.fates.len() as u64, sent, "nobody else has a fate, and nobody is unknown");

    let outcome = drive(&app, activities, CancellationToken::new()).await;
    assert_eq!(outcome.tally.get(Fate::Sent), 1_000);
    assert_eq!(world.fcm.messages(), 1_000, "nobody is sent to twice");
}
