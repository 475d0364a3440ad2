//! One notification: its payload in the form Pinpoint's client libraries understand, and what goes into the headers.

use std::collections::BTreeMap;

use bytes::Bytes;
use hyper::header::HeaderValue;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::channel::{Message, Origin, PushAction, PushContent, PushPriority};
use crate::domain::ChannelType;
use crate::domain::limit::PUSH_PAYLOAD_BYTES_MAX;

/// Bytes of a payload for VoIP. Source: Apple, "Generating a remote notification".
const VOIP_PAYLOAD_BYTES_MAX: usize = 5 * 1024;

/// Bytes of a collapse id. Source: Apple, "Sending notification requests to APNs".
const COLLAPSE_ID_BYTES_MAX: usize = 64;

/// Kinds of notifications, and what each adds to the bundle id to make its topic.
///
/// Source: Apple, "Sending notification requests to APNs".
const PUSH_TYPES: &[PushType] = &[
    ALERT,
    BACKGROUND,
    PushType { name: "complication", topic_suffix: ".complication" },
    PushType { name: "controls", topic_suffix: ".push-type.controls" },
    PushType { name: "fileprovider", topic_suffix: ".pushkit.fileprovider" },
    PushType { name: "liveactivity", topic_suffix: ".push-type.liveactivity" },
    PushType { name: "location", topic_suffix: ".location-query" },
    PushType { name: "mdm", topic_suffix: "" },
    PushType { name: "pushtotalk", topic_suffix: ".voip-ptt" },
    VOIP,
    PushType { name: "widgets", topic_suffix: ".push-type.widgets" },
];

const ALERT: PushType = PushType { name: "alert", topic_suffix: "" };
const BACKGROUND: PushType = PushType { name: "background", topic_suffix: "" };
const VOIP: PushType = PushType { name: "voip", topic_suffix: ".voip" };

/// What `apns-push-type` says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PushType {
    pub name: &'static str,
    topic_suffix: &'static str,
}

/// Whose choice the topic of a notification is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Topic {
    /// The channel's: every message of its type has it.
    Own,
    /// The message's, which asks for a push type that few apps are allowed.
    Special,
}

/// A notification without its receiver.
#[derive(Debug)]
pub struct Notification {
    pub push_type: PushType,
    pub topic: Topic,
    /// `apns-priority`: 5 takes the device's power into account, 10 is at once.
    pub priority: u32,
    pub collapse_id: Option<HeaderValue>,
    /// `apns-expiration`: seconds since 1970; 0: deliver now or never.
    pub expiration: Option<i64>,
    /// The payload.
    pub body: Bytes,
}

impl Notification {
    /// Writes down what a message says.
    ///
    /// Errors: the reason why the message can never be sent.
    pub fn build(message: &Message, push: &PushContent, now: Timestamp) -> Result<Self, String> {
        let (body, shows_nothing) = match &push.raw_content {
            Some(raw) => (raw.clone().into_bytes(), check_raw(raw)? || push.silent),
            None => (serde_json::to_vec(&Payload::new(push, &message.origin)).expect("text keys"), push.silent),
        };
        let extra = push.extra.as_deref();
        let usual = PushType::usual(message.channel_type, shows_nothing);
        let push_type = match extra.and_then(|extra| extra.push_type.as_deref()) {
            // What registered for calls takes nothing else.
            Some(asked) if usual != VOIP => PushType::named(asked)?,
            _ => usual,
        };
        check_size(body.len(), push_type)?;
        Ok(Self {
            push_type,
            topic: if push_type.topic_suffix == usual.topic_suffix { Topic::Own } else { Topic::Special },
            priority: match extra.and_then(|extra| extra.priority) {
                // Apple calls any other an error.
                _ if push_type == BACKGROUND => 5,
                Some(PushPriority::Normal) => 5,
                Some(PushPriority::High) | None => 10,
            },
            collapse_id: extra.and_then(|extra| extra.collapse_key.as_deref()).map(collapse_id).transpose()?,
            expiration: push.time_to_live.map(|seconds| match seconds {
                0 => 0,
                seconds => now.as_second() + i64::from(seconds),
            }),
            body: body.into(),
        })
    }

    /// A notification that reaches nobody: it is sent to no device.
    pub fn probe(channel_type: ChannelType) -> Self {
        Self {
            push_type: PushType::usual(channel_type, true),
            topic: Topic::Own,
            priority: 5,
            collapse_id: None,
            expiration: Some(0),
            body: Bytes::from_static(br#"{"aps":{"content-available":1}}"#),
        }
    }
}

impl PushType {
    /// The one of a message that asks for none.
    fn usual(channel_type: ChannelType, shows_nothing: bool) -> Self {
        match channel_type {
            ChannelType::ApnsVoip | ChannelType::ApnsVoipSandbox => VOIP,
            _ if shows_nothing => BACKGROUND,
            _ => ALERT,
        }
    }

    fn named(name: &str) -> Result<Self, String> {
        PUSH_TYPES.iter().find(|known| known.name.eq_ignore_ascii_case(name)).copied().ok_or_else(|| {
            let known: Vec<_> = PUSH_TYPES.iter().map(|known| known.name).collect();
            format!("`APNSPushType` `{name}` is not one of {}", known.join(", "))
        })
    }

    /// The topic for an app. Bundle ids of VoIP certificates have their suffix already.
    pub fn topic(self, bundle_id: &str) -> String {
        let suffix = self.topic_suffix;
        format!("{}{suffix}", bundle_id.strip_suffix(suffix).unwrap_or(bundle_id))
    }
}

/// The id of a message, the same at every attempt. Source: RFC 9562, version 8.
pub fn apns_id(idempotency_key: &str) -> Uuid {
    let digest = Sha256::digest(idempotency_key);
    let bytes = digest[..16].try_into().expect("a digest has 32 bytes");
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[derive(Serialize)]
struct Payload<'a> {
    aps: Aps<'a>,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Aps<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<Alert<'a>>,
    content_available: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    sound: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    badge: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutable_content: Option<u8>,
}

#[derive(Serialize)]
struct Alert<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(rename = "media-url", skip_serializing_if = "Option::is_none")]
    media_url: Option<&'a str>,
    pinpoint: Pinpoint<'a>,
}

#[derive(Serialize)]
struct Pinpoint<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    deeplink: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(rename = "jsonBody", skip_serializing_if = "Option::is_none")]
    json_body: Option<JsonBody<'a>>,
    campaign: Campaign<'a>,
    #[serde(flatten)]
    context: BTreeMap<&'a str, &'a str>,
}

/// Keys of [`Pinpoint`] that no context takes.
const PINPOINT_KEYS: [&str; 4] = ["deeplink", "url", "jsonBody", "campaign"];

/// What the sender wrote as `JsonBody`: as the JSON it should be, or else as text.
#[derive(Serialize)]
#[serde(untagged)]
enum JsonBody<'a> {
    Json(&'a RawValue),
    Text(&'a str),
}

/// Texts only: that is what the libraries read.
#[derive(Serialize)]
struct Campaign<'a> {
    campaign_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_activity_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    treatment_id: Option<&'a str>,
}

impl<'a> Payload<'a> {
    fn new(push: &'a PushContent, origin: &'a Origin) -> Self {
        let extra = push.extra.as_deref();
        let (title, body) = (push.title.as_deref(), push.body.as_deref());
        let shown = !push.silent;
        let url_if = |action| push.url.as_deref().filter(|_| push.action == action);
        let aps = Aps {
            alert: (shown && (title.is_some() || body.is_some())).then_some(Alert { title, body }),
            content_available: 1,
            sound: push.sound.as_deref().filter(|_| shown),
            badge: extra.and_then(|extra| extra.badge).filter(|_| shown),
            category: extra.and_then(|extra| extra.category.as_deref()),
            thread_id: extra.and_then(|extra| extra.thread_id.as_deref()),
            mutable_content: push.media_url.as_ref().map(|_| 1),
        };
        let pinpoint = Pinpoint {
            deeplink: url_if(PushAction::DeepLink),
            url: url_if(PushAction::Url),
            json_body: push.json_body.as_deref().map(|text| match serde_json::from_str(text) {
                Ok(json) => JsonBody::Json(json),
                Err(_) => JsonBody::Text(text),
            }),
            campaign: Campaign {
                campaign_id: origin.campaign_id.as_str(),
                campaign_activity_id: origin.activity_id.as_ref().map(|id| id.as_str()),
                treatment_id: origin.treatment_id.as_ref().map(|id| id.as_str()),
            },
            context: extra
                .iter()
                .flat_map(|extra| &extra.context)
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .filter(|(name, _)| !PINPOINT_KEYS.contains(name))
                .collect(),
        };
        Self { aps, data: Data { media_url: push.media_url.as_deref(), pinpoint } }
    }
}

/// Looks at a payload that the sender wrote, and tells whether it shows nothing.
fn check_raw(raw: &str) -> Result<bool, String> {
    let Ok(Value::Object(payload)) = serde_json::from_str(raw) else {
        return Err("`RawContent` is not a JSON object".into());
    };
    let Some(Value::Object(aps)) = payload.get("aps") else {
        return Err("`RawContent` has no object `aps`".into());
    };
    let wakes_the_app = aps.get("content-available").is_some_and(|value| value == 1);
    Ok(wakes_the_app && !["alert", "sound", "badge"].iter().any(|key| aps.contains_key(*key)))
}

fn check_size(bytes: usize, push_type: PushType) -> Result<(), String> {
    let max = if push_type == VOIP { VOIP_PAYLOAD_BYTES_MAX } else { PUSH_PAYLOAD_BYTES_MAX };
    match bytes {
        bytes if bytes <= max => Ok(()),
        bytes => Err(format!("413: the payload has {bytes} bytes, and APNs takes at most {max}")),
    }
}

fn collapse_id(text: &str) -> Result<HeaderValue, String> {
    let bytes = text.len();
    if bytes > COLLAPSE_ID_BYTES_MAX {
        return Err(format!("`CollapseId` has {bytes} bytes, and APNs takes at most {COLLAPSE_ID_BYTES_MAX}"));
    }
    HeaderValue::from_str(text).map_err(|_| "`CollapseId` has a control character".into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::channel::{Content, PushExtra, suite};
    use crate::domain::CampaignId;

    fn now() -> Timestamp {
        "2026-03-01T09:00:00Z".parse().unwrap()
    }

    fn built_for(channel_type: ChannelType, push: PushContent) -> Result<Notification, String> {
        let message = suite::message(channel_type, "token", Content::Push(push.clone()));
        Notification::build(&message, &push, now())
    }

    fn built(push: PushContent) -> Result<Notification, String> {
        built_for(ChannelType::Apns, push)
    }

    fn payload(push: PushContent) -> Value {
        serde_json::from_slice(&built(push).unwrap().body).unwrap()
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn extra(extra: PushExtra) -> PushContent {
        PushContent { body: text("b"), extra: Some(Box::new(extra)), ..PushContent::default() }
    }

    fn raw(content: &str) -> PushContent {
        PushContent { raw_content: text(content), ..PushContent::default() }
    }

    #[test]
    fn a_campaigns_message_has_what_apps_expect() {
        let push = PushContent {
            title: text("T"),
            body: text("B"),
            action: PushAction::DeepLink,
            url: text("app://x"),
            json_body: text(r#"{"k": "v"}"#),
            media_url: text("https://m.example/i.png"),
            ..PushContent::default()
        };
        let expected = json!({
            "aps": {"alert": {"title": "T", "body": "B"}, "content-available": 1, "mutable-content": 1},
            "data": {
                "media-url": "https://m.example/i.png",
                "pinpoint": {
                    "deeplink": "app://x",
                    "jsonBody": {"k": "v"},
                    "campaign": {
                        "campaign_id": "campaign-1", "campaign_activity_id": "activity-1", "treatment_id": "0",
                    },
                },
            },
        });
        assert_eq!(payload(push.clone()), expected);

        let notification = built(push).unwrap();
        assert_eq!((notification.push_type, notification.topic), (ALERT, Topic::Own));
        assert_eq!((notification.priority, notification.expiration, notification.collapse_id), (10, None, None));
    }

    #[test]
    fn a_direct_message_says_more() {
        let context = [("order", "7"), ("url", "x"), ("campaign", "x")];
        let push = PushContent {
            action: PushAction::Url,
            url: text("https://example.com"),
            json_body: text("no json"),
            sound: text("default"),
            time_to_live: Some(60),
            ..extra(PushExtra {
                collapse_key: text("order-7"),
                priority: Some(PushPriority::Normal),
                badge: Some(0),
                category: text("c"),
                thread_id: text("t"),
                context: context.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
                ..PushExtra::default()
            })
        };
        let mut message = suite::message(ChannelType::Apns, "token", Content::Push(push.clone()));
        let origin = Origin {
            campaign_id: CampaignId::new(Origin::DIRECT),
            activity_id: None,
            treatment_id: None,
            ..(*message.origin).clone()
        };
        message.origin = origin.into();
        let notification = Notification::build(&message, &push, now()).unwrap();
        let expected = json!({
            "aps": {
                "alert": {"body": "b"}, "content-available": 1, "sound": "default", "badge": 0, "category": "c",
                "thread-id": "t",
            },
            "data": {"pinpoint": {
                "url": "https://example.com", "jsonBody": "no json", "order": "7",
                "campaign": {"campaign_id": "_DIRECT"},
            }},
        });
        assert_eq!(serde_json::from_slice::<Value>(&notification.body).unwrap(), expected);
        assert_eq!(notification.priority, 5);
        assert_eq!(notification.collapse_id.unwrap(), "order-7");
        assert_eq!(notification.expiration, Some(now().as_second() + 60));
    }

    #[test]
    fn a_silent_message_shows_nothing_and_takes_its_time() {
        let push = PushContent {
            title: text("T"),
            sound: text("default"),
            silent: true,
            time_to_live: Some(0),
            ..extra(PushExtra { badge: Some(1), priority: Some(PushPriority::High), ..PushExtra::default() })
        };
        assert_eq!(payload(push.clone())["aps"], json!({"content-available": 1}));
        let notification = built(push).unwrap();
        assert_eq!((notification.push_type, notification.priority), (BACKGROUND, 5));
        assert_eq!(notification.expiration, Some(0));
    }

    #[test]
    fn raw_content_is_sent_as_it_is() {
        let shown = r#"{ "aps": {"alert": "x", "content-available": 1}, "n": 1.50 }"#;
        let notification = built(raw(shown)).unwrap();
        assert_eq!((&notification.body[..], notification.push_type), (shown.as_bytes(), ALERT));
        assert_eq!(built(raw(r#"{"aps":{"content-available":1}}"#)).unwrap().push_type, BACKGROUND);
        assert_eq!(built(raw(r#"{"aps":{"content-available":0}}"#)).unwrap().push_type, ALERT);
        for (wrong, problem) in [
            ("hello", "`RawContent` is not a JSON object"),
            ("[]", "`RawContent` is not a JSON object"),
            ("{}", "`RawContent` has no object `aps`"),
            (r#"{"aps":1}"#, "`RawContent` has no object `aps`"),
        ] {
            assert_eq!(built(raw(wrong)).unwrap_err(), problem);
            let silent = PushContent { silent: true, ..raw(wrong) };
            assert_eq!(built(silent).unwrap_err(), problem, "silent ones are looked at, too");
        }
    }

    #[test]
    fn a_payload_too_large_is_refused() {
        let sized = |bytes: usize| {
            let frame = r#"{"aps":{"alert":""}}"#;
            raw(&frame.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes - frame.len()))))
        };
        for (channel_type, max) in [
            (ChannelType::Apns, 4096),
            (ChannelType::ApnsSandbox, 4096),
            (ChannelType::ApnsVoip, 5120),
            (ChannelType::ApnsVoipSandbox, 5120),
        ] {
            assert_eq!(built_for(channel_type, sized(max)).unwrap().body.len(), max);
            let problem = built_for(channel_type, sized(max + 1)).unwrap_err();
            assert_eq!(problem, format!("413: the payload has {} bytes, and APNs takes at most {max}", max + 1));
        }
    }

    #[test]
    fn push_types_make_topics() {
        let asked = |channel_type, name: &str| {
            let notification =
                built_for(channel_type, extra(PushExtra { push_type: text(name), ..PushExtra::default() }))?;
            Ok::<_, String>((notification.push_type.topic("com.example.app"), notification.topic))
        };
        for (name, topic, whose) in [
            ("alert", "com.example.app", Topic::Own),
            ("BACKGROUND", "com.example.app", Topic::Own),
            ("mdm", "com.example.app", Topic::Own),
            ("voip", "com.example.app.voip", Topic::Special),
            ("complication", "com.example.app.complication", Topic::Special),
            ("fileprovider", "com.example.app.pushkit.fileprovider", Topic::Special),
        ] {
            assert_eq!(asked(ChannelType::Apns, name), Ok((topic.to_owned(), whose)), "{name}");
            let voip = ("com.example.app.voip".to_owned(), Topic::Own);
            assert_eq!(asked(ChannelType::ApnsVoipSandbox, name), Ok(voip), "{name}");
        }
        let unknown = asked(ChannelType::Apns, "smoke").unwrap_err();
        assert!(unknown.starts_with("`APNSPushType` `smoke` is not one of alert, background"), "{unknown}");
        assert_eq!(VOIP.topic("com.example.app.voip"), "com.example.app.voip");
    }

    #[test]
    fn a_collapse_id_fits_into_its_header() {
        let with = |id: &str| built(extra(PushExtra { collapse_key: text(id), ..PushExtra::default() }));
        assert_eq!(with(&"x".repeat(64)).unwrap().collapse_id.unwrap().len(), 64);
        let long = with(&"ä".repeat(33)).unwrap_err();
        assert_eq!(long, "`CollapseId` has 66 bytes, and APNs takes at most 64");
        assert_eq!(with("ä").unwrap().collapse_id.unwrap(), "ä".as_bytes());
        assert_eq!(with("a\nb").unwrap_err(), "`CollapseId` has a control character");
    }

    #[test]
    fn a_message_keeps_its_id() {
        let id = apns_id("activity-1:token");
        assert_eq!(id, apns_id("activity-1:token"));
        assert_ne!(id, apns_id("activity-1:other"));
        assert_eq!((id.get_version_num(), id.get_variant()), (8, uuid::Variant::RFC4122));
    }
}
