//! ADM: push to Amazon's devices through Amazon Device Messaging.
//!
//! The parts: [`payload`] writes the request, [`answer`] says what became of the message; access tokens come from
//! [`oauth`](super::oauth), for the client id and secret of a security profile.

mod answer;
mod payload;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Request, Uri};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use serde::Deserialize;

use super::oauth::{Grant, Token, Tokens};
use super::{
    Adapter, Content, Credentials, Deps, Error, Factory, Message, Outcome, PushContent, Spec, exchange, settings,
};
use crate::clock::Clock;
use crate::domain::ChannelType;
use crate::http::{Access, Client};
use answer::Answer;

const NAME: &str = "adm";

/// Bytes of an answer that are read; ADM's have a few hundred, most of them a registration id.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What an access token is asked for. Source: ADM documentation, "Request an access token".
const SCOPE: &str = "messaging:push";

/// Says which form the request has, and which the answer is to have. Source: ADM documentation, "Send a message".
const TYPE_VERSION: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-amzn-type-version"),
    HeaderValue::from_static("com.amazon.device.messaging.ADMMessage@1.0"),
);
const ACCEPT_TYPE: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-amzn-accept-type"),
    HeaderValue::from_static("com.amazon.device.messaging.ADMSendResult@1.0"),
);

/// What stands in a path as it is; an address may have anything in it.
const PATH_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

static SPEC: Spec = Spec {
    name: NAME,
    types: &[ChannelType::Adm],
    // ADM takes one message a request.
    batch_messages_max: 1,
    in_flight_max: 200,
};

/// The factory of this adapter.
pub static ADM: AdmFactory = AdmFactory;

pub struct AdmFactory;

impl Factory for AdmFactory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn build(&self, settings: toml::Table, deps: &Deps) -> Result<Arc<dyn Adapter>, Error> {
        Ok(Arc::new(Adm::new(settings::read(NAME, settings)?, deps.clock.clone())?))
    }

    /// From `ClientId` and `ClientSecret`. Of the settings it takes where ADM is and how many requests it gets at once.
    fn build_own(
        &self,
        credentials: &Credentials,
        settings: Option<&toml::Table>,
        deps: &Deps,
    ) -> Option<Result<Arc<dyn Adapter>, Error>> {
        let (id, secret) = (credentials.get("ClientId")?, credentials.get("ClientSecret")?);
        let built = settings::read_optional(NAME, settings).and_then(|shared| {
            let own = Settings { client_id: Some(id.clone()), client_secret: Some(secret.clone()), ..shared };
            Adm::new(own, deps.clock.clone())
        });
        Some(built.map(|adapter| Arc::new(adapter) as Arc<dyn Adapter>))
    }
}

/// The section `[channel.adm]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The client id of the app's security profile.
    #[serde(default, deserialize_with = "settings::secret")]
    client_id: Option<SecretString>,
    /// Its client secret.
    #[serde(default, deserialize_with = "settings::secret")]
    client_secret: Option<SecretString>,
    /// Where ADM is. Default: `https://api.amazon.com`.
    base_url: Option<String>,
    /// Where access tokens come from. Default: `/auth/O2/token` at `base_url`.
    token_url: Option<String>,
    /// Requests at once; at most 200. Default: 50.
    in_flight: Option<usize>,
}

/// What a security profile gives an app's server.
struct SecurityProfile {
    client_id: SecretString,
    client_secret: SecretString,
}

impl Grant for SecurityProfile {
    fn parameters(&self, _now: Timestamp) -> Vec<(&'static str, SecretString)> {
        vec![
            ("grant_type", "client_credentials".into()),
            ("scope", SCOPE.into()),
            ("client_id", self.client_id.clone()),
            ("client_secret", self.client_secret.clone()),
        ]
    }
}

struct Adm {
    /// Without a slash at its end.
    base_url: String,
    tokens: Tokens,
    client: Client,
    in_flight: usize,
    clock: Arc<dyn Clock>,
}

impl Adm {
    fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let missing = |field: &str| Error::Settings { channel: NAME, problem: format!("`{field}` is missing") };
        let profile = SecurityProfile {
            client_id: settings.client_id.ok_or_else(|| missing("client_id"))?,
            client_secret: settings.client_secret.ok_or_else(|| missing("client_secret"))?,
        };
        let base_url =
            settings.base_url.as_deref().unwrap_or("https://api.amazon.com").trim_end_matches('/').to_owned();
        settings::url(NAME, "base_url", &base_url)?;
        let token_url = settings.token_url.unwrap_or_else(|| format!("{base_url}/auth/O2/token"));
        let token_url = settings::url(NAME, "token_url", &token_url)?;
        let client = Client::new(Access::ANY);
        let tokens = Tokens::new(profile, token_url, client.clone(), clock.clone());
        Ok(Self { base_url, tokens, client, in_flight: settings.in_flight.unwrap_or(50), clock })
    }

    async fn send_one(&self, message: &Message, push: &PushContent) -> Outcome {
        let body = match payload::build(message, push) {
            Ok(body) => Bytes::from(body),
            Err(reason) => return Outcome::PermanentFailure { reason },
        };
        let Some(url) = self.send_url(&message.address) else {
            return Outcome::DeadAddress { reason: "the address is too long for a registration id".into() };
        };
        let token = match self.tokens.get().await {
            Ok(token) => token,
            Err(error) => return error.into(),
        };
        let answer = match self.post(&url, &token, body.clone()).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        if !answer.refuses_token() {
            return answer.outcome(&message.address);
        }
        // A token can be withdrawn before it expires. ADM took nothing, so this is no second attempt at the message.
        let token = match self.tokens.replace(&token).await {
            Ok(token) => token,
            Err(error) => return error.into(),
        };
        match self.post(&url, &token, body).await {
            Ok(answer) => answer.outcome(&message.address),
            Err(outcome) => outcome,
        }
    }

    /// `None` if it is longer than a URL can be.
    fn send_url(&self, address: &str) -> Option<Uri> {
        let id = utf8_percent_encode(address, PATH_SEGMENT);
        format!("{}/messaging/registrations/{id}/messages", self.base_url).parse().ok()
    }

    async fn post(&self, url: &Uri, token: &Token, body: Bytes) -> Result<Answer, Outcome> {
        let mut request = Request::post(url.clone()).body(body).expect("the parts are valid");
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().extend([
            (AUTHORIZATION, token.authorization.clone()),
            (CONTENT_TYPE, json.clone()),
            (ACCEPT, json),
            TYPE_VERSION,
            ACCEPT_TYPE,
        ]);
        match self.client.send(request, ANSWER_BYTES_MAX).await {
            Ok(response) => Ok(Answer::read(&response, self.clock.now())),
            Err(error) => Err(exchange::failed(&error)),
        }
    }
}

impl Adapter for Adm {
    fn types(&self) -> &[ChannelType] {
        SPEC.types
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Gets an access token, which shows that the credentials are valid; ADM has nothing to ask without a message.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            self.tokens.get().await.map_err(|error| Error::Check { channel: NAME, problem: error.to_string() })?;
            Ok(())
        })
    }

    fn send<'a>(&'a self, batch: &'a [Message]) -> BoxFuture<'a, Vec<Outcome>> {
        SPEC.admit(batch);
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(batch.len());
            for message in batch {
                outcomes.push(match &message.content {
                    Content::Push(push) => self.send_one(message, push).await,
                    _ => Outcome::PermanentFailure { reason: "ADM carries push messages only".into() },
                });
            }
            outcomes
        })
    }
}

#[cfg(test)]
mod tests;
