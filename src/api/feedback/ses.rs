//! What Amazon SES publishes: events of a configuration set (`eventType`) and notifications of an identity
//! (`notificationType`), which look the same but for that name.
//!
//! Source: Amazon SES developer guide, "Contents of event data that Amazon SES publishes to Amazon SNS" and "Amazon SNS
//! notification contents for Amazon SES".

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::channel::{Report, ReportKind};
use crate::domain::ChannelType;

/// How our references come back: as a tag of the message, or as a header.
const TAG: &str = "pinwheel-reference";
const HEADER: &str = "X-Pinwheel-Reference";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(alias = "notificationType")]
    event_type: String,
    mail: Mail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    delivery: Option<Delivery>,
    reject: Option<Value>,
    open: Option<Value>,
    click: Option<Value>,
    failure: Option<Value>,
    subscription: Option<Subscription>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    timestamp: Option<Timestamp>,
    message_id: String,
    #[serde(default)]
    destination: Vec<String>,
    #[serde(default)]
    headers: Vec<Header>,
    #[serde(default)]
    tags: HashMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    #[serde(default)]
    bounce_sub_type: String,
    bounced_recipients: Vec<Recipient>,
    timestamp: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complained_recipients: Vec<Recipient>,
    timestamp: Option<Timestamp>,
    complaint_feedback_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
    status: Option<String>,
    diagnostic_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    #[serde(default)]
    recipients: Vec<String>,
    timestamp: Option<Timestamp>,
    smtp_response: Option<String>,
    #[serde(rename = "reportingMTA")]
    reporting_mta: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    new_topic_preferences: Preferences,
    timestamp: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Preferences {
    #[serde(default)]
    unsubscribe_all: bool,
}

/// The reports of an event; `None` for what is none of SES.
pub fn read(message: &str) -> Option<Vec<Report>> {
    Some(serde_json::from_str::<Event>(message).ok()?.reports())
}

impl Event {
    fn reports(self) -> Vec<Report> {
        use ReportKind::{
            Buffered, Clicked, Delivered, HardBounce, Opened, OptOut, Rejected, RenderingFailure, SoftBounce,
        };
        let Self { event_type, mail, bounce, complaint, delivery, reject, open, click, failure, subscription } = self;
        // Who the message went to: ours go to one each.
        let to = || mail.destination.first().map(String::as_str);
        let seen = |details: &Value| {
            [("ip_address", "ipAddress"), ("user_agent", "userAgent"), ("link", "link")]
                .into_iter()
                .filter_map(|(name, member)| text(details, member).map(|value| (name, value)))
                .collect::<Vec<_>>()
        };
        match event_type.as_str() {
            "Bounce" => {
                let Some(bounce) = bounce else { return Vec::new() };
                let kind = if bounce.bounce_type == "Permanent" { HardBounce } else { SoftBounce };
                let report = |recipient: &Recipient| {
                    let details = [
                        ("bounce_type", Some(bounce.bounce_type.clone())),
                        ("bounce_sub_type", Some(bounce.bounce_sub_type.clone())),
                        ("status", recipient.status.clone()),
                        ("diagnostic_code", recipient.diagnostic_code.clone()),
                    ];
                    mail.report(kind, Some(&recipient.email_address), bounce.timestamp, given(details))
                };
                bounce.bounced_recipients.iter().map(report).collect()
            }
            "Complaint" => {
                // One who took a mail out of the spam folder.
                let complaint = complaint.filter(|it| it.complaint_feedback_type.as_deref() != Some("not-spam"));
                let Some(complaint) = complaint else { return Vec::new() };
                let report = |recipient: &Recipient| {
                    let details = [("complaint_feedback_type", complaint.complaint_feedback_type.clone())];
                    let address = Some(recipient.email_address.as_str());
                    mail.report(ReportKind::Complaint, address, complaint.timestamp, given(details))
                };
                complaint.complained_recipients.iter().map(report).collect()
            }
            "Delivery" => {
                let Some(delivery) = delivery else { return Vec::new() };
                let details =
                    given([("smtp_response", delivery.smtp_response), ("reporting_mta", delivery.reporting_mta)]);
                let report = |to: &String| mail.report(Delivered, Some(to), delivery.timestamp, details.clone());
                delivery.recipients.iter().map(report).collect()
            }
            "Send" => vec![mail.report(Buffered, to(), mail.timestamp, Vec::new())],
            "Reject" => {
                let details = given([("reason", reject.as_ref().and_then(|reject| text(reject, "reason")))]);
                vec![mail.report(Rejected, to(), None, details)]
            }
            "Open" => open.iter().map(|open| mail.report(Opened, to(), moment(open), seen(open))).collect(),
            "Click" => click.iter().map(|click| mail.report(Clicked, to(), moment(click), seen(click))).collect(),
            "Rendering Failure" => {
                let error = failure.as_ref().and_then(|failure| text(failure, "errorMessage"));
                vec![mail.report(RenderingFailure, to(), None, given([("error_message", error)]))]
            }
            "Subscription" => {
                let subscription = subscription.filter(|it| it.new_topic_preferences.unsubscribe_all);
                let report = |it: Subscription| mail.report(OptOut, to(), it.timestamp, Vec::new());
                subscription.map(report).into_iter().collect()
            }
            // DeliveryDelay: SES goes on trying. Others are not known yet.
            _ => Vec::new(),
        }
    }
}

impl Mail {
    fn report(
        &self,
        kind: ReportKind,
        to: Option<&str>,
        at: Option<Timestamp>,
        details: Vec<(&'static str, String)>,
    ) -> Report {
        let of_header = || self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(HEADER));
        let reference = self.tags.get(TAG).and_then(|values| values.first()).or_else(|| Some(&of_header()?.value));
        Report {
            channel_type: ChannelType::Email,
            kind,
            reference: reference.cloned(),
            address: to.map(bare),
            message_id: Some(self.message_id.clone()),
            at,
            details: details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<BTreeMap<_, _>>(),
        }
    }
}

/// The address of `Name <address>`.
fn bare(address: &str) -> String {
    let within = address.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    within.map_or(address, |(address, _)| address).trim().to_owned()
}

fn given<const N: usize>(details: [(&'static str, Option<String>); N]) -> Vec<(&'static str, String)> {
    let given = details.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
    given.filter(|(_, value)| !value.is_empty()).collect()
}

fn text(value: &Value, member: &str) -> Option<String> {
    value[member].as_str().map(str::to_owned)
}

fn moment(value: &Value) -> Option<Timestamp> {
    value["timestamp"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mail() -> Value {
        json!({
            "timestamp": "2026-03-01T08:59:59.000Z", "messageId": "m", "source": "news@example.com",
            "destination": ["ann@example.com"], "tags": {"ses:configuration-set": ["c"], "pinwheel-reference": ["r"]},
        })
    }

    fn event(event_type: &str, member: &str, details: Value) -> Vec<Report> {
        read(&json!({"eventType": event_type, "mail": mail(), member: details}).to_string()).unwrap()
    }

    #[track_caller]
    fn one(mut reports: Vec<Report>) -> Report {
        assert_eq!(reports.len(), 1, "{reports:?}");
        let report = reports.remove(0);
        assert_eq!((report.message_id.as_deref(), report.reference.as_deref()), (Some("m"), Some("r")));
        assert_eq!(report.address.as_deref(), Some("ann@example.com"));
        report
    }

    fn bounce(bounce_type: &str) -> Value {
        json!({
            "bounceType": bounce_type, "bounceSubType": "General", "timestamp": "2026-03-01T09:00:00.000Z",
            "bouncedRecipients": [{
                "emailAddress": "Ann <ann@example.com>", "action": "failed", "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }],
        })
    }

    #[test]
    fn bounces_are_hard_only_when_they_are_permanent() {
        for (bounce_type, kind) in [
            ("Permanent", ReportKind::HardBounce),
            ("Transient", ReportKind::SoftBounce),
            ("Undetermined", ReportKind::SoftBounce),
        ] {
            let report = one(event("Bounce", "bounce", bounce(bounce_type)));
            assert_eq!((report.kind, report.at), (kind, Some("2026-03-01T09:00:00Z".parse().unwrap())));
            assert_eq!((&*report.details["bounce_type"], &*report.details["status"]), (bounce_type, "5.1.1"));
        }
    }

    #[test]
    fn notifications_of_an_identity_are_understood_and_give_the_header_back() {
        let mut mail = mail();
        mail["tags"] = json!({});
        mail["headers"] = json!([{"name": "From", "value": "x"}, {"name": "x-pinwheel-reference", "value": "r"}]);
        let message = json!({"notificationType": "Bounce", "mail": mail, "bounce": bounce("Permanent")});
        assert_eq!(one(read(&message.to_string()).unwrap()).kind, ReportKind::HardBounce);
    }

    #[test]
    fn every_type_has_its_report() {
        let at = "2026-03-01T09:00:00.000Z";
        let recipients = json!([{"emailAddress": "ann@example.com"}]);
        let complaint = json!({"complainedRecipients": recipients, "complaintFeedbackType": "abuse", "timestamp": at});
        let delivery = json!({"recipients": ["ann@example.com"], "smtpResponse": "250 ok", "timestamp": at});
        let click = json!({"ipAddress": "192.0.2.1", "userAgent": "x", "timestamp": at, "link": "https://example.com"});
        let preferences = |all: bool| json!({"timestamp": at, "newTopicPreferences": {"unsubscribeAll": all}});
        for (event_type, member, details, kind) in [
            ("Complaint", "complaint", complaint, ReportKind::Complaint),
            ("Delivery", "delivery", delivery, ReportKind::Delivered),
            ("Send", "send", json!({}), ReportKind::Buffered),
            ("Reject", "reject", json!({"reason": "Bad content"}), ReportKind::Rejected),
            ("Open", "open", click.clone(), ReportKind::Opened),
            ("Click", "click", click, ReportKind::Clicked),
            ("Rendering Failure", "failure", json!({"errorMessage": "x"}), ReportKind::RenderingFailure),
            ("Subscription", "subscription", preferences(true), ReportKind::OptOut),
        ] {
            assert_eq!(one(event(event_type, member, details)).kind, kind, "{event_type}");
        }
        assert_eq!(event("Subscription", "subscription", preferences(false)), []);
        let not_spam = json!({"complainedRecipients": recipients, "complaintFeedbackType": "not-spam"});
        assert_eq!(event("Complaint", "complaint", not_spam), []);
        assert_eq!(event("DeliveryDelay", "deliveryDelay", json!({"delayType": "General"})), []);
        assert_eq!(event("Bounce", "other", json!({})), [], "without what it is about");
    }

    #[test]
    fn anything_else_is_none_of_ses() {
        for message in ["", "Successfully validated SNS topic for Amazon SES event publishing.", "{}", "[]", "null"] {
            assert!(read(message).is_none(), "{message}");
        }
    }
}
