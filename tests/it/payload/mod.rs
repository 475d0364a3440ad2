//! What providers get, case by case: snapshots of the requests that arrive at them.
//!
//! A direct message and a campaign say the same in different words, so both flavours are here. `cargo insta` is not needed:
//! `INSTA_UPDATE=always cargo nextest run --test it payload` writes the snapshots anew, and `git diff` shows what changed.

mod cases;

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use pinwheel::campaign::Engine;
use pinwheel::clock::Clock;
use pinwheel::domain::{ApplicationId, ChannelType, Fate};
use pinwheel::sandbox::function::{self, Event, Reply};
use pinwheel::store::EndpointWrite;
use pinwheel::wire;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use crate::provider::{self, Provider, render};
use crate::support::{APPLICATION, World, lambda_hook, populate, populate_store, run};

/// Stands still, so that what depends on the hour is always the same.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        "2026-03-01T09:00:00Z".parse().unwrap()
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

/// The one endpoint that messages go to.
fn receiver(channel_type: ChannelType, address: &str) -> EndpointWrite {
    let request = json!({
        "ChannelType": channel_type.as_str(),
        "Address": address,
        "Attributes": { "Color": ["teal"], "Sizes": ["S", "M"] },
        "Demographic": { "Locale": "en_GB" },
        "User": { "UserId": "u1", "UserAttributes": { "Name": ["Ann & Bob"] } },
    });
    EndpointWrite {
        id: "e1".into(),
        update: wire::endpoint_update::read(request.to_string().as_bytes()).unwrap().update,
    }
}

/// Sends each case as a direct message, and keeps what arrived.
async fn direct(
    provider: &Provider,
    channel_type: ChannelType,
    cases: Vec<(&'static str, Value)>,
) -> Map<String, Value> {
    let world = World::new(function::echo).await;
    let (engine, store) = world.engine_of(provider.settings(world.settings()), std::sync::Arc::new(Still));
    populate_store(&*store, vec![receiver(channel_type, provider.steered().taken)]).await;
    let mut snapshot = Map::new();
    for (name, request) in cases {
        let receipt = send(&engine, request).await;
        let mut arrived = provider.arrived();
        let what = match arrived.pop() {
            Some(request) => request,
            None => json!({ "refused": receipt }),
        };
        assert!(arrived.is_empty(), "{name}: one message is one request");
        snapshot.insert(name.to_owned(), what);
    }
    snapshot
}

/// Sends to the endpoint; returns what became of it.
async fn send(engine: &std::sync::Arc<Engine>, mut request: Value) -> String {
    let own = request.as_object_mut().unwrap().remove("Own").unwrap_or(json!({}));
    request["Endpoints"] = json!({ "e1": own });
    let request = serde_json::from_value(request).unwrap();
    let receipts = engine.send_messages(&ApplicationId::new(APPLICATION), &request).await.unwrap();
    receipts.by_endpoint["e1"].text.clone()
}

/// Runs each case as a campaign whose hook overrides title and body where a case asks for it, and keeps what arrived.
async fn campaigns(
    provider: &Provider,
    channel_type: ChannelType,
    cases: Vec<(&'static str, Value)>,
) -> Map<String, Value> {
    let mut snapshot = Map::new();
    for (name, mut changes) in cases {
        let world = World::new(overriding).await;
        let app = world.app_of(provider.settings(world.settings()));
        populate(&app, vec![receiver(channel_type, provider.steered().taken)]).await;
        if changes.as_object_mut().unwrap().remove("Overridden").is_some() {
            changes["Hook"] = lambda_hook();
        }
        let outcome = run(&app, changes).await;
        assert_eq!(outcome.tally.get(Fate::Sent), 1, "{name}: {:?}", outcome.fates);
        let mut arrived = provider.arrived();
        let mut request = arrived.pop().unwrap();
        assert!(arrived.is_empty(), "{name}: one message is one request");
        render::settle(&mut request, outcome.activities[0].id.as_str());
        snapshot.insert(name.to_owned(), request);
    }
    snapshot
}

fn overriding(event: &Event) -> Reply {
    let mut endpoints: Map<String, Value> = serde_json::from_slice(&event.endpoints()).unwrap();
    for endpoint in endpoints.values_mut() {
        endpoint["TitleOverride"] = json!("Overridden title");
        endpoint["BodyOverride"] = json!("Overridden body for {{Attributes.Color}}");
    }
    Reply::answer(serde_json::to_vec(&endpoints).unwrap())
}

/// Both flavours of a push channel.
async fn push(provider: Provider, channel_type: ChannelType, member: &str) -> Value {
    json!({
        "direct": direct(&provider, channel_type, cases::push_direct(member)).await,
        "campaign": campaigns(&provider, channel_type, cases::push_campaign(member)).await,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn gcm() {
    insta::assert_json_snapshot!(push(provider::gcm().await, ChannelType::Gcm, "GCMMessage").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn apns() {
    insta::assert_json_snapshot!(push(provider::apns().await, ChannelType::Apns, "APNSMessage").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn adm() {
    insta::assert_json_snapshot!(push(provider::adm().await, ChannelType::Adm, "ADMMessage").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn baidu() {
    insta::assert_json_snapshot!(push(provider::baidu().await, ChannelType::Baidu, "BaiduMessage").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn apns_sandbox() {
    insta::assert_json_snapshot!(push(provider::apns().await, ChannelType::ApnsSandbox, "APNSMessage").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn apns_voip() {
    insta::assert_json_snapshot!(push(provider::apns().await, ChannelType::ApnsVoip, "APNSMessage").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn apns_voip_sandbox() {
    insta::assert_json_snapshot!(push(provider::apns().await, ChannelType::ApnsVoipSandbox, "APNSMessage").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn pinpoint_gcm() {
    let provider = provider::pinpoint(ChannelType::Gcm).await;
    insta::assert_json_snapshot!(push(provider, ChannelType::Gcm, "GCMMessage").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn pinpoint_apns() {
    let provider = provider::pinpoint(ChannelType::Apns).await;
    insta::assert_json_snapshot!(push(provider, ChannelType::Apns, "APNSMessage").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn pinpoint_adm() {
    let provider = provider::pinpoint(ChannelType::Adm).await;
    insta::assert_json_snapshot!(push(provider, ChannelType::Adm, "ADMMessage").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn pinpoint_baidu() {
    let provider = provider::pinpoint(ChannelType::Baidu).await;
    insta::assert_json_snapshot!(push(provider, ChannelType::Baidu, "BaiduMessage").await);
}

/// Both flavours of text messages.
async fn text(provider: Provider) -> Value {
    json!({
        "direct": direct(&provider, ChannelType::Sms, cases::sms_direct()).await,
        "campaign": campaigns(&provider, ChannelType::Sms, cases::sms_campaign()).await,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn sms() {
    insta::assert_json_snapshot!(text(provider::sms().await).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn twilio() {
    insta::assert_json_snapshot!(text(provider::twilio().await).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn smpp() {
    insta::assert_json_snapshot!(text(provider::smpp().await).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn voice() {
    insta::assert_json_snapshot!(direct(&provider::voice().await, ChannelType::Voice, cases::voice_direct()).await);
}

/// Both flavours of e-mails.
async fn mail(provider: Provider) -> Value {
    json!({
        "direct": direct(&provider, ChannelType::Email, cases::email_direct()).await,
        "campaign": campaigns(&provider, ChannelType::Email, cases::email_campaign()).await,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn ses() {
    insta::assert_json_snapshot!(mail(provider::ses().await).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn email() {
    insta::assert_json_snapshot!(mail(provider::email().await).await);
}

/// What a campaign's own function gets for the endpoint.
async fn handed_to_function(changes: Value) -> Value {
    let (tell, mut told) = mpsc::unbounded_channel();
    let world = World::new(move |event: &Event| {
        if event.function != "deliver" {
            return overriding(event);
        }
        tell.send(event.payload.clone()).unwrap();
        Reply::answer("\"Complete\"")
    })
    .await;
    let app = world.app("");
    populate(&app, vec![receiver(ChannelType::Custom, "chat:1")]).await;
    let outcome = run(&app, changes).await;
    assert_eq!(outcome.tally.get(Fate::Sent), 1, "{:?}", outcome.fates);
    let mut event = serde_json::from_slice(&told.recv().await.unwrap()).unwrap();
    assert!(told.try_recv().is_err(), "one batch is one call");
    render::settle(&mut event, outcome.activities[0].id.as_str());
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn custom() {
    let mut snapshot = Map::new();
    for (name, changes) in cases::custom_campaign() {
        snapshot.insert(name.to_owned(), handed_to_function(changes).await);
    }
    insta::assert_json_snapshot!(snapshot);
}
