//! What FCM answered, and what that means for the message.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;

use crate::channel::{Outcome, reason, retry_after};

/// An answer of `messages:send`.
pub struct Answer {
    status: StatusCode,
    retry_after: Option<Duration>,
    /// The message's name, on success.
    name: Option<String>,
    error: ErrorBody,
}

/// `error` of a failure's body. Source: Firebase documentation, "FCM error codes".
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    status: String,
    message: String,
    details: Vec<Detail>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Detail {
    error_code: Option<String>,
    field_violations: Vec<FieldViolation>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FieldViolation {
    field: String,
}

impl Answer {
    /// Reads an answer. A body of another shape, as from a proxy, leaves only the status.
    pub fn read(response: &Response<Bytes>, now: Timestamp) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Body {
            name: Option<String>,
            error: ErrorBody,
        }
        let body: Body = serde_json::from_slice(response.body()).unwrap_or_default();
        let retry_after = retry_after::read(response.headers(), now);
        Self { status: response.status(), retry_after, name: body.name, error: body.error }
    }

    /// Whether FCM refused our access token, and took nothing.
    pub fn refuses_token(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED && self.code() != "THIRD_PARTY_AUTH_ERROR"
    }

    /// What became of the message.
    pub fn outcome(self) -> Outcome {
        if self.status.is_success() {
            return Outcome::successful(self.name);
        }
        let reason = self.reason();
        let retry_after = self.retry_after;
        match (self.status.as_u16(), self.code()) {
            // The app was removed or got a new token: FCM never takes this one again.
            (_, "UNREGISTERED") => Outcome::DeadAddress { reason },
            // Only if it is the token that is invalid: the same code stands for any wrong field of the message.
            (_, "INVALID_ARGUMENT") if self.blames_token() => Outcome::DeadAddress { reason },
            (_, "INVALID_ARGUMENT") => Outcome::PermanentFailure { reason },
            // The token belongs to another Firebase project. That may be our mistake for every endpoint, so it kills
            // none; and it may be one endpoint's, so it does not stop the others.
            (_, "SENDER_ID_MISMATCH") => Outcome::PermanentFailure { reason },
            (429, _) | (_, "QUOTA_EXCEEDED") => Outcome::Throttled { reason, retry_after },
            // Credentials of APNs or web push, which the project lacks; our own access token; the account's rights.
            (401 | 403, _) => Outcome::Misconfigured { reason },
            // Not a device (that is UNREGISTERED) but the project or the path is unknown, or moved.
            (404 | 300..=399, _) => Outcome::Misconfigured { reason },
            // A gateway got no good answer from FCM, or none in time: FCM may have taken the message.
            (502 | 504, _) => Outcome::Unknown { reason },
            // UNAVAILABLE (503) and INTERNAL (500) are documented as worth another attempt.
            (500..=599, _) => Outcome::TemporaryFailure { reason, retry_after },
            _ => Outcome::PermanentFailure { reason },
        }
    }

    /// FCM's own code, which is finer than the status of the whole answer.
    fn code(&self) -> &str {
        let fcm = self.error.details.iter().find_map(|detail| detail.error_code.as_deref());
        fcm.unwrap_or(&self.error.status)
    }

    /// Whether it is the registration token that is invalid: told by the field or, where no field is named, by the
    /// documented sentence.
    fn blames_token(&self) -> bool {
        let mut violations = self.error.details.iter().flat_map(|detail| &detail.field_violations).peekable();
        match violations.peek() {
            Some(_) => violations.any(|violation| violation.field == "message.token"),
            None => self.error.message.starts_with("The registration token is not a valid FCM registration token"),
        }
    }

    fn reason(&self) -> String {
        let code: Cow<'_, str> = match self.code() {
            "" => self.status.canonical_reason().unwrap_or("unknown status").into(),
            code => code.into(),
        };
        reason::tidy(&format!("{} {code}: {}", self.status.as_u16(), self.error.message))
            .trim_end_matches(':')
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn outcome(status: u16, retry_after: Option<&str>, body: impl ToString) -> Outcome {
        let mut response = Response::builder().status(status);
        if let Some(value) = retry_after {
            response = response.header("retry-after", value);
        }
        let response = response.body(Bytes::from(body.to_string())).unwrap();
        Answer::read(&response, Timestamp::UNIX_EPOCH).outcome()
    }

    fn error(status: u16, google: &str, message: &str, details: Value) -> Value {
        json!({ "error": { "code": status, "message": message, "status": google, "details": details } })
    }

    fn fcm(code: &str) -> Value {
        json!([{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code }])
    }

    fn bad_request(field: &str) -> Value {
        json!([
            { "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "INVALID_ARGUMENT" },
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{ "field": field, "description": "wrong" }]
            }
        ])
    }

    #[test]
    fn each_documented_error_has_its_outcome() {
        const INVALID: &str = "The registration token is not a valid FCM registration token";
        let cases = [
            (404, "NOT_FOUND", "Requested entity was not found.", fcm("UNREGISTERED"), "dead"),
            (400, "INVALID_ARGUMENT", INVALID, fcm("INVALID_ARGUMENT"), "dead"),
            (400, "INVALID_ARGUMENT", "Request contains an invalid argument.", bad_request("message.token"), "dead"),
            (400, "INVALID_ARGUMENT", INVALID, bad_request("message.data[0].value"), "permanent"),
            (400, "INVALID_ARGUMENT", "Request contains an invalid argument.", json!([]), "permanent"),
            (403, "PERMISSION_DENIED", "SenderId mismatch", fcm("SENDER_ID_MISMATCH"), "permanent"),
            (429, "RESOURCE_EXHAUSTED", "Quota exceeded.", fcm("QUOTA_EXCEEDED"), "throttled"),
            (503, "UNAVAILABLE", "The service is currently unavailable.", fcm("UNAVAILABLE"), "temporary"),
            (500, "INTERNAL", "Internal error encountered.", fcm("INTERNAL"), "temporary"),
            (401, "UNAUTHENTICATED", "Auth error from APNS", fcm("THIRD_PARTY_AUTH_ERROR"), "misconfigured"),
            (401, "UNAUTHENTICATED", "Request had invalid credentials.", json!([]), "misconfigured"),
            (403, "PERMISSION_DENIED", "Permission denied", json!([]), "misconfigured"),
            (404, "NOT_FOUND", "Requested entity was not found.", json!([]), "misconfigured"),
        ];
        for (status, google, message, details, expected) in cases {
            let outcome = outcome(status, None, error(status, google, message, details.clone()));
            assert_eq!(kind(&outcome), expected, "{status} {google} {message} {details}");
            assert!(outcome.reason().unwrap().contains(message));
        }
    }

    #[test]
    fn answers_from_in_between_count_by_their_status() {
        for (status, expected) in [
            (302, "misconfigured"),
            (404, "misconfigured"),
            (413, "permanent"),
            (429, "throttled"),
            (502, "unknown"),
            (503, "temporary"),
            (504, "unknown"),
        ] {
            assert_eq!(kind(&outcome(status, None, "<!DOCTYPE html>")), expected, "{status}");
        }
        assert_eq!(outcome(502, None, "").reason(), Some("502 Bad Gateway"));
    }

    #[test]
    fn retry_after_is_kept_for_the_campaign() {
        let quota = outcome(429, Some("30"), error(429, "RESOURCE_EXHAUSTED", "Quota", fcm("QUOTA_EXCEEDED")));
        assert_eq!(quota.retry_after(), Some(Duration::from_secs(30)));
        let unavailable = outcome(503, Some("Thu, 01 Jan 1970 00:02:00 GMT"), "");
        assert_eq!(unavailable.retry_after(), Some(Duration::from_secs(120)));
    }

    #[test]
    fn success_carries_the_messages_name() {
        let outcome = outcome(200, None, json!({ "name": "projects/p/messages/0:1" }));
        assert_eq!(outcome, Outcome::successful(Some("projects/p/messages/0:1".into())));
    }

    #[test]
    fn only_our_own_token_is_worth_replacing() {
        let refuses = |status: u16, details| {
            let body = Bytes::from(error(status, "UNAUTHENTICATED", "", details).to_string());
            let response = Response::builder().status(status).body(body).unwrap();
            Answer::read(&response, Timestamp::UNIX_EPOCH).refuses_token()
        };
        assert!(refuses(401, json!([])));
        assert!(!refuses(401, fcm("THIRD_PARTY_AUTH_ERROR")));
        assert!(!refuses(403, json!([])));
    }

    fn kind(outcome: &Outcome) -> &'static str {
        match outcome {
            Outcome::Successful { .. } => "successful",
            Outcome::Throttled { .. } => "throttled",
            Outcome::TemporaryFailure { .. } => "temporary",
            Outcome::DeadAddress { .. } => "dead",
            Outcome::OptedOut { .. } => "opted out",
            Outcome::PermanentFailure { .. } => "permanent",
            Outcome::Misconfigured { .. } => "misconfigured",
            Outcome::Unknown { .. } => "unknown",
        }
    }
}
