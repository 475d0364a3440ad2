//! A world for a campaign: a store in a temporary directory, functions and providers on loopback.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use pinwheel::app::{self, App};
use pinwheel::campaign::{Ending, Engine, Progress, ledger};
use pinwheel::channel::{self, Deps};
use pinwheel::clock::Clock;
use pinwheel::config::{Config, Sources};
use pinwheel::domain::{ApplicationId, CampaignId, ChannelType, EndpointUpdate, Fate, Tally};
use pinwheel::hook::Invokers;
use pinwheel::http::Aws;
use pinwheel::sandbox::Record;
use pinwheel::sandbox::fcm::Fcm;
use pinwheel::sandbox::function::{self, Event, Reply};
use pinwheel::store::{Activity, Application, BatchRow, EndpointWrite, Kind, Store, sqlite};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub const APPLICATION: &str = "0123456789abcdef0123456789abcdef";
pub const SEGMENT: &str = "5e95e95e95e95e95e95e95e95e95e95e";

pub struct World {
    pub directory: TempDir,
    pub functions: function::Server,
    pub fcm: Fcm,
}

/// What became of a run.
pub struct Outcome {
    pub activities: Vec<Activity>,
    pub ending: Ending,
    /// Of all activities together.
    pub tally: Tally,
    pub fates: BTreeMap<String, Fate>,
    pub audience: u64,
}

impl World {
    /// A world whose functions all behave like this one.
    pub async fn new(handler: impl Fn(&Event) -> Reply + Send + Sync + 'static) -> Self {
        app::install_tls();
        Self {
            directory: TempDir::new().unwrap(),
            functions: function::Server::start(function::Record::Ids, handler).await.unwrap(),
            fcm: Fcm::start(Record::memory()).await.unwrap(),
        }
    }

    pub fn sink(&self) -> PathBuf {
        self.directory.path().join("sink.jsonl")
    }

    /// Messages of the sink, as it wrote them.
    pub fn sunk(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.sink()).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Settings that lead everything to this world; pauses are short.
    pub fn settings(&self) -> toml::Table {
        let mut settings: toml::Table = r#"
            [campaign]
            trigger_interval = "20ms"

            [hook]
            timeout = "500ms"
            pause_min = "1ms"
            pause_max = "5ms"
            allow_http = true
            allow_private_addresses = true

            [hook.circuit]
            open_min = "10ms"
            open_max = "50ms"

            [send]
            pause_min = "1ms"
            pause_max = "5ms"
            timeout = "2s"

            [send.circuit]
            wait_max = "0s"

            [channel.gcm]
            [channel.custom]
            [channel.sink]
            types = ["APNS", "EMAIL", "SMS"]
        "#
        .parse()
        .unwrap();
        set(&mut settings, "channel.gcm.base_url", self.fcm.base_url());
        set(&mut settings, "channel.gcm.service_account_json", self.fcm.service_account_json());
        set(&mut settings, "channel.sink.path", self.sink().display().to_string());
        set(&mut settings, "data.directory", self.directory.path().join("data").display().to_string());
        settings
    }

    /// An engine in this world that goes by `clock`, and its store.
    pub fn engine(&self, clock: Arc<dyn Clock>) -> (Arc<Engine>, Arc<dyn Store>) {
        self.engine_of(self.settings(), clock)
    }

    /// As [`engine`](Self::engine), with these settings.
    pub fn engine_of(&self, settings: toml::Table, clock: Arc<dyn Clock>) -> (Arc<Engine>, Arc<dyn Store>) {
        let sources = Sources { overlay: Some(settings), ..Sources::default() };
        let config = Arc::new(Config::load(sources).unwrap());
        let store: Arc<dyn Store> =
            Arc::new(sqlite::Sqlite::open(&config.data.directory, sqlite::Mode::Exclusive).unwrap());
        let aws = Arc::new(Aws::by_sdk_config(&self.functions.sdk_config()));
        let invokers = Arc::new(Invokers::new(&config.hook, &config.aws, aws.clone(), clock.clone()).unwrap());
        let deps = Deps { clock, invokers, aws, reports: None };
        let channels = Arc::new(channel::build_all(&config.channel, &deps).unwrap());
        (Arc::new(Engine::new(store.clone(), channels, deps, config)), store)
    }

    /// An app with these settings, which lead to this world.
    pub fn app_of(&self, settings: toml::Table) -> App {
        let sources = Sources { overlay: Some(settings), ..Sources::default() };
        App::open_with_functions(Config::load(sources).unwrap(), &self.functions.sdk_config()).unwrap()
    }

    /// An app in this world; `overlay` is TOML over [`settings`](Self::settings).
    pub fn app(&self, overlay: &str) -> App {
        let flags = overlay.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let sources = Sources { overlay: Some(self.settings()), flags, ..Sources::default() };
        App::open_with_functions(Config::load(sources).unwrap(), &self.functions.sdk_config()).unwrap()
    }
}

/// Sets a dotted key.
pub fn set(settings: &mut toml::Table, key: &str, value: impl Into<toml::Value>) {
    let (parents, last) = key.rsplit_once('.').unwrap();
    let mut table = settings;
    for name in parents.split('.') {
        let inner = table.entry(name).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        table = inner.as_table_mut().unwrap();
    }
    table.insert(last.to_owned(), value.into());
}

/// An active endpoint.
pub fn endpoint(id: &str, channel_type: ChannelType, address: &str) -> EndpointWrite {
    let update = EndpointUpdate {
        channel_type: Some(channel_type),
        address: Some(address.to_owned()),
        ..EndpointUpdate::default()
    };
    EndpointWrite { id: id.to_owned(), update }
}

/// GCM endpoints `e00000`, `e00001`, …, whose addresses are their ids.
pub fn gcm_endpoints(count: usize) -> Vec<EndpointWrite> {
    (0..count).map(|i| format!("e{i:05}")).map(|id| endpoint(&id, ChannelType::Gcm, &id)).collect()
}

/// The number in an id of [`gcm_endpoints`].
pub fn number_of(id: &str) -> usize {
    id[1..].parse().unwrap()
}

/// A campaign with a message for push, SMS and e-mail; `changes` are merged over it.
pub fn campaign(changes: Value) -> Value {
    let mut campaign = json!({
        "Name": "test",
        "SegmentId": SEGMENT,
        "Schedule": { "StartTime": "IMMEDIATE" },
        "MessageConfiguration": { "DefaultMessage": { "Title": "Hello", "Body": "World" } }
    });
    for (name, value) in changes.as_object().unwrap() {
        campaign[name] = value.clone();
    }
    campaign
}

/// The campaign's hook as a Lambda function.
pub fn lambda_hook() -> Value {
    json!({ "LambdaFunctionName": "filter", "Mode": "FILTER" })
}

/// Makes the application and the segment of everybody, and writes endpoints.
pub async fn populate(app: &App, endpoints: Vec<EndpointWrite>) {
    populate_store(&*app.store, endpoints).await;
}

/// As [`populate`], without an app.
pub async fn populate_store(store: &dyn Store, endpoints: Vec<EndpointWrite>) {
    let now = "2026-03-01T09:00:00.000Z".to_owned();
    let id = ApplicationId::new(APPLICATION);
    let application = Application {
        id: id.clone(),
        name: "test".into(),
        settings: "{}".into(),
        tags: "{}".into(),
        creation_date: now.clone(),
        last_modified_date: now.clone(),
        revision: 0,
    };
    store.put_application(application).await.unwrap();
    store.put_definition(Some(&id), Kind::Segment, SEGMENT, "{}".into(), now.clone()).await.unwrap();
    for result in store.upsert_endpoints(&id, endpoints, now).await.unwrap() {
        result.unwrap();
    }
}

/// Stores a campaign, with the application's settings.
pub async fn define(app: &App, campaign_id: &str, campaign: Value, defaults: Value) {
    define_in(&*app.store, campaign_id, campaign, defaults).await;
}

/// As [`define`], without an app.
pub async fn define_in(store: &dyn Store, campaign_id: &str, campaign: Value, defaults: Value) {
    let document = json!({ "Campaign": campaign, "Defaults": defaults }).to_string();
    let now = "2026-03-01T09:00:00.000Z".to_owned();
    store
        .put_definition(Some(&ApplicationId::new(APPLICATION)), Kind::Campaign, campaign_id, document, now)
        .await
        .unwrap();
}

/// Runs a stored campaign to its end.
pub async fn run_stored(app: &App, campaign_id: &str) -> Outcome {
    let activities = app.engine.begin(&ApplicationId::new(APPLICATION), &CampaignId::new(campaign_id)).await.unwrap();
    drive(app, activities, CancellationToken::new()).await
}

/// Runs a campaign to its end.
pub async fn run(app: &App, changes: Value) -> Outcome {
    define(app, "c", campaign(changes), json!({})).await;
    run_stored(app, "c").await
}

/// Runs activities to their end or until stopped, and reads the ledger.
pub async fn drive(app: &App, activities: Vec<Activity>, stop: CancellationToken) -> Outcome {
    let mut ending = Ending::Completed;
    for activity in &activities {
        let progress = Arc::new(Progress::default());
        if app.engine.drive(activity.clone(), progress, stop.clone()).await.unwrap() == Ending::Stopped {
            ending = Ending::Stopped;
        }
    }
    let mut outcome = Outcome { activities, ending, tally: Tally::default(), fates: BTreeMap::new(), audience: 0 };
    for activity in &outcome.activities {
        let frozen = app.store.frozen(&activity.id).await.unwrap();
        outcome.audience += frozen.endpoints();
        outcome.tally.merge(&ledger::standing(&*app.store, activity, &frozen).await.unwrap().tally);
        for (id, byte, _) in members(&*app.store, activity).await {
            if ![BatchRow::TO_SEND, BatchRow::OPEN].contains(&byte) {
                let earlier = outcome.fates.insert(id, Fate::from_byte(byte).unwrap());
                assert_eq!(earlier, None, "nobody is in two places");
            }
        }
    }
    outcome
}

/// Every member of an activity that the ledger has: id, fate byte, and whether an attempt is unknown.
pub async fn members(store: &dyn Store, activity: &Activity) -> Vec<(String, u8, bool)> {
    let ids = ids(store).await;
    let frozen = store.frozen(&activity.id).await.unwrap();
    let mut members = Vec::new();
    for (fate, set) in &frozen.settled {
        members.extend(set.iter().map(|number| (ids[&number].clone(), fate.as_byte(), false)));
    }
    for row in store.batches(&activity.id, 0, usize::MAX >> 1).await.unwrap() {
        let batch = pinwheel::campaign::batch::members(&frozen, row.index);
        assert_eq!(batch.len(), row.fates.len());
        for (place, (number, byte)) in batch.into_iter().zip(row.fates).enumerate() {
            members.push((ids[&number].clone(), byte, row.unknown >> place & 1 == 1));
        }
    }
    members
}

async fn ids(store: &dyn Store) -> BTreeMap<u32, String> {
    let mut ids = BTreeMap::new();
    let mut from = 0;
    loop {
        let page = store.scan_endpoints(&ApplicationId::new(APPLICATION), from, 10_000).await.unwrap();
        let Some(last) = page.iter().last() else { return ids };
        from = last.number + 1;
        ids.extend(page.iter().map(|endpoint| (endpoint.number, endpoint.id.to_owned())));
    }
}
