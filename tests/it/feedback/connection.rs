//! Reports that an adapter gets over a connection of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use pinwheel::campaign::Engine;
use pinwheel::channel::{self, Deps, Report, ReportKind, Reports, StopWords};
use pinwheel::clock::{Clock, System};
use pinwheel::config::{Config, Sources};
use pinwheel::domain::{ApplicationId, ChannelType};
use pinwheel::hook::Invokers;
use pinwheel::http::Aws;
use pinwheel::sandbox::function;
use pinwheel::store::Store;
use pinwheel::store::sqlite::{Mode, Sqlite};
use pinwheel::wire::endpoint::Head;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{NUMBER, endpoints};
use crate::support::{APPLICATION, World, populate_store};

#[tokio::test(flavor = "multi_thread")]
async fn they_are_applied_also_when_a_stop_comes() {
    let world = World::new(function::echo).await;
    let sources = Sources { overlay: Some(world.settings()), ..Sources::default() };
    let config = Arc::new(Config::load(sources).unwrap());
    let clock: Arc<dyn Clock> = Arc::new(System::default());
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&config.data.directory, Mode::Exclusive).unwrap());
    let aws = Arc::new(Aws::by_sdk_config(&world.functions.sdk_config()));
    let invokers = Arc::new(Invokers::new(&config.hook, &config.aws, aws.clone(), clock.clone()).unwrap());
    let (adapter, reports) = mpsc::channel(4);
    let stop_words = Arc::new(StopWords::new(&config.feedback.stop_words));
    let reports_to = Reports { sender: adapter.clone(), stop_words };
    let deps = Deps { clock, invokers, aws, reports: Some(reports_to) };
    let channels = Arc::new(channel::build_all(&config.channel, &deps).unwrap());
    let engine = Arc::new(Engine::new(store.clone(), channels, deps, config).with_reports(reports));
    populate_store(&*store, endpoints()).await;

    // SMPP's receipts have the number alone, and no `+`.
    for kind in [ReportKind::Delivered, ReportKind::HardBounce] {
        let report = Report {
            channel_type: ChannelType::Sms,
            kind,
            reference: None,
            address: Some(NUMBER.trim_start_matches('+').to_owned()),
            message_id: Some("smpp-1".into()),
            at: None,
            details: BTreeMap::new(),
        };
        adapter.send(report).await.unwrap();
    }
    let stop = CancellationToken::new();
    stop.cancel();
    engine.keep_reports(stop).await;

    let application = ApplicationId::new(APPLICATION);
    let events = store.events_after(&application, 0, 10).await.unwrap();
    let types: Vec<_> = events.iter().map(|row| row.event.event_type.as_str()).collect();
    assert_eq!(types, ["_SMS.SUCCESS", "_SMS.FAILURE"]);
    let page = store.endpoint(&application, "phone").await.unwrap();
    assert!(!Head::read(page.get(0).document).unwrap().is_active());
}
