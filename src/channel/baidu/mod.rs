//! BAIDU: push to Android devices in China through Baidu Cloud Push.
//!
//! The parts: [`payload`] writes what the app gets, [`sign`] vouches for the request, [`answer`] says what became of the
//! message.

mod answer;
mod payload;
mod sign;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use hyper::{Request, Uri};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    Adapter, Content, Credentials, Deps, Error, Factory, Message, Outcome, PushContent, Spec, exchange, settings,
};
use crate::clock::Clock;
use crate::domain::ChannelType;
use crate::http::{Access, Client};
use answer::Answer;
use payload::Drawer;

const NAME: &str = "baidu";

/// Bytes of an answer that are read; Baidu's have a few hundred.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Longest time Baidu keeps a message, and what Pinpoint asks for by default: a week. Baidu's own default is five hours.
const TIME_TO_LIVE_SECONDS_MAX: u32 = 604_800;

/// `device_type` of Android, the only platform Pinpoint sends to through Baidu.
const ANDROID: &str = "3";

/// Baidu answers only those who begin like this. Source: Baidu Cloud Push documentation, "Guide for third-party SDKs".
const AGENT: &str = concat!("BCCS_SDK/3.0 (server) Pinwheel/", env!("CARGO_PKG_VERSION"));

static SPEC: Spec = Spec {
    name: NAME,
    types: &[ChannelType::Baidu],
    // One request carries one message: batches of Baidu's share one text.
    batch_messages_max: 1,
    in_flight_max: 200,
};

/// The factory of this adapter.
pub static BAIDU: BaiduFactory = BaiduFactory;

pub struct BaiduFactory;

impl Factory for BaiduFactory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn build(&self, settings: toml::Table, deps: &Deps) -> Result<Arc<dyn Adapter>, Error> {
        Ok(Arc::new(Baidu::new(settings::read(NAME, settings)?, deps.clock.clone())?))
    }

    /// From `ApiKey` and `SecretKey`. Of the settings it takes all but the keys.
    fn build_own(
        &self,
        credentials: &Credentials,
        settings: Option<&toml::Table>,
        deps: &Deps,
    ) -> Option<Result<Arc<dyn Adapter>, Error>> {
        let (key, secret) = (credentials.get("ApiKey")?, credentials.get("SecretKey")?);
        let built = settings::read_optional(NAME, settings).and_then(|shared| {
            let own = Settings { api_key: Some(key.clone()), secret_key: Some(secret.clone()), ..shared };
            Baidu::new(own, deps.clock.clone())
        });
        Some(built.map(|adapter| Arc::new(adapter) as Arc<dyn Adapter>))
    }
}

/// The section `[channel.baidu]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The app's API key.
    #[serde(default, deserialize_with = "settings::secret")]
    api_key: Option<SecretString>,
    /// The key that signs requests.
    #[serde(default, deserialize_with = "settings::secret")]
    secret_key: Option<SecretString>,
    /// Where Baidu is. It is part of what is signed. Default: `https://api.tuisong.baidu.com`.
    base_url: Option<String>,
    /// Who draws notifications: `app` (the default), as apps made for Pinpoint do, or `baidu`, Baidu's library.
    #[serde(default)]
    drawn_by: Drawer,
    /// Requests at once; at most 200. Default: 50.
    in_flight: Option<usize>,
}

/// Where a kind of request goes, in the two forms it is needed in.
struct Target {
    url: Uri,
    text: String,
}

impl Target {
    fn new(base_url: &str, path: &str) -> Result<Self, Error> {
        let text = format!("{}/rest/3.0/{path}", base_url.trim_end_matches('/'));
        Ok(Self { url: settings::url(NAME, "base_url", &text)?, text })
    }
}

struct Baidu {
    api_key: SecretString,
    secret_key: SecretString,
    push: Target,
    query_tags: Target,
    drawn_by: Drawer,
    client: Client,
    in_flight: usize,
    clock: Arc<dyn Clock>,
}

impl Baidu {
    fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let missing = |field: &str| Error::Settings { channel: NAME, problem: format!("`{field}` is missing") };
        let base_url = settings.base_url.as_deref().unwrap_or("https://api.tuisong.baidu.com");
        Ok(Self {
            api_key: settings.api_key.ok_or_else(|| missing("api_key"))?,
            secret_key: settings.secret_key.ok_or_else(|| missing("secret_key"))?,
            push: Target::new(base_url, "push/single_device")?,
            query_tags: Target::new(base_url, "app/query_tags")?,
            drawn_by: settings.drawn_by,
            client: Client::new(Access::ANY),
            in_flight: settings.in_flight.unwrap_or(50),
            clock,
        })
    }

    async fn send_one(&self, message: &Message, push: &PushContent) -> Outcome {
        let payload = match payload::build(message, push, self.drawn_by) {
            Ok(payload) => payload,
            Err(reason) => return Outcome::PermanentFailure { reason },
        };
        let expires = push.time_to_live.unwrap_or(TIME_TO_LIVE_SECONDS_MAX).min(TIME_TO_LIVE_SECONDS_MAX).to_string();
        let parameters = [
            ("channel_id", message.address.as_str()),
            ("msg", &payload.msg),
            ("msg_expires", &expires),
            ("msg_type", payload.kind.as_str()),
        ];
        self.ask(&self.push, &parameters).await
    }

    /// Sends a signed request.
    async fn ask(&self, target: &Target, parameters: &[(&str, &str)]) -> Outcome {
        let mut request = Request::post(target.url.clone()).body(self.form(target, parameters)).expect("valid parts");
        let form = HeaderValue::from_static("application/x-www-form-urlencoded;charset=utf-8");
        request.headers_mut().insert(CONTENT_TYPE, form);
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
        match self.client.send(request, ANSWER_BYTES_MAX).await {
            Ok(response) => Answer::read(&response).outcome(),
            Err(error) => exchange::failed(&error),
        }
    }

    fn form(&self, target: &Target, parameters: &[(&str, &str)]) -> Bytes {
        let now = self.clock.now().as_second().to_string();
        let mut parameters = parameters.to_vec();
        parameters.extend([
            ("apikey", self.api_key.expose_secret()),
            ("device_type", ANDROID),
            ("timestamp", now.as_str()),
        ]);
        let signature = sign::sign("POST", &target.text, &parameters, &self.secret_key);
        parameters.push(("sign", &signature));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish().into()
    }
}

impl Adapter for Baidu {
    fn types(&self) -> &[ChannelType] {
        SPEC.types
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Asks for one of the app's tags, which shows whether Baidu takes our signature; that there may be none is no fault.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            match self.ask(&self.query_tags, &[("start", "0"), ("limit", "1")]).await {
                Outcome::Successful { .. } | Outcome::PermanentFailure { .. } => Ok(()),
                outcome => {
                    let problem = outcome.reason().unwrap_or_default().to_owned();
                    Err(Error::Check { channel: NAME, problem })
                }
            }
        })
    }

    fn send<'a>(&'a self, batch: &'a [Message]) -> BoxFuture<'a, Vec<Outcome>> {
        SPEC.admit(batch);
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(batch.len());
            for message in batch {
                outcomes.push(match &message.content {
                    Content::Push(push) => self.send_one(message, push).await,
                    _ => Outcome::PermanentFailure { reason: "Baidu carries push messages only".into() },
                });
            }
            outcomes
        })
    }
}

#[cfg(test)]
mod tests;
