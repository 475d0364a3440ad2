//! Records to a JetStream stream of NATS: a message each, with the record's id as its own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::context::{Context, ContextBuilder, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, ErrorCode};
use async_nats::{ConnectOptions, ServerAddr};
use futures_util::future::{BoxFuture, join_all};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::ExposeSecret;
use tokio::sync::OnceCell;
use url::Url;

use super::subject::Template;
use super::{Deps, Destination, Error, Record, Refused, Sink};
use crate::clock::{self, Clock};
use crate::config;
use crate::http::{Tls, chain, client_config};

/// How often a server that says nothing is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(15);

/// What cannot stand in a header.
const UNSAFE: &AsciiSet = &CONTROLS.add(b'%');

/// A sink of this type.
pub struct Nats {
    name: String,
    servers: Vec<ServerAddr>,
    options: ConnectOptions,
    subject: Template,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    context: OnceCell<Context>,
}

impl Nats {
    /// Errors: settings that break a rule, and files that cannot be read.
    pub fn new(name: &str, settings: &config::NatsSink, deps: &Deps) -> Result<Self, Error> {
        let config::NatsSink { url, subject, credentials_file, ca_file, timeout, destinations: _ } = settings;
        let wrong = |key, problem| Error::Setting { sink: name.to_owned(), key, problem };
        let mut options = ConnectOptions::new()
            .name("pinwheel")
            .ping_interval(PING_INTERVAL)
            .tls_client_config(trust(ca_file).map_err(|problem| wrong("ca_file", problem))?);
        if !credentials_file.as_os_str().is_empty() {
            let unusable = |problem: std::io::Error| {
                wrong(
                    "credentials_file",
                    format!("`{}` must be a file of credentials: {}", credentials_file.display(), problem.kind()),
                )
            };
            let credentials = std::fs::read_to_string(credentials_file).map_err(unusable)?;
            options = options.credentials(&credentials).map_err(unusable)?;
        }
        let urls = url.expose_secret().split(',').map(|text| server(text.trim()));
        let urls: Vec<_> = urls.collect::<Result<_, _>>().map_err(|rule| wrong("url", rule.to_owned()))?;
        // The client has one set of them, which it shows to every server.
        let credentials = |url: &Url| (url.username().to_owned(), url.password().map(str::to_owned));
        if urls.iter().any(|url| credentials(url) != credentials(&urls[0])) {
            return Err(wrong("url", CREDENTIALS.to_owned()));
        }
        let mut servers = Vec::new();
        for mut url in urls {
            if !url.username().is_empty() {
                // Kept out of the URL, which the client names in what it logs.
                let [user, password] = [url.username(), url.password().unwrap_or_default()]
                    .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned());
                options = match url.password() {
                    Some(_) => options.user_and_password(user, password),
                    None => options.token(user),
                };
                let _ = url.set_username("");
                let _ = url.set_password(None);
            }
            servers.push(ServerAddr::from_url(url).map_err(|_| wrong("url", SERVERS.to_owned()))?);
        }
        // So that each of them can be tried.
        options = options.connection_timeout(*timeout / servers.len() as u32);
        let subject = Template::parse(subject).map_err(|rule| wrong("subject", format!("`{subject}` {rule}")))?;
        let (name, clock) = (name.to_owned(), Arc::clone(&deps.clock));
        Ok(Self { name, servers, options, subject, timeout: *timeout, clock, context: OnceCell::new() })
    }

    /// The connection. It is made at the first call, and then made again by itself whenever it breaks.
    async fn context(&self) -> Result<&Context, String> {
        let connect = async {
            let client = self.options.clone().connect(&*self.servers).await;
            let client = client.map_err(|error| format!("no connection to {}: {}", self.place(), chain(&error)))?;
            Ok(ContextBuilder::new().timeout(self.timeout).build(client))
        };
        let context = clock::timeout(&*self.clock, self.timeout, self.context.get_or_try_init(|| connect)).await;
        let context =
            context.unwrap_or_else(|| Err(format!("no connection to {} within {:?}", self.place(), self.timeout)))?;
        // What is handed over now would wait in memory, and be sent at a time of nobody's choosing.
        match context.client().connection_state() {
            State::Connected => Ok(context),
            State::Pending | State::Disconnected => Err(format!("the connection to {} is broken", self.place())),
        }
    }

    /// Where the servers are, for people.
    fn place(&self) -> String {
        let names = self.servers.iter().map(|server| format!("`{}:{}`", server.host(), server.port()));
        names.collect::<Vec<_>>().join(", ")
    }

    async fn deliver_all(&self, to: &Destination, records: &[Record]) -> Result<(), Refused> {
        let context = self.context().await.map_err(|error| Refused::all(records.len(), error))?;
        let application = to.application_id.as_str();
        let mut told = Told::default();
        let mut acknowledgements = Vec::with_capacity(records.len());
        for (place, record) in records.iter().enumerate() {
            let subject = self.subject.fill(application, &record.event_type);
            match context.send_publish(subject, message(application, record)).await {
                Ok(acknowledgement) => acknowledgements.push(async move { (place, acknowledgement.await) }),
                Err(error) if is_too_large(&error) => told.too_large.push(place),
                Err(error) => {
                    // What comes later would overtake it.
                    told.fail(place..records.len(), self.reason(&error, records, to, place));
                    break;
                }
            }
        }
        // Sent one after the other and answered all together.
        for (place, acknowledgement) in join_all(acknowledgements).await {
            match acknowledgement {
                Ok(_) => {}
                Err(error) if is_too_large(&error) => told.too_large.push(place),
                Err(error) => told.fail(place..place + 1, self.reason(&error, records, to, place)),
            }
        }
        told.outcome()
    }

    /// Why a record was not taken, for people.
    fn reason(&self, error: &PublishError, records: &[Record], to: &Destination, place: usize) -> String {
        match error.kind() {
            PublishErrorKind::StreamNotFound => {
                let subject = self.subject.fill(to.application_id.as_str(), &records[place].event_type);
                format!("no stream of {} takes the subject `{subject}`", self.place())
            }
            PublishErrorKind::TimedOut => format!("{} did not answer within {:?}", self.place(), self.timeout),
            _ => format!("{}: {}", self.place(), chain(error)),
        }
    }
}

impl Sink for Nats {
    fn name(&self) -> &str {
        &self.name
    }

    fn deliver<'a>(&'a self, to: &'a Destination, records: &'a [Record]) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(self.deliver_all(to, records))
    }
}

/// What became of records.
#[derive(Default)]
struct Told {
    failed: Vec<usize>,
    /// Why the first of them failed.
    error: Option<String>,
    too_large: Vec<usize>,
}

impl Told {
    fn fail(&mut self, places: impl IntoIterator<Item = usize>, error: String) {
        self.failed.extend(places);
        self.error.get_or_insert(error);
    }

    fn outcome(self) -> Result<(), Refused> {
        let Self { failed, error, too_large } = self;
        let mut places = [failed, too_large].concat();
        places.sort_unstable();
        match error {
            None if places.is_empty() => Ok(()),
            None => {
                let error = "a record is larger than the server or its stream takes".to_owned();
                Err(Refused { places, error, is_permanent: true })
            }
            // What is too large is found out again.
            Some(error) => Err(Refused { places, error, is_permanent: false }),
        }
    }
}

const SERVERS: &str = "must be URLs such as `nats://nats.example.com:4222` or `tls://…`, with commas between";

const CREDENTIALS: &str = "must have the same user and password, or token, in each of its URLs";

/// Errors: the rule, without the text, which may hold a password.
fn server(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| SERVERS)?;
    let is_server = matches!(url.scheme(), "nats" | "tls") && url.has_host() && matches!(url.path(), "" | "/");
    is_server.then_some(url).ok_or(SERVERS)
}

fn trust(ca_file: &Path) -> Result<rustls::ClientConfig, String> {
    let mut tls = Tls::default();
    if !ca_file.as_os_str().is_empty() {
        let certificates = CertificateDer::pem_file_iter(ca_file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        tls.roots = certificates.map_err(|error| format!("`{}`: {error}", ca_file.display()))?;
    }
    client_config(tls)
}

/// JetStream takes no second message of the same id within the stream's `duplicate_window`. Several applications may
/// share a stream.
fn message(application: &str, record: &Record) -> PublishMessage {
    let id = format!("{application}/{}", utf8_percent_encode(&record.id, UNSAFE));
    PublishMessage::build().message_id(id).payload(record.json.clone())
}

fn is_too_large(error: &PublishError) -> bool {
    let refused = std::error::Error::source(error).and_then(|source| source.downcast_ref::<jetstream::Error>());
    let too_large = [ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM];
    error.kind() == PublishErrorKind::MaxPayloadExceeded
        || refused.is_some_and(|refused| too_large.contains(&refused.error_code()))
}

#[cfg(test)]
mod server_process;
#[cfg(test)]
mod tests;
