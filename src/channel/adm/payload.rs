//! The request for one message, in the form Pinpoint's client libraries understand.
//!
//! A message is data only: flat text keys from which the app's library draws the notification. `RawContent` replaces all
//! of it, in ADM's own form. Source: ADM documentation, "Send a message".

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};
use serde::Serialize;
use serde_json::Value;

use crate::channel::pinpoint_data::Data;
use crate::channel::{Message, PushContent, PushPriority, raw};
use crate::domain::limit::ADM_PAYLOAD_BYTES_MAX;

/// Shortest and longest time ADM keeps a message: a minute, and 31 days. Without one it is a week.
const EXPIRES_AFTER_SECONDS_MIN: u32 = 60;
const EXPIRES_AFTER_SECONDS_MAX: u32 = 2_678_400;

/// Writes the body of a request to send.
///
/// Errors: the reason why the message can never be sent.
pub fn build(message: &Message, push: &PushContent) -> Result<Vec<u8>, String> {
    match &push.raw_content {
        Some(raw) => build_raw(raw),
        None => build_data(message, push),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    data: Data<'a>,
    md5: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    consolidation_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_after: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<&'static str>,
}

fn build_data(message: &Message, push: &PushContent) -> Result<Vec<u8>, String> {
    let data = Data::new(push, &message.origin);
    check_size(data.bytes())?;
    let extra = push.extra.as_deref();
    let request = Request {
        md5: checksum(data.iter().collect()),
        data,
        consolidation_key: extra.and_then(|extra| extra.collapse_key.as_deref()),
        expires_after: push
            .time_to_live
            .map(|seconds| seconds.clamp(EXPIRES_AFTER_SECONDS_MIN, EXPIRES_AFTER_SECONDS_MAX)),
        priority: extra.and_then(|extra| extra.priority).map(|priority| match priority {
            PushPriority::Normal => "normal",
            PushPriority::High => "high",
        }),
    };
    Ok(serde_json::to_vec(&request).expect("text keys and values"))
}

/// The checksum by which an app may see that its data came whole: of `key:value` pairs, sorted by key and joined by
/// commas.
fn checksum(mut pairs: Vec<(&str, &str)>) -> String {
    pairs.sort_unstable();
    let mut digest = Md5::new();
    for (index, (key, value)) in pairs.into_iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        for part in [comma, key, ":", value] {
            digest.update(part);
        }
    }
    BASE64_STANDARD.encode(digest.finalize())
}

fn build_raw(raw: &str) -> Result<Vec<u8>, String> {
    let mut request = raw::object(raw)?;
    if !request.contains_key("data") && !request.contains_key("notification") {
        return Err("`RawContent` has neither `data` nor `notification`".into());
    }
    if let Some(Value::Object(data)) = request.get_mut("data") {
        data.values_mut().for_each(raw::into_text);
        let pairs = data.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
        let md5 = checksum(pairs.collect());
        request.insert("md5".into(), md5.into());
    }
    check_size(["data", "notification"].iter().filter_map(|part| request.get(*part)).map(raw::text_bytes).sum())?;
    Ok(serde_json::to_vec(&request).expect("JSON values"))
}

fn check_size(bytes: usize) -> Result<(), String> {
    if bytes <= ADM_PAYLOAD_BYTES_MAX {
        return Ok(());
    }
    Err(format!("413: the payload has {bytes} bytes, and ADM takes at most {ADM_PAYLOAD_BYTES_MAX}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::channel::{Content, PushExtra, suite};
    use crate::domain::ChannelType;

    fn built(push: PushContent) -> Result<Value, String> {
        let message = suite::message(ChannelType::Adm, "id-1", Content::Push(push.clone()));
        build(&message, &push).map(|body| serde_json::from_slice(&body).unwrap())
    }

    fn raw_content(content: Value) -> Result<Value, String> {
        built(PushContent { raw_content: Some(content.to_string()), ..PushContent::default() })
    }

    #[test]
    fn a_message_is_data_with_its_checksum() {
        let push = PushContent {
            title: Some("Test".into()),
            body: Some("This is a test".into()),
            time_to_live: Some(3600),
            extra: Some(Box::new(PushExtra {
                collapse_key: Some("news".into()),
                priority: Some(PushPriority::High),
                ..PushExtra::default()
            })),
            ..PushContent::default()
        };
        let expected = json!({
            "data": {
                "pinpoint.notification.title": "Test",
                "pinpoint.notification.body": "This is a test",
                "pinpoint.notification.silentPush": "0",
                "pinpoint.openApp": "true",
                "pinpoint.campaign.campaign_id": "campaign-1",
                "pinpoint.campaign.campaign_activity_id": "activity-1",
                "pinpoint.campaign.treatment_id": "0",
            },
            "md5": "kVJmTBgFdkxiXh4KRGvBew==",
            "consolidationKey": "news",
            "expiresAfter": 3600,
            "priority": "high",
        });
        assert_eq!(built(push), Ok(expected));
    }

    #[test]
    fn what_is_not_said_is_left_to_adm() {
        let built = built(PushContent { silent: true, ..PushContent::default() }).unwrap();
        assert_eq!(built.as_object().unwrap().keys().collect::<Vec<_>>(), ["data", "md5"]);
        assert_eq!(built["data"]["pinpoint.notification.silentPush"], "1");
    }

    #[test]
    fn the_time_to_live_is_one_that_adm_takes() {
        for (asked, sent) in [(0, 60), (60, 60), (604_800, 604_800), (u32::MAX, 2_678_400)] {
            let push = PushContent { time_to_live: Some(asked), ..PushContent::default() };
            assert_eq!(built(push).unwrap()["expiresAfter"], sent, "{asked}");
        }
    }

    #[test]
    fn the_checksum_is_of_sorted_pairs() {
        // As `printf 'a:1,b:2' | openssl md5 -binary | base64` has them.
        assert_eq!(checksum(vec![("b", "2"), ("a", "1")]), "Xvb142mSeo7pSjdDDASyeA==");
        assert_eq!(checksum(vec![("message", "grüße")]), "vofWuo33cEafFjszioOs5Q==");
        assert_eq!(checksum(vec![]), "1B2M2Y8AsgTpgAmY7PhCfg==");
    }

    #[test]
    fn raw_content_is_sent_as_it_is_but_for_text_and_checksum() {
        let content = json!({
            "data": { "a": 1, "b": "2" }, "md5": "stale", "consolidationKey": "k", "expiresAfter": 90,
            "notification": { "title": "T" },
        });
        let expected = json!({
            "data": { "a": "1", "b": "2" }, "md5": "Xvb142mSeo7pSjdDDASyeA==", "consolidationKey": "k", "expiresAfter": 90,
            "notification": { "title": "T" },
        });
        assert_eq!(raw_content(content), Ok(expected));
        let notification = json!({ "notification": { "title": "T", "body": "B" } });
        assert_eq!(raw_content(notification.clone()), Ok(notification));
    }

    #[test]
    fn raw_content_of_no_known_form_is_refused() {
        assert_eq!(raw_content(json!([])).unwrap_err(), "`RawContent` is not a JSON object");
        let problem = raw_content(json!({ "aps": {} })).unwrap_err();
        assert_eq!(problem, "`RawContent` has neither `data` nor `notification`");
    }

    #[test]
    fn six_kilobytes_of_keys_and_values_are_the_limit() {
        let with_body = |bytes: usize| built(PushContent { body: Some("x".repeat(bytes)), ..PushContent::default() });
        let overhead = raw::text_bytes(&with_body(0).unwrap()["data"]);
        assert!(with_body(6144 - overhead).is_ok());
        let problem = with_body(6145 - overhead).unwrap_err();
        assert_eq!(problem, "413: the payload has 6145 bytes, and ADM takes at most 6144");
        assert!(raw_content(json!({ "data": { "k": "x".repeat(6143) } })).is_ok());
        assert!(raw_content(json!({ "data": { "k": "x".repeat(6144) } })).unwrap_err().starts_with("413: "));
    }
}
