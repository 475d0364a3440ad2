//! Twilio: text messages through Twilio's Messages resource.
//!
//! The parts: this file makes the request, [`answer`] says what became of the message.

mod answer;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Uri};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use url::Url;
use url::form_urlencoded::Serializer;

use super::{Adapter, Content, Deps, Error, Factory, Message, Outcome, SmsContent, Spec, exchange, settings};
use crate::clock::Clock;
use crate::config;
use crate::domain::ChannelType;
use crate::http::{Access, Client};
use answer::Answer;

const NAME: &str = "twilio";

/// Characters of a text. Source: Twilio API reference, Messages resource, `Body`.
const BODY_CHARS_MAX: usize = 1600;

/// Seconds that a message may wait in Twilio's queue. Source: Twilio error 90007.
const VALIDITY_SECONDS_MAX: u64 = 36_000;

/// Bytes of an answer that are read; one message has about a thousand.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

static SPEC: Spec = Spec {
    name: NAME,
    types: &[ChannelType::Sms],
    // A request makes one message.
    batch_messages_max: 1,
    in_flight_max: 200,
};

/// The factory of this adapter.
pub static TWILIO: TwilioFactory = TwilioFactory;

pub struct TwilioFactory;

impl Factory for TwilioFactory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn build(&self, settings: toml::Table, deps: &Deps) -> Result<Arc<dyn Adapter>, Error> {
        Ok(Arc::new(Twilio::new(settings::read(NAME, settings)?, deps.clock.clone())?))
    }
}

/// The section `[channel.twilio]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The account that sends, `AC…`.
    account_sid: String,
    /// The account's token; or an API key instead of it.
    #[serde(default, deserialize_with = "settings::secret")]
    auth_token: Option<SecretString>,
    /// An API key, `SK…`.
    api_key_sid: Option<String>,
    #[serde(default, deserialize_with = "settings::secret")]
    api_key_secret: Option<SecretString>,
    /// The sender of messages that name none: a number or a sender id; or a messaging service instead of it.
    from: Option<String>,
    /// A messaging service, `MG…`, which chooses the sender.
    messaging_service_sid: Option<String>,
    /// Where Twilio reports what became of messages. Default: nowhere.
    status_callback: Option<String>,
    /// How long a message may wait in Twilio's queue, whole seconds up to 10 hours. Default: as Twilio has it.
    #[serde(default, deserialize_with = "some_duration")]
    validity_period: Option<Duration>,
    /// Where Twilio is. Default: `https://api.twilio.com`.
    base_url: Option<String>,
    /// Requests at once; at most 200. Default: 50.
    in_flight: Option<usize>,
}

fn some_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    config::duration(deserializer).map(Some)
}

struct Twilio {
    messages_url: Uri,
    authorization: HeaderValue,
    sender: Sender,
    status_callback: Option<Url>,
    validity_seconds: Option<u64>,
    in_flight: usize,
    client: Client,
    clock: Arc<dyn Clock>,
}

/// Who sends messages that name nobody.
enum Sender {
    From(String),
    MessagingService(String),
}

impl Twilio {
    fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let account_sid = &settings.account_sid;
        if !account_sid.starts_with("AC") || !account_sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(wrong(format!("`account_sid` `{account_sid}` is not the SID of an account (AC…)")));
        }
        let authorization = authorization(&settings)?;
        let sender = match (settings.from, settings.messaging_service_sid) {
            (Some(from), None) => Sender::From(from),
            (None, Some(sid)) => Sender::MessagingService(sid),
            (None, None) => return Err(wrong("`from` is missing (or `messaging_service_sid`)".into())),
            (Some(_), Some(_)) => return Err(wrong("`from` and `messaging_service_sid` exclude each other".into())),
        };
        let base_url = settings.base_url.as_deref().unwrap_or("https://api.twilio.com").trim_end_matches('/');
        let messages_url = url("base_url", &format!("{base_url}/2010-04-01/Accounts/{account_sid}/Messages.json"))?;
        let messages_url = messages_url.as_str().parse().map_err(|error| wrong(format!("`base_url`: {error}")))?;
        let status_callback = settings.status_callback.map(|text| url("status_callback", &text)).transpose()?;
        let validity_seconds = settings.validity_period.map(validity_seconds).transpose()?;
        let in_flight = settings.in_flight.unwrap_or(50);
        let client = Client::new(Access::ANY);
        Ok(Self { messages_url, authorization, sender, status_callback, validity_seconds, in_flight, client, clock })
    }

    async fn send_one(&self, message: &Message, sms: &SmsContent) -> Outcome {
        let chars = sms.body.chars().count();
        if chars > BODY_CHARS_MAX {
            let reason = format!("the text has {chars} characters, and Twilio takes at most {BODY_CHARS_MAX}");
            return Outcome::PermanentFailure { reason };
        }
        let mut request = self.request(Method::POST, self.messages_url.clone(), self.form(message, sms).into());
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        match self.client.send(request, ANSWER_BYTES_MAX).await {
            Ok(response) => {
                let names_sender = sms.origination_number.is_some() || sms.sender_id.is_some();
                Answer::read(&response, self.clock.now()).outcome(names_sender)
            }
            Err(error) => exchange::failed(&error),
        }
    }

    /// Source: Twilio API reference, "Create a Message".
    fn form(&self, message: &Message, sms: &SmsContent) -> String {
        let mut form = Serializer::new(String::new());
        form.append_pair("To", &message.address).append_pair("Body", &sms.body);
        match (sms.origination_number.as_ref().or(sms.sender_id.as_ref()), &self.sender) {
            (Some(from), _) | (None, Sender::From(from)) => form.append_pair("From", from),
            (None, Sender::MessagingService(sid)) => form.append_pair("MessagingServiceSid", sid),
        };
        if let Some(seconds) = self.validity_seconds {
            form.append_pair("ValidityPeriod", &seconds.to_string());
        }
        if let Some(mut url) = self.status_callback.clone() {
            if let Some(reference) = &message.reference {
                url.query_pairs_mut().append_pair("reference", reference);
            }
            form.append_pair("StatusCallback", url.as_str());
        }
        form.finish()
    }

    fn request(&self, method: Method, url: Uri, body: Bytes) -> Request<Bytes> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = url;
        request.headers_mut().insert(AUTHORIZATION, self.authorization.clone());
        request
    }
}

impl Adapter for Twilio {
    fn types(&self) -> &[ChannelType] {
        SPEC.types
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Asks for the account's latest message, which an API key may do as well; the account itself may not be asked for.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            let failed = |problem| Error::Check { channel: NAME, problem };
            let url = format!("{}?PageSize=1", self.messages_url).parse().expect("a URL and a query");
            let answered = self.client.send(self.request(Method::GET, url, Bytes::new()), ANSWER_BYTES_MAX).await;
            match answered {
                Ok(response) if response.status().is_success() => Ok(()),
                Ok(response) => Err(failed(Answer::read(&response, self.clock.now()).reason())),
                Err(error) => Err(failed(error.to_string())),
            }
        })
    }

    fn send<'a>(&'a self, batch: &'a [Message]) -> BoxFuture<'a, Vec<Outcome>> {
        SPEC.admit(batch);
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(batch.len());
            for message in batch {
                outcomes.push(match &message.content {
                    Content::Sms(sms) => self.send_one(message, sms).await,
                    _ => Outcome::PermanentFailure { reason: "Twilio carries text messages only".into() },
                });
            }
            outcomes
        })
    }
}

/// Who we are to Twilio, marked as sensitive.
fn authorization(settings: &Settings) -> Result<HeaderValue, Error> {
    let (user, password) = match (&settings.auth_token, &settings.api_key_sid, &settings.api_key_secret) {
        (Some(token), None, None) => (&settings.account_sid, token),
        (None, Some(sid), Some(secret)) => (sid, secret),
        (None, None, None) => return Err(wrong("`auth_token` is missing (or an API key)".into())),
        (None, Some(_), None) => return Err(wrong("`api_key_secret` is missing, with an `api_key_sid` given".into())),
        (None, None, Some(_)) => return Err(wrong("`api_key_sid` is missing, with an `api_key_secret` given".into())),
        (Some(_), _, _) => return Err(wrong("`auth_token` and an API key exclude each other".into())),
    };
    let credentials = BASE64_STANDARD.encode(format!("{user}:{}", password.expose_secret()));
    let mut value = HeaderValue::try_from(format!("Basic {credentials}")).expect("base64 can stand in a header");
    value.set_sensitive(true);
    Ok(value)
}

fn validity_seconds(period: Duration) -> Result<u64, Error> {
    let seconds = period.as_secs();
    if period.subsec_nanos() == 0 && (1..=VALIDITY_SECONDS_MAX).contains(&seconds) {
        return Ok(seconds);
    }
    Err(wrong(format!("`validity_period` is {period:?}; it must be whole seconds, 1 to {VALIDITY_SECONDS_MAX}")))
}

fn url(field: &str, text: &str) -> Result<Url, Error> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| wrong(format!("`{field}` makes `{text}`, which is not an http or https URL")))
}

fn wrong(problem: String) -> Error {
    Error::Settings { channel: NAME, problem }
}

#[cfg(test)]
mod tests;
