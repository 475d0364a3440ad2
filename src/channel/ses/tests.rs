//! The adapter against the sandbox, which speaks SES's protocol.

use std::io;
use std::time::Duration;

use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::*;
use crate::channel::suite::{self, Behaviour, Provider};
use crate::clock;
use crate::sandbox::Record;
use crate::sandbox::aws::{
    RETRY_AFTER_SECONDS, Ses as Server, keyless_config, sdk_config, sender_config, stranger_config, url_of_nobody,
};

struct Sandbox {
    server: Server,
    ses: Arc<Ses>,
}

impl Sandbox {
    async fn start() -> Self {
        Self::with("").await
    }

    /// With these settings besides.
    async fn with(more: &str) -> Self {
        let server = Server::start(Record::memory()).await.unwrap();
        let ses = Arc::new(adapter(more, Aws::by_sdk_config(&server.sdk_config())).unwrap());
        Self { server, ses }
    }

    /// What became of a message, and the request it made.
    async fn send(&self, message: Message) -> (Outcome, Value) {
        self.server.server().keep_requests();
        let outcome = self.ses.send(&[message]).await.remove(0);
        let seen = self.server.server().requests().pop();
        (outcome, seen.map_or(Value::Null, |seen| serde_json::from_slice(&seen.body).unwrap()))
    }
}

fn adapter(more: &str, aws: Aws) -> Result<Ses, Error> {
    let section = format!("from_address = 'News <news@example.com>'\n{more}");
    Ses::new(settings::read(NAME, section.parse().unwrap())?, Arc::new(aws), Arc::new(clock::System::default()))
}

fn email(address: &str, content: EmailContent) -> Message {
    suite::message(ChannelType::Email, address, Content::Email(content))
}

fn hello() -> EmailContent {
    EmailContent { subject: "Hello".into(), text: Some("Hi".into()), ..EmailContent::default() }
}

/// The message in a request.
fn mime(request: &Value) -> String {
    let data = request["Content"]["Raw"]["Data"].as_str().unwrap();
    String::from_utf8(BASE64_STANDARD.decode(data).unwrap()).unwrap()
}

impl Provider for Sandbox {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn adapter(&self) -> Arc<dyn Adapter> {
        self.ses.clone()
    }

    fn message(&self, behaviour: Behaviour) -> Option<Message> {
        let address = match behaviour {
            Behaviour::Accept(n) => format!("ann-{n}@example.net"),
            Behaviour::Throttle => "throttle@example.net".into(),
            // SES takes messages to dead addresses, and reports about them later.
            Behaviour::Gone => return None,
            Behaviour::Hang => "hang@example.net".into(),
            Behaviour::Drop => "drop@example.net".into(),
        };
        Some(email(&address, hello()))
    }

    fn taken(&self) -> BoxFuture<'_, u64> {
        Box::pin(async { self.server.messages() })
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(RETRY_AFTER_SECONDS))
    }

    fn refused_adapter(&self) -> Option<Arc<dyn Adapter>> {
        let aws = Aws::by_sdk_config(&stranger_config(&self.server.server().base_url()));
        Some(Arc::new(adapter("", aws).unwrap()))
    }

    fn hanging(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.server.hanging())
    }
}

#[tokio::test]
async fn it_passes_the_suite() {
    suite::run(&Sandbox::start().await).await;
}

#[tokio::test]
async fn each_refusal_has_its_outcome() {
    use Outcome::{Misconfigured, PermanentFailure, TemporaryFailure, Throttled, Unknown};
    let sandbox = Sandbox::start().await;
    let cases: &[(&str, fn(&Outcome) -> bool, &str)] = &[
        ("throttle", |outcome| matches!(outcome, Throttled { .. }), "429 TooManyRequestsException"),
        ("quota", |outcome| matches!(outcome, Misconfigured { .. }), "429 ThrottlingException: Daily"),
        ("limit", |outcome| matches!(outcome, Misconfigured { .. }), "400 LimitExceededException"),
        ("rejected", |outcome| matches!(outcome, PermanentFailure { .. }), "400 MessageRejected"),
        ("unverified", |outcome| matches!(outcome, PermanentFailure { .. }), "400 MessageRejected"),
        ("mail-from", |outcome| matches!(outcome, Misconfigured { .. }), "400 MailFromDomainNotVerifiedException"),
        ("suspended", |outcome| matches!(outcome, Misconfigured { .. }), "400 AccountSuspendedException"),
        ("paused", |outcome| matches!(outcome, Misconfigured { .. }), "400 SendingPausedException"),
        ("bad", |outcome| matches!(outcome, PermanentFailure { .. }), "400 BadRequestException"),
        ("denied", |outcome| matches!(outcome, Misconfigured { .. }), "403 AccessDeniedException"),
        ("internal", |outcome| matches!(outcome, TemporaryFailure { .. }), "500 InternalFailure"),
        ("once", |outcome| matches!(outcome, TemporaryFailure { .. }), "503 ServiceUnavailable"),
        ("gateway", |outcome| matches!(outcome, Unknown { .. }), "504 Gateway Timeout"),
    ];
    for (word, is_expected, reason) in cases {
        let (outcome, _) = sandbox.send(email(&format!("{word}@example.net"), hello())).await;
        assert!(is_expected(&outcome), "{word}: {outcome:?}");
        assert!(outcome.reason().unwrap().starts_with(reason), "{word}: {outcome:?}");
    }
    assert_eq!((sandbox.server.messages(), sandbox.server.refusals()), (0, cases.len() as u64));

    let (again, _) = sandbox.send(email("once@example.net", hello())).await;
    assert_eq!(again, Outcome::successful(Some("sandbox-0".into())));
}

#[tokio::test]
async fn what_was_taken_is_never_called_unsent() {
    let sandbox = Sandbox::start().await;
    for (taken, word) in [(1, "drop"), (2, "garble")] {
        let (outcome, _) = sandbox.send(email(&format!("{word}@example.net"), hello())).await;
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{word}: {outcome:?}");
        assert_eq!(sandbox.server.messages(), taken);
    }
}

#[tokio::test]
async fn what_a_message_brings_wrong_is_not_the_fault_of_the_settings() {
    let sandbox = Sandbox::with("configuration_set = 'missing-set'").await;
    let (outcome, _) = sandbox.send(email("ann@example.net", hello())).await;
    assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");
    let own_set = EmailContent { configuration_set: Some("missing-of-mine".into()), ..hello() };
    let (outcome, _) = sandbox.send(email("ann@example.net", own_set)).await;
    let reason = "404 NotFoundException: Configuration set <missing-of-mine> does not exist.";
    assert_eq!(outcome, Outcome::PermanentFailure { reason: reason.into() });

    let server = &sandbox.server;
    let aws = Arc::new(Aws::by_sdk_config(&server.sdk_config()));
    let section = "from_address = 'news@unverified.example'".parse().unwrap();
    let settings = settings::read(NAME, section).unwrap();
    let ses = Ses::new(settings, aws, Arc::new(clock::System::default())).unwrap();
    let outcome = ses.send(&[email("ann@example.net", hello())]).await.remove(0);
    assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");
    let own_sender = EmailContent { from_address: Some("shop@unverified.example".into()), ..hello() };
    let outcome = ses.send(&[email("ann@example.net", own_sender)]).await.remove(0);
    assert!(matches!(outcome, Outcome::PermanentFailure { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_request_carries_the_message_as_smtp_would() {
    let sandbox = Sandbox::with("configuration_set = 'news'\nheaders = { Reply-To = 'help@example.com' }").await;
    let (outcome, request) = sandbox.send(email("ann@example.net", hello())).await;
    assert_eq!(outcome, Outcome::successful(Some("sandbox-0".into())));
    let text = mime(&request);
    for line in ["From: News <news@example.com>", "To: ann@example.net", "Subject: Hello", "Reply-To: help@example.com"]
    {
        assert!(text.contains(&format!("{line}\r\n")), "{line}: {text}");
    }
    let data = request["Content"]["Raw"]["Data"].clone();
    let expected = json!({
        "Destination": { "ToAddresses": ["ann@example.net"] },
        "ConfigurationSetName": "news",
        "Content": { "Raw": { "Data": data } },
    });
    assert_eq!(request, expected);
}

#[tokio::test]
async fn a_message_brings_what_is_its_own() {
    let sandbox = Sandbox::with("configuration_set = 'news'").await;
    let own = EmailContent {
        from_address: Some("Shöp <shop@example.org>".into()),
        html: Some("<p>Grüße</p>".into()),
        headers: vec![
            ("Reply-To".into(), "a@example.com, b@example.com".into()),
            ("List-Unsubscribe".into(), "<https://example.org/u?id=1>".into()),
            ("List-Unsubscribe-Post".into(), "List-Unsubscribe=One-Click".into()),
        ],
        configuration_set: Some("shop".into()),
        bounce_address: Some("bounces@example.org".into()),
        ..hello()
    };
    let message = Message { reference: Some("v1-abc_DEF".into()), ..email("ann@example.net", own) };
    let (outcome, request) = sandbox.send(message).await;
    assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
    assert_eq!(request["ConfigurationSetName"], "shop");
    assert_eq!(request["FeedbackForwardingEmailAddress"], "bounces@example.org");
    assert_eq!(request["EmailTags"], json!([{ "Name": "pinwheel-reference", "Value": "v1-abc_DEF" }]));
    assert_eq!(request.get("FromEmailAddress"), None, "it would replace the header");
    let text = mime(&request);
    assert!(text.is_ascii() && !text.contains("8bit"), "SES takes seven bits: {text}");
    assert!(text.contains("<shop@example.org>\r\n"), "{text}");
    for line in [
        "Reply-To: a@example.com, b@example.com",
        "List-Unsubscribe: <https://example.org/u?id=1>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "X-Pinwheel-Reference: v1-abc_DEF",
    ] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{line}: {text}");
    }
}

#[tokio::test]
async fn a_reference_that_no_tag_may_have_travels_in_the_header_alone() {
    let sandbox = Sandbox::start().await;
    for reference in ["v1.abc", &"x".repeat(257)] {
        let message = Message { reference: Some(reference.into()), ..email("ann@example.net", hello()) };
        let (outcome, request) = sandbox.send(message).await;
        assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
        assert_eq!(request.get("EmailTags"), None);
        assert!(mime(&request).contains(&format!("\r\nX-Pinwheel-Reference: {reference}\r\n")));
    }
}

#[tokio::test]
async fn a_message_in_mime_goes_as_it_is_and_gets_a_sender_if_it_has_none() {
    let sandbox = Sandbox::start().await;
    for (raw, sender) in [
        ("From: shop@example.org\r\nSubject: x\r\n\r\nHi", None),
        ("Subject: x\r\n\r\nFrom: nobody@example.org", Some("news@example.com")),
    ] {
        let content = EmailContent { raw: Some(BASE64_STANDARD.encode(raw)), ..EmailContent::default() };
        let (outcome, request) = sandbox.send(email("ann@example.net", content)).await;
        assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
        assert_eq!(mime(&request), raw);
        assert_eq!(request.get("FromEmailAddress").and_then(Value::as_str), sender);
        assert_eq!(request["Destination"]["ToAddresses"], json!(["ann@example.net"]));
    }
}

#[tokio::test]
async fn attempts_at_one_message_carry_one_id() {
    let Sandbox { server, ses } = Sandbox::start().await;
    for _ in 0..2 {
        ses.send(&[email("ann@example.net", hello())]).await;
    }
    let entries = server.record().entries();
    assert_eq!(entries.len(), 2);
    assert!(entries[0].marker.is_some());
    assert_eq!(entries[0], entries[1]);
}

#[tokio::test]
async fn nobody_listening_is_temporary() {
    let ses = adapter("", Aws::by_sdk_config(&sdk_config(&url_of_nobody()))).unwrap();
    let outcome = ses.send(&[email("ann@example.net", hello())]).await.remove(0);
    assert!(matches!(outcome, Outcome::TemporaryFailure { .. }), "{outcome:?}");
    ses.check().await.expect_err("nobody is there");
}

#[tokio::test]
async fn credentials_that_may_only_send_are_good_ones() {
    let server = Server::start(Record::None).await.unwrap();
    let ses = adapter("", Aws::by_sdk_config(&sender_config(&server.server().base_url()))).unwrap();
    ses.check().await.unwrap();
    assert_eq!(server.refusals(), 1, "it asked");
    assert!(matches!(ses.send(&[email("ann@example.net", hello())]).await[0], Outcome::Successful { .. }));
}

#[tokio::test]
async fn credentials_that_nobody_has_are_our_mistake_and_those_that_fail_are_not() {
    let server = Server::start(Record::None).await.unwrap();
    let url = server.server().base_url();
    let cases: [(fn() -> CredentialsError, bool, &str); 4] = [
        (|| CredentialsError::not_loaded("no provider has any"), true, "no provider has any"),
        (|| CredentialsError::invalid_configuration("the profile is a loop"), true, "the profile is a loop"),
        (|| CredentialsError::provider_error(io::Error::other("status 503")), false, "status 503"),
        (|| CredentialsError::provider_timed_out(Duration::from_secs(5)), false, "timed out after 5 seconds"),
    ];
    for (fail, is_misconfigured, reason) in cases {
        let provider = SharedCredentialsProvider::new(provide_credentials_fn(move || async move { Err(fail()) }));
        let config = keyless_config(&url).into_builder().credentials_provider(provider).build();
        let ses = adapter("", Aws::by_sdk_config(&config)).unwrap();
        let outcome = ses.send(&[email("ann@example.net", hello())]).await.remove(0);
        assert_eq!(matches!(outcome, Outcome::Misconfigured { .. }), is_misconfigured, "{outcome:?}");
        assert_eq!(matches!(outcome, Outcome::TemporaryFailure { .. }), !is_misconfigured, "{outcome:?}");
        assert!(outcome.reason().unwrap().contains(reason), "{outcome:?}");
    }
    assert_eq!((server.messages(), server.refusals()), (0, 0), "nothing arrives");
}

#[tokio::test]
async fn what_every_call_needs_and_nobody_has_set_is_our_mistake() {
    let server = Server::start(Record::None).await.unwrap();
    let url = server.server().base_url();
    let regionless = server.sdk_config().into_builder().region(None).build();
    for (config, missing) in [(keyless_config(&url), "credentials"), (regionless.clone(), "no region is set")] {
        let ses = adapter("", Aws::by_sdk_config(&config)).unwrap();
        let outcome = ses.send(&[email("ann@example.net", hello())]).await.remove(0);
        assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");
        assert!(outcome.reason().unwrap().contains(missing), "{outcome:?}");
        assert!(ses.check().await.unwrap_err().to_string().contains(missing));
    }
    assert_eq!((server.messages(), server.refusals()), (0, 0), "nothing arrives");
    let ses = adapter("region = 'eu-west-1'", Aws::by_sdk_config(&regionless)).unwrap();
    assert!(matches!(ses.send(&[email("ann@example.net", hello())]).await[0], Outcome::Successful { .. }));
}

/// An environment that says where each service is.
#[derive(Debug)]
struct Environment(String);

impl LoadServiceConfig for Environment {
    fn load_config(&self, _key: ServiceConfigKey<'_>) -> Option<String> {
        Some(self.0.clone())
    }
}

#[tokio::test]
async fn settings_say_where_the_service_is() {
    let server = Server::start(Record::None).await.unwrap();
    let nowhere = sdk_config(&url_of_nobody()).into_builder().service_config(Environment(url_of_nobody())).build();
    let nowhere = Aws::by_sdk_config(&nowhere);
    let more = format!("endpoint_url = '{}'\nregion = 'eu-west-1'", server.server().base_url());
    let ses = adapter(&more, nowhere).unwrap();
    server.server().keep_requests();
    assert!(matches!(ses.send(&[email("ann@example.net", hello())]).await[0], Outcome::Successful { .. }));
    let [seen] = &server.server().requests()[..] else { panic!("one request") };
    let signed = seen.head.headers["authorization"].to_str().unwrap();
    assert!(signed.contains("/eu-west-1/ses/aws4_request"), "{signed}");
}

#[test]
fn wrong_settings_are_named() {
    let nowhere = || Aws::by_sdk_config(&sdk_config(&url_of_nobody()));
    let problem = |more: &str| adapter(more, nowhere()).map(|_| ()).unwrap_err().to_string();
    assert!(problem("endpoint_url = 'localhost'").contains("`endpoint_url` is `localhost`"));
    assert!(problem("headers = { Subject = 'x' }").contains("the header `Subject`"));
    assert!(problem("host = 'x'").contains("unknown field `host`"));
    let settings = settings::read(NAME, "from_address = 'x'".parse().unwrap()).unwrap();
    let problem = Ses::new(settings, Arc::new(nowhere()), Arc::new(clock::System::default())).err().unwrap();
    assert!(problem.to_string().contains("`from_address` `x` is not a mail address"), "{problem}");
    assert!(settings::read::<Settings>(NAME, toml::Table::new()).unwrap_err().to_string().contains("`from_address`"));
}
