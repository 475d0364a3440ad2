//! `PutEvents`: requests are taken apart, and each event is checked by itself.
//!
//! Written by hand, not generated: an event that breaks a rule is refused alone, and the others are kept as the bytes they
//! came in. Whoever reads a kept event has to take what is taken here: numbers and booleans for the text of attributes, and
//! times of every ISO 8601 form.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::bounded::{Entries, Object};
use super::endpoint_update::{append_text, read_slowly};
use super::instant;
use super::invalid::{Invalid, Problem, value_chars};
use super::lenient::{Scalar, Text};
use crate::domain::limit::{
    ENDPOINTS_REQUEST_MAX, EVENT_BYTES_MAX, EVENT_NAME_CHARS_MAX, EVENT_NAMES_MAX, EVENT_TEXT_CHARS_MAX,
    EVENT_TYPE_CHARS_MAX, EVENT_VALUE_CHARS_MAX, EVENTS_REQUEST_MAX,
};

/// What a request says of one endpoint.
#[derive(Debug)]
pub struct Item<'a> {
    /// The endpoint's id.
    pub id: Text<'a>,
    /// Its update, as JSON. Nobody has read it yet.
    pub endpoint: Option<&'a str>,
    /// Events by their ids, as JSON. Nobody has read them yet.
    pub events: Vec<(Text<'a>, &'a str)>,
}

/// What others need to know of an event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    pub event_type: String,
    /// When it happened.
    pub at: Timestamp,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(rename = "BatchItem", borrow, default)]
    items: Option<Entries<'a, Option<Object<WireItem<'a>>>, ENDPOINTS_REQUEST_MAX>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct WireItem<'a> {
    #[serde(borrow)]
    endpoint: Option<&'a RawValue>,
    #[serde(borrow)]
    events: Option<Entries<'a, &'a RawValue, EVENTS_REQUEST_MAX>>,
}

/// Takes a request apart, in the order of the text. Of entries with the same id the last one counts.
///
/// Errors: text that is no such request, too many events.
pub fn read(json: &[u8]) -> Result<Vec<Item<'_>>, Invalid> {
    let request = match serde_json::from_slice::<Object<Request<'_>>>(json) {
        Ok(request) => request,
        Err(_) => read_slowly(json, "")?,
    };
    let items = request.0.items.ok_or_else(|| Problem::Missing { rule: "it is required" }.at("BatchItem"))?;
    let items = items.0.into_iter().map(|(id, item)| {
        let WireItem { endpoint, events } = item.unwrap_or_default().0;
        let events = events.unwrap_or_default().0.into_iter().map(|(id, event)| (id, event.get()));
        Item { id, endpoint: endpoint.map(RawValue::get), events: events.collect() }
    });
    let items: Vec<_> = items.collect();
    let events: usize = items.iter().map(|item| item.events.len()).sum();
    if events > EVENTS_REQUEST_MAX {
        return Err(Problem::rule(format!("{events} events, the limit is {EVENTS_REQUEST_MAX}")).at("BatchItem"));
    }
    Ok(items)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event<'a> {
    #[serde(default)]
    event_type: Scalar,
    #[serde(default)]
    timestamp: Scalar,
    #[serde(borrow, default)]
    attributes: Option<BTreeMap<Text<'a>, Scalar>>,
    #[serde(borrow, default)]
    metrics: Option<BTreeMap<Text<'a>, Option<f64>>>,
    #[serde(default)]
    session: Option<Object<Session>>,
    #[serde(default)]
    app_package_name: Scalar,
    #[serde(default)]
    app_title: Scalar,
    #[serde(default)]
    app_version_code: Scalar,
    #[serde(default)]
    client_sdk_version: Scalar,
    #[serde(default)]
    sdk_name: Scalar,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Session {
    id: Scalar,
    start_timestamp: Scalar,
    stop_timestamp: Scalar,
}

/// Checks an event.
///
/// Errors: the first rule it breaks. Source: API reference, `Event`; Pinpoint developer guide, "Quotas", event ingestion.
pub fn check(json: &str) -> Result<Head, Invalid> {
    if json.len() > EVENT_BYTES_MAX {
        return Err(Problem::rule(format!("{} bytes, the limit is {EVENT_BYTES_MAX}", json.len())).at("event"));
    }
    let event = match serde_json::from_str::<Object<Event<'_>>>(json) {
        Ok(event) => event.0,
        Err(_) => read_slowly::<Object<Event<'_>>>(json.as_bytes(), "event")?.0,
    };
    let event_type = required(event.event_type, "EventType")?;
    value_chars(&event_type, EVENT_TYPE_CHARS_MAX).map_err(|problem| problem.at("EventType"))?;
    let at = time(&required(event.timestamp, "Timestamp")?, "Timestamp")?;

    let (attributes, metrics) = (event.attributes.unwrap_or_default(), event.metrics.unwrap_or_default());
    let names = attributes.len() + metrics.len();
    if names > EVENT_NAMES_MAX {
        let rule = format!("{names} names of attributes and metrics together, the limit is {EVENT_NAMES_MAX}");
        return Err(Problem::rule(rule).at("Attributes"));
    }
    for (group, name) in
        attributes.keys().map(|name| ("Attributes", name)).chain(metrics.keys().map(|name| ("Metrics", name)))
    {
        check_name(name.as_str()).map_err(|problem| problem.at(format!("{group}.`{}`", name.as_str())))?;
    }
    for (name, value) in &attributes {
        let value = value.0.as_deref().unwrap_or_default();
        value_chars(value, EVENT_VALUE_CHARS_MAX)
            .map_err(|problem| problem.at(format!("Attributes.`{}`", name.as_str())))?;
    }
    for (text, field) in [
        (&event.app_package_name, "AppPackageName"),
        (&event.app_title, "AppTitle"),
        (&event.app_version_code, "AppVersionCode"),
        (&event.client_sdk_version, "ClientSdkVersion"),
        (&event.sdk_name, "SdkName"),
    ] {
        short(text.0.as_deref().unwrap_or_default(), field)?;
    }
    if let Some(Object(session)) = event.session {
        short(&required(session.id, "Session.Id")?, "Session.Id")?;
        time(&required(session.start_timestamp, "Session.StartTimestamp")?, "Session.StartTimestamp")?;
        if let Some(stop) = session.stop_timestamp.0.filter(|stop| !stop.is_empty()) {
            time(&stop, "Session.StopTimestamp")?;
        }
    }
    Ok(Head { event_type, at })
}

/// What a kept event says of an in-app message.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Shown {
    /// The attribute `campaign_id`.
    pub campaign: Option<String>,
    /// `Session.Id`.
    pub session: Option<String>,
}

/// Reads what a kept event says of an in-app message; nothing of one that is none of ours.
pub fn shown(json: &str) -> Shown {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Parts {
        attributes: Option<Named>,
        session: Option<Session>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Named {
        campaign_id: Scalar,
    }
    let parts: Parts = serde_json::from_str(json).unwrap_or_default();
    let given = |value: Scalar| value.0.filter(|value| !value.is_empty());
    Shown {
        campaign: parts.attributes.and_then(|named| given(named.campaign_id)),
        session: parts.session.and_then(|session| given(session.id)),
    }
}

fn required(value: Scalar, field: &str) -> Result<String, Invalid> {
    value.0.filter(|value| !value.is_empty()).ok_or_else(|| Problem::Missing { rule: "it is required" }.at(field))
}

fn short(text: &str, field: &str) -> Result<(), Invalid> {
    value_chars(text, EVENT_TEXT_CHARS_MAX).map_err(|problem| problem.at(field))
}

fn time(text: &str, field: &str) -> Result<Timestamp, Invalid> {
    short(text, field)?;
    instant::read(text).ok_or_else(|| Problem::rule("not an ISO 8601 date and time").at(field))
}

fn check_name(name: &str) -> Result<(), Problem> {
    match name.chars().count() {
        0 => Err(Problem::rule("the name is empty")),
        chars if chars > EVENT_NAME_CHARS_MAX => Err(Problem::NameTooLong { chars, max: EVENT_NAME_CHARS_MAX }),
        _ => Ok(()),
    }
}

/// What became of an endpoint or an event.
pub type Verdict = Result<(), Refusal>;

/// Why an endpoint or an event was not accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// It breaks a rule.
    Invalid(String),
    /// It is none of the sender's.
    Forbidden(String),
}

/// The answer to a request: a verdict on each endpoint and on each of its events.
pub struct Verdicts<'a> {
    pub id: &'a str,
    pub endpoint: Verdict,
    pub events: Vec<(&'a str, Verdict)>,
}

/// Writes `EventsResponse`.
///
/// Shape: in the order given. Source: clients take an item for accepted only if its code is 202 and its message `Accepted`.
pub fn write(results: &[Verdicts<'_>]) -> Vec<u8> {
    let mut out = br#"{"Results":{"#.to_vec();
    for (at, result) in results.iter().enumerate() {
        member(&mut out, at, result.id);
        out.extend_from_slice(br#"{"EndpointItemResponse":"#);
        verdict(&mut out, &result.endpoint);
        out.extend_from_slice(br#","EventsItemResponse":{"#);
        for (at, (id, event)) in result.events.iter().enumerate() {
            member(&mut out, at, id);
            verdict(&mut out, event);
        }
        out.extend_from_slice(b"}}");
    }
    out.extend_from_slice(b"}}");
    out
}

fn member(out: &mut Vec<u8>, at: usize, name: &str) {
    if at > 0 {
        out.push(b',');
    }
    append_text(out, name);
    out.push(b':');
}

fn verdict(out: &mut Vec<u8>, verdict: &Verdict) {
    match verdict {
        Ok(()) => out.extend_from_slice(br#"{"Message":"Accepted","StatusCode":202}"#),
        Err(refusal) => {
            let (reason, code): (_, &[u8]) = match refusal {
                Refusal::Invalid(reason) => (reason, b"400"),
                Refusal::Forbidden(reason) => (reason, b"403"),
            };
            out.extend_from_slice(br#"{"Message":"#);
            append_text(out, reason);
            out.extend_from_slice(br#","StatusCode":"#);
            out.extend_from_slice(code);
            out.push(b'}');
        }
    }
}

#[cfg(test)]
mod tests;
