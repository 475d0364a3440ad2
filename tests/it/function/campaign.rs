//! Campaigns whose hook is a local function.

use pinwheel::domain::Fate;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{data, eventually};
use crate::support::{World, gcm_endpoints, populate, run, set};

/// Settings of a world with the local function `filter`.
fn settings(world: &World, runtime: &str, handler: &str) -> toml::Table {
    let mut settings = world.settings();
    set(&mut settings, "hook.timeout", "15s");
    set(&mut settings, "functions.filter.code", data().display().to_string());
    set(&mut settings, "functions.filter.runtime", runtime);
    set(&mut settings, "functions.filter.handler", handler);
    set(&mut settings, "functions.filter.client", "pinwheel");
    set(&mut settings, "functions.filter.allow", vec!["*".to_owned()]);
    settings
}

fn hook() -> Value {
    json!({ "LambdaFunctionName": "filter", "Mode": "FILTER" })
}

#[tokio::test]
async fn everybody_gets_the_score_that_the_documented_example_made_up() {
    let world = World::new(|_| unreachable!("nothing is on AWS")).await;
    let app = world.app_of(settings(&world, "nodejs", "credit-score.handler"));
    populate(&app, gcm_endpoints(230)).await;
    let message = json!({ "DefaultMessage": { "Title": "Hello", "Body": "Score {{Attributes.CreditScore}}" } });
    let outcome = run(&app, json!({ "Hook": hook(), "MessageConfiguration": message })).await;
    assert_eq!(outcome.tally.get(Fate::Sent), 230);
    let sent = world.fcm.record().entries();
    assert_eq!(sent.len(), 230);
    app.functions.shut_down().await;
}

#[tokio::test]
async fn a_worker_that_is_killed_mid_call_costs_one_retry_and_loses_nobody() {
    let world = World::new(|_| unreachable!("nothing is on AWS")).await;
    let calls = world.directory.path().join("calls");
    let mut settings = settings(&world, "python", "dies_once.handler");
    set(&mut settings, "functions.filter.environment.CALLS", calls.display().to_string());
    let app = world.app_of(settings);
    populate(&app, gcm_endpoints(1_030)).await;
    let kill = async {
        let first = || std::fs::read_to_string(&calls).ok()?.lines().next()?.split_once(' ')?.0.parse().ok();
        let worker: i32 = eventually("the first call", first).await;
        kill_process(Pid::from_raw(worker).unwrap(), Signal::KILL).unwrap();
    };
    let (outcome, ()) = tokio::join!(run(&app, json!({ "Hook": hook() })), kill);
    assert_eq!((outcome.audience, outcome.tally.get(Fate::Sent)), (1_030, 1_030));
    assert_eq!(outcome.fates.len(), 1_030);
    let calls = std::fs::read_to_string(&calls).unwrap();
    let sizes: Vec<usize> = calls.lines().map(|call| call.split_once(' ').unwrap().1.parse().unwrap()).collect();
    assert_eq!(sizes.len(), 21 + 1, "a call for each batch and one more");
    assert_eq!(sizes.iter().sum::<usize>(), 1_030 + sizes[0]);
    app.functions.shut_down().await;
}

#[tokio::test]
async fn a_campaign_that_nothing_allows_sends_to_nobody() {
    let world = World::new(|_| unreachable!("nothing is on AWS")).await;
    let mut settings = settings(&world, "nodejs", "credit-score.handler");
    let other = vec!["arn:aws:mobiletargeting:us-east-1:000000000000:apps/other/campaigns/*".to_owned()];
    set(&mut settings, "functions.filter.allow", other);
    let app = world.app_of(settings);
    populate(&app, gcm_endpoints(60)).await;
    let outcome = run(&app, json!({ "Hook": hook() })).await;
    assert_eq!(outcome.tally.get(Fate::HookError), 60);
    assert_eq!(world.fcm.messages(), 0);
    let log = app.config.data.directory.join("functions/filter/function.log");
    assert!(!log.exists(), "the function was not even started");
}
