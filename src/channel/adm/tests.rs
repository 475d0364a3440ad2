//! The adapter against the sandbox, which speaks ADM's protocol.

use std::time::Duration;

use super::*;
use crate::channel::suite::{self, Behaviour, Provider};
use crate::clock;
use crate::sandbox::adm::{self, RETRY_AFTER, moved_to};
use crate::sandbox::{Entry, Record};

struct Sandbox {
    provider: adm::Adm,
    adapter: Arc<Adm>,
}

impl Sandbox {
    async fn start() -> Self {
        let provider = adm::Adm::start(Record::memory()).await.unwrap();
        let adapter = Arc::new(adapter(&provider, "", Arc::new(clock::System::default())).unwrap());
        Self { provider, adapter }
    }
}

/// An adapter for a sandbox, with these settings besides.
fn adapter(provider: &adm::Adm, more: &str, clock: Arc<dyn Clock>) -> Result<Adm, Error> {
    let mut section: toml::Table = more.parse().unwrap();
    section.insert("base_url".into(), provider.base_url().into());
    section.entry("client_id").or_insert(adm::CLIENT_ID.into());
    section.entry("client_secret").or_insert(adm::CLIENT_SECRET.into());
    Adm::new(settings::read(NAME, section)?, clock)
}

fn push(id: &str) -> Message {
    let content = PushContent { title: Some("Hello".into()), body: Some("World".into()), ..PushContent::default() };
    suite::message(ChannelType::Adm, id, Content::Push(content))
}

async fn send(adapter: &Adm, id: &str) -> Outcome {
    adapter.send(&[push(id)]).await.remove(0)
}

impl Provider for Sandbox {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn adapter(&self) -> Arc<dyn Adapter> {
        self.adapter.clone()
    }

    fn message(&self, behaviour: Behaviour) -> Option<Message> {
        Some(push(&match behaviour {
            Behaviour::Accept(n) => format!("id-{n}"),
            Behaviour::Throttle => "throttle".into(),
            Behaviour::Gone => "gone".into(),
            Behaviour::Hang => "hang".into(),
            Behaviour::Drop => "drop".into(),
        }))
    }

    fn taken(&self) -> BoxFuture<'_, u64> {
        Box::pin(async { self.provider.messages() })
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(RETRY_AFTER)
    }

    fn refused_adapter(&self) -> Option<Arc<dyn Adapter>> {
        let clock = Arc::new(clock::System::default());
        Some(Arc::new(adapter(&self.provider, "client_secret = 'wrong'", clock).unwrap()))
    }

    fn hanging(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.provider.hanging())
    }
}

#[tokio::test]
async fn it_passes_the_suite() {
    suite::run(&Sandbox::start().await).await;
}

#[tokio::test]
async fn each_answer_has_its_outcome() {
    let Sandbox { provider, adapter } = Sandbox::start().await;
    assert!(matches!(send(&adapter, "gone").await, Outcome::DeadAddress { .. }));
    assert!(matches!(send(&adapter, "invalid").await, Outcome::DeadAddress { .. }));
    assert!(matches!(send(&adapter, "internal").await, Outcome::TemporaryFailure { retry_after: None, .. }));
    assert_eq!(send(&adapter, "unavailable").await.retry_after(), Some(RETRY_AFTER));
    assert_eq!(provider.messages(), 0);

    assert!(send(&adapter, "once-1").await.is_retryable());
    assert_eq!(send(&adapter, "once-1").await, Outcome::successful(Some("request-0".into())));
    assert!(matches!(send(&adapter, "drop-1").await, Outcome::Unknown { .. }));
    let addresses = ["once-1", "drop-1"].map(|address| Entry { address: address.into(), marker: None });
    assert_eq!(provider.record().entries(), addresses);
}

#[tokio::test]
async fn a_new_registration_id_is_the_new_address() {
    let Sandbox { provider, adapter } = Sandbox::start().await;
    let moved = Outcome::Successful { message_id: Some("request-0".into()), new_address: Some(moved_to("moved-1")) };
    assert_eq!(send(&adapter, "moved-1").await, moved);
    assert_eq!(send(&adapter, &moved_to("moved-1")).await, Outcome::successful(Some("request-1".into())));
    assert_eq!(provider.messages(), 2);
}

#[tokio::test]
async fn an_address_stays_one_part_of_the_path() {
    let Sandbox { provider, adapter } = Sandbox::start().await;
    let odd = ["amzn1.adm-registration.v2.Zm9v/YmFy+YQ==", "../a?b#c d", "ü"];
    for address in odd {
        assert!(matches!(send(&adapter, address).await, Outcome::Successful { .. }), "{address}");
    }
    assert_eq!(provider.record().entries(), odd.map(|address| Entry { address: address.into(), marker: None }));
    assert!(matches!(send(&adapter, &"x".repeat(100_000)).await, Outcome::DeadAddress { .. }));
}

#[tokio::test]
async fn nobody_listening_is_temporary() {
    let provider = adm::Adm::start(Record::None).await.unwrap();
    let gone = adm::Adm::start(Record::None).await.unwrap();
    let clock = Arc::new(clock::System::default());
    let without_token = adapter(&gone, "", clock.clone()).unwrap();
    let with_token = adapter(&gone, &format!("token_url = '{}/auth/O2/token'", provider.base_url()), clock).unwrap();
    drop(gone);
    for (adapter, grants) in [(&without_token, 0), (&with_token, 1)] {
        let outcome = send(adapter, "id").await;
        assert!(matches!(outcome, Outcome::TemporaryFailure { .. }), "{outcome:?}");
        assert_eq!(provider.grants(), grants);
    }
}

#[tokio::test]
async fn a_withdrawn_token_is_replaced_once_for_all() {
    let Sandbox { provider, adapter } = Sandbox::start().await;
    adapter.check().await.unwrap();
    provider.revoke_grants();
    let messages: Vec<_> = (0..20).map(|index| [push(&format!("id-{index}"))]).collect();
    let sent = futures_util::future::join_all(messages.iter().map(|batch| adapter.send(batch))).await;
    assert!(sent.iter().flatten().all(|outcome| matches!(outcome, Outcome::Successful { .. })), "{sent:?}");
    assert_eq!((provider.messages(), provider.grants()), (20, 2));
}

#[tokio::test]
async fn a_token_is_replaced_before_it_expires() {
    let hands = Arc::new(clock::Held::default());
    let provider = adm::Adm::start(Record::None).await.unwrap();
    let adapter = adapter(&provider, "", hands.clone()).unwrap();
    for (minutes, grants) in [(0, 1), (54, 1), (1, 2)] {
        hands.advance(Duration::from_secs(minutes * 60));
        assert!(matches!(send(&adapter, "id").await, Outcome::Successful { .. }));
        assert_eq!(provider.grants(), grants, "{minutes} minutes later");
    }
}

#[tokio::test]
async fn raw_content_reaches_adm_in_its_own_form() {
    let Sandbox { provider, adapter } = Sandbox::start().await;
    let send_raw = async |raw: String| {
        let content = PushContent { raw_content: Some(raw), ..PushContent::default() };
        adapter.send(&[suite::message(ChannelType::Adm, "id", Content::Push(content))]).await.remove(0)
    };
    let raw = r#"{"data":{"n":1},"md5":"stale","consolidationKey":"k","notification":{"title":"T"}}"#;
    let outcome = send_raw(raw.into()).await;
    assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
    for (raw, problem) in [
        (r#"{"data":{},"expiresAfter":1}"#.to_owned(), "400: InvalidExpiration"),
        (r#"{"data":{},"colour":"red"}"#.to_owned(), "400: InvalidData"),
        (
            format!(r#"{{"data":{{"k":"{}"}}}}"#, "x".repeat(7000)),
            "413: the payload has 7001 bytes, and ADM takes at most 6144",
        ),
    ] {
        assert_eq!(send_raw(raw).await, Outcome::PermanentFailure { reason: problem.into() });
    }
    assert_eq!((provider.messages(), provider.refusals()), (1, 2));
}

#[tokio::test]
async fn wrong_settings_are_named() {
    let problem = |section: &str| {
        let settings = settings::read(NAME, section.parse().unwrap());
        let adapter = settings.and_then(|settings| Adm::new(settings, Arc::new(clock::System::default())));
        adapter.err().unwrap().to_string()
    };
    assert_eq!(problem(""), "channel `adm`: `client_id` is missing");
    assert_eq!(problem("client_id = 'a'"), "channel `adm`: `client_secret` is missing");
    let both = "client_id = 'a'\nclient_secret = 'hunter2'";
    assert!(problem(&format!("{both}\ntoken_url = 'localhost'")).contains("`token_url` makes `localhost`"));
    assert!(problem(&format!("{both}\nbase_url = 'localhost'")).contains("`base_url` makes `localhost`"));
    assert!(problem("klient_id = 'x'").contains("unknown field `klient_id`"));
    let settings: Settings = settings::read(NAME, both.parse().unwrap()).unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
}
