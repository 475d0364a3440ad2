//! What the failure of one treatment is to the others of its campaign.

use std::sync::atomic::AtomicU64;

use super::*;

/// Calls for the second treatment, and what they are answered; the first one's work.
#[derive(Clone, Default)]
struct Second {
    calls: Arc<AtomicU64>,
    is_refused: Arc<AtomicBool>,
}

impl Second {
    async fn world(&self) -> World {
        let second = self.clone();
        World::new(move |event: &Event| {
            if !String::from_utf8_lossy(&event.payload).contains("Second") {
                return function::echo(event);
            }
            second.calls.fetch_add(1, Relaxed);
            Reply::Status { code: if second.is_refused.load(Relaxed) { 403 } else { 429 }, retry_after: None }
        })
        .await
    }

    /// It is called again after a pause or a few. Time leaps only while nothing is in flight, which would time out.
    async fn is_tried_again(&self, stage: &Stage, pause: Duration) {
        let calls = self.calls.load(Relaxed);
        for look in 0..100 {
            if look % 20 == 0 {
                stage.clock.leap(pause);
            }
            stage.a_while().await;
            if self.calls.load(Relaxed) > calls {
                return;
            }
        }
        panic!("it is not tried again");
    }
}

fn two_treatments(mut more: Value) -> Value {
    let message = json!({ "GCMMessage": { "Title": "Second", "Body": "2" } });
    more["AdditionalTreatments"] = json!([{ "SizePercent": 50, "MessageConfiguration": message }]);
    more["Hook"] = lambda_hook();
    more
}

async fn is_held(stage: &Stage, campaign: &str) -> bool {
    stage.activities(campaign).await.iter().any(|activity| activity.failure.is_some())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_treatment_that_its_channel_refused_is_not_tried_again_with_one_whose_hook_fails() {
    let second = Second::default();
    let world = second.world().await;
    let stage = Stage::new(&world).await;
    let denied = (0..2_000).map(|i| endpoint(&format!("e{i}"), ChannelType::Gcm, &format!("denied-{i}")));
    populate_store(&*stage.store, denied.collect()).await;
    stage.put("c", two_treatments(json!({}))).await;
    let mut refusals = 0;
    let refused = async || {
        let before = std::mem::replace(&mut refusals, world.fcm.refusals());
        stage.a_while().await;
        refusals >= 100 && refusals == before
    };
    until(refused, "the channel refuses the first treatment").await;
    second.is_refused.store(true, Relaxed);
    until(async || is_held(&stage, "c").await, "the second one holds itself").await;
    for minutes in 1..3 {
        stage.a_while().await;
        second.is_tried_again(&stage, Duration::from_secs(60) * minutes).await;
    }
    stage.a_while().await;
    assert_eq!(world.fcm.refusals(), refusals, "nobody else is lost");
    stage.scheduler.channel_changed(&application());
    until(async || world.fcm.refusals() > refusals, "somebody may have mended the channel").await;
}
