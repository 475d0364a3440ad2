//! What a refusal of SES means for a message.
//!
//! SES takes messages to any address that looks like one, and reports afterwards what became of them: so no refusal says
//! that an address is dead.

use aws_sdk_sesv2::error::SdkError;
use aws_sdk_sesv2::operation::send_email::SendEmailError;

use crate::channel::Outcome;
use crate::channel::aws::{self, Refusal};

/// Whose the things are that a refusal may be about. What a message brings, others may do better; what the settings say
/// is the same for all.
pub struct Owners<'a> {
    pub receiver: &'a str,
    pub brings_sender: bool,
    pub brings_configuration_set: bool,
}

/// What became of a message whose call failed.
///
/// Source: SES API v2 reference, `SendEmail`, "Errors"; SES developer guide, "Amazon SES email sending errors".
pub fn outcome(error: SdkError<SendEmailError>, owners: &Owners<'_>) -> Outcome {
    use SendEmailError::*;
    aws::outcome(error, |error, refusal| match error {
        AccountSuspendedException(_) => Some(refusal.misconfigured()),
        // Of the account, or of the configuration set.
        SendingPausedException(_) => Some(blame(refusal, owners.brings_configuration_set && names_set(refusal))),
        MailFromDomainNotVerifiedException(_) => Some(blame(refusal, owners.brings_sender)),
        MessageRejected(_) if is_unverified(refusal) => {
            // A trial account sends to verified receivers alone.
            let is_receiver = refusal.message().contains(owners.receiver);
            Some(blame(refusal, is_receiver || owners.brings_sender))
        }
        // The configuration set.
        NotFoundException(_) => Some(blame(refusal, owners.brings_configuration_set)),
        // The day's quota: it frees itself as the messages of yesterday leave the last 24 hours.
        LimitExceededException(_) => Some(refusal.throttled()),
        // TooManyRequests is as anywhere. Content, or a request that SES cannot use: this message's.
        _ => None,
    })
}

fn blame(refusal: &Refusal, message: bool) -> Outcome {
    if message { refusal.permanent() } else { refusal.misconfigured() }
}

fn is_unverified(refusal: &Refusal) -> bool {
    refusal.message().contains("is not verified")
}

fn names_set(refusal: &Refusal) -> bool {
    refusal.message().to_ascii_lowercase().contains("configuration set")
}
