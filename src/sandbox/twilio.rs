//! Twilio's Messages resource on loopback.
//!
//! A number that begins with one of these steers the answer; any other is taken:
//!
//! | Prefix | Answer |
//! |---|---|
//! | `+1555429` | 429, code 20429, Retry-After of 7 s |
//! | `+1555611` | 400, code 21611: the sender's queue is full |
//! | `+1555211` | 400, code 21211: no valid number |
//! | `+1555610` | 400, code 21610: unsubscribed |
//! | `+1555408` | 403, code 21408: a country without permission |
//! | `+1555503` | 503, code 20503 |
//! | `+1555500` | 500, code 20500, and the message is taken |
//! | `+1555000` | the message is taken, and the connection breaks without an answer |
//! | `+1555999` | no answer, ever |

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::header::{AUTHORIZATION, RETRY_AFTER as RETRY_AFTER_HEADER};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde_json::json;
use tokio::sync::Notify;

use super::Record;
use super::server::{Cut, Handler, Reply, Server, reply};

/// The one alphanumeric sender it may use.
pub const SENDER_ID: &str = "ACME";

/// The one account there is, and what logs in to it.
pub const ACCOUNT_SID: &str = "AC00000000000000000000000000000001";
pub const AUTH_TOKEN: &str = "sandbox-token";
pub const API_KEY_SID: &str = "SK00000000000000000000000000000001";
pub const API_KEY_SECRET: &str = "sandbox-secret";

/// The one number that messages may come from.
pub const FROM: &str = "+15550100001";

/// The one messaging service there is.
pub const MESSAGING_SERVICE_SID: &str = "MG00000000000000000000000000000001";

/// What `+1555429` asks for.
pub const RETRY_AFTER: Duration = Duration::from_secs(7);

/// The server. It ends when this is dropped.
pub struct Twilio {
    server: Server,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    messages: AtomicU64,
    record: Record,
    hanging: Notify,
}

impl Twilio {
    /// Starts a server on a free port.
    pub async fn start(record: Record) -> io::Result<Self> {
        let state = Arc::new(State { record, ..State::default() });
        Ok(Self { server: Server::start(None, state.clone()).await?, state })
    }

    /// Its connections and requests.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// For the adapter's `base_url`.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// The section of settings that leads here.
    pub fn section(&self) -> String {
        let url = self.base_url();
        format!("base_url = '{url}'\naccount_sid = '{ACCOUNT_SID}'\nauth_token = '{AUTH_TOKEN}'\nfrom = '{FROM}'\n")
    }

    /// Messages taken.
    pub fn messages(&self) -> u64 {
        self.state.messages.load(Ordering::Relaxed)
    }

    /// The addresses of the messages taken.
    pub fn record(&self) -> &Record {
        &self.state.record
    }

    /// Ends when a message that hangs has arrived.
    pub async fn hanging(&self) {
        self.state.hanging.notified().await;
    }
}

impl Handler for State {
    async fn answer(&self, head: Parts, body: Bytes) -> Result<Reply, Cut> {
        if !is_logged_in(&head) {
            return Ok(refusal(401, 20003, "Authenticate"));
        }
        if head.uri.path() != format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json") {
            return Ok(refusal(404, 20404, "The requested resource was not found"));
        }
        match head.method {
            Method::GET => Ok(reply(StatusCode::OK, json!({"messages": []}).to_string())),
            Method::POST => self.create(&body).await,
            _ => Ok(refusal(405, 20004, "Method not allowed")),
        }
    }
}

fn is_logged_in(head: &Parts) -> bool {
    let known = [(ACCOUNT_SID, AUTH_TOKEN), (API_KEY_SID, API_KEY_SECRET)];
    let known = known.map(|(user, password)| format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))));
    head.headers.get(AUTHORIZATION).is_some_and(|value| known.iter().any(|known| value == known.as_str()))
}

impl State {
    async fn create(&self, body: &[u8]) -> Result<Reply, Cut> {
        let form: HashMap<_, _> = url::form_urlencoded::parse(body).into_owned().collect();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        match (field("From"), field("MessagingServiceSid")) {
            ("", "") => return Ok(refusal(400, 21603, "A 'From' phone number is required.")),
            (FROM | SENDER_ID, "") | ("", MESSAGING_SERVICE_SID) => {}
            ("", _) => return Ok(refusal(400, 21701, "The Messaging Service does not exist")),
            _ => return Ok(refusal(400, 21659, "'From' is not a Twilio phone number")),
        }
        match field("Body").chars().count() {
            0 => return Ok(refusal(400, 21602, "Message body is required.")),
            1..=1600 => {}
            _ => return Ok(refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit")),
        }
        let to = field("To");
        let Some(steering) = to.strip_prefix('+').map(|digits| digits.get(..7).unwrap_or(digits)) else {
            return Ok(refusal(400, 21211, "Invalid 'To' Phone Number"));
        };
        match steering {
            "1555429" => {
                let mut refusal = refusal(429, 20429, "Too Many Requests");
                refusal.headers_mut().insert(RETRY_AFTER_HEADER, RETRY_AFTER.as_secs().into());
                return Ok(refusal);
            }
            "1555611" => return Ok(refusal(400, 21611, "This 'From' number has exceeded its queued messages")),
            "1555211" => return Ok(refusal(400, 21211, "Invalid 'To' Phone Number")),
            "1555610" => return Ok(refusal(400, 21610, "Attempt to send to unsubscribed recipient")),
            "1555408" => return Ok(refusal(403, 21408, "Permission to send an SMS has not been enabled")),
            "1555503" => return Ok(refusal(503, 20503, "Service unavailable")),
            "1555999" => {
                self.hanging.notify_one();
                match std::future::pending::<Infallible>().await {}
            }
            _ => {}
        }
        let number = self.messages.fetch_add(1, Ordering::Relaxed);
        self.record.add(to, None);
        match steering {
            "1555000" => Err(Cut),
            "1555500" => Ok(refusal(500, 20500, "Internal Server Error")),
            _ => {
                let message = json!({"sid": format!("SM{number}"), "status": "queued", "to": to, "error_code": null});
                Ok(reply(StatusCode::CREATED, message.to_string()))
            }
        }
    }
}

/// Source: Twilio, "Twilio's response", exceptions.
fn refusal(status: u16, code: u32, message: &str) -> Reply {
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    let body = json!({"code": code, "message": message, "more_info": more_info, "status": status});
    reply(StatusCode::from_u16(status).expect("a valid status"), body.to_string())
}
