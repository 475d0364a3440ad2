//! The stages of a campaign, one by one, then a whole run into the sink.
//!
//! `cargo bench`. Absolute figures depend on the machine; compare figures of one run.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use pinwheel::app::{self, App};
use pinwheel::campaign::compose::{Composer, Overrides, Target, Templates};
use pinwheel::campaign::{Progress, batch};

use pinwheel::config::{Config, MissingVariable, Sources};
use pinwheel::domain::{ActivityId, ApplicationId, CampaignId, ChannelType, Endpoint, Fate, TreatmentId};
use pinwheel::hook::{answer, event};
use pinwheel::sandbox::sample;
use pinwheel::segment;
use pinwheel::store::{Activity, ActivityState, Application, BatchRow, Event, Frozen, Kind, Stage, Wave};
use pinwheel::wire;
use roaring::RoaringBitmap;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const APPLICATION: &str = "0123456789abcdef0123456789abcdef";
/// Endpoints in the store.
const ENDPOINTS: u64 = 20_000;
const NOW: &str = "2026-03-01T09:00:00.000Z";

/// Ids and stored documents of one full batch.
fn fifty() -> Vec<(String, Vec<u8>)> {
    (0..50)
        .map(|number| {
            let write = sample::endpoint(number);
            let mut endpoint = Endpoint::default();
            endpoint.merge(write.update, NOW);
            (write.id, wire::endpoint::write(&endpoint))
        })
        .collect()
}

fn split(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("batch split");
    let members: RoaringBitmap = (0..1_000_000).filter(|number| number % 3 != 0).collect();
    let frozen =
        Frozen { settled: Vec::new(), waves: vec![Wave { due: Timestamp::UNIX_EPOCH, members: members.clone() }] };
    let none = RoaringBitmap::new();
    group.throughput(Throughput::Elements(members.len()));
    group.bench_function("every third of a million left out", |bencher| {
        bencher.iter(|| {
            let (first, wave) = batch::waves(&frozen).next().unwrap();
            batch::unfinished(wave, first, &none).map(|batch| batch.members.len()).sum::<usize>()
        });
    });
    group.finish();
}

fn hook(criterion: &mut Criterion) {
    let fifty = fifty();
    let members: Vec<event::Member<'_>> =
        fifty.iter().map(|(id, document)| (id.as_str(), document.as_slice())).collect();
    let head = event::Head::filter(
        &json!({ "SMSMessage": { "Body": "20% off until Sunday" } }),
        &event::Run {
            application_id: &ApplicationId::new(APPLICATION),
            campaign_id: &CampaignId::new("c"),
            treatment_id: &TreatmentId::new("0"),
            activity_id: &ActivityId::new("a"),
            scheduled_time: NOW,
        },
    );
    let event = head.event(&members).unwrap();
    let mut group = criterion.benchmark_group("hook");
    group.throughput(Throughput::Bytes(event.len() as u64));
    group.bench_function("event build", |bencher| bencher.iter(|| head.event(black_box(&members)).unwrap()));

    let mut endpoints = serde_json::from_slice::<Value>(&event).unwrap()["Endpoints"].take();
    let untouched = serde_json::to_vec(
        &fifty
            .iter()
            .map(|(id, document)| {
                (
                    id.clone(),
                    serde_json::value::RawValue::from_string(String::from_utf8(document.clone()).unwrap()).unwrap(),
                )
            })
            .collect::<std::collections::BTreeMap<_, _>>(),
    )
    .unwrap();
    let reprinted = serde_json::to_vec_pretty(&endpoints).unwrap();
    for endpoint in endpoints.as_object_mut().unwrap().values_mut() {
        endpoint["Attributes"]["Offer"] = json!(["FREESHIP"]);
        endpoint["BodyOverride"] = json!("For you only");
    }
    let changed = serde_json::to_vec(&endpoints).unwrap();
    for (name, answered) in [("untouched", untouched), ("re-printed", reprinted), ("all changed", changed)] {
        group.throughput(Throughput::Bytes(answered.len() as u64));
        group.bench_function(format!("answer decode and merge, {name}"), |bencher| {
            bencher.iter_batched(
                || answered.clone(),
                |answered| answer::decode(answered, &members).unwrap(),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn compose(criterion: &mut Criterion) {
    let fifty = fifty();
    let now: Timestamp = NOW.parse().unwrap();
    let mut group = criterion.benchmark_group("compose");
    group.throughput(Throughput::Elements(50));
    for (name, body) in [
        ("static", "20% off until Sunday."),
        ("one variable", "{{User.UserAttributes.FirstName}}, 20% off until Sunday."),
    ] {
        let configuration = json!({ "SMSMessage": { "Body": body } });
        let configuration = serde_json::from_value(configuration).unwrap();
        let composer = Composer::new(Some(&configuration), &Templates::default(), None, MissingVariable::Fail).unwrap();
        group.bench_function(format!("50 messages, {name}"), |bencher| {
            bencher.iter(|| {
                for (id, document) in &fifty {
                    let overrides = Overrides::default();
                    let target = Target { id, channel_type: ChannelType::Sms, document, overrides };
                    black_box(composer.compose(&target, now).unwrap());
                }
            });
        });
    }
    group.finish();
}

/// A store with endpoints and a campaign of everybody into the sink.
struct World {
    _directory: TempDir,
    app: App,
    runtime: tokio::runtime::Runtime,
}

impl World {
    fn new() -> Self {
        app::install_tls();
        let directory = TempDir::new().unwrap();
        let settings = format!("[data]\ndirectory = {:?}\n[channel.sink]\n", directory.path().join("data"));
        let config = Config::load(Sources { overlay: Some(settings.parse().unwrap()), ..Sources::default() }).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let app = runtime.block_on(async {
            let app = App::open(config).unwrap();
            let id = ApplicationId::new(APPLICATION);
            let application = Application {
                id: id.clone(),
                name: "bench".into(),
                settings: "{}".into(),
                tags: "{}".into(),
                creation_date: NOW.into(),
                last_modified_date: NOW.into(),
                revision: 0,
            };
            app.store.put_application(application).await.unwrap();
            let writes = (0..ENDPOINTS).map(sample::endpoint).collect();
            app.store.upsert_endpoints(&id, writes, NOW.into()).await.unwrap();
            let dimensions = json!({ "Dimensions": { "Attributes": { "Tier": { "AttributeType": "INCLUSIVE", "Values": ["gold"] } } } });
            let campaign = json!({ "Campaign": {
                "Name": "bench", "SegmentId": "everybody", "Schedule": { "StartTime": "IMMEDIATE" },
                "MessageConfiguration": { "DefaultMessage": { "Title": "Hi", "Body": "{{User.UserAttributes.FirstName}}, hello" } }
            } });
            for (kind, name, document) in [
                (Kind::Segment, "gold", dimensions),
                (Kind::Segment, "everybody", json!({})),
                (Kind::Campaign, "bench", campaign),
            ] {
                app.store.put_definition(Some(&id), kind, name, document.to_string(), NOW.into()).await.unwrap();
            }
            app
        });
        Self { _directory: directory, app, runtime }
    }
}

fn store(criterion: &mut Criterion) {
    let World { app, runtime, _directory } = World::new();
    let id = ApplicationId::new(APPLICATION);
    let mut group = criterion.benchmark_group("store");
    group.sample_size(20);
    group.throughput(Throughput::Elements(ENDPOINTS));
    group.bench_function("segment scan, one attribute", |bencher| {
        let now: Timestamp = NOW.parse().unwrap();
        bencher.iter(|| runtime.block_on(segment::evaluate(&*app.store, &id, "gold", None, now)).unwrap());
    });

    let activity = Activity {
        id: ActivityId::new("a"),
        application_id: id.clone(),
        campaign_id: CampaignId::new("bench"),
        campaign_version: 1,
        treatment_id: TreatmentId::new("0"),
        state: ActivityState::Running,
        scheduled_start: Timestamp::UNIX_EPOCH,
        started_at: None,
        ended_at: None,
        failure: None,
        definition: Some("{}".into()),
        is_streamed: false,
    };
    runtime.block_on(app.store.create_activities(vec![(activity.clone(), Frozen::default())], None)).unwrap();
    let mut index = 0;
    for rows in [1u32, 64] {
        group.throughput(Throughput::Elements(u64::from(rows)));
        group.bench_function(format!("commit, {rows} batches at once"), |bencher| {
            bencher.iter(|| {
                let writes = (0..rows).map(|_| {
                    index += 1;
                    let row = BatchRow {
                        index,
                        stage: Stage::Done,
                        fates: vec![Fate::Sent.as_byte(); 50],
                        unknown: 0,
                        reasons: None,
                        at: Timestamp::UNIX_EPOCH,
                    };
                    app.store.record_batch(&activity.id, row)
                });
                runtime.block_on(futures_util::future::try_join_all(writes)).unwrap();
            });
        });
    }
    group.finish();
}

/// Callers that append a hundred events each at once.
fn events(criterion: &mut Criterion) {
    let World { app, runtime, _directory } = World::new();
    let id = ApplicationId::new(APPLICATION);
    let mut group = criterion.benchmark_group("store/events");
    group.sample_size(20);
    let mut calls = 0;
    for callers in [1u32, 8, 32] {
        group.throughput(Throughput::Elements(u64::from(callers) * 100));
        group.bench_function(format!("{callers} callers append 100"), |bencher| {
            let batches = || {
                let mut batch = || -> Vec<_> {
                    calls += 1;
                    let event = |i: u32| Event {
                        endpoint_id: format!("endpoint {}", calls * 100 + i),
                        id: format!("7f3e9a4c-0000-4000-8000-{calls:06}{i:06}"),
                        event_type: "cart.add".into(),
                        at: Timestamp::UNIX_EPOCH,
                        document: format!(r#"{{"EventType":"cart.add","Attributes":{{"pad":"{}"}}}}"#, "x".repeat(300)),
                    };
                    (0..100).map(event).collect()
                };
                (0..callers).map(|_| batch()).collect::<Vec<_>>()
            };
            let append = |batches: Vec<Vec<Event>>| {
                let calls = batches.into_iter().map(|batch| app.store.append_events(&id, batch, Timestamp::UNIX_EPOCH));
                runtime.block_on(futures_util::future::try_join_all(calls)).unwrap()
            };
            bencher.iter_batched(batches, append, BatchSize::PerIteration);
        });
    }
    group.finish();
}

fn whole_run(criterion: &mut Criterion) {
    let World { app, runtime, _directory } = World::new();
    let id = ApplicationId::new(APPLICATION);
    let mut group = criterion.benchmark_group("whole run into the sink");
    group.sample_size(10);
    group.throughput(Throughput::Elements(ENDPOINTS));
    group.bench_function(format!("{ENDPOINTS} endpoints, no hook"), |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                for activity in app.engine.begin(&id, &CampaignId::new("bench")).await.unwrap() {
                    let progress = Arc::new(Progress::default());
                    app.engine.drive(activity, progress, CancellationToken::new()).await.unwrap();
                }
            });
        });
    });
    group.finish();
}

criterion_group!(stages, split, hook, compose, store, events, whole_run);
criterion_main!(stages);
