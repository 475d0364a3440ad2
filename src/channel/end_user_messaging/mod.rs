//! SMS and VOICE through AWS End User Messaging (`pinpoint-sms-voice-v2`), which Pinpoint itself sent them through.
//!
//! The parts: [`sms`] and [`voice`] are an adapter each, [`answer`] says what became of a message.

mod answer;
mod sms;
mod voice;

use std::collections::HashMap;

use aws_sdk_pinpointsmsvoicev2::Client;
use aws_sdk_pinpointsmsvoicev2::error::SdkError;
use aws_sdk_pinpointsmsvoicev2::operation::describe_account_attributes::DescribeAccountAttributesError;

use super::aws::{self, Service};
use super::{Error, Message};

pub use sms::SMS;
pub use voice::VOICE;

/// Under which name events give a message's reference back.
const REFERENCE: &str = "pinwheel-reference";

/// Characters of a value of `Context`. Source: API reference, `SendTextMessage`.
const CONTEXT_CHARS_MAX: usize = 800;

/// Asks for the account's attributes. Credentials that may not ask are good ones, unless it is the account that is barred.
async fn check(service: &Service<Client>, channel: &'static str) -> Result<(), Error> {
    let answer = service.client().await?.describe_account_attributes().send().await;
    if let Err(SdkError::ServiceError(refusal)) = &answer
        && let DescribeAccountAttributesError::AccessDeniedException(denied) = refusal.err()
        && let Some(reason) = denied.reason()
    {
        return Err(Error::Check { channel, problem: format!("the account is barred: {reason}") });
    }
    aws::check(channel, answer).map(|_| ())
}

/// What events give back of a message.
fn context(message: &Message) -> Option<HashMap<String, String>> {
    let reference = message.reference.as_deref().filter(|reference| reference.len() <= CONTEXT_CHARS_MAX)?;
    Some(HashMap::from([(REFERENCE.to_owned(), reference.to_owned())]))
}

/// Whether a text is an amount of US dollars as the service takes it. Source: API reference, `MaxPrice`.
fn is_price(text: &str) -> bool {
    let is_digits = |text: &str, chars: std::ops::RangeInclusive<usize>| {
        chars.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    text.split_once('.').is_some_and(|(whole, part)| is_digits(whole, 0..=2) && is_digits(part, 1..=5))
}

#[cfg(test)]
mod tests;
