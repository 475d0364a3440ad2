//! Pulling the plug: a campaign made over the API goes on with the next start, misses nobody and never begins again.

use std::collections::HashMap;
use std::time::Duration;

use pinwheel::clock::{Clock, System};
use pinwheel::domain::{ActivityId, Fate};
use pinwheel::sandbox::function;
use pinwheel::store::sqlite::{Mode, Sqlite};
use pinwheel::store::{ActivityState, LedgerStore};
use serde_json::{Value, json};

use super::HttpClient;
use super::event_crash::serve;
use crate::support::{APPLICATION, World, campaign, gcm_endpoints, members, populate, set};

const ENDPOINTS: usize = 3_000;
const KILLS: usize = 3;
const BATCHES_IN_FLIGHT: usize = 6;

/// A campaign and its activities as a client sees them.
struct Seen {
    status: Value,
    activities: Vec<Value>,
}

async fn see(http: &HttpClient, path: &str) -> Seen {
    let status = http.get(path).await.body(200)["State"]["CampaignStatus"].take();
    let activities = http.get(&format!("{path}/activities")).await.body(200)["Item"].take();
    Seen { status, activities: serde_json::from_value(activities).unwrap() }
}

/// Runs a campaign with this policy through kills. Returns how many endpoints the ledger lists as unknown.
async fn run_through_kills(policy: &str, random: &mut fastrand::Rng) -> usize {
    let world = World::new(|event| function::echo(event).after(Duration::from_millis(10))).await;
    populate(&world.app(""), gcm_endpoints(ENDPOINTS)).await;
    let data = world.directory.path().join("data");
    let settings = world.directory.path().join("pinwheel.toml");
    let mut table = world.settings();
    set(&mut table, "campaign.batches_in_flight", BATCHES_IN_FLIGHT as i64);
    std::fs::write(&settings, toml::to_string(&table).unwrap()).unwrap();
    let start = || {
        let (server, address) = serve(&data, &["--config", settings.to_str().unwrap()]);
        (server, HttpClient::new(address))
    };

    let (mut server, mut http) = start();
    let made = campaign(json!({
        "Hook": { "WebUrl": format!("{}/filter", world.functions.url()) },
        "Limits": { "MessagesPerSecond": 2_000 },
        "tags": { "pinwheel:unknown": policy },
    }));
    let made = http.post(&format!("/v1/apps/{APPLICATION}/campaigns"), made).await.body(201);
    let path = format!("/v1/apps/{APPLICATION}/campaigns/{}", made["Id"].as_str().unwrap());
    let clock = System::default();
    let mut activity_id = None;
    for _ in 0..KILLS {
        // In the middle of the run, at a moment that nobody chose.
        let target = world.fcm.messages() + random.u64(50..400);
        while world.fcm.messages() < target {
            clock.sleep(Duration::from_micros(random.u64(100..3_000))).await;
        }
        let seen = see(&http, &path).await;
        assert_eq!((&seen.status, seen.activities.len()), (&json!("EXECUTING"), 1));
        let activity = &seen.activities[0];
        assert_eq!((&activity["State"], &activity["Result"]), (&json!("RUNNING"), &Value::Null));
        assert!(activity["TotalEndpointCount"].as_u64().unwrap() < ENDPOINTS as u64, "it is under way: {activity}");
        let id = activity_id.get_or_insert_with(|| activity["Id"].clone());
        assert_eq!(&activity["Id"], id, "it is the same run still");
        server.kill().unwrap();
        server.wait().unwrap();
        (server, http) = start();
    }
    let mut seen = see(&http, &path).await;
    for _ in 0..1_000 {
        if seen.status != "EXECUTING" {
            break;
        }
        clock.sleep(Duration::from_millis(10)).await;
        seen = see(&http, &path).await;
    }
    assert_eq!(seen.status, "COMPLETED");

    // Nor does it begin again once it is over.
    let messages = world.fcm.messages();
    server.kill().unwrap();
    server.wait().unwrap();
    (server, http) = start();
    clock.sleep(Duration::from_millis(300)).await;
    let again = see(&http, &path).await;
    assert_eq!((&again.status, &again.activities), (&seen.status, &seen.activities), "what is over reads the same");
    assert_eq!(world.fcm.messages(), messages);
    server.kill().unwrap();
    server.wait().unwrap();

    let store = Sqlite::open(&data, Mode::Shared).unwrap();
    let activity_id = ActivityId::new(activity_id.unwrap().as_str().unwrap());
    let activity = store.activity(&activity_id).await.unwrap().unwrap();
    assert_eq!(activity.state, ActivityState::Completed);
    let mut got = HashMap::<String, u32>::new();
    for entry in world.fcm.record().entries() {
        *got.entry(entry.address).or_default() += 1;
    }
    let members = members(&store, &activity).await;
    assert_eq!(members.len(), ENDPOINTS, "nobody is missed");
    let (mut sent, mut listed) = (0, 0);
    for (id, byte, was_unknown) in members {
        let messages = got.remove(&id).unwrap_or_default();
        match Fate::from_byte(byte) {
            Some(Fate::Sent) => {
                assert!(messages >= 1, "{id} has the fate SENT and got nothing");
                assert!(messages == 1 || was_unknown && policy == "resend", "{id} got {messages} messages");
                sent += 1;
            }
            Some(Fate::Unknown) if policy == "unknown" => assert!(was_unknown && messages <= 1, "{id}: {messages}"),
            other => panic!("{id} has the fate {other:?}"),
        }
        listed += usize::from(was_unknown);
    }
    assert!(got.is_empty(), "somebody outside of the audience got a message");
    // Not more are listed than can have been in flight at the kills.
    assert!(listed <= KILLS * BATCHES_IN_FLIGHT * 50, "{listed} listed as unknown");

    assert_eq!(again.activities.len(), 1, "no second run begins");
    let activity = &again.activities[0];
    for (name, expected) in [
        ("Id", json!(activity_id.as_str())),
        ("State", json!("COMPLETED")),
        ("Result", json!("SUCCESS")),
        ("TotalEndpointCount", json!(ENDPOINTS)),
        ("SuccessfulEndpointCount", json!(sent)),
        ("ExecutionMetrics", json!({ "ENDPOINT_PRODUCED": ENDPOINTS.to_string() })),
    ] {
        assert_eq!(activity[name], expected, "{name}");
    }
    listed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_goes_on_after_kills_as_its_policy_says() {
    let mut random = fastrand::Rng::with_seed(20_261_122);
    for policy in ["resend", "unknown"] {
        let listed = run_through_kills(policy, &mut random).await;
        assert!(listed > 0, "some messages are under way whenever the process ends");
        println!("{policy}: {KILLS} kills, {listed} endpoints listed as unknown");
    }
}
