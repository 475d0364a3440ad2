//! Pinpoint: push through the SendMessages that AWS keeps, for those whose push credentials live in an application there.
//!
//! The parts: [`request`] says a message in Pinpoint's words, [`answer`] says what became of it.

mod answer;
mod request;

use std::sync::Arc;

use aws_sdk_pinpoint::Client;
use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::aws::{self, Place, Service};
use super::{Adapter, Content, Deps, Error, Factory, Message, Outcome, PushContent, Spec, settings};
use crate::domain::ChannelType;
use crate::http::Aws;

const NAME: &str = "pinpoint";

static SPEC: Spec = Spec {
    name: NAME,
    types: &[
        ChannelType::Adm,
        ChannelType::Apns,
        ChannelType::ApnsSandbox,
        ChannelType::ApnsVoip,
        ChannelType::ApnsVoipSandbox,
        ChannelType::Baidu,
        ChannelType::Gcm,
    ],
    // A call may name 100 addresses, if all get the same text: then a time-out would leave them all unknown.
    batch_messages_max: 1,
    in_flight_max: 200,
};

/// The factory of this adapter.
pub static PINPOINT: PinpointFactory = PinpointFactory;

pub struct PinpointFactory;

impl Factory for PinpointFactory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn build(&self, settings: toml::Table, deps: &Deps) -> Result<Arc<dyn Adapter>, Error> {
        Ok(Arc::new(Pinpoint::new(settings::read(NAME, settings)?, deps.aws.clone())?))
    }
}

/// The section `[channel.pinpoint]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Push types that go this way, such as `["APNS", "GCM"]`.
    types: Vec<String>,
    /// The application on AWS that has the push channels.
    application_id: String,
    /// Where that application is. Default: the region of `[aws]`.
    region: Option<String>,
    /// Another place than AWS that speaks this API. Default: AWS in the region.
    endpoint_url: Option<String>,
    /// Calls at once; at most 200. Default: 50.
    in_flight: Option<usize>,
}

struct Pinpoint {
    types: Vec<ChannelType>,
    application_id: String,
    in_flight: usize,
    service: Service<Client>,
}

impl Pinpoint {
    fn new(settings: Settings, aws: Arc<Aws>) -> Result<Self, Error> {
        let types = settings.types.iter().map(|name| parse_type(name)).collect::<Result<Vec<_>, _>>()?;
        if types.is_empty() {
            return Err(wrong("`types` is empty: it names the push types that go this way".into()));
        }
        let is_id = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_id(&settings.application_id) {
            let problem = format!("`application_id` `{}` is not the id of an application", settings.application_id);
            return Err(wrong(problem));
        }
        Ok(Self {
            types,
            application_id: settings.application_id,
            in_flight: settings.in_flight.unwrap_or(50),
            service: Service::new(aws, Place::new(NAME, settings.region, settings.endpoint_url)?, Client::new),
        })
    }

    async fn send_one(&self, message: &Message, push: &PushContent) -> Outcome {
        let client = match self.service.client().await {
            Ok(client) => client,
            Err(missing) => return Outcome::Misconfigured { reason: missing.to_string() },
        };
        let request = request::build(message, push);
        let call = client.send_messages().application_id(&self.application_id).message_request(request);
        match call.send().await {
            Ok(output) => answer::outcome(output.message_response.as_ref(), &message.address),
            Err(error) => answer::failed_call(error),
        }
    }
}

impl Adapter for Pinpoint {
    fn types(&self) -> &[ChannelType] {
        &self.types
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Asks for the application, which shows that it exists and that AWS takes our credentials. Credentials that may not
    /// ask are good ones.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            let call = self.service.client().await?.get_app().application_id(&self.application_id);
            aws::check(NAME, call.send().await).map(|_| ())
        })
    }

    fn send<'a>(&'a self, batch: &'a [Message]) -> BoxFuture<'a, Vec<Outcome>> {
        SPEC.admit(batch);
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(batch.len());
            for message in batch {
                outcomes.push(match &message.content {
                    Content::Push(push) => self.send_one(message, push).await,
                    _ => Outcome::PermanentFailure { reason: "Pinpoint carries push messages only".into() },
                });
            }
            outcomes
        })
    }
}

fn parse_type(name: &str) -> Result<ChannelType, Error> {
    ChannelType::parse(name).filter(|channel_type| SPEC.types.contains(channel_type)).ok_or_else(|| {
        let known: Vec<_> = SPEC.types.iter().map(|known| known.as_str()).collect();
        wrong(format!("`types` has `{name}`, which is none of {}", known.join(", ")))
    })
}

fn wrong(problem: String) -> Error {
    Error::Settings { channel: NAME, problem }
}

#[cfg(test)]
mod tests;
