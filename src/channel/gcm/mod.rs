//! GCM: Android push through Firebase Cloud Messaging's HTTP v1 interface.
//!
//! The parts: [`account`] reads a service account's key and signs with it, for which [`oauth`](super::oauth) gets access tokens;
//! [`payload`] writes the request, [`answer`] says what became of the message.

mod account;
mod answer;
mod payload;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Request, Uri};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::oauth::{Token, Tokens};
use super::{
    Adapter, Content, Credentials, Deps, Error, Factory, Message, Outcome, PushContent, Spec, exchange, settings,
};
use crate::clock::Clock;
use crate::domain::ChannelType;
use crate::http::{Access, Client};
use account::Account;
use answer::Answer;

const NAME: &str = "gcm";

/// FCM allows about 100 streams on an HTTP/2 connection, so a few of them carry what [`SPEC`] allows. Each client has its own.
const CLIENTS: usize = 4;

/// Bytes of an answer that are read; FCM's have a few hundred.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

static SPEC: Spec = Spec {
    name: NAME,
    types: &[ChannelType::Gcm],
    // One request carries one message: then a time-out leaves one message unknown and not a batch of them.
    batch_messages_max: 1,
    in_flight_max: CLIENTS * 100,
};

/// The factory of this adapter.
pub static GCM: GcmFactory = GcmFactory;

pub struct GcmFactory;

impl Factory for GcmFactory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn build(&self, settings: toml::Table, deps: &Deps) -> Result<Arc<dyn Adapter>, Error> {
        Ok(Arc::new(Gcm::new(settings::read(NAME, settings)?, deps.clock.clone())?))
    }

    /// From `ServiceJson`. Of the settings it takes where FCM is and how many requests it gets at once, not the account.
    fn build_own(
        &self,
        credentials: &Credentials,
        settings: Option<&toml::Table>,
        deps: &Deps,
    ) -> Option<Result<Arc<dyn Adapter>, Error>> {
        let key = credentials.get("ServiceJson")?;
        let built = settings::read_optional(NAME, settings).and_then(|shared: Settings| {
            let account = Some(key.clone());
            let own =
                Settings { service_account_file: None, service_account_json: account, project_id: None, ..shared };
            Gcm::new(own, deps.clock.clone())
        });
        Some(built.map(|adapter| Arc::new(adapter) as Arc<dyn Adapter>))
    }
}

/// The section `[channel.gcm]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The service account's key file, as the Google Cloud console gives it.
    service_account_file: Option<PathBuf>,
    /// The text of that file, instead of it.
    #[serde(default, deserialize_with = "settings::secret")]
    service_account_json: Option<SecretString>,
    /// The Firebase project. Default: the service account's.
    project_id: Option<String>,
    /// Where FCM is. Default: `https://fcm.googleapis.com`.
    base_url: Option<String>,
    /// Where access tokens come from. Default: the service account's `token_uri`.
    token_url: Option<String>,
    /// Requests at once; at most 400. Default: 200.
    in_flight: Option<usize>,
}

struct Gcm {
    send_url: Uri,
    tokens: Tokens,
    clients: [Client; CLIENTS],
    turn: AtomicUsize,
    in_flight: usize,
    clock: Arc<dyn Clock>,
}

impl Gcm {
    fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let account = Account::parse(&key_text(&settings)?).map_err(wrong)?;
        let Some(project_id) = settings.project_id.as_deref().or(account.project_id.as_deref()) else {
            return Err(wrong("`project_id` is missing, in the settings and in the service account".into()));
        };
        if !project_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte)) {
            return Err(wrong(format!("`project_id` `{project_id}` is not the id of a project")));
        }
        let base_url = settings.base_url.as_deref().unwrap_or("https://fcm.googleapis.com").trim_end_matches('/');
        let send_url = settings::url(NAME, "base_url", &format!("{base_url}/v1/projects/{project_id}/messages:send"))?;
        let token_url = settings.token_url.as_deref().unwrap_or(&account.token_uri);
        let token_url = settings::url(NAME, "token_url", token_url)?;
        let clients = std::array::from_fn(|_| Client::new(Access::ANY));
        let tokens = Tokens::new(account, token_url, clients[0].clone(), clock.clone());
        let in_flight = settings.in_flight.unwrap_or(200);
        Ok(Self { send_url, tokens, clients, turn: AtomicUsize::new(0), in_flight, clock })
    }

    async fn send_one(&self, message: &Message, push: &PushContent) -> Outcome {
        let body = match payload::build(message, push) {
            Ok(body) => Bytes::from(body),
            Err(reason) => return Outcome::PermanentFailure { reason },
        };
        let token = match self.tokens.get().await {
            Ok(token) => token,
            Err(error) => return error.into(),
        };
        let answer = match self.post(&token, body.clone()).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        if !answer.refuses_token() {
            return answer.outcome();
        }
        // A token can be withdrawn before it expires. FCM took nothing, so this is no second attempt at the message.
        match self.tokens.replace(&token).await {
            Ok(token) => self.post(&token, body).await.map_or_else(|outcome| outcome, Answer::outcome),
            Err(error) => error.into(),
        }
    }

    async fn post(&self, token: &Token, body: Bytes) -> Result<Answer, Outcome> {
        let mut request = Request::post(self.send_url.clone()).body(body).expect("the parts are valid");
        request.headers_mut().insert(AUTHORIZATION, token.authorization.clone());
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let client = &self.clients[self.turn.fetch_add(1, Ordering::Relaxed) % CLIENTS];
        match client.send(request, ANSWER_BYTES_MAX).await {
            Ok(response) => Ok(Answer::read(&response, self.clock.now())),
            Err(error) => Err(exchange::failed(&error)),
        }
    }
}

impl Adapter for Gcm {
    fn types(&self) -> &[ChannelType] {
        SPEC.types
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Gets an access token, which shows that the key is valid; FCM itself has nothing to ask without a message.
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
                    _ => Outcome::PermanentFailure { reason: "FCM carries push messages only".into() },
                });
            }
            outcomes
        })
    }
}

fn key_text(settings: &Settings) -> Result<SecretString, Error> {
    match (&settings.service_account_file, &settings.service_account_json) {
        (Some(path), None) => match std::fs::read_to_string(path) {
            Ok(text) => Ok(text.into()),
            Err(error) => Err(wrong(format!("`service_account_file` `{}` cannot be read: {error}", path.display()))),
        },
        (None, Some(text)) => Ok(text.expose_secret().into()),
        (None, None) => Err(wrong("`service_account_file` is missing (or `service_account_json`)".into())),
        (Some(_), Some(_)) => Err(wrong("`service_account_file` and `service_account_json` exclude each other".into())),
    }
}

fn wrong(problem: String) -> Error {
    Error::Settings { channel: NAME, problem }
}

#[cfg(test)]
mod tests;
