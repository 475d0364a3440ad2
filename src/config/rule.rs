//! What values must hold, beyond their types.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use toml::{Table, Value};
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

use super::key::Key;
use super::merge::get;
use super::rate::Rate;
use super::section::parse_duration;
use crate::domain::limit::{BATCH_ENDPOINTS_MAX, HOOK_ATTEMPTS_MAX, HOOK_TIMEOUT_MAX};

/// What a value must be.
enum Rule {
    /// A whole number between these, both included.
    Number(i64, i64),
    /// A multiple of a batch's endpoints between these, both included.
    Batches(i64, i64),
    /// A duration between these, both included.
    Time(Duration, Duration),
    NotEmpty,
    /// An IP address and a port, or nothing.
    Listen,
    /// An IP address and a port.
    Address,
    /// An absolute path, or nothing.
    Folder,
    /// A filter in tracing's syntax.
    Filter,
    /// A Standard Webhooks secret, or nothing.
    Secret,
    /// A key of 32 bytes as base64, or nothing.
    VaultKey,
    /// Twelve digits.
    Account,
    /// An `http` or `https` URL, or nothing.
    Url,
    /// As [`Url`](Self::Url), to which paths can be added.
    BaseUrl,
    /// A list of texts, none of which is empty.
    Texts,
    /// A list of texts, none of which is empty, and at least one.
    SomeTexts,
    /// A list of `http` or `https` URLs of scheme, host and port alone.
    Origins,
    /// An `https` URL without a query, or an `http` one on loopback.
    Issuer,
    /// The same with a query, or nothing.
    KeysUrl,
}

const ZERO: Duration = Duration::ZERO;
const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Rules by key. Keys without one are switches and choices, whose types say it all.
const RULES: &[(&str, Rule)] = &[
    ("data.directory", Rule::NotEmpty),
    ("vault.key", Rule::VaultKey),
    ("log.filter", Rule::Filter),
    ("telemetry.listen", Rule::Listen),
    ("telemetry.stalled_after", Rule::Time(SECOND, HOUR)),
    ("api.listen", Rule::Address),
    ("api.job_folder", Rule::Folder),
    ("api.body_timeout", Rule::Time(MILLISECOND, HOUR)),
    ("api.connections_max", Rule::Number(1, 65_536)),
    ("api.drain_timeout", Rule::Time(ZERO, HOUR)),
    ("campaign.batches_in_flight", Rule::Number(1, 4096)),
    ("campaign.page_endpoints", Rule::Batches(BATCH_ENDPOINTS_MAX as i64, 100_000)),
    ("campaign.drain_timeout", Rule::Time(ZERO, HOUR)),
    ("campaign.trigger_interval", Rule::Time(Duration::from_millis(10), MINUTE)),
    ("event_stream.default", Rule::NotEmpty),
    ("event_stream.records_max", Rule::Number(1, 500)),
    ("event_stream.pause_min", Rule::Time(MILLISECOND, HOUR)),
    ("event_stream.pause_max", Rule::Time(MILLISECOND, HOUR)),
    ("hook.timeout", Rule::Time(MILLISECOND, HOOK_TIMEOUT_MAX)),
    ("hook.attempts_max", Rule::Number(1, HOOK_ATTEMPTS_MAX as i64)),
    ("hook.pause_min", Rule::Time(ZERO, MINUTE)),
    ("hook.pause_max", Rule::Time(ZERO, MINUTE)),
    ("hook.calls_in_flight", Rule::Number(1, 4096)),
    ("hook.calls_in_flight_min", Rule::Number(1, 4096)),
    ("hook.circuit.attempts", Rule::Number(1, 64)),
    ("hook.circuit.failures", Rule::Number(1, 64)),
    ("hook.circuit.open_min", Rule::Time(MILLISECOND, HOUR)),
    ("hook.circuit.open_max", Rule::Time(MILLISECOND, HOUR)),
    ("hook.circuit.probes", Rule::Number(1, 100)),
    ("hook.circuit.wait_max", Rule::Time(ZERO, HOUR)),
    ("hook.hold.batches", Rule::Number(1, 10_000)),
    ("hook.hold.failures_min", Rule::Number(1, 10_000)),
    ("hook.hold.percent", Rule::Number(1, 101)),
    ("hook.hold.pause_min", Rule::Time(MILLISECOND, HOUR)),
    ("hook.hold.pause_max", Rule::Time(MILLISECOND, HOUR)),
    ("hook.record.percent", Rule::Number(1, 100)),
    ("hook.record.mask", Rule::Texts),
    ("hook.record.file_bytes_max", Rule::Number(65_536, 1 << 40)),
    ("hook.record.files_max", Rule::Number(1, 100_000)),
    ("hook.signing_secret", Rule::Secret),
    ("send.attempts_max", Rule::Number(1, 10)),
    ("send.pause_min", Rule::Time(ZERO, HOUR)),
    ("send.pause_max", Rule::Time(ZERO, HOUR)),
    ("send.timeout", Rule::Time(MILLISECOND, HOUR)),
    ("send.circuit.attempts", Rule::Number(1, 64)),
    ("send.circuit.failures", Rule::Number(1, 64)),
    ("send.circuit.open_min", Rule::Time(MILLISECOND, HOUR)),
    ("send.circuit.open_max", Rule::Time(MILLISECOND, HOUR)),
    ("send.circuit.probes", Rule::Number(1, 100)),
    ("send.circuit.wait_max", Rule::Time(ZERO, HOUR)),
    ("aws.region", Rule::NotEmpty),
    ("aws.account_id", Rule::Account),
    ("aws.lambda_endpoint_url", Rule::Url),
    ("aws.s3_endpoint_url", Rule::Url),
    ("feedback.base_url", Rule::BaseUrl),
    ("feedback.sns_topic_arns", Rule::Texts),
    ("feedback.sns_certificate_hosts", Rule::Origins),
    ("feedback.secret", Rule::Secret),
    ("feedback.stop_words", Rule::Texts),
];

/// Rules of the sections `identity.<role>`, by key. Sessions are as long as AWS allows.
const IDENTITY_RULES: &[(&str, Rule)] = &[
    ("issuer", Rule::Issuer),
    ("audiences", Rule::SomeTexts),
    ("jwks_url", Rule::KeysUrl),
    ("user_claim", Rule::NotEmpty),
    ("applications", Rule::SomeTexts),
    ("session", Rule::Time(Duration::from_secs(15 * 60), Duration::from_secs(12 * 60 * 60))),
];

/// Pairs of durations or numbers of which the first must not exceed the second.
const ORDERED: &[(&str, &str)] = &[
    ("hook.pause_min", "hook.pause_max"),
    ("hook.calls_in_flight_min", "hook.calls_in_flight"),
    ("hook.circuit.open_min", "hook.circuit.open_max"),
    ("hook.hold.pause_min", "hook.hold.pause_max"),
    ("event_stream.pause_min", "event_stream.pause_max"),
    ("send.pause_min", "send.pause_max"),
    ("send.circuit.open_min", "send.circuit.open_max"),
];

/// Every rule that settings of the right types break: the key, and what its value must do.
pub(super) fn broken(table: &Table, is_default: impl Fn(&Key) -> bool) -> Vec<(Key, String)> {
    let mut broken = Vec::new();
    for (key, rule) in RULES {
        let key = Key::dotted(key);
        if let Some(wrong) = get(table, &key).and_then(|value| rule.check(value).err()) {
            broken.push((key, wrong));
        }
    }
    for (low, high) in ORDERED {
        let (low, high) = (Key::dotted(low), Key::dotted(high));
        if let (Some(least), Some(most)) = (size(table, &low), size(table, &high))
            && least > most
        {
            // The one that was set is the one to change.
            broken.push(if is_default(&low) {
                (high, format!("not be below `{low}`, which is `{least}`"))
            } else {
                (low, format!("not exceed `{high}`, which is `{most}`"))
            });
        }
    }
    let is_set = |key| get(table, &Key::dotted(key)).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if is_set("vault.key") && is_set("vault.key_file") {
        broken.push((Key::dotted("vault.key"), "be empty where `vault.key_file` names a file".to_owned()));
    }
    broken.extend(broken_identities(table));
    let rates = Key::dotted("send.rates");
    for (name, value) in get(table, &rates).and_then(Value::as_table).into_iter().flatten() {
        if value.as_str().is_some_and(|text| text.parse::<Rate>().is_err()) {
            let rule = "be a whole number above 0 and a unit (s, min, h, d), such as \"500/s\"";
            broken.push((rates.child(name), rule.to_owned()));
        }
    }
    broken
}

/// Every rule that sections of identities break.
fn broken_identities(table: &Table) -> Vec<(Key, String)> {
    let mut broken = Vec::new();
    let sections = Key::dotted("identity");
    for (name, section) in get(table, &sections).and_then(Value::as_table).into_iter().flatten() {
        let key = sections.child(name);
        let Some(section) = section.as_table() else { continue };
        // It is the name of a role in ARNs. Source: IAM API reference, `CreateRole`.
        let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "_+=,.@-".contains(sign);
        if name.is_empty() || name.len() > 64 || !name.chars().all(is_sign) {
            broken.push((key.clone(), "be named by 1 to 64 letters, digits and any of _+=,.@-".to_owned()));
        }
        for (part, rule) in IDENTITY_RULES {
            if let Some(wrong) = section.get(*part).and_then(|value| rule.check(value).err()) {
                broken.push((key.child(part), wrong));
            }
        }
        let is_set = |part| section.get(part).and_then(Value::as_str).is_some_and(|text: &str| !text.is_empty());
        if is_set("jwks_url") && is_set("jwks_file") {
            broken.push((key.child("jwks_url"), "be empty where `jwks_file` names a file".to_owned()));
        }
    }
    broken.extend(strange_issuers(table));
    broken
}

/// Issuers of roles that share an application with a role of another issuer: to an application `ann` is one user, whoever
/// vouches for her.
fn strange_issuers(table: &Table) -> Vec<(Key, String)> {
    let mut broken = Vec::new();
    let mut first = BTreeMap::new();
    let sections = Key::dotted("identity");
    for (name, section) in get(table, &sections).and_then(Value::as_table).into_iter().flatten() {
        let Some(issuer) = section.get("issuer").and_then(Value::as_str) else { continue };
        let applications = section.get("applications").and_then(Value::as_array).into_iter().flatten();
        let strange = applications.filter_map(Value::as_str).find_map(|application| {
            let (role, known) = *first.entry(application).or_insert((name, issuer));
            (known != issuer).then_some((application, role))
        });
        if let Some((application, role)) = strange {
            let rule = format!(
                "be the same as `identity.{role}.issuer`: both roles are for the application `{application}`, which does \
                 not tell users of one issuer from those of another"
            );
            broken.push((sections.child(name).child("issuer"), rule));
        }
    }
    broken
}

/// A duration or a number. Of a pair, both are the same.
#[derive(PartialEq, PartialOrd)]
enum Size {
    Time(Duration),
    Number(i64),
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => write!(f, "{time:?}"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

fn size(table: &Table, key: &Key) -> Option<Size> {
    let value = get(table, key)?;
    value.as_integer().map(Size::Number).or_else(|| parse_duration(value.as_str()?).map(Size::Time))
}

/// What a value must do, from serde's message about it.
pub(super) fn of_message(message: &str) -> String {
    match message.split_once("expected ") {
        Some((_, expected)) => format!("be {expected}"),
        None => format!("be valid: {message}"),
    }
}

impl Rule {
    fn check(&self, value: &Value) -> Result<(), String> {
        let number = value.as_integer().unwrap_or_default();
        let text = value.as_str().unwrap_or_default();
        let (holds, rule) = match *self {
            Self::Number(least, most) => ((least..=most).contains(&number), format!("be from {least} to {most}")),
            Self::Batches(least, most) => (
                (least..=most).contains(&number) && number % BATCH_ENDPOINTS_MAX as i64 == 0,
                format!("be a multiple of {BATCH_ENDPOINTS_MAX} from {least} to {most}"),
            ),
            Self::Time(least, most) => (
                parse_duration(text).is_some_and(|time| (least..=most).contains(&time)),
                format!("be a duration such as \"15s\" or \"250ms\", from {least:?} to {most:?}"),
            ),
            Self::NotEmpty => (!text.trim().is_empty(), "not be empty".to_owned()),
            Self::Listen => (
                text.is_empty() || text.parse::<SocketAddr>().is_ok(),
                "be an IP address and a port such as \"127.0.0.1:9464\", or empty".to_owned(),
            ),
            Self::Address => (
                text.parse::<SocketAddr>().is_ok(),
                "be an IP address and a port such as \"127.0.0.1:5000\"".to_owned(),
            ),
            Self::Folder => {
                (text.is_empty() || Path::new(text).is_absolute(), "be an absolute path, or empty".to_owned())
            }
            Self::Filter => (
                EnvFilter::try_new(text).is_ok(),
                "be a filter such as \"info\" or \"warn,pinwheel::hook=debug\"".to_owned(),
            ),
            Self::Secret => (
                text.is_empty() || is_webhook_secret(text),
                "be \"whsec_\" and base64 of 24 to 64 bytes, or empty".to_owned(),
            ),
            Self::VaultKey => (
                text.is_empty() || BASE64_STANDARD.decode(text.trim()).is_ok_and(|key| key.len() == 32),
                "be 32 bytes as base64, or empty".to_owned(),
            ),
            Self::Account => {
                (text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()), "be 12 digits".to_owned())
            }
            Self::Url => (text.is_empty() || is_http_url(text), "be an http or https URL, or empty".to_owned()),
            Self::BaseUrl => (
                text.is_empty() || is_http_url(text) && !text.contains(['?', '#']),
                "be an http or https URL without a query, or empty".to_owned(),
            ),
            Self::Texts => (
                value.as_array().is_some_and(|texts| {
                    texts.iter().all(|text| text.as_str().is_some_and(|text| !text.trim().is_empty()))
                }),
                "be a list of texts, none of them empty".to_owned(),
            ),
            Self::SomeTexts => {
                let is_empty = value.as_array().is_some_and(Vec::is_empty);
                (
                    !is_empty && Self::Texts.check(value).is_ok(),
                    "be a list of texts, none of them empty, and at least one".to_owned(),
                )
            }
            Self::Issuer => (
                is_safe_url(text) && !text.contains(['?', '#']),
                "be an https URL without a query, or an http one on loopback".to_owned(),
            ),
            Self::KeysUrl => (
                text.is_empty() || is_safe_url(text),
                "be an https URL, or an http one on loopback, or empty".to_owned(),
            ),
            Self::Origins => (
                value.as_array().is_some_and(|texts| texts.iter().all(|text| text.as_str().is_some_and(is_origin))),
                "be a list of http or https URLs without a path, such as \"https://sns.example.internal\"".to_owned(),
            ),
        };
        if holds { Ok(()) } else { Err(rule) }
    }
}

/// Source: Standard Webhooks specification, "Signature scheme": symmetric secrets of 24 to 64 bytes.
fn is_webhook_secret(text: &str) -> bool {
    let secret = text.strip_prefix("whsec_").and_then(|encoded| BASE64_STANDARD.decode(encoded).ok());
    secret.is_some_and(|secret| (24..=64).contains(&secret.len()))
}

fn is_http_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Whether this is a URL of which nobody on the way can change the answer: an `https` one, or an `http` one on loopback.
pub fn is_safe_url(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    is_http_url(text) && (url.scheme() == "https" || is_loopback)
}

fn is_origin(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let says_no_more = [url.origin().ascii_serialization(), format!("{}/", url.origin().ascii_serialization())];
    is_http_url(text) && says_no_more.contains(&text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::merge::leaves;
    use super::super::source::defaults;
    use super::*;

    /// Keys whose type is a switch, or a choice that serde lists in its own message; and a path that may be empty.
    const CHOICES: &[&str] = &[
        "api.tls_certificate",
        "api.tls_key",
        "api.functions",
        "vault.key_file",
        "log.format",
        "campaign.strict_start",
        "policy.hook_failure",
        "policy.unknown",
        "policy.missing_variable",
        "policy.quiet_time",
        "policy.misfire",
        "policy.overlap",
        "policy.pause",
        "hook.allow_http",
        "hook.record.directory",
        "hook.allow_private_addresses",
        "send.rates",
        "feedback.twilio_auth_token",
        "in_app.count_displays",
        "in_app.withdraw",
        "event_stream.sinks",
    ];

    #[test]
    fn every_key_has_a_rule_or_is_a_choice() {
        let keys: Vec<_> = leaves(&defaults()).iter().map(ToString::to_string).collect();
        for key in &keys {
            let ruled = RULES.iter().any(|(name, _)| name == key);
            assert!(ruled != CHOICES.contains(&key.as_str()), "`{key}` needs a rule or a place among the choices");
        }
        for (key, _) in RULES {
            assert!(keys.iter().any(|known| known == key), "`{key}` has a rule but no default");
        }
    }

    #[test]
    fn origins_are_scheme_host_and_port() {
        for good in ["http://127.0.0.1:9000", "https://sns.example.internal", "https://SNS.example.internal/"] {
            assert!(is_origin(good), "{good}");
        }
        for wrong in [
            "sns.*.amazonaws.com",
            "sns.us-east-1.amazonaws.com",
            "ftp://example.com",
            "https://example.com/x",
            "https://example.com?x",
            "https://me@example.com",
            "",
        ] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }

    #[test]
    fn safe_urls_are_encrypted_or_stay_here() {
        for good in ["https://idp.example/keys", "http://127.0.0.1:1/k", "http://[::1]/k", "http://localhost:8080/k"] {
            assert!(is_safe_url(good), "{good}");
        }
        for wrong in ["http://idp.example/keys", "http://localhost.example/", "ftp://127.0.0.1/", "file:///k", "", "x"]
        {
            assert!(!is_safe_url(wrong), "{wrong}");
        }
    }

    #[test]
    fn the_defaults_hold() {
        assert_eq!(broken(&defaults(), |_| true), []);
    }
}
