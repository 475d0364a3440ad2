//! The adapters against the sandbox, which speaks the service's protocol.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::sms::Sms;
use super::voice::Voice;
use super::*;
use crate::channel::suite::{self, Behaviour, Provider};
use crate::channel::{Adapter, Content, Outcome, SmsContent, Spec, VoiceContent, settings};
use crate::domain::ChannelType;
use crate::http::Aws;
use crate::sandbox::Record;
use crate::sandbox::aws::{
    Messaging, RETRY_AFTER_SECONDS, keyless_config, sdk_config, sender_config, stranger_config, url_of_nobody,
};

/// What makes the sandbox do things, by the receiver's number.
const THROTTLE: &str = "+12065559901";
const OPTED_OUT: &str = "+12065559902";
const GONE: &str = "+12065559905";
const HANG: &str = "+12065559915";
const DROP: &str = "+12065559913";

fn sms(section: &str, aws: Aws) -> Result<Sms, Error> {
    Sms::new(settings::read("sms", section.parse().unwrap())?, Arc::new(aws))
}

fn voice(section: &str, aws: Aws) -> Result<Voice, Error> {
    Voice::new(settings::read("voice", section.parse().unwrap())?, Arc::new(aws))
}

fn text(number: &str, content: SmsContent) -> Message {
    suite::message(ChannelType::Sms, number, Content::Sms(content))
}

fn call(number: &str, content: VoiceContent) -> Message {
    suite::message(ChannelType::Voice, number, Content::Voice(content))
}

fn hello() -> SmsContent {
    SmsContent { body: "Hello".into(), ..SmsContent::default() }
}

fn hello_voice() -> VoiceContent {
    VoiceContent { body: "Hello".into(), ..VoiceContent::default() }
}

/// The service with one of the two adapters.
struct Sandbox {
    server: Messaging,
    spec: &'static Spec,
    adapter: Arc<dyn Adapter>,
}

impl Sandbox {
    async fn sms(section: &str) -> Self {
        let server = Messaging::start(Record::memory()).await.unwrap();
        let adapter = sms(section, Aws::by_sdk_config(&server.sdk_config())).unwrap();
        Self { server, spec: &sms::SPEC, adapter: Arc::new(adapter) }
    }

    async fn voice(section: &str) -> Self {
        let server = Messaging::start(Record::memory()).await.unwrap();
        let adapter = voice(section, Aws::by_sdk_config(&server.sdk_config())).unwrap();
        Self { server, spec: &voice::SPEC, adapter: Arc::new(adapter) }
    }

    fn to(&self, number: &str) -> Message {
        match self.spec.types {
            [ChannelType::Sms] => text(number, hello()),
            _ => call(number, hello_voice()),
        }
    }

    /// What became of a message, and the request it made.
    async fn send(&self, message: Message) -> (Outcome, Value) {
        self.server.server().keep_requests();
        let outcome = self.adapter.send(&[message]).await.remove(0);
        let seen = self.server.server().requests().pop();
        (outcome, seen.map_or(Value::Null, |seen| serde_json::from_slice(&seen.body).unwrap()))
    }
}

impl Provider for Sandbox {
    fn spec(&self) -> &'static Spec {
        self.spec
    }

    fn adapter(&self) -> Arc<dyn Adapter> {
        self.adapter.clone()
    }

    fn message(&self, behaviour: Behaviour) -> Option<Message> {
        Some(match behaviour {
            Behaviour::Accept(n) => self.to(&format!("+1206555{n:04}")),
            Behaviour::Throttle => self.to(THROTTLE),
            Behaviour::Gone => self.to(GONE),
            Behaviour::Hang => self.to(HANG),
            Behaviour::Drop => self.to(DROP),
        })
    }

    fn taken(&self) -> BoxFuture<'_, u64> {
        Box::pin(async { self.server.messages() })
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(RETRY_AFTER_SECONDS))
    }

    fn refused_adapter(&self) -> Option<Arc<dyn Adapter>> {
        let aws = Aws::by_sdk_config(&stranger_config(&self.server.server().base_url()));
        Some(match self.spec.types {
            [ChannelType::Sms] => Arc::new(sms("", aws).unwrap()),
            _ => Arc::new(voice(CALLER, aws).unwrap()),
        })
    }

    fn hanging(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.server.hanging())
    }
}

/// Settings of the channel for voice.
const CALLER: &str = "origination_identity = '+12065550100'";

#[tokio::test]
async fn sms_passes_the_suite() {
    suite::run(&Sandbox::sms("").await).await;
}

#[tokio::test]
async fn voice_passes_the_suite() {
    suite::run(&Sandbox::voice(CALLER).await).await;
}

#[tokio::test]
async fn each_refusal_has_its_outcome() {
    use Outcome::{DeadAddress, Misconfigured, OptedOut, PermanentFailure, TemporaryFailure, Throttled};
    let cases: &[(&str, fn(&Outcome) -> bool, &str)] = &[
        (THROTTLE, |outcome| matches!(outcome, Throttled { .. }), "400 ThrottlingException"),
        (OPTED_OUT, |outcome| matches!(outcome, OptedOut { .. }), "400 ConflictException"),
        ("+12065559903", |outcome| matches!(outcome, PermanentFailure { .. }), "400 ConflictException"),
        ("+12065559904", |outcome| matches!(outcome, Misconfigured { .. }), "400 ConflictException"),
        (GONE, |outcome| matches!(outcome, DeadAddress { .. }), "400 ValidationException"),
        ("+12065559906", |outcome| matches!(outcome, PermanentFailure { .. }), "400 ValidationException"),
        ("+12065559907", |outcome| matches!(outcome, PermanentFailure { .. }), "400 ValidationException"),
        ("not a number", |outcome| matches!(outcome, PermanentFailure { .. }), "400 ValidationException"),
        ("+12065559908", |outcome| matches!(outcome, Misconfigured { .. }), "400 ServiceQuotaExceededException"),
        ("+12065559909", |outcome| matches!(outcome, Throttled { .. }), "400 ServiceQuotaExceededException"),
        ("+12065559910", |outcome| matches!(outcome, Misconfigured { .. }), "400 AccessDeniedException"),
        ("+12065559911", |outcome| matches!(outcome, TemporaryFailure { .. }), "500 InternalServerException"),
        ("+12065559912", |outcome| matches!(outcome, TemporaryFailure { .. }), "500 InternalServerException"),
    ];
    for sandbox in [Sandbox::sms("").await, Sandbox::voice(CALLER).await] {
        for (number, is_expected, reason) in cases {
            let (outcome, _) = sandbox.send(sandbox.to(number)).await;
            assert!(is_expected(&outcome), "{} {number}: {outcome:?}", sandbox.spec.name);
            assert!(outcome.reason().unwrap().starts_with(reason), "{number}: {outcome:?}");
        }
        assert_eq!((sandbox.server.messages(), sandbox.server.refusals()), (0, cases.len() as u64));
        let (again, _) = sandbox.send(sandbox.to("+12065559912")).await;
        assert_eq!(again, Outcome::successful(Some("sandbox-0".into())));
    }
}

#[tokio::test]
async fn what_was_taken_is_never_called_unsent() {
    let sandbox = Sandbox::sms("").await;
    for (taken, number) in [(1, DROP), (2, "+12065559914")] {
        let (outcome, _) = sandbox.send(sandbox.to(number)).await;
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{number}: {outcome:?}");
        assert_eq!(sandbox.server.messages(), taken);
    }
}

#[tokio::test]
async fn nobody_listening_is_temporary() {
    let adapter = sms("", Aws::by_sdk_config(&sdk_config(&url_of_nobody()))).unwrap();
    let outcome = adapter.send(&[text("+12065550001", hello())]).await.remove(0);
    assert!(matches!(outcome, Outcome::TemporaryFailure { .. }), "{outcome:?}");
    adapter.check().await.expect_err("nobody is there");
}

#[tokio::test]
async fn credentials_that_are_missing_are_our_mistake() {
    let server = Messaging::start(Record::None).await.unwrap();
    let keyless = || Aws::by_sdk_config(&keyless_config(&server.server().base_url()));
    let adapters: [(Arc<dyn Adapter>, Message); 2] = [
        (Arc::new(sms("", keyless()).unwrap()), text("+12065550001", hello())),
        (Arc::new(voice(CALLER, keyless()).unwrap()), call("+12065550001", hello_voice())),
    ];
    for (adapter, message) in adapters {
        let outcome = adapter.send(&[message]).await.remove(0);
        assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");
        adapter.check().await.expect_err("there are no credentials");
    }
    assert_eq!((server.messages(), server.refusals()), (0, 0), "nothing arrives");
}

#[tokio::test]
async fn what_a_message_brings_wrong_is_not_the_fault_of_the_settings() {
    let sandbox = Sandbox::sms("origination_identity = 'missing-pool'").await;
    let (outcome, _) = sandbox.send(sandbox.to("+12065550001")).await;
    assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");
    let own = SmsContent { sender_id: Some("missing".into()), ..hello() };
    let (outcome, _) = sandbox.send(text("+12065550001", own)).await;
    assert!(matches!(outcome, Outcome::PermanentFailure { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_text_carries_all_it_has() {
    let section =
        "origination_identity = 'pool-1'\nconfiguration_set = 'texts'\nmax_price = '0.05'\ntime_to_live = '1h'";
    let sandbox = Sandbox::sms(section).await;
    let content = SmsContent {
        body: "Grüße €".into(),
        is_transactional: true,
        sender_id: Some("ACME".into()),
        origination_number: Some("+12065550100".into()),
        entity_id: Some("1101".into()),
        template_id: Some("1107".into()),
        keyword: Some("ACME_KEY".into()),
    };
    let message = Message { reference: Some("v1.abc".into()), ..text("+12065550001", content) };
    let (outcome, request) = sandbox.send(message).await;
    assert_eq!(outcome, Outcome::successful(Some("sandbox-0".into())));
    let expected = json!({
        "DestinationPhoneNumber": "+12065550001",
        "OriginationIdentity": "+12065550100",
        "MessageBody": "Grüße €",
        "MessageType": "TRANSACTIONAL",
        "Keyword": "ACME_KEY",
        "ConfigurationSetName": "texts",
        "MaxPrice": "0.05",
        "TimeToLive": 3600,
        "Context": { "pinwheel-reference": "v1.abc" },
        "DestinationCountryParameters": { "IN_ENTITY_ID": "1101", "IN_TEMPLATE_ID": "1107" },
        "DryRun": false,
    });
    assert_eq!(request, expected);
    assert_eq!(sandbox.server.record().entries()[0].marker.as_deref(), Some("v1.abc"));
}

#[tokio::test]
async fn the_nearest_origin_is_taken() {
    let given = |text: Option<&str>| text.map(str::to_owned);
    for (section, sender_id, number, expected) in [
        ("", None, None, None),
        ("origination_identity = 'pool-1'", None, None, Some("pool-1")),
        ("origination_identity = 'pool-1'", Some("ACME"), None, Some("ACME")),
        ("origination_identity = 'pool-1'", Some("ACME"), Some("12345"), Some("12345")),
    ] {
        let content = SmsContent { sender_id: given(sender_id), origination_number: given(number), ..hello() };
        let (_, request) = Sandbox::sms(section).await.send(text("+12065550001", content)).await;
        assert_eq!(request.get("OriginationIdentity").and_then(Value::as_str), expected);
    }
}

#[tokio::test]
async fn a_bare_text_leaves_the_rest_to_the_service() {
    let (outcome, request) = Sandbox::sms("dry_run = true").await.send(text("+12065550001", hello())).await;
    assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
    let expected = json!({
        "DestinationPhoneNumber": "+12065550001", "MessageBody": "Hello", "MessageType": "PROMOTIONAL",
        "TimeToLive": 259_200, "DryRun": true,
    });
    assert_eq!(request, expected);
}

#[tokio::test]
async fn a_text_that_is_too_long_or_empty_is_not_sent() {
    let sandbox = Sandbox::sms("").await;
    for (body, reason) in [
        ("a".repeat(1601), "the text has 1601 characters (11 parts), and may have 1600"),
        ("ч".repeat(1601), "the text has 1601 characters (24 parts), and may have 1600"),
        (" \n".into(), "the text is empty"),
    ] {
        let (outcome, request) = sandbox.send(text("+12065550001", SmsContent { body, ..hello() })).await;
        assert_eq!((outcome, request), (Outcome::PermanentFailure { reason: reason.into() }, Value::Null));
    }
    let longest = SmsContent { body: "ч".repeat(1600), ..hello() };
    let (outcome, _) = sandbox.send(text("+12065550001", longest)).await;
    assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_call_carries_all_it_has() {
    let section = format!("{CALLER}\nconfiguration_set = 'calls'\nmax_price_per_minute = '.5'");
    let sandbox = Sandbox::voice(&section).await;
    let content = VoiceContent {
        body: "<speak>Guten Tag</speak>\n".into(),
        language_code: Some("de-DE".into()),
        voice_id: None,
        origination_number: Some("+12065550199".into()),
    };
    let message = Message { reference: Some("v1.abc".into()), ..call("+12065550001", content) };
    let (outcome, request) = sandbox.send(message).await;
    assert_eq!(outcome, Outcome::successful(Some("sandbox-0".into())));
    let expected = json!({
        "DestinationPhoneNumber": "+12065550001",
        "OriginationIdentity": "+12065550199",
        "MessageBody": "<speak>Guten Tag</speak>",
        "MessageBodyTextType": "SSML",
        "VoiceId": "VICKI",
        "ConfigurationSetName": "calls",
        "MaxPricePerMinute": ".5",
        "Context": { "pinwheel-reference": "v1.abc" },
        "DryRun": false,
    });
    assert_eq!(request, expected);

    let (_, request) = sandbox.send(sandbox.to("+12065550001")).await;
    let expected = json!({
        "DestinationPhoneNumber": "+12065550001", "OriginationIdentity": "+12065550100", "MessageBody": "Hello",
        "MessageBodyTextType": "TEXT", "ConfigurationSetName": "calls", "MaxPricePerMinute": ".5", "DryRun": false,
    });
    assert_eq!(request, expected);
}

#[tokio::test]
async fn nobody_calls_without_a_number() {
    let sandbox = Sandbox::voice("").await;
    let (outcome, request) = sandbox.send(sandbox.to("+12065550001")).await;
    assert!(matches!(outcome, Outcome::PermanentFailure { .. }), "{outcome:?}");
    assert_eq!(request, Value::Null);

    let own = VoiceContent { origination_number: Some("+12065550199".into()), ..hello_voice() };
    let (outcome, _) = sandbox.send(call("+12065550001", own)).await;
    assert!(matches!(outcome, Outcome::Successful { .. }), "it says nothing of the other messages: {outcome:?}");
}

#[tokio::test]
async fn credentials_that_may_only_send_are_good_ones() {
    let server = Messaging::start(Record::None).await.unwrap();
    let adapter = sms("", Aws::by_sdk_config(&sender_config(&server.server().base_url()))).unwrap();
    adapter.check().await.unwrap();
    assert_eq!(server.refusals(), 1, "it asked");
    assert!(matches!(adapter.send(&[text("+12065550001", hello())]).await[0], Outcome::Successful { .. }));
}

#[tokio::test]
async fn settings_say_where_the_service_is() {
    let server = Messaging::start(Record::None).await.unwrap();
    let nowhere = Aws::by_sdk_config(&sdk_config(&url_of_nobody()));
    let section = format!("endpoint_url = '{}'\nregion = 'eu-west-1'", server.server().base_url());
    let adapter = sms(&section, nowhere).unwrap();
    server.server().keep_requests();
    assert!(matches!(adapter.send(&[text("+12065550001", hello())]).await[0], Outcome::Successful { .. }));
    let [seen] = &server.server().requests()[..] else { panic!("one request") };
    let signed = seen.head.headers["authorization"].to_str().unwrap();
    assert!(signed.contains("/eu-west-1/sms-voice/aws4_request"), "{signed}");
}

#[test]
fn wrong_settings_are_named() {
    let nowhere = || Aws::by_sdk_config(&sdk_config(&url_of_nobody()));
    let problem = |section: &str| sms(section, nowhere()).map(|_| ()).unwrap_err().to_string();
    assert!(problem("endpoint_url = 'x'").contains("channel `sms`: `endpoint_url` is `x`"));
    assert!(problem("max_price = 'much'").contains("`max_price` is `much`"));
    assert!(problem("time_to_live = '4s'").contains("must be from 5s to 72h"));
    assert!(problem("time_to_live = '73h'").contains("must be from 5s to 72h"));
    assert!(problem("origination_idenity = 'x'").contains("unknown field `origination_idenity`"));
    let problem = |section: &str| voice(section, nowhere()).map(|_| ()).unwrap_err().to_string();
    assert!(problem("max_price_per_minute = '1'").contains("channel `voice`: `max_price_per_minute` is `1`"));
    assert!(problem("time_to_live = '1h'").contains("unknown field `time_to_live`"));
}

#[test]
fn a_price_has_a_point() {
    for (text, expected) in [
        ("0.05", true),
        (".5", true),
        ("99.99999", true),
        ("1", false),
        ("100.0", false),
        ("1.", false),
        ("-1.0", false),
    ] {
        assert_eq!(is_price(text), expected, "{text}");
    }
}
