//! The adapter against the sandbox.

use super::*;
use crate::channel::suite::{self, Behaviour, Provider};
use crate::clock;
use crate::sandbox;
use crate::sandbox::twilio::{
    ACCOUNT_SID, API_KEY_SECRET, API_KEY_SID, AUTH_TOKEN, FROM, MESSAGING_SERVICE_SID, RETRY_AFTER,
};
use crate::sandbox::{Entry, Record};

struct Sandbox {
    server: sandbox::twilio::Twilio,
    twilio: Arc<Twilio>,
}

impl Sandbox {
    async fn start() -> Self {
        let server = sandbox::twilio::Twilio::start(Record::memory()).await.unwrap();
        let twilio = Arc::new(adapter(&server, AUTH_TOKEN, &format!("from = '{FROM}'")));
        Self { server, twilio }
    }
}

fn build(section: &str) -> Result<Twilio, Error> {
    Twilio::new(settings::read(NAME, section.parse().unwrap())?, Arc::new(clock::System::default()))
}

fn adapter(server: &sandbox::twilio::Twilio, auth_token: &str, more: &str) -> Twilio {
    let base_url = server.base_url();
    let section =
        format!("account_sid = '{ACCOUNT_SID}'\nauth_token = '{auth_token}'\nbase_url = '{base_url}'\n{more}");
    build(&section).unwrap()
}

fn sms(number: &str) -> Message {
    let content = SmsContent { body: "Hello".into(), ..SmsContent::default() };
    suite::message(ChannelType::Sms, number, Content::Sms(content))
}

async fn send(twilio: &Twilio, number: &str) -> Outcome {
    twilio.send(&[sms(number)]).await.remove(0)
}

/// The form that the server got with its last request.
fn form(server: &sandbox::twilio::Twilio) -> Vec<(String, String)> {
    let requests = server.server().requests();
    url::form_urlencoded::parse(&requests.last().unwrap().body).into_owned().collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

impl Provider for Sandbox {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn adapter(&self) -> Arc<dyn Adapter> {
        self.twilio.clone()
    }

    fn message(&self, behaviour: Behaviour) -> Option<Message> {
        Some(sms(&match behaviour {
            Behaviour::Accept(n) => format!("+44770090{n:04}"),
            Behaviour::Throttle => "+15554290000".into(),
            Behaviour::Gone => "+15552110000".into(),
            Behaviour::Hang => "+15559990000".into(),
            Behaviour::Drop => "+15550000000".into(),
        }))
    }

    fn taken(&self) -> BoxFuture<'_, u64> {
        Box::pin(async { self.server.messages() })
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(RETRY_AFTER)
    }

    fn refused_adapter(&self) -> Option<Arc<dyn Adapter>> {
        Some(Arc::new(adapter(&self.server, "wrong", &format!("from = '{FROM}'"))))
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
async fn each_answer_has_its_outcome() {
    let Sandbox { server, twilio } = Sandbox::start().await;
    assert!(matches!(send(&twilio, "+15556110000").await, Outcome::Throttled { retry_after: None, .. }));
    assert!(matches!(send(&twilio, "+15556100000").await, Outcome::OptedOut { .. }));
    assert!(matches!(send(&twilio, "+15554080000").await, Outcome::PermanentFailure { .. }));
    assert!(matches!(send(&twilio, "+15555030000").await, Outcome::TemporaryFailure { .. }));
    let invalid = send(&twilio, "somebody").await;
    assert_eq!(invalid, Outcome::DeadAddress { reason: "400 21211: Invalid 'To' Phone Number".into() });
    assert_eq!(server.messages(), 0);

    assert!(matches!(send(&twilio, "+15555000000").await, Outcome::Unknown { .. }));
    assert_eq!(send(&twilio, "+447700900000").await, Outcome::successful(Some("SM1".into())));
    let taken = ["+15555000000", "+447700900000"].map(|address| Entry { address: address.into(), marker: None });
    assert_eq!(server.record().entries(), taken);
}

#[tokio::test]
async fn the_request_says_what_is_set_and_no_more() {
    let Sandbox { server, twilio } = Sandbox::start().await;
    server.server().keep_requests();
    send(&twilio, "+447700900000").await;
    assert_eq!(form(&server), pairs([("To", "+447700900000"), ("Body", "Hello"), ("From", FROM)]));

    let settings = format!(
        "messaging_service_sid = '{MESSAGING_SERVICE_SID}'\nvalidity_period = '1h'\n\
         status_callback = 'https://example.com/hooks?from=twilio'"
    );
    let twilio = adapter(&server, AUTH_TOKEN, &settings);
    let mut message = sms("+447700900000");
    message.reference = Some("r-1.s_2".into());
    let outcome = twilio.send(&[message]).await.remove(0);
    assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
    let expected = pairs([
        ("To", "+447700900000"),
        ("Body", "Hello"),
        ("MessagingServiceSid", MESSAGING_SERVICE_SID),
        ("ValidityPeriod", "3600"),
        ("StatusCallback", "https://example.com/hooks?from=twilio&reference=r-1.s_2"),
    ]);
    assert_eq!(form(&server), expected);
    // Reports about a message without a reference are about its number.
    send(&twilio, "+447700900000").await;
    let callback = ("StatusCallback".to_owned(), "https://example.com/hooks?from=twilio".to_owned());
    assert_eq!(form(&server).last(), Some(&callback));
}

#[tokio::test]
async fn a_message_may_name_its_sender() {
    let Sandbox { server, twilio } = Sandbox::start().await;
    server.server().keep_requests();
    for (origination_number, sender_id, from) in
        [(Some("+15550100009"), Some("ACME"), "+15550100009"), (None, Some("ACME"), "ACME"), (None, None, FROM)]
    {
        let content = SmsContent {
            body: "Hello".into(),
            origination_number: origination_number.map(str::to_owned),
            sender_id: sender_id.map(str::to_owned),
            ..SmsContent::default()
        };
        let outcome =
            twilio.send(&[suite::message(ChannelType::Sms, "+447700900000", Content::Sms(content))]).await.remove(0);
        // The message's own sender is refused: that says nothing of the settings.
        let is_refused = from == "+15550100009";
        assert_eq!(matches!(outcome, Outcome::PermanentFailure { .. }), is_refused, "{from}: {outcome:?}");
        assert!(form(&server).contains(&("From".to_owned(), from.to_owned())), "{from}");
    }
}

#[tokio::test]
async fn an_api_key_logs_in_as_well() {
    let Sandbox { server, .. } = Sandbox::start().await;
    let section = format!(
        "account_sid = '{ACCOUNT_SID}'\napi_key_sid = '{API_KEY_SID}'\napi_key_secret = '{API_KEY_SECRET}'\n\
         from = '{FROM}'\nbase_url = '{}/'",
        server.base_url()
    );
    let twilio = build(&section).unwrap();
    twilio.check().await.unwrap();
    assert!(matches!(send(&twilio, "+447700900000").await, Outcome::Successful { .. }));
    assert!(!format!("{:?}", twilio.authorization).contains(&BASE64_STANDARD.encode(API_KEY_SID)[..20]));
}

#[tokio::test]
async fn a_text_that_is_too_long_is_never_sent() {
    let Sandbox { server, twilio } = Sandbox::start().await;
    for (chars, is_sent) in [(1600, true), (1601, false)] {
        let content = SmsContent { body: "ä".repeat(chars), ..SmsContent::default() };
        let message = suite::message(ChannelType::Sms, "+447700900000", Content::Sms(content));
        let outcome = twilio.send(&[message]).await.remove(0);
        assert_eq!(matches!(outcome, Outcome::Successful { .. }), is_sent, "{outcome:?}");
        assert_eq!(matches!(outcome, Outcome::PermanentFailure { .. }), !is_sent, "{outcome:?}");
    }
    assert_eq!(server.messages(), 1);
}

#[tokio::test]
async fn nobody_listening_is_temporary() {
    let Sandbox { server, twilio } = Sandbox::start().await;
    drop(server);
    let outcome = send(&twilio, "+447700900000").await;
    assert!(matches!(outcome, Outcome::TemporaryFailure { .. }), "{outcome:?}");
    twilio.check().await.expect_err("nobody is there");
}

#[test]
fn wrong_settings_are_named() {
    let problem = |section: &str| build(section).map(|_| ()).unwrap_err().to_string();
    assert!(problem("").contains("missing field `account_sid`"));
    assert!(problem("account_sid = 'me'").contains("`account_sid` `me`"));
    let problem = |more: &str| problem(&format!("account_sid = 'AC1'\n{more}"));
    assert!(problem("from = '+1'").contains("`auth_token` is missing"));
    assert!(problem("api_key_sid = 'SK1'").contains("`api_key_secret` is missing"));
    assert!(problem("api_key_secret = 'x'").contains("`api_key_sid` is missing"));
    assert!(problem("auth_token = 'x'\napi_key_sid = 'SK1'").contains("exclude each other"));
    let problem = |more: &str| problem(&format!("auth_token = 'hunter2'\n{more}"));
    assert!(problem("").contains("`from` is missing"));
    assert!(problem("from = '+1'\nmessaging_service_sid = 'MG1'").contains("exclude each other"));
    let problem = |more: &str| problem(&format!("from = '+1'\n{more}"));
    for more in ["base_url = 'localhost'", "status_callback = 'here'", "validity_period = '11h'"] {
        let (field, problem) = (more.split(' ').next().unwrap(), problem(more));
        assert!(problem.contains(&format!("`{field}`")) && !problem.contains("hunter2"), "{problem}");
    }
    assert!(problem("validity_period = '1500ms'").contains("whole seconds"));
}
