//! What Twilio answered, and what that means for the message.

use std::time::Duration;

use bytes::Bytes;
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;

use crate::channel::{Outcome, reason, retry_after};

/// An answer of the Messages resource.
pub struct Answer {
    status: StatusCode,
    retry_after: Option<Duration>,
    body: Body,
}

/// A message that was made, or why none was.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    /// Of a message.
    sid: Option<String>,
    error_code: Option<u32>,
    error_message: Option<String>,
    /// Of a refusal.
    code: Option<u32>,
    message: String,
}

impl Answer {
    /// Reads an answer. A body of another shape, as from a proxy, leaves only the status.
    pub fn read(response: &Response<Bytes>, now: Timestamp) -> Self {
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        Self { status: response.status(), retry_after: retry_after::read(response.headers(), now), body }
    }

    /// What became of the message.
    ///
    /// Twilio adds codes and splits them, so that only some are known by heart; the others go by the status.
    /// Source: Twilio, "Error and Warning Dictionary".
    /// `names_sender`: the message brought its own sender, so that a refusal of it says nothing of our settings.
    pub fn outcome(self, names_sender: bool) -> Outcome {
        let code = self.code();
        if self.status.is_success() && code.is_none() {
            return Outcome::successful(self.body.sid);
        }
        let reason = self.reason();
        let retry_after = self.retry_after;
        match (self.status.as_u16(), code.unwrap_or_default()) {
            // No valid number; none that takes texts; a short code; a landline; an unknown one.
            (_, 21211 | 21217 | 21614 | 21265 | 21635 | 30005) => Outcome::DeadAddress { reason },
            // A landline, or a carrier that our short code does not reach: the address may live.
            (_, 30006) => Outcome::PermanentFailure { reason },
            (_, 21610) => Outcome::OptedOut { reason },
            // The account's messages of a day are used up: another attempt in seconds is in vain, and so is every other
            // message. A run that stops leaves the rest of its audience for the next day.
            (_, 63038) => Outcome::Misconfigured { reason },
            // Too many requests; the sender's queue is full; the account's rate is used up.
            (429, _) | (_, 20429 | 14107 | 21611 | 30001) => Outcome::Throttled { reason, retry_after },
            // Log-in, or an account that is closed or held.
            (_, 20003 | 20005 | 20008 | 30002) => Outcome::Misconfigured { reason },
            // The sender: none, none of ours, or none that sends texts.
            (_, 21212 | 21601 | 21603 | 21606 | 21659 | 21660 | 21661) if names_sender => {
                Outcome::PermanentFailure { reason }
            }
            (_, 21212 | 21601 | 21603 | 21606 | 21659 | 21660 | 21661) => Outcome::Misconfigured { reason },
            // The messaging service is unknown or empty; the callback's URL, the validity.
            (_, 21701 | 21703 | 21705 | 21609 | 21624 | 90007) => Outcome::Misconfigured { reason },
            // A country that the account may not send to: other receivers are elsewhere.
            (_, 21408) => Outcome::PermanentFailure { reason },
            (401 | 403 | 404 | 405 | 300..=399, _) => Outcome::Misconfigured { reason },
            // Documented as worth another attempt.
            (503, _) => Outcome::TemporaryFailure { reason, retry_after },
            // Documented for 20500: the message may have been made, and making another would send it twice.
            (500..=599, _) => Outcome::Unknown { reason },
            _ => Outcome::PermanentFailure { reason },
        }
    }

    /// Status, code and sentence, for people.
    pub fn reason(&self) -> String {
        let status = self.status.as_u16();
        let sentence = self.body.error_message.as_deref().unwrap_or(&self.body.message);
        reason::tidy(&match (self.code(), sentence) {
            (Some(code), sentence) => format!("{status} {code}: {sentence}"),
            (None, "") => self.status.to_string(),
            (None, sentence) => format!("{status}: {sentence}"),
        })
    }

    /// Twilio's own code, of a refusal or of a message that has failed already.
    fn code(&self) -> Option<u32> {
        self.body.code.or(self.body.error_code)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(status: u16, body: impl ToString) -> Outcome {
        let response = Response::builder().status(status).header("retry-after", "30");
        let response = response.body(Bytes::from(body.to_string())).unwrap();
        Answer::read(&response, Timestamp::UNIX_EPOCH).outcome(false)
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

    #[test]
    fn each_code_has_its_outcome() {
        for (status, code, expected) in [
            (400, 21211, "dead"),
            (400, 21217, "dead"),
            (400, 21614, "dead"),
            (400, 21265, "dead"),
            (400, 21635, "dead"),
            (400, 30005, "dead"),
            (400, 30006, "permanent"),
            (400, 21610, "opted out"),
            (429, 20429, "throttled"),
            (400, 21611, "throttled"),
            (400, 14107, "throttled"),
            (400, 30001, "throttled"),
            (429, 63038, "misconfigured"),
            (401, 20003, "misconfigured"),
            (403, 20005, "misconfigured"),
            (403, 20008, "misconfigured"),
            (400, 30002, "misconfigured"),
            (400, 21212, "misconfigured"),
            (400, 21603, "misconfigured"),
            (400, 21606, "misconfigured"),
            (400, 21659, "misconfigured"),
            (400, 21660, "misconfigured"),
            (400, 21661, "misconfigured"),
            (400, 21701, "misconfigured"),
            (400, 21703, "misconfigured"),
            (400, 90007, "misconfigured"),
            (404, 20404, "misconfigured"),
            (403, 21408, "permanent"),
            (400, 21608, "permanent"),
            (400, 21612, "permanent"),
            (400, 21617, "permanent"),
            (400, 30003, "permanent"),
            (400, 30007, "permanent"),
            (503, 20503, "temporary"),
            (500, 20500, "unknown"),
        ] {
            let body = json!({"code": code, "message": "words", "more_info": "https://example.com", "status": status});
            let outcome = outcome(status, body);
            assert_eq!(kind(&outcome), expected, "{status} {code}");
            assert_eq!(outcome.reason(), Some(format!("{status} {code}: words").as_str()));
            assert_eq!(outcome.retry_after().is_some(), outcome.is_retryable(), "{status} {code}");
        }
    }

    #[test]
    fn answers_from_in_between_count_by_their_status() {
        for (status, expected) in [
            (302, "misconfigured"),
            (401, "misconfigured"),
            (404, "misconfigured"),
            (413, "permanent"),
            (429, "throttled"),
            (502, "unknown"),
            (503, "temporary"),
            (504, "unknown"),
        ] {
            assert_eq!(kind(&outcome(status, "<!DOCTYPE html>")), expected, "{status}");
        }
        assert_eq!(outcome(502, "").reason(), Some("502 Bad Gateway"));
    }

    #[test]
    fn a_message_that_has_failed_already_is_no_success() {
        let queued = outcome(201, json!({"sid": "SM1", "status": "queued", "error_code": null}));
        assert_eq!(queued, Outcome::successful(Some("SM1".into())));
        let failed = json!({"sid": "SM1", "status": "failed", "error_code": 30005, "error_message": "Unknown"});
        assert_eq!(outcome(201, failed), Outcome::DeadAddress { reason: "201 30005: Unknown".into() });
    }
}
