//! Everybody who gets no message has the fate that says why, in the documented order of tests.

use pinwheel::domain::endpoint::Demographic;
use pinwheel::domain::{ChannelType, EndpointStatus, EndpointUpdate, Fate, OptOut};
use pinwheel::sandbox::function;
use pinwheel::store::EndpointWrite;
use serde_json::json;

use crate::support::{World, endpoint, populate, run};

fn changed(write: EndpointWrite, change: impl FnOnce(&mut EndpointUpdate)) -> EndpointWrite {
    let mut write = write;
    change(&mut write.update);
    write
}

#[tokio::test(flavor = "multi_thread")]
async fn each_test_has_its_fate_and_the_first_one_counts() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    let gcm = |id: &str| endpoint(id, ChannelType::Gcm, id);
    populate(
        &app,
        vec![
            gcm("sent"),
            changed(gcm("inactive"), |update| {
                update.status = Some(EndpointStatus::Inactive);
                update.opt_out = Some(OptOut::All);
            }),
            changed(gcm("opted-out"), |update| {
                update.opt_out = Some(OptOut::All);
                update.address = None;
            }),
            changed(gcm("no-address"), |update| update.address = None),
            changed(gcm("no-channel"), |update| update.channel_type = None),
            endpoint("no-message", ChannelType::Voice, "+12065550100"),
            endpoint("in-app", ChannelType::InApp, "x"),
            endpoint("disabled", ChannelType::Adm, "adm-token"),
        ],
    )
    .await;
    let fates = run(&app, json!({})).await.fates;
    let expected = [
        ("disabled", Fate::ChannelDisabled),
        ("in-app", Fate::NoMessage),
        ("inactive", Fate::Inactive),
        ("no-address", Fate::NoAddress),
        ("no-channel", Fate::NoAddress),
        ("no-message", Fate::NoMessage),
        ("opted-out", Fate::OptOut),
        ("sent", Fate::Sent),
    ];
    assert_eq!(fates.iter().map(|(id, fate)| (id.as_str(), *fate)).collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_time_is_the_endpoints_own() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    let in_zone = |id: &str, zone: &str| {
        changed(endpoint(id, ChannelType::Gcm, id), |update| {
            update.demographic = Demographic { timezone: Some(zone.to_owned()), ..Demographic::default() };
        })
    };
    // All hours of the day are quiet, so that the test does not depend on the hour.
    populate(&app, vec![in_zone("vienna", "Europe/Vienna"), in_zone("nowhere", "Mars/Olympus")]).await;
    let schedule = json!({ "StartTime": "IMMEDIATE", "QuietTime": { "Start": "00:00", "End": "23:59" } });
    let fates = run(&app, json!({ "Schedule": schedule })).await.fates;
    assert_eq!(fates["vienna"], Fate::QuietTime);
    assert_eq!(fates["nowhere"], Fate::Sent, "without a valid zone the message is sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn local_time_needs_a_zone() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    let in_zone = |id: &str, zone: Option<&str>| {
        changed(endpoint(id, ChannelType::Gcm, id), |update| update.demographic.timezone = zone.map(str::to_owned))
    };
    populate(&app, vec![in_zone("vienna", Some("Europe/Vienna")), in_zone("none", None)]).await;
    let schedule = json!({ "StartTime": "IMMEDIATE", "IsLocalTime": true });
    let fates = run(&app, json!({ "Schedule": schedule })).await.fates;
    assert_eq!(fates["vienna"], Fate::Sent);
    assert_eq!(fates["none"], Fate::NoTimezone);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_changes_after_the_freeze_is_tested_again() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, crate::support::gcm_endpoints(3)).await;
    crate::support::define(&app, "c", crate::support::campaign(json!({})), json!({})).await;
    let application = pinwheel::domain::ApplicationId::new(crate::support::APPLICATION);
    let activities = app.engine.begin(&application, &pinwheel::domain::CampaignId::new("c")).await.unwrap();

    let opt_out = EndpointUpdate { opt_out: Some(OptOut::All), ..EndpointUpdate::default() };
    let write = EndpointWrite { id: "e00001".into(), update: opt_out };
    app.store.upsert_endpoints(&application, vec![write], "2026-03-01T09:00:00.000Z".into()).await.unwrap();
    app.store.delete_endpoints(&application, vec!["e00002".into()]).await.unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    for activity in &activities {
        app.engine.drive(activity.clone(), Default::default(), stop.clone()).await.unwrap();
    }
    let frozen = app.store.frozen(&activities[0].id).await.unwrap();
    let tally = pinwheel::campaign::ledger::standing(&*app.store, &activities[0], &frozen).await.unwrap().tally;
    let fates: Vec<_> = tally.iter().collect();
    assert_eq!(fates, [(Fate::Sent, 1), (Fate::OptOut, 1), (Fate::Inactive, 1)]);
}
