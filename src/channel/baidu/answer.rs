//! What Baidu answered, and what that means for the message.

use bytes::Bytes;
use hyper::{Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::channel::{Outcome, raw, reason};

/// An answer to a request. Source: Baidu Cloud Push documentation, "REST API" and "Error codes".
pub struct Answer {
    status: StatusCode,
    body: Body,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    /// Baidu's own code, on failure.
    error_code: Option<u32>,
    error_msg: String,
    /// On success.
    response_params: Parameters,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameters {
    /// A number or text.
    msg_id: Option<Value>,
}

impl Answer {
    /// Reads an answer. A body of another shape, as from a proxy, leaves only the status.
    pub fn read(response: &Response<Bytes>) -> Self {
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        Self { status: response.status(), body }
    }

    /// What became of the message.
    pub fn outcome(self) -> Outcome {
        let reason = self.reason();
        let retry_after = None;
        match (self.body.error_code.unwrap_or_default(), self.status.as_u16()) {
            (0, 200..=299) => Outcome::successful(self.body.response_params.msg_id.as_ref().map(raw::text)),
            // No device is bound to the channel any more.
            (30608, _) => Outcome::DeadAddress { reason },
            // Any parameter may be meant, and of ours only the channel comes from the endpoint.
            (30602, _) if self.body.error_msg.to_ascii_lowercase().contains("channel_id") => {
                Outcome::DeadAddress { reason }
            }
            // Requests are too frequent.
            (30699, _) => Outcome::Throttled { reason, retry_after },
            // The quota is used up and wants payment; the keys or the signature; the signature's time, so our clock; what the app is or may do in Baidu's console.
            (30601 | 30603 | 30604 | 30606 | 30612 | 30613 | 30616 | 30617 | 30618 | 30620 | 30621, _) => {
                Outcome::Misconfigured { reason }
            }
            // Baidu failed.
            (30600, _) => Outcome::TemporaryFailure { reason, retry_after },
            // Answers without a code, as from in between.
            (0, 429) => Outcome::Throttled { reason, retry_after },
            (0, 401 | 403 | 404 | 405 | 300..=399) => Outcome::Misconfigured { reason },
            // A gateway got no good answer from Baidu, or none in time: Baidu may have taken the message.
            (0, 502 | 504) => Outcome::Unknown { reason },
            (0, 500..=599) => Outcome::TemporaryFailure { reason, retry_after },
            _ => Outcome::PermanentFailure { reason },
        }
    }

    fn reason(&self) -> String {
        match self.body.error_code {
            Some(code) => reason::tidy(&format!("{} {code}: {}", self.status.as_u16(), self.body.error_msg)),
            None => self.status.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(status: u16, body: impl ToString) -> Outcome {
        Answer::read(&Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap()).outcome()
    }

    #[test]
    fn each_documented_error_has_its_outcome() {
        let permanent = |reason| Outcome::PermanentFailure { reason };
        let dead = |reason| Outcome::DeadAddress { reason };
        let throttled = |reason| Outcome::Throttled { reason, retry_after: None };
        let temporary = |reason| Outcome::TemporaryFailure { reason, retry_after: None };
        let misconfigured = |reason| Outcome::Misconfigured { reason };
        let cases: [(u32, &str, fn(String) -> Outcome); 21] = [
            (30600, "Internal Server Error", temporary),
            (30601, "Method Not Allowed", misconfigured),
            (30602, "Request Params Not Valid", permanent),
            (30602, "Request Params Not Valid: param channel_id", dead),
            (30603, "Authentication Failed", misconfigured),
            (30604, "Quota Use Up Payment Required", misconfigured),
            (30605, "Data Required Not Found", permanent),
            (30606, "Request Time Expires Timeout", misconfigured),
            (30607, "Channel Token Timeout", permanent),
            (30608, "Bind Relation Not Found", dead),
            (30609, "Bind Number Too Many", permanent),
            (30610, "Duplicate Operation", permanent),
            (30611, "Tag Not Found", permanent),
            (30612, "Application Forbidden, Need Whitelist Authorization", misconfigured),
            (30613, "App Need Initiated First In Push Console", misconfigured),
            (30616, "App Is Not Approved", misconfigured),
            (30617, "App Do Not Have Broadcast Capability", misconfigured),
            (30618, "App Do Not Have Unicast Capability", misconfigured),
            (30620, "One App Could Only Have One Kind Of Device Platform", misconfigured),
            (30621, "Package Name Invalid", misconfigured),
            (30699, "Requests Are Too Frequent To Be Temporarily Rejected", throttled),
        ];
        for (code, text, expected) in cases {
            let body = json!({ "request_id": 12_345, "error_code": code, "error_msg": text });
            assert_eq!(outcome(400, body), expected(format!("400 {code}: {text}")));
        }
    }

    #[test]
    fn answers_without_a_code_count_by_their_status() {
        let outcome = |status| outcome(status, "<!DOCTYPE html>");
        for status in [302, 403, 404] {
            assert!(matches!(outcome(status), Outcome::Misconfigured { .. }), "{status}");
        }
        for status in [500, 503] {
            assert!(matches!(outcome(status), Outcome::TemporaryFailure { .. }), "{status}");
        }
        assert!(matches!(outcome(429), Outcome::Throttled { .. }));
        assert!(matches!(outcome(400), Outcome::PermanentFailure { .. }));
        for (status, reason) in [(502, "502 Bad Gateway"), (504, "504 Gateway Timeout")] {
            assert_eq!(outcome(status), Outcome::Unknown { reason: reason.into() });
        }
    }

    #[test]
    fn success_carries_the_messages_id_as_a_number_or_text() {
        let success = |id: Value| outcome(200, json!({ "request_id": 1, "response_params": { "msg_id": id } }));
        assert_eq!(success(json!(24_234_532_453_245_u64)), Outcome::successful(Some("24234532453245".into())));
        assert_eq!(success(json!("7")), Outcome::successful(Some("7".into())));
        assert_eq!(outcome(200, ""), Outcome::successful(None));
    }

    #[test]
    fn an_error_counts_whatever_the_status_says() {
        let body = json!({ "error_code": 30_608, "error_msg": "Bind Relation Not Found" });
        assert!(matches!(outcome(200, body), Outcome::DeadAddress { .. }));
    }
}
