//! Bodies of requests and answers.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::check::Check;
use super::invalid::{Invalid, Problem};
use super::strict;

/// An answer that is JSON already.
#[derive(Clone, Eq, PartialEq)]
pub struct Json(pub Vec<u8>);

/// Documents hold addresses; they are not printed.
impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({} bytes)", self.0.len())
    }
}

/// Reads and checks the body of a request.
///
/// Members that the shape does not have are passed over; `null` is as good as absent.
/// Errors: the first member that is missing, of another type, or of a value that does not exist, named by its path.
pub fn read<T: DeserializeOwned + Check>(body: &[u8]) -> Result<T, Invalid> {
    if body.trim_ascii().is_empty() {
        return Err(Problem::Missing { rule: "it is required" }.at("body"));
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Problem::rule(format!("the body is not valid JSON: {error}")).at(""))?;
    if !value.is_object() {
        return Err(Problem::rule("the body is not a JSON object").at(""));
    }
    let request: T = strict::read(value)?;
    request.check()?;
    Ok(request)
}

/// Writes the body of an answer.
pub fn write(answer: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(answer).expect("shapes have text for keys and nothing else that JSON lacks")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::generated::{
        AttributeType, CreateApplicationRequest, GCMChannelRequest, MessageRequest, VerifyOTPMessageRequestParameters,
        WriteCampaignRequest, WriteJourneyRequest, WriteSegmentRequest,
    };

    fn complaint<T: DeserializeOwned + Check + fmt::Debug>(body: &str) -> String {
        read::<T>(body.as_bytes()).expect_err(body).to_string()
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        let cases = [
            ("", "body: missing, it is required"),
            (" \n", "body: missing, it is required"),
            ("{", "the body is not valid JSON: EOF while parsing an object at line 1 column 1"),
            ("{} {}", "the body is not valid JSON: trailing characters at line 1 column 4"),
            ("null", "the body is not a JSON object"),
            ("[]", "the body is not a JSON object"),
            (r#"{"Name":1}"#, "Name: expected a string, found a number"),
            (r#"{"IsPaused":"true"}"#, "IsPaused: expected a boolean, found a string"),
            (r#"{"Priority":1.5}"#, "Priority: expected a whole number of 32 bits, found 1.5"),
            (r#"{"Priority":5000000000}"#, "Priority: expected a whole number of 32 bits, found 5000000000"),
            (r#"{"Schedule":{}}"#, "Schedule.StartTime: missing, it is required"),
            (r#"{"Schedule":{"StartTime":null}}"#, "Schedule.StartTime: missing, it is required"),
            (r#"{"Schedule":["IMMEDIATE"]}"#, "Schedule: expected an object, found a list"),
            (r#"{"Schedule":7}"#, "Schedule: expected an object, found a number"),
            (r#"{"tags":{"a.b":{}}}"#, "tags.`a.b`: expected a string, found an object"),
            (r#"{"tags":[]}"#, "tags: expected an object, found a list"),
            (
                r#"{"AdditionalTreatments":[{"SizePercent":1},{}]}"#,
                "AdditionalTreatments[1].SizePercent: missing, it is required",
            ),
            (
                r#"{"Schedule":{"StartTime":"IMMEDIATE","Frequency":"X"}}"#,
                "Schedule.Frequency: `X` is not one of ONCE, HOURLY, DAILY, WEEKLY, MONTHLY, EVENT, IN_APP_EVENT",
            ),
            (
                r#"{"AdditionalTreatments":[{"SizePercent":1,"MessageConfiguration":{"ADMMessage":{"Action":"x"}}}]}"#,
                "AdditionalTreatments[0].MessageConfiguration.ADMMessage.Action: `x` is not one of OPEN_APP, DEEP_LINK, URL",
            ),
        ];
        for (body, expected) in cases {
            assert_eq!(complaint::<WriteCampaignRequest>(body), expected, "{body}");
        }
    }

    #[test]
    fn keys_that_users_chose_are_in_backticks() {
        let body = r#"{"SegmentGroups":{"Groups":[{"Dimensions":[{"Attributes":{"a.b":{"AttributeType":"NEAR","Values":[]}}}]}]}}"#;
        assert_eq!(
            complaint::<WriteSegmentRequest>(body),
            "SegmentGroups.Groups[0].Dimensions[0].Attributes.`a.b`.AttributeType: `NEAR` is not one of INCLUSIVE, \
             EXCLUSIVE, CONTAINS, BEFORE, AFTER, ON, BETWEEN, NOT_BETWEEN"
        );
        assert_eq!(
            complaint::<MessageRequest>(r#"{"MessageConfiguration":{},"Addresses":{"+1":{"ChannelType":"FAX"}}}"#)
                .split(" is not one of")
                .next(),
            Some("Addresses.`+1`.ChannelType: `FAX`")
        );
        assert_eq!(
            complaint::<WriteJourneyRequest>(r#"{"Name":"j","OpenHours":{"EMAIL":{"FUNDAY":[]}}}"#),
            "OpenHours.EMAIL: `FUNDAY` is not one of MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY"
        );
    }

    #[test]
    fn good_bodies_are_read() {
        let campaign: WriteCampaignRequest = read(
            br#"{"Name":"n","Name":"m","Unheard":{"Of":[1e3]},"HookX":null,"Description":null,"Priority":3,"tags":{"a":"b"}}"#,
        )
        .unwrap();
        assert_eq!(campaign.name.as_deref(), Some("m"));
        assert_eq!((campaign.description, campaign.priority), (None, Some(3)));
        assert_eq!(campaign.tags.unwrap()["a"], "b");

        let segment: WriteSegmentRequest = read(
            br#"{"Dimensions":{"Attributes":{"since":{"AttributeType":"NOT_BETWEEN","Values":["a","b"]}},
                 "Metrics":{"age":{"ComparisonOperator":"EQUAL","Value":7}}}}"#,
        )
        .unwrap();
        let dimensions = segment.dimensions.unwrap();
        assert_eq!(dimensions.attributes.unwrap()["since"].attribute_type, Some(AttributeType::NotBetween));
        assert_eq!(dimensions.metrics.unwrap()["age"].value, 7.0);
    }

    #[test]
    fn hostile_bodies_are_refused_calmly() {
        let deep = format!("{}{}", r#"{"Name":"#.to_owned(), "[".repeat(1_000_000));
        let nested = format!(r#"{{"X":{}1{}}}"#, r#"{"X":"#.repeat(200), "}".repeat(200));
        for body in [deep.as_str(), nested.as_str(), r#"{"Name":1e999}"#, r#"{"Name":"\ud800"}"#, "\u{feff}{}"] {
            let complaint = complaint::<CreateApplicationRequest>(body);
            assert!(complaint.starts_with("the body is not valid JSON: "), "{complaint}");
        }
        let complaint = read::<CreateApplicationRequest>(b"{\"Name\":\"\xff\"}").unwrap_err().to_string();
        assert!(complaint.starts_with("the body is not valid JSON: "), "{complaint}");
    }

    #[test]
    fn what_is_wrong_shows_no_secret() {
        let cases = [r#"{"ApiKey":["hush"]}"#, r#"{"Enabled":"hush"}"#, r#"{"ServiceJson":{"private_key":"hush"}}"#];
        for body in cases {
            let complaint = complaint::<GCMChannelRequest>(body);
            assert!(!complaint.contains("hush"), "{complaint}");
        }
        assert_eq!(complaint::<GCMChannelRequest>(cases[2]), "ServiceJson: expected a string, found an object");
        let complaint = complaint::<VerifyOTPMessageRequestParameters>(r#"{"Otp":123456}"#);
        assert_eq!(complaint, "Otp: expected a string, found a number");
    }

    #[test]
    fn answers_leave_out_what_is_absent() {
        let answer = WriteCampaignRequest { name: Some("n".to_owned()), ..Default::default() };
        assert_eq!(write(&answer), br#"{"Name":"n"}"#);
        assert_eq!(format!("{:?}", Json(b"{}".to_vec())), "Json(2 bytes)");
    }
}
