//! Treatments and holdout divide the segment by cohort, and each treatment has an activity of its own.

use pinwheel::domain::Fate;
use pinwheel::sandbox::function;
use serde_json::json;

use crate::support::{World, gcm_endpoints, lambda_hook, populate, run};

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_one_treatment_or_is_held_out() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, gcm_endpoints(5_000)).await;
    let outcome = run(
        &app,
        json!({
            "HoldoutPercent": 10,
            "Hook": lambda_hook(),
            "AdditionalTreatments": [
                { "SizePercent": 20, "MessageConfiguration": { "GCMMessage": { "Title": "One", "Body": "1" } } },
                { "SizePercent": 30, "MessageConfiguration": { "GCMMessage": { "Title": "Two", "Body": "2" } } }
            ]
        }),
    )
    .await;
    assert_eq!(outcome.activities.iter().map(|a| a.treatment_id.as_str()).collect::<Vec<_>>(), ["0", "1", "2"]);
    assert_eq!(outcome.audience, 5_000);
    let holdout = outcome.tally.get(Fate::Holdout);
    assert!((400..600).contains(&holdout), "{holdout} held out");
    assert_eq!(outcome.tally.get(Fate::Sent), 5_000 - holdout);
    assert_eq!(world.functions.ids().len() as u64, 5_000 - holdout, "those held out are not shown to the hook");

    let mut sizes = Vec::new();
    for activity in &outcome.activities {
        sizes.push(app.store.frozen(&activity.id).await.unwrap().endpoints());
    }
    // The default treatment takes the rest, and those held out count in it.
    for (size, expected) in sizes.iter().zip([2_500, 1_000, 1_500]) {
        assert!(size.abs_diff(expected) < 250, "{sizes:?}");
    }
}
