//! EMAIL: messages over SMTP.
//!
//! The parts: [`compose`] builds a message, [`connection`] keeps connections and carries messages over them, [`reply`]
//! says what a server's reply means.

pub(super) mod compose;
mod connection;
mod reply;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Adapter, Content, Deps, EmailContent, Error, Factory, Message, Outcome, Spec, settings};
use crate::clock::Clock;
use crate::config;
use crate::domain::ChannelType;
use compose::Composer;
use connection::{Pool, Server};

const NAME: &str = "email";

static SPEC: Spec = Spec {
    name: NAME,
    types: &[ChannelType::Email],
    // One transaction carries one message: each has its own text.
    batch_messages_max: 1,
    in_flight_max: 256,
};

/// The factory of this adapter.
pub static EMAIL: EmailFactory = EmailFactory;

pub struct EmailFactory;

impl Factory for EmailFactory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn build(&self, settings: toml::Table, deps: &Deps) -> Result<Arc<dyn Adapter>, Error> {
        Ok(Arc::new(Email::new(settings::read(NAME, settings)?, deps.clock.clone())?))
    }
}

/// The section `[channel.email]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Sender of messages that name none: `news@example.com` or `Example <news@example.com>`.
    from_address: String,
    /// The mail server. Default: `127.0.0.1`.
    #[serde(default = "loopback")]
    host: String,
    /// Default: 465 for `tls = "wrapper"`, 587 with a `username`, else 25.
    port: Option<u16>,
    /// Default: no log-in.
    username: Option<String>,
    #[serde(default, deserialize_with = "settings::secret")]
    password: Option<SecretString>,
    /// Default: `"none"` where `host` is loopback, else `"required"`.
    tls: Option<Tls>,
    /// A PEM file with certificates to trust besides the system's.
    ca_file: Option<PathBuf>,
    /// The name we greet with. Default: the machine's.
    hello_name: Option<String>,
    /// Headers of every message, such as `Reply-To`; a message's own of the same name wins.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Messages at once, each on a connection of its own; at most 256. Default: 16.
    in_flight: Option<usize>,
    /// Time for a connection, its TLS and the log-in. Default: `"10s"`.
    #[serde(default = "ten_seconds", deserialize_with = "config::duration")]
    connect_timeout: Duration,
}

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Tls {
    /// STARTTLS, or no mail.
    Required,
    /// From the first byte, as on port 465.
    Wrapper,
    /// STARTTLS if the server offers it.
    Opportunistic,
    /// Never.
    None,
}

fn loopback() -> String {
    "127.0.0.1".into()
}

fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}

struct Email {
    composer: Composer,
    pool: Pool,
    in_flight: usize,
    clock: Arc<dyn Clock>,
}

impl Email {
    fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let sender: Mailbox = settings.from_address.parse().map_err(|error| {
            wrong(format!("`from_address` `{}` is not a mail address: {error}", settings.from_address))
        })?;
        let composer = Composer::new(sender, settings.headers.clone().into_iter().collect())
            .map_err(|problem| wrong(format!("`headers`: {problem}")))?;
        let in_flight = settings.in_flight.unwrap_or(16);
        let server = server(settings, clock.clone())?;
        Ok(Self { composer, pool: Pool::new(server), in_flight, clock })
    }

    async fn send_one(&self, message: &Message, email: &EmailContent) -> Outcome {
        let composed = match self.composer.compose(message, email, self.clock.now()) {
            Ok(composed) => composed,
            Err(reason) => return Outcome::PermanentFailure { reason },
        };
        match self.pool.deliver(composed.envelope, &composed.bytes).await {
            Ok(()) => Outcome::successful(composed.message_id),
            Err(failure) => failure.outcome(),
        }
    }
}

impl Adapter for Email {
    fn types(&self) -> &[ChannelType] {
        SPEC.types
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Opens a connection, with TLS and log-in as set, and keeps it for the first message.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            self.pool.check().await.map_err(|failure| Error::Check { channel: NAME, problem: failure.to_string() })
        })
    }

    fn send<'a>(&'a self, batch: &'a [Message]) -> BoxFuture<'a, Vec<Outcome>> {
        SPEC.admit(batch);
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(batch.len());
            for message in batch {
                outcomes.push(match &message.content {
                    Content::Email(email) => self.send_one(message, email).await,
                    _ => Outcome::PermanentFailure { reason: "SMTP carries e-mails only".into() },
                });
            }
            outcomes
        })
    }
}

fn server(settings: Settings, clock: Arc<dyn Clock>) -> Result<Server, Error> {
    let is_loopback = is_loopback(&settings.host);
    let tls = settings.tls.unwrap_or(if is_loopback { Tls::None } else { Tls::Required });
    let credentials = match (settings.username, settings.password) {
        (None, None) => None,
        (Some(username), Some(password)) => Some(Credentials::new(username, password.expose_secret().to_owned())),
        (Some(_), None) => return Err(wrong("`password` is missing, with a `username` given".into())),
        (None, Some(_)) => return Err(wrong("`username` is missing, with a `password` given".into())),
    };
    if credentials.is_some() && !is_loopback && matches!(tls, Tls::None | Tls::Opportunistic) {
        let problem = "a `password` only travels encrypted: set `tls` to \"required\" or \"wrapper\"";
        return Err(wrong(problem.into()));
    }
    let port = settings.port.unwrap_or(match (tls, &credentials) {
        (Tls::Wrapper, _) => 465,
        (_, Some(_)) => 587,
        (_, None) => 25,
    });
    Ok(Server {
        tls_parameters: tls_parameters(&settings.host, settings.ca_file)?,
        host: settings.host,
        port,
        tls,
        hello_name: settings.hello_name.map_or_else(ClientId::default, ClientId::Domain),
        credentials,
        connect_timeout: settings.connect_timeout,
        clock,
    })
}

fn tls_parameters(host: &str, ca_file: Option<PathBuf>) -> Result<TlsParameters, Error> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca_file {
        let unusable = |error: &dyn std::fmt::Display| wrong(format!("`ca_file` `{}`: {error}", path.display()));
        let pem = std::fs::read(&path).map_err(|error| unusable(&error))?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| unusable(&error))?);
    }
    builder.build().map_err(|error| wrong(format!("`host` `{host}` cannot be used for TLS: {error}")))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn wrong(problem: String) -> Error {
    Error::Settings { channel: NAME, problem }
}

#[cfg(test)]
mod tests;
