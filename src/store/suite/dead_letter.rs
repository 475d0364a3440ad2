//! Batches that are put aside, redriven and dropped.

use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::ledger::{activity, batch, create};
use super::{Place, application, application_id, with_application};
use crate::domain::{ActivityId, ApplicationId, CampaignId, Fate};
use crate::store::{
    Activity, ActivityState, BatchRow, DeadLetter, Error, Held, LetterAttempt, LetterState, Letters, Released, Stage,
    Store,
};

/// A batch whose first two members are held and whose third had opted out.
pub fn held_row(index: u32) -> BatchRow {
    let fates = [Fate::Held, Fate::Held, Fate::OptOut].map(Fate::as_byte).to_vec();
    BatchRow { fates, reasons: Some(r#"{"the hook failed: x":[0,1]}"#.into()), ..batch(index) }
}

pub fn held(request: &'static str) -> Held {
    let attempt = |latency_us| LetterAttempt {
        round: 0,
        at: "2026-03-01T09:00:00.000001Z".parse().unwrap(),
        latency: Duration::from_micros(latency_us),
        kind: "function".into(),
        error: "the hook failed: x".into(),
    };
    Held {
        function: "filter".into(),
        error: "the hook failed: x".into(),
        attempts: vec![attempt(7), attempt(1_500_000)],
        request: Bytes::from_static(request.as_bytes()),
    }
}

fn later(seconds: i64) -> Timestamp {
    batch(0).at + SignedDuration::from_secs(seconds)
}

/// A store with an activity that is completed, of which these batches are held.
async fn with_held(place: &dyn Place, batches: &[u32]) -> (std::sync::Arc<dyn Store>, ActivityId) {
    let store = with_application(place).await;
    let mut activity = activity("a1");
    create(&*store, &[&activity]).await.unwrap();
    for &index in batches {
        store.hold_batch(&activity.id, held_row(index), held("{\"Endpoints\":{}}")).await.unwrap();
    }
    activity.state = ActivityState::Completed;
    activity.ended_at = Some(later(1));
    activity.failure = Some("nobody got a message".into());
    store.update_activity(activity.clone()).await.unwrap();
    (store, activity.id)
}

async fn row(store: &dyn Store, activity: &ActivityId, index: u32) -> BatchRow {
    store.batches(activity, index, 1).await.unwrap().remove(0)
}

async fn letter(store: &dyn Store, activity: &ActivityId, batch: u32) -> DeadLetter {
    store.dead_letter(activity, batch).await.unwrap().unwrap()
}

pub async fn a_held_batch_and_its_letter_read_back_after_reopening(place: &dyn Place) {
    let (store, id) = with_held(place, &[3]).await;
    drop(store);

    let store = place.open().await;
    assert_eq!(row(&*store, &id, 3).await, held_row(3));
    let found = letter(&*store, &id, 3).await;
    let attempts = held("").attempts.into_iter().map(|attempt| LetterAttempt { round: 1, ..attempt });
    let expected = DeadLetter {
        position: found.position,
        application_id: application_id(),
        campaign_id: CampaignId::new("c1"),
        treatment_id: activity("a1").treatment_id,
        activity_id: id.clone(),
        batch: 3,
        state: LetterState::Held,
        function: "filter".into(),
        held_at: held_row(3).at,
        changed_at: held_row(3).at,
        members: 0b011,
        redrives: 0,
        error: "the hook failed: x".into(),
        attempts: attempts.collect(),
    };
    assert_eq!((found.endpoints(), found), (2, expected));
    assert_eq!(store.dead_letter_request(&id, 3).await.unwrap().unwrap(), "{\"Endpoints\":{}}");
    assert_eq!(store.held_batches().await.unwrap(), 1);
    assert_eq!(store.dead_letter(&id, 2).await.unwrap(), None);
    assert_eq!(store.dead_letter_request(&id, 2).await.unwrap(), None);
    assert_eq!(store.dead_letter(&ActivityId::new("a9"), 3).await.unwrap(), None);
}

pub async fn a_batch_is_held_with_its_letter_or_not_at_all(place: &dyn Place) {
    let store = with_application(place).await;
    let refused = store.hold_batch(&ActivityId::new("a9"), held_row(0), held("{}")).await;
    assert!(matches!(refused, Err(Error::NotFound { kind: "activity", .. })));
    assert_eq!(store.held_batches().await.unwrap(), 0);
    assert_eq!(store.dead_letters(Letters::default(), None, 10).await.unwrap(), []);
}

pub async fn a_redriven_batch_is_one_that_was_cut_off(place: &dyn Place) {
    let (store, id) = with_held(place, &[0, 2, 5]).await;
    let released = store.redrive_batches(&id, Some(vec![5, 0]), later(60)).await.unwrap();
    assert_eq!(released, Released { batches: vec![0, 5], endpoints: 4 });
    drop(store);

    let store = place.open().await;
    for index in [0, 5] {
        let row = row(&*store, &id, index).await;
        assert_eq!(row.fates, [BatchRow::OPEN, BatchRow::OPEN, Fate::OptOut.as_byte()]);
        assert_eq!((row.stage, row.reasons, row.at), (Stage::Intent, None, later(60)));
        let letter = letter(&*store, &id, index).await;
        assert_eq!((letter.state, letter.redrives, letter.changed_at), (LetterState::Redriven, 1, later(60)));
        assert_eq!((letter.held_at, letter.members, letter.attempts.len()), (held_row(0).at, 0b011, 2));
        assert_eq!(store.dead_letter_request(&id, index).await.unwrap(), None, "it holds personal data");
    }
    assert_eq!(row(&*store, &id, 2).await, held_row(2), "the others stay as they are");
    assert_eq!(store.held_batches().await.unwrap(), 1);
    let activity = store.activity(&id).await.unwrap().unwrap();
    assert_eq!((activity.state, activity.ended_at, activity.failure), (ActivityState::Running, None, None));

    let rest = store.redrive_batches(&id, None, later(61)).await.unwrap();
    assert_eq!(rest.batches, [2]);
    assert_eq!(store.redrive_batches(&id, None, later(62)).await.unwrap(), Released::default());
}

pub async fn what_is_not_held_is_not_released(place: &dyn Place) {
    let (store, id) = with_held(place, &[0, 1]).await;
    store.redrive_batches(&id, Some(vec![1]), later(60)).await.unwrap();
    let mut over = store.activity(&id).await.unwrap().unwrap();
    over.state = ActivityState::Completed;
    store.update_activity(over.clone()).await.unwrap();
    for batches in [vec![0, 1], vec![0, 7]] {
        let redriven = store.redrive_batches(&id, Some(batches.clone()), later(61)).await;
        assert!(matches!(redriven, Err(Error::NotFound { kind: "held batch", .. })), "{redriven:?}");
        let dropped = store.drop_batches(&id, Some(batches), "no use".into(), later(61)).await;
        assert!(matches!(dropped, Err(Error::NotFound { kind: "held batch", .. })), "{dropped:?}");
    }
    assert_eq!(row(&*store, &id, 0).await, held_row(0), "all or none");
    assert_eq!(store.activity(&id).await.unwrap(), Some(over.clone()));

    over.state = ActivityState::Cancelled;
    store.update_activity(over.clone()).await.unwrap();
    let cancelled = store.redrive_batches(&id, None, later(62)).await;
    assert!(matches!(cancelled, Err(Error::Conflict { kind: "activity", .. })), "{cancelled:?}");
    assert_eq!(store.activity(&id).await.unwrap(), Some(over));
    let stranger = ActivityId::new("a9");
    for refused in [
        store.redrive_batches(&stranger, None, later(62)).await,
        store.drop_batches(&stranger, None, "no use".into(), later(62)).await,
    ] {
        assert!(matches!(refused, Err(Error::NotFound { kind: "activity", .. })), "{refused:?}");
    }
}

pub async fn a_batch_that_is_held_again_keeps_its_attempts(place: &dyn Place) {
    let (store, id) = with_held(place, &[4]).await;
    store.redrive_batches(&id, None, later(60)).await.unwrap();
    let fates = [Fate::Held, Fate::DailyCap, Fate::OptOut].map(Fate::as_byte).to_vec();
    let again = BatchRow { fates, at: later(90), ..held_row(4) };
    let other = Held { error: "again".into(), function: "other".into(), ..held("{\"second\":1}") };
    store.hold_batch(&id, again.clone(), other).await.unwrap();

    let letter = letter(&*store, &id, 4).await;
    assert_eq!(row(&*store, &id, 4).await, again);
    assert_eq!((letter.state, letter.redrives, letter.members), (LetterState::Held, 1, 0b001));
    assert_eq!((letter.held_at, letter.error.as_str(), letter.function.as_str()), (later(90), "again", "other"));
    let rounds: Vec<_> = letter.attempts.iter().map(|attempt| attempt.round).collect();
    assert_eq!(rounds, [1, 1, 2, 2]);
    assert_eq!(store.dead_letter_request(&id, 4).await.unwrap().unwrap(), "{\"second\":1}");
}

pub async fn a_dropped_batch_says_why(place: &dyn Place) {
    let (store, id) = with_held(place, &[0, 1]).await;
    let released = store.drop_batches(&id, Some(vec![1]), "no use".into(), later(60)).await.unwrap();
    assert_eq!(released, Released { batches: vec![1], endpoints: 2 });
    let row = row(&*store, &id, 1).await;
    let fates = [Fate::HookError, Fate::HookError, Fate::OptOut].map(Fate::as_byte);
    assert_eq!((row.stage, &row.fates[..]), (Stage::Done, &fates[..]));
    assert_eq!(row.reasons.as_deref(), Some(r#"{"no use":[0,1]}"#));
    let letter = letter(&*store, &id, 1).await;
    assert_eq!((letter.state, letter.redrives, letter.changed_at), (LetterState::Dropped, 0, later(60)));
    assert_eq!(store.dead_letter_request(&id, 1).await.unwrap(), None);
    assert!(store.dead_letter_request(&id, 0).await.unwrap().is_some());
    let activity = store.activity(&id).await.unwrap().unwrap();
    assert_eq!((activity.state, activity.ended_at), (ActivityState::Completed, Some(later(60))));
    store.redrive_batches(&id, None, later(61)).await.unwrap();
    store.hold_batch(&id, held_row(0), held("{}")).await.unwrap();
    store.drop_batches(&id, None, "no use".into(), later(62)).await.unwrap();
    let activity = store.activity(&id).await.unwrap().unwrap();
    assert_eq!((activity.state, activity.ended_at), (ActivityState::Running, None), "it has not ended");
}

pub async fn letters_are_listed_by_page_and_kind(place: &dyn Place) {
    let (store, first) = with_held(place, &[9, 2]).await;
    let second = Activity { campaign_id: CampaignId::new("c2"), ..activity("a2") };
    create(&*store, &[&second]).await.unwrap();
    store.hold_batch(&second.id, held_row(0), held("")).await.unwrap();
    store.redrive_batches(&first, Some(vec![9]), later(60)).await.unwrap();
    assert_eq!(store.dead_letter_request(&second.id, 0).await.unwrap(), None, "there was none");

    let list = async |of: Letters, after, letters_max| -> Vec<(String, u32)> {
        let letters = store.dead_letters(of, after, letters_max).await.unwrap();
        letters.into_iter().map(|letter| (letter.activity_id.to_string(), letter.batch)).collect()
    };
    let pair = |activity: &str, batch| (activity.to_owned(), batch);
    let all = [pair("a1", 2), pair("a1", 9), pair("a2", 0)];
    assert_eq!(list(Letters::default(), None, 10).await, all);
    assert_eq!(list(Letters::default(), None, 2).await, all[..2]);
    let after = letter(&*store, &first, 9).await.position;
    assert_eq!(list(Letters::default(), Some(after), 2).await, all[2..]);
    let state = |state| Letters { state: Some(state), ..Letters::default() };
    assert_eq!(list(state(LetterState::Held), None, 10).await, [pair("a1", 2), pair("a2", 0)]);
    assert_eq!(list(state(LetterState::Redriven), None, 10).await, [pair("a1", 9)]);
    let campaign = Letters { campaign: Some(CampaignId::new("c2")), ..Letters::default() };
    assert_eq!(list(campaign, None, 10).await, [pair("a2", 0)]);
    let activity = |id: &str| Letters { activity: Some(ActivityId::new(id)), ..Letters::default() };
    assert_eq!(list(activity("a1"), None, 10).await, all[..2]);
    assert_eq!(list(activity("a1"), Some(after), 10).await, []);
    assert_eq!(list(activity("a9"), None, 10).await, []);
}

pub async fn letters_of_a_removed_application_are_gone(place: &dyn Place) {
    let (store, id) = with_held(place, &[0]).await;
    let other = ApplicationId::new("00");
    store.put_application(application(&other)).await.unwrap();
    let kept = Activity { application_id: other, ..activity("a2") };
    create(&*store, &[&kept]).await.unwrap();
    store.hold_batch(&kept.id, held_row(0), held("{}")).await.unwrap();
    assert_eq!(store.held_batches().await.unwrap(), 2);

    store.delete_application(&application_id()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(store.held_batches().await.unwrap(), 1);
        let left = store.dead_letters(Letters::default(), None, 10).await.unwrap();
        assert_eq!(left.iter().map(|letter| letter.activity_id.as_str()).collect::<Vec<_>>(), ["a2"]);
        assert_eq!(store.dead_letter(&id, 0).await.unwrap(), None);
        assert_eq!(store.dead_letter_request(&id, 0).await.unwrap(), None);
        // Made again, it has nothing of the old one.
        store.put_application(application(&application_id())).await.ok();
    }
    assert!(matches!(store.redrive_batches(&id, None, later(60)).await, Err(Error::NotFound { .. })));
    assert!(store.dead_letter_request(&kept.id, 0).await.unwrap().is_some());
}
