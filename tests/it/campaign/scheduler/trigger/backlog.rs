//! More events than runs can begin at once, and operators in between.

use std::sync::atomic::AtomicU64;

use pinwheel::campaign::control::Order;
use pinwheel::clock;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_waits_in_the_store_and_holds_up_no_run() {
    const EVENTS: usize = 150;
    let world = slow_world(Duration::from_millis(300)).await;
    let stage = Stage::with_endpoints(&world, 3).await;
    // Nobody shares a run with another event of the same endpoint.
    let now = stage.clock.now();
    stage.arrive((0..EVENTS).map(|i| added("e00000", &i.to_string(), now)).collect()).await;
    stage.put("c", of_events(json!({ "Hook": lambda_hook() }))).await;
    let is_running = |activity: &&Activity| activity.state == ActivityState::Running;
    let all_begun = async || {
        let activities = stage.activities("c").await;
        let running = activities.iter().filter(is_running).count();
        assert!(running <= 64, "{running} runs are under way");
        activities.len() == EVENTS
    };
    until(all_begun, "every event has its run").await;
    assert!(world.fcm.messages() >= 64, "the first were sent before the last began");
    stage.sends("c", EVENTS as u64).await;
    stage.add(&["e00001", "e00002"], "last").await;
    stage.sends("c", EVENTS as u64 + 2).await;
    assert_eq!(stage.activities("c").await.len(), EVENTS + 1, "it gathers as before");
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_who_meet_hold_up_neither_each_other_nor_events() {
    let world = slow_world(Duration::from_millis(400)).await;
    let stage = Stage::with_endpoints(&world, 20).await;
    stage.put("c", of_events(json!({ "Hook": lambda_hook() }))).await;
    for round in 0..3 {
        let calls = world.functions.calls();
        stage.add(&["e00000"], &format!("{round}")).await;
        until(async || world.functions.calls() > calls, "its hook is asked").await;
        let orders = [Order::Pause, Order::Abort, Order::Pause].map(|order| {
            let scheduler = stage.scheduler.clone();
            tokio::spawn(async move { scheduler.order(order, "c").await.is_ok() })
        });
        for event in 0..4 {
            stage.clock.real.sleep(Duration::from_millis(30)).await;
            stage.add(&["e00001"], &format!("{round}-{event}")).await;
        }
        let (limit, mut done) = (Duration::from_secs(60), 0);
        for order in orders {
            let answered = clock::timeout(&stage.clock.real, limit, order).await;
            done += u64::from(answered.expect("every order is answered").unwrap());
        }
        assert!(done > 0, "one order found what it is for");
        let writing = clock::timeout(&stage.clock.real, limit, stage.scheduler.writing()).await;
        assert!(writing.is_some(), "campaigns can be written");
    }
    // There may be none left.
    stage.scheduler.order(Order::Abort, "c").await.ok();
    let sent = world.fcm.messages();
    stage.add(&["e00002"], "last").await;
    until(async || world.fcm.messages() > sent, "later events have their runs").await;
    assert_eq!(stage.status("c").await, "EXECUTING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_holds_itself_is_left_alone_until_its_pause_is_over() {
    let is_down = Arc::new(AtomicBool::new(true));
    let refused = Arc::new(AtomicU64::new(0));
    let (down, count) = (is_down.clone(), refused.clone());
    let world = World::new(move |event: &Event| match down.load(Relaxed) {
        true => {
            count.fetch_add(1, Relaxed);
            Reply::Status { code: 403, retry_after: None }
        }
        false => function::echo(event),
    })
    .await;
    let stage = Stage::with_endpoints(&world, 1_001).await;
    let campaign = |is_paused: bool| of_events(json!({ "Hook": lambda_hook(), "IsPaused": is_paused }));
    stage.put("c", campaign(false)).await;
    let ids: Vec<_> = (0..1_000).map(|i| format!("e{i:05}")).collect();
    stage.add(&ids.iter().map(String::as_str).collect::<Vec<_>>(), "1").await;
    let note = async || stage.activities("c").await.first().and_then(|activity| activity.failure.clone());
    until(async || note().await.is_some(), "it holds itself").await;
    stage.a_while().await;
    let held = refused.load(Relaxed);

    // Another event has its own run, and does not drive this one.
    is_down.store(false, Relaxed);
    stage.add(&["e01000"], "2").await;
    until(async || world.fcm.messages() == 1, "it is sent").await;
    stage.a_while().await;
    assert_eq!((world.fcm.messages(), refused.load(Relaxed)), (1, held));

    // A change tries it again, once, also when it pauses the campaign.
    is_down.store(true, Relaxed);
    stage.put("c", campaign(true)).await;
    until(async || refused.load(Relaxed) > held, "it is tried again").await;
    stage.a_while().await;
    stage.a_while().await;
    let held = refused.load(Relaxed);
    for _ in 0..4 {
        stage.a_while().await;
    }
    assert_eq!(refused.load(Relaxed), held, "it is left alone");
    is_down.store(false, Relaxed);
    stage.clock.leap(Duration::from_secs(125));
    stage.sends("c", 1_001).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_campaign_that_is_deleted_leaves_no_place() {
    let world = World::new(function::echo).await;
    let stage = Stage::with_endpoints(&world, 2).await;
    stage.put("c", of_events(json!({}))).await;
    stage.add(&["e00000"], "1").await;
    stage.sends("c", 1).await;
    stage.put("c", of_events(json!({ "IsPaused": true }))).await;
    until(async || stage.scheduler.active() == 0, "nobody attends to it").await;
    let reader = async || stage.store.reader(&application(), "campaign:c").await.unwrap();
    assert!(reader().await.is_some());
    stage.delete(Kind::Campaign, "c").await;
    stage.scheduler.deleted(&application(), &CampaignId::new("c"));
    stage.a_while().await;
    assert_eq!(reader().await, None);
}
