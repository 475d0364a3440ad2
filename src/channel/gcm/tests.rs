//! The adapter against the sandbox, which speaks FCM's protocol.

use std::time::Duration;

use super::*;
use crate::channel::suite::{self, Behaviour, Provider};
use crate::clock;
use crate::sandbox::fcm::{Fcm, RETRY_AFTER};
use crate::sandbox::{Entry, Record};

struct Sandbox {
    fcm: Fcm,
    gcm: Arc<Gcm>,
}

impl Sandbox {
    async fn start() -> Self {
        let fcm = Fcm::start(Record::memory()).await.unwrap();
        let gcm = Arc::new(adapter(&fcm, "", Arc::new(clock::System::default())).unwrap());
        Self { fcm, gcm }
    }
}

/// An adapter for a sandbox, with these settings besides.
fn adapter(fcm: &Fcm, more: &str, clock: Arc<dyn Clock>) -> Result<Gcm, Error> {
    let mut section: toml::Table = more.parse().unwrap();
    section.insert("base_url".into(), fcm.base_url().into());
    section.insert("service_account_json".into(), fcm.service_account_json().into());
    Gcm::new(settings::read(NAME, section)?, clock)
}

fn push(token: &str) -> Message {
    let content = PushContent { title: Some("Hello".into()), body: Some("World".into()), ..PushContent::default() };
    suite::message(ChannelType::Gcm, token, Content::Push(content))
}

async fn send(gcm: &Gcm, token: &str) -> Outcome {
    gcm.send(&[push(token)]).await.remove(0)
}

impl Provider for Sandbox {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn adapter(&self) -> Arc<dyn Adapter> {
        self.gcm.clone()
    }

    fn message(&self, behaviour: Behaviour) -> Option<Message> {
        Some(push(&match behaviour {
            Behaviour::Accept(n) => format!("token-{n}"),
            Behaviour::Throttle => "throttle".into(),
            Behaviour::Gone => "gone".into(),
            Behaviour::Hang => "hang".into(),
            Behaviour::Drop => "drop".into(),
        }))
    }

    fn taken(&self) -> BoxFuture<'_, u64> {
        Box::pin(async { self.fcm.messages() })
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(RETRY_AFTER)
    }

    fn refused_adapter(&self) -> Option<Arc<dyn Adapter>> {
        let key = self.fcm.service_account_json().replace("pinwheel@sandbox", "nobody@sandbox");
        let section = toml::Table::from_iter([
            ("base_url".into(), self.fcm.base_url().into()),
            ("service_account_json".into(), key.into()),
        ]);
        let settings = settings::read(NAME, section).unwrap();
        Some(Arc::new(Gcm::new(settings, Arc::new(clock::System::default())).unwrap()))
    }

    fn hanging(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.fcm.hanging())
    }
}

#[tokio::test]
async fn it_passes_the_suite() {
    suite::run(&Sandbox::start().await).await;
}

#[tokio::test]
async fn each_answer_has_its_outcome() {
    let Sandbox { fcm, gcm } = Sandbox::start().await;
    assert!(matches!(send(&gcm, "gone").await, Outcome::DeadAddress { .. }));
    assert!(matches!(send(&gcm, "invalid").await, Outcome::DeadAddress { .. }));
    assert!(matches!(send(&gcm, "mismatch").await, Outcome::PermanentFailure { .. }));
    assert!(matches!(send(&gcm, "denied").await, Outcome::Misconfigured { .. }));
    assert!(matches!(send(&gcm, "internal").await, Outcome::TemporaryFailure { retry_after: None, .. }));
    assert_eq!(send(&gcm, "unavailable").await.retry_after(), Some(RETRY_AFTER));
    assert_eq!(fcm.messages(), 0);

    assert!(send(&gcm, "once-1").await.is_retryable());
    let taken = send(&gcm, "once-1").await;
    assert_eq!(taken, Outcome::successful(Some("projects/sandbox/messages/0:0".into())));

    let dropped = send(&gcm, "drop-1").await;
    assert!(matches!(dropped, Outcome::Unknown { .. }), "{dropped:?}");
    let addresses = ["once-1", "drop-1"].map(|address| Entry { address: address.into(), marker: None });
    assert_eq!(fcm.record().entries(), addresses);
}

#[tokio::test]
async fn nobody_listening_is_temporary() {
    let Sandbox { fcm, gcm } = Sandbox::start().await;
    assert!(matches!(send(&gcm, "token").await, Outcome::Successful { .. }));
    drop(fcm);
    let outcome = send(&gcm, "token").await;
    assert!(matches!(outcome, Outcome::TemporaryFailure { .. }), "{outcome:?}");
    gcm.tokens.replace(&gcm.tokens.get().await.unwrap()).await.expect_err("the token endpoint is gone as well");
}

#[tokio::test]
async fn one_token_serves_many_messages_at_once() {
    let Sandbox { fcm, gcm } = Sandbox::start().await;
    let messages: Vec<_> = (0..50).map(|index| [push(&format!("token-{index}"))]).collect();
    let sent = futures_util::future::join_all(messages.iter().map(|batch| gcm.send(batch))).await;
    assert!(sent.iter().flatten().all(|outcome| matches!(outcome, Outcome::Successful { .. })));
    assert_eq!((fcm.messages(), fcm.grants()), (50, 1));
}

#[tokio::test]
async fn a_withdrawn_token_is_replaced_once_for_all() {
    let Sandbox { fcm, gcm } = Sandbox::start().await;
    gcm.check().await.unwrap();
    fcm.revoke_grants();
    let messages: Vec<_> = (0..20).map(|index| [push(&format!("token-{index}"))]).collect();
    let sent = futures_util::future::join_all(messages.iter().map(|batch| gcm.send(batch))).await;
    assert!(sent.iter().flatten().all(|outcome| matches!(outcome, Outcome::Successful { .. })), "{sent:?}");
    assert_eq!((fcm.messages(), fcm.grants()), (20, 2));
}

#[tokio::test]
async fn a_token_is_replaced_before_it_expires() {
    let hands = Arc::new(clock::Held::default());
    let fcm = Fcm::start(Record::None).await.unwrap();
    let gcm = adapter(&fcm, "", hands.clone()).unwrap();
    for (minutes, grants) in [(0, 1), (54, 1), (1, 2), (54, 2), (1, 3)] {
        hands.advance(Duration::from_secs(minutes * 60));
        assert!(matches!(send(&gcm, "token").await, Outcome::Successful { .. }));
        assert_eq!(fcm.grants(), grants, "{minutes} minutes later");
    }
}

#[tokio::test]
async fn content_too_large_is_never_sent() {
    let Sandbox { fcm, gcm } = Sandbox::start().await;
    let content = PushContent { body: Some("x".repeat(5000)), ..PushContent::default() };
    let message = suite::message(ChannelType::Gcm, "token", Content::Push(content));
    let outcome = gcm.send(&[message]).await.remove(0);
    assert!(matches!(&outcome, Outcome::PermanentFailure { reason } if reason.starts_with("413: ")), "{outcome:?}");
    assert_eq!((fcm.messages(), fcm.refusals(), fcm.grants()), (0, 0, 0));
}

#[tokio::test]
async fn raw_content_reaches_fcm_in_its_own_form() {
    let Sandbox { fcm, gcm } = Sandbox::start().await;
    for raw in [
        r#"{"notification":{"title":"T","icon":"i"},"data":{"n":1},"priority":"high","time_to_live":60}"#,
        r#"{"fcmV1Message":{"message":{"topic":"all","notification":{"title":"T"},"android":{"ttl":"3.5s"}}}}"#,
    ] {
        let content = PushContent { raw_content: Some(raw.into()), ..PushContent::default() };
        let outcome = gcm.send(&[suite::message(ChannelType::Gcm, "token", Content::Push(content))]).await.remove(0);
        assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
    }
    let content = PushContent {
        raw_content: Some(r#"{"fcmV1Message":{"message":{"colour":"red"}}}"#.into()),
        ..PushContent::default()
    };
    let outcome = gcm.send(&[suite::message(ChannelType::Gcm, "token", Content::Push(content))]).await.remove(0);
    assert!(matches!(outcome, Outcome::PermanentFailure { .. }), "{outcome:?}");
    assert_eq!(fcm.messages(), 2);
}

#[tokio::test]
async fn wrong_settings_are_named() {
    let fcm = Fcm::start(Record::None).await.unwrap();
    let problem =
        |more: &str| adapter(&fcm, more, Arc::new(clock::System::default())).map(|_| ()).unwrap_err().to_string();
    assert!(problem("token_url = 'localhost'").contains("`token_url`"));
    assert!(problem("project_id = 'a/b'").contains("`project_id` `a/b`"));
    assert!(problem("service_account_file = 'x'").contains("exclude each other"));
    assert!(problem("projekt_id = 'x'").contains("unknown field `projekt_id`"));

    let problem = |section: &str| {
        let settings = settings::read(NAME, section.parse().unwrap()).unwrap();
        Gcm::new(settings, Arc::new(clock::System::default())).map(|_| ()).unwrap_err().to_string()
    };
    assert!(problem("").contains("`service_account_file` is missing"));
    assert!(problem("service_account_file = '/no/such/file'").contains("`/no/such/file` cannot be read"));
}
