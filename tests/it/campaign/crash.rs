//! Pulling the plug: a run that is killed again and again misses nobody, and sends twice only to those the ledger names.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pinwheel::clock::{Clock, System};
use pinwheel::domain::{ActivityId, Fate};
use pinwheel::sandbox::function;
use pinwheel::store::{ActivityState, LedgerStore, sqlite};
use serde_json::json;

use crate::support::{World, campaign, define, gcm_endpoints, members, populate};

const ENDPOINTS: usize = 30_000;
const KILLS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_miss_nobody_and_repeat_only_what_the_ledger_lists() {
    let world = World::new(|event| function::echo(event).after(Duration::from_millis(20))).await;
    let url = format!("{}/filter", world.functions.url());
    let activity_id = {
        let app = world.app("");
        populate(&app, gcm_endpoints(ENDPOINTS)).await;
        define(&app, "c", campaign(json!({ "Hook": { "WebUrl": url } })), json!({})).await;
        let application = pinwheel::domain::ApplicationId::new(crate::support::APPLICATION);
        let activities = app.engine.begin(&application, &pinwheel::domain::CampaignId::new("c")).await.unwrap();
        activities[0].id.clone()
    };

    let settings = world.directory.path().join("pinwheel.toml");
    let mut table = world.settings();
    crate::support::set(&mut table, "campaign.batches_in_flight", 6);
    std::fs::write(&settings, toml::to_string(&table).unwrap()).unwrap();
    let mut random = fastrand::Rng::with_seed(20_261_122);
    let clock = System::default();
    let mut kills = 0;
    while kills < KILLS {
        let mut run = resume(&settings, &activity_id);
        let before = world.fcm.messages();
        // Every kill hits a run under way: some messages in, at a moment that nobody chose.
        let target = before + random.u64(1..900);
        while world.fcm.messages() < target && run.try_wait().unwrap().is_none() {
            clock.sleep(Duration::from_micros(random.u64(100..3_000))).await;
        }
        if run.try_wait().unwrap().is_some() {
            break;
        }
        run.kill().unwrap();
        run.wait().unwrap();
        kills += 1;
    }
    assert_eq!(kills, KILLS, "the run was over before all kills: it needs more endpoints");
    let status = resume(&settings, &activity_id).wait().unwrap();
    assert!(status.success());

    let store = sqlite::Sqlite::open(&world.directory.path().join("data"), sqlite::Mode::Shared).unwrap();
    let activity = store.activity(&activity_id).await.unwrap().unwrap();
    assert_eq!(activity.state, ActivityState::Completed);
    let mut got = HashMap::<String, u32>::new();
    for entry in world.fcm.record().entries() {
        *got.entry(entry.address).or_default() += 1;
    }
    let members = members(&store, &activity).await;
    assert_eq!(members.len(), ENDPOINTS);
    let (mut listed, mut twice) = (0, 0);
    for (id, byte, unknown) in members {
        let messages = got.remove(&id).unwrap_or_default();
        assert_eq!(Fate::from_byte(byte), Some(Fate::Sent), "{id}");
        assert!(messages >= 1, "{id} has the fate SENT and got nothing");
        assert!(messages == 1 || unknown, "{id} got {messages} messages, and the ledger does not list it as unknown");
        listed += u32::from(unknown);
        twice += u32::from(messages > 1);
    }
    assert!(got.is_empty(), "somebody outside of the audience got a message");
    // Not more are listed than can have been in flight at the kills.
    assert!(listed as usize <= KILLS * 6 * 50, "{listed} listed as unknown");
    println!("{KILLS} kills: {listed} endpoints listed as unknown, {twice} of them got the message twice");
}

fn resume(settings: &std::path::Path, activity: &ActivityId) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pinwheel"))
        .args(["activity", "resume", activity.as_str(), "--config"])
        .arg(settings)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    std::thread::spawn(move || {
        for line in stderr.lines().map_while(Result::ok) {
            eprintln!("resume: {line}");
        }
    });
    child
}
