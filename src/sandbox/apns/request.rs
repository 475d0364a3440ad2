//! The headers and the payload of a notification, as strictly as APNs takes them.

use hyper::HeaderMap;
use hyper::header::HeaderName;
use serde_json::Value;
use uuid::Uuid;

use super::BUNDLE_ID;

pub(super) const APNS_ID: HeaderName = HeaderName::from_static("apns-id");

/// What a push type adds to the bundle id, as far as the one app has it.
const TOPIC_SUFFIXES: [(&str, &str); 4] =
    [("alert", ""), ("background", ""), ("complication", ".complication"), ("voip", ".voip")];

/// Looks at one notification.
///
/// Errors: APNs's status and reason. Source: Apple, "Sending notification requests to APNs".
pub(super) fn check(headers: &HeaderMap, body: &[u8]) -> Result<(), (u16, &'static str)> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text("apns-id").is_some_and(|id| Uuid::try_parse(id).is_err()) {
        return Err((400, "BadMessageId"));
    }
    let push_type = text("apns-push-type").unwrap_or_default();
    let Some((_, suffix)) = TOPIC_SUFFIXES.iter().find(|(name, _)| *name == push_type) else {
        return Err((400, "InvalidPushType"));
    };
    let topic = text("apns-topic").ok_or((400, "MissingTopic"))?;
    if topic.strip_prefix(BUNDLE_ID) != Some(suffix) {
        return Err((400, "TopicDisallowed"));
    }
    match text("apns-priority") {
        Some("5") => {}
        None | Some("10") if push_type != "background" => {}
        _ => return Err((400, "BadPriority")),
    }
    if text("apns-expiration").is_some_and(|seconds| seconds.parse::<u64>().is_err()) {
        return Err((400, "BadExpirationDate"));
    }
    if headers.get("apns-collapse-id").is_some_and(|id| id.len() > 64) {
        return Err((400, "BadCollapseId"));
    }
    let max = if push_type == "voip" { 5120 } else { 4096 };
    if body.len() > max {
        return Err((413, "PayloadTooLarge"));
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(payload) if payload["aps"].is_object() => Ok(()),
        _ => Err((400, "PayloadEmpty")),
    }
}
