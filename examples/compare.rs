//! The parts of `benches/compare.sh` and `benches/load.sh`: a hook server, and Pinwheel calling it.
//!
//! * `server`: serves an echoing hook on loopback, prints its URL, runs until it is killed.
//! * `slow`: the same, but answers after 20 ms and a random rest with a mean of 5 ms.
//! * `body FILE`: writes the event of one full batch, for a plain load generator.
//! * `calls URL SECONDS`: builds events, calls the hook, decodes the answers; prints batches per second.
//! * `run URL ENDPOINTS DIRECTORY`: a whole campaign through the hook into the sink; prints batches per second.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pinwheel::app::{self, App};
use pinwheel::campaign::Progress;
use pinwheel::clock::{Stopwatch, System, wire_text};
use pinwheel::config::{Config, Sources};
use pinwheel::domain::{ActivityId, ApplicationId, CampaignId, ChannelType, Endpoint, TreatmentId};
use pinwheel::hook::{Invokers, Target, answer, event};
use pinwheel::http::Aws;
use pinwheel::sandbox::{function, sample};
use pinwheel::store::{Application, Kind};
use pinwheel::wire;
use serde_json::json;
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Calls at once: what the design gives one target.
const IN_FLIGHT: usize = 32;

fn main() -> anyhow::Result<()> {
    app::install_tls();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match words[..] {
            ["server"] => serve(function::echo).await,
            ["slow"] => serve(slow).await,
            ["body", file] => Ok(std::fs::write(file, head().event(&members(&batch()))?)?),
            ["calls", url, seconds] => calls(url, seconds.parse()?).await,
            ["run", url, endpoints, directory] => run(url, endpoints.parse()?, directory).await,
            _ => anyhow::bail!("server | slow | body FILE | calls URL SECONDS | run URL ENDPOINTS DIRECTORY"),
        }
    })
}

async fn serve(handler: impl Fn(&function::Event) -> function::Reply + Send + Sync + 'static) -> anyhow::Result<()> {
    let server = function::Server::start(function::Record::Nothing, handler).await?;
    println!("{}/filter", server.url());
    std::future::pending::<()>().await;
    Ok(())
}

/// Exponential: its percentiles lie far apart and are no round numbers, so that clients that agree on them measure well.
fn slow(event: &function::Event) -> function::Reply {
    let rest_ms = -5.0 * (1.0 - fastrand::f64()).ln();
    function::echo(event).after(Duration::from_secs_f64((20.0 + rest_ms) / 1000.0))
}

/// Ids and stored documents of one full batch.
fn batch() -> Vec<(String, Vec<u8>)> {
    (0..50)
        .map(|number| {
            let write = sample::endpoint(number);
            let mut endpoint = Endpoint::default();
            endpoint.merge(write.update, "2026-03-01T09:00:00.000Z");
            (write.id, wire::endpoint::write(&endpoint))
        })
        .collect()
}

fn members(batch: &[(String, Vec<u8>)]) -> Vec<event::Member<'_>> {
    batch.iter().map(|(id, document)| (id.as_str(), document.as_slice())).collect()
}

fn head() -> event::Head {
    event::Head::filter(
        &json!({ "SMSMessage": { "Body": "20% off until Sunday" } }),
        &event::Run {
            application_id: &ApplicationId::new("0123456789abcdef0123456789abcdef"),
            campaign_id: &CampaignId::new("89abcdef0123456789abcdef01234567"),
            treatment_id: &TreatmentId::new("0"),
            activity_id: &ActivityId::new("fedcba9876543210fedcba9876543210"),
            scheduled_time: "2026-03-01T09:00:00.000Z",
        },
    )
}

fn config(directory: &str) -> anyhow::Result<Config> {
    let settings = format!(
        "[data]\ndirectory = {directory:?}\n[log]\nfilter = \"warn\"\n[hook]\nallow_http = true\n\
         allow_private_addresses = true\ncalls_in_flight = {IN_FLIGHT}\n[channel.sink]\n"
    );
    Ok(Config::load(Sources { overlay: Some(settings.parse()?), ..Sources::default() })?)
}

async fn calls(url: &str, seconds: u64) -> anyhow::Result<()> {
    let config = config("unused")?;
    let aws = Arc::new(Aws::by_settings(&config.aws));
    let invokers = Invokers::new(&config.hook, &config.aws, aws, Arc::new(System::default()))?;
    let caller = invokers.caller(&Target::Url(url.to_owned()))?;
    let done = Arc::new(AtomicU64::new(0));
    let watch = Stopwatch::start();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (caller, done, stop) = (caller.clone(), done.clone(), CancellationToken::new());
        tasks.spawn(async move {
            let (batch, head) = (batch(), head());
            let members = members(&batch);
            while watch.elapsed() < Duration::from_secs(seconds) {
                let answered = caller.call(head.event(&members)?, None, &stop).await.expect("nobody stops it").result?;
                let answer = answer::decode(answered, &members)?;
                assert!(answer.verdicts.iter().all(|verdict| *verdict == answer::Verdict::Unchanged));
                done.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    for ended in tasks.join_all().await {
        ended?;
    }
    println!("{:.0}", done.load(Ordering::Relaxed) as f64 / watch.elapsed().as_secs_f64());
    Ok(())
}

async fn run(url: &str, endpoints: u64, directory: &str) -> anyhow::Result<()> {
    let app = App::open(config(directory)?)?;
    let now = wire_text(app.clock.now());
    let id = ApplicationId::new("0123456789abcdef0123456789abcdef");
    let application = Application {
        id: id.clone(),
        name: "compare".into(),
        settings: "{}".into(),
        tags: "{}".into(),
        creation_date: now.clone(),
        last_modified_date: now.clone(),
        revision: 0,
    };
    app.store.put_application(application).await?;
    for first in (0..endpoints).step_by(10_000) {
        let mut writes: Vec<_> = (first..endpoints.min(first + 10_000)).map(sample::endpoint).collect();
        for write in &mut writes {
            // Everybody gets a message: what is measured is the hook, not who is left out.
            write.update.channel_type = Some(ChannelType::Sms);
            write.update.address = Some(format!("+{}", write.id));
            (write.update.status, write.update.opt_out) = (None, None);
        }
        app.store.upsert_endpoints(&id, writes, now.clone()).await?;
    }
    app.store.put_definition(Some(&id), Kind::Segment, "everybody", "{}".into(), now.clone()).await?;
    let document = json!({ "Campaign": {
        "Name": "compare",
        "SegmentId": "everybody",
        "Schedule": { "StartTime": "IMMEDIATE" },
        "MessageConfiguration": { "SMSMessage": { "Body": "20% off until Sunday" } },
        "Hook": { "WebUrl": url }
    } });
    app.store.put_definition(Some(&id), Kind::Campaign, "compare", document.to_string(), now).await?;
    let activity = app.engine.begin(&id, &CampaignId::new("compare")).await?.remove(0);
    let watch = Stopwatch::start();
    let progress = Arc::new(Progress::default());
    app.engine.drive(activity, progress.clone(), CancellationToken::new()).await?;
    println!("{:.0}", progress.batches_done() as f64 / watch.elapsed().as_secs_f64());
    Ok(())
}
