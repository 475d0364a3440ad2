//! What event streams have yet to tell.

use roaring::RoaringBitmap;

use super::dead_letter::{held, held_row};
use super::ledger::{activity, batch};
use super::{Place, application_id, with_application};
use crate::domain::{ActivityId, ApplicationId, Fate};
use crate::store::outcome::EVENT_STREAM;
use crate::store::{Activity, ActivityState, BatchRow, Error, Event, Frozen, Lag, Settled, Stage, Store};

fn streamed(id: &str) -> Activity {
    Activity { is_streamed: true, ..activity(id) }
}

/// An audience of which these met their fates at the beginning.
fn frozen(settled: &[(Fate, u32)]) -> Frozen {
    let set = |&(fate, members)| (fate, (0..members).collect::<RoaringBitmap>());
    Frozen { settled: settled.iter().map(set).collect(), waves: Vec::new() }
}

fn row(stage: Stage, fates: &[u8]) -> BatchRow {
    BatchRow { stage, fates: fates.to_vec(), ..batch(4) }
}

async fn outcomes(store: &dyn Store) -> Vec<(String, Settled)> {
    let outcomes = store.outcomes_after(&application_id(), 0, 100).await.unwrap();
    outcomes.into_iter().map(|outcome| (outcome.activity_id.to_string(), outcome.settled)).collect()
}

fn in_batch(members: u64) -> (String, Settled) {
    ("a1".to_owned(), Settled::InBatch { index: 4, members })
}

async fn with_stream(place: &dyn Place) -> std::sync::Arc<dyn Store> {
    let store = with_application(place).await;
    store.begin_stream(&application_id()).await.unwrap();
    store
}

pub async fn fates_at_the_beginning_and_the_end_are_noted(place: &dyn Place) {
    let store = with_stream(place).await;
    let told = frozen(&[(Fate::OptOut, 2), (Fate::Holdout, 1)]);
    let untold = frozen(&[(Fate::OptOut, 2), (Fate::Holdout, 0)]);
    let quiet = activity("a3");
    let all = vec![(streamed("a1"), told.clone()), (streamed("a2"), untold), (quiet.clone(), told)];
    store.create_activities(all, None).await.unwrap();
    assert_eq!(outcomes(&*store).await, [("a1".to_owned(), Settled::AtBegin)]);

    for _ in 0..2 {
        for activity in [streamed("a2"), quiet.clone()] {
            store.update_activity(Activity { state: ActivityState::Cancelled, ..activity }).await.unwrap();
        }
    }
    store.update_activity(Activity { state: ActivityState::Completed, ..streamed("a1") }).await.unwrap();
    drop(store);
    let store = place.open().await;
    let expected = [("a1".to_owned(), Settled::AtBegin), ("a2".to_owned(), Settled::ByCancelling)];
    assert_eq!(outcomes(&*store).await, expected, "once, of those that are streamed");
}

pub async fn a_batch_tells_fates_once(place: &dyn Place) {
    let store = with_stream(place).await;
    store.create_activities(vec![(streamed("a1"), Frozen::default())], None).await.unwrap();
    store.create_activities(vec![(activity("a2"), Frozen::default())], None).await.unwrap();
    let [removed, sent, quiet] = [Fate::HookRemoved, Fate::Sent, Fate::QuietTime].map(Fate::as_byte);
    let id = ActivityId::new("a1");
    store.record_batch(&id, row(Stage::Intent, &[removed, BatchRow::TO_SEND, quiet])).await.unwrap();
    assert_eq!(outcomes(&*store).await, [], "nothing is settled yet");
    for _ in 0..2 {
        store.record_batch(&id, row(Stage::Done, &[removed, sent, quiet])).await.unwrap();
    }
    assert_eq!(outcomes(&*store).await, [in_batch(0b110)]);
    store.record_batch(&id, row(Stage::Done, &[removed, quiet, quiet])).await.unwrap();
    assert_eq!(outcomes(&*store).await, [in_batch(0b110), in_batch(0b010)]);
    store.record_batch(&id, BatchRow { index: 5, ..row(Stage::Done, &[removed]) }).await.unwrap();
    store.record_batch(&ActivityId::new("a2"), row(Stage::Done, &[sent])).await.unwrap();
    assert_eq!(outcomes(&*store).await.len(), 2, "no record, and not streamed");
}

pub async fn a_redriven_batch_tells_of_those_who_were_held(place: &dyn Place) {
    let store = with_stream(place).await;
    store.create_activities(vec![(streamed("a1"), Frozen::default())], None).await.unwrap();
    let id = ActivityId::new("a1");
    // Two are held, one had opted out, one was sent to.
    let mut held_row = BatchRow { index: 4, ..held_row(4) };
    held_row.fates.push(Fate::Sent.as_byte());
    store.hold_batch(&id, held_row.clone(), held("{}")).await.unwrap();
    let mut expected = vec![in_batch(0b1011)];
    assert_eq!(outcomes(&*store).await, expected);
    store.redrive_batches(&id, None, held_row.at).await.unwrap();
    assert_eq!(outcomes(&*store).await, expected);
    let fates = [Fate::Sent, Fate::Held, Fate::OptOut, Fate::Sent].map(Fate::as_byte).to_vec();
    store.hold_batch(&id, BatchRow { fates, ..held_row.clone() }, held("{}")).await.unwrap();
    expected.push(in_batch(0b0011));
    assert_eq!(outcomes(&*store).await, expected);
    store.drop_batches(&id, None, "gone".into(), held_row.at).await.unwrap();
    assert_eq!(outcomes(&*store).await, expected, "it has the same status as before");
}

pub async fn a_stream_tells_what_is_written_while_it_is_there(place: &dyn Place) {
    let store = with_application(place).await;
    let (app, nobody) = (application_id(), ApplicationId::new("nobody"));
    let settled = frozen(&[(Fate::Holdout, 1)]);
    let begin = |id: &str| store.create_activities(vec![(streamed(id), settled.clone())], None);
    let event = |id: &str| Event {
        endpoint_id: "e".into(),
        id: id.into(),
        event_type: "tick".into(),
        at: batch(0).at,
        document: "{}".into(),
    };
    let append = |id: &str| store.append_events(&app, vec![event(id)], batch(0).at);
    begin("a1").await.unwrap();
    append("first").await.unwrap();
    assert_eq!(outcomes(&*store).await, [], "there is nobody to tell");
    assert!(matches!(store.begin_stream(&nobody).await, Err(Error::NotFound { .. })));
    store.begin_stream(&app).await.unwrap();
    assert_eq!(store.stream_lag(&app, 10).await.unwrap(), Lag::default());
    begin("a2").await.unwrap();
    begin("a3").await.unwrap();
    append("second").await.unwrap();
    assert_eq!(store.stream_lag(&app, 10).await.unwrap(), Lag { events: 1, outcomes: 2 });
    assert_eq!(store.stream_lag(&app, 1).await.unwrap(), Lag { events: 1, outcomes: 1 }, "it counts no further");
    let first = store.outcomes_after(&app, 0, 1).await.unwrap().remove(0).position;
    assert_eq!(store.outcomes_after(&app, first, 9).await.unwrap().len(), 1);
    store.delete_outcomes_through(&app, first).await.unwrap();
    assert_eq!(outcomes(&*store).await, [("a3".to_owned(), Settled::AtBegin)]);

    let position = async || store.reader(&app, EVENT_STREAM).await.unwrap();
    let begun = position().await.unwrap();
    store.advance_stream(&app, begun, begun + 100).await.unwrap();
    assert_eq!(store.stream_lag(&app, 10).await.unwrap(), Lag { events: 0, outcomes: 1 });
    store.advance_stream(&app, begun, begun + 1).await.unwrap();
    assert_eq!(position().await, Some(begun + 100), "it is elsewhere");
    store.end_stream(&app).await.unwrap();
    store.advance_stream(&app, begun + 100, begun + 101).await.unwrap();
    begin("a4").await.unwrap();
    assert_eq!(position().await, None);
    assert_eq!(outcomes(&*store).await, []);
    assert_eq!(store.stream_lag(&nobody, 10).await.unwrap(), Lag::default());
    store.end_stream(&nobody).await.unwrap();
}

pub async fn a_stream_ends_with_much_to_tell(place: &dyn Place) {
    let store = with_stream(place).await;
    let settled = frozen(&[(Fate::Holdout, 1)]);
    let activities = (0..4_500).map(|i| (streamed(&format!("a{i}")), settled.clone())).collect();
    store.create_activities(activities, None).await.unwrap();
    assert_eq!(store.stream_lag(&application_id(), 10_000).await.unwrap().outcomes, 4_500);
    store.end_stream(&application_id()).await.unwrap();
    assert_eq!(store.stream_lag(&application_id(), 10_000).await.unwrap(), Lag::default());
    assert_eq!(store.reader(&application_id(), EVENT_STREAM).await.unwrap(), None);
}
