//! The adapter against the sandbox, through the SDK.

use aws_config::{BehaviorVersion, Region, SdkConfig};

use super::*;
use crate::channel::suite::{self, Behaviour, Provider};
use crate::sandbox;
use crate::sandbox::pinpoint::{APPLICATION_ID, RETRY_AFTER};
use crate::sandbox::{Entry, Record};

struct Sandbox {
    aws: sandbox::pinpoint::Pinpoint,
    pinpoint: Arc<Pinpoint>,
}

impl Sandbox {
    async fn start() -> Self {
        let aws = sandbox::pinpoint::Pinpoint::start(Record::memory()).await.unwrap();
        let pinpoint = Arc::new(adapter(&aws, APPLICATION_ID, &aws.sdk_config()));
        Self { aws, pinpoint }
    }
}

fn build(section: &str, sdk: &SdkConfig) -> Result<Pinpoint, Error> {
    Pinpoint::new(settings::read(NAME, section.parse().unwrap())?, Arc::new(Aws::by_sdk_config(sdk)))
}

fn adapter(aws: &sandbox::pinpoint::Pinpoint, application_id: &str, sdk: &SdkConfig) -> Pinpoint {
    let endpoint_url = aws.endpoint_url();
    let section =
        format!("types = ['GCM', 'APNS']\napplication_id = '{application_id}'\nendpoint_url = '{endpoint_url}'");
    build(&section, sdk).unwrap()
}

fn push(address: &str) -> Message {
    let content = PushContent { title: Some("Hello".into()), body: Some("World".into()), ..PushContent::default() };
    suite::message(ChannelType::Gcm, address, Content::Push(content))
}

async fn send(pinpoint: &Pinpoint, address: &str) -> Outcome {
    pinpoint.send(&[push(address)]).await.remove(0)
}

impl Provider for Sandbox {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn adapter(&self) -> Arc<dyn Adapter> {
        self.pinpoint.clone()
    }

    fn message(&self, behaviour: Behaviour) -> Option<Message> {
        Some(push(&match behaviour {
            Behaviour::Accept(n) => format!("token-{n}"),
            Behaviour::Throttle => "limit".into(),
            Behaviour::Gone => "gone".into(),
            Behaviour::Hang => "hang".into(),
            Behaviour::Drop => "drop".into(),
        }))
    }

    fn taken(&self) -> BoxFuture<'_, u64> {
        Box::pin(async { self.aws.messages() })
    }

    fn retry_after(&self) -> Option<std::time::Duration> {
        Some(RETRY_AFTER)
    }

    fn refused_adapter(&self) -> Option<Arc<dyn Adapter>> {
        Some(Arc::new(adapter(&self.aws, APPLICATION_ID, &self.aws.refused_sdk_config())))
    }

    fn hanging(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.aws.hanging())
    }
}

#[tokio::test]
async fn it_passes_the_suite() {
    suite::run(&Sandbox::start().await).await;
}

#[tokio::test]
async fn each_answer_has_its_outcome() {
    let Sandbox { aws, pinpoint } = Sandbox::start().await;
    let throttled = send(&pinpoint, "throttle").await;
    assert_eq!(throttled.reason(), Some("429 THROTTLED: Too many messages"));
    assert!(matches!(throttled, Outcome::Throttled { retry_after: None, .. }), "{throttled:?}");
    assert!(matches!(send(&pinpoint, "unavailable").await, Outcome::TemporaryFailure { .. }));
    assert!(matches!(send(&pinpoint, "mismatch").await, Outcome::PermanentFailure { .. }));
    assert!(matches!(send(&pinpoint, "refused").await, Outcome::PermanentFailure { .. }));
    assert!(matches!(send(&pinpoint, "opted-out").await, Outcome::OptedOut { .. }));
    assert!(matches!(send(&pinpoint, "odd").await, Outcome::Unknown { .. }));
    let broken = send(&pinpoint, "broken").await;
    assert_eq!(broken.reason(), Some("500 InternalServerErrorException: Internal server error"));
    assert!(matches!(broken, Outcome::Unknown { .. }), "{broken:?}");
    assert_eq!(aws.messages(), 0);

    let moved = send(&pinpoint, "moved").await;
    let expected = Outcome::Successful { message_id: Some("message-0".into()), new_address: Some("new-moved".into()) };
    assert_eq!(moved, expected);
    assert_eq!(aws.record().entries(), [Entry { address: "moved".into(), marker: None }]);
}

#[tokio::test]
async fn an_unknown_application_is_our_mistake() {
    let Sandbox { aws, .. } = Sandbox::start().await;
    let lost = adapter(&aws, "lost", &aws.sdk_config());
    let problem = lost.check().await.unwrap_err().to_string();
    assert!(problem.contains("404 NotFoundException"), "{problem}");
    assert!(matches!(send(&lost, "token").await, Outcome::Misconfigured { .. }));
}

#[tokio::test]
async fn credentials_that_may_only_send_are_good_ones() {
    let Sandbox { aws, .. } = Sandbox::start().await;
    let sender = adapter(&aws, APPLICATION_ID, &aws.sender_sdk_config());
    sender.check().await.unwrap();
    assert!(matches!(send(&sender, "token").await, Outcome::Successful { .. }));
    let stranger = adapter(&aws, APPLICATION_ID, &aws.refused_sdk_config());
    stranger.check().await.expect_err("nobody knows it");
}

#[tokio::test]
async fn what_every_call_needs_and_nobody_has_set_is_our_mistake() {
    let Sandbox { aws, .. } = Sandbox::start().await;
    aws.server().keep_requests();
    let keyless = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::new("us-east-1"));
    for config in [keyless.build(), aws.sdk_config().into_builder().region(None).build()] {
        let pinpoint = adapter(&aws, APPLICATION_ID, &config);
        let outcome = send(&pinpoint, "token").await;
        assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");
        pinpoint.check().await.expect_err("something is missing");
    }
    assert!(aws.server().requests().is_empty(), "nothing arrives");
}

#[tokio::test]
async fn nobody_listening_is_temporary() {
    let Sandbox { aws, pinpoint } = Sandbox::start().await;
    drop(aws);
    let outcome = send(&pinpoint, "token").await;
    assert!(matches!(outcome, Outcome::TemporaryFailure { .. }), "{outcome:?}");
    pinpoint.check().await.expect_err("nobody is there");
}

#[test]
fn wrong_settings_are_named() {
    let sdk = SdkConfig::builder().build();
    let problem = |section: &str| build(section, &sdk).map(|_| ()).unwrap_err().to_string();
    assert!(problem("application_id = 'a'").contains("missing field `types`"));
    assert!(problem("types = ['GCM']").contains("missing field `application_id`"));
    assert!(problem("types = []\napplication_id = 'a'").contains("`types` is empty"));
    assert!(problem("types = ['SMS']\napplication_id = 'a'").contains("`types` has `SMS`, which is none of ADM, APNS"));
    assert!(problem("types = ['GCM']\napplication_id = 'a/b'").contains("`application_id` `a/b`"));
    let problem = problem("types = ['GCM']\napplication_id = 'a'\nendpoint_url = 'localhost:1'");
    assert!(problem.contains("`endpoint_url` is `localhost:1`"), "{problem}");
}
