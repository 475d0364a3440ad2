//! APNS: push to Apple's devices through the Apple Push Notification service.
//!
//! The parts: [`account`] says who we are, by the tokens of [`token`] or by a [`certificate`]; [`payload`] writes the
//! notification, [`answer`] says what became of the message.

mod account;
mod answer;
mod certificate;
mod payload;
mod token;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use hyper::header::AUTHORIZATION;
use hyper::{Request, Uri};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::SecretString;
use serde::Deserialize;

use super::{
    Adapter, Content, Credentials, Deps, Error, Factory, Message, Outcome, PushContent, Spec, exchange, settings,
};
use crate::clock::Clock;
use crate::domain::ChannelType;
use crate::http::{Access, Client, Tls};
use account::Account;
use answer::Answer;
use payload::Notification;
use token::{Token, Tokens};

const NAME: &str = "apns";

const PRODUCTION_URL: &str = "https://api.push.apple.com";
const SANDBOX_URL: &str = "https://api.sandbox.push.apple.com";

const CONNECTIONS_MAX: usize = 8;

/// APNs allows more on a connection; so many keep one busy.
const STREAMS_PER_CONNECTION: usize = 250;

/// Bytes of an answer that are read; those of APNs have less than a hundred.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// No device has this token: whoever sends to it learns only whether APNs knows the sender.
const NO_DEVICE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

static SPEC: Spec = Spec {
    name: NAME,
    types: &[ChannelType::Apns, ChannelType::ApnsSandbox, ChannelType::ApnsVoip, ChannelType::ApnsVoipSandbox],
    // One request carries one message.
    batch_messages_max: 1,
    in_flight_max: CONNECTIONS_MAX * STREAMS_PER_CONNECTION,
};

/// The factory of this adapter.
pub static APNS: ApnsFactory = ApnsFactory;

pub struct ApnsFactory;

impl Factory for ApnsFactory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn build(&self, settings: toml::Table, deps: &Deps) -> Result<Arc<dyn Adapter>, Error> {
        Ok(Arc::new(Apns::new(settings::read(NAME, settings)?, deps.clock.clone())?))
    }

    /// From `TokenKey`, `TokenKeyId`, `TeamId` and `BundleId`, or from `Certificate` and `PrivateKey`; with both, the
    /// application's `DefaultAuthenticationMethod` chooses, and without one the token. Of the settings it takes where APNs
    /// is and how many requests it gets at once, not who we are.
    fn build_own(
        &self,
        credentials: &Credentials,
        settings: Option<&toml::Table>,
        deps: &Deps,
    ) -> Option<Result<Arc<dyn Adapter>, Error>> {
        let built = account::brought(credentials)?.map_err(wrong).and_then(|brought| {
            let section = settings.cloned().unwrap_or_default();
            let shared: Settings = settings::read(NAME, section)?;
            let own = Settings {
                base_url: shared.base_url,
                sandbox_base_url: shared.sandbox_base_url,
                ca_file: shared.ca_file,
                connections: shared.connections,
                in_flight: shared.in_flight,
                ..brought
            };
            Apns::new(own, deps.clock.clone())
        });
        Some(built.map(|adapter| Arc::new(adapter) as Arc<dyn Adapter>))
    }
}

/// The section `[channel.apns]`: either a token key with its two ids, or a certificate with its private key.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Channel types to serve, such as `["APNS", "APNS_VOIP"]`. Default: `APNS`, `APNS_SANDBOX`, `APNS_VOIP` and
    /// `APNS_VOIP_SANDBOX`.
    types: Option<Vec<String>>,
    /// The app's bundle id, which topics are made of. Default, with a certificate: the one it names.
    bundle_id: Option<String>,
    /// The `.p8` file from Apple's developer account that tokens are signed with.
    token_key_file: Option<PathBuf>,
    /// The text of that file, instead of it.
    #[serde(deserialize_with = "settings::secret")]
    token_key: Option<SecretString>,
    /// What Apple calls the token key: ten letters and digits.
    key_id: Option<String>,
    /// The developer team: ten letters and digits.
    team_id: Option<String>,
    /// A client certificate in PEM form, instead of a token key.
    certificate_file: Option<PathBuf>,
    /// The text of that file, instead of it.
    #[serde(deserialize_with = "settings::secret")]
    certificate: Option<SecretString>,
    /// The certificate's key in PEM form, without a password.
    private_key_file: Option<PathBuf>,
    /// The text of that file, instead of it.
    #[serde(deserialize_with = "settings::secret")]
    private_key: Option<SecretString>,
    /// Where APNs is, for `APNS` and `APNS_VOIP`. Default: `https://api.push.apple.com`.
    base_url: Option<String>,
    /// Where APNs is, for `APNS_SANDBOX` and `APNS_VOIP_SANDBOX`. Default: `https://api.sandbox.push.apple.com`.
    sandbox_base_url: Option<String>,
    /// Certificates in PEM form to trust besides the system's, for mirrors. Default: none.
    ca_file: Option<PathBuf>,
    /// Connections to each of the two, 1 to 8. Default: 2.
    connections: Option<usize>,
    /// Requests at once; at most 2000. Default: 400.
    in_flight: Option<usize>,
}

struct Apns {
    types: Vec<ChannelType>,
    bundle_id: String,
    production_url: String,
    sandbox_url: String,
    /// `None` where the certificate of the connection says who we are.
    tokens: Option<Tokens>,
    /// Each has one connection to a server.
    clients: Vec<Client>,
    turn: AtomicUsize,
    in_flight: usize,
    clock: Arc<dyn Clock>,
}

impl Apns {
    fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let connections = settings.connections.unwrap_or(2);
        if !(1..=CONNECTIONS_MAX).contains(&connections) {
            return Err(wrong(format!("`connections` is {connections}, and must be 1 to {CONNECTIONS_MAX}")));
        }
        let (account, bundle_id) = account::read(&settings, clock.now()).map_err(wrong)?;
        let roots = settings.ca_file.as_deref().map(read_roots).transpose()?.unwrap_or_default();
        let clients = (0..connections).map(|_| {
            let identity = match &account {
                Account::Token(_) => None,
                Account::Certificate(identity) => Some(account::copy(identity)),
            };
            Client::http2(Access::ANY, Tls { roots: roots.clone(), identity }).map_err(wrong)
        });
        Ok(Self {
            types: settings.types.as_deref().map_or_else(|| Ok(SPEC.types.to_vec()), read_types)?,
            bundle_id,
            production_url: url("base_url", settings.base_url.as_deref().unwrap_or(PRODUCTION_URL))?,
            sandbox_url: url("sandbox_base_url", settings.sandbox_base_url.as_deref().unwrap_or(SANDBOX_URL))?,
            clients: clients.collect::<Result<_, _>>()?,
            tokens: match account {
                Account::Token(signer) => Some(Tokens::new(*signer, clock.clone())),
                Account::Certificate(_) => None,
            },
            turn: AtomicUsize::new(0),
            in_flight: settings.in_flight.unwrap_or(400),
            clock,
        })
    }

    async fn send_one(&self, message: &Message, push: &PushContent) -> Outcome {
        if !is_device_token(&message.address) {
            return Outcome::DeadAddress { reason: "the address is not a device token".into() };
        }
        let notification = match Notification::build(message, push, self.clock.now()) {
            Ok(notification) => notification,
            Err(reason) => return Outcome::PermanentFailure { reason },
        };
        let id = payload::apns_id(&message.idempotency_key).to_string();
        let post = |token| self.post(message.channel_type, &message.address, &notification, Some(&id), token);
        let token = self.tokens.as_ref().map(Tokens::get);
        let mut answer = post(token.as_deref()).await;
        // A token can grow too old on its way. APNs took nothing, so this is no second attempt at the message.
        if let (Some(tokens), Some(token), Ok(refusal)) = (&self.tokens, &token, &answer)
            && refusal.calls_token_expired()
            && let Some(token) = tokens.replace(token)
        {
            answer = post(Some(&token)).await;
        }
        answer.map_or_else(|outcome| outcome, |answer| answer.outcome(notification.topic))
    }

    async fn post(
        &self,
        channel_type: ChannelType,
        device_token: &str,
        notification: &Notification,
        id: Option<&str>,
        token: Option<&Token>,
    ) -> Result<Answer, Outcome> {
        let url = format!("{}/3/device/{device_token}", self.base_url(channel_type));
        let mut request = Request::post(url)
            .header("apns-topic", notification.push_type.topic(&self.bundle_id))
            .header("apns-push-type", notification.push_type.name)
            .header("apns-priority", notification.priority);
        if let Some(id) = id {
            request = request.header("apns-id", id);
        }
        if let Some(expiration) = notification.expiration {
            request = request.header("apns-expiration", expiration);
        }
        if let Some(collapse_id) = &notification.collapse_id {
            request = request.header("apns-collapse-id", collapse_id);
        }
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, &token.authorization);
        }
        let request = request.body(notification.body.clone()).expect("the parts are valid");
        let client = &self.clients[self.turn.fetch_add(1, Ordering::Relaxed) % self.clients.len()];
        match client.send(request, ANSWER_BYTES_MAX).await {
            Ok(response) => Ok(Answer::read(&response, self.clock.now())),
            Err(error) => Err(exchange::failed(&error)),
        }
    }

    fn base_url(&self, channel_type: ChannelType) -> &str {
        match channel_type {
            ChannelType::ApnsSandbox | ChannelType::ApnsVoipSandbox => &self.sandbox_url,
            _ => &self.production_url,
        }
    }

    /// Whether APNs knows us as the sender of messages of this type.
    async fn probe(&self, channel_type: ChannelType) -> Result<(), Error> {
        let token = self.tokens.as_ref().map(Tokens::get);
        let notification = Notification::probe(channel_type);
        let answer = self.post(channel_type, NO_DEVICE, &notification, None, token.as_deref()).await;
        match answer.map_or_else(|outcome| outcome, |answer| answer.outcome(notification.topic)) {
            // It knows us, and has no such device.
            Outcome::DeadAddress { .. } | Outcome::PermanentFailure { .. } | Outcome::Successful { .. } => Ok(()),
            refused => {
                let url = self.base_url(channel_type);
                let problem = format!("{channel_type}: `{url}`: {}", refused.reason().unwrap_or_default());
                Err(Error::Check { channel: NAME, problem })
            }
        }
    }
}

impl Adapter for Apns {
    fn types(&self) -> &[ChannelType] {
        &self.types
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Sends to a device that does not exist, for each type: APNs looks at the sender first.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            for channel_type in &self.types {
                self.probe(*channel_type).await?;
            }
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
                    _ => Outcome::PermanentFailure { reason: "APNs carries push messages only".into() },
                });
            }
            outcomes
        })
    }
}

/// Characters of a device token: many more than Apple's have, which are hexadecimal and may grow.
const DEVICE_TOKEN_CHARS_MAX: usize = 1024;

/// Whether an address can stand in a path as it is. Which of those are tokens, APNs knows best.
fn is_device_token(address: &str) -> bool {
    (1..=DEVICE_TOKEN_CHARS_MAX).contains(&address.len())
        && address.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn read_types(names: &[String]) -> Result<Vec<ChannelType>, Error> {
    let read = |name: &String| {
        let known = SPEC.types.iter().find(|known| known.as_str() == name);
        known.copied().ok_or_else(|| {
            let known: Vec<_> = SPEC.types.iter().map(|known| known.as_str()).collect();
            wrong(format!("`types`: `{name}` is not one of {}", known.join(", ")))
        })
    };
    names.iter().map(read).collect()
}

fn read_roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let roots = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match roots {
        Ok(roots) if !roots.is_empty() => Ok(roots),
        Ok(_) => Err(wrong(format!("`ca_file` `{}` has no certificate in PEM form", path.display()))),
        Err(error) => Err(wrong(format!("`ca_file` `{}` cannot be read: {error}", path.display()))),
    }
}

/// A base URL without a slash at its end.
fn url(field: &str, text: &str) -> Result<String, Error> {
    match text.parse::<Uri>() {
        Ok(url) if matches!(url.scheme_str(), Some("http" | "https")) && url.query().is_none() => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(wrong(format!("`{field}` `{text}` is not an http or https URL"))),
    }
}

fn wrong(problem: String) -> Error {
    Error::Settings { channel: NAME, problem }
}

#[cfg(test)]
mod tests;
