//! What providers told of e-mails.

use serde_json::{Map, Value, json};

use super::Origin;
use super::endpoint::Endpoint;
use super::envelope::{ClientContext, Custom, EmailChannel, Envelope, Facets};
use super::event::Document;
use crate::domain::ChannelType;

/// For each event, its member of `mail_event`, and what of the event's attributes goes there. Those of delivery, open and
/// click are documented, the others follow the names of SES.
const MEMBERS: &[(&str, &str, &[&str])] = &[
    ("_email.send", "send", &[]),
    ("_email.delivered", "delivery", &["smtp_response", "reporting_mta"]),
    ("_email.open", "open", &["ip_address", "user_agent"]),
    ("_email.click", "click", &["ip_address", "user_agent", "link"]),
    ("_email.hardbounce", "bounce", BOUNCE),
    ("_email.softbounce", "bounce", BOUNCE),
    ("_email.complaint", "complaint", &["complaint_feedback_type"]),
    ("_email.rejected", "reject", &["reason"]),
    ("_email.rendering_failure", "failure", &["error_message"]),
    ("_email.unsubscribe", "unsubscribe", &[]),
];
const BOUNCE: &[&str] = &["bounce_type", "bounce_sub_type", "status", "diagnostic_code"];

/// Makes a record that of an e-mail. It went to the endpoint's address, as far as is known.
pub(super) fn fill(envelope: &mut Envelope<'_>, mut event: Document, endpoint: &Endpoint<'_>, origin: &Origin) {
    let mut attributes = event.attributes();
    let is_mail = endpoint.channel_type() == ChannelType::Email.as_str();
    let receivers: Vec<_> = endpoint.address().filter(|_| is_mail).into_iter().collect();

    let mut mail = Map::new();
    mail.extend(attributes.remove("message_id").map(|id| ("message_id".to_owned(), id.into())));
    if envelope.event_type == "_email.send" {
        mail.insert("message_send_timestamp".to_owned(), envelope.event_timestamp.into());
    }
    mail.insert("destination".to_owned(), json!(receivers));
    mail.insert("headers_truncated".to_owned(), false.into());
    mail.insert("headers".to_owned(), json!([]));
    mail.insert("common_headers".to_owned(), json!({ "to": receivers }));
    let mut mail_event = Map::from_iter([("mail".to_owned(), Value::Object(mail))]);
    if let Some((_, member, names)) = MEMBERS.iter().find(|(event_type, ..)| *event_type == envelope.event_type) {
        let mut details = Map::new();
        for name in *names {
            details.extend(attributes.remove(*name).map(|value| ((*name).to_owned(), value.into())));
        }
        if *member == "delivery" {
            details.insert("recipients".to_owned(), json!(receivers));
        }
        mail_event.insert((*member).to_owned(), details.into());
    }
    envelope.attributes = attributes;
    envelope.metrics = event.metrics();
    envelope.facets = Some(Facets { email_channel: EmailChannel { mail_event } });
    let legacy_identifier = Some(origin.application_id.to_string());
    envelope.client_context = Some(ClientContext::of(Custom { legacy_identifier, ..Custom::default() }));
}
