//! Campaigns that run again and again, and treatments that run at times of their own.

use pinwheel::campaign::control::Order;
use pinwheel::store::EndpointWrite;
use pinwheel::store::sqlite::{Mode, Sqlite};

use super::*;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn recurring(frequency: &str, end: &str, more: Value) -> Value {
    let mut changes = at_ten(more);
    changes["Schedule"]["Frequency"] = frequency.into();
    changes["Schedule"]["EndTime"] = end.into();
    changes
}

/// When the runs that began were due, the earliest first. Of each, one activity for each treatment.
async fn moments(stage: &Stage) -> Vec<Timestamp> {
    let mut moments: Vec<_> = stage.activities("c").await.iter().map(|activity| activity.scheduled_start).collect();
    moments.sort();
    moments
}

async fn are_over(stage: &Stage, runs: usize) -> bool {
    let activities = stage.activities("c").await;
    activities.len() == runs && activities.iter().all(|activity| activity.state == ActivityState::Completed)
}

/// Writes the campaign as the API does when a pause ends.
async fn resume(stage: &Stage, changes: Value) {
    let document =
        json!({ "Campaign": campaign(changes), "Scheduled": true, "Resumed": stage.clock.now() }).to_string();
    let (owner, now) = (application(), "2026-03-01T09:00:00.000Z".to_owned());
    stage.store.put_definition(Some(&owner), Kind::Campaign, "c", document, now).await.unwrap();
    stage.scheduler.changed(&owner, &CampaignId::new("c"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daily_campaign_runs_each_day_over_restarts_and_is_completed_after_its_end() {
    let world = World::new(function::echo).await;
    let mut stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(60)).await;
    stage.put("c", recurring("DAILY", "2026-03-07T10:00:00Z", json!({}))).await;
    stage.a_while().await;
    assert_eq!(stage.status("c").await, "SCHEDULED");
    stage.clock.leap(HOUR);
    for day in 1..=7 {
        until(async || are_over(&stage, day).await, "the day's run is over").await;
        assert_eq!(stage.status("c").await, if day < 7 { "PENDING_NEXT_RUN" } else { "COMPLETED" });
        if day == 3 {
            let (clock, _) = stage.stop().await;
            stage = Stage::at(&world, clock).await;
            stage.a_while().await;
            assert_eq!(stage.activities("c").await.len(), day, "a restart makes no run");
        }
        stage.clock.leap(DAY);
    }
    stage.a_while().await;
    let expected: Vec<_> = (1..=7).map(|day| at(&format!("2026-03-0{day}T10:00:00Z"))).collect();
    assert_eq!((moments(&stage).await, world.fcm.messages()), (expected, 7 * 60));
    assert_eq!(stage.scheduler.active(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_runs_missed_by_all_processes_the_latest_begins_or_none() {
    for (misfire, missed) in [("run", Some("2026-03-05T10:00:00Z")), ("skip", None)] {
        let world = World::new(function::echo).await;
        let stage = Stage::new(&world).await;
        populate_store(&*stage.store, gcm_endpoints(10)).await;
        let tags = json!({ "tags": { "pinwheel:misfire": misfire } });
        stage.put("c", recurring("DAILY", "2026-03-09T10:00:00Z", tags)).await;
        stage.clock.leap(HOUR);
        until(async || are_over(&stage, 1).await, "the first run is over").await;
        let (clock, _) = stage.stop().await;
        clock.leap(4 * DAY + HOUR);
        let stage = Stage::at(&world, clock).await;
        let runs = 1 + usize::from(missed.is_some());
        until(async || are_over(&stage, runs).await, "what was missed is made up").await;
        stage.a_while().await;
        stage.clock.leap(DAY);
        until(async || are_over(&stage, runs + 1).await, "it goes on the next day").await;
        let all = [Some("2026-03-01T10:00:00Z"), missed, Some("2026-03-06T10:00:00Z")];
        let expected: Vec<_> = all.into_iter().flatten().map(at).collect();
        assert_eq!(moments(&stage).await, expected, "{misfire}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_under_way_delays_the_next_and_of_several_the_latest_begins() {
    for (overlap, later) in [("delay", "2026-03-01T12:00:00Z"), ("skip", "2026-03-01T13:00:00Z")] {
        let world = slow_world(Duration::from_millis(20)).await;
        let stage = Stage::new(&world).await;
        populate_store(&*stage.store, gcm_endpoints(3_000)).await;
        let more = json!({
            "tags": { "pinwheel:overlap": overlap }, "Hook": lambda_hook(), "Limits": { "MessagesPerSecond": 3000 }
        });
        stage.put("c", recurring("HOURLY", "2026-03-01T13:00:00Z", more)).await;
        stage.clock.leap(HOUR);
        until(async || world.fcm.messages() > 50, "messages go out").await;
        // Nothing is in flight while time leaps.
        stage.scheduler.order(Order::Pause, "c").await.unwrap();
        stage.clock.leap(2 * HOUR);
        stage.a_while().await;
        assert_eq!(stage.activities("c").await.len(), 1, "it waits for the first");
        stage.scheduler.order(Order::Resume, "c").await.unwrap();
        until(async || are_over(&stage, if overlap == "delay" { 2 } else { 1 }).await, "what waited is over").await;
        stage.a_while().await;
        stage.clock.leap(HOUR);
        stage.becomes("c", "COMPLETED").await;
        let runs = moments(&stage).await;
        assert_eq!((runs[0], runs[1]), (at("2026-03-01T10:00:00Z"), at(later)), "{overlap}");
        assert_eq!(world.fcm.messages(), 3_000 * runs.len() as u64, "nobody is missed or doubled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_keeps_runs_back_that_are_not_made_up() {
    let world = World::new(function::echo).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(10)).await;
    let end = "2026-03-09T10:00:00Z";
    stage.put("c", recurring("DAILY", end, json!({}))).await;
    stage.clock.leap(HOUR);
    until(async || are_over(&stage, 1).await, "the first run is over").await;
    stage.put("c", recurring("DAILY", end, json!({ "IsPaused": true }))).await;
    stage.clock.leap(2 * DAY + HOUR);
    stage.a_while().await;
    assert_eq!((stage.status("c").await.as_str(), moments(&stage).await.len()), ("PAUSED", 1));
    resume(&stage, recurring("DAILY", end, json!({}))).await;
    stage.a_while().await;
    assert_eq!((stage.status("c").await.as_str(), moments(&stage).await.len()), ("PENDING_NEXT_RUN", 1));
    stage.clock.leap(DAY);
    until(async || are_over(&stage, 2).await, "the next run is over").await;
    assert_eq!(moments(&stage).await, [at("2026-03-01T10:00:00Z"), at("2026-03-04T10:00:00Z")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_treatment_runs_at_its_own_time_and_its_audience_is_its_own() {
    let world = World::new(function::echo).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(1_000)).await;
    let message = json!({ "GCMMessage": { "Title": "Second", "Body": "2" } });
    let own = json!({ "StartTime": "2026-03-01T11:00:00Z" });
    let treatment = json!({ "SizePercent": 40, "MessageConfiguration": message, "Schedule": own });
    stage.put("c", at_ten(json!({ "HoldoutPercent": 10, "AdditionalTreatments": [treatment] }))).await;
    stage.clock.leap(HOUR);
    until(async || are_over(&stage, 1).await, "the default treatment is over").await;
    let first = stage.activities("c").await.remove(0);
    let of_first = stage.scheduler.count(&first).await.unwrap();
    assert_eq!((first.treatment_id.as_str(), stage.status("c").await.as_str()), ("0", "PENDING_NEXT_RUN"));
    assert!(of_first.tally.get(Fate::Holdout) > 50, "who is held out counts there");
    assert_eq!(of_first.tally.total(), of_first.audience);

    stage.clock.leap(HOUR);
    stage.becomes("c", "COMPLETED").await;
    let activities = stage.activities("c").await;
    let second = activities.iter().find(|activity| activity.treatment_id.as_str() == "1").unwrap();
    let of_second = stage.scheduler.count(second).await.unwrap();
    assert_eq!((activities.len(), second.scheduled_start), (2, at("2026-03-01T11:00:00Z")));
    assert_eq!(of_first.audience + of_second.audience, 1_000, "everybody is in one of them");
    assert!(of_second.audience.abs_diff(400) < 80 && of_second.tally.get(Fate::Holdout) == 0);
    // Listings of what is over leave it out.
    let second = stage.store.activity(&second.id).await.unwrap().unwrap();
    let document: Value = serde_json::from_str(second.definition()).unwrap();
    assert_eq!(document["SegmentEndpoints"], 1_000, "so that the others can be told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_while_it_begins_a_run_leaves_all_of_it_or_nothing() {
    let world = World::new(function::echo).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(2_000)).await;
    let message = json!({ "GCMMessage": { "Title": "Second", "Body": "2" } });
    let changes = json!({ "AdditionalTreatments": [{ "SizePercent": 30, "MessageConfiguration": message }] });
    stage.put("c", recurring("DAILY", "2026-03-09T10:00:00Z", changes)).await;
    let (mut clock, _) = stage.stop().await;
    clock.leap(HOUR);
    let data = world.directory.path().join("data");
    for pause in [0, 1, 2, 4, 8, 16, 32, 64] {
        let stage = Stage::at(&world, clock).await;
        clock = stage.clock.clone();
        clock.real.sleep(Duration::from_millis(pause)).await;
        let Stage { store, scheduler, run, .. } = stage;
        run.abort();
        let _ = run.await;
        let begun = store.activities(&application(), &CampaignId::new("c")).await.unwrap().len();
        assert!(begun == 0 || begun == 2, "{begun} of two treatments");
        drop((store, scheduler));
        until(async || Sqlite::open(&data, Mode::Exclusive).is_ok(), "nothing of it is at work any more").await;
    }
    let stage = Stage::at(&world, clock).await;
    until(async || are_over(&stage, 2).await, "the run is over").await;
    let mut audience = 0;
    for activity in stage.activities("c").await {
        let counts = stage.scheduler.count(&activity).await.unwrap();
        assert_eq!(counts.tally.total(), counts.audience);
        audience += counts.audience;
    }
    assert_eq!(audience, 2_000);
    assert_eq!(stage.status("c").await, "PENDING_NEXT_RUN");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_off_goes_on_and_what_was_missed_begins() {
    let world = slow_world(Duration::from_millis(20)).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(3_000)).await;
    stage.put("now", json!({ "Hook": lambda_hook(), "Limits": { "MessagesPerSecond": 3000 } })).await;
    stage.put("c", recurring("DAILY", "2026-03-09T10:00:00Z", json!({}))).await;
    until(async || world.fcm.messages() > 100, "messages go out").await;
    let (clock, _) = stage.stop().await;
    clock.leap(HOUR);
    let stage = Stage::at(&world, clock).await;
    stage.becomes("now", "COMPLETED").await;
    until(async || are_over(&stage, 1).await, "the run is over").await;
    assert_eq!(world.fcm.messages(), 6_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_cannot_begin_fails_and_the_next_one_begins() {
    let world = World::new(function::echo).await;
    let stage = Stage::new(&world).await;
    populate_store(&*stage.store, gcm_endpoints(10)).await;
    let gone = json!({ "TemplateConfiguration": { "PushTemplate": { "Name": "gone" } } });
    stage.put("c", recurring("DAILY", "2026-03-03T10:00:00Z", gone)).await;
    stage.clock.leap(HOUR);
    until(async || are_over(&stage, 1).await, "the failure is written down").await;
    assert_eq!(stage.activities("c").await[0].failure.as_deref(), Some("there is no push template `gone`"));
    assert_eq!(stage.status("c").await, "PENDING_NEXT_RUN");
    stage.put("c", recurring("DAILY", "2026-03-03T10:00:00Z", json!({}))).await;
    stage.clock.leap(DAY);
    until(async || are_over(&stage, 2).await, "the next run is over").await;
    assert_eq!(world.fcm.messages(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_time_defers_messages_to_its_end_if_the_policy_says_so() {
    for (limits, fate) in [(json!({}), Fate::Sent), (json!({ "MaximumDuration": 3600 }), Fate::QuietTime)] {
        let world = World::new(function::echo).await;
        let stage = Stage::new(&world).await;
        let in_zone = |id: &str, zone: Option<&str>| -> EndpointWrite {
            let mut write = endpoint(id, ChannelType::Gcm, id);
            write.update.demographic.timezone = zone.map(str::to_owned);
            write
        };
        let endpoints = vec![in_zone("quiet", Some("Africa/Abidjan")), in_zone("nowhere", None)];
        populate_store(&*stage.store, endpoints).await;
        let mut changes = at_ten(json!({ "tags": { "pinwheel:quiet-time": "defer" }, "Limits": limits }));
        changes["Schedule"]["QuietTime"] = json!({ "Start": "09:30", "End": "11:59" });
        stage.put("c", changes).await;
        stage.clock.leap(HOUR);
        until(async || world.fcm.messages() == 1, "who has no zone gets it at once").await;
        stage.a_while().await;
        assert_eq!(world.fcm.messages(), 1);
        stage.clock.leap(2 * HOUR);
        stage.becomes("c", "COMPLETED").await;
        let (_, counts) = stage.over("c").await;
        assert_eq!(counts.tally.get(fate), if fate == Fate::Sent { 2 } else { 1 }, "{:?}", counts.tally);
    }
}
