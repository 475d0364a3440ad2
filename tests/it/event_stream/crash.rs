//! Pulling the plug: every event that was accepted and every fate of a campaign has its record, whenever the process is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pinwheel::clock::{Clock, System};
use pinwheel::domain::{ApplicationId, CampaignId, Fate};
use pinwheel::sandbox::function;
use pinwheel::store::LedgerStore;
use pinwheel::store::sqlite::{Mode, Sqlite};
use serde_json::{Value, json};

use super::{caught_up, complete, of_type, records, stream};
use crate::api::event_crash::serve;
use crate::client::HttpClient;
use crate::support::{APPLICATION, World, campaign, gcm_endpoints, members, populate, set};

const ENDPOINTS: usize = 2_000;
const KILLS: usize = 4;
const CLIENTS: usize = 3;

/// Reports events of one endpoint, one after another; returns those that were accepted.
async fn report_until_cut_off(http: HttpClient, client: usize, round: usize, answers: Arc<AtomicU64>) -> Vec<String> {
    let mut accepted = Vec::new();
    for number in 0.. {
        let names: Vec<_> = (0..5).map(|event| format!("{round}-{client}-{number}-{event}")).collect();
        let event = |name: &String| {
            let event = json!({"EventType": "tick", "Timestamp": "2026-03-01T09:00:00Z", "Attributes": {"n": name}});
            (name.clone(), event)
        };
        let events: serde_json::Map<_, _> = names.iter().map(event).collect();
        let body = json!({"BatchItem": {format!("phone-{client}"): {"Endpoint": {}, "Events": events}}}).to_string();
        let path = format!("/v1/apps/{APPLICATION}/events");
        let Ok(answer) = http.send(hyper::Method::POST, &path, body).await else { break };
        answer.body(202);
        accepted.extend(names);
        answers.fetch_add(1, Ordering::Relaxed);
    }
    accepted
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_no_record() {
    let world = World::new(function::echo).await;
    populate(&world.app(""), gcm_endpoints(ENDPOINTS)).await;
    let data = world.directory.path().join("data");
    let settings = world.directory.path().join("pinwheel.toml");
    let mut table = world.settings();
    set(&mut table, "campaign.batches_in_flight", 6_i64);
    // Small bunches, so that kills fall between them.
    set(&mut table, "event_stream.records_max", 70_i64);
    std::fs::write(&settings, toml::to_string(&table).unwrap()).unwrap();
    let start = || {
        let (server, address) = serve(&data, &["--config", settings.to_str().unwrap()]);
        (server, HttpClient::new(address))
    };
    let clock = System::default();
    let mut random = fastrand::Rng::with_seed(20_261_123);
    let (mut server, mut http) = start();
    http.post(&format!("/v1/apps/{APPLICATION}/eventstream"), stream("shop")).await.body(200);
    let made = campaign(json!({"HoldoutPercent": 10, "Limits": {"MessagesPerSecond": 1_000}}));
    let made = http.post(&format!("/v1/apps/{APPLICATION}/campaigns"), made).await.body(201);
    let campaign_id = made["Id"].as_str().unwrap();
    let mut accepted = Vec::new();
    for round in 0..KILLS {
        let answers = Arc::new(AtomicU64::new(0));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| tokio::spawn(report_until_cut_off(http.clone(), client, round, answers.clone())))
            .collect();
        // In the middle of the work, at a moment that nobody chose.
        let target = random.u64(5..60);
        while answers.load(Ordering::Relaxed) < target {
            clock.sleep(Duration::from_micros(random.u64(100..3_000))).await;
        }
        server.kill().unwrap();
        server.wait().unwrap();
        for client in clients {
            accepted.extend(client.await.unwrap());
        }
        (server, http) = start();
    }
    complete(&http, APPLICATION, campaign_id).await;
    caught_up(&http).await;
    server.kill().unwrap();
    server.wait().unwrap();

    let records = records(&data.join("event-stream").join(APPLICATION));
    let text = |record: &Value, pointer: &str| record.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let ticks: BTreeSet<_> = of_type(&records, "tick").map(|tick| text(tick, "/attributes/n")).collect();
    for name in &accepted {
        assert!(ticks.contains(name), "event {name} was accepted and has no record");
    }
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for record in of_type(&records, "_campaign.send") {
        let status = text(record, "/attributes/campaign_send_status");
        told.entry(text(record, "/client/client_id")).or_default().insert(status);
    }
    let store = Sqlite::open(&data, Mode::Shared).unwrap();
    let activities = store.activities(&ApplicationId::new(APPLICATION), &CampaignId::new(campaign_id)).await.unwrap();
    let [activity] = &activities[..] else { panic!("{activities:?}") };
    let members = members(&store, activity).await;
    assert_eq!(members.len(), ENDPOINTS);
    for (id, byte, _) in members {
        let status = Fate::from_byte(byte).unwrap().send_status().expect("sent to or held out");
        assert_eq!(told.get(&id), Some(&BTreeSet::from([status.to_owned()])), "{id}");
    }
    println!("{KILLS} kills: {} events accepted, {} records", accepted.len(), records.len());
}
