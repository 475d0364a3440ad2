//! What AWS End User Messaging publishes: events of text messages, and text messages that somebody sends to us.
//!
//! Source: AWS End User Messaging SMS user guide, "Example of AWS End User Messaging SMS event data", "Event types for SMS,
//! MMS, and voice" and "Example of a two-way SMS message payload for Amazon SNS topics".

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::channel::{self, Report, ReportKind, StopWords};
use crate::domain::ChannelType;

/// Under which our references come back.
const CONTEXT: &str = "pinwheel-reference";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    event_type: String,
    /// Milliseconds since 1970.
    event_timestamp: Option<i64>,
    #[serde(default)]
    is_final: bool,
    origination_phone_number: Option<String>,
    destination_phone_number: Option<String>,
    iso_country_code: Option<String>,
    message_id: Option<String>,
    message_type: Option<String>,
    message_status: Option<String>,
    message_status_description: Option<String>,
    total_message_parts: Option<u32>,
    #[serde(default)]
    context: Option<HashMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inbound {
    origination_number: String,
    message_body: String,
    inbound_message_id: Option<String>,
}

/// The reports of an event or of an answer; `None` for what is neither.
pub fn read(message: &str, stop_words: &StopWords) -> Option<Vec<Report>> {
    if let Ok(event) = serde_json::from_str::<Event>(message) {
        return Some(event.report().into_iter().collect());
    }
    let Inbound { origination_number, message_body, inbound_message_id } = serde_json::from_str(message).ok()?;
    let is_stop = stop_words.is_one(&message_body);
    Some(is_stop.then(|| channel::opt_out(&origination_number, inbound_message_id.as_deref())).into_iter().collect())
}

impl Event {
    fn report(self) -> Option<Report> {
        let kind = self.kind()?;
        let details = [
            ("record_status", self.message_status),
            ("record_status_description", self.message_status_description),
            ("iso_country_code", self.iso_country_code),
            ("message_type", self.message_type),
            ("origination_phone_number", self.origination_phone_number),
            ("number_of_message_parts", self.total_message_parts.map(|parts| parts.to_string())),
        ];
        Some(Report {
            channel_type: ChannelType::Sms,
            kind,
            reference: self.context.unwrap_or_default().remove(CONTEXT),
            address: self.destination_phone_number,
            message_id: self.message_id,
            at: self.event_timestamp.and_then(|at| Timestamp::from_millisecond(at).ok()),
            details: details.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
        })
    }

    /// `None` for what is no end and no news, and for calls, which Pinpoint has no events of.
    fn kind(&self) -> Option<ReportKind> {
        use ReportKind::{Buffered, Delivered, Failed, HardBounce, OptOut, Rejected, SoftBounce};
        if self.message_status.as_deref() == Some("OPTED_OUT") {
            return Some(OptOut);
        }
        let outcome = self.event_type.strip_prefix("TEXT_").or_else(|| self.event_type.strip_prefix("MEDIA_"))?;
        match outcome {
            "QUEUED" => None,
            "PENDING" => Some(Buffered),
            // Some carriers say no more than that they took it.
            "SUCCESSFUL" if self.is_final => Some(Delivered),
            "SUCCESSFUL" => Some(Buffered),
            "DELIVERED" => Some(Delivered),
            "INVALID" => Some(HardBounce),
            "UNREACHABLE" | "CARRIER_UNREACHABLE" => Some(SoftBounce),
            "INVALID_MESSAGE" => Some(Rejected),
            "BLOCKED" | "CARRIER_BLOCKED" | "PROTECT_BLOCKED" | "SPAM" | "TTL_EXPIRED" | "UNKNOWN" => Some(Failed),
            // Of media: the file cannot be used.
            other => other.starts_with("FILE_").then_some(Rejected),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn reports(message: &Value) -> Option<Vec<Report>> {
        read(&message.to_string(), &StopWords::new(&["STOP".to_owned()]))
    }

    fn event(event_type: &str, is_final: bool) -> Value {
        json!({
            "eventType": event_type, "eventVersion": "1.0", "eventTimestamp": 1_772_355_600_000_i64,
            "isFinal": is_final, "originationPhoneNumber": "+12065550152", "destinationPhoneNumber": "+14255550156",
            "isoCountryCode": "US", "messageId": "m", "messageType": "PROMOTIONAL", "messageStatus": "X",
            "totalMessageParts": 2, "context": {"pinwheel-reference": "r", "other": "x"},
        })
    }

    #[test]
    fn every_outcome_has_its_report() {
        use ReportKind::{Buffered, Delivered, Failed, HardBounce, Rejected, SoftBounce};
        let cases = [
            ("TEXT_QUEUED", false, None),
            ("TEXT_PENDING", false, Some(Buffered)),
            ("TEXT_SUCCESSFUL", false, Some(Buffered)),
            ("TEXT_SUCCESSFUL", true, Some(Delivered)),
            ("TEXT_DELIVERED", true, Some(Delivered)),
            ("TEXT_INVALID", true, Some(HardBounce)),
            ("TEXT_INVALID_MESSAGE", true, Some(Rejected)),
            ("TEXT_UNREACHABLE", true, Some(SoftBounce)),
            ("TEXT_CARRIER_UNREACHABLE", true, Some(SoftBounce)),
            ("TEXT_BLOCKED", true, Some(Failed)),
            ("TEXT_SPAM", true, Some(Failed)),
            ("MEDIA_DELIVERED", true, Some(Delivered)),
            ("MEDIA_FILE_INACCESSIBLE", true, Some(Rejected)),
            ("VOICE_COMPLETED", true, None),
            ("TEXT_SOMETHING_NEW", true, None),
        ];
        for (event_type, is_final, kind) in cases {
            let kinds: Vec<_> = reports(&event(event_type, is_final)).unwrap().iter().map(|it| it.kind).collect();
            assert_eq!(kinds, Vec::from_iter(kind), "{event_type}");
        }
    }

    #[test]
    fn an_event_says_whose_message_it_was() {
        let report = reports(&event("TEXT_DELIVERED", true)).unwrap().remove(0);
        assert_eq!((report.reference.as_deref(), report.message_id.as_deref()), (Some("r"), Some("m")));
        assert_eq!(report.address.as_deref(), Some("+14255550156"));
        assert_eq!(report.at, Some("2026-03-01T09:00:00Z".parse().unwrap()));
        assert_eq!((&*report.details["record_status"], &*report.details["number_of_message_parts"]), ("X", "2"));

        let mut opted_out = event("TEXT_BLOCKED", true);
        opted_out["messageStatus"] = json!("OPTED_OUT");
        opted_out["context"] = Value::Null;
        let report = reports(&opted_out).unwrap().remove(0);
        assert_eq!((report.kind, report.reference), (ReportKind::OptOut, None));
    }

    #[test]
    fn an_answer_opts_out_with_a_stop_word_alone() {
        let answer = |body: &str| {
            reports(&json!({
                "originationNumber": "+14255550182", "destinationNumber": "+12125550101", "messageKeyword": "JOIN",
                "messageBody": body, "inboundMessageId": "i", "previousPublishedMessageId": "p",
            }))
            .unwrap()
        };
        assert_eq!(answer("Stop"), [channel::opt_out("+14255550182", Some("i"))]);
        assert_eq!(answer("do not stop"), []);
        assert_eq!(reports(&json!({"some": "thing"})), None);
    }
}
