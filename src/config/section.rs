//! The sections of the settings. Their defaults, units and effects stand in `config/default.toml`, and only there.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// All settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub data: Data,
    pub log: Log,
    pub telemetry: Telemetry,
    pub campaign: Campaign,
    pub policy: Policy,
    pub hook: Hook,
    pub send: Send,
    pub aws: Aws,
    /// Channel sections by adapter name, handed to the adapters as they are.
    #[serde(default)]
    pub channel: toml::Table,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    pub directory: PathBuf,
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
    /// Address and port; empty for none.
    pub listen: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    pub batches_in_flight: usize,
    pub page_endpoints: usize,
    #[serde(deserialize_with = "duration")]
    pub drain_timeout: Duration,
}

/// What happens where Pinpoint dropped people in silence.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub hook_failure: HookFailure,
    pub unknown: Unknown,
    pub missing_variable: MissingVariable,
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
    /// Calls at once to one function.
    pub calls_in_flight: usize,
    /// Standard Webhooks secret (`whsec_…`); empty for unsigned requests.
    pub signing_secret: SecretString,
    pub allow_http: bool,
    pub allow_private_addresses: bool,
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

/// Reads a duration as text, such as `"15s"` or `"250ms"`.
pub fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parsed: jiff::SignedDuration = text
        .parse()
        .map_err(|_| serde::de::Error::custom(format!("`{text}` is not a duration such as \"15s\" or \"250ms\"")))?;
    Duration::try_from(parsed).map_err(|_| serde::de::Error::custom(format!("`{text}` is negative")))
}
