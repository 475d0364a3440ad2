//! The suite that every sink passes, against another side that can be steered.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, join_all};

use super::{Deps, Destination, Record, Refused, Sink};
use crate::clock::System;
use crate::domain::ApplicationId;
use crate::http::Aws;

/// What the other side is to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Behaviour {
    /// Take everything.
    Take,
    /// Refuse everything for now.
    Refuse,
    /// Take the request and never answer.
    Hang,
}

/// Another side and sinks that are set up for it.
pub trait OtherSide {
    /// The sink under test, the same one at each call. It waits longer than anything takes here.
    fn sink(&self) -> Arc<dyn Sink>;

    /// One that waits 200 ms.
    fn impatient(&self) -> Arc<dyn Sink>;

    /// One that leads where nobody listens.
    fn lost(&self) -> Arc<dyn Sink>;

    /// Where the other side behaves so, at least until the next call.
    fn to(&self, behaviour: Behaviour) -> Destination;

    /// The records that were taken, as JSON, in their order.
    fn taken(&self) -> BoxFuture<'_, Vec<String>>;

    /// A record with more bytes is never taken.
    fn record_bytes_max(&self) -> usize;

    /// Ends when three records that are to hang have arrived.
    fn hanging(&self) -> BoxFuture<'_, ()>;
}

/// What must be in no error.
const PRIVATE: [&str; 3] = ["somebody's words", "endpoint-of-somebody", "hunter2"];

/// Runs everything.
pub async fn run(side: &dyn OtherSide) {
    nothing_is_taken_well(side).await;
    everything_arrives_in_order(side).await;
    a_refusal_names_all_places_and_may_be_tried_again(side).await;
    silence_is_a_refusal(side).await;
    nobody_there_is_a_refusal(side).await;
    what_is_too_large_is_refused_for_good_and_alone(side).await;
    a_cancelled_delivery_leaves_the_sink_usable(side).await;
    deliveries_at_once_are_kept_apart(side).await;
}

async fn nothing_is_taken_well(side: &dyn OtherSide) {
    let before = side.taken().await.len();
    side.sink().deliver(&side.to(Behaviour::Take), &[]).await.unwrap();
    assert_eq!(side.taken().await.len(), before);
}

async fn everything_arrives_in_order(side: &dyn OtherSide) {
    let before = side.taken().await.len();
    let bunches: Vec<_> = (0..3).map(|bunch| records("order", bunch * 400..(bunch + 1) * 400)).collect();
    for bunch in &bunches {
        side.sink().deliver(&side.to(Behaviour::Take), bunch).await.unwrap();
    }
    let expected: Vec<_> = bunches.concat().iter().map(json).collect();
    assert_eq!(side.taken().await[before..], expected);
}

async fn a_refusal_names_all_places_and_may_be_tried_again(side: &dyn OtherSide) {
    let before = side.taken().await.len();
    let records = records("refused", 0..5);
    let refused = refused(&*side.sink(), &side.to(Behaviour::Refuse), &records).await;
    assert_eq!(refused.places, [0, 1, 2, 3, 4]);
    assert!(!refused.is_permanent, "{refused}");
    assert_eq!(side.taken().await.len(), before, "a refusal takes nothing");
    side.sink().deliver(&side.to(Behaviour::Take), &records).await.unwrap();
    assert_eq!(side.taken().await.len(), before + 5);
}

async fn silence_is_a_refusal(side: &dyn OtherSide) {
    let refused = refused(&*side.impatient(), &side.to(Behaviour::Hang), &records("silence", 0..3)).await;
    assert_eq!(refused.places, [0, 1, 2]);
    assert!(!refused.is_permanent && refused.error.contains("200ms"), "{refused}");
}

async fn nobody_there_is_a_refusal(side: &dyn OtherSide) {
    let refused = refused(&*side.lost(), &side.to(Behaviour::Take), &records("lost", 0..3)).await;
    assert_eq!(refused.places, [0, 1, 2]);
    assert!(!refused.is_permanent, "{refused}");
}

async fn what_is_too_large_is_refused_for_good_and_alone(side: &dyn OtherSide) {
    let before = side.taken().await.len();
    let mut records = records("large", 0..6);
    for place in [1, 4] {
        let filler = "x".repeat(side.record_bytes_max());
        records[place].json = Bytes::from(format!(r#"{{"text":"somebody's words","filler":"{filler}"}}"#));
    }
    let refusal = refused(&*side.sink(), &side.to(Behaviour::Take), &records).await;
    assert_eq!((refusal.places.as_slice(), refusal.is_permanent), ([1, 4].as_slice(), true), "{refusal}");
    let expected: Vec<_> = [0, 2, 3, 5].iter().map(|&place| json(&records[place])).collect();
    assert_eq!(side.taken().await[before..], expected);

    let refusal = refused(&*side.sink(), &side.to(Behaviour::Refuse), &records).await;
    assert!(!refusal.is_permanent, "the others can still be taken: {refusal}");
    assert_eq!(refusal.places, [0, 1, 2, 3, 4, 5]);
}

async fn a_cancelled_delivery_leaves_the_sink_usable(side: &dyn OtherSide) {
    let sink = side.sink();
    // More often than any pool or limit inside could hide.
    for _ in 0..10 {
        let (to, records) = (side.to(Behaviour::Hang), records("cancelled", 0..3));
        tokio::select! {
            told = sink.deliver(&to, &records) => panic!("the other side does not answer, but: {told:?}"),
            () = side.hanging() => {}
        }
    }
    let before = side.taken().await.len();
    sink.deliver(&side.to(Behaviour::Take), &records("after", 0..3)).await.unwrap();
    assert_eq!(side.taken().await.len(), before + 3);
}

async fn deliveries_at_once_are_kept_apart(side: &dyn OtherSide) {
    let (sink, before) = (side.sink(), side.taken().await.len());
    let bunches: Vec<_> = (0..8).map(|bunch| records(&format!("at once {bunch}"), 0..50)).collect();
    let to = side.to(Behaviour::Take);
    for told in join_all(bunches.iter().map(|bunch| sink.deliver(&to, bunch))).await {
        told.unwrap();
    }
    let taken = side.taken().await.split_off(before);
    assert_eq!(taken.len(), 400);
    for (number, bunch) in bunches.iter().enumerate() {
        let name = format!("at once {number}\"");
        let of_it: Vec<_> = taken.iter().filter(|json| json.contains(&name)).cloned().collect();
        assert_eq!(of_it, bunch.iter().map(json).collect::<Vec<_>>(), "each in its own order");
    }
}

async fn refused(sink: &dyn Sink, to: &Destination, records: &[Record]) -> Refused {
    let refused = sink.deliver(to, records).await.expect_err("it refuses");
    for private in PRIVATE {
        assert!(!refused.error.contains(private), "{refused}");
    }
    assert!(refused.places.is_sorted() && !refused.error.is_empty() && refused.error.len() < 500, "{refused}");
    refused
}

/// Boring records.
pub fn records(name: &str, numbers: std::ops::Range<usize>) -> Vec<Record> {
    numbers.map(|number| record(name, number)).collect()
}

/// A boring record.
pub fn record(name: &str, number: usize) -> Record {
    let json = format!(r#"{{"event_type":"cart.add","number":{number},"name":"{name}","text":"somebody's words"}}"#);
    Record {
        id: format!("{name}-{number}"),
        partition_key: format!("endpoint-of-somebody-{}", number % 7),
        event_type: "cart.add".into(),
        json: json.into(),
    }
}

/// As [`OtherSide::taken`] has it.
pub fn json(record: &Record) -> String {
    String::from_utf8(record.json.to_vec()).unwrap()
}

/// A destination of this application.
pub fn destination(application: &str, arn: &str) -> Destination {
    Destination { application_id: ApplicationId::new(application), arn: arn.to_owned() }
}

/// What sinks are made with.
pub fn deps(aws: Aws) -> Deps {
    Deps { clock: Arc::new(System::default()), aws: Arc::new(aws), data_directory: "/nonexistent".into() }
}

/// What [`OtherSide::impatient`] waits.
pub const IMPATIENT: Duration = Duration::from_millis(200);

/// What [`OtherSide::sink`] waits.
pub const PATIENT: Duration = Duration::from_secs(60);
