//! A pump before a sink that does as it is told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::channel::{self, Deps};
use crate::clock::{Clock, System};
use crate::config::{Config, Sources};
use crate::domain::{ActivityId, CampaignId, ChannelType, EndpointUpdate, Fate, TreatmentId};
use crate::event::sink::{Destination, Record, Refused, Sink};
use crate::hook::Invokers;
use crate::http::Aws;
use crate::store::outcome::EVENT_STREAM;
use crate::store::{Activity, ActivityState, Application, EndpointWrite, Event, Frozen, Store, sqlite};

/// Answers as listed, then takes everything.
#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<Result<(), Refused>>>,
    /// Cancelled with the next delivery.
    stop: Mutex<Option<CancellationToken>>,
    /// The endpoints of each delivery.
    got: Mutex<Vec<Vec<String>>>,
}

impl Sink for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn deliver<'a>(&'a self, _: &'a Destination, records: &'a [Record]) -> BoxFuture<'a, Result<(), Refused>> {
        self.got.lock().push(records.iter().map(|record| record.partition_key.clone()).collect());
        self.stop.lock().take().iter().for_each(CancellationToken::cancel);
        let answer = self.answers.lock().pop_front().unwrap_or(Ok(()));
        Box::pin(std::future::ready(answer))
    }
}

struct World {
    engine: Arc<Engine>,
    store: Arc<dyn Store>,
    sink: Arc<Scripted>,
    stop: CancellationToken,
    _directory: TempDir,
}

fn application_id() -> ApplicationId {
    ApplicationId::new("0123456789abcdef0123456789abcdef")
}

impl World {
    /// With a stream that is kept going.
    async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let flags = ["event_stream.pause_min=1ms", "event_stream.pause_max=5ms", "event_stream.records_max=5"];
        let sources = Sources { flags: flags.map(str::to_owned).into(), ..Sources::default() };
        let config = Arc::new(Config::load(sources).unwrap());
        let clock: Arc<dyn Clock> = Arc::new(System::default());
        let store: Arc<dyn Store> = Arc::new(sqlite::Sqlite::open(directory.path(), sqlite::Mode::Exclusive).unwrap());
        let aws = Arc::new(Aws::by_sdk_config(&aws_config::SdkConfig::builder().build()));
        let invokers = Arc::new(Invokers::new(&config.hook, &config.aws, aws.clone(), clock.clone()).unwrap());
        let deps = Deps { clock, invokers, aws, reports: None };
        let channels = Arc::new(channel::build_all(&config.channel, &deps).unwrap());
        let engine = Arc::new(Engine::new(store.clone(), channels, deps, config));
        let now = "2026-03-01T09:00:00.000Z".to_owned();
        let application = Application {
            id: application_id(),
            name: "shop".into(),
            settings: "{}".into(),
            tags: "{}".into(),
            creation_date: now.clone(),
            last_modified_date: now.clone(),
            revision: 0,
        };
        store.put_application(application).await.unwrap();
        store.begin_stream(&application_id()).await.unwrap();
        let document = json!({"DestinationStreamArn": "arn"}).to_string();
        store.put_definition(Some(&application_id()), Kind::EventStream, ID, document, now).await.unwrap();
        let (sink, stop) = (Arc::new(Scripted::default()), CancellationToken::new());
        Self { engine, store, sink, stop, _directory: directory }
    }

    async fn report(&self, endpoints: &[&str]) {
        let at = "2026-03-01T09:00:00Z".parse().unwrap();
        let event = |endpoint: &&str| Event {
            endpoint_id: (*endpoint).into(),
            id: "e".into(),
            event_type: "tick".into(),
            at,
            document: "{}".into(),
        };
        self.store.append_events(&application_id(), endpoints.iter().map(event).collect(), at).await.unwrap();
    }

    /// Has the stream kept going, and stopped within its first delivery.
    async fn tell_once(&self) {
        *self.sink.stop.lock() = Some(self.stop.clone());
        Streams::new(self.engine.clone(), Sinks::only(self.sink.clone())).run(self.stop.clone()).await;
    }

    /// Has the stream kept going until all is told; how it is then.
    async fn tell(&self) -> Status {
        let streams = Streams::new(self.engine.clone(), Sinks::only(self.sink.clone()));
        let running = tokio::spawn(streams.run(self.stop.clone()));
        let clock = System::default();
        let mut status = None;
        while status.is_none() {
            clock.sleep(Duration::from_millis(5)).await;
            let lag = self.engine.stream_lag(&application_id()).await.unwrap();
            let found = self.engine.streams().statuses().into_iter().next();
            status = found.filter(|status| lag == Lag::default() && status.oldest.is_none());
        }
        self.stop.cancel();
        running.await.unwrap();
        assert_eq!(self.engine.streams().statuses(), [], "no pump is left");
        status.unwrap()
    }
}

fn refused(places: &[usize], is_permanent: bool) -> Result<(), Refused> {
    Err(Refused { places: places.to_vec(), error: "no".into(), is_permanent })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_was_refused_goes_again_and_a_bad_record_blocks_nothing() {
    let world = World::new().await;
    world.report(&["a", "b", "c", "d", "e", "f"]).await;
    *world.sink.answers.lock() =
        [refused(&[0, 1, 2, 3, 4], false), refused(&[1, 3], false), refused(&[0], true), Ok(())].into();
    let status = world.tell().await;
    let all = vec!["a", "b", "c", "d", "e"];
    assert_eq!(*world.sink.got.lock(), [all.clone(), all, vec!["b", "d"], vec!["f"]]);
    assert_eq!((status.refused, status.refusal.as_deref(), status.failure), (1, Some("no"), None));
    assert!(world.store.reader(&application_id(), EVENT_STREAM).await.unwrap().unwrap() >= 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_leaves_what_is_not_taken_to_the_next_start() {
    let world = World::new().await;
    world.report(&["a", "b"]).await;
    world.sink.answers.lock().extend((0..10_000).map(|_| refused(&[0, 1], false)));
    let streams = Streams::new(world.engine.clone(), Sinks::only(world.sink.clone()));
    let running = tokio::spawn(streams.run(world.stop.clone()));
    let clock = System::default();
    while !world.engine.streams().statuses().iter().any(|status| status.failure.is_some()) {
        clock.sleep(Duration::from_millis(5)).await;
    }
    world.stop.cancel();
    running.await.unwrap();
    assert_eq!(world.engine.stream_lag(&application_id()).await.unwrap().events, 2);
    world.sink.answers.lock().clear();
    world.sink.got.lock().clear();
    let again = World { stop: CancellationToken::new(), ..world };
    again.tell().await;
    assert_eq!(*again.sink.got.lock(), [["a", "b"]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_the_bunch_under_way_only() {
    let world = World::new().await;
    world.report(&["a", "b", "c", "d", "e", "f", "g"]).await;
    world.tell_once().await;
    assert_eq!(*world.sink.got.lock(), [["a", "b", "c", "d", "e"]]);
    assert_eq!(world.engine.stream_lag(&application_id()).await.unwrap().events, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_does_not_wait_for_a_whole_audience() {
    let world = World::new().await;
    let address = |number| EndpointUpdate {
        channel_type: Some(ChannelType::Sms),
        address: Some(format!("address {number}")),
        ..EndpointUpdate::default()
    };
    let write = |number| EndpointWrite { id: format!("e{number}"), update: address(number) };
    let now = "2026-03-01T09:00:00.000Z".to_owned();
    let written = world.store.upsert_endpoints(&application_id(), (0..12).map(write).collect(), now).await.unwrap();
    let members = written.into_iter().map(Result::unwrap).collect();
    let activity = Activity {
        id: ActivityId::new("a1"),
        application_id: application_id(),
        campaign_id: CampaignId::new("c1"),
        campaign_version: 1,
        treatment_id: TreatmentId::new("0"),
        state: ActivityState::Completed,
        scheduled_start: "2026-03-01T09:00:00Z".parse().unwrap(),
        started_at: None,
        ended_at: None,
        failure: None,
        definition: Some("{}".into()),
        is_streamed: true,
    };
    let frozen = Frozen { settled: vec![(Fate::Holdout, members)], waves: Vec::new() };
    world.store.create_activities(vec![(activity, frozen)], None).await.unwrap();

    world.tell_once().await;
    let deliveries = || world.sink.got.lock().iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(deliveries(), [5]);
    assert_eq!(world.engine.stream_lag(&application_id()).await.unwrap().outcomes, 1, "it is told again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_call_left_that_was_cut_off_is_ended_at_the_start() {
    let world = World::new().await;
    world.store.delete_definition(Some(&application_id()), Kind::EventStream, ID).await.unwrap();
    world.report(&["a"]).await;
    let streams = Streams::new(world.engine.clone(), Sinks::only(world.sink.clone()));
    let running = tokio::spawn(streams.run(world.stop.clone()));
    let clock = System::default();
    while world.store.reader(&application_id(), EVENT_STREAM).await.unwrap().is_some() {
        clock.sleep(Duration::from_millis(5)).await;
    }
    world.stop.cancel();
    running.await.unwrap();
    assert!(world.sink.got.lock().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_put_again_while_a_bunch_is_under_way_keeps_its_place() {
    let world = World::new().await;
    world.report(&["a", "b"]).await;
    // Until it is put again, the sink takes nothing.
    world.sink.answers.lock().extend((0..100_000).map(|_| refused(&[0, 1], false)));
    let streams = Streams::new(world.engine.clone(), Sinks::only(world.sink.clone()));
    let running = tokio::spawn(streams.run(world.stop.clone()));
    let clock = System::default();
    while world.sink.got.lock().is_empty() {
        clock.sleep(Duration::from_millis(5)).await;
    }
    world.report(&["c"]).await;
    world.store.begin_stream(&application_id()).await.unwrap();
    world.report(&["d"]).await;
    world.sink.answers.lock().clear();
    while world.engine.stream_lag(&application_id()).await.unwrap() != Lag::default() {
        clock.sleep(Duration::from_millis(5)).await;
    }
    world.stop.cancel();
    running.await.unwrap();
    let mut told = world.sink.got.lock().concat();
    told.dedup();
    assert!(told.ends_with(&["b".to_owned(), "d".to_owned()]), "{told:?}");
    assert!(!told.contains(&"c".to_owned()), "it was reported before the new stream began");
}
