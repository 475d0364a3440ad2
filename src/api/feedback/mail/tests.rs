use super::*;

const BOUNCE: &str = include_str!("../../../../tests/data/feedback/bounce.eml");
const COMPLAINT: &str = include_str!("../../../../tests/data/feedback/complaint.eml");

#[track_caller]
fn one(mail: &str) -> Report {
    let mut reports = read(mail.as_bytes());
    assert_eq!(reports.len(), 1, "{reports:?}");
    reports.remove(0)
}

#[test]
fn a_bounce_says_who_why_and_of_which_mail() {
    for mail in [BOUNCE.to_owned(), BOUNCE.replace('\n', "\r\n")] {
        let report = one(&mail);
        assert_eq!((report.channel_type, report.kind), (ChannelType::Email, ReportKind::HardBounce));
        assert_eq!(report.address.as_deref(), Some("ann@example.net"));
        assert_eq!(report.reference.as_deref(), Some("REFERENCE"));
        assert_eq!(report.message_id.as_deref(), Some("<b024c566a230b9b98c64c926c7861b38@example.com>"));
        assert_eq!(report.at, Some("2026-03-01T09:00:00Z".parse().unwrap()));
        assert_eq!(report.details["diagnostic_code"], "smtp; 550 5.1.1 <ann@example.net>: no such user here");
        assert_eq!((&*report.details["status"], &*report.details["reporting_mta"]), ("5.1.1", "dns; mail.example.net"));
    }
}

#[test]
fn references_may_be_folded() {
    assert_eq!(one(&BOUNCE.replace("REFERENCE", "\n REFER\n ENCE")).reference.as_deref(), Some("REFERENCE"));
}

#[test]
fn addresses_are_given_up_for_good_reasons_only() {
    use ReportKind::{HardBounce, SoftBounce};
    for (status, diagnostic, expected) in [
        ("5.1.1", "smtp; 550 x", HardBounce),
        ("5.1.2 (bad destination system)", "smtp; 550 x", HardBounce),
        ("5.1.10", "smtp; 556 x", HardBounce),
        ("5.2.1", "smtp; 550 x", HardBounce),
        ("5.0.0", "smtp; 550-5.1.1 The account does not exist", HardBounce),
        ("5.0.0", "smtp; 550 User unknown, see 192.0.2.7", SoftBounce),
        ("5.7.1", "smtp; 550 5.1.1 so they say", SoftBounce),
        ("5.2.2", "smtp; 552 mailbox full", SoftBounce),
        ("4.4.7", "smtp; timed out", SoftBounce),
    ] {
        let mail = BOUNCE.replace("Status: 5.1.1", &format!("Status: {status}"));
        let mail = mail.replace("smtp; 550 5.1.1 <ann@example.net>: no such user\n    here", diagnostic);
        assert_eq!(one(&mail).kind, expected, "{status} {diagnostic}");
    }
}

#[test]
fn every_action_has_its_report() {
    let action = |action: &str| read(BOUNCE.replace("Action: failed", &format!("Action: {action}")).as_bytes());
    assert_eq!(action("delivered")[0].kind, ReportKind::Delivered);
    assert_eq!(action("Failed").len(), 1);
    for silent in ["delayed", "relayed", "expanded", "dreamt"] {
        assert_eq!(action(silent), [], "{silent}");
    }
}

#[test]
fn every_recipient_has_a_report() {
    let more =
        "Final-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: 4.2.2\n\nFinal-Recipient: rfc822; ann@";
    let reports = read(BOUNCE.replace("Final-Recipient: rfc822; ann@", more).as_bytes());
    let found: Vec<_> = reports.iter().map(|report| (report.address.as_deref().unwrap(), report.kind)).collect();
    assert_eq!(found, [("bob@example.net", ReportKind::SoftBounce), ("ann@example.net", ReportKind::HardBounce)]);
}

#[test]
fn no_mail_takes_more_memory_than_a_report_is_worth() {
    let with = |mail: &str, name: &str, length: usize| mail.replace(name, &"x".repeat(length));
    let report = one(&with(BOUNCE, "REFERENCE", REFERENCE_CHARS_MAX + 1));
    assert_eq!((report.reference, report.kind), (None, ReportKind::HardBounce));
    assert!(one(&with(BOUNCE, "REFERENCE", REFERENCE_CHARS_MAX)).reference.is_some());
    assert_eq!(one(&with(BOUNCE, "<b024c566a230b9b98c64c926c7861b38@example.com>", 999)).message_id, None);

    let group = "Final-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: 4.2.2\n\n";
    let many =
        |count| BOUNCE.replace("Final-Recipient: rfc822; ann@", &(group.repeat(count) + "Final-Recipient: x; ann@"));
    assert_eq!(read(many(50).as_bytes()).len(), 51);
    assert_eq!(read(many(200).as_bytes()).len(), GROUPS_MAX - 1, "one is about the mail as a whole");
    let part = format!("--b\nContent-Type: message/delivery-status\n\n{}", group.repeat(10));
    let head = "Content-Type: multipart/report; boundary=b\n\n";
    assert_eq!(read(format!("{head}{}--b--\n", part.repeat(50)).as_bytes()).len(), REPORTS_MAX);

    let late = BOUNCE.replace("said: 550", &"x".repeat(READ_BYTES_MAX));
    assert_eq!(read(late.as_bytes()), [], "nobody says that much before the report");
}

#[test]
fn complaints_are_told_by_their_type() {
    let report = one(COMPLAINT);
    assert_eq!((report.kind, report.address.as_deref()), (ReportKind::Complaint, Some("ann@example.net")));
    assert_eq!(report.reference.as_deref(), Some("REFERENCE"));
    assert_eq!(report.details["complaint_feedback_type"], "abuse");
    let of = |name: &str| read(COMPLAINT.replace("abuse\n", &format!("{name}\n")).as_bytes());
    assert_eq!(of("opt-out")[0].kind, ReportKind::OptOut);
    assert_eq!((of("not-spam"), of("auth-failure")), (vec![], vec![]));
    let silent = COMPLAINT.replace("Original-Rcpt-To", "X-Rcpt-To");
    assert_eq!(one(&silent).address.as_deref(), Some("undisclosed@example.net"), "the mail itself says");
}

#[test]
fn other_mails_say_nothing() {
    for mail in ["", "\n\n", "Subject: I am on holiday\n\nUntil Monday.", "Content-Type: message/delivery-status\n\n\n"]
    {
        assert_eq!(read(mail.as_bytes()), [], "{mail:?}");
    }
    for end in 0..BOUNCE.len() {
        // Whatever is cut, nothing panics, and nobody is made up.
        assert!(read(&BOUNCE.as_bytes()[..end]).iter().all(|report| {
            let address = report.address.as_deref().unwrap();
            "ann@example.net".starts_with(address)
        }));
    }
}
