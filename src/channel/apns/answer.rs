//! What APNs answered, and what that means for the message.

use std::time::Duration;

use bytes::Bytes;
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;

use super::payload::Topic;
use crate::channel::{Outcome, reason, retry_after};

/// An answer to one notification.
pub struct Answer {
    status: StatusCode,
    retry_after: Option<Duration>,
    /// `apns-id`.
    id: Option<String>,
    /// Apple's word for what is wrong; empty on success.
    word: String,
}

impl Answer {
    /// Reads an answer. A body of another shape, as from a proxy, leaves only the status.
    pub fn read(response: &Response<Bytes>, now: Timestamp) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Body {
            reason: String,
        }
        let Body { reason: word } = serde_json::from_slice(response.body()).unwrap_or_default();
        let id = response.headers().get("apns-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        Self { status: response.status(), retry_after: retry_after::read(response.headers(), now), id, word }
    }

    /// Whether APNs calls our token too old, and took nothing.
    pub fn calls_token_expired(&self) -> bool {
        self.status == StatusCode::FORBIDDEN && self.word == "ExpiredProviderToken"
    }

    /// What became of the message.
    ///
    /// Source: Apple, "Handling notification responses from APNs".
    pub fn outcome(self, topic: Topic) -> Outcome {
        if self.status.is_success() {
            return Outcome::successful(self.id);
        }
        let reason = self.reason();
        let retry_after = self.retry_after;
        match (self.status.as_u16(), self.word.as_str()) {
            // It was never a token, or it is one of the other environment. The endpoint's own type chose the
            // environment, so until the app registers anew it works nowhere we would send it.
            (400, "BadDeviceToken") => Outcome::DeadAddress { reason },
            // Unregistered or ExpiredToken: the app was removed, or the token has ended.
            (410, _) => Outcome::DeadAddress { reason },
            // The token belongs to another app. That may be our mistake for every endpoint, so it kills none; and it may
            // be one endpoint's, so it does not stop the others.
            (400, "DeviceTokenNotForTopic") => Outcome::PermanentFailure { reason },
            // A wrong bundle id, or one that the certificate is not for; unless it was the message that asked for it.
            (400, "BadTopic" | "MissingTopic" | "TopicDisallowed") => match topic {
                Topic::Own => Outcome::Misconfigured { reason },
                Topic::Special => Outcome::PermanentFailure { reason },
            },
            // The connection had been idle, and the request came too late for it.
            (400, "IdleTimeout") => Outcome::TemporaryFailure { reason, retry_after },
            // The token, its key or the certificate is wrong, or is for the other environment.
            (401 | 403, _) => Outcome::Misconfigured { reason },
            // The path, the method or the whole server is not APNs's: `base_url` leads elsewhere.
            (404 | 405 | 300..=399, _) => Outcome::Misconfigured { reason },
            // TooManyRequests for one device, or TooManyProviderTokenUpdates.
            (429, _) => Outcome::Throttled { reason, retry_after },
            // A gateway got no good answer from APNs, or none in time: APNs may have taken the message.
            (502 | 504, _) => Outcome::Unknown { reason },
            // InternalServerError (500), ServiceUnavailable and Shutdown (503).
            (500..=599, _) => Outcome::TemporaryFailure { reason, retry_after },
            // The message itself is wrong, or too large (413).
            _ => Outcome::PermanentFailure { reason },
        }
    }

    fn reason(&self) -> String {
        let word = match self.word.as_str() {
            "" => self.status.canonical_reason().unwrap_or("unknown status"),
            word => word,
        };
        reason::tidy(&format!("{} {word}", self.status.as_u16()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let response = Response::builder().status(status).header("retry-after", "30").header("apns-id", "id-1");
        Answer::read(&response.body(Bytes::from(body.to_owned())).unwrap(), Timestamp::UNIX_EPOCH)
    }

    fn outcome(status: u16, word: &str) -> Outcome {
        answer(status, &format!(r#"{{"reason":"{word}"}}"#)).outcome(Topic::Own)
    }

    #[test]
    fn each_documented_reason_has_its_outcome() {
        let cases = [
            (400, "BadCollapseId", "permanent"),
            (400, "BadDeviceToken", "dead"),
            (400, "BadExpirationDate", "permanent"),
            (400, "BadMessageId", "permanent"),
            (400, "BadPriority", "permanent"),
            (400, "BadTopic", "misconfigured"),
            (400, "DeviceTokenNotForTopic", "permanent"),
            (400, "DuplicateHeaders", "permanent"),
            (400, "IdleTimeout", "temporary"),
            (400, "InvalidPushType", "permanent"),
            (400, "MissingDeviceToken", "permanent"),
            (400, "MissingTopic", "misconfigured"),
            (400, "PayloadEmpty", "permanent"),
            (400, "TopicDisallowed", "misconfigured"),
            (403, "BadCertificate", "misconfigured"),
            (403, "BadCertificateEnvironment", "misconfigured"),
            (403, "BadEnvironmentKeyIdInToken", "misconfigured"),
            (403, "ExpiredProviderToken", "misconfigured"),
            (403, "Forbidden", "misconfigured"),
            (403, "InvalidProviderToken", "misconfigured"),
            (403, "MissingProviderToken", "misconfigured"),
            (403, "UnrelatedKeyIdInToken", "misconfigured"),
            (404, "BadPath", "misconfigured"),
            (405, "MethodNotAllowed", "misconfigured"),
            (410, "ExpiredToken", "dead"),
            (410, "Unregistered", "dead"),
            (413, "PayloadTooLarge", "permanent"),
            (429, "TooManyProviderTokenUpdates", "throttled"),
            (429, "TooManyRequests", "throttled"),
            (500, "InternalServerError", "temporary"),
            (503, "ServiceUnavailable", "temporary"),
            (503, "Shutdown", "temporary"),
        ];
        for (status, word, expected) in cases {
            let outcome = outcome(status, word);
            assert_eq!(kind(&outcome), expected, "{status} {word}");
            assert_eq!(outcome.reason(), Some(&*format!("{status} {word}")));
            let wait = outcome.is_retryable().then_some(Duration::from_secs(30));
            assert_eq!(outcome.retry_after(), wait, "{status} {word}");
        }
    }

    #[test]
    fn a_topic_that_a_message_asked_for_is_its_own_affair() {
        for word in ["BadTopic", "TopicDisallowed"] {
            let outcome = answer(400, &format!(r#"{{"reason":"{word}"}}"#)).outcome(Topic::Special);
            assert_eq!(kind(&outcome), "permanent");
        }
    }

    #[test]
    fn answers_from_in_between_count_by_their_status() {
        for (status, expected) in [
            (302, "misconfigured"),
            (400, "permanent"),
            (404, "misconfigured"),
            (429, "throttled"),
            (502, "unknown"),
            (503, "temporary"),
            (504, "unknown"),
        ] {
            let outcome = answer(status, "<!DOCTYPE html>").outcome(Topic::Own);
            assert_eq!(kind(&outcome), expected, "{status}");
        }
        assert_eq!(answer(502, "").outcome(Topic::Own).reason(), Some("502 Bad Gateway"));
    }

    #[test]
    fn success_carries_the_messages_id() {
        assert_eq!(answer(200, "").outcome(Topic::Own), Outcome::successful(Some("id-1".into())));
    }

    #[test]
    fn only_an_old_token_is_worth_replacing() {
        assert!(answer(403, r#"{"reason":"ExpiredProviderToken","timestamp":1}"#).calls_token_expired());
        assert!(!answer(403, r#"{"reason":"InvalidProviderToken"}"#).calls_token_expired());
        assert!(!answer(410, r#"{"reason":"ExpiredToken"}"#).calls_token_expired());
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
