//! Reads mails that report about mails: delivery status notifications, and complaints.
//!
//! Source: RFC 3464 and RFC 3463; RFC 5965 for complaints.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mail_parser::{Message, MessageParser, MimeHeaders};

use crate::campaign::feedback::REFERENCE_CHARS_MAX;
use crate::channel::{Report, ReportKind};
use crate::domain::ChannelType;

/// In the head of the mail that the report is about.
const REFERENCE: &str = "X-Pinwheel-Reference";

/// Enhanced status codes that say that there is no such mailbox, no longer, or no such domain. Source: RFC 3463, sections 3.2
/// and 3.3; RFC 7505 for 5.1.10. Others, such as those of policies, are no reason to give an address up.
const DEAD: &[&str] = &["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"];

/// What is read of a mail: the report comes first, then the head of the mail that it is about.
const READ_BYTES_MAX: usize = 1024 * 1024;
/// Parts that are looked at, groups of fields in one of them, and reports of all of them: our mails go to one recipient each.
const PARTS_MAX: usize = 100;
const GROUPS_MAX: usize = 100;
const REPORTS_MAX: usize = 100;
/// Bytes of a message's id, and of an address. Source: RFC 5322, section 2.1.1, the longest line.
const LINE_BYTES_MAX: usize = 998;

/// What is known of the mail that a report is about.
#[derive(Default)]
struct Returned {
    reference: Option<String>,
    message_id: Option<String>,
    to: Option<String>,
}

/// The reports of a mail; none for a mail that is no report, such as an answer from somebody's holidays.
///
/// Shape: at most [`REPORTS_MAX`], whatever the mail has. Takes a while for a large one, so not on a thread of the runtime.
pub fn read(mail: &[u8]) -> Vec<Report> {
    let mail = &mail[..mail.len().min(READ_BYTES_MAX)];
    let Some(mail) = MessageParser::default().parse(mail) else { return Vec::new() };
    let returned = returned(&mail);
    let at = mail.date().and_then(|date| Timestamp::from_second(date.to_timestamp()).ok());
    let mut reports = Vec::new();
    for part in mail.parts.iter().take(PARTS_MAX) {
        let is = |subtype| part.is_content_type("message", subtype);
        if is("delivery-status") || is("global-delivery-status") {
            reports.extend(groups(part.contents()).iter().filter_map(|group| status(group, &returned, at)));
        } else if is("feedback-report") {
            reports.extend(groups(part.contents()).first().and_then(|group| complaint(group, &returned, at)));
        }
    }
    reports.truncate(REPORTS_MAX);
    reports
}

/// What comes back of the mail itself.
fn returned(mail: &Message<'_>) -> Returned {
    let text = |mail: &Message<'_>, name: &'static str| {
        mail.header_raw(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    let read = |mail: &Message<'_>| Returned {
        // It may be folded.
        reference: text(mail, REFERENCE)
            .map(|value| value.split_whitespace().collect())
            .filter(up_to(REFERENCE_CHARS_MAX)),
        message_id: text(mail, "Message-ID").filter(up_to(LINE_BYTES_MAX)),
        to: mail.to().and_then(|to| Some(to.first()?.address()?.to_owned())).filter(up_to(LINE_BYTES_MAX)),
    };
    for part in mail.parts.iter().take(PARTS_MAX) {
        if let Some(inner) = part.message() {
            return read(inner);
        }
        if part.is_content_type("text", "rfc822-headers") || part.is_content_type("message", "global-headers") {
            return MessageParser::default().parse_headers(part.contents()).as_ref().map(read).unwrap_or_default();
        }
    }
    Returned::default()
}

/// Each report has a copy of these, so there is an end to their length.
fn up_to(bytes_max: usize) -> impl Fn(&String) -> bool {
    move |text| text.len() <= bytes_max
}

/// Fields of a group, by their names in lower case.
type Group = BTreeMap<String, String>;

/// Groups of fields, apart by empty lines.
fn groups(text: &[u8]) -> Vec<Group> {
    let text = String::from_utf8_lossy(text).replace("\r\n", "\n");
    let parser = MessageParser::default();
    let read = |group: &str| {
        let group = format!("{}\n\n", group.trim_matches('\n'));
        let head = parser.parse_headers(group.as_bytes())?;
        let fields = head.headers_raw().map(|(name, value)| {
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            (name.to_ascii_lowercase(), value)
        });
        Some(fields.collect::<Group>()).filter(|group| !group.is_empty())
    };
    text.split("\n\n").filter_map(read).take(GROUPS_MAX).collect()
}

/// What became of one recipient; `None` for the group about the mail as a whole, and for mails still on their way.
fn status(group: &Group, returned: &Returned, at: Option<Timestamp>) -> Option<Report> {
    let recipient = group.get("original-recipient").or_else(|| group.get("final-recipient"))?;
    let diagnostic = group.get("diagnostic-code");
    let code = group.get("status").map(|status| status.split(' ').next().unwrap_or_default()).unwrap_or_default();
    // Some servers say no more than "failed", and have the code in what the other side said.
    let code = match code {
        "" | "5.0.0" | "4.0.0" => diagnostic.and_then(|text| enhanced_code(text)).unwrap_or(code),
        code => code,
    };
    let kind = match group.get("action")?.to_ascii_lowercase().as_str() {
        "failed" if DEAD.contains(&code) => ReportKind::HardBounce,
        "failed" => ReportKind::SoftBounce,
        "delivered" => ReportKind::Delivered,
        // Delayed: it is tried again. Relayed, expanded: nobody will tell the end.
        _ => return None,
    };
    let smtp_response = match kind {
        ReportKind::Delivered => "smtp_response",
        _ => "diagnostic_code",
    };
    let details = [
        ("status", Some(code.to_owned()).filter(|code| !code.is_empty())),
        (smtp_response, diagnostic.cloned()),
        ("reporting_mta", group.get("remote-mta").cloned()),
    ];
    Some(report(kind, Some(untyped(recipient)), returned, at, details))
}

/// What somebody says who got the mail; `None` for what is no complaint.
fn complaint(group: &Group, returned: &Returned, at: Option<Timestamp>) -> Option<Report> {
    let feedback_type = group.get("feedback-type")?.to_ascii_lowercase();
    let kind = match feedback_type.as_str() {
        "abuse" | "fraud" | "virus" => ReportKind::Complaint,
        "opt-out" | "opt-out-list" => ReportKind::OptOut,
        _ => return None,
    };
    let recipient = group.get("original-rcpt-to").map(|to| untyped(to)).or_else(|| returned.to.clone());
    Some(report(kind, recipient, returned, at, [("complaint_feedback_type", Some(feedback_type))]))
}

fn report<const N: usize>(
    kind: ReportKind,
    address: Option<String>,
    returned: &Returned,
    at: Option<Timestamp>,
    details: [(&str, Option<String>); N],
) -> Report {
    Report {
        channel_type: ChannelType::Email,
        kind,
        reference: returned.reference.clone(),
        address,
        message_id: returned.message_id.clone(),
        at,
        details: details.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
    }
}

/// The address of `rfc822; address` or `<address>`.
fn untyped(recipient: &str) -> String {
    let address = recipient.split_once(';').map_or(recipient, |(_, address)| address);
    address.trim().trim_start_matches('<').trim_end_matches('>').to_owned()
}

/// The first code such as `5.1.1` in a text.
fn enhanced_code(text: &str) -> Option<&str> {
    text.split(|sign: char| !(sign.is_ascii_digit() || sign == '.')).find(|word| {
        let numbers: Vec<_> = word.split('.').collect();
        let is_number = |number: &&str| (1..=3).contains(&number.len());
        numbers.len() == 3 && matches!(numbers[0], "2" | "4" | "5") && numbers.iter().all(is_number)
    })
}

#[cfg(test)]
mod tests;
