//! CUSTOM: delivery by the customer's own Lambda function or webhook.
//!
//! One call takes a whole batch, and there is no answer for a single message: all of a batch fare alike. What the
//! function returns is ignored.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Adapter, Content, CustomContent, Deps, Error, Factory, Message, Outcome, Spec};
use crate::clock::Clock;
use crate::domain::ChannelType;
use crate::domain::limit::BATCH_ENDPOINTS_MAX;
use crate::hook::event::{Head, Member, Run};
use crate::hook::{self, Invoker, Invokers, Signer, Target, Webhook};
use crate::http::Access;

/// Takes endpoints of every type: a campaign's `EndpointTypes` say which of them are delivered this way.
pub static CUSTOM: Custom = Custom;

static SPEC: Spec = Spec {
    name: "custom",
    types: &[ChannelType::Custom],
    // Source: Pinpoint developer guide, "Creating custom channels with webhooks or Lambda functions".
    batch_messages_max: BATCH_ENDPOINTS_MAX,
    in_flight_max: 32,
};

/// The factory.
pub struct Custom;

/// The section `[channel.custom]`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    /// Standard Webhooks secret (`whsec_…`) that signs calls to a webhook; empty (the default) leaves them unsigned.
    signing_secret: SecretString,
    /// Whether a webhook may be plain http; by default it may not.
    allow_http: bool,
    /// Whether a webhook may lead to a loopback, private or link-local address; by default it may not.
    allow_private_addresses: bool,
}

impl Factory for Custom {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn build(&self, settings: toml::Table, deps: &Deps) -> Result<Arc<dyn Adapter>, Error> {
        let wrong = |problem: String| Error::Settings { channel: SPEC.name, problem };
        let settings: Settings = settings.try_into().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        let signer = match settings.signing_secret.expose_secret() {
            "" => None,
            secret => Some(Arc::new(
                Signer::new(secret).ok_or_else(|| wrong("`signing_secret` is not a `whsec_` secret".into()))?,
            )),
        };
        Ok(Arc::new(CustomAdapter {
            access: Access { http: settings.allow_http, private_addresses: settings.allow_private_addresses },
            signer,
            invokers: Arc::clone(&deps.invokers),
            clock: Arc::clone(&deps.clock),
            known: Mutex::default(),
        }))
    }
}

struct CustomAdapter {
    access: Access,
    signer: Option<Arc<Signer>>,
    invokers: Arc<Invokers>,
    clock: Arc<dyn Clock>,
    /// Kept for their connections.
    known: Mutex<HashMap<Target, Arc<dyn Invoker>>>,
}

impl Adapter for CustomAdapter {
    fn types(&self) -> &[ChannelType] {
        SPEC.types
    }

    /// Functions and webhooks are named by campaigns, not here: there is nothing to reach yet.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    /// The messages share their run and what they are delivered to; panics if not.
    fn send<'a>(&'a self, batch: &'a [Message]) -> BoxFuture<'a, Vec<Outcome>> {
        assert!(batch.len() <= SPEC.batch_messages_max, "{} messages in one batch", batch.len());
        Box::pin(async move {
            let Some(first) = batch.first() else { return Vec::new() };
            let outcome = self.deliver(first, batch).await;
            vec![outcome; batch.len()]
        })
    }
}

impl CustomAdapter {
    async fn deliver(&self, first: &Message, batch: &[Message]) -> Outcome {
        let shared = content(first);
        let members: Vec<Member<'_>> = batch
            .iter()
            .map(|message| {
                let content = content(message);
                assert!(
                    content.delivery_uri == shared.delivery_uri && content.data == shared.data,
                    "a batch is delivered to one function, with one text"
                );
                (message.endpoint_id.as_str(), &content.endpoint_document[..])
            })
            .collect();
        let (Some(treatment_id), Some(activity_id)) = (&first.origin.treatment_id, &first.origin.activity_id) else {
            return Outcome::PermanentFailure { reason: "custom delivery is for campaigns".to_owned() };
        };
        let run = Run {
            application_id: &first.origin.application_id,
            campaign_id: &first.origin.campaign_id,
            treatment_id,
            activity_id,
            scheduled_time: &first.origin.scheduled_time,
        };
        let event = match Head::custom(shared.data.as_deref(), &run).event(&members) {
            Ok(event) => event,
            Err(error) => return Outcome::PermanentFailure { reason: error.to_string() },
        };
        let invoker = match self.invoker(&shared.delivery_uri) {
            Ok(invoker) => invoker,
            Err(error) => return Outcome::Misconfigured { reason: error.to_string() },
        };
        let source = self.invokers.source(&first.origin.application_id, &first.origin.campaign_id);
        match invoker.invoke(event, Some(&source)).await {
            Ok(_) => Outcome::successful(None),
            Err(error) => {
                if let hook::Error::NotAllowed(reason) = &error {
                    // Names the function, the campaign and statements, and nobody else. The run stops at the first of these.
                    let campaign_id = &first.origin.campaign_id;
                    tracing::warn!(campaign.id = %campaign_id, reason, "the function may not be called for this campaign");
                }
                judge(error)
            }
        }
    }

    fn invoker(&self, delivery_uri: &str) -> Result<Arc<dyn Invoker>, hook::Error> {
        let target = Target::of_delivery_uri(delivery_uri)?;
        let mut known = self.known.lock();
        if let Some(invoker) = known.get(&target) {
            return Ok(Arc::clone(invoker));
        }
        let invoker: Arc<dyn Invoker> = match &target {
            Target::Function(_) => self.invokers.invoker(&target)?,
            // Not the hooks' webhook: this one has its own secret and rules, and never repeats a delivery by itself.
            Target::Url(url) => Arc::new(Webhook::new(url, self.access, self.signer.clone(), Arc::clone(&self.clock))?),
        };
        known.insert(target, Arc::clone(&invoker));
        Ok(invoker)
    }
}

fn content(message: &Message) -> &CustomContent {
    match &message.content {
        Content::Custom(content) => content,
        other => panic!("the custom channel got {other:?}"),
    }
}

fn judge(error: hook::Error) -> Outcome {
    let reason = error.to_string();
    match error {
        hook::Error::Throttled { retry_after, .. } => Outcome::Throttled { reason, retry_after },
        // A function that says it failed is called again, as Pinpoint did: it is expected to know what it has done.
        hook::Error::Unreachable(_) | hook::Error::Function(_) | hook::Error::LeftAlone(_) => {
            Outcome::TemporaryFailure { reason, retry_after: None }
        }
        // The function may have run to its end.
        hook::Error::Timeout(_) | hook::Error::Transport(_) => Outcome::Unknown { reason },
        // Unknown function, no permission, a webhook's 4xx: nothing that another batch of the campaign would change.
        hook::Error::Refused(_) | hook::Error::NotAllowed(_) => Outcome::Misconfigured { reason },
        // It answered, if at too great a length, and answers are ignored.
        hook::Error::Undecodable(_) => Outcome::successful(None),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use tokio::sync::Notify;

    use super::*;
    use crate::channel::Origin;
    use crate::channel::suite::{self, Behaviour, Provider};
    use crate::clock;
    use crate::config;
    use crate::domain::{ActivityId, ApplicationId, CampaignId, TreatmentId};
    use crate::http::Aws;
    use crate::sandbox::function::{Record, Reply, Server};

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn adapter(server: &Server, settings: &str) -> Result<Arc<dyn Adapter>, Error> {
        let clock: Arc<dyn Clock> = Arc::new(clock::System::default());
        let config = config::Config::load(config::Sources::default()).unwrap();
        let aws = Arc::new(Aws::by_sdk_config(&server.sdk_config()));
        let invokers = Invokers::new(&config.hook, &config.aws, aws.clone(), Arc::clone(&clock)).unwrap();
        CUSTOM.build(settings.parse().unwrap(), &Deps { clock, invokers: Arc::new(invokers), aws, reports: None })
    }

    fn batch(delivery_uri: &str, messages: usize) -> Vec<Message> {
        let origin = Arc::new(Origin {
            application_id: ApplicationId::new("a"),
            campaign_id: CampaignId::new("c"),
            activity_id: Some(ActivityId::new("r")),
            treatment_id: Some(TreatmentId::new("0")),
            scheduled_time: "2026-03-01T09:00:00.000Z".into(),
        });
        let message = |number: usize| Message {
            endpoint_id: format!("e{number}"),
            channel_type: ChannelType::Custom,
            address: "chat:1".into(),
            idempotency_key: number.to_string(),
            content: Content::Custom(CustomContent {
                delivery_uri: delivery_uri.into(),
                data: Some("text".into()),
                endpoint_document: br#"{"EndpointStatus":"ACTIVE"}"#.to_vec().into(),
            }),
            origin: Arc::clone(&origin),
            reference: None,
        };
        (0..messages).map(message).collect()
    }

    const OPEN: &str = "allow_http = true\nallow_private_addresses = true\n";

    /// A webhook that does as its path says.
    struct Webhooks {
        server: Server,
        adapter: Arc<dyn Adapter>,
        taken: Arc<AtomicU64>,
        hanging: Arc<Notify>,
    }

    impl Webhooks {
        async fn start() -> Self {
            let (taken, hanging) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
            let (count, notify) = (Arc::clone(&taken), Arc::clone(&hanging));
            let server = Server::start(Record::Nothing, move |event| match event.function.as_str() {
                "/throttle" => Reply::Status { code: 429, retry_after: Some(7) },
                "/hang" => {
                    notify.notify_one();
                    Reply::Hang
                }
                "/drop" => {
                    count.fetch_add(1, Ordering::Relaxed);
                    Reply::Drop
                }
                _ => {
                    let endpoints: serde_json::Map<_, _> = serde_json::from_slice(&event.endpoints()).unwrap();
                    count.fetch_add(endpoints.len() as u64, Ordering::Relaxed);
                    Reply::answer("\"Complete\"")
                }
            })
            .await
            .unwrap();
            let adapter = adapter(&server, OPEN).unwrap();
            Self { server, adapter, taken, hanging }
        }
    }

    impl Provider for Webhooks {
        fn spec(&self) -> &'static Spec {
            &SPEC
        }

        fn adapter(&self) -> Arc<dyn Adapter> {
            Arc::clone(&self.adapter)
        }

        fn message(&self, behaviour: Behaviour) -> Option<Message> {
            let (path, number) = match behaviour {
                Behaviour::Accept(number) => ("accept", number),
                Behaviour::Throttle => ("throttle", 0),
                Behaviour::Hang => ("hang", 0),
                Behaviour::Drop => ("drop", 0),
                // A function says nothing about single addresses.
                Behaviour::Gone => return None,
            };
            batch(&format!("{}/{path}", self.server.url()), number + 1).pop()
        }

        fn taken(&self) -> BoxFuture<'_, u64> {
            Box::pin(async { self.taken.load(Ordering::Relaxed) })
        }

        fn retry_after(&self) -> Option<Duration> {
            Some(Duration::from_secs(7))
        }

        fn hanging(&self) -> BoxFuture<'_, ()> {
            Box::pin(self.hanging.notified())
        }
    }

    #[tokio::test]
    async fn it_passes_the_suite() {
        suite::run(&Webhooks::start().await).await;
    }

    #[tokio::test]
    async fn a_batch_is_one_call_of_a_function_or_a_signed_webhook() {
        let server = Server::start(Record::Ids, |event| {
            let expected = br#"{"Message":{},"Data":"text","ApplicationId":"a","CampaignId":"c","TreatmentId":"0","#;
            assert!(event.payload.starts_with(expected));
            if event.function.starts_with('/') {
                standardwebhooks::Webhook::new(SECRET).unwrap().verify(&event.payload, &event.headers).unwrap();
            }
            Reply::answer("\"Complete\"")
        })
        .await
        .unwrap();
        let adapter = adapter(&server, &format!("{OPEN}signing_secret = \"{SECRET}\"")).unwrap();
        adapter.check().await.unwrap();
        for delivery_uri in ["deliver", &format!("{}/deliver", server.url())] {
            let outcomes = adapter.send(&batch(delivery_uri, 50)).await;
            assert_eq!(outcomes, vec![Outcome::successful(None); 50], "{delivery_uri}");
        }
        assert_eq!((server.calls(), server.largest_batch(), server.ids().len()), (2, 50, 50));
        assert_eq!(adapter.send(&[]).await, []);
    }

    #[tokio::test]
    async fn failures_are_told_apart_and_never_repeated() {
        let server = Server::start(Record::Nothing, |event| match event.function.trim_start_matches('/') {
            "throttled" => Reply::Status { code: 429, retry_after: Some(7) },
            "failing" => Reply::FunctionError("no".into()),
            "unknown" => Reply::Status { code: 404, retry_after: None },
            _ => Reply::Drop,
        })
        .await
        .unwrap();
        let adapter = adapter(&server, OPEN).unwrap();
        let cases: [(&str, fn(&Outcome) -> bool); 4] = [
            ("throttled", |o| {
                matches!(o, Outcome::Throttled { .. }) && o.retry_after() == Some(Duration::from_secs(7))
            }),
            ("failing", |o| matches!(o, Outcome::TemporaryFailure { .. })),
            ("unknown", |o| matches!(o, Outcome::Misconfigured { .. })),
            ("dropping", |o| matches!(o, Outcome::Unknown { .. })),
        ];
        let mut calls = 0;
        for (name, expected) in cases {
            for delivery_uri in [name.to_owned(), format!("{}/{name}", server.url())] {
                let outcomes = adapter.send(&batch(&delivery_uri, 2)).await;
                assert!(outcomes.len() == 2 && outcomes.iter().all(expected), "{delivery_uri}: {outcomes:?}");
                calls += 1;
                assert_eq!(server.calls(), calls, "{delivery_uri}");
            }
        }
        let url = server.url();
        drop(server);
        let outcomes = adapter.send(&batch(&url, 1)).await;
        assert!(matches!(outcomes[..], [Outcome::TemporaryFailure { .. }]), "{outcomes:?}");
    }

    #[tokio::test]
    async fn private_addresses_and_plain_http_are_refused_unless_allowed() {
        let server = Server::start(Record::Nothing, |_| Reply::answer("{}")).await.unwrap();
        for settings in ["", "allow_http = true", "allow_private_addresses = true"] {
            let adapter = adapter(&server, settings).unwrap();
            let outcomes = adapter.send(&batch(&server.url(), 1)).await;
            assert!(matches!(outcomes[..], [Outcome::Misconfigured { .. }]), "{settings}: {outcomes:?}");
        }
        assert_eq!(server.calls(), 0);
        for settings in ["secret = 1", "signing_secret = \"whsec_?\""] {
            let error = adapter(&server, settings).err().unwrap().to_string();
            assert!(error.contains("secret"), "{error}");
        }
    }

    #[tokio::test]
    #[should_panic(expected = "51 messages in one batch")]
    async fn an_overlong_batch_is_a_broken_promise() {
        let server = Server::start(Record::Nothing, |_| Reply::answer("{}")).await.unwrap();
        let _ = adapter(&server, OPEN).unwrap().send(&batch("deliver", 51)).await;
    }
}
