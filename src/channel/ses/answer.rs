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
/// Source: SES API v2 reference, `SendEmail`, "Errors"; SES developer guide, "Amazon SES email sending errors" and "Errors
/// related to the sending quotas".
pub fn outcome(error: SdkError<SendEmailError>, owners: &Owners<'_>) -> Outcome {
    use SendEmailError::*;
    aws::outcome(error, |error, refusal| match error {
        // Whatever carries it: the guide says ThrottlingException, which the API of v2 has not.
        _ if is_used_up(refusal) => Some(refusal.misconfigured()),
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
        // "There are too many instances of the specified resource type": no wait makes them fewer.
        LimitExceededException(_) => Some(refusal.misconfigured()),
        // TooManyRequests is as anywhere. Content, or a request that SES cannot use: this message's.
        _ => None,
    })
}

fn blame(refusal: &Refusal, message: bool) -> Outcome {
    if message { refusal.permanent() } else { refusal.misconfigured() }
}

/// Whether the messages of the last 24 hours are as many as the account may send: another attempt in seconds is in vain,
/// and so is every other message. A run that stops leaves the rest of its audience for when the quota is free again.
fn is_used_up(refusal: &Refusal) -> bool {
    let message = refusal.message().to_ascii_lowercase();
    message.contains("daily") && message.contains("quota exceeded")
}

fn is_unverified(refusal: &Refusal) -> bool {
    refusal.message().contains("is not verified")
}

fn names_set(refusal: &Refusal) -> bool {
    refusal.message().to_ascii_lowercase().contains("configuration set")
}
