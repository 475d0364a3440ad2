//! The shape of a `messages:send` request, as strictly as FCM takes it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// Of the sandbox's one project.
pub(super) const SEND_PATH: &str = "/v1/projects/sandbox/messages:send";

/// Most bytes of keys and values in `data`.
const DATA_BYTES_MAX: usize = 4096;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // most fields are there to be checked
struct Send<'a> {
    #[serde(borrow)]
    message: Message<'a>,
    validate_only: Option<bool>,
}

/// Source: FCM reference, `projects.messages`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // most fields are there to be checked
struct Message<'a> {
    #[serde(borrow)]
    token: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    data: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    notification: Option<Notification>,
    android: Option<Android>,
    webpush: Option<IgnoredAny>,
    apns: Option<IgnoredAny>,
    fcm_options: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // most fields are there to be checked
struct Notification {
    title: Option<String>,
    body: Option<String>,
    image: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // most fields are there to be checked
struct Android {
    priority: Option<Priority>,
    ttl: Option<String>,
    collapse_key: Option<String>,
    restricted_package_name: Option<String>,
    data: Option<BTreeMap<String, String>>,
    notification: Option<IgnoredAny>,
    fcm_options: Option<IgnoredAny>,
    direct_boot_ok: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(dead_code)]
enum Priority {
    Normal,
    High,
}

/// A field that FCM would not take.
#[derive(Debug)]
pub(super) struct Violation {
    pub field: String,
    pub description: String,
}

/// The registration token of a request that is well formed.
pub(super) fn token(body: &[u8]) -> Result<String, Violation> {
    let send: Send<'_> = serde_json::from_slice(body)
        .map_err(|error| violation("message", format!("Invalid JSON payload received. {error}")))?;
    let message = send.message;
    let token = message.token.filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| violation("message", "Recipient of the message is not set.".into()))?;
    if message.data.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > DATA_BYTES_MAX {
        return Err(violation("message.data", "Android message is too big".into()));
    }
    if let Some(key) = message.data.keys().find(|key| is_reserved(key)) {
        return Err(violation("message.data", format!("Invalid data payload key: {key}")));
    }
    if let Some(ttl) = message.android.and_then(|android| android.ttl)
        && !ttl
            .strip_suffix('s')
            .is_some_and(|seconds| seconds.parse::<f64>().is_ok_and(|s| (0.0..=2_419_200.0).contains(&s)))
    {
        return Err(violation("message.android.ttl", "Invalid time to live".into()));
    }
    Ok(token.into_owned())
}

fn is_reserved(key: &str) -> bool {
    key == "from" || key == "message_type" || key.starts_with("google.") || key.starts_with("gcm.")
}

fn violation(field: &str, description: String) -> Violation {
    Violation { field: field.into(), description }
}
