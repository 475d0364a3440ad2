//! What Pinpoint answered, and what that means for the message.

use aws_sdk_pinpoint::error::SdkError;
use aws_sdk_pinpoint::operation::send_messages::SendMessagesError;
use aws_sdk_pinpoint::types::{DeliveryStatus, MessageResponse, MessageResult};
use serde::Deserialize;

use crate::channel::{Outcome, aws, reason};

/// Words of push providers for a token that will never work again.
///
/// Not APNs' `BadDeviceToken` and `DeviceTokenNotForTopic`, which Pinpoint gives the status 410 as well: they also come
/// for every token there is when a channel has the wrong environment or bundle. Source: Apple, "Handling notification
/// responses from APNs"; Firebase, "FCM error codes"; Amazon, "ADM error responses"; results that users of Pinpoint published.
const DEAD: &[&str] = &[
    "Unregistered",
    "ExpiredToken",
    "UNREGISTERED",
    "NotRegistered",
    "InvalidRegistration",
    "InvalidRegistrationId",
    "The registration token is not a valid FCM registration token",
];

/// What became of the message to this address.
pub fn outcome(response: Option<&MessageResponse>, address: &str) -> Outcome {
    let results = response.and_then(|response| response.result.as_ref());
    match results.and_then(|results| results.get(address)) {
        Some(result) => of_result(result),
        None => Outcome::Unknown { reason: "Pinpoint answered without a result for the address".into() },
    }
}

/// Source: Pinpoint API reference, shape `MessageResult`.
fn of_result(result: &MessageResult) -> Outcome {
    let code = result.status_code.unwrap_or_default();
    let provider = ProviderAnswer::read(result.status_message.as_deref().unwrap_or_default());
    let status = result.delivery_status.as_ref().map_or("no status", DeliveryStatus::as_str);
    let reason = reason::tidy(&format!("{code} {status}: {}", provider.text)).trim_end_matches(':').to_owned();
    match result.delivery_status {
        Some(DeliveryStatus::Successful) => Outcome::Successful {
            message_id: result.message_id.clone(),
            new_address: result.updated_token.clone().filter(|token| !token.is_empty()),
        },
        Some(DeliveryStatus::Throttled) => Outcome::Throttled { reason, retry_after: None },
        // Something in between gave up waiting for the push provider, which may have taken the message.
        Some(DeliveryStatus::TemporaryFailure) if code == 504 => Outcome::Unknown { reason },
        Some(DeliveryStatus::TemporaryFailure) => Outcome::TemporaryFailure { reason, retry_after: None },
        Some(DeliveryStatus::OptOut) => Outcome::OptedOut { reason },
        Some(DeliveryStatus::PermanentFailure) if provider.is_dead(code) => Outcome::DeadAddress { reason },
        // A call names one address once; whoever calls it a duplicate has sent nothing.
        Some(DeliveryStatus::PermanentFailure | DeliveryStatus::Duplicate) => Outcome::PermanentFailure { reason },
        // UNKNOWN_FAILURE, the TIMEOUT that the reference mentions, and what may be added.
        _ => Outcome::Unknown { reason },
    }
}

/// What the push provider said, out of a result's `StatusMessage`.
struct ProviderAnswer {
    /// Empty where Pinpoint does not say.
    error: String,
    /// For people.
    text: String,
}

impl ProviderAnswer {
    fn read(status_message: &str) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Details {
            error_message: String,
            #[serde(default)]
            push_provider_error: String,
        }
        match serde_json::from_str::<Details>(status_message) {
            Ok(Details { error_message, push_provider_error: error }) if error.is_empty() => {
                Self { error, text: error_message }
            }
            Ok(Details { error_message, push_provider_error: error }) => {
                Self { text: format!("{error_message} ({error})"), error }
            }
            Err(_) => Self { error: String::new(), text: status_message.to_owned() },
        }
    }

    fn is_dead(&self, code: i32) -> bool {
        if self.error.is_empty() { code == 410 } else { DEAD.contains(&self.error.as_str()) }
    }
}

/// What became of a message whose call failed.
pub fn failed_call(error: SdkError<SendMessagesError>) -> Outcome {
    aws::outcome(error, |_, refusal| {
        // The service failed somewhere on the way, and does not say whether before the push went out or after.
        let may_have_sent = refusal.status() >= 500 && refusal.status() != 503;
        may_have_sent.then(|| refusal.unknown())
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_pinpoint::config::http::HttpResponse;
    use aws_sdk_pinpoint::error::ErrorMetadata;

    use super::*;

    fn of(status: &str, code: i32, text: &str) -> Outcome {
        let result = MessageResult::builder()
            .delivery_status(DeliveryStatus::from(status))
            .status_code(code)
            .status_message(text)
            .build();
        of_result(&result)
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

    fn provider(error: &str) -> String {
        let details = serde_json::json!({
            "errorMessage": "Unregistered or expired token", "channelType": "GCM", "pushProviderStatusCode": "200",
            "pushProviderError": error, "pushProviderResponse": {},
        });
        details.to_string()
    }

    #[test]
    fn each_delivery_status_has_its_outcome() {
        for (status, code, text, expected) in [
            ("SUCCESSFUL", 200, "MessageId: 1", "successful"),
            ("THROTTLED", 429, "", "throttled"),
            ("TEMPORARY_FAILURE", 503, "", "temporary"),
            ("TEMPORARY_FAILURE", 504, "", "unknown"),
            ("OPT_OUT", 403, "", "opted out"),
            ("DUPLICATE", 409, "", "permanent"),
            ("UNKNOWN_FAILURE", 500, "", "unknown"),
            ("TIMEOUT", 500, "", "unknown"),
            ("PERMANENT_FAILURE", 400, "No credentials for channel", "permanent"),
            ("PERMANENT_FAILURE", 410, "the address is dead", "dead"),
            ("PERMANENT_FAILURE", 410, &provider(""), "dead"),
            ("PERMANENT_FAILURE", 410, &provider("NotRegistered"), "dead"),
            ("PERMANENT_FAILURE", 410, &provider("Unregistered"), "dead"),
            ("PERMANENT_FAILURE", 404, &provider("UNREGISTERED"), "dead"),
            ("PERMANENT_FAILURE", 400, &provider(DEAD[6]), "dead"),
            ("PERMANENT_FAILURE", 410, &provider("BadDeviceToken"), "permanent"),
            ("PERMANENT_FAILURE", 410, &provider("DeviceTokenNotForTopic"), "permanent"),
        ] {
            assert_eq!(kind(&of(status, code, text)), expected, "{status} {code} {text}");
        }
        let reason = of("PERMANENT_FAILURE", 410, &provider("NotRegistered"));
        let expected = "410 PERMANENT_FAILURE: Unregistered or expired token (NotRegistered)";
        assert_eq!(reason.reason(), Some(expected));
        assert_eq!(of("THROTTLED", 429, "").reason(), Some("429 THROTTLED"));
    }

    #[test]
    fn success_has_the_id_and_the_new_token() {
        let result = MessageResult::builder().delivery_status(DeliveryStatus::Successful).status_code(200);
        let response = |result: MessageResult| {
            MessageResponse::builder().set_result(Some(HashMap::from([("old".to_owned(), result)]))).build()
        };
        let moved = response(result.clone().message_id("m1").updated_token("new").build());
        let expected = Outcome::Successful { message_id: Some("m1".into()), new_address: Some("new".into()) };
        assert_eq!(outcome(Some(&moved), "old"), expected);
        let stayed = response(result.message_id("m1").updated_token("").build());
        assert_eq!(outcome(Some(&stayed), "old"), Outcome::successful(Some("m1".into())));
        for missing in [outcome(Some(&stayed), "another"), outcome(None, "old")] {
            assert_eq!(kind(&missing), "unknown");
        }
    }

    #[test]
    fn each_refusal_has_its_outcome() {
        for (status, code, expected) in [
            (400, "BadRequestException", "permanent"),
            (413, "PayloadTooLargeException", "permanent"),
            (403, "ForbiddenException", "misconfigured"),
            (404, "NotFoundException", "misconfigured"),
            (405, "MethodNotAllowedException", "misconfigured"),
            (400, "ExpiredTokenException", "misconfigured"),
            (429, "TooManyRequestsException", "throttled"),
            (400, "ThrottlingException", "throttled"),
            (503, "ServiceUnavailable", "temporary"),
            (503, "", "unknown"),
            (500, "InternalServerErrorException", "unknown"),
            (502, "", "unknown"),
            (504, "", "unknown"),
        ] {
            let mut response = HttpResponse::new(status.try_into().unwrap(), "".into());
            response.headers_mut().insert("retry-after", "3");
            let meta = ErrorMetadata::builder().code(code).build();
            let outcome = failed_call(SdkError::service_error(SendMessagesError::generic(meta), response));
            assert_eq!(kind(&outcome), expected, "{status} {code}");
            assert_eq!(outcome.retry_after().is_some(), outcome.is_retryable(), "{status} {code}");
        }
    }
}
