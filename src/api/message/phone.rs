//! What the numbering plans know about a phone number. Carrier, city and the like would take other sources, and are left
//! out.

use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, Type, country};

use crate::api::Error;
use crate::wire::generated as wire;

/// Longest text that is looked at; no number is nearly as long.
const TEXT_BYTES_MAX: usize = 100;

/// Names and codes of phone types. Source: API reference, `NumberValidateResponse`.
const MOBILE: (&str, i32) = ("MOBILE", 0);
const LANDLINE: (&str, i32) = ("LANDLINE", 1);
const VOIP: (&str, i32) = ("VOIP", 2);
const INVALID: (&str, i32) = ("INVALID", 3);
const OTHER: (&str, i32) = ("OTHER", 4);

/// Reads a number, by the rules of the country if one is given.
///
/// Shape: a text that is no number gives `INVALID` and nothing but what was asked.
/// Errors: no number at all, a country that does not exist.
pub fn validate(request: wire::NumberValidateRequest) -> Result<wire::NumberValidateResponse, Error> {
    let Some(text) = request.phone_number.filter(|text| !text.trim().is_empty()) else {
        return Err(Error::bad_request("PhoneNumber: missing, it is required"));
    };
    if text.len() > TEXT_BYTES_MAX {
        return Err(Error::bad_request(format!("PhoneNumber: it has more than {TEXT_BYTES_MAX} bytes")));
    }
    let code = request.iso_country_code.filter(|code| !code.is_empty());
    let country = code.as_deref().map(|code| code.to_uppercase().parse::<country::Id>()).transpose();
    let Ok(country) = country else {
        let code = code.unwrap_or_default();
        return Err(Error::bad_request(format!("IsoCountryCode: `{code}` is not a country such as US")));
    };
    let asked = wire::NumberValidateResponse {
        original_country_code_iso2: code,
        original_phone_number: Some(text.clone()),
        ..wire::NumberValidateResponse::default()
    };
    let number = parse(country, &text).filter(phonenumber::PhoneNumber::is_valid);
    let (phone_type, phone_type_code) = number.as_ref().map_or(INVALID, kind);
    let Some(number) = number else {
        return Ok(wire::NumberValidateResponse {
            phone_type: Some(phone_type.to_owned()),
            phone_type_code: Some(phone_type_code),
            ..asked
        });
    };
    Ok(wire::NumberValidateResponse {
        cleansed_phone_number_e164: Some(number.format().mode(Mode::E164).to_string()),
        cleansed_phone_number_national: Some(number.national().to_string()),
        country_code_iso2: number.country().id().map(|id| id.as_ref().to_owned()),
        country_code_numeric: Some(number.country().code().to_string()),
        phone_type: Some(phone_type.to_owned()),
        phone_type_code: Some(phone_type_code),
        ..asked
    })
}

/// Reads a number. Without a country one with a country code is understood also when its `+` is missing, as Pinpoint's
/// clients write it.
fn parse(country: Option<country::Id>, text: &str) -> Option<phonenumber::PhoneNumber> {
    let given = phonenumber::parse(country, text).ok();
    match (given, country) {
        (None, None) if text.trim_start().starts_with(|c: char| c.is_ascii_digit()) => {
            phonenumber::parse(None, format!("+{}", text.trim_start())).ok()
        }
        (given, _) => given,
    }
}

/// In North America a number does not tell whether it is mobile: `OTHER`.
fn kind(number: &phonenumber::PhoneNumber) -> (&'static str, i32) {
    match number.number_type(&DATABASE) {
        Type::Mobile => MOBILE,
        Type::FixedLine => LANDLINE,
        Type::Voip => VOIP,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(number: &str, country: Option<&str>) -> wire::NumberValidateResponse {
        let iso_country_code = country.map(str::to_owned);
        validate(wire::NumberValidateRequest { iso_country_code, phone_number: Some(number.to_owned()) }).unwrap()
    }

    #[test]
    fn numbers_are_read_by_the_plan_of_their_country() {
        for (number, country, e164, national, iso, code, kind) in [
            ("+44 7400 123456", None, "+447400123456", "7400123456", "GB", "44", MOBILE),
            ("030 901820", Some("DE"), "+4930901820", "30901820", "DE", "49", LANDLINE),
            ("+1 (206) 555-0142", None, "+12065550142", "2065550142", "US", "1", OTHER),
            ("12065550142", None, "+12065550142", "2065550142", "US", "1", OTHER),
            ("2065550142", Some("us"), "+12065550142", "2065550142", "US", "1", OTHER),
            ("+61406823897", None, "+61406823897", "406823897", "AU", "61", MOBILE),
        ] {
            let answer = answer(number, country);
            assert_eq!(answer.cleansed_phone_number_e164.as_deref(), Some(e164), "{number}");
            assert_eq!(answer.cleansed_phone_number_national.as_deref(), Some(national), "{number}");
            assert_eq!(answer.country_code_iso2.as_deref(), Some(iso), "{number}");
            assert_eq!(answer.country_code_numeric.as_deref(), Some(code), "{number}");
            assert_eq!(
                (answer.phone_type.as_deref(), answer.phone_type_code),
                (Some(kind.0), Some(kind.1)),
                "{number}"
            );
            assert_eq!(answer.original_phone_number.as_deref(), Some(number));
            assert_eq!((answer.carrier, answer.city, answer.timezone), (None, None, None));
        }
    }

    #[test]
    fn what_is_no_number_is_invalid() {
        for (number, country) in
            [("hello", None), ("+1", None), ("2065550142", None), ("+1 555", None), ("123", Some("DE"))]
        {
            let answer = answer(number, country);
            assert_eq!(answer.phone_type.as_deref(), Some("INVALID"), "{number}");
            assert_eq!((answer.phone_type_code, answer.cleansed_phone_number_e164), (Some(3), None), "{number}");
        }
    }

    #[test]
    fn wrong_requests_are_refused() {
        let request = |number: Option<&str>, country: Option<&str>| {
            let text = |text: &str| text.to_owned();
            validate(wire::NumberValidateRequest {
                iso_country_code: country.map(text),
                phone_number: number.map(text),
            })
        };
        for (number, country) in
            [(None, None), (Some(" "), None), (Some("+1"), Some("XX")), (Some(&*"1".repeat(101)), None)]
        {
            assert_eq!(request(number, country).unwrap_err().status(), 400);
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "\\PC{1,30}", country in proptest::option::of("[A-Z]{2}")) {
            let _ = validate(wire::NumberValidateRequest { iso_country_code: country, phone_number: Some(text) });
        }

        #[test]
        fn no_digits_break_it(text in "[+0-9 ()-]{1,25}", country in proptest::sample::select(vec![None, Some("US"), Some("IT")])) {
            let iso_country_code = country.map(str::to_owned);
            let _ = validate(wire::NumberValidateRequest { iso_country_code, phone_number: Some(text) });
        }
    }
}
