//! The hot path of the API, over HTTP: endpoints and events into a store that really syncs.
//!
//! `cargo bench --bench api`. A server on loopback, connections that are kept open, and each workload once over HTTP and
//! once as bare calls of the store with the same writes. Client and server share the machine's cores, and absolute figures
//! depend on its disk: compare figures of one run, which is what the last column does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hdrhistogram::Histogram;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use pinwheel::app::{self, App};
use pinwheel::clock::Stopwatch;
use pinwheel::config::{Config, Sources};
use pinwheel::domain::{ApplicationId, Endpoint};
use pinwheel::sandbox::sample;
use pinwheel::store::{Application, EndpointWrite, Event, Store};
use pinwheel::telemetry::Health;
use pinwheel::wire;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NOW: &str = "2026-03-01T09:00:00.000Z";
/// How long each workload is measured, once it is warm.
const MEASURED: Duration = Duration::from_secs(5);
const WARM_UP: Duration = Duration::from_secs(1);
/// Connections, and bare calls at once.
const IN_FLIGHT: [usize; 2] = [4, 32];
/// Endpoints or events of a large request: the limit.
const ITEMS: u64 = 100;
/// Endpoints that updates go to.
const KNOWN: u64 = 20_000;

/// What the answer has where an event was refused.
const REFUSED: &[u8] = br#""StatusCode":400"#;

/// What is written.
#[derive(Clone, Copy, Debug)]
enum Workload {
    NewEndpoints,
    KnownEndpoints,
    OneEndpoint,
    Events,
}

impl Workload {
    const ALL: [Self; 4] = [Self::NewEndpoints, Self::KnownEndpoints, Self::OneEndpoint, Self::Events];

    fn name(self) -> &'static str {
        match self {
            Self::NewEndpoints => "UpdateEndpointsBatch, 100 new",
            Self::KnownEndpoints => "UpdateEndpointsBatch, 100 known",
            Self::OneEndpoint => "UpdateEndpoint, known",
            Self::Events => "PutEvents, 100",
        }
    }

    fn items(self) -> u64 {
        if matches!(self, Self::OneEndpoint) { 1 } else { ITEMS }
    }

    /// The endpoints of a request.
    fn endpoints(self, request: u64) -> impl Iterator<Item = u64> {
        let items = self.items();
        (request * items..(request + 1) * items).map(move |number| match self {
            Self::NewEndpoints => KNOWN + number,
            // Far apart, as updates of a day are.
            _ => number.wrapping_mul(7_919) % KNOWN,
        })
    }

    fn request(self, application: &ApplicationId, request: u64) -> Request<Full<Bytes>> {
        let (method, path, body) = match self {
            Self::NewEndpoints | Self::KnownEndpoints => {
                let items: Vec<_> = self.endpoints(request).map(|number| item(number, true)).collect();
                (Method::PUT, "/endpoints".to_owned(), format!(r#"{{"Item":[{}]}}"#, items.join(",")))
            }
            Self::OneEndpoint => {
                let number = self.endpoints(request).next().expect("there is one");
                (Method::PUT, format!("/endpoints/{}", sample::endpoint(number).id), item(number, false))
            }
            Self::Events => {
                let events: Vec<_> = events(request).map(|(id, event)| format!(r#""{id}":{event}"#)).collect();
                // As a device sends them: all of one endpoint, which does not change.
                let body = format!(
                    r#"{{"BatchItem":{{"e{request}":{{"Endpoint":{{}},"Events":{{{}}}}}}}}}"#,
                    events.join(",")
                );
                (Method::POST, "/events".to_owned(), body)
            }
        };
        let uri = format!("/v1/apps/{application}{path}");
        let request = Request::builder().method(method).uri(uri).header("host", "localhost");
        request.body(Full::new(body.into())).expect("it is a request")
    }

    /// The same without HTTP and JSON.
    async fn write(self, store: &dyn Store, application: &ApplicationId, request: u64) {
        if let Self::Events = self {
            let at: Timestamp = NOW.parse().expect("it is a time");
            let events = events(request).map(|(id, document)| Event {
                endpoint_id: format!("e{request}"),
                id,
                event_type: "cart.add".to_owned(),
                at,
                document,
            });
            let kept = store.append_events(application, events.collect(), at).await.expect("the store writes");
            assert!(kept.iter().all(|is_new| *is_new));
        } else {
            let writes: Vec<EndpointWrite> = self.endpoints(request).map(sample::endpoint).collect();
            let results = store.upsert_endpoints(application, writes, NOW.to_owned()).await.expect("the store writes");
            assert!(results.iter().all(Result::is_ok));
        }
    }
}

/// An endpoint as JSON.
fn item(number: u64, with_id: bool) -> String {
    let write = sample::endpoint(number);
    let mut endpoint = Endpoint::default();
    endpoint.merge(write.update, NOW);
    let document = String::from_utf8(wire::endpoint::write(&endpoint)).expect("JSON is text");
    if with_id { format!(r#"{{"Id":"{}",{}"#, write.id, &document[1..]) } else { document }
}

/// Ids and documents of a request's events.
fn events(request: u64) -> impl Iterator<Item = (String, String)> {
    (0..ITEMS).map(move |number| {
        let id = format!("554755d1-9a3a-4748-{request:06}-{number:06}");
        let document = format!(
            r#"{{"EventType":"cart.add","Timestamp":"{NOW}","Attributes":{{"sku":"SHOE-{number}","color":"blue"}},"#
        ) + r#""Metrics":{"price":89.9,"quantity":1.0},"Session":{"Id":"c7af2d35-44f0-44b2-ae7f-a85bd32bd22c",""#
            + &format!(r#"StartTimestamp":"{NOW}"}},"AppPackageName":"com.example.shop","AppVersionCode":"540"}}"#);
        (id, document)
    })
}

/// Figures of one workload.
struct Figures {
    requests: u64,
    seconds: f64,
    micros: Histogram<u64>,
}

/// Does `work` again and again, `in_flight` at once, each told who does it and the number of the request.
async fn measure(in_flight: usize, work: Arc<dyn Fn(usize, u64) -> BoxFuture<'static, ()> + Send + Sync>) -> Figures {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let clock = Stopwatch::start();
    let workers: Vec<_> = (0..in_flight)
        .map(|worker| {
            let work = work.clone();
            tokio::spawn(async move {
                let mut micros = Histogram::<u64>::new(3).expect("three digits are allowed");
                while clock.elapsed() < WARM_UP + MEASURED {
                    let request = NEXT.fetch_add(1, Ordering::Relaxed);
                    let latency = Stopwatch::start();
                    work(worker, request).await;
                    if clock.elapsed() > WARM_UP {
                        let latency = latency.elapsed().as_micros() as u64;
                        micros.record(latency).expect("it grows as it must");
                    }
                }
                micros
            })
        })
        .collect();
    let mut micros = Histogram::<u64>::new(3).expect("three digits are allowed");
    for worker in workers {
        micros.add(worker.await.expect("workers do not fail")).expect("all have the same form");
    }
    let seconds = (clock.elapsed() - WARM_UP).as_secs_f64();
    Figures { requests: micros.len(), seconds, micros }
}

async fn connect(address: std::net::SocketAddr) -> Mutex<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await.expect("the server listens");
    stream.set_nodelay(true).expect("sockets have options");
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("the server speaks HTTP/1");
    tokio::spawn(connection);
    Mutex::new(sender)
}

async fn exchange(connection: &Mutex<SendRequest<Full<Bytes>>>, request: Request<Full<Bytes>>) {
    let mut connection = connection.lock().await;
    let response = connection.send_request(request).await.expect("the server answers");
    let status = response.status();
    let body = response.into_body().collect().await.expect("the answer has an end").to_bytes();
    assert!(status == 202 && !body.windows(REFUSED.len()).any(|part| part == REFUSED), "{status} {body:?}");
}

async fn create_application(store: &dyn Store, id: &str) -> ApplicationId {
    let application = Application {
        id: ApplicationId::new(id),
        name: id.to_owned(),
        settings: "{}".to_owned(),
        tags: "{}".to_owned(),
        creation_date: NOW.to_owned(),
        last_modified_date: NOW.to_owned(),
        revision: 0,
    };
    store.put_application(application.clone()).await.expect("the store writes");
    for first in (0..KNOWN).step_by(1_000) {
        let writes = (first..first + 1_000).map(sample::endpoint).collect();
        store.upsert_endpoints(&application.id, writes, NOW.to_owned()).await.expect("the store writes");
    }
    application.id
}

fn print(name: &str, in_flight: usize, items: u64, figures: &Figures, ratio: Option<f64>) {
    let rate = figures.requests as f64 / figures.seconds;
    let millis = |quantile: f64| figures.micros.value_at_quantile(quantile) as f64 / 1_000.0;
    println!(
        "| {name:<31} | {in_flight:>9} | {rate:>10.0} | {:>9.0} | {:>7.2} | {:>7.2} | {:>7.2} | {:>8} |",
        rate * items as f64,
        millis(0.5),
        millis(0.99),
        figures.micros.max() as f64 / 1_000.0,
        ratio.map_or(String::new(), |ratio| format!("{ratio:.2}")),
    );
}

async fn run() {
    app::install_tls();
    // On a disk, not in memory: what is measured is stable storage.
    let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory can be made");
    let flags = vec![format!("data.directory={}", directory.path().display()), "api.listen=127.0.0.1:0".to_owned()];
    let app =
        App::open(Config::load(Sources { flags, ..Sources::default() }).expect("settings fit")).expect("it opens");
    let server = app.listen().await.expect("there is a free port");
    let address = server.address();
    let stop = CancellationToken::new();
    let drain = app.config.api.drain_timeout;
    let scheduler = app.scheduler(Health::new(app.clock.clone(), Duration::from_secs(60)));
    let serving =
        tokio::spawn(server.run(app.api(true, scheduler).expect("nobody is asked for a key"), stop.clone(), drain));
    let over_http = create_application(&*app.store, "http").await;
    let bare = create_application(&*app.store, "bare").await;

    println!(
        "| workload                        | in flight | requests/s |   items/s |  p50 ms |  p99 ms |  max ms | of store |"
    );
    println!(
        "|---------------------------------|----------:|-----------:|----------:|--------:|--------:|--------:|---------:|"
    );
    for workload in Workload::ALL {
        for in_flight in IN_FLIGHT {
            let (store, application) = (app.store.clone(), bare.clone());
            let calls = measure(
                in_flight,
                Arc::new(move |_, request| {
                    let (store, application) = (store.clone(), application.clone());
                    Box::pin(async move { workload.write(&*store, &application, request).await })
                }),
            )
            .await;
            let mut connections = Vec::new();
            for _ in 0..in_flight {
                connections.push(connect(address).await);
            }
            let (connections, application) = (Arc::new(connections), over_http.clone());
            let requests = measure(
                in_flight,
                Arc::new(move |worker, request| {
                    let (connections, request) = (connections.clone(), workload.request(&application, request));
                    Box::pin(async move { exchange(&connections[worker], request).await })
                }),
            )
            .await;
            let rate = |figures: &Figures| figures.requests as f64 / figures.seconds;
            print(workload.name(), in_flight, workload.items(), &requests, Some(rate(&requests) / rate(&calls)));
            print("  the same, bare store calls", in_flight, workload.items(), &calls, None);
        }
    }
    stop.cancel();
    serving.await.expect("the server ends");
}

fn main() {
    // `cargo test --benches` asks for nothing to be measured.
    if std::env::args().any(|argument| argument == "--bench") {
        tokio::runtime::Runtime::new().expect("threads can be started").block_on(run());
    }
}
