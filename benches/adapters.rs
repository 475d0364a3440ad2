//! What each adapter carries, against its provider on loopback.
//!
//! `cargo bench --bench adapters`. Every adapter sends for a while with as many calls at once as it takes by itself, full
//! batches each. Adapter and provider share the machine's cores, and loopback has no distance: compare figures of one run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hdrhistogram::Histogram;
use pinwheel::app;
use pinwheel::channel::{
    self, Adapter, Content, CustomContent, Deps, EmailContent, Message, Origin, Outcome, PushContent, Section,
};
use pinwheel::clock::{Stopwatch, System};
use pinwheel::config::{Config, Sources};
use pinwheel::domain::{ActivityId, ApplicationId, CampaignId, ChannelType, TreatmentId};
use pinwheel::hook::Invokers;
use pinwheel::http::Aws;
use pinwheel::sandbox::fcm::Fcm;
use pinwheel::sandbox::function::{self, Reply};
use pinwheel::sandbox::smtp::Smtp;
use pinwheel::sandbox::{Record, server};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long each adapter is measured, once it is warm. A whole run stays below half a minute with a dozen of them.
const MEASURED: Duration = Duration::from_millis(1_500);
const WARM_UP: Duration = Duration::from_millis(500);

/// An adapter and what it is measured with.
struct Entry {
    name: &'static str,
    channel_type: ChannelType,
    content: fn(&Setup) -> Content,
    /// The address of the endpoint with this number.
    address: fn(u64) -> String,
    start: fn() -> BoxFuture<'static, Setup>,
}

/// A provider that runs, and settings that lead to it.
struct Setup {
    section: String,
    provider: Box<dyn Provider>,
}

/// What is counted at a provider; `None` where it counts no such thing.
trait Provider: Send + Sync {
    fn url(&self) -> String {
        String::new()
    }

    fn connections(&self) -> Option<u64> {
        None
    }

    /// The most requests under way at once on one connection.
    fn streams_max(&self) -> Option<u64> {
        None
    }
}

/// The adapters. A further one is a further entry.
const ENTRIES: &[Entry] = &[
    Entry {
        name: "gcm",
        channel_type: ChannelType::Gcm,
        content: push,
        address: |number| format!("token-{number}"),
        start: || {
            Box::pin(async {
                let fcm = Fcm::start(Record::None).await.expect("there is a free port");
                let section = format!(
                    "base_url = \"{}\"\nservice_account_json = '''{}'''",
                    fcm.base_url(),
                    fcm.service_account_json()
                );
                Setup { section, provider: Box::new(Http(fcm, Fcm::server)) }
            })
        },
    },
    Entry {
        name: "email",
        channel_type: ChannelType::Email,
        content: email,
        address: |number| format!("receiver-{number}@example.com"),
        start: || {
            Box::pin(async {
                let smtp = Smtp::start(Record::None).await.expect("there is a free port");
                let port = smtp.address().port();
                let section = format!("port = {port}\nfrom_address = \"News <news@example.com>\"");
                Setup { section, provider: Box::new(smtp) }
            })
        },
    },
    Entry {
        name: "custom",
        channel_type: ChannelType::Custom,
        content: custom,
        address: |number| format!("customer-{number}"),
        start: || {
            Box::pin(async {
                let record = function::Record::Nothing;
                let functions = function::Server::start(record, |_| Reply::answer(&b"\"delivered\""[..]));
                let functions = functions.await.expect("there is a free port");
                let section = "allow_http = true\nallow_private_addresses = true".to_owned();
                Setup { section, provider: Box::new(functions) }
            })
        },
    },
    Entry {
        name: "sink",
        channel_type: ChannelType::Gcm,
        content: push,
        address: |number| format!("token-{number}"),
        start: || Box::pin(async { Setup { section: String::new(), provider: Box::new(Nobody) } }),
    },
];

/// A sandbox over the common HTTP server.
struct Http<P>(P, fn(&P) -> &server::Server);

impl<P: Send + Sync> Provider for Http<P> {
    fn connections(&self) -> Option<u64> {
        Some(self.1(&self.0).connections())
    }

    fn streams_max(&self) -> Option<u64> {
        Some(self.1(&self.0).streams_max())
    }
}

impl Provider for Smtp {
    fn connections(&self) -> Option<u64> {
        Some(Self::connections(self))
    }
}

impl Provider for function::Server {
    fn url(&self) -> String {
        Self::url(self)
    }

    fn connections(&self) -> Option<u64> {
        Some(Self::connections(self))
    }
}

struct Nobody;

impl Provider for Nobody {}

fn push(_: &Setup) -> Content {
    Content::Push(PushContent {
        title: Some("Your order is on its way".to_owned()),
        body: Some("It will be with you tomorrow between 9 and 11.".to_owned()),
        ..PushContent::default()
    })
}

fn email(_: &Setup) -> Content {
    Content::Email(EmailContent {
        subject: "Your order is on its way".to_owned(),
        text: Some("It will be with you tomorrow between 9 and 11.\n".repeat(20)),
        html: Some("<p>It will be with you <b>tomorrow</b> between 9 and 11.</p>\n".repeat(20)),
        ..EmailContent::default()
    })
}

fn custom(setup: &Setup) -> Content {
    Content::Custom(CustomContent {
        delivery_uri: format!("{}/deliver", setup.provider.url()).into(),
        data: None,
        endpoint_document: Bytes::from_static(
            br#"{"ChannelType":"CUSTOM","Address":"customer","Attributes":{"city":["Berlin"]},"User":{"UserId":"u"}}"#,
        ),
    })
}

fn origin() -> Arc<Origin> {
    Arc::new(Origin {
        application_id: ApplicationId::new("0123456789abcdef0123456789abcdef"),
        campaign_id: CampaignId::new("campaign"),
        activity_id: Some(ActivityId::new("activity")),
        treatment_id: Some(TreatmentId::new("0")),
        scheduled_time: "2026-03-01T09:00:00.000Z".to_owned(),
    })
}

/// Figures of one adapter.
struct Figures {
    seconds: f64,
    /// Of each message, from the call that carried it to the call's end.
    micros: Histogram<u64>,
}

fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("three digits are allowed")
}

/// Sends batches again and again, `in_flight` calls at once.
async fn measure(
    adapter: Arc<dyn Adapter>,
    in_flight: usize,
    batch: Arc<dyn Fn(u64) -> Vec<Message> + Send + Sync>,
) -> Figures {
    let next = Arc::new(AtomicU64::new(0));
    let clock = Stopwatch::start();
    let worker = || {
        let (adapter, batch, next) = (adapter.clone(), batch.clone(), next.clone());
        tokio::spawn(async move {
            let mut micros = histogram();
            while clock.elapsed() < WARM_UP + MEASURED {
                let messages = batch(next.fetch_add(1, Ordering::Relaxed));
                let latency = Stopwatch::start();
                let outcomes = adapter.send(&messages).await;
                let latency = latency.elapsed().as_micros() as u64;
                let refused = outcomes.iter().find(|outcome| !matches!(outcome, Outcome::Successful { .. }));
                assert!(refused.is_none(), "{refused:?}");
                if clock.elapsed() > WARM_UP {
                    micros.record_n(latency, messages.len() as u64).expect("it grows as it must");
                }
            }
            micros
        })
    };
    let workers: Vec<_> = (0..in_flight).map(|_| worker()).collect();
    let mut micros = histogram();
    for worker in workers {
        micros.add(worker.await.expect("workers do not fail")).expect("all have the same form");
    }
    Figures { seconds: (clock.elapsed() - WARM_UP).as_secs_f64(), micros }
}

async fn run(entry: &Entry, deps: &Deps, origin: &Arc<Origin>) {
    let setup = (entry.start)().await;
    let section = format!("[{}]\n{}", entry.name, setup.section).parse().expect("settings are TOML");
    let channels = channel::build_all(&section, deps).expect("settings fit");
    let Section { spec, adapter, .. } = &channels.sections()[0];
    let in_flight = channel::calls_at_once(spec, &**adapter);

    let (content, origin) = ((entry.content)(&setup), origin.clone());
    let (channel_type, address, size) = (entry.channel_type, entry.address, spec.batch_messages_max as u64);
    let message = move |number| Message {
        endpoint_id: format!("endpoint-{number}"),
        channel_type,
        address: address(number),
        idempotency_key: format!("activity-{number}"),
        content: content.clone(),
        origin: origin.clone(),
        reference: None,
    };
    let batch = move |call: u64| (call * size..(call + 1) * size).map(&message).collect();
    let Figures { seconds, micros } = measure(adapter.clone(), in_flight, Arc::new(batch)).await;

    let millis = |quantile: f64| micros.value_at_quantile(quantile) as f64 / 1_000.0;
    let count = |count: Option<u64>| count.map_or(String::new(), |count| count.to_string());
    println!(
        "| {:<8} | {:>9} | {in_flight:>9} | {:>10.0} | {:>7.2} | {:>7.2} | {:>11} | {:>7} |",
        entry.name,
        micros.len(),
        micros.len() as f64 / seconds,
        millis(0.5),
        millis(0.99),
        count(setup.provider.connections()),
        count(setup.provider.streams_max()),
    );
}

async fn run_all() {
    app::install_tls();
    let config = Config::load(Sources::default()).expect("the defaults fit");
    let clock = Arc::new(System::default());
    let aws = Arc::new(Aws::by_settings(&config.aws));
    let invokers = Invokers::new(&config.hook, aws.clone(), "", clock.clone()).expect("the defaults fit");
    let deps = Deps { clock, invokers: Arc::new(invokers), aws, reports: None };
    let origin = origin();
    println!("| adapter  |  messages | in flight | messages/s |  p50 ms |  p99 ms | connections | streams |");
    println!("|----------|----------:|----------:|-----------:|--------:|--------:|------------:|--------:|");
    for entry in ENTRIES {
        run(entry, &deps, &origin).await;
    }
}

fn main() {
    // `cargo test --benches` asks for nothing to be measured.
    if std::env::args().any(|argument| argument == "--bench") {
        tokio::runtime::Runtime::new().expect("threads can be started").block_on(run_all());
    }
}
