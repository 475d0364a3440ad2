//! Requests as snapshots show them: what says something about the message, readable.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pinwheel::sandbox::server::Seen;
use rusmpp::pdus::SubmitSm;
use serde_json::{Map, Value, json};

/// Headers that say nothing about the message, or differ each time.
const LEFT_OUT: &[&str] = &["accept", "authorization", "content-length", "date", "host", "te", "user-agent"];

/// Whether somebody asks for an access token.
pub fn is_token_request(seen: &Seen) -> bool {
    seen.head.uri.path().ends_with("/token")
}

pub fn request(seen: &Seen) -> Value {
    let mut headers = Map::new();
    for (name, value) in &seen.head.headers {
        let is_of_the_sdk =
            name.as_str().starts_with("amz-sdk") || ["x-amz-date", "x-amz-user-agent"].contains(&name.as_str());
        if LEFT_OUT.contains(&name.as_str()) || is_of_the_sdk {
            continue;
        }
        let value = match name.as_str() {
            // Made anew for each direct message.
            "apns-id" => "[id]",
            _ => value.to_str().unwrap(),
        };
        headers.insert(name.to_string(), value.into());
    }
    let kind = seen.head.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut body = if kind.starts_with("application/x-www-form-urlencoded") {
        let fields = url::form_urlencoded::parse(&seen.body);
        Value::Object(fields.map(|(name, value)| (name.into_owned(), nested(&value))).collect())
    } else {
        serde_json::from_slice(&seen.body).unwrap_or_else(|_| String::from_utf8_lossy(&seen.body).into())
    };
    // Over the URL too, and so over the port.
    if let Some(sign) = body.get_mut("sign") {
        *sign = "[sign]".into();
    }
    if let Some(data) = body.pointer_mut("/Content/Raw/Data") {
        let raw = BASE64_STANDARD.decode(data.as_str().unwrap()).unwrap();
        *data = mail(&String::from_utf8(raw).unwrap());
    }
    json!({ "request": format!("{} {}", seen.head.method, seen.head.uri.path()), "headers": headers, "body": body })
}

/// An e-mail by lines, without what differs each time.
pub fn mail(text: &str) -> Value {
    let boundary = text.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("no boundary");
    let line = |line: &str| match line.split_once(": ") {
        Some((name @ ("Message-ID" | "Date" | "X-Pinwheel-Reference"), _)) => format!("{name}: […]"),
        _ => line.replace(boundary, "[boundary]"),
    };
    text.lines().map(line).collect()
}

/// A part of a text message over SMPP. What is no text shows in hex: the header of a part, and two octets a character.
pub fn part(submit: &SubmitSm) -> Value {
    let octets = submit.short_message().as_ref();
    let text = match octets.iter().all(|octet| (32..127).contains(octet)) {
        true => String::from_utf8_lossy(octets).into_owned(),
        false => hex::encode(octets),
    };
    json!({
        "source": submit.source_addr.to_string(),
        "destination": submit.destination_addr.to_string(),
        "data_coding": u8::from(submit.data_coding),
        "esm_class": u8::from(submit.esm_class),
        "registered_delivery": u8::from(submit.registered_delivery),
        "short_message": text,
    })
}

/// Replaces what is different in each run: the activity's id, and what is made from it or from the hour.
pub fn settle(value: &mut Value, activity_id: &str) {
    match value {
        Value::String(text) => *text = text.replace(activity_id, "[activity]"),
        Value::Array(items) => items.iter_mut().for_each(|item| settle(item, activity_id)),
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "md5" | "timestamp" | "ScheduledTime" => *member = format!("[{name}]").into(),
                    _ => settle(member, activity_id),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// JSON inside a field shows as what it is.
fn nested(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => value,
        _ => text.into(),
    }
}
