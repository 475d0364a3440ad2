//! AWS End User Messaging SMS and voice on loopback: `SendTextMessage`, `SendVoiceMessage`, `DescribeAccountAttributes`.
//!
//! The last four digits of the receiver's number steer the answer; any others are taken:
//!
//! | Digits | Answer |
//! |---|---|
//! | `9901` | `ThrottlingException`, Retry-After of 7 s |
//! | `9902` | `ConflictException`, `DESTINATION_PHONE_NUMBER_OPTED_OUT` |
//! | `9903` | `ConflictException`, `DESTINATION_PHONE_NUMBER_NOT_VERIFIED` |
//! | `9904` | `ConflictException`, `NO_ORIGINATION_IDENTITIES_FOUND` |
//! | `9905` | `ValidationException`, `INVALID_PARAMETER` of `DestinationPhoneNumber` |
//! | `9906` | `ValidationException`, `INVALID_PARAMETER` of two fields |
//! | `9907` | `ValidationException`, `DESTINATION_COUNTRY_BLOCKED` |
//! | `9908` | `ServiceQuotaExceededException`, the month's spend limit |
//! | `9909` | `ServiceQuotaExceededException`, `DAILY_DESTINATION_CALL_LIMIT` |
//! | `9910` | `AccessDeniedException` |
//! | `9911` | `InternalServerException` |
//! | `9912` | `InternalServerException` at first sight, then taken |
//! | `9913` | the message is taken, and the connection breaks without an answer |
//! | `9914` | the message is taken, and the answer cannot be read |
//! | `9915` | no answer, ever |
//!
//! An origination identity or configuration set whose name begins with `missing` does not exist.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use aws_config::SdkConfig;
use bytes::Bytes;
use hyper::http::request::Parts;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Refusal, Right, State, Wish, check_signature, reply, wait};
use crate::sandbox::Record;
use crate::sandbox::server::{Cut, Handler, Reply, Server};

/// The name of the service in signatures.
const SERVICE: &str = "sms-voice";

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// The server. It ends when this is dropped.
pub struct Messaging {
    server: Server,
    state: Arc<State>,
}

impl Messaging {
    /// Starts a server on a free port.
    pub async fn start(record: Record) -> io::Result<Self> {
        let state = Arc::new(State { record, ..State::default() });
        Ok(Self { server: Server::start(None, Arc::new(Front(state.clone()))).await?, state })
    }

    /// Its connections and requests.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// A configuration of the SDK that leads here, with credentials.
    pub fn sdk_config(&self) -> SdkConfig {
        super::sdk_config(&self.server.base_url())
    }

    /// The section of settings that leads here.
    ///
    /// For both adapters; the access key is that of [`sdk_config`](Self::sdk_config).
    pub fn section(&self) -> String {
        format!("endpoint_url = '{}'\norigination_identity = '+12065550199'\n", self.server.base_url())
    }

    /// Messages taken; with `DryRun`, too.
    pub fn messages(&self) -> u64 {
        self.state.messages.load(Relaxed)
    }

    /// Requests that were refused.
    pub fn refusals(&self) -> u64 {
        self.state.refusals.load(Relaxed)
    }

    /// The numbers of the messages taken, marked by the first value of their context.
    pub fn record(&self) -> &Record {
        &self.state.record
    }

    /// Ends when a message that hangs has arrived.
    pub async fn hanging(&self) {
        self.state.hanging.notified().await;
    }
}

struct Front(Arc<State>);

impl Handler for Front {
    async fn answer(&self, head: Parts, body: Bytes) -> Result<Reply, Cut> {
        let reply = match route(&head, &body, &self.0).await? {
            Ok(body) => reply(200, body, CONTENT_TYPE),
            Err(refusal) => refuse(refusal),
        };
        self.0.count(&reply);
        Ok(reply)
    }
}

fn refuse(Refusal { status, code, message, more }: Refusal) -> Reply {
    let mut body = more;
    body.insert("__type".into(), format!("com.amazonaws.pinpointsmsvoicev2#{code}").into());
    body.insert("Message".into(), message.into());
    wait(reply(status, Value::Object(body).to_string(), CONTENT_TYPE), code)
}

async fn route(head: &Parts, body: &[u8], state: &State) -> Result<Result<Bytes, Refusal>, Cut> {
    let target = head.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let right = if target.contains(".Send") { Right::Send } else { Right::Ask };
    if let Err(refusal) = check_signature(head, SERVICE, right) {
        return Ok(Err(Refusal { status: 400, ..refusal }));
    }
    let message = match target.strip_prefix("PinpointSMSVoiceV2.") {
        Some("DescribeAccountAttributes") => {
            let tier = json!({ "AccountAttributes": [{ "Name": "ACCOUNT_TIER", "Value": "PRODUCTION" }] });
            return Ok(Ok(tier.to_string().into()));
        }
        Some("SendTextMessage") => Text::read(body),
        Some("SendVoiceMessage") => Voice::read(body),
        _ => Err(Refusal::new(400, "UnknownOperationException", "")),
    };
    match message {
        Err(refusal) => Ok(Err(refusal)),
        Ok(Common { number, marker, wish }) => state.fulfil(wish, &number, marker.as_deref()).await,
    }
}

/// What is known of a message.
struct Common {
    number: String,
    marker: Option<String>,
    wish: Wish,
}

/// The body of `SendTextMessage`. Source: API reference of the service.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
#[allow(dead_code)] // some fields are there to be checked
struct Text {
    destination_phone_number: String,
    origination_identity: Option<String>,
    message_body: String,
    message_type: Option<MessageType>,
    keyword: Option<String>,
    configuration_set_name: Option<String>,
    max_price: Option<String>,
    time_to_live: Option<u32>,
    #[serde(default)]
    context: BTreeMap<String, String>,
    #[serde(default)]
    destination_country_parameters: BTreeMap<CountryParameter, String>,
    dry_run: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(dead_code)]
enum MessageType {
    Transactional,
    Promotional,
}

#[derive(Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(dead_code)]
enum CountryParameter {
    InEntityId,
    InTemplateId,
}

/// The body of `SendVoiceMessage`. Source: API reference of the service.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
#[allow(dead_code)] // some fields are there to be checked
struct Voice {
    destination_phone_number: String,
    origination_identity: String,
    message_body: String,
    message_body_text_type: Option<TextType>,
    voice_id: Option<String>,
    configuration_set_name: Option<String>,
    max_price_per_minute: Option<String>,
    #[serde(default)]
    context: BTreeMap<String, String>,
    dry_run: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(dead_code)]
enum TextType {
    Text,
    Ssml,
}

impl Text {
    fn read(body: &[u8]) -> Result<Common, Refusal> {
        let text: Self = serde_json::from_slice(body).map_err(|error| invalid(&error.to_string()))?;
        check_body(&text.message_body, 1600)?;
        if text.time_to_live.is_some_and(|seconds| !(5..=259_200).contains(&seconds)) {
            return Err(invalid("TimeToLive"));
        }
        let names = [text.origination_identity.as_deref(), text.configuration_set_name.as_deref()];
        common(text.destination_phone_number, names, text.context)
    }
}

impl Voice {
    fn read(body: &[u8]) -> Result<Common, Refusal> {
        let voice: Self = serde_json::from_slice(body).map_err(|error| invalid(&error.to_string()))?;
        check_body(&voice.message_body, 6000)?;
        let names = [Some(&*voice.origination_identity), voice.configuration_set_name.as_deref()];
        common(voice.destination_phone_number, names, voice.context)
    }
}

fn check_body(body: &str, chars_max: usize) -> Result<(), Refusal> {
    match body.trim().is_empty() || body.chars().count() > chars_max {
        true => Err(invalid("MessageBody")),
        false => Ok(()),
    }
}

fn common(
    number: String,
    [origin, configuration_set]: [Option<&str>; 2],
    context: BTreeMap<String, String>,
) -> Result<Common, Refusal> {
    let digits = number.strip_prefix('+').unwrap_or(&number);
    if digits.starts_with('0') || !(2..=19).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(invalid("Value at 'destinationPhoneNumber' failed to satisfy constraint"));
    }
    for (name, kind) in [(origin, "phone-number"), (configuration_set, "configuration-set")] {
        if let Some(name) = name.filter(|name| name.starts_with("missing")) {
            let more = [("ResourceType", kind.into()), ("ResourceId", name.into())];
            return Err(Refusal::new(400, "ResourceNotFoundException", "There is no such resource").with(more));
        }
    }
    let marker = context.into_values().next();
    Ok(Common { wish: wish(&number), number, marker })
}

fn invalid(problem: &str) -> Refusal {
    Refusal::new(400, "ValidationException", problem)
}

fn wish(number: &str) -> Wish {
    let because = |code, reason: &str| {
        let message = format!("The message cannot be sent: {reason}");
        Refusal::new(400, code, message).with([("Reason", reason.into())])
    };
    let conflict = |reason| Wish::Refuse(because("ConflictException", reason));
    let quota = |reason| Wish::Refuse(because("ServiceQuotaExceededException", reason));
    let fields = |names: &[&str]| {
        let fields: Vec<_> = names.iter().map(|name| json!({ "Name": name, "Message": "It is invalid" })).collect();
        let more = [("Reason", "INVALID_PARAMETER".into()), ("Fields", fields.into())];
        Wish::Refuse(invalid("The parameter is invalid").with(more))
    };
    let internal = || Refusal::new(500, "InternalServerException", "The API encountered an unexpected error");
    match &number[number.len().saturating_sub(4)..] {
        "9901" => Wish::Refuse(Refusal::new(400, "ThrottlingException", "Rate exceeded")),
        "9902" => conflict("DESTINATION_PHONE_NUMBER_OPTED_OUT"),
        "9903" => conflict("DESTINATION_PHONE_NUMBER_NOT_VERIFIED"),
        "9904" => conflict("NO_ORIGINATION_IDENTITIES_FOUND"),
        "9905" => fields(&["DestinationPhoneNumber"]),
        "9906" => fields(&["DestinationPhoneNumber", "OriginationIdentity"]),
        "9907" => Wish::Refuse(because("ValidationException", "DESTINATION_COUNTRY_BLOCKED")),
        "9908" => quota("MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"),
        "9909" => quota("DAILY_DESTINATION_CALL_LIMIT"),
        "9910" => Wish::Refuse(Refusal::new(400, "AccessDeniedException", "You are not authorized")),
        "9911" => Wish::Refuse(internal()),
        "9912" => Wish::RefuseOnce(internal()),
        "9913" => Wish::Drop,
        "9914" => Wish::Garble,
        "9915" => Wish::Hang,
        _ => Wish::Take,
    }
}
