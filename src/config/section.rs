//! The sections of the settings. Their defaults, units and effects stand in `config/default.toml`, and only there.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::rate::Rate;
use crate::domain::circuit;

/// All settings.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub data: Data,
    pub vault: Vault,
    pub log: Log,
    pub telemetry: Telemetry,
    pub api: Api,
    pub campaign: Campaign,
    pub policy: Policy,
    pub hook: Hook,
    /// Local Lambda functions by name.
    #[serde(default)]
    pub functions: BTreeMap<String, Function>,
    pub send: Send,
    pub aws: Aws,
    pub feedback: Feedback,
    pub in_app: InApp,
    pub event_stream: EventStream,
    /// Who vouches for the users of apps, by name.
    #[serde(default)]
    pub identity: BTreeMap<String, Identity>,
    /// Channel sections by name.
    #[serde(default)]
    pub channel: toml::Table,
}

/// Channels are named only: their sections hold secrets in plain text.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            data,
            vault,
            log,
            telemetry,
            api,
            campaign,
            policy,
            hook,
            functions,
            send,
            aws,
            feedback,
            in_app,
            event_stream,
            identity,
            channel,
        } = self;
        f.debug_struct("Config")
            .field("data", data)
            .field("vault", vault)
            .field("log", log)
            .field("telemetry", telemetry)
            .field("api", api)
            .field("campaign", campaign)
            .field("policy", policy)
            .field("hook", hook)
            .field("functions", functions)
            .field("send", send)
            .field("aws", aws)
            .field("feedback", feedback)
            .field("in_app", in_app)
            .field("event_stream", event_stream)
            .field("identity", identity)
            .field("channel", &channel.keys().collect::<Vec<_>>())
            .finish()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    pub directory: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vault {
    /// Base64; empty for a key file.
    pub key: SecretString,
    /// Empty for one in the data directory.
    pub key_file: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    pub filter: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// Where `/metrics` and the health checks are served, if at all.
    #[serde(deserialize_with = "address")]
    pub listen: Option<SocketAddr>,
    /// Time without progress of work under way after which the process counts as unhealthy.
    #[serde(deserialize_with = "duration")]
    pub stalled_after: Duration,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    pub listen: SocketAddr,
    /// Empty for plain HTTP, as is `tls_key`.
    pub tls_certificate: PathBuf,
    pub tls_key: PathBuf,
    /// Folder of the files that jobs may read and write; empty for none.
    pub job_folder: PathBuf,
    pub functions: ApiFunctions,
    #[serde(deserialize_with = "duration")]
    pub body_timeout: Duration,
    pub connections_max: usize,
    #[serde(deserialize_with = "duration")]
    pub drain_timeout: Duration,
}

/// What Lambda's API may do with the functions of this machine.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum ApiFunctions {
    /// Nothing.
    Off,
    /// Call and read them, and say which campaigns may call them.
    Invoke,
    /// Also make, change and remove them.
    Manage,
}

impl ApiFunctions {
    /// As the settings write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Invoke => "invoke",
            Self::Manage => "manage",
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    pub batches_in_flight: usize,
    pub page_endpoints: usize,
    #[serde(deserialize_with = "duration")]
    pub drain_timeout: Duration,
    /// Whether starts of campaigns with `EVENT` and `IN_APP_EVENT` must be 15 minutes ahead, as in Pinpoint's console.
    pub strict_start: bool,
    /// How long events are gathered into one run of a campaign that they trigger.
    #[serde(deserialize_with = "duration")]
    pub trigger_interval: Duration,
}

/// What happens where Pinpoint dropped people in silence.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub hook_failure: HookFailure,
    pub unknown: Unknown,
    pub missing_variable: MissingVariable,
    pub quiet_time: QuietTime,
    pub misfire: Misfire,
    pub overlap: Overlap,
    pub pause: Pause,
}

/// What a batch whose hook failed gets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum HookFailure {
    /// Nothing, as with Pinpoint.
    Drop,
    /// Nothing for now: the fate is `HELD`.
    Hold,
    /// The message as if there were no hook.
    Send,
}

/// What happens to messages of which it is not known whether they were sent.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Unknown {
    /// They are sent again, with the same idempotency key.
    Resend,
    /// They are left alone: never twice.
    Unknown,
}

/// What becomes of a message that falls into quiet time.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum QuietTime {
    /// It is not sent, as with Pinpoint.
    Drop,
    /// It is due when quiet time ends.
    Defer,
}

/// What becomes of runs of a recurring campaign that were due while no process ran.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Misfire {
    /// The latest of them begins at once; earlier ones are skipped.
    Run,
    /// All are skipped.
    Skip,
}

/// What becomes of a run that is due while the one before is under way.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Overlap {
    /// It begins when the other is over; of several that wait, the latest.
    Delay,
    /// It is skipped.
    Skip,
}

/// What `IsPaused` does to a run that is under way.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Pause {
    /// Nothing: it finishes, as with Pinpoint, and further runs are kept back.
    Run,
    /// It is paused too, within one batch.
    Batch,
}

/// What a missing variable of a message template does. Inline messages always leave it empty.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum MissingVariable {
    /// The endpoint gets no message.
    Fail,
    /// The variable prints as nothing.
    Empty,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    pub attempts_max: u32,
    #[serde(deserialize_with = "duration")]
    pub pause_min: Duration,
    #[serde(deserialize_with = "duration")]
    pub pause_max: Duration,
    /// Calls at once to one function, at most.
    pub calls_in_flight: usize,
    /// Calls at once that are always allowed, however slow the function becomes; `calls_in_flight` fixes the number.
    pub calls_in_flight_min: usize,
    /// Standard Webhooks secret (`whsec_…`); empty for unsigned requests.
    pub signing_secret: SecretString,
    pub allow_http: bool,
    pub allow_private_addresses: bool,
    pub circuit: Circuit,
    pub hold: Hold,
    pub record: Record,
}

/// When a campaign holds itself because its hook fails.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Batches that are looked at: the last that began.
    pub batches: usize,
    /// Failed batches among them below which nothing is held.
    pub failures_min: usize,
    /// Share of failed batches that holds the campaign; above 100 never does.
    pub percent: u32,
    /// Pause before a held campaign tries again; doubled each time up to `pause_max`.
    #[serde(deserialize_with = "duration")]
    pub pause_min: Duration,
    #[serde(deserialize_with = "duration")]
    pub pause_max: Duration,
}

/// What is kept of hook calls.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Folder of the recordings; empty for none.
    pub directory: PathBuf,
    /// Share of calls that is kept.
    pub percent: u32,
    /// Paths in an endpoint whose values are masked, such as `User.UserId`; `Id` for its id.
    pub mask: Vec<String>,
    /// Bytes of a file before the next one is begun, and files that are kept.
    pub file_bytes_max: u64,
    pub files_max: usize,
}

/// A function written for AWS Lambda that runs on this machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// A folder, or a zip file.
    pub code: PathBuf,
    /// As Lambda names them: `nodejs22.x`, `python3.12`, `provided.al2023`; or without a version, for the one installed.
    pub runtime: String,
    /// `file.function`; ignored for `provided`.
    #[serde(default = "Function::handler")]
    pub handler: String,
    /// Processes, and so calls at once.
    #[serde(default = "Function::workers")]
    pub workers: usize,
    #[serde(default = "Function::timeout", deserialize_with = "duration")]
    pub timeout: Duration,
    #[serde(default = "Function::memory_mb")]
    pub memory_mb: u32,
    #[serde(default)]
    pub environment: BTreeMap<String, SecretString>,
    /// Patterns of campaign ARNs that may call it, beside what its own policy allows.
    #[serde(default)]
    pub allow: Vec<String>,
    #[serde(default)]
    pub description: String,
    /// Path of the interpreter; empty for the one of the runtime on the `PATH`.
    #[serde(default)]
    pub interpreter: PathBuf,
    /// What speaks with the Runtime API: `auto`, `aws` or `pinwheel`.
    #[serde(default = "Function::client")]
    pub client: String,
}

impl Function {
    fn handler() -> String {
        "index.handler".to_owned()
    }

    fn client() -> String {
        "auto".to_owned()
    }

    fn workers() -> usize {
        4
    }

    fn timeout() -> Duration {
        Duration::from_secs(15)
    }

    fn memory_mb() -> u32 {
        256
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Send {
    pub attempts_max: u32,
    #[serde(deserialize_with = "duration")]
    pub pause_min: Duration,
    #[serde(deserialize_with = "duration")]
    pub pause_max: Duration,
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// Messages in a time by channel section, over all campaigns; no limit for a section that is not listed.
    pub rates: BTreeMap<String, Rate>,
    pub circuit: Circuit,
}

/// When a provider or a function is left alone.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circuit {
    /// Attempts that are looked at, at most 64.
    pub attempts: u32,
    /// Failures among them that open the circuit; more than `attempts` means all of them.
    pub failures: u32,
    #[serde(deserialize_with = "duration")]
    pub open_min: Duration,
    #[serde(deserialize_with = "duration")]
    pub open_max: Duration,
    pub probes: u32,
    /// How long campaigns wait out a standstill.
    #[serde(deserialize_with = "duration")]
    pub wait_max: Duration,
}

impl Circuit {
    /// The part that a circuit itself goes by.
    pub fn limits(&self) -> circuit::Limits {
        let Self { attempts, failures, open_min, open_max, probes, wait_max: _ } = *self;
        circuit::Limits { attempts, failures, open_min, open_max, probes }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aws {
    pub region: String,
    pub account_id: String,
    /// Empty for the SDK's own resolution.
    pub lambda_endpoint_url: String,
    /// Empty for the SDK's own resolution.
    pub s3_endpoint_url: String,
}

/// How recipients and providers tell us what became of messages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// The public URL of this server, without the `/feedback/…`; empty for no feedback.
    pub base_url: String,
    pub sns_topic_arns: Vec<String>,
    /// Origins such as `http://127.0.0.1:9000`; empty for SNS's own hosts.
    pub sns_certificate_hosts: Vec<String>,
    /// Empty for none.
    pub twilio_auth_token: SecretString,
    /// Standard Webhooks secret (`whsec_…`); empty for none.
    pub secret: SecretString,
    pub stop_words: Vec<String>,
}

/// Messages that apps fetch and show.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InApp {
    /// Whether caps are counted here too, over all endpoints of a user, and not by each device alone.
    pub count_displays: bool,
    /// Whether an endpoint without messages gets one that has expired: clients keep what they have when a list is empty.
    pub withdraw: bool,
}

/// Where events of applications with an event stream go.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventStream {
    /// The sink of destinations that no sink names.
    pub default: String,
    /// Records handed to a sink at once, at most.
    pub records_max: usize,
    /// Pauses after a failure: doubled from the first to the second.
    #[serde(deserialize_with = "duration")]
    pub pause_min: Duration,
    #[serde(deserialize_with = "duration")]
    pub pause_max: Duration,
    /// Sinks by name.
    #[serde(default)]
    pub sinks: BTreeMap<String, Sink>,
}

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
    #[serde(default = "WebhookSink::timeout", deserialize_with = "duration")]
    pub timeout: Duration,
}

impl WebhookSink {
    fn timeout() -> Duration {
        Duration::from_secs(10)
    }
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
}

/// Messages of a JetStream stream.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NatsSink {
    #[serde(default)]
    pub destinations: Vec<String>,
    pub url: String,
    /// `{application}` and `{event_type}` stand for the record's.
    #[serde(default = "NatsSink::subject")]
    pub subject: String,
    /// Empty for none.
    #[serde(default)]
    pub credentials_file: PathBuf,
}

impl NatsSink {
    fn subject() -> String {
        "pinwheel.{application}.{event_type}".to_owned()
    }
}

/// An OpenID Connect provider whose tokens are exchanged for temporary keys; the section's name is that of the role.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// Values of `aud` that are taken.
    pub audiences: Vec<String>,
    /// Where its keys are; empty to look it up at the issuer.
    #[serde(default)]
    pub jwks_url: String,
    /// A file with its keys instead.
    #[serde(default)]
    pub jwks_file: PathBuf,
    /// The claim that is the user's id in `User.UserId`.
    #[serde(default = "Identity::user_claim")]
    pub user_claim: String,
    /// Applications whose endpoints the keys may be used for.
    pub applications: Vec<String>,
    /// How long keys last, unless less is asked for.
    #[serde(default = "Identity::session", deserialize_with = "duration")]
    pub session: Duration,
    /// Whether a user may take over an endpoint that is there and has no user.
    #[serde(default)]
    pub adopt_endpoints: bool,
}

impl Identity {
    fn user_claim() -> String {
        "sub".to_owned()
    }

    fn session() -> Duration {
        Duration::from_secs(60 * 60)
    }
}

/// Reads a duration as text, such as `"15s"` or `"250ms"`.
pub fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text)
        .ok_or_else(|| D::Error::custom(format!("`{text}` is not a duration such as \"15s\" or \"250ms\"")))
}

/// Reads a duration such as `15s` or `250ms`; `None` for other text and for less than nothing.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let parsed: jiff::SignedDuration = text.parse().ok()?;
    Duration::try_from(parsed).ok()
}

/// Reads an IP address and a port; the empty text is `None`.
fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| D::Error::custom(format!("`{text}` is not an IP address and a port")))
}
