//! The request for one message, in the form Pinpoint's client libraries understand.
//!
//! A message is data only: flat text keys from which the app's library draws the notification. `RawContent` replaces all
//! of it, in the form of FCM's retired legacy interface or in that of HTTP v1 under `fcmV1Message`.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::channel::pinpoint_data::Data;
use crate::channel::{Message, PushContent, PushPriority, raw};
use crate::domain::limit::PUSH_PAYLOAD_BYTES_MAX;

/// Longest time FCM keeps a message, and what it takes as the default: four weeks.
const TIME_TO_LIVE_SECONDS_MAX: u32 = 2_419_200;

/// Writes the body of a `messages:send` request.
///
/// Errors: the reason why the message can never be sent.
pub fn build(message: &Message, push: &PushContent) -> Result<Vec<u8>, String> {
    match &push.raw_content {
        Some(raw) => build_raw(&message.address, raw),
        None => build_data(message, push),
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    message: DataMessage<'a>,
}

#[derive(Serialize)]
struct DataMessage<'a> {
    token: &'a str,
    data: Data<'a>,
    android: Android<'a>,
}

#[derive(Serialize)]
struct Android<'a> {
    priority: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collapse_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restricted_package_name: Option<&'a str>,
}

fn build_data(message: &Message, push: &PushContent) -> Result<Vec<u8>, String> {
    let data = Data::new(push, &message.origin);
    check_size(data.bytes())?;
    let extra = push.extra.as_deref();
    let android = Android {
        priority: match extra.and_then(|extra| extra.priority) {
            Some(PushPriority::Normal) => "NORMAL",
            Some(PushPriority::High) => "HIGH",
            // A silent message shows nothing, and FCM holds back apps that get such messages with high priority.
            None if push.silent => "NORMAL",
            None => "HIGH",
        },
        ttl: push.time_to_live.map(|seconds| format!("{}s", seconds.min(TIME_TO_LIVE_SECONDS_MAX))),
        collapse_key: extra.and_then(|extra| extra.collapse_key.as_deref()),
        restricted_package_name: extra.and_then(|extra| extra.restricted_package_name.as_deref()),
    };
    let envelope = Envelope { message: DataMessage { token: &message.address, data, android } };
    Ok(serde_json::to_vec(&envelope).expect("text keys and values"))
}

fn build_raw(address: &str, raw: &str) -> Result<Vec<u8>, String> {
    let mut raw = raw::object(raw)?;
    let mut request = match raw.remove("fcmV1Message") {
        Some(Value::Object(request)) => request,
        Some(_) => return Err("`fcmV1Message` in `RawContent` is not an object".into()),
        None => from_legacy(raw),
    };
    let Some(Value::Object(message)) = request.get_mut("message") else {
        return Err("`fcmV1Message` in `RawContent` has no `message`".into());
    };
    // The endpoint is the one receiver, whatever else the content names.
    for target in ["topic", "condition", "fid"] {
        message.remove(target);
    }
    message.insert("token".into(), address.into());
    if let Some(Value::Object(data)) = message.get_mut("data") {
        data.values_mut().for_each(raw::into_text);
    }
    check_size(["data", "notification"].iter().filter_map(|part| message.get(*part)).map(raw::text_bytes).sum())?;
    Ok(serde_json::to_vec(&request).expect("JSON values"))
}

/// Turns content of the legacy interface into a request of HTTP v1.
///
/// Source: Firebase documentation, "Migrate from legacy FCM APIs to HTTP v1".
fn from_legacy(mut legacy: Map<String, Value>) -> Map<String, Value> {
    let mut android = Map::new();
    let mut message = Map::new();
    if let Some(Value::Object(mut notification)) = legacy.remove("notification") {
        let mut common = Map::new();
        for key in ["title", "body", "image"] {
            common.extend(notification.remove(key).map(|value| (key.to_owned(), value)));
        }
        message.insert("notification".into(), common.into());
        if let Some(channel) = notification.remove("android_channel_id") {
            notification.insert("channel_id".into(), channel);
        }
        notification.retain(|key, _| ANDROID_NOTIFICATION_KEYS.contains(&key.as_str()));
        if !notification.is_empty() {
            android.insert("notification".into(), notification.into());
        }
    }
    message.extend(legacy.remove("data").map(|data| ("data".to_owned(), data)));
    for key in ["collapse_key", "restricted_package_name"] {
        android.extend(legacy.remove(key).map(|value| (key.to_owned(), value)));
    }
    if let Some(priority) = legacy.get("priority").and_then(Value::as_str) {
        android.insert("priority".into(), priority.to_ascii_uppercase().into());
    }
    // Legacy content has a number; some send it as text.
    if let Some(seconds) = legacy.get("time_to_live").map(raw::text).and_then(|text| text.parse::<u32>().ok()) {
        android.insert("ttl".into(), format!("{}s", seconds.min(TIME_TO_LIVE_SECONDS_MAX)).into());
    }
    if !android.is_empty() {
        message.insert("android".into(), android.into());
    }
    let mut request = Map::from_iter([("message".to_owned(), Value::from(message))]);
    if let Some(Value::Bool(true)) = legacy.get("dry_run") {
        request.insert("validate_only".into(), json!(true));
    }
    request
}

/// Keys of a legacy notification that HTTP v1 has under `android.notification`, by the same name.
const ANDROID_NOTIFICATION_KEYS: &[&str] = &[
    "body_loc_args",
    "body_loc_key",
    "channel_id",
    "click_action",
    "color",
    "icon",
    "sound",
    "tag",
    "title_loc_args",
    "title_loc_key",
];

fn check_size(bytes: usize) -> Result<(), String> {
    if bytes <= PUSH_PAYLOAD_BYTES_MAX {
        return Ok(());
    }
    Err(format!("413: the payload has {bytes} bytes, and FCM takes at most {PUSH_PAYLOAD_BYTES_MAX}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::channel::{Content, Origin, PushExtra};
    use crate::domain::{ActivityId, ApplicationId, CampaignId, ChannelType, TreatmentId};

    fn message(push: &PushContent) -> Message {
        Message {
            endpoint_id: "e1".into(),
            channel_type: ChannelType::Gcm,
            address: "token-1".into(),
            idempotency_key: "k1".into(),
            content: Content::Push(push.clone()),
            origin: Arc::new(Origin {
                application_id: ApplicationId::new("app"),
                campaign_id: CampaignId::new("c1"),
                activity_id: Some(ActivityId::new("a1")),
                treatment_id: Some(TreatmentId::new("0")),
                scheduled_time: "2026-03-01T09:00:00.000Z".into(),
            }),
            reference: None,
        }
    }

    fn built(push: PushContent) -> Result<Value, String> {
        build(&message(&push), &push).map(|body| serde_json::from_slice(&body).unwrap())
    }

    fn raw_content(content: Value) -> Result<Value, String> {
        built(PushContent {
            raw_content: Some(content.to_string()),
            title: Some("unused".into()),
            ..Default::default()
        })
    }

    #[test]
    fn a_direct_message_says_so_and_carries_its_context() {
        let push = PushContent {
            body: Some("Hi".into()),
            extra: Some(Box::new(PushExtra {
                icon: Some("bell".into()),
                collapse_key: Some("news".into()),
                priority: Some(PushPriority::Normal),
                restricted_package_name: Some("app".into()),
                context: [("order", "7"), ("url", "app://x"), ("openApp", "never")]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .into(),
                ..Default::default()
            })),
            ..Default::default()
        };
        let mut message = message(&push);
        let campaign_id = CampaignId::new(Origin::DIRECT);
        let origin = Origin { campaign_id, activity_id: None, treatment_id: None, ..(*message.origin).clone() };
        message.origin = Arc::new(origin);
        let request: Value = serde_json::from_slice(&build(&message, &push).unwrap()).unwrap();
        let expected = json!({"message": {
            "token": "token-1",
            "data": {
                "pinpoint.notification.body": "Hi", "pinpoint.notification.silentPush": "0",
                "pinpoint.notification.icon": "bell", "pinpoint.openApp": "true",
                "pinpoint.campaign.campaign_id": "_DIRECT", "pinpoint.order": "7", "pinpoint.url": "app://x",
            },
            "android": {"priority": "NORMAL", "collapse_key": "news", "restricted_package_name": "app"},
        }});
        assert_eq!(request, expected);
    }

    #[test]
    fn a_message_is_data_with_flat_text_keys() {
        let push = PushContent {
            title: Some("Test".into()),
            body: Some("This is a test".into()),
            image_url: Some("https://a/i.png".into()),
            image_icon_url: Some("https://a/l.png".into()),
            small_image_icon_url: Some("https://a/s.png".into()),
            json_body: Some(r#"{"k":1}"#.into()),
            sound: Some("ding".into()),
            time_to_live: Some(60),
            ..Default::default()
        };
        let expected = json!({ "message": {
            "token": "token-1",
            "data": {
                "pinpoint.notification.title": "Test",
                "pinpoint.notification.body": "This is a test",
                "pinpoint.notification.silentPush": "0",
                "pinpoint.notification.imageUrl": "https://a/i.png",
                "pinpoint.notification.imageIconUrl": "https://a/l.png",
                "pinpoint.notification.imageSmallIconUrl": "https://a/s.png",
                "pinpoint.notification.sound": "ding",
                "pinpoint.openApp": "true",
                "pinpoint.jsonBody": "{\"k\":1}",
                "pinpoint.campaign.campaign_id": "c1",
                "pinpoint.campaign.campaign_activity_id": "a1",
                "pinpoint.campaign.treatment_id": "0",
            },
            "android": { "priority": "HIGH", "ttl": "60s" },
        }});
        assert_eq!(built(push), Ok(expected));
    }

    #[test]
    fn a_silent_message_is_marked_and_has_normal_priority() {
        let built = built(PushContent { silent: true, time_to_live: Some(u32::MAX), ..Default::default() }).unwrap();
        assert_eq!(built["message"]["data"]["pinpoint.notification.silentPush"], "1");
        assert_eq!(built["message"]["android"], json!({ "priority": "NORMAL", "ttl": "2419200s" }));
    }

    #[test]
    fn raw_content_of_http_v1_gets_the_endpoint_as_its_only_target() {
        let content = json!({ "fcmV1Message": { "validate_only": true, "message": {
            "topic": "all", "token": "other", "data": { "n": 5, "s": "x", "o": { "a": [true] } },
            "apns": { "headers": { "apns-priority": "5" } },
        }}});
        let expected = json!({ "validate_only": true, "message": {
            "token": "token-1", "data": { "n": "5", "s": "x", "o": "{\"a\":[true]}" },
            "apns": { "headers": { "apns-priority": "5" } },
        }});
        assert_eq!(raw_content(content), Ok(expected));
    }

    #[test]
    fn legacy_raw_content_becomes_http_v1() {
        let content = json!({
            "to": "other", "collapse_key": "news", "priority": "high", "time_to_live": 3600, "dry_run": true,
            "content_available": true, "restricted_package_name": "com.example",
            "notification": {
                "title": "T", "body": "B", "image": "https://a/i", "icon": "bell", "color": "#ff0000", "tag": "t",
                "sound": "default", "click_action": "OPEN", "android_channel_id": "c", "badge": "1",
            },
            "data": { "count": 3 },
        });
        let expected = json!({ "validate_only": true, "message": {
            "token": "token-1",
            "notification": { "title": "T", "body": "B", "image": "https://a/i" },
            "data": { "count": "3" },
            "android": {
                "collapse_key": "news", "priority": "HIGH", "ttl": "3600s", "restricted_package_name": "com.example",
                "notification": {
                    "icon": "bell", "color": "#ff0000", "tag": "t", "sound": "default", "click_action": "OPEN",
                    "channel_id": "c",
                },
            },
        }});
        assert_eq!(raw_content(content), Ok(expected));
        assert_eq!(raw_content(json!({})), Ok(json!({ "message": { "token": "token-1" } })));
    }

    #[test]
    fn raw_content_of_no_known_form_is_refused() {
        for content in [json!([]), json!({ "fcmV1Message": "x" }), json!({ "fcmV1Message": {} })] {
            assert!(raw_content(content.clone()).is_err(), "{content}");
        }
        assert!(built(PushContent { raw_content: Some("hi".into()), ..Default::default() }).is_err());
    }

    #[test]
    fn four_kilobytes_of_keys_and_values_are_the_limit() {
        let with_body = |bytes: usize| built(PushContent { body: Some("x".repeat(bytes)), ..Default::default() });
        let empty = with_body(0).unwrap();
        let overhead = raw::text_bytes(&empty["message"]["data"]);
        assert!(with_body(4096 - overhead).is_ok());
        let problem = with_body(4097 - overhead).unwrap_err();
        assert_eq!(problem, "413: the payload has 4097 bytes, and FCM takes at most 4096");

        assert!(raw_content(json!({ "data": { "k": "x".repeat(4095) } })).is_ok());
        assert!(raw_content(json!({ "data": { "k": "x".repeat(4096) } })).unwrap_err().starts_with("413: "));
        assert!(
            raw_content(json!({ "data": { "k": "x".repeat(4000) }, "notification": { "body": "x".repeat(92) } }))
                .is_err()
        );
    }
}
