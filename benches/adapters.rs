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
    SmsContent, VoiceContent,
};
use pinwheel::clock::{Stopwatch, System};
use pinwheel::config::{Config, Sources};
use pinwheel::domain::{ActivityId, ApplicationId, CampaignId, ChannelType, TreatmentId};
use pinwheel::hook::Invokers;
use pinwheel::http::Aws;
use pinwheel::sandbox::adm::Adm;
use pinwheel::sandbox::apns::{Apns, Senders};
use pinwheel::sandbox::aws::{Messaging, Ses};
use pinwheel::sandbox::baidu::Baidu;
use pinwheel::sandbox::fcm::Fcm;
use pinwheel::sandbox::function::{self, Reply};
use pinwheel::sandbox::pinpoint::Pinpoint;
use pinwheel::sandbox::smpp::Smpp;
use pinwheel::sandbox::smtp::Smtp;
use pinwheel::sandbox::twilio::Twilio;
use pinwheel::sandbox::{Record, aws, server};
use rustls_pki_types::PrivateKeyDer;

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
        name: "adm",
        channel_type: ChannelType::Adm,
        content: push,
        address: |number| format!("token-{number}"),
        start: || Box::pin(start_adm()),
    },
    Entry {
        name: "apns",
        channel_type: ChannelType::Apns,
        content: push,
        address: |number| format!("token-{number}"),
        start: || Box::pin(start_apns()),
    },
    Entry {
        name: "baidu",
        channel_type: ChannelType::Baidu,
        content: push,
        address: |number| format!("token-{number}"),
        start: || Box::pin(start_baidu()),
    },
    Entry {
        name: "custom",
        channel_type: ChannelType::Custom,
        content: custom,
        address: |number| format!("customer-{number}"),
        start: || Box::pin(start_custom()),
    },
    Entry {
        name: "email",
        channel_type: ChannelType::Email,
        content: email,
        address: |number| format!("receiver-{number}@example.com"),
        start: || Box::pin(start_email()),
    },
    Entry {
        name: "gcm",
        channel_type: ChannelType::Gcm,
        content: push,
        address: |number| format!("token-{number}"),
        start: || Box::pin(start_gcm()),
    },
    Entry {
        name: "pinpoint",
        channel_type: ChannelType::Gcm,
        content: push,
        address: |number| format!("token-{number}"),
        start: || Box::pin(start_pinpoint()),
    },
    Entry {
        name: "ses",
        channel_type: ChannelType::Email,
        content: email,
        address: |number| format!("receiver-{number}@example.com"),
        start: || Box::pin(start_ses()),
    },
    Entry {
        name: "sink",
        channel_type: ChannelType::Gcm,
        content: push,
        address: |number| format!("token-{number}"),
        start: || Box::pin(async { Setup { section: String::new(), provider: Box::new(Nobody) } }),
    },
    Entry {
        name: "sms",
        channel_type: ChannelType::Sms,
        content: sms,
        address: |number| format!("+1206555{:04}", number % 9_000),
        start: || Box::pin(start_messaging()),
    },
    Entry {
        name: "smpp",
        channel_type: ChannelType::Sms,
        content: sms,
        address: |number| format!("+1206555{:04}", number % 9_000),
        start: || Box::pin(start_smpp()),
    },
    Entry {
        name: "twilio",
        channel_type: ChannelType::Sms,
        content: sms,
        address: |number| format!("+12065{number:06}"),
        start: || Box::pin(start_twilio()),
    },
    Entry {
        name: "voice",
        channel_type: ChannelType::Voice,
        content: voice,
        address: |number| format!("+1206555{:04}", number % 9_000),
        start: || Box::pin(start_messaging()),
    },
];

const PORT: &str = "there is a free port";

async fn start_adm() -> Setup {
    let provider = Adm::start(Record::None).await.expect(PORT);
    Setup { section: provider.section(), provider: Box::new(Http(provider, Adm::server)) }
}

async fn start_apns() -> Setup {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate can be made");
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("the key has a known form");
    let builder = rustls::ServerConfig::builder().with_no_client_auth();
    let mut tls = builder.with_single_cert(vec![made.cert.der().clone()], key).expect("key and certificate are a pair");
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let apns = Apns::start(Some(tls.into()), Senders::Tokens, Record::None).await.expect(PORT);
    let directory = tempfile::tempdir().expect("there is room for a file");
    let ca_file = directory.path().join("ca.pem");
    std::fs::write(&ca_file, made.cert.pem()).expect("there is room for a file");
    let section = apns.section(&ca_file);
    Setup { section, provider: Box::new(Http((apns, directory), |(apns, _)| apns.server())) }
}

async fn start_baidu() -> Setup {
    let provider = Baidu::start(Record::None).await.expect(PORT);
    Setup { section: provider.section(), provider: Box::new(Http(provider, Baidu::server)) }
}

async fn start_custom() -> Setup {
    let functions = function::Server::start(function::Record::Nothing, |_| Reply::answer(&b"\"delivered\""[..]));
    let functions = functions.await.expect(PORT);
    let section = "allow_http = true\nallow_private_addresses = true".to_owned();
    Setup { section, provider: Box::new(functions) }
}

async fn start_email() -> Setup {
    let smtp = Smtp::start(Record::None).await.expect(PORT);
    Setup { section: smtp.section(), provider: Box::new(smtp) }
}

async fn start_gcm() -> Setup {
    let provider = Fcm::start(Record::None).await.expect(PORT);
    Setup { section: provider.section(), provider: Box::new(Http(provider, Fcm::server)) }
}

async fn start_messaging() -> Setup {
    let provider = Messaging::start(Record::None).await.expect(PORT);
    Setup { section: provider.section(), provider: Box::new(Http(provider, Messaging::server)) }
}

async fn start_pinpoint() -> Setup {
    let provider = Pinpoint::start(Record::None).await.expect(PORT);
    Setup {
        section: format!("{}types = ['GCM']\n", provider.section()),
        provider: Box::new(Http(provider, Pinpoint::server)),
    }
}

async fn start_ses() -> Setup {
    let provider = Ses::start(Record::None).await.expect(PORT);
    Setup { section: provider.section(), provider: Box::new(Http(provider, Ses::server)) }
}

async fn start_smpp() -> Setup {
    let smpp = Smpp::start(None, Record::None).await.expect(PORT);
    Setup { section: smpp.section(), provider: Box::new(smpp) }
}

async fn start_twilio() -> Setup {
    let provider = Twilio::start(Record::None).await.expect(PORT);
    Setup { section: provider.section(), provider: Box::new(Http(provider, Twilio::server)) }
}

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

impl Provider for Smpp {
    fn connections(&self) -> Option<u64> {
        Some(self.binds())
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

fn sms(_: &Setup) -> Content {
    Content::Sms(SmsContent { body: TEXT.to_owned(), is_transactional: true, ..SmsContent::default() })
}

fn voice(_: &Setup) -> Content {
    Content::Voice(VoiceContent { body: TEXT.to_owned(), ..VoiceContent::default() })
}

const TEXT: &str = "Your order is on its way. It will be with you tomorrow between 9 and 11.";

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
    // The sections say where the services are.
    let aws = Arc::new(Aws::by_sdk_config(&aws::sdk_config("http://127.0.0.1:9")));
    let invokers = Invokers::new(&config.hook, &config.aws, aws.clone(), clock.clone()).expect("the defaults fit");
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
