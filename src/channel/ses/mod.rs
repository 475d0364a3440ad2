//! EMAIL through Amazon SES v2's `SendEmail`.
//!
//! Messages always go out raw, composed as for SMTP: so both ways carry the same messages, and no header depends on what
//! SES's own form of a message takes.

mod answer;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent as Body, MessageTag, RawMessage};
use futures_util::future::BoxFuture;
use lettre::message::Mailbox;
use mail_parser::MessageParser;
use serde::Deserialize;

use super::aws::{self, Place, Service};
use super::email::compose::{Composed, Composer};
use super::{Adapter, Content, Deps, EmailContent, Error, Factory, Message, Outcome, Spec, settings};
use crate::clock::Clock;
use crate::domain::ChannelType;
use crate::http::Aws;
use answer::Owners;

const NAME: &str = "ses";

/// The tag under which events give a message's reference back.
const REFERENCE: &str = "pinwheel-reference";

/// Characters of a tag's value. Source: SES API v2 reference, `MessageTag`.
const TAG_CHARS_MAX: usize = 256;

static SPEC: Spec = Spec {
    name: NAME,
    types: &[ChannelType::Email],
    // One call carries one message: each has its own text.
    batch_messages_max: 1,
    in_flight_max: 256,
};

/// The factory of this adapter.
pub static SES: SesFactory = SesFactory;

pub struct SesFactory;

impl Factory for SesFactory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn build(&self, settings: toml::Table, deps: &Deps) -> Result<Arc<dyn Adapter>, Error> {
        Ok(Arc::new(Ses::new(settings::read(NAME, settings)?, deps.aws.clone(), deps.clock.clone())?))
    }
}

/// The section `[channel.ses]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Sender of messages that name none: `news@example.com` or `Example <news@example.com>`.
    from_address: String,
    /// The configuration set of messages that name none. Default: that of the sender's identity.
    configuration_set: Option<String>,
    /// Headers of every message, such as `Reply-To`; a message's own of the same name wins.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Default: that of `[aws]`.
    region: Option<String>,
    /// Default: the SDK's.
    endpoint_url: Option<String>,
    /// Messages at once; at most 256. Default: 32.
    in_flight: Option<usize>,
}

struct Ses {
    service: Service<Client>,
    composer: Composer,
    configuration_set: Option<String>,
    in_flight: usize,
    clock: Arc<dyn Clock>,
}

impl Ses {
    fn new(settings: Settings, aws: Arc<Aws>, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let wrong = |problem| Error::Settings { channel: NAME, problem };
        let sender: Mailbox = settings.from_address.parse().map_err(|error| {
            wrong(format!("`from_address` `{}` is not a mail address: {error}", settings.from_address))
        })?;
        let composer = Composer::new(sender, settings.headers.into_iter().collect())
            .map_err(|problem| wrong(format!("`headers`: {problem}")))?;
        Ok(Self {
            service: Service::new(aws, Place::new(NAME, settings.region, settings.endpoint_url)?, Client::new),
            composer,
            configuration_set: settings.configuration_set,
            in_flight: settings.in_flight.unwrap_or(32),
            clock,
        })
    }

    async fn send_one(&self, message: &Message, email: &EmailContent) -> Outcome {
        let composed = match self.composer.compose(message, email, self.clock.now()) {
            Ok(composed) => composed,
            Err(reason) => return Outcome::PermanentFailure { reason },
        };
        let owners = Owners {
            receiver: &message.address,
            brings_sender: email.from_address.is_some() || email.raw.is_some(),
            brings_configuration_set: email.configuration_set.is_some(),
        };
        let client = match self.service.client().await {
            Ok(client) => client,
            Err(missing) => return Outcome::Misconfigured { reason: missing.to_string() },
        };
        let sent = client
            .send_email()
            // Would replace the header that the message has, name and all.
            .set_from_email_address(missing_sender(email, &composed))
            .destination(Destination::builder().to_addresses(&message.address).build())
            .set_feedback_forwarding_email_address(email.bounce_address.clone())
            .set_configuration_set_name(email.configuration_set.clone().or_else(|| self.configuration_set.clone()))
            .set_email_tags(tag(message).map(|tag| vec![tag]))
            .content(raw(composed.bytes))
            .send()
            .await;
        match sent {
            Ok(sent) => Outcome::successful(sent.message_id),
            Err(error) => answer::outcome(error, &owners),
        }
    }
}

impl Adapter for Ses {
    fn types(&self) -> &[ChannelType] {
        SPEC.types
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Asks for the account, which must be allowed to send. Credentials that may not ask are good ones.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            let account = aws::check(NAME, self.service.client().await?.get_account().send().await)?;
            match account {
                Some(account) if !account.sending_enabled => {
                    let status = account.enforcement_status.unwrap_or_default();
                    let problem = format!("the account may not send (enforcement status `{status}`)");
                    Err(Error::Check { channel: NAME, problem })
                }
                _ => Ok(()),
            }
        })
    }

    fn send<'a>(&'a self, batch: &'a [Message]) -> BoxFuture<'a, Vec<Outcome>> {
        SPEC.admit(batch);
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(batch.len());
            for message in batch {
                outcomes.push(match &message.content {
                    Content::Email(email) => self.send_one(message, email).await,
                    _ => Outcome::PermanentFailure { reason: "SES carries e-mails only".into() },
                });
            }
            outcomes
        })
    }
}

/// The sender of a message that came in MIME and names none.
fn missing_sender(email: &EmailContent, composed: &Composed) -> Option<String> {
    email.raw.as_ref()?;
    let parsed = MessageParser::default().parse_headers(&composed.bytes);
    let has_sender = parsed.is_some_and(|headers| headers.from().is_some());
    (!has_sender).then(|| composed.sender.to_string())
}

/// The reference as a tag, if it has only what tags may have. The message carries it as a header, too.
fn tag(message: &Message) -> Option<MessageTag> {
    let reference = message.reference.as_deref()?;
    let fits = reference.len() <= TAG_CHARS_MAX
        && reference.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    fits.then(|| MessageTag::builder().name(REFERENCE).value(reference).build().expect("name and value are set"))
}

fn raw(bytes: Vec<u8>) -> Body {
    Body::builder().raw(RawMessage::builder().data(Blob::new(bytes)).build().expect("the data is set")).build()
}

#[cfg(test)]
mod tests;
