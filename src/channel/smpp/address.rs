//! Addresses as SMPP writes them: octets, type of number and numbering plan.

use std::str::FromStr;

use rusmpp::types::COctetString;
use rusmpp::values::{Npi, Ton};

/// Characters of a name that phones show as the sender. Source: 3GPP TS 23.040, section 9.1.2.5.
const NAME_CHARS_MAX: usize = 11;

/// Digits of a number that is worth a country's prefix; fewer make a short code.
const SHORT_CODE_DIGITS_MAX: usize = 6;

/// A receiver or a sender.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    /// Without the `+`, which the type stands for.
    pub digits: COctetString<1, 21>,
    pub ton: Ton,
    pub npi: Npi,
}

impl Address {
    /// Who a message goes to: digits, with a `+` if they begin with a country.
    ///
    /// Errors: why it can be nobody's number.
    pub fn receiver(text: &str) -> Result<Self, String> {
        // As people write numbers.
        let text: String = text.chars().filter(|sign| !matches!(sign, ' ' | '-' | '.' | '(' | ')')).collect();
        let (digits, ton) = split(&text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("is not a phone number".into());
        }
        Ok(Self { digits: octets(digits)?, ton, npi: Npi::Isdn })
    }

    /// Who a message comes from: a number, a short code or a name; its type and plan by its form unless they are given.
    ///
    /// Errors: why it can be no sender.
    pub fn sender(text: &str, ton: Option<u8>, npi: Option<u8>) -> Result<Self, String> {
        let (digits, number) = split(text);
        let is_name = !digits.bytes().all(|byte| byte.is_ascii_digit());
        if digits.is_empty() {
            return Err("is empty".into());
        }
        if is_name && text.chars().count() > NAME_CHARS_MAX {
            return Err(format!("`{text}` is a name of more than {NAME_CHARS_MAX} characters"));
        }
        let (by_form, plan, digits) = match is_name {
            true => (Ton::Alphanumeric, Npi::Unknown, text),
            false if digits.len() <= SHORT_CODE_DIGITS_MAX => (Ton::NetworkSpecific, Npi::Unknown, digits),
            false => (number, Npi::Isdn, digits),
        };
        Ok(Self { digits: octets(digits)?, ton: ton.map_or(by_form, Ton::from), npi: npi.map_or(plan, Npi::from) })
    }
}

fn split(text: &str) -> (&str, Ton) {
    match text.strip_prefix('+') {
        Some(digits) => (digits, Ton::International),
        None => (text, Ton::Unknown),
    }
}

fn octets(text: &str) -> Result<COctetString<1, 21>, String> {
    COctetString::from_str(text).map_err(|_| format!("`{text}` is longer than 20 characters, or has some beyond ASCII"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(address: Result<Address, String>) -> (String, u8, u8) {
        let address = address.unwrap();
        (address.digits.to_string(), address.ton.into(), address.npi.into())
    }

    #[test]
    fn the_form_tells_the_type_and_the_plan() {
        assert_eq!(shown(Address::receiver("+447700900001")), ("447700900001".into(), 1, 1));
        assert_eq!(shown(Address::receiver("+44 (7700) 900-001")), ("447700900001".into(), 1, 1));
        assert_eq!(shown(Address::receiver("07700900001")), ("07700900001".into(), 0, 1));
        for (text, digits, ton, npi) in [
            ("+447700900001", "447700900001", 1, 1),
            ("07700900001", "07700900001", 0, 1),
            ("12345", "12345", 3, 0),
            ("ACME", "ACME", 5, 0),
            ("4 you", "4 you", 5, 0),
            ("+you", "+you", 5, 0),
        ] {
            assert_eq!(shown(Address::sender(text, None, None)), (digits.into(), ton, npi), "{text}");
        }
        assert_eq!(shown(Address::sender("12345", Some(6), Some(9))), ("12345".into(), 6, 9));
    }

    #[test]
    fn what_nobody_has_is_refused() {
        for text in ["", "+", " - ", "somebody", "٣٤٥", "123456789012345678901"] {
            Address::receiver(text).expect_err(text);
        }
        for text in ["", "+", "twelve chars", "Größe", "123456789012345678901"] {
            Address::sender(text, None, None).expect_err(text);
        }
    }
}
