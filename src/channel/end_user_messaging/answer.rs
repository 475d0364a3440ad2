//! What a refusal of AWS End User Messaging means for a message.

use aws_sdk_pinpointsmsvoicev2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_pinpointsmsvoicev2::types::error::{ConflictException, ServiceQuotaExceededException, ValidationException};
use aws_sdk_pinpointsmsvoicev2::types::{
    ConflictExceptionReason as Conflict, ServiceQuotaExceededExceptionReason as Quota,
    ValidationExceptionReason as Invalid,
};

use crate::channel::Outcome;
use crate::channel::aws::{self, Refusal};

/// Whose an origination identity is that a refusal is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// The message brought it, or its application: others may have a better one.
    Message,
    /// The settings', or the account's own choice: it is the same for all.
    Settings,
}

/// What became of a message whose call failed.
pub fn outcome<E>(error: SdkError<E>, origin: Origin) -> Outcome
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    aws_sdk_pinpointsmsvoicev2::Error: From<E>,
{
    use aws_sdk_pinpointsmsvoicev2::Error;
    aws::outcome(error, |error, refusal| match Error::from(error) {
        Error::ConflictException(conflict) => Some(by_conflict(&conflict, refusal, origin)),
        Error::ValidationException(invalid) => Some(by_validation(&invalid, refusal, origin)),
        Error::ServiceQuotaExceededException(quota) => Some(by_quota(&quota, refusal)),
        // A configuration set, a pool, a number or a sender id.
        Error::ResourceNotFoundException(_) => Some(blame(refusal, origin)),
        _ => None,
    })
}

fn by_conflict(conflict: &ConflictException, refusal: &Refusal, origin: Origin) -> Outcome {
    match conflict.reason() {
        Some(Conflict::DestinationPhoneNumberOptedOut) => Outcome::OptedOut { reason: refusal.reason() },
        // Nothing to send from, or what there is cannot send.
        Some(Conflict::NoOriginationIdentitiesFound)
        | Some(Conflict::NumberCapabilitiesMismatch)
        | Some(Conflict::ResourceNotActive) => blame(refusal, origin),
        // About this message or its receiver: a blocked country, a number that is not verified in a trial account, a
        // keyword or a type of message that the origin does not have.
        _ => refusal.permanent(),
    }
}

fn by_validation(invalid: &ValidationException, refusal: &Refusal, origin: Origin) -> Outcome {
    let blames = |names: &[&str]| {
        let fields = invalid.fields();
        !fields.is_empty() && fields.iter().all(|field| names.contains(&field.name()))
    };
    match invalid.reason() {
        // Only if it is the number, and nothing else, that is invalid: valid ones are refused for their country, for
        // the sender, or for what is set of them.
        Some(Invalid::InvalidParameter) if blames(&["DestinationPhoneNumber"]) => {
            Outcome::DeadAddress { reason: refusal.reason() }
        }
        _ if blames(&["OriginationIdentity"]) => blame(refusal, origin),
        _ if blames(&["ConfigurationSetName", "MaxPrice", "MaxPricePerMinute", "TimeToLive"]) => {
            refusal.misconfigured()
        }
        _ => refusal.permanent(),
    }
}

fn by_quota(quota: &ServiceQuotaExceededException, refusal: &Refusal) -> Outcome {
    match quota.reason() {
        // One receiver was called too often today; nothing is wrong with the others.
        Some(Quota::DailyDestinationCallLimit) => refusal.throttled(),
        // The month's spend limit: another attempt in seconds is in vain, and so is every other message until somebody
        // raises it or the month ends. A run that stops leaves the rest of its audience for then.
        _ => refusal.misconfigured(),
    }
}

fn blame(refusal: &Refusal, origin: Origin) -> Outcome {
    match origin {
        Origin::Message => refusal.permanent(),
        Origin::Settings => refusal.misconfigured(),
    }
}
