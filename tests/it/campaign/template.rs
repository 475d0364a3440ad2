//! Message templates: what is missing, and which text an activity keeps.

use pinwheel::domain::{ApplicationId, CampaignId, ChannelType, EndpointUpdate, Fate};
use pinwheel::sandbox::function;
use pinwheel::store::{EndpointWrite, Kind};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{APPLICATION, World, campaign, define, drive, endpoint, populate};

const NOW: &str = "2026-03-01T09:00:00.000Z";

fn with_template() -> serde_json::Value {
    campaign(json!({ "MessageConfiguration": null, "TemplateConfiguration": { "SMSTemplate": { "Name": "hello" } } }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_variable_fails_its_endpoint_and_an_activity_keeps_its_text() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    let mut named = endpoint("named", ChannelType::Sms, "+12065550100");
    named.update.attributes.insert("Nick".into(), vec!["ami".into()]);
    populate(&app, vec![named, endpoint("nameless", ChannelType::Sms, "+12065550101")]).await;
    let template = |text: &str| json!({ "Body": text }).to_string();
    app.store
        .put_definition(None, Kind::SmsTemplate, "hello", template("Hi {{Attributes.Nick}}"), NOW.into())
        .await
        .unwrap();
    define(&app, "c", with_template(), json!({})).await;
    let activities = app.engine.begin(&ApplicationId::new(APPLICATION), &CampaignId::new("c")).await.unwrap();

    app.store.put_definition(None, Kind::SmsTemplate, "hello", template("Something else"), NOW.into()).await.unwrap();
    let outcome = drive(&app, activities, CancellationToken::new()).await;
    assert_eq!(outcome.fates["named"], Fate::Sent);
    assert_eq!(outcome.fates["nameless"], Fate::RenderFailed);
    assert!(world.sunk()[0].to_string().contains("Hi ami"), "{:?}", world.sunk());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_active_endpoints_with_one_address_get_one_message() {
    let world = World::new(function::echo).await;
    let app = world.app("");
    populate(&app, vec![endpoint("first", ChannelType::Sms, "+1"), endpoint("second", ChannelType::Sms, "+1")]).await;
    // The second took the address over and switched the first off; the first comes back.
    let back = EndpointWrite { id: "first".into(), update: EndpointUpdate::default() };
    app.store.upsert_endpoints(&ApplicationId::new(APPLICATION), vec![back], NOW.into()).await.unwrap();
    let fates = crate::support::run(&app, json!({})).await.fates;
    assert_eq!((fates["first"], fates["second"]), (Fate::Sent, Fate::DuplicateAddress));
}
