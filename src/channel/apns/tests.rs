//! The adapter against the sandbox, which speaks APNs's protocol over TLS.

use std::time::Duration;

use rcgen::{CertificateParams, CertifiedKey, DnType, KeyPair, generate_simple_self_signed};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;

use super::*;
use crate::channel::suite::{self, Behaviour, Provider};
use crate::channel::{PushExtra, PushPriority};
use crate::clock;
use crate::config::{Config, Sources};
use crate::hook::Invokers;
use crate::http::Aws;
use crate::sandbox::apns::{self, BUNDLE_ID, KEY_ID, RETRY_AFTER, Senders, TEAM_ID};
use crate::sandbox::{Entry, Record};

/// A server, and a file with the certificate to trust it by.
struct Sandbox {
    apns: apns::Apns,
    ca_file: NamedTempFile,
}

impl Sandbox {
    async fn start() -> Self {
        Self::start_for(Senders::Tokens, None).await
    }

    /// A server that lets in those with this certificate, or everybody.
    async fn start_for(senders: Senders, client: Option<&rcgen::Certificate>) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let builder = match client {
            None => ServerConfig::builder().with_no_client_auth(),
            Some(client) => {
                let mut roots = RootCertStore::empty();
                roots.add(client.der().clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder(roots.into()).build().unwrap();
                ServerConfig::builder().with_client_cert_verifier(verifier)
            }
        };
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let mut tls = builder.with_single_cert(vec![cert.der().clone()], key).unwrap();
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let apns = apns::Apns::start(Some(tls.into()), senders, Record::memory()).await.unwrap();
        let ca_file = NamedTempFile::new().unwrap();
        std::fs::write(&ca_file, cert.pem()).unwrap();
        Self { apns, ca_file }
    }

    /// Where it is, as settings.
    fn place(&self) -> toml::Table {
        let ca_file = self.ca_file.path().to_str().unwrap().to_owned();
        toml::Table::from_iter([
            ("base_url".into(), self.apns.base_url().into()),
            ("sandbox_base_url".into(), self.apns.base_url().into()),
            ("ca_file".into(), ca_file.into()),
        ])
    }

    /// The settings of an adapter that signs with its key.
    fn section(&self) -> toml::Table {
        let mut section = self.place();
        section.extend([
            ("token_key".to_owned(), self.apns.token_key().into()),
            ("key_id".to_owned(), KEY_ID.into()),
            ("team_id".to_owned(), TEAM_ID.into()),
            ("bundle_id".to_owned(), BUNDLE_ID.into()),
        ]);
        section
    }

    fn adapter(&self) -> Arc<Apns> {
        self.adapter_with("", Arc::new(clock::System::default())).unwrap()
    }

    /// With these settings besides.
    fn adapter_with(&self, more: &str, clock: Arc<dyn Clock>) -> Result<Arc<Apns>, Error> {
        let mut section = self.section();
        section.extend(more.parse::<toml::Table>().unwrap());
        Apns::new(settings::read(NAME, section)?, clock).map(Arc::new)
    }
}

/// A certificate for an app, and its key.
fn certificate(bundle_id: &str) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CustomDnType(vec![0, 9, 2342, 19200300, 100, 1, 1]), bundle_id);
    (params.self_signed(&key).unwrap(), key)
}

fn content() -> PushContent {
    PushContent { title: Some("Hello".into()), body: Some("World".into()), ..PushContent::default() }
}

fn push(device: &str) -> Message {
    suite::message(ChannelType::Apns, device, Content::Push(content()))
}

async fn send(adapter: &dyn Adapter, device: &str) -> Outcome {
    adapter.send(&[push(device)]).await.remove(0)
}

/// The outcomes of so many messages that are under way at once.
async fn send_many(adapter: &dyn Adapter, count: usize) -> Vec<Outcome> {
    let messages: Vec<_> = (0..count).map(|index| [push(&format!("device-{index}"))]).collect();
    let sends = messages.iter().map(|batch| adapter.send(batch));
    futures_util::future::join_all(sends).await.into_iter().flatten().collect()
}

fn all_successful(outcomes: &[Outcome]) -> bool {
    outcomes.iter().all(|outcome| matches!(outcome, Outcome::Successful { .. }))
}

/// A sandbox with one adapter.
struct Pair {
    sandbox: Sandbox,
    adapter: Arc<Apns>,
}

impl Provider for Pair {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn adapter(&self) -> Arc<dyn Adapter> {
        self.adapter.clone()
    }

    fn message(&self, behaviour: Behaviour) -> Option<Message> {
        Some(push(&match behaviour {
            Behaviour::Accept(n) => format!("device-{n}"),
            Behaviour::Throttle => "throttle".into(),
            Behaviour::Gone => "gone".into(),
            Behaviour::Hang => "hang".into(),
            Behaviour::Drop => "drop".into(),
        }))
    }

    fn taken(&self) -> BoxFuture<'_, u64> {
        Box::pin(async { self.sandbox.apns.messages() })
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(RETRY_AFTER)
    }

    fn refused_adapter(&self) -> Option<Arc<dyn Adapter>> {
        let mut section = self.sandbox.section();
        section.insert("token_key".into(), KeyPair::generate().unwrap().serialize_pem().into());
        let settings = settings::read(NAME, section).unwrap();
        Some(Arc::new(Apns::new(settings, Arc::new(clock::System::default())).unwrap()))
    }

    fn hanging(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.sandbox.apns.hanging())
    }
}

#[tokio::test]
async fn it_passes_the_suite() {
    let sandbox = Sandbox::start().await;
    let adapter = sandbox.adapter();
    suite::run(&Pair { sandbox, adapter }).await;
}

#[tokio::test]
async fn each_answer_has_its_outcome() {
    let sandbox = Sandbox::start().await;
    let apns = sandbox.adapter();
    for gone in ["gone", "expired", "bad", "not/a/token", "<a b>", "", &"x".repeat(100_000)] {
        let outcome = send(&*apns, gone).await;
        assert!(matches!(outcome, Outcome::DeadAddress { .. }), "{gone}: {outcome:?}");
    }
    assert!(matches!(send(&*apns, "mismatch").await, Outcome::PermanentFailure { .. }));
    assert!(matches!(send(&*apns, "denied").await, Outcome::Misconfigured { .. }));
    assert!(matches!(send(&*apns, "internal").await, Outcome::TemporaryFailure { retry_after: None, .. }));
    assert_eq!(send(&*apns, "unavailable").await.retry_after(), Some(RETRY_AFTER));
    assert_eq!((sandbox.apns.messages(), sandbox.apns.refusals()), (0, 7));

    let dropped = send(&*apns, "drop-1").await;
    assert!(matches!(dropped, Outcome::Unknown { .. }), "{dropped:?}");
    assert_eq!(sandbox.apns.messages(), 1);
}

#[tokio::test]
async fn a_message_has_the_same_id_at_every_attempt() {
    let sandbox = Sandbox::start().await;
    let apns = sandbox.adapter();
    sandbox.apns.server().keep_requests();
    assert!(send(&*apns, "once-1").await.is_retryable());
    let Outcome::Successful { message_id, .. } = send(&*apns, "once-1").await else { panic!("it was to be taken") };
    let ids: Vec<_> =
        sandbox.apns.server().requests().iter().map(|seen| seen.head.headers["apns-id"].clone()).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
    assert_eq!(message_id.as_deref(), ids[0].to_str().ok());
    assert_eq!(sandbox.apns.record().entries(), [Entry { address: "once-1".into(), marker: message_id }]);
}

#[tokio::test]
async fn nobody_listening_is_temporary() {
    let sandbox = Sandbox::start().await;
    let apns = sandbox.adapter();
    assert!(matches!(send(&*apns, "device").await, Outcome::Successful { .. }));
    drop(sandbox);
    let outcome = send(&*apns, "device").await;
    assert!(matches!(outcome, Outcome::TemporaryFailure { .. }), "{outcome:?}");
    apns.check().await.expect_err("nobody is there");
}

#[tokio::test]
async fn many_messages_share_few_connections_and_one_token() {
    for connections in [1, 2, 5] {
        let sandbox = Sandbox::start().await;
        let settings = format!("connections = {connections}");
        let apns = sandbox.adapter_with(&settings, Arc::new(clock::System::default())).unwrap();
        for _ in 0..2 {
            assert!(all_successful(&send_many(&*apns, 200).await));
        }
        let server = sandbox.apns.server();
        assert_eq!((sandbox.apns.messages(), sandbox.apns.tokens()), (400, 1));
        assert_eq!(server.connections(), connections);
        assert!(server.streams_max() >= 10, "{} at once", server.streams_max());
    }
}

#[tokio::test]
async fn a_token_is_replaced_before_it_grows_too_old() {
    let hands = Arc::new(clock::Held::default());
    let sandbox = Sandbox::start().await;
    let apns = sandbox.adapter_with("", hands.clone()).unwrap();
    for (minutes, tokens) in [(0, 1), (39, 1), (1, 2), (39, 2), (1, 3)] {
        hands.advance(Duration::from_secs(minutes * 60));
        assert!(matches!(send(&*apns, "device").await, Outcome::Successful { .. }));
        assert_eq!(sandbox.apns.tokens(), tokens, "{minutes} minutes later");
    }
}

#[tokio::test]
async fn an_expired_token_is_replaced_once_for_all() {
    let hands = Arc::new(clock::Held::default());
    let sandbox = Sandbox::start().await;
    let apns = sandbox.adapter_with("", hands.clone()).unwrap();
    apns.check().await.unwrap();
    hands.advance(Duration::from_secs(20 * 60));
    sandbox.apns.expire_tokens();
    let outcomes = send_many(&*apns, 20).await;
    assert!(all_successful(&outcomes), "{outcomes:?}");
    assert_eq!((sandbox.apns.messages(), sandbox.apns.tokens()), (20, 2));

    // APNs would call another one an update too many. That it expired already is a matter of clocks.
    hands.advance(Duration::from_secs(19 * 60));
    sandbox.apns.expire_tokens();
    let outcome = send(&*apns, "device").await;
    assert!(matches!(&outcome, Outcome::Misconfigured { reason } if reason == "403 ExpiredProviderToken"));
    assert_eq!((sandbox.apns.messages(), sandbox.apns.tokens()), (20, 2));
}

#[tokio::test]
async fn each_type_has_its_server_and_topic() {
    let (production, development) = (Sandbox::start().await, Sandbox::start().await);
    let mut section = production.section();
    // One key, and one list of certificates, for both.
    let both = [&production, &development].map(|sandbox| std::fs::read_to_string(&sandbox.ca_file).unwrap()).concat();
    std::fs::write(&production.ca_file, both).unwrap();
    section.insert("sandbox_base_url".into(), development.apns.base_url().into());
    let apns = Apns::new(settings::read(NAME, section).unwrap(), Arc::new(clock::System::default())).unwrap();
    assert_eq!(apns.types(), SPEC.types);
    for server in [&production, &development] {
        server.apns.server().keep_requests();
    }
    for channel_type in SPEC.types {
        let message = suite::message(*channel_type, "device", Content::Push(content()));
        apns.send(&[message]).await;
    }
    let seen = |sandbox: &Sandbox| -> Vec<_> {
        let requests = sandbox.apns.server().requests();
        let header = |headers: &hyper::HeaderMap, name| headers[name].to_str().unwrap().to_owned();
        requests
            .iter()
            .map(|seen| (header(&seen.head.headers, "apns-topic"), header(&seen.head.headers, "apns-push-type")))
            .collect()
    };
    let expected = [("com.example.app", "alert"), ("com.example.app.voip", "voip")];
    let expected = expected.map(|(topic, push_type)| (topic.to_owned(), push_type.to_owned()));
    assert_eq!(seen(&production), expected);
    assert_eq!(seen(&development), expected);
    assert_eq!(production.apns.messages(), 2);
    // It has another key, of which it knows nothing.
    assert_eq!((development.apns.messages(), development.apns.refusals()), (0, 2));
}

#[tokio::test]
async fn everything_a_message_says_arrives() {
    let sandbox = Sandbox::start().await;
    let apns = sandbox.adapter_with("", Arc::new(clock::Held::default())).unwrap();
    sandbox.apns.server().keep_requests();
    let extra = PushExtra {
        collapse_key: Some("order-7".into()),
        priority: Some(PushPriority::Normal),
        push_type: Some("complication".into()),
        ..PushExtra::default()
    };
    let content = PushContent { time_to_live: Some(60), extra: Some(Box::new(extra)), ..content() };
    let outcome = apns.send(&[suite::message(ChannelType::Apns, "device", Content::Push(content))]).await.remove(0);
    assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
    let [seen] = sandbox.apns.server().requests().try_into().unwrap();
    assert_eq!(seen.head.uri.path(), "/3/device/device");
    for (name, value) in [
        ("apns-topic", "com.example.app.complication"),
        ("apns-push-type", "complication"),
        ("apns-priority", "5"),
        ("apns-collapse-id", "order-7"),
        // A minute after the clock that is held.
        ("apns-expiration", "1772355660"),
    ] {
        assert_eq!(seen.head.headers[name], value, "{name}");
    }
}

#[tokio::test]
async fn content_that_cannot_be_sent_never_is() {
    let sandbox = Sandbox::start().await;
    let apns = sandbox.adapter();
    let large = PushContent { body: Some("x".repeat(5000)), ..PushContent::default() };
    let wrong = PushContent { raw_content: Some("hello".into()), ..PushContent::default() };
    for (content, reason) in [(large, "413: the payload has"), (wrong, "`RawContent` is not a JSON object")] {
        let message = suite::message(ChannelType::Apns, "device", Content::Push(content));
        let outcome = apns.send(&[message]).await.remove(0);
        assert!(
            matches!(&outcome, Outcome::PermanentFailure { reason: said } if said.starts_with(reason)),
            "{outcome:?}"
        );
    }
    assert_eq!(sandbox.apns.server().connections(), 0);
}

#[tokio::test]
async fn a_wrong_topic_is_found_at_the_start() {
    let sandbox = Sandbox::start().await;
    let clock = Arc::new(clock::System::default());
    let apns = sandbox.adapter_with("bundle_id = 'com.example.other'", clock).unwrap();
    let problem = apns.check().await.unwrap_err().to_string();
    assert!(problem.contains("APNS: `https://localhost:") && problem.ends_with("400 TopicDisallowed"), "{problem}");
    assert!(matches!(send(&*apns, "device").await, Outcome::Misconfigured { .. }));
    // What the app may not do is no reason to stop what it may.
    let apns = sandbox.adapter();
    let extra = PushExtra { push_type: Some("liveactivity".into()), ..PushExtra::default() };
    let content = PushContent { extra: Some(Box::new(extra)), ..content() };
    let outcome = apns.send(&[suite::message(ChannelType::Apns, "device", Content::Push(content))]).await.remove(0);
    assert!(matches!(outcome, Outcome::PermanentFailure { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_certificate_says_who_we_are() {
    let (cert, key) = certificate(BUNDLE_ID);
    let sandbox = Sandbox::start_for(Senders::Certificates, Some(&cert)).await;
    let mut section = sandbox.place();
    section.insert("certificate".into(), cert.pem().into());
    section.insert("private_key".into(), key.serialize_pem().into());
    let settings = settings::read(NAME, section).unwrap();
    let apns = Apns::new(settings, Arc::new(clock::System::default())).unwrap();
    apns.check().await.unwrap();
    sandbox.apns.server().keep_requests();
    assert!(all_successful(&send_many(&apns, 20).await));
    for seen in sandbox.apns.server().requests() {
        assert_eq!(seen.head.headers["apns-topic"], BUNDLE_ID);
        assert!(!seen.head.headers.contains_key(AUTHORIZATION));
    }

    // Without it, nobody comes in.
    let stranger = sandbox.adapter();
    stranger.check().await.expect_err("it shows no certificate");
    assert!(!matches!(send(&*stranger, "device").await, Outcome::Successful { .. }));
    assert_eq!(sandbox.apns.messages(), 20);
}

#[tokio::test]
async fn an_application_brings_its_own_credentials() {
    let (cert, key) = certificate(BUNDLE_ID);
    let by_token = Sandbox::start().await;
    let by_certificate = Sandbox::start_for(Senders::Certificates, Some(&cert)).await;
    let all = [
        ("TokenKey", by_token.apns.token_key()),
        ("TokenKeyId", KEY_ID.into()),
        ("TeamId", TEAM_ID.into()),
        ("BundleId", BUNDLE_ID.into()),
        ("Certificate", cert.pem()),
        ("PrivateKey", key.serialize_pem()),
    ];
    let config = Config::load(Sources::default()).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(clock::System::default());
    let aws = Arc::new(Aws::by_settings(&config.aws));
    let invokers = Arc::new(Invokers::new(&config.hook, &config.aws, aws.clone(), clock.clone()).unwrap());
    let deps = Deps { clock, invokers, aws, reports: None };
    let built = |names: &[&str], method: Option<&str>, sandbox: &Sandbox| {
        let chosen = all.iter().filter(|(name, _)| names.contains(name));
        let credentials: Credentials = chosen.map(|(name, text)| ((*name).to_owned(), text.as_str().into())).collect();
        APNS.build_own(&credentials.with_method(method.map(str::to_owned)), Some(&sandbox.place()), &deps)
    };
    let token = ["TokenKey", "TokenKeyId", "TeamId", "BundleId"];
    let certificate = ["Certificate", "PrivateKey"];
    let both = [&token[..], &certificate].concat();
    for (names, method, sandbox) in [
        (&token[..], None, &by_token),
        (&token, Some("KEY"), &by_token),
        (&certificate, None, &by_certificate),
        (&certificate, Some("certificate"), &by_certificate),
        (&both, None, &by_token),
        (&both, Some("TOKEN"), &by_token),
        (&both, Some("CERTIFICATE"), &by_certificate),
    ] {
        let adapter = built(names, method, sandbox).unwrap().unwrap();
        let outcome = send(&*adapter, "device").await;
        assert!(matches!(outcome, Outcome::Successful { .. }), "{names:?} {method:?}: {outcome:?}");
    }
    assert!(built(&["BundleId"], None, &by_token).is_none(), "it is of no use alone");
    for (names, method, missing) in [
        (&token[..], "CERTIFICATE", "`Certificate` is missing, to be known by a certificate"),
        (&certificate, "KEY", "`BundleId` is missing, to be known by a token key"),
    ] {
        let problem = built(names, Some(method), &by_token).unwrap().err().unwrap().to_string();
        assert!(problem.contains(missing), "{problem}");
    }
}

#[tokio::test]
async fn wrong_settings_are_named_and_keys_are_not() {
    let sandbox = Sandbox::start().await;
    let clock = Arc::new(clock::System::default());
    let problem = |more: &str| sandbox.adapter_with(more, clock.clone()).err().unwrap().to_string();
    for (more, expected) in [
        ("base_url = 'localhost'", "`base_url` `localhost` is not an http or https URL"),
        ("sandbox_base_url = 'ftp://x'", "`sandbox_base_url` `ftp://x` is not"),
        ("bundle_id = 'a/b'", "`bundle_id` `a/b` is not a bundle id"),
        ("bundle_id = ''", "`bundle_id` is missing"),
        ("key_id = ''", "`key_id` is missing"),
        ("types = ['GCM']", "`types`: `GCM` is not one of APNS, APNS_SANDBOX, APNS_VOIP, APNS_VOIP_SANDBOX"),
        ("connections = 0", "`connections` is 0, and must be 1 to 8"),
        ("connections = 9", "`connections` is 9, and must be 1 to 8"),
        ("token_key_file = 'x'", "`token_key_file` and `token_key` exclude each other"),
        ("certificate = 'x'", "a token key and a certificate exclude each other"),
        ("private_key = 'x'", "`private_key` belongs to a certificate"),
        ("ca_file = '/no/such/file'", "`ca_file` `/no/such/file` cannot be read"),
        ("topic = 'x'", "unknown field `topic`"),
        ("token_key = 'hunter2'", "the token key is not a PKCS #8 key"),
        ("token_key = 8675309", "`token_key`: must be text"),
    ] {
        let problem = problem(more);
        assert!(problem.contains(expected), "{more}: {problem}");
        assert!(!problem.contains("hunter2") && !problem.contains("8675309"), "{problem}");
    }
    let apns = sandbox.adapter_with("types = ['APNS', 'APNS_VOIP']\nin_flight = 7", clock.clone()).unwrap();
    assert_eq!((apns.types(), apns.in_flight()), (&[ChannelType::Apns, ChannelType::ApnsVoip][..], 7));

    let problem = |section: &str| {
        let settings = settings::read(NAME, section.parse().unwrap()).unwrap();
        Apns::new(settings, clock.clone()).err().unwrap().to_string()
    };
    assert!(problem("").contains("`token_key_file` is missing"));
    assert!(problem("token_key_file = '/no/such/file'").contains("`/no/such/file` cannot be read"));
    let (certificate, key) = certificate("a b");
    let certificate = |more: &str| problem(&format!("certificate = '''{}'''\n{more}", certificate.pem()));
    assert!(certificate("").contains("`private_key_file` is missing"));
    let own = format!("private_key = '''{}'''", key.serialize_pem());
    assert!(certificate(&own).contains("`bundle_id` `a b` is not a bundle id"));
    let other = format!("private_key = '''{}'''\nbundle_id = 'a.b'", KeyPair::generate().unwrap().serialize_pem());
    let inconsistent = certificate(&other);
    assert!(inconsistent.contains("certificate and key: "), "{inconsistent}");
}
