//! Sinks of event streams: sections `[event_stream.sinks.<name>]`.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::key::Key;
use super::merge::get;
use super::rule::of_message;
use super::section::duration;

/// A sink of event streams.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Sink {
    File(FileSink),
    Webhook(WebhookSink),
    Kinesis(AwsSink),
    Firehose(AwsSink),
    Nats(NatsSink),
}

impl Sink {
    /// Patterns of ARNs that applications name as their destination.
    pub fn destinations(&self) -> &[String] {
        match self {
            Self::File(FileSink { destinations, .. })
            | Self::Webhook(WebhookSink { destinations, .. })
            | Self::Kinesis(AwsSink { destinations, .. })
            | Self::Firehose(AwsSink { destinations, .. })
            | Self::Nats(NatsSink { destinations, .. }) => destinations,
        }
    }
}

/// Files of one JSON object a line, in a folder an application.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSink {
    #[serde(default)]
    pub destinations: Vec<String>,
    /// Empty for `event-stream` in the data directory.
    #[serde(default)]
    pub directory: PathBuf,
    /// Bytes of a file before the next one is begun.
    #[serde(default = "FileSink::file_bytes_max")]
    pub file_bytes_max: u64,
    /// Files that are kept of an application.
    #[serde(default = "FileSink::files_max")]
    pub files_max: usize,
}

impl Default for FileSink {
    fn default() -> Self {
        let (file_bytes_max, files_max) = (Self::file_bytes_max(), Self::files_max());
        Self { destinations: Vec::new(), directory: PathBuf::new(), file_bytes_max, files_max }
    }
}

impl FileSink {
    fn file_bytes_max() -> u64 {
        100 << 20
    }

    fn files_max() -> usize {
        100
    }
}

/// A request of newline-delimited JSON for each bunch of records, signed as Standard Webhooks say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSink {
    #[serde(default)]
    pub destinations: Vec<String>,
    pub url: String,
    /// `whsec_…`; empty for unsigned requests.
    #[serde(default)]
    pub signing_secret: SecretString,
    /// Time for one request.
    #[serde(default = "timeout", deserialize_with = "duration")]
    pub timeout: Duration,
    /// Whether it may be plain http; to this machine it always may.
    #[serde(default)]
    pub allow_http: bool,
    /// Whether it may lead to a private or link-local address; to this machine it always may.
    #[serde(default)]
    pub allow_private_addresses: bool,
}

/// The Kinesis or Firehose stream that the destination names.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwsSink {
    #[serde(default)]
    pub destinations: Vec<String>,
    /// Empty for the SDK's own resolution.
    #[serde(default)]
    pub endpoint_url: String,
    /// Time for one request.
    #[serde(default = "timeout", deserialize_with = "duration")]
    pub timeout: Duration,
}

/// Messages of a JetStream stream.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NatsSink {
    #[serde(default)]
    pub destinations: Vec<String>,
    /// One or several with commas between; each may hold user and password.
    pub url: SecretString,
    /// `{application}` and `{event_type}` stand for the record's.
    #[serde(default = "NatsSink::subject")]
    pub subject: String,
    /// Empty for none.
    #[serde(default)]
    pub credentials_file: PathBuf,
    /// Certificates to trust besides the system's; empty for none.
    #[serde(default)]
    pub ca_file: PathBuf,
    /// Time for the connection, and for the answers to one bunch of records.
    #[serde(default = "timeout", deserialize_with = "duration")]
    pub timeout: Duration,
}

impl NatsSink {
    fn subject() -> String {
        "pinwheel.{application}.{event_type}".to_owned()
    }
}

fn timeout() -> Duration {
    Duration::from_secs(10)
}

/// What the types of sinks do not take: the key, and what it must do. Serde names the section alone, since which keys it has
/// depends on its `type`.
pub(super) fn broken(table: &Table) -> Vec<(Key, String)> {
    let sinks = Key::dotted("event_stream.sinks");
    let sections = get(table, &sinks).and_then(Value::as_table).into_iter().flatten();
    sections.filter_map(|(name, section)| refused(&sinks.child(name), section.as_table()?)).collect()
}

fn refused(sink: &Key, section: &Table) -> Option<(Key, String)> {
    let mut settings = section.clone();
    match settings.remove("type")?.as_str()? {
        "file" => read::<FileSink>(sink, settings),
        "webhook" => read::<WebhookSink>(sink, settings),
        "kinesis" | "firehose" => read::<AwsSink>(sink, settings),
        "nats" => read::<NatsSink>(sink, settings),
        _ => None,
    }
}

/// The first of the settings that a type does not take.
fn read<T: DeserializeOwned>(sink: &Key, settings: Table) -> Option<(Key, String)> {
    let error = serde_path_to_error::deserialize::<_, T>(Value::Table(settings)).err()?;
    let message = error.inner().message();
    let named = |what: &str| message.strip_prefix(what)?.split('`').nth(1);
    if let Some(name) = named("missing field") {
        return Some((sink.child(name), "be given".to_owned()));
    }
    if let Some(name) = named("unknown field") {
        let known = message.split_once("expected ").map_or("", |(_, known)| known);
        return Some((sink.child(name), format!("not be there; the keys of this type are {known}")));
    }
    let key = error.path().iter().fold(sink.clone(), |key, part| key.child(&part.to_string()));
    Some((key, of_message(message)))
}
