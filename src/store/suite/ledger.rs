//! Activities, audiences and batches.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use roaring::RoaringBitmap;

use super::{Place, application_id, with_application};
use crate::domain::{ActivityId, ApplicationId, CampaignId, Fate, TreatmentId};
use crate::store::{Activity, ActivityState, BatchRow, Error, Frozen, LedgerStore, Stage, Wave};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn activity(id: &str) -> Activity {
    Activity {
        id: ActivityId::new(id),
        application_id: application_id(),
        campaign_id: CampaignId::new("c1"),
        campaign_version: 3,
        treatment_id: TreatmentId::new("0"),
        state: ActivityState::Running,
        scheduled_start: time("2026-03-01T09:00:00.000001Z"),
        started_at: None,
        ended_at: None,
        failure: None,
        definition: Some("{}".into()),
        is_streamed: false,
    }
}

pub fn batch(index: u32) -> BatchRow {
    BatchRow {
        index,
        stage: Stage::Done,
        fates: vec![Fate::Sent.as_byte(); 50],
        unknown: 0,
        reasons: None,
        at: time("2026-03-01T09:00:01.5Z"),
    }
}

pub async fn create(store: &dyn LedgerStore, activities: &[&Activity]) -> Result<(), Error> {
    store
        .create_activities(activities.iter().map(|&activity| (activity.clone(), Frozen::default())).collect(), None)
        .await
}

pub async fn activities_read_back_after_reopening(place: &dyn Place) {
    let store = with_application(place).await;
    let (first, mut second) = (activity("a1"), activity("a2"));
    let other = Activity { campaign_id: CampaignId::new("c2"), ..activity("a3") };
    create(&*store, &[&first, &second]).await.unwrap();
    create(&*store, &[&other]).await.unwrap();
    second.state = ActivityState::Cancelled;
    second.started_at = Some(time("2026-03-01T09:00:02Z"));
    second.ended_at = Some(time("2026-03-01T10:00:00Z"));
    second.failure = Some("stopped by hand".into());
    store.update_activity(second.clone()).await.unwrap();
    drop(store);

    let store = place.open().await;
    assert_eq!(store.activity(&first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(store.activity(&second.id).await.unwrap(), Some(second.clone()));
    assert_eq!(store.activity(&ActivityId::new("a9")).await.unwrap(), None);
    let of_campaign = store.activities(&application_id(), &CampaignId::new("c1")).await.unwrap();
    let light = Activity { definition: None, ..second.clone() };
    assert_eq!(of_campaign, [light.clone(), first.clone()], "newest first, and light where they are over");
    let open = store.open_activities(&application_id(), &CampaignId::new("c1")).await.unwrap();
    assert_eq!(open, std::slice::from_ref(&first));
    let paused = Activity { state: ActivityState::Paused, ..first.clone() };
    store.update_activity(paused.clone()).await.unwrap();
    let open = store.open_activities(&application_id(), &CampaignId::new("c1")).await.unwrap();
    assert_eq!(open, [paused]);
    store.update_activity(first.clone()).await.unwrap();
    let running = store.activities_in_state(ActivityState::Running).await.unwrap();
    assert_eq!(running, [first.clone(), other.clone()], "oldest first");
    assert_eq!(store.activities_in_state(ActivityState::Completed).await.unwrap(), []);

    let ended = second.ended_at.unwrap();
    let since = store.activities_since(&application_id(), ended).await.unwrap();
    assert_eq!(since, [first.clone(), light, other.clone()]);
    let since = store.activities_since(&application_id(), ended + SignedDuration::from_secs(1)).await.unwrap();
    assert_eq!(since, [first, other]);
}

pub async fn activities_are_all_saved_or_none(place: &dyn Place) {
    let store = with_application(place).await;
    let (first, second) = (activity("a1"), activity("a2"));
    let stranger = Activity { application_id: ApplicationId::new("00"), ..activity("a3") };
    create(&*store, &[&second]).await.unwrap();
    let refused = create(&*store, &[&first, &stranger]).await;
    assert!(matches!(refused, Err(Error::NotFound { kind: "application", .. })));
    assert!(create(&*store, &[&first, &second]).await.is_err(), "an activity is created once");
    assert_eq!(store.activity(&first.id).await.unwrap(), None);
    assert!(matches!(store.frozen(&first.id).await, Err(Error::NotFound { kind: "activity", .. })));
    assert!(matches!(store.update_activity(first).await, Err(Error::NotFound { kind: "activity", .. })));
}

pub async fn audiences_read_back(place: &dyn Place) {
    let store = with_application(place).await;
    let mut dense = RoaringBitmap::new();
    dense.insert_range(1_000_000..2_500_000);
    let frozen = Frozen {
        settled: vec![
            (Fate::OptOut, [3, 7].into_iter().collect()),
            (Fate::Holdout, (0..10_000).step_by(100).collect()),
        ],
        waves: vec![
            Wave { due: time("2026-03-01T09:00:00Z"), members: dense },
            Wave { due: time("2026-03-01T08:00:00.25Z"), members: [u32::MAX].into_iter().collect() },
            Wave { due: time("9000-03-01T08:00:00Z"), members: RoaringBitmap::new() },
        ],
    };
    store.create_activities(vec![(activity("a1"), frozen.clone())], None).await.unwrap();
    create(&*store, &[&activity("a2")]).await.unwrap();
    drop(store);

    let store = place.open().await;
    assert_eq!(store.frozen(&ActivityId::new("a1")).await.unwrap(), frozen);
    assert_eq!(store.frozen(&ActivityId::new("a2")).await.unwrap(), Frozen::default());
}

pub async fn batches_of_many_tasks_are_all_there(place: &dyn Place) {
    const TASKS: u32 = 64;
    const ROWS: u32 = 20;
    let store = with_application(place).await;
    let activity = activity("a1");
    create(&*store, &[&activity]).await.unwrap();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (store, id) = (Arc::clone(&store), activity.id.clone());
            tokio::spawn(async move {
                for row in 0..ROWS {
                    store.record_batch(&id, batch(row * TASKS + task)).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    drop(store);

    let rows = place.open().await.batches(&activity.id, 0, usize::MAX).await.unwrap();
    let indexes: Vec<_> = rows.iter().map(|row| row.index).collect();
    assert_eq!(indexes, (0..TASKS * ROWS).collect::<Vec<_>>());
}

pub async fn batches_are_replaced_and_paged(place: &dyn Place) {
    let store = with_application(place).await;
    let (first, second) = (activity("a1"), activity("a2"));
    create(&*store, &[&first, &second]).await.unwrap();
    let intent =
        BatchRow { stage: Stage::Intent, fates: vec![BatchRow::TO_SEND; 3], unknown: u64::MAX, ..batch(u32::MAX) };
    for row in [intent.clone(), batch(2), batch(0), batch(1)] {
        store.record_batch(&first.id, row).await.unwrap();
    }
    store.record_batch(&second.id, batch(0)).await.unwrap();
    assert_eq!(store.batches(&first.id, 0, 2).await.unwrap(), [batch(0), batch(1)]);
    assert_eq!(store.batches(&first.id, 2, 10).await.unwrap(), [batch(2), intent]);

    let done = BatchRow { reasons: Some(r#"{"1":"gone"}"#.into()), ..batch(u32::MAX) };
    store.record_batch(&first.id, done.clone()).await.unwrap();
    assert_eq!(store.batches(&first.id, 3, 10).await.unwrap(), [done]);
    assert_eq!(store.batches(&second.id, 1, 10).await.unwrap(), []);
    assert_eq!(store.batches(&ActivityId::new("a9"), 0, 10).await.unwrap(), []);
}

pub async fn an_error_changes_nothing_and_spares_the_others(place: &dyn Place) {
    let store = with_application(place).await;
    let known = activity("a1");
    create(&*store, &[&known]).await.unwrap();
    let nobody = store.record_batch(&ActivityId::new("a9"), batch(0)).await;
    assert!(matches!(nobody, Err(Error::NotFound { kind: "activity", .. })));
    // Handed over together, so that they share commits. Every third fails after it has written something.
    let half_known = |index: u32| {
        let activity = |id: String| Activity { id: ActivityId::new(id), ..known.clone() };
        let stranger = Activity { application_id: ApplicationId::new("00"), ..activity(format!("y{index}")) };
        vec![(activity(format!("x{index}")), Frozen::default()), (stranger, Frozen::default())]
    };
    let writes = (0..200).map(|index| match index % 3 {
        0 => store.create_activities(half_known(index), None),
        _ => store.record_batch(&known.id, batch(index)),
    });
    for (index, result) in futures_util::future::join_all(writes).await.into_iter().enumerate() {
        assert_eq!(result.is_err(), index % 3 == 0, "write {index}");
    }
    let running = store.activities_in_state(ActivityState::Running).await.unwrap();
    assert_eq!(running, std::slice::from_ref(&known), "what a failed write began is undone");
    let rows = store.batches(&known.id, 0, usize::MAX).await.unwrap();
    let indexes: Vec<_> = rows.iter().map(|row| row.index).collect();
    assert_eq!(indexes, (0..200).filter(|index| index % 3 != 0).collect::<Vec<_>>());
}
