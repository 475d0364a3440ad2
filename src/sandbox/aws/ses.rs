//! Amazon SES v2 on loopback: `SendEmail` of raw messages, and `GetAccount`.
//!
//! A receiver whose local part begins with one of these words steers the answer; any other is taken:
//!
//! | Prefix | Answer |
//! |---|---|
//! | `throttle` | 429 `TooManyRequestsException`, Retry-After of 7 s |
//! | `quota` | 429 `ThrottlingException`, since the day's quota is used up |
//! | `limit` | 400 `LimitExceededException` |
//! | `rejected` | 400 `MessageRejected` for the content |
//! | `unverified` | 400 `MessageRejected`, since the receiver is not verified |
//! | `mail-from` | 400 `MailFromDomainNotVerifiedException` |
//! | `suspended` | 400 `AccountSuspendedException` |
//! | `paused` | 400 `SendingPausedException` |
//! | `bad` | 400 `BadRequestException` |
//! | `denied` | 403 `AccessDeniedException` |
//! | `internal` | 500 `InternalFailure` |
//! | `once` | 503 `ServiceUnavailable` at first sight, then taken |
//! | `gateway` | 504 without a code |
//! | `drop` | the message is taken, and the connection breaks without an answer |
//! | `garble` | the message is taken, and the answer cannot be read |
//! | `hang` | no answer, ever |
//!
//! A sender at `unverified.example` is not verified, and a configuration set whose name begins with `missing` does not
//! exist.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use aws_config::SdkConfig;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::Method;
use hyper::http::request::Parts;
use mail_parser::MessageParser;
use serde::Deserialize;
use serde_json::json;

use super::{Refusal, Right, State, Wish, check_signature, reply, wait};
use crate::sandbox::Record;
use crate::sandbox::server::{Cut, Handler, Reply, Server};

/// The name of the service in signatures.
const SERVICE: &str = "ses";

/// Characters of a tag's value. Source: SES API v2 reference, `MessageTag`.
const TAG_CHARS_MAX: usize = 256;

/// The server. It ends when this is dropped.
pub struct Ses {
    server: Server,
    state: Arc<State>,
}

impl Ses {
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
    /// The access key is that of [`sdk_config`](Self::sdk_config).
    pub fn section(&self) -> String {
        format!("endpoint_url = '{}'\nfrom_address = 'News <news@example.com>'\n", self.server.base_url())
    }

    /// Messages taken.
    pub fn messages(&self) -> u64 {
        self.state.messages.load(Relaxed)
    }

    /// Requests that were refused.
    pub fn refusals(&self) -> u64 {
        self.state.refusals.load(Relaxed)
    }

    /// The addresses of the messages taken, marked by their Message-ID.
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
            Ok(body) => reply(200, body, "application/json"),
            Err(refusal) => refuse(&refusal),
        };
        self.0.count(&reply);
        Ok(reply)
    }
}

async fn route(head: &Parts, body: &[u8], state: &State) -> Result<Result<Bytes, Refusal>, Cut> {
    let right = if head.method == Method::GET { Right::Ask } else { Right::Send };
    if let Err(refusal) = check_signature(head, SERVICE, right) {
        return Ok(Err(refusal));
    }
    match (&head.method, head.uri.path()) {
        (&Method::GET, "/v2/email/account") => Ok(Ok(account())),
        (&Method::POST, "/v2/email/outbound-emails") => {
            let email = match Email::read(body) {
                Ok(email) => email,
                Err(refusal) => return Ok(Err(refusal)),
            };
            state.fulfil(wish(&email), &email.receiver, email.message_id.as_deref()).await
        }
        _ => Ok(Err(Refusal::new(404, "UnknownOperationException", "there is no such operation"))),
    }
}

fn account() -> Bytes {
    json!({
        "EnforcementStatus": "HEALTHY",
        "ProductionAccessEnabled": true,
        "SendingEnabled": true,
        "SendQuota": { "Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 0.0 },
    })
    .to_string()
    .into()
}

fn refuse(refusal: &Refusal) -> Reply {
    if refusal.code.is_empty() {
        return reply(refusal.status, "<html>the gateway gave up</html>", "text/html");
    }
    let body = json!({ "message": refusal.message }).to_string();
    let mut reply = reply(refusal.status, body, "application/json");
    let kind = format!("{}:http://internal.amazon.com/coral/com.amazonaws.services.sesv2/", refusal.code);
    reply.headers_mut().insert("x-amzn-errortype", kind.parse().expect("codes are letters"));
    wait(reply, refusal.code)
}

/// What is known of a message.
struct Email {
    receiver: String,
    /// As the header has it.
    sender: String,
    message_id: Option<String>,
    configuration_set: Option<String>,
}

/// The body of `SendEmail`, as far as raw messages need it. Source: SES API v2 reference.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: Option<String>,
    destination: Destination,
    content: Content,
    #[serde(default)]
    email_tags: Vec<Tag>,
    configuration_set_name: Option<String>,
    #[serde(rename = "FeedbackForwardingEmailAddress")]
    feedback_address: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Destination {
    to_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Content {
    raw: Raw,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Raw {
    data: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Tag {
    name: String,
    value: String,
}

impl Email {
    /// Errors: what SES would not take.
    fn read(body: &[u8]) -> Result<Self, Refusal> {
        let bad = |problem: &str| Refusal::new(400, "BadRequestException", problem);
        let request: SendEmail = serde_json::from_slice(body).map_err(|error| bad(&error.to_string()))?;
        let [receiver] = <[String; 1]>::try_from(request.destination.to_addresses)
            .map_err(|_| bad("this sandbox takes one receiver a message"))?;
        let is_tag = |text: &str| {
            text.len() <= TAG_CHARS_MAX && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        if let Some(tag) = request.email_tags.iter().find(|tag| !is_tag(&tag.name) || !is_tag(&tag.value)) {
            let rule = "only alphanumeric ASCII characters, '_', and '-' are allowed.";
            return Err(bad(&format!("Invalid tag value <{}>: {rule}", tag.value)));
        }
        for address in [Some(&receiver), request.feedback_address.as_ref()].into_iter().flatten() {
            if !address.is_ascii() || !address.contains('@') {
                return Err(bad("Missing final '@domain'"));
            }
        }
        let raw = BASE64_STANDARD.decode(request.content.raw.data).map_err(|_| bad("Data is not base64"))?;
        let parsed = MessageParser::default().parse(&raw).ok_or_else(|| bad("Invalid MIME message"))?;
        let from = parsed.from().and_then(|from| from.first()).and_then(|from| from.address()).map(str::to_owned);
        let sender = request.from_email_address.or(from).ok_or_else(|| bad("Missing required header 'From'."))?;
        Ok(Self {
            receiver,
            sender,
            message_id: parsed.message_id().map(str::to_owned),
            configuration_set: request.configuration_set_name,
        })
    }
}

fn wish(email: &Email) -> Wish {
    let refuse = |status, code, message: &str| Wish::Refuse(Refusal::new(status, code, message));
    let unverified = |address: &str| {
        let message = format!(
            "Email address is not verified. The following identities failed the check in region US-EAST-1: {address}"
        );
        refuse(400, "MessageRejected", &message)
    };
    if email.sender.trim_end_matches('>').ends_with("@unverified.example") {
        return unverified(&email.sender);
    }
    if let Some(name) = email.configuration_set.as_ref().filter(|name| name.starts_with("missing")) {
        return refuse(404, "NotFoundException", &format!("Configuration set <{name}> does not exist."));
    }
    let steered = |prefix| email.receiver.starts_with(prefix);
    if steered("throttle") {
        refuse(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
    } else if steered("quota") {
        refuse(429, "ThrottlingException", "Daily message quota exceeded.")
    } else if steered("limit") {
        refuse(400, "LimitExceededException", "There are too many instances of the specified resource type.")
    } else if steered("rejected") {
        refuse(400, "MessageRejected", "Illegal content.")
    } else if steered("unverified") {
        unverified(&email.receiver)
    } else if steered("mail-from") {
        refuse(400, "MailFromDomainNotVerifiedException", "The MAIL FROM domain is not verified.")
    } else if steered("suspended") {
        refuse(400, "AccountSuspendedException", "The account is suspended.")
    } else if steered("paused") {
        refuse(400, "SendingPausedException", "Sending is paused for this account.")
    } else if steered("bad") {
        refuse(400, "BadRequestException", "Domain contains illegal character")
    } else if steered("denied") {
        refuse(403, "AccessDeniedException", "User is not authorized to perform: ses:SendRawEmail")
    } else if steered("internal") {
        refuse(500, "InternalFailure", "The request processing has failed.")
    } else if steered("once") {
        Wish::RefuseOnce(Refusal::new(503, "ServiceUnavailable", "The service is unavailable."))
    } else if steered("gateway") {
        refuse(504, "", "")
    } else if steered("drop") {
        Wish::Drop
    } else if steered("garble") {
        Wish::Garble
    } else if steered("hang") {
        Wish::Hang
    } else {
        Wish::Take
    }
}
