//! What the host of local functions costs: calls of handlers that do nothing, by runtime and client.
//!
//! `cargo bench --bench functions`. One worker, one call after the other, with an event of nothing and with one of fifty
//! endpoints that comes back whole; the rest is the host's, its Runtime API's and the interpreter's. Clients of AWS are
//! measured where ./test.sh has installed them, the function in Rust after `cargo build --release --example function`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hdrhistogram::Histogram;
use pinwheel::clock::{Stopwatch, System};
use pinwheel::config::{Config, Sources};
use pinwheel::hook::local::{Function, Functions};
use serde_json::json;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MEASURED: Duration = Duration::from_secs(3);
const WARM_UP_CALLS: usize = 200;

const NODE: (&str, &str) = ("index.js", "exports.handler = async (event) => event.Endpoints ?? null;\n");
const PYTHON: (&str, &str) = ("index.py", "def handler(event, context):\n    return event.get('Endpoints')\n");

/// Something to measure.
struct Entry {
    runtime: &'static str,
    client: &'static str,
    interpreter: Option<PathBuf>,
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, text) in [NODE, PYTHON] {
        std::fs::write(code.path().join(name), text).expect("it can be written to");
    }
    let mut entries = vec![
        Entry { runtime: "nodejs", client: "pinwheel", interpreter: None },
        Entry { runtime: "python", client: "pinwheel", interpreter: None },
    ];
    let packages = root.join(".node/node_modules");
    if packages.join("aws-lambda-ric/dist/rapid-client.node").is_file() {
        std::os::unix::fs::symlink(&packages, code.path().join("node_modules")).expect("links can be made");
        entries.push(Entry { runtime: "nodejs", client: "aws", interpreter: None });
    }
    let python = root.join(".venv/bin/python");
    if python.exists() {
        entries.push(Entry { runtime: "python", client: "aws", interpreter: Some(python) });
    }
    let example = root.join("target/release/examples/function");
    if example.exists() {
        std::fs::copy(&example, code.path().join("bootstrap")).expect("it can be copied");
        entries.push(Entry { runtime: "provided", client: "auto", interpreter: None });
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads can be started");
    println!(
        "{:<10} {:<10} {:>14} {:>8} {:>9} {:>9} {:>9} {:>9}",
        "runtime", "client", "event", "calls/s", "p50", "p99", "max", "start"
    );
    for entry in entries {
        runtime.block_on(measure(&entry, code.path()));
    }
}

async fn measure(entry: &Entry, code: &Path) {
    let directory = tempfile::tempdir().expect("a temporary folder can be made");
    let mut function = toml::Table::new();
    function.insert("code".into(), code.display().to_string().into());
    function.insert("runtime".into(), entry.runtime.into());
    function.insert("client".into(), entry.client.into());
    function.insert("workers".into(), 1.into());
    if let Some(path) = &entry.interpreter {
        function.insert("interpreter".into(), path.display().to_string().into());
    }
    let functions = toml::Table::from_iter([("noop".to_owned(), function.into())]);
    let overlay = toml::Table::from_iter([("functions".to_owned(), functions.into())]);
    let config = Config::load(Sources { overlay: Some(overlay), ..Sources::default() }).expect("the settings are good");
    let inherited = ["PATH", "HOME"].iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
    let clock = Arc::new(System::default());
    let functions = Functions::new(&config.functions, &config.aws, directory.path(), inherited.collect(), clock);
    let functions = functions.expect("the settings are good");
    let function = functions.find("noop").expect("it is there");
    for (name, event) in [("nothing", json!({ "Endpoints": {} })), ("50 endpoints", fifty())] {
        report(entry, name, &function, event.to_string().into()).await;
    }
    functions.shut_down().await;
}

async fn report(entry: &Entry, name: &str, function: &Function, event: Bytes) {
    let mut start = None;
    for _ in 0..WARM_UP_CALLS {
        let invoked = function.call(event.clone()).await.expect("the function can be called");
        assert!(invoked.function_error.is_none(), "{}", String::from_utf8_lossy(&invoked.payload));
        start = start.or(invoked.cold_start);
    }
    let mut latencies = Histogram::<u64>::new(3).expect("three digits are allowed");
    let running = Stopwatch::start();
    while running.elapsed() < MEASURED {
        let call = Stopwatch::start();
        function.call(event.clone()).await.expect("the function can be called");
        latencies.saturating_record(u64::try_from(call.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    let per_second = latencies.len() as f64 / running.elapsed().as_secs_f64();
    let us = |latency: u64| format!("{latency} µs");
    println!(
        "{:<10} {:<10} {:>14} {:>8.0} {:>9} {:>9} {:>9} {:>9}",
        entry.runtime,
        entry.client,
        name,
        per_second,
        us(latencies.value_at_quantile(0.5)),
        us(latencies.value_at_quantile(0.99)),
        us(latencies.max()),
        start.map_or_else(String::new, |start| format!("{} ms", start.as_millis())),
    );
}

/// An event of a full batch, of the size that real ones have.
fn fifty() -> serde_json::Value {
    let endpoint = |number: usize| {
        json!({
            "ChannelType": "GCM",
            "Address": format!("{number:0152}"),
            "EndpointStatus": "ACTIVE",
            "OptOut": "NONE",
            "Attributes": { "Interests": ["sport", "music"], "Plan": ["gold"], "Notes": ["x".repeat(200)] },
            "Demographic": { "AppVersion": "4.2.0", "Locale": "en_GB", "Platform": "android", "Timezone": "Europe/London" },
            "User": { "UserId": format!("user-{number}"), "UserAttributes": { "FirstName": ["Ami"] } },
        })
    };
    let endpoints = (0..50).map(|number| (format!("endpoint-{number}"), endpoint(number)));
    json!({ "CampaignId": "c", "Endpoints": endpoints.collect::<serde_json::Map<_, _>>() })
}
