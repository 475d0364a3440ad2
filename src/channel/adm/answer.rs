//! What ADM answered, and what that means for the message.

use std::time::Duration;

use bytes::Bytes;
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;

use crate::channel::{Outcome, reason, retry_after};

/// An answer to a message. Source: ADM documentation, "Send a message", response format.
pub struct Answer {
    status: StatusCode,
    retry_after: Option<Duration>,
    request_id: Option<String>,
    body: Body,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    /// The app instance's current id, on success.
    #[serde(rename = "registrationID")]
    registration_id: Option<String>,
    /// ADM's own code, on failure.
    reason: String,
}

impl Answer {
    /// Reads an answer. A body of another shape, as from a proxy, leaves only the status.
    pub fn read(response: &Response<Bytes>, now: Timestamp) -> Self {
        let request_id = response.headers().get("x-amzn-requestid").and_then(|value| value.to_str().ok());
        Self {
            status: response.status(),
            retry_after: retry_after::read(response.headers(), now),
            request_id: request_id.map(str::to_owned),
            body: serde_json::from_slice(response.body()).unwrap_or_default(),
        }
    }

    /// Whether ADM refused our access token, and took nothing.
    pub fn refuses_token(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// What became of the message to this address.
    pub fn outcome(self, address: &str) -> Outcome {
        if self.status.is_success() {
            let new_address = self.body.registration_id.filter(|id| !id.is_empty() && id != address);
            return Outcome::Successful { message_id: self.request_id, new_address };
        }
        let reason = self.reason();
        let retry_after = self.retry_after;
        match (self.status.as_u16(), self.body.reason.as_str()) {
            // The app was removed, or the id is none that this security profile's app ever had.
            (_, "Unregistered" | "InvalidRegistrationId") => Outcome::DeadAddress { reason },
            (429, _) | (_, "MaxRateExceeded") => Outcome::Throttled { reason, retry_after },
            // The access token, also a fresh one; the profile's rights.
            (401 | 403, _) => Outcome::Misconfigured { reason },
            // The path is unknown there, or moved.
            (404 | 300..=399, _) => Outcome::Misconfigured { reason },
            // A gateway got no good answer from ADM, or none in time: ADM may have taken the message.
            (502 | 504, _) => Outcome::Unknown { reason },
            // 500 and 503 are documented as worth another attempt.
            (500..=599, _) => Outcome::TemporaryFailure { reason, retry_after },
            // `InvalidData`, `InvalidConsolidationKey`, `InvalidExpiration`, `InvalidChecksum`, `InvalidType`,
            // `MessageTooLarge`.
            _ => Outcome::PermanentFailure { reason },
        }
    }

    fn reason(&self) -> String {
        let code = match self.body.reason.as_str() {
            "" => self.status.canonical_reason().unwrap_or("unknown status"),
            code => code,
        };
        reason::tidy(&format!("{}: {code}", self.status.as_u16()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: impl ToString) -> Answer {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let response = response.body(Bytes::from(body.to_string())).unwrap();
        Answer::read(&response, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn each_documented_error_has_its_outcome() {
        let permanent = |reason| Outcome::PermanentFailure { reason };
        let dead = |reason| Outcome::DeadAddress { reason };
        let throttled = |reason| Outcome::Throttled { reason, retry_after: None };
        let misconfigured = |reason| Outcome::Misconfigured { reason };
        let cases: [(u16, &str, fn(String) -> Outcome); 10] = [
            (400, "Unregistered", dead),
            (400, "InvalidRegistrationId", dead),
            (400, "InvalidData", permanent),
            (400, "InvalidConsolidationKey", permanent),
            (400, "InvalidExpiration", permanent),
            (400, "InvalidChecksum", permanent),
            (400, "InvalidType", permanent),
            (401, "AccessTokenExpired", misconfigured),
            (413, "MessageTooLarge", permanent),
            (429, "MaxRateExceeded", throttled),
        ];
        for (status, reason, expected) in cases {
            let outcome = answer(status, &[], json!({ "reason": reason })).outcome("id");
            assert_eq!(outcome, expected(format!("{status}: {reason}")));
        }
    }

    #[test]
    fn answers_without_a_reason_count_by_their_status() {
        let outcome = |status| answer(status, &[("retry-after", "30")], "<!DOCTYPE html>").outcome("id");
        let retry_after = Some(Duration::from_secs(30));
        for (status, text) in [(500, "500: Internal Server Error"), (503, "503: Service Unavailable")] {
            assert_eq!(outcome(status), Outcome::TemporaryFailure { reason: text.into(), retry_after });
        }
        assert_eq!(outcome(429), Outcome::Throttled { reason: "429: Too Many Requests".into(), retry_after });
        for status in [302, 403, 404] {
            assert!(matches!(outcome(status), Outcome::Misconfigured { .. }), "{status}");
        }
        assert!(matches!(outcome(400), Outcome::PermanentFailure { .. }));
        for status in [502, 504] {
            assert!(matches!(outcome(status), Outcome::Unknown { .. }), "{status}");
        }
    }

    #[test]
    fn success_tells_the_current_address() {
        let headers = [("X-Amzn-RequestId", "request-1")];
        let new_address = |body| match answer(200, &headers, body).outcome("id-1") {
            Outcome::Successful { message_id, new_address } => {
                assert_eq!(message_id.as_deref(), Some("request-1"));
                new_address
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(new_address(json!({ "registrationID": "id-2" })), Some("id-2".into()));
        assert_eq!(new_address(json!({ "registrationID": "id-1" })), None);
        assert_eq!(new_address(json!({ "registrationID": "" })), None);
        assert_eq!(new_address(json!({})), None);
    }

    #[test]
    fn only_an_unauthorised_request_is_worth_a_new_token() {
        assert!(answer(401, &[], "").refuses_token());
        assert!(!answer(403, &[], "").refuses_token());
        assert!(!answer(400, &[], json!({ "reason": "Unregistered" })).refuses_token());
    }
}
