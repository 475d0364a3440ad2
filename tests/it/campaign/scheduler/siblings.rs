//! What the failure of one treatment is to the others of its campaign.

use std::sync::atomic::AtomicU64;

use super::*;

/// Calls for the second treatment, and what they are answered; the first one's work.
#[derive(Clone, Default)]
struct Second {
    calls: Arc<AtomicU64>,
    is_refused: Arc<AtomicBool>,
    works: Arc<AtomicBool>,
}

impl Second {
    async fn world(&self) -> World {
        let second = self.clone();
        World::new(move |event: &Event| {
            if !String::from_utf8_lossy(&event.payload).contains("Second") || second.works.load(Relaxed) {
                return function::echo(event);
            }
            second.calls.fetch_add(1, Relaxed);
            Reply::Status { code: if second.is_refused.load(Relaxed) { 403 } else { 429 }, retry_after: None }
        })
        .await
    }

    /// It is called again, not much later.
    async fn is_tried_again(&self, stage: &Stage) {
        let calls = self.calls.load(Relaxed);
        let mut seconds = 0;
        let is_tried = async || {
            stage.clock.leap(Duration::from_secs(1));
            seconds += 1;
            self.calls.load(Relaxed) > calls
        };
        until(is_tried, "it is tried again").await;
        assert!(seconds < 300, "{seconds} seconds");
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
async fn a_campaign_holds_itself_as_a_whole() {
    let second = Second::default();
    second.is_refused.store(true, Relaxed);
    let world = second.world().await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(1_000)).await;
    // The first treatment would take some eight minutes.
    stage.put("c", two_treatments(json!({ "Limits": { "MessagesPerSecond": 1 } }))).await;
    until(async || is_held(&stage, "c").await, "it holds itself").await;
    stage.a_while().await;
    second.is_tried_again(&stage).await;
    second.works.store(true, Relaxed);
    let completed = async || {
        stage.clock.leap(Duration::from_secs(5));
        stage.status("c").await == "COMPLETED"
    };
    until(completed, "both treatments end").await;
    assert_eq!(world.fcm.messages(), 1_000, "everybody once");
    assert!(!is_held(&stage, "c").await);
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
    for _ in 0..2 {
        stage.a_while().await;
        second.is_tried_again(&stage).await;
    }
    stage.a_while().await;
    assert_eq!(world.fcm.refusals(), refusals, "nobody else is lost");
    stage.scheduler.channel_changed(&application());
    until(async || world.fcm.refusals() > refusals, "somebody may have mended the channel").await;
}
