//! The adapter against the sandbox, which speaks Baidu's protocol.

use super::*;
use crate::channel::suite::{self, Behaviour, Provider};
use crate::clock;
use crate::sandbox::baidu;
use crate::sandbox::{Entry, Record};

struct Sandbox {
    provider: baidu::Baidu,
    adapter: Arc<Baidu>,
}

impl Sandbox {
    async fn start() -> Self {
        let provider = baidu::Baidu::start(Record::memory()).await.unwrap();
        let adapter = Arc::new(adapter(&provider, ""));
        Self { provider, adapter }
    }
}

/// An adapter for a sandbox, with these settings besides.
fn adapter(provider: &baidu::Baidu, more: &str) -> Baidu {
    let mut section: toml::Table = more.parse().unwrap();
    section.insert("base_url".into(), provider.base_url().into());
    section.entry("api_key").or_insert(baidu::API_KEY.into());
    section.entry("secret_key").or_insert(baidu::SECRET_KEY.into());
    Baidu::new(settings::read(NAME, section).unwrap(), Arc::new(clock::System::default())).unwrap()
}

fn hello() -> PushContent {
    PushContent { title: Some("Hello ~*".into()), body: Some("Wörld & all".into()), ..PushContent::default() }
}

fn push(channel_id: &str) -> Message {
    suite::message(ChannelType::Baidu, channel_id, Content::Push(hello()))
}

async fn send(adapter: &Baidu, channel_id: &str) -> Outcome {
    adapter.send(&[push(channel_id)]).await.remove(0)
}

fn entry(address: &str, msg_type: &str) -> Entry {
    Entry { address: address.into(), marker: Some(msg_type.into()) }
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
            Behaviour::Accept(n) => format!("{n}"),
            Behaviour::Throttle => "throttle".into(),
            Behaviour::Gone => "gone".into(),
            Behaviour::Hang => "hang".into(),
            Behaviour::Drop => "drop".into(),
        }))
    }

    fn taken(&self) -> BoxFuture<'_, u64> {
        Box::pin(async { self.provider.messages() })
    }

    fn refused_adapter(&self) -> Option<Arc<dyn Adapter>> {
        Some(Arc::new(adapter(&self.provider, "secret_key = 'wrong'")))
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
    assert!(matches!(send(&adapter, "denied").await, Outcome::Misconfigured { .. }));
    assert!(matches!(send(&adapter, "internal").await, Outcome::TemporaryFailure { .. }));
    assert_eq!((provider.messages(), provider.refusals()), (0, 4));

    assert!(send(&adapter, "once-1").await.is_retryable());
    assert_eq!(send(&adapter, "once-1").await, Outcome::successful(Some("0".into())));
    assert!(matches!(send(&adapter, "drop-1").await, Outcome::Unknown { .. }));
    assert_eq!(provider.record().entries(), [entry("once-1", "0"), entry("drop-1", "0")]);
}

#[tokio::test]
async fn either_key_is_needed_and_told_apart_from_no_provider() {
    let Sandbox { provider, adapter: good } = Sandbox::start().await;
    for wrong in ["api_key = 'x'", "secret_key = 'x'"] {
        let problem = adapter(&provider, wrong).check().await.unwrap_err().to_string();
        assert_eq!(problem, "channel `baidu` is not usable: 403 30603: Authentication Failed");
    }
    drop(provider);
    assert!(good.check().await.unwrap_err().to_string().contains("no connection"));
    assert!(matches!(send(&good, "1").await, Outcome::TemporaryFailure { .. }));
}

#[tokio::test]
async fn a_message_has_a_week_or_what_it_asks_for() {
    let Sandbox { provider, adapter } = Sandbox::start().await;
    provider.server().keep_requests();
    for (asked, sent) in [(None, "604800"), (Some(60), "60"), (Some(u32::MAX), "604800")] {
        let content = PushContent { time_to_live: asked, ..hello() };
        let outcome = adapter.send(&[suite::message(ChannelType::Baidu, "1", Content::Push(content))]).await.remove(0);
        assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
        let request = provider.server().requests().remove(0);
        let (_, expires) = url::form_urlencoded::parse(&request.body).find(|(name, _)| name == "msg_expires").unwrap();
        assert_eq!(expires, sent, "{asked:?}");
    }
}

#[tokio::test]
async fn baidus_library_draws_if_it_is_asked_to() {
    let Sandbox { provider, .. } = Sandbox::start().await;
    let adapter = adapter(&provider, "drawn_by = 'baidu'");
    let silent = PushContent { silent: true, ..hello() };
    let raw = |raw: &str| PushContent { raw_content: Some(raw.into()), ..PushContent::default() };
    for (channel_id, content) in [("1", hello()), ("2", silent), ("3", raw(r#"{"description":"d"}"#))] {
        let outcome =
            adapter.send(&[suite::message(ChannelType::Baidu, channel_id, Content::Push(content))]).await.remove(0);
        assert!(matches!(outcome, Outcome::Successful { .. }), "{outcome:?}");
    }
    assert_eq!(provider.record().entries(), [entry("1", "1"), entry("2", "0"), entry("3", "1")]);

    // What it could not draw, it refuses.
    let content = Content::Push(raw("{}"));
    let outcome = adapter.send(&[suite::message(ChannelType::Baidu, "4", content)]).await.remove(0);
    let reason = "400 30602: Request Params Not Valid".into();
    assert_eq!(outcome, Outcome::PermanentFailure { reason });
}

#[tokio::test]
async fn content_too_large_is_never_sent() {
    let Sandbox { provider, adapter } = Sandbox::start().await;
    let content = PushContent { body: Some("x".repeat(5000)), ..PushContent::default() };
    let outcome = adapter.send(&[suite::message(ChannelType::Baidu, "1", Content::Push(content))]).await.remove(0);
    assert!(matches!(&outcome, Outcome::PermanentFailure { reason } if reason.starts_with("413: ")), "{outcome:?}");
    assert_eq!((provider.messages(), provider.refusals()), (0, 0));
}

#[tokio::test]
async fn wrong_settings_are_named() {
    let problem = |section: &str| {
        let settings = settings::read(NAME, section.parse().unwrap());
        let adapter = settings.and_then(|settings| Baidu::new(settings, Arc::new(clock::System::default())));
        adapter.err().unwrap().to_string()
    };
    assert_eq!(problem(""), "channel `baidu`: `api_key` is missing");
    assert_eq!(problem("api_key = 'a'"), "channel `baidu`: `secret_key` is missing");
    let both = "api_key = 'a'\nsecret_key = 'hunter2'";
    assert!(problem(&format!("{both}\nbase_url = 'localhost'")).contains("`base_url` makes `localhost"));
    assert!(problem(&format!("{both}\ndrawn_by = 'me'")).contains("`drawn_by`: unknown variant `me`"));
    assert!(problem("apikey = 'x'").contains("unknown field `apikey`"));
    let settings: Settings = settings::read(NAME, both.parse().unwrap()).unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
}
