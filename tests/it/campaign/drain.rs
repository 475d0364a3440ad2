//! A run that is asked to stop finishes its batches in flight, and goes on later where it stopped.

use std::time::Duration;

use pinwheel::campaign::Ending;
use pinwheel::domain::{ApplicationId, CampaignId, Fate};
use pinwheel::sandbox::function;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{APPLICATION, World, campaign, define, drive, gcm_endpoints, lambda_hook, populate};

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_run_goes_on_where_it_stopped() {
    let world = World::new(|event| function::echo(event).after(Duration::from_millis(2))).await;
    let app = world.app("campaign.batches_in_flight=2");
    populate(&app, gcm_endpoints(3_000)).await;
    define(&app, "c", campaign(json!({ "Hook": lambda_hook() })), json!({})).await;
    let activities = app.engine.begin(&ApplicationId::new(APPLICATION), &CampaignId::new("c")).await.unwrap();

    let stop = CancellationToken::new();
    let stopper = async {
        while world.functions.calls() < 10 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    let (stopped, ()) = tokio::join!(drive(&app, activities.clone(), stop.clone()), stopper);
    assert_eq!(stopped.ending, Ending::Stopped);
    let sent = stopped.tally.get(Fate::Sent);
    assert!((400..3_000).contains(&sent) && sent % 50 == 0, "{sent}");
    assert_eq!(world.fcm.messages(), sent, "batches in flight are finished");

    let outcome = drive(&app, activities, CancellationToken::new()).await;
    assert_eq!(outcome.ending, Ending::Completed);
    assert_eq!(outcome.tally.get(Fate::Sent), 3_000);
    assert_eq!(world.fcm.messages(), 3_000, "nobody is sent to twice");
    assert!(world.functions.ids().values().all(|&times| times == 1), "and nobody is asked for twice");
}
