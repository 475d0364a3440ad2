//! SMS through `SendTextMessage`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_pinpointsmsvoicev2::Client;
use aws_sdk_pinpointsmsvoicev2::types::{DestinationCountryParameterKey, MessageType};
use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::answer::{self, Origin};
use super::{check, context, is_price};
use crate::channel::aws::{Place, Service};
use crate::channel::{Adapter, Content, Deps, Error, Factory, Message, Outcome, SmsContent, Spec, settings, sms_parts};
use crate::config;
use crate::domain::ChannelType;
use crate::http::Aws;
use crate::telemetry::metric;

const NAME: &str = "sms";

/// Characters of a text. Source: API reference, `SendTextMessage`.
const BODY_CHARS_MAX: usize = 1600;

/// How long a text may wait to be handed over. Source: API reference, `SendTextMessage`.
const TIME_TO_LIVE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(72 * 3600));

pub(super) static SPEC: Spec = Spec {
    name: NAME,
    types: &[ChannelType::Sms],
    // One call carries one message.
    batch_messages_max: 1,
    in_flight_max: 256,
};

/// The factory of this adapter.
pub static SMS: SmsFactory = SmsFactory;

pub struct SmsFactory;

impl Factory for SmsFactory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn build(&self, settings: toml::Table, deps: &Deps) -> Result<Arc<dyn Adapter>, Error> {
        Ok(Arc::new(Sms::new(settings::read(NAME, settings)?, deps.aws.clone())?))
    }
}

/// The section `[channel.sms]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// What messages come from that name neither a number nor a sender id: a phone number, a pool, a sender id, or the
    /// id or ARN of one. Default: what the account has for the receiver's country.
    origination_identity: Option<String>,
    /// The configuration set, whose event destinations get what becomes of messages. Default: none.
    configuration_set: Option<String>,
    /// US dollars a part may cost, such as `"0.05"`; dearer messages are not sent. Default: no limit.
    max_price: Option<String>,
    /// How long a message may wait to be handed over, 5 s to 72 h. Default: `"72h"`.
    #[serde(default = "three_days", deserialize_with = "config::duration")]
    time_to_live: Duration,
    /// Has messages checked and not sent. Default: false.
    #[serde(default)]
    dry_run: bool,
    /// Default: that of `[aws]`.
    region: Option<String>,
    /// Default: the SDK's.
    endpoint_url: Option<String>,
    /// Messages at once; at most 256. Default: 32.
    in_flight: Option<usize>,
}

fn three_days() -> Duration {
    TIME_TO_LIVE.1
}

pub(super) struct Sms {
    service: Service<Client>,
    origination_identity: Option<String>,
    configuration_set: Option<String>,
    max_price: Option<String>,
    time_to_live: i32,
    dry_run: bool,
    in_flight: usize,
}

impl Sms {
    pub fn new(settings: Settings, aws: Arc<Aws>) -> Result<Self, Error> {
        let wrong = |problem| Error::Settings { channel: NAME, problem };
        if let Some(price) = settings.max_price.as_ref().filter(|price| !is_price(price)) {
            return Err(wrong(format!("`max_price` is `{price}`, which is not an amount such as \"0.05\"")));
        }
        if !(TIME_TO_LIVE.0..=TIME_TO_LIVE.1).contains(&settings.time_to_live) {
            return Err(wrong(format!("`time_to_live` is {:?}, but must be from 5s to 72h", settings.time_to_live)));
        }
        Ok(Self {
            service: Service::new(aws, Place::new(NAME, settings.region, settings.endpoint_url)?, Client::new),
            origination_identity: settings.origination_identity,
            configuration_set: settings.configuration_set,
            max_price: settings.max_price,
            time_to_live: settings.time_to_live.as_secs().try_into().expect("72 hours fit"),
            dry_run: settings.dry_run,
            in_flight: settings.in_flight.unwrap_or(32),
        })
    }

    async fn send_one(&self, message: &Message, sms: &SmsContent) -> Outcome {
        let chars = sms.body.chars().count();
        let parts = sms_parts::count(&sms.body);
        if sms.body.trim().is_empty() {
            return Outcome::PermanentFailure { reason: "the text is empty".into() };
        }
        if chars > BODY_CHARS_MAX {
            let reason = format!("the text has {chars} characters ({parts} parts), and may have {BODY_CHARS_MAX}");
            return Outcome::PermanentFailure { reason };
        }
        let own = sms.origination_number.as_ref().or(sms.sender_id.as_ref());
        let origin = if own.is_some() { Origin::Message } else { Origin::Settings };
        let message_type = if sms.is_transactional { MessageType::Transactional } else { MessageType::Promotional };
        let client = match self.service.client().await {
            Ok(client) => client,
            Err(missing) => return Outcome::Misconfigured { reason: missing.to_string() },
        };
        let sent = client
            .send_text_message()
            .destination_phone_number(&message.address)
            .set_origination_identity(own.or(self.origination_identity.as_ref()).cloned())
            .message_body(&sms.body)
            .message_type(message_type)
            .set_keyword(sms.keyword.clone())
            .set_configuration_set_name(self.configuration_set.clone())
            .set_max_price(self.max_price.clone())
            .time_to_live(self.time_to_live)
            .set_context(context(message))
            .set_destination_country_parameters(country_parameters(sms))
            .dry_run(self.dry_run)
            .send()
            .await;
        match sent {
            Ok(sent) => {
                metric::sms_parts(NAME, parts);
                Outcome::successful(sent.message_id)
            }
            Err(error) => answer::outcome(error, origin),
        }
    }
}

impl Adapter for Sms {
    fn types(&self) -> &[ChannelType] {
        SPEC.types
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(check(&self.service, NAME))
    }

    fn send<'a>(&'a self, batch: &'a [Message]) -> BoxFuture<'a, Vec<Outcome>> {
        SPEC.admit(batch);
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(batch.len());
            for message in batch {
                outcomes.push(match &message.content {
                    Content::Sms(sms) => self.send_one(message, sms).await,
                    _ => Outcome::PermanentFailure { reason: "SendTextMessage carries text messages only".into() },
                });
            }
            outcomes
        })
    }
}

/// What India wants to know of a sender and its text. Source: AWS End User Messaging user guide, "India sender ID
/// registration".
fn country_parameters(sms: &SmsContent) -> Option<HashMap<DestinationCountryParameterKey, String>> {
    let given = [
        (DestinationCountryParameterKey::InEntityId, &sms.entity_id),
        (DestinationCountryParameterKey::InTemplateId, &sms.template_id),
    ];
    let given: HashMap<_, _> = given.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))).collect();
    (!given.is_empty()).then_some(given)
}
