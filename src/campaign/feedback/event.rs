//! How reports look as events. Pure.
//!
//! The names and most attributes are Pinpoint's; `_endpoint.inactive` and `_endpoint.optout` are ours.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::reference::Run;
use crate::channel::{Report, ReportKind};
use crate::clock;
use crate::domain::{AddressNews, ChannelType};
use crate::store::Event;

/// Characters of an attribute's value; the rest is cut. Providers quote what they were told.
const VALUE_CHARS_MAX: usize = 1024;

/// An event as clients would report it.
///
/// Source: model shape `Event`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    event_type: &'a str,
    timestamp: String,
    attributes: &'a BTreeMap<String, String>,
}

/// The event of a report about a message to this endpoint; `None` where there is no name for it.
///
/// Shape: the same report gives the same id.
pub fn of_report(report: &Report, endpoint_id: &str, run: Option<&Run>, now: Timestamp) -> Option<Event> {
    let event_type = event_type(report.channel_type, report.kind)?;
    let mut attributes = report.details.clone();
    attributes.extend(run_attributes(run));
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            attributes.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
    };
    add("message_id", report.message_id.as_deref());
    match report.channel_type {
        ChannelType::Email => add("feedback", feedback(report)),
        ChannelType::Sms => {
            add("record_status", Some(record_status(report.kind)));
            add("destination_phone_number", report.address.as_deref());
        }
        _ => {}
    }
    // A message is opened more than once, but ends once, however often and by however many ways that is told.
    let ends_once = !matches!(report.kind, ReportKind::Opened | ReportKind::Clicked) && report.message_id.is_some();
    let at = report.at.filter(|_| !ends_once).map(|at| at.to_string()).unwrap_or_default();
    let of = [
        report.message_id.as_deref().unwrap_or_default(),
        report.reference.as_deref().unwrap_or_default(),
        report.address.as_deref().unwrap_or_default(),
        &at,
        report.details.get("link").map(String::as_str).unwrap_or_default(),
    ];
    let id = id(event_type, &of);
    Some(event(endpoint_id, id, event_type, report.at.unwrap_or(now), attributes))
}

/// The event of what a provider said of an address while a message was sent; `None` for a new address.
pub fn of_verdict(
    channel_type: ChannelType,
    endpoint_id: &str,
    news: &AddressNews,
    reason: Option<&str>,
    run: Option<&Run>,
    now: Timestamp,
) -> Option<Event> {
    let event_type = match news {
        AddressNews::Dead => "_endpoint.inactive",
        AddressNews::OptedOut => "_endpoint.optout",
        AddressNews::Moved(_) => return None,
    };
    let mut attributes = run_attributes(run);
    attributes.insert("channel_type".to_owned(), channel_type.to_string());
    attributes.extend(reason.map(|reason| ("reason".to_owned(), reason.to_owned())));
    // Once for each run; direct messages have none, and are told apart by their time.
    let moment = now.to_string();
    let id = id(event_type, &[run.map_or(&*moment, |run| run.activity_id.as_str())]);
    Some(event(endpoint_id, id, event_type, now, attributes))
}

fn event(
    endpoint_id: &str,
    id: String,
    event_type: &str,
    at: Timestamp,
    mut attributes: BTreeMap<String, String>,
) -> Event {
    for value in attributes.values_mut() {
        if let Some((end, _)) = value.char_indices().nth(VALUE_CHARS_MAX) {
            value.truncate(end);
        }
    }
    let document = Document { event_type, timestamp: clock::wire_text(at), attributes: &attributes };
    Event {
        endpoint_id: endpoint_id.to_owned(),
        id,
        event_type: event_type.to_owned(),
        at,
        document: serde_json::to_string(&document).expect("text is JSON"),
    }
}

fn run_attributes(run: Option<&Run>) -> BTreeMap<String, String> {
    let Some(run) = run else { return BTreeMap::new() };
    BTreeMap::from([
        ("campaign_id".to_owned(), run.campaign_id.to_string()),
        ("campaign_activity_id".to_owned(), run.activity_id.to_string()),
        ("treatment_id".to_owned(), run.treatment_id.to_string()),
    ])
}

/// A name made from texts: the same for the same ones, and for no others.
pub fn id(kind: &str, texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in [kind].iter().chain(texts) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hex::encode(&hash.finalize()[..16])
}

/// Source: Pinpoint developer guide, "Streaming Amazon Pinpoint events", e-mail and SMS events. Which report gets which name
/// is our choice where two would do.
fn event_type(channel_type: ChannelType, kind: ReportKind) -> Option<&'static str> {
    match channel_type {
        ChannelType::Email => Some(match kind {
            ReportKind::Buffered => "_email.send",
            ReportKind::Delivered => "_email.delivered",
            ReportKind::SoftBounce | ReportKind::Failed => "_email.softbounce",
            ReportKind::HardBounce => "_email.hardbounce",
            ReportKind::Rejected => "_email.rejected",
            ReportKind::RenderingFailure => "_email.rendering_failure",
            ReportKind::Opened => "_email.open",
            ReportKind::Clicked => "_email.click",
            ReportKind::Complaint => "_email.complaint",
            ReportKind::OptOut => "_email.unsubscribe",
        }),
        ChannelType::Sms => Some(match kind {
            ReportKind::Buffered => "_SMS.BUFFERED",
            ReportKind::Delivered => "_SMS.SUCCESS",
            ReportKind::SoftBounce
            | ReportKind::HardBounce
            | ReportKind::Failed
            | ReportKind::Rejected
            | ReportKind::RenderingFailure => "_SMS.FAILURE",
            ReportKind::Complaint | ReportKind::OptOut => "_SMS.OPTOUT",
            ReportKind::Opened | ReportKind::Clicked => return None,
        }),
        // Pinpoint has events of no other channel's deliveries.
        _ => None,
    }
}

fn feedback(report: &Report) -> Option<&str> {
    match report.kind {
        ReportKind::Buffered => Some("received"),
        ReportKind::Delivered => Some("delivered"),
        ReportKind::Opened => Some("opened"),
        ReportKind::Clicked => report.details.get("link").map(String::as_str),
        _ => None,
    }
}

/// For providers that have no word of their own.
fn record_status(kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Buffered => "SUCCESSFUL",
        ReportKind::Delivered => "DELIVERED",
        ReportKind::HardBounce => "INVALID",
        ReportKind::SoftBounce => "UNREACHABLE",
        ReportKind::Complaint | ReportKind::OptOut => "OPTED_OUT",
        _ => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::{ActivityId, CampaignId, TreatmentId};
    use crate::wire;

    fn report(channel_type: ChannelType, kind: ReportKind) -> Report {
        Report {
            channel_type,
            kind,
            reference: None,
            address: Some("a".into()),
            message_id: Some("m".into()),
            at: None,
            details: BTreeMap::new(),
        }
    }

    fn run() -> Run {
        Run {
            campaign_id: CampaignId::new("c"),
            activity_id: ActivityId::new("a"),
            treatment_id: TreatmentId::new("0"),
        }
    }

    fn now() -> Timestamp {
        "2026-03-01T09:00:00Z".parse().unwrap()
    }

    #[test]
    fn documents_are_as_clients_would_send_them() {
        let mut report = report(ChannelType::Email, ReportKind::Clicked);
        report.details.insert("link".into(), "https://example.com".into());
        let event = of_report(&report, "e", Some(&run()), now()).unwrap();
        assert_eq!((event.event_type.as_str(), event.endpoint_id.as_str()), ("_email.click", "e"));
        let document: Value = serde_json::from_str(&event.document).unwrap();
        assert_eq!(
            document,
            json!({"EventType": "_email.click", "Timestamp": "2026-03-01T09:00:00.000Z", "Attributes": {
                "campaign_id": "c", "campaign_activity_id": "a", "treatment_id": "0", "message_id": "m",
                "feedback": "https://example.com", "link": "https://example.com",
            }})
        );
        let head = wire::event::check(&event.document).unwrap();
        assert_eq!((head.event_type, head.at), (event.event_type, event.at));
    }

    #[test]
    fn the_same_report_has_the_same_id_and_another_has_its_own() {
        let first = report(ChannelType::Sms, ReportKind::Delivered);
        let id = |report: &Report, seconds| {
            let now = Timestamp::from_second(seconds).unwrap();
            of_report(report, "e", None, now).unwrap().id
        };
        assert_eq!(id(&first, 1), id(&first, 2));
        let others = [
            Report { kind: ReportKind::Failed, ..first.clone() },
            Report { message_id: Some("n".into()), ..first.clone() },
            Report { address: None, ..first.clone() },
            Report { reference: Some("r".into()), ..first.clone() },
            Report { at: Some(now()), message_id: None, ..first.clone() },
        ];
        assert_eq!(id(&first, 1), id(&Report { at: Some(now()), ..first.clone() }, 1), "a message ends once");
        assert!(others.iter().all(|other| id(other, 1) != id(&first, 1)));
    }

    #[test]
    fn every_report_of_mail_and_sms_has_its_name() {
        use ReportKind::*;
        let of = |channel_type| {
            let kinds = [Buffered, Delivered, SoftBounce, HardBounce, Failed, Rejected, Opened, Complaint, OptOut];
            kinds.map(|kind| event_type(channel_type, kind).unwrap_or("none"))
        };
        assert_eq!(
            of(ChannelType::Email),
            [
                "_email.send",
                "_email.delivered",
                "_email.softbounce",
                "_email.hardbounce",
                "_email.softbounce",
                "_email.rejected",
                "_email.open",
                "_email.complaint",
                "_email.unsubscribe"
            ]
        );
        let failure = "_SMS.FAILURE";
        assert_eq!(
            of(ChannelType::Sms),
            ["_SMS.BUFFERED", "_SMS.SUCCESS", failure, failure, failure, failure, "none", "_SMS.OPTOUT", "_SMS.OPTOUT"]
        );
        assert_eq!(of(ChannelType::Voice), ["none"; 9]);
    }

    #[test]
    fn verdicts_say_why_and_values_are_cut() {
        let long = "ä".repeat(VALUE_CHARS_MAX + 1);
        let of = |news: &AddressNews| of_verdict(ChannelType::Gcm, "e", news, Some(&long), Some(&run()), now());
        let event = of(&AddressNews::Dead).unwrap();
        assert_eq!(event.event_type, "_endpoint.inactive");
        let document: Value = serde_json::from_str(&event.document).unwrap();
        let attributes = &document["Attributes"];
        assert_eq!((&attributes["channel_type"], &attributes["campaign_id"]), (&json!("GCM"), &json!("c")));
        assert_eq!(attributes["reason"], "ä".repeat(VALUE_CHARS_MAX));
        assert_eq!(of(&AddressNews::OptedOut).unwrap().event_type, "_endpoint.optout");
        assert_eq!(of(&AddressNews::Moved("b".into())), None);
    }
}
