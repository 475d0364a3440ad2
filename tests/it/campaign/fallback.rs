//! A provider that dies in the middle of a run: the fallback carries on, and nobody is missed.

use std::collections::HashMap;

use pinwheel::domain::Fate;
use pinwheel::sandbox::fcm::Fcm;
use pinwheel::sandbox::{Record, function};
use serde_json::json;

use crate::support::{World, gcm_endpoints, members, populate, run, set};

const ENDPOINTS: usize = 4_000;

/// Messages that the primary takes before it is gone.
const BEFORE: u64 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_outlives_its_provider() {
    let world = World::new(function::echo).await;
    // The world's own sandbox is the fallback; the primary's messages have to outlive it.
    let taken = world.directory.path().join("primary.jsonl");
    let primary = Fcm::start(Record::lines(&taken).unwrap()).await.unwrap();
    let mut settings = world.settings();
    let backup = settings["channel"]["gcm"].clone();
    set(&mut settings, "channel.backup", backup);
    set(&mut settings, "channel.backup.adapter", "gcm");
    set(&mut settings, "channel.backup.role", "fallback");
    set(&mut settings, "channel.gcm.base_url", primary.base_url());
    set(&mut settings, "channel.gcm.service_account_json", primary.service_account_json());
    let app = world.app_of(settings);
    populate(&app, gcm_endpoints(ENDPOINTS)).await;

    let death = async {
        while primary.messages() < BEFORE {
            tokio::task::yield_now().await;
        }
        drop(primary);
    };
    let (outcome, ()) = tokio::join!(run(&app, json!({})), death);

    assert_eq!(outcome.tally.iter().collect::<Vec<_>>(), [(Fate::Sent, ENDPOINTS as u64)]);
    assert_eq!(outcome.audience, ENDPOINTS as u64, "everybody has one fate");
    let mut got = HashMap::<String, u32>::new();
    for line in std::fs::read_to_string(&taken).unwrap().lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        *got.entry(entry["address"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let by_primary = got.len();
    assert!((BEFORE as usize..ENDPOINTS / 2).contains(&by_primary), "{by_primary} through the primary");
    for entry in world.fcm.record().entries() {
        *got.entry(entry.address).or_default() += 1;
    }
    let members = members(&*app.store, &outcome.activities[0]).await;
    assert_eq!(members.len(), ENDPOINTS);
    for (id, _, is_unknown) in members {
        let messages = got.remove(&id).unwrap_or_default();
        assert!(messages >= 1, "{id} has the fate SENT and got nothing");
        assert!(
            messages == 1 || is_unknown,
            "{id} got {messages} messages, and the ledger does not list it as unknown"
        );
    }
    assert!(got.is_empty(), "somebody outside of the audience got a message");
}
