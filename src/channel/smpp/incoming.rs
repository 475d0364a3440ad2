//! What a message centre delivers: receipts about our messages, and messages from receivers.

use std::collections::BTreeMap;

use rusmpp::pdus::DeliverSm;
use rusmpp::tlvs::TlvValue;
use rusmpp::values::{DataCoding, GsmFeatures, MessageState, MessageType, Ton};

use crate::channel::{Report, ReportKind, StopWords};
use crate::domain::ChannelType;

/// What a delivery reports; `None` for messages that say nothing we know.
pub fn read(deliver: &DeliverSm, stop_words: &StopWords) -> Option<Report> {
    let text = text(deliver);
    match deliver.esm_class.message_type {
        MessageType::ShortMessageContainsMCDeliveryReceipt
        | MessageType::ShortMessageContainsIntermediateDeliveryNotification => receipt(deliver, &text),
        MessageType::Default => stop_words.is_one(&text).then(|| Report {
            message_id: None,
            details: BTreeMap::new(),
            ..report(ReportKind::OptOut, deliver)
        }),
        MessageType::Other(_) => None,
    }
}

fn report(kind: ReportKind, deliver: &DeliverSm) -> Report {
    // The type of number stands for the `+` of an international one.
    let digits = deliver.source_addr.as_str();
    let plus = if deliver.source_addr_ton == Ton::International && !digits.starts_with('+') { "+" } else { "" };
    Report {
        channel_type: ChannelType::Sms,
        kind,
        reference: None,
        address: Some(format!("{plus}{digits}")),
        message_id: None,
        // Receipts have the message centre's local time, and not its zone.
        at: None,
        details: BTreeMap::new(),
    }
}

/// Reads a receipt: its parameters, and the fields of its text where there are none.
///
/// Source: SMPP 3.4, appendix B, "Delivery Receipt Format".
fn receipt(deliver: &DeliverSm, text: &str) -> Option<Report> {
    let mut state = None;
    let mut message_id = None;
    for value in deliver.tlvs().iter().filter_map(|tlv| tlv.value()) {
        match value {
            TlvValue::MessageState(value) => state = word(*value),
            TlvValue::ReceiptedMessageId(id) => message_id = Some(id.to_string()),
            _ => {}
        }
    }
    let state = state.or_else(|| field(text, "stat:"))?;
    let message_id = message_id.or_else(|| field(text, "id:").map(str::to_owned));
    let (kind, record_status) = match state.to_ascii_uppercase().as_str() {
        "DELIVRD" => (ReportKind::Delivered, "DELIVERED"),
        "ACCEPTD" | "ENROUTE" => (ReportKind::Buffered, "PENDING"),
        // The phone was off or full for too long.
        "EXPIRED" => (ReportKind::SoftBounce, "TTL_EXPIRED"),
        "UNDELIV" => (ReportKind::Failed, "UNREACHABLE"),
        "REJECTD" => (ReportKind::Rejected, "BLOCKED"),
        _ => (ReportKind::Failed, "UNKNOWN"),
    };
    let mut details = BTreeMap::from([
        ("record_status".to_owned(), record_status.to_owned()),
        ("smpp_state".to_owned(), state.to_owned()),
    ]);
    details.extend(field(text, "err:").map(|error| ("smpp_error".to_owned(), error.to_owned())));
    Some(Report { message_id, details, ..report(kind, deliver) })
}

/// The word that the text of a receipt has for a state.
fn word(state: MessageState) -> Option<&'static str> {
    Some(match state {
        MessageState::Scheduled | MessageState::Enroute => "ENROUTE",
        MessageState::Delivered => "DELIVRD",
        MessageState::Expired => "EXPIRED",
        MessageState::Deleted => "DELETED",
        MessageState::Undeliverable => "UNDELIV",
        MessageState::Accepted => "ACCEPTD",
        MessageState::Rejected => "REJECTD",
        _ => return None,
    })
}

/// The value after a name at the beginning of a word.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let value = text.split_whitespace().find_map(|word| {
        let (head, value) = word.split_at_checked(name.len())?;
        head.eq_ignore_ascii_case(name).then_some(value)
    })?;
    (!value.is_empty()).then_some(value)
}

/// The text, as far as words in Latin letters go: they are the same in ASCII, Latin-1 and GSM's alphabet.
fn text(deliver: &DeliverSm) -> String {
    let payload = deliver.tlvs().iter().filter_map(|tlv| tlv.value()).find_map(|value| match value {
        TlvValue::MessagePayload(payload) => Some(payload.value.as_ref()),
        _ => None,
    });
    let mut octets: &[u8] = payload.unwrap_or_else(|| deliver.short_message().as_ref());
    if matches!(deliver.esm_class.gsm_features, GsmFeatures::UdhiIndicator | GsmFeatures::SetUdhiAndReplyPath) {
        let header = octets.first().map_or(0, |length| usize::from(*length) + 1);
        octets = octets.get(header..).unwrap_or_default();
    }
    match deliver.data_coding {
        DataCoding::Ucs2 => {
            let units = octets.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => octets.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use rusmpp::tlvs::MessageDeliveryRequestTlvValue as Tlv;
    use rusmpp::types::{AnyOctetString, COctetString, OctetString};
    use rusmpp::values::{EsmClass, MessagePayload};

    use super::*;

    fn stop_words() -> StopWords {
        StopWords::new(
            &["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"].map(str::to_owned),
        )
    }

    fn deliver(esm_class: u8, text: &[u8]) -> DeliverSm {
        DeliverSm::builder()
            .source_addr_ton(Ton::International)
            .source_addr(COctetString::from_str("447700900001").unwrap())
            .esm_class(EsmClass::from(esm_class))
            .short_message(OctetString::from_slice(text).unwrap())
            .build()
    }

    #[test]
    fn each_state_of_a_receipt_has_its_kind() {
        for (state, kind, record_status) in [
            ("DELIVRD", ReportKind::Delivered, "DELIVERED"),
            ("delivrd", ReportKind::Delivered, "DELIVERED"),
            ("ACCEPTD", ReportKind::Buffered, "PENDING"),
            ("ENROUTE", ReportKind::Buffered, "PENDING"),
            ("EXPIRED", ReportKind::SoftBounce, "TTL_EXPIRED"),
            ("UNDELIV", ReportKind::Failed, "UNREACHABLE"),
            ("REJECTD", ReportKind::Rejected, "BLOCKED"),
            ("DELETED", ReportKind::Failed, "UNKNOWN"),
            ("UNKNOWN", ReportKind::Failed, "UNKNOWN"),
        ] {
            let text = format!(
                "id:m-1 sub:001 dlvrd:001 submit date:2603010900 done date:2603010901 stat:{state} err:027 text:Hi"
            );
            let details = [("record_status", record_status), ("smpp_state", state), ("smpp_error", "027")];
            let expected = Report {
                channel_type: ChannelType::Sms,
                kind,
                reference: None,
                address: Some("+447700900001".into()),
                message_id: Some("m-1".into()),
                at: None,
                details: details.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            };
            assert_eq!(read(&deliver(0x04, text.as_bytes()), &stop_words()), Some(expected));
        }
    }

    #[test]
    fn parameters_of_a_receipt_win_over_its_text() {
        let mut receipt = deliver(0x04, b"id:1 stat:ENROUTE");
        receipt.push_tlv(Tlv::MessageState(MessageState::Undeliverable));
        receipt.push_tlv(Tlv::ReceiptedMessageId(COctetString::from_str("m-1").unwrap()));
        let report = read(&receipt, &stop_words()).unwrap();
        assert_eq!((report.kind, report.message_id.as_deref()), (ReportKind::Failed, Some("m-1")));
        assert_eq!(read(&deliver(0x20, b"id:1 stat:ENROUTE"), &stop_words()).unwrap().kind, ReportKind::Buffered);
        assert_eq!(read(&deliver(0x04, b"delivered, more or less"), &stop_words()), None);
    }

    #[test]
    fn a_stop_word_alone_opts_out() {
        for text in
            ["STOP", " stop ", "Stop.", "STOPALL", "unsubscribe", "CANCEL", "end", "QUIT", "optout", "REVOKE\r\n"]
        {
            let report = read(&deliver(0, text.as_bytes()), &stop_words()).expect(text);
            assert_eq!((report.kind, report.address.as_deref()), (ReportKind::OptOut, Some("+447700900001")));
            assert_eq!(report.message_id, None);
        }
        for text in ["", "please stop", "STOP IT", "nonstop", "hello"] {
            assert_eq!(read(&deliver(0, text.as_bytes()), &stop_words()), None, "{text}");
        }
    }

    #[test]
    fn a_text_is_found_wherever_it_is() {
        let mut wide = deliver(0, b"\0S\0T\0O\0P");
        wide.data_coding = DataCoding::Ucs2;
        let headed = deliver(0x40, b"\x05\x00\x03\x01\x01\x01STOP");
        let mut whole = deliver(0, b"");
        whole.push_tlv(Tlv::MessagePayload(MessagePayload { value: AnyOctetString::from_slice(b"STOP") }));
        let mut national = deliver(0, b"STOP");
        national.source_addr_ton = Ton::National;
        for (message, address) in
            [(wide, "+447700900001"), (headed, "+447700900001"), (whole, "+447700900001"), (national, "447700900001")]
        {
            assert_eq!(read(&message, &stop_words()).and_then(|report| report.address).as_deref(), Some(address));
        }
        assert_eq!(read(&deliver(0x40, b"\xFFSTOP"), &stop_words()), None, "a header longer than the message");
    }
}
